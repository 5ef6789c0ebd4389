//! Unequal classes: does it change which order is right?

use anyhow::Result;
use cl_data::{Dataset, Sampler, random};
use cl_pacing::{EasyFirst, HardFirst, Order, PrefixSampler, Random, Root, ShuffleSampler};
use cl_study::{Better, Choice, Figure, LineFigure, Metric, Record, Study, StudyResults, Summary};
use serde_json::{Value, json};

use super::{
    claims::CLASSES,
    design::{Design, RATES},
    network::BATCH_SIZE,
    problem::{Problem, Source},
    training::Recipe,
};
use crate::{
    claim::{Measurement, Part},
    experiment::{Context, Findings},
};

/// Of how many examples of the largest class the smallest has one; it has one at least, so that 100 is about 87 here.
const RATIOS: [u64; 4] = [1, 10, 30, 100];

/// All data at four fifths of the budget, from a fifth of them.
const PACING: (f64, f64) = (0.8, 0.2);

/// Splits judged here begin at this seed.
const FIRST_SPLIT: u64 = 500_000;

const ARMS: [&str; 4] = ["standard", "easy first", "hard first", "random, same pacing"];

/// Examples of the training part such that its classes fall off geometrically, from all of the largest to one in `ratio`
/// (at least one) of the smallest; which class is how large is the seed's.
fn unequal(train: &Dataset<f32>, ratio: u64, seed: u64) -> Vec<usize> {
    let n_classes = train.n_classes();
    let mut of_class = vec![Vec::new(); n_classes];
    train.labels().iter().enumerate().for_each(|(example, &label)| of_class[label].push(example));
    let largest = of_class.iter().map(Vec::len).min().unwrap_or(0);
    let mut rng = random::stream(seed, "unequal classes", ratio);
    let sizes = random::permutation(&mut rng, n_classes);
    let mut kept: Vec<usize> = Vec::new();
    for (examples, size) in of_class.iter().zip(sizes) {
        let share = (ratio as f64).powf(-(size as f64) / (n_classes - 1) as f64);
        kept.extend(&examples[..((largest as f64 * share).round() as usize).clamp(1, examples.len())]);
    }
    random::shuffle(&mut rng, &mut kept);
    kept
}

fn run_one(problem: &Problem, recipe: Recipe, arm: &str, n_scoring: (u64, u64), seed: u64) -> Result<Record> {
    let n_updates = recipe.n_updates;
    let n = problem.train.n_examples();
    let paced = |order: Vec<usize>| -> Result<Box<dyn Sampler>> {
        let pacing = Root::new(PACING.0, PACING.1)?;
        Ok(Box::new(PrefixSampler::new(order, pacing, BATCH_SIZE.min(n), n_updates, seed)?))
    };
    let difficulty = || problem.difficulty(recipe.learning_rate, n_scoring.0, n_scoring.1);
    let mut sampler: Box<dyn Sampler> = match arm {
        "easy first" => paced(EasyFirst.order(&difficulty()?, seed)?)?,
        "hard first" => paced(HardFirst.order(&difficulty()?, seed)?)?,
        "random, same pacing" => paced(Random::of(n, seed))?,
        _ => Box::new(ShuffleSampler::new(n, BATCH_SIZE.min(n), seed)?),
    };
    recipe.train(problem, sampler.as_mut(), seed)
}

/// Every order with every ratio, on splits that nothing else is judged or chosen on.
pub(super) fn run(findings: &mut Findings, context: &Context<'_>, source: &Source) -> Result<()> {
    let seeds: Vec<u64> = context.seeds.iter().map(|seed| FIRST_SPLIT + seed).collect();
    let n_epochs = if context.quick { 5 } else { 40 };
    let n_scoring = if context.quick { (1, 5) } else { (3, 30) };
    let problem = |ratio: u64, seed: u64| -> Result<Problem> {
        let whole = source.split(seed)?;
        let examples = unequal(&whole.train, ratio, seed);
        whole.trained_on(&examples)
    };
    // As many updates with unequal classes as with equal ones.
    let n_updates = n_epochs * Design::per_epoch(&source.split(FIRST_SPLIT)?);
    // The rate with which standard training with equal classes validates best, on splits of its own.
    let choosing = [1_000_000, 1_000_001, 1_000_002];
    let choice = Choice::new("orderings-classes", choosing, Metric::scalar("validation"), Better::Higher);
    let chosen = context.choose(&choice, &RATES, &seeds, |&learning_rate, seed| {
        run_one(&problem(1, seed)?, Recipe { n_updates, learning_rate }, ARMS[0], n_scoring, seed)
    })?;
    let recipe = Recipe { n_updates, learning_rate: chosen.candidate };
    let mut study = Study::new("orders with unequal classes", seeds);
    for arm in ARMS {
        study = study.arm(arm, Value::Null);
    }
    for ratio in RATIOS {
        let settings =
            json!({ "n_updates": n_updates, "learning_rate": recipe.learning_rate, "scoring": n_scoring });
        study = study.setting(name(ratio), settings);
    }
    let journal = format!("orderings-classes-{n_updates}-{}.jsonl", study.seeds.len());
    let results = context.study(&study, journal, |run| {
        let problem = problem(RATIOS[run.setting_place], run.seed)?;
        run_one(&problem, recipe, &run.arm.name, n_scoring, run.seed)
    })?;
    let hard_less_easy = |ratio: u64| -> Result<Vec<f64>> {
        Ok(results.paired(&name(ratio), "hard first", "easy first", &Metric::scalar("test"))?.differences)
    };
    let equal = hard_less_easy(1)?;
    for ratio in &RATIOS[1..] {
        let moved: Vec<f64> = hard_less_easy(*ratio)?.iter().zip(&equal).map(|(a, b)| a - b).collect();
        let conditions = format!("UCI digits, {}, {} splits", name(*ratio), study.seeds.len());
        findings.measure(
            CLASSES.id,
            Part::Real,
            conditions,
            Measurement::over_splits(&moved, source.test_to_train())?,
        );
    }
    report(findings, &results, recipe)
}

fn name(ratio: u64) -> String {
    match ratio {
        1 => "equal classes".into(),
        ratio => format!("classes down to 1 in {ratio} of the largest"),
    }
}

fn report(findings: &mut Findings, results: &StudyResults, recipe: Recipe) -> Result<()> {
    let metric = Metric::scalar("test");
    let ratios: Vec<f64> = RATIOS.iter().map(|&ratio| ratio as f64).collect();
    let mut figure = LineFigure::new(
        "Orders and unequal classes: UCI digits",
        "examples of the largest class for each of the smallest",
        "test accuracy, all classes equal",
    );
    for arm in ARMS {
        let summaries: Vec<Summary> =
            RATIOS.iter().map(|&ratio| Ok(results.summary(&name(ratio), arm, &metric)?)).collect::<Result<_>>()?;
        figure = figure.line_of_means(arm, &ratios, &summaries);
    }
    findings.figure(
        "orderings-classes",
        "Test accuracy, where all classes are equal, against how unequal the classes of the training part are; 95 % bands \
         over splits.",
        figure.log_x().render(760, 460)?,
    );
    for ratio in RATIOS {
        let title = format!("Test accuracy, {}, UCI digits", name(ratio));
        findings.tables.push((title, results.table(&name(ratio), "standard", &metric, 4)?));
    }
    findings.number("digits-classes", json!({ "study": results.study, "runs": results.runs }))?;
    findings.notes.push(format!(
        "Unequal classes: training classes fall off geometrically from the largest to the smallest, which is how large the \
         seed decides; validation and test part keep equal classes, so that accuracy counts every class alike. Orders are \
         plain ones, without classes in turn, root pacing with a = {}, b = {}, {} updates in every arm at learning rate {}, the \
         best of {RATES:?} for standard training with equal classes on splits of its own; otherwise as above.",
        PACING.0, PACING.1, recipe.n_updates, recipe.learning_rate
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_fall_off_to_the_ratio() {
        let problem = Source::digits().unwrap().split(3).unwrap();
        for ratio in RATIOS {
            let mut counts = vec![0usize; 10];
            unequal(&problem.train, ratio, 3)
                .iter()
                .for_each(|&example| counts[problem.train.labels()[example]] += 1);
            counts.sort_unstable();
            assert_eq!(counts[0], ((counts[9] as f64 / ratio as f64).round() as usize).max(1), "{counts:?}");
        }
        assert_ne!(unequal(&problem.train, 10, 1), unequal(&problem.train, 10, 2));
    }
}
