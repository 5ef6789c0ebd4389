//! Choices by neighbours, and by similarities that are given.

use cl_data::io::{Array, ArrayData, write_npz};
use serde_json::json;

use super::{D, Folder, N, curriculum, refusal, report, values};

/// The indices of all examples but itself for each, as the array of a file.
fn all_others() -> Array {
    let others = (0..N as i64).flat_map(|row| (0..N as i64).filter(move |&other| other != row));
    Array::new(vec![N, N - 1], ArrayData::I64(others.collect())).unwrap()
}

#[test]
fn neighbours_are_sought_or_given() {
    let folder = Folder::new();
    let (input, out) = (folder.path("features.npy"), folder.path("out.npy"));
    let base = [
        input.as_str(),
        "--method",
        "facility-location",
        "--option",
        "similarity=cosine",
        "--count",
        "8",
        "-o",
        &out,
    ];
    let with = |more: &[&str]| {
        let told = report(&[&base[..], more].concat());
        (told, folder.order("out.npy"))
    };
    let (all, dense) = with(&[]);
    let (told, sought) = with(&["--neighbors", "60"]);
    assert_eq!((&told["neighbors"]["method"], &told["neighbors"]["recall"]), (&"exact".into(), &1.0.into()));
    let close =
        |told: &serde_json::Value| (told["value"].as_f64().unwrap() - all["value"].as_f64().unwrap()).abs();
    assert!(close(&told) < 1e-4 && sought.len() == dense.len(), "{sought:?} {dense:?}");
    let (told, _) = with(&["--neighbors", "5", "--search", "cells", "--probes", "2"]);
    assert_eq!((&told["neighbors"]["method"], &told["neighbors"]["n_probes"]), (&"cells".into(), &2.into()));
    let text = [&["coreset"], &base[..], &["--neighbors", "5", "--search", "cells"]].concat();
    let text = String::from_utf8(curriculum(&text).stdout).unwrap();
    assert!(
        text.contains("5 neighbours of each, itself among them, sought in ") && text.contains(" % of the nearest"),
        "{text}"
    );
    let (told, _) = with(&["--neighbors", "5", "--labels", &folder.path("labels.npy")]);
    assert_eq!(told["classes"].as_array().unwrap().len(), 3);

    // As `distance` and faiss write them, and as SciPy does.
    let graph = folder.path("graph.npz");
    let printed = curriculum(&["distance", &input, "--neighbors", &graph, "-k", "59", "--distance", "cosine"]);
    assert!(printed.status.success());
    let faiss = folder.path("faiss.npz");
    write_npz(&faiss, [("I", &all_others())]).unwrap();
    let csr = folder.csr("csr.npz", &all_others().to_indices().unwrap(), &[1.0; N * (N - 1)]);
    let npy = folder.npy("indices.npy", &[N, N - 1], all_others().into_data());
    for file in [&graph, &faiss, &csr, &npy] {
        let (told, order) = with(&["--neighbors", file]);
        assert_eq!(order, sought, "{file}");
        assert_eq!(told["neighbors"]["file"], json!(file));
    }
    let refused = |more: &[&str]| refusal(&[&base[..], more].concat());
    let mut indices = all_others().to_indices().unwrap().into_iter().map(|index| index as i64).collect::<Vec<_>>();
    indices[3 * (N - 1) + 2] = 60;
    let beyond = folder.npy("beyond.npy", &[N, N - 1], ArrayData::I64(indices.clone()));
    let message = refused(&["--neighbors", &beyond]);
    assert!(message.contains("beyond.npy: row 3: neighbour 60, expected an index below 60"), "{message}");
    indices[3 * (N - 1) + 2] = -1;
    with(&["--neighbors", &folder.npy("none.npy", &[N, N - 1], ArrayData::I64(indices.clone()))]);
    indices[3 * (N - 1) + 2] = 0;
    let message = refused(&["--neighbors", &folder.npy("twice.npy", &[N, N - 1], ArrayData::I64(indices))]);
    assert!(message.contains("twice.npy") && message.contains("example 3 is 0 twice"), "{message}");
    let short = folder.npy("short.npy", &[2, 2], ArrayData::I64(vec![0; 4]));
    assert!(refused(&["--neighbors", &short]).contains("short.npy: indices of shape [2, 2], expected [60, K]"));
    assert!(refused(&["--neighbors", "0"]).contains("neighbors is 0"));
    assert!(refused(&["--neighbors", &graph, "--probes", "3"]).contains("expected --neighbors K"));
    let message = refusal(&[&input, "--method", "herding", "--count", "4", "-o", &out, "--neighbors", "5"]);
    assert!(
        message.contains("facility-location, graph-cut, sum-redundancy, saturated-coverage, craig"),
        "{message}"
    );
}

impl Folder {
    /// A SciPy CSR matrix of as many columns in each row.
    fn csr(&self, name: &str, columns: &[usize], values: &[f32]) -> String {
        let k = columns.len() / N;
        let array = |shape: usize, data| Array::new(vec![shape], data).unwrap();
        let integers = |values: Vec<usize>| ArrayData::I32(values.into_iter().map(|value| value as i32).collect());
        let members = [
            ("indices", array(columns.len(), integers(columns.to_vec()))),
            ("indptr", array(N + 1, integers((0..=N).map(|row| row * k).collect()))),
            ("shape", array(2, integers(vec![N, N]))),
            ("data", array(values.len(), ArrayData::F32(values.to_vec()))),
        ];
        write_npz(self.path(name), members.iter().map(|(name, array)| (*name, array))).unwrap();
        self.path(name)
    }
}

#[test]
fn similarities_may_be_known() {
    let folder = Folder::new();
    let all = values();
    let of = |i: usize, j: usize| -> f32 {
        let squared: f32 = (0..D).map(|at| (all[i * D + at] - all[j * D + at]).powi(2)).sum();
        (-squared).exp()
    };
    let mut matrix: Vec<f32> = (0..N * N).map(|at| of(at / N, at % N)).collect();
    let out = folder.path("out.npy");
    let dense = folder.npy("matrix.npy", &[N, N], ArrayData::F32(matrix.clone()));
    let columns: Vec<usize> = (0..N * N).map(|at| at % N).collect();
    let sparse = folder.csr("matrix.npz", &columns, &matrix);
    for method in ["facility-location", "graph-cut", "saturated-coverage"] {
        let base = ["--method", method, "--count", "8", "-o", &out];
        let precomputed = ["--option", "similarity=precomputed"];
        let told = report(&[&[dense.as_str()], &base[..], &precomputed].concat());
        assert_eq!(told["options"]["similarity"], "precomputed");
        let order = folder.order("out.npy");
        report(&[&[sparse.as_str()], &base[..], &precomputed].concat());
        assert_eq!(folder.order("out.npy"), order, "{method}");
        // It is not taken for features in silence.
        let message = refusal(&[&[dense.as_str()], &base[..]].concat());
        assert!(message.contains("[60, 60]") && message.contains("similarity=precomputed"), "{message}");
        report(&[&[dense.as_str()], &base[..], &["--option", "similarity=max-squared"]].concat());
    }
    let precomputed =
        ["--method", "facility-location", "--count", "8", "-o", &out, "--option", "similarity=precomputed"];
    let refused = |file: &str| refusal(&[&[file], &precomputed[..]].concat());
    matrix[3 * N + 2] += 0.125;
    let asymmetric = folder.npy("asymmetric.npy", &[N, N], ArrayData::F32(matrix.clone()));
    let message = refused(&asymmetric);
    assert!(
        message.contains("asymmetric.npy: row 3: similarity ") && message.contains(" to 2, whose to 3 is "),
        "{message}"
    );
    let message = refused(&folder.csr("asymmetric.npz", &columns, &matrix));
    assert!(message.contains("asymmetric.npz: ") && message.contains("symmetric similarities"), "{message}");
    matrix[3 * N + 2] = -0.5;
    let message = refused(&folder.npy("negative.npy", &[N, N], ArrayData::F32(matrix.clone())));
    assert!(message.contains("negative.npy: row 3: similarity -0.5 to 2"), "{message}");
    let message = refused(&folder.csr("negative.npz", &columns, &matrix));
    assert!(message.contains("negative.npz: similarity of example 3 is -0.5 to 2"), "{message}");
    let message = refused(&folder.path("features.npy"));
    assert!(message.contains("shape [60, 3], expected as many rows as columns"), "{message}");
    let message = refusal(&[&[dense.as_str()], &precomputed[..], &["--neighbors", "5"]].concat());
    assert!(message.starts_with("--neighbors does not go with"), "{message}");
}

#[test]
fn a_sample_is_represented() {
    let folder = Folder::new();
    let (input, out) = (folder.path("features.npy"), folder.path("out.npy"));
    let base = [input.as_str(), "--count", "8", "-o", &out, "--clients"];
    let told = report(&[&base[..], &["20", "--method", "facility-location"]].concat());
    let sqrt = (40.0f64.ln() / 40.0).sqrt();
    assert!((told["clients"]["bound"].as_f64().unwrap() - sqrt).abs() < 1e-12, "{told}");
    assert!(told["nearest"]["mean"].as_f64().unwrap() > 0.0);
    let told = report(&[&base[..], &["60", "--method", "facility-location"]].concat());
    let sampled = told["value"].as_f64().unwrap();
    let told = report(&[&input, "--count", "8", "-o", &out, "--method", "facility-location"]);
    assert!((sampled - told["value"].as_f64().unwrap()).abs() < 1e-9 * sampled);
    assert!(refusal(&[&base[..], &["61", "--method", "facility-location"]].concat()).contains("--clients"));
    let message = refusal(&[&base[..], &["20", "--method", "herding"]].concat());
    assert!(message.contains("herding represents all examples alike"), "{message}");
}
