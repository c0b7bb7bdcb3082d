/* Sums of products of the elements of two arrays: what every bilinear function of arrays consists of. */
#ifndef DUALAD_CONTRACT_H
#define DUALAD_CONTRACT_H

#include <stddef.h>

enum { MOST_LABELS = 16 };

/* Indices as numpy.einsum has them: how many values each takes, and how far it moves in either operand and in the
 * result, in bytes; 0 where it does not occur. */
typedef struct Contraction {
    int n;
    ptrdiff_t size[MOST_LABELS], x[MOST_LABELS], y[MOST_LABELS], out[MOST_LABELS];
} Contraction;

/* Put the index last along which the loop is the quickest. */
void arrange(Contraction *c);

/* out[...] += sum of x[...] * y[...] over all values of all indices. The result may not overlap the operands. */
void contract(const Contraction *c, const char *x, const char *y, char *out);

#endif
