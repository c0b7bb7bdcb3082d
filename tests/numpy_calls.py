"""More than two thousand everyday calls of NumPy, one a line, by what they exercise.

The names are those of `test_numpy_calls.VARIABLES`. A line may hold statements; its result is its last expression.
"""

CALLS = {}

CALLS["methods"] = """
A.astype(complex, order="F")
F.astype(complex, order="C")
A.flat > 0
A.flat != A.ravel()
A.flat <= 0.5
z = A[:1, :1].copy(); z.squeeze()[...] = s; z
k.clip(s - 2, 1.5)
k.clip(min=x)
x.sum()
x.sum(keepdims=True)
A.sum(0)
A.sum(axis=-1)
A.sum((0, 1))
A.sum(axis=1, keepdims=True)
A.sum(initial=2.5)
A.sum(where=W)
A.sum(0, where=W)
A.sum(dtype=np.complex128)
A.mean()
A.mean(axis=0)
A.mean(1, keepdims=True)
A.mean(where=W)
A.mean((0, 1), keepdims=True)
A.prod()
A.prod(0)
A.prod(axis=1, keepdims=True)
A.prod(initial=3.0)
A.prod(where=W)
A.var()
A.var(0)
A.var(1, ddof=1)
A.var(1, ddof=1, keepdims=True)
A.std()
A.std(0, ddof=1)
A.std(axis=1, keepdims=True)
A.std(where=W)
A.max()
A.max(0)
A.max(1, keepdims=True)
A.max(initial=0.9)
A.max(where=W, initial=-5.0)
A.min()
A.min(axis=1)
A.min((0, 1))
A.cumsum()
A.cumsum(0)
A.cumsum(axis=-1)
A.cumprod()
A.cumprod(1)
A.cumprod(axis=0)
M.trace()
M.trace(1)
T.trace(0, 1, 2)
T.trace(axis1=0, axis2=2)
T.diagonal()
M.diagonal(-1)
T.diagonal(0, 1, 2)
A.dot(B)
A.dot(k4)
x.dot(y)
M.dot(M)
A.clip(-0.5, 0.8)
A.clip(min=0.0)
A.clip(max=0.5)
x.clip(-0.4, y)
A.compress([True, False, True], axis=0)
A.compress([0, 1, 1, 0, 1])
A.compress([1, 0, 0, 1], 1)
A.ravel()
A.ravel("F")
A.ravel("K")
F.ravel("A")
A.flatten()
A.flatten("F")
F.flatten("K")
A.reshape(4, 3)
A.reshape((2, 6))
A.reshape(-1)
A.reshape(2, -1, order="F")
np.reshape(np.ravel(A), (2, -1), order="F")
A.reshape([6, 2])
A.reshape(12)
x.reshape(5, 1)
s.reshape(1)
s.reshape(1, 1)
A.repeat(2)
A.repeat([1, 0, 2], axis=0)
A.repeat(2, 1)
A.swapaxes(0, 1)
T.swapaxes(-1, 0)
A.take([0, 3, 1])
A.take([[1, 0], [2, 2]], axis=1)
A.take(2)
A.take([-1, 7], axis=1, mode="wrap")
A.take([-1, 7], mode="clip")
A.transpose()
T.transpose(2, 0, 1)
T.transpose((1, 2, 0))
T.transpose(None)
T.transpose([0, -1, 1])
T.T
T.mT
M.T
x.T
x.real
x.imag
c.real
c.imag
c.conj()
c.conjugate()
x.conj()
x.conjugate()
x.item(2)
A.item(5)
A.item(1, 2)
A.item((2, 3))
s.item()
A[:1, :1].item()
x.tolist()
A.tolist()
s.tolist()
x.copy()
A.copy("F")
F.copy()
x.astype(complex)
x.astype("f8")
x.astype(float, copy=False)
f.astype(np.float64)
x.argmax()
A.argmin(0)
A.argsort(1)
A.argpartition(1, axis=1)[:, 1]
A.any()
A.all(0)
(A > 0).nonzero()
A.nonzero()
p.searchsorted(0.5)
np.sort(p).searchsorted([0.5, 1.0], side="right")
A.round()
A.round(1)
x.round(decimals=1)
A.squeeze()
A[:, None].squeeze(1)
A[None, :, None].squeeze()
A[None, :, None].squeeze((0, 2))
A.squeeze(axis=())
z = x.copy(); z.sort(); z
z = A.copy(); z.sort(0); z
z = A.copy(); z.sort(axis=1, kind="stable"); z
z = x.copy(); z.partition(2); z[2]
z = A.copy(); z.partition(1, axis=1); z[:, 1]
z = x.copy(); z.fill(3.0); z
z = x.copy(); z.fill(y[0]); z
z = x.copy(); z.put([0, 2], y[:2]); z
z = x.copy(); z.put([0, 2, 4], 9.0); z
z = A.copy(); z.put([1, -1], [y[0], y[1]]); z
z = A.copy(); z.put([13, -14], y[:2], mode="wrap"); z
z = A.copy(); z.put(3, s); z
len(A), A.ndim, A.shape, A.size, A.itemsize, A.nbytes, A.dtype
A.strides, F.strides
[row.sum() for row in A]
[v for v in x]
[v * 2 for v in A.flat]
list(A.flat)[5]
A.flat[3]
A.flat[2:9:3]
A.flat[[0, 5, -1]]
A.flat[W.ravel()]
A.flat[...]
V.flat[1:4]
z = A.copy(); z.flat[3] = s; z
z = A.copy(); z.flat[2:5] = x[:3]; z
z = A.copy(); z.flat[[0, -1]] = y[:2]; z
z = A.copy(); z.flat = y; z
z = A.copy(); z.flat = 2.0; z
z = A.copy(); z.flat = A * 2; z
z = A.copy(); z.flat[1:4] = 7.0; z
z = F.copy("F"); z.flat[1:4] = x[:3]; z
s in x
x[2] in x
99.0 in A
bool(s > 0)
A.max(axis=(0, 1), keepdims=True)
x.__abs__()
x.__neg__()
x.__pos__()
abs(A)
-A
+A
divmod(p, 0.7)[1]
divmod(p, k)[0]
x.__add__(y)
x.__mul__(2)
divmod(2.0, p)[1]
pow(p, 2)
pow(p, y)
pow(2.0, x)
round(s)
"""

CALLS["operators"] = """
x + y
x - y
x * y
x / y
p ** y
p ** 2
p ** 3
p ** -1
p ** 0.5
p ** 0
x ** 2
x ** 3
x ** 1
x ** np.array([1, 2, 3, 2, 1])
2.0 ** x
2 ** x
p // 0.4
p % 0.4
p % y
5.0 % p
x + 1
1 + x
x - 1
1 - x
x * 3
3 * x
x / 3
3 / x
x + k
k + x
k - x
x - k
k * x
k / x
x / k
k ** x
p ** k
x + 1j
1j * x
x * (1 + 2j)
(1 + 2j) / x
c * x[:4]
c / x[:4]
c ** 2
p[:4] ** c
c + np.conj(c)
x + [1, 2, 3, 4, 5]
[1, 2, 3, 4, 5] * x
x + (1, 2, 3, 4, 5)
s + x
s * A
A - s
A / s
s ** 2
s * r
r / s
s + r
s - r
p[0] ** s
2.0 ** s
s ** 3
np.float64(2.5) * s
np.float32(2.5) * s
np.float32(2.5) * x
np.int64(3) * x
np.int32(3) ** p
np.float64(1.5) + A
np.array(2.0) * x
np.array([2]) * s
x * np.float32(0.1)
np.bool_(True) * x
True + x
np.arange(5) * x
np.arange(5, dtype=np.float32) * x
np.arange(5, dtype=np.int8) + x
np.array([True, False, True, True, False]) * x
A @ B
A @ k4
k3 @ A
x @ y
M @ M @ M
G @ G
G @ k3
k3 @ G
T @ B
T @ k4
G @ A
np.ones((5, 2, 3)) @ A
A @ np.ones((4, 2))
A + x[:4]
A * x[:4]
A + x[:3, None]
x[:, None] * y
x[:, None] - y[None]
T * A
T + s
T / (1 + A ** 2)
A.T * B
A[:, None] + T[0, 0]
np.ones((3, 1)) * x
np.ones((2, 1, 1)) - A
z = x.copy(); z += y; z
z = x.copy(); z -= 2; z
z = x.copy(); z *= y; z
z = x.copy(); z /= p; z
z = p.copy(); z **= 2; z
z = p.copy(); z **= y; z
z = p.copy(); z %= 0.4; z
z = p.copy(); z //= 0.4; z
z = M.copy(); z @= M; z
z = A.copy(); z += y[:4]; z
z = A.copy(); z *= s; z
z = A.copy(); z[0] += x[:4]; z
z = A.copy(); z[:, 1] *= x[:3]; z
z = A.copy(); z[z > 0] *= 2; z
z = A.copy(); z[1:, ::2] -= s; z
z = A.copy(); z[[0, 2]] /= p[:4]; z
z = A.copy(); z[[0, 0]] += 1.0; z
z = A.copy(); z[1, 2] **= 3; z
z = x.copy(); z[2] += s; z
z = x.copy(); z += z; z
z = x.copy(); z[1:] += z[:-1]; z
z = x.copy(); z[::-1] -= z; z
z = x.copy(); w = z[1:3]; w *= 2; z
z = A.copy(); w = z.T; w += B; z
z = A.copy(); w = z.ravel(); w[3] = s; z
z = A.copy(); w = z.reshape(2, 6); w[:, 0] = y[:2]; z
z = x.copy(); z += k; z
z = x * 1; z += 1; z *= 2; z /= 3; z -= y; z
z = f.copy(); z += 1; z
z = f.copy(); z *= np.float32(2); z
x < y
x <= y
x == x
x != y
x > 0
0 < x
x >= k
A < A.mean()
~(x > 0)
(x > 0) & (y > 0)
np.logical_and(x > 0, y)
not s
f * 2
f + f
f * np.float32(1.5)
f / 3
f ** 2
f @ f
g @ g.T
f + 1j
f * x
f * k
f + np.int8(2)
g.sum()
g.mean(0)
g.T * 2
"""

CALLS["indexing"] = """
x[0]
x[-1]
x[np.int64(2)]
x[1:3]
x[::-1]
x[::2]
x[4:1:-2]
x[...]
x[()]
x[None]
x[:, None]
x[np.newaxis, :, np.newaxis]
x[[0, 2, 2]]
x[np.array([4, -1])]
x[np.array([[0, 1], [2, 3]])]
x[m]
x[x > 0]
x[y > 0]
x[[True, False, True, False, True]]
x[i]
x[[]]
x[np.array([], int)]
x[x > 100]
x[1:1]
A[0]
A[-1]
A[1, 2]
A[1][2]
A[:, 1]
A[1:, ::2]
A[::-1, ::-1]
A[..., 0]
A[0, ...]
A[..., None]
A[:, None, :]
A[[0, 2]]
A[:, [3, 1]]
A[[0, 2], [1, 3]]
A[np.ix_([0, 2], [1, 3])]
A[[[0], [2]], [1, 3]]
A[W]
A[A > 0]
A[[True, False, True]]
A[:, [True, False, True, False]]
A[1, [0, 2]]
A[[0, 1], 2]
A[[0, 2], 1:3]
A[1:3, [0, 2]]
A[(0, 1)]
A[None, 1]
A[np.array(1)]
A[np.array([[0, 1]]), np.array([[2], [3]])]
A[0:2, None, [1, 1]]
T[0, :, [1, 2]]
T[:, [0, 2], :]
T[:, [0, 2], [1, 3]]
T[[0, 1], :, [1, 2]]
T[..., [0, -1]]
T[1, 2, 3]
T[:, :, 0].T
T[np.array([1]), ..., 2]
T[T > 0.7]
T[:, A > 0]
V[1]
V[:, ::-1]
V[[0, 1], [2, 2]]
F[1]
F[:, 0]
F[[0, 1]]
F[F < 0]
s[()]
s[...]
s[None]
E[:, 1]
E[0:0]
E[[]]
e[:]
A[tuple([1, slice(None)])]
A[slice(0, 2)]
A[np.s_[1:, 2]]
A[np.nonzero(A > 0)]
A[np.unravel_index(5, (3, 4))]
A[np.argmax(A) // 4]
x[np.argsort(x)]
A[np.arange(3), A.argmax(1)]
x[x.argmin()]
c[1:]
c[[0, 2]]
f[1:3]
f[[0, 1]]
z = np.zeros_like(x); z[0] = x[1]; z
z = np.zeros_like(x); z[1:4] = y[:3]; z
z = np.zeros_like(x); z[::2] = y[:3]; z
z = np.zeros_like(x); z[[0, 3]] = y[:2]; z
z = np.zeros_like(x); z[m] = y[m]; z
z = np.zeros_like(x); z[...] = s; z
z = np.zeros_like(x); z[:] = [s, 1, 2, r, x[0]]; z
z = np.zeros_like(x); z[-1] = s * r; z
z = np.empty_like(x); z[:] = y; z[2] = 0; z
z = np.ones_like(A); z[0] = x[:4]; z
z = np.ones_like(A); z[:, 0] = x[:3]; z
z = np.ones_like(A); z[1, 2] = s; z
z = np.ones_like(A); z[1:, 1:] = s; z
z = np.ones_like(A); z[W] = s; z
z = np.ones_like(A); z[W] = A[W] * 2; z
z = np.ones_like(A); z[[0, 2], [1, 3]] = y[:2]; z
z = np.ones_like(A); z[:, [0, 1]] = x[:3, None]; z
z = np.ones_like(A); z[..., -1] = y[:3]; z
z = np.ones_like(A); z[np.ix_([0, 2], [1, 3])] = A[:2, :2]; z
z = np.ones_like(A); z[:] = x[:4]; z
z = np.ones_like(A); z[A > 0] = 0; z
z = np.ones_like(A); z[0, :2], z[1, :2] = x[:2], y[:2]; z
z = A.copy(); z[0], z[1] = A[1], A[0]; z
z = A.copy(); z[[0, 1]] = z[[1, 0]]; z
z = A.copy(); z[1:] = z[:-1]; z
z = x.copy(); z[1:] = z[:-1]; z
z = x.copy(); z[:-1] = z[1:]; z
z = x.copy(); z[...] = z[::-1]; z
z = x.copy(); z[0] = 1; z[1] = 2.5; z
z = x.copy(); z[1:3] = [s, r]; z
z = x.copy(); z[1:3] = (5, 6); z
z = x.copy(); z[np.array([0, 0])] = y[:2]; z
z = x.copy(); z[2:2] = 1; z
z = T.copy(); z[:, 1] = A[0]; z
z = T.copy(); z[0, :, [1, 2]] = x[:3]; z
z = T.copy(); z[..., None, 0] = s; z
z = T.copy(); z[1, 1:, ::2] = A[1:, :2]; z
z = F.copy("F"); z[0] = x[:4]; z
z = V.copy(); z[:, 1] = 0; z
z = c.copy(); z[1] = 2j; z
z = c.copy(); z[1:3] = c[:2] * 1j; z
z = c.copy(); z[0] = s; z
z = np.zeros_like(c); z.real = x[:4]; z
z = np.zeros_like(c); z.imag = x[:4]; z
z = x.copy(); z.real = y; z
z = f.copy(); z[1] = 2; z
z = f.copy(); z[0] = s; z
z = A.copy(); z.shape = (4, 3); z
z = np.empty_like(A); z[0] = np.sin(x[:4]); z[1] = z[0] ** 2; z[2] = z[0] + z[1]; z
z = np.zeros_like(x)
z = np.zeros_like(A, shape=(2, 2)); z[0, 0] = s; z
z = np.full_like(x, 2.0); z[1] = s; z
z = np.full_like(x, s); z
"""

CALLS["ufuncs"] = """
np.sign(c)
np.sign(C * x[0])
np.sign(1j * x)
np.logaddexp.reduce(A, axis=1, where=W)
np.hypot.reduce(A, where=W)
np.logaddexp2.reduce(A, axis=0, where=A > 0, initial=0.5)
np.power(x[:4], c)
np.clip(A, -0.5, x[:4], where=W, out=np.zeros_like(A))
np.clip(k, -0.5, 1.0, where=k > 0, out=np.zeros_like(x))
z = np.zeros_like(x); np.add(k, 1, out=z); z
z = np.zeros_like(s); k.sum(out=z); z
z = np.zeros_like(x); np.multiply(k, 2.0, where=k > 0, out=z); z
z = np.zeros_like(A); np.add.accumulate(K, 1, out=z); z
np.sin(x)
np.cos(A)
np.tan(u)
np.arcsin(u)
np.asin(u)
np.acos(u)
np.atan(x)
np.asinh(x)
np.acosh(1 + p)
np.atanh(u)
np.arccos(u)
np.arctan(x)
np.sinh(x)
np.cosh(x)
np.tanh(x)
np.arcsinh(x)
np.arccosh(1 + p)
np.arctanh(u)
np.exp(x)
np.exp2(x)
np.expm1(x)
np.log(p)
np.log2(p)
np.log10(p)
np.log1p(p)
np.sqrt(p)
np.cbrt(x)
np.square(x)
np.reciprocal(x)
np.negative(x)
np.positive(x)
np.absolute(x)
np.fabs(x)
np.abs(x)
np.sign(x)
np.floor(x)
np.ceil(x)
np.trunc(x)
np.rint(x)
np.fix(x)
np.degrees(x)
np.radians(x)
np.deg2rad(x)
np.rad2deg(x)
np.sinc(x)
np.isnan(x)
np.isinf(x)
np.isfinite(x)
np.signbit(x)
np.spacing(x)
np.logical_not(x)
np.modf(x)
np.frexp(x)
np.add(x, y)
np.subtract(x, y)
np.multiply(x, y)
np.divide(x, y)
np.true_divide(x, y)
np.floor_divide(x, y)
np.power(p, y)
np.pow(p, y)
np.float_power(p, y)
np.remainder(x, p)
np.mod(x, p)
np.fmod(x, p)
np.divmod(x, p)
np.arctan2(x, y)
np.atan2(x, y)
np.hypot(x, y)
np.logaddexp(x, y)
np.logaddexp2(x, y)
np.maximum(x, y)
np.minimum(x, y)
np.fmax(x, y)
np.fmin(x, y)
np.copysign(x, y)
np.copysign(2.0, x)
np.nextafter(x, 5.0)
np.ldexp(x, [1, 2, 0, -1, 3])
np.heaviside(x, 0.5)
np.greater(x, y)
np.logical_xor(x > 0, y > 0)
np.logical_or(x, y)
np.maximum(x, 0)
np.minimum(0.5, x)
np.power(x, 3)
np.power(2.0, x)
np.power(p, 0.5)
np.arctan2(x, 2.0)
np.sin(c)
np.exp(c)
np.exp(1j * x)
np.log(c)
np.sqrt(c)
np.abs(c)
np.absolute(C)
np.conj(c)
np.conjugate(1j * x)
np.tanh(c)
np.power(c, 2)
np.real(c)
np.imag(c)
np.angle(c)
np.angle(c, deg=True)
np.angle(x)
np.real(np.exp(1j * x))
np.abs(np.exp(1j * x) + 2)
np.sin(f)
np.exp(g)
np.hypot(f, f + 1)
np.sin(s)
np.exp(s) * np.cos(r)
np.arctan2(s, r)
np.maximum(s, r)
np.sin(E)
np.exp(e)
np.add(E, 1)
np.sin(V)
np.exp(F)
np.add(V, F)
np.multiply(V, V.T.T)
np.sin(x[::-1])
np.sin(x[::2])
np.exp(A.T)
np.sin(x, where=m, out=np.zeros_like(x))
np.add(x, y, where=m, out=x.copy())
np.log(x, where=x > 0, out=np.zeros_like(x))
np.sqrt(A, where=A > 0, out=np.ones_like(A))
np.divide(x, y, out=np.zeros_like(x), where=y > 0)
np.multiply(A, s, where=W, out=np.zeros_like(A))
np.maximum(A, 0.0, where=W, out=A.copy())
z = np.empty_like(x); np.sin(x, out=z); z
z = np.empty_like(x); np.add(x, y, z); z
z = np.empty_like(x); np.multiply(x, y, out=(z,)); z
z = x.copy(); np.add(z, y, out=z); z
z = x.copy(); np.exp(z, z); z
z = A.copy(); np.add(A, 1, out=z[::-1]); z
z = np.zeros_like(A); np.add(x[:4], 1, out=z[0]); z
z = np.zeros_like(A); np.add(x[:4], 1, out=z); z
z = np.empty_like(A); np.matmul(A, M, out=z); z
np.sin(x, dtype=np.float64)
np.add(x, y, dtype=complex)
np.add(f, f, dtype=np.float64)
np.sin(x, casting="same_kind")
np.add(x, 1, order="F")
np.exp(x, subok=False)
np.add.reduce(x)
np.add.reduce(A)
np.add.reduce(A, axis=1)
np.add.reduce(A, axis=None)
np.add.reduce(A, axis=(0, 1))
np.add.reduce(A, axis=1, keepdims=True)
np.add.reduce(A, initial=2.0)
np.add.reduce(A, where=W)
np.add.reduce(A, 0, None, np.zeros_like(A[0]))
np.multiply.reduce(x)
np.multiply.reduce(A, axis=1)
np.multiply.reduce(A, axis=(0, 1))
np.multiply.reduce(T, axis=(0, 2))
np.multiply.reduce(A, axis=None)
np.maximum.reduce(A)
np.maximum.reduce(A, axis=1)
np.maximum.reduce(A, axis=None)
np.minimum.reduce(A, axis=-1, keepdims=True)
np.fmax.reduce(A)
np.fmin.reduce(A, axis=1)
np.hypot.reduce(x)
np.logaddexp.reduce(x)
np.logaddexp.reduce(A, axis=1)
np.logaddexp.reduce(A, axis=None)
np.logaddexp2.reduce(x)
np.subtract.reduce(x)
np.divide.reduce(x)
np.divide.reduce(A, axis=1)
np.logical_and.reduce(A)
np.logical_or.reduce(A, axis=1)
np.add.accumulate(x)
np.add.accumulate(A)
np.add.accumulate(A, axis=1)
np.multiply.accumulate(x)
np.multiply.accumulate(A, 1)
np.maximum.accumulate(x)
np.maximum.accumulate(A, axis=1)
np.maximum.accumulate(A)
np.minimum.accumulate(T, axis=1)
np.fmax.accumulate(x)
np.subtract.accumulate(x)
np.divide.accumulate(x)
np.logaddexp.accumulate(x)
np.logaddexp.accumulate(A, axis=1)
np.hypot.accumulate(x)
np.add.outer(x, y)
np.multiply.outer(x, y)
np.subtract.outer(x, k)
np.subtract.outer(k, x)
np.maximum.outer(x, y)
np.hypot.outer(x, A)
np.multiply.outer(2.0, x)
np.multiply.outer(x, s)
np.power.outer(p, [1, 2, 3])
np.add.reduceat(x, [0, 2, 3])
np.add.reduceat(A, [0, 2], axis=1)
np.add.reduceat(x, [0, 3, 1])
np.multiply.reduceat(x, [0, 2, 3])
np.maximum.reduceat(x, [0, 2])
np.minimum.reduceat(A, [0, 2], axis=1)
z = x.copy(); np.add.at(z, [0, 1, 0], y[:3]); z
z = x.copy(); np.add.at(z, [0, 1, 0], 1.0); z
z = x.copy(); np.subtract.at(z, [2, 2], y[:2]); z
z = x.copy(); np.multiply.at(z, [0, 1, 0], y[:3]); z
z = x.copy(); np.maximum.at(z, [1, 1], y[:2]); z
z = x.copy(); np.negative.at(z, [0, 1]); z
z = A.copy(); np.add.at(z, (slice(None), [1, 1]), x[:3, None]); z
z = A.copy(); np.add.at(z, ([0, 0], [1, 1]), s); z
z = A.copy(); np.add.at(z, W, s); z
np.matmul(A, B)
np.matmul(G, G)
np.matmul(A, B, dtype=float)
np.matmul(T, T.mT)
np.matmul(A, np.ones((2, 4, 5)))
np.matmul(k4, B)
np.matmul(G, A, axes=[(-2, -1), (-2, -1), (-2, -1)])
np.matmul(E.T, E)
np.matmul(E, A)
np.vecdot(A, A)
np.vecdot(x, y)
np.vecdot(c, c)
np.vecdot(T, A, axis=-1)
np.vecdot(A, k4)
np.matvec(A, k4) if hasattr(np, "matvec") else A @ k4
np.matvec(T, A[:2]) if hasattr(np, "matvec") else (T @ A[:2, :, None])[..., 0]
np.vecmat(k3, A) if hasattr(np, "vecmat") else k3 @ A
"""

CALLS["shapes"] = """
A.ravel("f")
F.ravel("a")
A.reshape(2, 6, order="f")
A.flatten(order="k")
A.copy("f").strides
np.copy(A, order="f")
np.ravel(T.T, "f")
A.astype(complex, order="f")
z = np.zeros_like(A, shape=(6, 4)); np.concatenate([K, K], out=z); z
z = np.zeros_like(A, shape=(2, 3, 4)); np.stack([K, K], 0, z); z
z = np.zeros_like(x[:2]); np.take(k, [0, 1], out=z); z
z = np.zeros_like(x[:2]); np.compress([1, 0, 1], k3, out=z); z
np.lib.stride_tricks.sliding_window_view(x, 3)
np.lib.stride_tricks.sliding_window_view(A, (2, 2))
np.lib.stride_tricks.sliding_window_view(A, 2, axis=1).mean(-1)
z = M.copy(); np.einsum("ii->i", z)[:] = x[:4]; z
z = A.copy(); np.split(z, 2, axis=1)[1][:] = s; z
z = A.copy(); np.flipud(z)[0] = 1.0; z
z = A.copy(); np.rot90(z)[0, 0] = s; z
z = C.copy(); np.real(z)[0] = x[:3]; z
z = C.copy(); z.imag[1] = 0.0; z
z = F.copy("F"); np.ravel(z, "K")[1] = s; z
z = F.copy("F"); np.reshape(z, 12, order="F")[1] = s; z
z = A.copy(); np.lib.stride_tricks.sliding_window_view(z, 2, 1)
np.reshape(A, (4, 3))
np.reshape(A, -1)
np.reshape(A, 12)
np.reshape(A, (2, 6), order="F")
np.reshape(A, (2, 6), "A")
np.reshape(F, (2, 6), order="A")
np.reshape(A, shape=(6, 2)) if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else np.reshape(A, (6, 2))
np.ravel(A)
np.ravel(A, "F")
np.ravel(T.T)
np.transpose(A)
np.transpose(T, (1, 0, 2))
np.transpose(T, axes=[2, 1, 0])
np.permute_dims(T, (2, 0, 1))
np.matrix_transpose(T)
np.linalg.matrix_transpose(T)
np.swapaxes(T, 0, 2)
np.moveaxis(T, 0, -1)
np.moveaxis(T, [0, 1], [-1, 0])
np.moveaxis(a=T, source=2, destination=0)
np.rollaxis(T, 2)
np.rollaxis(T, 1, 3)
np.rollaxis(T, -1, 1)
np.squeeze(A[None])
np.squeeze(A[None], axis=0)
np.expand_dims(A, 0)
np.expand_dims(A, (0, 3))
np.expand_dims(A, axis=-1)
np.broadcast_to(x, (3, 5))
np.broadcast_to(s, (2, 2))
np.broadcast_to(array=A[:, :1], shape=(2, 3, 4))
np.broadcast_arrays(x, A[:, :1])
np.broadcast_arrays(s, k)
np.atleast_1d(s)
np.atleast_2d(x)
np.atleast_3d(A)
np.atleast_3d(x)
np.atleast_1d(s, x)
np.atleast_2d(s, A, T)
np.flip(A)
np.flip(A, 0)
np.flip(A, axis=(0, 1))
np.flip(m=T, axis=-1)
np.fliplr(A)
np.flipud(A)
np.rot90(A)
np.rot90(A, 2)
np.rot90(A, -1)
np.rot90(T, 1, (1, 2))
np.rot90(m=A, k=3)
np.roll(x, 2)
np.roll(A, 1)
np.roll(A, 1, axis=0)
np.roll(A, (1, -1), axis=(0, 1))
np.roll(a=x, shift=-1)
np.repeat(x, 2)
np.repeat(A, [1, 2, 0], axis=0)
np.repeat(a=A, repeats=2, axis=1)
np.tile(x, 2)
np.tile(A, (2, 1))
np.tile(A, (2, 1, 2))
np.tile(A=x, reps=(2, 2))
np.concatenate([x, y])
np.concatenate((x, k))
np.concatenate([k, x, [1.0, 2.0]])
np.concatenate([A, A * 2], axis=1)
np.concatenate([A, K], 0)
np.concatenate([A, B], axis=None)
np.concatenate([A, A[:0]])
np.concatenate([x, f])
np.concatenate([x, c])
np.concatenate([s[None], x, r[None]])
np.concatenate([F, F])
np.concatenate([x, y], out=np.empty_like(x, shape=(10,)))
np.concatenate([x, y], dtype=complex)
np.concatenate([f, f], dtype=np.float64)
np.concatenate([x, [s, r]])
np.concatenate(A)
np.concat([x, y])
np.stack([x, y])
np.stack([x, y], axis=1)
np.stack([x, k], -1)
np.stack([A, K, A], axis=1)
np.stack([s, r])
np.stack([s, 1.0, r])
np.stack((x, y), out=np.empty_like(x, shape=(2, 5)))
np.stack(list(A))
np.stack(A)
np.hstack([x, y])
np.hstack([A, A])
np.hstack((s, r, 1.0))
np.hstack([x, s])
np.vstack([x, y])
np.vstack([A, k4])
np.vstack([A, x[:4], K])
np.dstack([A, A])
np.dstack([x, y])
np.column_stack([x, y])
np.column_stack([A, x[:3]])
np.column_stack([x, k, np.arange(5)])
np.block([[M, M], [M, M]])
np.block([[A, np.zeros((3, 3))], [np.zeros((4, 4)), B]])
np.block([x, y])
np.block([[s, r], [1.0, 2.0]])
np.block([[np.eye(2), A[:2, :2]], [A[1:, :2], np.ones((2, 2))]])
np.append(x, y)
np.append(x, s)
np.append(x, [1, 2])
np.append(A, A[:1], axis=0)
np.append(arr=A, values=B)
np.append(k, x)
np.insert(x, 2, s)
np.insert(x, [1, 3], y[:2])
np.insert(x, 1, [s, r])
np.insert(A, 1, x[:4], axis=0)
np.insert(A, 1, s, axis=1)
np.insert(A, [1], x[:3, None], axis=1)
np.insert(k, 2, s)
np.insert(A, slice(0, 2), 9.0)
np.insert(x, -1, 1.0)
np.delete(x, 1)
np.delete(x, [0, 2])
np.delete(A, 1, axis=0)
np.delete(A, slice(1, 3), axis=1)
np.delete(A, [0, 5])
np.delete(x, m)
np.delete(arr=x, obj=-1)
np.split(x[:4], 2)
np.split(x, [1, 3])
np.split(A, 2, axis=1)
np.split(ary=A, indices_or_sections=3)
np.array_split(x, 3)
np.array_split(A, 3, axis=1)
np.hsplit(A, 2)
np.hsplit(x, [2])
np.vsplit(A, 3)
np.dsplit(T, 2)
np.unstack(A) if hasattr(np, "unstack") else list(A)
np.unstack(A, axis=1) if hasattr(np, "unstack") else list(A.T)
np.pad(x, 2)
np.pad(x, (1, 2), constant_values=3.0)
np.pad(A, 1)
np.pad(A, ((1, 0), (0, 2)), "constant", constant_values=((1, 2), (3, 4)))
np.pad(A, 1, mode="edge")
np.pad(A, 1, "reflect")
np.pad(A, ((1, 1), (2, 2)), "symmetric")
np.pad(A, 1, "symmetric", reflect_type="odd")
np.pad(A, 1, "reflect", reflect_type="odd")
np.pad(A, 1, "wrap")
np.pad(A, 1, "linear_ramp")
np.pad(A, 2, "linear_ramp", end_values=1.5)
np.pad(A, 1, "mean")
np.pad(A, 2, "mean", stat_length=2)
np.pad(A, 1, "maximum")
np.pad(A, 1, "minimum")
np.pad(A, 1, "median")
np.pad(A, 2, "maximum", stat_length=2)
np.pad(array=x, pad_width=1)
np.pad(x, 1, constant_values=s)
np.pad(x, 2, "linear_ramp", end_values=(s, r))
np.diag(x)
np.diag(x, 1)
np.diag(M)
np.diag(A, -1)
np.diag(v=A, k=1)
np.diagonal(T)
np.diagonal(A, 1)
np.diagonal(T, 0, 1, 2)
np.diagonal(a=T, axis1=0, axis2=2)
np.linalg.diagonal(T)
np.linalg.diagonal(T, offset=1)
np.diagflat(x)
np.diagflat(A[:2, :2], 1)
np.diagflat(s)
np.tril(A)
np.tril(A, 1)
np.triu(A, -1)
np.triu(T)
np.tril(m=M, k=-1)
np.triu(x)
np.trace(M)
np.trace(A, 1)
np.trace(T, axis1=1, axis2=2)
np.trace(a=T, offset=0, axis1=0, axis2=2)
np.trace(f[:4].reshape(2, 2), dtype=float)
np.linalg.trace(T)
np.linalg.trace(T, offset=-1)
np.resize(x, (3, 4))
np.resize(x, 3)
np.resize(A, (2, 2))
np.trim_zeros(np.concatenate([np.zeros(2), x, np.zeros(1)]))
np.trim_zeros(np.concatenate([np.zeros(2), x, np.zeros(1)]), "f")
np.trim_zeros(np.concatenate([np.zeros(2), x, np.zeros(1)]), trim="b")
np.real(x)
np.imag(x)
np.real(val=c)
np.imag(C)
np.real_if_close(x + 0j)
np.real_if_close(c)
np.copy(x)
np.copy(A, order="F")
np.meshgrid(x, y)
np.meshgrid(x, k, indexing="ij")
np.meshgrid(x, y, sparse=True)
np.meshgrid(x, y[:2], k4, indexing="ij", sparse=True)
np.meshgrid(x)
np.ix_(x, y)
np.vander(x)
np.vander(x, 3)
np.vander(x, N=3, increasing=True)
np.tri(3) * M[:3, :3]
np.zeros_like(x)
np.ones_like(A)
np.ones_like(A, dtype=np.float32)
np.zeros_like(A, shape=(2, 2))
np.zeros_like(x, dtype=int)
np.zeros_like(x, dtype=bool)
np.full_like(x, 3.0)
np.full_like(A, s)
np.full_like(A, x[:4])
np.ones_like(a=x)
np.zeros_like(c)
np.shape(A)
np.ndim(A)
np.size(A)
np.size(A, 1)
np.linspace(s, 2.0, 5)
np.linspace(0.0, s, 4, endpoint=False)
np.linspace(s, r, 3, retstep=True)
np.linspace(x, y, 3)
np.linspace(x, y, 3, axis=1)
np.linspace(start=0, stop=s, num=1)
np.logspace(s, r, 4)
np.logspace(s, 1.0, 3, base=2.0)
np.logspace(0.0, 1.0, 3, base=p[0])
np.geomspace(p[0], p[1], 4)
np.geomspace(1.0, p, 3)
np.apply_along_axis(np.sum, 0, A)
np.apply_along_axis(lambda row: row * row[0], 1, A)
np.apply_along_axis(np.diff, 1, A)
np.apply_along_axis(np.outer, 1, A, k4)
np.apply_over_axes(np.sum, T, [0, 2])
np.apply_over_axes(np.mean, T, 1)
np.astype(x, complex)
"""

CALLS["selecting"] = """
np.nan_to_num(N, nan=s)
np.nan_to_num(np.where(m, x, np.inf), posinf=s, neginf=r)
np.nan_to_num(np.where(m, x, -np.inf), True, 0.0, s, r)
np.nan_to_num(c * np.array([1, np.nan, 1, 1]), nan=s)
np.nan_to_num(np.array([1.0, np.nan]) * x[:2] + 1j * x[2:4])
np.take(x, [0, 2])
np.take(A, [0, 2], axis=1)
np.take(A, 1, axis=0)
np.take(A, [[0, 1], [2, 3]])
np.take(a=A, indices=[5, -1], mode="wrap")
np.take(A, [0, 1], 0, np.empty_like(A[:2]))
np.take_along_axis(A, np.argsort(A, 1), 1)
np.take_along_axis(A, np.array([[0, 1, 2, 0]]), axis=0)
np.take_along_axis(A, np.array([3, 1]), None)
np.take_along_axis(arr=T, indices=np.argmax(T, -1, keepdims=True), axis=-1)
np.compress([0, 1, 1], A, axis=0)
np.compress(condition=[1, 0, 1], a=x)
np.compress([0, 1, 1], A, 0, np.empty_like(A[:2]))
np.extract(x > 0, x)
np.extract(condition=W, arr=A)
np.where(x > 0, x, y)
np.where(x > 0, x, 0)
np.where(x > 0, 1.0, x)
np.where(m, x, k)
np.where(x > 0)
np.where(W, A, s)
np.where(A > 0, A, x[:4])
np.where(x[:3, None] > 0, A, 0.0)
np.where(s > 0, x, y)
np.where(True, s, r)
np.where(m, 1.0, 2.0)
np.where(m, x, 1j)
np.where(np.isnan(N), 0.0, N)
np.where(m, [s, r, 1, 2, 3], x)
np.select([x > 1, x > 0], [x, 2 * x])
np.select([x > 1, x > 0], [x, y], default=-1.0)
np.select([x > 1, x > 0], [x, y], s)
np.select([W, ~W], [A, A ** 2])
np.select(condlist=[m], choicelist=[x], default=k)
np.choose(i, [x[:3], y[:3], k3])
np.choose([0, 1, 0], [x[:3], y[:3]])
np.choose([0, 5, -1], [x[:3], y[:3]], mode="wrap")
np.choose([0, 5, -1], [x[:3], y[:3]], mode="clip")
np.choose(i, choices=A[:, :3])
np.choose([[0, 1], [1, 0]], [s, r])
np.choose(i, [x[:3], 2.0, s])
np.piecewise(x, [x < 0, x >= 0], [lambda v: v ** 2, lambda v: 3 * v])
np.piecewise(x, [x < 0], [lambda v: v ** 2, 1.0])
np.piecewise(x, [x < 0, x > 1], [-1, 1])
np.piecewise(s, [s < 0], [lambda v: -v, lambda v: v * 2])
np.piecewise(x, x < 0, [lambda v, a: v * a, 1.0], 3.0)
np.clip(x, -0.5, 0.5)
np.clip(x, 0.0, None)
np.clip(x, None, 0.5)
np.clip(x, y, y + 1)
np.clip(A, a_min=-0.3, a_max=x[:4])
np.clip(x, -0.5, 0.5, out=np.empty_like(x))
np.clip(k, s, 1.5)
np.clip(x, min=-0.5, max=0.5) if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else np.clip(x, -0.5, 0.5)
np.clip(1.0, s, r)
np.sort(x)
np.sort(A)
np.sort(A, axis=0)
np.sort(A, axis=None)
np.sort(A, 1, "stable")
np.sort(A, stable=True)
np.sort(x)[::-1]
np.sort(c.real)
np.sort_complex(c)
np.partition(x, 2)[2]
np.partition(A, 1, axis=0)[1]
np.partition(A, (1, 2), axis=1)[:, 1:3]
np.partition(a=x, kth=0)[0]
np.argsort(x)
np.argsort(-x)
np.argpartition(x, 2)[2]
np.argmax(x)
np.argmax(A, axis=1)
np.argmax(A, axis=1, keepdims=True)
np.argmin(A, 0)
np.nanargmax(N)
np.nanargmin(N)
np.argwhere(x > 0)
np.argwhere(x)
np.flatnonzero(x)
np.nonzero(A)
np.count_nonzero(x)
np.count_nonzero(A, axis=1)
np.searchsorted(np.sort(x), 0.5)
np.searchsorted([0.0, 1.0], x)
np.searchsorted([0.0, 1.0], v=x, side="right")
np.digitize(x, [-1.0, 0.0, 1.0])
np.digitize(k, np.sort(x))
np.lexsort((x, y))
np.isclose(x, y)
np.allclose(x, x)
np.array_equal(x, y)
np.array_equiv(x, x)
np.iscomplexobj(x)
np.isrealobj(c)
np.iscomplex(c)
np.isreal(x)
np.isposinf(x)
np.isneginf(x)
np.result_type(x, np.float32)
np.can_cast(x.dtype, np.float64)
np.common_type(x, f)
np.min_scalar_type(x)
np.shares_memory(x, y)
np.may_share_memory(x, y)
np.array_repr(x)
np.array_str(A, precision=2)
np.array2string(x, separator=', ')
np.diag_indices_from(M)
np.tril_indices_from(M)
np.triu_indices_from(M, k=1)
np.around(x, 1)
np.round(x)
np.round(A, decimals=1)
np.fix(x)
np.any(x)
np.all(A, axis=0)
np.all(A > -100, axis=(0, 1), keepdims=True)
np.any(A, where=W)
np.nan_to_num(N)
np.nan_to_num(N, nan=2.0)
np.nan_to_num(x / np.array([1, 1, 0, 1, 1]), posinf=9.0)
z = N.copy(); np.nan_to_num(z, copy=False); z
np.interp(s, [0.0, 1.0, 2.0], [1.0, 3.0, 2.0])
np.interp(u, [-1.0, 0.0, 1.0], k3)
np.interp(x, [-1.0, 0.0, 1.0], k3, left=-5.0, right=7.0)
np.interp([0.1, 0.7], [0.0, 0.5, 1.0], x[:3])
np.interp(u, [-1.0, 0.0, 1.0], x[:3])
np.interp([0.4, 0.95], np.sort(p), y)
np.interp(p, np.sort(p) * 1.01, y)
np.interp(x, [0.0, 1.0, 2.0], [1.0, 3.0, 2.0], period=2.5)
np.interp(x, [0.0, 1.0, 2.0], y[:3], period=2.5)
np.interp(s, [0.0, 1.0, 2.0], y[:3])
np.interp([0.3, 0.4], [0.0, 1.0], c[:2])
z = x.copy(); np.put(z, [0, 2], y[:2]); z
z = A.copy(); np.put(z, [0, 5, 7], [s, r]); z
z = x.copy(); np.place(z, z > 0, [s, r]); z
z = x.copy(); np.place(z, m, y[:2]); z
z = x.copy(); np.putmask(z, m, y); z
z = x.copy(); np.putmask(z, z > 0, [s, r]); z
z = x.copy(); np.copyto(z, y); z
z = x.copy(); np.copyto(z, y, where=m); z
z = A.copy(); np.copyto(z, x[:4]); z
z = A.copy(); np.copyto(dst=z, src=s, where=W); z
z = x.copy(); np.copyto(z, 2.0); z
z = M.copy(); np.fill_diagonal(z, 0.0); z
z = M.copy(); np.fill_diagonal(z, s); z
z = M.copy(); np.fill_diagonal(z, x[:4]); z
z = A.copy(); np.put_along_axis(z, np.array([[0], [1], [2]]), 9.0, axis=1); z
z = A.copy(); np.put_along_axis(z, np.array([[0], [1], [2]]), x[:3, None], axis=1); z
z = A.copy(); np.put_along_axis(z, np.argmax(A, 0, keepdims=True), s, 0); z
np.unique(x)
np.unique(np.round(k))
np.unique(x, return_index=True)
np.unique(A, return_inverse=True)
np.unique(A, return_counts=True, axis=0)
np.unique_values(x)
np.unique_all(A)
np.unique_inverse(x)
np.unique_counts(x)
np.union1d(x, y)
np.intersect1d(x, x[:3])
np.setdiff1d(x, x[:2])
np.setxor1d(x, y)
np.isin(x, [x[0], 5.0])
np.isin(k, x)
"""

CALLS["reductions"] = """
z = np.zeros_like(x[:3]); np.sum(K, 1, out=z); z * x[:3]
z = np.zeros_like(x[:3]); np.mean(K, axis=1, out=z); z
z = np.zeros_like(x[:3]); np.max(K, axis=1, out=z); z
z = np.zeros_like(x[:3]); np.std(K, 1, None, z); z
z = np.zeros_like(x[:3]); np.prod(K, 1, out=z); z
z = np.zeros_like(x[:3]); np.median(K, 1, out=z); z
z = np.zeros_like(x[:3]); np.nansum(K, 1, out=z); z
z = np.zeros_like(x[:3]); np.trace(np.ones((2, 2, 3)), out=z); z
z = np.zeros_like(A); np.cumsum(K, 0, out=z); z
z = np.zeros_like(A); np.cumprod(K, 1, None, z); z
np.sum(A)
np.sum(A, 0)
np.sum(a=A, axis=1)
np.sum(A, axis=(0, 1), keepdims=True)
np.sum(A, dtype=complex)
np.sum(A, out=np.empty_like(s))
np.sum(A, 0, None, np.empty_like(A[0]))
np.sum(A, initial=s)
np.sum(A, axis=0, initial=1.5, where=W)
np.sum(f)
np.sum(g, axis=0, dtype=np.float64)
np.sum(T, (0, 2))
np.sum(E)
np.sum(E, axis=0)
np.sum(E, axis=1)
np.sum(V)
np.sum(F, axis=0)
np.sum(s)
np.sum([s, r])
np.sum(c)
np.sum(A.T, axis=1)
np.sum(A, ())
np.mean(A)
np.mean(A, axis=0)
np.mean(A, (0, 1))
np.mean(g)
np.mean(c)
np.mean(A, where=W)
np.mean(A, axis=1, keepdims=True, where=W)
np.mean(s)
np.average(A)
np.average(A, axis=0)
np.average(A, weights=K)
np.average(A, axis=1, weights=x[:4] ** 2)
np.average(k, weights=p)
np.average(A, axis=0, weights=k3, returned=True)
np.average(A, axis=0, keepdims=True)
np.average(a=A, axis=(0, 1), weights=A ** 2)
np.prod(x)
np.prod(A, axis=0)
np.prod(A, (0, 1), keepdims=True)
np.prod(x * np.array([1, 0, 1, 1, 1]))
np.prod(x * np.array([1, 0, 0, 1, 1]))
np.prod(x, initial=s)
np.prod(A, where=W)
np.prod(E)
np.prod(E, axis=0)
np.prod(f)
np.prod(c)
np.prod(T, axis=(0, 2))
np.max(x)
np.max(A, 0)
np.max(A, axis=1, keepdims=True)
np.max(A, axis=(0, 1))
np.max(A, where=W, initial=0.0)
np.max(x, initial=s)
np.amax(A)
np.amin(A, 1)
np.min(a=A)
np.min(T, (0, 1))
np.min(A, 0, np.empty_like(A[0]))
np.max(f)
np.ptp(A)
np.ptp(A, axis=0)
np.ptp(A, 1, keepdims=True)
np.var(A)
np.var(A, axis=0)
np.var(A, 1, ddof=1)
np.var(A, correction=1) if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else np.var(A, ddof=1)
np.var(A, axis=0, mean=A.mean(0, keepdims=True))
np.var(A, axis=0, where=W)
np.var(c)
np.var(g)
np.var(A, dtype=np.float64, keepdims=True)
np.std(A)
np.std(A, axis=0, ddof=1)
np.std(A, keepdims=True)
np.std(c)
np.std(A, axis=1, mean=A.mean(1, keepdims=True))
np.cumsum(x)
np.cumsum(A)
np.cumsum(A, axis=1)
np.cumsum(A, 0, out=np.empty_like(A))
np.cumsum(f, dtype=np.float64)
np.cumprod(x)
np.cumprod(A, axis=0)
np.cumprod(x * np.array([1, 1, 0, 1, 1]))
np.cumprod(A)
np.cumprod(c)
np.cumulative_sum(x) if hasattr(np, "cumulative_sum") else np.cumsum(x)
np.cumulative_sum(A, axis=1, include_initial=True) if hasattr(np, "cumulative_sum") else np.cumsum(A, 1)
np.cumulative_prod(A, axis=0) if hasattr(np, "cumulative_prod") else np.cumprod(A, 0)
np.cumulative_prod(x, include_initial=True) if hasattr(np, "cumulative_prod") else np.cumprod(x)
np.nansum(N)
np.nansum(N, keepdims=True)
np.nanprod(N)
np.nanmean(N)
np.nanvar(N)
np.nanstd(N, ddof=1)
np.nanmax(N)
np.nanmin(N)
np.nanmedian(N)
np.nancumsum(N)
np.nancumprod(N)
np.nanpercentile(N, 30)
np.nanquantile(N, [0.2, 0.7])
np.nanmean(A, axis=0)
np.nansum(A, axis=(0, 1))
np.nanmax(A, axis=1, keepdims=True)
np.nanstd(A, axis=1)
np.median(x)
np.median(A)
np.median(A, axis=0)
np.median(A, axis=(0, 1), keepdims=True)
np.median(A, 1, np.empty_like(A[:, 0]))
np.median(a=x[:4])
np.percentile(x, 35)
np.percentile(A, [10, 50, 90], axis=1)
np.percentile(A, 40, axis=0, keepdims=True)
np.quantile(x, 0.3)
np.quantile(A, 0.6, axis=0)
np.quantile(A, [0.1, 0.5], axis=(0, 1))
np.quantile(x, s)
np.quantile(x, 0.3, method="lower")
np.quantile(x, 0.3, method="higher")
np.quantile(x, 0.3, method="nearest")
np.quantile(x, 0.3, method="midpoint")
np.quantile(x, 0.3, method="hazen")
np.quantile(x, 0.3, method="weibull")
np.quantile(x, 0.3, method="median_unbiased")
np.quantile(x, 0.3, method="normal_unbiased")
np.quantile(x, 0.3, method="inverted_cdf")
np.quantile(x, 0.3, method="averaged_inverted_cdf")
np.quantile(x, 0.3, method="closest_observation")
np.quantile(x, 0.3, method="interpolated_inverted_cdf")
np.quantile(x, 0.3, method="inverted_cdf", weights=p.round(1) if isinstance(p, np.ndarray) else p.value.round(1))
np.percentile(A, 40, method="hazen")
np.diff(x)
np.diff(A)
np.diff(A, axis=0)
np.diff(x, n=2)
np.diff(x, 0)
np.diff(x, prepend=0.0, append=s)
np.diff(A, axis=1, prepend=x[:3, None])
np.diff(a=A, n=1, axis=-1)
np.ediff1d(x)
np.ediff1d(A, to_end=s, to_begin=[1.0, 2.0])
np.gradient(x)
np.gradient(x, 0.5)
np.gradient(x, np.sort(k))
np.gradient(x, np.sort(p))
np.gradient(A)
np.gradient(A, axis=1)
np.gradient(A, 0.5, k4.cumsum() + 5 * np.arange(4))
np.gradient(A, edge_order=2)
np.gradient(x, s)
np.gradient(A, 1.0, 2.0, axis=(1, 0))
np.trapezoid(x)
np.trapezoid(x, dx=0.5)
np.trapezoid(y, x)
np.trapezoid(A, axis=0)
np.trapezoid(A, np.sort(k4), axis=1)
np.trapezoid(A, x=K, axis=1)
np.trapezoid(k, x=x)
np.trapezoid(x, dx=s)
np.unwrap(x * 4)
np.unwrap(A * 6, axis=0)
np.unwrap(x, period=1.5)
np.cov(A)
np.cov(x, y)
np.cov(A, rowvar=False)
np.cov(A, bias=True)
np.cov(A, ddof=0)
np.cov(A, aweights=k4 ** 2)
np.cov(A, fweights=[1, 2, 1, 3])
np.cov(x)
np.cov(A, y=x[:4])
np.cov(A, aweights=p[:4])
np.corrcoef(A)
np.corrcoef(x, y)
np.corrcoef(A, rowvar=False)
np.corrcoef(A[:, :3], A[:, 1:])
np.histogram(k, bins=3, weights=x)
np.histogram(k, bins=[-2.0, 0.0, 1.0, 3.0], weights=x)
np.histogram(x, bins=3)
np.histogram(x, bins=3, weights=y)
np.histogram(k, bins=3, weights=x ** 2, density=True)
np.histogram(k, bins=4, range=(-3.0, 3.0), weights=x)
np.histogram_bin_edges(x, 4)
np.histogram_bin_edges(x, [0.0, 1.0])
np.histogram2d(k, k[::-1], bins=2, weights=x)
np.histogramdd(np.stack([k, k ** 2], 1), bins=(2, 3), weights=x)
np.bincount([0, 1, 1, 0, 2], weights=x)
np.bincount([0, 1, 1, 0, 2], x, minlength=5)
np.bincount(np.array([0, 1, 1, 0, 2]), weights=f)
np.bincount(np.array([], int), weights=x[:0], minlength=2)
np.i0(x)
np.convolve(x, y)
np.convolve(x, k3)
np.convolve(k, x[:3], "same")
np.convolve(a=x, v=y[:2], mode="valid")
np.correlate(x, y)
np.correlate(x, y, "full")
np.correlate(x, k3, mode="same")
np.correlate(c, c, "full")
"""

CALLS["products"] = """
z = np.zeros_like(x[:3]); np.dot(K, k4, z); z
z = np.zeros_like(x[:3]); np.einsum("ij,j", K, k4, out=z); z
z = np.zeros_like(M[:3, :3]); np.linalg.multi_dot([K, k4[:, None] * K.T], out=z); z
z = np.zeros_like(M[:3, :3]); np.outer(k3, k3, z); z
z = np.zeros_like(M[:3, :3]); np.matmul(K, K.T, out=z); z
np.dot(x, y)
np.dot(x, k)
np.dot(k, x)
np.dot(A, B)
np.dot(A, k4)
np.dot(k3, A)
np.dot(T, B)
np.dot(A, T.swapaxes(1, 2)[:, :4, :])
np.dot(s, A)
np.dot(A, 2.0)
np.dot(a=A, b=M)
np.dot(A, B, out=np.empty_like(A[:, :3]))
np.dot(A, B, np.empty_like(A[:, :3]))
np.dot(x, [1, 2, 3, 4, 5])
np.dot([1, 2, 3, 4, 5], x)
np.dot(c, x[:4])
np.dot(f, f)
np.dot(F, B)
np.dot(V, V.T)
np.dot(x, [s, r, 1.0, 2.0, 3.0])
np.vdot(x, y)
np.vdot(A, A)
np.vdot(c, c)
np.vdot(k, x)
np.inner(x, y)
np.inner(A, A)
np.inner(A, k4)
np.inner(T, A)
np.inner(s, x)
np.outer(x, y)
np.outer(A, k3)
np.outer(k, x)
np.outer(x, y, out=np.empty_like(x, shape=(5, 5)))
np.linalg.outer(x, y)
np.tensordot(A, B, 1)
np.tensordot(T, A)
np.tensordot(T, A, axes=([1, 2], [0, 1]))
np.tensordot(T, A, axes=(1, 0))
np.tensordot(A, x, axes=0)
np.tensordot(a=A, b=K)
np.linalg.tensordot(A, K, axes=2)
np.einsum("ij,jk->ik", A, B)
np.einsum("ij,jk", A, B)
np.einsum("ij->ji", A)
np.einsum("ii", M)
np.einsum("ii->i", M)
np.einsum("ij->", A)
np.einsum("i,i", x, y)
np.einsum("i,j->ij", x, y)
np.einsum("ij,ij->i", A, K)
np.einsum("...i,...i", T, T)
np.einsum("bij,jk->bik", T, B)
np.einsum("ij,jk,kl->il", A, B, A)
np.einsum("ij,jk,kl->il", A, B, A, optimize=True)
np.einsum("ij,jk,kl->il", A, B, A, optimize="optimal")
np.einsum("ij,jk,kl->il", A, B, A, optimize="greedy")
np.einsum("ij,jk,kl->il", A, B, A, optimize=["einsum_path", (0, 1), (0, 1)])
np.einsum(A, [0, 1], B, [1, 2], [0, 2])
np.einsum(A, [0, 1], B, [1, 2])
np.einsum("ij,jk->ik", A, B, out=np.empty_like(A[:, :3]))
np.einsum("ij,j->i", A, k4)
np.einsum("i->", x)
np.einsum("i,i,i->", x, x, x)
np.einsum(",i->i", s, x)
np.einsum("ij,ij", A, A, dtype=complex)
np.einsum_path("ij,jk,kl->il", A, B, A)[0]
np.kron(x, y)
np.kron(A, np.eye(2))
np.kron(np.eye(2), A)
np.kron(x, A)
np.kron(s, x)
np.cross(x[:3], y[:3])
np.cross(A[:, :3], k3)
np.cross(A[:3, :3], A[:3, 1:4], axis=0)
np.cross(k3, x[:3])
np.cross(T[:, :, :3], T[:, :, 1:], axisa=1, axisb=1, axisc=-1)
np.linalg.cross(x[:3], y[:3])
np.linalg.cross(A[:, :3], A[:, 1:], axis=0)
np.matmul(A, B)
np.linalg.matmul(A, B)
np.linalg.vecdot(A, A)
np.linalg.vecdot(A, A, axis=0)
np.linalg.multi_dot([A, B, A])
np.linalg.multi_dot([x[:3], A, B, y[:3]])
np.linalg.multi_dot([A, np.ones((4, 2)), np.ones((2, 3))])
np.linalg.multi_dot([A, B], out=np.empty_like(A[:, :3]))
np.linalg.matrix_power(M, 2)
np.linalg.matrix_power(M, 5)
np.linalg.matrix_power(M, 0)
np.linalg.matrix_power(M, -2)
np.linalg.matrix_power(M, 1)
np.linalg.matrix_power(G, 3)
"""

CALLS["linear algebra"] = """
np.linalg.svd(C, full_matrices=False)
np.linalg.svd(C[:2], full_matrices=False)
np.linalg.svd(np.concatenate([C, C @ C, C[::-1] * 1j]), full_matrices=False)
np.linalg.svd(np.concatenate([C, C @ C, C[::-1] * 1j]).T, full_matrices=False)
np.linalg.svd(C + C.conj().T, hermitian=True)
np.linalg.eigh(C + C.conj().T)
np.linalg.eigh(C + C.conj().T, UPLO="U")
np.linalg.pinv(C + C.conj().T, hermitian=True)
np.linalg.det(np.outer(x[:2], y[:2]))
np.linalg.det(M * np.array([1, 0, 1, 1]))
np.linalg.det(np.stack([M * np.array([1, 0, 1, 1]), M]))
np.linalg.qr(C[:, :2], mode="complete")
np.linalg.norm(C, -2)
np.linalg.cond(G, "fro")
np.linalg.tensorsolve(M.reshape(4, 2, 2), x[:4])
np.linalg.solve(M, x[:4])
np.linalg.solve(M, B)
np.linalg.solve(M, k4)
np.linalg.solve(np.eye(4) * 2, x[:4])
np.linalg.solve(G, A)
np.linalg.solve(G, A[:, :3])
np.linalg.solve(G, np.stack([A, A ** 2]))
np.linalg.solve(M, np.stack([B, B ** 2]))
np.linalg.solve(G, x[:3])
np.linalg.solve(M, np.eye(4))
np.linalg.solve(a=M, b=x[:4])
np.linalg.solve(C, c[:3])
np.linalg.inv(M)
np.linalg.inv(G)
np.linalg.inv(C)
np.linalg.inv(M[::-1].T)
np.linalg.pinv(A)
np.linalg.pinv(A.T)
np.linalg.pinv(M)
np.linalg.pinv(A, rcond=1e-8)
np.linalg.pinv(P, hermitian=True)
np.linalg.det(M)
np.linalg.det(G)
np.linalg.det(C)
np.linalg.slogdet(M)
np.linalg.slogdet(G)
np.linalg.slogdet(M)[1]
np.linalg.slogdet(P).logabsdet
np.linalg.slogdet(C)
np.linalg.cholesky(P)
np.linalg.cholesky(P, upper=True)
np.linalg.cholesky(P + np.eye(4))
np.linalg.qr(A)
np.linalg.qr(A.T)
np.linalg.qr(M)
np.linalg.qr(M, mode="complete")
np.linalg.qr(B, "complete")
np.linalg.qr(B, mode="r")
np.linalg.qr(B, mode="raw")
np.linalg.qr(G)
np.linalg.qr(M).Q
np.linalg.svd(A)
np.linalg.svd(A, full_matrices=False)
np.linalg.svd(A, compute_uv=False)
np.linalg.svd(M)
np.linalg.svd(B, full_matrices=False)
np.linalg.svd(G)
np.linalg.svd(P, hermitian=True)
np.linalg.svd(A).S
np.linalg.svdvals(A)
np.linalg.eigh(P)
np.linalg.eigh(P, "U")
np.linalg.eigh(M)
np.linalg.eigvalsh(P)
np.linalg.eigvalsh(M, UPLO="U")
np.linalg.eigvals(P @ np.diag(p[:4]))
np.linalg.eig(P @ np.diag(p[:4]))
np.linalg.eig(M)
np.linalg.eigvals(M)
np.linalg.cond(M)
np.linalg.cond(M, 1)
np.linalg.cond(M, np.inf)
np.linalg.cond(M, "fro")
np.linalg.cond(M, -2)
np.linalg.cond(G)
np.linalg.matrix_rank(M)
np.linalg.matrix_rank(A)
np.linalg.lstsq(B, x[:4])
np.linalg.lstsq(A, x[:3])
np.linalg.lstsq(B, M)
np.linalg.lstsq(B, k4, rcond=None)
np.linalg.lstsq(np.vander(k, 3), x)
np.linalg.tensorinv(M.reshape(2, 2, 2, 2))
np.linalg.tensorinv(M.reshape(4, 2, 2), ind=1)
np.linalg.tensorsolve(M.reshape(2, 2, 4), A[:2, :2])
np.linalg.tensorsolve(M.reshape(2, 2, 2, 2), A[:2, :2], axes=(0, 1))
np.linalg.norm(x)
np.linalg.norm(A)
np.linalg.norm(x, 1)
np.linalg.norm(x, 2)
np.linalg.norm(x, 3)
np.linalg.norm(x, 0.5)
np.linalg.norm(x, -1)
np.linalg.norm(x, 0)
np.linalg.norm(x, np.inf)
np.linalg.norm(x, -np.inf)
np.linalg.norm(A, "fro")
np.linalg.norm(A, "nuc")
np.linalg.norm(A, 1)
np.linalg.norm(A, -1)
np.linalg.norm(A, 2)
np.linalg.norm(A, -2)
np.linalg.norm(A, np.inf)
np.linalg.norm(A, -np.inf)
np.linalg.norm(A, axis=0)
np.linalg.norm(A, 1, axis=1)
np.linalg.norm(A, ord=3, axis=0, keepdims=True)
np.linalg.norm(A, axis=1, keepdims=True)
np.linalg.norm(T, axis=(1, 2))
np.linalg.norm(T, "nuc", axis=(0, 2))
np.linalg.norm(T, 2, axis=(0, 1), keepdims=True)
np.linalg.norm(T)
np.linalg.norm(c)
np.linalg.norm(C)
np.linalg.norm(c, 1)
np.linalg.norm(f)
np.linalg.norm(s)
np.linalg.norm(x - y)
np.linalg.norm(A, keepdims=True)
np.linalg.vector_norm(x)
np.linalg.vector_norm(A)
np.linalg.vector_norm(A, axis=0, ord=1)
np.linalg.vector_norm(A, axis=(0, 1))
np.linalg.vector_norm(T, axis=(0, 2), keepdims=True)
np.linalg.vector_norm(A, keepdims=True)
np.linalg.vector_norm(x, ord=np.inf)
np.linalg.matrix_norm(A)
np.linalg.matrix_norm(A, ord="nuc")
np.linalg.matrix_norm(G, ord=1, keepdims=True)
np.linalg.matrix_norm(T, ord=2)
"""

CALLS["fft"] = """
np.fft.fft(x)
np.fft.fftfreq(5, s)
np.fft.rfftfreq(5, d=s)
np.fft.fft(x, 8)
np.fft.fft(x, n=3)
np.fft.fft(A)
np.fft.fft(A, axis=0)
np.fft.fft(A, n=5, axis=0, norm="ortho")
np.fft.fft(x, norm="forward")
np.fft.fft(c)
np.fft.fft(a=x)
np.fft.ifft(x)
np.fft.ifft(c, norm="ortho")
np.fft.ifft(np.fft.fft(x))
np.fft.ifft(np.fft.fft(x)).real
np.fft.rfft(x)
np.fft.rfft(x, 4)
np.fft.rfft(A, axis=0)
np.fft.irfft(c)
np.fft.irfft(c, 5)
np.fft.irfft(np.fft.rfft(x), n=5)
np.fft.hfft(c)
np.fft.hfft(c, 5, norm="ortho")
np.fft.ihfft(x)
np.fft.ihfft(x, n=3)
np.fft.fft2(A)
np.fft.fft2(T)
np.fft.fft2(T, axes=(0, 1))
np.fft.fft2(A, s=(2, 5), axes=(0, 1))
np.fft.ifft2(A)
np.fft.rfft2(A)
np.fft.irfft2(C)
np.fft.irfft2(C, s=(3, 5), axes=(0, 1))
np.fft.fftn(T)
np.fft.fftn(T, axes=(0, 2))
np.fft.fftn(T, s=(2, 2), axes=(1, 2), norm="ortho")
np.fft.ifftn(T)
np.fft.rfftn(T)
np.fft.rfftn(A, axes=(0,))
np.fft.irfftn(np.fft.rfftn(A))
np.fft.irfftn(C, axes=(0, 1))
np.fft.fftshift(x)
np.fft.fftshift(A)
np.fft.fftshift(A, axes=0)
np.fft.fftshift(x=A, axes=(0, 1))
np.fft.ifftshift(x)
np.fft.ifftshift(A, 1)
np.fft.fft(x, out=np.empty_like(x, dtype=complex))
np.abs(np.fft.fft(x)) ** 2
np.fft.fft(f)
np.fft.rfft(g)
np.fft.fft(T, axis=1)
"""

CALLS["polynomials"] = """
np.polyval(x, np.poly1d([1.0, 2.0])).coeffs
np.polyval(x, np.poly1d(y[:2])).coeffs
np.polyval(np.poly1d(x), y)
np.poly1d(x)(np.poly1d(y[:2])).coeffs
np.roots([s, 0, 0])
np.roots([s, r, 1.0, 0, 0])
np.geomspace(1, p, 3, axis=1)
np.geomspace(p, 2, 3, axis=-1)
np.polyval(x, 2.0)
np.poly1d(x)(2.0)
np.poly1d(x)(y)
np.poly1d(x).deriv()(2.0)
np.poly1d(x).integ().coeffs
(np.poly1d(x) * np.poly1d(y)).coeffs
(np.poly1d(x) + 1).coeffs
np.poly1d(p).roots
np.poly1d(x).order
np.polyval(x, y)
np.polyval([1.0, 2.0, 3.0], x)
np.polyval(x, A)
np.polyval(p=x, x=s)
np.polyval(np.poly1d([1.0, 2.0, 3.0]), x)
np.polyadd(x, y[:3])
np.polysub(x[:2], y)
np.polymul(x, y)
np.polymul(x, [1, 2])
np.polydiv(x, y[:3])
np.polydiv([1.0, 2.0, 3.0, 4.0], x[:2])
np.polyder(x)
np.polyder(x, 2)
np.polyder(p=x, m=1)
np.polyint(x)
np.polyint(x, 2)
np.polyint(x, k=s)
np.polyint(x, 2, [1.0, 2.0])
np.polyfit(k, y, 2)
np.polyfit(x, y, 1)
np.polyfit(np.arange(5.0), x, 2, w=p)
np.polyfit(k, np.stack([x, y], 1), 1)
np.polyfit(k, y, 1, cov=True)
np.polyfit(k, y, 1, full=True)[0]
np.roots(p)
np.roots([1.0, -3.0, s])
np.roots(x)
np.poly(x)
np.poly(M)
np.poly([s, r])
np.polynomial.polynomial.polyval(s, [1.0, 2.0, 3.0])
np.polynomial.polynomial.polyval(x, [1.0, 2.0, 3.0])
np.polynomial.polynomial.polyval(y, [s, r, 1.0])
np.polynomial.polynomial.polyval(2.0, [s, r, 1.0])
np.polynomial.polynomial.polyadd([s, r], [1.0, 2.0, s])
np.polynomial.polynomial.polymulx([s, r])
np.polynomial.polynomial.polyder([s, r, s * r])
np.polynomial.polynomial.polyint([s, r, s * r])
np.polynomial.chebyshev.chebval(s, [1.0, 2.0, 3.0])
np.polynomial.chebyshev.chebval(u, [1.0, 2.0, 3.0, s, r])
np.polynomial.chebyshev.chebder([s, r, s * r])
np.polynomial.legendre.legval(u, [1.0, s, r])
np.polynomial.hermite.hermval(u, [1.0, s, r])
np.polynomial.laguerre.lagval(u, [1.0, s, r])
np.polynomial.Polynomial([1.0, 2.0, 3.0])(s)
np.polynomial.Polynomial([s, r, 1.0])(2.0)
np.polynomial.Polynomial([s, r, 1.0]).deriv()(0.5)
np.polynomial.Polynomial([s, r, 1.0]).coef
(np.polynomial.Polynomial([s, r]) + np.polynomial.Polynomial([1.0, s])).coef
"""

CALLS["emath"] = """
np.emath.sqrt(p)
np.emath.sqrt(x)
np.emath.log(x)
np.emath.log(p)
np.emath.log2(x)
np.emath.log10(x)
np.emath.logn(2, p)
np.emath.logn(p, x)
np.emath.power(x, 2)
np.emath.power(x, 0.5)
np.emath.power(p, y)
np.emath.power(2.0, x)
np.emath.arccos(u)
np.emath.arccos(x)
np.emath.arcsin(x)
np.emath.arctanh(u)
np.emath.arctanh(x)
np.emath.sqrt(s)
np.emath.sqrt(-s)
"""

CALLS["object arrays"] = """
z = objects(x); z + 1
z = objects(x); z * z
z = objects(x); np.sin(z)
z = objects(x); np.exp(z).sum()
z = objects(x); np.dot(z, k)
z = objects(x); z @ z
z = objects(x); z.sum()
z = objects(x); np.sum(z * x)
z = objects(x); x * z
z = objects(x); x + z
z = objects(x); z - x
z = objects(x); np.dot(x, z)
z = objects(x); np.concatenate([x, z])
z = objects(x); np.where(m, x, z)
z = objects(x); np.maximum(x, z)
z = objects(x); np.convolve(y, z)
z = objects(x); np.linalg.norm(y - z)
z = objects(x); np.interp(0.5, [0, 1, 2, 3, 4], y * x)
z = objects(x); w = np.zeros_like(y); w[:] = z; w
z = objects(x); z.prod()
z = objects(x); np.cumsum(z)
z = objects(x); np.max(z)
z = objects(x); np.sqrt(z ** 2)
z = objects(x); z.reshape(5, 1).T + 1
z = objects(x); np.outer(z, k3)
np.array([s, r]) * 2
np.array([s, r]).sum()
np.sin(np.array([s, r]))
np.dot(np.array([s, r]), np.array([r, s]))
np.array([[s, r], [r, s]]) @ np.array([s, 1.0])
x[:2] * np.array([s, r])
x[:2] + [s, r]
[s, r] * x[:2]
np.add(x[:2], [s, r])
np.sin([s, r])
np.multiply([s, 2.0], x[:2])
np.dot([s, r], x[:2])
np.outer([s, r], x)
np.stack([[s, r], [r, s]])
np.concatenate([[s], [r], x])
np.vstack([[s, r], x[:2]])
np.hstack([[s, r], x[:2]])
np.column_stack([[s, r], x[:2]])
np.linalg.solve(M[:2, :2], [s, r])
np.linalg.solve(M, [s, r, 1.0, 2.0])
np.cross(x[:3], [s, r, 1.0])
np.kron([s, r], x)
np.convolve([s, r], x)
np.matmul(M[:2, :2], [s, r])
M[:2, :2] @ [s, r]
np.polyval([s, r, 1.0], x)
np.full_like(x, [s, r, s, r, s])
np.append(x, [s, r])
np.insert(x, 0, [s, r])
np.clip(x[:2], [s, -1.0], 5.0)
np.tensordot(x[:2], [s, r], 1)
np.inner(x[:2], [s, r])
np.vdot([s, r], x[:2])
np.einsum("i,i", x[:2], [s, r])
np.correlate(x, [s, r])
np.trapezoid(x[:2], [s, r])
np.average(x[:2], weights=[s, r])
np.maximum(x[:2], [s, r])
np.select([x[:2] > 0], [x[:2]], [s, r])
np.linalg.multi_dot([M[:2, :2], [[s, r], [r, s]]])
np.frompyfunc(lambda a, b: a * b, 2, 1)(x, y)
np.frompyfunc(lambda a: (a, a ** 2), 1, 2)(x)
np.frompyfunc(lambda a, b: a + 2 * b, 2, 1)(x[:, None], k)
np.frompyfunc(lambda a, b: a * b, 2, 1).outer(x, y)
np.frompyfunc(lambda a, b: a + b * a, 2, 1).reduce(x)
np.frompyfunc(lambda a, b: a + b, 2, 1).accumulate(x)
np.frompyfunc(lambda a: 1.0, 1, 1)(x)
np.vectorize(lambda a: a ** 2)(s)
"""

CALLS["precision and layout"] = """
T.transpose(2, 0, 1).copy("K").strides
T.T.reshape(4, -1, order="F")
np.add(T.transpose(2, 0, 1), 1)
np.ravel(T.swapaxes(0, 1), "K")
g.T @ g
np.einsum("ij,jk->ik", g, B)
np.add(f, f, dtype="f8", casting="safe")
np.concatenate([f, x])
f + f
f * f
np.sin(f)
np.sqrt(np.abs(f))
f.sum()
f.mean()
f.std()
np.prod(f)
np.cumsum(f)
np.cumprod(f)
np.max(f)
np.sort(f)
np.linalg.norm(f)
np.linalg.norm(g)
np.dot(g, g.T)
np.linalg.inv(g @ g.T)
np.linalg.det(g @ g.T)
np.linalg.solve(g @ g.T, g[:, 0])
np.linalg.svd(g, compute_uv=False)
np.einsum("ij,kj->ik", g, g)
np.concatenate([f, f])
np.where(f > 0, f, 0)
np.where(f > 0, f, np.float32(0))
np.interp(f, [0.0, 1.0], [1.0, 2.0])
np.median(f)
np.quantile(f, 0.3)
np.var(f, ddof=1)
np.diff(f)
np.gradient(f)
np.clip(f, 0, 1)
np.power(f, 2)
f ** 3
np.hypot(f, 1)
np.arctan2(f, f + 2)
np.tanh(g)
np.exp(g) / np.exp(g).sum(1, keepdims=True)
np.outer(f, f)
np.trace(g @ g.T)
np.maximum(f, 0)
np.average(f, weights=f ** 2)
np.cov(g)
np.convolve(f, f)
np.pad(f, 1)
np.roll(f, 1)
f[::-1]
g.T.copy()
V.sum()
V.sum(0)
V.mean(1)
V * 2
V + V.T.T
V @ V.T
V.T @ V
V.T
V.copy()
V.ravel()
V.reshape(-1)
V.cumsum()
V.prod(0)
np.sort(V, 0)
np.exp(V)
np.linalg.norm(V)
np.linalg.norm(V, axis=1)
np.dot(V, k4)
np.concatenate([V, V])
np.stack([V, V])
np.where(V > 0, V, 0)
V[::-1, ::-1].sum(0)
V[::-1] @ B
V.std(0)
V.max(1)
V.flatten()
np.fft.fft(V)
np.einsum("ij,ij", V, V)
F.sum()
F.sum(0)
F * 2
F @ B
F + A
F.T @ A
F.mean(1)
F.ravel()
F.prod(1)
F.cumsum(0)
np.exp(F)
np.linalg.norm(F)
F.var(0)
np.sort(F, 1)
F.reshape(4, 3)
F[1:, 1:]
np.tile(F, 2)
np.linalg.svd(F, compute_uv=False)
np.linalg.pinv(F)
x[::-1].cumsum()
x[::-1].sum()
x[::-1] * y
np.sin(x[::-1])
np.broadcast_to(x, (3, 5)).sum(0)
np.broadcast_to(x, (3, 5)) * 2
np.broadcast_to(s, (4,)).sum()
A.T.sum(0)
A.T.reshape(3, 4)
A.T.ravel()
A.T @ A
T.transpose(2, 0, 1).sum(1)
T.transpose(2, 0, 1).reshape(4, 6)
np.sum(T[:, ::-1, ::2], (0, 2))
s + 1
s * s
np.sin(s)
np.exp(s) + s ** 2
np.maximum(s, 0)
s.sum()
s.mean()
s.max()
s.reshape(())
s.ravel()
s.flatten()
s.copy()
s.T
s.cumsum()
np.add(s, 1)
np.stack([s, s * 2])
np.sum(s)
np.prod(s)
np.linalg.norm(np.stack([s, r]))
np.atleast_1d(s)
np.where(s > 0, s, -s)
np.clip(s, 0, 0.5)
abs(s)
-s
s < 1
s == s
E.sum(0)
E.sum()
E * 2
E + E
E @ A
E.T @ E
E.reshape(3, 0)
E.ravel()
E.mean(1)
E.copy()
np.concatenate([E, A[:, :3]])
np.vstack([E, x[:3]])
E.cumsum(0)
E.prod(0)
np.exp(E)
np.sort(E, 0)
np.where(E > 0, E, 1)
e.sum()
e.prod()
e * 2
np.concatenate([e, x])
np.append(e, s)
np.sin(e)
np.linalg.norm(e)
np.dot(e, e)
np.linalg.norm(E, axis=0)
np.diff(e)
np.cumsum(e)
np.std(E, axis=1)
np.einsum("ij,ik", E, E)
np.tile(e, 3)
np.linalg.inv(E[:, :0])
np.linalg.det(E[:, :0])
np.fft.fftshift(e)
x + 0j
np.exp(1j * x)
np.abs(1 + 1j * x)
np.real(x * 1j)
(x + 1j * y).conj()
np.angle(x + 1j * y)
np.sum(np.abs(x + 1j * y) ** 2)
np.linalg.norm(x + 1j * y)
np.linalg.inv(M + 1j * P)
np.linalg.solve(M + 1j * P, x[:4])
np.linalg.det(M + 1j * P)
(A + 1j) @ B
np.vdot(x + 1j * y, y - 1j * x)
np.sqrt(x + 0j)
np.log(x + 0j)
(x + 1j * y) ** 2
(x + 1j * y) / (y + 2j)
np.power(p + 1j, 1.5)
np.prod(x + 1j)
np.cumprod(x + 1j)
np.mean(x + 1j * y)
np.var(x + 1j * y)
c.sum()
c.mean()
c * c
C @ C
np.linalg.eigh(C @ C.conj().T)[0]
np.linalg.svd(C, compute_uv=False)
np.linalg.cholesky(C @ C.conj().T + np.eye(3))
np.where(c.real > 0, c, 0)
np.trace(C)
np.einsum("ij,jk", C, C)
np.outer(c, c.conj())
np.max(np.abs(c))
"""

CALLS["storing"] = """
z = np.zeros_like(s); x.sum(out=z)
z = np.zeros_like(A[0]); A.sum(0, out=z); z
z = np.zeros_like(A[0]); A.mean(0, out=z); z
z = np.zeros_like(A[0]); A.max(0, out=z); z
z = np.zeros_like(A[0]); A.min(0, out=z); z
z = np.zeros_like(A[0]); A.prod(0, out=z); z
z = np.zeros_like(A[0]); A.var(0, out=z); z
z = np.zeros_like(A[0]); A.std(0, out=z, ddof=1); z
z = np.zeros_like(A); A.cumsum(0, out=z); z
z = np.zeros_like(A); A.cumprod(0, out=z); z
z = np.zeros_like(A); A.clip(-1, 1, out=z); z
z = np.zeros_like(A[:2]); A.take([0, 2], 0, out=z); z
z = np.zeros_like(A[:2]); A.compress([1, 0, 1], 0, out=z); z
z = np.zeros_like(s); M.trace(out=z)
z = np.zeros_like(A[:, :3]); A.dot(B, out=z); z
z = np.zeros_like(A[0]); np.ptp(A, 0, out=z); z
z = np.zeros_like(A[0]); np.median(A, 0, out=z); z
z = np.zeros_like(A[0]); np.percentile(A, 30, 0, out=z); z
z = np.zeros_like(A[0]); np.nanmean(A, 0, out=z); z
z = np.zeros_like(A[0]); np.nansum(A, 0, out=z); z
z = np.zeros_like(A[0]); np.nanmax(A, 0, out=z); z
z = np.zeros_like(A[0]); np.nanstd(A, 0, out=z); z
z = np.zeros_like(A); np.nancumsum(A, 0, out=z); z
z = np.zeros_like(A[0]); np.add.reduce(A, out=z); z
z = np.zeros_like(A[0]); np.maximum.reduce(A, 0, out=z); z
z = np.zeros_like(A); np.add.accumulate(A, 0, out=z); z
z = np.zeros_like(A); np.multiply.accumulate(A, 1, out=z); z
z = np.zeros_like(A); np.choose(np.zeros((3, 4), int), [A, A], out=z); z
z = np.zeros_like(x, shape=(5, 5)); np.multiply.outer(x, y, out=z); z
z = np.zeros_like(x, shape=(3,)); np.add.reduceat(x, [0, 2, 3], out=z); z
z = np.zeros_like(x), np.zeros_like(x); np.modf(x, out=z)[0]
z = np.zeros_like(x); np.modf(x, z, None)[0]
np.add(x, 1, out=None)
np.sum(x, out=None)
np.exp(x, where=[True, False, True, True, False], out=np.ones_like(x))
np.negative(A, out=A.copy().T.T)
z = A.copy(); z[1] = z[1] * 2; z
z = A.copy(); z[1, :] += z[0, :]; z
z = A.copy(); z[:, 0], z[:, 1] = z[:, 1].copy(), z[:, 0].copy(); z
z = A.copy(); z.T[0] = x[:3]; z
z = A.copy(); z.T[:] = B; z
z = A.copy(); z.ravel()[2] = s; z
z = A.copy(); z.reshape(-1)[::2] *= 2; z
z = A.copy(); z[::-1][0] = 1.0; z
z = A.copy(); np.transpose(z)[1] = 2.0; z
z = A.copy(); z.swapaxes(0, 1)[1] = 2.0; z
z = A.copy(); z[None][0, 0] = 2.0; z
z = A.copy(); z[...][0] = s; z
z = A.copy(); z[1:][0] = s; z
z = A.copy(); np.squeeze(z[None])[0] = s; z
z = A.copy(); np.atleast_3d(z)[0] = s; z
z = A.copy(); np.moveaxis(z, 0, 1)[0] = s; z
z = A.copy(); np.expand_dims(z, 0)[0, 0] = s; z
z = A.copy(); z.real[0] = s; z
z = A.copy(); z[z < 0] = 0.0; z
z = A.copy(); z[z < 0] *= -1; z
z = A.copy(); z[np.abs(z) > 1] = s; z
z = A.copy(); z[[0, 1], :] = x[:4]; z
z = A.copy(); z[:, [True, False, True, False]] = 0.0; z
z = A.copy(); z[0, [1, 2]] = [s, r]; z
z = A.copy(); z[np.array([0, 2])[:, None], [0, 1]] = A[:2, :2]; z
z = A.copy(); z[-1, -1] -= s; z
z = A.copy(); z[1][2] = s; z
z = x.copy(); z[:3] += y[:3]; z
z = x.copy(); z[[0, 1]] += y[:2]; z
z = x.copy(); z[m] -= s; z
z = x.copy(); z *= 2; z += 1; z /= z.sum(); z
z = x.copy(); z = z + 1; z[0] = 0; z
z = x.copy(); z[:] = z * z[::-1]; z
z = x.copy(); z[1:-1] = (z[2:] - z[:-2]) / 2; z
z = x.copy(); z.sort(); z[::-1].cumsum()
z = x.copy(); z[z.argmax()] = 0; z
z = x.copy(); z[0] = z[1] = s; z
z = f.copy(); z[1:3] = x[:2]; z
z = c.copy(); z *= 1j; z
z = c.copy(); z += x[:4]; z
z = c.copy(); z[0] = x[0]; z[1] = 1; z
z = np.zeros_like(T); z[0] = A; z[1, 0] = x[:4]; z
z = np.zeros_like(T); z[:, :, 0] = A[:2, :3]; z
z = np.zeros_like(T); z[..., 1:3] = s; z
z = [np.zeros_like(x) for _ in range(2)]; z[0][1] = s; z
z = 0.0; [z := z + v for v in x]; z
z = np.empty_like(x); [z.__setitem__(j, x[j] ** 2) for j in range(5)]; z
np.divmod(x, 0.8, out=(None, np.zeros_like(x)))[1]
"""

CALLS["further"] = """
np.sum(x, where=[1, 0, 1, 1, 0])
np.mean(x, where=[1, 0, 1, 1, 0])
np.var(x, where=[1, 0, 1, 1, 0])
np.max(x, where=[1, 0, 1, 1, 0], initial=-3.0)
np.prod(x, where=[1, 0, 1, 1, 0])
np.nansum(N, where=[1, 0, 1, 1, 0])
np.nanmean(N, where=[1, 0, 1, 1, 0])
np.add.reduce(x, axis=-1)
np.add.reduce(A, axis=(-1,))
np.add.reduce(A, 1, float)
np.multiply.reduce(A, where=W)
np.multiply.reduce(A, initial=2.0, axis=1)
np.multiply.reduce(A, dtype=complex)
np.maximum.reduce(A, initial=0.5, axis=1)
np.maximum.reduce(A, where=W, initial=-9.0)
np.maximum.reduce(A, axis=(0, 1), keepdims=True)
np.logaddexp.reduce(A, initial=0.5)
np.logaddexp.reduce(A, axis=(0, 1))
np.logaddexp.reduce(A, axis=1, keepdims=True)
np.add.accumulate(T, -1)
np.add.accumulate(f, dtype=np.float64)
np.multiply.accumulate(T, 1)
np.maximum.accumulate(T, 2)
np.power.accumulate(p[:3])
np.remainder.reduce(p)
np.subtract.reduce(A, axis=1)
np.subtract.accumulate(A, 1)
np.add.reduceat(T, [0, 2], axis=1)
np.subtract.outer(x, x)
np.arctan2.outer(x, y)
np.multiply.outer(A, B)
np.add.outer(s, x)
np.frexp(x)[1]
np.ldexp(x, 2)
np.ldexp(p, np.array([1, 0, 2, -1, 3]))
np.logaddexp(x, 0.0)
np.copysign(x, -1.0)
np.float_power(p, 2)
np.power(x, 2)
np.power(x, [2, 3, 2, 1, 0])
np.power(x, np.int8(2))
np.hypot(x, 0.0)
np.arctan2(x, -1.0)
np.arctan2(0.5, x)
np.fmax(x, np.nan)
np.fmin(N, 0.0)
np.heaviside(x, x)
np.nextafter(x, y)
np.sin(A, order="F")
np.add(A, F)
np.add(F, F)
np.multiply(F, A.T.T)
np.add(x, y, where=True)
np.sin(x, x.copy())
np.reciprocal(c)
np.square(c)
np.sqrt(1j * x)
np.exp(c * x[:4])
np.cos(c) + np.sin(c)
np.arctan(c)
np.log1p(c)
np.expm1(c)
np.sinh(c)
np.arcsinh(c)
np.sign(x) * x
np.absolute(1j * x + 1)
np.angle(1j * x + 1)
np.isclose(x, x + 1e-12)
c.real * c.imag
c.real ** 2 + c.imag ** 2
c.T
c.copy()
c[::-1].conj()
c.sum().real
np.mean(c).imag
np.abs(c).sum()
np.std(C, axis=0)
np.cumsum(c)
C.T.conj()
np.trace(C @ C)
np.linalg.eigvals(C)
np.linalg.pinv(C)
np.linalg.qr(C)
np.linalg.qr(C, mode="r")
np.linalg.lstsq(C, c[:3])
np.linalg.norm(C, "nuc")
np.linalg.norm(C, 2)
np.linalg.norm(C, 1)
np.linalg.norm(C, axis=0)
np.linalg.cond(C)
np.linalg.matrix_power(C, 3)
np.linalg.matrix_power(C, -1)
np.linalg.tensorsolve(C, c[:3])
np.linalg.multi_dot([C, C, c[:3]])
np.kron(C, np.eye(2))
np.roots(c)
np.polyval(c, 1j)
np.convolve(c, c)
np.vander(c)
np.fft.fft(C, axis=0)
np.fft.ifft(c)
np.fft.hfft(c, 6)
np.fft.irfft(c, 4)
np.fft.rfft(x, 7)
np.fft.rfft(x, norm="ortho")
np.fft.irfft(np.fft.rfft(x), 5, norm="forward")
np.fft.irfft(C, axis=0)
np.fft.irfft(C, n=3, axis=0)
np.fft.hfft(C, axis=0)
np.fft.ihfft(A, axis=0)
np.fft.ihfft(x, 8, norm="forward")
np.fft.fft2(A, norm="ortho")
np.fft.ifft2(C, s=(2, 2), axes=(0, 1))
np.fft.fftn(A)
np.fft.fftn(T, s=(3, 2), axes=(0, 1))
np.fft.ifftn(T, axes=(1,), norm="forward")
np.fft.rfftn(T, s=(2, 3), axes=(0, 2))
np.fft.rfftn(T, norm="ortho")
np.fft.irfftn(np.fft.rfftn(T), s=(3, 4), axes=(1, 2))
np.fft.irfftn(C, s=(3, 5), axes=(0, 1), norm="ortho")
np.fft.irfftn(np.fft.rfftn(T, axes=(0, 2)), axes=(0, 2))
np.fft.rfft2(T, s=(2, 3), axes=(0, 1))
np.fft.irfft2(np.fft.rfft2(A), s=(3, 4), axes=(-2, -1))
np.fft.fft(x, 1)
np.fft.fft(E.T, axis=0) if E.shape[1] > 5 else x
np.quantile(A, [[0.1, 0.2], [0.5, 0.9]], axis=1)
np.quantile(A, np.array([0.25, 0.75]), axis=0, keepdims=True)
np.nanquantile(N, 0.4, keepdims=True)
np.nanpercentile(A, [20, 80], axis=1)
np.percentile(x, [0, 100])
np.percentile(x, 50, method="nearest")
np.quantile(x, u * 0.5 + 0.5)
np.quantile(x, np.float32(0.3))
np.median(A, axis=-1, keepdims=True)
np.median(T, axis=(0, 2))
np.nanmedian(A, axis=(0, 1))
np.average(T, axis=(0, 2), weights=np.arange(8.0).reshape(2, 4))
np.average(T, axis=(2, 0), weights=A[:2].T)
np.average(T, axis=(2, 0, 1), weights=T.transpose(2, 0, 1), returned=True)
np.average(x, weights=[1, 2, 3, 4, 5], returned=True)
np.cov(A, A[::-1])
np.cov(np.stack([x, y]), fweights=[1, 1, 2, 1, 1], aweights=p)
np.corrcoef(c, c[::-1] ** 2)
np.cov(c)
np.histogram(k, bins=3, range=(-2, 3), weights=x)[0]
np.histogram(k, weights=c[0] * np.ones(5))[0]
np.histogram(x)[0]
np.histogram(x, bins="sturges")[0]
np.digitize(x, [0.0])
np.gradient(A, [0.0, 0.5, 2.0], axis=0)
np.gradient(A, 2.0, axis=-1, edge_order=2)
np.gradient(T, axis=(0, 2))
np.gradient(A, p[:3].cumsum(), axis=0)
np.diff(A, n=2, axis=0)
np.diff(A, axis=0, append=A[:1])
np.diff(x, n=4)
np.diff(k, prepend=s)
np.ediff1d(x, to_end=[1.0])
np.trapezoid(A)
np.trapezoid(A, x=k3, axis=0)
np.trapezoid(T, T ** 2, axis=1)
np.trapezoid(A, x=y[:4])
np.interp(0.3, k.cumsum() * 0 + np.arange(5), x)
np.interp(A, [-1.0, 0.0, 1.0], k3)
np.interp(s, np.arange(3.0), k3, left=0.0)
np.unwrap(x * 5, discont=4.0)
np.sort(A, axis=-1)[:, ::-1]
np.sort(c)
np.sort(T, axis=1)
np.partition(A, -1, axis=0)[-1]
np.partition(A, 5, axis=None)[5]
np.take(A, [], axis=0)
np.take(A, np.array(2), 1)
np.take(x, [[0, 1], [1, 2]], mode="clip")
np.choose([1, 0], np.stack([x[:2], y[:2]]))
np.select([A > 1, A > 0], [A, 0.5], default=A * 2)
np.where(A > 0, 1, A)
np.where(A > 0, A.T[0, :1], s)
np.where([True, False], s, r)
np.where(x > 0, np.where(y > 0, x, y), 0.0)
np.where(m, f, f * 2)
np.where(m, f, np.float64(1.0))
np.where(m, x, 1)
np.clip(A, x[:4], None)
np.clip(f, np.float32(-0.5), np.float32(0.5))
np.clip(x, [0, 0, 0, 0, 0], 1)
np.clip(x, -1, 1, dtype=np.float64)
np.nan_to_num(x)
np.round(c, 1)
np.tensordot(A, B, axes=[[1], [0]])
np.tensordot(T, T, axes=([0, 2], [0, 2]))
np.tensordot(T, A, axes=([-1], [-1]))
np.tensordot(x, y, 0)
np.tensordot(A, x[:4], axes=1)
np.einsum("ij,kj->ik", A, A)
np.einsum("i,ij,j", x[:3], A, y[:4])
np.einsum("...ij,...jk->...ik", G, G)
np.einsum("i...->...", A)
np.einsum("ij->j", A)
np.einsum("iij->ij", G.reshape(3, 3, 2)[:, :, :])
np.einsum("ij,ij->ij", A, A)
np.einsum("a,b,c->abc", x[:2], y[:2], p[:2])
np.einsum("ij , jk -> ik", A, B, order="F") + 0
np.einsum("ijk,k->ij", T, k4, optimize="greedy")
np.einsum("ij,j", A, [1, 2, 3, 4])
np.einsum("ij,jk->ik", C, C)
np.einsum(T, [0, 1, 2], [0, 2])
np.inner(T, T)
np.inner(k, x)
np.vdot(c, 1j * c)
np.vdot(T, T)
np.outer(x, 2.0)
np.outer(c, x[:2])
np.cross(A[:, :3], A[:, 1:])
np.cross(x[:3], A[:, :3])
np.cross(x[:3], [1.0, 2.0, 3.0])
np.cross(T[0, :, :3], T[1, :, :3], axis=1)
np.kron(A, B)
np.kron(A[0], A)
np.convolve(x, [1.0])
np.convolve(x, y, mode=2)
np.correlate(x, y[:3], "valid")
np.correlate(k3, x, "full")
np.correlate(c, x[:2])
np.trace(A, -1)
np.trace(T, dtype=np.float64)
np.diag(A @ B)
np.diag(np.diag(M))
np.tri(4) * M
np.tril(T)
np.triu(M, 2)
np.vander(x, 2, True)
np.block([[A], [A]])
np.block([A, A])
np.block([[x], [y]])
np.block([[M[:2, :2], np.zeros((2, 1))], [np.ones((1, 2)), s]])
np.concatenate([x, y], axis=-1)
np.concatenate([T, T], axis=1)
np.concatenate([x.reshape(1, -1), y.reshape(1, -1)], 0)
np.concatenate([[1.0], x])
np.concatenate([np.array([1, 2]), x])
np.concatenate((x[:, None], y[:, None]), axis=1)
np.concatenate([V, V], axis=1)
np.concatenate([c, x])
np.stack([A, A.T.T], axis=2)
np.stack((s, r, s * r))
np.stack([x, [1, 2, 3, 4, 5]])
np.vstack([A, A])
np.vstack((s, r))
np.vstack([x])
np.hstack([x[:, None], y[:, None]])
np.hstack([1.0, x])
np.hstack([c, x])
np.dstack([x, y, k])
np.column_stack((x, y, x * y))
np.append(A, [[1.0, 2.0, 3.0, 4.0]], axis=0)
np.append(x, A)
np.insert(x, 5, s)
np.insert(x, [0, 0], [s, r])
np.insert(A, [0, 2], 5.0, axis=1)
np.insert(A, 1, [1, 2, 3], axis=1)
np.insert(x, 2, 1)
np.delete(A, [True, False, True], axis=0)
np.delete(x, slice(None, None, 2))
np.delete(A, -1, 1)
np.split(A, [1], axis=0)
np.split(x, 5)
np.array_split(A, 2)
np.pad(A, (1, 0))
np.pad(x, 2, mode="reflect", reflect_type="odd")
np.pad(x, (3, 4), mode="wrap")
np.pad(A, ((0, 0), (2, 1)), mode="symmetric")
np.pad(A, [(1, 1), (0, 0)], mode="linear_ramp", end_values=[(1.0, 2.0), (0.0, 0.0)])
np.pad(x, 2, "median")
np.pad(x, (0, 3), "minimum", stat_length=(1, 2))
np.pad(x, 2, constant_values=(s, r))
np.pad(x, 2, constant_values=(1.0, s))
np.pad(f, 2)
np.pad(c, 1, mode="edge")
np.tile(s, 3)
np.tile(x, ())
np.tile(A, 0)
np.repeat(x, [0, 1, 2, 0, 1])
np.repeat(s, 3)
np.repeat(A, 3, -1)
np.roll(A, 2, 1)
np.roll(A, (1, 2))
np.roll(A, 1, (0, 1))
np.flip(T, (0, 2))
np.rot90(A, 4)
np.resize(x, (2, 2))
np.resize(x, 0)
np.resize(x, (0,))
np.ravel(E)
np.expand_dims(s, 0)
np.squeeze(s[None, None])
np.atleast_2d(s)
np.atleast_3d(T)
np.moveaxis(T, (0, 2), (2, 0))
np.swapaxes(A, -2, -1)
np.transpose(x)
np.broadcast_to(A, (2, 3, 4)).sum(0)
np.broadcast_to(x[:1], 3)
np.meshgrid(x, y, copy=False)
np.meshgrid(s, x)
np.linspace(s, r)
np.linspace(s, r, 1)
np.linspace(s, r, 0)
np.linspace(x[:2], 5, 4)
np.linspace(s, 1 + 1j, 3)
np.logspace(0, s, 3, endpoint=False)
np.geomspace(1, p[0], 3, endpoint=False)
np.full_like(A, 1.5, shape=(2,))
np.full_like(k, 1.5) * x
np.ones_like(x, shape=3)
np.zeros_like(A, order="F")
np.empty_like(x).shape
np.apply_along_axis(lambda v: v.sum(), 1, A)
np.apply_along_axis(np.linalg.norm, 0, A)
np.apply_along_axis(lambda v: np.sort(v)[:2], 1, A)
np.apply_over_axes(np.max, A, 1)
np.piecewise(x, [x < -1, (x >= -1) & (x < 1)], [0.0, lambda v: v, lambda v: v ** 2])
np.piecewise(A, [A < 0, A >= 0], [lambda v: -v, np.sqrt])
np.piecewise(x, [m, ~m], [s, r])
np.polyfit(x, y, 2)
np.polyfit(np.arange(5.0), A.T[:, :2][[0, 1, 2, 3, 0]], 1)
np.polyint(x, 1, s)
np.polyder(x, 0)
np.polyder(x, 5)
np.polyder(x, 6)
np.polyadd(2.0, x)
np.polymul(x, 3.0)
np.polydiv(x, [1.0, 2.0])
np.polydiv(y[:2], x)
np.roots([1.0, s, r])
np.poly(A[:3, :3])
np.linalg.inv(np.stack([M, M @ M]))
np.linalg.det(T[:, :, :3])
np.linalg.det(M[:1, :1])
np.linalg.det(M[:2, :2])
np.linalg.slogdet(-M)
np.linalg.solve(M, x[:4, None])
np.linalg.solve(M.T, x[:4])
np.linalg.solve(F[:, :3], x[:3])
np.linalg.solve(M, M)
np.linalg.solve(1j * M, x[:4])
np.linalg.cholesky(M @ M.T)
np.linalg.cholesky(np.stack([P, 2 * P]))
np.linalg.eigh(P + P.T)
np.linalg.eigh(np.stack([P, P @ P]))[0]
np.linalg.eigvalsh(C + C.conj().T)
np.linalg.eigvalsh(np.stack([P, M @ M.T]))
np.linalg.svd(T, full_matrices=False)[1]
np.linalg.svd(A.T, full_matrices=True)[1]
np.linalg.svd(M, compute_uv=False)
np.linalg.svdvals(G)
np.linalg.norm(T, axis=0)
np.linalg.norm(T, ord="fro", axis=(0, 1))
np.linalg.norm(T, ord=-2, axis=(0, 1))
np.linalg.norm(x, 4.0)
np.linalg.norm(x, -2)
np.linalg.norm(A, 0, axis=1)
np.linalg.norm(A, np.inf, axis=0)
np.linalg.norm(A.ravel(), keepdims=True)
np.linalg.norm(-x[1:2])
np.linalg.norm(M, ord=2, keepdims=True)
np.linalg.cond(P, 2)
np.linalg.cond(M, "nuc")
np.linalg.cond(M, -1)
np.linalg.pinv(G)
np.linalg.pinv(A, rtol=1e-10)
np.linalg.matrix_rank(G)
np.linalg.lstsq(A.T, np.eye(4))
np.linalg.lstsq(M, x[:4])[0]
np.linalg.qr(G, mode="r")
np.linalg.qr(np.stack([A, -A]))
np.linalg.tensorinv(np.stack([M]).reshape(2, 2, 4), 2)
np.linalg.vecdot(c, c)
np.linalg.vecdot(T, T, axis=1)
np.linalg.cross(A[:, :3], x[:3])
np.linalg.trace(M)
np.linalg.matmul(T, B)
np.linalg.vector_norm(T, axis=(0, 1), ord=3)
np.linalg.vector_norm(c)
np.linalg.vector_norm(T, ord=-np.inf, axis=-1)
np.linalg.matrix_norm(C)
np.linalg.matrix_norm(T, ord=-np.inf)
x.reshape(5, 1) @ y.reshape(1, 5)
(A @ B).trace()
A.T @ A + np.eye(4)
np.exp(-0.5 * (x - y) ** 2).sum()
np.log(np.sum(np.exp(x - x.max()))) + x.max()
x / np.linalg.norm(x)
A - A.mean(0)
(A - A.mean(0)) / A.std(0)
np.sqrt(np.sum((x[:, None] - y[None]) ** 2 + 0.1, -1))
np.sum(np.triu(M) * np.tril(M))
np.prod(A.shape) * x
sum(x)
sum(x * y)
max(x)
min(x)
sorted(x)
list(reversed(x))
[a * b for a, b in zip(x, y)]
a, b = x[:2]; a * b
a, *b = x; b
x[len(x) // 2]
dict(a=x[0], b=x[1])["b"]
x.sum().item() * 2
float(len(x)) * x
abs(x).max()
round(x[0], 1)
divmod(x[0], 2)[1]
pow(x[0], 2)
x[0] ** x[1:]
2 ** x[0]
x[0] // 1
x[0] % 1
-x[0] + +x[1]
x[0] < x[1]
x[0] == x[0]
bool(x[0])
x[0] * np.ones(3)
np.ones(3) * x[0]
np.float64(2.0) * x[0]
x[0] * np.float32(2.0)
np.array([1.0, 2.0]) * s
s * np.array([[1.0, 2.0]])
s + k
k / s
(s * k).sum()
np.sum(s * k)
np.maximum(k, s)
np.hypot(s, k)
np.where(k > 0, s, k)
np.full(3, 2.0) * s
np.outer(k, [s, r])
np.dot(k[:2], [s, r])
np.add.reduce([s, r])
np.prod([s, r])
np.max([s, r])
np.multiply(k[:2], np.array([s, r]))
np.array([s, r]) + k[:2]
np.array([s, r]).reshape(2, 1)
np.array([s, r]).tolist()
np.array([x[0], x[1]]) @ np.array([x[2], x[3]])
import copy; copy.copy(x), copy.deepcopy(A)
import pickle; pickle.loads(pickle.dumps(x))
import operator; operator.mul(x, y)
import functools; functools.reduce(lambda a, b: a * b, x)
import itertools; list(itertools.accumulate(x))
for j in range(2): z = x * j
np.fmod(x, 0.8)
np.remainder(x, -0.8)
np.fmax(N, y)
np.abs(k) ** s
"""


def listed():
    """(family, call) of every line."""
    return [(family, line) for family, text in CALLS.items() for line in text.strip().splitlines()]
