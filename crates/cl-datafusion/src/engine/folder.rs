use std::path::Path;

use datafusion::prelude::DataFrame;

use crate::error::EngineError;

/// Writes rows as a folder of Parquet files, which has another name until it is whole.
///
/// # Errors
/// Where it is there already, or cannot be written.
pub(super) async fn write_folder(kept: DataFrame, output: &Path) -> Result<(), EngineError> {
    let text = output.to_string_lossy();
    let folder = Path::new(text.trim_end_matches('/'));
    if folder.exists() {
        return Err(EngineError::cell("the output", text, "there already", "a folder that is not"));
    }
    let failed = |error: std::io::Error| EngineError::from(datafusion::error::DataFusionError::from(error));
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unfinished = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(parent).map_err(failed)?;
    let part = format!("{}/", unfinished.path().display());
    kept.write_parquet(&part, datafusion::dataframe::DataFrameWriteOptions::new(), None).await?;
    std::fs::rename(unfinished.path(), folder).map_err(failed)?;
    // Renamed, it is no longer to be removed.
    let _ = unfinished.keep();
    Ok(())
}
