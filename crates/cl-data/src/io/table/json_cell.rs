use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A value of a JSON object, as a column of a table can hold it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum JsonCell {
    Null,
    Flag(bool),
    Integer(i64),
    /// A larger one.
    Large(u64),
    Number(f64),
    Text(String),
    List(Vec<f64>),
    /// What no column holds, by its name.
    Other(&'static str),
}

impl<'de> Deserialize<'de> for JsonCell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = JsonCell;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<JsonCell, E> {
        Ok(JsonCell::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<JsonCell, E> {
        Ok(JsonCell::Flag(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<JsonCell, E> {
        Ok(JsonCell::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<JsonCell, E> {
        Ok(i64::try_from(value).map_or(JsonCell::Large(value), JsonCell::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<JsonCell, E> {
        Ok(JsonCell::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<JsonCell, E> {
        Ok(JsonCell::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<JsonCell, A::Error> {
        let (mut list, mut other, mut inner) = (Vec::new(), None, None);
        while let Some(cell) = sequence.next_element::<JsonCell>()? {
            match cell {
                JsonCell::Null => list.push(f64::NAN),
                JsonCell::Flag(value) => list.push(f64::from(u8::from(value))),
                JsonCell::Integer(value) => list.push(value as f64),
                JsonCell::Large(value) => list.push(value as f64),
                JsonCell::Number(value) => list.push(value),
                JsonCell::Text(_) => other = Some("a list of texts"),
                // The outputs of a batch of one.
                JsonCell::List(numbers) if inner.is_none() && list.is_empty() => inner = Some(numbers),
                JsonCell::List(_) => other = Some("a list of lists"),
                JsonCell::Other(what) => other = Some(what),
            }
        }
        if inner.is_some() && !list.is_empty() {
            other = Some("a list of lists");
        }
        Ok(other.map_or_else(|| JsonCell::List(inner.unwrap_or(list)), JsonCell::Other))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonCell, A::Error> {
        let mut cell = JsonCell::Other("an object");
        while let Some((key, _)) = map.next_entry::<Cow<'de, str>, IgnoredAny>()? {
            // What stands for the numbers of Python that are no JSON.
            match &*key {
                "Infinity" => cell = JsonCell::Number(f64::INFINITY),
                "-Infinity" => cell = JsonCell::Number(f64::NEG_INFINITY),
                _ => {}
            }
        }
        Ok(cell)
    }
}

/// Calls `each` with the keys of an object and what reads their values; what is not read is passed over.
pub(super) struct Object<'a>(pub(super) &'a mut dyn FnMut(&str) -> Option<usize>, pub(super) &'a mut [JsonCell]);

impl<'de> serde::de::DeserializeSeed<'de> for Object<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match (self.0)(&key) {
                Some(at) if self.1[at] != JsonCell::Null => {
                    return Err(A::Error::custom(format_args!("key `{key}` is there twice, expected each once")));
                }
                Some(at) => self.1[at] = map.next_value()?,
                None => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}
