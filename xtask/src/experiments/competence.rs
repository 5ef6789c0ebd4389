//! Section 4: competence-based curricula (Platanios et al. 2019), and beside them Baby Steps and One-Pass.

mod claims;
mod curricula;
mod report;

use anyhow::Result;
use cl_data::TopicGrammar;

use crate::{
    claim::{Measurement, Part},
    experiment::{Context, Experiment, Findings},
    language::{
        corpus::Corpus,
        task::{Source, Text, study, texts},
    },
};
use claims::{BABY_STEPS, BETTER, BLEU, FASTER, ONE_PASS, SEVENTY};
use curricula::{Arm, Timed};
use report::{NOTE, report};

/// A language model's sentences from short to long and from common to rare, by competence.
pub(super) static COMPETENCE: Experiment = Experiment {
    id: "competence",
    section: "4",
    question: "How many updates does a competence-based curriculum save?",
    claims: &[FASTER, SEVENTY, BLEU, BETTER, BABY_STEPS, ONE_PASS],
    run,
};

fn run(context: &Context<'_>) -> Result<Findings> {
    let mut findings = Findings::default();
    let mut tasks = vec![made(context)?];
    tasks.extend(texts(&mut findings, context, &TEXTS)?.into_iter().map(|(name, text)| of(name, text, context)));
    for timed in &mut tasks {
        timed.tune(context)?;
    }
    let arms = Arm::all();
    let of_arms = arms.iter().map(|arm| (arm.name(), arm.settings()));
    let settings = tasks.iter().map(|timed| (timed.task.name, timed.settings()));
    // Times are noisy: two repetitions for each seed asked for.
    let per_seed = if context.quick { 1 } else { 2 };
    let seeds: Vec<u64> =
        context.seeds.iter().flat_map(|seed| (0..per_seed).map(move |of| 2 * seed + of)).collect();
    let results = study("competence", context, seeds, of_arms, settings, |run| {
        let timed = &tasks[run.setting_place];
        timed.record(timed.train(&timed.task.recipe, arms[run.arm_place], run.seed, false)?)
    })?;
    for timed in &tasks {
        report(timed, &mut findings, &results)?;
    }
    for claim in [SEVENTY, BLEU] {
        let nothing = Measurement::undefined("nothing is translated here");
        findings.measure(
            claim.id,
            Part::Real,
            "language models, of which competence/faster and better tell",
            nothing,
        );
    }
    findings.notes.push(NOTE.to_owned());
    Ok(findings)
}

const TEXTS: [Text; 2] =
    [("Multi30k", "multi30k", Corpus::multi30k), ("WikiText-2", "wikitext-2-valid-test", Corpus::wikitext2)];

/// The made language.
fn made(context: &Context<'_>) -> Result<Timed> {
    let (n_sentences, horizon) = match (context.full, context.quick) {
        (true, _) => (24_000, 72_000),
        (_, false) => (2_000, 6_000),
        _ => (400, 400),
    };
    let language = TopicGrammar::new(500, 8, 10, 0)?;
    let (n_words, source) = (language.n_words(), Source::Made { language, n_sentences });
    let n_held_out = if context.quick { 100 } else { 300 };
    Ok(Timed::new("made language", "competence", source, n_words, horizon, n_held_out))
}

/// A text.
fn of(name: &'static str, corpus: Corpus, context: &Context<'_>) -> Timed {
    let (n_words, horizon, n_held_out) = if context.quick { (300, 400, 100) } else { (2_000, 20_000, 300) };
    let file = format!("competence-{}", name.to_lowercase());
    Timed::new(name, &file, Source::Text(corpus), n_words, horizon, n_held_out)
}
