use super::{
    noise::{LEAST_AVOIDED, Noise},
    outliers::Outliers,
    sentence::{CannotSay, Sentence},
};
use crate::problem::{Problem, Task};

/// Why pruning and orders say nothing of these data: models learn nothing from them. None where they do.
///
/// ```text
/// classes    the share of the errors of guessing the largest class that models avoid is below 1/10, and so is what
///            balanced accuracy is ahead of guessing, (balanced accuracy - 1/C) / (1 - 1/C)
/// numbers    r2 is below 1/10
/// ```
///
/// Both by predictions of models that have not seen the example; of shares of classes the lower end of a 95 % interval counts.
pub(super) fn nothing_learned(
    problem: &Problem,
    probabilities: &[f64],
    noise: &Noise,
    outliers: Option<&Outliers>,
) -> Option<CannotSay> {
    let needed = Sentence::new("features that tell what is predicted, or more examples");
    match problem.task() {
        Task::Classification => {
            let rests_on = noise.rests_on?;
            if noise.cannot_say.is_none() || balanced_ahead(problem, probabilities) >= LEAST_AVOIDED {
                return None;
            }
            let why = Sentence::new("models learn hardly more than the largest class: they predict ")
                .percent("/noise/rests_on/accuracy", rests_on.accuracy)
                .words(" of the labels they have not seen, guessing ")
                .percent("/noise/rests_on/guessing", rests_on.guessing);
            Some(CannotSay::new(why, needed))
        }
        Task::Regression => {
            let r2 = outliers?.r2?;
            if r2 >= LEAST_AVOIDED {
                return None;
            }
            let why = Sentence::new("models explain only ")
                .percent("/outliers/r2", r2)
                .words(" of the variance of what they have not seen");
            Some(CannotSay::new(why, needed))
        }
    }
}

/// How far balanced accuracy is ahead of guessing, by the lower end of its interval.
fn balanced_ahead(problem: &Problem, probabilities: &[f64]) -> f64 {
    let data = problem.data();
    let c = data.n_classes();
    let counts = data.class_counts();
    let mut right = vec![0usize; c];
    for (p, &label) in probabilities.chunks_exact(c).zip(data.labels()) {
        let likeliest = (0..c).fold(0, |best, class| if p[class] > p[best] { class } else { best });
        right[label] += usize::from(likeliest == label);
    }
    let present = counts.iter().filter(|&&count| count > 0).count() as f64;
    let shares = right.iter().zip(&counts).filter(|(_, count)| **count > 0).map(|(&right, &count)| {
        // Agresti and Coull's share, so that a class without an error has some variance, too.
        let n = count as f64 + 4.0;
        let share = (right as f64 + 2.0) / n;
        (right as f64 / count as f64, share * (1.0 - share) / n)
    });
    let (sum, variance) = shares.fold((0.0, 0.0), |(sum, variance), (share, of)| (sum + share, variance + of));
    let (balanced, error) = (sum / present, variance.sqrt() / present);
    (balanced - 1.96 * error - 1.0 / present) / (1.0 - 1.0 / present)
}
