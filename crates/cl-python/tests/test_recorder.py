"""The recorder: the papers' numbers from whatever array they come in, nothing of what is refused, the same from
several threads, ranks and files."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import sys
import threading
import time

import numpy as np
import pytest

import curriculum as cl

N, C, EPOCHS = 300, 5, 4
METRICS = ["el2n", "aum", "forgetting", "confidence", "variability"]


def made(metrics=METRICS, n=N, c=C, **options):
    return cl.Recorder(n_examples=n, n_classes=c, metrics=metrics, **options)


@pytest.fixture(scope="module")
def run():
    """Logits (epochs, n, c) that lean to the label, labels (n,), and an order of the examples in each epoch."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, C, N)
    logits = 2 * rng.normal(size=(EPOCHS, N, C))
    logits[:, np.arange(N), labels] += 1.0
    return logits, labels, [rng.permutation(N) for _ in range(EPOCHS)]


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def reference(logits, labels):
    """The metrics of logits (epochs, n, c), each by its paper's formula."""
    logits = logits.astype(np.float64)
    each = np.arange(len(labels))
    p = softmax(logits)
    own = p[:, each, labels]
    residual = p.copy()
    residual[:, each, labels] -= 1
    others = logits.copy()
    others[:, each, labels] = -np.inf
    right = logits.argmax(-1) == labels
    events = (right[:-1] & ~right[1:]).sum(0)
    return {
        "el2n": np.sqrt((residual**2).sum(-1)).mean(0),
        "aum": (logits[:, each, labels] - others.max(-1)).mean(0),
        "forgetting": np.where(right.any(0), events, len(logits)),
        "confidence": own.mean(0),
        "variability": own.std(0),
    }


def fed(recorder, run, as_values=lambda array: array, as_indices=lambda array: array, batch=64, epochs=None):
    logits, labels, orders = run
    for epoch in range(len(logits)) if epochs is None else epochs:
        for start in range(0, N, batch):
            at = orders[epoch][start : start + batch]
            values = as_values(logits[epoch][at])
            recorder.update(as_indices(at), values, as_indices(labels[at]), epoch=epoch)
    return recorder


def bits(recorder):
    return recorder.state_dict()["recorder"]


def same(a, b):
    return all(np.array_equal(a.scores()[name], b.scores()[name]) for name in a.metrics)


# Numbers.


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_numbers_are_those_of_the_papers(run, dtype):
    logits, labels, orders = run
    rounded = logits.astype(dtype)
    scores = fed(made(), (rounded, labels, orders)).scores()
    for name, expected in reference(rounded, labels).items():
        np.testing.assert_allclose(scores[name], expected, rtol=1e-12, atol=1e-13, err_msg=name)
    # A half or single is exact in double precision, so that only the rounding of the inputs matters.
    assert same(fed(made(), (rounded, labels, orders)), fed(made(), (rounded.astype(np.float64), labels, orders)))


def test_bfloat16_of_ml_dtypes(run):
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    logits, labels, orders = run
    rounded = logits.astype(bfloat16)
    scores = fed(made(), (rounded, labels, orders)).scores()
    for name, expected in reference(rounded.astype(np.float64), labels).items():
        np.testing.assert_allclose(scores[name], expected, rtol=1e-12, atol=1e-13, err_msg=name)
    reversed_twice = fed(made(), (rounded, labels, orders), as_values=lambda a: a[:, ::-1].copy()[:, ::-1])
    assert bits(reversed_twice) == bits(fed(made(), (rounded, labels, orders)))


def misaligned(array):
    memory = np.zeros(array.nbytes + 1, np.uint8)
    view = memory[1:].view(array.dtype).reshape(array.shape)
    view[:] = array
    assert not view.flags.aligned or array.itemsize == 1 or array.size == 0
    return view


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def strided(array):
    return np.repeat(np.repeat(array, 2, axis=0), 3, axis=-1)[::2, ::3] if array.ndim == 2 else np.repeat(array, 2)[::2]


class OnlyArray:
    """As arrays of frameworks that NumPy can read and that do not speak DLPack."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype=dtype)


class Lent:
    """A tensor of the processor's memory that speaks DLPack, and says nothing else."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return (1, 0)


class LentOld(Lent):
    """The same, of before version 1 of DLPack."""

    def __dlpack__(self):
        return self.array.__dlpack__()


LAYOUTS = {
    "fortran": np.asfortranarray,
    "strided": strided,
    "negative strides": lambda array: array[::-1].copy()[::-1],
    "negative strides of rows": lambda array: np.ascontiguousarray(array[..., ::-1])[..., ::-1],
    "big-endian": lambda array: array.astype(array.dtype.newbyteorder(">")),
    "big-endian and strided": lambda array: strided(array.astype(array.dtype.newbyteorder(">"))),
    "read-only": read_only,
    "misaligned": misaligned,
    "a view of bytes": lambda array: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),
    "lists": lambda array: array.tolist(),
    "tuples of rows": lambda array: tuple(array),
    "only __array__": OnlyArray,
    "DLPack": Lent,
    "DLPack of Fortran order": lambda array: Lent(np.asfortranarray(array)),
    "DLPack with strides": lambda array: Lent(strided(array)),
    "DLPack with negative strides": lambda array: Lent(np.ascontiguousarray(array[::-1])[::-1]),
    "DLPack before version 1": lambda array: LentOld(array.copy()),
    "a memory view": lambda array: memoryview(np.ascontiguousarray(array)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_layout_of_memory_is_read_right(run, layout, dtype):
    logits, labels, orders = run
    given = (logits.astype(dtype), labels, orders)
    lay = LAYOUTS[layout]
    plain = fed(made(), given)
    if layout != "lists" or dtype == np.float64:
        assert bits(fed(made(), given, as_values=lay)) == bits(plain)
    assert same(fed(made(), given, as_values=lay, as_indices=lay), plain)


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i4", ">u8"])
def test_indices_and_labels_of_any_whole_numbers(kind):
    rng = np.random.default_rng(2)
    n = 100
    logits, labels = rng.normal(size=(n, C)), rng.integers(0, C, n)
    plain, other = made(n=n), made(n=n)
    plain.update(np.arange(n), logits, labels, epoch=0)
    other.update(np.arange(n).astype(kind), logits, labels.astype(kind), epoch=0)
    assert bits(plain) == bits(other)


def test_memory_mapped_files_and_batches_without_examples(run, tmp_path):
    logits, labels, orders = run
    np.save(tmp_path / "logits.npy", logits)
    mapped = np.load(tmp_path / "logits.npy", mmap_mode="r")
    recorder = made()
    for epoch in range(EPOCHS):
        recorder.update(np.arange(N), mapped[epoch], labels, epoch=epoch)
        recorder.update([], mapped[epoch][:0], [], epoch=epoch)
        recorder.update(np.arange(0), np.zeros((0, C), np.float16), np.zeros(0, np.int32), epoch=epoch)
    assert same(recorder, fed(made(), run))


def test_what_is_told_is_not_written_to_nor_kept(run):
    logits, labels, _ = run
    given = logits[0].copy()
    recorder = made(["el2n"])
    references = sys.getrefcount(given)
    recorder.update(np.arange(N), given, labels, epoch=0)
    assert sys.getrefcount(given) == references
    before = bits(recorder)
    np.testing.assert_array_equal(given, logits[0])
    given[:] = 0
    assert bits(recorder) == before


@pytest.mark.torch
def test_tensors(run):
    torch = pytest.importorskip("torch")
    logits, labels, orders = run
    plain = fed(made(), run)

    def told(as_values, as_indices=torch.from_numpy):
        return fed(made(), run, as_values=as_values, as_indices=as_indices)

    assert bits(told(torch.from_numpy)) == bits(plain)
    assert bits(told(lambda a: torch.from_numpy(np.ascontiguousarray(a.T)).T)) == bits(plain)
    assert bits(told(lambda a: torch.from_numpy(np.repeat(a, 2, axis=0))[::2])) == bits(plain)
    assert bits(told(torch.from_numpy, lambda a: torch.from_numpy(a).int())) == bits(plain)
    assert bits(told(torch.from_numpy, lambda a: torch.from_numpy(a).to(torch.int16))) == bits(plain)
    assert bits(told(lambda a: torch.from_numpy(a).requires_grad_().detach())) == bits(plain)
    assert bits(told(lambda a: torch.from_numpy(np.pad(a, ((0, 0), (1, 1))))[:, 1:-1])) == bits(plain)
    with torch.no_grad():
        assert bits(told(lambda a: torch.nn.Parameter(torch.from_numpy(a)).data)) == bits(plain)
    # The same number for every row, of which there is one in memory.
    recorder = made()
    recorder.update(torch.arange(N), torch.ones(1, C).expand(N, C), torch.zeros(N, dtype=torch.long), epoch=0)
    assert recorder.scores()["aum"].tolist() == [0.0] * N


@pytest.mark.torch
@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_tensors_of_every_precision(run, name):
    torch = pytest.importorskip("torch")
    logits, labels, orders = run
    dtype = getattr(torch, name)
    scores = fed(made(), run, as_values=lambda a: torch.from_numpy(a).to(dtype)).scores()
    transposed = fed(made(), run, as_values=lambda a: torch.from_numpy(a).to(dtype).T.contiguous().T).scores()
    rounded = torch.from_numpy(logits).to(dtype).double().numpy()
    for metric, expected in reference(rounded, labels).items():
        np.testing.assert_allclose(scores[metric], expected, rtol=1e-12, atol=1e-13, err_msg=metric)
        np.testing.assert_array_equal(scores[metric], transposed[metric])


@pytest.mark.torch
def test_tensors_that_are_no_plain_numbers_are_refused(run):
    torch = pytest.importorskip("torch")
    logits, labels, _ = run
    recorder = made()
    before = bits(recorder)
    indices = torch.arange(N)
    told = torch.from_numpy(logits[0])
    with pytest.raises(ValueError, match=r"argument outputs is .*grad.*outputs\.detach\(\)"):
        recorder.update(indices, told.clone().requires_grad_(), labels, epoch=0)
    with pytest.raises((TypeError, ValueError)):
        recorder.update(indices, told.to("meta"), labels, epoch=0)
    with pytest.raises((TypeError, ValueError), match="outputs"):
        recorder.update(indices, told.to_sparse(), labels, epoch=0)
    with pytest.raises((TypeError, ValueError), match="outputs"):
        recorder.update(indices, torch.complex(told, told), labels, epoch=0)
    with pytest.raises(TypeError, match="argument indices .*whole numbers"):
        recorder.update(indices.double(), told, labels, epoch=0)
    with pytest.raises(TypeError, match="argument indices .*whole numbers"):
        recorder.update(indices > 3, told, labels, epoch=0)
    with pytest.raises(TypeError, match="argument outputs .*float32"):
        recorder.update(indices, told.int(), labels, epoch=0)
    assert bits(recorder) == before


@pytest.mark.torch
def test_conjugated_and_negated_views_are_read_as_they_show(run):
    """Such views share memory that holds other numbers."""
    torch = pytest.importorskip("torch")
    logits, labels, _ = run
    view = torch.complex(torch.zeros(N, C, dtype=torch.double), torch.from_numpy(logits[0])).conj().imag
    assert view.is_neg()
    recorder, plain = made(), made()
    plain.update(np.arange(N), -logits[0], labels, epoch=0)
    try:
        recorder.update(np.arange(N), view, labels, epoch=0)
    except (TypeError, ValueError, BufferError):
        return
    assert bits(recorder) == bits(plain)


# Kinds of outputs, epochs, labels.


def test_the_kinds_of_outputs_agree(run):
    logits, labels, orders = run
    p = softmax(logits)
    metrics = ["el2n", "confidence", "variability", "forgetting", "loss"]
    by_logits = fed(made(metrics), run).scores()
    by_probabilities = fed(made(metrics, outputs="probabilities"), (p, labels, orders)).scores()
    by_logarithms = fed(made(metrics, outputs="log-probabilities"), (np.log(p), labels, orders)).scores()
    for name in metrics:
        np.testing.assert_allclose(by_probabilities[name], by_logits[name], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(by_logarithms[name], by_logits[name], rtol=1e-9, atol=1e-12)
    losses = -np.log(p[:, np.arange(N), labels])
    of_losses, of_calls = made(["loss", "confidence"], outputs="losses"), made(["loss", "confidence"])
    of_correct, of_flags = made(["forgetting"], outputs="correct"), made(["forgetting"])
    right = logits.argmax(-1) == labels
    for epoch in range(EPOCHS):
        of_losses.update(orders[epoch], losses[epoch][orders[epoch]], epoch=epoch)
        of_calls.update_losses(orders[epoch], losses[epoch][orders[epoch]], epoch=epoch)
        of_correct.update(np.arange(N), right[epoch], labels, epoch=epoch)
        of_flags.update(np.arange(N), right[epoch].astype(np.int64).tolist(), labels, epoch=epoch, outputs="correct")
    for name in ("loss", "confidence"):
        np.testing.assert_allclose(of_losses.scores()[name], by_logits[name], rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(of_losses.scores()[name], of_calls.scores()[name])
    np.testing.assert_array_equal(of_correct.scores()["forgetting"], by_logits["forgetting"])
    np.testing.assert_array_equal(of_flags.scores()["forgetting"], by_logits["forgetting"])


def test_a_kind_of_outputs_goes_by_the_call(run):
    logits, labels, _ = run
    recorder, plain = made(["el2n"]), made(["el2n"])
    p = softmax(logits)
    recorder.update(np.arange(N), logits[0], labels, epoch=0)
    recorder.update(np.arange(N), p[1], labels, epoch=1, outputs="probabilities")
    plain.update(np.arange(N), logits[0], labels, epoch=0)
    plain.update(np.arange(N), logits[1], labels, epoch=1)
    np.testing.assert_allclose(recorder.scores()["el2n"], plain.scores()["el2n"], rtol=1e-12)


def test_epochs_are_counted_where_nobody_says_them(run):
    logits, labels, orders = run
    counted = made()
    for epoch in range(EPOCHS):
        for start in range(0, N, 37):
            at = orders[epoch][start : start + 37]
            counted.update(at, logits[epoch][at], labels[at])
            # What is refused begins no epoch.
            with pytest.raises(ValueError):
                counted.update(at, np.full((len(at), C), np.nan), labels[at])
    assert counted.epochs == list(range(EPOCHS))
    assert same(counted, fed(made(), run))


def test_counting_goes_on_behind_a_checkpoint(run):
    logits, labels, orders = run
    first = made()
    at = orders[0]
    first.update(at, logits[0][at], labels[at])
    first.update(orders[1][:150], logits[1][orders[1][:150]], labels[orders[1][:150]])
    resumed = pickle.loads(pickle.dumps(first))
    for recorder in (first, resumed):
        recorder.update(orders[1][150:], logits[1][orders[1][150:]], labels[orders[1][150:]])
        recorder.update(orders[2], logits[2][orders[2]], labels[orders[2]])
    assert first.epochs == [0, 1, 2]
    assert bits(first) == bits(resumed)


def test_labels_told_when_it_is_made(run):
    logits, labels, orders = run
    recorder = made(labels=labels)
    for epoch in range(EPOCHS):
        recorder.update(orders[epoch], logits[epoch][orders[epoch]], epoch=epoch)
    assert same(recorder, fed(made(), run))
    np.testing.assert_array_equal(recorder.scores().labels, labels)


def test_losses_without_labels_tell_nothing_of_labels(run):
    recorder = made(["loss"])
    recorder.update_losses(np.arange(N), np.linspace(0, 1, N), epoch=0)
    assert recorder.scores().labels is None


def test_a_selection_is_a_recorder_of_its_own(run):
    logits, labels, orders = run
    whole = fed(made(), run)
    part = whole.select(orders[0][:50])
    for name in METRICS:
        np.testing.assert_array_equal(part.scores()[name], whole.scores()[name][orders[0][:50]])
    assert part.n_examples == 50 and part.epochs == whole.epochs
    recorder = made()
    recorder.update([3, 5], logits[0][[3, 5]], labels[[3, 5]], epoch=0)
    assert np.flatnonzero(recorder.observed()).tolist() == [3, 5]
    assert recorder.observed().dtype == bool
    with pytest.raises(ValueError, match="example 0 was never presented"):
        recorder.scores()
    assert recorder.select(np.flatnonzero(recorder.observed())).scores("aum").n_examples == 2


def test_a_selection_counts_epochs_on(run):
    logits, labels, _ = run
    whole = made(["el2n"], labels=labels)
    whole.update(np.arange(N), logits[0])
    part = whole.select([4, 2])
    part.update([0, 1], logits[1][[4, 2]])
    assert part.epochs == [0, 1]


# Ranks, checkpoints.


def test_two_ranks_are_one(run):
    logits, labels, orders = run
    free = [name for name in METRICS if name != "forgetting"]
    whole, ranks = made(free), [made(free), made(free)]
    for epoch in range(EPOCHS):
        for start in range(0, N, 60):
            at = orders[epoch][start : start + 60]
            whole.update(at, logits[epoch][at], labels[at], epoch=epoch)
            for rank, part in zip(ranks, (at[:30], at[30:])):
                rank.update(part, logits[epoch][part], labels[part], epoch=epoch)
    ranks[0].merge(ranks[1])
    for name in free:
        np.testing.assert_allclose(ranks[0].scores()[name], whole.scores()[name], rtol=1e-12, atol=1e-13)
    # A metric of the order of epochs is not to be had of parts of them: refused, not made up.
    at = np.arange(N)
    bound = [made(["forgetting"]), made(["forgetting"])]
    bound[0].update(at, logits[0], labels, epoch=0)
    bound[1].update(at, logits[1], labels, epoch=1)
    before = bits(bound[0])
    with pytest.raises(ValueError, match="bound to the order of epochs"):
        bound[0].merge(bound[1])
    assert bits(bound[0]) == before


def test_ranks_of_examples_of_their_own_are_one_bit_for_bit(run):
    logits, labels, _ = run
    whole, ranks = made(), [made(), made()]
    for epoch in range(EPOCHS):
        whole.update(np.arange(N), logits[epoch], labels, epoch=epoch)
        for rank in range(2):
            at = np.arange(rank, N, 2)
            ranks[rank].update(at, logits[epoch][at], labels[at], epoch=epoch)
    ranks[0].merge(ranks[1])
    assert same(ranks[0], whole)
    assert ranks[0].epochs == whole.epochs and ranks[0].observed().all()
    before = bits(ranks[0])
    with pytest.raises(ValueError):
        ranks[0].merge(ranks[1])
    for other in (made(c=C + 1), made(n=N + 1), made(["el2n"]), made([("el2n", {"from": 1}), *METRICS[1:]])):
        with pytest.raises(ValueError, match="the same examples, classes, metrics and options"):
            ranks[0].merge(other)
    with pytest.raises(ValueError, match="argument other"):
        ranks[0].merge(ranks[0])
    with pytest.raises(TypeError, match="argument other"):
        ranks[0].merge({"recorder": b""})
    assert bits(ranks[0]) == before


def test_a_merged_recorder_counts_epochs_on(run):
    logits, labels, _ = run
    ranks = [made(["el2n"], labels=labels), made(["el2n"], labels=labels)]
    for epoch in range(2):
        ranks[0].update(np.arange(150), logits[epoch][:150])
        ranks[1].update(np.arange(150, N), logits[epoch][150:])
    ranks[0].merge(ranks[1])
    ranks[0].update(np.arange(150, N), logits[2][150:])
    assert ranks[0].epochs == [0, 1, 2]


ROUND_TRIPS = {
    "pickle": lambda recorder, path: pickle.loads(pickle.dumps(recorder)),
    "deepcopy": lambda recorder, path: copy.deepcopy(recorder),
    "copy": lambda recorder, path: copy.copy(recorder),
    "file": lambda recorder, path: (recorder.save(path), cl.Recorder.load(path))[1],
    "state_dict": lambda recorder, path: restored(recorder.state_dict()),
}


def restored(state):
    recorder = made()
    recorder.load_state_dict(state)
    return recorder


@pytest.mark.parametrize("way", ROUND_TRIPS)
def test_round_trips_are_bit_for_bit(run, tmp_path, way):
    recorder = fed(made(), run, epochs=[0, 1])
    back = ROUND_TRIPS[way](recorder, tmp_path / "recorder.bin")
    assert bits(back) == bits(recorder)
    assert (back.metrics, back.n_examples, back.n_classes, back.epochs) == (METRICS, N, C, [0, 1])
    # And goes on alike, each for itself.
    before = bits(recorder)
    fed(back, run, epochs=[2, 3])
    assert bits(recorder) == before
    assert bits(fed(recorder, run, epochs=[2, 3])) == bits(back)
    assert same(back, fed(made(), run))


def test_damaged_bytes_are_found_out(run, tmp_path):
    recorder = fed(made(), run, epochs=[0])
    saved = bits(recorder)
    rng = np.random.default_rng(3)
    target = made()
    before = bits(target)
    damaged = [saved[:n] for n in (0, 1, 10, len(saved) // 2, len(saved) - 1)] + [b"x" * 100]
    for at in rng.integers(0, len(saved), 200):
        damaged.append(saved[:at] + bytes([saved[at] ^ (1 << int(rng.integers(8)))]) + saved[at + 1 :])
    for bad in damaged:
        with pytest.raises(cl.StateError):
            target.load_state_dict({"recorder": bad})
    assert bits(target) == before
    (tmp_path / "bad.bin").write_bytes(saved[:-3])
    with pytest.raises(cl.StateError, match="bad.bin"):
        cl.Recorder.load(tmp_path / "bad.bin")
    with pytest.raises(FileNotFoundError):
        cl.Recorder.load(tmp_path / "none.bin")


def test_bytes_behind_a_state_are_found_out(run):
    with pytest.raises(cl.StateError):
        made().load_state_dict({"recorder": bits(fed(made(), run, epochs=[0])) + b"x"})


def test_a_state_of_another_version_says_so(run):
    saved = bits(fed(made(), run, epochs=[0]))
    # The version comes first.
    with pytest.raises(cl.StateError, match="version 2"):
        made().load_state_dict({"recorder": bytes([saved[0] + 1]) + saved[1:]})


def test_a_state_of_other_settings_is_refused(run):
    target = fed(made(), run, epochs=[0])
    before = bits(target)
    others = {
        "n_examples": made(n=N + 1),
        "n_classes": made(c=C + 1),
        "metrics": made(["el2n"]),
        "outputs": made(outputs="probabilities"),
    }
    for name, other in others.items():
        with pytest.raises(cl.StateError, match=name):
            target.load_state_dict(other.state_dict())
        assert bits(target) == before, name
    for state in ({}, {"recorder": None}, {"recorder": "text"}):
        with pytest.raises(cl.StateError, match="recorder"):
            target.load_state_dict(state)


def test_a_state_of_other_options_or_labels_is_refused(run):
    target = made([("dyn_unc", {"window": 2})])
    with pytest.raises(cl.StateError, match="window"):
        target.load_state_dict(made([("dyn_unc", {"window": 3})]).state_dict())
    labels = run[1]
    with pytest.raises(cl.StateError, match="labels"):
        made(labels=labels).load_state_dict(made(labels=(labels + 1) % C).state_dict())


def test_saving_is_whole_or_not_at_all(run, tmp_path):
    recorder = fed(made(), run, epochs=[0])
    recorder.save(tmp_path / "a.bin")
    recorder.save(str(tmp_path / "a.bin"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    with pytest.raises(OSError, match="none"):
        recorder.save(tmp_path / "none" / "a.bin")


def test_a_folder_that_is_missing_is_said_by_its_class(run, tmp_path):
    with pytest.raises(FileNotFoundError):
        made().save(tmp_path / "none" / "a.bin")


@pytest.mark.skipif(sys.platform == "win32", reason="paths are texts there")
def test_a_path_may_be_bytes(tmp_path):
    made().save(os.fsencode(tmp_path / "b.bin"))


# What is refused.


def refusals(run):
    logits, labels, _ = run
    at, values, told = np.arange(4), logits[2][:4], labels[:4]

    def with_value(value):
        bad = values.copy()
        bad[3, 2] = value
        return ((at, bad, told), {})

    return {
        "index -1": (IndexError, r"indices\[3\] is -1", ([0, 1, 2, -1], values, told), {}),
        "index n": (IndexError, rf"indices\[0\] is {N}, expected an index in 0\.\.{N}", ([N, 1, 2, 3], values, told), {}),
        "index 2^63": (IndexError, r"indices\[1\]", (np.array([0, 2**63, 2, 3], np.uint64), values, told), {}),
        "an index twice": (ValueError, "example 1 .*twice", ([0, 1, 2, 1], values, told[[0, 1, 2, 1]]), {}),
        "label c": (ValueError, rf"labels\[2\] is {C}, expected a class", (at, values, [0, 0, C, 0]), {}),
        "label -1": (ValueError, r"labels\[2\] is -1", (at, values, [0, 0, -1, 0]), {}),
        "another label than before": (ValueError, "label", (at, values, (told + 1) % C), {}),
        "NaN": (ValueError, "example 3 .*class 2 is NaN", *with_value(np.nan)),
        "inf": (ValueError, "example 3 .*class 2 is inf", *with_value(np.inf)),
        "probabilities": (ValueError, "aum", (at, softmax(values), told), {"outputs": "probabilities"}),
        "too few classes": (ValueError, r"outputs is of shape \(4, 4\), expected \(4, 5\)", (at, values[:, :4], told), {}),
        "too few rows": (ValueError, r"outputs is of shape \(3, 5\)", (at, values[:3], told), {}),
        "flat outputs": (ValueError, r"outputs is of shape \(20,\)", (at, values.reshape(-1), told), {}),
        "indices of two dimensions": (ValueError, "argument indices", (at.reshape(2, 2), values, told), {}),
        "one index": (ValueError, "argument indices", (0, values[:1], told[:1]), {}),
        "too few labels": (ValueError, r"labels is of shape \(3,\)", (at, values, told[:3]), {}),
        "no labels": (ValueError, "labels is missing", (at, values), {}),
        "whole numbers": (TypeError, "outputs is of dtype int64", (at, values.astype(np.int64), told), {}),
        "complex numbers": (TypeError, "outputs is of dtype complex", (at, values * 1j, told), {}),
        "objects": (TypeError, "outputs is of dtype object", (at, values.astype(object), told), {}),
        "ragged lists": (TypeError, "argument outputs", (at, [[1.0], [1.0, 2.0]], told), {}),
        "broken indices": (TypeError, "argument indices", (at.astype(float), values, told), {}),
        "broken labels": (TypeError, "argument labels", (at, values, told.astype(float)), {}),
        "flags as indices": (TypeError, "argument indices", (at > 0, values, told), {}),
        "nothing": (TypeError, "argument outputs is None", (at, None, told), {}),
        "losses": (ValueError, "losses", (at, values[:, 0], told), {"outputs": "losses"}),
        "correct": (ValueError, "correct", (at, values[:, 0] > 0, told), {"outputs": "correct"}),
        "an unknown kind": (ValueError, "unknown kind of outputs .*logits, prob", (at, values, told), {"outputs": "logit"}),
        "an epoch again": (ValueError, "epoch 1", (at, values, told), {"epoch": 1}),
        "an epoch before": (ValueError, "epoch 0", (at, values, told), {"epoch": 0}),
        "an epoch that is none": (TypeError, None, (at, values, told), {"epoch": 1.5}),
    }


NAMES = list(refusals((np.zeros((4, N, C)), np.zeros(N, int), None)))


@pytest.mark.parametrize("what", NAMES)
def test_what_is_refused_leaves_all_as_it_was(run, what):
    recorder = fed(made(), run, epochs=[0, 1])
    before = bits(recorder)
    error, message, arguments, options = refusals(run)[what]
    with pytest.raises(error, match=message):
        recorder.update(*arguments, **{"epoch": 2} | options)
    assert bits(recorder) == before
    # Counted, too, nothing of it is left.
    if "epoch" not in options:
        with pytest.raises(error, match=message):
            recorder.update(*arguments, **options)
        assert bits(recorder) == before
    fed(recorder, run, epochs=[2, 3])
    assert same(recorder, fed(made(), run))


def test_what_is_no_probability_leaves_all_as_it_was(run):
    logits, labels, _ = run
    at = np.arange(4)
    told = softmax(logits[0][:4])
    cases = [
        ("probabilities", "example 0 .*sum to 5", np.ones((4, C))),
        ("probabilities", "the probability of class 0 is -", -told),
        ("probabilities", "sum to nan|is NaN", told * np.nan),
        ("log-probabilities", "expected a number of at most 0", -np.log(told)),
        ("log-probabilities", "sum to", np.log(told) - 1),
        ("losses", "the loss is NaN", np.full(4, np.nan)),
        ("losses", "the loss is -1, expected at least 0", np.array([0.1, 0.2, 0.3, -1.0])),
        ("correct", "`correct` is 2, expected 1 or 0", [0, 1, 0, 2]),
    ]
    for kind, message, values in cases:
        recorder = made(["forgetting"] if kind == "correct" else ["loss", "confidence"])
        recorder.update(np.arange(N), logits[1], labels, epoch=0)
        before = bits(recorder)
        with pytest.raises(ValueError, match=message):
            recorder.update(at, values, labels[:4], epoch=1, outputs=kind)
        assert bits(recorder) == before, kind


def test_an_epoch_may_come_later_where_no_metric_is_bound_to_order(run):
    backwards = fed(made(["el2n", "aum"]), run, epochs=[3, 2, 1, 0])
    forwards = fed(made(["el2n", "aum"]), run)
    for name in ("el2n", "aum"):
        np.testing.assert_allclose(backwards.scores()[name], forwards.scores()[name], rtol=1e-13)


# Threads and processes.


def test_threads_of_examples_of_their_own_are_as_one_after_the_other(run):
    logits, labels, _ = run
    recorder, problems = made(), []

    def tell(part):
        try:
            for epoch in range(EPOCHS):
                for start in range(part, N, 4 * 5):
                    at = np.arange(start, min(start + 4 * 5, N), 4)
                    recorder.update(at, logits[epoch][at], labels[at], epoch=epoch)
        except BaseException as error:  # noqa: BLE001
            problems.append(error)

    threads = [threading.Thread(target=tell, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert same(recorder, fed(made(), run))


def test_other_threads_run_during_an_update():
    n, c = 400_000, 20
    logits, labels, at = np.zeros((n, c), np.float32), np.zeros(n, np.int64), np.arange(n)
    recorder = made(["el2n", "confidence", "forgetting"], n=n, c=c)
    progress, stop = [], threading.Event()
    seen_from = threading.Event()

    def count():
        seen_from.set()
        while not stop.is_set():
            progress.append(time.perf_counter())
            time.sleep(0)

    thread = threading.Thread(target=count)
    thread.start()
    seen_from.wait()
    try:
        # An interval of Python's own would let the other thread run only before or behind the call.
        interval = sys.getswitchinterval()
        for epoch in range(20):
            begin = time.perf_counter()
            recorder.update(at, logits, labels, epoch=epoch)
            end = time.perf_counter()
            middle = [moment for moment in progress if begin + (end - begin) / 4 < moment < end - (end - begin) / 4]
            progress.clear()
            if len(middle) > 10 or end - begin < interval:
                break
        else:
            pytest.fail("no other thread ran in the middle of 20 updates")
    finally:
        stop.set()
        thread.join()


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def in_a_fork(work, seconds=60):
    """Runs `work` in a forked copy: its exit status, or a failure where it hangs."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException as error:  # noqa: BLE001
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(status)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail(f"the forked process hung for {seconds} s")


@needs_fork
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_copy_does_not_record_and_everything_else_works(run):
    logits, labels, _ = run
    n = 50_000
    rng = np.random.default_rng(4)
    recorder = made(["el2n"], n=n)
    large, told = rng.normal(size=(n, C)).astype(np.float32), rng.integers(0, C, n)
    # The threads are there before the fork.
    recorder.update(np.arange(n), large, told, epoch=0)
    scores, features = recorder.scores()["el2n"], rng.normal(size=(2000, 8))
    probabilities = softmax(large.astype(np.float64))
    expected = (
        cl.prune(scores, keep=0.5),
        cl.find_label_issues(told, probabilities),
        cl.coreset(features, "k-center", count=20),
        cl.orders.EasyFirst()(scores, seed=1),
    )
    saved = bits(recorder)

    def work():
        for call in (
            lambda: recorder.update([0], large[:1], told[:1], epoch=1),
            lambda: recorder.update_losses([0], [0.5], epoch=1),
            lambda: recorder.merge(made(["el2n"], n=n)),
        ):
            with pytest.raises(RuntimeError, match="forked copy"):
                call()
        assert bits(recorder) == saved
        assert np.array_equal(recorder.scores()["el2n"], scores)
        found = (
            cl.prune(scores, keep=0.5),
            cl.find_label_issues(told, probabilities),
            cl.coreset(features, "k-center", count=20),
            cl.orders.EasyFirst()(scores, seed=1),
        )
        assert all(np.array_equal(a, b) for a, b in zip(found, expected))
        # One made here is one to record in.
        own = made(["el2n"], n=n)
        own.update(np.arange(n), large, told, epoch=0)
        assert np.array_equal(own.scores()["el2n"], scores)

    assert in_a_fork(work) == 0
    # The first process goes on.
    recorder.update(np.arange(n), large, told, epoch=1)


@needs_fork
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_in_the_middle_of_an_update_does_not_hang():
    n, c = 200_000, 20
    recorder = made(["el2n", "confidence"], n=n, c=c)
    logits, labels, at = np.zeros((n, c), np.float32), np.zeros(n, np.int64), np.arange(n)
    stop, epoch = threading.Event(), 0

    def tell():
        nonlocal epoch
        while not stop.is_set():
            recorder.update(at, logits, labels, epoch=epoch)
            epoch += 1

    thread = threading.Thread(target=tell)
    thread.start()

    def work():
        with pytest.raises(RuntimeError):
            recorder.update([0], logits[:1], labels[:1], epoch=10**6)
        cl.prune(np.arange(1000.0), keep=0.5)

    try:
        for _ in range(5):
            time.sleep(0.05)
            assert in_a_fork(work, 20) == 0
    finally:
        stop.set()
        thread.join()


# The command.


def test_the_command_gives_the_same_bits(run, tmp_path, command):
    logits, labels, _ = run
    np.savez(tmp_path / "log.npz", logits=logits.astype(np.float32), labels=labels)
    names = ["el2n", "aum", "forgetting", "confidence", "variability", "entropy", "dyn_unc"]
    asked = [part for name in names for part in ("--metric", name)]
    command("score", tmp_path / "log.npz", *asked, "--option", "dyn_unc.window=2", "-o", tmp_path / "scores.npz", "-q")
    recorder = made([*names[:-1], ("dyn_unc", {"window": 2})])
    fed(recorder, (logits.astype(np.float32), labels, run[2]))
    scores, read = recorder.scores(), cl.Scores.load(tmp_path / "scores.npz")
    assert set(read) == set(names)
    for name in names:
        np.testing.assert_array_equal(read[name], scores[name], err_msg=name)
        assert read[name].higher_is == scores[name].higher_is
    np.testing.assert_array_equal(read.labels, labels)
    # Without ids the examples go by their places, there as here.
    assert read.fingerprint == scores.fingerprint
