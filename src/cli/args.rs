//! What can be typed.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::affected::AffectedFormat;
use super::comparison::ComparisonArgs;
use super::graph::GraphFormat;
use super::metrics::MetricsFormat;
use super::reporters::ReportArgs;
use super::schema::SchemaOf;
use super::show::{ShowAs, Which};
use super::watch::WatchArgs;
use crate::config::{Order, Stage, Strategy};
use crate::model::Keyword;
use crate::run::Guard;

/// Runs the checks of a Rust workspace: formatting, clippy, tests, documentation, anything with a command.
#[derive(Debug, Parser)]
#[command(
    name = "cargo-hooks",
    bin_name = "cargo hooks",
    version,
    after_help = "`cargo hooks [CHECK]…` is short for `cargo hooks check [CHECK]…`; `cargo hooks check --help` has its options."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) global: GlobalArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run checks; this is the default.
    #[command(after_help = "\
Examples:
  cargo hooks check                    every check on every crate
  cargo hooks check clippy -p parser   one check on one crate
  cargo hooks check --fix              repair what can be repaired, then check
  cargo hooks check --skip test -j 2   all but the tests, on two slots
  cargo hooks check --stage pre-push   what runs before a push
  cargo hooks --changed-only           only what this branch affects")]
    Check(CheckArgs),
    /// Run checks, and again what a save affects.
    #[command(after_help = "\
Examples:
  cargo hooks watch                    every check, as long as somebody works
  cargo hooks watch clippy -p parser   one check on one crate
  cargo hooks watch --changed-only     only what this branch affects
  cargo hooks watch --fix fmt          repair at each save

Ctrl-C ends it. docs/watch.md says what starts a run, and what does not.")]
    Watch(WatchArgs),
    /// List the checks and what each is for.
    #[command(after_help = "\
Examples:
  cargo hooks list             names and purposes
  cargo hooks list -v          with command, stages, crates, and the changes that each follows
  cargo hooks list --presets   the checks that are built in")]
    List(ListArgs),
    /// Show what `check` would run, without running it.
    #[command(after_help = "\
Examples:
  cargo hooks plan                            every task, wave by wave
  cargo hooks plan test -p parser             of one check and one crate
  cargo hooks plan --message-format json      for a program to read")]
    Plan(CheckArgs),
    /// Draw what `check` would run.
    #[command(after_help = "\
Examples:
  cargo hooks graph | dot -Tpng > plan.png       for Graphviz
  cargo hooks graph --format mermaid             for a page in Markdown
  cargo hooks graph --format html > plan.html    a page for a browser, with nothing else")]
    Graph(GraphArgs),
    /// List the crates that a change affects.
    #[command(after_help = "\
Examples:
  cargo hooks affected                              what this branch affects, uncommitted work included
  cargo hooks affected --range v1.0..v1.1           what differs between two revisions affects
  cargo hooks affected --format json                with files, reasons and checks
  cargo hooks affected --check doc                  the crates that one check would run on
  cargo hooks affected --format cargo-args | xargs -r cargo build")]
    Affected(AffectedArgs),
    /// Say why a crate is affected, why a check would run again, or what a file would affect.
    #[command(after_help = "\
Examples:
  cargo hooks why clippy -p parser      in what clippy on this crate differs from its last pass
  cargo hooks why parser                what touches this crate: file, rule, chain of dependencies
  cargo hooks why docs/guide.md         what a change of this file would touch, and which checks would run")]
    Why(WhyArgs),
    /// Look at what is kept of checks that passed, or be rid of it.
    #[command(after_help = "\
Examples:
  cargo hooks cache info       where it is, how much, and of which checks
  cargo hooks cache verify     read all of it; exits with 1 where anything is damaged
  cargo hooks cache gc         drop what is of no use any more
  cargo hooks cache clear      drop all of it, and the snapshots that no hook is using")]
    Cache {
        /// What to do.
        #[command(subcommand)]
        command: CacheCommand,
    },
    /// List the last runs and what came of them.
    #[command(after_help = "\
Examples:
  cargo hooks history             the last 20 runs
  cargo hooks history -n 100      the last 100
  cargo hooks history --verify    read all that is recorded; exits with 1 where anything is damaged")]
    History(HistoryArgs),
    /// Tell a run again.
    #[command(after_help = "\
Examples:
  cargo hooks show               the last run
  cargo hooks show 17            the run with this number
  cargo hooks show 17 --as json  as `check --message-format json` would have written it
  cargo hooks show --as timings  drawn, as a page; `> run.html`")]
    Show(ShowArgs),
    /// Say how long checks take, how often they fail, what is saved, and what to do about a bad figure.
    #[command(after_help = "\
Examples:
  cargo hooks stats        of all runs that are recorded
  cargo hooks stats -v     also crate by crate")]
    Stats(StatsArgs),
    /// Write the figures of `stats` for a program that watches them.
    #[command(after_help = "\
Examples:
  cargo hooks metrics > /var/lib/node_exporter/cargo_hooks.prom
  cargo hooks metrics --format json")]
    Metrics(MetricsArgs),
    /// Write a commented configuration into the root manifest.
    #[command(after_help = "\
Examples:
  cargo hooks init             write it
  cargo hooks init --dry-run   show what would be written")]
    Init(InitArgs),
    /// Let git run the checks: before a commit, before a push, or when their stages say.
    #[command(after_help = "\
Examples:
  cargo hooks install              for all stages of the checks that git has hooks for
  cargo hooks install pre-push     for this one only

A hook that is there already is kept and runs first. docs/git-hooks.md says the rest.")]
    Install(InstallArgs),
    /// Take away what `install` has put there, and put back what was there before.
    #[command(after_help = "\
Examples:
  cargo hooks uninstall             all of them
  cargo hooks uninstall pre-push    this one only")]
    Uninstall(UninstallArgs),
    /// Run the checks of a hook on what git hands to it; installed hooks call this.
    #[command(after_help = "\
Examples:
  cargo-hooks git-hook pre-commit -- \"$@\"    in a hook that another program manages

What git hands to the hook is arguments, standard input and variables. docs/git-hooks.md says the rest.")]
    GitHook(GitHookArgs),
    /// Look at the machine and the workspace, and say what is missing.
    #[command(after_help = "\
Examples:
  cargo hooks doctor           exits with 3 where a tool is missing")]
    Doctor,
    /// Print the JSON schema of the configuration, or of the lines that a run writes.
    #[command(after_help = "\
Examples:
  cargo hooks schema > hooks.schema.json   for an editor that checks Cargo.toml
  cargo hooks schema --of output           for a program that reads `check --message-format json`")]
    Schema(SchemaArgs),
    /// Print completions for a shell.
    #[command(after_help = "\
Examples:
  cargo hooks completions bash > ~/.local/share/bash-completion/completions/cargo-hooks

They complete `cargo-hooks`; a shell asks cargo's own completions about `cargo hooks`.")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all subcommands.
    #[command(after_help = "\
Examples:
  cargo hooks man | man -l -
  cargo hooks man --out-dir ~/.local/share/man/man1")]
    Man {
        /// Write one page for each subcommand into this directory.
        #[arg(long, value_name = "DIR")]
        out_dir: Option<PathBuf>,
    },
}

/// What every subcommand understands.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(super) struct GlobalArgs {
    /// Path of the manifest; else cargo looks for one here and above.
    #[arg(long, global = true, value_name = "PATH")]
    pub(super) manifest_path: Option<PathBuf>,
    /// Say less: only failures and how it ended.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say more; twice for a log of what takes how long.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Whether to use colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: ColorWhen,
    /// Not typed: which program is the guard of a run.
    #[arg(skip)]
    pub(super) guard: Guard,
    /// Not typed: where a hook finds its workspace, from the directory in which git runs it.
    #[arg(skip)]
    pub(super) directory: Option<PathBuf>,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorWhen {
    /// On a terminal, and as the environment says.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum MessageFormat {
    /// For a person.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

#[derive(Clone, Debug, Default, Args)]
pub(super) struct CheckArgs {
    /// The checks to run, and what they depend on; all of them where none is named.
    #[arg(value_name = "CHECK")]
    pub(super) checks: Vec<String>,
    #[command(flatten)]
    pub(super) which: WhichArgs,
    #[command(flatten)]
    pub(super) comparison: ComparisonArgs,
    #[command(flatten)]
    pub(super) how: HowArgs,
    #[command(flatten)]
    pub(super) report: ReportArgs,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which checks, on which crates")]
pub(super) struct WhichArgs {
    /// Leave this check out (repeatable); `SKIP=a,b` in the environment does the same.
    #[arg(long, value_name = "CHECK")]
    pub(super) skip: Vec<String>,
    /// Only checks of this stage.
    #[arg(long, value_name = "STAGE", value_parser = keyword::<Stage>())]
    pub(super) stage: Option<Stage>,
    /// Only this crate (repeatable; `*` and `?` stand for other letters).
    #[arg(short, long, value_name = "CRATE", conflicts_with = "all")]
    pub(super) package: Vec<String>,
    /// All crates but this one (repeatable).
    #[arg(long, value_name = "CRATE")]
    pub(super) exclude: Vec<String>,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "How to run")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that somebody types")]
pub(super) struct HowArgs {
    /// Repair what can be repaired, then check.
    #[arg(long)]
    pub(super) fix: bool,
    /// Run everything, and say what the changes alone would have missed.
    #[arg(long, requires = "comparison", conflicts_with = "dry_run")]
    pub(super) verify: bool,
    /// Show the plan instead of running it.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// How many tasks run at a time.
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) max_workers: Option<u32>,
    /// One task after the other.
    #[arg(long, conflicts_with_all = ["parallel", "strategy", "max_workers"])]
    pub(super) serial: bool,
    /// As many tasks as there are slots.
    #[arg(long, conflicts_with = "strategy")]
    pub(super) parallel: bool,
    /// How many tasks run at a time, and whether what earlier runs have taught is used.
    #[arg(long, value_name = "STRATEGY", value_parser = keyword::<Strategy>())]
    pub(super) strategy: Option<Strategy>,
    /// What goes first among the tasks that could start.
    #[arg(long, value_name = "ORDER", value_parser = keyword::<Order>())]
    pub(super) order: Option<Order>,
    /// Keep the order of the configuration.
    #[arg(long, conflicts_with = "order")]
    pub(super) no_optimize: bool,
    /// End at the first failure.
    #[arg(long, overrides_with = "no_fail_fast")]
    pub(super) fail_fast: bool,
    /// Go on after a failure.
    #[arg(long, overrides_with = "fail_fast")]
    pub(super) no_fail_fast: bool,
    /// How long a task may take, such as `90s` or `10m`.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) timeout: Option<Duration>,
    /// How often a task that failed is tried again.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(super) retries: Option<u32>,
    /// Run everything, whatever has passed before, and remember nothing of it.
    #[arg(long, conflicts_with = "force")]
    pub(super) no_cache: bool,
    /// Run everything, whatever has passed before, and remember what passes.
    #[arg(long)]
    pub(super) force: bool,
    /// Run a share of what has passed before all the same, and say where it does not pass any more; all of it with `100`.
    #[arg(
        long,
        value_name = "PERCENT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "10",
        value_parser = clap::value_parser!(u8).range(1..=100),
        conflicts_with_all = ["no_cache", "force", "fix"]
    )]
    pub(super) verify_cache: Option<u8>,
    /// Let cargo fail where `Cargo.lock` is not up to date.
    #[arg(long)]
    pub(super) locked: bool,
    /// Keep cargo off the network.
    #[arg(long)]
    pub(super) offline: bool,
    /// Both `--locked` and `--offline`.
    #[arg(long)]
    pub(super) frozen: bool,
    /// End with this process, if it is above this one: git, when a hook runs this.
    #[arg(long, value_name = "PID", hide = true)]
    pub(super) ends_with: Option<u32>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct GraphArgs {
    /// The checks to draw, and what they depend on; all of them where none is named.
    #[arg(value_name = "CHECK")]
    pub(super) checks: Vec<String>,
    #[command(flatten)]
    pub(super) which: WhichArgs,
    #[command(flatten)]
    pub(super) comparison: ComparisonArgs,
    #[command(flatten)]
    pub(super) how: HowArgs,
    /// In which form.
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        help_heading = "What to show"
    )]
    pub(super) format: GraphFormat,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ListArgs {
    /// The checks that are built in, rather than those of this workspace.
    #[arg(long)]
    pub(super) presets: bool,
    /// How the list is written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) message_format: MessageFormat,
}

#[derive(Clone, Debug, Args)]
pub(super) struct AffectedArgs {
    #[command(flatten)]
    pub(super) comparison: ComparisonArgs,
    /// In which form.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: AffectedFormat,
    /// The crates that this check would run on, rather than those of which anything compiled is touched.
    #[arg(long, value_name = "CHECK")]
    pub(super) check: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct WhyArgs {
    /// The crate, a check, or a file.
    #[arg(value_name = "CRATE|CHECK|FILE")]
    pub(super) subject: PathBuf,
    /// For a check: only this crate (repeatable; `*` and `?` stand for other letters).
    #[arg(short, long, value_name = "CRATE", conflicts_with = "comparison")]
    pub(super) package: Vec<String>,
    #[command(flatten)]
    pub(super) comparison: ComparisonArgs,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) message_format: MessageFormat,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum CacheCommand {
    /// Say where the results are, how much there is, and of which checks.
    Info(CacheArgs),
    /// Read all results, and say what is damaged; exits with 1 where anything is.
    Verify(CacheArgs),
    /// Merge files and drop what is of no use any more, now rather than in passing; and snapshots that no hook has used for a
    /// month.
    Gc(CacheArgs),
    /// Remove all results of this workspace and the snapshots that no hook is using, and nothing else.
    Clear(CacheArgs),
}

#[derive(Clone, Debug, Args)]
pub(super) struct CacheArgs {
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) message_format: MessageFormat,
}

#[derive(Clone, Debug, Args)]
pub(super) struct HistoryArgs {
    /// How many runs, the newest ones.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub(super) last: usize,
    /// Read all that is recorded, and say what is damaged.
    #[arg(long, conflicts_with = "last")]
    pub(super) verify: bool,
    /// How the list is written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) message_format: MessageFormat,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ShowArgs {
    /// The number of the run, or `last`.
    #[arg(value_name = "RUN", default_value = "last")]
    pub(super) run: Which,
    /// In which form.
    #[arg(long = "as", value_enum, default_value_t, value_name = "FORM")]
    pub(super) form: ShowAs,
}

#[derive(Clone, Debug, Args)]
pub(super) struct SchemaArgs {
    /// Of what.
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub(super) of: SchemaOf,
}

#[derive(Clone, Debug, Args)]
pub(super) struct StatsArgs {
    /// Only about the newest runs: at least so many, rounded up to hundreds by their numbers.
    #[arg(short = 'n', long, value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
    pub(super) last: usize,
    /// How the figures are written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) message_format: MessageFormat,
}

#[derive(Clone, Debug, Args)]
pub(super) struct MetricsArgs {
    /// In which form.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: MetricsFormat,
}

#[derive(Clone, Debug, Args)]
pub(super) struct InitArgs {
    /// Show what would be written, and write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct InstallArgs {
    /// The hooks to install; without any, those that a check names among its stages.
    #[arg(value_name = "STAGE", value_parser = hook())]
    pub(super) stages: Vec<Stage>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct UninstallArgs {
    /// The hooks to take away; without any, all that are ours.
    #[arg(value_name = "STAGE", value_parser = hook())]
    pub(super) stages: Vec<Stage>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct GitHookArgs {
    /// The hook.
    #[arg(value_name = "STAGE", value_parser = hook())]
    pub(super) stage: Stage,
    /// The arguments that git hands to the hook.
    #[arg(value_name = "ARG", last = true)]
    pub(super) args: Vec<OsString>,
    /// Repair what is going to be committed before it is checked, and bring that into the working tree.
    #[arg(long)]
    pub(super) fix: bool,
    /// A hook that was there before, and runs first where it is there.
    #[arg(long, value_name = "FILE", hide = true)]
    pub(super) chained: Option<PathBuf>,
    /// The directory of the workspace, from the current one.
    #[arg(long, value_name = "DIR")]
    pub(super) directory: Option<PathBuf>,
    /// End with this process, if it is above this one: git.
    #[arg(long, value_name = "PID", hide = true)]
    pub(super) ends_with: Option<u32>,
}

/// The arguments with a subcommand: without the word that cargo adds (`cargo hooks list` runs `cargo-hooks hooks list`),
/// and with `check` where no other one is named.
pub(super) fn with_subcommand(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<_> = arguments.collect();
    if arguments.get(1).is_some_and(|word| word == "hooks") {
        arguments.remove(1);
    }
    if !arguments.is_empty() && wants_default(&arguments[1..]) {
        arguments.insert(1, "check".into());
    }
    arguments
}

/// Whether the first word that is no common option is neither a subcommand nor a question about the whole program.
fn wants_default(arguments: &[OsString]) -> bool {
    let mut arguments = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(argument) = arguments.next() {
        match argument.as_ref() {
            "-h" | "--help" | "-V" | "--version" | "help" => return false,
            "--manifest-path" | "--color" => drop(arguments.next()),
            "--quiet" | "--verbose" => {}
            flags if is_short_flags(flags) => {}
            option if option.starts_with("--manifest-path=") || option.starts_with("--color=") => {}
            word => return Cli::command().find_subcommand(word).is_none(),
        }
    }
    true
}

/// `-q`, `-v`, `-vv`: the common options that are one letter.
fn is_short_flags(argument: &str) -> bool {
    let letters = argument.strip_prefix('-').unwrap_or_default();
    !letters.is_empty() && letters.chars().all(|letter| letter == 'q' || letter == 'v')
}

fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("no time at all".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}

/// A parser for the words of an enum, with their meanings in the help.
fn keyword<K: Keyword + Send + Sync>() -> impl TypedValueParser<Value = K> {
    keyword_where(|_: K| true)
}

/// A parser for the stages that are hooks of git.
fn hook() -> impl TypedValueParser<Value = Stage> {
    keyword_where(Stage::is_hook)
}

fn keyword_where<K: Keyword + Send + Sync>(is_meant: fn(K) -> bool) -> impl TypedValueParser<Value = K> {
    let words = K::ALL
        .iter()
        .filter(|(value, ..)| is_meant(*value))
        .map(|(_, word, about)| PossibleValue::new(*word).help(*about));
    PossibleValuesParser::new(words).try_map(|word| K::from_word(&word).ok_or("unknown word"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{Cli, with_subcommand};

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn check_is_what_is_meant_where_nothing_else_is_said() {
        let check = |typed: &str, expected: &str| {
            let typed = typed.split(' ').filter(|word| !word.is_empty()).map(Into::into);
            let words = with_subcommand(std::iter::once("cargo-hooks".into()).chain(typed));
            let words: Vec<_> = words[1..].iter().map(|word| word.to_str().unwrap()).collect();
            assert_eq!(words.join(" "), expected);
        };
        check("", "check");
        check("hooks", "check");
        check("hooks list", "list");
        check("hooks hooks", "check hooks");
        check("fmt", "check fmt");
        check("--fix", "check --fix");
        check("-vv check fmt", "-vv check fmt");
        check("-q --color never plan", "-q --color never plan");
        check("--manifest-path plan fmt", "check --manifest-path plan fmt");
        check("--color=always -v", "check --color=always -v");
        check("-p plan", "check -p plan");
        check("--help", "--help");
        check("--fix --help", "check --fix --help");
        check("-V", "-V");
        check("help plan", "help plan");
    }
}
