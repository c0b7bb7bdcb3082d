"""Propagation of uncertainty, against the worked examples of the GUM, its supplement 1 and Eurachem."""

import warnings
from collections import namedtuple

import numpy as np
import pytest

from dualad import uq

INF = np.inf


# ---- GUM H.1, end gauge --------------------------------------------------------------------------------------------

GAUGE = {"l_S": 50.000623e6, "d": 215.0, "d_alpha": 0.0, "theta": -0.1, "alpha_S": 11.5e-6, "d_theta": 0.0}  # nm, K
GAUGE_STD = {
    "l_S": 25.0,
    "d": np.sqrt(5.8**2 + 3.9**2 + 6.7**2),
    "d_alpha": 1e-6 / np.sqrt(3),
    "theta": np.hypot(0.2, 0.5 / np.sqrt(2)),
    "alpha_S": 2e-6 / np.sqrt(3),
    "d_theta": 0.05 / np.sqrt(3),
}
GAUGE_DOF = {"l_S": 18, "d": 25.6, "d_alpha": 50, "theta": INF, "alpha_S": INF, "d_theta": 2}


def gauge(x):
    expansion = x["l_S"] * (x["d_alpha"] * x["theta"] + x["alpha_S"] * x["d_theta"])
    return x["l_S"] + x["d"] - expansion


def test_gum_h1_first_order():
    r = uq.propagate(gauge, GAUGE, std=GAUGE_STD, dof=GAUGE_DOF)
    assert r.mean == 50.000838e6
    assert round(r.std, 2) == 31.66
    assert round(r.effective_dof, 2) == 16.75
    low, high = r.coverage_interval(0.99)
    assert (high - low) / 2 == pytest.approx(92.3, rel=5e-3)  # the GUM has 93 with 16 degrees of freedom
    assert r.names == list(GAUGE)


def test_gum_h1_second_order():
    r = uq.propagate(gauge, GAUGE, std=GAUGE_STD, order=2)
    assert round(r.std, 2) == 33.81
    records = r.budget().to_records()
    assert records[-1]["input"] == "(second order)"
    assert sum(row["percent"] for row in records) == pytest.approx(100)
    assert records[-1]["contribution"] == pytest.approx(np.hypot(11.7, 1.7), rel=0.01)


def test_gum_h1_budget():
    budget = uq.propagate(gauge, GAUGE, std=GAUGE_STD).budget()
    rows = budget.to_dict()["y"]
    assert list(rows)[:3] == ["l_S", "d_theta", "d"]
    assert [row["rank"] for row in rows.values()] == [1, 2, 3, 4, 5, 6]
    for name, contribution in (("l_S", 25), ("d", 9.7), ("d_alpha", 2.9), ("d_theta", 16.6)):
        assert rows[name]["contribution"] == pytest.approx(contribution, rel=0.01)
    assert "l_S" in str(budget) and len(budget) == 6


# ---- GUM H.2, resistance and reactance -----------------------------------------------------------------------------

VOLTS = [5.007, 4.994, 5.005, 4.990, 4.999]
MILLIAMPERES = [19.663, 19.639, 19.640, 19.685, 19.678]
PHASE = [1.0456, 1.0438, 1.0468, 1.0428, 1.0433]
READINGS = np.array([VOLTS, np.divide(MILLIAMPERES, 1000), PHASE])


def impedance(x):
    volts, amperes, phase = x
    z = volts / amperes
    return {"R": z * np.cos(phase), "X": z * np.sin(phase), "Z": z}


def test_gum_h2():
    r = uq.propagate(impedance, READINGS.mean(axis=1), np.cov(READINGS) / 5, names=["V", "I", "phi"])
    assert [f"{r.mean[k]:.3f}({1e3 * r.std[k]:.0f})" for k in "RXZ"] == ["127.732(71)", "219.847(296)", "254.260(236)"]
    np.testing.assert_allclose(r.corr[np.triu_indices(3, 1)], [-0.588, -0.485, 0.993], atol=6e-4)
    assert str(r).splitlines()[0] == "R = 127.732(71)"
    assert r.budget().percent.sum(axis=1) == pytest.approx(100)


def test_gum_h2_as_tuple():
    point = namedtuple("Reading", "V I phi")(*READINGS.mean(axis=1))
    r = uq.propagate(lambda x: (x.V / x.I * np.cos(x.phi), x.V / x.I), point, np.cov(READINGS) / 5)
    assert r.names == ["V", "I", "phi"]
    assert isinstance(r.std, tuple) and round(r.std[0], 3) == 0.071


# ---- GUM H.3, calibration of a thermometer; H.4, activity ----------------------------------------------------------


def test_gum_h3():
    t = [21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]
    b = [-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160]
    line, cov = np.polyfit(np.subtract(t, 20), b, 1, cov=True)
    r = uq.propagate(lambda y: y[1] + y[0] * (30 - 20), line, cov)
    assert f"{r:.2uS}" == "-0.1494(41)"


def test_gum_h4():
    mean = [0.1368, 5.0192, 5.0571, 652.60, 206.09]
    corr = np.eye(5)
    corr[3, 4] = corr[4, 3] = 0.646
    std = [0.0018, 0.005, 0.001, 6.42, 3.79]
    r = uq.propagate(lambda x: x[0] * x[1] / x[2] * x[3] / x[4], mean, std=std, corr=corr)
    assert r.std == pytest.approx(0.0083, abs=5e-5)


def test_eurachem_a1():
    r = uq.propagate(lambda m, v=100.0: 1000 * m[0] * m[1] / m[2], [100.28, 0.9999, 100.0], std=[0.05, 0.000058, 0.07])
    assert round(r.mean, 1) == 1002.7
    assert round(r.std, 1) == 0.9


# ---- second order --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x1", "first", "second"), [(0, 0, 0.50e-4), (0.01, 1.00e-4, 1.118e-4), (0.05, 5e-4, 5.025e-4)]
)
def test_jcgm_101_9_4_2(x1, first, second):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", uq.LinearityWarning)
        results = [uq.propagate(lambda x: x[0] ** 2 + x[1] ** 2, [x1, 0], std=0.005, order=k) for k in (1, 2)]
    assert results[0].std == pytest.approx(first, rel=1e-12)
    assert results[1].std == pytest.approx(second, rel=2e-4)
    assert results[1].mean == pytest.approx(x1**2 + 0.50e-4)


def test_second_order_of_a_quadratic_form_is_exact(rng):
    """Mean and covariance of two quadratic forms of normal variables (Magnus and Neudecker)."""
    A, B, root = rng.standard_normal((3, 4, 4))
    A, B, C, m = A + A.T, B + B.T, root @ root.T, rng.standard_normal(4)
    with pytest.warns(uq.LinearityWarning):
        r = uq.propagate(lambda x: [x @ A @ x, x @ B @ x], m, C, order=2)
    np.testing.assert_allclose(r.mean, [m @ A @ m + np.trace(A @ C), m @ B @ m + np.trace(B @ C)])
    np.testing.assert_allclose(r.cov[0, 1], 2 * np.trace(A @ C @ B @ C) + 4 * m @ A @ C @ B @ m)
    np.testing.assert_allclose(np.diagonal(r.cov), r.std**2)
    np.testing.assert_allclose(r.hessian, [2 * A, 2 * B])


def test_moments_of_inputs_that_are_not_normal():
    """x**2 + x for exponential x of mean 1, whose central moments are 1, 2, 9: exact."""
    with pytest.warns(uq.LinearityWarning):
        r = uq.propagate(lambda x: x[0] ** 2 + x[0] + x[1], [1.0, 0.0], std=[1, 0.5], order=2, third=[2, np.nan],
                         fourth=[9, np.nan])
    assert r.mean == pytest.approx(3)
    # E x = 1, E x^2 = 2, E x^3 = 6, E x^4 = 24
    assert r.std**2 == pytest.approx((24 + 2 * 6 + 2) - 3**2 + 0.25)
    assert r.cov == pytest.approx(r.std**2)


def test_warns_where_the_first_order_cannot_be_trusted():
    with pytest.warns(uq.LinearityWarning, match="vanish"):
        uq.propagate(np.cos, 0.0, std=0.1)
    with pytest.warns(uq.LinearityWarning, match="cannot be trusted"):
        uq.propagate(np.exp, 0.0, std=1.0, order=2)
    with pytest.warns(uq.LinearityWarning, match="cannot be trusted"):
        assert uq.propagate(np.exp, 0.0, std=1.0, check=True).order == 1
    for f, mean, std in ((np.exp, 0.0, 1.0), (lambda x: x[0] ** 2, [0.1, 1.0], 0.1), (np.sum, [1.0], 0.1),
                         (lambda x: {"a": 3 * x, "b": np.exp(x)}, np.ones(9), 1.0)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            uq.propagate(f, mean, std=std)
        assert [w for w in caught if "the second order seems to shift its mean by" in str(w.message)] or f is np.sum
        assert len(caught) == (f is not np.sum)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        uq.propagate(np.exp, 0.0, std=0.01, order=2)
        uq.propagate(np.exp, 0.0, std=1.0, check=False)
        assert uq.propagate(lambda x: x[0] - x[1], [1.0, 1.0], [[1.0, 1.0], [1.0, 1.0]]).std == 0  # it is exact
        uq.propagate(lambda x: np.prod(x), np.ones(4), std=0.2)  # bends in the mixed derivatives alone


# ---- structure -----------------------------------------------------------------------------------------------------


def test_nested_containers(rng):
    point = {"a": rng.uniform(1, 2, (2, 3)), "b": (1.5, [1.0, 2.0])}

    def f(x):
        return {"s": np.sin(x["a"]) * x["b"][0], "t": (x["b"][1][0], np.sum(x["a"]))}

    r = uq.propagate(f, point, std=0.1)
    assert r.names[:2] == ["a[0, 0]", "a[0, 1]"] and r.names[6:] == ["b[0]", "b[1][0]", "b[1][1]"]
    assert r.std["s"].shape == (2, 3)
    np.testing.assert_allclose(r.std["s"], 0.1 * np.hypot(np.cos(point["a"]) * 1.5, np.sin(point["a"])))
    assert r.std["t"][1] == pytest.approx(0.1 * np.sqrt(6))
    assert r.cov.shape == (8, 8) and r.jacobian.shape == (8, 9)


def test_dicts_go_by_their_keys():
    """Whatever the order in which they stand."""
    def f(p):
        return p["a"] + 10 * p["b"]["c"] + 0 * p["b"]["d"].sum()

    mean = {"a": 1.0, "b": {"c": 2.0, "d": np.ones(2)}}
    turned = {"b": {"d": 0.3, "c": 0.2}, "a": 0.1}
    assert uq.propagate(f, mean, std=turned).std == pytest.approx(np.hypot(0.1, 2.0))
    dof = {"b": {"d": np.inf, "c": np.inf}, "a": 7.0}
    assert uq.propagate(f, mean, std=turned, dof=dof).effective_dof == pytest.approx(7 * (0.01 + 4) ** 2 / 0.01**2)
    for wrong in ({"a": 0.1, "c": 0.2}, {"a": 0.1, "b": {"c": 0.2, "e": 0.3}}):
        with pytest.raises(ValueError, match="std must have the keys of the mean"):
            uq.propagate(f, mean, std=wrong)
    with pytest.raises(ValueError, match="std is a dict, but the mean is not"):
        uq.propagate(np.sum, [1.0, 2.0], std={"a": 0.1, "b": 0.2})


def test_shapes_follow_those_of_a_jacobian():
    r = uq.propagate(np.sin, np.ones((2, 3)), std=0.1, order=2)
    assert r.cov.shape == r.corr.shape == (2, 3, 2, 3) == r.jacobian.shape
    assert r.hessian.shape == (2, 3) * 3
    assert uq.propagate(np.sin, 1.0, cov=0.01).cov.shape == ()


def test_full_covariance_is_j_c_jt(rng):
    root, A = rng.standard_normal((2, 5, 5))
    r = uq.propagate(lambda x: A @ x, rng.standard_normal(5), root @ root.T)
    np.testing.assert_allclose(r.cov, A @ root @ root.T @ A.T)
    np.testing.assert_allclose(r.std, np.sqrt(np.diagonal(r.cov)))
    np.testing.assert_allclose(r.budget().percent.sum(axis=1), 100)


def test_further_arguments():
    assert uq.propagate(lambda x, k: k * x, 1.0, std=0.5, args=(3,)).std == 1.5


def test_an_exact_input_may_be_singular():
    r = uq.propagate(lambda x: np.sqrt(x[0]) + x[1], [0.0, 1.0], std=[0.0, 0.1])
    assert r.std == pytest.approx(0.1)


def test_where_there_is_no_second_derivative():
    def f(x):
        return x[0] ** 1.5 + x[1]

    for order, check in ((2, None), (1, True)):
        r = uq.propagate(f, [0.0, 1.0], std=[0, 0.1], order=order, check=check)
        assert r.std == pytest.approx(0.1) and np.isfinite(r.hessian).all()
    with pytest.raises(ValueError, match=r"no second derivative.*'x\[0\]' and 'x\[0\]' is inf"):
        uq.propagate(f, [0.0, 1.0], std=0.1, order=2)
    with pytest.warns(uq.LinearityWarning, match="no second derivative") as caught:
        r = uq.propagate(f, [0.0, 1.0], std=0.1, check=True)
    assert r.hessian is None and r.std == pytest.approx(0.1) and caught[0].filename == __file__


def test_effective_dof_of_a_sum_is_that_of_welch():
    r = uq.propagate(np.sum, [1.0, 2.0], std=[0.3, 0.4], dof=[4, 9])
    assert r.effective_dof == pytest.approx(0.5**4 / (0.3**4 / 4 + 0.4**4 / 9))
    assert uq.propagate(np.sum, [1.0, 2.0], std=[0.3, 0.4]).effective_dof == INF


# ---- bad input -----------------------------------------------------------------------------------------------------


def product(x):
    return x[0] * x[1]


@pytest.mark.parametrize(("keywords", "message"), [
    ({}, "either cov=.*or std="),
    ({"cov": np.eye(2), "std": 1}, "not both"),
    ({"cov": [[1, 2], [0, 1]]}, "symmetric"),
    ({"cov": [[1, 2], [2, 1]]}, "positive semidefinite"),
    ({"cov": [[-1, 0], [0, 1]]}, r"x\[0\]"),
    ({"cov": [[1, np.nan], [np.nan, 1]]}, "finite"),
    ({"cov": np.eye(3)}, r"\(2, 2\)"),
    ({"cov": [1, 2]}, "std="),
    ({"cov": np.eye(2), "corr": np.eye(2)}, "corr="),
    ({"std": [1, 1], "corr": [[2, 0], [0, 1]]}, "ones"),
    ({"std": [1, 1], "corr": [[1, 2], [2, 1]]}, "corr must be positive semidefinite"),
    ({"std": [1, -1]}, r"negative.*x\[1\]"),
    ({"std": [1, np.nan]}, "finite"),
    ({"std": [1, 2, 3]}, "shape of the mean"),
    ({"std": 1, "names": ["a"]}, "2 inputs"),
    ({"std": 1, "names": ["a", "a"]}, "differ"),
    ({"std": 1, "order": 3}, "order"),
    ({"std": 1, "dof": [0, 1]}, "dof must be positive"),
    ({"std": 1, "fourth": [0.5, 3]}, "fourth"),
    ({"std": [0, 1], "fourth": [0.5, 3]}, "variance is 0"),
    ({"cov": [[1, 0.5], [0.5, 1]], "third": [0.1, np.nan]}, "correlated"),
])
def test_bad_input(keywords, message):
    with pytest.raises(ValueError, match=message):
        uq.propagate(product, [1.0, 2.0], **keywords)


def test_bad_mean_and_function():
    with pytest.raises(ValueError, match="mean must be finite"):
        uq.propagate(product, [1.0, np.nan], std=1)
    with pytest.raises(TypeError, match="mean holds uncertain numbers: call the function of these"):
        uq.propagate(product, uq.uarray([1.0, 2.0], 0.1), std=1)
    with pytest.raises(TypeError, match="cov must be a matrix"):
        uq.propagate(product, [1.0, 2.0], {"a": 1})
    with pytest.raises(TypeError, match="f must be a function"):
        uq.propagate(3, [1.0], std=1)
    with pytest.raises(ValueError, match=r"not differentiable.*'x\[0\]' is inf"):
        uq.propagate(lambda x: np.sqrt(x[0]) * x[1], [0.0, 2.0], std=1)
    with pytest.raises(ValueError, match="not finite at the mean"), np.errstate(all="ignore"):
        uq.propagate(lambda x: np.log(x), -1.0, std=1)
    with pytest.raises(TypeError, match="complex"):
        uq.propagate(lambda x: x * 1j, 1.0, std=1)
    with pytest.raises(TypeError, match="no derivative"):
        uq.propagate(lambda x: "text", 1.0, std=1)
    with pytest.raises(ValueError, match="independent"):
        uq.propagate(product, [1.0, 2.0], [[1, 0.5], [0.5, 1]], dof=4).effective_dof
    with pytest.raises(ValueError, match="probability"):
        uq.propagate(product, [1.0, 2.0], std=1).coverage_interval(95)
    with pytest.raises(TypeError, match="single result"):
        f"{uq.propagate(np.sin, [1.0, 2.0], std=0.1):.2u}"


LONGLEY = np.array("""
60323 83.0 234289 2356 1590 107608 1947  61122 88.5 259426 2325 1456 108632 1948
60171 88.2 258054 3682 1616 109773 1949  61187 89.5 284599 3351 1650 110929 1950
63221 96.2 328975 2099 3099 112075 1951  63639 98.1 346999 1932 3594 113270 1952
64989 99.0 365385 1870 3547 115094 1953  63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955  67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957  66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959  69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961  70551 116.9 554894 4007 2827 130081 1962
""".split(), float).reshape(16, 7)


@pytest.mark.parametrize("solve", [
    lambda a, y: np.linalg.lstsq(a, y, rcond=None)[0],
    lambda a, y: np.linalg.pinv(a) @ y,
    lambda a, y: (lambda q, r: np.linalg.solve(r, q.T @ y))(*np.linalg.qr(a)),
], ids=["lstsq", "pinv", "qr"])
def test_certified_linear_regression(solve):
    """Longley's data, NIST StRD: equal variances of the observations give the standard deviations of the fit."""
    y, a = LONGLEY[:, 0], np.column_stack([np.ones(16), LONGLEY[:, 1:]])
    certified = [-3482258.63459582, 15.0618722713733, -0.0358191792925910, -2.02022980381683, -1.03322686717359,
                 -0.0511041056535807, 1829.15146461355]
    deviations = [890420.383607373, 84.9149257747669, 0.0334910077722432, 0.488399681651699, 0.214274163161675,
                  0.226073200069370, 455.478499142212]
    fit = uq.propagate(lambda y: solve(a, y), y, std=304.854073561965)
    np.testing.assert_allclose(fit.mean, certified, rtol=1e-10)
    np.testing.assert_allclose(fit.std, deviations, rtol=1e-11)
