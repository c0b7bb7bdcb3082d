from typing import Any

# functions of uncertain numbers and others
def __getattr__(name: str) -> Any: ...
