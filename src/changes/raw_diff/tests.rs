//! Over recorded answers and arbitrary bytes.

use proptest::prelude::*;

use super::*;
use crate::changes::entry::{EXECUTABLE, PLAIN_FILE, SYMBOLIC_LINK};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// An answer in which `|` stands for the end of a record, and A, B and 0 for names of objects.
fn answer(records: &str) -> Vec<u8> {
    let zero = "0".repeat(40);
    let names = [("{A}", A), ("{B}", B), ("{0}", &zero)];
    let text = names
        .iter()
        .fold(records.to_owned(), |text, (short, long)| text.replace(short, long));
    text.replace('|', "\0").into_bytes()
}

fn check(records: &str, expected: &[(&str, Entry, Entry)]) {
    let expected = expected
        .iter()
        .cloned()
        .map(|(name, old, new)| (PathBuf::from(name), (old, new)));
    assert_eq!(parse(&answer(records)), Ok(expected.collect()), "{records}");
}

fn file(id: &str) -> Entry {
    Entry::tracked(PLAIN_FILE, id)
}

#[test]
fn both_states_of_a_file_are_known() {
    let disk = |mode| Entry::OnDisk { mode };
    check("", &[]);
    check(":100644 100644 {A} {B} M|a|", &[("a", file(A), file(B))]);
    check(
        ":100644 100755 {A} {0} M|a b\n|",
        &[("a b\n", file(A), disk(EXECUTABLE))],
    );
    check(":000000 100644 {0} {B} A|a|", &[("a", Entry::Absent, file(B))]);
    check(":100644 000000 {A} {0} D|a|", &[("a", file(A), Entry::Absent)]);
    check(":100644 120000 {A} {0} T|a|", &[("a", file(A), disk(SYMBOLIC_LINK))]);
    let submodule = |id: Option<&str>| Entry::Submodule(id.map(str::to_owned));
    check(
        ":160000 160000 {A} {0} M|s|",
        &[("s", submodule(Some(A)), submodule(None))],
    );
    check(
        ":160000 160000 {A} {B} M|s|",
        &[("s", submodule(Some(A)), submodule(Some(B)))],
    );
}

#[test]
fn both_names_of_what_was_renamed_are_there() {
    let renamed = ":100644 100644 {A} {B} R090|old|new|";
    check(
        renamed,
        &[("old", file(A), Entry::Absent), ("new", Entry::Absent, file(B))],
    );
    check(
        ":100644 100644 {A} {B} C100|old|new|",
        &[("new", Entry::Absent, file(B))],
    );
}

#[test]
fn a_conflict_may_be_told_twice() {
    let conflict = ":100644 000000 {A} {0} U|a|";
    check(conflict, &[("a", file(A), Entry::Absent)]);
    let disk = Entry::OnDisk { mode: PLAIN_FILE };
    check(
        &format!("{conflict}:100644 100644 {{A}} {{0}} M|a|"),
        &[("a", file(A), disk)],
    );
    check(":000000 000000 {0} {0} U|a|", &[("a", Entry::Absent, Entry::Absent)]);
}

#[test]
fn what_is_cut_off_or_unknown_is_not_understood() {
    for records in [
        ":100644 100644 {A} {B} M",
        ":100644 100644 {A} {B} M|",
        ":100644 100644 {A} {B} M|a",
        ":100644 100644 {A} {B} M||",
        ":100644 100644 {A} {B} R100|a|",
        ":100644 100644 {A} {B}|a|",
        ":100644 100644 {A} {B} |a|",
        ":100644 100644 {A} {B} M x|a|",
        ":100644 100644 {A} bb M|a|",
        ":100644 9 {A} {B} M|a|",
        "::100644 100644 100644 {A} {A} {B} MM|a|",
        "{A}|",
        "|",
    ] {
        assert!(parse(&answer(records)).is_err(), "{records}");
    }
}

const REAL: &str = ":100644 100644 {A} {B} M|a|:000000 160000 {0} {B} A|s|:100644 100644 {A} {B} R090|old|new|";

proptest! {
    #[test]
    fn arbitrary_bytes_are_no_problem(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn a_damaged_answer_is_no_problem(at in 0..400_usize, byte: u8, how in 0..4) {
        let mut bytes = answer(REAL);
        let at = at % bytes.len();
        match how {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 => drop(bytes.remove(at)),
            _ => bytes.truncate(at),
        }
        let _ = parse(&bytes);
    }

    #[test]
    fn a_shorter_answer_has_no_other_files(at in 0..400_usize) {
        let bytes = answer(REAL);
        let whole = parse(&bytes).unwrap();
        if let Ok(part) = parse(&bytes[..at % bytes.len()]) {
            prop_assert!(part.iter().all(|(path, change)| whole.get(path) == Some(change)));
        }
    }

    #[test]
    fn every_name_survives(name in prop::collection::vec(1_u8.., 1..20)) {
        let mut bytes = answer(":100644 100644 {A} {B} M|");
        bytes.extend(&name);
        bytes.push(0);
        prop_assert!(parse(&bytes).unwrap().contains_key(&PathBuf::from(OsStr::from_bytes(&name))));
    }
}
