#![doc = include_str!("../README.md")]
//!
//! # Architecture invariant
//!
//! This crate knows a terminal: arguments, help and what is printed, one file per subcommand, each with its arguments
//! and a `run`. It knows nothing that a library user could want; other programs can [run] the command as it is.

#![forbid(unsafe_code)]

mod advise;
mod agree;
mod columns;
mod compare;
mod completions;
mod coreset;
mod crossover;
mod dedup;
mod difficulty;
mod distance;
mod dynamics;
mod engine;
mod example;
mod features;
mod formats;
mod inspect;
mod map;
mod named;
mod noise;
mod order;
mod output;
mod output_format;
mod paths;
mod problem_arguments;
mod progress;
mod prune;
mod rows;
mod schedule;
mod score;
mod score_file;
mod tables;
mod train;
mod weights;

use std::ffi::OsString;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use cl_data::instructions;
use cl_data::io::forget_standard_input;
use cl_study::shown;
use clap::{CommandFactory, Parser, Subcommand};

/// Curriculum learning over files of any framework.
///
/// Compares orders and pruning with shuffling on your own data, advises and trains; looks at data, scores how hard examples are,
/// compares scores, finds wrong labels, schedules and prunes.
#[derive(Parser)]
#[command(name = "curriculum", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    /// Say nothing but errors: no report, no notes, no progress
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Score, prune, find label issues and choose coresets of Parquet by an engine, in bounded memory or on a cluster: by the
    /// program `curriculum-engine`, whose --help has its commands
    #[arg(long, value_enum, value_name = "ENGINE")]
    engine: Option<engine::Engine>,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  curriculum compare digits --time-limit 2m
  curriculum advise train.csv --label species
  curriculum train digits --set sampler.name=rho-loss
  curriculum example example/
  curriculum inspect train.csv --label species
  curriculum inspect train-images-idx3-ubyte.gz
  curriculum score dynamics.npz --metric el2n,forgetting,aum -o scores.csv
  curriculum score losses.jsonl --metric loss_mean,learning_time -o scores.csv
  curriculum distance features.npy --metric class_median_distance --labels labels.npy -o distances.csv
  curriculum agree scores.csv -o agreement.svg
  curriculum noise dynamics.npz -o issues.csv
  curriculum schedule --pacing root --a 0.8 --b 0.2 -n 50000 --steps 39100 --every 391
  curriculum order scores.csv --column el2n --pacing root --a 0.8 --b 0.2 --batch-size 128 --total-steps 39100 --steps 0..100
  curriculum weights losses.npy --weighting linear --param lambda=0.5 -o weights.npy
  curriculum prune scores.csv --keep 0.5 --rule ccs --column aum -o kept.csv
  curriculum coreset features.npy --method facility-location --count 1000 -o coreset.csv
  curriculum dedup embeddings.npy --threshold 0.95 -o groups.csv
  cat scores.tsv | curriculum prune - --keep 0.5 --rule hardest --column perplexity -o - > kept.txt

`curriculum formats` says what files are read, and by which rules. `-` is standard input, where a file is read, and \
standard output, where one is written; the report is then on standard error.

Exit status: 0 done, 1 wrong data (the message names file and place), 2 wrong usage.";

#[derive(Subcommand)]
enum Command {
    Compare(Box<compare::Arguments>),
    Advise(Box<advise::Arguments>),
    Train(Box<train::Arguments>),
    Example(example::Arguments),
    Inspect(inspect::Arguments),
    Score(score::Arguments),
    Distance(distance::Arguments),
    Agree(agree::Arguments),
    Map(map::Arguments),
    Noise(noise::Arguments),
    Schedule(schedule::Arguments),
    Order(Box<order::Arguments>),
    Weights(weights::Arguments),
    Prune(prune::Arguments),
    Crossover(crossover::Arguments),
    Coreset(coreset::Arguments),
    Dedup(dedup::Arguments),
    Formats(formats::Arguments),
    Completions(completions::Arguments),
}

/// Runs the command `curriculum` with these arguments, of which the first is the program's name, and gives its exit
/// status: 0 done, 1 wrong data, 2 wrong usage.
///
/// It prints to this process's standard output and error, and reads its standard input for `-`. Nothing of a call is left
/// to the next, and of several threads that call it one runs at a time.
///
/// ```
/// assert_eq!(cl_cli::run(["curriculum", "--version"]), 0);
/// assert_eq!(cl_cli::run(["curriculum", "inspect", "no-such-file.csv"]), 1);
/// assert_eq!(cl_cli::run(["curriculum", "prune", "--keep", "most"]), 2);
/// ```
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> u8 {
    static RUNNING: Mutex<()> = Mutex::new(());
    let _running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let given: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    if let Some((engine, arguments)) = engine::asked(&given) {
        return match engine::run(engine, &arguments) {
            Ok(status) => status,
            Err(error) => exit_status(Err(error)),
        };
    }
    let status = match Cli::try_parse_from(&given) {
        Ok(Cli { quiet, command, .. }) => {
            output::set_quiet(quiet);
            let _input = StandardInput;
            let outcome = instructions::check().map_err(anyhow::Error::from);
            exit_status(outcome.and_then(|()| obey(command, &given)))
        }
        Err(error) => explain(error, &given),
    };
    // What calls us may end without doing that.
    let _ = io::stdout().flush();
    status
}

/// What is read of standard input, forgotten in the end, even where a command panics.
struct StandardInput;

impl Drop for StandardInput {
    fn drop(&mut self) {
        forget_standard_input();
    }
}

/// The exit status of what came of a command, whose error is told.
fn exit_status(outcome: anyhow::Result<()>) -> u8 {
    match outcome {
        Ok(()) => 0,
        // Whoever read our output has seen enough, as `head` does.
        Err(error) if error.chain().any(is_closed_pipe) => 0,
        Err(error) => {
            // Where even stderr is closed, the exit status is all there is left to say.
            let _ = writeln!(io::stderr(), "error: {}", message(&error));
            if error.is::<paths::WrongUsage>() { 2 } else { 1 }
        }
    }
}

/// Says what is wrong with the arguments `given`, or the help that they ask for; the exit status of that.
///
/// clap quotes arguments as they are, between escape sequences of its own: where they could steer the terminal, it is
/// asked again of what is shown of them.
fn explain(error: clap::Error, given: &[OsString]) -> u8 {
    let shown: Vec<OsString> =
        given.iter().map(|given| shown::line(&given.to_string_lossy()).as_ref().into()).collect();
    let told = if given == shown { Err(error) } else { Cli::try_parse_from(shown).map(|_| error) };
    // Where nobody listens, the exit status is all there is left to say.
    let _ = match &told {
        Err(error) => error.print(),
        // Nothing is wrong with what is shown of it.
        Ok(error) => io::stderr().write_all(shown::lines(&error.to_string()).as_bytes()),
    };
    let (Ok(error) | Err(error)) = told;
    if error.use_stderr() { 2 } else { 0 }
}

/// Does what the arguments, which were `given`, ask for.
fn obey(command: Command, given: &[OsString]) -> anyhow::Result<()> {
    match command {
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Advise(arguments) => advise::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Example(arguments) => example::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Score(arguments) => score::run(&arguments, given),
        Command::Distance(arguments) => distance::run(&arguments),
        Command::Agree(arguments) => agree::run(&arguments),
        Command::Map(arguments) => map::run(&arguments),
        Command::Noise(arguments) => noise::run(&arguments),
        Command::Schedule(arguments) => schedule::run(&arguments),
        Command::Order(arguments) => order::run(&arguments),
        Command::Weights(arguments) => weights::run(&arguments),
        Command::Prune(arguments) => prune::run(&arguments),
        Command::Crossover(arguments) => crossover::run(&arguments),
        Command::Coreset(arguments) => coreset::run(&arguments),
        Command::Dedup(arguments) => dedup::run(&arguments),
        Command::Formats(arguments) => formats::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, Cli::command()),
    }
}

fn is_closed_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// The error and its causes, but for causes that the message before them already quotes.
fn message(error: &anyhow::Error) -> String {
    let mut message = String::new();
    for cause in error.chain().map(|cause| output::in_flags(&cause.to_string())) {
        if message.is_empty() {
            message = cause;
        } else if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_leaves_nothing_to_the_next() {
        let absent = ["inspect", "no-such-file.csv"];
        assert_eq!(run(["curriculum", "--quiet"].into_iter().chain(absent)), 1);
        assert!(output::is_quiet());
        assert_eq!(run(["curriculum"].into_iter().chain(absent)), 1);
        assert!(!output::is_quiet());
    }
}
