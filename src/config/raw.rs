//! What a person may write, key by key. Nothing here knows what it means together.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::{Value as Json, json};
use toml::de::{DeTable, DeValue};

use super::command::{Arguments, Argv, Script};
use super::definition::Requirement;
use super::reader::{Node, Reader, Value, listed, table};
use super::stages::RawStages;
use super::value::{
    Count, NamePattern, OuterPattern, Pattern, Priority, Retries, Revision, UntrackedFile, VariablePattern, check_name,
};
use super::words::{Affects, Kind, OnMissing, Operation, Order, Platform, Scope, Stage, Strategy, TargetNeed};
use crate::diagnostic::{Diagnostic, Diagnostics, Located, SourceFile, Span, nearest};
use crate::model::{CheckName, CrateName, Dialect};
use crate::presets;

table! {
    /// The settings of a whole run.
    pub(super) struct RawSettings {
        /// How many tasks run at a time, and whether what earlier runs have taught is used.
        "strategy" => strategy: Strategy,
        /// What goes first among the tasks that could start. It follows from the strategy where it is not given.
        "order" => order: Order,
        /// How many slots there are; without it, as many as the machine has processors.
        "max-parallel" => max_parallel: Count,
        /// How long a task may take, where its check says nothing. Without it there is no limit.
        "timeout" => timeout: Duration,
        /// How often a task that failed is tried again, where its check says nothing. Without it, never.
        "retries" => retries: Retries,
        /// How long it waits before that, where its check says nothing: twice as long before each further try.
        "backoff" => backoff: Duration,
        /// Whether the first failure ends the run.
        "fail-fast" => fail_fast: bool,
        /// Whether the failure of a check that is `critical` ends the run. It does by default.
        "stop-on-critical-failure" => stop_on_critical_failure: bool,
        /// What `--changed-only` compares with: the place where the branch left it. Without it, the upstream of the branch,
        /// else the default branch.
        "base" => base: Revision,
        /// Files that are not committed and that checks need nevertheless, relative to the workspace root: they are copied
        /// into the snapshots that hooks check in.
        "snapshot-includes" => snapshot_includes: Vec<Located<UntrackedFile>>,
        /// What hooks do beside running checks, by their stages. With `fix = true`, one repairs what is going to be committed
        /// before it checks that, by the `fix` of the checks; with `stage-fixes = true`, that becomes part of the commit, which
        /// stops there else.
        "stages" => stages: RawStages,
        /// What changes of some files mean to crates, whoever owns the files.
        "rules" => rules: Vec<Located<RawRule>>,
    }
}

table! {
    /// What some files mean to crates.
    pub(super) struct RawRule {
        /// The files.
        "files" => files: Vec<Located<Pattern>>,
        /// The crates that a change of one of them touches, as names with `*` and `?`. None: such a change touches nobody.
        "packages" => packages: Vec<Located<NamePattern>>,
    }
}

table! {
    /// What a package says about itself, beside its checks.
    pub(super) struct RawPackage {
        /// The workspace's checks that this package does not want.
        "skip" => skip: Vec<Located<CheckName>>,
        /// Files outside of this package that it reads. A pattern may begin with `../`.
        "reads" => reads: Vec<Located<OuterPattern>>,
        /// The crates whose programs the tests of this package start.
        "uses" => uses: Vec<Located<CrateName>>,
    }
}

table! {
    /// One check.
    pub(super) struct RawCheck {
        /// The built-in check that this one starts from. A check whose name is that of a preset starts from it.
        "preset" => preset: CheckName,
        /// The command: a list of arguments, or a string that is split into words as a POSIX shell does it.
        "run" => run: Argv,
        /// The command, for `sh -c`.
        "shell" => shell: Script,
        /// Further arguments at the end of the command, and of the one that repairs.
        "args" => args: Arguments,
        /// The command that repairs what the check finds; `--fix` runs it before the check.
        "fix" => fix: Argv,
        /// Whether that command writes no file, but prints a unified diff, which is then applied.
        "diff" => diff: bool,
        /// Whether the command reads a file on its standard input, and writes what that file should be. It is run once for
        /// each of `files`; `--fix` makes them so.
        "filter" => filter: bool,
        /// What one task works on. It follows from the placeholders where it is not given.
        "scope" => scope: Scope,
        /// When the check runs.
        "stages" => stages: Vec<Located<Stage>>,
        /// What git must not be in the middle of: a hook leaves the check out then.
        "skip-in" => skip_in: Vec<Located<Operation>>,
        /// The files that the check is about: it runs only where there is one, and they fill `{files}`.
        "files" => files: Vec<Located<Pattern>>,
        /// Files that the check is not about.
        "exclude" => exclude: Vec<Located<Pattern>>,
        /// Which crates a change selects. Without it, a change selects those that depend on what it touches as well, but
        /// for a check about files only what it touches itself.
        "affects" => affects: Affects,
        /// In which ways a crate has to be touched for that. It follows from the command where it is not given.
        "kinds" => kinds: Vec<Located<Kind>>,
        /// Further files whose change selects: the configuration of the tool, say.
        "inputs" => inputs: Vec<Located<Pattern>>,
        /// The crates that the check is about, as names with `*` and `?`.
        "packages" => packages: Vec<Located<NamePattern>>,
        /// The check is only about crates that have such a target.
        "with-target" => with_target: TargetNeed,
        /// The environment variables that the command reads, as names with `*` at their end for all that begin so. It is given
        /// these and those that every program, cargo and compilers need, and no others, and a pass holds only while these say
        /// the same. Without it, the command is given all of them, and all count.
        "env" => env: Vec<Located<VariablePattern>>,
        /// Environment variables that the command is given.
        "set-env" => set_env: BTreeMap<String, String>,
        /// The directory in which the command runs, relative to that of the manifest, or `{package-dir}`.
        "cwd" => cwd: String,
        /// Checks that must have passed before this one starts.
        "depends-on" => depends_on: Vec<Located<CheckName>>,
        /// Checks that must have ended, well or not, before this one starts.
        "after" => after: Vec<Located<CheckName>>,
        /// Whether a failure ends the whole run.
        "critical" => critical: bool,
        /// Whether the run succeeds though this check fails.
        "allow-failure" => allow_failure: bool,
        /// How long a task of the check may take.
        "timeout" => timeout: Duration,
        /// How often a task that failed is tried again.
        "retries" => retries: Retries,
        /// How long it waits before that: twice as long before each further try. Without it, one second.
        "backoff" => backoff: Duration,
        /// Whether a pass is remembered, so that the check does not run again on what it has passed on. It is by default;
        /// not where the verdict rests on something that changes by itself, such as the network or the time.
        "cache" => cache: bool,
        /// Tasks of a higher priority go first among those that could start.
        "priority" => priority: Priority,
        /// How many slots a task takes.
        "weight" => weight: Count,
        /// Names of things that only one task may use at a time.
        "locks" => locks: Vec<Located<String>>,
        /// Whether the command builds with cargo, and so uses the target directory alone. Cargo's own commands are
        /// recognised.
        "builds" => builds: bool,
        /// Whether the command writes files of the workspace: those that `files` names, or any. It fails if it changes one
        /// of them, and no task that may use one runs beside it.
        "generates" => generates: bool,
        /// Whether a warning of a lint fails the check. For tools whose `output` is `cargo`; `-- -D warnings` for clippy
        /// means the same.
        "deny-warnings" => deny_warnings: bool,
        /// How the tool speaks.
        "output" => output: Dialect,
        /// The programs that must be installed.
        "requires" => requires: Vec<Located<Requirement>>,
        /// What happens when one of them is not.
        "on-missing" => on_missing: OnMissing,
        /// Presets that run in the place of this check where all that they require is installed.
        "instead" => instead: Vec<Located<CheckName>>,
        /// The systems on which the check runs.
        "platforms" => platforms: Vec<Located<Platform>>,
        /// What the check is for, in a line.
        "description" => description: String,
    }
}

impl Value for RawRule {
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(table) = node.get_ref().as_table() else {
            reader.wrong_type(node, "a table with `files` and `packages`");
            return None;
        };
        let known = reader.mistakes.len();
        let mut rule = Self::default();
        read_keys(table, reader, Self::KEYS, |key, value, reader| {
            rule.read_key(key, value, reader)
        });
        // What seems to be missing beside a mistake may only be misspelt.
        if reader.mistakes.len() > known {
            return None;
        }
        match (&rule.files, &rule.packages) {
            (Some(files), Some(_)) if files.value.is_empty() => {
                let message = "this rule can never match a file";
                let diagnostic = Diagnostic::new("never-matches", files.span.clone(), message);
                reader.report(diagnostic);
            }
            (Some(_), Some(_)) => return Some(rule),
            (None, _) => {
                reader.mistake("missing-key", node.span(), "`files` is missing: it names the files");
            }
            (_, None) => {
                let message = "`packages` is missing: it names the crates that the files touch";
                let diagnostic = Diagnostic::new("missing-key", reader.span(node.span()), message)
                    .help("write `packages = []` for files that touch nobody");
                reader.report(diagnostic);
            }
        }
        None
    }

    fn schema() -> Json {
        json!({
            "type": "object",
            "properties": Self::properties(),
            "required": Self::KEYS,
            "additionalProperties": false,
        })
    }
}

impl RawCheck {
    /// This check on top of `base`. A command that is given replaces the command of the base in either form.
    pub(super) fn refines(self, mut base: Self) -> Self {
        if self.run.is_some() || self.shell.is_some() {
            (base.run, base.shell, base.instead) = (None, None, None);
        }
        if self.filter.as_ref().is_some_and(|filter| filter.value) {
            // How something else repairs, and how it speaks.
            (base.fix, base.diff, base.output) = (None, None, None);
        }
        self.over(base)
    }

    /// Reads one entry of `checks`, in its short or its long form.
    fn read(name: &CheckName, node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let mut check = Self::default();
        match node.get_ref() {
            DeValue::Boolean(true) => check.preset = Some(reader.located(name.clone(), node.span())),
            DeValue::Boolean(false) => {
                let diagnostic = Diagnostic::new(
                    "wrong-type",
                    reader.span(node.span()),
                    "a check is not turned off with `false`",
                )
                .help(format!("leave `{name}` out; in a package, write `skip = [\"{name}\"]`"));
                reader.report(diagnostic);
                return None;
            }
            DeValue::String(_) | DeValue::Array(_) => {
                let run = Argv::read(node, reader)?;
                check.run = Some(reader.located(run, node.span()));
            }
            DeValue::Table(table) => read_keys(table, reader, RawCheck::KEYS, |key, value, reader| {
                check.read_key(key, value, reader)
            }),
            _ => {
                reader.wrong_type(node, "`true`, a command, or a table");
                return None;
            }
        }
        if let Some(preset) = &check.preset
            && self::preset(preset.as_str()).is_none()
        {
            reader.report(no_such_preset(preset));
        }
        Some(check)
    }
}

/// Says that a preset does not exist.
pub(super) fn no_such_preset(named: &Located<CheckName>) -> Diagnostic {
    let known: Vec<_> = presets().iter().map(|preset| preset.name.as_str()).collect();
    let help = match nearest(named.as_str(), known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the presets are {}", listed(&known)),
    };
    let message = format!("there is no preset `{}`", named.value);
    Diagnostic::new("unknown-preset", named.span.clone(), message).help(help)
}

/// A check and its name.
#[derive(Clone, Debug)]
pub(super) struct NamedCheck {
    pub(super) name: Located<CheckName>,
    pub(super) raw: RawCheck,
    /// Whether nothing was wrong inside. What is missing in a check that is not sound may only be misspelt.
    pub(super) sound: bool,
}

/// The whole table of a manifest, `[workspace.metadata.hooks]` or `[package.metadata.hooks]`.
#[derive(Clone, Debug)]
pub(super) struct RawHooks {
    pub(super) settings: RawSettings,
    pub(super) checks: Vec<NamedCheck>,
    /// Only a package's table has this.
    pub(super) package: RawPackage,
    /// Whether it is a table, and its checks are one.
    pub(super) readable: bool,
}

/// Which table is being read: the two know different keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Workspace,
    Package,
}

impl RawHooks {
    /// The table of `document` at `workspace.metadata.hooks` or `package.metadata.hooks`, if there is one.
    pub(super) fn find(document: &DeTable<'_>, place: Place, reader: &mut Reader<'_>) -> Option<Self> {
        let owner = match place {
            Place::Workspace => "workspace",
            Place::Package => "package",
        };
        let metadata = document.get(owner)?.get_ref().as_table()?.get("metadata")?;
        let node = metadata.get_ref().as_table()?.get("hooks")?;
        let mut hooks = Self {
            settings: RawSettings::default(),
            checks: Vec::new(),
            package: RawPackage::default(),
            readable: true,
        };
        let Some(table) = node.get_ref().as_table() else {
            reader.wrong_type(node, "a table");
            hooks.readable = false;
            return Some(hooks);
        };
        let mut known = RawSettings::KEYS.to_vec();
        known.push("checks");
        if place == Place::Package {
            known.extend(RawPackage::KEYS);
        }
        read_keys(table, reader, &known, |key, value, reader| match (key, place) {
            ("checks", _) => {
                hooks.readable = value.get_ref().is_table();
                hooks.checks = read_checks(value, reader);
                true
            }
            (key, Place::Workspace) if RawPackage::KEYS.contains(&key) => {
                RawPackage::misplaced(key, value, reader);
                true
            }
            (key, Place::Package) if hooks.package.read_key(key, value, reader) => true,
            _ => hooks.settings.read_key(key, value, reader),
        });
        Some(hooks)
    }

    /// The checks of the workspace that the package does not want.
    pub(super) fn skip(&self) -> &[Located<CheckName>] {
        self.package.skip.as_ref().map_or(&[], |skip| &skip.value)
    }
}

impl RawPackage {
    /// Says that a key of a package stands in the table of the workspace.
    fn misplaced(key: &str, value: &Node<'_>, reader: &mut Reader<'_>) {
        let help = match key {
            "skip" => "it names the checks of the workspace that the package does not want",
            "reads" => "it names the files outside of the package that the package reads",
            _ => "it names the crates whose programs the package's tests start",
        };
        let message = format!("`{key}` belongs in the manifest of a package");
        reader.report(Diagnostic::new("misplaced-key", reader.span(value.span()), message).help(help));
    }
}

/// Reads a table of checks, in the order in which they stand.
pub(super) fn read_checks(node: &Node<'_>, reader: &mut Reader<'_>) -> Vec<NamedCheck> {
    let Some(table) = node.get_ref().as_table() else {
        reader.wrong_type(node, "a table of checks");
        return Vec::new();
    };
    let mut checks = Vec::with_capacity(table.len());
    for (key, value) in table {
        let known = reader.mistakes.len();
        let name = check_name(key.get_ref(), key.span(), reader);
        // The value of a badly named check is read all the same, since all mistakes are told at once.
        let unnamed = || CheckName::from(key.get_ref().as_ref());
        let raw = RawCheck::read(&name.clone().unwrap_or_else(unnamed), value, reader);
        let sound = reader.mistakes.len() == known;
        // A check that could not be read still exists: what depends on it is not to be blamed.
        if let Some(name) = name {
            let name = reader.located(name, key.span());
            checks.push(NamedCheck {
                name,
                raw: raw.unwrap_or_default(),
                sound,
            });
        }
    }
    checks
}

pub(super) fn read_keys(
    table: &DeTable<'_>,
    reader: &mut Reader<'_>,
    known: &[&'static str],
    mut read: impl FnMut(&str, &Node<'_>, &mut Reader<'_>) -> bool,
) {
    for (key, value) in table {
        if !read(key.get_ref(), value, reader) {
            reader.unknown_key(key.span(), key.get_ref(), known);
        }
    }
}

static PRESETS_FILE: LazyLock<Arc<SourceFile>> = LazyLock::new(|| {
    Arc::new(SourceFile {
        path: "presets.toml".into(),
        text: presets::TOML.to_owned(),
    })
});

/// Whether a value is a preset's, and stands where nobody can change it.
pub(super) fn is_built_in(span: &Span) -> bool {
    Arc::ptr_eq(&span.file, &PRESETS_FILE)
}

/// The presets, read as any configuration is.
pub(super) fn presets() -> &'static [NamedCheck] {
    static PRESETS: LazyLock<Vec<NamedCheck>> = LazyLock::new(|| {
        let mut mistakes = Diagnostics::default();
        let mut reader = Reader {
            file: &PRESETS_FILE,
            mistakes: &mut mistakes,
        };
        let (document, syntax) = DeTable::parse_recoverable(presets::TOML);
        let node = toml::Spanned::new(document.span(), DeValue::Table(document.into_inner()));
        let checks = read_checks(&node, &mut reader);
        debug_assert!(
            syntax.is_empty() && mistakes.is_empty(),
            "the presets are wrong: {syntax:?} {mistakes}"
        );
        checks
    });
    &PRESETS
}

/// The preset of this name.
pub(super) fn preset(name: &str) -> Option<&'static RawCheck> {
    presets()
        .iter()
        .find(|preset| preset.name.as_str() == name)
        .map(|preset| &preset.raw)
}
