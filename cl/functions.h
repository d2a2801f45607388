/* Division, exp, log, tanh and sigmoid from additions, multiplications and fma, so that every device
 * computes the same bits; vendors' own differ from each other, and OpenCL lets their division be wrong
 * by 2.5 ulp. NaN goes in and comes out. */
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

/* e^x, within 2 ulp. Below -87.3 (a subnormal result) it is 0.
 * x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor series to r^7 (rest below 6e-9). */
INCL_INLINE incl_lanes incl_exp(incl_lanes x)
{
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    incl_lanes low = x < -87.3f ? (incl_lanes)(-87.3f) : x;
    incl_lanes inside = low > 88.8f ? (incl_lanes)(88.8f) : low;
    incl_lanes shifted = fma(inside, (incl_lanes)(1.44269504f), (incl_lanes)(round));
    incl_lanes n = shifted - round;
    incl_lanes r = fma(n, (incl_lanes)(-0.693359375f), inside);
    r = fma(n, (incl_lanes)(2.12194440e-4f), r);
    incl_lanes sum = (incl_lanes)(1.0f / 5040);
    sum = fma(sum, r, (incl_lanes)(1.0f / 720));
    sum = fma(sum, r, (incl_lanes)(1.0f / 120));
    sum = fma(sum, r, (incl_lanes)(1.0f / 24));
    sum = fma(sum, r, (incl_lanes)(1.0f / 6));
    sum = fma(sum, r, (incl_lanes)(0.5f));
    sum = fma(sum, r, (incl_lanes)(1.0f));
    sum = fma(sum, r, (incl_lanes)(1.0f));
    /* 2^n in two factors, since 2^128 is no float */
    incl_ints power = AS_INTS(shifted) - 0x4b400000;
    incl_ints half_power = power >> 1;
    sum = sum * AS_FLOATS((half_power + 127) << 23) * AS_FLOATS((power - half_power + 127) << 23);
    return x < -87.3f ? (incl_lanes)(0.0f) : sum;
}

/* ln x for normal x > 0, within 3 ulp. x = m 2^e with m in [sqrt(1/2), sqrt(2)), s = (m-1)/(m+1);
 * ln m = 2 (s + s^3/3 + s^5/5 + s^7/7 + s^9/9), rest below 1e-9. */
INCL_INLINE incl_lanes incl_log(incl_lanes x)
{
    incl_ints bits = AS_INTS(x);
    incl_ints exponent = (bits - 0x3f3504f3) >> 23;
    incl_lanes m = AS_FLOATS(bits - (exponent << 23));
    incl_lanes e = WIDEN(convert_float)(exponent);
    incl_lanes s = incl_divide(m - 1.0f, m + 1.0f);
    incl_lanes square = s * s;
    incl_lanes sum = (incl_lanes)(1.0f / 9);
    sum = fma(sum, square, (incl_lanes)(1.0f / 7));
    sum = fma(sum, square, (incl_lanes)(1.0f / 5));
    sum = fma(sum, square, (incl_lanes)(1.0f / 3));
    sum = fma(sum * square, s, s);
    return x != x ? x : fma(e, (incl_lanes)(0.693147181f), sum + sum);
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
