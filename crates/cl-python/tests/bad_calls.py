"""Random calls of all that is public with random junk: nothing but an ordinary exception may come out.

``python bad_calls.py SEED CALLS SECONDS`` makes them with little memory, and says each before it is made.
"""

from __future__ import annotations

import faulthandler
import itertools
import random
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

import curriculum as cl

N, C = 20, 3
DATA = np.random.default_rng(16)
LOGITS = DATA.normal(size=(N, C))
PROBS = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
LABELS = np.tile(np.arange(C), N)[:N]
SCORES = DATA.random(N)
FEATURES = DATA.normal(size=(N, 4))
ORDER = np.argsort(SCORES)
RUNS = DATA.random((6, 3))
STREAM = cl.Scores([{"name": "a", "values": SCORES}])
FOLDER = Path(tempfile.gettempdir())


def raising(*methods, error=RuntimeError):
    """An object whose methods of these names raise."""

    def refuse(self, *args, **kwargs):
        raise error("asked")

    return type("Raising", (), dict.fromkeys(methods, refuse))()


class Undirected(cl.Score):
    @property
    def higher_is(self):
        raise RuntimeError("asked")

    @higher_is.setter
    def higher_is(self, value):
        pass


def telling(**answers):
    """An object whose methods give these answers."""
    methods = {name: (lambda self, *args, _answer=answer, **kwargs: _answer) for name, answer in answers.items()}
    return type("Telling", (), methods)()


class Lent:
    def __init__(self, array, device=(1, 0)):
        self.array, self.device = array, device

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.device


class LongList(list):
    def __len__(self):
        return 2**62


class LyingSequence:
    def __len__(self):
        return N

    def __getitem__(self, place):
        if place < 3:
            return 0.5
        raise IndexError(place)


class LyingArray(np.ndarray):
    shape = property(lambda self: (2**40, 2**20))
    size = property(lambda self: -1)
    ndim = property(lambda self: 7)

    def reshape(self, *args, **kwargs):
        return "no array"

    def astype(self, *args, **kwargs):
        return None


class Shrinking:
    """An array that is another each time."""

    def __init__(self):
        self.times = 0

    def __array__(self, dtype=None, copy=None):
        self.times += 1
        return np.zeros(max(0, N - self.times))

    def __len__(self):
        return N + self.times


def used_capsule():
    """A capsule that somebody took already."""
    capsule = np.arange(3.0).__dlpack__(max_version=(1, 0))
    np.from_dlpack(telling(__dlpack__=capsule, __dlpack_device__=(1, 0)))
    return capsule


def shuffle(**options):
    return cl.samplers.Shuffle(**({"n_examples": N, "batch_size": 4} | options))


def recorder():
    made = cl.Recorder(N, C, ["el2n", "aum", "forgetting"])
    made.update(np.arange(N), LOGITS, LABELS, epoch=0)
    return made


def junk(rng, large):
    """Something that hardly anything expects."""
    counts = [-(2**63) - 1, -(2**63), -1, 0, 1, 2, 3, N, N + 1, 2**40, 2**53, 2**62, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**30]
    # Without a limit to memory only what no memory holds; the rest might be taken from whatever else runs.
    wide, flat = (2**30, 2**28) if large else (2**40, 2**20)
    if large:
        counts += [2**31, 2**32 - 1, 2**32, 2**33]
    n = rng.choice([0, 1, 2, 3, N - 1, N, N + 1, 1000])
    shape = rng.choice([(), (n,), (n, C), (n, 1), (n, 0), (0, n), (n, C, 1), (1, n)])
    dtype = rng.choice(["f2", "f4", "f8", "g", "i1", "i8", "u8", "?", "c16", "O", "U3", "S2", "M8[s]", "m8[ns]", "V3", ">f8", ">i2"])
    fill = rng.choice([0, 1, -1, 2, float("nan"), float("inf"), -float("inf"), 1e308, 5e-324, 2**31])

    def array():
        with np.errstate(all="ignore"):
            try:
                return np.full(shape, fill).astype(dtype)
            except (TypeError, ValueError, OverflowError):
                return np.zeros(shape, dtype if dtype != "O" else object)

    makers = [
        lambda: rng.choice(counts),
        lambda: rng.choice(counts),
        lambda: np.int64(rng.randrange(-3, 30)),
        lambda: np.uint64(2**64 - 1),
        lambda: rng.choice([0.0, -0.0, 0.5, 1.0, 1.5, -1.0, 1e308, 5e-324, float("nan"), float("inf"), -float("inf")]),
        lambda: rng.choice([True, False, None, ..., NotImplemented]),
        lambda: rng.choice(["", "a", "hardest", "root", "logits", "\x00", "é\ud800", "x" * 1000, "1", "nan", "1e999", "-1"]),
        lambda: rng.choice(["0:1", "1:2,2:3", "=", ":", ",,,", "a=b", "1,2,3", "../..", "none", "true"]),
        lambda: rng.choice([b"", b"\xff\x00", bytearray(9), memoryview(b"12345678"), memoryview(np.zeros((2, 3)))]),
        lambda: rng.choice([[], (), {}, set(), [[]], [None], [[1], [1, 2]], {"a": 1}, {1: "a"}, [1, "a"], [np.nan] * N]),
        lambda: rng.choice([object(), object, len, sys, cl, cl.Recorder, Exception("x"), iter([1.0, 2.0]), range(N)]),
        lambda: array(),
        lambda: array(),
        lambda: array(),
        lambda: array()[::-1] if len(shape) else array(),
        lambda: np.broadcast_to(np.float32(1), (rng.choice([N, 2**40, 2**60]),)),
        lambda: np.broadcast_to(np.int64(0), (rng.choice([N, 2**40, 2**59]),)),
        lambda: np.broadcast_to(np.float32(0.5), (rng.choice([1, N, wide]), rng.choice([0, 1, C, flat]))),
        lambda: np.ma.masked_array(SCORES, SCORES > 0.5),
        lambda: SCORES.view(LyingArray),
        lambda: LongList([0.5] * N),
        lambda: Shrinking(),
        lambda: Lent(array()),
        lambda: Lent(np.arange(N)),
        lambda: Lent(SCORES, rng.choice([(2, 0), (3, 0), (1, 5), (-1, 0), (2**40, 0), (1,), None, "cpu", (1, 0, 0), [1, 0]])),
        lambda: Lent(np.broadcast_to(np.float64(1), (N, 0, 5))),
        lambda: telling(__dlpack__=rng.choice([None, 3, "x", object(), SCORES]), __dlpack_device__=(1, 0)),
        lambda: telling(__dlpack__=used_capsule(), __dlpack_device__=(1, 0)),
        lambda: telling(__dlpack__=STREAM.__arrow_c_stream__(), __dlpack_device__=(1, 0)),
        lambda: telling(__dlpack__=None, __dlpack_device__=(2, 0), cpu=rng.choice([None, SCORES, Lent(SCORES), 3])),
        lambda: telling(__array__=rng.choice([None, 3, [1.0], "x"])),
        lambda: telling(__index__=rng.choice([None, "x", 2**70, -1, 3])),
        lambda: telling(__float__=rng.choice([None, "x", 3, float("nan")])),
        lambda: telling(__len__=rng.choice([-1, 2**62, "x", 3])),
        lambda: LyingSequence(),
        lambda: telling(__fspath__=rng.choice([None, 3, b"\xff", "a\x00b", str(FOLDER)])),
        lambda: raising("__dlpack__", "__dlpack_device__"),
        lambda: raising("__dlpack_device__", error=rng.choice([TypeError, ValueError, AttributeError, MemoryError])),
        lambda: raising("__array__", "__len__", "__iter__", error=rng.choice([TypeError, ValueError, RuntimeError])),
        lambda: raising("__index__", "__float__", "__int__", "__bool__"),
        lambda: raising("__getattribute__", error=rng.choice([ValueError, RuntimeError])),
        lambda: raising("__getattr__"),
        lambda: raising("__repr__", "__str__", "__hash__", "__eq__", "__format__"),
        lambda: raising("__call__"),
        lambda: raising("__fspath__"),
        lambda: raising("__array_interface__", "__array_struct__"),
        lambda: telling(__call__=rng.choice([None, SCORES, [], "x", np.nan, [1.0]])),
        lambda: type("Interface", (), {"__array_interface__": rng.choice([{}, 3, {"shape": (2**62,), "typestr": "<f8", "version": 3}])})(),
        lambda: Undirected([1.0] * N, "x", "hard"),
        lambda: cl.Score(SCORES, rng.choice([None, "aum", ""]), rng.choice([None, "hard", "easy"])),
        lambda: recorder(),
        lambda: recorder()._core,
        lambda: shuffle(),
        lambda: cl.pacing.Root(a=0.5, b=0.5),
        lambda: cl.weightings.Linear(lambda_=1.0),
        lambda: cl.orders.EasyFirst(),
        lambda: {"recorder": rng.choice([b"", b"\x01", bytes(1000), recorder().state_dict()["recorder"][:-1], 3])},
        lambda: shuffle().state_dict() | {rng.choice(["first", "step", "offset", "version"]): rng.choice(counts)},
        lambda: shuffle().state_dict() | {rng.choice(["examples", "sampler"]): rng.choice(["", "{}", "null", "[1]", None, 3])},
        lambda: [{"name": rng.choice(["a", "", 3, None]), "values": array(), "higher_is_harder": rng.choice([True, None])}],
    ]
    return rng.choice(makers)()


def drawn(sampler):
    """Some of what a sampler gives, and what it can be asked."""
    for batch in itertools.islice(iter(sampler), 3):
        sampler.weights(batch)
        sampler.update(batch, np.ones(len(batch)))
    sampler.load_state_dict(sampler.state_dict())
    list(itertools.islice(iter(sampler.by_example()), 9))
    return repr(sampler), len(sampler), sampler.epoch, sampler.step


def resumed(state):
    sampler = shuffle()
    sampler.load_state_dict(state)
    list(itertools.islice(iter(sampler.by_example()), 9))
    return drawn(sampler)


def moved(how, to):
    sampler = shuffle()
    getattr(sampler, how)(to)
    return drawn(sampler)


def told(indices, losses, step):
    sampler = shuffle()
    next(iter(sampler))
    sampler.update(indices, losses, step)
    return sampler.weights(indices, step)


def learning(name, indices, losses, validated, **options):
    sampler = cl.samplers.by_name(name, **options)
    sampler.update(indices, losses)
    sampler.validated(validated)
    return drawn(sampler)


def recorded(n_examples, n_classes, metrics, outputs, labels, indices, values, told_labels, epoch):
    made = cl.Recorder(n_examples, n_classes, metrics, outputs=outputs, labels=labels)
    made.update(indices, values, told_labels, epoch=epoch)
    return repr(made), made.scores(), made.observed()


def framed(columns, ids, labels, epochs):
    made = cl.Scores(columns, ids=ids, labels=labels, epochs=epochs)
    made.__arrow_c_stream__()
    return made.fingerprint, repr(made), list(made.values())


TARGETS = {
    recorded: {
        "n_examples": N,
        "n_classes": C,
        "metrics": ["el2n"],
        "outputs": "logits",
        "labels": LABELS,
        "indices": np.arange(N),
        "values": LOGITS,
        "told_labels": LABELS,
        "epoch": 0,
    },
    lambda *args, **kwargs: recorder().update(*args, **kwargs): {
        "indices": np.arange(N),
        "values": LOGITS,
        "labels": LABELS,
        "epoch": 1,
        "outputs": "logits",
    },
    lambda **kwargs: cl.Recorder(N, C, ["loss"]).update_losses(**kwargs): {
        "indices": np.arange(N),
        "losses": SCORES,
        "labels": LABELS,
        "epoch": 1,
    },
    lambda **kwargs: recorder().select(**kwargs): {"examples": [1, 2]},
    lambda **kwargs: recorder().merge(**kwargs): {"other": None},
    lambda names, ids: recorder().scores(*names, ids=ids).fingerprint: {"names": ["aum"], "ids": list(range(N))},
    lambda **kwargs: recorder().load_state_dict(**kwargs): {"state_dict": {}},
    lambda path: cl.Recorder.load(path): {"path": str(FOLDER / "none")},
    lambda path: cl.Scores.load(path): {"path": str(FOLDER / "none.csv")},
    lambda saved: cl._core.Recorder.from_bytes(saved): {"saved": b""},
    cl.Score: {"values": SCORES, "name": "a", "higher_is": "hard"},
    framed: {"columns": [{"name": "a", "values": SCORES}], "ids": list(range(N)), "labels": LABELS, "epochs": [0]},
    cl.select: {
        "scores": SCORES,
        "rule": "hardest",
        "keep": 0.5,
        "seed": 0,
        "labels": LABELS,
        "confidence": SCORES,
        "neighbors": (np.zeros((N, 2), int), np.ones((N, 2))),
        "high_is": "hard",
        "balance": "none",
    },
    lambda **kwargs: cl.prune(rule="d2", keep=0.5, **kwargs): {
        "scores": SCORES,
        "neighbors": (np.zeros((N, 2), int), np.ones((N, 2))),
        "seed": 0,
    },
    lambda indices, distances: cl.prune(SCORES, "d2", keep=0.5, neighbors=(indices, distances)): {
        "indices": np.zeros((N, 2), int),
        "distances": np.ones((N, 2)),
    },
    lambda example: cl.select(SCORES, keep=0.5).reason(example): {"example": 1},
    cl.choose_coreset: {"features": FEATURES, "method": "k-center", "count": 3, "seed": 0, "labels": LABELS, "start": 1},
    lambda **kwargs: cl.coreset(method="glister", **kwargs): {"features": FEATURES, "count": 3, "validation": FEATURES},
    cl.find_label_issues: {
        "labels": LABELS,
        "pred_probs": PROBS,
        "filter_by": "both",
        "return_indices_ranked_by": "self_confidence",
    },
    cl.label_quality: {"labels": LABELS, "pred_probs": PROBS, "measure": "self_confidence"},
    cl.noise_rate: {"labels": LABELS, "pred_probs": PROBS, "level": 0.95, "n_resamples": 10, "seed": 0},
    cl.agree: {"scores": {"a": SCORES, "b": SCORES}, "correlation": "kendall", "n_resamples": 3, "level": 0.9, "seed": 0},
    lambda a, b: cl.agree({"a": a, "b": b}): {"a": SCORES, "b": SCORES},
    cl.overlap: {"a": SCORES, "b": SCORES, "fractions": [0.5], "seed": 0},
    cl.stability: {"runs": [SCORES, SCORES], "correlation": "spearman"},
    cl.combine: {"scores": [SCORES, SCORES], "how": "borda"},
    cl.crossover: {
        "accuracy": RUNS,
        "control": RUNS,
        "kept": [1.0, 0.5, 0.25],
        "crossing": "first",
        "margin": 0.0,
        "n_resamples": 100,
        "level": 0.9,
        "seed": 0,
    },
    cl.catalogue: {"family": "pacing"},
    cl.Arm: {"name": "a", "make": shuffle, "weights": None, "control": None, "kind": "other", "settings": ""},
    lambda **kwargs: drawn(shuffle(**kwargs)): {
        "n_examples": N,
        "batch_size": 4,
        "total_steps": 9,
        "seed": 0,
        "examples": list(range(N)),
        "num_replicas": 1,
        "rank": 0,
        "allow_empty": False,
        "losses": None,
    },
    lambda **kwargs: drawn(cl.samplers.Prefix(**kwargs)): {
        "order": ORDER,
        "pacing": cl.pacing.Root(a=0.5, b=0.5),
        "batch_size": 4,
        "total_steps": 9,
        "difficulty": SCORES,
        "seed": 0,
    },
    lambda **kwargs: drawn(cl.samplers.by_name("self-paced", n_examples=N, batch_size=4, **kwargs)): {
        "lambda_": 0.5,
        "mu": 1.3,
        "losses": lambda indices: SCORES[indices],
        "seed": 0,
    },
    lambda **kwargs: learning("instance-hardness", n_examples=N, batch_size=4, **kwargs): {
        "indices": np.arange(N),
        "losses": SCORES,
        "validated": 0.5,
        "seed": 0,
    },
    lambda **kwargs: learning("info-batch", batch_size=4, **kwargs): {
        "n_examples": N,
        "n_epochs": 3,
        "indices": np.arange(N),
        "losses": SCORES,
        "validated": 0.5,
    },
    lambda **kwargs: learning("teacher", batch_size=4, **kwargs): {
        "classes": LABELS,
        "indices": np.arange(N),
        "losses": SCORES,
        "validated": 0.5,
    },
    lambda **kwargs: learning("rho-loss", batch_size=2, **kwargs): {
        "irreducible": SCORES,
        "indices": np.arange(N),
        "losses": SCORES,
        "validated": 0.5,
    },
    resumed: {"state": {}},
    lambda to: moved("seek", to): {"to": 3},
    lambda to: moved("set_epoch", to): {"to": 3},
    told: {"indices": [0, 1], "losses": [0.5, 0.5], "step": None},
    lambda consumed: shuffle().state_dict(consumed): {"consumed": 0},
    lambda total: list(itertools.islice(shuffle().run(total), 5)): {"total": 9},
}
for _family, _module, _use in (
    ("pacing", cl.pacing, lambda made, given, count, more: (made.fraction(given), made.count(given, count, more), repr(made))),
    ("weightings", cl.weightings, lambda made, given, count, more: (made(given), repr(made))),
    ("orders", cl.orders, lambda made, given, count, more: (made(given, seed=count, classes=more), repr(made))),
):
    for _entry in cl.catalogue(_family):
        _options = {}
        for _parameter in _entry["parameters"]:
            _options[_parameter["name"].replace("-", "_") + ("_" if _parameter["name"] == "lambda" else "")] = 0.5
        _given = {"pacing": 0.5, "weightings": SCORES, "orders": SCORES}[_family]

        def _call(given, count, more, _module=_module, _name=_entry["name"], _use=_use, **options):
            made = _module.by_name(_name, **options)
            return _use(made() if isinstance(made, type) else made, given, count, more)

        TARGETS[_call] = {"given": _given, "count": 20, "more": 2 if _family == "pacing" else LABELS} | _options


def shown(value):
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001
        text = f"a {type(value).__name__}"
    return text if len(text) < 300 else text[:300] + "..."


def run(seed, n, seconds, large=False, say=None):
    """Makes up to `n` calls; how many were made. A call that ends otherwise than it may is an AssertionError."""
    rng = random.Random(seed)
    end = time.monotonic() + seconds
    functions = list(TARGETS)
    outcomes = {}
    for made in range(n):
        if time.monotonic() > end:
            return made
        function = rng.choice(functions)
        arguments = dict(TARGETS[function])
        for name in rng.sample(list(arguments), rng.randint(1, min(3, len(arguments)))):
            arguments[name] = junk(rng, large)
        if say is not None:
            told = {name: shown(value) for name, value in arguments.items() if value is not TARGETS[function][name]}
            say(f"{made} {getattr(function, '__code__', function)}: {told}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                function(**arguments)
        except SystemError as error:
            raise AssertionError(f"call {made} of seed {seed}: {shown(arguments)}") from error
        except Exception as error:  # noqa: BLE001
            outcomes[type(error).__name__] = outcomes.get(type(error).__name__, 0) + 1
        except BaseException as error:
            raise AssertionError(f"call {made} of seed {seed}: {type(error).__name__} by {shown(arguments)}") from error
    return n


def main():
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    seed, n, seconds = map(int, sys.argv[1:4])
    # A call that takes so long has no bound.
    faulthandler.dump_traceback_later(seconds + 60, exit=True)

    def say(text):
        # The last line is the call that ended the process.
        print(text.encode("ascii", "backslashreplace").decode(), flush=True)

    print(run(seed, n, seconds, large=True, say=say), "calls")


if __name__ == "__main__":
    main()
