//! What is written, for people and for programs, whatever tools write.

use std::io::{BufRead, BufReader};

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn sandbox(tool: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("tool", tool).hooks("checks.tool = \"tool\"");
    sandbox
}

#[test]
fn each_line_for_programs_is_json_from_the_start_of_the_run_to_its_end() {
    let sandbox = sandbox("echo one; echo two >&2; exit 3");
    sandbox.append(
        "Cargo.toml",
        "checks.next = { run = \"tool\", depends-on = [\"tool\"] }\nchecks.none = { run = \"tool\", files = [\"*.none\"] }\n",
    );
    let out = sandbox.run("check --serial --message-format json").exits(1);
    let lines = out.json();
    let kinds: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    let expected = [
        "run-started",
        "task-started",
        "task-finished",
        "task-finished",
        "run-finished",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(lines[0]["format"], 1);
    assert_eq!(lines[0]["left_out"][0]["check"], "none");
    assert_eq!(lines[2]["exit_code"], 3);
    assert_eq!(lines[2]["task"]["rerun"], "cargo hooks check tool");
    let output = lines[2]["output"].as_str().unwrap();
    assert!(output.contains("one\n") && output.contains("two\n"), "{output:?}");
    assert_eq!(lines[3]["by"], "tool");
    assert_eq!(lines[4]["success"], false);
    assert_eq!(lines[4]["stats"]["blocked"], 1);
    assert_eq!(out.stderr, "");
    assert_eq!(out.outcomes(), ["tool: failed", "next: blocked"]);
}

/// Asks a terminal to fill the clipboard, to clear the screen, to name its window and to write from right to left.
const HOSTILE: &str =
    r"printf '\033]52;c;ZXZpbA==\007\033[2J\033]0;title\033\\\342\200\256evil\302\233\r\377 end\n'; exit 1";

#[test]
fn what_a_hostile_tool_writes_is_harmless_to_terminals() {
    let sandbox = sandbox(HOSTILE);
    for arguments in ["check", "check --color always"] {
        let out = sandbox.run(arguments).exits(1);
        for harm in ["\u{1b}]", "\u{1b}[2J", "\u{7}", "\u{202e}", "\u{9b}", "\r"] {
            assert!(!out.stdout.contains(harm), "{harm:?} in {out}");
        }
        assert!(out.stdout.contains("evil") && out.stdout.contains("end"), "{out}");
    }
}

#[test]
fn what_a_hostile_tool_writes_is_valid_json_without_control_characters() {
    let out = sandbox(HOSTILE).run("check --message-format json").exits(1);
    let lines = out.json();
    let output = lines[2]["output"].as_str().unwrap();
    let harm = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!output.contains(harm), "{output:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for (exit, arguments) in [
        (0, "check --serial"),
        (1, "check --serial -v"),
        (1, "check --serial --message-format json"),
    ] {
        let sandbox = sandbox("until [ -e \"$SANDBOX/reader-is-gone\" ]; do sleep 0.01; done; echo lost; exit $EXIT");
        let run = sandbox.command(arguments).env("EXIT", exit.to_string());
        let mut running = run.start();
        let mut first = String::new();
        BufReader::new(running.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        assert_ne!(first, "");
        std::fs::write(sandbox.root().join("reader-is-gone"), "").unwrap();
        let out = running.wait().exits(exit);
        assert_eq!(out.stderr, "", "{arguments}");
    }
}

#[test]
fn what_a_tool_wrote_that_passed_is_shown_when_more_is_asked_for() {
    let sandbox = sandbox("echo all is well");
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 0
    --- stdout ---
        Checking the workspace: 1 check, 1 task in 1 wave on 1 slot
            PASS [     TIME] tool
    ------------
         Summary [     TIME] 1 task: 1 passed
    ");
    assert_snapshot!(sandbox.run("check --serial -v --force"), @"
    exit code 0
    --- stdout ---
        Checking the workspace: 1 check, 1 task in 1 wave on 1 slot
           START [         ] tool
            PASS [     TIME] tool
        all is well
    ------------
         Summary [     TIME] 1 task: 1 passed
    ");
}

#[test]
fn quiet_shows_failures_and_how_it_ended() {
    assert_snapshot!(sandbox("echo broken; exit 2").run("check -q"), @"
    exit code 1
    --- stdout ---
    --- tool ---
        broken

    ------------
         Summary [     TIME] 1 task: 1 failed
            FAIL [     TIME] tool: exit code 2
                 rerun: cargo hooks check tool
    ");
}

#[test]
fn colour_is_used_where_it_is_wanted() {
    let check = |arguments: &str, variables: &[(&str, &str)], expected: bool| {
        let sandbox = sandbox("note \"${CARGO_TERM_COLOR-} ${CLICOLOR_FORCE-} ${NO_COLOR-}\"; exit 1");
        let run = sandbox.command(arguments);
        let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
        let out = run.output().exits(1);
        assert_eq!(out.stdout.contains('\u{1b}'), expected, "{arguments} {variables:?}");
        // What tools are told is the same.
        assert_eq!(
            sandbox.log()[0].contains("always 1"),
            expected,
            "{arguments} {variables:?}"
        );
    };
    check("check", &[], false);
    check("check --color always", &[], true);
    check("check --color always", &[("NO_COLOR", "1")], true);
    check("check", &[("CLICOLOR_FORCE", "1")], true);
    check("check", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false);
    check("check --color never", &[("CLICOLOR_FORCE", "1")], false);
    check("check", &[("CARGO_TERM_COLOR", "always")], true);
    check("check --message-format json", &[("CLICOLOR_FORCE", "1")], false);
}

#[test]
fn the_output_of_a_tool_keeps_its_colours_where_there_are_colours() {
    let sandbox = sandbox("printf '\\033[31mred\\033[0m\\n'; exit 1");
    assert!(sandbox.run("check --color always").stdout.contains("\u{1b}[31mred"));
    assert!(sandbox.run("check").stdout.contains("    red\n"));
}

#[test]
fn too_much_output_is_kept_in_bounds() {
    let sandbox =
        sandbox("echo the beginning; yes 'a line of no interest' | head -c 50000000; echo; echo the end; exit 1");
    let out = sandbox.run("check").exits(1);
    assert!(out.stdout.len() < 100_000, "{} bytes", out.stdout.len());
    assert!(out.stdout.contains("the beginning") && out.stdout.contains("the end"));
    assert!(out.stdout.contains("lines left out\n"), "{out}");
    assert!(
        out.stdout.contains("… all of it but 15.6 MiB is in [ROOT]/home/"),
        "{out}"
    );
}

#[test]
fn programs_are_told_how_much_output_was_not_kept() {
    let sandbox = sandbox("yes 'a line of no interest' | head -c 10000000; exit 1");
    let out = sandbox.run("check --message-format json").exits(1);
    let lines = out.json();
    assert!(
        lines[2]["output_dropped"].as_u64() > Some(0),
        "it is said that some was dropped"
    );
}

#[test]
fn one_endless_line_is_kept_in_bounds() {
    let sandbox = sandbox("head -c 5000000 /dev/zero; exit 1");
    let out = sandbox.run("check").exits(1);
    assert!(out.stdout.len() < 100_000, "{} bytes", out.stdout.len());
}

#[test]
#[cfg(target_os = "linux")]
fn a_result_that_cannot_be_written_is_no_pass() {
    for (redirection, code) in [(">/dev/full", 3), (">&-", 0), ("2>&-", 0), (">/dev/full 2>&1", 3)] {
        let sandbox = sandbox("echo fine");
        let script = format!("exec \"$0\" check {redirection}");
        let run = sandbox.program("sh").arg("-c").arg(script);
        let out = run.arg(env!("CARGO_BIN_EXE_cargo-hooks")).output();
        assert_eq!(out.code, code, "{redirection}: {out}");
        assert!(!out.stderr.contains("panicked"), "{out}");
    }
}
