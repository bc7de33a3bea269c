//! What the tool itself costs, beside the tools that it runs: `cargo bench`.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cargo_hooks::config::{ConfigInput, Member, Order, resolve};
use cargo_hooks::diagnostic::SourceFile;
use cargo_hooks::event::{Cached, Event, EventKind, Outcome, Output, RunStats, TaskFinished, Timing};
use cargo_hooks::insight::figures;
use cargo_hooks::journal::{Begin, Journal, journals};
use cargo_hooks::model::{Dialect, Digest, Exit};
use cargo_hooks::plan::{Access, CargoSettings, Facts, Mode, Need, Passed, Resource};
use cargo_hooks::results::{Pass, Recorded, Results, save as save_results};
use cargo_hooks::schedule::{BuiltIn, Effect, Job, Message, Rules, Schedule, Verdict};
use cargo_hooks::store::{Recorder, TaskEnd, load as load_history, save};
use cargo_hooks::tool_output::{Attribution, Colour, Secrets, Stream, ToolOutput, sanitize};
use cargo_hooks::{LoadOptions, Plan, Project, Request, TaskId, load};
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

/// So many checks that repair and judge files by name, in a workspace of 10,000 files: each looks at the files of some of a
/// hundred directories.
#[divan::bench(args = [1, 10, 50], sample_count = 20)]
fn plan_repairs_of_10_000_files(bencher: Bencher, checks: usize) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    fs::create_dir(dir.path().join("src")).expect("a directory in it");
    fs::write(dir.path().join("src/lib.rs"), "").expect("a source file");
    let mut text = manifest(0);
    for check in 0..checks {
        let patterns: Vec<_> = (0..100)
            .filter(|place| (place + check) % 3 > 0)
            .map(|place| format!("d{place}/**"))
            .collect();
        let command = "true {files}";
        let _ = writeln!(
            text,
            "check-{check} = {{ run = \"{command}\", fix = \"{command}\", files = {patterns:?} }}"
        );
    }
    fs::write(dir.path().join("Cargo.toml"), text).expect("a manifest");
    let options = LoadOptions::from_process().expect("a current directory");
    let project = load(&LoadOptions {
        current_dir: dir.path().to_owned(),
        ..options
    })
    .expect("a project");
    let facts = Facts {
        passed: Passed::default(),
        tools: [("true".to_owned(), PathBuf::from("/bin/true"))].into(),
        files: (0..10_000)
            .map(|file| format!("d{}/f{file}.txt", file % 100).into())
            .collect(),
        affected: None,
        system: "linux".to_owned(),
        parallelism: 8,
        cargo: CargoSettings::default(),
        argument_bytes: 1024 * 1024,
        history: Arc::default(),
    };
    let request = Request {
        mode: Mode::Fix,
        ..Request::default()
    };
    bencher.bench(|| {
        cargo_hooks::plan::plan(&project.config, &project.workspace, &request, &facts).map(|plan| plan.tasks().len())
    });
}

/// What keeps tasks from starting at once.
#[derive(Clone, Copy, Debug)]
enum Crowd {
    /// Each waits for one before it.
    Tree,
    /// All are ready, and wait for one lock.
    OneLock,
    /// All are ready, and each uses some of a few locks, with others or alone.
    ManyLocks,
    /// All are ready, and of different weights.
    Weights,
}

impl Crowd {
    fn job(self, place: u32) -> Job {
        let job = Job::new("check");
        let lock = |name: u32, access| (Resource::Named(format!("lock {}", name % 20)), access);
        match self {
            Self::Tree => Job {
                needs: (place > 0)
                    .then(|| (TaskId((place - 1) / 2), Need::Hard))
                    .into_iter()
                    .collect(),
                ..job
            },
            Self::OneLock => Job {
                resources: vec![lock(0, Access::Exclusive)],
                ..job
            },
            Self::ManyLocks => Job {
                resources: vec![
                    lock(place, Access::Exclusive),
                    lock(place / 20, Access::Shared),
                    lock(place / 400, Access::Shared),
                ],
                ..job
            },
            Self::Weights => Job {
                weight: 1 + place % 8,
                ..job
            },
        }
    }
}

const CROWDS: [Crowd; 4] = [Crowd::Tree, Crowd::OneLock, Crowd::ManyLocks, Crowd::Weights];

fn schedule(bencher: Bencher, tasks: u32, crowd: Crowd) {
    let rules = Rules {
        slots: 8,
        fail_fast: false,
        stop_on_critical_failure: true,
        seed: 0,
    };
    let jobs: Vec<Job> = (0..tasks).map(|place| crowd.job(place)).collect();
    bencher
        .counter(tasks)
        .with_inputs(|| jobs.clone())
        .bench_values(|jobs| {
            let mut schedule = Schedule::new(rules, Arc::new(BuiltIn(Order::Adaptive)));
            schedule.add(Duration::ZERO, jobs).expect("no task waits for itself");
            let mut running = VecDeque::new();
            let mut effects = schedule.handle(Duration::ZERO, Message::Begin);
            loop {
                running.extend(effects.iter().filter_map(|effect| match effect {
                    Effect::Start(task) => Some(*task),
                    _ => None,
                }));
                let Some(task) = running.pop_front() else { break };
                let verdict = Verdict::Passed;
                effects = schedule.handle(Duration::ZERO, Message::Ended { task, verdict });
            }
        });
}

/// The whole life of every task, with all verdicts at hand: what remains is the scheduler itself.
#[divan::bench(args = CROWDS, sample_count = 20)]
fn schedule_100(bencher: Bencher, crowd: Crowd) {
    schedule(bencher, 100, crowd);
}

#[divan::bench(args = CROWDS, sample_count = 20)]
fn schedule_1000(bencher: Bencher, crowd: Crowd) {
    schedule(bencher, 1000, crowd);
}

#[divan::bench(args = CROWDS, sample_count = 20)]
fn schedule_10000(bencher: Bencher, crowd: Crowd) {
    schedule(bencher, 10_000, crowd);
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

/// What a run in which nothing has changed asks of the results: 800 keys, in so many files of 800 passes each.
#[divan::bench(args = [1, 15])]
fn find_results(bencher: Bencher, runs: usize) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let state = dir.path().join("state");
    for run in 0..runs {
        save_results(&state, &passes(run), &BTreeMap::new()).expect("a run is remembered");
    }
    let keys: Vec<Digest> = passes(runs - 1).iter().map(|pass| pass.key).collect();
    bencher.bench(|| {
        let results = Results::open(&state);
        keys.iter().filter(|key| results.find(key).next().is_some()).count()
    });
}

/// What passed in a run, with keys that no other run has.
fn passes(run: usize) -> Vec<Pass> {
    let pass = |number: usize| Pass {
        key: Digest::of(format!("{number} in {run}").as_bytes()),
        check: "clippy".into(),
        part: String::new(),
        krate: Some(format!("crate-{number}").into()),
        recorded: vec![Recorded::File {
            path: format!("/ws/crates/crate-{number}/build.txt").into(),
            digest: None,
        }],
        ingredients: Digest::of(b""),
        output: vec![b'x'; 600],
        note: None,
        took: Duration::from_millis(123),
        at: SystemTime::now(),
    };
    (0..800).map(pass).collect()
}

/// What is remembered of a run in which every task passed.
fn ended(plan: &Plan) -> Vec<TaskEnd> {
    let mut recorder = Recorder::new(plan);
    for task in plan.tasks() {
        let finished = TaskFinished {
            cached: Cached::No,
            task: Arc::clone(&task.head),
            outcome: Outcome::Passed,
            attempts: 1,
            quarantined: false,
            waited: Duration::ZERO,
            took: Duration::from_millis(123),
            note: None,
            findings: Vec::new(),
            crates: std::collections::BTreeMap::new(),
            leaked: 0,
            output: Output::default(),
            timing: Timing::default(),
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

/// A hundred megabytes of what a tool writes, with so many secret variables set, none of which it names.
#[divan::bench(args = [0, 1, 5, 50], sample_count = 5)]
fn tell_no_secret(bencher: Bencher, secrets: u64) {
    let lines = "test engine::tests::a_test_with_a_name_of_some_length_as_they_have ... ok\n".repeat(1_400_000);
    let secrets: Vec<OsString> = (0..secrets)
        .map(|n| Digest::of(&n.to_le_bytes()).to_string().into())
        .collect();
    let secrets = Secrets::of(secrets.iter().map(|value| (OsStr::new("A_TOKEN"), value.as_os_str())));
    let attribution = Arc::new(Attribution::new("/ws", []));
    bencher.counter(divan::counter::BytesCount::of_str(&lines)).bench(|| {
        let output = ToolOutput::new(Dialect::CargoTest, Arc::clone(&attribution), "/ws".into());
        let mut output = output.without(&secrets).giving_out_what_is_long();
        let mut long = 0;
        for piece in lines.as_bytes().chunks(64 * 1024) {
            output.feed(Stream::Stdout, piece);
            long += output.take_long().len();
        }
        long + output.finish(Exit::Code(0)).findings.len()
    });
}

#[divan::bench]
fn make_output_harmless(bencher: Bencher) {
    let text = "\x1b[1m\x1b[31merror\x1b[0m: something is wrong in `crates/a/src/lib.rs`\n".repeat(20_000);
    bencher
        .counter(divan::counter::BytesCount::of_str(&text))
        .bench(|| sanitize(text.as_bytes(), Colour::Keep).len());
}

/// What happens in a run of so many tasks, each of which starts and passes.
fn happenings(tasks: u32) -> Vec<Event> {
    let plan = project(usize::try_from(tasks).expect("a small number"))
        .plan(&Request::default())
        .expect("a plan");
    let event = |kind| Event {
        at: Duration::from_millis(5),
        kind,
    };
    let mut events = vec![event(EventKind::RunStarted(plan.started()))];
    for task in plan.tasks() {
        let task = Arc::clone(&task.head);
        events.push(event(EventKind::TaskStarted {
            task: Arc::clone(&task),
        }));
        events.push(event(EventKind::TaskFinished(Box::new(TaskFinished {
            task,
            outcome: Outcome::Passed,
            attempts: 1,
            quarantined: false,
            took: Duration::from_millis(3),
            waited: Duration::ZERO,
            crates: BTreeMap::new(),
            note: None,
            findings: Vec::new(),
            output: Output::default(),
            leaked: 0,
            cached: Cached::No,
            timing: Timing::default(),
        }))));
    }
    let stats = RunStats::default();
    events.push(event(EventKind::RunFinished { stats }));
    events
}

fn record(state: &std::path::Path, events: &[Event]) {
    let begin = Begin {
        began: 1_795_293_054_000,
        limited: false,
        repairs: false,
        version: String::new(),
    };
    let mut journal = Journal::new(state, &begin);
    for event in events {
        journal.hear(event);
    }
    let written = journal.close();
    written.expect("a record");
}

/// 10,000 tasks are 20,000 transitions.
#[divan::bench(args = [1, 100, 10_000])]
fn record_a_run(bencher: Bencher, tasks: u32) {
    let state = tempfile::tempdir().expect("a temporary directory");
    let events = happenings(tasks);
    bencher.bench_local(|| record(state.path(), &events));
}

/// What `history` and `stats` do, once the runs are known.
#[divan::bench(args = [20, usize::MAX], sample_count = 20)]
fn ask_about_ten_thousand_runs(bencher: Bencher, last: usize) {
    let state = tempfile::tempdir().expect("a temporary directory");
    let events = happenings(10);
    for _ in 0..10_000 {
        record(state.path(), &events);
    }
    assert_eq!(journals(state.path(), usize::MAX).runs.len(), 10_000);
    bencher.bench_local(|| figures(&journals(state.path(), last)));
}
