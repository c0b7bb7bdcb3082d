/* The limit: value and derivatives of the benchmark functions, written by hand for one pass over memory.
 *
 * All kernels have one signature: x[n] point, v[k][n] directions -> y value, dy derivatives.
 * repeat() calls a kernel `times` times, so that the time of a ctypes call does not count. */
#include <math.h>
#include <string.h>

typedef void kernel(const double *x, const double *v, double *y, double *dy, long n, long k);

void repeat(kernel *f, long times, const double *x, const double *v, double *y, double *dy, long n, long k)
{
    for (long i = 0; i < times; i++) f(x, v, y, dy, n, k);
}

enum { BLOCK = 512 }; /* the arrays of a block stay in L1 */

/* sqrt(r*r + 1)*tanh(x) - log1p(x*x) with r = exp(-x*x)*sin(3*x)/(1 + x*x)
 * Sine and cosine have loops of their own: in one loop gcc merges them to sincos, which has no vector variant. */
static void f1(const double *restrict x, double *restrict y, double *restrict slope, long n)
{
    double sine[BLOCK], cosine[BLOCK];
    for (long i = 0; i < n; i++) sine[i] = sin(3 * x[i]);
    for (long i = 0; i < n; i++) cosine[i] = cos(3 * x[i]);
    for (long i = 0; i < n; i++) {
        double e = exp(-x[i] * x[i]), q = 1 + x[i] * x[i], t = tanh(x[i]);
        double r = e * sine[i] / q, w = sqrt(r * r + 1);
        double dr = (e * (3 * cosine[i] - 2 * x[i] * sine[i]) - 2 * x[i] * r) / q;
        y[i] = w * t - log1p(x[i] * x[i]);
        slope[i] = r * dr / w * t + w * (1 - t * t) - 2 * x[i] / q;
    }
}

/* (x*x + 3*x + 1)*(2*x + 1) - x*x*x */
static void f2(const double *restrict x, double *restrict y, double *restrict slope, long n)
{
    for (long i = 0; i < n; i++) {
        double p = x[i] * x[i] + 3 * x[i] + 1, q = 2 * x[i] + 1;
        y[i] = p * q - x[i] * x[i] * x[i];
        slope[i] = (2 * x[i] + 3) * q + 2 * p - 3 * x[i] * x[i];
    }
}

/* Value and slope a block at a time, past which the directions stream. */
static inline void jvps(void (*f)(const double *, double *, double *, long), const double *restrict x,
                        const double *restrict v, double *restrict y, double *restrict dy, long n, long k)
{
    double slope[BLOCK];
    for (long start = 0; start < n; start += BLOCK) {
        long m = n - start < BLOCK ? n - start : BLOCK;
        f(x + start, y + start, slope, m);
        for (long j = 0; j < k; j++)
            for (long i = 0; i < m; i++) dy[j * n + start + i] = slope[i] * v[j * n + start + i];
    }
}

void f1_jvps(const double *x, const double *v, double *y, double *dy, long n, long k)
{
    jvps(f1, x, v, y, dy, n, k);
}

void f2_jvps(const double *x, const double *v, double *y, double *dy, long n, long k)
{
    jvps(f2, x, v, y, dy, n, k);
}

/* x*y + sin(x)/y - x, with x = p[0], y = p[1] */
void scalar(const double *p, const double *v, double *z, double *dz, long n, long k)
{
    (void)n, (void)k;
    double x = p[0], y = p[1], q = sin(x) / y;
    *z = x * y + q - x;
    *dz = (y + cos(x) / y - 1) * v[0] + (x - q / y) * v[1];
}

/* Broyden's tridiagonal function: y_i = (3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1, and its dense Jacobian */
void broyden_jacobian(const double *restrict x, const double *restrict v, double *restrict y,
                      double *restrict J, long n, long k)
{
    (void)v, (void)k;
    memset(J, 0, sizeof *J * n * n);
    for (long i = 0; i < n; i++) {
        double left = i > 0 ? x[i - 1] : 0, right = i + 1 < n ? x[i + 1] : 0;
        y[i] = (3 - 2 * x[i]) * x[i] - left - 2 * right + 1;
        J[i * n + i] = 3 - 4 * x[i];
        if (i > 0) J[i * n + i - 1] = -1;
        if (i + 1 < n) J[i * n + i + 1] = -2;
    }
}
