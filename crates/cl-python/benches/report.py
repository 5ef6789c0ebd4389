"""Tables of what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Settings:
    """How large a run is."""

    quick: bool
    threads: int

    def size(self, full: Any, quick: Any) -> Any:
        """The one or the other."""
        return quick if self.quick else full

    def thread_counts(self) -> list[int]:
        """One thread, and all where these are more; of a quick run one."""
        return sorted({1, self.size(self.threads, 1)})


@dataclass
class Table:
    """One table: what it is, how it was measured, its rows, and every measurement behind them."""

    title: str
    notes: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    measured: list[dict[str, Any]] = field(default_factory=list)

    def row(self, cells: Iterable[str], **measured: Any) -> None:
        """Adds a row, its first cell text, the others numbers; `measured` is what they are made of."""
        cells = list(cells)
        self.rows.append(cells + [""] * (len(self.columns) - len(cells)))
        self.measured.append({"row": cells[0], **measured})

    def markdown(self) -> str:
        """The table with its heading and its notes."""
        head = ["| " + " | ".join(self.columns) + " |", "| --- |" + " ---: |" * (len(self.columns) - 1)]
        rows = ["| " + " | ".join(cells) + " |" for cells in self.rows]
        return "\n".join([f"## {self.title}", "", self.notes, "", *head, *rows])

    def raw(self) -> dict[str, Any]:
        """What is written as JSON."""
        return {"title": self.title, "notes": self.notes, "rows": self.measured}


def significant(value: float) -> str:
    """Three digits."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return f"{value:,.0f}" if "e+" in text else text


def _scaled(least: float, units: list[tuple[str, float]]) -> tuple[str, float]:
    return next(((unit, scale) for unit, scale in units if least >= scale), units[-1])


def spread(values: list[float], unit: str, scale: float) -> str:
    """The median, and the least and the greatest."""
    scaled = sorted(value / scale for value in values)
    text = significant(median(scaled))
    if len(scaled) > 1:
        text += f" [{significant(scaled[0])}, {significant(scaled[-1])}]"
    return f"{text} {unit}".rstrip()


def seconds(values: list[float]) -> str:
    """Seconds, in the unit that suits."""
    unit, scale = _scaled(median(values), [("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)])
    return spread(values, unit, scale)


def per_second(counts: list[float]) -> str:
    """Something a second, in thousands."""
    return spread(counts, "k/s", 1e3)


def megabytes(value: float | None) -> str:
    """Memory."""
    return "unknown" if value is None else f"{significant(value)} MB"


def ratio(values: list[float], first: list[float]) -> str:
    """The median of the ratios of the rounds."""
    return significant(median(value / reference for value, reference in zip(values, first, strict=True)))


def blocks(
    groups: Iterable[Iterable[Any]],
    failed: Callable[[Any], str | None],
    row: Callable[[Any, Any], tuple[list[str], dict[str, Any]]],
    table: Table,
) -> None:
    """Adds the rows of groups of sides, each side beside the first of its group that did not fail."""
    for group in groups:
        first = None
        for side in group:
            reason = failed(side)
            if reason is not None:
                table.row([side.label, reason], error=reason)
                continue
            first = side if first is None else first
            cells, measured = row(side, first)
            table.row(cells, **measured)
