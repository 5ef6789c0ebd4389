"""What is computed with cleanlab."""

import os
import time

from cleanlab.filter import find_label_issues
from protocol import serve


def label_issues(inputs, _):
    """The issues by noise rate, with as many processes as are faster: one, or one per thread."""
    probabilities, labels = inputs["probabilities"], inputs["labels"]

    def by(n_jobs):
        return find_label_issues(labels, probabilities, filter_by="prune_by_noise_rate", n_jobs=n_jobs)

    taken = {}
    for n_jobs in {1, int(os.environ.get("OMP_NUM_THREADS", 1))}:
        by(n_jobs)
        start = time.perf_counter()
        by(n_jobs)
        taken[n_jobs] = time.perf_counter() - start
    fastest = min(taken, key=taken.get)
    return lambda: by(fastest), lambda issues: [issues.sum()]


if __name__ == "__main__":
    serve("cleanlab", {"label-issues": label_issues})
