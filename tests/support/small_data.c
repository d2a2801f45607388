#include "support/small_data.h"

#include <zlib.h>

const struct small_data small_data = {60, 20, 6, 6, 1, 3, false};

const char small_config[] = "incline: 1\n"
                            "model:\n"
                            "  name: tiny\n"
                            "  input: [6, 6, 1]\n"
                            "  layers:\n"
                            "    - conv2d: {filters: 4, kernel: 3, activation: relu}\n"
                            "    - max_pool2d: 2\n"
                            "    - flatten\n"
                            "    - dense: 3\n"
                            "    - softmax\n"
                            "data: {root: d, val: test}\n"
                            "train: {epochs: 3, batch_size: 16, optimizer: {sgd: {lr: 0.1}}}\n";

static void write_idx(struct program *program, const char *path, bool packed, int rank,
                      const int *dims, const unsigned char *bytes, size_t length)
{
    unsigned char head[20] = {0, 0, 8, (unsigned char)rank};
    char full[SCRATCH_PATH_BYTES];
    snprintf(full, sizeof full, "%s", program_path(program, path));
    for (int i = 0; i < 4 * rank; i++)
        head[4 + i] = (unsigned char)(dims[i / 4] >> (24 - i % 4 * 8));
    /* "T": as it is. */
    gzFile file = gzopen(full, packed ? "wb" : "wbT");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, head, 4 + 4 * (unsigned)rank), 4 + 4 * rank);
    assert_int_equal(gzwrite(file, bytes, (unsigned)length), length);
    assert_int_equal(gzclose(file), Z_OK);
}

static bool shows(const struct small_data *data, int image, int class)
{
    return data->multi_label ? image >> class & 1 : image % data->classes == class;
}

static void draw_image(unsigned char *pixels, const struct small_data *data, int image,
                       unsigned *state)
{
    for (int i = 0; i < data->height * data->width * data->channels; i++) {
        int row = i / (data->width * data->channels);
        *state = *state * 1664525u + 1013904223u;
        pixels[i] =
            (unsigned char)((*state >> 24) % 60 +
                            (shows(data, image, row * data->classes / data->height) ? 180 : 0));
    }
}

static void write_images(struct program *program, const char *path, const struct small_data *data,
                         int count, unsigned state)
{
    const int dims[] = {count, data->height, data->width, data->channels};
    size_t bytes = (size_t)(data->height * data->width * data->channels);
    unsigned char *pixels = malloc((size_t)count * bytes);
    assert_non_null(pixels);
    for (int i = 0; i < count; i++)
        draw_image(pixels + (size_t)i * bytes, data, i, &state);
    write_idx(program, path, data->packed, data->channels > 1 ? 4 : 3, dims, pixels,
              (size_t)count * bytes);
    free(pixels);
}

static void write_labels(struct program *program, const char *path, const struct small_data *data,
                         int count)
{
    const int dims[] = {count, data->classes};
    size_t length = (size_t)(count * (data->multi_label ? data->classes : 1));
    unsigned char *labels = malloc(length);
    assert_non_null(labels);
    for (int i = 0; i < (int)length; i++)
        labels[i] =
            (unsigned char)(data->multi_label ? shows(data, i / data->classes, i % data->classes)
                                              : i % data->classes);
    write_idx(program, path, data->packed, data->multi_label ? 2 : 1, dims, labels, length);
    free(labels);
}

static void write_part(struct program *program, const char *folder, const char *part,
                       const struct small_data *data, int count, unsigned state)
{
    char path[256];
    const char *ending = data->packed ? ".gz" : "";
    snprintf(path, sizeof path, "%s/%s-images-idx%d-ubyte%s", folder, part,
             data->channels > 1 ? 4 : 3, ending);
    write_images(program, path, data, count, state);
    snprintf(path, sizeof path, "%s/%s-labels-idx%d-ubyte%s", folder, part,
             data->multi_label ? 2 : 1, ending);
    write_labels(program, path, data, count);
}

void small_data_write(struct program *program, const char *folder, const struct small_data *data)
{
    program_folder(program, folder);
    write_part(program, folder, "train", data, data->train, 1);
    if (data->test > 0)
        write_part(program, folder, "t10k", data, data->test, 2);
}

void small_images_write(struct program *program, const char *name, int count, int height, int width,
                        int channels)
{
    const struct small_data data = {.height = height,
                                    .width = width,
                                    .channels = channels,
                                    .classes = 3,
                                    .packed = strstr(name, ".gz") != NULL};
    write_images(program, name, &data, count, 2);
}

void small_setup(struct program *program)
{
    small_data_write(program, "d", &small_data);
    program_write(program, "t.yaml", small_config);
}
