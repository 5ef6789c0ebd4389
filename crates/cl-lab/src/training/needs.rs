//! What methods that are had by name are made of beside their parameters: found out by asking them, so that whatever joins
//! their lists is known here at once.

use std::sync::Arc;

use cl_data::catalogue::{CatalogueError, Description};
use cl_pacing::{
    Full, Given, Order, Pacing, PacingError, SamplerInputs, order_by_name, pacing_by_name, sampler_by_name,
    samplers, self_paced_by_name, weighting_by_name,
};
use cl_prune::{Budget, NeighborLists, PruneError, RuleInputs, RuleSettings, SelectionRule};

use super::fault::{lacks, parameter_of};

/// Examples that methods are asked about.
const N: usize = 256;

/// What a method is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) order: bool,
    pub(super) difficulty: bool,
    pub(super) classes: bool,
    pub(super) irreducible: bool,
    pub(super) pacing: bool,
    /// How late each example is to come.
    pub(super) lateness: bool,
}

impl Needs {
    /// Takes down what a method lacked, if that is what is wrong.
    fn learn(&mut self, error: &PacingError) -> bool {
        let PacingError::Catalogue(error) = error else { return false };
        let needs = [
            ("order", &mut self.order),
            ("difficulty", &mut self.difficulty),
            ("classes", &mut self.classes),
            ("irreducible", &mut self.irreducible),
            ("a", &mut self.lateness),
        ];
        for (what, need) in needs {
            if lacks(error, what) && !*need {
                *need = true;
                return true;
            }
        }
        false
    }
}

/// Numbers that stand for what is not known yet.
struct Stand {
    order: Vec<usize>,
    /// In no order that a method could take for one of its own.
    difficulty: Vec<f64>,
    classes: Vec<usize>,
    zeros: Vec<f64>,
}

impl Stand {
    fn new() -> Self {
        Self {
            order: (0..N).collect(),
            difficulty: (0..N).map(|example| ((example * 97) % N) as f64 / N as f64).collect(),
            classes: (0..N).map(|example| example % 2).collect(),
            zeros: vec![0.0; N],
        }
    }

    /// What `needs` says, and no more; `total` steps.
    fn given(&self, needs: Needs, total: u64) -> Given<'_> {
        Given {
            total,
            difficulty: None,
            ranks: Some(N),
            classes: needs.classes.then_some(&self.classes[..]),
            order: Some(&self.order),
            a: needs.lateness.then_some(&self.zeros[..]),
        }
    }
}

/// What the sampler is made of.
///
/// # Errors
/// On an unknown name or parameter, and a parameter out of its domain.
pub(super) fn sampler_needs(name: &str, parameters: &[(&str, &str)]) -> Result<Needs, PacingError> {
    let stand = Stand::new();
    let mut needs = Needs::default();
    loop {
        let pacing: Arc<dyn Pacing> = Arc::new(Full);
        let inputs = SamplerInputs {
            n_examples: N,
            order: needs.order.then_some(&stand.order[..]),
            difficulty: needs.difficulty.then_some(&stand.difficulty[..]),
            classes: needs.classes.then_some(&stand.classes[..]),
            irreducible: needs.irreducible.then_some(&stand.zeros[..]),
            pacing: Some(Arc::clone(&pacing)),
            // As many as a class has: groups of a class fit.
            batch_size: N / 2,
            total_steps: 1 << 20,
            seed: 0,
            ..SamplerInputs::default()
        };
        match sampler_by_name(name, parameters, &inputs) {
            Ok(sampler) => {
                // Ours, that of the inputs, and that of a sampler that holds it.
                needs.pacing = Arc::strong_count(&pacing) > 2;
                drop(sampler);
                return Ok(needs);
            }
            Err(error) if needs.learn(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// The samplers that need what `is_asked` asks for.
pub(super) fn samplers_with(is_asked: impl Fn(&Needs) -> bool) -> Vec<&'static str> {
    let needs = |Description { name, parameters, .. }: &Description| {
        let mut given: Vec<(&str, &str)> = Vec::new();
        loop {
            match sampler_needs(name, &given) {
                Ok(needs) => return Some(needs),
                // Whatever value it has.
                Err(PacingError::Catalogue(error @ CatalogueError::Invalid { .. })) => {
                    let missing = parameter_of(&error).filter(|&name| lacks(&error, name))?;
                    let parameter = parameters.iter().find(|parameter| parameter.name == missing)?;
                    given.push((parameter.name, "1"));
                }
                Err(_) => return None,
            }
        }
    };
    let all = samplers();
    all.iter().filter(|sampler| needs(sampler).is_some_and(|needs| is_asked(&needs))).map(|it| it.name).collect()
}

/// What the order is made of, and whether it goes by difficulty at all.
///
/// # Errors
/// As [`sampler_needs`].
pub(super) fn order_needs(name: &str, parameters: &[(&str, &str)]) -> Result<Needs, PacingError> {
    let stand = Stand::new();
    let mut needs = Needs::default();
    loop {
        match order_by_name(name, parameters, &stand.given(needs, 1 << 20)) {
            Ok(order) => {
                let [one, other] = [&stand.difficulty, &stand.zeros].map(|difficulty| order.order(difficulty, 0));
                return Ok(Needs { difficulty: one? != other?, ..needs });
            }
            Err(error) if needs.learn(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether the pacing can be had.
///
/// # Errors
/// As [`sampler_needs`].
pub(super) fn check_pacing(name: &str, parameters: &[(&str, &str)]) -> Result<(), PacingError> {
    // A run whose length is not known yet is one that any number of cycles divides.
    let cycles = parameters.iter().find(|(key, _)| *key == "n_cycles").and_then(|(_, value)| value.parse().ok());
    let total = cycles.unwrap_or(1u64).max(1).saturating_mul(1 << 20);
    pacing_by_name(name, parameters, &Stand::new().given(Needs::default(), total)).map(drop)
}

/// How a weighting acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acts {
    /// As one half of self-paced learning: it chooses the examples of an epoch.
    Alternates,
    /// On each batch that a sampler gives.
    OnBatches,
}

/// How the weighting acts and what it is made of.
///
/// # Errors
/// As [`sampler_needs`].
pub(super) fn weighting_needs(name: &str, parameters: &[(&str, &str)]) -> Result<(Acts, Needs), PacingError> {
    let stand = Stand::new();
    let mut needs = Needs::default();
    // These make a weighting of losses as they are out of a regulariser.
    let stays = parameters.iter().any(|(key, _)| ["quantile", "cap"].contains(key));
    let is_another = |error: &PacingError| matches!(error, PacingError::Catalogue(CatalogueError::Unknown { what, .. }) if *what != "parameter");
    loop {
        let given = stand.given(needs, 1 << 20);
        let outcome = match self_paced_by_name(name, parameters, &given).map(drop) {
            Err(error) if stays || is_another(&error) => {
                weighting_by_name(name, parameters, &given).map(|_| Acts::OnBatches)
            }
            outcome => outcome.map(|()| Acts::Alternates),
        };
        match outcome {
            Ok(acts) => return Ok((acts, needs)),
            Err(error) if needs.learn(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether the rule goes by scores: the controls do not.
pub(super) fn goes_by_scores(rule: &RuleSettings, keep: f64) -> bool {
    let stand = Stand::new();
    let kept = |scores: &[f64]| -> Result<Vec<usize>, PruneError> {
        let next = (0..N).map(|example| (example + 1) % N).collect();
        let neighbors = NeighborLists::new(1, next, vec![1.0; N])?;
        let confidence = vec![0.5; N];
        let inputs = RuleInputs {
            labels: Some(&stand.classes),
            confidence: Some(&confidence),
            neighbors: Some(&neighbors),
        };
        Ok(rule.rule(&inputs)?.select(scores, Budget::Keep(keep), 0)?.kept_sorted())
    };
    let turned: Vec<f64> = stand.difficulty.iter().map(|score| (score + 0.3) % 1.0).collect();
    match (kept(&stand.difficulty), kept(&turned)) {
        (Ok(one), Ok(other)) => one != other || keep >= 1.0,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_say_what_they_are_made_of() {
        let of = |name: &str, parameters: &[(&str, &str)]| sampler_needs(name, parameters).unwrap();
        let ordered = Needs { order: true, pacing: true, ..Needs::default() };
        assert_eq!(of("shuffle", &[]), Needs::default());
        assert_eq!(of("prefix", &[]), ordered);
        assert_eq!(of("mini-batch", &[]), ordered);
        assert_eq!(of("clocked", &[("total", "10")]), ordered);
        assert_eq!(of("sequential", &[]), Needs { order: true, ..Needs::default() });
        assert_eq!(of("competence", &[]), Needs { difficulty: true, pacing: true, ..Needs::default() });
        assert_eq!(of("rho", &[]), Needs { irreducible: true, ..Needs::default() });
        for name in ["teacher", "apart", "groups"] {
            assert_eq!(of(name, &[]), Needs { classes: true, ..Needs::default() });
        }
        let mut names = samplers_with(|needs| needs.order);
        names.sort_unstable();
        assert_eq!(names, ["clocked", "mini-batch", "prefix", "sequential"]);
        assert!(
            sampler_needs("self-paced", &[]).unwrap_err().to_string().contains("self-paced.lambda is missing")
        );
    }

    #[test]
    fn orders_pacings_weightings_and_rules() {
        let of = |name: &str, parameters: &[(&str, &str)]| order_needs(name, parameters).unwrap();
        assert!(of("easy-first", &[]).difficulty && of("hard-first", &[]).difficulty);
        assert!(!of("random", &[]).difficulty && !of("permutation", &[]).difficulty);
        assert!(of("random", &[("balance", "round-robin")]).classes);
        assert!(check_pacing("root", &[("a", "0.8"), ("b", "0.2"), ("n_cycles", "7")]).is_ok());
        assert!(check_pacing("root", &[("a", "-1"), ("b", "0.2")]).is_err());
        let acts = |name: &str, parameters: &[(&str, &str)]| weighting_needs(name, parameters).unwrap();
        assert_eq!(acts("linear", &[("lambda", "1")]), (Acts::Alternates, Needs::default()));
        assert_eq!(acts("linear", &[("quantile", "0.5")]).0, Acts::OnBatches);
        assert_eq!(acts("hard-mining", &[("fraction", "0.5")]).0, Acts::OnBatches);
        assert!(acts("spld", &[("lambda", "1"), ("gamma", "1")]).1.classes);
        assert!(acts("linear", &[("lambda", "1"), ("c", "2")]).1.lateness);
        assert!(weighting_needs("linear", &[]).unwrap_err().to_string().contains("linear.lambda is missing"));
        for (name, goes) in [("hardest", true), ("middle", true), ("random", false), ("stratified-random", false)]
        {
            assert_eq!(goes_by_scores(&RuleSettings::parse(name, &[]).unwrap(), 0.5), goes, "{name}");
        }
    }
}
