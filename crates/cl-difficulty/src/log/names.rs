use super::source::OutputKind;

/// What columns of epochs are called in tables, the surest first.
pub const EPOCH_COLUMNS: &[&str] = &["epoch", "epochs", "epoch_id", "step", "global_step"];

/// What columns of losses are called in tables, the surest first.
pub const LOSS_COLUMNS: &[&str] = &["loss", "losses", "nll", "cross_entropy", "ce_loss", "token_losses"];

/// What columns of whether examples were right are called in tables, the surest first.
pub const CORRECT_COLUMNS: &[&str] = &["correct", "is_correct", "right"];

/// What outputs are called in archives and tables, the surest first; `None` where the name does not tell what they are.
pub const OUTPUT_NAMES: &[(&str, Option<OutputKind>)] = &[
    ("logits", Some(OutputKind::Logits)),
    ("probs", Some(OutputKind::Probabilities)),
    ("probabilities", Some(OutputKind::Probabilities)),
    ("pred_probs", Some(OutputKind::Probabilities)),
    ("softmax", Some(OutputKind::Probabilities)),
    ("log_probs", Some(OutputKind::LogProbabilities)),
    ("logprobs", Some(OutputKind::LogProbabilities)),
    ("log_probabilities", Some(OutputKind::LogProbabilities)),
    ("log_softmax", Some(OutputKind::LogProbabilities)),
    ("predictions", None),
    ("outputs", None),
    ("losses", Some(OutputKind::Losses)),
    ("loss", Some(OutputKind::Losses)),
    ("correct", Some(OutputKind::Correct)),
];

/// What a name says that the numbers are.
pub(super) fn kind_of_name(name: &str) -> Option<OutputKind> {
    let name = name.to_lowercase();
    let has = |part: &str| name.contains(part);
    let logarithm = ["log_prob", "logprob", "log-prob", "log_softmax", "logsoftmax"].into_iter().any(has);
    match (logarithm, has("logit"), has("prob") || has("softmax")) {
        (true, ..) => Some(OutputKind::LogProbabilities),
        (_, true, false) => Some(OutputKind::Logits),
        (_, false, true) => Some(OutputKind::Probabilities),
        _ if has("correct") => Some(OutputKind::Correct),
        _ if has("loss") => Some(OutputKind::Losses),
        _ => None,
    }
}

/// The number behind a word such as `epoch` in a name: the last that stands behind it at once or behind `_` or `-`.
pub(super) fn number_behind(name: &str, words: &[&str]) -> Option<u64> {
    let name = name.to_lowercase();
    let mut found = None;
    for word in words {
        for (at, _) in name.match_indices(word) {
            let rest = &name[at + word.len()..];
            let rest = rest.strip_prefix(['_', '-', '=']).unwrap_or(rest);
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            if let Ok(number) = digits.parse() {
                found = Some(number);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell() {
        assert_eq!(kind_of_name("val_logits"), Some(OutputKind::Logits));
        assert_eq!(kind_of_name("Log_Probabilities"), Some(OutputKind::LogProbabilities));
        assert_eq!(kind_of_name("train-losses"), Some(OutputKind::Losses));
        assert_eq!(kind_of_name("run7"), None);
        assert_eq!(number_behind("dynamics_epoch_12_rank1.jsonl", &["epoch"]), Some(12));
        assert_eq!(number_behind("seed3-epoch04", &["epoch"]), Some(4));
        assert_eq!(number_behind("seed3-epoch04", &["seed", "run"]), Some(3));
        assert_eq!(number_behind("epochs.csv", &["epoch"]), None);
    }
}
