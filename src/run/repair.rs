//! Does what a fixer has printed: a task that has its files alone applies the diff, and asks for another one only where
//! somebody has changed the files meanwhile.

use std::path::PathBuf;

use super::apply::{Application, Obstacle, apply};
use super::printed::Printing;
use super::spill::Spill;
use super::worker::{Report, Worker, Workplace};
use crate::event::{Failure, Output};
use crate::model::{Exit, TaskId};
use crate::plan::Task;
use crate::schedule::Verdict;

/// What came of a fixer that has ended by itself: with a diff, whatever it says by its exit code, it has done what it was
/// to do. Without one, the code counts.
pub(super) fn judge_diff(
    printing: Printing,
    exit: Exit,
    meaning: &mut Option<String>,
    (task, place): (&Task, &Workplace),
) -> Verdict {
    if let Exit::Signal(_) = exit {
        let meaning = meaning.take();
        return Verdict::Failed(Failure::Exit { exit, meaning });
    }
    match printing.read(&place.context.tree.root, &task.command.cwd) {
        Ok((_, 0)) if !exit.is_success() => Verdict::Failed(Failure::Exit {
            exit,
            meaning: meaning.take(),
        }),
        Ok((diff, files)) => {
            place.printed.put(task.head.id, diff);
            *meaning = Some(match files {
                0 => "nothing to repair".to_owned(),
                _ => format!("would repair {}", in_words(files)),
            });
            Verdict::Passed
        }
        Err(reason) => Verdict::Failed(Failure::Unapplied { reason }),
    }
}

/// Applies what a task has printed.
pub(super) async fn repair<'a>(
    worker: Worker<'a>,
    printed_by: TaskId,
    only: Option<&[PathBuf]>,
) -> (Report, Spill<'a>) {
    let (task, place) = (worker.task, worker.place);
    let Some(diff) = place.printed.take(printed_by) else {
        let reason = "no diff was printed".to_owned();
        return (
            report(Verdict::Failed(Failure::Unapplied { reason }), None),
            nothing(task, place),
        );
    };
    match applied(&diff, only, task, place).await {
        Ok(files) => (repaired(files, ""), nothing(task, place)),
        Err(Obstacle::Refused(reason)) => (unapplied(&diff, reason, task, place), nothing(task, place)),
        Err(Obstacle::Misfit(reason)) => {
            tracing::debug!(
                reason,
                task = task.head.label(),
                "the diff does not fit any more: another one is made"
            );
            once_more(worker, only).await
        }
    }
}

/// The files are this task's alone now: what its command prints fits, unless somebody else has a hand in it.
async fn once_more<'a>(worker: Worker<'a>, only: Option<&[PathBuf]>) -> (Report, Spill<'a>) {
    let (task, place) = (worker.task, worker.place);
    let (report, spill) = worker.run().await;
    let Some(diff) = place
        .printed
        .take(task.head.id)
        .filter(|_| report.verdict == Verdict::Passed)
    else {
        return (report, spill);
    };
    let ended = match applied(&diff, only, task, place).await {
        Ok(files) => repaired(files, ", once the fixer had run again"),
        Err(Obstacle::Misfit(reason) | Obstacle::Refused(reason)) => unapplied(&diff, reason, task, place),
    };
    let Report { verdict, note, .. } = ended;
    (
        Report {
            verdict,
            note,
            ..report
        },
        spill,
    )
}

/// On another thread: signals are heard meanwhile.
async fn applied(diff: &[u8], only: Option<&[PathBuf]>, task: &Task, place: &Workplace) -> Result<usize, Obstacle> {
    let (diff, only) = (diff.to_vec(), only.map(<[PathBuf]>::to_vec));
    let (cwd, tree) = (task.command.cwd.clone(), place.context.tree.clone());
    let state = place.context.state_dir.clone();
    let applying = tokio::task::spawn_blocking(move || {
        apply(&Application {
            diff: &diff,
            cwd: &cwd,
            only: only.as_deref(),
            tree: &tree,
            state: state.as_deref(),
        })
    });
    applying
        .await
        .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn repaired(files: usize, how: &str) -> Report {
    let note = match files {
        0 => "nothing to repair".to_owned(),
        _ => format!("repaired {}{how}", in_words(files)),
    };
    report(Verdict::Passed, Some(note))
}

/// The diff is kept, for whoever wants to apply it by hand.
fn unapplied(diff: &[u8], reason: String, task: &Task, place: &Workplace) -> Report {
    let mut kept = nothing(task, place);
    kept.write(diff);
    let saved = kept.hand_on();
    let output = match &saved {
        Some(_) => Output::default(),
        None => Output {
            bytes: diff.to_vec(),
            ..Output::default()
        },
    };
    let whereabouts = saved.map(|saved| format!("; the diff is in {}", saved.path.display()));
    let reason = reason + &whereabouts.unwrap_or_default();
    Report {
        output,
        ..report(Verdict::Failed(Failure::Unapplied { reason }), None)
    }
}

fn report(verdict: Verdict, note: Option<String>) -> Report {
    Report {
        verdict,
        note,
        ..Report::of_nothing()
    }
}

/// No output, yet.
fn nothing<'s>(task: &Task, place: &'s Workplace) -> Spill<'s> {
    place.spills.spill(task.head.label())
}

fn in_words(files: usize) -> String {
    format!("{files} file{}", if files == 1 { "" } else { "s" })
}
