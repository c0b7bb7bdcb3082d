#define _GNU_SOURCE
#include "kernels.h"

#include <math.h>

#include "simd.h"

#define real double
#define NAME(stem) stem##_f64
#include "kernels.inc"
#undef real
#undef NAME

#define real float
#define NAME(stem) stem##_f32
#include "kernels.inc"

void k_sincos(ptrdiff_t n, const double *x, double *sine, double *cosine)
{
    for (ptrdiff_t i = 0; i < n; i++) {
#if defined(__GLIBC__)
        sincos(x[i], &sine[i], &cosine[i]);
#else
        const double angle = x[i];
        sine[i] = sin(angle);
        cosine[i] = cos(angle);
#endif
    }
}
