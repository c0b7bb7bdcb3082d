#include "arrays.h"

#include <stdlib.h>

#include "check.h"

static const double MARK = -4096;

static size_t size_of(const Array *a) { return a->width ? sizeof(float) : sizeof(double); }

static double load(const Array *a, const char *p) { return a->width ? *(const float *)p : *(const double *)p; }

static void store(const Array *a, char *p, double x)
{
    if (a->width) *(float *)p = (float)x;
    else *(double *)p = x;
}

ptrdiff_t count_elements(int ndim, const ptrdiff_t *shape)
{
    ptrdiff_t n = 1;
    for (int d = 0; d < ndim; d++) n *= shape[d];
    return n;
}

static int is_broadcast(Layout layout, int d, int ndim)
{
    return layout == BROADCAST || (layout == BROADCAST_FIRST && d == 0) || (layout == BROADCAST_LAST && d == ndim - 1);
}

/* Strides in elements; returns how many numbers one component takes. */
static ptrdiff_t lay_out(Layout layout, int ndim, const ptrdiff_t *shape, ptrdiff_t *stride)
{
    ptrdiff_t step = layout == SPACED ? 2 : 1;
    for (int k = 0; k < ndim; k++) {
        const int d = layout == F_ORDER ? k : ndim - 1 - k;
        stride[d] = is_broadcast(layout, d, ndim) ? 0 : step;
        if (stride[d]) step *= shape[d];
    }
    return step;
}

Array make_array(Layout layout, int width, int ndim, const ptrdiff_t *shape, int ncomp)
{
    Array a = {.width = width, .ndim = ndim, .shape = shape, .operand = {.ncomp = ncomp}};
    const ptrdiff_t size = (ptrdiff_t)size_of(&a), extent = lay_out(layout, ndim, shape, a.operand.stride);
    a.count = (size_t)(extent * ncomp);
    a.memory = malloc(a.count * (size_t)size);
    a.operand.data = a.memory;
    a.operand.component = extent * size;
    for (int d = 0; d < ndim; d++) {
        a.operand.stride[d] *= size;
        if (layout != REVERSED || shape[d] == 0) continue;
        a.operand.data += (shape[d] - 1) * a.operand.stride[d];
        a.operand.stride[d] = -a.operand.stride[d];
    }
    return a;
}

void free_array(Array *a) { free(a->memory); }

static char *address(const Array *a, int c, ptrdiff_t i)
{
    char *p = a->operand.data + c * a->operand.component;
    for (int d = a->ndim - 1; d >= 0; d--) {
        p += i % a->shape[d] * a->operand.stride[d];
        i /= a->shape[d];
    }
    return p;
}

double get(const Array *a, int c, ptrdiff_t i) { return load(a, address(a, c, i)); }

void set(Array *a, int c, ptrdiff_t i, double x) { store(a, address(a, c, i), x); }

void fill_randomly(Array *a)
{
    const size_t values = a->count / (size_t)a->operand.ncomp;
    for (size_t i = 0; i < a->count; i++) {
        const double r = next_random();
        store(a, a->memory + i * size_of(a), i < values ? 0.2 + r : r < 0.25 ? 0 : 2 * next_random() - 1);
    }
}

void fill_marks(Array *a)
{
    for (size_t i = 0; i < a->count; i++) store(a, a->memory + i * size_of(a), MARK);
}

int gaps_are_marked(Array *a)
{
    const ptrdiff_t n = count_elements(a->ndim, a->shape);
    size_t marks = 0;
    for (size_t i = 0; i < a->count; i++) marks += load(a, a->memory + i * size_of(a)) == MARK;
    return marks == a->count - (size_t)n * (size_t)a->operand.ncomp;
}
