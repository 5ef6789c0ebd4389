//! What the report's demos run is what their sources say, and computes what the article's code does.

use std::path::Path;

use cl_data::Clusters;
use cl_web::{N_EPOCHS, N_PASSES, N_POINTS, RaceSettings, SelfPacedDemo, SelfPacedSettings};
use xtask::{article, demos, web};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn wasm() -> Vec<u8> {
    std::fs::read(root().join(web::WASM)).unwrap()
}

/// Needs no target: hashes alone.
#[test]
fn what_is_committed_is_of_these_sources() {
    if let Err(error) = web::check(root()) {
        panic!("{error:#}");
    }
}

/// The same compiler makes the same bytes, on any machine.
#[test]
fn what_is_committed_can_be_made_again() {
    if !web::has_target().unwrap() {
        return println!("skipped: the target {} is not installed", web::TARGET);
    }
    let (committed, here) = (web::committed(root()).unwrap(), web::rustc_version().unwrap());
    if committed.rustc() != here {
        return println!("skipped: made by {}, here is {here}", committed.rustc());
    }
    assert!(web::build(root()).unwrap() == wasm(), "other bytes than those committed: run `cargo xtask web`");
}

/// It names no folder of the machine that made it, asks for nothing of the page and is quickly loaded.
#[test]
fn it_stands_alone() {
    let wasm = wasm();
    assert!(wasm.len() < 400_000, "{} bytes", wasm.len());
    assert_eq!(wasm[..8], *b"\0asm\x01\0\0\0");
    for path in ["/home/", "/root/", "/Users/", "/tmp/", ".cargo", ".rustup", "C:\\"] {
        assert!(!wasm.windows(path.len()).any(|bytes| bytes == path.as_bytes()), "{path}");
    }
    let (mut at, mut sections) = (8, Vec::new());
    while at < wasm.len() {
        sections.push(wasm[at]);
        let (mut size, mut shift) = (0usize, 0);
        loop {
            at += 1;
            size |= usize::from(wasm[at] & 127) << shift;
            shift += 7;
            if wasm[at] < 128 {
                break;
            }
        }
        at += 1 + size;
    }
    assert_eq!(at, wasm.len());
    assert!(sections.contains(&10) && !sections.contains(&2), "code and no imports: {sections:?}");
}

/// With the article's lambda the demo is the article's block.
#[test]
fn the_demo_is_the_articles_learner() {
    let settings = SelfPacedSettings { lambda: 0.5, ..SelfPacedSettings::default() };
    let mut demo = SelfPacedDemo::new(settings, article::SEED).unwrap();
    while demo.step().unwrap() {}
    let data = Clusters::default().generate(N_POINTS, article::SEED).unwrap();
    let expected = article::self_paced(&data, article::initial_model(article::SEED, 0.01).0);
    for (epoch, found) in demo.epochs().iter().take(expected.lambda.len()).enumerate() {
        let expected = (expected.lambda[epoch], expected.n_selected[epoch], expected.accuracy[epoch]);
        assert_eq!((found.lambda, found.n_selected(), found.accuracy), expected, "epoch {epoch}");
    }
    assert_eq!(expected.lambda.len(), N_EPOCHS);
}

/// What stands in the markup before anything was computed.
#[test]
fn the_markup_says_what_the_crate_does() {
    let (race, self_paced) = (demos::race(), demos::self_paced());
    let SelfPacedSettings { lambda, .. } = SelfPacedSettings::default();
    assert!(self_paced.contains(&format!("Epoch 0, lambda = {lambda}, Selected: -/{N_POINTS}<")));
    assert!(self_paced.contains(&format!("value=\"{}\"", article::SEED)));
    assert!(race.contains(&format!("value=\"{}\"", RaceSettings::ARTICLE_SEED)));
    let flipped = format!("{} % of the training labels", 100.0 * RaceSettings::chosen().flipped);
    assert!(race.contains(&flipped), "{flipped}");
    assert_eq!((RaceSettings::ARTICLE_SEED, N_PASSES), (article::SEED, 40));
}
