//! From what git hands to a hook to a project whose checks can run, and to whether their verdict is about that.
//!
//! Nothing here runs a check or writes to a terminal.

mod repair;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::outside::leads_out;
use super::snapshot::{Content, Place, Snapshot, SnapshotError, Surroundings, Use, place};
use super::toolchain::{self, overridden};
use crate::changes::{Comparison, Git, top_above, walk};
use crate::digests::FileTree;
use crate::environment::locate;
use crate::plan::{Plan, Resource};
use crate::project::{
    Foreseen, Image, LoadError, LoadOptions, NoStateError, Project, load, load_to_compare, own_state_dir, state_dir,
};
use crate::tool_output::replaced_dir;

/// What git hands to a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An index that is going to be committed.
    Index {
        /// The file, relative to the top of the repository if not absolute. Without it, the index of the working tree.
        file: Option<PathBuf>,
    },
    /// Commits that are going to be pushed.
    Commits(Vec<Pushed>),
    /// Nothing of its own: the working tree as it is.
    Nothing,
}

/// A commit that is going to be pushed, with those that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// A commit that the other side has already, to compare with. Nothing where none is known, and everything counts as new.
    pub base: Option<String>,
    /// The commit.
    pub tip: String,
}

/// What is judged at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// An index, in this file or where it usually is.
    Index(Option<PathBuf>),
    /// Commits.
    Commits(Pushed),
    /// Nothing in particular: the working tree as it is.
    WorkTree,
}

impl Subject {
    /// What is to be judged, one after the other.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        match self {
            Self::Index { file } => vec![Part::Index(file.clone())],
            Self::Commits(pushed) => pushed.iter().cloned().map(Part::Commits).collect(),
            Self::Nothing => vec![Part::WorkTree],
        }
    }
}

/// Why nothing can be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// Git is not installed.
    #[error("`git` is not installed, or not on the PATH")]
    NoGit,
    /// There is nowhere to keep a snapshot.
    #[error(transparent)]
    NoState(#[from] NoStateError),
    /// There is no place where it can be judged.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// What is to be judged has no project in it, or one with mistakes.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It needs what lies outside of the repository.
    #[error("`{key}` in `{manifest}` leads out of the repository, to `{path}`: what lies there is no part of what is committed, and cannot be shown in a snapshot", manifest = manifest.display())]
    LeadsOut {
        /// The manifest, relative to the top of the repository.
        manifest: PathBuf,
        /// The key.
        key: String,
        /// What it says.
        path: String,
    },
    /// A check would build where the user builds.
    #[error("`{check}` builds in `{}`, outside of the snapshot: cargo would take what was built there from other files for what it has to build", dir.display())]
    SharedTarget {
        /// The check.
        check: String,
        /// The directory.
        dir: PathBuf,
    },
    /// Only the pointer to a file is there.
    #[error("the content of `{}` is not at hand: Git LFS has only a pointer to it (`git lfs install` and `git lfs fetch` bring it)", .0.display())]
    Pointer(PathBuf),
    /// It was judged in place, where nothing is repaired.
    #[error("nothing was repaired that could be brought back")]
    NotRepaired,
    /// It is no commit.
    #[error("`{revision}` is no commit that git knows here: {words}")]
    NoCommit {
        /// What was to be judged.
        revision: String,
        /// What git said.
        words: String,
    },
}

/// Something that is going to be judged, where it lies.
#[derive(Debug)]
pub struct Trial {
    options: LoadOptions,
    comparison: Option<Comparison>,
    place: Option<Place>,
    /// The project of the working tree, which counts where that is the place.
    foreseen: Option<Foreseen>,
}

/// Finds a place for what is to be judged. `options` tell of the working tree in which git was called.
///
/// # Errors
///
/// Where it cannot be judged at all. It is never judged in another form instead.
pub fn prepare(options: &LoadOptions, part: &Part) -> Result<Trial, JudgeError> {
    prepare_for(options, part, Use::Judged)
}

/// Finds a place outside of the working tree, of which it has turned out that line ends differ.
///
/// # Errors
///
/// Where it cannot be judged at all.
pub fn prepare_apart(options: &LoadOptions, part: &Part) -> Result<Trial, JudgeError> {
    prepare_for(options, part, Use::Converted)
}

/// Finds a place for what is to be repaired before it is judged: that is always a snapshot, so that nothing of the user's is
/// half repaired, whatever happens. Nothing where there is nothing that could still be repaired.
///
/// # Errors
///
/// Where it cannot be judged at all.
pub fn prepare_to_repair(options: &LoadOptions, part: &Part) -> Result<Option<Trial>, JudgeError> {
    match part {
        Part::Index(_) => prepare_for(options, part, Use::Repaired).map(Some),
        Part::Commits(_) | Part::WorkTree => Ok(None),
    }
}

fn prepare_for(options: &LoadOptions, part: &Part, used: Use) -> Result<Trial, JudgeError> {
    let content = match part {
        Part::WorkTree => {
            return Ok(Trial {
                options: options.clone(),
                comparison: None,
                place: None,
                foreseen: None,
            });
        }
        Part::Index(file) => Content::Index(file.clone()),
        Part::Commits(pushed) => Content::Commit(commit(options, &pushed.tip)?),
    };
    let git = git(options)?;
    let state_dir = options.current_dir.join(kept_in(options)?);
    let around = Surroundings {
        dir: &options.current_dir,
        git: &git,
        environment: &options.environment,
        state_dir: &state_dir,
    };
    // While git looks at the files.
    let foreseen = (used == Use::Judged).then(|| Foreseen::begin(options));
    let place = place(&content, used, &around)?;
    let options = match &place {
        Place::InPlace(_) => options.clone(),
        Place::Snapshot(snapshot) => in_snapshot(options, snapshot, state_dir),
    };
    Ok(Trial {
        comparison: comparison(part, &place),
        options,
        place: Some(place),
        foreseen,
    })
}

/// What is kept of the repository. What the working tree has for a manifest says nothing of what is judged.
fn kept_in(options: &LoadOptions) -> Result<PathBuf, NoStateError> {
    match state_dir(options) {
        Err(NoStateError::NoWorkspace(dir)) => {
            let top = top_above(&dir).unwrap_or(dir);
            own_state_dir(&top, &options.environment).ok_or(NoStateError::NoPlace)
        }
        found => found,
    }
}

fn git(options: &LoadOptions) -> Result<PathBuf, JudgeError> {
    let found = locate(["git"], &options.environment, &options.current_dir).remove("git");
    found.ok_or(JudgeError::NoGit)
}

/// The commit that a revision stands for, be it a tag.
fn commit(options: &LoadOptions, revision: &str) -> Result<String, JudgeError> {
    let git = Git::new(git(options)?, options.environment.clone());
    let peeled = format!("{revision}^{{commit}}");
    let question = ["rev-parse", "--verify", "--end-of-options", &peeled];
    let answer = git.ask(&options.current_dir, question);
    let answer = answer.map_err(|refusal| JudgeError::NoCommit {
        revision: revision.to_owned(),
        words: refusal.words().to_owned(),
    })?;
    Ok(String::from_utf8_lossy(answer.trim_ascii_end()).into_owned())
}

/// The same directory of the snapshot, if it is there.
fn in_snapshot(options: &LoadOptions, snapshot: &Snapshot, state_dir: PathBuf) -> LoadOptions {
    let moved = |path: &Path| {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let below = real.strip_prefix(snapshot.original()).ok()?;
        Some(snapshot.top.join(below))
    };
    let dir = moved(&options.current_dir).filter(|dir| dir.is_dir());
    let manifest = options
        .manifest_path
        .as_ref()
        .map(|path| options.current_dir.join(path));
    let environment = match toolchain(options, snapshot) {
        Some(toolchain) => options.environment.clone().with("RUSTUP_TOOLCHAIN", toolchain),
        None => options.environment.clone(),
    };
    LoadOptions {
        current_dir: dir.unwrap_or_else(|| snapshot.top.clone()),
        environment,
        manifest_path: manifest.map(|path| moved(&path).unwrap_or(path)),
        image: Some(Image {
            state_dir,
            own_dir: snapshot.own_dir().to_owned(),
            top: snapshot.top.clone(),
            original: snapshot.original().to_owned(),
        }),
        ..options.clone()
    }
}

/// The toolchain that rustup has for the user's directory by an override, if that is what counts there.
fn toolchain(options: &LoadOptions, snapshot: &Snapshot) -> Option<String> {
    let variable = |name: &str| {
        let value = options.environment.get(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    if variable("RUSTUP_TOOLCHAIN").is_some() {
        return None;
    }
    let home = variable("RUSTUP_HOME").or_else(|| Some(variable("HOME")?.join(".rustup")))?;
    let settings = fs::read_to_string(home.join("settings.toml")).ok()?;
    let dir = fs::canonicalize(&options.current_dir).ok()?;
    overridden(&settings, &dir, &|dir| {
        let judged = match dir.strip_prefix(snapshot.original()) {
            Ok(below) => snapshot.top.join(below),
            Err(_) => dir.to_owned(),
        };
        toolchain::FILES.iter().any(|name| judged.join(name).is_file())
    })
}

/// What the checks are limited to.
fn comparison(part: &Part, place: &Place) -> Option<Comparison> {
    match (part, place) {
        (Part::WorkTree, _) => None,
        // The index that git has handed over may be another one than that of the working tree.
        (Part::Index(_), Place::InPlace(place)) => Some(match place.head() {
            Some(_) => Comparison::Since("HEAD".to_owned()),
            None => Comparison::Everything,
        }),
        (Part::Index(_), Place::Snapshot(_)) => Some(Comparison::Staged),
        (Part::Commits(pushed), _) => Some(match &pushed.base {
            Some(base) => Comparison::Range(format!("{base}..{}", pushed.tip)),
            None => Comparison::Everything,
        }),
    }
}

impl Trial {
    /// How a project of it is loaded.
    #[must_use]
    pub fn options(&self) -> &LoadOptions {
        &self.options
    }

    /// What the checks are limited to; nothing where all is judged.
    #[must_use]
    pub fn comparison(&self) -> Option<&Comparison> {
        self.comparison.as_ref()
    }

    /// Where the checks run, and why there; nothing where that is where they always run.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        match &self.place {
            Some(Place::Snapshot(snapshot)) => Some(format!("checks run in a snapshot, since {}", snapshot.because)),
            Some(Place::InPlace(_)) | None => None,
        }
    }

    /// The project in it.
    ///
    /// # Errors
    ///
    /// Where there is none, or it needs what is no part of it.
    pub fn load(&self) -> Result<Project, JudgeError> {
        let loaded = match (&self.place, &self.comparison) {
            (Some(Place::InPlace(place)), _) => {
                let loaded = match &self.foreseen {
                    Some(foreseen) => foreseen.load(&self.options),
                    None => load(&self.options),
                };
                loaded.map(|project| project.told(|root, environment| place.answer(root, environment)))
            }
            (_, Some(_)) => load_to_compare(&self.options),
            (_, None) => load(&self.options),
        };
        let Some(Place::Snapshot(snapshot)) = &self.place else {
            return Ok(loaded?);
        };
        match loaded {
            Ok(project) => {
                let crates = project.workspace.crates().iter().map(|krate| &krate.manifest);
                nothing_leads_out(&snapshot.top, crates.chain([&project.workspace.manifest]))?;
                no_pointers(snapshot)?;
                Ok(project)
            }
            Err(error) => {
                // That may be all that is wrong with it.
                let manifests = walk(&snapshot.top, None);
                let manifests = manifests.iter().filter(|path| path.ends_with("Cargo.toml"));
                nothing_leads_out(&snapshot.top, manifests)?;
                Err(error.into())
            }
        }
    }

    /// Makes sure that a plan builds nowhere else than here.
    ///
    /// # Errors
    ///
    /// Where a check would.
    pub fn accepts(&self, plan: &Plan) -> Result<(), JudgeError> {
        let Some(Place::Snapshot(snapshot)) = &self.place else {
            return Ok(());
        };
        for task in plan.tasks() {
            for (resource, _) in &task.resources {
                let (Resource::BuildDirectory(dir) | Resource::Programs(dir)) = resource else {
                    continue;
                };
                if !dir.starts_with(snapshot.own_dir()) {
                    return Err(JudgeError::SharedTarget {
                        check: task.head.check.to_string(),
                        dir: dir.to_path_buf(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether it turns out that what lies in place is not what is judged, since line ends differ. `files` are those of the
    /// project, where they were looked at since it was prepared.
    ///
    /// # Errors
    ///
    /// Where nobody can tell.
    pub fn is_converted(&self, files: Option<&FileTree>) -> Result<bool, JudgeError> {
        match &self.place {
            Some(Place::InPlace(place)) => Ok(place.is_converted(files)?),
            Some(Place::Snapshot(_)) | None => Ok(false),
        }
    }

    /// Whether these files of the project, as they were seen since it was prepared, are what is judged. Where that cannot be
    /// told from them alone, `moved` knows it.
    #[must_use]
    pub fn is_shown_by(&self, files: &FileTree) -> bool {
        matches!(&self.place, Some(Place::InPlace(place)) if place.is_shown_by(files))
    }

    /// What has moved while the checks ran, so that their verdict is about something else; nothing where it is about what git
    /// has handed over.
    ///
    /// # Errors
    ///
    /// Where nobody can tell.
    pub fn moved(&mut self) -> Result<Option<String>, JudgeError> {
        Ok(match &mut self.place {
            Some(Place::InPlace(place)) => place.moved()?,
            Some(Place::Snapshot(snapshot)) => snapshot.moved()?,
            None => None,
        })
    }

    /// A text with the names of the user's files in it, whatever they are called here.
    #[must_use]
    pub fn shown(&self, text: &str) -> String {
        match &self.options.image {
            Some(image) => {
                String::from_utf8_lossy(&replaced_dir(text.as_bytes(), &image.top, &image.original)).into_owned()
            }
            None => text.to_owned(),
        }
    }
}

fn nothing_leads_out<'m>(top: &Path, manifests: impl Iterator<Item = &'m PathBuf>) -> Result<(), JudgeError> {
    for manifest in manifests.filter(|manifest| manifest.starts_with(top)) {
        let text = fs::read_to_string(manifest).unwrap_or_default();
        let dir = manifest.parent().unwrap_or(top);
        if let Some(found) = leads_out(&text, dir, top) {
            return Err(JudgeError::LeadsOut {
                manifest: manifest.strip_prefix(top).unwrap_or(manifest).to_owned(),
                key: found.key,
                path: found.path,
            });
        }
    }
    Ok(())
}

/// How a file begins that stands for a large one.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// Refuses a snapshot that has only the pointer to a file which the user has whole.
fn no_pointers(snapshot: &Snapshot) -> Result<(), JudgeError> {
    let files = walk(&snapshot.top, None);
    let attributes = files.iter().filter(|path| path.ends_with(".gitattributes"));
    let speaks_of_lfs = |path: &PathBuf| {
        let text = fs::read(path).unwrap_or_default();
        memchr::memmem::find(&text, b"filter=lfs").is_some()
    };
    if !attributes.into_iter().any(speaks_of_lfs) {
        return Ok(());
    }
    for file in files.iter().filter(|file| is_pointer(file)) {
        let below = file.strip_prefix(&snapshot.top).unwrap_or(file);
        let theirs = snapshot.original().join(below);
        if theirs.is_file() && !is_pointer(&theirs) {
            return Err(JudgeError::Pointer(below.to_owned()));
        }
    }
    Ok(())
}

fn is_pointer(file: &Path) -> bool {
    let mut start = Vec::new();
    let opened = fs::File::open(file).ok();
    let read = opened.and_then(|file| file.take(POINTER.len() as u64).read_to_end(&mut start).ok());
    read.is_some() && start == POINTER
}
