//! The changes that are made to a workspace, one at a time, to see what cargo builds again.

mod files;
mod manifests;
mod settings;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_hooks::workspace::{Crate, Target, TargetKind, Workspace};
use serde_json::Value as Json;
use toml_edit::{DocumentMut, Item, Table, TableLike};

use super::random::Random;
use super::records::Records;
use super::scratch::Scratch;

/// What was changed, in words; nothing where the workspace has nothing of the sort.
pub(crate) type Mutated = Result<Option<String>, Box<dyn Error>>;

/// A sort of change.
#[derive(Clone, Copy)]
pub(crate) struct Mutation {
    pub(crate) name: &'static str,
    pub(crate) apply: fn(&mut Site<'_>) -> Mutated,
}

const fn mutation(name: &'static str, apply: fn(&mut Site<'_>) -> Mutated) -> Mutation {
    Mutation { name, apply }
}

/// All sorts of change.
pub(crate) fn all() -> impl Iterator<Item = Mutation> {
    [files::ALL, manifests::ALL, settings::ALL]
        .into_iter()
        .flatten()
        .copied()
}

/// What is known of the workspace as it is before any change.
pub(crate) struct Facts {
    pub(crate) workspace: Workspace,
    /// The files that git knows.
    pub(crate) tracked: Vec<PathBuf>,
    pub(crate) records: Records,
    /// All packages, as `cargo metadata` tells of them.
    pub(crate) packages: Vec<Json>,
}

impl Facts {
    pub(crate) fn of(scratch: &Scratch) -> Result<Self, Box<dyn Error>> {
        let workspace = scratch.workspace()?;
        let dirs = workspace.crates().iter();
        let dirs: Vec<_> = dirs.map(|krate| (krate.name.to_string(), krate.dir.clone())).collect();
        let arguments = ["metadata", "--format-version=1", "--locked"];
        let metadata: Json = serde_json::from_str(&scratch.programs().text("cargo", &arguments)?)?;
        Ok(Self {
            records: Records::load(&scratch.target_dir(), &scratch.root, &dirs)?,
            tracked: scratch.tracked()?,
            packages: metadata["packages"].as_array().cloned().unwrap_or_default(),
            workspace,
        })
    }
}

/// Where a change is made.
pub(crate) struct Site<'s> {
    pub(crate) scratch: &'s Scratch,
    pub(crate) facts: &'s Facts,
    pub(crate) random: Random,
    /// The number of the change: what is new is named after it.
    pub(crate) number: usize,
}

impl Site<'_> {
    fn root(&self) -> &Path {
        &self.scratch.root
    }

    /// A path for people.
    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.root()).unwrap_or(path).display().to_string()
    }

    /// A member, among those that fit.
    fn member(&mut self, fits: impl Fn(&Crate) -> bool) -> Option<Crate> {
        let members = self.facts.workspace.crates().iter();
        let fitting: Vec<&Crate> = members.filter(|member| fits(member)).collect();
        self.random.pick(&fitting).cloned()
    }

    /// A target of one of these kinds, with its package.
    fn target(&mut self, kinds: &[TargetKind]) -> Option<(Crate, Target)> {
        let is = |target: &&Target| kinds.contains(&target.kind);
        let member = self.member(|member| member.targets.iter().any(|target| is(&target)))?;
        let targets: Vec<Target> = member.targets.iter().filter(is).cloned().collect();
        Some((member, self.random.pick(&targets)?))
    }

    /// A file that git knows, among those that fit.
    fn tracked(&mut self, fits: impl Fn(&Path) -> bool) -> Option<PathBuf> {
        let fitting: Vec<&PathBuf> = self.facts.tracked.iter().filter(|path| fits(path)).collect();
        self.random.pick(&fitting).cloned()
    }

    fn is_target(&self, path: &Path) -> bool {
        let mut targets = self.facts.workspace.crates().iter().flat_map(|krate| &krate.targets);
        targets.any(|target| target.source == path)
    }

    /// Whether the compiler or a build script is known to look at a file.
    fn is_read(&self, path: &Path) -> bool {
        let records = &self.facts.records;
        records.read.contains(path) || path.ancestors().any(|path| records.watched.contains(path))
    }

    fn append(&self, path: &Path, text: &str) -> Mutated {
        let mut bytes = fs::read(path)?;
        bytes.extend(text.as_bytes());
        fs::write(path, bytes)?;
        Ok(Some(self.shown(path)))
    }

    fn create(&self, path: &Path, text: &str) -> Mutated {
        if path.exists() {
            return Ok(None);
        }
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        fs::write(path, text)?;
        Ok(Some(self.shown(path)))
    }

    fn append_or_create(&self, path: &Path, text: &str) -> Mutated {
        if path.exists() {
            self.append(path, text)
        } else {
            self.create(path, text)
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> Mutated {
        if to.exists() {
            return Ok(None);
        }
        fs::create_dir_all(to.parent().unwrap_or(to))?;
        fs::rename(from, to)?;
        Ok(Some(format!("{} to {}", self.shown(from), self.shown(to))))
    }

    /// Edits a TOML file, which need not exist. The edit says what it did, or nothing.
    fn edit(&self, path: &Path, edit: impl FnOnce(&mut DocumentMut) -> Option<String>) -> Mutated {
        let text = fs::read_to_string(path).unwrap_or_default();
        let mut document: DocumentMut = text.parse()?;
        let Some(what) = edit(&mut document) else {
            return Ok(None);
        };
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        fs::write(path, document.to_string())?;
        Ok(Some(format!("{}: {what}", self.shown(path))))
    }

    fn root_manifest(&self) -> PathBuf {
        self.root().join("Cargo.toml")
    }
}

/// The table of this name, made where there is none.
fn table<'t>(within: &'t mut dyn TableLike, name: &str) -> Option<&'t mut dyn TableLike> {
    let item = within.entry(name).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    item.as_table_like_mut()
}

/// The table at this path, made where there is none.
fn table_at<'t>(document: &'t mut DocumentMut, path: &[&str]) -> Option<&'t mut dyn TableLike> {
    let mut within: &mut dyn TableLike = document.as_table_mut();
    for name in path {
        within = table(within, name)?;
    }
    Some(within)
}

/// Adds one word to a list of words, made where there is none.
fn add_word(within: &mut dyn TableLike, key: &str, word: &str) -> Option<()> {
    let list = within
        .entry(key)
        .or_insert_with(|| Item::Value(toml_edit::Array::new().into()));
    list.as_array_mut()?.push(word);
    Some(())
}
