//! Section 3: do loss, margin and forgetting agree on what is hard, and the other metrics with them?

mod agreement;
mod claims;
mod clusters;
mod digits;
mod protocol;
mod real;

use anyhow::Result;

use crate::experiment::{Context, Experiment, Findings};
use claims::{
    ALL_THREE, C_SCORES, HUMAN, LARGELY, LOGIT_MARGIN, LOSS_MARGIN, MARGIN_FORGETTING, STABLE, WRONG_LABELS,
};
pub(super) use protocol::area_under_roc;

/// The article's three metrics, every other one, and how far they agree.
pub(super) static METRICS: Experiment = Experiment {
    id: "metrics",
    section: "3",
    question: "Do loss, margin and forgetting, and all other metrics, agree on which examples are hard?",
    claims: &[
        LOSS_MARGIN,
        MARGIN_FORGETTING,
        ALL_THREE,
        LARGELY,
        LOGIT_MARGIN,
        STABLE,
        C_SCORES,
        HUMAN,
        WRONG_LABELS,
    ],
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    clusters::as_it_stands(&mut findings)?;
    clusters::overlapping(&mut findings, context)?;
    digits::run(&mut findings, context)?;
    real::run(&mut findings, context)?;
    Ok(findings)
}
