//! What the article claims of the metrics, and what is asked beside it.

use crate::claim::{About, Claim, Judge};

pub(super) const LOSS_MARGIN: Claim = Claim {
    id: "metrics/loss-margin",
    place: "section 3, text",
    article: "average loss and margin difficulty correlate",
    about: About::Article,
    judge: Judge::Positive { quantity: "Spearman correlation of loss and margin", margin: 0.1 },
};

pub(super) const MARGIN_FORGETTING: Claim = Claim {
    id: "metrics/margin-forgetting",
    place: "section 3, text",
    article: "near-boundary examples have more forgetting events",
    about: About::Article,
    judge: Judge::Positive { quantity: "Spearman correlation of margin and forgetting", margin: 0.1 },
};

pub(super) const LOGIT_MARGIN: Claim = Claim {
    id: "metrics/logit-margin",
    place: "section 3 (not in the article, whose margin is the distance from a known boundary)",
    article: "(not in the article) loss, forgetting and the network's own margin correlate where no boundary is known",
    about: About::Training,
    judge: Judge::Positive { quantity: "smallest Spearman correlation of any two of the three", margin: 0.1 },
};

pub(super) const ALL_THREE: Claim = Claim {
    id: "metrics/all-correlate",
    place: "section 3, text",
    article: "all three metrics correlate",
    about: About::Article,
    judge: Judge::Positive { quantity: "smallest Spearman correlation of any two metrics", margin: 0.1 },
};

pub(super) const LARGELY: Claim = Claim {
    id: "metrics/largely-agree",
    place: "section 3, text",
    article: "loss, margin and forgetting largely agree",
    about: About::Article,
    judge: Judge::Within {
        quantity: "smallest Spearman correlation of any two of the metrics",
        low: 0.5,
        high: 1.0,
    },
};

/// The largest correlation that is not worth naming, of a training score with what others measured.
const OUTSIDE_MARGIN: f64 = 0.1;

pub(super) const STABLE: Claim = Claim {
    id: "metrics/same-for-every-seed",
    place: "section 3 (not in the article)",
    article: "(not in the article) loss, margin and forgetting rank the examples the same way in every run",
    about: About::Training,
    judge: Judge::Within {
        quantity: "Spearman correlation of a metric with itself in another run, over the images that both have, of the least \
                   stable of the three",
        low: 0.5,
        high: 1.0,
    },
};

pub(super) const C_SCORES: Claim = Claim {
    id: "metrics/c-scores",
    place: "section 3 (Jiang et al. 2021; not in the article)",
    article: "(not in the article) what is hard in training is hard for networks that have not seen it (C-scores)",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "Spearman correlation of a training score with 1 - C-score",
        margin: OUTSIDE_MARGIN,
    },
};

pub(super) const HUMAN: Claim = Claim {
    id: "metrics/human-disagreement",
    place: "section 3 (Wei et al. 2022; not in the article)",
    article: "(not in the article) what is hard in training is what people disagree about",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "Spearman correlation of a training score with the share of annotators who differ from the label",
        margin: OUTSIDE_MARGIN,
    },
};

pub(super) const WRONG_LABELS: Claim = Claim {
    id: "metrics/wrong-labels",
    place: "section 3 (Pleiss et al. 2020; not in the article)",
    article: "(not in the article) wrong labels rank among the hardest examples",
    about: About::Training,
    judge: Judge::Within {
        quantity: "area under the ROC curve of a training score for wrong labels",
        low: 0.55,
        high: 1.0,
    },
};
