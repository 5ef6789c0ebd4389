//! Training logs in the layouts that the field's systems write: each a stream of observations, and their scores.
//!
//! [`open`] recognises a layout by its content and gives a [`Source`]; [`score`] scores it, from where a saved state
//! ended if there is one; whoever wants the observations themselves is a [`Visitor`].
//!
//! ```
//! use cl_data::io::{Array, ArrayData, write_npz};
//! use cl_difficulty::{MetricSettings, log};
//!
//! // Two epochs, two examples, two classes.
//! let folder = tempfile::tempdir().unwrap();
//! let path = folder.path().join("dynamics.npz");
//! let logits = Array::new(vec![2, 2, 2], ArrayData::F32(vec![2.0, 0.0, 0.0, 1.0, 3.0, 0.0, 1.0, 0.0]))?;
//! let labels = Array::new(vec![2], ArrayData::I64(vec![0, 1]))?;
//! write_npz(&path, [("logits", &logits), ("labels", &labels)])?;
//!
//! let mut source = log::open(&path, &log::Options::default())?;
//! assert_eq!(source.contents().epochs, [0, 1]);
//! let metrics = [MetricSettings::parse("forgetting", &[])?];
//! let scored = log::score(source.as_mut(), &metrics, &log::Scoring::default(), &mut ())?;
//! assert_eq!(scored.columns[0].values.to_floats(), [0.0, 1.0]);
//! # Ok::<(), cl_difficulty::DifficultyError>(())
//! ```

mod archive;
mod array_shape;
mod beside;
mod blocks;
mod epoch_arrays;
mod journal;
mod long;
mod mean_probabilities;
mod members;
mod names;
mod note;
mod numbered;
mod open;
mod options;
mod positions;
mod presentation_order;
mod progress;
mod purpose;
mod recording;
mod rows;
mod run_join;
mod runs;
mod sample;
mod saved;
mod score;
mod screen;
mod source;
mod state;

pub use mean_probabilities::{MeanProbabilities, mean_probabilities, mean_probabilities_of_epochs};
pub use names::{CORRECT_COLUMNS, EPOCH_COLUMNS, LOSS_COLUMNS, OUTPUT_NAMES};
pub use note::Note;
pub use open::{open, open_runs};
pub use options::{Axes, Dtype, Duplicates, Missing, NotNumbers, Options};
pub use progress::Progress;
pub use runs::{RunProbabilities, mean_probabilities_of_runs, score_runs};
pub use score::{By, Scored, Scoring, available, score, second_split, unavailable};
pub use source::{Block, BlockSource, BlockVisitor, Chunk, Contents, OutputKind, Source, Values, Visitor};
pub use state::StateFile;
