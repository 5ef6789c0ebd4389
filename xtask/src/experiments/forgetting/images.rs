//! The protocol on the data sets of the paper, and on Fashion-MNIST.

use anyhow::Result;
use cl_data::{Dataset, Standardization, io::CifarPart, random, stratified_split};
use cl_study::{Metric, Record, Scale, Study, Summary, Table};
use serde_json::json;

use super::{
    claims::{BEATS_RANDOM, CAN_GO, THIRD},
    removal::{RATES, Recipe, choice, figure, removal},
};
use crate::{
    claim::{Measurement, Part, significant},
    data_dir::{CIFAR_10, DataDir, first},
    experiment::{Context, Findings},
};

/// A data set of the paper: its folder, and the share with no forgetting event in a run by the paper's Figure 1.
struct ImageSet {
    name: &'static str,
    folder: &'static str,
    paper: Option<f64>,
    n_hidden: usize,
    permuted: bool,
}

const SETS: [ImageSet; 4] = [
    ImageSet { name: "MNIST", folder: "mnist", paper: Some(0.96), n_hidden: 64, permuted: false },
    ImageSet { name: "permuted MNIST", folder: "mnist", paper: Some(0.88), n_hidden: 64, permuted: true },
    ImageSet { name: "Fashion-MNIST", folder: "fashion-mnist", paper: None, n_hidden: 64, permuted: false },
    ImageSet { name: "CIFAR-10", folder: CIFAR_10, paper: Some(0.345), n_hidden: 128, permuted: false },
];

const BATCH_SIZE: usize = 64;

/// Runs whose forgetting events are added up for a score.
const N_SCORING_RUNS: u64 = 3;

const REMOVED: [f64; 5] = [0.0, 0.3, 0.5, 0.7, 0.9];

impl ImageSet {
    /// Training and test set, standardised by the former; pixels in one random order for both where permuted.
    fn load(&self, folder: &DataDir, n_train: usize) -> Result<(Dataset<f32>, Dataset<f32>)> {
        let (train, test) = if self.folder == CIFAR_10 {
            (folder.cifar10(CifarPart::Train)?, folder.cifar10(CifarPart::Test)?)
        } else {
            (folder.images(self.folder, "train")?, folder.images(self.folder, "t10k")?)
        };
        let (train, test) = (self.permuted(first(&train, n_train)?)?, self.permuted(first(&test, n_train)?)?);
        let standardization = Standardization::fit(&train)?;
        Ok((standardization.apply(train)?, standardization.apply(test)?))
    }

    fn permuted(&self, data: Dataset<f32>) -> Result<Dataset<f32>> {
        if !self.permuted {
            return Ok(data);
        }
        let order = random::permutation(&mut random::stream(0, "permuted pixels", 0), data.n_features());
        let features = (0..data.n_examples()).flat_map(|example| {
            let pixels = data.example(example);
            order.iter().map(|&pixel| pixels[pixel]).collect::<Vec<_>>()
        });
        Ok(Dataset::new(data.n_features(), features.collect(), data.labels().to_vec(), data.n_classes())?)
    }
}

/// Every set that the folder has: how many are never forgotten, and what removing them costs.
pub(super) fn images(findings: &mut Findings, context: &Context<'_>, folder: &DataDir) -> Result<()> {
    let (n_train, n_epochs) =
        if context.quick { (2_000, 3) } else { (usize::MAX, if context.full { 40 } else { 12 }) };
    let seeds: Vec<u64> = context.seeds.iter().copied().take(6).collect();
    let mut shares = Table::new([
        "data",
        "never forgotten in a run",
        "the paper's Figure 1",
        "never forgotten in any of its runs",
        "never learned in a run",
    ]);
    for set in &SETS {
        if folder.folder(set.folder).is_none() {
            findings.notes.push(format!("{}: no folder {}, left out.", set.name, set.folder));
            continue;
        }
        let (train, test) = set.load(folder, n_train)?;
        let n = train.n_examples();
        let recipe = Recipe {
            n_hidden: set.n_hidden,
            batch_size: BATCH_SIZE,
            n_updates: n_epochs * n.div_ceil(BATCH_SIZE) as u64,
            learning_rate: RATES[0],
        };
        let file = set.name.replace(' ', "-").to_lowercase();
        let parts = stratified_split(train.labels(), &[0.9, 0.1], 2_000_000)?;
        let recipe = recipe.tuned(context, &choice(&file, 1, &train), &RATES, &seeds, |_| {
            Ok((train.subset(&parts[0])?, train.subset(&parts[1])?))
        })?;
        let learning_rate = recipe.learning_rate;
        let study = Study::new(format!("forgetting on {}", set.name), seeds.clone()).arm(
            "removal",
            json!({ "n_train": n, "n_hidden": set.n_hidden, "n_epochs": n_epochs, "rate": learning_rate }),
        );
        let journal = format!("forgetting-{file}-{n}-{n_epochs}-{}.jsonl", seeds.len());
        let results = context.study(&study, journal, |run| {
            let removal = removal((&train, &test), recipe, N_SCORING_RUNS, &REMOVED, run.seed)?;
            let share = |count: usize| count as f64 / n as f64;
            let in_run = &removal.forgotten.n_unforgettable_in_run;
            let n_runs = N_SCORING_RUNS as f64;
            let [selected, random] = removal.accuracy;
            Ok(Record::new()
                .scalar("unforgettable", share(removal.forgotten.n_unforgettable))
                .scalar("unforgettable_in_run", in_run.iter().map(|&count| share(count)).sum::<f64>() / n_runs)
                .scalar("never_learned_in_run", share(removal.forgotten.n_never_learned) / n_runs)
                .scalar("selected_without_unforgettable", removal.without_unforgettable[0])
                .scalar("random_without_unforgettable", removal.without_unforgettable[1])
                .curve("selected", selected)
                .curve("random", random)
                .curve("removed", REMOVED.to_vec()))
        })?;
        let values = |metric: &Metric| -> Result<Vec<f64>> {
            Ok(results.values("all", "removal", metric)?.into_iter().flatten().collect())
        };
        let scalar = |name: &str| values(&Metric::scalar(name));
        let at = |curve: &str, share: f64| values(&Metric::at_budget(curve, "removed", share));
        let less = |a: Vec<f64>, b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let conditions = format!(
            "{}, {n} images, perceptron {}-{}-{}, {n_epochs} epochs' updates, learning rate {learning_rate}, {} runs on these images",
            set.name,
            train.n_features(),
            set.n_hidden,
            train.n_classes(),
            seeds.len()
        );
        let whole = at("selected", 0.0)?;
        let unforgettable = Measurement::over_seeds(&scalar("unforgettable")?)?.on(Scale::Share)?;
        findings.measure(THIRD.id, Part::Real, &conditions, unforgettable);
        for (what, [selected, random]) in [
            (
                "all the never forgotten",
                ["selected", "random"].map(|arm| scalar(&format!("{arm}_without_unforgettable"))),
            ),
            ("the 30 % least forgotten", ["selected", "random"].map(|arm| at(arm, 0.3))),
        ] {
            let (selected, random) = (selected?, random?);
            let conditions = format!("{what} removed; {conditions}");
            let cost = Measurement::over_seeds(&less(selected.clone(), &whole))?;
            findings.measure(CAN_GO.id, Part::Real, &conditions, cost);
            let gain = Measurement::over_seeds(&less(selected, &random))?;
            findings.measure(BEATS_RANDOM.id, Part::Real, &conditions, gain);
        }
        let told = |values: Vec<f64>| Measurement::over_seeds(&values).map(|measured| measured.to_string());
        shares.row([
            set.name.to_owned(),
            told(scalar("unforgettable_in_run")?)?,
            set.paper.map_or("not in the paper".into(), |share| format!("about {share}")),
            told(scalar("unforgettable")?)?,
            told(scalar("never_learned_in_run")?)?,
        ])?;
        let mut table = Table::new(["removed", "least forgotten removed", "random removed"]);
        let (mut selected, mut random) = (Vec::new(), Vec::new());
        for share in REMOVED {
            table.row([
                format!("{} %", significant(100.0 * share)),
                told(at("selected", share)?)?,
                told(at("random", share)?)?,
            ])?;
            selected.push(Summary::of(&at("selected", share)?)?);
            random.push(Summary::of(&at("random", share)?)?);
        }
        table.row([
            "the never forgotten".to_owned(),
            told(scalar("selected_without_unforgettable")?)?,
            told(scalar("random_without_unforgettable")?)?,
        ])?;
        findings.tables.push((format!("Test accuracy after removal: {conditions}"), table));
        let unforgettable = scalar("unforgettable")?.iter().sum::<f64>() / seeds.len() as f64;
        findings.figure(
            format!("forgetting-{file}"),
            format!("Test accuracy after removing examples. {conditions}."),
            figure(format!("Removing examples from {}", set.name), &REMOVED, [&selected, &random], unforgettable)?,
        );
        findings.number(format!("{file}_runs"), &results.runs)?;
    }
    findings.tables.push(("Shares never forgotten, over seeds".into(), shares));
    findings.notes.push(format!(
        "The paper's shares are those with no forgetting event in its Figure 1, read off the figure to about a \
         hundredth: convolutional networks, trained for 200 epochs with augmentation on CIFAR-10. Ours are perceptrons \
         without augmentation after {n_epochs} epochs: on CIFAR-10 such a network is right on about half of the images, \
         so that fewer are learned and never lost. Permuting pixels makes MNIST harder for a convolutional network; a \
         perceptron does not know which pixels are neighbours, so that for it permuted MNIST is MNIST with other first \
         weights. A score adds up {N_SCORING_RUNS} runs. Every arm trains from scratch for equally many updates; learning \
         rates are the best of {RATES:?} for training on everything, by its accuracy on a tenth of the training set held out."
    ));
    Ok(())
}
