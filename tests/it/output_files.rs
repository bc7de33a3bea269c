//! Long outputs of what fails are kept whole, in files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

fn sandbox(tool: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("tool", tool).hooks("checks.tool = \"tool\"");
    sandbox
}

/// What a script needs to write many lines, of which no two are the same.
const LINES: &str = "lines() { i=0; while [ $i -lt $1 ]; do i=$((i + 1)); echo \"line $i\"; done; }\n";

fn expected(lines: usize) -> String {
    (1..=lines).map(|line| format!("line {line}\n")).collect()
}

/// The files with outputs, below the cache directory of the user.
fn files(sandbox: &Sandbox) -> Vec<PathBuf> {
    let below = |dir: &Path| {
        fs::read_dir(dir)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
    };
    let states = below(&sandbox.root().join("home/.cache/cargo-hooks"));
    let runs = states.flat_map(|state| below(&state.join("v1/output")).collect::<Vec<_>>());
    runs.flat_map(|run| below(&run).collect::<Vec<_>>()).collect()
}

/// The path in a text in which the sandbox is called `[ROOT]`.
fn path(sandbox: &Sandbox, shown: &str) -> PathBuf {
    shown.replace("[ROOT]", sandbox.root().to_str().unwrap()).into()
}

#[test]
fn a_long_output_of_what_failed_is_in_a_file_and_the_report_names_it() {
    let sandbox = sandbox(&format!("{LINES}lines 2000; exit 1"));
    let out = sandbox.run("check").exits(1);
    assert!(
        out.stdout
            .contains("    line 150\n    … 1600 lines left out\n    line 1751\n"),
        "{out}"
    );
    let named = out
        .stdout
        .lines()
        .find_map(|line| line.trim().strip_prefix("… all of it is in "));
    let file = path(&sandbox, named.unwrap());
    assert_eq!(fs::read_to_string(&file).unwrap(), expected(2000));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(files(&sandbox), [file]);

    let json = sandbox.run("check --message-format json").exits(1);
    let finished = &json.json()[2];
    let file = path(&sandbox, finished["output_file"].as_str().unwrap());
    assert_eq!(fs::read_to_string(file).unwrap(), expected(2000));
    assert_eq!(finished["output"], expected(2000));
    assert_eq!(finished["output_dropped"], 0);
    assert_eq!(files(&sandbox).len(), 2, "that of the earlier run is still there");

    // Who sees everything is not sent elsewhere.
    let verbose = sandbox.run("check -v").exits(1);
    assert!(verbose.stdout.contains("    line 1000\n"), "{verbose}");
    assert!(!verbose.stdout.contains("all of it"), "{verbose}");
}

#[test]
fn more_than_memory_holds_is_in_the_file() {
    let sandbox = sandbox("yes 'a line of no interest' | head -c 10000000; echo; echo the end; exit 1");
    let out = sandbox.run("check --message-format json").exits(1);
    let finished = &out.json()[2];
    assert!(finished["output_dropped"].as_u64() > Some(0), "memory is bounded");
    let file = path(&sandbox, finished["output_file"].as_str().unwrap());
    let content = fs::read_to_string(file).unwrap();
    assert_eq!(
        content.lines().filter(|line| *line == "a line of no interest").count(),
        10_000_000 / 22
    );
    assert!(content.ends_with("the end\n"));
}

#[test]
fn nothing_is_kept_of_what_passed_or_is_short() {
    for tool in ["lines 2000; exit 0", "lines 400; exit 1"] {
        let sandbox = sandbox(&format!("{LINES}{tool}"));
        let out = sandbox.run("check --message-format json");
        assert!(out.json()[2]["output_file"].is_null(), "{tool}");
        assert_eq!(files(&sandbox), [] as [PathBuf; 0], "{tool}");
    }
}

#[test]
fn what_was_tried_again_has_a_file_for_each_time() {
    let sandbox = sandbox(&format!("{LINES}lines 500; exit 1"));
    let out = sandbox.run("check --retries 1 --message-format json").exits(1);
    let lines = out.json();
    let named = lines.iter().filter_map(|line| line["output_file"].as_str());
    let named: Vec<PathBuf> = named.map(|file| path(&sandbox, file)).collect();
    assert_eq!(named.len(), 2, "{named:?}");
    assert_ne!(named[0], named[1]);
    assert!(
        named
            .iter()
            .all(|file| fs::read_to_string(file).unwrap() == expected(500))
    );
}

#[test]
fn where_nothing_can_be_written_that_is_one_warning_and_no_verdict() {
    let sandbox = sandbox(&format!("{LINES}lines 2000; exit $EXIT"));
    sandbox.append("Cargo.toml", "checks.other = \"tool\"\n");
    fs::write(sandbox.root().join("file"), "").unwrap();
    for exit in [0, 1] {
        let run = sandbox.command("check -j 2").env("EXIT", exit.to_string());
        let out = run
            .env("CARGO_HOOKS_DIR", sandbox.root().join("file"))
            .output()
            .exits(exit);
        assert_eq!(
            out.stderr.matches("long outputs are not kept in files").count(),
            1,
            "{out}"
        );
        let shown = out.stdout.matches("… 1600 lines left out; -v shows all").count();
        assert_eq!(shown, if exit == 0 { 0 } else { 2 }, "{out}");
    }
}

/// The findings are those of all of it, whatever is kept in memory.
#[test]
fn findings_are_read_from_all_of_a_long_output() {
    let sandbox = sandbox(
        "yes 'no place' | head -c 400000; echo; echo 'alpha/src/lib.rs:3:1: in the middle'; \
         yes 'no place' | head -c 6000000; exit 1",
    );
    let out = sandbox.run("check --message-format json").exits(1);
    let finished = &out.json()[2];
    assert!(
        !finished["output"].as_str().unwrap().contains("in the middle"),
        "it was dropped"
    );
    assert_eq!(finished["findings"][0]["line"], 3, "{}", finished["findings"]);
}
