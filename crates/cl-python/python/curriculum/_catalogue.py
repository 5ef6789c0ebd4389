"""Classes made of the catalogue: one for each entry, so that a method added in Rust is here, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curriculum import _core
from curriculum._parameters import class_name, default, docstring, named, python_name

CATALOGUE: dict[str, Any] = _core.catalogue()

#: What must be given.
NEEDED: Any = object()


class Shape:
    """What a class is called with: first by place or name, then by name alone.

    As ``__signature__`` of a class it is the signature that ``inspect`` and ``help`` show, made once somebody asks.
    """

    def __init__(self, places: Mapping[str, Any], keywords: Mapping[str, Any]) -> None:
        self.places = dict(places)
        self.defaults = self.places | dict(keywords)

    def bind(self, cls: type, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """What was given, by name. ``TypeError`` says what is missing or too much, and what is taken."""
        problem = None
        given = dict(zip(self.places, args))
        if len(args) > len(self.places):
            problem = f"{len(args)} arguments by place, at most {len(self.places)} are taken so"
        for name, value in kwargs.items():
            if name not in self.defaults:
                problem = problem or f"an unexpected argument {name}"
            elif name in given:
                problem = problem or f"argument {name} given twice"
            given[name] = value
        missing = [name for name, value in self.defaults.items() if value is NEEDED and given.get(name) is None]
        if missing and problem is None:
            problem = f"argument {missing[0]} is {'None' if missing[0] in given else 'missing'}"
        if problem is None:
            return given
        takes = ", ".join(self.defaults) or "nothing"
        raise TypeError(f"{cls.__name__}: {problem}, expected some of: {takes}")

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        import inspect

        def parameter(name: str, value: Any) -> inspect.Parameter:
            kind = inspect.Parameter.POSITIONAL_OR_KEYWORD if name in self.places else inspect.Parameter.KEYWORD_ONLY
            return inspect.Parameter(name, kind, default=inspect.Parameter.empty if value is NEEDED else value)

        return inspect.Signature([parameter(name, value) for name, value in self.defaults.items()])


def parameter_names(entry: Mapping[str, Any]) -> dict[str, str]:
    """A method's parameters as the catalogue calls them, by the keywords that Python has for them."""
    return {python_name(parameter["name"]): parameter["name"] for parameter in entry["parameters"]}


def own_keywords(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A method's parameters as keywords with their defaults."""
    return {python_name(parameter["name"]): default(parameter["default"]) for parameter in entry["parameters"]}


#: By class, because a class's own attribute gives the signature.
_SHAPES: dict[type, Shape] = {}


def arguments(cls: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What a class was called with, by name; an error says what it takes."""
    shape = next((_SHAPES[base] for base in cls.__mro__ if base in _SHAPES), None)
    if shape is None:
        raise TypeError(f"{cls.__name__} is what the methods have in common, expected one of them")
    return shape.bind(cls, args, kwargs)


def classes(family: str, base: type, module: str, **parts: Any) -> dict[str, type]:
    """A subclass of ``base`` for each entry of a family, by its name."""
    made = {}
    for entry in CATALOGUE[family]:
        name = class_name(entry["name"])
        members = {
            "__doc__": docstring(entry, parts.get("more", lambda entry: "")(entry)),
            "__module__": module,
            "__signature__": (shape := parts["shape"](entry)),
            "_entry": entry,
        }
        made[name] = type(name, (base,), members)
        _SHAPES[made[name]] = shape
    return made


def by_name(family: str, found: Mapping[str, type], name: str) -> type:
    """The class of a method by the name that papers, the command or Python have for it."""
    wanted = class_name(named("name", name))
    for known, cls in found.items():
        if known == wanted or known.lower() == wanted.lower():
            return cls
    names = ", ".join(entry["name"] for entry in CATALOGUE[family])
    raise ValueError(f"argument name is {name!r}, expected one of: {names}")
