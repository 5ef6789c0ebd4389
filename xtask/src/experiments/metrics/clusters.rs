//! The article's three metrics on its two clusters, and on clusters that overlap.

use anyhow::Result;
use cl_data::Clusters;
use cl_difficulty::{kendall, spearman};
use cl_study::{Evidence, Scale};

use super::claims::{ALL_THREE, LARGELY, LOSS_MARGIN, MARGIN_FORGETTING};
use crate::{
    article::{self, Metrics},
    claim::{Claim, Measurement, Part},
    experiment::{Context, Findings},
};

/// The three pairwise Spearman correlations of a run of the article's block.
struct Agreement {
    loss_margin: Option<f64>,
    loss_forgetting: Option<f64>,
    margin_forgetting: Option<f64>,
}

impl Agreement {
    fn of(metrics: &Metrics) -> Result<Self> {
        Ok(Self {
            loss_margin: spearman(&metrics.mean_loss, &metrics.margin)?,
            loss_forgetting: spearman(&metrics.mean_loss, &metrics.forgetting)?,
            margin_forgetting: spearman(&metrics.margin, &metrics.forgetting)?,
        })
    }

    fn smallest(&self) -> Option<f64> {
        Some(self.loss_margin?.min(self.loss_forgetting?).min(self.margin_forgetting?))
    }
}

/// The article's code as it stands.
pub(super) fn as_it_stands(findings: &mut Findings) -> Result<()> {
    let data = Clusters::default().generate(200, article::SEED)?;
    let metrics = article::metrics(&data, article::initial_model(article::SEED, 0.01).0);
    let agreement = Agreement::of(&metrics)?;
    let conditions = "the article's code; interval over the examples, by Fisher's z";
    let constant =
        || Measurement::Undefined { why: "no example was ever forgotten, so forgetting is constant".into() };
    findings.measure(LOSS_MARGIN.id, Part::Article, conditions, {
        over_examples(&metrics.mean_loss, &metrics.margin)?.unwrap_or_else(constant)
    });
    findings.measure(MARGIN_FORGETTING.id, Part::Article, conditions, {
        over_examples(&metrics.margin, &metrics.forgetting)?.unwrap_or_else(constant)
    });
    for claim in [ALL_THREE, LARGELY] {
        let smallest = agreement.smallest().map(|value| Measurement::Number { value });
        findings.measure(claim.id, Part::Article, "the article's code", smallest.unwrap_or_else(constant));
    }
    findings.number("article_spearman_loss_margin", agreement.loss_margin)?;
    findings.number("article_spearman_loss_forgetting", agreement.loss_forgetting)?;
    findings.number("article_spearman_margin_forgetting", agreement.margin_forgetting)?;
    findings.number("article_kendall_loss_margin", kendall(&metrics.mean_loss, &metrics.margin)?)?;
    findings.number("article_forgetting_total", metrics.forgetting.iter().sum::<f64>())?;
    findings.number("article_losses_over_time", metrics.losses_over_time.chunks(200).collect::<Vec<_>>())?;
    findings.number("article_mean_loss", &metrics.mean_loss)?;
    findings.number("article_margin", &metrics.margin)?;
    findings.number("article_weights", metrics.model.weights())?;
    findings.number("article_bias", metrics.model.bias())?;
    Ok(())
}

/// Spearman's correlation over the examples; `None` where undefined.
fn over_examples(a: &[f64], b: &[f64]) -> Result<Option<Measurement>> {
    let Some(rho) = spearman(a, b)? else { return Ok(None) };
    Ok(Some(Measurement::Sampled { evidence: Evidence::rank_correlation(rho, a.len() as u64)? }))
}

/// The smallest change: clusters that overlap, so that some examples are forgotten at all.
pub(super) fn overlapping(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let std = 1.7;
    let n_seeds = if context.quick { 20 } else { 100 };
    let mut agreements = Vec::with_capacity(n_seeds);
    for seed in 0..n_seeds as u32 {
        let data = Clusters { std, ..Clusters::default() }.generate(200, seed)?;
        agreements.push(Agreement::of(&article::metrics(&data, article::initial_model(article::SEED, 0.01).0))?);
    }
    let conditions = format!("overlapping clusters: std {std}, {n_seeds} seeds");
    type Pair = fn(&Agreement) -> Option<f64>;
    let pairs: [(&str, Pair, &[Claim]); 4] = [
        ("loss_margin", |a| a.loss_margin, &[LOSS_MARGIN]),
        ("loss_forgetting", |a| a.loss_forgetting, &[]),
        ("margin_forgetting", |a| a.margin_forgetting, &[MARGIN_FORGETTING]),
        ("smallest", Agreement::smallest, &[ALL_THREE, LARGELY]),
    ];
    for (name, pair, claims) in pairs {
        let values: Vec<f64> = agreements.iter().filter_map(pair).collect();
        let conditions = match agreements.len() - values.len() {
            0 => conditions.clone(),
            undefined => format!("{conditions}, {undefined} of them undefined and left out"),
        };
        for claim in claims {
            findings.measure(
                claim.id,
                Part::Changed,
                &conditions,
                Measurement::over_seeds(&values)?.on(Scale::Correlation)?,
            );
        }
        findings.number(format!("overlapping_spearman_{name}"), values)?;
    }
    Ok(())
}
