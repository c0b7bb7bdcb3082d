#include "series.h"

#include <math.h>
#include <string.h>

#include "simd.h"

#define AT(r, k) ((r)->data + (ptrdiff_t)(k) * SERIES_BLOCK)

/* A coefficient beyond the value is a tangent: where it is zero, it stays zero whatever it meets. */
#define TANGENT(d, t) ((t) == 0 ? 0.0 : (d) * (t))
#define PRODUCT(p, q) ((p) == 0 || (q) == 0 ? 0.0 : (p) * (q))

MULTIVERSION static void add_tangent(ptrdiff_t n, const double *d, const double *t, double scale, double *z)
{
    for (ptrdiff_t i = 0; i < n; i++) z[i] += scale * TANGENT(d[i], t[i]);
}

MULTIVERSION static void add_product(ptrdiff_t n, const double *p, const double *q, double scale, double *z)
{
    for (ptrdiff_t i = 0; i < n; i++) z[i] += scale * PRODUCT(p[i], q[i]);
}

MULTIVERSION static void divide_by(ptrdiff_t n, const double *y, double *z)
{
    for (ptrdiff_t i = 0; i < n; i++) z[i] = z[i] == 0 ? 0 : z[i] / y[i];
}

/* z += scale * (coefficient k of p q), of the terms where q has an index from `first` on. */
static void convolve(const Register *p, const Register *q, int k, int first, double scale, ptrdiff_t n, double *z)
{
    for (int j = first; j <= k; j++) {
        if (j >= q->terms || k - j >= p->terms) continue;
        if (j == k) add_tangent(n, AT(p, 0), AT(q, k), scale, z);
        else if (j == 0) add_tangent(n, AT(q, 0), AT(p, k), scale, z);
        else add_product(n, AT(p, k - j), AT(q, j), scale, z);
    }
}

/* z += sum j a_j b_(k-j) */
static void add_state(const Register *a, const Register *b, int k, ptrdiff_t n, double *z)
{
    for (int j = 1; j <= k; j++)
        if (j < a->terms && k - j < b->terms) {
            if (j == k) add_tangent(n, AT(b, 0), AT(a, k), j, z);
            else add_product(n, AT(b, k - j), AT(a, j), j, z);
        }
}

MULTIVERSION static void copy_or_clear(const Register *a, int k, double sign, ptrdiff_t n, double *z)
{
    if (k >= a->terms) {
        memset(z, 0, (size_t)n * sizeof *z);
        return;
    }
    const double *x = AT(a, k);
    for (ptrdiff_t i = 0; i < n; i++) z[i] = sign * x[i];
}

static const Register *operand(const Register *r, int i) { return i < 0 ? NULL : r + i; }

/* Coefficient k >= 1 of a step. */
MULTIVERSION static void advance(const Step *s, const Register *r, Register *out, int k, ptrdiff_t n)
{
    const Register *a = operand(r, s->a), *b = operand(r, s->b), *c = operand(r, s->c), *d = operand(r, s->d);
    double *z = AT(out, k);
    switch (s->code) {
    case SERIES_ADD:
    case SERIES_SUBTRACT:
        copy_or_clear(a, k, 1, n, z);
        if (k < b->terms) {
            const double *y = AT(b, k), sign = s->code == SERIES_ADD ? 1 : -1;
            for (ptrdiff_t i = 0; i < n; i++) z[i] += sign * y[i];
        }
        break;
    case SERIES_NEGATE:
        copy_or_clear(a, k, -1, n, z);
        break;
    case SERIES_MULTIPLY:
        memset(z, 0, (size_t)n * sizeof *z);
        convolve(a, b, k, 0, 1, n, z);
        break;
    case SERIES_DIVIDE:
        copy_or_clear(a, k, 1, n, z);
        out->terms = k; /* what there is of it */
        convolve(out, b, k, 1, -1, n, z);
        divide_by(n, AT(b, 0), z);
        break;
    case SERIES_SELECT: {
        const double *condition = AT(a, 0), *p = k < b->terms ? AT(b, k) : NULL, *q = k < c->terms ? AT(c, k) : NULL;
        for (ptrdiff_t i = 0; i < n; i++) z[i] = condition[i] != 0 ? (p ? p[i] : 0) : (q ? q[i] : 0);
        break;
    }
    case SERIES_STATE:
        memset(z, 0, (size_t)n * sizeof *z);
        if (b) add_state(a, b, k, n, z);
        if (d) add_state(c, d, k, n, z);
        for (ptrdiff_t i = 0; i < n; i++) z[i] /= k;
        break;
    }
    out->terms = k + 1;
}

static void run_numpy(const NumpyLoop *f, ptrdiff_t n, double *x, double *y, double *z)
{
    const ptrdiff_t size = n == 1 ? 0 : sizeof(double), steps[3] = {size, size, size};
    char *args[3] = {(char *)x, y ? (char *)y : (char *)z, (char *)z};
    f->loop(args, &n, steps, f->data);
}

#define EACH(expression)                                                                                            \
    for (ptrdiff_t i = 0; i < n; i++) z[i] = (expression);                                                          \
    break

/* The value of a step. */
MULTIVERSION static void begin(const Step *s, const Register *r, Register *out, ptrdiff_t n, int has_value)
{
    double *x = s->a >= 0 ? AT(r + s->a, 0) : NULL, *y = s->b >= 0 ? AT(r + s->b, 0) : NULL, *z = AT(out, 0);
    const double *w = s->c >= 0 ? AT(r + s->c, 0) : NULL;
    out->terms = 1;
    switch (s->code) {
    case SERIES_CONSTANT: EACH(s->constant);
    case SERIES_ADD: EACH(x[i] + y[i]);
    case SERIES_SUBTRACT: EACH(x[i] - y[i]);
    case SERIES_MULTIPLY: EACH(x[i] * y[i]);
    case SERIES_DIVIDE: EACH(x[i] / y[i]);
    case SERIES_NEGATE: EACH(-x[i]);
    case SERIES_SELECT: EACH(x[i] != 0 ? y[i] : w[i]);
    case SERIES_STATE:
        if (!has_value) run_numpy(&s->value, n, x, s->c >= 0 ? AT(r + s->c, 0) : NULL, z);
        break;
    case SERIES_LESS: EACH(x[i] < y[i]);
    case SERIES_LESS_EQUAL: EACH(x[i] <= y[i]);
    case SERIES_EQUAL: EACH(x[i] == y[i]);
    case SERIES_NOT_EQUAL: EACH(x[i] != y[i]);
    case SERIES_AND: EACH(x[i] != 0 && y[i] != 0);
    case SERIES_OR: EACH(x[i] != 0 || y[i] != 0);
    case SERIES_IS_NAN: EACH(x[i] != x[i]);
    case SERIES_RINT: EACH(rint(x[i]));
    case SERIES_SIGN: EACH(x[i] > 0 ? 1 : x[i] < 0 ? -1 : 0 * x[i]);
    case SERIES_SIGN_BIT: EACH(signbit(x[i]) != 0);
    }
}

static int is_constant(const Step *s) { return s->code == SERIES_CONSTANT || s->code >= SERIES_LESS; }

void series_run(const Program *program, Register *registers, int degree, ptrdiff_t n, int has_value)
{
    Register *results = registers + SERIES_INPUTS;
    const int last = program->result - SERIES_INPUTS;
    for (int i = 0; i < program->length; i++)
        begin(&program->step[i], registers, &results[i], n, has_value && i == last);
    for (int k = 1; k <= degree; k++)
        for (int i = 0; i < program->length; i++) {
            const Step *s = &program->step[i];
            if (!is_constant(s) && (k < degree || s->reaches_last)) advance(s, registers, &results[i], k, n);
        }
}
