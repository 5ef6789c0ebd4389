"""Lightning's Trainer on the batches of a sampler: the same as by hand, through every interruption."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pl = pytest.importorskip("lightning.pytorch")

import curriculum as cl  # noqa: E402
from curriculum.lightning import CurriculumCallback  # noqa: E402
from curriculum.torch import Indexed  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    # Advice of Lightning about the test's small models and machines.
    pytest.mark.filterwarnings("ignore:The '.*' does not have many workers"),
    pytest.mark.filterwarnings("ignore:.*smaller than the logging interval"),
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
    pytest.mark.filterwarnings("ignore:'set_vital' is deprecated"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec.* is deprecated"),
]
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

N, BATCH, CLASSES, STEPS = 200, 16, 3, 30
X = torch.randn(N, 5, generator=torch.Generator().manual_seed(0))
Y = (X[:, 1] > 0).long() + (X[:, 2] > 0.5).long()
DIFFICULTY = np.random.default_rng(1).random(N)


class Data(torch.utils.data.Dataset):
    def __len__(self):
        return N

    def __getitem__(self, index):
        return {"x": X[index], "y": Y[index]}


class Model(pl.LightningModule):
    def __init__(self, callback, lr=0.05):
        super().__init__()
        torch.manual_seed(0)
        self.layers = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.ReLU(), torch.nn.Linear(8, CLASSES))
        self.callback, self.lr = [callback], lr
        self.seen, self.said = [], []

    def training_step(self, batch, batch_idx):
        indices = batch["index"]
        logits = self.layers(batch["x"])
        losses = torch.nn.functional.cross_entropy(logits, batch["y"], reduction="none")
        self.seen.append(indices.tolist())
        self.said.append(logits.detach())
        loss = (self.callback[0].weights(indices) * losses).mean()
        return {"loss": loss, "indices": indices, "losses": losses, "logits": logits, "labels": batch["y"]}

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.lr, momentum=0.9)


class Validated(Model):
    def validation_step(self, batch, batch_idx):
        self.layers(batch["x"])


def growing():
    order = cl.orders.EasyFirst()(DIFFICULTY, seed=0)
    return cl.samplers.Prefix(order, cl.pacing.Root(a=0.6, b=0.2), batch_size=BATCH, total_steps=STEPS, seed=1)


def info_batch():
    return cl.samplers.InfoBatch(n_examples=N, batch_size=BATCH, n_epochs=6, seed=2)


def rho_loss():
    return cl.samplers.RhoLoss(irreducible=np.zeros(N), batch_size=BATCH, factor=3, seed=4)


def module_losses(module, indices):
    assert not module.training
    return torch.nn.functional.cross_entropy(module.layers(X[indices]), Y[indices], reduction="none")


def by_hand(sampler, n):
    return [list(batch) for batch in sampler.run(n)]


def weights_of(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def trainer_of(folder, *callbacks, **options):
    settings = {
        "max_steps": STEPS,
        "accelerator": "cpu",
        "devices": 1,
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        **options,
    }
    return pl.Trainer(default_root_dir=str(folder), callbacks=list(callbacks), **settings)


def saves(folder, every):
    return pl.callbacks.ModelCheckpoint(
        dirpath=str(folder), filename="{step}", every_n_train_steps=every, save_top_k=-1, save_last=False
    )


def fit(folder, callback, *callbacks, loader=None, checkpoint=None, **options):
    model = Model(callback)
    trainer = trainer_of(folder, callback, *callbacks, **options)
    trainer.fit(model, callback.loader(Data()) if loader is None else loader, ckpt_path=checkpoint)
    return model, trainer


def workers(n):
    return {"num_workers": n, "multiprocessing_context": "fork"} if n else {}


@pytest.mark.parametrize("n_workers", [0, 2])
def test_the_model_sees_the_batches_of_the_sampler(tmp_path, n_workers):
    callback = CurriculumCallback(growing())
    model, trainer = fit(tmp_path, callback, loader=callback.loader(Data(), **workers(n_workers)))
    assert model.seen == by_hand(growing(), STEPS)
    assert trainer.num_training_batches == 13
    assert callback.sampler.step >= STEPS


def test_epochs_are_passes_and_may_be_limited(tmp_path):
    callback = CurriculumCallback(cl.samplers.Shuffle(n_examples=N, batch_size=BATCH, seed=3))
    model, _ = fit(tmp_path, callback, max_steps=-1, max_epochs=2)
    assert model.seen == by_hand(cl.samplers.Shuffle(n_examples=N, batch_size=BATCH, seed=3), 26)
    for n_workers in (0, 2):
        callback = CurriculumCallback(cl.samplers.Shuffle(n_examples=N, batch_size=BATCH, seed=3))
        loader = callback.loader(Data(), **workers(n_workers))
        model, _ = fit(tmp_path, callback, loader=loader, max_steps=-1, max_epochs=4, limit_train_batches=5)
        assert model.seen == by_hand(cl.samplers.Shuffle(n_examples=N, batch_size=BATCH, seed=3), 20)


def plain_loader(callback, n_workers):
    return torch.utils.data.DataLoader(Indexed(Data()), batch_sampler=callback.batch_sampler, **workers(n_workers))


def stateful_loader(callback, n_workers):
    data = pytest.importorskip("torchdata.stateful_dataloader")
    return data.StatefulDataLoader(Indexed(Data()), batch_sampler=callback.batch_sampler, **workers(n_workers))


def own_loader(callback, n_workers):
    return callback.loader(Data(), **workers(n_workers))


# What Lightning says of a DataLoader without a state: the callback has it.
@pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before the epoch ended")
@pytest.mark.parametrize(
    ("make", "stop", "load", "n_workers", "n_accumulated"),
    [
        (growing, 1, own_loader, 0, 1),
        (growing, 5, own_loader, 2, 1),
        (growing, 13, own_loader, 0, 1),
        (growing, 13, own_loader, 2, 1),
        (growing, 14, own_loader, 2, 1),
        (growing, 27, plain_loader, 0, 1),
        (growing, 6, plain_loader, 2, 1),
        (growing, 13, plain_loader, 2, 1),
        (growing, 7, stateful_loader, 0, 1),
        (growing, 20, stateful_loader, 2, 1),
        (growing, 13, stateful_loader, 2, 1),
        (growing, 3, own_loader, 0, 2),
        (growing, 9, own_loader, 2, 2),
        (info_batch, 4, own_loader, 0, 1),
        (info_batch, 20, own_loader, 0, 1),
        (info_batch, 4, own_loader, 0, 3),
        (rho_loss, 5, own_loader, 0, 1),
        (rho_loss, 5, stateful_loader, 0, 1),
    ],
)
def test_a_training_goes_on_exactly(tmp_path, make, stop, load, n_workers, n_accumulated):
    def callback():
        recorder = cl.Recorder(N, CLASSES, ["aum", "el2n"])
        return CurriculumCallback(make(), recorder=recorder, count_epochs=True, losses=module_losses)

    n = STEPS // n_accumulated
    options = {"accumulate_grad_batches": n_accumulated, "enable_checkpointing": True}
    whole = callback()
    whole_model, _ = fit(tmp_path, whole, saves(tmp_path, stop), loader=load(whole, n_workers), max_steps=n, **options)

    rest = callback()
    rest_model, trainer = fit(
        tmp_path,
        rest,
        loader=load(rest, n_workers),
        checkpoint=str(tmp_path / f"step={stop}.ckpt"),
        max_steps=n,
        **{**options, "enable_checkpointing": False},
    )
    assert trainer.global_step == n
    n_seen = len(whole_model.seen) - len(rest_model.seen)
    assert rest_model.seen == whole_model.seen[n_seen:]
    assert rest_model.seen and rest.batch_sampler.n_taken == whole.batch_sampler.n_taken
    assert torch.equal(weights_of(rest_model), weights_of(whole_model))
    observed = np.flatnonzero(whole.recorder.observed())
    for name in ("aum", "el2n"):
        scores = [each.recorder.select(observed).scores(name)[name] for each in (rest, whole)]
        assert np.array_equal(*scores)


def test_a_training_that_was_stopped_goes_on(tmp_path):
    class Stop(pl.Callback):
        def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
            if trainer.global_step == 17:
                raise KeyboardInterrupt

    whole, _ = fit(tmp_path, CurriculumCallback(info_batch()))
    first = CurriculumCallback(info_batch())
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        fit(tmp_path, first, saves(tmp_path, 8), Stop(), enable_checkpointing=True)
    model, _ = fit(tmp_path, CurriculumCallback(info_batch()), checkpoint=str(tmp_path / "step=16.ckpt"))
    assert model.seen == whole.seen[16:]
    assert torch.equal(weights_of(model), weights_of(whole))


def test_the_end_of_an_epoch_goes_on(tmp_path):
    def make():
        return CurriculumCallback(growing())

    options = {"max_steps": -1, "limit_train_batches": 10}
    with pytest.warns(UserWarning, match="total_steps of the sampler is 30, but the Trainer takes 20"):
        fit(
            tmp_path,
            make(),
            pl.callbacks.ModelCheckpoint(dirpath=str(tmp_path), filename="end"),
            max_epochs=2,
            enable_checkpointing=True,
            **options,
        )
    model, _ = fit(tmp_path, make(), checkpoint=str(tmp_path / "end.ckpt"), max_epochs=3, **options)
    assert model.seen == by_hand(growing(), STEPS)[20:]


def test_only_weights_are_trusted(tmp_path):
    callback = CurriculumCallback(growing(), recorder=cl.Recorder(N, CLASSES, ["el2n"]))
    fit(tmp_path, callback, saves(tmp_path, 5), enable_checkpointing=True)
    checkpoint = torch.load(tmp_path / "step=5.ckpt", weights_only=True)
    (state,) = [state for name, state in checkpoint["callbacks"].items() if name.startswith("CurriculumCallback")]
    other = CurriculumCallback(growing(), recorder=cl.Recorder(N, CLASSES, ["el2n"]))
    other.load_state_dict(state)
    assert other.batch_sampler.n_taken == 5
    with pytest.raises(cl.StateError, match="has no recorder's state"):
        other.load_state_dict({name: value for name, value in state.items() if name != "recorder"})


def test_losses_are_told_and_weights_count(tmp_path):
    callback = CurriculumCallback(info_batch())
    trained, _ = fit(tmp_path, callback)
    model, sampler = Model(callback), info_batch()
    optimizer, weighed = model.configure_optimizers(), 0
    for n, batch in enumerate(sampler.run(STEPS)):
        assert trained.seen[n] == list(batch)
        losses = torch.nn.functional.cross_entropy(model.layers(X[batch]), Y[batch], reduction="none")
        weights = torch.as_tensor(sampler.weights(batch), dtype=torch.float32)
        weighed += int((weights != 1).any())
        sampler.update(batch, losses.detach())
        optimizer.zero_grad()
        (weights * losses).mean().backward()
        optimizer.step()
    assert weighed > 5
    assert torch.allclose(weights_of(trained), weights_of(model), atol=1e-6)


@pytest.mark.parametrize("values", ["logits", "losses"])
def test_the_recorder_hears_what_the_model_says(tmp_path, values):
    def recorder():
        metrics = ["aum", "el2n", "forgetting"] if values == "logits" else ["loss"]
        return cl.Recorder(N, CLASSES, metrics)

    sampler = cl.samplers.Shuffle(n_examples=N, batch_size=BATCH, seed=1)
    callback = CurriculumCallback(sampler, recorder=recorder(), values=values)
    model, _ = fit(tmp_path, callback, max_steps=-1, max_epochs=3)
    own = recorder()
    for step, (indices, logits) in enumerate(zip(model.seen, model.said, strict=True)):
        if values == "logits":
            own.update(indices, logits, Y[indices], epoch=step // 13)
        else:
            losses = torch.nn.functional.cross_entropy(logits, Y[indices], reduction="none")
            own.update_losses(indices, losses, Y[indices], epoch=step // 13)
    assert callback.recorder.epochs == [0, 1, 2]
    for name, scores in own.scores().items():
        assert np.array_equal(callback.recorder.scores()[name], scores), name


def test_validation_and_reloaded_loaders_change_nothing(tmp_path):
    callback = CurriculumCallback(info_batch())
    model = Validated(callback)
    model.train_dataloader = lambda: callback.loader(Data())
    validation = torch.utils.data.DataLoader(Data(), batch_size=50)
    trainer_of(tmp_path, callback, reload_dataloaders_every_n_epochs=1, val_check_interval=4).fit(
        model, val_dataloaders=validation
    )
    plain, _ = fit(tmp_path, CurriculumCallback(info_batch()))
    assert model.seen == plain.seen


def test_tuples_have_their_index_behind(tmp_path):
    callback = CurriculumCallback(growing())
    loader = callback.loader(torch.utils.data.TensorDataset(X, Y))
    (x, y), index = next(iter(loader))
    assert torch.equal(x, X[index]) and torch.equal(y, Y[index])
    assert index.tolist() == by_hand(growing(), 1)[0]


def test_what_training_step_must_say(tmp_path):
    class Silent(Model):
        def training_step(self, batch, batch_idx):
            said = super().training_step(batch, batch_idx)
            return said["loss"] if self.silent is None else {k: v for k, v in said.items() if k != self.silent}

    for silent, message in ((None, "'indices'"), ("losses", "'losses'"), ("logits", "'logits'")):
        callback = CurriculumCallback(info_batch(), recorder=cl.Recorder(N, CLASSES))
        model = Silent(callback)
        model.silent = silent
        with pytest.raises(ValueError, match=f"expected a mapping with a tensor {message}"):
            trainer_of(tmp_path, callback).fit(model, callback.loader(Data()))


def test_what_cannot_be_is_refused(tmp_path):
    callback = CurriculumCallback(growing())
    loader = torch.utils.data.DataLoader(Indexed(Data()), batch_size=BATCH)
    with pytest.raises(ValueError, match="batch_sampler is a BatchSampler, expected the callback's"):
        fit(tmp_path, callback, loader=loader)
    with pytest.raises(ValueError, match="argument overfit_batches of the Trainer is 2"):
        fit(tmp_path, callback, overfit_batches=2)
    with pytest.raises(ValueError, match="argument batch_size is 4, expected none"):
        callback.loader(Data(), batch_size=4)
    learns = CurriculumCallback(info_batch())
    with pytest.raises(ValueError, match="argument num_workers of the loader is 1, expected 0 with InfoBatch"):
        fit(tmp_path, learns, loader=learns.loader(Data(), **workers(1)))
    with pytest.raises(ValueError, match="argument values is 'all'"):
        CurriculumCallback(growing(), values="all")
    with pytest.raises(TypeError, match="argument losses is a int"):
        CurriculumCallback(growing(), losses=3)
    with pytest.raises(TypeError, match="argument recorder is a str"):
        CurriculumCallback(growing(), recorder="el2n")
    # Two processes, of which none is started: the check comes before.
    trainer = trainer_of(tmp_path, callback, devices=2, strategy="ddp")
    with pytest.raises(ValueError, match="argument use_distributed_sampler of the Trainer is True, expected False"):
        callback.setup(trainer, None, "fit")


TWO_RANKS = """
import json, sys
sys.path.insert(0, {tests!r})
from test_lightning import *

class Said(pl.Callback):
    def on_train_end(self, trainer, module):
        recorder = callback.recorder
        observed = np.flatnonzero(recorder.observed())
        said = {{"seen": module.seen, "weights": weights_of(module).tolist(), "observed": observed.tolist(),
            "aum": recorder.select(observed).scores("aum")["aum"].tolist()}}
        open({folder!r} + f"/rank{{trainer.global_rank}}.json", "w").write(json.dumps(said))

callback = CurriculumCallback({make}(), recorder=cl.Recorder(N, CLASSES, ["aum"]), count_epochs=True, losses=module_losses)
fit({folder!r}, callback, saves({folder!r}, 8), Said(), checkpoint={checkpoint!r}, max_steps=20, devices=2,
    strategy="ddp", use_distributed_sampler=False, enable_checkpointing=True)
"""


def two_ranks(folder, make, checkpoint=None):
    """What each of two processes saw."""
    tests = os.path.dirname(os.path.abspath(__file__))
    code = TWO_RANKS.format(tests=tests, make=make, folder=str(folder), checkpoint=checkpoint)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    processes = []
    for rank in range(2):
        of_rank = {"LOCAL_RANK": str(rank), "NODE_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", code],
                env={**os.environ, "OMP_NUM_THREADS": "1", **of_rank},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for process in processes:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("make", ["rho_loss"])
def test_two_processes_share_each_batch_once(tmp_path, make):
    first, second = two_ranks(tmp_path, make)
    alone, _ = fit(tmp_path, CurriculumCallback(globals()[make](), losses=module_losses), max_steps=20)
    halves = [ours + theirs for ours, theirs in zip(first["seen"], second["seen"], strict=True)]
    # Up to the first batch that cannot be halved, where the mean of the ranks' means is another than that of one process.
    assert [sorted(batch) for batch in halves[:5]] == [sorted(batch) for batch in alone.seen[:5]]
    assert all(len(set(batch)) == len(batch) for batch in halves)
    assert first["weights"] == second["weights"]
    assert first["observed"] == second["observed"] == sorted({index for batch in halves for index in batch})
    assert first["aum"] == second["aum"]
    resumed = two_ranks(tmp_path, make, str(tmp_path / "step=8.ckpt"))
    for before, after in zip((first, second), resumed, strict=True):
        assert after["seen"] == before["seen"][8:]
        assert after["weights"] == before["weights"]
        assert after["aum"] == before["aum"]
