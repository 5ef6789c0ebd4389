"""What is computed with NumPy alone, as somebody who knows it writes it."""

import numpy as np
from protocol import moments, serve


def forward(inputs, _):
    """W X + b, one example per row, into memory that is there."""
    weights, biases, features = inputs["weights"], inputs["biases"], inputs["features"]
    outputs = np.empty((len(features), len(biases)), np.float32)

    def run():
        np.matmul(features, weights, out=outputs)
        np.add(outputs, biases, out=outputs)
        return outputs

    return run, moments


def train(inputs, name):
    """Stochastic gradient descent with momentum of a network with one hidden layer, by hand."""
    features, labels = inputs["features"], inputs["labels"]
    n, d = features.shape
    hidden, batch_size, n_epochs = {"train-digits": (32, 64, 100), "train-images": (256, 128, 1)}[name]
    rate, momentum, one_hot = np.float32(0.05), np.float32(0.9), np.eye(10, dtype=np.float32)

    def run():
        rng = np.random.default_rng(1)
        widths = [(d, hidden), (hidden, 10)]
        weights = [rng.standard_normal(shape, np.float32) * np.float32((2 / shape[0]) ** 0.5) for shape in widths]
        parameters = [weights[0], np.zeros(hidden, np.float32), weights[1], np.zeros(10, np.float32)]
        velocities = [np.zeros_like(parameter) for parameter in parameters]
        for _ in range(n_epochs):
            order = rng.permutation(n)
            for at in range(0, n, batch_size):
                batch = order[at : at + batch_size]
                x = features[batch]
                w1, b1, w2, b2 = parameters
                a = np.maximum(x @ w1 + b1, 0)
                z = a @ w2 + b2
                p = np.exp(z - z.max(1, keepdims=True))
                p /= p.sum(1, keepdims=True)
                delta = (p - one_hot[labels[batch]]) / np.float32(len(batch))
                below = (delta @ w2.T) * (a > 0)
                gradients = [x.T @ below, below.sum(0), a.T @ delta, delta.sum(0)]
                for parameter, velocity, gradient in zip(parameters, velocities, gradients):
                    velocity *= momentum
                    velocity += gradient
                    parameter -= rate * velocity
        return parameters

    def accuracy(parameters):
        w1, b1, w2, b2 = parameters
        z = np.maximum(features @ w1 + b1, 0) @ w2 + b2
        return [(z.argmax(1) == labels).mean()]

    return run, accuracy


def gradient_norms(inputs, _):
    """The norm of each example's gradient, factored: of a layer it is |delta|^2 (|a|^2 + 1)."""
    features, labels = inputs["features"], inputs["labels"]
    w1, b1, w2, b2 = (inputs[name] for name in ("weights1", "biases1", "weights2", "biases2"))

    def run():
        norms = np.empty(len(features))
        # By chunks that stay in a cache.
        for at in range(0, len(features), 2048):
            x, y = features[at : at + 2048], labels[at : at + 2048]
            a = np.maximum(x @ w1 + b1, 0)
            z = a @ w2 + b2
            p = np.exp(z - z.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            p[np.arange(len(y)), y] -= 1
            below = (p @ w2.T) * (a > 0)
            squares = [np.einsum("ij,ij->i", part, part) for part in (p, a, below, x)]
            norms[at : at + 2048] = np.sqrt(squares[0] * (squares[1] + 1) + squares[2] * (squares[3] + 1))
        return norms

    return run, lambda norms: [norms.mean(), np.square(norms).mean()]


def dynamics(inputs, _):
    """EL2N, forgetting and AUM epoch by epoch, each epoch at once."""
    logits, labels = inputs["logits"], inputs["labels"]
    n_epochs, n, _ = logits.shape
    rows = np.arange(n)

    def run():
        el2n, aum = np.zeros(n), np.zeros(n)
        events, last, learned = np.zeros(n, np.int64), np.zeros(n, bool), np.zeros(n, bool)
        for z in logits:
            z = z.astype(np.float64)
            p = np.exp(z - z.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            p[rows, labels] -= 1
            el2n += np.sqrt(np.einsum("ij,ij->i", p, p))
            own = z[rows, labels]
            z[rows, labels] = -np.inf
            margin = own - z.max(1)
            aum += margin
            right = margin > 0
            events += last & ~right
            last = right
            learned |= right
        return el2n / n_epochs, np.where(learned, events, n_epochs), aum / n_epochs

    return run, lambda columns: [column.mean() for column in columns]


def k_center(inputs, _):
    """The farthest example next, a running minimum of distances in single precision."""
    features = inputs["features"]
    squares = np.einsum("ij,ij->i", features, features)

    def run():
        chosen, nearest = 0, np.full(len(features), np.inf, np.float32)
        for _ in range(6000):
            centre = features[chosen]
            distances = squares - 2 * (features @ centre) + squares[chosen]
            np.minimum(nearest, distances, out=nearest)
            chosen = nearest.argmax()
        return nearest

    return run, lambda nearest: [np.sqrt(nearest.max())]


def permutation(_inputs, _name):
    """The legacy shuffle."""

    def checksum(order):
        places = np.arange(1, len(order) + 1)
        return [(places * order % 1_000_003).sum()]

    return lambda: np.random.RandomState(42).permutation(1_000_000), checksum


def keep_hardest(inputs, _):
    """The largest 30 %, in no order."""
    scores = inputs["scores"]
    first = len(scores) - round(0.3 * len(scores))
    return lambda: np.argpartition(scores, first)[first:], lambda kept: [scores[kept].sum()]


def keep_hardest_ranked(inputs, _):
    """The largest 30 %, the largest first."""
    scores = inputs["scores"]
    count = round(0.3 * len(scores))
    return lambda: np.argsort(scores)[::-1][:count], lambda kept: [scores[kept].sum()]


def focal(inputs, _):
    """The derivative of the focal loss by the cross-entropy, gamma 2."""
    losses = inputs["losses"]

    def run():
        p = np.exp(-losses)
        complement = -np.expm1(-losses)
        return np.square(complement) + 2 * p * losses * complement

    return run, moments


serve(
    "numpy",
    {
        "forward-": forward,
        "train-digits": train,
        "train-images": train,
        "gradient-norms": gradient_norms,
        "dynamics": dynamics,
        "k-center": k_center,
        "permutation": permutation,
        "keep-hardest": keep_hardest,
        "keep-hardest-ranked": keep_hardest_ranked,
        "focal": focal,
    },
)
