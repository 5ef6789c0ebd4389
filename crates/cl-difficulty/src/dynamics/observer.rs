//! The recorder as an observer of a trainer.

use cl_data::Scalar;
use cl_model::{Observer, Presentation};

use super::dynamics_recorder::DynamicsRecorder;
use super::numbers::Float;
use super::observations::{Observations, Outputs};

/// The outputs of the training forward pass, before the update; a single output is the logit of class 1
/// against a logit of 0.
impl<T: Scalar + Float> Observer<T> for DynamicsRecorder {
    fn presented(&mut self, presentation: &Presentation<'_, T>) {
        if self.error.is_some() {
            return;
        }
        let single = self.n_classes == 2 && presentation.outputs.len() == presentation.indices.len();
        let pairs: Vec<T>;
        let logits = if single {
            pairs = presentation.outputs.iter().flat_map(|&output| [T::of_f64(0.0), output]).collect();
            &pairs
        } else {
            presentation.outputs
        };
        let observations = Observations {
            epoch: presentation.epoch.index,
            indices: presentation.indices,
            labels: presentation.labels,
            outputs: Outputs::Logits(logits),
        };
        self.error = self.record(&observations).err().map(|error| error.to_string());
    }
}
