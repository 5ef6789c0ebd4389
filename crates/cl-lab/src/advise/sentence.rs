use cl_study::shown;
use serde::Serialize;

/// A number or a name in a sentence, and where it stands in the JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// As it is written.
    pub text: String,
    /// The number that the text is; none for a name.
    pub value: Option<f64>,
    /// `%` where the number in the JSON is a share, of which the text has hundredths; else none.
    pub unit: Option<&'static str>,
    /// Where it stands: a JSON pointer (RFC 6901), such as `/noise/rate`.
    pub of: String,
}

/// A sentence of the page, with the facts that it is made of. Whatever has a digit in it is a fact.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sentence {
    /// The sentence.
    pub(super) text: String,
    /// Its numbers and names, in order.
    pub(super) facts: Vec<Fact>,
}

impl Sentence {
    /// One that begins with these words.
    pub(super) fn new(words: &str) -> Self {
        Self { text: words.to_owned(), facts: Vec::new() }
    }

    /// Words, without a number.
    pub(super) fn words(mut self, words: &str) -> Self {
        self.text += words;
        self
    }

    /// What another sentence says.
    pub(super) fn sentence(mut self, other: Self) -> Self {
        self.text += &other.text;
        self.facts.extend(other.facts);
        self
    }

    /// A whole number.
    pub(super) fn count(self, of: impl Into<String>, count: usize) -> Self {
        self.fact(count.to_string(), Some(count as f64), None, of.into())
    }

    /// A number with so many decimals.
    pub(super) fn number(self, of: impl Into<String>, value: f64, decimals: usize) -> Self {
        self.fact(without_sign_of_zero(format!("{value:.decimals$}")), Some(value), None, of.into())
    }

    /// A number with four digits that count, without zeros at its end.
    pub(super) fn short(self, of: impl Into<String>, value: f64) -> Self {
        let places = if value == 0.0 || !value.is_finite() { 0.0 } else { 3.0 - value.abs().log10().floor() };
        let decimals = places.clamp(0.0, 15.0) as usize;
        let mut text = format!("{value:.decimals$}");
        if text.contains('.') {
            text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
        }
        self.fact(without_sign_of_zero(text), Some(value), None, of.into())
    }

    /// A share in hundredths: one decimal, two below one hundredth.
    pub(super) fn percent(self, of: impl Into<String>, share: f64) -> Self {
        let hundredths = 100.0 * share;
        let decimals = if hundredths != 0.0 && hundredths.abs() < 1.0 { 2 } else { 1 };
        let text = without_sign_of_zero(format!("{hundredths:.decimals$}"));
        self.fact(text, Some(hundredths), Some("%"), of.into()).words(" %")
    }

    /// A share in whole hundredths.
    pub(super) fn whole_percent(self, of: impl Into<String>, share: f64) -> Self {
        self.fact(format!("{:.0}", 100.0 * share), Some(100.0 * share), Some("%"), of.into()).words(" %")
    }

    /// A name or a line, in which there may be digits.
    pub(super) fn name(self, of: impl Into<String>, name: &str) -> Self {
        self.fact(shown::name(name).into_owned(), None, None, of.into())
    }

    fn fact(mut self, text: String, value: Option<f64>, unit: Option<&'static str>, of: String) -> Self {
        // What is said is what is written: the value is that of the text.
        let value = value.map(|value| text.parse().unwrap_or(value));
        self.text += &text;
        self.facts.push(Fact { text, value, unit, of });
        self
    }
}

/// A zero has no sign.
fn without_sign_of_zero(text: String) -> String {
    match text.strip_prefix('-') {
        Some(zero) if zero.bytes().all(|byte| matches!(byte, b'0' | b'.')) => zero.to_owned(),
        _ => text,
    }
}

/// Why something cannot be said, and what would be needed to say it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CannotSay {
    /// Why.
    pub why: String,
    /// What would be needed.
    pub needed: String,
    #[serde(skip)]
    sentence: Sentence,
}

impl CannotSay {
    /// Because of `why`; `needed` would help. Neither ends with a point.
    pub(super) fn new(why: Sentence, needed: Sentence) -> Self {
        let (told, help) = (why.text.clone(), needed.text.clone());
        let sentence = Sentence::new("Cannot say: ").sentence(why).words(". Needed: ").sentence(needed).words(".");
        Self { why: told, needed: help, sentence }
    }

    /// Because of words alone.
    pub(super) fn because(why: &str, needed: &str) -> Self {
        Self::new(Sentence::new(why), Sentence::new(needed))
    }

    /// As the page has it.
    pub(super) fn sentence(&self) -> Sentence {
        self.sentence.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_recorded() {
        let sentence = Sentence::new("Of ")
            .count("/n", 1797)
            .words(" labels ")
            .percent("/rate", 0.1234)
            .words(" to ")
            .percent("/high", 0.00216)
            .words(" are wrong, ")
            .number("/difference", -0.04, 1)
            .words(" points.");
        assert_eq!(sentence.text, "Of 1797 labels 12.3 % to 0.22 % are wrong, 0.0 points.");
        let values: Vec<Option<f64>> = sentence.facts.iter().map(|fact| fact.value).collect();
        assert_eq!(values, [Some(1797.0), Some(12.3), Some(0.22), Some(0.0)]);
        assert_eq!(sentence.facts[1].of, "/rate");
        let short = |value| Sentence::default().short("/x", value).text;
        let written = [2.5, 1.0, 1234.56, 0.000_123_456, -0.0, 30.0].map(short);
        assert_eq!(written, ["2.5", "1", "1235", "0.0001235", "0", "30"]);
        // What would steer a terminal is written out.
        assert_eq!(Sentence::new("class ").name("/class", "a\u{1b}b").text, "class a\\u{1b}b");
        let cannot = CannotSay::new(Sentence::new("there are ").count("/n", 3), Sentence::new("more of them"));
        assert_eq!(cannot.sentence().text, "Cannot say: there are 3. Needed: more of them.");
        assert_eq!((cannot.sentence().facts.len(), cannot.why.as_str()), (1, "there are 3"));
    }
}
