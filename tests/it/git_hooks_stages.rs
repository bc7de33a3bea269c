//! What git hands to each hook, what checks see of it, and what becomes of git's command.

use std::fs;

use insta::assert_snapshot;
#[cfg(target_os = "linux")]
use rustix::process::{Pid, Signal, test_kill_process};

use crate::hooked::{asked, commit, git, hook, repository};
#[cfg(target_os = "linux")]
use crate::sandbox::eventually;
use crate::sandbox::{Output, Sandbox};

/// Installs all hooks of one check with these keys, whose command notes down its arguments and then does this.
fn staged(keys: &str, then: &str) -> Sandbox {
    let sandbox = repository(&format!("checks.tool = {{ {keys} }}"));
    sandbox.tool("tool", &format!("note \"tool $*\"\n{then}"));
    let _ = sandbox.run("install").exits(0);
    sandbox
}

/// What was noted down, without where the sandbox lies.
fn noted(sandbox: &Sandbox) -> Vec<String> {
    let root = sandbox.root().to_str().unwrap().to_owned();
    sandbox
        .log()
        .iter()
        .map(|line| line.replace(&root, "[ROOT]").trim_end().to_owned())
        .collect()
}

fn empty_commit<'s>(sandbox: &'s Sandbox, message: &str) -> crate::sandbox::Run<'s> {
    asked(sandbox, ["commit", "--quiet", "--allow-empty", "--message", message])
}

#[test]
fn a_check_reads_the_message() {
    let sandbox = staged(
        "run = \"tool {message-file}\", stages = [\"commit-msg\"]",
        "head -n 1 \"$1\" | { read -r line; test \"$line\" = good; }",
    );
    let _ = empty_commit(&sandbox, "good").output().exits(0);
    let _ = empty_commit(&sandbox, "bad").output().exits(1);
    // From below, and in another working tree, where git names the file from the root of all.
    let _ = empty_commit(&sandbox, "bad").dir("src").output().exits(1);
    let _ = git(&sandbox, ["worktree", "add", "--quiet", "../linked"]);
    let _ = empty_commit(&sandbox, "good").dir("../linked").output().exits(0);
    assert_eq!(
        noted(&sandbox),
        [
            "tool [ROOT]/ws/.git/COMMIT_EDITMSG",
            "tool [ROOT]/ws/.git/COMMIT_EDITMSG",
            "tool [ROOT]/ws/.git/COMMIT_EDITMSG",
            "tool [ROOT]/ws/.git/worktrees/linked/COMMIT_EDITMSG",
        ]
    );
}

#[test]
fn a_message_that_passed_says_nothing_of_the_next() {
    let sandbox = staged("run = \"tool {message-file}\", stages = [\"commit-msg\"]", "");
    for _ in 0..2 {
        let _ = empty_commit(&sandbox, "same").output().exits(0);
    }
    assert_eq!(sandbox.log().len(), 2);
}

#[test]
fn without_a_hook_there_is_no_message() {
    let sandbox = repository(
        "checks.message = { run = \"sh {message-file}\", stages = [\"commit-msg\"] }\n\
         checks.args = { run = \"sh {hook-args}\", stages = [\"commit-msg\", \"pre-commit\"] }\n\
         checks.early = { run = \"sh {message-file}\" }",
    );
    assert_snapshot!(sandbox.run("check message args"), @"
    exit code 0
    --- stdout ---
         SKIPPED message: it reads the message of a commit, and git has handed over none
         SKIPPED args: it reads what git hands to a hook, and no hook runs it
    ------------
         Summary [     TIME] nothing to do, 2 skipped
    ");
    let _ = sandbox.run("install pre-commit").exits(0);
    let head = git(&sandbox, ["rev-parse", "--short=10", "HEAD"]).stdout;
    let out = commit(&sandbox).output().to_string();
    assert_snapshot!(out.replace(head.trim(), "[HEAD]"), @"
    exit code 0
    --- stderr ---
    note: 1 file differs, 1 of 1 crates are affected; comparing the working tree with `HEAD` ([HEAD])
        Checking the workspace: 1 check, 1 task in 1 wave on 2 slots
         SKIPPED early: it reads the message of a commit, and git has handed over none
            PASS [     TIME] args
    ------------
         Summary [     TIME] 1 task: 1 passed, 1 skipped
    ");
}

#[test]
fn a_check_reads_the_arguments_of_each_hook() {
    let stages = "[\"prepare-commit-msg\", \"post-checkout\", \"pre-rebase\", \"post-rewrite\", \"post-commit\"]";
    let sandbox = staged(&format!("run = \"tool {{hook-args}}\", stages = {stages}"), "");
    let head = git(&sandbox, ["rev-parse", "HEAD"]).stdout.trim().to_owned();
    let _ = empty_commit(&sandbox, "x").output().exits(0);
    let _ = git(&sandbox, ["checkout", "--quiet", "-b", "topic", "HEAD~1"]);
    let _ = git(&sandbox, ["rebase", "--quiet", "master"]);
    let _ = asked(
        &sandbox,
        ["commit", "--quiet", "--allow-empty", "--amend", "--message", "y"],
    )
    .output()
    .exits(0);
    let mut noted = noted(&sandbox);
    noted.retain(|line| !line.starts_with("tool [ROOT]/ws/.git/COMMIT_EDITMSG"));
    let expected = [
        "tool",
        &format!("tool {} {head} 1", git(&sandbox, ["rev-parse", "master"]).stdout.trim()),
    ];
    assert_eq!(noted[..2], expected);
    assert!(noted.contains(&"tool master".to_owned()), "{noted:?}");
    assert!(noted.contains(&"tool amend".to_owned()), "{noted:?}");
}

/// Prepares, messages, and what comes after: the file first, then what git says of it.
#[test]
fn preparing_a_message_is_told_its_source() {
    let sandbox = staged("run = \"tool {hook-args}\", stages = [\"prepare-commit-msg\"]", "");
    let _ = empty_commit(&sandbox, "x").output().exits(0);
    assert_eq!(noted(&sandbox), ["tool [ROOT]/ws/.git/COMMIT_EDITMSG message"]);
}

#[test]
fn what_comes_after_the_fact_fails_nothing() {
    let sandbox = staged(
        "run = \"tool\", stages = [\"post-checkout\", \"post-commit\", \"post-merge\"]",
        "exit 1",
    );
    let out = git(&sandbox, ["checkout", "--quiet", "-b", "topic"]);
    assert!(
        out.stderr
            .contains("warning: post-checkout comes after the fact: nothing was prevented"),
        "{out}"
    );
    let _ = empty_commit(&sandbox, "x").output().exits(0);
    // Nor does a configuration that nobody can read.
    sandbox.append("Cargo.toml", "nonsense = ");
    let out = git(&sandbox, ["checkout", "--quiet", "master"]);
    assert!(
        out.stderr.contains("error") && out.stderr.contains("nothing was prevented"),
        "{out}"
    );
    // What was there before ours decides as it always did.
    let _ = git(&sandbox, ["checkout", "--quiet", "topic"]);
    hook(
        &sandbox,
        ".git/hooks/post-checkout.before-cargo-hooks",
        "#!/bin/sh\nexit 4\n",
        0o755,
    );
    let _ = asked(&sandbox, ["checkout", "--quiet", "master"]).output().exits(1);
}

#[test]
fn what_is_wrong_on_our_side_is_no_pass() {
    let sandbox = staged("run = \"tool\", stages = [\"pre-commit\"]", "");
    sandbox.append("Cargo.toml", "nonsense = ");
    let out = commit(&sandbox).output().exits(1);
    assert!(out.stderr.contains("error"), "{out}");
    assert!(sandbox.log().is_empty());
    let _ = commit(&sandbox).arg("--no-verify").output().exits(0);
}

/// Where git means one working tree, it names the repository by variables: a check that makes repositories of its own must not
/// see them.
#[test]
fn a_check_does_not_see_which_repository_git_means() {
    let sandbox = staged(
        "run = \"tool\", stages = [\"pre-commit\"]",
        "note \"${GIT_DIR-}${GIT_INDEX_FILE-}${GIT_PREFIX-}\"",
    );
    let _ = git(&sandbox, ["worktree", "add", "--quiet", "../linked"]);
    fs::write(sandbox.ws().join("../linked/src/lib.rs"), "// changed\n").unwrap();
    let _ = empty_commit(&sandbox, "x")
        .arg("--all")
        .dir("../linked/src")
        .output()
        .exits(0);
    assert_eq!(noted(&sandbox), ["tool", ""]);
}

/// When only git is killed, nobody tells its hooks.
#[cfg(target_os = "linux")]
#[test]
fn what_a_hook_runs_ends_with_git() {
    let sandbox = staged(
        "run = \"tool\", stages = [\"pre-commit\"]",
        "echo $$ >\"$SANDBOX/pid\"\nexec sleep 1000",
    );
    let git = commit(&sandbox).start();
    let mut tool = None;
    eventually("the tool runs", || {
        let pid = fs::read_to_string(sandbox.root().join("pid")).unwrap_or_default();
        tool = pid.trim().parse().ok().and_then(Pid::from_raw);
        tool.is_some()
    });
    git.signal(Signal::KILL);
    eventually("the tool is ended", || test_kill_process(tool.unwrap()).is_err());
}

/// A branch for a web site, say.
#[test]
fn where_there_is_no_workspace_there_is_nothing_to_check() {
    let sandbox = staged("run = \"tool\"", "exit 1");
    let _ = git(&sandbox, ["init", "--quiet", "--bare", "../origin.git"]);
    let _ = git(&sandbox, ["remote", "add", "origin", "../origin.git"]);
    let _ = git(&sandbox, ["checkout", "--quiet", "--orphan", "pages"]);
    let _ = git(&sandbox, ["rm", "--quiet", "--force", "-r", "."]);
    sandbox.write("index.html", "<p>");
    let _ = git(&sandbox, ["add", "index.html"]);
    for words in [
        ["commit", "--quiet", "--message", "x"],
        ["commit", "--quiet", "--amend", "--message=y"],
    ] {
        let out = asked(&sandbox, words).output().exits(0);
        let expected = "note: there is no Cargo.toml in what is to be committed, so there is nothing to check\n";
        assert_eq!(out.stderr, expected);
    }
    let commit = git(&sandbox, ["rev-parse", "HEAD"]).stdout.trim().to_owned();
    let out = push(&sandbox, "pages").exits(0);
    let expected = format!("note: there is no Cargo.toml in {commit}, so there is nothing to check\n");
    assert_eq!(out.stderr, expected);
    // What only is not where it should be is no such thing.
    sandbox.write("below/Cargo.toml", "[package]\nname = \"x\"\n");
    let _ = git(&sandbox, ["add", "."]);
    let out = empty_commit(&sandbox, "z").output().exits(1);
    assert!(out.stderr.contains("error"), "{out}");
    let _ = empty_commit(&sandbox, "z").arg("--no-verify").output().exits(0);
    let _ = push(&sandbox, "pages").exits(1);
    assert!(sandbox.log().is_empty());
    // Nor is a file that is only missing in the working tree.
    let _ = git(&sandbox, ["checkout", "--quiet", "master"]);
    fs::remove_file(sandbox.ws().join("Cargo.toml")).unwrap();
    sandbox.append("src/lib.rs", "// more\n");
    let _ = git(&sandbox, ["add", "src/lib.rs"]);
    let _ = empty_commit(&sandbox, "z").output().exits(1);
    assert_eq!(sandbox.log().len(), 1);
}

#[test]
fn checks_can_be_skipped_audibly() {
    let sandbox = staged("run = \"tool\", stages = [\"pre-commit\"]", "exit 1");
    let out = commit(&sandbox).env("SKIP", "other,tool").output().exits(0);
    assert!(
        out.stderr.contains("SKIPPED tool: `--skip` or `SKIP` names it"),
        "{out}"
    );
    let out = commit(&sandbox).env("CARGO_HOOKS", "0").output().exits(0);
    assert!(
        out.stderr.contains("no checks for pre-commit, since CARGO_HOOKS is 0"),
        "{out}"
    );
    // A hook that another program manages calls the program itself.
    let out = sandbox
        .command("git-hook pre-commit")
        .env("CARGO_HOOKS", "0")
        .output()
        .exits(0);
    assert_eq!(out.stderr, "note: no checks for pre-commit, since CARGO_HOOKS is 0\n");
}

/// A branch that cannot be merged into the one that is checked out without help, called `other`.
fn conflict(sandbox: &Sandbox) {
    let change = |line: &str| {
        sandbox.write("file", line);
        let _ = git(sandbox, ["add", "file"]);
        let _ = asked(sandbox, ["commit", "--quiet", "--no-verify", "--message", line])
            .output()
            .exits(0);
    };
    change("base\n");
    let _ = git(sandbox, ["branch", "other"]);
    change("here\n");
    let _ = git(sandbox, ["checkout", "--quiet", "other"]);
    change("there\n");
}

#[test]
fn a_check_is_left_out_of_merges_and_rebases_where_it_says_so() {
    for (skip_in, command) in [("merge", "merge"), ("rebase", "rebase")] {
        let keys = format!("run = \"tool\", stages = [\"pre-commit\"], skip-in = [\"{skip_in}\"]");
        let sandbox = staged(&keys, "exit 1");
        conflict(&sandbox);
        let _ = commit(&sandbox).output().exits(1);
        let _ = git(&sandbox, ["checkout", "--quiet", "src/lib.rs"]);
        let _ = git(&sandbox, ["reset", "--quiet", "--hard"]);
        assert_ne!(
            asked(&sandbox, [command, "master"]).output().code,
            0,
            "it stops at the conflict"
        );
        sandbox.write("file", "both\n");
        let _ = git(&sandbox, ["add", "file"]);
        let before = sandbox.log().len();
        let out = asked(&sandbox, ["commit", "--quiet", "--message", "both"])
            .output()
            .exits(0);
        let expected = format!("SKIPPED tool: git is in the middle of a {skip_in}");
        assert!(out.stderr.contains(&expected), "{out}");
        assert_eq!(sandbox.log().len(), before);
    }
    // Nothing is skipped unless somebody wants it.
    let sandbox = staged(
        "run = \"tool\", stages = [\"pre-commit\", \"pre-merge-commit\"]",
        "exit 1",
    );
    conflict(&sandbox);
    let _ = asked(&sandbox, ["merge", "master"]).output();
    sandbox.write("file", "both\n");
    let _ = git(&sandbox, ["add", "file"]);
    let _ = asked(&sandbox, ["commit", "--quiet", "--message", "both"])
        .output()
        .exits(1);
}

#[test]
fn a_merge_that_needs_no_help_has_a_hook_of_its_own() {
    let sandbox = staged("run = \"tool\", stages = [\"pre-merge-commit\"]", "exit 1");
    let side = |name: &str, file: &str| {
        let _ = git(&sandbox, ["checkout", "--quiet", "-B", name, "master"]);
        sandbox.write(file, "x");
        let _ = git(&sandbox, ["add", file]);
        let _ = asked(&sandbox, ["commit", "--quiet", "--message", name])
            .output()
            .exits(0);
    };
    side("one", "one.txt");
    side("two", "two.txt");
    let out = asked(&sandbox, ["merge", "--quiet", "--no-edit", "one"])
        .output()
        .exits(1);
    assert!(out.stderr.contains("FAIL"), "{out}");
}

/// A push to a bare repository beside the workspace, which is called `origin`.
fn pushing(then: &str) -> Sandbox {
    let sandbox = staged("run = \"tool\", stages = [\"pre-push\"]", then);
    let _ = git(&sandbox, ["init", "--quiet", "--bare", "../origin.git"]);
    let _ = git(&sandbox, ["remote", "add", "origin", "../origin.git"]);
    sandbox
}

fn push(sandbox: &Sandbox, words: &str) -> Output {
    let run = asked(sandbox, ["push", "--quiet", "origin"]);
    words.split_whitespace().fold(run, crate::sandbox::Run::arg).output()
}

#[test]
fn a_push_is_held_up() {
    let sandbox = pushing("exit 1");
    let out = push(&sandbox, "master");
    assert_eq!(out.code, 1, "{out}");
    let _ = git(&sandbox, ["ls-remote", "--heads", "origin"]);
    assert_eq!(git(&sandbox, ["ls-remote", "origin"]).stdout, "", "nothing has arrived");
    let _ = push(&sandbox, "--no-verify master").exits(0);
}

#[test]
fn what_a_push_brings_is_compared_with_what_the_other_side_has() {
    let sandbox = pushing("");
    let compared = |out: &Output| {
        let line = out.stderr.lines().find(|line| line.contains("comparing"));
        line.map(|line| {
            line.split_once("note: ")
                .unwrap()
                .1
                .split(';')
                .next()
                .unwrap()
                .to_owned()
        })
    };
    // The other side has nothing yet: all of it counts.
    let out = push(&sandbox, "master").exits(0);
    assert_eq!(compared(&out), None, "{out}");
    assert_eq!(sandbox.log().len(), 1);
    // What it has is known.
    sandbox.write("a.txt", "a");
    let _ = git(&sandbox, ["add", "."]);
    let _ = empty_commit(&sandbox, "a").output().exits(0);
    let out = push(&sandbox, "master").exits(0);
    assert_eq!(
        compared(&out).unwrap(),
        "1 file differs, 1 of 1 crates are affected",
        "{out}"
    );
    // A branch that it does not have, compared with those that it has.
    let _ = git(&sandbox, ["checkout", "--quiet", "-b", "topic"]);
    sandbox.append("src/lib.rs", "// topic\n");
    let _ = empty_commit(&sandbox, "b").arg("--all").output().exits(0);
    let out = push(&sandbox, "topic").exits(0);
    assert_eq!(
        compared(&out).unwrap(),
        "1 file differs, 1 of 1 crates are affected",
        "{out}"
    );
    // To an address nothing is known to have arrived at, all of it counts.
    let _ = git(&sandbox, ["init", "--quiet", "--bare", "../other.git"]);
    let before = sandbox.log().len();
    let out = asked(&sandbox, ["push", "--quiet", "file://"]).output();
    assert_ne!(out.code, 0);
    let url = format!("file://{}", sandbox.root().join("other.git").display());
    let out = asked(&sandbox, ["push", "--quiet", &url, "topic"]).output().exits(0);
    assert_eq!(compared(&out), None, "{out}");
    assert!(sandbox.log().len() >= before, "what has passed need not run again");
}

#[test]
fn what_the_other_side_has_needs_no_check() {
    let sandbox = pushing("");
    for number in 0..3 {
        let _ = empty_commit(&sandbox, &number.to_string()).output().exits(0);
        let _ = git(&sandbox, ["tag", &format!("v{number}")]);
    }
    let _ = push(&sandbox, "master").exits(0);
    sandbox.tool("tool", "exit 1");
    let out = push(&sandbox, "--tags").exits(0);
    assert_eq!(out.stderr, "note: what the other side has already needs no check\n");
    // A branch that was thrown away here is none to compare with.
    sandbox.append("src/lib.rs", "// more\n");
    let _ = empty_commit(&sandbox, "x").arg("--all").output().exits(0);
    let _ = git(&sandbox, ["tag", "v4"]);
    let _ = push(&sandbox, "--tags").exits(1);
}

#[test]
fn deletions_need_no_check_and_hide_none() {
    let sandbox = pushing("");
    let _ = push(&sandbox, "master master:one master:two").exits(0);
    sandbox.tool("tool", "exit 1");
    let out = push(&sandbox, "--delete one").exits(0);
    assert_eq!(
        out.stderr,
        "note: nothing is pushed but deletions, which need no check\n"
    );
    sandbox.append("src/lib.rs", "// more\n");
    let _ = empty_commit(&sandbox, "x").arg("--all").output().exits(0);
    let _ = push(&sandbox, ":two master").exits(1);
    let _ = push(&sandbox, "master :two").exits(1);
}

#[test]
fn each_commit_of_a_push_is_checked() {
    let sandbox = pushing("");
    let _ = push(&sandbox, "master").exits(0);
    for name in ["one", "two"] {
        let _ = git(&sandbox, ["checkout", "--quiet", "-b", name, "master"]);
        sandbox.append("src/lib.rs", &format!("// {name}\n"));
        let _ = empty_commit(&sandbox, name).arg("--all").output().exits(0);
    }
    let _ = git(&sandbox, ["tag", "--annotate", "--message", "v1", "v1", "one"]);
    let out = push(&sandbox, "one two v1").exits(0);
    assert_eq!(
        out.stderr.matches("note: the checks of ").count(),
        2,
        "the tag is the same commit: {out}"
    );
}

#[test]
fn what_is_no_commit_needs_no_check() {
    let sandbox = pushing("exit 1");
    let blob = git(&sandbox, ["hash-object", "-w", "Cargo.toml"])
        .stdout
        .trim()
        .to_owned();
    let _ = git(&sandbox, ["tag", "of-a-file", &blob]);
    let out = push(&sandbox, "of-a-file").exits(0);
    assert_eq!(
        out.stderr,
        "note: `refs/tags/of-a-file` is a blob, and needs no check\n"
    );
}

#[test]
fn a_push_in_a_repository_of_long_names() {
    let sandbox = Sandbox::package("alpha");
    sandbox
        .hooks("checks.tool = { run = \"tool\", stages = [\"pre-push\"] }")
        .tool("tool", "note ran");
    let _ = git(&sandbox, ["init", "--quiet", "--object-format=sha256"]);
    let _ = git(
        &sandbox,
        ["init", "--quiet", "--bare", "--object-format=sha256", "../origin.git"],
    );
    for words in [
        "config user.name x",
        "config user.email x@example.org",
        "remote add origin ../origin.git",
        "add .",
    ] {
        let _ = git(&sandbox, words.split(' '));
    }
    let _ = empty_commit(&sandbox, "first").output().exits(0);
    let _ = sandbox.run("install").exits(0);
    let _ = push(&sandbox, "HEAD:one HEAD:two").exits(0);
    assert_eq!(sandbox.log(), ["ran"]);
    let out = push(&sandbox, ":one").exits(0);
    assert_eq!(
        out.stderr,
        "note: nothing is pushed but deletions, which need no check\n"
    );
}

#[test]
fn what_git_would_not_write_is_no_pass() {
    let sandbox = pushing("");
    let run = |input: &[u8]| {
        sandbox.write("target/input", input);
        sandbox
            .command("git-hook pre-push -- origin url")
            .input("target/input")
            .output()
    };
    let _ = run(b"").exits(0);
    assert_eq!(
        sandbox.log().len(),
        1,
        "without a word of what is pushed, all of it is checked"
    );
    let zero = "0".repeat(40);
    let missing = format!("refs/heads/a {} refs/heads/a {zero}\n", "1".repeat(40));
    for input in [
        b"nonsense\n".as_slice(),
        b"\n",
        b"\xff\xfe \x1b[31m",
        missing.as_bytes(),
    ] {
        let out = run(input).exits(3);
        assert!(
            out.stderr.starts_with("error: ") && !out.stderr.contains('\x1b'),
            "{out}"
        );
    }
}

#[test]
fn both_hooks_read_what_git_writes() {
    let sandbox = repository("checks.tool = { run = \"tool\", stages = [\"pre-push\"], cache = false }");
    sandbox.tool("tool", "note checked");
    hook(
        &sandbox,
        ".git/hooks/pre-push",
        "#!/bin/sh\nwhile read -r line; do echo \"$line\"; done >>\"$SANDBOX/log\"\n",
        0o755,
    );
    let _ = sandbox.run("install").exits(0);
    let _ = git(&sandbox, ["init", "--quiet", "--bare", "../origin.git"]);
    let _ = git(&sandbox, ["remote", "add", "origin", "../origin.git"]);
    let head = git(&sandbox, ["rev-parse", "HEAD"]).stdout.trim().to_owned();
    let _ = push(&sandbox, "master:one").exits(0);
    let zero = "0".repeat(40);
    assert_eq!(
        sandbox.log(),
        [
            format!("refs/heads/master {head} refs/heads/one {zero}"),
            "checked".to_owned()
        ]
    );
    // One that reads nothing does no harm, however much there is.
    hook(
        &sandbox,
        ".git/hooks/pre-push.before-cargo-hooks",
        "#!/bin/sh\nexit 0\n",
        0o755,
    );
    let line = format!("refs/heads/master {head} refs/heads/one {zero}\n");
    sandbox.write("target/input", line.repeat(20_000));
    let run = sandbox.command("git-hook --chained .git/hooks/pre-push.before-cargo-hooks pre-push -- origin url");
    let out = run.input("target/input").output().exits(0);
    assert_eq!(out.stderr, "note: what the other side has already needs no check\n");
}

#[test]
fn a_hook_writes_nothing_into_the_answers_of_git() {
    let sandbox = pushing("");
    let out = asked(&sandbox, ["push", "--porcelain", "origin", "master"])
        .output()
        .exits(0);
    let lines: Vec<_> = out.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert!(lines[0].starts_with("To ") && lines[2] == "Done", "{out}");
}

#[test]
fn the_doctor_says_which_hook_git_runs() {
    let sandbox = repository("checks.a = \"sh\"\nchecks.m = { run = \"sh\", stages = [\"post-merge\"] }");
    let doctor = || {
        let out = sandbox.run("doctor");
        let hooks = out.stdout.lines().filter(|line| line.contains(" hook "));
        let hooks: Vec<_> = hooks.map(str::to_owned).collect();
        format!("exit code {}\n{}", out.code, hooks.join("\n"))
    };
    assert_snapshot!(doctor(), @"
    exit code 0
      absent hook pre-commit  git runs no checks here; `cargo hooks install` changes that
      absent hook post-merge  git runs no checks here; `cargo hooks install` changes that
      absent hook pre-push    git runs no checks here; `cargo hooks install` changes that
    ");
    hook(&sandbox, ".git/hooks/pre-commit", "#!/bin/sh\n", 0o755);
    let _ = sandbox.run("install").exits(0);
    hook(&sandbox, ".git/hooks/pre-push", "#!/bin/sh\ncall_lefthook run\n", 0o755);
    hook(&sandbox, ".git/hooks/commit-msg", "#!/bin/sh\n", 0o755);
    hook(&sandbox, ".git/hooks/pre-rebase", "#!/bin/sh\n", 0o644);
    let _ = git(&sandbox, ["config", "hook.linter.event", "pre-commit"]);
    assert_snapshot!(doctor(), @"
    exit code 0
          ok hook pre-commit  [ROOT]/ws/.git/hooks/pre-commit runs the checks, after [ROOT]/ws/.git/hooks/pre-commit.before-cargo-hooks
      advice hook pre-commit  hook.linter of git's configuration runs as well, from git 2.54 on
          ok hook commit-msg  [ROOT]/ws/.git/hooks/commit-msg is none of ours
      advice hook pre-rebase  git does not run [ROOT]/ws/.git/hooks/pre-rebase, which is not executable
          ok hook post-merge  [ROOT]/ws/.git/hooks/post-merge runs the checks
      advice hook pre-push    [ROOT]/ws/.git/hooks/pre-push belongs to lefthook, and need not run the checks
    ");
    let path = sandbox.ws().join(".git/hooks/post-merge");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("recorded='", "recorded='/gone")).unwrap();
    fs::remove_file(sandbox.ws().join(".git/hooks/pre-push")).unwrap();
    assert_snapshot!(doctor(), @"
    exit code 3
          ok hook pre-commit  [ROOT]/ws/.git/hooks/pre-commit runs the checks, after [ROOT]/ws/.git/hooks/pre-commit.before-cargo-hooks
      advice hook pre-commit  hook.linter of git's configuration runs as well, from git 2.54 on
          ok hook commit-msg  [ROOT]/ws/.git/hooks/commit-msg is none of ours
      advice hook pre-rebase  git does not run [ROOT]/ws/.git/hooks/pre-rebase, which is not executable
     missing hook post-merge  [ROOT]/ws/.git/hooks/post-merge does not run the checks: it said `cargo-hooks: the checks for post-merge cannot run, since the program `cargo-hooks` is gone.`, and ended with exit status: 0
      absent hook pre-push    git runs no checks here; `cargo hooks install` changes that
    ");
    let _ = git(&sandbox, ["config", "core.hooksPath", ".git/elsewhere"]);
    assert_snapshot!(doctor(), @"
    exit code 3
     missing hook pre-commit  `[ROOT]/ws/.git/hooks/pre-commit` is ours, but git looks for hooks in `[ROOT]/ws/.git/elsewhere`: core.hooksPath says so
      advice hook pre-commit  hook.linter of git's configuration runs as well, from git 2.54 on
     missing hook post-merge  `[ROOT]/ws/.git/hooks/post-merge` is ours, but git looks for hooks in `[ROOT]/ws/.git/elsewhere`: core.hooksPath says so
      absent hook pre-push    git runs no checks here; `cargo hooks install` changes that
    ");
    // What git does not find is taken away all the same.
    let _ = sandbox.run("uninstall").exits(0);
    assert_snapshot!(doctor(), @"
    exit code 0
      absent hook pre-commit  git runs no checks here; `cargo hooks install` changes that
      advice hook pre-commit  hook.linter of git's configuration runs as well, from git 2.54 on
      absent hook post-merge  git runs no checks here; `cargo hooks install` changes that
      absent hook pre-push    git runs no checks here; `cargo hooks install` changes that
    ");
}
