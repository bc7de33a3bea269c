//! What differs between two states of the tree, and what that affects: gathers what the pure rooms need to know.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use toml::Table;

use super::dirs::{state_dir, target_dirs};
use super::foreseen::ReadState;
use super::image::run_environment;
use super::{Image, LoadError, LoadOptions, Project};
use crate::affected::{Affected, Input, affected};
use crate::changes::{Ahead, ChangeError, ChangeRequest, ChangeSet, Comparison, Objects, StateFiles, gather};
use crate::config::{Config, ConfigInput, Member, resolve};
use crate::diagnostic::SourceFile;
use crate::environment::{Environment, locate};
use crate::model::CrateName;
use crate::readers::{self, Readers, ReadersRequest};
use crate::workspace::{Files, State, StateError, Workspace, Worktree};

/// What changes affect, and the configuration of the workspace that they are in.
#[derive(Clone, Debug)]
pub struct Survey {
    /// What is affected.
    pub affected: Affected,
    /// The configuration, as it is after the changes.
    pub config: Config,
    state: State,
}

impl Survey {
    /// What names a crate, and only it, after cargo's `-p`.
    #[must_use]
    pub fn spec(&self, name: &CrateName) -> String {
        match (self.state.lock.parse(), self.state.by_name(name)) {
            (Ok(lock), Some(krate)) => {
                let (dir, version) = (krate.dir.display(), &krate.version);
                lock.spec(name.as_str(), version, &format!("path+file://{dir}#{name}@{version}"))
            }
            _ => name.to_string(),
        }
    }
}

/// Why it is not known what changes affect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SurveyError {
    /// There is no workspace.
    #[error("there is no `Cargo.toml` in `{}` or above it", dir.display())]
    NoWorkspace {
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// There is none in the state that was asked about, whatever lies in the working tree.
    #[error("there is no workspace in {state}: it has no `{}`", path.display())]
    NoWorkspaceIn {
        /// The state.
        state: String,
        /// Where its root manifest should be.
        path: PathBuf,
    },
    /// Its manifests cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// Its configuration cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// What was to be compared does not exist.
    #[error(transparent)]
    Changes(#[from] ChangeError),
}

/// Says what changes affect, from the manifests and what git knows: no cargo is asked.
///
/// # Errors
///
/// Where there is no workspace, its configuration is wrong, or what was to be compared does not exist.
#[tracing::instrument(level = "debug", skip_all)]
pub fn survey(options: &LoadOptions, comparison: &Comparison) -> Result<Survey, SurveyError> {
    let scene = Scene {
        root: &root(options)?,
        environment: &options.environment,
        workspace: None,
        ahead: None,
        state: None,
        image: options.image.as_ref(),
    };
    let compared = scene.compare(comparison, base_of(scene.root))?;
    let config = config_of(&compared.after, &compared.after_files(), &options.current_dir)?;
    let affected = scene.affected(&compared, &config);
    Ok(Survey {
        affected,
        config,
        state: compared.after,
    })
}

/// What changes affect in a project that has been loaded.
pub(super) fn of_project(project: &Project, comparison: &Comparison) -> Result<Affected, SurveyError> {
    let workspace = &project.workspace;
    let scene = Scene {
        root: &workspace.root,
        environment: &project.environment,
        workspace: Some(workspace),
        ahead: project.ahead.as_ref(),
        state: project.state.as_ref(),
        image: project.image.as_ref(),
    };
    let mut compared = scene.compare(comparison, project.config.settings.base.clone())?;
    if compared.is_worktree() {
        let known = |name: &CrateName| compared.after.by_name(name).is_some();
        let missed = workspace.crates().iter().find(|krate| !known(&krate.name));
        let why = missed.map(|krate| {
            format!(
                "cargo finds the member `{}`, and the manifests do not show why",
                krate.name
            )
        });
        compared.changes.everything = compared.changes.everything.or(why);
    }
    Ok(scene.affected(&compared, &project.config))
}

/// The directory of the root manifest.
fn root(options: &LoadOptions) -> Result<PathBuf, SurveyError> {
    let none = || SurveyError::NoWorkspace { dir: options.start() };
    options.root().ok_or_else(none)
}

/// The `base` of the configuration. It is needed before the rest can be read, and that says what is wrong with it.
fn base_of(root: &Path) -> Option<String> {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).ok()?;
    let table = manifest.parse::<Table>().ok()?;
    let hooks = |owner: &str| table.get(owner)?.get("metadata")?.get("hooks")?.get("base")?.as_str();
    hooks("workspace").or_else(|| hooks("package")).map(str::to_owned)
}

/// The configuration that the manifests of a state hold.
fn config_of(state: &State, files: &dyn Files, dir: &Path) -> Result<Config, LoadError> {
    let source = |dir_of_manifest: &Path| {
        let path = dir_of_manifest.join("Cargo.toml");
        let text = files.read(&path).map(String::from_utf8);
        let problem = |error: String| LoadError::Manifest {
            path: path.clone(),
            source: std::io::Error::other(error),
        };
        let text = text.ok_or_else(|| problem("it does not exist".to_owned()))?;
        let text = text.map_err(|error| problem(error.to_string()))?;
        let path = path.strip_prefix(dir).unwrap_or(&path).to_owned();
        Ok::<_, LoadError>(Arc::new(SourceFile { path, text }))
    };
    let members = state.crates().iter().map(|krate| {
        let separate = krate.hooks.is_some() && krate.dir != state.root;
        Ok(Member {
            name: krate.name.clone(),
            dir: krate.dir.strip_prefix(&state.root).unwrap_or(&krate.dir).to_owned(),
            manifest: separate.then(|| source(&krate.dir)).transpose()?,
        })
    });
    let input = ConfigInput {
        members: members.collect::<Result<_, LoadError>>()?,
        root: source(&state.root)?,
    };
    resolve(&input).map_err(LoadError::Config)
}

/// Where a comparison takes place.
pub(super) struct Scene<'a> {
    /// The root of the workspace.
    pub(super) root: &'a Path,
    pub(super) environment: &'a Environment,
    /// The workspace as cargo sees it, where that was asked.
    pub(super) workspace: Option<&'a Workspace>,
    /// The first question to git, where it was asked already.
    pub(super) ahead: Option<&'a Ahead>,
    /// What the manifests of the working tree say, where somebody has read them.
    pub(super) state: Option<&'a ReadState>,
    /// What the workspace stands for, where it is an image.
    pub(super) image: Option<&'a Image>,
}

/// Two states, and what differs between them.
pub(super) struct Compared {
    changes: ChangeSet,
    objects: Objects,
    /// The state before, where it is another one than that after and is known.
    before: Before,
    after: State,
}

/// What is known of the state before.
enum Before {
    /// Its manifests are those of the state after.
    Same,
    Known(Box<State>),
    Unknown,
}

/// The sources that may read something.
struct Sources<'s> {
    /// The top of the repository.
    top: &'s Path,
    /// The last commit, where there is one.
    head: Option<String>,
    /// The files in which the state may differ from it.
    beyond_head: &'s BTreeSet<PathBuf>,
    /// The files of the state.
    files: &'s dyn Files,
}

impl Scene<'_> {
    /// What differs. While git looks, the manifests of the working tree are read: most often, nothing else is needed.
    pub(super) fn compare(
        &self,
        comparison: &Comparison,
        default_base: Option<String>,
    ) -> Result<Compared, SurveyError> {
        let request = ChangeRequest {
            comparison: comparison.clone(),
            root: self.root.to_owned(),
            git: self.git(),
            environment: self.environment.clone(),
            ahead: self.ahead.cloned(),
            default_base,
        };
        let (changes, worktree) = thread::scope(|scope| {
            let reading = scope.spawn(|| self.manifests());
            (gather(&request), reading.join())
        });
        let mut changes = changes?;
        if let Comparison::Files(_) = comparison {
            orient(&mut changes, &request);
        }
        let objects = Objects::new(&request, &changes);
        let after = if changes.after.instead.keys().any(|path| decides_state(path)) {
            let state = State::read(&StateFiles::new(&changes.after, &objects), self.root);
            state.map_err(|error| missing(error, &changes.to))?
        } else {
            worktree.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?
        };
        let before = if !changes.files.keys().any(|path| decides_state(path)) {
            Before::Same
        } else if let Some(side) = &changes.before {
            match State::read(&StateFiles::new(side, &objects), self.root) {
                Ok(state) => Before::Known(Box::new(state)),
                Err(error) => {
                    let why = match error {
                        StateError::Missing { .. } => format!("there is no workspace in {}", changes.from),
                        error @ StateError::Manifest { .. } => format!("before the changes, {error}"),
                    };
                    changes.everything.get_or_insert(why);
                    Before::Unknown
                }
            }
        } else {
            Before::Unknown
        };
        Ok(Compared {
            changes,
            objects,
            before,
            after,
        })
    }

    /// What those of the working tree say.
    fn manifests(&self) -> Result<State, StateError> {
        match self.state.and_then(ReadState::take) {
            Some(state) => Ok(state),
            None => State::read(&Worktree::default(), self.root),
        }
    }

    fn git(&self) -> Option<PathBuf> {
        locate(["git"], self.environment, self.root).remove("git")
    }

    /// Which crates that affects.
    pub(super) fn affected(&self, compared: &Compared, config: &Config) -> Affected {
        let before = match &compared.before {
            Before::Same => Some(&compared.after),
            Before::Known(state) => Some(&**state),
            Before::Unknown => None,
        };
        let has_manifest = |dir: &Path| {
            let manifest = dir.join("Cargo.toml");
            manifest.symlink_metadata().is_ok() || compared.changes.files.contains_key(&manifest)
        };
        let affected = affected(&Input {
            before,
            after: &compared.after,
            changes: &compared.changes,
            readers: &self.readers(compared),
            config,
            same_meaning: &compared.same_meaning(),
            workspace: self.workspace,
            has_manifest: &has_manifest,
        });
        tracing::debug!(
            files = affected.files.len(),
            crates = affected.crates().count(),
            "the changes are known"
        );
        affected
    }

    /// What the manifests of the working tree say, and who reads what by its sources: what cargo has recorded is left out.
    pub(super) fn worktree(&self) -> Result<(State, Readers), SurveyError> {
        let worktree = Worktree::default();
        let Ok(compared) = self.compare(&Comparison::Since("HEAD".to_owned()), None) else {
            // Without a repository or a commit, all sources are read.
            let state = State::read(&worktree, self.root)?;
            let none = BTreeSet::new();
            let of = Sources {
                top: self.root,
                head: None,
                beyond_head: &none,
                files: &worktree,
            };
            let readers = self.load_readers(&of, &state, Vec::new());
            return Ok((state, readers));
        };
        let changes = &compared.changes;
        let of = Sources {
            top: &changes.top,
            head: changes.head.clone(),
            beyond_head: &changes.after.beyond_head,
            files: &worktree,
        };
        let readers = self.load_readers(&of, &compared.after, Vec::new());
        Ok((compared.after, readers))
    }

    /// Who reads what. Nobody needs to know where nothing changed, or everything.
    fn readers(&self, compared: &Compared) -> Readers {
        let changes = &compared.changes;
        if changes.files.is_empty() || changes.everything.is_some() {
            return Readers::default();
        }
        let target_dirs = match self.workspace {
            Some(workspace) => vec![workspace.target_dir.clone()],
            None => target_dirs(self.root, &run_environment(self.image, self.environment)),
        };
        let of = Sources {
            top: &changes.top,
            head: changes.head.clone(),
            beyond_head: &changes.after.beyond_head,
            files: &compared.after_files(),
        };
        self.load_readers(&of, &compared.after, target_dirs)
    }

    fn load_readers(&self, of: &Sources<'_>, state: &State, target_dirs: Vec<PathBuf>) -> Readers {
        let crates = state.crates().iter();
        readers::load(&ReadersRequest {
            top: of.top.to_owned(),
            root: self.root.to_owned(),
            head: of.head.clone(),
            beyond_head: of.beyond_head,
            files: of.files,
            git: self.git(),
            environment: self.environment.clone(),
            target_dirs,
            crates: crates
                .map(|krate| (krate.name.to_string(), krate.dir.clone()))
                .collect(),
            state_dir: match self.image {
                Some(image) => Some(image.own_dir.clone()),
                None => state_dir(of.top, self.root, self.environment),
            },
        })
    }
}

impl Compared {
    /// Whether the state after is that of the working tree.
    fn is_worktree(&self) -> bool {
        self.changes.after.instead.is_empty()
    }

    fn after_files(&self) -> StateFiles<'_> {
        StateFiles::new(&self.changes.after, &self.objects)
    }

    /// The changed files that mean to cargo and rustup what they meant before.
    fn same_meaning(&self) -> BTreeSet<PathBuf> {
        let Some(before) = &self.changes.before else {
            return BTreeSet::new();
        };
        let (before, after) = (StateFiles::new(before, &self.objects), self.after_files());
        let table = |files: &StateFiles<'_>, path: &Path| {
            let text = String::from_utf8(files.read(path)?).ok()?;
            text.parse::<Table>().ok()
        };
        let is_same = |path: &&PathBuf| {
            let (old, new) = (table(&before, path), table(&after, path));
            old.is_some() && old == new
        };
        let configures = |path: &&PathBuf| {
            path.ends_with("rust-toolchain.toml")
                || path.ends_with(".cargo/config.toml")
                || path.ends_with(".cargo/config")
        };
        let files = self.changes.files.keys().filter(configures);
        files.filter(is_same).cloned().collect()
    }
}

/// What is missing is missing in another state than the one that people see before them.
fn missing(error: StateError, state: &str) -> SurveyError {
    match error {
        StateError::Missing { path } => SurveyError::NoWorkspaceIn {
            state: state.to_owned(),
            path,
        },
        error @ StateError::Manifest { .. } => error.into(),
    }
}

/// Whether a file decides which crates there are and what they depend on.
fn decides_state(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name == "Cargo.toml" || name == "Cargo.lock")
        || path.ends_with(".cargo/config.toml")
        || path.ends_with(".cargo/config")
}

/// Where the files that changed are given, git has not been asked yet what else the tree holds beyond the last commit.
fn orient(changes: &mut ChangeSet, request: &ChangeRequest) {
    let since_head = ChangeRequest {
        comparison: Comparison::Since("HEAD".to_owned()),
        ..request.clone()
    };
    // Without git or a commit there is nothing to know.
    if let Ok(known) = gather(&since_head) {
        changes.head = known.head;
        changes.after.beyond_head = known.after.beyond_head;
    }
}
