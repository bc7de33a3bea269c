//! Shows what a history is worth: for each of a series of runs, the time that was expected and the time that it took, and how
//! soon the first failure is seen in an order that has learned.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use cargo_hooks::config::Order;
use cargo_hooks::event::EventKind;
use cargo_hooks::plan::CacheUse;
use cargo_hooks::run::Guard;
use cargo_hooks::schedule::Forecast;
use cargo_hooks::{LoadOptions, Project, Request, load};
use tempfile::TempDir;

/// How many runs there are, if nobody says.
const RUNS: usize = 20;
/// From this run on, an estimate is held to its promise: it has seen how long things take, and that they do not always.
const LEARNED: usize = 4;
/// The promise: the median estimate is off by no more than this share of the time.
const PROMISED: f64 = 0.2;
/// How long the checks take that only sleep, in tenths of a second, in the order of the configuration.
const SLEEPS: [u32; 14] = [4, 1, 12, 2, 7, 3, 14, 1, 9, 5, 2, 11, 6, 3];
/// The check that fails is the last in the configuration, and takes so many tenths of a second.
const FAILING: u32 = 3;

/// A run as it was expected and as it went.
struct Learned {
    estimate: Option<Duration>,
    took: Duration,
    first_failure: Option<Duration>,
}

/// `cargo xtask learn [RUNS]`
pub(crate) fn learn(arguments: &[String], guard: &Guard) -> Result<ExitCode, Box<dyn Error>> {
    let runs = match arguments {
        [] => RUNS,
        [runs] => runs
            .parse()
            .ok()
            .filter(|runs| *runs > LEARNED)
            .ok_or("RUNS is a number above 4")?,
        _ => return Err("usage: cargo xtask learn [RUNS]".into()),
    };
    let mut kept = true;
    kept &= estimates("14 checks that sleep, on 4 slots", runs, &sleeping()?, guard)?;
    kept &= estimates(
        "check, clippy, test and doc of 4 crates, one of which was edited",
        runs,
        &building()?,
        guard,
    )?;
    first_failures(runs, guard)?;
    Ok(super::exit_code(kept))
}

/// Runs, and says how far off the estimates were. Whether they keep the promise.
fn estimates(title: &str, runs: usize, dir: &TempDir, guard: &Guard) -> Result<bool, Box<dyn Error>> {
    say(&format!(
        "{title}\n\n| run | expected | took | off by |\n|---|---|---|---|"
    ));
    let mut deviations = Vec::new();
    for number in 1..=runs {
        edit(dir.path(), number)?;
        let learned = run(
            dir.path(),
            &Request {
                cache: CacheUse::Off,
                ..Request::default()
            },
            guard,
        )?;
        let off = learned
            .estimate
            .map(|estimate| estimate.as_secs_f64() / learned.took.as_secs_f64() - 1.0);
        if number >= LEARNED {
            deviations.extend(off.map(f64::abs));
        }
        let percent = |off: f64| format!("{:+.0} %", off * 100.0);
        say(&format!(
            "| {number} | {} | {} | {} |",
            learned.estimate.map_or_else(|| "-".to_owned(), seconds),
            seconds(learned.took),
            off.map_or_else(|| "-".to_owned(), percent),
        ));
    }
    deviations.sort_by(f64::total_cmp);
    let median = *deviations.get(deviations.len() / 2).ok_or("nothing was learned")?;
    let within = deviations.iter().filter(|off| **off <= PROMISED).count();
    say(&format!(
        "\nfrom run {LEARNED} on: off by {:.0} % (median), at most {:.0} %; within {:.0} %: {within} of {}\n",
        median * 100.0,
        deviations.last().unwrap_or(&0.0) * 100.0,
        PROMISED * 100.0,
        deviations.len()
    ));
    Ok(median <= PROMISED)
}

/// When the first failure is seen, in the order that has learned and in that of the configuration.
fn first_failures(runs: usize, guard: &Guard) -> Result<(), Box<dyn Error>> {
    say("a check that fails in two runs of three, the last of 15 in the configuration, with fail-fast on 2 slots\n");
    say("| run | seen after, learned | seen after, as configured |\n|---|---|---|");
    let dirs = [failing()?, failing()?];
    for number in 1..=runs {
        let mut row = format!("| {number} |");
        for (dir, order) in dirs.iter().zip([Order::Adaptive, Order::Config]) {
            let request = Request {
                cache: CacheUse::Off,
                fail_fast: Some(true),
                max_workers: Some(2),
                order: Some(order),
                ..Request::default()
            };
            fs::write(
                dir.path().join("fails"),
                if number % 3 == 0 { "exit 0" } else { "exit 1" },
            )?;
            let seen = run(dir.path(), &request, guard)?.first_failure;
            write!(row, " {} |", seen.map_or_else(|| "-".to_owned(), seconds))?;
        }
        say(&row);
    }
    Ok(())
}

fn run(dir: &Path, request: &Request, guard: &Guard) -> Result<Learned, Box<dyn Error>> {
    let mut options = LoadOptions::from_process()?;
    options.current_dir = dir.join("ws");
    options.environment = options
        .environment
        .with("CARGO_HOOKS_DIR", dir.join("state"))
        .with("CARGO_TARGET_DIR", dir.join("target"));
    options.guard = guard.clone();
    let project: Project = load(&options)?;
    let plan = project.plan(request)?;
    let forecast = Forecast::of(&plan);
    let (mut took, mut first_failure) = (Duration::ZERO, None);
    project.run(&plan, |event| match &event.kind {
        EventKind::TaskFinished(finished) if finished.outcome.is_failure() => {
            first_failure.get_or_insert(event.at);
        }
        EventKind::RunFinished { .. } => took = event.at,
        _ => {}
    })?;
    Ok(Learned {
        estimate: (!forecast.is_guess()).then_some(forecast.elapsed),
        took,
        first_failure,
    })
}

fn sleeping() -> Result<TempDir, Box<dyn Error>> {
    let checks = (0..)
        .zip(SLEEPS)
        .map(|(number, tenths)| sleeps(&format!("check-{number:02}"), tenths, ""));
    workspace("max-parallel = 4", &checks.collect::<String>())
}

fn failing() -> Result<TempDir, Box<dyn Error>> {
    let checks = (0..)
        .zip(SLEEPS)
        .map(|(number, tenths)| sleeps(&format!("check-{number:02}"), tenths, ""));
    let last = sleeps("fails", FAILING, "; . ../fails");
    workspace("", &(checks.collect::<String>() + &last))
}

fn building() -> Result<TempDir, Box<dyn Error>> {
    workspace("", "check = true\nclippy = true\ntest = { instead = [] }\ndoc = true\n")
}

fn sleeps(name: &str, tenths: u32, then: &str) -> String {
    let (whole, rest) = (tenths / 10, tenths % 10);
    format!("{name} = {{ run = [\"sh\", \"-c\", \"sleep {whole}.{rest}{then}\"] }}\n")
}

/// A workspace of four crates, each of which needs the one before it.
fn workspace(settings: &str, checks: &str) -> Result<TempDir, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let root = dir.path().join("ws");
    for number in 0..4 {
        let krate = root.join(format!("c{number}"));
        fs::create_dir_all(krate.join("src"))?;
        let needs = match number {
            0 => String::new(),
            _ => format!(
                "[dependencies]\nc{before} = {{ path = \"../c{before}\" }}\n",
                before = number - 1
            ),
        };
        let package = format!("[package]\nname = \"c{number}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{needs}");
        fs::write(krate.join("Cargo.toml"), package)?;
        fs::write(krate.join("src/lib.rs"), "//! A crate.\n\n#[test]\nfn passes() {}\n")?;
    }
    let hooks = format!("[workspace.metadata.hooks]\n{settings}\n[workspace.metadata.hooks.checks]\n{checks}");
    fs::write(
        root.join("Cargo.toml"),
        format!("[workspace]\nmembers = [\"c*\"]\nresolver = \"3\"\n{hooks}"),
    )?;
    #[expect(clippy::disallowed_methods, reason = "cargo writes the lock file")]
    let locked = Command::new("cargo")
        .args(["generate-lockfile", "--offline", "--quiet"])
        .current_dir(&root)
        .status()?;
    if !locked.success() {
        return Err("cargo cannot write the lock file".into());
    }
    Ok(dir)
}

/// Changes the first crate, so that all of them are built again.
fn edit(dir: &Path, number: usize) -> Result<(), Box<dyn Error>> {
    let file = dir.join("ws/c0/src/lib.rs");
    let text = fs::read_to_string(&file)?;
    fs::write(
        &file,
        format!("{text}\n/// Made by run {number}.\npub fn f{number}() {{}}\n"),
    )?;
    Ok(())
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

#[expect(clippy::disallowed_macros, reason = "a program for developers")]
fn say(text: &str) {
    println!("{text}");
}
