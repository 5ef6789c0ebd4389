//! The losses that are trained by, by name.

use cl_data::catalogue::{CatalogueError, Description, Options, Parameter, find};
use cl_model::{
    Bootstrapping, CrammerSinger, CrossEntropy, Focal, Loss, ModelError, MultiMargin, SmoothedCrossEntropy,
    Squared, SuperLoss, Target, Threshold,
};

use super::fault::named;
use crate::{error::LabError, problem::Task};

/// The loss that is trained by, with what it has learned.
///
/// SuperLoss weights the gradients; what is told of an example is the loss within, by which samplers and dynamics can
/// go whatever its threshold is.
pub(super) struct TrainedLoss {
    inner: Box<dyn Loss<f32>>,
    weights: Option<SuperLoss<()>>,
}

impl TrainedLoss {
    fn plain(inner: impl Loss<f32> + 'static) -> Self {
        Self { inner: Box::new(inner), weights: None }
    }

    /// The state of a loss that learns.
    pub(super) fn state(&self) -> Option<SuperLoss<()>> {
        self.weights.clone()
    }

    /// Goes on from a state.
    pub(super) fn restore(&mut self, state: Option<SuperLoss<()>>) {
        self.weights = state;
    }

    fn weigh(&self, loss: f64, gradient: &mut [f32]) {
        if let Some(weights) = &self.weights {
            let weight = weights.weight(loss) as f32;
            gradient.iter_mut().for_each(|gradient| *gradient *= weight);
        }
    }
}

impl Loss<f32> for TrainedLoss {
    fn loss_and_gradient(&self, outputs: &[f32], target: Target<'_, f32>, gradient: &mut [f32]) -> f64 {
        let loss = self.inner.loss_and_gradient(outputs, target, gradient);
        self.weigh(loss, gradient);
        loss
    }

    fn loss(&self, outputs: &[f32], target: Target<'_, f32>) -> f64 {
        self.inner.loss(outputs, target)
    }

    fn check(&self, n_outputs: usize, n_classes: usize, n_targets: usize) -> Result<(), ModelError> {
        self.inner.check(n_outputs, n_classes, n_targets)
    }

    fn losses_and_gradients(
        &self,
        outputs: &[f32],
        targets: &[Target<'_, f32>],
        losses: &mut Vec<f64>,
        gradients: &mut [f32],
    ) {
        self.inner.losses_and_gradients(outputs, targets, losses, gradients);
        if let Some(weights) = &self.weights {
            // The threshold follows a batch before this is weighted, as in the loss's own passes.
            weights.observe(losses);
            let c = (outputs.len() / targets.len().max(1)).max(1);
            let columns = losses.iter().zip(gradients.chunks_exact_mut(c));
            columns.for_each(|(&loss, gradient)| self.weigh(loss, gradient));
        }
    }

    fn losses(&self, outputs: &[f32], targets: &[Target<'_, f32>], losses: &mut Vec<f64>) {
        self.inner.losses(outputs, targets, losses);
    }
}

/// What a loss is made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Learned {
    pub(super) task: Task,
    pub(super) n_classes: usize,
}

/// A loss of the list.
struct Entry {
    description: Description,
    /// What it is of; of both where it is none.
    task: Option<Task>,
    make: fn(&mut Options, Learned) -> Result<TrainedLoss, LabError>,
}

impl Entry {
    const fn new(
        name: &'static str,
        summary: &'static str,
        parameters: &'static [Parameter],
        task: Option<Task>,
        make: fn(&mut Options, Learned) -> Result<TrainedLoss, LabError>,
    ) -> Self {
        Self { description: Description { name, summary, parameters }, task, make }
    }
}

const CLASSES: Option<Task> = Some(Task::Classification);

static LOSSES: &[Entry] = &[
    Entry::new("plain", "cross-entropy of classes, the squared error of numbers", &[], None, |_, of| {
        Ok(match of.task {
            Task::Classification => TrainedLoss::plain(CrossEntropy),
            Task::Regression => TrainedLoss::plain(Squared),
        })
    }),
    Entry::new("cross-entropy", "-ln p of the label", &[], CLASSES, |_, _| Ok(TrainedLoss::plain(CrossEntropy))),
    Entry::new("squared", "the squared error", &[], Some(Task::Regression), |_, _| {
        Ok(TrainedLoss::plain(Squared))
    }),
    Entry::new(
        "smoothed",
        "cross-entropy with smoothed labels",
        &[Parameter::with_default("epsilon", "the part of a label that all classes share, in [0, 1]", "0.1")],
        CLASSES,
        |o, _| Ok(TrainedLoss::plain(SmoothedCrossEntropy::new(o.number("epsilon").map_err(named)?)?)),
    ),
    Entry::new(
        "bootstrapping",
        "cross-entropy with labels mixed with what the model believes (Reed)",
        &[
            Parameter::with_default("beta", "the part of the label, in [0, 1]", "0.95"),
            Parameter::with_default(
                "mixed",
                "with: soft (the probabilities) or hard (the class predicted)",
                "soft",
            ),
        ],
        CLASSES,
        |o, _| {
            let beta = o.number("beta").map_err(named)?;
            let is_soft = o.choice("mixed", &[("soft", true), ("hard", false)]).map_err(named)?;
            let loss = if is_soft { Bootstrapping::soft(beta)? } else { Bootstrapping::hard(beta)? };
            Ok(TrainedLoss::plain(loss))
        },
    ),
    Entry::new(
        "focal",
        "cross-entropy that counts the sure ones less (Lin)",
        &[
            Parameter::with_default("gamma", "how much less, at least 0", "2"),
            Parameter::with_default("alpha", "a factor above 0", "1"),
        ],
        CLASSES,
        |o, _| {
            let (gamma, alpha) = (o.number("gamma").map_err(named)?, o.number("alpha").map_err(named)?);
            Ok(TrainedLoss::plain(Focal::new(gamma, alpha)?))
        },
    ),
    Entry::new(
        "super-loss",
        "the plain loss, its gradient more where it lies below a threshold and less above (Castells)",
        &[
            Parameter::with_default("lambda", "the smaller, the more the weights differ; above 0", "1"),
            Parameter::with_default(
                "tau",
                "the threshold: mean (of all losses so far), classes (ln C), or a number",
                "mean",
            ),
        ],
        None,
        |o, of| {
            let lambda = o.number("lambda").map_err(named)?;
            let tau = o.text("tau").map_err(named)?.to_owned();
            let threshold = match (tau.as_str(), of.task) {
                ("mean", _) => Threshold::running_mean(),
                ("classes", Task::Classification) => Threshold::of_classes(of.n_classes)?,
                ("classes", Task::Regression) => {
                    let expected = "mean or a number, for there are no classes to guess among";
                    return Err(named(o.invalid("tau", expected)));
                }
                (text, _) => {
                    let number =
                        text.parse().map_err(|_| named(o.invalid("tau", "mean, classes, or a number")))?;
                    Threshold::fixed(number)?
                }
            };
            let inner: Box<dyn Loss<f32>> = match of.task {
                Task::Classification => Box::new(CrossEntropy),
                Task::Regression => Box::new(Squared),
            };
            Ok(TrainedLoss { inner, weights: Some(SuperLoss::new((), threshold, lambda)?) })
        },
    ),
    Entry::new(
        "multi-margin",
        "the hinge loss over all wrong classes (Weston and Watkins)",
        &[],
        CLASSES,
        |_, _| Ok(TrainedLoss::plain(MultiMargin)),
    ),
    Entry::new("crammer-singer", "the hinge loss of the worst wrong class", &[], CLASSES, |_, _| {
        Ok(TrainedLoss::plain(CrammerSinger))
    }),
];

fn entry(name: &str) -> Result<&'static Entry, CatalogueError> {
    let others = [("superloss", "super-loss"), ("hinge", "multi-margin"), ("label-smoothing", "smoothed")];
    find("loss", LOSSES, |entry| &entry.description, &others, name)
}

/// Every loss.
pub(super) fn losses() -> Vec<Description> {
    LOSSES.iter().map(|entry| entry.description).collect()
}

/// The name of the loss that is also called `name`.
pub(super) fn loss_named(name: &str) -> Option<String> {
    entry(name).ok().map(|entry| entry.description.name.to_owned())
}

/// Whether a loss is none of this task; of the others the names.
pub(super) fn other_task(name: &str, task: Task) -> Option<String> {
    let is_of = |entry: &Entry| entry.task.is_none_or(|own| own == task);
    let names = LOSSES.iter().filter(|entry| is_of(entry)).map(|entry| entry.description.name);
    match entry(name) {
        Ok(entry) if !is_of(entry) => Some(names.collect::<Vec<_>>().join(", ")),
        _ => None,
    }
}

/// The loss `name`, made for a task; for its own where it is none of that.
///
/// # Errors
/// On an unknown name or parameter, and a parameter out of its domain.
pub(super) fn loss_by_name(name: &str, parameters: &[(&str, &str)], of: Learned) -> Result<TrainedLoss, LabError> {
    let entry = entry(name).map_err(named)?;
    let mut options = Options::new(&entry.description, parameters).map_err(named)?;
    (entry.make)(&mut options, Learned { task: entry.task.unwrap_or(of.task), ..of })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: Learned = Learned { task: Task::Classification, n_classes: 3 };

    #[test]
    fn super_loss_has_its_own_gradient_and_tells_the_loss_within() {
        let ours = loss_by_name("super-loss", &[("tau", "classes"), ("lambda", "0.5")], DIGITS).unwrap();
        let theirs = SuperLoss::new(CrossEntropy, Threshold::of_classes(3).unwrap(), 0.5).unwrap();
        let outputs = [2.0f32, 0.0, -1.0, 0.5, 0.2, 3.0];
        let targets: Vec<Target<'_, f32>> = vec![0.into(), 1.into()];
        let (mut losses, mut gradients, mut expected) = (Vec::new(), [0.0; 6], [0.0; 6]);
        theirs.losses_and_gradients(&outputs, &targets, &mut losses, &mut expected);
        ours.losses_and_gradients(&outputs, &targets, &mut losses, &mut gradients);
        assert_eq!(gradients, expected);
        assert_eq!(losses[1], CrossEntropy.loss(&outputs[3..], 1.into()));
    }

    #[test]
    fn losses_are_of_their_task() {
        assert!(other_task("focal", Task::Regression).unwrap().contains("squared"));
        assert_eq!(other_task("super-loss", Task::Regression), None);
        let error = loss_by_name("focal", &[("gamma", "-1")], DIGITS).err().unwrap();
        assert!(error.to_string().contains("gamma is -1"), "{error}");
        assert_eq!(loss_named("hinge").as_deref(), Some("multi-margin"));
    }
}
