//! The article's two demos as parts of a page: markup, a style, and one script that carries what trains in the page.
//!
//! What trains is `assets/demos.wasm`, which `cargo xtask web` compiles from `crates/cl-web`. The script is one text
//! that asks for nothing from anywhere, so that a page with it works as a file; it compiles what it carries when a demo
//! is first seen or used, and finds a demo by the ids of its markup.

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// What trains in the page.
const WASM: &[u8] = include_bytes!("../assets/demos.wasm");

/// Where the script has its place.
const PLACE: &str = "__WASM__";

/// The markup of demo 1, the race of two orders: a section under a heading of the fourth level.
pub fn race() -> String {
    include_str!("../assets/race.html").into()
}

/// The markup of demo 2, what a self-paced learner selects: a section under a heading of the fourth level.
pub fn self_paced() -> String {
    include_str!("../assets/self-paced-demo.html").into()
}

/// The style of both, for light and dark. It takes `--fg`, `--bg`, `--muted` and `--border` from the page, where the
/// page has them.
pub fn style() -> &'static str {
    include_str!("../assets/demos.css")
}

/// The script of both, to stand behind their markup.
pub fn script() -> String {
    include_str!("../assets/demos.js").replace(PLACE, &BASE64_STANDARD.encode(WASM))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = include_str!("../assets/demos.js");

    /// What stands between `before` and the next `after`, everywhere.
    fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
        text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
    }

    #[test]
    fn the_script_carries_what_trains() {
        let script = script();
        let carried = between(&script, "const WASM = \"", "\"");
        assert_eq!(BASE64_STANDARD.decode(carried[0]).unwrap(), WASM);
        assert!(!script.contains(PLACE) && !script.contains("</script"));
        for far in ["fetch(", "import(", "XMLHttpRequest", "http:", "https:"] {
            assert!(!script.contains(far), "{far}");
        }
    }

    /// The script asks for functions by name, which must be among those that the compiled crate has.
    #[test]
    fn what_the_script_calls_is_there() {
        let mut called: Vec<&str> =
            ["api.ask(\"", "api.call(\""].iter().flat_map(|call| between(SCRIPT, call, "\"")).collect();
        called.extend(between(SCRIPT, "raw.", "(").into_iter().filter(|name| name.starts_with("demo_")));
        assert!(called.len() > 15, "{called:?}");
        for name in called {
            assert!(WASM.windows(name.len()).any(|bytes| bytes == name.as_bytes()), "{name}");
        }
    }

    /// Every id that a label or a caption names, and that the page's test drives, is there once.
    #[test]
    fn controls_are_named_and_labelled() {
        let page = race() + &self_paced();
        let ids = between(&page, " id=\"", "\"");
        for id in &ids {
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{id}");
        }
        for id in between(&page, " for=\"", "\"").into_iter().chain(between(&page, "aria-labelledby=\"", "\"")) {
            assert!(ids.contains(&id), "{id}");
        }
        for demo in ["race", "self-paced"] {
            for part in ["train", "step", "reset", "epoch", "status", "seed"] {
                assert!(ids.contains(&format!("{demo}-{part}").as_str()), "{demo}-{part}");
            }
        }
        assert!(ids.contains(&"race") && ids.contains(&"self-paced-demo"));
        let named = between(&page, "<canvas", ">").into_iter().filter(|canvas| canvas.contains("aria-label"));
        assert_eq!((named.count(), page.matches("<noscript>").count()), (7, 2));
    }

    /// Before Train is pressed it says what the article's page says.
    #[test]
    fn the_self_paced_demo_opens_as_the_articles() {
        assert!(self_paced().contains(">Epoch 0, lambda = 0.68, Selected: -/150<"));
    }

    /// A colour of the style that is not in a variable would not follow the theme.
    #[test]
    fn colours_follow_the_theme() {
        for line in style().lines().filter(|line| line.contains('#') && !line.contains("--demo-")) {
            assert!(line.trim_start().starts_with('#'), "{line}");
        }
    }
}
