//! The fingerprints of all crates of a state.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::OnceLock;

use super::action::Directories;
use super::canonical::Canonical;
use super::files::{Files, InputFile};
use super::key::Everything;
use super::locked::Locked;
use super::parts::OwnParts;
use crate::affected::{Attribution, FileTouches, Links, parts, root_parts};
use crate::changes::{FileChange, Presence};
use crate::config::{Config, Kind, Kinds};
use crate::model::CrateName;
use crate::readers::Readers;
use crate::workspace::{State, Workspace};

/// A state of the workspace, with all that may count.
pub struct Scene<'a> {
    /// What the manifests say.
    pub state: State,
    /// Who reads what, by the sources: what cargo has recorded is no part of a fingerprint.
    pub readers: &'a Readers,
    /// The configuration.
    pub config: &'a Config,
    /// The workspace as cargo sees it.
    pub workspace: Option<&'a Workspace>,
    /// The files, sorted by their paths.
    pub files: Vec<InputFile>,
    /// Whether there is a manifest in a directory.
    pub has_manifest: &'a dyn Fn(&Path) -> bool,
}

/// What each crate rests upon.
pub struct Fingerprints {
    pub(super) state: State,
    pub(super) files: Files,
    pub(super) own: Vec<OwnParts>,
    pub(super) links: Links,
    pub(super) locked: Locked,
    pub(super) places: BTreeMap<CrateName, usize>,
    /// The crates that each file belongs to.
    pub(super) owners: Vec<Vec<usize>>,
    /// What rests upon every file, worked out where something does.
    pub(super) everything: OnceLock<Everything>,
    pub(super) directories: Directories,
}

impl Fingerprints {
    /// Works them out.
    #[must_use]
    #[tracing::instrument(level = "debug", name = "fingerprints", skip_all, fields(files = scene.files.len()))]
    pub fn new(scene: Scene<'_>) -> Self {
        let (state, files) = (scene.state, Files::new(scene.files));
        let attribution = Attribution::new(None, &state, scene.readers, scene.config, scene.has_manifest);
        let members = state.crates();
        let mut own = vec![OwnParts::default(); members.len()];
        let mut owners = Vec::with_capacity(files.all().len());
        let there = FileChange {
            before: Presence::Absent,
            after: Presence::File,
        };
        for (place, file) in files.all().iter().enumerate() {
            let found = attribution.of(&state.root.join(&file.path), there, false);
            let FileTouches {
                owners: of_file,
                touches,
            } = found;
            for (krate, kinds, _) in touches {
                own[krate].add_file(place, kinds);
            }
            owners.push(of_file);
        }
        let canonical = Canonical::new(&state.root);
        let locked = Locked::new(&state, &canonical);
        add_manifests(&mut own, &state, &canonical);
        add_locked(&mut own, &locked);
        for parts in &mut own {
            parts.close(&files);
        }
        Self {
            links: attribution.links(scene.config, scene.workspace),
            places: (members.iter().enumerate())
                .map(|(place, member)| (member.name.clone(), place))
                .collect(),
            locked,
            own,
            owners,
            everything: OnceLock::new(),
            directories: Directories::default(),
            state,
            files,
        }
    }

    /// What the manifests say.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// All files that may count, sorted by their paths.
    #[must_use]
    pub fn files(&self) -> &[InputFile] {
        self.files.all()
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
