//! What the article claims of forgetting, and what is asked beside it.

use crate::claim::{About, Claim, Judge};

pub(super) const UNFORGETTABLE: Claim = Claim {
    id: "forgetting/unforgettable",
    place: "section 6, print",
    article: "Unforgettable: 168/200 (84.0%)",
    about: About::Article,
    judge: Judge::Printed { text: "Unforgettable: 168/200 (84.0%)" },
};

pub(super) const FORGOTTEN: Claim = Claim {
    id: "forgetting/forgotten",
    place: "section 6, print",
    article: "Forgotten 1+ times: 32/200",
    about: About::Article,
    judge: Judge::Printed { text: "Forgotten 1+ times: 32/200" },
};

pub(super) const THIRD: Claim = Claim {
    id: "forgetting/a-third",
    place: "section 6, text",
    article: "nearly a third of CIFAR-10 is never forgotten",
    about: About::CIFAR_10,
    judge: Judge::Within {
        quantity: "share of the training set never forgotten in any run, on the data named",
        low: 0.25,
        high: 0.4,
    },
};

pub(super) const CAN_GO: Claim = Claim {
    id: "forgetting/can-go",
    place: "section 6, text",
    article: "the never forgotten can go without loss of accuracy",
    about: About::Training,
    judge: Judge::Within {
        quantity: "test accuracy without the never forgotten, less that of the whole (half a point may be lost)",
        low: -0.005,
        high: f64::INFINITY,
    },
};

pub(super) const BEATS_RANDOM: Claim = Claim {
    id: "forgetting/beats-random",
    place: "section 6, text",
    article: "removing the least forgotten is better than removing as many at random",
    about: About::Training,
    judge: Judge::Positive { quantity: "difference of test accuracy between the two removals", margin: 0.005 },
};

pub(super) const RELABELLED: Claim = Claim {
    id: "forgetting/relabelled",
    place: "section 6 (Toneva 2019, figure 3; not in the article)",
    article: "(not in the article) relabelled examples are forgotten more often than the others",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "forgetting events in a run, mean of the relabelled less mean of the others",
        margin: 0.5,
    },
};

pub(super) const RELABELLING: Claim = Claim {
    id: "forgetting/relabelling",
    place: "section 6 (Toneva 2019, figure 3; not in the article)",
    article: "(not in the article) the same examples are forgotten less often under their right labels",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "forgetting events in a run that the noise adds, mean of the relabelled less mean of the others",
        margin: 0.5,
    },
};

pub(super) const KEEPS_WRONG: Claim = Claim {
    id: "forgetting/keeps-wrong-labels",
    place: "section 6 (not in the article)",
    article: "(not in the article) under label noise removing the least forgotten keeps more wrong labels than \
              removing at random",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "share of wrong labels among the kept, least forgotten removed less random removed",
        margin: 0.02,
    },
};

pub(super) const WORSE: Claim = Claim {
    id: "forgetting/worse-under-noise",
    place: "section 6 (not in the article)",
    article: "(not in the article) under label noise removing the least forgotten is worse than removing at random",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "test accuracy, random removed less least forgotten removed",
        margin: 0.005,
    },
};
