//! Nothing that a file holds makes the command panic, hang, take memory without end, blame another file, or give a
//! result that is not right.
//!
//! A case has a number, from which a file of a command and what is done to it follow:
//!
//! ```sh
//! DAMAGED=9500 cargo test -p cl-cli --release --test all -- --ignored trust::damaged --nocapture
//! DAMAGED_CASE=1234 cargo test -p cl-cli --release --test all -- --ignored trust::damaged --nocapture
//! ```

#[cfg(unix)]
mod absurd_options;
#[cfg(unix)]
mod absurd_values;
mod commands;
mod damage;
mod data;
mod draws;
mod kills;
mod measured;
mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use commands::{Command, File, arguments, commands};
use damage::{Damaged, KINDS, Whole};
use draws::Draws;
use measured::{Ended, LIMIT, run};

/// Bytes that a command may take besides twice what the file has.
const MEMORY: u64 = 64 << 20;

/// What was done, and what is wrong with what the command made of it.
struct Case {
    number: u64,
    line: &'static str,
    file: &'static str,
    kind: &'static str,
    verdict: Verdict,
    message: String,
    memory: u64,
}

#[derive(Debug, Clone, PartialEq)]
enum Verdict {
    /// The result is that of the same content written afresh.
    Right,
    /// The file is named, and what is wrong.
    Refused,
    /// There is no damage of this kind to this file.
    None,
    Wrong(String),
}

/// All pairs of a command and one of its files that is damaged.
struct Subjects(Vec<Command>);

impl Subjects {
    fn new() -> Self {
        Self(commands())
    }

    fn pairs(&self) -> Vec<(usize, usize)> {
        let files = |(at, command): (usize, &Command)| {
            let damaged = (0..command.files.len()).filter(|&file| command.files[file].is_damaged);
            damaged.map(move |file| (at, file)).collect::<Vec<_>>()
        };
        self.0.iter().enumerate().flat_map(files).collect()
    }

    /// Every file meets every kind of damage before one meets a kind again.
    fn case(&self, number: u64) -> Case {
        let pairs = self.pairs();
        let (command, at) = pairs[number as usize % pairs.len()];
        let (command, round) = (&self.0[command], number as usize / pairs.len());
        // Neighbours meet other kinds, so that a few cases meet many.
        let (kind, damage) = KINDS[(round + number as usize * 7) % KINDS.len()];
        let file = &command.files[at];
        let File { data, form, packed, id, numbers, label, .. } = file;
        let whole = Whole { data, form: *form, packed: *packed, id: *id, numbers, label: *label };
        let mut case = Case {
            number,
            line: command.line,
            file: file.name,
            kind,
            verdict: Verdict::None,
            message: String::new(),
            memory: 0,
        };
        if let Some(damaged) = damage(&whole, &mut Draws::of(number)) {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), command);
            (case.verdict, case.message, case.memory) = judge(folder.path(), command, file, &damaged);
            if told("DAMAGED_CASE").is_some() {
                println!("{}", folder.keep().display());
            }
        }
        case
    }
}

fn write(folder: &Path, command: &Command) {
    for file in &command.files {
        let path = folder.join(file.name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.bytes()).unwrap();
    }
}

fn damage_file(path: &Path, damaged: &Damaged) {
    std::fs::remove_file(path).unwrap();
    match damaged {
        Damaged::File(bytes) => std::fs::write(path, bytes).unwrap(),
        Damaged::Folder => std::fs::create_dir(path).unwrap(),
        Damaged::Missing => {}
        Damaged::Unreadable => {
            std::fs::write(path, "id,label\n").unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o0)).unwrap();
            }
        }
        Damaged::Circle => {
            #[cfg(unix)]
            std::os::unix::fs::symlink(path.file_name().unwrap(), path).unwrap();
        }
    }
}

/// The names of all that lies in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match path.is_dir() {
            true => found.extend(names(&path).into_iter().map(|inner| format!("{name}/{inner}"))),
            false => _ = found.insert(name),
        }
    }
    found
}

fn judge(folder: &Path, command: &Command, file: &File, damaged: &Damaged) -> (Verdict, String, u64) {
    let path = folder.join(file.name);
    damage_file(&path, damaged);
    let unreadable = matches!(damaged, Damaged::Unreadable);
    if unreadable && std::fs::read(&path).is_ok() {
        // Nobody keeps root from reading.
        return (Verdict::None, String::new(), 0);
    }
    let before = names(folder);
    let ended = run(folder, &arguments(command.line));
    let Ended { code, stderr, memory, .. } = &ended;
    let message = stderr.trim_end().to_owned();
    let wrong = |what: String| (Verdict::Wrong(what), message.clone(), *memory);
    if ended.took > LIMIT {
        return wrong("it takes too long".into());
    }
    if stderr.contains("panicked") || !matches!(code, Some(0..=2)) {
        return wrong(format!("it ends with {code:?}"));
    }
    let n_bytes: u64 = match damaged {
        Damaged::File(bytes) => bytes.len() as u64,
        _ => 0,
    };
    if *memory > 2 * n_bytes + MEMORY {
        return wrong(format!("{} MB of memory for a file of {n_bytes} bytes", memory >> 20));
    }
    let left: BTreeSet<String> = names(folder).difference(&before).cloned().collect();
    if *code == Some(0) {
        let expected: BTreeSet<String> = command.outputs.iter().map(|name| (*name).to_owned()).collect();
        if left != expected {
            return wrong(format!("it leaves {left:?}, expected {expected:?}"));
        }
        return match is_right(folder, command, file, damaged, &ended) {
            Ok(()) => (Verdict::Right, message, *memory),
            Err(why) => wrong(why),
        };
    }
    if !left.is_empty() {
        return wrong(format!("it fails and leaves {left:?}"));
    }
    match is_named(&message, command, file, damaged) {
        Ok(()) => (Verdict::Refused, message, *memory),
        Err(why) => wrong(why),
    }
}

/// What the system says of files, which tells no more, and what tells what there is.
const SYSTEM: [&str; 8] = [
    "the columns are",
    "the archive has",
    "No such file",
    "Is a directory",
    "Permission denied",
    "Too many levels of symbolic links",
    "Not a directory",
    "no such file",
];

/// Whether a message names the file that is damaged, what is wrong and what was expected.
fn is_named(message: &str, command: &Command, file: &File, damaged: &Damaged) -> Result<(), String> {
    let Some(message) = message.strip_prefix("error: ") else { return Err("no message".into()) };
    let mut rest = message.to_owned();
    // The longest names first, since one may begin another.
    let mut names: Vec<&str> = command.files.iter().map(|file| file.name).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut named = Vec::new();
    for name in names {
        if rest.contains(name) {
            named.push(name);
            rest = rest.replace(name, "");
        }
    }
    let folder = file.name.split_once('/').map(|(folder, _)| folder);
    let of_folder = folder.is_some_and(|folder| {
        matches!(damaged, Damaged::Missing | Damaged::Folder | Damaged::Circle)
            && message.starts_with(&format!("{folder}: "))
    });
    if !named.contains(&file.name) && !of_folder {
        return Err(match named.is_empty() {
            true => "it names no file".into(),
            false => format!("it names {named:?}"),
        });
    }
    if !message.contains("expected") && !SYSTEM.iter().any(|said| message.contains(said)) {
        return Err("it does not say what was expected".into());
    }
    if message.len() > 2000 {
        return Err(format!("a message of {} bytes", message.len()));
    }
    Ok(())
}

/// Whether the result is that of what the file holds: read by other means, found to be allowed, and written afresh.
fn is_right(
    folder: &Path,
    command: &Command,
    file: &File,
    damaged: &Damaged,
    ended: &Ended,
) -> Result<(), String> {
    let Damaged::File(bytes) = damaged else {
        // Where one of several is not there the others may be all.
        return without(command, file, folder, ended);
    };
    let afresh = tempfile::tempdir().unwrap();
    write(afresh.path(), command);
    let read = reading::read(bytes, file.form).map_err(|why| format!("it accepts what holds nothing: {why}"))?;
    let read = read.in_order_of(&file.data);
    if let Some(why) = file.refused(&read) {
        return Err(format!("it accepts what must be refused: {why}"));
    }
    std::fs::write(afresh.path().join(file.name), read.written(read.afresh(file.form))).unwrap();
    same(folder, afresh.path(), command, ended)
}

/// Whether the result is that of the other files alone.
fn without(command: &Command, file: &File, folder: &Path, ended: &Ended) -> Result<(), String> {
    if !file.name.contains('/') && !file.name.ends_with(".csv.json") {
        return Err("it accepts what is not there".into());
    }
    let afresh = tempfile::tempdir().unwrap();
    write(afresh.path(), command);
    std::fs::remove_file(afresh.path().join(file.name)).unwrap();
    same(folder, afresh.path(), command, ended)
}

fn same(folder: &Path, afresh: &Path, command: &Command, ended: &Ended) -> Result<(), String> {
    let again = run(afresh, &arguments(command.line));
    if again.code != Some(0) {
        return Err(format!("written afresh it is refused: {}", again.stderr.trim_end()));
    }
    for output in
        command.outputs.iter().filter(|output| !output.ends_with(".csv.json") && !output.ends_with(".npz.json"))
    {
        let [one, other] = [folder, afresh].map(|folder| std::fs::read(folder.join(output)).unwrap());
        if one != other {
            return Err(format!("{output} is another than that of the same content written afresh"));
        }
    }
    if command.outputs.is_empty() {
        let [one, other] = [&ended.stdout, &again.stdout].map(|bytes| compared(bytes));
        if one != other {
            return Err("what it prints is not what it prints of the same content written afresh".into());
        }
    }
    Ok(())
}

/// A report without what tells how a file is written.
fn compared(report: &[u8]) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|key, _| !["type", "format", "log", "no_log"].contains(&key.as_str()));
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => {
                items.iter_mut().for_each(strip);
                // Columns in the order in which objects have their keys.
                if items.iter().all(|item| item.get("name").is_some()) {
                    items.sort_by_key(|item| item["name"].to_string());
                }
            }
            _ => {}
        }
    }
    let mut value = serde_json::from_slice(report).unwrap_or(Value::Null);
    strip(&mut value);
    value
}

/// Runs these cases and tells of what is wrong.
fn check(numbers: impl Iterator<Item = u64>) {
    let subjects = Subjects::new();
    let numbers: Vec<u64> = numbers.collect();
    let (next, cases) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(|| {
                while let Some(&number) = numbers.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    let case = subjects.case(number);
                    cases.lock().unwrap().push(case);
                }
            });
        }
    });
    let mut cases = cases.into_inner().unwrap();
    cases.sort_by_key(|case| case.number);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut told, mut most) = (Vec::new(), 0);
    for Case { number, line, file, kind, verdict, message, memory } in &cases {
        most = most.max(*memory);
        let what = match verdict {
            Verdict::Right => "right",
            Verdict::Refused => "refused",
            Verdict::None => "no such damage",
            Verdict::Wrong(what) => {
                told.push(format!("case {number}: {line}\n  {file}: {kind}\n  {what}\n  {message}"));
                "wrong"
            }
        };
        *counts.entry(what).or_default() += 1;
        if std::env::var_os("DAMAGED_TELL").is_some() {
            println!("{number}\t{line}\t{file}\t{kind}\t{what}\t{}\t{message}", memory >> 20);
        }
    }
    println!("{} cases: {counts:?}, at most {} MB of memory", cases.len(), most >> 20);
    assert!(told.is_empty(), "{} of {} cases\n{}", told.len(), cases.len(), told.join("\n"));
}

fn told(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A sample of the cases below.
#[test]
fn some_damaged_files() {
    check((0..60).map(|k| k * 97));
}

#[test]
#[ignore = "takes minutes"]
fn damaged_files() {
    if let Some(case) = told("DAMAGED_CASE") {
        return check(case..=case);
    }
    let first = told("DAMAGED_FROM").unwrap_or(0);
    // Of some two in five there is no such damage.
    check(first..first + told("DAMAGED").unwrap_or(4500));
}

/// What is damaged is right before.
#[test]
fn what_is_whole_is_right() {
    let subjects = Subjects::new();
    for command in &subjects.0 {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), command);
        let ended = run(folder.path(), &arguments(command.line));
        assert_eq!(ended.code, Some(0), "{}: {}", command.line, ended.stderr);
        for file in &command.files {
            let read = reading::read(&file.bytes(), file.form).unwrap();
            assert_eq!(file.refused(&read), None, "{}: {}", command.line, file.name);
            let whole = Damaged::File(file.bytes());
            let right = is_right(folder.path(), command, file, &whole, &ended);
            assert_eq!(right, Ok(()), "{}: {}", command.line, file.name);
        }
    }
}
