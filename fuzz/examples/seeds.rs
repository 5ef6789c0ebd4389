//! Writes the seeds of every corpus: small files of each kind, from this project's writers and its tests' fixtures.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use cl_data::Dataset;
use cl_data::io::{Array, ArrayData, write_npy, write_npz, write_npz_dataset};
use cl_data::random::{below, stream};
use curriculum_fuzz::targets::TARGETS;
use flate2::{Compression, write::GzEncoder};

/// Random changes of each state, of so many bytes.
const CHANGES: [usize; 6] = [0, 6, 10, 16, 24, 40];

fn main() {
    let seeds = Seeds { folder: Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus") };
    arrays(&seeds);
    tables(&seeds);
    score_tables(&seeds);
    logs(&seeds);
    curves(&seeds);
    states(&seeds);
}

struct Seeds {
    folder: PathBuf,
}

impl Seeds {
    fn put(&self, target: &str, name: &str, parts: &[&[u8]]) {
        let folder = self.folder.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("seed_{name}")), parts.concat()).unwrap();
    }
}

fn npy(shape: &[usize], data: ArrayData) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    write_npy(file.path(), &Array::new(shape.to_vec(), data).unwrap()).unwrap();
    fs::read(file.path()).unwrap()
}

fn npz(members: &[(&str, Array)]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    write_npz(file.path(), members.iter().map(|(name, array)| (name, array))).unwrap();
    fs::read(file.path()).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn texts(texts: &[&str]) -> ArrayData {
    ArrayData::Text(texts.iter().map(|&text| text.into()).collect())
}

/// A fixture of the tests, its first lines where it is a text.
fn fixture(name: &str, n_lines: usize) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/cl-cli/tests/fixtures/field");
    let bytes = fs::read(folder.join(name)).unwrap();
    match std::str::from_utf8(&bytes) {
        Ok(text) => text.split_inclusive('\n').take(n_lines).collect::<String>().into_bytes(),
        Err(_) => bytes,
    }
}

fn arrays(seeds: &Seeds) {
    let all = [
        ("f64", npy(&[2, 3], ArrayData::F64(vec![0.5, -1.0, f64::INFINITY, 0.0, 1e300, 2.0]))),
        ("f32", npy(&[4], ArrayData::F32(vec![0.25, f32::NAN, -0.0, 1.5]))),
        ("i64", npy(&[3], ArrayData::I64(vec![0, 1, i64::MAX]))),
        ("u64", npy(&[2], ArrayData::U64(vec![7, u64::MAX]))),
        ("i8", npy(&[2, 2], ArrayData::I8(vec![-1, 0, 1, 127]))),
        ("bool", npy(&[3, 2], ArrayData::Bool(vec![true, false, false, true, true, false]))),
        ("text", npy(&[3], texts(&["cat", "dog", "ä"]))),
        ("scalar", npy(&[], ArrayData::U8(vec![3]))),
        ("empty", npy(&[0, 3], ArrayData::F32(Vec::new()))),
        ("gzip", gzip(&npy(&[3], ArrayData::I16(vec![0, 1, 2])))),
        ("f16", fixture("logits_f16.npy", 0)[..128].iter().copied().chain([0; 1200]).collect()),
    ];
    for (name, bytes) in &all {
        for target in ["npy", "ids_and_indices", "features"] {
            seeds.put(target, name, &[bytes]);
        }
        seeds.put("labels", name, &[&[0], bytes]);
        seeds.put("summary", name, &[&[0, 0], bytes]);
    }
    let mut fortran = all[0].1.clone();
    let at = fortran.windows(6).position(|part| part == b"False,").unwrap();
    fortran[at..at + 6].copy_from_slice(b"True, ");
    seeds.put("npy", "fortran", &[&fortran]);
    let array = |shape: &[usize], data| Array::new(shape.to_vec(), data).unwrap();
    let archive = npz(&[
        ("features", array(&[3, 2], ArrayData::F32(vec![0.5, 1.0, 2.0, 3.0, 4.0, 5.0]))),
        ("ids", array(&[3], texts(&["a", "b", "c"]))),
        ("labels", array(&[3], ArrayData::I64(vec![0, 1, 0]))),
    ]);
    let data = Dataset::<f32>::new(2, vec![0.5, 1.0, 2.0, 3.0, 4.0, 5.0], vec![0, 1, 0], 2).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    write_npz_dataset(file.path(), &data).unwrap();
    let dataset = fs::read(file.path()).unwrap();
    for (name, bytes) in [("archive", &archive), ("dataset", &dataset)] {
        for target in ["npz", "npz_dataset", "features"] {
            seeds.put(target, name, &[bytes]);
        }
        seeds.put("summary", name, &[&[0, 0], bytes]);
    }
    let idx = |kind: u8, dimensions: &[u32], content: &[u8]| {
        let sizes: Vec<u8> = dimensions.iter().flat_map(|size| size.to_be_bytes()).collect();
        [&[0, 0, kind, dimensions.len() as u8][..], &sizes, content].concat()
    };
    for (name, bytes) in [
        ("images", idx(8, &[2, 2, 3], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255])),
        ("labels", idx(8, &[3], &[0, 1, 9])),
        ("floats", idx(0x0d, &[1, 2], &[63, 128, 0, 0, 191, 128, 0, 0])),
    ] {
        seeds.put("idx", name, &[&bytes]);
        seeds.put("idx", &format!("{name}_gzip"), &[&gzip(&bytes)]);
        seeds.put("summary", &format!("idx_{name}"), &[&[0, 0], &bytes]);
    }
    let image: Vec<u8> = (0..3072).map(|at| (at / 96) as u8).collect();
    seeds.put("cifar", "ten", &[&[3], &image]);
    seeds.put("cifar", "hundred", &[&[3, 77], &image]);
    seeds.put("cifar", "hundred_gzip", &[&gzip(&[&[19, 99][..], &image].concat())]);
    seeds.put("cifar", "two_gzip", &[&gzip(&[&[0][..], &image, &[9], &image].concat())]);
}

const CSV: &str = "id,x,label\na,0.5,cat\nb,-1e3,dog\n\"c,\"\"1\",inf,cat\n";
const JSON: &str = "{\"id\":\"a\",\"logits\":[0.5,-1],\"label\":1,\"ok\":true}\n{\"id\":\"b\",\"label\":0,\"x\":null,\
                    \"logits\":[NaN,1e3]}\n";
const JSON_ARRAY: &str = "[{\"id\": 1, \"loss\": 0.5},\n {\"id\": 2, \"loss\": 1e-3, \"late\": \"\\u00e9\"}]";

fn tables(seeds: &Seeds) {
    let csv = [
        ("plain", CSV.as_bytes().to_vec()),
        ("bom", fixture("scores_bom_crlf.csv", 5)),
        ("semicolons", fixture("scores_semicolon_comma.csv", 5)),
        ("tabs", fixture("scores_tab.tsv", 5)),
        ("pandas", fixture("scores_pandas_index.csv", 5)),
        ("lists", b"id,epoch,logits,label\n1,0,\"[0.5, -1.0]\",0\n2,0,\"[1 2]\",1\n".to_vec()),
        ("gzip", gzip(CSV.as_bytes())),
    ];
    for (name, bytes) in &csv {
        seeds.put("csv_table", name, &[&[0], bytes]);
        seeds.put("summary", &format!("csv_{name}"), &[&[3, 2], bytes]);
        seeds.put("score_table", &format!("csv_{name}"), &[&[0, 0, 0], bytes]);
        seeds.put("labels", &format!("csv_{name}"), &[&[0], bytes]);
    }
    seeds.put("csv_table", "decimal_comma", &[&[2 | 4], &csv[2].1]);
    seeds.put("score_table", "decimal_comma", &[&[1, 0, 0], &csv[2].1]);
    seeds.put("labels", "classes", &[&[1 | 4], b"id,label\n1,cat\n2,dog\n3,-100\n"]);
    seeds.put("labels", "numbers", &[&[2 | 4], b"id,label\n1,0\n2,1.0\n3,-100\n"]);
    seeds.put("csv_dataset", "last", &[&[0], b"x,y,label\n1,2,0\n3,4.5,1\n"]);
    seeds.put("csv_dataset", "ids", &[&[2 | 4], b"id,x,label\na,2,cat\nb,4.5,dog\n"]);
    seeds.put("csv_dataset", "classes", &[&[64 | 128 | 16], b"1;a\n2;b\n3;a\n"]);
    seeds.put("csv_dataset", "gzip", &[&[8], &gzip(b"x,label\n1,0\n2,1\n")]);
    let jsons = [
        ("lines", JSON.as_bytes().to_vec()),
        ("array", JSON_ARRAY.as_bytes().to_vec()),
        ("losses", fixture("losses.jsonl", 4)),
        ("logits", fixture("logits_guid_gold.jsonl", 4)),
        ("scores", fixture("scores.jsonl", 4)),
        ("gzip", gzip(JSON.as_bytes())),
    ];
    for (name, bytes) in &jsons {
        seeds.put("json_table", name, &[bytes]);
        seeds.put("summary", &format!("json_{name}"), &[&[0, 0], bytes]);
        seeds.put("score_table", &format!("json_{name}"), &[&[0, 0, 0], bytes]);
        seeds.put("labels", &format!("json_{name}"), &[&[0], bytes]);
    }
    for (name, bytes) in [("scores", fixture("scores.parquet", 0)), ("logits", fixture("logits_long.parquet", 0))]
    {
        seeds.put("parquet_table", name, &[&bytes]);
        seeds.put("summary", &format!("parquet_{name}"), &[&[0, 0], &bytes]);
    }
    seeds.put("score_table", "parquet", &[&[0, 0, 0], &fixture("scores.parquet", 0)]);
    let text = "a cat\n\na dog sat\r\non the mat";
    seeds.put("lines", "plain", &[text.as_bytes()]);
    seeds.put("lines", "gzip", &[&gzip(text.as_bytes())]);
    seeds.put("lines", "two_members", &[&gzip(b"one\n"), &gzip(b"two\n")]);
    seeds.put("lines", "long_gzip", &[&gzip(&[b'a'; 100_000])]);
    seeds.put("lines", "zstandard", &[&zstd::encode_all(&b"a\nb\n"[..], 3).unwrap()]);
    seeds.put("lines", "long_zstandard", &[&zstd::encode_all(&[0; 100_000][..], 3).unwrap()]);
}

fn score_tables(seeds: &Seeds) {
    let sidecar = r#"{"form":1,"version":"0.1.0","command":[],"input":"log","format":"npy","n_examples":2,"n_classes":2,
"epochs":[0,1],"fingerprint":"00000000000000000000000000000000000000000000000000000000000000ff",
"n_never_learned":null,"notes":[{"what":"x","n":1,"text":"y"}],"columns":[{"name":"el2n","metric":"el2n","options":
{"from":"0"},"higher_is_harder":true},{"name":"aum","metric":"aum","options":{},"higher_is_harder":null}],
"skipped":[{"metric":"tdds","reason":"r"}],"classes":["a","b"],"n_runs":2}"#;
    seeds.put("sidecar", "plain", &[sidecar.as_bytes()]);
    seeds.put("sidecar", "first", &[sidecar.replace("\"form\":1,", "").as_bytes()]);
    let one = sidecar.replace(r#",{"name":"aum","metric":"aum","options":{},"higher_is_harder":null}"#, "");
    let length = (one.len() as u16).to_le_bytes();
    let array = npy(&[2], ArrayData::F64(vec![0.5, 1.0]));
    seeds.put("score_table", "npy_with_sidecar", &[&[0], &length, one.as_bytes(), &array]);
    let csv = b"id,label,el2n\na,0,0.5\nb,1,inf\n";
    seeds.put("score_table", "csv_with_sidecar", &[&[0], &length, one.as_bytes(), csv]);
    seeds.put("score_table", "npy_plain", &[&[0, 0, 0], &array]);
    let array = |data| Array::new(vec![2], data).unwrap();
    let archive = npz(&[
        ("el2n", array(ArrayData::F64(vec![0.5, 0.25]))),
        ("ids", array(texts(&["a", "b"]))),
        ("labels", array(ArrayData::I64(vec![0, 1]))),
    ]);
    seeds.put("score_table", "npz", &[&[0, 0, 0], &archive]);
}

fn logs(seeds: &Seeds) {
    for (name, bytes) in [
        ("losses", fixture("losses_long.csv", 9)),
        ("two_seeds", fixture("two_seeds.csv", 9)),
        ("beyond_2_53", fixture("ids_beyond_2_53.csv", 5)),
        ("duplicates", fixture("padded_duplicates.csv", 9)),
        ("jsonl", fixture("losses.jsonl", 6)),
        ("guid_gold", fixture("logits_guid_gold.jsonl", 4)),
        ("parquet", fixture("logits_long.parquet", 0)),
        ("correct_gzip", fixture("correct_long.csv.gz", 0)),
        ("small", b"epoch,id,label,p_0,p_1\n0,a,0,0.5,0.5\n0,b,1,0.1,0.9\n1,b,1,0,1\n1,a,0,0.25,0.75\n".to_vec()),
        ("lists", b"id,epoch,label,logits\na,0,1,\"[0.5, 1]\"\nb,0,0,\"[1, 2]\"\na,1,1,\"[0, 1]\"\nb,1,0,\"[3,1]\"\n".to_vec()),
        ("predictions", b"id,epoch,label,pred\na,0,cat,dog\nb,0,dog,dog\na,1,cat,cat\nb,1,dog,cat\n".to_vec()),
        ("two_runs", b"run,id,epoch,loss\n1,a,0,0.5\n1,b,0,1\n2,a,0,0.25\n2,b,0,2\n".to_vec()),
        ("twice", b"id,epoch,loss\n1,0,0.5\n2,0,1\n1,0,0.25\n1,1,1\n2,1,nan\n".to_vec()),
        ("json", b"{\"id\":1,\"epoch\":0,\"label\":0,\"logits\":[1,2]}\n{\"id\":2,\"epoch\":0,\"label\":1,\"logits\":[0,2]}\n".to_vec()),
    ] {
        seeds.put("log_table", name, &[&[0, 0, 0], &bytes]);
        seeds.put("log_table", &format!("{name}_skip"), &[&[2 | 8 | 16 | 32, 0, 0], &bytes]);
    }
    let f32s = |n: usize, of: fn(usize) -> f32| ArrayData::F32((0..n).map(of).collect());
    let logits = |at| (at * 7 % 11) as f32 / 4.0;
    let probabilities = |at| if at % 2 == 0 { 0.25 } else { 0.75 };
    let labels = npy(&[3], ArrayData::I64(vec![0, 1, 1]));
    let part = |bytes: &[u8]| [&(bytes.len() as u16).to_le_bytes()[..], bytes].concat();
    let array = |shape: &[usize], data| Array::new(shape.to_vec(), data).unwrap();
    let archive = npz(&[
        ("logits", array(&[2, 3, 2], f32s(12, logits))),
        ("labels", array(&[3], ArrayData::I64(vec![0, 1, 1]))),
        ("ids", array(&[3], texts(&["a", "b", "c"]))),
    ]);
    seeds.put("log_arrays", "archive", &[&[0, 0, 0, 0], &archive]);
    let losses = npz(&[("losses", array(&[2, 3], f32s(6, logits)))]);
    seeds.put("log_arrays", "losses_archive", &[&[0, 0, 0, 0], &losses]);
    for (name, kinds, bytes) in [
        ("logits", 0, npy(&[2, 3, 2], f32s(12, logits))),
        ("probabilities", 2, npy(&[2, 3, 2], f32s(12, probabilities))),
        ("one_epoch", 0, npy(&[3, 2], f32s(6, logits))),
        ("losses", 4, npy(&[2, 3], f32s(6, logits))),
        ("bf16", 32, npy(&[2, 3, 2], ArrayData::U16((0..12).map(|at| 16_000 + at * 40).collect()))),
        ("single", 16, npy(&[2, 3], f32s(6, probabilities))),
    ] {
        seeds.put("log_arrays", name, &[&[0, kinds], &part(&labels), &bytes]);
    }
    let epoch = part(&npy(&[3, 2], f32s(6, logits)));
    let other = part(&npy(&[3, 2], f32s(6, |at| (at * 5 % 7) as f32)));
    let ids = part(&npy(&[3], texts(&["a", "b", "c"])));
    seeds.put("log_folder", "arrays", &[&[0, 0, 0], &epoch, &other, &part(&labels), &ids]);
    let losses = part(&npy(&[3], f32s(3, logits)));
    seeds.put("log_folder", "losses", &[&[0, 4, 1], &losses, &losses, &part(b"id,label\na,0\nb,1\nc,1\n"), &ids]);
    let lines = |epoch: usize| {
        let line = |id: usize| {
            format!("{{\"guid\":{id},\"logits_epoch_{epoch}\":[{}.5,{id}],\"gold\":{}}}\n", epoch, id % 2)
        };
        part((0..3).map(line).collect::<String>().as_bytes())
    };
    seeds.put("log_folder", "cartography", &[&[0, 0, 2], &lines(0), &lines(1), &part(b""), &part(b"note")]);
    let rows = part(b"id,label,loss\na,0,0.5\nb,1,0.25\n");
    seeds.put("log_folder", "tables", &[&[0, 0, 3], &rows, &rows, &part(b""), &part(b"")]);
    let index = part(&npy(&[3], ArrayData::I64(vec![2, 0, 1])));
    seeds.put("log_order", "tdds", &[&[0, 0, 0], &epoch, &index, &other, &index, &part(&labels), &ids]);
    seeds.put("log_order", "dual", &[&[0, 0, 1], &epoch, &index, &part(&labels), &other, &index, &ids]);
    let twice = part(&npy(&[3], ArrayData::I64(vec![2, 0, 2])));
    seeds.put("log_order", "twice", &[&[2 | 8, 0, 0], &epoch, &twice, &other, &index, &part(&labels), &ids]);
}

fn curves(seeds: &Seeds) {
    let run = |method: &str, kept: f64, seed: usize| {
        let accuracy = kept - 0.1 * seed as f64;
        format!(
            r#"{{"method":"{method}","kept":{kept},"budget":"updates","seed":{seed},"outcome":{{"accuracy":{accuracy},"n_kept":3,"updates":9,"examples":18,"kept_per_class":[2,1],"wrong_labels":1}}}}"#
        )
    };
    let mut runs = Vec::new();
    for method in ["random", "el2n"] {
        for kept in [1.0, 0.5] {
            runs.extend([1, 2].map(|seed| run(method, kept, seed)));
        }
    }
    let study =
        r#""study":{"name":"s","methods":["random","el2n"],"kept":[1.0,0.5],"seeds":[1,2],"budgets":["updates"]}"#;
    let file = format!(r#"{{"version":1,{study},"runs":[{}]}}"#, runs.join(","));
    seeds.put("prune_curves", "plain", &[file.as_bytes()]);
    let outcome = &file[file.find("\"outcome\"").unwrap()..file.find("}}").unwrap() + 1];
    seeds.put("prune_curves", "failed", &[file.replacen(outcome, "\"failed\":\"no\"", 1).as_bytes()]);
}

/// States are written by the targets themselves: a seed is what is changed of one.
fn states(seeds: &Seeds) {
    let first = TARGETS.iter().position(|(name, _)| *name == "state_epochs").unwrap();
    for (at, (name, _)) in TARGETS.iter().enumerate().skip(first) {
        let mut rng = stream(0, "seeds", at as u64);
        for choice in 0..20u8 {
            let n = CHANGES[usize::from(choice) % CHANGES.len()];
            let changes: Vec<u8> = (0..n).map(|_| below(&mut rng, 256) as u8).collect();
            let form = 1 + below(&mut rng, 7) as u8;
            seeds.put(name, &format!("{choice:02}"), &[&[choice, form], &changes]);
        }
    }
}
