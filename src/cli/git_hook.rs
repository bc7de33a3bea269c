//! `cargo hooks git-hook`: what the hooks in a repository call.

use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{CheckArgs, GitHookArgs, GlobalArgs};
use super::error::exit;
use super::git::git;
use super::judge::{Question, judge};
use super::{CliError, Ended, colour, output, request};
use crate::changes::Git;
use crate::config::Stage;
use crate::environment::{Environment, locate};
use crate::git_hooks::{
    Handed, Part, PushError, REACHED, Site, Subject, WantsInput, during, present, pushed, reached, run_first,
};
use crate::plan::HookInput;
use crate::project::{LoadOptions, Project};

/// What git writes for a push of a million references is shorter.
const LONGEST_INPUT: u64 = 256 * 1024 * 1024;

pub(super) fn git_hook(args: &GitHookArgs, global: &GlobalArgs) -> Ended {
    let stage = args.stage;
    let wish = variable("CARGO_HOOKS");
    if wish.as_ref().is_some_and(|wish| wish == REACHED) {
        output::stderr(&reached(stage));
        return Ok(ExitCode::SUCCESS);
    }
    let input = match WantsInput::of(stage) {
        WantsInput::Lines => Some(read_input()?),
        WantsInput::Nothing => None,
    };
    match before_ours(args, input.as_deref()) {
        Ok(None | Some(0)) => {}
        Ok(Some(code)) => return Ok(ExitCode::from(code)),
        Err(error) if stage.comes_after() => return Ok(harmless(stage, Err(error), global)),
        Err(error) => return Err(error),
    }
    if wish.is_some_and(|wish| wish == "0") {
        note(&format!("no checks for {stage}, since CARGO_HOOKS is 0"), global);
        return Ok(ExitCode::SUCCESS);
    }
    let global = &GlobalArgs {
        directory: args.directory.clone().filter(|dir| dir != "."),
        ..global.clone()
    };
    let ended = ours(args, input.as_deref().unwrap_or_default(), global);
    if stage.comes_after() {
        Ok(harmless(stage, ended, global))
    } else {
        ended
    }
}

/// Runs the hook that was there before.
fn before_ours(args: &GitHookArgs, input: Option<&[u8]>) -> Result<Option<u8>, CliError> {
    let Some(hook) = &args.chained else { return Ok(None) };
    run_first(hook, &args.args, input)
        .map_err(|error| CliError::environment(format!("the hook `{}` cannot be run: {error}", hook.display())))
}

/// Runs the checks, on each of what the hook is about.
fn ours(args: &GitHookArgs, input: &[u8], global: &GlobalArgs) -> Ended {
    let here = LoadOptions::from_process()
        .map_err(|_| CliError::environment("the current directory does not exist any more, or cannot be read"))?;
    let handed = Handed {
        stage: args.stage,
        dir: here.current_dir.clone(),
        args: args.args.clone(),
        index: variable("GIT_INDEX_FILE"),
    };
    let git = git(&here)?;
    let Some(subject) = subject(&git, &handed, input, global)? else {
        return Ok(ExitCode::SUCCESS);
    };
    let options = request::load_options(global)?;
    let mut typed = CheckArgs::default();
    typed.which.stage = Some(args.stage);
    typed.how.ends_with = args.ends_with;
    let question = Question {
        options: LoadOptions {
            environment: with_cargo_on_path(options.environment.clone(), &options.current_dir),
            ..options
        },
        typed,
        repair: args.fix,
        hook: &|project| hook_input(project, &handed, &git),
    };
    judge_all(&subject.parts(), &question, global)
}

/// Judges each part, one after the other. What is wrong with one says nothing of the others.
fn judge_all(parts: &[Part], question: &Question<'_>, global: &GlobalArgs) -> Ended {
    let mut code = ExitCode::SUCCESS;
    for part in parts {
        if let (Part::Commits(pushed), true) = (part, parts.len() > 1) {
            note(&format!("the checks of {}", pushed.tip), global);
        }
        let ended = judge(part, question, global)?;
        if ended == ExitCode::from(exit::INTERRUPTED) {
            return Ok(ended);
        }
        if ended != ExitCode::SUCCESS {
            code = ended;
        }
    }
    Ok(code)
}

/// What the hook is about, if there is anything to check in it. What needs no check is said.
fn subject(git: &Git, handed: &Handed, input: &[u8], global: &GlobalArgs) -> Result<Option<Subject>, CliError> {
    let (subject, unchecked) = match handed.stage {
        Stage::PrePush => pushed(git, handed, input)?,
        _ => (handed.subject(), Vec::new()),
    };
    let site = Site {
        git,
        dir: &handed.dir,
        workspace: global.directory.as_deref().unwrap_or(Path::new("")),
    };
    let (subject, absent) = present(site, subject);
    for text in unchecked.iter().chain(&absent) {
        note(text, global);
    }
    Ok(subject)
}

/// What checks of a project can see of the hook.
fn hook_input(project: &Project, handed: &Handed, git: &Git) -> HookInput {
    let mut input = handed.for_checks();
    let mut variants = project.config.checks.iter().flat_map(|check| &check.variants);
    // Few want to know, and git is not asked for the others.
    if variants.any(|variant| !variant.definition.skip_in.is_empty()) {
        input.during = during(git, &handed.dir, handed.stage);
    }
    input
}

/// A program with windows starts git with few directories on the `PATH`. What scripts call must be found all the same.
fn with_cargo_on_path(environment: Environment, dir: &Path) -> Environment {
    let cargo = locate(["cargo"], &environment, dir).remove("cargo");
    let path = environment.get("PATH").unwrap_or_default().to_owned();
    let known: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let bin = cargo
        .as_deref()
        .and_then(Path::parent)
        .filter(|bin| !known.iter().any(|dir| dir == bin));
    match bin.map(|bin| std::env::join_paths(known.iter().map(PathBuf::as_path).chain([bin]))) {
        Some(Ok(path)) => environment.with("PATH", path),
        _ => environment,
    }
}

/// What has happened cannot be prevented any more: that something is wrong is said, and the command of git succeeds.
fn harmless(stage: Stage, ended: Ended, global: &GlobalArgs) -> ExitCode {
    let failed = match ended {
        Ok(code) => code != ExitCode::SUCCESS,
        Err(error) => error.report(global) != ExitCode::SUCCESS,
    };
    if failed {
        let text = format!("{stage} comes after the fact: nothing was prevented");
        output::stderr(&output::labelled("warning", &text, colour::for_stderr(global.color)));
    }
    ExitCode::SUCCESS
}

/// What git writes to the hook. A person who types the command writes nothing.
fn read_input() -> Result<Vec<u8>, CliError> {
    let stdin = std::io::stdin();
    let mut input = Vec::new();
    if !stdin.is_terminal() {
        stdin.lock().take(LONGEST_INPUT + 1).read_to_end(&mut input)?;
    }
    if input.len() as u64 > LONGEST_INPUT {
        return Err(CliError::environment(
            "there is more on standard input than git can have written",
        ));
    }
    Ok(input)
}

fn note(text: &str, global: &GlobalArgs) {
    output::stderr(&output::labelled("note", text, colour::for_stderr(global.color)));
}

#[expect(
    clippy::disallowed_methods,
    reason = "what git and the user say to a hook by variables is read here and nowhere else"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

impl From<PushError> for CliError {
    fn from(error: PushError) -> Self {
        Self::environment(error.to_string())
    }
}
