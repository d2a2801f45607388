/* Batch normalization: each channel over the images of the batch and their positions, M numbers.
 *   t = x - mean,  v = 1 / sqrt(var + eps),  y = w v t + b
 * In training mean and var are the batch's, and
 *   running_mean <- decay running_mean + (1 - decay) mean
 *   running_var  <- decay running_var + (1 - decay) var M / max(M - 1, 1)
 * while in evaluation they are the running ones.
 *   db = sum of dy,  dw = v sum of t dy,  dx = w v (dy - (db + t v dw) / M)
 * Images past the last are in no sum, and their dx is 0.
 * Fused with what follows, y = f(w v t + b + other); the way back begins with dz = f'(y) dy, which
 * is then what is called dy above, and the gradient of other.
 *
 * Sums run as batch_sums.h says. The mean is kept as shift + offset, where
 * shift is the channel's first number, and squares are summed around the mean of their own part, so
 * that nothing cancels however far the mean is from 0.
 *
 * x, y, dx, dy, other [blocks][positions][channels][NB].
 * w, b, running_mean, running_var [channels].
 * batches [1]: steps so far.  parts [blocks][chunks][2][channels][NB].
 * statistics [3][channels]: shift, offset, v.  gradients [2][columns]: dw, db, and 0 past channels.
 * All f32.
 * Work-items {NB / LANES, tiles x chunks or more, blocks}: one owns TILE_C channels of a chunk of
 * LANES images. Those of batch_norm_statistics and batch_norm_gradients: a group owns a channel.
 *
 * AFFINE      0: there are neither w nor b
 * RESIDUAL    1: there is other
 * ACTIVATION  f, see activation.h
 * TILE_C      channels that an item goes through together (8 with many lanes, 1 with one) */
#include "activation.h"
#include "batch_sums.h"

#if AFFINE
#define AFFINE_ARGS(...) __VA_ARGS__
#define W_AT(c) w[c]
#define B_AT(c) b[c]
#else
#define AFFINE_ARGS(...)
#define W_AT(c) 1.0f
#define B_AT(c) 0.0f
#endif

#if RESIDUAL
#define RESIDUAL_ARGS(...) __VA_ARGS__
#define WITH_OTHER(value, at) ((value) + LOAD(other + (at)))
#else
#define RESIDUAL_ARGS(...)
#define WITH_OTHER(value, at) (value)
#endif

#if ACTIVATION
#define ACTIVATION_ARGS(...) __VA_ARGS__
#else
#define ACTIVATION_ARGS(...)
#endif

INCL_OUTLINE void incl_batch_norm_part(global const float *restrict x, global float *restrict parts,
                                       struct incl_share share, int channels)
{
    incl_lanes shift[TILE_C], sum[TILE_C], square[TILE_C];
    FOR_TILE(t)
    {
        shift[t] = (incl_lanes)(x[CHANNEL(t) * NB]);
        sum[t] = square[t] = (incl_lanes)(0.0f);
    }
    for (int p = share.first; p < share.end; p++)
        FOR_TILE(t) sum[t] += LOAD(x + X_AT(p, t)) - shift[t];
    incl_lanes mean[TILE_C], count = (incl_lanes)(share.end - share.first);
    FOR_TILE(t) mean[t] = incl_divide(sum[t], count);
    for (int p = share.first; p < share.end; p++)
        FOR_TILE(t)
        {
            incl_lanes apart = (LOAD(x + X_AT(p, t)) - shift[t]) - mean[t];
            square[t] = fma(apart, apart, square[t]);
        }
    FOR_TILE(t) if (EXISTS(t))
    {
        STORE(sum[t], parts + share.part_at + t * NB);
        STORE(square[t], parts + share.part_at + (channels + t) * NB);
    }
}

/* x, read.  parts, written: the sum of x - shift, and of the squares around the part's mean. */
kernel void batch_norm_sums(global const float *restrict x, global float *restrict parts,
                            int positions, int channels, int chunk)
{
    struct incl_share share = incl_item_share(positions, channels, chunk);
    if (share.first < share.end)
        incl_batch_norm_part(x, parts, share, channels);
}

/* The same of squares, moved from the mean of their part to that of all, shift + offset. */
INCL_INLINE incl_lanes incl_add_squares(global const float *restrict parts, struct incl_parts of,
                                        incl_lanes offset, int strand, int lane)
{
    incl_lanes sum = (incl_lanes)(0.0f);
    for (int i = strand; i < of.count; i += STRANDS) {
        incl_lanes count = (incl_lanes)(min(of.chunk, of.positions - i % of.chunks * of.chunk));
        incl_lanes apart = incl_divide(incl_part(parts, of, i, 0, lane), count) - offset;
        incl_lanes square = fma(count * apart, apart, incl_part(parts, of, i, 1, lane));
        sum += incl_of_batch(square, i / of.chunks * NB + lane, of.images);
    }
    return sum;
}

/* x and parts, read; running_mean, running_var and batches, updated; statistics, written. */
kernel void batch_norm_statistics(global const float *restrict x,
                                  global const float *restrict parts,
                                  global float *restrict running_mean,
                                  global float *restrict running_var,
                                  global float *restrict batches,
                                  global float *restrict statistics, int positions, int channels,
                                  int chunk, float eps, float decay, float rest, int images)
{
    SCRATCH float sums[STRANDS * NB], squares[STRANDS * NB];
    struct incl_parts of = incl_group_parts(positions, channels, chunk, images);
    incl_lanes count = (incl_lanes)((float)images * positions);
    incl_add_strands(parts, of, 0, sums);
    SYNC();
    incl_lanes offset = incl_divide(incl_total(sums), count);
    FOR_LANES(lane)
    FOR_SHARE(strand, STRANDS)
    STORE(incl_add_squares(parts, of, offset, strand, lane), squares + strand * NB + lane);
    SYNC();
    FOR_ITEMS(only, 1)
    {
        incl_lanes shift = (incl_lanes)(x[of.c * NB]), total = incl_total(squares);
        incl_lanes variance = incl_divide(total, count);
        incl_lanes unbiased = incl_divide(total, fmax(count - 1.0f, (incl_lanes)(1.0f)));
        statistics[of.c] = incl_first(shift);
        statistics[channels + of.c] = incl_first(offset);
        statistics[2 * channels + of.c] = incl_first(incl_inverse_sqrt(variance + eps));
        running_mean[of.c] = fma(decay, running_mean[of.c], rest * incl_first(shift + offset));
        running_var[of.c] = fma(decay, running_var[of.c], rest * incl_first(unbiased));
        if (of.c == 0)
            batches[0] += 1.0f;
    }
}

/* What becomes of a channel's numbers: y = f(((x - shift) - offset) scale + b + other). */
struct incl_line {
    incl_lanes shift, offset, scale, b;
};

INCL_OUTLINE void incl_batch_norm_apply(global const float *restrict x,
                                        RESIDUAL_ARGS(global const float *restrict other, )
                                            global float *restrict y,
                                        const struct incl_line *line, struct incl_share share,
                                        int channels)
{
    for (int p = share.first; p < share.end; p++)
        FOR_TILE(t) if (EXISTS(t))
        {
            incl_lanes apart = (LOAD(x + X_AT(p, t)) - line[t].shift) - line[t].offset;
            incl_lanes z = WITH_OTHER(fma(apart, line[t].scale, line[t].b), X_AT(p, t));
            STORE(incl_activate(ACTIVATION, z), y + X_AT(p, t));
        }
}

/* x, other, w, b and statistics, read; y, written. */
kernel void batch_norm_forward(global const float *restrict x,
                               RESIDUAL_ARGS(global const float *restrict other, )
                                   AFFINE_ARGS(global const float *restrict w,
                                               global const float *restrict b, )
                                       global const float *restrict statistics,
                               global float *restrict y, int positions, int channels, int chunk)
{
    struct incl_share share = incl_item_share(positions, channels, chunk);
    struct incl_line line[TILE_C];
    FOR_TILE(t)
    {
        int c = CHANNEL(t);
        line[t].shift = (incl_lanes)(statistics[c]);
        line[t].offset = (incl_lanes)(statistics[channels + c]);
        line[t].scale = (incl_lanes)(W_AT(c) * statistics[2 * channels + c]);
        line[t].b = (incl_lanes)(B_AT(c));
    }
    incl_batch_norm_apply(x, RESIDUAL_ARGS(other, ) y, line, share, channels);
}

/* The same in evaluation, from running_mean and running_var, read. */
kernel void batch_norm_evaluate(global const float *restrict x,
                                RESIDUAL_ARGS(global const float *restrict other, )
                                    AFFINE_ARGS(global const float *restrict w,
                                                global const float *restrict b, )
                                        global const float *restrict running_mean,
                                global const float *restrict running_var, global float *restrict y,
                                int positions, int channels, int chunk, float eps)
{
    struct incl_share share = incl_item_share(positions, channels, chunk);
    struct incl_line line[TILE_C];
    FOR_TILE(t)
    {
        int c = CHANNEL(t);
        line[t].shift = (incl_lanes)(running_mean[c]);
        line[t].offset = (incl_lanes)(0.0f);
        line[t].scale = W_AT(c) * incl_inverse_sqrt((incl_lanes)(running_var[c] + eps));
        line[t].b = (incl_lanes)(B_AT(c));
    }
    incl_batch_norm_apply(x, RESIDUAL_ARGS(other, ) y, line, share, channels);
}

INCL_OUTLINE void incl_batch_norm_part_back(global const float *restrict x,
                                            ACTIVATION_ARGS(global const float *restrict y, )
                                                global float *restrict dy,
                                            global const float *restrict statistics,
                                            global float *restrict parts, struct incl_share share,
                                            int channels)
{
    incl_lanes shift[TILE_C], offset[TILE_C], dw[TILE_C], db[TILE_C];
    FOR_TILE(t)
    {
        shift[t] = (incl_lanes)(statistics[CHANNEL(t)]);
        offset[t] = (incl_lanes)(statistics[channels + CHANNEL(t)]);
        dw[t] = db[t] = (incl_lanes)(0.0f);
    }
    for (int p = share.first; p < share.end; p++)
        FOR_TILE(t)
        {
            incl_lanes gradient = LOAD(dy + X_AT(p, t));
#if ACTIVATION
            gradient = incl_activate_backward(ACTIVATION, LOAD(y + X_AT(p, t)), gradient);
            if (EXISTS(t))
                STORE(gradient, dy + X_AT(p, t));
#endif
            dw[t] = fma((LOAD(x + X_AT(p, t)) - shift[t]) - offset[t], gradient, dw[t]);
            db[t] += gradient;
        }
    FOR_TILE(t) if (EXISTS(t))
    {
        STORE(dw[t], parts + share.part_at + t * NB);
        STORE(db[t], parts + share.part_at + (channels + t) * NB);
    }
}

/* x, y and statistics, read; dy, read, with an activation overwritten by dz.  parts, written: the
 * sums of t dy and of dy. */
kernel void batch_norm_backward_sums(global const float *restrict x,
                                     ACTIVATION_ARGS(global const float *restrict y, )
                                         global float *restrict dy,
                                     global const float *restrict statistics,
                                     global float *restrict parts, int positions, int channels,
                                     int chunk)
{
    struct incl_share share = incl_item_share(positions, channels, chunk);
    if (share.first < share.end)
        incl_batch_norm_part_back(x, ACTIVATION_ARGS(y, ) dy, statistics, parts, share, channels);
}

/* parts and statistics, read; gradients, written. There is a group for each column. */
kernel void batch_norm_gradients(global const float *restrict parts,
                                 global const float *restrict statistics,
                                 global float *restrict gradients, int positions, int channels,
                                 int chunk, int columns, int images)
{
    SCRATCH float dw[STRANDS * NB], db[STRANDS * NB];
    struct incl_parts of = incl_group_parts(positions, channels, chunk, images);
    incl_add_strands(parts, of, 0, dw);
    incl_add_strands(parts, of, 1, db);
    SYNC();
    FOR_ITEMS(only, 1)
    {
        bool exists = of.c < channels;
        float v = exists ? statistics[2 * channels + of.c] : 0.0f;
        gradients[of.c] = exists ? v * incl_first(incl_total(dw)) : 0.0f;
        gradients[columns + of.c] = exists ? incl_first(incl_total(db)) : 0.0f;
    }
}

/* dx = (dy - (db + ((x - shift) - offset) dw)) scale; dw has v in it, and both are divided by M. */
struct incl_line_back {
    incl_lanes shift, offset, scale, dw, db;
};

INCL_OUTLINE void incl_batch_norm_apply_back(global const float *restrict x,
                                             global const float *restrict dy,
                                             global float *restrict dx,
                                             const struct incl_line_back *line,
                                             struct incl_share share, int channels, int images)
{
    for (int p = share.first; p < share.end; p++)
        FOR_TILE(t) if (EXISTS(t))
        {
            incl_lanes apart = (LOAD(x + X_AT(p, t)) - line[t].shift) - line[t].offset;
            incl_lanes gradient = LOAD(dy + X_AT(p, t)) - fma(apart, line[t].dw, line[t].db);
            STORE(incl_of_batch(gradient * line[t].scale, share.n, images), dx + X_AT(p, t));
        }
}

/* x, dy, w, statistics and gradients, read; dx, written. */
kernel void batch_norm_backward_data(global const float *restrict x,
                                     global const float *restrict dy,
                                     AFFINE_ARGS(global const float *restrict w, )
                                         global const float *restrict statistics,
                                     global const float *restrict gradients,
                                     global float *restrict dx, int positions, int channels,
                                     int chunk, int columns, int images)
{
    struct incl_share share = incl_item_share(positions, channels, chunk);
    incl_lanes count = (incl_lanes)((float)images * positions);
    struct incl_line_back line[TILE_C];
    FOR_TILE(t)
    {
        int c = CHANNEL(t);
        float v = statistics[2 * channels + c];
        line[t].shift = (incl_lanes)(statistics[c]);
        line[t].offset = (incl_lanes)(statistics[channels + c]);
        line[t].scale = (incl_lanes)(W_AT(c) * v);
        line[t].dw = incl_divide((incl_lanes)(v * gradients[c]), count);
        line[t].db = incl_divide((incl_lanes)(gradients[columns + c]), count);
    }
    incl_batch_norm_apply_back(x, dy, dx, line, share, channels, images);
}
