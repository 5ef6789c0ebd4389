use cl_data::io::{Batch, CellValues, Cells};

use super::table_column::{TableColumn, UnusableColumn};

/// A column on its way: its numbers, or the first of its cells that is none.
#[derive(Default)]
pub(super) struct ColumnBuilder {
    values: Vec<f64>,
    n_rows: usize,
    n_numbers: usize,
    is_text: bool,
    flaw: Option<Flaw>,
    infinite: Option<Flaw>,
}

/// A cell that is no score.
struct Flaw {
    row: usize,
    place: String,
    what: What,
}

enum What {
    /// What stands there, and what was expected.
    Other(String),
    Number(f64),
}

impl ColumnBuilder {
    /// The numbers of an array.
    pub(super) fn of_values(values: Vec<f64>, place: impl Fn(usize) -> String) -> Self {
        let mut builder = Self::default();
        values.iter().enumerate().for_each(|(row, &value)| builder.push_number(value, || place(row)));
        builder
    }

    /// A column that holds no numbers at all.
    pub(super) fn none(place: String, problem: String) -> Self {
        let flaw = Some(Flaw { row: 0, place, what: What::Other(problem) });
        Self { is_text: true, flaw, ..Self::default() }
    }

    /// The cells of a batch.
    pub(super) fn push(&mut self, cells: &Cells, batch: &Batch, name: &str) {
        let place = |row: usize| format!("{}, column `{name}`", batch.place(row));
        if let CellValues::Other(other) = &cells.values {
            self.n_rows += other.n;
            return self.refuse(place(other.row), other.problem.clone());
        }
        for row in 0..batch.n_rows {
            // As pandas writes what NumPy holds as one byte.
            let flag = || cells.flag(row).map(|flag| f64::from(u8::from(flag)));
            match cells.number(row).or_else(flag) {
                Some(_) if cells.is_missing(row) => {
                    self.keep(|n| Flaw {
                        row: n,
                        place: place(row),
                        what: What::Other("empty, expected a number".into()),
                    });
                    self.n_rows += 1;
                }
                Some(value) => self.push_number(value, || place(row)),
                None => {
                    self.refuse(place(row), no_number(cells, row));
                    self.n_rows += 1;
                }
            }
        }
    }

    fn push_number(&mut self, value: f64, place: impl Fn() -> String) {
        let flaw = |row: usize| Flaw { row, place: place(), what: What::Number(value) };
        if value.is_nan() || value == f64::NEG_INFINITY {
            self.keep(flaw);
        } else {
            self.n_numbers += 1;
            if value == f64::INFINITY {
                self.infinite.get_or_insert_with(|| flaw(self.n_rows));
            }
            // Of a column that cannot be used none is kept.
            if self.flaw.is_none() {
                self.values.push(value);
            }
        }
        self.n_rows += 1;
    }

    fn keep(&mut self, flaw: impl Fn(usize) -> Flaw) {
        if self.flaw.is_none() {
            self.flaw = Some(flaw(self.n_rows));
            self.values = Vec::new();
        }
    }

    fn refuse(&mut self, place: String, problem: String) {
        // What is no number says more of a column of texts than an empty cell before it.
        if !self.is_text {
            self.is_text = true;
            self.flaw = Some(Flaw { row: self.n_rows, place, what: What::Other(problem) });
            self.values = Vec::new();
        }
    }

    /// The column, where it can be used; `id` names an example.
    pub(super) fn finish(
        self,
        name: String,
        may_be_infinite: bool,
        id: impl Fn(usize) -> String,
    ) -> Result<TableColumn, UnusableColumn> {
        let infinite = self.infinite.filter(|_| !may_be_infinite);
        let Some(Flaw { row, place, what }) = self.flaw.or(infinite) else {
            return Ok(TableColumn { name, values: self.values });
        };
        let problem = match what {
            What::Other(problem) => problem,
            What::Number(value) => {
                let expected = match value {
                    f64::INFINITY => "a finite number",
                    f64::NEG_INFINITY => "a number above -inf",
                    _ => "a number",
                };
                format!("{name} of example {} is {value}, expected {expected}", id(row))
            }
        };
        let numeric = self.n_numbers > 0 && !self.is_text;
        Err(UnusableColumn { name, place, problem, numeric, n_numbers: self.n_numbers })
    }
}

fn no_number(cells: &Cells, row: usize) -> String {
    let shown = cells.shown(row);
    let text = cells.text(row).unwrap_or_default();
    let with_comma = text.matches(',').count() == 1 && text.replace(',', ".").parse::<f64>().is_ok();
    let hint = if with_comma { "; option `decimal_comma` reads a comma before the decimals" } else { "" };
    format!("{shown}, expected a number{hint}")
}
