//! What cargo said of a workspace, kept until something that it rests on has changed. A warm run then starts no cargo.
//!
//! Nothing here is an error: what cannot be kept or read is asked for again.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::graph::{Parts, Workspace};
use super::manifests::find_root;
use super::metadata::LoadRequest;
use super::state::State;
use super::witness::{Held, Question, Recorder, Witness, hex};
use crate::private_files::{Durability, PrivateDir};

/// The form of the file. Another one is another name.
const NAME: &str = "workspace-2";
/// No file of ours is larger: a workspace of ten thousand crates needs a tenth of it.
const LARGEST: u64 = 256 * 1024 * 1024;

/// One answer of cargo's.
#[derive(Serialize, Deserialize)]
struct Remembered<P> {
    /// Which cargo was asked, and the variables that it heeds.
    asked: String,
    /// What the answer rests on.
    witness: Witness,
    workspace: P,
}

/// The workspace as cargo described it last, if it would say the same again.
#[tracing::instrument(level = "debug", skip_all)]
pub(crate) fn recall(request: &LoadRequest) -> Option<Workspace> {
    let (dir, root) = memory(request)?;
    let bytes = PrivateDir::open(dir, &[]).ok()?.read(NAME, LARGEST).ok()?;
    let (sum, json) = bytes.split_at_checked(64)?;
    if sum != checksum(json).as_bytes() {
        tracing::warn!(dir = %dir.display(), "what cargo said last is damaged, and is asked for again");
        return None;
    }
    let remembered: Remembered<Parts> = serde_json::from_slice(json).ok()?;
    let fits = remembered.workspace.root == root
        && stands_in(&remembered.workspace, &request.current_dir)
        && remembered.asked == asked(request);
    if !fits {
        return None;
    }
    match remembered.witness.holds(SystemTime::now()) {
        Held::No => return None,
        Held::Yes => {}
        Held::Anew(witness) => keep(
            dir,
            &Remembered {
                asked: remembered.asked,
                witness,
                workspace: &remembered.workspace,
            },
        ),
    }
    Some(Workspace::new(remembered.workspace))
}

/// Keeps what cargo said, unless something may have changed since it was asked.
#[tracing::instrument(level = "debug", skip_all)]
pub(super) fn remember(request: &LoadRequest, began: SystemTime, recorder: Recorder, parts: &Parts) {
    let Some((dir, root)) = memory(request) else { return };
    if root != parts.root || !stands_in(parts, &request.current_dir) {
        return;
    }
    // All manifests, and the directories in which members were looked for.
    if find_root(&recorder, &root).is_none() || State::read(&recorder, &root).is_err() {
        return;
    }
    let mut questions = recorder.asked();
    questions.extend(of_cargo(parts, request));
    let witness = Witness::ask(questions, SystemTime::now());
    let sources = parts.crates.iter().flat_map(|member| &member.targets);
    if !witness.is_older_than(began) || !sources.map(|target| &target.source).all(|source| source.is_file()) {
        return;
    }
    let remembered = Remembered {
        asked: asked(request),
        witness,
        workspace: parts,
    };
    keep(dir, &remembered);
}

/// Where the answer is kept, and the root of the workspace that it is about.
fn memory(request: &LoadRequest) -> Option<(&Path, PathBuf)> {
    let memory = request.memory.as_ref()?;
    // Cargo would read the configuration of the one directory, and the manifests of the other.
    if request.manifest_path.is_some() {
        return None;
    }
    Some((&memory.dir, memory.root.clone()))
}

/// Whether cargo says the same when it is asked in this directory as in the root: no member but those that are known
/// lies around it, and no configuration of its own.
fn stands_in(parts: &Parts, dir: &Path) -> bool {
    let mut below = dir.ancestors().take_while(|dir| *dir != parts.root);
    let own = [
        ".cargo/config.toml",
        ".cargo/config",
        "rust-toolchain.toml",
        "rust-toolchain",
    ];
    dir.starts_with(&parts.root)
        && below.all(|dir| {
            let is_known = || parts.crates.iter().any(|member| member.dir == dir);
            own.iter().all(|name| !dir.join(name).exists()) && (!dir.join("Cargo.toml").exists() || is_known())
        })
}

/// What cargo looks at beside the manifests.
fn of_cargo(parts: &Parts, request: &LoadRequest) -> BTreeSet<Question> {
    let mut questions = BTreeSet::new();
    for member in &parts.crates {
        questions.insert(Question::Content(member.manifest.clone()));
        let found = ["src/lib.rs", "src/main.rs", "build.rs"].map(|name| member.dir.join(name));
        let named = member.targets.iter().map(|target| target.source.clone());
        questions.extend(found.into_iter().chain(named).map(Question::Exists));
        let dirs = ["src/bin", "tests", "examples", "benches"].map(|name| member.dir.join(name));
        questions.extend(dirs.map(Question::Sources));
    }
    for dir in parts.root.ancestors() {
        let files = [
            "Cargo.toml",
            ".cargo/config.toml",
            ".cargo/config",
            "rust-toolchain.toml",
            "rust-toolchain",
        ];
        questions.extend(files.map(|name| Question::Content(dir.join(name))));
    }
    let home = |variable: &str, default: &str| {
        let environment = &request.environment;
        let given = environment.get(variable).map(PathBuf::from);
        given.or_else(|| Some(Path::new(environment.get("HOME")?).join(default)))
    };
    let of_user = [
        ("CARGO_HOME", ".cargo", "config.toml"),
        ("CARGO_HOME", ".cargo", "config"),
        ("RUSTUP_HOME", ".rustup", "settings.toml"),
    ];
    let of_user = of_user.map(|(variable, default, name)| Some(home(variable, default)?.join(name)));
    questions.extend(of_user.into_iter().flatten().map(Question::Content));
    questions
}

/// Which cargo is asked, and the variables that it heeds.
fn asked(request: &LoadRequest) -> String {
    let mut text = request.cargo.display().to_string();
    if let Ok(found) = fs::metadata(&request.cargo) {
        let _ = write!(
            text,
            " {} {} {} {}",
            found.ino(),
            found.len(),
            found.mtime(),
            found.mtime_nsec()
        );
    }
    // Cargo knows nothing of ours.
    let is_ours = |name: &str| name.starts_with("CARGO_HOOKS");
    let heeded =
        |name: &str| (name.starts_with("CARGO") && !is_ours(name)) || name.starts_with("RUSTUP") || name == "HOME";
    for (name, value) in request.environment.iter() {
        let name = name.to_string_lossy();
        if heeded(&name) {
            let _ = write!(text, "\n{name}={}", value.to_string_lossy());
        }
    }
    checksum(text.as_bytes())
}

fn checksum(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

/// Whole or not at all, and for no other user to read.
fn keep(dir: &Path, remembered: &Remembered<&Parts>) {
    // A path that is no text cannot be written in this form.
    let Ok(json) = serde_json::to_string(remembered) else {
        return;
    };
    let dir = match PrivateDir::make(dir, &[]) {
        Ok(dir) => dir,
        Err(reason) => return tracing::debug!(%reason, "what cargo said cannot be kept"),
    };
    dir.sweep(SystemTime::now());
    let bytes = [checksum(json.as_bytes()).as_bytes(), json.as_bytes()].concat();
    if let Err(error) = dir.write(NAME, &bytes, Durability::Later) {
        tracing::debug!(%error, dir = %dir.path().display(), "what cargo said cannot be kept");
    }
}
