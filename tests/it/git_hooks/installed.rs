//! The hooks that `install` puts there judge what git makes of it, and nothing else that lies around.

use std::fs;

use crate::hooked::{asked, git, repository};
use crate::sandbox::{Output, Sandbox};

const GOOD: &str = "pub fn one() -> u32 {\n    1\n}\n";
const BAD: &str = "pub fn one() -> u32 {}\n";

/// A package that compiles, whose hooks run cargo.
fn installed() -> Sandbox {
    let sandbox =
        repository("checks.check = { run = \"cargo check {packages}\", stages = [\"pre-commit\", \"pre-push\"] }");
    sandbox.write("src/lib.rs", GOOD);
    let _ = git(&sandbox, ["commit", "--quiet", "--all", "--message", "good"]);
    let _ = sandbox.run("install").exits(0);
    sandbox
}

fn stage(sandbox: &Sandbox, text: &str) {
    sandbox.write("src/lib.rs", text);
    let _ = git(sandbox, ["add", "src/lib.rs"]);
}

/// Commits what is staged, and says whether the commit is there.
fn commits(sandbox: &Sandbox) -> (Output, bool) {
    let head = || git(sandbox, ["rev-parse", "HEAD"]).stdout;
    let before = head();
    let output = asked(sandbox, ["commit", "--quiet", "--message", "more"]).output();
    let is_there = head() != before;
    assert_eq!(output.code == 0, is_there, "{output}");
    (output, is_there)
}

#[test]
fn what_is_staged_decides_over_a_commit() {
    let sandbox = installed();
    stage(&sandbox, BAD);
    sandbox.write("src/lib.rs", GOOD);
    let (output, is_there) = commits(&sandbox);
    assert!(!is_there, "an edit that is not staged mends nothing");
    assert!(output.stderr.contains("src/lib.rs:1"), "{output}");
    let left = fs::read_to_string(sandbox.ws().join("src/lib.rs")).unwrap();
    assert_eq!(left, GOOD, "the edit is still there");

    stage(&sandbox, &format!("{GOOD}pub const TWO: u32 = 2;\n"));
    sandbox.write("src/lib.rs", BAD);
    let (output, is_there) = commits(&sandbox);
    assert!(is_there, "an edit that is not staged breaks nothing: {output}");

    stage(&sandbox, &format!("pub mod three;\n{GOOD}"));
    sandbox.write("src/three.rs", "");
    let (output, is_there) = commits(&sandbox);
    assert!(!is_there, "a file that is not added is not there");
    assert!(output.stderr.contains("three"), "{output}");
    let _ = git(&sandbox, ["add", "src/three.rs"]);
    let (output, is_there) = commits(&sandbox);
    assert!(is_there, "{output}");
}

#[test]
fn what_is_committed_decides_over_a_push() {
    let sandbox = installed();
    let _ = git(&sandbox, ["init", "--quiet", "--bare", "../origin.git"]);
    let _ = git(&sandbox, ["remote", "add", "origin", "../origin.git"]);
    let _ = git(&sandbox, ["checkout", "--quiet", "-b", "bad"]);
    stage(&sandbox, BAD);
    let _ = git(&sandbox, ["commit", "--quiet", "--no-verify", "--message", "bad"]);
    let pushes = |branch: &str| {
        let output = asked(&sandbox, ["push", "--quiet", "origin", branch]).output();
        let arrived = git(&sandbox, ["ls-remote", "--heads", "origin", branch]).stdout;
        assert_eq!(output.code == 0, !arrived.is_empty(), "{output}");
        output
    };
    // Whether another one is checked out, or edits lie around that would mend it.
    let _ = git(&sandbox, ["checkout", "--quiet", "master"]);
    assert!(pushes("bad").exits(1).stderr.contains("src/lib.rs:1"));
    let _ = git(&sandbox, ["checkout", "--quiet", "bad"]);
    sandbox.write("src/lib.rs", GOOD);
    assert!(pushes("bad").exits(1).stderr.contains("src/lib.rs:1"));
    let _ = git(&sandbox, ["checkout", "--quiet", "--force", "bad"]);
    let _ = pushes("bad").exits(1);
    // Nor does what is checked out hold up the others.
    let _ = pushes("master").exits(0);
    assert_eq!(fs::read_to_string(sandbox.ws().join("src/lib.rs")).unwrap(), BAD);
}
