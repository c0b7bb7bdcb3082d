#include "pattern.h"

#include <stdlib.h>
#include <string.h>

enum { SHORT = 24 };            /* rows up to this length are kept sorted by insertion */

typedef struct Buffer {
    int32_t *data;
    int64_t size, room;
} Buffer;

static int reserve(Buffer *b, int64_t more)
{
    if (b->size + more <= b->room) return 0;
    int64_t room = b->room + b->room / 2;
    if (room < b->size + more) room = b->size + more;
    int32_t *data = realloc(b->data, (size_t)room * sizeof *data);
    if (!data) return -1;
    b->data = data, b->room = room;
    return 0;
}

/* Put c into the sorted list of n distinct numbers; returns its new length. */
static inline int64_t insert(int32_t *list, int64_t n, int32_t c)
{
    int64_t k = n;
    while (k > 0 && list[k - 1] > c) k--;
    if (k > 0 && list[k - 1] == c) return n;
    for (int64_t j = n; j > k; j--) list[j] = list[j - 1];
    list[k] = c;
    return n + 1;
}

static int compare(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Sort n distinct columns; those and no others carry `stamp`. */
static void sort_row(int32_t *list, int64_t n, const int32_t *mark, int32_t stamp)
{
    int32_t low = list[0], high = list[0];
    for (int64_t k = 1; k < n; k++) {
        if (list[k] < low) low = list[k];
        if (list[k] > high) high = list[k];
    }
    if ((int64_t)high - low < 16 * n) {
        for (int64_t c = low, k = 0; k < n; c++)
            if (mark[c] == stamp) list[k++] = (int32_t)c;
    } else {
        qsort(list, (size_t)n, sizeof *list, compare);
    }
}

static inline int64_t first_position(const PatternTerm *t, int64_t i) { return t->start ? t->start[i] : i * t->count; }

static inline int64_t last_position(const PatternTerm *t, int64_t i)
{
    return t->start ? t->start[i + 1] : (i + 1) * t->count;
}

/* How many columns row i gathers, those that occur several times counted as often. */
static int64_t gathered(int64_t i, int nterms, const PatternTerm *terms)
{
    int64_t total = 0;
    for (const PatternTerm *t = terms; t < terms + nterms; t++) {
        const int64_t first = first_position(t, i), last = last_position(t, i);
        if (!t->indptr) {
            total += last - first;
            continue;
        }
        for (int64_t p = first; p < last; p++) {
            const int32_t r = t->rows[t->members ? t->members[p] : p];
            if (r >= 0) total += t->indptr[r + 1] - t->indptr[r];
        }
    }
    return total;
}

static int64_t short_row(int64_t i, int nterms, const PatternTerm *terms, int32_t *list)
{
    int64_t n = 0;
    for (const PatternTerm *t = terms; t < terms + nterms; t++) {
        const int64_t first = first_position(t, i), last = last_position(t, i);
        for (int64_t p = first; p < last; p++) {
            const int32_t r = t->rows[t->members ? t->members[p] : p];
            if (r < 0) continue;
            if (!t->indptr)
                n = insert(list, n, r);
            else
                for (int64_t k = t->indptr[r]; k < t->indptr[r + 1]; k++) n = insert(list, n, t->indices[k]);
        }
    }
    return n;
}

/* A row of any length; mark[c] == stamp where c is in it already. Returns its length, -1 without memory. */
static int64_t long_row(int64_t i, int nterms, const PatternTerm *terms, int32_t *mark, int32_t stamp, Buffer *b)
{
    const int64_t begin = b->size;
    int64_t n = 0;
    for (const PatternTerm *t = terms; t < terms + nterms; t++) {
        const int64_t first = first_position(t, i), last = last_position(t, i);
        for (int64_t p = first; p < last; p++) {
            const int32_t r = t->rows[t->members ? t->members[p] : p];
            if (r < 0) continue;
            const int64_t from = t->indptr ? t->indptr[r] : 0, to = t->indptr ? t->indptr[r + 1] : 1;
            if (reserve(b, n + to - from)) return -1;
            for (int64_t k = from; k < to; k++) {
                const int32_t c = t->indptr ? t->indices[k] : r;
                if (mark[c] == stamp) continue;
                mark[c] = stamp;
                b->data[begin + n++] = c;
            }
        }
    }
    if (n > 1) sort_row(b->data + begin, n, mark, stamp);
    return n;
}

/* Whether every row is one element of each term, and that a single input: the pattern of a stencil. */
static int is_stencil(int nterms, const PatternTerm *terms)
{
    for (const PatternTerm *t = terms; t < terms + nterms; t++)
        if (t->indptr || t->start || t->members || t->count != 1) return 0;
    return nterms <= SHORT;
}

/* The rows of a stencil, for which *list has room. Returns how many entries they have. */
static int64_t stencil_rows(int64_t nrows, int nterms, const PatternTerm *terms, int64_t *indptr, int32_t *list)
{
    int64_t total = 0;
    for (int64_t i = 0; i < nrows; i++) {
        int64_t n = 0;
        for (int t = 0; t < nterms; t++) {
            const int32_t c = terms[t].rows[i];
            if (c >= 0) n = insert(list + total, n, c);
        }
        indptr[i + 1] = total += n;
    }
    return total;
}

int pattern_union(int64_t nrows, int64_t ncols, int nterms, const PatternTerm *terms, int64_t *indptr,
                  int32_t **indices)
{
    Buffer b = {NULL, 0, 0};
    int32_t *mark = NULL, stamp = 0;
    int failed = reserve(&b, nrows * nterms + SHORT);
    indptr[0] = 0;
    const int64_t rest = failed || is_stencil(nterms, terms) ? 0 : nrows;
    if (!failed && !rest) b.size = stencil_rows(nrows, nterms, terms, indptr, b.data);
    for (int64_t i = 0; i < rest && !failed; i++) {
        int64_t n = gathered(i, nterms, terms);
        if (n <= SHORT) {
            failed = reserve(&b, n);
            if (!failed) n = short_row(i, nterms, terms, b.data + b.size);
        } else {
            if (stamp == INT32_MAX) free(mark), mark = NULL, stamp = 0;
            if (!mark) mark = calloc((size_t)ncols + 1, sizeof *mark);
            n = mark ? long_row(i, nterms, terms, mark, ++stamp, &b) : -1;
            failed = n < 0;
        }
        b.size += failed ? 0 : n;
        indptr[i + 1] = b.size;
    }
    free(mark);
    if (failed) {
        free(b.data);
        return -1;
    }
    int32_t *fitted = realloc(b.data, (size_t)(b.size + 1) * sizeof *fitted);
    *indices = fitted ? fitted : b.data;
    return 0;
}

/* The column of term t in row i, -1 if it has none or an earlier term has the same. */
static inline int32_t new_column(int t, const int32_t *const *rows, int32_t i)
{
    const int32_t c = rows[t][i];
    for (int s = 0; s < t; s++)
        if (rows[s][i] == c) return -1;
    return c;
}

int32_t pattern_stencil(int32_t nrows, int32_t ncols, int nterms, const int32_t *const *rows, int32_t *tptr,
                        int32_t *tindices)
{
    memset(tptr, 0, ((size_t)ncols + 1) * sizeof *tptr);
    for (int32_t i = 0; i < nrows; i++)
        for (int t = 0; t < nterms; t++) {
            const int32_t c = new_column(t, rows, i);
            if (c >= 0) tptr[c + 1]++;
        }
    int32_t total = 0;
    for (int32_t c = 0; c < ncols; c++) {
        const int32_t n = tptr[c + 1];
        tptr[c + 1] = total;
        total += n;
    }
    for (int32_t i = 0; i < nrows; i++)
        for (int t = 0; t < nterms; t++) {
            const int32_t c = new_column(t, rows, i);
            if (c >= 0) tindices[tptr[c + 1]++] = i;
        }
    return total;
}

/* Counts in tptr[c + 1] to positions: tptr[c + 1] becomes the start of column c, ready to be advanced while filling. */
static void counts_to_starts(int64_t ncols, int64_t *tptr)
{
    int64_t total = 0;
    tptr[0] = 0;
    for (int64_t c = 0; c < ncols; c++) {
        const int64_t n = tptr[c + 1];
        tptr[c + 1] = total;
        total += n;
    }
}

void pattern_columns(int64_t nrows, int64_t ncols, const int64_t *indptr, const int32_t *indices, int64_t *tptr,
                     int32_t *tindices)
{
    memset(tptr, 0, (size_t)(ncols + 1) * sizeof *tptr);
    for (int64_t k = 0; k < indptr[nrows]; k++) tptr[indices[k] + 1]++;
    counts_to_starts(ncols, tptr);
    for (int64_t i = 0; i < nrows; i++)
        for (int64_t k = indptr[i]; k < indptr[i + 1]; k++) tindices[tptr[indices[k] + 1]++] = (int32_t)i;
}

int64_t pattern_places(int64_t nrows, int64_t ncols, const int32_t *rows, int64_t *tptr, int32_t *tindices)
{
    memset(tptr, 0, (size_t)(ncols + 1) * sizeof *tptr);
    for (int64_t i = 0; i < nrows; i++)
        if (rows[i] >= 0) tptr[rows[i] + 1]++;
    counts_to_starts(ncols, tptr);
    for (int64_t i = 0; i < nrows; i++)
        if (rows[i] >= 0) tindices[tptr[rows[i] + 1]++] = (int32_t)i;
    return tptr[ncols];
}
