# The compiled module: what each function takes and gives. What users call, and what it means, stands in the modules above it.

from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str

class StateError(ValueError):
    """A saved state is damaged, of another version, or of other data or settings than what it was to be loaded into."""

# What is had by name

def catalogue() -> dict[str, Any]:
    """Every list: name of the family to its methods, each with its name, summary and parameters."""

def run_command(arguments: Sequence[str | bytes | PathLike[str]]) -> int:
    """Runs the command with these arguments, the first of which is the program's name; its exit status."""

# Scores

@final
class Recorder:
    """Records what a model said of its examples while it was trained."""

    def __new__(
        cls,
        n_examples: int,
        n_classes: int,
        metrics: Sequence[tuple[str, Sequence[tuple[str, str]]]],
        outputs: str,
        labels: ArrayLike | None,
    ) -> Recorder: ...
    @property
    def n_examples(self) -> int: ...
    @property
    def n_classes(self) -> int: ...
    @property
    def outputs(self) -> str: ...
    @property
    def metrics(self) -> list[str]:
        """The names of the metrics asked for."""

    @property
    def epochs(self) -> list[int]:
        """The epochs recorded."""

    def update(
        self,
        indices: ArrayLike,
        values: ArrayLike,
        labels: ArrayLike | None = None,
        epoch: int | None = None,
        outputs: str | None = None,
    ) -> None:
        """Takes in what the model said of the examples of a batch."""

    def settings(self) -> list[tuple[str, str]]: ...
    def n_never_learned(self) -> int | None: ...
    def observed(self) -> NDArray[np.bool_]:
        """Which examples were observed at least once."""

    def labels(self) -> NDArray[np.int64] | None:
        """The labels told so far; none where an example was never observed."""

    def columns(self) -> list[dict[str, Any]]:
        """Each metric: name, values, whether high is hard, metric and options."""

    def merge(self, other: Recorder) -> None:
        """Takes over what another recorder of the same examples, classes and metrics recorded: another rank's."""

    def select(self, examples: ArrayLike) -> Recorder:
        """A recorder of some of the examples, in this order."""

    def to_bytes(self) -> bytes:
        """All that is recorded, with a checksum."""

    def save(self, path: str | PathLike[str]) -> None: ...
    @staticmethod
    def from_bytes(bytes: bytes) -> Recorder: ...
    @staticmethod
    def load(path: str | PathLike[str]) -> Recorder: ...

def fingerprint(n: int, ids: Sequence[str] | Sequence[int] | None = None, labels: ArrayLike | None = None) -> str:
    """The fingerprint of ids and labels."""

def write_scores(
    path: str | PathLike[str],
    columns: Sequence[Mapping[str, Any]],
    ids: Sequence[str] | Sequence[int] | None = None,
    labels: ArrayLike | None = None,
    epochs: Sequence[int] = ...,
    n_never_learned: int | None = None,
) -> None:
    """Writes scores, in the format of the path, and their sidecar."""

def read_scores(path: str | PathLike[str]) -> dict[str, Any]:
    """Reads a table of scores: columns with their direction, ids, labels."""

def arrow_stream(
    names: Sequence[str],
    columns: Sequence[NDArray[np.float64]],
    ids: Sequence[str] | None = None,
    labels: Sequence[int] | None = None,
) -> Any:
    """A capsule with a stream of one batch: ids and labels where there are any, and the columns."""

def agree(
    names: Sequence[str],
    scores: Sequence[ArrayLike],
    correlation: str,
    n_resamples: int,
    level: float,
    seed: int,
) -> list[dict[str, Any]]:
    """Each pair (i, j) of scores with j < i: correlation, interval, unless there are no resamples, and undefined resamples."""

def overlap(a: ArrayLike, b: ArrayLike, fractions: Sequence[float], seed: int) -> list[float | None]:
    """The share of the hardest that two scores have in common, for each fraction."""

def runs_stability(runs: Sequence[ArrayLike], correlation: str) -> dict[str, Any]:
    """The mean correlation over pairs of runs of a score, the lowest, the highest, and the pairs with and without one."""

def combined(scores: Sequence[ArrayLike], how: str) -> NDArray[np.float64]:
    """Several difficulties as one."""

# Labels

@final
class NoiseRate:
    """The share of wrong labels, the ends of its interval, thresholds, and the joints of given and true labels."""

    @property
    def estimate(self) -> float:
        """The estimate."""

    @property
    def low(self) -> float:
        """The lower end of the interval."""

    @property
    def high(self) -> float:
        """The upper end."""

    @property
    def level(self) -> float:
        """The level of the interval."""

    @property
    def thresholds(self) -> NDArray[np.float64]:
        """The threshold of each class, (c,)."""

    @property
    def confident_joint(self) -> NDArray[np.int64]:
        """Confident counts, given label by true class, (c, c)."""

    @property
    def calibrated_joint(self) -> NDArray[np.int64]:
        """The same, whose rows sum to the number of examples with that label, (c, c)."""

    @property
    def joint(self) -> NDArray[np.float64]:
        """The joint distribution, given label by true class, (c, c), which sums to 1."""

    @property
    def noise_matrix(self) -> NDArray[np.float64]:
        """The probability of each given label, by true class, (c, c)."""

    @property
    def inverse_noise_matrix(self) -> NDArray[np.float64]:
        """The probability of each true class, by given label, (c, c)."""

    @property
    def true_class_distribution(self) -> NDArray[np.float64]:
        """The probability of each true class, (c,)."""

    def __float__(self) -> float: ...

def label_issues(labels: ArrayLike, pred_probs: ArrayLike, filter_by: str) -> NDArray[np.bool_]:
    """Whether each label is an issue."""

def label_quality(
    labels: ArrayLike, pred_probs: ArrayLike, measure: str, argument: str = "measure"
) -> NDArray[np.float64]:
    """The quality of each label, low where it is probably wrong. `argument` is what the measure is called."""

def noise_rate(labels: ArrayLike, pred_probs: ArrayLike, level: float, n_resamples: int, seed: int) -> NoiseRate: ...
def check_filter(name: str) -> None:
    """The names of the filters are checked before there are data."""

# Selections

@final
class Selection:
    """What was kept and what was dropped, and why."""

    @property
    def kept(self) -> NDArray[np.int64]:
        """The examples kept, the most important first."""

    @property
    def dropped(self) -> NDArray[np.int64]:
        """The examples dropped, the one that missed most narrowly first."""

    @property
    def rule(self) -> str: ...
    @property
    def groups(self) -> list[dict[str, Any]]:
        """Of each group of examples that were decided on together: its name, its size and how many of it were kept."""

    def mask(self) -> NDArray[np.bool_]:
        """Whether each example was kept."""

    def reason(self, example: int) -> str:
        """Why an example was kept or dropped, in words."""

def select(
    difficulty: ArrayLike,
    rule: str,
    options: Sequence[tuple[str, str]],
    seed: int,
    keep: float | None = None,
    drop: float | None = None,
    count: int | None = None,
    labels: ArrayLike | None = None,
    confidence: ArrayLike | None = None,
    neighbors: tuple[ArrayLike, ArrayLike] | None = None,
) -> Selection:
    """Keeps a part of the examples by a difficulty."""

@final
class Coreset:
    """The examples chosen, in the order in which they were chosen."""

    @property
    def indices(self) -> NDArray[np.int64]:
        """The examples, the first chosen first."""

    @property
    def gains(self) -> NDArray[np.float64]:
        """What each added, as its method defines it."""

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """How much each counts for; none where all count the same."""

    @property
    def value(self) -> float:
        """The sum of all gains: of a submodular objective its value."""

def choose(
    features: ArrayLike,
    method: str,
    options: Sequence[tuple[str, str]],
    count: int | None,
    seed: int,
    given: dict[str, Any],
) -> Coreset:
    """Chooses examples by their features: `count`, or as many as a budget allows."""

# Verdicts

def crossover(
    kept: Sequence[float],
    method: ArrayLike,
    control: ArrayLike,
    crossing: str,
    margin: float,
    n_resamples: int,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """The crossover of a method with a control, of accuracies fraction by fraction and, of each, seed by seed."""

def judge_comparison(request: str) -> tuple[str, str, str]:
    """Judges what a training scored, given as JSON: the results as JSON, as a table for a terminal, and as a page."""

# Orders, pacings, weightings, samplers

def make_order(
    name: str,
    parameters: Sequence[tuple[str, str]],
    difficulty: ArrayLike,
    seed: int,
    classes: ArrayLike | None = None,
    order: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """The order `name` of these examples, the first to come first."""

def check_order(name: str, parameters: Sequence[tuple[str, str]], order: ArrayLike | None = None) -> None:
    """Whether there is such an order with such parameters, for errors to be told when it is made."""

@final
class Pacing:
    """A pacing of the catalogue.

    Where it counts in steps of the run, or goes by difficulty, and neither was told, it is made when it is given to a sampler.
    """

    def __new__(
        cls,
        name: str,
        parameters: Sequence[tuple[str, str]],
        total_steps: int | None,
        difficulty: ArrayLike | None,
    ) -> Pacing: ...
    def fraction(self, progress: float) -> float:
        """The fraction of the data that is available at `progress`."""

    def dropped(self, progress: float) -> float:
        """The fraction, the first of the order, that is no longer available at `progress`."""

    def count(self, progress: float, n_examples: int, batch_size: int) -> int:
        """How many of `n_examples` are available at `progress`."""

    def full_at(self) -> float | None:
        """The progress from which on all are available, or none."""

@final
class Weighting:
    """A weighting of the catalogue."""

    def __new__(
        cls,
        name: str,
        parameters: Sequence[tuple[str, str]],
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
    ) -> Weighting: ...
    def __call__(self, losses: ArrayLike) -> NDArray[np.float64]: ...

@final
class Sampler:
    """A sampler of the catalogues, as Python holds it."""

    def __new__(
        cls,
        name: str,
        parameters: Sequence[tuple[str, str]],
        inputs: Mapping[str, Any],
        losses: Callable[[NDArray[np.int64]], ArrayLike] | None = None,
    ) -> Sampler: ...
    def __iter__(self) -> BatchIterator: ...
    def __len__(self) -> int: ...
    @property
    def n_examples(self) -> int: ...
    @property
    def step(self) -> int:
        """The steps drawn."""

    @property
    def epoch(self) -> int:
        """The epoch of the batch drawn last, or to be drawn first."""

    @property
    def learns(self) -> bool: ...
    @property
    def n_drawn(self) -> int:
        """Batches given out by this object, wherever it stood."""

    @property
    def rank(self) -> int: ...
    @property
    def num_replicas(self) -> int: ...
    def n_examples_of_epoch(self) -> int:
        """The examples of the epoch that this rank is given."""

    def iterate_examples(self) -> ExampleIterator:
        """An iteration over single examples."""

    def set_epoch(self, epoch: int) -> None: ...
    def seek(self, step: int) -> None: ...
    def go_on(self) -> None: ...
    def state_dict(self, consumed: int | None = None) -> dict[str, Any]:
        """The state after `consumed` steps; as many as were drawn, where none is given."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None: ...
    def wanted(self) -> NDArray[np.int64]:
        """The examples whose losses must be told before the next batch."""

    def update(self, indices: ArrayLike, losses: ArrayLike, step: int | None = None) -> None:
        """Tells losses: of what is wanted, or of a batch that was drawn."""

    def weights(self, indices: ArrayLike, step: int | None = None) -> NDArray[np.float64]:
        """How much each example of a batch counts."""

    def validated(self, score: float) -> None:
        """Tells a score on held-out data, higher being better, to samplers that go by it."""

@final
class BatchIterator(Iterator[list[int]]):
    """The rest of an epoch. Its state is a value of its own: where it stood when it was asked."""

    def __iter__(self) -> BatchIterator: ...
    def __next__(self) -> list[int]: ...
    def state_dict(self) -> dict[str, int]: ...
    def load_state_dict(self, state_dict: dict[str, int]) -> None: ...

@final
class ExampleIterator(Iterator[int]):
    """The rest of an epoch, in single examples."""

    def __iter__(self) -> ExampleIterator: ...
    def __next__(self) -> int: ...
    def state_dict(self) -> dict[str, int]: ...
    def load_state_dict(self, state_dict: dict[str, int]) -> None: ...
