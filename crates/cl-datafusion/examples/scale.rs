//! Measures the engine on generated data: `scale FOLDER IDS EPOCHS CLASSES [MEMORY [PARTITIONS]]`; `scale --one FOLDER OUT
//! [MEMORY]` runs one query over what is there, the mean, the variance and the forgetting events, into a Parquet file; and
//! `scale --scores OUT ROWS CLASSES` writes a table of scores, no two equal.
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
    ArrayRef, AsArray, BooleanArray, FixedSizeListArray, Float32Array, Float64Array, Int64Array, RecordBatch,
};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::{ParquetReadOptions, SessionContext};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [one, folder, out, memory @ ..] if one == "--one" => {
            let memory = memory.first().map(|bytes| bytes.parse()).transpose()?.filter(|&bytes| bytes > 0);
            return one_query(Path::new(folder), out, memory).await;
        }
        [scores, out, rows, classes] if scores == "--scores" => {
            return write_scores(Path::new(out), rows.parse()?, classes.parse()?);
        }
        _ => {}
    }
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

/// What `beside.py` asks of other engines, too.
async fn one_query(folder: &Path, out: &str, memory: Option<usize>) -> Result<(), Failure> {
    let context = EngineOptions { memory, ..EngineOptions::default() }.session()?;
    context.register_parquet("log", format!("{}/", folder.display()), ParquetReadOptions::default()).await?;
    let sql = "SELECT id, loss(epoch, loss) AS loss, var_pop(loss) AS variance, forgetting(epoch, correct) AS forgetting \
               FROM log GROUP BY id";
    let written = context.sql(sql).await?.write_parquet(out, DataFrameWriteOptions::new(), None).await?;
    drop(written);
    Ok(())
}

/// A bijection of words that scatters them (the finaliser of SplitMix64): other scores for other rows.
fn scattered(word: u64) -> u64 {
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

fn write_scores(out: &Path, n: usize, n_classes: usize) -> Result<(), Failure> {
    let mut writer: Option<ArrowWriter<File>> = None;
    for first in (0..n).step_by(1 << 20) {
        let ids = first..n.min(first + (1 << 20));
        let id: ArrayRef = Arc::new(ids.clone().map(|id| id as i64).collect::<Int64Array>());
        let class = |id: usize| (scattered(id as u64 ^ 1 << 40) % n_classes.max(1) as u64) as i64;
        let label: ArrayRef = Arc::new(ids.clone().map(class).collect::<Int64Array>());
        // 2^53 numbers in [0, 1), of which the upper bits of different words are different but by a rare chance.
        let score = |id: usize| (scattered(id as u64) >> 11) as f64 / (1u64 << 53) as f64;
        let scores: ArrayRef = Arc::new(ids.map(score).collect::<Float64Array>());
        let batch = RecordBatch::try_from_iter([("id", id), ("label", label), ("el2n", scores)])?;
        let writer = match &mut writer {
            Some(writer) => writer,
            None => writer.insert(ArrowWriter::try_new(File::create(out)?, batch.schema(), None)?),
        };
        writer.write(&batch)?;
    }
    writer.map(ArrowWriter::close).transpose()?;
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
            // Rounded, a number may be 1.
            let losses: Vec<f32> = ids.clone().map(|_| -(1.0 - number()).max(f32::EPSILON).ln()).collect();
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
