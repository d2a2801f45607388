#include "cli/cli.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

bool cli_reserve(void **items, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity > 0 ? 2 * *capacity : 16;
    if (wanted > SIZE_MAX / size)
        return false;
    void *grown = realloc(*items, wanted * size);
    if (grown == NULL)
        return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

bool cli_texts_take(struct cli_texts *texts, char *text)
{
    void *items = texts->items;
    if (text == NULL)
        return false;
    if (!cli_reserve(&items, &texts->capacity, texts->count, sizeof *texts->items)) {
        free(text);
        return false;
    }
    texts->items = items;
    texts->items[texts->count++] = text;
    return true;
}

void cli_texts_finish(struct cli_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
    *texts = (struct cli_texts){0};
}

char *cli_text_va(const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *cli_text(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = cli_text_va(format, arguments);
    va_end(arguments);
    return text;
}
