use crate::dynamics::metrics;

/// Which way a column points, and where that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Direction {
    /// Whether a high value means a hard example.
    pub higher_is_harder: bool,
    /// Where that was read.
    pub from: DirectionSource,
}

/// Where the direction of a column was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DirectionSource {
    /// The JSON file beside the table.
    Sidecar,
    /// The catalogue of [`metrics`].
    Metric,
    /// A well-known name, see [`Table::direction`](super::Table::direction).
    Name,
    /// A `.npy` file of which nothing else is known holds difficulties.
    Convention,
    /// The caller said so.
    Told,
}

impl DirectionSource {
    /// Its name, as reports give it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sidecar => "sidecar",
            Self::Metric => "metric",
            Self::Name => "name",
            Self::Convention => "convention",
            Self::Told => "told",
        }
    }
}

/// What is known of a column by its name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pointing {
    Known(Direction),
    /// A high value is neither hard nor easy.
    Neither,
    Unknown,
}

impl Pointing {
    pub(super) fn new(higher_is_harder: Option<bool>, from: DirectionSource) -> Self {
        higher_is_harder
            .map_or(Self::Neither, |higher_is_harder| Self::Known(Direction { higher_is_harder, from }))
    }

    /// By the catalogue of metrics, else by the well-known names.
    pub(super) fn of_name(name: &str) -> Self {
        let of_metric = |name: &str| metrics().iter().find(|metric| metric.method.name == name);
        if let Some(metric) = of_metric(name) {
            return Self::new(metric.higher_is_harder, DirectionSource::Metric);
        }
        let name = name.to_lowercase().replace(['-', ' '], "_");
        let mut base = name.as_str();
        loop {
            if let Some(metric) = of_metric(base) {
                return Self::new(metric.higher_is_harder, DirectionSource::Name);
            }
            for (names, higher_is_harder) in [(HIGH_IS_HARD, true), (HIGH_IS_EASY, false)] {
                if names.contains(&base) {
                    return Self::new(Some(higher_is_harder), DirectionSource::Name);
                }
            }
            match without_suffix(base) {
                Some(shorter) => base = shorter,
                None => return Self::Unknown,
            }
        }
    }
}

/// Whether a score of this name may be infinite: counts of forgetting events of what was never learned are.
pub(super) fn may_be_infinite(name: &str) -> bool {
    let mut base = name;
    while base != "forgetting" {
        match without_suffix(base) {
            Some(shorter) => base = shorter,
            None => return false,
        }
    }
    true
}

/// Whether a metric may be infinite: of the catalogue's those that say so, and those of one's own.
pub(super) fn metric_may_be_infinite(metric: &str) -> bool {
    may_be_infinite(metric) || !metrics().iter().any(|known| known.method.name == metric)
}

/// The name without the run, epoch or summary that it ends in: `aum_seed1`, `loss_mean`, `el2n_0`.
fn without_suffix(name: &str) -> Option<&str> {
    let (base, suffix) = name.rsplit_once('_')?;
    let word = suffix.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let numbered = word.len() < suffix.len();
    let known = if numbered {
        NUMBERED.contains(&word)
    } else {
        SUMMARIES.contains(&word) || NUMBERED[1..].contains(&word)
    };
    known.then_some(base)
}

/// What may stand before a number at the end of a name.
const NUMBERED: &[&str] =
    &["", "seed", "run", "epoch", "fold", "rep", "trial", "step", "model", "split", "s", "e"];

/// What else may stand at the end of a name without turning it round.
const SUMMARIES: &[&str] =
    &["mean", "avg", "average", "median", "last", "final", "first", "min", "max", "sum", "total", "ema"];

const HIGH_IS_HARD: &[&str] = &[
    "difficulty",
    "hardness",
    "loss",
    "losses",
    "train_loss",
    "eval_loss",
    "val_loss",
    "validation_loss",
    "cross_validated_loss",
    "log_loss",
    "logloss",
    "nll",
    "nll_loss",
    "negative_log_likelihood",
    "cross_entropy",
    "cross_entropy_loss",
    "ce",
    "ce_loss",
    "perplexity",
    "ppl",
    "surprisal",
    "error",
    "error_rate",
    "held_out_error",
    "uncertainty",
    "entropy",
    "predictive_entropy",
    "grand",
    "last_layer_grand",
    "grad_norm",
    "gradient_norm",
    "memorization",
    "distance",
    "class_median_distance",
    "prototype_distance",
    "neighbor_distance",
    "kth_neighbor_distance",
    "neighbor_disagreement",
    "length",
    "sentence_length",
    "n_words",
    "n_tokens",
    "rarity",
    "word_rarity",
    "vocabulary_rank",
];

const HIGH_IS_EASY: &[&str] = &[
    "confidence",
    "label_quality",
    "label_quality_score",
    "self_confidence",
    "probability",
    "prob",
    "likelihood",
    "log_likelihood",
    "log_probability",
    "log_prob",
    "accuracy",
    "acc",
    "held_out_accuracy",
    "correctness",
    "margin",
    "hyperplane_margin",
    "area_under_margin",
    "c_score",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn high_is_hard(name: &str) -> Option<bool> {
        match Pointing::of_name(name) {
            Pointing::Known(direction) => Some(direction.higher_is_harder),
            _ => None,
        }
    }

    #[test]
    fn names_point_with_and_without_what_they_end_in() {
        for name in ["perplexity", "Loss", "loss_mean", "el2n_seed1", "el2n_0", "nll_last_epoch3", "cross-entropy"]
        {
            assert_eq!(high_is_hard(name), Some(true), "{name}");
        }
        for name in ["aum", "aum_seed1", "aum_run2_epoch3", "self_confidence", "label_quality", "accuracy_last"] {
            assert_eq!(high_is_hard(name), Some(false), "{name}");
        }
        for name in ["c1", "quality", "loss_ratio", "loss_std", "seed1", "_0", "forgetting_events_seed1", ""] {
            assert_eq!(high_is_hard(name), None, "{name}");
        }
        assert_eq!(Pointing::of_name("forgetting_events_seed1"), Pointing::Neither);
        assert_eq!(Pointing::of_name("c1"), Pointing::Unknown);
        let Pointing::Known(of_metric) = Pointing::of_name("aum") else { panic!("unknown") };
        let Pointing::Known(of_name) = Pointing::of_name("aum_seed1") else { panic!("unknown") };
        assert_eq!((of_metric.from, of_name.from), (DirectionSource::Metric, DirectionSource::Name));
        assert!(may_be_infinite("forgetting_seed1") && !may_be_infinite("perplexity"));
    }

    #[test]
    fn no_name_points_both_ways() {
        let catalogue = |name: &&&str| metrics().iter().find(|metric| metric.method.name == **name);
        for (names, higher_is_harder) in [(HIGH_IS_HARD, true), (HIGH_IS_EASY, false)] {
            for name in names {
                let known = catalogue(&name).map_or(Some(higher_is_harder), |metric| metric.higher_is_harder);
                assert_eq!(known, Some(higher_is_harder), "{name}");
                assert_eq!(high_is_hard(name), Some(higher_is_harder), "{name}");
            }
        }
    }
}
