//! The report in a browser, on a desk and on a phone: demos train, themes can be read, nothing is lost and nothing fails.

mod server;

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use server::Server;

/// What runs in the page, before all else of it.
const DRIVER: &str = include_str!("browser/driver.js");
/// The page that has the report in a frame of a desk's and in one of a phone's size.
const FRAMES: &str = include_str!("browser/frames.html");

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The report is one file of at most so many bytes.
const LARGEST: u64 = 8_000_000;

/// The contrast that WCAG 2 asks of text (AA).
const CONTRAST: f64 = 4.5;

/// How long the driver may take, and the browser then.
const PATIENCE: Duration = Duration::from_secs(120);
const MORE_PATIENCE: Duration = Duration::from_secs(60);

/// The browser that `CHROMIUM` names, which must be one, or the first of the usual ones that runs.
fn browser() -> Option<String> {
    let runs = |name: &String| Command::new(name).arg("--version").output().is_ok_and(|run| run.status.success());
    if let Ok(named) = std::env::var("CHROMIUM") {
        assert!(runs(&named), "CHROMIUM names {named}, which does not run");
        return Some(named);
    }
    BROWSERS.into_iter().map(str::to_owned).find(runs)
}

/// Opens a page and waits until it has loaded and the browser is gone.
fn open(browser: &str, page: &str, more: &[&str]) {
    let profile = tempfile::tempdir().unwrap();
    let mut run = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--window-size=1800,1000"])
        .args(more)
        .arg(format!("--user-data-dir={}", profile.path().display()))
        // It ends when the page has loaded.
        .args(["--dump-dom", page])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while run.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE + MORE_PATIENCE {
            run.kill().unwrap();
            run.wait().unwrap();
            panic!("{browser} does not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_report_works_in_a_browser() {
    let Some(browser) = browser() else {
        println!("skipped: none of {} runs here, and CHROMIUM names none", BROWSERS.join(", "));
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["reproduce", "--quick", "--only", "clusters,self-paced-demo,race,focal", "--out"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let page = folder.path().join("report.html");
    let size = page.metadata().unwrap().len();
    assert!(size <= LARGEST, "{size} bytes");

    let page = std::fs::read_to_string(page).unwrap();
    let (before, after) = page.split_once("<meta charset=\"utf-8\">").unwrap();
    let driven = format!("{before}<meta charset=\"utf-8\">\n<script>\n{DRIVER}</script>{after}");
    let files = vec![("/frames.html", FRAMES.to_owned()), ("/driven.html", driven)];
    let (server, port) = Server::start(files, 2, PATIENCE).unwrap();

    for more in [&[][..], &["--force-prefers-reduced-motion"]] {
        open(&browser, &format!("http://127.0.0.1:{port}/frames.html"), more);
        let mut frames: Vec<Value> =
            server.take().iter().map(|found| serde_json::from_str(found).unwrap()).collect();
        frames.sort_by_key(|frame| std::cmp::Reverse(frame["width"].as_u64()));
        let widths: Vec<_> = frames.iter().map(|frame| frame["width"].as_u64()).collect();
        assert_eq!(widths, [Some(1300), Some(390)], "the frames whose driver ended, of a desk and a phone");
        for frame in &frames {
            works(frame);
            assert_eq!(frame["is_still"], !more.is_empty(), "scrolling moves unless less motion is preferred");
        }
        // On a desk the first screen holds the question, the answer and the figure.
        let desk = &frames[0];
        assert!(desk["first"]["lowest"].as_f64() <= desk["height"].as_f64(), "{}", desk["first"]);
    }
}

fn works(frame: &Value) {
    let told = format!("{frame:#}");
    let none = Value::Array(Vec::new());
    assert_eq!(frame["errors"], none, "{told}");

    let first = &frame["first"];
    assert!(first["question"].as_str().unwrap().contains("random order") && first["figures"] == 1, "{told}");
    assert_eq!(first["sentences"].as_array().unwrap().len(), 4, "{told}");

    let demos = frame["demos"].as_array().unwrap();
    assert_eq!(demos.len(), 2, "{told}");
    assert!(demos.iter().all(|demo| demo["trained"] == true && demo["back"] == true), "{told}");

    let theme = |name: &str| &frame["themes"][name];
    assert_ne!(theme("dark")["background"], theme("light")["background"], "{told}");
    for name in ["dark", "light", "system"] {
        let faintest = &theme(name)["faintest"];
        assert!(faintest["contrast"].as_f64().unwrap() >= CONTRAST, "{name}: {faintest}");
    }

    assert!(frame["scroll_width"].as_u64() <= frame["width"].as_u64(), "{told}");
    for problems in ["wide", "repeated_ids", "skipped_levels", "lost_links", "loaded"] {
        assert_eq!(frame[problems], none, "{problems}");
    }
    assert_eq!(frame["unnamed_figures"], 0, "{told}");
}
