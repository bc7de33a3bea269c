//! What is judged before a commit or a push: exactly its files, wherever they are to be had.
//!
//! Where nothing in the working tree differs from them, that is the working tree. Else it is a snapshot: a directory of our
//! own outside of the repository, which stays, and is moved from tree to tree. The repository of the user, his index and his
//! files are read and never written, so that nothing has to be put back, whatever happens.

mod copy;
mod decide;
mod error;
mod extras;
mod levels;
mod listing;
mod private_index;
mod repaired;
mod repository;
mod settings;
mod sizes;
mod slot;
mod strangers;
#[cfg(feature = "cli")]
mod unused;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::SystemTime;

pub use decide::Difference;
pub use error::SnapshotError;
use listing::SUBMODULE;
pub(super) use listing::{Staged, staged};
pub use repaired::Repaired;
pub(crate) use repaired::{RepairedFile, Side};

#[cfg(feature = "cli")]
pub(crate) use unused::{Removed as RemovedSnapshots, Unused, remove_unused};

use self::settings::{Conversion, Settings};
use copy::{Copy, Told, of, references, settings};
use extras::Extras;
pub(super) use private_index::PrivateIndex;
use repository::Repository;
use slot::Slot;
use strangers::remove;

use crate::changes::{Ahead, Unstaged, top_above, unstaged};
use crate::digests::FileTree;
use crate::environment::Environment;
use crate::model::fnv1a;
use crate::private_files::{PrivateDir, remove_traces};

/// What is to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// What an index holds: this one, relative to the top of the repository, or that of the working tree.
    Index(Option<PathBuf>),
    /// What a commit holds.
    Commit(String),
}

/// Where to look for it, and where there is room for a snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings<'a> {
    /// A directory of the working tree.
    pub(crate) dir: &'a Path,
    pub(crate) git: &'a Path,
    pub(crate) environment: &'a Environment,
    /// The directory of what is remembered about the repository.
    pub(crate) state_dir: &'a Path,
}

/// Where the files are that are to be judged.
#[derive(Debug)]
pub(crate) enum Place {
    /// In the working tree.
    InPlace(Box<InPlace>),
    /// In a snapshot.
    Snapshot(Box<Snapshot>),
}

/// A working tree that is the same as what is judged.
#[derive(Debug)]
pub(crate) struct InPlace {
    repository: Repository,
    index: PrivateIndex,
    /// When it was looked at.
    began: SystemTime,
    /// What git listed of the index.
    listing: Vec<u8>,
    seen: Unstaged,
    /// Where it is remembered how large files are, if line ends may make some differ from what is judged.
    sizes: Option<PrivateDir>,
}

/// A copy of what is judged, as long as nobody else may use it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    repository: Repository,
    slot: Slot,
    /// The index that was judged, where it was one.
    judged: Option<(PrivateIndex, Vec<u8>)>,
    /// The top of the files.
    pub(crate) top: PathBuf,
    /// What is there.
    pub(crate) tree: String,
    /// What is judged, which fixers may have changed since.
    handed: String,
    /// Why it is not the working tree.
    pub(crate) because: Difference,
    told: Told,
    extras: Extras,
}

/// All that is asked of the user's repository before anything is decided.
struct Look {
    repository: Repository,
    index: PrivateIndex,
    began: SystemTime,
    listing: Vec<u8>,
    unstaged: Unstaged,
    settings: Settings,
    /// A file that git does not look at.
    unwatched: Option<PathBuf>,
    converted: Conversion,
}

/// What is going to happen to the files of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// They are looked at.
    Judged,
    /// The same, and some of the working tree are known to have other line ends.
    Converted,
    /// Fixers change them.
    Repaired,
}

/// Finds a place where the content can be judged, or repaired.
#[tracing::instrument(level = "debug", skip_all)]
pub(crate) fn place(content: &Content, used: Use, around: &Surroundings<'_>) -> Result<Place, SnapshotError> {
    let repository = Repository::around(around.dir, around.git, around.environment)?;
    let name = format!(
        "{:016x}",
        fnv1a(repository.top.as_os_str().as_encoded_bytes().iter().copied())
    );
    let below = ["v1", "snapshots", name.as_str()];
    let dir = PrivateDir::make(around.state_dir, &below)?;
    private_index::sweep(&dir, SystemTime::now());
    let given = match content {
        Content::Index(file) => file.as_deref(),
        Content::Commit(_) => None,
    };
    let index = PrivateIndex::copy(&repository, given, &dir)?;
    let look = Look::at(repository, index)?;
    let difference = look.difference(content).or(match used {
        Use::Judged => None,
        Use::Converted => Some(Difference::Conversion),
        Use::Repaired => Some(Difference::Repaired),
    });
    match difference {
        None => Ok(Place::InPlace(Box::new(look.in_place(dir)))),
        Some(because) => {
            tracing::debug!(%because, "a snapshot is needed");
            let slot = Slot::take(around.state_dir, below)?;
            remove_traces(&slot.dir);
            let dir = std::fs::canonicalize(around.dir).map_err(of(around.dir))?;
            let below = dir
                .strip_prefix(&look.repository.top)
                .unwrap_or(Path::new(""))
                .to_owned();
            let snapshot = Snapshot::take(look, content, (slot, &below), because)?;
            Ok(Place::Snapshot(Box::new(snapshot)))
        }
    }
}

impl Look {
    /// Asks for the files and for all else at once: git takes its time to begin, whatever it is asked.
    fn at(repository: Repository, index: PrivateIndex) -> Result<Self, SnapshotError> {
        let began = SystemTime::now();
        let (top, git) = (&repository.top, repository.git_with_index(&index.path));
        let (unstaged, rest) = thread::scope(|scope| {
            let rest = scope.spawn(|| {
                let settings = settings(&repository)?;
                repository.is_where_it_seems(&settings)?;
                let listing = git.ask(top, ["ls-files", "--stage", "-v", "-z"]);
                let listing = listing.map_err(|refusal| SnapshotError::refused("what is staged", &refusal))?;
                let entries = entries(&listing)?;
                let unwatched = decide::unwatched(&entries).map(Path::to_owned);
                let converted = decide::converted(&repository, &entries, &settings);
                Ok::<_, SnapshotError>((settings, listing, unwatched, converted))
            });
            (unstaged(&git, top), joined(rest))
        });
        let (settings, listing, unwatched, converted) = rest?;
        let unstaged = unstaged.map_err(|refusal| SnapshotError::refused("what is not staged", &refusal))?;
        Ok(Self {
            repository,
            index,
            began,
            listing,
            unstaged,
            settings,
            unwatched,
            converted,
        })
    }

    fn difference(&self, content: &Content) -> Option<Difference> {
        if let Content::Commit(commit) = content
            && (self.unstaged.head() != Some(commit) || self.unstaged.has_staged())
        {
            return Some(Difference::Commit);
        }
        decide::difference(&self.unstaged, self.unwatched.as_deref(), self.converted)
    }

    fn in_place(self, dir: PrivateDir) -> InPlace {
        InPlace {
            repository: self.repository,
            index: self.index,
            began: self.began,
            listing: self.listing,
            seen: self.unstaged,
            sizes: (self.converted == Conversion::LineEnds).then_some(dir),
        }
    }
}

fn entries(listing: &[u8]) -> Result<Vec<Staged<'_>>, SnapshotError> {
    staged(listing).ok_or_else(|| SnapshotError::not_understood("what is staged"))
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl InPlace {
    /// The last commit; none before the first one.
    pub(crate) fn head(&self) -> Option<&str> {
        self.seen.head()
    }

    /// What git has said of it, for whoever compares a workspace in it with something else.
    pub(crate) fn answer(&self, root: &Path, environment: &Environment) -> Option<Ahead> {
        // Another repository may lie in this one.
        if top_above(root).as_ref() != Some(&self.repository.top) {
            return None;
        }
        let of = (self.repository.top.as_path(), root.to_owned());
        let seen = self.seen.clone();
        Some(seen.answer(self.repository.program.clone(), of, environment.clone()))
    }

    /// Whether line ends make a file differ from what is judged, which git does not tell. What somebody has seen of the files
    /// since need not be looked at again.
    pub(crate) fn is_converted(&self, files: Option<&FileTree>) -> Result<bool, SnapshotError> {
        let Some(dir) = &self.sizes else { return Ok(false) };
        sizes::differ(&self.repository, &entries(&self.listing)?, files, dir)
    }

    /// Whether these files, as they were seen since it was looked at, are what is judged. Where a file is not among those that
    /// are staged, was changed lately, or is a repository of its own, that is not known.
    pub(crate) fn is_shown_by(&self, files: &FileTree) -> bool {
        let root = files.root().strip_prefix(&self.repository.top);
        let (Some(staged), Ok(root)) = (staged(&self.listing), root) else {
            return false;
        };
        // Both lists are in the order of the names.
        let below = staged.iter().filter_map(|file| file.path.strip_prefix(root).ok());
        below.eq(files.entries().map(|file| file.path))
            && files.gaps().is_empty()
            && staged.iter().all(|file| file.mode != SUBMODULE)
            && files.was_unchanged_since(self.began)
            && self.index.is_unchanged()
    }

    /// What has moved since it was looked at, in words; nothing where the verdict is about what is committed.
    pub(crate) fn moved(&self) -> Result<Option<String>, SnapshotError> {
        if !is_still(&self.repository, &self.index, &self.listing)? {
            return Ok(Some("what is staged has changed".to_owned()));
        }
        let git = self.repository.git_with_index(&self.index.path);
        let now = unstaged(&git, &self.repository.top);
        let now = now.map_err(|refusal| SnapshotError::refused("what is not staged", &refusal))?;
        if now.head() != self.seen.head() {
            return Ok(Some("another commit is checked out".to_owned()));
        }
        // Cargo writes one where there is none.
        let now = now.without_new(|file| file.ends_with("Cargo.lock"));
        Ok(decide::named(&now).map(|files| format!("this has changed meanwhile: {files}")))
    }
}

/// Whether an index still says the same of every file. Git writes it anew when it only looks.
fn is_still(repository: &Repository, index: &PrivateIndex, listing: &[u8]) -> Result<bool, SnapshotError> {
    if index.is_unchanged() {
        return Ok(true);
    }
    let git = repository.git_with_index(&index.source);
    let now = git.ask(&repository.top, ["ls-files", "--stage", "-v", "-z"]);
    let now = now.map_err(|refusal| SnapshotError::refused("what is staged", &refusal))?;
    Ok(now == listing)
}

impl Snapshot {
    fn take(
        look: Look,
        content: &Content,
        (slot, below): (Slot, &Path),
        because: Difference,
    ) -> Result<Self, SnapshotError> {
        let Look {
            repository,
            index,
            listing,
            unstaged,
            settings,
            ..
        } = look;
        let own = std::fs::canonicalize(slot.dir.path()).map_err(of(slot.dir.path()))?;
        if own.starts_with(&repository.top) {
            return Err(SnapshotError::WithinRepository {
                state: own,
                top: repository.top,
            });
        }
        let home = cargo_home(&repository.environment);
        let top = levels::place(&repository.top, &own, home.as_deref())?;
        let told = Told {
            references: references(&repository),
            settings,
            head: match content {
                Content::Index(_) => unstaged.head().map(str::to_owned),
                Content::Commit(commit) => Some(commit.clone()),
            },
        };
        if !slot.is_later_than_before()? {
            tracing::warn!("the clock was set back: what was built in the snapshot is built again");
            remove(&own.join("target")).map_err(of(&own.join("target")))?;
        }
        let copy = Copy::open(&top, &repository, &told)?;
        let (tree, judged) = match content {
            Content::Index(_) => (copy.tree_of(&index.path)?, Some((index, listing))),
            Content::Commit(commit) => (commit.clone(), None),
        };
        let mut snapshot = Self {
            extras: Extras::new(&repository.top, below),
            repository,
            slot,
            judged,
            top,
            handed: tree.clone(),
            tree,
            because,
            told,
        };
        snapshot.settle()?;
        Ok(snapshot)
    }

    /// Brings the files to what they have to be. Where that does not work, the copy is damaged, and is made anew.
    fn settle(&mut self) -> Result<(), SnapshotError> {
        if let Err(error) = self.fill() {
            tracing::debug!(%error, "the snapshot is damaged, and is made anew");
            Copy::remove(&self.top)?;
            self.restore()?;
        }
        self.extras.bring(&self.top)
    }

    /// The same, when anything may have happened to the repository of the copy as well.
    fn restore(&mut self) -> Result<(), SnapshotError> {
        let copy = Copy::open(&self.top, &self.repository, &self.told)?;
        if let Some((index, _)) = &self.judged {
            copy.tree_of(&index.path)?;
        }
        self.fill()
    }

    fn fill(&mut self) -> Result<(), SnapshotError> {
        let copy = Copy::at(&self.top, &self.repository);
        let extras = RefCell::new(&mut self.extras);
        copy.move_to(&self.tree, &|tracked| extras.borrow_mut().find(&copy.dir, tracked))
    }

    /// The directory in which all of it lies.
    pub(crate) fn own_dir(&self) -> &Path {
        self.slot.dir.path()
    }

    /// The top of the repository that it shows.
    pub(crate) fn original(&self) -> &Path {
        &self.repository.top
    }

    /// What fixers have made of it, if they have changed anything. From then on, that is what is judged.
    pub(crate) fn repaired(&mut self) -> Result<Option<Repaired>, SnapshotError> {
        Repaired::of(self)
    }

    /// What has moved since it was taken, in words; nothing where the verdict is about what is committed. What was changed
    /// in it is put back.
    pub(crate) fn moved(&mut self) -> Result<Option<String>, SnapshotError> {
        let copy = Copy::at(&self.top, &self.repository);
        let changed = copy.changed();
        self.slot.note_end()?;
        if let Some((index, listing)) = &self.judged
            && !is_still(&self.repository, index, listing)?
        {
            return Ok(Some("what is staged has changed".to_owned()));
        }
        // Where the copy cannot even be asked, it was damaged.
        let difference = match changed {
            Ok(changed) => {
                let changed = changed.without_new(|file| self.extras.may_be_there(file));
                decide::named(&changed).map(|files| format!("a check has changed {files}"))
            }
            Err(error) => Some(format!("a check has damaged the snapshot: {error}")),
        };
        if difference.is_some() {
            // What fixers have made of it may be gone with the rest.
            self.tree.clone_from(&self.handed);
            self.restore().or_else(|_| self.settle())?;
        }
        Ok(difference)
    }
}

/// Where cargo has what is the user's own.
fn cargo_home(environment: &Environment) -> Option<PathBuf> {
    let home = environment.get("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(environment.get("HOME")?).join(".cargo")))?;
    Some(std::fs::canonicalize(&home).unwrap_or(home))
}
