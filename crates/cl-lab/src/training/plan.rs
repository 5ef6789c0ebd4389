//! A configuration as a whole: what its parts are, and whether they go together.

use std::io::Read as _;
use std::path::Path;

use cl_data::catalogue::{CatalogueError, Options};
use cl_prune::{RuleNeeds, RuleSettings};

use super::configuration::Configuration;
use super::data_settings::DataSettings;
use super::difficulty_settings::{By, DifficultySettings};
use super::fault::{Fault, argument_of, named, refuse};
use super::loss::{Learned, loss_by_name, other_task};
use super::model_settings::ModelSettings;
use super::needs::{
    Acts, Needs, check_pacing, goes_by_scores, order_needs, sampler_needs, samplers_with, weighting_needs,
};
use super::optimizer::optimizer_by_name;
use super::schedule::{Length, SCHEDULE, schedule_by_name};
use super::sections::{NONE, section};
use super::training_settings::TrainingSettings;
use crate::error::LabError;
use crate::metric::Metric;
use crate::problem::{Problem, Task};

/// A configuration whose parts were checked.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) data: DataSettings,
    pub(super) model: ModelSettings,
    pub(super) training: TrainingSettings,
    pub(super) difficulty: DifficultySettings,
    /// Epochs from one record of the dynamics to the next, 0 for none.
    pub(super) every: u64,
    /// The share that pruning keeps, and how many neighbours it looks at.
    pub(super) keep: f64,
    pub(super) n_neighbors: usize,
    /// The factor by which a self-paced age grows.
    pub(super) mu: f64,
    /// How the weighting acts, where there is one.
    pub(super) acts: Option<Acts>,
    pub(super) sampler: Needs,
    /// Whether anything asks how hard examples are.
    pub(super) needs_difficulty: bool,
}

impl Configuration {
    /// From a text and pairs of `section.key` and value that are set beside it; `path` is what errors call the text.
    ///
    /// # Errors
    /// [`LabError::Configuration`] with all that is wrong: each key that is not known, with its line and the nearest known
    /// one, each value out of its domain, and what does not go together.
    pub fn read(path: &Path, text: &str, set: &[(String, String)]) -> Result<Self, LabError> {
        let mut faults = Vec::new();
        let configuration = Self::gathered(path, text, set, &mut faults);
        let mut check = Check { configuration: &configuration, problem: None, faults };
        check.plan();
        refuse(path, check.faults)?;
        Ok(configuration)
    }

    /// From a file.
    ///
    /// # Errors
    /// Where it cannot be read, and as [`read`](Self::read).
    pub fn load(path: &Path, set: &[(String, String)]) -> Result<Self, LabError> {
        // More than anybody writes by hand; a device has no end.
        const MOST: u64 = 1 << 20;
        let failed = |source| LabError::Io { path: path.to_path_buf(), source };
        let mut text = String::new();
        std::fs::File::open(path).map_err(failed)?.take(MOST + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > MOST {
            let problem = format!("more than {MOST} bytes, expected a configuration");
            return Err(LabError::Configuration { path: path.to_path_buf(), problem });
        }
        Self::read(path, &text, set)
    }

    /// Whether a problem can be trained on as this says; nothing is trained.
    ///
    /// # Errors
    /// [`LabError::Configuration`] with all that does not go with it, such as a loss of classes where a number is to be
    /// predicted.
    pub fn check(&self, problem: &Problem) -> Result<(), LabError> {
        self.plan(problem).map(drop)
    }

    /// What it says of a problem.
    pub(super) fn plan(&self, problem: &Problem) -> Result<Plan, LabError> {
        let mut check = Check { configuration: self, problem: Some(problem), faults: Vec::new() };
        let plan = check.plan();
        refuse(&self.path, check.faults)?;
        plan.ok_or_else(|| LabError::argument("configuration", self.path.display(), "one without faults"))
    }
}

/// A name with its parameters.
type Choice<'a> = (&'a str, Vec<(&'a str, &'a str)>);

/// A configuration that is gone through.
struct Check<'a> {
    configuration: &'a Configuration,
    problem: Option<&'a Problem>,
    faults: Vec<Fault>,
}

/// Steps of a run whose data are not known yet.
const SOME: Length = Length { learning_rate: 1.0, n_updates: 1 << 40, per_epoch: 1 << 10 };

impl<'a> Check<'a> {
    fn plan(&mut self) -> Option<Plan> {
        let data = self.read("data", DataSettings::read);
        let model = self.read("model", ModelSettings::read);
        let training = self.read("training", TrainingSettings::read);
        let difficulty = self.read("difficulty", DifficultySettings::read);
        let every = self.read("dynamics", |options| options.number("every"));
        let pruning = self.read("pruning", |options| {
            let is_share = |share: &f64| *share > 0.0 && *share <= 1.0;
            let keep = options.number_in("keep", is_share, "a share in (0, 1]")?;
            let neighbors = options.number_in("neighbors", |k: &usize| *k >= 1, "a whole number of at least 1")?;
            Ok((keep, neighbors))
        });
        let mu = self.read("weighting", |options| {
            let is_growth = |mu: &f64| mu.is_finite() && *mu > 1.0;
            options.number_in("mu", is_growth, "a finite number above 1")
        });
        self.learning(training.as_ref());
        let order = self.order();
        let pacing = self.pacing();
        let acts = self.weighting();
        let sampler = self.sampler();
        let scored = pruning.map(|(keep, _)| self.pruning(keep));
        if let (Some(order), Some(pacing), Some(acts), Some(sampler)) = (order, pacing, acts, sampler) {
            self.together(order.is_some(), pacing, acts.map(|(acts, _)| acts), sampler);
        }
        if let Some(noise) = data.as_ref().map(|data| data.noise)
            && noise > 0.0
            && self.task() == Some(Task::Regression)
        {
            let text =
                format!("noise = {noise} makes labels wrong, and what is to be predicted is a number: expected 0");
            self.fault("data", Some("noise"), text);
        }
        let needs_difficulty = order.flatten().is_some_and(|needs| needs.difficulty)
            || sampler.is_some_and(|needs| needs.difficulty)
            || acts.flatten().is_some_and(|(_, needs)| needs.lateness)
            || scored == Some(true);
        if let (Some(difficulty), Some(problem)) = (&difficulty, self.problem)
            && needs_difficulty
            && difficulty.by(problem.difficulty().is_some()) == By::Scores
            && problem.difficulty().is_none()
        {
            let text = "by = scores, and no scores were given: expected some, or cross-validated-loss or teacher";
            self.fault("difficulty", Some("by"), text);
        }
        let ((keep, n_neighbors), acts) = (pruning?, acts?.map(|(acts, _)| acts));
        Some(Plan {
            data: data?,
            model: model?,
            training: training?,
            difficulty: difficulty?,
            every: every?,
            keep,
            n_neighbors,
            mu: mu?,
            acts,
            sampler: sampler?,
            needs_difficulty,
        })
    }

    fn task(&self) -> Option<Task> {
        self.problem.map(Problem::task)
    }

    fn fault(&mut self, section: &str, key: Option<&str>, text: impl Into<String>) {
        self.faults.push(Fault::new(self.configuration.place(section, key), text));
    }

    /// Takes down what is wrong, at the key that it is about, as far as it says.
    fn refused(&mut self, section: &str, error: &LabError) {
        self.fault(section, argument_of(error), error.to_string());
    }

    /// The settings of a section's own keys; each that is wrong is a fault.
    fn read<S>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Options) -> Result<S, CatalogueError>,
    ) -> Option<S> {
        let description = section(name)?.description;
        let mut wrong: Vec<String> = Vec::new();
        loop {
            let options = self.configuration.options(description, &wrong);
            let error = match options.and_then(|mut options| read(&mut options)) {
                Ok(settings) => return wrong.is_empty().then_some(settings),
                Err(error) => named(error),
            };
            self.refused(name, &error);
            // The others are read as if this were not there.
            match argument_of(&error).filter(|&key| self.configuration.text(name, key).is_some()) {
                Some(key) if !wrong.iter().any(|known| known == key) => wrong.push(key.to_owned()),
                _ => return None,
            }
        }
    }

    /// What a section chooses, with its parameters; nothing where its name was refused, and none where it chooses none.
    fn choice(&self, section_name: &str) -> Option<Option<Choice<'a>>> {
        let configuration = self.configuration;
        let name = configuration.chosen(section_name);
        if name == NONE {
            return Some(None);
        }
        configuration.method(section(section_name)?)?;
        Some(Some((name, configuration.parameters(section_name))))
    }

    /// Loss, optimiser, schedule and metric.
    fn learning(&mut self, training: Option<&TrainingSettings>) {
        let task = self.task().unwrap_or(Task::Classification);
        if let Some(Some((name, parameters))) = self.choice("loss") {
            let n_classes = self.problem.map_or(2, |problem| problem.data().n_classes());
            if let Err(error) = loss_by_name(name, &parameters, Learned { task, n_classes }) {
                self.refused("loss", &error);
            }
            if let Some(others) = self.task().and_then(|task| other_task(name, task)) {
                let is = if task == Task::Regression { "a number" } else { "a class" };
                let text =
                    format!("loss `{name}` is none where {is} is to be predicted, expected one of {others}");
                self.fault("loss", None, text);
            }
        }
        if let Some(Some((name, parameters))) = self.choice("optimizer")
            && let Err(error) = optimizer_by_name(name, &parameters, None)
        {
            self.refused("optimizer", &error);
        }
        if let Some(Some((name, parameters))) = self.choice("schedule") {
            let length = match training.and_then(TrainingSettings::by_epochs) {
                Some(epochs) => Length { n_updates: epochs.saturating_mul(SOME.per_epoch).max(1), ..SOME },
                None => SOME,
            };
            let own = self.configuration.options(&SCHEDULE, &[]).map_err(named);
            if let Err(error) = own.and_then(|mut own| schedule_by_name(name, &parameters, &mut own, length)) {
                self.refused("schedule", &error);
            }
        }
        if let (Some(metric), Some(task)) = (training.and_then(|training| training.metric), self.task())
            && metric.task() != task
        {
            let of_task = Metric::ALL.iter().filter(|metric| metric.task() == task).map(|metric| metric.name());
            let names = of_task.collect::<Vec<_>>().join(", ");
            self.fault(
                "training",
                Some("metric"),
                format!("metric `{metric}` is none of this task, expected {names}"),
            );
        }
    }

    /// What the order is made of, where there is one.
    fn order(&mut self) -> Option<Option<Needs>> {
        let Some((name, parameters)) = self.choice("order")? else { return Some(None) };
        match order_needs(name, &parameters) {
            Ok(needs) => {
                if needs.classes {
                    self.no_classes("order", Some("balance"), name);
                }
                Some(Some(needs))
            }
            Err(error) => {
                self.refused("order", &error.into());
                None
            }
        }
    }

    /// Whether there is a pacing.
    fn pacing(&mut self) -> Option<bool> {
        let Some((name, parameters)) = self.choice("pacing")? else { return Some(false) };
        match check_pacing(name, &parameters) {
            Ok(()) => Some(true),
            Err(error) => {
                self.refused("pacing", &error.into());
                None
            }
        }
    }

    /// How the weighting acts and what it is made of, where there is one.
    fn weighting(&mut self) -> Option<Option<(Acts, Needs)>> {
        let Some((name, parameters)) = self.choice("weighting")? else { return Some(None) };
        let (acts, needs) = match weighting_needs(name, &parameters) {
            Ok(found) => found,
            Err(error) => {
                self.refused("weighting", &error.into());
                return None;
            }
        };
        if needs.classes {
            self.no_classes("weighting", None, name);
        }
        if acts == Acts::OnBatches && (needs.classes || needs.lateness) {
            let text =
                format!("weighting `{name}` weighs all examples at once: expected it without quantile and cap");
            self.fault("weighting", Some("quantile"), text);
        }
        let loss = self.configuration.chosen("loss");
        let of_classes = loss == "cross-entropy" || loss == "plain" && self.task() != Some(Task::Regression);
        if ["focal", "detached-focal"].contains(&name) && !of_classes {
            let text = format!(
                "weighting `{name}` goes by the probability e^-loss that cross-entropy has, and the loss is `{loss}`: \
                 expected cross-entropy, of classes, or another weighting"
            );
            self.fault("weighting", None, text);
        }
        Some(Some((acts, needs)))
    }

    fn sampler(&mut self) -> Option<Needs> {
        let (name, parameters) = self.choice("sampler")??;
        match sampler_needs(name, &parameters) {
            Ok(needs) => {
                if needs.classes {
                    self.no_classes("sampler", None, name);
                }
                Some(needs)
            }
            Err(error) => {
                self.refused("sampler", &error.into());
                None
            }
        }
    }

    /// Whether pruning goes by scores.
    fn pruning(&mut self, keep: f64) -> bool {
        let Some(Some((name, parameters))) = self.choice("pruning") else { return false };
        let rule = match RuleSettings::parse(name, &parameters) {
            Ok(rule) => rule,
            Err(error) => {
                self.refused("pruning", &error.into());
                return false;
            }
        };
        if rule.needs_labels() {
            self.no_classes("pruning", Some("balance"), name);
        }
        let needs_confidence = rule.description().needs == RuleNeeds::Confidence;
        let by = self.configuration.text("difficulty", "by").unwrap_or_default();
        let has_scores = self.problem.is_some_and(|problem| problem.difficulty().is_some());
        let by_scores = by == "scores" || by == "auto" && has_scores;
        if needs_confidence && (by_scores || self.task() == Some(Task::Regression)) {
            let text = format!(
                "rule `{name}` needs the probability of each label: expected classes, and difficulty by \
                 cross-validated-loss or teacher"
            );
            self.fault("pruning", None, text);
        }
        goes_by_scores(&rule, keep) || needs_confidence
    }

    /// Refuses what goes by classes, where there are none.
    fn no_classes(&mut self, section: &str, key: Option<&str>, name: &str) {
        if self.task() == Some(Task::Regression) {
            let text = format!(
                "`{name}` goes by classes, and what is to be predicted is a number: expected another, or none"
            );
            let given = key.filter(|key| self.configuration.text(section, key).is_some());
            let text = match given {
                Some(key) => format!("{key}: {text}"),
                None => text,
            };
            self.fault(section, given, text);
        }
    }

    /// Whether order, pacing, weighting and sampler go together.
    fn together(&mut self, has_order: bool, has_pacing: bool, acts: Option<Acts>, sampler: Needs) {
        let configuration = self.configuration;
        let [order, pacing, name, weighting] =
            ["order", "pacing", "sampler", "weighting"].map(|of| configuration.chosen(of));
        if acts == Some(Acts::Alternates) {
            if name != "shuffle" {
                let text = format!(
                    "weighting `{weighting}` chooses the examples of each epoch itself, and so does sampler `{name}`: \
                     expected sampler `shuffle`, or `weighting.quantile` to weigh the batches of `{name}`"
                );
                self.fault("weighting", None, text);
            }
            if has_order {
                let text =
                    format!("order `{order}`: weighting `{weighting}` goes by losses, expected order `none`");
                self.fault("order", None, text);
            }
            return;
        }
        if has_order && !sampler.order {
            let why = if sampler.difficulty { "goes by difficulty itself" } else { "takes no order" };
            let with = samplers_with(|needs| needs.order).join(", ");
            self.fault("order", None, format!("order `{order}`: sampler `{name}` {why}; with an order: {with}"));
        }
        if !has_order && sampler.order {
            let text =
                format!("sampler `{name}` needs an order: expected one in [order], such as easy-first or random");
            self.fault("sampler", None, text);
        }
        if has_pacing && !sampler.pacing {
            let with = samplers_with(|needs| needs.pacing).join(", ");
            let text = format!("pacing `{pacing}`: sampler `{name}` takes none; with a pacing: {with}");
            self.fault("pacing", None, text);
        }
    }
}
