//! Kinds of damage.

use serde_json::Value;

use super::data::{Array, Cell, Data, Form, Packed, Table, Values, gzip, npy, zip};
use super::draws::Draws;

/// What becomes of a file.
pub(super) enum Damaged {
    File(Vec<u8>),
    /// A folder of its name.
    Folder,
    /// There is none.
    Missing,
    /// It may not be read.
    Unreadable,
    /// A link that leads to itself.
    Circle,
}

/// A file before it is damaged.
pub(super) struct Whole<'a> {
    pub(super) data: &'a Data,
    pub(super) form: Form,
    pub(super) packed: Packed,
    /// The column of ids, where it has one.
    pub(super) id: Option<&'a str>,
    /// Columns or members of numbers that are used; of an array the empty name.
    pub(super) numbers: &'a [&'a str],
    /// The column or member of labels.
    pub(super) label: Option<&'a str>,
}

/// The name of a kind of damage, and what it does; `None` where the file has nothing of the kind.
pub(super) type Kind = (&'static str, fn(&Whole<'_>, &mut Draws) -> Option<Damaged>);

pub(super) const KINDS: &[Kind] = &[
    // The file as bytes.
    ("cut", |whole, draws| bytes(whole, |bytes| bytes.truncate(draws.below(bytes.len())))),
    ("cut near the end", |whole, draws| {
        bytes(whole, |bytes| bytes.truncate(bytes.len().saturating_sub(1 + draws.below(40))))
    }),
    ("a bit flipped", |whole, draws| {
        bytes(whole, |bytes| {
            let at = draws.below(bytes.len());
            bytes[at] ^= 1 << draws.below(8);
        })
    }),
    ("a bit flipped at the start", |whole, draws| {
        bytes(whole, |bytes| {
            let at = draws.below(bytes.len().min(128));
            bytes[at] ^= 1 << draws.below(8);
        })
    }),
    ("a bit flipped near the end", |whole, draws| {
        bytes(whole, |bytes| {
            let at = bytes.len() - 1 - draws.below(bytes.len().min(64));
            bytes[at] ^= 1 << draws.below(8);
        })
    }),
    ("a byte changed", |whole, draws| {
        bytes(whole, |bytes| {
            let at = draws.below(bytes.len());
            bytes[at] = draws.next() as u8;
        })
    }),
    ("bytes changed", |whole, draws| {
        bytes(whole, |bytes| {
            for _ in 0..8 {
                let at = draws.below(bytes.len());
                bytes[at] = draws.next() as u8;
            }
        })
    }),
    ("a range deleted", |whole, draws| bytes(whole, |bytes| _ = bytes.drain(draws.range(bytes.len())))),
    ("a range twice", |whole, draws| {
        bytes(whole, |bytes| {
            let range = draws.range(bytes.len());
            let copy = bytes[range.clone()].to_vec();
            bytes.splice(range.end..range.end, copy);
        })
    }),
    ("a range zeroed", |whole, draws| {
        bytes(whole, |bytes| {
            let range = draws.range(bytes.len());
            bytes[range].fill(0);
        })
    }),
    ("ranges swapped", |whole, draws| {
        bytes(whole, |bytes| {
            let n = 1 + draws.below(32.min(bytes.len() / 2));
            let (a, b) = (draws.below(bytes.len() - n), draws.below(bytes.len() - n));
            if a + n <= b || b + n <= a {
                (0..n).for_each(|k| bytes.swap(a + k, b + k));
            }
        })
    }),
    ("more behind it", |whole, draws| {
        let n = 1 + draws.below(100);
        bytes(whole, |bytes| bytes.extend(draws.bytes(n)))
    }),
    ("NUL bytes in it", |whole, draws| {
        bytes(whole, |bytes| {
            let at = draws.below(bytes.len());
            bytes.splice(at..at, [0; 3]);
        })
    }),
    ("no UTF-8 in it", |whole, draws| {
        bytes(whole, |bytes| {
            let at = draws.below(bytes.len());
            bytes.splice(at..at, [0xff, 0xc0]);
        })
    }),
    ("other bytes of its length", |whole, draws| {
        let n = packed(whole).len();
        Some(Damaged::File(draws.bytes(n)))
    }),
    ("UTF-16", |whole, _| {
        let text = String::from_utf8(whole.data.written(whole.form)).ok()?;
        let wide = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes);
        Some(Damaged::File(wide.collect()))
    }),
    ("the mark of UTF-8 before it", |whole, _| {
        let plain = whole.data.written(whole.form);
        Some(Damaged::File(whole.packed.pack(&[b"\xef\xbb\xbf", &plain[..]].concat())))
    }),
    ("nothing in it", |_, _| Some(Damaged::File(Vec::new()))),
    ("blanks alone", |_, draws| {
        Some(Damaged::File(draws.one_of(&[&b"\n"[..], b" ", b"\r\n\r\n", b"\0"]).to_vec()))
    }),
    ("a folder of its name", |_, _| Some(Damaged::Folder)),
    ("not there", |_, _| Some(Damaged::Missing)),
    ("not readable", |_, _| Some(Damaged::Unreadable)),
    ("a link to itself", |_, _| Some(Damaged::Circle)),
    ("a file of another kind", |_, draws| {
        let kinds: [&[u8]; 6] = [
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"%PDF-1.4\n",
            b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"PAR1PAR1",
            b"\x93NUMPY\x01\x00\x02\x00{}",
            b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01K\x02K\x03e.",
        ];
        Some(Damaged::File(draws.one_of(&kinds).to_vec()))
    }),
    // What it is packed in.
    ("gzipped with a checksum that lies", |whole, draws| {
        let mut packed = gzip(&whole.data.written(whole.form));
        let at = packed.len() - 1 - draws.below(8);
        packed[at] ^= 1 << draws.below(8);
        Some(Damaged::File(packed))
    }),
    ("gzipped and cut", |whole, draws| {
        let mut packed = gzip(&whole.data.written(whole.form));
        packed.truncate(3 + draws.below(packed.len() - 3));
        Some(Damaged::File(packed))
    }),
    ("gzipped with a bit flipped", |whole, draws| {
        let mut packed = gzip(&whole.data.written(whole.form));
        let at = draws.below(packed.len());
        packed[at] ^= 1 << draws.below(8);
        Some(Damaged::File(packed))
    }),
    ("packed by Zstandard and cut", |whole, draws| {
        let mut packed = Packed::Zstandard.pack(&whole.data.written(whole.form));
        packed.truncate(5 + draws.below(packed.len() - 5));
        Some(Damaged::File(packed))
    }),
    ("packed by Zstandard with a bit flipped", |whole, draws| {
        let mut packed = Packed::Zstandard.pack(&whole.data.written(whole.form));
        let at = draws.below(packed.len());
        packed[at] ^= 1 << draws.below(8);
        Some(Damaged::File(packed))
    }),
    ("gzipped twice", |whole, _| Some(Damaged::File(gzip(&gzip(&whole.data.written(whole.form)))))),
    ("a line that goes on, gzipped", |whole, draws| {
        let start: &[u8] = match (whole.data, whole.form) {
            (Data::Array(_) | Data::Archive(_) | Data::Idx(..) | Data::Cifar(_), _) => return None,
            (_, Form::Csv | Form::Tsv | Form::Quoted) => draws.one_of(&[&b""[..], b"id,\"", b"id,a\n1,2\n3,"]),
            (Data::Lines(_), _) => b"",
            _ => draws.one_of(&[&b"{\"id\": \""[..], b"[{\"id\": \"", b"[", b""]),
        };
        Some(Damaged::File(endless(start, b'a')))
    }),
    ("columns that go on, gzipped", |whole, _| match whole.form {
        Form::Csv | Form::Tsv | Form::Quoted => Some(Damaged::File(endless(b"id", b','))),
        _ => None,
    }),
    ("lines that go on, gzipped", |whole, draws| match whole.form {
        Form::Parquet | Form::Npy | Form::Npz | Form::Idx | Form::Cifar => None,
        _ => Some(Damaged::File(endless(b"", draws.one_of(b"\n [")))),
    }),
    ("an array that goes on, gzipped", |whole, _| match (whole.data, whole.form) {
        (_, Form::Npz) => None,
        (Data::Array(_) | Data::Idx(..), form) => Some(Damaged::File(endless(&whole.data.written(form), 0))),
        _ => None,
    }),
    ("an array of many elements, gzipped", |whole, _| match (whole.data, whole.id, whole.label) {
        // Of which there is to be one for each example; else it may be what it says.
        (Data::Array(array), Some(_), _) | (Data::Array(array), _, Some(_)) => {
            let header = npy(&array.descr(), "False", "(1000000000000,)", &[]);
            Some(Damaged::File(endless(&header, 0)))
        }
        _ => None,
    }),
    ("100,000 columns", |whole, _| match whole.form {
        Form::Csv => {
            let names: String = (0..100_000).map(|at| format!(",c{at}")).collect();
            Some(Damaged::File(format!("id{names}\n1,2\n").into_bytes()))
        }
        _ => None,
    }),
    // The cells of a table, the elements of an array.
    ("NaN", |whole, draws| number(whole, draws, &["NaN", "nan"], f64::NAN)),
    ("inf", |whole, draws| number(whole, draws, &["inf", "Infinity", "+inf"], f64::INFINITY)),
    ("-inf", |whole, draws| number(whole, draws, &["-inf", "-Infinity"], f64::NEG_INFINITY)),
    ("1e400", |whole, draws| number(whole, draws, &["1e400", "-1e400", "1e999999999999"], f64::MAX)),
    ("a large number", |whole, draws| {
        number(whole, draws, &["1e308", "-1e308", "99999999999999999999"], draws_large(whole))
    }),
    ("a text for a number", |whole, draws| text_cell(whole, draws, &["n/a", "x", "1,5", "1.2.3", "0x10", "--1"])),
    ("an empty number", |whole, draws| text_cell(whole, draws, &[""])),
    ("a number that is a list", |whole, draws| text_cell(whole, draws, &["[1, 2]", "[]", "[[1]]"])),
    ("a label out of range", |whole, draws| label(whole, draws, &[3, 7, 100, 65_535, 65_536, 1 << 31, i64::MAX])),
    ("a negative label", |whole, draws| label(whole, draws, &[-1, -100, i64::MIN])),
    ("a label that is no integer", |whole, draws| {
        label_text(whole, draws, &["0.5", "", "nan", "inf", "1e400", "cat"])
    }),
    ("an id twice", |whole, draws| {
        ids(whole, draws, |ids, draws| {
            let (from, to) = (draws.below(ids.len()), draws.below(ids.len()));
            ids[to] = ids[from].clone();
            from != to
        })
    }),
    ("another id", |whole, draws| {
        ids(whole, draws, |ids, draws| {
            let at = draws.below(ids.len());
            ids[at] = draws.one_of(&["zzz".to_owned(), "-1".to_owned(), "99999999999999999999".to_owned()]);
            true
        })
    }),
    ("an empty id", |whole, draws| {
        ids(whole, draws, |ids, draws| {
            let at = draws.below(ids.len());
            ids[at].clear();
            true
        })
    }),
    ("a column less", |whole, draws| {
        table(whole, |table| {
            let at = draws.below(table.names.len());
            table.names.remove(at);
            table.rows.iter_mut().for_each(|row| _ = row.remove(at));
        })
    }),
    ("a column of another name", |whole, draws| {
        table(whole, |table| {
            let at = draws.below(table.names.len());
            table.names[at] = draws.one_of(&["other", "", "id ", "0"]).into();
        })
    }),
    ("a column twice", |whole, draws| {
        table(whole, |table| {
            let at = draws.below(table.names.len());
            table.names.push(table.names[at].clone());
            table.rows.iter_mut().for_each(|row| row.push(row[at].clone()));
        })
    }),
    ("a row less", |whole, draws| table(whole, |table| _ = table.rows.remove(draws.below(table.rows.len())))),
    ("a row twice", |whole, draws| {
        table(whole, |table| {
            let row = table.rows[draws.below(table.rows.len())].clone();
            table.rows.insert(draws.below(table.rows.len()), row);
        })
    }),
    ("no rows", |whole, _| table(whole, |table| table.rows.clear())),
    ("one row", |whole, _| table(whole, |table| table.rows.truncate(1))),
    ("a list of another length", |whole, draws| {
        table(whole, |table| {
            let at = draws.below(table.rows.len());
            for cell in &mut table.rows[at] {
                if let Cell::List(list) = cell {
                    if draws.below(2) == 0 { list.push(0.5) } else { _ = list.pop() }
                }
            }
        })
    }),
    ("a row too long or too short", |whole, draws| {
        lines(whole, |lines| {
            let at = draws.below(lines.len());
            match draws.below(2) {
                0 => lines[at] += ",7",
                _ => _ = lines[at].rfind([',', '\t']).map(|end| lines[at].truncate(end)),
            }
        })
    }),
    ("a quote left open", |whole, draws| {
        lines(whole, |lines| {
            let at = draws.below(lines.len());
            lines[at].insert(0, '"');
        })
    }),
    ("another separator", |whole, draws| {
        lines(whole, |lines| {
            let other = draws.one_of(&["|", ":", ";", "\t", " "]);
            lines.iter_mut().for_each(|line| *line = line.replace([',', '\t'], other));
        })
    }),
    // The header of an array.
    ("another shape", |whole, draws| {
        header(whole, draws, |array, draws, parts| {
            let n = array.len();
            parts[2] = draws.one_of(&[
                "(-1,)".to_owned(),
                format!("(-{n}, -1)"),
                "(18446744073709551615,)".into(),
                "(9223372036854775808, 2)".into(),
                "(4294967296, 4294967296)".into(),
                "(99999999999999999999999,)".into(),
                "(0,)".into(),
                "(0, 9223372036854775807)".into(),
                "()".into(),
                format!("({n},)"),
                format!("({n}, 1)"),
                format!("(1, {n})"),
                format!("(1, 1, {n})"),
                format!("({}, 2)", n / 2),
                format!("({},)", n + 1),
                format!("({},)", n - 1),
                "(1.5,)".into(),
                "(None,)".into(),
                "[3]".into(),
                "(3".into(),
                format!("({n}, 0)"),
                "(1000000000000,)".into(),
                format!("({})", vec!["1"; 40].join(", ")),
            ]);
        })
    }),
    ("another type", |whole, draws| {
        header(whole, draws, |_, draws, parts| {
            parts[0] = draws
                .one_of(&[
                    "<f2",
                    "<f4",
                    "<f8",
                    ">f4",
                    ">f8",
                    "<i1",
                    "|i1",
                    "<i2",
                    "<i4",
                    "<i8",
                    ">i8",
                    "<u4",
                    "<u8",
                    "|b1",
                    "<c8",
                    "<c16",
                    "|O",
                    "<M8[s]",
                    "<U1",
                    "<U2",
                    "<U18446744073709551615",
                    "<U4611686018427387904",
                    "|S8",
                    "|S4",
                    "|S0",
                    "|V8",
                    "|V2",
                    "f8",
                    "=f8",
                    "|f8",
                    "",
                    "float64",
                    "<f16",
                    "<U-1",
                    "\u{e9}",
                ])
                .to_owned();
        })
    }),
    ("Fortran's order", |whole, draws| {
        header(whole, draws, |_, draws, parts| {
            parts[1] = draws.one_of(&["True", "true", "1", "None"]).to_owned();
        })
    }),
    ("another key", |whole, draws| {
        header(whole, draws, |_, draws, parts| {
            parts[2] += draws.one_of(&[", 'more': 1", ", 'shape': (1,)", ", 'descr': '<f8'", "} {", ")"]);
        })
    }),
    ("an element less or more", |whole, draws| {
        header_and_elements(whole, draws, |array, draws, _, elements| {
            let width = elements.len() / array.len().max(1);
            match draws.below(3) {
                0 => elements.truncate(elements.len().saturating_sub(width)),
                1 => elements.extend(vec![0; width]),
                _ => elements.push(0),
            }
        })
    }),
    ("an example less or more", |whole, draws| {
        arrays(whole, draws, |array, draws| {
            let (n, row) = (
                array.shape.first().copied().unwrap_or(1),
                array.len() / array.shape.first().copied().unwrap_or(1).max(1),
            );
            let more = draws.below(2) == 0;
            if let Some(first) = array.shape.first_mut() {
                *first = if more { n + 1 } else { n - 1 };
            }
            let n = if more { (n + 1) * row } else { (n - 1) * row };
            match &mut array.values {
                Values::Singles(values) | Values::Doubles(values) => values.resize(n, 0.25),
                Values::Integers(values) => values.resize(n, 0),
                Values::Texts(values) => values.resize(n, "more".into()),
            }
        })
    }),
    ("no examples", |whole, draws| {
        arrays(whole, draws, |array, _| {
            if let Some(first) = array.shape.first_mut() {
                *first = 0;
            }
            match &mut array.values {
                Values::Singles(values) | Values::Doubles(values) => values.clear(),
                Values::Integers(values) => values.clear(),
                Values::Texts(values) => values.clear(),
            }
        })
    }),
    ("a member less", |whole, draws| archive(whole, |members| _ = members.remove(draws.below(members.len())))),
    ("a member of another name", |whole, draws| {
        archive(whole, |members| {
            let at = draws.below(members.len());
            members[at].0 = draws.one_of(&["other", "", "../ids", "ids", "a/b"]).into();
        })
    }),
    ("a member twice", |whole, draws| {
        archive(whole, |members| {
            let member = members[draws.below(members.len())].clone();
            members.push(member);
        })
    }),
    ("a member that is no array", |whole, draws| match whole.data {
        Data::Archive(members) => {
            let mut files: Vec<_> = members.iter().map(|(name, array)| (name.clone(), array.npy())).collect();
            let at = draws.below(files.len());
            let n = files[at].1.len();
            files[at].1 = match draws.below(3) {
                0 => draws.bytes(n),
                1 => files[at].1[..draws.below(n)].to_vec(),
                _ => [&files[at].1[..], b"more"].concat(),
            };
            Some(Damaged::File(zip(&files)))
        }
        _ => None,
    }),
    // The fields of JSON.
    ("a field less", |whole, draws| {
        json(whole, draws, |parent, key, _| match parent {
            Value::Object(fields) => _ = fields.remove(key),
            Value::Array(items) => _ = items.remove(key.parse().unwrap_or(0)),
            _ => {}
        })
    }),
    ("a field of another value", |whole, draws| {
        json(whole, draws, |parent, key, draws| {
            let value = draws.one_of(&[
                Value::Null,
                Value::from(-1),
                Value::from(u64::MAX),
                Value::from("x"),
                Value::from(0.5),
                Value::from(1e308),
                Value::from(Vec::<i64>::new()),
                Value::Object(serde_json::Map::new()),
                Value::from(true),
                Value::from(""),
            ]);
            match parent {
                Value::Object(fields) => _ = fields.insert(key.to_owned(), value),
                Value::Array(items) => items[key.parse::<usize>().unwrap_or(0)] = value,
                _ => {}
            }
        })
    }),
    ("a field more", |whole, draws| {
        json(whole, draws, |parent, _, _| match parent {
            Value::Object(fields) => _ = fields.insert("more".into(), Value::from(1)),
            Value::Array(items) => items.push(Value::from(1)),
            _ => {}
        })
    }),
    ("an item twice", |whole, draws| {
        json(whole, draws, |parent, key, _| {
            if let Value::Array(items) = parent {
                let item = items[key.parse::<usize>().unwrap_or(0)].clone();
                items.push(item);
            }
        })
    }),
    ("what is no number in JSON", |whole, draws| match (whole.data, whole.form) {
        (Data::Json(value), _) => {
            let text = value.to_string();
            let places: Vec<usize> = text.match_indices("0.").map(|(at, _)| at).collect();
            let at = *places.get(draws.below(places.len()))?;
            let word = draws.one_of(&["NaN", "Infinity", "1e400", "-", "0x1", "00"]);
            Some(Damaged::File(whole.packed.pack(format!("{}{word}{}", &text[..at], &text[at + 2..]).as_bytes())))
        }
        _ => None,
    }),
    ("JSON within JSON within JSON", |whole, draws| match whole.form {
        Form::Json | Form::JsonLines | Form::JsonArray => {
            let (open, n) = (draws.one_of(&["[", "{\"a\":"]), 1 + draws.below(200_000));
            Some(Damaged::File(format!("{{\"id\": {}", open.repeat(n)).into_bytes()))
        }
        _ => None,
    }),
    // Images.
    ("other sizes of images", |whole, draws| match whole.data {
        Data::Idx(sizes, elements) => {
            let mut sizes = sizes.clone();
            let at = draws.below(sizes.len());
            sizes[at] = draws.one_of(&[0, u32::MAX, sizes[at] + 1, sizes[at] - 1, 1 << 31]);
            if draws.below(3) == 0 {
                sizes = vec![1 << 30; 255];
            }
            Some(Damaged::File(whole.packed.pack(&Data::Idx(sizes, elements.clone()).written(Form::Idx))))
        }
        _ => None,
    }),
    ("a class that there is not", |whole, draws| match whole.data {
        Data::Cifar(records) => {
            let mut records = records.clone();
            let at = draws.below(records.len() / 3073) * 3073;
            records[at] = 10 + draws.below(245) as u8;
            Some(Damaged::File(whole.packed.pack(&records)))
        }
        _ => None,
    }),
];

fn packed(whole: &Whole<'_>) -> Vec<u8> {
    whole.packed.pack(&whole.data.written(whole.form))
}

/// Damage to the bytes of a file as it lies there.
fn bytes(whole: &Whole<'_>, damage: impl FnOnce(&mut Vec<u8>)) -> Option<Damaged> {
    let mut bytes = packed(whole);
    damage(&mut bytes);
    Some(Damaged::File(bytes))
}

/// What begins so and goes on for 200 MB, gzipped.
fn endless(start: &[u8], byte: u8) -> Vec<u8> {
    let million = gzip(&vec![byte; 1 << 20]);
    std::iter::once(gzip(start)).chain(std::iter::repeat_n(million, 200)).flatten().collect()
}

fn written(whole: &Whole<'_>, data: &Data) -> Option<Damaged> {
    Some(Damaged::File(whole.packed.pack(&data.written(whole.form))))
}

fn table(whole: &Whole<'_>, damage: impl FnOnce(&mut Table)) -> Option<Damaged> {
    let Data::Table(table) = whole.data else { return None };
    let mut table = table.clone();
    damage(&mut table);
    // No writer makes a Parquet file of these.
    let plain = |name: &String| !name.is_empty() && name.trim() == name && !name.starts_with('0');
    let twice = (1..table.names.len()).any(|at| table.names[..at].contains(&table.names[at]));
    if whole.form == Form::Parquet && (!table.names.iter().all(plain) || twice) {
        return None;
    }
    written(whole, &Data::Table(table))
}

/// The lines of CSV.
fn lines(whole: &Whole<'_>, damage: impl FnOnce(&mut Vec<String>)) -> Option<Damaged> {
    if !matches!(whole.form, Form::Csv | Form::Tsv) {
        return None;
    }
    let text = String::from_utf8(whole.data.written(whole.form)).ok()?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    damage(&mut lines);
    Some(Damaged::File(whole.packed.pack(lines.join("\n").as_bytes())))
}

/// One of the arrays that a file holds: itself or a member.
fn arrays(whole: &Whole<'_>, draws: &mut Draws, damage: impl FnOnce(&mut Array, &mut Draws)) -> Option<Damaged> {
    match whole.data {
        Data::Array(array) => {
            let mut array = array.clone();
            damage(&mut array, draws);
            written(whole, &Data::Array(array))
        }
        Data::Archive(members) => {
            let mut members = members.clone();
            let at = draws.below(members.len());
            damage(&mut members[at].1, draws);
            written(whole, &Data::Archive(members))
        }
        _ => None,
    }
}

fn archive(whole: &Whole<'_>, damage: impl FnOnce(&mut Vec<(String, Array)>)) -> Option<Damaged> {
    let Data::Archive(members) = whole.data else { return None };
    let mut members = members.clone();
    damage(&mut members);
    written(whole, &Data::Archive(members))
}

/// Type, order and shape of an array's header.
fn header(
    whole: &Whole<'_>,
    draws: &mut Draws,
    damage: impl FnOnce(&Array, &mut Draws, &mut [String; 3]),
) -> Option<Damaged> {
    header_and_elements(whole, draws, |array, draws, parts, _| damage(array, draws, parts))
}

fn header_and_elements(
    whole: &Whole<'_>,
    draws: &mut Draws,
    damage: impl FnOnce(&Array, &mut Draws, &mut [String; 3], &mut Vec<u8>),
) -> Option<Damaged> {
    let damaged = |array: &Array| {
        let mut parts = [array.descr(), "False".to_owned(), array.shape_text()];
        let mut elements = array.elements();
        damage(array, draws, &mut parts, &mut elements);
        npy(&parts[0], &parts[1], &parts[2], &elements)
    };
    match whole.data {
        Data::Array(array) => Some(Damaged::File(whole.packed.pack(&damaged(array)))),
        Data::Archive(members) => {
            let mut files: Vec<_> = members.iter().map(|(name, array)| (name.clone(), array.npy())).collect();
            let at = members.len() / 2;
            files[at].1 = damaged(&members[at].1);
            Some(Damaged::File(zip(&files)))
        }
        _ => None,
    }
}

fn draws_large(whole: &Whole<'_>) -> f64 {
    if matches!(whole.data, Data::Array(_)) { 1e308 } else { -1e308 }
}

/// Another number in the place of one that is used.
fn number(whole: &Whole<'_>, draws: &mut Draws, texts: &[&str], value: f64) -> Option<Damaged> {
    let name = *whole.numbers.get(draws.below(whole.numbers.len()))?;
    let set = |array: &mut Array, draws: &mut Draws| {
        let at = draws.below(array.len());
        match &mut array.values {
            Values::Singles(values) | Values::Doubles(values) => values[at] = value,
            _ => {}
        }
    };
    match whole.data {
        Data::Table(_) if matches!(whole.form, Form::JsonLines | Form::JsonArray | Form::Parquet) => {
            table(whole, |table| change(table, name, draws, |cell| set_number(cell, value)))
        }
        Data::Table(_) => text_cell(whole, draws, texts),
        Data::Array(array) => {
            let mut array = array.clone();
            set(&mut array, draws);
            written(whole, &Data::Array(array))
        }
        Data::Archive(members) => {
            let mut members = members.clone();
            set(&mut members.iter_mut().find(|(known, _)| known == name)?.1, draws);
            written(whole, &Data::Archive(members))
        }
        _ => None,
    }
}

fn set_number(cell: &mut Cell, value: f64) {
    match cell {
        Cell::List(list) if !list.is_empty() => list[0] = value,
        cell => *cell = Cell::Number(value),
    }
}

/// Changes a cell of a column.
fn change(table: &mut Table, name: &str, draws: &mut Draws, damage: impl FnOnce(&mut Cell)) {
    let row = draws.below(table.rows.len());
    if let Some(at) = table.column(name) {
        damage(&mut table.rows[row][at]);
    }
}

/// A text in the place of a number.
fn text_cell(whole: &Whole<'_>, draws: &mut Draws, texts: &[&str]) -> Option<Damaged> {
    let name = *whole.numbers.get(draws.below(whole.numbers.len()))?;
    let text = draws.one_of(texts).to_owned();
    if whole.form == Form::Parquet {
        return None;
    }
    table(whole, |table| change(table, name, draws, |cell| *cell = Cell::Text(text)))
}

/// Another label in the place of one.
fn label(whole: &Whole<'_>, draws: &mut Draws, labels: &[i64]) -> Option<Damaged> {
    let (name, label) = (whole.label?, draws.one_of(labels));
    let set = |array: &mut Array, draws: &mut Draws| {
        let at = draws.below(array.len());
        if let Values::Integers(values) = &mut array.values {
            values[at] = label;
        }
    };
    match whole.data {
        Data::Table(_) => {
            table(whole, |table| change(table, name, draws, |cell| *cell = Cell::Number(label as f64)))
        }
        Data::Array(array) => {
            let mut array = array.clone();
            set(&mut array, draws);
            written(whole, &Data::Array(array))
        }
        Data::Archive(members) => {
            let mut members = members.clone();
            set(&mut members.iter_mut().find(|(known, _)| known == name)?.1, draws);
            written(whole, &Data::Archive(members))
        }
        _ => None,
    }
}

fn label_text(whole: &Whole<'_>, draws: &mut Draws, texts: &[&str]) -> Option<Damaged> {
    let (name, text) = (whole.label?, draws.one_of(texts).to_owned());
    let floats = |array: &mut Array, draws: &mut Draws| {
        let mut values = array.numbers();
        let at = draws.below(values.len());
        values[at] = text.parse().unwrap_or(f64::NAN);
        array.values = Values::Doubles(values);
    };
    match whole.data {
        Data::Table(_) if whole.form == Form::Parquet => None,
        Data::Table(_) => {
            table(whole, |table| change(table, name, draws, |cell| *cell = Cell::Text(text.clone())))
        }
        Data::Array(array) => {
            let mut array = array.clone();
            floats(&mut array, draws);
            written(whole, &Data::Array(array))
        }
        Data::Archive(members) => {
            let mut members = members.clone();
            floats(&mut members.iter_mut().find(|(known, _)| known == name)?.1, draws);
            written(whole, &Data::Archive(members))
        }
        _ => None,
    }
}

/// Other ids.
fn ids(
    whole: &Whole<'_>,
    draws: &mut Draws,
    damage: impl Fn(&mut Vec<String>, &mut Draws) -> bool,
) -> Option<Damaged> {
    let name = whole.id?;
    let of_array = |array: &mut Array, draws: &mut Draws| {
        let mut ids = array.texts();
        damage(&mut ids, draws);
        array.values = match ids.iter().map(|id| id.parse().ok()).collect() {
            Some(integers) => Values::Integers(integers),
            None => Values::Texts(ids),
        };
    };
    match whole.data {
        Data::Table(_) => table(whole, |table| {
            let Some(at) = table.column(name) else { return };
            let mut ids: Vec<String> = table.rows.iter().map(|row| row[at].text()).collect();
            damage(&mut ids, draws);
            table.rows.iter_mut().zip(ids).for_each(|(row, id)| row[at] = Cell::Text(id));
        }),
        Data::Array(array) => {
            let mut array = array.clone();
            of_array(&mut array, draws);
            written(whole, &Data::Array(array))
        }
        Data::Archive(members) => {
            let mut members = members.clone();
            of_array(&mut members.iter_mut().find(|(known, _)| known == name)?.1, draws);
            written(whole, &Data::Archive(members))
        }
        _ => None,
    }
}

/// Something within JSON: what it stands in, and its key or place there.
fn json(
    whole: &Whole<'_>,
    draws: &mut Draws,
    damage: impl FnOnce(&mut Value, &str, &mut Draws),
) -> Option<Damaged> {
    let Data::Json(value) = whole.data else { return None };
    let mut value = value.clone();
    let mut places = Vec::new();
    collect("", &value, &mut places);
    let place: String = draws.one_of(&places);
    let (parent, key) = place.rsplit_once('/')?;
    let key = key.replace("~1", "/").replace("~0", "~");
    damage(value.pointer_mut(parent)?, &key, draws);
    written(whole, &Data::Json(value))
}

fn collect(place: &str, value: &Value, places: &mut Vec<String>) {
    let mut child = |key: &str, value: &Value| {
        let place = format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
        collect(&place, value, places);
        places.push(place);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| child(key, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| child(&at.to_string(), value)),
        _ => {}
    }
}
