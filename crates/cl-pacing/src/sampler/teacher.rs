use std::collections::VecDeque;
use std::fmt;

use cl_data::{Batch, Epoch, Fingerprint, Sampler, random};
use serde::{Deserialize, Serialize};

use super::mini_batch::Draw;
use super::told::{self, Told};
use super::{check_sizes, n_batches};
use crate::{PacingError, SamplerFingerprint};

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

/// Where the student's score on a task comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskScore {
    /// The mean loss of the batch, negative.
    #[default]
    BatchLoss,
    /// [`TeacherSampler::observe`], such as an accuracy on held-out examples of the task.
    Observed,
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

/// Teacher-student curriculum learning: a bandit over tasks that gives the student those on which it changes most.
///
/// Each step is a batch of one task (a class, a source, a level of difficulty), uniform without replacement within
/// it; a task with fewer examples than a batch gives all it has. The next step needs the score of the one before,
/// told as the losses of its batch, in one or several parts, or through [`observe`](Self::observe). Steps are taken in
/// turn; asking for another gives an empty batch and an [`error`](Self::error). O(batch + tasks K) per step; 4 bytes an
/// example.
///
/// Source: Matiisen, Oliver, Cohen and Schulman (2017), Teacher-student curriculum learning, algorithms 1 to 4
/// (alpha = 0.1, K = 10, epsilon = 0.1, tau = 0.0004 in their code). There all tasks are scored at every step, and
/// the score before the first is 0; here the task given, which has no reward until it is given again.
///
/// ```
/// use cl_pacing::{Batch, Sampler, TaskPolicy, Teacher, TeacherSampler};
///
/// let tasks = [0, 1, 0, 1, 2, 2];
/// let policy = TaskPolicy::Thompson { epsilon: 0.0 };
/// let mut sampler = TeacherSampler::new(&tasks, Teacher::Sampling { k: 10 }, policy, 2, 0)?;
/// let mut batch = Batch::default();
/// for step in 0..5 {
///     sampler.batch(step, &mut batch);
///     assert_eq!(tasks[batch.indices[0]], tasks[batch.indices[1]]);
///     sampler.feedback(step, &batch.indices, &[0.5, 0.4]);
/// }
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone)]
pub struct TeacherSampler {
    /// The examples, task by task.
    members: Vec<u32>,
    /// Where each task begins in them, and where the last one ends.
    bounds: Vec<usize>,
    teacher: Teacher,
    policy: TaskPolicy,
    progression: Progression,
    score: TaskScore,
    batch_size: usize,
    seed: u64,
    data: Option<Fingerprint>,
    progress: Progress,
    draw: Draw,
    error: Option<PacingError>,
}

/// Everything that changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Progress {
    step: u64,
    task: usize,
    /// The batch of the step.
    told: Told,
    /// Whether the step has its score.
    scored: bool,
    tasks: Vec<Task>,
    /// The scores of the run that Naive is in.
    run: Vec<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Task {
    q: f64,
    last_score: Option<f64>,
    /// Step with score (Window) or reward (Sampling), oldest first.
    window: VecDeque<(u64, f64)>,
}

impl TeacherSampler {
    /// Batches of `batch_size` from the examples of one of the tasks, which `tasks` gives for each example.
    ///
    /// # Errors
    /// Unless there is an example in each task from 0 on, the batch size is at least 1, alpha lies in (0, 1], K is at
    /// least 1 (2 where it is a slope's), epsilon lies in [0, 1], tau is finite and above 0, and Thompson goes with
    /// Sampling.
    pub fn new(
        tasks: &[usize],
        teacher: Teacher,
        policy: TaskPolicy,
        batch_size: usize,
        seed: u64,
    ) -> Result<Self, PacingError> {
        check_sizes(tasks.len(), batch_size)?;
        check(teacher, policy)?;
        let n_tasks = tasks.iter().max().map_or(0, |largest| largest.saturating_add(1));
        if n_tasks > tasks.len() {
            return Err(PacingError::argument("tasks", n_tasks - 1, "tasks from 0 on, each with an example"));
        }
        let mut sizes = vec![0; n_tasks];
        tasks.iter().for_each(|&task| sizes[task] += 1);
        if let Some(empty) = sizes.iter().position(|&size| size == 0) {
            let value = format!("without an example of task {empty}");
            return Err(PacingError::argument("tasks", value, "tasks from 0 on, each with an example"));
        }
        let members = super::narrow(&{
            let mut members: Vec<usize> = (0..tasks.len()).collect();
            members.sort_by_key(|&example| tasks[example]);
            members
        })?;
        let mut bounds = vec![0];
        bounds.extend(sizes.iter().scan(0, |end, size| {
            *end += size;
            Some(*end)
        }));
        let tasks = vec![Task::default(); n_tasks];
        let progress =
            Progress { step: 0, task: 0, told: Told::default(), scored: false, tasks, run: Vec::new() };
        let mut sampler = Self {
            members,
            bounds,
            teacher,
            policy,
            progression: Progression::default(),
            score: TaskScore::default(),
            batch_size,
            seed,
            data: None,
            progress,
            draw: Draw::default(),
            error: None,
        };
        sampler.give(0);
        Ok(sampler)
    }

    /// The same, valuing progress so.
    pub fn with_progression(mut self, progression: Progression) -> Self {
        self.progression = progression;
        self
    }

    /// The same with scores from there.
    pub fn with_score(mut self, score: TaskScore) -> Self {
        self.score = score;
        self
    }

    /// The same, bound to data: states saved with other ids or labels are refused.
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// The task of the latest step.
    pub fn task(&self) -> usize {
        self.progress.task
    }

    /// The value of each task: Q, before its absolute value is taken. Under Thompson the mean of what is drawn from.
    pub fn values(&self) -> Vec<f64> {
        let value = |task: &Task| match self.teacher {
            Teacher::Online { .. } | Teacher::Naive { .. } => task.q,
            Teacher::Window { .. } if task.window.len() < 2 => 1.0,
            Teacher::Window { .. } => slope(task.window.iter().map(|&(step, score)| (step as f64, score))),
            Teacher::Sampling { .. } if task.window.is_empty() => 1.0,
            Teacher::Sampling { .. } => {
                task.window.iter().map(|(_, reward)| reward).sum::<f64>() / task.window.len() as f64
            }
        };
        self.progress.tasks.iter().map(value).collect()
    }

    /// The probability with which each task would be chosen next by the current values; `None` under Thompson, whose
    /// values are drawn.
    pub fn probabilities(&self) -> Option<Vec<f64>> {
        let values = self.valued(self.values());
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

    /// The first thing that went wrong, if anything did: a score that is none, a step out of turn.
    pub fn error(&self) -> Option<&PacingError> {
        self.error.as_ref()
    }

    /// Tells the student's score on the task of `step`, higher being better, under [`TaskScore::Observed`].
    ///
    /// # Errors
    /// Unless the score is finite, `step` the latest, and scores are observed.
    pub fn observe(&mut self, step: u64, score: f64) -> Result<(), PacingError> {
        if self.score != TaskScore::Observed {
            return Err(PacingError::argument("score", score, "TaskScore::Observed, as scores are batch losses"));
        }
        if step != self.progress.step {
            return Err(self.out_of_turn(step));
        }
        if !score.is_finite() {
            return Err(PacingError::argument("score", score, "a finite number"));
        }
        self.take(score);
        Ok(())
    }

    /// The settings, which stay. O(n).
    pub fn fingerprint(&self) -> SamplerFingerprint {
        let members: Vec<usize> = self.members.iter().map(|&example| example as usize).collect();
        let fingerprint = SamplerFingerprint::new("teacher-student")
            .with_hash("tasks", &[members, self.bounds.clone()].concat())
            .with("teacher", self.teacher)
            .with("policy", self.policy)
            .with("progression", format!("{:?}", self.progression).to_lowercase())
            .with("score", format!("{:?}", self.score).to_lowercase())
            .with("batch size", self.batch_size)
            .with("seed", self.seed);
        match self.data {
            Some(data) => fingerprint.with("data", data),
            None => fingerprint,
        }
    }

    fn valued(&self, mut values: Vec<f64>) -> Vec<f64> {
        if self.progression == Progression::Absolute {
            values.iter_mut().for_each(|value| *value = value.abs());
        }
        values
    }

    fn out_of_turn(&self, step: u64) -> PacingError {
        let (first_step, scored) = (self.progress.step, u64::from(self.progress.scored));
        PacingError::OutOfTurn { step, first_step, end: first_step.saturating_add(1 + scored) }
    }

    /// Stands at `step` and gives a task.
    fn give(&mut self, step: u64) {
        // A run of Naive goes on with its task.
        if self.progress.run.is_empty() {
            self.progress.task = self.choose(step);
        }
        let task = self.progress.task;
        let mut rng = random::stream(self.seed, "task batch", step);
        let mut batch = Batch::default();
        let members = &mut self.members[self.bounds[task]..self.bounds[task + 1]];
        self.draw.without_replacement(|n| random::below(&mut rng, n), members, self.batch_size, &mut batch);
        self.progress.step = step;
        self.progress.told = Told::new(batch.indices);
        self.progress.scored = false;
    }

    fn choose(&self, step: u64) -> usize {
        let mut rng = random::stream(self.seed, "task", step);
        let tasks = &self.progress.tasks;
        let any = random::uniform(&mut rng);
        let (values, epsilon) = match self.policy {
            TaskPolicy::EpsilonGreedy { epsilon } => (self.values(), epsilon),
            TaskPolicy::Thompson { epsilon } => {
                let mut drawn =
                    |task: &Task| task.window.get(random::below(&mut rng, task.window.len())).map_or(1.0, |w| w.1);
                (tasks.iter().map(&mut drawn).collect(), epsilon)
            }
            TaskPolicy::Boltzmann { .. } => {
                let mut left = any;
                let probabilities = self.probabilities().unwrap_or_default();
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

    /// Takes the score of the latest step.
    fn take(&mut self, score: f64) {
        if self.progress.scored {
            return;
        }
        let Progress { step, task, scored, tasks, run, .. } = &mut self.progress;
        *scored = true;
        let task = &mut tasks[*task];
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
                task.window.push_back((*step, score));
                task.window.drain(..task.window.len().saturating_sub(k));
            }
            Teacher::Sampling { k } => {
                task.window.extend(reward.map(|reward| (*step, reward)));
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
        TaskPolicy::Thompson { .. } if !matches!(teacher, Teacher::Sampling { .. }) => {
            Err(PacingError::argument("policy", "Thompson", "the Sampling teacher, who keeps rewards to draw from"))
        }
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

impl Sampler for TeacherSampler {
    fn n_examples(&self) -> usize {
        self.members.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) {
        batch.clear();
        if self.progress.scored && step.checked_sub(1) == Some(self.progress.step) {
            self.give(step);
        }
        if step == self.progress.step {
            batch.indices.extend_from_slice(&self.progress.told.indices);
        } else {
            let error = self.out_of_turn(step);
            self.error.get_or_insert(error);
        }
    }

    /// Passes of n examples: there are no epochs otherwise.
    fn epoch(&self, step: u64) -> Epoch {
        let n_steps = n_batches(self.members.len(), self.batch_size);
        Epoch { index: step / n_steps, step: step % n_steps, n_steps }
    }

    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) {
        if step != self.progress.step || self.score != TaskScore::BatchLoss {
            return;
        }
        let told = self.progress.told.tell(indices, losses);
        if let Err(error) = told {
            self.error.get_or_insert(error);
        } else if let Some(losses) = self.progress.told.losses() {
            let mean = losses.iter().sum::<f64>() / losses.len() as f64;
            if mean.is_finite() {
                self.take(-mean);
            } else {
                let error = PacingError::argument("losses", mean, "losses with a finite mean");
                self.error.get_or_insert(error);
            }
        }
    }

    fn save(&self) -> Option<String> {
        told::save(self.fingerprint(), &self.progress)
    }

    fn restore(&mut self, state: Option<&str>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let progress: Progress = told::restore(&self.fingerprint(), state)?;
        progress.told.check(self.members.len())?;
        let (found, expected) = (progress.tasks.len(), self.bounds.len() - 1);
        if found != expected || progress.task >= expected {
            return Err(PacingError::LengthMismatch { what: "tasks of the saved state", found, expected }.into());
        }
        self.progress = progress;
        self.error = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: TaskPolicy = TaskPolicy::EpsilonGreedy { epsilon: 0.0 };

    fn sampler(teacher: Teacher, policy: TaskPolicy) -> TeacherSampler {
        TeacherSampler::new(&[0, 0, 1, 1, 2, 2], teacher, policy, 2, 3).unwrap().with_score(TaskScore::Observed)
    }

    /// A student whose score on the given task is a function of how often it was given, and the tasks given.
    fn teach(sampler: &mut TeacherSampler, n_steps: u64, score: impl Fn(usize, usize) -> f64) -> Vec<usize> {
        let (mut batch, mut given, mut order) = (Batch::default(), [0; 3], Vec::new());
        for step in 0..n_steps {
            sampler.batch(step, &mut batch);
            assert!(batch.indices.iter().all(|&example| example / 2 == sampler.task()));
            order.push(sampler.task());
            given[sampler.task()] += 1;
            sampler.observe(step, score(sampler.task(), given[sampler.task()])).unwrap();
        }
        assert_eq!(sampler.error(), None);
        order
    }

    #[test]
    fn values_follow_their_definitions() {
        // Boltzmann, so that every task is given.
        let policy = TaskPolicy::Boltzmann { tau: 10.0 };
        let squares = |task: usize, times: usize| (task * times * times) as f64;
        let mut online = sampler(Teacher::Online { alpha: 0.25 }, policy);
        let order = teach(&mut online, 12, squares);
        let mut expected = [0.0; 3];
        for (task, q) in expected.iter_mut().enumerate() {
            for times in 2..=order.iter().filter(|&&given| given == task).count() {
                *q = 0.25 * (squares(task, times) - squares(task, times - 1)) + 0.75 * *q;
            }
        }
        for (found, expected) in online.values().into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12);
        }

        let mut naive = sampler(Teacher::Naive { alpha: 0.5, k: 3 }, policy);
        let order = teach(&mut naive, 12, |task, times| (task * times) as f64);
        assert!(order.chunks(3).all(|run| run.iter().all(|task| *task == run[0])), "{order:?}");
        for (task, value) in naive.values().into_iter().enumerate() {
            let runs = order.iter().filter(|&&given| given == task).count() / 3;
            assert!((value - task as f64 * (1.0 - 0.5_f64.powi(runs as i32))).abs() < 1e-12);
        }

        let mut window = sampler(Teacher::Window { k: 2 }, policy);
        let order = teach(&mut window, 14, squares);
        for (task, value) in window.values().into_iter().enumerate() {
            let steps: Vec<usize> = (0..14).filter(|&step| order[step] == task).collect();
            let [.., before, last] = steps[..] else { panic!("task {task} was given less than twice") };
            let times = steps.len();
            let rise = squares(task, times) - squares(task, times - 1);
            assert!((value - rise / (last - before) as f64).abs() < 1e-12);
        }

        let mut sampling = sampler(Teacher::Sampling { k: 2 }, policy);
        let order = teach(&mut sampling, 14, squares);
        for (task, value) in sampling.values().into_iter().enumerate() {
            let times = order.iter().filter(|&&given| given == task).count();
            let expected = (squares(task, times) - squares(task, times - 2)) / 2.0;
            assert!(times > 2 && (value - expected).abs() < 1e-12);
        }
    }

    /// Window and Sampling try what they do not know; then the task that moves most is given, falling or rising.
    #[test]
    fn the_task_with_most_progress_is_given() {
        for teacher in [Teacher::Window { k: 4 }, Teacher::Sampling { k: 4 }] {
            let order = teach(&mut sampler(teacher, POLICY), 200, |task, times| {
                [-0.01, -2.0, 0.5][task] * times as f64
            });
            let late = order[20..].iter().filter(|&&task| task == 1).count();
            assert_eq!(late, 180, "{teacher}: {order:?}");
            let mut signed = sampler(teacher, POLICY).with_progression(Progression::Signed);
            let order = teach(&mut signed, 200, |task, times| [-0.01, -2.0, 0.5][task] * times as f64);
            assert_eq!(order[20..].iter().filter(|&&task| task == 2).count(), 180, "{teacher}: {order:?}");
        }
        let thompson = TaskPolicy::Thompson { epsilon: 0.0 };
        let mut sampling = sampler(Teacher::Sampling { k: 4 }, thompson);
        let order = teach(&mut sampling, 100, |task, times| [0.0, 0.5, 0.0][task] * times as f64);
        assert!(order[20..].iter().all(|&task| task == 1), "{order:?}");
    }

    #[test]
    fn probabilities_are_what_is_drawn() {
        for policy in [TaskPolicy::EpsilonGreedy { epsilon: 0.3 }, TaskPolicy::Boltzmann { tau: 0.7 }] {
            let mut sampler = sampler(Teacher::Online { alpha: 0.1 }, policy);
            for (task, q) in [0.5, -1.0, 0.1].into_iter().enumerate() {
                sampler.progress.tasks[task].q = q;
            }
            let probabilities = sampler.probabilities().unwrap();
            assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let n = 20_000;
            let mut counts = [0.0; 3];
            (0..n).for_each(|step| counts[sampler.choose(step)] += 1.0);
            let terms = counts.iter().zip(&probabilities).map(|(count, probability)| {
                let expected = probability * n as f64;
                (count - expected) * (count - expected) / expected
            });
            let chi_squared: f64 = terms.sum();
            assert!(chi_squared < 13.82, "{policy}: {chi_squared} on 2 degrees of freedom"); // the 0.999 quantile
        }
    }

    #[test]
    fn misuse_is_reported() {
        let new = |tasks: &[usize], teacher, policy| {
            TeacherSampler::new(tasks, teacher, policy, 2, 0).map(|_| ()).unwrap_err().to_string()
        };
        let online = Teacher::Online { alpha: 0.1 };
        for (error, what) in [
            (new(&[0, 2, 0], online, POLICY), "without an example of task 1"),
            (new(&[usize::MAX], online, POLICY), "tasks"),
            (new(&[], online, POLICY), "n_examples"),
            (new(&[0], Teacher::Online { alpha: 0.0 }, POLICY), "alpha is 0"),
            (new(&[0], Teacher::Naive { alpha: 0.1, k: 1 }, POLICY), "K is 1"),
            (new(&[0], Teacher::Window { k: 1 }, POLICY), "K is 1"),
            (new(&[0], Teacher::Sampling { k: 0 }, POLICY), "K is 0"),
            (new(&[0], online, TaskPolicy::EpsilonGreedy { epsilon: 1.5 }), "epsilon"),
            (new(&[0], online, TaskPolicy::Boltzmann { tau: 0.0 }), "tau"),
            (new(&[0], online, TaskPolicy::Thompson { epsilon: 0.0 }), "Sampling teacher"),
        ] {
            assert!(error.contains(what), "{error}");
        }
        let mut batch = Batch::default();
        let mut own = TeacherSampler::new(&[0, 1], online, POLICY, 1, 0).unwrap();
        assert!(own.observe(0, 1.0).unwrap_err().to_string().contains("TaskScore::Observed"));
        own.batch(1, &mut batch);
        assert_eq!(own.error(), Some(&PacingError::OutOfTurn { step: 1, first_step: 0, end: 1 }));
        let mut other = TeacherSampler::new(&[0, 1], Teacher::Online { alpha: 0.2 }, POLICY, 1, 0).unwrap();
        let error = other.restore(own.save().as_deref()).unwrap_err().to_string();
        assert!(error.contains("teacher online (alpha = 0.1), not with online (alpha = 0.2)"), "{error}");
        assert!(sampler(online, POLICY).observe(0, f64::NAN).is_err());
    }
}
