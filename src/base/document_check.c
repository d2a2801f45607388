/* The rules that libfyaml does not hold a text to: UTF-8 without control characters, no double
 * keys. */
#include "base/document_inner.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the character at `at`, or 0 when it is not UTF-8, or a control character that YAML does
 * not allow. */
static size_t character_length(const char *at, size_t left)
{
    bool control = (unsigned char)at[0] < 0x20 || at[0] == 0x7f;
    if (control && at[0] != '\t' && at[0] != '\n' && at[0] != '\r')
        return 0;
    return incline_utf8_length(at, left);
}

enum incline_status incline_source_check(struct incline_context *ctx,
                                         const struct incline_source *source)
{
    const char *bytes = source->text;
    size_t at = 0;
    while (at < source->length) {
        size_t length = character_length(bytes + at, source->length - at);
        if (length == 0)
            return incline_source_fail(ctx, source, at, 1, "byte 0x%02x is not UTF-8 text",
                                       (unsigned char)bytes[at]);
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
