"""Hugging Face's Trainer on the batches of a sampler: the same as by hand, through every interruption."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

import curriculum as cl  # noqa: E402
from curriculum.huggingface import CurriculumTrainerMixin, RecorderCallback  # noqa: E402

pytestmark = pytest.mark.torch

N, BATCH, CLASSES, STEPS = 200, 16, 3, 30
X = torch.randn(N, 5, generator=torch.Generator().manual_seed(0))
X[:, 0] = torch.arange(N)
Y = (X[:, 1] > 0).long() + (X[:, 2] > 0.5).long()
DIFFICULTY = np.random.default_rng(1).random(N)


class Data(torch.utils.data.Dataset):
    def __len__(self):
        return N

    def __getitem__(self, index):
        return {"x": X[index], "labels": Y[index], "unused": 0.0}


class Model(torch.nn.Module):
    """Two layers, dropout between; remembers the examples it was trained on, and what it said of them."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Dropout(0.1), torch.nn.Linear(8, CLASSES)
        )
        self.seen, self.said = [], []

    def forward(self, x, labels=None):
        logits = self.layers(x[:, 1:])
        if self.training:
            self.seen.append(x[:, 0].long().tolist())
            self.said.append(logits.detach())
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


class MyTrainer(CurriculumTrainerMixin, transformers.Trainer):
    pass


class StopAt(transformers.TrainerCallback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):
        control.should_training_stop = control.should_save = state.global_step == self.step


def growing():
    order = cl.orders.EasyFirst()(DIFFICULTY, seed=0)
    return cl.samplers.Prefix(order, cl.pacing.Root(a=0.6, b=0.2), batch_size=BATCH, total_steps=STEPS, seed=1)


def info_batch():
    return cl.samplers.InfoBatch(n_examples=N, batch_size=BATCH, n_epochs=6, seed=2)


def rho_loss():
    return cl.samplers.RhoLoss(irreducible=np.zeros(N), batch_size=BATCH, factor=3, seed=4)


def teacher():
    return cl.samplers.Teacher(classes=Y.numpy(), batch_size=BATCH, seed=5)


def trainer_of(folder, sampler, *callbacks, trainer=MyTrainer, more=None, **options):
    settings = {
        "max_steps": STEPS,
        "per_device_train_batch_size": BATCH,
        "learning_rate": 0.05,
        "optim": "sgd",
        "max_grad_norm": 0.0,
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": True,
        "dataloader_pin_memory": False,
        "save_strategy": "no",
        "logging_strategy": "no",
        **options,
    }
    arguments = transformers.TrainingArguments(str(folder), **settings)
    more = {} if more is None else more
    return trainer(Model(), arguments, train_dataset=Data(), sampler=sampler, callbacks=list(callbacks), **more)


def weights_of(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def by_hand(sampler, n):
    return [list(batch) for batch in sampler.run(n)]


@pytest.mark.parametrize("n_workers", [0, 2])
def test_the_model_sees_the_batches_of_the_sampler(tmp_path, n_workers):
    trainer = trainer_of(tmp_path, growing(), dataloader_num_workers=n_workers)
    trainer.train()
    assert trainer.model.seen == by_hand(growing(), STEPS)
    # As many batches as one pass takes are an epoch of the Trainer.
    assert trainer.state.epoch == pytest.approx(STEPS / 13)


def test_without_a_sampler_it_shuffles(tmp_path):
    trainer = trainer_of(tmp_path, None, max_steps=-1, num_train_epochs=2, seed=7)
    trainer.train()
    assert trainer.model.seen == by_hand(cl.samplers.Shuffle(n_examples=N, batch_size=BATCH, seed=7), 26)
    assert trainer.state.global_step == 26


def test_each_training_begins_anew(tmp_path):
    trainer = trainer_of(tmp_path, info_batch(), RecorderCallback(cl.Recorder(N, CLASSES, ["el2n"])), max_steps=17)
    trainer.train()
    trainer.train()
    seen = trainer.model.seen
    # The second training has other losses, and what comes of them.
    assert seen[:13] == seen[17:30]


@pytest.mark.parametrize(
    ("make", "stop", "n_workers", "n_accumulated"),
    [
        (growing, 1, 0, 1),
        (growing, 13, 0, 1),
        (growing, 14, 2, 1),
        (growing, 27, 2, 1),
        (growing, 3, 0, 2),
        (growing, 10, 2, 2),
        (growing, 7, 0, 2),
        (info_batch, 5, 0, 1),
        (info_batch, 13, 0, 1),
        (info_batch, 20, 0, 1),
        (info_batch, 9, 0, 3),
        (rho_loss, 4, 0, 1),
        (rho_loss, 6, 0, 2),
        (teacher, 11, 0, 1),
    ],
)
def test_a_training_goes_on_exactly(tmp_path, make, stop, n_workers, n_accumulated):
    n = STEPS // n_accumulated
    options = {"max_steps": n, "gradient_accumulation_steps": n_accumulated, "dataloader_num_workers": n_workers}
    whole_recorder = cl.Recorder(N, CLASSES, ["aum", "el2n"])
    whole = trainer_of(tmp_path / "whole", make(), RecorderCallback(whole_recorder, count_epochs=True), **options)
    whole.train()

    first = trainer_of(
        tmp_path / "parts",
        make(),
        StopAt(stop),
        RecorderCallback(cl.Recorder(N, CLASSES, ["aum", "el2n"]), count_epochs=True),
        **options,
    )
    first.train()
    assert first.state.global_step == stop
    recorder = cl.Recorder(N, CLASSES, ["aum", "el2n"])
    rest = trainer_of(tmp_path / "parts", make(), RecorderCallback(recorder, count_epochs=True), **options)
    rest.train(resume_from_checkpoint=True)

    assert first.model.seen + rest.model.seen == whole.model.seen
    assert torch.equal(weights_of(rest.model), weights_of(whole.model))
    assert rest.state.epoch == whole.state.epoch
    observed = np.flatnonzero(whole_recorder.observed())
    assert np.array_equal(np.flatnonzero(recorder.observed()), observed)
    for name in ("aum", "el2n"):
        expected = whole_recorder.select(observed).scores(name)[name]
        assert np.array_equal(recorder.select(observed).scores(name)[name], expected)


def test_ignore_data_skip_skips_nothing_either(tmp_path):
    first = trainer_of(tmp_path, growing(), StopAt(5))
    first.train()
    rest = trainer_of(tmp_path, growing(), ignore_data_skip=True)
    rest.train(resume_from_checkpoint=True)
    assert first.model.seen + rest.model.seen == by_hand(growing(), STEPS)


def test_checkpoints_of_the_trainers_own_schedule(tmp_path):
    trainer = trainer_of(tmp_path, growing(), save_strategy="steps", save_steps=8, save_total_limit=2)
    trainer.train()
    saved = json.loads((tmp_path / "checkpoint-24" / "curriculum_sampler.json").read_text())
    assert saved["batches"] == 24
    rest = trainer_of(tmp_path, growing())
    rest.train(resume_from_checkpoint=str(tmp_path / "checkpoint-24"))
    assert rest.model.seen == by_hand(growing(), STEPS)[24:]


def test_evaluation_within_the_training_changes_nothing(tmp_path):
    trainer = trainer_of(tmp_path, info_batch(), more={"eval_dataset": Data()}, eval_strategy="steps", eval_steps=4)
    plain = trainer_of(tmp_path, info_batch())
    for each in (trainer, plain):
        # A loader for evaluation takes a number of the stream that dropout draws from.
        each.model.layers[2].p = 0.0
        each.train()
    assert trainer.model.seen == plain.model.seen
    assert torch.equal(weights_of(trainer.model), weights_of(plain.model))


@pytest.mark.parametrize("n_accumulated", [1, 3])
def test_losses_are_told_and_weights_count(tmp_path, n_accumulated):
    """A training by hand of the same model: the same batches, and the same weights in the end."""
    trainer = trainer_of(
        tmp_path,
        info_batch(),
        more={"batches_per_epoch": STEPS},
        max_steps=STEPS // n_accumulated,
        gradient_accumulation_steps=n_accumulated,
        lr_scheduler_type="constant",
    )
    trainer.model.layers[2].p = 0.0
    trainer.train()

    model, sampler = Model(), info_batch()
    model.layers[2].p = 0.0
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    weighed, step = 0, 0
    for batch in sampler.run(STEPS):
        logits = model.layers(X[batch, 1:])
        losses = torch.nn.functional.cross_entropy(logits, Y[batch], reduction="none")
        weights = torch.as_tensor(sampler.weights(batch), dtype=torch.float32)
        weighed += int((weights != 1).any())
        sampler.update(batch, losses.detach())
        ((weights * losses).mean() / n_accumulated).backward()
        assert trainer.model.seen[step] == list(batch)
        step += 1
        if step % n_accumulated == 0:
            optimizer.step()
            optimizer.zero_grad()
    assert weighed > 5
    assert torch.allclose(weights_of(trainer.model), weights_of(model), atol=1e-6)


def test_a_sampler_is_told_what_it_asks_for(tmp_path):
    """RHO-loss asks for the losses of a large batch under the model as it is, in evaluation mode."""
    trainer = trainer_of(tmp_path, rho_loss(), lr_scheduler_type="constant")
    trainer.model.layers[2].p = 0.0
    trainer.train()
    model = Model()
    model.layers[2].p = 0.0
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

    def losses_of(indices):
        with torch.no_grad():
            return torch.nn.functional.cross_entropy(model.layers(X[indices, 1:]), Y[indices], reduction="none")

    sampler = cl.samplers.RhoLoss(irreducible=np.zeros(N), batch_size=BATCH, factor=3, seed=4, losses=losses_of)
    for n, batch in enumerate(sampler.run(STEPS)):
        assert trainer.model.seen[n] == list(batch)
        loss = torch.nn.functional.cross_entropy(model.layers(X[batch, 1:]), Y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.mark.parametrize("values", ["logits", "losses"])
def test_the_recorder_hears_what_the_model_says(tmp_path, values):
    def recorder():
        metrics = ["aum", "el2n", "forgetting"] if values == "logits" else ["loss"]
        return cl.Recorder(N, CLASSES, metrics)

    callback = RecorderCallback(recorder(), values=values)
    sampler = cl.samplers.Shuffle(n_examples=N, batch_size=BATCH, seed=1)
    trainer = trainer_of(tmp_path, sampler, callback, max_steps=-1, num_train_epochs=3)
    trainer.train()
    own = recorder()
    for step, (indices, logits) in enumerate(zip(trainer.model.seen, trainer.model.said, strict=True)):
        if values == "logits":
            own.update(indices, logits, Y[indices], epoch=step // 13)
        else:
            losses = torch.nn.functional.cross_entropy(logits, Y[indices], reduction="none")
            own.update_losses(indices, losses, Y[indices], epoch=step // 13)
    assert callback.recorder.epochs == [0, 1, 2]
    for name, scores in own.scores().items():
        assert np.array_equal(callback.scores()[name], scores), name


def test_a_recorder_that_nobody_tells_says_so(tmp_path):
    arguments = transformers.TrainingArguments(str(tmp_path), report_to="none", use_cpu=True, disable_tqdm=True, max_steps=2)
    callback = RecorderCallback(cl.Recorder(N, CLASSES))
    trainer = transformers.Trainer(Model(), arguments, train_dataset=Data(), callbacks=[callback])
    with pytest.raises(RuntimeError, match="expected a Trainer with CurriculumTrainerMixin"):
        trainer.train()
    with pytest.raises(ValueError, match="argument values is 'losss'"):
        RecorderCallback(cl.Recorder(N, CLASSES), values="losss")
    with pytest.raises(TypeError, match="argument recorder is a str"):
        RecorderCallback("recorder")


def test_what_cannot_be_is_refused(tmp_path):
    for options, message in (
        ({"per_device_train_batch_size": 4}, "argument per_device_train_batch_size is 4, expected that 1 processes"),
        ({"auto_find_batch_size": True}, "argument auto_find_batch_size is True"),
        ({"dataloader_num_workers": 2}, "argument dataloader_num_workers is 2, expected 0 with InfoBatch"),
        ({"more": {"compute_loss_func": print}}, "argument compute_loss_func is <built-in function print>"),
        ({"dataloader_in_order": False}, "argument dataloader_in_order is False"),
        ({"train_sampling_strategy": "group_by_length"}, "groups examples"),
    ):
        with pytest.raises(ValueError, match=message):
            trainer_of(tmp_path, info_batch(), **options)
    with pytest.raises(ValueError, match="argument batches_per_epoch is 13, expected a multiple of gradient_accumulation_steps, 2"):
        trainer_of(tmp_path, growing(), more={"batches_per_epoch": 13}, gradient_accumulation_steps=2)
    with pytest.raises(TypeError, match="argument sampler is a list"):
        trainer_of(tmp_path, [[0, 1]])
    trainer = trainer_of(tmp_path, cl.samplers.Shuffle(n_examples=150, batch_size=BATCH))
    with pytest.raises(ValueError, match="has 200 examples, expected the 150"):
        trainer.train()
    with pytest.raises(ValueError, match="argument num_replicas of the sampler is 2, expected 1"):
        trainer_of(tmp_path, cl.samplers.Shuffle(n_examples=N, batch_size=BATCH, num_replicas=2, rank=0))


def test_a_checkpoint_without_a_curriculum_or_of_another_is_refused(tmp_path):
    trainer_of(tmp_path, growing(), StopAt(3)).train()
    other = cl.samplers.Shuffle(n_examples=N, batch_size=BATCH)
    with pytest.raises(cl.StateError):
        trainer_of(tmp_path, other).train(resume_from_checkpoint=True)
    path = tmp_path / "checkpoint-3" / "curriculum_sampler.json"
    path.write_text("{")
    with pytest.raises(cl.StateError, match="is damaged"):
        trainer_of(tmp_path, growing()).train(resume_from_checkpoint=True)
    path.unlink()
    with pytest.raises(cl.StateError, match="has no curriculum_sampler.json"):
        trainer_of(tmp_path, growing()).train(resume_from_checkpoint=True)


def test_a_pacing_of_another_length_is_said(tmp_path):
    trainer = trainer_of(tmp_path, growing(), max_steps=20)
    with pytest.warns(UserWarning, match="argument total_steps of the sampler is 30, but the Trainer takes 20 batches"):
        trainer.train()


def test_compute_loss_must_go_through_the_mixin(tmp_path):
    class Alone(MyTrainer):
        def compute_loss(self, model, inputs, return_outputs=False, **kwargs):
            return model(**inputs)["loss"]

    with pytest.raises(RuntimeError, match="without super"):
        trainer_of(tmp_path, info_batch(), trainer=Alone).train()
    trainer = trainer_of(tmp_path, growing(), trainer=Alone)
    trainer.train()
    assert trainer.model.seen == by_hand(growing(), STEPS)


TWO_RANKS = """
import json, sys
sys.path.insert(0, {tests!r})
from test_huggingface import *
sampler = {make}()
recorder = cl.Recorder(N, CLASSES, ["aum", "el2n"])
trainer = trainer_of({folder!r}, sampler, RecorderCallback(recorder, count_epochs=True), max_steps=20,
    per_device_train_batch_size=BATCH // 2, ddp_backend="gloo", save_strategy="steps", save_steps=8)
trainer.model.layers[2].p = 0.0
trainer.train(resume_from_checkpoint={checkpoint!r})
rank = trainer.args.process_index
observed = np.flatnonzero(recorder.observed())
said = {{"seen": trainer.model.seen, "weights": weights_of(trainer.model).tolist(), "observed": observed.tolist(),
    "aum": recorder.select(observed).scores("aum")["aum"].tolist()}}
open({folder!r} + f"/rank{{rank}}.json", "w").write(json.dumps(said))
"""


def two_ranks(folder, make, checkpoint=None):
    """What each of two processes saw."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tests = os.path.dirname(os.path.abspath(__file__))
    code = TWO_RANKS.format(tests=tests, make=make, folder=str(folder), checkpoint=checkpoint)
    processes = []
    for rank in range(2):
        of_rank = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **{name: str(value) for name, value in of_rank.items()}}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        )
    for process in processes:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("make", ["info_batch"])
def test_two_processes_share_each_batch_once(tmp_path, make):
    first, second = two_ranks(tmp_path, make)
    # One process alone, with the same losses told: the same batches, of which each rank has a half.
    alone = trainer_of(tmp_path / "alone", globals()[make](), max_steps=20)
    alone.model.layers[2].p = 0.0
    alone.train()
    halves = [ours + theirs for ours, theirs in zip(first["seen"], second["seen"], strict=True)]
    # Up to the first batch that cannot be halved, where the mean of the ranks' means is another than that of one process.
    assert [sorted(batch) for batch in halves[:5]] == [sorted(batch) for batch in alone.model.seen[:5]]
    assert all(len(set(batch)) == len(batch) for batch in halves)
    assert first["weights"] == second["weights"]
    # Each rank's recorder has what all ranks saw.
    assert first["observed"] == second["observed"] == sorted({index for batch in halves for index in batch})
    assert first["aum"] == second["aum"]
    resumed = two_ranks(tmp_path, make, str(tmp_path / "checkpoint-8"))
    for before, after in zip((first, second), resumed, strict=True):
        assert after["seen"] == before["seen"][8:]
        assert after["weights"] == before["weights"]
        assert after["aum"] == before["aum"]
