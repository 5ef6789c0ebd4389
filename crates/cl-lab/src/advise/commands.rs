use serde::Serialize;

use super::{
    keep::{Keep, PruningRule},
    noise::Noise,
    order::OrderAdvice,
    sentence::Sentence,
};
use crate::compare::Arm;

/// A command that does what is advised.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Command {
    /// What it does.
    pub does: String,
    /// The line, quoted for a shell.
    pub line: String,
}

impl Command {
    fn new(does: &str, words: &[&str]) -> Self {
        let words: Vec<String> = std::iter::once("curriculum").chain(words.iter().copied()).map(quoted).collect();
        Self { does: does.to_owned(), line: words.join(" ") }
    }

    /// In words, as it stands at `at` of the list.
    pub(super) fn sentence(&self, at: usize) -> Sentence {
        Sentence::new(&self.does).words(": ").name(format!("/commands/{at}/line"), &self.line)
    }
}

/// A word of a command line as a POSIX shell takes it for one.
///
/// ```
/// use cl_lab::advise::quoted;
///
/// assert_eq!(quoted("train.csv"), "train.csv");
/// assert_eq!(quoted("it's mine.csv"), r"'it'\''s mine.csv'");
/// ```
pub fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./,:=@%+".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The files that commands hand to each other.
const SUSPECTS: &str = "suspects.csv";
const DIFFICULTY: &str = "difficulty.csv";
const HELD_OUT: &str = "held-out.npz";
const LOG_SCORES: &str = "log-scores.csv";

/// What names the data and a difficulty on a command line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    /// The data and the options that they are read with.
    pub(super) data: &'a [String],
    /// A file of scores of one's own and its options.
    pub(super) scores: Option<&'a [String]>,
    /// The limit in seconds.
    pub(super) time_limit: Option<f64>,
    /// Whether a loss of every example was asked of models that had not seen it.
    pub(super) all_asked: bool,
    /// Examples of the data.
    pub(super) n_examples: usize,
}

/// The commands that do what is advised of data.
pub(super) fn commands_of_data(named: Named<'_>, noise: &Noise, keep: &Keep, order: &OrderAdvice) -> Vec<Command> {
    let data: Vec<&str> = named.data.iter().map(String::as_str).collect();
    let own: Vec<String> = vec![DIFFICULTY.to_owned()];
    let scores: Vec<&str> = named.scores.unwrap_or(&own).iter().map(String::as_str).collect();
    let mut commands = Vec::new();
    let limit = named.time_limit.map(|seconds| format!("{}s", seconds.ceil()));
    let mut written = [&["advise"], &data[..]].concat();
    written.extend(limit.iter().flat_map(|limit| ["--time-limit", limit]));
    // Models that were asked of no example have written nothing.
    let asked = named.all_asked;
    if asked {
        written.extend(["--difficulty", DIFFICULTY]);
    }
    if noise.rests_on.is_some() {
        written.extend(["--suspects", SUSPECTS, "--held-out", HELD_OUT]);
    }
    commands.push(Command::new("This advice again, with the files that the lines below take", &written));
    if noise.rests_on.is_some() {
        let words = ["noise", HELD_OUT, "-o", "issues.csv"];
        commands.push(Command::new("Look at all labels, by what models say that had not seen them", &words));
    }
    if asked || named.scores.is_some() {
        commands.extend(pruned(&scores, noise, keep, &data));
        commands.extend(ordered(&scores, order, named.n_examples));
    }
    let words = [&["compare"], &data[..], &["--time-limit", "10m", "--out", "compare-all"]].concat();
    commands.push(Command::new("Compare more, in more time", &words));
    commands
}

fn pruned(scores: &[&str], noise: &Noise, keep: &Keep, data: &[&str]) -> Option<Command> {
    if let (Some(fraction), Some(rule)) = (keep.fraction, keep.rule) {
        let fraction = fraction.to_string();
        let rate = format!("noise_rate={}", noise.rate.unwrap_or(0.0));
        let rule: Vec<&str> = match rule {
            PruningRule::Hardest => vec!["hardest"],
            PruningRule::Random => vec!["random"],
            PruningRule::CoverageCentric => vec!["ccs", "--option", &rate],
        };
        let words = [&["prune"], scores, &["--keep", &fraction, "--rule"], &rule, &["-o", "kept.csv"]].concat();
        return Some(Command::new("Keep what is enough", &words));
    }
    if keep.fraction.is_some() || keep.curve.is_empty() {
        return None;
    }
    let share = keep.curve[0].fraction.to_string();
    let arms = "keep-hardest,coverage-centric,random-pruning";
    let options = ["--arms", arms, "--keep", &share, "--seeds", "40", "--out", "compare-keep"];
    let words = [&["compare"], data, &options].concat();
    Some(Command::new("Look more closely at whether something can go", &words))
}

/// As many passes over all examples as were compared over training parts.
fn ordered(scores: &[&str], order: &OrderAdvice, n_examples: usize) -> Option<Command> {
    let full = order.budgets.first()?;
    let updates = (full.epochs * n_examples.div_ceil(full.batch_size.max(1)) as f64).round().max(1.0) as u64;
    let best = full.best.and_then(|best| full.arms.iter().find(|arm| arm.arm == best));
    let [updates, batch] = [updates, full.batch_size as u64].map(|number| number.to_string());
    let steps = format!("0..{updates}");
    let budget = ["--batch-size", &batch, "--total-steps", &updates, "--steps", &steps, "-o", "order.csv"];
    let pacing = best.and_then(|arm| Some((arm.arm, arm.a?.to_string(), arm.b?.to_string())));
    Some(match &pacing {
        Some((arm, a, b)) => {
            let by = if *arm == Arm::HardFirst { "hard-first" } else { "easy-first" };
            let paced = ["--order", by, "--pacing", "linear", "--a", a, "--b", b];
            Command::new("The order that helps", &[&["order"], scores, &paced, &budget].concat())
        }
        None => {
            let words = [&["order"], scores, &["--order", "random"], &budget].concat();
            Command::new("Shuffling, which no order is shown to beat", &words)
        }
    })
}

/// The commands for a log or for scores of one's own.
pub(super) fn commands_of_files(log: Option<&[String]>, scores: Option<&[String]>) -> Vec<Command> {
    let mut commands = Vec::new();
    if let Some(log) = log {
        let log: Vec<&str> = log.iter().map(String::as_str).collect();
        let words = [&["noise"], &log[..], &["-o", "issues.csv"]].concat();
        commands.push(Command::new("Look at all labels", &words));
        let words = [&["score"], &log[..], &["--metric", "el2n,forgetting", "-o", LOG_SCORES]].concat();
        commands.push(Command::new("Score how hard each example is", &words));
        let words =
            ["prune", LOG_SCORES, "--column", "el2n", "--keep", "0.5", "--rule", "hardest", "-o", "kept.csv"];
        commands.push(Command::new("To try, not advised: the hardest half", &words));
    }
    if let Some(scores) = scores {
        let scores: Vec<&str> = scores.iter().map(String::as_str).collect();
        let words = [&["prune"], &scores[..], &["--keep", "0.5", "--rule", "hardest", "-o", "kept.csv"]].concat();
        commands.push(Command::new("To try, not advised: the hardest half", &words));
        let words = [
            &["order"],
            &scores[..],
            &["--order", "easy-first", "--pacing", "linear", "--a", "0.8", "--b", "0.2", "--batch-size", "32"],
            &["--total-steps", "1000", "--steps", "0..1000", "-o", "order.csv"],
        ]
        .concat();
        commands.push(Command::new("To try, not advised: the easiest first", &words));
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_line_are_one_word_each() {
        for (word, expected) in [
            ("a.csv", "a.csv"),
            ("", "''"),
            ("two words", "'two words'"),
            ("$(rm)", "'$(rm)'"),
            ("--label", "--label"),
            ("größe", "'größe'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
        let command = Command::new("does it", &["advise", "my data.csv"]);
        assert_eq!(command.line, "curriculum advise 'my data.csv'");
        assert_eq!(command.sentence(2).text, "does it: curriculum advise 'my data.csv'");
    }
}
