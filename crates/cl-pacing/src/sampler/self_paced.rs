use std::fmt;

use cl_data::{
    Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint, catalogue::Parameter, check_feedback,
    random,
};
use serde::{Deserialize, Serialize};

use super::{
    check_sizes, chunk,
    entry::{SamplerEntry, SamplerInput},
    n_batches,
};
use crate::{
    error::PacingError,
    weighting::{Age, Annealing, HardSelfPaced, SelfPaced, SelfPacedAlternation, SelfPacedLambda},
};

/// How a self-paced epoch shows the examples that it selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presentation {
    /// By index, the same way every epoch.
    IndexOrder,
    /// Shuffled anew every epoch.
    Shuffled {
        /// The seed of the shuffles.
        seed: u64,
    },
}

impl Presentation {
    /// Puts the selected examples of an epoch, given in index order, in the order in which they are shown.
    fn arrange(self, epoch: u64, selected: &mut [usize]) {
        if let Self::Shuffled { seed } = self {
            random::shuffle(&mut random::stream(seed, "self-paced epoch", epoch), selected);
        }
    }
}

impl fmt::Display for Presentation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IndexOrder => formatter.write_str("index order"),
            Self::Shuffled { seed } => write!(formatter, "shuffled by seed {seed}"),
        }
    }
}

/// The alternation of self-paced learning: select the examples that are easy now, train on them, admit harder ones.
///
/// ```text
/// epoch e:   v = argmin over v of   sum_i v_i l_i + g(v; lambda_e)      from the losses l at the start of the epoch
///            one pass over the examples with v_i > 0, in batches, the last of which may be short
///            lambda_{e+1} = mu lambda_e, or as a quantile of the losses says
/// ```
///
/// By default v_i = 1 if l_i < lambda_e, else 0; [`of`](Self::of) takes any regulariser. Batches carry the weights, but
/// for an epoch in which each is 1.
///
/// At the start of each epoch it [wants](Sampler::wanted) the losses of all examples, which may be told in several
/// parts; what it is told of single batches it ignores. Until then the steps of the epoch before can be asked for, and
/// no others. An epoch that selects nothing is one empty batch. O(n) per epoch and part told.
///
/// Source: Kumar, Packer and Koller (2010), algorithm 1, with one pass over the selection as the inner minimisation.
///
/// ```
/// use cl_pacing::{Batch, Presentation, Sampler, SelfPacedLambda, SelfPacedSampler};
///
/// let lambda = SelfPacedLambda::new(0.5, 1.3)?;
/// let mut sampler = SelfPacedSampler::new(3, 8, lambda, Presentation::IndexOrder)?;
/// sampler.feedback(0, &[0, 1, 2], &[0.4, 0.6, 0.1])?;
/// let mut batch = Batch::default();
/// sampler.batch(0, &mut batch)?;
/// assert_eq!(batch.indices, [0, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SelfPacedSampler {
    n_examples: usize,
    batch_size: usize,
    presentation: Presentation,
    alternation: SelfPacedAlternation,
    data: Option<Fingerprint>,
    progress: Progress,
}

/// Everything that changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Progress {
    /// The epoch selected last, with its lambda; nothing before the first.
    age: Option<Age>,
    /// Its first step.
    first_step: u64,
    /// Its examples as shown.
    selected: Vec<usize>,
    /// Their weights, or nothing where each is 1.
    weights: Vec<f64>,
    /// The losses told so far of the epoch to come.
    told: Vec<Option<f64>>,
}

impl SelfPacedSampler {
    /// Batches of `batch_size` out of `n_examples`, with hard weights under the threshold `lambda` of the first epoch.
    ///
    /// # Errors
    /// Unless `n_examples` and `batch_size` are at least 1.
    pub fn new(
        n_examples: usize,
        batch_size: usize,
        lambda: SelfPacedLambda,
        presentation: Presentation,
    ) -> Result<Self, PacingError> {
        let annealing = Annealing::growth(lambda.mu())?;
        Self::of(HardSelfPaced::new(lambda.value())?, annealing, n_examples, batch_size, presentation)
    }

    /// Batches of `batch_size` out of `n_examples`, with the weights of any regulariser, whose age goes on as
    /// `annealing` says.
    ///
    /// # Errors
    /// Unless `n_examples` and `batch_size` are at least 1.
    pub fn of(
        regulariser: impl SelfPaced + 'static,
        annealing: Annealing,
        n_examples: usize,
        batch_size: usize,
        presentation: Presentation,
    ) -> Result<Self, PacingError> {
        check_sizes(n_examples, batch_size)?;
        let told = vec![None; n_examples];
        let progress = Progress { age: None, first_step: 0, selected: Vec::new(), weights: Vec::new(), told };
        let alternation = SelfPacedAlternation::new(regulariser, annealing);
        Ok(Self { n_examples, batch_size, presentation, alternation, data: None, progress })
    }

    /// The same, bound to data: states saved with other ids or labels are refused.
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// The age of the current epoch, or the regulariser's own before the first.
    pub fn lambda(&self) -> f64 {
        self.progress.age.map_or(self.alternation.regulariser().lambda(), |age| age.lambda)
    }

    /// The examples selected for the current epoch, as shown; empty before the first.
    pub fn selected(&self) -> &[usize] {
        &self.progress.selected
    }

    /// The settings, which stay.
    pub fn fingerprint(&self) -> SamplerFingerprint {
        SamplerFingerprint::new("self-paced")
            .with("number of examples", self.n_examples)
            .with("batch size", self.batch_size)
            .with("presentation", self.presentation)
            .with("weighting", self.alternation.regulariser())
            .with("annealing", self.alternation.annealing())
            .with_data(self.data)
    }

    /// The steps of the current epoch, empty before the first.
    fn steps(&self) -> std::ops::Range<u64> {
        self.steps_of(&self.progress)
    }

    fn steps_of(&self, progress: &Progress) -> std::ops::Range<u64> {
        let first = progress.first_step;
        first..first.saturating_add(progress.age.map_or(0, |_| self.n_steps(progress.selected.len())))
    }

    /// The steps at which this progress is a state: once the next epoch is told of, no earlier one is.
    fn saved_at(&self, progress: &Progress) -> std::ops::RangeInclusive<u64> {
        let steps = self.steps_of(progress);
        let told = progress.told.iter().any(Option::is_some);
        if told { steps.end..=steps.end } else { steps.start..=steps.end }
    }

    /// Whether this, read from a state, is what some losses have led to.
    fn is_sound(&self, progress: &Progress) -> bool {
        let Progress { age, first_step, selected, weights, told } = progress;
        let mut shown: Vec<usize> = selected.clone();
        shown.sort_unstable();
        let distinct = shown.is_sorted_by(|a, b| a < b) && shown.last().is_none_or(|&last| last < self.n_examples);
        self.presentation.arrange(age.map_or(0, |age| age.epoch), &mut shown);
        let weighed = weights.len() == selected.len()
            && weights.iter().all(|&weight| weight.is_finite() && weight > 0.0)
            && weights.iter().any(|&weight| weight != 1.0);
        // An epoch has a step at least.
        let began = age.map_or(*first_step == 0 && selected.is_empty(), |age| age.epoch <= *first_step);
        distinct
            && shown == *selected
            && (weights.is_empty() || weighed)
            && began
            && told.len() == self.n_examples
            && !told.iter().flatten().any(|loss| loss.is_nan())
    }

    /// An epoch without examples still takes a step, or time would stand still.
    fn n_steps(&self, n_selected: usize) -> u64 {
        n_batches(n_selected, self.batch_size).max(1)
    }

    /// Starts the epoch of which all losses are told.
    fn select(&mut self, first_step: u64, losses: &[f64]) -> Result<(), PacingError> {
        let mut weights = vec![0.0; losses.len()];
        self.alternation.choose(losses, &mut weights)?;
        let progress = &mut self.progress;
        progress.told.fill(None);
        progress.age = self.alternation.age();
        progress.first_step = first_step;
        let selected = &mut progress.selected;
        selected.clear();
        selected.extend((0..losses.len()).filter(|&index| weights[index] > 0.0));
        self.presentation.arrange(progress.age.map_or(0, |age| age.epoch), selected);
        progress.weights.clear();
        if selected.iter().any(|&index| weights[index] != 1.0) {
            progress.weights.extend(selected.iter().map(|&index| weights[index]));
        }
        Ok(())
    }
}

impl Sampler for SelfPacedSampler {
    fn n_examples(&self) -> usize {
        self.n_examples
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        let steps = self.steps();
        if !steps.contains(&step) {
            return Err(SamplerError::out_of_turn(step, steps));
        }
        let index = step - steps.start;
        batch.indices.extend_from_slice(chunk(&self.progress.selected, index, self.batch_size));
        batch.weights.extend_from_slice(chunk(&self.progress.weights, index, self.batch_size));
        Ok(())
    }

    /// Before the losses of a new epoch are told, its length is not known, nor is that of those gone by: 0.
    fn epoch(&self, step: u64) -> Epoch {
        let (steps, current) = (self.steps(), self.progress.age.map(|age| age.epoch));
        match current {
            Some(index) if step < steps.start => Epoch { index: index.saturating_sub(1), step: 0, n_steps: 0 },
            Some(index) if step < steps.end => {
                Epoch { index, step: step - steps.start, n_steps: steps.end - steps.start }
            }
            _ => {
                let index = current.map_or(0, |index| index.saturating_add(1));
                Epoch { index, step: step - steps.end, n_steps: 0 }
            }
        }
    }

    fn ready_until(&self) -> u64 {
        self.steps().end
    }

    fn wanted(&self, step: u64, wanted: &mut Vec<usize>) {
        wanted.clear();
        if step == self.steps().end {
            wanted.extend((0..self.n_examples).filter(|&index| self.progress.told[index].is_none()));
        }
    }

    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        check_feedback(indices, losses, self.n_examples)?;
        let end = self.steps().end;
        if step > end && !indices.is_empty() {
            return Err(SamplerError::out_of_turn(step, self.progress.first_step..end.saturating_add(1)));
        }
        // What is told within an epoch changes nothing: its selection stands.
        if step != end {
            return Ok(());
        }
        let mut told = self.progress.told.clone();
        indices.iter().zip(losses).for_each(|(&index, &loss)| told[index] = Some(loss));
        match told.iter().copied().collect::<Option<Vec<f64>>>() {
            Some(losses) => Ok(self.select(step, &losses)?),
            None => {
                self.progress.told = told;
                Ok(())
            }
        }
    }

    /// Once something is told of the epoch to come, only at its start.
    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        let steps = self.saved_at(&self.progress);
        if !steps.contains(&n_steps) {
            return Err(SamplerError::out_of_turn(n_steps, *steps.start()..steps.end().saturating_add(1)));
        }
        self.fingerprint().save(n_steps, &self.progress)
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, progress): (u64, Progress) = self.fingerprint().restore(state)?;
        if !self.is_sound(&progress) || !self.saved_at(&progress).contains(&n_steps) {
            return Err(SamplerError::Unusable(format!("expected that of {} examples", self.n_examples)));
        }
        self.alternation.set_age(progress.age)?;
        self.progress = progress;
        Ok(n_steps)
    }
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "self-paced",
    "each epoch what has a loss below a threshold that grows (Kumar)",
    &[
        Parameter::new("lambda", "the threshold of the first epoch, above 0"),
        Parameter::with_default("mu", "the factor by which it grows per epoch, above 1", "1.3"),
    ],
    &[SamplerInput::NExamples],
    |o, of| {
        let lambda = SelfPacedLambda::new(o.number("lambda")?, o.number("mu")?)?;
        let presentation = Presentation::Shuffled { seed: of.seed };
        Ok(Box::new(SelfPacedSampler::new(of.n_examples, of.batch_size, lambda, presentation)?))
    },
);

#[cfg(test)]
mod tests {
    use cl_data::seal::{open_json, seal_json};

    use super::*;
    use crate::{
        pacing::Linear,
        weighting::{LinearSelfPaced, Mixture, Weighting},
    };
    use proptest::prelude::*;

    fn sampler(n: usize, batch_size: usize, presentation: Presentation) -> SelfPacedSampler {
        SelfPacedSampler::new(n, batch_size, SelfPacedLambda::new(0.5, 1.3).unwrap(), presentation).unwrap()
    }

    /// Hard weights, soft ones that grow, soft ones at a quantile that does.
    fn of_kind(kind: usize, n: usize, batch_size: usize, presentation: Presentation) -> SelfPacedSampler {
        let growth = Annealing::growth(1.3).unwrap();
        let quantile = Annealing::quantile(Linear::new(0.9, 0.2).unwrap(), 6).unwrap();
        match kind {
            0 => sampler(n, batch_size, presentation),
            1 => SelfPacedSampler::of(LinearSelfPaced::new(0.5).unwrap(), growth, n, batch_size, presentation)
                .unwrap(),
            _ => SelfPacedSampler::of(Mixture::new(1.0, 0.4).unwrap(), quantile, n, batch_size, presentation)
                .unwrap(),
        }
    }

    /// A learner whose losses depend on all that it was shown.
    #[derive(Clone)]
    struct Learner(Vec<f64>);

    impl Learner {
        fn of(n: usize) -> Self {
            Self((0..n).map(|i| 0.3 + (i * 13 % n) as f64 / n as f64 * 2.0).collect())
        }

        fn step(&mut self, sampler: &mut SelfPacedSampler, step: u64) -> Batch {
            let (mut wanted, mut batch) = (Vec::new(), Batch::default());
            sampler.wanted(step, &mut wanted);
            // In two parts, as from two machines.
            for part in wanted.chunks(wanted.len().div_ceil(2).max(1)) {
                let losses: Vec<f64> = part.iter().map(|&index| self.0[index]).collect();
                sampler.feedback(step, part, &losses).unwrap();
            }
            sampler.batch(step, &mut batch).unwrap();
            let losses: Vec<f64> = batch.indices.iter().map(|&index| self.0[index]).collect();
            sampler.feedback(step, &batch.indices, &losses).unwrap();
            batch
                .indices
                .iter()
                .enumerate()
                .for_each(|(place, &index)| self.0[index] *= 0.9 + 0.01 * place as f64);
            batch
        }
    }

    proptest! {
        /// Saved through JSON after every step, restored into a fresh sampler: the rest is bit for bit the same.
        #[test]
        fn resuming_is_not_interrupting(
            n in 1usize..25, batch_size in 1usize..8, seed: Option<u64>, kind in 0usize..3,
        ) {
            let presentation = seed.map_or(Presentation::IndexOrder, |seed| Presentation::Shuffled { seed });
            let new = || of_kind(kind, n, batch_size, presentation);
            let (mut whole, mut learner) = (new(), Learner::of(n));
            let mut run = Vec::new();
            for step in 0..30 {
                let before = (whole.save(step).unwrap(), learner.clone());
                run.push((before, learner.step(&mut whole, step), whole.epoch(step), whole.lambda()));
            }
            for from in 0..30 {
                let (state, mut learner) = run[from].0.clone();
                let mut resumed = new();
                prop_assert_eq!(resumed.restore(&state).unwrap(), from as u64);
                for (step, (_, shown, epoch, lambda)) in run.iter().enumerate().skip(from).take(6) {
                    prop_assert_eq!(&learner.step(&mut resumed, step as u64), shown);
                    prop_assert_eq!((resumed.epoch(step as u64), resumed.lambda()), (*epoch, *lambda));
                }
            }
        }

        /// Each example of an epoch comes once, with the weight that the regulariser gives its loss.
        #[test]
        fn weights_travel_with_their_examples(
            losses in prop::collection::vec(0.0..1.0f64, 1..40), batch_size in 1usize..9, seed: u64,
        ) {
            let n = losses.len();
            let mut sampler = of_kind(1, n, batch_size, Presentation::Shuffled { seed });
            sampler.feedback(0, &(0..n).collect::<Vec<_>>(), &losses).unwrap();
            let (mut batch, mut shown) = (Batch::default(), vec![0.0; n]);
            for step in 0..sampler.epoch(0).n_steps {
                sampler.batch(step, &mut batch).unwrap();
                if !batch.indices.is_empty() && batch.weights.is_empty() {
                    batch.weights = vec![1.0; batch.indices.len()];
                }
                prop_assert_eq!(batch.indices.len(), batch.weights.len());
                batch.indices.iter().zip(&batch.weights).for_each(|(&index, &weight)| shown[index] += weight);
            }
            let mut expected = vec![0.0; n];
            LinearSelfPaced::new(0.5).unwrap().weights(&losses, &mut expected).unwrap();
            prop_assert_eq!(shown, expected);
        }

        #[test]
        fn an_epoch_shows_its_selection_once(losses in prop::collection::vec(0.0..1.0, 1..40), batch_size in 1usize..9) {
            let n = losses.len();
            let mut sampler = sampler(n, batch_size, Presentation::Shuffled { seed: 3 });
            let all: Vec<usize> = (0..n).collect();
            let mut step = 0;
            for (epoch, lambda) in [0.5, 0.5 * 1.3, 0.5 * 1.3 * 1.3].into_iter().enumerate() {
                sampler.feedback(step, &all, &losses).unwrap();
                let mut shown = Vec::new();
                let mut batch = Batch::default();
                for within in 0..sampler.epoch(step).n_steps {
                    let n_steps = sampler.epoch(step).n_steps;
                    prop_assert_eq!(sampler.epoch(step), Epoch { index: epoch as u64, step: within, n_steps });
                    sampler.batch(step, &mut batch).unwrap();
                    shown.extend_from_slice(&batch.indices);
                    step += 1;
                }
                shown.sort_unstable();
                prop_assert_eq!(shown, all.iter().copied().filter(|&i| losses[i] < lambda).collect::<Vec<_>>());
            }
        }
    }

    /// The article's learner: nothing below 0.5 or 0.65 at first, all of it at 0.845.
    #[test]
    fn an_epoch_without_examples_is_one_empty_batch() {
        let mut sampler = sampler(3, 1, Presentation::IndexOrder);
        let mut batch = Batch::default();
        for (step, expected) in [(0, vec![]), (1, vec![]), (2, vec![0])] {
            sampler.feedback(step, &[0, 1, 2], &[0.69; 3]).unwrap();
            sampler.batch(step, &mut batch).unwrap();
            assert_eq!(batch.indices, expected);
            assert_eq!(sampler.epoch(step).index, step);
        }
        assert_eq!((sampler.lambda(), sampler.epoch(2).n_steps), (0.5 * 1.3 * 1.3, 3));
    }

    #[test]
    fn misuse_is_reported_and_changes_nothing() {
        let mut batch = Batch { indices: vec![7], weights: vec![] };
        let mut own = sampler(3, 2, Presentation::IndexOrder);
        let fresh = own.save(0).unwrap();
        let error = own.batch(0, &mut batch).unwrap_err();
        assert!(batch.indices.is_empty());
        assert!(matches!(error, SamplerError::OutOfTurn { step: 0, first_step: 0, end: 0 }));
        for (step, indices, losses) in [
            (0, vec![0, 3], vec![0.0; 2]),
            (0, vec![0, 1], vec![0.0, f64::NAN]),
            (0, vec![0, 1], vec![0.0]),
            (1, vec![0], vec![0.0]),
        ] {
            assert!(own.feedback(step, &indices, &losses).is_err(), "{step} {indices:?} {losses:?}");
            assert_eq!(own.save(0).unwrap(), fresh);
        }
        assert!(own.save(1).is_err());
    }

    #[test]
    fn foreign_and_corrupt_states_are_refused() {
        let mut own = sampler(3, 2, Presentation::IndexOrder);
        let error = own.restore(&sampler(3, 4, Presentation::IndexOrder).save(0).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "the saved state was made with batch size 4, not with 2");
        let data = |text: &str| text.repeat(64).parse::<Fingerprint>().unwrap();
        let bound = own.clone().with_data(data("1")).save(0).unwrap();
        let error = own.clone().with_data(data("0")).restore(&bound).unwrap_err();
        assert!(matches!(error, SamplerError::OtherSettings { setting, .. } if setting == "data"));
        let saved = own.save(0).unwrap();
        for (part, corrupt) in [("\"selected\":[]", "\"selected\":[3]"), ("[null,null,null]", "[null,null]")] {
            assert!(saved.contains(part));
            let corrupt = seal_json(&open_json(&saved).unwrap().replace(part, corrupt));
            let error = own.restore(&corrupt).unwrap_err();
            assert!(matches!(error, SamplerError::Unusable(_)), "{error}");
        }
    }
}
