//! What files mean that are no sources: the built-in rules, as data. The configuration adds its own to them.

use std::borrow::Cow;
use std::path::Path;

use crate::config::{Kind, Kinds};

/// What a sort of file means, wherever it lies.
#[derive(Clone, Copy, Debug)]
pub struct FileRule {
    /// The last components of the path, in small letters, with `*` for any letters at either end.
    ///
    /// A name that ends with `/` is that of a directory somewhere above the file.
    pub names: &'static [&'static str],
    /// What it means.
    pub meaning: Meaning,
}

/// What such a file means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It governs all crates at or below the directory that it is for, in these ways.
    Governs(Kinds, &'static str),
    /// No build reads it unless a source names it: it is one of the crate's files, and no more.
    Inert,
}

/// The rules, the first that fits decides.
pub const FILE_RULES: &[FileRule] = &[
    FileRule {
        names: &["rust-toolchain", "rust-toolchain.toml"],
        meaning: Meaning::Governs(Kinds::BUILT.and(Kinds::of(&[Kind::Rust])), "it chooses the toolchain"),
    },
    FileRule {
        names: &[".cargo/config", ".cargo/config.toml"],
        meaning: Meaning::Governs(Kinds::BUILT, "it configures cargo"),
    },
    // What a manifest and a lock file mean is worked out from what they say.
    FileRule {
        names: &["cargo.toml", "cargo.lock"],
        meaning: Meaning::Inert,
    },
    // Texts for people.
    FileRule {
        names: &[
            "*.md",
            "readme*",
            "license*",
            "unlicense*",
            "licence*",
            "copying*",
            "notice*",
            "copyright*",
            "changelog*",
            "changes*",
            "contributing*",
            "code_of_conduct*",
            "security*",
            "authors*",
            "contributors*",
            "codeowners",
            "maintainers*",
        ],
        meaning: Meaning::Inert,
    },
    // What other tools than the compiler look at. A check names its tool's own files in `inputs`.
    FileRule {
        names: &[
            ".gitignore",
            ".gitattributes",
            ".gitmodules",
            ".gitkeep",
            ".git-blame-ignore-revs",
            ".mailmap",
            ".ignore",
            ".editorconfig",
            ".dockerignore",
            ".pre-commit-config.yaml",
            "rustfmt.toml",
            ".rustfmt.toml",
            "clippy.toml",
            ".clippy.toml",
            "deny.toml",
            ".deny.toml",
            "deny.exceptions.toml",
            ".deny.exceptions.toml",
            "typos.toml",
            "_typos.toml",
            ".typos.toml",
            "taplo.toml",
            ".taplo.toml",
            "tomlfmt.toml",
            ".tomlfmt.toml",
            "release.toml",
            "cliff.toml",
            "release-plz.toml",
            "dist-workspace.toml",
            "codecov.yml",
            ".codecov.yml",
            "tarpaulin.toml",
            "bacon.toml",
            "renovate.json",
            "renovate.json5",
            "justfile",
        ],
        meaning: Meaning::Inert,
    },
    FileRule {
        names: &[
            ".github/",
            ".gitlab/",
            ".circleci/",
            ".buildkite/",
            ".vscode/",
            ".idea/",
            ".zed/",
            ".devcontainer/",
            ".cargo/",
            ".config/",
            ".guppy/",
            ".husky/",
            ".githooks/",
        ],
        meaning: Meaning::Inert,
    },
];

/// What the rules say about a file, for a path relative to the crate or the workspace that it lies in.
pub(super) fn meaning(path: &Path) -> Option<Meaning> {
    let text = path.to_string_lossy();
    let text = if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        text
    } else {
        Cow::Owned(text.to_lowercase())
    };
    let named = Named::new(&text);
    let fits = |rule: &&FileRule| rule.names.iter().any(|name| named.fits(name));
    FILE_RULES.iter().find(fits).map(|rule| rule.meaning)
}

/// A path in small letters, taken apart.
struct Named<'t> {
    path: &'t str,
    dirs: Vec<&'t str>,
    last: &'t str,
}

impl<'t> Named<'t> {
    fn new(path: &'t str) -> Self {
        let mut dirs: Vec<&str> = path.split('/').collect();
        let last = dirs.pop().unwrap_or(path);
        Self { path, dirs, last }
    }

    /// Whether it ends with a name, or has it for a directory where the name ends with `/`.
    fn fits(&self, name: &str) -> bool {
        if let Some(dir) = name.strip_suffix('/') {
            return self.dirs.contains(&dir);
        }
        if name.contains('/') {
            let above = self.path.strip_suffix(name);
            return above.is_some_and(|above| above.is_empty() || above.ends_with('/'));
        }
        match (name.strip_prefix('*'), name.strip_suffix('*')) {
            (Some(end), _) => self.last.ends_with(end),
            (_, Some(start)) => self.last.strip_prefix(start).is_some_and(ends_the_word),
            _ => self.last == name,
        }
    }
}

/// Whether `license` ends here: `license-mit` and `license.txt` are licences, `licenses` may be a module.
fn ends_the_word(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['.', '-', '_']) && rest.rsplit('.').next() != Some("rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_mean_what_their_names_say() {
        let check = |path: &str, expected: &str| {
            let found = match meaning(Path::new(path)) {
                Some(Meaning::Governs(_, what)) => what,
                Some(Meaning::Inert) => "inert",
                None => "",
            };
            assert_eq!(found, expected, "{path}");
        };
        check("rust-toolchain", "it chooses the toolchain");
        check("rust-toolchain.toml", "it chooses the toolchain");
        check("a/rust-toolchain.toml", "it chooses the toolchain");
        check(".cargo/config.toml", "it configures cargo");
        check("a/.cargo/config", "it configures cargo");
        check("x.cargo/config.toml", "");
        check(".cargo/audit.toml", "inert");
        check("README", "inert");
        check("a/ReadMe.txt", "inert");
        check("src/guide.md", "inert");
        check("LICENSE-MIT", "inert");
        check("UNLICENSE", "inert");
        check("licenses/mit.json", "");
        check("src/license.rs", "");
        check("src/changes.rs", "");
        check("src/security_model.rs", "");
        check("Cargo.toml", "inert");
        check("a/Cargo.lock", "inert");
        check(".github/workflows/ci.yml", "inert");
        check("src/.github/x", "inert");
        check("github/x.json", "");
        check("rustfmt.toml", "inert");
        check("a/deny.exceptions.toml", "inert");
        check(".guppy/hakari.toml", "inert");
        check("src/lib.rs", "");
        check("build.rs", "");
        check("assets/logo.png", "");
        check(".sqlx/query-1.json", "");
        check(".env", "");
        check("src/\u{fffd}.txt", "");
    }
}
