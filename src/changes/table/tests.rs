//! What follows from the answers of git.

use proptest::prelude::*;

use super::*;
use crate::changes::entry::PLAIN_FILE;
use crate::changes::set::Presence;

const HEAD: &str = "head";

/// A file, by its content: nothing, an object, or something that only the disk has.
fn entry(content: &str) -> Entry {
    match content {
        "-" => Entry::Absent,
        "?" => Entry::OnDisk { mode: PLAIN_FILE },
        id => Entry::Object {
            mode: PLAIN_FILE,
            id: id.to_owned(),
        },
    }
}

fn states(before: State, after: State) -> States<State> {
    States {
        head: State::Commit(HEAD.to_owned()),
        before,
        after,
    }
}

fn commit(name: &str) -> State {
    State::Commit(name.to_owned())
}

/// The table of one file of which the last commit, another commit, the index and the working tree have these.
fn table(of: &States<State>, [head, base, index, work]: [&str; 4], unmerged: bool) -> Table {
    let mut status = Status {
        head: Some(HEAD.to_owned()),
        ..Status::default()
    };
    let path = PathBuf::from("file");
    if !(head == index && index == work) || unmerged {
        let [head, index, work] = [head, index, work].map(entry);
        status.tracked.insert(
            path.clone(),
            Tracked {
                head,
                index,
                work,
                unmerged,
            },
        );
    }
    let mut differences = Differences::new();
    if head != base {
        differences.insert(path, (entry(head), entry(base)));
    }
    let answers = Answers {
        status: &status,
        commits: &BTreeMap::from([("base".to_owned(), differences)]),
        in_conflict: &Differences::new(),
        untracked: &BTreeMap::new(),
    };
    Table::new(of, &answers)
}

fn changed(table: &Table) -> bool {
    table.changes().next().is_some()
}

#[test]
fn a_file_has_changed_where_the_two_states_differ() {
    let check = |contents: &str, expected: [bool; 4]| {
        let contents: Vec<_> = contents.split(' ').collect();
        let contents: [&str; 4] = contents.try_into().unwrap();
        let comparisons = [
            (commit(HEAD), State::WorkTree),
            (commit("base"), State::WorkTree),
            (commit(HEAD), State::Index),
            (commit("base"), commit(HEAD)),
        ];
        let found = comparisons.map(|(before, after)| changed(&table(&states(before, after), contents, false)));
        assert_eq!(found, expected, "head, base, index and work are {contents:?}");
    };
    // Compared with: head to work, base to work, head to index, base to head.
    check("a a a a", [false, false, false, false]);
    check("a a a ?", [true, true, false, false]);
    check("a a b b", [true, true, true, false]);
    check("a b a a", [false, true, false, true]);
    check("a b b b", [true, false, true, true]);
    check("- - b -", [false, false, true, false]);
    check("- a - -", [false, true, false, true]);
    check("a - - -", [true, false, true, true]);
    check("a b a -", [true, true, false, true]);
}

#[test]
fn what_was_changed_twice_is_undecided_until_git_decides() {
    for (contents, before) in [(["a", "a", "b", "?"], HEAD), (["a", "b", "a", "?"], "base")] {
        let of = states(commit(before), State::WorkTree);
        let mut same = table(&of, contents, false);
        assert_eq!(same.undecided().count(), 1);
        assert!(changed(&same), "what is not known is taken for changed");
        same.decide(&of, &commit(before), &Differences::new());
        assert!(!changed(&same) && same.undecided().next().is_none());
        let mut other = table(&of, contents, false);
        let differs = Differences::from([(PathBuf::from("file"), (Entry::Absent, Entry::Absent))]);
        other.decide(&of, &commit(before), &differs);
        assert!(changed(&other));
    }
}

#[test]
fn a_conflict_is_a_change_whatever_the_contents() {
    for work in ["a", "?", "-"] {
        let of = states(commit(HEAD), State::WorkTree);
        let mut table = table(&of, ["a", "a", "-", work], true);
        assert!(table.undecided().next().is_none());
        table.decide(&of, &commit(HEAD), &Differences::new());
        assert!(changed(&table));
    }
}

#[test]
fn what_is_executable_now_has_changed() {
    let of = states(commit(HEAD), State::WorkTree);
    let mut table = table(&of, ["a", "a", "b", "?"], false);
    let row = table.0.get_mut(Path::new("file")).unwrap();
    let executable = Entry::OnDisk {
        mode: crate::changes::entry::EXECUTABLE,
    };
    (row.work, row.states.after) = (executable.clone(), executable);
    assert!(table.undecided().next().is_none());
    assert!(changed(&table));
}

#[test]
fn a_submodule_gives_way_to_its_files() {
    let of = states(commit(HEAD), State::WorkTree);
    let submodule = Entry::Submodule(Some("a".to_owned()));
    for (before, expected) in [
        (submodule.clone(), vec!["sub/file"]),
        (entry("x"), vec!["sub", "sub/file"]),
    ] {
        let row = Row {
            states: States {
                head: before.clone(),
                before,
                after: Entry::Submodule(None),
            },
            work: Entry::Submodule(None),
            index: submodule.clone(),
            unmerged: false,
        };
        let mut outer = Table(BTreeMap::from([(PathBuf::from("sub"), row)]));
        assert_eq!(outer.changes().next().unwrap().1.after, Presence::Submodule);
        outer.expand(Path::new("sub"), table(&of, ["a", "a", "a", "?"], false));
        let files: Vec<_> = outer.changes().map(|(path, _)| path.to_str().unwrap()).collect();
        assert_eq!(files, expected);
    }
}

fn content() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["-", "a", "b"])
}

proptest! {
    /// Where all contents are known, the answer is the plain comparison of them; and each side leads from the working tree
    /// to its state.
    #[test]
    fn known_contents_are_compared_as_they_are(head in content(), base in content(), index in content(), work in content()) {
        let all = [
            (commit(HEAD), head), (commit("base"), base), (State::Index, index), (State::WorkTree, work),
        ];
        for (before, old) in &all {
            for (after, new) in &all {
                let of = states(before.clone(), after.clone());
                let table = table(&of, [head, base, index, work], false);
                prop_assert_eq!(changed(&table), old != new);
                let side = table.side(|states| &states.before, Path::to_owned);
                prop_assert_eq!(side.instead.len(), usize::from(*old != work));
                prop_assert_eq!(side.beyond_head.len(), usize::from(*old != head));
            }
        }
    }

    /// What only the disk knows is never taken for the same without an answer of git.
    #[test]
    fn unknown_contents_may_have_changed(head in content(), base in content(), index in content()) {
        for before in [commit(HEAD), commit("base")] {
            let table = table(&states(before, State::WorkTree), [head, base, index, "?"], false);
            prop_assert!(changed(&table));
        }
    }
}
