//! What is claimed of orders, by the article and by the paper.

use crate::claim::{About, Claim, Judge};

pub(super) const RUNS: Claim = Claim {
    id: "orderings/runs",
    place: "section 5, text",
    article: "Wu et al. (2021) ran over 540 training runs (540 is the number of their strategies)",
    about: About::Article,
    judge: Judge::Within {
        quantity: "training runs of the paper's design, for each data set and setting",
        low: 540.0,
        high: 600.0,
    },
};

const PAPER: &str = "section 5 (Wu et al. 2021)";

/// A difference of test accuracies that is not worth naming. "Better" is better by at least so much.
const MARGIN: f64 = 0.005;

/// What every difference of a chosen strategy is.
const DIFFERENCE: &str = "test accuracy of the strategy chosen by validation, less the other named";

pub(super) const NO_ORDER: Claim = Claim {
    id: "orderings/no-order",
    place: PAPER,
    article: "no order beats standard training tried as often: in standard time, and in half of it",
    about: About::Training,
    judge: Judge::Within { quantity: DIFFERENCE, low: f64::NEG_INFINITY, high: MARGIN },
};

pub(super) const SHORT: Claim = Claim {
    id: "orderings/short-time",
    place: PAPER,
    article: "easy first helps when time is short",
    about: About::Training,
    judge: Judge::Positive { quantity: DIFFERENCE, margin: MARGIN },
};

pub(super) const SHORT_ANTI: Claim = Claim {
    id: "orderings/short-time-anti",
    place: PAPER,
    article: "hard first does not help when time is short",
    about: About::Training,
    judge: Judge::Within { quantity: DIFFERENCE, low: f64::NEG_INFINITY, high: MARGIN },
};

pub(super) const NOISE: Claim = Claim {
    id: "orderings/noise",
    place: PAPER,
    article: "easy first wins under label noise",
    about: About::Training,
    judge: Judge::Positive { quantity: DIFFERENCE, margin: MARGIN },
};

pub(super) const CONTROL: Claim = Claim {
    id: "orderings/control",
    place: "(not in the article)",
    article: "where easy first helps, it is the order that helps, and not training on a part of the data",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "test accuracy of the chosen easy-first strategy, less that of random order with the same pacing",
        margin: MARGIN,
    },
};

pub(super) const CLASSES: Claim = Claim {
    id: "orderings/class-distribution",
    place: "section 5, text",
    article: "the right strategy depends on the class distribution",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "test accuracy over equal classes, hard first less easy first, trained on classes as unequal as named, less \
                   the same trained on equal classes",
        margin: MARGIN,
    },
};
