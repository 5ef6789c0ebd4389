use cl_data::{
    Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint, catalogue::Parameter, random,
};
use serde::{Deserialize, Serialize};

use super::{
    bandit::{Bandit, Progression, TaskPolicy, Tasks, Teacher},
    check_sizes,
    curriculum::passes,
    draw::Draw,
    entry::{SamplerEntry, SamplerInput},
    ordered::Ordered,
    told::Told,
};
use crate::error::PacingError;

/// Where the student's score on a task comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskScore {
    /// The mean loss of the batch, negative.
    #[default]
    BatchLoss,
    /// [`TeacherSampler::observe`], such as an accuracy on held-out examples of the task.
    Observed,
}

/// Teacher-student curriculum learning: a bandit over tasks that gives the student those on which it changes most.
///
/// Each step is a batch of one task (a class, a source, a level of difficulty), uniform without replacement within
/// it; a task with fewer examples than a batch gives all it has. The next step needs the score of the one before,
/// told as the losses of its batch, in one or several parts, or through [`observe`](Self::observe); until it is asked
/// for, the one before can be asked for again. O(batch + tasks K) per step; 4 bytes an example.
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
///     sampler.batch(step, &mut batch)?;
///     assert_eq!(tasks[batch.indices[0]], tasks[batch.indices[1]]);
///     sampler.feedback(step, &batch.indices, &[0.5, 0.4])?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TeacherSampler {
    /// The examples, task by task.
    members: Ordered,
    /// Where each task begins in them, and where the last one ends.
    bounds: Vec<usize>,
    bandit: Bandit,
    score: TaskScore,
    batch_size: usize,
    seed: u64,
    data: Option<Fingerprint>,
    progress: Progress,
    draw: Draw,
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
    tasks: Tasks,
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
        let bandit = Bandit::new(teacher, policy)?;
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
        let members = Ordered::new(&{
            let mut members: Vec<usize> = (0..tasks.len()).collect();
            members.sort_by_key(|&example| tasks[example]);
            members
        })?;
        let mut bounds = vec![0];
        bounds.extend(sizes.iter().scan(0, |end, size| {
            *end += size;
            Some(*end)
        }));
        let progress =
            Progress { step: 0, task: 0, told: Told::default(), scored: false, tasks: Tasks::new(n_tasks) };
        let (score, data, draw) = (TaskScore::default(), None, Draw::default());
        let mut sampler = Self { members, bounds, bandit, score, batch_size, seed, data, progress, draw };
        sampler.give(0);
        Ok(sampler)
    }

    /// The same, valuing progress so.
    pub fn with_progression(mut self, progression: Progression) -> Self {
        self.bandit.progression = progression;
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
        self.bandit.values(&self.progress.tasks)
    }

    /// The probability with which each task would be chosen next by the current values; `None` under Thompson, whose
    /// values are drawn.
    pub fn probabilities(&self) -> Option<Vec<f64>> {
        self.bandit.probabilities(&self.progress.tasks)
    }

    /// Tells the student's score on the task of `step`, higher being better, under [`TaskScore::Observed`].
    ///
    /// # Errors
    /// Unless the score is finite, `step` the latest, and scores are observed.
    pub fn observe(&mut self, step: u64, score: f64) -> Result<(), SamplerError> {
        let wrong = |expected| Err(PacingError::argument("score", score, expected).into());
        if self.score != TaskScore::Observed {
            return wrong("TaskScore::Observed, as scores are batch losses");
        }
        if step != self.progress.step {
            return Err(SamplerError::out_of_turn(step, self.progress.step..self.ready_until()));
        }
        if !score.is_finite() {
            return wrong("a finite number");
        }
        self.take(score);
        Ok(())
    }

    /// The settings, which stay. O(n) at first.
    pub fn fingerprint(&self) -> SamplerFingerprint {
        SamplerFingerprint::new("teacher-student")
            .with("tasks", self.members.hash())
            .with_hash("ends of tasks", self.bounds.iter().map(|&bound| bound as u64))
            .with("teacher", self.bandit.teacher)
            .with("policy", self.bandit.policy)
            .with("progression", format!("{:?}", self.bandit.progression).to_lowercase())
            .with("score", format!("{:?}", self.score).to_lowercase())
            .with("batch size", self.batch_size)
            .with("seed", self.seed)
            .with_data(self.data)
    }

    /// Stands at `step` and gives a task.
    fn give(&mut self, step: u64) {
        let task = self.bandit.choose(&self.progress.tasks, self.progress.task, self.seed, step);
        self.progress.step = step;
        self.progress.task = task;
        self.progress.told = Told::new(self.drawn(step, task));
        self.progress.scored = false;
    }

    /// The batch of a step that gives this task.
    fn drawn(&mut self, step: u64, task: usize) -> Vec<usize> {
        let mut rng = random::stream(self.seed, "task batch", step);
        let mut batch = Batch::default();
        let members = &mut self.members[self.bounds[task]..self.bounds[task + 1]];
        self.draw.without_replacement(&mut rng, members, self.batch_size, &mut batch);
        batch.indices
    }

    /// Takes the score of the latest step.
    fn take(&mut self, score: f64) {
        let Progress { step, task, scored, tasks, .. } = &mut self.progress;
        if !std::mem::replace(scored, true) {
            self.bandit.take(tasks, *task, *step, score);
        }
    }
}

impl Sampler for TeacherSampler {
    fn n_examples(&self) -> usize {
        self.members.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        if self.progress.scored && step.checked_sub(1) == Some(self.progress.step) {
            self.give(step);
        }
        if step != self.progress.step {
            return Err(SamplerError::out_of_turn(step, self.progress.step..self.ready_until()));
        }
        batch.indices.extend_from_slice(&self.progress.told.indices);
        Ok(())
    }

    /// Passes of n examples: there are no epochs otherwise.
    fn epoch(&self, step: u64) -> Epoch {
        passes(self.members.len(), self.batch_size, step)
    }

    fn ready_until(&self) -> u64 {
        self.progress.step.saturating_add(1 + u64::from(self.progress.scored))
    }

    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        let mut told = self.progress.told.clone();
        told.tell(indices, losses, self.n_examples())?;
        if step > self.progress.step && !indices.is_empty() {
            let next = self.progress.step.saturating_add(1);
            return Err(SamplerError::out_of_turn(step, self.progress.step..next));
        }
        // Steps before have their scores.
        if step != self.progress.step || self.score != TaskScore::BatchLoss {
            return Ok(());
        }
        if let Some(losses) = told.losses() {
            let mean = losses.iter().sum::<f64>() / losses.len() as f64;
            if !mean.is_finite() {
                return Err(PacingError::argument("losses", mean, "losses with a finite mean").into());
            }
            self.take(-mean);
        }
        self.progress.told = told;
        Ok(())
    }

    /// At the latest step, or after it.
    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        let step = self.progress.step;
        if n_steps != step && n_steps.checked_sub(1) != Some(step) {
            return Err(SamplerError::out_of_turn(n_steps, step..step.saturating_add(2)));
        }
        self.fingerprint().save(n_steps, &self.progress)
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, progress): (u64, Progress) = self.fingerprint().restore(state)?;
        let n_tasks = self.bounds.len() - 1;
        let n_found = progress.tasks.tasks.len();
        let Progress { step, task, ref told, ref tasks, .. } = progress;
        if n_found != n_tasks || task >= n_tasks || !told.is_sound(self.n_examples()) {
            return Err(SamplerError::Unusable(format!("{n_found} tasks, expected {n_tasks}, of this sampler")));
        }
        let after = n_steps.checked_sub(step);
        if !matches!(after, Some(0 | 1))
            || !self.bandit.may_have_learned(tasks, step)
            || told.indices != self.drawn(step, task)
        {
            return Err(SamplerError::Unusable("its parts do not agree, expected those of one step".to_owned()));
        }
        self.progress = progress;
        Ok(n_steps)
    }
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "teacher",
    "a bandit over classes or tasks that gives those on which the student changes most (Matiisen)",
    &[
        Parameter::with_default("teacher", "online, naive, window or sampling", "window"),
        Parameter::with_default("alpha", "the weight of the latest reward of online and naive, in (0, 1]", "0.1"),
        Parameter::with_default("k", "the scores or rewards of the others, at least 2 for a slope", "10"),
        Parameter::with_default("epsilon", "the probability of any task, in [0, 1]", "0.1"),
    ],
    &[SamplerInput::Classes],
    |o, of| {
        let (alpha, k) = (o.number("alpha")?, o.number("k")?);
        let teachers = [
            ("online", Teacher::Online { alpha }),
            ("naive", Teacher::Naive { alpha, k }),
            ("window", Teacher::Window { k }),
            ("sampling", Teacher::Sampling { k }),
        ];
        let (teacher, epsilon) = (o.choice("teacher", &teachers)?, o.number("epsilon")?);
        let tasks = o.given(of.classes, "classes", "the class or task of each example")?;
        let policy = TaskPolicy::EpsilonGreedy { epsilon };
        Ok(Box::new(TeacherSampler::new(tasks, teacher, policy, of.batch_size, of.seed)?))
    },
);

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
            sampler.batch(step, &mut batch).unwrap();
            assert!(batch.indices.iter().all(|&example| example / 2 == sampler.task()));
            order.push(sampler.task());
            given[sampler.task()] += 1;
            sampler.observe(step, score(sampler.task(), given[sampler.task()])).unwrap();
        }
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
            let order =
                teach(&mut sampler(teacher, POLICY), 200, |task, times| [-0.01, -2.0, 0.5][task] * times as f64);
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
                sampler.progress.tasks.tasks[task].q = q;
            }
            let probabilities = sampler.probabilities().unwrap();
            assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let n = 20_000;
            let mut counts = [0.0; 3];
            (0..n).for_each(|step| counts[sampler.bandit.choose(&sampler.progress.tasks, 0, 3, step)] += 1.0);
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
        let error = own.batch(1, &mut batch).unwrap_err();
        assert!(matches!(error, SamplerError::OutOfTurn { step: 1, first_step: 0, end: 1 }));
        let saved = own.save(0).unwrap();
        let given = own.progress.told.indices[0];
        for (step, index, loss) in [(0, given, f64::NAN), (0, given, f64::INFINITY), (0, 2, 0.0), (1, given, 0.0)]
        {
            assert!(own.feedback(step, &[index], &[loss]).is_err());
            assert_eq!(own.save(0).unwrap(), saved);
        }
        assert!(own.save(2).is_err());
        let mut other = TeacherSampler::new(&[0, 1], Teacher::Online { alpha: 0.2 }, POLICY, 1, 0).unwrap();
        let error = other.restore(&saved).unwrap_err().to_string();
        assert!(error.contains("teacher online (alpha = 0.1), not with online (alpha = 0.2)"), "{error}");
        assert!(sampler(online, POLICY).observe(0, f64::NAN).is_err());
    }
}
