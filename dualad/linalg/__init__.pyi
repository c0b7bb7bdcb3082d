from typing import Any

# the signatures are those of the installed SciPy, which has no types
def __getattr__(name: str) -> Any: ...
