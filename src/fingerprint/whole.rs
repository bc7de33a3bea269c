//! The fingerprints of all crates of a state.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::canonical::Canonical;
use super::locked::Locked;
use super::parts::OwnParts;
use crate::affected::{Attribution, FileTouches, Links, parts, root_parts};
use crate::changes::{FileChange, Presence};
use crate::config::{Config, Kind, Kinds};
use crate::model::{CrateName, Digest};
use crate::readers::Readers;
use crate::workspace::{State, Workspace};

/// A file that may count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// From the root of the workspace, or absolute where it is outside.
    pub path: PathBuf,
    /// Of its content, or of what a link leads to; nothing where it cannot be read.
    pub digest: Option<Digest>,
    /// How many bytes it has.
    pub size: u64,
    /// Whether it is a program.
    pub executable: bool,
    /// Whether it is a symbolic link.
    pub link: bool,
}

impl InputFile {
    /// Writes a line that tells it from all others.
    pub(super) fn write(&self, to: &mut String) {
        let what = match (self.link, self.executable) {
            (true, _) => "link",
            (false, true) => "program",
            (false, false) => "file",
        };
        let path = self.path.as_os_str().as_bytes().escape_ascii();
        let _ = match &self.digest {
            Some(digest) => writeln!(to, "{what} {digest} {path}"),
            None => writeln!(to, "{what} unreadable {path}"),
        };
    }
}

/// A state of the workspace, with all that may count.
pub struct Scene<'a> {
    /// What the manifests say.
    pub state: &'a State,
    /// Who reads what, by the sources: what cargo has recorded is no part of a fingerprint.
    pub readers: &'a Readers,
    /// The configuration.
    pub config: &'a Config,
    /// The workspace as cargo sees it.
    pub workspace: Option<&'a Workspace>,
    /// The files, sorted by their paths.
    pub files: &'a [InputFile],
    /// Whether there is a manifest in a directory.
    pub has_manifest: &'a dyn Fn(&Path) -> bool,
}

/// What each crate rests upon.
pub struct Fingerprints<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) own: Vec<OwnParts>,
    pub(super) links: Links,
    pub(super) locked: Locked,
    pub(super) places: BTreeMap<CrateName, usize>,
    /// The crates that each file belongs to.
    pub(super) owners: Vec<Vec<usize>>,
}

impl<'a> Fingerprints<'a> {
    /// Works them out.
    #[must_use]
    #[tracing::instrument(level = "debug", name = "fingerprints", skip_all, fields(files = scene.files.len()))]
    pub fn new(scene: Scene<'a>) -> Self {
        let attribution = Attribution::new(None, scene.state, scene.readers, scene.config, scene.has_manifest);
        let members = scene.state.crates();
        let mut own = vec![OwnParts::default(); members.len()];
        let mut owners = Vec::with_capacity(scene.files.len());
        let there = FileChange {
            before: Presence::Absent,
            after: Presence::File,
        };
        for (place, file) in scene.files.iter().enumerate() {
            let found = attribution.of(&scene.state.root.join(&file.path), there, false);
            let FileTouches {
                owners: of_file,
                touches,
            } = found;
            for (krate, kinds, _) in touches {
                own[krate].add_file(place, kinds);
            }
            owners.push(of_file);
        }
        let canonical = Canonical::new(&scene.state.root);
        let locked = Locked::new(scene.state, &canonical);
        add_manifests(&mut own, scene.state, &canonical);
        add_locked(&mut own, &locked);
        for parts in &mut own {
            parts.close(scene.files);
        }
        Self {
            links: attribution.links(scene.config, scene.workspace),
            places: (members.iter().enumerate())
                .map(|(place, member)| (member.name.clone(), place))
                .collect(),
            locked,
            own,
            owners,
            scene,
        }
    }
}

fn add_manifests(own: &mut [OwnParts], state: &State, canonical: &Canonical<'_>) {
    let of_root: Vec<(Kinds, String)> = (root_parts(&state.settings).into_iter())
        .map(|part| {
            (
                part.kinds,
                format!("root {} {}", part.name, canonical.value(&part.value)),
            )
        })
        .collect();
    for (parts_of_crate, member) in own.iter_mut().zip(state.crates()) {
        let dir = member.dir.strip_prefix(&state.root).unwrap_or(&member.dir);
        parts_of_crate.add_line(Kinds::ALL, &format!("in {}", dir.as_os_str().as_bytes().escape_ascii()));
        for (kinds, line) in &of_root {
            parts_of_crate.add_line(*kinds, line);
        }
        for part in parts(member) {
            let line = format!("manifest {} {}", part.name, canonical.value(&part.value));
            parts_of_crate.add_line(part.kinds, &line);
        }
    }
}

fn add_locked(own: &mut [OwnParts], locked: &Locked) {
    for (place, parts) in own.iter_mut().enumerate() {
        for (kind, digest) in [
            (Kind::Source, &locked.source[place]),
            (Kind::DevDependencies, &locked.tests[place]),
        ] {
            let kinds = Kinds::of(&[kind]);
            match digest {
                Some(digest) => parts.add_line(kinds, &format!("locked {digest}")),
                None => parts.add_unknown(kinds),
            }
        }
    }
}
