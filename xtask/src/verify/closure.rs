//! Holds what a change in each member affects against what cargo's own tree of dependents says.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cargo_hooks::affected::{Input, affected};
use cargo_hooks::changes::{ChangeSet, FileChange, Presence, Side};
use cargo_hooks::config::{Config, ConfigInput, Kinds, resolve};
use cargo_hooks::diagnostic::SourceFile;
use cargo_hooks::environment::Environment;
use cargo_hooks::readers::Readers;
use cargo_hooks::workspace::{Crate, LoadRequest, State, Target, TargetKind, Workspace, Worktree, load};

use super::cargo::Programs;
use super::tree::Tree;

/// The command that is compared with, for each member. Nothing is written: a lock file that is missing or old is an error.
const TREE: [&str; 11] = [
    "tree",
    "--locked",
    "--workspace",
    "--edges",
    "normal,build,dev",
    "--all-features",
    "--target",
    "all",
    "--charset",
    "ascii",
    "--invert",
];

/// Compares every member of the workspace of a directory, and prints every difference.
#[expect(
    clippy::disallowed_macros,
    reason = "a program for developers, which nobody pipes into another"
)]
pub(super) fn verify(dir: &Path, environment: &Environment) -> Result<usize, Box<dyn Error>> {
    let programs = Programs::new(dir, environment);
    let workspace = load(&LoadRequest {
        memory: None,
        cargo: programs.locate("cargo")?,
        current_dir: dir.to_owned(),
        manifest_path: None,
        environment: environment.clone(),
    })?;
    let state = State::read(&Worktree::default(), &workspace.root)?;
    let config = no_config()?;
    let (mut differences, mut reached, mut took) = (0, 0, Duration::ZERO);
    for member in workspace.crates() {
        let told = told_by_cargo(&programs, &workspace, member)?;
        let start = Instant::now();
        let ours = match source_of(member) {
            Some(source) => told_by_us(&state, source, &config),
            None => BTreeSet::new(),
        };
        took += start.elapsed();
        for name in told.difference(&ours) {
            println!("- a change in {} reaches {name}", member.name);
        }
        for name in ours.difference(&told) {
            println!("+ a change in {} reaches {name}", member.name);
        }
        differences += told.symmetric_difference(&ours).count();
        reached += told.len();
    }
    let (members, dir) = (workspace.crates().len(), dir.display());
    println!("{dir}: {members} members reach {reached} crates, worked out in {took:.1?}, {differences} differences");
    Ok(differences)
}

fn told_by_cargo(
    programs: &Programs,
    workspace: &Workspace,
    member: &Crate,
) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let spec = [member.package_id.as_str()];
    let text = programs.text("cargo", &[&TREE[..], &spec].concat())?;
    let tree = Tree::parse(&text);
    let reached = tree.reached();
    if reached.is_empty() {
        return Err(format!("cargo shows no tree for {}", member.name).into());
    }
    let is = |member: &Crate, package: &str| {
        package.starts_with(&format!("{} v", member.name)) && package.ends_with(&format!("({})", member.dir.display()))
    };
    let members = workspace.crates().iter();
    let reached = members.filter(|member| reached.iter().any(|package| is(member, package)));
    Ok(reached.map(|member| member.name.to_string()).collect())
}

/// What one changed source affects. Nobody reads a source of another crate here: that is no dependency, and
/// cargo's tree does not know of it.
fn told_by_us(state: &State, source: PathBuf, config: &Config) -> BTreeSet<String> {
    let changes = change(&state.root, source);
    let affected = affected(&Input {
        before: Some(state),
        after: state,
        changes: &changes,
        readers: &Readers::default(),
        config,
        same_meaning: &BTreeSet::new(),
        workspace: None,
        has_manifest: &|dir| dir.join("Cargo.toml").is_file(),
    });
    let built = affected.crates().filter(|krate| krate.kinds.meets(Kinds::BUILT));
    built.map(|krate| krate.name.to_string()).collect()
}

/// The source of what others can depend on, where there is one: nobody depends on a program or a test.
fn source_of(member: &Crate) -> Option<PathBuf> {
    let is_library = |target: &&Target| matches!(target.kind, TargetKind::Lib | TargetKind::ProcMacro);
    let library = member.targets.iter().find(is_library);
    let target = library.or_else(|| member.targets.first())?;
    Some(target.source.clone())
}

fn change(root: &Path, file: PathBuf) -> ChangeSet {
    let changed = FileChange {
        before: Presence::File,
        after: Presence::File,
    };
    ChangeSet {
        top: root.to_owned(),
        from: "a tree".to_owned(),
        to: "the same tree with one source changed".to_owned(),
        files: BTreeMap::from([(file, changed)]),
        everything: None,
        notes: Vec::new(),
        before: Some(Side::default()),
        after: Side::default(),
        head: None,
    }
}

/// The configuration of a workspace that has none: what it declares is no dependency either.
fn no_config() -> Result<Config, Box<dyn Error>> {
    let root = SourceFile {
        path: "Cargo.toml".into(),
        text: String::new(),
    };
    let input = ConfigInput {
        root: Arc::new(root),
        members: Vec::new(),
    };
    resolve(&input).map_err(|mistakes| mistakes.to_string().into())
}
