/* Every kernel, on blocks that end where their memory ends, with and without results that overwrite an operand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../drive.h"
#include "../kernels.h"
#include "check.h"

static const ptrdiff_t sizes[] = {0, 1, 2, 7, 8, 9, BLOCK - 1, BLOCK, BLOCK + 1};

#define real double
#define NAME(stem) stem##_f64
#include "test_kernels.inc"
#undef real
#undef NAME

#define real float
#define NAME(stem) stem##_f32
#include "test_kernels.inc"

static void test_sincos(ptrdiff_t n)
{
    double *x = malloc((size_t)n * sizeof *x), *s = malloc((size_t)n * sizeof *s), *c = malloc((size_t)n * sizeof *c);
    for (ptrdiff_t i = 0; i < n; i++) x[i] = 100 * next_random() - 50;
    k_sincos(n, x, s, c);
    for (ptrdiff_t i = 0; i < n; i++) CHECK(is_same(s[i], sin(x[i])) && is_same(c[i], cos(x[i])));
    k_sincos(n, x, x, c); /* in place */
    CHECK(n == 0 || memcmp(x, s, (size_t)n * sizeof *x) == 0);
    free(x), free(s), free(c);
}

void test_kernels(void)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_context("kernels, %td elements", sizes[i]);
        test_all_f64(sizes[i]);
        test_all_f32(sizes[i]);
        test_sincos(sizes[i]);
    }
}
