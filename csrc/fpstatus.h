/* Floating-point exception flags, without the cost of fenv.h where the processor allows. */
#ifndef DUALAD_FPSTATUS_H
#define DUALAD_FPSTATUS_H

#include <fenv.h>

#define FP_WATCHED (FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW | FE_INVALID)

#if defined(__x86_64__)
#include <xmmintrin.h>

static inline int fp_status(void) { return (int)_mm_getcsr() & FP_WATCHED; }

static inline void fp_clear(void)
{
    const unsigned csr = _mm_getcsr();
    if (csr & FP_WATCHED) _mm_setcsr(csr & ~(unsigned)FP_WATCHED);
}
#else
static inline int fp_status(void) { return fetestexcept(FP_WATCHED); }

static inline void fp_clear(void)
{
    if (fetestexcept(FP_WATCHED)) feclearexcept(FP_WATCHED);
}
#endif

#endif
