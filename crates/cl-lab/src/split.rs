use std::collections::BTreeMap;

use cl_data::{Dataset, Standardization, random, stratified_split, symmetric_noise};

use crate::{
    error::LabError,
    number_scale::NumberScale,
    problem::{Problem, Task},
};

/// How a repetition cuts the data: the shares of training and validation part; the rest is the test part. Where a test set
/// was given, all else is cut into training and validation part in this proportion.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Shares {
    /// Of the training part.
    pub train: f64,
    /// Of the validation part.
    pub validation: f64,
}

impl Default for Shares {
    fn default() -> Self {
        Self { train: 0.6, validation: 0.2 }
    }
}

impl Shares {
    /// Examples tested on for each other one, by which intervals over such splits are widened
    /// ([`Replications::resplit`](cl_study::Replications::resplit)); 0 where a test set was given: intervals then speak of
    /// runs on these data and this test set alone.
    pub fn test_to_train(self, problem: &Problem) -> f64 {
        let others = self.train + self.validation;
        if problem.test().is_some() { 0.0 } else { (1.0 - others) / others }
    }

    fn checked(self, problem: &Problem) -> Result<Vec<f64>, LabError> {
        let Self { train, validation } = self;
        let others = train + validation;
        if !(train > 0.0 && validation > 0.0 && others < 1.0) {
            let expected = "shares of training and validation part above 0 with a sum below 1";
            return Err(LabError::argument("shares", format!("{train} and {validation}"), expected));
        }
        Ok(match problem.test() {
            None => vec![train, validation, 1.0 - others],
            Some(_) => vec![train / others, validation / others],
        })
    }
}

/// The parts of one repetition, standardised by the training part: features, and the number to predict, too.
#[derive(Debug, Clone)]
pub struct Parts {
    /// What is trained on.
    pub train: Dataset<f32>,
    /// What settings and weights are chosen on.
    pub validation: Dataset<f32>,
    /// What is read once.
    pub test: Dataset<f32>,
    /// Which examples of the problem the training part holds, in its order.
    pub examples: Vec<usize>,
    /// The difficulty of each example of the training part, where the problem has one.
    pub difficulty: Option<Vec<f64>>,
}

impl Problem {
    /// Cuts the data anew: classes in equal shares, groups in one piece. At most `n_examples` of them are taken, drawn anew.
    ///
    /// # Errors
    /// Where shares are none, or a part would be empty or lack what is trained on.
    pub fn split(&self, shares: Shares, n_examples: Option<usize>, seed: u64) -> Result<Parts, LabError> {
        let data = self.data();
        let shares = shares.checked(self)?;
        let drawn = self.drawn(n_examples, seed)?;
        let parts = match self.groups() {
            Some(groups) => by_groups(groups, &drawn, &shares, seed),
            None => {
                let labels: Vec<usize> = drawn.iter().map(|&example| data.labels()[example]).collect();
                let parts = stratified_split(&labels, &shares, seed)?;
                parts.into_iter().map(|part| part.into_iter().map(|at| drawn[at]).collect()).collect()
            }
        };
        if let Some(at) = parts.iter().position(Vec::is_empty) {
            let part = ["training", "validation", "test"][at];
            let problem =
                format!("{} examples leave the {part} part empty, expected more of them", data.n_examples());
            return Err(LabError::problem(self.name(), problem));
        }
        let train = data.subset(&parts[0])?;
        if self.task() == Task::Classification
            && train.class_counts().iter().filter(|&&count| count > 0).count() < 2
        {
            let problem =
                "a training part has one class, expected two at least: more groups, or more examples of a class";
            return Err(LabError::problem(self.name(), problem));
        }
        let validation = data.subset(&parts[1])?;
        let noisy = |part: Dataset<f32>, at: u64| -> Result<Dataset<f32>, LabError> {
            if self.label_noise() == 0.0 {
                return Ok(part);
            }
            let noise = symmetric_noise(
                part.labels(),
                part.n_classes(),
                self.label_noise(),
                seed.wrapping_mul(2).wrapping_add(at),
            )?;
            Ok(noise.apply(part)?)
        };
        let (train, validation) = (noisy(train, 0)?, noisy(validation, 1)?);
        let test = match self.test() {
            Some(test) => test.clone(),
            None => data.subset(&parts[2])?,
        };
        let features = Standardization::fit(&train)?;
        let numbers = (self.task() == Task::Regression).then(|| NumberScale::of(&train));
        let standard = |part: Dataset<f32>| -> Result<Dataset<f32>, LabError> {
            let part = features.apply(part)?;
            match &numbers {
                Some(numbers) => numbers.apply(part),
                None => Ok(part),
            }
        };
        Ok(Parts {
            difficulty: self.difficulty().map(|scores| parts[0].iter().map(|&example| scores[example]).collect()),
            train: standard(train)?,
            validation: standard(validation)?,
            test: standard(test)?,
            examples: parts[0].clone(),
        })
    }

    /// All examples, or so many of them, classes in equal shares and groups whole; ascending.
    fn drawn(&self, n_examples: Option<usize>, seed: u64) -> Result<Vec<usize>, LabError> {
        let n = self.data().n_examples();
        let share = match n_examples {
            Some(wanted) if wanted < n => wanted as f64 / n as f64,
            _ => return Ok((0..n).collect()),
        };
        // Another stream than that of the parts.
        let seed = seed ^ 0x5eed_0000_0000_0000;
        Ok(match self.groups() {
            Some(groups) => some_groups(groups, (share * n as f64) as usize, seed),
            None => stratified_split(self.data().labels(), &[share], seed)?.remove(0),
        })
    }
}

/// Whole groups in seeded order until there are so many examples, and ten groups at least, so that parts can be cut.
fn some_groups(groups: &[usize], n_wanted: usize, seed: u64) -> Vec<usize> {
    const FEWEST: usize = 10;
    let mut members = members(groups, 0..groups.len());
    random::shuffle(&mut random::stream(seed, "drawn groups", 0), &mut members);
    let mut drawn = Vec::new();
    for (at, group) in members.into_iter().enumerate() {
        if at >= FEWEST && drawn.len() >= n_wanted {
            break;
        }
        drawn.extend(group);
    }
    drawn.sort_unstable();
    drawn
}

/// The examples of each group.
fn members(groups: &[usize], examples: impl IntoIterator<Item = usize>) -> Vec<Vec<usize>> {
    let mut members = BTreeMap::<usize, Vec<usize>>::new();
    examples.into_iter().for_each(|example| members.entry(groups[example]).or_default().push(example));
    members.into_values().collect()
}

/// Groups in seeded order, each to the part that lacks most of its share.
pub(crate) fn by_groups(groups: &[usize], examples: &[usize], shares: &[f64], seed: u64) -> Vec<Vec<usize>> {
    let mut members = members(groups, examples.iter().copied());
    random::shuffle(&mut random::stream(seed, "groups", 0), &mut members);
    // What no part asks for is left over.
    let left = (1.0 - shares.iter().sum::<f64>()).max(0.0);
    let mut wanted: Vec<f64> = shares.iter().chain([&left]).map(|share| share * examples.len() as f64).collect();
    let mut parts = vec![Vec::new(); wanted.len()];
    for group in members {
        let most = (0..wanted.len()).fold(0, |most, at| if wanted[at] > wanted[most] { at } else { most });
        wanted[most] -= group.len() as f64;
        parts[most].extend(group);
    }
    parts.truncate(shares.len());
    parts.iter_mut().for_each(|part| part.sort_unstable());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn problem(n: usize, groups: Option<Vec<usize>>) -> Problem {
        let features = (0..2 * n).map(|at| (at as f32 * 0.37).sin()).collect();
        let labels = (0..n).map(|example| example % 3).collect();
        let data = Dataset::new(2, features, labels, 3).unwrap();
        let problem = Problem::new("made", Task::Classification, data).unwrap();
        match groups {
            Some(groups) => problem.with_groups(groups).unwrap(),
            None => problem,
        }
    }

    proptest! {
        #[test]
        fn parts_share_nothing_and_groups_stay_whole(n in 40usize..200, n_groups in 12usize..40, seed: u64, some: bool) {
            let groups: Vec<usize> = (0..n).map(|example| example % n_groups).collect();
            let problem = problem(n, Some(groups.clone()));
            let parts = problem.split(Shares::default(), some.then_some(n * 3 / 4), seed)?;
            let ids = |part: &Dataset<f32>| -> Vec<usize> { part.ids().iter().map(|id| id.parse().unwrap()).collect() };
            let [train, validation, test] = [&parts.train, &parts.validation, &parts.test].map(ids);
            prop_assert_eq!(&train, &parts.examples);
            let of = |part: &[usize]| part.iter().map(|&example| groups[example]).collect::<std::collections::BTreeSet<_>>();
            let [a, b, c] = [of(&train), of(&validation), of(&test)];
            prop_assert!(a.is_disjoint(&b) && a.is_disjoint(&c) && b.is_disjoint(&c));
            let all = train.len() + validation.len() + test.len();
            // Ten groups are drawn at least, which may be all of a few.
            prop_assert!(all == n || some);
            // Each part is its share to within a group or two.
            let largest = (0..n_groups).map(|g| groups.iter().filter(|&&own| own == g).count()).max().unwrap();
            prop_assert!((train.len() as f64 - 0.6 * all as f64).abs() <= 2.0 * largest as f64 + 1.0);
        }
    }

    #[test]
    fn repetitions_differ_and_training_parts_are_standard() {
        let problem = problem(90, None);
        let [one, same, other] = [1, 1, 2].map(|seed| problem.split(Shares::default(), None, seed).unwrap());
        assert!(one.train == same.train && one.train != other.train && one.test != other.test);
        assert_eq!((one.train.n_examples(), one.validation.n_examples(), one.test.n_examples()), (54, 18, 18));
        let mean = (0..54).map(|example| one.train.example(example)[0]).sum::<f32>() / 54.0;
        assert!(mean.abs() < 1e-6);
        assert!((Shares::default().test_to_train(&problem) - 0.25).abs() < 1e-12);
        assert!(problem.split(Shares { train: 0.9, validation: 0.2 }, None, 0).is_err());
    }

    #[test]
    fn numbers_are_standardised_by_the_training_part() {
        let n = 50;
        let numbers: Vec<f32> = (0..n).map(|example| 100.0 + example as f32).collect();
        let data = Dataset::new(1, numbers.clone(), vec![0; n], 1).unwrap().with_targets(1, numbers).unwrap();
        let problem = Problem::new("made", Task::Regression, data).unwrap();
        let parts = problem.split(Shares::default(), None, 3).unwrap();
        let of = |part: &Dataset<f32>| (0..part.n_examples()).map(|at| part.targets(at)[0]).collect::<Vec<_>>();
        let train = of(&parts.train);
        assert!((train.iter().sum::<f32>() / train.len() as f32).abs() < 1e-5);
        // The feature is the number, so that both are scaled alike in every part.
        for part in [&parts.validation, &parts.test] {
            assert!(of(part).iter().enumerate().all(|(at, number)| (number - part.example(at)[0]).abs() < 1e-5));
        }
    }
}
