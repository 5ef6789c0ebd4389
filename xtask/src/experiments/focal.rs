//! Section 5: the weights of the focal loss, its gradient, and what it does for rare positives.

mod imbalance;

use anyhow::Result;
use cl_model::{CrossEntropy, Focal, Loss};
use cl_study::{Figure, LineFigure};

use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Experiment, Findings},
};

/// The article's probabilities of the true class.
const PROBABILITIES: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];

/// A row as the article prints it, and with all four decimals that it rounds to: NumPy leaves out zeros.
macro_rules! row {
    ($id:literal, $line:literal, $text:literal) => {
        Claim {
            id: $id,
            place: "section 5, print",
            article: $line,
            about: About::Article,
            judge: Judge::Printed { text: $text },
        }
    };
}

const ROWS: [(f64, Claim); 4] = [
    (
        0.0,
        row!(
            "focal/gamma-0",
            "gamma=0: weights = [1.     1.     1.     1.     1.    ]",
            "gamma=0: weights = [1.0000 1.0000 1.0000 1.0000 1.0000]"
        ),
    ),
    (
        1.0,
        row!(
            "focal/gamma-1",
            "gamma=1: weights = [0.9    0.7    0.5    0.3    0.1   ]",
            "gamma=1: weights = [0.9000 0.7000 0.5000 0.3000 0.1000]"
        ),
    ),
    (
        2.0,
        row!(
            "focal/gamma-2",
            "gamma=2: weights = [0.81   0.49   0.25   0.09   0.01  ]",
            "gamma=2: weights = [0.8100 0.4900 0.2500 0.0900 0.0100]"
        ),
    ),
    (
        5.0,
        row!(
            "focal/gamma-5",
            "gamma=5: weights = [0.5905 0.1681 0.0312 0.0024 0.0   ]",
            "gamma=5: weights = [0.5905 0.1681 0.0312 0.0024 0.0000]"
        ),
    ),
];

const SHARES: Claim = Claim {
    id: "focal/shares",
    place: "section 5, text",
    article: "gamma = 2: an example at p = 0.9 contributes 1% of its original loss, one at p = 0.1 retains 81%",
    about: About::Article,
    judge: Judge::Within {
        quantity: "largest distance of the two weights from 1 % and 81 %",
        low: 0.0,
        high: 0.005,
    },
};

const SMALLEST: Claim = Claim {
    id: "focal/smallest-weight",
    place: "section 5, print",
    article: "the weight at gamma = 5, p = 0.9 is printed as 0.0",
    about: About::Article,
    judge: Judge::Within { quantity: "the weight before rounding to four digits", low: 0.0, high: 0.00005 },
};

const CROSS_ENTROPY: Claim = Claim {
    id: "focal/gamma-0-is-cross-entropy",
    place: "section 5, text",
    article: "with gamma = 0 the focal loss is standard cross-entropy (with its own alpha = 0.25 it is a quarter \
              of it)",
    about: About::Article,
    judge: Judge::Within {
        quantity: "largest ratio of the focal loss with gamma = 0 and the alpha named to cross-entropy",
        low: 0.999,
        high: 1.001,
    },
};

const GRADIENT: Claim = Claim {
    id: "focal/gradient",
    place: "section 5, what the formula seems to imply",
    article: "(not in the article) the factor (1 - p)^gamma on the loss is also the factor on its gradient",
    about: About::Training,
    judge: Judge::Within {
        quantity: "largest ratio of the true gradient to (1 - p)^gamma times that of cross-entropy",
        low: 0.999,
        high: 1.001,
    },
};

/// The article's table of focal weights.
pub(super) static FOCAL: Experiment = Experiment {
    id: "focal",
    section: "5",
    question: "How much does the focal loss count an example that the model is sure of?",
    claims: const {
        &[
            ROWS[0].1,
            ROWS[1].1,
            ROWS[2].1,
            ROWS[3].1,
            SHARES,
            SMALLEST,
            CROSS_ENTROPY,
            GRADIENT,
            imbalance::MASS,
            imbalance::PRECISION,
            imbalance::CALIBRATION,
        ]
    },
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    let conditions = "the article's code";
    for (gamma, claim) in ROWS {
        let weights = weights(gamma)?;
        let line = format!("gamma={gamma}: weights = [{}]", weights.map(|w| rounded(w).to_string()).join(" "));
        findings.measure(claim.id, Part::Article, conditions, Measurement::text(line));
        findings.number(format!("weights_gamma_{gamma}"), weights)?;
    }
    let [retained, .., contributed] = weights(2.0)?;
    let value = (contributed - 0.01).abs().max((retained - 0.81).abs());
    findings.measure(SHARES.id, Part::Article, conditions, Measurement::Number { value });
    let smallest = weights(5.0)?[4];
    findings.measure(SMALLEST.id, Part::Article, conditions, Measurement::Number { value: smallest });

    let mut ranges = Vec::new();
    for (alpha, part, whose) in [(0.25, Part::Article, "the article's "), (1.0, Part::Changed, "")] {
        let [smallest, largest] = ratios_to_cross_entropy(alpha)?;
        let conditions = format!("{whose}alpha = {alpha}, p from 0.01 to 0.99");
        findings.measure(CROSS_ENTROPY.id, part, conditions, Measurement::Number { value: largest });
        ranges.push(format!("from {smallest:.6} to {largest:.6} at alpha = {alpha}"));
    }
    findings.notes.push(format!(
        "With gamma = 0 the factor (1 - p)^gamma is 1, and what is left beside cross-entropy is alpha: over \
         {PROBES} probabilities the ratio of the two losses lies {}.",
        ranges.join(" and "),
    ));

    let check = gradient_check()?;
    findings.measure(GRADIENT.id, Part::Changed, "gamma = 2, p from 0.01 to 0.99", {
        Measurement::Number { value: check.largest_ratio }
    });
    findings.notes.push(format!(
        "The gradient of the focal loss was compared with central differences at gamma 0.5, 1, 2 and 5 and {} \
         probabilities each: the largest difference is {:.1e}. The gradient is not (1 - p)^gamma times that of \
         cross-entropy: at gamma = 2 it is up to {:.2} times as large, because the factor itself falls as the \
         model grows surer.",
        PROBES, check.largest_error, check.largest_ratio,
    ));
    findings.number("gradient_largest_error", check.largest_error)?;
    findings.number("gradient_largest_ratio", check.largest_ratio)?;
    findings.figure("focal", "The focal loss of an example against the probability of its class.", figure()?);
    imbalance::run(&mut findings, context)?;
    Ok(findings)
}

const PROBES: usize = 99;

struct GradientCheck {
    largest_error: f64,
    largest_ratio: f64,
}

/// The exact gradient with respect to the logit of one example of class 1, against central differences and
/// against the detached weight.
fn gradient_check() -> Result<GradientCheck> {
    let mut check = GradientCheck { largest_error: 0.0, largest_ratio: 0.0 };
    for gamma in [0.5, 1.0, 2.0, 5.0] {
        let focal = Focal::new(gamma, 1.0)?;
        for k in 1..=PROBES {
            let p = k as f64 / (PROBES + 1) as f64;
            let logit = (p / (1.0 - p)).ln();
            let mut gradient = [0.0];
            focal.loss_and_gradient(&[logit], 1.into(), &mut gradient);
            let h = 1e-5;
            let numeric = (focal.loss(&[logit + h], 1.into()) - focal.loss(&[logit - h], 1.into())) / (2.0 * h);
            check.largest_error = check.largest_error.max((gradient[0] - numeric).abs());
            if gamma == 2.0 {
                check.largest_ratio = check.largest_ratio.max(gradient[0] / (focal.weight(p) * (p - 1.0)));
            }
        }
    }
    Ok(check)
}

/// The smallest and the largest ratio of the focal loss with gamma = 0 to cross-entropy.
fn ratios_to_cross_entropy(alpha: f64) -> Result<[f64; 2]> {
    let focal = Focal::new(0.0, alpha)?;
    let [mut smallest, mut largest] = [f64::INFINITY, f64::NEG_INFINITY];
    for k in 1..=PROBES {
        let p = k as f64 / (PROBES + 1) as f64;
        let logit = (p / (1.0 - p)).ln();
        let ratio = focal.loss(&[logit], 1.into()) / CrossEntropy.loss(&[logit], 1.into());
        (smallest, largest) = (ratio.min(smallest), ratio.max(largest));
    }
    Ok([smallest, largest])
}

fn weights(gamma: f64) -> Result<[f64; 5]> {
    let focal = Focal::new(gamma, 1.0)?;
    Ok(PROBABILITIES.map(|p| focal.weight(p)))
}

/// Four digits, halves to even, as NumPy rounds.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round_ties_even() / 1e4
}

fn figure() -> Result<String> {
    let p: Vec<f64> = (1..=200).map(|k| f64::from(k) / 200.0).collect();
    let mut figure = LineFigure::new("The focal loss", "probability of the true class", "loss (nats)");
    for gamma in [0.0, 0.5, 1.0, 2.0, 5.0] {
        let focal = Focal::new(gamma, 1.0)?;
        let loss: Vec<f64> = p.iter().map(|&p| -focal.weight(p) * p.ln()).collect();
        let name = if gamma == 0.0 { "gamma = 0 (cross-entropy)".to_owned() } else { format!("gamma = {gamma}") };
        figure = figure.line(name, &p, &loss);
    }
    Ok(figure.render(760, 460)?)
}
