"""What is computed with apricot-select."""

import numpy as np
from apricot import FacilityLocationSelection
from protocol import serve
from sklearn.metrics import pairwise_distances_argmin_min


def facility_location(inputs, _):
    """Lazy greedy, similarities from the largest squared distance: 'euclidean' squares."""
    features = inputs["features"].astype(np.float64)

    def run():
        return FacilityLocationSelection(1000, metric="euclidean", optimizer="lazy").fit(features)

    def total(selection):
        _, distances = pairwise_distances_argmin_min(features, features[selection.ranking])
        return [np.square(distances).sum()]

    return run, total


serve("apricot-select", {"facility-location": facility_location})
