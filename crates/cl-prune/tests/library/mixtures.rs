//! Mixtures of objectives.

use cl_prune::coreset::{
    Concave, CoresetInputs, CoresetSettings, FacilityLocation, FeatureBased, Features, GraphCut, GraphCutForm,
    Greedy, LogDetMi, Mixture, Optimizer, Similarities, Similarity, SubmodularObjective, coresets,
};

use super::points;

const N: usize = 12;

/// Gains are weighted sums of gains, greedy takes the largest, and lazy is naive.
#[test]
fn a_mixture_is_the_weighted_sum() {
    for seed in 0..4 {
        let values: Vec<f64> = points(N, 2, seed).iter().map(|value| value.abs() + 0.01).collect();
        let features = Features::new(&values, 2).unwrap();
        let similarities = || Similarities::new(&features, Similarity::MaxSquared).unwrap();
        let location = || FacilityLocation::new(similarities());
        let cut = || GraphCut::new(similarities(), 1.0, GraphCutForm::Conventional).unwrap();
        let based = || FeatureBased::new(&features, Concave::Log).unwrap();
        let mixture =
            || Mixture::new(1.0, location()).unwrap().with(0.25, cut()).unwrap().with(3.0, based()).unwrap();
        let select = |optimizer| Greedy::new(optimizer).select(&mut mixture(), N).unwrap();
        let naive = select(Optimizer::Naive);
        assert_eq!(naive, select(Optimizer::Lazy));
        let (mut location, mut cut, mut based, mut mixture) = (location(), cut(), based(), mixture());
        for (at, (&element, &found)) in naive.order.iter().zip(&naive.gains).enumerate() {
            let mut gain = |j: usize| location.gain(j) + 0.25 * cut.gain(j) + 3.0 * based.gain(j);
            assert!((gain(element) - found).abs() < 1e-12);
            let left = (0..N).filter(|j| !naive.order[..at].contains(j));
            let best = left.map(gain).fold(f64::NEG_INFINITY, f64::max);
            assert!((best - found).abs() < 1e-12);
            let mut gains = Vec::new();
            mixture.gains(&[element], &mut gains);
            assert_eq!(gains, [mixture.gain(element)]);
            location.add(element);
            cut.add(element);
            based.add(element);
            mixture.add(element);
        }
        assert!(Greedy::default().select(&mut mixture, 0).unwrap().order.is_empty());
    }
}

/// By name as in the library; every objective can be a part, with options and targets of its own.
#[test]
fn mixtures_are_had_by_name() {
    let values: Vec<f64> = points(N, 2, 5).iter().map(|value| value.abs().min(0.9) + 0.01).collect();
    let features = Features::new(&values, 2).unwrap();
    let query = Features::new(&values[..2], 2).unwrap();
    let of = |of: &str| CoresetSettings::parse("mixture", &[("of", of)]);
    let none = CoresetInputs::default();
    let similarities = || Similarities::new(&features, Similarity::Cosine).unwrap();
    let mut expected = Mixture::new(1.0, FacilityLocation::new(similarities()))
        .unwrap()
        .with(0.5, GraphCut::new(similarities(), 2.0, GraphCutForm::Conventional).unwrap())
        .unwrap();
    let settings = of("facility-location:1:similarity=cosine, graph-cut:0.5:similarity=cosine:lambda=2").unwrap();
    let found = settings.select(features, 5, 0, &none).unwrap();
    assert_eq!(found, Greedy::default().select(&mut expected, 5).unwrap());
    for known in coresets().filter(|known| known.submodular && known.method.name != "mixture") {
        let name = known.method.name;
        let settings = of(&format!("{name}:2")).unwrap();
        assert_eq!((settings.needs_query(), settings.needs_private()), (known.needs_query, known.needs_private));
        let inputs = CoresetInputs {
            query: known.needs_query.then(|| query.into()),
            private: known.needs_private.then(|| query.into()),
            ..none
        };
        let alone = CoresetSettings::parse(name, &[]).unwrap().select(features, 5, 0, &inputs).unwrap();
        let mixed = settings.select(features, 5, 0, &inputs).unwrap();
        assert_eq!(alone.order, mixed.order, "{name}");
        assert_eq!(alone.gains.iter().map(|gain| 2.0 * gain).collect::<Vec<_>>(), mixed.gains, "{name}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let message = |of: &str| CoresetSettings::parse("mixture", &[("of", of)]).unwrap_err().to_string();
    assert!(
        message("k-center:1").starts_with("unknown objective \"k-center\", expected one of: facility-location")
    );
    assert!(message("graph-cut").contains("expected METHOD:WEIGHT in \"graph-cut\""));
    assert!(message("graph-cut:-1").contains("a finite weight of at least 0 in \"graph-cut:-1\""));
    assert!(message("graph-cut:1:lambda=much").contains("parameter graph-cut.lambda is much"));
    assert!(message("graph-cut:1:alpha=1").contains("graph-cut.alpha"));
    assert!(message("graph-cut:1:optimizer=naive").contains("options of graph-cut itself"));
    let values = points(N, 2, 6);
    let (features, fewer) = (Features::new(&values, 2).unwrap(), Features::new(&values[..20], 2).unwrap());
    let location = |features| FacilityLocation::new(Similarities::new(features, Similarity::Cosine).unwrap());
    assert!(Mixture::new(f64::NAN, location(&features)).is_err());
    let error = Mixture::new(1.0, location(&features)).unwrap().with(1.0, location(&fewer)).err().unwrap();
    assert_eq!(error.to_string(), "an objective of a mixture has 10 entries, expected 12");
    // What has no guarantee has none in a mixture.
    let query = Features::new(&values[..2], 2).unwrap();
    let measure = LogDetMi::new(&features, query, Similarity::Cosine, 1.0, 1.0).unwrap();
    let mixture = Mixture::new(1.0, location(&features)).unwrap();
    assert!(mixture.is_submodular() && !mixture.with(1.0, measure).unwrap().is_submodular());
}
