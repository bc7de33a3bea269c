//! Which of them is asked for, and about which workspaces.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cargo_hooks::LoadOptions;
use cargo_hooks::environment::Environment;

use super::{closure, freshness, members};
use crate::{USAGE, exit_code};

/// Verifies what the first argument names. The rest is for that.
pub(crate) fn verify(arguments: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    match arguments.split_first().map(|(what, rest)| (what.as_str(), rest)) {
        Some(("members", dirs)) => each(dirs, members::verify),
        Some(("closure", dirs)) => each(dirs, closure::verify),
        Some(("freshness", rest)) => verify_freshness(rest),
        _ => Err(USAGE.into()),
    }
}

/// Verifies the workspaces of these directories, or of the current one. What is counted are differences.
fn each(
    dirs: &[String],
    verify: impl Fn(&Path, &Environment) -> Result<usize, Box<dyn Error>>,
) -> Result<ExitCode, Box<dyn Error>> {
    let options = LoadOptions::from_process()?;
    let mut differences = 0;
    for dir in workspaces(dirs, &options)? {
        differences += verify(&dir, &options.environment)?;
    }
    Ok(exit_code(differences == 0))
}

/// Verifies one workspace with some mutations. What is counted are crates that are missed.
fn verify_freshness(arguments: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let options = LoadOptions::from_process()?;
    let (mut mutations, mut seed) = (40, 0);
    let mut dirs = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut number = || -> Result<u64, Box<dyn Error>> {
            let value = arguments.next().ok_or_else(|| format!("`{argument}` needs a number"))?;
            Ok(value.parse().map_err(|error| format!("{argument} {value}: {error}"))?)
        };
        match argument.as_str() {
            "--mutations" => mutations = usize::try_from(number()?)?,
            "--seed" => seed = number()?,
            _ => dirs.push(argument.clone()),
        }
    }
    let [dir] = &workspaces(&dirs, &options)?[..] else {
        return Err(USAGE.into());
    };
    let missed = freshness::verify(dir, &options.environment, mutations, seed)?;
    Ok(exit_code(missed == 0))
}

fn workspaces(dirs: &[String], options: &LoadOptions) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    if let Some(option) = dirs.iter().find(|dir| dir.starts_with('-')) {
        return Err(format!("`{option}` is no directory\n{USAGE}").into());
    }
    let here = vec![".".to_owned()];
    let dirs = if dirs.is_empty() { &here } else { dirs };
    let absolute = dirs.iter().map(|dir| options.current_dir.join(dir).canonicalize());
    Ok(absolute.collect::<Result<_, _>>()?)
}
