//! What is claimed of competence, and of the curricula beside it.

use crate::claim::{Claim, Judge};

const SAVED: &str = "share of the updates saved until plain shuffling's final loss, one less the ratio of updates";
/// Less than one measurement in forty is not seen.
const SAVED_MARGIN: f64 = 0.025;

pub(super) const FASTER: Claim = Claim {
    id: "competence/faster",
    place: "section 4, text (Platanios 2019)",
    article: "up to 70% faster training (the paper: up to a 70 % decrease in training time)",
    judge: Judge::Positive { quantity: SAVED, margin: SAVED_MARGIN },
};

pub(super) const SEVENTY: Claim = Claim {
    id: "competence/seventy",
    place: "section 4, text (Platanios 2019, abstract)",
    article: "up to 70% faster training (the paper: up to a 70 % decrease in training time)",
    judge: Judge::Within {
        quantity: "share of the updates saved by the one of the four curricula that saves most",
        low: 0.7,
        high: 1.0,
    },
};

pub(super) const BETTER: Claim = Claim {
    id: "competence/better",
    place: "section 4, text (Platanios 2019, abstract)",
    article: "and 2.2 BLEU (nothing is translated here: is the model better after as many updates?)",
    judge: Judge::Positive {
        quantity: "mean log-rank of the true word after equal updates, the other less the curriculum",
        margin: 0.01,
    },
};

pub(super) const BABY_STEPS: Claim = Claim {
    id: "competence/baby-steps",
    place: "section 4 (Spitkovsky 2010; the article names Platanios)",
    article: "(not in the article) Baby Steps, too, is faster",
    judge: Judge::Positive { quantity: SAVED, margin: SAVED_MARGIN },
};

pub(super) const ONE_PASS: Claim = Claim {
    id: "competence/one-pass",
    place: "section 4 (Cirik 2016; the article names Platanios)",
    article: "(not in the article) One-Pass, too, is faster",
    judge: Judge::Positive { quantity: SAVED, margin: SAVED_MARGIN },
};
