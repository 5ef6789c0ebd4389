"""What is computed with scikit-learn."""

import warnings

from protocol import serve
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NearestNeighbors
from sklearn.neural_network import MLPClassifier


def train(inputs, name):
    """Its multilayer perceptron, by stochastic gradient descent with momentum, for a given number of epochs."""
    features, labels = inputs["features"], inputs["labels"]
    hidden, batch_size, n_epochs = {"train-digits": (32, 64, 100), "train-images": (256, 128, 1)}[name]
    warnings.simplefilter("ignore", ConvergenceWarning)

    def run():
        network = MLPClassifier(
            (hidden,),
            solver="sgd",
            alpha=0.0,
            batch_size=batch_size,
            learning_rate_init=0.05,
            max_iter=n_epochs,
            momentum=0.9,
            nesterovs_momentum=False,
            n_iter_no_change=n_epochs + 1,
            random_state=1,
        )
        return network.fit(features, labels)

    return run, lambda network: [network.score(features, labels)]


def neighbours(inputs, _):
    """The ten nearest others of each, by brute force."""
    features = inputs["features"]

    def run():
        search = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(features)
        return search.kneighbors()

    return run, lambda found: [found[0].mean()]


serve("scikit-learn", {"train-digits": train, "train-images": train, "neighbours": neighbours})
