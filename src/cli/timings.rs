//! `--timings` and `show --as timings`: draws how a run went.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::ValueEnum;

use super::CliError;
use super::history::began;
use super::report_file::ReportFile;
use crate::insight::trends;
use crate::journal::{Recorded, journals};
use crate::project::Project;
use crate::report::{TimingsAbout, TimingsForm, TimingsReporter};

/// So many runs are looked at for how checks went: some of them may have had other checks.
const RUNS: usize = 100;
/// Below the target directory, beside what cargo writes for its own `--timings`.
const DIRECTORY: &str = "hooks-timings";

/// What `--timings` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Timings {
    /// A page that draws the run.
    Html,
    /// A trace, for Perfetto and for what else reads the format of Chrome.
    Json,
}

impl Timings {
    fn form(self) -> TimingsForm {
        match self {
            Self::Html => TimingsForm::Page,
            Self::Json => TimingsForm::Trace,
        }
    }

    /// A file of the same name each time: earlier runs are drawn from their records.
    fn file(self) -> &'static str {
        match self {
            Self::Html => "timings.html",
            Self::Json => "timings.json",
        }
    }
}

/// The files for a run that begins now, with their names.
pub(super) fn files(wanted: &[Timings], project: &Project) -> Result<Vec<(PathBuf, ReportFile)>, CliError> {
    let mut forms = wanted.to_vec();
    forms.sort_by_key(|form| form.file());
    forms.dedup();
    if forms.is_empty() {
        return Ok(Vec::new());
    }
    let earlier = project.state_dir().map(|state| journals(&state, RUNS).runs);
    let about = TimingsAbout {
        began: written(SystemTime::now()),
        trends: trends(&earlier.unwrap_or_default(), None),
        ..TimingsAbout::default()
    };
    let dir = project.workspace.target_dir.join(DIRECTORY);
    let file = |form: Timings| {
        let path = dir.join(form.file());
        let reporter = TimingsReporter::new(form.form(), about.clone());
        let file = ReportFile::new(&path, Box::new(reporter)).map_err(CliError::environment)?;
        Ok((path, file))
    };
    forms.into_iter().map(file).collect()
}

/// For a run that is told again.
pub(super) fn again(form: TimingsForm, run: &Recorded, state: &std::path::Path) -> TimingsReporter {
    let about = TimingsAbout {
        run: Some(run.number),
        began: written(began(run.begin.began)),
        limited: run.begin.limited,
        repairs: run.begin.repairs,
        trends: trends(&journals(state, RUNS).runs, Some(run.number)),
    };
    TimingsReporter::new(form, about)
}

fn written(at: SystemTime) -> String {
    let text = humantime::format_rfc3339_seconds(at).to_string();
    text.replace('T', " ").replace('Z', " UTC")
}
