//! What `--help` says, everywhere.

use insta::assert_snapshot;

use crate::sandbox::{Output, Sandbox};

const COMMON: &str = "\nCommon options:\n";

/// The help of a subcommand, outside any workspace. What is the same for all of them is shown for the program itself.
fn help(arguments: &str) -> Output {
    let sandbox = Sandbox::empty("workspace");
    let common = |out: &Output| {
        let rest = &out.stdout[out.stdout.find(COMMON).unwrap()..];
        let end = rest.find("[default: auto]\n").unwrap() + "[default: auto]\n".len();
        rest[..end].to_owned()
    };
    let mut out = sandbox.run(&format!("{arguments} --help"));
    if !arguments.is_empty() {
        let everywhere = common(&sandbox.run("--help"));
        assert_eq!(common(&out), everywhere, "{arguments}");
        out.stdout = out.stdout.replace(&everywhere, "\n(common options)\n");
    }
    out
}

#[test]
fn of_the_program() {
    assert_snapshot!(help(""), @"
    exit code 0
    --- stdout ---
    Runs the checks of a Rust workspace: formatting, clippy, tests, documentation, anything with a
    command

    Usage: cargo hooks [OPTIONS] <COMMAND>

    Commands:
      check        Run checks; this is the default
      watch        Run checks, and again what a save affects
      list         List the checks and what each is for
      plan         Show what `check` would run, without running it
      graph        Draw what `check` would run
      affected     List the crates that a change affects
      why          Say why a crate is affected, why a check would run again, or what a file would affect
      cache        Look at what is kept of checks that passed, or be rid of it
      history      List the last runs and what came of them
      show         Tell a run again
      stats        Say how long checks take, how often they fail, what is saved, and what to do about a
                   bad figure
      metrics      Write the figures of `stats` for a program that watches them
      init         Write a commented configuration into the root manifest
      install      Let git run the checks: before a commit, before a push, or when their stages say
      uninstall    Take away what `install` has put there, and put back what was there before
      git-hook     Run the checks of a hook on what git hands to it; installed hooks call this
      doctor       Look at the machine and the workspace, and say what is missing
      schema       Print the JSON schema of the configuration, or of the lines that a run writes
      completions  Print completions for a shell
      man          Print the manual page, or write those of all subcommands
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Common options:
          --manifest-path <PATH>
              Path of the manifest; else cargo looks for one here and above

      -q, --quiet
              Say less: only failures and how it ended

      -v, --verbose...
              Say more; twice for a log of what takes how long

          --color <WHEN>
              Whether to use colour

              Possible values:
              - auto:   On a terminal, and as the environment says
              - always: Always
              - never:  Never

              [default: auto]

    `cargo hooks [CHECK]…` is short for `cargo hooks check [CHECK]…`; `cargo hooks check --help` has its
    options.
    ");
}

#[test]
fn of_plan_which_takes_the_options_of_check() {
    let (check, plan) = (help("check"), help("plan"));
    let options = |out: &Output| {
        let start = out.stdout.find("Arguments:").unwrap();
        out.stdout[start..out.stdout.find("Examples:").unwrap()].to_owned()
    };
    assert_eq!(options(&check), options(&plan));
    assert_snapshot!(plan.stdout.replace(&options(&plan), "(as of check)\n"), @"
    Show what `check` would run, without running it

    Usage: cargo hooks plan [OPTIONS] [CHECK]...

    (as of check)
    Examples:
      cargo hooks plan                            every task, wave by wave
      cargo hooks plan test -p parser             of one check and one crate
      cargo hooks plan --message-format json      for a program to read
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "all of it is one text")]
fn of_check() {
    assert_snapshot!(help("check"), @"
    exit code 0
    --- stdout ---
    Run checks; this is the default

    Usage: cargo hooks check [OPTIONS] [CHECK]...

    Arguments:
      [CHECK]...
              The checks to run, and what they depend on; all of them where none is named

    Options:
      -h, --help
              Print help (see a summary with '-h')

    Which checks, on which crates:
          --skip <CHECK>
              Leave this check out (repeatable); `SKIP=a,b` in the environment does the same

          --stage <STAGE>
              Only checks of this stage

              Possible values:
              - pre-commit:         Before a commit is made.
              - pre-merge-commit:   Before a merge commit is made.
              - prepare-commit-msg: Before the editor for the message opens.
              - commit-msg:         When the message is written.
              - post-commit:        After a commit was made.
              - pre-rebase:         Before a rebase begins.
              - post-checkout:      After a checkout.
              - post-merge:         After a merge.
              - post-rewrite:       After commits were rewritten.
              - pre-push:           Before a push.
              - applypatch-msg:     When the message of a patch is known that `git am` applies.
              - pre-applypatch:     When such a patch is applied and not yet committed.
              - post-applypatch:    When such a patch is committed.
              - pre-auto-gc:        Before git tidies its objects by itself.
              - sendemail-validate: Before a patch is sent by mail.
              - ci:                 In continuous integration.
              - manual:             Only when it is asked for.

      -p, --package <CRATE>
              Only this crate (repeatable; `*` and `?` stand for other letters)

          --exclude <CRATE>
              All crates but this one (repeatable)

    Which changes:
          --all
              Every crate, whatever has changed

          --changed-only
              Only what this branch changes: since it left its upstream, else the default branch; what
              is not committed counts

          --base <REV>
              Compare with where the branch left this one instead; implies `--changed-only`

          --since <REV>
              Only what differs between this revision and the working tree

          --range <A..B>
              Only what differs between two revisions; with three dots, since the second left the first

          --staged
              Only what is staged for the next commit

          --files <FILE>...
              Take these files for changed, and no others

          --files-from <FILE>
              Read them from a file, or from standard input for `-`: apart by NUL, or a line each where
              there is none

    How to run:
          --fix
              Repair what can be repaired, then check

          --verify
              Run everything, and say what the changes alone would have missed

          --dry-run
              Show the plan instead of running it

      -j, --max-workers <N>
              How many tasks run at a time

          --serial
              One task after the other

          --parallel
              As many tasks as there are slots

          --strategy <STRATEGY>
              How many tasks run at a time, and whether what earlier runs have taught is used

              Possible values:
              - adaptive:   As many as there are slots; what earlier runs have taught says what goes
                first and when a task hangs.
              - parallel:   As many as there are slots, in the order of the configuration; a failure
                touches no other task.
              - sequential: One after the other, in the order of the configuration.

          --order <ORDER>
              What goes first among the tasks that could start

              Possible values:
              - config:         As the configuration has them.
              - fast-first:     What takes the least time first.
              - critical-path:  What the end of the run waits for the longest first.
              - likely-failure: What is most likely to fail for the time that it takes first.
              - adaptive:       `likely-failure` as far as a failure would stop the run, else
                `critical-path`.

          --no-optimize
              Keep the order of the configuration

          --fail-fast
              End at the first failure

          --no-fail-fast
              Go on after a failure

          --timeout <DURATION>
              How long a task may take, such as `90s` or `10m`

          --retries <N>
              How often a task that failed is tried again

          --no-cache
              Run everything, whatever has passed before, and remember nothing of it

          --force
              Run everything, whatever has passed before, and remember what passes

          --verify-cache[=<PERCENT>]
              Run a share of what has passed before all the same, and say where it does not pass any
              more; all of it with `100`

          --locked
              Let cargo fail where `Cargo.lock` is not up to date

          --offline
              Keep cargo off the network

          --frozen
              Both `--locked` and `--offline`

    What to show:
          --message-format <FORMAT>
              How results are written

              Possible values:
              - human:  For a person
              - json:   One JSON object a line
              - github: For a person who reads the log of a job on GitHub: with groups, annotations and
                a summary of the job

              [default: human]

          --junit <FILE>
              Write a report for CI systems, in the format of JUnit, to this file

          --sarif <FILE>
              Write what was found to this file, in the format SARIF, for code scanning

          --timings[=<FORM>...]
              Draw how the run went: as a page, as a trace, or as both (`--timings=html,json`), in
              `hooks-timings` of the target directory

              Possible values:
              - html: A page that draws the run
              - json: A trace, for Perfetto and for what else reads the format of Chrome

    (common options)

    Examples:
      cargo hooks check                    every check on every crate
      cargo hooks check clippy -p parser   one check on one crate
      cargo hooks check --fix              repair what can be repaired, then check
      cargo hooks check --skip test -j 2   all but the tests, on two slots
      cargo hooks check --stage pre-push   what runs before a push
      cargo hooks --changed-only           only what this branch affects
    ");
}

#[test]
fn of_the_others() {
    assert_snapshot!(help("list"), @"
    exit code 0
    --- stdout ---
    List the checks and what each is for

    Usage: cargo hooks list [OPTIONS]

    Options:
          --presets
              The checks that are built in, rather than those of this workspace

          --message-format <FORMAT>
              How the list is written

              Possible values:
              - human: For a person
              - json:  One JSON object a line

              [default: human]

      -h, --help
              Print help (see a summary with '-h')

    (common options)

    Examples:
      cargo hooks list             names and purposes
      cargo hooks list -v          with command, stages, crates, and the changes that each follows
      cargo hooks list --presets   the checks that are built in
    ");
    assert_snapshot!(help("init"), @"
    exit code 0
    --- stdout ---
    Write a commented configuration into the root manifest

    Usage: cargo hooks init [OPTIONS]

    Options:
          --dry-run
              Show what would be written, and write nothing

      -h, --help
              Print help (see a summary with '-h')

    (common options)

    Examples:
      cargo hooks init             write it
      cargo hooks init --dry-run   show what would be written
    ");
    assert_snapshot!(help("doctor"), @"
    exit code 0
    --- stdout ---
    Look at the machine and the workspace, and say what is missing

    Usage: cargo hooks doctor [OPTIONS]

    Options:
      -h, --help
              Print help (see a summary with '-h')

    (common options)

    Examples:
      cargo hooks doctor           exits with 3 where a tool is missing
    ");
    assert_snapshot!(help("schema"), @"
    exit code 0
    --- stdout ---
    Print the JSON schema of the configuration, or of the lines that a run writes

    Usage: cargo hooks schema [OPTIONS]

    Options:
          --of <WHAT>
              Of what

              Possible values:
              - configuration: The configuration, for editors
              - output:        A line of `check --message-format json`, for programs that read them

              [default: configuration]

      -h, --help
              Print help (see a summary with '-h')

    (common options)

    Examples:
      cargo hooks schema > hooks.schema.json   for an editor that checks Cargo.toml
      cargo hooks schema --of output           for a program that reads `check --message-format json`
    ");
    assert_snapshot!(help("completions"), @"
    exit code 0
    --- stdout ---
    Print completions for a shell

    Usage: cargo hooks completions [OPTIONS] <SHELL>

    Arguments:
      <SHELL>
              The shell

              [possible values: bash, elvish, fish, powershell, zsh]

    Options:
      -h, --help
              Print help (see a summary with '-h')

    (common options)

    Examples:
      cargo hooks completions bash > ~/.local/share/bash-completion/completions/cargo-hooks

    They complete `cargo-hooks`; a shell asks cargo's own completions about `cargo hooks`.
    ");
    assert_snapshot!(help("man"), @"
    exit code 0
    --- stdout ---
    Print the manual page, or write those of all subcommands

    Usage: cargo hooks man [OPTIONS]

    Options:
          --out-dir <DIR>
              Write one page for each subcommand into this directory

      -h, --help
              Print help (see a summary with '-h')

    (common options)

    Examples:
      cargo hooks man | man -l -
      cargo hooks man --out-dir ~/.local/share/man/man1
    ");
}
