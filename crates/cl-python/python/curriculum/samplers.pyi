# Written by crates/cl-python/stubs.py, of the catalogue.

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

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

    batch_size: int
    total_steps: int | None

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __iter__(self) -> Iterator[list[int]]: ...

    def __len__(self) -> int: ...

    @property
    def n_examples(self) -> int:
        """The number of examples that are drawn from."""

    @property
    def step(self) -> int:
        """The steps drawn, from the beginning of the run on."""

    @property
    def n_drawn(self) -> int:
        """The batches that this object gave out, wherever it stood: what a training has really been shown."""

    @property
    def epoch(self) -> int:
        """The epoch under way, from 0 on."""

    @property
    def num_replicas(self) -> int:
        """The number of ranks."""

    @property
    def rank(self) -> int:
        """This rank."""

    @property
    def learns(self) -> bool:
        """Whether it must be told losses."""

    def run(self, total_steps: int | None = None) -> Iterator[list[int]]:
        """What is left of ``total_steps`` batches, epoch after epoch: those of the sampler where none are given.

        A budget of updates: every curriculum gets the same number, whatever its epochs are.
        """

    def set_epoch(self, epoch: int) -> None:
        """Goes to the beginning of an epoch. One that was just resumed within goes on where it is."""

    def seek(self, step: int) -> None:
        """Goes to a step: the next iteration goes through the rest of its epoch."""

    def state_dict(self, consumed: int | None = None) -> dict[str, Any]:
        """The state after ``consumed`` steps of the run; without, after those that were drawn."""

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Goes on where a state was taken. ``StateError`` where it is of other data, settings or past, or damaged."""

    def wanted(self) -> np.ndarray:
        """The examples (n,) whose losses, under the model as it is now, must be told before the next batch."""

    def update(self, indices: Any, losses: Any, step: int | None = None) -> None:
        """Tells the losses (b,) of examples (b,): of those wanted, or of a batch that was drawn, whole or in parts.

        Which batch is found by its examples, unless ``step`` says. Nothing is learned from them by samplers of a fixed order,
        so that a loop can tell any sampler. ``ValueError`` on NaN, and where no batch drawn has these examples.
        """

    def weights(self, indices: Any, step: int | None = None) -> np.ndarray:
        """How much each example of a batch that was drawn counts in the loss, (b,) of float64: ones unless the sampler weighs.

        Asked for before :meth:`update`: the weighted loss of a batch is ``(weights * losses).mean()``.
        """

    def validated(self, score: float) -> None:
        """Tells a score on held-out data, higher being better, to a sampler that goes by the learner's progress."""

    def by_example(self) -> ExampleSampler:
        """The same, example by example: for ``DataLoader(dataset, sampler=..., batch_size=...)``, which cuts batches itself."""

    def __reduce__(self) -> tuple[Any, ...]: ...

    def __setstate__(self, state: Mapping[str, Any]) -> None: ...

    def __repr__(self) -> str: ...

class ExampleSampler:
    """The examples of a batch sampler one by one, an epoch an iteration, from any example on."""

    def __init__(self, batches: BatchSampler) -> None: ...

    def __iter__(self) -> Iterator[int]: ...

    def __len__(self) -> int: ...

    def set_epoch(self, epoch: int) -> None:
        """Goes to the beginning of an epoch."""

    def state_dict(self) -> dict[str, Any]:
        """The state after the examples drawn."""

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Goes on where a state was taken."""

    def __repr__(self) -> str: ...

class Prefix(BatchSampler):
    """Epochs over what is available when they begin (Wu)."""

    def __init__(
        self,
        order: ArrayLike,
        pacing: Pacing | None = None,
        *,
        batch_size: int,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class MiniBatch(BatchSampler):
    """Every batch anew from what is available (Hacohen)."""

    def __init__(
        self,
        order: ArrayLike,
        pacing: Pacing | None = None,
        *,
        batch_size: int,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class Competence(BatchSampler):
    """Every batch anew from what is at most as difficult as the competence (Platanios).

    Parameters
    ----------
    equal, by default covered
        what is equally difficult comes when covered, or when reached
    """

    def __init__(
        self,
        pacing: Pacing | None = None,
        *,
        difficulty: ArrayLike,
        batch_size: int,
        total_steps: int | None = None,
        equal: str = 'covered',
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class Clocked(BatchSampler):
    """Epochs over what is available, by a clock of choice.

    Parameters
    ----------
    clock, by default examples
        updates, examples or epochs
    total
        the count of the clock at which the pacing ends
    """

    def __init__(
        self,
        order: ArrayLike,
        pacing: Pacing | None = None,
        *,
        batch_size: int,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
        clock: str = 'examples',
        total: int | None = None,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class Shuffle(BatchSampler):
    """Epochs in a new random order each: standard training."""

    def __init__(
        self,
        *,
        n_examples: int | None = None,
        batch_size: int,
        total_steps: int | None = None,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class Sequential(BatchSampler):
    """The order as it is, in every epoch."""

    def __init__(
        self,
        order: ArrayLike,
        *,
        batch_size: int,
        total_steps: int | None = None,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class SelfPaced(BatchSampler):
    """Each epoch what has a loss below a threshold that grows (Kumar).

    Parameters
    ----------
    lambda_
        the threshold of the first epoch, above 0
    mu, by default 1.3
        the factor by which it grows per epoch, above 1
    """

    def __init__(
        self,
        *,
        n_examples: int | None = None,
        batch_size: int,
        total_steps: int | None = None,
        lambda_: float | None = None,
        mu: float = 1.3,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class InstanceHardness(BatchSampler):
    """Fewer and fewer examples an epoch, drawn by how hard each has been all along (DIHCL).

    Parameters
    ----------
    measure, by default loss
        loss, loss-change, or flip of 0-1 losses
    gamma, by default 0.95
        the weight of the latest hardness, in (0, 1]
    warm_epochs, by default 5
        the epochs over all examples at first
    gamma_k, by default 0.85
        the factor by which the share per epoch falls, in (0, 1]
    k, by default 0.2
        the share at which it stops falling, in (0, 1]
    """

    def __init__(
        self,
        *,
        n_examples: int | None = None,
        batch_size: int,
        total_steps: int | None = None,
        measure: str = 'loss',
        gamma: float = 0.95,
        warm_epochs: int = 5,
        gamma_k: float = 0.85,
        k: float = 0.2,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class RhoLoss(BatchSampler):
    """Of every large batch what has the largest reducible loss (Mindermann).

    Parameters
    ----------
    factor, by default 10
        the large batch is this many batches, at most all examples
    """

    def __init__(
        self,
        *,
        irreducible: ArrayLike,
        batch_size: int,
        total_steps: int | None = None,
        factor: float = 10,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class Teacher(BatchSampler):
    """A bandit over classes or tasks that gives those on which the student changes most (Matiisen).

    Parameters
    ----------
    teacher, by default window
        online, naive, window or sampling
    alpha, by default 0.1
        the weight of the latest reward of online and naive, in (0, 1]
    k, by default 10
        the scores or rewards of the others, at least 2 for a slope
    epsilon, by default 0.1
        the probability of any task, in [0, 1]
    """

    def __init__(
        self,
        *,
        classes: ArrayLike,
        batch_size: int,
        total_steps: int | None = None,
        teacher: str = 'window',
        alpha: float = 0.1,
        k: int = 10,
        epsilon: float = 0.1,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class TokenBudget(BatchSampler):
    """Epochs in batches of about one length and at most so many tokens, padding included.

    Parameters
    ----------
    tokens
        the most tokens of a batch, padding included
    multiple_of, by default 1
        the multiple to which sequences are padded, at least 1
    batches, by default shuffled
        shuffled, or short-first
    truncate
        the length to which longer sequences are cut; none are where it is not given
    truncate_from, by default 0
        the length to which they are cut at first, growing to truncate; 0 for truncate itself
    truncate_steps, by default 1
        the steps over which that grows, at least 1
    """

    def __init__(
        self,
        *,
        lengths: ArrayLike,
        batch_size: int,
        total_steps: int | None = None,
        tokens: int | None = None,
        multiple_of: int = 1,
        batches: str = 'shuffled',
        truncate: int | None = None,
        truncate_from: int = 0,
        truncate_steps: int = 1,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class Weighted(BatchSampler):
    """Draws in proportion to weights, of which 0 is never drawn.

    Parameters
    ----------
    replacement, by default with
        with, or without: each once an epoch at most
    n_draws
        the draws of an epoch, at least 1; as many as examples where it is not given
    """

    def __init__(
        self,
        *,
        weights: ArrayLike,
        batch_size: int,
        total_steps: int | None = None,
        replacement: str = 'with',
        n_draws: int | None = None,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class Apart(BatchSampler):
    """Epochs in which no batch has two examples of one class."""

    def __init__(
        self,
        *,
        classes: ArrayLike,
        batch_size: int,
        total_steps: int | None = None,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class Groups(BatchSampler):
    """Epochs in which each class, or k of a class, lie whole in one batch.

    Parameters
    ----------
    k
        the examples of a group, at least 1; all of a class where it is not given
    """

    def __init__(
        self,
        *,
        classes: ArrayLike,
        batch_size: int,
        total_steps: int | None = None,
        k: int | None = None,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class InfoBatch(BatchSampler):
    """Epochs without a random part of what has a low loss, the rest of which counts more (Qin).

    Parameters
    ----------
    n_epochs
        the epochs of the run, at least 1
    r, by default 0.5
        the part of the examples of low loss that is left out, in [0, 1)
    delta, by default 0.875
        the part of the epochs that prune, in [0, 1]
    draw, by default independent
        independent, as in the paper, or fixed-count, as in its code
    """

    def __init__(
        self,
        *,
        n_examples: int | None = None,
        batch_size: int,
        total_steps: int | None = None,
        n_epochs: int | None = None,
        r: float = 0.5,
        delta: float = 0.875,
        draw: str = 'independent',
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class DynamicRandom(BatchSampler):
    """A random part of the data, drawn anew every epoch: the control of every dynamic pruning.

    Parameters
    ----------
    fractions, by default 0.5
        the part of the data that each epoch shows, by commas; the last goes on, so that 0.5,0.5,1 prunes for two epochs
    rescaled, by default false
        true where what is shown counts for all, else false
    """

    def __init__(
        self,
        *,
        n_examples: int | None = None,
        batch_size: int,
        total_steps: int | None = None,
        fractions: ArrayLike | str = 0.5,
        rescaled: bool = False,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

class RepeatedRandom(BatchSampler):
    """A random part of the data every epoch, each example once before any comes again (RS2).

    Parameters
    ----------
    fractions, by default 0.5
        the part of the data that each epoch shows, by commas; the last goes on, so that 0.5,0.5,1 prunes for two epochs
    """

    def __init__(
        self,
        *,
        n_examples: int | None = None,
        batch_size: int,
        total_steps: int | None = None,
        fractions: ArrayLike | str = 0.5,
        seed: int = 0,
        examples: ArrayLike | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        allow_empty: bool = False,
        losses: Callable[[np.ndarray], ArrayLike] | None = None,
    ) -> None: ...

def by_name(name: str, *args: Any, **parameters: Any) -> Any:
    """The class of the sampler of this name, or the sampler itself where arguments are given."""

__all__ = [
    "BatchSampler",
    "ExampleSampler",
    "by_name",
    "Prefix",
    "MiniBatch",
    "Competence",
    "Clocked",
    "Shuffle",
    "Sequential",
    "SelfPaced",
    "InstanceHardness",
    "RhoLoss",
    "Teacher",
    "TokenBudget",
    "Weighted",
    "Apart",
    "Groups",
    "InfoBatch",
    "DynamicRandom",
    "RepeatedRandom",
]
