//! A snapshot that is moved through many trees, each staged in part: whatever it held before, it becomes the one that is staged.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::world::{Everything, World};

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Few names, so that files, links and directories take each other's places.
const NAMES: [&str; 9] = ["a", "b", "c", "a/a", "a/b", "b/a", "b/b/a", "c/a/b", "x.ignored"];

fn change(ws: &Path, numbers: &mut Numbers) {
    let name = NAMES[usize::try_from(numbers.below(9)).unwrap()];
    let path = ws.join("files").join(name);
    for above in path
        .ancestors()
        .skip(1)
        .take_while(|above| *above != ws)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        if fs::symlink_metadata(above).is_ok_and(|found| !found.is_dir()) {
            fs::remove_file(above).unwrap();
        }
        fs::create_dir_all(above).unwrap();
    }
    let kind = numbers.below(6);
    match fs::symlink_metadata(&path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(&path).unwrap(),
        // A file that is only written again keeps its place, and may keep its size and the second.
        Ok(found) if found.is_symlink() || kind < 2 => fs::remove_file(&path).unwrap(),
        _ => {}
    }
    match kind {
        0 => {}
        1 => symlink(NAMES[usize::try_from(numbers.below(9)).unwrap()], &path).unwrap(),
        _ => {
            fs::write(&path, numbers.below(4).to_string()).unwrap();
            let mode = if kind == 2 { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
}

fn moved_through_trees(seed: u64, rounds: u32) {
    let world = World::new();
    let (ws, mut numbers) = (world.sandbox.ws(), Numbers(seed));
    for round in 0..rounds {
        if numbers.below(3) == 0 {
            world.git("commit --quiet --no-verify --allow-empty -m next").ends(0);
        }
        // What touches no crate needs no check.
        world.sandbox.write("alpha/src/lib.rs", format!("//! {round}\n"));
        for _ in 0..numbers.below(6) {
            change(&ws, &mut numbers);
        }
        world.git("add --all").ends(0);
        for _ in 0..numbers.below(4) {
            change(&ws, &mut numbers);
        }
        let staged = world.staged();
        let before = Everything::of(&ws);
        world.sandbox.run("git-hook pre-commit").ends(0);
        before.is_as_in(&ws);
        assert_eq!(world.judged().1, staged, "round {round} of {seed}");
    }
    world.leaves_no_litter();
}

#[test]
fn whatever_was_there_before() {
    moved_through_trees(1, 25);
}

#[test]
#[ignore = "takes minutes: for the night"]
fn whatever_was_there_before_many_times() {
    for seed in 2..20 {
        moved_through_trees(seed, 60);
    }
}
