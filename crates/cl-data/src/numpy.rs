//! NumPy's legacy `RandomState`, bit for bit.

use rand_mt::Mt;

use crate::{error::DataError, memory};

/// NumPy's legacy generator (MT19937 with the polar Gaussian), reproduced bit for bit, because the article's
/// data come from it. Everything else draws from [`crate::random`].
///
/// The Gaussian computes two values at a time and caches one; the cache survives calls of the other methods,
/// as in NumPy. Values were compared with NumPy 2.4.6. `randn`, `normal` and `exponential` need the platform's
/// `ln` to agree with the one NumPy was built with.
///
/// ```
/// use cl_data::numpy::RandomState;
///
/// let mut rng = RandomState::new(42);
/// assert_eq!(rng.permutation(10), [8, 1, 5, 0, 7, 2, 9, 4, 3, 6]);
/// assert_eq!(RandomState::new(42).randn(), 0.4967141530112327);
/// ```
#[derive(Debug, Clone)]
pub struct RandomState {
    words: Mt,
    cached_gaussian: Option<f64>,
}

impl RandomState {
    /// `numpy.random.RandomState(seed)`.
    pub fn new(seed: u32) -> Self {
        Self { words: Mt::new(seed), cached_gaussian: None }
    }

    /// `numpy.random.RandomState([..])`: seeding by array, which differs from seeding by integer even for an
    /// array of one.
    pub fn from_key(key: &[u32]) -> Self {
        Self { words: Mt::new_with_key(key.iter().copied()), cached_gaussian: None }
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        self.words.next_u32()
    }

    /// Uniform in [0, 1) with 53 bits: (a >> 5, b >> 6) from two words, (a 2^26 + b) / 2^53.
    pub fn random_sample(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// Uniform in [low, high).
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.random_sample()
    }

    /// Standard normal, by Marsaglia's polar method with its second value cached for the next call.
    pub fn randn(&mut self) -> f64 {
        if let Some(gaussian) = self.cached_gaussian.take() {
            return gaussian;
        }
        loop {
            let x1 = 2.0 * self.random_sample() - 1.0;
            let x2 = 2.0 * self.random_sample() - 1.0;
            let r2 = x1 * x1 + x2 * x2;
            if r2 < 1.0 && r2 != 0.0 {
                let f = (-2.0 * r2.ln() / r2).sqrt();
                self.cached_gaussian = Some(f * x1);
                return f * x2;
            }
        }
    }

    /// Normal with this mean and standard deviation.
    pub fn normal(&mut self, mean: f64, std: f64) -> f64 {
        mean + std * self.randn()
    }

    /// Exponential with this scale: -scale ln(1 - u).
    pub fn exponential(&mut self, scale: f64) -> f64 {
        scale * -(1.0 - self.random_sample()).ln()
    }

    /// Shuffles in place: i from n - 1 down to 1, swapped with a uniform j <= i.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.interval(last as u64) as usize;
            items.swap(last, other);
        }
    }

    /// A random permutation of `0..n`.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }

    /// A uniform integer in `low..high`.
    ///
    /// # Errors
    /// Where `low >= high`.
    pub fn randint(&mut self, low: i64, high: i64) -> Result<i64, DataError> {
        if low >= high {
            return Err(DataError::argument("high", high, "more than low"));
        }
        Ok(low.wrapping_add(self.interval(high.wrapping_sub(low) as u64 - 1) as i64))
    }

    /// k of `0..n` without replacement: the first k of a permutation.
    ///
    /// # Errors
    /// Where k > n.
    pub fn choice_without_replacement(&mut self, n: usize, k: usize) -> Result<Vec<usize>, DataError> {
        if k > n {
            return Err(DataError::argument("k", k, "at most n, to draw without replacement"));
        }
        memory::check::<usize>(n).map_err(|n| DataError::argument("n", n, memory::EXPECTED))?;
        let mut order = self.permutation(n);
        order.truncate(k);
        Ok(order)
    }

    /// k of `0..n` with replacement.
    ///
    /// # Errors
    /// Where n is 0 and k is not.
    pub fn choice(&mut self, n: usize, k: usize) -> Result<Vec<usize>, DataError> {
        if n == 0 && k > 0 {
            return Err(DataError::argument("n", n, "at least 1"));
        }
        memory::check::<usize>(k).map_err(|k| DataError::argument("k", k, memory::EXPECTED))?;
        Ok((0..k).map(|_| self.interval(n as u64 - 1) as usize).collect())
    }

    /// k indices with replacement, index i with probability `p[i]`: the first i at which the cumulative sum,
    /// divided by its last value, exceeds a uniform number.
    ///
    /// # Errors
    /// Where a probability is negative or not finite, or they do not sum to 1 within NumPy's 1.5e-8.
    pub fn choice_weighted(&mut self, p: &[f64], k: usize) -> Result<Vec<usize>, DataError> {
        if let Some(bad) = p.iter().find(|p| !p.is_finite() || **p < 0.0) {
            return Err(DataError::argument("p", bad, "finite probabilities of at least 0"));
        }
        let mut cumulative = p.to_vec();
        for i in 1..p.len() {
            cumulative[i] += cumulative[i - 1];
        }
        let total = cumulative.last().copied().unwrap_or(0.0);
        if (total - 1.0).abs() > f64::EPSILON.sqrt() {
            return Err(DataError::argument("p", format!("summing to {total}"), "probabilities that sum to 1"));
        }
        memory::check::<usize>(k).map_err(|k| DataError::argument("k", k, memory::EXPECTED))?;
        cumulative.iter_mut().for_each(|sum| *sum /= total);
        Ok((0..k)
            .map(|_| {
                let u = self.random_sample();
                cumulative.partition_point(|&sum| sum <= u)
            })
            .collect())
    }

    /// Uniform in `0..=max` by masked rejection; one 32-bit word a try where max fits, else two.
    fn interval(&mut self, max: u64) -> u64 {
        if max == 0 {
            return 0;
        }
        let mask = u64::MAX >> max.leading_zeros();
        loop {
            let word = if max <= u64::from(u32::MAX) {
                u64::from(self.next_u32())
            } else {
                u64::from(self.next_u32()) << 32 | u64::from(self.next_u32())
            };
            if word & mask <= max {
                return word & mask;
            }
        }
    }
}
