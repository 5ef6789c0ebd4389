"""What is computed with SciPy."""

import numpy as np
from protocol import moments, serve
from scipy.special import lambertw
from scipy.stats import kendalltau, spearmanr


def super_loss(inputs, _):
    """exp(-W(max(-2 / e, (l - tau) / lambda) / 2)), tau 0.5, lambda 1."""
    losses = inputs["losses"]
    return lambda: np.exp(-lambertw(np.maximum(-2 / np.e, losses - 0.5) / 2).real), moments


def correlation(inputs, name):
    """Rank correlations."""
    a, b = inputs["a"], inputs["b"]
    measure = {"spearman": spearmanr, "kendall": kendalltau}[name]
    return lambda: measure(a, b).statistic, lambda statistic: [statistic]


serve("scipy", {"super-loss": super_loss, "spearman": correlation, "kendall": correlation})
