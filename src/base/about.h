/* What the manual says of a layer, loss, optimizer or schedule besides its options. */
#ifndef INCLINE_BASE_ABOUT_H
#define INCLINE_BASE_ABOUT_H

#include "base/text.h"

struct incline_about {
    const char *equation; /* lines of plain text, without a newline at the end */
    const char *shapes;   /* of a layer: "HxWxC -> HxWxC"; NULL elsewhere */
    const char *pytorch;  /* what they call it; NULL: they have none */
    const char *keras;
    const char *source; /* paper; NULL: older than those, or from a textbook */
};

/* Adds the equation, indented, and a line for each of the rest. */
void incline_about_write(const struct incline_about *about, struct incline_text *out);

#endif
