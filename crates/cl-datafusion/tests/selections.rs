//! Selections over tables against those of `cl-prune`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cl_data::random::{below, stream, uniform};
use cl_datafusion::{PruneColumns, Pruned, prune};
use cl_prune::{Budget, RuleInputs, RuleNeeds, RuleSettings, Selection, rules};
use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;

use crate::log_table::session;

struct Scores {
    scores: Vec<f64>,
    labels: Vec<usize>,
}

impl Scores {
    /// With ties, as counts have them, or without.
    fn new(n: usize, ties: bool, seed: u64) -> Self {
        let rng = &mut stream(seed, "test scores", 0);
        let scores = (0..n).map(|_| if ties { below(rng, 6) as f64 } else { uniform(rng) * 8.0 - 1.0 }).collect();
        // Classes of unequal sizes, one of which does not occur.
        let labels = (0..n).map(|_| [0, 1, 1, 3, 3, 3, 3, 4][below(rng, 8)]).collect();
        Self { scores, labels }
    }

    fn batch(&self) -> RecordBatch {
        let integers = |values: Vec<i64>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
        let n = self.scores.len() as i64;
        RecordBatch::try_from_iter([
            ("id", integers((0..n).collect())),
            ("name", Arc::new(StringArray::from_iter_values((0..n).map(|id| format!("x{id}")))) as ArrayRef),
            ("label", integers(self.labels.iter().map(|&label| label as i64).collect())),
            ("score", Arc::new(Float64Array::from(self.scores.clone())) as ArrayRef),
        ])
        .unwrap()
    }

    fn embedded(&self, settings: &RuleSettings, budget: Budget, seed: u64) -> Selection {
        let inputs = RuleInputs { labels: Some(&self.labels), ..RuleInputs::default() };
        settings.rule(&inputs).unwrap().select(&self.scores, budget, seed).unwrap()
    }
}

fn columns() -> PruneColumns {
    PruneColumns { id: "id".into(), score: "score".into(), higher_is_harder: true, label: Some("label".into()) }
}

async fn ids(pruned: Pruned) -> BTreeSet<usize> {
    let batches = pruned.frame.collect().await.unwrap();
    let ids = batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec());
    let ids: Vec<usize> = ids.map(|id| id as usize).collect();
    let all: BTreeSet<usize> = ids.iter().copied().collect();
    assert_eq!((all.len(), ids.len() as u64), (ids.len(), pruned.n_kept));
    all
}

async fn pruned(context: &SessionContext, settings: &RuleSettings, budget: Budget, seed: u64) -> Pruned {
    let table = context.table("log").await.unwrap();
    prune(&table, &columns(), settings, budget, seed).await.unwrap()
}

/// Every rule that the engine has, with options.
fn all() -> Vec<RuleSettings> {
    let own = [
        ("hardest", vec![]),
        ("easiest", vec![]),
        ("middle", vec![]),
        ("offset", vec![("offset", "0.2")]),
        ("offset", vec![("offset", "0.1"), ("start", "hardest")]),
    ];
    let shares = [
        vec![],
        vec![("balance", "proportional")],
        vec![("balance", "equal"), ("floor", "5")],
        vec![("balance", "proportional"), ("floor_share", "0.5")],
        vec![("balance", "global"), ("floor", "4")],
        vec![("balance", "global")],
    ];
    let with = |(name, options): (&'static str, Vec<(&'static str, &'static str)>)| {
        let with_shares = move |shares: &Vec<(&'static str, &'static str)>| {
            RuleSettings::parse(name, &[options.clone(), shares.clone()].concat()).unwrap()
        };
        shares.iter().map(with_shares).collect::<Vec<_>>()
    };
    own.into_iter().flat_map(with).collect()
}

/// Without ties the examples are the same ones.
#[tokio::test]
async fn kept_are_those_of_the_embedded_rule() {
    let scores = Scores::new(400, false, 1);
    let batch = scores.batch();
    for (n_partitions, seed) in [(1, 0), (2, 1), (7, 2), (16, 3)] {
        let context = session(&batch, n_partitions, seed);
        for settings in all() {
            let budget = Budget::Keep(0.3);
            let expected: BTreeSet<usize> = scores.embedded(&settings, budget, seed).kept.into_iter().collect();
            let found = ids(pruned(&context, &settings, budget, seed).await).await;
            assert_eq!(found, expected, "{settings:?} of {n_partitions}");
        }
    }
}

/// With ties, those that the seed does not decide on are the same, and as many of each class; whatever the partitions.
#[tokio::test]
async fn ties_alone_are_decided_otherwise() {
    let scores = Scores::new(300, true, 2);
    let batch = scores.batch();
    for settings in all() {
        let selection = scores.embedded(&settings, Budget::Count(60), 5);
        let mut before = None;
        for (n_partitions, order) in [(1, 0), (5, 9)] {
            let pruned = pruned(&session(&batch, n_partitions, order), &settings, Budget::Count(60), 5).await;
            let found = ids(pruned).await;
            assert_eq!(*before.get_or_insert_with(|| found.clone()), found);
            // Under floors the rest competes anew, so that who was tied in its class is not told.
            let global = settings.options().get("balance").is_some_and(|balance| balance == "global");
            for (example, decision) in selection.decisions.iter().enumerate() {
                let tied = decision.tied || global;
                assert!(tied || found.contains(&example) == decision.kept, "{example} by {settings:?}");
            }
            let per_score = |kept: &mut dyn Iterator<Item = usize>| -> BTreeMap<(usize, u64), usize> {
                let mut counts = BTreeMap::new();
                kept.for_each(|at| {
                    *counts.entry((scores.labels[at], scores.scores[at].to_bits())).or_default() += 1
                });
                counts
            };
            if settings.options()["balance"] != "none" && !global {
                let expected = per_score(&mut selection.kept.iter().copied());
                assert_eq!(per_score(&mut found.iter().copied()), expected, "{settings:?}");
            }
        }
    }
}

/// Coverage: as many of each stratum, those that are cut off never, and each example now and then.
#[tokio::test]
async fn strata_are_covered_evenly() {
    let scores = Scores::new(500, false, 3);
    let context = session(&scores.batch(), 4, 0);
    for options in [
        vec![("strata", "7")],
        vec![("beta", "0.2"), ("strata", "7")],
        vec![("noise_rate", "0.9"), ("strata", "7")],
        vec![("beta", "0.1"), ("strata", "5"), ("balance", "equal")],
    ] {
        let settings = RuleSettings::parse("ccs", &options).unwrap();
        let selection = scores.embedded(&settings, Budget::Count(100), 4);
        let found = ids(pruned(&context, &settings, Budget::Count(100), 4).await).await;
        let by_class = options.iter().any(|(key, _)| *key == "balance");
        let expected: Vec<usize> = selection.groups.iter().map(|group| group.n_kept).collect();
        let mut counts = vec![0; expected.len()];
        found.iter().for_each(|&example| counts[selection.group_of[example] as usize] += 1);
        assert_eq!(counts, expected, "{options:?}, {by_class}");
        let other = ids(pruned(&context, &settings, Budget::Count(60), 5).await).await;
        // Of as many as are left there is one choice.
        assert!(other != found || options[0].0 == "noise_rate");
    }
}

/// Random rules: all are as likely, and a smaller budget keeps a part of a larger one.
#[tokio::test]
async fn random_parts_are_nested_and_by_the_seed() {
    let scores = Scores::new(60, true, 4);
    let context = session(&scores.batch(), 3, 0);
    for (name, share) in [("random", None), ("stratified-random", Some("proportional"))] {
        let settings = RuleSettings::parse(name, &[]).unwrap();
        let mut counts = vec![0; 60];
        for seed in 0..40 {
            let found = ids(pruned(&context, &settings, Budget::Count(30), seed).await).await;
            let less = ids(pruned(&context, &settings, Budget::Count(12), seed).await).await;
            assert!(less.is_subset(&found));
            found.iter().for_each(|&example| counts[example] += 1);
            if share.is_some() {
                let expected = scores.embedded(&settings, Budget::Count(30), seed);
                let of = |label: usize| found.iter().filter(|&&example| scores.labels[example] == label).count();
                let per_class: Vec<usize> = [0, 1, 3, 4].map(of).to_vec();
                let expected: Vec<usize> = expected.groups.iter().map(|group| group.n_kept).collect();
                assert_eq!(per_class, expected);
            }
        }
        // 40 draws of one half: within five standard deviations.
        assert!(counts.iter().all(|&count: &i32| (count - 20).abs() < 16), "{counts:?}");
    }
}

/// More keys than are collected at once: digits are counted, with many ties among them and ids for texts.
#[tokio::test]
async fn large_tables_are_counted_digit_by_digit() {
    let n = 1_200_000usize;
    let scores: Vec<f64> = (0..n).map(|at| if at % 2 == 0 { 0.5 } else { (at % 1009) as f64 / 1009.0 }).collect();
    let labels: Vec<usize> = (0..n).map(|at| at % 3).collect();
    let scores = Scores { scores, labels };
    let context = session(&scores.batch(), 2, 0);
    context.sql("SET datafusion.execution.batch_size = 8192").await.unwrap();
    let settings = RuleSettings::parse("hardest", &[]).unwrap();
    let found = ids(pruned(&context, &settings, Budget::Count(500_001), 1).await).await;
    let selection = scores.embedded(&settings, Budget::Count(500_001), 1);
    let wrong =
        |(at, decision): (usize, &cl_prune::Decision)| !decision.tied && found.contains(&at) != decision.kept;
    assert!(!selection.decisions.iter().enumerate().any(wrong));
    assert_eq!(found.len(), 500_001);
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let scores = Scores::new(20, false, 5);
    let context = session(&scores.batch(), 2, 0);
    let hardest = RuleSettings::parse("hardest", &[]).unwrap();
    let balanced = RuleSettings::parse("hardest", &[("balance", "equal")]).unwrap();
    let floors = RuleSettings::parse("hardest", &[("balance", "equal"), ("floor", "19")]).unwrap();
    let with = |change: fn(&mut PruneColumns)| {
        let mut columns = columns();
        change(&mut columns);
        columns
    };
    let plain = "SELECT id, name, label, score FROM log";
    for (sql, columns, settings, budget, expected) in [
        (
            plain,
            with(|of| of.score = "el2n".into()),
            &hardest,
            Budget::Count(3),
            "no column `el2n`, the columns are id, name, label, score",
        ),
        (
            plain,
            with(|of| of.id = "score".into()),
            &hardest,
            Budget::Count(3),
            "column score is Float64, expected integers or texts",
        ),
        (plain, with(|of| of.label = None), &balanced, Budget::Count(3), "label is none"),
        (
            plain,
            with(|of| of.label = Some("name".into())),
            &balanced,
            Budget::Count(3),
            "column name is Utf8, expected integers",
        ),
        (plain, columns(), &hardest, Budget::Count(21), "count is 21"),
        (plain, columns(), &floors, Budget::Count(5), "floor of 19"),
        (
            "SELECT id, label, nullif(score, score) AS score FROM log",
            columns(),
            &hardest,
            Budget::Count(3),
            "the score is null in 20 rows",
        ),
        (
            "SELECT id, label, score / 0.0 * 0.0 AS score FROM log",
            columns(),
            &hardest,
            Budget::Count(3),
            "the score is NaN in 20 rows",
        ),
        (
            "SELECT id, label - 1 AS label, score FROM log",
            columns(),
            &balanced,
            Budget::Count(3),
            "the label is -1",
        ),
        (
            "SELECT 7 AS id, 0 AS label, 1.0 AS score FROM log",
            columns(),
            &hardest,
            Budget::Count(3),
            "an id is twice in the table",
        ),
    ] {
        let table = context.sql(sql).await.unwrap();
        let error = prune(&table, &columns, settings, budget, 0).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let coverage = RuleSettings::parse("ccs", &[]).unwrap();
    let table = context.sql("SELECT id, score / 0.0 AS score FROM log").await.unwrap();
    let error = prune(&table, &columns(), &coverage, Budget::Count(3), 0).await.unwrap_err().to_string();
    assert!(error.contains("strata of equal width need"), "{error}");
    let d2 = RuleSettings::parse("d2", &[]).unwrap();
    let table = context.table("log").await.unwrap();
    assert!(
        prune(&table, &columns(), &d2, Budget::Count(3), 0).await.unwrap_err().to_string().contains("rule is d2")
    );
}

/// The rules that need more of an example than its score and class, and those alone, are refused.
#[tokio::test]
async fn rules_of_scores_and_classes_are_there() {
    let scores = Scores::new(40, true, 6);
    let context = session(&scores.batch(), 2, 0);
    for description in rules().filter(|rule| matches!(rule.needs, RuleNeeds::Scores | RuleNeeds::Labels)) {
        let settings = RuleSettings::parse(description.method.name, &[]).unwrap();
        assert_eq!(ids(pruned(&context, &settings, Budget::Count(9), 0).await).await.len(), 9);
    }
}
