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

    Notes
    -----
    Component arrays of 64 KiB and more come from the pool, and a few smaller ones.

    Examples
    --------
    >>> import dualad as da
    >>> sorted(da.memory.info())
    ['held', 'in_use', 'limit']
    """
    return _number.pool_info()


def release():
    """Give all memory that the pool holds back to the system.

    Notes
    -----
    Arrays in use keep their memory; it comes to the pool when they are freed.

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

    Notes
    -----
    Free blocks are kept in lists by size, eight sizes for each power of two: segregated fits, P. R. Wilson et al.,
    "Dynamic storage allocation: a survey and critical review", IWMM 1995, section 3.6.

    Examples
    --------
    >>> import dualad as da
    >>> da.memory.set_limit(2**29)
    """
    limit = operator.index(limit)
    if limit < 0:
        raise ValueError(f"limit must be a number of bytes, at least 0, not {limit}")
    _number.pool_set_limit(limit)
