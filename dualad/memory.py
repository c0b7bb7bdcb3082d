"""The pool that keeps the memory of large arrays for reuse."""

import operator

from dualad._core import number as _number

__all__ = ["info", "release", "set_limit"]


def info():
    """How much memory the pool has.

    Returns
    -------
    dict
        ``held``: bytes kept for later arrays; ``in_use``: bytes in live arrays; ``limit``: bound of ``held``.

    Examples
    --------
    >>> import dualad as da
    >>> sorted(da.memory.info())
    ['held', 'in_use', 'limit']
    """
    return _number.pool_info()


def release():
    """Give all memory that the pool holds back to the system.

    Examples
    --------
    >>> import dualad as da
    >>> da.memory.release()
    >>> da.memory.info()["held"]
    0
    """
    _number.pool_release()


def set_limit(limit):
    """Bound the memory that the pool may hold; what exceeds it is released at once.

    Parameters
    ----------
    limit : int
        Bytes, at least 0. The default is 512 MiB.

    Raises
    ------
    TypeError
        If limit is not an integer.
    ValueError
        If it is negative.

    Examples
    --------
    >>> import dualad as da
    >>> da.memory.set_limit(2**29)
    """
    limit = operator.index(limit)
    if limit < 0:
        raise ValueError(f"limit must be a number of bytes, at least 0, not {limit}")
    _number.pool_set_limit(limit)
