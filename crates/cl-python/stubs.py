"""Type stubs of the classes that are made of the catalogue.

    python crates/cl-python/stubs.py            writes python/curriculum/{pacing,orders,weightings,samplers}.pyi
    python crates/cl-python/stubs.py --check    says which of them are not what it would write; exit status 1

Needs the package installed, or on PYTHONPATH with its compiled module.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curriculum import orders, pacing, samplers, weightings
from curriculum._catalogue import parameter_names

MODULES = {"pacing": pacing, "orders": orders, "weightings": weightings, "samplers": samplers}

PACKAGE = Path(__file__).parent / "python" / "curriculum"

#: What all of a family take, and samplers' inputs.
INPUTS = {
    "a": "ArrayLike",
    "allow_empty": "bool",
    "batch_size": "int",
    "classes": "ArrayLike",
    "difficulty": "ArrayLike",
    "examples": "ArrayLike",
    "irreducible": "ArrayLike",
    "lengths": "ArrayLike",
    "losses": "Callable[[np.ndarray], ArrayLike]",
    "n_examples": "int",
    "num_replicas": "int",
    "order": "ArrayLike",
    "pacing": "Pacing",
    "rank": "int",
    "seed": "int",
    "total_steps": "int",
    "weights": "ArrayLike",
}

#: Parameters that are whole numbers, where their default is none, or one. Any other is a float, which takes both.
WHOLE = {
    "bucket_length",
    "difficulty_step",
    "epoch",
    "k",
    "max",
    "min",
    "multiple_of",
    "n_buckets",
    "n_cycles",
    "n_draws",
    "n_epochs",
    "step_length",
    "tokens",
    "total",
    "total_step",
    "truncate",
    "truncate_from",
    "truncate_steps",
    "warm_epochs",
}

#: Parameters that are lists: of numbers, or of pairs.
LISTS = {
    "after": "ArrayLike | str",
    "difficulties": "ArrayLike | str",
    "fractions": "ArrayLike | str",
    "max_steps": "ArrayLike | str",
    "table": "Mapping[float, float] | Sequence[tuple[float, float]] | str",
}


def type_of(parameter: inspect.Parameter, is_of_catalogue: bool) -> str:
    """The type of a parameter, by its name and its default."""
    name, default = parameter.name, parameter.default
    if not is_of_catalogue:
        kind = INPUTS[name]
    elif name in LISTS:
        kind = LISTS[name]
    elif isinstance(default, (bool, str)):
        kind = type(default).__name__
    elif name in WHOLE and not isinstance(default, float):
        kind = "int"
    else:
        kind = "float"
    return f"{kind} | None" if default is None else kind


def argument(parameter: inspect.Parameter, is_of_catalogue: bool) -> str:
    """A parameter with its type and default."""
    text = f"{parameter.name}: {type_of(parameter, is_of_catalogue)}"
    return text if parameter.default is parameter.empty else f"{text} = {parameter.default!r}"


def docstring(text: str, indent: str) -> list[str]:
    """The lines of a docstring."""
    lines = inspect.cleandoc(text).replace("\\", "\\\\").split("\n")
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    body = [f"{indent}{line}" if line else "" for line in lines[1:]]
    return [f'{indent}"""{lines[0]}', *body, f'{indent}"""']


def generated_class(name: str, cls: Any, base: str) -> list[str]:
    """A class of the catalogue: what it is called with, and what it says of itself."""
    own = parameter_names(cls._entry)
    lines = [f"class {name}({base}):", *docstring(cls.__doc__, "    "), ""]
    lines += ["    def __init__(", "        self,"]
    keywords_began = False
    for parameter in cls.__signature__.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keywords_began:
            keywords_began = True
            lines.append("        *,")
        lines.append(f"        {argument(parameter, parameter.name in own)},")
    return [*lines, "    ) -> None: ..."]


def function(node: ast.FunctionDef, indent: str) -> list[str]:
    """A function as it is written, without what it does."""
    head = [f"{indent}@{ast.unparse(decorator)}" for decorator in node.decorator_list]
    returns = "" if node.returns is None else f" -> {ast.unparse(node.returns)}"
    # As people write defaults of parameters with a type.
    arguments = re.sub(r"(: [^,=]+)=(?=\S)", r"\1 = ", ast.unparse(node.args))
    head.append(f"{indent}def {node.name}({arguments}){returns}:")
    text = ast.get_docstring(node)
    if text is None:
        return [*head[:-1], f"{head[-1]} ..."]
    return [*head, *docstring(text, indent + "    ")]


def written_class(node: ast.ClassDef) -> list[str]:
    """A class as it is written: its attributes with a type, and its methods."""
    bases = f"({', '.join(ast.unparse(base) for base in node.bases)})" if node.bases else ""
    lines = [f"class {node.name}{bases}:", *docstring(ast.get_docstring(node) or "", "    ")]
    for part in node.body:
        if isinstance(part, ast.AnnAssign):
            lines += ["", f"    {ast.unparse(part.target)}: {ast.unparse(part.annotation)}"]
        elif isinstance(part, ast.Assign) and isinstance(part.value, ast.Name):
            lines += ["", f"    {ast.unparse(part)}"]
        elif isinstance(part, ast.FunctionDef):
            lines += ["", *attributes(part), *function(part, "    ")]
    return lines


def attributes(node: ast.FunctionDef) -> list[str]:
    """Public attributes that `__init__` sets with a type."""
    found = []
    for part in ast.walk(node) if node.name == "__init__" else ():
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Attribute):
            name = part.target.attr
            if not name.startswith("_"):
                found.append(f"    {name}: {ast.unparse(part.annotation)}")
    return [*found, ""] if found else []


def imports(body: str) -> list[str]:
    """The imports that a stub needs."""
    from_abc = [name for name in ("Callable", "Iterator", "Mapping", "Sequence") if f"{name}[" in body]
    lines = [f"from collections.abc import {', '.join(from_abc)}"] if from_abc else []
    lines += ["from typing import Any", "", "import numpy as np", "from numpy.typing import ArrayLike"]
    if "pacing: Pacing" in body:
        lines += ["", "from curriculum.pacing import Pacing"]
    return lines


def stub(family: str) -> str:
    """The text of the stub of a module."""
    module = MODULES[family]
    source = (PACKAGE / f"{family}.py").read_text(encoding="utf-8")
    generated: Mapping[str, Any] = {
        name: getattr(module, name) for name in module.__all__ if "_entry" in vars(getattr(module, name))
    }
    base = next(iter(generated.values())).__mro__[1].__name__
    parts = []
    functions = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            parts.append("\n".join(written_class(node)))
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            functions.append("\n".join(function(node, "")))
    parts += ["\n".join(generated_class(name, cls, base)) for name, cls in generated.items()]
    parts += functions
    exported = ["__all__ = [", *(f'    "{name}",' for name in module.__all__), "]"]
    parts.append("\n".join(exported))
    body = "\n\n".join(parts)
    head = ["# Written by crates/cl-python/stubs.py, of the catalogue.", "", *imports(body)]
    return "\n".join(head) + "\n\n" + body + "\n"


def main(arguments: list[str]) -> int:
    """Writes the stubs, or checks them."""
    if arguments not in ([], ["--check"]):
        print(f"arguments are {' '.join(arguments)}, expected none or --check", file=sys.stderr)
        return 2
    differ = []
    for family in MODULES:
        path, text = PACKAGE / f"{family}.pyi", stub(family)
        there = path.read_text(encoding="utf-8") if path.exists() else None
        if there == text:
            continue
        differ.append(path.name)
        if not arguments:
            path.write_text(text, encoding="utf-8", newline="\n")
    if arguments and differ:
        print(f"not what stubs.py writes: {', '.join(differ)}; run it without --check", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
