/* What the losses share: the labels of a batch, the weights of its images, the rank of the true
 * class, and where the figures of each image go. The losses themselves are in losses.h.
 *
 * labels [set] int, the class of each image; with MULTI_LABEL [set][CLASSES] uchar, 1 for each
 *   class that the image shows, else 0.
 * number float: what the loss's option says (label_smoothing, gamma, margin); mse and
 *   binary_cross_entropy have none.
 * class_weight [CLASSES] f32, read (HAS_CLASS_WEIGHTS): w[c]; without it w[c] = 1.
 * weight_sum [1] f32, read (WEIGHTED): the sum of w[label] over the batch, from class_weights.cl.
 * image_loss [batch] f32: loss of each image of the batch.
 * image_rank [batch] int: how many classes scored higher than the true one; 0 is a hit. With
 *   MULTI_LABEL how many classes it was wrong about.
 * image_class [set] int: the class that scored highest, at the image's place in the order. With
 *   MULTI_LABEL [set][CLASSES] uchar: 1 for each class whose score is THRESHOLD or more.
 *
 * LOSS               number of the loss, as in incline_losses
 * CLASSES            scores per image
 * GRADIENT           1: write the gradient of the batch's mean loss
 * MULTI_LABEL        1: an image may show several classes or none; mse and binary_cross_entropy
 * HAS_CLASS_WEIGHTS  1: there are class_weight
 * WEIGHTED           1: the mean divides by weight_sum, not by the images */
#ifndef INCL_LOSS_H
#define INCL_LOSS_H
#include "functions.h"

#if WEIGHTED
#define LOSS_PARAMETERS                                                                            \
    float number, global const float *restrict class_weight,                                       \
        global const float *restrict weight_sum,
#define LOSS_ARGUMENTS number, class_weight, weight_sum,
#elif HAS_CLASS_WEIGHTS
#define LOSS_PARAMETERS float number, global const float *restrict class_weight,
#define LOSS_ARGUMENTS number, class_weight,
#else
#define LOSS_PARAMETERS float number,
#define LOSS_ARGUMENTS number,
#endif

#if HAS_CLASS_WEIGHTS
#define CLASS_WEIGHT(c) class_weight[c]
#else
#define CLASS_WEIGHT(c) 1.0f
#endif

/* What incl_loss() and incl_judge() get besides with MULTI_LABEL, and whether class c is one that
 * the images show, lane by lane; truth holds their `label`. */
#if MULTI_LABEL
typedef uchar incl_label;
#define TARGETS_PARAMETER global const incl_label *targets,
#define TARGETS_ARGUMENT labels,
#define JUDGE_ARGUMENTS labels, THRESHOLD,
#define IS_TARGET(c) (incl_are_shown(targets, label, c) & (truth >= 0))
#else
typedef int incl_label;
#define TARGETS_PARAMETER
#define TARGETS_ARGUMENT
#define JUDGE_ARGUMENTS
#define IS_TARGET(c) (truth == (c))
#endif

/* w[label] of LANES images into `weight`; 0 past the end of the batch. */
#define LOAD_WEIGHTS(weight)                                                                       \
    do {                                                                                           \
        float of_label[LANES];                                                                     \
        for (int l = 0; l < LANES; l++)                                                            \
            of_label[l] = label[l] < 0 ? 0.0f : CLASS_WEIGHT(label[l]);                            \
        weight = LOAD(of_label);                                                                   \
    } while (0)

/* 1 over what the mean divides by; 0 where all images of the batch weigh nothing. */
#if WEIGHTED
#define MEAN_SHARE                                                                                 \
    (weight_sum[0] > 0x1p-64f                                                                      \
         ? incl_divide((incl_lanes)(0x1p64f), (incl_lanes)(weight_sum[0] * 0x1p64f))               \
         : (incl_lanes)(0.0f))
#else
#define MEAN_SHARE incl_divide((incl_lanes)(1.0f), (incl_lanes)((float)images))
#endif

/* Writes the losses of LANES images, but those past the end of the batch. */
INCL_INLINE void incl_store_losses(incl_lanes loss, int n, int images, global float *image_loss)
{
    float loss_of[LANES];
    STORE(loss, loss_of);
    for (int l = 0; l < LANES && n + l < images; l++)
        image_loss[n + l] = loss_of[l];
}

#if MULTI_LABEL
/* label[l]: which row of `labels` is that of image n + l; -1 past the end of the batch. */
INCL_INLINE void incl_labels(global const incl_label *labels, global const int *order, int first,
                             int n, int images, int *label)
{
    for (int l = 0; l < LANES; l++)
        label[l] = n + l < images ? order[first + n + l] : -1;
}

INCL_INLINE bool incl_shows(global const incl_label *targets, int row, int c)
{
    return targets[(ulong)row * CLASSES + c] != 0;
}

/* Past the end of the batch: any. */
INCL_INLINE incl_ints incl_are_shown(global const incl_label *targets, const int *label, int c)
{
    int shown[LANES];
    for (int l = 0; l < LANES; l++)
        shown[l] = incl_shows(targets, max(label[l], 0), c);
    return LOAD(shown) != 0;
}

/* Decides about each class; a score that is NaN is never right. */
INCL_OUTLINE void incl_judge(global const float *score, int lane, const int *label,
                             global const incl_label *targets, float threshold, int first, int n,
                             int images, global int *image_rank, global incl_label *image_class)
{
    for (int l = 0; l < LANES && n + l < images; l++) {
        global incl_label *found = image_class + (ulong)(first + n + l) * CLASSES;
        int wrong = 0;
        for (int c = 0; c < CLASSES; c++) {
            float value = score[c * NB + lane + l];
            bool yes = value >= threshold;
            found[c] = yes;
            wrong += yes != incl_shows(targets, label[l], c) || value != value;
        }
        image_rank[n + l] = wrong;
    }
}
#else
/* label[l] of the LANES images from n on; -1 past the end of the batch. */
INCL_INLINE void incl_labels(global const incl_label *labels, global const int *order, int first,
                             int n, int images, int *label)
{
    for (int l = 0; l < LANES; l++)
        label[l] = n + l < images ? labels[order[first + n + l]] : -1;
}

/* Rank of the true class and the best class; a score that is NaN never counts as beaten. */
INCL_OUTLINE void incl_judge(global const float *score, int lane, const int *label, int first,
                             int n, int images, global int *image_rank,
                             global incl_label *image_class)
{
    for (int l = 0; l < LANES && n + l < images; l++) {
        float true_score = score[label[l] * NB + lane + l], best_score = score[lane + l];
        int rank = 0, best = 0;
        for (int c = 0; c < CLASSES; c++) {
            float value = score[c * NB + lane + l];
            bool beaten = value < true_score || (value == true_score && c > label[l]);
            rank += !beaten && c != label[l];
            if (value > best_score) {
                best_score = value;
                best = c;
            }
        }
        image_rank[n + l] = true_score == true_score ? rank : CLASSES;
        image_class[first + n + l] = best;
    }
}
#endif

#endif
