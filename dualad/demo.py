"""Fit the NIST reference data sets with exact Jacobians and compare with the certified answers.

Each model below is a plain NumPy function of its parameters b and the predictor x. Its Jacobian comes from
`dualad.value_and_jacobian`; Levenberg-Marquardt does the rest. Linear least-squares problems are solved by QR
of the Jacobian itself, because forming J'J would halve the digits that these data sets were made to test.
"""

import re
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from scipy.linalg import solve_triangular

from dualad import value_and_jacobian

MOST_DIGITS = 11  # as many as NIST certifies
FEWEST_DIGITS = 6  # below this the demonstration has failed


# --- models: what NIST calls y, without the error term --------------------------------------------


def saturation(b, x):
    return b[0] * (1 - np.exp(-b[1] * x))


def decay_over_line(b, x):
    return np.exp(-b[0] * x) / (b[1] + b[2] * x)


def power_law(b, x):
    return b[0] * x ** b[1]


def two_peaks_on_decay(b, x):
    b1, b2, b3, b4, b5, b6, b7, b8 = b
    peaks = b3 * np.exp(-((x - b4) ** 2) / b5**2) + b6 * np.exp(-((x - b7) ** 2) / b8**2)
    return b1 * np.exp(-b2 * x) + peaks


def three_exponentials(b, x):
    return b[0] * np.exp(-b[1] * x) + b[2] * np.exp(-b[3] * x) + b[4] * np.exp(-b[5] * x)


def quadratic_over_quadratic(b, x):
    return (b[0] + b[1] * x + b[2] * x**2) / (1 + b[3] * x + b[4] * x**2)


def cubic_over_cubic(b, x):
    return (b[0] + b[1] * x + b[2] * x**2 + b[3] * x**3) / (1 + b[4] * x + b[5] * x**2 + b[6] * x**3)


def two_exponentials(b, x):
    return b[0] + b[1] * np.exp(-x * b[3]) + b[2] * np.exp(-x * b[4])


def line_minus_arctan(b, x):
    return b[0] - b[1] * x - np.arctan(b[2] / (x - b[3])) / np.pi


def three_cycles(b, x):
    b1, b2, b3, b4, b5, b6, b7, b8, b9 = b
    turn = 2 * np.pi * x
    year = b2 * np.cos(turn / 12) + b3 * np.sin(turn / 12)
    slow = b5 * np.cos(turn / b4) + b6 * np.sin(turn / b4)
    fast = b8 * np.cos(turn / b7) + b9 * np.sin(turn / b7)
    return b1 + year + slow + fast


def logistic_growth(b, x):
    return b[0] / (1 + np.exp(b[1] - b[2] * x))


def shifted_power(b, x):
    return b[0] * (b[1] + x) ** (-1 / b[2])


MODELS = {  # in NIST's order of difficulty
    "Misra1a": saturation,
    "Chwirut2": decay_over_line,
    "DanWood": power_law,
    "Gauss1": two_peaks_on_decay,
    "Lanczos1": three_exponentials,
    "Kirby2": quadratic_over_quadratic,
    "Hahn1": cubic_over_cubic,
    "MGH17": two_exponentials,
    "Roszman1": line_minus_arctan,
    "ENSO": three_cycles,
    "Thurber": cubic_over_cubic,
    "Rat42": logistic_growth,
    "Bennett5": shifted_power,
}


# --- data -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """One NIST data set: two ``starts``, the certified ``values`` and ``deviations``, the data."""

    name: str
    formula: str
    starts: np.ndarray
    values: np.ndarray
    deviations: np.ndarray
    x: np.ndarray
    y: np.ndarray


def parse(text):
    """Read the text of a NIST StRD file of nonlinear regression into a `Problem`."""
    lines = text.splitlines()

    def section(title):
        found = re.search(rf"^.*\b{title} +\(lines +(\d+) to +(\d+)\)", text, re.MULTILINE)
        if found is None:
            raise ValueError(f"the header does not say on which lines the {title.lower()} are")
        first, last = map(int, found.groups())
        return lines[first - 1 : last]

    name = re.search(r"^Dataset Name: +(\w+)", text, re.MULTILINE)[1]
    formula = re.search(r"^ +(y += .*?)\n\s*\n", text, re.MULTILINE | re.DOTALL)[1]
    starts1, starts2, values, deviations = np.array(
        [line.split("=")[1].split() for line in section("Starting Values")], dtype=float
    ).T
    y, x = np.array([line.split() for line in section("Data")], dtype=float).T
    return Problem(name, formula, np.array([starts1, starts2]), values, deviations, x, y)


def load(name):
    """Return the `Problem` of that name from the files that ship with dualad."""
    path = files("dualad") / "data" / "nist_strd" / f"{name}.dat"
    return parse(path.read_text(encoding="ascii"))


# --- fit ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fit:
    """Parameters, their standard deviations, and what it took to find them.

    ``attainable`` is the number of digits to which float64 determines the deviations: they are proportional
    to the norm of the residuals y - f(x), where y and f(x) are each rounded by about eps times y.
    """

    values: np.ndarray
    deviations: np.ndarray
    steps: int
    attainable: float


def fit(model, start, x, y):
    """Fit ``model(b, x)`` to ``y`` by least squares, from ``start``, until rounding stops the progress."""
    with np.errstate(all="ignore"):  # a step too far may overflow; it is then refused
        b, scale, steps = levenberg_marquardt(model, start, x, y)
        b, more_steps = gauss_newton(model, b, x, y, scale)
        value, jacobian = value_and_jacobian(model)(b, x)
    norm = np.linalg.norm(y - value)
    inverse_r = solve_triangular(np.linalg.qr(jacobian / scale, mode="r"), np.eye(b.size))
    deviations = norm / np.sqrt(y.size - b.size) * np.linalg.norm(inverse_r, axis=1) / scale
    attainable = -np.log10(2 * np.finfo(float).eps * np.linalg.norm(y) / norm)
    return Fit(b, deviations, steps + more_steps, attainable)


def levenberg_marquardt(model, start, x, y, tolerance=1e-8, max_steps=2000):
    """Minimise |y - model(b, x)| with Moré's scaling and Nielsen's damping; return b, scale and step count.

    Moré scales each parameter by the largest norm its Jacobian column has had (Lecture Notes in Mathematics
    630, 1978); Nielsen moves the damping by the ratio of actual to predicted gain (report IMM-REP-1999-05,
    Technical University of Denmark, 1999).
    """
    b, scale, damping, growth = start, np.zeros(start.size), 1e-3, 2
    value, jacobian = value_and_jacobian(model)(b, x)
    residual = y - value
    steps = 0
    while steps < max_steps:
        steps += 1
        scale = np.maximum(scale, np.linalg.norm(jacobian, axis=0))
        scale[scale == 0] = 1
        step = damped_step(jacobian, residual, scale, damping)
        trial = b + step
        trial_residual = y - model(trial, x)
        predicted = np.sum((jacobian @ step) ** 2) + 2 * damping * np.sum((scale * step) ** 2)
        gain = (residual @ residual - trial_residual @ trial_residual) / predicted
        if gain > 1e-4:  # false for NaN
            b, residual = trial, trial_residual
            jacobian = value_and_jacobian(model)(b, x)[1]
            damping, growth = damping * max(1 / 3, 1 - (2 * gain - 1) ** 3), 2
        else:
            damping, growth = damping * growth, 2 * growth
        if np.linalg.norm(scale * step) <= tolerance * np.linalg.norm(scale * b):
            break
    return b, scale, steps


def gauss_newton(model, b, x, y, scale, max_steps=200):
    """Take full Gauss-Newton steps until they shrink no more; return b and step count.

    Near the minimum the sum of squares is flat and can tell only half of the digits of b; the size of the
    step is a measure that reaches down to rounding. A step or two may grow by chance; at the third, rounding
    is all that is left.
    """
    last, growths, steps = np.inf, 0, 0
    while growths < 3 and steps < max_steps:
        value, jacobian = value_and_jacobian(model)(b, x)
        step = damped_step(jacobian, y - value, scale, 0)
        size = np.linalg.norm(scale * step)
        growths += not size < last
        b, last, steps = b + step, size, steps + 1
    return b, steps


def damped_step(jacobian, residual, scale, damping):
    """Return the p that minimises |residual - jacobian p|² + damping |scale p|²."""
    matrix = np.vstack([jacobian / scale, np.sqrt(damping) * np.eye(scale.size)])
    q, r = np.linalg.qr(matrix)
    return solve_triangular(r, q[: residual.size].T @ residual) / scale


def agreeing_digits(computed, certified):
    """Return the log relative error -log10(|computed - certified| / |certified|), within 0 and 11."""
    with np.errstate(divide="ignore"):
        digits = -np.log10(np.abs(computed - certified) / np.abs(certified))
    return np.clip(np.nan_to_num(digits, nan=0), 0, MOST_DIGITS)


# --- report ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """The smallest number of agreeing digits of a fit, and whether it is enough."""

    where: str
    values: float
    deviations: float
    attainable: float

    @property
    def limited(self):
        """Whether rounding alone may keep the deviations from having enough digits."""
        return self.attainable < FEWEST_DIGITS

    @property
    def enough(self):
        return self.values >= FEWEST_DIGITS and self.deviations >= min(FEWEST_DIGITS, self.attainable)


def run(names=()):
    """Fit the named data sets (all by default) from both starts and print the results; return exit code."""
    scores = []
    for name in names or MODELS:
        problem = load(name)
        fits = [fit(MODELS[name], start, problem.x, problem.y) for start in problem.starts]
        print_problem(problem, fits)
        for number, result in enumerate(fits, 1):
            values = agreeing_digits(result.values, problem.values).min()
            deviations = agreeing_digits(result.deviations, problem.deviations).min()
            scores.append(Score(f"{name} from start {number}", values, deviations, result.attainable))
    print_summary(scores)
    return 0 if all(score.enough for score in scores) else 1


def print_problem(problem, fits):
    """Print each parameter and its deviation, certified and computed, digit under digit."""
    print(f"{problem.name}: {problem.y.size} observations, {problem.values.size} parameters")
    for line in problem.formula.splitlines():
        print("   ", line.strip())
    print(f"\n{'parameter':>31}{'std. deviation':>19}{'agreeing digits':>18}")
    for k, (value, deviation) in enumerate(zip(problem.values, problem.deviations, strict=True)):
        print(f"  b{k + 1} certified{value:19.10E}{deviation:19.10E}")
        for number, result in enumerate(fits, 1):
            computed, spread = result.values[k], result.deviations[k]
            digits = agreeing_digits(computed, value), agreeing_digits(spread, deviation)
            print(f"     start {number}  {computed:19.10E}{spread:19.10E}{digits[0]:10.1f}{digits[1]:7.1f}")
    steps = (f"{result.steps} from start {number}" for number, result in enumerate(fits, 1))
    print(f"     steps {', '.join(steps)}\n")


def print_summary(scores):
    """Print the smallest agreement over all fits, what limits it, and which fits fell short."""
    values = min(scores, key=lambda score: score.values)
    deviations = min(scores, key=lambda score: score.deviations)
    print(f"{len(scores)} fits. Smallest number of agreeing digits ({MOST_DIGITS} are certified):")
    print(f"  parameters           {values.values:4.1f}  {values.where}")
    print(f"  standard deviations  {deviations.deviations:4.1f}  {deviations.where}")
    limited = [score for score in scores if score.limited]
    if limited:
        others = [score for score in scores if not score.limited]
        if others:
            deviations = min(others, key=lambda score: score.deviations)
            print(f"  of all other fits    {deviations.deviations:4.1f}  {deviations.where}")
        print("Standard deviations are proportional to |y - f(x)|. Where a fit is nearly exact, rounding of")
        print("y and f(x) leaves the difference few certain digits; no more are asked of the deviations:")
        for score in limited:
            print(f"  {score.where}: {score.attainable:.1f} digits are certain, {score.deviations:.1f} agree")
    for score in scores:
        if not score.enough:
            print(f"FAILED: {score.where} agrees to {score.values:.1f} and {score.deviations:.1f} digits")
