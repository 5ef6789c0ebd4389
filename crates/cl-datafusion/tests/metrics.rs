//! Metrics by the engine are those of a recorder, to the bit.

use cl_datafusion::{MetricColumns, dynamics_call, metric_call, metric_functions};
use cl_difficulty::{MetricSettings, OutputKind, metrics};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::prelude::{DataFrame, SessionContext, col};

use crate::log_table::{LogTable, N_CLASSES, session};

const KINDS: [OutputKind; 5] = [
    OutputKind::Logits,
    OutputKind::Probabilities,
    OutputKind::LogProbabilities,
    OutputKind::Losses,
    OutputKind::Correct,
];

/// Every metric, with its defaults and with other options.
fn all() -> Vec<MetricSettings> {
    let others: [(&str, &[(&str, &str)]); 10] = [
        ("loss", &[("average", "last")]),
        ("loss_ema", &[("decay", "0.5")]),
        ("forgetting", &[("never_learned", "infinite")]),
        ("aum", &[("outputs", "probabilities")]),
        ("dual", &[("window", "2"), ("epochs", "3")]),
        ("tdds", &[("window", "3"), ("epochs", "6")]),
        ("self_confidence", &[("probabilities", "last")]),
        ("el2n", &[("from", "2"), ("until", "7")]),
        ("first_learned", &[("from", "3")]),
        ("learning_time", &[("threshold", "1.5")]),
    ];
    let defaults = metrics().iter().map(|metric| MetricSettings::parse(metric.method.name, &[]).unwrap());
    defaults.chain(others.map(|(name, options)| MetricSettings::parse(name, options).unwrap())).collect()
}

fn columns(kind: OutputKind) -> MetricColumns {
    let outputs = vec![kind.to_string()];
    MetricColumns { epoch: Some("epoch".into()), outputs, label: Some("label".into()), kind }
}

async fn collected(frame: DataFrame) -> RecordBatch {
    let batches = frame.collect().await.unwrap();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// A column's bits.
fn bits(batch: &RecordBatch, column: usize) -> Vec<u64> {
    let numbers = cast(batch.column(column), &DataType::Float64).unwrap();
    assert_eq!(numbers.null_count(), 0);
    numbers.as_primitive::<Float64Type>().values().iter().map(|value| value.to_bits()).collect()
}

async fn by_id(context: &SessionContext, calls: Vec<datafusion::logical_expr::Expr>) -> RecordBatch {
    let frame = context.table("log").await.unwrap();
    let frame = frame.aggregate(vec![col("id")], calls).unwrap().sort(vec![col("id").sort(true, false)]).unwrap();
    collected(frame).await
}

fn recorded(log: &LogTable, kind: OutputKind, settings: &MetricSettings) -> Vec<u64> {
    log.recorded(kind, settings).iter().map(|value| value.to_bits()).collect()
}

#[tokio::test]
async fn every_metric_of_every_kind_is_the_recorders() {
    let log = LogTable::new(150, 9, 1);
    let batch = log.batch();
    for (n_partitions, seed) in [(1, 0), (2, 1), (7, 2), (16, 3)] {
        let context = session(&batch, n_partitions, seed);
        for kind in KINDS {
            let settings: Vec<_> =
                all().into_iter().filter(|settings| settings.unavailable(kind).is_none()).collect();
            // All at once, each under its place.
            let call = |(at, settings)| metric_call(settings, &columns(kind)).unwrap().alias(format!("m{at}"));
            let found = by_id(&context, settings.iter().enumerate().map(call).collect()).await;
            assert_eq!(found.num_rows(), log.n);
            for (at, settings) in settings.iter().enumerate() {
                let metric = settings.metric();
                assert_eq!(
                    bits(&found, at + 1),
                    recorded(&log, kind, settings),
                    "{metric:?} of {kind}, {n_partitions}"
                );
            }
        }
    }
}

#[tokio::test]
async fn columns_are_told_by_their_types_in_sql() {
    let log = LogTable::new(60, 9, 5);
    let context = session(&log.batch(), 3, 9);
    let sql = "SELECT id, el2n(epoch, logits, label), el2n(epoch, logit_0, logit_1, logit_2, logit_3, label), \
               aum(epoch, arrow_cast(logits, 'List(Float64)'), label), confidence(epoch, losses), \
               forgetting(epoch, correct), forgetting(epoch, logits, label), \
               el2n(epoch, probabilities, label, 'kind=probabilities'), correctness(epoch, losses * 0.0, 'kind=correct'), \
               tdds(epoch, arrow_cast(logits, 'LargeList(Float32)'), label, 'window=3, epochs=6') \
               FROM log GROUP BY id ORDER BY id";
    let found = collected(context.sql(sql).await.unwrap()).await;
    let of = |name, options: &[(&str, &str)]| MetricSettings::parse(name, options).unwrap();
    let forgetting = recorded(&log, OutputKind::Logits, &of("forgetting", &[]));
    let el2n = recorded(&log, OutputKind::Logits, &of("el2n", &[]));
    assert_eq!(bits(&found, 1), el2n);
    assert_eq!(bits(&found, 2), el2n);
    assert_eq!(bits(&found, 3), recorded(&log, OutputKind::Logits, &of("aum", &[])));
    assert_eq!(bits(&found, 4), recorded(&log, OutputKind::Losses, &of("confidence", &[])));
    assert_eq!(bits(&found, 5), forgetting);
    assert_eq!(bits(&found, 6), forgetting);
    assert_eq!(bits(&found, 7), recorded(&log, OutputKind::Probabilities, &of("el2n", &[])));
    assert_eq!(bits(&found, 8), vec![0; log.n]);
    let tdds = of("tdds", &[("window", "3"), ("epochs", "6")]);
    assert_eq!(bits(&found, 9), recorded(&log, OutputKind::Logits, &tdds));
}

/// Several from one state are what each is.
#[tokio::test]
async fn dynamics_are_the_metrics_side_by_side() {
    let log = LogTable::new(90, 9, 8);
    for (n_partitions, seed) in [(1, 0), (5, 4)] {
        let context = session(&log.batch(), n_partitions, seed);
        for kind in KINDS {
            let settings: Vec<_> =
                all().into_iter().filter(|settings| settings.unavailable(kind).is_none()).collect();
            let found = by_id(&context, vec![dynamics_call(&settings, &columns(kind)).unwrap()]).await;
            let lists = found.column(1).as_list::<i32>();
            let numbers = lists.values().as_primitive::<Float64Type>().values();
            for (at, settings) in settings.iter().enumerate() {
                let own: Vec<u64> =
                    numbers.iter().skip(at).step_by(lists.value_length(0) as usize).map(|x| x.to_bits()).collect();
                assert_eq!(own, recorded(&log, kind, settings), "{:?} of {kind}", settings.metric());
            }
        }
    }
}

/// The same for any order of rows, and a recorder's but for the last bits.
#[tokio::test]
async fn without_epochs_rows_enter_in_an_order_of_their_own() {
    let log = LogTable::new(80, 9, 2);
    let sql = "SELECT el2n(logits, label), aum(logits, label), loss(losses) FROM log GROUP BY id ORDER BY id";
    let mut before: Option<Vec<Vec<u64>>> = None;
    for (n_partitions, seed) in [(1, 0), (4, 7), (16, 8)] {
        let found = collected(session(&log.batch(), n_partitions, seed).sql(sql).await.unwrap()).await;
        let found: Vec<Vec<u64>> = (0..3).map(|at| bits(&found, at)).collect();
        for ((name, kind), found) in
            [("el2n", OutputKind::Logits), ("aum", OutputKind::Logits), ("loss", OutputKind::Losses)]
                .into_iter()
                .zip(&found)
        {
            let expected = log.recorded(kind, &MetricSettings::parse(name, &[]).unwrap());
            for (&found, expected) in found.iter().zip(expected) {
                assert!((f64::from_bits(found) - expected).abs() < 1e-14, "{name}");
            }
        }
        assert_eq!(*before.get_or_insert(found.clone()), found);
    }
}

/// No group is the one group of all; a filter lets some rows pass, of some groups none.
#[tokio::test]
async fn groups_of_all_rows_and_of_none() {
    let log = LogTable::new(1, 9, 3);
    let context = session(&log.batch(), 2, 1);
    let found = collected(
        context.sql("SELECT dyn_unc(epoch, logits, label), el2n(epoch, logits, label) FROM log").await.unwrap(),
    )
    .await;
    for (at, name) in ["dyn_unc", "el2n"].into_iter().enumerate() {
        assert_eq!(
            bits(&found, at),
            recorded(&log, OutputKind::Logits, &MetricSettings::parse(name, &[]).unwrap())
        );
    }
    let empty =
        collected(context.sql("SELECT el2n(epoch, logits, label) FROM log WHERE id < 0").await.unwrap()).await;
    assert_eq!((empty.num_rows(), empty.column(0).null_count()), (1, 1));

    let log = LogTable::new(50, 9, 4);
    let context = session(&log.batch(), 7, 1);
    let sql = "SELECT el2n(epoch, logits, label) FILTER (WHERE id < 90), \
               el2n(epoch, logits, label, 'from=2, until=7'), el2n(epoch, logits, label) FILTER (WHERE epoch BETWEEN 2 AND 6), \
               never_learned(epoch, logits, label) FILTER (WHERE id < 90) \
               FROM log GROUP BY id ORDER BY id";
    let found = collected(context.sql(sql).await.unwrap()).await;
    assert_eq!(bits(&found, 1), bits(&found, 2));
    assert_eq!((found.column(0).null_count(), found.column(3).null_count()), (20, 20));
    let expected = recorded(&log, OutputKind::Logits, &MetricSettings::parse("el2n", &[]).unwrap());
    assert_eq!(bits(&found.slice(0, 30), 0), expected[..30]);
}

/// As many functions as metrics, none of which hides a function of the engine.
#[test]
fn every_metric_is_a_function_of_its_name() {
    let names: Vec<String> = metric_functions().iter().map(|function| function.name().to_owned()).collect();
    let expected: Vec<&str> = metrics().iter().map(|metric| metric.method.name).collect();
    assert_eq!(names, expected);
    let state = SessionContext::new().state();
    for name in names.into_iter().chain(["dynamics".to_owned()]) {
        assert!(
            !state.aggregate_functions().contains_key(&name) && !state.scalar_functions().contains_key(&name),
            "{name}"
        );
    }
    assert_eq!(N_CLASSES, 4);
}

/// A bounded memory makes the engine spill states and read them again.
#[tokio::test]
async fn spilled_states_give_the_same() {
    use std::sync::Arc;

    use datafusion::execution::memory_pool::FairSpillPool;
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::prelude::SessionConfig;

    let log = LogTable::new(60_000, 6, 6);
    let batch = log.batch();
    let whole = session(&batch, 2, 0);
    let pool = Arc::new(FairSpillPool::new(9 << 20));
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(pool).build_arc().unwrap();
    let config = SessionConfig::new()
        .with_target_partitions(2)
        .with_batch_size(2048)
        .with_sort_spill_reservation_bytes(1 << 20);
    let bounded = SessionContext::new_with_config_rt(config, runtime);
    cl_datafusion::register(&bounded).unwrap();
    bounded.register_table("log", whole.table_provider("log").await.unwrap()).unwrap();
    let frame = bounded.sql("SELECT id, el2n(epoch, logits, label) AS s FROM log GROUP BY id").await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let batches = datafusion::physical_plan::collect(Arc::clone(&plan), bounded.task_ctx()).await.unwrap();
    fn spills(plan: &Arc<dyn datafusion::physical_plan::ExecutionPlan>) -> usize {
        let own = plan.metrics().and_then(|metrics| metrics.spill_count()).unwrap_or(0);
        own + plan.children().into_iter().map(spills).sum::<usize>()
    }
    assert!(spills(&plan) > 0);
    let mut found: Vec<(i64, u64)> = Vec::new();
    for batch in &batches {
        let ids = batch.column(0).as_primitive::<datafusion::arrow::datatypes::Int64Type>().values();
        found.extend(ids.iter().copied().zip(bits(batch, 1)));
    }
    found.sort_unstable();
    let found: Vec<u64> = found.into_iter().map(|(_, bits)| bits).collect();
    assert_eq!(found, recorded(&log, OutputKind::Logits, &MetricSettings::parse("el2n", &[]).unwrap()));
}
