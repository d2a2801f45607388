/* Division, square root and its inverse, exp, log, tanh, sigmoid, softplus and the normal
 * distribution from additions, multiplications and fma, so that every device computes the same
 * bits; vendors' own differ from each other, and OpenCL lets their division be wrong by 2.5 ulp.
 * NaN goes in and comes out. */
#ifndef INCL_FUNCTIONS_H
#define INCL_FUNCTIONS_H
#include "lanes.h"

/* a / b for finite a and b >= 1, rounded once unless the quotient is subnormal; 0 for b = infinity.
 * 1 / b by Newton's method, from a first guess that takes the bits of b for its logarithm (within
 * 12 %), then one correction of the quotient by its remainder. */
INCL_INLINE incl_lanes incl_divide(incl_lanes a, incl_lanes b)
{
    incl_lanes scale = b > 0x1p64f ? (incl_lanes)(0x1p-64f) : (incl_lanes)(1.0f);
    incl_lanes dividend = a * scale, divisor = b * scale;
    incl_lanes inverse = AS_FLOATS(0x7ef311c7 - AS_INTS(divisor));
    for (int round = 0; round < 4; round++)
        inverse = fma(inverse, fma(-divisor, inverse, (incl_lanes)(1.0f)), inverse);
    incl_lanes quotient = dividend * inverse;
    quotient = fma(fma(-divisor, quotient, dividend), inverse, quotient);
    return b > MAXFLOAT ? (incl_lanes)(0.0f) : quotient;
}

/* 1 / count, rounded once, for count >= 1. */
INCL_INLINE incl_lanes incl_inverse(int count)
{
    return incl_divide((incl_lanes)(1.0f), (incl_lanes)((float)count));
}

/* a / b for finite a and normal b > 0, rounded once unless the quotient is subnormal. */
INCL_INLINE incl_lanes incl_quotient(incl_lanes a, incl_lanes b)
{
    incl_lanes scale =
        b < 1.0f ? AS_FLOATS((254 << 23) - (AS_INTS(b) & 0x7f800000)) : (incl_lanes)(1.0f);
    return incl_divide(a * scale, b * scale);
}

/* The square root of x >= 0, within 1 ulp. 1 / sqrt(x) by Newton's method, from a first guess that
 * takes the bits of x for its logarithm (within 4 %), then one correction of the root. */
INCL_INLINE incl_lanes incl_sqrt(incl_lanes x)
{
    incl_lanes y = x < 0x1p-96f ? x * 0x1p96f : x;
    incl_lanes inverse = AS_FLOATS(0x5f3759df - (AS_INTS(y) >> 1));
    for (int round = 0; round < 3; round++)
        inverse *= fma(-0.5f * y * inverse, inverse, (incl_lanes)(1.5f));
    incl_lanes root = y * inverse;
    root = fma(fma(-root, root, y), 0.5f * inverse, root);
    root = x < 0x1p-96f ? root * 0x1p-48f : root;
    return x > MAXFLOAT ? x : root;
}

/* 1 / sqrt(a) for normal a > 0, within 2 ulp; infinity for 0. Newton's method from a first guess
 * that halves the logarithm (within 4 %). */
INCL_INLINE incl_lanes incl_inverse_sqrt(incl_lanes a)
{
    incl_lanes half_a = a * 0.5f;
    incl_lanes inverse = AS_FLOATS(0x5f375a86 - (AS_INTS(a) >> 1));
    for (int round = 0; round < 4; round++)
        inverse = fma(inverse, fma(-half_a * inverse, inverse, (incl_lanes)(0.5f)), inverse);
    return a <= 0.0f ? (incl_lanes)(INFINITY) : inverse;
}

/* n of x = n ln 2 + *r with |*r| <= ln 2 / 2, for |x| < 89. */
INCL_INLINE incl_ints incl_exp_split(incl_lanes x, incl_lanes *r)
{
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    incl_lanes shifted = fma(x, (incl_lanes)(1.44269504f), (incl_lanes)(round));
    incl_lanes n = shifted - round;
    *r = fma(n, (incl_lanes)(-0.693359375f), x);
    *r = fma(n, (incl_lanes)(2.12194440e-4f), *r);
    return AS_INTS(shifted) - 0x4b400000;
}

/* (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2, by the Taylor series of e^r to r^7 (rest below 6e-9). */
INCL_INLINE incl_lanes incl_exp_series(incl_lanes r)
{
    incl_lanes sum = (incl_lanes)(1.0f / 5040);
    sum = fma(sum, r, (incl_lanes)(1.0f / 720));
    sum = fma(sum, r, (incl_lanes)(1.0f / 120));
    sum = fma(sum, r, (incl_lanes)(1.0f / 24));
    sum = fma(sum, r, (incl_lanes)(1.0f / 6));
    return fma(sum, r, (incl_lanes)(0.5f));
}

/* e^x, within 2 ulp. Below -87.3 (a subnormal result) it is 0. */
INCL_INLINE incl_lanes incl_exp(incl_lanes x)
{
    incl_lanes low = x < -87.3f ? (incl_lanes)(-87.3f) : x;
    incl_lanes inside = low > 88.8f ? (incl_lanes)(88.8f) : low;
    incl_lanes r;
    incl_ints power = incl_exp_split(inside, &r), half_power = power >> 1;
    incl_lanes sum = incl_exp_series(r);
    sum = fma(sum, r, (incl_lanes)(1.0f));
    sum = fma(sum, r, (incl_lanes)(1.0f));
    /* 2^n in two factors, since 2^128 is no float */
    sum = sum * AS_FLOATS((half_power + 127) << 23) * AS_FLOATS((power - half_power + 127) << 23);
    return x < -87.3f ? (incl_lanes)(0.0f) : sum;
}

/* e^x - 1 for x <= 0, within 2 ulp; any number for x > 0.
 * 2^n e^r - 1 = 2^n (e^r - 1) + (2^n - 1). */
INCL_INLINE incl_lanes incl_exp_minus_1(incl_lanes x)
{
    incl_lanes low = x < -87.3f ? (incl_lanes)(-87.3f) : x;
    incl_lanes inside = low > 0.0f ? (incl_lanes)(0.0f) : low;
    incl_lanes r;
    incl_lanes scale = AS_FLOATS((incl_exp_split(inside, &r) + 127) << 23);
    incl_lanes less = fma(r * r, incl_exp_series(r), r);
    return fma(scale, less, scale - 1.0f);
}

/* ln((1 + s) / (1 - s)) for |s| < 0.172, 2 (s + s^3/3 + s^5/5 + s^7/7 + s^9/9), rest below 1e-9. */
INCL_INLINE incl_lanes incl_log_series(incl_lanes s)
{
    incl_lanes square = s * s;
    incl_lanes sum = (incl_lanes)(1.0f / 9);
    sum = fma(sum, square, (incl_lanes)(1.0f / 7));
    sum = fma(sum, square, (incl_lanes)(1.0f / 5));
    sum = fma(sum, square, (incl_lanes)(1.0f / 3));
    sum = fma(sum * square, s, s);
    return sum + sum;
}

/* ln x for normal x > 0, within 3 ulp. x = m 2^e with m in [sqrt(1/2), sqrt(2)), s = (m-1)/(m+1).
 */
INCL_INLINE incl_lanes incl_log(incl_lanes x)
{
    incl_ints bits = AS_INTS(x);
    incl_ints exponent = (bits - 0x3f3504f3) >> 23;
    incl_lanes m = AS_FLOATS(bits - (exponent << 23));
    incl_lanes e = WIDEN(convert_float)(exponent);
    incl_lanes s = incl_divide(m - 1.0f, m + 1.0f);
    return x != x ? x : fma(e, (incl_lanes)(0.693147181f), incl_log_series(s));
}

/* ln(1 + x) for x in [0, 1], within 3 ulp. Above sqrt(2) - 1 half of 1 + x is taken. */
INCL_INLINE incl_lanes incl_log_plus_1(incl_lanes x)
{
    incl_lanes half_of = x > 0.414213562f ? (incl_lanes)(1.0f) : (incl_lanes)(0.0f);
    incl_lanes s = incl_divide(x - half_of, x + (2.0f + half_of));
    incl_lanes sum = fma(half_of, (incl_lanes)(0.693147181f), incl_log_series(s));
    return x < 0x1p-24f ? x : sum;
}

/* ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), within 3 ulp; above 20 it is x. */
INCL_INLINE incl_lanes incl_softplus(incl_lanes x)
{
    return (x <= 0.0f ? (incl_lanes)(0.0f) : x) + incl_log_plus_1(incl_exp(-fabs(x)));
}

/* e^(-x^2 / 2), within 2 ulp for |x| <= 12: what x^2 loses in rounding is made up for. Beyond, the
 * correction is subnormal, and a device may take it for 0 (llvmpipe does): within 41 ulp to 13.2.
 */
INCL_INLINE incl_lanes incl_bell(incl_lanes x)
{
    incl_lanes size = fabs(x);
    size = size > 14.0f ? (incl_lanes)(14.0f) : size; /* beyond, it is 0 */
    incl_lanes square = size * size;
    incl_lanes rest = fma(size, size, -square);
    incl_lanes bell = incl_exp(-0.5f * square);
    return fma(-0.5f * bell, rest, bell);
}

/* The normal distribution function (1 + erf(x / sqrt(2))) / 2, within 6 ulp on both sides; 0 below
 * -13.2. For a = |x|, e^(a^2 / 2) times the tail beyond a is a smooth f(u) / (a + 4), with
 * u = (a - 4) / (a + 4) in [-1, 0.56]; f is a polynomial, fitted to a relative error of 9e-9. */
INCL_INLINE incl_lanes incl_normal(incl_lanes x)
{
    incl_lanes size = fabs(x);
    size = size > 14.0f ? (incl_lanes)(14.0f) : size;
    incl_lanes inverse = incl_divide((incl_lanes)(1.0f), size + 4.0f);
    incl_lanes u = fma(inverse, (incl_lanes)(-8.0f), (incl_lanes)(1.0f));
    incl_lanes sum = (incl_lanes)(-0.000129529317f);
    sum = fma(sum, u, (incl_lanes)(0.000184628f));
    sum = fma(sum, u, (incl_lanes)(0.00157185847f));
    sum = fma(sum, u, (incl_lanes)(-0.00351498129f));
    sum = fma(sum, u, (incl_lanes)(-0.00752672674f));
    sum = fma(sum, u, (incl_lanes)(0.0604041432f));
    sum = fma(sum, u, (incl_lanes)(-0.186523206f));
    sum = fma(sum, u, (incl_lanes)(0.38713689f));
    sum = fma(sum, u, (incl_lanes)(-0.607896597f));
    sum = fma(sum, u, (incl_lanes)(0.755285135f));
    incl_lanes tail = incl_bell(x) * (sum * inverse);
    return x < 0.0f ? tail : 1.0f - tail;
}

/* 1 / (1 + e^-x) */
INCL_INLINE incl_lanes incl_sigmoid(incl_lanes x)
{
    return incl_divide((incl_lanes)(1.0f), 1.0f + incl_exp(-x));
}

/* tanh x: near 0 its Taylor series to x^13, elsewhere 1 - 2 / (e^2|x| + 1) with the sign of x. */
INCL_INLINE incl_lanes incl_tanh(incl_lanes x)
{
    incl_lanes square = x * x;
    incl_lanes sum = (incl_lanes)(21844.0f / 6081075);
    sum = fma(sum, square, (incl_lanes)(-1382.0f / 155925));
    sum = fma(sum, square, (incl_lanes)(62.0f / 2835));
    sum = fma(sum, square, (incl_lanes)(-17.0f / 315));
    sum = fma(sum, square, (incl_lanes)(2.0f / 15));
    sum = fma(sum, square, (incl_lanes)(-1.0f / 3));
    incl_lanes near = fma(sum * square, x, x);
    incl_lanes size = fabs(x);
    incl_lanes far = 1.0f - incl_divide((incl_lanes)(2.0f), incl_exp(size + size) + 1.0f);
    return size < 0.4f ? near : (x < 0.0f ? -far : far);
}

#endif
