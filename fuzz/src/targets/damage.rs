//! Saved forms, damaged where their checksums do not show it: what was changed is sealed again.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};

use super::input::Input;

/// Changes of a round.
const MOST: usize = 8;

/// Numbers at which something may end.
const NUMBERS: [u64; 16] = [
    0,
    1,
    2,
    3,
    7,
    255,
    65_535,
    65_536,
    (1 << 24) - 1,
    u32::MAX as u64 - 1,
    u32::MAX as u64,
    1 << 53,
    i64::MAX as u64,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

const FLOATS: [f64; 8] = [-1.0, -0.0, 0.5, 1e-320, 1e308, -1e308, 1e300, 1e-9];

/// A form that serde writes, damaged as JSON or as what postcard makes of it; `None` where that is refused.
pub(crate) fn restored<T: Serialize + DeserializeOwned>(saved: &T, input: &mut Input<'_>) -> Option<T> {
    match (input.byte(), postcard::to_stdvec(saved)) {
        (0, _) => serde_json::from_slice(input.rest()).ok(),
        (choice, Ok(saved)) if choice & 1 == 1 => postcard::from_bytes(&bytes(&saved, input)).ok(),
        _ => {
            let text = serde_json::to_string(saved).expect("a state can be written");
            serde_json::from_str(&json(&text, input)).ok()
        }
    }
}

/// What was restored is written and read again as it is: by postcard, which loses nothing, where it can.
pub(crate) fn written_again<T: Serialize + DeserializeOwned>(state: &T) {
    let Ok(written) = postcard::to_stdvec(state) else { return };
    match postcard::from_bytes::<T>(&written) {
        Ok(read) => assert!(postcard::to_stdvec(&read).is_ok_and(|again| again == written), "it is another"),
        // Forms that tell what they are of cannot be had from it.
        Err(error) => assert_eq!(error, postcard::Error::WontImplement, "what was written cannot be read"),
    }
}

/// A text of JSON, damaged and sealed as it was.
pub(crate) fn json(saved: &str, input: &mut Input<'_>) -> String {
    let mut value: Value = serde_json::from_str(saved).expect("what was saved is JSON");
    let sealed = is_sealed(saved);
    if let (true, Value::Object(members)) = (sealed, &mut value) {
        members.remove("sha256");
    }
    for _ in 0..MOST {
        if input.is_empty() {
            break;
        }
        change(&mut value, input);
    }
    let object = value.to_string();
    match object.strip_suffix('}') {
        Some(open) if sealed => format!("{open}{KEY}{}\"}}", hex(object.as_bytes())),
        _ => object,
    }
}

const KEY: &str = ",\"sha256\":\"";

/// Whether the last member of an object is the checksum of all before it.
fn is_sealed(saved: &str) -> bool {
    let Some((before, digits)) = saved.rsplit_once(KEY) else { return false };
    hex(format!("{before}}}").as_bytes()) == digits.trim_end_matches(['"', '}'])
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Changes one of the values within.
fn change(value: &mut Value, input: &mut Input<'_>) {
    let choice = usize::from(input.byte());
    match value {
        Value::Object(members) if !members.is_empty() && choice < 250 => {
            let at = choice % members.len();
            if let Some(member) = members.values_mut().nth(at) {
                change(member, input);
            }
        }
        Value::Array(elements) if !elements.is_empty() && choice < 200 => {
            let at = choice % elements.len();
            change(&mut elements[at], input);
        }
        Value::Array(elements) if !elements.is_empty() => {
            let (at, other) = (choice % elements.len(), usize::from(input.byte()) % elements.len());
            match choice % 4 {
                0 => drop(elements.remove(at)),
                1 => elements.swap(at, other),
                2 => elements[at] = elements[other].clone(),
                _ => elements.push(elements[at].clone()),
            }
        }
        value => *value = another(value, choice, input),
    }
}

/// A value in place of one.
fn another(value: &Value, choice: usize, input: &mut Input<'_>) -> Value {
    let float = |number: f64| Number::from_f64(number).map_or(Value::Null, Value::Number);
    match choice % 16 {
        0..=4 => NUMBERS[usize::from(input.byte()) % NUMBERS.len()].into(),
        5 => input.byte().into(),
        6 => float(FLOATS[usize::from(input.byte()) % FLOATS.len()]),
        7 => float(f64::from_bits(wide(input))),
        8 => wide(input).into(),
        9 => Value::Null,
        10 => (choice & 16 == 0).into(),
        11 => String::from_utf8_lossy(input.part()).into_owned().into(),
        12 => match value {
            Value::Number(number) => number.as_u64().map_or_else(|| value.clone(), |n| n.wrapping_add(1).into()),
            _ => value.clone(),
        },
        13 => Value::Array(vec![value.clone(); usize::from(input.byte()) % 4]),
        14 => Value::Object(Map::new()),
        _ => float(value.as_f64().map_or(-1.0, |number| -number)),
    }
}

fn wide(input: &mut Input<'_>) -> u64 {
    input.take(8).iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Bytes, damaged and sealed as they were: with (a part of) the hash of all before it, as bytes or as digits, or not.
pub(crate) fn bytes(saved: &[u8], input: &mut Input<'_>) -> Vec<u8> {
    let n_hash = [32, 16, 8, 4].into_iter().find(|&n| {
        let at = saved.len().saturating_sub(n);
        Sha256::digest(&saved[..at])[..saved.len() - at] == saved[at..] && at > 0
    });
    let digits = saved.len().checked_sub(65).filter(|&at| saved[at + 1..] == *hex(&saved[..at]).as_bytes());
    let end = digits.unwrap_or(saved.len() - n_hash.unwrap_or(0));
    let mut changed = saved[..end].to_vec();
    for _ in 0..MOST {
        if input.is_empty() || changed.is_empty() {
            break;
        }
        change_bytes(&mut changed, input);
    }
    match (n_hash, digits) {
        (_, Some(at)) => {
            let digits = hex(&changed);
            changed.push(saved[at]);
            changed.extend_from_slice(digits.as_bytes());
        }
        (Some(n), None) => {
            let hash = Sha256::digest(&changed);
            changed.extend_from_slice(&hash[..n]);
        }
        (None, None) => {}
    }
    changed
}

fn change_bytes(bytes: &mut Vec<u8>, input: &mut Input<'_>) {
    let at = input.number() % bytes.len();
    match input.byte() % 8 {
        0 => bytes[at] = input.byte(),
        1 => bytes[at] ^= 1 << (input.byte() % 8),
        2 => bytes.insert(at, input.byte()),
        3 => drop(bytes.remove(at)),
        4 => bytes.truncate(at),
        // As postcard writes numbers.
        5 => {
            let number = postcard::to_stdvec(&NUMBERS[usize::from(input.byte()) % NUMBERS.len()]);
            drop(bytes.splice(at..=at, number.unwrap_or_default()));
        }
        6 => {
            let float = FLOATS[usize::from(input.byte()) % FLOATS.len()].to_le_bytes();
            let end = bytes.len().min(at + float.len());
            bytes[at..end].copy_from_slice(&float[..end - at]);
        }
        _ => {
            let part = input.part();
            drop(bytes.splice(at..at, part.iter().copied()));
        }
    }
}
