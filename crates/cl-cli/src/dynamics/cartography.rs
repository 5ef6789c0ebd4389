use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, bail};
use cl_data::Ids;
use cl_data::io::{ArrayData, open};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess};
use serde_json::Value;

use super::numbered::{numbered, without_gap};
use super::rows::show;
use super::{Contents, InputOptions, OutputKind, Source, Visitor};

/// Rows shown at a time.
const ROWS: usize = 4096;

/// Dataset Cartography's logs: `dynamics_epoch_E.jsonl`, a line per presentation.
pub(super) struct Cartography {
    contents: Contents,
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

fn parse(text: &str, epoch: u64) -> anyhow::Result<Presentation> {
    let line: Line = match serde_json::from_str(text) {
        Ok(line) => line,
        // Python writes NaN and Infinity, which are no JSON; with null in their place the example can be named.
        Err(error) => match ["-Infinity", "Infinity", "NaN"].iter().any(|word| text.contains(word)) {
            true => {
                let text = text.replace("-Infinity", "null").replace("Infinity", "null").replace("NaN", "null");
                serde_json::from_str(&text).map_err(|_| error)?
            }
            false => return Err(error.into()),
        },
    };
    let guid = match line.guid {
        Some(Value::String(guid)) => guid,
        Some(Value::Number(guid)) => guid.to_string(),
        Some(other) => bail!("guid {other}, expected an integer or a text"),
        None => bail!("no key `guid`"),
    };
    let gold = line.gold.with_context(|| format!("example {guid}: no key `gold`"))?;
    let key = format!("logits_epoch_{epoch}");
    let logits = match line.logits {
        Some((found, logits)) if found == key => logits,
        Some((found, _)) => bail!("example {guid}: key `{found}`, expected `{key}`"),
        None => bail!("example {guid}: no key `{key}`"),
    };
    if let Some(class) = logits.iter().position(|logit| logit.is_none_or(|logit| !logit.is_finite())) {
        bail!(
            "epoch {epoch}, example {guid}: logit of class {class} is NaN or infinite, expected a finite number"
        );
    }
    Ok(Presentation { guid, gold, logits: logits.into_iter().flatten().collect() })
}

/// Calls `each` with the presentations of an epoch.
fn for_each_line(
    path: &Path,
    epoch: u64,
    mut each: impl FnMut(Presentation) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 16, open(path)?);
    let mut text = String::new();
    for number in 1.. {
        text.clear();
        if reader.read_line(&mut text).with_context(|| path.display().to_string())? == 0 {
            break;
        }
        if !text.trim().is_empty() {
            let line = parse(&text, epoch).and_then(&mut each);
            line.with_context(|| format!("{}: line {number}", path.display()))?;
        }
    }
    Ok(())
}

impl Cartography {
    /// `None` where the folder has no such files.
    pub(super) fn open(folder: &Path, input: &InputOptions) -> anyhow::Result<Option<Self>> {
        let found = numbered(folder, "dynamics_epoch_", ".jsonl")?;
        if found.is_empty() {
            return Ok(None);
        }
        if input.labels.is_some() || input.outputs == Some(OutputKind::Probabilities) {
            bail!("{}: Cartography's files hold logits and labels, expected neither option", folder.display());
        }
        let (epochs, files) = without_gap(folder, found)?;
        let (mut rows, mut n_classes) = (Vec::new(), None);
        for_each_line(&files[0], epochs[0], |presentation| {
            n_classes.get_or_insert(presentation.logits.len());
            rows.push((presentation.guid, presentation.gold));
            Ok(())
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
            bail!("{}: guid {} occurs twice, expected each example once", files[0].display(), pair[0].0);
        }
        let examples = rows.iter().enumerate().map(|(example, (guid, _))| (guid.clone(), example)).collect();
        let (ids, labels): (Vec<String>, Vec<usize>) = rows.into_iter().unzip();
        let (ids, n_classes) = (Ids::texts(ids)?, n_classes.unwrap_or(0));
        let (format, outputs) = ("Cartography", OutputKind::Logits);
        let contents = Contents { format, outputs, ids, labels, n_classes, epochs, files }.checked(folder)?;
        Ok(Some(Self { contents, examples }))
    }
}

impl Source for Cartography {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn visit(&mut self, first: usize, visitor: &mut dyn Visitor) -> anyhow::Result<()> {
        let Self { contents, examples } = self;
        for (position, file) in contents.files.iter().enumerate().skip(first) {
            let (epoch, begin) = (contents.epochs[position], contents.epochs[0]);
            let mut seen = vec![false; contents.n_examples()];
            let (mut indices, mut values) = (Vec::new(), Vec::new());
            let mut flush = |indices: &mut Vec<usize>, values: &mut Vec<f64>| {
                let data = ArrayData::F64(std::mem::take(values));
                show(contents, file, position, indices, &data, visitor)?;
                indices.clear();
                anyhow::Ok(())
            };
            for_each_line(file, epoch, |Presentation { guid, gold, logits }| {
                let Some(&example) = examples.get(&guid) else {
                    bail!("guid {guid} does not occur in epoch {begin}, expected the same examples");
                };
                if std::mem::replace(&mut seen[example], true) {
                    bail!("guid {guid} occurs twice, expected each example once");
                }
                let expected = contents.labels[example];
                if gold != expected {
                    bail!("gold {gold} of guid {guid}, expected {expected} as in epoch {begin}");
                }
                if logits.len() != contents.n_classes {
                    let expected = contents.n_classes;
                    bail!("{} logits of guid {guid}, expected {expected} as in the first line", logits.len());
                }
                indices.push(example);
                values.extend(logits);
                if indices.len() == ROWS { flush(&mut indices, &mut values) } else { Ok(()) }
            })?;
            flush(&mut indices, &mut values)?;
            if let Some(missing) = seen.iter().position(|seen| !seen) {
                let (file, id) = (file.display(), contents.id(missing));
                bail!("{file}: guid {id} of epoch {begin} is missing, expected the same examples");
            }
            visitor.epoch_ended(contents, position)?;
        }
        Ok(())
    }
}
