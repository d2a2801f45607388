/* safetensors files: named tensors after a JSON header, as Hugging Face defines them.
 *
 * A file is: the header's length N (8 bytes, little-endian), N bytes of JSON, the data. The reader
 * believes nothing: N is at most 16 MiB and lies inside the file; the header is one JSON object
 * without double keys; at most 65,536 tensors of at most 8 dimensions; dtype x shape equals the
 * tensor's range; the ranges tile the data without gap or overlap, to the end of the file. */
#ifndef INCLINE_FORMATS_SAFETENSORS_H
#define INCLINE_FORMATS_SAFETENSORS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { INCLINE_TENSOR_RANK_MAX = 8 };

/* One tensor of a file that was read; owned by the file. */
struct incline_safetensor {
    const char *name;
    const char *dtype; /* "F32", "I64", ... */
    int rank;
    size_t dims[INCLINE_TENSOR_RANK_MAX];
    size_t elems;
    const unsigned char *data; /* little-endian, row-major, not aligned */
    size_t bytes;
};

struct incline_safetensors; /* a whole file in memory */

/* Reads the file at path, at most 16 GiB. Fails with DATA, naming file, tensor and rule. */
enum incline_status incline_safetensors_read(struct incline_context *ctx, const char *path,
                                             struct incline_safetensors **out) INCLINE_MUST_CHECK;
void incline_safetensors_destroy(struct incline_safetensors **file);

/* The tensors, sorted by name (strcmp). */
size_t incline_safetensors_count(const struct incline_safetensors *file);
const struct incline_safetensor *incline_safetensors_item(const struct incline_safetensors *file,
                                                          size_t index);

/* The tensor of that name, or NULL. */
const struct incline_safetensor *incline_safetensors_find(const struct incline_safetensors *file,
                                                          const char *name);

/* The text under a key of the metadata, or NULL; owned by file. */
const char *incline_safetensors_metadata(const struct incline_safetensors *file, const char *key);

/* Copies the tensor's elems values to out. Fails with DATA unless its dtype is F32. */
enum incline_status incline_safetensors_get_f32(struct incline_context *ctx,
                                                const struct incline_safetensors *file,
                                                const struct incline_safetensor *tensor,
                                                float *out) INCLINE_MUST_CHECK;

/* The same for whole numbers, dtype I64; above 2^24 they are rounded. */
enum incline_status incline_safetensors_get_whole(struct incline_context *ctx,
                                                  const struct incline_safetensors *file,
                                                  const struct incline_safetensor *tensor,
                                                  float *out) INCLINE_MUST_CHECK;

/* One tensor to write, F32 or I64. */
struct incline_safetensor_source {
    const char *name;
    int rank;
    size_t dims[INCLINE_TENSOR_RANK_MAX];
    const float *values; /* row-major */
    bool is_whole;       /* written as I64; the values are whole and within 2^53 */
};

struct incline_safetensor_pair {
    const char *key, *value; /* UTF-8 */
};

/* Writes the tensors, sorted by name, and the metadata to path, whole or not at all. The data start
 * at a multiple of 8 bytes. Fails with ARGUMENT (a double or empty name, text that is not UTF-8),
 * MEMORY or IO. */
enum incline_status incline_safetensors_write(struct incline_context *ctx, const char *path,
                                              const struct incline_safetensor_source *tensors,
                                              size_t count,
                                              const struct incline_safetensor_pair *metadata,
                                              size_t pair_count) INCLINE_MUST_CHECK;

#endif
