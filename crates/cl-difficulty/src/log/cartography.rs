use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::Path;

use cl_data::io::{ArrayData, io_error, malformed, open};
use cl_data::{DataError, Ids};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess};
use serde_json::Value;

use super::numbered::{numbered, without_gap};
use super::options::Options;
use super::rows::show;
use super::source::{Contents, OutputKind, Source, Visitor};
use crate::error::DifficultyError;

/// Rows shown at a time.
const ROWS: usize = 4096;

/// Dataset Cartography's logs: `dynamics_epoch_E.jsonl`, a line per presentation.
pub(super) struct Cartography {
    pub(super) contents: Contents,
    examples: HashMap<String, usize>,
}

/// `{"guid": 7, "logits_epoch_3": [0.1, 2.5], "gold": 1}`
#[derive(Default)]
struct Line {
    guid: Option<Value>,
    gold: Option<usize>,
    logits: Option<(String, Vec<Option<f64>>)>,
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> serde::de::Visitor<'de> for Fields {
            type Value = Line;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with guid, gold and logits_epoch_E")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line, A::Error> {
                let mut line = Line::default();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    match &*key {
                        "guid" => line.guid = Some(map.next_value()?),
                        "gold" => line.gold = Some(map.next_value()?),
                        key if key.starts_with("logits_epoch_") => {
                            line.logits = Some((key.to_owned(), map.next_value()?));
                        }
                        _ => _ = map.next_value::<IgnoredAny>()?,
                    }
                }
                Ok(line)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// One presentation, checked.
struct Presentation {
    guid: String,
    gold: usize,
    logits: Vec<f64>,
}

/// What a line says, or what is wrong with it.
fn parse(text: &str, epoch: u64) -> Result<Presentation, String> {
    let line: Line = match serde_json::from_str(text) {
        Ok(line) => line,
        // Python writes NaN and Infinity, which are no JSON; with null in their place the example can be named.
        Err(error) => match ["-Infinity", "Infinity", "NaN"].iter().any(|word| text.contains(word)) {
            true => {
                let text = text.replace("-Infinity", "null").replace("Infinity", "null").replace("NaN", "null");
                serde_json::from_str(&text).map_err(|_| error.to_string())?
            }
            false => return Err(error.to_string()),
        },
    };
    let guid = match line.guid {
        Some(Value::String(guid)) => guid,
        Some(Value::Number(guid)) => guid.to_string(),
        Some(other) => return Err(format!("guid {other}, expected an integer or a text")),
        None => return Err("no key `guid`".into()),
    };
    let gold = line.gold.ok_or_else(|| format!("example {guid}: no key `gold`"))?;
    let key = format!("logits_epoch_{epoch}");
    let logits = match line.logits {
        Some((found, logits)) if found == key => logits,
        Some((found, _)) => return Err(format!("example {guid}: key `{found}`, expected `{key}`")),
        None => return Err(format!("example {guid}: no key `{key}`")),
    };
    if let Some(class) = logits.iter().position(|logit| logit.is_none_or(|logit| !logit.is_finite())) {
        return Err(format!(
            "epoch {epoch}, example {guid}: logit of class {class} is NaN or infinite, expected a finite number"
        ));
    }
    Ok(Presentation { guid, gold, logits: logits.into_iter().flatten().collect() })
}

/// Something wrong with a line.
fn in_line(path: &Path, number: usize, problem: impl Into<String>) -> DataError {
    malformed(path, format!("line {number}"), problem)
}

/// Calls `each` with the presentations of an epoch and their lines, from 1.
fn for_each_line<E: From<DataError>>(
    path: &Path,
    epoch: u64,
    mut each: impl FnMut(usize, Presentation) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = BufReader::with_capacity(1 << 16, open(path)?);
    let mut text = String::new();
    for number in 1.. {
        text.clear();
        if reader.read_line(&mut text).map_err(|error| io_error(path, error))? == 0 {
            break;
        }
        if !text.trim().is_empty() {
            each(number, parse(&text, epoch).map_err(|problem| in_line(path, number, problem))?)?;
        }
    }
    Ok(())
}

impl Cartography {
    /// `None` where the folder has no such files.
    pub(super) fn open(folder: &Path, options: &Options) -> Result<Option<Self>, DataError> {
        let found = numbered(folder, "dynamics_epoch_", ".jsonl")?;
        if found.is_empty() {
            return Ok(None);
        }
        if options.labels.is_some() || options.outputs == Some(OutputKind::Probabilities) {
            let problem = "Cartography's files hold logits and labels, expected neither option";
            return Err(malformed(folder, "", problem));
        }
        let (epochs, files) = without_gap(folder, found)?;
        let (mut rows, mut n_classes) = (Vec::new(), None);
        for_each_line(&files[0], epochs[0], |_, presentation| {
            n_classes.get_or_insert(presentation.logits.len());
            rows.push((presentation.guid, presentation.gold));
            Ok::<(), DataError>(())
        })?;
        // In order of the ids, so that two runs over the same examples, shuffled each, give the same order.
        rows.sort_by(|(a, _), (b, _)| {
            match (a.parse::<i64>(), b.parse::<i64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (a, b) => b.is_ok().cmp(&a.is_ok()),
            }
            .then_with(|| a.cmp(b))
        });
        if let Some(pair) = rows.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let problem = format!("guid {} occurs twice, expected each example once", pair[0].0);
            return Err(malformed(&files[0], "", problem));
        }
        let examples = rows.iter().enumerate().map(|(example, (guid, _))| (guid.clone(), example)).collect();
        let (ids, labels): (Vec<String>, Vec<usize>) = rows.into_iter().unzip();
        let (ids, n_classes) = (Ids::texts(ids)?, n_classes.unwrap_or(0));
        let (path, format, outputs) = (folder.to_path_buf(), "Cartography", OutputKind::Logits);
        let contents = Contents { path, format, outputs, ids, labels, n_classes, epochs, files }.checked()?;
        Ok(Some(Self { contents, examples }))
    }
}

impl Source for Cartography {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn visit(&mut self, first: usize, visitor: &mut dyn Visitor) -> Result<(), DifficultyError> {
        let Self { contents, examples } = self;
        for (position, file) in contents.files.iter().enumerate().skip(first) {
            let (epoch, begin) = (contents.epochs[position], contents.epochs[0]);
            let mut seen = vec![false; contents.n_examples()];
            let (mut indices, mut values) = (Vec::new(), Vec::new());
            let mut flush = |indices: &mut Vec<usize>, values: &mut Vec<f64>| {
                let data = ArrayData::F64(std::mem::take(values));
                show(contents, file, position, indices, &data, visitor)?;
                indices.clear();
                Ok::<(), DifficultyError>(())
            };
            for_each_line(file, epoch, |number, Presentation { guid, gold, logits }| {
                let wrong = |problem: String| Err(in_line(file, number, problem).into());
                let Some(&example) = examples.get(&guid) else {
                    return wrong(format!(
                        "guid {guid} does not occur in epoch {begin}, expected the same examples"
                    ));
                };
                if std::mem::replace(&mut seen[example], true) {
                    return wrong(format!("guid {guid} occurs twice, expected each example once"));
                }
                let expected = contents.labels[example];
                if gold != expected {
                    return wrong(format!("gold {gold} of guid {guid}, expected {expected} as in epoch {begin}"));
                }
                if logits.len() != contents.n_classes {
                    let (found, expected) = (logits.len(), contents.n_classes);
                    let problem =
                        format!("{found} logits of guid {guid}, expected {expected} as in the first line");
                    return wrong(problem);
                }
                indices.push(example);
                values.extend(logits);
                if indices.len() == ROWS { flush(&mut indices, &mut values) } else { Ok(()) }
            })?;
            flush(&mut indices, &mut values)?;
            if let Some(missing) = seen.iter().position(|seen| !seen) {
                let id = contents.id(missing);
                let problem = format!("guid {id} of epoch {begin} is missing, expected the same examples");
                return Err(malformed(file, "", problem).into());
            }
            visitor.epoch_ended(contents, position)?;
        }
        Ok(())
    }
}
