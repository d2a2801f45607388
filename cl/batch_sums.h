/* Sums over the images of the batch and their positions, for each channel, that many items share:
 * a part goes over the `chunk` positions of a chunk, image by image; then every STRANDS-th part is
 * added up, then the strands and images in order. Images past the last are left out.
 *
 * parts [blocks][chunks][2][channels][NB] f32: two sums.
 * Work-items of the kernels that make parts, {NB / LANES, tiles x chunks or more, blocks}: one
 * owns TILE_C channels of a chunk of LANES images. Of those that add them up, a group owns a
 * channel.
 *
 * TILE_C  channels that an item goes through together (8 with many lanes, 1 with one) */
#ifndef INCL_BATCH_SUMS_H
#define INCL_BATCH_SUMS_H
#include "phases.h"

enum { STRANDS = 8 };

/* An item's share: its first channel, positions and image; where its numbers and its part begin. */
struct incl_share {
    int c, first, end, n, x_at, part_at;
};

/* first is end when there is nothing for the item. */
INCL_INLINE struct incl_share incl_item_share(int positions, int channels, int chunk)
{
    int tiles = (channels + TILE_C - 1) / TILE_C, chunks = (positions + chunk - 1) / chunk;
    int number = get_global_id(1) / tiles, lane = get_global_id(0) * LANES;
    int block = get_global_id(2);
    struct incl_share share;
    share.c = get_global_id(1) % tiles * TILE_C;
    share.first = min(number * chunk, positions);
    share.end = min(share.first + chunk, positions);
    share.n = block * NB + lane;
    share.x_at = (block * positions * channels + share.c) * NB + lane;
    share.part_at = ((block * chunks + number) * 2 * channels + share.c) * NB + lane;
    return share;
}

/* The last tile ends early: what is past it is read from its last channel and not written. */
#define FOR_TILE(t) _Pragma("unroll") for (int t = 0; t < TILE_C; t++)
#define INSIDE(t) min(t, channels - 1 - share.c)
#define EXISTS(t) (share.c + (t) < channels)
#define X_AT(p, t) (share.x_at + ((p) * channels + INSIDE(t)) * NB)
#define CHANNEL(t) (share.c + INSIDE(t))

/* The parts of a channel: `count` of them, `chunks` in a block, all but the last of `chunk`. */
struct incl_parts {
    int count, chunks, chunk, positions, channels, c, images;
};

INCL_INLINE struct incl_parts incl_group_parts(int positions, int channels, int chunk, int images)
{
    struct incl_parts of;
    of.chunks = (positions + chunk - 1) / chunk;
    of.count = (images + NB - 1) / NB * of.chunks;
    of.chunk = chunk;
    of.positions = positions;
    of.channels = channels;
    of.c = GROUP(1);
    of.images = images;
    return of;
}

/* Number `which` of part i, of LANES images from `lane` of its block on. A group past the
 * channels, as of columns that fill a block, reads the last one's. */
INCL_INLINE incl_lanes incl_part(global const float *restrict parts, struct incl_parts of, int i,
                                 int which, int lane)
{
    int c = min(of.c, of.channels - 1);
    return LOAD(parts + ((i * 2 + which) * of.channels + c) * NB + lane);
}

/* value where the image is one of the batch, otherwise 0. */
INCL_INLINE incl_lanes incl_of_batch(incl_lanes value, int n, int images)
{
    return n + LANE_NUMBERS < images ? value : (incl_lanes)(0.0f);
}

INCL_INLINE incl_lanes incl_add_parts(global const float *restrict parts, struct incl_parts of,
                                      int which, int strand, int lane)
{
    incl_lanes sum = (incl_lanes)(0.0f);
    for (int i = strand; i < of.count; i += STRANDS)
        sum += incl_of_batch(incl_part(parts, of, i, which, lane), i / of.chunks * NB + lane,
                             of.images);
    return sum;
}

/* Sums of number `which` of the parts, strand by strand and image by image: sums [STRANDS][NB]. */
INCL_INLINE void incl_add_strands(global const float *restrict parts, struct incl_parts of,
                                  int which, SCRATCH float *restrict sums)
{
    FOR_LANES(lane)
    FOR_SHARE(strand, STRANDS)
    STORE(incl_add_parts(parts, of, which, strand, lane), sums + strand * NB + lane);
}

INCL_INLINE incl_lanes incl_total(const SCRATCH float *restrict sums)
{
    float total = 0.0f;
    for (int i = 0; i < STRANDS * NB; i++)
        total += sums[i];
    return (incl_lanes)(total);
}

INCL_INLINE float incl_first(incl_lanes value)
{
    float all[LANES];
    STORE(value, all);
    return all[0];
}

#endif
