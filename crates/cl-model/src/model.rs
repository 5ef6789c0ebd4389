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
    fn forward(&self, examples: Examples<'_, T>, workspace: &mut Self::Workspace, outputs: &mut [T]);

    /// Writes the gradient of `sum_i <deltas_i, outputs_i>` with respect to the parameters into `gradient`,
    /// for the batch of the last forward pass; `deltas` is c x b.
    fn backward(
        &self,
        examples: Examples<'_, T>,
        deltas: &[T],
        workspace: &mut Self::Workspace,
        gradient: &mut [T],
    );
}
