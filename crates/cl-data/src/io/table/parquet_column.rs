//! The values of a Parquet column, read as a column: the record interface of the crate panics on decimals.

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use super::cells::{CellValues, Cells, Lists, Texts};
use super::parquet_said::said;

/// A column and how its values are read.
pub(super) struct Leaf {
    pub(super) name: String,
    meaning: Meaning,
    max_definition: i16,
    max_repetition: i16,
    /// From this definition level on a list has an element.
    element: i16,
}

/// What the stored values mean.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meaning {
    Plain,
    Unsigned,
    /// So many decimals.
    Decimal(i32),
    Half,
    Uuid,
    Text,
    /// What is no number and no text, by its name.
    Other(&'static str),
}

impl Leaf {
    pub(super) fn new(schema: &SchemaDescriptor, column: usize) -> Self {
        let descriptor = schema.column(column);
        let path = descriptor.path().parts();
        let root = schema.get_column_root_idx(column);
        let alone =
            (0..schema.num_columns()).filter(|&other| schema.get_column_root_idx(other) == root).count() == 1;
        let name = if alone { path[0].clone() } else { path.join(".") };
        let (mut element, mut level) = (0, 0);
        let mut node = schema.root_schema();
        for part in path {
            let Some(found) = node.get_fields().iter().find(|field| field.name() == part) else { break };
            node = found;
            match node.get_basic_info().repetition() {
                Repetition::OPTIONAL => level += 1,
                Repetition::REPEATED => {
                    level += 1;
                    element = level;
                }
                Repetition::REQUIRED => {}
            }
        }
        Self {
            name,
            meaning: meaning(&descriptor),
            max_definition: descriptor.max_def_level(),
            max_repetition: descriptor.max_rep_level(),
            element,
        }
    }

    pub(super) fn is_list(&self) -> bool {
        self.max_repetition > 0
    }
}

fn meaning(descriptor: &ColumnDescriptor) -> Meaning {
    let (physical, scale) = (descriptor.physical_type(), descriptor.type_scale());
    match descriptor.logical_type_ref() {
        Some(LogicalType::Decimal(decimal)) => return Meaning::Decimal(decimal.scale),
        Some(LogicalType::Date) => return Meaning::Other("dates"),
        Some(LogicalType::Time(time))
            if matches!(time.unit, TimeUnit::MILLIS | TimeUnit::MICROS | TimeUnit::NANOS) =>
        {
            return Meaning::Other("times");
        }
        Some(LogicalType::Timestamp(_)) => return Meaning::Other("timestamps"),
        Some(LogicalType::Integer(integer)) if !integer.is_signed => return Meaning::Unsigned,
        Some(LogicalType::Float16) => return Meaning::Half,
        Some(LogicalType::Uuid) => return Meaning::Uuid,
        Some(LogicalType::String | LogicalType::Enum | LogicalType::Json) => return Meaning::Text,
        _ => {}
    }
    match descriptor.converted_type() {
        ConvertedType::DECIMAL => Meaning::Decimal(scale),
        ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
            Meaning::Unsigned
        }
        ConvertedType::DATE => Meaning::Other("dates"),
        ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS => Meaning::Other("times"),
        ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS => Meaning::Other("timestamps"),
        ConvertedType::INTERVAL => Meaning::Other("intervals"),
        _ => match physical {
            Physical::INT96 => Meaning::Other("timestamps"),
            Physical::BYTE_ARRAY => Meaning::Text,
            Physical::FIXED_LEN_BYTE_ARRAY => Meaning::Other("bytes"),
            _ => Meaning::Plain,
        },
    }
}

/// Values of one type without those that are missing.
enum Present {
    Flags(Vec<bool>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Texts(Vec<String>),
    /// Integers of which some are too large for the others, as texts.
    Large(Vec<String>),
}

impl Present {
    fn numbers(self) -> Option<Vec<f64>> {
        match self {
            Self::Flags(values) => Some(values.into_iter().map(|value| f64::from(u8::from(value))).collect()),
            Self::Integers(values) => Some(values.into_iter().map(|value| value as f64).collect()),
            Self::Numbers(values) => Some(values),
            Self::Large(values) => Some(values.iter().map(|value| value.parse().unwrap_or(f64::NAN)).collect()),
            Self::Texts(_) => None,
        }
    }
}

/// Why a column is not read.
pub(super) enum Flaw {
    /// It holds what is not read: what that is, and what was expected.
    Type(String),
    /// The file is damaged.
    Damage(String),
}

/// Levels beside the values: how deep each is defined, and whether it goes on with the list before.
#[derive(Default)]
struct Levels {
    definition: Vec<i16>,
    repetition: Vec<i16>,
}

/// The next `n` values of a column.
pub(super) fn read_cells(reader: &mut ColumnReader, leaf: &Leaf, n: usize) -> Result<Cells, Flaw> {
    if let Meaning::Other(what) = leaf.meaning {
        return Err(Flaw::Type(format!("{what}, expected numbers or texts")));
    }
    const NESTED: &str = "lists of lists, expected numbers, texts or lists of numbers";
    if leaf.max_repetition > 2 {
        return Err(Flaw::Type(NESTED.into()));
    }
    let mut levels = Levels::default();
    let present = read(reader, leaf, n, &mut levels)?;
    // One list in another is that of a batch of one.
    if leaf.max_repetition == 2 && levels.repetition.contains(&1) {
        return Err(Flaw::Type(NESTED.into()));
    }
    if leaf.is_list() {
        let values = present.numbers();
        let values = values.ok_or_else(|| Flaw::Type("lists of texts, expected lists of numbers".into()))?;
        return Ok(lists(leaf, &levels, values));
    }
    Ok(flat(leaf, &levels, present))
}

fn read(reader: &mut ColumnReader, leaf: &Leaf, n: usize, levels: &mut Levels) -> Result<Present, Flaw> {
    let unsigned = leaf.meaning == Meaning::Unsigned;
    let scaled = |value: f64| match leaf.meaning {
        Meaning::Decimal(scale) => value / 10f64.powi(scale),
        _ => value,
    };
    let decimal = matches!(leaf.meaning, Meaning::Decimal(_));
    let integers = |values: Vec<i64>| match decimal {
        true => Present::Numbers(values.into_iter().map(|value| scaled(value as f64)).collect()),
        false => Present::Integers(values),
    };
    let bytes = |values: Vec<ByteArray>| -> Result<Present, Flaw> {
        match leaf.meaning {
            Meaning::Decimal(_) => {
                Ok(Present::Numbers(values.iter().map(|bytes| scaled(big_endian(bytes.data()))).collect()))
            }
            Meaning::Half => Ok(Present::Numbers(values.iter().map(|bytes| half(bytes.data())).collect())),
            Meaning::Uuid => Ok(Present::Texts(values.iter().map(|bytes| uuid(bytes.data())).collect())),
            _ => {
                let text = |bytes: &ByteArray| String::from_utf8(bytes.data().to_vec());
                let texts: Result<_, _> = values.iter().map(text).collect();
                let no_text = |_| Flaw::Type("bytes that are no UTF-8, expected texts".into());
                texts.map(Present::Texts).map_err(no_text)
            }
        }
    };
    Ok(match reader {
        ColumnReader::BoolColumnReader(reader) => Present::Flags(typed(reader, leaf, n, levels)?),
        ColumnReader::Int32ColumnReader(reader) => {
            let values = typed(reader, leaf, n, levels)?;
            let wide = |value: i32| if unsigned { i64::from(value as u32) } else { i64::from(value) };
            integers(values.into_iter().map(wide).collect())
        }
        ColumnReader::Int64ColumnReader(reader) => {
            let values = typed(reader, leaf, n, levels)?;
            match unsigned && values.iter().any(|&value| value < 0) {
                // What is larger stays exact as the text of itself.
                true => Present::Large(values.into_iter().map(|value| (value as u64).to_string()).collect()),
                false => integers(values),
            }
        }
        ColumnReader::FloatColumnReader(reader) => {
            Present::Numbers(typed(reader, leaf, n, levels)?.into_iter().map(f64::from).collect())
        }
        ColumnReader::DoubleColumnReader(reader) => Present::Numbers(typed(reader, leaf, n, levels)?),
        ColumnReader::ByteArrayColumnReader(reader) => bytes(typed(reader, leaf, n, levels)?)?,
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            bytes(typed(reader, leaf, n, levels)?.into_iter().map(Into::into).collect())?
        }
        ColumnReader::Int96ColumnReader(_) => {
            return Err(Flaw::Type("timestamps, expected numbers or texts".into()));
        }
    })
}

fn typed<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    leaf: &Leaf,
    n: usize,
    levels: &mut Levels,
) -> Result<Vec<T::T>, Flaw> {
    let (mut values, mut n_read) = (Vec::with_capacity(n), 0);
    while n_read < n {
        let definition = (leaf.max_definition > 0).then_some(&mut levels.definition);
        let repetition = (leaf.max_repetition > 0).then_some(&mut levels.repetition);
        let read = reader.read_records(n - n_read, definition, repetition, &mut values);
        let (n_records, ..) = read.map_err(|error| Flaw::Damage(said(error)))?;
        if n_records == 0 {
            break;
        }
        n_read += n_records;
    }
    Ok(values)
}

fn flat(leaf: &Leaf, levels: &Levels, present: Present) -> Cells {
    let missing: Vec<bool> = levels.definition.iter().map(|&level| level < leaf.max_definition).collect();
    if !missing.contains(&true) {
        return Cells::full(match present {
            Present::Flags(values) => CellValues::Flags(values),
            Present::Integers(values) => CellValues::Integers(values),
            Present::Numbers(values) => CellValues::Numbers(values),
            Present::Texts(values) => CellValues::Texts(texts(Texts::default(), &values)),
            Present::Large(values) => CellValues::Texts(texts(Texts::of_integers(), &values)),
        });
    }
    if missing.iter().all(|&missing| missing) {
        return Cells { values: CellValues::Missing(missing.len()), missing: Vec::new() };
    }
    fn spread<T>(values: Vec<T>, missing: &[bool], none: impl Fn() -> T) -> Vec<T> {
        let mut values = values.into_iter();
        let next = |&missing: &bool| if missing { None } else { values.next() };
        missing.iter().map(next).map(|value| value.unwrap_or_else(&none)).collect()
    }
    let values = match present {
        Present::Flags(values) => CellValues::Flags(spread(values, &missing, || false)),
        Present::Integers(values) => CellValues::Integers(spread(values, &missing, || 0)),
        Present::Numbers(values) => CellValues::Numbers(spread(values, &missing, || f64::NAN)),
        Present::Texts(values) => {
            CellValues::Texts(texts(Texts::default(), &spread(values, &missing, String::new)))
        }
        Present::Large(values) => {
            CellValues::Texts(texts(Texts::of_integers(), &spread(values, &missing, String::new)))
        }
    };
    Cells { values, missing }
}

fn texts(mut texts: Texts, values: &[String]) -> Texts {
    values.iter().for_each(|value| texts.push(value));
    texts
}

fn lists(leaf: &Leaf, levels: &Levels, values: Vec<f64>) -> Cells {
    let (mut lists, mut missing) = (Lists::default(), Vec::new());
    let mut values = values.into_iter();
    for (&definition, &repetition) in levels.definition.iter().zip(&levels.repetition) {
        if repetition == 0 {
            lists.ends.push(lists.values.len());
            missing.push(definition + 1 < leaf.element);
        }
        if definition >= leaf.element {
            let value = if definition == leaf.max_definition { values.next() } else { None };
            lists.values.push(value.unwrap_or(f64::NAN));
            if let Some(end) = lists.ends.last_mut() {
                *end = lists.values.len();
            }
        }
    }
    let missing = if missing.contains(&true) { missing } else { Vec::new() };
    Cells { values: CellValues::Lists(lists), missing }
}

/// A signed number of any width, the most significant byte first.
fn big_endian(bytes: &[u8]) -> f64 {
    let negative = bytes.first().is_some_and(|&byte| byte >= 0x80);
    let start = if negative { -1.0 } else { 0.0 };
    bytes.iter().fold(start, |value, &byte| value * 256.0 + f64::from(byte))
}

fn half(bytes: &[u8]) -> f64 {
    bytes.try_into().map_or(f64::NAN, |bytes| half::f16::from_le_bytes(bytes).to_f64())
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            text.push('-');
        }
        text += &format!("{byte:02x}");
    }
    text
}
