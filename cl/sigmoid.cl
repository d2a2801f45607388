/* y = 1 / (1 + e^-x), element by element. Entries, shapes and work-items: elementwise.h. */
#define ACTIVATION 2
#include "elementwise.h"
