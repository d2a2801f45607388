/* Vectors of LANES floats and how to read and write them.
 *
 * Every activation lies in memory as [N/NB][H][W][C][NB]: NB images side by side, innermost. A
 * work-item handles LANES neighbouring images (16, 8 or 4 on a CPU, 1 on a GPU), so the same source
 * serves both. Kernels that sum over images use the same vectors along output channels instead.
 *
 * LANES  images per work-item: 1, 4, 8 or 16
 * NB     images per block: a multiple of LANES
 *
 * Every multiply-add that matters is an explicit fma() and contraction is off, so that the bits of a
 * result depend on the order of its sum alone, not on the compiler. */
#ifndef INCL_LANES_H
#define INCL_LANES_H
#pragma OPENCL FP_CONTRACT OFF

#if !defined(LANES) || !defined(NB)
#error "LANES and NB must be defined"
#endif

#ifdef OWN_BUILTINS
#include "builtins.h"
#endif

/* Tiles are arrays whose size is a constant only where a function is called: left out of line, they
 * would lie in memory, and compilers do that to a function that is called twice. OUTLINE is for the
 * work of a whole tile: a kernel may be compiled several times over (PoCL: three times), what it
 * calls once. On a GPU, where a call is dear, it means nothing. */
#ifdef __clang__
#define INCL_INLINE static inline __attribute__((always_inline))
#else
#define INCL_INLINE static inline
#endif
#if defined(__clang__) && LANES > 1
#define INCL_OUTLINE static inline __attribute__((noinline))
#else
#define INCL_OUTLINE static inline
#endif

#if LANES == 16
typedef float16 incl_lanes;
typedef int16 incl_ints;
#define LOAD(p) vload16(0, p)
#define STORE(v, p) vstore16(v, 0, p)
#define WIDEN(name) name##16
#define LANE_NUMBERS ((int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#elif LANES == 8
typedef float8 incl_lanes;
typedef int8 incl_ints;
#define LOAD(p) vload8(0, p)
#define STORE(v, p) vstore8(v, 0, p)
#define WIDEN(name) name##8
#define LANE_NUMBERS ((int8)(0, 1, 2, 3, 4, 5, 6, 7))
#elif LANES == 4
typedef float4 incl_lanes;
typedef int4 incl_ints;
#define LOAD(p) vload4(0, p)
#define STORE(v, p) vstore4(v, 0, p)
#define WIDEN(name) name##4
#define LANE_NUMBERS ((int4)(0, 1, 2, 3))
#elif LANES == 1
typedef float incl_lanes;
typedef int incl_ints;
#define LOAD(p) (*(p))
#define STORE(v, p) (*(p) = (v))
#define WIDEN(name) name
#define LANE_NUMBERS 0
#else
#error "LANES must be 1, 4, 8 or 16"
#endif

/* Asks a CPU for the cache line at p, global memory, which need not exist. PoCL's own prefetch()
 * does nothing. */
#if LANES == 1
#define PREFETCH(p) (void)0
#elif defined(OWN_BUILTINS)
#define PREFETCH(p) __builtin_prefetch(p)
#else
#define PREFETCH(p) prefetch(p, 1)
#endif

#define AS_FLOATS(v) WIDEN(as_float)(v)
#define AS_INTS(v) WIDEN(as_int)(v)

/* Arg-max codes of pooling windows: one byte, two where a window has more than 255 cells. A vector of
 * them is aligned, so it is read and written through a pointer: vload and vstore go byte by byte on
 * some CPUs. */
#if defined(POOL_H) && POOL_H * POOL_W > 255
typedef ushort incl_code;
typedef WIDEN(ushort) incl_codes;
#define TO_CODES(v) WIDEN(convert_ushort)(v)
#else
typedef uchar incl_code;
typedef WIDEN(uchar) incl_codes;
#define TO_CODES(v) WIDEN(convert_uchar)(v)
#endif
#define LOAD_CODES(p, space) WIDEN(convert_int)(*(space const incl_codes *)(p))
#define STORE_CODES(v, p) (*(global incl_codes *)(p) = TO_CODES(v))

/* Transposes a, an array of LANES vectors of `type`: afterwards a[i][j] is what a[j][i] was.
 * log2(LANES) perfect shuffles. */
#if LANES > 1
#define TRANSPOSE(type, a)                                                                         \
    do {                                                                                           \
        type shuffled[LANES];                                                                      \
        _Pragma("unroll") for (int round = 1; round < LANES; round *= 2)                           \
        {                                                                                          \
            _Pragma("unroll") for (int q = 0; q < LANES / 2; q++)                                  \
            {                                                                                      \
                shuffled[2 * q].even = a[q].lo;                                                    \
                shuffled[2 * q].odd = a[q + LANES / 2].lo;                                         \
                shuffled[2 * q + 1].even = a[q].hi;                                                \
                shuffled[2 * q + 1].odd = a[q + LANES / 2].hi;                                     \
            }                                                                                      \
            _Pragma("unroll") for (int q = 0; q < LANES; q++) a[q] = shuffled[q];                  \
        }                                                                                          \
    } while (0)
#else
#define TRANSPOSE(type, a)
#endif

#endif
