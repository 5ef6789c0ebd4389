"""Samplers: which examples make which batch, as ``torch.utils.data.DataLoader`` takes them. None of them imports torch.

One class for each of the catalogue. Each is a batch sampler: an iteration gives the batches of an epoch, as lists of
indices, and ``DataLoader(dataset, batch_sampler=sampler)`` takes it as it is; so does
``torchdata.stateful_dataloader.StatefulDataLoader``, which stops and resumes at any batch.

>>> import curriculum as cl
>>> order = cl.orders.EasyFirst()([0.3, 0.9, 0.1, 0.5], seed=0)
>>> sampler = cl.samplers.Prefix(order, cl.pacing.Root(a=0.5, b=0.5), batch_size=1, total_steps=100, seed=0)
>>> sorted(sum(sampler, []))
[0, 2]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from curriculum import _core
from curriculum._catalogue import NEEDED, Shape, arguments, by_name as _by_name, classes, own_keywords, parameter_names
from curriculum._parameters import mapped, real, texts, whole
from curriculum._scores import difficulty as _difficulty
from curriculum.pacing import Pacing


class BatchSampler:
    """Batches of examples, one epoch an iteration, from any step on.

    **Epochs.** An epoch counts as started at its first batch, or where a state within it is loaded. An iteration of a started
    epoch is the next one, else the same again; one that learns goes on within an epoch that was left, since the next depends on
    the rest of it. ``len(sampler)`` are the batches of the epoch under way, or, where it is over or
    not begun, of the one that comes next: lengths grow with the pacing.

    **State.** :meth:`state_dict` is a value of its own, O(1) for samplers that learn nothing; :meth:`load_state_dict` takes it
    back in a sampler that was made alike, with another ``batch_size`` where it goes over an order, and the next iteration goes on behind the last batch drawn, bit for bit. A
    ``DataLoader`` with workers draws ahead of the training: ``state_dict(consumed=steps)`` is the state of the steps that were
    really taken. States know their settings and their past: what differs is a :class:`curriculum.StateError` that names it.

    **Ranks.** ``batch_size`` is that of all ranks together: each of ``num_replicas`` is given its share of every batch, in order
    of ``rank``, and takes as many steps as the others. Of a batch of fewer examples than ranks, one without a share is given an
    example of another's, which has weight 0 (:meth:`weights`), or an empty batch with ``allow_empty=True``. Where they are not given they are those of ``torch.distributed``, where it
    runs. States are the same at every rank, and of any number of them: a run goes on with more ranks, or fewer.

    **Feedback.** Samplers that learn are told losses by :meth:`update`. Some give nothing before they are told the losses of
    :meth:`wanted`; ``losses=``, a function from indices (n,) to losses (n,), is asked for these. Every rank must be told what all
    ranks saw, for all to draw the same.

    **Parts of the data.** With ``examples=`` (n,) of int the sampler draws from these alone, such as those that a pruning kept;
    its order and difficulty are of as many, and count within them.
    """

    _entry: dict[str, Any]
    _given: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = arguments(type(self), args, kwargs)
        self._given = dict(given)
        pacing = given.pop("pacing", None)
        if pacing is not None and not isinstance(pacing, Pacing):
            raise TypeError(f"argument pacing is a {type(pacing).__name__}, expected one of curriculum.pacing")
        ranks = (given.pop("num_replicas", None), given.pop("rank", None))
        num_replicas, rank = _ranks(*ranks)
        allow_empty, losses = given.pop("allow_empty", False), given.pop("losses", None)
        if losses is not None and not callable(losses):
            raise TypeError(f"argument losses is a {type(losses).__name__}, expected a function from indices to losses")
        inputs = {name: given.pop(name, None) for name in _INPUTS}
        inputs["pacing"] = None if pacing is None else pacing._core
        if inputs["difficulty"] is not None:
            inputs["difficulty"] = _difficulty(inputs["difficulty"], "difficulty")
        inputs["seed"] = 0 if inputs["seed"] is None else inputs["seed"]
        for name in ("batch_size", "total_steps", "seed", "n_examples"):
            inputs[name] = whole(name, inputs[name])
        parameters = texts(given, parameter_names(self._entry))
        self.batch_size: int = inputs["batch_size"]
        self.total_steps: int | None = inputs["total_steps"]
        name = self._entry["name"]
        inputs |= {"num_replicas": num_replicas, "rank": rank, "allow_empty": bool(allow_empty)}
        self._core = _core.Sampler(name, parameters, inputs, losses)

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self._core)

    def __len__(self) -> int:
        return len(self._core)

    @property
    def n_examples(self) -> int:
        """The number of examples that are drawn from."""
        return self._core.n_examples

    @property
    def step(self) -> int:
        """The steps drawn, from the beginning of the run on."""
        return self._core.step

    @property
    def n_drawn(self) -> int:
        """The batches that this object gave out, wherever it stood: what a training has really been shown."""
        return self._core.n_drawn

    @property
    def epoch(self) -> int:
        """The epoch under way, from 0 on."""
        return self._core.epoch

    @property
    def num_replicas(self) -> int:
        """The number of ranks."""
        return self._core.num_replicas

    @property
    def rank(self) -> int:
        """This rank."""
        return self._core.rank

    @property
    def learns(self) -> bool:
        """Whether it must be told losses."""
        return self._core.learns

    def run(self, total_steps: int | None = None) -> Iterator[list[int]]:
        """What is left of ``total_steps`` batches, epoch after epoch: those of the sampler where none are given.

        A budget of updates: every curriculum gets the same number, whatever its epochs are.
        """
        end = self.total_steps if total_steps is None else whole("total_steps", total_steps)
        if end is None:
            raise ValueError("argument total_steps is missing, expected the steps of the whole run")
        while self.step < end:
            # One that was left goes on where it is.
            self._core.go_on()
            for batch in self:
                yield batch
                if self.step >= end:
                    break

    def set_epoch(self, epoch: int) -> None:
        """Goes to the beginning of an epoch. One that was just resumed within goes on where it is."""
        self._core.set_epoch(whole("epoch", epoch))

    def seek(self, step: int) -> None:
        """Goes to a step: the next iteration goes through the rest of its epoch."""
        self._core.seek(whole("step", step))

    def state_dict(self, consumed: int | None = None) -> dict[str, Any]:
        """The state after ``consumed`` steps of the run; without, after those that were drawn."""
        return self._core.state_dict(whole("consumed", consumed))

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Goes on where a state was taken. ``StateError`` where it is of other data, settings or past, or damaged."""
        self._core.load_state_dict(dict(mapped("state_dict", state_dict, "what state_dict() gave")))

    def wanted(self) -> np.ndarray:
        """The examples (n,) whose losses, under the model as it is now, must be told before the next batch."""
        return self._core.wanted()

    def update(self, indices: Any, losses: Any, step: int | None = None) -> None:
        """Tells the losses (b,) of examples (b,): of those wanted, or of a batch that was drawn, whole or in parts.

        Which batch is found by its examples, unless ``step`` says. Nothing is learned from them by samplers of a fixed order,
        so that a loop can tell any sampler. ``ValueError`` on NaN, and where no batch drawn has these examples.
        """
        self._core.update(indices, losses, whole("step", step))

    def weights(self, indices: Any, step: int | None = None) -> np.ndarray:
        """How much each example of a batch that was drawn counts in the loss, (b,) of float64: ones unless the sampler weighs.

        Asked for before :meth:`update`: the weighted loss of a batch is ``(weights * losses).mean()``.
        """
        return self._core.weights(indices, whole("step", step))

    def validated(self, score: float) -> None:
        """Tells a score on held-out data, higher being better, to a sampler that goes by the learner's progress."""
        self._core.validated(real("score", score))

    def by_example(self) -> ExampleSampler:
        """The same, example by example: for ``DataLoader(dataset, sampler=..., batch_size=...)``, which cuts batches itself."""
        return ExampleSampler(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_made, (type(self), self._given), self.state_dict())

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.load_state_dict(state)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} sampler of {self.n_examples} examples, batches of {self.batch_size}, "
            f"step {self.step} of epoch {self.epoch}>"
        )


class ExampleSampler:
    """The examples of a batch sampler one by one, an epoch an iteration, from any example on."""

    def __init__(self, batches: BatchSampler) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[int]:
        return self.batches._core.iterate_examples()

    def __len__(self) -> int:
        return self.batches._core.n_examples_of_epoch()

    def set_epoch(self, epoch: int) -> None:
        """Goes to the beginning of an epoch."""
        self.batches.set_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """The state after the examples drawn."""
        return self.batches.state_dict()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Goes on where a state was taken."""
        self.batches.load_state_dict(state_dict)

    def __repr__(self) -> str:
        return f"{self.batches!r} by example"


def _ranks(num_replicas: Any, rank: Any) -> tuple[int, int]:
    """The number of ranks and this one: as given, else as ``torch.distributed`` says where it runs."""
    distributed: Any = sys.modules.get("torch.distributed")
    runs = distributed is not None and distributed.is_available() and distributed.is_initialized()
    if num_replicas is None:
        num_replicas = distributed.get_world_size() if runs else 1
    if rank is None:
        rank = distributed.get_rank() if runs else 0
    return whole("num_replicas", num_replicas), whole("rank", rank)


def _made(cls: type[BatchSampler], given: dict[str, Any]) -> BatchSampler:
    sampler: BatchSampler = cls(**given)
    return sampler


_INPUTS = (
    "order",
    "difficulty",
    "classes",
    "irreducible",
    "lengths",
    "weights",
    "n_examples",
    "examples",
    "batch_size",
    "total_steps",
    "seed",
)


_COMMON = {
    "seed": 0,
    "examples": None,
    "num_replicas": None,
    "rank": None,
    "allow_empty": False,
    "losses": None,
}


def _shape(entry: dict[str, Any]) -> Shape:
    inputs = entry["inputs"]
    places = {name: NEEDED if name == "order" else None for name in ("order", "pacing") if name in inputs}
    # As many as there are examples to draw from, where these are given.
    data = {name: None if name == "n_examples" else NEEDED for name in _DATA if name in inputs}
    run: dict[str, Any] = {"batch_size": NEEDED, "total_steps": None}
    if "pacing" in inputs and "difficulty" not in inputs:
        # For pacings that go by difficulty.
        run["difficulty"] = None
    return Shape(places, data | run | own_keywords(entry) | _COMMON)


_DATA = ("n_examples", "difficulty", "classes", "irreducible", "lengths", "weights")
_found = classes("samplers", BatchSampler, __name__, shape=_shape)
globals().update(_found)
__all__ = ["BatchSampler", "ExampleSampler", "by_name", *_found]


def by_name(name: str, *args: Any, **parameters: Any) -> Any:
    """The class of the sampler of this name, or the sampler itself where arguments are given."""
    cls = _by_name("samplers", _found, name)
    return cls(*args, **parameters) if args or parameters else cls
