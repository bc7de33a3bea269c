//! Many runs at once that share what has passed, with others that tidy it up; and runs that are killed while they fill it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Signal, kill_process, kill_process_group};

use crate::campaign::Chance;
use crate::sandbox::{Output, Running, Sandbox, eventually};

const CRATES: [&str; 3] = ["alpha", "beta", "gamma"];

/// Three crates, and a check that finds out which of them say BROKEN.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&CRATES);
    sandbox
        .git()
        .tool("look", "case $(cat \"$1/src/lib.rs\") in *BROKEN*) exit 1 ;; esac")
        .hooks("checks.look = { run = \"look {package-dir}\", scope = \"package\", kinds = [\"source\"] }");
    sandbox
}

/// Makes the sources say something new; whether each crate is good.
fn edit(sandbox: &Sandbox, chance: &mut Chance, round: usize) -> [bool; 3] {
    CRATES.map(|krate| {
        let is_good = chance.below(3) > 0;
        // Some contents come again, so that some of it has passed before.
        let word = if is_good { "good" } else { "BROKEN" };
        let text = format!("//! {word} {}.\n", round % (1 + chance.below(4)));
        sandbox.write(format!("{krate}/src/lib.rs"), text);
        is_good
    })
}

/// Nothing else was said than what is so.
#[track_caller]
fn is_right(out: &Output, good: [bool; 3], context: &str) {
    let code = i32::from(good.contains(&false));
    assert_eq!(out.code, code, "{context}: {out}");
    let mut outcomes = out.outcomes();
    outcomes.sort();
    let expected = CRATES.iter().zip(good).map(|(krate, is_good)| {
        let outcome = if is_good { "passed" } else { "failed" };
        format!("look {krate}: {outcome}")
    });
    assert_eq!(outcomes, expected.collect::<Vec<_>>(), "{context}: {out}");
    assert_eq!(out.stderr, "", "{context}");
}

#[track_caller]
fn is_sound(sandbox: &Sandbox, context: &str) {
    let out = sandbox.run("cache verify");
    assert_eq!(out.code, 0, "{context}: {out}");
}

/// All files of the state, at any depth.
fn files(sandbox: &Sandbox) -> Vec<PathBuf> {
    let mut dirs = vec![sandbox.root().join("home/.cache/cargo-hooks")];
    let mut files = Vec::new();
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { &mut dirs } else { &mut files }.push(path);
        }
    }
    files
}

/// Those that have not got their names yet.
fn unfinished(sandbox: &Sandbox) -> Vec<PathBuf> {
    let is_new = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(".new-");
    files(sandbox).into_iter().filter(is_new).collect()
}

fn crowd(runs: usize, rounds: usize) {
    let sandbox = sandbox();
    let mut chance = Chance::new(45);
    for round in 0..rounds {
        let good = edit(&sandbox, &mut chance, round);
        let checks: Vec<Running<'_>> = (0..runs)
            .map(|run| {
                let how = ["", "", "--force", "--no-cache", "--serial"][run % 5];
                sandbox.command("check --message-format json").args(how).start()
            })
            .collect();
        let others: Vec<Running<'_>> = ["cache gc", "cache clear", "cache verify", "plan", "cache info"]
            .iter()
            .map(|command| sandbox.command(command).start())
            .collect();
        for other in others {
            let out = other.wait().exits(0);
            assert_eq!(out.stderr, "", "round {round}");
        }
        for check in checks {
            is_right(&check.wait(), good, &format!("round {round}"));
        }
        is_sound(&sandbox, &format!("round {round}"));
        assert_eq!(unfinished(&sandbox), [""; 0].map(PathBuf::from), "round {round}");
        assert!(
            !files(&sandbox)
                .iter()
                .any(|file| file.parent().unwrap().ends_with("running"))
        );
        is_right(
            &sandbox.run("check --message-format json"),
            good,
            &format!("after round {round}"),
        );
    }
    let git = fs::read_dir(sandbox.ws().join(".git")).unwrap();
    let is_lock = |name: &str| PathBuf::from(name).extension().is_some_and(|kind| kind == "lock");
    assert!(!git.flatten().any(|entry| is_lock(entry.file_name().to_str().unwrap())));
}

#[test]
fn runs_at_once_are_right_while_others_tidy_up_what_they_share() {
    crowd(8, 2);
}

#[test]
#[ignore = "takes minutes; for the night"]
fn twenty_runs_at_once_are_right_while_others_tidy_up_what_they_share() {
    crowd(20, 30);
}

fn kills(rounds: usize, seed: u64) {
    let sandbox = sandbox();
    let mut chance = Chance::new(seed);
    let began = Instant::now();
    let good = edit(&sandbox, &mut chance, 0);
    is_right(&sandbox.run("check --message-format json"), good, "at first");
    let mut whole = usize::try_from(began.elapsed().as_micros()).unwrap();
    let (mut died, mut most) = (0, 0);
    for round in 1..=rounds {
        let good = edit(&sandbox, &mut chance, round);
        let began = Instant::now();
        let running = sandbox.command("check --message-format json").own_group().start();
        thread::sleep(Duration::from_micros(chance.below(whole + whole / 4) as u64));
        let kill = [kill_process, kill_process_group][chance.below(2)];
        let _ = kill(running.pid(), Signal::KILL);
        if running.wait().code == -1 {
            died += 1;
        } else {
            // It was over before.
            whole = whole.min(usize::try_from(began.elapsed().as_micros()).unwrap());
        }
        let context = format!("seed {seed}, kill {round}");
        is_right(&sandbox.run("check --message-format json"), good, &context);
        is_right(&sandbox.run("check --message-format json"), good, &context);
        is_sound(&sandbox, &context);
        most = most.max(unfinished(&sandbox).len());
    }
    let told = format!("{rounds} kills, of which {died} met a run: at most {most} unfinished files");
    let _ = writeln!(std::io::stderr(), "{told}");
    assert!(died > 0, "no run was killed: this test tests nothing");
    // Nobody removes what may still be written. Once it is old, the next run that writes there does.
    let mut left = unfinished(&sandbox);
    for place in ["", "v1/results", "v1/history"] {
        let state = fs::read_dir(sandbox.root().join("home/.cache/cargo-hooks")).unwrap();
        let path = state
            .flatten()
            .next()
            .unwrap()
            .path()
            .join(place)
            .join(".new-0000000000000000");
        fs::write(&path, "half").unwrap();
        left.push(path);
    }
    for path in &left {
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_hours(2)).unwrap();
    }
    eventually("what the dead left is removed", || {
        edit(&sandbox, &mut chance, rounds + 7);
        let _ = sandbox.run("check --message-format json");
        let now = unfinished(&sandbox);
        left.iter().all(|path| !now.contains(path))
    });
}

#[test]
fn a_run_that_is_killed_while_it_fills_the_cache_leaves_nothing_wrong() {
    kills(8, 1);
}

#[test]
#[ignore = "takes minutes; for the night"]
fn two_hundred_runs_that_are_killed_leave_nothing_wrong() {
    kills(200, 2);
}
