/* Layer normalization: of each image, all numbers; w and b have as many. Equations, entries and
 * work-items: image_norm.h. */
#include "image_norm.h"
