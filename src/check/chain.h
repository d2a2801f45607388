/* A chain of layers, or a small graph of them, on the device between tensors of the caller's
 * choice: one step forward and backward from given numbers, every tensor between guards. For checks
 * and tests. */
#ifndef INCLINE_CHECK_CHAIN_H
#define INCLINE_CHECK_CHAIN_H

#include "check/guarded.h"
#include "layers/layer.h"

enum { INCLINE_CHAIN_PARAMETERS = 8 };

struct incline_chain_spec {
    struct incline_device *device;
    const struct incline_layer *layers; /* inferred; copied, but for names and options */
    size_t count;
    int batch;
    int tuned_batch;   /* see incline_plan_tune_for(); 0: batch */
    unsigned rewrites; /* set of enum incline_rewrite; with UPDATE parameters are updated */
    bool without_dx;
    bool forward_only; /* as where nothing is trained: y alone, and kernels that save nothing */
};

/* What goes in and comes out, [n][h][w][c]. Parameters are those of all layers, in order. */
struct incline_chain_values {
    int images;
    size_t in_elems, out_elems; /* of one image */
    double *x, *y, *dy, *dx;
    int parameter_count;
    size_t parameter_elems[INCLINE_CHAIN_PARAMETERS];
    double fan_in[INCLINE_CHAIN_PARAMETERS]; /* terms of a sum with this weight; 0 for a bias */
    bool is_state[INCLINE_CHAIN_PARAMETERS]; /* gradient = its value after the step */
    double *parameter[INCLINE_CHAIN_PARAMETERS], *gradient[INCLINE_CHAIN_PARAMETERS];
    float learning_rate; /* with UPDATE, gradient = the parameters after the step */
    uint64_t seed;       /* of what layers draw, and the step's number */
    int earlier;
};

struct incline_chain;

/* Fails as the layers do; the names and options of spec->layers must outlive the chain. */
enum incline_status incline_chain_create(struct incline_context *ctx,
                                         const struct incline_chain_spec *spec,
                                         struct incline_chain **out) INCLINE_MUST_CHECK;
void incline_chain_destroy(struct incline_chain **chain);

size_t incline_chain_launches(const struct incline_chain *chain);
struct incline_shape incline_chain_out(const struct incline_chain *chain);
/* Does a kernel write dx? */
bool incline_chain_has_dx(const struct incline_chain *chain);
int incline_chain_parameters(const struct incline_chain *chain);

/* Room for the numbers of a step of `images` images. Finish also after a failure. */
enum incline_status incline_chain_values_init(struct incline_context *ctx,
                                              const struct incline_chain *chain, int images,
                                              struct incline_chain_values *out) INCLINE_MUST_CHECK;
void incline_chain_values_finish(struct incline_chain_values *values);

/* One step on the device: y, dx, gradients from x, dy and the parameters. *damage = "" or what has
 * been written that must not be: "memory beside dx was overwritten", "x was changed", "dx of an
 * image past the last was not 0"; owned by chain. */
enum incline_status incline_chain_run(struct incline_context *ctx, struct incline_chain *chain,
                                      struct incline_chain_values *values,
                                      const char **damage) INCLINE_MUST_CHECK;

/* Adds the names of the kernels that make a tensor: y, dx, or the gradient of parameter number
 * `tensor`. */
enum { INCLINE_CHAIN_Y = -2, INCLINE_CHAIN_DX = -1 };
void incline_chain_name_kernels(const struct incline_chain *chain, int tensor,
                                struct incline_text *out);

#endif
