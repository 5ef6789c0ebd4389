//! Pacings: from progress to the fraction of the data that is available.

use std::sync::Arc;

use cl_pacing::{Given, PacingError, pacing_by_name};
use pyo3::prelude::*;

use crate::arrays::numbers;
use crate::catalogue::borrowed;
use crate::errors::{IntoException, OrRaise};

/// A pacing of the catalogue. Where it counts in steps of the run, or goes by difficulty, and neither was told, it is made
/// when it is given to a sampler.
#[pyclass(frozen, module = "curriculum._core")]
pub(crate) struct Pacing {
    name: String,
    parameters: Vec<(String, String)>,
    made: Option<Arc<dyn cl_pacing::Pacing>>,
}

/// A budget that any number of cycles and buckets is likely to divide: what is wrong for it is wrong for all.
const ANY_TOTAL: u64 = 720_720 << 20;

#[pymethods]
impl Pacing {
    #[new]
    fn new(
        name: String,
        parameters: Vec<(String, String)>,
        total_steps: Option<u64>,
        difficulty: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let difficulty = difficulty.map(|difficulty| numbers("difficulty", difficulty)).transpose()?;
        let given =
            Given { total: total_steps.unwrap_or(0), difficulty: difficulty.as_deref(), ..Given::default() };
        let made = match pacing_by_name(&name, &borrowed(&parameters), &given) {
            Ok(pacing) => Some(pacing),
            Err(error) if total_steps.is_some() && difficulty.is_some() => return Err(error.into_exception()),
            Err(_) => {
                // What was not told may be all that it lacks.
                let total = total_steps.unwrap_or(ANY_TOTAL);
                let stand: Vec<f64> = (0..256).map(f64::from).collect();
                let difficulty = Some(difficulty.as_deref().unwrap_or(&stand));
                let given = Given { total, difficulty, ..Given::default() };
                pacing_by_name(&name, &borrowed(&parameters), &given).or_raise()?;
                None
            }
        };
        Ok(Self { name, parameters, made })
    }

    /// The fraction of the data that is available at `progress`.
    fn fraction(&self, progress: f64) -> PyResult<f64> {
        Ok(self.whole()?.fraction(progress))
    }

    /// The fraction, the first of the order, that is no longer available at `progress`.
    fn dropped(&self, progress: f64) -> PyResult<f64> {
        Ok(self.whole()?.dropped(progress))
    }

    /// How many of `n_examples` are available at `progress`.
    fn count(&self, progress: f64, n_examples: usize, batch_size: usize) -> PyResult<usize> {
        Ok(self.whole()?.count(progress, n_examples, batch_size))
    }

    /// The progress from which on all are available, or none.
    fn full_at(&self) -> PyResult<Option<f64>> {
        Ok(self.whole()?.full_at())
    }

    fn __repr__(&self) -> String {
        match &self.made {
            Some(pacing) => pacing.to_string(),
            None => {
                let parameters: Vec<String> =
                    self.parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                format!("{} ({})", self.name, parameters.join(", "))
            }
        }
    }
}

impl Pacing {
    fn whole(&self) -> PyResult<&Arc<dyn cl_pacing::Pacing>> {
        match &self.made {
            Some(pacing) => Ok(pacing),
            // Said as the pacing itself says it.
            None => match pacing_by_name(&self.name, &borrowed(&self.parameters), &Given::default()) {
                Err(error) => Err(error.into_exception()),
                Ok(_) => Err(PacingError::InvalidArgument {
                    argument: "total_steps",
                    value: "missing".into(),
                    expected: "the steps of the run",
                }
                .into_exception()),
            },
        }
    }

    /// The pacing of a run of `total` steps over examples of this difficulty.
    pub(crate) fn of_run(
        &self,
        total: Option<u64>,
        difficulty: Option<&[f64]>,
        n_examples: usize,
    ) -> PyResult<Arc<dyn cl_pacing::Pacing>> {
        if let Some(pacing) = &self.made {
            return Ok(Arc::clone(pacing));
        }
        let given = Given {
            total: total.unwrap_or(0),
            difficulty,
            ranks: difficulty.is_none().then_some(n_examples),
            ..Given::default()
        };
        pacing_by_name(&self.name, &borrowed(&self.parameters), &given).or_raise()
    }
}
