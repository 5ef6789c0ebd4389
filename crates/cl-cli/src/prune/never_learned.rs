//! From which forgetting count an example was never learned, as the file of scores tells.

use std::collections::BTreeMap;

use anyhow::{anyhow, bail};
use cl_difficulty::{NeverLearned, metrics};

use crate::score_file::{ScoreColumn, ScoreFile, Sidecar};

/// The metrics that are counts of forgetting events.
const COUNTS: [&str; 2] = ["forgetting", "forgetting_events"];

/// The count from which an example of this column was never learned: None where `options` give it, or where nothing
/// tells and nothing depends on it.
///
/// The sidecar knows how the metric counted: T = the number of presentations (as many as epochs entered), infinity,
/// or a constant. What counts 0 like the unforgettable can be told from them by nothing.
pub(super) fn count(
    file: &ScoreFile,
    column: &ScoreColumn,
    options: &[(String, String)],
) -> anyhow::Result<Option<f64>> {
    let place = || format!("{}: column `{}`", file.path.display(), column.name);
    let described = file.described(&column.name).zip(file.sidecar.as_ref());
    let metric = match described {
        Some((column, _)) => Some(column.metric.as_str()),
        None => metrics().iter().map(|metric| metric.method.name).find(|&metric| metric == column.name),
    };
    if let Some(metric) = metric.filter(|metric| !COUNTS.contains(metric)) {
        bail!("{} is {metric}, the rule `forgetting` needs forgetting events", place());
    }
    let option = |key: &str| options.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
    if option("never").is_some() {
        return Ok(None);
    }
    let fate = option("never_learned");
    let Some((column, sidecar)) = described else {
        let told_apart = column.values.iter().any(|count| count.is_infinite());
        if let Some(fate) = fate.filter(|&fate| fate != "kept-first" && !told_apart) {
            bail!(
                "{}: no count is infinite and no sidecar tells which examples were never learned, which \
                 never_learned={fate} needs; expected --option never=T, T the number of epochs",
                place()
            );
        }
        return Ok(None);
    };
    let counted = match (column.metric.as_str(), column.options.get("never_learned")) {
        ("forgetting_events", _) => NeverLearned::Zero,
        (_, Some(name)) => name.parse()?,
        (_, None) => NeverLearned::default(),
    };
    match counted {
        NeverLearned::Toneva => Ok(Some(presentations(sidecar, &column.options)? as f64)),
        NeverLearned::Infinite => Ok(Some(f64::INFINITY)),
        NeverLearned::Cartography => Ok(Some(1000.0)),
        NeverLearned::Zero if fate == Some("unforgettable") || sidecar.n_never_learned.unwrap_or(0) == 0 => {
            Ok(None)
        }
        NeverLearned::Zero => bail!(
            "{} counts 0 events for the {} examples never learned, as for the unforgettable; expected scores with \
             forgetting.never_learned=toneva, or --option never_learned=unforgettable to remove both alike",
            place(),
            sidecar.n_never_learned.unwrap_or(0)
        ),
    }
}

/// How often each example was presented in the epochs that entered: every input holds each example in every epoch.
fn presentations(sidecar: &Sidecar, options: &BTreeMap<String, String>) -> anyhow::Result<usize> {
    let bound = |key: &str, default: u64| match options.get(key) {
        None => Ok(default),
        Some(epoch) => epoch.parse().map_err(|_| anyhow!("{key} of forgetting is {epoch:?}, expected an epoch")),
    };
    let range = bound("from", 0)?..bound("until", u64::MAX)?;
    Ok(sidecar.epochs.iter().filter(|epoch| range.contains(epoch)).count())
}
