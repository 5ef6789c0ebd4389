//! Section 2: have easy examples a smoother loss, fewer minima, broader basins and fewer conflicting gradients?

mod minima;
mod problem;
mod surface;

use anyhow::Result;
use cl_data::{Dataset, bundled};
use cl_model::{Budget, CrossEntropy, Model, Sgd, Trainer};
use cl_pacing::ShuffleSampler;
use cl_study::{Figure, LineFigure, Summary, Table, over_seeds};
use serde::Serialize;

use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Findings},
};
use minima::{DECAY, Effort, Ends, FLAT, MOMENTUM, MOST_STEPS, RATE, SAME_LOSS, SAME_PROBABILITY, SIGMAS};
use problem::{BATCH_SIZE, Problem, SHARED, TRAIN, perceptron};
use surface::{Place, random_signs};

pub(super) const SMOOTHER: Claim = Claim {
    id: "continuation/smoother",
    place: "section 2, text",
    article: "easy examples give a smoother landscape",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "trace or Frobenius norm of the Hessian of the mean loss at the same weights, hard half less \
                   easy half, in units of its mean absolute value over halves and repetitions",
        margin: 0.05,
    },
};

pub(super) const FEWER_MINIMA: Claim = Claim {
    id: "continuation/fewer-minima",
    place: "section 2, text",
    article: "easy examples give fewer local minima",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "distinct minima that random starts end in, hard half less easy half, as a share of the starts",
        margin: 0.05,
    },
};

pub(super) const BROADER_BASINS: Claim = Claim {
    id: "continuation/broader-basins",
    place: "section 2, text",
    article: "easy examples give broader basins",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "rise of a half's mean loss (nats) from its own minima under relative noise on the weights, \
                   hard half less easy half",
        margin: 0.01,
    },
};

pub(super) const FEWER_CONFLICTS: Claim = Claim {
    id: "continuation/fewer-conflicts",
    place: "section 2, text",
    article: "easy examples give fewer conflicting gradients",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "mean cosine of the gradients of two examples at the same weights, easy half less hard half",
        margin: 0.01,
    },
};

/// Digits and hidden units where both halves are seen at the same weights.
const WHOLE: (usize, usize) = (10, 4);
/// The same where minima are counted: of all ten digits nearly every start ends in a minimum of its own.
const COUNTED: (usize, usize) = (4, 3);

/// Where both halves are seen: before and after some training on everything.
const PLACES: [&str; 2] = ["at first weights", "after training on everything"];
const N_EPOCHS: u64 = 5;
const TRAINING_RATE: f64 = 0.1;

/// What is seen there, in the order of [`Place::values`].
const SEEN: [(Claim, &str); 3] = [
    (SMOOTHER, "trace of the Hessian"),
    (SMOOTHER, "Frobenius norm of the Hessian"),
    (FEWER_CONFLICTS, "mean cosine of two gradients"),
];

/// Which of the deviations of the noise is judged.
const JUDGED: usize = 3;

pub(super) fn run(findings: &mut Findings, context: &Context<'_>) -> Result<()> {
    let (n_signs, effort) = match context.quick {
        true => (8, Effort { n_starts: 2, n_draws: 2 }),
        false => (32, Effort { n_starts: 100, n_draws: 2 }),
    };
    let digits = bundled::digits();
    let repetitions: Result<Vec<Repetition>> =
        over_seeds(&context.seeds, context.jobs, context.progress, |seed| {
            Repetition::measure(&digits, n_signs, &effort, seed)
        })?
        .into_iter()
        .collect();
    let repetitions = repetitions?;
    let mut table = Table::new(["quantity", "where", "easy half", "hard half"]);
    report_places(findings, &mut table, &repetitions)?;
    report_ends(findings, &mut table, &repetitions, effort.n_starts)?;
    findings.tables.push(("The landscape of the easy and of the hard half".into(), table));
    findings.figure(
        "continuation-landscape",
        "Rise of the mean loss from minima of the easy and of the hard half under noise on the weights; 95 % \
         bands over splits.",
        figure(&repetitions)?,
    );
    findings.number("landscape", &repetitions)?;
    findings.number("landscape_noise", SIGMAS)?;
    findings.notes.push(note(&repetitions, n_signs, &effort));
    Ok(())
}

/// What one split says; of two values the first is that of the easy half.
#[derive(Serialize)]
struct Repetition {
    /// Examples of a half, of all digits and of those whose minima are counted.
    n_examples: [usize; 2],
    places: [Place; 2],
    ends: [Ends; 2],
}

impl Repetition {
    fn measure(digits: &Dataset<f64>, n_signs: u64, effort: &Effort, seed: u64) -> Result<Self> {
        let whole = Problem::new(digits, WHOLE.0, seed)?;
        let mut model = perceptron(&whole.train, WHOLE.1, seed)?;
        let signs = random_signs(model.parameters().len(), n_signs, seed);
        let first = Place::see(&model, &whole.halves, &signs);
        let mut sampler = ShuffleSampler::new(whole.train.n_examples(), BATCH_SIZE, seed)?;
        let trainer = Trainer::new(Budget::Epochs(N_EPOCHS), TRAINING_RATE)?;
        trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), &whole.train, &mut sampler, &mut [])?;
        let trained = Place::see(&model, &whole.halves, &signs);
        let counted = Problem::new(digits, COUNTED.0, seed)?;
        let reach = |half: &Dataset<f64>| Ends::reach(half, COUNTED.1, effort, seed);
        let [easy, hard] = &counted.halves;
        Ok(Self {
            n_examples: [whole.halves[0].n_examples(), easy.n_examples()],
            places: [first, trained],
            ends: [reach(easy)?, reach(hard)?],
        })
    }
}

/// What both halves say at the same weights.
fn report_places(findings: &mut Findings, table: &mut Table, repetitions: &[Repetition]) -> Result<()> {
    let n_examples = repetitions.first().map_or(0, |one| one.n_examples[0]);
    for (at, place) in PLACES.into_iter().enumerate() {
        for (which, (claim, quantity)) in SEEN.into_iter().enumerate() {
            let pairs: Vec<[f64; 2]> = repetitions.iter().map(|one| one.places[at].values()[which]).collect();
            let hard_less_easy = if claim.id == SMOOTHER.id { relative(&pairs) } else { less(&pairs) };
            // More agreement is fewer conflicts, more curvature is less smooth.
            let sign: f64 = if claim.id == FEWER_CONFLICTS.id { -1.0 } else { 1.0 };
            let values: Vec<f64> = hard_less_easy.iter().map(|value| sign * value).collect();
            let conditions = format!(
                "{quantity}, {place}: UCI digits, halves of {n_examples} examples, 64-{}-10 tanh, {} splits",
                WHOLE.1,
                values.len()
            );
            findings.measure(claim.id, Part::Real, conditions, Measurement::over_splits(&values, SHARED)?);
            row(table, quantity, place, &pairs)?;
        }
    }
    Ok(())
}

/// What is said where descent ends.
fn report_ends(
    findings: &mut Findings,
    table: &mut Table,
    repetitions: &[Repetition],
    n_starts: u64,
) -> Result<()> {
    let data = format!(
        "{} UCI digits drawn by the split, halves of about {} examples, 64-{}-10 tanh, {n_starts} starts on each \
         of {} splits",
        COUNTED.0,
        repetitions.first().map_or(0, |one| one.n_examples[1]),
        COUNTED.1,
        repetitions.len()
    );
    let minima = pairs(repetitions, |ends| ends.n_minima as f64 / n_starts as f64);
    let rises = pairs(repetitions, |ends| ends.rises[JUDGED]);
    let noise = format!("noise of {} of the weights' root mean square", SIGMAS[JUDGED]);
    for (claim, pairs, conditions) in
        [(FEWER_MINIMA, &minima, data.clone()), (BROADER_BASINS, &rises, format!("{noise}: {data}"))]
    {
        let measured = Measurement::over_splits(&less(pairs), SHARED)?;
        findings.measure(claim.id, Part::Real, conditions, measured);
    }
    let place = "where descent ends";
    row(table, "distinct minima as a share of the starts", place, &minima)?;
    row(table, "mean loss (nats)", place, &pairs(repetitions, |ends| ends.loss))?;
    for (at, sigma) in SIGMAS.into_iter().enumerate() {
        let quantity = format!("rise of the mean loss (nats) under noise of {sigma}");
        row(table, &quantity, place, &pairs(repetitions, |ends| ends.rises[at]))?;
    }
    Ok(())
}

fn pairs(repetitions: &[Repetition], value: impl Fn(&Ends) -> f64) -> Vec<[f64; 2]> {
    repetitions.iter().map(|Repetition { ends: [easy, hard], .. }| [value(easy), value(hard)]).collect()
}

/// Hard half less easy half.
fn less(pairs: &[[f64; 2]]) -> Vec<f64> {
    pairs.iter().map(|[easy, hard]| hard - easy).collect()
}

/// The same in units of the mean absolute value over halves and repetitions. A trace can be negative or nearly 0,
/// so that neither its logarithm nor a ratio within a repetition would do.
fn relative(pairs: &[[f64; 2]]) -> Vec<f64> {
    let unit = pairs.iter().flatten().map(|value| value.abs()).sum::<f64>() / (2 * pairs.len()) as f64;
    less(pairs).iter().map(|value| if unit > 0.0 { value / unit } else { 0.0 }).collect()
}

fn row(table: &mut Table, quantity: &str, place: &str, pairs: &[[f64; 2]]) -> Result<()> {
    let mut cells = vec![quantity.to_owned(), place.to_owned()];
    for half in [0, 1] {
        let values: Vec<f64> = pairs.iter().map(|pair| pair[half]).collect();
        cells.push(Measurement::over_splits(&values, SHARED)?.to_string());
    }
    table.row(cells)?;
    Ok(())
}

fn figure(repetitions: &[Repetition]) -> Result<String> {
    let mut figure = LineFigure::new(
        "Minima of either half under noise on the weights",
        "deviation of the noise, in root mean squares of the weights",
        "rise of the mean loss (nats)",
    );
    for (half, name) in ["easy half", "hard half"].into_iter().enumerate() {
        let mut summaries = Vec::new();
        for at in 0..SIGMAS.len() {
            let rises: Vec<f64> = repetitions.iter().map(|one| one.ends[half].rises[at]).collect();
            summaries.push(Summary::of(&rises)?);
        }
        figure = figure.line_of_means(name, &SIGMAS, &summaries);
    }
    Ok(figure.vertical(SIGMAS[JUDGED], "judged").render(760, 460)?)
}

fn note(repetitions: &[Repetition], n_signs: u64, effort: &Effort) -> String {
    let Effort { n_starts, n_draws } = effort;
    let n_under_way: usize = repetitions.iter().flat_map(|one| &one.ends).map(|ends| ends.n_under_way).sum();
    let n_ends = 2 * repetitions.len() as u64 * n_starts;
    format!(
        "The landscape: every repetition trains on a share of {TRAIN} of the digits. Difficulty is the loss of a \
         softmax regression; the halves are taken within each class, so that both have the same classes. At the \
         same weights, the first ones and those after {N_EPOCHS} epochs on everything (batches of {BATCH_SIZE}, \
         learning rate {TRAINING_RATE}), trace and Frobenius norm of the Hessian of a half's mean loss come from \
         {n_signs} vectors v of random signs, the same for both halves: the means of v'Hv and |Hv|^2 (Hutchinson \
         1990), with Hv by central differences of exact gradients. The trace can be negative, and is nearly 0 \
         where the loss bends up as much as down, so that differences are in units of the mean absolute value \
         over halves and repetitions; the norm counts curvature of either sign. The cosine is that of the \
         gradients of two examples of a half, averaged over all pairs: the lower, the more conflict. Minima are \
         those of the mean loss with {DECAY} / 2 times the squared weights, without which a half that can be \
         fitted has none, and are reached from {n_starts} random starts a repetition, the same for both halves, \
         by gradient descent on all examples of the half (learning rate {RATE}, momentum {MOMENTUM}) until the \
         gradient is shorter than {FLAT}; after {MOST_STEPS} steps {n_under_way} of {n_ends} ends were still \
         under way. Two ends are one minimum where mean losses differ by less than {SAME_LOSS} nats and no \
         probability by {SAME_PROBABILITY}. With so few starts the number of distinct ends is a lower bound on \
         the number of minima. At each end normal noise is added to every weight matrix and bias vector, in \
         units of its root mean square, {n_draws} times, and the rise of the half's mean loss (without the \
         decay) is averaged. Network, decay, learning rate, tolerances, the number of digits among which minima \
         are counted and the judged noise were chosen on random halves of other splits, so that descent arrives \
         and starts end neither all in one minimum nor each in its own; no easy or hard half was looked at."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_in_units_of_what_is_usual() {
        let pairs = [[1.0, 3.0], [-1.0, 1.0], [0.0, -6.0]];
        assert_eq!(less(&pairs), [2.0, 2.0, -6.0]);
        assert_eq!(relative(&pairs), [1.0, 1.0, -3.0]);
        assert_eq!(relative(&[[0.0, 0.0]]), [0.0]);
    }

    #[test]
    fn a_repetition_depends_on_its_seed_alone() {
        let digits = bundled::digits();
        let effort = Effort { n_starts: 2, n_draws: 1 };
        let measured =
            |seed| serde_json::to_value(Repetition::measure(&digits, 2, &effort, seed).unwrap()).unwrap();
        let one = measured(3);
        assert_eq!(one, measured(3));
        assert_ne!(one, measured(4));
    }
}
