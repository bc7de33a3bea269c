//! What the tool itself costs, beside the tools that it runs: `cargo bench`.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cargo_hooks::config::{ConfigInput, Member, resolve};
use cargo_hooks::diagnostic::SourceFile;
use cargo_hooks::event::{Event, EventKind, Outcome, Output, TaskFinished};
use cargo_hooks::model::{Dialect, Exit};
use cargo_hooks::schedule::{Effect, Message, Schedule, Verdict};
use cargo_hooks::store::{Recorder, TaskEnd, load as load_history, save};
use cargo_hooks::tool_output::{Attribution, Colour, Stream, ToolOutput, sanitize};
use cargo_hooks::{LoadOptions, Plan, Project, Request, load};
use divan::Bencher;

fn main() {
    divan::main();
}

/// A manifest with so many checks, each of which waits for one before it.
fn manifest(checks: usize) -> String {
    let mut text = String::from("[package]\nname = \"a\"\nversion = \"0.1.0\"\n\n[package.metadata.hooks.checks]\n");
    for check in 0..checks {
        let needs = if check == 0 {
            String::new()
        } else {
            format!(", depends-on = [\"check-{}\"]", check / 2)
        };
        let _ = writeln!(text, "check-{check} = {{ run = \"true\"{needs} }}");
    }
    text
}

#[divan::bench(args = [10, 100, 1000])]
fn read_configuration(bencher: Bencher, checks: usize) {
    let root = Arc::new(SourceFile {
        path: "Cargo.toml".into(),
        text: manifest(checks),
    });
    let members = vec![Member {
        name: "a".into(),
        dir: PathBuf::new(),
        manifest: None,
    }];
    let input = ConfigInput { root, members };
    bencher.bench(|| resolve(&input).map(|config| config.checks.len()));
}

fn project(checks: usize) -> Project {
    let dir = tempfile::tempdir().expect("a temporary directory");
    fs::create_dir(dir.path().join("src")).expect("a directory in it");
    fs::write(dir.path().join("src/lib.rs"), "").expect("a source file");
    fs::write(dir.path().join("Cargo.toml"), manifest(checks)).expect("a manifest");
    let options = LoadOptions::from_process().expect("a current directory");
    load(&LoadOptions {
        current_dir: dir.path().to_owned(),
        ..options
    })
    .expect("a project")
}

fn plan(checks: usize) -> Plan {
    project(checks).plan(&Request::default()).expect("a plan")
}

#[divan::bench(args = [10, 100, 1000, 10_000], sample_count = 20)]
fn make_plan(bencher: Bencher, checks: usize) {
    let project = project(checks);
    bencher.bench(|| project.plan(&Request::default()).map(|plan| plan.waves().len()));
}

/// The whole life of every task, with all verdicts at hand: what remains is the scheduler itself.
#[divan::bench(args = [10, 100, 1000, 10_000], sample_count = 20)]
fn schedule(bencher: Bencher, tasks: usize) {
    let plan = plan(tasks);
    bencher.counter(tasks).bench(|| {
        let mut schedule = Schedule::new(&plan);
        let mut running = Vec::new();
        let mut effects = schedule.handle(Message::Begin);
        loop {
            running.extend(effects.iter().filter_map(|effect| match effect {
                Effect::Start(task) => Some(*task),
                _ => None,
            }));
            let Some(task) = running.pop() else { break };
            effects = schedule.handle(Message::Ended {
                task,
                verdict: Verdict::Passed,
            });
        }
    });
}

/// What a run leaves, and what the next one reads: so many tasks each, in files of so many runs.
#[divan::bench(args = [10, 300])]
fn remember_run(bencher: Bencher, tasks: usize) {
    let (dir, plan) = (tempfile::tempdir().expect("a temporary directory"), plan(tasks));
    let state = dir.path().join("state");
    bencher.bench(|| save(&state, ended(&plan)).is_ok());
}

#[divan::bench(args = [(10, 1), (10, 30), (10, 200), (300, 30), (300, 200)])]
fn read_history(bencher: Bencher, (tasks, runs): (usize, usize)) {
    let (dir, plan) = (tempfile::tempdir().expect("a temporary directory"), plan(tasks));
    let state = dir.path().join("state");
    for _ in 0..runs {
        save(&state, ended(&plan)).expect("a run is remembered");
    }
    bencher.bench(|| load_history(&state).keys().count());
}

/// What is remembered of a run in which every task passed.
fn ended(plan: &Plan) -> Vec<TaskEnd> {
    let mut recorder = Recorder::new(plan);
    for task in plan.tasks() {
        let finished = TaskFinished {
            task: Arc::clone(&task.head),
            outcome: Outcome::Passed,
            took: Duration::from_millis(123),
            note: None,
            findings: Vec::new(),
            crates: std::collections::BTreeMap::new(),
            output: Output::default(),
        };
        recorder.hear(&Event {
            at: Duration::from_millis(456),
            kind: EventKind::TaskFinished(Box::new(finished)),
        });
    }
    recorder.ends()
}

#[divan::bench]
fn read_compiler_messages(bencher: Bencher) {
    let message = r#"{"reason":"compiler-message","package_id":"path+file:///ws/a#0.1.0","message":{"level":"warning","message":"unused variable: `x`","code":{"code":"unused_variables"},"spans":[{"file_name":"a/src/lib.rs","line_start":3,"column_start":9,"is_primary":true}],"children":[],"rendered":"warning: unused variable: `x`\n --> a/src/lib.rs:3:9\n"}}"#;
    let lines: String = (0..10_000)
        .map(|n| message.replace(":3:9", &format!(":{n}:9")) + "\n")
        .collect();
    let attribution = Arc::new(Attribution::new("/ws", []));
    bencher.counter(divan::counter::BytesCount::of_str(&lines)).bench(|| {
        let mut output = ToolOutput::new(Dialect::Cargo, Arc::clone(&attribution), "/ws".into());
        output.feed(Stream::Stdout, lines.as_bytes());
        output.finish(Exit::Code(0)).findings.len()
    });
}

#[divan::bench]
fn make_output_harmless(bencher: Bencher) {
    let text = "\x1b[1m\x1b[31merror\x1b[0m: something is wrong in `crates/a/src/lib.rs`\n".repeat(20_000);
    bencher
        .counter(divan::counter::BytesCount::of_str(&text))
        .bench(|| sanitize(text.as_bytes(), Colour::Keep).len());
}
