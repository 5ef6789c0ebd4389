use cl_data::random;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    better::Better,
    interval::Interval,
    quantile::{sorted, sorted_quantile},
    summary::mean,
};
use crate::error::{StudyError, check_sample};

/// What the best of k means of baseline runs looks like: the bar that the best of k arms has to clear.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BestOf {
    /// The median over simulations.
    pub median: f64,
    /// The 2.5 % and 97.5 % quantiles over simulations.
    pub interval: Interval,
}

/// The best of `k` means of `group` baseline runs each, drawn with replacement, simulated `simulations` times.
///
/// Whoever tries k arms and reports the best one gains from luck alone; so does who tries the baseline k
/// times. O(simulations k group), in parallel; the same for any number of threads, since simulation i draws
/// from the random stream `(seed, "best of", i)`.
///
/// Source: Wu, Dyer and Neyshabur (2021), When do curricula work?, section 4.1, "standard3".
///
/// ```
/// use cl_study::{Better, best_of};
///
/// let runs = [0.90, 0.91, 0.92, 0.93, 0.94, 0.95];
/// let best = best_of(&runs, 3, 180, Better::Higher, 1000, 0)?;
/// assert!(best.median > 0.94);
/// # Ok::<(), cl_study::StudyError>(())
/// ```
///
/// # Errors
/// Where there is no run, a run is not finite, or `group`, `k` or `simulations` is 0.
pub fn best_of(
    runs: &[f64],
    group: usize,
    k: usize,
    better: Better,
    simulations: usize,
    seed: u64,
) -> Result<BestOf, StudyError> {
    check_sample("baseline runs", runs, 1)?;
    for (argument, value) in [("group", group), ("k", k), ("simulations", simulations)] {
        if value == 0 {
            return Err(StudyError::argument(argument, value, "at least 1"));
        }
    }
    let bests: Vec<f64> = (0..simulations as u64)
        .into_par_iter()
        .map(|simulation| {
            let mut rng = random::stream(seed, "best of", simulation);
            (0..k).fold(better.worst(), |best, _| {
                let sum: f64 = (0..group).map(|_| runs[random::below(&mut rng, runs.len())]).sum();
                better.of(best, sum / group as f64)
            })
        })
        .collect();
    let bests = sorted(&bests);
    let at = |p| sorted_quantile(&bests, p);
    Ok(BestOf { median: at(0.5), interval: Interval { low: at(0.025), high: at(0.975) } })
}

/// The three baselines of Wu et al. (2021).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StandardBaselines {
    /// The mean of all baseline runs.
    pub standard1: f64,
    /// The best mean over consecutive groups of runs: as many tries as there are groups.
    pub standard2: f64,
    /// The median of the simulated best of k means: as many tries as there are arms.
    pub standard3: f64,
}

/// The three baselines of Wu et al. (2021) from runs of plain training: theirs are 90 runs in groups of 3
/// (as many as seeds per arm), k = 180 arms per order and 10,000 simulations.
///
/// ```text
/// standard1 = mean of all runs
/// standard2 = best over groups of the mean of the group
/// standard3 = median over simulations of the best of k means of a group drawn with replacement
/// ```
///
/// Source: Wu, Dyer and Neyshabur (2021), When do curricula work?, section 4.1.
///
/// # Errors
/// As [`best_of`], and where the runs do not fall into whole groups.
pub fn standard_baselines(
    runs: &[f64],
    group: usize,
    k: usize,
    better: Better,
    simulations: usize,
    seed: u64,
) -> Result<StandardBaselines, StudyError> {
    let standard3 = best_of(runs, group, k, better, simulations, seed)?.median;
    if !runs.len().is_multiple_of(group) {
        return Err(StudyError::argument("group", group, format!("a divisor of the {} runs", runs.len())));
    }
    let standard2 = runs.chunks(group).map(mean).fold(better.worst(), |best, mean| better.of(best, mean));
    Ok(StandardBaselines { standard1: mean(runs), standard2, standard3 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With runs 0 and 1 the best of k single runs is 1 with probability 1 - 2^-k.
    #[test]
    fn the_best_of_coins_is_known() {
        let runs = [0.0, 1.0];
        assert_eq!(best_of(&runs, 1, 10, Better::Higher, 2000, 0).unwrap().median, 1.0);
        assert_eq!(best_of(&runs, 1, 10, Better::Lower, 2000, 0).unwrap().median, 0.0);
        let single = best_of(&runs, 1, 1, Better::Higher, 2000, 0).unwrap();
        assert_eq!((single.interval.low, single.interval.high), (0.0, 1.0));
    }

    /// The median m of the best of k solves F(m)^k = 1/2; for single runs uniform on 0..1000 that is
    /// m = 1000 * 2^(-1/k).
    #[test]
    fn the_median_solves_its_equation() {
        let runs: Vec<f64> = (0..1000).map(f64::from).collect();
        for k in [2, 20, 180] {
            let median = best_of(&runs, 1, k, Better::Higher, 20_000, 3).unwrap().median;
            let expected = 1000.0 * f64::powf(2.0, -1.0 / k as f64);
            // The density of the best at its median is about k / 2000: four standard errors.
            let allowed = 1.0 + 4.0 * 0.5 / (20_000f64.sqrt() * k as f64 / 2000.0);
            assert!((median - expected).abs() < allowed, "{k} {median} {expected}");
        }
    }

    #[test]
    fn baselines_are_as_defined() {
        let runs = [0.5, 0.7, 0.6, 0.9, 0.8, 0.1];
        let higher = standard_baselines(&runs, 3, 50, Better::Higher, 500, 0).unwrap();
        assert!((higher.standard1 - 0.6).abs() < 1e-15 && (higher.standard2 - 0.6).abs() < 1e-15);
        assert!(higher.standard3 > higher.standard2);
        let lower = standard_baselines(&runs, 2, 50, Better::Lower, 500, 0).unwrap();
        assert!((lower.standard2 - 0.45).abs() < 1e-15);
        assert!(lower.standard3 < lower.standard2);
    }

    #[test]
    fn any_number_of_threads_gives_the_same() {
        let runs: Vec<f64> = (0..90).map(|i| f64::from(i * 37 % 90) / 90.0).collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| best_of(&runs, 3, 180, Better::Higher, 200, 7).unwrap())
        };
        assert_eq!(with(1), with(2));
        assert_eq!(with(1), with(7));
    }

    #[test]
    fn what_has_no_best_is_refused() {
        assert!(best_of(&[], 3, 1, Better::Higher, 10, 0).is_err());
        assert!(best_of(&[1.0], 0, 1, Better::Higher, 10, 0).is_err());
        assert!(best_of(&[1.0], 1, 0, Better::Higher, 10, 0).is_err());
        assert!(best_of(&[1.0], 1, 1, Better::Higher, 0, 0).is_err());
        assert!(best_of(&[f64::NAN], 1, 1, Better::Higher, 10, 0).is_err());
        assert!(standard_baselines(&[1.0; 4], 3, 1, Better::Higher, 10, 0).is_err());
    }
}
