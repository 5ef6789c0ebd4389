//! The report as a page to read.

use std::fmt::Write as _;

use super::limits::{Limit, Share};
use super::peers::rounds::{Measured, Outcome};
use super::peers::{Compared, Peers};
use super::report::{Bench, Report};
use super::units::{interval, megabytes, percent, ratio, throughput, time};

/// The whole report.
pub fn report(report: &Report) -> String {
    let mut text = head(report);
    for bench in &report.benches {
        text += &table(bench);
    }
    if let Some(peers) = &report.peers {
        text += &peers_section(peers);
    }
    text += &failures(report);
    text
}

fn head(report: &Report) -> String {
    let Report { machine, options, .. } = report;
    let mut call = "cargo xtask bench".to_owned();
    // The limits always run: they need not be asked for.
    if options.benches.len() < super::targets::TARGETS.len() {
        let asked: Vec<&str> = options.benches.iter().map(String::as_str).collect();
        let _ = write!(call, " --only {}", asked.join(","));
    }
    for (set, name) in [(options.quick, "--quick"), (options.peers, "--peers"), (options.torch, "--torch")] {
        call += &if set { format!(" {name}") } else { String::new() };
    }
    if let Some(name) = &options.instructions {
        let _ = write!(call, " --instructions {name}");
    }
    let instructions = report.instructions.as_deref().unwrap_or("unknown");
    let mut text = format!(
        "# Benchmarks\n\nMeasured by `{call}` in one run.\n\n| | |\n| --- | --- |\n| processor | {} |\n| threads | {} |\n\
         | instruction set in use | {instructions} |\n| system | {} |\n| compiler | {} |\n| commit | {} |\n| date | {} |\n\n",
        cell(&machine.processor),
        machine.threads,
        cell(&machine.system),
        cell(&machine.rustc),
        cell(&machine.commit),
        machine.date,
    );
    let limits = report.benches.iter().filter(|bench| bench.name == super::targets::LIMITS);
    let limits = limits.flat_map(|bench| &bench.rows).map(|measured| &measured.row);
    let limits: Vec<String> = limits
        .map(|row| format!("{} {}", row.id.trim_start_matches("limits/"), throughput(row.work, row.fastest)))
        .collect();
    if !limits.is_empty() {
        let _ = writeln!(text, "Limits: {}.\n", limits.join("; "));
    }
    if options.quick {
        text += "With `--quick` each row is measured but shortly: a first look, no figures to quote.\n\n";
    }
    text += "**Time** is criterion's estimate with its 95 % interval. **Share** is the time at the limit by the time \
             taken, where the limit is the fastest sample of its row in the table *limits*, measured in the same \
             run: code that does all of that work is not faster. Multiply-adds and exponentials have the limit of one core \
             times the threads (clocks fall when all cores work, so that the true limit of several is a little \
             lower); memory has that of one thread or of all threads together. A multiply-add is two operations \
             (FLOP). A share above 100 % says that a method leaves out some of the work of the plain algorithm, \
             which is what is counted, or that a cache held what was read. Exponentials are counted one per class and \
             at the rate of those that softmax and weights take; the recorder has shorter ones, by fused \
             multiply-adds. Where the limit is `-`, the work has no physical limit that would say anything (it waits \
             for one number after the other, or reads at random), or the limits were not measured. A peer's time \
             is that of the calls which a user of it would write, Python's own included.\n\n";
    text
}

/// In a cell of a table a bar would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn table(bench: &Bench) -> String {
    let mut text = format!("## {}: {}\n\n", bench.name, bench.summary);
    if !bench.rows.is_empty() {
        text +=
            "| row | threads | time | throughput | share | limit |\n| --- | ---: | ---: | ---: | ---: | --- |\n";
    }
    for measured in &bench.rows {
        let row = &measured.row;
        let (share, limit) = match measured.limit {
            Some(Share { limit, times, share }) => (percent(share), limit_name(limit, times)),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let (time, rate) = (interval(row.seconds, row.low, row.high), throughput(row.work, row.seconds));
        let _ = writeln!(text, "| {} | {} | {time} | {rate} | {share} | {limit} |", cell(&row.id), row.threads);
    }
    if let Some(error) = &bench.error {
        let _ =
            writeln!(text, "{}This bench failed: {}", if bench.rows.is_empty() { "" } else { "\n" }, cell(error));
    }
    text + "\n"
}

fn limit_name(limit: Limit, times: usize) -> String {
    match times {
        1 => limit.name().to_owned(),
        _ => format!("{times} x {}", limit.name()),
    }
}

fn peers_section(peers: &Peers) -> String {
    let mut text = "## Peers\n\n".to_owned();
    if let Some(error) = &peers.error {
        let _ = writeln!(text, "Not compared: {}\n", cell(error));
        return text;
    }
    let packages: Vec<String> =
        peers.packages.iter().map(|package| format!("{} {}", package.name, package.wanted)).collect();
    let _ = writeln!(
        text,
        "Each side is a process of its own that reads the same inputs, computes the result once, and is then asked \
         for runs in turns with the others; times are medians of the rounds. The ratio is the peer's time by ours: \
         above 1 ours is faster. Memory is the most that a process held (in brackets: beyond what it held when the \
         inputs were read). Results are compared by the numbers named; `same` says within which difference.\n"
    );
    let python = peers.python.as_deref().unwrap_or("unknown");
    let _ = writeln!(text, "Python {python}; {}.", cell(&packages.join(", ")));
    let mut kernels: Vec<&str> =
        measured(peers).filter_map(|peer| peer.ready.kernels.as_deref()).flat_map(|all| all.split(", ")).collect();
    kernels.sort_unstable();
    kernels.dedup();
    if !kernels.is_empty() {
        let _ = writeln!(text, "Their matrix products ran on {}.", cell(&kernels.join(" and ")));
    }
    text += "\n| comparison | threads | ours | peer | its time | ratio | our memory | its memory | result |\n\
             | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | --- |\n";
    for compared in &peers.compared {
        text += &rows(compared);
    }
    text + "\n"
}

/// The peers that were measured.
fn measured(peers: &Peers) -> impl Iterator<Item = &Measured> {
    let outcomes = peers.compared.iter().flat_map(|compared| &compared.peers);
    outcomes.filter_map(|(_, outcome)| match outcome {
        Outcome::Measured { measured, .. } => Some(measured),
        Outcome::Failed { .. } => None,
    })
}

fn rows(compared: &Compared) -> String {
    let start = format!("| {} | {} |", cell(&compared.title), compared.threads);
    let Some(ours) = &compared.ours else {
        let error = compared.error.as_deref().unwrap_or("failed");
        return format!("{start} - | - | - | - | - | - | {} |\n", cell(error));
    };
    if compared.peers.is_empty() {
        return format!("{start} {} | - | - | - | {} | - | - |\n", time(ours.seconds), memory(ours));
    }
    let mut text = String::new();
    for (name, outcome) in &compared.peers {
        let line = match outcome {
            Outcome::Measured { measured, ratio: times, agreement } => {
                let result = if agreement.agrees {
                    format!("same: {} ({:.0e})", compared.compared_by, agreement.difference)
                } else {
                    let (ours, peer) = (&ours.ready.summary, &measured.ready.summary);
                    format!("**differs**: {}, ours {ours:?}, its {peer:?}", compared.compared_by)
                };
                format!(
                    "{} | {} | {} | {} | {} | {} |",
                    cell(&measured.ready.library),
                    time(measured.seconds),
                    ratio(*times),
                    memory(ours),
                    memory(measured),
                    cell(&result)
                )
            }
            Outcome::Failed { error } => format!("{name} | - | - | {} | - | {} |", memory(ours), cell(error)),
        };
        let _ = writeln!(text, "{start} {} | {line}", time(ours.seconds));
    }
    text
}

fn memory(measured: &Measured) -> String {
    let grown = measured.grown_mb().map_or(String::new(), |grown| format!(" (+{grown:.0})"));
    megabytes(measured.peak_mb) + &grown
}

fn failures(report: &Report) -> String {
    let mut list = report.failures();
    if let Some(peers) = &report.peers {
        for compared in &peers.compared {
            for (name, outcome) in &compared.peers {
                match outcome {
                    Outcome::Failed { error } => list.push(format!("{name}, {}: {error}", compared.title)),
                    Outcome::Measured { agreement, .. } if !agreement.agrees => {
                        list.push(format!("{name}, {}: its result differs from ours", compared.title));
                    }
                    Outcome::Measured { .. } => {}
                }
            }
        }
    }
    if list.is_empty() {
        return String::new();
    }
    let lines: String = list.iter().map(|failure| format!("- {}\n", cell(failure))).collect();
    format!("## What failed\n\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::super::limits::Limits;
    use super::super::peers::agreement::Agreement;
    use super::super::peers::contestant::Ready;
    use super::super::report::Options;
    use super::super::rows::Row;
    use super::super::work::{Precision, Work};
    use super::*;

    fn row(id: &str, work: Work, threads: usize, seconds: f64) -> Row {
        let (low, high) = (0.9 * seconds, 1.1 * seconds);
        Row { id: id.into(), work, threads, instructions: "avx2".into(), seconds, low, high, fastest: seconds }
    }

    fn took(library: &str, seconds: f64, peak_mb: Option<f64>) -> Measured {
        let summary = vec![1.0];
        let ready = Ready { library: library.into(), kernels: Some("K 1".into()), loaded_mb: Some(10.0), summary };
        Measured { ready, rounds: vec![seconds], seconds, peak_mb }
    }

    fn example() -> Report {
        let mut report = Report::new(Options { benches: vec!["model".into()], peers: true, ..Options::default() });
        let work = Work::MultiplyAdds { count: 1_000_000, of: Precision::F32 };
        let rows = vec![row("limits/multiply-adds f32, one core", work, 1, 1e-5)];
        let limits = Limits::of(&rows);
        report.add("limits", "what the machine can do", rows, None, &limits);
        let rows = vec![row("forward/a | b", work, 2, 1e-5), row("other", Work::Elements { count: 5 }, 1, 1e-3)];
        report.add("model", "products", rows, Some("cargo bench ended with 101".into()), &limits);
        let agreement = Agreement::of(&[1.0], &[1.0], 1e-6);
        let measured = took("NumPy 2", 0.003, Some(30.0));
        let outcomes = vec![
            ("NumPy".to_owned(), Outcome::Measured { measured, ratio: 3.0, agreement }),
            ("PyTorch".to_owned(), Outcome::Failed { error: "torch==1 cannot be installed".into() }),
        ];
        let compared = Compared {
            name: "forward".into(),
            title: "W X + b".into(),
            threads: 1,
            compared_by: "sum".into(),
            ours: Some(took("ours", 0.001, Some(12.0))),
            peers: outcomes,
            error: None,
        };
        report.peers = Some(Peers { python: Some("3.11.2".into()), compared: vec![compared], ..Peers::default() });
        report
    }

    #[test]
    fn every_row_stands_in_a_table() {
        let text = report(&example());
        for line in [
            "Measured by `cargo xtask bench --only model --peers` in one run.",
            "| instruction set in use | avx2 |",
            "Limits: multiply-adds f32, one core 200 GFLOP/s.",
            "| forward/a \\| b | 2 | 10.0 [9.00, 11.0] \u{b5}s | 200 GFLOP/s | 50 % | 2 x multiply-adds f32, one core |",
            "| other | 1 | 1.00 [0.90, 1.10] ms | 5.00 k elements/s | - | - |",
            "This bench failed: cargo bench ended with 101",
            "| W X + b | 1 | 1.00 ms | NumPy 2 | 3.00 ms | 3.00 x | 12 MB (+2) | 30 MB (+20) | same: sum (0e0) |",
            "| W X + b | 1 | 1.00 ms | PyTorch | - | - | 12 MB (+2) | - | torch==1 cannot be installed |",
            "Their matrix products ran on K 1.",
            "- bench model: cargo bench ended with 101",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n\nis not in\n\n{text}");
        }
    }

    #[test]
    fn the_json_is_read_back() {
        let report = example();
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }
}
