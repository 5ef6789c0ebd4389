"""What Python gives, before Rust reads it: arguments that are checked by name, and parameters of what is had by name as the
texts that the catalogue reads.
"""

from __future__ import annotations

import keyword
import math
import numbers
import operator
import reprlib
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, overload

import numpy as np

#: How many numbers a parameter may be a list of, each of which becomes a text.
_MOST = 1 << 20


def shown(value: Any) -> str:
    """A value in a few words, whatever it is."""
    try:
        return reprlib.repr(value)
    except ValueError:
        # A number of more digits than Python writes.
        return f"a {type(value).__name__}"


@overload
def whole(name: str, value: int) -> int: ...
@overload
def whole(name: str, value: int | None) -> int | None: ...
def whole(name: str, value: Any) -> int | None:
    """A whole number of at least 0, or none."""
    if value is None:
        return None
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"argument {name} is {shown(value)}, expected a whole number") from None
    if not 0 <= number < 2**64:
        raise ValueError(f"argument {name} is {shown(number)}, expected a whole number of at least 0 and below 2^64")
    return number


@overload
def real(name: str, value: float) -> float: ...
@overload
def real(name: str, value: float | None) -> float | None: ...
def real(name: str, value: Any) -> float | None:
    """A number, or none."""
    if value is None:
        return None
    try:
        # Unlike `float` it takes no text.
        return math.ldexp(value, 0)
    except TypeError:
        raise TypeError(f"argument {name} is {shown(value)}, expected a number") from None
    except OverflowError:
        raise ValueError(f"argument {name} is {shown(value)}, expected a number that a float can hold") from None


def reals(name: str, given: Any) -> np.ndarray:
    """Numbers of any shape as float64, not copied where they are that already."""
    try:
        array = np.asarray(given)
    except (TypeError, ValueError) as error:
        # Such as of rows of unequal length.
        raise TypeError(f"argument {name} is a {type(given).__name__}, expected an array of numbers ({error})") from error
    # An empty list is of no type.
    if array.dtype.kind not in "fiub" and array.size > 0:
        raise TypeError(f"argument {name} is of dtype {array.dtype}, expected an array of numbers")
    return array.astype(np.float64, copy=False)


def classes_of(name: str, given: Any) -> np.ndarray:
    """Whole numbers (n,) of at least 0 as int64, not copied where they are that already."""
    array = np.asarray(given)
    if array.dtype.kind not in "iu" and array.size > 0:
        raise TypeError(f"argument {name} is of dtype {array.dtype}, expected whole numbers, such as int64")
    if array.ndim != 1:
        raise ValueError(f"argument {name} is of shape {array.shape}, expected one whole number for each example, of shape (n,)")
    taken = array.astype(np.int64, copy=False)
    if (taken < 0).any():
        at = int(np.argmax(taken < 0))
        raise ValueError(f"argument {name}[{at}] is {array[at]}, expected a whole number of at least 0 and below 2^63")
    return taken


def named(name: str, value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise TypeError(f"argument {name} is {shown(value)}, expected a text")
    return value


def listed(name: str, given: Any, expected: str) -> list[Any]:
    """What is gone through, as a list."""
    if not isinstance(given, Iterable) and not hasattr(given, "__getitem__"):
        raise TypeError(f"argument {name} is {shown(given)}, expected {expected}")
    return list(given)


def mapped(name: str, given: Any, expected: str) -> Mapping[Any, Any]:
    """A mapping."""
    if not isinstance(given, Mapping):
        raise TypeError(f"argument {name} is a {type(given).__name__}, expected {expected}")
    return given


def class_name(name: str) -> str:
    """The name of a method's class: ``baby-steps`` is ``BabySteps``."""
    return "".join(part[:1].upper() + part[1:] for part in name.replace("_", "-").split("-"))


def python_name(name: str) -> str:
    """The name of a parameter as a keyword: ``lambda`` is ``lambda_``."""
    name = name.replace("-", "_")
    return name + "_" if keyword.iskeyword(name) else name


def text(name: str, value: Any) -> str:
    """A value as the catalogue reads it; numbers keep every digit."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        try:
            number = float(value)
        except OverflowError:
            raise ValueError(f"argument {name} is {shown(value)}, expected a number that a float can hold") from None
        if math.isnan(number):
            return "NaN"
        return repr(number).removesuffix(".0")
    if isinstance(value, Mapping):
        return ",".join(f"{text(name, x)}:{text(name, y)}" for x, y in value.items())
    if hasattr(value, "tolist"):
        # One number may stand for more of them than memory holds.
        n = math.prod(getattr(value, "shape", ()))
        if n > _MOST:
            raise ValueError(f"argument {name} is a list of {n} numbers, expected at most {_MOST}")
        value = value.tolist()
        if not isinstance(value, list):
            return text(name, value)
    if isinstance(value, Iterable):
        items = list(islice(value, _MOST + 1))
        if len(items) > _MOST:
            raise ValueError(f"argument {name} is a list of more than {_MOST} numbers, expected at most as many")
        return ",".join(
            ":".join(text(name, part) for part in item) if isinstance(item, (tuple, list)) else text(name, item)
            for item in items
        )
    raise TypeError(
        f"argument {name} is a {type(value).__name__}, expected a number, a text, a list of numbers or of pairs"
    )


def texts(given: Mapping[str, Any], known: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Keyword arguments as parameters; ``None`` is one that was not given.

    ``known`` has the catalogue's names by Python's.
    """
    parameters = []
    for name, value in given.items():
        if value is None:
            continue
        catalogue_name = (known or {}).get(name) or named("options", name).removesuffix("_")
        parameters.append((catalogue_name, text(name, value)))
    return parameters


def default(value: str | None) -> Any:
    """The default of a parameter as a number where it is one."""
    if value is None:
        return None
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(value, value)


def docstring(entry: Mapping[str, Any], more: str = "") -> str:
    """A method's docstring: what it is, and its parameters."""
    lines = [entry["summary"][:1].upper() + entry["summary"][1:] + "."]
    if more:
        lines += ["", more]
    if entry["parameters"]:
        lines += ["", "Parameters", "----------"]
        for parameter in entry["parameters"]:
            suffix = "" if parameter["default"] is None else f", by default {parameter['default']}"
            lines += [f"{python_name(parameter['name'])}{suffix}", f"    {parameter['meaning']}"]
    return "\n".join(lines)
