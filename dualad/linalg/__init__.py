"""scipy.linalg for numbers with derivatives: the same names, arguments, results and errors.

On plain arrays every function is SciPy's own; what is not here is taken from scipy.linalg.
"""

import scipy.linalg as _scipy

from dualad.linalg._decompositions import cholesky, eigh, eigvalsh, lu, qr, svd, svdvals
from dualad.linalg._factors import cho_factor, cho_solve, lu_factor, lu_solve
from dualad.linalg._functions import (
    coshm,
    cosm,
    expm,
    expm_frechet,
    fractional_matrix_power,
    logm,
    sinhm,
    sinm,
    sqrtm,
    tanhm,
    tanm,
)
from dualad.linalg._matrices import block_diag, circulant, companion, hankel, khatri_rao, toeplitz
from dualad.linalg._solve import (
    det,
    inv,
    lstsq,
    matmul_toeplitz,
    norm,
    pinv,
    solve,
    solve_banded,
    solve_circulant,
    solve_continuous_lyapunov,
    solve_discrete_lyapunov,
    solve_sylvester,
    solve_toeplitz,
    solve_triangular,
    solveh_banded,
)

__all__ = [
    "block_diag", "cho_factor", "cho_solve", "cholesky", "circulant", "companion", "coshm", "cosm", "det", "eigh",
    "eigvalsh", "expm", "expm_frechet", "fractional_matrix_power", "hankel", "inv", "khatri_rao", "logm", "lstsq", "lu",
    "lu_factor", "lu_solve", "matmul_toeplitz", "norm", "pinv", "qr", "sinhm", "sinm", "solve", "solve_banded",
    "solve_circulant", "solve_continuous_lyapunov", "solve_discrete_lyapunov", "solve_sylvester", "solve_toeplitz",
    "solve_triangular", "solveh_banded", "sqrtm", "svd", "svdvals", "tanhm", "tanm", "toeplitz",
]


def __getattr__(name):
    """What is not here is SciPy's."""
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_scipy, name)


def __dir__():
    return sorted({*globals(), *dir(_scipy)})
