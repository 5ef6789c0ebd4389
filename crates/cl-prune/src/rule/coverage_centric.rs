use cl_data::{
    catalogue::Parameter,
    random::{shuffle, stream},
};

use super::{
    entry::{Entry, ready},
    hard_cutoff::HardCutoff,
    ranking::{From, ranking},
    selection_rule::{SelectionRule, check},
    water_filling::places,
};
use crate::{budget::Budget, error::PruneError, selection::Selection};

/// Coverage-centric coreset selection: cuts off the hardest, which may be mislabelled, and covers all difficulties
/// of the others evenly.
///
/// ```text
/// 1  drop the floor(beta n) hardest
/// 2  strata of equal width on [min, max] of the scores that are left, the maximum in the last
/// 3  shares: from the smallest stratum, min(size, floor(budget left / strata left))
/// 4  within a stratum, uniformly at random
/// ```
///
/// (The published code's strata end at 1.0001 max, which loses the maximum where it is not positive.) Nested where
/// the cut-off is given; one that follows an estimated noise rate gives way where the budget needs the examples, and
/// is not. Scores must be finite. O(n).
///
/// Source: Zheng et al. (2023), Coverage-centric Coreset Selection for High Pruning Rates, algorithm 1.
///
/// ```
/// use cl_prune::{Budget, CoverageCentric, SelectionRule};
///
/// let scores: Vec<f64> = (0..100).map(f64::from).collect();
/// let rule = CoverageCentric::new(0.1, 5)?;
/// let selection = rule.select(&scores, Budget::Count(10), 0)?;
/// assert!(selection.kept.iter().all(|&example| example < 90));
/// assert!(selection.groups[..5].iter().all(|stratum| stratum.n_kept == 2));
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoverageCentric {
    cutoff: HardCutoff,
    n_strata: usize,
}

pub(super) static ENTRY: Entry = Entry::new(
    "ccs",
    "all difficulties evenly, after the hardest are cut off (coverage-centric)",
    &[
        Parameter::with_default("beta", "the share of all examples cut off as too hard, in [0, 1)", "0"),
        Parameter::new("noise_rate", "instead: as many as labels are estimated to be wrong, as the budget allows"),
        Parameter::with_default("strata", "strata of equal width", "50"),
    ],
    |options| {
        let cutoff = match options.number_if_given("noise_rate")? {
            Some(_) if options.has("beta") => {
                return Err(options.invalid("noise_rate", "to be given without beta").into());
            }
            Some(rate) => HardCutoff::NoiseRate(rate),
            None => HardCutoff::Given(options.number("beta")?),
        };
        Ok(ready(CoverageCentric::with_cutoff(cutoff, options.number("strata")?)?))
    },
);

impl CoverageCentric {
    /// The number of strata of the paper.
    pub const STRATA: usize = 50;

    /// The rule with the hard cut-off `beta`, the share of all examples that is dropped as too hard.
    ///
    /// # Errors
    /// Unless 0 <= beta < 1 and there is a stratum.
    pub fn new(beta: f64, n_strata: usize) -> Result<Self, PruneError> {
        Self::with_cutoff(HardCutoff::Given(beta), n_strata)
    }

    /// The rule with a cut-off that is given or follows an estimated noise rate.
    ///
    /// # Errors
    /// Unless the share is in [0, 1) and there are from 1 to 2^20 strata.
    pub fn with_cutoff(cutoff: HardCutoff, n_strata: usize) -> Result<Self, PruneError> {
        cutoff.check()?;
        if !(1..=1 << 20).contains(&n_strata) {
            return Err(PruneError::argument("strata", n_strata, "from 1 to 1,048,576, each of which is named"));
        }
        Ok(Self { cutoff, n_strata })
    }
}

impl SelectionRule for CoverageCentric {
    fn name(&self) -> &'static str {
        "ccs"
    }

    fn is_nested(&self) -> bool {
        matches!(self.cutoff, HardCutoff::Given(_))
    }

    fn select(&self, scores: &[f64], budget: Budget, seed: u64) -> Result<Selection, PruneError> {
        check(scores)?;
        if let Some(example) = scores.iter().position(|score| score.is_infinite()) {
            let (value, expected) = (scores[example], "a finite number, as strata of equal width need");
            return Err(PruneError::InvalidValue { what: "score", example, value, expected });
        }
        let n_examples = scores.len();
        let count = budget.resolve(n_examples)?;
        let n_cut = self.cutoff.n_cut(n_examples, count);
        let n_left = n_examples - n_cut;
        if count > n_left {
            let why = format!("the cut-off takes the {n_cut} hardest");
            return Err(PruneError::TooFewLeft { rule: self.name(), count, n_left, n_examples, why });
        }

        let mut sorted = ranking(scores, From::Lowest, &mut stream(seed, "score ties", 0));
        let cut = sorted.split_off(n_left);
        let at_cut = match (sorted.last(), cut.first()) {
            (Some(&last), Some(&first)) if scores[last] == scores[first] => Some(scores[first]),
            _ => None,
        };
        let strata = Strata::of(&sorted, scores, self.n_strata);
        let mut group_of = vec![self.n_strata as u32; n_examples];
        let mut sizes = vec![0; self.n_strata];
        for &example in &sorted {
            let stratum = strata.of_score(scores[example]);
            group_of[example] = stratum as u32;
            sizes[stratum] += 1;
        }
        // Sorted by score, a stratum is a run.
        let mut rest = &mut sorted[..];
        let mut next = Vec::with_capacity(self.n_strata);
        let mut start = 0;
        for (stratum, &size) in sizes.iter().enumerate() {
            let (members, others) = rest.split_at_mut(size);
            shuffle(&mut stream(seed, "coverage stratum", stratum as u64), members);
            rest = others;
            next.push(start);
            start += size;
        }
        let mut order = Vec::with_capacity(n_examples);
        for stratum in places(&sizes) {
            let stratum = stratum as usize;
            order.push(sorted[next[stratum]]);
            next[stratum] += 1;
        }
        // What was cut comes last, the least hard of it first.
        order.extend(cut);
        let mut names: Vec<String> = (0..self.n_strata).map(|stratum| strata.name(stratum)).collect();
        if n_cut > 0 {
            names.push(format!("the {n_cut} hardest, cut off"));
        }
        let tied = |example: usize| at_cut == Some(scores[example]);
        Ok(Selection::with_ties(self.name(), order, count, tied)?.grouped(names, group_of))
    }
}

/// Intervals of equal width on [min, max].
#[derive(Debug, Clone, Copy)]
struct Strata {
    min: f64,
    max: f64,
    n: usize,
}

impl Strata {
    fn of(sorted: &[usize], scores: &[f64], n: usize) -> Self {
        let at = |example: Option<&usize>| example.map_or(0.0, |&example| scores[example]);
        Self { min: at(sorted.first()), max: at(sorted.last()), n }
    }

    fn of_score(&self, score: f64) -> usize {
        // Halves, because the difference of two large numbers of other sign is infinite.
        let place = (score / 2.0 - self.min / 2.0) / (self.max / 2.0 - self.min / 2.0);
        // One score for all is 0/0, which becomes the first stratum.
        ((place * self.n as f64) as usize).min(self.n - 1)
    }

    fn name(&self, stratum: usize) -> String {
        let end = |stratum: usize| {
            let share = stratum as f64 / self.n as f64;
            self.min * (1.0 - share) + self.max * share
        };
        format!("stratum {} of {} ({:.4} to {:.4})", stratum + 1, self.n, end(stratum), end(stratum + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oracle() {
        // Strata of 5, 3, 50 and 200 examples, as of the published code.
        let counts = [(0.0, 5), (10.0, 3), (20.0, 50), (49.9, 200)];
        let scores: Vec<f64> = counts.iter().flat_map(|&(score, n)| vec![score; n]).collect();
        let selection = CoverageCentric::new(0.0, 50).unwrap().select(&scores, Budget::Count(40), 1).unwrap();
        let kept: Vec<usize> =
            selection.groups.iter().filter(|group| group.size > 0).map(|group| group.n_kept).collect();
        assert_eq!(kept, [5, 3, 16, 16]);
        // The maximum is in the last stratum.
        assert_eq!(selection.groups[49].size, 200);
    }

    #[test]
    fn extremes_of_scores() {
        let rule = CoverageCentric::new(0.0, 3).unwrap();
        assert_eq!(rule.select(&[2.0; 7], Budget::Count(3), 0).unwrap().groups[0].n_kept, 3);
        let wide = rule.select(&[-f64::MAX, 0.0, f64::MAX], Budget::Count(3), 0).unwrap();
        assert!(wide.groups.iter().all(|stratum| stratum.size == 1), "{:?}", wide.groups);
        assert!(rule.select(&[], Budget::Count(0), 0).unwrap().kept.is_empty());
        let error = rule.select(&[0.0, f64::INFINITY], Budget::Count(1), 0).unwrap_err();
        assert!(error.to_string().contains("score of example 1 is inf"), "{error}");
    }

    #[test]
    fn a_cutoff_that_leaves_too_few_is_refused_or_gives_way() {
        let scores: Vec<f64> = (0..10).map(f64::from).collect();
        let given = CoverageCentric::new(0.5, 5).unwrap();
        let error = given.select(&scores, Budget::Count(6), 0).unwrap_err();
        assert!(error.to_string().contains("the cut-off takes the 5 hardest"), "{error}");
        let estimated = CoverageCentric::with_cutoff(HardCutoff::NoiseRate(0.5), 5).unwrap();
        let selection = estimated.select(&scores, Budget::Count(6), 0).unwrap();
        assert_eq!(selection.kept_sorted(), [0, 1, 2, 3, 4, 5]);
        assert!(CoverageCentric::new(1.0, 50).is_err() && CoverageCentric::new(0.1, 0).is_err());
    }

    #[test]
    fn reasons_name_the_stratum() {
        let selection =
            CoverageCentric::new(0.25, 1).unwrap().select(&[1.0, 2.0, 3.0, 9.0], Budget::Count(3), 0).unwrap();
        assert_eq!(selection.reason(3).unwrap(), "dropped: the 1 hardest, cut off, 0 of 1 kept by ccs");
        assert_eq!(selection.reason(0).unwrap(), "kept: stratum 1 of 1 (1.0000 to 3.0000), 3 of 3 kept by ccs");
    }
}
