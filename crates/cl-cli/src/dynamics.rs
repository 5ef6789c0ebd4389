//! What the commands that read training dynamics have in common.

use std::path::PathBuf;

use cl_difficulty::log::{self, OutputKind};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

pub(crate) use cl_data::io::ids_of;

/// What a person says of training dynamics that the files do not.
#[derive(Args)]
pub(crate) struct InputOptions {
    /// Labels (.npy, N integers), where the input has none
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// What the numbers are, where neither names nor content tell
    #[arg(long, value_parser = output_kind())]
    outputs: Option<OutputKind>,
}

fn output_kind() -> impl TypedValueParser<Value = OutputKind> {
    let names = OutputKind::NAMES.map(|(name, _)| name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<OutputKind>())
}

impl InputOptions {
    pub(crate) fn log(&self) -> log::Options {
        log::Options { labels: self.labels.clone(), outputs: self.outputs }
    }
}
