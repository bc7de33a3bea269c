//! Random trees and random changes, held against a naive look at the same files.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// One change of a tree; what cannot be done is left undone.
#[derive(Clone, Debug)]
enum Change {
    Write(usize, u8),
    /// With the same length as before and its old time put back.
    Disguised(usize, u8),
    Mode(usize, bool),
    Link(usize, usize),
    Remove(usize),
    Rename(usize, usize),
    HardLink(usize, usize),
}

const PATHS: [&str; 12] = [
    "a", "b", "a-b", "d/a", "d/b", "d-a", "d/e/f", "d/e/g", "d.x", "e/a", "e/f/g/h", "z",
];

fn change() -> impl Strategy<Value = Change> {
    let path = 0..PATHS.len();
    prop_oneof![
        4 => (path.clone(), 0..4_u8).prop_map(|(path, text)| Change::Write(path, text)),
        2 => (path.clone(), 0..4_u8).prop_map(|(path, text)| Change::Disguised(path, text)),
        1 => (path.clone(), any::<bool>()).prop_map(|(path, executable)| Change::Mode(path, executable)),
        1 => (path.clone(), path.clone()).prop_map(|(path, to)| Change::Link(path, to)),
        2 => path.clone().prop_map(Change::Remove),
        1 => (path.clone(), path.clone()).prop_map(|(from, to)| Change::Rename(from, to)),
        1 => (path.clone(), path).prop_map(|(from, to)| Change::HardLink(from, to)),
    ]
}

impl Change {
    fn apply(&self, root: &Path) {
        let at = |place: usize| root.join(PATHS[place]);
        let make = |path: &Path| fs::create_dir_all(path.parent().unwrap()).unwrap();
        match *self {
            Self::Write(place, text) => {
                make(&at(place));
                let _ = fs::write(at(place), [text; 3]);
            }
            Self::Disguised(place, text) => {
                let Ok(times) = fs::symlink_metadata(at(place)) else {
                    return;
                };
                if times.is_file() {
                    let _ = fs::write(at(place), [text; 3]);
                    set_times(&at(place), &times);
                }
            }
            Self::Mode(place, executable) => {
                let mode = fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 });
                let _ = fs::set_permissions(at(place), mode);
            }
            Self::Link(place, to) => {
                make(&at(place));
                let _ = fs::remove_file(at(place));
                let _ = symlink(PATHS[to], at(place));
            }
            Self::Remove(place) => drop(fs::remove_file(at(place))),
            Self::Rename(from, to) => {
                make(&at(to));
                let _ = fs::rename(at(from), at(to));
            }
            Self::HardLink(from, to) => {
                make(&at(to));
                let _ = fs::remove_file(at(to));
                let _ = fs::hard_link(at(from), at(to));
            }
        }
    }
}

type Naive = BTreeMap<Vec<u8>, (Kind, Digest)>;

/// Reads everything.
fn naive(root: &Path) -> Naive {
    let mut found = Naive::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
            if metadata.is_dir() {
                dirs.push(path);
            } else if metadata.is_symlink() {
                let target = fs::read_link(path).unwrap();
                found.insert(name, (Kind::Link, Digest::of(target.as_os_str().as_bytes())));
            } else {
                let executable = metadata.permissions().mode() & 0o100 != 0;
                found.insert(name, (Kind::File { executable }, Digest::of(&fs::read(path).unwrap())));
            }
        }
    }
    found
}

fn as_naive(tree: &FileTree) -> Naive {
    let entries = tree.entries();
    let told = entries.map(|entry| {
        (
            entry.path.as_os_str().as_bytes().to_vec(),
            (entry.kind, entry.content.known().unwrap()),
        )
    });
    told.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Scans come at moments at which some of the changes are settled and some are not.
    #[test]
    fn every_change_is_seen(steps in prop::collection::vec((prop::collection::vec(change(), 0..6), any::<bool>()), 1..8)) {
        let sandbox = Sandbox::new();
        let scan = sandbox.without_git();
        let mut before: Option<(FileTree, Naive)> = None;
        for (changes, settled) in steps {
            for change in &changes {
                change.apply(&sandbox.root);
            }
            let expected = naive(&sandbox.root);
            let now = if settled { later() } else { stat::now() };
            if let Some((tree, old)) = &before {
                let again = scan.tree_after(tree, &FixedBitSet::with_capacity(tree.len()), now);
                prop_assert_eq!(&as_naive(&again), &expected);
                let touched = tree.touched(0..tree.len());
                let unsettled = tree.unsettled();
                for (place, (path, was)) in old.iter().enumerate() {
                    let same = expected.get(path) == Some(was);
                    prop_assert!(same || touched.contains(&place) || unsettled.contains(place));
                }
            }
            let tree = scan.tree_at(now);
            prop_assert_eq!(&as_naive(&tree), &expected);
            prop_assert_eq!(told(&scan.tree_at(now)), told(&tree));
            prop_assert!(tree.entries().map(|entry| entry.path.as_os_str().as_bytes()).is_sorted());
            for path in before.iter().flat_map(|(_, old)| old.keys()) {
                let path = Path::new(OsStr::from_bytes(path));
                let is_there = sandbox.root.join(path).symlink_metadata().is_ok();
                prop_assert!(!(is_there && tree.is_seen_to_lack(path)), "{path:?}");
            }
            before = Some((tree, expected));
        }
    }

    /// How many threads there are changes nothing, and neither does git.
    #[test]
    fn threads_and_git_change_nothing(changes in prop::collection::vec(change(), 0..40), threads in 1..6_usize) {
        let sandbox = Sandbox::new();
        for change in &changes {
            change.apply(&sandbox.root);
        }
        let one = Scan { threads: NonZero::<usize>::MIN, state_dir: None, ..sandbox.without_git() };
        let expected = told(&one.tree());
        let many = Scan { threads: NonZero::new(threads).unwrap(), ..one.clone() };
        prop_assert_eq!(told(&many.tree()), expected);
    }
}
