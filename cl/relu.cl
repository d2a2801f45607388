/* rectified linear: y = max(x, 0), element by element. Entries, shapes and work-items: elementwise.h. */
#define ACTIVATION 1
#include "elementwise.h"
