/* Function multiversioning: one build runs on any processor and uses the widest vectors it finds. */
#ifndef DUALAD_SIMD_H
#define DUALAD_SIMD_H

#include <stdint.h> /* defines __GLIBC__ where there is one */

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && !defined(DUALAD_PLAIN)
#define MULTIVERSION __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MULTIVERSION
#endif

/* The variant that MULTIVERSION functions run as on this processor. */
const char *simd_variant(void);

#endif
