//! What is claimed of competence, and of the curricula beside it.

use crate::claim::{About, Claim, Judge};

const SAVED: &str = "share of the updates saved until plain shuffling's final loss, one less the ratio of updates";
/// Less than one measurement in forty is not seen.
const SAVED_MARGIN: f64 = 0.025;

/// Figures that are the largest of several translation tasks and models.
const TRANSLATION: About = About::Data {
    name: "IWSLT and WMT",
    tested_by: "a translation model trained on the paper's IWSLT and WMT sentence pairs, which nothing here does,",
};

pub(super) const FASTER: Claim = Claim {
    id: "competence/faster",
    place: "section 4, text (Platanios 2019)",
    article: "faster training",
    about: About::Training,
    judge: Judge::Positive { quantity: SAVED, margin: SAVED_MARGIN },
};

pub(super) const SEVENTY: Claim = Claim {
    id: "competence/seventy",
    place: "section 4, text (Platanios 2019, abstract)",
    article: "up to 70% faster training (the paper: up to a 70 % decrease in training time)",
    about: TRANSLATION,
    judge: Judge::Within { quantity: "share of the training time saved in translation", low: 0.7, high: 1.0 },
};

pub(super) const BLEU: Claim = Claim {
    id: "competence/bleu",
    place: "section 4, text (Platanios 2019, abstract)",
    article: "up to 2.2 BLEU more",
    about: TRANSLATION,
    judge: Judge::Within { quantity: "BLEU, with the curriculum less without", low: 2.2, high: f64::INFINITY },
};

pub(super) const BETTER: Claim = Claim {
    id: "competence/better",
    place: "section 4 (not in the article)",
    article: "(not in the article) a language model, too, is better after as many updates",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "mean log-rank of the true word after equal updates, the other less the curriculum",
        margin: 0.01,
    },
};

pub(super) const BABY_STEPS: Claim = Claim {
    id: "competence/baby-steps",
    place: "section 4 (Spitkovsky 2010; the article names Platanios)",
    article: "(not in the article) Baby Steps, too, is faster",
    about: About::Training,
    judge: Judge::Positive { quantity: SAVED, margin: SAVED_MARGIN },
};

pub(super) const ONE_PASS: Claim = Claim {
    id: "competence/one-pass",
    place: "section 4 (Cirik 2016; the article names Platanios)",
    article: "(not in the article) One-Pass, too, is faster",
    about: About::Training,
    judge: Judge::Positive { quantity: SAVED, margin: SAVED_MARGIN },
};
