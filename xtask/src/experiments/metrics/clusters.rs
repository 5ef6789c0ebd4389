//! The article's three metrics on its two clusters, and on clusters that overlap.

use anyhow::Result;
use cl_data::{Clusters, random};
use cl_difficulty::{kendall, spearman};

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
    let conditions = "the article's code; 95 % interval by bootstrap over the examples";
    let constant =
        || Measurement::Undefined { why: "no example was ever forgotten, so forgetting is constant".into() };
    findings.measure(LOSS_MARGIN.id, Part::Article, conditions, {
        bootstrapped(&metrics.mean_loss, &metrics.margin)?.unwrap_or_else(constant)
    });
    findings.measure(MARGIN_FORGETTING.id, Part::Article, conditions, {
        bootstrapped(&metrics.margin, &metrics.forgetting)?.unwrap_or_else(constant)
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

/// Spearman's correlation with the percentile interval over resampled examples; `None` where undefined.
fn bootstrapped(a: &[f64], b: &[f64]) -> Result<Option<Measurement>> {
    let Some(mean) = spearman(a, b)? else { return Ok(None) };
    let mut rng = random::stream(0, "bootstrap over examples", 0);
    let mut resampled = Vec::with_capacity(1000);
    for _ in 0..1000 {
        let drawn: Vec<usize> = (0..a.len()).map(|_| random::below(&mut rng, a.len())).collect();
        let pick = |values: &[f64]| drawn.iter().map(|&i| values[i]).collect::<Vec<_>>();
        resampled.extend(spearman(&pick(a), &pick(b))?);
    }
    resampled.sort_by(f64::total_cmp);
    let at = |share: f64| resampled[(share * (resampled.len() - 1) as f64).round() as usize];
    Ok(Some(Measurement::Interval { mean, low: at(0.025), high: at(0.975), n: a.len() }))
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
            findings.measure(claim.id, Part::Changed, &conditions, Measurement::over_seeds(&values)?);
        }
        findings.number(format!("overlapping_spearman_{name}"), values)?;
    }
    Ok(())
}
