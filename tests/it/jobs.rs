//! What builds at the same time shares its jobs.

use crate::sandbox::Sandbox;

/// A `make` that finds the ends of the pipe, and what to do with them in its first argument.
const MAKE: &str = r#"
ends=${MAKEFLAGS##*--jobserver-auth=}
take() { head -c 1 "/proc/self/fd/${ends%%,*}" >/dev/null; }
give() { printf + >"/proc/self/fd/${ends##*,}"; }
eval "$1"
"#;

fn makes(checks: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("make", MAKE).hooks(checks);
    sandbox
}

/// How many compilers ran at most at a time, by the lines that the wrapper around them has written.
fn most_at_once(log: &[String]) -> usize {
    let mut running = 0_usize;
    let mut most = 0;
    for line in log {
        running = if line == "begins" { running + 1 } else { running - 1 };
        most = most.max(running);
    }
    most
}

#[test]
fn several_cargos_run_no_more_compilers_than_there_are_jobs() {
    let crates: Vec<String> = (0..4).map(|number| format!("c{number}")).collect();
    let sandbox = Sandbox::workspace(&crates.iter().map(String::as_str).collect::<Vec<_>>());
    sandbox.tool(
        "wrapper",
        r#"case "$*" in *--emit*) ;; *) exec "$@" ;; esac
        note begins; sleep 0.1; "$@"; code=$?; note ends; exit $code"#,
    );
    let check = |name| {
        format!(
            "checks.{name} = {{ run = \"cargo check --workspace\", set-env = {{ CARGO_TARGET_DIR = \"{name}\" }} }}\n"
        )
    };
    sandbox.hooks(&["a", "b", "c"].map(check).concat());
    let run = sandbox.command("check --max-workers 3").env("RUSTC_WRAPPER", "wrapper");
    let _ = run.env("CARGO_BUILD_JOBS", "2").output().exits(0);
    let log = sandbox.log();
    assert_eq!(log.len(), 2 * 3 * crates.len(), "{log:?}");
    assert!(most_at_once(&log) <= 2, "{log:?}");
}

#[test]
fn jobs_that_a_killed_task_had_are_there_for_others() {
    let sandbox = makes(
        "checks.thief = { run = ['make', 'take; take; note took; sleep 1000'], timeout = \"2s\" }\n\
         checks.next = { run = ['make', 'take; take; note again; give; give'], after = [\"thief\"] }",
    );
    let run = sandbox
        .command("check --message-format json")
        .env("CARGO_BUILD_JOBS", "3");
    let outcomes = run.output().exits(1).outcomes();
    assert_eq!(outcomes, ["thief: timed-out", "next: passed"]);
    assert_eq!(sandbox.log(), ["took", "again"]);
}

#[test]
fn whoever_builds_waits_for_a_job_and_its_limit_does_not_run_meanwhile() {
    let sandbox = makes(
        "checks.first = ['make', 'take; touch \"$SANDBOX/all\"; sleep 3; note back; give']\n\
         checks.gate = \"gate\"\n\
         checks.second = { run = ['make', 'note started'], timeout = \"2s\", after = [\"gate\"] }",
    );
    sandbox.tool("gate", "until [ -e \"$SANDBOX/all\" ]; do sleep 0.01; done");
    let run = sandbox.command("check --max-workers 3").env("CARGO_BUILD_JOBS", "2");
    let _ = run.output().exits(0);
    assert_eq!(sandbox.log(), ["back", "started"]);
}

#[test]
fn only_what_builds_is_told_of_the_jobs() {
    let sandbox =
        makes("checks.build = ['make', 'echo \"$CARGO_MAKEFLAGS\" >>\"$SANDBOX/log\"']\nchecks.other = \"dump\"");
    sandbox.tool("dump", "echo \"other: $CARGO_MAKEFLAGS$MAKEFLAGS\" >>\"$SANDBOX/log\"");
    let outer = sandbox
        .command("check --serial")
        .env("MAKEFLAGS", " -j9 --jobserver-auth=8,9");
    let _ = outer.env("CARGO_BUILD_JOBS", "5").output().exits(0);
    let log = sandbox.log();
    // Which numbers are free is up to whoever runs this test.
    let ends = log[0].rsplit_once('=').map_or("", |(_, ends)| ends);
    assert_eq!(
        log,
        [
            format!("-j5 --jobserver-fds={ends} --jobserver-auth={ends}").as_str(),
            "other: "
        ]
    );
    let numbers: Vec<u32> = ends.split(',').map(|number| number.parse().unwrap()).collect();
    assert!(
        matches!(numbers[..], [reader, writer] if 100 <= reader && reader < writer),
        "{ends}"
    );
}

#[test]
fn a_cargo_with_a_number_of_jobs_of_its_own_keeps_it() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.one = \"cargo check -j 1\"\nchecks.other = \"cargo check --release\"");
    let out = sandbox.run("check --verbose").exits(0);
    assert!(!format!("{out}").contains("jobserver"), "{out}");
}
