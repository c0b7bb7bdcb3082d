/* Patterns: unions of random terms against a table of flags, in every form of a term; transposes and inverses. */
#include <stdlib.h>
#include <string.h>

#include "../pattern.h"
#include "check.h"

enum { ELEMENTS = 200, COLUMNS = 150, TABLE_ROWS = 40 };

static int64_t below(int64_t n) { return (int64_t)(next_random() * (double)n); }

/* A table of rows of random length, sorted, some of them empty. */
typedef struct Rows {
    int64_t indptr[TABLE_ROWS + 1];
    int32_t indices[TABLE_ROWS * COLUMNS];
} Rows;

static void fill_table(Rows *t, double density)
{
    int64_t n = 0;
    for (int r = 0; r < TABLE_ROWS; r++) {
        t->indptr[r] = n;
        for (int32_t c = 0; c < COLUMNS; c++)
            if (r % 7 && next_random() < density) t->indices[n++] = c;
    }
    t->indptr[TABLE_ROWS] = n;
}

static void fill_rows(int32_t *rows, int64_t limit)
{
    for (int e = 0; e < ELEMENTS; e++) rows[e] = next_random() < 0.2 ? -1 : (int32_t)below(limit);
}

static void flag_row(char *flags, const PatternTerm *t, int64_t element)
{
    const int32_t r = t->rows[element];
    if (r < 0) return;
    if (!t->indptr) flags[r] = 1;
    else
        for (int64_t k = t->indptr[r]; k < t->indptr[r + 1]; k++) flags[t->indices[k]] = 1;
}

/* Whether row i of a pattern holds exactly the flagged columns, in order. */
static int row_is(const char *flags, const int64_t *indptr, const int32_t *indices, int64_t i)
{
    int64_t k = indptr[i];
    for (int32_t c = 0; c < COLUMNS; c++)
        if (flags[c] && (k == indptr[i + 1] || indices[k++] != c)) return 0;
    return k == indptr[i + 1];
}

static void check_union(int64_t nrows, int nterms, const PatternTerm *terms)
{
    int64_t indptr[ELEMENTS + 1];
    int32_t *indices = NULL;
    CHECK(pattern_union(nrows, COLUMNS, nterms, terms, indptr, &indices) == 0);
    for (int64_t i = 0; i < nrows; i++) {
        char flags[COLUMNS] = {0};
        for (const PatternTerm *t = terms; t < terms + nterms; t++) {
            const int64_t first = t->start ? t->start[i] : i * t->count;
            const int64_t last = t->start ? t->start[i + 1] : (i + 1) * t->count;
            for (int64_t p = first; p < last; p++) flag_row(flags, t, t->members ? t->members[p] : p);
        }
        CHECK(row_is(flags, indptr, indices, i));
    }
    free(indices);
}

static void test_union(void)
{
    static Rows sparse, dense;
    static int32_t rows[3][ELEMENTS], members[ELEMENTS];
    int64_t start[ELEMENTS / 4 + 1];
    fill_table(&sparse, 0.03), fill_table(&dense, 0.7);
    fill_rows(rows[0], COLUMNS), fill_rows(rows[1], TABLE_ROWS), fill_rows(rows[2], TABLE_ROWS);
    for (int k = 0; k < ELEMENTS; k++) members[k] = (int32_t)below(ELEMENTS);
    start[0] = 0;
    for (int i = 0; i < ELEMENTS / 4; i++) start[i + 1] = start[i] + (start[i] < ELEMENTS - 9 ? below(9) : 0);
    const PatternTerm inputs = {rows[0], NULL, NULL, NULL, NULL, 1};
    const PatternTerm few = {rows[1], sparse.indptr, sparse.indices, NULL, NULL, 1};
    const PatternTerm many = {rows[2], dense.indptr, dense.indices, NULL, NULL, 1};
    check_context("one element a row");
    check_union(ELEMENTS, 3, (PatternTerm[]){inputs, few, many});
    check_union(ELEMENTS, 1, &inputs);
    check_union(ELEMENTS, 0, &inputs);
    check_context("groups of elements");
    PatternTerm grouped[] = {inputs, few, many};
    for (int k = 0; k < 3; k++) grouped[k].count = 50;
    check_union(ELEMENTS / 50, 3, grouped);
    check_context("chosen elements");
    PatternTerm chosen[] = {inputs, few, many};
    for (int k = 0; k < 3; k++) chosen[k].start = start, chosen[k].members = members;
    check_union(ELEMENTS / 4, 3, chosen);
    chosen[1].start = NULL, chosen[1].members = NULL, chosen[1].count = 4;
    check_union(ELEMENTS / 4, 3, chosen);
    check_context("no rows");
    check_union(0, 3, grouped);
}

static void test_transpose(void)
{
    static Rows table;
    static int32_t columns[TABLE_ROWS * COLUMNS], back[TABLE_ROWS * COLUMNS], rows[ELEMENTS], found[ELEMENTS];
    int64_t tptr[COLUMNS + 1], bptr[TABLE_ROWS + 1];
    check_context("transpose");
    fill_table(&table, 0.3);
    const int64_t n = table.indptr[TABLE_ROWS];
    pattern_columns(TABLE_ROWS, COLUMNS, table.indptr, table.indices, tptr, columns);
    CHECK(tptr[0] == 0 && tptr[COLUMNS] == n);
    pattern_columns(COLUMNS, TABLE_ROWS, tptr, columns, bptr, back);
    CHECK(!memcmp(bptr, table.indptr, sizeof bptr) && !memcmp(back, table.indices, (size_t)n * sizeof *back));
    check_context("inverse");
    fill_rows(rows, COLUMNS);
    const int64_t held = pattern_places(ELEMENTS, COLUMNS, rows, tptr, found);
    int64_t wanted = 0, wrong = 0;
    for (int e = 0; e < ELEMENTS; e++) wanted += rows[e] >= 0;
    for (int c = 0; c < COLUMNS; c++)
        for (int64_t k = tptr[c]; k < tptr[c + 1]; k++)
            wrong += rows[found[k]] != c || (k > tptr[c] && found[k] <= found[k - 1]);
    CHECK(held == wanted && tptr[COLUMNS] == wanted && wrong == 0);
    CHECK(pattern_places(0, 0, rows, tptr, found) == 0 && tptr[0] == 0);
}

static void test_stencil(void)
{
    static int32_t rows[5][ELEMENTS], columns[5 * ELEMENTS], wanted[5 * ELEMENTS];
    const int32_t *held[5];
    PatternTerm terms[5];
    int64_t indptr[ELEMENTS + 1], wptr[COLUMNS + 1];
    int32_t tptr[COLUMNS + 1], *indices = NULL, wrong = 0;
    check_context("stencil");
    for (int t = 0; t < 5; t++) {
        fill_rows(rows[t], t < 3 ? COLUMNS : 4);
        held[t] = rows[t];
        terms[t] = (PatternTerm){rows[t], NULL, NULL, NULL, NULL, 1};
    }
    CHECK(pattern_union(ELEMENTS, COLUMNS, 5, terms, indptr, &indices) == 0);
    pattern_columns(ELEMENTS, COLUMNS, indptr, indices, wptr, wanted);
    const int32_t n = pattern_stencil(ELEMENTS, COLUMNS, 5, held, tptr, columns);
    CHECK(n == wptr[COLUMNS] && !memcmp(columns, wanted, (size_t)n * sizeof *wanted));
    for (int c = 0; c <= COLUMNS; c++) wrong += tptr[c] != wptr[c];
    CHECK(wrong == 0 && pattern_stencil(0, 0, 0, held, tptr, columns) == 0 && tptr[0] == 0);
    free(indices);
}

void test_patterns(void)
{
    test_stencil();
    test_union();
    test_transpose();
}
