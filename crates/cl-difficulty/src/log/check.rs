use cl_data::{DataError, exponential::exp, io::malformed};

use super::source::{Chunk, Contents, OutputKind, Values};

/// How far probabilities may be from summing to one, as the recorder has it: more than half precision loses.
const SUM_TOLERANCE: f64 = 1e-3;

/// Refuses logits that are not finite and rows that are no probabilities, naming file, epoch and example.
pub(super) fn check(contents: &Contents, chunk: &Chunk<'_>) -> Result<(), DataError> {
    match chunk.values {
        Values::F32(values) => check_rows(contents, chunk, values),
        Values::F64(values) => check_rows(contents, chunk, values),
    }
}

fn check_rows<T: Copy + Into<f64>>(contents: &Contents, chunk: &Chunk<'_>, values: &[T]) -> Result<(), DataError> {
    let wrong = |row: usize, problem: String| {
        let (epoch, example) = (contents.epochs[chunk.position], contents.id(chunk.examples[row]));
        Err(malformed(chunk.file, format!("epoch {epoch}, example {example}"), problem))
    };
    for (row, values) in values.chunks_exact(contents.n_classes).enumerate() {
        match contents.outputs {
            OutputKind::Logits => {
                // Without a branch per value: this is done to every number that is read.
                if values.iter().fold(true, |finite, &value| finite & value.into().is_finite()) {
                    continue;
                }
                if let Some(class) = values.iter().position(|&value| !value.into().is_finite()) {
                    let value: f64 = values[class].into();
                    return wrong(row, format!("logit of class {class} is {value}, expected a finite number"));
                }
            }
            OutputKind::Probabilities => {
                if let Some(class) = values.iter().position(|&p| !(0.0..=1.0 + SUM_TOLERANCE).contains(&p.into()))
                {
                    let value: f64 = values[class].into();
                    return wrong(row, format!("probability of class {class} is {value}, expected 0 to 1"));
                }
                let sum: f64 = values.iter().map(|&p| p.into()).sum();
                if (sum - 1.0).abs() > SUM_TOLERANCE {
                    return wrong(row, format!("the probabilities sum to {sum}, expected 1"));
                }
            }
            OutputKind::LogProbabilities => {
                if let Some(class) =
                    values.iter().position(|&value| !(f64::NEG_INFINITY..=0.0).contains(&value.into()))
                {
                    let value: f64 = values[class].into();
                    return wrong(row, format!("log-probability of class {class} is {value}, expected at most 0"));
                }
                let sum: f64 = values.iter().map(|&value| exp::<f64>(value.into())).sum();
                if (sum - 1.0).abs() > SUM_TOLERANCE {
                    return wrong(row, format!("the probabilities sum to {sum}, expected 1"));
                }
            }
            // One number per example: the recorder's to check.
            OutputKind::Losses | OutputKind::Correct => {}
        }
    }
    Ok(())
}

/// What the numbers of these rows must be: probabilities, logits (`None` where it cannot be told).
pub(super) fn kind_of_content<T: Copy + Into<f64>>(values: &[T], n_classes: usize) -> Option<OutputKind> {
    let within = |p: &T| (0.0..=1.0 + SUM_TOLERANCE).contains(&(*p).into());
    if !values.iter().all(within) {
        return Some(OutputKind::Logits);
    }
    let sums_to_one = |row: &[T]| (row.iter().map(|&p| p.into()).sum::<f64>() - 1.0).abs() <= SUM_TOLERANCE;
    values.chunks_exact(n_classes.max(1)).all(sums_to_one).then_some(OutputKind::Probabilities)
}
