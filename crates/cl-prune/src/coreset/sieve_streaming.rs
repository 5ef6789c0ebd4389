use super::{
    greedy::check_elements,
    objective::{Coreset, SubmodularObjective},
};
use crate::error::PruneError;

/// Sieve streaming: one pass over the elements, each kept or let go for good when it comes.
///
/// ```text
/// for every guess v = (1 + epsilon)^i of the best value, with m <= v <= 2 k m, m the largest gain of one element so far:
///     add e to S_v where |S_v| < k and gain_v(e) >= (v / 2 - f(S_v)) / (k - |S_v|)
/// the best of all S_v
/// ```
///
/// At least (1/2 - epsilon) of the best value for monotone objectives, in one pass and with O(k ln(k) / epsilon) elements
/// kept; fewer than k may be chosen. Each of the O(ln(k) / epsilon) guesses holds a copy of the objective. The order is
/// the stream's; not nested.
///
/// Source: Badanidiyuru, Mirzasoleiman, Karbasi and Krause (2014), Streaming submodular maximization: massive data
/// summarization on the fly.
///
/// ```
/// use cl_prune::coreset::{FacilityLocation, Features, SieveStreaming, Similarities, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 9.0, 10.0], 1)?;
/// let objective = FacilityLocation::new(Similarities::new(&features, Similarity::MaxDistance)?);
/// let coreset = SieveStreaming::new(0.1)?.select(&objective, &[0, 1, 2, 3, 4], 2)?;
/// assert_eq!(coreset.order, [0, 3]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SieveStreaming {
    epsilon: f64,
}

/// A guess of the best value and what was chosen for it.
struct Sieve<O> {
    exponent: i32,
    objective: O,
    chosen: Coreset,
    value: f64,
}

/// Each holds a copy of the objective.
const MOST_GUESSES: usize = 1 << 20;

impl SieveStreaming {
    /// With guesses a factor 1 + `epsilon` apart.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where it is outside of (0, 1/2).
    pub fn new(epsilon: f64) -> Result<Self, PruneError> {
        if !(epsilon > 0.0 && epsilon < 0.5) {
            return Err(PruneError::argument("epsilon", epsilon, "a number in (0, 1/2)"));
        }
        Ok(Self { epsilon })
    }

    /// The most guesses, and copies of the objective, that are held at a time: those of 1 to 2 k times the largest gain.
    pub fn n_guesses(&self, count: usize) -> usize {
        // A float becomes the nearest integer there is.
        (((2.0 * count.max(1) as f64).ln() / self.epsilon.ln_1p()) as usize).saturating_add(1)
    }

    /// Up to `count` of the elements of `stream`, in its order. `objective` holds nothing yet and stays so.
    ///
    /// # Errors
    /// [`PruneError::Count`] where there are fewer elements; [`PruneError::InvalidArgument`] where one does not exist or occurs
    /// twice, or epsilon is so small that there would be more than 2^20 guesses.
    pub fn select<O: SubmodularObjective + Clone>(
        &self,
        objective: &O,
        stream: &[usize],
        count: usize,
    ) -> Result<Coreset, PruneError> {
        check_elements(stream, objective.n_elements())?;
        if count > stream.len() {
            return Err(PruneError::Count { count, n_examples: stream.len() });
        }
        let n_guesses = self.n_guesses(count);
        if n_guesses > MOST_GUESSES {
            let value = format!("{}, of {n_guesses} guesses", self.epsilon);
            return Err(PruneError::argument("epsilon", value, "a larger one, of at most 1,048,576 guesses"));
        }
        let ratio = 1.0 + self.epsilon;
        let mut alone = objective.clone();
        let mut largest = 0.0f64;
        let mut sieves: Vec<Sieve<O>> = Vec::new();
        for &element in stream {
            let gain = alone.gain(element);
            if gain > largest {
                largest = gain;
                // Guesses below the largest gain are too small now, and those up to 2 k times it are new.
                let first = (largest.ln() / ratio.ln()).ceil() as i32;
                let last = ((2.0 * count as f64 * largest).ln() / ratio.ln()).floor() as i32;
                sieves.retain(|sieve| sieve.exponent >= first);
                let next = sieves.last().map_or(first, |sieve| sieve.exponent + 1);
                sieves.extend((next..=last).map(|exponent| Sieve {
                    exponent,
                    objective: objective.clone(),
                    chosen: Coreset::default(),
                    value: 0.0,
                }));
            }
            for sieve in &mut sieves {
                let n_left = count - sieve.chosen.order.len();
                if n_left == 0 {
                    continue;
                }
                let threshold = (ratio.powi(sieve.exponent) / 2.0 - sieve.value) / n_left as f64;
                let gain = sieve.objective.gain(element);
                if gain >= threshold {
                    sieve.objective.add(element);
                    sieve.chosen.push(element, gain);
                    sieve.value += gain;
                }
            }
        }
        // The smallest guess of equals.
        let best = sieves.into_iter().reduce(|best, sieve| if sieve.value > best.value { sieve } else { best });
        Ok(best.map_or_else(Coreset::default, |sieve| sieve.chosen))
    }
}
