//! `cargo hooks show`: tells a run again, as it was told.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::ValueEnum;

use super::args::{GlobalArgs, ShowArgs};
use super::cache::age;
use super::history::began;
use super::reporters::human_options;
use super::timings::again;
use super::{CliError, Ended, colour, output, request};
use crate::journal::{Recorded, Standing, journals, read};
use crate::project::state_dir;
use crate::report::{HumanReporter, JsonReporter, JunitReporter, Places, Reporter, SarifReporter, TimingsForm};

/// In which form a run is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ShowAs {
    /// For a person, as `check` tells it.
    #[default]
    Human,
    /// One JSON object a line, as `check --message-format json` writes them.
    Json,
    /// The report that `check --junit` writes.
    Junit,
    /// The findings, as `check --sarif` writes them, with files named from the root of the workspace.
    Sarif,
    /// Drawn, as a page: `cargo hooks show --as timings > run.html`.
    Timings,
    /// Drawn, as a trace for Perfetto and for what else reads the format of Chrome.
    Trace,
}

/// Which run is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The newest one.
    Last,
    /// That with this number.
    Number(u64),
}

impl std::str::FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "last" => Ok(Self::Last),
            number => {
                let number = number.parse().map(Self::Number);
                number.map_err(|_| "neither the number of a run nor `last`".to_owned())
            }
        }
    }
}

pub(super) fn show(args: &ShowArgs, global: &GlobalArgs) -> Ended {
    let state = state_dir(&request::load_options(global)?)?;
    let number = match args.run {
        Which::Number(number) => Some(number),
        Which::Last => journals(&state, 1).runs.last().map(|run| run.number),
    };
    let number = number.ok_or_else(|| CliError::usage("no run is recorded"))?;
    let mut run = read(&state, number).ok_or_else(|| {
        let unknown = CliError::usage(format!("nothing is recorded of a run {number}"));
        unknown.hint("`cargo hooks history` lists the runs")
    })?;
    let mut reporter: Box<dyn Reporter> = match args.form {
        ShowAs::Human => Box::new(HumanReporter::new(human_options(
            colour::for_stdout(global.color),
            global,
        ))),
        ShowAs::Json => Box::new(JsonReporter::new()),
        ShowAs::Junit => Box::new(JunitReporter::new(Duration::from_millis(run.begin.began))),
        ShowAs::Sarif => Box::new(SarifReporter::new(Places::default())),
        ShowAs::Timings => Box::new(again(TimingsForm::Page, &run, &state)),
        ShowAs::Trace => Box::new(again(TimingsForm::Trace, &run, &state)),
    };
    let (head, tail) = match args.form {
        ShowAs::Human => (head(&run), tail(&run)),
        _ => (String::new(), String::new()),
    };
    let mut text = head.into_bytes();
    let secrets = output::secrets();
    for event in &mut run.events {
        // The variable may not have been set when the run was recorded.
        secrets.hide_in_event(event);
        reporter.on_event(event, &mut text)?;
    }
    reporter.finish(&mut text)?;
    text.extend_from_slice(tail.as_bytes());
    output::stdout(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}

fn head(run: &Recorded) -> String {
    let at = began(run.begin.began);
    let limited = if run.begin.limited {
        ", of what changes touch"
    } else {
        ""
    };
    let repairs = if run.begin.repairs { ", repairing first" } else { "" };
    format!(
        "run {}, {} ({}){limited}{repairs}\n",
        run.number,
        age(at, SystemTime::now()),
        humantime::format_rfc3339_seconds(at)
    )
}

/// What its last event does not say.
fn tail(run: &Recorded) -> String {
    let end = match run.standing {
        Standing::Ended => "",
        Standing::GoesOn => "the run goes on\n",
        Standing::BrokenOff => "interrupted: the run was killed, or could not be recorded any further\n",
    };
    let missing = match run.missing {
        0 => String::new(),
        1 => "1 event is missing\n".to_owned(),
        events => format!("{events} events are missing\n"),
    };
    format!("{missing}{end}")
}
