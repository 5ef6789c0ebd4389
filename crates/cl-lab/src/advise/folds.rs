use std::collections::BTreeMap;

use cl_data::{Dataset, random};

use crate::{
    error::LabError,
    problem::{Problem, Task},
};

/// The fold of each example: classes dealt out in turn, each going on where the last ended; groups whole, the large ones
/// first, each to the fold that has fewest examples.
///
/// Folds differ by at most one example in all and in every class, with groups by those of a group. O(n log n).
pub(super) fn folds(
    task: Task,
    data: &Dataset<f32>,
    groups: Option<&[usize]>,
    n_folds: usize,
    seed: u64,
) -> Vec<usize> {
    let mut rng = random::stream(seed, "advise folds", 0);
    let mut folds = vec![0; data.n_examples()];
    if let Some(groups) = groups {
        let mut members = BTreeMap::<usize, Vec<usize>>::new();
        groups.iter().enumerate().for_each(|(example, &group)| members.entry(group).or_default().push(example));
        let mut members: Vec<Vec<usize>> = members.into_values().collect();
        random::shuffle(&mut rng, &mut members);
        members.sort_by_key(|group| std::cmp::Reverse(group.len()));
        let mut sizes = vec![0; n_folds];
        for group in members {
            let least = (0..n_folds).fold(0, |least, fold| if sizes[fold] < sizes[least] { fold } else { least });
            sizes[least] += group.len();
            group.into_iter().for_each(|example| folds[example] = least);
        }
        return folds;
    }
    let mut order = random::permutation(&mut rng, data.n_examples());
    if task == Task::Classification {
        order.sort_by_key(|&example| data.labels()[example]);
    }
    order.into_iter().enumerate().for_each(|(at, example)| folds[example] = at % n_folds);
    folds
}

/// The problem of at most about `n_examples` of the examples, classes in equal shares and groups whole, and which they are.
///
/// # Errors
/// Where so few are no problem: too few examples, or one class.
pub(super) fn drawn(problem: &Problem, n_examples: usize, seed: u64) -> Result<(Problem, Vec<usize>), LabError> {
    let n = problem.data().n_examples();
    if n_examples >= n {
        return Ok((problem.clone(), (0..n).collect()));
    }
    let n_folds = n.div_ceil(n_examples.max(1));
    let folds = folds(problem.task(), problem.data(), problem.groups(), n_folds, seed);
    let examples: Vec<usize> = (0..n).filter(|&example| folds[example] == 0).collect();
    let part = Problem::new(problem.name(), problem.task(), problem.data().subset(&examples)?)?;
    let part = match problem.groups() {
        Some(groups) => part.with_groups(examples.iter().map(|&example| groups[example]).collect())?,
        None => part,
    };
    Ok((part, examples))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: Task = Task::Classification;

    fn problem(n: usize) -> Problem {
        let features = (0..n).map(|example| example as f32).collect();
        let labels = (0..n).map(|example| (example * example) % 3).collect();
        Problem::new("made", Task::Classification, Dataset::new(1, features, labels, 3).unwrap()).unwrap()
    }

    #[test]
    fn folds_are_equal_in_every_class() {
        let problem = problem(103);
        let folds = folds(TASK, problem.data(), None, 5, 7);
        for class in 0..3 {
            let count = |fold: usize| {
                (0..103).filter(|&at| folds[at] == fold && problem.data().labels()[at] == class).count()
            };
            let counts: Vec<usize> = (0..5).map(count).collect();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
    }

    #[test]
    fn groups_stay_whole_also_where_few_are_drawn() {
        let groups: Vec<usize> = (0..200).map(|example| example * 7 % 41).collect();
        let problem = problem(200).with_groups(groups.clone()).unwrap();
        let folds = folds(TASK, problem.data(), problem.groups(), 4, 1);
        assert!((0..200).all(|a| (0..200).all(|b| groups[a] != groups[b] || folds[a] == folds[b])));
        let (part, examples) = drawn(&problem, 100, 3).unwrap();
        assert!((90..=110).contains(&examples.len()) && part.data().n_examples() == examples.len());
        assert!((0..200).all(|at| examples.contains(&at) == examples.iter().any(|&e| groups[e] == groups[at])));
        assert_eq!(drawn(&problem, 500, 3).unwrap().1.len(), 200);
    }
}
