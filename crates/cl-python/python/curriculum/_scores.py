"""Scores: values that know their metric, which way it points, and whose they are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from curriculum import _core
from curriculum._parameters import classes_of, listed, mapped, named, reals, shown, whole

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


class Score(np.ndarray):
    """One metric of all examples: a float64 array (n,) that knows which way it points.

    ``higher_is`` is ``"hard"`` or ``"easy"``, or ``None`` where the metric is no difficulty. Orders and selections read
    it, so that the hardest of an AUM, where high is easy, are its lowest values. Views and slices keep it; what is
    computed of a score is a plain array, of which nobody can know.
    """

    name: str | None
    higher_is: Literal["hard", "easy"] | None

    def __new__(cls, values: Any, name: str | None = None, higher_is: Literal["hard", "easy"] | None = None) -> Score:
        if higher_is not in ("hard", "easy", None):
            raise ValueError(f"argument higher_is is {higher_is!r}, expected 'hard', 'easy' or None")
        score = reals("values", values).view(cls)
        score.name = None if name is None else named("name", name)
        score.higher_is = higher_is
        return score

    def __array_finalize__(self, source: Any) -> None:
        # Places, as of argsort, are no score.
        is_score = self.dtype == np.float64
        self.name = getattr(source, "name", None) if is_score else None
        self.higher_is = getattr(source, "higher_is", None) if is_score else None

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        plain = [value.view(np.ndarray) if isinstance(value, Score) else value for value in inputs]
        if out is not None:
            kwargs["out"] = tuple(value.view(np.ndarray) if isinstance(value, Score) else value for value in out)
        return getattr(ufunc, method)(*plain, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        # What is computed is a plain array.
        return function(*_plain(args), **_plain(kwargs))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Score, (np.asarray(self), self.name, self.higher_is))

    @property
    def difficulty(self) -> np.ndarray:
        """The values as a difficulty, higher = harder: negated where high is easy.

        Raises ``ValueError`` where the metric is no difficulty.
        """
        values: np.ndarray = difficulty(self)
        return values


def _plain(value: Any) -> Any:
    """The same with plain arrays for scores."""
    if isinstance(value, Score):
        return value.view(np.ndarray)
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    if type(value) is dict:
        return {name: _plain(held) for name, held in value.items()}
    return value


def difficulty(scores: Any, argument: str = "scores") -> Any:
    """Scores as a difficulty, higher = harder; what does not say which way it points is taken for one."""
    if not isinstance(scores, Score) or (scores.higher_is is None and scores.name is None):
        return scores.view(np.ndarray) if isinstance(scores, Score) else scores
    if scores.higher_is is None:
        raise ValueError(
            f"argument {argument} is {scores.name}, of which neither high nor low is hard, expected a difficulty; "
            f"numpy.asarray({argument}) takes its high values for hard"
        )
    plain = scores.view(np.ndarray)
    return plain if scores.higher_is == "hard" else -plain


_COLUMNS = "mappings with a name, values and higher_is_harder"
_POINTING: dict[bool | None, Literal["hard", "easy"] | None] = {True: "hard", False: "easy", None: None}


def _own(argument: str, column: Any) -> dict[str, Any]:
    """A column whose values are its own, whatever becomes of the array given."""
    taken = dict(mapped(argument, column, _COLUMNS))
    for name in ("name", "values"):
        if name not in taken:
            raise ValueError(f"argument {argument} has no {name!r}, expected {_COLUMNS}")
    named(f"{argument}['name']", taken["name"])
    values = reals(f"{argument}['values']", taken["values"])
    if values.ndim != 1:
        raise ValueError(
            f"argument {argument}['values'] is of shape {values.shape}, expected one number for each example, of shape (n,)"
        )
    pointing = taken.get("higher_is_harder")
    if pointing is not None and not isinstance(pointing, (bool, np.bool_)):
        raise ValueError(
            f"argument {argument}['higher_is_harder'] is {shown(pointing)}, expected True, False or None"
        )
    if taken.get("metric"):
        named(f"{argument}['metric']", taken["metric"])
    if taken.get("options"):
        for name, value in mapped(f"{argument}['options']", taken["options"], "texts by name").items():
            named(f"{argument}['options']", name)
            named(f"{argument}['options'][{name!r}]", value)
    return taken | {"values": np.array(values, order="C")}


class Scores(Mapping[str, Score]):
    """Scores of the same examples by metric: a mapping from name to :class:`Score`, (n,) each.

    ``ids`` and ``labels`` say whose scores they are; their ``fingerprint`` travels with what is saved, so that scores
    joined to other data are found out. Data frames take it without a copy: it speaks Arrow's C data interface
    (``pyarrow.table(scores)``, :meth:`to_polars`).
    """

    def __init__(
        self,
        columns: Sequence[Mapping[str, Any]],
        ids: Sequence[str] | Sequence[int] | None = None,
        labels: Any = None,
        epochs: Sequence[int] = (),
    ) -> None:
        given = listed("columns", columns, _COLUMNS)
        self._set([_own(f"columns[{at}]", column) for at, column in enumerate(given)], ids, labels, epochs, None)

    @classmethod
    def _of(cls, columns: Any, ids: Any, labels: Any, epochs: Any = (), n_never_learned: int | None = None) -> Scores:
        """Of arrays that nobody else has."""
        scores = cls.__new__(cls)
        scores._set(columns, ids, labels, epochs, n_never_learned)
        return scores

    def _set(
        self,
        columns: Sequence[Mapping[str, Any]],
        ids: Sequence[str] | Sequence[int] | None,
        labels: Any,
        epochs: Sequence[int],
        n_never_learned: int | None,
    ) -> None:
        self._columns: dict[str, Score] = {}
        self._described: dict[str, tuple[str, dict[str, str]]] = {}
        for column in columns:
            score = Score(column["values"], column["name"], _POINTING[column.get("higher_is_harder")])
            # Lent to data frames, which must not see it change.
            score.flags.writeable = False
            self._columns[column["name"]] = score
            self._described[column["name"]] = (
                column.get("metric") or column["name"],
                dict(column.get("options") or {}),
            )
        lengths = {name: len(score) for name, score in self._columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"argument columns is of lengths {lengths}, expected one value for each example")
        n = next(iter(lengths.values()), 0)
        self.ids: list[Any] | None = None if ids is None else listed("ids", ids, "texts or whole numbers")
        self.labels = None if labels is None else classes_of("labels", labels)
        for name, given in (("ids", self.ids), ("labels", self.labels)):
            if given is not None and len(given) != n:
                raise ValueError(f"argument {name} is of {len(given)} examples, expected {n}, as the scores")
        self.epochs = tuple(whole("epochs", epoch) for epoch in listed("epochs", epochs, "whole numbers"))
        self._n_never_learned = n_never_learned

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for score in self._columns.values():
            score.flags.writeable = False

    def __getitem__(self, name: str) -> Score:
        try:
            return self._columns[name]
        except KeyError:
            raise KeyError(f"no score {name!r}, expected one of {', '.join(self._columns)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return f"<Scores of {self.n_examples} examples: {', '.join(self._columns)}>"

    @property
    def n_examples(self) -> int:
        """How many examples have scores."""
        return len(next(iter(self._columns.values()), ()))

    @property
    def fingerprint(self) -> str:
        """The hash of ids and labels: scores of other data have another."""
        return _core.fingerprint(self.n_examples, self.ids, self.labels)

    def difficulty(self, name: str) -> np.ndarray:
        """A score as a difficulty (n,), higher = harder, whichever way the metric points.

        Raises ``ValueError`` where it is no difficulty, ``KeyError`` where there is no such score.
        """
        values: np.ndarray = difficulty(self[name], name)
        return values

    def to_pandas(self) -> pd.DataFrame:
        """A data frame with a column for each score, indexed by ids where there are any."""
        import pandas as pd

        frame = pd.DataFrame({name: np.asarray(score) for name, score in self._columns.items()})
        if self.labels is not None:
            frame.insert(0, "label", self.labels)
        if self.ids is not None:
            frame.index = pd.Index(self.ids, name="id")
        return frame

    def to_polars(self) -> pl.DataFrame:
        """A data frame with a column for each score, behind ids and labels where there are any; scores are not copied."""
        import polars as pl

        return pl.DataFrame(_Stream(self))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a table of scores, whole or not at all: ``.csv``, ``.jsonl``, ``.parquet``, ``.npz`` or ``.npy`` by the path.

        Beside it, ``PATH.json`` says which way each column points and whose scores they are; the `curriculum` command
        and :meth:`load` read both. Raises ``ValueError`` on another ending, ``OSError`` where it cannot be written.
        """
        _core.write_scores(path, self._given(), self.ids, self.labels, list(self.epochs), self._n_never_learned)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Scores:
        """Reads a table of scores: what :meth:`save`, the `curriculum` command or anybody else wrote.

        Raises ``ValueError`` where it is none, or belongs to other data than the file beside it says.
        """
        table = _core.read_scores(path)
        return cls._of(table["columns"], table["ids"], table["labels"])

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        ids = None if self.ids is None else [str(identity) for identity in self.ids]
        labels = None if self.labels is None else self.labels.tolist()
        columns = [np.asarray(score) for score in self._columns.values()]
        return _core.arrow_stream(list(self._columns), columns, ids, labels)

    def _given(self) -> list[dict[str, Any]]:
        pointing = {"hard": True, "easy": False, None: None}
        return [
            {
                "name": name,
                "values": np.asarray(score),
                "higher_is_harder": pointing[score.higher_is],
                "metric": self._described[name][0],
                "options": self._described[name][1],
            }
            for name, score in self._columns.items()
        ]


class _Stream:
    """Scores as a stream and nothing else, where a mapping would be read by its entries."""

    def __init__(self, scores: Scores) -> None:
        self._scores = scores

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._scores.__arrow_c_stream__(requested_schema)
