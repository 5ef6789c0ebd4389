//! Section 2: does one step of SGD gain most on easy or on hard examples?

mod early;

use anyhow::{Result, anyhow};
use cl_data::random;
use cl_difficulty::kendall;
use cl_study::{Evidence, Figure, LineFigure, Scale, Summary, Table, over_seeds};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::{
    claim::{About, Claim, Judge, Measurement, Part, significant},
    experiment::{Context, Experiment, Findings},
};

const INCREASING: Claim = Claim {
    id: "convergence/difficulty",
    place: "section 2, text (Weinshall 2018, abstract)",
    article: "convergence is monotonically increasing with example difficulty",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "share of random positions of the model at which expected progress rises with ideal difficulty (loss under \
                   the optimal model) by Kendall's tau, less the share at which it falls",
        margin: 0.1,
    },
};

const CURRENT_LOSS: Claim = Claim {
    id: "convergence/current-loss",
    place: "section 2, what the theory adds",
    article: "(not in the article) among examples of one ideal difficulty, convergence increases with the loss under the current model",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "share of random positions of the model at which expected progress rises with current loss at one ideal \
                   difficulty by Kendall's tau, less the share at which it falls",
        margin: 0.1,
    },
};

const CLOSED_FORM: Claim = Claim {
    id: "convergence/closed-form",
    place: "section 2, the theory behind it",
    article: "(not in the article) expected progress has a closed form for linear regression and for the hinge loss",
    about: About::Training,
    judge: Judge::Within {
        quantity: "largest distance of Monte Carlo from the closed form, in standard errors",
        low: 0.0,
        high: 5.0,
    },
};

/// Expected progress of a step against difficulty, under the optimal and under the current model.
pub(super) static CONVERGENCE: Experiment = Experiment {
    id: "convergence",
    section: "2",
    question: "Does a step of SGD gain most on easy or on hard examples?",
    claims: &[INCREASING, CURRENT_LOSS, CLOSED_FORM, early::EARLY],
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    let (n_steps, n_positions) = if context.quick { (4_000, 200) } else { (20_000, 1_000) };
    let runs: Vec<Vec<Curve>> = over_seeds(&context.seeds, context.jobs, context.progress, |seed| {
        SETTINGS.iter().enumerate().map(|(at, setting)| setting.measure(n_steps, seed, at as u64)).collect()
    })?;
    let mut table =
        Table::new(["setting", "tau of Monte Carlo", "tau of the closed form", "progress at the grid's ends"]);
    let mut largest_error: f64 = 0.0;
    for (at, setting) in SETTINGS.iter().enumerate() {
        let curves: Vec<&Curve> = runs.iter().map(|run| &run[at]).collect();
        let tau = |values: fn(&Curve) -> &[f64]| -> Result<Measurement> {
            let taus: Result<Vec<f64>> = curves
                .iter()
                .map(|curve| kendall(&GRID, values(curve))?.ok_or_else(|| anyhow!("progress is constant")))
                .collect();
            Ok(Measurement::over_seeds(&taus?)?.on(Scale::Correlation)?)
        };
        let monte_carlo = tau(|curve| &curve.monte_carlo)?;
        let exact = tau(|curve| &curve.closed_form)?;
        let [rises, falls] = setting.directions(n_positions)?;
        let conditions = format!("{}, by the closed form at {n_positions} random positions", setting.name);
        // The squared loss knows of the position only how far it is from the optimum, which is the same for all.
        let measured = match (setting.loss, rises + falls) {
            (_, 0) => Measurement::undefined("progress neither rises nor falls"),
            (Loss::Squared, n) => Measurement::Number { value: (rises as f64 - falls as f64) / n as f64 },
            (Loss::Hinge, n) => Measurement::Sampled { evidence: Evidence::signs(rises, n)? },
        };
        let claim = if matches!(setting.sweep, Sweep::Loss { .. }) { CURRENT_LOSS } else { INCREASING };
        findings.measure(claim.id, Part::Real, conditions, measured);
        for curve in &curves {
            largest_error = curve.errors().fold(largest_error, f64::max);
        }
        let mean = |at: usize| curves.iter().map(|curve| curve.closed_form[at]).sum::<f64>() / runs.len() as f64;
        let ends = format!("{} to {}", significant(mean(0)), significant(mean(GRID.len() - 1)));
        table.row([setting.name.to_owned(), monte_carlo.to_string(), exact.to_string(), ends])?;
        let rows = |values: fn(&Curve) -> &Vec<f64>| curves.iter().map(|c| values(c).clone()).collect::<Vec<_>>();
        findings.number(format!("{}_monte_carlo", setting.key), rows(|curve| &curve.monte_carlo))?;
        findings.number(format!("{}_standard_error", setting.key), rows(|curve| &curve.standard_error))?;
        findings.number(format!("{}_closed_form", setting.key), rows(|curve| &curve.closed_form))?;
    }
    findings.measure(CLOSED_FORM.id, Part::Real, "every point of every setting and seed", {
        Measurement::Number { value: largest_error }
    });
    findings.number("grid", GRID)?;
    findings.tables.push(("Expected progress against difficulty".into(), table));
    findings.notes.push(NOTE.into());
    for (name, title, x, shown) in FIGURES {
        let caption = format!("{title}: Monte Carlo (95 % bands) and the closed form, which lies upon it.");
        findings.figure(name, caption, figure(title, x, &shown, &runs)?);
    }
    early::run(&mut findings, context)?;
    Ok(findings)
}

const NOTE: &str = "Progress is |w_t - w*|^2 - |w_(t+1) - w*|^2 for one step on one example, w* the optimum. Ideal \
    difficulty is the loss of the example under w*, current loss that under w_t. \"At fixed position\" keeps w_t and \
    lets the current loss follow from the example, as the theorem does; \"at fixed current loss\" keeps that too. The \
    abstract's \"increasing with difficulty\" holds for the current loss, and there not everywhere: near the optimum, \
    where examples are harder than the distance left, a small current loss is no worse than a middling one. For the \
    ideal difficulty the theory says decreasing, but the hinge loss at a fixed position keeps to that only where w_t \
    has not already overshot along w*.";

/// Residual, margin deficit or root of the loss: what is swept, in units of the setting's `unit`.
const GRID: [f64; 8] = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0];
const N_FEATURES: usize = 5;

#[derive(Clone, Copy)]
enum Loss {
    /// (w.x - y)^2.
    Squared,
    /// max(0, 1 - y w.x).
    Hinge,
}

/// What varies and what stays. Difficulties of the squared loss are residuals, the roots of losses.
#[derive(Clone, Copy)]
enum Sweep {
    /// Ideal difficulty, at one position of the model.
    Ideal,
    /// Ideal difficulty, among examples of this current loss.
    IdealAtLoss { current: f64 },
    /// Current loss, among examples of this ideal difficulty.
    Loss { ideal: f64 },
}

struct Setting {
    key: &'static str,
    name: &'static str,
    loss: Loss,
    sweep: Sweep,
    /// |w_t - w*|.
    distance: f64,
    learning_rate: f64,
    /// What one unit of the grid is.
    unit: f64,
}

const SETTINGS: [Setting; 7] = [
    Setting {
        key: "linear_position",
        name: "linear regression at fixed position",
        loss: Loss::Squared,
        sweep: Sweep::Ideal,
        distance: 2.0,
        learning_rate: 0.05,
        unit: 2.0,
    },
    Setting {
        key: "linear_loss",
        name: "linear regression at fixed current loss",
        loss: Loss::Squared,
        sweep: Sweep::IdealAtLoss { current: 2.0 },
        distance: 2.0,
        learning_rate: 0.05,
        unit: 2.0,
    },
    Setting {
        key: "hinge_position",
        name: "hinge loss at fixed position",
        loss: Loss::Hinge,
        sweep: Sweep::Ideal,
        distance: 1.0,
        learning_rate: 0.05,
        unit: 1.0,
    },
    Setting {
        key: "hinge_loss",
        name: "hinge loss at fixed current loss",
        loss: Loss::Hinge,
        sweep: Sweep::IdealAtLoss { current: 1.0 },
        distance: 1.0,
        learning_rate: 0.05,
        unit: 1.0,
    },
    Setting {
        key: "linear_current",
        name: "linear regression, current loss at fixed ideal difficulty",
        loss: Loss::Squared,
        sweep: Sweep::Loss { ideal: 1.0 },
        distance: 2.0,
        learning_rate: 0.05,
        unit: 2.0,
    },
    Setting {
        key: "linear_near",
        name: "linear regression near the optimum, current loss at fixed ideal difficulty",
        loss: Loss::Squared,
        sweep: Sweep::Loss { ideal: 2.0 },
        distance: 0.5,
        learning_rate: 0.05,
        unit: 1.0,
    },
    Setting {
        key: "hinge_current",
        name: "hinge loss, current loss at fixed ideal difficulty",
        loss: Loss::Hinge,
        sweep: Sweep::Loss { ideal: 1.0 },
        distance: 1.0,
        learning_rate: 0.05,
        unit: 1.0,
    },
];

const FIGURES: [(&str, &str, &str, [usize; 2]); 3] = [
    ("convergence", "Linear regression: expected progress of a step against ideal difficulty", IDEAL, [0, 1]),
    ("convergence-hinge", "Hinge loss: expected progress of a step against ideal difficulty", IDEAL, [2, 3]),
    ("convergence-current", "Expected progress of a step against current loss", CURRENT, [4, 6]),
];
const IDEAL: &str = "ideal difficulty (residual or hinge loss under the optimum, units of the setting)";
const CURRENT: &str = "current residual or hinge loss (units of the setting)";

/// Progress over the grid, measured and computed.
struct Curve {
    monte_carlo: Vec<f64>,
    standard_error: Vec<f64>,
    closed_form: Vec<f64>,
}

impl Curve {
    /// Distances in standard errors.
    fn errors(&self) -> impl Iterator<Item = f64> {
        let pairs = self.monte_carlo.iter().zip(&self.closed_form).zip(&self.standard_error);
        pairs.map(|((measured, exact), error)| (measured - exact).abs() / error)
    }
}

/// The model, its optimum and u = w_t - w*.
struct Position {
    weights: [f64; N_FEATURES],
    optimum: [f64; N_FEATURES],
    offset: [f64; N_FEATURES],
}

impl Setting {
    /// At how many of `n` random positions the closed form rises with what is swept, and at how many it falls.
    fn directions(&self, n: u64) -> Result<[u64; 2]> {
        let mut directions = [0; 2];
        for at in 0..n {
            let position = self.position(&mut random::stream(at, "convergence positions", 0));
            let expected = GRID.map(|point| {
                let (ideal, current) = self.difficulty(point * self.unit);
                self.expected(&position, ideal, current)
            });
            match kendall(&GRID, &expected)? {
                Some(tau) if tau > 0.0 => directions[0] += 1,
                Some(tau) if tau < 0.0 => directions[1] += 1,
                _ => {}
            }
        }
        Ok(directions)
    }

    fn measure(&self, n_steps: usize, seed: u64, index: u64) -> Curve {
        let mut rng = random::stream(seed, "convergence", index);
        let position = self.position(&mut rng);
        let mut curve = Curve { monte_carlo: vec![], standard_error: vec![], closed_form: vec![] };
        for point in GRID {
            let (ideal, current) = self.difficulty(point * self.unit);
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..n_steps {
                let (x, y) = self.example(&position, ideal, current, &mut rng);
                let progress = self.progress(&position, &x, y);
                sum += progress;
                squares += progress * progress;
            }
            let n = n_steps as f64;
            let mean = sum / n;
            curve.monte_carlo.push(mean);
            curve.standard_error.push(((squares / n - mean * mean).max(0.0) / (n - 1.0)).sqrt());
            curve.closed_form.push(self.expected(&position, ideal, current));
        }
        curve
    }

    /// The optimum on the unit sphere, the model at its distance from it in any direction.
    fn position(&self, rng: &mut impl Rng) -> Position {
        let unit = |v: [f64; N_FEATURES]| v.map(|value| value / dot(&v, &v).sqrt());
        let (optimum, direction) = (unit(normals(rng)), unit(normals(rng)));
        let offset = direction.map(|value| value * self.distance);
        Position { weights: std::array::from_fn(|j| optimum[j] + offset[j]), optimum, offset }
    }

    fn difficulty(&self, swept: f64) -> (f64, Option<f64>) {
        match self.sweep {
            Sweep::Ideal => (swept, None),
            Sweep::IdealAtLoss { current } => (swept, Some(current)),
            Sweep::Loss { ideal } => (ideal, Some(swept)),
        }
    }

    /// A random example of this ideal difficulty and, where it is given, this current loss.
    ///
    /// Features are standard normal, given what the example must satisfy. A residual has either sign, of equal
    /// probability under the optimum.
    fn example(
        &self,
        position: &Position,
        ideal: f64,
        current: Option<f64>,
        rng: &mut impl Rng,
    ) -> ([f64; N_FEATURES], f64) {
        let sign = |rng: &mut _| if random::below(rng, 2) == 0 { -1.0 } else { 1.0 };
        let free = normals(rng);
        let Position { weights, optimum, offset } = position;
        match (self.loss, current) {
            (Loss::Squared, None) => (free, dot(&free, optimum) + sign(rng) * ideal),
            (Loss::Squared, Some(current)) => {
                let variance = dot(offset, offset);
                // x.u = residual under w_t + residual under w*; kept as often as a normal x has it.
                let (along, residual) = loop {
                    let residual = sign(rng) * ideal;
                    let along = sign(rng) * current + residual;
                    if random::uniform(rng) < (-along * along / (2.0 * variance)).exp() {
                        break (along, residual);
                    }
                };
                let x = constrained(free, &[(offset, along)]);
                (x, dot(&x, optimum) + residual)
            }
            (Loss::Hinge, current) => {
                let mut constraints = vec![(optimum, 1.0 - ideal)];
                constraints.extend(current.map(|current| (weights, 1.0 - current)));
                let label = sign(rng);
                (constrained(free, &constraints).map(|value| label * value), label)
            }
        }
    }

    /// |w_t - w*|^2 - |w_(t+1) - w*|^2 for one step on (x, y).
    fn progress(&self, position: &Position, x: &[f64; N_FEATURES], y: f64) -> f64 {
        let output = dot(&position.weights, x);
        let slope = match self.loss {
            Loss::Squared => 2.0 * (output - y),
            Loss::Hinge => -y * f64::from(u8::from(y * output < 1.0)),
        };
        let after: [f64; N_FEATURES] =
            std::array::from_fn(|j| position.offset[j] - self.learning_rate * slope * x[j]);
        dot(&position.offset, &position.offset) - dot(&after, &after)
    }

    /// The expectation of [`progress`](Self::progress).
    ///
    /// ```text
    /// squared, r = current residual    4 eta E[r x.u] - 4 eta^2 E[r^2 |x|^2]
    ///   fixed position                 4 eta |u|^2 - 4 eta^2 ((d + 2) |u|^2 + d Psi^2)
    ///   |r| = C                        sum over both signs of r relative to Psi, weighted by the density of x.u
    /// hinge, v = y x                   E[1(loss > 0) (2 eta (current - Psi) - eta^2 |v|^2)]
    /// ```
    fn expected(&self, position: &Position, ideal: f64, current: Option<f64>) -> f64 {
        let (eta, d) = (self.learning_rate, N_FEATURES as f64);
        let Position { weights, optimum, offset } = position;
        let square = dot(offset, offset);
        match (self.loss, current) {
            (Loss::Squared, None) => {
                4.0 * eta * square - 4.0 * eta * eta * ((d + 2.0) * square + d * ideal * ideal)
            }
            (Loss::Squared, Some(current)) => {
                let (mut sum, mut total) = (0.0, 0.0);
                for along in [current + ideal, current - ideal] {
                    let density = (-along * along / (2.0 * square)).exp();
                    let norm = along * along / square + d - 1.0;
                    sum += density * (4.0 * eta * current * along - 4.0 * eta * eta * current * current * norm);
                    total += density;
                }
                sum / total
            }
            (Loss::Hinge, Some(current)) => {
                let smallest = constrained([0.0; N_FEATURES], &[(optimum, 1.0 - ideal), (weights, 1.0 - current)]);
                2.0 * eta * (current - ideal) - eta * eta * (dot(&smallest, &smallest) + d - 2.0)
            }
            (Loss::Hinge, None) => {
                // v.u = (1 - Psi) a + b xi with xi standard normal; the loss is positive where xi < k.
                let norm = dot(optimum, optimum);
                let a = dot(optimum, offset) / norm;
                let b = (square - a * a * norm).sqrt();
                let k = (ideal - (1.0 - ideal) * a) / b;
                let cumulative = normal_cdf(k);
                let density = (-k * k / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
                let squares = ((1.0 - ideal).powi(2) / norm + d - 2.0) * cumulative + cumulative - k * density;
                2.0 * eta * (b * density - (1.0 - ideal) * a * cumulative) - eta * eta * squares
            }
        }
    }
}

fn dot(a: &[f64; N_FEATURES], b: &[f64; N_FEATURES]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn normals(rng: &mut impl Rng) -> [f64; N_FEATURES] {
    std::array::from_fn(|_| StandardNormal.sample(rng))
}

fn normal_cdf(z: f64) -> f64 {
    libm::erfc(-z / std::f64::consts::SQRT_2) / 2.0
}

/// `point` moved the shortest way to where each vector's product has its value: what is left of a standard
/// normal `point` is a standard normal conditioned on the products.
fn constrained(mut point: [f64; N_FEATURES], constraints: &[(&[f64; N_FEATURES], f64)]) -> [f64; N_FEATURES] {
    // Gram-Schmidt: each direction is made orthogonal to those before, which its move then leaves as they are.
    let mut done: Vec<[f64; N_FEATURES]> = Vec::new();
    for (vector, value) in constraints {
        let mut direction = **vector;
        for before in &done {
            let share = dot(&direction, before) / dot(before, before);
            direction.iter_mut().zip(before).for_each(|(entry, before)| *entry -= share * before);
        }
        let step = (value - dot(&point, vector)) / dot(&direction, vector);
        point.iter_mut().zip(&direction).for_each(|(entry, direction)| *entry += step * direction);
        done.push(direction);
    }
    point
}

fn figure(title: &str, x: &str, shown: &[usize], runs: &[Vec<Curve>]) -> Result<String> {
    let mut figure = LineFigure::new(title, x, "|w - w*|^2 before less after");
    for &at in shown {
        let mut summaries = Vec::new();
        let mut exact = Vec::new();
        for point in 0..GRID.len() {
            let of = |values: fn(&Curve) -> &[f64]| -> Vec<f64> {
                runs.iter().map(|run| values(&run[at])[point]).collect()
            };
            summaries.push(Summary::of(&of(|curve| &curve.monte_carlo))?);
            exact.push(Summary::of(&of(|curve| &curve.closed_form))?.mean);
        }
        let name = SETTINGS[at].name.split(", current").next().unwrap_or(SETTINGS[at].name);
        figure = figure.line_of_means(format!("{name}, Monte Carlo"), &GRID, &summaries).line(
            format!("{name}, closed form"),
            &GRID,
            &exact,
        );
    }
    Ok(figure.horizontal(0.0, "no progress").render(820, 480)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monte_carlo_meets_the_closed_form() {
        for (at, setting) in SETTINGS.iter().enumerate() {
            let curve = setting.measure(20_000, 7, at as u64);
            for (point, error) in GRID.iter().zip(curve.errors()) {
                assert!(error < 5.0, "{} at {point}: {error} standard errors", setting.name);
            }
        }
    }

    /// An example has the ideal difficulty and the current loss asked for.
    #[test]
    fn examples_are_as_difficult_as_asked() {
        let mut rng = random::stream(1, "test", 0);
        for setting in &SETTINGS {
            let position = setting.position(&mut rng);
            let losses = |weights: &[f64; N_FEATURES], x: &[f64; N_FEATURES], y: f64| match setting.loss {
                Loss::Squared => (dot(weights, x) - y).abs(),
                Loss::Hinge => (1.0 - y * dot(weights, x)).max(0.0),
            };
            for _ in 0..50 {
                let (ideal, current) = setting.difficulty(0.7);
                let (x, y) = setting.example(&position, ideal, current, &mut rng);
                assert!((losses(&position.optimum, &x, y) - ideal).abs() < 1e-9, "{}", setting.name);
                if let Some(current) = current {
                    assert!((losses(&position.weights, &x, y) - current).abs() < 1e-9, "{}", setting.name);
                }
            }
        }
    }
}
