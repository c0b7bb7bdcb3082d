/* Every line of the table: blocks of any length give what single elements give, whatever the elements are, and the
 * derivatives are those that differences of the function show. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "numpy_loops.h"

/* where rounding, overflow and the edges of domains show */
static const double special[] = {
    0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, 0.1, -0.7, 1.5, 1e-8, -1e-8, 20, -20, 400, -400, 800, 1e5, 1e9, -1e9, 1e15,
    -1e200, 1e308, DBL_MIN, -DBL_MIN, 5e-324, DBL_MAX, INFINITY, -INFINITY, NAN,
};
enum { SPECIAL = sizeof special / sizeof *special };

typedef struct {
    ptrdiff_t n;
    size_t size;
    char *x, *y, *z, *partial[MAX_PARTIALS];
} Columns;

static Columns make_columns(ptrdiff_t n, int width, int npartials)
{
    Columns t = {.n = n, .size = width ? sizeof(float) : sizeof(double)};
    const size_t bytes = (size_t)n * t.size;
    t.x = malloc(bytes), t.y = malloc(bytes), t.z = malloc(bytes);
    for (int j = 0; j < npartials; j++) t.partial[j] = malloc(bytes);
    for (ptrdiff_t i = 0; i < n; i++) {
        const double x = special[i % SPECIAL], y = special[(i / SPECIAL + 7 * i) % SPECIAL];
        if (width) ((float *)t.x)[i] = fabs(x) > FLT_MAX ? (float)copysign(INFINITY, x) : (float)x;
        else ((double *)t.x)[i] = x;
        if (width) ((float *)t.y)[i] = fabs(y) > FLT_MAX ? (float)copysign(INFINITY, y) : (float)y;
        else ((double *)t.y)[i] = y;
    }
    return t;
}

static void free_columns(Columns *t)
{
    free(t->x), free(t->y), free(t->z);
    for (int j = 0; j < MAX_PARTIALS; j++) free(t->partial[j]);
}

static double at(const Columns *t, const char *column, ptrdiff_t i)
{
    return t->size == sizeof(float) ? ((const float *)column)[i] : ((const double *)column)[i];
}

/* The partials of element i alone must have the bits that they have in the block. */
static void check_element(const Operation *op, int width, const Columns *t, ptrdiff_t i)
{
    Columns one = make_columns(1, width, op->function->npartials);
    memcpy(one.x, t->x + (size_t)i * t->size, t->size);
    memcpy(one.y, t->y + (size_t)i * t->size, t->size);
    table_partials(op, width, 1, one.x, one.y, one.z, (void **)one.partial);
    for (int j = 0; j < op->function->npartials; j++)
        CHECK(is_same(at(t, t->partial[j], i), at(&one, one.partial[j], 0)));
    free_columns(&one);
}

static void test_blocks(const Operation *op, int width, ptrdiff_t n)
{
    Columns t = make_columns(n, width, op->function->npartials);
    table_partials(op, width, n, t.x, op->nin == 2 ? t.y : NULL, t.z, (void **)t.partial);
    for (ptrdiff_t i = 0; i < n; i++) check_element(op, width, &t, i);
    free_columns(&t);
}

static void partials_at(const Operation *op, double x, double y, double *z, double *partial)
{
    void *columns[MAX_PARTIALS];
    for (int j = 0; j < MAX_PARTIALS; j++) columns[j] = &partial[j];
    table_partials(op, 0, 1, &x, op->nin == 2 ? &y : NULL, z, columns);
}

/* d first[j] / d variable, by a central difference */
static double slope(const Operation *op, double x, double y, int variable, int j)
{
    const double h = 1e-5;
    double low[MAX_PARTIALS + 1], high[MAX_PARTIALS + 1]; /* value, then partials */
    partials_at(op, variable ? x : x - h, variable ? y - h : y, low, low + 1);
    partials_at(op, variable ? x : x + h, variable ? y + h : y, high, high + 1);
    return (high[j] - low[j]) / (2 * h);
}

static void test_derivatives(const Operation *op, double x, double y)
{
    double z, p[MAX_PARTIALS];
    const double tolerance = 2e-8;
    partials_at(op, x, y, &z, p);
    CHECK(is_same(z, call_scalar(find_scalar(op->function->name), x, y)));
    CHECK(is_close(p[0], slope(op, x, y, 0, 0), tolerance));
    if (op->nin == 1) {
        CHECK(is_close(p[1], slope(op, x, y, 0, 1), tolerance));
        return;
    }
    CHECK(is_close(p[2], slope(op, x, y, 0, 1), tolerance));
    if (strcmp(op->function->name, "ldexp") == 0) return; /* y is a whole number */
    CHECK(is_close(p[1], slope(op, x, y, 1, 0), tolerance));
    CHECK(is_close(p[3], slope(op, x, y, 1, 1), tolerance));
    CHECK(is_close(p[4], slope(op, x, y, 1, 2), tolerance));
}

/* Points inside the domain, away from jumps. */
static void test_points(const Operation *op)
{
    const char *name = op->function->name;
    const double shift = strcmp(name, "arccosh") == 0 ? 1.5 : 0;
    const double y = strcmp(name, "ldexp") == 0 ? 3 : 0.35;
    test_derivatives(op, shift + 0.8, y);
    test_derivatives(op, shift + 0.2, y);
    if (shift == 0 && !strstr(name, "log") && !strstr(name, "power") && strcmp(name, "sqrt") != 0)
        test_derivatives(op, -0.6, y);
}

void test_table(void)
{
    static const ptrdiff_t sizes[] = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1};
    for (int k = 0; k < function_count; k++) {
        const Function *f = &function_table[k];
        if (f->nin == 0) continue;
        const Operation op = make_operation(f->name);
        CHECK(op.value[0].loop && (strcmp(f->aux, "none") == 0 || op.aux[0].loop));
        for (int width = 0; width < 2; width++)
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                check_context("%s, width %d, %td elements", f->name, width, sizes[i]);
                test_blocks(&op, width, sizes[i]);
            }
        check_context("derivatives of %s", f->name);
        test_points(&op);
    }
}
