use cl_data::{Clusters, DataError, Dataset, random};
use rand_distr::{Distribution, StandardNormal};

use crate::error::WebError;

/// How many points each seed is tested on.
const N_TEST: usize = 1_000;

/// As many of the article's points as the article trains on, and as many of the moons as the experiment `race` does.
const N_CLUSTERS: usize = 200;
const N_MOONS: usize = 300;

/// The article's test points of a seed are those of the seed so far beyond it: no race is tested on what another
/// trains on.
const TO_TEST_SEEDS: u32 = 1_000_000;

/// More points than anybody clicks, few enough to train on at once.
const MOST_OWN: usize = 2_000;

/// A point that somebody set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnPoint {
    /// Where it lies.
    pub at: [f64; 2],
    /// Its class, 0 or 1.
    pub class: usize,
}

/// What two networks race on.
#[derive(Debug, Clone, PartialEq)]
pub enum Points {
    /// The article's two clusters, 200 points.
    Clusters {
        /// Their standard deviation in each direction; the article's is 0.8.
        std: f64,
    },
    /// Two half circles that reach into each other, 300 points.
    Moons {
        /// The standard deviation of the noise on them; that of the experiment `race` is 0.3.
        noise: f64,
    },
    /// Points that somebody set.
    Own(Vec<OwnPoint>),
}

impl Points {
    /// The training points of a seed and those that a network is tested on: fresh ones, or the training points
    /// themselves where somebody set them.
    pub(crate) fn generate(&self, seed: u32) -> Result<[Dataset<f64>; 2], WebError> {
        let expected = "below 1000000, from where on seeds are of test points";
        WebError::check("the seed", seed, seed < TO_TEST_SEEDS, expected)?;
        match self {
            &Self::Clusters { std } => {
                let clusters = Clusters { std, ..Clusters::default() };
                Ok([clusters.generate(N_CLUSTERS, seed)?, clusters.generate(N_TEST, seed + TO_TEST_SEEDS)?])
            }
            &Self::Moons { noise } => {
                let seed = u64::from(seed);
                Ok([moons(N_MOONS, noise, seed, "training moons")?, moons(N_TEST, noise, seed, "test moons")?])
            }
            Self::Own(points) => {
                let own = own(points)?;
                Ok([own.clone(), own])
            }
        }
    }
}

/// Two half circles that reach into each other, with normal noise; classes take turns.
///
/// ```text
/// class 0   (cos t - 1/2, sin t - 1/4) + noise z        class 1   (1/2 - cos t, 1/4 - sin t) + noise z
/// t ~ U(0, pi),  z ~ N(0, I_2)
/// ```
///
/// The same seed and purpose give the same points everywhere. O(n).
///
/// ```
/// let moons = cl_web::moons(10, 0.0, 1, "an example")?;
/// let [x, y] = [0, 1].map(|feature| moons.example(0)[feature]);
/// assert!(((x + 0.5).hypot(y + 0.25) - 1.0).abs() < 1e-12); // on the first half circle
/// # Ok::<(), cl_web::WebError>(())
/// ```
///
/// # Errors
/// Unless the noise is a finite number of at least 0.
pub fn moons(n: usize, noise: f64, seed: u64, purpose: &str) -> Result<Dataset<f64>, WebError> {
    let is_valid = noise.is_finite() && noise >= 0.0;
    WebError::check("the noise", noise, is_valid, "a finite number of at least 0")?;
    let mut rng = random::stream(seed, purpose, 0);
    let mut features = Vec::with_capacity(2 * n);
    let labels: Vec<usize> = (0..n).map(|i| i % 2).collect();
    for &label in &labels {
        let angle = std::f64::consts::PI * random::uniform(&mut rng);
        let (x, y) = match label {
            0 => (angle.cos() - 0.5, angle.sin() - 0.25),
            _ => (0.5 - angle.cos(), 0.25 - angle.sin()),
        };
        for coordinate in [x, y] {
            let z: f64 = StandardNormal.sample(&mut rng);
            features.push(coordinate + noise * z);
        }
    }
    Ok(Dataset::new(2, features, labels, 2)?)
}

/// Points that somebody set, as data.
fn own(points: &[OwnPoint]) -> Result<Dataset<f64>, WebError> {
    let expected = "at least one of each class, and at most 2000 together";
    let has = |class| points.iter().any(|point| point.class == class);
    let is_valid = has(0) && has(1) && points.len() <= MOST_OWN;
    WebError::check("the number of points", points.len(), is_valid, expected)?;
    let features = points.iter().flat_map(|point| point.at).collect();
    let labels = points.iter().map(|point| point.class).collect();
    let data: Result<_, DataError> = Dataset::new(2, features, labels, 2);
    Ok(data?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without noise a point is on its half circle: the first opens downwards, the second upwards.
    #[test]
    fn moons_are_half_circles() {
        let moons = moons(200, 0.0, 3, "test").unwrap();
        for (i, &label) in moons.labels().iter().enumerate() {
            let [x, y] = [moons.example(i)[0], moons.example(i)[1]];
            let side = if label == 0 { 1.0 } else { -1.0 };
            assert!(((x + 0.5 * side).hypot(y + 0.25 * side) - 1.0).abs() < 1e-12);
            assert!((y + 0.25 * side) * side >= -1e-12);
        }
        assert_eq!(moons.class_counts(), [100, 100]);
    }

    #[test]
    fn every_seed_draws_points_of_its_own() {
        for points in [Points::Clusters { std: 0.8 }, Points::Moons { noise: 0.3 }] {
            let [one, again, other] = [1, 1, 2].map(|seed| points.generate(seed).unwrap());
            assert!(one == again && one[0] != other[0] && one[1] != other[1] && one[0] != one[1]);
            assert_eq!(one[1].n_examples(), N_TEST);
        }
        // The article's data are bit for bit the article's.
        let [train, _] = Points::Clusters { std: 0.8 }.generate(42).unwrap();
        assert_eq!(train, Clusters::default().generate(200, 42).unwrap());
    }

    #[test]
    fn what_cannot_be_raced_on_is_refused() {
        let point = |x, class| OwnPoint { at: [x, 0.0], class };
        let refused = |points: Points, seed| points.generate(seed).unwrap_err().to_string();
        assert!(refused(Points::Clusters { std: 0.8 }, 1_000_000).contains("the seed is 1000000, expected below"));
        assert!(refused(Points::Clusters { std: f64::NAN }, 1).contains("std"));
        assert!(refused(Points::Moons { noise: -0.1 }, 1).contains("the noise is -0.1"));
        let few = refused(Points::Own(vec![point(0.0, 1)]), 1);
        assert!(few.contains("the number of points is 1, expected at least one of each class"), "{few}");
        assert!(refused(Points::Own(vec![point(f64::NAN, 1), point(0.0, 0)]), 1).contains("NaN"));
        assert!(refused(Points::Own(vec![point(0.0, 1), point(0.0, 0), point(0.0, 2)]), 1).contains('2'));
        let many = (0..=MOST_OWN).map(|i| point(0.0, i % 2)).collect();
        assert!(refused(Points::Own(many), 1).contains("2001"));
    }
}
