from typing import Any

# functions of arrays of uncertain numbers and others
def __getattr__(name: str) -> Any: ...
