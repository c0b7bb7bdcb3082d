"""What a run on sparse vectors gives up for. Where the function at hand catches the error, its run is of no use."""

from dualad._context import ACTIVE
from dualad._core.tracer import Tracer


class Unsupported(TypeError):
    """The function at hand has no rule here; the Jacobian is compressed instead."""

    def __init__(self, *args):
        super().__init__(*args)
        _give_up()


class Crowded(Unsupported):
    """Elements depend on so many inputs that the pattern of f would be of no use either, as far as one can see."""


class AtZero(ArithmeticError):
    """A root of zero: its square has derivatives that its own do not tell. Numbers remember it, weights do not."""

    def __init__(self, *args):
        super().__init__(*args)
        _give_up()


def _give_up():
    """The innermost run is of no use, even if the function catches the error."""
    trace = next((t[2] for t in reversed(ACTIVE.get()) if t[0] is Tracer and t[2].partials is not None), None)
    if trace is not None:
        trace.given_up = True
