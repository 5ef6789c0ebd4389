//! Strategies against standard training: the paper's corrected baselines, and the winners on fresh splits.

use anyhow::{Result, anyhow};
use cl_study::{Better, Metric, Paired, StandardBaselines, StudyResults, Summary, best_of, standard_baselines};

use super::{
    design::{ARMS, Design, N_SEEDS, Regime},
    grid::Ordering,
    training::Recipe,
};

/// Everything measured in one regime.
pub(super) struct Compared {
    pub(super) regime: Regime,
    pub(super) recipe: Recipe,
    /// The share of training labels that the noise changed.
    pub(super) changed: f64,
    /// Test accuracies of standard training, by seed.
    pub(super) standard: Vec<f64>,
    pub(super) baselines: StandardBaselines,
    /// Test accuracies of every strategy, by seed.
    pub(super) tests: Vec<Vec<f64>>,
    /// Their means.
    pub(super) means: Vec<f64>,
    /// Of every strategy the share of the data available at the end, over seeds the least.
    pub(super) available: Vec<f64>,
    /// Examples shown to strategies, the fewest and the most, and to standard training.
    pub(super) examples: [f64; 3],
    pub(super) n_diverged: usize,
    /// The strategies run again, by place in the grid: those of [`ARMS`].
    pub(super) winners: [usize; 4],
    /// Test accuracies on fresh splits: of [`ARMS`], the last of which is standard training.
    pub(super) fresh: [Vec<f64>; 5],
}

impl Compared {
    pub(super) fn new(
        design: &Design,
        regime: Regime,
        (recipe, changed): (Recipe, f64),
        winners: [usize; 4],
        [standard, strategies, again]: [&StudyResults; 3],
    ) -> Result<Self> {
        let name = regime.name();
        let values = |results: &StudyResults, arm: &str, scalar: &str| -> Result<Vec<f64>> {
            let values = results.values(&name, arm, &Metric::scalar(scalar))?;
            values.into_iter().map(|value| value.ok_or_else(|| anyhow!("{arm} failed"))).collect()
        };
        let of_strategies = |scalar: &str| -> Result<Vec<Vec<f64>>> {
            design.strategies.iter().map(|strategy| values(strategies, &strategy.to_string(), scalar)).collect()
        };
        let mean = |values: &Vec<f64>| Summary::of(values).map(|summary| summary.mean);
        let tests = of_strategies("test")?;
        let means = tests.iter().map(mean).collect::<Result<Vec<f64>, _>>()?;
        let examples = of_strategies("examples")?.concat();
        let of_standard = values(standard, "standard", "test")?;
        let baselines = standard_baselines(
            &of_standard,
            N_SEEDS as usize,
            design.per_order(),
            Better::Higher,
            design.n_simulations,
            0,
        )?;
        let [easy, hard, random, control, plain] = ARMS.map(|arm| values(again, arm, "test"));
        Ok(Self {
            regime,
            recipe,
            changed,
            baselines,
            means,
            available: of_strategies("available")?
                .iter()
                .map(|of| of.iter().copied().fold(1.0, f64::min))
                .collect(),
            examples: [
                examples.iter().copied().fold(f64::INFINITY, f64::min),
                examples.iter().copied().fold(0.0, f64::max),
                values(standard, "standard", "examples")?[0],
            ],
            n_diverged: of_strategies("diverged")?.concat().iter().filter(|&&diverged| diverged > 0.0).count(),
            tests,
            winners,
            fresh: [easy?, hard?, random?, control?, plain?],
            standard: of_standard,
        })
    }

    /// The mean test accuracies of one order's strategies.
    pub(super) fn of_order(&self, design: &Design, order: Ordering) -> Vec<f64> {
        let strategies = design.strategies.iter().zip(&self.means);
        strategies.filter(|(strategy, _)| strategy.order == order).map(|(_, &mean)| mean).collect()
    }

    /// Of an order the strategy with the highest mean test accuracy, by place in the grid.
    pub(super) fn best(&self, design: &Design, order: Ordering) -> usize {
        let of_order = (0..self.means.len()).filter(|&at| design.strategies[at].order == order);
        of_order
            .fold(None, |best: Option<usize>, at| match best {
                Some(best) if self.means[best] >= self.means[at] => Some(best),
                _ => Some(at),
            })
            .unwrap_or(0)
    }

    /// The best of some means less the median of the best of as many means of standard runs: the paper's comparison. It is no
    /// estimate of what an order gains, for the best strategy was picked by the accuracies that it is judged by.
    pub(super) fn less_luck(&self, design: &Design, means: &[f64]) -> Result<f64> {
        let simulations = design.n_simulations;
        let luck = best_of(&self.standard, N_SEEDS as usize, means.len(), Better::Higher, simulations, 0)?;
        Ok(means.iter().copied().fold(f64::NEG_INFINITY, f64::max) - luck.median)
    }

    /// One arm less another on the fresh splits, paired.
    pub(super) fn on_fresh_splits(&self, arm: usize, other: usize) -> Result<Paired> {
        Ok(Paired::between(&self.fresh[arm], &self.fresh[other])?)
    }

    pub(super) fn n_never_full(&self) -> usize {
        self.available.iter().filter(|&&available| available < 1.0).count()
    }
}
