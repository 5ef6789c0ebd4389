use crate::softmax::SoftmaxRegression;

/// Linear regression: outputs W x + b, one per target, trained with [`Squared`](crate::Squared).
///
/// What is a regression and what a classifier is the loss's choice, not the model's: this is the model that
/// [`SoftmaxRegression`] is with cross-entropy.
///
/// ```
/// use cl_model::{LinearRegression, Loss, Model, Squared};
///
/// let model = LinearRegression::<f64>::zeros(3, 1); // three features, one target
/// assert_eq!(model.parameters().len(), 4);
/// assert!(Loss::<f64>::check(&Squared, model.n_outputs(), 1, 1).is_ok());
/// ```
pub type LinearRegression<T> = SoftmaxRegression<T>;

/// The linear support vector machine: outputs W x + b, trained with [`Hinge`](crate::Hinge) for two classes (one
/// output), [`MultiMargin`](crate::MultiMargin) or [`CrammerSinger`](crate::CrammerSinger) for more, and with
/// weight decay, which is its margin term.
///
/// ```
/// use cl_model::{Hinge, LinearSvm, Loss, Model};
///
/// let model = LinearSvm::<f64>::zeros(2, 1);
/// assert!(Loss::<f64>::check(&Hinge, model.n_outputs(), 2, 0).is_ok());
/// ```
pub type LinearSvm<T> = SoftmaxRegression<T>;
