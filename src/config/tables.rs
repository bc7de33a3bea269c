//! The manifests, and the tables in them that are for us.

use std::path::PathBuf;
use std::sync::Arc;

use toml::de::DeTable;

use super::definition::Retry;
use super::raw::{NamedCheck, Place, RawHooks};
use super::reader::Reader;
use crate::diagnostic::{Diagnostics, SourceFile, Span};
use crate::model::CrateName;

/// The checks of a workspace that configures none.
const DEFAULT_CHECKS: &str = "[workspace.metadata.hooks.checks]\nfmt = true\nclippy = true\ntest = true\ndoc = true\n";

/// The manifests.
#[derive(Clone, Debug)]
pub struct ConfigInput {
    /// The manifest of the workspace root.
    pub root: Arc<SourceFile>,
    /// The members, in the order of the workspace.
    pub members: Vec<Member>,
}

/// A member of the workspace.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: CrateName,
    /// Its directory relative to the workspace root; empty for the root package.
    pub dir: PathBuf,
    /// Its manifest, where that has a table for us. The root package's is [`ConfigInput::root`].
    pub manifest: Option<Arc<SourceFile>>,
}

impl Member {
    /// Whether something is written in this package's own manifest.
    pub(super) fn is_written_in(&self, span: &Span) -> bool {
        self.manifest.as_ref().is_some_and(|file| Arc::ptr_eq(file, &span.file))
    }
}

/// What is wrong with the TOML of a manifest, for a manifest that cargo itself refuses.
#[must_use]
pub fn syntax_mistakes(file: &Arc<SourceFile>) -> Diagnostics {
    let mut mistakes = Diagnostics::default();
    parse(file, &mut mistakes);
    mistakes.sorted()
}

/// The document, or nothing where what can be made of it may not be what was meant.
fn parse<'f>(file: &'f Arc<SourceFile>, mistakes: &mut Diagnostics) -> Option<DeTable<'f>> {
    let (document, errors) = DeTable::parse_recoverable(&file.text);
    let mut reader = Reader { file, mistakes };
    let mut sound = true;
    for error in errors {
        let duplicate = error.message() == "duplicate key";
        let range = error.span().unwrap_or(0..0);
        if duplicate {
            let key = file.text.get(range.clone()).unwrap_or_default();
            reader.mistake("duplicate-key", range, format!("the key `{key}` is given twice"));
        } else {
            reader.mistake("syntax", range, error.message());
        }
        sound &= duplicate;
    }
    sound.then(|| document.into_inner())
}

/// A package's table.
pub(super) struct PackageTable<'i> {
    pub(super) member: &'i Member,
    pub(super) hooks: RawHooks,
}

/// Every table that was found.
pub(super) struct Tables<'i> {
    /// The table that holds for the whole workspace: its own, or that of the only package. None or one.
    pub(super) base: Vec<RawHooks>,
    pub(super) base_checks: Vec<NamedCheck>,
    /// Those that refine it for a package.
    pub(super) packages: Vec<PackageTable<'i>>,
    /// Whether every table could be read. If not, whatever seems to be missing may stand there.
    pub(super) complete: bool,
}

impl<'i> Tables<'i> {
    pub(super) fn read(input: &'i ConfigInput, mistakes: &mut Diagnostics) -> Self {
        let root = parse(&input.root, mistakes);
        let mut tables = Self {
            base: Vec::new(),
            base_checks: Vec::new(),
            packages: Vec::new(),
            complete: root.is_some(),
        };
        let file = &input.root;
        let root_table =
            |place, mistakes: &mut Diagnostics| RawHooks::find(root.as_ref()?, place, &mut Reader { file, mistakes });
        tables.base.extend(root_table(Place::Workspace, mistakes));
        for member in &input.members {
            let hooks = if member.dir.as_os_str().is_empty() {
                root_table(Place::Package, mistakes)
            } else if let Some(file) = &member.manifest {
                let document = parse(file, mistakes);
                tables.complete &= document.is_some();
                document.and_then(|document| RawHooks::find(&document, Place::Package, &mut Reader { file, mistakes }))
            } else {
                None
            };
            match hooks {
                // In a repository of one package, its table is the whole configuration.
                Some(hooks) if tables.base.is_empty() && input.members.len() == 1 => tables.base.push(hooks),
                Some(hooks) => tables.packages.push(PackageTable { member, hooks }),
                None => {}
            }
        }
        let packages = tables.packages.iter().map(|table| &table.hooks);
        tables.complete &= tables.base.iter().chain(packages).all(|hooks| hooks.readable);
        tables.base_checks = tables.base.iter().flat_map(|table| table.checks.clone()).collect();
        tables
    }

    pub(super) fn timeout(&self) -> Option<std::time::Duration> {
        let base = self.base.first()?;
        base.settings.timeout.as_ref().map(|timeout| timeout.value)
    }

    pub(super) fn retry(&self) -> Retry {
        let settings = self.base.first().map(|base| &base.settings);
        let times = settings.and_then(|settings| settings.retries.as_ref());
        let backoff = settings.and_then(|settings| settings.backoff.as_ref());
        Retry {
            times: times.map_or(Retry::NEVER.times, |times| times.0),
            backoff: backoff.map_or(Retry::NEVER.backoff, |backoff| backoff.value),
        }
    }
}

/// The checks of a workspace that configures none.
pub(super) fn default_checks() -> Vec<NamedCheck> {
    let file = Arc::new(SourceFile {
        path: "the default checks".into(),
        text: DEFAULT_CHECKS.to_owned(),
    });
    let mut mistakes = Diagnostics::default();
    let document = parse(&file, &mut mistakes).unwrap_or_default();
    let mut reader = Reader {
        file: &file,
        mistakes: &mut mistakes,
    };
    let hooks = RawHooks::find(&document, Place::Workspace, &mut reader);
    debug_assert!(mistakes.is_empty(), "the default checks are wrong: {mistakes}");
    hooks.map(|hooks| hooks.checks).unwrap_or_default()
}
