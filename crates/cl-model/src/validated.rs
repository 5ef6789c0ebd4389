/// Deserialises a type through its constructor, so that no file gives settings that it refuses: the fields are the
/// constructor's arguments, in its order. The type says `#[serde(try_from = "Unchecked")]`.
macro_rules! deserialise_through {
    ($new:expr => $type:ident { $($field:ident: $of:ty),+ $(,)? }) => {
        #[derive(serde::Deserialize)]
        struct Unchecked {
            $($field: $of),+
        }

        impl TryFrom<Unchecked> for $type {
            type Error = $crate::error::ModelError;

            fn try_from(unchecked: Unchecked) -> Result<Self, $crate::error::ModelError> {
                $new($(unchecked.$field),+)
            }
        }
    };
}

pub(crate) use deserialise_through;
