"""Curricula and recorders for the ``Trainer`` of Hugging Face's ``transformers``.

A subclass with :class:`CurriculumTrainerMixin` in front trains on the batches of a sampler, and resumes exactly::

    import curriculum as cl
    from curriculum.huggingface import CurriculumTrainerMixin, RecorderCallback
    from transformers import Trainer, TrainingArguments

    class MyTrainer(CurriculumTrainerMixin, Trainer):
        pass

    recorder = cl.Recorder(n_examples=len(data), n_classes=10, metrics=["el2n", "aum"])
    sampler = cl.samplers.Prefix(order, cl.pacing.Root(a=0.8, b=0.2), batch_size=32, total_steps=3_000, seed=0)
    arguments = TrainingArguments("out", per_device_train_batch_size=32, max_steps=3_000)
    trainer = MyTrainer(model, arguments, train_dataset=data, sampler=sampler, callbacks=[RecorderCallback(recorder)])
    trainer.train(resume_from_checkpoint=True)
    scores = recorder.scores()

Needs ``transformers`` (4.46 or later) and ``accelerate``.
"""

from __future__ import annotations

import functools
import json
import math
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

try:
    import accelerate  # noqa: F401
    import torch
    import transformers
    from transformers import TrainerCallback
except ImportError as error:
    raise ImportError(
        "curriculum.huggingface needs torch, transformers and accelerate: pip install 'curriculum-learning[transformers]'"
    ) from error

from curriculum import _core
from curriculum._recorder import Recorder
from curriculum._scores import Scores
from curriculum.samplers import BatchSampler, Shuffle
from curriculum.torch import INDEX, Batches, Drawn, example_losses, items_of

SAMPLER_FILE = "curriculum_sampler.json"
"""The sampler's state, in the folder of a checkpoint."""

RECORDER_FILE = "curriculum_recorder{}.bin"
"""What a recorder recorded, in the folder of a checkpoint."""


class CurriculumTrainerMixin:
    """A ``Trainer`` whose training batches are those of a curriculum: ``class MyTrainer(CurriculumTrainerMixin, Trainer)``.

    Parameters
    ----------
    sampler
        One of :mod:`curriculum.samplers`; by default ``Shuffle`` with the seed of the arguments. Its ``batch_size`` is that of
        all processes together: ``per_device_train_batch_size`` times their number. It is made anew as one of the Trainer's
        ranks where it was made before these were known: :attr:`sampler` is the one that counts.
    batches_per_epoch
        The batches of an epoch of the Trainer, a multiple of ``gradient_accumulation_steps``; by default the least that make
        one pass over all examples, so that ``num_train_epochs``, schedules and warm-up have the updates of plain shuffling.
        The sampler's own epochs go by themselves.

    All else is the Trainer's. Data set, collator and workers are those of the loader that it would have made; the loader is
    not prepared by ``accelerate``, which would share out the batches among processes once more, and draws one batch ahead of
    the training. Batches have the key ``"index"`` until :meth:`training_step` takes it out: neither the collator nor the model
    sees it.

    **Checkpoints** have the sampler's state behind the last batch that was trained on (``curriculum_sampler.json``), whatever
    the workers have drawn. ``train(resume_from_checkpoint=...)`` goes on with the next; ``train()`` without begins anew. Where
    the Trainer throws away batches to get back to its place, it is given empty ones to throw away, so that nothing is read,
    drawn or skipped twice. With ``ignore_data_skip=True`` the batches are the same, but the Trainer's count of epochs is not.

    **Samplers that learn** are told the losses of every batch, of all processes together, and weigh it: the loss is
    ``(weights * losses).mean()`` of the batch where weights differ from 1, else the Trainer's own. The losses are
    :meth:`example_losses`, to be overridden where they are no cross-entropy. Those that a sampler asks for before it draws
    (:meth:`curriculum.samplers.BatchSampler.wanted`), and those of batches of one update (``gradient_accumulation_steps``) that
    it waits for within the update, are computed by :meth:`losses_of`.

    ``ValueError`` where arguments cannot be had together, such as another batch size than the sampler's.
    """

    def __init__(
        self, *args: Any, sampler: BatchSampler | None = None, batches_per_epoch: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._drawn: Drawn | None = None
        self._is_seen = False
        self._is_first = True
        arguments: Any = self.args
        dataset = getattr(self, "train_dataset", None)
        self._batches: Batches | None = None
        if sampler is None:
            if dataset is None:
                return
            seed = arguments.seed if arguments.data_seed is None else arguments.data_seed
            batch_size = arguments.train_batch_size * arguments.world_size
            sampler = Shuffle(n_examples=_length(dataset), batch_size=batch_size, seed=seed)
        self._batches = Batches(sampler, batches_per_epoch, self.losses_of)
        self._check_arguments()
        n_accumulated = arguments.gradient_accumulation_steps
        if batches_per_epoch is None:
            # Updates of as many batches each: versions of the Trainer differ in what they do with fewer.
            self._batches.length = math.ceil(len(self._batches) / n_accumulated) * n_accumulated
        elif batches_per_epoch % n_accumulated != 0:
            raise ValueError(
                f"argument batches_per_epoch is {batches_per_epoch}, expected a multiple of gradient_accumulation_steps, "
                f"{n_accumulated}"
            )
        self._begin = self._batches.taken_state()
        self._callbacks_begin = {id(callback): callback.recorder.state_dict() for callback in self._recorders()}

    @property
    def sampler(self) -> BatchSampler | None:
        """The sampler, as one of the Trainer's ranks."""
        return None if self._batches is None else self._batches.source

    def example_losses(self, outputs: Any, labels: Any) -> torch.Tensor:
        """The loss (b,) of each example of a batch, with its gradient, of what the model gave and the labels.

        That of :func:`curriculum.torch.example_losses` with the labels shifted by one where the model is a causal language
        model. To be overridden for losses of another kind.
        """
        logits = _logits(outputs)
        if labels is None:
            raise ValueError(
                "the batch has no labels, expected them for the losses of its examples: override example_losses where the model "
                "has its own"
            )
        if self._shifts_labels:
            logits, labels = logits[..., :-1, :], labels[..., 1:]
        return example_losses(logits, labels)

    def losses_of(self, indices: np.ndarray) -> np.ndarray:
        """The losses (n,) of examples (n,) under the model as it is now, in evaluation mode, without gradients."""
        trainer: Any = self
        loader, model = self._loader, trainer.model_wrapped
        size = trainer.args.train_batch_size
        losses = []
        was_training = model.training
        model.eval()
        try:
            with torch.no_grad(), trainer.compute_loss_context_manager():
                for first in range(0, len(indices), size):
                    chosen = [int(index) for index in indices[first : first + size]]
                    inputs = loader.collate_fn.collate(items_of(loader.dataset.dataset, chosen))
                    inputs = trainer._prepare_inputs(inputs)
                    outputs = model(**inputs)
                    losses.append(self.example_losses(outputs, self._labels(inputs)).float().cpu().numpy())
        finally:
            model.train(was_training)
        return np.concatenate(losses)

    def get_train_dataloader(self) -> torch.utils.data.DataLoader:
        """The loader of the sampler's batches."""
        loader = super().get_train_dataloader()  # type: ignore[misc]
        batches = self._batches
        if batches is None:
            raise ValueError("argument sampler is missing, expected one where train_dataset is set after the Trainer was made")
        _length(loader.dataset)
        batches.check(loader.dataset)
        options = {
            name: getattr(loader, name)
            for name in ("num_workers", "pin_memory", "timeout", "worker_init_fn", "multiprocessing_context", "persistent_workers")
        }
        if loader.num_workers > 0:
            options["prefetch_factor"] = loader.prefetch_factor
        self._loader = torch.utils.data.DataLoader(
            _Numbered(loader.dataset),  # type: ignore[arg-type]
            batch_sampler=batches,  # type: ignore[arg-type]
            collate_fn=_NumberedCollator(loader.collate_fn),
            **options,
        )
        return self._loader

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None, **kwargs: Any) -> torch.Tensor:
        """A step on a batch, of which sampler and recorders are told."""
        trainer: Any = super()
        indices = inputs.pop(INDEX, None) if self._batches is not None else None
        if indices is None:
            return trainer.training_step(model, inputs, num_items_in_batch, **kwargs)
        if self._is_first:
            self._check_steps()
            self._is_first = False
        drawn = self._batches.find(indices.tolist())
        accepts = self.model_accepts_loss_kwargs
        if drawn.is_weighed:
            self._check_loss()
            # A weighted loss is the mean of its batch: the Trainer shall divide it by the steps of an update.
            self.model_accepts_loss_kwargs, num_items_in_batch = False, None
        self._drawn, self._is_seen = drawn, False
        try:
            loss = trainer.training_step(model, inputs, num_items_in_batch, **kwargs)
        finally:
            self._drawn = None
            self.model_accepts_loss_kwargs = accepts
        if not self._is_seen and (self.sampler.learns or drawn.is_weighed or self._recorders()):
            raise RuntimeError("compute_loss was overridden without super().compute_loss(), expected it to be called in a step")
        self._batches.take(drawn)
        return loss

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **kwargs: Any) -> Any:
        """The loss of a batch: the Trainer's own, or the weighted mean of its examples' where the sampler weighs them."""
        trainer: Any = super()
        drawn = self._drawn
        if drawn is None:
            return trainer.compute_loss(model, inputs, return_outputs=return_outputs, **kwargs)
        labels = self._labels(inputs)
        loss, outputs = trainer.compute_loss(model, inputs, return_outputs=True, **kwargs)
        recorders, losses = self._recorders(), None
        if self.sampler.learns or drawn.is_weighed or any(callback.values == "losses" for callback in recorders):
            losses = self.example_losses(outputs, labels)
            if losses.shape != (len(drawn.indices),):
                raise ValueError(
                    f"example_losses gave shape {tuple(losses.shape)}, expected one loss for each of {len(drawn.indices)} examples"
                )
        if drawn.is_weighed:
            loss = (torch.as_tensor(drawn.weights, dtype=losses.dtype, device=losses.device) * losses).mean()
        if losses is not None:
            self._batches.tell(drawn, losses)
        for callback in recorders:
            values = losses if callback.values == "losses" else _logits(outputs)
            callback.record(self._batches, drawn, values, labels)
        self._is_seen = True
        return (loss, outputs) if return_outputs else loss

    def _inner_training_loop(self, *args: Any, **kwargs: Any) -> Any:
        checkpoint = kwargs.get("resume_from_checkpoint", args[2] if len(args) > 2 else None)
        if self._batches is not None:
            self._is_first = True
            self._restore(checkpoint)
        return super()._inner_training_loop(*args, **kwargs)  # type: ignore[misc]

    def _save_rng_state(self, output_dir: str) -> None:
        # The last of what a checkpoint is resumed from, before the file that makes it one.
        super()._save_rng_state(output_dir)  # type: ignore[misc]
        if self._batches is None or not self.args.should_save:
            return
        os.makedirs(output_dir, exist_ok=True)
        path = os.path.join(output_dir, SAMPLER_FILE)
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(self._batches.taken_state(), file)
        os.replace(path + ".part", path)
        for path, callback in self._recorder_files(output_dir):
            callback.recorder.save(path)

    def _restore(self, checkpoint: str | None) -> None:
        """Goes to the place of a checkpoint, or to the beginning."""
        batches = self._batches
        if checkpoint is None:
            batches.load_state_dict(self._begin)
            for callback in self._recorders():
                begin = self._callbacks_begin.get(id(callback))
                if begin is not None:
                    callback.recorder.load_state_dict(begin)
            return
        path = os.path.join(checkpoint, SAMPLER_FILE)
        try:
            with open(path, encoding="utf-8") as file:
                state = json.load(file)
        except FileNotFoundError:
            raise _core.StateError(
                f"the checkpoint {checkpoint} has no {SAMPLER_FILE}, expected one of a training with a curriculum "
                "(and without save_only_model)"
            ) from None
        except ValueError as error:
            raise _core.StateError(f"{path} is damaged: {error}") from None
        if not isinstance(state, dict):
            raise _core.StateError(f"{path} is a {type(state).__name__}, expected a sampler's state")
        batches.load_state_dict(state)
        batches.skip(self._n_thrown_away(checkpoint))
        for path, callback in self._recorder_files(checkpoint):
            callback.recorder.load_state_dict(Recorder.load(path).state_dict())

    def _n_thrown_away(self, checkpoint: str) -> int:
        """How many batches the Trainer throws away at the beginning of the epoch that it resumes in."""
        path = os.path.join(checkpoint, "trainer_state.json")
        if self.args.ignore_data_skip or not os.path.isfile(path):
            return 0
        with open(path, encoding="utf-8") as file:
            global_step = json.load(file)["global_step"]
        n_accumulated = self.args.gradient_accumulation_steps
        return global_step * n_accumulated % len(self._batches)

    def _recorders(self) -> list[RecorderCallback]:
        return [callback for callback in self.callback_handler.callbacks if isinstance(callback, RecorderCallback)]

    def _recorder_files(self, folder: str) -> list[tuple[str, RecorderCallback]]:
        names = ("" if n == 0 else f"_{n + 1}" for n in range(len(self._recorders())))
        return [(os.path.join(folder, RECORDER_FILE.format(name)), each) for name, each in zip(names, self._recorders())]

    def _labels(self, inputs: Any) -> Any:
        name = (getattr(self, "label_names", None) or ["labels"])[0]
        return inputs.get(name)

    @functools.cached_property
    def _shifts_labels(self) -> bool:
        from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as names

        model = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        return type(model).__name__ in names.values()

    def _check_arguments(self) -> None:
        arguments: Any = self.args
        if arguments.auto_find_batch_size:
            raise ValueError("argument auto_find_batch_size is True, expected False: the batch size is the sampler's")
        strategy = getattr(arguments, "train_sampling_strategy", "random")
        if getattr(arguments, "group_by_length", False) or strategy not in ("random", "sequential"):
            raise ValueError("argument train_sampling_strategy (or group_by_length) groups examples, expected none: the sampler does")
        if getattr(arguments, "dataloader_in_order", True) is False:
            raise ValueError("argument dataloader_in_order is False, expected True: batches are trained on as they were drawn")
        sampler = self.sampler
        if getattr(self.accelerator, "parallelism_config", None) is None:
            # Else ranks that share a batch exist: the sampler's are those that it was given.
            self._batches.rank(arguments.world_size, arguments.process_index)
            expected = sampler.batch_size / arguments.world_size
            if arguments.train_batch_size != expected:
                raise ValueError(
                    f"argument per_device_train_batch_size is {arguments.per_device_train_batch_size}, expected that "
                    f"{arguments.world_size} processes together have the sampler's batch_size, {sampler.batch_size}"
                )
        if sampler.learns:
            if arguments.dataloader_num_workers > 0:
                raise ValueError(
                    f"argument dataloader_num_workers is {arguments.dataloader_num_workers}, expected 0 with "
                    f"{type(sampler).__name__}: workers draw batches before the losses are known that these depend on"
                )
            self._check_loss()

    def _check_loss(self) -> None:
        """Whether the losses of the examples are those that the Trainer would train on."""
        if type(self).example_losses is not CurriculumTrainerMixin.example_losses:
            return
        for name, value in (
            ("label_smoothing_factor", self.args.label_smoothing_factor),
            ("compute_loss_func", self.compute_loss_func),
        ):
            if value:
                raise ValueError(
                    f"argument {name} is {value!r}, expected none with {type(self.sampler).__name__}, or a Trainer that overrides "
                    "example_losses: the losses of single examples are needed"
                )

    def _check_steps(self) -> None:
        total = self.sampler.total_steps
        n = self.state.max_steps * self.args.gradient_accumulation_steps
        if total is not None and abs(total - n) >= self.args.gradient_accumulation_steps:
            message = f"argument total_steps of the sampler is {total}, but the Trainer takes {n} batches"
            warnings.warn(message, stacklevel=2)


class RecorderCallback(TrainerCallback):
    """Feeds a :class:`curriculum.Recorder` with what the model says in training, and saves it with checkpoints.

    For a Trainer with :class:`CurriculumTrainerMixin`, which tells it every batch (``RuntimeError`` without). With several
    processes, each records what all of them saw.

    Parameters
    ----------
    recorder
        The recorder, which has the scores in the end.
    values
        ``"logits"``, the model's, (b, n_classes); or ``"losses"``, those of ``example_losses``.
    count_epochs
        Whether the recorder counts epochs itself, one ending where an example comes again: for samplers that draw every batch
        anew, such as ``MiniBatch``. Else they are the sampler's.
    """

    def __init__(self, recorder: Recorder, values: str = "logits", count_epochs: bool = False) -> None:
        if not isinstance(recorder, Recorder):
            raise TypeError(f"argument recorder is a {type(recorder).__name__}, expected a curriculum.Recorder")
        if values not in ("logits", "losses"):
            raise ValueError(f"argument values is {values!r}, expected one of: logits, losses")
        self.recorder = recorder
        self.values = values
        self.count_epochs = count_epochs
        self._is_told = False

    def scores(self, *names: str, ids: Sequence[str] | Sequence[int] | None = None) -> Scores:
        """The recorder's scores."""
        return self.recorder.scores(*names, ids=ids)

    def record(self, batches: Batches, drawn: Drawn, values: Any, labels: Any) -> None:
        """Records a batch."""
        epoch = None if self.count_epochs else drawn.epoch
        batches.record(self.recorder, drawn, values, labels, epoch, outputs=self.values)
        self._is_told = True

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Expects to be told of the batches that follow."""
        self._is_told = False

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """``RuntimeError`` where nothing is told."""
        if not self._is_told:
            raise RuntimeError("the recorder is told nothing, expected a Trainer with CurriculumTrainerMixin in front")


class _Numbered(torch.utils.data.Dataset):
    """Items with their indices, (index, item)."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[int, Any]:
        return index, self.dataset[index]

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[int, Any]]:
        return list(zip(indices, items_of(self.dataset, indices)))


class _NumberedCollator:
    """A collator that puts the indices into the batch that another makes."""

    def __init__(self, collate: Any) -> None:
        self.collate = collate

    def __call__(self, numbered: Sequence[tuple[int, Any]]) -> Any:
        batch = self.collate([item for _, item in numbered])
        if not hasattr(batch, "keys") or INDEX in batch:
            raise ValueError(f"the collator gave a {type(batch).__name__}, expected a mapping without the key {INDEX!r}")
        batch[INDEX] = torch.tensor([index for index, _ in numbered])
        return batch


def _logits(outputs: Any) -> torch.Tensor:
    """The logits of what a model gave: by name, else what comes behind the loss."""
    if isinstance(outputs, Mapping):
        if "logits" not in outputs:
            gave = ", ".join(map(str, outputs))
            raise ValueError(f"the model gave {gave}, expected logits, or a Trainer that overrides example_losses")
        return outputs["logits"]
    return outputs[1]


def _length(dataset: Any) -> int:
    if isinstance(dataset, torch.utils.data.IterableDataset) or not hasattr(dataset, "__len__"):
        raise TypeError(f"argument train_dataset is a {type(dataset).__name__}, expected a map-style data set with a length")
    return len(dataset)


if tuple(int(part) for part in transformers.__version__.split(".")[:2]) < (4, 46):
    raise ImportError(f"curriculum.huggingface needs transformers 4.46 or later, found {transformers.__version__}")
