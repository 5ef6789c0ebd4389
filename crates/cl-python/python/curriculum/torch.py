"""What training loops with PyTorch share: examples with their indices, batches in epochs of one length, losses by example.

Needs ``torch``; :mod:`curriculum.huggingface` and :mod:`curriculum.lightning` stand on it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

try:
    import torch
except ImportError as error:
    raise ImportError("curriculum.torch needs torch: pip install 'curriculum-learning[torch]'") from error

from curriculum import _core
from curriculum.samplers import BatchSampler

INDEX = "index"
"""The key of the indices in batches that are mappings."""

_VERSION = 1
_MOST_EMPTY_EPOCHS = 100


class Indexed(torch.utils.data.Dataset):
    """A map-style data set whose items know their index: ``(item, index)``, or the item with the key ``"index"`` where it is a
    mapping.

    ``ValueError`` on an item that has the key already.

    >>> Indexed(["a", "b"])[1]
    ('b', 1)
    >>> Indexed([{"x": 0.5}])[0]
    {'x': 0.5, 'index': 0}
    """

    def __init__(self, dataset: Any) -> None:
        if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
            raise TypeError(f"argument dataset is a {type(dataset).__name__}, expected a map-style data set with a length")
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        return _with_index(self.dataset[index], index)

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        return [_with_index(item, index) for item, index in zip(items_of(self.dataset, indices), indices)]


def _with_index(item: Any, index: int) -> Any:
    if not isinstance(item, Mapping):
        return (item, index)
    if INDEX in item:
        raise ValueError(f"the data set's item {index} has a key {INDEX!r}, expected none: the index is put there")
    return {**item, INDEX: index}


def items_of(dataset: Any, indices: Sequence[int]) -> Sequence[Any]:
    """Items of a map-style data set, all at once where it can give them so."""
    many = getattr(dataset, "__getitems__", None)
    return many(list(indices)) if many is not None else [dataset[index] for index in indices]


@dataclass(eq=False)
class Drawn:
    """A batch that was drawn, as this rank has it."""

    indices: list[int]
    """Its examples."""
    step: int
    """Its step in the sampler's run."""
    epoch: int
    """Its epoch by the sampler's count."""
    weights: np.ndarray
    """How much each of its examples counts."""
    told: bool = False
    """Whether the sampler knows its losses."""

    @property
    def is_weighed(self) -> bool:
        """Whether not all of its examples count the same, 1."""
        return bool((self.weights != 1.0).any())


class Batches:
    """A sampler's batches in epochs of one length, for trainers that count batches.

    Trainers take the length of the first epoch for that of all of them: those of a sampler whose epochs grow or shrink would be
    cut, or missed. Here an iteration gives ``length`` batches, from the first on that was not taken, through as many of the
    sampler's own epochs as that needs. By default that is one pass over all examples, so that an epoch of the trainer, its
    schedule and its budget are those of plain shuffling, whatever the curriculum.

    A loader draws ahead of the training. What was trained on is said by :meth:`take`, and :meth:`taken_state` is the state
    behind it; :meth:`state_dict`, which ``StatefulDataLoader`` asks for, is that behind what was drawn.

    With several ranks, shares of a batch that cannot be divided evenly differ by one example. Trainers average the ranks' means,
    so that each example of a smaller share counts a little more: a ``batch_size`` and a number of examples that divide avoid it.

    Parameters
    ----------
    sampler
        One of :mod:`curriculum.samplers`.
    length
        The batches of an epoch, by default ``ceil(n_examples / batch_size)``.
    losses_of
        A function from indices (n,) to their losses (n,) under the model as it is now, for samplers that ask before they
        draw, where ``losses=`` of the sampler does not answer. Each rank is asked for a part.

    >>> import curriculum as cl
    >>> batches = Batches(cl.samplers.Shuffle(n_examples=10, batch_size=4, seed=0))
    >>> [len(batch) for batch in batches]
    [4, 4, 2]
    """

    def __init__(
        self,
        sampler: BatchSampler,
        length: int | None = None,
        losses_of: Callable[[np.ndarray], Any] | None = None,
    ) -> None:
        if not isinstance(sampler, BatchSampler):
            raise TypeError(f"argument sampler is a {type(sampler).__name__}, expected one of curriculum.samplers")
        if length is None:
            length = math.ceil(sampler.n_examples / sampler.batch_size)
        if not isinstance(length, int) or isinstance(length, bool):
            raise TypeError(f"argument length is {length!r}, expected a whole number of batches")
        if length < 1:
            raise ValueError(f"argument length is {length}, expected at least 1 batch")
        # Not "sampler", which Lightning and accelerate look for here and tell their own count of epochs.
        self.source = sampler
        self.length = length
        self.losses_of = losses_of
        self.n_taken = 0
        self._taken = sampler.step
        self._ahead: deque[Drawn] = deque()
        self._rest: Iterator[list[int]] | None = None
        self._skip = 0

    @property
    def batch_size(self) -> int:
        """The examples of a batch, of all ranks together."""
        return self.source.batch_size

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[list[int]]:
        skip, self._skip = min(self._skip, self.length), 0
        for _ in range(skip):
            yield []
        if self._ahead:
            # An iteration that was left early: what it drew and nobody took comes again.
            self._load(self.taken_state())
        for _ in range(self.length - skip):
            yield self._draw().indices

    def skip(self, n: int) -> None:
        """Lets the next iteration begin with ``n`` empty batches, for trainers that throw away as many after a resumption."""
        self._skip = n

    def rank(self, num_replicas: int, rank: int) -> None:
        """Makes the sampler that of ``rank`` of ``num_replicas``, unless it is.

        ``ValueError`` where it was made for others.
        """
        sampler = self.source
        if (sampler.num_replicas, sampler.rank) == (num_replicas, rank):
            return
        for name, is_value in (("num_replicas", num_replicas), ("rank", rank)):
            given = sampler._given.get(name)
            if given is not None and given != is_value:
                raise ValueError(f"argument {name} of the sampler is {given}, expected {is_value} as the trainer has it, or none")
        state = self.taken_state()
        self.source = type(sampler)(**{**sampler._given, "num_replicas": num_replicas, "rank": rank})
        self._load(state)

    def check(self, dataset: Any) -> None:
        """``ValueError`` where a data set has not the examples that the sampler draws from."""
        examples, n = self.source._given.get("examples"), len(dataset)
        if examples is None and n != self.source.n_examples:
            raise ValueError(f"the data set has {n} examples, expected the {self.source.n_examples} of the sampler")
        if examples is not None and n <= np.max(examples):
            raise ValueError(f"the data set has {n} examples, expected more than {np.max(examples)}, one of the sampler's examples")

    def find(self, indices: Any) -> Drawn:
        """The earliest batch of these examples, in this order, that was drawn and not taken; ``ValueError`` where there is none."""
        wanted = [int(index) for index in indices]
        for drawn in self._ahead:
            if drawn.indices == wanted:
                return drawn
        shown = ", ".join(map(str, wanted[:5])) + (", ..." if len(wanted) > 5 else "")
        raise ValueError(
            f"argument indices is [{shown}], of no batch that was drawn and not trained on, expected those of the batch as the "
            "loader gave it: is its batch_sampler another?"
        )

    def tell(self, drawn: Drawn, losses: Any) -> None:
        """Tells the sampler the losses (b,) of a batch, of all ranks together, where it learns."""
        if self.source.learns and not drawn.told:
            told = self._gathered(np.asarray(drawn.indices), _array(losses))
            self.source.update(*told, step=drawn.step)
            drawn.told = True

    def take(self, drawn: Drawn) -> None:
        """Says that a batch was trained on."""
        while self._ahead:
            if self._ahead.popleft() is drawn:
                break
        self._taken = drawn.step + 1
        self.n_taken += 1

    def record(self, recorder: Any, drawn: Drawn, values: Any, labels: Any, epoch: int | None, outputs: str | None = None) -> None:
        """Tells a recorder what the model said of a batch, of all ranks together."""
        arrays = [np.asarray(drawn.indices), _array(values)]
        if labels is not None:
            arrays.append(_array(labels))
        indices, said, *rest = self._gathered(*arrays)
        recorder.update(indices, said, rest[0] if rest else None, epoch=epoch, outputs=outputs)

    def taken_state(self) -> dict[str, Any]:
        """The state behind the last batch that was taken."""
        consumed = self._taken if self._ahead else None
        return {"version": _VERSION, "batches": self.n_taken, "sampler": self.source.state_dict(consumed)}

    def state_dict(self) -> dict[str, Any]:
        """The state behind the last batch that was drawn."""
        n = self.n_taken + len(self._ahead)
        return {"version": _VERSION, "batches": n, "sampler": self.source.state_dict()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Goes on where a state was taken. ``StateError`` where it is of other data or settings, or damaged."""
        for name, kind in (("version", int), ("batches", int), ("sampler", Mapping)):
            if not isinstance(state_dict.get(name), kind):
                found = state_dict.get(name)
                raise _core.StateError(f"the state's {name!r} is {found!r}, expected what a training with a curriculum saved")
        if state_dict["version"] != _VERSION:
            raise _core.StateError(f"the state is of version {state_dict['version']}, expected {_VERSION}")
        self._load(state_dict)

    def _load(self, state: Mapping[str, Any]) -> None:
        self.source.load_state_dict(state["sampler"])
        self.n_taken = state["batches"]
        self._taken = self.source.step
        self._ahead.clear()
        self._rest = None
        self._skip = 0

    def _draw(self) -> Drawn:
        n_empty = 0
        while True:
            try:
                self._answer()
                if self._rest is None:
                    self._rest = iter(self.source)
                indices = next(self._rest)
            except StopIteration:
                self._rest = None
                n_empty += 1
                if n_empty > _MOST_EMPTY_EPOCHS:
                    raise ValueError(f"the sampler gave no batch in {n_empty} epochs, expected one: {self.source!r}") from None
                continue
            except RuntimeError:
                if self._tell_ahead():
                    continue
                raise
            drawn = Drawn(indices, self.source.step - 1, self.source.epoch, self.source.weights(indices))
            self._ahead.append(drawn)
            return drawn

    def _answer(self) -> None:
        """Tells the losses that the sampler waits for."""
        sampler = self.source
        if not sampler.learns or self.losses_of is None or sampler._given.get("losses") is not None:
            return
        wanted = sampler.wanted()
        if len(wanted) == 0:
            return
        n_ranks, rank = sampler.num_replicas, sampler.rank
        size = -(-len(wanted) // n_ranks)
        # As many for each rank, so that all of them run the model as often: the last have some again.
        share = np.resize(wanted, size * n_ranks)[rank * size : (rank + 1) * size]
        (losses,) = self._gathered(_array(self.losses_of(share)))
        sampler.update(wanted, losses[: len(wanted)])

    def _tell_ahead(self) -> bool:
        """Tells losses of batches that are drawn and not trained on, for a sampler that waits for them within one update."""
        waiting = [drawn for drawn in self._ahead if not drawn.told]
        if not self.source.learns or self.losses_of is None or not waiting:
            return False
        for drawn in waiting:
            self.tell(drawn, self.losses_of(np.asarray(drawn.indices)))
        return True

    def _gathered(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """Arrays of all ranks, one behind the other."""
        if self.source.num_replicas == 1:
            return list(arrays)
        everywhere: list[Any] = [None] * self.source.num_replicas
        torch.distributed.all_gather_object(everywhere, arrays)
        return [np.concatenate(parts) for parts in zip(*everywhere)]


class Loader(torch.utils.data.DataLoader):
    """A ``DataLoader`` over :class:`Batches` whose state is that of the batches taken, for trainers that ask a loader for it."""

    def state_dict(self) -> dict[str, Any]:
        """The state behind the last batch that was taken."""
        return self.batch_sampler.taken_state()  # type: ignore[union-attr]

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Goes on where a state was taken."""
        self.batch_sampler.load_state_dict(state_dict)  # type: ignore[union-attr]


def example_losses(logits: torch.Tensor, labels: torch.Tensor, ignore_index: int = -100) -> torch.Tensor:
    """The loss of each example, (b,).

    Cross-entropy in nats for logits (b, c) and labels (b,) of int; for logits (b, ..., c) and labels (b, ...) its mean over
    what is not ``ignore_index``, 0 where all is; squared error, its mean over the outputs, for values and labels of float.

    ``ValueError`` on other shapes.

    >>> import torch
    >>> example_losses(torch.zeros(2, 4), torch.tensor([0, 3]))
    tensor([1.3863, 1.3863])
    """
    if labels.is_floating_point():
        if logits.numel() == labels.numel():
            errors = (logits.reshape(labels.shape).float() - labels.float()).square()
            return errors.flatten(1).mean(1) if labels.dim() > 1 else errors
    elif labels.dim() > 0 and logits.shape[:-1] == labels.shape:
        losses = torch.nn.functional.cross_entropy(
            logits.flatten(0, -2).float(), labels.flatten(), ignore_index=ignore_index, reduction="none"
        )
        if labels.dim() == 1:
            return losses
        n_counted = (labels != ignore_index).flatten(1).sum(1).clamp(min=1)
        return losses.view(labels.shape).flatten(1).sum(1) / n_counted
    raise ValueError(
        f"argument logits is of shape {tuple(logits.shape)} beside labels {tuple(labels.shape)} of {labels.dtype}, expected "
        "(b, ..., c) beside (b, ...) of int, or the same shape of float"
    )


def _array(values: Any) -> np.ndarray:
    """Numbers in the processor's memory, as NumPy has them."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        return (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    return np.asarray(values)
