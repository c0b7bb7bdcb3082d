from typing import Any, final

import numpy.typing as npt

from dualad._core.number import Number

@final
class Dual(Number):
    def __init__(self, value: Number | npt.ArrayLike, tangent: Number | npt.ArrayLike | None = None) -> None: ...
    @property
    def tangent(self) -> Any: ...
