//! Features as each method has them.

use cl_prune::coreset::FeatureDomain;

/// These numbers as features of this domain, equals of equals.
pub(crate) fn in_domain(domain: FeatureDomain, values: &[f64]) -> Vec<f64> {
    let mapped: fn(f64) -> f64 = match domain {
        FeatureDomain::Any => |value| value,
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
        for domain in [FeatureDomain::Any, FeatureDomain::NonNegative, FeatureDomain::Probability] {
            assert!(domain.contains(in_domain(domain, &[value])[0]), "{value}");
        }
    }
}
