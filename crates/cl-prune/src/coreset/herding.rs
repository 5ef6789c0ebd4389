use std::sync::Arc;

use cl_data::Scalar;

use super::{
    entry::{Entry, Method},
    features::Features,
    greedy::check_left,
    kernel::{Panels, ROWS, Visitor, products},
    objective::Coreset,
    request::{Request, Size},
};
use crate::error::PruneError;

/// Herding: examples whose mean stays as close as possible to the mean of all.
///
/// ```text
/// next = argmin_x || (t + 1) mu - sum_{y in S} y - x ||,   t = |S|, the lowest index of equals
/// ```
///
/// Each example once. A gain is minus the distance of the chosen set's mean to mu, so that it rises as the set gets
/// closer. Nested. O(n k d), O(n d) memory. A published implementation takes the argmax, which chooses the
/// farthest examples.
///
/// Source: Welling (2009), Herding dynamical weights to learn; Chen, Welling and Smola (2010), Super-samples from kernel
/// herding.
///
/// ```
/// use cl_prune::coreset::{Features, Herding};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 5.0, 7.0], 1)?; // mean 3
/// assert_eq!(Herding.select(&features, 2)?.order, [2, 3]); // 2, then the one nearest to 6 - 2
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Herding;

pub(super) static ENTRY: Entry = Entry::new(
    "herding",
    "what keeps the mean of the chosen at the mean of all",
    "minus the distance of the two means",
    &[],
    |_| Ok(Arc::new(Herding)),
);

impl Method for Herding {
    fn choose<T: Scalar>(&self, features: &Features<'_, T>, request: &Request<'_>) -> Result<Coreset, PruneError> {
        Herding::extend(features, request.before, request.count)
    }

    fn bytes(&self, size: &Size) -> f64 {
        size.panels() + 16.0 * size.n
    }
}

impl Herding {
    /// The first `count` examples.
    ///
    /// # Errors
    /// [`PruneError::Count`] where there are fewer.
    pub fn select<T: Scalar>(&self, features: &Features<'_, T>, count: usize) -> Result<Coreset, PruneError> {
        Self::extend(features, &[], count)
    }

    /// The `count` examples that follow upon those `chosen` before, which with these keep the mean.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where one of those is no example or occurs twice; [`PruneError::Count`] where fewer
    /// are left.
    pub fn extend<T: Scalar>(
        features: &Features<'_, T>,
        chosen: &[usize],
        count: usize,
    ) -> Result<Coreset, PruneError> {
        let (n_examples, d) = (features.n_examples(), features.n_features());
        check_left(chosen, n_examples, count)?;
        // About the mean, which makes the target minus the sum of what was chosen.
        let mean = features.mean();
        let panels = Panels::new(n_examples, d, |example, values| {
            for ((value, own), mean) in values.iter_mut().zip(features.example(example)).zip(&mean) {
                *value = own.as_f64() - mean;
            }
        });
        let mut half_norms = panels.squared_norms();
        half_norms.iter_mut().for_each(|norm| *norm /= 2.0);
        // Rows that are no examples are never nearest.
        half_norms[n_examples..].fill(f64::INFINITY);
        let mut target = vec![0.0; d];
        for &example in chosen {
            half_norms[example] = f64::INFINITY;
            target.iter_mut().zip(panels.gather(&[example])).for_each(|(target, value)| *target -= value);
        }
        let mut coreset = Coreset::with_capacity(count);
        for _ in 0..count {
            // |w - x|^2 / 2 less |w|^2 / 2, which is the same for all.
            let mut nearest = Nearest { half_norms: &half_norms, least: [f64::INFINITY; ROWS], panel: [0; ROWS] };
            products(&panels, 0..panels.n_panels(), &target, 1, &mut nearest);
            let next = nearest.example();
            half_norms[next] = f64::INFINITY;
            let own = panels.gather(&[next]);
            target.iter_mut().zip(&own).for_each(|(target, value)| *target -= value);
            let norm = target.iter().map(|value| value * value).sum::<f64>().sqrt();
            coreset.push(next, -norm / (chosen.len() + coreset.order.len() + 1) as f64);
        }
        Ok(coreset)
    }
}

/// By row of the panels, the least distance and the first panel that has it.
struct Nearest<'a> {
    half_norms: &'a [f64],
    least: [f64; ROWS],
    panel: [u32; ROWS],
}

impl Nearest<'_> {
    fn example(&self) -> usize {
        let rows = self.least.iter().zip(&self.panel).enumerate();
        let examples = rows.map(|(row, (&least, &panel))| (least, panel as usize * ROWS + row));
        examples.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map_or(0, |(_, example)| example)
    }
}

impl Visitor for Nearest<'_> {
    #[inline(always)]
    fn visit(&mut self, panel: usize, _: usize, products: &[f64; ROWS]) {
        let norms = &self.half_norms.as_chunks::<ROWS>().0[panel];
        for (row, (norm, product)) in norms.iter().zip(products).enumerate() {
            let distance = norm - product;
            if distance < self.least[row] {
                (self.least[row], self.panel[row]) = (distance, panel as u32);
            }
        }
    }
}
