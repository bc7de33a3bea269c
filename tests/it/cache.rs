//! `cache`: what is kept of checks that passed, looked at and dropped; and how the files fare when those who write them die
//! or find no room.
//!
//! Writers are this test binary itself, started again for one test that is otherwise ignored.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use cargo_hooks::model::Digest;
use cargo_hooks::results::{Pass, Results, collect, save, tidy, verify};
use insta::assert_snapshot;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::sandbox::{Output, Sandbox};

fn key(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn pass(check: &str, krate: &str, name: &str) -> Pass {
    Pass {
        key: key(name),
        check: check.into(),
        part: String::new(),
        krate: Some(krate.into()),
        recorded: Vec::new(),
        ingredients: key("ingredients"),
        output: format!("{name} passed\n").into_bytes(),
        note: None,
        took: Duration::from_millis(5),
        at: SystemTime::now(),
    }
}

fn leave(state: &Path, passes: &[Pass]) {
    save(state, passes, &BTreeMap::new()).unwrap();
}

/// The outputs of a key, as a run finds them.
fn found(state: &Path, name: &str) -> Vec<String> {
    let hits = Results::open(state).find(&key(name));
    hits.map(|hit| String::from_utf8(hit.into_pass().unwrap().output).unwrap())
        .collect()
}

/// A workspace, and where the program keeps what is about it: a run that has been says so.
fn sandbox() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("good", "exit 0").hooks("checks.good = \"good\"");
    let _ = sandbox.run("check -q --no-cache").exits(0);
    let states = sandbox.root().join("home/.cache/cargo-hooks");
    let state = fs::read_dir(states).unwrap().next().unwrap().unwrap().path();
    (sandbox, state)
}

/// The files of the results, by their names.
fn files(state: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(state.join("v1/results")).into_iter().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The output without what depends on the name of the state, and on sizes.
fn shown(out: Output, state: &Path) -> Output {
    let name = state.file_name().unwrap().to_str().unwrap();
    let stdout = out.stdout.replace(name, "[STATE]");
    let ids = stdout.split('`').map(|part| match part.rsplit_once('/') {
        Some((dir, file)) if file.len() == 37 => format!("{dir}/[FILE]"),
        _ => part.to_owned(),
    });
    Output {
        stdout: ids.collect::<Vec<_>>().join("`"),
        ..out
    }
}

#[test]
fn where_nothing_is_kept_it_says_so_and_makes_nothing() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let info = sandbox.run("cache info").exits(0);
    assert!(info.stdout.ends_with("v1/results\nnothing is kept\n"), "{info}");
    for (command, expected) in [
        ("verify", "all is sound: 0 passes in 0 files\n"),
        ("gc", "freed 0 B: 0 files before, 0 now; 0 passes kept, 0 dropped\n"),
        ("clear", "nothing was kept\n"),
    ] {
        let out = sandbox.run(&format!("cache {command}")).exits(0);
        assert_eq!((out.stdout.as_str(), out.stderr.as_str()), (expected, ""), "{command}");
    }
    assert!(!sandbox.root().join("home/.cache").exists());
}

#[test]
fn info_says_what_there_is() {
    let (sandbox, state) = sandbox();
    leave(
        &state,
        &[
            pass("clippy", "alpha", "a"),
            pass("clippy", "beta", "b"),
            pass("fmt", "alpha", "c"),
        ],
    );
    leave(&state, &[pass("clippy", "alpha", "d")]);
    let out = sandbox.run("cache info").exits(0);
    let lines: Vec<_> = shown(out, &state).stdout.lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "[ROOT]/home/.cache/cargo-hooks/[STATE]/v1/results");
    assert!(
        lines[1].starts_with("4 passes in 2 files, 1.") && lines[1].contains("kB; from "),
        "{lines:?}"
    );
    assert!(lines[2].starts_with("  clippy  3 passes of 2 crates, "), "{lines:?}");
    assert!(lines[3].starts_with("  fmt     1 pass of 1 crate, "), "{lines:?}");
    let json = &sandbox.run("cache info --message-format json").exits(0).json()[0];
    assert_eq!(
        (&json["format"], &json["passes"], &json["files"]),
        (&1.into(), &4.into(), &2.into())
    );
    assert_eq!(json["checks"][0]["check"], "clippy");
    assert_eq!(json["checks"][0]["crates"], serde_json::json!(["alpha", "beta"]));
    assert!(json["newest"].as_u64().unwrap() >= json["oldest"].as_u64().unwrap());
}

#[test]
fn verify_says_what_is_damaged_and_gc_drops_it() {
    let (sandbox, state) = sandbox();
    for name in ["a", "b", "c"] {
        leave(&state, &[pass("clippy", "alpha", name)]);
    }
    assert_eq!(
        sandbox.run("cache verify").exits(0).stdout,
        "all is sound: 3 passes in 3 files\n"
    );
    let files_before = files(&state);
    fs::write(&files_before[0], "garbage").unwrap();
    let mut bytes = fs::read(&files_before[1]).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&files_before[1], bytes).unwrap();
    assert_snapshot!(shown(sandbox.run("cache verify"), &state), @"
    exit code 1
    --- stdout ---
    damaged: `[ROOT]/home/.cache/cargo-hooks/[STATE]/v1/results/[FILE]`: the index is damaged
    damaged: `[ROOT]/home/.cache/cargo-hooks/[STATE]/v1/results/[FILE]`: an output is damaged
    2 places in 3 files are damaged, and count as never passed; 1 pass is sound; `cargo hooks cache gc` drops what is damaged
    ");
    let json = &sandbox.run("cache verify --message-format json").exits(1).json()[0];
    assert_eq!(json["damage"][0]["what"], "the index is damaged");
    let gc = sandbox.run("cache gc").exits(0);
    assert!(
        gc.stdout.ends_with(": 3 files before, 1 now; 1 pass kept, 1 dropped\n"),
        "{gc}"
    );
    assert_eq!(
        sandbox.run("cache verify").exits(0).stdout,
        "all is sound: 1 pass in 1 file\n"
    );
    assert_eq!(found(&state, "c"), ["c passed\n"]);
}

#[test]
fn clear_removes_the_results_and_nothing_else() {
    let (sandbox, state) = sandbox();
    leave(&state, &[pass("clippy", "alpha", "a")]);
    let others = [
        state.join("v1/results/note.txt"),
        state.join("v2"),
        sandbox.ws().join("mine"),
    ];
    fs::write(&others[0], "mine").unwrap();
    fs::create_dir(&others[1]).unwrap();
    fs::write(&others[2], "mine").unwrap();
    let victim = state.join("v1/results/0000000000000009-0000000000000009.run");
    std::os::unix::fs::symlink(&others[2], &victim).unwrap();
    let history = fs::read_dir(state.join("v1/history")).unwrap().count();
    let out = sandbox.run("cache clear --message-format json").exits(0);
    assert_eq!(out.json()[0]["removed"]["passes"], 1);
    assert_eq!(files(&state), others[..1]);
    assert!(others.iter().all(|other| other.exists()));
    assert_eq!(fs::read_dir(state.join("v1/history")).unwrap().count(), history);
    // The configuration may be wrong, and cargo need not understand the workspace.
    sandbox.append("Cargo.toml", "\n[workspace.metadata.hooks.checks]\nx = 1\n");
    assert_eq!(sandbox.run("cache clear").exits(0).stdout, "nothing was kept\n");
}

#[test]
fn a_directory_that_is_not_private_is_refused() {
    let (sandbox, state) = sandbox();
    leave(&state, &[pass("clippy", "alpha", "a")]);
    let results = state.join("v1/results");
    fs::set_permissions(&results, fs::Permissions::from_mode(0o777)).unwrap();
    for command in ["info", "verify", "gc", "clear"] {
        let out = sandbox.run(&format!("cache {command}")).exits(3);
        assert!(out.stderr.starts_with("error: others can write to `"), "{out}");
        assert_eq!(out.stdout, "");
    }
    assert_eq!(files(&state).len(), 1);
}

#[test]
fn outside_of_a_workspace_and_without_a_place_there_is_an_error() {
    let sandbox = Sandbox::empty("workspace");
    let out = sandbox.run("cache info").exits(2);
    assert!(
        out.stderr.starts_with("error: there is no Cargo.toml in `[ROOT]/ws`"),
        "{out}"
    );
    let (sandbox, _) = self::sandbox();
    let out = sandbox.command("cache info").env("HOME", "").output().exits(3);
    assert!(out.stderr.contains("neither CARGO_HOOKS_DIR"), "{out}");
    let elsewhere = sandbox
        .command("cache info --manifest-path ws/alpha/Cargo.toml")
        .dir("..")
        .output()
        .exits(0);
    assert_eq!(
        elsewhere.stdout,
        sandbox.run("cache info").stdout,
        "the member has the state of its workspace"
    );
}

/// What a process of ours is told to do: the directory of the state, and the words of what is to be done there.
const TOLD: &str = "CARGO_HOOKS_TEST_WRITER";

/// This test binary, as a process that writes results.
fn writer(state: &Path, what: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "cache::a_process_that_writes", "--ignored", "--quiet"])
        .env(TOLD, format!("{what}\n{}", state.to_str().unwrap()))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn start(state: &Path, what: &str) -> Child {
    writer(state, what).spawn().unwrap()
}

#[test]
#[ignore = "only for the tests that start it"]
fn a_process_that_writes() {
    let Ok(told) = std::env::var(TOLD) else { return };
    let (what, state) = told.split_once('\n').unwrap();
    let state = Path::new(state);
    let (verb, rest) = what.split_once(' ').unwrap();
    match verb {
        // Dies as soon as a file is to be longer than this.
        "until" => {
            let limit = Rlimit {
                current: Some(rest.parse().unwrap()),
                maximum: getrlimit(Resource::Fsize).maximum,
            };
            setrlimit(Resource::Fsize, limit).unwrap();
            leave(state, &[pass("clippy", "alpha", "second")]);
        }
        // Is killed at some time.
        "forever" => {
            for run in 0.. {
                let name = format!("{rest}-{run}");
                leave(state, &[pass(&name, "alpha", &name)]);
                tidy(state);
                collect(state).unwrap();
            }
        }
        "runs" => {
            for run in 0..10 {
                let name = format!("{rest}-{run}");
                leave(state, &[pass(&name, "alpha", &name)]);
                assert_eq!(found(state, &name), [format!("{name} passed\n")]);
                tidy(state);
                if run % 4 == 3 {
                    collect(state).unwrap();
                }
            }
        }
        // The disk lets nothing be written.
        "refused" => {
            let error = save(state, &[pass("clippy", "alpha", "second")], &BTreeMap::new());
            let error = error.unwrap_err().to_string();
            assert!(error.contains(rest), "{error}");
            tidy(state);
            assert_eq!(found(state, "first"), ["first passed\n"]);
            assert_eq!(verify(state).unwrap().damage, []);
            assert_eq!(files(state).len(), 1, "nothing half-written is left");
        }
        _ => panic!("{what}"),
    }
}

/// At every byte: what is written so far is never taken for a result.
#[test]
fn a_writer_that_dies_while_it_writes_leaves_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    leave(&state, &[pass("clippy", "alpha", "first")]);
    let whole = fs::metadata(&files(&state)[0]).unwrap().len() + 1;
    for limit in (0..whole).step_by(17) {
        let status = writer(&state, &format!("until {limit}")).status().unwrap();
        assert!(!status.success(), "{limit}");
        assert_eq!(found(&state, "first"), ["first passed\n"]);
        assert_eq!(found(&state, "second"), [""; 0]);
        assert!(!Results::open(&state).is_damaged());
    }
    assert!(writer(&state, "until 1000000").status().unwrap().success());
    assert_eq!(found(&state, "second"), ["second passed\n"]);
    // What the dead have left behind is swept away when it is old.
    let old = SystemTime::now() - Duration::from_hours(2);
    let left: Vec<_> = files(&state)
        .into_iter()
        .filter(|file| file.extension().is_none())
        .collect();
    assert!(left.len() > 10, "{left:?}");
    for file in &left {
        fs::File::options()
            .write(true)
            .open(file)
            .unwrap()
            .set_modified(old)
            .unwrap();
    }
    tidy(&state);
    assert_eq!(files(&state).len(), 2);
}

#[test]
fn writers_that_are_killed_at_any_time_take_nothing_along() {
    kill_writers(12);
}

#[test]
#[ignore = "takes minutes: for the night"]
fn writers_that_are_killed_five_hundred_times_take_nothing_along() {
    kill_writers(500);
}

fn kill_writers(rounds: u32) {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    leave(&state, &[pass("first", "alpha", "first")]);
    for round in 0..rounds {
        let mut children = ["x", "y"].map(|name| start(&state, &format!("forever {name}{round}")));
        // Once both are at it, it is chance where they are.
        crate::sandbox::eventually("the writers write", || {
            ["x", "y"]
                .iter()
                .all(|name| !found(&state, &format!("{name}{round}-{}", round % 7)).is_empty())
        });
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_eq!(found(&state, "first"), ["first passed\n"]);
        for before in 0..=round {
            assert_eq!(
                found(&state, &format!("x{before}-0")).len(),
                1,
                "round {round} has lost {before}"
            );
        }
        assert_eq!(verify(&state).unwrap().damage, []);
    }
}

#[test]
fn twenty_processes_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let mut children: Vec<_> = (0..20)
        .map(|writer| start(&state, &format!("runs w{writer}")))
        .collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    for writer in 0..20 {
        for run in 0..10 {
            assert_eq!(found(&state, &format!("w{writer}-{run}")).len(), 1, "w{writer}-{run}");
        }
    }
    assert_eq!(verify(&state).unwrap().damage, []);
}

/// Runs a script of `sh` in which `$DIR` can be mounted on, and `$WRITER` tells of a process that writes. Where that is not
/// allowed, the test says so and is none.
fn with_mounts(script: &str) {
    let dir = tempfile::tempdir().unwrap();
    let may = Command::new("unshare")
        .args(["-Urm", "mount", "-t", "tmpfs", "none"])
        .arg(dir.path())
        .stderr(Stdio::null())
        .status();
    if !may.is_ok_and(|status| status.success()) {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: nothing can be mounted here (`unshare -Urm` does not work)"
        );
        return;
    }
    let write = "write() { env \"CARGO_HOOKS_TEST_WRITER=$1\n$DIR/state\" \"$BINARY\" --exact cache::a_process_that_writes --ignored; }";
    let out = Command::new("unshare")
        .args(["-Urm", "sh", "-c", &format!("set -e\n{write}\n{script}")])
        .env("DIR", dir.path())
        .env("BINARY", std::env::current_exe().unwrap())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
}

#[test]
fn on_a_full_disk_what_is_known_is_still_read() {
    let first = "mkdir -m 700 \"$DIR/state\" && cp -a \"$STATE\"/. \"$DIR/state\"";
    let dir = tempfile::tempdir().unwrap();
    leave(&dir.path().join("state"), &[pass("clippy", "alpha", "first")]);
    let state = dir.path().join("state");
    // The file needs a page and so does its copy; what is left over is filled.
    with_mounts(&format!(
        "STATE={state:?}\nmount -t tmpfs -o size=64k,mode=700 none \"$DIR\"\n{first}\n\
         cat /dev/zero >\"$DIR/filler\" 2>/dev/null || true\nwrite 'refused No space left'"
    ));
    // With a few bytes of room, the file can be made and not written.
    with_mounts(&format!(
        "STATE={state:?}\nmount -t tmpfs -o size=64k,nr_inodes=5,mode=700 none \"$DIR\"\n{first}\nwrite 'refused No space left'"
    ));
}

#[test]
fn on_a_read_only_disk_what_is_known_is_still_read() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    leave(&state, &[pass("clippy", "alpha", "first")]);
    with_mounts(&format!(
        "mount --bind {:?} \"$DIR\"\nmount -o remount,bind,ro \"$DIR\"\nwrite 'refused Read-only file system'",
        dir.path()
    ));
}

#[test]
fn a_disk_that_fails_is_an_error_and_what_is_known_stays() {
    let may = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no errors can be injected here (`strace` is missing, or may not trace)"
        );
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    leave(&state, &[pass("clippy", "alpha", "first")]);
    for calls in ["fsync", "/^rename"] {
        let writer = writer(&state, "refused Input/output error");
        let mut strace = Command::new("strace");
        strace.args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("inject={calls}:error=EIO"),
        ]);
        strace.arg(writer.get_program()).args(writer.get_args());
        strace.envs(writer.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let out = strace.output().unwrap();
        assert!(
            out.status.success(),
            "{calls}: {}",
            String::from_utf8_lossy(&out.stdout)
        );
        assert_eq!(found(&state, "first"), ["first passed\n"]);
    }
}
