from typing import Any, final

import numpy.typing as npt

from dualad._core.number import Number

@final
class Taylor(Number):
    def __init__(self, coefficients: Number | npt.ArrayLike) -> None: ...
    @property
    def degree(self) -> int: ...
    @property
    def coefficients(self) -> Any: ...
