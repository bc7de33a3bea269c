//! What the plan knows of cargo, held against cargo.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

/// A command, and a variable that it is given.
#[derive(Clone, Copy, Debug)]
struct Call {
    args: &'static str,
    build_dir: &'static str,
}

const fn call(args: &'static str) -> Call {
    Call { args, build_dir: "" }
}

/// A build script that says when it runs, and goes on when it is told to.
const BUILD_SCRIPT: &str = r#"
fn main() {
    println!("cargo::rerun-if-changed=there-is-none");
    if std::env::var_os("WAITS").is_some() {
        std::fs::write("../in", "").unwrap();
        std::fs::read("../go").unwrap();
    }
}
"#;

/// The locks that the plan gives to the two commands.
fn held_to_exclude(sandbox: &Sandbox, calls: [Call; 2]) -> bool {
    let check = |(name, call): (&str, Call)| {
        let env = match call.build_dir {
            "" => String::new(),
            dir => format!(", set-env = {{ CARGO_BUILD_BUILD_DIR = \"{dir}\" }}"),
        };
        format!("checks.{name} = {{ run = \"cargo {}\"{env} }}\n", call.args)
    };
    let checks: String = [("one", calls[0]), ("other", calls[1])].map(check).concat();
    let manifest = sandbox.read("Cargo.toml");
    sandbox.hooks(&checks);
    let plan = sandbox.run("plan --message-format json").exits(0);
    sandbox.write("Cargo.toml", manifest);
    let tasks = plan.json()[0]["tasks"].clone();
    let locks = |index: usize| {
        let locks = tasks[index]["locks"].as_array().unwrap().iter();
        let names = locks.map(|lock| lock.as_str().unwrap().to_owned());
        names.filter(|name| !name.starts_with("programs:")).collect::<Vec<_>>()
    };
    let other = locks(1);
    locks(0).iter().any(|lock| other.contains(lock))
}

/// Whether cargo makes the second command wait while the first one builds.
fn waits(sandbox: &Sandbox, [first, second]: [Call; 2]) -> bool {
    let start = |call: Call| {
        let script = format!("exec cargo {} 2>&1", call.args);
        let run = sandbox.program("sh").arg("-c").arg(script);
        if call.build_dir.is_empty() {
            run
        } else {
            run.env("CARGO_BUILD_BUILD_DIR", call.build_dir)
        }
    };
    let building = start(first).env("WAITS", "1").start();
    // Nobody has it open until the build script runs.
    File::open(sandbox.ws().join("in"))
        .unwrap()
        .read_to_end(&mut Vec::new())
        .unwrap();
    let mut other = start(second).start();
    let lines = BufReader::new(other.stdout.take().unwrap()).lines();
    let blocked = |line: &String| line.contains("Blocking waiting for file lock on") && line.contains("directory");
    let waits = lines.map_while(Result::ok).any(|line| blocked(&line));
    fs::write(sandbox.ws().join("go"), "").unwrap();
    let _ = building.wait().exits(0);
    let _ = other.wait();
    waits
}

/// Neither too many locks, which would cost time, nor too few, with which cargo would let tasks wait unseen.
#[test]
fn two_commands_are_held_apart_where_cargo_makes_one_wait() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .write("alpha/build.rs", BUILD_SCRIPT)
        .append("Cargo.toml", "\n[profile.own]\ninherits = \"dev\"\n");
    for fifo in ["in", "go"] {
        let _ = sandbox.program("mkfifo").arg(fifo).output().exits(0);
    }
    let version = sandbox.program("rustc").arg("-vV").output().exits(0).stdout;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let check_for_host: &'static str = format!("check --target {host}").leak();
    let elsewhere = Call {
        build_dir: "elsewhere",
        ..call("check")
    };
    let test_elsewhere = Call {
        args: "test --no-run",
        ..elsewhere
    };
    for (first, second, expected) in [
        (call("check"), call("clippy"), true),
        (call("check"), call("doc"), true),
        (call("check"), call("test --no-run"), true),
        (call("check"), call(check_for_host), true),
        (call("check"), call("check --release"), false),
        (call("check"), call("check --profile own"), false),
        (call("check"), call("check --target-dir apart"), false),
        (call("check"), call("metadata --no-deps --format-version 1"), false),
        (call("check"), elsewhere, false),
        (call("test --no-run"), elsewhere, false),
        (call("test --no-run"), test_elsewhere, true),
        (call("build"), call("fmt --check"), false),
    ] {
        let calls = [first, second];
        assert_eq!(waits(&sandbox, calls), expected, "{calls:?}");
        assert_eq!(held_to_exclude(&sandbox, calls), expected, "{calls:?}");
    }
}

#[test]
fn a_crate_passes_while_another_fails_in_the_same_run() {
    let sandbox = Sandbox::workspace(&["alpha", "beta", "gamma -> beta"]);
    sandbox
        .hooks("checks.clippy = true")
        .append("beta/src/lib.rs", "\npub fn wrong() -> u32 {\n    \"\"\n}\n");
    let out = sandbox.run("check").exits(1);
    let told = "clippy: 1 error in beta; 1 crate passed, 1 not reached";
    assert!(out.stdout.contains(told), "{out}");
    let out = sandbox.run("check --message-format json").exits(1);
    let finished = out
        .json()
        .into_iter()
        .find(|line| line["type"] == "task-finished")
        .unwrap();
    let expected = serde_json::json!({ "passed": ["alpha"], "failed": ["beta"], "not-reached": ["gamma"] });
    assert_eq!(finished["crates"], expected, "{out}");
}

#[test]
fn denied_warnings_fail_clippy_and_leave_its_results_fresh_for_others() {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox
        .hooks("checks.clippy = { args = [\"--\", \"-D\", \"warnings\"] }")
        .append("beta/src/lib.rs", "\nfn unused() {}\n");
    let out = sandbox.run("check").exits(1);
    let told = "clippy: 1 denied warning in beta; 1 crate passed";
    assert!(out.stdout.contains(told), "{out}");
    let plain = sandbox
        .program("cargo")
        .args("clippy --lib --bins --tests --examples --workspace");
    let out = plain.output().exits(0);
    assert!(!out.stderr.contains("Checking"), "{out}");
    sandbox.write("beta/src/lib.rs", "//! A crate.\n");
    let _ = sandbox.run("check").exits(0);
}

/// A nextest that builds and runs nothing. What it is asked to run must be what it has listed.
const NEXTEST: &str = r#"
case $2 in
list) note list; echo "$LIST"; exit "${BUILD:-0}" ;;
run) note run; [ "$(cat "$4")" = "$LIST" ] && eval "$DURING" ;;
esac
"#;

#[test]
fn tests_are_built_in_one_task_and_run_in_another() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("cargo-nextest", NEXTEST).hooks("checks.nextest = true");
    let run = || sandbox.command("check --serial").env("LIST", "{}");
    assert_snapshot!(run().output(), @"
    exit code 0
    --- stdout ---
        Checking 1 crate: 1 check, 2 tasks in 2 waves on 1 slot
            PASS [     TIME] nextest build
            PASS [     TIME] nextest
    ------------
         Summary [     TIME] 2 tasks: 2 passed
    ");
    assert_snapshot!(run().env("BUILD", "101").output(), @"
    exit code 1
    --- stdout ---
        Checking 1 crate: 1 check, 2 tasks in 2 waves on 1 slot
            FAIL [     TIME] nextest build: build failed
         BLOCKED [         ] nextest: its build did not pass

    --- nextest build ---
        it wrote nothing

    ------------
         Summary [     TIME] 2 tasks: 1 failed, 1 blocked
            FAIL [     TIME] nextest build: build failed
                 rerun: cargo hooks check nextest
    ");
    assert_eq!(sandbox.log(), ["list", "run", "list"]);
    let left: Vec<_> = fs::read_dir(sandbox.ws().join("target/cargo-hooks")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn tests_run_while_clippy_builds() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let _ = sandbox.program("mkfifo").arg("meeting").output().exits(0);
    sandbox
        .tool("cargo-nextest", NEXTEST)
        .tool("cargo-clippy", "echo clippy >meeting")
        .hooks("checks.nextest = { timeout = \"30s\" }\nchecks.clippy = { timeout = \"30s\" }");
    // Each of the two waits for the other one.
    let run = sandbox
        .command("check -j 2")
        .env("LIST", "{}")
        .env("DURING", "cat meeting");
    let out = run.output().exits(0);
    assert!(out.stdout.contains("3 passed"), "{out}");
}

/// Without nextest it is one task, in which cargo gives its lock back before the tests run.
#[test]
fn clippy_builds_while_cargo_test_runs() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let _ = sandbox.program("mkfifo").arg("meeting").output().exits(0);
    sandbox
        .append(
            "alpha/src/lib.rs",
            "\n#[test]\nfn meets() {\n    std::fs::read(\"../meeting\").unwrap();\n}\n",
        )
        .tool("cargo-clippy", "echo clippy >meeting")
        .hooks("checks.test = { timeout = \"50s\" }\nchecks.clippy = { timeout = \"50s\" }");
    let out = sandbox.run("check -j 2").exits(0);
    assert!(out.stdout.contains("2 passed"), "{out}");
}
