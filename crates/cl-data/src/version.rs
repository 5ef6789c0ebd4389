use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version of a saved form: the first field of what is written, and of another one nothing is read.
///
/// ```
/// use cl_data::Version;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Saved {
///     version: Version<2>,
///     epoch: u64,
/// }
/// assert!(serde_json::from_str::<Saved>(r#"{"version": 2, "epoch": 7}"#).is_ok());
/// let error = serde_json::from_str::<Saved>(r#"{"version": 1, "epoch": 7}"#).err().unwrap();
/// assert!(error.to_string().starts_with("saved in version 1, expected version 2"));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Version<const N: u32>;

impl<const N: u32> Serialize for Version<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        N.serialize(serializer)
    }
}

impl<'de, const N: u32> Deserialize<'de> for Version<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(u32::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// For forms whose format cannot carry a message.
impl<const N: u32> TryFrom<u32> for Version<N> {
    type Error = String;

    fn try_from(found: u32) -> Result<Self, String> {
        match found == N {
            true => Ok(Self),
            false => Err(format!("saved in version {found}, expected version {N}")),
        }
    }
}
