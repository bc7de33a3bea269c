//! From what was written about one check to what it means.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use globset::Glob;

use super::command::{Command, Hole, Word};
use super::definition::{Cwd, Definition, Retry};
use super::file_filter::{FileFilter, glob_below};
use super::raw::{RawCheck, is_built_in};
use super::reader::listed;
use super::tables::Member;
use super::value::{Pattern, VariablePattern};
use super::words::{OnMissing, Scope};
use crate::diagnostic::{Diagnostic, Diagnostics, Located, Span};
use crate::environment::Given;
use crate::model::{CheckName, Dialect};

/// The value of `cwd` that means the directory of the crate.
const PACKAGE_DIR: &str = "{package-dir}";

/// What the definition of a check is made from.
pub(super) struct Draft<'a> {
    /// The name, for messages.
    pub(super) name: &'a Located<CheckName>,
    /// Everything that was written about it, presets included.
    pub(super) raw: &'a RawCheck,
    /// The package in whose manifest it is written, be it that package's own check or its version of another.
    pub(super) package: Option<&'a Member>,
    /// Whether it is that package's own.
    pub(super) own: bool,
    /// The timeout of the settings.
    pub(super) timeout: Option<Duration>,
    /// The retries of the settings.
    pub(super) retry: Retry,
}

impl Draft<'_> {
    /// The definition, or nothing once every mistake has been noted.
    pub(super) fn define(&self, mistakes: &mut Diagnostics) -> Option<Definition> {
        let raw = self.raw;
        let known = mistakes.len();
        let run = self.command(mistakes);
        let fix = raw.fix.as_ref().map(|fix| self.with_args(&fix.0));
        self.check_filter(run.as_ref(), fix.as_ref(), mistakes);
        self.check_diff(mistakes);
        self.check_stages(mistakes);
        self.check_deny_warnings(run.as_ref(), mistakes);
        let files = self.files(mistakes);
        let cwd = self.cwd(mistakes);
        let (run, cwd) = (run?, cwd?);
        let scope = self.scope(&run, fix.as_ref(), mistakes);
        let follows = self.follows(&run, scope, mistakes);
        if mistakes.len() > known {
            return None;
        }
        let filter = self.filter().is_some();
        Some(Definition {
            description: plain(raw.description.as_ref()),
            fix: if filter { Some(run.clone()) } else { fix },
            diff: filter || plain(raw.diff.as_ref()).unwrap_or(false),
            filter,
            scope,
            stages: raw
                .stages
                .as_ref()
                .map(|stages| stages.iter().map(|stage| stage.value).collect()),
            skip_in: values(raw.skip_in.as_ref()),
            files,
            affects: follows.affects,
            kinds: follows.kinds,
            inputs: follows.inputs,
            with_target: plain(raw.with_target.as_ref()),
            env: self.env(),
            set_env: plain(raw.set_env.as_ref()).unwrap_or_default(),
            cwd,
            depends_on: values(raw.depends_on.as_ref()),
            after: values(raw.after.as_ref()),
            critical: plain(raw.critical.as_ref()).unwrap_or(false),
            allow_failure: plain(raw.allow_failure.as_ref()).unwrap_or(false),
            timeout: plain(raw.timeout.as_ref()).or(self.timeout),
            retry: Retry {
                times: raw.retries.as_ref().map_or(self.retry.times, |retries| retries.0),
                backoff: plain(raw.backoff.as_ref()).unwrap_or(self.retry.backoff),
            },
            cache: plain(raw.cache.as_ref()).unwrap_or(true),
            priority: raw.priority.as_ref().map_or(0, |priority| priority.0),
            weight: raw.weight.as_ref().map_or(1, |weight| weight.0),
            locks: values(raw.locks.as_ref()),
            builds: plain(raw.builds.as_ref()),
            generates: plain(raw.generates.as_ref()).unwrap_or(false),
            deny_warnings: plain(raw.deny_warnings.as_ref()).unwrap_or(false),
            output: if filter {
                Dialect::Diff
            } else {
                plain(raw.output.as_ref()).unwrap_or(Dialect::Plain)
            },
            requires: values(raw.requires.as_ref()),
            on_missing: plain(raw.on_missing.as_ref()).unwrap_or(OnMissing::Fail),
            platforms: values(raw.platforms.as_ref()),
            run,
        })
    }

    fn env(&self) -> Given {
        let only = |names: &Vec<Located<VariablePattern>>| names.iter().map(|name| name.value.0.clone()).collect();
        self.raw
            .env
            .as_ref()
            .map_or(Given::All, |names| Given::Only(only(names)))
    }

    fn command(&self, mistakes: &mut Diagnostics) -> Option<Command> {
        match (&self.raw.run, &self.raw.shell) {
            (Some(run), Some(shell)) => {
                let message = format!("`{}` has two commands", self.name.value);
                let diagnostic = Diagnostic::new("two-commands", shell.span.clone(), message)
                    .related(run.span.clone(), "the other one")
                    .help("keep `run`, or `shell` where the command needs a shell");
                mistakes.push(diagnostic);
                None
            }
            (Some(run), None) => Some(self.with_args(&run.0)),
            (None, Some(shell)) => {
                if let Some(args) = &self.raw.args {
                    let diagnostic =
                        Diagnostic::new("bad-args", args.span.clone(), "a script takes no further arguments")
                            .help("write them into the script");
                    mistakes.push(diagnostic);
                    return None;
                }
                Some(Command::Shell(shell.0.clone()))
            }
            (None, None) => {
                let message = format!("`{}` has no command", self.name.value);
                let help = match &self.raw.preset {
                    Some(preset) => format!("the preset `{}` leaves it to you: give it `run`", preset.value),
                    None => "give it `run`, or a `preset` to start from".to_owned(),
                };
                let diagnostic = Diagnostic::new("no-command", self.name.span.clone(), message).help(help);
                mistakes.push(diagnostic);
                None
            }
        }
    }

    fn with_args(&self, words: &[Word]) -> Command {
        let args = self.raw.args.iter().flat_map(|args| &args.0);
        Command::Argv(words.iter().chain(args).cloned().collect())
    }

    /// Only a command can print a diff.
    fn check_diff(&self, mistakes: &mut Diagnostics) {
        let diff = self
            .raw
            .diff
            .as_ref()
            .filter(|diff| diff.value && self.filter().is_none());
        if let (Some(diff), None) = (diff, &self.raw.fix) {
            let message = format!("`{}` has no command that repairs", self.name.value);
            let diagnostic = Diagnostic::new("misplaced-key", diff.span.clone(), message)
                .help("give it `fix`: the command that prints the diff");
            mistakes.push(diagnostic);
        }
    }

    fn check_stages(&self, mistakes: &mut Diagnostics) {
        if let Some(stages) = &self.raw.stages
            && stages.is_empty()
        {
            let message = format!("`{}` can never run: it has no stage", self.name.value);
            let diagnostic = Diagnostic::new("never-matches", stages.span.clone(), message).help(
                "leave `stages` out, or write `stages = [\"manual\"]` for a check that runs only when it is asked for",
            );
            mistakes.push(diagnostic);
        }
    }

    /// Warnings can only be denied where they can be told from other text.
    fn check_deny_warnings(&self, run: Option<&Command>, mistakes: &mut Diagnostics) {
        let Some(denied) = self.raw.deny_warnings.as_ref().filter(|denied| denied.value) else {
            return;
        };
        let dialect = plain(self.raw.output.as_ref());
        let speaks_json = run.is_none_or(Command::speaks_json);
        if dialect == Some(Dialect::Cargo) && speaks_json {
            return;
        }
        let message = format!(
            "the warnings of `{}` cannot be told from its other output",
            self.name.value
        );
        let diagnostic = Diagnostic::new("misplaced-key", denied.span.clone(), message)
            .help("give a command of cargo `--message-format {message-format}` and the check `output = \"cargo\"`");
        mistakes.push(diagnostic);
    }

    fn files(&self, mistakes: &mut Diagnostics) -> Option<FileFilter> {
        let (include, exclude) = (&self.raw.files, &self.raw.exclude);
        let include_all = include.is_none();
        let patterns = |list: &Option<Located<Vec<Located<Pattern>>>>| -> Vec<Glob> {
            let patterns = list.iter().flat_map(|list| &list.value);
            patterns.filter_map(|pattern| self.glob(pattern)).collect()
        };
        let filter = FileFilter {
            include: patterns(include),
            exclude: patterns(exclude),
        };
        let nothing_left = filter.include.iter().all(|glob| filter.exclude.contains(glob)) && !include_all;
        if let (Some(include), true) = (include, nothing_left) {
            let message = format!("`{}` can never match a file", self.name.value);
            let mut diagnostic = Diagnostic::new("never-matches", include.span.clone(), message);
            if let Some(exclude) = exclude.as_ref().filter(|_| !include.is_empty()) {
                diagnostic = diagnostic.related(exclude.span.clone(), "all of it is excluded here");
            }
            mistakes.push(diagnostic);
        }
        (include.is_some() || exclude.is_some()).then_some(filter)
    }

    /// The pattern from the workspace root.
    pub(super) fn glob(&self, pattern: &Located<Pattern>) -> Option<Glob> {
        glob_below(self.dir_of(&pattern.span), &pattern.value.0)
    }

    /// The directory of the manifest in which something is written, relative to the workspace root.
    fn dir_of(&self, span: &Span) -> &Path {
        let package = self.package.filter(|package| package.is_written_in(span));
        package.map_or(Path::new(""), |package| &package.dir)
    }

    fn cwd(&self, mistakes: &mut Diagnostics) -> Option<Cwd> {
        let Some(cwd) = &self.raw.cwd else {
            return Some(Cwd::At(self.default_cwd()));
        };
        if cwd.value == PACKAGE_DIR {
            return Some(Cwd::Package);
        }
        let problem = if cwd.value.contains(['{', '}']) {
            "the only placeholder for a directory is `{package-dir}`, and it stands alone"
        } else if PathBuf::from(&cwd.value).is_absolute() || cwd.value.split('/').any(|part| part == "..") {
            "the directory must lie below that of the manifest"
        } else {
            let dir = self.dir_of(&cwd.span).join(&cwd.value);
            let named = |part: &Component<'_>| *part != Component::CurDir;
            return Some(Cwd::At(dir.components().filter(named).collect()));
        };
        mistakes.push(Diagnostic::new("bad-directory", cwd.span.clone(), problem));
        None
    }

    /// A package's own check runs in the directory of the package, any other in the root of the workspace.
    fn default_cwd(&self) -> PathBuf {
        let own = self.package.filter(|_| self.own);
        own.map(|package| package.dir.clone()).unwrap_or_default()
    }

    /// The scope that was given, or that follows from the placeholders; and whether the two agree.
    fn scope(&self, run: &Command, fix: Option<&Command>, mistakes: &mut Diagnostics) -> Scope {
        let wanted = self.wanted_scopes(run, fix);
        let given = self.raw.scope.as_ref();
        let unsaid = if self.package.is_some() {
            Scope::Package
        } else {
            Scope::Workspace
        };
        let first = wanted.first();
        let scope = given.map_or(first.map_or(unsaid, |first| first.scope), |given| given.value);
        let against = wanted.iter().find(|other| other.scope != scope);
        match (given, first, against) {
            (Some(given), _, Some(against)) => mistakes.push(against.contradicts(given, &wanted)),
            (None, Some(first), Some(against)) => mistakes.push(against.conflicts_with(first)),
            (Some(given), None, _) if matches!(scope, Scope::Packages | Scope::Files) => {
                let noun = if scope == Scope::Files { "files" } else { "crates" };
                let message = format!("the scope is `{scope}`, but the command does not say where the {noun} go");
                let help = format!("write `{{{scope}}}` into the command");
                mistakes.push(Diagnostic::new("bad-scope", given.span.clone(), message).help(help));
            }
            _ => {}
        }
        for (command, span) in self.commands(run, fix) {
            if command.has(Hole::Roots) != command.has(Hole::Edition) {
                let message = "`{roots}` and `{edition}` go together: sources of two editions need two commands";
                mistakes.push(Diagnostic::new("bad-scope", span.clone(), message));
            }
        }
        scope
    }

    /// The scopes that what was written asks for, each once.
    fn wanted_scopes<'c>(&'c self, run: &'c Command, fix: Option<&'c Command>) -> Vec<Wanted<'c>> {
        let mut wanted: Vec<Wanted<'c>> = Vec::new();
        for (command, span) in self.commands(run, fix) {
            let holes: BTreeSet<Hole> = command.holes().collect();
            let scopes = holes
                .iter()
                .filter_map(|hole| Some((scope_of(*hole)?, format!("{{{hole}}}"))));
            wanted.extend(scopes.map(|(scope, by)| Wanted { scope, by, span }));
        }
        if let Some(span) = self.filter() {
            let by = "filter = true".to_owned();
            let scope = Scope::Files;
            wanted.push(Wanted { scope, by, span });
        }
        if let Some(cwd) = self.raw.cwd.as_ref().filter(|cwd| cwd.value == PACKAGE_DIR) {
            let by = format!("cwd = \"{PACKAGE_DIR}\"");
            wanted.push(Wanted {
                scope: Scope::Package,
                by,
                span: &cwd.span,
            });
        }
        wanted
    }

    /// The commands, each with the place to underline for it.
    pub(super) fn commands<'c>(
        &'c self,
        run: &'c Command,
        fix: Option<&'c Command>,
    ) -> impl Iterator<Item = (&'c Command, &'c Span)> {
        let raw = self.raw;
        let own = |span: Option<&'c Span>| span.filter(|span| !is_built_in(span));
        // What a person added to the command of a preset may be the arguments only.
        let instead = own(raw.args.as_ref().map(|args| &args.span)).unwrap_or(&self.name.span);
        let written = raw.run.as_ref().map(|run| &run.span);
        let written = written.or(raw.shell.as_ref().map(|shell| &shell.span));
        let run = (run, own(written).unwrap_or(instead));
        let fix = fix.map(|fix| (fix, own(raw.fix.as_ref().map(|fix| &fix.span)).unwrap_or(instead)));
        std::iter::once(run).chain(fix)
    }
}

/// A scope that something in a check asks for.
struct Wanted<'a> {
    scope: Scope,
    /// What asks for it, as it is written.
    by: String,
    span: &'a Span,
}

impl Wanted<'_> {
    fn contradicts(&self, given: &Located<Scope>, wanted: &[Self]) -> Diagnostic {
        let (by, task) = (&self.by, task_of(self.scope));
        let message = format!("`{by}` means one task for {task}, but the scope is `{}`", given.value);
        let one_scope = wanted.iter().all(|other| other.scope == self.scope);
        let help = if one_scope {
            format!("leave `scope` out: `{by}` says it")
        } else {
            let all: Vec<_> = wanted.iter().map(|wanted| wanted.by.as_str()).collect();
            format!("keep one of {}", listed(&all))
        };
        Diagnostic::new("bad-scope", given.span.clone(), message).help(help)
    }

    fn conflicts_with(&self, first: &Self) -> Diagnostic {
        let (by, task) = (&first.by, task_of(first.scope));
        let message = format!(
            "`{by}` means one task for {task}, and `{}` one for {}",
            self.by,
            task_of(self.scope)
        );
        Diagnostic::new("bad-scope", self.span.clone(), message).help("keep one of the two")
    }
}

/// The scope that a command with this hole must have.
fn scope_of(hole: Hole) -> Option<Scope> {
    match hole {
        Hole::Package | Hole::PackageDir => Some(Scope::Package),
        Hole::Packages | Hole::Targets | Hole::Roots | Hole::Edition => Some(Scope::Packages),
        Hole::Files => Some(Scope::Files),
        // What it is about is said by `filter`.
        Hole::File | Hole::Color | Hole::MessageFormat | Hole::CargoOptions | Hole::MessageFile | Hole::HookArgs => {
            None
        }
    }
}

fn task_of(scope: Scope) -> &'static str {
    match scope {
        Scope::Workspace => "the whole workspace",
        Scope::Package => "each crate",
        Scope::Packages => "all crates together",
        Scope::Files => "all files together",
    }
}

fn plain<T: Clone>(value: Option<&Located<T>>) -> Option<T> {
    value.map(|located| located.value.clone())
}

fn values<T: Clone>(list: Option<&Located<Vec<Located<T>>>>) -> Vec<T> {
    list.iter()
        .flat_map(|list| &list.value)
        .map(|item| item.value.clone())
        .collect()
}
