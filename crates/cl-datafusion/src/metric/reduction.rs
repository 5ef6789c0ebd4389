use cl_difficulty::{
    ColumnValues, DifficultyError, DynamicsRecorder, Float, MetricSettings, Observations, OutputKind, Outputs,
};

/// What of c numbers per example a metric reads, where that is one number: then this is kept and sent instead of them.
///
/// ```text
/// right     a metric that can be had from whether examples were right
/// loss      one that can be had from losses and takes negative ones: it reads no probability
/// ```
///
/// Both are exact: a recorder fed with them sees the numbers that it would have made of the outputs, bit for bit. All
/// other metrics keep the outputs as they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reduction {
    Right,
    Loss,
}

impl Reduction {
    /// Of a metric, whatever its options are.
    pub(crate) fn of(settings: &MetricSettings) -> Option<Self> {
        if settings.unavailable(OutputKind::Correct).is_none() {
            return Some(Self::Right);
        }
        if settings.unavailable(OutputKind::Losses).is_some() {
            return None;
        }
        let negative = Observations { epoch: 0, indices: &[0], labels: &[0], outputs: Outputs::Losses(&[-1.0]) };
        let mut recorder = DynamicsRecorder::new(1, 2, std::slice::from_ref(settings)).ok()?;
        recorder.record(&negative).is_ok().then_some(Self::Loss)
    }

    /// What the numbers are that remain.
    pub(crate) fn kind(self) -> OutputKind {
        match self {
            Self::Right => OutputKind::Correct,
            Self::Loss => OutputKind::Losses,
        }
    }

    /// A number for each row of `outputs`, c per row.
    ///
    /// # Errors
    /// As [`DynamicsRecorder::record`], the row as the example.
    pub(crate) fn apply<T: Float>(
        self,
        outputs: Outputs<'_, T>,
        labels: &[u32],
        n_classes: usize,
    ) -> Result<Vec<f64>, DifficultyError> {
        if labels.is_empty() {
            return Ok(Vec::new());
        }
        let settings = match self {
            Self::Right => MetricSettings::parse("never_learned", &[])?,
            Self::Loss => MetricSettings::parse("loss", &[("average", "last")])?,
        };
        let mut recorder = DynamicsRecorder::new(labels.len(), n_classes, &[settings])?;
        let indices: Vec<usize> = (0..labels.len()).collect();
        recorder.record(&Observations { epoch: 0, indices: &indices, labels, outputs })?;
        let column = recorder.columns()?.remove(0);
        Ok(match (self, column.values) {
            (Self::Right, ColumnValues::Flag(never)) => {
                never.into_iter().map(|never| f64::from(u8::from(!never))).collect()
            }
            (_, values) => values.to_floats(),
        })
    }
}

#[cfg(test)]
mod tests {
    use cl_difficulty::metrics;

    use super::*;

    #[test]
    fn is_of_metrics_of_one_number() {
        let of = |name: &str| Reduction::of(&MetricSettings::parse(name, &[]).unwrap());
        let named = |reduction| -> Vec<&str> {
            metrics().iter().map(|metric| metric.method.name).filter(|name| of(name) == reduction).collect()
        };
        assert_eq!(named(Some(Reduction::Loss)), ["loss", "learning_time"]);
        assert!(named(Some(Reduction::Right)).starts_with(&["forgetting", "forgetting_events"]));
        assert!(named(None).starts_with(&["el2n", "l1_error"]));
    }

    #[test]
    fn gives_a_number_per_row() {
        let logits = Outputs::Logits(&[1.0f32, 2.0, 2.0, 1.0]);
        assert_eq!(Reduction::Right.apply(logits, &[1, 1], 2).unwrap(), [1.0, 0.0]);
        let losses = Reduction::Loss.apply(logits, &[1, 1], 2).unwrap();
        assert!((losses[0] - (-1f64).exp().ln_1p()).abs() < 1e-15 && losses[1] > 1.0);
        assert!(Reduction::Loss.apply(Outputs::Logits(&[f64::NAN, 0.0]), &[0], 2).is_err());
    }
}
