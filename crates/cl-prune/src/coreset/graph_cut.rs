use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::objective::SubmodularObjective;
use super::similarity::Similarities;
use crate::PruneError;

/// Where graph cut's trade-off stands: systems share the name and differ in what they weigh.
///
/// ```text
/// conventional   gain(j) = lambda sum_i s_ij - s_jj - 2 sum_{k in S} s_jk           (apricot)
/// diversity      gain(j) = sum_i s_ij - lambda (s_jj + 2 sum_{k in S} s_jk)         (submodlib)
/// no-self        gain(j) = lambda sum_i s_ij - 2 sum_{k in S} s_jk                  (DeepCore)
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GraphCutForm {
    /// Lambda weighs how well all are represented.
    #[default]
    Conventional,
    /// Lambda weighs the redundancy.
    Diversity,
    /// Lambda weighs how well all are represented; an example's similarity to itself is left out.
    NoSelf,
}

impl FromStr for GraphCutForm {
    type Err = PruneError;

    fn from_str(name: &str) -> Result<Self, PruneError> {
        match name {
            "conventional" => Ok(Self::Conventional),
            "diversity" => Ok(Self::Diversity),
            "no-self" => Ok(Self::NoSelf),
            _ => Err(PruneError::argument("form", format!("`{name}`"), "conventional, diversity or no-self")),
        }
    }
}

/// Graph cut: similar to all examples, dissimilar among each other.
///
/// ```text
/// f(S)    = lambda sum_i sum_{j in S} s_ij - sum_{j, k in S} s_jk
/// gain(j) = lambda sum_i s_ij - s_jj - 2 sum_{k in S} s_jk
/// ```
///
/// Submodular for symmetric similarities; monotone where lambda is at least 2, else gains may become negative. O(n^2 d)
/// once for the sums, then O(n d) per pick; O(n d) memory.
///
/// Source: Iyer and Bilmes (2013), Submodular optimization with submodular cover and submodular knapsack constraints.
///
/// ```
/// use cl_prune::coreset::{Features, GraphCut, GraphCutForm, Greedy, Similarities, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let similarities = Similarities::new(&features, Similarity::MaxDistance)?;
/// let mut objective = GraphCut::new(similarities, 1.0, GraphCutForm::Conventional)?;
/// assert_eq!(Greedy::default().select(&mut objective, 2)?.order, [2, 3]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct GraphCut {
    similarities: Similarities,
    gains: Vec<f64>,
    /// What a chosen example's similarity takes from a gain.
    redundancy: f64,
}

impl GraphCut {
    /// Graph cut with this trade-off, nothing chosen. O(n^2 d).
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `lambda` is negative or not finite.
    pub fn new(similarities: Similarities, lambda: f64, form: GraphCutForm) -> Result<Self, PruneError> {
        if !(lambda >= 0.0 && lambda.is_finite()) {
            return Err(PruneError::argument("lambda", lambda, "a finite number of at least 0"));
        }
        let mut gains = similarities.sums();
        let own = similarities.of_each_to_itself();
        for (gain, own) in gains.iter_mut().zip(own) {
            *gain = match form {
                GraphCutForm::Conventional => lambda * *gain - own,
                GraphCutForm::Diversity => *gain - lambda * own,
                GraphCutForm::NoSelf => lambda * *gain,
            };
        }
        let redundancy = if form == GraphCutForm::Diversity { 2.0 * lambda } else { 2.0 };
        Ok(Self { similarities, gains, redundancy })
    }
}

impl SubmodularObjective for GraphCut {
    fn n_elements(&self) -> usize {
        self.gains.len()
    }

    fn gain(&mut self, element: usize) -> f64 {
        self.gains[element]
    }

    fn add(&mut self, element: usize) {
        let column = self.similarities.column(element);
        let redundancy = self.redundancy;
        self.gains.iter_mut().zip(&column).for_each(|(gain, similarity)| *gain -= redundancy * similarity);
    }
}
