//! What a workspace takes from outside of its repository: in a snapshot, which lies elsewhere, it would be something else.

use std::path::{Component, Path, PathBuf};

use toml::{Table, Value};

/// A path in a manifest that leads out of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeadsOut {
    /// The keys above it.
    pub(super) key: String,
    /// The path, as it is written.
    pub(super) path: String,
}

/// The first relative path in a manifest that leads out of the directory `top`, which the manifest in `dir` lies in.
///
/// Pure: only what is written counts.
pub(super) fn leads_out(manifest: &str, dir: &Path, top: &Path) -> Option<LeadsOut> {
    let table = manifest.parse::<Table>().ok()?;
    search(&mut Vec::new(), &Value::Table(table), &|path| {
        Path::new(path).is_relative() && !lexical(&dir.join(path)).starts_with(top)
    })
}

fn search(keys: &mut Vec<String>, value: &Value, is_out: &dyn Fn(&str) -> bool) -> Option<LeadsOut> {
    match value {
        Value::String(path) if is_path(keys) && is_out(path) => Some(LeadsOut {
            key: keys.join("."),
            path: path.clone(),
        }),
        Value::Array(values) => values.iter().find_map(|value| search(keys, value, is_out)),
        // What tools other than cargo mean by their tables is theirs.
        Value::Table(table) => table
            .iter()
            .filter(|(key, _)| *key != "metadata")
            .find_map(|(key, value)| {
                keys.push(key.clone());
                let found = search(keys, value, is_out);
                keys.pop();
                found
            }),
        _ => None,
    }
}

/// Whether cargo takes the value of these keys for a path.
fn is_path(keys: &[String]) -> bool {
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    matches!(
        keys.as_slice(),
        [.., "path"]
            | ["workspace", "members" | "default-members"]
            | ["package", "build" | "workspace" | "license-file"]
    )
}

/// The path without `.` and `..`.
fn lexical(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = plain.pop(),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_of_the_repository_are_found() {
        let check = |manifest: &str, expected: Option<(&str, &str)>| {
            let found = leads_out(manifest, Path::new("/r/ws/a"), Path::new("/r"));
            let found = found.as_ref().map(|found| (found.key.as_str(), found.path.as_str()));
            assert_eq!(found, expected, "{manifest}");
        };
        check("", None);
        check(
            "[dependencies]\nb = { path = '../b' }\nc = { path = '../../c' }\nd = '1'",
            None,
        );
        check("[dependencies]\nb = { path = '/elsewhere/b' }", None);
        let b = Some(("dependencies.b.path", "../../../b"));
        check("[dependencies]\nb = { path = '../../../b' }", b);
        let b = Some(("target.cfg(unix).dev-dependencies.b.path", "../x/../../../b"));
        check(
            "[target.'cfg(unix)'.dev-dependencies]\nb = { path = '../x/../../../b' }",
            b,
        );
        check(
            "[patch.crates-io]\nb.path = '../../../b'",
            Some(("patch.crates-io.b.path", "../../../b")),
        );
        check(
            "[workspace]\nmembers = ['x', '../../../b/*']",
            Some(("workspace.members", "../../../b/*")),
        );
        check(
            "[[bin]]\npath = '../../../main.rs'",
            Some(("bin.path", "../../../main.rs")),
        );
        check(
            "[package]\nbuild = '../../../build.rs'",
            Some(("package.build", "../../../build.rs")),
        );
        check("[package.metadata.x]\npath = '../../../x'", None);
    }
}
