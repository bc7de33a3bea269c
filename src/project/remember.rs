//! What a run leaves for later ones. Its verdict is out: whatever goes wrong here is only said.

use std::path::Path;
use std::time::SystemTime;

use super::Project;
use crate::cache::Contradiction;
use crate::journal::{Begin, Journal, JournalError, Limits, Written, collect};
use crate::plan::Plan;
use crate::store::{self, Recorder, StoreError};

/// So often the records of old runs are looked through, in runs;
const TIDIED_EVERY: u64 = 100;
/// and so often where records are larger than this.
const TIDIED_OFTEN: u64 = 10;
const LARGE: u64 = 1024 * 1024;

/// Records a run of this plan, where there is a place for it.
pub(super) fn journal(project: &Project, plan: &Plan) -> Option<Journal> {
    let state = project.state_dir()?;
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let begin = Begin {
        began: u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX),
        limited: plan.affected.is_some(),
        repairs: plan.tasks().any(|task| task.key.repairs),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Some(Journal::new(&state, &begin))
}

/// Leaves the results of a run for later ones.
pub(super) fn remember(
    project: &Project,
    recorder: Recorder<'_>,
    kept: Result<Vec<Contradiction>, StoreError>,
    journal: Option<Journal>,
) {
    for Contradiction {
        task, krate, passed, ..
    } in kept.iter().flatten()
    {
        let krate = krate.as_ref().map(|name| format!(" for {name}")).unwrap_or_default();
        let passed = humantime::format_rfc3339_seconds(*passed);
        tracing::warn!(
            "`{task}`{krate} has failed on what it passed on at {passed}: its verdict is not always the same, or rests on \
             something that nobody has told; that pass is forgotten"
        );
    }
    let (Some(dir), Some(journal)) = (project.state_dir(), journal) else {
        tracing::debug!("there is no place to remember anything in");
        return;
    };
    let recorded = journal.close().and_then(|written| tidy(&dir, written));
    if let Err(error) = store::save(&dir, recorder.ends()) {
        tracing::warn!(%error, "how long the checks took cannot be remembered");
    } else if let Err(error) = kept {
        tracing::warn!(%error, "what passed cannot be remembered");
    } else if let Err(error) = recorded {
        tracing::warn!(%error, "the run cannot be recorded");
    }
}

/// Now and then, removes what is old.
fn tidy(state: &Path, written: Written) -> Result<(), JournalError> {
    let every = if written.bytes > LARGE {
        TIDIED_OFTEN
    } else {
        TIDIED_EVERY
    };
    if written.number.is_multiple_of(every) {
        let collected = collect(state, Limits::default(), SystemTime::now())?;
        tracing::debug!(?collected, "old runs are removed");
    }
    Ok(())
}
