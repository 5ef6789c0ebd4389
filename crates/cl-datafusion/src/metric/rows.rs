use datafusion::logical_expr::EmitTo;

use super::number::Number;
use crate::error::EngineError;

/// No label.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// What was said of the examples of some groups, one group per example: a row for each example and epoch, in the order
/// in which they came.
///
/// 12 bytes per row and those of its numbers; 4 bytes per group.
#[derive(Debug)]
pub(crate) struct Rows<N: Number> {
    /// Numbers per row; 0 before the first.
    width: usize,
    groups: Vec<u32>,
    epochs: Vec<u64>,
    numbers: Vec<N::Native>,
    /// Of each group.
    labels: Vec<u32>,
}

impl<N: Number> Default for Rows<N> {
    fn default() -> Self {
        Self { width: 0, groups: Vec::new(), epochs: Vec::new(), numbers: Vec::new(), labels: Vec::new() }
    }
}

impl<N: Number> Rows<N> {
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn n_groups(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn labels(&self) -> &[u32] {
        &self.labels
    }

    pub(crate) fn epoch(&self, row: usize) -> u64 {
        self.epochs[row]
    }

    pub(crate) fn numbers(&self, row: usize) -> &[N::Native] {
        &self.numbers[row * self.width..][..self.width]
    }

    /// Makes groups up to this number.
    pub(crate) fn grow(&mut self, n_groups: usize) {
        if n_groups > self.labels.len() {
            self.labels.resize(n_groups, UNKNOWN);
        }
    }

    /// For so many rows more.
    pub(crate) fn reserve(&mut self, n: usize) {
        self.groups.reserve(n);
        self.epochs.reserve(n);
        self.numbers.reserve(n * self.width);
    }

    /// Takes in a row of a group that there is.
    ///
    /// # Errors
    /// Where it has another number of numbers than rows before, or the group another label.
    pub(crate) fn push(
        &mut self,
        function: &str,
        group: usize,
        epoch: u64,
        label: u32,
        numbers: &[N::Native],
    ) -> Result<(), EngineError> {
        if numbers.len() != self.width || numbers.is_empty() {
            if !self.groups.is_empty() || numbers.is_empty() {
                let found = format!("{} numbers in epoch {epoch}", numbers.len());
                let expected = match self.width {
                    0 => "at least one".to_owned(),
                    width => format!("{width}, as in rows before"),
                };
                return Err(EngineError::cell(function, "a list of outputs", found, expected));
            }
            self.width = numbers.len();
        }
        if self.groups.len() >= u32::MAX as usize || group >= u32::MAX as usize {
            let found = format!("one of {} groups and {} rows", self.labels.len(), self.groups.len());
            return Err(EngineError::cell(
                function,
                "a partition",
                found,
                "fewer than 2^32 of each: more partitions",
            ));
        }
        let known = &mut self.labels[group];
        if *known == UNKNOWN {
            *known = label;
        } else if label != *known && label != UNKNOWN {
            let (found, expected) = (format!("{label} in epoch {epoch}"), format!("{known}, as in another epoch"));
            return Err(EngineError::cell(function, "the label of an example", found, expected));
        }
        self.groups.push(group as u32);
        self.epochs.push(epoch);
        self.numbers.extend_from_slice(numbers);
        Ok(())
    }

    /// The groups to emit; those that stay are counted from 0.
    pub(crate) fn take(&mut self, emit_to: EmitTo) -> Self {
        let n = match emit_to {
            EmitTo::All => return std::mem::take(self),
            EmitTo::First(n) => n,
        };
        let labels = emit_to.take_needed(&mut self.labels);
        let mut taken = Self { width: self.width, labels, ..Self::default() };
        let mut n_left = 0;
        for row in 0..self.groups.len() {
            let (group, range) = (self.groups[row], row * self.width..(row + 1) * self.width);
            if (group as usize) < n {
                taken.groups.push(group);
                taken.epochs.push(self.epochs[row]);
                taken.numbers.extend_from_slice(&self.numbers[range]);
            } else {
                self.groups[n_left] = group - n as u32;
                self.epochs[n_left] = self.epochs[row];
                self.numbers.copy_within(range, n_left * self.width);
                n_left += 1;
            }
        }
        self.groups.truncate(n_left);
        self.epochs.truncate(n_left);
        self.numbers.truncate(n_left * self.width);
        taken
    }

    /// The rows group by group, within one as they came, and where each group's begin: one entry more than groups.
    pub(crate) fn by_group(&self) -> (Vec<usize>, Vec<u32>) {
        let mut starts = vec![0; self.n_groups() + 1];
        self.groups.iter().for_each(|&group| starts[group as usize + 1] += 1);
        (1..starts.len()).for_each(|group| starts[group] += starts[group - 1]);
        let mut next = starts.clone();
        let mut order = vec![0; self.groups.len()];
        for (row, &group) in self.groups.iter().enumerate() {
            order[next[group as usize]] = row as u32;
            next[group as usize] += 1;
        }
        (starts, order)
    }

    /// Bytes held.
    pub(crate) fn size(&self) -> usize {
        self.groups.capacity() * size_of::<u32>()
            + self.epochs.capacity() * size_of::<u64>()
            + self.numbers.capacity() * size_of::<N::Native>()
            + self.labels.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::Float32Type;

    use super::*;

    #[test]
    fn first_groups_leave_and_the_others_are_counted_anew() {
        let mut rows = Rows::<Float32Type>::default();
        rows.grow(3);
        for (group, epoch) in [(2, 0), (0, 0), (1, 0), (0, 1), (2, 1)] {
            rows.push("el2n", group, epoch, group as u32, &[group as f32, epoch as f32]).unwrap();
        }
        let taken = rows.take(EmitTo::First(1));
        assert_eq!((taken.n_groups(), taken.by_group()), (1, (vec![0, 2], vec![0, 1])));
        assert_eq!((taken.labels(), taken.numbers(1)), (&[0][..], &[0.0, 1.0][..]));
        assert_eq!((rows.labels(), rows.by_group()), (&[1, 2][..], (vec![0, 1, 3], vec![1, 0, 2])));
        assert_eq!((rows.numbers(2), rows.epoch(2)), (&[2.0, 1.0][..], 1));
        assert_eq!(rows.take(EmitTo::All).n_groups(), 2);
        assert_eq!((rows.n_groups(), rows.width()), (0, 0));
    }

    #[test]
    fn what_differs_is_refused() {
        let mut rows = Rows::<Float32Type>::default();
        rows.grow(1);
        assert!(rows.push("el2n", 0, 0, 1, &[]).is_err());
        rows.push("el2n", 0, 0, 1, &[0.0, 1.0]).unwrap();
        let error = rows.push("el2n", 0, 1, 1, &[0.0]).unwrap_err().to_string();
        assert_eq!(error, "el2n: a list of outputs is 1 numbers in epoch 1, expected 2, as in rows before");
        let error = rows.push("el2n", 0, 2, 0, &[0.0, 0.0]).unwrap_err().to_string();
        assert_eq!(error, "el2n: the label of an example is 0 in epoch 2, expected 1, as in another epoch");
    }
}
