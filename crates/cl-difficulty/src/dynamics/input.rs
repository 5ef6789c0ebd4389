//! What accumulators and metrics read of what a model said, and which kind of outputs gives it.

use super::output_kind::OutputKind;

/// A quantity of a block that an accumulator or a metric may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    Right,
    LabelProbability,
    Residual,
    ErrorNorm,
    Loss,
    Margin,
    ProbabilityMargin,
    Probabilities,
    /// The class itself, which every kind of outputs comes with.
    Label,
}

impl Input {
    /// How many numbers of an example these are.
    pub(crate) fn width(inputs: &[Self], n_classes: usize) -> usize {
        let width = |&input: &Self| match input {
            Self::Probabilities => n_classes,
            Self::Label => 0,
            _ => 1,
        };
        inputs.iter().map(width).sum()
    }

    /// Whether outputs of this kind tell it.
    fn is_of(self, kind: OutputKind) -> bool {
        match kind {
            OutputKind::Logits => true,
            OutputKind::Probabilities | OutputKind::LogProbabilities => self != Self::Margin,
            OutputKind::Losses => {
                matches!(self, Self::Loss | Self::LabelProbability | Self::Residual | Self::Label)
            }
            OutputKind::Correct => matches!(self, Self::Right | Self::Label),
        }
    }

    /// Whether outputs of this kind tell all of them.
    pub(crate) fn all_of(inputs: &[Self], kind: OutputKind) -> bool {
        inputs.iter().all(|input| input.is_of(kind))
    }

    /// Whether they read nothing of a label but its probability of each class.
    pub(crate) fn all_of_soft_labels(inputs: &[Self]) -> bool {
        let of_one_class = |input: &Self| {
            matches!(
                input,
                Self::Right | Self::LabelProbability | Self::Margin | Self::ProbabilityMargin | Self::Label
            )
        };
        !inputs.iter().any(of_one_class)
    }

    /// The kinds of outputs that tell all of them.
    pub(crate) fn needed(inputs: &[Self]) -> &'static str {
        let all_of = |kind| Self::all_of(inputs, kind);
        if !all_of(OutputKind::Probabilities) {
            "logits"
        } else if all_of(OutputKind::Losses) {
            "logits, probabilities or losses"
        } else if all_of(OutputKind::Correct) {
            "logits, probabilities or `correct`"
        } else {
            "logits or probabilities"
        }
    }
}

/// Which of them the accumulators of a recorder ask for beyond those that come for nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    pub(crate) label_probability: bool,
    pub(crate) residual: bool,
    pub(crate) loss: bool,
    pub(crate) probability_margin: bool,
    pub(crate) probabilities: bool,
}

impl Wanted {
    pub(crate) fn of(inputs: impl Iterator<Item = Input>) -> Self {
        inputs.fold(Self::default(), |wanted, input| Self {
            label_probability: wanted.label_probability || input == Input::LabelProbability,
            residual: wanted.residual || input == Input::Residual,
            loss: wanted.loss || input == Input::Loss,
            probability_margin: wanted.probability_margin || input == Input::ProbabilityMargin,
            probabilities: wanted.probabilities || input == Input::Probabilities,
        })
    }

    /// The same, with what soft labels are compared with.
    pub(crate) fn with_soft_labels(self) -> Self {
        Self { probabilities: true, ..self }
    }

    /// Whether a loss is read as that of a probability.
    pub(crate) fn probability_of_loss(&self) -> bool {
        self.label_probability || self.residual
    }
}
