#include "network/initialize.h"

#include "base/memory.h"
#include "base/philox.h"

#include <math.h>
#include <string.h>

enum kind { CONSTANT, UNIFORM, NORMAL };

struct distribution {
    enum kind kind;
    double scale; /* the constant, the limit, or the standard deviation after the cut */
};

/* Standard deviation of a standard normal cut at 2 sigma. */
static const double cut_deviation = 0.87962566103423978;

static struct distribution distribution_of(const struct incline_parameter *parameter)
{
    if (parameter->initializer == INCLINE_INITIALIZER_CONSTANT)
        return (struct distribution){CONSTANT, parameter->start};
    const char *name = incline_initializer_names[parameter->initializer];
    double in = parameter->fan_in, out = parameter->fan_out;
    if (strcmp(name, "glorot_uniform") == 0)
        return (struct distribution){UNIFORM, sqrt(6 / (in + out))};
    if (strcmp(name, "glorot_normal") == 0)
        return (struct distribution){NORMAL, sqrt(2 / (in + out))};
    if (strcmp(name, "he_uniform") == 0)
        return (struct distribution){UNIFORM, sqrt(6 / in)};
    if (strcmp(name, "he_normal") == 0)
        return (struct distribution){NORMAL, sqrt(2 / in)};
    if (strcmp(name, "torch") == 0)
        return (struct distribution){UNIFORM, 1 / sqrt(in)};
    return (struct distribution){CONSTANT, 0};
}

/* Box and Muller's transform of two words; in (0, 1] for the logarithm. */
static double normal(uint32_t a, uint32_t b)
{
    double u = (a + 1.0) / 4294967296.0, v = b / 4294967296.0;
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* A normal number within 2 sigma: the first of up to 64 draws that is (all miss with odds 1e-86).
 */
static double cut_normal(uint64_t seed, uint32_t number, uint64_t element)
{
    double value = 0;
    for (uint64_t attempt = 0; attempt < 64; attempt++) {
        struct incline_philox draw =
            incline_philox_draw(seed, INCLINE_STREAM_WEIGHTS, number, element + (attempt << 48));
        value = normal(draw.word[0], draw.word[1]);
        if (fabs(value) <= 2)
            break;
    }
    return fabs(value) <= 2 ? value : 0;
}

static double uniform(uint64_t seed, uint32_t number, uint64_t element)
{
    struct incline_philox draw = incline_philox_draw(seed, INCLINE_STREAM_WEIGHTS, number, element);
    return (draw.word[0] + 0.5) / 4294967296.0;
}

void incline_initialize_values(const struct incline_parameter *parameter, uint64_t seed,
                               uint32_t number, float *values)
{
    struct distribution wanted = distribution_of(parameter);
    for (size_t i = 0; i < parameter->elems; i++) {
        double value = wanted.scale;
        if (wanted.kind == UNIFORM)
            value = (2 * uniform(seed, number, i) - 1) * wanted.scale;
        else if (wanted.kind == NORMAL)
            value = cut_normal(seed, number, i) * wanted.scale / cut_deviation;
        values[i] = (float)value;
    }
}

enum incline_status incline_initialize(struct incline_context *ctx,
                                       const struct incline_parameters *parameters,
                                       const struct incline_layer *layers, uint64_t seed)
{
    for (size_t i = 0; i < parameters->count; i++) {
        const struct incline_parameter_place *place = &parameters->places[i];
        float *values = NULL;
        enum incline_status status = incline_alloc(ctx, place->elems, sizeof *values, &values);
        if (status)
            return status;
        incline_initialize_values(&layers[place->layer].parameters[place->role], seed, (uint32_t)i,
                                  values);
        status = incline_parameters_write(ctx, parameters, i, values);
        incline_free(&values);
        if (status)
            return status;
    }
    return INCLINE_OK;
}
