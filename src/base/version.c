/* The version that runs. */
#include "incline/version.h"

const char *incline_version(void)
{
    return INCLINE_VERSION;
}
