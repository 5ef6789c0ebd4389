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
mod blocks;
mod cartography;
mod check;
mod epoch_arrays;
mod journal;
#[cfg(feature = "parquet")]
mod long_table;
mod mean_probabilities;
mod numbered;
mod open;
mod options;
mod presentation_order;
mod progress;
mod purpose;
mod recording;
mod rows;
mod saved;
mod score;
mod source;
mod state;

pub use mean_probabilities::mean_probabilities;
pub use open::open;
pub use options::Options;
pub use progress::Progress;
pub use score::{By, Scored, Scoring, score, second_split, unavailable};
pub use source::{Block, BlockSource, BlockVisitor, Chunk, Contents, OutputKind, Source, Values, Visitor};
pub use state::StateFile;
