/* C loops in place of NumPy's inner loops, and operations that use them. */
#ifndef DUALAD_NUMPY_LOOPS_H
#define DUALAD_NUMPY_LOOPS_H

#include "../drive.h"

/* A function of one number or of two. */
typedef struct {
    const char *name;
    double (*one)(double);
    double (*two)(double, double);
} Scalar;

const Scalar *find_scalar(const char *name);
double call_scalar(const Scalar *f, double x, double y);

/* The operation of that name, bound as the extension module binds it to NumPy: width 0 is double, 1 is float. */
Operation make_operation(const char *name);

#endif
