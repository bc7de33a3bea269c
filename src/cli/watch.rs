//! `cargo hooks watch`: checks again what a save affects, for as long as somebody works.
//!
//! Every run is planned anew, from the manifests on, by the same code as `check`. One thread hears what happens and decides
//! (`brain`, `machine`), this one runs what it is told to.

mod brain;
mod eyes;
mod machine;
mod noise;

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use clap::Args;

use super::args::{CheckArgs, GlobalArgs};
use super::reporters::{Reporters, RunFormat, human_options};
use super::{CliError, Ended, check, colour, request};
use crate::changes::Comparison;
use crate::digests::Became;
use crate::event::{EventKind, Failure, Outcome, RunStats};
use crate::model::TaskId;
use crate::plan::Plan;
use crate::project::{Difference, Lookout, Project};
use crate::report::{Changed, changed_json, changed_text, watching_json, watching_text};
use crate::run::listen;
use crate::tool_output::Colour;
use crate::workspace::Workspace;
use brain::{Brain, Job, Note, Order, Shared};
use eyes::Eyes;
use machine::{End, Scope};

/// What can be typed after `watch`.
#[derive(Clone, Debug, Args)]
#[command(
    mut_arg("dry_run", |arg| arg.hide(true)),
    mut_arg("verify", |arg| arg.hide(true)),
    mut_arg("verify_cache", |arg| arg.hide(true)),
    mut_arg("range", |arg| arg.hide(true)),
)]
pub(super) struct WatchArgs {
    #[command(flatten)]
    check: CheckArgs,
    /// Leave what is on the screen, rather than clearing it for each run.
    #[arg(long, help_heading = "What to show")]
    no_clear: bool,
}

pub(super) fn watch(args: &WatchArgs, global: &GlobalArgs) -> Ended {
    if let Some(reason) = refused(&args.check) {
        return Err(CliError::usage(reason));
    }
    let options = request::load_options(global)?;
    let Some(lookout) = Lookout::without_project(&options) else {
        // Whoever loads it knows what to say about that.
        request::load_project(global)?;
        return Err(CliError::usage("there is no workspace to watch"));
    };
    let (note, notes) = channel();
    let (order, orders) = channel();
    let shared = Arc::new(Shared::default());
    let signal = note.clone();
    listen(Arc::clone(&shared.hears), move || drop(signal.send(Note::Signal)))?;
    let stir = note.clone();
    let brain = Brain {
        lookout,
        eyes: Eyes::new(move |stirred| drop(stir.send(Note::Stir(stirred))))?,
        orders: order,
        shared: Arc::clone(&shared),
    };
    let thinking = thread::Builder::new().name("watch".to_owned());
    thinking.spawn(move || brain.think(&notes))?;
    let runner = Runner {
        args,
        global,
        note,
        shared,
        workspace: None,
        is_first: true,
        error: None,
    };
    runner.obey(&orders)
}

/// Why something that can be asked of a run cannot be asked of a watcher.
fn refused(args: &CheckArgs) -> Option<&'static str> {
    let (how, comparison) = (&args.how, &args.comparison);
    let reasons = [
        (
            how.dry_run,
            "`watch` runs what it plans: `cargo hooks plan` shows a plan",
        ),
        (
            how.verify,
            "`--verify` runs everything, whatever has changed: `cargo hooks check --verify` does that",
        ),
        (
            how.verify_cache.is_some(),
            "`--verify-cache` runs what has not changed: `cargo hooks check --verify-cache` does that",
        ),
        (
            comparison.range.is_some(),
            "`--range` compares two revisions, which no save changes: `--since` compares one with what is saved",
        ),
        (
            comparison
                .files_from
                .as_ref()
                .is_some_and(|list| list.as_os_str() == "-"),
            "standard input can be read only once, and `watch` plans many times: give a file to `--files-from`",
        ),
        (
            args.report.message_format == RunFormat::Github,
            "`github` is for the log of a job, which comes to an end",
        ),
    ];
    reasons.into_iter().find(|(is_so, _)| *is_so).map(|(_, reason)| reason)
}

/// What was heard of a run.
#[derive(Default)]
struct Heard {
    /// The tasks that are writing now, and are there to write.
    writing: BTreeSet<TaskId>,
    /// Whether nobody can say of a task whether it passed.
    uncertain: bool,
}

/// Why it does not go on.
enum Stop {
    /// What there was to say could not be said.
    Unsaid(io::Error),
    /// Nothing like what was asked for is there to be run.
    Refused(CliError),
}

/// Runs what it is told to.
struct Runner<'a> {
    args: &'a WatchArgs,
    global: &'a GlobalArgs,
    note: Sender<Note>,
    shared: Arc<Shared>,
    /// The workspace as it was when it could last be loaded, to say whose files are.
    workspace: Option<Workspace>,
    is_first: bool,
    /// Why nothing could run, the last time.
    error: Option<String>,
}

impl Runner<'_> {
    fn obey(mut self, orders: &Receiver<Order>) -> Ended {
        for order in orders {
            let obeyed = match order {
                Order::Run(job) => self.obey_to_run(&job),
                Order::Rest(restless) => self.say_watching(&restless).map_err(Stop::Unsaid),
                Order::End(ended) => return ended,
            };
            match obeyed {
                Ok(()) => {}
                // Nobody reads any more.
                Err(Stop::Unsaid(error)) if error.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
                Err(Stop::Unsaid(error)) => return Err(error.into()),
                Err(Stop::Refused(error)) => return Err(error),
            }
        }
        Err(CliError::environment("whoever watches the workspace has stopped"))
    }

    fn obey_to_run(&mut self, job: &Job) -> Result<(), Stop> {
        self.error = None;
        let loaded = request::load_project_to_run(&self.args.check, self.global);
        let is_asked_first = self.is_first && loaded.is_ok();
        if let Ok(project) = &loaded {
            self.workspace = Some(project.workspace.clone());
        }
        self.say_changed(&job.causes).map_err(Stop::Unsaid)?;
        let ended = loaded.and_then(|project| self.run(project, job));
        self.is_first = false;
        let end = match ended {
            // What was asked for is more likely mistyped than about to come.
            Err(error) if is_asked_first && error.is_usage() => return Err(Stop::Refused(error)),
            ended => ended,
        };
        let end = end.unwrap_or_else(|error| {
            self.error = Some(error.text(Colour::Strip));
            // The next change may be what repairs it.
            error.report(self.global);
            End::Failed
        });
        // Whoever thinks has ended only where the program has to.
        let _ = self.note.send(Note::Ended(end));
        Ok(())
    }

    fn run(&self, mut project: Project, job: &Job) -> Result<End, CliError> {
        project.ends_with = self.args.check.how.ends_with;
        project.recall = Some(job.recall.clone());
        let mut request = request::request(&self.args.check, self.global, &project)?;
        // Somebody who compares by himself has said what is to run.
        let compares = request.changes.is_some();
        if let (false, Scope::Files(files)) = (compares, &job.scope) {
            request.changes = Some(Comparison::Files(files.iter().cloned().collect()));
        }
        let (plan, files) = project.plan_and_files(&request)?;
        let lookout = Lookout::of(&project, request.changes.as_ref(), files.as_deref());
        let _ = self.note.send(Note::Planned(Box::new(lookout)));
        if job.recall.is_called() {
            return Ok(End::Recalled);
        }
        if self.is_first || compares {
            check::notice(&plan, &project, &self.args.check, self.global);
        }
        let reporters = Reporters::new(&self.args.check.report, &project, &plan, self.global)?;
        let mut heard = Heard::default();
        let stats = check::run(&project, &plan, reporters, &mut |event| {
            self.hear(event, &plan, &mut heard);
        });
        self.shared.hears.store(false, Ordering::SeqCst);
        self.shared.writing.store(false, Ordering::SeqCst);
        Ok(match stats? {
            RunStats { interrupted: true, .. } => End::Recalled,
            stats if stats.is_success() => End::Passed,
            _ if heard.uncertain => End::Unsettled,
            _ => End::Failed,
        })
    }

    /// Lets whoever thinks know what goes on.
    fn hear(&self, event: &EventKind, plan: &Plan, heard: &mut Heard) {
        match event {
            EventKind::RunStarted(_) => self.shared.hears.store(true, Ordering::SeqCst),
            EventKind::TaskStarted { task } => {
                let task = plan.task(task.id);
                if task.key.repairs || task.unchanged.is_some() {
                    heard.writing.insert(task.head.id);
                    self.shared.writing.store(true, Ordering::SeqCst);
                }
            }
            EventKind::TaskFinished(finished) => {
                heard.uncertain |= matches!(finished.outcome, Outcome::Failed(Failure::Uncertain { .. }));
                if heard.writing.remove(&finished.task.id) {
                    // First this: in between, it must not look as if nobody had written.
                    self.shared.wrote.store(true, Ordering::SeqCst);
                    self.shared.writing.store(!heard.writing.is_empty(), Ordering::SeqCst);
                }
            }
            _ => {}
        }
    }

    fn say_changed(&self, causes: &[Difference]) -> io::Result<()> {
        let is_json = self.is_json();
        let mut text = String::new();
        // What was there before the program was started is nobody's to clear.
        if !self.is_first && !is_json && !self.args.no_clear && self.global.verbose < 2 && io::stdout().is_terminal() {
            text.push_str("\x1b[H\x1b[2J");
        }
        if !causes.is_empty() {
            let changed = self.changed(causes);
            text.push_str(&if is_json {
                changed_json(&changed)
            } else {
                changed_text(
                    &changed,
                    human_options(colour::for_stdout(self.global.color), self.global),
                )
            });
        }
        say(&text)
    }

    fn say_watching(&self, restless: &[Difference]) -> io::Result<()> {
        let restless = self.changed(restless);
        say(&if self.is_json() {
            watching_json(&restless, self.error.as_deref())
        } else {
            watching_text(
                &restless,
                human_options(colour::for_stdout(self.global.color), self.global),
            )
        })
    }

    fn is_json(&self) -> bool {
        self.args.check.report.message_format == RunFormat::Json
    }

    /// The same with names that people know.
    fn changed(&self, differences: &[Difference]) -> Vec<Changed> {
        let named = |difference: &Difference| match difference {
            Difference::File(path, became) => {
                let workspace = self.workspace.as_ref();
                let owner = workspace.and_then(|workspace| Some(&workspace[workspace.owner(path)?]));
                let below = workspace.and_then(|workspace| path.strip_prefix(&workspace.root).ok());
                Changed::File {
                    path: below.unwrap_or(path).to_owned(),
                    became: *became,
                    krate: owner.map(|krate| krate.name.clone()),
                }
            }
            Difference::Elsewhere(path) => Changed::File {
                path: path.clone(),
                became: Became::Other,
                krate: None,
            },
            Difference::Git => Changed::Git,
        };
        differences.iter().map(named).collect()
    }
}

fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
