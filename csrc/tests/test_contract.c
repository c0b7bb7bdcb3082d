/* Sums of products: every order of the indices against the plain definition, with all strides, and sums of many terms. */
#include <stdlib.h>

#include "../contract.h"
#include "check.h"

enum { ROOM = 4096 };

static double x[ROOM], y[ROOM], out[ROOM], wanted[ROOM];

static void fill(double *a)
{
    for (int i = 0; i < ROOM; i++) a[i] = next_random() - 0.5;
}

static ptrdiff_t random_below(ptrdiff_t n) { return (ptrdiff_t)(next_random() * (double)n); }

/* Strides in elements of an operand that has each index or not; never more than ROOM elements apart. */
static void lay_out(const Contraction *c, ptrdiff_t *stride, int always)
{
    ptrdiff_t step = 1 + random_below(2);
    for (int d = c->n - 1; d >= 0; d--) {
        stride[d] = always || random_below(3) ? step * (ptrdiff_t)sizeof(double) : 0;
        if (stride[d]) step *= c->size[d];
    }
}

static void define(const Contraction *c, int d, ptrdiff_t i, ptrdiff_t j, ptrdiff_t k)
{
    const ptrdiff_t size = sizeof(double);
    if (d == c->n) {
        wanted[k / size] += x[i / size] * y[j / size];
        return;
    }
    for (ptrdiff_t m = 0; m < c->size[d]; m++) define(c, d + 1, i + m * c->x[d], j + m * c->y[d], k + m * c->out[d]);
}

static void test_definition(void)
{
    for (int round = 0; round < 400; round++) {
        Contraction c = {.n = (int)random_below(5)};
        for (int d = 0; d < c.n; d++) c.size[d] = random_below(6);
        if (c.n) c.size[random_below(c.n)] = random_below(20);
        lay_out(&c, c.x, 0), lay_out(&c, c.y, 0), lay_out(&c, c.out, 0);
        check_context("%d indices, round %d", c.n, round);
        for (int i = 0; i < ROOM; i++) out[i] = wanted[i] = 1;
        define(&c, 0, 0, 0, 0);
        arrange(&c);
        contract(&c, (const char *)x, (const char *)y, (char *)out);
        double worst = 0;
        for (int i = 0; i < ROOM; i++)
            if (!is_close(out[i], wanted[i], 1e-13)) worst = 1;
        CHECK(!worst);
    }
}

static void test_long_sums(void)
{
    enum { N = 3000 };
    for (int i = 0; i < N; i++) x[i] = 1, y[i] = i;
    Contraction c = {.n = 1, .size = {N}, .x = {sizeof(double)}, .y = {sizeof(double)}};
    out[0] = 0;
    contract(&c, (const char *)x, (const char *)y, (char *)out);
    check_context("contiguous");
    CHECK(out[0] == N * (N - 1) / 2.0);
    c.x[0] = 0, out[0] = 0;
    contract(&c, (const char *)x, (const char *)y, (char *)out);
    check_context("strided");
    CHECK(out[0] == N * (N - 1) / 2.0);
}

void test_contract(void)
{
    fill(x), fill(y);
    test_definition();
    test_long_sums();
}
