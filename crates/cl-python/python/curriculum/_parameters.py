"""Parameters of what is had by name: from Python's values to the texts that the catalogue reads."""

from __future__ import annotations

import keyword
import math
import numbers
from collections.abc import Iterable, Mapping
from typing import Any


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
        number = float(value)
        if math.isnan(number):
            return "NaN"
        return repr(number).removesuffix(".0")
    if isinstance(value, Mapping):
        return ",".join(f"{text(name, x)}:{text(name, y)}" for x, y in value.items())
    if hasattr(value, "tolist"):
        value = value.tolist()
        if not isinstance(value, list):
            return text(name, value)
    if isinstance(value, Iterable):
        return ",".join(
            ":".join(text(name, part) for part in item) if isinstance(item, (tuple, list)) else text(name, item)
            for item in value
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
        catalogue_name = (known or {}).get(name) or name.removesuffix("_")
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
