//! The reporters of a run: one for the terminal, any number for files.
//!
//! All hear the same events. What the one for the terminal says is written at once, what those for files say when the run is
//! over.
//! What cannot be written changes no verdict, but the run ends with an error: a result that nobody gets must not look like
//! a pass.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{Args, ValueEnum};

use super::args::GlobalArgs;
use super::report_file::ReportFile;
use super::terminal::NoControlEcho;
use super::timings::Timings;
use super::{CliError, colour, github, output, timings};
use crate::event::{Event, EventKind};
use crate::plan::Plan;
use crate::project::Project;
use crate::report::{
    GithubReporter, HumanOptions, HumanReporter, JsonReporter, JunitReporter, ProgressOptions, ProgressTarget,
    ProgressView, Reporter, SarifReporter, Verbosity,
};
use crate::tool_output::Colour;

/// What is told of a run, and where.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What to show")]
pub(super) struct ReportArgs {
    /// How results are written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) message_format: RunFormat,
    /// Write a report for CI systems, in the format of JUnit, to this file.
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Write what was found to this file, in the format SARIF, for code scanning.
    #[arg(long, value_name = "FILE")]
    pub(super) sarif: Option<PathBuf>,
    /// Draw how the run went: as a page, as a trace, or as both (`--timings=html,json`), in `hooks-timings` of the target
    /// directory.
    #[arg(
        long,
        value_enum,
        value_name = "FORM",
        value_delimiter = ',',
        num_args = 0..,
        require_equals = true,
        default_missing_value = "html"
    )]
    pub(super) timings: Vec<Timings>,
}

/// How a run is told where its results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum RunFormat {
    /// For a person.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
    /// For a person who reads the log of a job on GitHub: with groups, annotations and a summary of the job.
    Github,
}

impl ReportArgs {
    /// Whether a report of a run is wanted, beside what its terminal shows.
    pub(super) fn want_a_file(&self) -> bool {
        self.junit.is_some() || self.sarif.is_some() || !self.timings.is_empty()
    }

    /// The reports that are written to files. That they can be is found out before anything runs.
    fn files(&self, project: &Project) -> Result<Vec<(Told, ReportFile)>, CliError> {
        // A clock that is before that year is wrong anyway.
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let junit = self.junit.iter().map(|path| report(path, JunitReporter::new(now)));
        let sarif = self.sarif.iter();
        let sarif = sarif.map(|path| report(path, SarifReporter::new(github::places(project))));
        let mut files: Vec<ReportFile> = junit.chain(sarif).collect::<Result<_, _>>()?;
        if self.message_format == RunFormat::Github {
            files.extend(github::summary().map_err(CliError::environment)?);
        }
        let drawn = timings::files(&self.timings, project)?.into_iter();
        let drawn = drawn.map(|(path, file)| (Told::At(path), file));
        Ok(files.into_iter().map(|file| (Told::Not, file)).chain(drawn).collect())
    }
}

fn report(path: &Path, reporter: impl Reporter + 'static) -> Result<ReportFile, CliError> {
    ReportFile::new(path, Box::new(reporter)).map_err(CliError::environment)
}

/// Whether it is told where a report is.
enum Told {
    /// It is where it was asked for.
    Not,
    /// It is, since nobody has named the place.
    At(PathBuf),
}

/// The reporters of one run.
pub(super) struct Reporters {
    terminal: Terminal,
    files: Vec<(Told, ReportFile)>,
    global: GlobalArgs,
}

impl Reporters {
    /// Those that were asked for.
    pub(super) fn new(
        args: &ReportArgs,
        project: &Project,
        plan: &Plan,
        global: &GlobalArgs,
    ) -> Result<Self, CliError> {
        Ok(Self {
            files: args.files(project)?,
            global: global.clone(),
            terminal: Terminal::new(args.message_format, project, plan.colour, global),
        })
    }

    /// Lets all hear an event.
    pub(super) fn on_event(&mut self, event: &Event) {
        self.terminal.on_event(event);
        // Lines of a live view are many, and come again with the whole output.
        if self.files.is_empty() || matches!(event.kind, EventKind::TaskSaid { .. }) {
            return;
        }
        for (_, file) in &mut self.files {
            file.on_event(event);
        }
    }

    /// Writes what is said at the end. All of them have their turn, whatever becomes of one.
    pub(super) fn finish(self) -> Result<(), CliError> {
        let terminal = self.terminal.finish().err().map(|error| error.to_string());
        let global = &self.global;
        let files = self.files.into_iter().filter_map(|(told, file)| {
            let finished = file.finish();
            if let (Ok(()), Told::At(path)) = (&finished, told) {
                tell_place(&path, global);
            }
            finished.err()
        });
        let failed: Vec<String> = terminal.into_iter().chain(files).collect();
        if failed.is_empty() {
            Ok(())
        } else {
            Err(CliError::environment(failed.join("\n")))
        }
    }
}

/// Says where a report is that was written to a place of our choice.
fn tell_place(path: &Path, global: &GlobalArgs) {
    if !global.quiet {
        let text = format!("the run is drawn in {}", path.display());
        output::stderr(&output::labelled("note", &text, colour::for_stderr(global.color)));
    }
}

/// The reporter whose place is standard output, and the live view on standard error.
struct Terminal {
    reporter: Box<dyn Reporter>,
    // Gives the terminal back before the view is gone, as it took it after the view was there.
    _no_echo: Option<NoControlEcho>,
    view: Option<ProgressView>,
    stdout: output::Stdout,
    written: io::Result<()>,
}

impl Terminal {
    fn new(format: RunFormat, project: &Project, colour: Colour, global: &GlobalArgs) -> Self {
        let options = human_options(colour, global);
        let reporter: Box<dyn Reporter> = match format {
            RunFormat::Human => Box::new(HumanReporter::new(options)),
            RunFormat::Json => Box::new(JsonReporter::new()),
            RunFormat::Github => Box::new(GithubReporter::new(options, github::places(project))),
        };
        let view = (format == RunFormat::Human).then(|| progress(global)).flatten();
        Self {
            reporter,
            _no_echo: view.as_ref().map(|_| NoControlEcho::new()),
            view,
            stdout: output::Stdout::default(),
            written: Ok(()),
        }
    }

    fn on_event(&mut self, event: &Event) {
        if let Some(view) = &self.view {
            view.on_event(event);
        }
        self.say(|reporter, out| reporter.on_event(event, out));
    }

    /// Lets the reporter write into memory first, so that the live view gives way only when there is something to show.
    fn say(&mut self, say: impl FnOnce(&mut dyn Reporter, &mut dyn Write) -> io::Result<()>) {
        let mut text = Vec::new();
        let said = say(self.reporter.as_mut(), &mut text);
        let stdout = &mut self.stdout;
        let mut write = || stdout.write_all(&text).and_then(|()| stdout.flush());
        let written = match &self.view {
            _ if text.is_empty() => Ok(()),
            Some(view) => view.suspend(write),
            None => write(),
        };
        // The first thing that went wrong is what is told.
        self.written = std::mem::replace(&mut self.written, Ok(())).and(said).and(written);
    }

    fn finish(mut self) -> io::Result<()> {
        self.say(|reporter, out| reporter.finish(out));
        self.written
    }
}

/// How much is told, and in which colour.
pub(super) fn human_options(colour: Colour, global: &GlobalArgs) -> HumanOptions {
    let verbosity = match (global.quiet, global.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, _) => Verbosity::Verbose,
    };
    let width = terminal_size::terminal_size_of(std::io::stdout()).map_or(usize::MAX, |(width, _)| width.0.into());
    HumanOptions {
        colour,
        width,
        verbosity,
    }
}

/// The live view, on a terminal that somebody watches.
fn progress(global: &GlobalArgs) -> Option<ProgressView> {
    let (width, height) = terminal_size::terminal_size_of(std::io::stderr())?;
    // With a log on the same terminal, lines and live view would tear each other.
    if global.quiet || global.verbose > 1 || in_ci() || !std::io::stderr().is_terminal() {
        return None;
    }
    Some(ProgressView::new(ProgressOptions {
        target: ProgressTarget::Stderr,
        colour: colour::for_stderr(global.color),
        width: width.0.into(),
        height: height.0.into(),
    }))
}

#[expect(clippy::disallowed_methods, reason = "the variable CI is read here and nowhere else")]
fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}
