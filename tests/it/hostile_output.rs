//! Outputs without end, without lines and without sense, and readers that are gone: memory is bounded, and the verdict is
//! that of the exit code.

use std::io::Read;

use crate::sandbox::{Output, Sandbox};

/// Runs all checks, one after the other, in a process that gets no more than 150 MB of memory.
fn run_in_little_memory(sandbox: &Sandbox, arguments: &str) -> Output {
    let script = format!("ulimit -d 150000 && exec \"$0\" {arguments}");
    let run = sandbox.program("sh").arg("-c").arg(script);
    let mut running = run.arg(env!("CARGO_BIN_EXE_cargo-hooks")).start();
    // However long that takes: a gigabyte is more than a minute's work.
    let mut stdout = String::new();
    running.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    Output {
        stdout,
        ..running.wait()
    }
}

/// Tools that write so many bytes each, and pass or fail.
fn spammers(bytes: u64) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let invalid = r"$(printf '\377\376\200%0100d' 7)";
    sandbox
        .tool("zeros", &format!("head -c {bytes} /dev/zero; exit $1"))
        .tool(
            "lines",
            &format!("yes 'a line of no interest to anybody, and long' | head -c {bytes}; exit $1"),
        )
        .tool("invalid", &format!("yes \"{invalid}\" | head -c {bytes} >&2; exit $1"))
        .tool("closes", &format!("head -c {bytes} /dev/zero; exec >&- 2>&-; exit $1"));
    let checks = ["zeros", "lines", "invalid", "closes"]
        .map(|tool| format!("checks.{tool}-passes = \"{tool} 0\"\nchecks.{tool}-fails = \"{tool} 1\"\n"));
    sandbox.hooks(&checks.concat());
    sandbox
}

/// What becomes of them: the exit code says it, in bounded memory.
fn judge_spammers(bytes: u64) {
    let sandbox = spammers(bytes);
    let out = run_in_little_memory(&sandbox, "check --serial --message-format json").exits(1);
    let expected: Vec<String> = ["zeros", "lines", "invalid", "closes"]
        .iter()
        .flat_map(|tool| [format!("{tool}-passes: passed"), format!("{tool}-fails: failed")])
        .collect();
    assert_eq!(out.outcomes(), expected);
    for line in out.json().iter().filter(|line| line["outcome"] == "failed") {
        assert_eq!(line["exit_code"], 1, "{}", line["task"]);
        assert!(line["output_file"].is_string(), "{}", line["task"]);
    }
}

#[test]
fn whatever_a_tool_writes_its_exit_code_is_the_verdict_and_memory_is_bounded() {
    judge_spammers(12_000_000);
    let out = run_in_little_memory(&spammers(12_000_000), "check --serial").exits(1);
    assert!(out.stdout.len() < 1_000_000, "{} bytes", out.stdout.len());
}

#[test]
#[ignore = "takes minutes; for the night"]
fn not_even_a_gigabyte_needs_much_memory() {
    judge_spammers(1_000_000_000);
}

/// Whoever cannot tell of a failure must not look as if there were none.
#[test]
fn a_failure_that_nobody_can_read_of_is_no_pass() {
    for redirection in [
        ">&-",
        "2>&-",
        ">&- 2>&-",
        ">gone",
        "2>gone",
        ">gone 2>&1",
        ">/dev/full",
        "2>/dev/full",
    ] {
        for arguments in [
            "check --serial",
            "check --serial -vv",
            "check --serial --message-format json",
        ] {
            let sandbox = Sandbox::workspace(&["alpha"]);
            sandbox
                .tool("first", "note first")
                .tool("second", "note second; exit 1")
                .noting(&["third"])
                .hooks("checks.first = \"first\"\nchecks.second = \"second\"\nchecks.third = \"third\"");
            let _ = sandbox.program("mkfifo").arg("gone").output().exits(0);
            // Its reader opens it, and is gone.
            let reader = if redirection.contains("gone") { ": <gone &" } else { "" };
            let script = format!("{reader} exec \"$0\" {arguments} {redirection}");
            let run = sandbox.program("sh").arg("-c").arg(script);
            let out = run.arg(env!("CARGO_BIN_EXE_cargo-hooks")).output();
            let context = format!("{arguments} {redirection}: {out}");
            assert!([1, 3].contains(&out.code), "{context}");
            assert!(!out.stderr.contains("panicked"), "{context}");
            assert_eq!(sandbox.log(), ["first", "second", "third"], "{context}");
        }
    }
}
