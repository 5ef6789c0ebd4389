//! The short form of `cargo xtask calibrate`: intervals hold what is true, and what is said is true, at the sizes of the usual
//! run. Margins are four standard errors of the simulated shares.

use xtask::calibrate::{
    BestOfMany, Design, Kind, best_of_many, correlation_coverage, difference, other_evidence, placebo,
    ratio_coverage, real_splits, reports,
};

const TRIALS: u64 = 2_000;

/// 4 sqrt(0.05 0.95 / 2000).
const ROOM: f64 = 0.0195;

/// Twenty repetitions, fresh or of splits.
#[test]
fn intervals_hold_the_truth_and_verdicts_are_true() {
    for kind in Kind::ALL {
        for test_to_train in [0.0, 0.25] {
            for truth in [0.0, 0.5, 1.0] {
                let design = Design { n: 20, test_to_train };
                let cell = difference(kind, design, truth, TRIALS).unwrap();
                let told = format!("{kind:?} {design:?} {truth} {cell:?}");
                if kind != Kind::Collapsing {
                    assert!((cell.coverage[1] - 0.95).abs() < ROOM, "{told}");
                }
                assert!(cell.rank_coverage.unwrap() > 0.95 - ROOM, "{told}");
                assert!(cell.false_verdicts[1] <= 0.05, "{told}");
                // Student's interval alone takes splits for data.
                if test_to_train > 0.0 && kind != Kind::Collapsing {
                    assert!(cell.coverage[0] < 0.75, "{told}");
                }
            }
        }
    }
}

#[test]
fn few_repetitions_say_nothing_false() {
    for n in [3, 5, 10, 30] {
        for kind in Kind::ALL {
            for test_to_train in [0.0, 0.25] {
                let cell = difference(kind, Design { n, test_to_train }, 0.5, TRIALS).unwrap();
                assert!(cell.false_verdicts[1] <= 0.05, "{n} {kind:?} {cell:?}");
                assert!(n > 5 || (cell.missed[1] == 1.0 && cell.rank_coverage.is_none()), "{n} {kind:?} {cell:?}");
            }
        }
    }
}

/// Splits of real classifiers: 300 data sets, 4 sqrt(0.05 0.95 / 300) = 0.05 of room below; above none is needed.
#[test]
fn splits_of_one_data_set_are_not_data() {
    let splits = real_splits(300).unwrap();
    assert!(splits.coverage[1] > 0.90 && splits.coverage[0] < 0.80, "{splits:?}");
}

#[test]
fn ratios_and_correlations_hold_the_truth() {
    for n in [5, 10, 20] {
        let [percentiles, _, logarithms] = ratio_coverage(n, TRIALS).unwrap();
        assert!(
            (logarithms - 0.95).abs() < ROOM && (n > 10 || percentiles < 0.95 - ROOM),
            "{n} {percentiles} {logarithms}"
        );
        let [_, fisher, _] = correlation_coverage(n, TRIALS).unwrap();
        assert!((fisher - 0.95).abs() < ROOM, "{n} {fisher}");
    }
    // Exact intervals of few trials hold more than they promise.
    let [share, correlation, least] = other_evidence(TRIALS).unwrap();
    assert!(
        share > 0.95 - ROOM && (correlation - 0.95).abs() < ROOM && least > 0.95 - ROOM,
        "{share} {correlation} {least}"
    );
}

/// Nothing is found where nothing is; what all or a tenth of the strategies gain is found more often than before.
#[test]
fn the_best_of_many_is_judged_afresh() {
    for correlation in [0.6, 0.9] {
        let found = |gain, better| best_of_many(BestOfMany { gain, better, correlation }, 100).unwrap();
        assert_eq!(found(0.0, 1.0), [0.0, 0.0]);
        let [before, now] = found(1.0, 0.1);
        assert!(before < 0.3 && now > before, "{correlation} {before} {now}");
    }
}

/// Of the verdicts of a report at most one in twenty is false, and of its claims at most one in twenty says anything false.
#[test]
fn a_whole_report_keeps_its_rates() {
    let rates = reports(20, 60).unwrap();
    assert!(rates.false_discoveries[1] <= 0.05 && rates.false_claims[1] <= 0.05, "{rates:?}");
    assert!(rates.false_claims[0] > 3.0 * rates.false_claims[1] && rates.found[1] > 0.5, "{rates:?}");
}

/// Experiments whose arms are exchanged by chance say nothing.
#[test]
fn without_a_treatment_nothing_is_said() {
    let placebo = placebo(&["race", "focal", "transfer"], 8, 100).unwrap();
    assert!(placebo.differences >= 15 && placebo.decided[1] <= 0.05 && placebo.any <= 0.05 + 0.09, "{placebo:?}");
}
