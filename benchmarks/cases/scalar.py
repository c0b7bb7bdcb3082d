"""A scalar expression on shape-() numbers against Python floats."""

import numpy as np

from ..peers import Formula, Plain
from ..work import Work, complex_step

FORMULA = Formula("x*y + sin(x)/y - x", "x*y + x.sin()/y - x")
POINT, DIRECTION = (1.3, 0.7), (1.0, 0.5)


def works(quick):
    """Yield the one expression."""
    expected = complex_step(lambda p: FORMULA.bind(np.sin)(p[0], p[1]), np.array(POINT), DIRECTION)
    arguments = (FORMULA, POINT, DIRECTION)
    yield Work("scalar", FORMULA.function, 1, "Python floats", "scalar", arguments, expected,
               Plain().scalar(*arguments), target=2.5)
