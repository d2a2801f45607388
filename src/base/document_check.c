/* The rules that libfyaml does not hold a text to: UTF-8 without control characters, no double
 * keys. */
#include "base/document_inner.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the UTF-8 character at `at`, or 0 when there is none: a wrong byte, a longer form than
 * needed, a surrogate, or a control character that YAML does not allow. */
static size_t character_length(const unsigned char *at, size_t left)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (at[0] < 0x80)
        return (at[0] >= 0x20 && at[0] != 0x7f) || strchr("\t\n\r", at[0] ? at[0] : 'x') ? 1 : 0;
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || length > left)
        return 0;
    unsigned code = at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (!incline_is_utf8_tail((char)at[i]))
            return 0;
        code = code << 6 | (at[i] & 0x3fu);
    }
    bool wrong = code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff);
    return wrong ? 0 : length;
}

enum incline_status incline_source_check(struct incline_context *ctx,
                                         const struct incline_source *source)
{
    const unsigned char *bytes = (const unsigned char *)source->text;
    size_t at = 0;
    while (at < source->length) {
        size_t length = character_length(bytes + at, source->length - at);
        if (length == 0)
            return incline_source_fail(ctx, source, at, 1, "byte 0x%02x is not UTF-8 text",
                                       bytes[at]);
        at += length;
    }
    return INCLINE_OK;
}

static int compare_keys(const void *a, const void *b)
{
    const struct incline_node *left = *(struct incline_node *const *)a;
    const struct incline_node *right = *(struct incline_node *const *)b;
    int order = strcmp(left->text, right->text);
    return order != 0 ? order : (left->start > right->start) - (left->start < right->start);
}

/* Sorted, so that a file of a million keys does not take a million times a million steps. */
enum incline_status incline_mapping_check(struct incline_context *ctx, struct incline_node *map)
{
    size_t count = incline_node_count(map);
    struct incline_node **keys = NULL;
    enum incline_status status = incline_alloc(ctx, count, sizeof *keys, &keys);
    if (status != INCLINE_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        keys[i] = incline_node_key(map, i);
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 1; i < count && status == INCLINE_OK; i++) {
        if (strcmp(keys[i - 1]->text, keys[i]->text) != 0)
            continue;
        struct incline_place first = incline_source_place(keys[i]->source, keys[i - 1]->start);
        status = incline_fail_at(ctx, keys[i], "double key '%.60s': it was given in line %zu",
                                 keys[i]->text, first.line);
    }
    incline_free(&keys);
    return status;
}
