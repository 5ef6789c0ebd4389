use std::fmt;

/// The element type of a stored array, under NumPy's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ElementType {
    /// `bool`, one byte.
    Bool,
    /// `int8`.
    I8,
    /// `int16`.
    I16,
    /// `int32`.
    I32,
    /// `int64`.
    I64,
    /// `uint8`.
    U8,
    /// `uint16`.
    U16,
    /// `uint32`.
    U32,
    /// `uint64`.
    U64,
    /// `float16`, read as `float32`, which holds all its values.
    F16,
    /// `float32`.
    F32,
    /// `float64`.
    F64,
    /// `<U`: so many Unicode characters of four bytes each.
    Unicode(usize),
    /// `|S`: so many bytes, read as UTF-8.
    Bytes(usize),
}

impl ElementType {
    /// Bytes per element; saturates for a text width that no file can hold.
    pub fn n_bytes(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
            Self::Unicode(width) => width.saturating_mul(4),
            Self::Bytes(width) => width,
        }
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Bool => "bool",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::F16 => "float16",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::Unicode(width) => return write!(formatter, "text of up to {width} characters"),
            Self::Bytes(width) => return write!(formatter, "text of up to {width} bytes"),
        };
        formatter.write_str(name)
    }
}

/// A text padded with zeros to the width of its type.
pub(crate) fn decode_text(element: ElementType, big_endian: bool, bytes: &[u8]) -> Result<String, String> {
    let text = if let ElementType::Unicode(_) = element {
        let (characters, _) = bytes.as_chunks();
        characters
            .iter()
            .map(|&bytes| if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
            .map(|code| char::from_u32(code).ok_or_else(|| format!("{code:#x}, expected a Unicode character")))
            .collect::<Result<String, String>>()?
    } else {
        String::from_utf8(bytes.to_vec()).map_err(|error| format!("{error}, expected text in UTF-8"))?
    };
    // NumPy pads with zeros.
    Ok(text.trim_end_matches('\0').to_owned())
}
