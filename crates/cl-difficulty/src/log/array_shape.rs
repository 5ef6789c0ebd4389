use std::path::Path;

use cl_data::{DataError, io::malformed};

use super::options::Axes;
use super::screen::kind_of_content;
use super::source::OutputKind;

/// What the axes of an array of outputs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ArrayShape {
    pub(super) n_epochs: usize,
    /// Rows per epoch, an example each.
    pub(super) n_rows: usize,
    /// Numbers per row.
    pub(super) row_len: usize,
    scalar: bool,
}

impl ArrayShape {
    /// (epochs, examples, classes); with one number per example the last axis may lack; two axes are those that fit the
    /// number of labels. `sample` are the first numbers.
    pub(super) fn of(
        path: &Path,
        shape: &[usize],
        outputs: Option<OutputKind>,
        n_labels: Option<usize>,
        told: Option<Axes>,
        sample: &[f64],
    ) -> Result<Self, DataError> {
        let scalar = outputs.is_some_and(OutputKind::is_scalar);
        let of = |n_epochs, n_rows, row_len| Ok(Self { n_epochs, n_rows, row_len, scalar });
        let wrong = |problem: String| Err(malformed(path, "", problem));
        match *shape {
            [n_epochs, n, c] if !scalar || c == 1 => of(n_epochs, n, c),
            [n] => of(1, n, 1),
            [n_epochs, n] if scalar => of(n_epochs, n, 1),
            [a, b] => {
                let epochs_examples = match told {
                    Some(axes) => axes == Axes::EpochsExamples,
                    None if b == 1 => false,
                    None => match (n_labels == Some(a), n_labels == Some(b)) {
                        (true, false) => false,
                        (false, true) => true,
                        // Rows that are probabilities of classes tell; else nothing does.
                        (true, true) if kind_of_content(sample, b) == Some(OutputKind::Probabilities) => false,
                        (true, true) => {
                            let problem = format!(
                                "shape {shape:?} with {a} labels is one epoch of {b} classes or {a} epochs of one number per example, expected option `axes` to tell"
                            );
                            return wrong(problem);
                        }
                        (false, false) => false,
                    },
                };
                if epochs_examples { of(a, b, 1) } else { of(1, a, b) }
            }
            _ if scalar => wrong(format!("outputs of shape {shape:?}, expected (epochs, examples)")),
            _ => wrong(format!("outputs of shape {shape:?}, expected (epochs, examples, classes)")),
        }
    }

    /// Whether there is one number per example where two classes are meant.
    pub(super) fn single(&self) -> bool {
        self.row_len == 1 && !self.scalar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(
        shape: &[usize],
        outputs: Option<OutputKind>,
        n_labels: usize,
        sample: &[f64],
    ) -> Result<(usize, usize, usize), String> {
        let found = ArrayShape::of(Path::new("a.npy"), shape, outputs, Some(n_labels), None, sample);
        found.map(|shape| (shape.n_epochs, shape.n_rows, shape.row_len)).map_err(|error| error.to_string())
    }

    #[test]
    fn labels_tell_what_two_axes_are() {
        assert_eq!(shape(&[4, 50, 3], None, 50, &[]), Ok((4, 50, 3)));
        assert_eq!(shape(&[50, 3], None, 50, &[]), Ok((1, 50, 3)));
        assert_eq!(shape(&[4, 50], None, 50, &[]), Ok((4, 50, 1)));
        assert_eq!(shape(&[50, 1], None, 50, &[]), Ok((1, 50, 1)));
        assert_eq!(shape(&[2, 2], None, 2, &[0.5, 0.5, 0.1, 0.9]), Ok((1, 2, 2)));
        assert!(shape(&[2, 2], None, 2, &[0.5, 0.4, 0.1, 0.9]).unwrap_err().contains("`axes`"));
        assert_eq!(shape(&[2, 2], Some(OutputKind::Losses), 2, &[]), Ok((2, 2, 1)));
        assert!(shape(&[2, 2, 2], Some(OutputKind::Losses), 2, &[]).is_err());
    }
}
