/* The driver against element-by-element arithmetic, over shapes, layouts, widths, constants and operations. */
#include <fenv.h>
#include <math.h>
#include <stdlib.h>

#include "arrays.h"
#include "check.h"
#include "numpy_loops.h"

enum { MOST = 4 }; /* components */

typedef double formula(double x, double y);

#define FORMULA(name, expression) \
    static double name(double x, double y) { (void)x, (void)y; return expression; }
FORMULA(zero, 0)
FORMULA(one, 1)
FORMULA(minus_one, -1)
FORMULA(first, x)
FORMULA(second, y)
FORMULA(divide_dx, 1 / y)
FORMULA(divide_dy, -x / (y * y))
FORMULA(sin_dx, cos(x))
FORMULA(cos_dx, -sin(x))
FORMULA(exp_dx, exp(x))
FORMULA(log_dx, 1 / x)
FORMULA(sqrt_dx, 0.5 * pow(x, -0.5))
FORMULA(tanh_dx, pow(cosh(x), -2))
FORMULA(hypot_dx, x / sqrt(x * x + y * y))
FORMULA(hypot_dy, y / sqrt(x * x + y * y))
FORMULA(arctan2_dx, y / (x * x + y * y))
FORMULA(arctan2_dy, -x / (x * x + y * y))
FORMULA(power_dx, y * pow(x, y - 1))
FORMULA(power_dy, pow(x, y) * log(x))
FORMULA(logaddexp_dx, exp(x) / (exp(x) + exp(y)))
FORMULA(logaddexp_dy, exp(y) / (exp(x) + exp(y)))
FORMULA(maximum_dx, x > y ? 1 : x < y ? 0 : 0.5)
FORMULA(maximum_dy, x > y ? 0 : x < y ? 1 : 0.5)

/* one operation for each way that the driver takes, with derivatives that do not come from the table */
static const struct Case { const char *name; formula *dx, *dy; } cases[] = {
    {"add", one, one}, {"subtract", one, minus_one}, {"multiply", second, first}, {"divide", divide_dx, divide_dy},
    {"negative", minus_one, zero}, {"absolute", one, zero}, {"sin", sin_dx, zero}, {"cos", cos_dx, zero},
    {"exp", exp_dx, zero}, {"expm1", exp_dx, zero}, {"log", log_dx, zero}, {"sqrt", sqrt_dx, zero},
    {"tanh", tanh_dx, zero}, {"hypot", hypot_dx, hypot_dy}, {"arctan2", arctan2_dx, arctan2_dy},
    {"power", power_dx, power_dy}, {"logaddexp", logaddexp_dx, logaddexp_dy}, {"maximum", maximum_dx, maximum_dy},
};
enum { CASES = sizeof cases / sizeof *cases };

static const struct Shape { int ndim; ptrdiff_t shape[3]; } shapes[] = {
    {0, {0}}, {1, {0}}, {1, {1}}, {1, {BLOCK - 1}}, {1, {BLOCK}}, {1, {BLOCK + 1}}, {3, {3, 0, 2}},
    {2, {2, 3}}, {2, {2, BLOCK + 1}}, {3, {3, 1, 5}}, {3, {2, 3, 4}},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static const int ncomps[][2] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {MOST, MOST}};
enum { NCOMPS = sizeof ncomps / sizeof *ncomps };

static double wanted(const struct Case *f, const Array *in, int c, ptrdiff_t i)
{
    const double x = get(&in[0], 0, i), y = get(&in[1], 0, i);
    if (c == 0) return call_scalar(find_scalar(f->name), x, y);
    const double tx = c < in[0].operand.ncomp ? get(&in[0], c, i) : 0;
    const double ty = c < in[1].operand.ncomp ? get(&in[1], c, i) : 0;
    return f->dx(x, y) * tx + f->dy(x, y) * ty;
}

static int agrees(int width, int c, double actual, double expected)
{
    if (c == 0) return is_same(actual, width ? (float)expected : expected);
    return is_close(actual, expected, width ? 1e-5 : 1e-13);
}

/* Drive the operation and look at every component of every element. */
static void compare(const struct Case *f, const Array *in, Array *out, int flags)
{
    const Operation op = make_operation(f->name);
    const Operand operands[2] = {in[0].operand, in[1].operand};
    const ptrdiff_t n = count_elements(out->ndim, out->shape);
    const int ncomp = out->operand.ncomp;
    double *expected = malloc((size_t)(n * ncomp) * sizeof *expected);
    for (int c = 0; c < ncomp; c++)
        for (ptrdiff_t i = 0; i < n; i++) expected[c * n + i] = wanted(f, in, c, i);
    if (flags & VALUE_IS_DONE)
        for (ptrdiff_t i = 0; i < n; i++) set(out, 0, i, expected[i]);
    drive(&op, out->width, out->ndim, out->shape, operands, &out->operand, flags, (Algebra){0});
    for (int c = 0; c < ncomp; c++)
        for (ptrdiff_t i = 0; i < n; i++) CHECK(agrees(out->width, c, get(out, c, i), expected[c * n + i]));
    free(expected);
}

static int max(int a, int b) { return a > b ? a : b; }

static void run(const struct Case *f, const struct Shape *s, int width, const int *ncomp, const Layout *layout)
{
    Array in[2];
    for (int k = 0; k < 2; k++) {
        in[k] = make_array(layout[k], width, s->ndim, s->shape, ncomp[k]);
        fill_randomly(&in[k]);
    }
    Array out = make_array((layout[0] + layout[1]) % FULL_LAYOUTS, width, s->ndim, s->shape, max(ncomp[0], ncomp[1]));
    fill_marks(&out);
    compare(f, in, &out, 0);
    CHECK(gaps_are_marked(&out));
    fill_marks(&out);
    compare(f, in, &out, VALUE_IS_DONE);
    CHECK(gaps_are_marked(&out));
    free_array(&in[0]), free_array(&in[1]), free_array(&out);
}

static void test_layouts(const struct Case *f, const struct Shape *s, int width)
{
    const int nin = make_operation(f->name).nin;
    for (int l = 0; l < (nin == 2 ? LAYOUTS * LAYOUTS : LAYOUTS); l++)
        for (int k = 0; k < NCOMPS; k++) {
            if (nin == 1 && ncomps[k][1] > ncomps[k][0]) continue;
            check_context("%s, shape %d, width %d, layouts %d, components %d", f->name, (int)(s - shapes), width, l, k);
            const int ncomp[2] = {ncomps[k][0], nin == 2 ? ncomps[k][1] : 1};
            run(f, s, width, ncomp, (const Layout[]){l % LAYOUTS, l / LAYOUTS});
        }
}

/* More dimensions than any program has, no two of which can be walked as one. */
static void test_many_dimensions(void)
{
    ptrdiff_t shape[MAX_DIMS];
    for (int d = 0; d < MAX_DIMS; d++) shape[d] = d % 8 == 7 ? 2 : 1;
    check_context("many dimensions");
    Array in[2] = {make_array(F_ORDER, 0, MAX_DIMS, shape, 2), make_array(BROADCAST, 0, MAX_DIMS, shape, 1)};
    Array out = make_array(C_ORDER, 0, MAX_DIMS, shape, 2);
    fill_randomly(&in[0]), fill_randomly(&in[1]);
    compare(&cases[2], in, &out, 0);
    free_array(&in[0]), free_array(&in[1]), free_array(&out);
}

/* One element with one tangent: what floating-point exceptions does the value raise? */
static int exceptions(const char *name, double value, double tangent, double *result)
{
    const Operation op = make_operation(name);
    double x[2] = {value, tangent};
    const Operand in = {.data = (char *)x, .component = sizeof *x, .ncomp = 2};
    const Operand out = {.data = (char *)result, .component = sizeof *result, .ncomp = 2};
    return drive(&op, 0, 0, NULL, &in, &out, 0, (Algebra){0});
}

/* What one block has raised is not forgotten in the next. */
static void test_exceptions_of_blocks(void)
{
    const Operation op = make_operation("log");
    const ptrdiff_t shape[1] = {2 * BLOCK};
    Array x = make_array(C_ORDER, 0, 1, shape, 1), z = make_array(C_ORDER, 0, 1, shape, 1);
    fill_randomly(&x);
    set(&x, 0, 5, 0);
    CHECK(drive(&op, 0, 1, shape, &x.operand, &z.operand, 0, (Algebra){0}) == FE_DIVBYZERO);
    free_array(&x), free_array(&z);
}

static void test_exceptions(void)
{
    double z[2];
    check_context("exceptions");
    CHECK(exceptions("log", 0, 1, z) == FE_DIVBYZERO && z[0] == -INFINITY && z[1] == INFINITY);
    CHECK(exceptions("log", 0, 0, z) == FE_DIVBYZERO && z[1] == 0);
    CHECK((exceptions("exp", 1000, 1, z) & FE_OVERFLOW) && z[0] == INFINITY);
    CHECK((exceptions("sqrt", -1, 1, z) & FE_INVALID) && isnan(z[0]));
    /* those of the derivative are not the value's */
    CHECK(exceptions("sqrt", 0, 1, z) == 0 && z[1] == INFINITY);
    CHECK(exceptions("sqrt", 0, 0, z) == 0 && z[1] == 0);
    test_exceptions_of_blocks();
}

/* A single number takes a shorter way to the same bits. */
static void test_scalars(void)
{
    for (int i = 0; i < CASES; i++) {
        const Operation op = make_operation(cases[i].name);
        if (op.code != OP_TABLE || op.nin != 1) continue;
        check_context("%s of a scalar", cases[i].name);
        double z[2], value, dx;
        const double x = 0.2 + next_random();
        exceptions(cases[i].name, x, 1, z);
        drive_scalar(&op, x, &value, &dx, NULL);
        CHECK(is_same(value, z[0]) && is_same(dx, z[1]));
    }
}

static void test_pairs_of_scalars(void)
{
    for (int i = 0; i < CASES; i++) {
        const Operation op = make_operation(cases[i].name);
        if (op.nin != 2) continue;
        check_context("%s of two scalars", cases[i].name);
        const double x[2] = {0.2 + next_random(), 1}, y[2] = {0.2 + next_random(), 1};
        double z[2], value, d[2];
        drive_scalars(&op, x[0], y[0], &value, &d[0], &d[1]);
        for (int k = 0; k < 2; k++) {
            const Operand in[2] = {{.data = (char *)x, .component = sizeof *x, .ncomp = 2 - k},
                                   {.data = (char *)y, .component = sizeof *y, .ncomp = 1 + k}};
            const Operand out = {.data = (char *)z, .component = sizeof *z, .ncomp = 2};
            drive(&op, 0, 0, NULL, in, &out, 0, (Algebra){0});
            if (op.code == OP_DIVIDE) z[1] = k ? -value / y[0] : 1 / y[0];
            CHECK(is_same(value, z[0]) && is_same(d[k], z[1]));
        }
    }
}

void test_drive(void)
{
    for (int width = 0; width < 2; width++)
        for (int i = 0; i < CASES; i++)
            for (int j = 0; j < SHAPES; j++) test_layouts(&cases[i], &shapes[j], width);
    test_many_dimensions();
    test_exceptions();
    test_scalars();
    test_pairs_of_scalars();
}

/* The result overwrites operand `which`; the other operand lies in any way. */
static void run_in_place(const struct Case *f, const struct Shape *s, int which, int ncomp, const int *layout)
{
    Array in[2];
    in[which] = make_array(layout[0], 0, s->ndim, s->shape, ncomp);
    in[!which] = make_array(layout[1], 0, s->ndim, s->shape, layout[1] % 2 ? 1 : ncomp);
    fill_marks(&in[which]);
    fill_randomly(&in[!which]);
    for (int c = 0; c < ncomp; c++)
        for (ptrdiff_t i = 0; i < count_elements(s->ndim, s->shape); i++)
            set(&in[which], c, i, c ? next_random() : 0.2 + next_random());
    Array out = in[which];
    compare(f, in, &out, 0);
    CHECK(gaps_are_marked(&out));
    free_array(&in[0]), free_array(&in[1]);
}

/* x op= x: everything is one array. */
static void run_on_itself(const struct Case *f, const struct Shape *s, int ncomp, Layout layout)
{
    Array x = make_array(layout, 0, s->ndim, s->shape, ncomp);
    fill_randomly(&x);
    compare(f, (const Array[]){x, x}, &x, 0);
    free_array(&x);
}

void test_in_place(void)
{
    for (int i = 0; i < CASES; i++)
        for (int j = 0; j < SHAPES; j++)
            for (int l = 0; l < FULL_LAYOUTS * LAYOUTS; l++) {
                const int layout[2] = {l % FULL_LAYOUTS, l / FULL_LAYOUTS};
                const int nin = make_operation(cases[i].name).nin, ncomp = 2 + l % 2;
                check_context("%s in place, shape %d, layouts %d", cases[i].name, j, l);
                for (int which = 0; which < nin; which++) run_in_place(&cases[i], &shapes[j], which, ncomp, layout);
                if (nin == 2) run_on_itself(&cases[i], &shapes[j], ncomp, layout[0]);
            }
}
