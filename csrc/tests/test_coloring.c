/* Colourings and recovery on random patterns, against their definitions. */
#include <stdlib.h>
#include <string.h>

#include "../coloring.h"
#include "check.h"

enum { SIZE = 23, ROOM = SIZE * SIZE };

typedef struct {
    int64_t start[SIZE + 1], mate[ROOM];
    int32_t row[ROOM];
    int has[SIZE][SIZE];
    Pattern pattern;
} Matrix;

static void make(Matrix *a, int64_t rows, int64_t columns, double density, int symmetric)
{
    memset(a, 0, sizeof *a);
    for (int j = 0; j < columns; j++)
        for (int i = 0; i < rows; i++)
            if (next_random() < density) a->has[i][j] = 1, a->has[j][i] |= symmetric;
    int64_t p = 0;
    for (int j = 0; j < columns; j++) {
        for (int i = 0; i < rows; i++)
            if (a->has[i][j]) a->row[p++] = i;
        a->start[j + 1] = p;
    }
    a->pattern = (Pattern){rows, columns, a->start, a->row};
}

static int is_permutation(const int64_t *order, int64_t count)
{
    int seen[SIZE] = {0};
    for (int64_t k = 0; k < count; k++) seen[order[k]]++;
    for (int64_t k = 0; k < count; k++)
        if (seen[k] != 1) return 0;
    return 1;
}

static int fits_distance2(const Matrix *a, const int64_t *color)
{
    for (int i = 0; i < a->pattern.rows; i++)
        for (int j = 0; j < a->pattern.columns; j++)
            for (int k = 0; k < j; k++)
                if (a->has[i][j] && a->has[i][k] && color[j] == color[k]) return 0;
    return 1;
}

/* the compressed columns of a matrix whose entry p is 1 + p below the diagonal and its mate's above */
static void compress(const Matrix *a, const int64_t *color, double *entries, double *out)
{
    const int64_t n = a->pattern.columns;
    memset(out, 0, ROOM * sizeof *out);
    for (int64_t j = 0; j < n; j++)
        for (int64_t p = a->start[j]; p < a->start[j + 1]; p++) {
            entries[p] = 1.0 + (double)(a->row[p] >= j ? p : a->mate[p]);
            if (color[j] >= 0) out[color[j] * n + a->row[p]] += entries[p];
        }
}

static void test_pattern(const Matrix *a)
{
    int64_t start[SIZE + 1];
    int32_t row[ROOM], bad[ROOM];
    int64_t most = 0;
    CHECK(pattern_is_valid(&a->pattern));
    pattern_of_transpose(&a->pattern, start, row);
    for (int64_t i = 0; i < a->pattern.rows; i++) {
        int64_t count = 0;
        for (int j = 0; j < a->pattern.columns; j++) count += a->has[i][j];
        CHECK(start[i + 1] - start[i] == count);
        most = count > most ? count : most;
        for (int64_t q = start[i]; q < start[i + 1]; q++) CHECK(a->has[i][row[q]]);
    }
    CHECK(fullest_row(&a->pattern) == most);
    const int64_t entries = a->start[a->pattern.columns];
    if (!entries) return;
    memcpy(bad, a->row, sizeof bad);
    bad[entries - 1] = (int32_t)a->pattern.rows;
    CHECK(!pattern_is_valid(&(Pattern){a->pattern.rows, a->pattern.columns, a->start, bad}));
}

static void test_distance2(const Matrix *a)
{
    int64_t start[SIZE + 1], degree[SIZE], order[SIZE], color[SIZE];
    int32_t row[ROOM];
    pattern_of_transpose(&a->pattern, start, row);
    const Pattern t = {a->pattern.columns, a->pattern.rows, start, row};
    CHECK(count_neighbours(&a->pattern, &t, degree) == 0);
    for (int kind = LARGEST_FIRST; kind <= DYNAMIC_LARGEST_FIRST; kind++) {
        CHECK(order_columns(&a->pattern, &t, (Order)kind, degree, order) == 0);
        CHECK(is_permutation(order, a->pattern.columns));
        const int64_t count = color_distance2(&a->pattern, NULL, order, SIZE + 1, color);
        CHECK(count >= 0 && count <= a->pattern.columns && fits_distance2(a, color));
        if (count > 1) CHECK(color_distance2(&a->pattern, NULL, order, count - 1, color) == count - 1);
    }
}

/* One full row: so many colours that the sets would be larger than the pattern, and the rows are scanned. */
static void test_many_colors(void)
{
    enum { COLUMNS = 40000, ROWS = 2000 };
    int64_t *memory = malloc((2 * COLUMNS + 1) * sizeof *memory), *start = memory, *color = memory + COLUMNS + 1;
    int32_t *row = malloc(2 * COLUMNS * sizeof *row), *across = row + COLUMNS;
    int64_t begin[ROWS + 1], wrong = 0;
    for (int64_t j = 0; j < COLUMNS; j++) start[j] = j, row[j] = j % ROWS == 1;
    start[COLUMNS] = COLUMNS;
    const Pattern a = {ROWS, COLUMNS, start, row};
    pattern_of_transpose(&a, begin, across);
    const Pattern t = {COLUMNS, ROWS, begin, across};
    check_context("many colours");
    CHECK(color_distance2(&a, NULL, NULL, COLUMNS, color) == COLORING_NEEDS_TRANSPOSE);
    CHECK(color_distance2(&a, &t, NULL, COLUMNS, color) == COLUMNS - COLUMNS / ROWS);
    int64_t next[2] = {0, 0};
    for (int64_t j = 0; j < COLUMNS; j++) wrong += color[j] != next[row[j]]++;
    CHECK(!wrong);
    free(memory), free(row);
}

static void test_graph(Matrix *a)
{
    const int64_t n = a->pattern.columns, entries = a->start[n];
    int64_t next[SIZE], degree[SIZE], order[SIZE], color[SIZE], reader[ROOM], index[ROOM];
    int64_t half[3][ROOM];
    double exact[ROOM], values[ROOM], out[ROOM], sum[ROOM];
    CHECK(pattern_mates(&a->pattern, next, a->mate) == entries);
    CHECK(count_neighbours(&a->pattern, NULL, degree) == 0);
    for (int kind = LARGEST_FIRST; kind <= DYNAMIC_LARGEST_FIRST; kind++) {
        CHECK(order_columns(&a->pattern, NULL, (Order)kind, degree, order) == 0 && is_permutation(order, n));
        CHECK(color_star(&a->pattern, a->mate, order, color, reader) <= n);
        compress(a, color, exact, values);
        for (int64_t j = 0; j < n; j++)
            for (int64_t p = a->start[j]; p < a->start[j + 1]; p++) {
                const int64_t other = a->row[p] + j - reader[p];
                CHECK(color[other] >= 0);
                index[p] = color[other] * n + reader[p];
            }
        gather64(out, values, index, entries);
        for (int64_t p = 0; p < entries; p++) CHECK(out[p] == exact[p]);
        Substitution plan = {half[0], half[1], half[2], 0, 0};
        CHECK(color_acyclic(&a->pattern, a->mate, order, color, &plan) <= n);
        compress(a, color, exact, values);
        for (int64_t s = 0; s < plan.steps; s++) {
            const int64_t p = plan.entry[s], leaf = a->row[a->mate[p]];
            CHECK(color[a->row[p]] >= 0);
            index[s] = color[a->row[p]] * n + leaf;
        }
        substitute(out, values, index, &plan, a->mate, sum);
        for (int64_t j = 0; j < n; j++)
            for (int64_t p = a->start[j]; p < a->start[j + 1]; p++) CHECK(a->row[p] == j || out[p] == exact[p]);
    }
}

static void test_moves(void)
{
    const double in[] = {10, 11, 12};
    const int32_t index[] = {2, 0}, target[] = {1, 0};
    const int64_t long_index[] = {2, 0}, long_target[] = {1, 0}, color[] = {0, 1, -1, 1};
    double out[8];
    check_context("moves");
    gather32(out, in, index, 2);
    CHECK(out[0] == 12 && out[1] == 10);
    scatter32(out, target, in, index, 2);
    CHECK(out[0] == 10 && out[1] == 12);
    scatter64(out, long_target, in, long_index, 1);
    CHECK(out[1] == 12);
    seed_rows(out, color, 4, 0, 2);
    const double seeds[] = {1, 0, 0, 0, 0, 1, 0, 1};
    CHECK(memcmp(out, seeds, sizeof seeds) == 0);
}

void test_coloring(void)
{
    static const double densities[] = {0, 0.03, 0.1, 0.4, 1};
    Matrix *a = malloc(sizeof *a);
    for (int k = 0; k < 60; k++) {
        const int64_t rows = (int64_t)(next_random() * (SIZE + 1)), columns = (int64_t)(next_random() * (SIZE + 1));
        check_context("random pattern %d", k);
        make(a, rows, columns, densities[k % 5], 0);
        test_pattern(a);
        test_distance2(a);
        make(a, columns, columns, densities[k % 5], 1);
        test_graph(a);
    }
    make(a, 3, 3, 0, 0);
    a->row[0] = 2, a->start[2] = a->start[3] = 1;
    int64_t next[SIZE];
    CHECK(pattern_mates(&a->pattern, next, a->mate) == 0);
    free(a);
    test_many_colors();
    test_moves();
}
