//! Text from files and arguments as people are shown it: what would steer a terminal or hide in the text is written
//! out (`\u{1b}`, `\n`), what would flood it is shortened. Data is never passed through here.

use std::borrow::Cow;

/// Characters beyond which a name is shortened. No file's name is longer.
const LONGEST: usize = 255;

/// Characters beyond which a message is shortened, whatever its words are.
const LONGEST_MESSAGE: usize = 4000;

/// One line, every character of it visible.
///
/// ```
/// use cl_study::shown;
///
/// assert_eq!(shown::line("cat\u{1b}[2J\nerror: dog"), "cat\\u{1b}[2J\\nerror: dog");
/// assert_eq!(shown::line("Übung 3, \"größer\" \\ 'né'"), "Übung 3, \"größer\" \\ 'né'");
/// ```
pub fn line(text: &str) -> Cow<'_, str> {
    written_out(text, is_hidden)
}

/// Several lines, each as [`line`](fn@line): of text that we wrote ourselves around what others did.
pub fn lines(text: &str) -> Cow<'_, str> {
    written_out(text, |character| character != '\n' && is_hidden(character))
}

/// An id, a class, a column: [`line`](fn@line), in its middle shortened where it is too long to be read.
///
/// ```
/// use cl_study::shown;
///
/// let id = "0123456789".repeat(1000);
/// let name = shown::name(&id);
/// assert!(name.len() <= 255 && name.starts_with("0123") && name.contains("...") && name.ends_with("6789"));
/// ```
pub fn name(text: &str) -> Cow<'_, str> {
    shortened(line(text), LONGEST)
}

/// A message that quotes what stands in files: [`line`](fn@line), with each word (parts of a path count as words) shortened as
/// a [`name`] is, and the whole where it is thousands of characters long.
pub fn message(text: &str) -> Cow<'_, str> {
    let mut text = line(text);
    if text.len() > LONGEST {
        let ends_word = |character: char| character.is_whitespace() || character == '/';
        // With the quotation marks and colons around a name.
        let words = text.split_inclusive(ends_word).map(|word| shortened(word.into(), LONGEST + 5));
        text = words.collect::<String>().into();
    }
    shortened(text, LONGEST_MESSAGE)
}

/// JSON with the same values that holds hidden characters as escapes alone, as it is printed.
///
/// ```
/// use cl_study::shown;
///
/// assert_eq!(shown::json("[\"\u{202e}\u{e0041}\"]\n"), "[\"\\u202e\\udb40\\udc41\"]\n");
/// ```
pub fn json(text: &str) -> Cow<'_, str> {
    // JSON has these of the control characters between its values; within them there are none.
    let is_hidden = |character: char| !matches!(character, '\n' | '\r' | '\t') && is_hidden(character);
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut written = String::with_capacity(text.len() + 64);
    for character in text.chars() {
        if is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                written += &format!("\\u{unit:04x}");
            }
        } else {
            written.push(character);
        }
    }
    written.into()
}

fn written_out(text: &str, is_hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_hidden) {
        return text.into();
    }
    let mut written = String::with_capacity(text.len() + 64);
    for character in text.chars() {
        if is_hidden(character) { written.extend(character.escape_default()) } else { written.push(character) }
    }
    written.into()
}

/// The beginning, `...` and the end, together `longest` characters, where a text is longer.
fn shortened(text: Cow<'_, str>, longest: usize) -> Cow<'_, str> {
    const MARK: &str = "...";
    // A character has at least a byte.
    if text.len() <= longest || text.chars().nth(longest).is_none() {
        return text;
    }
    let n_end = longest / 3;
    let n_start = longest - MARK.len() - n_end;
    let byte = |at: Option<(usize, char)>| at.map_or(text.len(), |(byte, _)| byte);
    let (start, end) = (byte(text.char_indices().nth(n_start)), byte(text.char_indices().rev().nth(n_end - 1)));
    format!("{}{MARK}{}", &text[..start], &text[end..]).into()
}

/// Whether a character is not seen but does something: control characters (C0, DEL, C1), format characters (which
/// turn the direction of text, join or hide; not the visible ones of Arabic and Kaithi numbers), separators of lines
/// and paragraphs, and what is no character, which XML forbids.
fn is_hidden(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{70f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
            | '\u{fdd0}'..='\u{fdef}')
        || u32::from(character) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What terminals, viewers of SVG and browsers have been steered by.
    const HOSTILE: [char; 16] = [
        '\0', '\u{7}', '\u{8}', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{9d}', '\u{202e}',
        '\u{2066}', '\u{200b}', '\u{feff}', '\u{ffff}',
    ];

    #[test]
    fn what_is_seen_stays_and_what_steers_is_written_out() {
        let plain = "naïve 日本語　デデ हिन्दी العربية ٣ עברית 👍🏽 \"'\\ <&> \u{301}a\u{a0}b";
        for shown in [line(plain), lines(plain), name(plain), message(plain), json(plain)] {
            assert!(matches!(shown, Cow::Borrowed(text) if text == plain));
        }
        for hostile in HOSTILE {
            let text = format!("a{hostile}b");
            assert!(line(&text).chars().all(|character| matches!(character, ' '..='~')), "{:?}", line(&text));
            assert!(line(&text).starts_with("a\\"));
            assert_eq!(lines(&text).contains('\n'), hostile == '\n');
            let quoted = serde_json::to_string(&text).unwrap();
            assert!(json(&quoted).is_ascii() && !json(&quoted).contains(hostile));
            assert_eq!(serde_json::from_str::<String>(&json(&quoted)).unwrap(), text);
        }
    }

    #[test]
    fn paths_stay_whole_in_messages_and_what_floods_does_not() {
        let path = format!("/{}/{}.csv", "folder/".repeat(100), "x".repeat(250));
        assert_eq!(message(&path), path);
        let flood = message(&format!("{path}: id \"{}\" twice", "q".repeat(1 << 20))).into_owned();
        assert!(flood.starts_with(&path) && flood.ends_with("qq\" twice") && flood.len() < path.len() + 300);
        let of_words = format!("a.csv: id \"{}\" twice", "many words ".repeat(1 << 16));
        assert!(message(&of_words).starts_with("a.csv: id \"many") && message(&of_words).ends_with("\" twice"));
        assert_eq!(message(&of_words).len(), LONGEST_MESSAGE);
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left_and_nothing_is_too_long(
            text in proptest::collection::vec(
                prop_oneof![any::<char>(), proptest::sample::select(&HOSTILE[..]), Just('a')],
                0..600,
            )
            .prop_map(String::from_iter),
        ) {
            for shown in [line(&text), lines(&text), name(&text), message(&text)] {
                prop_assert!(!shown.contains(|c: char| c != '\n' && (c.is_control() || is_hidden(c))));
            }
            prop_assert_eq!(lines(&text).matches('\n').count(), text.matches('\n').count());
            prop_assert!(name(&text).chars().count() <= LONGEST);
            prop_assert!(name(&text) == line(&text) || name(&text).contains("..."));
            let quoted = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<String>(&json(&quoted)).unwrap(), text);
        }
    }
}
