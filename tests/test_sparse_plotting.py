"""Pictures of patterns: what is drawn where, and the same as text."""

import sys

import numpy as np
import pytest

import dualad as da
from dualad.plotting import spy, spy_text


def arrow(n):
    pattern = np.eye(n, dtype=bool)
    pattern[0] = pattern[:, 0] = True
    return pattern


@pytest.fixture
def pyplot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def test_text_shows_pattern_and_compressed_matrix():
    assert spy_text(da.coloring(np.eye(2, 3, k=1))) == ".0.  0\n..0  0"
    assert spy_text(da.coloring(np.eye(2, 3, k=1), partition="row")) == ".0.  .00\n..0"
    both = spy_text(da.coloring(arrow(4), partition="bidirectional")).splitlines()
    assert len(both) == 4
    assert both[0].startswith("2222") or both[0].startswith("0111")
    plan = da.sparse_hessian(lambda x: np.sum(x[1:] * x[:-1])).prepare(np.ones(4))
    assert spy_text(plan) == "01..  01\n.10.  01\n..01  01"


def test_large_patterns_are_thinned_out():
    lines = spy_text(da.coloring(np.eye(1000)), width=20, height=10).splitlines()
    assert len(lines) == 10
    assert all(len(line) == 20 + 2 + 1 for line in lines)
    assert lines[0].startswith("00.")


def test_empty_patterns():
    assert spy_text(da.coloring(np.zeros((2, 2)))).splitlines()[0].startswith("..")
    assert spy_text(da.coloring(np.zeros((0, 2)))) == ""


def test_every_colour_has_its_hue(pyplot):
    coloring = da.coloring(arrow(6))
    axes = spy(coloring)
    assert [len(ax.images) for ax in axes] == [1, 1]
    image = np.asarray(axes[0].images[0].get_array())
    assert image.shape == (6, 6, 3)
    assert len({tuple(image[0, j]) for j in range(6)}) == 6
    assert tuple(image[1, 2]) == (1, 1, 1)
    for j in range(1, 6):
        assert tuple(image[0, j]) == tuple(image[j, j])
    assert axes[1].get_title() == "compressed: 6 colours"


def test_axes_that_are_given(pyplot):
    plan = da.sparse_jacobian(lambda x: x * np.roll(x, 1)).prepare(np.ones(5))
    _, axes = pyplot.subplots(1, 2)
    assert list(spy(plan, axes)) == list(axes)
    with pytest.raises(ValueError, match="must hold 3 axes, but has 2"):
        spy(da.coloring(arrow(4), partition="bidirectional"), axes)
    assert len(spy(da.coloring(arrow(4), partition="bidirectional"))) == 3
    assert len(spy(da.coloring(np.zeros((3, 3)), structure="symmetric"))) == 2


def test_errors(monkeypatch):
    with pytest.raises(TypeError, match="not ndarray"):
        spy_text(np.eye(3))
    with pytest.raises(RuntimeError, match="prepare"):
        spy_text(da.sparse_jacobian(lambda x: x))
    with pytest.raises(ValueError, match="must be positive"):
        spy_text(da.coloring(np.eye(3)), width=0)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="needs matplotlib"):
        spy(da.coloring(np.eye(3)))
