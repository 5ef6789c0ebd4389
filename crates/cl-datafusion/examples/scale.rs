//! Measures the engine on generated data: `scale FOLDER IDS EPOCHS CLASSES [MEMORY [PARTITIONS]]`.
//!
//! Writes a log of IDS examples in EPOCHS epochs as Parquet into FOLDER unless it is there (losses, flags and, with CLASSES
//! above 0, as many logits), one file per epoch, and tells of each query seconds and the most memory that the process held
//! so far. MEMORY is in bytes, 0 for no limit.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use cl_data::random::{stream, uniform};
use cl_datafusion::{EngineOptions, PruneColumns, prune};
use cl_prune::{Budget, RuleSettings};
use datafusion::arrow::array::{
    ArrayRef, AsArray, BooleanArray, FixedSizeListArray, Float32Array, Int64Array, RecordBatch,
};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::{ParquetReadOptions, SessionContext};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, otherwise: usize| arguments.get(at).map_or(Ok(otherwise), |text| text.parse());
    let folder = PathBuf::from(arguments.first().ok_or("FOLDER IDS EPOCHS CLASSES [MEMORY [PARTITIONS]]")?);
    let (n, n_epochs, n_classes) = (number(1, 100_000)?, number(2, 20)?, number(3, 10)?);
    let memory = Some(number(4, 0)?).filter(|&bytes| bytes > 0);
    let partitions = number(5, 0).map(|partitions| (partitions > 0).then_some(partitions))?;
    if !folder.exists() {
        let start = Instant::now();
        write(&folder, n, n_epochs, n_classes)?;
        println!("written in {:.1} s", start.elapsed().as_secs_f64());
    }
    let context = EngineOptions { memory, partitions, spill_folder: None }.session()?;
    let path = format!("{}/", folder.display());
    context.register_parquet("log", &path, ParquetReadOptions::default()).await?;
    run(&context, "built-in mean", "SELECT id, avg(loss) AS score FROM log GROUP BY id").await?;
    run(&context, "mean loss", "SELECT id, loss(epoch, loss) AS score FROM log GROUP BY id").await?;
    run(&context, "forgetting", "SELECT id, forgetting(epoch, correct) AS score FROM log GROUP BY id").await?;
    if n_classes > 0 {
        run(&context, "el2n", "SELECT id, el2n(epoch, logits, label) AS score FROM log GROUP BY id").await?;
        let several = "dynamics(epoch, logits, label, 'el2n; aum; forgetting; confidence; variability')";
        run(&context, "five metrics", &format!("SELECT id, {several} AS score FROM log GROUP BY id")).await?;
    }
    // Losses of the first epoch, as scores.
    let scores = context.sql("SELECT id, label, loss FROM log WHERE epoch = 0").await?;
    let columns = PruneColumns {
        id: "id".into(),
        score: "loss".into(),
        higher_is_harder: true,
        label: Some("label".into()),
    };
    for options in [vec![], vec![("balance", "equal")]] {
        let rule = RuleSettings::parse("hardest", &options)?;
        let start = Instant::now();
        let pruned = prune(&scores, &columns, &rule, Budget::Keep(0.3), 0).await?;
        let n_kept = pruned.frame.count().await?;
        println!("hardest {options:?}: {n_kept} of {}, {}", pruned.n_examples, spent(start));
    }
    Ok(())
}

/// Runs a query and counts its rows.
async fn run(context: &SessionContext, name: &str, sql: &str) -> Result<(), Failure> {
    let start = Instant::now();
    // What nobody asks for is not computed.
    let counted = context.sql(&format!("SELECT count(score) AS n FROM ({sql})")).await?.collect().await?;
    let n = counted[0].column(0).as_primitive::<Int64Type>().value(0);
    println!("{name}: {n} examples, {}", spent(start));
    Ok(())
}

/// Seconds, and the most memory so far where the system tells it.
fn spent(start: Instant) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("unknown", str::trim);
    format!("{:.2} s, at most {peak}", start.elapsed().as_secs_f64())
}

/// A file per epoch.
fn write(folder: &Path, n: usize, n_epochs: usize, n_classes: usize) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    for epoch in 0..n_epochs {
        let mut writer: Option<ArrowWriter<File>> = None;
        for first in (0..n).step_by(1 << 16) {
            let ids = first..n.min(first + (1 << 16));
            let rng = &mut stream(epoch as u64, "scale", first as u64);
            let mut number = || uniform(rng) as f32;
            let losses: Vec<f32> = ids.clone().map(|_| -(1.0 - number()).ln()).collect();
            let right: Vec<bool> = losses.iter().map(|&loss| loss < 0.9).collect();
            let integers = |of: &dyn Fn(usize) -> usize| -> ArrayRef {
                Arc::new(ids.clone().map(|id| of(id) as i64).collect::<Int64Array>())
            };
            let mut columns: Vec<(&str, ArrayRef)> = vec![
                ("id", integers(&|id| id)),
                ("epoch", integers(&|_| epoch)),
                ("label", integers(&|id| id % n_classes.max(2))),
                ("correct", Arc::new(BooleanArray::from(right))),
                ("loss", Arc::new(Float32Array::from(losses))),
            ];
            if n_classes > 0 {
                let logits: Vec<f32> = (0..ids.len() * n_classes).map(|_| number() * 8.0).collect();
                let field = Arc::new(Field::new("item", DataType::Float32, false));
                let logits = Arc::new(Float32Array::from(logits));
                columns.push(("logits", Arc::new(FixedSizeListArray::new(field, n_classes as i32, logits, None))));
            }
            let batch = RecordBatch::try_from_iter(columns)?;
            let writer = match &mut writer {
                Some(writer) => writer,
                None => {
                    let file = File::create(folder.join(format!("epoch-{epoch}.parquet")))?;
                    writer.insert(ArrowWriter::try_new(file, batch.schema(), None)?)
                }
            };
            writer.write(&batch)?;
        }
        if let Some(writer) = writer {
            writer.close()?;
        }
    }
    Ok(())
}
