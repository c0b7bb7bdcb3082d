#include "coloring.h"

#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

/* ---- memory -------------------------------------------------------------------------------------------------- */

enum { HUGE_PAGE = 1 << 21 };

/* calloc, for large blocks in large pages where the system has them: fresh small pages cost more than colouring. */
static void *cleared(int64_t count, size_t size)
{
    const size_t total = (size_t)(count ? count : 1) * size;
    char *p = calloc(total, 1);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (p && total >= 2 * HUGE_PAGE) {
        char *first = (char *)(((uintptr_t)p + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
        madvise(first, (size_t)(p + total - first) & ~(size_t)(HUGE_PAGE - 1), MADV_HUGEPAGE);
    }
#endif
    return p;
}

static int64_t *filled(int64_t count, int64_t value)
{
    int64_t *a = cleared(count, sizeof *a);
    for (int64_t k = 0; a && value && k < count; k++) a[k] = value;
    return a;
}

/* ---- patterns ------------------------------------------------------------------------------------------------ */

int pattern_is_valid(const Pattern *a)
{
    if (a->start[0] != 0) return 0;
    for (int64_t j = 0; j < a->columns; j++) {
        int64_t last = -1;
        if (a->start[j + 1] < a->start[j]) return 0;
        for (int64_t p = a->start[j]; p < a->start[j + 1]; p++) {
            if (a->row[p] <= last) return 0;
            last = a->row[p];
        }
        if (last >= a->rows) return 0;
    }
    return 1;
}

void pattern_of_transpose(const Pattern *a, int64_t *start, int32_t *row)
{
    const int64_t entries = a->start[a->columns];
    memset(start, 0, (size_t)(a->rows + 1) * sizeof *start);
    for (int64_t p = 0; p < entries; p++) start[a->row[p] + 1]++;
    for (int64_t i = 0; i < a->rows; i++) start[i + 1] += start[i];
    for (int64_t j = 0; j < a->columns; j++)
        for (int64_t p = a->start[j]; p < a->start[j + 1]; p++) row[start[a->row[p]]++] = (int32_t)j;
    for (int64_t i = a->rows; i > 0; i--) start[i] = start[i - 1]; /* each had moved on to the next */
    start[0] = 0;
}

int64_t pattern_mates(const Pattern *a, int64_t *next, int64_t *mate)
{
    const int64_t entries = a->start[a->columns];
    memcpy(next, a->start, (size_t)a->columns * sizeof *next);
    for (int64_t j = 0; j < a->columns; j++)
        for (int64_t p = a->start[j]; p < a->start[j + 1]; p++) {
            const int64_t i = a->row[p], q = next[i]++;
            if (q >= a->start[i + 1] || a->row[q] != j) return p;
            mate[p] = q;
        }
    return entries;
}

int64_t fullest_row(const Pattern *a)
{
    int32_t *length = cleared(a->rows, sizeof *length), most = 0;
    if (!length) return COLORING_NO_MEMORY;
    for (int64_t p = 0; p < a->start[a->columns]; p++) length[a->row[p]]++;
    for (int64_t i = 0; i < a->rows; i++) most = length[i] > most ? length[i] : most;
    free(length);
    return most;
}

/* ---- orders -------------------------------------------------------------------------------------------------- */

int64_t count_neighbours(const Pattern *a, const Pattern *t, int64_t *degree)
{
    int64_t *seen = filled(a->columns, -1);
    if (!seen) return COLORING_NO_MEMORY;
    for (int64_t j = 0; j < a->columns; j++) {
        int64_t count = 0;
        seen[j] = j;
        for (int64_t p = a->start[j]; p < a->start[j + 1]; p++) {
            const int64_t i = a->row[p];
            if (!t) {
                count += i != j;
                continue;
            }
            for (int64_t q = t->start[i]; q < t->start[i + 1]; q++) {
                const int64_t k = t->row[q];
                count += seen[k] != j;
                seen[k] = j;
            }
        }
        degree[j] = count;
    }
    free(seen);
    return 0;
}

static int64_t maximum(const int64_t *a, int64_t count)
{
    int64_t top = 0;
    for (int64_t k = 0; k < count; k++) top = a[k] > top ? a[k] : top;
    return top;
}

/* Columns by falling degree, those of one degree in natural order. */
static int64_t largest_first(const int64_t *degree, int64_t count, int64_t *order)
{
    const int64_t top = maximum(degree, count);
    int64_t *place = filled(top + 2, 0);
    if (!place) return COLORING_NO_MEMORY;
    for (int64_t j = 0; j < count; j++) place[top - degree[j] + 1]++;
    for (int64_t d = 0; d <= top; d++) place[d + 1] += place[d];
    for (int64_t j = 0; j < count; j++) order[place[top - degree[j]]++] = j;
    free(place);
    return 0;
}

/* Columns by their present degree. A bucket is a stack from whose middle a column may leave: the last one then takes
 * its place. ColPack manages them so, and the number of colours depends on it. */
typedef struct {
    int64_t *item, count, room;
} Bucket;

typedef struct {
    int64_t degree; /* -1 when the column has its place in the order */
    int64_t place;  /* in its bucket */
    int64_t seen;   /* the column from which it was reached last */
} Column;

typedef struct {
    Bucket *bucket;
    Column *column;
} Buckets;

static int put(Buckets *b, Column *c, int64_t j)
{
    Bucket *to = &b->bucket[c->degree];
    if (to->count == to->room) {
        const int64_t room = to->room ? 2 * to->room : 8;
        int64_t *item = realloc(to->item, (size_t)room * sizeof *item);
        if (!item) return 0;
        to->item = item;
        to->room = room;
    }
    c->place = to->count;
    to->item[to->count++] = j;
    return 1;
}

/* Moves column j, if it is still in a bucket and was not reached from column `by` before. */
static inline int move(Buckets *b, int64_t j, int64_t by, int step)
{
    Column *c = &b->column[j];
    if (c->seen == by || c->degree < 0) return 1;
    Bucket *from = &b->bucket[c->degree];
    const int64_t last = from->item[--from->count];
    from->item[c->place] = last;
    b->column[last].place = c->place;
    c->seen = by;
    c->degree += step;
    return put(b, c, j);
}

static int move_neighbours(Buckets *b, const Pattern *a, const Pattern *t, int64_t j, int step)
{
    for (int64_t p = a->start[j]; p < a->start[j + 1]; p++) {
        const int64_t i = a->row[p];
        if (!t && !move(b, i, j, step)) return 0;
        for (int64_t q = t ? t->start[i] : 0; q < (t ? t->start[i + 1] : 0); q++)
            if (!move(b, t->row[q], j, step)) return 0;
    }
    return 1;
}

/* The orders that follow the degree among the columns that are ordered already (incidence degree) or still to come. */
static int64_t by_buckets(Buckets *b, const Pattern *a, const Pattern *t, Order kind, int64_t top, int64_t *order)
{
    const int64_t n = a->columns;
    const int step = kind == INCIDENCE_DEGREE ? 1 : -1;
    int64_t level = kind == DYNAMIC_LARGEST_FIRST ? top : 0;
    for (int64_t j = 0; j < n; j++)
        if (!put(b, &b->column[j], j)) return COLORING_NO_MEMORY;
    for (int64_t k = 0; k < n; k++) {
        while (!b->bucket[level].count) level += kind == SMALLEST_LAST ? 1 : -1;
        const int64_t j = b->bucket[level].item[--b->bucket[level].count];
        b->column[j].degree = -1;
        order[kind == SMALLEST_LAST ? n - 1 - k : k] = j;
        if (!move_neighbours(b, a, t, j, step)) return COLORING_NO_MEMORY;
        if (kind == SMALLEST_LAST && level > 0) level--;
        if (kind == INCIDENCE_DEGREE && level < top) level++;
    }
    return 0;
}

static int64_t dynamic_order(const Pattern *a, const Pattern *t, Order kind, const int64_t *degree, int64_t *order)
{
    const int64_t n = a->columns, top = maximum(degree, n);
    int64_t status = COLORING_NO_MEMORY;
    Buckets b = {calloc((size_t)top + 1, sizeof *b.bucket), malloc((size_t)(n + 1) * sizeof *b.column)};
    if (b.bucket && b.column) {
        for (int64_t j = 0; j < n; j++) b.column[j] = (Column){kind == INCIDENCE_DEGREE ? 0 : degree[j], 0, -1};
        status = by_buckets(&b, a, t, kind, top, order);
        for (int64_t d = 0; d <= top; d++) free(b.bucket[d].item);
    }
    free(b.bucket), free(b.column);
    return status;
}

int64_t order_columns(const Pattern *a, const Pattern *t, Order kind, const int64_t *degree, int64_t *order)
{
    return kind == LARGEST_FIRST ? largest_first(degree, a->columns, order) : dynamic_order(a, t, kind, degree, order);
}

/* ---- distance-2 colouring ------------------------------------------------------------------------------------ */

enum { WORD = 32, LONG_WORD = 64 };

/* The colours used in each row, as sets of bits. */
typedef struct {
    uint32_t *bits;
    int64_t rows, words;
} Used;

/* Twice as many colours for each row. */
static int widen(Used *u)
{
    uint32_t *bits = cleared(2 * u->rows * u->words, sizeof *bits);
    if (!bits) return 0;
    for (int64_t i = 0; i < u->rows; i++)
        memcpy(bits + 2 * i * u->words, u->bits + i * u->words, (size_t)u->words * sizeof *bits);
    free(u->bits);
    u->bits = bits;
    u->words *= 2;
    return 1;
}

/* The first colour that no row of column j has; it counts as used then. -1: the sets are too small. */
static int64_t take_color(Used *u, const Pattern *a, int64_t j)
{
    for (int64_t w = 0; w < u->words; w++) {
        uint32_t taken = 0;
        for (int64_t p = a->start[j]; p < a->start[j + 1]; p++) taken |= u->bits[a->row[p] * u->words + w];
        if (!~taken) continue;
        const int bit = __builtin_ctz(~taken);
        for (int64_t p = a->start[j]; p < a->start[j + 1]; p++)
            u->bits[a->row[p] * u->words + w] |= (uint32_t)1 << bit;
        return w * WORD + bit;
    }
    return -1;
}

/* The fullest rows, which would cost the square of their length to scan: sets of the colours used in each. */
typedef struct {
    int64_t *slot;  /* of each row; -1: it is scanned */
    uint64_t *bits; /* words for each slot */
    int64_t *open;  /* for each slot, a colour below which all are used */
    int64_t count, words;
} Full;

static int full_rows(Full *f, const Pattern *a, const Pattern *t)
{
    const int64_t limit = 4 * a->start[a->columns] + 4096;
    f->words = a->columns / LONG_WORD + 1;
    f->slot = filled(a->rows, -1);
    if (!f->slot) return 0;
    for (int64_t longest = 256; !f->bits; longest *= 2) {
        f->count = 0;
        for (int64_t i = 0; i < a->rows; i++) f->count += t->start[i + 1] - t->start[i] > longest;
        if (f->count * f->words > limit) continue;
        f->bits = cleared(f->count * f->words, sizeof *f->bits);
        f->open = filled(f->count, 0);
        if (!f->bits || !f->open) return 0;
        int64_t slot = 0;
        for (int64_t i = 0; i < a->rows; i++)
            if (t->start[i + 1] - t->start[i] > longest) f->slot[i] = slot++;
    }
    return 1;
}

static int is_used(const Full *f, int64_t slot, int64_t c)
{
    return f->bits[slot * f->words + c / LONG_WORD] >> (c % LONG_WORD) & 1;
}

static void use(Full *f, int64_t slot, int64_t c)
{
    f->bits[slot * f->words + c / LONG_WORD] |= (uint64_t)1 << (c % LONG_WORD);
    while (is_used(f, slot, f->open[slot])) f->open[slot]++;
}

/* The first colour from c on that no full row of column j has. */
static int64_t skip_used(const Full *f, const Pattern *a, int64_t j, int64_t c)
{
    for (int64_t p = a->start[j]; p < a->start[j + 1]; p++) {
        const int64_t slot = f->slot[a->row[p]];
        if (slot < 0) continue;
        if (f->open[slot] > c) {
            c = f->open[slot];
            p = a->start[j] - 1; /* rows before may have this one */
        } else if (is_used(f, slot, c)) {
            c++;
            p = a->start[j] - 1;
        }
    }
    return c;
}

/* Forbids column j the colours in its rows that are scanned. */
static void scan_column(const Full *f, const Pattern *a, const Pattern *t, int64_t j, const int64_t *color,
                        int64_t *forbidden)
{
    for (int64_t p = a->start[j]; p < a->start[j + 1]; p++) {
        const int64_t i = a->row[p];
        if (f->slot[i] >= 0) continue;
        for (int64_t q = t->start[i]; q < t->start[i + 1]; q++)
            forbidden[color[t->row[q]] + 1] = j; /* place 0 takes the columns without colour */
    }
}

/* Algorithm 3.2 of Gebremedhin, Manne and Pothen, from place `k` of the order on. */
static int64_t scan_rows(const Pattern *a, const Pattern *t, const int64_t *order, int64_t k, int64_t most,
                         int64_t *color)
{
    Full f = {0};
    int64_t *forbidden = filled(a->columns + 2, -1), count = COLORING_NO_MEMORY;
    if (!forbidden || !full_rows(&f, a, t)) goto done;
    count = 0;
    for (int64_t j = 0; j < a->columns; j++)
        if (color[j] >= 0) {
            count = color[j] >= count ? color[j] + 1 : count;
            for (int64_t p = a->start[j]; p < a->start[j + 1]; p++)
                if (f.slot[a->row[p]] >= 0) use(&f, f.slot[a->row[p]], color[j]);
        }
    for (; k < a->columns && count < most; k++) {
        const int64_t j = order ? order[k] : k;
        scan_column(&f, a, t, j, color, forbidden);
        int64_t c = skip_used(&f, a, j, 0);
        while (forbidden[c + 1] == j) c = skip_used(&f, a, j, c + 1);
        color[j] = c;
        count = c >= count ? c + 1 : count;
        for (int64_t p = a->start[j]; p < a->start[j + 1]; p++)
            if (f.slot[a->row[p]] >= 0) use(&f, f.slot[a->row[p]], c);
    }
done:
    free(forbidden), free(f.slot), free(f.bits), free(f.open);
    return count;
}

/* Sets of colours in each row take the place of a scan of the row: the same colours for a fraction of the work. Where
 * a row is so full that the sets would take more memory than the pattern, the rows are scanned. */
int64_t color_distance2(const Pattern *a, const Pattern *t, const int64_t *order, int64_t most, int64_t *color)
{
    const int64_t n = a->columns, limit = 4 * a->start[n] + 4096;
    Used u = {.bits = cleared(a->rows, sizeof *u.bits), .rows = a->rows, .words = 1};
    int64_t count = 0, k = 0;
    if (!u.bits) return COLORING_NO_MEMORY;
    for (; k < n && count < most; k++) {
        const int64_t j = order ? order[k] : k;
        int64_t c = take_color(&u, a, j);
        while (c < 0 && 2 * u.rows * u.words <= limit) {
            if (!widen(&u)) goto failed;
            c = take_color(&u, a, j);
        }
        if (c < 0) break;
        color[j] = c;
        count = c >= count ? c + 1 : count;
    }
    free(u.bits);
    if (k == n || count >= most) return count;
    for (int64_t rest = k; rest < n; rest++) color[order ? order[rest] : rest] = -1;
    return t ? scan_rows(a, t, order, k, most, color) : COLORING_NEEDS_TRANSPOSE;
failed:
    free(u.bits);
    return COLORING_NO_MEMORY;
}

/* ---- star and acyclic colouring ------------------------------------------------------------------------------ */

/* Working memory of both; edges are named by the first of their two entries. */
typedef struct {
    const Pattern *g;
    const int64_t *mate;
    int64_t *color;
    int64_t *forbidden;    /* vertex for which a colour is forbidden */
    int64_t *first_of;     /* for each colour: vertex that saw it last, */
    int64_t *first_entry;  /* and its first entry there: (neighbour, vertex) */
    int64_t *treated;
} Work;

static int work_new(Work *w, const Pattern *g, const int64_t *mate, int64_t *color)
{
    const int64_t n = g->columns;
    *w = (Work){g, mate, color, filled(n + 1, -1), filled(n + 1, -1), filled(n + 1, -1), filled(n + 1, -1)};
    for (int64_t j = 0; j < n; j++) color[j] = -1;
    return w->forbidden && w->first_of && w->first_entry && w->treated;
}

static void work_free(Work *w)
{
    free(w->forbidden), free(w->first_of), free(w->first_entry), free(w->treated);
}

static int64_t edge_of(const Work *w, int64_t p) { return p < w->mate[p] ? p : w->mate[p]; }

static int64_t first_allowed(const Work *w, int64_t v)
{
    int64_t c = 0;
    while (w->forbidden[c] == v) c++;
    return c;
}

/* Forbids vertex v the colours of the neighbours of w. */
static void forbid_around(Work *k, int64_t v, int64_t w)
{
    for (int64_t q = k->g->start[w]; q < k->g->start[w + 1]; q++) {
        const int64_t x = k->g->row[q];
        if (x != w && k->color[x] >= 0) k->forbidden[k->color[x]] = v;
    }
    k->treated[w] = v;
}

/* Two-coloured stars: the star of each edge, and the hub of each star: -1 - vertex while it has one edge. */
typedef struct {
    int64_t *of, *hub, count;
} Stars;

/* Forbids what would give vertex v a two-coloured path on four vertices. */
static void star_forbid(Work *k, const Stars *s, int64_t v)
{
    const Pattern *g = k->g;
    for (int64_t p = g->start[v]; p < g->start[v + 1]; p++) {
        const int64_t w = g->row[p], c = k->color[w];
        if (w == v || c < 0) continue;
        k->forbidden[c] = v;
        if (k->first_of[c] == v) {
            const int64_t q = g->row[k->first_entry[c]];
            if (k->treated[q] != v) forbid_around(k, v, q);
            forbid_around(k, v, w);
            continue;
        }
        k->first_of[c] = v;
        k->first_entry[c] = p;
        for (int64_t q = g->start[w]; q < g->start[w + 1]; q++) {
            const int64_t x = g->row[q];
            if (x == w || x == v || k->color[x] < 0) continue;
            if (s->hub[s->of[edge_of(k, q)]] == x) k->forbidden[k->color[x]] = v;
        }
    }
}

/* The star that edge (v, w) joins: one around w, one around v, or a new one. */
static int64_t star_joined(Work *k, Stars *s, int64_t v, int64_t w)
{
    const Pattern *g = k->g;
    for (int64_t q = g->start[w]; q < g->start[w + 1]; q++) {
        const int64_t x = g->row[q];
        if (x == w || x == v || k->color[x] != k->color[v]) continue;
        const int64_t star = s->of[edge_of(k, q)];
        s->hub[star] = w;
        return star;
    }
    const int64_t c = k->color[w], first = k->first_entry[c];
    if (k->first_of[c] == v && g->row[first] != w) {
        const int64_t star = s->of[edge_of(k, first)];
        s->hub[star] = v;
        return star;
    }
    s->hub[s->count] = -1 - (v > w ? v : w);
    return s->count++;
}

/* Gives colours that nothing reads to nobody and closes the gaps; the number of colours that are left. */
static int64_t drop_unused(int64_t *color, int64_t n, const int64_t *used, int64_t *renamed)
{
    int64_t count = 0;
    for (int64_t c = 0; c < n; c++) renamed[c] = used[c] ? count++ : -1;
    for (int64_t j = 0; j < n; j++) color[j] = renamed[color[j]];
    return count;
}

/* From which end each entry is read: from the spoke, in the colour of the hub. Edges that are stars by themselves take
 * the end whose colour is read anyway. */
static void star_readers(const Work *k, Stars *s, int64_t *used, int64_t *reader)
{
    const Pattern *g = k->g;
    for (int64_t i = 0; i < s->count; i++)
        if (s->hub[i] >= 0) used[k->color[s->hub[i]]] = 1;
    for (int64_t j = 0; j < g->columns; j++)
        for (int64_t p = g->start[j]; p < g->start[j + 1]; p++)
            if (g->row[p] == j) used[k->color[j]] = 1;
    for (int64_t j = 0; j < g->columns; j++)
        for (int64_t p = g->start[j]; p < g->start[j + 1]; p++) {
            const int64_t i = g->row[p];
            reader[p] = j;
            if (i == j) continue;
            int64_t *hub = &s->hub[s->of[edge_of(k, p)]];
            if (*hub < 0) {
                const int64_t chosen = -1 - *hub, other = i + j - chosen;
                *hub = used[k->color[other]] ? other : chosen;
                used[k->color[*hub]] = 1;
            }
            reader[p] = i + j - *hub;
        }
}

/* Algorithm 4.1 of A. H. Gebremedhin, A. Tarafdar, F. Manne, A. Pothen, "New acyclic and star coloring algorithms with
 * application to computing Hessians", SIAM J. Sci. Comput. 29 (2007). */
int64_t color_star(const Pattern *g, const int64_t *mate, const int64_t *order, int64_t *color, int64_t *reader)
{
    const int64_t n = g->columns, entries = g->start[n];
    int64_t count = COLORING_NO_MEMORY;
    Work k;
    Stars s = {filled(entries, 0), filled(entries, 0), 0};
    int64_t *used = filled(n, 0);
    if (!work_new(&k, g, mate, color) || !s.of || !s.hub || !used) goto done;
    for (int64_t place = 0; place < n; place++) {
        const int64_t v = order ? order[place] : place;
        star_forbid(&k, &s, v);
        color[v] = first_allowed(&k, v);
        for (int64_t p = g->start[v]; p < g->start[v + 1]; p++) {
            const int64_t w = g->row[p];
            if (w != v && color[w] >= 0) s.of[edge_of(&k, p)] = star_joined(&k, &s, v, w);
        }
    }
    star_readers(&k, &s, used, reader);
    count = drop_unused(color, n, used, k.treated);
done:
    work_free(&k);
    free(s.of), free(s.hub), free(used);
    return count;
}

/* Two-coloured trees as sets of edges. */
typedef struct {
    int64_t *parent, *rank;
    int64_t *visitor, *through; /* of each tree: the vertex that saw it last, and the neighbour that led there */
} Trees;

static int64_t root_of(Trees *t, int64_t e)
{
    while (t->parent[e] != e) {
        t->parent[e] = t->parent[t->parent[e]];
        e = t->parent[e];
    }
    return e;
}

static void unite(Trees *t, int64_t e, int64_t f)
{
    e = root_of(t, e), f = root_of(t, f);
    if (e == f) return;
    if (t->rank[e] < t->rank[f]) {
        const int64_t other = e;
        e = f, f = other;
    }
    t->rank[e] += t->rank[e] == t->rank[f];
    t->parent[f] = e;
}

/* Forbids vertex v the colours of its neighbours, and of trees which it would close to a cycle. */
static void tree_forbid(Work *k, Trees *t, int64_t v)
{
    const Pattern *g = k->g;
    for (int64_t p = g->start[v]; p < g->start[v + 1]; p++) {
        const int64_t w = g->row[p];
        if (w != v && k->color[w] >= 0) k->forbidden[k->color[w]] = v;
    }
    for (int64_t p = g->start[v]; p < g->start[v + 1]; p++) {
        const int64_t w = g->row[p];
        if (w == v || k->color[w] < 0) continue;
        for (int64_t q = g->start[w]; q < g->start[w + 1]; q++) {
            const int64_t x = g->row[q];
            if (x == w || k->color[x] < 0 || k->forbidden[k->color[x]] == v) continue;
            const int64_t tree = root_of(t, edge_of(k, q));
            if (t->visitor[tree] != v) {
                t->visitor[tree] = v;
                t->through[tree] = w;
            } else if (t->through[tree] != w) {
                k->forbidden[k->color[x]] = v;
            }
        }
    }
}

/* Joins the trees that the edges of vertex v, which has its colour now, connect. */
static void tree_grow(Work *k, Trees *t, int64_t v)
{
    const Pattern *g = k->g;
    for (int64_t p = g->start[v]; p < g->start[v + 1]; p++) {
        const int64_t w = g->row[p], c = k->color[w];
        if (w == v || c < 0) continue;
        if (k->first_of[c] == v) {
            unite(t, edge_of(k, p), edge_of(k, k->first_entry[c]));
        } else {
            k->first_of[c] = v;
            k->first_entry[c] = p;
        }
        for (int64_t q = g->start[w]; q < g->start[w + 1]; q++) {
            const int64_t x = g->row[q];
            if (x != w && x != v && k->color[x] == k->color[v]) unite(t, edge_of(k, p), edge_of(k, q));
        }
    }
}

/* A slot is a vertex within one of its trees: its number of edges not yet solved, and the exclusive or of their
 * entries, which for the last one left is the entry itself. */
typedef struct {
    int64_t *of, *degree, *entries, *queue, count;
} Slots;

static void slots_fill(const Work *k, Trees *t, Slots *s)
{
    const Pattern *g = k->g;
    int64_t *visitor = t->visitor, *slot = t->through;
    for (int64_t p = 0; p < g->start[g->columns]; p++) visitor[p] = -1;
    for (int64_t j = 0; j < g->columns; j++)
        for (int64_t p = g->start[j]; p < g->start[j + 1]; p++) {
            if (g->row[p] == j) continue;
            const int64_t tree = root_of(t, edge_of(k, p));
            if (visitor[tree] != j) {
                visitor[tree] = j;
                slot[tree] = s->count++;
            }
            s->of[p] = slot[tree];
            s->degree[slot[tree]]++;
            s->entries[slot[tree]] ^= p;
        }
}

/* One step: entry p = (parent, leaf) is solved. */
static void solve_entry(const Work *k, Slots *s, Substitution *plan, int64_t p, int64_t *used)
{
    const int64_t q = k->mate[p], leaf = s->of[p], parent = s->of[q];
    plan->entry[plan->steps] = p;
    plan->leaf_slot[plan->steps] = leaf;
    plan->parent_slot[plan->steps++] = parent;
    s->degree[leaf] = 0;
    s->degree[parent]--;
    s->entries[parent] ^= q;
    used[k->color[k->g->row[p]]] = 1;
}

/* Solves the trees from their leaves. Edges that are trees by themselves come last: either end may be the leaf. */
static void plan_steps(const Work *k, Slots *s, Substitution *plan, int64_t *used)
{
    int64_t first = 0, last = 0;
    for (int64_t i = 0; i < s->count; i++) {
        const int single = s->degree[i] == 1 && s->degree[s->of[k->mate[s->entries[i]]]] == 1;
        if (s->degree[i] == 1 && !single) s->queue[last++] = i;
    }
    while (first < last) {
        const int64_t leaf = s->queue[first++];
        if (!s->degree[leaf]) continue;
        const int64_t p = s->entries[leaf], parent = s->of[k->mate[p]];
        solve_entry(k, s, plan, p, used);
        if (s->degree[parent] == 1) s->queue[last++] = parent;
    }
    for (int64_t i = 0; i < s->count; i++) {
        if (s->degree[i] != 1) continue;
        const int64_t p = s->entries[i], q = k->mate[p];
        solve_entry(k, s, plan, used[k->color[k->g->row[q]]] ? q : p, used);
    }
}

static int64_t finish_acyclic(const Work *k, Trees *t, Substitution *plan)
{
    const int64_t n = k->g->columns, entries = k->g->start[n];
    Slots s = {filled(entries, 0), filled(entries, 0), filled(entries, 0), filled(entries, 0), 0};
    int64_t *used = filled(n, 0), count = COLORING_NO_MEMORY;
    if (!s.of || !s.degree || !s.entries || !s.queue || !used) goto done;
    for (int64_t j = 0; j < n; j++)
        for (int64_t p = k->g->start[j]; p < k->g->start[j + 1]; p++)
            if (k->g->row[p] == j) used[k->color[j]] = 1;
    slots_fill(k, t, &s);
    plan->steps = 0;
    plan->slots = s.count;
    plan_steps(k, &s, plan, used);
    count = drop_unused(k->color, n, used, k->treated);
done:
    free(s.of), free(s.degree), free(s.entries), free(s.queue), free(used);
    return count;
}

/* Algorithm 3.1 of the same paper. */
int64_t color_acyclic(const Pattern *g, const int64_t *mate, const int64_t *order, int64_t *color, Substitution *plan)
{
    const int64_t n = g->columns, entries = g->start[n];
    int64_t count = COLORING_NO_MEMORY;
    Work k;
    Trees t = {filled(entries, 0), filled(entries, 0), filled(entries, -1), filled(entries, -1)};
    if (!work_new(&k, g, mate, color) || !t.parent || !t.rank || !t.visitor || !t.through) goto done;
    for (int64_t p = 0; p < entries; p++) t.parent[p] = p;
    for (int64_t place = 0; place < n; place++) {
        const int64_t v = order ? order[place] : place;
        tree_forbid(&k, &t, v);
        color[v] = first_allowed(&k, v);
        tree_grow(&k, &t, v);
    }
    count = finish_acyclic(&k, &t, plan);
done:
    work_free(&k);
    free(t.parent), free(t.rank), free(t.visitor), free(t.through);
    return count;
}

/* ---- compression and recovery -------------------------------------------------------------------------------- */

void gather32(double *restrict out, const double *restrict in, const int32_t *restrict index, int64_t count)
{
    for (int64_t k = 0; k < count; k++) out[k] = in[index[k]];
}

void gather64(double *restrict out, const double *restrict in, const int64_t *restrict index, int64_t count)
{
    for (int64_t k = 0; k < count; k++) out[k] = in[index[k]];
}

void scatter32(double *restrict out, const int32_t *restrict target, const double *restrict in,
               const int32_t *restrict index, int64_t count)
{
    for (int64_t k = 0; k < count; k++) out[target[k]] = in[index[k]];
}

void scatter64(double *restrict out, const int64_t *restrict target, const double *restrict in,
               const int64_t *restrict index, int64_t count)
{
    for (int64_t k = 0; k < count; k++) out[target[k]] = in[index[k]];
}

void substitute(double *restrict out, const double *restrict in, const int64_t *restrict read, const Substitution *plan,
                const int64_t *restrict mate, double *restrict sum)
{
    memset(sum, 0, (size_t)plan->slots * sizeof *sum);
    for (int64_t s = 0; s < plan->steps; s++) {
        const double value = in[read[s]] - sum[plan->leaf_slot[s]];
        const int64_t p = plan->entry[s];
        sum[plan->parent_slot[s]] += value;
        out[p] = value;
        out[mate[p]] = value;
    }
}

void seed_rows(double *restrict out, const int64_t *restrict color, int64_t columns, int64_t first, int64_t count)
{
    enum { BLOCK = 512 }; /* columns whose rows stay in the innermost cache */
    for (int64_t from = 0; from < columns; from += BLOCK) {
        const int64_t to = from + BLOCK < columns ? from + BLOCK : columns;
        for (int64_t k = 0; k < count; k++) memset(out + k * columns + from, 0, (size_t)(to - from) * sizeof *out);
        for (int64_t j = from; j < to; j++) {
            double nowhere, *place = &nowhere; /* in place of a branch that cannot be foreseen */
            const int64_t k = color[j] - first;
            if (k >= 0 && k < count) place = out + k * columns + j;
            *place = 1;
        }
    }
}
