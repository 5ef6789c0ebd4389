"""Facility location over neighbours, beside the exact greedy, apricot over faiss's neighbours, and faiss's k-means.

    python facility_location.py CURRICULUM FOLDER ROWS COUNT [exact] [greedi] [clients] [peers]

Features of 64 in 1,000 normal clusters are written to FOLDER. Of each choice are told its time and peak memory, reading included,
and, over all examples, the mean distance to the nearest chosen and the objective of max-squared similarity, as a share of the
first's. Wants numpy, faiss-cpu and, for apricot, apricot-select and scipy.
"""

import os
import sys

from measure import apart, processor, python, run

APRICOT = """
import sys, numpy as np, faiss, scipy.sparse
path, count, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
import apricot
x = np.load(path)
index = faiss.IndexFlatL2(x.shape[1])
index.add(x)
distances, near = index.search(x, 64)
values = distances.max() - distances
rows = np.repeat(np.arange(len(x)), 64)
pairs = scipy.sparse.csr_matrix((values.ravel().astype(np.float64), (rows, near.ravel())), shape=(len(x), len(x)))
chosen = apricot.FacilityLocationSelection(count, metric='precomputed', optimizer='lazy').fit(pairs.T.tocsr()).ranking
np.save(out, np.asarray(chosen, dtype=np.int64))
"""

K_MEANS = """
import sys, numpy as np, faiss
path, count, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
x = np.load(path)
means = faiss.Kmeans(x.shape[1], count, niter=20, seed=1)
means.train(x)
index = faiss.IndexFlatL2(x.shape[1])
index.add(x)
_, near = index.search(means.centroids, 1)
np.save(out, np.unique(near.ravel()).astype(np.int64))
"""

RANDOM = """
import sys, numpy as np
x = np.load(sys.argv[1], mmap_mode='r')
np.save(sys.argv[3], np.random.default_rng(3).choice(len(x), int(sys.argv[2]), replace=False))
"""


def features(path, rows):
    import numpy as np

    rows = int(rows)
    rng = np.random.default_rng(1)
    centres = 3 * rng.standard_normal((1000, 64), dtype=np.float32)
    file = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(rows, 64))
    for start in range(0, rows, 1_000_000):
        part = min(1_000_000, rows - start)
        file[start : start + part] = centres[rng.integers(1000, size=part)] + rng.standard_normal((part, 64), dtype=np.float32)
    file.flush()


def judge(path, out):
    """Prints the mean distance to the nearest chosen, and the mean of its square."""
    import faiss
    import numpy as np

    x = np.load(path, mmap_mode="r")
    index = faiss.IndexFlatL2(x.shape[1])
    index.add(np.ascontiguousarray(x[np.load(out)]))
    parts = [index.search(np.ascontiguousarray(x[at : at + 100_000]), 1)[0].ravel() for at in range(0, len(x), 100_000)]
    squared = np.maximum(np.concatenate(parts).astype(np.float64), 0)
    print(np.sqrt(squared).mean(), squared.mean())


def largest(path):
    """Prints a bound of the largest squared distance: four times the largest from the mean."""
    import numpy as np

    x = np.load(path, mmap_mode="r")
    part = np.asarray(x[:: max(1, len(x) // 100_000)], dtype=np.float64)
    print(4 * np.square(part - part.mean(0)).sum(1).max())


def main():
    curriculum, folder, rows, count, *which = sys.argv[1:]
    rows, path, out = int(rows), os.path.join(folder, f"features-{rows}.npy"), os.path.join(folder, "chosen.npy")
    if not os.path.exists(path):
        apart(__file__, "features", path, rows)
    print(f"{rows:,} examples, 64 features ({os.path.getsize(path) / 2**20:,.0f} MB), {count} chosen; {processor()}")
    ours = [curriculum, "coreset", path, "--method", "facility-location", "--count", count, "-o", out, "-q"]
    ways = []
    if "exact" in which:
        ways.append(("exact greedy, lazy", ours))
    for k in ["16", "32", "64"]:
        ways.append((f"--neighbors {k}", [*ours, "--neighbors", k]))
    if "greedi" in which:
        parts = ["--option", "optimizer=greedi", "--option", f"parts={max(2, rows // 500_000)}"]
        ways.append(("--neighbors 32 greedi --local", [*ours, "--neighbors", "32", *parts, "--local"]))
    if "clients" in which:
        ways.append(("--clients 10000", [*ours, "--clients", "10000"]))
    if "peers" in which and rows <= 100_000:
        ways.append(("apricot over the 64 nearest of faiss", APRICOT))
    if "peers" in which:
        ways.append(("faiss's k-means, the nearest to the means", K_MEANS))
    ways.append(("random", RANDOM))
    bound, first = float(apart(__file__, "largest", path)), None
    for name, way in ways:
        if os.path.exists(out):
            os.remove(out)
        if isinstance(way, str):
            python(name, way, path, count, out)
        else:
            run(name, way)
        if os.path.exists(out):
            distance, squared = map(float, apart(__file__, "judge", path, out).split())
            first = first or bound - squared
            print(f"    mean distance to the nearest chosen {distance:.3f}, objective {(bound - squared) / first:.4%} of the first's")


if __name__ == "__main__":
    # Itself in a process apart, or the whole.
    {"features": features, "judge": judge, "largest": largest}.get(sys.argv[1], lambda *_: main())(*sys.argv[2:4])
