"""Near duplicates by cosine, beside SemDeDup over faiss's k-means and semhash over usearch.

    python dedup.py CURRICULUM FOLDER ROWS

Features of 64 in 1,000 normal clusters, a tenth of them copies with noise, of a cosine above 0.95 with what they are copied from,
at random places, are written to FOLDER. Of each way are told its time and peak memory, reading included, the share of copies of
which no more than one of the two is kept, and how many are removed. Wants numpy, faiss-cpu and semhash.
"""

import os
import sys

import numpy as np

from measure import processor, python, run

SEMDEDUP = """
import sys, numpy as np, faiss
path, out = sys.argv[1:3]
x = np.load(path)
x /= np.linalg.norm(x, axis=1, keepdims=True)
means = faiss.Kmeans(x.shape[1], max(1, int(len(x) ** 0.5)), niter=20, seed=1, spherical=True)
means.train(x)
_, cluster = means.index.search(x, 1)
order = np.argsort(cluster.ravel(), kind='stable')
bounds = np.flatnonzero(np.diff(cluster.ravel()[order])) + 1
kept = np.ones(len(x), dtype=bool)
for members in np.split(order, bounds):
    similar = np.triu(x[members] @ x[members].T, 1)
    kept[members] = similar.max(0) < 0.95
np.save(out, np.flatnonzero(kept))
"""

SEMHASH = """
import sys, numpy as np
from semhash import SemHash
path, out = sys.argv[1:3]
x = np.load(path)
texts = [str(number) for number in range(len(x))]
class Encoder:
    def encode(self, texts, **_):
        return x[[int(text) for text in texts]]
hashed = SemHash.from_embeddings(x, texts, Encoder())
kept = hashed.self_deduplicate(threshold=0.95).selected
np.save(out, np.array([int(text) for text in kept]))
"""


def features(folder, rows):
    """The path of the features, and the pairs of copies and what they are copied from."""
    path, pairs = os.path.join(folder, f"duplicates-{rows}.npy"), os.path.join(folder, f"duplicates-{rows}-pairs.npy")
    if not os.path.exists(pairs):
        rng = np.random.default_rng(2)
        centres = rng.standard_normal((1000, 64), dtype=np.float32)
        x = centres[rng.integers(1000, size=rows)] + rng.standard_normal((rows, 64), dtype=np.float32)
        order = rng.permutation(rows)
        copies, originals = order[: rows // 10], order[rows // 10 : rows // 5]
        # Of a noise of a tenth to a quarter of its length: cosines from 0.995 to 0.97.
        scale = rng.uniform(0.1, 0.25, size=(len(copies), 1)).astype(np.float32)
        noise = rng.standard_normal((len(copies), 64), dtype=np.float32)
        lengths = np.linalg.norm(x[originals], axis=1, keepdims=True) / np.linalg.norm(noise, axis=1, keepdims=True)
        x[copies] = x[originals] + scale * lengths * noise
        np.save(path, x)
        np.save(pairs, np.stack([copies, originals]))
    return path, np.load(pairs)


def main():
    curriculum, folder, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
    path, (copies, originals) = features(folder, rows)
    x = np.load(path, mmap_mode="r")
    a, b = x[copies[:10000]], x[originals[:10000]]
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    print(f"{rows:,} examples, 64 features, {len(copies):,} copies of cosine {cosine.min():.3f} to {cosine.max():.3f}; {processor()}")
    out = os.path.join(folder, "kept.npy")
    text = os.path.join(folder, "kept.txt")

    def told(kept):
        is_kept = np.zeros(rows, dtype=bool)
        is_kept[kept] = True
        found = ~(is_kept[copies] & is_kept[originals])
        print(f"    {found.mean():.3%} of the copies found, {rows - is_kept.sum():,} removed", flush=True)

    print(run("curriculum dedup", [curriculum, "dedup", path, "--threshold", "0.95", "-o", text]).strip())
    told(np.loadtxt(text, dtype=np.int64))
    for name, way in [("SemDeDup over faiss's k-means", SEMDEDUP), ("semhash over usearch", SEMHASH)]:
        if os.path.exists(out):
            os.remove(out)
        python(name, way, path, out)
        if os.path.exists(out):
            told(np.load(out))


if __name__ == "__main__":
    main()
