"""Near duplicates by cosine, beside SemDeDup over faiss's k-means and semhash over usearch.

    python dedup.py CURRICULUM FOLDER ROWS [SemDeDup] [semhash]

Features of 64 in 1,000 normal clusters, a tenth of them copies with noise at random places, are written to FOLDER. Of each way are
told its time and peak memory, reading included, of the copies of a cosine of 0.95 or more with what they are copied from the share
of which no more than one of the two is kept, and how many are removed. Wants numpy, faiss-cpu and semhash.
"""

import os
import sys

from measure import apart, processor, python, run

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


def features(path, rows):
    import numpy as np

    rows = int(rows)
    rng = np.random.default_rng(2)
    centres = rng.standard_normal((1000, 64), dtype=np.float32)
    x = centres[rng.integers(1000, size=rows)] + rng.standard_normal((rows, 64), dtype=np.float32)
    order = rng.permutation(rows)
    copies, originals = order[: rows // 10], order[rows // 10 : rows // 5]
    # Of a noise of a tenth to a quarter of its length: cosines from 0.995 to 0.97.
    scale = rng.uniform(0.1, 0.25, size=(len(copies), 1)).astype(np.float32)
    noise = rng.standard_normal((len(copies), 64), dtype=np.float32)
    noise *= np.linalg.norm(x[originals], axis=1, keepdims=True) / np.linalg.norm(noise, axis=1, keepdims=True)
    x[copies] = x[originals] + scale * noise
    np.save(path, x)
    np.savez(path + ".pairs.npz", copies=copies, originals=originals)


def judge(path, kept):
    import numpy as np

    x, pairs = np.load(path), np.load(path + ".pairs.npz")
    copies, originals = pairs["copies"], pairs["originals"]
    a, b = x[copies], x[originals]
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    is_kept = np.zeros(len(x), dtype=bool)
    is_kept[np.load(kept) if kept.endswith(".npy") else np.loadtxt(kept, dtype=np.int64)] = True
    near = cosine >= 0.95
    found = ~(is_kept[copies] & is_kept[originals])
    print(f"    of {near.sum():,} copies of a cosine of 0.95 or more {found[near].mean():.3%} found; {(~is_kept).sum():,} removed")


def main():
    curriculum, folder, rows, *ways = sys.argv[1:]
    path, out, text = [os.path.join(folder, name) for name in (f"duplicates-{rows}.npy", "kept.npy", "kept.txt")]
    if not os.path.exists(path + ".pairs.npz"):
        apart(__file__, "features", path, rows)
    print(f"{int(rows):,} examples, 64 features ({os.path.getsize(path) / 2**20:,.0f} MB), a tenth copies; {processor()}")
    print(run("curriculum dedup", [curriculum, "dedup", path, "--threshold", "0.95", "-o", text]).strip())
    print(apart(__file__, "judge", path, text), flush=True)
    for name, way in [("SemDeDup over faiss's k-means", SEMDEDUP), ("semhash over usearch", SEMHASH)]:
        if name.split()[0] not in ways:
            continue
        if os.path.exists(out):
            os.remove(out)
        python(name, way, path, out)
        if os.path.exists(out):
            print(apart(__file__, "judge", path, out), flush=True)


if __name__ == "__main__":
    # Itself in a process apart, or the whole.
    {"features": features, "judge": judge}.get(sys.argv[1], lambda *_: main())(*sys.argv[2:4])
