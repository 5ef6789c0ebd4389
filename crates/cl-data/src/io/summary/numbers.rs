use super::part::PartSummary;

/// Range, mean and oddities of numbers.
#[derive(Default)]
pub(super) struct Numbers {
    n_finite: usize,
    min: f64,
    max: f64,
    sum: f64,
    n_nan: usize,
    n_infinite: usize,
}

impl Numbers {
    pub(super) fn push(&mut self, values: &[f64]) {
        // A sum per chunk loses less than one over billions of numbers.
        let mut sum = 0.0;
        for &value in values {
            if value.is_finite() {
                self.min = if self.n_finite == 0 { value } else { self.min.min(value) };
                self.max = if self.n_finite == 0 { value } else { self.max.max(value) };
                self.n_finite += 1;
                sum += value;
            } else if value.is_nan() {
                self.n_nan += 1;
            } else {
                self.n_infinite += 1;
            }
        }
        self.sum += sum;
    }

    pub(super) fn part(&self, name: &str, element_type: String, shape: Vec<usize>) -> PartSummary {
        let known = |value: f64| (self.n_finite > 0).then_some(value);
        PartSummary {
            name: name.to_owned(),
            element_type,
            shape,
            min: known(self.min),
            max: known(self.max),
            mean: known(self.sum / self.n_finite as f64),
            n_nan: self.n_nan,
            n_infinite: self.n_infinite,
            n_empty: 0,
            n_duplicates: None,
            values: None,
        }
    }
}
