"""Which transforms are running, per thread and asynchronous task: creation functions make numbers that fit them."""

from contextvars import ContextVar

ACTIVE = ContextVar("dualad_active", default=())
"""The running transforms from the outermost in, each as (number type, level, directions)."""


def call_within(transform, f, args, kwargs):
    """f(*args, **kwargs) while a transform, (number type, level, directions), counts as running."""
    token = ACTIVE.set((*ACTIVE.get(), transform))
    try:
        return f(*args, **kwargs)
    finally:
        ACTIVE.reset(token)
