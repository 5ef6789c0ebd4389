//! A race gives the numbers of a plain trainer, and those of its seed alone.

use cl_data::{Clusters, Dataset, Sampler, symmetric_noise};
use cl_model::{Activation, Budget, CrossEntropy, Evaluation, Initialization, Mlp, Model, Sgd, Trainer, evaluate};
use cl_pacing::{EasyFirst, Linear, Order, PrefixSampler, ShuffleSampler};
use cl_web::{Difficulty, Lane, N_PASSES, OwnPoint, Points, Race, RaceSettings, moons};

fn raced(settings: RaceSettings, seed: u32) -> Race {
    let mut race = Race::new(settings, seed).unwrap();
    while race.step().unwrap() {}
    race
}

/// Trained in one go, for so many passes of `per_pass` updates.
fn trained(
    n_hidden: usize,
    train: &Dataset<f64>,
    sampler: &mut dyn Sampler,
    n_updates: u64,
    rate: f64,
    seed: u64,
) -> Mlp<f64> {
    let mut model = Mlp::new(&[2, n_hidden, 1], Activation::Tanh, Initialization::Xavier, seed).unwrap();
    let trainer = Trainer::new(Budget::Updates(n_updates), rate).unwrap();
    trainer.train(&mut model, &CrossEntropy, &mut Sgd::plain(), train, sampler, &mut []).unwrap();
    model
}

fn evaluated(model: &Mlp<f64>, data: &Dataset<f64>) -> Evaluation<f64> {
    evaluate(model, &CrossEntropy, data).unwrap()
}

/// Both lanes after some passes, bit for bit.
fn check(race: &Race, easy: &[usize], [train, test]: [&Dataset<f64>; 2], seed: u64) {
    let RaceSettings { n_hidden, learning_rate, a, b, .. } = *race.settings();
    let n = train.n_examples();
    let (per_pass, total) = ((n / 10) as u64, (n / 10 * N_PASSES) as u64);
    assert_eq!(race.train(), train);
    assert!((0..n).all(|at| race.rank()[easy[at]] == at));
    for pass in [0, 1, 7, N_PASSES] {
        let n_updates = per_pass * pass as u64;
        let pacing = Linear::new(a, b).unwrap();
        let mut prefix = PrefixSampler::new(easy.to_vec(), pacing, 10, total, seed).unwrap();
        let mut shuffle = ShuffleSampler::new(n, 10, seed).unwrap();
        let available = [prefix.n_available(n_updates), n];
        let samplers: [&mut dyn Sampler; 2] = [&mut prefix, &mut shuffle];
        for ((lane, sampler), n_available) in Lane::ALL.into_iter().zip(samplers).zip(available) {
            let model = trained(n_hidden, train, sampler, n_updates, learning_rate, seed);
            let found = &race.passes(lane)[pass];
            assert_eq!(found.parameters, model.parameters(), "{lane:?}, pass {pass}");
            let evaluation = evaluated(&model, test);
            let expected = (evaluation.accuracy(), evaluation.mean_loss(), n_available);
            assert_eq!((found.accuracy, found.loss, found.n_available), expected);
        }
    }
}

/// The article's data, as the experiment `race` has them.
#[test]
fn the_articles_race_is_that_of_a_plain_trainer() {
    let race = raced(RaceSettings::article(), 3);
    let [train, test] =
        [(200, 3), (1_000, 1_000_003)].map(|(n, seed)| Clusters::default().generate(n, seed).unwrap());
    let easy = EasyFirst.order(&Clusters::difficulty(&train), 3).unwrap();
    check(&race, &easy, [&train, &test], 3);
}

/// Two moons with wrong labels, by the loss of a teacher.
#[test]
fn a_race_by_a_teacher_is_that_of_a_plain_trainer() {
    let settings = RaceSettings {
        points: Points::Moons { noise: 0.3 },
        flipped: 0.1,
        difficulty: Difficulty::Teacher,
        learning_rate: 0.3,
        n_hidden: 8,
        a: 0.7,
        b: 0.3,
    };
    let race = raced(settings, 5);
    let [train, test] =
        [(300, "training moons"), (1_000, "test moons")].map(|(n, purpose)| moons(n, 0.3, 5, purpose).unwrap());
    let train = symmetric_noise(train.labels(), 2, 0.1, 5).unwrap().apply(train).unwrap();
    assert_eq!(race.flipped().iter().filter(|&&flipped| flipped).count(), 30);
    let mut sampler = ShuffleSampler::new(300, 10, 2_000_005).unwrap();
    let teacher = trained(8, &train, &mut sampler, 30 * N_PASSES as u64, 0.3, 2_000_005);
    let easy = EasyFirst.order(&evaluated(&teacher, &train).losses, 5).unwrap();
    check(&race, &easy, [&train, &test], 5);
}

#[test]
fn the_seed_decides_all() {
    let [one, again, other] = [1, 1, 2].map(|seed| raced(RaceSettings::chosen(), seed));
    for lane in Lane::ALL {
        assert_eq!(one.passes(lane), again.passes(lane));
        assert_ne!(one.passes(lane), other.passes(lane));
        assert_eq!(one.passes(lane).len(), N_PASSES + 1);
    }
}

#[test]
fn a_reset_race_runs_again_as_before() {
    let mut race = raced(RaceSettings::article(), 4);
    let before = Lane::ALL.map(|lane| race.passes(lane).to_vec());
    race.reset().unwrap();
    assert_eq!(race.passes(Lane::Random).len(), 1);
    while race.step().unwrap() {}
    assert_eq!(Lane::ALL.map(|lane| race.passes(lane).to_vec()), before);
}

/// The probability is above one half where the network says class 1.
#[test]
fn probabilities_are_those_of_the_pass() {
    let race = raced(RaceSettings::article(), 6);
    let data = race.train();
    for (lane, pass) in [(Lane::EasyFirst, 0), (Lane::Random, N_PASSES)] {
        let mut model = Mlp::<f64>::new(&[2, 16, 1], Activation::Tanh, Initialization::Xavier, 6).unwrap();
        model.parameters_mut().copy_from_slice(&race.passes(lane)[pass].parameters);
        let outputs = evaluated(&model, data).outputs;
        let probabilities = race.probabilities(lane, pass, data.features().as_slice());
        assert_eq!(probabilities.len(), outputs.len());
        for (p, z) in probabilities.iter().zip(outputs) {
            assert!((p - 1.0 / (1.0 + (-z).exp())).abs() < 1e-15, "{p} of {z}");
        }
    }
}

/// The learning rate of the article's race: the one with which random order ends best, on seeds of their own.
#[test]
fn the_articles_learning_rate_is_the_one_chosen() {
    let finals = [0.1, 0.3, 1.0, 3.0].map(|rate| {
        let finals = (2_000_000..2_000_005u32).map(|seed| {
            let [train, test] = [(200, seed), (1_000, seed + 1_000_000)]
                .map(|(n, seed)| Clusters::default().generate(n, seed).unwrap());
            let mut sampler = ShuffleSampler::new(200, 10, seed.into()).unwrap();
            evaluated(&trained(16, &train, &mut sampler, 20 * N_PASSES as u64, rate, seed.into()), &test)
                .accuracy()
        });
        (rate, finals.sum::<f64>())
    });
    let best = finals.into_iter().reduce(|best, other| if other.1 > best.1 { other } else { best });
    assert_eq!(best.map(|(rate, _)| rate), Some(RaceSettings::article().learning_rate), "{finals:?}");
}

/// What the page says of the race that was chosen to show a difference.
#[test]
fn the_chosen_race_differs() {
    let mut differences: Vec<f64> = (1..=40)
        .map(|seed| {
            let race = raced(RaceSettings::chosen(), seed);
            let [easy, random] = Lane::ALL.map(|lane| race.passes(lane)[N_PASSES].accuracy);
            easy - random
        })
        .collect();
    differences.sort_by(f64::total_cmp);
    let ahead = differences.iter().filter(|&&difference| difference > 0.0).count();
    let median = (differences[19] + differences[20]) / 2.0;
    assert!(ahead > 30 && (0.01..0.03).contains(&median), "ahead on {ahead} of 40, by {median}");
    let race = raced(RaceSettings::chosen(), RaceSettings::CHOSEN_SEED);
    let [easy, random] = Lane::ALL.map(|lane| &race.passes(lane)[N_PASSES]);
    assert!(easy.accuracy > random.accuracy + 0.1, "{} and {}", easy.accuracy, random.accuracy);
    let end = easy.n_available;
    let hardest: Vec<bool> = race.rank().iter().map(|&rank| rank >= end).collect();
    let wrong = |hard: bool| {
        let of = hardest.iter().zip(race.flipped()).filter(|&(&is, _)| is == hard);
        of.filter(|&(_, &flipped)| flipped).count()
    };
    assert!((118..=120).contains(&end), "the easiest {end} of 200 at the end, expected 60 %");
    assert!(
        wrong(true) > wrong(false),
        "{} wrong labels among the hardest, {} among the others",
        wrong(true),
        wrong(false)
    );
}

#[test]
fn own_points_are_learned() {
    let point = |i: usize| {
        let class = i % 2;
        OwnPoint { at: [class as f64 - 0.5 + 0.01 * i as f64, 0.1 * i as f64], class }
    };
    for n in [2, 7, 30] {
        let points = Points::Own((0..n).map(point).collect());
        let settings = RaceSettings { points, difficulty: Difficulty::Teacher, ..RaceSettings::article() };
        let race = raced(settings, 1);
        let passes = race.passes(Lane::Random);
        assert!(passes[N_PASSES].loss < passes[0].loss, "{n} points");
        assert!(race.passes(Lane::EasyFirst)[0].n_available <= n);
    }
}

#[test]
fn wrong_settings_are_named() {
    let refused = |settings: RaceSettings| Race::new(settings, 1).unwrap_err().to_string();
    let article = RaceSettings::article;
    assert!(refused(RaceSettings { n_hidden: 0, ..article() }).contains("hidden units is 0, expected 1 to 256"));
    assert!(refused(RaceSettings { n_hidden: 257, ..article() }).contains("257"));
    assert!(refused(RaceSettings { flipped: 1.5, ..article() }).contains("1.5"));
    assert!(refused(RaceSettings { a: -1.0, ..article() }).contains("argument a is -1"));
    assert!(refused(RaceSettings { b: f64::NAN, ..article() }).contains("argument b is NaN"));
    let mut race = Race::new(RaceSettings { learning_rate: f64::NAN, ..article() }, 1).unwrap();
    assert!(race.step().unwrap_err().to_string().contains("learning_rate"));
    assert_eq!(race.passes(Lane::EasyFirst).len(), 1);
}

/// A run that diverges says so, and stays where it was.
#[test]
fn divergence_is_an_error() {
    let mut race = Race::new(RaceSettings { learning_rate: f64::MAX, ..RaceSettings::article() }, 1).unwrap();
    let error = loop {
        match race.step() {
            Ok(more) => assert!(more, "the largest rate diverges"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("diverged"), "{error}");
    let [easy, random] = Lane::ALL.map(|lane| race.passes(lane).len());
    assert_eq!(easy, random);
}
