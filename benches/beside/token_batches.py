"""Batches within a budget of tokens, beside the bucketing sampler of PyTorch-NLP.

    python token_batches.py CURRICULUM FOLDER ROWS TOKENS

Lengths, log-normal with a median of 90 tokens (sigma 0.9, at most 2,048), are written to FOLDER. Of an epoch are told its time, how
often examples come, the largest batch with its padding, and what of all is padding. The other sampler has no budget: its batches are
of as many examples as make as many batches. Wants numpy, torch and pytorch-nlp.
"""

import os
import sys

import numpy as np

from measure import processor, python, run

TORCHNLP = """
import sys, time, types, numpy as np, torch
# What newer versions of torch no longer have.
six = types.ModuleType('torch._six')
six.int_classes = int
sys.modules['torch._six'] = six
from torch.utils.data import RandomSampler, Sampler
Sampler.__init__ = lambda self, data_source=None: None
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
    path, scores, out = [os.path.join(folder, name) for name in ("lengths.npy", "scores.npy", "batches.npz")]
    draws = np.random.default_rng(5).lognormal(4.5, 0.9, rows)
    lengths = np.clip(np.ceil(draws), 1, 2048).astype(np.int64)
    np.save(path, lengths)
    np.save(scores, lengths.astype(np.float64))
    print(f"{rows:,} examples of {lengths.mean():.1f} tokens, at most {tokens} in a batch; {processor()}")
    order = [curriculum, "order", scores, "--lengths", path, "--token-budget", tokens, "--seed", "1", "-q", "-o", out]
    run("curriculum order, the first batch", [*order, "--steps", "0..1"])
    run("curriculum order, an epoch and more", [*order, "--steps", f"0..{2 * (lengths.sum() // int(tokens) + 1)}"])
    batches = np.load(out)
    indices, bounds = batches["indices"], batches["indptr"]
    n = int(np.searchsorted(bounds, rows))
    np.savez(out, indices=indices[: bounds[n]], indptr=bounds[: n + 1])
    size = rows // told(lengths, out)
    os.remove(out)
    print(python(f"PyTorch-NLP, {size} examples in a batch", TORCHNLP, path, size, out).strip())
    if os.path.exists(out):
        told(lengths, out)


if __name__ == "__main__":
    main()
