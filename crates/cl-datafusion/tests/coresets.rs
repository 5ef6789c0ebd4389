//! Coresets in two rounds: what the parts choose and what is chosen among them, for any partitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use cl_data::random::{stream, uniform};
use cl_datafusion::{CoresetColumns, CoresetRequest, EngineOptions, choose_coreset, coreset_of_table};
use cl_prune::coreset::{CoresetInputs, CoresetSettings, Features};
use datafusion::arrow::array::{ArrayRef, AsArray, FixedSizeListArray, Float32Array, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Float32Type, Int64Type, Schema};

use crate::files::write_batch;
use crate::log_table::session;

const D: usize = 5;

/// Ids in no order, and features as a list and as columns.
fn table(n: usize, seed: u64) -> (RecordBatch, Vec<i64>, Vec<f32>) {
    let rng = &mut stream(seed, "test features", 0);
    let ids: Vec<i64> = (0..n as i64).map(|id| (id * 7919) % 100_003 - 50).collect();
    let numbers: Vec<f32> = (0..n * D).map(|_| uniform(rng) as f32).collect();
    let field = Arc::new(Field::new("item", DataType::Float32, false));
    let list = FixedSizeListArray::new(field, D as i32, Arc::new(Float32Array::from(numbers.clone())), None);
    let mut columns: Vec<(String, ArrayRef)> =
        vec![("id".into(), Arc::new(Int64Array::from(ids.clone()))), ("features".into(), Arc::new(list))];
    for column in 0..D {
        let values: Float32Array = numbers.iter().skip(column).step_by(D).copied().collect();
        columns.push((format!("x_{column}"), Arc::new(values)));
    }
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), false)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    (RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap(), ids, numbers)
}

fn settings(method: &str, options: &[(&str, &str)]) -> CoresetSettings {
    CoresetSettings::parse(method, options).unwrap()
}

fn columns(features: &[&str]) -> CoresetColumns {
    CoresetColumns { id: "id".into(), features: features.iter().map(|&name| name.to_owned()).collect() }
}

/// The ids chosen.
async fn chosen(
    batch: &RecordBatch,
    partitions: usize,
    columns: &CoresetColumns,
    settings: &CoresetSettings,
    (count, parts): (usize, u64),
) -> (Vec<String>, Vec<f64>, Vec<(u64, usize)>) {
    let table = session(batch, partitions, partitions as u64).table("log").await.unwrap();
    let found = choose_coreset(&table, columns, settings, count, parts, 3).await.unwrap();
    let ids = found.coreset.order.iter().filter_map(|&at| Some(found.candidates.get(at)?.into_owned())).collect();
    (ids, found.coreset.gains, found.parts)
}

/// The parts, as SQL has them: for the embedded path.
async fn parts_of(batch: &RecordBatch, parts: u64, seed: u64) -> BTreeMap<u64, Vec<(i64, Vec<f32>)>> {
    let context = session(batch, 3, 0);
    let seed = seed ^ 0x7061_7274_7321;
    let query = format!("SELECT tie_hash(id, arrow_cast({seed}, 'UInt64')) % {parts}, id, features FROM log");
    let mut found: BTreeMap<u64, Vec<(i64, Vec<f32>)>> = BTreeMap::new();
    for batch in context.sql(&query).await.unwrap().collect().await.unwrap() {
        let part = datafusion::arrow::compute::cast(batch.column(0), &DataType::Int64).unwrap();
        let ids = batch.column(1).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let features = batch.column(2).as_fixed_size_list().value(row);
            let features = features.as_primitive::<Float32Type>().values().to_vec();
            let part = part.as_primitive::<Int64Type>().value(row) as u64;
            found.entry(part).or_default().push((ids.value(row), features));
        }
    }
    found.values_mut().for_each(|examples| examples.sort_unstable_by_key(|(id, _)| *id));
    found
}

#[tokio::test]
async fn choices_are_those_of_the_embedded_path() {
    let (batch, ..) = table(400, 1);
    for (method, options) in [
        ("facility-location", &[("similarity", "max-distance")][..]),
        ("feature-based", &[]),
        ("log-determinant", &[]),
    ] {
        let (settings, count) = (settings(method, options), 12);
        let parts = parts_of(&batch, 4, 3).await;
        let (mut union, mut orders, mut features) = (Vec::new(), Vec::new(), Vec::<f32>::new());
        for examples in parts.values() {
            let own: Vec<f32> = examples.iter().flat_map(|(_, features)| features.clone()).collect();
            let own = Features::new(&own, D).unwrap();
            let order = settings.select(own, count, 3, &CoresetInputs::default()).unwrap().order;
            orders.push((union.len()..union.len() + order.len()).collect::<Vec<usize>>());
            for example in order {
                union.push(examples[example].0.to_string());
                features.extend(&examples[example].1);
            }
        }
        let merged = settings.merge(Features::new(&features, D).unwrap(), &orders, count, 3).unwrap();
        let expected: Vec<&String> = merged.order.iter().map(|&at| &union[at]).collect();
        let names = ["x_0", "x_1", "x_2", "x_3", "x_4"];
        for partitions in [1, 2, 7, 16] {
            for columns in [columns(&["features"]), columns(&names)] {
                let (ids, gains, parts) = chosen(&batch, partitions, &columns, &settings, (count, 4)).await;
                assert_eq!(ids.iter().collect::<Vec<_>>(), expected, "{method}, {partitions} partitions");
                assert_eq!(gains, merged.gains);
                assert_eq!(parts.iter().map(|(n, _)| n).sum::<u64>(), 400);
                assert!(parts.len() == 4 && parts.iter().all(|&(n, k)| k == 12 && (60..140).contains(&n)));
            }
        }
    }
}

/// One part is the greedy choice of all, whatever came in which order.
#[tokio::test]
async fn one_part_is_one_greedy_choice() {
    let (batch, ids, numbers) = table(150, 2);
    // An objective that counts none but the chosen: the second round chooses what the first has.
    let settings = settings("feature-based", &[]);
    let mut order: Vec<usize> = (0..150).collect();
    order.sort_unstable_by_key(|&at| ids[at]);
    let sorted: Vec<f32> = order.iter().flat_map(|&at| numbers[at * D..][..D].to_vec()).collect();
    let whole = settings.select(Features::new(&sorted, D).unwrap(), 9, 3, &CoresetInputs::default()).unwrap();
    let expected: Vec<String> = whole.order.iter().map(|&at| ids[order[at]].to_string()).collect();
    let (found, ..) = chosen(&batch, 5, &columns(&["features"]), &settings, (9, 1)).await;
    assert_eq!(found, expected);
}

#[tokio::test]
async fn files_are_read_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let (batch, ..) = table(90, 4);
    let input = folder.path().join("features");
    std::fs::create_dir_all(&input).unwrap();
    write_batch(&batch.slice(0, 40), &input.join("a.parquet"));
    write_batch(&batch.slice(40, 50), &input.join("b.parquet"));
    let context = EngineOptions::default().session().unwrap();
    let request = |features_column: Option<&str>, count| CoresetRequest {
        features: input.clone(),
        id_column: None,
        features_column: features_column.map(String::from),
        settings: settings("feature-based", &[]),
        count,
        parts: 3,
        seed: 0,
    };
    let output = folder.path().join("chosen.csv");
    let report = coreset_of_table(&context, &request(None, 7), &output).await.unwrap();
    assert_eq!((report.n_examples, report.n_chosen, report.parts.len()), (90, 7, 3));
    assert!(report.guarantee.starts_with("(1 - 1/e) / min(m, k) = 0.211"), "{}", report.guarantee);
    let csv = std::fs::read_to_string(&output).unwrap();
    assert!(csv.starts_with("id,rank,gain\n") && csv.lines().count() == 8, "{csv}");
    let lines = folder.path().join("chosen.txt");
    coreset_of_table(&context, &request(Some("x"), 7), &lines).await.unwrap();
    let ids: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(std::fs::read_to_string(&lines).unwrap().lines().collect::<Vec<_>>(), ids);

    let error = async |request: &CoresetRequest| {
        coreset_of_table(&context, request, &output).await.unwrap_err().to_string()
    };
    let many = error(&request(None, 91)).await;
    assert!(many.contains("91") && many.contains("90"), "{many}");
    let unknown = error(&request(Some("y"), 7)).await;
    assert!(unknown.contains("no column `y`, the columns are id, features, x_0"), "{unknown}");
    assert!(error(&CoresetRequest { parts: 0, ..request(None, 7) }).await.contains("parts is 0"));
    let far = CoresetRequest { settings: settings("k-center", &[]), ..request(None, 7) };
    assert!(error(&far).await.contains("one whose choices can be merged"));
}

#[tokio::test]
async fn an_id_that_is_there_twice_is_told() {
    let (batch, ..) = table(20, 5);
    let twice = datafusion::arrow::compute::concat_batches(&batch.schema(), [&batch, &batch.slice(3, 1)]).unwrap();
    let table = session(&twice, 2, 0).table("log").await.unwrap();
    let settings = settings("feature-based", &[]);
    let error = choose_coreset(&table, &columns(&["features"]), &settings, 3, 2, 0).await.unwrap_err().to_string();
    assert!(error.contains("there twice, expected each id once"), "{error}");
}
