//! What the entry of a metric is made of; it stands in the file of its accumulator.

use std::fmt;
use std::sync::Arc;

use cl_data::catalogue::{CatalogueError, Description, Options, Parameter};
use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, TooFew};
use super::column::ColumnValues;
use super::input::Input;

/// What a metric must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Needs {
    /// What a model said while it was trained, of a [kind](super::OutputKind) that tells what the metric reads.
    Outputs,
    /// Logits: probabilities do not tell them.
    Logits,
    /// What it said of the **first** split while the network is trained on a second one.
    SecondSplit,
}

/// A metric as a list of metrics shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricDescription {
    /// Its name, which is the name of its column, too, and its options.
    pub method: Description,
    /// What it must be given.
    pub needs: Needs,
    /// Whether a high value means a hard example; `None` where it is neither.
    pub higher_is_harder: Option<bool>,
    /// Whether the epochs of an example must come in increasing order.
    pub order_bound: bool,
}

/// A metric of an accumulator, given the labels of the examples.
type View<A> = dyn Fn(&A, &[u32]) -> Result<ColumnValues, TooFew> + Send + Sync;

/// Which accumulator a metric takes, and what it is of it.
#[derive(Clone)]
pub(crate) struct Reading<A: Accumulate> {
    pub(crate) settings: A::Settings,
    /// What the metric is made of: not all that its accumulator reads, where others share it.
    pub(crate) inputs: &'static [Input],
    view: Arc<View<A>>,
}

impl<A: Accumulate> Reading<A> {
    /// The metric, given the labels of the examples.
    pub(crate) fn values(&self, accumulator: &A, labels: &[u32]) -> Result<ColumnValues, TooFew> {
        (self.view)(accumulator, labels)
    }
}

impl<A: Accumulate> fmt::Debug for Reading<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(formatter)
    }
}

/// The epochs that enter, `from` included and `until` not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: u64,
    pub(crate) until: Option<u64>,
}

impl Range {
    pub(crate) fn contains(&self, epoch: u64) -> bool {
        epoch >= self.from && self.until.is_none_or(|until| epoch < until)
    }
}

/// A name that stands for a metric with `option` at `value`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OtherName {
    pub(crate) name: &'static str,
    pub(crate) option: &'static str,
    pub(crate) value: &'static str,
}

/// A metric as it stands in the list; `R` is one reading of those of all accumulators.
#[derive(Debug, Clone)]
pub(crate) struct Metric<R> {
    pub(crate) description: MetricDescription,
    /// Names that are this one with an option set.
    pub(crate) other_names: &'static [OtherName],
    /// How it reads its options.
    pub(crate) read: fn(&mut Options) -> Result<R, CatalogueError>,
}

impl<R> Metric<R> {
    pub(crate) const fn new(
        name: &'static str,
        summary: &'static str,
        parameters: &'static [Parameter],
        higher_is_harder: Option<bool>,
        read: fn(&mut Options) -> Result<R, CatalogueError>,
    ) -> Self {
        let method = Description { name, summary, parameters };
        let description =
            MetricDescription { method, needs: Needs::Outputs, higher_is_harder, order_bound: false };
        Self { description, other_names: &[], read }
    }

    pub(crate) const fn order_bound(mut self) -> Self {
        self.description.order_bound = true;
        self
    }

    pub(crate) const fn known_as(mut self, other_names: &'static [OtherName]) -> Self {
        self.other_names = other_names;
        self
    }

    pub(crate) const fn needs(mut self, needs: Needs) -> Self {
        self.description.needs = needs;
        self
    }
}

/// What a metric is of the accumulator with these settings.
pub(crate) fn reading<R: From<Reading<A>>, A: Accumulate>(
    settings: A::Settings,
    view: impl Fn(&A, &[u32]) -> Result<ColumnValues, TooFew> + Send + Sync + 'static,
) -> Result<R, CatalogueError> {
    reading_of(A::inputs(settings), settings, view)
}

/// The same of a metric that is made of these inputs of its accumulator alone.
pub(crate) fn reading_of<R: From<Reading<A>>, A: Accumulate>(
    inputs: &'static [Input],
    settings: A::Settings,
    view: impl Fn(&A, &[u32]) -> Result<ColumnValues, TooFew> + Send + Sync + 'static,
) -> Result<R, CatalogueError> {
    Ok(Reading { settings, inputs, view: Arc::new(view) }.into())
}

pub(crate) const HARD: Option<bool> = Some(true);
pub(crate) const EASY: Option<bool> = Some(false);

/// What every metric takes.
pub(crate) const FROM: Parameter =
    Parameter::new("from", "the first epoch that enters, counted as the log counts (default: the first)");
pub(crate) const UNTIL: Parameter =
    Parameter::new("until", "the epoch before which to stop (default: after the last)");
pub(crate) const RANGE: &[Parameter] = &[FROM, UNTIL];

pub(crate) const WINDOW: Parameter = Parameter::with_default("window", "epochs per window, J, at least 2", "4");

pub(crate) fn window(options: &mut Options) -> Result<usize, CatalogueError> {
    let expected = "a number of epochs, at least 2 and at most 65536";
    options.number_in("window", |window| (2..=65_536).contains(window), expected)
}

pub(crate) const EPOCHS: Parameter =
    Parameter::new("epochs", "how many epochs of each example enter, T, at least J (default: all, E)");

/// A window, and the number of epochs that enter.
pub(crate) fn window_and_epochs(options: &mut Options) -> Result<(usize, Option<u32>), CatalogueError> {
    let (window, epochs) = (window(options)?, options.number_if_given::<u32>("epochs")?);
    if epochs.is_some_and(|epochs| (epochs as usize) < window) {
        return Err(options.invalid("epochs", "a number of epochs, at least the window"));
    }
    Ok((window, epochs))
}
