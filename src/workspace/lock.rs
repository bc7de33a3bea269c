//! What `Cargo.lock` says: which packages there are, and which of them each one uses. Pure: text in, values out.

use std::collections::HashMap;

use serde::Deserialize;

/// The packages of a `Cargo.lock`.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    packages: Vec<LockedPackage>,
    by_name: HashMap<String, Vec<usize>>,
}

/// One package of a `Cargo.lock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it comes from, where that is not a directory on this machine.
    pub source: Option<String>,
    /// What the registry says its content is.
    pub checksum: Option<String>,
    /// The places of the packages that it uses, of whatever kind and for whatever platform.
    pub dependencies: Vec<usize>,
}

/// Why a text is no `Cargo.lock`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct LockError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl Lock {
    /// Reads the text of a `Cargo.lock`, of any version that cargo has had.
    ///
    /// # Errors
    ///
    /// When the text is no TOML, or its packages have no names or versions.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let raw: RawLock = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let before = text.get(..offset).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let message = error.message().to_owned();
            LockError { line, message }
        })?;
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::with_capacity(raw.package.len());
        for (place, package) in raw.package.iter().enumerate() {
            by_name.entry(package.name.clone()).or_default().push(place);
        }
        let resolve = |text: &String| Wanted::parse(text)?.find(&raw.package, &by_name);
        let resolved: Vec<Vec<usize>> = (raw.package.iter())
            .map(|package| package.dependencies.iter().filter_map(resolve).collect())
            .collect();
        let packages = raw.package.into_iter().zip(resolved);
        let packages = packages.map(|(raw, dependencies)| LockedPackage {
            name: raw.name,
            version: raw.version,
            source: raw.source,
            checksum: raw.checksum,
            dependencies,
        });
        Ok(Self {
            packages: packages.collect(),
            by_name,
        })
    }

    /// All the packages, in the order of the file.
    #[must_use]
    pub fn packages(&self) -> &[LockedPackage] {
        &self.packages
    }

    /// The places of the packages of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The place of the package of this name that lies on this machine: the one of this version, or, as a version may
    /// have been raised since the file was written, the only one.
    #[must_use]
    pub fn local(&self, name: &str, version: &str) -> Option<usize> {
        let is_local = |place: &usize| self.packages[*place].source.is_none();
        let local: Vec<usize> = self.named(name).iter().copied().filter(is_local).collect();
        let same = (local.iter()).find(|place| self.packages[**place].version == version);
        match (same, local.as_slice()) {
            (Some(place), _) | (None, [place]) => Some(*place),
            _ => None,
        }
    }

    /// The shortest thing to say after cargo's `-p` for a local package, so that no other one of the file is meant; `id` is
    /// its whole id.
    #[must_use]
    pub fn spec(&self, name: &str, version: &str, id: &str) -> String {
        let own = self.local(name, version);
        let others = self.named(name).iter().filter(|other| Some(**other) != own);
        let versions: Vec<&str> = others.map(|other| self.packages[*other].version.as_str()).collect();
        if versions.is_empty() {
            name.to_owned()
        } else if versions.contains(&version) {
            id.to_owned()
        } else {
            format!("{name}@{version}")
        }
    }
}

#[derive(Deserialize)]
struct RawLock {
    #[serde(default)]
    package: Vec<RawPackage>,
}

#[derive(Deserialize)]
struct RawPackage {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// A dependency as the file names it: with no more than tells it from the others.
struct Wanted<'a> {
    name: &'a str,
    version: Option<&'a str>,
    source: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let name = words.next()?;
        let version = words.next();
        let source = (words.next()).map(|source| source.trim_start_matches('(').trim_end_matches(')'));
        Some(Self { name, version, source })
    }

    /// The package that is meant. Of one name and version with several sources, the one with none written is local.
    fn find(&self, packages: &[RawPackage], by_name: &HashMap<String, Vec<usize>>) -> Option<usize> {
        let fits = |place: &usize| {
            let package = &packages[*place];
            self.version.is_none_or(|version| version == package.version)
                && self
                    .source
                    .is_none_or(|source| same_source(source, package.source.as_deref()))
        };
        let fitting: Vec<usize> = by_name.get(self.name)?.iter().copied().filter(fits).collect();
        match fitting.as_slice() {
            [place] => Some(*place),
            several => several.iter().copied().find(|place| packages[*place].source.is_none()),
        }
    }
}

/// Whether two sources are one. A git dependency is named without the commit that the package is at.
fn same_source(wanted: &str, source: Option<&str>) -> bool {
    let bare = |text: &str| text.split('#').next().map(str::to_owned);
    source.is_some_and(|source| bare(source) == bare(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "log",
 "rand 0.8.5",
 "rand 0.9.0 (registry+https://github.com/rust-lang/crates.io-index)",
 "rand 0.9.0 (git+https://example.com/rand?branch=main)",
 "twin 1.0.0",
 "gone",
]

[[package]]
name = "log"
version = "0.4.20"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "00"

[[package]]
name = "rand"
version = "0.8.5"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "rand"
version = "0.9.0"
source = "git+https://example.com/rand?branch=main#0123456789abcdef"

[[package]]
name = "rand"
version = "0.9.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "twin"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "twin"
version = "1.0.0"

[[patch.unused]]
name = "spare"
version = "1.0.0"
"#;

    #[test]
    fn dependencies_are_found_by_as_much_as_is_written() {
        let lock = Lock::parse(LOCK).unwrap();
        let app = &lock.packages()[lock.local("app", "0.1.0").unwrap()];
        assert_eq!(app.dependencies, [1, 2, 4, 3, 6]);
        assert_eq!(lock.packages()[1].checksum.as_deref(), Some("00"));
        assert_eq!(lock.named("rand"), [2, 3, 4]);
        assert!(lock.named("spare").is_empty());
    }

    #[test]
    fn a_local_package_may_have_a_new_version() {
        let lock = Lock::parse(LOCK).unwrap();
        assert_eq!(lock.local("app", "0.2.0"), Some(0));
        assert_eq!(lock.local("twin", "1.0.0"), Some(6));
        assert_eq!(lock.local("log", "0.4.20"), None);
        let two = "[[package]]\nname = 'a'\nversion = '1.0.0'\n[[package]]\nname = 'a'\nversion = '2.0.0'\n";
        let lock = Lock::parse(two).unwrap();
        assert_eq!(lock.local("a", "2.0.0"), Some(1));
        assert_eq!(lock.local("a", "3.0.0"), None);
    }

    #[test]
    fn the_first_version_of_the_format_is_read() {
        let text = r#"
[[package]]
name = "a"
version = "0.1.0"
dependencies = ["b 0.1.0", "log 0.4.20 (registry+https://github.com/rust-lang/crates.io-index)"]

[[package]]
name = "b"
version = "0.1.0"

[[package]]
name = "log"
version = "0.4.20"
source = "registry+https://github.com/rust-lang/crates.io-index"

[metadata]
"checksum log 0.4.20 (registry+https://github.com/rust-lang/crates.io-index)" = "00"
"#;
        assert_eq!(Lock::parse(text).unwrap().packages()[0].dependencies, [1, 2]);
    }

    #[test]
    fn what_is_no_lock_file_says_where() {
        let check = |text: &str, line: usize| assert_eq!(Lock::parse(text).unwrap_err().line, line, "{text}");
        check("version = 4\n<<<<<<< HEAD\n", 2);
        check("\n\n[[package]]\nversion = '1'\n", 3);
        check("package = 1", 1);
        assert!(Lock::parse("").unwrap().packages().is_empty());
    }
}
