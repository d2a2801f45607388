/* The losses in double precision against PyTorch 2.15: the mean over five images of four classes,
 * with logits of up to 100 and a margin that is just met, and its gradient. */
#include "check/reference.h"
#include "support/scratch.h"

#include <math.h>

enum { IMAGES = 5, CLASSES = 4 };

static const double x[IMAGES * CLASSES] = {2,   -1,  0.5, 3, -50, 100, -100, 0,    0.1, 0.2,
                                           0.3, 0.4, 1,   0, 2,   1,   100,  -100, 99,  98};
static const int label[IMAGES] = {0, 1, 2, 2, 2};
static double w[CLASSES] = {1, 0, 2.5, 0.25};

static const struct expectation {
    const char *call; /* PyTorch's; p is softmax(x)[label] */
    int loss;
    double number;
    bool weighted; /* by w */
    double mean, dx[IMAGES * CLASSES];
} expectations[] = {
    {"CrossEntropyLoss",
     INCLINE_LOSS_CROSS_ENTROPY,
     0,
     false,
     0.952151314045,
     {-0.149889745627,   0.00249484266042,  0.0111811090834,
      0.136213793883,    1.43501919463e-66, 0,
      2.76779305347e-88, 7.44015195204e-45, 0.0427676440732,
      0.0472655564643,   -0.147763481569,   0.0577302810315,
      0.0393223866483,   0.0144658976257,   -0.0931106709223,
      0.0393223866483,   0.133048191155,    1.84124929628e-88,
      -0.151054305789,   0.0180061146341}},
    {"CrossEntropyLoss(label_smoothing=0.1)",
     INCLINE_LOSS_CROSS_ENTROPY,
     0.1,
     false,
     4.23565131404,
     {-0.134889745627,  -0.00250515733958,
      0.00618110908342, 0.131213793883,
      -0.005,           0.015,
      -0.005,           -0.005,
      0.0377676440732,  0.0422655564643,
      -0.132763481569,  0.0527302810315,
      0.0343223866483,  0.0094658976257,
      -0.0781106709223, 0.0343223866483,
      0.128048191155,   -0.005,
      -0.136054305789,  0.0130061146341}},
    {"CrossEntropyLoss(weight=w)",
     INCLINE_LOSS_CROSS_ENTROPY,
     0,
     true,
     1.15597104396,
     {-0.0881704386039,
      0.00146755450613,
      0.00657712299025,
      0.0801257611075,
      0,
      0,
      0,
      0,
      0.0628935942253,
      0.069508171271,
      -0.217299237601,
      0.0848974721051,
      0.0578270391887,
      0.0212733788613,
      -0.136927457239,
      0.0578270391887,
      0.19565910464,
      2.70771955335e-88,
      -0.222138684984,
      0.0264795803442}},
    {"CrossEntropyLoss(weight=w, label_smoothing=0.1)",
     INCLINE_LOSS_CROSS_ENTROPY,
     0.1,
     true,
     3.0904558135,
     {-0.0795311380685, 0.00145838229047,  -0.000816925204912, 0.0788896809829, -0.00294117647059,
      0.0110294117647,  -0.00735294117647, -0.000735294117647, 0.0560215681156, 0.0651639105666,
      -0.200041564663,  0.0788560859809,   0.0512716727688,    0.0199437926825, -0.124693020573,
      0.0534775551217,  0.180489234129,    2.53848708127e-88,  -0.204578546584, 0.0240893124551}},
    {"MSELoss", INCLINE_LOSS_MSE, 0, false, 3076.1975, {0.1, -0.1, 0.05, 0.3,   -5,   9.9, -10,
                                                        0,   0.01, 0.02, -0.07, 0.04, 0.1, 0,
                                                        0.1, 0.1,  10,   -10,   9.8,  9.8}},
    {"-(1 - p) ** 2 * log p",
     INCLINE_LOSS_FOCAL,
     2,
     false,
     0.489794503927,
     {-0.162101256255,
      0.00269809737632,
      0.0120920335222,
      0.147311125356,
      0,
      0,
      0,
      0,
      0.0455038856017,
      0.0502895710265,
      -0.157217277387,
      0.0614238207584,
      0.0207824626897,
      0.00764544076044,
      -0.0492103661398,
      0.0207824626897,
      0.14512748363,
      2.00841420529e-88,
      -0.164768352732,
      0.0196408691025}},
    {"-w * (1 - p) ** 1.5 * log p",
     INCLINE_LOSS_FOCAL,
     1.5,
     true,
     1.16735726721,
     {-0.164747658911,
      0.00274214547458,
      0.0122894434027,
      0.149716070034,
      0,
      0,
      0,
      0,
      0.116236240229,
      0.128460912328,
      -0.40159966519,
      0.156902512633,
      0.0649170013461,
      0.0238816301777,
      -0.15371563287,
      0.0649170013461,
      0.367693033921,
      5.08849112548e-88,
      -0.417454874811,
      0.0497618408898}},
    {"MultiMarginLoss", INCLINE_LOSS_HINGE, 1, false, 0.34, {-0.05, 0,    0,    0.05,  0,     0, 0,
                                                             0,     0.05, 0.05, -0.15, 0.05,  0, 0,
                                                             0,     0,    0.05, 0,     -0.05, 0}},
    {"MultiMarginLoss(margin=0.3)",
     INCLINE_LOSS_HINGE,
     0.3,
     false,
     0.165,
     {-0.05, 0, 0, 0.05, 0, 0, 0, 0, 0.05, 0.05, -0.15, 0.05, 0, 0, 0, 0, 0.05, 0, -0.05, 0}},
    {"BCEWithLogitsLoss",
     INCLINE_LOSS_BINARY_CROSS_ENTROPY,
     0,
     false,
     10.4806252904,
     {-0.00596014610111,
      0.0134470710685,
      0.0311229665601,
      0.0476287063411,
      9.64374923982e-24,
      0,
      1.86003798801e-45,
      0.025,
      0.0262489593739,
      0.0274916998656,
      -0.0212778741594,
      0.0299343830056,
      0.0365529289315,
      0.025,
      -0.00596014610111,
      0.0365529289315,
      0.05,
      1.86003798801e-45,
      0,
      0.05}},
};

static void test_against_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
        const struct expectation *e = &expectations[i];
        struct incline_loss loss = {.class = &incline_losses[e->loss]};
        double losses[IMAGES], dx[IMAGES * CLASSES], sum = 0;
        loss.options.number = e->number;
        if (e->weighted)
            loss.options.class_weights = (struct incline_doubles){w, CLASSES};
        double weight = incline_reference_loss_weight(&loss, IMAGES, label);
        incline_reference_loss(&loss, IMAGES, CLASSES, x, label, losses, dx);
        for (int n = 0; n < IMAGES; n++)
            sum += losses[n];
        if (!(fabs(sum / weight - e->mean) <= 1e-11 * e->mean))
            fail_msg("%s is %.12g, not %.12g", e->call, e->mean, sum / weight);
        for (int k = 0; k < IMAGES * CLASSES; k++)
            if (!(fabs(dx[k] / weight - e->dx[k]) <= 1e-11))
                fail_msg("%s: dx[%d] is %.12g, not %.12g", e->call, k, e->dx[k], dx[k] / weight);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
