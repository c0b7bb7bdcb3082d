"""Values with standard deviations as text, 1.234(56), 1.23+/-0.04 and the like, and back.

The rounding of a deviation without a prescribed number of digits is that of the Particle Data Group: S. Navas et al.,
"Review of particle physics", Phys. Rev. D 110 (2024) 030001, section 5.3 of the introduction. The format specification
is that of Python's floats with the letters of the uncertainties package: ``u`` for digits of the deviation, ``S`` for
1.234(56), ``P`` for the plus-minus sign, ``L`` for LaTeX and ``p`` for parentheses.
"""

import functools
import math
import re
from dataclasses import dataclass, replace

_SPEC = re.compile(
    r"(?:(?P<fill>[^{}])?(?P<align>[<>=^]))?(?P<sign>[-+ ]?)(?P<zero>0?)(?P<width>\d*)(?P<comma>,?)"
    r"(?:\.(?P<precision>\d+))?(?P<of_std>u?)(?P<type>[eEfFgG%]?)(?P<options>[PSLp]*)$"
)
_SUPERSCRIPT = str.maketrans("+-0123456789", "⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN_SCRIPT = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")


@dataclass(frozen=True)
class _Spec:
    """A format specification, taken apart."""

    fill: str
    align: str
    sign: str
    zero: str
    width: int
    comma: str
    precision: int | None
    of_std: bool
    type: str
    options: str

    @classmethod
    @functools.lru_cache(maxsize=64)
    def parse(cls, text):
        found = _SPEC.match(text)
        if found is None:
            raise ValueError(
                f"format specification {text!r} is not one for a value with a standard deviation: it reads "
                "[[fill]align][sign][0][width][,][.precision][u][type][options], with types e, f, g, %, and options "
                "P, S, L, p"
            )
        part = found.groupdict()
        part["fill"], part["align"] = part["fill"] or " ", part["align"] or ""
        part["width"] = int(part["width"] or 0)
        part["precision"] = None if part["precision"] is None else int(part["precision"])
        part["of_std"] = bool(part["of_std"])
        if part["of_std"] and part["precision"] == 0:
            raise ValueError("the number of significant digits of the standard deviation must be positive, not 0")
        return cls(**part)

    @functools.cached_property
    def style(self):
        return "pretty" if "P" in self.options else "latex" if "L" in self.options else "plain"

    def aligned(self, text):
        """The text in the width asked for."""
        return format(text, f"{self.fill}{(self.align or '>').replace('=', '>')}{self.width}") if self.width else text


def decimal_exponent(x):
    """The power of ten of the first digit of x: 2 for 123.4, 0 for 0."""
    return int(f"{x:e}".partition("e")[2]) if x and math.isfinite(x) else 0


def rounded_std(std):
    """Digits to show of a standard deviation, and the deviation to show: the rule of the Particle Data Group."""
    power = decimal_exponent(std)
    three = int(std / 10.0 ** (power - 2)) if power >= 0 else int(std / 10.0 ** (power + 1) * 1000)
    if three <= 354:
        return 2, std
    if three <= 949:
        return 1, std
    return 2, 10.0 ** (power + 1)


def _last_digit(x, count):
    """Position of the last of `count` significant digits of x; one to the left if x rounds up to a power of ten."""
    last = decimal_exponent(x) - count + 1
    return last + (decimal_exponent(round(x, -last)) > decimal_exponent(x))


def _digits(value, std, spec):
    """Position of the last digit (-2: hundredths), the exponent to factor out or None, and the deviation to show."""
    finite = [x for x in (abs(value), std) if math.isfinite(x)]
    largest = max(finite, default=0.0)
    if std and math.isfinite(std) and (spec.of_std or (spec.precision is None and len(finite) == 2)):
        count, std = (spec.precision, std) if spec.precision is not None else rounded_std(std)
        last = _last_digit(std, count)
    else:
        precision = spec.precision
        if precision is None:
            precision = 6 if spec.type else 12
        if spec.type in ("f", "F"):
            last = -precision
        else:
            count = precision + 1 if spec.type in ("e", "E") else precision or 1
            last = _last_digit(largest, count)
    if spec.type in ("f", "F") or not finite:
        return last, None, std
    exponent = decimal_exponent(round(largest, -last))
    if spec.type in ("e", "E") or not -4 <= exponent < exponent - last + 1:
        return last, exponent, std
    return last, None, std


def _exponent_text(exponent, spec):
    if exponent is None:
        return ""
    if spec.style == "pretty":
        return "×10" + str(exponent).translate(_SUPERSCRIPT)
    if spec.style == "latex":
        return rf" \times 10^{{{exponent}}}"
    return f"{'E' if spec.type.isupper() else 'e'}{exponent:+03d}"


def _nonfinite(x, text, spec):
    """nan and inf as LaTeX wants them."""
    if spec.style != "latex" and "L" not in spec.options or math.isfinite(x):
        return text
    return rf"\mathrm{{{text}}}" if math.isnan(x) else r"-\infty" if x < 0 else r"\infty"


def format_value(value, std, spec=""):
    """A value and its standard deviation as text.

    Parameters
    ----------
    value, std : float
        What to print.
    spec : str
        The format specification.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the specification cannot be read.

    Notes
    -----
    Without a number of digits the deviation gets one or two, by the rule of the Particle Data Group: S. Navas et al.,
    "Review of particle physics", Phys. Rev. D 110 (2024) 030001, introduction, section 5.3. The specification is that
    of the uncertainties package.

    Examples
    --------
    >>> from dualad.uq import format_value
    >>> format_value(1.23456, 0.0123), format_value(1.23456, 0.0123, ".1uS")
    ('1.235+/-0.012', '1.23(1)')
    """
    spec = _Spec.parse(spec)
    percent = ""
    value, std = float(value), float(std)
    if spec.type == "%":
        value, std, percent = 100 * value, 100 * std, r" \%" if "L" in spec.options else "%"
        spec = replace(spec, type="f")
    last, exponent, std = _digits(value, std, spec)
    decimals = max((exponent or 0) - last, 1 if not spec.type and not std else 0)
    letter = "F" if spec.type.isupper() else "f"
    free = spec.type in ("", "g", "G")
    own = spec.type if spec.of_std or spec.precision is None else f".{spec.precision}{spec.type or 'g'}"
    value_form = own if free and (not std or not math.isfinite(std)) else f".{decimals}{letter}"
    if not std:
        std_form = ".0" + letter
    else:
        std_form = own if free and not math.isfinite(value) else f".{decimals}{letter}"
    tail = _exponent_text(exponent, spec)
    write = _shorthand if "S" in spec.options else _plus_minus
    value, std = (_over_power(x, exponent or 0) for x in (value, std))
    return write(value, std, (value_form, std_form), decimals, tail, percent, spec)


def _over_power(x, exponent):
    """x / 10**exponent, also where that power is no float."""
    power = 10.0**exponent
    return x / power if power else x * 10.0**300 * 10.0 ** (-exponent - 300)


def _shorthand(value, std, forms, decimals, tail, percent, spec):
    """1.234(56)."""
    if not std or not math.isfinite(std):
        inside = "0" if not std else _nonfinite(std, format(std, forms[1][-1:]), spec)
    else:
        shown = round(std, decimals)
        inside = str(round(shown * 10.0**decimals)) if shown and shown < 1 else f"{shown:#.{decimals}f}"
        inside = inside.removesuffix(".") if shown else inside
    end = f"({inside}){tail}{percent}"
    room = f"0{max(spec.width - len(end), 0)}" if spec.zero and spec.width else ""
    text = _nonfinite(value, format(value, f"{spec.sign}{room}{spec.comma}{forms[0]}"), spec)
    return spec.aligned(text + end)


def _plus_minus(value, std, forms, decimals, tail, percent, spec):
    """1.234+/-0.056, the exponent factored out unless each part has a width of its own."""
    apart = spec.width > 0
    tails = [tail if apart and math.isfinite(value) else "", tail if apart and std and math.isfinite(std) else ""]
    texts = []
    for x, form, sign, end in zip((value, std), forms, (spec.sign, ""), tails, strict=True):
        room = f"0{max(spec.width - len(end), 0)}" if spec.zero and apart else ""
        texts.append(spec.aligned(_nonfinite(x, format(x, f"{sign}{room}{spec.comma}{form}"), spec) + end))
    symbol = {"plain": "+/-", "pretty": "±", "latex": r" \pm "}[spec.style]
    left, right = (r"\left(", r"\right)") if spec.style == "latex" else ("(", ")")
    text = symbol.join(texts)
    factored = tail if not apart else ""
    if factored or percent or "p" in spec.options:
        text = left + text + right
    return text + factored + percent


# ---- reading -------------------------------------------------------------------------------------------------------

_UNSIGNED = r"(?:\d+\.?\d*|\.\d+|nan|inf)"
_POWER = r"(?:e(?P<{0}>[+-]?\d+)|\s*[×x*]\s*10(?:\^|\*\*)?(?P<{0}s>[+-]?\d+|[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))"
_FACTORED = re.compile(rf"\((?P<inside>.*)\){_POWER.format('power')}$", re.IGNORECASE)
_SINGLE = re.compile(
    rf"(?P<value>[+-]?{_UNSIGNED})(?:\((?P<std>{_UNSIGNED})\))?(?:{_POWER.format('power')})?$", re.IGNORECASE
)


def _power(found):
    text = found["power"] or found["powers"]
    return int(text.translate(_PLAIN_SCRIPT)) if text else 0


def _scaled(text, power):
    """The decimal number times a power of ten, rounded once."""
    return float(text) if not power or text.lower().lstrip("+-") in ("nan", "inf") else float(f"{text}e{power}")


def _unreadable(text):
    return ValueError(
        f"{text!r} cannot be read as a value with a standard deviation: write 1.23(4), 1.23+/-0.04, "
        "(1.23+/-0.04)e-5 or 1.23"
    )


def _read_single(text, power):
    """Value and deviation of 1.23(4)e5 or 1.23e5."""
    found = _SINGLE.match(text.strip())
    if found is None:
        raise _unreadable(text)
    value, std = found["value"], found["std"]
    power += _power(found)
    decimals = len(value.partition(".")[2]) if value.lower().lstrip("+-") not in ("nan", "inf") else 0
    if std is None:
        return _scaled(value, power), _scaled("1", power - decimals), False
    shift = 0 if "." in std else decimals
    return _scaled(value, power), _scaled(std, power - shift), True


def parse_value(text):
    """Read a value with a standard deviation.

    Parameters
    ----------
    text : str
        Such as "1.23(4)", "1.23+/-0.04", "1.23±0.04", "(1.23+/-0.04)e-5" or "1.23(4)e-5". A number without a
        deviation has one of 1 in its last digit.

    Returns
    -------
    value, std : float

    Raises
    ------
    ValueError
        If the text cannot be read.

    Notes
    -----
    The shorthand 1.23(4) is that of JCGM 100:2008 (GUM), section 7.2.2.

    Examples
    --------
    >>> from dualad.uq import parse_value
    >>> parse_value("1.23(4)"), parse_value("(1.5+/-0.5)e3")
    ((1.23, 0.04), (1500.0, 500.0))
    """
    stripped, power = text.strip(), 0
    factored = _FACTORED.match(stripped)
    if factored is not None:
        stripped, power = factored["inside"].strip(), _power(factored)
    elif stripped.startswith("(") and stripped.endswith(")"):
        stripped = stripped[1:-1].strip()
    parts = re.split(r"\+/-|\+-|±", stripped)
    if len(parts) == 1 and (factored is None or "(" in stripped):
        return _read_single(stripped, power)[:2]
    if len(parts) != 2:
        raise _unreadable(text)
    (value, _, first), (std, _, second) = (_read_single(part, power) for part in parts)
    if first or second:
        raise _unreadable(text)
    return value, std
