/* Sparsity patterns of arrays: which inputs each element depends on, as sorted lists of column numbers (boolean CSR). */
#ifndef DUALAD_PATTERN_H
#define DUALAD_PATTERN_H

#include <stdint.h>

/* One contribution to the rows of a union. Element e stands for row rows[e] of a table of rows; -1 for an empty one.
 * Row i of the result takes elements start[i] to start[i + 1] of `members`. */
typedef struct PatternTerm {
    const int32_t *rows;
    const int64_t *indptr;      /* the table in CSR form; NULL: row r holds column r alone */
    const int32_t *indices;
    const int64_t *start;       /* NULL: row i takes `count` elements, from i*count on */
    const int32_t *members;     /* NULL: position k is element k */
    int64_t count;
} PatternTerm;

/* Row i of the result is the union of what all terms contribute to it, sorted. Fills indptr (nrows + 1) and allocates
 * *indices, for the caller to free. Returns 0, or -1 if there is no memory. */
int pattern_union(int64_t nrows, int64_t ncols, int nterms, const PatternTerm *terms, int64_t *indptr,
                  int32_t **indices);

/* The transpose of a union of terms of single inputs, one element a row: the pattern of a stencil, column by column.
 * rows[t] are the rows of term t; tindices has room for nrows*nterms entries, fewer than 2^31. Returns how many. */
int32_t pattern_stencil(int32_t nrows, int32_t ncols, int nterms, const int32_t *const *rows, int32_t *tptr,
                        int32_t *tindices);

/* The transpose of a CSR pattern, its rows sorted: tptr has ncols + 1 entries, tindices as many as indices. */
void pattern_columns(int64_t nrows, int64_t ncols, const int64_t *indptr, const int32_t *indices, int64_t *tptr,
                     int32_t *tindices);

/* As a transpose of the pattern with the one column rows[i] in row i, none where it is -1. Returns the entries. */
int64_t pattern_places(int64_t nrows, int64_t ncols, const int32_t *rows, int64_t *tptr, int32_t *tindices);

#endif
