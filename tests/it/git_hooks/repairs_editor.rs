//! Somebody goes on writing while a hook repairs: nothing that he has written is lost, however his editor writes.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::repairs::{Then, leaves_no_litter, lines, partly_staged, repairing};
use super::world::World;
use crate::campaign::Chance;
use crate::sandbox::Output;

/// How an editor writes.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// It has the file open all the time.
    HoldsOpen,
    /// It opens the file for each line.
    OpensEachTime,
    /// It writes another file with all that it knows, and gives that the name.
    Saves,
}

/// Writes line after line until it is to stop, and says how many.
fn edits(path: &Path, way: Way, stop: &AtomicBool, chance: &mut Chance) -> usize {
    let append = || File::options().append(true).open(path).unwrap();
    let mut held = matches!(way, Way::HoldsOpen).then(append);
    let mut known = fs::read_to_string(path).unwrap();
    let mut written = 0;
    while !stop.load(Ordering::Relaxed) && written < 5000 {
        let line = format!("edit {written} of mine\n");
        match way {
            Way::HoldsOpen => held.as_mut().unwrap().write_all(line.as_bytes()).unwrap(),
            Way::OpensEachTime => append().write_all(line.as_bytes()).unwrap(),
            Way::Saves => {
                known += &line;
                let other = path.with_extension("ignored");
                fs::write(&other, &known).unwrap();
                fs::rename(other, path).unwrap();
            }
        }
        written += 1;
        for _ in 0..chance.below(1000) {
            thread::yield_now();
        }
    }
    written
}

/// All that is left of what was written: in the file, and in what is named beside it.
fn found(world: &World, output: &Output) -> String {
    let root = world.sandbox.root().to_string_lossy().into_owned();
    let named = output
        .stderr
        .lines()
        .filter_map(|line| line.split_once("what somebody has written meanwhile lies in "));
    let rescued = named.map(|(_, path)| fs::read_to_string(path.replace("[ROOT]", &root)).unwrap());
    world.sandbox.read("a.txt") + &rescued.collect::<String>()
}

fn is_kept(way: Way, rounds: usize, seed: u64) {
    let mut chance = Chance::new(seed);
    for round in 0..rounds {
        let world = repairing(if round % 2 == 0 { Then::Stop } else { Then::Stage });
        partly_staged(&world, &[(9, "mine")]);
        let path = world.sandbox.ws().join("a.txt");
        let stop = AtomicBool::new(false);
        let (output, written) = thread::scope(|scope| {
            let editor = scope.spawn(|| edits(&path, way, &stop, &mut chance));
            let output = world.sandbox.run("git-hook pre-commit");
            stop.store(true, Ordering::Relaxed);
            (output, editor.join().unwrap())
        });
        let context = format!("{way:?}, seed {seed}, round {round}: {output}");
        assert!(written > 0, "{context}");
        let found = found(&world, &output);
        let lost: Vec<_> = (0..written)
            .filter(|at| !found.contains(&format!("edit {at} of mine\n")))
            .collect();
        assert!(lost.is_empty(), "{lost:?} of {written} are lost: {context}");
        let now = world.sandbox.read("a.txt");
        let is_whole = ["bad", "good"]
            .iter()
            .any(|third| now.starts_with(&lines(&[(3, third), (9, "mine")])));
        assert!(is_whole, "{now}, {context}");
        leaves_no_litter(&world);
    }
}

const WAYS: [Way; 3] = [Way::HoldsOpen, Way::OpensEachTime, Way::Saves];

#[cfg(target_os = "linux")]
#[test]
fn what_an_editor_writes_all_the_time_is_kept() {
    for way in WAYS {
        is_kept(way, 2, 1);
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes minutes: for the night"]
fn what_an_editor_writes_all_the_time_is_kept_many_times() {
    for way in WAYS {
        is_kept(way, 100, 2);
    }
}
