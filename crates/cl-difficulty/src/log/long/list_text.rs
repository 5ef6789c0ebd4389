/// The list of numbers that a text is, as programs write one into a field: `[1, 2]` and `(1, 2)` of Python, `[1. 2.]` of
/// NumPy, `array([1., 2.], dtype=float32)`, `tensor([1., 2.])`, `[np.float32(1.0), np.float32(2.0)]`, and any of them in a
/// list of its own, as of a batch of one.
pub(super) fn list_of_text(text: &str) -> Option<Vec<f64>> {
    let mut inner = bracketed(called(text).map_or(text, without_arguments))?;
    while let Some(innermost) = bracketed(inner) {
        inner = innermost;
    }
    numbers(inner)
}

/// Numbers between blanks alone, of which there are several: a comma may as well stand before decimals.
pub(super) fn bare_list(text: &str) -> Option<Vec<f64>> {
    numbers(text).filter(|list| list.len() > 1 && !text.contains(','))
}

fn numbers(text: &str) -> Option<Vec<f64>> {
    let parts = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty());
    parts.map(|part| number(called(part).unwrap_or(part))).collect()
}

fn number(text: &str) -> Option<f64> {
    match text {
        "None" | "null" => Some(f64::NAN),
        text => text.parse().ok(),
    }
}

/// What stands between the brackets around a text.
fn bracketed(text: &str) -> Option<&str> {
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inner.or_else(|| text.strip_prefix('(').and_then(|text| text.strip_suffix(')')))
}

/// What a call such as `np.float32(...)` is of.
fn called(text: &str) -> Option<&str> {
    let (name, rest) = text.trim().split_once('(')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'));
    if is_name { rest.strip_suffix(')') } else { None }
}

/// The first argument of a call, which is a list: without `, dtype=float32` behind it.
fn without_arguments(text: &str) -> &str {
    text.rfind([']', ')']).map_or(text, |end| &text[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_as_programs_write_them() {
        for text in [
            "[0.5, -2]",
            "[ 0.5 -2. ]",
            "(0.5, -2.0)",
            "[0.5,\n -2e0]",
            "array([ 0.5, -2. ], dtype=float32)",
            "tensor([0.5000, -2.0000], device='cuda:0')",
            "tensor([[0.5, -2.0]], grad_fn=<AddmmBackward0>)",
            "[np.float32(0.5), np.float32(-2.0)]",
            "[[0.5, -2.0]]",
        ] {
            assert_eq!(list_of_text(text), Some(vec![0.5, -2.0]), "{text}");
        }
        assert_eq!(list_of_text("[]"), Some(Vec::new()));
        assert!(list_of_text("[nan, None]").unwrap().iter().all(|value| value.is_nan()));
        for text in
            ["", "0.5", "0.5 -2", "[0.5", "0.5]", "[a]", "[0.5 ... -2.]", "[[1, 2], [3, 4]]", "f(1)", "é(1)"]
        {
            assert_eq!(list_of_text(text), None, "{text}");
        }
        assert_eq!(bare_list("0.5 -2"), Some(vec![0.5, -2.0]));
        for text in ["", "0.5", "0,5", "0,5 1,5", "a b"] {
            assert_eq!(bare_list(text), None, "{text}");
        }
    }
}
