//! `cargo xtask web`: the demos of the report, compiled to WebAssembly.
//!
//! What it makes is committed, so that nobody needs another target to build the report: `assets/demos.wasm`, and beside
//! it `assets/demos.sources`, which says what it was made of. A change of any of that is noticed by `--check` and by a
//! test.

mod sources;

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use cl_data::io::write_atomically;
use clap::Args;

pub use sources::{Sources, WASM};

/// What is compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// What says of what it was made, from the workspace's folder on.
pub const SOURCES: &str = "xtask/assets/demos.sources";

/// Arguments of `cargo xtask web`.
#[derive(Args, Debug, Clone)]
#[command(
    after_help = "Needs the target once: rustup target add wasm32-unknown-unknown\n\nWrites xtask/assets/demos.wasm and \
                        xtask/assets/demos.sources, the hashes of all that went into it. Both are committed."
)]
pub struct Web {
    /// Compile nothing: say whether what is committed was made of the sources that are there.
    #[arg(long)]
    pub check: bool,
}

/// Compiles the demos, or checks what is committed.
///
/// # Errors
/// Where this is no workspace, the target is not installed, the crate does not compile, or what is committed is of other
/// sources.
pub fn web(arguments: &Web) -> Result<()> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = package.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
    let root = root.canonicalize().context("the folder of the workspace")?;
    if arguments.check {
        return check(&root);
    }
    let wasm = build(&root)?;
    let write = |name: &str, bytes: &[u8]| {
        write_atomically(root.join(name), |file| file.write_all(bytes))
            .with_context(|| format!("{name} cannot be written"))
    };
    write(WASM, &wasm)?;
    write(SOURCES, Sources::of(&root, &rustc_version()?)?.to_string().as_bytes())?;
    println!("{WASM}: {} bytes", wasm.len());
    Ok(())
}

/// Whether what is committed below `root` was made of the sources there.
///
/// # Errors
/// Names what was changed since.
pub fn check(root: &Path) -> Result<()> {
    let committed = committed(root)?;
    let changed = committed.changed(&Sources::of(root, committed.rustc())?);
    ensure!(
        changed.is_empty(),
        "{WASM} is not of these sources; run `cargo xtask web`, for there changed: {}",
        changed.join(", ")
    );
    Ok(())
}

/// What the committed file was made of.
///
/// # Errors
/// Where that cannot be read.
pub fn committed(root: &Path) -> Result<Sources> {
    let text = fs::read_to_string(root.join(SOURCES)).with_context(|| format!("{SOURCES} cannot be read"))?;
    Ok(Sources::read(&text))
}

/// Compiles the demos, without a trace of the machine that did it: the same compiler gives the same bytes everywhere.
///
/// # Errors
/// Where the target is not installed, the crate does not compile, or a path of the machine is in the result.
pub fn build(root: &Path) -> Result<Vec<u8>> {
    ensure!(has_target()?, "the target {TARGET} is not installed: rustup target add {TARGET}");
    let folder = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |folder| root.join(folder))
        .join("web");
    let private = machine_paths(root)?;
    let flags = private.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    let flags = flags.collect::<Vec<_>>().join("\u{1f}");
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--quiet",
            "--locked",
            "--package",
            "cl-web",
            "--lib",
            "--profile",
            "web",
            "--target",
            TARGET,
        ])
        .arg("--target-dir")
        .arg(&folder)
        .current_dir(root)
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .status()
        .context("cargo does not start")?;
    ensure!(status.success(), "cl-web does not compile for {TARGET}");
    let path = folder.join(TARGET).join("web").join("cl_web.wasm");
    let wasm = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    for (private, _) in &private {
        let private = private.as_os_str().as_encoded_bytes();
        if wasm.windows(private.len()).any(|bytes| bytes == private) {
            bail!(
                "{}: {} is in it, expected no path of this machine",
                path.display(),
                String::from_utf8_lossy(private)
            );
        }
    }
    Ok(wasm)
}

/// Whether the compiler has the target's standard library.
///
/// # Errors
/// Where the compiler does not start.
pub fn has_target() -> Result<bool> {
    let folder = rustc(&["--print", "target-libdir", "--target", TARGET])?;
    Ok(fs::read_dir(folder.trim()).is_ok_and(|mut files| files.next().is_some()))
}

/// The compiler, as it calls itself.
///
/// # Errors
/// Where it does not start.
pub fn rustc_version() -> Result<String> {
    Ok(rustc(&["--version"])?.trim().into())
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let program: OsString = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(program).args(arguments).output().context("rustc does not start")?;
    ensure!(
        output.status.success(),
        "rustc {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    String::from_utf8(output.stdout).context("what rustc says")
}

/// The folders that the compiler may name in messages of the program, and what it is to name instead: the workspace,
/// every registry's sources, the standard library's. Of two that hold a file the compiler takes the later.
fn machine_paths(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut paths = vec![(root.to_path_buf(), "workspace".to_owned())];
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    if let Some(home) = home {
        let sources = home.join("registry").join("src");
        paths.push((home, "cargo".to_owned()));
        for folder in fs::read_dir(sources).into_iter().flatten() {
            paths.push((folder.context("the registry's sources")?.path(), "registry".to_owned()));
        }
    }
    let said = rustc(&["--version", "--verbose"])?;
    let commit = said.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    let sysroot = PathBuf::from(rustc(&["--print", "sysroot"])?.trim());
    paths.push((sysroot.clone(), "rust".to_owned()));
    // As where the library's sources are not installed.
    paths.push((sysroot.join("lib").join("rustlib").join("src").join("rust"), format!("/rustc/{commit}")));
    Ok(paths)
}
