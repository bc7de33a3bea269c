//! What is different between two trees.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::digests::Became;

fn told(now: &FileTree, before: &FileTree) -> String {
    let one = |(path, became): (&Path, Became)| format!("{} {}", path.display(), became.word());
    now.differences(before).map(one).collect::<Vec<_>>().join(", ")
}

#[test]
fn files_that_are_new_changed_and_gone_are_told_in_order() {
    let sandbox = Sandbox::with(&["a/b.rs", "a-b", "c.rs", "d/e.rs"]);
    let before = sandbox.scan().tree();
    assert_eq!(told(&sandbox.scan().tree(), &before), "");
    sandbox.write("a/b.rs", "other");
    sandbox.write("a/new.rs", "new");
    sandbox.remove("c.rs");
    let after = sandbox.scan().tree();
    assert_eq!(told(&after, &before), "a/b.rs changed, a/new.rs new, c.rs gone");
    assert_eq!(told(&before, &after), "a/b.rs changed, a/new.rs gone, c.rs new");
}

#[test]
fn what_says_the_same_is_no_difference_and_another_kind_is_one() {
    let sandbox = Sandbox::with(&["same.rs", "program", "file"]);
    let before = sandbox.scan().tree();
    sandbox.write("same.rs", "other");
    sandbox.write("same.rs", "same.rs");
    assert_eq!(told(&sandbox.scan().tree(), &before), "");
    fs::set_permissions(sandbox.root.join("program"), fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.remove("file");
    symlink("same.rs", sandbox.root.join("file")).unwrap();
    assert_eq!(told(&sandbox.scan().tree(), &before), "file changed, program changed");
}

#[test]
fn ignored_directories_are_not_among_the_directories() {
    let sandbox = Sandbox::with(&["a/b/c.rs", "out/deep/x", "target/debug/y"]);
    sandbox.write(".gitignore", "/out\n");
    sandbox.git(&["init", "--quiet"]);
    let tree = sandbox.scan().tree();
    let mut dirs: Vec<_> = tree.dirs().map(|dir| dir.display().to_string()).collect();
    dirs.sort();
    assert_eq!(dirs, ["", "a", "a/b"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The same as two maps say, one path after the other.
    #[test]
    fn differences_are_those_of_the_maps(
        before in proptest::collection::btree_map("[a-c](/[a-c]){0,2}\\.rs|/[a-c]/x", 0_u8..3, 0..12),
        after in proptest::collection::btree_map("[a-c](/[a-c]){0,2}\\.rs|/[a-c]/x", 0_u8..3, 0..12),
    ) {
        let tree = |files: &BTreeMap<String, u8>| {
            let mut tree = Sandbox::new().scan().tree();
            let mut sorted: Vec<_> = files.iter().collect();
            sorted.sort_by(|left, right| super::super::tree::order(left.0.as_bytes(), right.0.as_bytes()));
            for (path, content) in sorted {
                tree.push(path.as_bytes(), stat::Stat { mode: 0o100_644, ..stat::Stat::default() });
                tree.entries.last_mut().unwrap().content = Content::Known(Digest::of(&[*content]));
            }
            tree
        };
        let mut expected = BTreeMap::new();
        for path in before.keys().chain(after.keys()) {
            let became = match (before.get(path), after.get(path)) {
                (None, _) => Became::New,
                (_, None) => Became::Gone,
                (then, now) if then != now => Became::Other,
                _ => continue,
            };
            expected.insert(path.clone(), became);
        }
        let (before, after) = (tree(&before), tree(&after));
        let found: BTreeMap<String, Became> = after
            .differences(&before)
            .map(|(path, became)| (path.display().to_string(), became))
            .collect();
        prop_assert_eq!(found, expected);
    }
}
