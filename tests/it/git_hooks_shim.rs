//! The script that stands in the place of a hook: how it finds the program, and what it says where it does not.

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;

use crate::hooked::{commit, git, hook, names, repository};
use crate::sandbox::{Output, Sandbox};

/// Notes down how it was called, each argument in brackets.
const FAKE: &str = "#!/bin/sh\nfor word in \"$0\" \"$@\"; do printf '[%s]' \"$word\"; done >>\"$SANDBOX/log\"\necho >>\"$SANDBOX/log\"\n";

/// A repository in which the program that the hooks name is gone.
fn without_program(stages: &str) -> Sandbox {
    let sandbox = repository("checks.a = \"sh\"");
    let _ = sandbox.run(&format!("install {stages}")).exits(0);
    for stage in stages.split(' ') {
        let path = sandbox.ws().join(".git/hooks").join(stage);
        let text = fs::read_to_string(&path).unwrap();
        let gone = sandbox.root().join("gone/cargo-hooks");
        fs::write(
            &path,
            text.replace(env!("CARGO_BIN_EXE_cargo-hooks"), gone.to_str().unwrap()),
        )
        .unwrap();
    }
    sandbox
}

/// The shells of this machine that a system may have as `sh`.
fn shells() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<_> = std::env::split_paths(&path).collect();
    let names = ["sh", "dash", "bash", "ksh", "mksh", "yash", "busybox"];
    let shells = names
        .iter()
        .filter_map(|name| dirs.iter().map(|dir| dir.join(name)).find(|path| path.is_file()));
    shells.collect()
}

/// Runs a hook as a shell does.
fn by_shell(sandbox: &Sandbox, shell: &Path, hook: &str, path: &str) -> Output {
    let mut run = sandbox.program(shell.to_str().unwrap());
    if shell.ends_with("busybox") {
        run = run.arg("sh");
    }
    let run = run.arg(hook).arg("first word").arg("it's").arg("");
    run.env("PATH", path).env("CARGO_HOME", "").output()
}

#[test]
fn every_shell_finds_the_program_wherever_it_is() {
    let odd = "odd $(touch x) 'dir' \"with\" * all\n;of";
    for shell in shells() {
        let sandbox = without_program("pre-commit");
        let bin = sandbox.root().join("home/.cargo/bin");
        let odd_dir = sandbox.root().join(odd);
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(&odd_dir).unwrap();
        // What is not the program, or leads into the repository.
        sandbox.write("cargo-hooks", "").write("../empty/cargo-hooks", "");
        hook(&sandbox, "../empty/cargo-hooks", "", 0o755);
        hook(&sandbox, "cargo-hooks", FAKE, 0o755);
        fs::create_dir_all(sandbox.root().join("a-directory/cargo-hooks")).unwrap();
        let root = sandbox.root().display();
        let path = format!(".::{root}/empty:{root}/a-directory:{}:/usr/bin", odd_dir.display());
        let script = ".git/hooks/pre-commit";
        assert_eq!(by_shell(&sandbox, &shell, script, &path).code, 1, "{}", shell.display());
        assert!(sandbox.log().is_empty(), "{}", shell.display());

        let called = |program: &Path| {
            let log = fs::read_to_string(sandbox.root().join("log")).unwrap_or_default();
            let start = format!(
                "[{}][git-hook][--chained][.git/hooks/pre-commit.before-cargo-hooks]",
                program.display()
            );
            assert!(log.starts_with(&start), "{}: {log}", shell.display());
            let end = "[--directory][.][pre-commit][--][first word][it's][]\n";
            assert!(log.ends_with(end), "{}: {log}", shell.display());
            fs::remove_file(sandbox.root().join("log")).unwrap();
        };
        hook(&sandbox, bin.join("cargo-hooks"), FAKE, 0o755);
        let _ = by_shell(&sandbox, &shell, script, &path).exits(0);
        called(&bin.join("cargo-hooks"));
        hook(&sandbox, odd_dir.join("cargo-hooks"), FAKE, 0o755);
        let _ = by_shell(&sandbox, &shell, script, &path).exits(0);
        called(&odd_dir.join("cargo-hooks"));
        assert_eq!(
            names(sandbox.ws()),
            [".git", ".gitignore", "Cargo.toml", "cargo-hooks", "src"]
        );
    }
}

#[test]
fn a_program_with_windows_gets_through() {
    let sandbox = repository("checks.note = { run = \"note-it\" }\nchecks.cargo = { shell = \"cargo -V\" }");
    sandbox.tool("note-it", "note checked");
    // As such a program starts git: hardly a variable, and cargo nowhere on the PATH.
    let cargo_home = sandbox.root().join("home/.cargo/bin");
    fs::create_dir_all(&cargo_home).unwrap();
    let bare = sandbox.root().join("usr-bin");
    fs::create_dir(&bare).unwrap();
    for entry in fs::read_dir(sandbox.root().join("toolchain")).unwrap().flatten() {
        let name = entry.file_name();
        let is_rust = ["cargo", "rust", "clippy"]
            .iter()
            .any(|start| name.to_str().unwrap().starts_with(start));
        let dir = if is_rust { &cargo_home } else { &bare };
        std::os::unix::fs::symlink(entry.path().canonicalize().unwrap(), dir.join(&name)).unwrap();
    }
    fs::rename(sandbox.root().join("bin/note-it"), bare.join("note-it")).unwrap();
    let _ = sandbox
        .command("install")
        .env("PATH", joined(&[&bare, &cargo_home]))
        .output()
        .exits(0);
    let commit = |sandbox: &Sandbox| {
        let bare_environment = ["env", "-i"].into_iter().map(str::to_owned);
        let kept = ["RUSTUP_HOME", "RUSTUP_TOOLCHAIN"].into_iter();
        let kept = kept.filter_map(|name| Some(format!("{name}={}", std::env::var(name).ok()?)));
        let set = [
            format!("PATH={}", bare.display()),
            format!("HOME={}", sandbox.root().join("home").display()),
            format!("SANDBOX={}", sandbox.root().display()),
        ];
        let words: Vec<_> = bare_environment.chain(kept).chain(set).collect();
        sandbox.append("src/lib.rs", "// more\n");
        let run = words[1..]
            .iter()
            .fold(sandbox.program(&words[0]), crate::sandbox::Run::arg);
        run.args("git commit --quiet --all --message more").output()
    };
    let _ = commit(&sandbox).exits(0);
    assert_eq!(sandbox.log(), ["checked"]);
    fs::write(sandbox.root().join("bin/unused"), "").unwrap();
    fs::remove_file(bare.join("note-it")).unwrap();
    let out = commit(&sandbox).exits(1);
    assert!(out.stderr.contains("note-it"), "{out}");
}

fn joined(dirs: &[&Path]) -> std::ffi::OsString {
    std::env::join_paths(dirs).unwrap()
}

#[test]
fn where_the_program_is_gone_nothing_passes_in_silence() {
    let sandbox = without_program("pre-commit post-commit");
    let out = commit(&sandbox).output();
    assert_snapshot!(out, @"
    exit code 1
    --- stderr ---
    cargo-hooks: the checks for pre-commit cannot run, since the program `cargo-hooks` is gone.
      It was [ROOT]/gone/cargo-hooks, and is neither on the PATH nor in cargo's bin directory.
      To run them again, install it again.
      To go on without them this time, set CARGO_HOOKS=0 for the command of git.
      To be rid of them, remove the file .git/hooks/pre-commit
    ");
    // Without them, what was to be committed is committed; what comes after it fails nothing.
    let out = commit(&sandbox).env("CARGO_HOOKS", "0").output();
    assert_snapshot!(out, @"
    exit code 0
    --- stderr ---
    cargo-hooks: no checks for pre-commit, since CARGO_HOOKS is 0
    cargo-hooks: no checks for post-commit, since CARGO_HOOKS is 0
    ");
    let out = commit(&sandbox).arg("--no-verify").output().exits(0);
    assert!(out.stderr.contains("the checks for post-commit cannot run"), "{out}");
    // Another value means nothing.
    let _ = commit(&sandbox).env("CARGO_HOOKS", "1").output().exits(1);
}

#[test]
fn what_was_there_before_is_named_where_the_program_is_gone() {
    let sandbox = repository("checks.a = \"sh\"");
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "#!/bin/sh\necho own >>\"$SANDBOX/log\"\n",
        0o755,
    );
    let _ = sandbox.run("install").exits(0);
    let path = sandbox.ws().join(".git/hooks/pre-commit");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("recorded='", "recorded='/gone")).unwrap();
    let out = commit(&sandbox).output().exits(1);
    assert!(
        out.stderr
            .contains("and give its name to .git/hooks/pre-commit.before-cargo-hooks, which was there before."),
        "{out}"
    );
    assert!(sandbox.log().is_empty());
    let _ = commit(&sandbox).env("CARGO_HOOKS", "0").output().exits(0);
    assert_eq!(sandbox.log(), ["own"]);
}

#[test]
fn an_alias_of_the_repository_does_not_take_its_place() {
    let sandbox = repository("checks.note = \"note-it\"");
    sandbox.tool("note-it", "note checked").write(
        ".cargo/config.toml",
        "[alias]\nhooks = \"version\"\ngit-hook = \"version\"\n",
    );
    let _ = sandbox.run("install").exits(0);
    let _ = git(&sandbox, ["add", "."]);
    let _ = commit(&sandbox).output().exits(0);
    assert_eq!(sandbox.log(), ["checked"]);
}

/// The manager that comes later moves our script away and runs it from there: what was there before is still found.
#[test]
fn it_may_be_run_under_another_name() {
    let sandbox = repository("checks.note = \"note-it\"");
    sandbox.tool("note-it", "note checked");
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "#!/bin/sh\necho own >>\"$SANDBOX/log\"\n",
        0o755,
    );
    let _ = sandbox.run("install").exits(0);
    let dir = sandbox.ws().join(".git/hooks");
    fs::rename(dir.join("pre-commit"), dir.join("pre-commit.legacy")).unwrap();
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "#!/bin/sh\nexec \"$0.legacy\" \"$@\"\n",
        0o755,
    );
    let _ = commit(&sandbox).output().exits(0);
    assert_eq!(sandbox.log(), ["own", "checked"]);
}
