//! Who reads a file that is not, or not only, the business of the crate that it lies in.
//!
//! Three sources say so: the texts in the sources of a commit (`scan`, `resolve`), its symbolic links, and what cargo has
//! written down about earlier builds (`records`). Each only adds readers. What a commit says is remembered (`facts`), so
//! that next time no process is started and no source is read but those that differ from it (`commit`).

mod cargo;
mod commit;
mod facts;
mod git;
mod lex;
mod records;
mod resolve;
mod scan;
mod store;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::workspace::Files;

pub(crate) use cargo::profiles;
use facts::{Facts, SourceFacts};
pub(crate) use records::{DepInfo, normal};

/// What has to be known to find the readers of a state of the tree.
pub struct ReadersRequest<'r> {
    /// The top of the repository, absolute.
    pub top: PathBuf,
    /// The root of the workspace, absolute.
    pub root: PathBuf,
    /// The last commit, where there is one.
    pub head: Option<String>,
    /// The files in which the state may differ from the last commit. Absolute.
    pub beyond_head: &'r BTreeSet<PathBuf>,
    /// The files of the state.
    pub files: &'r dyn Files,
    /// Git, where it is installed.
    pub git: Option<PathBuf>,
    /// The environment that git is given.
    pub environment: Environment,
    /// Where cargo builds, and keeps its records.
    pub target_dirs: Vec<PathBuf>,
    /// The members: their names, and the directories of their manifests.
    pub crates: Vec<(String, PathBuf)>,
    /// A directory of ours in which to remember what was found; without one, nothing is remembered.
    pub state_dir: Option<PathBuf>,
}

/// Who reads which files. Paths are absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readers {
    /// Readers of a file, or of a directory and everything in it.
    whole: Readings,
    /// Readers of a file that is named exactly.
    exact: Readings,
    /// Symbolic links, by what they lead to.
    links: HashMap<Box<[u8]>, Vec<PathBuf>>,
    /// Programs that a source starts, by their names.
    programs: Vec<(PathBuf, String)>,
    /// The sources that tell cargo what to run them again for.
    watching: HashSet<PathBuf>,
    /// The packages whose build scripts have run, by their directories: whether all of them told it then.
    recorded: HashMap<PathBuf, bool>,
}

/// By the bytes of the path: a [`Path`] takes much longer to compare.
type Readings = HashMap<Box<[u8]>, Vec<Reading>>;

/// Somebody reads a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading {
    /// The source, link or build script that reads it: its owner is concerned, as if this file itself had changed.
    pub by: PathBuf,
    /// How that is known.
    pub how: How,
}

/// How it is known that a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// The source has its name in a text, as after `include_str!` or in `#[path]`.
    Named,
    /// So it has, in a module that is only compiled for tests.
    NamedInTests,
    /// A symbolic link leads to it.
    Link,
    /// The compiler noted it down when it last built the source.
    DepInfo,
    /// A build script asked cargo to run again when it changes.
    BuildScript,
}

impl Readers {
    /// Who reads a file, in order: because it is named itself, because a directory above it is, or because one of these
    /// holds for another name that it has by a symbolic link.
    pub fn of(&self, file: &Path) -> impl Iterator<Item = &Reading> {
        let names = self.names(file);
        let exact = names
            .iter()
            .filter_map(|name| self.exact.get(name.as_os_str().as_bytes()));
        let paths = names.iter().flat_map(|name| name.ancestors());
        let whole = paths.filter_map(|path| self.whole.get(path.as_os_str().as_bytes()));
        let readings: BTreeSet<&Reading> = exact.chain(whole).flatten().collect();
        readings.into_iter()
    }

    /// Who reads anything below a directory whose files are not known one by one, such as a submodule.
    pub fn below(&self, dir: &Path) -> impl Iterator<Item = &Reading> {
        let dir = dir.as_os_str().as_bytes();
        let is_below = |path: &[u8]| resolve::below(path, dir).is_some();
        let found = self.whole.iter().chain(&self.exact).filter(|(path, _)| is_below(path));
        let readings: BTreeSet<&Reading> = found.flat_map(|(_, readings)| readings).collect();
        readings.into_iter()
    }

    /// All names of a file: the one that is given first, then those that symbolic links give it.
    fn names(&self, file: &Path) -> Vec<PathBuf> {
        /// Links can lead to each other in circles.
        const MOST: usize = 64;
        let mut names = vec![file.to_owned()];
        let mut at = 0;
        while at < names.len() && names.len() < MOST && !self.links.is_empty() {
            let name = names[at].clone();
            for above in name.ancestors() {
                let Some(links) = self.links.get(above.as_os_str().as_bytes()) else {
                    continue;
                };
                let rest = name.strip_prefix(above).unwrap_or(above);
                // A link to the file itself is followed by nothing, not even by a slash.
                let others = links
                    .iter()
                    .map(|link| link.components().chain(rest.components()).collect::<PathBuf>());
                for other in others.collect::<Vec<_>>() {
                    if !names.contains(&other) {
                        names.push(other);
                    }
                }
            }
            at += 1;
        }
        names
    }

    /// Each source that starts a program of the workspace, and the name of the program.
    pub fn programs(&self) -> &[(PathBuf, String)] {
        &self.programs
    }

    /// Whether a build script of a package tells cargo what it reads. One that does not may read any file of the package,
    /// and cargo runs it again for any. Where it has run, that shows it; its text may tell on another platform only.
    #[must_use]
    pub fn tells_what_it_reads(&self, script: &Path, package: &Path) -> bool {
        let recorded = self.recorded.get(package).copied();
        recorded.unwrap_or_else(|| self.watching.contains(script))
    }

    /// Every file and directory that somebody reads, as far as it is named.
    pub fn named(&self) -> impl Iterator<Item = PathBuf> {
        let paths: BTreeSet<&[u8]> = self.exact.keys().chain(self.whole.keys()).map(|path| &**path).collect();
        paths.into_iter().map(|path| PathBuf::from(OsStr::from_bytes(path)))
    }

    fn add(&mut self, path: &[u8], whole: bool, by: &Path, how: How) {
        let readings = if whole { &mut self.whole } else { &mut self.exact };
        let reading = Reading { by: by.to_owned(), how };
        match readings.get_mut(path) {
            Some(known) => known.push(reading),
            None => {
                readings.insert(path.into(), vec![reading]);
            }
        }
    }

    fn add_source(&mut self, top: &Path, source: &[u8], facts: &SourceFacts) {
        let by = at(top, source);
        for target in &facts.targets {
            self.add(
                at(top, &target.path).as_os_str().as_bytes(),
                target.whole,
                &by,
                if target.tests { How::NamedInTests } else { How::Named },
            );
        }
        if facts.watches {
            self.watching.insert(by.clone());
        }
        let programs = facts.programs.iter();
        self.programs
            .extend(programs.map(|program| (by.clone(), program.clone())));
    }

    fn add_link(&mut self, top: &Path, link: &[u8], target: &[u8]) {
        // A link to a directory that holds it gives names to everything there, without end and to nobody's use.
        if link == target || resolve::below(link, target).is_some() {
            return;
        }
        let (link, target) = (at(top, link), at(top, target));
        self.add(target.as_os_str().as_bytes(), true, &link, How::Link);
        self.links
            .entry(target.as_os_str().as_bytes().into())
            .or_default()
            .push(link);
    }
}

/// The absolute path of what has this path from the top.
fn at(top: &Path, path: &[u8]) -> PathBuf {
    top.join(OsStr::from_bytes(path))
}

/// Finds out who reads which files in a state of the tree.
#[tracing::instrument(level = "debug", skip_all)]
#[must_use]
pub fn load(request: &ReadersRequest<'_>) -> Readers {
    let mut readers = Readers::default();
    add_facts(&mut readers, request, &commit::facts(request));
    cargo::add_records(&mut readers, request);
    readers.programs.sort_unstable();
    readers.programs.dedup();
    readers
}

/// What the commit says, except where the state differs from it.
fn add_facts(readers: &mut Readers, request: &ReadersRequest<'_>, facts: &Facts) {
    let changed: BTreeSet<&[u8]> = commit::beyond_head(request).collect();
    for (source, found) in &facts.sources {
        if !changed.contains(source.as_slice()) {
            readers.add_source(&request.top, source, found);
        }
    }
    // What a link led to is kept even where the state has another: it may be in between.
    for (link, target) in &facts.links {
        readers.add_link(&request.top, link, target);
    }
    let (sources, links) = commit::changed_facts(request, facts, &changed);
    for (source, found) in &sources {
        readers.add_source(&request.top, source, found);
    }
    for (link, target) in &links {
        readers.add_link(&request.top, link, target);
    }
}

#[cfg(test)]
mod tests;
