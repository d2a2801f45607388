/* All parameters at once, worked through in rows, each of one parameter:
 *   rows [count] int4 {first element, end, number of the parameter, whether weight decay applies},
 *   then [parameters + 1] int {first row of each, count}; read
 * A row is summed in NB sums: of its elements 0, NB, 2 NB, ..., of 1, NB + 1, ... and so on. Sums
 * of rows are added in order, and at last those NB. So no sum depends on LANES.
 *
 * Work-items of a kernel over rows: {NB / LANES, count or more}. */
#ifndef INCL_PARAMETER_ROWS_H
#define INCL_PARAMETER_ROWS_H
#include "functions.h"
#include "phases.h"

#define ROW ((int)get_global_id(1))
#define LANE ((int)get_global_id(0) * LANES)
#define FIRST(row) rows[(row) * 4]
#define END(row) rows[(row) * 4 + 1]
#define PARAMETER(row) rows[(row) * 4 + 2]
#define DECAYS(row) rows[(row) * 4 + 3]
#define FIRST_ROW(parameter, count) rows[(count) * 4 + (parameter)]

/* The root of what the NB sums of the rows first .. end - 1 add up to, `stride` numbers apart. All
 * items of a group get it; total is the group's room for NB numbers. */
INCL_INLINE float incl_norm(global const float *restrict sums, int stride, int first, int end,
                            SCRATCH float *total)
{
    float sum = 0.0f, root[LANES];
    FOR_LANES(lane)
    {
        incl_lanes part = (incl_lanes)(0.0f);
        for (int row = first; row < end; row++)
            part += LOAD(sums + row * stride + lane);
        STORE(part, total + lane);
    }
    SYNC();
    for (int lane = 0; lane < NB; lane++)
        sum += total[lane];
    STORE(incl_sqrt((incl_lanes)(sum)), root);
    return root[0];
}

#endif
