from typing import Any, final

import numpy as np
import numpy.typing as npt

from dualad._core.number import Number

@final
class HyperDual(Number):
    def __init__(
        self,
        value: Number | npt.ArrayLike,
        e1: Number | npt.ArrayLike | None = None,
        e2: Number | npt.ArrayLike | None = None,
        e12: Number | npt.ArrayLike | None = None,
    ) -> None: ...
    @property
    def symmetric(self) -> bool: ...
    @property
    def e1(self) -> Any: ...
    @property
    def e2(self) -> Any: ...
    @property
    def e12(self) -> Any: ...

def symmetric_places(n: int) -> npt.NDArray[np.int64]: ...
