//! What fixers have made of a snapshot: another tree, and each file that is not the same in it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, FileTimes};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::copy::{Copy, of};
use super::listing::{self, SUBMODULE, Staged};
use super::private_index::PrivateIndex;
use super::strangers::remove;
use super::{Snapshot, SnapshotError};
use crate::changes::{Differing, Git, Version, contents, differing};
use crate::private_files::PrivateDir;

/// The mode of a link.
const LINK: u32 = 0o120_000;

/// How many files are named in one question, so that it is none too long for the system.
const FILES_AT_ONCE: usize = 200;

/// Where the files are written as they were before the fixers, beside the snapshot.
const BEFORE: &str = "before";

/// What fixers have made of what is judged.
#[derive(Debug)]
pub struct Repaired {
    /// The tree that came of it.
    pub(crate) tree: String,
    /// The files that are not the same in it, in the order of their names.
    pub(crate) files: Vec<RepairedFile>,
}

/// A file that fixers have changed, made or removed.
#[derive(Debug)]
pub(crate) struct RepairedFile {
    /// Its name, relative to the top of the repository.
    pub(crate) path: PathBuf,
    /// What is judged; nothing where the file is new.
    pub(crate) before: Option<Side>,
    /// What came of it; nothing where the file is gone.
    pub(crate) after: Option<Side>,
    /// Whether the working tree is not to have it at all, by a sparse checkout.
    pub(crate) is_left_out: bool,
}

/// One version of a file.
#[derive(Debug)]
pub(crate) struct Side {
    /// What a tree has of it.
    pub(crate) version: Version,
    /// The object.
    pub(crate) object: Vec<u8>,
    /// What lies in a working tree.
    pub(crate) content: Vec<u8>,
}

impl Side {
    /// Whether it is a plain file.
    pub(crate) fn is_file(&self) -> bool {
        self.version.mode & LINK != LINK && self.version.mode != SUBMODULE
    }

    /// Whether it may be executed.
    pub(crate) fn is_executable(&self) -> bool {
        self.version.mode & 0o111 != 0
    }

    /// Whether the file is the object, but for the ends of its lines: then what is merged in the one is merged in the other.
    pub(crate) fn is_as_stored(&self) -> bool {
        let without_returns = |bytes: &[u8]| {
            let ends = memchr::memmem::find_iter(bytes, b"\r\n");
            let (mut text, mut from) = (Vec::with_capacity(bytes.len()), 0);
            for end in ends {
                text.extend_from_slice(&bytes[from..end]);
                from = end + 1;
            }
            text.extend_from_slice(&bytes[from..]);
            text
        };
        self.object == self.content || without_returns(&self.object) == without_returns(&self.content)
    }
}

impl Repaired {
    /// Looks at what differs from the tree that a snapshot was made of, and makes it the tree of the snapshot. Nothing where
    /// there is no difference.
    pub(super) fn of(snapshot: &mut Snapshot) -> Result<Option<Self>, SnapshotError> {
        let copy = Copy::at(&snapshot.top, &snapshot.repository);
        let changed = copy.changed()?;
        let changed = changed.without_new(|file| snapshot.extras.may_be_there(file));
        let paths: Vec<&Path> = changed.files().collect();
        if paths.is_empty() {
            return Ok(None);
        }
        for submodule in snapshot.submodules().filter(|path| paths.contains(path)) {
            tracing::warn!(path = %submodule.display(), "what fixers have changed in a submodule is not brought back");
        }
        let own = snapshot.own_dir().to_owned();
        let before = own.join(BEFORE);
        remove(&before).map_err(of(&before))?;
        let tree = copy.tree_with(&paths, &own.join("repaired"))?;
        let git = copy.git();
        let files = differing(&git, &copy.dir, &snapshot.tree, &tree)
            .map_err(|refusal| SnapshotError::refused("what was repaired", &refusal))?;
        if files.is_empty() {
            return Ok(None);
        }
        let old = files.iter().filter(|file| file.before.is_some());
        copy.write_again(&old.map(|file| file.path.as_path()).collect::<Vec<_>>(), &before)?;
        let files = read(files, &copy, &before, &snapshot.left_out())?;
        remove(&before).map_err(of(&before))?;
        snapshot.tree.clone_from(&tree);
        snapshot.settle()?;
        Ok(Some(Self { tree, files }))
    }
}

/// What is needed to bring repairs back.
impl Snapshot {
    /// What fixers have made of these files, as a patch for what is judged.
    pub(in crate::git_hooks) fn patch(&self, repaired: &Repaired, files: &[&Path]) -> Result<Vec<u8>, SnapshotError> {
        Copy::at(&self.top, &self.repository).patch((&self.handed, &repaired.tree), files)
    }

    /// The tree of an index.
    pub(in crate::git_hooks) fn tree_of_index(&self, index: &Path) -> Result<String, SnapshotError> {
        let copy = self.copy_of_index(index)?;
        Copy::at(&self.top, &self.repository).tree_of(&copy.path)
    }

    /// A copy of an index, as it is now.
    pub(in crate::git_hooks) fn copy_of_index(&self, index: &Path) -> Result<PrivateIndex, SnapshotError> {
        PrivateIndex::copy(&self.repository, Some(index), &self.slot.dir)
    }

    /// The index that git commits from, where it is one that is judged.
    pub(in crate::git_hooks) fn index(&self) -> Option<&Path> {
        self.judged.as_ref().map(|(index, _)| index.source.as_path())
    }

    /// The directory in which all of it lies, to write to.
    pub(in crate::git_hooks) fn dir(&self) -> &PrivateDir {
        &self.slot.dir
    }

    /// Git, which knows no repository but that of the copy.
    pub(in crate::git_hooks) fn own_git(&self) -> Git {
        Copy::at(&self.top, &self.repository).git()
    }

    /// Git in the user's repository.
    pub(in crate::git_hooks) fn users_git(&self) -> Git {
        self.repository.git()
    }

    /// The same, with another index.
    pub(in crate::git_hooks) fn git_with_index(&self, index: &Path) -> Git {
        self.repository.git_with_index(index)
    }

    /// Says that a file of the directory cannot be written.
    pub(in crate::git_hooks) fn failed(&self, name: &str, source: io::Error) -> SnapshotError {
        of(&self.dir().path().join(name))(source)
    }

    /// What the working tree is not to have, though it is in the index.
    fn left_out(&self) -> Vec<PathBuf> {
        let left_out = self.staged().filter(|entry| entry.tag.eq_ignore_ascii_case(&b'S'));
        left_out.map(|entry| entry.path.to_owned()).collect()
    }

    fn submodules(&self) -> impl Iterator<Item = &Path> {
        let submodules = self.staged().filter(|entry| entry.mode == SUBMODULE);
        submodules.map(|entry| entry.path)
    }

    fn staged(&self) -> impl Iterator<Item = Staged<'_>> {
        let listing = self.judged.as_ref().map_or(&[][..], |(_, listing)| listing);
        listing::staged(listing).unwrap_or_default().into_iter()
    }
}

impl Copy<'_> {
    /// The tree in which these files are as they lie here. It is put together in another index, so that this one still says
    /// what they were.
    fn tree_with(&self, files: &[&Path], index: &Path) -> Result<String, SnapshotError> {
        self.lend_index_to(index).map_err(of(index))?;
        let git = self.git().with_index(index);
        for some in files.chunks(FILES_AT_ONCE) {
            let question = ["update-index", "--add", "--remove", "--replace", "--"].map(Path::new);
            let answer = git.ask(&self.dir, question.iter().chain(some).map(|word| word.as_os_str()));
            answer.map_err(|refusal| SnapshotError::refused("what was repaired", &refusal))?;
        }
        let tree = git.ask(&self.dir, ["write-tree"]);
        let tree = tree.map_err(|refusal| SnapshotError::refused("what came of the repairs", &refusal))?;
        remove(index).map_err(of(index))?;
        Ok(String::from_utf8_lossy(tree.trim_ascii_end()).into_owned())
    }

    /// Copies the index with its time: a younger one would hide what changes in the moment in which a file was written.
    pub(super) fn lend_index_to(&self, to: &Path) -> io::Result<()> {
        let bytes = fs::read(&self.index)?;
        let is_same = fs::symlink_metadata(to).is_ok_and(|found| found.is_file()) && fs::read(to)? == bytes;
        if !is_same {
            remove(to)?;
            fs::write(to, &bytes)?;
        }
        let modified = fs::metadata(&self.index)?.modified()?;
        let file = File::options().write(true).open(to)?;
        file.set_times(FileTimes::new().set_modified(modified))
    }

    /// How these files differ between two trees, so that `git apply` understands it.
    pub(super) fn patch(&self, (before, after): (&str, &str), files: &[&Path]) -> Result<Vec<u8>, SnapshotError> {
        const QUESTION: [&str; 13] = [
            "diff-tree",
            "-r",
            "-p",
            "--binary",
            "--full-index",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            "--no-commit-id",
            "--ignore-submodules=none",
        ];
        let mut patch = Vec::new();
        for some in files.chunks(FILES_AT_ONCE) {
            let of = [before, after, "--"].map(OsStr::new);
            let question = QUESTION.map(OsStr::new).into_iter().chain(of);
            let answer = self
                .git()
                .ask(&self.dir, question.chain(some.iter().map(|file| file.as_os_str())));
            patch.extend(answer.map_err(|refusal| SnapshotError::refused("what was repaired", &refusal))?);
        }
        Ok(patch)
    }

    /// Writes files of the index into another directory, as they are in a working tree.
    fn write_again(&self, files: &[&Path], into: &Path) -> Result<(), SnapshotError> {
        let mut prefix = OsString::from("--prefix=");
        prefix.push(into);
        prefix.push("/");
        for some in files.chunks(FILES_AT_ONCE) {
            let question = [Path::new("checkout-index"), Path::new(&prefix), Path::new("--")];
            let answer = self
                .git()
                .ask(&self.dir, question.iter().chain(some).map(|word| word.as_os_str()));
            answer.map_err(|refusal| SnapshotError::refused("what the files were", &refusal))?;
        }
        Ok(())
    }
}

/// Brings the objects and the files together.
fn read(
    files: Vec<Differing>,
    copy: &Copy<'_>,
    before: &Path,
    left_out: &[PathBuf],
) -> Result<Vec<RepairedFile>, SnapshotError> {
    let sides = files.iter().flat_map(|file| file.before.iter().chain(&file.after));
    let blobs = sides.filter(|version| version.mode != SUBMODULE);
    let objects = contents(&copy.git(), &copy.dir, blobs.map(|version| version.id.as_str()));
    let mut objects = objects.map_err(of(&copy.dir))?.into_iter();
    let mut side = |version: Option<Version>, path: PathBuf| {
        let Some(version) = version else {
            return Ok::<_, SnapshotError>(None);
        };
        if version.mode == SUBMODULE {
            let (object, content) = (Vec::new(), Vec::new());
            return Ok(Some(Side {
                version,
                object,
                content,
            }));
        }
        let content = if version.mode & LINK == LINK {
            fs::read_link(&path).map(|target| target.as_os_str().as_bytes().to_vec())
        } else {
            fs::read(&path)
        };
        Ok(Some(Side {
            version,
            object: objects.next().unwrap_or_default(),
            content: content.map_err(of(&path))?,
        }))
    };
    let file = |file: Differing| {
        Ok(RepairedFile {
            before: side(file.before, before.join(&file.path))?,
            after: side(file.after, copy.dir.join(&file.path))?,
            is_left_out: left_out.contains(&file.path),
            path: file.path,
        })
    };
    files.into_iter().map(file).collect()
}
