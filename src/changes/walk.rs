//! The files below a directory where git does not list them.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

/// Files and symbolic links below a directory, with their whole paths and in no order: not those that the rules of
/// `.gitignore` files in it name, nor what git keeps for itself, nor what is below `but`.
pub(crate) fn files(dir: &Path, but: Option<&Path>) -> Vec<PathBuf> {
    let but = but.map(Path::to_owned);
    let walk = WalkBuilder::new(dir)
        .hidden(false)
        .ignore(false)
        .parents(false)
        .require_git(false)
        .filter_entry(move |entry| entry.file_name() != ".git" && Some(entry.path()) != but.as_deref())
        .build();
    // What cannot be read cannot be checked either: the tool that is given the others says so where it matters.
    let entries = walk.filter_map(|entry| {
        entry
            .inspect_err(|error| tracing::warn!(%error, "a file is passed over"))
            .ok()
    });
    let entries = entries.filter(|entry| entry.file_type().is_some_and(|kind| !kind.is_dir()));
    entries.map(ignore::DirEntry::into_path).collect()
}
