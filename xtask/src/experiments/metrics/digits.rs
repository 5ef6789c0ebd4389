//! Every score on the bundled digits, and wrong labels put there to be found.

use anyhow::{Result, anyhow};
use cl_data::{Dataset, Standardization, bundled, stratified_split, symmetric_noise};
use cl_study::{Cell, Figure, LineFigure, Scale, Study, Summary, Table};
use serde_json::json;

use super::{
    agreement::{Agreement, cell, over_defined, records},
    claims::{C_SCORES, WRONG_LABELS},
    protocol::{K, N_CLUSTERS, N_FOLDS, N_SUBSETS, Protocol},
};
use crate::{
    claim::Part,
    experiment::{Context, Findings},
};

const AS_THEY_ARE: &str = "labels as they are";
const NOISY: &str = "labels with noise";
/// The share of the images that a run has, drawn anew by each.
const SHARE: f64 = 0.8;
/// The share of labels made wrong.
const NOISE: f64 = 0.1;

/// The scores of the dynamics that are judged against what others measured.
pub(super) const JUDGED: [&str; 4] = ["loss", "el2n", "aum", "forgetting"];

/// Those whose stability over epochs is drawn.
const DRAWN: [&str; 10] =
    ["loss", "el2n", "aum", "forgetting", "variability", "correctness", "entropy", "dyn_unc", "dual", "tdds"];

fn protocol(context: &Context<'_>) -> Protocol {
    let (n_epochs, checkpoints) = if context.quick { (8, vec![4]) } else { (30, vec![4, 7, 10, 15, 20, 25]) };
    Protocol {
        n_hidden: 32,
        batch_size: 32,
        learning_rate: 0.05,
        momentum: 0.0,
        n_epochs,
        checkpoints,
        costly: true,
        shared: SHARE / (1.0 - SHARE),
    }
}

pub(super) fn run(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let digits = bundled::digits().cast::<f32>()?;
    let data = Standardization::fit(&digits)?.apply(digits)?;
    let protocol = protocol(context);
    let settings = protocol.settings(&data);
    let study = Study::new("metrics on digits", context.seeds.clone())
        .arm(AS_THEY_ARE, settings.clone())
        .arm(NOISY, json!({"noise": NOISE, "otherwise": settings}));
    let name = if context.quick { "quick" } else { "usual" };
    let journal = format!("metrics-digits-{name}-{}.jsonl", study.seeds.len());
    let results = context.study(&study, journal, |run| match run.arm.name.as_str() {
        NOISY => detection(&protocol, &data, run.seed),
        _ => {
            let kept = kept(&data, run.seed)?;
            let scored = protocol.scores(&data.subset(&kept)?, run.seed)?;
            scored.record_of(&kept, data.n_examples(), run.seed)
        }
    })?;
    let n_seeds = study.seeds.len();
    let agreement = Agreement::new(&protocol, records(&results, AS_THEY_ARE)?);
    let conditions = format!(
        "UCI digits, perceptron 64-32-10, {} epochs, {n_seeds} runs on four fifths of the images each",
        protocol.n_epochs
    );
    agreement.judge(findings, &conditions)?;
    for name in JUDGED {
        let with_estimate = agreement.correlations(agreement.spearman(name, "held_out_error")?)?;
        let conditions =
            format!("{name}, with C-scores estimated from {N_SUBSETS} halves of the data; {conditions}");
        findings.measure(C_SCORES.id, Part::Real, conditions, with_estimate);
    }
    agreement.figure(
        findings,
        "metrics",
        "Do the metrics agree? UCI digits",
        format!(
            "Spearman correlation of {} difficulty scores, mean over runs: {conditions}.",
            agreement.names().len()
        ),
    )?;
    epochs_figure(findings, &protocol, &agreement, &conditions)?;
    agreement.report(findings, "digits", &conditions)?;

    let detected = records(&results, NOISY)?;
    let mut table = Table::new(["score", "area under the ROC curve"]);
    for (at, &name) in agreement.names().iter().enumerate() {
        let areas: Vec<f64> = detected.iter().map(|record| record.curves["detection"][at]).collect();
        table.row([Cell::text(name), cell(&over_defined(areas.iter().copied())?)])?;
        if JUDGED.contains(&name) {
            let area = agreement.shared(over_defined(areas.iter().copied())?)?.on(Scale::Share)?;
            let conditions = format!("{name}, {} % of the labels made wrong; {conditions}", 100.0 * NOISE);
            findings.measure(WRONG_LABELS.id, Part::Real, conditions, area);
        }
        findings.number(format!("digits_detection_{name}"), areas)?;
    }
    findings
        .tables
        .push((format!("Finding wrong labels, {} % of them at random: {conditions}", 100.0 * NOISE), table));
    findings.notes.push(format!(
        "On digits: four fifths of the {} images, standardised, {}; images, first weights and order are the seed's, and \
         intervals of measurements allow for the images that runs share. Scores of the dynamics are \
         taken in the training pass, each before the update, with the catalogue's defaults (windows of 4 epochs); \
         those of the network at the end: `logit_margin` (the largest other logit less that of the label, the stand-in \
         for the distance to a known boundary), GraNd, the distance to the median of the class and to the nearest of \
         {N_CLUSTERS} centroids, and what the {K} nearest neighbours say, in the features of the hidden layer. \
         `cross_validated_loss` takes {N_FOLDS} folds, `held_out_error` (1 - C-score) and `memorization` {N_SUBSETS} random halves \
         of the data, all networks of half as many epochs. All point to hard. `l1_error`, `confidence` and \
         `self_confidence` are one score under three names, and agree but for rounding. Grey: a score that is the same \
         for all examples ranks nothing. Intervals of correlations between runs are by the jackknife over runs, \
         because pairs share runs. Every pair with its interval is in metrics-digits-pairs.csv.",
        data.n_examples(),
        protocol.describe(&data),
    ));
    Ok(())
}

/// The images of a run.
fn kept(data: &Dataset<f32>, seed: u64) -> Result<Vec<usize>> {
    let mut parts = stratified_split(data.labels(), &[SHARE], seed)?;
    Ok(parts.swap_remove(0))
}

/// The same run on labels of which a tenth is wrong, other ones for every seed.
fn detection(protocol: &Protocol, data: &Dataset<f32>, seed: u64) -> Result<cl_study::Record> {
    let data = data.subset(&kept(data, seed)?)?;
    let noisy = symmetric_noise(data.labels(), data.n_classes(), NOISE, seed)?;
    let scored = protocol.scores(&data.with_labels(noisy.labels)?, seed)?;
    Ok(cl_study::Record::new().curve("detection", scored.detection(&noisy.changed)?))
}

fn epochs_figure(
    findings: &mut Findings,
    protocol: &Protocol,
    agreement: &Agreement<'_>,
    conditions: &str,
) -> Result<()> {
    if protocol.checkpoints.len() < 2 {
        return Ok(());
    }
    let epochs: Vec<f64> = protocol.checkpoints.iter().map(|&epoch| epoch as f64).collect();
    let mut figure = LineFigure::new(
        "How early is a ranking what it will be?",
        "epochs taken in",
        "Spearman correlation with all epochs",
    );
    for name in DRAWN {
        let defined = |values: Vec<f64>| -> Vec<f64> { values.into_iter().filter(|v| !v.is_nan()).collect() };
        let summaries: Result<Vec<Summary>, _> =
            agreement.over_epochs(name).into_iter().map(|values| Summary::of(&defined(values))).collect();
        let summaries = summaries.map_err(|error| anyhow!("{name} over epochs: {error}"))?;
        figure = figure.line_of_means(name, &epochs, &summaries);
    }
    let caption = format!(
        "Spearman correlation of a score over the first epochs with the same score over all {}: mean over runs, 95 % \
         bands; of entropy, the last epoch alone enters. {conditions}.",
        protocol.n_epochs
    );
    findings.figure("metrics-epochs", caption, figure.render(820, 500)?);
    Ok(())
}
