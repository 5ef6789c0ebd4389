use cl_data::{Epoch, Scalar};

/// Examples as they are shown to the learner: its outputs and losses from the training forward pass, before
/// the update that they cause.
#[derive(Debug, Clone, Copy)]
pub struct Presentation<'a, T> {
    /// The update, counted from 0.
    pub step: u64,
    /// Where the step stands in its epoch.
    pub epoch: Epoch,
    /// The examples shown, by index into the data.
    pub indices: &'a [usize],
    /// Their labels.
    pub labels: &'a [usize],
    /// The model's outputs, c per example.
    pub outputs: &'a [T],
    /// The loss of each, unweighted.
    pub losses: &'a [f64],
}

/// What an epoch came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochEnd {
    /// The epoch, counted from 0.
    pub epoch: u64,
    /// Updates made so far.
    pub n_updates: u64,
    /// Examples presented so far, each presentation counted.
    pub n_presented: u64,
    /// Mean loss over the epoch's presentations, each before its update; NaN where it had none.
    pub mean_loss: f64,
}

/// How the model did on the held-out data at the end of an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Validated {
    /// The epoch, counted from 0.
    pub epoch: u64,
    /// Updates made so far.
    pub n_updates: u64,
    /// Mean loss over the held-out data.
    pub mean_loss: f64,
    /// Accuracy on the held-out data.
    pub accuracy: f64,
    /// Whether it is the best so far.
    pub is_best: bool,
}

/// Someone who watches a training run: recorders of training dynamics, histories, progress bars.
pub trait Observer<T: Scalar> {
    /// A batch was shown.
    fn presented(&mut self, presentation: &Presentation<'_, T>) {
        let _ = presentation;
    }

    /// An epoch of the sampler ended (or the budget, within one).
    fn epoch_ended(&mut self, end: &EpochEnd) {
        let _ = end;
    }

    /// The model was evaluated on the held-out data, after the epoch's end was told.
    fn validated(&mut self, validated: &Validated) {
        let _ = validated;
    }
}
