//! Absurd values of every option of every command: whatever is asked for ends well, or with a message that names it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cl_data::io::{Array, ArrayData, write_npy, write_npz};
use cl_data::random;
use cl_study::{EqualBudget, PruneOutcome, PruneStudy, Quiet};
use serde_json::Value;
use wait4::Wait4;

use super::absurd_values::{CATALOGUES, COMMANDS, Catalogue, NUMBERS, OPTIONAL, needed_value, values};
use crate::support::printed;

/// A sample of the cases below, in a moment.
#[test]
fn absurd_values_are_refused_or_done() {
    let mut cases = all_cases();
    random::shuffle(&mut random::stream(1, "absurd options", 0), &mut cases);
    cases.truncate(80);
    check(cases, Duration::from_secs(20));
}

/// Every option with every value, every parameter of every method with every number, and two options at a time. In
/// release and with overflow checks:
///
/// ```sh
/// cargo test -p cl-cli --release --test all -- --ignored every_absurd --nocapture
/// cargo test -p cl-cli --test all -- --ignored every_absurd --nocapture
/// ```
#[test]
#[ignore = "some minutes"]
fn every_absurd_value_is_refused_or_done() {
    let mut cases = all_cases();
    let seed = std::env::var("ABSURD_SEED").map_or(0, |seed| seed.parse().unwrap());
    cases.extend(pairs_of_options(seed, 3_000));
    if let Ok(only) = std::env::var("ABSURD_ONLY") {
        cases.retain(|case| case.shown().contains(&only));
    }
    assert!(cases.len() >= 4_000 || std::env::var("ABSURD_ONLY").is_ok(), "{} cases", cases.len());
    check(cases, Duration::from_secs(20));
}

/// A command line, what of it is absurd, and what it writes where it succeeds.
#[derive(Debug, Clone)]
struct Case {
    arguments: Vec<String>,
    /// What the message may name: options, parameters and values.
    absurd: Vec<String>,
}

impl Case {
    fn shown(&self) -> String {
        let short = |text: &String| match text.char_indices().nth(80) {
            Some((end, _)) => format!("{:?}...", &text[..end]),
            None if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) => {
                format!("{text:?}")
            }
            None => text.clone(),
        };
        self.arguments.iter().map(short).collect::<Vec<_>>().join(" ")
    }

    /// Whether it is much that is asked for, but nothing absurd: batches are written as they come, until they are told to
    /// end.
    fn is_long(&self) -> bool {
        self.arguments[0] == "order" && self.absurd.iter().any(|absurd| absurd == "0..4294967296")
    }

    /// Where results may be: what is named as an output, with what stands beside it.
    fn outputs(&self) -> BTreeSet<PathBuf> {
        let named = self.arguments.iter().filter_map(|argument| {
            let (option, value) = argument.split_once('=')?;
            OUTPUTS.contains(&option).then(|| PathBuf::from(value))
        });
        let named = named.chain(self.folder().map(PathBuf::from));
        named.flat_map(|path| [path.clone(), PathBuf::from(format!("{}.json", path.display()))]).collect()
    }

    /// The folder that is asked for, of the command that writes one.
    fn folder(&self) -> Option<&Path> {
        let named = self.arguments.iter().filter_map(|argument| argument.strip_prefix("--out=")).next_back();
        named
            .or(self.arguments.last().filter(|_| self.arguments[0] == "example").map(String::as_str))
            .map(Path::new)
    }

    /// Whether this is in the folder that is asked for, or one that it is in.
    fn is_of_folder(&self, name: &Path) -> bool {
        let plain = |path: &Path| -> PathBuf {
            path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
        };
        self.folder().map(plain).is_some_and(|folder| name.starts_with(&folder) || folder.starts_with(name))
    }
}

/// The options that name what is written.
const OUTPUTS: &[&str] = &[
    "--output",
    "--plot",
    "--exposure",
    "--neighbors",
    "--csv",
    "--state",
    "--json",
    "--suspects",
    "--difficulty",
    "--held-out",
];

/// An argument of a command: an option with its value, or a value that stands alone.
#[derive(Debug, Clone, PartialEq)]
struct Argument {
    option: Option<String>,
    value: String,
}

impl Argument {
    fn text(&self) -> String {
        match &self.option {
            Some(option) => format!("{option}={}", self.value),
            None => self.value.clone(),
        }
    }
}

/// A command that succeeds.
fn parsed(command: &str) -> (String, Vec<Argument>) {
    let mut words = command.split_whitespace();
    let name = words.next().unwrap().to_owned();
    let argument = |word: &str| match word.split_once('=') {
        Some((option, value)) if option.starts_with('-') => {
            Argument { option: Some(option.to_owned()), value: value.to_owned() }
        }
        _ if word.starts_with('-') && word.len() > 1 => {
            Argument { option: Some(word.to_owned()), value: String::new() }
        }
        _ => Argument { option: None, value: word.to_owned() },
    };
    (name, words.map(argument).collect())
}

fn texts(name: &str, arguments: &[Argument]) -> Vec<String> {
    let text = |argument: &Argument| match (&argument.option, argument.value.is_empty()) {
        // A flag of the command itself.
        (Some(option), true) => option.clone(),
        _ => argument.text(),
    };
    std::iter::once(name.to_owned()).chain(arguments.iter().map(text)).collect()
}

/// The names of the subcommands, as the help lists them.
fn subcommands() -> Vec<String> {
    let help = printed(&["--help"]);
    let (_, rest) = help.split_once("Commands:\n").unwrap();
    let names = rest.lines().take_while(|line| !line.trim().is_empty());
    let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.map(|line| line.trim().split(' ').next().unwrap().to_owned());
    names.filter(|name| name != "help").collect()
}

/// The options of a subcommand that take a value, as its help has them: the long name, else the short one, and both.
fn options(subcommand: &str) -> Vec<(String, Vec<String>)> {
    let help = printed(&[subcommand, "--help"]);
    let mut found = Vec::new();
    for line in help.lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        let is_option = (indent == 2 && text.starts_with('-') && !text.starts_with("- "))
            || (indent == 6 && text.starts_with("--"));
        if !is_option {
            continue;
        }
        // What it does stands on the same line where all are short.
        let text = text.split("  ").next().unwrap();
        let Some((names, _)) = text.split_once('<') else { continue };
        let names: Vec<String> = names
            .split([',', ' '])
            .map(|name| name.trim_end_matches('[').to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        found.push((names.last().unwrap().clone(), names));
    }
    found
}

/// With one argument made absurd; an option that the command does not have yet is added to it, in place of those that
/// exclude it.
fn with(command: &str, names: &[String], value: &str) -> Case {
    let (subcommand, mut arguments) = parsed(command);
    let own = names.last().unwrap();
    let at = arguments
        .iter()
        .position(|argument| argument.option.as_ref().is_some_and(|option| names.contains(option)));
    match at {
        Some(at) => arguments[at].value = value.to_owned(),
        None => {
            const BUDGET: [&str; 3] = ["--keep", "--drop", "--count"];
            if subcommand == "prune" && BUDGET.contains(&own.as_str()) {
                arguments.retain(|argument| {
                    argument.option.as_ref().is_none_or(|option| !BUDGET.contains(&option.as_str()))
                });
            }
            arguments.push(Argument { option: Some(own.clone()), value: value.to_owned() });
        }
    }
    let mut texts = texts(&subcommand, &arguments);
    // An empty value is not left out.
    if value.is_empty() {
        let option = at.map_or(own.clone(), |at| arguments[at].option.clone().unwrap());
        let at = texts.iter().rposition(|text| *text == option).unwrap();
        texts[at] = format!("{option}=");
    }
    Case { arguments: texts, absurd: vec![own.trim_start_matches('-').to_owned(), value.to_owned()] }
}

fn all_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for subcommand in subcommands() {
        let commands: Vec<&str> =
            COMMANDS.iter().copied().filter(|command| command.split(' ').next() == Some(&subcommand)).collect();
        assert!(!commands.is_empty(), "`{subcommand}` is not in COMMANDS");
        for command in &commands {
            let (name, arguments) = parsed(command);
            cases.push(Case { arguments: texts(&name, &arguments), absurd: Vec::new() });
            for (at, argument) in arguments.iter().enumerate().filter(|(_, argument)| argument.option.is_none()) {
                for value in values() {
                    let mut arguments = arguments.clone();
                    arguments[at].value = value.clone();
                    // What follows is no option.
                    let (mut options, alone): (Vec<_>, Vec<_>) =
                        arguments.into_iter().partition(|argument| argument.option.is_some());
                    options.push(Argument { option: Some("--".into()), value: String::new() });
                    let texts = texts(&name, &[options, alone].concat());
                    cases.push(Case { arguments: texts, absurd: vec![value, argument.value.clone()] });
                }
            }
        }
        for (_, names) in options(&subcommand) {
            // Where it has the option already, else in the first.
            let of_option = |command: &&str| {
                parsed(command)
                    .1
                    .iter()
                    .any(|argument| argument.option.as_ref().is_some_and(|option| names.contains(option)))
            };
            let own: Vec<&str> = commands.iter().copied().filter(of_option).collect();
            for command in if own.is_empty() { vec![commands[0]] } else { own } {
                cases.extend(values().iter().map(|value| with(command, &names, value)));
            }
        }
    }
    cases.extend(CATALOGUES.iter().flat_map(of_methods));
    cases
}

/// Every parameter of every method of a list.
fn of_methods(catalogue: &Catalogue) -> Vec<Case> {
    let list: Value = serde_json::from_str(&printed(&[catalogue.list, &["--json"]].concat())).unwrap();
    let list = match (catalogue.part, &list) {
        (None, list) => list.clone(),
        (Some(part), list) => {
            let parts = list.as_array().unwrap();
            let part = parts.iter().find(|one| one[0] == part).unwrap_or_else(|| panic!("no {part} in {list}"));
            part[1].clone()
        }
    };
    let (mut cases, is_score) = (Vec::new(), catalogue.method == "--metric");
    let (subcommand, base) = parsed(catalogue.command);
    for method in list.as_array().unwrap() {
        let name = method["name"].as_str().unwrap();
        let parameters = method.get("parameters").or(method.get("options")).unwrap().as_array().unwrap();
        let named = |parameter: &Value| parameter["name"].as_str().unwrap().to_owned();
        let needed: Vec<String> = parameters
            .iter()
            .filter(|parameter| parameter["default"].is_null())
            .map(named)
            .filter(|name| !OPTIONAL.contains(&name.as_str()))
            .collect();
        for parameter in parameters.iter().map(named) {
            for &value in
                NUMBERS.iter().chain(&["", ",", "a=b", "0:0,0:0", "0:1e400", "1,,2", "18446744073709551615,0"])
            {
                let mut arguments = base.clone();
                let mut push = |option: &str, value: String| {
                    arguments.push(Argument { option: Some(option.to_owned()), value });
                };
                push(catalogue.method, name.to_owned());
                let full =
                    |parameter: &str| if is_score { format!("{name}.{parameter}") } else { parameter.to_owned() };
                for other in needed.iter().filter(|&other| *other != parameter) {
                    push(catalogue.parameter, format!("{}={}", full(other), needed_value(other)));
                }
                push(catalogue.parameter, format!("{}={value}", full(&parameter)));
                let texts = texts(&subcommand, &arguments);
                cases.push(Case {
                    arguments: texts,
                    absurd: vec![parameter.clone(), value.to_owned(), name.to_owned()],
                });
            }
        }
    }
    cases
}

/// Two options of a command at a time.
fn pairs_of_options(seed: u64, n: usize) -> Vec<Case> {
    let mut rng = random::stream(seed, "pairs of options", 0);
    let of_subcommand = |subcommand: String| {
        let options = options(&subcommand);
        (subcommand, options)
    };
    let options: BTreeMap<String, Vec<(String, Vec<String>)>> =
        subcommands().into_iter().map(of_subcommand).collect();
    let commands: Vec<&&str> = COMMANDS.iter().filter(|command| command.contains(" --")).collect();
    let mut one_of = |n: usize| random::below(&mut rng, n);
    let mut pair = || {
        let command = commands[one_of(commands.len())];
        let options = &options[command.split(' ').next().unwrap()];
        let [first, second] = [0; 2].map(|_| options[one_of(options.len())].1.clone());
        let values = values();
        let [a, b] = [0; 2].map(|_| values[one_of(values.len())].clone());
        let one = with(command, &first, &a);
        let other = with(command, &second, &b);
        // Both at once: the second is put where it stands in its own.
        let own = other.arguments.iter().find(|text| !parsed_texts(command).contains(text)).cloned();
        let mut arguments = one.arguments;
        if let Some(own) = own {
            let same = |text: &String| text.split('=').next() == own.split('=').next();
            match arguments.iter().position(same) {
                Some(at) => arguments[at] = own,
                None => arguments.push(own),
            }
        }
        Case { arguments, absurd: [one.absurd, other.absurd].concat() }
    };
    (0..n).map(|_| pair()).collect()
}

fn parsed_texts(command: &str) -> Vec<String> {
    let (name, arguments) = parsed(command);
    texts(&name, &arguments)
}

/// A folder with an input of every kind.
struct Bench(tempfile::TempDir);

impl Bench {
    const N: usize = 24;

    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        for folder in ["in", "in/epochs", "folder"] {
            std::fs::create_dir(bench.path(folder)).unwrap();
        }
        let n = Self::N;
        let number = |at: usize| 0.05 + (at as f64 * 0.37).sin().abs();
        let labels: Vec<i64> = (0..n as i64).map(|example| example % 3).collect();
        let array = |shape: &[usize], data| Array::new(shape.to_vec(), data).unwrap();
        let floats = |shape: &[usize]| {
            let n = shape.iter().product();
            array(shape, ArrayData::F32((0..n).map(|at| number(at) as f32).collect()))
        };
        let integers = |values: Vec<i64>| array(&[values.len()], ArrayData::I64(values));
        let labels = integers(labels);
        write_npy(bench.path("in/labels.npy"), &labels).unwrap();
        write_npy(bench.path("in/losses.npy"), &floats(&[n])).unwrap();
        write_npy(bench.path("in/features.npy"), &floats(&[n, 3])).unwrap();
        write_npy(bench.path("in/part.npy"), &integers(vec![0, 5, 7])).unwrap();
        write_npy(bench.path("in/part2.npy"), &integers(vec![2, 3, 9])).unwrap();
        let logits = floats(&[5, n, 3]);
        write_npz(bench.path("in/log.npz"), [("logits", &logits), ("labels", &labels)]).unwrap();
        write_npy(bench.path("in/epochs/labels.npy"), &labels).unwrap();
        for epoch in 0..3 {
            write_npy(bench.path(&format!("in/epochs/logits_{epoch}.npy")), &floats(&[n, 3])).unwrap();
        }
        let near = (0..n as i64).flat_map(|example| [(example + 1) % n as i64, (example + 2) % n as i64]);
        let indices = array(&[n, 2], ArrayData::I64(near.collect()));
        let distances = array(&[n, 2], ArrayData::F64((0..2 * n).map(number).collect()));
        write_npz(bench.path("in/near.npz"), [("indices", &indices), ("distances", &distances)]).unwrap();
        let mut scores = String::from("id,label,loss,forgetting\n");
        let mut losses = String::from("id,epoch,loss\n");
        for example in 0..n {
            scores += &format!("e{example},{},{},{}\n", example % 3, number(example), example % 4);
            losses += &format!("e{example},0,{}\ne{example},1,{}\n", number(example), number(example + 1));
        }
        std::fs::write(bench.path("in/scores.csv"), scores).unwrap();
        std::fs::write(bench.path("in/losses.csv"), losses).unwrap();
        std::fs::write(bench.path("in/empty"), "").unwrap();
        let study = PruneStudy::new("demo", [1, 2, 3], [1.0, 0.5, 0.25]).unwrap().method("hardest");
        let curves = study.run(None, None, &Quiet, |run| {
            let gain = if run.method == "hardest" { 0.2 * (run.kept - 0.4) } else { 0.0 };
            let examples = if run.budget == EqualBudget::Epochs { 1000.0 * run.kept } else { 1000.0 } as u64;
            let accuracy = 0.9 - 0.1 * (1.0 - run.kept) + gain + run.seed as f64 / 1e3;
            Ok::<_, String>(PruneOutcome { accuracy, examples, ..PruneOutcome::default() })
        });
        std::fs::write(bench.path("in/study.json"), serde_json::to_string(&curves.unwrap()).unwrap()).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Every file with its bytes, every folder.
    fn content(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut found, mut folders) = (BTreeMap::new(), vec![self.0.path().to_path_buf()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                let name = entry.strip_prefix(self.0.path()).unwrap().to_path_buf();
                if entry.is_dir() {
                    found.insert(name, b"folder".to_vec());
                    folders.push(entry);
                } else {
                    found.insert(name, std::fs::read(&entry).unwrap());
                }
            }
        }
        found
    }

    /// As it was before, whatever a case left.
    fn clean(&self, before: &BTreeMap<PathBuf, Vec<u8>>) {
        let after = self.content();
        for name in after.keys().filter(|name| !before.contains_key(*name)).rev() {
            let path = self.0.path().join(name);
            if path.is_dir() { std::fs::remove_dir(path) } else { std::fs::remove_file(path) }.unwrap();
        }
        for (name, bytes) in before.iter().filter(|(name, bytes)| after.get(*name) != Some(bytes)) {
            std::fs::write(self.0.path().join(name), bytes).unwrap();
        }
    }
}

/// How a command ended.
struct Outcome {
    code: Option<i32>,
    message: String,
    seconds: f64,
    /// Bytes at the most.
    memory: u64,
    /// Whether it was still at work when its time was over.
    interrupted: bool,
}

fn run(bench: &Bench, case: &Case, limit: Duration) -> Outcome {
    let stderr = tempfile::tempfile().unwrap();
    let start = Instant::now();
    let mut child: Child = Command::new(env!("CARGO_BIN_EXE_curriculum"))
        .args(&case.arguments)
        .current_dir(bench.0.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr.try_clone().unwrap())
        .spawn()
        .unwrap();
    let (id, done, interrupted) = (child.id(), AtomicBool::new(false), AtomicBool::new(false));
    let used = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_millis(200));
                if start.elapsed() > limit && !done.load(Ordering::Relaxed) {
                    // As a user does, then without asking.
                    let first = !interrupted.swap(true, Ordering::Relaxed);
                    let signal = if first { "-INT" } else { "-KILL" };
                    let _ = Command::new("kill").args([signal, &id.to_string()]).status();
                    std::thread::park_timeout(Duration::from_secs(2));
                }
            }
        });
        let used = child.wait4().unwrap();
        done.store(true, Ordering::Relaxed);
        watcher.thread().unpark();
        used
    });
    let seconds = start.elapsed().as_secs_f64();
    let mut bytes = Vec::new();
    let mut stderr = stderr;
    std::io::Seek::rewind(&mut stderr).unwrap();
    std::io::Read::read_to_end(&mut stderr, &mut bytes).unwrap();
    Outcome {
        code: used.status.code(),
        message: String::from_utf8_lossy(&bytes).into_owned(),
        seconds,
        memory: used.rusage.maxrss,
        interrupted: interrupted.load(Ordering::Relaxed),
    }
}

/// What is wrong with how a case ended.
fn problems(case: &Case, outcome: &Outcome, before: &BTreeMap<PathBuf, Vec<u8>>, bench: &Bench) -> Vec<String> {
    let Outcome { code, message, seconds, memory, interrupted } = outcome;
    let mut problems = Vec::new();
    let mut say = |problem: String| problems.push(problem);
    if message.contains("panicked at") {
        say("panic".into());
    }
    if *interrupted {
        if !case.is_long() {
            say(format!("still at work after {seconds:.0} s"));
        }
    } else if !matches!(code, Some(0..=2)) {
        say(format!("exit {code:?}"));
    }
    if *memory > 1 << 30 {
        say(format!("{} MiB of memory", memory >> 20));
    }
    let after = bench.content();
    let outputs = case.outputs();
    for (name, bytes) in before {
        match after.get(name) {
            None => say(format!("{} is gone", name.display())),
            Some(now) if now != bytes && !(*code == Some(0) && outputs.contains(name)) => {
                say(format!("{} is changed", name.display()));
            }
            Some(_) => {}
        }
    }
    let new: Vec<&PathBuf> = after.keys().filter(|name| !before.contains_key(*name)).collect();
    for name in &new {
        if *code != Some(0) {
            // What is kept of the work, for the next time.
            let is_of_folder = case.is_of_folder(name);
            if !is_of_folder && !case.arguments.contains(&format!("--state={}", name.display())) {
                say(format!("{} is left behind", name.display()));
            }
        } else if !outputs.iter().any(|output| same(output, name)) && !case.is_of_folder(name) {
            say(format!("{} is written unasked", name.display()));
        }
    }
    if *code == Some(0) {
        for output in outputs.iter().filter(|output| output.to_string_lossy().starts_with("out")) {
            let is_beside = output.to_string_lossy().ends_with(".json");
            if !is_beside && !new.contains(&output) {
                say(format!("{} is not written", output.display()));
            }
        }
    }
    if case.absurd.is_empty() && *code != Some(0) {
        say("what is not absurd fails".into());
    } else if matches!(code, Some(1 | 2)) && !case.absurd.iter().any(|absurd| names(message, absurd)) {
        say("the message names neither the option nor its value".into());
    }
    problems
}

/// Whether a message names an option, a parameter or a value, however it is spelled.
fn names(message: &str, absurd: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], " ");
    if absurd.trim().is_empty() {
        let quoted = ['"', '`', '\''].iter().any(|quote| message.contains(&format!("{quote}{absurd}{quote}")));
        return quoted
            || message.contains(&format!("error: {absurd}: "))
            || message.contains("a value is required");
    }
    let start: String = absurd.chars().take(30).collect();
    let (key, value) = absurd.split_once('=').unwrap_or((absurd, absurd));
    plain(message).contains(&plain(&start))
        || message.contains(&start.escape_debug().to_string())
        || message.contains(&format!(".{key}"))
        || [key, value].iter().any(|part| part.len() > 3 && message.contains(part))
        // A separator that the file does not have shows in its columns.
        || absurd == "separator" && message.contains("in/")
}

fn same(output: &Path, name: &Path) -> bool {
    output.components().filter(|part| !matches!(part, std::path::Component::CurDir)).eq(name.components())
}

/// Runs all, by as many threads as there are cores, and says which ended otherwise than they may.
fn check(cases: Vec<Case>, limit: Duration) {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let (codes, slowest) = (Mutex::new(BTreeMap::<Option<i32>, usize>::new()), Mutex::new((0.0, String::new())));
    let largest = Mutex::new((0, String::new()));
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(|| {
                let bench = Bench::new();
                let before = bench.content();
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let limit = if case.is_long() { Duration::from_secs(3) } else { limit };
                    let outcome = run(&bench, case, limit);
                    *codes.lock().unwrap().entry(outcome.code).or_default() += 1;
                    let mut slow = slowest.lock().unwrap();
                    if outcome.seconds > slow.0 {
                        *slow = (outcome.seconds, case.shown());
                    }
                    drop(slow);
                    let mut large = largest.lock().unwrap();
                    if outcome.memory > large.0 {
                        *large = (outcome.memory, case.shown());
                    }
                    drop(large);
                    let wrong = problems(case, &outcome, &before, &bench);
                    if !wrong.is_empty() {
                        let message: String = outcome.message.chars().take(400).collect();
                        let text = format!("{}: {}\n    {}", wrong.join("; "), case.shown(), message.trim());
                        found.lock().unwrap().push(text);
                    }
                    bench.clean(&before);
                }
            });
        }
    });
    let (codes, slowest, largest) =
        (codes.into_inner().unwrap(), slowest.into_inner().unwrap(), largest.into_inner().unwrap());
    println!("{} cases, by exit status {codes:?}", cases.len());
    println!("slowest {:.2} s: {}", slowest.0, slowest.1);
    println!("largest {} MiB: {}", largest.0 >> 20, largest.1);
    let mut found = found.into_inner().unwrap();
    found.sort();
    assert!(found.is_empty(), "{} of {} cases:\n{}", found.len(), cases.len(), found.join("\n"));
}
