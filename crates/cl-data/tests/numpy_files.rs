//! `.npy` and `.npz`: NumPy's files, round trips, damage.

use std::path::Path;

use cl_data::io::{
    Array, ArrayData, ElementType, NpyReader, NpzReader, SummaryOptions, read_npy, read_npz, read_npz_dataset,
    summarize, write_npy, write_npz, write_npz_dataset,
};
use cl_data::{DataError, Dataset, Ids};
use proptest::prelude::*;
use serde_json::Value;

fn fixtures() -> Value {
    serde_json::from_str(include_str!("fixtures/numpy_files.json")).unwrap()
}

fn bytes(hexadecimal: &Value) -> Vec<u8> {
    let text = hexadecimal.as_str().unwrap();
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// `read` on a file of these bytes; the refusal without the path.
fn on_file<T>(bytes: &[u8], read: impl FnOnce(&Path) -> Result<T, DataError>) -> Result<T, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    read(&path).map_err(|error| error.to_string().split_once("file: ").expect("the path").1.to_owned())
}

fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn every_type_and_order_of_numpy_is_read() {
    let fixtures = fixtures();
    for (name, file) in fixtures["npy"].as_object().unwrap() {
        let array = on_file(&bytes(&file["bytes"]), |path| read_npy(path)).unwrap();
        if let Some(texts) = file["texts"].as_array() {
            let expected = texts.iter().map(|text| text.as_str().unwrap().into()).collect();
            assert_eq!(array.data(), &ArrayData::Text(expected), "{name}");
        } else {
            let expected: Vec<f64> =
                file["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
            assert_eq!(array.to_f64().unwrap(), expected, "{name}");
            assert_eq!(array.shape(), if name == "scalar" { &[][..] } else { &[2, 3] }, "{name}");
        }
    }
}

/// Past rows that nobody asked for, in files with and without compression and in archives.
#[test]
fn rows_are_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, archive) = (folder.path().join("rows.npy"), folder.path().join("rows.npz"));
    // More than a buffer holds.
    let (n, d) = (40_000, 3);
    let values =
        |rows: std::ops::Range<usize>| (rows.start * d..rows.end * d).map(|at| at as f64).collect::<Vec<_>>();
    let array = Array::new(vec![n, d], ArrayData::F64(values(0..n))).unwrap();
    write_npy(&plain, &array).unwrap();
    write_npz(&archive, [("rows", &array)]).unwrap();
    let gzipped = folder.path().join("rows.npy.gz");
    let mut encoder = flate2::write::GzEncoder::new(std::fs::File::create(&gzipped).unwrap(), Default::default());
    std::io::Write::write_all(&mut encoder, &std::fs::read(&plain).unwrap()).unwrap();
    encoder.finish().unwrap();
    let check = |reader: &mut NpyReader<'_>| {
        let mut rows: Vec<f64> = Vec::new();
        for range in [5..7, 30_000..30_100, 39_998..40_000] {
            rows.clear();
            let at = n - reader.n_remaining() / d;
            reader.skip((range.start - at) * d).unwrap();
            assert_eq!(reader.read_rows(range.len(), &mut rows).unwrap(), range.len());
            assert_eq!(rows, values(range));
        }
        reader.skip(9).unwrap();
        assert_eq!(reader.n_remaining(), 0);
    };
    check(&mut NpyReader::open(&plain).unwrap());
    check(&mut NpyReader::open(&gzipped).unwrap());
    check(&mut NpzReader::open(&archive).unwrap().stream("rows").unwrap());
    // A compressed file tells that it is too short when its end is reached.
    let mut encoder = flate2::write::GzEncoder::new(std::fs::File::create(&gzipped).unwrap(), Default::default());
    std::io::Write::write_all(&mut encoder, &std::fs::read(&plain).unwrap()[..1128]).unwrap();
    encoder.finish().unwrap();
    let error = NpyReader::open(&gzipped).unwrap().skip(n * d).unwrap_err().to_string();
    assert!(error.ends_with("data: 1000 bytes, expected 960000"), "{error}");
}

#[test]
fn what_is_written_is_what_numpy_writes() {
    let fixtures = fixtures();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.npy");
    let cases = [
        ("<f8 C", vec![2, 3], ArrayData::F64(vec![0.25, 0.5, 0.75, 1.0, 1.25, 1.5])),
        ("|b1 C", vec![2, 3], ArrayData::Bool(vec![false, true, true, true, true, true])),
        ("<i2 C", vec![2, 3], ArrayData::I16(vec![-1, -2, -3, -4, -5, -6])),
        ("|u1 C", vec![2, 3], ArrayData::U8(vec![1, 2, 3, 4, 5, 6])),
        ("scalar", vec![], ArrayData::F64(vec![2.5])),
    ];
    for (name, shape, data) in cases {
        write_npy(&path, &Array::new(shape, data).unwrap()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes(&fixtures["npy"][name]["bytes"]), "{name}");
    }
}

#[test]
fn archives_of_numpy_are_read_stored_and_deflated() {
    let fixtures = fixtures();
    let stored = on_file(&bytes(&fixtures["npz"]["savez"]), |path| read_npz_dataset::<f64>(path)).unwrap();
    assert_eq!(stored.features().as_slice(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!((stored.n_features(), stored.labels()), (2, &[0, 1, 1][..]));
    assert_eq!(stored.ids().get(2).unwrap(), "z");
    let deflated =
        on_file(&bytes(&fixtures["npz"]["savez_compressed"]), |path| read_npz_dataset::<f64>(path)).unwrap();
    assert_eq!((deflated.features(), deflated.labels()), (stored.features(), stored.labels()));
    assert_eq!(*deflated.ids(), Ids::integers(vec![7, 8, 9]).unwrap());
}

/// A name that was overwritten with zeros is not that of an array, and an archive of none is no data.
#[test]
fn archives_without_names_or_arrays_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    write_npz(&path, [("rows", &Array::new(vec![1], ArrayData::F64(vec![1.0])).unwrap())]).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let directory = bytes.windows(8).rposition(|window| window == b"rows.npy").unwrap();
    bytes[directory + 1] = 0;
    std::fs::write(&path, bytes).unwrap();
    let error = NpzReader::open(&path).err().unwrap().to_string();
    assert!(error.contains("a.npz: zip archive: a member is called \"r\\0ws.npy\""), "{error}");
    std::fs::write(&path, [&b"PK\x05\x06"[..], &[0; 18]].concat()).unwrap();
    let error = summarize(&path, &SummaryOptions::default()).unwrap_err().to_string();
    assert!(error.contains("a.npz: zip archive: no members `NAME.npy`, expected at least one array"), "{error}");
}

#[test]
fn bad_npy_files_are_refused_with_their_place() {
    let refusal = |bytes: &[u8]| on_file(bytes, |path| read_npy(path)).unwrap_err();
    assert!(
        refusal(&bytes(&fixtures()["objects"])).starts_with("header: descr \"O\": Python objects are not read")
    );
    assert_eq!(refusal(b"\x93NUMPZ\x01\x00"), "magic: \\x93NUMPZ, expected \\x93NUMPY");
    assert_eq!(refusal(b"\x93NUM"), "magic: the file ends after 4 bytes, expected 8");
    assert_eq!(refusal(b"\x93NUMPY\x09\x00"), "version: 9.0, expected 1.0, 2.0 or 3.0");
    assert_eq!(
        refusal(b"\x93NUMPY\x02\x00\xff\xff\xff\xff"),
        "header length: 4294967295 bytes, expected at most 65536"
    );
    let promising = npy("'<f8'", "(1000, 1000)", &[0; 80]);
    let place = promising.len() - 80;
    assert_eq!(
        refusal(&promising),
        format!("data from byte {place}: 80 bytes, expected 8000000 (float64, shape [1000, 1000])")
    );
    let overflow = npy("'<f8'", "(4294967296, 4294967296, 2)", &[0; 80]);
    assert_eq!(refusal(&overflow), "header: shape [4294967296, 4294967296, 2], expected one that memory can have");
    assert_eq!(
        refusal(&npy("'<f8'", "(2305843009213693952,)", &[])),
        "header: shape [2305843009213693952], expected one that memory can have"
    );
    assert!(refusal(&npy("'<U9999999999999999999'", "(2,)", &[])).contains("that memory can have"));
    assert!(refusal(&npy("'<f8'", "(1,)", &[0; 9])).contains("9 bytes, expected 8"));
    assert_eq!(
        refusal(&npy("'<U1'", "(1,)", &[0, 0, 0x11, 0])),
        "elements 0..1: 0x110000, expected a Unicode character"
    );
    // Compressed, the length is not known beforehand.
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        encoder.finish().unwrap()
    };
    assert_eq!(refusal(&gzip(&promising)), "data: 80 bytes, expected 8000000");
    // Where the system tells how much memory is free, nothing is read.
    let refused = refusal(&gzip(&npy("'<f8'", "(1000000, 1000000000)", &[0; 80])));
    assert!(
        refused.contains("expected at most the memory that is free") || refused.contains("80 bytes"),
        "{refused}"
    );
    assert_eq!(
        refusal(&gzip(&npy("'<f8'", "(1,)", &[0; 9]))),
        "data: more bytes, expected 8 as the header promises"
    );
    assert!(on_file(&npy("'<f8'", "(0, 18446744073709551615)", &[]), |path| read_npy(path)).is_ok());
}

#[test]
fn bad_archives_are_refused_with_their_member() {
    let whole = bytes(&fixtures()["npz"]["savez_compressed"]);
    let refusal = |bytes: &[u8]| on_file(bytes, |path| read_npz(path)).unwrap_err();
    assert!(refusal(&whole[..whole.len() / 2]).starts_with("zip archive: "));
    assert!(refusal(b"").starts_with("zip archive: "));
    let missing = on_file(&whole, |path| NpzReader::open(path)?.read("logits")).unwrap_err();
    assert_eq!(missing, "member `logits`: not there, expected it among features, ids, labels");
    // A flipped bit of the deflated data of the first member is found by its checksum at the latest.
    let mut damaged = whole.clone();
    let start = 30 + usize::from(whole[26]) + usize::from(whole[28]);
    damaged[start + 40] ^= 1;
    assert!(refusal(&damaged).starts_with("member `features`: "), "{}", refusal(&damaged));
}

#[test]
fn a_dataset_needs_members_that_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let refusal = |members: Vec<(&str, Vec<usize>, ArrayData)>| {
        let arrays: Vec<_> =
            members.into_iter().map(|(name, shape, data)| (name, Array::new(shape, data).unwrap())).collect();
        write_npz(&path, arrays.iter().map(|(name, array)| (name, array))).unwrap();
        let message = read_npz_dataset::<f64>(&path).unwrap_err().to_string();
        message.split_once("file: ").unwrap().1.to_owned()
    };
    let features = || ("features", vec![2, 1], ArrayData::F64(vec![1.0, 2.0]));
    let labels = || ("labels", vec![2], ArrayData::U8(vec![0, 1]));
    assert_eq!(refusal(vec![features()]), "member `labels`: not there, expected it among features");
    assert!(
        refusal(vec![features(), ("labels", vec![1], ArrayData::U8(vec![0]))]).contains("shape [1], expected [2]")
    );
    assert!(
        refusal(vec![features(), ("labels", vec![2], ArrayData::F64(vec![0.0, 0.5]))])
            .contains("0.5 at element 1")
    );
    assert!(
        refusal(vec![features(), ("labels", vec![2], ArrayData::U64(vec![0, u64::MAX]))])
            .contains("less than 1048576")
    );
    let nan = ("features", vec![2, 1], ArrayData::F64(vec![1.0, f64::NAN]));
    assert!(refusal(vec![nan, labels()]).contains("feature 0 of example 1 is NaN"));
    assert!(
        refusal(vec![features(), labels(), ("ids", vec![2], ArrayData::I64(vec![5, 5]))])
            .contains("id 5 is borne")
    );
    let names = ("class_names", vec![1], ArrayData::Text(vec!["one".into()]));
    assert!(refusal(vec![features(), labels(), names]).contains("label 1 of example 1 is out of range"));
    let empty = ("features", vec![0, 1 << 40], ArrayData::F64(vec![]));
    assert!(refusal(vec![empty, ("labels", vec![0], ArrayData::U8(vec![]))]).contains("expected rows"));
    let twice = Array::new(vec![1], ArrayData::U8(vec![1])).unwrap();
    assert!(write_npz(&path, [("a", &twice), ("a", &twice)]).is_err());
    let ending = Array::new(vec![1], ArrayData::Text(vec!["a\0".into()])).unwrap();
    assert!(write_npy(&path, &ending).is_err());
}

#[test]
fn rows_stream_in_constant_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let values: Vec<f32> = (0..70_000).map(|value| value as f32).collect();
    write_npy(&path, &Array::new(vec![7, 100, 100], ArrayData::F32(values.clone())).unwrap()).unwrap();
    let mut reader = NpyReader::open(&path).unwrap();
    assert_eq!((reader.n_rows(), reader.row_len(), reader.element_type()), (7, 10_000, ElementType::F32));
    let (mut rows, mut counts) = (Vec::<f64>::new(), Vec::new());
    loop {
        match reader.read_rows(3, &mut rows).unwrap() {
            0 => break,
            n => counts.push(n),
        }
    }
    assert_eq!(counts, [3, 3, 1]);
    assert!(rows.iter().zip(&values).all(|(&row, &value)| row == f64::from(value)) && rows.len() == values.len());
    let fortran = bytes(&fixtures()["npy"]["<f8 F"]["bytes"]);
    let refused = on_file(&fortran, |path| NpyReader::open(path)?.read_rows(1, &mut rows)).unwrap_err();
    assert!(refused.contains("Fortran order"), "{refused}");
    let mut chunk = on_file(&fortran, |path| NpyReader::open(path)).unwrap();
    assert_eq!(chunk.read_chunk(4).unwrap(), ArrayData::F64(vec![0.25, 1.0, 0.5, 1.25]));
}

fn any_data() -> impl Strategy<Value = ArrayData> {
    use prop::collection::vec;
    let n = 0..40usize;
    prop_oneof![
        vec(any::<bool>(), n.clone()).prop_map(ArrayData::Bool),
        vec(any::<i8>(), n.clone()).prop_map(ArrayData::I8),
        vec(any::<i16>(), n.clone()).prop_map(ArrayData::I16),
        vec(any::<i32>(), n.clone()).prop_map(ArrayData::I32),
        vec(any::<i64>(), n.clone()).prop_map(ArrayData::I64),
        vec(any::<u8>(), n.clone()).prop_map(ArrayData::U8),
        vec(any::<u16>(), n.clone()).prop_map(ArrayData::U16),
        vec(any::<u32>(), n.clone()).prop_map(ArrayData::U32),
        vec(any::<u64>(), n.clone()).prop_map(ArrayData::U64),
        vec(any::<f32>(), n.clone()).prop_map(ArrayData::F32),
        vec(any::<f64>(), n.clone()).prop_map(ArrayData::F64),
        vec("[^\\x00]{0,6}", n).prop_map(ArrayData::Text),
    ]
}

proptest! {
    #[test]
    fn arrays_read_back_exactly(data in any_data(), other in any_data()) {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("a.npy"), folder.path().join("a.npz"));
        let shape = if data.len() % 2 == 0 { vec![data.len() / 2, 2] } else { vec![data.len()] };
        let array = Array::new(shape, data).unwrap();
        write_npy(&one, &array).unwrap();
        prop_assert_eq!(&read_npy(&one).unwrap(), &array);
        let other = Array::new(vec![other.len(), 1], other).unwrap();
        write_npz(&two, [("x", &array), ("a b/\u{e9}", &other)]).unwrap();
        let archive = read_npz(&two).unwrap();
        prop_assert_eq!(archive.len(), 2);
        prop_assert_eq!(&archive["x"], &array);
        prop_assert_eq!(&archive["a b/\u{e9}"], &other);
    }

    #[test]
    fn datasets_read_back_exactly(
        features in prop::collection::vec(-1e300f64..1e300, 0..30), d in 1usize..4, text_ids: bool,
    ) {
        let n = features.len() / d;
        let labels = (0..n).map(|i| i % 3).collect();
        let mut data = Dataset::new(d, features[..n * d].to_vec(), labels, 4).unwrap();
        if text_ids {
            data = data.with_ids(Ids::texts((0..n).map(|i| format!("#{i}")).collect()).unwrap()).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.npz");
        write_npz_dataset(&path, &data).unwrap();
        prop_assert_eq!(&read_npz_dataset::<f64>(&path).unwrap(), &data);
        let first = std::fs::read(&path).unwrap();
        write_npz_dataset(&path, &data).unwrap();
        prop_assert_eq!(first, std::fs::read(&path).unwrap(), "the same data give the same bytes");
    }

    #[test]
    fn damaged_files_never_panic(
        which in 0usize..4, cut in 0usize..400, changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..4),
    ) {
        let fixtures = fixtures();
        let whole = match which {
            0 => bytes(&fixtures["npz"]["savez"]),
            1 => bytes(&fixtures["npz"]["savez_compressed"]),
            2 => bytes(&fixtures["npy"]["<U5 C"]["bytes"]),
            _ => bytes(&fixtures["npy"]["<f4 F"]["bytes"]),
        };
        let mut damaged = whole.clone();
        for (at, byte) in changes {
            damaged[at % whole.len()] = byte;
        }
        damaged.truncate(whole.len() - cut.min(whole.len()) * usize::from(cut % 2 == 0));
        let _ = on_file(&damaged, |path| read_npy(path));
        let _ = on_file(&damaged, |path| read_npz(path));
        let _ = on_file(&damaged, |path| read_npz_dataset::<f32>(path));
    }
}
