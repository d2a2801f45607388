/* Writing a text so that every YAML reader takes it back as this very text. */
#include "base/document.h"

#include <string.h>

/* What YAML 1.1 takes as a truth value or nothing, in any case. */
static bool is_word_of_yaml(const char *value)
{
    static const char *const words[] = {"true", "false", "yes", "no",   "on",
                                        "off",  "y",     "n",   "null", NULL};
    char lower[8] = "";
    size_t length = strlen(value);
    for (size_t i = 0; length < sizeof lower && i < length; i++)
        lower[i] = value[i] >= 'A' && value[i] <= 'Z' ? (char)(value[i] - 'A' + 'a') : value[i];
    return incline_is_among(lower, words);
}

/* Only what every YAML reader takes as this very text. */
static bool is_plain(const char *value)
{
    if (!incline_is_letter(*value) && *value != '/')
        return false;
    for (const char *at = value; *at; at++) {
        if (!incline_is_letter(*at) && !incline_is_digit(*at) && !strchr("_-./+", *at))
            return false;
    }
    return !is_word_of_yaml(value);
}

void incline_text_add_scalar(struct incline_text *text, const char *value)
{
    if (is_plain(value)) {
        incline_text_add(text, "%s", value);
        return;
    }
    incline_text_add(text, "\"");
    for (const char *at = value; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\')
            incline_text_add(text, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            incline_text_add(text, "\\x%02x", byte);
        else
            incline_text_add_bytes(text, at, 1);
    }
    incline_text_add(text, "\"");
}
