#include "drive.h"

#include <stdlib.h>
#include <string.h>

#include "fpstatus.h"
#include "kernels.h"

/* The kernels of one width, so that the driver is written once. */
typedef struct {
    size_t size;
    void (*arithmetic[4])(ptrdiff_t, const void *, const void *, void *); /* in the order of OP_... */
    void (*negate)(ptrdiff_t, const void *, void *);
    void (*tangent1)(ptrdiff_t, const void *, const void *, void *);
    void (*tangent2)(ptrdiff_t, const void *, const void *, const void *, const void *, void *);
    void (*second1)(ptrdiff_t, double, const void *, const void *, const void *, void *);
    void (*second2)(ptrdiff_t, double, const void *, const void *, const void *, const void *, const void *, void *);
    void (*cross)(ptrdiff_t, double, const void *, const void *, const void *, const void *, void *);
    void (*quotient)(ptrdiff_t, const void *, const void *, void *, void *);
    void (*support)(ptrdiff_t, const void *, ptrdiff_t *, ptrdiff_t *);
    void (*gather)(ptrdiff_t, const char *, ptrdiff_t, void *);
    void (*scatter)(ptrdiff_t, const void *, char *, ptrdiff_t);
} Kernels;

#define WRAP(S, real)                                                                                               \
    static void add_##S(ptrdiff_t n, const void *x, const void *y, void *z) { k_add_##S(n, x, y, z); }              \
    static void subtract_##S(ptrdiff_t n, const void *x, const void *y, void *z) { k_subtract_##S(n, x, y, z); }    \
    static void multiply_##S(ptrdiff_t n, const void *x, const void *y, void *z) { k_multiply_##S(n, x, y, z); }    \
    static void divide_##S(ptrdiff_t n, const void *x, const void *y, void *z) { k_divide_##S(n, x, y, z); }        \
    static void negate_##S(ptrdiff_t n, const void *x, void *z) { k_negate_##S(n, x, z); }                          \
    static void tangent1_##S(ptrdiff_t n, const void *d, const void *t, void *o) { k_tangent1_##S(n, d, t, o); }    \
    static void tangent2_##S(ptrdiff_t n, const void *dx, const void *tx, const void *dy, const void *ty, void *o)  \
    {                                                                                                               \
        k_tangent2_##S(n, dx, tx, dy, ty, o);                                                                       \
    }                                                                                                               \
    static void second1_##S(ptrdiff_t n, double w, const void *d, const void *p, const void *q, void *o)                      \
    {                                                                                                               \
        k_second1_##S(n, (real)w, d, p, q, o);                                                                               \
    }                                                                                                               \
    static void second2_##S(ptrdiff_t n, double w, const void *d, const void *px, const void *qy, const void *py,             \
                            const void *qx, void *o)                                                                \
    {                                                                                                               \
        k_second2_##S(n, (real)w, d, px, qy, py, qx, o);                                                                     \
    }                                                                                                               \
    static void cross_##S(ptrdiff_t n, double w, const void *px, const void *qy, const void *py, const void *qx, void *o)     \
    {                                                                                                               \
        k_cross_##S(n, (real)w, px, qy, py, qx, o);                                                                          \
    }                                                                                                               \
    static void quotient_##S(ptrdiff_t n, const void *y, const void *z, void *dx, void *dy)                         \
    {                                                                                                               \
        k_quotient_##S(n, y, z, dx, dy);                                                                            \
    }                                                                                                               \
    static void support_##S(ptrdiff_t n, const void *x, ptrdiff_t *from, ptrdiff_t *to)                             \
    {                                                                                                               \
        k_support_##S(n, x, from, to);                                                                              \
    }                                                                                                               \
    static void gather_##S(ptrdiff_t n, const char *x, ptrdiff_t s, void *z) { k_gather_##S(n, x, s, z); }          \
    static void scatter_##S(ptrdiff_t n, const void *x, char *z, ptrdiff_t s) { k_scatter_##S(n, x, z, s); }

WRAP(f64, double)
WRAP(f32, float)

#define KERNELS(S, real)                                                                                            \
    {sizeof(real), {add_##S, subtract_##S, multiply_##S, divide_##S}, negate_##S, tangent1_##S, tangent2_##S,       \
     second1_##S, second2_##S, cross_##S, quotient_##S, support_##S, gather_##S, scatter_##S}

static const Kernels kernels[2] = {KERNELS(f64, double), KERNELS(f32, float)};

/* Scratch memory of one call. A buffer is touched only where it is needed. */
typedef struct {
    double x[BLOCK], y[BLOCK], z[BLOCK], aux[BLOCK], arg[BLOCK], dx[BLOCK], dy[BLOCK], tx[BLOCK], ty[BLOCK], t[BLOCK];
    double dxx[BLOCK], dxy[BLOCK], dyy[BLOCK], pair[2][2][BLOCK]; /* pair: by operand, first and second */
} Scratch;

/* The partial derivatives of a block; NULL for those that are zero or not wanted. */
typedef struct {
    const void *dx, *dy, *dxx, *dxy, *dyy;
} Partials;

/* A component of a block is zero outside of from..to: for a unit direction that leaves one element. */
typedef struct {
    int component;
    ptrdiff_t from, to;
} Support;

typedef struct {
    const Operation *op;
    const Kernels *k;
    int width, flags, status;
    int ncomp_in[2], ncomp_out;
    int in_place;                  /* the result overwrites an input */
    int wants_partials;
    int single;                    /* one element in all: NumPy's loops then see strides of 0 */
    ptrdiff_t step_in[2], step_out;         /* innermost strides */
    ptrdiff_t component_in[2], component_out;
    int scalar_is_loaded[2];       /* a broadcast innermost operand keeps its block between calls */
    Algebra algebra;
    Register *registers;           /* of the program of a power series */
    Support support[2];            /* of the component of each operand that was looked at last; 0 for none */
    Scratch *s;
} Job;

/* Component c of an input block as a contiguous array. */
static const void *piece(const Job *job, int which, const char *base, int c, ptrdiff_t n, void *scratch)
{
    const char *p = base + c * job->component_in[which];
    if (job->step_in[which] == (ptrdiff_t)job->k->size) return p;
    job->k->gather(n, p, job->step_in[which], scratch);
    return scratch;
}

/* The strides are those that NumPy would pass: some loops take short cuts for a scalar operand. */
static void run_numpy(Job *job, const NumpyLoop *f, int nin, ptrdiff_t n, const void *x, const void *y, void *z)
{
    const ptrdiff_t size = job->single ? 0 : (ptrdiff_t)job->k->size;
    char *args[3] = {(char *)x, nin == 2 ? (char *)y : z, z};
    const ptrdiff_t steps[3] = {nin == 2 && job->scalar_is_loaded[0] ? 0 : size,
                                nin == 2 && job->scalar_is_loaded[1] ? 0 : size, size};
    f->loop(args, &n, steps, f->data);
}

/* The value of a block: z[0..n). */
static void block_value(Job *job, ptrdiff_t n, const void *x, const void *y, void *z)
{
    fp_clear();
    if (job->wants_partials && job->width == 0 && job->op->pair == PAIR_SINE) k_sincos(n, x, z, job->s->aux);
    else if (job->wants_partials && job->width == 0 && job->op->pair == PAIR_COSINE) k_sincos(n, x, job->s->aux, z);
    else if (job->op->code < OP_NEGATE) job->k->arithmetic[job->op->code](n, x, y, z);
    else if (job->op->code == OP_NEGATE) job->k->negate(n, x, z);
    else run_numpy(job, &job->op->value[job->width], job->op->nin, n, x, y, z);
    job->status |= fp_status();
}

static const void *auxiliary(Job *job, ptrdiff_t n, const void *x, const void *y, const void *z)
{
    const Operation *op = job->op;
    Scratch *s = job->s;
    if (op->pair && job->width == 0 && !(job->flags & VALUE_IS_DONE)) return s->aux;
    if (!op->aux[job->width].loop) return x;
    const void *arg = x;
    if (!op->arg_is_x) op->function->arg[job->width](n, x, y, z, x, x, x, s->arg), arg = s->arg;
    run_numpy(job, &op->aux[job->width], 1, n, arg, NULL, s->aux);
    return s->aux;
}

/* The first derivatives that the tangents at hand ask for (all of them, for the second ones), and a = aux(...). */
static Partials block_partials(Job *job, ptrdiff_t n, const void *x, const void *y, const void *z, const void **a)
{
    const Operation *op = job->op;
    Scratch *s = job->s;
    Partials d = {.dx = s->dx, .dy = s->dy};
    *a = x;
    if (op->code == OP_MULTIPLY) {
        d.dx = y, d.dy = x;
        return d;
    }
    if (op->code == OP_DIVIDE) {
        job->k->quotient(n, y, z, s->dx, s->dy);
        return d;
    }
    const Function *f = op->function;
    const int all = job->algebra.pairs && op->nin == 2;
    *a = auxiliary(job, n, x, y, z);
    if (op->ready[0]) d.dx = op->ready[0] == READY_AUX ? *a : z;
    else if (job->ncomp_in[0] > 1 || all) f->partial[job->width][0](n, x, y, z, *a, x, x, s->dx);
    if (op->ready[1]) d.dy = op->ready[1] == READY_AUX ? *a : z;
    else if (job->ncomp_in[1] > 1 || all) f->partial[job->width][1](n, x, y, z, *a, x, x, s->dy);
    return d;
}

/* Second derivative `which` of the table, NULL where the table has a zero. */
static const void *second_partial(Job *job, int which, ptrdiff_t n, const void *x, const void *y, const void *z,
                                  const void *a, const Partials *d, void *scratch)
{
    const Function *f = job->op->function;
    if (!strcmp(f->text[which], "0")) return NULL;
    f->partial[job->width][which](n, x, y, z, a, d->dx, d->dy, scratch);
    return scratch;
}

static void second_partials(Job *job, ptrdiff_t n, const void *x, const void *y, const void *z, const void *a,
                            Partials *d)
{
    Scratch *s = job->s;
    const int has_x = job->ncomp_in[0] > 1, has_y = job->ncomp_in[1] > 1;
    if (job->op->nin == 1) d->dxx = second_partial(job, 1, n, x, y, z, a, d, s->dxx);
    else if (job->op->code != OP_MULTIPLY) {
        if (has_x) d->dxx = second_partial(job, 2, n, x, y, z, a, d, s->dxx);
        if (has_x && has_y) d->dxy = second_partial(job, 3, n, x, y, z, a, d, s->dxy);
        if (has_y) d->dyy = second_partial(job, 4, n, x, y, z, a, d, s->dyy);
    }
}

static void widen(Job *job, int which, int component, ptrdiff_t n, const void *tangents, ptrdiff_t *from, ptrdiff_t *to)
{
    Support *s = &job->support[which];
    if (s->component != component) {
        s->component = component;
        job->k->support(n, tangents, &s->from, &s->to);
    }
    if (s->from < *from) *from = s->from;
    if (s->to > *to) *to = s->to;
}

/* What the second derivatives add to a component: f'' times a product of two lower components, where it is not zero. */
static void block_pair(Job *job, ptrdiff_t n, Pair pair, const char *in0, const char *in1, const Partials *d, void *o)
{
    const char *in[2] = {in0, in1}, *first[2] = {NULL, NULL}, *second[2] = {NULL, NULL};
    ptrdiff_t from = n, to = 0;
    for (int i = 0; i < job->op->nin; i++) {
        if (job->ncomp_in[i] == 1) continue;
        first[i] = piece(job, i, in[i], pair.first, n, job->s->pair[i][0]);
        second[i] = piece(job, i, in[i], pair.second, n, job->s->pair[i][1]);
        widen(job, i, pair.first, n, first[i], &from, &to);
    }
    if (from >= to) return;
    const ptrdiff_t skip = from * (ptrdiff_t)job->k->size;
#define FROM(p) ((p) ? (const char *)(p) + skip : NULL)
    const void *p0 = FROM(first[0]), *q0 = FROM(second[0]), *p1 = FROM(first[1]), *q1 = FROM(second[1]);
    const void *dxx = FROM(d->dxx), *dxy = FROM(d->dxy), *dyy = FROM(d->dyy);
#undef FROM
    void *sum = (char *)o + skip;
    n = to - from;
    if (dxx) job->k->second1(n, pair.weight, dxx, p0, q0, sum);
    if (dyy) job->k->second1(n, pair.weight, dyy, p1, q1, sum);
    if (!p0 || !p1) return;
    if (job->op->code == OP_MULTIPLY) job->k->cross(n, pair.weight, p0, q1, p1, q0, sum);
    else if (dxy) job->k->second2(n, pair.weight, dxy, p0, q1, p1, q0, sum);
}

/* A tangent of the result, from those of the inputs, NULL for an input that has none. */
static void tangent_of(const Job *job, ptrdiff_t n, const void *t0, const void *t1, const Partials *d, void *o)
{
    const int code = job->op->code;
    if (!t0 && !t1) memset(o, 0, (size_t)n * job->k->size);
    else if (code == OP_NEGATE || (code == OP_SUBTRACT && !t0)) job->k->negate(n, t0 ? t0 : t1, o);
    else if (code == OP_ADD || code == OP_SUBTRACT) {
        if (t0 && t1) job->k->arithmetic[code](n, t0, t1, o);
        else if (o != (t0 ? t0 : t1)) memmove(o, t0 ? t0 : t1, (size_t)n * job->k->size);
    }
    else if (t0 && t1) job->k->tangent2(n, d->dx, t0, d->dy, t1, o);
    else job->k->tangent1(n, t0 ? d->dx : d->dy, t0 ? t0 : t1, o);
}

static void block_tangent(Job *job, ptrdiff_t n, int c, const char *in0, const char *in1, const Partials *d, void *o)
{
    const void *t0 = c < job->ncomp_in[0] ? piece(job, 0, in0, c, n, job->s->tx) : NULL;
    const void *t1 = c < job->ncomp_in[1] ? piece(job, 1, in1, c, n, job->s->ty) : NULL;
    tangent_of(job, n, t0, t1, d, o);
}

/* All components beyond the value, from the last: a result that overwrites an operand leaves the lower ones of it, of
 * which products are made. */
static void block_components(Job *job, ptrdiff_t n, const void *x, const void *y, const void *z, const char *in0,
                             const char *in1, char *out, int contiguous)
{
    const void *a;
    Partials d = {0};
    const Pair *pairs = job->wants_partials ? job->algebra.pairs : NULL;
    if (job->wants_partials) d = block_partials(job, n, x, y, z, &a);
    if (pairs) second_partials(job, n, x, y, z, a, &d);
    job->support[0].component = job->support[1].component = 0;
    for (int c = job->ncomp_out - 1; c > 0; c--) {
        char *o = out + c * job->component_out;
        void *t = contiguous ? (void *)o : (void *)job->s->t;
        block_tangent(job, n, c, in0, in1, &d, t);
        if (pairs && pairs[c].first) block_pair(job, n, pairs[c], in0, in1, &d, t);
        if (!contiguous) job->k->scatter(n, job->s->t, o, job->step_out);
    }
}

/* Sums and products do not read the result, so that one in place computes the value last, without a copy. */
static int value_may_come_last(const Operation *op)
{
    return op->code == OP_ADD || op->code == OP_SUBTRACT || op->code == OP_MULTIPLY || op->code == OP_NEGATE;
}

static void block(Job *job, ptrdiff_t n, const char *in0, const char *in1, char *out)
{
    const ptrdiff_t size = (ptrdiff_t)job->k->size;
    const int contiguous = job->step_out == size;
    Scratch *s = job->s;
    const void *x = job->scalar_is_loaded[0] ? s->x : piece(job, 0, in0, 0, n, s->x);
    const void *y = job->op->nin == 1 ? x : job->scalar_is_loaded[1] ? s->y : piece(job, 1, in1, 0, n, s->y);
    /* a result that overwrites its input must not do so before the derivatives have read it */
    const int last = job->in_place && contiguous && value_may_come_last(job->op);
    void *z = contiguous && (!job->in_place || last) ? out : (void *)s->z;
    if (last) {}
    else if (!(job->flags & VALUE_IS_DONE)) block_value(job, n, x, y, z);
    else if (!contiguous) job->k->gather(n, out, job->step_out, z);
    else z = out;

    if (job->op->root) fp_clear();
    block_components(job, n, x, y, z, in0, in1, out, contiguous);
    if (job->op->root && fp_status() & FE_DIVBYZERO) job->status |= ROOT_AT_ZERO;
    if (last) block_value(job, n, x, y, z);
    else if (z != (void *)out && !(job->flags & VALUE_IS_DONE)) {
        if (contiguous) memcpy(out, z, (size_t)(n * size));
        else job->k->scatter(n, z, out, job->step_out);
    }
}

/* ---- power series ------------------------------------------------------------------------------------------------ */

static void to_double(const Job *job, ptrdiff_t n, const void *x, double *z)
{
    if (job->width == 0) memcpy(z, x, (size_t)n * sizeof *z);
    else
        for (ptrdiff_t i = 0; i < n; i++) z[i] = ((const float *)x)[i];
}

static void from_double(const Job *job, ptrdiff_t n, const double *x, void *z)
{
    if (job->width == 0) memcpy(z, x, (size_t)n * sizeof *x);
    else
        for (ptrdiff_t i = 0; i < n; i++) ((float *)z)[i] = (float)x[i];
}

/* At most SERIES_BLOCK elements: NumPy's value, then the program for the coefficients, in double precision. */
static void block_series(Job *job, ptrdiff_t n, const char *in0, const char *in1, char *out)
{
    const char *in[2] = {in0, in1};
    const Program *program = job->algebra.program;
    Scratch *s = job->s;
    for (int i = 0; i < job->op->nin; i++) {
        job->registers[i].terms = job->ncomp_in[i];
        for (int c = 0; c < job->ncomp_in[i]; c++)
            to_double(job, n, piece(job, i, in[i], c, n, s->t), job->registers[i].data + c * SERIES_BLOCK);
    }
    const void *x = job->scalar_is_loaded[0] ? s->x : piece(job, 0, in0, 0, n, s->x);
    const void *y = job->op->nin == 1 ? x : job->scalar_is_loaded[1] ? s->y : piece(job, 1, in1, 0, n, s->y);
    if (job->flags & VALUE_IS_DONE) job->k->gather(n, out, job->step_out, s->z);
    else block_value(job, n, x, y, s->z);
    Register *result = &job->registers[program->result];
    to_double(job, n, s->z, result->data);
    series_run(program, job->registers, job->ncomp_out - 1, n, 1);
    if (!(job->flags & VALUE_IS_DONE)) job->k->scatter(n, s->z, out, job->step_out);
    for (int c = 1; c < job->ncomp_out; c++) {
        from_double(job, n, result->data + c * SERIES_BLOCK, s->t);
        job->k->scatter(n, s->t, out + c * job->component_out, job->step_out);
    }
}

/* Memory for the registers of a program; NULL if there is none to be had. */
static Register *make_registers(const Program *program, int ncomp)
{
    const size_t count = (size_t)(SERIES_INPUTS + program->length), each = (size_t)ncomp * SERIES_BLOCK;
    Register *registers = malloc(count * (sizeof *registers + each * sizeof(double)));
    if (!registers) return NULL;
    double *data = (double *)(registers + count);
    for (size_t i = 0; i < count; i++) registers[i].data = data + i * each;
    return registers;
}

/* ---- the walk over all dimensions -------------------------------------------------------------------------------- */

/* Merge neighbouring dimensions that every operand walks through in one stride; drop those of length one. */
static int coalesce(int ndim, const ptrdiff_t *shape, int nop, const Operand **ops, ptrdiff_t *dims,
                    ptrdiff_t (*strides)[MAX_DIMS])
{
    int m = 0;
    for (int d = 0; d < ndim; d++) {
        if (shape[d] == 1) continue;
        int mergeable = m > 0;
        for (int i = 0; i < nop && mergeable; i++)
            mergeable = strides[i][m - 1] == ops[i]->stride[d] * shape[d];
        if (!mergeable) dims[m++] = 1;
        dims[m - 1] *= shape[d];
        for (int i = 0; i < nop; i++) strides[i][m - 1] = ops[i]->stride[d];
    }
    return m;
}

/* A block of a scalar operand is filled once and then serves every block of the inner loop. */
static void load_scalars(Job *job, ptrdiff_t n, const char *in0, const char *in1)
{
    const char *in[2] = {in0, in1};
    void *block[2] = {job->s->x, job->s->y};
    for (int i = 0; i < job->op->nin; i++) {
        if (job->step_in[i] != 0) continue;
        job->k->gather(n < BLOCK ? n : BLOCK, in[i], 0, block[i]);
        job->scalar_is_loaded[i] = 1;
    }
}

static void inner(Job *job, ptrdiff_t n, const char *in0, const char *in1, char *out)
{
    const ptrdiff_t most = job->registers ? SERIES_BLOCK : BLOCK;
    load_scalars(job, n, in0, in1);
    for (ptrdiff_t i = 0; i < n; i += most) {
        const ptrdiff_t m = n - i < most ? n - i : most;
        const char *x = in0 + i * job->step_in[0], *y = in1 ? in1 + i * job->step_in[1] : NULL;
        (job->registers ? block_series : block)(job, m, x, y, out + i * job->step_out);
    }
}

int drive(const Operation *op, int width, int ndim, const ptrdiff_t *shape, const Operand *in, const Operand *out,
          int flags, Algebra algebra)
{
    Scratch scratch;
    const Operand *ops[3] = {&in[0], op->nin == 2 ? &in[1] : out, out};
    ptrdiff_t dims[MAX_DIMS], strides[3][MAX_DIMS], index[MAX_DIMS];
    for (int d = 0; d < ndim; d++)
        if (shape[d] == 0) return 0;
    int m = coalesce(ndim, shape, 3, ops, dims, strides);
    for (int d = 0; d < m; d++) index[d] = 0;
    if (m == 0) m = 1, dims[0] = 1, strides[0][0] = strides[1][0] = strides[2][0] = (ptrdiff_t)kernels[width].size;

    Job job; /* no initialiser: clearing it takes longer than an operation on a few elements */
    job.op = op, job.k = &kernels[width], job.s = &scratch, job.algebra = algebra, job.registers = NULL;
    job.width = width, job.flags = flags, job.status = 0;
    job.ncomp_in[0] = in[0].ncomp, job.ncomp_in[1] = op->nin == 2 ? in[1].ncomp : 1, job.ncomp_out = out->ncomp;
    job.component_in[0] = in[0].component, job.component_in[1] = op->nin == 2 ? in[1].component : 0;
    job.component_out = out->component;
    job.step_in[0] = strides[0][m - 1], job.step_in[1] = strides[1][m - 1], job.step_out = strides[2][m - 1];
    job.scalar_is_loaded[0] = job.scalar_is_loaded[1] = 0;
    job.single = m == 1 && dims[0] == 1;
    job.in_place = in[0].data == out->data || (op->nin == 2 && in[1].data == out->data);
    job.wants_partials = (in[0].ncomp > 1 || (op->nin == 2 && in[1].ncomp > 1)) && out->ncomp > 1
        && (op->code == OP_MULTIPLY || op->code == OP_DIVIDE || op->code == OP_TABLE);
    if (algebra.program && out->ncomp > 1) {
        job.registers = make_registers(algebra.program, out->ncomp);
        if (!job.registers) return OUT_OF_MEMORY;
    }
    const char *p0 = in[0].data, *p1 = op->nin == 2 ? in[1].data : NULL;
    char *po = out->data;
    for (;;) {
        inner(&job, dims[m - 1], p0, p1, po);
        int d = m - 2;
        for (; d >= 0; d--) {
            p0 += strides[0][d], po += strides[2][d];
            if (p1) p1 += strides[1][d];
            if (++index[d] < dims[d]) break;
            p0 -= dims[d] * strides[0][d], po -= dims[d] * strides[2][d];
            if (p1) p1 -= dims[d] * strides[1][d];
            index[d] = 0;
        }
        if (d < 0) break;
    }
    free(job.registers);
    return job.status;
}

/* Elements from `from` on of a flat array, or a block of the only element of one that repeats it; `loaded` tells whose
 * element the block holds. */
static const void *flat_block(const Job *job, const Flat *a, ptrdiff_t from, void *block, const char **loaded)
{
    if (!a->data) return NULL;
    if (!a->repeats) return a->data + (size_t)from * job->k->size;
    if (*loaded != a->data) job->k->gather(BLOCK, a->data, 0, block);
    *loaded = a->data;
    return block;
}

void drive_weights(const Operation *op, int width, ptrdiff_t n, const Flat *in, const void *z, int count,
                   const Weighted *terms)
{
    Scratch s;
    Job job = {.op = op, .k = &kernels[width], .width = width, .flags = VALUE_IS_DONE, .s = &s};
    const size_t size = job.k->size;
    const char *loaded[4] = {NULL, NULL, NULL, NULL};
    job.ncomp_in[0] = job.ncomp_in[1] = 1;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < 2; j++)
            if (terms[i].in[j].data) job.ncomp_in[j] = 2;
    const int wants_partials = op->code == OP_MULTIPLY || op->code == OP_DIVIDE || op->code == OP_TABLE;
    for (ptrdiff_t from = 0; from < n; from += BLOCK) {
        const ptrdiff_t m = n - from < BLOCK ? n - from : BLOCK;
        const void *x = flat_block(&job, &in[0], from, s.x, &loaded[0]), *a;
        const void *y = op->nin == 2 ? flat_block(&job, &in[1], from, s.y, &loaded[1]) : x;
        Partials d = {0};
        if (wants_partials) d = block_partials(&job, m, x, y, (const char *)z + (size_t)from * size, &a);
        for (int i = 0; i < count; i++) {
            const void *t0 = flat_block(&job, &terms[i].in[0], from, s.tx, &loaded[2]);
            const void *t1 = flat_block(&job, &terms[i].in[1], from, s.ty, &loaded[3]);
            tangent_of(&job, m, t0, t1, &d, (char *)terms[i].out + (size_t)from * size);
        }
    }
}

void drive_scalar(const Operation *op, double x, double *z, double *dx, double *dxx)
{
    double a = x, arg = x;
    const ptrdiff_t one = 1, steps[2] = {0, 0};
    if (op->pair == PAIR_SINE) k_sincos(1, &x, z, &a);
    else if (op->pair == PAIR_COSINE) k_sincos(1, &x, &a, z);
    else {
        op->value[0].loop((char *[]){(char *)&x, (char *)z}, &one, steps, op->value[0].data);
        if (op->aux[0].loop) {
            if (!op->arg_is_x) op->function->arg[0](1, &x, &x, z, &x, &x, &x, &arg);
            op->aux[0].loop((char *[]){(char *)&arg, (char *)&a}, &one, steps, op->aux[0].data);
        }
    }
    if (op->ready[0]) *dx = op->ready[0] == READY_AUX ? a : *z;
    else op->function->partial[0][0](1, &x, &x, z, &a, &x, &x, dx);
    if (dxx) op->function->partial[0][1](1, &x, &x, z, &a, dx, dx, dxx);
}

void drive_scalars(const Operation *op, double x, double y, double *z, double *dx, double *dy)
{
    double a = x, arg = x;
    const ptrdiff_t one = 1, steps[3] = {0, 0, 0};
    const Function *f = op->function;
    switch (op->code) {
    case OP_ADD: *z = x + y, *dx = 1, *dy = 1; return;
    case OP_SUBTRACT: *z = x - y, *dx = 1, *dy = -1; return;
    case OP_MULTIPLY: *z = x * y, *dx = y, *dy = x; return;
    case OP_DIVIDE: *z = x / y, *dx = 1 / y, *dy = -*z / y; return;
    }
    op->value[0].loop((char *[]){(char *)&x, (char *)&y, (char *)z}, &one, steps, op->value[0].data);
    if (op->aux[0].loop) {
        f->arg[0](1, &x, &y, z, &x, &x, &x, &arg);
        op->aux[0].loop((char *[]){(char *)&arg, (char *)&a}, &one, steps, op->aux[0].data);
    }
    f->partial[0][0](1, &x, &y, z, &a, &x, &x, dx);
    f->partial[0][1](1, &x, &y, z, &a, &x, &x, dy);
}

void table_partials(const Operation *op, int width, ptrdiff_t n, const void *x, const void *y, void *z, void **partials)
{
    const Function *f = op->function;
    const int first = f->nin;
    double arg[BLOCK], aux[BLOCK];
    Job job = {.op = op, .k = &kernels[width], .width = width};
    const size_t size = job.k->size;
    for (ptrdiff_t i = 0; i < n; i += BLOCK) {
        const ptrdiff_t m = n - i < BLOCK ? n - i : BLOCK;
        const char *xb = (const char *)x + (size_t)i * size, *yb = y ? (const char *)y + (size_t)i * size : xb;
        char *zb = (char *)z + (size_t)i * size;
        if (op->value[width].loop) run_numpy(&job, &op->value[width], op->nin, m, xb, yb, zb);
        const void *a = xb;
        if (op->aux[width].loop) {
            f->arg[width](m, xb, yb, zb, xb, xb, xb, arg);
            run_numpy(&job, &op->aux[width], 1, m, arg, NULL, aux);
            a = aux;
        }
        for (int j = 0; j < f->npartials; j++) {
            char *block_of[MAX_PARTIALS] = {0};
            for (int l = 0; l <= j; l++) block_of[l] = (char *)partials[l] + (size_t)i * size;
            const char *p = j >= first ? block_of[0] : xb, *q = j >= first && first == 2 ? block_of[1] : xb;
            f->partial[width][j](m, xb, yb, zb, a, p, q, block_of[j]);
        }
    }
}
