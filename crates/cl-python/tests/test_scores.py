"""Scores: which way they point goes with them, data frames read them without a copy, and files give them back."""

from __future__ import annotations

import copy
import gc
import pickle

import numpy as np
import pytest

import curriculum as cl

N = 60


def random_scores(n=N, **options):
    rng = np.random.default_rng(5)
    columns = [
        {"name": "el2n", "values": rng.random(n), "higher_is_harder": True},
        {"name": "aum", "values": rng.normal(size=n), "higher_is_harder": False, "options": {"outputs": "logits"}},
        {"name": "forgetting_events", "values": rng.integers(0, 4, n), "higher_is_harder": None},
    ]
    return cl.Scores(columns, **options)


@pytest.fixture
def scores():
    return random_scores(labels=np.arange(N) % 3, epochs=[0, 1])


@pytest.fixture
def recorded():
    """Of a recorder: two epochs, some examples never learned."""
    rng = np.random.default_rng(6)
    labels = rng.integers(0, 4, N)
    recorder = cl.Recorder(N, 4, ["el2n", "aum", "forgetting", "confidence"])
    for epoch in range(2):
        recorder.update(np.arange(N), rng.normal(size=(N, 4)), labels, epoch=epoch)
    return recorder


# Which way a score points.


def test_the_direction_goes_with_what_is_the_score_still(scores):
    aum = scores["aum"]
    assert (aum.name, aum.higher_is, aum.dtype, aum.shape) == ("aum", "easy", np.float64, (N,))
    kept = {
        "a slice": aum[3:9],
        "a step back": aum[::-1],
        "some": aum[[4, 2]],
        "a mask": aum[aum > 0],
        "a copy": aum.copy(),
        "a deep copy": copy.deepcopy(aum),
        "pickled": pickle.loads(pickle.dumps(aum)),
        "a view": aum.view(),
        "taken": aum.take([1, 2]),
    }
    for what, score in kept.items():
        assert isinstance(score, cl.Score) and (score.name, score.higher_is) == ("aum", "easy"), what
    np.testing.assert_array_equal(kept["pickled"], aum)
    assert isinstance(aum[0], float)


def test_what_is_computed_of_a_score_is_a_plain_array(scores):
    aum, el2n = scores["aum"], scores["el2n"]
    computed = [
        -aum,
        aum + 1,
        1 - aum,
        2 * aum,
        aum - el2n,
        aum**2,
        abs(aum),
        aum > 0,
        np.exp(aum),
        np.cumsum(aum),
        np.round(aum, 1),
        np.clip(aum, 0, 1),
        np.concatenate([aum, el2n]),
        np.where(aum > 0, aum, 0),
        np.asarray(aum),
        np.diff(aum),
        np.sort(aum),
        divmod(aum, 2)[0],
        np.add(aum, 1, out=np.empty(N)),
    ]
    assert all(type(array) is np.ndarray for array in computed)
    own = cl.Score([1.0, 2.0], "aum", "easy")
    own += 1
    assert type(own) is np.ndarray and own.tolist() == [2.0, 3.0]
    for total in (aum.sum(), aum.mean(), aum.max(), np.median(aum), aum @ el2n):
        assert isinstance(total, float) and not isinstance(total, cl.Score)


@pytest.mark.parametrize("ranked", [np.argsort, np.gradient, np.zeros_like, lambda score: np.argpartition(score, 3)])
def test_what_is_no_difficulty_any_more_says_nothing_of_its_direction(scores, ranked):
    assert getattr(ranked(scores["aum"]), "higher_is", None) is None


def test_orders_and_selections_go_by_the_direction(scores):
    aum = scores["aum"]
    hard = -np.asarray(aum)
    for order in (cl.orders.EasyFirst(), cl.orders.HardFirst()):
        np.testing.assert_array_equal(order(aum, seed=3), order(hard, seed=3))
        assert not np.array_equal(order(aum, seed=3), order(np.asarray(aum), seed=3))
    for rule in ("hardest", "easiest", "middle", "offset", "ccs"):
        try:
            expected = cl.prune(hard, rule, keep=0.4, seed=3)
        except ValueError:
            continue
        np.testing.assert_array_equal(cl.prune(aum, rule, keep=0.4, seed=3), expected)
        np.testing.assert_array_equal(cl.prune(np.asarray(aum), rule, keep=0.4, seed=3, high_is="easy"), expected)
    np.testing.assert_array_equal(cl.prune(aum, keep=0.5), cl.prune(aum[:], keep=0.5))
    # Said by the caller, it is the caller's word that counts.
    np.testing.assert_array_equal(cl.prune(aum, keep=0.4, high_is="hard"), cl.prune(np.asarray(aum), keep=0.4))
    agreement = cl.agree({"aum": aum, "hard": hard})
    assert agreement.values[0, 1] == 1.0
    assert cl.overlap(aum, hard) == [1.0, 1.0, 1.0]
    np.testing.assert_array_equal(cl.combine([aum, hard]), cl.combine([hard, hard]))
    for difficulty in (scores.difficulty("aum"), aum.difficulty):
        assert type(difficulty) is np.ndarray
        np.testing.assert_array_equal(difficulty, hard)


def test_samplers_go_by_the_direction(scores):
    pacing = cl.pacing.Linear(a=0.5, b=0.2)
    options = {"pacing": pacing, "batch_size": 6, "total_steps": 30, "seed": 2}
    by_score = cl.samplers.Competence(difficulty=scores["aum"], **options)
    by_hand = cl.samplers.Competence(difficulty=-np.asarray(scores["aum"]), **options)
    assert list(by_score) == list(by_hand)


def test_a_score_that_is_no_difficulty_is_refused(scores):
    events = scores["forgetting_events"]
    assert events.higher_is is None
    calls = [
        lambda: cl.prune(events, keep=0.5),
        lambda: cl.orders.EasyFirst()(events),
        lambda: cl.agree({"a": events, "b": scores["aum"]}),
        lambda: scores.difficulty("forgetting_events"),
        lambda: events.difficulty,
        lambda: cl.combine([events, events]),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="forgetting_events, of which neither high nor low is hard"):
            call()
    # Said to be one, it is.
    assert len(cl.prune(events, keep=0.5, high_is="hard")) == N // 2
    assert len(cl.prune(np.asarray(events), keep=0.5)) == N // 2
    # An array without a name is the caller's own, and taken as it is.
    assert cl.prune(cl.Score([0.0, 1.0]), count=1).tolist() == [1]


# The mapping.


def test_scores_are_a_mapping_that_nobody_writes_to(scores):
    assert list(scores) == ["el2n", "aum", "forgetting_events"] and len(scores) == 3
    assert "aum" in scores and scores.n_examples == N and scores.epochs == (0, 1)
    assert scores.get("none") is None
    with pytest.raises(KeyError, match="no score 'none', expected one of el2n, aum"):
        scores["none"]
    with pytest.raises(ValueError, match="read-only"):
        scores["aum"][0] = 1.0
    assert "60 examples: el2n, aum" in repr(scores)


def test_copies_of_scores_are_not_written_to_either(scores):
    for back in (pickle.loads(pickle.dumps(scores)), copy.deepcopy(scores)):
        assert list(back) == list(scores) and back.fingerprint == scores.fingerprint
        for name in scores:
            np.testing.assert_array_equal(back[name], scores[name])
            assert back[name].higher_is == scores[name].higher_is
            # Data frames are lent these.
            assert not back[name].flags.writeable, name


def test_scores_do_not_change_with_the_array_that_they_were_made_of():
    values = np.arange(4.0)
    scores = cl.Scores([{"name": "own", "values": values, "higher_is_harder": True}])
    values[0] = 9.0
    assert scores["own"][0] == 0.0


def test_the_scores_of_a_recorder_are_its_own(recorded):
    scores = recorded.scores()
    before = {name: np.array(score) for name, score in scores.items()}
    recorded.update(np.arange(N), np.zeros((N, 4)), recorded._core.labels(), epoch=2)
    for name, values in before.items():
        np.testing.assert_array_equal(scores[name], values)
    assert list(recorded.scores("aum", "el2n")) == ["aum", "el2n"]
    with pytest.raises(KeyError, match="no metric 'none' is recorded, expected one of el2n"):
        recorded.scores("none")
    assert [score.higher_is for score in scores.values()] == ["hard", "easy", "hard", "easy"]


# Data frames.


def test_to_pandas():
    pytest.importorskip("pandas")
    scores = random_scores(ids=[f"x{i}" for i in range(N)], labels=np.arange(N) % 3)
    frame = scores.to_pandas()
    assert list(frame.columns) == ["label", "el2n", "aum", "forgetting_events"]
    assert frame.index.name == "id" and frame.index[2] == "x2"
    for name in scores:
        np.testing.assert_array_equal(frame[name].to_numpy(), scores[name])
    assert list(random_scores().to_pandas().columns) == ["el2n", "aum", "forgetting_events"]


def address(array):
    return array.__array_interface__["data"][0]


def test_pyarrow_reads_them_where_they_lie():
    pa = pytest.importorskip("pyarrow")
    scores = random_scores(ids=[f"x{i}" for i in range(N)], labels=np.arange(N) % 3)
    table = pa.table(scores)
    assert table.column_names == ["id", "label", "el2n", "aum", "forgetting_events"]
    assert table["id"].to_pylist()[:2] == ["x0", "x1"] and table["label"].to_pylist()[:4] == [0, 1, 2, 0]
    for name in scores:
        [chunk] = table[name].chunks
        assert chunk.type == pa.float64() and chunk.null_count == 0
        np.testing.assert_array_equal(chunk.to_numpy(), scores[name])
        assert chunk.buffers()[1].address == address(scores[name]), name


def test_polars_reads_them():
    pl = pytest.importorskip("polars")
    scores = random_scores()
    frame = pl.DataFrame(scores)
    assert frame.columns == ["el2n", "aum", "forgetting_events"]
    for name in scores:
        np.testing.assert_array_equal(frame[name].to_numpy(), scores[name])
        assert address(frame[name].to_numpy(allow_copy=False)) == address(scores[name]), name


def test_polars_reads_ids_and_labels():
    pl = pytest.importorskip("polars")
    frame = random_scores(ids=range(N), labels=np.arange(N) % 3).to_polars()
    assert isinstance(frame, pl.DataFrame) and frame.columns == ["id", "label", "el2n", "aum", "forgetting_events"]


def test_pandas_reads_the_stream():
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    if not hasattr(pd.DataFrame, "from_arrow"):
        pytest.skip("a pandas that reads no streams")
    scores = random_scores()
    frame = pd.DataFrame.from_arrow(scores)
    for name in scores:
        np.testing.assert_array_equal(frame[name].to_numpy(), scores[name])


def test_the_stream_outlives_the_scores():
    pa = pytest.importorskip("pyarrow")
    scores = random_scores(100_000)
    expected = {name: np.array(score) for name, score in scores.items()}
    capsule = scores.__arrow_c_stream__()
    reader = pa.RecordBatchReader.from_stream(scores)
    table = pa.table(random_scores(100_000))
    del scores
    gc.collect()
    # What is freed would be written over.
    noise = [np.full(100_000, -1.0) for _ in range(20)]
    for name, values in expected.items():
        np.testing.assert_array_equal(table[name].to_numpy(), values)
    read = reader.read_all()
    del reader
    gc.collect()
    column = read["aum"].chunks[0].slice(10, 5)
    del read, capsule
    gc.collect()
    noise += [np.full(100_000, -2.0) for _ in range(20)]
    np.testing.assert_array_equal(column.to_numpy(), expected["aum"][10:15])


def test_streams_that_nobody_reads_and_those_of_other_layouts():
    pa = pytest.importorskip("pyarrow")
    scores = random_scores()
    for _ in range(10):
        scores.__arrow_c_stream__()
    values = np.arange(2 * N, dtype=np.float64)
    strided = cl.Scores([{"name": "own", "values": values[::2]}, {"name": "back", "values": values[:N][::-1]}])
    table = pa.table(strided)
    np.testing.assert_array_equal(table["own"].to_numpy(), values[::2])
    np.testing.assert_array_equal(table["back"].to_numpy(), values[:N][::-1])
    foreign = cl.Scores([{"name": "own", "values": values.astype(">f8")}, {"name": "whole", "values": np.arange(2 * N)}])
    assert pa.table(foreign)["own"].to_pylist() == values.tolist()
    assert pa.table(cl.Scores([{"name": "own", "values": []}])).num_rows == 0
    # Ids that are numbers are texts there, as in files.
    assert pa.table(random_scores(ids=range(N)))["id"].to_pylist()[:2] == ["0", "1"]


def test_a_stream_of_misaligned_numbers():
    pa = pytest.importorskip("pyarrow")
    memory = np.zeros(8 * N + 1, np.uint8)[1:].view(np.float64)
    memory[:] = np.arange(N)
    assert not memory.flags.aligned
    assert pa.table(cl.Scores([{"name": "own", "values": memory}]))["own"].to_pylist() == list(range(N))


# Files.


ENDINGS = ["csv", "jsonl", "parquet", "npz"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("ids", [None, list(range(100, 100 + N)), [f"x {i}, \"y\"" for i in range(N)]])
def test_files_give_back_every_bit(recorded, tmp_path, ending, ids):
    scores = recorded.scores(ids=ids)
    path = tmp_path / f"scores.{ending}"
    scores.save(path)
    read = cl.Scores.load(str(path))
    assert set(read) == set(scores)
    for name in scores:
        np.testing.assert_array_equal(read[name], scores[name], err_msg=name)
        assert (read[name].name, read[name].higher_is) == (name, scores[name].higher_is)
    np.testing.assert_array_equal(read.labels, scores.labels)
    assert [str(identity) for identity in ids or range(N)] == read.ids
    assert read.fingerprint == scores.fingerprint
    # And once more.
    read.save(tmp_path / f"again.{ending}")
    assert (tmp_path / f"again.{ending}").read_bytes() == path.read_bytes() or ending == "parquet"


@pytest.mark.parametrize("ending", ENDINGS)
def test_files_keep_the_order_of_columns(recorded, tmp_path, ending):
    recorded.scores().save(tmp_path / f"scores.{ending}")
    assert list(cl.Scores.load(tmp_path / f"scores.{ending}")) == ["el2n", "aum", "forgetting", "confidence"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_files_keep_what_is_infinitely_hard(tmp_path, ending):
    recorder = cl.Recorder(3, 2, [("forgetting", {"never_learned": "infinite"})])
    recorder.update([0, 1, 2], np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]), [0, 0, 1], epoch=0)
    scores = recorder.scores()
    assert scores["forgetting"].tolist() == [np.inf, 0.0, np.inf]
    scores.save(tmp_path / f"scores.{ending}")
    np.testing.assert_array_equal(cl.Scores.load(tmp_path / f"scores.{ending}")["forgetting"], scores["forgetting"])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_column_is_lost_between_save_and_load(tmp_path, value):
    """Refused when it is written or when it is read; a column that is just not there any more is neither."""
    scores = cl.Scores(
        [
            {"name": "own", "values": [0.5, value], "higher_is_harder": True},
            {"name": "other", "values": [0.5, 1.0], "higher_is_harder": True},
        ]
    )
    try:
        scores.save(tmp_path / "scores.csv")
        read = cl.Scores.load(tmp_path / "scores.csv")
    except ValueError as error:
        assert "own" in str(error)
    else:
        assert list(read) == ["own", "other"]


def test_a_file_of_one_score(tmp_path):
    scores = cl.Scores([{"name": "el2n", "values": np.linspace(0, 1, N), "higher_is_harder": True}])
    scores.save(tmp_path / "scores.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "scores.npy"), scores["el2n"])
    read = cl.Scores.load(tmp_path / "scores.npy")
    np.testing.assert_array_equal(read["el2n"], scores["el2n"])
    assert read["el2n"].higher_is == "hard"


def test_the_sidecar_says_which_way_and_whose(recorded, tmp_path):
    import json

    scores = recorded.scores(ids=[f"x{i}" for i in range(N)])
    scores.save(tmp_path / "scores.csv")
    beside = json.loads((tmp_path / "scores.csv.json").read_text())
    assert {column["name"]: column["higher_is_harder"] for column in beside["columns"]} == {
        "el2n": True,
        "aum": False,
        "forgetting": True,
        "confidence": False,
    }
    assert beside["fingerprint"] == scores.fingerprint and beside["n_examples"] == N and beside["epochs"] == [0, 1]
    assert not [path for path in tmp_path.iterdir() if path.name not in ("scores.csv", "scores.csv.json")]
    # Of other data than it says.
    text = (tmp_path / "scores.csv").read_text()
    (tmp_path / "scores.csv").write_text(text.replace("x7,", "y7,"))
    with pytest.raises(ValueError, match="other data"):
        cl.Scores.load(tmp_path / "scores.csv")


def test_the_sidecar_says_how_many_were_never_learned(recorded, tmp_path, command):
    import json

    rng = np.random.default_rng(6)
    labels = rng.integers(0, 4, N)
    logits = np.stack([rng.normal(size=(N, 4)) for _ in range(2)])
    np.savez(tmp_path / "log.npz", logits=logits, labels=labels)
    command("score", tmp_path / "log.npz", "--metric", "forgetting", "-o", tmp_path / "command.csv", "-q")
    recorded.scores("forgetting").save(tmp_path / "own.csv")
    by_command, own = (json.loads((tmp_path / f"{name}.csv.json").read_text()) for name in ("command", "own"))
    assert own["fingerprint"] == by_command["fingerprint"] and own["columns"] == by_command["columns"]
    assert own["n_never_learned"] == by_command["n_never_learned"] > 0


def test_fingerprints_tell_data_apart():
    plain = random_scores()
    assert plain.fingerprint == random_scores(ids=range(N)).fingerprint
    prints = [
        plain.fingerprint,
        random_scores(ids=[f"x{i}" for i in range(N)]).fingerprint,
        random_scores(ids=range(1, N + 1)).fingerprint,
        random_scores(labels=np.zeros(N, int)).fingerprint,
        random_scores(labels=np.arange(N) % 2).fingerprint,
        random_scores(N + 1).fingerprint,
    ]
    assert len(set(prints)) == len(prints) and all(len(text) == 64 for text in prints)
    with pytest.raises(ValueError, match="borne by examples 0 and 1"):
        random_scores(ids=["same"] * N).fingerprint  # noqa: B018


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_command_reads_what_is_saved(recorded, tmp_path, command, ending):
    scores = recorded.scores()
    path = tmp_path / f"scores.{ending}"
    scores.save(path)
    for name in ("el2n", "aum"):
        options = ("--column", name, "--rule", "hardest", "--keep", "0.3", "--seed", "7", "-q")
        command("prune", path, *options, "-o", tmp_path / "kept.npy")
        kept = np.load(tmp_path / "kept.npy")
        np.testing.assert_array_equal(np.sort(cl.prune(scores[name], keep=0.3, seed=7)), kept)


def test_what_is_no_file_of_scores_is_refused(scores, tmp_path):
    with pytest.raises(ValueError, match=r"unknown ending, expected \.csv"):
        scores.save(tmp_path / "scores.txt")
    with pytest.raises(ValueError, match="argument path is empty"):
        scores.save("")
    with pytest.raises(FileNotFoundError):
        cl.Scores.load(tmp_path / "none.csv")
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(ValueError, match="bad.npz"):
        cl.Scores.load(tmp_path / "bad.npz")
    with pytest.raises(ValueError, match="scores.npy|one"):
        scores.save(tmp_path / "scores.npy")
    with pytest.raises(ValueError, match="no scores to write"):
        cl.Scores([]).save(tmp_path / "scores.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.npz"]
