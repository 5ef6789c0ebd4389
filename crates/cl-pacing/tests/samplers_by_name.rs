//! Samplers by name are those that their constructors make, and what is missing or wrong is named.

use std::sync::Arc;

use cl_pacing::{
    Batch, CompetenceSampler, Description, EqualDifficulty, Linear, MiniBatchSampler, PrefixSampler, Sampler,
    SamplerInput, SamplerInputs, SequentialSampler, ShuffleSampler, sampler_by_name, sampler_inputs, samplers,
};

const N: usize = 6;
const DIFFICULTY: [f64; N] = [0.5, 0.1, 0.9, 0.3, 0.3, 0.7];
const ORDER: [usize; N] = [1, 3, 4, 0, 5, 2];

fn inputs() -> SamplerInputs<'static> {
    SamplerInputs {
        n_examples: N,
        order: Some(&ORDER),
        difficulty: Some(&DIFFICULTY),
        classes: Some(&[0, 1, 0, 1, 2, 2]),
        irreducible: Some(&DIFFICULTY),
        lengths: Some(&[3, 9, 4, 1, 7, 5]),
        weights: Some(&DIFFICULTY),
        pacing: Some(Arc::new(Linear::new(0.8, 0.3).unwrap())),
        batch_size: 2,
        later_batch_sizes: &[],
        total_steps: 20,
        seed: 7,
    }
}

/// What must be given of each; all others have defaults.
fn needed(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "self-paced" => &[("lambda", "0.5")],
        "clocked" => &[("total", "40")],
        "token-budget" => &[("tokens", "16")],
        _ => &[],
    }
}

#[test]
fn a_name_makes_what_the_constructor_makes() {
    let linear = || Linear::new(0.8, 0.3).unwrap();
    let constructed: [(&str, Box<dyn Sampler>); 5] = [
        ("prefix", Box::new(PrefixSampler::new(ORDER.to_vec(), linear(), 2, 20, 7).unwrap())),
        ("mini-batch", Box::new(MiniBatchSampler::new(ORDER.to_vec(), linear(), 2, 20, 7).unwrap())),
        (
            "competence",
            Box::new(CompetenceSampler::new(&DIFFICULTY, EqualDifficulty::Covered, linear(), 2, 20, 7).unwrap()),
        ),
        ("shuffle", Box::new(ShuffleSampler::new(N, 2, 7).unwrap())),
        ("sequential", Box::new(SequentialSampler::in_order(ORDER.to_vec(), 2).unwrap())),
    ];
    for (name, mut expected) in constructed {
        let mut found = sampler_by_name(name, &[], &inputs()).unwrap();
        let (mut left, mut right) = (Batch::default(), Batch::default());
        for step in 0..30 {
            found.batch(step, &mut left).unwrap();
            expected.batch(step, &mut right).unwrap();
            assert_eq!(left, right, "{name} {step}");
        }
        assert_eq!(found.save(30).unwrap(), expected.save(30).unwrap());
    }
}

#[test]
fn every_sampler_is_made_of_what_it_needs_and_not_of_less() {
    let make = |name: &str, parameters: &[(&str, &str)]| {
        sampler_by_name(name, parameters, &inputs()).map_err(|error| error.to_string())
    };
    let unknown = make("prefixes", &[]).err().unwrap();
    for description in samplers() {
        let name = description.name;
        assert!(unknown.contains(name), "{unknown}");
        assert_eq!(make(name, needed(name)).unwrap().n_examples(), N, "{name}");
        let error = make(name, &[("nonsense", "1")]).err().unwrap();
        assert!(description.parameters.iter().all(|parameter| error.contains(parameter.name)), "{error}");
        for parameter in description.parameters {
            assert!(make(name, &[(parameter.name, "much")]).is_err(), "{name}.{}", parameter.name);
        }
        if let [(parameter, _)] = needed(name) {
            let error = make(name, &[]).err().unwrap();
            assert!(error.starts_with(&format!("parameter {name}.{parameter} is missing")), "{error}");
        }
        let nothing = SamplerInputs { batch_size: 2, ..SamplerInputs::default() };
        assert!(sampler_by_name(name, needed(name), &nothing).is_err(), "{name}");
    }
    assert!(make("rho_loss", &[]).is_ok() && make("mini_batch", &[]).is_ok());
}

/// What is declared is what is asked for: with it alone a sampler is made, and without any of what must be given it is not.
#[test]
fn the_inputs_declared_are_those_that_are_used() {
    let all = inputs();
    let of = |given: &[SamplerInput]| {
        let has = |input: SamplerInput| given.contains(&input);
        SamplerInputs {
            n_examples: if has(SamplerInput::NExamples) { N } else { 0 },
            order: all.order.filter(|_| has(SamplerInput::Order)),
            difficulty: all.difficulty.filter(|_| has(SamplerInput::Difficulty)),
            classes: all.classes.filter(|_| has(SamplerInput::Classes)),
            irreducible: all.irreducible.filter(|_| has(SamplerInput::Irreducible)),
            lengths: all.lengths.filter(|_| has(SamplerInput::Lengths)),
            weights: all.weights.filter(|_| has(SamplerInput::Weights)),
            pacing: all.pacing.clone().filter(|_| has(SamplerInput::Pacing)),
            total_steps: if has(SamplerInput::TotalSteps) { 20 } else { 0 },
            ..all.clone()
        }
    };
    for description in samplers() {
        let name = description.name;
        let declared = sampler_inputs(name).unwrap();
        let make = |given: &[SamplerInput]| sampler_by_name(name, needed(name), &of(given));
        let (mut left, mut right) = (Batch::default(), Batch::default());
        let mut made = make(declared).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut whole = sampler_by_name(name, needed(name), &all).unwrap();
        if made.ready_until() > 0 {
            made.batch(0, &mut left).unwrap();
            whole.batch(0, &mut right).unwrap();
            assert_eq!(left, right, "{name}");
        }
        for left_out in declared.iter().filter(|&&input| input != SamplerInput::Pacing) {
            let rest: Vec<_> = declared.iter().copied().filter(|input| input != left_out).collect();
            assert!(make(&rest).is_err(), "{name} without {}", left_out.name());
        }
    }
    assert!(sampler_inputs("prefixes").is_err());
}

/// Later batch sizes are taken by those that can change theirs, and by no others.
#[test]
fn later_batch_sizes_are_taken_or_refused() {
    let resized = SamplerInputs { later_batch_sizes: &[(3, 1), (5, 4)], ..inputs() };
    let backwards = SamplerInputs { later_batch_sizes: &[(5, 4), (3, 1)], ..inputs() };
    for Description { name, .. } in samplers() {
        let made = sampler_by_name(name, needed(name), &resized);
        if !["prefix", "mini-batch", "competence", "shuffle"].contains(&name) {
            let error = made.err().unwrap().to_string();
            assert!(error.contains(&format!("later_batch_sizes is from step 3 of {name}")), "{error}");
            continue;
        }
        let mut batch = Batch::default();
        made.unwrap().batch(if name == "shuffle" { 3 } else { 4 }, &mut batch).unwrap();
        assert_eq!(batch.indices.len(), 1, "{name}");
        let error = sampler_by_name(name, needed(name), &backwards).err().unwrap().to_string();
        assert!(error.contains("from step 3 after that from step 5"), "{error}");
    }
}
