//! What simulated repetitions look like.

use cl_data::random;
use rand::Rng;
use rand_distr::{Distribution, Gamma, StandardNormal};

/// How values are spread about their truth, with mean 0 and deviation 1 where nothing collapses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Normal.
    Normal,
    /// Skewed to the right, with skewness 1: a gamma distribution of shape 4.
    Skewed,
    /// In steps of the deviation, as accuracies on few test examples are.
    Discrete,
    /// Normal, but one in ten is 9 lower.
    Collapsing,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Normal, Self::Skewed, Self::Discrete, Self::Collapsing];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Skewed => "skewed",
            Self::Discrete => "discrete",
            Self::Collapsing => "one in ten collapses by 9",
        }
    }

    pub(super) fn draw(self, rng: &mut impl Rng) -> f64 {
        let normal = |rng: &mut _| -> f64 { StandardNormal.sample(rng) };
        match self {
            Self::Normal => normal(rng),
            // Mean 4, deviation 2.
            Self::Skewed => Gamma::new(4.0, 1.0).map_or(0.0, |gamma| (gamma.sample(rng) - 4.0) / 2.0),
            // Rounding adds a variance of 1/12.
            Self::Discrete => normal(rng).round() / (1.0f64 + 1.0 / 12.0).sqrt(),
            Self::Collapsing => {
                let collapsed = random::below(rng, 10) == 0;
                normal(rng) - if collapsed { 9.0 } else { 0.0 }
            }
        }
    }

    /// The mean of what is drawn.
    pub(super) fn mean(self) -> f64 {
        if self == Self::Collapsing { -0.9 } else { 0.0 }
    }

    /// The median of the means of two draws, by a million of them; with `shared` of the variance in common to all draws,
    /// which is centred, it is that of the rest.
    pub(super) fn pseudo_median(self, own: f64) -> f64 {
        if matches!(self, Self::Normal | Self::Discrete) {
            return 0.0;
        }
        let mut rng = random::stream(0, "pseudo-median", self as u64);
        let mut means: Vec<f64> =
            (0..1_000_001).map(|_| (self.draw(&mut rng) + self.draw(&mut rng)) / 2.0).collect();
        let middle = means.len() / 2;
        own * *means.select_nth_unstable_by(middle, f64::total_cmp).1
    }
}
