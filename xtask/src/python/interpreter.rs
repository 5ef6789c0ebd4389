//! Which of the Pythons that are there is used.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// The oldest version that the package is made for.
const OLDEST: (u32, u32) = (3, 10);

/// Programs that may be a Python, in the order in which they are asked.
const PROGRAMS: [&str; 6] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

/// What is needed, and how it is had.
pub(super) const EXPECTED: &str = "Python 3.10 or later with venv and pip; on Debian: apt-get install python3 \
    python3-venv; one that is not on PATH: --python PATH";

/// A version of Python, as it tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    numbers: (u32, u32),
    text: String,
}

impl Version {
    /// Of what `python --version` says.
    pub(super) fn parse(said: &str) -> Option<Self> {
        let text = said.trim().strip_prefix("Python ")?.split_whitespace().next()?;
        let mut numbers = text.split('.').map(|number| number.parse().ok());
        let (major, minor) = (numbers.next()??, numbers.next()??);
        Some(Self { numbers: (major, minor), text: text.into() })
    }

    /// Of a program; none where it cannot be started or is no Python.
    pub(super) fn of(program: &OsStr) -> Option<Self> {
        let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
        // Python 2 says it on standard error.
        let said = [output.stdout, output.stderr].concat();
        output.status.success().then(|| Self::parse(&String::from_utf8_lossy(&said)))?
    }

    fn is_new_enough(&self) -> bool {
        self.numbers >= OLDEST
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// A program that is a Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interpreter {
    /// Its name, or where it is.
    pub(super) program: OsString,
    /// Its version.
    pub(super) version: Version,
    /// Whether it can make virtual environments, which Debian has in a package of its own.
    pub(super) has_venv: bool,
}

impl Interpreter {
    /// Of a program; none where it is no Python.
    fn of(program: &OsStr) -> Option<Self> {
        let version = Version::of(program)?;
        let mut command = Command::new(program);
        command.args(["-c", "import venv, ensurepip"]).stdin(Stdio::null()).stderr(Stdio::null());
        let has_venv = command.status().is_ok_and(|status| status.success());
        Some(Self { program: program.into(), version, has_venv })
    }

    fn will_do(&self) -> bool {
        self.version.is_new_enough() && self.has_venv
    }
}

impl fmt::Display for Interpreter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, version, has_venv } = self;
        let lack = if *has_venv { "" } else { " without venv" };
        write!(formatter, "{} (Python {version}{lack})", program.display())
    }
}

/// The Python that is `asked` for, else that of the variable PYTHON, else the first on PATH that will do.
pub(super) fn find(asked: Option<&Path>) -> Result<Interpreter> {
    let variable = std::env::var_os("PYTHON").filter(|program| !program.is_empty());
    match (asked, variable) {
        (Some(program), _) => one("--python", program.as_os_str()),
        (None, Some(program)) => one("the variable PYTHON", &program),
        (None, None) => choose(PROGRAMS.iter().filter_map(|program| Interpreter::of(program.as_ref()))),
    }
}

/// The program that was named, where it will do.
fn one(named_by: &str, program: &OsStr) -> Result<Interpreter> {
    match Interpreter::of(program) {
        Some(interpreter) if interpreter.will_do() => Ok(interpreter),
        Some(interpreter) => bail!("{named_by} is {interpreter}, expected {EXPECTED}"),
        None => bail!("{named_by} is {}, which is no Python, expected {EXPECTED}", program.display()),
    }
}

/// The first that will do.
fn choose(candidates: impl IntoIterator<Item = Interpreter>) -> Result<Interpreter> {
    let mut others = Vec::new();
    for candidate in candidates {
        if candidate.will_do() {
            return Ok(candidate);
        }
        others.push(candidate.to_string());
    }
    let found = if others.is_empty() { "no Python".into() } else { others.join(" and ") };
    bail!("found {found} on PATH, expected {EXPECTED}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interpreter(program: &str, version: &str) -> Interpreter {
        let version = Version::parse(&format!("Python {version}")).unwrap();
        Interpreter { program: program.into(), version, has_venv: true }
    }

    #[test]
    fn versions_are_read() {
        for (said, numbers, text) in [
            ("Python 3.11.7\n", (3, 11), "3.11.7"),
            ("Python 2.7.18", (2, 7), "2.7.18"),
            ("Python 3.14.0rc2+\n", (3, 14), "3.14.0rc2+"),
            ("Python 3.10.14 :: Company, Inc.\n", (3, 10), "3.10.14"),
        ] {
            assert_eq!(Version::parse(said), Some(Version { numbers, text: text.into() }));
        }
        for said in ["", "Python", "Python 3", "3.11.7", "Ruby 3.11.7", "pyenv: python3.10: command not found"] {
            assert_eq!(Version::parse(said), None, "{said}");
        }
    }

    #[test]
    fn the_first_that_will_do_is_taken() {
        let candidates = [
            interpreter("python3", "3.9.18"),
            Interpreter { has_venv: false, ..interpreter("python3.14", "3.14.0") },
            interpreter("python3.13", "3.13.1"),
            interpreter("python3.10", "3.10.0"),
        ];
        assert_eq!(choose(candidates.clone()).unwrap(), candidates[2]);
        assert_eq!(choose(candidates[3..].to_vec()).unwrap(), candidates[3]);
        assert_eq!(choose([interpreter("python3", "4.0.0")]).unwrap().program, "python3");
    }

    #[test]
    fn what_is_missing_is_told() {
        let error = |candidates: &[Interpreter]| choose(candidates.to_vec()).unwrap_err().to_string();
        let bare = Interpreter { has_venv: false, ..interpreter("python3.11", "3.11.2") };
        let told = error(&[interpreter("python3", "3.9.18"), bare]);
        let found = "found python3 (Python 3.9.18) and python3.11 (Python 3.11.2 without venv) on PATH";
        assert_eq!(told, format!("{found}, expected {EXPECTED}"));
        assert_eq!(error(&[]), format!("found no Python on PATH, expected {EXPECTED}"));
        let told = find(Some("no/such/python".as_ref())).unwrap_err().to_string();
        assert_eq!(told, format!("--python is no/such/python, which is no Python, expected {EXPECTED}"));
        let (major, minor) = OLDEST;
        assert!(EXPECTED.starts_with(&format!("Python {major}.{minor} or later")));
    }
}
