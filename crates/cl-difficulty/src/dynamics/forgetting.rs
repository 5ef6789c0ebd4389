use std::fmt;
use std::str::FromStr;

use cl_data::{catalogue::Parameter, seal::Sealed};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::accumulate::{Accumulate, Presented, TooFew, same_length};
use super::block::{Block, LANES};
use super::column::ColumnValues;
use super::input::Input;
use super::metric::{EASY, FROM, HARD, Metric, RANGE, Reading, UNTIL, reading};
use crate::error::DifficultyError;

/// Forgetting events: how often an example went from right to wrong between two consecutive presentations.
///
/// ```text
/// events_i = sum_t 1[ right at t and wrong at t + 1 ]             t counts the presentations of example i
/// ```
///
/// A first wrong answer is no event. An example that was **never** right has none either, and yet it is the
/// hardest of all: what its score is, is the rule [`NeverLearned`], and how many there are is always reported.
/// The paper takes the prediction from the training forward pass, before that batch's update. O(1) per
/// observation; 10 bytes per example.
///
/// Source: Toneva, Sordoni, Tachet des Combes, Trischler, Bengio, Gordon (2019), An Empirical Study of Example
/// Forgetting during Deep Neural Network Learning, section 3.
///
/// ```
/// use cl_difficulty::{Forgetting, NeverLearned};
///
/// let mut forgetting = Forgetting::new(1);
/// for right in [true, false, true, true, false] {
///     forgetting.record(0, right)?;
/// }
/// assert_eq!(forgetting.values(NeverLearned::Toneva), [2.0]);
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Sealed<2, Unchecked>")]
pub struct Forgetting {
    events: Vec<u32>,
    presentations: Vec<u32>,
    last: Vec<bool>,
    learned: Vec<bool>,
}

/// What is read back, before it is checked.
#[derive(Serialize, Deserialize)]
struct Unchecked {
    events: Vec<u32>,
    presentations: Vec<u32>,
    last: Vec<bool>,
    learned: Vec<bool>,
}

/// The same as it is written.
#[derive(Serialize)]
struct Fields<'a> {
    events: &'a [u32],
    presentations: &'a [u32],
    last: &'a [bool],
    learned: &'a [bool],
}

impl Serialize for Forgetting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Sealed::<2, _>::new(self.fields()).serialize(serializer)
    }
}

impl TryFrom<Sealed<2, Unchecked>> for Forgetting {
    type Error = DifficultyError;

    fn try_from(sealed: Sealed<2, Unchecked>) -> Result<Self, DifficultyError> {
        sealed.into_inner().try_into()
    }
}

impl TryFrom<Unchecked> for Forgetting {
    type Error = DifficultyError;

    /// Lengths agree, and no example has what its presentations do not allow.
    fn try_from(unchecked: Unchecked) -> Result<Self, DifficultyError> {
        let Unchecked { events, presentations, last, learned } = unchecked;
        same_length(events.len(), presentations.len())?;
        same_length(events.len(), last.len())?;
        same_length(events.len(), learned.len())?;
        for example in 0..events.len() {
            let (n_events, n, right) = (events[example], presentations[example], u32::from(last[example]));
            // Each event is a right and a wrong presentation.
            let needed = n_events.saturating_mul(2).saturating_add(right);
            // What was learned was either lost, which is an event, or is right still.
            if needed > n || learned[example] != (n_events > 0 || last[example]) {
                return Err(DifficultyError::InvalidScore {
                    metric: "forgetting events".into(),
                    example,
                    value: n_events.into(),
                    expected: "what its presentations allow",
                });
            }
        }
        Ok(Self { events, presentations, last, learned })
    }
}

/// What an example that was never right scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum NeverLearned {
    /// The number of its presentations (Toneva et al.), the default.
    #[default]
    Toneva,
    /// +inf (Data Diet).
    Infinite,
    /// 1000 (Dataset Cartography).
    Cartography,
    /// 0, which says "the easiest": what several benchmark codes do, here to reproduce them.
    Zero,
}

impl NeverLearned {
    /// Every rule by name.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("toneva", Self::Toneva),
        ("infinite", Self::Infinite),
        ("cartography", Self::Cartography),
        ("zero", Self::Zero),
    ];
}

impl fmt::Display for NeverLearned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::NAMES.iter().filter(|(_, rule)| rule == self).try_for_each(|(name, _)| formatter.write_str(name))
    }
}

impl FromStr for NeverLearned {
    type Err = DifficultyError;

    fn from_str(text: &str) -> Result<Self, DifficultyError> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        found.map(|&(_, rule)| rule).ok_or_else(|| DifficultyError::InvalidArgument {
            argument: "never-learned rule",
            value: text.to_owned(),
            expected: "toneva, infinite, cartography or zero",
        })
    }
}

impl Forgetting {
    fn fields(&self) -> Fields<'_> {
        let Self { events, presentations, last, learned } = self;
        Fields { events, presentations, last, learned }
    }

    /// For `n_examples` examples, none presented yet.
    pub fn new(n_examples: usize) -> Self {
        Self {
            events: vec![0; n_examples],
            presentations: vec![0; n_examples],
            last: vec![false; n_examples],
            learned: vec![false; n_examples],
        }
    }

    /// Example `example` was presented and classified right or wrong.
    ///
    /// # Errors
    /// Where the example is out of range.
    pub fn record(&mut self, example: usize, correct: bool) -> Result<(), DifficultyError> {
        let n_examples = self.events.len();
        if example >= n_examples {
            return Err(DifficultyError::ExampleOutOfRange { example, n_examples });
        }
        let presentations = self.presentations[example].checked_add(1).ok_or_else(|| {
            let value = format!("2^32 - 1 of example {example}");
            DifficultyError::argument("the number of presentations", value, "fewer")
        })?;
        self.events[example] += u32::from(self.last[example] && !correct);
        self.presentations[example] = presentations;
        self.last[example] = correct;
        self.learned[example] |= correct;
        Ok(())
    }

    /// Adds what an accumulator saw of **other examples**; events between two presentations cannot be joined
    /// across accumulators.
    ///
    /// # Errors
    /// Where it was made for another number of examples, or saw an example that this one saw too.
    pub fn merge(&mut self, other: &Self) -> Result<(), DifficultyError> {
        same_length(self.events.len(), other.events.len())?;
        let seen_by_both = |i: &usize| self.presentations[*i] > 0 && other.presentations[*i] > 0;
        if let Some(example) = (0..self.events.len()).find(seen_by_both) {
            return Err(DifficultyError::InvalidArgument {
                argument: "the accumulator to merge",
                value: format!("one that saw example {example}, as this one did"),
                expected: "an accumulator of other examples",
            });
        }
        (0..self.events.len()).filter(|&i| other.presentations[i] > 0).for_each(|i| self.absorb(i, other, i));
        Ok(())
    }

    /// The raw count of each example, in which one never learned has 0: not a difficulty.
    pub fn events(&self) -> &[u32] {
        &self.events
    }

    /// How often each example was presented.
    pub fn presentations(&self) -> &[u32] {
        &self.presentations
    }

    /// The score of each example, higher = harder.
    pub fn values(&self, rule: NeverLearned) -> Vec<f64> {
        let value = |i: usize| match rule {
            _ if self.learned[i] => f64::from(self.events[i]),
            NeverLearned::Toneva => f64::from(self.presentations[i]),
            NeverLearned::Infinite => f64::INFINITY,
            NeverLearned::Cartography => 1000.0,
            NeverLearned::Zero => 0.0,
        };
        (0..self.events.len()).map(value).collect()
    }

    /// Whether each example was never right.
    pub fn never_learned(&self) -> Vec<bool> {
        self.learned.iter().map(|learned| !learned).collect()
    }

    /// Whether each example was learned and never forgotten.
    pub fn unforgettable(&self) -> Vec<bool> {
        self.learned.iter().zip(&self.events).map(|(&learned, &events)| learned && events == 0).collect()
    }
}

/// Of examples that were presented.
fn presented(
    forgetting: &Forgetting,
    values: impl Fn(&Forgetting) -> ColumnValues,
) -> Result<ColumnValues, TooFew> {
    TooFew::check(&forgetting.presentations, 1)?;
    Ok(values(forgetting))
}

pub(crate) fn metrics<R: From<Reading<Forgetting>>>() -> Vec<Metric<R>> {
    const OPTIONS: &[Parameter] = &[
        Parameter::with_default(
            "never_learned",
            "what one never learned scores: toneva (its presentations), infinite, cartography (1000) or zero",
            "toneva",
        ),
        FROM,
        UNTIL,
    ];
    let summary = "right-to-wrong transitions between consecutive presentations";
    let forgetting = Metric::new("forgetting", summary, OPTIONS, HARD, |options| {
        let rule = options.choice("never_learned", &NeverLearned::NAMES)?;
        reading((), move |this: &Forgetting, _| presented(this, |this| ColumnValues::Float(this.values(rule))))
    });
    let summary = "forgetting as a raw count, 0 where never learned: no score";
    let events = Metric::new("forgetting_events", summary, RANGE, None, |_| {
        reading((), |this: &Forgetting, _| presented(this, |this| ColumnValues::counts(&this.events)))
    });
    let never_learned = Metric::new("never_learned", "whether it was never right", RANGE, HARD, |_| {
        reading((), |this: &Forgetting, _| presented(this, |this| ColumnValues::Flag(this.never_learned())))
    });
    let summary = "whether it was learned and never forgotten";
    let unforgettable = Metric::new("unforgettable", summary, RANGE, EASY, |_| {
        reading((), |this: &Forgetting, _| presented(this, |this| ColumnValues::Flag(this.unforgettable())))
    });
    [forgetting, events, never_learned, unforgettable].map(Metric::order_bound).into()
}

impl Accumulate for Forgetting {
    type Settings = ();
    const ORDER_BOUND: bool = true;
    const INPUTS: &'static [Input] = &[Input::Right];

    fn start(n_examples: usize, _: usize, (): ()) -> Self {
        Self::new(n_examples)
    }

    #[inline(always)]
    fn update(&mut self, block: &Block) {
        let last = block.gather(&self.last);
        let mut forgotten = [false; LANES];
        (0..LANES).for_each(|l| forgotten[l] = last[l] && !block.right[l]);
        block.update(&mut self.last, &block.right, |last, right| *last = right);
        block.update(&mut self.events, &forgotten, |events, forgotten| *events += u32::from(forgotten));
        block.update(&mut self.learned, &block.right, |learned, right| *learned |= right);
        block.update(&mut self.presentations, &[1; LANES], |presentations, one| *presentations += one);
    }

    fn fits(&self, _: &Self, presented: &Presented) -> bool {
        self.presentations == presented.counts
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.events[i] = other.events[j];
        self.presentations[i] = other.presentations[j];
        self.last[i] = other.last[j];
        self.learned[i] = other.learned[j];
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields().serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Unchecked::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(presentations: &str) -> Forgetting {
        let mut forgetting = Forgetting::new(1);
        presentations.chars().for_each(|c| forgetting.record(0, c == '1').unwrap());
        forgetting
    }

    /// What the published code of Toneva et al. counts for these five presentations.
    #[test]
    fn counts_are_tonevas() {
        for (presentations, score) in
            [("00111", 0.0), ("10101", 2.0), ("00000", 5.0), ("11111", 0.0), ("11110", 1.0), ("01001", 1.0)]
        {
            assert_eq!(of(presentations).values(NeverLearned::Toneva), [score], "{presentations}");
        }
    }

    #[test]
    fn never_learned_is_as_the_rule_says() {
        let never = of("000");
        for (rule, score) in
            NeverLearned::NAMES.map(|(_, rule)| rule).into_iter().zip([3.0, f64::INFINITY, 1000.0, 0.0])
        {
            assert_eq!(never.values(rule), [score]);
            assert_eq!(of("10").values(rule), [1.0], "a rule changes nothing for the learned");
            assert_eq!(rule.to_string().parse::<NeverLearned>().unwrap(), rule);
        }
        assert_eq!((never.never_learned(), never.unforgettable()), (vec![true], vec![false]));
        assert!("Toneva2".parse::<NeverLearned>().unwrap_err().to_string().contains("cartography"));
    }

    #[test]
    fn what_is_read_back_is_checked() {
        let forgetting = of("0110100");
        let saved = serde_json::to_string(&forgetting).unwrap();
        assert_eq!(serde_json::from_str::<Forgetting>(&saved).unwrap(), forgetting);
        let content = r#""content":{"events":[2],"presentations":[7],"last":[false],"learned":[true]}"#;
        assert!(saved.starts_with(&format!(r#"{{"version":2,{content},"sha256":""#)), "{saved}");
        assert!(serde_json::from_str::<Forgetting>(&saved.replace(r#""version":2"#, r#""version":1"#)).is_err());
        assert!(serde_json::from_str::<Forgetting>(&saved.replace("[7]", "[8]")).is_err(), "possible, and not so");
        // With a checksum of its own.
        let parts = serde_json::json!({"events": [2], "presentations": [7], "last": [false], "learned": [true]});
        let sealed = |json: &str| {
            let parts: Unchecked = serde_json::from_str(json).unwrap();
            serde_json::to_string(&Sealed::<2, _>::new(parts)).unwrap()
        };
        assert_eq!(sealed(&parts.to_string()), saved);
        for (part, wrong) in [
            (r#""events":[2]"#, r#""events":[2,0]"#),
            (r#""events":[2]"#, r#""events":[4]"#),
            (r#""events":[2]"#, r#""events":[0]"#),
            (r#""learned":[true]"#, r#""learned":[false]"#),
            (r#""last":[false]"#, r#""last":[]"#),
        ] {
            let damaged = parts.to_string().replace(part, wrong);
            assert!(serde_json::from_str::<Forgetting>(&sealed(&damaged)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shards_merge_and_overlaps_do_not() {
        let mut whole = Forgetting::new(2);
        let (mut left, mut right) = (Forgetting::new(2), Forgetting::new(2));
        for (a, b) in [(true, false), (false, true), (true, false)] {
            whole.record(0, a).unwrap();
            left.record(0, a).unwrap();
            whole.record(1, b).unwrap();
            right.record(1, b).unwrap();
        }
        let before = left.clone();
        left.merge(&right).unwrap();
        assert_eq!(left, whole);
        assert!(left.merge(&before).is_err());
        assert!(left.merge(&Forgetting::new(3)).is_err());
        assert!(left.record(2, true).is_err());
    }
}
