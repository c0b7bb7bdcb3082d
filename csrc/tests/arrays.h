/* Component arrays of any layout, each in memory of its own that ends where the array ends. */
#ifndef DUALAD_ARRAYS_H
#define DUALAD_ARRAYS_H

#include "../drive.h"

/* how the elements lie; in the last three, all, the first or the last dimension is broadcast */
typedef enum { C_ORDER, SPACED, REVERSED, F_ORDER, BROADCAST, BROADCAST_FIRST, BROADCAST_LAST, LAYOUTS } Layout;

enum { FULL_LAYOUTS = F_ORDER + 1 }; /* those without broadcasting, fit for results */

typedef struct {
    int width;              /* 0 is double, 1 is float */
    int ndim;
    const ptrdiff_t *shape;
    size_t count;           /* numbers in `memory`, gaps included */
    char *memory;
    Operand operand;
} Array;

ptrdiff_t count_elements(int ndim, const ptrdiff_t *shape);

Array make_array(Layout layout, int width, int ndim, const ptrdiff_t *shape, int ncomp);
void free_array(Array *a);

/* Component c of element i, counted in C order. */
double get(const Array *a, int c, ptrdiff_t i);
void set(Array *a, int c, ptrdiff_t i, double x);

/* Random values in (0.2, 1.2), random tangents in (-1, 1), one in four of them zero. */
void fill_randomly(Array *a);
/* A mark in every place, gaps too; and whether all places but the elements still have it. */
void fill_marks(Array *a);
int gaps_are_marked(Array *a);

#endif
