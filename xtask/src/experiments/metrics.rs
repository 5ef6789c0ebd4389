//! Section 3: do loss, margin and forgetting agree on what is hard?

use anyhow::{Result, anyhow};
use cl_data::random;
use cl_data::{Clusters, Dataset, Standardization, bundled};
use cl_difficulty::{NeverLearned, Recorder, kendall, spearman};
use cl_model::{Budget, CrossEntropy, Sgd, SoftmaxRegression, Trainer, evaluate};
use cl_pacing::ShuffleSampler;
use cl_study::{Figure, HeatMap, Table, over_seeds};

use crate::article::{self, Metrics};
use crate::claim::{Claim, Judge, Measurement, Part, significant};
use crate::experiment::{Context, Experiment, Findings};

/// The article's three metrics, and how far they agree.
pub(super) struct MetricsExperiment;

const LOSS_MARGIN: Claim = Claim {
    id: "metrics/loss-margin",
    place: "section 3, text",
    article: "average loss and margin difficulty correlate",
    judge: Judge::Positive { quantity: "Spearman correlation of loss and margin", margin: 0.1 },
};

const MARGIN_FORGETTING: Claim = Claim {
    id: "metrics/margin-forgetting",
    place: "section 3, text",
    article: "near-boundary examples have more forgetting events",
    judge: Judge::Positive { quantity: "Spearman correlation of margin and forgetting", margin: 0.1 },
};

const ALL_THREE: Claim = Claim {
    id: "metrics/all-correlate",
    place: "section 3, text",
    article: "all three metrics correlate",
    judge: Judge::Positive { quantity: "smallest Spearman correlation of any two metrics", margin: 0.1 },
};

const LARGELY: Claim = Claim {
    id: "metrics/largely-agree",
    place: "section 3, text",
    article: "loss, margin and forgetting largely agree",
    judge: Judge::Within {
        quantity: "smallest Spearman correlation of any two of the metrics",
        low: 0.5,
        high: 1.0,
    },
};

impl Experiment for MetricsExperiment {
    fn id(&self) -> &'static str {
        "metrics"
    }

    fn section(&self) -> &'static str {
        "3"
    }

    fn question(&self) -> &'static str {
        "Do loss, margin and forgetting agree on which examples are hard?"
    }

    fn claims(&self) -> &'static [Claim] {
        &[LOSS_MARGIN, MARGIN_FORGETTING, ALL_THREE, LARGELY]
    }

    fn run(&self, context: &Context<'_>) -> Result<Findings> {
        let mut findings = Findings::default();
        as_it_stands(&mut findings)?;
        overlapping(&mut findings, context)?;
        digits(&mut findings, context)?;
        Ok(findings)
    }
}

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

fn as_it_stands(findings: &mut Findings) -> Result<()> {
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
fn overlapping(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
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

/// Of two scores, undefined where one is constant.
type Correlation = fn(&[f64], &[f64]) -> Result<Option<f64>, cl_difficulty::DifficultyError>;

/// The names of the metrics on digits, in the order of the matrices.
const METRICS: [&str; 4] = ["loss", "margin", "forgetting", "el2n"];

/// Real data: a softmax regression on UCI digits, its dynamics recorded in the training pass.
fn digits(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let digits = bundled::digits();
    let data = Standardization::fit(&digits)?.apply(digits)?;
    let n_epochs = if context.quick { 5 } else { 30 };
    let scores: Result<Vec<[Vec<f64>; 4]>> =
        over_seeds(&context.seeds, context.jobs, context.progress, |seed| scores_of(&data, n_epochs, seed))?
            .into_iter()
            .collect();
    let scores = scores?;

    let mut means = vec![vec![Some(1.0); METRICS.len()]; METRICS.len()];
    let mut taus = means.clone();
    let mut smallest = vec![1.0f64; scores.len()];
    let mut table = Table::new(["metrics", "Spearman", "Kendall tau-b"]);
    for a in 0..METRICS.len() {
        for b in 0..a {
            let per_seed = |correlation: Correlation| {
                let values = scores.iter().map(|of| correlation(&of[a], &of[b]));
                let values: Option<Vec<f64>> = values.collect::<Result<_, _>>()?;
                values.ok_or_else(|| anyhow!("{} or {} is constant on digits", METRICS[a], METRICS[b]))
            };
            let (rho, tau) = (per_seed(spearman)?, per_seed(kendall)?);
            smallest.iter_mut().zip(&rho).for_each(|(smallest, rho)| *smallest = smallest.min(*rho));
            let pair = format!("{} and {}", METRICS[b], METRICS[a]);
            let mean = |values: &[f64]| Some(values.iter().sum::<f64>() / values.len() as f64);
            (means[a][b], means[b][a]) = (mean(&rho), mean(&rho));
            (taus[a][b], taus[b][a]) = (mean(&tau), mean(&tau));
            table.row([
                pair,
                Measurement::over_seeds(&rho)?.to_string(),
                Measurement::over_seeds(&tau)?.to_string(),
            ])?;
            findings.number(format!("digits_spearman_{}_{}", METRICS[b], METRICS[a]), rho)?;
            findings.number(format!("digits_kendall_{}_{}", METRICS[b], METRICS[a]), tau)?;
        }
    }
    let conditions = format!("UCI digits, softmax regression, {n_epochs} epochs, {} seeds", scores.len());
    let loss_margin: Vec<f64> =
        scores.iter().filter_map(|of| spearman(&of[0], &of[1]).transpose()).collect::<Result<_, _>>()?;
    let margin_forgetting: Vec<f64> =
        scores.iter().filter_map(|of| spearman(&of[1], &of[2]).transpose()).collect::<Result<_, _>>()?;
    findings.measure(LOSS_MARGIN.id, Part::Real, &conditions, Measurement::over_seeds(&loss_margin)?);
    findings.measure(MARGIN_FORGETTING.id, Part::Real, &conditions, Measurement::over_seeds(&margin_forgetting)?);
    for claim in [ALL_THREE, LARGELY] {
        findings.measure(claim.id, Part::Real, &conditions, Measurement::over_seeds(&smallest)?);
    }
    findings.tables.push((format!("Agreement of the metrics: {conditions}"), table));

    // The same metric twice: how much of a ranking is the seed's?
    if let [first, .., last] = &scores[..] {
        let stability: Vec<String> = METRICS
            .iter()
            .zip(first.iter().zip(last))
            .map(|(name, (a, b))| {
                Ok(format!("{name} {}", spearman(a, b)?.map_or("undefined".into(), significant)))
            })
            .collect::<Result<_>>()?;
        findings.notes.push(format!(
            "On digits the margin is that of the trained model at the end (the largest other logit less that of the \
             label), not the distance to a known boundary; forgetting is counted in the training pass with Toneva's \
             rule. Spearman correlation of a metric with itself under another seed: {}.",
            stability.join(", ")
        ));
    }
    findings.figure(
        "metrics",
        format!("Spearman correlation of difficulty metrics, mean over seeds: {conditions}."),
        HeatMap::new("Do the metrics agree?", METRICS, METRICS, means.clone())
            .diverging(-1.0, 1.0)
            .value_name("Spearman correlation")
            .render(680, 520)?,
    );
    findings.number("digits_kendall_matrix", taus)?;
    findings.number("digits_spearman_matrix", means)?;
    Ok(())
}

/// Loss, margin, forgetting and EL2N of every example, from one training run.
fn scores_of(data: &Dataset<f64>, n_epochs: u64, seed: u64) -> Result<[Vec<f64>; 4]> {
    let mut model = SoftmaxRegression::zeros(data.n_features(), data.n_classes());
    let mut recorder = Recorder::new(data.n_examples());
    let mut sampler = ShuffleSampler::new(data.n_examples(), 32, seed)?;
    Trainer::new(Budget::Epochs(n_epochs), 0.05)?.train(
        &mut model,
        &CrossEntropy,
        &mut Sgd::plain(),
        data,
        &mut sampler,
        &mut [&mut recorder],
    )?;
    if let Some(error) = recorder.error() {
        return Err(anyhow!("{error}"));
    }
    let evaluation = evaluate(&model, &CrossEntropy, data)?;
    let margin = evaluation.outputs.chunks_exact(data.n_classes()).zip(data.labels()).map(|(logits, &label)| {
        let others = logits.iter().enumerate().filter(|&(class, _)| class != label);
        others.map(|(_, &z)| z).fold(f64::NEG_INFINITY, f64::max) - logits[label]
    });
    Ok([
        recorder.loss.values()?,
        margin.collect(),
        recorder.forgetting.values(NeverLearned::Toneva),
        recorder.el2n.values()?,
    ])
}
