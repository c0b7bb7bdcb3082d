"""How time is measured: warm-up, interleaved rounds, medians with quartiles, one CPU."""

import math
import os
import platform
import sys
import time
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

import numpy as np


@dataclass(frozen=True)
class Settings:
    """How long to measure.

    Attributes
    ----------
    rounds : int
        Samples per contender.
    seconds : float
        The least duration of a sample.
    patience : float
        Seconds after which a slow contender sits out rounds.
    least : int
        The rounds that it takes part in, however slow.
    clock : callable
        What tells the time: `time.perf_counter`, or `time.process_time` where other programs keep the CPUs busy.
    """

    rounds: int
    seconds: float
    patience: float
    least: int
    clock: Callable = time.perf_counter


FULL = Settings(rounds=15, seconds=5e-3, patience=2.0, least=3)
QUICK = Settings(rounds=5, seconds=1e-3, patience=0.2, least=1)
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
REFRESHED = 0.1


def sample_interleaved(contenders, settings):
    """Time `contenders` in turns.

    Each round runs every contender once, in rotated order, so that a machine that slows down or a
    cache that a neighbour empties meets all of them alike, and ratios within a round are fair.

    Returns
    -------
    dict
        Seconds per call by name: an array over the rounds, NaN where a contender sat out.
    """
    timers = [make_timer(contender, settings.clock) for contender in contenders]
    plans = [plan(timer, settings) for timer in timers]
    samples = np.full((len(contenders), settings.rounds), np.nan)
    for turn in range(settings.rounds):
        for place in range(len(contenders)):
            i = (place + turn) % len(contenders)
            number, stride, refresh, seen = plans[i]
            if seen is not None:
                samples[i, 0] = seen / contenders[i].calls
            elif turn % stride == 0:
                if refresh:
                    timers[i].timeit(1)
                samples[i, turn] = timers[i].timeit(number) / (number * contenders[i].calls)
    return {c.name: row for c, row in zip(contenders, samples, strict=True)}


def make_timer(contender, clock):
    """Return a `timeit.Timer` whose statement finds its names as local variables."""
    setup = "; ".join(f"{name} = _names[{name!r}]" for name in contender.names)
    return timeit.Timer(contender.statement, setup or "pass", clock, globals={"_names": contender.names})


def plan(timer, settings):
    """Warm up, and plan how to sample.

    Returns
    -------
    number : int
        Calls per sample.
    stride : int
        1 to take part in every round, more for a slow contender.
    refresh : bool
        Whether an untimed call goes first, to bring back data and code that a neighbour drove out of the
        caches; a call of many milliseconds does not need it.
    seen : float or None
        The time of the warm-up, if that is to be the only sample: where the results were checked before, it is the
        second call.
    """
    number, elapsed = 1, timer.timeit(1)
    while elapsed < settings.seconds / 4:
        number *= 2
        elapsed = timer.timeit(number)
    call = elapsed / number
    if settings.least == 1 and call > settings.patience:
        return number, settings.rounds, False, call
    number = max(1, round(settings.seconds / call))
    refresh = call < REFRESHED
    affordable = int(settings.patience / (call * (number + refresh)))
    return number, math.ceil(settings.rounds / min(settings.rounds, max(settings.least, affordable))), refresh, None


def quartiles(samples):
    """Return lower quartile, median and upper quartile, without the NaNs."""
    return tuple(float(q) for q in np.nanpercentile(samples, (25, 50, 75)))


def stay_on_one_cpu():
    """Keep this process, and every thread pool that it will start, on one CPU (where the system can)."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def describe_machine():
    """Return machine, system, interpreter and load as a dict of strings."""
    load = f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "processor": processor_name(),
        "CPUs": str(os.cpu_count()),
        "system": platform.platform(),
        "Python": platform.python_version(),
        "SIMD": " ".join(simd_features()[-3:]) or "unknown",
        "load at start": load,
    }


def processor_name():
    """Return the processor's name as the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            names = {line.split(":", 1)[1].strip() for line in info if line.startswith("model name")}
    except OSError:
        names = set()
    return ", ".join(sorted(names)) or platform.processor() or platform.machine()


def simd_features():
    """Return the SIMD features that NumPy found, weakest first."""
    found = np.show_config(mode="dicts").get("SIMD Extensions", {})
    return [*found.get("baseline", []), *found.get("found", [])]


def version(package):
    """Return the installed version of a distribution, or that of the module of that name."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return getattr(sys.modules.get(package), "__version__", "unknown")
