//! The protocol that both sides speak (see `xtask::bench` and `benches/peers/protocol.py`): one line about the result,
//! then an answer to every line `run` or `memory`.

use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cl_data::instructions::Instructions;
use serde_json::{Value, json};

use crate::{memory, task::Task};

/// A run lasts at least as long: what is shorter is repeated.
const LEAST: Duration = Duration::from_millis(100);

/// Answers until the input ends.
pub(crate) fn serve(mut task: Task) -> Result<()> {
    memory::forget_peak();
    let loaded_mb = memory::resident_mb();
    let summary = task.summary()?;
    let library = format!("ours, {}", Instructions::in_use().name());
    say(&json!({ "library": library, "loaded_mb": loaded_mb, "summary": summary }))?;
    for line in stdin().lock().lines() {
        match line.context("standard input")?.as_str() {
            "run" => say(&json!({ "seconds": seconds(&mut task)? }))?,
            "memory" => say(&json!({ "peak_mb": memory::peak_mb() }))?,
            other => bail!("asked for {other:?}, expected run or memory"),
        }
    }
    Ok(())
}

fn say(answer: &Value) -> Result<()> {
    let mut output = stdout().lock();
    writeln!(output, "{answer}").and_then(|()| output.flush()).context("standard output")
}

/// The seconds of one repetition, twice as many each time until they take long enough.
fn seconds(task: &mut Task) -> Result<f64> {
    let mut n = 1u32;
    loop {
        let start = Instant::now();
        for _ in 0..n {
            task.run()?;
        }
        let elapsed = start.elapsed();
        if elapsed >= LEAST {
            return Ok(elapsed.as_secs_f64() / f64::from(n));
        }
        n *= 2;
    }
}
