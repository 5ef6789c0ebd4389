//! The article's data sets, bit for bit what its NumPy code draws.

use cl_data::Clusters;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn expect(fixtures: &Value, name: &str, found: &[f64]) {
    let expected = &fixtures[name];
    for (at, head) in expected["head"].as_array().unwrap_or_else(|| panic!("no {name}")).iter().enumerate() {
        assert_eq!(found[at].to_bits(), head.as_f64().unwrap().to_bits(), "{name} {at}");
    }
    assert_eq!(found.len() as u64, expected["n"], "{name}");
    let mut hash = Sha256::new();
    found.iter().for_each(|value| hash.update(value.to_le_bytes()));
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash, expected["sha256"].as_str().unwrap(), "{name}");
}

#[test]
fn data_and_difficulty_are_the_articles() {
    let fixtures: Value = serde_json::from_str(include_str!("fixtures/clusters.json")).unwrap();
    let sets = [
        (200, 42),
        (200, 0),
        (200, 1),
        (200, 7),
        (200, 123),
        (20, 42),
        (50, 3),
        (1000, 42),
        (7, 42),
        (2, 0),
        (4000, 2024),
    ];
    for (n, seed) in sets {
        let data = Clusters::default().generate(n, seed).unwrap();
        let name = |part: &str| format!("ds_n{n}_s{seed}_{part}");
        expect(&fixtures, &name("X"), data.features().as_slice());
        expect(&fixtures, &name("difficulty"), &Clusters::difficulty(&data));
        let (labels, y) = (data.labels(), &fixtures[name("y")]);
        assert_eq!(labels.len() as u64, y["n"]);
        assert_eq!(data.class_counts(), [n / 2, n / 2], "an odd n drops a row");
        assert!(labels.is_sorted());
    }
}

#[test]
fn no_example_is_no_data_and_bad_numbers_are_refused() {
    assert_eq!(Clusters::default().generate(1, 0).unwrap().n_examples(), 0);
    assert!(Clusters { std: -1.0, ..Clusters::default() }.generate(2, 0).is_err());
    assert!(Clusters { std: f64::NAN, ..Clusters::default() }.generate(2, 0).is_err());
    let centres = [[f64::INFINITY, 0.0], [2.0, 0.0]];
    assert!(Clusters { centres, ..Clusters::default() }.generate(2, 0).is_err());
}
