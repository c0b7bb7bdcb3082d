from typing import Any, final

import numpy.typing as npt

from dualad._core.number import Number

@final
class MultiDual(Number):
    def __init__(self, value: Number | npt.ArrayLike, tangents: Number | npt.ArrayLike | None = None) -> None: ...
    @property
    def tangents(self) -> Any: ...
