"""What is computed by a loop that Numba compiles, in parallel."""

import math

import numpy as np
from numba import njit, prange
from protocol import serve


@njit(parallel=True, fastmath=True)
def scores(logits, labels):
    """EL2N, forgetting and AUM, example by example through all epochs."""
    n_epochs, n, n_classes = logits.shape
    el2n, events, aum = np.empty(n), np.empty(n, np.int64), np.empty(n)
    for i in prange(n):
        label = labels[i]
        error, margins, forgotten, last, learned = 0.0, 0.0, 0, False, False
        exponentials = np.empty(n_classes)
        for t in range(n_epochs):
            z = logits[t, i]
            other = -1e300
            for k in range(n_classes):
                if k != label:
                    other = max(other, np.float64(z[k]))
            own = np.float64(z[label])
            largest, total = max(own, other), 0.0
            for k in range(n_classes):
                exponentials[k] = math.exp(np.float64(z[k]) - largest)
                total += exponentials[k]
            squares, scale = 0.0, 1.0 / total
            for k in range(n_classes):
                residual = exponentials[k] * scale - (1.0 if k == label else 0.0)
                squares += residual * residual
            error += math.sqrt(squares)
            margins += own - other
            right = own > other
            forgotten += last and not right
            last, learned = right, learned or right
        el2n[i], aum[i] = error / n_epochs, margins / n_epochs
        events[i] = forgotten if learned else n_epochs
    return el2n, events, aum


def dynamics(inputs, _):
    """The compilation is part of the first run, which is not timed."""
    logits, labels = inputs["logits"], inputs["labels"]
    return lambda: scores(logits, labels), lambda columns: [column.mean() for column in columns]


serve("numba", {"dynamics": dynamics})
