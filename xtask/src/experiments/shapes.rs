//! Section 1: easy shapes first, the experiment of Bengio et al. (2009), section 5.

use anyhow::Result;
use cl_data::{Batch, Dataset, Epoch, Sampler, SamplerError, Shapes, Standardization, random};
use cl_model::{Activation, Budget, CrossEntropy, Initialization, Mlp, Sgd, Trainer, evaluate};
use cl_study::{Better, BoxFigure, Choice, Evidence, Figure, Metric, Record, Replications, Study};
use serde_json::{Value, json};

use crate::{
    claim::{About, Claim, Judge, Measurement, Part},
    experiment::{Context, Experiment, Findings},
    stepwise,
};

const LOWER_ERROR: Claim = Claim {
    id: "shapes/lower-error",
    place: "section 1, text (Bengio 2009, section 5)",
    article: "easy shapes first \"led to lower test error than training on everything at once\"",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "test error without curriculum less that of switching at half of the epochs",
        margin: 0.005,
    },
};

const LATER: Claim = Claim {
    id: "shapes/switch-late",
    place: "section 1 (Bengio 2009, Figure 3)",
    article: "(not in the article) the best time to switch is half of the epochs",
    about: About::Training,
    judge: Judge::Positive {
        quantity: "test error of each earlier switch less that of switching at half, the least of them",
        margin: 0.005,
    },
};

/// Basic shapes first, then geometric ones, for every switch epoch of the paper.
pub(super) static SHAPES: Experiment = Experiment {
    id: "shapes",
    section: "1",
    question: "Do easy shapes first lower the test error on all shapes?",
    claims: &[LOWER_ERROR, LATER],
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    let size = Size::of(context);
    let rate = tuned(&size, context)?;
    let mut study = Study::new("shapes", context.fewer_seeds());
    for arm in size.arms() {
        study = study.arm(arm.name(), size.settings(arm, rate));
    }
    let journal = format!("shapes-{}-{}.jsonl", size.name, study.seeds.len());
    let arms = size.arms();
    let results = context.study(&study, journal, |run| size.train(arms[run.arm_place], rate, run.seed))?;
    let metric = Metric::scalar("test_error");
    let half = Arm::Switch(size.n_epochs / 2).name();
    let n_seeds = study.seeds.len();
    let conditions = |against: &str| {
        let Size { n_train, n_epochs, .. } = size;
        format!("made shapes, {n_train} training images, {n_epochs} epochs, against {against}, {n_seeds} seeds")
    };
    let less = |control: &str| -> Result<Measurement> {
        Ok(Measurement::over_seeds(&results.paired("all", control, &half, &metric)?.differences)?)
    };
    let target = Arm::Switch(0).name();
    findings.measure(LOWER_ERROR.id, Part::Real, conditions("geometric shapes alone"), less(&target)?);
    findings.measure(LOWER_ERROR.id, Part::Real, conditions("both sets mixed"), less(&Arm::Union.name())?);
    let earlier = &size.switches[..size.switches.len() - 1];
    let others = earlier.iter().map(|&switch| -> Result<Replications> {
        let name = Arm::Switch(switch).name();
        Ok(Replications::independent(results.paired("all", &name, &half, &metric)?.differences)?)
    });
    let evidence = Evidence::least_of(others.collect::<Result<_>>()?)?;
    let all_earlier = earlier.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let against = conditions(&format!("the closest of all earlier switches ({all_earlier})"));
    findings.measure(LATER.id, Part::Real, against, Measurement::Sampled { evidence });

    let mut figure =
        BoxFigure::new("Test error after a switch from basic to geometric shapes", "switch epoch", "test error");
    for arm in size.arms() {
        let errors: Vec<f64> = results.values("all", &arm.name(), &metric)?.into_iter().flatten().collect();
        figure = figure.values(arm.short_name(), &errors);
        findings.number(format!("test_error_{}", arm.short_name().replace(' ', "_")), errors)?;
    }
    let caption = "Test error on geometric shapes by switch epoch (0: no curriculum), and of the controls; boxes \
                   are quartiles, whiskers 5 % and 95 % over seeds.";
    findings.figure("shapes", caption, figure.render(820, 480)?);
    let examples = Shapes::Basic.generate(6, 0)?;
    findings.figure("shapes-examples", EXAMPLES, gallery(&examples, &Shapes::Geometric.generate(6, 0)?));
    findings.tables.push(("Test error".into(), results.table("all", &target, &metric, 4)?));
    findings.number("learning_rate", rate)?;
    findings.number("settings", size.settings(Arm::Union, rate))?;
    findings.notes.push(size.note(rate, n_seeds));
    Ok(findings)
}

const EXAMPLES: &str = "Basic shapes (above) and geometric shapes (below): rectangle, ellipse, triangle, twice.";

/// What a network is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Arm {
    /// Basic shapes for so many epochs, geometric ones after that; 0 is no curriculum.
    Switch(usize),
    /// Both sets mixed, for as many updates.
    Union,
    /// Basic shapes to the end.
    BasicOnly,
}

impl Arm {
    fn name(self) -> String {
        match self {
            Self::Switch(epoch) => format!("switch at {epoch}"),
            _ => self.short_name(),
        }
    }

    fn short_name(self) -> String {
        match self {
            Self::Switch(epoch) => epoch.to_string(),
            Self::Union => "union".into(),
            Self::BasicOnly => "basic only".into(),
        }
    }
}

/// How large the experiment is.
struct Size {
    name: &'static str,
    n_train: usize,
    n_validation: usize,
    n_test: usize,
    n_epochs: usize,
    n_hidden: usize,
    switches: Vec<usize>,
}

const BATCH_SIZE: usize = 20;
const RATES: [f64; 4] = [0.01, 0.02, 0.05, 0.1];
const N_TUNING_SEEDS: u64 = 2;

impl Size {
    fn of(context: &Context<'_>) -> Self {
        let (name, n_train, n_rest, n_epochs, switches): (_, _, _, _, &[usize]) =
            match (context.full, context.quick) {
                (true, _) => ("paper", 10_000, 5_000, 256, &[0, 1, 2, 4, 8, 16, 32, 64, 128]),
                (_, false) => ("usual", 4_000, 2_000, 48, &[0, 2, 6, 12, 24]),
                _ => ("quick", 600, 600, 12, &[0, 6]),
            };
        Self {
            name,
            n_train,
            n_validation: n_rest,
            n_test: n_rest,
            n_epochs,
            n_hidden: 64,
            switches: switches.into(),
        }
    }

    fn arms(&self) -> Vec<Arm> {
        let switches = self.switches.iter().map(|&epoch| Arm::Switch(epoch));
        switches.chain([Arm::Union, Arm::BasicOnly]).collect()
    }

    fn settings(&self, arm: Arm, rate: f64) -> Value {
        json!({
            "arm": arm.name(),
            "learning_rate": rate,
            "batch_size": BATCH_SIZE,
            "n_train": self.n_train,
            "n_validation": self.n_validation,
            "n_test": self.n_test,
            "n_epochs": self.n_epochs,
            "n_hidden": self.n_hidden,
        })
    }

    /// One network: the test error at the epoch of the least validation error.
    fn train(&self, arm: Arm, rate: f64, seed: u64) -> Result<Record> {
        let n = self.n_train;
        let train = both(&Shapes::Basic.generate(n, 3 * seed)?, &Shapes::Geometric.generate(n, 3 * seed)?)?;
        let standardization = Standardization::fit(&train)?;
        let train = standardization.apply(train)?;
        let geometric =
            |n, seed| -> Result<_> { Ok(standardization.apply(Shapes::Geometric.generate(n, seed)?)?) };
        let (validation, test) =
            (geometric(self.n_validation, 3 * seed + 1)?, geometric(self.n_test, 3 * seed + 2)?);
        let h = self.n_hidden;
        let widths = [Shapes::SIDE * Shapes::SIDE, h, h, h, 3];
        let mut model = Mlp::<f32>::new(&widths, Activation::Relu, Initialization::He, seed)?;
        let mut sampler = Switching { arm, n, seed, shown: (u64::MAX, Vec::new()) };
        let per_epoch = sampler.per_epoch();
        let trainer = Trainer::new(Budget::Updates(per_epoch), rate)?;
        let mut best = (f64::INFINITY, 0, f64::NAN);
        let mut validation_errors = Vec::new();
        for epoch in 0..self.n_epochs {
            let mut part = stepwise::From { sampler: &mut sampler, first_step: per_epoch * epoch as u64 };
            trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), &train, &mut part, &mut [])?;
            let error = 1.0 - evaluate(&model, &CrossEntropy, &validation)?.accuracy();
            if error < best.0 {
                best = (error, epoch, 1.0 - evaluate(&model, &CrossEntropy, &test)?.accuracy());
            }
            validation_errors.push(error);
        }
        Ok(Record::new()
            .scalar("test_error", best.2)
            .scalar("validation_error", best.0)
            .scalar("best_epoch", best.1 as f64)
            .scalar("updates", (per_epoch * self.n_epochs as u64) as f64)
            .scalar("examples", (n * self.n_epochs) as f64)
            .curve("validation_error", validation_errors))
    }

    fn note(&self, rate: f64, n_seeds: usize) -> String {
        let Self { n_train, n_validation, n_test, n_epochs, n_hidden, .. } = self;
        let smaller = if self.name == "paper" {
            "This is the paper's size.".to_owned()
        } else {
            "The paper has 10,000 training, 5,000 validation and 5,000 test images, 256 epochs, switches at 0, 1, \
                 2, 4, ..., 128 and 20 seeds; this run is smaller. `--full` runs the paper's size."
                .to_owned()
        };
        format!(
            "{n_train} images of each training set, {n_validation} for validation, {n_test} for test; {n_epochs} \
             epochs of {n_train} images each, whichever they are; a network with three hidden layers of {n_hidden} \
             rectified units on standardised pixels, plain SGD in batches of {BATCH_SIZE}, learning rate {rate}, the best of {RATES:?} for no \
             curriculum by validation error on {N_TUNING_SEEDS} seeds of its own; {n_seeds} seeds, each with its own \
             images and first weights, the same for every arm. The test error is that at the least validation error \
             of a run. {smaller} \"Training on everything at once\" can mean two things: geometric shapes alone \
             (switch at 0, the paper's baseline) or both sets mixed (the paper's control); both are measured. A \
             curriculum shows more different images than its baseline, too, and the union most at every moment: some \
             of what looks like the order's doing may be theirs. Shapes at least 12 pixels wide, rectified units, \
             standardised pixels and the number of images were chosen on the error without a curriculum, after \
             smaller shapes with tanh units on raw pixels had left every arm near chance."
        )
    }
}

/// One set after the other.
fn both(basic: &Dataset<f32>, geometric: &Dataset<f32>) -> Result<Dataset<f32>> {
    let features = [basic.features().as_slice(), geometric.features().as_slice()].concat();
    let labels = [basic.labels(), geometric.labels()].concat();
    Ok(Dataset::new(basic.n_features(), features, labels, basic.n_classes())?)
}

/// Epochs of n images, from 0..n (basic), n..2n (geometric) or both, by the arm and the epoch.
struct Switching {
    arm: Arm,
    n: usize,
    seed: u64,
    /// The epoch whose order is at hand, and that order.
    shown: (u64, Vec<usize>),
}

impl Switching {
    fn per_epoch(&self) -> u64 {
        self.n.div_ceil(BATCH_SIZE) as u64
    }
}

impl Sampler for Switching {
    fn n_examples(&self) -> usize {
        2 * self.n
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        let n = self.n;
        let Epoch { index, step, .. } = self.epoch(step);
        if self.shown.0 != index {
            let mut rng = random::stream(self.seed, "shapes epoch", index);
            let order = match self.arm {
                // As many images as the other arms see in an epoch, from either set.
                Arm::Union => random::choose(&mut rng, 2 * n, n),
                Arm::Switch(epoch) if index >= epoch as u64 => {
                    random::permutation(&mut rng, n).into_iter().map(|image| n + image).collect()
                }
                _ => random::permutation(&mut rng, n),
            };
            self.shown = (index, order);
        }
        let start = step as usize * BATCH_SIZE;
        batch.clear();
        batch.indices.extend_from_slice(&self.shown.1[start..(start + BATCH_SIZE).min(n)]);
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        let n_steps = self.per_epoch();
        Epoch { index: step / n_steps, step: step % n_steps, n_steps }
    }
}

/// The learning rate of the least mean validation error without curriculum.
fn tuned(size: &Size, context: &Context<'_>) -> Result<f64> {
    let seeds: Vec<u64> = (1_000_000..1_000_000 + N_TUNING_SEEDS).collect();
    let choice = Choice::new("shapes", seeds, Metric::scalar("validation_error"), Better::Lower);
    let run = |&rate: &f64, seed| size.train(Arm::Switch(0), rate, seed);
    Ok(context.choose(&choice, &RATES, &context.seeds, run)?.candidate)
}

/// Two rows of images, pixel by pixel.
fn gallery(above: &Dataset<f32>, below: &Dataset<f32>) -> String {
    let (side, pixel, gap) = (Shapes::SIDE, 3, 8);
    let step = side * pixel + gap;
    let (width, height) = (above.n_examples() * step + gap, 2 * step + gap);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" shape-rendering=\"crispEdges\"><title>{EXAMPLES}</title>\n"
    );
    for (row, data) in [above, below].into_iter().enumerate() {
        for image in 0..data.n_examples() {
            let (left, top) = (gap + image * step, gap + row * step);
            let pixels = data.example(image);
            // Runs of one grey become one rectangle.
            for y in 0..side {
                let line = &pixels[y * side..(y + 1) * side];
                let mut x = 0;
                for run in line.chunk_by(|a, b| a == b) {
                    let grey = (run[0] * 255.0).round() as u8;
                    svg += &format!(
                        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{pixel}\" fill=\"#{grey:02x}{grey:02x}{grey:02x}\"/>\n",
                        left + x * pixel,
                        top + y * pixel,
                        run.len() * pixel
                    );
                    x += run.len();
                }
            }
        }
    }
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_shows_what_its_arm_says() {
        let n = 50;
        for (arm, basic) in [(Arm::Switch(2), [50, 50, 0, 0]), (Arm::Switch(0), [0; 4]), (Arm::BasicOnly, [50; 4])]
        {
            let mut sampler = Switching { arm, n, seed: 1, shown: (u64::MAX, Vec::new()) };
            for (epoch, expected) in basic.into_iter().enumerate() {
                let mut shown = Vec::new();
                for step in 0..sampler.per_epoch() {
                    let mut batch = Batch::default();
                    sampler.batch(epoch as u64 * sampler.per_epoch() + step, &mut batch).unwrap();
                    shown.extend(batch.indices);
                }
                shown.sort_unstable();
                shown.dedup();
                assert_eq!(shown.len(), n);
                assert_eq!(shown.iter().filter(|&&index| index < n).count(), expected, "{arm:?} {epoch}");
            }
        }
    }
}
