use std::sync::Arc;

use cl_data::Scalar;
use serde::{Deserialize, Serialize};

use super::{
    entry::{Entry, Method},
    features::Features,
    greedy::check_left,
    k_center::{self, KCenter},
    kernel::{Panels, ROWS, Visitor, products},
    objective::Coreset,
    request::{Request, Size},
    start::Start,
};
use crate::error::PruneError;

/// Disparity: examples far from each other, whatever they leave uncovered.
///
/// ```text
/// sum   f(S) = sum of the distances of all pairs in S:   next = argmax_j sum_{k in S} d_jk
/// min   f(S) = the smallest distance of a pair in S:     next = argmax_j min_{k in S} d_jk
/// ```
///
/// Euclidean distance, the lowest index of equals. Neither is submodular; for `min` greedy still reaches at least half of
/// the best value. A gain is what `next` maximises: for `sum` what the pick adds, 0 for the first; for `min` the value
/// once it is in, infinite for the first. `min` is [`KCenter`] under another name. Nested. O(n k d), O(n d) memory.
///
/// Source: Dasgupta, Kumar and Ravi (2013), Summarization through submodularity and dispersion; Ravi, Rosenkrantz and Tayi
/// (1994), Heuristic and special case algorithms for dispersion problems.
///
/// ```
/// use cl_prune::coreset::{Disparity, Features, Start};
///
/// let features = Features::new(&[0.0f32, 1.0, 5.0, 9.0, 10.0], 1)?;
/// // Far from both means near one end for the sum, and in the middle for the minimum.
/// assert_eq!(Disparity::Sum.select(&features, 3, Start::Example(0))?.order, [0, 4, 1]);
/// assert_eq!(Disparity::Min.select(&features, 3, Start::Example(0))?.order, [0, 4, 2]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disparity {
    /// The sum of distances.
    Sum,
    /// The smallest distance.
    Min,
}

pub(super) static SUM: Entry =
    Entry::new("disparity-sum", "the largest sum of distances to the chosen", "that sum", &[], |_| {
        Ok(Arc::new(Disparity::Sum))
    })
    .takes_start();

pub(super) static MIN: Entry =
    Entry::new("disparity-min", "the largest smallest distance: k-center", "that distance", &[], |_| {
        Ok(Arc::new(Disparity::Min))
    })
    .takes_start();

impl Method for Disparity {
    fn choose<T: Scalar>(&self, features: &Features<'_, T>, request: &Request<'_>) -> Result<Coreset, PruneError> {
        match (self, request.before) {
            (_, []) => self.select(features, request.count, request.start()),
            (Self::Min, chosen) => KCenter::extend(features, chosen, request.count),
            (Self::Sum, chosen) => Self::sum(features, chosen, request.count, |_| Ok(0)),
        }
    }

    fn bytes(&self, size: &Size) -> f64 {
        match self {
            Self::Sum => size.panels() + 32.0 * size.n,
            Self::Min => k_center::ByName { is_cosine: false }.bytes(size),
        }
    }
}

impl Disparity {
    /// The first `count` examples from this first one.
    ///
    /// # Errors
    /// [`PruneError::Count`] where there are fewer examples; [`PruneError::InvalidArgument`] where there is no such first one.
    pub fn select<T: Scalar>(
        self,
        features: &Features<'_, T>,
        count: usize,
        start: Start,
    ) -> Result<Coreset, PruneError> {
        if self == Self::Min {
            return KCenter::new(start).select(features, count);
        }
        Self::sum(features, &[], count, |n| start.resolve(n))
    }

    /// The largest sums of distances to those `chosen` before and since; the first of n where none is.
    fn sum<T: Scalar>(
        features: &Features<'_, T>,
        chosen: &[usize],
        count: usize,
        first: impl FnOnce(usize) -> Result<usize, PruneError>,
    ) -> Result<Coreset, PruneError> {
        let n_examples = features.n_examples();
        check_left(chosen, n_examples, count)?;
        let mut coreset = Coreset::with_capacity(count);
        if count == 0 {
            return Ok(coreset);
        }
        let origin = features.origin();
        let panels = Panels::new(n_examples, features.n_features(), |example, values| {
            for ((value, own), origin) in values.iter_mut().zip(features.example(example)).zip(&origin) {
                *value = own.as_f64() - origin;
            }
        });
        let norms = panels.squared_norms();
        let mut sums = Sums { norms: &norms, norm: 0.0, sums: vec![0.0; norms.len()] };
        // The farthest, once there are some to be far from.
        let mut meet = |example: usize| {
            // Chosen examples stay at minus infinity.
            let own = std::mem::replace(&mut sums.sums[example], f64::NEG_INFINITY);
            sums.norm = norms[example];
            products(&panels, 0..panels.n_panels(), &panels.gather(&[example]), 1, &mut sums);
            let all = &sums.sums[..n_examples];
            let next = (0..n_examples).fold(0, |best, other| if all[other] > all[best] { other } else { best });
            (own, next)
        };
        let mut next = None;
        for &example in chosen {
            next = Some(meet(example).1);
        }
        let mut next = next.map_or_else(|| first(n_examples), Ok)?;
        while coreset.order.len() < count {
            let (own, farthest) = meet(next);
            coreset.push(next, own);
            next = farthest;
        }
        Ok(coreset)
    }
}

/// The sum of distances to the chosen examples.
struct Sums<'a> {
    norms: &'a [f64],
    norm: f64,
    sums: Vec<f64>,
}

impl Visitor for Sums<'_> {
    #[inline(always)]
    fn visit(&mut self, panel: usize, _: usize, products: &[f64; ROWS]) {
        let norm = self.norm;
        let own = &self.norms.as_chunks::<ROWS>().0[panel];
        let sums = &mut self.sums.as_chunks_mut::<ROWS>().0[panel];
        for ((sum, product), own) in sums.iter_mut().zip(products).zip(own) {
            *sum += (own + norm - 2.0 * product).max(0.0).sqrt();
        }
    }
}
