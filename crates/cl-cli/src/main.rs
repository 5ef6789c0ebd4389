//! The program `curriculum`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cl_cli::run(std::env::args_os()).into()
}
