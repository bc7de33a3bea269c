//! A repository for tests of its hooks: a package, a commit, and all that is asked of git and of the files.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::sandbox::{Output, Run, Sandbox};

/// A package with these checks, which has one commit and no hooks.
pub(crate) fn repository(checks: &str) -> Sandbox {
    let sandbox = Sandbox::package("alpha");
    sandbox.hooks(checks).git();
    for (name, value) in [("user.name", "Somebody"), ("user.email", "somebody@example.org")] {
        let _ = git(&sandbox, ["config", name, value]);
    }
    // What git brings along is of no account.
    let _ = fs::remove_dir_all(sandbox.ws().join(".git/hooks"));
    fs::create_dir(sandbox.ws().join(".git/hooks")).unwrap();
    sandbox.write(".gitignore", "target\nCargo.lock\n");
    let _ = git(&sandbox, ["add", "."]);
    let _ = git(&sandbox, ["commit", "--quiet", "--message", "first"]);
    sandbox
}

/// What git does, which must succeed.
#[track_caller]
pub(crate) fn git<W: AsRef<OsStr>>(sandbox: &Sandbox, words: impl IntoIterator<Item = W>) -> Output {
    asked(sandbox, words).output().exits(0)
}

/// Git with these words, to be refined and run.
pub(crate) fn asked<W: AsRef<OsStr>>(sandbox: &Sandbox, words: impl IntoIterator<Item = W>) -> Run<'_> {
    words.into_iter().fold(sandbox.program("git"), Run::arg)
}

/// Adds a line to the source and tries to commit it.
pub(crate) fn commit(sandbox: &Sandbox) -> Run<'_> {
    sandbox.append("src/lib.rs", "// more\n");
    asked(sandbox, ["commit", "--quiet", "--all", "--message", "more"])
}

/// Writes a hook of somebody's own, with these permissions.
pub(crate) fn hook(sandbox: &Sandbox, path: impl AsRef<Path>, script: &str, mode: u32) {
    sandbox.write(&path, script);
    fs::set_permissions(sandbox.ws().join(path), fs::Permissions::from_mode(mode)).unwrap();
}

/// Everything in a directory: each name with its permissions and its content, or where it leads.
pub(crate) fn everything(dir: impl AsRef<Path>) -> BTreeMap<String, (u32, Vec<u8>)> {
    let entries = fs::read_dir(dir).map(|entries| entries.flatten().collect::<Vec<_>>());
    let entries = entries.unwrap_or_default().into_iter().map(|entry| {
        let (path, found) = (entry.path(), entry.path().symlink_metadata().unwrap());
        let content = match fs::read_link(&path) {
            Ok(target) => target.into_os_string().into_encoded_bytes(),
            Err(_) if found.is_dir() => Vec::new(),
            Err(_) => fs::read(&path).unwrap(),
        };
        (
            entry.file_name().into_string().unwrap(),
            (found.permissions().mode(), content),
        )
    });
    entries.collect()
}

/// The names in a directory.
pub(crate) fn names(dir: impl AsRef<Path>) -> Vec<String> {
    everything(dir).into_keys().collect()
}
