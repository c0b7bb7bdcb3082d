"""Measurements and test functions whose uncertainties and sensitivities others have published."""

import numpy as np
import pytest
from scipy import stats

import dualad as da
from dualad import uq

PI = np.pi


def uniform(half):
    """Standard deviation of a rectangular distribution."""
    return half / np.sqrt(3)


def triangular(half):
    return half / np.sqrt(6)


def arcsine(half):
    return half / np.sqrt(2)


def total(x):
    return sum(x.values())


# ---- Eurachem/CITAC guide "Quantifying uncertainty in analytical measurement", 3rd edition 2012 --------------------
# Contributions to more digits than there: the documentation of the GUM Tree Calculator.


def test_eurachem_a1_calibration_standard():
    r = uq.propagate(lambda x: 1000 * x["m"] * x["P"] / (x["flask"] + x["filling"] + x["temperature"]),
                     {"m": 100.28, "P": 0.9999, "flask": 100.0, "filling": 0.0, "temperature": 0.0},
                     std={"m": 0.05, "P": uniform(0.0001), "flask": triangular(0.1), "filling": 0.02,
                          "temperature": uniform(0.084)})
    assert f"{r.mean:.1f} {r.std:.6f}" == "1002.7 0.835199"
    found = {row["input"]: row["contribution"] for row in r.budget()}
    assert found == pytest.approx({"m": 0.49995, "temperature": 0.486284, "flask": 0.40935, "filling": 0.20054,
                                   "P": 0.0578967}, rel=1e-5)
    assert list(found) == ["m", "temperature", "flask", "filling", "P"]


def molar_mass():
    atoms = zip((12.0107, 1.00794, 15.9994, 39.0983), (0.0008, 0.00007, 0.0003, 0.0001), strict=True)
    carbon, hydrogen, oxygen, potassium = (uq.ufloat(mass, uniform(half)) for mass, half in atoms)
    return 8 * carbon + 5 * hydrogen + 4 * oxygen + potassium


def weighed():
    return 0.3888 + uq.ufloat(0.0, uniform(0.15e-3)) - uq.ufloat(0.0, uniform(0.15e-3))


def test_eurachem_a2_sodium_hydroxide():
    volume = 18.64 + uq.ufloat(0.0, triangular(0.03)) + uq.ufloat(0.0, 0.006)
    mass, purity, repeated = weighed(), uq.ufloat(1.0, uniform(0.0005)), uq.ufloat(1.0, 0.0005)
    molar = molar_mass()
    assert f"{molar.n:.4f} {molar.s:.4f}" == "204.2212 0.0038"
    c = repeated * (1000 * mass * purity) / (molar * volume)
    assert c.n == pytest.approx(0.102136159706, rel=1e-11) and c.s == pytest.approx(0.000100500722124, rel=1e-10)


@pytest.mark.parametrize(("repeatability", "excess", "std"), [
    (0.001, None, 0.0001843), (0.001 / np.sqrt(3), None, 0.00016), (0.001 / np.sqrt(3), (0.05, 0.03), 0.0003096),
])
def test_eurachem_a3_acid_base_titration(repeatability, excess, std):
    def volume(nominal, tolerance, filled):
        return nominal + uq.ufloat(0.0, triangular(tolerance)) + uq.ufloat(0.0, uniform(filled * 2.1e-4 * 4))

    naoh_2, naoh_1, aliquot = volume(14.89, 0.03, 15), volume(18.64, 0.03, 19), volume(15.0, 0.02, 15)
    if excess:
        naoh_1, naoh_2 = naoh_1 - uq.ufloat(*excess), naoh_2 - uq.ufloat(*excess)
    c = (uq.ufloat(1.0, repeatability) * 1000 * weighed() * uq.ufloat(1.0, uniform(0.0005)) * naoh_2
         / (molar_mass() * naoh_1 * aliquot))
    assert c.s == pytest.approx(std, abs=5e-6 if std == 0.00016 else 5e-8)
    assert f"{c.n:.5f}" == ("0.10132" if excess else "0.10139")


def test_eurachem_a4_pesticides_in_bread():
    """Relative deviations of repeatability, recovery and homogeneity."""
    r = uq.propagate(lambda x: 1.11 * x[0] * x[2] * 0.9 / x[1], [1.0, 0.9, 1.0], std=[0.27, 0.043, 0.2])
    assert f"{r.std / r.mean:.2f}" == "0.34"
    assert [round(row["contribution"] / r.mean, 3) for row in r.budget()] == [0.27, 0.2, 0.048]


def test_eurachem_a5_cadmium_from_ceramic_ware():
    """Through a calibration line, whose coefficients are correlated."""
    c = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], 3)
    readings = np.array([0.028, 0.029, 0.029, 0.084, 0.083, 0.081, 0.135, 0.131, 0.133, 0.180, 0.181, 0.183, 0.215,
                         0.230, 0.216])
    design = np.column_stack([np.ones(15), c])
    residual = np.sqrt(np.linalg.lstsq(design, readings, rcond=None)[1][0] / 13)
    intercept, slope = line = np.linalg.lstsq(design, uq.uarray(readings, residual), rcond=None)[0]
    assert f"{intercept:.2uS} {slope:.2uS}" == "0.0087(29) 0.2410(50)"
    assert uq.correlation_matrix(line)[0, 1] == pytest.approx(-0.87038, abs=1e-5)
    c_0 = (uq.ufloat(0.0714, residual / np.sqrt(2)) - intercept) / slope
    assert f"{c_0:.2uS}" == "0.260(18)"
    volume = (332 * uq.ufloat(0.995, triangular(0.005)) * uq.ufloat(1.0, triangular(0.01))
              + uq.ufloat(0.0, uniform(332 * 2.1e-4 * 2)) + uq.ufloat(0.0, triangular(2.5))) / 1000
    area = np.pi * (uq.ufloat(2.70, 0.01) / 2) ** 2 * uq.ufloat(1.0, 0.05 / 1.96)
    assert f"{volume:.2uS} {area:.2uS}" == "0.3303(18) 5.73(15)"
    r = c_0 * volume / area * uq.ufloat(1, 0.0008) * uq.ufloat(1, uniform(0.0015)) * uq.ufloat(1, uniform(0.1))
    assert f"{r:.2uS}" == "0.0150(14)"
    assert sorted(r.error_components().values())[-2:] == pytest.approx([0.00086663, 0.000928623], rel=1e-5)


# ---- EA-4/02, "Evaluation of the uncertainty of measurement in calibration" ----------------------------------------


def test_ea_4_02_s2_weight():
    r = uq.propagate(total, {"standard": 10000.005, "drift": 0.0, "difference": 0.020, "eccentricity": 0.0, "air": 0.0},
                     std={"standard": 22.5e-3, "drift": 8.95e-3, "difference": 14.4e-3, "eccentricity": 5.77e-3,
                          "air": 5.77e-3})
    assert f"{r.mean:.3f} {1e3 * r.std:.1f}" == "10000.025 29.3"


def test_ea_4_02_s3_resistor():
    def resistance(x):
        return (x["standard"] + x["drift"] + x["bath"]) * x["parasitic"] * x["ratio"] - x["temperature"]

    r = uq.propagate(resistance, {"standard": 10000.053, "drift": 0.020, "bath": 0.0, "temperature": 0.0,
                                  "parasitic": 1.0, "ratio": 1.0000105},
                     std={"standard": 2.5e-3, "drift": uniform(0.010), "bath": uniform(2.75e-3),
                          "temperature": uniform(5.5e-3), "parasitic": triangular(1e-6),
                          "ratio": 0.158e-6 / np.sqrt(5)})
    assert f"{r.mean:.3f} {1e3 * r.std:.2f}" == "10000.178 8.33"


def test_ea_4_02_s4_gauge_block():
    """50 mm, in nanometres; a product of two numbers of mean zero counts to second order only."""
    def length(x):
        thermal = x["alpha"] * x["dt"] + x["d_alpha"] * x["t"]
        return x["standard"] + x["drift"] + x["difference"] + x["comparator"] - 50e6 * thermal - x["variation"]

    mean = {"standard": 20.0, "drift": 0.0, "difference": -94.0, "comparator": 0.0, "alpha": 11.5e-6, "dt": 0.0,
            "d_alpha": 0.0, "t": 0.0, "variation": 0.0}
    std = {"standard": 15.0, "drift": uniform(30), "difference": 12 / np.sqrt(5), "comparator": uniform(32),
           "alpha": 0.0, "dt": uniform(0.05), "d_alpha": triangular(2e-6), "t": uniform(0.5), "variation": 3.87}
    r = uq.propagate(length, mean, std=std, order=2)
    assert f"{r.mean:.0f} {r.std:.1f}" == "-74 36.4"
    contributions = {row["input"]: row["contribution"] for row in r.budget()}
    assert contributions["dt"] == pytest.approx(16.6, abs=0.05)
    assert contributions["(second order)"] == pytest.approx(11.8, abs=0.05)


def test_ea_4_02_s9_multimeter():
    """A rectangular distribution prevails: the interval of 95 percent is less than two deviations wide."""
    given = {"indicated": stats.uniform(100.05, 0.1), "standard": stats.norm(100, 0.001),
             "correction": stats.uniform(-0.011, 0.022)}

    def error(x):
        return x["indicated"] - x["standard"] - x["correction"]

    r = uq.propagate(error, {"indicated": 100.1, "standard": 100.0, "correction": 0.0},
                     std={"indicated": uniform(0.05), "standard": 0.001, "correction": uniform(0.011)})
    assert f"{r.mean:.1f} {r.std:.3f}" == "0.1 0.030"
    low, high = uq.monte_carlo(error, distributions=given, n=50_000, rng=1).coverage_interval()
    assert (high - low) / 2 == pytest.approx(0.05, abs=0.001)


# ---- NIST and NPL --------------------------------------------------------------------------------------------------


def test_nist_tn_1900_e3_viscometer():
    """To second order the mean is that of the samples."""
    def viscosity(x):
        mu_c, t_m, t_c, rho_b, rho_m, rho_c = x
        return mu_c * t_m / t_c * (rho_b - rho_m) / (rho_b - rho_c)

    mean, std = [4.63, 61.0, 36.6, 2217.0, 1180.0, 810.0], [0.0463, 6.1, 5.49, 0.5, 0.5, 0.5]
    with pytest.warns(uq.LinearityWarning):
        second = uq.propagate(viscosity, mean, std=std, order=2)
    assert f"{second.value:.2f} {second.mean:.2f}" == "5.69 5.82"
    r = uq.monte_carlo(viscosity, mean, std=std, n=200_000, rng=1)
    assert r.mean == pytest.approx(5.82, abs=0.01) and r.std == pytest.approx(1.11, abs=0.02)
    assert r.coverage_interval() == pytest.approx((4.05, 8.39), abs=0.05)


def test_nist_tn_1900_e11_step_attenuator():
    """Also example S7 of EA-4/02."""
    arc = [stats.arcsine(-half, 2 * half) for half in (0.02828, 0.001980, 0.0029698)]
    rectangular = [(0.003 - 0.00433, 0.003 + 0.00433), (-0.0005196, 0.0005196), (-0.0005196, 0.0005196)]
    given = [stats.t(3, 30.0402, 0.0091 / np.sqrt(3)), *rectangular, stats.norm(0, 0.002), stats.norm(0, 0.002), *arc]
    std = [0.0091, uniform(0.00433), *[uniform(0.0005196)] * 2, 0.002, 0.002,
           *[arcsine(half) for half in (0.02828, 0.001980, 0.0029698)]]
    signs = np.array([1, 1, 1, -1, 1, -1, 1, 1, 1])

    def loss(x):
        return sum(s * v for s, v in zip(signs, x, strict=True))

    first = uq.propagate(loss, [30.0402, 0.003, *np.zeros(7)], std=std)
    assert f"{first.mean:.3f} {first.std:.4f}" == "30.043 0.0224"
    sampled = uq.monte_carlo(loss, distributions=given, n=200_000, rng=1)
    assert sampled.std == pytest.approx(0.0224, abs=3e-4)
    assert sampled.coverage_interval() == pytest.approx((30.006, 30.081), abs=1.5e-3)


def test_nist_uncertainty_machine_thermal_expansion():
    def coefficient(x):
        l_0, t_0, l_1, t_1 = x
        return (l_1 - l_0) / (l_0 * (t_1 - t_0))

    mean, std = [1.4999, 288.15, 1.5021, 373.10], [0.0001, 0.02, 0.0002, 0.05]
    r = uq.propagate(coefficient, mean, std=std)
    assert f"{1e5 * r.mean:.4f} {1e6 * r.std:.2f}" == "1.7266 1.76"
    given = [stats.t(3, m, s / np.sqrt(3)) for m, s in zip(mean, std, strict=True)]
    sampled = uq.monte_carlo(coefficient, distributions=given, n=200_000, rng=1)
    assert sampled.std == pytest.approx(1.74e-6, rel=0.05)


def test_nist_uncertainty_machine_stefan_boltzmann_constant():
    def sigma(x):
        h, gas, rydberg, electron, alpha = x
        return 32 * PI**5 * h * gas**4 * rydberg**4 / (15 * electron**4 * 0.001**4 * 299792458.0**6 * alpha**8)

    mean = [6.62606957e-34, 8.3144621, 10973731.568539, 5.4857990946e-4, 7.2973525698e-3]
    std = [0.00000029e-34, 0.0000075, 0.000055, 0.0000000022e-4, 0.0000000024e-3]
    r = uq.propagate(sigma, mean, std=std)
    assert f"{1e8 * r.mean:.5f} {1e13 * r.std:.2f}" == "5.67037 2.05"
    assert [f"{1e8 * end:.5f}" for end in r.coverage_interval(0.99)] == ["5.67032", "5.67043"]


def test_npl_des_011_logarithm_of_a_rectangular_number():
    """Table 9.2: where the law of propagation fails."""
    with pytest.warns(uq.LinearityWarning):
        first = uq.propagate(lambda x: np.log(x), 0.6, std=uniform(0.5), check=True)
    assert f"{first.mean:.3f} {first.std:.3f} {first.coverage_interval()[1]:.3f}" == "-0.511 0.481 0.432"
    r = uq.monte_carlo(lambda x: np.log(x[0]), distributions=[(0.1, 1.1)], n=200_000, rng=1)
    assert r.mean == pytest.approx(-0.665, abs=0.004) and r.std == pytest.approx(0.606, abs=0.003)
    assert r.coverage_interval(shortest=True) == pytest.approx((-1.895, 0.095), abs=0.03)
    assert not r.compare(first).validated[0]


def test_degrees_of_freedom_of_a_course_on_metrology():
    """X-ray fluorescence and a sum, ENGR 224 of Sandia National Laboratories."""
    r = uq.propagate(lambda x: x[0] / x[1] * x[2], [0.1820, 0.1823, 0.6978], std=[0.00093, 0.00058, 0.0026],
                     dof=[9, 19, 19])
    low, high = r.coverage_interval()
    assert f"{r.mean:.4f} {(high - low) / 2:.4f}" == "0.6967 0.0101" and r.std == pytest.approx(0.00494, abs=1e-5)
    assert r.effective_dof == pytest.approx(27.7, abs=0.5)
    assert uq.propagate(np.sum, [0, 0], std=[0.57, 0.25], dof=[9, np.inf]).effective_dof == pytest.approx(12.8, abs=0.1)


# ---- supplement 2 to the GUM, JCGM 102:2011 ------------------------------------------------------------------------


@pytest.mark.parametrize(("x1", "corr", "first", "sampled"), [
    (0.001, 0.0, (0.010, 10.000), (0.013, 0.0, 0.007, 1.744)),
    (0.001, 0.9, (0.010, 10.000), (0.012, -0.556, 0.008, 1.599)),
    (0.010, 0.9, (0.010, 1.000), (0.015, -0.343, 0.008, 0.903)),
])
def test_jcgm_102_magnitude_and_phase(x1, corr, first, sampled):
    """9.2, tables 6 and 7: polar coordinates near the origin."""
    def polar(x):
        return np.hypot(x[0], x[1]), np.arctan2(x[1], x[0])

    cov = 0.01**2 * np.array([[1, corr], [corr, 1]])
    with pytest.warns(uq.LinearityWarning):
        r = uq.propagate(polar, [x1, 0.0], cov, check=True)
    assert r.std == pytest.approx(first, rel=1e-9)
    assert r.corr[0, 1] == pytest.approx(corr)
    m = uq.monte_carlo(polar, [x1, 0.0], cov, 100_000, 1)
    errors = [*m.mean_error, *m.std_error]
    for found, published, error in zip((*m.mean, *m.std), sampled, errors, strict=True):
        assert found == pytest.approx(published, abs=4 * error + 5e-4)


# ---- GUM H.5, analysis of variance ---------------------------------------------------------------------------------


def test_gum_h5_zener_voltage_standard():
    days = 10 + 1e-6 * np.array([172, 116, 13, 144, 106, 31, 60, 125, 163, 41])
    within = 1e-6 * np.array([60, 77, 111, 101, 67, 93, 80, 73, 88, 86])
    mean = uq.uarray(days, np.std(days, ddof=1)).mean()
    assert f"{mean.n:.6f} {1e6 * mean.s:.0f}" == "10.000097 18"
    s_b = np.sqrt(np.mean(within**2))
    assert f"{1e6 * np.std(days, ddof=1):.0f} {1e6 * s_b:.0f}" == "57 85"
    assert 5 * np.var(days, ddof=1) / s_b**2 == pytest.approx(2.25, abs=0.03)


# ---- second order with moments: S. Cox's assembly and others, documentation of the package soerp --------------------


def test_assembly_with_an_exponential_part():
    def assembly(x):
        return x[0] * x[1] ** 2 / (15 * (1.5 + x[2]))

    with pytest.warns(uq.LinearityWarning):
        r = uq.propagate(assembly, [24.0, 37.0, 0.5], std=[1.0, 4.0, 0.5], order=2, third=[np.nan, np.nan, 2 * 0.5**3],
                         fourth=[np.nan, np.nan, 9 * 0.5**4])
    assert r.mean == pytest.approx(1176.45, rel=1e-12) and r.std**2 == pytest.approx(99699.6822917, rel=1e-11)
    np.testing.assert_allclose(r.jacobian, [45.63333333333333, 59.2, -547.6], rtol=1e-14)
    np.testing.assert_allclose(r.hessian, [[0, 2.466666666666667, -22.816666666666666], [2.466666666666667, 1.6, -29.6],
                                           [-22.816666666666666, -29.6, 547.6]], rtol=1e-13)


def test_gas_flow_through_an_orifice():
    r = uq.propagate(lambda x: 38.4 * np.sqrt(520 * x[0] * x[2] / (x[1] * (x[3] + 460))), [64, 16, 361, 165],
                     std=[0.5, 0.1, 2.0, 0.5], order=2)
    assert r.mean == pytest.approx(1330.99973939, rel=1e-11) and r.std**2 == pytest.approx(58.210762839, rel=1e-10)


def test_sums_of_skewed_inputs():
    r = uq.propagate(np.sum, [10, 20, 1.5, 10, 0.2, 10], std=np.sqrt([1, 2, 0.25, 10, 0.04, 20]), order=2,
                     third=[0, 0, 0.67 * 0.25**1.5, 0.63 * 10**1.5, 2 * 0.04**1.5, 0.89 * 20**1.5],
                     fourth=[3, 3 * 4, 3.67 * 0.25**2, 3.6 * 100, 9 * 0.04**2, 4.2 * 400])
    assert r.mean == pytest.approx(51.7) and r.std**2 == pytest.approx(33.29)


# ---- NIST StRD, univariate statistics and analysis of variance -----------------------------------------------------

MICHELSON = 299 + np.array("""
85 74 90 107 93 85 95 98 98 88 100 98 93 65 76 81 100 100 96 96 96 94 96 94 88 80 85 88 90 84 83 79 81 88 88 83 80 79 76
80 88 88 88 86 72 72 62 86 97 95 88 91 85 87 84 84 85 84 84 84 89 81 81 82 80 77 76 74 75 76 91 92 89 86 88 72 84 85 85
78 89 84 78 81 76 81 79 81 82 85 87 87 81 74 81 94 95 80 81 87
""".split(), float) / 100
ALTERNATING = np.array([0.1, 0.3] * 500)
UNIVARIATE = {  # certified mean, standard deviation and autocorrelation of lag 1
    "Michelso": (MICHELSON, 299.852400000000, 0.0790105478190518, 0.535199668621283, 1e-11),
    "NumAcc1": (np.array([10000001.0, 10000003.0, 10000002.0]), 10000002, 1, -0.5, 1e-15),
    "NumAcc2": (np.append(1.2, 1 + ALTERNATING), 1.2, 0.1, -0.999, 1e-13),
    "NumAcc3": (np.append(1000000.2, 1000000 + ALTERNATING), 1000000.2, 0.1, -0.999, 1e-8),
    "NumAcc4": (np.append(10000000.2, 10000000 + ALTERNATING), 10000000.2, 0.1, -0.999, 1e-7),
}


def autocorrelation(x):
    d = x - np.mean(x)
    return np.sum(d[1:] * d[:-1]) / np.sum(d * d)


@pytest.mark.parametrize("name", UNIVARIATE)
def test_certified_statistics_of_numbers_with_derivatives(name):
    """Values as certified; derivatives by the closed forms, from dual, uncertain and nested numbers."""
    x, mean, std, r1, tolerance = UNIVARIATE[name]
    n, d = len(x), x - mean
    slope = d / ((n - 1) * std)
    around = np.append(d[1:], 0) + np.append(0, d[:-1])
    slope_r1 = (around - around.mean() - 2 * r1 * d) / np.sum(d * d)
    for f, value, gradient in ((np.mean, mean, np.full(n, 1 / n)), (lambda x: np.std(x, ddof=1), std, slope),
                               (lambda x: np.var(x, ddof=1), std**2, 2 * std * slope), (autocorrelation, r1, slope_r1)):
        found, derivative = da.value_and_grad(f)(x)
        assert found == f(x) and found == pytest.approx(value, rel=max(tolerance, 1e-14))
        np.testing.assert_allclose(derivative, gradient, atol=100 * tolerance * np.abs(gradient).max())
        y = f(uq.uarray(x, 0.01))
        assert y.n == f(x) and y.s == pytest.approx(0.01 * np.linalg.norm(gradient), rel=100 * tolerance)


def test_certified_analysis_of_variance():
    """SiRstv of NIST StRD: resistance of silicon by five instruments."""
    x = np.array("""
        196.3052 196.1240 196.1890 196.2569 196.3403 196.3042 196.3825 196.1669 196.3257 196.0422 196.1303 196.2005
        196.2889 196.0343 196.1811 196.2795 196.1748 196.1494 196.1485 195.9885 196.2119 196.1051 196.1850 196.0052
        196.2090
    """.split(), float).reshape(5, 5)

    def analysis(x):
        groups = x.mean(axis=1)
        between, within = 5 * np.sum((groups - x.mean()) ** 2), np.sum((x - groups[:, None]) ** 2)
        return between / 4 / (within / 20), between / (between + within), np.sqrt(within / 20)

    r = uq.propagate(analysis, x, std=1e-4)
    assert r.mean == pytest.approx((1.18046237440255, 0.190999039051129, 0.104076068334656), rel=1e-9)
    numbers = analysis(uq.uarray(x, 1e-4))
    assert [y.s for y in numbers] == pytest.approx(r.std, rel=1e-9)
    spread = uq.monte_carlo(analysis, x, std=1e-4, n=4000, rng=1)
    np.testing.assert_allclose(spread.std, r.std, rtol=0.06)


# ---- test functions of sensitivity analysis ------------------------------------------------------------------------


def sobol_g(a):
    def g(x):
        result = 1.0
        for i in range(len(a)):
            result = result * (abs(4 * x[i] - 2) + a[i]) / (1 + a[i])
        return result

    return g


def test_g_function_of_sobol():
    """Saltelli et al., Comput. Phys. Commun. 181 (2010), and closed forms of Sobol' and Kucherenko 2009."""
    a = np.array([0, 1, 4.5, 9, 99, 99, 99, 99])
    g, box = sobol_g(a), [(0, 1)] * 8
    partial = 1 / (3 * (1 + a) ** 2)
    variance = np.prod(1 + partial) - 1
    v = 16 / (1 + a) ** 2 * np.prod(1 + partial) / (1 + partial)
    total_order = partial * np.prod(1 + partial) / (1 + partial) / variance
    r = uq.dgsm(g, box, 2**13, rng=1)
    np.testing.assert_allclose(r.v, v, rtol=0.01)
    assert r.variance == pytest.approx(variance, rel=0.02)
    assert (r.sobol_total_bound > total_order).all()
    assert r.ranking()[:4] == ["x[0]", "x[1]", "x[2]", "x[3]"]
    s = uq.sobol(g, box, 2**12, rng=1)
    np.testing.assert_allclose(s.first_order, [0.7165, 0.1791, 0.0237, 0.0072, 1e-4, 1e-4, 1e-4, 1e-4], atol=0.03)
    np.testing.assert_allclose(s.total_order, total_order, atol=0.03)


BOREHOLE = {"rw": stats.norm(0.1, 0.0161812), "r": stats.lognorm(1.0056, scale=np.exp(7.71)),
            "Tu": (63070.0, 115600.0), "Hu": (990.0, 1110.0), "Tl": (63.1, 116.0), "Hl": (700.0, 820.0),
            "L": (1120.0, 1680.0), "Kw": (9855.0, 12045.0)}


def borehole(x):
    log = np.log(x["r"] / x["rw"])
    leak = 2 * x["L"] * x["Tu"] / (log * x["rw"] ** 2 * x["Kw"])
    return 2 * PI * x["Tu"] * (x["Hu"] - x["Hl"]) / (log * (1 + leak + x["Tu"] / x["Tl"]))


class PositiveGumbel:
    """A Gumbel distribution cut off at zero."""

    whole = stats.gumbel_r(1013.0, 558.0)

    def cdf(self, x):
        cut = self.whole.cdf(0)
        return (self.whole.cdf(x) - cut) / (1 - cut)

    def ppf(self, q):
        cut = self.whole.cdf(0)
        return self.whole.ppf(cut + q * (1 - cut))

    def pdf(self, x):
        return self.whole.pdf(x) / self.whole.sf(0)

    def sf(self, x):
        return self.whole.sf(x) / self.whole.sf(0)

    def isf(self, q):
        return self.whole.isf(q * self.whole.sf(0))

    def support(self):
        return 0.0, np.inf

    def mean(self):
        return self.ppf((np.arange(10_000) + 0.5) / 10_000).mean()

    def std(self):
        return self.ppf((np.arange(10_000) + 0.5) / 10_000).std()


FLOOD = {"Q": PositiveGumbel(), "Ks": stats.truncnorm(-29 / 7.5, np.inf, 30, 7.5), "Zv": (49.0, 51.0),
         "Zm": (54.0, 56.0), "Hd": (7.0, 9.0), "Zb": stats.triang(0.5, 55, 1), "L": stats.triang(0.5, 4990, 20),
         "B": stats.triang(0.5, 295, 10)}


def overflow(x):
    depth = (x["Q"] / (x["Ks"] * x["B"] * np.sqrt((x["Zm"] - x["Zv"]) / x["L"]))) ** 0.6
    return depth + x["Zv"] - x["Zb"] - x["Hd"]


@pytest.mark.parametrize(("f", "inputs", "first", "total_order", "most"), [
    (borehole, BOREHOLE, [0.66, 0, 0, 0.09, 0, 0.09, 0.09, 0.02], [0.69, 0, 0, 0.11, 0, 0.11, 0.10, 0.02], "rw"),
    (overflow, FLOOD, [0.38, 0.13, 0.25, 0, 0.19, 0.02, 0, 0], [0.40, 0.15, 0.25, 0.01, 0.19, 0.02, 0, 0], "Q"),
], ids=["borehole", "flood"])
def test_indices_of_the_benchmark_of_openturns(f, inputs, first, total_order, most):
    """Borehole (Morris, Mitchell and Ylvisaker 1993) and flood model (Iooss and Lemaitre 2015), to two digits."""
    s = uq.sobol(f, inputs, 2**13, rng=1)
    np.testing.assert_allclose(s.first_order, first, atol=0.02)
    np.testing.assert_allclose(s.total_order, total_order, atol=0.02)
    r = uq.dgsm(f, inputs, 2**11, rng=1)
    assert (r.sobol_total_bound > np.array(total_order) - 0.02).all()
    assert [name for name in r.ranking() if np.isfinite(r.sobol_total_bound[r.names.index(name)])][0] == most
    steps = np.array([d[0] + 0.4 * (d[1] - d[0]) if isinstance(d, tuple) else d.ppf(0.4) for d in inputs.values()])
    point = dict(zip(inputs, steps.tolist(), strict=True))
    slopes = [np.imag(f(point | {name: value + 1e-30j * abs(value)})) / (1e-30 * abs(value))
              for name, value in point.items()]
    np.testing.assert_allclose(uq.local_sensitivity(f, point).derivatives, slopes, rtol=1e-10)


def otl_circuit(x):
    base = 12 * x["Rb2"] / (x["Rb1"] + x["Rb2"])
    gain = x["beta"] * (x["Rc2"] + 9)
    return ((base + 0.74) * gain + 11.35 * x["Rf"] + 0.74 * x["Rf"] * gain / x["Rc1"]) / (gain + x["Rf"])


OTL = {"Rb1": (50, 150), "Rb2": (25, 70), "Rf": (0.5, 3), "Rc1": (1.2, 2.5), "Rc2": (0.25, 1.2), "beta": (50, 300)}


def piston(x):
    a = x["P0"] * x["S"] + 19.62 * x["M"] - x["k"] * x["V0"] / x["S"]
    gas = x["P0"] * x["V0"] * x["Ta"] / x["T0"]
    volume = x["S"] / (2 * x["k"]) * (np.sqrt(a**2 + 4 * x["k"] * gas) - a)
    return 2 * PI * np.sqrt(x["M"] / (x["k"] + x["S"] ** 2 * gas / volume**2))


PISTON = {"M": (30, 60), "S": (0.005, 0.020), "V0": (0.002, 0.010), "k": (1000, 5000), "P0": (90000, 110000),
          "Ta": (290, 296), "T0": (340, 360)}


def wing_weight(x):
    angle = x["sweep"] * PI / 180
    return (0.036 * x["Sw"] ** 0.758 * x["Wfw"] ** 0.0035 * (x["A"] / np.cos(angle) ** 2) ** 0.6 * x["q"] ** 0.006
            * x["taper"] ** 0.04 * (100 * x["tc"] / np.cos(angle)) ** -0.3 * (x["Nz"] * x["Wdg"]) ** 0.49
            + x["Sw"] * x["Wp"])


WING = {"Sw": (150, 200), "Wfw": (220, 300), "A": (6, 10), "sweep": (-10, 10), "q": (16, 45), "taper": (0.5, 1),
        "tc": (0.08, 0.18), "Nz": (2.5, 6), "Wdg": (1700, 2500), "Wp": (0.025, 0.08)}


@pytest.mark.parametrize(("f", "inputs", "active"), [
    (otl_circuit, OTL, {"Rb1", "Rb2", "Rf", "Rc1"}), (piston, PISTON, {"S", "V0", "k", "M"}),
    (wing_weight, WING, {"Nz", "A", "tc", "Wdg", "Sw"}),
], ids=["otl", "piston", "wing"])
def test_screening_of_engineering_functions(f, inputs, active):
    """Which inputs matter: Ben-Ari and Steinberg 2007 (circuit, piston), Forrester, Sobester and Keane 2008 (wing)."""
    r, s = uq.dgsm(f, inputs, 2**11, rng=1), uq.sobol(f, inputs, 2**12, rng=1)
    assert set(r.ranking()[: len(active)]) == active == {
        r.names[i] for i in np.argsort(-s.total_order)[: len(active)]}
    assert (r.sobol_total_bound > s.total_order - 0.02).all()


def morris_function():
    """The function of 20 inputs of Morris 1991 with zeros for his random coefficients: ten inputs matter."""
    one, two = np.zeros(20), np.triu(np.ones((6, 6)), 1) * -15.0
    one[:10] = 20.0

    def f(x):
        w = [2 * (1.1 * x[i] / (x[i] + 0.1) - 0.5) if i in (2, 4, 6) else 2 * (x[i] - 0.5) for i in range(20)]
        y = sum(one[i] * w[i] for i in range(20))
        y = y + sum(two[i, j] * w[i] * w[j] for i in range(6) for j in range(i + 1, 6))
        y = y + sum(-10 * w[i] * w[j] * w[k] for i in range(5) for j in range(i + 1, 5) for k in range(j + 1, 5))
        return y + 5 * w[0] * w[1] * w[2] * w[3]

    return f


def test_screening_of_the_function_of_morris():
    f, box = morris_function(), [(0, 1)] * 20
    m, r = uq.morris(f, box, 60, rng=1), uq.dgsm(f, box, 512, rng=1)
    np.testing.assert_allclose(m.mu_star[[7, 8, 9]], 40, rtol=1e-12)  # linear: twice their coefficients
    np.testing.assert_allclose(m.sigma[[7, 8, 9]], 0, atol=1e-10)
    np.testing.assert_allclose(r.v[[7, 8, 9]], 1600)
    assert not m.mu_star[10:].any() and not r.v[10:].any() and not r.sobol_total_bound[10:].any()
    assert (m.mu_star[:10] > 20).all() and (m.sigma[:6] > 15).all()
