//! Somebody dies at the very moment at which the guard counts who is left. A tracer holds the guard at that moment.

use std::fs;

use nix::libc::SYS_waitid;
use nix::sys::ptrace;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use rustix::process::{Pid, Signal, kill_process};

use crate::process::pid;
use crate::process_marks::{Mark, guard_of, has_ended, parent};
use crate::sandbox::{Sandbox, eventually};

/// A check with its leader, and with one process in a session of its own that is the guard's already. That one has a
/// marked child in yet another session.
fn family(mark: &Mark) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let middle = format!(
        "setsid sleep {} & echo $$ >\"$SANDBOX/written\"; mv \"$SANDBOX/written\" \"$SANDBOX/middle\"; exec sleep 1000",
        mark.seconds()
    );
    sandbox
        .tool(
            "tool",
            &format!("echo $$ >\"$SANDBOX/leader\"; (setsid sh -c '{middle}' &)\nexec sleep 1000"),
        )
        .hooks("checks.tool = \"tool\"");
    sandbox
}

fn number(pid: u32) -> Pid {
    Pid::from_raw(pid.try_into().unwrap()).unwrap()
}

/// Whom a stopped process asks the system about, where it is in `waitid`.
fn waited_for(process: Pid) -> Option<Pid> {
    let call = fs::read_to_string(format!("/proc/{}/syscall", process.as_raw_pid())).unwrap_or_default();
    let mut words = call.split_whitespace();
    let is_meant = words.next()? == SYS_waitid.to_string();
    let whom = words.nth(1).filter(|_| is_meant)?;
    Pid::from_raw(i32::from_str_radix(whom.strip_prefix("0x")?, 16).ok()?)
}

/// Lets the guard go on until it asks how these are, each for the first time: it has them on its list then. Before it gets
/// its answer, they die.
fn die_when_asked_about(guard: Pid, mut victims: Vec<Pid>) {
    let traced = nix::unistd::Pid::from_raw(guard.as_raw_pid());
    while !victims.is_empty() {
        let signal = match waitpid(traced, Some(WaitPidFlag::__WALL)).unwrap() {
            WaitStatus::Stopped(_, signal) => Some(signal),
            WaitStatus::PtraceSyscall(_) => {
                if let Some(asked) = waited_for(guard).filter(|asked| victims.contains(asked)) {
                    let _ = kill_process(asked, Signal::KILL);
                    eventually("who was killed dies", || has_ended(asked));
                    victims.retain(|victim| *victim != asked);
                }
                None
            }
            WaitStatus::PtraceEvent(..) => None,
            other => panic!("the guard has ended: {other:?}"),
        };
        if victims.is_empty() {
            ptrace::detach(traced, signal).unwrap();
        } else {
            ptrace::syscall(traced, signal).unwrap();
        }
    }
}

#[test]
fn whom_somebody_leaves_behind_while_the_guard_counts_is_ended() {
    let mark = Mark::new();
    let sandbox = family(&mark);
    let running = sandbox.command("check").start();
    let guard = guard_of(running.pid());
    eventually("the middle is there", || sandbox.root().join("middle").exists());
    let family = ["leader", "middle"].map(|name| number(pid(&sandbox, name)));
    eventually("the middle is the guard's", || parent(family[1]) == Some(guard));
    mark.are(1);

    let traced = nix::unistd::Pid::from_raw(guard.as_raw_pid());
    ptrace::seize(traced, ptrace::Options::PTRACE_O_TRACESYSGOOD).unwrap();
    ptrace::interrupt(traced).unwrap();
    kill_process(running.pid(), Signal::KILL).unwrap();
    die_when_asked_about(guard, family.to_vec());

    let _ = running.wait().exits(-1);
    eventually("the guard goes home", || has_ended(guard));
    assert!(mark.living().is_empty(), "somebody has outlived the guard");
}
