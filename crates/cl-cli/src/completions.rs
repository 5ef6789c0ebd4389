//! `curriculum completions`: what the shell can complete.

use std::io::{self, Write};

use clap::{Args, Command};
use clap_complete::Shell;

/// Print the completion script of a shell.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum completions bash > /etc/bash_completion.d/curriculum
  curriculum completions zsh > ~/.zfunc/_curriculum
  curriculum completions fish > ~/.config/fish/completions/curriculum.fish")]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, mut command: Command) -> anyhow::Result<()> {
    // Into memory first: the generator panics where its writer fails, as a closed pipe does.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "curriculum", &mut script);
    let mut stdout = io::stdout().lock();
    stdout.write_all(&script)?;
    Ok(stdout.flush()?)
}
