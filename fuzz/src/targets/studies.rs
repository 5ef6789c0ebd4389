use std::sync::OnceLock;

use cl_study::{Quiet, Record, Study};
use serde_json::json;

use super::{damage, input::Input, scratch};

fn study() -> Study {
    Study::new("fuzzed", [1, 2]).arm("random", json!({"gain": 0.0})).arm("easy", json!({"gain": 0.1}))
}

/// The journal of a study, gone on with.
pub(crate) fn study_journal(data: &[u8]) {
    let mut input = Input::new(data);
    let path = scratch::path("journal");
    let run = || {
        study().run(Some(1), Some(&path), &Quiet, |run| {
            Ok::<_, &str>(Record::new().scalar("accuracy", run.seed as f64).curve("loss", vec![0.5, f64::NAN]))
        })
    };
    static SAVED: OnceLock<String> = OnceLock::new();
    let saved = SAVED.get_or_init(|| {
        scratch::remove("journal");
        run().expect("a study");
        std::fs::read_to_string(&path).expect("a journal")
    });
    let choice = usize::from(input.byte());
    let mut lines: Vec<String> = saved.lines().map(Into::into).collect();
    lines.truncate(1 + choice % 8);
    let at = choice / 8 % 8;
    if let Some(line) = lines.get_mut(at) {
        *line = damage::json(line, &mut input);
    }
    let mut changed = lines.join("\n").into_bytes();
    if choice & 128 == 0 {
        changed.push(b'\n');
    }
    changed.extend_from_slice(input.rest());
    scratch::file("journal", &changed);
    if let Ok(results) = run() {
        let again = run().expect("a journal that was written can be read");
        assert_eq!(format!("{again:?}"), format!("{results:?}"));
    }
}
