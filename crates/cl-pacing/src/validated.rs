/// Deserialises a type through its constructor, so that no file gives parameters that `new` refuses: the fields are
/// the arguments of `new`, in its order. The type says `#[serde(try_from = "Unchecked")]`.
macro_rules! deserialise_through_new {
    ($type:ident { $($field:ident: $of:ty),+ $(,)? }) => {
        #[derive(serde::Deserialize)]
        struct Unchecked {
            $($field: $of),+
        }

        impl TryFrom<Unchecked> for $type {
            type Error = $crate::error::PacingError;

            fn try_from(unchecked: Unchecked) -> Result<Self, $crate::error::PacingError> {
                Self::new($(unchecked.$field),+)
            }
        }
    };
}

pub(crate) use deserialise_through_new;
