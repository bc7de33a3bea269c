//! A hook that repairs is killed at any moment: each file is as it was or repaired, the index is as it was or has all repairs, and
//! the references are as they were.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::repairs::{Then, repairing};
use super::world::World;
use crate::campaign::Chance;

const FILES: [&str; 4] = ["a.txt", "b.txt", "c.txt", "d.txt"];

/// What is staged of a file, what lies in the working tree, and what that is when it is repaired.
fn versions(round: usize) -> [String; 3] {
    let lines = |third: &str, last: &str| format!("{round}\n2\n{third}\n4\n5\n6\n7\n8\n9\n{last}\n");
    [lines("bad", "10"), lines("bad", "mine"), lines("good", "mine")]
}

/// Everything that git knows and a hook must not change.
fn known(world: &World) -> [String; 3] {
    ["ls-files --stage", "for-each-ref", "rev-parse HEAD"].map(|question| world.asked(question))
}

/// Prepares a commit, and says what is known before it.
fn prepared(world: &World, round: usize) -> [String; 3] {
    let [staged, mine, _] = versions(round);
    for file in FILES {
        world.sandbox.write(file, &staged);
    }
    world.git("add --all").ends(0);
    for file in FILES {
        world.sandbox.write(file, &mine);
    }
    known(world)
}

/// Whether the index is as it was, or has all repairs where they are to be staged.
fn is_whole(world: &World, then: Then, before: &[String; 3], round: usize) -> bool {
    if then == Then::Stage {
        // One that was killed in the very moment in which it was about to write the index leaves the lock, as any git does.
        let _ = fs::remove_file(world.sandbox.ws().join(".git/index.lock"));
    }
    let now = known(world);
    let [_, _, good] = versions(round);
    let has_all = |file: &&str| world.asked(&format!("show :{file}")) == good.replace("mine", "10").trim_end();
    now == *before || then == Then::Stage && now[1..] == before[1..] && FILES.iter().all(has_all)
}

fn killed(then: Then, rounds: usize, seed: u64) {
    let world = repairing(then);
    let code = i32::from(then == Then::Stop);
    let mut chance = Chance::new(seed);
    prepared(&world, 0);
    let begin = Instant::now();
    world.sandbox.run("git-hook pre-commit").ends(code);
    let usual = begin.elapsed();
    let (mut untouched, mut repaired) = (0, 0);
    for round in 1..=rounds {
        let before = prepared(&world, round);
        let [_, mine, good] = versions(round);
        let running = world.sandbox.command("git-hook pre-commit").own_group().start();
        // Whenever that is, what holds afterwards is the same: nothing here waits for a moment.
        let moment = usual.mul_f64(f64::from(u32::try_from(chance.below(1200)).unwrap()) / 1000.0);
        std::thread::sleep(moment);
        let signals: &[Signal] = match chance.below(4) {
            0 | 1 => &[Signal::KILL],
            2 => &[Signal::TERM, Signal::INT],
            _ => &[Signal::HUP, Signal::INT],
        };
        for signal in signals {
            running.signal(*signal);
            std::thread::sleep(Duration::from_millis(chance.below(20) as u64));
        }
        let _ = running.wait();
        assert!(
            is_whole(&world, then, &before, round),
            "round {round}: {:?}",
            known(&world)
        );
        for file in FILES {
            let now = world.sandbox.read(file);
            assert!(now == mine || now == good, "round {round}, {file}: {now:?}");
            (untouched, repaired) = (
                untouched + usize::from(now == mine),
                repaired + usize::from(now == good),
            );
        }
        // The next one finds nothing that is in its way, and leaves nothing of the one before.
        prepared(&world, round);
        world.sandbox.run("git-hook pre-commit").ends(code);
        for file in FILES {
            assert_eq!(world.sandbox.read(file), good, "round {round}");
        }
        let names = fs::read_dir(world.sandbox.ws())
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = names
            .filter(|name| name.to_string_lossy().starts_with(".new-"))
            .collect();
        assert!(left.is_empty(), "round {round}: {left:?}");
    }
    assert!(
        untouched > 0,
        "{untouched} untouched, {repaired} repaired: this test tests nothing"
    );
}

#[test]
fn a_hook_that_is_killed_leaves_each_file_whole() {
    killed(Then::Stop, 6, 1);
    killed(Then::Stage, 6, 3);
}

#[test]
#[ignore = "takes minutes: for the night"]
fn a_hook_that_is_killed_at_any_moment_leaves_each_file_whole() {
    killed(Then::Stop, 300, 2);
    killed(Then::Stage, 300, 4);
}
