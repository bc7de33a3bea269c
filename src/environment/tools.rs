//! Finds programs, and asks the system for its limits.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Environment;

/// Where each of these programs is, for those that there are.
///
/// Like cargo, this looks for its subcommands in cargo's own directory too, which need not be on the `PATH`.
#[tracing::instrument(level = "debug", skip_all)]
pub fn locate<'n>(
    names: impl IntoIterator<Item = &'n str>,
    environment: &Environment,
    dir: &Path,
) -> BTreeMap<String, PathBuf> {
    let path = search_path(environment);
    let mut found = BTreeMap::new();
    for name in names {
        if found.contains_key(name) {
            continue;
        }
        if let Ok(program) = which::which_in(name, Some(&path), dir) {
            tracing::debug!(name, path = %program.display(), "found");
            found.insert(name.to_owned(), program);
        }
    }
    found
}

fn search_path(environment: &Environment) -> OsString {
    let path = environment.get("PATH").unwrap_or_default();
    let cargo_home = environment.get("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| Some(Path::new(environment.get("HOME")?).join(".cargo")));
    let dirs = std::env::split_paths(path).chain(cargo_home.map(|home| home.join("bin")));
    std::env::join_paths(dirs).unwrap_or_else(|_| path.to_owned())
}

/// How many bytes of arguments a command can have in this environment, with room to spare.
#[must_use]
pub fn argument_bytes(environment: &Environment) -> usize {
    /// Linux gives arguments and environment a quarter of the stack, and never more than this.
    const MOST: u64 = 6 * 1024 * 1024;
    const SPARE: usize = 8 * 1024;
    let stack = rustix::process::getrlimit(rustix::process::Resource::Stack)
        .current
        .unwrap_or(u64::MAX);
    let limit = usize::try_from((stack / 4).min(MOST)).unwrap_or(0);
    let pointer = size_of::<usize>();
    let taken: usize = environment
        .iter()
        .map(|(name, value)| name.len() + value.len() + 2 + pointer)
        .sum();
    // One megabyte is enough for any work to be worth its process.
    limit.saturating_sub(taken + SPARE).min(1024 * 1024)
}

/// What is said of a program that is nowhere.
pub const NOT_INSTALLED: &str = "not installed";

/// What a program says of its version, in its first line; or why it says nothing.
pub fn version(name: &str, arguments: &[&str], environment: &Environment, dir: &Path) -> Result<String, String> {
    let program = locate([name], environment, dir).remove(name).ok_or(NOT_INSTALLED)?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a version can only be asked of the program itself"
    )]
    let output = std::process::Command::new(&program)
        .args(arguments)
        .current_dir(dir)
        .env_clear()
        .envs(environment.iter())
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let said = if output.status.success() {
        &output.stdout
    } else {
        &output.stderr
    };
    let first = String::from_utf8_lossy(said)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    if output.status.success() {
        Ok(first)
    } else {
        Err(format!("does not work: {first}"))
    }
}
