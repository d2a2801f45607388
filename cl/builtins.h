/* What the kernels use of the functions of OpenCL C 1.2 (section 6.12), declared by themselves, for
 * compilers that read a header of all 14,000 of them before each program: the host defines
 * OWN_BUILTINS where it keeps that header out (src/device/program.c).
 *
 * A kernel that uses another function declares it here, or another type of one. Of a function of
 * scalars two types at least are declared: to a single one C would convert without a word. */
#ifndef INCL_BUILTINS_H
#define INCL_BUILTINS_H

#define INCL_CONST __attribute__((overloadable, const))
#define INCL_PURE __attribute__((overloadable, pure))
#define INCL_WRITES __attribute__((overloadable))

INCL_CONST size_t get_global_id(uint);
INCL_CONST size_t get_local_id(uint);
INCL_CONST size_t get_local_size(uint);
__attribute__((overloadable, convergent)) void barrier(cl_mem_fence_flags);

INCL_CONST int min(int, int);
INCL_CONST int max(int, int);
INCL_CONST size_t min(size_t, size_t);
INCL_CONST size_t max(size_t, size_t);

/* For `width` numbers at once: "16", "8", "4" or nothing. */
#define INCL_DECLARE(width)                                                                        \
    INCL_CONST float##width fma(float##width, float##width, float##width);                         \
    INCL_CONST float##width fabs(float##width);                                                    \
    INCL_CONST float##width fmax(float##width, float##width);                                      \
    INCL_CONST uint##width mul_hi(uint##width, uint##width);                                       \
    INCL_CONST int##width mul_hi(int##width, int##width);                                          \
    INCL_CONST float##width convert_float##width(int##width);                                      \
    INCL_CONST float##width convert_float##width(uint##width);                                     \
    INCL_CONST float##width convert_float##width(uchar##width);                                    \
    INCL_CONST int##width convert_int##width(uchar##width);                                        \
    INCL_CONST int##width convert_int##width(ushort##width);                                       \
    INCL_CONST uchar##width convert_uchar##width(int##width);                                      \
    INCL_CONST ushort##width convert_ushort##width(int##width);
INCL_DECLARE()

#define INCL_DECLARE_MOVES(width, type, space)                                                     \
    INCL_PURE type##width vload##width(size_t, space const type *);                                \
    INCL_WRITES void vstore##width(type##width, size_t, space type *);
#define INCL_DECLARE_VECTORS(width)                                                                \
    INCL_DECLARE(width)                                                                            \
    INCL_CONST int any(int##width);                                                                \
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
