"""What is computed with PyTorch, eagerly, on the processor."""

import os

import torch
from protocol import moments, serve
from torch import nn

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))


def forward(inputs, _):
    """W X + b, one example per row, into memory that is there."""
    weights, biases, features = (torch.from_numpy(inputs[name]) for name in ("weights", "biases", "features"))
    outputs = torch.empty(len(features), len(biases))

    def run():
        with torch.inference_mode():
            return torch.addmm(biases, features, weights, out=outputs)

    return run, lambda outputs: moments(outputs.numpy())


def train(inputs, name):
    """The usual loop."""
    features, labels = torch.from_numpy(inputs["features"]), torch.from_numpy(inputs["labels"])
    hidden, batch_size, n_epochs = {"train-digits": (32, 64, 100), "train-images": (256, 128, 1)}[name]

    def run():
        torch.manual_seed(1)
        network = nn.Sequential(nn.Linear(features.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, 10))
        optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
        for _ in range(n_epochs):
            for batch in torch.randperm(len(features)).split(batch_size):
                loss = nn.functional.cross_entropy(network(features[batch]), labels[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return network

    def accuracy(network):
        with torch.inference_mode():
            return [(network(features).argmax(1) == labels).double().mean()]

    return run, accuracy


def gradient_norms(inputs, _):
    """The norm of each example's gradient, factored: of a layer it is |delta|^2 (|a|^2 + 1)."""
    features, labels = torch.from_numpy(inputs["features"]), torch.from_numpy(inputs["labels"])
    names = ("weights1", "biases1", "weights2", "biases2")
    w1, b1, w2, b2 = (torch.from_numpy(inputs[name]) for name in names)

    @torch.inference_mode()
    def run():
        norms = []
        for x, y in zip(features.split(2048), labels.split(2048)):
            a = torch.addmm(b1, x, w1).relu_()
            p = torch.addmm(b2, a, w2).softmax(1)
            p[torch.arange(len(y)), y] -= 1
            below = (p @ w2.T) * (a > 0)
            last, hidden, first, inner = (part.square().sum(1) for part in (p, a, below, x))
            norms.append((last * (hidden + 1) + first * (inner + 1)).sqrt())
        return torch.cat(norms)

    return run, lambda norms: [norms.double().mean(), norms.double().square().mean()]


serve(
    "torch",
    {
        "forward-": forward,
        "train-digits": train,
        "train-images": train,
        "gradient-norms": gradient_norms,
    },
)
