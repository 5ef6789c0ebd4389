//! Logs as a library's user meets them: opened, shown, scored, stopped and gone on with.

use std::path::{Path, PathBuf};

use cl_data::io::{Array, ArrayData, write_npy};
use cl_difficulty::log::{
    self, By, Chunk, Contents, Options, Progress, Scored, Scoring, Source, StateFile, Visitor,
};
use cl_difficulty::{DifficultyError, DynamicsRecorder, MetricSettings, OutputKind};

const N: usize = 5;
const C: usize = 3;
const EPOCHS: usize = 4;

/// A folder of one array per epoch.
struct Log(tempfile::TempDir);

impl Log {
    fn new() -> Self {
        let log = Self(tempfile::tempdir().unwrap());
        (0..EPOCHS).for_each(|epoch| log.write_epoch(epoch, |_| None));
        log.write("labels.npy", vec![N], ArrayData::I64((0..N as i64).map(|i| i % C as i64).collect()));
        log
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, shape: Vec<usize>, data: ArrayData) {
        write_npy(self.path(name), &Array::new(shape, data).unwrap()).unwrap();
    }

    fn write_epoch(&self, epoch: usize, other: impl Fn(usize) -> Option<f32>) {
        let logit = |at: usize| other(at).unwrap_or(((at + 3) * (epoch + 2) * 7 % 11) as f32);
        self.write(&format!("logits_{epoch}.npy"), vec![N, C], ArrayData::F32((0..N * C).map(logit).collect()));
    }

    fn open(&self) -> Box<dyn Source> {
        log::open(self.0.path(), &Options::default()).unwrap()
    }

    fn score(&self, scoring: &Scoring) -> Result<Scored, DifficultyError> {
        log::score(self.open().as_mut(), &metrics(), scoring, &mut ())
    }
}

fn metrics() -> Vec<MetricSettings> {
    MetricSettings::all(OutputKind::Logits)
}

fn by(by: By, state: Option<&Path>) -> Scoring {
    Scoring { by: Some(by), block: std::num::NonZeroUsize::new(2), state: state.map(Path::to_path_buf) }
}

#[test]
fn by_epochs_by_examples_and_by_a_visitor_of_ones_own_the_scores_are_the_same() {
    struct Own(DynamicsRecorder, Vec<usize>);
    impl Visitor for Own {
        fn observe(&mut self, contents: &Contents, chunk: &Chunk<'_>) -> Result<(), DifficultyError> {
            let log::Values::F32(values) = chunk.values else { panic!("the log is of single precision") };
            let labels: Vec<_> = chunk.examples.iter().map(|&example| contents.labels[example]).collect();
            let (epoch, indices) = (contents.epochs[chunk.position], chunk.examples);
            let outputs = cl_difficulty::Outputs::Logits(values);
            self.0.record(&cl_difficulty::Observations { epoch, indices, labels: &labels, outputs })
        }

        fn epoch_ended(&mut self, _: &Contents, position: usize) -> Result<(), DifficultyError> {
            self.1.push(position);
            if position == 7 { Err(DifficultyError::Visitor("enough".into())) } else { Ok(()) }
        }
    }
    #[derive(Default)]
    struct Count(usize, Vec<u64>);
    impl Progress for Count {
        fn advanced(&mut self, n_observations: usize) {
            self.0 += n_observations;
        }

        fn epoch_ended(&mut self, epoch: u64) {
            self.1.push(epoch);
        }
    }
    let log = Log::new();
    let mut count = Count::default();
    let scored = log::score(log.open().as_mut(), &metrics(), &Scoring::default(), &mut count).unwrap();
    assert_eq!((count.0, count.1), (N * EPOCHS, vec![0, 1, 2, 3]));
    assert_eq!(scored.columns.len(), metrics().len());
    assert_eq!(log.score(&by(By::Examples, None)).unwrap(), scored);
    let mut own = Own(DynamicsRecorder::new(N, C, &metrics()).unwrap(), Vec::new());
    log.open().visit(0..EPOCHS, &mut own).unwrap();
    assert_eq!(own.0.columns().unwrap(), scored.columns);
    assert_eq!(own.0.n_never_learned(), scored.n_never_learned);
    assert_eq!(own.1, [0, 1, 2, 3]);
    let probabilities = log::mean_probabilities(log.open().as_mut(), 0, &mut ()).unwrap();
    let expected = own.0.mean_probabilities().unwrap().unwrap();
    assert_eq!(probabilities.examples, (0..N).collect::<Vec<_>>());
    assert!(probabilities.probabilities.iter().zip(expected).all(|(p, q)| (p - q).abs() < 1e-15));
    assert!(log::mean_probabilities(log.open().as_mut(), EPOCHS, &mut ()).is_err());
}

#[test]
fn a_state_is_of_its_version_its_bytes_its_log_and_its_metrics() {
    for order in [By::Epochs, By::Examples] {
        let (log, folder) = (Log::new(), tempfile::tempdir().unwrap());
        let state = folder.path().join("run.state");
        let scoring = by(order, Some(&state));
        let scored = log.score(&scoring).unwrap();
        assert_eq!(log.score(&scoring).unwrap(), scored);
        let bytes = std::fs::read(&state).unwrap();
        let refused = |at: usize, said: &str| {
            let mut changed = bytes.clone();
            changed[at] ^= 2;
            std::fs::write(&state, changed).unwrap();
            let error = log.score(&scoring).unwrap_err().to_string();
            assert!(error.starts_with(&state.display().to_string()) && error.contains(said), "{at}: {error}");
        };
        refused(3, "no state of scoring by ");
        refused(24, "saved in version 0, expected version 2");
        // Whatever byte of the head of a state is another.
        (28..100).for_each(|at| refused(at, "damaged"));
        if order == By::Epochs {
            (100..bytes.len()).step_by(97).for_each(|at| refused(at, "damaged"));
            refused(bytes.len() - 1, "damaged");
        }
        std::fs::write(&state, &bytes).unwrap();
        log.write_epoch(2, |_| Some(0.5));
        assert!(log.score(&scoring).unwrap_err().to_string().contains("the file of epoch 2 differ"));
        log.write_epoch(2, |_| None);
        let few = log::score(log.open().as_mut(), &metrics()[..2], &scoring, &mut ()).unwrap_err().to_string();
        assert!(few.contains("metrics or their options differ"), "{few}");
        assert_eq!(log.score(&scoring).unwrap(), scored);
    }
}

#[test]
fn a_visit_of_ones_own_can_be_stopped_and_gone_on_with() {
    let (log, folder) = (Log::new(), tempfile::tempdir().unwrap());
    let (state, mut source) = (folder.path().join("run.state"), log.open());
    let mut saved = StateFile::new(&state, source.contents(), &metrics()).unwrap();
    assert!(saved.load(source.contents()).unwrap().is_none());
    let mut recorder = DynamicsRecorder::new(N, C, &metrics()).unwrap();
    struct First<'a>(&'a mut DynamicsRecorder, &'a mut StateFile);
    impl Visitor for First<'_> {
        fn observe(&mut self, contents: &Contents, chunk: &Chunk<'_>) -> Result<(), DifficultyError> {
            let log::Values::F32(values) = chunk.values else { panic!("the log is of single precision") };
            let (epoch, indices, labels) = (contents.epochs[chunk.position], chunk.examples, &contents.labels[..]);
            let outputs = cl_difficulty::Outputs::Logits(values);
            self.0.record(&cl_difficulty::Observations { epoch, indices, labels, outputs })
        }

        fn epoch_ended(&mut self, contents: &Contents, position: usize) -> Result<(), DifficultyError> {
            self.1.save(contents, position, self.0)?;
            if position == 1 { Err(DifficultyError::Visitor("enough".into())) } else { Ok(()) }
        }
    }
    let stopped = source.visit(0..EPOCHS, &mut First(&mut recorder, &mut saved)).unwrap_err();
    assert_eq!(stopped.to_string(), "enough");
    let mut resumed = StateFile::new(&state, source.contents(), &metrics()).unwrap();
    let mut recorder = resumed.load(source.contents()).unwrap().unwrap();
    assert_eq!(resumed.n_epochs(), 2);
    source.visit(2..EPOCHS, &mut First(&mut recorder, &mut resumed)).unwrap();
    assert_eq!(recorder.columns().unwrap(), log.score(&Scoring::default()).unwrap().columns);
}

#[test]
fn what_cannot_be_is_named() {
    let log = Log::new();
    log.write_epoch(3, |at| (at == 7).then_some(f32::INFINITY));
    for order in [By::Epochs, By::Examples] {
        let error = log.score(&by(order, None)).unwrap_err().to_string();
        let expected =
            "logits_3.npy: epoch 3, example 2: logit of class 1 is inf, expected a finite number; option `nan`";
        assert!(error.contains(expected), "{error}");
    }
    // Half precision, infinite: sign, all exponent bits, no fraction.
    let header = "{'descr': '<f2', 'fortran_order': False, 'shape': (5, 3), }\n";
    let halves: Vec<u8> =
        (0..15u16).flat_map(|at| if at == 4 { 0xfc00u16 } else { 0x3c00 }.to_le_bytes()).collect();
    let bytes = [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &halves];
    std::fs::write(log.path("logits_3.npy"), bytes.concat()).unwrap();
    let error = log.score(&Scoring::default()).unwrap_err().to_string();
    assert!(error.contains("epoch 3, example 1: logit of class 1 is -inf"), "{error}");

    let log = Log::new();
    let second = [MetricSettings::parse("second_split_forgetting", &[]).unwrap()];
    let error = log::score(log.open().as_mut(), &second, &Scoring::default(), &mut ()).unwrap_err().to_string();
    assert!(error.contains("second_split_forgetting needs the log of training on another split"), "{error}");
    let column = log::second_split(log.open().as_mut(), log.open().contents(), &second, &mut ()).unwrap();
    assert_eq!(column[0].values.len(), N);
    let other = Log::new();
    other.write("labels.npy", vec![N], ArrayData::I64(vec![0; N]));
    let error = log::second_split(other.open().as_mut(), log.open().contents(), &second, &mut ()).unwrap_err();
    assert!(matches!(error, DifficultyError::OtherLog { .. }));
    let window = [MetricSettings::parse("dyn_unc", &[("window", "9")]).unwrap()];
    let error = log::score(log.open().as_mut(), &window, &Scoring::default(), &mut ()).unwrap_err().to_string();
    assert!(error.ends_with("dyn_unc needs a window of 9 epochs, the input has 4"), "{error}");
    std::fs::remove_file(log.path("labels.npy")).unwrap();
    let error = log::open(log.0.path(), &Options::default()).err().unwrap().to_string();
    assert!(
        error.ends_with("labels.npy: no such file, expected the labels there or in option `labels`"),
        "{error}"
    );
}

/// Cut, flipped, left out, doubled, wiped, moved: a damaged state is refused by name or gone on from where it is still as
/// it was written, which is said, and never leads to another result.
#[test]
fn of_a_damaged_state_nothing_is_taken_on_trust() {
    let mut rng = cl_data::random::stream(16, "damage", 0);
    let mut below = |n: usize| cl_data::random::below(&mut rng, n.max(1));
    for order in [By::Epochs, By::Examples] {
        let (log, folder) = (Log::new(), tempfile::tempdir().unwrap());
        let state = folder.path().join("run.state");
        let scoring = by(order, Some(&state));
        let scored = log.score(&scoring).unwrap();
        let whole = std::fs::read(&state).unwrap();
        let (mut n_refused, mut n_repaired) = (0, 0);
        for _ in 0..600 {
            let (a, b) = (below(whole.len()), below(whole.len()));
            let (start, end) = (a.min(b), a.max(b).max(a.min(b) + 1));
            let mut damaged = whole.clone();
            match below(6) {
                0 => damaged.truncate(a),
                1 => damaged[a] ^= 1 << below(8),
                2 => drop(damaged.drain(start..end)),
                3 => damaged.splice(end..end, whole[start..end].to_vec()).for_each(drop),
                4 => damaged[start..end].fill(0),
                _ => damaged.rotate_left(a),
            }
            std::fs::write(&state, &damaged).unwrap();
            match log.score(&scoring) {
                Err(error) => {
                    assert!(error.to_string().starts_with(&state.display().to_string()), "{error}");
                    assert!(std::fs::read(&state).unwrap() == damaged, "what is refused is left as it is");
                    n_refused += 1;
                }
                Ok(again) => {
                    assert_eq!(again.columns, scored.columns);
                    assert!(damaged == whole || again.notes.iter().any(|note| note.what == "repaired"));
                    assert!(
                        std::fs::read(&state).unwrap() == whole,
                        "the repaired state is as one that was never damaged"
                    );
                    n_repaired += 1;
                }
            }
        }
        assert!(n_refused > 100 && (order == By::Epochs || n_repaired > 100), "{n_refused} {n_repaired}");
    }
}
