//! What a script calls: functions over numbers alone, for WebAssembly.
//!
//! A script writes what it asks into [`demo_input`], calls, and reads the answer from [`demo_output`]. A call that can be
//! refused gives [`DONE`], [`OVER`] or [`REFUSED`]; why it was refused stands at [`demo_message`] as UTF-8. Pointers are
//! good until the next call. There is one race and one self-paced demo at a time; until one was made, all is refused.

#![allow(unsafe_code, reason = "a script finds functions by unmangled names, all of them unique to this module")]

use std::cell::RefCell;

use crate::{
    error::WebError,
    points::{OwnPoint, Points},
    race::{Lane, N_PASSES, Race},
    race_settings::{Difficulty, RaceSettings},
    self_paced_demo::{Growth, N_EPOCHS, SelfPacedDemo, SelfPacedSettings, Start},
};

/// It was done.
pub const DONE: i32 = 1;
/// There was nothing left to do.
pub const OVER: i32 = 0;
/// It was refused; the message says why.
pub const REFUSED: i32 = -1;

/// Numbers before the points of one's own in what [`race_new`] takes.
const N_RACE_SETTINGS: usize = 9;

thread_local! {
    static INPUT: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
    static OUTPUT: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
    static RACE: RefCell<Option<Race>> = const { RefCell::new(None) };
    static SELF_PACED: RefCell<Option<SelfPacedDemo>> = const { RefCell::new(None) };
}

/// Room for `n` numbers that a script is about to write.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn demo_input(n: usize) -> *mut f64 {
    INPUT.with_borrow_mut(|input| {
        input.clear();
        // What cannot be had is not there: the call that follows finds too few numbers.
        if input.try_reserve_exact(n).is_ok() {
            input.resize(n, 0.0);
        }
        input.as_mut_ptr()
    })
}

/// The answer of the latest call.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn demo_output() -> *const f64 {
    OUTPUT.with_borrow(|output| output.as_ptr())
}

/// How many numbers the answer has.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn demo_output_length() -> usize {
    OUTPUT.with_borrow(Vec::len)
}

/// Why the latest call was refused.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn demo_message() -> *const u8 {
    MESSAGE.with_borrow(|message| message.as_ptr())
}

/// How many bytes the message has.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn demo_message_length() -> usize {
    MESSAGE.with_borrow(String::len)
}

/// Gives the settings of a preset as [`race_new`] takes them: 0 is the article's, any other the one that was chosen to show
/// a difference. Then the number of passes.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn race_preset(preset: u32) {
    let (settings, seed) = match preset {
        0 => (RaceSettings::article(), RaceSettings::ARTICLE_SEED),
        _ => (RaceSettings::chosen(), RaceSettings::CHOSEN_SEED),
    };
    let (kind, spread) = match settings.points {
        Points::Clusters { std } => (0.0, std),
        Points::Moons { noise } => (1.0, noise),
        Points::Own(_) => (2.0, 0.0),
    };
    let difficulty = match settings.difficulty {
        Difficulty::Boundary => 0.0,
        Difficulty::Teacher => 1.0,
    };
    let RaceSettings { flipped, learning_rate, n_hidden, a, b, .. } = settings;
    let hidden = n_hidden as f64;
    answer([kind, spread, flipped, difficulty, learning_rate, hidden, a, b, f64::from(seed), N_PASSES as f64]);
}

/// Makes a race of the input: what the points are (0 clusters, 1 moons, 2 one's own), their spread, the share of labels turned
/// over, what is easy (0 far from x0 = 0, 1 a teacher's loss), learning rate, hidden units, a, b, seed; then x, y and
/// class of every point of one's own.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn race_new() -> i32 {
    let race = INPUT.with_borrow(|input| race_of(input));
    reported(race.map(|race| RACE.set(Some(race))).map(|()| true))
}

/// Sets both networks back to the start.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn race_reset() -> i32 {
    with_race(|race| race.reset().map(|()| true))
}

/// Trains both networks for a pass.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn race_step() -> i32 {
    with_race(Race::step)
}

/// Gives x, y, label, place in the order from easy to hard and whether the label was turned over (0 or 1), for every
/// training point.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn race_points() -> i32 {
    with_race(|race| {
        let (train, rank, flipped) = (race.train(), race.rank(), race.flipped());
        answer((0..train.n_examples()).flat_map(|i| {
            let at = [0, 1].map(|feature| train.example(i)[feature]);
            [at[0], at[1], train.labels()[i] as f64, rank[i] as f64, f64::from(u8::from(flipped[i]))]
        }));
        Ok(true)
    })
}

/// Gives test accuracy, mean test loss and the number of points available, for easy first and for random order, at the
/// start and after every pass so far.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn race_history() -> i32 {
    with_race(|race| {
        let [easy, random] = Lane::ALL.map(|lane| race.passes(lane));
        let numbers = easy.iter().zip(random).flat_map(|(easy, random)| {
            [easy, random].map(|pass| [pass.accuracy, pass.loss, pass.n_available as f64])
        });
        answer(numbers.flatten());
        Ok(true)
    })
}

/// Gives P(class 1) of a network (0 easy first, any other random order) after a pass, at the points of the input: x and y
/// in turns.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn race_probabilities(lane: u32, pass: usize) -> i32 {
    let lane = if lane == 0 { Lane::EasyFirst } else { Lane::Random };
    with_race(|race| {
        answer(INPUT.with_borrow(|input| race.probabilities(lane, pass, input)));
        Ok(true)
    })
}

/// Gives the settings that the self-paced demo opens with, as [`self_paced_new`] takes them, then the number of epochs.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn self_paced_preset() {
    let SelfPacedSettings { lambda, growth, start } = SelfPacedSettings::default();
    let mu = match growth {
        Growth::Factor(mu) => mu,
        Growth::Quantile => 0.0,
    };
    answer([lambda, mu, f64::from(u8::from(start == Start::WrongWay)), N_EPOCHS as f64]);
}

/// Makes a self-paced demo of the input: lambda, the factor of its growth (0 for a growing quantile of the losses), the
/// start (0 near zero, 1 the wrong way), seed.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn self_paced_new() -> i32 {
    let demo = INPUT.with_borrow(|input| self_paced_of(input));
    reported(demo.map(|demo| SELF_PACED.set(Some(demo))).map(|()| true))
}

/// Goes back to the start.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn self_paced_reset() -> i32 {
    with_self_paced(|demo| demo.reset().map(|()| true))
}

/// Trains for an epoch.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn self_paced_step() -> i32 {
    with_self_paced(SelfPacedDemo::step)
}

/// Gives x, y and label of every point.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn self_paced_points() -> i32 {
    with_self_paced(|demo| {
        let data = demo.data();
        answer((0..data.n_examples()).flat_map(|i| {
            let at = [0, 1].map(|feature| data.example(i)[feature]);
            [at[0], at[1], data.labels()[i] as f64]
        }));
        Ok(true)
    })
}

/// Gives lambda, the number selected, accuracy and mean loss of the start and of every epoch so far.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn self_paced_history() -> i32 {
    with_self_paced(|demo| {
        let epochs = demo.epochs().iter();
        answer(epochs.flat_map(|epoch| [epoch.lambda, epoch.n_selected() as f64, epoch.accuracy, epoch.loss()]));
        Ok(true)
    })
}

/// Gives two weights and the bias of an epoch, then loss and whether it is selected (0 or 1) of every point.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn self_paced_epoch(epoch: usize) -> i32 {
    with_self_paced(|demo| {
        let n = demo.epochs().len();
        let Some(found) = demo.epochs().get(epoch) else {
            return Err(WebError::argument("the epoch", format!("{epoch} of {n}"), "one that has been trained"));
        };
        let points = found.losses.iter().zip(&found.selected);
        let points = points.flat_map(|(&loss, &selected)| [loss, f64::from(u8::from(selected))]);
        answer(found.parameters.into_iter().chain(points));
        Ok(true)
    })
}

fn answer(numbers: impl IntoIterator<Item = f64>) {
    OUTPUT.with_borrow_mut(|output| {
        output.clear();
        output.extend(numbers);
    });
}

/// What a script is told of an outcome.
fn reported(outcome: Result<bool, WebError>) -> i32 {
    match outcome {
        Ok(true) => DONE,
        Ok(false) => OVER,
        Err(error) => {
            MESSAGE.set(error.to_string());
            REFUSED
        }
    }
}

fn with_race(ask: impl FnOnce(&mut Race) -> Result<bool, WebError>) -> i32 {
    reported(RACE.with_borrow_mut(|race| race.as_mut().map_or_else(|| Err(none("race")), ask)))
}

fn with_self_paced(ask: impl FnOnce(&mut SelfPacedDemo) -> Result<bool, WebError>) -> i32 {
    reported(SELF_PACED.with_borrow_mut(|demo| demo.as_mut().map_or_else(|| Err(none("self-paced demo")), ask)))
}

fn none(what: &'static str) -> WebError {
    WebError::argument(what, "none", "one that was made before")
}

fn race_of(input: &[f64]) -> Result<Race, WebError> {
    let Some((&[kind, spread, flipped, difficulty, learning_rate, hidden, a, b, seed], own)) =
        input.split_first_chunk::<N_RACE_SETTINGS>()
    else {
        return Err(WebError::argument("the number of settings", input.len(), "at least 9"));
    };
    let points = match kind {
        0.0 => Points::Clusters { std: spread },
        1.0 => Points::Moons { noise: spread },
        _ => {
            let point = |point: &[f64]| {
                let class = whole("the class of a point", point[2])? as usize;
                Ok(OwnPoint { at: [point[0], point[1]], class })
            };
            Points::Own(own.chunks_exact(3).map(point).collect::<Result<_, WebError>>()?)
        }
    };
    let difficulty = if difficulty == 0.0 { Difficulty::Boundary } else { Difficulty::Teacher };
    let n_hidden = whole("the number of hidden units", hidden)? as usize;
    let settings = RaceSettings { points, flipped, difficulty, learning_rate, n_hidden, a, b };
    Race::new(settings, whole("the seed", seed)?)
}

fn self_paced_of(input: &[f64]) -> Result<SelfPacedDemo, WebError> {
    let &[lambda, mu, start, seed] = input else {
        return Err(WebError::argument("the number of settings", input.len(), "4"));
    };
    let growth = if mu == 0.0 { Growth::Quantile } else { Growth::Factor(mu) };
    let start = if start == 0.0 { Start::NearZero } else { Start::WrongWay };
    SelfPacedDemo::new(SelfPacedSettings { lambda, growth, start }, whole("the seed", seed)?)
}

/// A number of a script as a whole one.
fn whole(argument: &'static str, value: f64) -> Result<u32, WebError> {
    let is_valid = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
    WebError::check(argument, value, is_valid, "a whole number of at least 0")?;
    Ok(value as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a script does it: room, then numbers.
    fn write(numbers: &[f64]) {
        demo_input(numbers.len());
        INPUT.with_borrow_mut(|input| input.copy_from_slice(numbers));
    }

    fn answered() -> Vec<f64> {
        OUTPUT.with_borrow(Clone::clone)
    }

    fn message() -> String {
        MESSAGE.with_borrow(Clone::clone)
    }

    #[test]
    fn a_script_trains_the_articles_race() {
        assert_eq!(race_step(), REFUSED);
        assert_eq!(message(), "race is none, expected one that was made before");
        race_preset(0);
        let preset = answered();
        assert_eq!(preset[8..], [42.0, N_PASSES as f64]);
        write(&preset[..9]);
        assert_eq!(race_new(), DONE);
        assert_eq!((race_step(), race_step()), (DONE, DONE));
        let mut race = Race::new(RaceSettings::article(), 42).unwrap();
        assert!(race.step().unwrap() && race.step().unwrap());

        assert_eq!(race_history(), DONE);
        let [easy, random] = Lane::ALL.map(|lane| &race.passes(lane)[2]);
        let expected = [easy, random].map(|pass| [pass.accuracy, pass.loss, pass.n_available as f64]).concat();
        assert_eq!((answered().len(), &answered()[12..]), (18, &expected[..]));
        assert_eq!(race_points(), DONE);
        let (first, rank) = (race.train().example(0), race.rank()[0] as f64);
        assert_eq!((answered().len(), &answered()[..5]), (1_000, &[first[0], first[1], 0.0, rank, 0.0][..]));
        write(&[0.5, -0.5, 2.0, 0.0]);
        assert_eq!(race_probabilities(1, 1), DONE);
        assert_eq!(answered(), race.probabilities(Lane::Random, 1, &[0.5, -0.5, 2.0, 0.0]));
        assert_eq!(demo_output_length(), 2);

        while race_step() == DONE {}
        assert_eq!((race_step(), race_reset()), (OVER, DONE));
        assert_eq!(race_history(), DONE);
        assert_eq!(answered().len(), 6);
    }

    #[test]
    fn what_a_script_asks_wrongly_is_refused_by_name() {
        let own = [2.0, 0.0, 0.0, 1.0, 0.1, 16.0, 0.5, 0.2, 1.0];
        let with = |points: &[f64]| [&own[..], points].concat();
        write(&with(&[0.0, 0.0, 0.0, 1.0, 0.0, 1.0]));
        assert_eq!(race_new(), DONE);
        for (numbers, what) in [
            (vec![1.0; 8], "the number of settings is 8"),
            (with(&[0.0, 0.0, 0.0]), "the number of points is 1"),
            (with(&[0.0, 0.0, 0.5]), "the class of a point is 0.5"),
            (vec![0.0, 0.8, 0.0, 0.0, 0.1, -3.0, 0.5, 0.2, 1.0], "the number of hidden units is -3"),
            (vec![0.0, 0.8, 0.0, 0.0, 0.1, 16.0, 0.5, 0.2, 1.5], "the seed is 1.5"),
            (vec![0.0, 0.8, 0.0, 0.0, 0.1, 16.0, 0.5, 0.2, f64::NAN], "the seed is NaN"),
        ] {
            write(&numbers);
            assert_eq!(race_new(), REFUSED);
            assert!(message().contains(what), "{}", message());
            assert_eq!(demo_message_length(), message().len());
        }
        write(&[0.68]);
        assert_eq!(self_paced_new(), REFUSED);
        assert!(message().contains("the number of settings is 1, expected 4"), "{}", message());
    }

    #[test]
    fn a_script_trains_the_self_paced_demo() {
        assert_eq!(self_paced_step(), REFUSED);
        self_paced_preset();
        assert_eq!(answered(), [0.68, 1.3, 0.0, N_EPOCHS as f64]);
        write(&[0.68, 0.0, 1.0, 42.0]);
        assert_eq!(self_paced_new(), DONE);
        let settings = SelfPacedSettings { lambda: 0.68, growth: Growth::Quantile, start: Start::WrongWay };
        let mut demo = SelfPacedDemo::new(settings, 42).unwrap();
        assert_eq!(self_paced_step(), DONE);
        assert!(demo.step().unwrap());
        let epoch = &demo.epochs()[1];
        assert_eq!(self_paced_history(), DONE);
        let expected = [epoch.lambda, epoch.n_selected() as f64, epoch.accuracy, epoch.loss()];
        assert_eq!((answered().len(), &answered()[4..]), (8, &expected[..]));
        assert_eq!(self_paced_epoch(1), DONE);
        assert_eq!(&answered()[..4], &[&epoch.parameters[..], &epoch.losses[..1]].concat()[..]);
        assert_eq!(answered().len(), 303);
        assert_eq!(self_paced_epoch(2), REFUSED);
        assert!(message().contains("the epoch is 2 of 2"), "{}", message());
        assert_eq!((self_paced_points(), answered().len()), (DONE, 450));
        while self_paced_step() == DONE {}
        assert_eq!((self_paced_step(), self_paced_reset(), self_paced_history()), (OVER, DONE, DONE));
        assert_eq!(answered().len(), 4);
    }
}
