"""The cases, a module per family.

A family has ``works(quick)``, which yields its pieces of work: each has ``title``, ``size``, ``notes`` and
``figures(peers, settings)``, as `Work` has. A new module here is a new family; a new kind of derivative is
one more method, its job, in the classes of ``peers.py`` that can do it.
"""

import importlib
import pkgutil


def families():
    """Return the names of all families of cases."""
    return [module.name for module in pkgutil.iter_modules(__path__)]


def works(family, quick):
    """Yield the works of a family, made one at a time so that large inputs do not pile up."""
    yield from importlib.import_module(f"{__name__}.{family}").works(quick)


def summary(family):
    """Return the first line of a family's description."""
    return importlib.import_module(f"{__name__}.{family}").__doc__.splitlines()[0]
