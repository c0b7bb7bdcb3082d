#include "numpy_loops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846
#define ONE(name, expression) \
    static double name##_of(double x) { return expression; }
#define TWO(name, expression) \
    static double name##_of(double x, double y) { return expression; }

ONE(negative, -x)
ONE(positive, x)
ONE(radians, x * (PI / 180))
ONE(degrees, x * (180 / PI))
ONE(square, x * x)
ONE(reciprocal, 1 / x)
ONE(sinc, x == 0 ? 1 : sin(PI * x) / (PI * x))
TWO(add, x + y)
TWO(subtract, x - y)
TWO(multiply, x * y)
TWO(divide, x / y)
TWO(remainder, x - floor(x / y) * y)
TWO(logaddexp, x == y ? x + log(2) : fmax(x, y) + log1p(exp(-fabs(x - y))))
TWO(logaddexp2, x == y ? x + 1 : fmax(x, y) + log2(1 + exp2(-fabs(x - y))))
TWO(heaviside, isnan(x) ? x : x == 0 ? y : x > 0)
TWO(ldexp, isfinite(y) ? ldexp(x, (int)rint(fmax(-2000, fmin(2000, y)))) : x * exp2(y))

static const Scalar scalars[] = {
    {"negative", negative_of, NULL}, {"positive", positive_of, NULL}, {"conjugate", positive_of, NULL},
    {"absolute", fabs, NULL}, {"fabs", fabs, NULL}, {"deg2rad", radians_of, NULL}, {"radians", radians_of, NULL},
    {"rad2deg", degrees_of, NULL}, {"degrees", degrees_of, NULL}, {"square", square_of, NULL},
    {"reciprocal", reciprocal_of, NULL}, {"sqrt", sqrt, NULL}, {"cbrt", cbrt, NULL}, {"exp", exp, NULL},
    {"exp2", exp2, NULL}, {"expm1", expm1, NULL}, {"log", log, NULL}, {"log2", log2, NULL}, {"log10", log10, NULL},
    {"log1p", log1p, NULL}, {"sin", sin, NULL}, {"cos", cos, NULL}, {"tan", tan, NULL}, {"arcsin", asin, NULL},
    {"arccos", acos, NULL}, {"arctan", atan, NULL}, {"sinc", sinc_of, NULL}, {"sinh", sinh, NULL},
    {"cosh", cosh, NULL}, {"tanh", tanh, NULL}, {"arcsinh", asinh, NULL}, {"arccosh", acosh, NULL},
    {"arctanh", atanh, NULL}, {"add", NULL, add_of}, {"subtract", NULL, subtract_of},
    {"multiply", NULL, multiply_of}, {"divide", NULL, divide_of}, {"power", NULL, pow}, {"float_power", NULL, pow},
    {"remainder", NULL, remainder_of}, {"fmod", NULL, fmod}, {"hypot", NULL, hypot}, {"arctan2", NULL, atan2},
    {"logaddexp", NULL, logaddexp_of}, {"logaddexp2", NULL, logaddexp2_of}, {"maximum", NULL, fmax},
    {"minimum", NULL, fmin}, {"fmax", NULL, fmax}, {"fmin", NULL, fmin}, {"copysign", NULL, copysign},
    {"heaviside", NULL, heaviside_of}, {"nextafter", NULL, nextafter}, {"ldexp", NULL, ldexp_of},
};

const Scalar *find_scalar(const char *name)
{
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
        if (strcmp(scalars[i].name, name) == 0) return &scalars[i];
    return NULL;
}

double call_scalar(const Scalar *f, double x, double y) { return f->one ? f->one(x) : f->two(x, y); }

#define LOOP(name, real)                                                                                            \
    static void name(char **args, const ptrdiff_t *dimensions, const ptrdiff_t *steps, void *data)                  \
    {                                                                                                               \
        const Scalar *f = data;                                                                                     \
        const int nin = f->one ? 1 : 2;                                                                             \
        for (ptrdiff_t i = 0; i < dimensions[0]; i++) {                                                             \
            const real x = *(const real *)(args[0] + i * steps[0]);                                                 \
            const real y = nin == 2 ? *(const real *)(args[1] + i * steps[1]) : 0;                                  \
            *(real *)(args[nin] + i * steps[nin]) = (real)call_scalar(f, x, y);                                     \
        }                                                                                                           \
    }
LOOP(loop_f64, double)
LOOP(loop_f32, float)

static void bind(NumpyLoop *loops, const char *name)
{
    const Scalar *f = find_scalar(name);
    if (!f) return;
    loops[0] = (NumpyLoop){loop_f64, (void *)f};
    loops[1] = (NumpyLoop){loop_f32, (void *)f};
}

static const Function *find_function(const char *name)
{
    for (int i = 0; i < function_count; i++)
        if (strcmp(function_table[i].name, name) == 0) return &function_table[i];
    abort();
}

Operation make_operation(const char *name)
{
    static const char *const arithmetic[] = {"add", "subtract", "multiply", "divide", "negative"};
    const Function *f = find_function(name);
    Operation op = {.code = OP_TABLE, .nin = f->nin, .function = f};
    for (int i = 0; i < 5; i++)
        if (strcmp(name, arithmetic[i]) == 0) op.code = i;
    bind(op.value, name);
    bind(op.aux, f->aux);
    op.arg_is_x = strcmp(f->arg_text, "x") == 0;
    op.pair = strcmp(name, "sin") == 0 ? PAIR_SINE : strcmp(name, "cos") == 0 ? PAIR_COSINE : PAIR_NONE;
    if (strcmp(f->text[0], "a") == 0) op.ready[0] = READY_AUX;
    else if (strcmp(f->text[0], f->nin == 1 ? "y" : "z") == 0) op.ready[0] = READY_VALUE;
    return op;
}
