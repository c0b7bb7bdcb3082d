/* Arithmetic of truncated power series, c_0 + c_1 t + ... + c_d t^d.
 *
 * A function of the derivative table becomes a program: the expression of its derivative, one step an operation. All
 * steps advance together, coefficient by coefficient: from z' = f'(x) x' follows k z_k = sum j x_j f'(x)_(k-j), which
 * needs f'(x) up to k - 1 only, and so z where f' is an expression in z. See A. Griewank and A. Walther, Evaluating
 * Derivatives, 2nd ed., section 13.2, and J. van der Hoeven, "Relax, but don't be too lazy", J. Symb. Comput. 34, 2002.
 */
#ifndef DUALAD_SERIES_H
#define DUALAD_SERIES_H

#include <stddef.h>

#include "table.h"

/* Steps on series, and (from SERIES_LESS on) on their values alone; the result of the latter is constant. */
enum {
    SERIES_CONSTANT, SERIES_ADD, SERIES_SUBTRACT, SERIES_MULTIPLY, SERIES_DIVIDE, SERIES_NEGATE,
    SERIES_SELECT,                 /* a ? b : c by the value of a */
    SERIES_STATE,                  /* z' = b a' (+ d c') where z = function(a[, c]) */
    SERIES_LESS, SERIES_LESS_EQUAL, SERIES_EQUAL, SERIES_NOT_EQUAL, SERIES_AND, SERIES_OR, SERIES_IS_NAN, SERIES_RINT,
    SERIES_SIGN, SERIES_SIGN_BIT
};

enum { SERIES_BLOCK = 128, SERIES_INPUTS = 2, OUT_OF_MEMORY = 1 << 30 };

/* Operands are registers: 0 and 1 are the arguments of the program, SERIES_INPUTS + i is the result of step i; -1 where
 * there is none, as for the derivative by a constant argument. The b and d of a state may come later. */
typedef struct {
    int code, a, b, c, d;
    int reaches_last;              /* the result's last coefficient needs that of this step */
    double constant;
    NumpyLoop value;               /* of a state */
} Step;

typedef struct {
    int length, result;            /* the register that holds the result */
    Step step[];
} Program;

/* Register r of a program: coefficient k of element i is data[(k * SERIES_BLOCK) + i]; terms: how many there are. */
typedef struct {
    double *data;
    int terms;
} Register;

/* Coefficients up to `degree` of the result for n <= SERIES_BLOCK elements. Registers 0 and 1 are filled; the result's
 * coefficient 0 may be filled too (`has_value`). */
void series_run(const Program *program, Register *registers, int degree, ptrdiff_t n, int has_value);

#endif
