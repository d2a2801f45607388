/* What the losses share: the labels of a batch, the rank of the true class, and where the figures of
 * each image go. The losses themselves, cross_entropy.h and mse.h, each define incl_loss().
 *
 * image_loss [batch] f32: loss of each image of the batch.
 * image_rank [batch] int: how many classes scored higher than the true one; 0 is a hit.
 * image_class [set] int: the class that scored highest, at the image's place in the order.
 *
 * LOSS      number of the loss, as in incline_losses
 * CLASSES   scores per image
 * GRADIENT  1: write the gradient of the batch's mean loss */
#ifndef INCL_LOSS_H
#define INCL_LOSS_H
#include "functions.h"

/* label[l] of the LANES images from n on; -1 past the end of the batch. */
INCL_INLINE void incl_labels(global const int *labels, global const int *order, int first, int n,
                               int images, int *label)
{
    for (int l = 0; l < LANES; l++)
        label[l] = n + l < images ? labels[order[first + n + l]] : -1;
}

/* Rank of the true class and the best class; a score that is NaN never counts as beaten. */
INCL_OUTLINE void incl_judge(global const float *score, int lane, const int *label, int first,
                              int n, int images, global int *image_rank, global int *image_class)
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
