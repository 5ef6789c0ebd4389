//! Readers of the tests' own, as simple as a reader can be: what a file holds, or why it holds nothing.

use std::io::{Read, Write};

use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;

use super::data::{Array, Cell, Data, Form, Table, Values};

/// What a file of these bytes holds.
pub(super) fn read(bytes: &[u8], form: Form) -> Result<Data, String> {
    let unpacked = unpacked(bytes, form)?;
    let bytes = &unpacked[..];
    match form {
        Form::Csv | Form::Tsv | Form::Quoted => csv(bytes).map(Data::Table),
        Form::JsonLines | Form::JsonArray => json_rows(bytes).map(Data::Table),
        Form::Parquet => parquet(bytes).map(Data::Table),
        Form::Npy => npy(bytes).map(Data::Array),
        Form::Npz => npz(bytes).map(Data::Archive),
        Form::Json => serde_json::from_slice(bytes).map(Data::Json).map_err(|error| error.to_string()),
        Form::Lines => {
            let text = text(bytes)?;
            Ok(Data::Lines(text.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect()))
        }
        Form::Idx => idx(bytes),
        Form::Cifar => {
            let records = bytes.len() / 3073;
            let whole =
                records > 0 && bytes.len() == records * 3073 && bytes.iter().step_by(3073).all(|&c| c < 10);
            if whole { Ok(Data::Cifar(bytes.to_vec())) } else { Err("no records of CIFAR-10".into()) }
        }
    }
}

fn unpacked(bytes: &[u8], form: Form) -> Result<Vec<u8>, String> {
    let mut unpacked = Vec::new();
    let read = match bytes {
        _ if form == Form::Npz => return Ok(bytes.to_vec()),
        [0x1f, 0x8b, ..] => MultiGzDecoder::new(bytes).take(1 << 30).read_to_end(&mut unpacked),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            zstd::Decoder::new(bytes).and_then(|decoder| decoder.take(1 << 30).read_to_end(&mut unpacked))
        }
        _ => return Ok(bytes.to_vec()),
    };
    read.map(|_| unpacked).map_err(|error| error.to_string())
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| error.to_string())
}

/// The separator that a first line tells: a tab, more semicolons than commas, else commas.
fn separator(text: &str) -> char {
    let line = text.split('\n').next().unwrap_or_default();
    let mut told = line.trim_end().strip_prefix("sep=").unwrap_or_default().chars();
    if let (Some(told), None) = (told.next(), told.next()) {
        return told;
    }
    if line.trim_end() == "sep=" {
        return '\t';
    }
    let mut quoted = false;
    let bare: String = line
        .chars()
        .filter(|&c| {
            quoted ^= c == '"';
            !quoted
        })
        .collect();
    let n = |c: char| bare.matches(c).count();
    match (n('\t'), n(';'), n(',')) {
        (1.., _, _) => '\t',
        (_, semicolons @ 1.., commas) if semicolons >= commas => ';',
        _ => ',',
    }
}

fn csv(bytes: &[u8]) -> Result<Table, String> {
    let text = text(bytes)?;
    let separator = separator(text);
    let (mut rows, mut row, mut field) = (Vec::<Vec<String>>::new(), Vec::new(), String::new());
    let (mut quoted, mut begun, mut content) = (false, false, false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            c if quoted => field.push(c),
            '"' if !begun => (quoted, begun, content) = (true, true, true),
            c if c == separator => {
                row.push(std::mem::take(&mut field));
                (begun, content) = (false, true);
            }
            '\n' | '\r' => {
                if content {
                    row.push(std::mem::take(&mut field));
                    rows.push(std::mem::take(&mut row));
                }
                (begun, content) = (false, false);
            }
            c => {
                field.push(c);
                (begun, content) = (true, true);
            }
        }
    }
    if quoted {
        return Err("a quote is left open".into());
    }
    if content {
        row.push(field);
        rows.push(row);
    }
    let trimmed = |row: Vec<String>| row.into_iter().map(|field| field.trim().to_owned()).collect::<Vec<_>>();
    let mut rows = rows.into_iter().map(trimmed).peekable();
    let tells = |row: &Vec<String>| {
        let joined = row.join(&separator.to_string());
        joined.strip_prefix("sep=").is_some_and(|rest| rest.chars().count() == 1)
    };
    if rows.peek().is_some_and(tells) {
        rows.next();
    }
    let names = rows.next().ok_or("no header")?;
    let cell = |text: String| if text.is_empty() { Cell::Missing } else { Cell::Text(text) };
    let rows: Vec<Vec<Cell>> = rows.map(|row| row.into_iter().map(cell).collect()).collect();
    match rows.iter().position(|row| row.len() != names.len()) {
        Some(row) => Err(format!("row {row} has {} fields", rows[row].len())),
        None => Ok(Table { names, rows }),
    }
}

/// JSON with the words that Python has for numbers that are none.
fn python(text: &str) -> Result<Value, String> {
    let (mut plain, mut quoted, mut escaped) = (String::new(), false, false);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| !quoted && rest.starts_with(word));
        if let Some(word) = word {
            plain += &format!("\"\\u0000{word}\"");
            rest = &rest[word.len()..];
            continue;
        }
        quoted ^= first == '"' && !escaped;
        escaped = quoted && first == '\\' && !escaped;
        plain.push(first);
        rest = &rest[first.len_utf8()..];
    }
    serde_json::from_str(&plain).map_err(|error| error.to_string())
}

fn of_json(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Missing,
        Value::Bool(value) => Cell::Text(if *value { "True" } else { "False" }.into()),
        Value::Number(value) => Cell::Number(value.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => match text.strip_prefix('\0') {
            Some("NaN") => Cell::Number(f64::NAN),
            Some("Infinity") => Cell::Number(f64::INFINITY),
            Some("-Infinity") => Cell::Number(f64::NEG_INFINITY),
            _ => Cell::Text(text.clone()),
        },
        Value::Array(list) if list.iter().all(|value| !value.is_array() && !value.is_object()) => {
            Cell::List(list.iter().map(|value| of_json(value).number().unwrap_or(f64::NAN)).collect())
        }
        Value::Array(list) if list.len() == 1 => of_json(&list[0]),
        other => Cell::Text(other.to_string()),
    }
}

fn json_rows(bytes: &[u8]) -> Result<Table, String> {
    let text = text(bytes)?;
    let values: Vec<Value> = match text.trim_start().starts_with('[') {
        true => match python(text)? {
            Value::Array(values) => values,
            _ => return Err("no array".into()),
        },
        false => {
            let lines = text.split('\n').filter(|line| !line.trim().is_empty());
            lines.map(python).collect::<Result<_, _>>()?
        }
    };
    let mut table = Table::default();
    for value in &values {
        for name in value.as_object().ok_or("no object")?.keys() {
            if !table.names.contains(name) {
                table.names.push(name.clone());
            }
        }
    }
    for value in &values {
        let cell = |name: &String| value.get(name).map_or(Cell::Missing, of_json);
        table.rows.push(table.names.iter().map(cell).collect());
    }
    if table.names.is_empty() { Err("no rows".into()) } else { Ok(table) }
}

fn parquet(bytes: &[u8]) -> Result<Table, String> {
    let read = || {
        let fail = |error: parquet::errors::ParquetError| error.to_string();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let file = SerializedFileReader::new(file).map_err(fail)?;
        let mut table = Table::default();
        for row in file.get_row_iter(None).map_err(fail)? {
            let row = row.map_err(fail)?;
            if table.names.is_empty() {
                table.names = row.get_column_iter().map(|(name, _)| name.clone()).collect();
            }
            let cell = |(_, field): (&String, &Field)| match field {
                Field::Null => Cell::Missing,
                Field::Str(text) => Cell::Text(text.clone()),
                Field::Double(value) => Cell::Number(*value),
                Field::Long(value) => Cell::Number(*value as f64),
                other => Cell::Text(other.to_string()),
            };
            table.rows.push(row.get_column_iter().map(cell).collect());
        }
        Ok(table)
    };
    std::panic::catch_unwind(read).unwrap_or_else(|_| Err("it panics".into()))
}

/// What stands behind a key of a header, up to where `end` says.
fn behind<'a>(header: &'a str, key: &str) -> Result<&'a str, String> {
    let missing = || format!("no {key}");
    let quoted = [format!("'{key}'"), format!("\"{key}\"")];
    let at = quoted.iter().find_map(|key| Some(header.find(key.as_str())? + key.len())).ok_or_else(missing)?;
    Ok(header[at..].trim_start().strip_prefix(':').ok_or_else(missing)?.trim_start())
}

fn npy(bytes: &[u8]) -> Result<Array, String> {
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or("no magic")?;
    let (start, length) = match rest {
        [1, 0, a, b, ..] => (4, usize::from(u16::from_le_bytes([*a, *b]))),
        [2 | 3, 0, a, b, c, d, ..] => (6, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => return Err("no version".into()),
    };
    let header = rest.get(start..start + length).ok_or("no header")?;
    let header = std::str::from_utf8(header).map_err(|error| error.to_string())?;
    let elements = &rest[start + length..];
    let descr = behind(header, "descr")?;
    let quote = descr.chars().next().filter(|c| "'\"".contains(*c)).ok_or("no type")?;
    let descr = descr[1..].split(quote).next().unwrap_or_default();
    let fortran = behind(header, "fortran_order")?.starts_with("True");
    let sizes = behind(header, "shape")?.strip_prefix('(').and_then(|rest| rest.split(')').next());
    let sizes = sizes.ok_or("no shape")?.split(',').map(str::trim).filter(|size| !size.is_empty());
    let shape: Vec<usize> =
        sizes.map(|size| size.trim_end_matches('L').parse().map_err(|_| "no size")).collect::<Result<_, _>>()?;
    let n =
        if shape.contains(&0) { Some(0) } else { shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size)) };
    let n = n.ok_or("too large")?;
    let (big, kind) = match descr.chars().next() {
        Some('>') => (true, &descr[1..]),
        Some('<' | '|' | '=') => (false, &descr[1..]),
        _ => (false, descr),
    };
    let width = |digits: &str| digits.parse::<usize>().map_err(|_| format!("type {descr}"));
    let size = match kind {
        "b1" | "?" | "i1" | "u1" => 1,
        "i2" | "u2" | "f2" | "V2" => 2,
        "i4" | "u4" | "f4" => 4,
        "i8" | "u8" | "f8" => 8,
        _ if kind.starts_with('U') => width(&kind[1..])?.checked_mul(4).ok_or("too wide")?,
        _ if kind.starts_with('S') => width(&kind[1..])?,
        _ => return Err(format!("type {descr}")),
    };
    if size == 0 || Some(elements.len()) != n.checked_mul(size) {
        return Err(format!("{} bytes for {n} elements of {size}", elements.len()));
    }
    let mut cells: Vec<Vec<u8>> = elements.chunks(size).map(<[u8]>::to_vec).collect();
    if fortran && n > 0 {
        cells = in_c_order(cells, &shape);
    }
    let number = |cell: &[u8]| {
        let mut eight = [0u8; 8];
        let ordered: Vec<u8> = if big { cell.iter().rev().copied().collect() } else { cell.to_vec() };
        eight[..cell.len()].copy_from_slice(&ordered);
        u64::from_le_bytes(eight)
    };
    let numbers = || cells.iter().map(|cell| number(cell));
    let values = match kind {
        "b1" | "?" => Values::Integers(numbers().map(|bits| i64::from(bits != 0)).collect()),
        "i1" => Values::Integers(numbers().map(|bits| i64::from(bits as i8)).collect()),
        "i2" => Values::Integers(numbers().map(|bits| i64::from(bits as i16)).collect()),
        "i4" => Values::Integers(numbers().map(|bits| i64::from(bits as i32)).collect()),
        "i8" | "u1" | "u2" | "u4" | "u8" | "V2" => Values::Integers(numbers().map(|bits| bits as i64).collect()),
        "f2" => Values::Singles(numbers().map(|bits| half(bits as u16)).collect()),
        "f4" => Values::Singles(numbers().map(|bits| f64::from(f32::from_bits(bits as u32))).collect()),
        "f8" => Values::Doubles(numbers().map(f64::from_bits).collect()),
        _ if kind.starts_with('U') => {
            let text = |cell: &Vec<u8>| {
                let codes = cell.chunks(4).map(|code| number(code) as u32);
                let text: Option<String> = codes.map(char::from_u32).collect();
                text.map(|text| text.trim_end_matches('\0').to_owned()).ok_or("no character".to_owned())
            };
            Values::Texts(cells.iter().map(text).collect::<Result<_, _>>()?)
        }
        _ => {
            let text = |cell: &Vec<u8>| {
                let text = String::from_utf8(cell.clone()).map_err(|error| error.to_string())?;
                Ok::<_, String>(text.trim_end_matches('\0').to_owned())
            };
            Values::Texts(cells.iter().map(text).collect::<Result<_, _>>()?)
        }
    };
    Ok(Array { shape, values })
}

fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// Cells whose first index runs fastest, with the last running fastest.
fn in_c_order(cells: Vec<Vec<u8>>, shape: &[usize]) -> Vec<Vec<u8>> {
    let place = |mut at: usize| {
        let (mut place, mut index) = (0, vec![0; shape.len()]);
        for axis in (0..shape.len()).rev() {
            index[axis] = at % shape[axis];
            at /= shape[axis];
        }
        for axis in (0..shape.len()).rev() {
            place = place * shape[axis] + index[axis];
        }
        place
    };
    (0..cells.len()).map(|at| cells[place(at)].clone()).collect()
}

fn npz(bytes: &[u8]) -> Result<Vec<(String, Array)>, String> {
    let u16_at = |at: usize| bytes.get(at..at + 2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])));
    let u32_at = |at: usize| bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    let end = bytes.windows(4).rposition(|window| window == b"PK\x05\x06").ok_or("no directory")?;
    let cut = || "the directory is cut".to_owned();
    let (n, mut at) = (u16_at(end + 10).ok_or_else(cut)?, u32_at(end + 16).ok_or_else(cut)?);
    let mut members = Vec::new();
    for _ in 0..n {
        if bytes.get(at..at + 4) != Some(b"PK\x01\x02") {
            return Err("no entry".into());
        }
        let field = |offset: usize| u32_at(at + offset).ok_or_else(cut);
        let (method, crc, packed, size, local) =
            (u16_at(at + 10).ok_or_else(cut)?, field(16)?, field(20)?, field(24)?, field(42)?);
        let lengths: Vec<usize> = [28, 30, 32].iter().filter_map(|offset| u16_at(at + offset)).collect();
        let [name, extra, comment] = lengths[..] else { return Err(cut()) };
        let text = bytes.get(at + 46..at + 46 + name).ok_or_else(cut)?;
        let text = std::str::from_utf8(text).map_err(|error| error.to_string())?.to_owned();
        if bytes.get(local..local + 4) != Some(b"PK\x03\x04") {
            return Err("no member".into());
        }
        let start = local + 30 + u16_at(local + 26).ok_or_else(cut)? + u16_at(local + 28).ok_or_else(cut)?;
        let stored = bytes.get(start..start.saturating_add(packed)).ok_or_else(cut)?;
        let mut content = Vec::new();
        match method {
            0 => content.extend(stored),
            8 => _ = DeflateDecoder::new(stored).read_to_end(&mut content).map_err(|error| error.to_string())?,
            _ => return Err("another compression".into()),
        }
        let mut sum = Crc::new();
        sum.update(&content);
        if sum.sum() as usize != crc || content.len() != size {
            return Err(format!("the checksum of {text} is wrong"));
        }
        if let Some(name) = text.strip_suffix(".npy") {
            members.push((name.to_owned(), npy(&content)?));
        }
        at += 46 + name + extra + comment;
    }
    Ok(members)
}

fn idx(bytes: &[u8]) -> Result<Data, String> {
    let [0, 0, 8, rank @ 1..=255, rest @ ..] = bytes else { return Err("no IDX file of bytes".into()) };
    let sizes = rest.get(..4 * usize::from(*rank)).ok_or("no sizes")?;
    let sizes: Vec<u32> = sizes.chunks(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]])).collect();
    let elements = &rest[4 * usize::from(*rank)..];
    let n = if sizes.contains(&0) { 0 } else { sizes.iter().map(|&size| u128::from(size)).product() };
    match elements.len() as u128 == n {
        true => Ok(Data::Idx(sizes, elements.to_vec())),
        false => Err("another length".into()),
    }
}
