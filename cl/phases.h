/* Kernels whose work-groups go through several phases, one feeding the next.
 *
 * On a CPU a work-group is one item (SOLO): it does each phase alone, nothing waits, and what a phase
 * leaves for the next lies in private memory, that is, in the first cache. On a GPU the items of a
 * group share each phase, SYNC() stands between phases and SCRATCH is local memory; with too little of
 * that, SOLO is defined from outside. Dimension 0 of a group is the lanes of a block, dimension 1 deals
 * out the rest; any size is right. */
#ifndef INCL_PHASES_H
#define INCL_PHASES_H
#include "lanes.h"

/* The number of this item's group in the whole launch, of which the device may see only a piece at a
 * time; get_group_id() counts from the piece's start, get_global_id() does not. */
#define GROUP(dimension) ((int)(get_global_id(dimension) / get_local_size(dimension)))

#ifndef SOLO
#define SOLO (LANES > 1)
#endif

#if SOLO
#define SCRATCH
#define SYNC()
#define FOR_SHARE(i, count) for (int i = 0; i < (count); i++)
#define FOR_LANES(lane) for (int lane = 0; lane < NB; lane += LANES)
#define FOR_ITEMS(i, count) FOR_SHARE(i, count)
#else
#define SCRATCH local
#define SYNC() barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)
/* i = 0 .. count - 1, dealt to the items of dimension 1 */
#define FOR_SHARE(i, count)                                                                        \
    for (int i = get_local_id(1); i < (count); i += get_local_size(1))
/* the first image of each group of LANES in a block, dealt to the items of dimension 0 */
#define FOR_LANES(lane)                                                                            \
    for (int lane = get_local_id(0) * LANES; lane < NB; lane += get_local_size(0) * LANES)
/* i = 0 .. count - 1, dealt to all items of the group */
#define FOR_ITEMS(i, count)                                                                        \
    for (int i = get_local_id(1) * get_local_size(0) + get_local_id(0); i < (count);               \
         i += get_local_size(0) * get_local_size(1))
#endif

#endif
