//! From what a source names to the files and directories that matter: those that are not, or not only, the business of
//! the crate that the source belongs to. Pure.
//!
//! Nothing is asked about what exists, with one exception: a file that is missing now may be the one that was deleted,
//! or the one that comes next. A path that leads nowhere does no harm either, since no change ever has its name.
//!
//! Paths are bytes, from the top of the repository, with `/` between their parts and without `.` and `..`.

use std::collections::BTreeSet;

use super::scan::{Base, Name};

/// What has to be known of the repository.
pub(super) struct Layout<'l> {
    /// The root of the workspace.
    pub(super) root: &'l [u8],
    /// The directories that have a `Cargo.toml`.
    pub(super) packages: &'l BTreeSet<Vec<u8>>,
    /// What lies directly in the top of the repository.
    pub(super) in_top: &'l BTreeSet<Vec<u8>>,
    /// What lies directly in the root of the workspace.
    pub(super) in_root: &'l BTreeSet<Vec<u8>>,
}

/// A file or directory that a source reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) path: Vec<u8>,
    /// Whether everything below it is read too, should it be a directory.
    pub(super) whole: bool,
    /// Whether only what is compiled for tests reads it.
    pub(super) tests: bool,
}

/// The directories of a package whose sources are no part of its library and programs.
const ASIDE: [&[u8]; 3] = [b"tests", b"examples", b"benches"];
/// Directories that nearly every package has: named without `..`, they are those of the package itself.
const USUAL: [&[u8]; 4] = [b"src", b"tests", b"examples", b"benches"];

/// What a source reads, sorted. `exists` is asked whether a path leads to anything now.
pub(super) fn targets(
    source: &[u8],
    names: &[Name],
    layout: &Layout<'_>,
    exists: &dyn Fn(&[u8]) -> bool,
) -> Vec<Target> {
    let package = layout.package(source);
    let dir = parent(source);
    let within = below(source, package).unwrap_or(source);
    let place = Place {
        dir,
        package,
        aside: ASIDE.contains(&first(within)),
        builds: within == b"build.rs" || first(within) == b"build",
        nowhere: !USUAL.contains(&first(within)) && within != b"build.rs",
        layout,
        exists,
    };
    let mut targets = BTreeSet::new();
    for name in names {
        place.resolve(name, &mut targets);
    }
    let for_all: Vec<Target> = targets.iter().filter(|target| !target.tests).cloned().collect();
    let said = |target: &Target| {
        target.tests
            && for_all
                .iter()
                .any(|other| other.path == target.path && other.whole >= target.whole)
    };
    targets.retain(|target| !said(target));
    targets.into_iter().collect()
}

impl Layout<'_> {
    /// The directory of the package that a path belongs to; the top where it belongs to none.
    pub(super) fn package<'p>(&self, path: &'p [u8]) -> &'p [u8] {
        let mut dir = path;
        while !dir.is_empty() && !self.packages.contains(dir) {
            dir = parent(dir);
        }
        dir
    }
}

/// A source and where it stands.
struct Place<'p> {
    dir: &'p [u8],
    package: &'p [u8],
    /// Whether it is a test, an example or a benchmark.
    aside: bool,
    /// Whether it is, or is part of, the build script.
    builds: bool,
    /// Whether it lies where no package has its sources: beside the packages of a workspace, say.
    nowhere: bool,
    layout: &'p Layout<'p>,
    exists: &'p dyn Fn(&[u8]) -> bool,
}

impl Place<'_> {
    fn resolve(&self, name: &Name, targets: &mut BTreeSet<Target>) {
        let path = name.path.as_bytes();
        // `a/../b` goes nowhere that `b` would not; only a path that begins so is surely one.
        let up = path.split(|byte| *byte == b'/').find(|part| *part != b".") == Some(b"..");
        match name.base {
            Base::Elsewhere => {}
            Base::Source => self.keep(self.dir, name, true, targets),
            Base::Manifest => self.keep(self.package, name, true, targets),
            Base::Module => {
                self.keep(self.dir, name, true, targets);
                // In a module that is written inline the path goes from a directory of the module's name.
                for inline in [&b"_"[..], b"_/_"] {
                    if let Some(dir) = joined(self.dir, inline) {
                        self.keep_named(&dir, name, true, targets);
                    }
                }
            }
            Base::Unknown => {
                self.keep(self.dir, name, up, targets);
                self.keep(self.package, name, up, targets);
                if up {
                    self.keep(self.layout.root, name, true, targets);
                } else if path.contains(&b'/') {
                    self.keep_from_above(self.layout.root, self.layout.in_root, name, targets);
                    self.keep_from_above(b"", self.layout.in_top, name, targets);
                }
            }
        }
    }

    /// Keeps a path that goes from an inline module, unless it stays in the directory whose name is not known.
    fn keep_named(&self, dir: &[u8], name: &Name, exact: bool, targets: &mut BTreeSet<Target>) {
        let path = joined(dir, name.path.as_bytes());
        if path.is_some_and(|path| !path.split(|byte| *byte == b'/').any(|part| part == b"_")) {
            self.keep(dir, name, exact, targets);
        }
    }

    /// Keeps a path that goes from a known directory, if it matters. `sure` says that it can go from nowhere else, or
    /// that it is written as a path.
    fn keep(&self, from: &[u8], name: &Name, sure: bool, targets: &mut BTreeSet<Target>) {
        let Some(path) = joined(from, name.path.as_bytes()) else {
            return;
        };
        if self.is_above(&path) {
            return;
        }
        let whole = if self.layout.package(&path) == self.package {
            self.inside(&path, name, sure)
        } else {
            (sure || name.path.contains('/')).then_some(sure || name.open)
        };
        targets.extend(whole.map(|whole| Target {
            path,
            whole,
            tests: name.tests,
        }));
    }

    /// Whether a path in the source's own package matters, and whether what is below it does.
    fn inside(&self, path: &[u8], name: &Name, sure: bool) -> Option<bool> {
        let within = below(path, self.package).unwrap_or(path);
        let to_aside = !self.aside && ASIDE.contains(&first(within)) && within.contains(&b'/');
        // A pattern in any text is one of files only where its directory is there: `projects/*` is a name of many things.
        let pattern = name.open && (sure || (self.exists)(path));
        if self.builds || pattern || name.base == Base::Manifest {
            // Only a directory can hold documents; what else there is in it belongs to the package anyway.
            let code = !to_aside && path.ends_with(b".rs");
            return (!code && within != b"src" && within != b"Cargo.toml").then_some(true);
        }
        // Who has a module that is nobody's own reads what that reads.
        if self.nowhere && matches!(name.base, Base::Source | Base::Module) {
            return Some(false);
        }
        // `.google.protobuf.Any` is no hidden file.
        let hidden = sure || name.path.contains('/') || name.path.matches('.').count() < 3;
        (to_aside || is_document(within) && hidden).then_some(sure && to_aside)
    }

    /// Keeps a path without `..` that goes from the top or the root: the program may run there, or know where that is.
    fn keep_from_above(
        &self,
        from: &[u8],
        lies_there: &BTreeSet<Vec<u8>>,
        name: &Name,
        targets: &mut BTreeSet<Target>,
    ) {
        let named = name.path.as_bytes();
        let Some(path) = joined(from, named) else { return };
        if !joined(b"", named).is_some_and(|path| path.contains(&b'/')) {
            return;
        }
        let first = first(named);
        if self.is_above(&path) || from == self.package || !lies_there.contains(first) {
            return;
        }
        let package = self.layout.package(&path);
        let manifest = [&b"Cargo.toml"[..], b"Cargo.lock"].contains(&last(&path));
        if package == self.package || manifest || self.holds_packages(&path) {
            return;
        }
        // `src/lib.rs` from the top is the root package's, but nearly always meant is the one's own.
        let own = |dir: &[u8]| joined(dir, named).is_some_and(|path| (self.exists)(&path));
        if USUAL.contains(&first) && (own(self.package) || own(self.dir) || !(self.exists)(&path)) {
            return;
        }
        targets.insert(Target {
            path,
            whole: true,
            tests: name.tests,
        });
    }

    /// Whether the path is the source's own package, or the workspace, or holds one of them.
    fn is_above(&self, path: &[u8]) -> bool {
        [self.package, self.layout.root]
            .iter()
            .any(|dir| *dir == path || below(dir, path).is_some())
    }

    /// Whether there are packages in a directory, or it is one.
    fn holds_packages(&self, path: &[u8]) -> bool {
        let mut inner = path.to_vec();
        inner.push(b'/');
        let next = self.layout.packages.range(inner..).next();
        self.layout.packages.contains(path) || next.is_some_and(|package| below(package, path).is_some())
    }
}

/// Whether a file is normally read by people only. The path goes from the package.
fn is_document(path: &[u8]) -> bool {
    let name = last(path);
    let text = name.len() > 3 && name[name.len() - 3..].eq_ignore_ascii_case(b".md");
    text || [&b"README"[..], b"LICENSE", b"LICENCE", b"CHANGELOG"]
        .iter()
        .any(|known| name.starts_with(known))
        || path.split(|byte| *byte == b'/').any(|part| part.starts_with(b"."))
}

/// The path that begins at a directory; nothing where it leads out of the repository.
pub(super) fn joined(dir: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    let mut joined = dir.to_vec();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if joined.is_empty() => return None,
            b".." => {
                let shorter = parent(&joined).len();
                joined.truncate(shorter);
            }
            part => {
                if !joined.is_empty() {
                    joined.push(b'/');
                }
                joined.extend_from_slice(part);
            }
        }
    }
    Some(joined)
}

/// The directory that a path lies in; the top is empty.
pub(super) fn parent(path: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', path).map_or(b"", |slash| &path[..slash])
}

/// What of a path is below a directory; nothing where it is not below it.
pub(super) fn below<'p>(path: &'p [u8], dir: &[u8]) -> Option<&'p [u8]> {
    if dir.is_empty() {
        return (!path.is_empty()).then_some(path);
    }
    path.strip_prefix(dir)?.strip_prefix(b"/")
}

/// The first part of a path.
pub(super) fn first(path: &[u8]) -> &[u8] {
    memchr::memchr(b'/', path).map_or(path, |slash| &path[..slash])
}

/// The last part of a path.
pub(super) fn last(path: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', path).map_or(path, |slash| &path[slash + 1..])
}

#[cfg(test)]
mod tests;
