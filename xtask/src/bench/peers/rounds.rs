//! Ours and the peers', in turns.

use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::agreement::Agreement;
use super::contestant::{Contestant, Ready};

/// Between two runs, so that the threads of the one before have gone to sleep.
const PAUSE: Duration = Duration::from_millis(200);

/// What one program took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What it says of itself.
    #[serde(flatten)]
    pub ready: Ready,
    /// The seconds of each round.
    pub rounds: Vec<f64>,
    /// Their median.
    pub seconds: f64,
    /// The most memory that it held, in MB.
    pub peak_mb: Option<f64>,
}

impl Measured {
    /// By how much the memory grew beyond what it was when the inputs were read, in MB.
    pub fn grown_mb(&self) -> Option<f64> {
        Some((self.peak_mb? - self.ready.loaded_mb?).max(0.0))
    }
}

/// A peer beside ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was measured.
    Measured {
        /// What it took.
        #[serde(flatten)]
        measured: Measured,
        /// Its time by ours.
        ratio: f64,
        /// Whether it computed the same.
        agreement: Agreement,
    },
    /// It was not, for a reason.
    Failed {
        /// The reason.
        error: String,
    },
}

/// Runs ours and the peers round by round, the order turned round each time; `programs` begins with ours. A peer that
/// fails drops out and says why.
///
/// # Errors
/// Where ours fails.
pub fn alternate(programs: Vec<Command>, n_rounds: usize, tolerance: f64) -> Result<(Measured, Vec<Outcome>)> {
    let mut programs = programs.into_iter();
    let ours = Turn::start(programs.next().context("nobody to compare with")?).context("ours")?;
    let mut all: Vec<Result<Turn>> = [Ok(ours)].into_iter().chain(programs.map(Turn::start)).collect();
    for round in 0..n_rounds {
        let forwards = round % 2 == 0;
        for at in 0..all.len() {
            let at = if forwards { at } else { all.len() - 1 - at };
            if let Ok(turn) = &mut all[at] {
                thread::sleep(PAUSE);
                match turn.contestant.run() {
                    Ok(seconds) => turn.rounds.push(seconds),
                    Err(error) => all[at] = Err(error),
                }
            }
        }
    }
    let mut measured = all.into_iter().map(|turn| turn?.end());
    let ours = measured.next().context("nobody to compare with")?.context("ours")?;
    let outcomes = measured
        .map(|peer| match peer {
            Ok(peer) => Outcome::Measured {
                ratio: peer.seconds / ours.seconds,
                agreement: Agreement::of(&ours.ready.summary, &peer.ready.summary, tolerance),
                measured: peer,
            },
            Err(error) => Outcome::Failed { error: format!("{error:#}") },
        })
        .collect();
    Ok((ours, outcomes))
}

struct Turn {
    contestant: Contestant,
    ready: Ready,
    rounds: Vec<f64>,
}

impl Turn {
    /// One after the other: nobody warms up beside another.
    fn start(command: Command) -> Result<Self> {
        let mut contestant = Contestant::start(command)?;
        let ready = contestant.ready()?;
        Ok(Self { contestant, ready, rounds: Vec::new() })
    }

    fn end(mut self) -> Result<Measured> {
        let peak_mb = self.contestant.memory()?;
        let seconds = median(&self.rounds).context("no round was run")?;
        Ok(Measured { ready: self.ready, rounds: self.rounds, seconds, peak_mb })
    }
}

/// The middle value, or the mean of the two in the middle.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some((sorted[last / 2] + sorted[last.div_ceil(2)]) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[cfg(unix)]
    fn program(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        command
    }

    #[cfg(unix)]
    fn steady(seconds: f64, result: f64) -> Command {
        program(&format!(
            r#"echo '{{"library":"x","loaded_mb":10,"summary":[{result}]}}'
            while read line; do case $line in
                run) echo '{{"seconds":{seconds}}}';;
                memory) echo '{{"peak_mb":12.5}}';;
            esac; done"#
        ))
    }

    #[cfg(unix)]
    #[test]
    fn a_peer_that_fails_stops_nobody() {
        let dying = program(r#"echo '{"library":"x","loaded_mb":null,"summary":[1]}'; read line; exit 7"#);
        let programs = vec![steady(0.5, 1.0), dying, steady(1.5, 1.0), program("echo rubbish"), steady(0.25, 2.0)];
        let (ours, peers) = alternate(programs, 3, 1e-6).unwrap();
        assert_eq!((ours.seconds, ours.rounds.len(), ours.grown_mb()), (0.5, 3, Some(2.5)));
        let failed = |at: usize, why: &str| match &peers[at] {
            Outcome::Failed { error } => assert!(error.contains(why), "{error}"),
            Outcome::Measured { .. } => panic!("peer {at} was measured"),
        };
        failed(0, "exit status: 7");
        failed(2, "rubbish");
        let measured = |at: usize| match &peers[at] {
            Outcome::Measured { ratio, agreement, .. } => (*ratio, agreement.agrees),
            Outcome::Failed { error } => panic!("{error}"),
        };
        assert_eq!((measured(1), measured(3)), ((3.0, true), (0.5, false)));
    }

    #[cfg(unix)]
    #[test]
    fn without_ours_there_is_no_comparison() {
        let error = alternate(vec![program("exit 1"), steady(1.0, 1.0)], 1, 0.0).unwrap_err();
        assert!(format!("{error:#}").starts_with("ours: ended with"), "{error:#}");
    }
}
