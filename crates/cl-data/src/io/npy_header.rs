use super::MAX_AXES;
use super::array::Array;
use super::element::ElementType;

pub(crate) const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// What a `.npy` file says of its data.
#[derive(Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) element: ElementType,
    pub(crate) big_endian: bool,
    pub(crate) fortran_order: bool,
    pub(crate) shape: Vec<usize>,
}

/// The header's dictionary. A parser of all Python literals would recurse as deeply as a file tells it to.
pub(crate) fn parse_header(text: &[u8]) -> Result<Header, String> {
    let text = std::str::from_utf8(text).map_err(|error| format!("{error}, expected text in UTF-8"))?;
    let mut rest = Literal(text);
    let (mut element, mut fortran_order, mut shape) = (None, None, None);
    rest.expect('{')?;
    while !rest.take('}') {
        let key = rest.string()?;
        rest.expect(':')?;
        let repeated = match key {
            "descr" => element.replace(rest.element_type()?).is_some(),
            "fortran_order" => fortran_order.replace(rest.truth()?).is_some(),
            "shape" => shape.replace(rest.shape()?).is_some(),
            _ => return Err(format!("key {key:?}, expected descr, fortran_order and shape")),
        };
        if repeated {
            return Err(format!("key {key:?} occurs twice, expected each once"));
        }
        if !rest.take(',') {
            rest.expect('}')?;
            break;
        }
    }
    if !rest.0.trim().is_empty() {
        return Err(format!("{:?} after the dictionary, expected nothing", excerpt(rest.0.trim())));
    }
    let missing = |key| format!("no key {key:?}, expected descr, fortran_order and shape");
    let (element, big_endian) = element.ok_or_else(|| missing("descr"))?;
    Ok(Header {
        element,
        big_endian,
        fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
        shape: shape.ok_or_else(|| missing("shape"))?,
    })
}

/// The unread rest of a Python literal.
struct Literal<'a>(&'a str);

impl<'a> Literal<'a> {
    fn take(&mut self, symbol: char) -> bool {
        let text = self.0.trim_start();
        let rest = text.strip_prefix(symbol);
        self.0 = rest.unwrap_or(text);
        rest.is_some()
    }

    fn expect(&mut self, symbol: char) -> Result<(), String> {
        if self.take(symbol) { Ok(()) } else { Err(format!("{:?}, expected {symbol:?}", excerpt(self.0))) }
    }

    fn string(&mut self) -> Result<&'a str, String> {
        let quote = if self.take('\'') {
            '\''
        } else if self.take('"') {
            '"'
        } else {
            return Err(format!("{:?}, expected a quoted text", excerpt(self.0)));
        };
        let (text, rest) =
            self.0.split_once(quote).ok_or("a quoted text that does not end, expected its quote")?;
        self.0 = rest;
        Ok(text)
    }

    fn truth(&mut self) -> Result<bool, String> {
        let text = self.0.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = text.strip_prefix(word) {
                self.0 = rest;
                return Ok(value);
            }
        }
        Err(format!("{:?}, expected True or False", excerpt(text)))
    }

    fn shape(&mut self) -> Result<Vec<usize>, String> {
        let mut shape = Vec::new();
        self.expect('(')?;
        while !self.take(')') {
            if shape.len() == MAX_AXES {
                return Err(format!("a shape of more than {MAX_AXES} axes, expected at most as many"));
            }
            let text = self.0.trim_start();
            let (digits, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
            if digits.is_empty() {
                return Err(format!("{:?}, expected a dimension of the shape", excerpt(text)));
            }
            let overflow = |_| format!("dimension {}, expected at most {}", excerpt(digits), usize::MAX);
            shape.push(digits.parse().map_err(overflow)?);
            // Python 2 wrote long integers with an L.
            self.0 = rest.strip_prefix('L').unwrap_or(rest);
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(shape)
    }

    fn element_type(&mut self) -> Result<(ElementType, bool), String> {
        const KNOWN: &str = "bool, int8 to int64, uint8 to uint64, float16 to float64, or texts (U, S)";
        if self.0.trim_start().starts_with('[') {
            return Err(format!("descr is a record type, expected {KNOWN}"));
        }
        let name = self.string()?;
        let unknown = || format!("descr {:?}, expected {KNOWN}", excerpt(name));
        let (order, kind) = match name.chars().next() {
            Some(order @ ('<' | '>' | '|' | '=')) => (order, &name[1..]),
            _ => ('=', name),
        };
        let width = |digits: &str| digits.parse().ok().filter(|&width| width > 0).ok_or_else(unknown);
        let element = match kind {
            "b1" | "?" => ElementType::Bool,
            "i1" => ElementType::I8,
            "i2" => ElementType::I16,
            "i4" => ElementType::I32,
            "i8" => ElementType::I64,
            "u1" => ElementType::U8,
            "u2" => ElementType::U16,
            // What NumPy has of a bfloat16, which it does not know: its bits.
            "V2" => return Ok((ElementType::U16, order == '>')),
            "u4" => ElementType::U32,
            "u8" => ElementType::U64,
            "f2" => ElementType::F16,
            "f4" => ElementType::F32,
            "f8" => ElementType::F64,
            "O" => {
                return Err(
                    "descr \"O\": Python objects are not read, expected an array of numbers or texts".into()
                );
            }
            _ => match kind.split_at_checked(1) {
                Some(("U", digits)) => ElementType::Unicode(width(digits)?),
                Some(("S", digits)) => ElementType::Bytes(width(digits)?),
                _ => return Err(unknown()),
            },
        };
        let one_byte = element.n_bytes() == 1 || matches!(element, ElementType::Bytes(_));
        // `=` is the writing machine's order, which only the writer knows.
        if !one_byte && matches!(order, '|' | '=') {
            return Err(format!("descr {name:?} tells no byte order, expected < or >"));
        }
        Ok((element, order == '>'))
    }
}

/// The beginning of a text, for a message.
fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

/// All of a `.npy` file before its data: version 1.0, little endian, C order.
pub(crate) fn header_bytes(array: &Array) -> Vec<u8> {
    header_of(array.element_type(), array.shape())
}

/// The header of an array of this type and shape.
pub(crate) fn header_of(element: ElementType, shape: &[usize]) -> Vec<u8> {
    let type_string = match element {
        ElementType::Bool => "|b1".into(),
        ElementType::I8 => "|i1".into(),
        ElementType::I16 => "<i2".into(),
        ElementType::I32 => "<i4".into(),
        ElementType::I64 => "<i8".into(),
        ElementType::U8 => "|u1".into(),
        ElementType::U16 => "<u2".into(),
        ElementType::U32 => "<u4".into(),
        ElementType::U64 => "<u8".into(),
        ElementType::F16 => "<f2".into(),
        ElementType::F32 => "<f4".into(),
        ElementType::F64 => "<f8".into(),
        ElementType::Unicode(width) => format!("<U{width}"),
        ElementType::Bytes(width) => format!("|S{width}"),
    };
    let one_axis = shape.len() == 1;
    let mut shape = shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    if one_axis {
        shape.push(',');
    }
    let mut text = format!("{{'descr': '{type_string}', 'fortran_order': False, 'shape': ({shape}), }}");
    // Data begin at a multiple of 64; the header ends in a newline.
    let length_bytes = if text.len() + 74 > usize::from(u16::MAX) { 4 } else { 2 };
    let unpadded = 8 + length_bytes + text.len() + 1;
    text.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    text.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([if length_bytes == 4 { 2 } else { 1 }, 0]);
    bytes.extend(&(text.len() as u32).to_le_bytes()[..length_bytes]);
    bytes.extend(text.bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Header, String> {
        parse_header(text.as_bytes())
    }

    #[test]
    fn headers_of_numpy_are_understood() {
        let header = parse("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }   \n").unwrap();
        let expected =
            Header { element: ElementType::F64, big_endian: false, fortran_order: false, shape: vec![3, 4] };
        assert_eq!(header, expected);
        let header = parse("{'descr':\">U12\",'shape':(7L,),'fortran_order':True}").unwrap();
        let expected =
            Header { element: ElementType::Unicode(12), big_endian: true, fortran_order: true, shape: vec![7] };
        assert_eq!(header, expected);
        assert!(parse("{'descr': '|b1', 'fortran_order': False, 'shape': ()}").unwrap().shape.is_empty());
    }

    #[test]
    fn other_headers_are_named() {
        let with = |descr: &str, shape: &str| {
            parse(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}")).unwrap_err()
        };
        assert!(with("'|O'", "(2,)").contains("Python objects"));
        assert!(with("'<f8'", &format!("({})", "1, ".repeat(65))).contains("a shape of more than 64 axes"));
        assert!(with("[('a', '<f8')]", "(2,)").contains("record type"));
        assert!(with("'<c16'", "(2,)").contains("\"<c16\", expected bool, int8"));
        assert!(with("'f8'", "(2,)").contains("byte order"));
        assert!(with("'<U0'", "(2,)").contains("\"<U0\""));
        assert!(with("'<f8'", "(-2,)").contains("\"-2,)}\", expected a dimension"));
        assert!(with("'<f8'", "(99999999999999999999,)").contains("expected at most"));
        assert!(parse("{'descr': '<f8', 'shape': (1,)}").unwrap_err().contains("no key \"fortran_order\""));
        assert!(parse("{'shape': (1,), 'shape': (1,)}").unwrap_err().contains("twice"));
        assert!(parse("{'size': 1}").unwrap_err().contains("key \"size\""));
        assert!(parse(&"(".repeat(60_000)).is_err());
    }
}
