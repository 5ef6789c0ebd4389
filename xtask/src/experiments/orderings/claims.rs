//! What is claimed of orders, by the article and by the paper.

use crate::claim::{Claim, Judge};

pub(super) const RUNS: Claim = Claim {
    id: "orderings/runs",
    place: "section 5, text",
    article: "Wu et al. (2021) ran over 540 training runs (540 is the number of their strategies)",
    judge: Judge::Printed { text: "540 training runs" },
};

const PAPER: &str = "section 5 (Wu et al. 2021)";

/// A difference of test accuracies that is not worth naming. "Better" is better by at least so much: the best of
/// many strategies below the luckiest of as many standard runs shows no gain, and not that the order harms.
const MARGIN: f64 = 0.005;

pub(super) const NO_ORDER: Claim = Claim {
    id: "orderings/no-order",
    place: PAPER,
    article: "no order beats standard training tried as often: in standard time, and in half of it",
    judge: Judge::Within {
        quantity: "test accuracy of the best strategy of any order, less that of the standard training named",
        low: -1.0,
        high: MARGIN,
    },
};

pub(super) const SHORT: Claim = Claim {
    id: "orderings/short-time",
    place: PAPER,
    article: "easy first helps when time is short",
    judge: Judge::Within {
        quantity: "test accuracy of the best easy-first strategy, less that of the standard training named",
        low: MARGIN,
        high: f64::INFINITY,
    },
};

pub(super) const SHORT_ANTI: Claim = Claim {
    id: "orderings/short-time-anti",
    place: PAPER,
    article: "hard first does not help when time is short",
    judge: Judge::Within {
        quantity: "test accuracy of the best hard-first strategy, less that of the standard training named",
        low: -1.0,
        high: MARGIN,
    },
};

pub(super) const NOISE: Claim = Claim {
    id: "orderings/noise",
    place: PAPER,
    article: "easy first wins under label noise",
    judge: Judge::Within {
        quantity: "test accuracy of the best easy-first strategy, less that of the standard training named",
        low: MARGIN,
        high: f64::INFINITY,
    },
};

pub(super) const CONTROL: Claim = Claim {
    id: "orderings/control",
    place: "(not in the article)",
    article: "where easy first helps, it is the order that helps, and not training on a part of the data",
    judge: Judge::Positive {
        quantity: "test accuracy of the chosen easy-first strategy, less that of random order with the same pacing",
        margin: MARGIN,
    },
};
