//! Demo 2: what a self-paced learner selects, epoch by epoch, as lambda grows.

use anyhow::Result;
use cl_data::{Clusters, Dataset};
use cl_model::{LogisticRegression, epsilon_cross_entropy};
use cl_pacing::{HardSelfPaced, SelfPacedLambda, Weighting};
use cl_study::{Figure, LineFigure, quantile};
use serde_json::json;

use crate::{
    article,
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Experiment, Findings},
};

const GROWS: Claim = Claim {
    id: "self-paced-demo/grows",
    place: "demo 2",
    article: "examples are selected as lambda grows, the easy ones first (what the page shows before Train is no claim)",
    about: About::Article,
    judge: Judge::Within {
        quantity: "epochs at which the selection reached a new size between none and all of the 150",
        low: 3.0,
        high: f64::INFINITY,
    },
};

const N_POINTS: usize = 150;
const FIRST_LAMBDA: f64 = 0.68;
const N_EPOCHS: usize = 30;
const LEARNING_RATE: f64 = 0.1;

/// How lambda goes on from its first value.
#[derive(Debug, Clone, Copy)]
enum Growth {
    /// Times mu each epoch.
    Factor(f64),
    /// The quantile of the current losses, from 0.3 at epoch 1 up by 0.05 each epoch.
    Quantile,
}

const GROWTHS: [(&str, Growth); 4] = [
    ("times 1.3 each epoch", Growth::Factor(1.3)),
    ("times 1.1 each epoch", Growth::Factor(1.1)),
    ("times 1.6 each epoch", Growth::Factor(1.6)),
    ("a growing quantile of the losses", Growth::Quantile),
];

/// A start: its name, and the seed and scale of its weights.
const STARTS: [(&str, u32, f64); 2] =
    [("the article's: weights near zero", article::SEED, 0.01), ("weights that point the wrong way", 735, 5.0)];

/// One epoch, before its updates.
#[derive(Debug, Clone)]
struct Frame {
    lambda: f64,
    accuracy: f64,
    #[cfg(test)]
    losses: Vec<f64>,
    /// A 1 for every example selected.
    selected: String,
}

impl Frame {
    fn n_selected(&self) -> usize {
        self.selected.bytes().filter(|&bit| bit == b'1').count()
    }
}

/// At how many epochs the selection reached a new largest size that is neither none nor all.
fn new_sizes(frames: &[Frame]) -> usize {
    let mut largest = 0;
    let mut is_new = |frame: &&Frame| {
        let selected = frame.n_selected();
        let is_new = selected > largest && selected < N_POINTS;
        largest = largest.max(selected);
        is_new
    };
    frames.iter().filter(|frame| is_new(frame)).count()
}

/// How a selection grows.
pub(super) static SELF_PACED_DEMO: Experiment = Experiment {
    id: "self-paced-demo",
    section: "demo 2",
    question: "What does a self-paced learner select as lambda grows?",
    claims: &[GROWS],
    run,
};

fn run(_context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    let data = Clusters::default().generate(N_POINTS, article::SEED)?;
    let mut runs = Vec::with_capacity(STARTS.len());
    for (start, seed, scale) in STARTS {
        let conditions = format!("{N_POINTS} points of the article's data; start: {start}");
        let of_the_article = seed == article::SEED;
        let mut of_start = Vec::with_capacity(GROWTHS.len());
        for (_, growth) in GROWTHS {
            of_start.push(frames(&data, article::initial_model(seed, scale).0, growth)?);
        }
        for ((name, growth), frames) in GROWTHS.iter().zip(&of_start) {
            // A quantile of the losses grows by its definition.
            if matches!(growth, Growth::Factor(_)) {
                let conditions = format!("{conditions}; lambda from {FIRST_LAMBDA}, {name}");
                let value = new_sizes(frames) as f64;
                let part = if of_the_article { Part::Article } else { Part::Changed };
                findings.measure(GROWS.id, part, conditions, Measurement::Number { value });
            }
        }
        runs.push(of_start);
    }
    let epochs: Vec<f64> = (0..=N_EPOCHS).map(|epoch| epoch as f64).collect();
    let mut figure = LineFigure::new("Selected as lambda grows", "epoch", "examples selected, of 150");
    for ((name, _), frames) in GROWTHS.iter().zip(&runs[1]) {
        let selected: Vec<f64> = frames.iter().map(|frame| frame.n_selected() as f64).collect();
        figure = figure.line(*name, &epochs, &selected);
    }
    let caption = "Examples selected from weights that point the wrong way.";
    findings.figure("self-paced-demo", caption, figure.render(760, 460)?);
    for ((start, ..), of_start) in STARTS.iter().zip(&runs) {
        for ((growth, _), frames) in GROWTHS.iter().zip(of_start) {
            let selected: Vec<usize> = frames.iter().map(Frame::n_selected).collect();
            let lambda: Vec<f64> = frames.iter().map(|frame| frame.lambda).collect();
            let accuracy: Vec<f64> = frames.iter().map(|frame| frame.accuracy).collect();
            let numbers = json!({"selected": selected, "lambda": lambda, "accuracy": accuracy});
            findings.number(format!("{start}, {growth}"), numbers)?;
        }
    }
    findings.notes.push(format!(
        "The article's learner, its data set with {N_POINTS} points (seed {}), learning rate {LEARNING_RATE}, \
         lambda from {FIRST_LAMBDA} at epoch 0. The article's page shows a dash for the number selected before \
         Train is pressed; so does this one. Two starts, four ways in \
         which lambda grows.",
        article::SEED
    ));
    Ok(findings)
}

/// The article's self-paced learner from 0.68: each epoch evaluates all, selects, steps on the selected in index order.
fn frames(data: &Dataset<f64>, mut model: LogisticRegression<f64>, growth: Growth) -> Result<Vec<Frame>> {
    let n = data.n_examples();
    let mut by_factor = match growth {
        Growth::Factor(mu) => Some(SelfPacedLambda::new(FIRST_LAMBDA, mu)?),
        Growth::Quantile => None,
    };
    let mut frames = Vec::with_capacity(N_EPOCHS + 1);
    let mut weights = vec![0.0; n];
    for epoch in 0..=N_EPOCHS {
        let probabilities: Vec<f64> = (0..n).map(|i| model.probability(data.example(i))).collect();
        let with_labels = || probabilities.iter().zip(data.labels());
        let losses: Vec<f64> = with_labels().map(|(&p, &label)| epsilon_cross_entropy(p, label)).collect();
        let n_correct = with_labels().filter(|&(&p, &label)| (p > 0.5) == (label == 1)).count();
        let lambda = match (&by_factor, epoch) {
            (Some(lambda), _) => lambda.value(),
            (None, 0) => FIRST_LAMBDA,
            // A loss is selected below lambda: the next number after the quantile takes that one, too.
            (None, _) => quantile(&losses, (0.3 + 0.05 * (epoch - 1) as f64).min(1.0))?.next_up(),
        };
        HardSelfPaced::new(lambda)?.weights(&losses, &mut weights)?;
        frames.push(Frame {
            lambda,
            accuracy: n_correct as f64 / n as f64,
            #[cfg(test)]
            losses,
            selected: weights.iter().map(|&weight| if weight > 0.0 { '1' } else { '0' }).collect(),
        });
        for (i, &label) in data.labels().iter().enumerate().filter(|&(i, _)| weights[i] > 0.0) {
            model.step(data.example(i), label, LEARNING_RATE);
        }
        if let Some(lambda) = &mut by_factor {
            lambda.grow();
        }
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the article's own first lambda and factor it is the article's learner, bit for bit.
    #[test]
    fn frames_are_those_of_the_articles_learner() {
        let data = Clusters::default().generate(N_POINTS, article::SEED).unwrap();
        let start = || article::initial_model(735, 5.0).0;
        let frames = frames(&data, start(), Growth::Factor(1.3)).unwrap();
        // Selected by lambda = 0.68 at first, where the article's has 0.5.
        assert_eq!(frames[0].lambda, 0.68);
        for frame in &frames {
            let below = frame.losses.iter().filter(|&&loss| loss < frame.lambda).count();
            assert_eq!(frame.n_selected(), below);
        }
        let history = article::self_paced(&data, start());
        assert_eq!((frames[0].accuracy, frames.len()), (history.accuracy[0], N_EPOCHS + 1));
        assert!(frames[N_EPOCHS].n_selected() == N_POINTS && frames[0].n_selected() < N_POINTS);
    }

    #[test]
    fn a_quantile_selects_its_share() {
        let data = Clusters::default().generate(N_POINTS, article::SEED).unwrap();
        let frames = frames(&data, article::initial_model(735, 5.0).0, Growth::Quantile).unwrap();
        for (epoch, frame) in frames.iter().enumerate().skip(1) {
            let share = (0.3 + 0.05 * (epoch - 1) as f64).min(1.0);
            let expected = (share * (N_POINTS - 1) as f64 + 1.0 + 1e-9).floor();
            assert!((frame.n_selected() as f64 - expected).abs() <= 1.0, "epoch {epoch}: {}", frame.n_selected());
        }
        assert_eq!(frames[N_EPOCHS].n_selected(), N_POINTS);
    }
}
