use cl_data::random::stream;
use serde::Serialize;

use super::cells::sample;
use crate::error::PruneError;

/// The examples that are to be represented: a random sample of M of all n, without replacement.
///
/// ```text
/// f(S) = sum over all i of max_{j in S} s_ij          estimated by n / M times the sum over the sample
/// ```
///
/// By Hoeffding's inequality, which holds without replacement, too, the mean over the sample of a set S that does not
/// depend on it is within t of the mean over all with probability 1 - delta, and that of every set of k examples at once,
/// the one that greedy chooses among them, within t_k:
///
/// ```text
/// t   = max s sqrt(ln(2 / delta) / 2 M)
/// t_k = max s sqrt((ln(2 / delta) + ln (n over k)) / 2 M)
/// ```
///
/// Source: Hoeffding (1963), Probability inequalities for sums of bounded random variables, section 6; Wei, Iyer and
/// Bilmes (2014), Fast multi-stage submodular maximization.
///
/// ```
/// use cl_prune::coreset::ClientSample;
///
/// let sample = ClientSample::new(1000, 200, 0)?;
/// assert_eq!(sample.clients.len(), 200);
/// // sqrt(ln 40 / 400) of the largest similarity, for 95 %.
/// assert!((sample.bound(0.05)? - 0.0960).abs() < 1e-4);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientSample {
    /// The examples of the sample, ascending.
    pub clients: Vec<u32>,
    /// The number of all.
    pub n_examples: usize,
}

impl ClientSample {
    /// `size` of `n_examples`, drawn from the seed.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `size` is 0 or above `n_examples`, or these are 2^32.
    pub fn new(n_examples: usize, size: usize, seed: u64) -> Result<Self, PruneError> {
        if size == 0 || size > n_examples || u32::try_from(n_examples).is_err() {
            let expected = format!("at least 1 and at most the number of examples, {n_examples}");
            return Err(PruneError::argument("clients", size, expected));
        }
        let mut clients = sample(&mut stream(seed, "clients", 0), n_examples, size);
        clients.sort_unstable();
        Ok(Self { clients, n_examples })
    }

    /// How far the sample's mean is from that of all, as a share of the largest similarity, with probability 1 - `delta` at
    /// most: for a set that does not depend on the sample.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where `delta` is outside of (0, 1).
    pub fn bound(&self, delta: f64) -> Result<f64, PruneError> {
        self.bound_of(delta, 0)
    }

    /// The same for all sets of `count` examples at once.
    ///
    /// # Errors
    /// As [`bound`](Self::bound).
    pub fn bound_of(&self, delta: f64, count: usize) -> Result<f64, PruneError> {
        if !(delta > 0.0 && delta < 1.0) {
            return Err(PruneError::argument("delta", delta, "a number in (0, 1)"));
        }
        if self.clients.len() == self.n_examples {
            return Ok(0.0);
        }
        let count = count.min(self.n_examples);
        let n_sets: f64 = (0..count).map(|at| ((self.n_examples - at) as f64 / (count - at) as f64).ln()).sum();
        Ok((((2.0 / delta).ln() + n_sets) / (2.0 * self.clients.len() as f64)).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_one_and_its_bound_is_hoeffdings() {
        let sample = ClientSample::new(50, 20, 3).unwrap();
        assert!(sample.clients.is_sorted() && sample.clients.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!((sample.clients.len(), sample.clients.last().map(|&last| last < 50)), (20, Some(true)));
        assert_ne!(sample, ClientSample::new(50, 20, 4).unwrap());
        // Of all pairs: 50 x 49 / 2.
        let by_hand = ((2.0f64 / 0.1).ln() + 1225.0f64.ln()) / 40.0;
        assert!((sample.bound_of(0.1, 2).unwrap() - by_hand.sqrt()).abs() < 1e-12);
        assert_eq!(ClientSample::new(50, 50, 3).unwrap().bound(0.1).unwrap(), 0.0);
        assert!(ClientSample::new(50, 51, 3).is_err() && ClientSample::new(50, 0, 3).is_err());
        assert!(sample.bound(1.0).is_err());
    }
}
