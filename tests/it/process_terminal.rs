//! A run on a terminal: what a person types there, and what checks see of it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::process_marks::Mark;
use crate::sandbox::{Run, Sandbox, eventually};

/// A terminal: the side where a person types, and the one where programs read.
fn terminal() -> (File, File) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap();
    let program = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    (File::from(person), program)
}

/// Runs this in a session that the terminal controls.
fn on<'s>(sandbox: &'s Sandbox, terminal: File, program: &str) -> Run<'s> {
    sandbox
        .program("setsid")
        .args("--ctty --wait")
        .arg(program)
        .stdin(terminal)
}

#[test]
fn a_check_finds_no_terminal_and_is_never_stopped_for_looking() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    // A shell that cannot open a file says so and goes on with the next command only in a shell of its own.
    sandbox
        .tool(
            "tool",
            "(: </dev/tty) && note opened to read\n(: >/dev/tty) && note opened to write\n\
             read -r line && note \"read $line\"\nnote done",
        )
        .hooks("checks.tool = \"tool\"");
    let (mut person, program) = terminal();
    person.write_all(b"typed\n").unwrap();
    let out = on(&sandbox, program, env!("CARGO_BIN_EXE_cargo-hooks"))
        .args("check --message-format json")
        .output()
        .exits(0);
    assert_eq!(sandbox.log(), ["done"], "{out}");
    let said = out.json()[2]["output"].as_str().unwrap().to_owned();
    assert_eq!(said.matches("No such device or address").count(), 2, "{said}");
}

/// Git is gone at once, its hook soon, and the next commit works.
#[test]
fn ctrl_c_at_a_commit_ends_its_hook_and_the_next_commit_works() {
    let mark = Mark::new();
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool(
            "tool",
            &format!(
                "[ -e \"$SANDBOX/fast\" ] || {{ trap '' INT; {}sleep {}; }}",
                mark.nasty(),
                mark.seconds()
            ),
        )
        .hooks("checks.tool = \"tool\"")
        .git();
    let hook = sandbox.ws().join(".git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let program = env!("CARGO_BIN_EXE_cargo-hooks");
    fs::write(&hook, format!("#!/bin/sh\nexec {program} check --ends-with $PPID\n")).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let _ = sandbox.program("git").args("add .").output().exits(0);

    let (mut person, program) = terminal();
    let identity = "-c user.name=a -c user.email=a@example.org commit --quiet -m first";
    let running = on(&sandbox, program, "git").args(identity).start();
    mark.are(1);
    let typed = Instant::now();
    person.write_all(b"\x03").unwrap();
    // It ends when nobody holds its output any more: git, the hook and the guard.
    let out = running.wait();
    assert_ne!(out.code, 0, "{out}");
    assert!(mark.living().is_empty(), "{out}");
    assert!(typed.elapsed() < Duration::from_secs(20));
    assert!(!sandbox.ws().join(".git/index.lock").exists());

    fs::write(sandbox.root().join("fast"), "").unwrap();
    let _ = sandbox.program("git").args(identity).output().exits(0);
}

/// A person presses Ctrl-Z, waits, and types `fg`, as far as a shell with job control stands for that.
#[test]
fn ctrl_z_suspends_the_run_with_its_tasks() {
    if !fs::exists("/bin/bash").unwrap() {
        return;
    }
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool(
            "tool",
            "echo $$ >\"$SANDBOX/pid\"; while ! [ -e \"$SANDBOX/go\" ]; do sleep 0.01; done",
        )
        .hooks("checks.tool = \"tool\"");
    let (mut person, program) = terminal();
    let mut screen = person.try_clone().unwrap();
    // What is written to a terminal that nobody reads stops its programs.
    thread::spawn(move || while screen.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {});
    let script = format!(
        "{} check -q; echo stopped >\"$SANDBOX/stopped\"; fg; echo $? >\"$SANDBOX/code\"",
        env!("CARGO_BIN_EXE_cargo-hooks")
    );
    let running = on(&sandbox, program, "/bin/bash")
        .args("--norc -ic")
        .arg(script)
        .start();
    let pid = || fs::read_to_string(sandbox.root().join("pid")).unwrap_or_default();
    eventually("the tool is there", || pid().ends_with('\n'));
    person.write_all(b"\x1a").unwrap();
    eventually("the shell goes on", || sandbox.root().join("stopped").exists());
    fs::write(sandbox.root().join("go"), "").unwrap();
    let out = running.wait();
    let code = fs::read_to_string(sandbox.root().join("code")).unwrap_or_default();
    assert_eq!(code, "0\n", "{out}");
}
