//! Which toolchain compiles: asked once, and remembered for as long as nothing changes that decides it.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::look::LookRequest;
use crate::digests::FileTree;
use crate::environment::locate;
use crate::model::Digest;
use crate::private_files::{Durability, PrivateDir};

/// Where it is remembered below the state of a repository.
const FILE: &str = "toolchain-1";
/// No such file of ours is larger.
const LARGEST: u64 = 64 * 1024;

/// What stands for the toolchain; nothing where it is not known.
pub(super) fn identity(request: &LookRequest<'_>, tree: &FileTree) -> Option<String> {
    let root = &request.workspace.root;
    let rustc = locate(["rustc"], request.environment, root).remove("rustc")?;
    let asked = question(request, tree, &rustc)?;
    let known = remembered(&request.state_dir, &asked);
    if let Some(answer) = known.filter(Answer::holds) {
        return Some(answer.identity());
    }
    let answer = Answer::ask(&rustc, root, request)?;
    remember(&request.state_dir, &asked, &answer);
    Some(answer.identity())
}

/// Everything that decides which toolchain it is.
fn question(request: &LookRequest<'_>, tree: &FileTree, rustc: &Path) -> Option<String> {
    let root = &request.workspace.root;
    let mut text = format!("{} {}\n", rustc.display(), tree.of_path(rustc).known()?);
    for name in [
        "RUSTUP_TOOLCHAIN",
        "RUSTUP_HOME",
        "HOME",
        "CARGO_HOME",
        "RUSTC",
        "RUSTC_WRAPPER",
    ] {
        let _ = writeln!(text, "{name} {:?}", request.environment.get(name));
    }
    for dir in root.ancestors() {
        for name in ["rust-toolchain", "rust-toolchain.toml"] {
            let _ = writeln!(text, "{}", tree.of_path(&dir.join(name)).known()?);
        }
    }
    let home = request.environment.get("RUSTUP_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(request.environment.get("HOME")?).join(".rustup")));
    if let Some(home) = home {
        let _ = writeln!(text, "{}", tree.of_path(&home.join("settings.toml")).known()?);
    }
    Some(Digest::of(text.as_bytes()).to_string())
}

/// What rustc said of itself.
struct Answer {
    sysroot: PathBuf,
    /// What lies there, by what the system says of it.
    listing: Listing,
    version: String,
}

/// The programs and libraries of a toolchain.
#[derive(Clone, PartialEq, Eq)]
struct Listing {
    /// With times and inodes: whether it is still the same on this machine.
    here: Digest,
    /// With names and sizes alone.
    anywhere: Digest,
}

impl Listing {
    fn of(sysroot: &Path) -> Option<Self> {
        let (mut here, mut anywhere) = (String::new(), String::new());
        for dir in ["bin", "lib", "lib/rustlib"] {
            let mut entries: Vec<_> = fs::read_dir(sysroot.join(dir)).ok()?.filter_map(Result::ok).collect();
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                let found = fs::metadata(entry.path()).ok()?;
                let size = if found.is_dir() { 0 } else { found.len() };
                let _ = writeln!(anywhere, "{dir} {} {size}", entry.file_name().display());
                let (modified, changed) = ((found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec()));
                let _ = writeln!(
                    here,
                    "{dir} {} {size} {modified:?} {changed:?} {}",
                    entry.file_name().display(),
                    found.ino()
                );
            }
        }
        Some(Self {
            here: Digest::of(here.as_bytes()),
            anywhere: Digest::of(anywhere.as_bytes()),
        })
    }
}

impl Answer {
    fn ask(rustc: &Path, root: &Path, request: &LookRequest<'_>) -> Option<Self> {
        let ask = |arguments: &[&str]| {
            #[expect(
                clippy::disallowed_methods,
                reason = "a tool is asked for its version, and ends at once"
            )]
            let mut command = Command::new(rustc);
            command.args(arguments).current_dir(root).env_clear();
            command.envs(request.environment.iter()).stdin(Stdio::null());
            let output = command.output().ok().filter(|output| output.status.success())?;
            String::from_utf8(output.stdout).ok()
        };
        let version = ask(&["-vV"])?;
        let sysroot = PathBuf::from(ask(&["--print", "sysroot"])?.trim_end());
        Some(Self {
            listing: Listing::of(&sysroot)?,
            sysroot,
            version,
        })
    }

    /// Whether the toolchain is the one that gave this answer.
    fn holds(&self) -> bool {
        Listing::of(&self.sysroot).is_some_and(|now| now == self.listing)
    }

    fn identity(&self) -> String {
        Digest::of(format!("{} {}", self.listing.anywhere, self.version).as_bytes()).to_string()
    }
}

fn remembered(state: &Path, asked: &str) -> Option<Answer> {
    let bytes = PrivateDir::open(state, &[]).ok()?.read(FILE, LARGEST).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (sealed, text) = text.split_once('\n')?;
    if sealed != Digest::of(text.as_bytes()).to_string() {
        return None;
    }
    let mut lines = text.splitn(5, '\n');
    if lines.next()? != asked {
        return None;
    }
    let (sysroot, here, anywhere) = (lines.next()?, lines.next()?, lines.next()?);
    Some(Answer {
        sysroot: sysroot.into(),
        listing: Listing {
            here: Digest::from_hex(here)?,
            anywhere: Digest::from_hex(anywhere)?,
        },
        version: lines.next()?.to_owned(),
    })
}

fn remember(state: &Path, asked: &str, answer: &Answer) {
    let Some(sysroot) = answer.sysroot.to_str().filter(|path| !path.contains('\n')) else {
        return;
    };
    let Listing { here, anywhere } = &answer.listing;
    let text = format!("{asked}\n{sysroot}\n{here}\n{anywhere}\n{}", answer.version);
    let sealed = format!("{}\n{text}", Digest::of(text.as_bytes()));
    let dir = PrivateDir::make(state, &[]).map_err(std::io::Error::other);
    if let Err(error) = dir.and_then(|dir| dir.write(FILE, sealed.as_bytes(), Durability::Later)) {
        tracing::debug!(%error, "which toolchain it is cannot be remembered");
    }
}
