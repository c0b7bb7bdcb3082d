/* Colours of sparsity patterns, and what recovers a matrix from its compressed columns.
 *
 * A pattern is stored by columns: the rows of column j are row[start[j]] .. row[start[j + 1] - 1], ascending. The
 * pattern of the transpose, stored the same way, lists the columns of each row. A symmetric pattern is also the
 * graph whose edges are its entries off the diagonal.
 *
 * A. H. Gebremedhin, F. Manne, A. Pothen, "What color is your Jacobian? Graph coloring for computing derivatives",
 * SIAM Review 47 (2005); A. H. Gebremedhin, D. Nguyen, M. M. A. Patwary, A. Pothen, "ColPack: software for graph
 * coloring and related problems in scientific computing", ACM TOMS 40 (2013).
 */
#ifndef DUALAD_COLORING_H
#define DUALAD_COLORING_H

#include <stdint.h>

typedef struct {
    int64_t rows, columns;
    const int64_t *start;
    const int32_t *row;
} Pattern;

typedef enum { LARGEST_FIRST, SMALLEST_LAST, INCIDENCE_DEGREE, DYNAMIC_LARGEST_FIRST } Order;

/* what the functions below return in place of a count */
enum { COLORING_NO_MEMORY = -1, COLORING_NEEDS_TRANSPOSE = -2 };

/* Whether the columns are ascending and in range. */
int pattern_is_valid(const Pattern *a);

/* The pattern of the transpose: `start` takes rows + 1 numbers, `row` as many as there are entries. */
void pattern_of_transpose(const Pattern *a, int64_t *start, int32_t *row);

/* How many entries the row with the most has, or COLORING_NO_MEMORY. */
int64_t fullest_row(const Pattern *a);

/* The entry (j, i) that belongs to each entry (i, j); the number of entries, or that of the first without partner. */
int64_t pattern_mates(const Pattern *a, int64_t *next, int64_t *mate);

/* How many neighbours each column has: the columns that share a row, or in a graph (t == NULL) the adjacent ones.
 * 0 or COLORING_NO_MEMORY. */
int64_t count_neighbours(const Pattern *a, const Pattern *t, int64_t *degree);

/* An order of the columns by their neighbours. 0 or COLORING_NO_MEMORY. */
int64_t order_columns(const Pattern *a, const Pattern *t, Order kind, const int64_t *degree, int64_t *order);

/* Colours such that columns which share a row differ, first fit in this order (NULL: natural). The number of colours,
 * or `most` as soon as that many are needed; COLORING_NEEDS_TRANSPOSE where t is NULL and the matrix has too many colours
 * for sets of colours in each row. */
int64_t color_distance2(const Pattern *a, const Pattern *t, const int64_t *order, int64_t most, int64_t *color);

/* Star colouring of a graph. `reader` gets, for each entry, the one of its two ends whose compressed row holds its
 * value, in the column of the other end's colour. Vertices whose colour nothing reads get the colour -1. */
int64_t color_star(const Pattern *g, const int64_t *mate, const int64_t *order, int64_t *color, int64_t *reader);

/* How values of a graph with an acyclic colouring follow from one another, in the order of the steps: entry[s] holds
 * (parent, leaf), its value is what is read for it less sum[leaf_slot[s]], and is added to sum[parent_slot[s]]. */
typedef struct {
    int64_t *entry, *leaf_slot, *parent_slot; /* room for half the entries of the pattern */
    int64_t steps, slots;
} Substitution;

/* Acyclic colouring of a graph; as above, colours that nothing reads become -1. */
int64_t color_acyclic(const Pattern *g, const int64_t *mate, const int64_t *order, int64_t *color, Substitution *plan);

/* out[k] = in[index[k]], or out[target[k]] = in[index[k]]. */
void gather32(double *out, const double *in, const int32_t *index, int64_t count);
void gather64(double *out, const double *in, const int64_t *index, int64_t count);
void scatter32(double *out, const int32_t *target, const double *in, const int32_t *index, int64_t count);
void scatter64(double *out, const int64_t *target, const double *in, const int64_t *index, int64_t count);

/* Values off the diagonal by substitution: read[s] tells where the compressed columns hold step s; its value goes to
 * entry[s] and mate[entry[s]] of `out`. `sum` has room for plan->slots numbers. */
void substitute(double *out, const double *in, const int64_t *read, const Substitution *plan, const int64_t *mate,
                double *sum);

/* Rows first .. first + count - 1 of the seed matrix: 1 where a column has that colour, else 0. */
void seed_rows(double *out, const int64_t *color, int64_t columns, int64_t first, int64_t count);

#endif
