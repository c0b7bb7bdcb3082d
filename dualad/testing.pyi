from collections.abc import Callable
from typing import Any

def check_derivatives(
    f: Callable[..., Any], *args: Any, rtol: float = 1e-6, atol: float = 1e-8, order: int = 1
) -> None: ...
