//! `watch`: what starts a run, what calls one back, what does neither, and how it ends.
//!
//! Every test waits for lines that the program writes. Where nothing is to happen, something else is made to happen after it,
//! and that must be all that is told.

use std::fs;
use std::io::{BufRead, BufReader};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use insta::assert_snapshot;
use rustix::process::Signal;
use serde_json::Value;

use crate::process::{is_gone, pid};
use crate::sandbox::{Output, Running, Sandbox};

/// No test waits for longer than this for a line; none comes near it unless something hangs.
const DEADLINE: Duration = Duration::from_mins(1);

/// A tool that notes down for which crate it was called, and fails where the sources say so.
const JUDGE: &str = r#"note "judge $1"; case "$(cat "$1/src/lib.rs")" in *BROKEN*) exit 1 ;; esac"#;

/// Two crates and a check that looks at each by itself.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["a", "b"]);
    sandbox.tool("judge", JUDGE).hooks("checks.judge = \"judge {package}\"");
    sandbox
}

/// Makes the workspace a git repository that ignores this, with all that is there in a commit.
fn repository(sandbox: &Sandbox, ignored: &str) {
    sandbox.write(".gitignore", ignored).git();
    git(sandbox, "add --all");
    git(sandbox, "commit --quiet --message first");
}

fn git(sandbox: &Sandbox, arguments: &str) {
    let somebody = "-c user.name=Somebody -c user.email=somebody@example.com";
    let git = sandbox.program("git").args(somebody).args(arguments);
    git.output().ends(0);
}

/// Writes a file in one step: what is seen between two steps depends on how busy the machine is.
fn save(sandbox: &Sandbox, path: &str, content: &str) {
    let (whole, path) = (sandbox.root().join("whole"), sandbox.ws().join(path));
    fs::write(&whole, content).unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::rename(whole, path).unwrap();
}

/// The program while it watches.
struct Watching<'s> {
    sandbox: &'s Sandbox,
    running: Running<'s>,
    lines: Receiver<String>,
}

fn watch<'s>(sandbox: &'s Sandbox, arguments: &str) -> Watching<'s> {
    started(sandbox, &format!("watch --message-format json {arguments}"))
}

fn started<'s>(sandbox: &'s Sandbox, arguments: &str) -> Watching<'s> {
    let mut running = sandbox.command(arguments).start();
    let stdout = BufReader::new(running.stdout.take().unwrap());
    let (tell, lines) = channel();
    thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                break;
            }
        }
    });
    Watching {
        sandbox,
        running,
        lines,
    }
}

impl Watching<'_> {
    /// The next line; nothing where there will be none.
    fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(DEADLINE) {
            Ok(line) => Some(line),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// All lines up to the next one of this type.
    fn until(&self, kind: &str) -> Vec<Value> {
        let mut lines: Vec<Value> = Vec::new();
        while lines.last().is_none_or(|line| line["type"] != kind) {
            let line = self
                .line()
                .unwrap_or_else(|| panic!("it ends without a line `{kind}`: {lines:?}"));
            lines.push(serde_json::from_str(&line).unwrap());
        }
        lines
    }

    /// What happens until it waits again.
    fn told(&self) -> Vec<String> {
        told(&self.until("watching"))
    }

    /// The same after a file has been saved.
    fn after(&self, path: &str, content: &str) -> Vec<String> {
        save(self.sandbox, path, content);
        self.told()
    }

    /// What happens from now on to the end, and how it ended.
    fn ends(self) -> (Vec<String>, Output) {
        let lines: Vec<Value> = std::iter::from_fn(|| self.line())
            .map(|line| serde_json::from_str(&line).unwrap())
            .collect();
        (told(&lines), self.running.wait())
    }
}

/// What lines say, in words.
fn told(lines: &[Value]) -> Vec<String> {
    let files = |files: &Value| {
        let files = files.as_array().into_iter().flatten();
        let file = |file: &Value| {
            let became = file["became"].as_str().unwrap();
            let of = file["crate"]
                .as_str()
                .map(|krate| format!(" of {krate}"))
                .unwrap_or_default();
            format!("{}{of} is {became}", file["file"].as_str().unwrap())
        };
        files.map(file).collect::<Vec<_>>().join(", ")
    };
    let words = lines.iter().filter_map(|line| {
        Some(match line["type"].as_str().unwrap() {
            "files-changed" if line["git"] == true => "git".to_owned(),
            "files-changed" => files(&line["files"]),
            "run-started" => "run".to_owned(),
            "task-finished" => {
                let cached = if line["cached"] == "whole" { " (cached)" } else { "" };
                let (label, outcome) = (&line["task"]["label"], &line["outcome"]);
                format!("{}: {}{cached}", label.as_str().unwrap(), outcome.as_str().unwrap())
            }
            "stop-began" => format!("stop: {}", line["reason"].as_str().unwrap()),
            "watching" if line["error"].is_string() => "error".to_owned(),
            "watching" if line["ignored"].is_array() => format!("ignored: {}", files(&line["ignored"])),
            _ => return None,
        })
    });
    words.collect()
}

/// A tool that says that it is there, and waits until it may go on. It notes down that it does.
const WAITS: &str = r#"echo $$ >"$SANDBOX/tool"; touch "$SANDBOX/ready-$1"; while ! test -e "$SANDBOX/go"; do sleep 0.01; done; note went on"#;

fn waits_for(sandbox: &Sandbox, file: &str) {
    let path = sandbox.root().join(file);
    crate::sandbox::eventually(file, || path.exists());
    fs::remove_file(path).unwrap();
}

#[test]
fn a_save_runs_again_what_it_affects_and_what_failed() {
    let sandbox = sandbox();
    let watching = watch(&sandbox, "--serial");
    assert_eq!(watching.told(), ["run", "judge a: passed", "judge b: passed"]);
    let changed = "b/src/lib.rs of b is changed";
    assert_eq!(
        watching.after("b/src/lib.rs", "// BROKEN\n"),
        [changed, "run", "judge b: failed"]
    );
    // What still fails is named again, with whatever else is saved.
    assert_eq!(
        watching.after("a/src/lib.rs", "// Other.\n"),
        [
            "a/src/lib.rs of a is changed",
            "run",
            "judge a: passed",
            "judge b: failed"
        ]
    );
    assert_eq!(
        watching.after("b/src/lib.rs", "// Mended.\n"),
        [changed, "run", "judge a: passed (cached)", "judge b: passed"]
    );
    assert_eq!(
        watching.after("b/src/lib.rs", "// Other.\n"),
        [changed, "run", "judge b: passed"]
    );
    // What has passed on the same content need not run, and is said to be well.
    assert_eq!(
        watching.after("b/src/lib.rs", "// Mended.\n"),
        [changed, "run", "judge b: passed (cached)"]
    );
}

#[test]
fn a_save_during_a_run_calls_it_back_and_history_knows_of_it() {
    let sandbox = sandbox();
    sandbox.tool("judge", WAITS);
    let watching = watch(&sandbox, "judge -p a");
    waits_for(&sandbox, "ready-a");
    let first = pid(&sandbox, "tool");
    save(&sandbox, "a/src/lib.rs", "// Other.\n");
    waits_for(&sandbox, "ready-a");
    is_gone(first);
    fs::write(sandbox.root().join("go"), "").unwrap();
    assert_eq!(
        watching.told(),
        [
            "run",
            "stop: outdated",
            "judge a: cancelled",
            "a/src/lib.rs of a is changed",
            "run",
            "judge a: passed"
        ]
    );
    assert_eq!(sandbox.log(), ["went on"]);
    let history = sandbox.run("history --message-format json").exits(0).json();
    let outcomes: Vec<_> = history.iter().map(|run| run["outcome"].as_str().unwrap()).collect();
    assert!(
        outcomes.contains(&"interrupted") && outcomes.contains(&"passed"),
        "{history:?}"
    );
}

#[test]
fn what_no_check_can_see_starts_nothing_and_calls_nothing_back() {
    let sandbox = sandbox();
    repository(&sandbox, "/target\n*.log\n/a/ignored/\n");
    // It does all of this itself, in the midst of a run, and gives wrong answers the time to come.
    sandbox.tool(
        "judge",
        r#"note judge; cd "$SANDBOX/ws"; mkdir -p target/debug a/ignored; echo $$ >target/debug/x; echo $$ >a/ignored/y.rs
           echo $$ >a/some.log; echo $$ >.git/some; echo $$ >a/src/.lib.rs.swp; echo $$ >a/src/lib.rs~; touch a/src/4913
           rm a/src/4913; cat a/src/new.rs >/dev/null 2>&1; sleep 0.3"#,
    );
    let watching = watch(&sandbox, "--serial");
    assert_eq!(watching.told(), ["run", "judge a: passed", "judge b: passed"]);
    // The same from outside, while nothing runs.
    for (path, content) in [
        ("target/debug/x", "1"),
        ("a/ignored/y.rs", "2"),
        ("a/ignored/deep/z.rs", "3"),
        ("a/some.log", "4"),
        (".git/some", "5"),
        ("a/src/.lib.rs.swp", "6"),
        ("a/src/lib.rs~", "7"),
    ] {
        sandbox.write(path, content);
    }
    let same = sandbox.read("a/src/lib.rs");
    save(&sandbox, "a/src/lib.rs", &same);
    fs::File::open(sandbox.ws().join("b/src/lib.rs")).unwrap();
    assert_eq!(
        watching.after("b/src/lib.rs", "// Other.\n"),
        ["b/src/lib.rs of b is changed", "run", "judge b: passed"]
    );
}

#[test]
fn a_check_that_always_writes_something_new_comes_to_rest() {
    let sandbox = sandbox();
    sandbox.tool("judge", r#"note judge; echo $$ >>"$SANDBOX/ws/a/log.txt""#);
    let watching = watch(&sandbox, "judge -p a");
    let told = watching.told();
    assert_eq!(told.last().unwrap(), "ignored: a/log.txt of a is changed", "{told:?}");
    let runs = told.iter().filter(|line| *line == "run").count();
    assert!((3..=4).contains(&runs), "{told:?}");
    assert!(told.contains(&"judge a: passed".to_owned()), "{told:?}");
    // Whoever saves gets a run all the same.
    let told = watching.after("a/src/lib.rs", "// Other.\n");
    assert_eq!(told[0], "a/src/lib.rs of a is changed", "{told:?}");
    assert_eq!(told.last().unwrap(), "ignored: a/log.txt of a is changed", "{told:?}");
}

#[test]
fn a_fixer_repairs_at_each_save_and_is_not_called_back_for_it() {
    let sandbox = sandbox();
    sandbox.tool(
        "mend",
        r#"note "mend $1"; sed -i s/BROKEN/mended/ "$1/src/lib.rs"; sleep 0.3"#,
    );
    sandbox.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"3\"\n[workspace.metadata.hooks.checks]\n\
         judge = { run = \"judge {package}\", fix = \"mend {package}\" }\n",
    );
    let watching = watch(&sandbox, "--fix -p a");
    watching.told();
    let told = watching.after("a/src/lib.rs", "// BROKEN\n");
    assert_eq!(sandbox.read("a/src/lib.rs"), "// mended\n");
    assert!(!told.iter().any(|line| line.starts_with("stop")), "{told:?}");
    assert_eq!(told.iter().filter(|line| *line == "run").count(), 2, "{told:?}");
    assert!(told.last().unwrap().starts_with("judge a: passed"), "{told:?}");
}

#[test]
fn a_manifest_that_is_wrong_is_told_and_goes_on_when_it_is_mended() {
    let sandbox = sandbox();
    let right = sandbox.read("Cargo.toml");
    let wrong = format!("{right}[[\n");
    // It may be wrong from the start.
    sandbox.write("Cargo.toml", &wrong);
    let watching = watch(&sandbox, "--serial");
    assert_eq!(watching.told(), ["error"]);
    let manifest = "Cargo.toml is changed";
    let all_well = ["judge a: passed", "judge b: passed"];
    assert_eq!(
        watching.after("Cargo.toml", &right),
        [&[manifest, "run"], &all_well[..]].concat()
    );
    assert_eq!(watching.after("Cargo.toml", &wrong), [manifest, "error"]);
    // What is saved meanwhile is due later.
    assert_eq!(
        watching.after("a/src/lib.rs", "// BROKEN\n"),
        ["a/src/lib.rs of a is changed", "error"]
    );
    let mistaken = right.replace("checks.judge", "checcs.judge");
    assert_eq!(watching.after("Cargo.toml", &mistaken), [manifest, "error"]);
    assert_eq!(
        watching.after("Cargo.toml", &right),
        [manifest, "run", "judge b: passed (cached)", "judge a: failed"]
    );
    // A configuration that is new is heeded.
    let further = format!("{right}checks.further = \"judge a\"\n");
    let told = watching.after("Cargo.toml", &further);
    assert!(told.contains(&"further: failed".to_owned()), "{told:?}");
}

#[test]
fn directories_that_come_and_go_are_watched() {
    let sandbox = sandbox();
    let watching = watch(&sandbox, "judge -p a");
    watching.told();
    let ran = |told: Vec<String>, changed: &str| {
        assert_eq!(told[..2], [changed, "run"], "{told:?}");
    };
    ran(
        watching.after("a/src/deep/er/x.rs", "// 1\n"),
        "a/src/deep/er/x.rs of a is new",
    );
    ran(
        watching.after("a/src/deep/er/x.rs", "// 2\n"),
        "a/src/deep/er/x.rs of a is changed",
    );
    fs::rename(sandbox.ws().join("a/src/deep"), sandbox.ws().join("a/src/other")).unwrap();
    ran(
        watching.told(),
        "a/src/deep/er/x.rs of a is gone, a/src/other/er/x.rs of a is new",
    );
    ran(
        watching.after("a/src/other/er/x.rs", "// 3\n"),
        "a/src/other/er/x.rs of a is changed",
    );
    // Away and back again: something else has the name now.
    fs::rename(sandbox.ws().join("a/src/other"), sandbox.root().join("away")).unwrap();
    save(&sandbox, "a/src/other/er/x.rs", "// 4\n");
    ran(watching.told(), "a/src/other/er/x.rs of a is changed");
    ran(
        watching.after("a/src/other/er/x.rs", "// 5\n"),
        "a/src/other/er/x.rs of a is changed",
    );
    fs::remove_dir_all(sandbox.ws().join("a/src/other")).unwrap();
    ran(watching.told(), "a/src/other/er/x.rs of a is gone");
}

#[test]
fn what_is_ignored_may_change() {
    let sandbox = sandbox();
    repository(&sandbox, "/target\n");
    sandbox.write("a/made/x.rs", "// 1\n");
    let watching = watch(&sandbox, "judge -p a");
    watching.told();
    let ran = |told: Vec<String>, changed: &str| assert_eq!(told[..2], [changed, "run"], "{told:?}");
    ran(
        watching.after(".gitignore", "/target\n/a/made/\n"),
        ".gitignore is changed, a/made/x.rs of a is gone",
    );
    sandbox.write("a/made/x.rs", "// 2\n");
    ran(watching.after("a/src/lib.rs", "// 3\n"), "a/src/lib.rs of a is changed");
    ran(
        watching.after(".gitignore", "/target\n"),
        ".gitignore is changed, a/made/x.rs of a is new",
    );
    ran(watching.after("a/made/x.rs", "// 4\n"), "a/made/x.rs of a is changed");
}

#[test]
fn another_branch_is_one_change_however_many_files_it_has() {
    let sandbox = sandbox();
    repository(&sandbox, "/target\n");
    git(&sandbox, "checkout --quiet -b other");
    for number in 0..300 {
        sandbox.write(format!("a/src/m{}/x{number}.rs", number % 20), "// Other.\n");
    }
    sandbox.write("a/src/lib.rs", "// BROKEN\n");
    git(&sandbox, "add --all");
    git(&sandbox, "commit --quiet --message other");
    git(&sandbox, "checkout --quiet -");
    let watching = watch(&sandbox, "--serial");
    assert_eq!(watching.told(), ["run", "judge a: passed", "judge b: passed"]);
    git(&sandbox, "checkout --quiet other");
    // On a machine that is busy it may be seen in parts; the last word is about the whole.
    let last = |told: Vec<String>| told.last().unwrap().clone();
    let mut told = last(watching.told());
    while told != "judge a: failed" {
        told = last(watching.told());
    }
    git(&sandbox, "checkout --quiet -");
    while !told.starts_with("judge a: passed") {
        told = last(watching.told());
    }
}

#[test]
fn what_the_system_could_not_tell_is_found_all_the_same() {
    let sandbox = sandbox();
    let watching = watch(&sandbox, "--serial");
    watching.told();
    // It tells of so much and no more, and while it is not asked, the rest is lost. What is the same twice it tells once, and
    // swap files are no reason to look.
    let most = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let most: usize = most.trim().parse().unwrap();
    watching.running.signal(Signal::STOP);
    for number in 0..=most / 2 {
        sandbox.write(["a/.1.rs.swp", "a/.2.rs.swp"][number % 2], "");
    }
    save(&sandbox, "b/src/lib.rs", "// Other.\n");
    watching.running.signal(Signal::CONT);
    assert_eq!(
        watching.told(),
        ["b/src/lib.rs of b is changed", "run", "judge b: passed"]
    );
    // All is watched as before.
    assert_eq!(
        watching.after("a/src/lib.rs", "// Other.\n"),
        ["a/src/lib.rs of a is changed", "run", "judge a: passed"]
    );
}

#[test]
fn a_package_outside_of_the_workspace_is_watched_where_a_member_is_built_from_it() {
    let sandbox = Sandbox::workspace(&["a"]);
    sandbox.krate("../outside", "outside", "\n[workspace]\n");
    sandbox.append("a/Cargo.toml", "outside = { path = \"../../outside\" }\n");
    sandbox
        .tool("judge", "note judge")
        .hooks("checks.judge = \"judge {package}\"");
    let watching = watch(&sandbox, "");
    assert_eq!(watching.told(), ["run", "judge a: passed"]);
    let told = watching.after("../outside/src/lib.rs", "// Other.\n");
    assert!(told[0].ends_with("/outside/src/lib.rs is changed"), "{told:?}");
    assert_eq!(told[1..], ["run", "judge a: passed"]);
}

#[test]
fn a_configuration_of_cargo_above_the_workspace_counts() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.root().join(".cargo")).unwrap();
    let watching = watch(&sandbox, "judge -p a");
    watching.told();
    let told = watching.after("../.cargo/config.toml", "[build]\nincremental = false\n");
    assert!(told[0].ends_with("/.cargo/config.toml is changed"), "{told:?}");
    assert_eq!(told[1], "run");
}

#[test]
fn with_a_comparison_commits_count_as_well() {
    let sandbox = sandbox();
    repository(&sandbox, "/target\n");
    let watching = watch(&sandbox, "--changed-only");
    assert_eq!(watching.told(), ["run"]);
    assert_eq!(
        watching.after("a/src/lib.rs", "// Other.\n"),
        ["a/src/lib.rs of a is changed", "run", "judge a: passed"]
    );
    git(&sandbox, "commit --quiet --all --message more");
    assert_eq!(watching.told(), ["git", "run"]);
    // What is staged is no matter of this comparison.
    save(&sandbox, "b/src/lib.rs", "// Other.\n");
    assert_eq!(
        watching.told(),
        ["b/src/lib.rs of b is changed", "run", "judge b: passed"]
    );
    git(&sandbox, "add --all");
    assert_eq!(
        watching.after("a/src/lib.rs", "// More.\n"),
        [
            "a/src/lib.rs of a is changed",
            "run",
            "judge b: passed (cached)",
            "judge a: passed"
        ]
    );
    drop(watching);

    let watching = watch(&sandbox, "--staged");
    assert_eq!(watching.told(), ["run", "judge b: passed (cached)"]);
    git(&sandbox, "add --all");
    let told = watching.told();
    assert_eq!(told[..2], ["git", "run"], "{told:?}");
    assert!(told.contains(&"judge a: passed (cached)".to_owned()), "{told:?}");
}

#[test]
fn a_signal_ends_it_while_it_waits() {
    for signal in [Signal::INT, Signal::TERM] {
        let sandbox = sandbox();
        let watching = watch(&sandbox, "");
        watching.told();
        watching.running.signal(signal);
        let (told, out) = watching.ends();
        out.ends(130);
        assert_eq!(told, Vec::<String>::new());
        assert_eq!(out.stderr, "");
    }
}

#[test]
fn a_signal_ends_it_with_the_run_that_goes_on() {
    let sandbox = sandbox();
    sandbox.tool("judge", WAITS);
    let watching = watch(&sandbox, "judge -p a");
    waits_for(&sandbox, "ready-a");
    watching.running.signal(Signal::INT);
    let (told, out) = watching.ends();
    out.ends(130);
    is_gone(pid(&sandbox, "tool"));
    assert_eq!(told, ["run", "stop: interrupted", "judge a: cancelled"]);
}

#[test]
fn a_workspace_that_is_gone_ends_it() {
    let sandbox = sandbox();
    let watching = watch(&sandbox, "");
    watching.told();
    fs::rename(sandbox.ws(), sandbox.root().join("elsewhere")).unwrap();
    let (_, out) = watching.ends();
    out.ends(3);
    assert_snapshot!(out.stderr, @"error: the workspace is gone: there is no directory `[ROOT]/ws` any more");
}

#[test]
fn nobody_who_reads_is_nobody_to_run_for() {
    let sandbox = sandbox();
    let Watching { running, lines, .. } = watch(&sandbox, "");
    while !lines.recv_timeout(DEADLINE).unwrap().contains("watching") {}
    // The thread that reads ends with the next line, and with it the pipe.
    drop(lines);
    sandbox.write("a/src/lib.rs", "// 1\n");
    let mut running = Some(running);
    let mut number = 1;
    crate::sandbox::eventually("it ends", || {
        number += 1;
        sandbox.write("a/src/lib.rs", format!("// {number}\n"));
        running.as_mut().unwrap().has_ended()
    });
    running.take().unwrap().wait().ends(0);
}

#[test]
fn people_are_told_what_changed_and_that_it_waits() {
    let sandbox = sandbox();
    let watching = started(&sandbox, "watch --serial");
    let told = || {
        let mut lines: Vec<String> = Vec::new();
        while !lines.last().is_some_and(|line| line.contains("Watching")) {
            lines.push(watching.line().unwrap());
        }
        sandbox.redacted(&lines.join("\n"))
    };
    assert_snapshot!(told(), @"
        Checking 2 crates: 1 check, 2 tasks in 1 wave on 1 slot
            PASS [     TIME] judge a
            PASS [     TIME] judge b
    ------------
         Summary [     TIME] 2 tasks: 2 passed
        Watching for changes; Ctrl-C ends
    ");
    save(&sandbox, "a/src/lib.rs", "// Other.\n");
    assert_snapshot!(told(), @"
         Changed a/src/lib.rs of a
        Checking 1 crate: 1 check, 1 task in 1 wave on 1 slot
            PASS [     TIME] judge a
    ------------
         Summary [     TIME] 1 task: 1 passed
        Watching for changes; Ctrl-C ends
    ");
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    let sandbox = sandbox();
    let refused = [
        "--dry-run",
        "--changed-only --verify",
        "--verify-cache",
        "--range HEAD~1..HEAD",
        "--files-from -",
        "--message-format github",
    ];
    let said: String = refused
        .iter()
        .map(|arguments| sandbox.run(&format!("watch {arguments}")).exits(2).stderr)
        .collect();
    assert_snapshot!(said, @"
    error: `watch` runs what it plans: `cargo hooks plan` shows a plan
    error: `--verify` runs everything, whatever has changed: `cargo hooks check --verify` does that
    error: `--verify-cache` runs what has not changed: `cargo hooks check --verify-cache` does that
    error: `--range` compares two revisions, which no save changes: `--since` compares one with what is saved
    error: standard input can be read only once, and `watch` plans many times: give a file to `--files-from`
    error: `github` is for the log of a job, which comes to an end
    ");
    for arguments in ["nothin", "-p nobody"] {
        let out = sandbox.run(&format!("watch {arguments}")).exits(2);
        assert!(!out.stdout.contains("Watching"), "{out}");
    }
    let out = Sandbox::empty("workspace").run("watch").exits(2);
    assert!(out.stderr.contains("could not find `Cargo.toml`"), "{out}");
}

#[test]
fn the_lines_between_runs_are_as_the_schema_says() {
    let sandbox = sandbox();
    let right = sandbox.read("Cargo.toml");
    let watching = watch(&sandbox, "");
    let mut lines = watching.until("watching");
    save(&sandbox, "a/src/lib.rs", "// Other.\n");
    lines.extend(watching.until("watching"));
    save(&sandbox, "Cargo.toml", &format!("{right}[[\n"));
    lines.extend(watching.until("watching"));
    let said = crate::schema::validated(&lines);
    for word in ["files-changed", "watching", "run-finished"] {
        assert!(said.iter().any(|known| known == word), "no {word} in {said:?}");
    }
}
