use cl_difficulty::{ConfidentLearning, LabelQuality};
use serde::{Deserialize, Serialize};

use super::place::{Group, PLACE, place};

/// What another class must be ahead of the label to count, as in [`cl_difficulty::agrees_with_label`].
pub(super) const AHEAD: f64 = 1e-6;

/// How many of a group are taken, those that come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Quota {
    pub(super) group: Group,
    pub(super) n: u64,
    /// Whether there are as many whose class is ahead of the label: others then are never taken.
    pub(super) ahead: bool,
}

/// By what the places of a group go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum By {
    /// p_label - p_class, for each class that examples of a label may truly be of.
    NoiseRate,
    /// p_label, within a label.
    Class,
    /// p_label, of all.
    SelfConfidence,
    /// The normalised margin, of all.
    NormalizedMargin,
}

/// Of each group its quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Quotas {
    pub(super) by: By,
    /// In increasing order of the groups.
    quotas: Vec<Quota>,
}

/// How many examples of a label another class is ahead of, by label and class.
pub(super) type AheadCounts = std::collections::BTreeMap<(u32, u32), u64>;

impl Quotas {
    /// Of each pair of label and class Q_ij, with the largest p_j - p_i first.
    pub(super) fn by_noise_rate(learned: &ConfidentLearning, sizes: &[u64], ahead: &AheadCounts) -> Self {
        let labels = (0..learned.n_classes()).filter(|&label| sizes[label] > 1);
        let quotas = labels.flat_map(|label| {
            let mut counts = learned.prune_counts(label);
            counts.sort_unstable();
            counts.into_iter().map(move |(class, n)| {
                let group = Group { label: label as u32, class: class as u32 };
                let found = ahead.get(&(group.label, group.class)).copied().unwrap_or(0);
                Quota { group, n: n as u64, ahead: found >= n as u64 }
            })
        });
        Self { by: By::NoiseRate, quotas: quotas.collect() }
    }

    /// Of each label n_i - Q_ii, with the lowest p_i first.
    pub(super) fn by_class(learned: &ConfidentLearning, sizes: &[u64]) -> Self {
        let labels = (0..learned.n_classes()).filter(|&label| sizes[label] > 1);
        let quota = |label: usize| {
            let n = sizes[label].saturating_sub(learned.right_count(label) as u64);
            Quota { group: Group { label: label as u32, class: label as u32 }, n, ahead: false }
        };
        Self { by: By::Class, quotas: labels.map(quota).filter(|quota| quota.n > 0).collect() }
    }

    /// Of all `n`, with the lowest quality first.
    pub(super) fn lowest(quality: LabelQuality, n: u64) -> Self {
        let by = match quality {
            LabelQuality::NormalizedMargin => By::NormalizedMargin,
            _ => By::SelfConfidence,
        };
        let quota = Quota { group: Group { label: 0, class: 0 }, n, ahead: false };
        Self { by, quotas: [quota].into_iter().filter(|quota| quota.n > 0).collect() }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Quota> {
        self.quotas.iter()
    }

    /// The quota of a group.
    pub(super) fn of(&self, group: Group) -> Option<&Quota> {
        let at = self.quotas.binary_search_by_key(&group, |quota| quota.group).ok()?;
        Some(&self.quotas[at])
    }

    /// The places of an example in its groups.
    pub(super) fn places(&self, p: &[f64], label: usize) -> Vec<[u8; PLACE]> {
        let (first, last) = match self.by {
            By::NoiseRate | By::Class => (label as u32, label as u32),
            By::SelfConfidence | By::NormalizedMargin => (0, 0),
        };
        let start = self.quotas.partition_point(|quota| quota.group.label < first);
        let own = self.quotas[start..].iter().take_while(|quota| quota.group.label <= last);
        let of = |quota: &Quota| {
            let number = match self.by {
                By::NoiseRate => p[label] - p.get(quota.group.class as usize)?,
                By::Class | By::SelfConfidence => p[label],
                By::NormalizedMargin => LabelQuality::NormalizedMargin.score(p, label),
            };
            (!quota.ahead || -number > AHEAD).then(|| place(quota.group, number))
        };
        own.filter_map(of).collect()
    }
}
