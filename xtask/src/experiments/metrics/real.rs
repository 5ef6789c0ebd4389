//! The same on MNIST, Fashion-MNIST and CIFAR-10, and what people and other networks find hard in CIFAR-10.

use anyhow::{Context as _, Result};
use cl_data::io::CifarPart;
use cl_data::{Dataset, Standardization, stratified_split};
use cl_model::{CrossEntropy, evaluate};
use cl_study::{Bar, BarFigure, Cell, Figure, Record, Scale, Study, Summary, Table};
use serde_json::json;

use super::{
    agreement::{Agreement, cell, over_defined, records},
    claims::{C_SCORES, HUMAN, WRONG_LABELS},
    digits::JUDGED,
    protocol::Protocol,
};
use crate::{
    claim::{Claim, Measurement, Part},
    data_dir::{CIFAR_10, DataDir},
    experiment::{Context, Findings},
};

const GIVEN: &str = "labels as given";
const AGGREGATE: &str = "labels by the vote of CIFAR-10N's annotators";

/// A data set of images and its name in files, in words and among the folders.
struct Images {
    key: &'static str,
    name: &'static str,
    folder: &'static str,
}

const SETS: [Images; 3] = [
    Images { key: "mnist", name: "MNIST", folder: "mnist" },
    Images { key: "fashion-mnist", name: "Fashion-MNIST", folder: "fashion-mnist" },
    Images { key: "cifar-10", name: "CIFAR-10", folder: CIFAR_10 },
];

/// How large the experiment is.
struct Size {
    name: &'static str,
    n_train: usize,
    n_seeds: usize,
    n_epochs: u64,
    checkpoints: Vec<u64>,
}

impl Size {
    fn of(context: &Context<'_>) -> Self {
        let n_seeds = context.seeds.len();
        match (context.full, context.quick) {
            (true, _) => {
                Self { name: "full", n_train: usize::MAX, n_seeds, n_epochs: 20, checkpoints: vec![4, 7, 10, 15] }
            }
            (_, true) => Self { name: "quick", n_train: 500, n_seeds, n_epochs: 8, checkpoints: vec![4] },
            _ => Self {
                name: "usual",
                n_train: 20_000,
                n_seeds: n_seeds.min(5),
                n_epochs: 10,
                checkpoints: vec![4, 5, 7],
            },
        }
    }

    fn protocol(&self, images: &Images) -> Protocol {
        Protocol {
            n_hidden: 256,
            batch_size: 128,
            learning_rate: if images.folder == CIFAR_10 { 0.005 } else { 0.02 },
            momentum: 0.9,
            n_epochs: self.n_epochs,
            checkpoints: self.checkpoints.clone(),
            costly: false,
            shared: 0.0,
        }
    }
}

/// What is known of the examples from elsewhere, as difficulties.
#[derive(Default)]
struct Known {
    /// 1 - C-score.
    irregularity: Option<Vec<f64>>,
    human: Option<Human>,
}

struct Human {
    disagreement: Vec<f64>,
    /// 1 where the worst of the three labels is wrong.
    worst: Vec<f64>,
    aggregate: Vec<usize>,
}

/// Training examples, test examples, and what is known of the former.
struct Examples {
    train: Dataset<f32>,
    test: Dataset<f32>,
    known: Known,
}

impl Examples {
    /// A subset of the training set, the same for every seed, and the test set, standardised by the former.
    fn read(folder: &DataDir, images: &Images, n_train: usize) -> Result<Self> {
        let is_cifar = images.folder == CIFAR_10;
        let (train, test) = if is_cifar {
            (folder.cifar10(CifarPart::Train)?, folder.cifar10(CifarPart::Test)?)
        } else {
            (folder.images(images.folder, "train")?, folder.images(images.folder, "t10k")?)
        };
        let kept = if n_train >= train.n_examples() {
            (0..train.n_examples()).collect()
        } else {
            let share = n_train as f64 / train.n_examples() as f64;
            let parts = stratified_split(train.labels(), &[share], 0)?;
            parts.into_iter().next().unwrap_or_default()
        };
        let known = if is_cifar { Known::read(folder, train.labels(), &kept)? } else { Known::default() };
        let train = train.subset(&kept)?;
        let standardization = Standardization::fit(&train)?;
        Ok(Self { train: standardization.apply(train)?, test: standardization.apply(test)?, known })
    }
}

impl Known {
    fn read(folder: &DataDir, labels: &[usize], kept: &[usize]) -> Result<Self> {
        let pick = |values: Vec<f64>| -> Vec<f64> { kept.iter().map(|&example| values[example]).collect() };
        let irregularity =
            folder.c_scores(labels)?.map(|scores| pick(scores.into_iter().map(|score| 1.0 - score).collect()));
        let human = folder.human_labels(labels)?.map(|human| {
            let is_wrong = human.worst.iter().zip(&human.clean).map(|(worst, clean)| f64::from(worst != clean));
            Human {
                disagreement: pick(human.disagreement()),
                worst: pick(is_wrong.collect()),
                aggregate: kept.iter().map(|&example| human.aggregate[example]).collect(),
            }
        });
        Ok(Self { irregularity, human })
    }

    fn missing(&self) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if self.irregularity.is_none() {
            missing.push("cscores/");
        }
        if self.human.is_none() {
            missing.push("cifar-10n/");
        }
        missing
    }
}

pub(super) fn run(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let mut missing = Vec::new();
    if let Some(folder) = &context.data_dir {
        let size = Size::of(context);
        for images in &SETS {
            if folder.folder(images.folder).is_none() {
                missing.push(format!("{}/", images.folder));
                continue;
            }
            let examples = Examples::read(folder, images, size.n_train).context(images.name)?;
            if images.folder == CIFAR_10 {
                missing.extend(examples.known.missing().into_iter().map(String::from));
            }
            of_images(findings, context, &size, images, &examples)?;
        }
        if !missing.is_empty() {
            findings.notes.push(format!("Left out, because the data folder lacks them: {}.", missing.join(", ")));
        }
    }
    if !findings.measured.iter().any(|measured| measured.claim == HUMAN.id) {
        let not_measured = Measurement::text("not measured without cifar-10-batches-bin/ and cifar-10n/");
        findings.measure(HUMAN.id, Part::Real, "CIFAR-10, by --data-dir", not_measured);
    }
    Ok(())
}

fn of_images(
    findings: &mut Findings,
    context: &Context<'_>,
    size: &Size,
    images: &Images,
    examples: &Examples,
) -> Result<()> {
    let Images { key, name, .. } = images;
    let (train, known) = (&examples.train, &examples.known);
    let protocol = size.protocol(images);
    let settings = protocol.settings(train);
    let mut study =
        Study::new(format!("metrics on {name}"), &context.seeds[..size.n_seeds]).arm(GIVEN, settings.clone());
    if let Some(human) = &known.human {
        let noisy = train.clone().with_labels(human.aggregate.clone())?;
        study = study.arm(AGGREGATE, protocol.settings(&noisy));
    }
    let n_seeds = study.seeds.len();
    let journal = format!("metrics-{key}-{}-{n_seeds}.jsonl", size.name);
    let results = context.study(&study, journal, |run| match (run.arm.name.as_str(), &known.human) {
        (AGGREGATE, Some(human)) => noisy_run(&protocol, train, human, run.seed),
        _ => clean_run(&protocol, examples, run.seed),
    })?;
    let agreement = Agreement::new(&protocol, records(&results, GIVEN)?);
    let n = train.n_examples();
    let [d, h, c] = [train.n_features(), protocol.n_hidden, train.n_classes()];
    let conditions = format!(
        "{name}, {n} training images, perceptron {d}-{h}-{c}, {} epochs, {n_seeds} runs on these images",
        size.n_epochs
    );
    agreement.judge(findings, &conditions)?;
    agreement.figure(
        findings,
        &format!("metrics-{key}"),
        &format!("Do the metrics agree? {name}"),
        format!("Spearman correlation of difficulty scores, mean over seeds: {conditions}."),
    )?;
    agreement.report(findings, key, &conditions)?;
    if known.irregularity.is_some() || known.human.is_some() {
        outside(findings, &agreement, &records(&results, GIVEN)?, &conditions, key)?;
    }
    if let Some(human) = &known.human {
        let n_wrong = human.aggregate.iter().zip(train.labels()).filter(|(vote, label)| vote != label).count();
        let conditions =
            format!("{conditions}, trained on the vote of three annotators, {n_wrong} of whose labels are wrong");
        detection(findings, &agreement, &records(&results, AGGREGATE)?, &conditions, key)?;
    }
    let of_all = |scalar: &str| -> Result<Measurement> {
        let records = records(&results, GIVEN)?;
        Ok(Measurement::over_seeds(&records.iter().map(|record| record.scalars[scalar]).collect::<Vec<_>>())?)
    };
    findings.notes.push(format!(
        "On {name}: {n} training images, {}, standardised; {}. At the end it classifies {} of the training \
         images and {} of the {} test images as their labels say. Scores that need neighbours or many trainings are \
         left out.",
        if size.n_train < usize::MAX { "drawn once by class, the same for every seed" } else { "all there are" },
        protocol.describe(train),
        of_all("train_accuracy")?,
        of_all("test_accuracy")?,
        examples.test.n_examples(),
    ));
    findings.number(format!("{key}_settings"), json!({"settings": settings, "n_seeds": n_seeds}))?;
    Ok(())
}

fn clean_run(protocol: &Protocol, examples: &Examples, seed: u64) -> Result<Record> {
    let Examples { train, test, known } = examples;
    let scored = protocol.scores(train, seed)?;
    let accuracy = |data| -> Result<f64> { Ok(evaluate(&scored.network, &CrossEntropy, data)?.accuracy()) };
    let mut record =
        scored.record(seed)?.scalar("train_accuracy", accuracy(train)?).scalar("test_accuracy", accuracy(test)?);
    if let Some(irregularity) = &known.irregularity {
        record = record.curve(C_SCORE, scored.with(irregularity)?);
    }
    if let Some(human) = &known.human {
        record = record.curve(DISAGREEMENT, scored.with(&human.disagreement)?);
        record = record.curve(WORST, scored.with(&human.worst)?);
    }
    Ok(record)
}

fn noisy_run(protocol: &Protocol, train: &Dataset<f32>, human: &Human, seed: u64) -> Result<Record> {
    let wrong: Vec<bool> = human.aggregate.iter().zip(train.labels()).map(|(vote, label)| vote != label).collect();
    let scored = protocol.scores(&train.clone().with_labels(human.aggregate.clone())?, seed)?;
    Ok(Record::new().curve("detection", scored.detection(&wrong)?))
}

const C_SCORE: &str = "1 - C-score";
const DISAGREEMENT: &str = "share of annotators who differ";
const WORST: &str = "worst label is wrong";

/// The scores of the dynamics that are judged, and that of the trained network.
fn judged(name: &str) -> bool {
    JUDGED.contains(&name) || name == "grand"
}

/// Correlations with published C-scores and with human disagreement.
fn outside(
    findings: &mut Findings,
    agreement: &Agreement<'_>,
    records: &[&Record],
    conditions: &str,
    key: &str,
) -> Result<()> {
    let kinds: Vec<&str> = [C_SCORE, DISAGREEMENT, WORST]
        .into_iter()
        .filter(|kind| records.iter().all(|record| record.curves.contains_key(*kind)))
        .collect();
    let values = |kind: &str, at: usize| -> Vec<f64> {
        records.iter().map(|record| record.curves[kind][at]).filter(|value| !value.is_nan()).collect()
    };
    let mut table = Table::new(std::iter::once("score").chain(kinds.iter().copied()));
    let ranked: Vec<usize> =
        (0..agreement.names().len()).filter(|&at| kinds.iter().all(|kind| values(kind, at).len() > 1)).collect();
    let names = ranked.iter().map(|&at| agreement.names()[at]);
    let title = "What is hard for others, too";
    let mut figure = BarFigure::new(title, "", "Spearman correlation", names);
    for &kind in &kinds {
        let bars: Result<Vec<Bar>, _> =
            ranked.iter().map(|&at| Summary::of(&values(kind, at)).map(|summary| Bar::from(&summary))).collect();
        figure = figure.series(kind, bars?);
        let of_scores: Vec<&Vec<f64>> = records.iter().map(|record| &record.curves[kind]).collect();
        findings.number(format!("{key}_spearman_with_{}", kind.replace(' ', "_")), of_scores)?;
    }
    for (at, &name) in agreement.names().iter().enumerate() {
        let mut row = vec![Cell::text(name)];
        for &kind in &kinds {
            let measured = agreement.correlations(values(kind, at))?;
            row.push(cell(&measured));
            let claim: Option<Claim> = match kind {
                C_SCORE => Some(C_SCORES),
                DISAGREEMENT => Some(HUMAN),
                _ => None,
            };
            if let Some(claim) = claim.filter(|_| judged(name)) {
                let with = if kind == C_SCORE { "published C-scores" } else { "three annotators" };
                findings.measure(claim.id, Part::Real, format!("{name}, with {with}; {conditions}"), measured);
            }
        }
        table.row(row)?;
    }
    findings.tables.push((format!("Spearman correlation with what others measured: {conditions}"), table));
    let caption = format!(
        "Spearman correlation of each score with published C-scores (as 1 - C-score), with the share of three \
         annotators whose label differs, and with whether the worst of their labels is wrong; mean over seeds, 95 % \
         intervals. {conditions}."
    );
    findings.figure(format!("metrics-{key}-outside"), caption, figure.render(1100, 560)?);
    Ok(())
}

/// How well each score finds the labels that the vote of the annotators got wrong.
fn detection(
    findings: &mut Findings,
    agreement: &Agreement<'_>,
    records: &[&Record],
    conditions: &str,
    key: &str,
) -> Result<()> {
    let mut table = Table::new(["score", "area under the ROC curve"]);
    for (at, &name) in agreement.names().iter().enumerate() {
        let areas: Vec<f64> = records.iter().map(|record| record.curves["detection"][at]).collect();
        table.row([Cell::text(name), cell(&over_defined(areas.iter().copied())?)])?;
        if judged(name) {
            let area = over_defined(areas.iter().copied())?.on(Scale::Share)?;
            findings.measure(WRONG_LABELS.id, Part::Real, format!("{name}; {conditions}"), area);
        }
        findings.number(format!("{key}_detection_{name}"), areas)?;
    }
    findings.tables.push((format!("Finding wrong human labels: {conditions}"), table));
    Ok(())
}
