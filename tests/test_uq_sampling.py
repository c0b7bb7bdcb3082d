"""Sampling: Monte Carlo against JCGM 101, derivative-based and other global measures against closed forms."""

import concurrent.futures

import numpy as np
import pytest
import scipy.optimize
import scipy.special
from scipy import stats

from dualad import uq

PI = np.pi


def ishigami(x):
    return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


ISHIGAMI_V = (7.719588, 24.5, 10.987305)
ISHIGAMI_TOTAL = (0.5576, 0.4424, 0.2437)


# ---- Monte Carlo ---------------------------------------------------------------------------------------------------


def test_jcgm_101_9_2_sum_of_four_rectangular():
    """Coverage interval [-3.88, 3.88] where the law of propagation says [-3.92, 3.92]."""
    rectangular = (-np.sqrt(3), np.sqrt(3))
    r = uq.monte_carlo(lambda x: x[0] + x[1] + x[2] + x[3], distributions=[rectangular] * 4, n=200000, rng=3)
    assert r.std == pytest.approx(2, abs=5 * r.std_error) and r.std_error < 0.004
    assert r.coverage_interval() == pytest.approx((-3.88, 3.88), abs=0.04)
    low, high = r.coverage_interval(shortest=True)
    assert high - low == pytest.approx(7.76, abs=0.05)
    first, sampled = r.compare().to_records()
    assert (first["low"], first["high"]) == pytest.approx((-3.92, 3.92), abs=0.005)
    assert sampled["validated"] and sampled["method"] == "Monte Carlo, n=200000"


def test_jcgm_101_9_5_gauge_block():
    """Mean 838 nm, u 36 nm, shortest 99 % interval [745, 932]; curvilinear trapezoids from two uniform numbers each."""
    def trapezoid(low, high, margin, r1, r2):
        start = low - margin + 2 * margin * r1
        return start + (low + high - 2 * start) * r2

    def model(x):
        l_s, mean, random, systematic, alpha, theta_0, cycle, *r = x
        d_alpha, d_theta = trapezoid(-1e-6, 1e-6, 1e-7, *r[:2]), trapezoid(-0.05, 0.05, 0.025, *r[2:])
        return l_s + mean + random + systematic - l_s * (d_alpha * (theta_0 + cycle) + alpha * d_theta) - 5e7

    given = [stats.t(18, 50000623, 25), stats.t(24, 215, 6), stats.t(5, 0, 4), stats.t(8, 0, 7), (9.5e-6, 13.5e-6),
             stats.norm(-0.1, 0.2), stats.arcsine(-0.5, 1), *[(0, 1)] * 4]
    r = uq.monte_carlo(model, distributions=given, n=200000, rng=1)
    assert r.mean == pytest.approx(838, abs=0.5) and r.std == pytest.approx(36, abs=0.5)
    assert r.coverage_interval(0.99, shortest=True) == pytest.approx((745, 932), abs=3)


@pytest.mark.parametrize(("x1", "corr", "mean", "std"), [(0, 0, 50e-6, 50e-6), (0.01, 0, 150e-6, 112e-6),
                                                         (0.01, 0.9, 150e-6, 121e-6), (0.05, 0, 2551e-6, 502e-6)])
def test_jcgm_101_9_4_comparison_loss(x1, corr, mean, std):
    """Tables 6 and 7 of JCGM 101."""
    cov = 0.005**2 * np.array([[1, corr], [corr, 1]])
    r = uq.monte_carlo(lambda x: x[0] ** 2 + x[1] ** 2, [x1, 0], cov, 100000, 5)
    assert r.mean == pytest.approx(mean, abs=4 * r.mean_error + 0.5e-6)
    assert r.std == pytest.approx(std, abs=4 * r.std_error + 0.5e-6)
    with pytest.warns(uq.LinearityWarning):
        comparison = r.compare(uq.propagate(lambda x: x[0] ** 2 + x[1] ** 2, [0, 0], cov))
    assert comparison.validated == [False]
    assert "first order" in str(comparison)


def test_agrees_with_propagation_of_normal_inputs(rng):
    A, root = rng.standard_normal((2, 3, 3))
    r = uq.monte_carlo(lambda x: A @ x, np.ones(3), root @ root.T, 50000, 1)
    np.testing.assert_allclose(r.cov, A @ root @ root.T @ A.T, atol=0.1 * np.abs(r.cov).max())
    assert r.corr.shape == (3, 3) and r.samples.shape == (50000, 3)
    assert (np.abs(r.mean - A.sum(axis=1)) < 5 * r.mean_error).all()


def test_structure_and_names():
    r = uq.monte_carlo(lambda x: {"s": np.sum(x["a"]), "d": (x["b"], 2 * x["a"])}, {"a": [1.0, 2.0], "b": 3.0},
                       std=0.1, n=50, rng=1)
    assert r.samples["s"].shape == (50,) and r.samples["d"][1].shape == (50, 2)
    assert r.output_names == ["s", "d[0]", "d[1][0]", "d[1][1]"] and r.names == ["a[0]", "a[1]", "b"]
    assert set(r.std) == {"s", "d"} and len(str(r).splitlines()) == 4
    assert uq.monte_carlo(np.sin, 1.0, 0.01, 20, 0).samples.shape == (20,)


@pytest.mark.parametrize("f", [
    lambda x: x[0] * x[1], lambda x: np.sum(x), lambda x: x[0] - x.mean(), lambda x: 1.0 if x[0] > 1 else x[1],
    lambda x: [x[0], 3.0], lambda x: np.outer(x, x),
])
def test_vectorised_or_not_gives_the_same(f):
    a = uq.monte_carlo(f, [1.0, 2.0], std=0.5, n=60, rng=4)
    b = uq.monte_carlo(f, [1.0, 2.0], std=0.5, n=60, rng=4, vectorized=False, batch=7)
    np.testing.assert_allclose(a.samples, b.samples, rtol=1e-14)


def double(x):
    return x[0] * 2


def tuples(x):
    return {"sum": x[0] + x[1][0], "list": [x[1][0], x[1][1]]}


def test_workers_and_progress():
    seen = []
    plain = uq.monte_carlo(double, [1.0], std=0.5, n=100, rng=4, batch=30, progress=lambda *a: seen.append(a))
    assert seen == [(30, 100), (60, 100), (90, 100), (100, 100)]
    for executor in (concurrent.futures.ThreadPoolExecutor(2), concurrent.futures.ProcessPoolExecutor(1)):
        with executor:
            r = uq.monte_carlo(double, [1.0], std=0.5, n=100, rng=4, batch=30, workers=executor)
        np.testing.assert_array_equal(r.samples, plain.samples)
    np.testing.assert_array_equal(uq.monte_carlo(double, [1.0], std=0.5, n=100, rng=4, workers=map).samples,
                                  plain.samples)
    assert uq.monte_carlo(double, [1.0], std=0.5, n=10, progress=True).n == 10 if _has_tqdm() else True


def _has_tqdm():
    try:
        import tqdm  # noqa: F401
    except ImportError:
        return False
    return True


def test_processes_take_nested_inputs():
    with concurrent.futures.ProcessPoolExecutor(1) as executor:
        r = uq.monte_carlo(tuples, (1.0, [2.0, 3.0]), std=0.5, n=20, rng=4, workers=executor, vectorized=False)
    assert r.samples["list"].shape == (20, 2)


def test_executors_get_some_batches_at_a_time():
    class Eager(concurrent.futures.Executor):
        waiting = most = 0

        def submit(self, fn, /, *args):
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            future = concurrent.futures.Future()
            future.set_result(fn(*args))
            future.result = lambda: (setattr(self, "waiting", self.waiting - 1), fn(*args))[1]
            return future

    executor = Eager()
    r = uq.monte_carlo(double, [1.0], std=0.5, n=1000, rng=4, batch=1, workers=executor)
    np.testing.assert_array_equal(r.samples, uq.monte_carlo(double, [1.0], std=0.5, n=1000, rng=4).samples)
    assert executor.most < 100 and executor.waiting == 0
    with pytest.raises(ValueError, match="returned 10 of 100"):
        uq.monte_carlo(double, [1.0], std=0.5, n=100, batch=10, workers=lambda f, batches: [f(next(batches))])


def test_probability_of_an_event():
    r = uq.monte_carlo(lambda x: {"fails": x[0] > 2, "x": x[0]}, distributions=[stats.norm()], n=40000, rng=1)
    assert r.mean["fails"] == pytest.approx(stats.norm.sf(2), abs=5 * r.mean_error["fails"])


def test_distributions_in_place_of_the_mean():
    given = {"a": stats.expon(), "b": (0, 2)}
    r = uq.monte_carlo(lambda x: x["a"] - x["b"], given, n=50, rng=1)
    np.testing.assert_array_equal(r.samples, uq.monte_carlo(lambda x: x["a"] - x["b"], distributions=given, n=50,
                                                            rng=1).samples)


@pytest.mark.parametrize("sampler", ["sobol", "random"])
def test_batches_make_no_difference_to_derivative_based_measures(sampler):
    box = [(-PI, PI), stats.norm(0, 2), (0, 1)]
    whole = uq.dgsm(ishigami, box, 1000, rng=1, sampler=sampler)
    parts = uq.dgsm(ishigami, box, 1000, rng=1, sampler=sampler, batch=7, workers=map)
    for name in ("v", "v_conf", "mean", "variance"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12)


def test_convergence_figures():
    rows = uq.monte_carlo(double, [1.0], std=0.5, n=1000, rng=4).convergence()
    assert [row["n"] for row in rows] == list(range(100, 1001, 100))
    assert all(abs(row["std"] - 1) < 5 * row["std_error"] for row in rows)
    assert rows[-1]["mean_error"] == pytest.approx(rows[-1]["std"] / np.sqrt(1000))


def test_copula():
    given = [stats.expon(), stats.uniform(0, 2)]
    r = uq.monte_carlo(lambda x: x, distributions=given, corr=[[1, 0.8], [0.8, 1]], n=40000, rng=2)
    assert stats.spearmanr(r.samples).statistic == pytest.approx(6 / PI * np.arcsin(0.4), abs=0.02)
    assert stats.kstest(r.samples[:, 0], "expon").pvalue > 1e-3
    with pytest.raises(ValueError, match="copula"):
        r.compare()


@pytest.mark.parametrize(("keywords", "error", "message"), [
    ({"mean": [1.0]}, ValueError, "cov=.*or std="),
    ({}, ValueError, "mean="),
    ({"mean": [1.0], "std": -1}, ValueError, "negative"),
    ({"mean": [1.0], "std": 1, "n": 1}, ValueError, "n must be"),
    ({"mean": [1.0], "std": 1, "n": 10.0}, ValueError, "n must be"),
    ({"mean": [1.0], "std": 1, "batch": 0}, ValueError, "batch"),
    ({"mean": [1.0], "std": 1, "workers": 3}, TypeError, "workers"),
    ({"distributions": [stats.norm()], "std": 1}, ValueError, "takes the place"),
    ({"distributions": [stats.norm()], "mean": [1.0, 2.0]}, ValueError, "one for each"),
    ({"distributions": [3]}, TypeError, "pairs"),
    ({"distributions": [(2, 1)]}, ValueError, "low < high"),
])
def test_bad_input(keywords, error, message):
    with pytest.raises(error, match=message):
        uq.monte_carlo(lambda x: x[0], **keywords)


def test_functions_that_fail_at_samples():
    with pytest.raises(ValueError, match="not finite at"), np.errstate(all="ignore"):
        uq.monte_carlo(lambda x: np.log(x[0]), [0.1], std=1, n=100, rng=1)
    with pytest.raises(TypeError, match="complex"):
        uq.monte_carlo(lambda x: x[0] * 1j, [0.1], std=1)
    with pytest.raises(ValueError, match="probability"):
        uq.monte_carlo(double, [1.0], std=1, n=10).coverage_interval(2)
    with pytest.raises(ValueError, match="same shapes everywhere"):
        uq.monte_carlo(lambda x: np.ones(1 + (x[0] > 0)), [0.0], std=1, n=50, rng=1)
    for wrong in (None, "text"):
        with pytest.raises(TypeError, match="f returned"):
            uq.monte_carlo(lambda x, wrong=wrong: wrong, [0.0], std=1)
    with pytest.raises(TypeError, match="results of propagate"):
        uq.monte_carlo(double, [1.0], std=1, n=10).compare(3)
    for analysis in (uq.morris, uq.sobol, uq.dgsm):
        with pytest.raises(ValueError, match="not finite at"), np.errstate(all="ignore"):
            analysis(lambda x: np.log(x[0] - 0.5), [(0, 1)] * 2, 16)


# ---- global measures -----------------------------------------------------------------------------------------------


def test_ishigami():
    r = uq.dgsm(ishigami, [(-PI, PI)] * 3, 2**13, rng=1)
    np.testing.assert_allclose(r.v, ISHIGAMI_V, rtol=2e-4)
    assert (np.abs(r.v - ISHIGAMI_V) < r.v_conf).all()
    assert r.variance == pytest.approx(13.844588, rel=3e-3)
    np.testing.assert_allclose(r.sobol_total_bound, 4 * r.v / r.variance)
    assert (r.sobol_total_bound >= ISHIGAMI_TOTAL).all()
    assert r.ranking() == ["x[1]", "x[2]", "x[0]"]
    assert "sobol_total_bound" in str(r) and r.to_records()[1]["v"] == r.v[1]


def test_random_points_and_their_confidence():
    inside = [(np.abs(r.v - ISHIGAMI_V) < r.v_conf) for r in (
        uq.dgsm(ishigami, [(-PI, PI)] * 3, 500, rng=k, sampler="random", confidence=0.9) for k in range(60))]
    assert 0.8 < np.mean(inside) < 0.97


def test_linear_function_of_distributions_is_exact():
    """For normal inputs the bound is the index itself."""
    r = uq.dgsm(lambda x: 2 * x["a"] + x["b"], {"a": stats.norm(1, 2), "b": stats.norm(0, 3)}, 2**12, rng=1)
    assert r.names == ["a", "b"]
    np.testing.assert_allclose(r.v, [4, 1])
    np.testing.assert_allclose(r.sobol_total_bound, [16 / 25, 9 / 25], rtol=0.01)


def test_implicit_and_array_functions():
    """A function that solves an equation, with several results, point by point."""
    def f(x):
        a = np.stack([np.stack([2 + x[0], x[1]]), np.stack([x[1], 3 + x[0]])])
        return np.linalg.solve(a, np.array([1.0, 2.0]))

    r = uq.dgsm(f, [(0, 1), (-1, 1)], 64, rng=1)
    assert r.v.shape == (2, 2) == r.v_conf.shape and r.variance.shape == (2,)
    s = uq.dgsm(f, [(0, 1), (-1, 1)], 64, rng=1, vectorized=False, batch=10)
    np.testing.assert_allclose(r.v, s.v)


@pytest.mark.parametrize(("distribution", "constant"), [
    ((0, 2), 4 / PI**2), (stats.uniform(1, 3), 9 / PI**2), (stats.norm(5, 3), 9), (stats.expon(scale=2), 16),
    (stats.laplace(), 4), (stats.lognorm(1), np.inf), (stats.t(3), np.inf), (stats.cauchy(), np.inf),
    (stats.logistic(), 4), (stats.gamma(3), 16 / 3), (stats.lognorm(0.3), np.inf),
])
def test_poincare_constants(distribution, constant):
    assert uq.poincare_constant(distribution) == pytest.approx(constant, rel=1e-3)


ROOT = np.sqrt(3 - np.sqrt(6))  # of the derivative of the fifth Hermite polynomial


@pytest.mark.parametrize(("distribution", "constant"), [
    (stats.truncexpon(3, scale=2), 4 / (0.25 + PI**2 / 9)),  # Roustant, Barthe and Iooss 2017, table 1
    (stats.triang(0.5, -1, 2), 1 / scipy.special.jn_zeros(0, 1)[0] ** 2),
    (stats.truncnorm(-1, 1, 0, 2), 4 / 3), (stats.truncnorm(-ROOT, ROOT), 1 / 5),
    (stats.halfnorm(scale=3), 4.5), (stats.weibull_min(2), 1 / 4),
])
def test_poincare_constants_of_fast_tails_are_the_best_ones(distribution, constant):
    """From zeros of Bessel functions and of Hermite polynomials."""
    assert uq.poincare_constant(distribution) == pytest.approx(constant, rel=2e-5)


def test_a_mesh_that_fails_leaves_the_bound():
    d = stats.beta(0.1, 8)
    assert d.var() < uq.poincare_constant(d) < np.inf


def test_poincare_constants_need_a_density():
    assert uq.poincare_constant(stats.norm) == 1
    if hasattr(stats, "Uniform"):
        assert uq.poincare_constant(stats.Uniform(a=0, b=2)) == pytest.approx(4 / PI**2)
        assert uq.poincare_constant(stats.Normal(mu=1, sigma=2)) == 4
    with pytest.raises(ValueError, match="continuous"):
        uq.poincare_constant(stats.poisson(3))


@pytest.mark.parametrize("distribution", [stats.gamma(3), stats.beta(2, 3), stats.truncnorm(-1, 2), stats.logistic()])
def test_poincare_inequality_holds(distribution):
    """Var g <= C E g'^2, with the identity and a sine."""
    c = uq.poincare_constant(distribution)
    assert c >= distribution.var()
    variance = distribution.expect(lambda x: np.sin(x) ** 2) - distribution.expect(np.sin) ** 2
    assert c * distribution.expect(lambda x: np.cos(x) ** 2) >= variance


def test_mass_calibration_of_jcgm_101():
    """JCGM 101:2008, 9.3: table 6, whose first and second order and Monte Carlo differ."""
    def excess(x):  # in milligrams, of a weight of 100 g
        return (x["weight"] + x["deviation"]) * (1 + (x["air"] - 1.2) * (1 / x["weighed"] - 1 / x["reference"])) - 1e5

    spans = {"air": (1.1, 1.3), "weighed": (7000.0, 9000.0), "reference": (7950.0, 8050.0)}
    given = {"weight": stats.norm(1e5, 0.050), "deviation": stats.norm(1.234, 0.020), **spans}
    mean = {"weight": 1e5, "deviation": 1.234, **{k: (a + b) / 2 for k, (a, b) in spans.items()}}
    std = {"weight": 0.050, "deviation": 0.020, **{k: (b - a) / np.sqrt(12) for k, (a, b) in spans.items()}}
    with pytest.warns(uq.LinearityWarning, match="0.05385 to first and 0.07496 to second"):
        first = uq.propagate(excess, mean, std=std, check=True)
    with pytest.warns(uq.LinearityWarning):
        second = uq.propagate(excess, mean, std=std, order=2)
    assert f"{first.mean:.4f} {first.std:.4f} {second.mean:.4f} {second.std:.4f}" == "1.2340 0.0539 1.2340 0.0750"
    sampled = uq.monte_carlo(excess, distributions=given, n=200_000, rng=1)
    assert sampled.std == pytest.approx(0.0754, abs=4e-4)
    np.testing.assert_allclose(sampled.coverage_interval(0.95), [1.0834, 1.3825], atol=3e-3)
    backwards = uq.monte_carlo(excess, dict(reversed(mean.items())), distributions=given, n=20_000, rng=1)
    assert backwards.std == pytest.approx(0.0754, abs=2e-3)
    with pytest.raises(ValueError, match="same keys"):
        uq.monte_carlo(excess, {"weight": 1e5}, distributions=given)


def test_sobol_indices_and_morris():
    s = uq.sobol(ishigami, [(-PI, PI)] * 3, 2**11, rng=1)
    np.testing.assert_allclose(s.total_order, ISHIGAMI_TOTAL, atol=0.05)
    m = uq.morris(lambda x: 3 * x[0] - 2 * x[1] + 0 * x[2], [(0, 2), (0, 1), (0, 1)], 20, rng=1, names=["a", "b", "c"])
    np.testing.assert_allclose(m.mu, [6, -2, 0], atol=1e-12)
    np.testing.assert_allclose(m.mu_star, [6, 2, 0], atol=1e-12)
    np.testing.assert_allclose(m.sigma, 0, atol=1e-12)
    m = uq.morris(ishigami, [(-PI, PI)] * 3, 400, rng=1)
    np.testing.assert_allclose(m.mu_star, [7.7, 7.875, 6.25], atol=0.6)  # of levels=4, where these are closed forms
    assert m.mu[2] == pytest.approx(0, abs=1.5)
    n = uq.morris(lambda x: x, [stats.norm()], 10, rng=1)
    assert np.isfinite(n.mu).all()


@pytest.mark.parametrize("call", [
    lambda: uq.dgsm(3, [(0, 1)]), lambda: uq.dgsm(double, [(1, 0)]), lambda: uq.dgsm(double, []),
    lambda: uq.dgsm(double, [(0, np.inf)]), lambda: uq.dgsm(double, [(0, 1)], 1),
    lambda: uq.dgsm(double, [(0, 1)], confidence=95), lambda: uq.dgsm(double, [(0, 1)], sampler="halton"),
    lambda: uq.dgsm(double, [(0, 1)], names=["a", "b"]), lambda: uq.morris(double, [(0, 1)], levels=3),
    lambda: uq.dgsm(lambda x: np.sqrt(x[0] - 0.5), [(0, 1)]),
])
def test_bad_input_of_global_measures(call):
    with pytest.raises((ValueError, TypeError)), np.errstate(all="ignore"):
        call()


# ---- local sensitivity ---------------------------------------------------------------------------------------------


def test_decay_chain():
    """Closed form of A -> B: derivatives and elasticities as time series."""
    t = np.linspace(0.1, 3, 7)

    def f(p):
        a = p["a0"] * np.exp(-p["k"] * t)
        return np.stack([a, p["a0"] - a])

    r = uq.local_sensitivity(f, {"a0": 2.0, "k": 0.7})
    assert r.derivatives.shape == (2, 7, 2)
    np.testing.assert_allclose(r.series("k")[0], -2 * t * np.exp(-0.7 * t))
    np.testing.assert_allclose(r.series("k", by="elasticity")[0], -0.7 * t)
    np.testing.assert_allclose(r.elasticities[..., 0], 1)
    assert r.ranking() == ["k", "a0"] and len(r.importance()) == 2
    assert len(r.to_records()) == 28 and "elasticity" in str(r)
    with pytest.raises(ValueError, match="no parameter"):
        r.series("q")
    with pytest.raises(ValueError, match="by must be"):
        r.ranking("size")


def runge_kutta(rate, y, step, count):
    """The classical method of fourth order; y at all steps."""
    states = [y]
    for _ in range(count):
        k1 = rate(y)
        k2 = rate(y + step / 2 * k1)
        k3 = rate(y + step / 2 * k2)
        y = y + step / 6 * (k1 + 2 * k2 + 2 * k3 + rate(y + step * k3))
        states.append(y)
    return np.stack(states)


def test_through_a_differential_equation():
    """Logistic growth, K / (1 + (K/y0 - 1) exp(-r t)), by its time series of sensitivities."""
    r, K, y0 = 0.8, 10.0, 1.0
    t = 0.05 * np.arange(81)

    def f(p):
        return runge_kutta(lambda y: p["r"] * y * (1 - y / p["K"]), p["y0"], 0.05, 80)

    s = uq.local_sensitivity(f, {"r": r, "K": K, "y0": y0})
    decay = np.exp(-r * t)
    growth = 1 + (K / y0 - 1) * decay
    np.testing.assert_allclose(s.series("r"), K * (K / y0 - 1) * t * decay / growth**2, atol=1e-5)
    np.testing.assert_allclose(s.series("y0"), (K / y0) ** 2 * decay / growth**2, atol=1e-5)
    std = {"r": 0.05, "K": 0.5, "y0": 0.1}
    band = uq.propagate(f, {"r": r, "K": K, "y0": y0}, std=std).std
    np.testing.assert_allclose(band, np.sqrt(sum((s.series(k) * std[k]) ** 2 for k in std)))
    numbers = f({k: uq.ufloat(v, std[k]) for k, v in (("r", r), ("K", K), ("y0", y0))})
    np.testing.assert_allclose(numbers.std_dev, band)


def test_through_solve_ivp():
    """The same growth by an adaptive integrator, to first and second order."""
    from dualad import integrate

    r, K, t = 0.8, 10.0, np.linspace(0, 4, 5)

    def f(p):
        def rate(t, y, r, K):
            return r * y * (1 - y / K)

        return integrate.solve_ivp(rate, (0, 4), [p[2]], t_eval=t, args=(p[0], p[1]), rtol=1e-10, atol=1e-12).y[0]

    decay = np.exp(-r * t)
    slope = K * (K - 1) * t * decay / (1 + (K - 1) * decay) ** 2
    bend = slope * t * (2 * (K - 1) * decay / (1 + (K - 1) * decay) - 1)
    result = uq.propagate(f, [r, K, 1.0], std=[0.05, 0, 0], order=2)
    np.testing.assert_allclose(result.std**2, (0.05 * slope) ** 2 + 0.5 * (0.05**2 * bend) ** 2, rtol=1e-6)
    np.testing.assert_allclose(result.hessian[:, 0, 0], bend, rtol=1e-5, atol=1e-6)


def test_elasticity_of_a_power_law_is_its_exponent():
    r = uq.local_sensitivity(lambda p: p[0] ** 3 / p[1], [2.0, 5.0])
    np.testing.assert_allclose(r.elasticities, [3, -1])
    assert r.names == ["p[0]", "p[1]"] and r.ranking() == ["p[0]", "p[1]"]
    assert np.isnan(uq.local_sensitivity(lambda p: p[0] - 2, [2.0]).elasticities).all()


def test_through_a_root_finder():
    """Kepler's equation, E - e sin E = M: dE/de = sin E / (1 - e cos E)."""
    import dualad as da

    def f(p):
        return da.optimize.root(lambda E, e, M: E - e * np.sin(E) - M, np.array([1.0]), args=(p[0], p[1])).x[0]

    e, M = 0.3, 1.1
    E = scipy.optimize.brentq(lambda E: E - e * np.sin(E) - M, 0, 4)
    expected = np.array([np.sin(E), 1]) / (1 - e * np.cos(E))
    np.testing.assert_allclose(uq.local_sensitivity(f, [e, M]).derivatives, expected, rtol=1e-8)
    assert uq.propagate(f, [e, M], std=[0.01, 0.02]).std == pytest.approx(np.hypot(*(expected * [0.01, 0.02])))
    wrapped = uq.wrap(lambda e, M: f([e, M]))(uq.ufloat(e, 0.01), uq.ufloat(M, 0.02))
    assert wrapped.s == pytest.approx(np.hypot(*(expected * [0.01, 0.02])))


def test_bad_input_of_local_sensitivity():
    with pytest.raises(ValueError, match="not differentiable"):
        uq.local_sensitivity(lambda p: np.sqrt(p[0]), [0.0])
    with pytest.raises(ValueError, match="p must be finite"):
        uq.local_sensitivity(lambda p: p, [np.nan])
    with pytest.raises(ValueError, match="not finite"), np.errstate(all="ignore"):
        uq.local_sensitivity(lambda p: 1 / p, [0.0])
    with pytest.raises(TypeError, match="function"):
        uq.local_sensitivity(None, [0.0])
