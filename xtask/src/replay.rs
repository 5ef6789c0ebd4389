//! Pages that replay recorded runs, each one file that needs no network.

use anyhow::Result;
use serde::Serialize;

/// A page with what it replays, and with the style and the script that all such pages share.
///
/// # Errors
/// Where the recording has no JSON form.
pub fn page(page: &str, recorded: &impl Serialize) -> Result<String> {
    let page = page.replace("__STYLE__", include_str!("replay/style.css"));
    let page = page.replace("__SCRIPT__", include_str!("replay/script.js"));
    Ok(page.replace("__RECORDED__", &serde_json::to_string(recorded)?))
}
