//! What git says of a repository: which files it tracks, and where its rules stand. It is asked only when its index or its
//! configuration has changed.

use std::ffi::OsStr;
use std::fs;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::memory::{self, Content};
use super::rules::{self, Rules};
use super::stat::{Nanoseconds, Stat};
use super::tree::Gap;
use crate::changes::{self, Git};
use crate::environment::Environment;
use crate::model::fnv1a;

const KIND: [u8; 16] = *b"hooks tracked 1\n";

/// Variables that mean another repository than the one that is found, or another index of it.
const ELSEWHERE: [&str; 4] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_PREFIX"];

/// A repository as it is seen from a directory of its working tree; or only that directory, where there is none.
#[derive(Debug, Default)]
pub(super) struct Repository {
    /// The path of the directory from the top, with a slash at its end unless it is the top.
    pub(super) prefix: Vec<u8>,
    /// The rules that hold where those of the directory say nothing.
    pub(super) rules: Option<Arc<Rules>>,
    pub(super) tracked: Tracked,
}

/// The paths that git tracks below a directory, from there and in order.
#[derive(Debug, Default)]
pub(super) struct Tracked {
    content: Option<Content>,
    /// Where each path begins in the content, and ends.
    paths: Vec<(u32, u32)>,
}

impl Tracked {
    pub(super) fn all(&self) -> Range<usize> {
        0..self.paths.len()
    }

    /// Those of the paths that begin so.
    pub(super) fn below(&self, within: &Range<usize>, prefix: &[u8]) -> Range<usize> {
        let paths = &self.paths[within.clone()];
        let start = paths.partition_point(|path| self.bytes(*path) < prefix);
        let len = paths[start..].partition_point(|path| self.bytes(*path).starts_with(prefix));
        within.start + start..within.start + start + len
    }

    pub(super) fn has(&self, within: &Range<usize>, path: &[u8]) -> bool {
        let paths = &self.paths[within.clone()];
        paths.binary_search_by(|other| self.bytes(*other).cmp(path)).is_ok()
    }

    fn bytes(&self, (start, end): (u32, u32)) -> &[u8] {
        let content = self.content.as_ref().map_or(&[][..], Content::bytes);
        &content[start as usize..end as usize]
    }
}

/// Finds repositories, and remembers what git says of them.
pub(super) struct Repositories<'a> {
    pub(super) git: Option<&'a Path>,
    pub(super) environment: &'a Environment,
    pub(super) state_dir: Option<&'a Path>,
    pub(super) now: Nanoseconds,
    /// What git did not answer.
    pub(super) gaps: Mutex<Vec<Gap>>,
}

impl Repositories<'_> {
    /// The repository around a directory.
    pub(super) fn around(&self, dir: &Path) -> Repository {
        let Some(top) = changes::top_above(dir) else {
            return Repository::default();
        };
        let real = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
        let mut prefix = real
            .strip_prefix(&top)
            .unwrap_or(Path::new(""))
            .as_os_str()
            .as_bytes()
            .to_vec();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        self.seen(dir, &top, prefix, self.environment.clone())
    }

    /// The repository that has its top here, within another one.
    pub(super) fn within(&self, top: &Path) -> Option<Repository> {
        let environment = self.environment.clone().without("GIT_INDEX_FILE");
        changes::is_top(top).then(|| self.seen(top, top, Vec::new(), environment))
    }

    fn seen(&self, dir: &Path, top: &Path, prefix: Vec<u8>, environment: Environment) -> Repository {
        let environment = ELSEWHERE
            .iter()
            .fold(environment, |environment, name| environment.without(name));
        let places = Places::new(top, &environment);
        let (tracked, excludes) = self.told(dir, top, &places, &environment);
        let mut rules = None;
        let own = places.common.join("info/exclude");
        for file in excludes.into_iter().chain([own]) {
            rules = rules::with(rules, &fs::read(file).unwrap_or_default(), 0);
        }
        // Those between the top and the directory, which comes later itself.
        let above = prefix
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'/')
            .map(|(at, _)| at + 1);
        let starts = [0].into_iter().chain(above).take_while(|at| *at < prefix.len());
        for skip in starts {
            let dir = top.join(OsStr::from_bytes(&prefix[..skip]));
            rules = rules::with(rules, &rules_in(&dir), skip);
        }
        Repository { prefix, rules, tracked }
    }

    /// What git tracks below the directory, and the file in which the user says what to ignore.
    fn told(&self, dir: &Path, top: &Path, places: &Places, environment: &Environment) -> (Tracked, Option<PathBuf>) {
        let Some(program) = self.git else {
            return Default::default();
        };
        let basis = Basis::new(dir, program, places, environment);
        let name = format!("tracked-{:016x}", fnv1a(dir.as_os_str().as_bytes().iter().copied()));
        let remembered = memory::load(self.state_dir, &name, KIND).and_then(|file| decoded(file, Some(basis.digest)));
        if let Some(remembered) = remembered {
            return remembered;
        }
        let git = Git::new(program.to_owned(), environment.clone());
        let listed = match git.ask(dir, ["ls-files", "-z", "--cached"]) {
            Ok(listed) => listed,
            Err(refusal) => {
                tracing::warn!(dir = %dir.display(), why = refusal.words(), "git does not say what it tracks");
                let gap = Gap {
                    dir: dir.to_owned(),
                    why: refusal.words().to_owned(),
                };
                self.gaps.lock().unwrap_or_else(PoisonError::into_inner).push(gap);
                return Default::default();
            }
        };
        let file = encoded(basis.digest, excludes(&git, top, environment).as_deref(), &listed);
        let same = || Basis::new(dir, program, places, environment).digest == basis.digest;
        if basis.newest.is_settled(self.now) && same() {
            memory::save(self.state_dir, &name, file.clone());
        }
        decoded(Content::made(file), None).unwrap_or_default()
    }
}

/// What a rules file of a directory says. Git follows no link in its place.
pub(super) fn rules_in(dir: &Path) -> Vec<u8> {
    let file = dir.join(".gitignore");
    let is_file = fs::symlink_metadata(&file).is_ok_and(|found| found.is_file());
    if is_file {
        fs::read(file).unwrap_or_default()
    } else {
        Vec::new()
    }
}

/// Where a repository keeps what matters here.
struct Places {
    common: PathBuf,
    index: PathBuf,
    configs: Vec<PathBuf>,
}

impl Places {
    fn new(top: &Path, environment: &Environment) -> Self {
        let git = top.join(".git");
        let linked = fs::read(&git).ok().and_then(|text| {
            let path = text.trim_ascii_end().strip_prefix(b"gitdir: ")?;
            Some(top.join(OsStr::from_bytes(path)))
        });
        let git = linked.unwrap_or(git);
        let common = fs::read(git.join("commondir")).ok();
        let common = common.map(|text| git.join(OsStr::from_bytes(text.trim_ascii_end())));
        let common = common.unwrap_or_else(|| git.clone());
        let given = environment.get("GIT_INDEX_FILE").filter(|file| !file.is_empty());
        let index = given.map_or_else(|| git.join("index"), |file| top.join(file));
        let var = |name: &str| {
            environment
                .get(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let home = var("HOME");
        let xdg = config_home(environment);
        let system = var("GIT_CONFIG_SYSTEM").unwrap_or_else(|| "/etc/gitconfig".into());
        let configs = [
            Some(common.join("config")),
            Some(git.join("config.worktree")),
            var("GIT_CONFIG_GLOBAL"),
            home.map(|home| home.join(".gitconfig")),
            xdg.map(|xdg| xdg.join("git/config")),
            Some(system),
        ];
        let configs = configs.into_iter().flatten().collect();
        Self { common, index, configs }
    }
}

fn config_home(environment: &Environment) -> Option<PathBuf> {
    let var = |name: &str| {
        environment
            .get(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    var("XDG_CONFIG_HOME").or_else(|| Some(var("HOME")?.join(".config")))
}

/// What an answer of git's rests on.
struct Basis {
    digest: [u8; 32],
    /// The last times of all files that it rests on.
    newest: Stat,
}

impl Basis {
    fn new(dir: &Path, program: &Path, places: &Places, environment: &Environment) -> Self {
        let mut digest = Sha256::new();
        let mut say = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        let mut newest = Stat::default();
        say(dir.as_os_str().as_bytes());
        say(program.as_os_str().as_bytes());
        for file in places.configs.iter().chain([&places.index]) {
            say(file.as_os_str().as_bytes());
            let found = rustix::fs::stat(file)
                .map(|found| Stat::new(&found))
                .unwrap_or_default();
            newest.modified = newest.modified.max(found.modified);
            newest.changed = newest.changed.max(found.changed);
            for number in [found.size, found.inode, found.device, u64::from(found.mode)] {
                say(&number.to_le_bytes());
            }
            say(&found.modified.to_le_bytes());
            say(&found.changed.to_le_bytes());
        }
        let heeded = |name: &[u8]| name.starts_with(b"GIT_") || [&b"HOME"[..], b"XDG_CONFIG_HOME"].contains(&name);
        for (name, value) in environment.iter().filter(|(name, _)| heeded(name.as_bytes())) {
            say(name.as_bytes());
            say(value.as_bytes());
        }
        Self {
            digest: digest.finalize().into(),
            newest,
        }
    }
}

/// The file in which the user says what to ignore in all repositories.
fn excludes(git: &Git, top: &Path, environment: &Environment) -> Option<PathBuf> {
    let answer = git.ask(top, ["config", "-z", "--type=path", "--get", "core.excludesFile"]);
    match answer {
        Ok(path) => {
            let path = path.strip_suffix(b"\0").unwrap_or(&path);
            (!path.is_empty()).then(|| top.join(OsStr::from_bytes(path)))
        }
        Err(_) => Some(config_home(environment)?.join("git/ignore")),
    }
}

/// What the answer rests on, the length of the path that follows it, and names that each end with a null.
fn encoded(basis: [u8; 32], excludes: Option<&Path>, listed: &[u8]) -> Vec<u8> {
    let mut names: Vec<&[u8]> = listed
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
        .collect();
    if !names.is_sorted() {
        names.sort_unstable();
    }
    // A file in conflict is listed once for each of its versions.
    names.dedup();
    let excludes = excludes.map_or(&[][..], |path| path.as_os_str().as_bytes());
    let mut file = memory::begin(KIND, 36 + excludes.len() + listed.len());
    file.extend_from_slice(&basis);
    file.extend_from_slice(&u32::try_from(excludes.len()).unwrap_or(0).to_le_bytes());
    file.extend_from_slice(excludes);
    for name in names {
        file.extend_from_slice(name);
        file.push(0);
    }
    file
}

fn decoded(file: Content, expected: Option<[u8; 32]>) -> Option<(Tracked, Option<PathBuf>)> {
    let content = file.bytes();
    let (basis, rest) = content.split_first_chunk::<32>()?;
    if expected.is_some_and(|expected| expected != *basis) {
        return None;
    }
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (excludes, names) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    let excludes = (!excludes.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(excludes)));
    let base = u32::try_from(content.len() - names.len()).ok()?;
    let mut start = base;
    let ends = memchr::memchr_iter(0, names).filter_map(|end| Some(base + u32::try_from(end).ok()?));
    let paths = ends.map(|end| (std::mem::replace(&mut start, end + 1), end)).collect();
    let tracked = Tracked {
        content: Some(file),
        paths,
    };
    Some((tracked, excludes))
}
