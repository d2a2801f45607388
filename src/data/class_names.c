/* Names of a data set's classes. */
#include "data/class_names.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { CLASS_FILE_BYTES_MAX = 1024 * 1024, NUMBER_BYTES = 24, FASHION_CLASSES = 10 };

static const char *const fashion_names[FASHION_CLASSES] = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};

static enum incline_status wrong_count(struct incline_context *ctx, const char *source,
                                       size_t count, int classes)
{
    return incline_fail(ctx, INCLINE_ERROR_CONFIG,
                        "%s has %zu class name%s, but the model has %d output%s", source, count,
                        count == 1 ? "" : "s", classes, classes == 1 ? "" : "s");
}

static enum incline_status copy_names(struct incline_context *ctx, const char *source,
                                      const char *const *names, size_t count,
                                      struct incline_dataset *dataset)
{
    if (count != (size_t)dataset->classes)
        return wrong_count(ctx, source, count, dataset->classes);
    enum incline_status status =
        incline_alloc(ctx, count, sizeof *dataset->class_names, &dataset->class_names);
    for (size_t i = 0; !status && i < count; i++)
        status = incline_strdup(ctx, names[i], &dataset->class_names[i]);
    return status;
}

/* Cuts text into lines in place; *lines has *count pointers into it. Blank lines do not count. */
static enum incline_status split_lines(struct incline_context *ctx, char *text, char ***lines,
                                       size_t *count)
{
    enum incline_status status = INCLINE_OK;
    size_t capacity = 0;
    char *rest = NULL;
    *count = 0;
    for (char *line = strtok_r(text, "\r\n", &rest); line && !status;
         line = strtok_r(NULL, "\r\n", &rest)) {
        status = incline_grow(ctx, lines, &capacity, *count + 1, sizeof **lines);
        if (!status)
            (*lines)[(*count)++] = line;
    }
    return status;
}

/* Names go to terminals, tables and weights files, so what is no text must not come that far. */
static enum incline_status check_text(struct incline_context *ctx, const char *path,
                                      const char *text, size_t length)
{
    size_t line = 1;
    for (size_t at = 0; at < length;) {
        size_t bytes = incline_utf8_length(text + at, length - at);
        int control = incline_control_at(text + at, length - at);
        if (control >= 0 && control != '\r' && control != '\n')
            return incline_fail(ctx, INCLINE_ERROR_DATA,
                                "%s:%zu: U+%04X is a control character: the file must be text, one "
                                "name a line",
                                path, line, (unsigned)control);
        if (bytes == 0)
            return incline_fail(ctx, INCLINE_ERROR_DATA,
                                "%s:%zu: byte 0x%02x is not UTF-8 text; convert the file (with "
                                "iconv, for instance)",
                                path, line, (unsigned char)text[at]);
        line += text[at] == '\n';
        at += bytes;
    }
    return INCLINE_OK;
}

static enum incline_status read_names(struct incline_context *ctx, const char *path,
                                      struct incline_dataset *dataset)
{
    enum incline_status status = INCLINE_ERROR_BUG;
    char *text = NULL, **lines = NULL;
    size_t length, count = 0;
    if ((status = incline_file_read(ctx, path, CLASS_FILE_BYTES_MAX, &text, &length)))
        goto out;
    if ((status = check_text(ctx, path, text, length)))
        goto out;
    if ((status = split_lines(ctx, text, &lines, &count)))
        goto out;
    if ((status = copy_names(ctx, path, (const char *const *)lines, count, dataset)))
        goto out;
    status = INCLINE_OK;
out:
    incline_free(&lines);
    incline_free(&text);
    return status;
}

static enum incline_status number_names(struct incline_context *ctx,
                                        struct incline_dataset *dataset)
{
    size_t count = (size_t)dataset->classes;
    enum incline_status status =
        incline_alloc(ctx, count, sizeof *dataset->class_names, &dataset->class_names);
    for (size_t i = 0; !status && i < count; i++) {
        char number[NUMBER_BYTES];
        snprintf(number, sizeof number, "%zu", i);
        status = incline_strdup(ctx, number, &dataset->class_names[i]);
    }
    return status;
}

/* "fashion-mnist", "FashionMNIST", "fashion_mnist": letters only, in any case. */
static bool is_fashion_mnist(const char *name)
{
    const char *wanted = "fashionmnist";
    for (; *name; name++) {
        int letter = *name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name;
        if (letter == '-' || letter == '_')
            continue;
        if (letter != *wanted)
            return false;
        wanted++;
    }
    return *wanted == '\0';
}

enum incline_status incline_class_names_find(struct incline_context *ctx,
                                             const struct incline_texts *configured,
                                             struct incline_dataset *dataset)
{
    char *path = NULL;
    if (configured->count > 0)
        return copy_names(ctx, "data.classes", (const char *const *)configured->values,
                          configured->count, dataset);
    enum incline_status status = incline_path_join(ctx, dataset->folder, "classes.txt", &path);
    if (status)
        return status;
    if (incline_file_exists(path))
        status = read_names(ctx, path, dataset);
    else if (dataset->classes == FASHION_CLASSES && is_fashion_mnist(dataset->name))
        status = copy_names(ctx, dataset->name, fashion_names, FASHION_CLASSES, dataset);
    else
        status = number_names(ctx, dataset);
    incline_free(&path);
    return status;
}
