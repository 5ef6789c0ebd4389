use serde::{Deserialize, Serialize};

use crate::error::PruneError;

/// What it is for an example to be right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Learned {
    /// Its loss is below this. Cross-entropy below ln 2 is p_y > 1/2, which is right for certain.
    LossBelow(f64),
    /// Somebody says so, example by example.
    Told,
}

impl Default for Learned {
    /// Cross-entropy below ln 2.
    fn default() -> Self {
        Self::LossBelow(std::f64::consts::LN_2)
    }
}

/// What has been seen of every example: whether it was learned, how often it was forgotten, its last loss.
///
/// ```
/// use cl_prune::Mastery;
///
/// let mut mastery = Mastery::new(2);
/// for right in [[false, true], [true, false], [true, true]] {
///     mastery.tell_right(&[0, 1], &right)?;
/// }
/// assert!(mastery.is_mastered(0) && !mastery.is_mastered(1)); // the second was forgotten once
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Mastery {
    last_right: Vec<bool>,
    ever_right: Vec<bool>,
    n_forgotten: Vec<u32>,
    losses: Vec<Option<f64>>,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
struct Unchecked {
    last_right: Vec<bool>,
    ever_right: Vec<bool>,
    n_forgotten: Vec<u32>,
    losses: Vec<Option<f64>>,
}

impl TryFrom<Unchecked> for Mastery {
    type Error = PruneError;

    fn try_from(unchecked: Unchecked) -> Result<Self, PruneError> {
        let Unchecked { last_right, ever_right, n_forgotten, losses } = unchecked;
        let expected = losses.len();
        for found in [last_right.len(), ever_right.len(), n_forgotten.len()] {
            if found != expected {
                return Err(PruneError::LengthMismatch { what: "mastery read", found, expected });
            }
        }
        for example in 0..expected {
            // What was forgotten, or is right, was right once.
            if !ever_right[example] && (last_right[example] || n_forgotten[example] > 0) {
                let (what, value) = ("forgetting events", n_forgotten[example].into());
                let expected = "none of an example that was never right";
                return Err(PruneError::InvalidValue { what, example, value, expected });
            }
            if losses[example].is_some_and(f64::is_nan) {
                let (what, expected) = ("loss", "a number");
                return Err(PruneError::InvalidValue { what, example, value: f64::NAN, expected });
            }
        }
        Ok(Self { last_right, ever_right, n_forgotten, losses })
    }
}

impl Mastery {
    /// Nothing seen of `n_examples`.
    pub fn new(n_examples: usize) -> Self {
        let (last_right, ever_right) = (vec![false; n_examples], vec![false; n_examples]);
        Self { last_right, ever_right, n_forgotten: vec![0; n_examples], losses: vec![None; n_examples] }
    }

    /// The number of examples.
    pub fn n_examples(&self) -> usize {
        self.losses.len()
    }

    /// Whether these examples were right when they were presented last. O(examples told).
    ///
    /// # Errors
    /// Where the slices differ in length or an index is no example; nothing is taken then.
    pub fn tell_right(&mut self, indices: &[usize], right: &[bool]) -> Result<(), PruneError> {
        self.check("answers", indices, right.len())?;
        for (&index, &right) in indices.iter().zip(right) {
            let forgotten = u32::from(self.last_right[index] && !right);
            self.n_forgotten[index] = self.n_forgotten[index].saturating_add(forgotten);
            self.last_right[index] = right;
            self.ever_right[index] |= right;
        }
        Ok(())
    }

    /// The losses of these examples when they were presented last, of which right are those that `learned` says.
    ///
    /// # Errors
    /// As [`tell_right`](Self::tell_right), and where a loss is NaN.
    pub fn tell_losses(&mut self, indices: &[usize], losses: &[f64], learned: Learned) -> Result<(), PruneError> {
        self.check("losses", indices, losses.len())?;
        if let Some(at) = losses.iter().position(|loss| loss.is_nan()) {
            let (what, expected) = ("loss", "a number");
            return Err(PruneError::InvalidValue { what, example: indices[at], value: losses[at], expected });
        }
        indices.iter().zip(losses).for_each(|(&index, &loss)| self.losses[index] = Some(loss));
        if let Learned::LossBelow(threshold) = learned {
            let right: Vec<bool> = losses.iter().map(|&loss| loss < threshold).collect();
            self.tell_right(indices, &right)?;
        }
        Ok(())
    }

    fn check(&self, what: &'static str, indices: &[usize], found: usize) -> Result<(), PruneError> {
        if found != indices.len() {
            return Err(PruneError::LengthMismatch { what, found, expected: indices.len() });
        }
        let n_examples = self.n_examples();
        match indices.iter().find(|&&index| index >= n_examples) {
            Some(&index) => Err(PruneError::IndexOutOfRange { what: "example", index, n_examples }),
            None => Ok(()),
        }
    }

    /// Whether an example was learned and never forgotten.
    pub fn is_mastered(&self, example: usize) -> bool {
        self.ever_right.get(example) == Some(&true) && self.n_forgotten[example] == 0
    }

    /// The share of all examples that were learned and never forgotten.
    pub fn mastered_share(&self) -> f64 {
        let n_mastered = (0..self.n_examples()).filter(|&example| self.is_mastered(example)).count();
        n_mastered as f64 / self.n_examples().max(1) as f64
    }

    /// Forgetting events, infinite where never right.
    pub fn forgetting(&self) -> Vec<f64> {
        let events = |example: usize| match self.ever_right[example] {
            true => f64::from(self.n_forgotten[example]),
            false => f64::INFINITY,
        };
        (0..self.n_examples()).map(events).collect()
    }

    /// The last loss of every example, infinite where none was told.
    pub fn last_losses(&self) -> Vec<f64> {
        self.losses.iter().map(|loss| loss.unwrap_or(f64::INFINITY)).collect()
    }

    /// The examples of which no loss was told.
    pub(super) fn untold(&self) -> impl Iterator<Item = usize> {
        self.losses.iter().enumerate().filter(|(_, loss)| loss.is_none()).map(|(example, _)| example)
    }
}
