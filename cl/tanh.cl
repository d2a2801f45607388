/* hyperbolic tangent, element by element. Entries, shapes and work-items: elementwise.h. */
#define ACTIVATION 3
#include "elementwise.h"
