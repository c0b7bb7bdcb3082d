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

/* ---- second and higher derivatives ---- */

/* The chained Rosenbrock function, sum of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2, and its tridiagonal Hessian */
static double rosenbrock(const double *restrict x, double *restrict diagonal, double *restrict off, long n)
{
    double sum = 0;
    for (long i = 0; i + 1 < n; i++) {
        double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
        sum += 100 * a * a + b * b;
        off[i] = -400 * x[i];
        diagonal[i] = 1200 * x[i] * x[i] - 400 * x[i + 1] + 2;
    }
    diagonal[n - 1] = 0;
    for (long i = 1; i < n; i++) diagonal[i] += 200;
    return sum;
}

void rosenbrock_gradient(const double *restrict x, const double *restrict v, double *restrict y,
                         double *restrict gradient, long n, long k)
{
    double sum = 0;
    (void)v, (void)k;
    gradient[0] = 0;
    for (long i = 0; i + 1 < n; i++) {
        double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
        sum += 100 * a * a + b * b;
        gradient[i] -= 400 * x[i] * a + 2 * b;
        gradient[i + 1] = 200 * a;
    }
    *y = sum;
}

void rosenbrock_hessian(const double *restrict x, const double *restrict v, double *restrict y,
                        double *restrict H, long n, long k)
{
    (void)v, (void)k;
    memset(H, 0, sizeof *H * n * n);
    double diagonal[n], off[n];
    *y = rosenbrock(x, diagonal, off, n);
    for (long i = 0; i < n; i++) {
        H[i * n + i] = diagonal[i];
        if (i + 1 < n) H[i * n + i + 1] = H[(i + 1) * n + i] = off[i];
    }
}

void rosenbrock_hvp(const double *restrict x, const double *restrict v, double *restrict y,
                    double *restrict product, long n, long k)
{
    (void)k;
    double diagonal[n], off[n];
    *y = rosenbrock(x, diagonal, off, n);
    for (long i = 0; i < n; i++) product[i] = diagonal[i] * v[i];
    for (long i = 0; i + 1 < n; i++) product[i] += off[i] * v[i + 1];
    for (long i = 1; i < n; i++) product[i] += off[i - 1] * v[i - 1];
}

/* tanh and its first k derivatives: polynomials of t = tanh x, P_0 = t, P_j = (1 - t^2) P_{j-1}' */
void tanh_derivatives(const double *restrict x, const double *restrict v, double *restrict y,
                      double *restrict dy, long n, long k)
{
    enum { MOST = 32 };
    double c[MOST][MOST] = {{0, 1}};
    (void)v, (void)y;
    for (long j = 1; j <= k; j++)
        for (long m = 0; m <= j + 1; m++)
            c[j][m] = (m <= j ? (m + 1) * c[j - 1][m + 1] : 0) - (m > 0 ? (m - 1) * c[j - 1][m - 1] : 0);
    for (long i = 0; i < n; i++) dy[i] = tanh(x[i]);
    for (long j = 1; j <= k; j++)
        for (long i = 0; i < n; i++) {
            double p = 0;
            for (long m = j + 1; m >= 0; m--) p = p * dy[i] + c[j][m];
            dy[j * n + i] = p;
        }
}

enum { HIDDEN = 32 };

/* Value, slopes along x and y and Laplacian through one layer of tanh */
static void layer(double (*restrict u)[HIDDEN])
{
    for (long j = 0; j < HIDDEN; j++) u[0][j] = tanh(u[0][j]);
    for (long j = 0; j < HIDDEN; j++) {
        double t = u[0][j], slope = 1 - t * t, dx = u[1][j], dy = u[2][j];
        u[3][j] = slope * (u[3][j] - 2 * t * (dx * dx + dy * dy));
        u[1][j] = slope * dx;
        u[2][j] = slope * dy;
    }
}

/* u_xx + u_yy of a network with two hidden layers; w holds the weights, the second matrix by rows that are summed */
void field_laplacian(const double *restrict points, const double *restrict w, double *restrict y,
                     double *restrict laplacian, long n, long k)
{
    const double *first = w, *second = w + 2 * HIDDEN, *last = second + HIDDEN * HIDDEN;
    (void)k;
    for (long i = 0; i < n; i++) {
        double a[4][HIDDEN], b[4][HIDDEN] = {{0}}, sum[2] = {0, 0};
        for (long j = 0; j < HIDDEN; j++) {
            a[0][j] = points[2 * i] * first[j] + points[2 * i + 1] * first[HIDDEN + j];
            a[1][j] = first[j];
            a[2][j] = first[HIDDEN + j];
            a[3][j] = 0;
        }
        layer(a);
        for (long m = 0; m < HIDDEN; m++)
            for (long c = 0; c < 4; c++)
                for (long j = 0; j < HIDDEN; j++) b[c][j] += a[c][m] * second[m * HIDDEN + j];
        layer(b);
        for (long j = 0; j < HIDDEN; j++) {
            sum[0] += b[0][j] * last[j];
            sum[1] += b[3][j] * last[j];
        }
        y[i] = sum[0];
        laplacian[i] = sum[1];
    }
}

/* ---- sparse matrices: the values in columns, at a pattern that is known ---- */

void broyden_sparse_jacobian(const double *restrict x, const double *restrict v, double *restrict y,
                             double *restrict data, long n, long k)
{
    (void)v, (void)k;
    for (long i = 0; i < n; i++) {
        double left = i > 0 ? x[i - 1] : 0, right = i + 1 < n ? x[i + 1] : 0;
        y[i] = (3 - 2 * x[i]) * x[i] - left - 2 * right + 1;
    }
    for (long j = 0, p = 0; j < n; j++) {
        if (j > 0) data[p++] = -2;
        data[p++] = 3 - 4 * x[j];
        if (j + 1 < n) data[p++] = -1;
    }
}

void rosenbrock_sparse_hessian(const double *restrict x, const double *restrict v, double *restrict y,
                               double *restrict data, long n, long k)
{
    double sum = 0, before = 0;
    (void)v, (void)k;
    for (long j = 0, p = 0; j < n; j++) {
        double diagonal = j > 0 ? 200 : 0;
        if (j > 0) data[p++] = before;
        if (j + 1 < n) {
            double a = x[j + 1] - x[j] * x[j], b = 1 - x[j];
            sum += 100 * a * a + b * b;
            diagonal += 1200 * x[j] * x[j] - 400 * x[j + 1] + 2;
        }
        data[p++] = diagonal;
        before = -400 * x[j];
        if (j + 1 < n) data[p++] = before;
    }
    *y = sum;
}

/* The Brusselator on a periodic grid of side k. Each column: itself, the neighbours above, below, left and right,
 * the same cell of the other field. */
void brusselator_sparse_jacobian(const double *restrict w, const double *restrict v, double *restrict y,
                                 double *restrict data, long n, long k)
{
    const double a = 1.0, b = 3.4, rate = 10.0;
    long cells = n / 2;
    const double *us = w, *vs = w + cells;
    (void)v;
    for (long i = 0; i < k; i++) {
        long up = (i + 1 == k ? 0 : i + 1) * k, down = (i == 0 ? k - 1 : i - 1) * k;
        for (long j = 0; j < k; j++) {
            long c = i * k + j, left = i * k + (j == 0 ? k - 1 : j - 1), right = i * k + (j + 1 == k ? 0 : j + 1);
            double u = us[c], z = vs[c], square = u * u;
            double *du = data + 6 * c, *dz = data + 6 * (cells + c);
            y[c] = a + square * z - (b + 1) * u
                   + rate * (us[up + j] + us[down + j] + us[left] + us[right] - 4 * u);
            y[cells + c] = b * u - square * z
                           + rate * (vs[up + j] + vs[down + j] + vs[left] + vs[right] - 4 * z);
            du[0] = 2 * u * z - (b + 1) - 4 * rate;
            dz[0] = -square - 4 * rate;
            for (long m = 1; m < 5; m++) du[m] = dz[m] = rate;
            du[5] = b - 2 * u * z;
            dz[5] = square;
        }
    }
}

/* ---- solvers ---- */

/* Kepler's equation E - e sin E = M, M = x and e = v: Newton from E = M until steps are as short as SciPy's newton asks */
void kepler(const double *restrict x, const double *restrict v, double *restrict y, double *restrict dy, long n, long k)
{
    (void)dy, (void)k;
    for (long i = 0; i < n; i++) {
        double E = x[i], step;
        do {
            step = (E - v[i] * sin(E) - x[i]) / (1 - v[i] * cos(E));
            E -= step;
        } while (fabs(step) >= 1.48e-8);
        y[i] = E;
    }
}

/* n systems a^2 + b = p + 1, b^2 - a q + 0.3 = 0 with (p, q) = x[i]: Newton by Cramer's rule from (1.5, 1.5) */
void small_systems(const double *restrict x, const double *restrict v, double *restrict y, double *restrict dy, long n,
                   long k)
{
    (void)v, (void)dy, (void)k;
    for (long i = 0; i < n; i++) {
        double p = x[2 * i], q = x[2 * i + 1], a = 1.5, b = 1.5, longest;
        do {
            double f = a * a + b - p - 1, g = b * b - a * q + 0.3, determinant = 4 * a * b + q;
            double da = (2 * b * f - g) / determinant, db = (2 * a * g + q * f) / determinant;
            a -= da;
            b -= db;
            longest = fmax(fabs(da), fabs(db));
        } while (longest >= 1.48e-8);
        y[2 * i] = a;
        y[2 * i + 1] = b;
    }
}

/* The root of Broyden's tridiagonal function by Newton's method from x, each step by the Thomas algorithm */
void broyden_root(const double *restrict x, const double *restrict v, double *restrict y, double *restrict dy, long n,
                  long k)
{
    double f[n], above[n], largest;
    (void)v, (void)dy, (void)k;
    memcpy(y, x, sizeof *y * n);
    for (;;) {
        largest = 0;
        for (long i = 0; i < n; i++) {
            double left = i > 0 ? y[i - 1] : 0, right = i + 1 < n ? y[i + 1] : 0;
            f[i] = (3 - 2 * y[i]) * y[i] - left - 2 * right + 1;
            largest = fmax(largest, fabs(f[i]));
        }
        if (largest <= 1e-10) return;
        for (long i = 0; i < n; i++) {
            double pivot = 3 - 4 * y[i] + (i > 0 ? above[i - 1] : 0);
            above[i] = -2 / pivot;
            f[i] = (f[i] + (i > 0 ? f[i - 1] : 0)) / pivot;
        }
        for (long i = n - 2; i >= 0; i--) f[i] -= above[i] * f[i + 1];
        for (long i = 0; i < n; i++) y[i] -= f[i];
    }
}

/* ---- differential equations ---- */

enum { STATE = 2, PARAMETERS = 4, ROWS = 1 + PARAMETERS, STAGES = 12 };

/* Prey and predators u, and the derivatives of u by the parameters p below it */
static inline void lotka_volterra(double (*restrict f)[STATE], double (*restrict u)[STATE], const double *restrict p)
{
    double a = u[0][0], b = u[0][1], ab = a * b;
    f[0][0] = p[0] * a - p[1] * ab;
    f[0][1] = p[3] * ab - p[2] * b;
    for (long j = 1; j < ROWS; j++) {
        double da = u[j][0], db = u[j][1], dab = da * b + a * db;
        f[j][0] = p[0] * da - p[1] * dab;
        f[j][1] = p[3] * dab - p[2] * db;
    }
    f[1][0] += a;
    f[2][0] -= ab;
    f[3][1] -= b;
    f[4][1] += ab;
}

/* k steps of an explicit Runge-Kutta method, whose lengths are known. x: initial state, parameters; v: the coefficients
 * of the stages and of the result, then the steps. y: final state; dy: its derivatives, by parameter. */
void lotka_volterra_solve(const double *restrict x, const double *restrict v, double *restrict y, double *restrict dy,
                          long n, long k)
{
    const double *a = v, *b = v + STAGES * STAGES, *steps = b + STAGES;
    double u[ROWS][STATE] = {{x[0], x[1]}}, at[ROWS][STATE], f[STAGES][ROWS][STATE];
    (void)n;
    for (long i = 0; i < k; i++) {
        for (long s = 0; s < STAGES; s++) {
            double *sum = at[0];
            memcpy(at, u, sizeof at);
            for (long r = 0; r < s; r++) {
                double weight = steps[i] * a[s * STAGES + r];
                for (long c = 0; c < ROWS * STATE; c++) sum[c] += weight * f[r][0][c];
            }
            lotka_volterra(f[s], at, x + STATE);
        }
        for (long s = 0; s < STAGES; s++) {
            double *sum = u[0], weight = steps[i] * b[s];
            for (long c = 0; c < ROWS * STATE; c++) sum[c] += weight * f[s][0][c];
        }
    }
    memcpy(y, u[0], sizeof u[0]);
    memcpy(dy, u[1], sizeof u - sizeof u[0]);
}

/* ---- uncertainty: x values, v standard deviations (or covariances) -> y values, dy standard deviations ---- */

void sine_std(const double *restrict x, const double *restrict v, double *restrict y, double *restrict dy, long n,
              long k)
{
    (void)k;
    for (long i = 0; i < n; i++) {
        y[i] = sin(x[i]);
        dy[i] = fabs(cos(x[i])) * v[i];
    }
}

/* The sum of x_i + i c, where c has the deviation v[n] */
void common_sum_std(const double *restrict x, const double *restrict v, double *restrict y, double *restrict dy, long n,
                    long k)
{
    double sum = 0, variance = 0, slope = 0;
    (void)k;
    for (long i = 0; i < n; i++) {
        sum += x[i] + i;
        slope += i;
        variance += v[i] * v[i];
    }
    *y = sum;
    *dy = sqrt(variance + slope * slope * v[n] * v[n]);
}

void correlated_sum_std(const double *restrict x, const double *restrict v, double *restrict y, double *restrict dy,
                        long n, long k)
{
    double sum = 0, variance = 0;
    (void)k;
    for (long i = 0; i < n; i++) sum += x[i];
    for (long i = 0; i < n; i++) {
        double row = 0;
        for (long j = 0; j < n; j++) row += v[i * n + j];
        variance += row;
    }
    *y = sum;
    *dy = sqrt(variance);
}

/* x[0] x[1] and its parts by either deviation */
void product_std(const double *restrict x, const double *restrict v, double *restrict y, double *restrict dy, long n,
                 long k)
{
    (void)n, (void)k;
    *y = x[0] * x[1];
    dy[0] = x[1] * v[0];
    dy[1] = x[0] * v[1];
}

/* Each of k results sin(z) exp(-z^2) of z = A x; v: the deviations of x, then A */
void propagate_std(const double *restrict x, const double *restrict v, double *restrict y, double *restrict dy, long n,
                   long k)
{
    for (long i = 0; i < k; i++) {
        const double *row = v + n + i * n;
        double z = 0, variance = 0;
        for (long j = 0; j < n; j++) {
            double part = row[j] * v[j];
            z += row[j] * x[j];
            variance += part * part;
        }
        double e = exp(-z * z), s = sin(z);
        y[i] = s * e;
        dy[i] = fabs((cos(z) - 2 * z * s) * e) * sqrt(variance);
    }
}
