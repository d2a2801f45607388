/* The losses, of which LOSS chooses one. Each is in a file of its own, which defines
 *   incl_loss(x, lane, label, n, images, TARGETS_ARGUMENT LOSS_ARGUMENTS dx, image_loss)
 * the loss of LANES images from n on, which are `lane` and on of a block with scores x
 * [CLASSES][NB], read, and dx, written (GRADIENT). Images past the end of the batch get gradient 0.
 * A score that is NaN makes the loss of its image NaN. Those that take MULTI_LABEL define
 * THRESHOLD as well. */
#ifndef INCL_LOSSES_H
#define INCL_LOSSES_H
#include "loss.h"

#if LOSS == 0
#include "cross_entropy.h"
#elif LOSS == 1
#include "mse.h"
#elif LOSS == 2
#include "focal.h"
#elif LOSS == 3
#include "hinge.h"
#elif LOSS == 4
#include "binary_cross_entropy.h"
#else
#error "LOSS must be 0 to 4"
#endif

#endif
