//! A clock that is wrong, or becomes another: what has passed counts as it would with a right one, and the user hears of it at
//! most once a run.
//!
//! Only the kernel dates files, so that a test cannot move what they say. It moves what programs are told by the clock, with
//! a library that is loaded before all others; and it dates files as a clock would have dated them that was wrong then.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::sandbox::{Output, Run, Sandbox};

/// A clock of the system that is as many seconds wrong as a file says, each time that it is asked.
const CLOCK: &str = r#"
use std::ffi::{c_int, c_long};

#[repr(C)]
pub struct Time {
    seconds: i64,
    nanoseconds: i64,
}

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
}

#[cfg(target_arch = "x86_64")]
const CLOCK_GETTIME: c_long = 228;
#[cfg(target_arch = "aarch64")]
const CLOCK_GETTIME: c_long = 113;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Time) -> c_int {
    let code = unsafe { syscall(CLOCK_GETTIME, clock, time) };
    if code == 0 && clock == 0 {
        let wrong = std::fs::read_to_string(env!("WRONG_BY")).unwrap_or_default();
        unsafe { (*time).seconds += wrong.trim().parse::<i64>().unwrap_or(0) };
    }
    code as c_int
}
"#;

const HOUR: i64 = 3600;
const TEN_YEARS: i64 = 10 * 365 * 24 * HOUR;

/// A workspace in which all programs are told the time by such a clock.
struct Wrong {
    sandbox: Sandbox,
    library: PathBuf,
}

impl Wrong {
    fn new(sandbox: Sandbox) -> Self {
        let library = sandbox.root().join("clock.so");
        sandbox.write("../clock.rs", CLOCK);
        let rustc = sandbox
            .program("rustc")
            .args("--edition 2024 --crate-type cdylib -o")
            .arg(&library);
        let rustc = rustc.env("WRONG_BY", sandbox.root().join("wrong-by"));
        let _ = rustc.arg(sandbox.root().join("clock.rs")).output().exits(0);
        Self { sandbox, library }
    }

    /// Makes the clock wrong by so many seconds, beside what it shows here.
    fn by(&self, seconds: i64) -> &Self {
        self.sandbox.write("../wrong-by", seconds.to_string());
        self
    }

    fn with(&self, source: &str) -> &Self {
        self.sandbox.write("alpha/src/lib.rs", source);
        self
    }

    fn command(&self, arguments: &str) -> Run<'_> {
        self.sandbox.command(arguments).env("LD_PRELOAD", &self.library)
    }

    fn check(&self) -> Output {
        self.command("check --message-format json").output()
    }
}

/// What came of each check.
fn told(out: &Output) -> Vec<String> {
    let lines = out.json();
    let ends = lines.iter().filter(|line| line["type"] == "task-finished");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut told: Vec<_> = ends
        .map(|end| format!("{} {}", text(&end["task"]["check"]), text(&end["outcome"])))
        .collect();
    told.sort();
    told
}

const GOOD: &str = "//! This is good.\n";
const BROKEN: &str = "//! This is BROKEN!\npub const BROKEN: u32 = false;\n";

/// Only a compiler sees what is wrong with it.
const MISTAKEN: &str = "//! This is good.\npub const NONE: u32 = false;\n";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .git()
        .tool("look", "case $(cat \"$@\") in *BROKEN*) exit 1 ;; esac")
        .hooks("checks.look = { run = \"look {files}\", files = [\"alpha/src/*.rs\"] }\nchecks.check = true")
        .write("alpha/src/lib.rs", GOOD);
    sandbox
}

#[test]
fn whatever_the_clock_shows_for_a_run_the_verdicts_are_the_same() {
    let wrong = Wrong::new(sandbox());
    let mut before = TEN_YEARS;
    for seconds in [0, -HOUR, HOUR, TEN_YEARS, 0] {
        let is_back = seconds < before;
        before = seconds;
        for (run, text) in [BROKEN, BROKEN, GOOD, GOOD].into_iter().enumerate() {
            let context = format!("wrong by {seconds} seconds, run {run}");
            let out = wrong.by(seconds).with(text).check();
            let verdict = if text == GOOD { "passed" } else { "failed" };
            let of_both = ["check", "look"].map(|check| format!("{check} {verdict}"));
            assert_eq!(told(&out), of_both, "{context}: {out}");
            let warnings = out.stderr.lines().count();
            assert!(warnings <= usize::from(is_back && run == 0), "{context}: {out}");
        }
    }
}

/// Dates all files in a directory.
fn date_all(dir: &Path, time: SystemTime) {
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            date_all(&path, time);
        } else {
            let file = fs::File::options().append(true).open(&path).unwrap();
            file.set_modified(time).unwrap();
        }
    }
}

/// Cargo goes by times: what was edited after a clock was set back looks older to it than what it has compiled before.
#[test]
fn what_was_built_before_a_clock_was_set_back_is_no_proof() {
    let sandbox = sandbox();
    let (target, check) = (sandbox.ws().join("target"), || {
        sandbox.run("check --message-format json")
    });
    for _ in 0..2 {
        let _ = check().exits(0);
    }
    date_all(&target, SystemTime::now() + Duration::from_hours(1));
    sandbox.write("alpha/src/lib.rs", MISTAKEN);
    let mistaken = check();
    assert_eq!(
        told(&mistaken),
        ["check passed", "look passed"],
        "cargo sees it: this test tests nothing"
    );
    fs::remove_dir_all(target).unwrap();
    assert_eq!(told(&check()), ["check failed", "look passed"]);
}
