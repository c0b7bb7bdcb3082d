#include "contract.h"

#include "simd.h"

enum { WIDE = sizeof(double), LANES = 8, BLOCK = 1024 };

MULTIVERSION static void add_multiple(ptrdiff_t n, double factor, const double *restrict x, double *restrict out)
{
    for (ptrdiff_t i = 0; i < n; i++) out[i] += factor * x[i];
}

MULTIVERSION static void add_product(ptrdiff_t n, const double *restrict x, const double *restrict y,
                                     double *restrict out)
{
    for (ptrdiff_t i = 0; i < n; i++) out[i] += x[i] * y[i];
}

/* In lanes, whose number does not depend on the processor, and in blocks, so that rounding errors do not pile up. */
MULTIVERSION static double dot(ptrdiff_t n, const double *x, const double *y)
{
    double sum = 0;
    for (ptrdiff_t start = 0; start < n; start += BLOCK) {
        const ptrdiff_t end = n - start < BLOCK ? n : start + BLOCK;
        double lane[LANES] = {0}, block = 0;
        ptrdiff_t i = start;
        for (; i + LANES <= end; i += LANES)
            for (int k = 0; k < LANES; k++) lane[k] += x[i + k] * y[i + k];
        for (; i < end; i++) block += x[i] * y[i];
        for (int k = 0; k < LANES; k++) block += lane[k];
        sum += block;
    }
    return sum;
}

static double strided_dot(ptrdiff_t n, const char *x, ptrdiff_t dx, const char *y, ptrdiff_t dy)
{
    double sum = 0;
    for (ptrdiff_t start = 0; start < n; start += BLOCK) {
        const ptrdiff_t end = n - start < BLOCK ? n : start + BLOCK;
        double block = 0;
        for (ptrdiff_t i = start; i < end; i++) block += *(const double *)(x + i * dx) * *(const double *)(y + i * dy);
        sum += block;
    }
    return sum;
}

/* The innermost index, along which one of the loops above may run. */
static void innermost(ptrdiff_t n, const char *x, ptrdiff_t dx, const char *y, ptrdiff_t dy, char *out, ptrdiff_t dz)
{
    double *z = (double *)out;
    if (dz == 0 && dx == WIDE && dy == WIDE) *z += dot(n, (const double *)x, (const double *)y);
    else if (dz == 0) *z += strided_dot(n, x, dx, y, dy);
    else if (dz == WIDE && dx == 0 && dy == WIDE) add_multiple(n, *(const double *)x, (const double *)y, z);
    else if (dz == WIDE && dx == WIDE && dy == 0) add_multiple(n, *(const double *)y, (const double *)x, z);
    else if (dz == WIDE && dx == WIDE && dy == WIDE) add_product(n, (const double *)x, (const double *)y, z);
    else
        for (ptrdiff_t i = 0; i < n; i++)
            *(double *)(out + i * dz) += *(const double *)(x + i * dx) * *(const double *)(y + i * dy);
}

static void descend(const Contraction *c, int d, const char *x, const char *y, char *out)
{
    if (d == c->n - 1) {
        innermost(c->size[d], x, c->x[d], y, c->y[d], out, c->out[d]);
        return;
    }
    for (ptrdiff_t i = 0; i < c->size[d]; i++) descend(c, d + 1, x + i * c->x[d], y + i * c->y[d], out + i * c->out[d]);
}

/* What a loop along an index costs: the least where all memory lies side by side. */
static int price(const Contraction *c, int d)
{
    const int side_by_side = (c->x[d] == 0 || c->x[d] == WIDE) && (c->y[d] == 0 || c->y[d] == WIDE);
    if (c->size[d] < 4) return 3;
    return side_by_side ? c->out[d] != WIDE && c->out[d] != 0 : 2;
}

static void swap(ptrdiff_t *strides, int i, int j)
{
    const ptrdiff_t first = strides[i];
    strides[i] = strides[j], strides[j] = first;
}

void arrange(Contraction *c)
{
    const int last = c->n - 1;
    int best = last;
    for (int d = last - 1; d >= 0; d--)
        if (price(c, d) < price(c, best)) best = d;
    if (best == last) return;
    swap(c->size, best, last), swap(c->x, best, last), swap(c->y, best, last), swap(c->out, best, last);
}

void contract(const Contraction *c, const char *x, const char *y, char *out)
{
    if (c->n > 0) descend(c, 0, x, y, out);
    else *(double *)out += *(const double *)x * *(const double *)y;
}
