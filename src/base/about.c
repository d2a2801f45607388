#include "base/about.h"

#include <string.h>

static void add_equation(const char *lines, struct incline_text *out)
{
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        incline_text_add(out, "    %.*s\n", (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
}

static void add_line(const char *label, const char *text, struct incline_text *out)
{
    if (text)
        incline_text_add(out, "%s: %s\n", label, text);
}

void incline_about_write(const struct incline_about *about, struct incline_text *out)
{
    add_equation(about->equation, out);
    incline_text_add(out, "\n");
    add_line("Shapes", about->shapes, out);
    add_line("PyTorch", about->pytorch, out);
    add_line("Keras", about->keras, out);
    add_line("Source", about->source, out);
}
