use cl_difficulty::log;

use super::{
    advice::{Advice, LogFacts, Parts},
    balance::Balance,
    commands::commands_of_files,
    duplicates::Duplicates,
    forgetting::Forgetting,
    given_scores::{GivenScores, ScoreFacts},
    keep::Keep,
    noise::{Labelled, Noise, Suspect},
    options::Options,
    order::OrderAdvice,
    sentence::CannotSay,
};
use crate::{error::LabError, metric::Metric};

/// Advice on a log of one's own model, on scores of one's own, or on both, without the data: what they tell, and what cannot be
/// said without data.
///
/// ```
/// use cl_lab::advise::{GivenScores, Options, advise_files};
///
/// let scores = GivenScores {
///     name: "scores.csv".into(),
///     column: "el2n".into(),
///     higher_is_harder: true,
///     difficulty: vec![0.1, 0.9, 0.5],
///     labels: None,
/// };
/// let advice = advise_files(&mut [], Some(&scores), &Options::default())?;
/// assert_eq!(advice.scores.as_ref().unwrap().distinct, 3);
/// assert!(advice.keep.cannot_say.is_some() && advice.order.best.is_none());
/// # Ok::<(), cl_lab::LabError>(())
/// ```
///
/// # Errors
/// Where there is neither a run nor a score, or the log cannot be read.
pub fn advise_files(
    runs: &mut [Box<dyn log::Source>],
    scores: Option<&GivenScores>,
    options: &Options,
) -> Result<Advice, LabError> {
    if runs.is_empty() && scores.is_none_or(|scores| scores.difficulty.is_empty()) {
        return Err(LabError::argument("runs", "none", "a log of a model, scores, or data"));
    }
    let metric = options.metric.unwrap_or(Metric::Accuracy);
    let margin = options.margin(metric)?;
    let without = |needed: &str| CannotSay::because("there are no data to train on", needed);
    let OfLog { balance, noise, suspects, forgetting } = match runs.is_empty() {
        true => OfLog {
            balance: of_labels(scores),
            noise: Noise::unknown(CannotSay::because(
                "scores do not tell which labels are wrong",
                "DATA, or a log of probabilities (--dynamics)",
            )),
            suspects: Vec::new(),
            forgetting: Forgetting::unknown(CannotSay::because(
                "scores do not tell what is forgotten",
                "DATA, or a log of a model (--dynamics)",
            )),
        },
        false => OfLog::read(runs)?,
    };
    let log = (!runs.is_empty()).then(|| log_facts(runs));
    let files = |name: &String| vec![name.clone()];
    let of_log = log.as_ref().map(|log| files(&log.name));
    let of_scores = scores.map(|scores| {
        let column = ["--column".to_owned(), scores.column.clone()];
        let high_is = if scores.higher_is_harder { "hard" } else { "easy" };
        let named = scores.name.ends_with(".npy");
        let options = if named { Vec::new() } else { column.to_vec() };
        [vec![scores.name.clone()], options, vec!["--high-is".to_owned(), high_is.to_owned()]].concat()
    });
    let parts = Parts {
        data: None,
        log,
        scores: scores.map(ScoreFacts::of).transpose()?,
        plan: None,
        balance,
        duplicates: Duplicates::unknown(CannotSay::because("there are no features to compare", "DATA")),
        noise,
        suspects,
        outliers: None,
        forgetting,
        keep: Keep::unknown(metric, margin, Some(without("DATA"))),
        order: OrderAdvice::unknown(metric, margin, without("DATA")),
        commands: commands_of_files(
            options.arguments.as_deref().filter(|_| of_log.is_some()).or(of_log.as_deref()),
            of_scores.as_deref(),
        ),
        held_out: None,
    };
    Ok(parts.advice())
}

fn of_labels(scores: Option<&GivenScores>) -> Balance {
    match scores.and_then(|scores| scores.labels.as_deref()) {
        Some(labels) => {
            let n_classes = labels.iter().max().map_or(0, |most| most + 1);
            let names: Vec<String> = (0..n_classes).map(|class| class.to_string()).collect();
            Balance::of_labels(labels, &names)
        }
        None => {
            Balance::unknown(CannotSay::because("there are no labels", "DATA, or a file with a column of labels"))
        }
    }
}

/// What a log tells by itself.
struct OfLog {
    balance: Balance,
    noise: Noise,
    suspects: Vec<Suspect>,
    forgetting: Forgetting,
}

impl OfLog {
    fn read(runs: &mut [Box<dyn log::Source>]) -> Result<Self, LabError> {
        let forgetting = Forgetting::of_log(runs)?;
        let contents = runs[0].contents();
        let (c, labels) = (contents.n_classes, contents.labels.clone());
        let names: Vec<String> =
            contents.class_names.clone().unwrap_or_else(|| (0..c).map(|class| class.to_string()).collect());
        let balance = match labels.is_empty() {
            true => Balance::unknown(CannotSay::because("the log has no labels", "a log with labels")),
            false => Balance::of_labels(&labels, &names),
        };
        let told = !labels.is_empty() && !contents.outputs.is_scalar() && contents.soft_labels.is_none();
        let (noise, suspects) = if told {
            let mean = log::mean_probabilities_of_runs(runs, false, log::Missing::default(), &mut ())?;
            let labelled = Labelled { labels: &mean.labels, ids: &mean.ids, class_names: &names };
            Noise::of_probabilities(&mean.probabilities, &labelled, c, false)?
        } else {
            let cannot_say = CannotSay::because(
                "the log has no probability of each class",
                "a log of logits or probabilities, with one label per example; or DATA",
            );
            (Noise::unknown(cannot_say), Vec::new())
        };
        Ok(Self { balance, noise, suspects, forgetting })
    }
}

/// What a log is.
pub(super) fn log_facts(runs: &[Box<dyn log::Source>]) -> LogFacts {
    let first = runs.first().map(|run| run.contents());
    LogFacts {
        name: first.map_or(String::new(), |contents| contents.path.display().to_string()),
        format: first.map_or(String::new(), |contents| contents.format.to_owned()),
        runs: runs.len(),
        epochs: first.map_or(0, |contents| contents.epochs.len()),
        examples: first.map_or(0, |contents| contents.n_examples()),
        classes: first.map_or(0, |contents| contents.n_classes),
        notes: first.map_or(Vec::new(), |contents| contents.notes.iter().map(|note| note.text.clone()).collect()),
    }
}
