use cl_data::random::{shuffle, stream};
use cl_data::{Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint, check_feedback};
use serde::{Deserialize, Serialize};

use super::{
    mastery::{Learned, Mastery},
    maturity::{Maturity, Plateau},
    retirement::Retirement,
};
use crate::{
    dynamic::{check_sizes, chunk},
    error::PruneError,
    untold::Untold,
};

/// A curriculum until the model has matured, then plain epochs without the examples that it has mastered.
///
/// ```text
/// steps before s:   those of the curriculum, any sampler: easy to hard, or random for a control
/// s:                the first step of an epoch of the curriculum at which the model has matured
/// steps from s:     shuffled epochs over the examples that the retirement keeps
/// ```
///
/// Each part is the caller's choice, so that curriculum only ([`Retirement::Nothing`]), pruning only (a shuffling
/// sampler for a curriculum), both and neither are the same sampler. What the model knows it learns through
/// [`feedback`](Sampler::feedback) (losses) or [`tell_right`](Self::tell_right); validation scores through
/// [`validated`](Sampler::validated), which a trainer with held-out data calls. Where the retirement goes by losses it
/// asks, when pruning begins, for those that it was never told. O(n) per epoch, and one selection.
///
/// Before the switch an epoch of the curriculum can be asked for once the losses of all batches given before are told;
/// with its first batch it is decided whether the switch comes before it. After the switch any step can be.
///
/// ```
/// use cl_data::{Batch, Epoch, Sampler};
/// use cl_prune::{EpochFractions, DynamicRandomSampler, LifeCycleSampler, Maturity, Retirement};
///
/// // Anything that is a sampler may come first.
/// let first = DynamicRandomSampler::new(4, EpochFractions::constant(1.0)?, 4, 0)?;
/// let retirement = Retirement::Mastered { at_most: 0.5 };
/// let mut sampler = LifeCycleSampler::new(Box::new(first), Maturity::MasteredShare(0.5), retirement, 4, 0)?;
/// let mut batch = Batch::default();
/// sampler.batch(0, &mut batch)?;
/// sampler.feedback(0, &[0, 1, 2, 3], &[0.1, 0.2, 3.0, 2.0])?; // two of four are right
/// sampler.batch(1, &mut batch)?;
/// batch.indices.sort_unstable();
/// assert_eq!(batch.indices, [2, 3]);
/// assert_eq!(sampler.switch().unwrap().step, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LifeCycleSampler {
    curriculum: Box<dyn Sampler>,
    maturity: Maturity,
    retirement: Retirement,
    learned: Learned,
    batch_size: usize,
    seed: u64,
    data: Option<Fingerprint>,
    progress: Progress,
}

/// Where the curriculum ended, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// The first step of the pruned part.
    pub step: u64,
    /// The epoch that begins with it.
    pub epoch: u64,
    /// The examples shown from then on, by index.
    pub kept: Vec<usize>,
}

/// Everything that changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Progress {
    mastery: Mastery,
    plateau: Plateau,
    switch: Option<Switch>,
    /// The step after the last one that the curriculum gave.
    next_step: u64,
    untold: Untold,
}

impl LifeCycleSampler {
    /// The `curriculum`, and after `maturity` batches of `batch_size` of what `retirement` leaves.
    ///
    /// # Errors
    /// Where a part has settings outside of their domain, or there are no examples or the batches are empty.
    pub fn new(
        curriculum: Box<dyn Sampler>,
        maturity: Maturity,
        retirement: Retirement,
        batch_size: usize,
        seed: u64,
    ) -> Result<Self, PruneError> {
        let n_examples = curriculum.n_examples();
        check_sizes(n_examples, batch_size)?;
        maturity.check()?;
        retirement.check()?;
        let min_delta = match maturity {
            Maturity::Plateau { min_delta, .. } => min_delta,
            _ => 0.0,
        };
        let (mastery, plateau) = (Mastery::new(n_examples), Plateau::new(min_delta)?);
        let progress = Progress { mastery, plateau, switch: None, next_step: 0, untold: Untold::default() };
        let learned = Learned::default();
        Ok(Self { curriculum, maturity, retirement, learned, batch_size, seed, data: None, progress })
    }

    /// The same with another rule of what it is to be right.
    ///
    /// # Errors
    /// Where the loss is not above 0, so that nothing could ever be learned.
    pub fn with_learned(mut self, learned: Learned) -> Result<Self, PruneError> {
        if let Learned::LossBelow(threshold) = learned
            && (threshold.is_nan() || threshold <= 0.0)
        {
            return Err(PruneError::argument("learned below", threshold, "a loss above 0"));
        }
        self.learned = learned;
        Ok(self)
    }

    /// The same, bound to data: states saved with other ids or labels are refused.
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// Whether these examples were right when presented, where [`Learned::Told`] says that it is not their losses
    /// that tell.
    ///
    /// # Errors
    /// As [`Mastery::tell_right`].
    pub fn tell_right(&mut self, indices: &[usize], right: &[bool]) -> Result<(), PruneError> {
        if self.progress.switch.is_none() {
            self.progress.mastery.tell_right(indices, right)?;
            if self.learned == Learned::Told && !self.retirement.needs_losses() {
                self.progress.untold.tell_first(indices);
            }
        }
        Ok(())
    }

    /// What is known of the examples.
    pub fn mastery(&self) -> &Mastery {
        &self.progress.mastery
    }

    /// Where the curriculum ended; `None` before.
    pub fn switch(&self) -> Option<&Switch> {
        self.progress.switch.as_ref()
    }

    fn settings(&self) -> SamplerFingerprint {
        let learned = match self.learned {
            Learned::LossBelow(threshold) => format!("loss below {threshold}"),
            Learned::Told => "told".to_owned(),
        };
        SamplerFingerprint::new("life cycle")
            .with("number of examples", self.n_examples())
            .with("batch size", self.batch_size)
            .with("seed", self.seed)
            .with("maturity", format!("{:?}", self.maturity))
            .with("retirement", format!("{:?}", self.retirement))
            .with("learned", learned)
            .with_data(self.data)
    }

    /// Whether pruning begins with `step`: the model has matured, and an epoch of the curriculum begins.
    fn is_due(&self, step: u64) -> bool {
        let Progress { mastery, plateau, switch, next_step, .. } = &self.progress;
        let epoch = self.curriculum.epoch(step);
        switch.is_none()
            && step >= *next_step
            && epoch.step == 0
            && match self.maturity {
                Maturity::Plateau { patience, .. } => plateau.n_without_improvement() >= patience,
                Maturity::MasteredShare(share) => mastery.mastered_share() >= share,
                Maturity::Epoch(first) => epoch.index >= first,
            }
    }

    /// The examples whose losses the retirement needs and was never told.
    fn unknown(&self) -> impl Iterator<Item = usize> {
        self.progress.mastery.untold().filter(|_| self.retirement.needs_losses())
    }

    /// The switch that comes with `step`.
    fn switched(&self, step: u64) -> Result<Switch, PruneError> {
        let kept = self.retirement.kept(&self.progress.mastery, self.seed)?;
        Ok(Switch { step, epoch: self.curriculum.epoch(step).index, kept })
    }

    /// Whether this, read from a state after `n_steps` steps, is what some losses have led to.
    fn is_sound(&self, progress: &Progress, n_steps: u64) -> bool {
        let Progress { mastery, plateau, switch, untold, .. } = progress;
        let n = self.n_examples();
        let as_retired = |switch: &Switch| {
            // What was mastered at the switch has not changed since.
            switch.epoch <= switch.step
                && self.retirement.kept(mastery, self.seed).is_ok_and(|kept| kept == switch.kept)
        };
        mastery.n_examples() == n
            && plateau.min_delta() == self.progress.plateau.min_delta()
            && untold.until() <= n_steps
            && untold.is_sound(|step, example| step < n_steps && example < n)
            && switch.as_ref().is_none_or(as_retired)
    }

    /// The first step at which pruning may begin by what is not told yet.
    fn known_until(&self) -> u64 {
        let Progress { switch, next_step, untold, .. } = &self.progress;
        if switch.is_some() {
            return u64::MAX;
        }
        let next = self.curriculum.epoch(*next_step);
        if next.step == 0 && (!untold.is_none() || self.is_due(*next_step) && self.unknown().next().is_some()) {
            return *next_step;
        }
        if self.is_due(*next_step) {
            return u64::MAX;
        }
        next_step.saturating_add(next.n_steps.saturating_sub(next.step))
    }

    fn epoch_after(&self, switch: &Switch, step: u64) -> Epoch {
        let n_steps = switch.kept.len().div_ceil(self.batch_size) as u64;
        let since = step - switch.step;
        Epoch { index: switch.epoch.saturating_add(since / n_steps), step: since % n_steps, n_steps }
    }
}

impl Sampler for LifeCycleSampler {
    fn n_examples(&self) -> usize {
        self.curriculum.n_examples()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        // The curriculum itself refuses what it cannot give: one by a measured value gives a step from where it waits.
        let known_until = self.known_until();
        if step >= known_until {
            return Err(SamplerError::out_of_turn(step, 0..known_until));
        }
        if self.is_due(step) {
            self.progress.switch = Some(self.switched(step)?);
        }
        match &self.progress.switch {
            Some(switch) if step >= switch.step => {
                let epoch = self.epoch_after(switch, step);
                let mut shown = switch.kept.clone();
                shuffle(&mut stream(self.seed, "life cycle epoch", epoch.index), &mut shown);
                batch.indices.extend_from_slice(&shown[chunk(shown.len(), epoch.step, self.batch_size)]);
            }
            _ => {
                self.curriculum.batch(step, batch)?;
                self.progress.next_step = self.progress.next_step.max(step.saturating_add(1));
                self.progress.untold.give(step, &batch.indices);
            }
        }
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        match &self.progress.switch {
            Some(switch) if step >= switch.step => self.epoch_after(switch, step),
            Some(_) => self.curriculum.epoch(step),
            None => match self.is_due(step).then(|| self.switched(step)) {
                Some(Ok(switch)) => self.epoch_after(&switch, step),
                _ => self.curriculum.epoch(step),
            },
        }
    }

    fn ready_until(&self) -> u64 {
        match self.known_until() {
            u64::MAX => u64::MAX,
            known_until => known_until.min(self.curriculum.ready_until()),
        }
    }

    fn wanted(&self, step: u64, wanted: &mut Vec<usize>) {
        wanted.clear();
        if self.is_due(step) {
            wanted.extend(self.unknown());
        } else if self.progress.switch.is_none() {
            self.curriculum.wanted(step, wanted);
        }
    }

    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        check_feedback(indices, losses, self.n_examples())?;
        if self.progress.switch.is_some() {
            return Ok(());
        }
        // What is asked for when pruning begins is no presentation.
        let is_due = self.is_due(step);
        let learned = if is_due { Learned::Told } else { self.learned };
        if !is_due {
            self.curriculum.feedback(step, indices, losses)?;
        }
        self.progress.mastery.tell_losses(indices, losses, learned)?;
        self.progress.untold.tell(step, indices);
        Ok(())
    }

    fn validated(&mut self, score: f64) -> Result<(), SamplerError> {
        if self.progress.switch.is_none() {
            self.curriculum.validated(score)?;
            self.progress.plateau.tell(score);
        }
        Ok(())
    }

    /// From the step on of which losses are still to be told, as far as the curriculum can.
    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        let (untold, ready_until) = (&self.progress.untold, self.ready_until());
        if !(untold.until()..=ready_until).contains(&n_steps) {
            return Err(SamplerError::out_of_turn(n_steps, untold.until()..ready_until.saturating_add(1)));
        }
        let switched_at = self.progress.switch.as_ref().map_or(u64::MAX, |switch| switch.step);
        let curriculum = self.curriculum.save(n_steps.min(switched_at))?;
        let progress = Progress { untold: untold.before(n_steps), ..self.progress.clone() };
        self.settings().save(n_steps, &(curriculum, progress))
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, (curriculum, progress)): (u64, (String, Progress)) = self.settings().restore(state)?;
        if !self.is_sound(&progress, n_steps) {
            let problem = format!("expected that of {} examples, agreeing with itself", self.n_examples());
            return Err(SamplerError::Unusable(problem));
        }
        let switched_at = progress.switch.as_ref().map_or(u64::MAX, |switch| switch.step);
        let before = self.curriculum.save(self.curriculum.ready_until());
        let (found, expected) = (self.curriculum.restore(&curriculum)?, n_steps.min(switched_at));
        let progress = std::mem::replace(&mut self.progress, progress);
        if found != expected || n_steps > self.ready_until() {
            // What was there stays.
            self.progress = progress;
            if let Ok(before) = before {
                self.curriculum.restore(&before)?;
            }
            let problem =
                format!("after {n_steps} steps, its curriculum after {found}: expected what can be taken");
            return Err(SamplerError::Unusable(problem));
        }
        Ok(n_steps)
    }
}

#[cfg(test)]
mod tests {
    use cl_data::seal::open_json;

    use super::*;
    use crate::{
        Budget, DynamicRandomSampler, EpochFractions, InfoBatchSampler, KeepEasiest, MasteryScore, PruningDraw,
    };

    const N: usize = 12;

    fn plain() -> Box<dyn Sampler> {
        Box::new(DynamicRandomSampler::new(N, EpochFractions::constant(1.0).unwrap(), 5, 3).unwrap())
    }

    fn life(curriculum: Box<dyn Sampler>, maturity: Maturity, retirement: Retirement) -> LifeCycleSampler {
        LifeCycleSampler::new(curriculum, maturity, retirement, 4, 1).unwrap()
    }

    /// A learner that masters two more examples in each of its 3 steps per epoch, the last ones never.
    fn advance(sampler: &mut LifeCycleSampler, step: u64) -> (Epoch, Batch) {
        let loss =
            |index: usize| if index as u64 * 2 < step && index < 9 { 0.1 + index as f64 / 100.0 } else { 2.0 };
        let told = |indices: &[usize]| indices.iter().map(|&index| loss(index)).collect::<Vec<f64>>();
        let (mut wanted, mut batch) = (Vec::new(), Batch::default());
        sampler.wanted(step, &mut wanted);
        if !wanted.is_empty() {
            sampler.feedback(step, &wanted, &told(&wanted)).unwrap();
        }
        let epoch = sampler.epoch(step);
        sampler.batch(step, &mut batch).unwrap();
        assert_eq!(sampler.epoch(step), epoch);
        sampler.feedback(step, &batch.indices, &told(&batch.indices)).unwrap();
        if epoch.step + 1 == epoch.n_steps {
            // Better up to epoch 3, then the same.
            sampler.validated(epoch.index.min(3) as f64).unwrap();
        }
        (epoch, batch)
    }

    #[test]
    fn the_mastered_retire_when_enough_are() {
        let mut sampler = life(plain(), Maturity::MasteredShare(0.5), Retirement::Mastered { at_most: 0.4 });
        let run: Vec<_> = (0..40).map(|step| advance(&mut sampler, step)).collect();
        let switch = sampler.switch().unwrap().clone();
        assert_eq!(switch.step % 3, 0, "an epoch of three steps is not cut short");
        assert_eq!(run[switch.step as usize].0, Epoch { index: switch.step / 3, step: 0, n_steps: 2 });
        // floor(0.4 * 12) of lowest loss are gone.
        assert_eq!(switch.kept, (4..N).collect::<Vec<_>>());
        for epoch in run[switch.step as usize..].chunks_exact(2) {
            let mut shown: Vec<usize> = epoch.iter().flat_map(|(_, batch)| batch.indices.clone()).collect();
            shown.sort_unstable();
            assert_eq!(shown, switch.kept);
        }
    }

    #[test]
    fn each_criterion_and_each_retirement() {
        let switch = |maturity, retirement| {
            let mut sampler = life(plain(), maturity, retirement);
            (0..60).for_each(|step| drop(advance(&mut sampler, step)));
            sampler.switch().cloned().unwrap()
        };
        let plateau = Maturity::Plateau { patience: 2, min_delta: 0.0 };
        // Epochs 4 and 5 bring nothing.
        assert_eq!(switch(plateau, Retirement::Nothing).epoch, 6);
        assert_eq!(switch(Maturity::Epoch(2), Retirement::Nothing).step, 6);
        assert_eq!(switch(Maturity::Epoch(2), Retirement::Nothing).kept.len(), N);
        let matched = switch(Maturity::Epoch(8), Retirement::RandomlyMatched { at_most: 0.9 });
        let mastered = switch(Maturity::Epoch(8), Retirement::Mastered { at_most: 0.9 });
        assert_eq!(mastered.kept, [9, 10, 11]);
        assert_eq!(matched.kept.len(), 3);
        for score in [MasteryScore::LastLoss, MasteryScore::Forgetting] {
            let retirement = Retirement::Select { rule: Box::new(KeepEasiest), score, budget: Budget::Count(9) };
            assert_eq!(switch(Maturity::Epoch(8), retirement).kept, (0..9).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_was_never_shown_is_asked_for() {
        let some = DynamicRandomSampler::new(N, EpochFractions::constant(0.25).unwrap(), 5, 3).unwrap();
        let mut sampler = life(Box::new(some), Maturity::Epoch(1), Retirement::Mastered { at_most: 0.5 });
        advance(&mut sampler, 0);
        let mut wanted = Vec::new();
        sampler.wanted(1, &mut wanted);
        assert_eq!(wanted.len(), 9);
        advance(&mut sampler, 1);
        assert_eq!(sampler.switch().unwrap().step, 1);
    }

    /// More steps than can have been taken, or others than the curriculum's, are refused, and what was there goes on.
    #[test]
    fn steps_that_cannot_have_been_taken_are_refused() {
        let new = || life(plain(), Maturity::Epoch(2), Retirement::Mastered { at_most: 0.5 });
        let (mut sampler, mut untouched) = (new(), new());
        (0..2).for_each(|step| assert_eq!(advance(&mut sampler, step), advance(&mut untouched, step)));
        let fresh = new();
        // The epoch of three steps has not ended: what the fourth is depends on it.
        for (n_steps, of_curriculum) in [(4, 4), (7, 7), (0, 2), (3, 2)] {
            let state = (plain().save(of_curriculum).unwrap(), fresh.progress.clone());
            let forged = fresh.settings().save(n_steps, &state).unwrap();
            let error = sampler.restore(&forged).unwrap_err().to_string();
            assert!(error.contains(&format!("after {n_steps} steps")), "{error}");
        }
        (2..9).for_each(|step| assert_eq!(advance(&mut sampler, step), advance(&mut untouched, step)));
    }

    #[test]
    fn resuming_is_not_interrupting() {
        let new = || {
            let first = InfoBatchSampler::new(N, 5, 9, 2).unwrap().with_draw(PruningDraw::FixedCount);
            life(Box::new(first), Maturity::MasteredShare(0.5), Retirement::Mastered { at_most: 0.5 })
        };
        let mut whole = new();
        let (mut states, mut run) = (Vec::new(), Vec::new());
        for step in 0..50 {
            states.push(whole.save(step).unwrap());
            run.push(advance(&mut whole, step));
        }
        assert!(whole.switch().is_some_and(|switch| switch.step < 40));
        for (from, state) in states.iter().enumerate() {
            let mut resumed = new();
            assert_eq!(resumed.restore(state).unwrap(), from as u64);
            for (step, expected) in run.iter().enumerate().skip(from).take(6) {
                assert_eq!(&advance(&mut resumed, step as u64), expected);
            }
        }
        let error = life(plain(), Maturity::Epoch(1), Retirement::Nothing).restore(&states[9]).unwrap_err();
        assert!(error.to_string().contains("maturity MasteredShare(0.5), not with Epoch(1)"), "{error}");
        assert!(new().restore("").is_err());
    }

    #[test]
    fn parts_outside_of_their_domain_are_refused() {
        let new = |maturity, retirement| LifeCycleSampler::new(plain(), maturity, retirement, 4, 0).err();
        for maturity in [
            Maturity::Plateau { patience: 0, min_delta: 0.0 },
            Maturity::Plateau { patience: 1, min_delta: f64::NAN },
            Maturity::MasteredShare(0.0),
        ] {
            assert!(new(maturity, Retirement::Nothing).is_some(), "{maturity:?}");
        }
        assert!(new(Maturity::Epoch(0), Retirement::Mastered { at_most: 1.0 }).is_some());
        let sampler = life(plain(), Maturity::Epoch(0), Retirement::Nothing);
        assert!(sampler.with_learned(Learned::LossBelow(0.0)).is_err());
        let mut sampler = life(plain(), Maturity::Epoch(9), Retirement::Nothing);
        let saved = sampler.save(0).unwrap();
        let error = sampler.feedback(0, &[0, N], &[0.0; 2]).unwrap_err();
        assert!(matches!(error, SamplerError::IndexOutOfRange { index: N, .. }));
        assert!(sampler.feedback(0, &[0, 1], &[0.0, f64::NAN]).is_err());
        // The second epoch waits for the losses of the first.
        let mut batch = Batch::default();
        for step in 0..3 {
            sampler.batch(step, &mut batch).unwrap();
        }
        let error = sampler.batch(3, &mut batch).unwrap_err();
        assert!(matches!(error, SamplerError::OutOfTurn { step: 3, end: 3, .. }), "{error}");
        assert!(sampler.batch(u64::MAX, &mut batch).is_err() && sampler.save(u64::MAX).is_err());
        let content = |state: &str| open_json(state).unwrap().replace("\"next_step\":3", "\"next_step\":0");
        assert_eq!(content(&sampler.save(0).unwrap()), content(&saved));
    }

    #[test]
    fn answers_may_be_told_instead_of_losses() {
        let mut sampler =
            life(plain(), Maturity::MasteredShare(0.75), Retirement::RandomlyMatched { at_most: 0.75 })
                .with_learned(Learned::Told)
                .unwrap();
        let all: Vec<usize> = (0..N).collect();
        sampler.tell_right(&all, &[true; N]).unwrap();
        sampler.tell_right(&[0, 1], &[false; 2]).unwrap();
        sampler.feedback(0, &all, &[0.0; N]).unwrap();
        assert_eq!(sampler.mastery().mastered_share(), 10.0 / 12.0);
        let mut batch = Batch::default();
        sampler.batch(0, &mut batch).unwrap();
        assert_eq!(sampler.switch().unwrap().kept.len(), 3);
    }
}
