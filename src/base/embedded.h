/* Text files that are part of the library: kernels, built-in configurations, tuning. */
#ifndef INCLINE_BASE_EMBEDDED_H
#define INCLINE_BASE_EMBEDDED_H

struct incline_embedded_file {
    const char *name; /* "conv2d.cl"; NULL ends the table */
    const char *text; /* terminated */
};

extern const struct incline_embedded_file incline_kernel_files[];
extern const struct incline_embedded_file incline_model_files[]; /* "mnist-cnn.yaml" */
extern const struct incline_embedded_file incline_tuning_files[];

#endif
