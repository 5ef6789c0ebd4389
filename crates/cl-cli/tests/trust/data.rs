//! What files hold, and how it is written: by the tests' own means, which share nothing with what is tested.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use flate2::Crc;
use flate2::write::GzEncoder;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Data {
    Table(Table),
    Array(Array),
    /// Members by name.
    Archive(Vec<(String, Array)>),
    Json(Value),
    Lines(Vec<String>),
    /// Sizes and bytes.
    Idx(Vec<u32>, Vec<u8>),
    /// Records of a label and an image.
    Cifar(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Table {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Number(f64),
    List(Vec<f64>),
    Missing,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Array {
    pub(super) shape: Vec<usize>,
    pub(super) values: Values,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    /// As single precision and as double precision.
    Singles(Vec<f64>),
    Doubles(Vec<f64>),
    Integers(Vec<i64>),
    Texts(Vec<String>),
}

/// How data are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    Tsv,
    /// Semicolons, and quotes around every field.
    Quoted,
    JsonLines,
    JsonArray,
    Parquet,
    Npy,
    Npz,
    Json,
    Lines,
    Idx,
    Cifar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packed {
    No,
    Gzip,
    Zstandard,
}

impl Packed {
    pub(super) fn pack(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::No => bytes.to_vec(),
            Self::Gzip => gzip(bytes),
            Self::Zstandard => zstd::encode_all(bytes, 3).unwrap(),
        }
    }
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

impl Cell {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(value) => number(*value),
            Self::List(list) => format!("[{}]", list.iter().map(|&x| number(x)).collect::<Vec<_>>().join(", ")),
            Self::Missing => String::new(),
        }
    }

    fn json(&self) -> String {
        match self {
            Self::Text(text) => Value::from(text.as_str()).to_string(),
            Self::Number(value) => json_number(*value),
            Self::List(list) => {
                format!("[{}]", list.iter().map(|&value| json_number(value)).collect::<Vec<_>>().join(","))
            }
            Self::Missing => "null".into(),
        }
    }

    /// The number that it is.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.0}") } else { format!("{value:?}") }
}

fn json_number(value: f64) -> String {
    match value {
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        value if value.is_nan() => "NaN".into(),
        value => number(value),
    }
}

impl Table {
    pub(super) fn new(names: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        Self { names: names.iter().map(|name| (*name).to_owned()).collect(), rows: rows.into_iter().collect() }
    }

    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    fn csv(&self, separator: char, quoted: bool) -> String {
        let field = |text: &str| match quoted || text.contains([separator, '"', '\n', '\r']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_owned(),
        };
        let mut text = String::new();
        let names = self.names.clone();
        let rows = self.rows.iter().map(|row| row.iter().map(Cell::text).collect::<Vec<_>>());
        for row in std::iter::once(names).chain(rows) {
            let fields: Vec<String> = row.iter().map(|text| field(text)).collect();
            writeln!(text, "{}", fields.join(&separator.to_string())).unwrap();
        }
        text
    }

    fn objects(&self) -> Vec<String> {
        let object = |row: &Vec<Cell>| {
            let pairs = self.names.iter().zip(row).filter(|(_, cell)| **cell != Cell::Missing);
            let pairs: Vec<String> =
                pairs.map(|(name, cell)| format!("{}:{}", Value::from(name.as_str()), cell.json())).collect();
            format!("{{{}}}", pairs.join(","))
        };
        self.rows.iter().map(object).collect()
    }

    /// Texts where a column has one, else numbers; no lists, nothing missing.
    fn parquet(&self) -> Vec<u8> {
        let is_text = |at: usize| self.rows.iter().any(|row| matches!(row[at], Cell::Text(_)));
        let column = |(at, name): (usize, &String)| match is_text(at) {
            true => format!("required byte_array {name} (utf8);"),
            false => format!("required double {name};"),
        };
        let columns: String = self.names.iter().enumerate().map(column).collect();
        let schema = Arc::new(parse_message_type(&format!("message rows {{ {columns} }}")).unwrap());
        let mut bytes = Vec::new();
        let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
        let mut group = file.next_row_group().unwrap();
        for at in 0..self.names.len() {
            let mut column = group.next_column().unwrap().unwrap();
            if is_text(at) {
                let texts: Vec<ByteArray> =
                    self.rows.iter().map(|row| ByteArray::from(row[at].text().as_str())).collect();
                column.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
            } else {
                let numbers: Vec<f64> = self.rows.iter().map(|row| row[at].number().unwrap_or(f64::NAN)).collect();
                column.typed::<DoubleType>().write_batch(&numbers, None, None).unwrap();
            }
            column.close().unwrap();
        }
        group.close().unwrap();
        file.close().unwrap();
        bytes
    }
}

impl Array {
    pub(super) fn len(&self) -> usize {
        match &self.values {
            Values::Singles(values) | Values::Doubles(values) => values.len(),
            Values::Integers(values) => values.len(),
            Values::Texts(values) => values.len(),
        }
    }

    /// As numbers; NaN for texts.
    pub(super) fn numbers(&self) -> Vec<f64> {
        match &self.values {
            Values::Singles(values) | Values::Doubles(values) => values.clone(),
            Values::Integers(values) => values.iter().map(|&value| value as f64).collect(),
            Values::Texts(values) => vec![f64::NAN; values.len()],
        }
    }

    /// Its elements as texts.
    pub(super) fn texts(&self) -> Vec<String> {
        match &self.values {
            Values::Texts(values) => values.clone(),
            Values::Integers(values) => values.iter().map(i64::to_string).collect(),
            Values::Singles(values) | Values::Doubles(values) => values.iter().map(f64::to_string).collect(),
        }
    }

    /// The type as NumPy names it.
    pub(super) fn descr(&self) -> String {
        match &self.values {
            Values::Singles(_) => "<f4".into(),
            Values::Doubles(_) => "<f8".into(),
            Values::Integers(_) => "<i8".into(),
            Values::Texts(texts) => {
                format!("<U{}", texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1))
            }
        }
    }

    pub(super) fn elements(&self) -> Vec<u8> {
        match &self.values {
            Values::Singles(values) => values.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect(),
            Values::Doubles(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Values::Integers(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Values::Texts(texts) => {
                let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
                let mut bytes = Vec::new();
                for text in texts {
                    let codes = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(width);
                    bytes.extend(codes.flat_map(u32::to_le_bytes));
                }
                bytes
            }
        }
    }

    pub(super) fn shape_text(&self) -> String {
        let sizes: Vec<String> = self.shape.iter().map(usize::to_string).collect();
        format!("({}{})", sizes.join(", "), if self.shape.len() == 1 { "," } else { "" })
    }

    pub(super) fn npy(&self) -> Vec<u8> {
        npy(&self.descr(), "False", &self.shape_text(), &self.elements())
    }
}

/// A `.npy` file with this header.
pub(super) fn npy(descr: &str, fortran_order: &str, shape: &str, elements: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {fortran_order}, 'shape': {shape}, }}");
    header += &" ".repeat(63 - (10 + header.len()) % 64);
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(elements);
    bytes
}

/// A zip archive of these files, stored.
pub(super) fn zip(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let (offset, name) = (bytes.len() as u32, format!("{name}.npy"));
        let mut crc = Crc::new();
        crc.update(content);
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 33, 0];
        for number in [crc.sum(), content.len() as u32, content.len() as u32] {
            common.extend(number.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.bytes());
        bytes.extend(content);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (start, n) = (bytes.len() as u32, members.len() as u16);
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\x00\x00\x00\x00");
    bytes.extend([n.to_le_bytes(), n.to_le_bytes()].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

impl Data {
    /// The same with columns in the order in which another has them: keys of JSON come in none.
    pub(super) fn in_order_of(self, other: &Self) -> Self {
        let (Self::Table(table), Self::Table(other)) = (&self, other) else { return self };
        let mut order: Vec<usize> = (0..table.names.len()).collect();
        order.sort_by_key(|&at| other.column(&table.names[at]).unwrap_or(usize::MAX));
        let names = order.iter().map(|&at| table.names[at].clone()).collect();
        let row = |row: &Vec<Cell>| order.iter().map(|&at| row[at].clone()).collect();
        let rows = table.rows.iter().map(row).collect();
        Self::Table(Table { names, rows })
    }

    /// Its bytes in a form that it has.
    pub(super) fn written(&self, form: Form) -> Vec<u8> {
        match (self, form) {
            (Self::Table(table), Form::Csv) => table.csv(',', false).into_bytes(),
            (Self::Table(table), Form::Tsv) => table.csv('\t', false).into_bytes(),
            (Self::Table(table), Form::Quoted) => table.csv(';', true).into_bytes(),
            (Self::Table(table), Form::JsonLines) => {
                table.objects().iter().map(|object| format!("{object}\n")).collect::<String>().into_bytes()
            }
            (Self::Table(table), Form::JsonArray) => format!("[{}]", table.objects().join(", ")).into_bytes(),
            (Self::Table(table), Form::Parquet) => table.parquet(),
            (Self::Array(array), Form::Npy) => array.npy(),
            (Self::Archive(members), Form::Npz) => {
                zip(&members.iter().map(|(name, array)| (name.clone(), array.npy())).collect::<Vec<_>>())
            }
            (Self::Json(value), Form::Json) => value.to_string().into_bytes(),
            (Self::Lines(lines), Form::Lines) => lines.join("\n").into_bytes(),
            (Self::Idx(sizes, elements), Form::Idx) => {
                let mut bytes = vec![0, 0, 8, sizes.len() as u8];
                bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
                bytes.extend(elements);
                bytes
            }
            (Self::Cifar(records), Form::Cifar) => records.clone(),
            (data, form) => panic!("{data:?} has no form {form:?}"),
        }
    }

    /// The form in which it is written afresh: another than that in which it was read, where there is one.
    pub(super) fn afresh(&self, form: Form) -> Form {
        match form {
            Form::Csv | Form::Tsv => Form::Quoted,
            Form::JsonLines => Form::JsonArray,
            Form::JsonArray | Form::Parquet => Form::JsonLines,
            form => form,
        }
    }
}

/// What `crossover` reads: accuracies of three methods at four fractions and three seeds.
pub(super) fn study() -> Value {
    let methods = ["random", "stratified random", "hardest"];
    let kept = [1.0, 0.5, 0.25, 0.1];
    let mut runs = Vec::new();
    for (m, method) in methods.iter().enumerate() {
        for (k, kept) in kept.iter().enumerate() {
            for seed in 1..=3u64 {
                let fall = [0.02, 0.02, 0.05][m] * k as f64;
                let outcome = json!({
                    "accuracy": 0.9 + 0.02 * f64::from(m == 2) - fall + seed as f64 / 1000.0,
                    "kept_per_class": [10, 10], "wrong_labels": 1, "n_kept": 20, "updates": 100, "examples": 3200,
                    "scoring_examples": 0
                });
                runs.push(json!({
                    "method": method, "kept": kept, "budget": "updates", "seed": seed, "outcome": outcome
                }));
            }
        }
    }
    let study = json!({
        "name": "demo", "methods": methods, "kept": kept, "seeds": [1, 2, 3], "budgets": ["updates"]
    });
    json!({ "version": 1, "study": study, "runs": runs })
}
