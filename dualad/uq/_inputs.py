"""What describes uncertain inputs, checked: means, covariances, names, distributions."""

import collections
import itertools

import numpy as np

from dualad._core.uncertain import Uncertain
from dualad._trees import as_input, flatten, is_container, rebuild

_SYMMETRY = 1e-8
"""By how much a covariance may differ from its transpose, in units of the standard deviations."""

_NEGATIVE = 1e-9
"""Down to which fraction of the largest eigenvalue a negative one counts as a rounding error."""


class Layout:
    """How a tree of arrays and scalars, an argument of the caller's, lies in one vector; its values are called name."""

    def __init__(self, tree, name, argument=None):
        leaves, self.structure = flatten(tree)
        argument = argument or name
        if any(isinstance(leaf, Uncertain) for leaf in leaves):
            raise TypeError(f"{argument} holds uncertain numbers: call the function of these, which gives uncertain "
                            "numbers, or pass uq.nominal_values(x), and uq.covariance_matrix(x) as cov=")
        self.tree = rebuild(self.structure, [as_input(leaf, argument) for leaf in leaves])
        self.name = name
        self.leaves = [np.asarray(as_input(leaf, argument)) for leaf in leaves]
        self.shapes = [leaf.shape for leaf in self.leaves]
        self.sizes = [leaf.size for leaf in self.leaves]
        self.size = sum(self.sizes)

    def __reduce__(self):
        return Layout, (self.tree, self.name)  # the structure holds functions, which cannot be pickled

    @property
    def single(self):
        """Whether the tree is one array or scalar."""
        return self.structure is None

    @property
    def shape(self):
        """The shape of one array or scalar; a container is a vector."""
        return self.shapes[0] if self.single else (self.size,)

    @property
    def vector(self):
        """All values in one vector."""
        return np.concatenate([leaf.reshape(-1) for leaf in self.leaves]) if self.leaves else np.zeros(0)

    def build(self, vector):
        """The tree of the values in a vector, which may be numbers with derivatives."""
        parts, start = [], 0
        for shape, size in zip(self.shapes, self.sizes, strict=True):
            parts.append(np.reshape(vector[start : start + size], shape)[()])
            start += size
        return rebuild(self.structure, parts)

    def names(self):
        """One name for each value: its path in the tree."""
        names = []
        for path, shape in zip(_paths(self.tree, self.name), self.shapes, strict=True):
            names += [_element(path, i) for i in itertools.product(*map(range, shape))]
        return names

    def name_of(self, k):
        """The name of value k alone."""
        for path, shape, size in zip(_paths(self.tree, self.name), self.shapes, self.sizes, strict=True):
            if k < size:
                return _element(path, np.unravel_index(k, shape))
            k -= size
        raise IndexError(f"there is no value {k}")


def _element(path, index):
    return path + (f"[{', '.join(map(str, index))}]" if len(index) else "")


def _paths(tree, name, top=True):
    if not is_container(tree):
        return [name]
    if isinstance(tree, dict):
        keys = [str(k) if top else f"{name}.{k}" for k in tree]
        parts = tree.values()
    else:
        fields = getattr(tree, "_fields", None)
        keys = fields if fields else [f"{name}[{i}]" for i in range(len(tree))]
        parts = tree
    return [path for key, part in zip(keys, parts, strict=True) for path in _paths(part, key, False)]


def flatten_like(tree, layout, name):
    """The values of a tree of the layout's structure, or of a vector or scalar that fits it."""
    leaves, _ = flatten(_in_order_of(tree, layout.tree, name))
    if len(leaves) == 1 and (np.size(leaves[0]) in (1, layout.size)):
        vector = np.asarray(leaves[0], float).reshape(-1)
        return np.broadcast_to(vector, (layout.size,)).copy()
    shapes = [np.shape(leaf) for leaf in leaves]
    if len(shapes) != len(layout.shapes) or any(s not in ((), t) for s, t in zip(shapes, layout.shapes, strict=True)):
        raise ValueError(
            f"{name} must have the shape of the mean, or be a vector of its {layout.size} values, but has shapes "
            f"{shapes} where the mean has {layout.shapes}"
        )
    return np.concatenate([np.broadcast_to(np.asarray(leaf, float), shape).reshape(-1)
                           for leaf, shape in zip(leaves, layout.shapes, strict=True)])


def _in_order_of(tree, mean, name):
    """A tree whose dicts have the keys of those of the mean, in their order."""
    if isinstance(tree, dict) and isinstance(mean, dict):
        if tree.keys() != mean.keys():
            raise ValueError(f"{name} must have the keys of the mean, {list(mean)}, but has {list(tree)}")
        return {key: _in_order_of(tree[key], part, name) for key, part in mean.items()}
    if isinstance(tree, (list, tuple)) and isinstance(mean, (list, tuple)) and len(tree) == len(mean):
        return [_in_order_of(part, of_mean, name) for part, of_mean in zip(tree, mean, strict=True)]
    if isinstance(tree, dict):
        raise ValueError(f"{name} is a dict, but the mean is not")
    return tree


def check_finite(vector, name, names):
    """Refuse NaN and infinities, naming the first."""
    bad = np.flatnonzero(~np.isfinite(vector))
    if bad.size:
        raise ValueError(f"{name} must be finite, but that of {names[bad[0]]!r} is {vector[bad[0]]}")


def check_std(std, names):
    """Standard deviations as they must be: finite and not negative."""
    check_finite(std, "std", names)
    bad = np.flatnonzero(std < 0)
    if bad.size:
        raise ValueError(f"std must not be negative, but that of {names[bad[0]]!r} is {std[bad[0]]}")
    return std


def check_covariance(cov, size, names=None, name="cov"):
    """A covariance matrix as it must be: square, of the right size, finite, symmetric and positive semidefinite."""
    names = [f"x[{i}]" for i in range(size)] if names is None else names
    cov = np.array(cov, float)
    if size == 1 and cov.size == 1:
        cov = cov.reshape(1, 1)
    if cov.shape != (size, size):
        hint = "; pass standard deviations as std=" if cov.ndim == 1 else ""
        raise ValueError(f"{name} must have shape ({size}, {size}) for {size} values, but has {cov.shape}{hint}")
    if not np.isfinite(cov).all():
        i, j = np.argwhere(~np.isfinite(cov))[0]
        raise ValueError(f"{name} must be finite, but is {cov[i, j]} at [{i}, {j}]")
    variances = np.diagonal(cov)
    if (variances < 0).any():
        i = int(np.argmin(variances))
        raise ValueError(f"{name} must have variances on its diagonal, but that of {names[i]!r} is {cov[i, i]}")
    scale = np.sqrt(variances)
    gap = np.abs(cov - cov.T) - _SYMMETRY * np.outer(scale, scale)
    if (gap > 0).any():
        i, j = np.unravel_index(np.argmax(gap), gap.shape)
        raise ValueError(
            f"{name} must be symmetric, but is {cov[i, j]} at [{i}, {j}] and {cov[j, i]} at [{j}, {i}]; "
            f"({name} + {name}.T)/2 is symmetric"
        )
    cov = (cov + cov.T) / 2
    _check_semidefinite(cov, scale, name)
    return cov


def _check_semidefinite(cov, scale, name):
    """Correlations, not covariances, are tested, so that units make no difference."""
    if not np.any(cov - np.diag(np.diagonal(cov))):
        return
    safe = np.where(scale > 0, scale, 1.0)
    eigenvalues = np.linalg.eigvalsh(cov / safe / safe[:, None])
    if eigenvalues[0] < -_NEGATIVE * max(eigenvalues[-1], 1.0):
        raise ValueError(
            f"{name} must be positive semidefinite, but the correlations it implies have the negative eigenvalue "
            f"{eigenvalues[0]:.3g}: no quantities vary together like that"
        )


def check_correlation(corr, size, names=None):
    """A correlation matrix as it must be."""
    corr = check_covariance(corr, size, names, "corr")
    if np.any(np.abs(np.diagonal(corr) - 1) > _SYMMETRY):
        raise ValueError("corr must have ones on its diagonal; pass covariances as cov=")
    return corr


def input_covariance(cov, std, corr, layout, names):
    """The covariance matrix of the inputs, or the vector of variances where they are independent."""
    if (cov is None) == (std is None):
        raise ValueError("give either cov=, the covariance matrix, or std=, the standard deviations" +
                         ("" if cov is None else ", not both"))
    if cov is not None:
        if corr is not None:
            raise ValueError("corr= goes with std=, not with cov=, which holds the correlations already")
        cov = check_covariance(_squared(cov, layout.size), layout.size, names)
        variances = np.diagonal(cov).copy()
        return variances if not np.any(cov - np.diag(variances)) else cov
    std = check_std(flatten_like(std, layout, "std"), names)
    if corr is None:
        return std * std
    return check_correlation(corr, layout.size, names) * std * std[:, None]


def _squared(cov, size):
    """A covariance of shape x.shape + x.shape as a matrix."""
    try:
        cov = np.asarray(cov, float)
    except (TypeError, ValueError):
        raise TypeError(f"cov must be a matrix of real numbers, not {cov!r}; standard deviations of a structure like "
                        "that of the mean are given as std=") from None
    return cov.reshape(size, size) if cov.ndim > 2 and cov.size == size * size else cov


def check_names(names, layout):
    """One name for each input, all different."""
    if names is None:
        return layout.names()
    names = [names] if isinstance(names, str) else [str(n) for n in names]
    if len(names) != layout.size:
        raise ValueError(f"names must have one entry for each of the {layout.size} inputs, but has {len(names)}")
    twice = [name for name, count in collections.Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"names must differ, but {twice[0]!r} occurs more than once")
    return names


def check_callable(f):
    """The function under study."""
    if not callable(f):
        raise TypeError(f"f must be a function, not {type(f).__name__}")
