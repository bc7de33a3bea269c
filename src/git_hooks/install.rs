//! Puts our scripts where git looks for hooks, and keeps what was there.
//!
//! First it is found out for every hook whether that can be done; nothing is written while one of them cannot be. At each
//! moment git finds the hook that was there before or ours, and never a part of one.

use std::fmt;
use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, linkat};
use rustix::io::Errno;

use super::existing::{Existing, existing, is_same, metadata};
use super::place::{Place, PlaceError, Unsuitable};
use super::reach::reach;
use super::shim::{KEPT, Shim};
use crate::changes::Git;
use crate::config::Stage;
use crate::environment::Environment;
use crate::private_files::{Durability, NewFile};

/// What is to be put where.
#[derive(Clone, Debug)]
pub(crate) struct InstallRequest<'a> {
    /// Who knows where hooks are.
    pub(crate) git: &'a Git,
    /// The environment in which a script is tried.
    pub(crate) environment: &'a Environment,
    /// The root of the workspace whose checks run.
    pub(crate) workspace: &'a Path,
    /// This program.
    pub(crate) program: PathBuf,
    /// The hooks.
    pub(crate) stages: Vec<Stage>,
}

/// What is there now.
#[derive(Debug)]
pub(crate) struct Installed {
    /// The place.
    pub(crate) place: Place,
    /// Each hook, with what was done and whether another one runs first.
    pub(crate) hooks: Vec<(Stage, Change, Option<PathBuf>)>,
}

/// What was done with a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It was not there.
    New,
    /// It was ours, and another one than now.
    Renewed,
    /// It was there already.
    None,
}

/// Why nothing was put anywhere; `Io` and `NotReached` come later.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InstallError {
    /// There is no repository.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The place is not for us.
    #[error("{unsuitable}")]
    Unsuitable {
        /// Why not.
        unsuitable: Unsuitable,
        /// The way out.
        hint: String,
    },
    /// What is there cannot be kept, hook by hook.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    InTheWay(Vec<InTheWay>),
    /// The system refuses.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// All is in place, and git would not get through to this program.
    #[error("`{}` is in its place, but does not reach `{}`: {problem}", hook.display(), program.display())]
    NotReached {
        /// The hook.
        hook: PathBuf,
        /// This program.
        program: PathBuf,
        /// What happened instead.
        problem: String,
    },
}

/// What keeps a hook from being put in its place.
#[derive(Debug)]
pub(crate) struct InTheWay {
    hook: PathBuf,
    obstacle: Obstacle,
}

/// What it is.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// A hook that another program writes anew.
    Managed {
        /// Its name.
        by: &'static str,
        /// The command that takes it away.
        removal: String,
        /// The line with which it can call us.
        line: String,
    },
    /// The hook runs the checks of another workspace in the repository.
    OtherWorkspace(PathBuf),
    /// There is a hook, and one that was kept before.
    Two(PathBuf),
    /// A directory, a device or the like.
    NoFile,
}

impl fmt::Display for InTheWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hook = self.hook.display();
        match &self.obstacle {
            Obstacle::Managed { by, removal, line } => write!(
                f,
                "`{hook}` belongs to {by}, which would overwrite ours: `{removal}` takes it away; or let {by} run `{line}`"
            ),
            Obstacle::OtherWorkspace(dir) => write!(
                f,
                "`{hook}` runs the checks of the workspace in `{}`, and can run those of one only",
                dir.display()
            ),
            Obstacle::Two(kept) => write!(
                f,
                "`{hook}` is none of ours, and `{}` was kept from before: remove the one that is not to run any more",
                kept.display()
            ),
            Obstacle::NoFile => write!(f, "`{hook}` is no file"),
        }
    }
}

/// What is to be done for one hook.
struct Step {
    stage: Stage,
    hook: PathBuf,
    kept: PathBuf,
    text: Vec<u8>,
    work: Work,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Nothing.
    None,
    /// To write it in the place of nothing, or of ours.
    Write(Change),
    /// To keep what is there first.
    Keep,
}

/// Puts the hooks in their place, and tries each.
pub(crate) fn install(request: &InstallRequest<'_>) -> Result<Installed, InstallError> {
    let place = Place::find(request.git, request.workspace)?;
    if let Some(unsuitable) = place.unsuitable(request.git) {
        let hint = place.instead_of(&unsuitable);
        return Err(InstallError::Unsuitable { unsuitable, hint });
    }
    let steps = steps(request, &place)?;
    if steps.iter().any(|step| step.work != Work::None) {
        let made = DirBuilder::new().recursive(true).mode(0o777).create(&place.dir);
        made.map_err(refused(&place.dir))?;
    }
    let mut hooks = Vec::new();
    for step in &steps {
        let change = step.take().map_err(refused(&step.hook))?;
        let first = metadata(&step.kept).map_err(refused(&step.kept))?;
        hooks.push((step.stage, change, first.map(|_| step.kept.clone())));
    }
    for step in &steps {
        verify(request, &place, step)?;
    }
    Ok(Installed { place, hooks })
}

/// What has to be done, or all that is in the way of it.
fn steps(request: &InstallRequest<'_>, place: &Place) -> Result<Vec<Step>, InstallError> {
    let workspace = below(&place.top, request.workspace);
    let mut steps = Vec::new();
    let mut in_the_way = Vec::new();
    for stage in &request.stages {
        let shim = Shim {
            stage: *stage,
            program: request.program.clone(),
            workspace: workspace.clone(),
        };
        let hook = place.hook(*stage);
        let kept = kept(&hook);
        match work(&shim, &hook, &kept).map_err(refused(&hook))? {
            Ok(work) => steps.push(Step {
                stage: *stage,
                text: shim.text(),
                hook,
                kept,
                work,
            }),
            Err(obstacle) => in_the_way.push(InTheWay { hook, obstacle }),
        }
    }
    if in_the_way.is_empty() {
        Ok(steps)
    } else {
        Err(InstallError::InTheWay(in_the_way))
    }
}

/// What has to be done for one hook, or what is in the way of it.
fn work(shim: &Shim, hook: &Path, kept: &Path) -> io::Result<Result<Work, Obstacle>> {
    Ok(match existing(hook, shim.stage)? {
        Existing::Nothing => Ok(Work::Write(Change::New)),
        Existing::Ours { shim: known, .. } if known.workspace != shim.workspace => {
            Err(Obstacle::OtherWorkspace(known.workspace))
        }
        Existing::Ours { text, .. } if text == shim.text() && super::existing::is_run(hook) => Ok(Work::None),
        Existing::Ours { .. } => Ok(Work::Write(Change::Renewed)),
        Existing::Managed(manager) => Err(Obstacle::Managed {
            by: manager.name,
            removal: match manager.removal {
                "rm" => format!("rm {}", shell_words::quote(&hook.to_string_lossy())),
                command => command.to_owned(),
            },
            line: format!("cargo-hooks git-hook {} -- \"$@\"", shim.stage),
        }),
        Existing::Other if metadata(kept)?.is_none() => Ok(Work::Keep),
        // An installation was interrupted before it came to the second half.
        Existing::Other if is_same(hook, kept)? => Ok(Work::Write(Change::New)),
        Existing::Other => Err(Obstacle::Two(kept.to_owned())),
        Existing::NoFile => Err(Obstacle::NoFile),
    })
}

impl Step {
    fn take(&self) -> io::Result<Change> {
        let change = match self.work {
            Work::None => return Ok(Change::None),
            Work::Write(change) => change,
            Work::Keep => {
                self.keep()?;
                Change::New
            }
        };
        let mut file = NewFile::beside(&self.hook)?;
        file.write_all(&self.text)?;
        // Whoever may read a new file here may run it.
        let mode = file.file().metadata()?.permissions().mode();
        file.file()
            .set_permissions(Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
        file.put(Durability::Now)?;
        Ok(change)
    }

    /// Gives what is there a second name, so that it has the first until ours takes it. Nothing that was kept is replaced.
    fn keep(&self) -> io::Result<()> {
        match linkat(CWD, &self.hook, CWD, &self.kept, AtFlags::empty()) {
            // Somebody else installs at the same time, and was faster.
            Err(Errno::EXIST)
                if is_same(&self.hook, &self.kept)?
                    || matches!(existing(&self.hook, self.stage)?, Existing::Ours { .. }) =>
            {
                Ok(())
            }
            result => Ok(result?),
        }
    }
}

/// Whether git finds what was put there, and gets through to this program.
fn verify(request: &InstallRequest<'_>, place: &Place, step: &Step) -> Result<(), InstallError> {
    let not_reached = |problem: String| InstallError::NotReached {
        hook: step.hook.clone(),
        program: request.program.clone(),
        problem,
    };
    let again = Place::find(request.git, &place.top)?;
    let found = fs::read(again.hook(step.stage)).map_err(refused(&step.hook))?;
    if found != step.text {
        return Err(not_reached("git finds another file there".to_owned()));
    }
    reach(&step.hook, step.stage, &place.top, request.environment).map_err(not_reached)
}

/// The name under which what was there is kept.
pub(super) fn kept(hook: &Path) -> PathBuf {
    let mut name = hook.file_name().unwrap_or_default().to_owned();
    name.push(KEPT);
    hook.with_file_name(name)
}

/// The workspace from the top of the working tree, where git runs hooks.
fn below(top: &Path, workspace: &Path) -> PathBuf {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match real(workspace).strip_prefix(real(top)) {
        Ok(below) if below.as_os_str().is_empty() => ".".into(),
        Ok(below) => below.to_owned(),
        Err(_) => real(workspace),
    }
}

fn refused(path: &Path) -> impl Fn(io::Error) -> InstallError {
    move |source| InstallError::Io {
        path: path.to_owned(),
        source,
    }
}
