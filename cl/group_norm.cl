/* Group normalization: of each image, groups of channels; w and b have a number a channel.
 * Equations, entries and work-items: image_norm.h. */
#include "image_norm.h"
