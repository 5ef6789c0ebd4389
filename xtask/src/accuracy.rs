//! `cargo xtask accuracy`: what the models reach on real data, beside what they are known to reach.

use std::path::PathBuf;

use anyhow::Result;
use cl_data::{Dataset, bundled, stratified_split};
use cl_model::{
    Activation, Budget, CrossEntropy, Initialization, Mlp, Model, Sgd, SoftmaxRegression, Trainer, evaluate,
};
use cl_pacing::ShuffleSampler;
use cl_study::{Summary, Table, over_seeds};
use clap::Args;

use crate::{data_dir::DataDir, progress::Bar};

/// Arguments of `cargo xtask accuracy`.
#[derive(Args, Debug, Clone)]
pub struct Accuracy {
    /// Folder with `mnist/` and `fashion-mnist/` (IDX files, gzipped or not); without it, UCI digits alone.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Seeds of each model (of the one on digits at least 20).
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(2..=100))]
    pub seeds: u64,
}

/// Trains each model on its data with SGD and momentum 0.9, and prints the test accuracy after the last epoch.
///
/// # Errors
/// Where a data file cannot be read.
pub fn accuracy(arguments: &Accuracy) -> Result<()> {
    let seeds: Vec<u64> = (0..arguments.seeds).collect();
    let mut table = Table::new(["data", "model", "settings", "test accuracy, 95 % interval", "expected"]);
    let mut report = |data: &str, model: &str, settings: String, expected: &str, values: Vec<f64>| -> Result<()> {
        let summary = Summary::of(&values)?;
        let interval = summary.interval.map_or(String::new(), |i| format!(" [{:.4}, {:.4}]", i.low, i.high));
        let measured = format!("{:.4}{interval}, n = {}", summary.mean, values.len());
        table.row([data.to_owned(), model.to_owned(), settings, measured, expected.to_owned()])?;
        Ok(())
    };

    // The test set is small and the runs are short: twenty of them, to say anything to a third digit.
    let many: Vec<u64> = (0..arguments.seeds.max(20)).collect();
    let bar = Bar::new("digits");
    let values = over_seeds(&many, None, &bar, |seed| -> Result<f64> {
        let digits: Dataset<f32> = bundled::digits().cast()?;
        let features = digits.features().iter().map(|pixel| pixel / 16.0).collect();
        let digits = Dataset::new(64, features, digits.labels().to_vec(), 10)?;
        let parts = stratified_split(digits.labels(), &[0.8, 0.2], seed)?;
        let network = Mlp::new(&[64, 32, 10], Activation::Relu, Initialization::He, seed)?;
        test_accuracy(network, &digits.subset(&parts[0])?, &digits.subset(&parts[1])?, RECIPES[0], seed)
    })?;
    bar.clear();
    report(
        "UCI digits",
        "MLP 64-32-10",
        RECIPES[0].describe(),
        "0.97 or more",
        values.into_iter().collect::<Result<_>>()?,
    )?;

    if let Some(folder) = arguments.data_dir.as_deref().map(DataDir::open).transpose()? {
        for (name, folder_name, recipe, expected) in [
            ("MNIST", "mnist", RECIPES[1], "0.92"),
            ("Fashion-MNIST", "fashion-mnist", RECIPES[2], "0.87 to 0.89 (PyTorch)"),
        ] {
            let (train, test) = (folder.images(folder_name, "train")?, folder.images(folder_name, "t10k")?);
            let bar = Bar::new(folder_name);
            let linear = folder_name == "mnist";
            let values = over_seeds(&seeds, None, &bar, |seed| {
                if linear {
                    return test_accuracy(SoftmaxRegression::zeros(784, 10), &train, &test, recipe, seed);
                }
                let network = Mlp::new(&[784, 256, 10], Activation::Relu, Initialization::He, seed)?;
                test_accuracy(network, &train, &test, recipe, seed)
            })?;
            bar.clear();
            let model = if linear { "softmax regression" } else { "MLP 784-256-10" };
            report(name, model, recipe.describe(), expected, values.into_iter().collect::<Result<_>>()?)?;
        }
    }
    print!("{}", table.to_terminal(140));
    Ok(())
}

/// How a model is trained.
#[derive(Debug, Clone, Copy)]
struct Recipe {
    n_epochs: u64,
    batch_size: usize,
    learning_rate: f64,
}

const RECIPES: [Recipe; 3] = [
    Recipe { n_epochs: 100, batch_size: 64, learning_rate: 0.1 },
    Recipe { n_epochs: 10, batch_size: 128, learning_rate: 0.01 },
    Recipe { n_epochs: 10, batch_size: 128, learning_rate: 0.05 },
];

impl Recipe {
    fn describe(self) -> String {
        let Self { n_epochs, batch_size, learning_rate } = self;
        format!("{n_epochs} epochs, batch {batch_size}, SGD {learning_rate}, momentum 0.9")
    }
}

fn test_accuracy<M: Model<f32>>(
    mut model: M,
    train: &Dataset<f32>,
    test: &Dataset<f32>,
    recipe: Recipe,
    seed: u64,
) -> Result<f64> {
    let mut sampler = ShuffleSampler::new(train.n_examples(), recipe.batch_size, seed)?;
    let trainer = Trainer::new(Budget::Epochs(recipe.n_epochs), recipe.learning_rate)?;
    trainer.train(&mut model, &CrossEntropy, &mut Sgd::new(0.9, 0.0)?, train, &mut sampler, &mut [])?;
    Ok(evaluate(&model, &CrossEntropy, test)?.accuracy())
}
