"""Comparisons by a training function of one's own: what is known to be better is found, a comparison that was
stopped goes on, and what is no honest comparison is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import curriculum as cl

N, BATCH, STEPS = 200, 20, 30
DIFFICULTY = np.random.default_rng(0).random(N)
LABELS = np.arange(N) % 4


class Counted:
    """A sampler that counts, and knows whose it is."""

    def __init__(self, name, total_steps=STEPS):
        self.name, self.step, self.total_steps = name, 0, total_steps

    def run(self):
        while self.step < self.total_steps:
            self.step += 1
            yield [0]


def arm(name, **options):
    return cl.Arm(name, lambda seed: Counted(name), **options)


class Fake:
    """A training whose gains are known, and which may be stopped."""

    def __init__(self, gains, noise=0.002, stop_after=None):
        self.gains, self.noise, self.stop_after = gains, noise, stop_after
        self.runs = []

    def __call__(self, sampler, weights, seed):
        if self.stop_after is not None and len(self.runs) >= self.stop_after:
            raise InterruptedError("stopped")
        for _ in sampler.run():
            pass
        self.runs.append((sampler.name, seed))
        common = 0.02 * np.random.default_rng([1, seed]).normal()
        own = self.noise * np.random.default_rng([2, seed, *sampler.name.encode()]).normal()
        return 0.9 + common + own + self.gains[sampler.name]


GAINS = {"shuffling": 0.0, "good": 0.03, "bad": -0.03, "same": 0.0, "control": 0.0}


def arms():
    return [
        arm("shuffling"),
        arm("good", control="control", kind="order", settings="as it is"),
        arm("bad", kind="pruning"),
        arm("same", kind="weighting"),
        arm("control", kind="order"),
    ]


def compared(train_fn=None, **options):
    options = {"arms": arms(), "seeds": 8, "batch_size": BATCH, "total_steps": STEPS, "progress": False} | options
    return cl.compare(train_fn or Fake(GAINS), N, **options)


class Softmax:
    """A linear classifier in NumPy."""

    def __init__(self, seed, d=6, c=4):
        self.w = 0.01 * np.random.default_rng(seed).normal(size=(d, c))

    def losses(self, x, y):
        z = x @ self.w
        z -= z.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return -log_p[np.arange(len(y)), y], np.exp(log_p)

    def update(self, x, y, weights):
        _, p = self.losses(x, y)
        p[np.arange(len(y)), y] -= 1.0
        self.w -= 0.2 * x.T @ (weights[:, None] * p) / len(y)


def clusters(n, seed):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 4
    return 1.5 * np.eye(6)[y] + rng.normal(size=(n, 6)), y


X, Y = clusters(N, 1)
X_TEST, Y_TEST = clusters(300, 2)


def train(sampler, weights, seed):
    """The smallest honest training; what learns from losses is told them."""
    model = Softmax(seed)
    batches = sampler.run()
    while sampler.step < STEPS:
        wanted = sampler.wanted()
        if len(wanted):
            sampler.update(wanted, model.losses(X[wanted], Y[wanted])[0])
        indices = next(batches)
        losses = model.losses(X[indices], Y[indices])[0]
        of_batch = weights(losses) * sampler.weights(indices)
        assert of_batch.dtype == np.float64 and of_batch.shape == (len(indices),)
        sampler.update(indices, losses)
        model.update(X[indices], Y[indices], of_batch)
    return float((model.losses(X_TEST, Y_TEST)[1].argmax(axis=1) == Y_TEST).mean())


def test_what_is_better_is_found():
    result = compared()
    verdicts = {arm["arm"]: arm["verdict"] for arm in result.arms}
    assert verdicts == {"good": "better", "bad": "worse", "same": "no-difference", "control": "no-difference"}
    assert result.winner == "good" and result.unit == "points" and result.baseline["arm"] == "shuffling"
    good = result.arms[0]
    assert abs(good["difference"] - 3.0) < 0.3 and good["low"] < good["difference"] < good["high"]
    assert good["over_control"]["from"] == "control" and good["over_control"]["verdict"] == "better"
    assert result.verdict[0].startswith(f"After {STEPS} updates good wins: +")
    assert result.verdict[0] in " ".join(str(result).split()) and "gain over shuffling, points" in str(result)
    assert repr(result) == "<Comparison: 4 arms, 8 repetitions, good wins>"
    # The means are those of the scores.
    scores = [run["score"] for run in result.to_dict()["runs"] if run["arm"] == "good"]
    assert math.isclose(good["mean"], 100 * np.mean(scores))


def test_without_a_gain_seldom_one_is_named():
    none = dict.fromkeys(GAINS, 0.0)
    named = 0
    for at in range(60):
        result = compared(Fake(none, noise=0.01), margin=0.0, seeds=range(100 * at, 100 * at + 6))
        verdicts = [arm["verdict"] for arm in result.arms]
        named += any(verdict in ("better", "worse") for verdict in verdicts)
    # 3 expected at most; four standard deviations of a binomial are 6.8.
    assert named <= 9


def test_lower_is_better():
    mirrored = Fake({name: -gain for name, gain in GAINS.items()})
    result = compared(mirrored, metric="error", higher_is_better=False, margin=0.005, unit="points")
    assert result.winner == "good" and result.unit == "points" and result.arms[0]["difference"] > 2
    result = compared(metric="reward", margin=0.5, unit=("cents", 100.0))
    assert result.unit == "cents" and result.to_dict()["margin"] == 50.0
    with pytest.raises(ValueError, match="higher_is_better is true, expected false"):
        compared(metric="log-loss")
    with pytest.raises(ValueError, match="margin is not given for reward"):
        compared(metric="reward")


def test_chosen_is_judged_for_itself():
    fake = Fake(GAINS | {"same": 0.016}, noise=0.01)
    [among, alone] = [compared(fake, chosen=chosen).arms[2] for chosen in (None, "same")]
    assert among["arm"] == "same" and alone["p"] < among["p"]
    with pytest.raises(ValueError, match="chosen is other"):
        compared(chosen="other")


def test_a_training_is_compared(tmp_path):
    options = {"batch_size": BATCH, "total_steps": STEPS, "seeds": 6, "progress": False}
    result = cl.compare(train, N, difficulty=DIFFICULTY, labels=LABELS, **options)
    names = [arm["arm"] for arm in result.arms]
    assert names == [
        "easy-first",
        "hard-first",
        "random-paced",
        "super-loss",
        "keep-hardest",
        "coverage-centric",
        "random-pruning",
    ]
    controls = {arm["arm"]: (arm["over_control"] or {}).get("from") for arm in result.arms}
    assert controls["easy-first"] == controls["hard-first"] == "random-paced"
    assert controls["keep-hardest"] == controls["coverage-centric"] == "random-pruning"
    assert controls["random-paced"] is controls["super-loss"] is None
    assert 50 < result.baseline["mean"] < 100
    # The same again is the same.
    again = cl.compare(train, N, difficulty=DIFFICULTY, labels=LABELS, **options)
    assert again.to_dict() == result.to_dict()
    result.save(tmp_path / "results.json")
    result.report(str(tmp_path / "report.html"))
    assert json.loads((tmp_path / "results.json").read_text("utf-8")) == result.to_dict()
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>") and result.verdict[0] in page and "<svg" in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "results.json"]
    frame = result._repr_html_()
    assert frame.startswith("<iframe srcdoc=") and "<script" not in frame


def test_what_learns_is_asked_for_by_name():
    names = ["self-paced", "info-batch"]
    result = cl.compare(
        train, N, arms=names, batch_size=BATCH, total_steps=STEPS, labels=LABELS, seeds=6, progress=False
    )
    assert [arm["arm"] for arm in result.arms] == names
    assert [arm["settings"] for arm in result.arms] == ["lambda = ln 4, mu = 1.3", "n_epochs = 3"]


def test_arms_of_a_seed_share_what_they_can():
    seen = {}

    def record(sampler, weights, seed):
        losses = np.linspace(0.0, 4.0, BATCH)
        seen[seed, len(seen)] = list(sampler.run()), weights(losses)
        return 0.5 + 0.01 * seed + 0.001 * len(seen)

    names = ["super-loss", "easy-first", "keep-hardest", "coverage-centric"]
    cl.compare(
        record,
        N,
        arms=names,
        batch_size=BATCH,
        total_steps=STEPS,
        difficulty=DIFFICULTY,
        labels=LABELS,
        keep=0.25,
        seeds=[3, 1, 4, 15, 9, 2],
        progress=False,
    )
    runs = {}
    for (seed, _), run in seen.items():
        runs.setdefault(seed, []).append(run)
    assert list(runs) == [3, 1, 4, 15, 9, 2]
    hardest = set(np.argsort(-DIFFICULTY)[: N // 4].tolist())
    parts = []
    for shuffling, super_loss, easy, kept, coverage, random_paced, random_kept in runs.values():
        assert shuffling[0] == super_loss[0]
        assert (shuffling[1] == 1).all() and super_loss[1][0] > 1 > super_loss[1][-1]
        assert all(len(run[0]) == STEPS for run in (easy, kept, coverage, random_paced, random_kept))
        # The pacing begins with a share of 0.2.
        easiest = set(np.argsort(DIFFICULTY)[: int(0.2 * N)].tolist())
        assert set(easy[0][0]) <= easiest and not set(random_paced[0][0]) <= easiest
        of = [set(sum(run[0], [])) for run in (kept, coverage, random_kept)]
        assert of[0] == hardest and [len(part) for part in of] == [N // 4] * 3
        parts.append(frozenset(of[2]))
    assert len(set(parts)) == 6
    assert runs[3][0][0] != runs[1][0][0]


def test_scores_know_their_way():
    def first(difficulty):
        found = []

        def record(sampler, weights, seed):
            found.append(list(sampler.run())[0])
            return float(len(found) % 5)

        options = {"arms": "easy-first", "batch_size": BATCH, "total_steps": STEPS, "seeds": 6, "progress": False}
        cl.compare(record, N, difficulty=difficulty, **options)
        return found[1]

    assert first(DIFFICULTY) == first(cl.Score(-DIFFICULTY, name="aum", higher_is="easy"))


def test_a_stopped_comparison_goes_on(tmp_path):
    whole = compared()
    for stop_after in (0, 1, 17):
        folder = tmp_path / str(stop_after)
        stopped = Fake(GAINS, stop_after=stop_after)
        with pytest.raises(InterruptedError) as caught:
            compared(stopped, folder=folder)
        expected = [(arm.name, seed) for seed in range(8) for arm in arms()]
        assert stopped.runs == expected[:stop_after]
        name, seed = expected[stop_after]
        assert caught.value.__notes__ == [f"in the run of arm {name} with seed {seed}"]
        assert not (folder / "results.json").exists()
        rest = Fake(GAINS)
        gone_on = compared(rest, folder=folder)
        assert rest.runs == expected[stop_after:]
        assert gone_on.to_dict() == whole.to_dict()
        assert json.loads((folder / "results.json").read_text("utf-8")) == whole.to_dict()
        assert (folder / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")
        # What has ended runs no more.
        over = Fake(GAINS)
        assert compared(over, folder=folder).to_dict() == whole.to_dict() and over.runs == []
        files = ["journal.jsonl", "report.html", "results.json", "settings.json"]
        assert sorted(path.name for path in folder.iterdir()) == files


def test_half_a_line_is_run_again(tmp_path):
    whole = compared(folder=tmp_path)
    journal = tmp_path / "journal.jsonl"
    text = journal.read_bytes()
    # Cut within the last line, and at its end.
    for cut in (1, 2, 30):
        journal.write_bytes(text[:-cut])
        again = Fake(GAINS)
        assert compared(again, folder=tmp_path).to_dict() == whole.to_dict()
        assert again.runs == [("control", 7)] and journal.read_bytes() == text
    lines = text.split(b"\n")
    lines[3] = lines[3][:-9]
    lines[5] = lines[5].replace(b'"score": 0', b'"score": NaN, "was": 0')
    journal.write_bytes(b"\n".join(lines))
    again = Fake(GAINS)
    with pytest.warns(RuntimeWarning, match="damaged at line 4, 6: these runs are done again"):
        assert compared(again, folder=tmp_path).to_dict() == whole.to_dict()
    assert again.runs == [("same", 0), ("shuffling", 1)]
    assert sorted(journal.read_bytes().split(b"\n")) == sorted(text.split(b"\n"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seeds": 9}, r"seeds is \[0, 1, 2, 3, 4, 5, 6, 7\] there and \[0, 1, 2, 3, 4, 5, 6, 7, 8\] here"),
        ({"total_steps": 29}, "n_updates is 30 there and 29 here"),
        ({"batch_size": 10}, "batch_size is 20 there and 10 here"),
        ({"margin": 0.01}, "margin is None there and 0.01 here"),
        ({"chosen": "good"}, "chosen is None there and 'good' here"),
        ({"arms": arms()[:3]}, r"arms is \['shuffling', 'good', 'bad', 'same', 'control'\] there and"),
        ({"arms": [*arms()[:4], arm("control", settings="new")]}, "arm control: settings is '' there and 'new'"),
        ({"difficulty": DIFFICULTY}, "difficulty is None there and"),
    ],
)
def test_another_comparison_needs_another_folder(tmp_path, change, told):
    compared(folder=tmp_path)
    before = (tmp_path / "journal.jsonl").read_bytes()
    if "arms" in change and len(change["arms"]) == 3:
        change = {"arms": [*change["arms"], arm("control")]}
    with pytest.raises(ValueError, match=told):
        compared(folder=tmp_path, **change)
    assert (tmp_path / "journal.jsonl").read_bytes() == before


def test_other_data_need_another_folder(tmp_path):
    compared(folder=tmp_path, difficulty=DIFFICULTY, labels=LABELS)
    for name, other in (("difficulty", -DIFFICULTY), ("labels", LABELS + 1)):
        with pytest.raises(ValueError, match=f"other {name}"):
            compared(folder=tmp_path, **{"difficulty": DIFFICULTY, "labels": LABELS} | {name: other})
    # Settings that were taken away do not make the runs those of others.
    (tmp_path / "settings.json").unlink()
    with pytest.raises(ValueError, match="with runs of another comparison"):
        compared(folder=tmp_path)
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(ValueError, match=r"settings.json: .*expected the settings of a comparison"):
        compared(folder=tmp_path)


@pytest.mark.parametrize("taken", [STEPS - 1, STEPS + 1, 0])
def test_budgets_are_equal(tmp_path, taken):
    unequal = cl.Arm("good", lambda seed: Counted("good", taken if seed == 2 else STEPS))
    told = rf"arm good with seed 2 took {taken} steps of its sampler, expected {STEPS}.*sampler\.run\(\)"
    with pytest.raises(ValueError, match=told):
        compared(arms=[arm("shuffling"), unequal], folder=tmp_path)
    # What ended before stays.
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 5


def test_epochs_alone_are_no_budget():
    def one_epoch(sampler, weights, seed):
        return float(sum(len(batch) for batch in sampler))

    with pytest.raises(ValueError, match=f"arm shuffling with seed 0 took {N // BATCH} steps"):
        compared(one_epoch, arms=["easy-first"], difficulty=DIFFICULTY)


@pytest.mark.parametrize(
    ("score", "error", "told"),
    [
        ("0.9", TypeError, "'0.9', expected a real number"),
        (None, TypeError, "None, expected a real number"),
        (True, TypeError, "True, expected a real number"),
        (1j, TypeError, "1j, expected a real number"),
        (np.zeros(2), TypeError, "expected a real number"),
        (math.nan, ValueError, "nan, expected a finite number"),
        (np.float32(np.inf), ValueError, "inf, expected a finite number"),
    ],
)
def test_scores_are_numbers(score, error, told):
    def train_fn(sampler, weights, seed):
        list(sampler.run())
        return score if seed == 1 and sampler.name == "bad" else 0.5 + 0.1 * seed

    with pytest.raises(error, match=rf"the score of arm bad with seed 1 is .*{told}"):
        compared(train_fn)


def test_scores_may_be_of_any_real_type():
    def train_fn(sampler, weights, seed):
        list(sampler.run())
        kinds = [int, float, np.float32, np.float64, np.array, np.int64, float, float]
        return kinds[seed](seed)

    assert compared(train_fn).baseline["mean"] == 350.0


def test_errors_of_the_training_are_its_own(tmp_path):
    class Mine(KeyError):
        pass

    def broken(sampler, weights, seed):
        raise Mine("x")

    with pytest.raises(Mine) as caught:
        compared(broken)
    assert caught.value.args == ("x",) and caught.value.__notes__ == ["in the run of arm shuffling with seed 0"]
    no_sampler = cl.Arm("none", lambda seed: [0, 1, 2])
    with pytest.raises(TypeError, match=r"the sampler of arm none with seed 0 is \[0, 1, 2\]"):
        compared(arms=[arm("shuffling"), no_sampler])


def test_weights_are_checked():
    def train_fn(sampler, weights, seed):
        list(sampler.run())
        weights(np.ones(3))
        return float(seed)

    for weighting, told in (
        (lambda losses: losses[:2], r"weights of arm w is of shape \(2,\), expected one per loss, \(3,\)"),
        (lambda losses: 1.0, r"weights of arm w is of shape \(\)"),
    ):
        with pytest.raises(ValueError, match=told):
            compared(train_fn, arms=[arm("shuffling"), arm("w", weights=weighting)])

    def matrix(sampler, weights, seed):
        weights(np.ones((3, 2)))

    with pytest.raises(ValueError, match=r"losses is of shape \(3, 2\)"):
        compared(matrix)


def test_arms_as_names_and_functions():
    mine = {name: lambda seed, name=name: Counted(name) for name in ("shuffling", "mine")}
    result = compared(Fake({"shuffling": 0.0, "mine": 0.01}), arms=mine)
    assert [arm["arm"] for arm in result.arms] == ["mine"]

    def constant(sampler, weights, seed):
        return len(list(sampler.run())) + 0.1 * seed

    # The baseline comes first, and controls come with what they control.
    result = compared(constant, arms=["easy-first", "shuffling"], difficulty=DIFFICULTY)
    assert [arm["arm"] for arm in result.arms] == ["easy-first", "random-paced"]
    assert {arm["verdict"] for arm in result.arms} == {"not-tested"}
    result = compared(constant, arms="random-paced")
    assert [arm["arm"] for arm in result.arms] == ["random-paced"]
    result = compared(constant, arms=cl.Arm("mine", lambda seed: Counted("mine"), control="random-paced"))
    assert [arm["arm"] for arm in result.arms] == ["mine", "random-paced"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"arms": ["easy"]}, "one with 'easy', expected some of shuffling, easy-first, hard-first"),
        ({"arms": [arm("a"), arm("a")]}, "one with a twice"),
        ({"arms": []}, "shuffling alone"),
        ({"arms": ["shuffling"]}, "shuffling alone"),
        ({"arms": None}, "without difficulty= and labels="),
        ({"arms": ["easy-first"]}, "difficulty is None, expected how hard each example is"),
        ({"arms": ["super-loss"]}, "labels is None, expected the class of each example"),
        ({"arms": ["self-paced"]}, "labels is None"),
        ({"arms": [arm("a", control="nothing")]}, "one with 'nothing'"),
        ({"arms": [arm("a", control="shuffling")]}, "control of arm a is shuffling"),
        ({"seeds": 5}, "seeds is 5, expected at least 6"),
        ({"seeds": [0, 1, 2, 3, 4, 4]}, "seeds is 4 more than once"),
        ({"seeds": [0, 1, 2, 3, 4, -1]}, "seeds is one with -1"),
        ({"difficulty": DIFFICULTY[1:]}, r"difficulty is of shape \(199,\), expected one per example, \(200,\)"),
        ({"difficulty": np.where(DIFFICULTY > 0.9, np.nan, DIFFICULTY)}, r"difficulty\[\d+\] is nan"),
        ({"labels": LABELS[:, None]}, r"labels is of shape \(200, 1\)"),
        ({"labels": np.zeros(N)}, "labels is of 1 class"),
        ({"keep": 1.0}, "keep is 1.0"),
        ({"margin": -1.0}, "margin is -1"),
        ({"margin": math.nan}, "margin is nan"),
        ({"test_to_train": -0.5}, "test_to_train is -0.5"),
        ({"total_steps": 0}, "total_steps is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"unit": ("points", 0.0)}, "unit scale is 0"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_any_run(options, told):
    fake = Fake(GAINS)
    with pytest.raises(ValueError, match=told):
        compared(fake, **options)
    assert fake.runs == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"arms": 3}, "arms is 3"),
        ({"arms": [3]}, "arms is one with 3"),
        ({"seeds": True}, "seeds is True"),
        ({"seeds": "six"}, "seeds is 'six'"),
        ({"seeds": [0.5]}, "seeds is one with 0.5"),
        ({"total_steps": 2.5}, "total_steps is 2.5, expected an integer"),
        ({"difficulty": ["a"] * N}, "difficulty is of dtype"),
        ({"margin": "half"}, "margin is 'half'"),
        ({"metric": 3}, "metric is 3"),
        ({"unit": 3}, "unit is 3"),
        ({"chosen": 3}, "chosen is 3"),
    ],
)
def test_types_are_told(options, told):
    with pytest.raises(TypeError, match=told):
        compared(**options)
    with pytest.raises(TypeError, match="train_fn is 3"):
        cl.compare(3, N, batch_size=1, total_steps=1)


def test_an_arm_is_checked():
    make = Counted
    for error, told, arguments in (
        (ValueError, "name is ''", ("", make)),
        (TypeError, "make is 3", ("a", 3)),
        (TypeError, "weights is 3", ("a", make, 3)),
        (TypeError, "control is 3", ("a", make, None, 3)),
        (ValueError, "kind is 'pace', expected one of order", ("a", make, None, None, "pace")),
        (TypeError, "settings is 3", ("a", make, None, None, "other", 3)),
    ):
        with pytest.raises(error, match=told):
            cl.Arm(*arguments)


def test_splits_widen_intervals():
    [fixed, splits] = [compared(test_to_train=ratio).arms[0] for ratio in (0.0, 0.25)]
    width = (splits["high"] - splits["low"]) / (fixed["high"] - fixed["low"])
    assert math.isclose(width, math.sqrt(1 + 8 * 0.25))


def test_progress_is_told(capsys):
    compared(progress=True)
    told = capsys.readouterr()
    lines = told.err.splitlines()
    assert told.out == "" and len(lines) == 40
    assert lines[0].startswith("1 of 40 runs, about ") and "shuffling, seed 0: 0." in lines[0]
    compared(progress=False)
    assert capsys.readouterr().err == ""


def test_a_data_frame_has_all_arms():
    pytest.importorskip("pandas")
    frame = compared().to_pandas()
    assert list(frame.index) == ["shuffling", "good", "bad", "same", "control"]
    assert frame.loc["good", "control"] == "control" and frame.loc["good", "control_difference"] > 2
    assert np.isnan(frame.loc["shuffling", "difference"]) and frame["mean"].dtype == np.float64
    assert frame.loc["bad", "verdict"] == "worse"


@pytest.mark.torch
def test_tensors_are_taken():
    torch = pytest.importorskip("torch")

    def train_fn(sampler, weights, seed):
        for indices in sampler.run():
            losses = torch.linspace(0, 3, len(indices), dtype=torch.bfloat16, requires_grad=True)
            assert weights(losses).dtype == np.float64
        return torch.tensor(0.5 + 0.01 * seed)

    labels = torch.from_numpy(LABELS)
    result = compared(train_fn, arms=["super-loss"], labels=labels)
    assert result.arms[0]["verdict"] == "not-tested" and 50 < result.baseline["mean"] < 60
