//! Section 4: does self-paced learning grow its own curriculum, and does it leave out what is wrong?

mod learner;
mod noise;

use anyhow::Result;
use cl_data::{Clusters, Dataset};
use cl_pacing::{Competence, HardSelfPaced, Pacing, Weighting};
use cl_study::{Figure, LineFigure};

use crate::{
    article::{self, SelfPaced},
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Experiment, Findings},
};

macro_rules! printed_line {
    ($id:literal, $line:literal) => {
        Claim {
            id: $id,
            place: "section 4, print",
            article: $line,
            about: About::Article,
            judge: Judge::Printed { text: $line },
        }
    };
}

/// The lines that the article prints, by epoch.
const LINES: [(usize, Claim); 3] = [
    (0, printed_line!("self-paced/epoch-0", "Epoch  0: lambda=0.50, selected= 82/200, acc=0.510")),
    (5, printed_line!("self-paced/epoch-5", "Epoch  5: lambda=1.86, selected=173/200, acc=0.855")),
    (10, printed_line!("self-paced/epoch-10", "Epoch 10: lambda=6.88, selected=200/200, acc=0.960")),
];

const LAMBDA: Claim = Claim {
    id: "self-paced/lambda",
    place: "section 4, print",
    article: "lambda at epoch 10 is 6.88",
    about: About::Article,
    judge: Judge::Printed { text: "lambda=6.88" },
};

const FIRST: Claim = Claim {
    id: "self-paced/first-selection",
    place: "section 4, text",
    article: "at epoch 0 only 82 pass",
    about: About::Article,
    judge: Judge::Within { quantity: "examples selected at epoch 0, of 200", low: 82.0, high: 82.0 },
};

const GROWTH: Claim = Claim {
    id: "self-paced/growth",
    place: "section 4, text",
    article: "it grows its own curriculum from easy to hard",
    about: About::Article,
    judge: Judge::Within {
        quantity: "epochs at which the selection reached a new size between none and all",
        low: 3.0,
        high: f64::INFINITY,
    },
};

const LEARNING: Claim = Claim {
    id: "self-paced/learning",
    place: "section 4, text",
    article: "it learns as the selection grows (it prints accuracy .510 -> .960)",
    about: About::Article,
    judge: Judge::Within { quantity: "accuracy gained from epoch 0 to epoch 10", low: 0.1, high: f64::INFINITY },
};

const EASY_FIRST: Claim = Claim {
    id: "self-paced/easy-first",
    place: "section 4, text",
    article: "the easiest, far from the boundary, are selected first",
    about: About::Article,
    judge: Judge::Positive {
        quantity: "mean distance to the boundary of those first selected, less that of the others",
        margin: 0.05,
    },
};

const COMPETENCE: Claim = Claim {
    id: "self-paced/competence",
    place: "section 4, competence",
    article: "c(t) = min(1, sqrt(c0^2 + (1 - c0^2) t / T))",
    about: About::Article,
    judge: Judge::Within {
        quantity: "largest distance of our c(t) from the article's function under NumPy, at t = 0, 250 and 1000 of T = 1000, \
                   c0 = 0.01",
        low: 0.0,
        high: 1e-12,
    },
};

const TRIVIAL: Claim = Claim {
    id: "self-paced/trivial-solution",
    place: "section 4, text",
    article: "without the regulariser the trivial solution is to select nothing",
    about: About::Article,
    judge: Judge::Within {
        quantity: "examples with a weight above 0 in the minimiser of sum v_i L_i over v in [0, 1], at any of ten \
                   epochs, of 200",
        low: 0.0,
        high: 0.0,
    },
};

/// The article's self-paced learner.
pub(super) static SELF_PACED: Experiment = Experiment {
    id: "self-paced",
    section: "4",
    question: "Does self-paced learning admit the easy examples first and the hard ones as it learns?",
    claims: const {
        &[
            LINES[0].1,
            LINES[1].1,
            LINES[2].1,
            LAMBDA,
            FIRST,
            GROWTH,
            LEARNING,
            EASY_FIRST,
            COMPETENCE,
            TRIVIAL,
            noise::ACCURACY,
            noise::REGULARIZERS,
            noise::SELECTION,
            noise::PRECISION,
            noise::RECALL,
            noise::QUANTILE,
            noise::CLEAN,
        ]
    },
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    let data = Clusters::default().generate(200, article::SEED)?;
    let history = article::self_paced(&data, article::initial_model(article::SEED, 0.01).0);
    report(&mut findings, &data, &history, Part::Article, "the article's code: weights randn(2) * 0.01, seed 42");
    findings.measure(LAMBDA.id, Part::Article, "the article's code", {
        Measurement::text(format!("lambda={:.2}", history.lambda[10]))
    });
    let competence = |t: f64| Competence::square_root(0.01).map(|competence| competence.fraction(t / 1000.0));
    findings.measure(COMPETENCE.id, Part::Article, "the article's formula", {
        let numpys = [(0.0, 0.01), (250.0, 0.500_074_994_375_843_6), (1000.0, 1.0)];
        let distances = numpys.map(|(t, numpys)| Ok::<_, anyhow::Error>((competence(t)? - numpys).abs()));
        let largest = distances
            .into_iter()
            .try_fold(0.0, |largest: f64, distance| Ok::<_, anyhow::Error>(largest.max(distance?)));
        Measurement::Number { value: largest? }
    });

    let value = selected_without_regulariser(&data)? as f64;
    let conditions = "the article's losses of section 3, before each update";
    findings.measure(TRIVIAL.id, Part::Article, conditions, Measurement::Number { value });
    findings.notes.push(
        "Without the regulariser -lambda sum v_i each weight multiplies its own loss alone, so that the minimiser \
         selects what has a loss below 0: nothing while every loss is above it. It is the limit of the weights \
         with the regulariser as lambda falls to 0, and was computed with the smallest normal number for lambda. \
         (The article's loss, with 1e-8 inside its logarithm, falls below 0 only within 1e-8 of certainty.)"
            .into(),
    );

    // The smallest change: the same data and code, a start that points the wrong way.
    let badly = article::self_paced(&data, article::initial_model(735, 5.0).0);
    let conditions = "a bad start: weights randn(2) * 5, seed 735";
    report(&mut findings, &data, &badly, Part::Changed, conditions);

    // A setting in which the selection begins with 82 and grows, and examples are forgotten, too.
    let overlapping = Clusters { std: 1.7, ..Clusters::default() }.generate(200, 11)?;
    let joint = article::self_paced(&overlapping, article::initial_model(119, 1.0).0);
    let conditions = "overlapping clusters (std 1.7, seed 11) and weights randn(2), seed 119";
    report(&mut findings, &overlapping, &joint, Part::Changed, conditions);

    // Any seed of such a start, not the one that fits best.
    let scale = 5.0;
    let n_starts = if context.quick { 20 } else { 200 };
    let runs: Vec<SelfPaced> =
        (0..n_starts).map(|seed| article::self_paced(&data, article::initial_model(seed, scale).0)).collect();
    let conditions = format!("weights randn(2) * {scale}, {n_starts} seeds");
    let over_starts = |value: &dyn Fn(&SelfPaced) -> f64| runs.iter().map(value).collect::<Vec<_>>();
    let growth = Measurement::over_seeds(&over_starts(&|run| growth(run) as f64))?;
    findings.measure(GROWTH.id, Part::Real, &conditions, growth);
    let learning = Measurement::over_seeds(&over_starts(&|run| run.accuracy[10] - run.accuracy[0]))?;
    findings.measure(LEARNING.id, Part::Real, &conditions, learning);
    let distances: Vec<f64> = runs.iter().filter_map(|run| distance_ahead(&data, run)).collect();
    findings.measure(EASY_FIRST.id, Part::Real, &conditions, Measurement::over_seeds(&distances)?);
    findings.notes.push(format!(
        "The article starts from weights of norm {:.4}: every loss lies within 0.012 of ln 2 = 0.693, above lambda \
         = 0.5, so nothing is selected until lambda has passed it at epoch 2, and then everything is. The untrained \
         weights happen to point the right way, which is the accuracy of 0.995. A start that points the wrong \
         way gives the growing selection that the article describes: of {n_starts} starts randn(2) * {scale}, \
         the selection grew through at least three sizes in {}.",
        0.01 * norm(article::initial_model(article::SEED, 1.0).0.weights()),
        runs.iter().filter(|run| self::growth(run) >= 3).count(),
    ));

    for (name, run) in [("article", &history), ("bad_start", &badly), ("overlapping", &joint)] {
        findings.number(format!("{name}_selected"), &run.n_selected)?;
        findings.number(format!("{name}_accuracy"), &run.accuracy)?;
        findings.number(format!("{name}_lambda"), &run.lambda)?;
        findings.number(format!("{name}_last_losses"), &run.last_losses)?;
        findings.number(format!("{name}_weights"), run.model.weights())?;
        findings.number(format!("{name}_bias"), run.model.bias())?;
    }
    findings.figure("self-paced", CAPTION, figure(&[&history, &badly, &joint])?);
    noise::report(&mut findings, context)?;
    Ok(findings)
}

const CAPTION: &str = "Examples selected by the article's self-paced learner, epoch by epoch, from its own start and \
                       from starts that point the wrong way.";

/// Every claim that any run of the learner bears on.
fn report(findings: &mut Findings, data: &Dataset<f64>, run: &SelfPaced, part: Part, conditions: &str) {
    let n = data.n_examples();
    for (epoch, claim) in LINES {
        let line = format!(
            "Epoch {epoch:2}: lambda={:.2}, selected={:3}/{n}, acc={:.3}",
            run.lambda[epoch], run.n_selected[epoch], run.accuracy[epoch]
        );
        findings.measure(claim.id, part, conditions, Measurement::text(line));
    }
    let number = |value| Measurement::Number { value };
    findings.measure(FIRST.id, part, conditions, number(run.n_selected[0] as f64));
    findings.measure(GROWTH.id, part, conditions, number(growth(run) as f64));
    findings.measure(LEARNING.id, part, conditions, number(run.accuracy[10] - run.accuracy[0]));
    let easy_first = match distance_ahead(data, run) {
        Some(value) => number(value),
        None => Measurement::Undefined { why: "the first selection is of all examples".into() },
    };
    findings.measure(EASY_FIRST.id, part, conditions, easy_first);
}

/// At how many epochs the selection reached a new largest size that is neither none nor all.
fn growth(run: &SelfPaced) -> usize {
    let n = run.last_losses.len();
    let mut largest = 0;
    run.n_selected
        .iter()
        .filter(|&&selected| {
            let grew = selected > largest && selected < n;
            largest = largest.max(selected);
            grew
        })
        .count()
}

/// The most examples that the minimiser without the regulariser selects at any epoch of the metrics block.
fn selected_without_regulariser(data: &Dataset<f64>) -> Result<usize> {
    let metrics = article::metrics(data, article::initial_model(article::SEED, 0.01).0);
    // A weight is 1 where the loss is below lambda: below the smallest normal number stands for below or at 0.
    let weighting = HardSelfPaced::new(f64::MIN_POSITIVE)?;
    let mut weights = vec![0.0; data.n_examples()];
    let mut most = 0;
    for losses in metrics.losses_over_time.chunks_exact(data.n_examples().max(1)) {
        weighting.weights(losses, &mut weights)?;
        most = most.max(weights.iter().filter(|&&weight| weight > 0.0).count());
    }
    Ok(most)
}

/// How much farther from the boundary the first selected are than those left out; none where nobody was.
fn distance_ahead(data: &Dataset<f64>, run: &SelfPaced) -> Option<f64> {
    let selected = &run.first_selection;
    if selected.iter().all(|&selected| selected) {
        return None;
    }
    let mean = |wanted: bool| {
        let of: Vec<f64> =
            (0..selected.len()).filter(|&i| selected[i] == wanted).map(|i| data.example(i)[0].abs()).collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    Some(mean(true) - mean(false))
}

fn norm(weights: &[f64]) -> f64 {
    weights.iter().map(|w| w * w).sum::<f64>().sqrt()
}

fn figure(runs: &[&SelfPaced; 3]) -> Result<String> {
    let names = ["the article's start", "a bad start", "a bad start, overlapping clusters"];
    let shown = 16;
    let epochs: Vec<f64> = (0..shown).map(f64::from).collect();
    let mut figure = LineFigure::new("What self-paced learning selects", "epoch", "examples selected, of 200");
    for (name, run) in names.into_iter().zip(runs) {
        let selected: Vec<f64> = run.n_selected[..epochs.len()].iter().map(|&count| count as f64).collect();
        figure = figure.line(name, &epochs, &selected);
    }
    Ok(figure.render(760, 460)?)
}
