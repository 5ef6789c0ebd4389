//! `RandomState` against NumPy, value for value.

use cl_data::numpy::RandomState;
use serde_json::Value;
use sha2::{Digest, Sha256};

const SEEDS: [u32; 6] = [0, 1, 42, 123, 2024, u32::MAX];

fn fixtures() -> Value {
    serde_json::from_str(include_str!("fixtures/random_state.json")).unwrap()
}

fn hash(bytes: impl Iterator<Item = [u8; 8]>) -> String {
    let mut hash = Sha256::new();
    bytes.for_each(|bytes| hash.update(bytes));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first values are compared one by one, to show where a stream parts, and all by their hash.
fn expect_floats(fixtures: &Value, name: &str, found: &[f64]) {
    let expected = &fixtures[name];
    for (at, head) in expected["head"].as_array().unwrap_or_else(|| panic!("no {name}")).iter().enumerate() {
        assert_eq!(found[at].to_bits(), head.as_f64().unwrap().to_bits(), "{name} {at}");
    }
    assert_eq!(found.len() as u64, expected["n"], "{name}");
    assert_eq!(
        hash(found.iter().map(|value| value.to_le_bytes())),
        expected["sha256"].as_str().unwrap(),
        "{name}"
    );
}

fn expect_integers(fixtures: &Value, name: &str, found: &[u64]) {
    let expected = &fixtures[name];
    for (at, head) in expected["head"].as_array().unwrap_or_else(|| panic!("no {name}")).iter().enumerate() {
        assert_eq!(found[at], *head, "{name} {at}");
    }
    assert_eq!(found.len() as u64, expected["n"], "{name}");
    assert_eq!(
        hash(found.iter().map(|value| value.to_le_bytes())),
        expected["sha256"].as_str().unwrap(),
        "{name}"
    );
}

fn take<T>(n: usize, mut draw: impl FnMut() -> T) -> Vec<T> {
    (0..n).map(|_| draw()).collect()
}

fn unsigned(values: Vec<usize>) -> Vec<u64> {
    values.into_iter().map(|value| value as u64).collect()
}

#[test]
fn continuous_draws() {
    let fixtures = fixtures();
    for seed in SEEDS {
        let new = || RandomState::new(seed);
        let check = |name: &str, found: Vec<f64>| expect_floats(&fixtures, &format!("s{seed}_{name}"), &found);
        let (mut a, mut b, mut c, mut d, mut e, mut f) = (new(), new(), new(), new(), new(), new());
        check("random_sample", take(1000, || a.random_sample()));
        check("randn", take(1000, || b.randn()));
        check("randn_2d", take(21, || c.randn()));
        check("uniform_m1_3", take(100, || d.uniform(-1.0, 3.0)));
        check("normal_2_3", take(100, || e.normal(2.0, 3.0)));
        check("exponential", take(100, || f.exponential(1.0)));
        // Seven Gaussians leave the eighth cached, which survives a draw of another kind.
        let mut rng = new();
        let mut odd = take(7, || rng.randn());
        odd.push(rng.random_sample());
        odd.extend(take(3, || rng.randn()));
        check("randn_odd_then_more", odd);
    }
}

#[test]
fn discrete_draws() {
    let fixtures = fixtures();
    for seed in SEEDS {
        let new = || RandomState::new(seed);
        let check = |name: &str, found: Vec<u64>| expect_integers(&fixtures, &format!("s{seed}_{name}"), &found);
        let mut rng = new();
        check("raw_u32", take(1000, || rng.next_u32().into()));
        let mut rng = new();
        check("bitgen_random_raw", take(1300, || rng.next_u32().into()));
        for n in [1, 2, 3, 5, 10, 16, 17, 100, 200, 255, 256, 257, 1000] {
            check(&format!("permutation_{n}"), unsigned(new().permutation(n)));
        }
        let mut rng = new();
        take(2, || rng.randn());
        check("perm200_x3_after_randn2", take(3, || unsigned(rng.permutation(200))).concat());
        let mut items: Vec<u64> = (0..50).collect();
        new().shuffle(&mut items);
        check("shuffle50", items);
        for (name, high) in [("randint_0_10_x100", 10), ("randint_0_1000_x100", 1000), ("randint_7_x100", 7)] {
            let mut rng = new();
            check(name, take(100, || rng.randint(0, high).unwrap() as u64));
        }
        check("choice100_20_noreplace", unsigned(new().choice_without_replacement(100, 20).unwrap()));
        check("choice100_20_replace", unsigned(new().choice(100, 20).unwrap()));
        check("choice5_p", unsigned(new().choice_weighted(&[0.1, 0.2, 0.3, 0.25, 0.15], 100).unwrap()));
    }
    expect_integers(&fixtures, "perm_10000_s42", &unsigned(RandomState::new(42).permutation(10_000)));
    // Above 65 536 items the mask needs more than 16 bits.
    expect_integers(&fixtures, "perm_70000_s42_head", &unsigned(RandomState::new(42).permutation(70_000))[..1000]);
}

#[test]
fn seeding_by_array_is_another_seeding() {
    let fixtures = fixtures();
    let mut rng = RandomState::from_key(&[1, 2, 3]);
    expect_floats(&fixtures, "array_seed_1_2_3_random_sample", &take(100, || rng.random_sample()));
    let mut rng = RandomState::from_key(&[42]);
    expect_floats(&fixtures, "array_seed_42_random_sample", &take(10, || rng.random_sample()));
    assert_ne!(RandomState::new(42).next_u32(), RandomState::from_key(&[42]).next_u32());
}

#[test]
fn impossible_draws_are_refused() {
    let mut rng = RandomState::new(0);
    assert!(rng.randint(3, 3).is_err());
    assert!(rng.choice(0, 1).is_err());
    assert!(rng.choice(0, 0).unwrap().is_empty());
    assert!(rng.choice_without_replacement(3, 4).is_err());
    for p in [&[0.5, 0.4][..], &[-0.5, 1.5], &[f64::NAN, 1.0], &[]] {
        assert!(rng.choice_weighted(p, 1).is_err(), "{p:?}");
    }
}
