"""Curriculum learning in a training loop of one's own: difficulty scores, orders, pacings, samplers, pruning, label issues.

A training loop with PyTorch::

    import curriculum as cl

    recorder = cl.Recorder(n_examples=50_000, n_classes=10, metrics=["el2n", "forgetting", "aum"])
    ...
    recorder.update(indices, outputs, labels, epoch=epoch)
    scores = recorder.scores()
    order = cl.orders.EasyFirst()(scores["el2n"], seed=0)
    sampler = cl.samplers.Prefix(order, cl.pacing.Root(a=0.8, b=0.2), batch_size=128, total_steps=20_000, seed=0)
    loader = StatefulDataLoader(dataset, batch_sampler=sampler, num_workers=4)
    kept = cl.prune(scores["el2n"], rule="hardest", keep=0.5, seed=0)

Only NumPy is imported. ``curriculum.huggingface``, ``curriculum.lightning`` and ``curriculum.sklearn`` import their frameworks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from curriculum import _core, orders, pacing, samplers, weightings
from curriculum._agreement import Agreement, Crossover, Stability, agree, combine, crossover, overlap, stability
from curriculum._catalogue import CATALOGUE as _CATALOGUE
from curriculum._labels import NoiseRate, find_label_issues, label_quality, noise_rate
from curriculum._recorder import Recorder
from curriculum._scores import Score, Scores
from curriculum._selection import Coreset, Selection, choose_coreset, coreset, prune, select

if TYPE_CHECKING:
    from curriculum._compare import Arm, Comparison, compare

__version__: str = _core.__version__
StateError = _core.StateError


def __getattr__(name: str) -> Any:
    # Loaded once it is used: it needs more of Python than all the rest.
    if name in ("Arm", "Comparison", "compare"):
        from curriculum import _compare

        return getattr(_compare, name)
    raise AttributeError(f"module 'curriculum' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), "Arm", "Comparison", "compare"])


def catalogue(family: str) -> list[dict[str, Any]]:
    """What is had by name: of ``"pacing"``, ``"orders"``, ``"weightings"``, ``"samplers"``, ``"rules"``, ``"coresets"`` or
    ``"metrics"`` each method with its name, a summary, and its parameters with their meanings and defaults.
    """
    families = [name for name, entries in _CATALOGUE.items() if entries and "summary" in entries[0]]
    if family not in families:
        raise ValueError(f"argument family is {family!r}, expected one of: {', '.join(families)}")
    return [dict(entry) for entry in _CATALOGUE[family]]


def metrics() -> list[str]:
    """The names of all metrics that a :class:`Recorder` can record."""
    return [entry["name"] for entry in _CATALOGUE["metrics"]]


__all__ = [
    "Agreement",
    "Arm",
    "Comparison",
    "Coreset",
    "Crossover",
    "NoiseRate",
    "Recorder",
    "Score",
    "Scores",
    "Selection",
    "Stability",
    "StateError",
    "__version__",
    "agree",
    "catalogue",
    "choose_coreset",
    "combine",
    "compare",
    "coreset",
    "crossover",
    "find_label_issues",
    "label_quality",
    "metrics",
    "noise_rate",
    "orders",
    "overlap",
    "pacing",
    "prune",
    "samplers",
    "select",
    "stability",
    "weightings",
]
