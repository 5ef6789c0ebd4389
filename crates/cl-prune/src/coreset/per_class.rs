use std::collections::HashMap;

use cl_data::Scalar;

use super::{class_shares::ClassShares, features::Features, objective::Coreset};
use crate::error::PruneError;

/// Chooses within every class on its own, each with its share of the count.
///
/// ```text
/// k_c = count n_c / n, rounded to the count exactly by the largest remainders, the lowest class of equals
/// ```
///
/// The picks of all classes are merged so that every prefix is near to the classes' shares: pick r of class c comes at
/// (r + 1/2) / k_c.
///
/// ```
/// use cl_prune::coreset::{Features, Herding, per_class};
///
/// let features = Features::new(&[0.0f32, 1.0, 2.0, 10.0, 11.0, 12.0], 1)?;
/// let labels = [0, 0, 0, 1, 1, 1];
/// let coreset = per_class(&features, &labels, 2, |_, class, count| Herding.select(class, count))?;
/// assert_eq!(coreset.order, [1, 4]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
///
/// `select` is called with the examples of each class (by index, ascending), their features and their count. Besides
/// these calls O(n d + C ln C) for C classes, and the features of one class at a time.
///
/// # Errors
/// [`PruneError::InvalidArgument`] where there is not a label per example, [`PruneError::Count`] where there are fewer examples,
/// and what `select` finds.
pub fn per_class<T: Scalar, E: From<PruneError>>(
    features: &Features<'_, T>,
    labels: &[usize],
    count: usize,
    select: impl FnMut(&[usize], &Features<'_, T>, usize) -> Result<Coreset, E>,
) -> Result<Coreset, E> {
    per_class_shared(features, labels, count, (ClassShares::default(), &[]), select)
}

/// The same with other shares of classes, which are of what is left of these beside those chosen `before`; an example that
/// belongs to no class has none to be chosen for.
pub(super) fn per_class_shared<T: Scalar, E: From<PruneError>>(
    features: &Features<'_, T>,
    labels: &[usize],
    count: usize,
    (shares, before): (ClassShares, &[usize]),
    mut select: impl FnMut(&[usize], &Features<'_, T>, usize) -> Result<Coreset, E>,
) -> Result<Coreset, E> {
    let n_examples = features.n_examples();
    if labels.len() != n_examples {
        let expected = format!("one per example, {n_examples}");
        return Err(PruneError::argument("labels", format!("{} labels", labels.len()), expected).into());
    }
    if count > n_examples {
        return Err(PruneError::Count { count, n_examples }.into());
    }
    let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
    for (example, &label) in labels.iter().enumerate() {
        members.entry(label).or_default().push(example);
    }
    let mut members: Vec<(usize, Vec<usize>)> = members.into_iter().collect();
    members.sort_unstable_by_key(|&(label, _)| label);
    let names: Vec<usize> = members.iter().map(|&(label, _)| label).collect();
    let members: Vec<Vec<usize>> = members.into_iter().map(|(_, members)| members).collect();
    let mut sizes: Vec<usize> = members.iter().map(Vec::len).collect();
    for &example in before {
        if let Ok(class) = names.binary_search(&labels[example]) {
            sizes[class] -= 1;
        }
    }
    let shares = shares.of(&sizes, count).map_err(|error| of_class(error, &names))?;
    let mut picks = Vec::with_capacity(count);
    let mut weighted = false;
    for (class, (members, count)) in members.iter().zip(shares).enumerate() {
        if count == 0 {
            continue;
        }
        let values = features.gather(members);
        let own = Features::new(&values, features.n_features())?;
        let coreset = select(members, &own, count)?;
        weighted |= coreset.weights.is_some();
        let weights = coreset.weights.unwrap_or_else(|| vec![1.0; coreset.order.len()]);
        let n_picked = coreset.order.len() as f64;
        for (rank, ((&example, gain), weight)) in coreset.order.iter().zip(coreset.gains).zip(weights).enumerate()
        {
            picks.push(((rank as f64 + 0.5) / n_picked, class, members[example], gain, weight));
        }
    }
    picks.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut coreset = Coreset::with_capacity(picks.len());
    picks.iter().for_each(|&(_, _, example, gain, _)| coreset.push(example, gain));
    coreset.weights = weighted.then(|| picks.iter().map(|pick| pick.4).collect());
    Ok(coreset)
}

/// A class by its label, not by its place among those that occur.
fn of_class(error: PruneError, names: &[usize]) -> PruneError {
    match error {
        PruneError::ClassTooSmall { class, size, floor } => {
            PruneError::ClassTooSmall { class: names[class], size, floor }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::herding::Herding;
    use super::*;

    /// Pick r of the n of a class stands at (r + 1/2) / n: of four at 1/8, 3/8, 5/8 and 7/8, of one at 1/2.
    #[test]
    fn picks_are_dealt_from_the_middle_of_their_class() {
        let values: Vec<f64> = (0..10).map(f64::from).collect();
        let features = Features::new(&values, 1).unwrap();
        let first = |_: &[usize], _: &Features<'_, f64>, count: usize| {
            let mut coreset = Coreset::with_capacity(count);
            (0..count).for_each(|example| coreset.push(example, 1.0));
            Ok::<_, PruneError>(coreset)
        };
        let coreset = per_class(&features, &[0, 0, 0, 0, 0, 0, 0, 0, 1, 1], 5, first).unwrap();
        assert_eq!(coreset.order, [0, 1, 8, 2, 3]);
        assert_eq!(coreset.weights, None);
    }

    /// As many classes as examples: the lowest labels have the largest remainders.
    #[test]
    fn a_class_may_have_one_example() {
        let n = 40_000;
        let values: Vec<f32> = (0..n).map(|example| example as f32).collect();
        let labels: Vec<usize> = (0..n).rev().map(|label| 3 * label).collect();
        let features = Features::new(&values, 1).unwrap();
        let mut calls = Vec::new();
        let coreset = per_class(&features, &labels, 5, |members, own, count| {
            calls.push((members.to_vec(), own.values().to_vec(), count));
            Herding.select(own, count)
        });
        let last = [n - 1, n - 2, n - 3, n - 4, n - 5];
        assert_eq!(coreset.unwrap().order, last);
        assert_eq!(calls, last.map(|example| (vec![example], vec![example as f32], 1)));
    }

    #[test]
    fn prefixes_keep_the_shares() {
        let values: Vec<f64> = (0..60).map(|i| (i as f64 * 0.7).sin()).collect();
        let labels: Vec<usize> = (0..60).map(|i| if i < 40 { 7 } else { 2 }).collect();
        let features = Features::new(&values, 1).unwrap();
        let coreset = per_class(&features, &labels, 30, |_, own, count| Herding.select(own, count)).unwrap();
        for k in 1..=30 {
            let of_first = coreset.order[..k].iter().filter(|&&example| labels[example] == 7).count();
            assert!((of_first as f64 - k as f64 * 2.0 / 3.0).abs() <= 1.0, "{k} {of_first}");
        }
        let error = per_class(&features, &labels[1..], 3, |_, own, count| Herding.select(own, count)).unwrap_err();
        assert_eq!(error.to_string(), "argument labels is 59 labels, expected one per example, 60");
    }
}
