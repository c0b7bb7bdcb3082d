#include "kernels.h"
#include "simd.h"

#define real double
#define NAME(stem) stem##_f64
#include "kernels.inc"
#undef real
#undef NAME

#define real float
#define NAME(stem) stem##_f32
#include "kernels.inc"
