/* What the expressions of derivatives.def mean in C. Their Python meaning is dualad/rules/vocabulary.py.
 *
 * The macros serve float and double alike and compile to vector code. The functions work in double, whose
 * results are more than exact enough for float. `real`, the type of the loop, and PI, LN2, LN10 of that type
 * belong to the file that includes the table.
 */
#ifndef DUALAD_VOCABULARY_H
#define DUALAD_VOCABULARY_H

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <tgmath.h>

#define select(condition, p, q) ((condition) ? (p) : (q))
#define sign(x) ((x) > 0 ? 1 : (x) < 0 ? -1 : 0*(x))

/* p/q, and 0 where q is 0 */
#define ratio(p, q) ((q) == 0 ? 0 : (p)/(q))

/* the part of z = maximum(x, y) or its like that is x: half of a tie, all of it if both x and z are NaN */
#define share(x, y, z) ((x) == (y) ? (real)0.5 : (z) == (x) || ((x) != (x) && (z) != (z)) ? (real)1 : (real)0)

/* |x - y|, and 0 between equal infinities */
#define gap(x, y) ((x) == (y) ? 0 : fabs((x) - (y)))

/* 1/(1 - x^2), 1/(1 + x^2) and roots, to full precision near the poles and without overflow in the tails */
#define near_1mxx(x) (2*fabs(x) < 1 ? 1 - (x)*(x) : (1 - (x))*(1 + (x)))
#define inverse_1mxx(x) (1/near_1mxx(x))
#define inverse_1pxx(x) (fabs(x) > 1000000000 ? (1/(x))*(1/(x)) : 1/(1 + (x)*(x)))
#define sqrt_1mxx(x) sqrt(near_1mxx(x))
#define sqrt_1pxx(x) (fabs(x) > 1000000000 ? fabs(x) : sqrt(1 + (x)*(x)))
#define sqrt_xxm1(x) (sqrt((x) - 1)*sqrt((x) + 1))

/* the derivative of y = tan(x); the Python meaning knows the complex tails */
#define tan_d1(x, y) (1 + (y)*(y))

/* d arctan2(x, y) / dx = x's share of 1/r: y/(x^2 + y^2), divided through by the larger of the two */
#define arctan2_dx(x, y) \
    (fabs(x) > fabs(y) ? ((y)/(x))/((x)*(1 + ((y)/(x))*((y)/(x)))) \
                       : (y) == 0 ? 0 : 1/((y)*(1 + ((x)/(y))*((x)/(y)))))

/* 2^y, exact for whole y */
#define ldexp_dx(x, y) ((exp2)((double)(y)))

/* The smallest number of full precision of the type of x. */
#define smallest(x) _Generic((x), float: (double)FLT_MIN, default: DBL_MIN)

/* Powers: z/x spares a second pow wherever z is an ordinary number. */
#define power_dx(x, y, z) power_dx_(x, y, z, smallest(z))
#define power_dxx(x, y, z) power_dxx_(x, y, z, smallest(z))
#define power_dxy(x, y, z, log_x) power_dxy_(x, y, z, log_x, smallest(z))

/* x^(y-1), where z = x^y */
static inline double power_below(double x, double y, double z, double least)
{
    int ordinary = x != 0 && (fabs)(z) >= least && (fabs)(z) <= DBL_MAX;
    return ordinary ? z/x : (pow)(x, y - 1);
}

static inline double power_dx_(double x, double y, double z, double least)
{
    return y == 0 ? 0 : y*power_below(x, y, z, least);
}

static inline double power_dxx_(double x, double y, double z, double least)
{
    double below = power_below(x, y, z, least);
    return y == 0 || y == 1 ? 0 : y*((y - 1)*power_below(x, y - 1, below, least));
}

static inline double power_dxy_(double x, double y, double z, double log_x, double least)
{
    double below = power_below(x, y, z, least);
    return y == 0 || below == 0 ? below : below*(1 + y*log_x);
}

/* sinc(x) = sin(pi x)/(pi x) is the sum of (-s)^k/(2k + 1)! with s = (pi x)^2. Near 0 its derivatives are
   sums of the same kind; beyond, x is reduced exactly before cos(pi x) is taken. */
static inline double sinc_sum(double x, const double *coefficients)
{
    const double pi = 3.14159265358979323846, s = pi*pi*x*x;
    double sum = 0;
    for (int k = 11; k >= 0; k--)
        sum = sum*s + coefficients[k];
    return pi*pi*sum;
}

static inline double sinc_d1(double x, double y)
{
    static const double c[] = { /* (-1)^k 2k/(2k + 1)! for k = 1, 2, ... */
        -2/6., 4/120., -6/5040., 8/362880., -10/39916800., 12/6227020800., -14/1307674368e3,
        16/355687428096e3, -18/121645100408832e3, 20/51090942171709440e3, -22/25852016738884976640e3,
        24/15511210043330985984e6};
    const double pi = 3.14159265358979323846;
    return (fabs)(x) < 0.625 ? x*sinc_sum(x, c) : ((cos)(pi*(remainder)(x, 2)) - y)/x;
}

static inline double sinc_d2(double x, double y, double d)
{
    static const double c[] = { /* (-1)^k 2k (2k - 1)/(2k + 1)! */
        -2/6., 12/120., -30/5040., 56/362880., -90/39916800., 132/6227020800., -182/1307674368e3,
        240/355687428096e3, -306/121645100408832e3, 380/51090942171709440e3, -462/25852016738884976640e3,
        552/15511210043330985984e6};
    const double pi = 3.14159265358979323846;
    return (fabs)(x) < 0.625 ? sinc_sum(x, c) : -pi*pi*y - 2*d/x;
}

#endif
