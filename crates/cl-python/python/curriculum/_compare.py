"""The honest comparison with a training function of one's own."""

from __future__ import annotations

import hashlib
import html
import json
import math
import numbers
import os
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curriculum import _core
from curriculum._scores import difficulty as as_difficulty

__all__ = ["Arm", "Comparison", "compare"]

BASELINE = "shuffling"

KINDS = ("order", "weighting", "pruning", "other")


def _argument(name: str, value: object, expected: str) -> str:
    return f"argument {name} is {value}, expected {expected}"


@dataclass(frozen=True)
class Arm:
    """An arm of one's own for :func:`compare`.

    Parameters
    ----------
    name : str
        By what it is asked for, and what sentences call it.
    make : callable
        ``make(seed)`` gives the sampler of a run: one of :mod:`curriculum.samplers`, or anything that
        counts the batches drawn from it as ``.step``. Everything random in it should come from ``seed``,
        so that runs of a seed differ by the arm alone.
    weights : callable, optional
        ``weights(losses)`` gives as many float64 weights as there are losses in a batch, such as one of
        :mod:`curriculum.weightings`. It must carry nothing from one run to the next. Without it all
        count 1.
    control : str, optional
        The arm that does the same without looking at the examples: what it gains, looking at them does
        not.
    kind : {"order", "weighting", "pruning", "other"}
        Where sentences tell of it.
    settings : str
        Its settings in words. A comparison that goes on in a folder is taken for the same one by name
        and settings: change them when ``make`` or ``weights`` changes.

    Raises
    ------
    TypeError, ValueError
        For what is none of these.
    """

    name: str
    make: Callable[[int], Any]
    weights: Callable[[Any], Any] | None = None
    control: str | None = None
    kind: str = "other"
    settings: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ValueError(_argument("name", repr(self.name), "the name of an arm"))
        if not callable(self.make):
            raise TypeError(_argument("make", repr(self.make), "a function from a seed to a sampler"))
        if self.weights is not None and not callable(self.weights):
            raise TypeError(
                _argument("weights", repr(self.weights), "a function from losses to weights, or None")
            )
        if self.control is not None and not isinstance(self.control, str):
            raise TypeError(_argument("control", repr(self.control), "the name of an arm, or None"))
        if self.kind not in KINDS:
            raise ValueError(_argument("kind", repr(self.kind), f"one of {', '.join(KINDS)}"))
        if not isinstance(self.settings, str):
            raise TypeError(_argument("settings", repr(self.settings), "words"))


class Comparison:
    """What a comparison came to: sentences, a table, a page and all numbers.

    ``str()`` gives the sentences and the table; a notebook shows the page.

    Attributes
    ----------
    verdict : list of str
        The answer in plain sentences, computed from the numbers.
    baseline : dict
        The baseline: ``arm``, ``name``, ``settings``, ``mean``, ``low``, ``high``, ``examples``.
    arms : list of dict
        The arms beside it: ``arm``, ``name``, ``kind``, ``settings``, ``mean``, ``examples``, the gain over
        the baseline as ``difference`` with its 95 % interval ``low`` to ``high``, the least ``detectable``
        gain, the corrected ``p`` value, the ``verdict`` (better, worse, no-difference, undecided or
        not-tested), and ``over_control`` with the same of the gain over its control. Means and differences
        are in ``unit``.
    winner : str or None
        Of the arms that are better than the baseline the one that was chosen beforehand, or else the one
        with the greatest gain.
    unit : str
        The unit of means, differences and intervals, such as points.
    """

    def __init__(self, results: str, table: str, page: str) -> None:
        self._text = results
        self._results: dict[str, Any] = json.loads(results)
        self._table = table
        self._page = page

    @property
    def verdict(self) -> list[str]:
        """The answer in plain sentences."""
        return list(self._results["verdict"])

    @property
    def baseline(self) -> dict[str, Any]:
        """What all arms are compared with."""
        baseline: dict[str, Any] = self.to_dict()["baseline"]
        return baseline

    @property
    def arms(self) -> list[dict[str, Any]]:
        """The arms beside the baseline."""
        arms: list[dict[str, Any]] = self.to_dict()["arms"]
        return arms

    @property
    def winner(self) -> str | None:
        """The arm that wins, or None."""
        winner: str | None = self._results["winner"]
        return winner

    @property
    def unit(self) -> str:
        """The unit of means, differences and intervals."""
        unit: str = self._results["unit"]
        return unit

    def to_dict(self) -> dict[str, Any]:
        """Everything, as ``results.json`` has it."""
        results: dict[str, Any] = json.loads(self._text)
        return results

    def to_pandas(self) -> Any:
        """A data frame with a row per arm, the baseline first, by the arms' names.

        Its columns are those of :attr:`arms`; the gain over the control stands in ``control``, which names
        it, ``control_difference``, ``control_low``, ``control_high``, ``control_detectable``, ``control_p``
        and ``control_verdict``.
        """
        import pandas as pd

        of_gain = ["difference", "low", "high", "detectable", "p", "verdict"]
        columns = ["name", "kind", "settings", "mean", *of_gain]
        of_control = {"control": "from"} | {f"control_{key}": key for key in of_gain}
        baseline = self.baseline
        rows = [{"name": baseline["name"], "settings": baseline["settings"], "mean": baseline["mean"]}]
        for arm in self.arms:
            over = arm["over_control"] or {}
            row = {column: arm[column] for column in columns}
            rows.append(row | {column: over.get(key) for column, key in of_control.items()})
        names = [baseline["arm"], *(arm["arm"] for arm in self.arms)]
        frame = pd.DataFrame(rows, index=pd.Index(names, name="arm"), columns=[*columns, *of_control])
        words = ["name", "kind", "settings", "verdict", "control", "control_verdict"]
        return frame.astype({column: float for column in frame.columns if column not in words})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes everything as JSON, whose form ``docs/schema/compare-own-1.json`` describes."""
        _write(path, self._text)

    def report(self, path: str | os.PathLike[str]) -> None:
        """Writes the page, which needs no network: the answer, gains with intervals, how it was judged."""
        _write(path, self._page)

    def __str__(self) -> str:
        sentences = [
            textwrap.fill(sentence, 110, break_long_words=False, break_on_hyphens=False)
            for sentence in self.verdict
        ]
        return "\n\n".join([*sentences, self._table])

    def __repr__(self) -> str:
        winner = f"{self.winner} wins" if self.winner is not None else "no arm is shown to win"
        return f"<Comparison: {len(self.arms)} arms, {self._results['repetitions']} repetitions, {winner}>"

    def _repr_html_(self) -> str:
        # A frame of its own: the page's style is none of the notebook's.
        page = html.escape(self._page, quote=True)
        return f'<iframe srcdoc="{page}" style="width: 100%; height: 42rem; border: 0"></iframe>'


def compare(
    train_fn: Callable[[Any, Callable[[Any], np.ndarray], int], float],
    n_examples: int,
    *,
    arms: str | Arm | Iterable[str | Arm] | Mapping[str, Callable[[int], Any]] | None = None,
    seeds: int | Sequence[int] = 20,
    batch_size: int,
    total_steps: int,
    difficulty: Any = None,
    labels: Any = None,
    pacing: Any = None,
    keep: float = 0.5,
    metric: str = "accuracy",
    higher_is_better: bool = True,
    margin: float | None = None,
    unit: str | tuple[str, float] | None = None,
    test_to_train: float = 0.0,
    chosen: str | None = None,
    data_name: str = "own data",
    folder: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> Comparison:
    """Compares orders, weightings and pruning with plain shuffling, in a training of one's own.

    Every arm is trained with every seed, for as many updates; gains over shuffling are judged pair by pair
    and all at once, and what a curriculum gains is told apart from what its pacing gains on a random order.

    Parameters
    ----------
    train_fn : callable
        ``train_fn(sampler, weights, seed) -> float`` trains a fresh model and gives its score on a test set.
        ``sampler`` is one of :mod:`curriculum.samplers`; the training takes exactly ``total_steps`` batches
        from it, as ``for indices in sampler.run():`` does, and a loader with
        ``DataLoader(dataset, batch_sampler=sampler.run())``. ``weights(losses)`` gives the weight of each
        example of a batch by its loss, (b,) to (b,) float64, all 1 where the arm has no weighting. All that
        is random (first weights, a split) should come from ``seed``, so that arms with the same seed differ
        by the arm alone. What the training is set to should have been chosen for shuffling and be the same
        for all arms, and the test set should have been used for no choice.
    n_examples : int
        Examples to train on.
    arms : list of str or Arm, or dict, optional
        The arms beside ``shuffling``, by name (see Notes), as :class:`Arm`, or as a dict from a name to a
        function ``make(seed)`` that gives a sampler. All that can be had from what is given, where none are.
        An arm's control is added.
    seeds : int or sequence of int
        At least 6 seeds, or 0 to ``seeds - 1``.
    batch_size, total_steps : int
        Examples of a batch, and updates of every run.
    difficulty : (n_examples,) array, optional
        How hard each example is, higher = harder; or a :class:`curriculum.Score`, which knows its way. What
        measuring it costs is in no budget.
    labels : (n_examples,) array, optional
        The class of each example: tells their number C, for thresholds that begin at a loss of ln C.
    pacing : optional
        The pacing of the orders, of :mod:`curriculum.pacing`; ``Linear(a=0.5, b=0.2)`` where none is given.
    keep : float
        The share of examples that pruning keeps, in (0, 1).
    metric : str
        What ``train_fn`` gives, by name.
    higher_is_better : bool
        Whether more of it is better. Gains are positive where an arm is better, either way.
    margin : float, optional
        The largest difference that is not worth naming, as the metric has it. Where none is given, 0.005 of
        accuracy, balanced-accuracy, auc and r2, and 0.01 of log-loss; any other metric needs one.
    unit : str or (str, float), optional
        What differences are told in, and how many of it a difference of 1 is; ``"points"`` are hundredths, any
        other name alone counts 1. Points of the metrics named above, nats of log-loss, and of any other the
        metric itself, where none is given.
    test_to_train : float
        0 where all runs are tested on the same examples: intervals then speak of these data. Where each seed
        cuts the data anew, the examples tested on for each one that is not, by which intervals are widened.
    chosen : str, optional
        The arm that is expected to be the best, chosen before any score was seen: it is judged apart from all
        others and needs no correction for them.
    data_name : str
        What the report calls the data.
    folder : path, optional
        Where each run is written down as it ends, so that a comparison that was stopped goes on, and where
        ``results.json`` and ``report.html`` are written at the end. ``train_fn`` itself is not written down:
        another training needs another folder.
    progress : bool
        Whether runs are told on standard error.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        For an unknown arm, fewer than 6 seeds or one twice, arguments outside of their domain, a run that took
        more or fewer steps than ``total_steps``, a score that is not finite, and a folder of another
        comparison.
    TypeError
        For a score that is no real number, and a sampler that is none.

    Notes
    -----
    ================  ==========  ==============  =====================================================
    arm               needs       control         what it does
    ================  ==========  ==============  =====================================================
    shuffling                                     everything, shuffled every epoch: the baseline
    easy-first        difficulty  random-paced    the easiest first, more and more by the pacing
    hard-first        difficulty  random-paced    the hardest first, by the pacing
    random-paced                                  a random order with the same pacing
    super-loss        labels                      SuperLoss (Castells et al. 2020), tau ln C
    keep-hardest      difficulty  random-pruning  the hardest alone, shuffled
    coverage-centric  difficulty  random-pruning  all difficulties evenly (Zheng et al. 2023)
    random-pruning                                as many drawn at random
    self-paced        labels                      what has a loss below a threshold (Kumar et al. 2010)
    info-batch                                    without half of what has a low loss (Qin et al. 2024)
    ================  ==========  ==============  =====================================================

    The last two learn from losses, and run only where they are asked for by name, by a training that tells them:
    ``sampler.update(indices, losses)`` after each batch; for self-paced, whose threshold begins at ln C and grows
    by 1.3 an epoch, before a batch the current losses of ``sampler.wanted()`` where that is not empty; for
    info-batch each loss counts ``sampler.weights(indices)``, asked for before ``update``.

    ::

        gain of an arm   score(arm) - score(shuffling) with the same seed, or its opposite where less is better
        interval         Student's, s^2 (1 / n + test_to_train) in place of s^2 / n (Nadeau and Bengio)
        verdict          better or worse by more than the margin, no difference (within it), undecided

    Gains over shuffling are one family and gains over controls another: Holm's correction within, Benjamini and
    Hochberg's over both, at 5 % in all; with ``chosen`` at 2.5 % for its gains and 2.5 % for all others. A
    rank-based interval must say the same.

    Nadeau and Bengio (2003), Inference for the generalization error. Holm (1979), A simple sequentially
    rejective multiple test procedure. Benjamini and Hochberg (1995), Controlling the false discovery rate.

    Examples
    --------
    >>> def train(sampler, weights, seed):
    ...     model = new_model(seed)
    ...     for indices in sampler.run():
    ...         losses = model.losses(x[indices], y[indices])
    ...         model.update((weights(losses) * losses).mean())
    ...     return model.accuracy(x_test, y_test)
    >>> result = compare(train, len(x), batch_size=128, total_steps=5_000, difficulty=el2n)  # doctest: +SKIP
    >>> print(result)  # doctest: +SKIP
    """
    if not callable(train_fn):
        raise TypeError(_argument("train_fn", repr(train_fn), "a function of a sampler, weights and a seed"))
    given = _Given.checked(n_examples, batch_size, total_steps, difficulty, labels, pacing, keep)
    plan = _planned(arms, given)
    seed_list = _seeds(seeds)
    request = {
        "data": _text("data_name", data_name),
        "n_examples": given.n_examples,
        "n_updates": given.total_steps,
        "metric": _text("metric", metric),
        "higher_is_better": bool(higher_is_better),
        "unit": _unit(unit),
        "margin": None if margin is None else _number("margin", margin),
        "test_to_train": _number("test_to_train", test_to_train),
        "seeds": seed_list,
        "chosen": chosen if chosen is None else _text("chosen", chosen),
        "arms": [planned.described() for planned in plan],
    }
    # All that can be wrong before a run is told before one.
    _judged(request, {planned.name: [0.0] * len(seed_list) for planned in plan})
    settings = {**request, **given.described()}
    journal = None if folder is None else _Journal(Path(folder), settings)
    done = {} if journal is None else journal.read()
    told = _Progress(len(plan) * len(seed_list), bool(progress))
    for seed in seed_list:
        for planned in plan:
            if (planned.name, seed) in done:
                told.advance(planned.name, seed, done[planned.name, seed], ran=False)
                continue
            score = _run(train_fn, planned, seed, given.total_steps)
            done[planned.name, seed] = score
            if journal is not None:
                journal.append(planned.name, seed, score)
            told.advance(planned.name, seed, score)
    told.finish()
    comparison = _judged(
        request, {planned.name: [done[planned.name, seed] for seed in seed_list] for planned in plan}
    )
    if journal is not None:
        comparison.save(journal.folder / "results.json")
        comparison.report(journal.folder / "report.html")
    return comparison


def _judged(request: dict[str, Any], scores: dict[str, list[float]]) -> Comparison:
    arms = [{**arm, "scores": scores[arm["arm"]]} for arm in request["arms"]]
    return Comparison(*_core.judge_comparison(json.dumps({**request, "arms": arms}, allow_nan=False)))


# What is given


def _integer(name: str, value: object, expected: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(_argument(name, repr(value), f"an integer: {expected}"))
    if value < 1:
        raise ValueError(_argument(name, value, expected))
    return int(value)


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (numbers.Real, np.floating, np.integer)):
        raise TypeError(_argument(name, repr(value), "a number"))
    if not math.isfinite(value):
        raise ValueError(_argument(name, value, "a finite number"))
    return float(value)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(_argument(name, repr(value), "a name"))
    return value


def _unit(unit: object) -> dict[str, Any] | None:
    if unit is None:
        return None
    if isinstance(unit, str):
        return {"name": unit, "scale": 100.0 if unit == "points" else 1.0}
    if isinstance(unit, tuple) and len(unit) == 2 and isinstance(unit[0], str):
        return {"name": unit[0], "scale": _number("unit scale", unit[1])}
    raise TypeError(_argument("unit", repr(unit), "a name, a name and a scale, or None"))


def _seeds(seeds: object) -> list[int]:
    if isinstance(seeds, (int, np.integer)) and not isinstance(seeds, bool):
        return list(range(max(int(seeds), 0)))
    if isinstance(seeds, (str, bytes)) or not isinstance(seeds, Iterable):
        raise TypeError(_argument("seeds", repr(seeds), "a number of seeds, or the seeds"))
    found = []
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise TypeError(_argument("seeds", f"one with {seed!r}", "integers"))
        if not 0 <= seed < 2**63:
            raise ValueError(_argument("seeds", f"one with {seed}", "integers of at least 0, below 2^63"))
        found.append(int(seed))
    return found


def _array(name: str, values: Any, n_examples: int) -> np.ndarray:
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    array = np.asarray(values)
    if array.shape != (n_examples,):
        raise ValueError(_argument(name, f"of shape {array.shape}", f"one per example, ({n_examples},)"))
    return array


@dataclass(frozen=True)
class _Given:
    """What arms are made of."""

    n_examples: int
    batch_size: int
    total_steps: int
    difficulty: np.ndarray | None
    n_classes: int | None
    pacing: Any
    keep: float
    hashes: dict[str, str | None]

    @classmethod
    def checked(
        cls,
        n_examples: object,
        batch_size: object,
        total_steps: object,
        difficulty: Any,
        labels: Any,
        pacing: Any,
        keep: object,
    ) -> _Given:
        import curriculum as cl

        n_examples = _integer("n_examples", n_examples, "at least 1")
        batch_size = _integer("batch_size", batch_size, "at least 1")
        total_steps = _integer("total_steps", total_steps, "at least 1")
        keep = _number("keep", keep)
        if not 0 < keep < 1:
            raise ValueError(_argument("keep", keep, "a share in (0, 1)"))
        if difficulty is not None:
            difficulty = _array("difficulty", as_difficulty(difficulty, "difficulty"), n_examples)
            if difficulty.dtype.kind not in "fiub":
                raise TypeError(_argument("difficulty", f"of dtype {difficulty.dtype}", "numbers"))
            difficulty = np.ascontiguousarray(difficulty, dtype=np.float64)
            if np.isnan(difficulty).any():
                at = int(np.flatnonzero(np.isnan(difficulty))[0])
                raise ValueError(_argument(f"difficulty[{at}]", "nan", "a number"))
        n_classes = None
        if labels is not None:
            labels = _array("labels", labels, n_examples)
            classes = np.unique(labels)
            n_classes = len(classes)
            if n_classes < 2:
                raise ValueError(_argument("labels", f"of {n_classes} class", "at least 2 classes"))
        hashes = {"difficulty": _hash(difficulty), "labels": _hash(labels)}
        if pacing is None:
            pacing = cl.pacing.Linear(a=0.5, b=0.2)
        return cls(n_examples, batch_size, total_steps, difficulty, n_classes, pacing, keep, hashes)

    def described(self) -> dict[str, Any]:
        return {"batch_size": self.batch_size, **self.hashes}


def _hash(values: np.ndarray | None) -> str | None:
    if values is None:
        return None
    # As text where it is no plain array of numbers.
    values = values if values.dtype.kind in "fiub" else values.astype(str)
    return hashlib.sha256(values.dtype.str.encode() + np.ascontiguousarray(values).tobytes()).hexdigest()


# The arms


@dataclass(frozen=True)
class _Planned:
    """An arm as it is run."""

    name: str
    words: str
    kind: str
    control: str | None
    settings: str
    make: Callable[[int], Any]
    weights: Callable[[Any], Any] | None = None

    def described(self) -> dict[str, Any]:
        return {
            "arm": self.name,
            "name": self.words,
            "kind": self.kind,
            "control": self.control,
            "settings": self.settings,
        }


def _of_user(arm: Arm) -> _Planned:
    return _Planned(arm.name, arm.name, arm.kind, arm.control, arm.settings, arm.make, arm.weights)


def _shuffling(given: _Given) -> _Planned:
    return _Planned(BASELINE, "shuffling", "other", None, "", _shuffled(given))


def _shuffled(given: _Given) -> Callable[[int], Any]:
    import curriculum as cl

    return lambda seed: cl.samplers.Shuffle(
        n_examples=given.n_examples, batch_size=given.batch_size, total_steps=given.total_steps, seed=seed
    )


def _ordered(name: str, words: str, control: str | None, order: str) -> Callable[[_Given], _Planned]:
    def planned(given: _Given) -> _Planned:
        import curriculum as cl

        difficulty = np.zeros(given.n_examples) if control is None else _needed(name, given)

        def make(seed: int) -> Any:
            of_seed = getattr(cl.orders, order)()(difficulty, seed=seed)
            return cl.samplers.Prefix(
                of_seed, given.pacing, batch_size=given.batch_size, total_steps=given.total_steps, seed=seed
            )

        return _Planned(name, words, "order", control, f"pacing: {given.pacing!r}", make)

    return planned


def _pruned(name: str, words: str, control: str | None, rule: str) -> Callable[[_Given], _Planned]:
    def planned(given: _Given) -> _Planned:
        import curriculum as cl

        difficulty = np.zeros(given.n_examples) if control is None else _needed(name, given)

        def make(seed: int) -> Any:
            kept = cl.prune(difficulty, rule=rule, keep=given.keep, seed=seed)
            return cl.samplers.Shuffle(
                examples=kept, batch_size=given.batch_size, total_steps=given.total_steps, seed=seed
            )

        return _Planned(name, words, "pruning", control, f"keep = {given.keep}", make)

    return planned


def _super_loss(given: _Given) -> _Planned:
    import curriculum as cl

    tau = _first_loss("super-loss", given)
    settings = f"tau = ln {given.n_classes}, lambda = 1"
    weighting = cl.weightings.by_name("superloss", tau=tau, lambda_=1.0)
    return _Planned("super-loss", "SuperLoss", "weighting", None, settings, _shuffled(given), weighting)


def _self_paced(given: _Given) -> _Planned:
    import curriculum as cl

    threshold = _first_loss("self-paced", given)
    settings = f"lambda = ln {given.n_classes}, mu = 1.3"

    def make(seed: int) -> Any:
        return cl.samplers.SelfPaced(
            n_examples=given.n_examples,
            lambda_=threshold,
            mu=1.3,
            batch_size=given.batch_size,
            total_steps=given.total_steps,
            seed=seed,
        )

    return _Planned("self-paced", "self-paced learning", "order", None, settings, make)


def _info_batch(given: _Given) -> _Planned:
    import curriculum as cl

    n_epochs = math.ceil(given.total_steps / math.ceil(given.n_examples / given.batch_size))

    def make(seed: int) -> Any:
        return cl.samplers.InfoBatch(
            n_examples=given.n_examples,
            n_epochs=n_epochs,
            batch_size=given.batch_size,
            total_steps=given.total_steps,
            seed=seed,
        )

    return _Planned("info-batch", "InfoBatch", "pruning", None, f"n_epochs = {n_epochs}", make)


def _needed(name: str, given: _Given) -> np.ndarray:
    if given.difficulty is None:
        raise ValueError(_argument("difficulty", None, f"how hard each example is, by which {name} goes"))
    return given.difficulty


def _first_loss(name: str, given: _Given) -> float:
    """The loss of a model that knows nothing: ln C for C classes."""
    if given.n_classes is None:
        expected = f"the class of each example, by whose number {name} is set; or an Arm of one's own"
        raise ValueError(_argument("labels", None, expected))
    return math.log(given.n_classes)


#: In the order of tables. What learns from losses, by a training that tells them, stands at the end.
_BUILT_IN: dict[str, Callable[[_Given], _Planned]] = {
    BASELINE: _shuffling,
    "easy-first": _ordered("easy-first", "easy first", "random-paced", "EasyFirst"),
    "hard-first": _ordered("hard-first", "hard first", "random-paced", "HardFirst"),
    "random-paced": _ordered("random-paced", "random order with the same pacing", None, "Random"),
    "super-loss": _super_loss,
    "keep-hardest": _pruned("keep-hardest", "keeping the hardest", "random-pruning", "hardest"),
    "coverage-centric": _pruned("coverage-centric", "coverage-centric pruning", "random-pruning", "ccs"),
    "random-pruning": _pruned("random-pruning", "random pruning", None, "random"),
    "self-paced": _self_paced,
    "info-batch": _info_batch,
}

_BY_DIFFICULTY = [
    "easy-first",
    "hard-first",
    "random-paced",
    "keep-hardest",
    "coverage-centric",
    "random-pruning",
]


def _planned(arms: Any, given: _Given) -> list[_Planned]:
    """The arms to run, the baseline first, with the controls that they need."""
    asked: dict[str, _Planned] = {}
    for arm in _asked(arms, given):
        planned = _of_user(arm) if isinstance(arm, Arm) else _by_name(arm, given)
        if planned.name in asked and isinstance(arm, Arm):
            raise ValueError(_argument("arms", f"one with {planned.name} twice", "another name for each arm"))
        asked.setdefault(planned.name, planned)
    if all(name == BASELINE for name in asked):
        raise ValueError(_argument("arms", f"{BASELINE} alone", "at least one arm to compare with it"))
    # A control may have one in turn.
    needing = list(asked.values())
    for planned in needing:
        control = planned.control
        if control is not None and control not in asked:
            asked[control] = _by_name(control, given)
            needing.append(asked[control])
    baseline = asked.pop(BASELINE, None) or _by_name(BASELINE, given)
    return [baseline, *asked.values()]


def _asked(arms: Any, given: _Given) -> list[str | Arm]:
    if arms is None:
        found = set(_BY_DIFFICULTY if given.difficulty is not None else [])
        if given.n_classes is not None:
            found.add("super-loss")
        if not found:
            expected = "some; without difficulty= and labels= there is none to take of itself"
            raise ValueError(_argument("arms", None, expected))
        return [name for name in _BUILT_IN if name in found]
    if isinstance(arms, (str, Arm)):
        return [arms]
    if isinstance(arms, Mapping):
        return [Arm(name, make) for name, make in arms.items()]
    if not isinstance(arms, Iterable):
        raise TypeError(_argument("arms", repr(arms), "names or arms, or a dict from names to functions"))
    several = list(arms)
    for arm in several:
        if not isinstance(arm, (str, Arm)):
            raise TypeError(_argument("arms", f"one with {arm!r}", "names and arms"))
    return several


def _by_name(name: str, given: _Given) -> _Planned:
    if name not in _BUILT_IN:
        raise ValueError(_argument("arms", f"one with {name!r}", f"some of {', '.join(_BUILT_IN)}"))
    return _BUILT_IN[name](given)


# A run


class _Weights:
    """The weights of a batch by its losses, checked."""

    def __init__(self, arm: str, weighting: Callable[[Any], Any] | None) -> None:
        self._arm = arm
        self._weighting = weighting

    def __call__(self, losses: Any) -> np.ndarray:
        values = losses.detach().cpu().double().numpy() if hasattr(losses, "detach") else np.asarray(losses)
        if values.ndim != 1:
            raise ValueError(_argument("losses", f"of shape {values.shape}", "one per example of the batch, (b,)"))
        if self._weighting is None:
            return np.ones(len(values))
        weights = np.asarray(self._weighting(values.astype(np.float64)), dtype=np.float64)
        if weights.shape != values.shape:
            name, found = f"weights of arm {self._arm}", f"of shape {weights.shape}"
            raise ValueError(_argument(name, found, f"one per loss, {values.shape}"))
        return weights


def _run(train_fn: Callable[..., float], arm: _Planned, seed: int, total_steps: int) -> float:
    """The score of one run."""
    try:
        sampler = arm.make(seed)
        _step(sampler, arm, seed)
        score = train_fn(sampler, _Weights(arm.name, arm.weights), seed)
    except Exception as error:
        _note(error, f"in the run of arm {arm.name} with seed {seed}")
        raise
    taken = _step(sampler, arm, seed)
    if taken != total_steps:
        raise ValueError(
            f"the run of arm {arm.name} with seed {seed} took {taken} steps of its sampler, expected "
            f"{total_steps}, as many as every other: `for indices in sampler.run()` goes over just these"
        )
    return _score(score, arm, seed)


def _step(sampler: Any, arm: _Planned, seed: int) -> int:
    # A step is a place, which a training can go to without a batch.
    step = getattr(sampler, "n_drawn", getattr(sampler, "step", None))
    if isinstance(step, bool) or not isinstance(step, (int, np.integer)):
        raise TypeError(
            f"the sampler of arm {arm.name} with seed {seed} is {sampler!r}, expected one of "
            f"curriculum.samplers, or one that counts the batches drawn as .step"
        )
    return int(step)


def _score(score: Any, arm: _Planned, seed: int) -> float:
    what = f"the score of arm {arm.name} with seed {seed}"
    # A scalar of an array library.
    value = score.item() if getattr(score, "ndim", None) == 0 and hasattr(score, "item") else score
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Real, np.floating)):
        raise TypeError(f"{what} is {score!r}, expected a real number")
    if not math.isfinite(value):
        raise ValueError(f"{what} is {value}, expected a finite number: a run that diverges has a score, too")
    return float(value)


def _note(error: BaseException, note: str) -> None:
    if hasattr(error, "add_note"):
        error.add_note(note)
    else:
        # As Python 3.11 keeps them.
        error.__notes__ = [*getattr(error, "__notes__", []), note]


# What is kept


class _Journal:
    """Runs that ended, a line each, and what they are runs of.

    ``settings.json`` has the settings of the comparison; each line of ``journal.jsonl`` a run with the hash of
    these.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder = folder
        self._path = folder / "journal.jsonl"
        # As they are read back.
        self._settings = json.loads(json.dumps(settings))
        canonical = json.dumps(self._settings, sort_keys=True)
        self._fingerprint = hashlib.sha256(canonical.encode()).hexdigest()

    def read(self) -> dict[tuple[str, int], float]:
        """The runs that ended; the folder is made ready for more."""
        self._expect_settings()
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return {}
        done: dict[tuple[str, int], float] = {}
        sound: list[bytes] = []
        damaged: list[int] = []
        for number, line in enumerate(lines, 1):
            # The last line of a run that was stopped has no end.
            record = self._record(line) if number < len(lines) else None
            if record is not None:
                run, score = record
                done[run] = score
                sound.append(line)
            elif line.strip() and number < len(lines):
                damaged.append(number)
        if damaged:
            told = ", ".join(map(str, damaged))
            warnings.warn(
                f"{self._path}: damaged at line {told}: these runs are done again", RuntimeWarning, stacklevel=4
            )
        if len(sound) + 1 != len(lines) or lines[-1]:
            _write(self._path, b"".join(line + b"\n" for line in sound).decode())
        return done

    def append(self, arm: str, seed: int, score: float) -> None:
        record = {"arm": arm, "seed": seed, "settings": self._fingerprint, "score": score}
        # One write, so that a line is whole or its end is missing.
        line = (json.dumps(record) + "\n").encode()
        with open(self._path, "ab", buffering=0) as file:
            file.write(line)
            os.fsync(file.fileno())

    def _record(self, line: bytes) -> tuple[tuple[str, int], float] | None:
        try:
            record = json.loads(line)
            arm, seed, score = record["arm"], record["seed"], record["score"]
            settings = record["settings"]
        except (ValueError, KeyError, TypeError):
            return None
        is_sound = isinstance(arm, str) and type(seed) is int and isinstance(score, (int, float))
        if not is_sound or not math.isfinite(score):
            return None
        if settings != self._fingerprint:
            raise ValueError(
                _argument("folder", f"{self.folder}, with runs of another comparison", "another folder")
            )
        return (arm, seed), float(score)

    def _expect_settings(self) -> None:
        path = self.folder / "settings.json"
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(path, json.dumps(self._settings, indent=2) + "\n")
            return
        except ValueError as error:
            raise ValueError(f"{path}: {error}, expected the settings of a comparison") from error
        if kept == self._settings:
            return
        kept = kept if isinstance(kept, dict) else {}
        different = [key for key in {**kept, **self._settings} if kept.get(key) != self._settings.get(key)]
        told = "; ".join(_difference(key, kept.get(key), self._settings.get(key)) for key in different)
        raise ValueError(
            _argument("folder", f"{self.folder}, of a comparison with other settings ({told})", "another folder")
        )


def _difference(key: str, kept: Any, given: Any) -> str:
    """What differs between what is kept and what is given."""
    if key in ("difficulty", "labels") and kept is not None and given is not None:
        return f"other {key}"
    if key == "arms" and isinstance(kept, list) and isinstance(given, list):
        kept_by, given_by = ({arm.get("arm"): arm for arm in arms} for arms in (kept, given))
        if list(kept_by) == list(given_by):
            changed = [name for name in kept_by if kept_by[name] != given_by[name]]
            return "; ".join(
                f"arm {name}: {field} is {kept_by[name].get(field)!r} there and {value!r} here"
                for name in changed
                for field, value in given_by[name].items()
                if kept_by[name].get(field) != value
            )
        kept, given = list(kept_by), list(given_by)
    return f"{key} is {_short(kept)} there and {_short(given)} here"


def _short(value: Any) -> str:
    return textwrap.shorten(repr(value), 200, placeholder=" ...")


def _write(path: str | os.PathLike[str], text: str) -> None:
    """Writes a file as a whole or not at all."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


class _Progress:
    """Tells of runs on standard error: a line that is written over in a terminal, a line per run elsewhere."""

    def __init__(self, total: int, is_told: bool) -> None:
        self._total = total
        self._is_told = is_told
        self._done = 0
        self._ran = 0
        self._began = time.monotonic()

    def advance(self, arm: str, seed: int, score: float, ran: bool = True) -> None:
        self._done += 1
        self._ran += ran
        if not self._is_told or not ran:
            return
        left = (self._total - self._done) * (time.monotonic() - self._began) / self._ran
        text = f"{self._done} of {self._total} runs, about {_duration(left)} left; {arm}, seed {seed}: {score:.6g}"
        if sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def finish(self) -> None:
        if self._is_told and self._ran and sys.stderr.isatty():
            print(file=sys.stderr)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
