//! Section 5: does the order matter? The study of Wu, Dyer and Neyshabur (2021) in full.

mod balance;
mod comparison;
mod design;
mod figures;
mod grid;
mod problem;
mod training;

use anyhow::Result;

use self::design::Design;
use self::grid::{A, B, Strategy};
use self::problem::Problem;
use crate::claim::{Claim, Judge, Measurement, Part};
use crate::experiment::{Context, Experiment, Findings};

/// Every order with every pacing function against plain training that was tried as often.
pub(super) struct OrderingsExperiment;

const RUNS: Claim = Claim {
    id: "orderings/runs",
    place: "section 5, text",
    article: "Wu et al. (2021) ran over 540 training runs (540 is the number of their strategies)",
    judge: Judge::Printed { text: "540 training runs" },
};

const PAPER: &str = "section 5 (Wu et al. 2021)";

/// A difference of test accuracies that is not worth naming. "Better" is better by at least so much: the best of
/// many strategies below the luckiest of as many standard runs shows no gain, and not that the order harms.
const MARGIN: f64 = 0.005;

const NO_ORDER: Claim = Claim {
    id: "orderings/no-order",
    place: PAPER,
    article: "no order beats standard training tried as often: in standard time, and in half of it",
    judge: Judge::Within {
        quantity: "test accuracy of the best strategy of any order, less that of the standard training named",
        low: -1.0,
        high: MARGIN,
    },
};

const SHORT: Claim = Claim {
    id: "orderings/short-time",
    place: PAPER,
    article: "easy first helps when time is short",
    judge: Judge::Within {
        quantity: "test accuracy of the best easy-first strategy, less that of the standard training named",
        low: MARGIN,
        high: f64::INFINITY,
    },
};

const SHORT_ANTI: Claim = Claim {
    id: "orderings/short-time-anti",
    place: PAPER,
    article: "hard first does not help when time is short",
    judge: Judge::Within {
        quantity: "test accuracy of the best hard-first strategy, less that of the standard training named",
        low: -1.0,
        high: MARGIN,
    },
};

const NOISE: Claim = Claim {
    id: "orderings/noise",
    place: PAPER,
    article: "easy first wins under label noise",
    judge: Judge::Within {
        quantity: "test accuracy of the best easy-first strategy, less that of the standard training named",
        low: MARGIN,
        high: f64::INFINITY,
    },
};

const CONTROL: Claim = Claim {
    id: "orderings/control",
    place: "(not in the article)",
    article: "where easy first helps, it is the order that helps, and not training on a part of the data",
    judge: Judge::Positive {
        quantity: "test accuracy of the chosen easy-first strategy, less that of random order with the same pacing",
        margin: MARGIN,
    },
};

impl Experiment for OrderingsExperiment {
    fn id(&self) -> &'static str {
        "orderings"
    }

    fn section(&self) -> &'static str {
        "5"
    }

    fn question(&self) -> &'static str {
        "Is any order of the examples better than a random one, once luck is accounted for?"
    }

    fn claims(&self) -> &'static [Claim] {
        &[RUNS, NO_ORDER, SHORT, SHORT_ANTI, NOISE, CONTROL]
    }

    fn run(&self, context: &Context<'_>) -> Result<Findings> {
        let mut findings = Findings::default();
        let n_strategies = Strategy::grid(&A, &B).len();
        findings.measure(RUNS.id, Part::Real, "the paper's design, for each data set and setting", {
            let n_runs = n_strategies as u64 * design::N_SEEDS + design::N_STANDARD;
            Measurement::text(format!("{n_runs} training runs"))
        });
        Design::digits(context).run(&mut findings, context, &Problem::digits()?)?;
        if let Some(data_dir) = context.data_dir.as_ref().filter(|dir| dir.folder("fashion-mnist").is_some()) {
            let problem = Problem::fashion_mnist(data_dir)?;
            Design::fashion_mnist(context).run(&mut findings, context, &problem)?;
        }
        Ok(findings)
    }
}
