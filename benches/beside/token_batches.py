"""Batches within a budget of tokens, beside the bucketing sampler of PyTorch-NLP.

    python token_batches.py CURRICULUM FOLDER ROWS TOKENS

Lengths, log-normal with a median of 90 tokens (sigma 0.9, at most 2,048), are written to FOLDER. Of an epoch are told its time, how often examples come, the largest
batch with its padding, and what of all is padding. The other sampler has no budget: its batches are of as many examples as make as
many batches. Wants numpy, torch and pytorch-nlp.
"""

import os
import sys
import time

import numpy as np

from measure import processor, python, run

TORCHNLP = """
import sys, time, types, numpy as np, torch
six = types.ModuleType('torch._six')  # Gone from newer versions of torch.
six.int_classes = int
sys.modules['torch._six'] = six
from torch.utils.data import RandomSampler
from torchnlp.samplers import BucketBatchSampler
lengths = np.load(sys.argv[1]).tolist()
size, out = int(sys.argv[2]), sys.argv[3]
torch.manual_seed(1)
start = time.time()
sampler = BucketBatchSampler(RandomSampler(lengths), size, drop_last=False, sort_key=lambda index: lengths[index])
batches = iter(sampler)
first = next(batches)
print(f'{time.time() - start:.3f} s to the first batch')
batches = [first, *batches]
np.savez(out, indices=np.concatenate(batches), indptr=np.concatenate([[0], np.cumsum([len(batch) for batch in batches])]))
"""


def told(lengths, out):
    batches = np.load(out)
    indices, indptr = batches["indices"].astype(np.int64), batches["indptr"].astype(np.int64)
    longest = np.maximum.reduceat(lengths[indices], indptr[:-1])
    padded = longest * np.diff(indptr)
    times = np.bincount(indices, minlength=len(lengths))
    print(f"    {len(longest):,} batches, each example {times.min()} to {times.max()} times, of {padded.max():,} tokens at most, "
          f"padding {1 - lengths.sum() / padded.sum():.3%}", flush=True)
    return len(longest)


def main():
    curriculum, folder, rows, tokens = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    path, out = os.path.join(folder, f"lengths-{rows}.npy"), os.path.join(folder, "batches.npz")
    draws = np.random.default_rng(5).lognormal(4.5, 0.9, rows)
    lengths = np.clip(np.ceil(draws), 1, 2048).astype(np.int64)
    np.save(path, lengths)
    scores = os.path.join(folder, f"scores-{rows}.npy")
    np.save(scores, lengths.astype(np.float64))
    print(f"{rows:,} examples of {lengths.mean():.1f} tokens, at most {tokens} in a batch; {processor()}")
    order = [curriculum, "order", scores, "--lengths", path, "--token-budget", tokens, "--seed", "1", "-q"]
    run("curriculum order, the first batch", [*order, "--steps", "0..1", "-o", out])
    n_batches = 1 + (lengths.sum() // int(tokens)) * 2
    print(run("curriculum order, two epochs and what they tell", [c for c in order if c != "-q"] + ["--steps", f"0..{n_batches}", "-o", out]).strip())
    start = time.time()
    size = None
    batches = np.load(out)
    # Of the first epoch: up to where an example comes again.
    indices = batches["indices"]
    bounds = batches["indptr"]
    n = int(np.searchsorted(bounds, rows))
    np.savez(out, indices=indices[: bounds[n]], indptr=bounds[: n + 1])
    size = rows // told(lengths, out)
    print(python(f"PyTorch-NLP, {size} examples in a batch", TORCHNLP, path, size, out).strip())
    told(lengths, out)


if __name__ == "__main__":
    main()
