use cl_data::{Scalar, Version};
use cl_model::{Observer, Presentation, softmax};
use serde::{Deserialize, Serialize};

use super::accumulate::same_length;
use super::el2n::El2n;
use super::forgetting::Forgetting;
use super::mean_loss::MeanLoss;
use crate::error::DifficultyError;

/// Every score of the training dynamics from one pass: watches a trainer and feeds each accumulator.
///
/// Losses and outputs are those of the training forward pass, before the update. O(C) per presentation, O(n)
/// memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Recorder {
    version: Version<2>,
    /// Mean loss.
    pub loss: MeanLoss,
    /// Forgetting events.
    pub forgetting: Forgetting,
    /// Error L2 norm.
    pub el2n: El2n,
    error: Option<String>,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
struct Unchecked {
    version: Version<2>,
    loss: MeanLoss,
    forgetting: Forgetting,
    el2n: El2n,
    error: Option<String>,
}

impl TryFrom<Unchecked> for Recorder {
    type Error = DifficultyError;

    fn try_from(unchecked: Unchecked) -> Result<Self, DifficultyError> {
        let Unchecked { version, loss, forgetting, el2n, error } = unchecked;
        let n = forgetting.presentations().len();
        same_length(n, loss.n_examples())?;
        same_length(n, el2n.n_examples())?;
        Ok(Self { version, loss, forgetting, el2n, error })
    }
}

impl Recorder {
    /// For `n_examples` examples, none presented yet.
    pub fn new(n_examples: usize) -> Self {
        Self {
            version: Version,
            loss: MeanLoss::new(n_examples),
            forgetting: Forgetting::new(n_examples),
            el2n: El2n::new(n_examples),
            error: None,
        }
    }

    /// What went wrong while observing: an observer cannot stop its trainer, so the first error is kept.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    fn record<T: Scalar>(&mut self, presentation: &Presentation<'_, T>) -> Result<(), DifficultyError> {
        let b = presentation.indices.len();
        if b == 0 {
            return Ok(());
        }
        let c = presentation.outputs.len() / b;
        // All of it before any is written.
        let n_examples = self.forgetting.presentations().len();
        if let Some(&example) = presentation.indices.iter().find(|&&example| example >= n_examples) {
            return Err(DifficultyError::ExampleOutOfRange { example, n_examples });
        }
        if let Some(label) = presentation.labels.iter().find(|&&label| label >= c.max(2)) {
            return Err(DifficultyError::argument("label", label, "a class that has an output"));
        }
        if let Some(output) = presentation.outputs.iter().find(|output| !output.as_f64().is_finite()) {
            return Err(DifficultyError::argument("output", output.as_f64(), "a finite number"));
        }
        if let Some(loss) = presentation.losses.iter().find(|loss| loss.is_nan()) {
            return Err(DifficultyError::argument("loss", loss, "a number"));
        }
        let mut probabilities = vec![0.0; c.max(2)];
        for (i, outputs) in presentation.outputs.chunks_exact(c.max(1)).enumerate() {
            let (example, label) = (presentation.indices[i], presentation.labels[i]);
            // A single output is the logit of class 1 against a logit of 0.
            let mut logits: Vec<f64> = if c == 1 { vec![0.0] } else { Vec::new() };
            logits.extend(outputs.iter().map(|output| output.as_f64()));
            softmax(&logits, &mut probabilities);
            let best = (0..logits.len()).fold(0, |best, k| if logits[k] > logits[best] { k } else { best });
            self.loss.record(example, presentation.losses[i])?;
            self.forgetting.record(example, best == label)?;
            self.el2n.record(example, &probabilities, label)?;
        }
        Ok(())
    }
}

impl<T: Scalar> Observer<T> for Recorder {
    fn presented(&mut self, presentation: &Presentation<'_, T>) {
        if self.error.is_none() {
            self.error = self.record(presentation).err().map(|error| error.to_string());
        }
    }
}
