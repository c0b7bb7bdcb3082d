"""One to 64 directions at once with `MultiDual`, per direction."""

from .chains import f1, f2, multidual

DIRECTIONS = (1, 2, 4, 8, 16, 32, 64)
QUICK_DIRECTIONS = (1, 8, 64)


def works(quick):
    """Yield both functions at every number of directions, on arrays inside the cache and beyond it."""
    for size in (1000,) if quick else (1000, 100_000):
        for f in (f1, f2):
            for count in QUICK_DIRECTIONS if quick else DIRECTIONS:
                yield multidual(f, size, count, "directions")
