//! The data sets as a person reads of them.

use std::fmt::Write as _;

use serde::Serialize;

use super::{
    check::{Presence, State, WrongSum},
    table::DataSet,
};

/// A data set, and what the folder has of it where one was named.
#[derive(Serialize)]
pub(super) struct Entry {
    #[serde(flatten)]
    pub(super) set: DataSet,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) found: Option<Presence>,
}

/// All of them, a paragraph each.
pub(super) fn all(entries: &[Entry]) -> String {
    entries.iter().map(|entry| paragraph(entry, entries)).collect::<Vec<String>>().join("\n")
}

fn paragraph(entry: &Entry, entries: &[Entry]) -> String {
    let Entry { set, found } = entry;
    let mut text = format!("{} ({}/)", set.name, set.folder);
    if let Some(found) = found {
        let _ = write!(text, ": {}", presence(found));
    }
    text.push('\n');
    let used_by = match &set.used_by[..] {
        [] => "no experiment".to_owned(),
        names => names.join(", "),
    };
    let mut line = |name: &str, content: &str| {
        if !content.is_empty() {
            let _ = writeln!(text, "  {name:<10} {content}");
        }
    };
    line("shape", &set.shape);
    line("licence", &set.licence);
    line("published", &set.published.join(", "));
    if set.makes.is_empty() {
        line("used by", &used_by);
    } else {
        line("makes", &set.makes);
    }
    line("note", &set.note);
    // Where only what it is made of is there, that is the way to it.
    let is_whole = |entry: &Entry| entry.found.as_ref().is_some_and(|found| found.state == State::Present);
    let maker = entries.iter().find(|other| other.set.makes == set.name && is_whole(other));
    let is_missing = found.as_ref().is_some_and(|found| !found.missing.is_empty());
    if let Some(maker) = maker.filter(|_| is_missing) {
        line("to make it", &format!("{} is there: {}", maker.set.name, maker.set.note));
    }
    for wrong in found.iter().flat_map(|found| &found.wrong) {
        line("wrong sum", &self::wrong(wrong));
    }
    text
}

/// The state of a set, with what it is about.
fn presence(found: &Presence) -> String {
    let versions =
        if found.versions.is_empty() { String::new() } else { format!(" ({})", found.versions.join(", ")) };
    let missing = match &found.missing[..] {
        [] => String::new(),
        missing => format!(", without {}", missing.join(", ")),
    };
    match found.state {
        State::Present => format!("present, its sums right{versions}"),
        State::PartlyPresent => format!("partly present, its sums right{versions}{missing}"),
        State::Damaged => format!("damaged{missing}"),
        State::Absent => "absent".to_owned(),
    }
}

/// A file, what was found and what was expected.
pub(super) fn wrong(wrong: &WrongSum) -> String {
    let expected: Vec<String> = wrong
        .expected
        .iter()
        .map(|version| {
            let what = if version.version.is_empty() { String::new() } else { format!(", {}", version.version) };
            format!("{} ({} bytes{what})", version.sha256, version.bytes)
        })
        .collect();
    let (file, bytes) = (wrong.file.display(), wrong.bytes);
    format!("{file}: sha256 {} ({bytes} bytes), expected {}", wrong.sha256, expected.join(" or "))
}
