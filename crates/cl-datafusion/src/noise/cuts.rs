use cl_difficulty::{agrees_with_label, confident_class};
use serde::{Deserialize, Serialize};

use super::place::{Group, group_of};
use super::quotas::{AHEAD, Quotas};

/// The last that is taken of a group: its place and the order of its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cut {
    place: Vec<u8>,
    id_order: Vec<u8>,
}

/// Of each group up to where its examples are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cuts {
    quotas: Quotas,
    /// In increasing order of places; all are taken of a group that has none.
    cuts: Vec<Cut>,
}

impl Cuts {
    /// From the examples that are the last of their groups.
    pub(super) fn new(quotas: Quotas, last: Vec<(Vec<u8>, Vec<u8>)>) -> Self {
        let mut cuts: Vec<Cut> = last.into_iter().map(|(place, id_order)| Cut { place, id_order }).collect();
        cuts.sort_unstable_by(|a, b| a.place.cmp(&b.place));
        Self { quotas, cuts }
    }

    fn of(&self, group: Group) -> Option<&Cut> {
        let at = self.cuts.binary_search_by_key(&Some(group), |cut| group_of(&cut.place)).ok()?;
        Some(&self.cuts[at])
    }

    /// Whether an example is taken in one of its groups.
    fn take(&self, p: &[f64], label: usize, id_order: &[u8]) -> bool {
        self.quotas.places(p, label).into_iter().any(|place| {
            let cut = group_of(&place).and_then(|group| self.of(group));
            cut.is_none_or(|cut| (&place[..], id_order) <= (&cut.place[..], &cut.id_order[..]))
        })
    }
}

/// What makes a label an issue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum IssueTest {
    /// The model predicts another class.
    Disagrees,
    /// And it is confident of another class.
    OffDiagonal(Vec<f64>),
    /// The model predicts another class, and the example is taken by each of these.
    Taken(Vec<Cuts>),
    /// It is taken, whatever is predicted.
    Lowest(Cuts),
}

impl IssueTest {
    pub(super) fn is_issue(&self, p: &[f64], label: usize, id_order: &[u8]) -> bool {
        let disagrees = || !agrees_with_label(p, label);
        match self {
            Self::Disagrees => disagrees(),
            Self::OffDiagonal(thresholds) => {
                confident_class(p, thresholds).is_some_and(|class| class != label) && disagrees()
            }
            Self::Taken(cuts) => disagrees() && cuts.iter().all(|cuts| cuts.take(p, label, id_order)),
            Self::Lowest(cuts) => cuts.take(p, label, id_order),
        }
    }
}

/// What an example is counted as, beside its label: its confident class (an even number), the classes that are ahead of
/// its label (odd ones), or [`OFF_DIAGONAL`].
pub(super) fn events(p: &[f64], label: usize, thresholds: &[f64]) -> Vec<i64> {
    let confident = confident_class(p, thresholds);
    let off_diagonal = confident.is_some_and(|class| class != label) && !agrees_with_label(p, label);
    let ahead = p.iter().enumerate().filter(|(_, other)| *other - p[label] > AHEAD);
    let of_class = confident.map(|class| 2 * class as i64);
    let ahead = ahead.map(|(class, _)| 2 * class as i64 + 1);
    of_class.into_iter().chain(off_diagonal.then_some(OFF_DIAGONAL)).chain(ahead).collect()
}

/// The model is confident of another class and predicts another one than the label.
pub(super) const OFF_DIAGONAL: i64 = -1;
