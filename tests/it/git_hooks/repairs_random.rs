//! Random contents, staged in part, and random fixers: what is committed is what was staged, repaired, and what lies in the
//! working tree is what lay there with the repairs, or what lay there.

use std::collections::BTreeMap;
use std::fs;

use super::repairs::{Then, leaves_no_litter, repairing};
use crate::campaign::Chance;

const FILES: [&str; 3] = ["a.txt", "b.txt", "dir/c.txt"];

/// Lines that each have a name of their own: so it can be said of each whether it is the user's.
fn content(chance: &mut Chance, tag: &str) -> Vec<String> {
    let word = |chance: &mut Chance| match chance.below(16) {
        0 => "drop",
        1 => "bad",
        _ => "fine",
    };
    (0..40).map(|at| format!("{tag}{at} {}", word(chance))).collect()
}

/// What the user does to some of the lines.
fn edited(lines: &[String], chance: &mut Chance) -> Vec<String> {
    let mut edited = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match chance.below(50) {
            0 => edited.push(format!("mine{at} changed")),
            1 => {}
            2 => edited.extend([line.clone(), format!("mine{at} added")]),
            _ => edited.push(line.clone()),
        }
    }
    edited
}

/// What the fixer makes of a line; nothing where it removes it.
fn fixed(line: &str) -> Option<String> {
    match line.split_once(' ') {
        Some((_, "drop")) => None,
        Some((name, "bad")) => Some(format!("{name} good")),
        _ => Some(line.to_owned()),
    }
}

/// The same fixer as a script.
const FIXING: &str = r#"
for file in $files; do
    sed -e '/ drop$/d' -e 's/ bad$/ good/' "$file" >"$SANDBOX/random.$$"
    cat "$SANDBOX/random.$$" >"$file"
done
"#;

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// What became of the rounds.
#[derive(Debug, Default)]
struct Tally {
    committed: usize,
    merged: usize,
    left: usize,
}

fn rounds(seed: u64, rounds: usize) -> Tally {
    let world = repairing(Then::Stage);
    fs::write(world.sandbox.root().join("fixing"), FIXING).unwrap();
    let mut chance = Chance::new(seed);
    let mut tally = Tally::default();
    for round in 0..rounds {
        let mut staged = BTreeMap::new();
        let mut mine = BTreeMap::new();
        for file in FILES {
            let lines = content(&mut chance, &format!("r{round}-"));
            world.sandbox.write(file, text(&lines));
            staged.insert(file, lines);
        }
        world.git("add --all").ends(0);
        for file in FILES {
            let lines = if chance.below(3) == 0 {
                staged[file].clone()
            } else {
                edited(&staged[file], &mut chance)
            };
            world.sandbox.write(file, text(&lines));
            mine.insert(file, lines);
        }
        let head = world.asked("rev-parse HEAD");
        let index = world.asked("ls-files --stage");
        let code = world.git("commit --quiet -m next").code;
        let mut all = true;
        for file in FILES {
            let repaired: Vec<String> = staged[file].iter().filter_map(|line| fixed(line)).collect();
            let with_repairs = mine[file].iter().filter_map(|line| {
                let is_staged = staged[file].contains(line);
                if is_staged { fixed(line) } else { Some(line.clone()) }
            });
            let with_repairs = text(&with_repairs.collect::<Vec<_>>());
            let now = world.sandbox.read(file);
            let context = format!("seed {seed}, round {round}, {file}");
            if now == with_repairs {
                tally.merged += usize::from(mine[file] != staged[file] && now != text(&mine[file]));
            } else {
                assert_eq!(
                    now,
                    text(&mine[file]),
                    "{context}: it is neither repaired nor as it was"
                );
                (all, tally.left) = (false, tally.left + 1);
            }
            if code == 0 {
                let committed = world.git(&format!("show HEAD:{file}")).exits(0).stdout;
                assert_eq!(committed, text(&repaired), "{context}: what is committed");
            }
        }
        assert_eq!(
            code == 0,
            all,
            "seed {seed}, round {round}: the commit stops where a repair is missing"
        );
        if code == 0 {
            tally.committed += 1;
            assert_eq!(world.asked("diff --cached --name-only"), "", "nothing else is staged");
        } else {
            assert_eq!(world.asked("rev-parse HEAD"), head);
            assert_eq!(world.asked("ls-files --stage"), index);
        }
        leaves_no_litter(&world);
    }
    tally
}

#[test]
fn what_is_committed_is_repaired_and_what_is_not_staged_stays() {
    let tally = rounds(1, 12);
    let seen = tally.committed > 0 && tally.merged > 0 && tally.left > 0;
    assert!(seen, "{tally:?}: this test tests little");
}

#[test]
#[ignore = "takes minutes: for the night"]
fn what_is_committed_is_repaired_many_times() {
    for seed in 2..30 {
        rounds(seed, 20);
    }
}
