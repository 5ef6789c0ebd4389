use cl_data::Scalar;

/// A batch of inputs: d x b features, one example per column.
#[derive(Debug, Clone, Copy)]
pub struct Examples<'a, T> {
    features: &'a [T],
    n_features: usize,
}

impl<'a, T: Scalar> Examples<'a, T> {
    /// A batch over `features`, whose length must be a multiple of `n_features`; anything beyond is left out.
    pub fn new(features: &'a [T], n_features: usize) -> Self {
        let whole = features.len() - features.len() % n_features.max(1);
        Self { features: &features[..whole], n_features }
    }

    /// Number of examples, b.
    pub fn len(&self) -> usize {
        self.features.len() / self.n_features.max(1)
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// Number of features, d.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// All features, column by column.
    pub fn as_slice(&self) -> &'a [T] {
        self.features
    }

    /// The features of each example.
    pub fn iter(&self) -> impl Iterator<Item = &'a [T]> + use<'a, T> {
        self.features.chunks_exact(self.n_features.max(1))
    }
}

/// Whether a forward pass trains or evaluates: dropout acts in training alone, and batch normalisation by the batch's own
/// statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Every unit takes part, and every example is on its own.
    Evaluation,
    /// Units drop out, which ones being a pure function of the model's seed and this step: a resumed run drops
    /// what the uninterrupted one would have.
    Training {
        /// The update, counted from 0.
        step: u64,
        /// Where in the batch of that update the given examples begin, if they are a part of it.
        first: usize,
    },
}

/// What learns: a function from features (d x b) to outputs (c x b) with parameters in one flat slice.
///
/// A forward pass leaves in the workspace what the backward pass needs; the backward pass turns the gradient of
/// a loss with respect to the outputs into the gradient with respect to the parameters. The model knows no
/// loss. Implement the trait to train a model of your own with everything in this workspace.
///
/// A workspace is made once for a largest batch size and serves any batch up to it; passes allocate nothing.
pub trait Model<T: Scalar>: Clone + Send + Sync {
    /// Scratch memory of the passes.
    type Workspace: Send;

    /// Number of features of an input, d.
    fn n_features(&self) -> usize;

    /// Number of outputs, c: one per class, or one alone where it is the logit of class 1.
    fn n_outputs(&self) -> usize;

    /// All parameters.
    fn parameters(&self) -> &[T];

    /// All parameters, to be changed by an optimiser or read back from a checkpoint.
    fn parameters_mut(&mut self) -> &mut [T];

    /// Scratch memory for batches of up to `batch_size` examples.
    fn workspace(&self, batch_size: usize) -> Self::Workspace;

    /// Writes the outputs, c x b, into `outputs`.
    fn forward(&self, examples: Examples<'_, T>, mode: Mode, workspace: &mut Self::Workspace, outputs: &mut [T]);

    /// Writes the gradient of `sum_i <deltas_i, outputs_i>` with respect to the parameters into `gradient`,
    /// for the batch of the last forward pass; `deltas` is c x b.
    fn backward(
        &self,
        examples: Examples<'_, T>,
        deltas: &[T],
        workspace: &mut Self::Workspace,
        gradient: &mut [T],
    );

    /// Writes the norm of each example's own gradient, `|| d <deltas_i, outputs_i> / d parameters ||_2`, into
    /// `norms`, for the batch of the last forward pass.
    ///
    /// This default takes a backward pass per example. For a dense layer the norm is known without the gradient,
    /// |delta|^2 (|input|^2 + 1) with its bias, and every model of this crate uses that.
    fn gradient_norms(
        &self,
        examples: Examples<'_, T>,
        deltas: &[T],
        workspace: &mut Self::Workspace,
        norms: &mut [f64],
    ) {
        let mut gradient = vec![T::zero(); self.parameters().len()];
        let mut outputs = vec![T::zero(); self.n_outputs()];
        let columns = examples.iter().zip(deltas.chunks_exact(self.n_outputs().max(1)));
        for (norm, (x, delta)) in norms.iter_mut().zip(columns) {
            let example = Examples::new(x, examples.n_features());
            self.forward(example, Mode::Evaluation, workspace, &mut outputs);
            self.backward(example, delta, workspace, &mut gradient);
            *norm = gradient.iter().map(|g| g.as_f64() * g.as_f64()).sum::<f64>().sqrt();
        }
    }

    /// Whether, in training, the outputs for an example depend on the others of its batch, as batch normalisation makes
    /// them. A batch of such a model is never split; what can be done on several threads is the model's to split.
    fn couples_examples(&self) -> bool {
        false
    }

    /// What training changes beside the parameters and no optimiser may: the running statistics of batch
    /// normalisation. Saved and restored with the parameters.
    fn statistics(&self) -> &[T] {
        &[]
    }

    /// The same, to be read back from a checkpoint.
    fn statistics_mut(&mut self) -> &mut [T] {
        &mut []
    }

    /// Lets the statistics follow the batch of the last forward pass, which was one of training: once an update.
    fn update_statistics(&mut self, workspace: &Self::Workspace) {
        let _ = workspace;
    }

    /// Number of features that the last layer sees, h: the inputs themselves for a linear model.
    fn n_last_features(&self) -> usize {
        self.n_features()
    }

    /// The features that the last layer saw in the last forward pass, h x b.
    fn last_features<'a>(&self, examples: Examples<'a, T>, workspace: &'a Self::Workspace) -> &'a [T] {
        let _ = workspace;
        examples.as_slice()
    }
}

/// All that training changes: the parameters, then the statistics.
pub(crate) fn learned<T: Scalar>(model: &impl Model<T>) -> Vec<T> {
    [model.parameters(), model.statistics()].concat()
}

/// Gives a model back what [`learned`] was told of it; as many numbers, which the caller has checked.
pub(crate) fn restore_learned<T: Scalar>(model: &mut impl Model<T>, learned: &[T]) {
    let (parameters, statistics) = learned.split_at(model.parameters().len());
    model.parameters_mut().copy_from_slice(parameters);
    model.statistics_mut().copy_from_slice(statistics);
}

/// Adds |delta_i|^2 (|input_i|^2 + 1), the squared norm of the gradient of a dense layer with bias, to each of
/// `squares`.
pub(crate) fn add_dense_gradient_squares<T: Scalar>(inputs: &[T], deltas: &[T], squares: &mut [f64]) {
    let (n_inputs, n_outputs) = (inputs.len() / squares.len().max(1), deltas.len() / squares.len().max(1));
    if n_inputs == 0 || n_outputs == 0 {
        return;
    }
    let columns = inputs.chunks_exact(n_inputs).zip(deltas.chunks_exact(n_outputs));
    for (square, (input, delta)) in squares.iter_mut().zip(columns) {
        *square += crate::sums::dot(delta, delta).as_f64() * (crate::sums::dot(input, input).as_f64() + 1.0);
    }
}
