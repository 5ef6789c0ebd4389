//! A program that computes one comparison, ours or a peer's: started once, asked for runs.
//!
//! It reads its inputs, computes the result once, and says one line of JSON: what it computes with, the memory it
//! held before, and some numbers that sum the result up ([`Ready`]). Then it answers every line `run` with
//! `{"seconds": ...}` and the line `memory` with `{"peak_mb": ...}`. What it cannot do it says as `{"error": ...}`.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Longer than anything compared takes.
const PATIENCE: Duration = Duration::from_secs(900);

/// What a program says of itself once it has computed the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// What it computes with.
    pub library: String,
    /// The kernels that its matrix products run on, where it has any.
    #[serde(default)]
    pub kernels: Option<String>,
    /// Resident memory in MB when the inputs were read, where the system tells.
    pub loaded_mb: Option<f64>,
    /// Numbers that sum up the result.
    pub summary: Vec<f64>,
}

#[derive(Deserialize)]
struct Seconds {
    seconds: f64,
}

#[derive(Deserialize)]
struct Memory {
    peak_mb: Option<f64>,
}

#[derive(Deserialize)]
struct Failure {
    error: String,
}

/// A program that was started.
#[derive(Debug)]
pub struct Contestant {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    complaints: Option<JoinHandle<String>>,
}

impl Contestant {
    /// Starts it.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot be started")?;
        let (Some(output), Some(mut errors)) = (child.stdout.take(), child.stderr.take()) else {
            bail!("cannot be listened to");
        };
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n') {
                let Ok(line) = line else { return };
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
            }
        });
        let complaints = thread::spawn(move || {
            let mut bytes = Vec::new();
            // What was said before a broken pipe counts, too.
            let _ = errors.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let input = child.stdin.take();
        Ok(Self { child, input, lines, complaints: Some(complaints) })
    }

    /// Waits until it has computed the result.
    ///
    /// # Errors
    /// Where it says that it cannot, says something else, says nothing for a quarter of an hour, or ends.
    pub fn ready(&mut self) -> Result<Ready> {
        self.answer("what it computed")
    }

    /// The seconds of one run.
    ///
    /// # Errors
    /// As [`ready`](Self::ready), and where the time is none.
    pub fn run(&mut self) -> Result<f64> {
        self.ask("run");
        let Seconds { seconds } = self.answer("a time")?;
        if !(seconds > 0.0 && seconds.is_finite()) {
            bail!("took {seconds} seconds, expected a finite number above 0");
        }
        Ok(seconds)
    }

    /// The most memory it held, in MB, where the system tells.
    ///
    /// # Errors
    /// As [`ready`](Self::ready).
    pub fn memory(&mut self) -> Result<Option<f64>> {
        self.ask("memory");
        let Memory { peak_mb } = self.answer("its memory")?;
        Ok(peak_mb)
    }

    /// A program that went away is found when it does not answer.
    fn ask(&mut self, line: &str) {
        if let Some(input) = &mut self.input {
            let _ = writeln!(input, "{line}").and_then(|()| input.flush());
        }
    }

    fn answer<T: DeserializeOwned>(&mut self, expected: &str) -> Result<T> {
        let line = match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => {
                bail!("said nothing for {} minutes, expected {expected}", PATIENCE.as_secs() / 60)
            }
            Err(RecvTimeoutError::Disconnected) => {
                // What closed its output only, and listens still, ends by the end of its input.
                self.input = None;
                let status = self.child.wait().context("cannot be waited for")?;
                let said = self.complaints.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
                let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("nothing").trim();
                bail!("ended with {status}, expected {expected}; the last that it said: {last}");
            }
        };
        if let Ok(Failure { error }) = serde_json::from_str(&line) {
            bail!("{error}");
        }
        serde_json::from_str(&line).with_context(|| format!("answered {line:?}, expected {expected}"))
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        // The end of its input ends it; where it does not listen, it is ended.
        self.input = None;
        for _ in 0..50 {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(20)),
                _ => return,
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn says(script: &str) -> Contestant {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        Contestant::start(command).unwrap()
    }

    const READY: &str = r#"echo '{"library":"x 1","loaded_mb":1.5,"summary":[1,2]}'; "#;

    #[test]
    fn a_contestant_that_keeps_to_the_protocol() {
        let script = format!(
            "{READY} read a; echo '{{\"seconds\":0.25}}'; read b; test \"$a$b\" = runmemory && echo '{{\"peak_mb\":null}}'"
        );
        let mut contestant = says(&script);
        let ready = contestant.ready().unwrap();
        assert_eq!((ready.library.as_str(), ready.kernels, ready.summary), ("x 1", None, vec![1.0, 2.0]));
        assert_eq!(contestant.run().unwrap(), 0.25);
        assert_eq!(contestant.memory().unwrap(), None);
    }

    #[test]
    fn rubbish_is_quoted() {
        let error = says("echo rubbish; read a").ready().unwrap_err();
        assert!(error.to_string().contains("\"rubbish\", expected what it computed"), "{error}");
        let mut contestant = says(&format!("{READY} read a; echo '{{\"seconds\":-1}}'; read b"));
        contestant.ready().unwrap();
        assert!(contestant.run().unwrap_err().to_string().contains("-1 seconds"));
    }

    #[test]
    fn what_it_cannot_do_it_says() {
        let error = says("echo '{\"error\":\"no such thing\"}'").ready().unwrap_err();
        assert_eq!(error.to_string(), "no such thing");
    }

    #[test]
    fn one_that_dies_is_reported_with_its_last_words() {
        let mut contestant = says(&format!("{READY} read a; echo 'Traceback' >&2; echo 'the reason' >&2; exit 3"));
        contestant.ready().unwrap();
        let error = contestant.run().unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.ends_with("the reason"), "{error}");
    }

    #[test]
    fn one_that_does_not_exist() {
        let error = Contestant::start(Command::new("/nonexistent/program")).unwrap_err();
        assert!(error.to_string().contains("cannot be started"), "{error}");
    }
}
