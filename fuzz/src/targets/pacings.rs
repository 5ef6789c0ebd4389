//! Pacings, clocks, exposures and weightings as serde reads them.

use cl_pacing::{
    Age, BabySteps, Clock, Competence, Decreasing, DifficultySchedule, Discrete, Exposure, ExposureHistogram,
    FixedExponential, Geometric, HardSelfPaced, Linear, Logarithmic, OnePass, Pacing, PercentileAverage, Plateau,
    Polynomial, Quadratic, Reading, Root, SelfPacedAlternation, SelfPacedLambda, SingleStep, Step,
    VariedExponential,
};
use serde::{Serialize, de::DeserializeOwned};

use super::{damage, input::Input};

pub(crate) fn pacings(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 18 {
        0 => paced(Linear::new(0.8, 0.2), &mut input),
        1 => paced(Quadratic::new(0.8, 0.2), &mut input),
        2 => paced(Root::new(0.8, 0.2), &mut input),
        3 => paced(Polynomial::new(0.8, 0.2, 2.0), &mut input),
        4 => paced(cl_pacing::Exponential::new(0.8, 0.2), &mut input),
        5 => paced(Logarithmic::new(0.8, 0.2), &mut input),
        6 => paced(Step::new(0.8, 0.2), &mut input),
        7 => paced(FixedExponential::new(0.1, 1.9, 3, 20), &mut input),
        8 => paced(VariedExponential::new(0.1, 1.9, vec![3, 5], 20), &mut input),
        9 => paced(SingleStep::new(0.1, 3, 20), &mut input),
        10 => paced(Competence::new(0.1, 2.0), &mut input),
        11 => paced(Geometric::new(0.1), &mut input),
        12 => paced(BabySteps::new(3, 2, 20), &mut input),
        13 => paced(OnePass::new(3, 2, 20), &mut input),
        14 => paced(Discrete::new(vec![(0.0, 0.1), (0.5, 1.0)]), &mut input),
        15 => paced(Decreasing::new(0.5, 0.1, 3, 20), &mut input),
        16 => schedule(&mut input),
        _ => clocks(&mut input),
    }
}

fn paced<P, E>(saved: Result<P, E>, input: &mut Input<'_>)
where
    P: Pacing + Serialize + DeserializeOwned,
    E: std::fmt::Debug,
{
    let Some(pacing) = damage::restored(&saved.expect("a pacing"), input) else { return };
    damage::written_again(&pacing);
    for progress in [0.0, 1e-300, 0.3, 0.5, 1.0, 2.0, 1e300, f64::INFINITY] {
        let (fraction, dropped) = (pacing.fraction(progress), pacing.dropped(progress));
        assert!((0.0..=1.0).contains(&fraction), "{pacing}: {fraction} at {progress}");
        assert!((0.0..=1.0).contains(&dropped), "{pacing}: {dropped} dropped at {progress}");
        assert!(pacing.count(progress, 100, 8) <= 100);
        assert!(pacing.available(progress, 100, 8).end <= 100);
    }
    let _ = (pacing.full_at(), pacing.reaches_full(), pacing.to_string());
}

fn schedule(input: &mut Input<'_>) {
    let saved = DifficultySchedule::fixed_discrete(vec![2, 4, 9], vec![3, 5]).expect("a schedule");
    let Some(schedule) = damage::restored(&saved, input) else { return };
    damage::written_again(&schedule);
    for step in [0, 1, 4, u64::from(u32::MAX), u64::MAX] {
        let _ = schedule.difficulty(step);
    }
    let _ = schedule.pacing(&[1.0, 5.0, 9.0], 20).map(|pacing| pacing.fraction(0.5));
}

fn clocks(input: &mut Input<'_>) {
    let clock = damage::restored(&Clock::Score { from: 0.1, to: 0.9 }, input);
    let plateau = damage::restored(&Plateau::new(2, 0.1).expect("a plateau"), input);
    let reading = damage::restored(&Reading { score: Some(0.5), ..Reading::default() }, input);
    if let (Some(clock), Some(reading)) = (clock, reading)
        && let Ok(progress) = clock.progress(&reading)
    {
        assert!(progress >= 0.0 && progress.is_finite());
    }
    if let Some(mut plateau) = plateau {
        [0.5, 0.5, 0.4, 0.9].into_iter().for_each(|score| drop(plateau.observe(score)));
        let _ = plateau.passed();
    }
}

/// What was shown, and when.
pub(crate) fn exposure(data: &[u8]) {
    let mut input = Input::new(data);
    let labels = [0, 1, 1, 2];
    if input.byte() & 1 == 0 {
        let mut saved = ExposureHistogram::new(&labels, 4).expect("a histogram");
        (0..6).for_each(|step| saved.record(step, &[step as usize % 4]));
        let Some(mut histogram) = damage::restored(&saved, &mut input) else { return };
        damage::written_again(&histogram);
        histogram.record(9, &[0, 3, 17]);
        let _ = histogram.windows().map(|(_, counts)| counts.len()).sum::<usize>();
        return;
    }
    let saved =
        Exposure::new(4).with_classes(&labels).and_then(|saved| saved.with_difficulty(&[0.5, 0.1, 0.1, 1.0]));
    let mut saved = saved.expect("an exposure");
    (0..6).for_each(|step| saved.record(step, &[step as usize % 3]).expect("examples that there are"));
    let Some(mut exposure) = damage::restored(&saved, &mut input) else { return };
    damage::written_again(&exposure);
    let _ = (exposure.record(7, &[0, 0, 1]), exposure.record(0, &[3]), exposure.record(1, &[99]));
    let _ = (exposure.never_shown(), exposure.n_presented(), exposure.first_steps().len());
}

/// What weightings know of the losses before.
pub(crate) fn weightings(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 3 {
        0 => {
            let Some(mut lambda) =
                damage::restored(&SelfPacedLambda::new(0.5, 1.5).expect("a threshold"), &mut input)
            else {
                return;
            };
            damage::written_again(&lambda);
            lambda.grow();
            let _ = (lambda.value(), lambda.mu());
        }
        1 => {
            let mut saved = PercentileAverage::new(0.7, 0.9).expect("an average");
            saved.observe(&[0.5, 0.1]).expect("losses");
            let Some(mut average) = damage::restored(&saved, &mut input) else { return };
            damage::written_again(&average);
            let _ = (average.observe(&[1.0, 0.2, 3.0]), average.value());
        }
        _ => {
            let Some(age) = damage::restored(&Age { epoch: 2, lambda: 0.5 }, &mut input) else { return };
            let growth = cl_pacing::Annealing::growth(1.5).expect("a growth");
            let mut alternation = SelfPacedAlternation::new(HardSelfPaced::new(0.5).expect("a weighting"), growth);
            if alternation.set_age(Some(age)).is_ok() {
                let mut weights = [0.0; 3];
                let _ = alternation.choose(&[0.1, 0.5, 2.0], &mut weights);
                assert!(weights.iter().all(|weight| (0.0..=1.0).contains(weight)));
            }
        }
    }
}
