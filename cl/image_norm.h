/* Normalization of each image by itself: its channels are in `groups` groups of K, and each group's
 * M = positions K numbers get mean 0 and variance 1.
 *   t = x - mean,  v = 1 / sqrt(var + eps),  y = w v t + b,  var with divisor M
 *   dx = v (w dy - (mean of w dy + t v^2 mean of t w dy))
 *   db = sum of dy,  dw = sum of v t dy
 * the latter over the images, and over the positions where w has one number a channel.
 *
 * A part of a sum over a group goes over `chunk` numbers, position by position; then the parts are
 * added up in order. The mean is kept as shift + offset, where shift is the group's first number,
 * and squares are summed around the mean of their own part. Sums over images run as batch_sums.h
 * says.
 *
 * x, y, dx, dy [blocks][positions][channels][NB].  w, b [channels] or [positions][channels].
 * parts [blocks][groups][chunks][2][NB].  statistics [blocks][groups][2][NB]: offset, v.
 * means [blocks][groups][2][NB]: of w dy, and v^2 that of t w dy.  All f32.
 * Work-items {NB / LANES, groups x chunks or more, blocks}: one owns a chunk of a group of LANES
 * images; of image_norm_statistics and image_norm_backward_means a whole group.
 * image_norm_backward_weights and image_norm_gradients are as batch_sums.h says; what it calls
 * channels are the `units` of w, its positions the rest of an image.
 *
 * AFFINE  0: there are neither w nor b; 1: they have a number a channel; 2: for each position too
 * TILE_C  see batch_sums.h */
#include "batch_sums.h"
#include "functions.h"

#if AFFINE
#define AFFINE_ARGS(...) __VA_ARGS__
#define W_AT(i) w[i]
#define B_AT(i) b[i]
#else
#define AFFINE_ARGS(...)
#define W_AT(i) 1.0f
#define B_AT(i) 0.0f
#endif

/* Part of a group: numbers first .. end - 1 of it. The first is in channel c + k, `at` numbers
 * behind x_at, where the image's begin; group_at: the group's first. part_at, statistics_at: in
 * those tensors. */
struct incl_part_of_group {
    int first, end, size, skip, c, k, at, x_at, group_at, part_at, statistics_at;
};

/* first is end when there is none of that number. */
INCL_INLINE struct incl_part_of_group incl_group_part(int number, int positions, int channels,
                                                      int groups, int chunk)
{
    struct incl_part_of_group of;
    int lane = get_global_id(0) * LANES, block = get_global_id(2);
    int size = channels / groups, count = positions * size, chunks = (count + chunk - 1) / chunk;
    int group = min(number / chunks, groups - 1);
    of.first = number < groups * chunks ? number % chunks * chunk : count;
    of.end = min(of.first + chunk, count);
    of.size = size;
    of.skip = channels - size;
    of.c = group * size;
    of.k = of.first % size;
    of.at = of.first / size * channels + of.c + of.k;
    of.x_at = block * positions * channels * NB + lane;
    of.group_at = of.x_at + of.c * NB;
    of.part_at = ((block * groups * chunks + number) * 2) * NB + lane;
    of.statistics_at = (block * groups + group) * 2 * NB + lane;
    return of;
}

/* at: the place of each number in its image; c: its channel. */
#define FOR_NUMBERS(of, at, c)                                                                     \
    for (int at = (of).at, c = (of).c + (of).k, i = (of).first; i < (of).end;                      \
         i++, c++, at++, at += c < (of).c + (of).size ? 0 : (of).skip,                             \
             c = c < (of).c + (of).size ? c : (of).c)

/* Where w and b have their number. */
#define W_INDEX(at, c) (AFFINE == 2 ? (at) : (c))

INCL_OUTLINE void incl_image_norm_part(global const float *restrict x, global float *restrict parts,
                                       struct incl_part_of_group of)
{
    incl_lanes shift = LOAD(x + of.group_at);
    incl_lanes sum = (incl_lanes)(0.0f), square = (incl_lanes)(0.0f);
    FOR_NUMBERS(of, at, c) sum += LOAD(x + of.x_at + at * NB) - shift;
    incl_lanes mean = incl_divide(sum, (incl_lanes)(of.end - of.first));
    FOR_NUMBERS(of, at, c)
    {
        incl_lanes apart = (LOAD(x + of.x_at + at * NB) - shift) - mean;
        square = fma(apart, apart, square);
    }
    STORE(sum, parts + of.part_at);
    STORE(square, parts + of.part_at + NB);
}

/* x, read.  parts, written: the sum of x - shift, and of the squares around the part's mean. */
kernel void image_norm_sums(global const float *restrict x, global float *restrict parts,
                            int positions, int channels, int groups, int chunk)
{
    struct incl_part_of_group of =
        incl_group_part(get_global_id(1), positions, channels, groups, chunk);
    if (of.first < of.end)
        incl_image_norm_part(x, parts, of);
}

/* parts, read.  statistics, written. */
kernel void image_norm_statistics(global const float *restrict parts,
                                  global float *restrict statistics, int positions, int channels,
                                  int groups, int chunk, float eps)
{
    int lane = get_global_id(0) * LANES, block = get_global_id(2), group = get_global_id(1);
    int count = positions * (channels / groups), chunks = (count + chunk - 1) / chunk;
    if (group >= groups)
        return;
    parts += (block * groups + group) * chunks * 2 * NB + lane;
    incl_lanes sum = (incl_lanes)(0.0f), square = (incl_lanes)(0.0f);
    for (int i = 0; i < chunks; i++)
        sum += LOAD(parts + 2 * i * NB);
    incl_lanes offset = incl_divide(sum, (incl_lanes)(count));
    for (int i = 0; i < chunks; i++) {
        incl_lanes size = (incl_lanes)(min(chunk, count - i * chunk));
        incl_lanes apart = incl_divide(LOAD(parts + 2 * i * NB), size) - offset;
        square += fma(size * apart, apart, LOAD(parts + (2 * i + 1) * NB));
    }
    incl_lanes variance = incl_divide(square, (incl_lanes)(count));
    statistics += (block * groups + group) * 2 * NB + lane;
    STORE(offset, statistics);
    STORE(incl_inverse_sqrt(variance + eps), statistics + NB);
}

/* x, w, b and statistics, read.  y, written. */
kernel void image_norm_forward(global const float *restrict x,
                               AFFINE_ARGS(global const float *restrict w,
                                           global const float *restrict b, )
                                   global const float *restrict statistics,
                               global float *restrict y, int positions, int channels, int groups,
                               int chunk)
{
    struct incl_part_of_group of =
        incl_group_part(get_global_id(1), positions, channels, groups, chunk);
    incl_lanes shift = LOAD(x + of.group_at), offset = LOAD(statistics + of.statistics_at);
    incl_lanes v = LOAD(statistics + of.statistics_at + NB);
    FOR_NUMBERS(of, at, c)
    {
        incl_lanes apart = (LOAD(x + of.x_at + at * NB) - shift) - offset;
        STORE(fma(apart, W_AT(W_INDEX(at, c)) * v, (incl_lanes)(B_AT(W_INDEX(at, c)))),
              y + of.x_at + at * NB);
    }
}

/* x, dy, w and statistics, read.  parts, written: the sums of w dy and of t w dy. */
kernel void image_norm_backward_sums(global const float *restrict x,
                                     global const float *restrict dy,
                                     AFFINE_ARGS(global const float *restrict w, )
                                         global const float *restrict statistics,
                                     global float *restrict parts, int positions, int channels,
                                     int groups, int chunk)
{
    struct incl_part_of_group of =
        incl_group_part(get_global_id(1), positions, channels, groups, chunk);
    incl_lanes shift = LOAD(x + of.group_at), offset = LOAD(statistics + of.statistics_at);
    incl_lanes sum = (incl_lanes)(0.0f), product = (incl_lanes)(0.0f);
    if (of.first >= of.end)
        return;
    FOR_NUMBERS(of, at, c)
    {
        incl_lanes apart = (LOAD(x + of.x_at + at * NB) - shift) - offset;
        incl_lanes gradient = LOAD(dy + of.x_at + at * NB) * W_AT(W_INDEX(at, c));
        sum += gradient;
        product = fma(apart, gradient, product);
    }
    STORE(sum, parts + of.part_at);
    STORE(product, parts + of.part_at + NB);
}

/* parts and statistics, read.  means, written. */
kernel void image_norm_backward_means(global const float *restrict parts,
                                      global const float *restrict statistics,
                                      global float *restrict means, int positions, int channels,
                                      int groups, int chunk)
{
    int lane = get_global_id(0) * LANES, block = get_global_id(2), group = get_global_id(1);
    int count = positions * (channels / groups), chunks = (count + chunk - 1) / chunk;
    if (group >= groups)
        return;
    parts += (block * groups + group) * chunks * 2 * NB + lane;
    incl_lanes sum = (incl_lanes)(0.0f), product = (incl_lanes)(0.0f);
    for (int i = 0; i < chunks; i++) {
        sum += LOAD(parts + 2 * i * NB);
        product += LOAD(parts + (2 * i + 1) * NB);
    }
    int to = (block * groups + group) * 2 * NB + lane;
    incl_lanes v = LOAD(statistics + to + NB);
    STORE(incl_divide(sum, (incl_lanes)(count)), means + to);
    STORE(incl_divide(v * v * product, (incl_lanes)(count)), means + to + NB);
}

/* x, dy, w, statistics and means, read.  dx, written. */
kernel void image_norm_backward_data(global const float *restrict x,
                                     global const float *restrict dy,
                                     AFFINE_ARGS(global const float *restrict w, )
                                         global const float *restrict statistics,
                                     global const float *restrict means,
                                     global float *restrict dx, int positions, int channels,
                                     int groups, int chunk)
{
    struct incl_part_of_group of =
        incl_group_part(get_global_id(1), positions, channels, groups, chunk);
    incl_lanes shift = LOAD(x + of.group_at), offset = LOAD(statistics + of.statistics_at);
    incl_lanes v = LOAD(statistics + of.statistics_at + NB);
    incl_lanes mean = LOAD(means + of.statistics_at), slope = LOAD(means + of.statistics_at + NB);
    FOR_NUMBERS(of, at, c)
    {
        incl_lanes apart = (LOAD(x + of.x_at + at * NB) - shift) - offset;
        incl_lanes gradient = LOAD(dy + of.x_at + at * NB) * W_AT(W_INDEX(at, c));
        STORE((gradient - fma(apart, slope, mean)) * v, dx + of.x_at + at * NB);
    }
}

INCL_OUTLINE void incl_image_norm_part_back(global const float *restrict x,
                                            global const float *restrict dy,
                                            global const float *restrict statistics,
                                            global float *restrict parts, struct incl_share share,
                                            int image_at, int units, int image_channels, int groups)
{
    incl_lanes shift[TILE_C], offset[TILE_C], v[TILE_C], dw[TILE_C], db[TILE_C];
    const int channels = units;
    int size = image_channels / groups, lane = share.n % NB, block = share.n / NB;
    FOR_TILE(t)
    {
        int group = CHANNEL(t) % image_channels / size;
        int from = (block * groups + group) * 2 * NB + lane;
        shift[t] = LOAD(x + image_at + group * size * NB);
        offset[t] = LOAD(statistics + from);
        v[t] = LOAD(statistics + from + NB);
        dw[t] = db[t] = (incl_lanes)(0.0f);
    }
    for (int p = share.first; p < share.end; p++)
        FOR_TILE(t)
        {
            incl_lanes gradient = LOAD(dy + X_AT(p, t));
            dw[t] = fma((LOAD(x + X_AT(p, t)) - shift[t]) - offset[t], gradient, dw[t]);
            db[t] += gradient;
        }
    FOR_TILE(t) if (EXISTS(t))
    {
        STORE(v[t] * dw[t], parts + share.part_at + t * NB);
        STORE(db[t], parts + share.part_at + (channels + t) * NB);
    }
}

/* x, dy and statistics, read.  parts, written: the sums of v t dy and of dy. */
kernel void image_norm_backward_weights(global const float *restrict x,
                                        global const float *restrict dy,
                                        global const float *restrict statistics,
                                        global float *restrict parts, int positions, int units,
                                        int chunk, int channels, int groups)
{
    struct incl_share share = incl_item_share(positions, units, chunk);
    int image_at = share.n / NB * positions * units * NB + share.n % NB;
    if (share.first < share.end)
        incl_image_norm_part_back(x, dy, statistics, parts, share, image_at, units, channels,
                                  groups);
}

/* parts, read.  gradients [2][columns], written: dw, db, and 0 past the units. */
kernel void image_norm_gradients(global const float *restrict parts,
                                 global float *restrict gradients, int positions, int units,
                                 int chunk, int columns, int images)
{
    SCRATCH float dw[STRANDS * NB], db[STRANDS * NB];
    struct incl_parts of = incl_group_parts(positions, units, chunk, images);
    incl_add_strands(parts, of, 0, dw);
    incl_add_strands(parts, of, 1, db);
    SYNC();
    FOR_ITEMS(only, 1)
    {
        gradients[of.c] = of.c < units ? incl_first(incl_total(dw)) : 0.0f;
        gradients[columns + of.c] = of.c < units ? incl_first(incl_total(db)) : 0.0f;
    }
}
