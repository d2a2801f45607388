/* What the kernels use of the functions of OpenCL C 1.2 (section 6.12), declared by themselves, for
 * compilers that read a header of all 14,000 of them before each program: the host defines
 * OWN_BUILTINS where it keeps that header out (src/device/program.c).
 *
 * A kernel that uses another function declares it here. */
#ifndef INCL_BUILTINS_H
#define INCL_BUILTINS_H

#define INCL_PURE __attribute__((overloadable, const))
#define INCL_READS __attribute__((overloadable, pure))
#define INCL_WRITES __attribute__((overloadable))

INCL_PURE size_t get_global_id(uint);
INCL_PURE size_t get_local_id(uint);
INCL_PURE size_t get_local_size(uint);
__attribute__((overloadable, convergent)) void barrier(cl_mem_fence_flags);

INCL_PURE int min(int, int);
INCL_PURE int max(int, int);
INCL_PURE size_t min(size_t, size_t);

/* For `width` numbers at once: "16", "8", "4" or nothing. */
#define INCL_DECLARE(width)                                                                        \
    INCL_PURE float##width fma(float##width, float##width, float##width);                          \
    INCL_PURE float##width fabs(float##width);                                                     \
    INCL_PURE float##width fmax(float##width, float##width);                                       \
    INCL_PURE uint##width mul_hi(uint##width, uint##width);                                        \
    INCL_PURE float##width convert_float##width(int##width);                                       \
    INCL_PURE float##width convert_float##width(uint##width);                                      \
    INCL_PURE float##width convert_float##width(uchar##width);                                     \
    INCL_PURE int##width convert_int##width(uchar##width);                                         \
    INCL_PURE int##width convert_int##width(ushort##width);                                        \
    INCL_PURE uchar##width convert_uchar##width(int##width);                                       \
    INCL_PURE ushort##width convert_ushort##width(int##width);
INCL_DECLARE()

#define INCL_DECLARE_MOVES(width, type, space)                                                     \
    INCL_READS type##width vload##width(size_t, space const type *);                               \
    INCL_WRITES void vstore##width(type##width, size_t, space type *);
#define INCL_DECLARE_VECTORS(width)                                                                \
    INCL_DECLARE(width)                                                                            \
    INCL_PURE int any(int##width);                                                                 \
    INCL_DECLARE_MOVES(width, float, global)                                                       \
    INCL_DECLARE_MOVES(width, float, private)                                                      \
    INCL_DECLARE_MOVES(width, int, global)                                                         \
    INCL_DECLARE_MOVES(width, int, private)                                                        \
    INCL_DECLARE_MOVES(width, uchar, global)                                                       \
    INCL_DECLARE_MOVES(width, uchar, private)
#if LANES == 16
INCL_DECLARE_VECTORS(16)
#elif LANES == 8
INCL_DECLARE_VECTORS(8)
#elif LANES == 4
INCL_DECLARE_VECTORS(4)
#endif

#endif
