use std::collections::VecDeque;
use std::fmt;

use cl_data::random;
use serde::{Deserialize, Serialize};

use crate::error::PacingError;

/// How a teacher values the tasks, from the scores of the student on those that it was given.
///
/// ```text
/// reward      r = score now - score the last time that the same task was given
/// Online      Q(a) <- alpha r + (1 - alpha) Q(a)
/// Naive       the same task k times; r is the slope of its k scores, and then as Online
/// Window      Q(a) = slope of the last k scores of the task over the steps of them
/// Sampling    the last k rewards of the task: their mean, or one of them under TaskPolicy::Thompson
/// ```
///
/// Slopes are those of least squares. A task has the value 1 under Window and Sampling, and 0 under the others, until
/// there is a slope or reward.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Teacher {
    /// A moving average of rewards.
    Online {
        /// The weight of the latest.
        alpha: f64,
    },
    /// A moving average of slopes, each over a run of steps with one task.
    Naive {
        /// The weight of the latest.
        alpha: f64,
        /// The steps of a run.
        k: usize,
    },
    /// The slope over a window.
    Window {
        /// The scores in it.
        k: usize,
    },
    /// Rewards resampled.
    Sampling {
        /// The rewards kept.
        k: usize,
    },
}

/// How a teacher chooses a task from their values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum TaskPolicy {
    /// The most valuable, equals at random; with probability epsilon any.
    EpsilonGreedy {
        /// The probability of any.
        epsilon: f64,
    },
    /// Each with a probability proportional to exp(value / tau).
    Boltzmann {
        /// The temperature.
        tau: f64,
    },
    /// The most valuable by a reward of each, drawn from its last ones; with probability epsilon any (0 in the paper).
    Thompson {
        /// The probability of any.
        epsilon: f64,
    },
}

/// What is valued in progress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progression {
    /// Its absolute value: what is being forgotten is practised, too. The paper's.
    #[default]
    Absolute,
    /// Its value: what gets worse is left alone.
    Signed,
}

impl fmt::Display for Teacher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Online { alpha } => write!(formatter, "online (alpha = {alpha})"),
            Self::Naive { alpha, k } => write!(formatter, "naive (alpha = {alpha}, K = {k})"),
            Self::Window { k } => write!(formatter, "window (K = {k})"),
            Self::Sampling { k } => write!(formatter, "sampling (K = {k})"),
        }
    }
}

impl fmt::Display for TaskPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EpsilonGreedy { epsilon } => write!(formatter, "epsilon-greedy (epsilon = {epsilon})"),
            Self::Boltzmann { tau } => write!(formatter, "Boltzmann (tau = {tau})"),
            Self::Thompson { epsilon } => write!(formatter, "Thompson (epsilon = {epsilon})"),
        }
    }
}

/// A bandit over tasks: how they are valued, and how one is chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bandit {
    pub(super) teacher: Teacher,
    pub(super) policy: TaskPolicy,
    pub(super) progression: Progression,
}

/// What a bandit has learned of the tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Tasks {
    pub(super) tasks: Vec<Task>,
    /// The scores of the run that Naive is in.
    run: Vec<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) q: f64,
    last_score: Option<f64>,
    /// Step with score (Window) or reward (Sampling), oldest first.
    window: VecDeque<(u64, f64)>,
}

impl Tasks {
    pub(super) fn new(n_tasks: usize) -> Self {
        Self { tasks: vec![Task::default(); n_tasks], run: Vec::new() }
    }
}

impl Bandit {
    pub(super) fn new(teacher: Teacher, policy: TaskPolicy) -> Result<Self, PacingError> {
        check(teacher, policy)?;
        Ok(Self { teacher, policy, progression: Progression::default() })
    }

    /// The value of each task.
    pub(super) fn values(&self, of: &Tasks) -> Vec<f64> {
        let value = |task: &Task| match self.teacher {
            Teacher::Online { .. } | Teacher::Naive { .. } => task.q,
            Teacher::Window { .. } if task.window.len() < 2 => 1.0,
            Teacher::Window { .. } => slope(task.window.iter().map(|&(step, score)| (step as f64, score))),
            Teacher::Sampling { .. } if task.window.is_empty() => 1.0,
            Teacher::Sampling { .. } => {
                task.window.iter().map(|(_, reward)| reward).sum::<f64>() / task.window.len() as f64
            }
        };
        of.tasks.iter().map(value).collect()
    }

    /// The probability with which each task would be chosen next; `None` under Thompson, whose values are drawn.
    pub(super) fn probabilities(&self, of: &Tasks) -> Option<Vec<f64>> {
        let values = self.valued(self.values(of));
        let n = values.len() as f64;
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        match self.policy {
            TaskPolicy::EpsilonGreedy { epsilon } => {
                let n_best = values.iter().filter(|&&value| value == largest).count() as f64;
                let greedy = |value: &f64| if *value == largest { (1.0 - epsilon) / n_best } else { 0.0 };
                Some(values.iter().map(|value| greedy(value) + epsilon / n).collect())
            }
            TaskPolicy::Boltzmann { tau } => {
                let weights: Vec<f64> = values.iter().map(|value| ((value - largest) / tau).exp()).collect();
                let total: f64 = weights.iter().sum();
                Some(weights.iter().map(|weight| weight / total).collect())
            }
            TaskPolicy::Thompson { .. } => None,
        }
    }

    fn valued(&self, mut values: Vec<f64>) -> Vec<f64> {
        if self.progression == Progression::Absolute {
            values.iter_mut().for_each(|value| *value = value.abs());
        }
        values
    }

    /// The task of `step`: under Naive the same throughout a run, whose task is the `latest`.
    pub(super) fn choose(&self, of: &Tasks, latest: usize, seed: u64, step: u64) -> usize {
        if !of.run.is_empty() {
            return latest;
        }
        let mut rng = random::stream(seed, "task", step);
        let tasks = &of.tasks;
        let any = random::uniform(&mut rng);
        let (values, epsilon) = match self.policy {
            TaskPolicy::EpsilonGreedy { epsilon } => (self.values(of), epsilon),
            TaskPolicy::Thompson { epsilon } => {
                let mut drawn =
                    |task: &Task| task.window.get(random::below(&mut rng, task.window.len())).map_or(1.0, |w| w.1);
                (tasks.iter().map(&mut drawn).collect(), epsilon)
            }
            TaskPolicy::Boltzmann { .. } => {
                let mut left = any;
                let probabilities = self.probabilities(of).unwrap_or_default();
                let chosen = probabilities.iter().position(|probability| {
                    left -= probability;
                    left < 0.0
                });
                // Rounding may leave the sum an ulp short of 1.
                return chosen.unwrap_or(tasks.len() - 1);
            }
        };
        if any < epsilon {
            return random::below(&mut rng, tasks.len());
        }
        let values = self.valued(values);
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let best: Vec<usize> = (0..values.len()).filter(|&task| values[task] == largest).collect();
        best[random::below(&mut rng, best.len())]
    }

    /// Whether this, read from a state, is what scores up to `step` have led to.
    pub(super) fn may_have_learned(&self, of: &Tasks, step: u64) -> bool {
        let (longest, longest_run) = match self.teacher {
            Teacher::Online { .. } => (0, 0),
            Teacher::Naive { k, .. } => (0, k.saturating_sub(1)),
            Teacher::Window { k } | Teacher::Sampling { k } => (k, 0),
        };
        let sound = |task: &Task| {
            let window = &task.window;
            task.q.is_finite()
                && task.last_score.is_none_or(f64::is_finite)
                && window.len() <= longest
                && window.iter().all(|&(at, value)| at <= step && value.is_finite())
                && window.iter().is_sorted_by(|a, b| a.0 < b.0)
        };
        of.tasks.iter().all(sound) && of.run.len() <= longest_run && of.run.iter().all(|score| score.is_finite())
    }

    /// Takes the score of a task that was given at `step`.
    pub(super) fn take(&self, of: &mut Tasks, task: usize, step: u64, score: f64) {
        let Tasks { tasks, run } = of;
        let task = &mut tasks[task];
        let reward = task.last_score.replace(score).map(|last| score - last);
        let mut average = |alpha: f64, reward: f64| task.q += alpha * (reward - task.q);
        match self.teacher {
            Teacher::Online { alpha } => {
                if let Some(reward) = reward {
                    average(alpha, reward);
                }
            }
            Teacher::Naive { alpha, k } => {
                run.push(score);
                if run.len() >= k {
                    average(alpha, slope(run.iter().enumerate().map(|(at, &score)| (at as f64, score))));
                    run.clear();
                }
            }
            Teacher::Window { k } => {
                task.window.push_back((step, score));
                task.window.drain(..task.window.len().saturating_sub(k));
            }
            Teacher::Sampling { k } => {
                task.window.extend(reward.map(|reward| (step, reward)));
                task.window.drain(..task.window.len().saturating_sub(k));
            }
        }
    }
}

fn check(teacher: Teacher, policy: TaskPolicy) -> Result<(), PacingError> {
    if let Teacher::Online { alpha } | Teacher::Naive { alpha, .. } = teacher
        && !(alpha > 0.0 && alpha <= 1.0)
    {
        return Err(PacingError::argument("alpha", alpha, "a weight in (0, 1]"));
    }
    match teacher {
        Teacher::Naive { k, .. } | Teacher::Window { k } if k < 2 => {
            return Err(PacingError::argument("K", k, "at least 2, the scores that make a slope"));
        }
        Teacher::Sampling { k: 0 } => return Err(PacingError::argument("K", 0, "at least 1")),
        _ => {}
    }
    match policy {
        TaskPolicy::EpsilonGreedy { epsilon } | TaskPolicy::Thompson { epsilon }
            if !(0.0..=1.0).contains(&epsilon) =>
        {
            Err(PacingError::argument("epsilon", epsilon, "a probability in [0, 1]"))
        }
        TaskPolicy::Boltzmann { tau } if !(tau.is_finite() && tau > 0.0) => {
            Err(PacingError::argument("tau", tau, "a finite number above 0"))
        }
        TaskPolicy::Thompson { .. } if !matches!(teacher, Teacher::Sampling { .. }) => Err(PacingError::argument(
            "policy",
            "Thompson",
            "the Sampling teacher, who keeps rewards to draw from",
        )),
        _ => Ok(()),
    }
}

/// The slope of least squares, 0 for a single point.
fn slope(points: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let n = points.clone().count() as f64;
    let (x_mean, y_mean) = points.clone().fold((0.0, 0.0), |(x, y), point| (x + point.0 / n, y + point.1 / n));
    let (cross, square) = points.fold((0.0, 0.0), |(cross, square), (x, y)| {
        (cross + (x - x_mean) * (y - y_mean), square + (x - x_mean) * (x - x_mean))
    });
    if square > 0.0 { cross / square } else { 0.0 }
}
