"""Curricula and recorders for the ``Trainer`` of Lightning (2.x).

::

    import curriculum as cl
    import lightning.pytorch as pl
    from curriculum.lightning import CurriculumCallback

    class Model(pl.LightningModule):
        def training_step(self, batch, batch_idx):
            logits = self.network(batch["x"])
            losses = torch.nn.functional.cross_entropy(logits, batch["y"], reduction="none")
            loss = (self.curriculum.weights(batch["index"]) * losses).mean()
            return {"loss": loss, "indices": batch["index"], "losses": losses, "logits": logits, "labels": batch["y"]}

    curriculum = CurriculumCallback(sampler, recorder=recorder)
    model.curriculum = curriculum
    trainer = pl.Trainer(max_epochs=10, callbacks=[curriculum], use_distributed_sampler=False)
    trainer.fit(model, curriculum.loader(dataset, num_workers=4), ckpt_path="last")

Needs ``lightning`` (or ``pytorch-lightning``) 2.2 or later.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

try:
    import torch

    try:
        from lightning.pytorch import Callback
    except ModuleNotFoundError:
        from pytorch_lightning import Callback
except ImportError as error:
    raise ImportError(
        "curriculum.lightning needs torch and lightning: pip install 'curriculum-learning[lightning]'"
    ) from error

from curriculum import _core
from curriculum._recorder import Recorder
from curriculum.samplers import BatchSampler
from curriculum.torch import Batches, Indexed, Loader


class CurriculumCallback(Callback):
    """Trains on a sampler's batches, tells it and a recorder what came of them, and saves both with checkpoints.

    Parameters
    ----------
    sampler
        One of :mod:`curriculum.samplers`. Its ``batch_size`` is that of all processes together. It is made anew as one of the
        Trainer's ranks where it was made before these were known, as scripts do: :attr:`sampler` is the one that counts.
    recorder
        A :class:`curriculum.Recorder` that is told every batch. A forked process, as of ``strategy="ddp_fork"``, cannot tell it:
        it is left behind in the process that made it.
    values
        What the recorder is told: ``"logits"`` or ``"losses"``.
    count_epochs
        Whether the recorder counts epochs itself, one ending where an example comes again: for samplers that draw every batch
        anew, such as ``MiniBatch``. Else they are the sampler's.
    losses
        A function from the module and indices (n,) to losses (n,), asked without gradients and in evaluation mode, for samplers
        that ask before they draw (:meth:`curriculum.samplers.BatchSampler.wanted`).
    batches_per_epoch
        The batches of an epoch of the Trainer, by default as many as one pass over all examples takes.

    **The loader** is :meth:`loader`, or any ``DataLoader`` or ``StatefulDataLoader`` with ``batch_sampler=callback.batch_sampler``
    whose batches have the indices (:class:`curriculum.torch.Indexed`). Lightning warns of a ``DataLoader`` that it is not
    resumable; that of :meth:`loader` is.

    **training_step** returns a mapping with ``"loss"`` and ``"indices"`` (b,), those of the batch; ``"losses"`` (b,) where the
    sampler learns or the recorder is told losses; ``"logits"`` (b, n_classes) where it is told these; ``"labels"`` (b,) unless
    it knows them. It weighs the examples by :meth:`weights`. With several processes each tells all of them.

    **Epochs.** Lightning takes the length of the first epoch for that of all, and so is told an epoch of one length;
    ``set_epoch`` is not called, the sampler's own epochs go by themselves (:class:`curriculum.torch.Batches`).

    **Checkpoints** have the state behind the last batch that was trained on, whatever the workers have drawn, and ``fit`` with
    ``ckpt_path`` goes on with the next; Lightning itself skips nothing. ``ModelCheckpoint`` comes behind this callback, as
    Lightning sees to; another callback that saves after a batch must be given behind it, too.

    ``ValueError`` where the Trainer would replace the sampler (``use_distributed_sampler``, ``overfit_batches``) or has other
    batches than its.
    """

    def __init__(
        self,
        sampler: BatchSampler,
        *,
        recorder: Recorder | None = None,
        values: str = "logits",
        count_epochs: bool = False,
        losses: Callable[[Any, np.ndarray], Any] | None = None,
        batches_per_epoch: int | None = None,
    ) -> None:
        if recorder is not None and not isinstance(recorder, Recorder):
            raise TypeError(f"argument recorder is a {type(recorder).__name__}, expected a curriculum.Recorder")
        if values not in ("logits", "losses"):
            raise ValueError(f"argument values is {values!r}, expected one of: logits, losses")
        if losses is not None and not callable(losses):
            raise TypeError(f"argument losses is a {type(losses).__name__}, expected a function of module and indices")
        self.batch_sampler = Batches(sampler, batches_per_epoch)
        self.recorder = recorder
        self.values = values
        self.count_epochs = count_epochs
        self.losses = losses

    @property
    def sampler(self) -> BatchSampler:
        """The sampler, as one of the Trainer's ranks."""
        return self.batch_sampler.source

    def loader(self, dataset: Any, **options: Any) -> Loader:
        """A resumable loader of the sampler's batches of a map-style data set, with their indices; options are ``DataLoader``'s.

        Items that are mappings have the key ``"index"``, others are ``(item, index)``.
        """
        for name in ("batch_sampler", "sampler", "batch_size", "shuffle", "drop_last"):
            if name in options:
                raise ValueError(f"argument {name} is {options[name]!r}, expected none: batches are the sampler's")
        self.batch_sampler.check(dataset)
        return Loader(Indexed(dataset), batch_sampler=self.batch_sampler, **options)  # type: ignore[arg-type]

    def weights(self, indices: torch.Tensor) -> torch.Tensor:
        """How much each example (b,) of the batch at hand counts: ``loss = (weights * losses).mean()``."""
        drawn = self.batch_sampler.find(indices.tolist())
        return torch.as_tensor(drawn.weights, dtype=torch.get_default_dtype(), device=indices.device)

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Checks the Trainer, and makes the sampler one of its ranks."""
        if stage != "fit":
            return
        if trainer.world_size > 1 and trainer._accelerator_connector.use_distributed_sampler:
            raise ValueError(
                "argument use_distributed_sampler of the Trainer is True, expected False: Lightning would replace the sampler, "
                f"which has the batches of each of the {trainer.world_size} processes itself"
            )
        if trainer.overfit_batches:
            raise ValueError(f"argument overfit_batches of the Trainer is {trainer.overfit_batches}, expected 0 with a curriculum")
        self.batch_sampler.rank(trainer.world_size, trainer.global_rank)
        if self.losses is not None:
            self.batch_sampler.losses_of = lambda indices: self._losses_of(pl_module, indices)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Checks that the Trainer's batches are the sampler's."""
        loader = trainer.train_dataloader
        batch_sampler = getattr(loader, "batch_sampler", None)
        if batch_sampler is not self.batch_sampler:
            raise ValueError(
                f"the training loader's batch_sampler is a {type(batch_sampler).__name__}, expected the callback's: "
                "callback.loader(dataset), or DataLoader(Indexed(dataset), batch_sampler=callback.batch_sampler)"
            )
        if self.sampler.learns and loader.num_workers > 0:
            raise ValueError(
                f"argument num_workers of the loader is {loader.num_workers}, expected 0 with {type(self.sampler).__name__}: "
                "workers draw batches before the losses are known that these depend on"
            )
        if getattr(loader, "in_order", True) is False:
            raise ValueError("argument in_order of the loader is False, expected True: batches are trained on as they were drawn")
        total, n = self.sampler.total_steps, _n_batches(trainer)
        if total is not None and n is not None and abs(total - n) >= trainer.accumulate_grad_batches:
            warnings.warn(f"argument total_steps of the sampler is {total}, but the Trainer takes {n} batches", stacklevel=2)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Tells sampler and recorder of a batch."""
        batches, recorder = self.batch_sampler, self.recorder
        drawn = batches.find(_said(outputs, "indices").tolist())
        if self.sampler.learns:
            batches.tell(drawn, _said(outputs, "losses"))
        if recorder is not None:
            labels = outputs.get("labels")
            epoch = None if self.count_epochs else drawn.epoch
            batches.record(recorder, drawn, _said(outputs, self.values), labels, epoch, outputs=self.values)
        batches.take(drawn)

    def state_dict(self) -> dict[str, Any]:
        """The states of sampler and recorder behind the last batch that was trained on."""
        state = self.batch_sampler.taken_state()
        if self.recorder is not None:
            recorded = self.recorder.state_dict()["recorder"]
            # A tensor, which checkpoints are read back with even where only weights are trusted.
            state["recorder"] = torch.frombuffer(bytearray(recorded), dtype=torch.uint8)
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on where a state was taken. ``StateError`` where it is of other data or settings, or damaged."""
        self.batch_sampler.load_state_dict(state_dict)
        if self.recorder is not None:
            if not isinstance(state_dict.get("recorder"), torch.Tensor):
                raise _core.StateError("the checkpoint has no recorder's state, expected one: it was saved without a recorder")
            self.recorder.load_state_dict({"recorder": state_dict["recorder"].cpu().numpy().tobytes()})

    def _losses_of(self, module: Any, indices: np.ndarray) -> Any:
        was_training = module.training
        module.eval()
        try:
            with torch.no_grad():
                return self.losses(module, indices)  # type: ignore[misc]
        finally:
            module.train(was_training)


def _said(outputs: Any, name: str) -> torch.Tensor:
    """What ``training_step`` said of a batch."""
    if not isinstance(outputs, Mapping) or not isinstance(outputs.get(name), torch.Tensor):
        has = ", ".join(map(str, outputs)) if isinstance(outputs, Mapping) else f"a {type(outputs).__name__}"
        raise ValueError(f"training_step returned {has}, expected a mapping with a tensor {name!r}, one entry for each example")
    return outputs[name]


def _n_batches(trainer: Any) -> int | None:
    """The batches of the whole training, where that is known."""
    if trainer.max_steps != -1:
        return trainer.max_steps * trainer.accumulate_grad_batches
    if trainer.max_epochs in (None, -1) or trainer.num_training_batches == float("inf"):
        return None
    return trainer.max_epochs * trainer.num_training_batches
