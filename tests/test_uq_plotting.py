"""Pictures of uncertainty: what is drawn, read back from the axes."""

import numpy as np
import pytest

from dualad import uq

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
pyplot = pytest.importorskip("matplotlib.pyplot")

from dualad import plotting  # noqa: E402


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


@pytest.fixture
def result():
    return uq.propagate(lambda x: [x[0] * x[1], x[0] + x[2]], [2.0, 3.0, 1.0], std=0.1, names=["a", "b", "c"])


def test_tornado(result):
    ax = pyplot.subplots()[1]
    assert plotting.tornado(result, ax=ax) is ax
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c"]
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], [900 / 13, 400 / 13, 0])
    few = plotting.tornado(result.budget(), "y[1]", most=2)
    assert few is not ax and [t.get_text() for t in few.get_yticklabels()] == ["a", "2 others"]
    assert "y[1]" in few.get_title()
    with pytest.raises(ValueError, match="no output 'q'"):
        plotting.tornado(result, "q")
    with pytest.raises(ValueError, match="output is 2"):
        plotting.tornado(result, 2)


def test_sensitivity_series():
    t = np.linspace(0, 2, 11)
    s = uq.local_sensitivity(lambda p: np.stack([p["a"] * np.exp(-p["k"] * t), p["a"] * t]), {"a": 2.0, "k": 0.5})
    ax = plotting.sensitivity_series(s, t, output=0, by="derivative", names=["k"])
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), -2 * t * np.exp(-0.5 * t))
    assert len(plotting.sensitivity_series(s, t).get_lines()) == 5  # two for each parameter, and zero
    assert len(plotting.sensitivity_series(s).get_lines()[0].get_xdata()) == 11
    with pytest.raises(ValueError, match="t must have shape"):
        plotting.sensitivity_series(s, t[1:])
    with pytest.raises(ValueError, match="no parameter"):
        plotting.sensitivity_series(s, t, names=["q"])


def test_propagation_histogram(result):
    sampled = uq.monte_carlo(lambda x: [x[0] * x[1], x[0] + x[2]], [2.0, 3.0, 1.0], std=0.1, n=500, rng=1)
    ax = plotting.propagation_histogram(result, sampled, "y[1]")
    density = ax.get_lines()[0].get_ydata()
    assert density.max() == pytest.approx(1 / (0.1 * np.sqrt(2) * np.sqrt(2 * np.pi)), rel=1e-3)
    assert sum(bar.get_height() * bar.get_width() for bar in ax.patches) == pytest.approx(1)
    other = uq.monte_carlo(lambda x: x, 1.0, 0.1, 10)
    with pytest.raises(ValueError, match="one function"):
        plotting.propagation_histogram(result, other)


def test_correlation_ellipse(result):
    cov = np.array([[4.0, -1.5], [-1.5, 1.0]])
    for given in (([1.0, 2.0], cov), uq.correlated([1.0, 2.0], cov), list(uq.correlated([1.0, 2.0], cov))):
        ax = plotting.correlation_ellipse(given, probability=0.9, color="C3")
        gap = np.stack(ax.get_lines()[0].get_data()) - [[1.0], [2.0]]
        np.testing.assert_allclose(np.sum(gap * np.linalg.solve(cov, gap), axis=0), -2 * np.log(0.1))
        assert "-0.750" in ax.get_title()
    sampled = uq.monte_carlo(lambda x: [x[0] * x[1], x[0] + x[2]], [2.0, 3.0, 1.0], std=0.1, n=50, rng=1)
    ax = plotting.correlation_ellipse(result, "y[0]", "y[1]", samples=sampled)
    assert ax.get_xlabel() == "y[0]" and len(ax.collections[0].get_offsets()) == 50
    with pytest.raises(ValueError, match="probability"):
        plotting.correlation_ellipse(result, probability=95)
    with pytest.raises(TypeError, match="Propagation"):
        plotting.correlation_ellipse(3)
