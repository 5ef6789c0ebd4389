//! Labels that are probabilities of classes, as annotators or a teacher give them.

use super::block::{Block, LANES, Lanes};
use super::dynamics_recorder::DynamicsRecorder;
use super::input::Wanted;
use super::observations::are_probabilities;
use super::output_kind::OutputKind;
use crate::error::DifficultyError;

impl DynamicsRecorder {
    /// Compares outputs with these probabilities y of the classes, n x c, instead of with one class per example:
    ///
    /// ```text
    /// el2n       || p - y ||_2
    /// l1_error   || p - y ||_1
    /// loss       -sum_k y_k ln p_k                 finite where a p_k of logits underflows; k with y_k = 0 left out
    /// ```
    ///
    /// The loss is at least the entropy of y. One-hot rows give what their classes give. The labels of observations are
    /// still kept, and else not used. O(n c) memory, which is saved with the recorder, so that it goes on as it was.
    ///
    /// # Errors
    /// Where a metric reads more of a label ([`unavailable_with_soft_labels`] says so), something was recorded already,
    /// there are not c numbers for each example, or those of an example are no probabilities that sum to one within 0.001.
    ///
    /// [`unavailable_with_soft_labels`]: super::catalogue::MetricSettings::unavailable_with_soft_labels
    ///
    /// ```
    /// use cl_difficulty::{DynamicsRecorder, MetricSettings, Observations, Outputs};
    ///
    /// let l1_error = MetricSettings::parse("l1_error", &[])?;
    /// let mut recorder = DynamicsRecorder::new(1, 2, &[l1_error])?.with_soft_labels(vec![0.75, 0.25])?;
    /// let outputs = Outputs::Probabilities(&[0.5, 0.5]);
    /// recorder.record(&Observations { epoch: 0, indices: &[0], labels: &[0], outputs })?;
    /// assert_eq!(recorder.columns()?[0].values.to_floats(), [0.5]);
    /// # Ok::<(), cl_difficulty::DifficultyError>(())
    /// ```
    pub fn with_soft_labels(mut self, soft: Vec<f64>) -> Result<Self, DifficultyError> {
        if self.n_epochs() > 0 {
            let expected = "soft labels before anything is recorded";
            return Err(DifficultyError::argument("the recorder", "one that observed something", expected));
        }
        self.check_soft_labels(&soft)?;
        self.soft_labels = Some(soft);
        Ok(self)
    }

    /// Whether they are what this recorder can compare outputs with.
    pub(super) fn check_soft_labels(&self, soft: &[f64]) -> Result<(), DifficultyError> {
        let (n, c, found) = (self.n_examples(), self.n_classes(), soft.len());
        for settings in self.metrics() {
            if let Some(reason) = settings.unavailable_with_soft_labels() {
                return Err(DifficultyError::Unavailable { metric: settings.metric().name.clone(), reason });
            }
        }
        let expected = n.saturating_mul(c);
        if found != expected {
            return Err(DifficultyError::LengthMismatch { what: "soft labels", found, expected });
        }
        let mut rows = soft.chunks_exact(c);
        if let Some(example) = rows.position(|row| !are_probabilities(row, c, |p| p)) {
            let found = format!("{:?} of example {example}", &soft[example * c..][..c]);
            return Err(DifficultyError::argument(
                "soft labels",
                found,
                "probabilities that sum to 1 within 0.001",
            ));
        }
        Ok(())
    }
}

impl Block {
    /// Labels each lane by the first of the most probable classes of its example, c numbers each.
    pub(super) fn label_by(&mut self, soft: &[f64], c: usize) {
        for (label, &example) in self.labels.iter_mut().zip(&self.examples) {
            let y = &soft[example * c..][..c];
            *label = (1..c).fold(0, |best, class| if y[class] > y[best] { class } else { best });
        }
    }

    /// Error norm, residual (half the sum of errors) and loss of all of y instead of the label, of which the block has
    /// them.
    #[inline(always)]
    pub(super) fn soften(&mut self, kind: OutputKind, soft: &[f64], wanted: Wanted) {
        let c = self.probabilities.len();
        for l in 0..LANES {
            let (label, y) = (self.labels[l], &soft[self.examples[l] * c..][..c]);
            let (mut squares, mut sum) = (0.0, 0.0);
            for (class, (column, y)) in self.probabilities.iter().zip(y).enumerate() {
                // Not p - y of the label, which loses the digits of a p of nearly 1.
                let error = if class == label { (1.0 - y) - self.residual[l] } else { column[l] - y };
                squares += error * error;
                sum += error.abs();
            }
            self.error_norm[l] = f64::sqrt(squares);
            self.residual[l] = 0.5 * sum;
        }
        if wanted.loss {
            self.loss = self.soft_losses(kind, soft);
        }
    }

    #[inline(always)]
    fn soft_losses(&self, kind: OutputKind, soft: &[f64]) -> Lanes {
        let c = self.probabilities.len();
        let mut losses = [0.0; LANES];
        for (l, loss) in losses.iter_mut().enumerate() {
            let (z, y) = (&self.rows[l * c..][..c], &soft[self.examples[l] * c..][..c]);
            for class in (0..c).filter(|&class| y[class] > 0.0) {
                *loss += y[class]
                    * match kind {
                        // -ln p_k = -ln p_label + z_label - z_k, of which rounding and infinities leave at least 0.
                        OutputKind::Logits => (self.loss[l] + (z[self.labels[l]] - z[class])).max(0.0),
                        _ => 0.0 - self.probabilities[class][l].ln(),
                    };
            }
        }
        losses
    }
}
