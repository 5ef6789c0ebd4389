//! A log of training, as a table in any number of partitions and in any order.

use std::sync::Arc;

use cl_data::random::{below, permutation, stream};
use cl_difficulty::{DynamicsRecorder, MetricSettings, Observations, OutputKind};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, FixedSizeListArray, Float32Array, Int64Array, RecordBatch,
};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};

pub(crate) const N_CLASSES: usize = 4;

/// Logits of some examples in some epochs, and all that follows from them.
pub(crate) struct LogTable {
    pub(crate) n: usize,
    pub(crate) n_epochs: usize,
    /// Epoch after epoch.
    pub(crate) logits: Vec<f32>,
    pub(crate) labels: Vec<usize>,
}

impl LogTable {
    pub(crate) fn new(n: usize, n_epochs: usize, seed: u64) -> Self {
        let rng = &mut stream(seed, "test log", 0);
        let mut number = || below(rng, 4001) as f32 / 500.0 - 4.0;
        let logits = (0..n * n_epochs * N_CLASSES).map(|_| number()).collect();
        let labels = (0..n).map(|example| (example * 7 + 1) % N_CLASSES).collect();
        Self { n, n_epochs, logits, labels }
    }

    /// The numbers of an epoch.
    pub(crate) fn outputs(&self, kind: OutputKind, epoch: usize) -> Vec<f32> {
        let rows = self.logits[epoch * self.n * N_CLASSES..][..self.n * N_CLASSES].chunks_exact(N_CLASSES);
        let softmax = |row: &[f32]| -> Vec<f32> {
            let sum: f32 = row.iter().map(|z| z.exp()).sum();
            row.iter().map(|z| z.exp() / sum).collect()
        };
        match kind {
            OutputKind::Logits => rows.flatten().copied().collect(),
            OutputKind::Probabilities => rows.flat_map(softmax).collect(),
            OutputKind::LogProbabilities => rows.flat_map(softmax).map(|p| p.ln().min(0.0)).collect(),
            OutputKind::Losses => rows.zip(&self.labels).map(|(row, &label)| -softmax(row)[label].ln()).collect(),
            OutputKind::Correct => {
                let right =
                    |(row, &label): (&[f32], &usize)| (0..N_CLASSES).all(|k| k == label || row[k] < row[label]);
                rows.zip(&self.labels).map(|pair| f32::from(u8::from(right(pair)))).collect()
            }
        }
    }

    /// What a recorder of all examples gives, as numbers.
    pub(crate) fn recorded(&self, kind: OutputKind, settings: &MetricSettings) -> Vec<f64> {
        let mut recorder = DynamicsRecorder::new(self.n, N_CLASSES, std::slice::from_ref(settings)).unwrap();
        let indices: Vec<usize> = (0..self.n).collect();
        for epoch in 0..self.n_epochs {
            let outputs = self.outputs(kind, epoch);
            let outputs = kind.outputs(&outputs);
            let observations =
                Observations { epoch: epoch as u64, indices: &indices, labels: &self.labels, outputs };
            recorder.record(&observations).unwrap();
        }
        recorder.columns().unwrap()[0].values.to_floats()
    }

    /// A row per example and epoch: id, epoch, label, and each kind of outputs under its name.
    pub(crate) fn batch(&self) -> RecordBatch {
        let rows = (0..self.n_epochs).flat_map(|epoch| (0..self.n).map(move |example| (epoch, example)));
        let integers = |of: &dyn Fn((usize, usize)) -> usize| -> ArrayRef {
            Arc::new(rows.clone().map(|row| of(row) as i64).collect::<Int64Array>())
        };
        let all = |kind| -> Vec<f32> { (0..self.n_epochs).flat_map(|epoch| self.outputs(kind, epoch)).collect() };
        let list = |kind| -> ArrayRef {
            let field = Arc::new(Field::new("item", DataType::Float32, false));
            let numbers = Arc::new(Float32Array::from(all(kind)));
            Arc::new(FixedSizeListArray::new(field, N_CLASSES as i32, numbers, None))
        };
        let column = |class: usize| -> ArrayRef {
            let numbers = all(OutputKind::Logits).into_iter().skip(class).step_by(N_CLASSES);
            Arc::new(numbers.collect::<Float32Array>())
        };
        let right: Vec<bool> = all(OutputKind::Correct).iter().map(|&right| right == 1.0).collect();
        let mut columns: Vec<(String, ArrayRef)> = vec![
            ("id".into(), integers(&|(_, example)| example * 3)),
            ("epoch".into(), integers(&|(epoch, _)| epoch)),
            ("label".into(), integers(&|(_, example)| self.labels[example])),
            ("logits".into(), list(OutputKind::Logits)),
            ("probabilities".into(), list(OutputKind::Probabilities)),
            ("log-probabilities".into(), list(OutputKind::LogProbabilities)),
            ("losses".into(), Arc::new(Float32Array::from(all(OutputKind::Losses)))),
            ("correct".into(), Arc::new(BooleanArray::from(right))),
        ];
        columns.extend((0..N_CLASSES).map(|class| (format!("logit_{class}"), column(class))));
        let fields: Vec<Field> =
            columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
    }
}

/// A session in which the rows of `batch` are the table `log`, shuffled by the seed and in so many partitions.
pub(crate) fn session(batch: &RecordBatch, n_partitions: usize, seed: u64) -> SessionContext {
    let order = permutation(&mut stream(seed, "test rows", 0), batch.num_rows());
    let order: Int64Array = order.into_iter().map(|row| row as i64).collect();
    let shuffled = take_record_batch(batch, &order).unwrap();
    let n = shuffled.num_rows().div_ceil(n_partitions).max(1);
    let partitions = (0..n_partitions).map(|partition| {
        let start = (partition * n).min(shuffled.num_rows());
        let part = shuffled.slice(start, n.min(shuffled.num_rows() - start));
        // In batches of unequal sizes.
        let cut = part.num_rows() / 3;
        vec![part.slice(0, cut), part.slice(cut, part.num_rows() - cut)]
    });
    let table = MemTable::try_new(batch.schema(), partitions.collect()).unwrap();
    let mut config = SessionConfig::new().with_target_partitions(n_partitions).with_batch_size(97);
    if n_partitions == 7 {
        // Rows become states one by one, as where there are as many groups as rows.
        let execution = &mut config.options_mut().execution;
        execution.skip_partial_aggregation_probe_rows_threshold = 1;
        execution.skip_partial_aggregation_probe_ratio_threshold = 0.0;
    }
    let context = SessionContext::new_with_config(config);
    cl_datafusion::register(&context).unwrap();
    context.register_table("log", Arc::new(table)).unwrap();
    context
}
