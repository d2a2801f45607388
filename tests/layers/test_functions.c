/* Division, square root and its inverse, exp, log, tanh, sigmoid, softplus and the normal
 * distribution of cl/functions.h against libm, in units in the last place, over dense sweeps and at
 * the ends. A small kernel, put beside the library's own in a folder, calls them; and cl/philox.h
 * against the host's. */
#include "support/harness.h"

#include "base/embedded.h"
#include "base/philox.h"

#include <float.h>
#include <math.h>

static const char probe_source[] = "#include \"functions.h\"\n"
                                   "#include \"philox.h\"\n"
                                   "#define KEY 0x89abcdef12345678\n"
                                   "#define INVERSE(x) incl_divide((incl_lanes)(1.0f), x)\n"
                                   "#define SEVENTH(x) incl_divide(x, (incl_lanes)(7.0f))\n"
                                   "#define RECIPROCAL(x) incl_quotient((incl_lanes)(1.0f), x)\n"
                                   "#define SHARE(x) incl_quotient(x, (incl_lanes)(3e-12f))\n"
                                   "#define WORD(n, x) AS_FLOATS(incl_philox(KEY, AS_WORDS(x), 2, "
                                   "3, 0xffffffff).word[n])\n"
                                   "#define WORD_0(x) WORD(0, x)\n"
                                   "#define WORD_1(x) WORD(1, x)\n"
                                   "#define WORD_2(x) WORD(2, x)\n"
                                   "#define WORD_3(x) WORD(3, x)\n"
                                   "kernel void probe(global const float *x, global float *y)\n"
                                   "{\n"
                                   "    int i = get_global_id(0) * LANES;\n"
                                   "    STORE(FUNCTION(LOAD(x + i)), y + i);\n"
                                   "}\n";

static void use_probe(struct scratch *s)
{
    for (const struct incline_embedded_file *file = incline_kernel_files; file->name; file++)
        scratch_write(s, file->name, file->text, strlen(file->text));
    scratch_write(s, "probe.cl", probe_source, strlen(probe_source));
    assert_int_equal(setenv("INCLINE_KERNEL_DIR", s->folder, 1), 0);
}

/* y[i] = function(x[i]) on the device; count is a multiple of NB. */
static void apply(const char *function, const float *x, float *y, size_t count)
{
    char defines[64];
    struct harness_buffer in, out;
    struct incline_plan *plan = NULL;
    struct incline_step step = {.images = 1};
    snprintf(defines, sizeof defines, " -D FUNCTION=%s", function);
    harness_ok(incline_plan_create(harness_device.ctx, harness_device.device, 1, &plan));
    harness_buffer_create(&in, "x", count * sizeof *x);
    harness_buffer_create(&out, "y", count * sizeof *y);
    struct incline_launch launch = {
        .label = "probe",
        .source = "probe.cl",
        .kernel = "probe",
        .defines = defines,
        .items = (int)count / incline_device_lanes(harness_device.device),
        .group = 1,
        .args = {INCLINE_TENSOR(harness_buffer_tensor(&in, plan)),
                 INCLINE_TENSOR(harness_buffer_tensor(&out, plan))},
    };
    harness_ok(incline_plan_launch(harness_device.ctx, plan, &launch));
    harness_ok(incline_plan_finish(harness_device.ctx, plan));
    harness_buffer_reset(&in, x, count * sizeof *x);
    harness_buffer_reset(&out, NULL, 0);
    harness_ok(incline_plan_enqueue(harness_device.ctx, plan, &step));
    harness_buffer_read(&out, y, count * sizeof *y);
    harness_buffer_check(&in);
    incline_plan_destroy(&plan);
    harness_buffer_destroy(&in);
    harness_buffer_destroy(&out);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double softplus(double x)
{
    return log1p(exp(x));
}

static double bell(double x)
{
    return exp(-x * x / 2);
}

static double normal(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

static double inverse(double x)
{
    return 1 / x;
}

static double seventh(double x)
{
    return x / 7;
}

static double share(double x)
{
    return x / (double)3e-12f;
}

static double inverse_sqrt(double x)
{
    return 1 / sqrt(x);
}

struct function {
    const char *name;
    double (*exact)(double x);
    float from, to;
    bool spread; /* evenly over the floats, not over the numbers: for wide ranges of one sign */
    double limit_ulp;
    struct {
        float x, y;
    } ends[8]; /* exactly so; ended by x = 0, y = 0 */
};

static const struct function functions[] = {
    {"INVERSE", inverse, 1, 2, false, 0.5, {{1, 1}, {INFINITY, 0}, {3, 1 / 3.0f}}},
    {"INVERSE", inverse, 1, 0x1p126f, true, 0.5, {{0x1p100f, 0x1p-100f}}},
    {"SEVENTH", seventh, 1e-30f, 1e30f, true, 0.5, {{-7, -1}, {21, 3}}},
    {"RECIPROCAL", inverse, 0x1p-126f, 0x1p126f, true, 0.5, {{INFINITY, 0}, {0x1p-100f, 0x1p100f}}},
    {"SHARE", share, 1e-30f, 1e20f, true, 0.5, {{3e-12f, 1}, {-6e-12f, -2}}},
    {"incl_sqrt", sqrt, 0x1p-149f, FLT_MAX, true, 1, {{INFINITY, INFINITY}, {0x1p-100f, 0x1p-50f}}},
    {"incl_sqrt", sqrt, 0, 4, false, 1, {{4, 2}, {1, 1}}},
    {"incl_inverse_sqrt", inverse_sqrt, FLT_MIN, FLT_MAX, true, 2, {{4, 0.5f}, {0, INFINITY}}},
    {"incl_exp",
     exp,
     -87.3f,
     88.7f,
     false,
     2,
     {{INFINITY, INFINITY},
      {-INFINITY, 0},
      {-88, 0},
      {-1e30f, 0},
      {1e30f, INFINITY},
      {1e-30f, 1},
      {-FLT_MIN, 1}}},
    {"incl_log", log, FLT_MIN, FLT_MAX, true, 3, {{1, 0}}},
    {"incl_log", log, 0.5f, 2, false, 3, {{1, 0}}},
    {"incl_tanh",
     tanh,
     -12,
     12,
     false,
     3,
     {{INFINITY, 1},
      {-INFINITY, -1},
      {1e30f, 1},
      {-100, -1},
      {1e-30f, 1e-30f},
      {-1e-10f, -1e-10f}}},
    {"incl_tanh", tanh, 1e-20f, 1, true, 3, {{50, 1}}},
    {"incl_sigmoid",
     sigmoid,
     -87,
     87,
     false,
     4,
     {{INFINITY, 1}, {-INFINITY, 0}, {100, 1}, {-1e30f, 0}, {1e-30f, 0.5f}}},
    {"incl_exp_minus_1", expm1, -87, 0, false, 2, {{-INFINITY, -1}, {-1e30f, -1}, {-30, -1}}},
    {"incl_exp_minus_1", expm1, -1e-20f, -2, true, 2, {{-1e-30f, -1e-30f}}},
    {"incl_log_plus_1", log1p, 0, 1, false, 3, {{1e-30f, 1e-30f}, {0x1p-20f, 0x1.fffffp-21f}}},
    {"incl_log_plus_1", log1p, 1e-20f, 1, true, 3, {{1e-10f, 1e-10f}}},
    {"incl_softplus",
     softplus,
     -87,
     30,
     false,
     3,
     {{INFINITY, INFINITY}, {-INFINITY, 0}, {-100, 0}, {20, 20}, {21, 21}, {1e30f, 1e30f}}},
    /* Beyond, a device that takes subnormal numbers for 0 loses digits. */
    {"incl_bell", bell, -12, 12, false, 2, {{INFINITY, 0}, {-INFINITY, 0}, {1e30f, 0}}},
    {"incl_normal",
     normal,
     -12,
     12,
     false,
     6,
     {{INFINITY, 1}, {-INFINITY, 0}, {1e30f, 1}, {-1e30f, 0}, {6, 1}}},
};

static float as_float(unsigned bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static unsigned as_bits(float value)
{
    unsigned bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void sweep(const struct function *f, float *x, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double part = (double)i / (double)(count - 1);
        if (f->spread)
            x[i] =
                as_float(as_bits(f->from) + (unsigned)(part * (as_bits(f->to) - as_bits(f->from))));
        else
            x[i] = (float)((double)f->from + part * ((double)f->to - (double)f->from));
    }
}

/* |got - exact| in units of the last place of a float of that size; a result of 0 has the smallest.
 */
static double error_ulp(float got, double exact)
{
    float near = fabsf((float)exact);
    double ulp = near < FLT_MIN ? (double)FLT_MIN * (double)FLT_EPSILON
                                : (double)nextafterf(near, INFINITY) - (double)near;
    return fabs((double)got - exact) / ulp;
}

static void check_sweep(const struct function *f)
{
    size_t count = test_small() ? 2048 : 1 << 20;
    float *x = malloc(count * sizeof *x), *y = malloc(count * sizeof *y);
    double worst = 0;
    float worst_x = 0;
    assert_true(x && y);
    sweep(f, x, count);
    apply(f->name, x, y, count);
    for (size_t i = 0; i < count; i++) {
        double error = error_ulp(y[i], f->exact((double)x[i]));
        if (!(error <= worst)) {
            worst = error;
            worst_x = x[i];
        }
    }
    fprintf(stderr, "%s from %g to %g: within %.2f ulp (at %.9g)\n", f->name, (double)f->from,
            (double)f->to, worst, (double)worst_x);
    if (!(worst <= f->limit_ulp))
        fail_msg("%s(%.9g) is wrong by %.2f ulp", f->name, (double)worst_x, worst);
    free(x);
    free(y);
}

static void check_ends(const struct function *f)
{
    float x[INCLINE_NB] = {0}, y[INCLINE_NB];
    size_t count = 0;
    for (; count < 8 && (f->ends[count].x != 0 || f->ends[count].y != 0); count++)
        x[count] = f->ends[count].x;
    x[count] = NAN;
    apply(f->name, x, y, INCLINE_NB);
    for (size_t i = 0; i < count; i++)
        if (!(y[i] == f->ends[i].y))
            fail_msg("%s(%g) is %.9g, not %.9g", f->name, (double)x[i], (double)y[i],
                     (double)f->ends[i].y);
    if (!isnan(y[count]))
        fail_msg("%s(NaN) is %g", f->name, (double)y[count]);
}

static void test_against_libm(void **state)
{
    use_probe(*state);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        check_sweep(&functions[i]);
        check_ends(&functions[i]);
    }
    unsetenv("INCLINE_KERNEL_DIR");
}

/* Random words, bit by bit, of counters of all sizes. */
static void test_philox(void **state)
{
    static const char *const words[] = {"WORD_0", "WORD_1", "WORD_2", "WORD_3"};
    enum { COUNT = 512 };
    float x[COUNT], y[COUNT];
    use_probe(*state);
    for (unsigned i = 0; i < COUNT; i++)
        x[i] = as_float(i < COUNT / 2 ? i : i * 0x01234567u % 0x7f800000u);
    for (int word = 0; word < 4; word++) {
        apply(words[word], x, y, COUNT);
        for (int i = 0; i < COUNT; i++) {
            struct incline_philox draw =
                incline_philox(0x12345678, 0x89abcdef, as_bits(x[i]), 2, 3, 0xffffffff);
            assert_int_equal(as_bits(y[i]), draw.word[word]);
        }
    }
    unsetenv("INCLINE_KERNEL_DIR");
}

static const struct CMUnitTest tests[] = {scratch_test(test_against_libm),
                                          scratch_test(test_philox)};

HARNESS_MAIN(tests)
