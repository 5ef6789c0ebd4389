"""What the samplers of torch and torchdata do where a run is stopped and goes on, measured, beside those of this package.

    python tests/own_samplers_of_torch.py

prints a table. Where they are right it says so.
"""

from __future__ import annotations

import itertools
import pickle
import time
import warnings
from collections import Counter
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, DistributedSampler, WeightedRandomSampler
from torchdata.stateful_dataloader import StatefulDataLoader
from torchdata.stateful_dataloader.sampler import RandomSampler, StatefulDistributedSampler

import curriculum as cl

N, BATCH = 101, 8


class Row(NamedTuple):
    what: str
    torchs: str
    ours: str


class Indices(Dataset):
    """Each example is its own index."""

    def __len__(self):
        return N

    def __getitem__(self, index):
        return index


def batches_of(loader):
    return [np.asarray(batch).tolist() for batch in loader]


def resumed(make, n_epochs=3, set_epoch=(False, False)):
    """A stateful loader stopped at every batch of n epochs: at how many the rest of the epoch is that of the uninterrupted
    run, and the epoch after it.

    ``make()`` gives a loader and what has a ``set_epoch``, which is called before every epoch: in the run, and once resumed.
    """
    loader, sampler = make()
    reference, states = [], {}
    for epoch in range(n_epochs + 1):
        if set_epoch[0]:
            sampler.set_epoch(epoch)
        reference.append([])
        for taken, batch in enumerate(loader, start=1):
            reference[-1].append(np.asarray(batch).tolist())
            if epoch < n_epochs:
                states[epoch, taken] = pickle.dumps(loader.state_dict())
    rests, nexts, lost, repeated = Counter(), Counter(), 0, 0
    for (epoch, taken), state in states.items():
        loader, sampler = make()
        loader.load_state_dict(pickle.loads(state))
        got = []
        for at in (epoch, epoch + 1):
            if set_epoch[1]:
                sampler.set_epoch(at)
            got.append(batches_of(loader))
        rests[epoch] += got[0] == reference[epoch][taken:]
        nexts[epoch] += got[1] == reference[epoch + 1]
        shown = Counter(itertools.chain(*reference[epoch][:taken], *got[0]))
        usual = Counter(itertools.chain(*reference[epoch]))
        lost = max(lost, (usual - shown).total())
        repeated = max(repeated, (shown - usual).total())
    n = len(states)

    def at(exact):
        if exact.total() == n:
            return f"exact at all {n}"
        return "exact at " + ", ".join(f"{exact[epoch]} of {len(reference[epoch])}" for epoch in range(n_epochs))

    if rests.total() == nexts.total() == n:
        return f"exact at all {n}"
    worst = f" (else up to {lost} examples lost, {repeated} repeated)" if rests.total() < n else ""
    return f"rest of the epoch {at(rests)}{worst}; epoch after it {at(nexts)}"


def ours(make, **options):
    def loader():
        sampler = make()
        return StatefulDataLoader(Indices(), batch_sampler=sampler, **options), sampler

    return loader


def shuffle(**options):
    return cl.samplers.Shuffle(n_examples=N, batch_size=BATCH, seed=3, allow_empty=True, **options)


def growing():
    pacing = cl.pacing.Root(a=0.8, b=0.2)
    return cl.samplers.Prefix(np.arange(N), pacing, batch_size=BATCH, total_steps=60, seed=3)


def random_order():
    def make():
        generator = torch.Generator().manual_seed(3)
        return StatefulDataLoader(Indices(), batch_size=BATCH, shuffle=True, generator=generator), None

    def apart():
        sampler = RandomSampler(Indices(), generator=torch.Generator().manual_seed(3))
        return StatefulDataLoader(Indices(), batch_size=BATCH, sampler=sampler), None

    yield Row("random order by shuffle=True, generator=..., resumed at every batch", resumed(make), resumed(ours(shuffle)))
    yield Row(
        "random order by torchdata's RandomSampler with a generator of its own, resumed at every batch",
        resumed(apart),
        resumed(ours(shuffle)),
    )


def weighted():
    weights = np.linspace(1, 2, N)

    def make():
        sampler = WeightedRandomSampler(weights, N, generator=torch.Generator().manual_seed(3))
        return StatefulDataLoader(Indices(), batch_size=BATCH, sampler=sampler), None

    return Row(
        "WeightedRandomSampler with a generator of a fixed seed, resumed at every batch",
        resumed(make),
        f"{resumed(ours(rescaled))} (DynamicRandom, which weighs)",
    )


def rescaled():
    fractions = {"fractions": "0.5", "rescaled": True}
    return cl.samplers.DynamicRandom(n_examples=N, batch_size=BATCH, seed=3, **fractions)


def distributed(cls, set_epoch):
    def make():
        sampler = cls(Indices(), num_replicas=2, rank=0, seed=3)
        return StatefulDataLoader(Indices(), batch_size=BATCH // 2, sampler=sampler), sampler

    how = {
        (True, True): "set_epoch before every epoch, also of the resumed run",
        (True, False): "set_epoch before every epoch, but not of the resumed run: the state does not know the epoch",
        (False, False): "no set_epoch",
    }[set_epoch]
    return Row(
        f"{cls.__name__}, rank 0 of 2, {how}, resumed at every batch",
        resumed(make, set_epoch=set_epoch) + ("" if set_epoch[0] else " (every epoch in the same order, as documented)"),
        resumed(ours(lambda: shuffle(num_replicas=2, rank=0)), set_epoch=set_epoch),
    )


def change_of_ranks():
    taken, before, after = 5, 2, 3

    def run(loaders_of):
        loaders = loaders_of(before, BATCH // before)
        shown = [batch for loader in loaders for batch in itertools.islice(loader, taken)]
        # The states where every rank took as many batches.
        state = pickle.loads(pickle.dumps(loaders[0].state_dict()))
        loaders = loaders_of(after, BATCH // after)
        for loader in loaders:
            loader.load_state_dict(state)
        counts = Counter(int(index) for batch in shown + [b for loader in loaders for b in loader] for index in batch)
        lost = N - len(counts)
        repeated = counts.total() - len(counts)
        return f"{lost} of {N} lost, {repeated} repeated"

    def theirs(n_ranks, size):
        samplers = [StatefulDistributedSampler(Indices(), n_ranks, rank, seed=3) for rank in range(n_ranks)]
        return [StatefulDataLoader(Indices(), batch_size=size, sampler=sampler) for sampler in samplers]

    def own(n_ranks, _):
        samplers = [shuffle(num_replicas=n_ranks, rank=rank) for rank in range(n_ranks)]
        return [StatefulDataLoader(Indices(), batch_sampler=sampler, collate_fn=list) for sampler in samplers]

    result = run(own)
    return Row(
        "from 2 ranks to 3 in mid epoch, StatefulDistributedSampler",
        run(theirs),
        f"exact: {result}" if result == f"0 of {N} lost, 0 repeated" else result,
    )


def an_epoch_of_ranks():
    def counted(samplers):
        counts = Counter(itertools.chain(*samplers))
        return N - len(counts), counts.total() - len(counts)

    padded = counted([DistributedSampler(Indices(), 2, rank, seed=3) for rank in range(2)])
    cut = counted([DistributedSampler(Indices(), 2, rank, seed=3, drop_last=True) for rank in range(2)])
    own = counted([shuffle(num_replicas=2, rank=rank).by_example() for rank in range(2)])
    return Row(
        f"an epoch of {N} examples over 2 ranks, DistributedSampler",
        f"{padded[1]} repeated; with drop_last {cut[0]} lost (documented)",
        "exact: each once" if own == (0, 0) else str(own),
    )


def plain_loader():
    loader = DataLoader(Indices(), batch_size=BATCH, shuffle=True)
    return Row(
        "plain DataLoader: a state to resume from",
        "yes" if hasattr(loader, "state_dict") else "none, nor has RandomSampler one",
        "yes, sampler.state_dict(consumed=steps)",
    )


class Growing(torch.utils.data.Sampler):
    """A growing curriculum as one writes it for torch: it counts its epochs itself."""

    def __init__(self):
        self.epoch = 0
        self.n_drawn = 0

    def __iter__(self):
        epoch, self.epoch = self.epoch, self.epoch + 1
        n = min(N, 20 + 15 * epoch)
        for index in torch.randperm(n, generator=torch.Generator().manual_seed(epoch)).tolist():
            self.n_drawn += 1
            yield index


def own_curriculum():
    def make():
        sampler = BatchSampler(Growing(), BATCH, drop_last=False)
        return StatefulDataLoader(Indices(), batch_sampler=sampler), None

    return Row(
        "a growing curriculum as a Python sampler that counts its epochs, resumed at every batch",
        resumed(make),
        resumed(ours(growing)),
    )


class Long(Dataset):
    def __len__(self):
        return 10**9

    def __getitem__(self, index):
        return 0


def fast_forward():
    steps = 20_000

    def theirs():
        return StatefulDataLoader(Long(), batch_sampler=BatchSampler(range(10**7), BATCH, drop_last=False))

    def own():
        sampler = cl.samplers.Shuffle(n_examples=10**6, batch_size=BATCH, seed=3)
        return StatefulDataLoader(Long(), batch_sampler=sampler)

    def seconds(make):
        loader = make()
        for _ in itertools.islice(loader, steps):
            pass
        state = loader.state_dict()
        loader = make()
        loader.load_state_dict(state)
        began = time.perf_counter()
        next(iter(loader))
        return time.perf_counter() - began

    return Row(
        f"seconds to resume at step {steps} of an epoch: a sampler without a state is drawn again",
        f"{seconds(theirs):.4f} (grows with the step)",
        f"yes, {seconds(own):.4f} (one shuffle of a million)",
    )


def iterations_begun():
    class Counted(cl.samplers.Shuffle):
        begun = 0

        def __iter__(self):
            self.begun += 1
            return super().__iter__()

    found = []
    for kind, workers in itertools.product((DataLoader, StatefulDataLoader), (0, 2)):
        sampler = Counted(n_examples=N, batch_size=BATCH)
        list(kind(Indices(), batch_sampler=sampler, num_workers=workers))
        found.append(f"{kind.__name__} with {workers} workers {sampler.begun}")
    return Row(
        "iterations of the sampler that a loader begins for one epoch: what counts epochs in __iter__ miscounts",
        ", ".join(found),
        "yes, an epoch counts from its first batch",
    )


def rows():
    """The facts, measured."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [
            plain_loader(),
            *random_order(),
            weighted(),
            *(
                distributed(cls, set_epoch)
                for cls in (DistributedSampler, StatefulDistributedSampler)
                for set_epoch in ((True, True), (True, False), (False, False))
            ),
            an_epoch_of_ranks(),
            change_of_ranks(),
            own_curriculum(),
            fast_forward(),
            iterations_begun(),
        ]


def main():
    print(f"torch {torch.__version__}, {N} examples, batches of {BATCH}\n")
    print("| what | torch and torchdata | curriculum |")
    print("| --- | --- | --- |")
    for row in rows():
        print(f"| {row.what} | {row.torchs} | {row.ours} |")


if __name__ == "__main__":
    main()
