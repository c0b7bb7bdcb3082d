/* The derivative table, compiled: derivatives.def as an array of records. */
#ifndef DUALAD_TABLE_H
#define DUALAD_TABLE_H

#include <stddef.h>

enum { MAX_PARTIALS = 5 };

/* NumPy's inner loop: PyUFuncGenericFunction, with its data. */
typedef struct {
    void (*loop)(char **args, const ptrdiff_t *dimensions, const ptrdiff_t *steps, void *data);
    void *data;
} NumpyLoop;

/* One expression over a block. x, y: arguments; z: result; a: auxiliary values; p, q: first derivatives. */
typedef void expression_loop(ptrdiff_t n, const void *x, const void *y, const void *z, const void *a, const void *p,
                             const void *q, void *out);

typedef struct {
    const char *name;                               /* NumPy's name */
    const char *aux;                                /* ufunc that supplies a, or "none" */
    const char *arg_text;                           /* its argument */
    int nin;                                        /* 1 or 2; 0 for a piecewise constant function */
    int npartials;                                  /* 2 (d1, d2) or 5 (dx, dy, dxx, dxy, dyy) */
    const char *text[MAX_PARTIALS];
    expression_loop *arg[2];                        /* by width: double, float */
    expression_loop *partial[2][MAX_PARTIALS];
} Function;

extern const Function function_table[];
extern const int function_count;

#endif
