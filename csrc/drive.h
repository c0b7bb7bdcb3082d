/* Runs one elementwise operation over strided, broadcast component arrays of any number type.
 *
 * Everything happens block by block: an operand that is not contiguous is gathered into a block first, so that every
 * kernel is a plain contiguous loop; NumPy's own inner loops give the values; the derivatives are computed once per
 * block and meet the tangents of all directions while the block is in the cache.
 */
#ifndef DUALAD_DRIVE_H
#define DUALAD_DRIVE_H

#include <stddef.h>

#include "series.h"
#include "table.h"

enum { MAX_DIMS = 64, BLOCK = 1024 };

enum { OP_ADD, OP_SUBTRACT, OP_MULTIPLY, OP_DIVIDE, OP_NEGATE, OP_TABLE };

typedef struct {
    int code;                   /* OP_... */
    int nin;
    const Function *function;   /* for OP_TABLE */
    NumpyLoop value[2], aux[2]; /* by width */
    int arg_is_x;               /* aux(x): no block is needed for its argument */
    int pair;                   /* value and aux are sine and cosine (PAIR_...), which one kernel computes */
    int root;                   /* at zero only its square has derivatives */
    int ready[2];               /* a partial derivative that is there already: READY_... */
} Operation;

enum { PAIR_NONE, PAIR_SINE, PAIR_COSINE };
enum { READY_NOT, READY_AUX, READY_VALUE };

typedef struct {
    char *data;                    /* first element of the value */
    ptrdiff_t component;           /* bytes from one component to the next */
    int ncomp;                     /* 1: a constant */
    ptrdiff_t stride[MAX_DIMS];    /* bytes; 0 where broadcast */
} Operand;

enum { VALUE_IS_DONE = 1 };        /* NumPy has already written the value */
enum { ROOT_AT_ZERO = 1 << 29 };   /* among the exceptions: a root met a zero where its slope is infinite */

/* The product table of an algebra of second order: component c of a result also gets f'' times weight times the
 * product of the components first and second of the operands, both below c; none if first is 0. */
typedef struct {
    int first, second;
    double weight;
} Pair;

/* What a number type adds to values and first derivatives; all zero for those of first order. */
typedef struct {
    const Pair *pairs;             /* by component */
    const Program *program;        /* a power series: how the operation acts on its coefficients */
} Algebra;

/* out = operation(in...) for width 0 (double) or 1 (float). Returns the floating-point exceptions that computing
 * the value raised (an or of FE_...), or OUT_OF_MEMORY. `out` may be one of the inputs, element for element; other
 * overlap may not be. */
int drive(const Operation *op, int width, int ndim, const ptrdiff_t *shape, const Operand *in, const Operand *out,
          int flags, Algebra algebra);

/* A contiguous array, or one element that stands for all; no data: none. */
typedef struct {
    const char *data;
    int repeats;
} Flat;

/* out = the derivative by each input times its weight, summed. */
typedef struct {
    Flat in[2];
    void *out;
} Weighted;

/* Tangents of an operation whose value z is there already, each with memory of its own; all of n elements. */
void drive_weights(const Operation *op, int width, ptrdiff_t n, const Flat *in, const void *z, int count,
                   const Weighted *terms);

/* Value, first and (unless dxx is NULL) second derivative of a function of one number, in the same bits as `drive`. */
void drive_scalar(const Operation *op, double x, double *z, double *dx, double *dxx);

/* Value and both first derivatives of a function of two numbers, in the same bits as `drive`; those of a quotient are
 * as the table has them, with a division each. */
void drive_scalars(const Operation *op, double x, double y, double *z, double *dx, double *dy);

/* All partials on contiguous arrays, for checks of the table: z and partials as table.h orders them. */
void table_partials(const Operation *op, int width, ptrdiff_t n, const void *x, const void *y, void *z, void **partials);

#endif
