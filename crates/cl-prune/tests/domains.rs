//! Features as each method has them.

use cl_prune::coreset::FeatureDomain;

/// These numbers as features of this domain, equals of equals.
pub(crate) fn in_domain(domain: FeatureDomain, values: &[f64], d: usize) -> Vec<f64> {
    if domain == FeatureDomain::Distribution {
        let sum = |row: &[f64]| row.iter().map(|value| value.abs() + 0.1).sum::<f64>();
        let rows = values.chunks_exact(d).map(|row| (row, sum(row)));
        return rows.flat_map(|(row, sum)| row.iter().map(move |value| (value.abs() + 0.1) / sum)).collect();
    }
    let mapped: fn(f64) -> f64 = match domain {
        FeatureDomain::Any | FeatureDomain::Distribution => |value| value,
        FeatureDomain::NonNegative => f64::abs,
        FeatureDomain::Probability => |value| value.abs() / (1.0 + value.abs()),
    };
    values.iter().map(|&value| mapped(value)).collect()
}

#[test]
fn domains_are_what_the_methods_take() {
    for (domain, text) in
        [(FeatureDomain::NonNegative, "\"non-negative\""), (FeatureDomain::Probability, "\"probability\"")]
    {
        assert_eq!(
            (serde_json::to_string(&domain).unwrap(), format!("{:?}", domain.name())),
            (text.into(), text.into())
        );
        assert!(!domain.contains(-0.5) && !domain.contains(f64::NAN) && domain.contains(0.0));
    }
    for value in [-3.0, 0.0, 0.5, 7.0] {
        for domain in [FeatureDomain::Any, FeatureDomain::NonNegative, FeatureDomain::Distribution] {
            assert!(domain.contains(in_domain(domain, &[value], 1)[0]), "{value}");
        }
    }
}
