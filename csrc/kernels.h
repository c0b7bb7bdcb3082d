/* Contiguous loops over one block, for double (_f64) and float (_f32). Operands may alias only element for element. */
#ifndef DUALAD_KERNELS_H
#define DUALAD_KERNELS_H

#include <stddef.h>

#define DECLARE_KERNELS(real, S)                                                                                    \
    void k_add_##S(ptrdiff_t n, const real *x, const real *y, real *z);       /* z = x + y */                       \
    void k_subtract_##S(ptrdiff_t n, const real *x, const real *y, real *z);  /* z = x - y */                       \
    void k_multiply_##S(ptrdiff_t n, const real *x, const real *y, real *z);  /* z = x y */                         \
    void k_divide_##S(ptrdiff_t n, const real *x, const real *y, real *z);    /* z = x / y */                       \
    void k_negate_##S(ptrdiff_t n, const real *x, real *z);                   /* z = -x */                          \
    void k_tangent1_##S(ptrdiff_t n, const real *d, const real *t, real *o);  /* o = d t, 0 where t is 0 */         \
    void k_tangent2_##S(ptrdiff_t n, const real *dx, const real *tx, const real *dy, const real *ty, real *o);      \
    /* o += w d p q; o += w d (px qy + py qx); the same with d = 1 */                                               \
    void k_second1_##S(ptrdiff_t n, real w, const real *d, const real *p, const real *q, real *o);                  \
    void k_second2_##S(ptrdiff_t n, real w, const real *d, const real *px, const real *qy, const real *py,          \
                       const real *qx, real *o);                                                                    \
    void k_cross_##S(ptrdiff_t n, real w, const real *px, const real *qy, const real *py, const real *qx, real *o); \
    void k_quotient_##S(ptrdiff_t n, const real *y, const real *z, real *dx, real *dy); /* partials of z = x/y */   \
    void k_support_##S(ptrdiff_t n, const real *x, ptrdiff_t *from, ptrdiff_t *to); /* x is 0 outside of from..to */ \
    void k_gather_##S(ptrdiff_t n, const char *x, ptrdiff_t stride, real *z);                                       \
    void k_scatter_##S(ptrdiff_t n, const real *x, char *z, ptrdiff_t stride);

DECLARE_KERNELS(double, f64)
DECLARE_KERNELS(float, f32)

/* Sine and cosine for little more than the price of one. */
void k_sincos(ptrdiff_t n, const double *x, double *sine, double *cosine);

#endif
