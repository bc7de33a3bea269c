//! Over recorded answers and arbitrary bytes.

use proptest::prelude::*;

use super::*;
use crate::changes::entry::{PLAIN_FILE, SYMBOLIC_LINK};

const ZERO: &str = "0000000000000000000000000000000000000000";
const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const LONG: &str = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

/// An answer in which `|` stands for the end of a record, and A, B, 0 and L for names of objects.
fn answer(records: &str) -> Vec<u8> {
    let names = [("{A}", A), ("{B}", B), ("{0}", ZERO), ("{L}", LONG)];
    let text = names
        .iter()
        .fold(records.to_owned(), |text, (short, long)| text.replace(short, long));
    text.replace('|', "\0").into_bytes()
}

fn file(id: &str) -> Entry {
    Entry::tracked(PLAIN_FILE, id)
}

fn disk() -> Entry {
    Entry::OnDisk { mode: PLAIN_FILE }
}

#[test]
fn headers_say_where_the_repository_is() {
    let check =
        |headers: &str, head: Option<&str>, branch: Option<&str>, upstream: Option<&str>, ahead: Option<u64>| {
            let expected = Status {
                head: head.map(str::to_owned),
                branch: branch.map(str::to_owned),
                upstream: upstream.map(str::to_owned),
                ahead,
                ..Status::default()
            };
            assert_eq!(parse(&answer(headers)), Ok(expected), "{headers}");
        };
    check("", None, None, None, None);
    check(
        "# branch.oid (initial)|# branch.head main|",
        None,
        Some("main"),
        None,
        None,
    );
    check("# branch.oid {A}|# branch.head (detached)|", Some(A), None, None, None);
    check("# branch.oid {L}|", Some(LONG), None, None, None);
    let followed = "# branch.oid {A}|# branch.head a b|# branch.upstream o/x|";
    check(followed, Some(A), Some("a b"), Some("o/x"), None);
    check(
        &format!("{followed}# branch.ab +0 -3|"),
        Some(A),
        Some("a b"),
        Some("o/x"),
        Some(0),
    );
    check(
        &format!("{followed}# branch.ab +12 -0|# stash 4|# new|# new one|"),
        Some(A),
        Some("a b"),
        Some("o/x"),
        Some(12),
    );
    check("# branch.ab +? -?|", None, None, None, None);
    check("# branch.ab 1 2|# branch.ab|# branch.ab +1|", None, None, None, None);
}

#[test]
fn tracked_files_have_three_states() {
    let check = |record: &str, name: &str, head: Entry, index: Entry, work: Entry| {
        let tracked = Tracked {
            head,
            index,
            work,
            unmerged: false,
        };
        let status = parse(&answer(record)).unwrap();
        assert_eq!(
            status.tracked,
            BTreeMap::from([(PathBuf::from(name), tracked)]),
            "{record}"
        );
    };
    let absent = || Entry::Absent;
    check(
        "1 .M N... 100644 100644 100644 {A} {A} a|",
        "a",
        file(A),
        file(A),
        disk(),
    );
    check(
        "1 M. N... 100644 100644 100644 {A} {B} a|",
        "a",
        file(A),
        file(B),
        file(B),
    );
    check(
        "1 MM N... 100644 100644 100644 {A} {B} a b\n|",
        "a b\n",
        file(A),
        file(B),
        disk(),
    );
    check(
        "1 A. N... 000000 100644 100644 {0} {B} a|",
        "a",
        absent(),
        file(B),
        file(B),
    );
    check(
        "1 AD N... 000000 100644 000000 {0} {B} a|",
        "a",
        absent(),
        file(B),
        absent(),
    );
    check(
        "1 .A N... 000000 000000 100644 {0} {0} a|",
        "a",
        absent(),
        absent(),
        disk(),
    );
    check(
        "1 D. N... 100644 000000 000000 {A} {0} a|",
        "a",
        file(A),
        absent(),
        absent(),
    );
    check(
        "1 .D N... 100644 100644 000000 {L} {L} a|",
        "a",
        file(LONG),
        file(LONG),
        absent(),
    );
    let link = Entry::OnDisk { mode: SYMBOLIC_LINK };
    check("1 .T N... 100644 100644 120000 {A} {A} a|", "a", file(A), file(A), link);
    let submodule = |id: Option<&str>| Entry::Submodule(id.map(str::to_owned));
    check(
        "1 .M S.MU 160000 160000 160000 {A} {A} s|",
        "s",
        submodule(Some(A)),
        submodule(Some(A)),
        submodule(None),
    );
    check(
        "1 M. SC.. 160000 160000 160000 {A} {B} s|",
        "s",
        submodule(Some(A)),
        submodule(Some(B)),
        submodule(Some(B)),
    );
}

#[test]
fn both_names_of_what_was_renamed_are_there() {
    let status = parse(&answer(
        "2 R. N... 100644 100644 100644 {A} {B} R090 new|old|2 C. N... 100644 100644 100644 {A} {A} C100 copy|old|",
    ));
    let tracked = status.unwrap().tracked;
    let new = Tracked {
        index: file(B),
        work: file(B),
        ..Tracked::default()
    };
    let old = Tracked {
        head: file(A),
        ..Tracked::default()
    };
    let copy = Tracked {
        index: file(A),
        work: file(A),
        ..Tracked::default()
    };
    let expected = [("new", new), ("old", old), ("copy", copy)].map(|(name, tracked)| (PathBuf::from(name), tracked));
    assert_eq!(tracked, BTreeMap::from(expected));
}

#[test]
fn conflicts_and_untracked_files_are_known() {
    let status = parse(&answer(
        "u UD N... 100644 100644 000000 100644 {A} {B} {0} a|? b c|! ignored|? inner/|",
    ))
    .unwrap();
    let conflict = Tracked {
        head: file(B),
        index: Entry::Absent,
        work: disk(),
        unmerged: true,
    };
    assert_eq!(status.tracked, BTreeMap::from([(PathBuf::from("a"), conflict)]));
    assert_eq!(status.untracked, [PathBuf::from("b c"), PathBuf::from("inner/")]);
}

#[test]
fn names_need_not_be_text() {
    let status = parse(b"? caf\xe9\x01\0").unwrap();
    assert_eq!(status.untracked, [PathBuf::from(OsStr::from_bytes(b"caf\xe9\x01"))]);
}

#[test]
fn what_is_cut_off_or_unknown_is_not_understood() {
    let check =
        |records: &str, expected: &str| assert_eq!(parse(&answer(records)), Err(Unreadable(expected.to_owned())));
    check("? a", "`? a`");
    check("? |", "`? \\0`");
    check("|", "`\\0`");
    check("x y|", "`x y\\0`");
    check("1 .M N... 100644|", "`1 .M N... 100644\\0`");
    check(
        "1 .M N... 10x644 100644 100644 {A} {A} a|",
        "`1 .M N... 10x644 100644 100644 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaa`",
    );
    for records in [
        "1 .M N... 100644 100644 100644 {A} {A} |",
        "1 .M N... 100644 100644 100644 {A} aaaa a|",
        "1 M N... 100644 100644 100644 {A} {A} a|",
        "2 R. N... 100644 100644 100644 {A} {A} R100 new|",
        "2 R. N... 100644 100644 100644 {A} {A} R100 new|old",
        "u UU N... 100644 100644 100644 100644 {A} {A} a|",
    ] {
        assert!(parse(&answer(records)).is_err(), "{records}");
    }
}

/// All kinds of records.
const REAL: &str = "# branch.oid {A}|# branch.head main|# branch.upstream origin/main|# branch.ab +1 -2|\
    1 .M N... 100644 100644 100644 {A} {A} a|1 M. SC.. 160000 160000 160000 {A} {B} s|\
    2 R. N... 100644 100644 100644 {A} {B} R090 new|old|u UD N... 100644 100644 000000 100644 {A} {B} {0} c|? b c|! x|";

proptest! {
    #[test]
    fn arbitrary_bytes_are_no_problem(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn arbitrary_words_are_no_problem(text in "([12u?!#x] ?|[0a.MUSNR]{1,6} ?|100644 |\\x00|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ){0,30}") {
        let _ = parse(text.as_bytes());
    }

    /// A byte more, less or other changes at most some records, and is never the cause of a panic.
    #[test]
    fn a_damaged_answer_is_no_problem(at in 0..700_usize, byte: u8, how in 0..4) {
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

    /// Whatever is cut off, no record is understood that was not there.
    #[test]
    fn a_shorter_answer_has_no_other_files(at in 0..700_usize) {
        let bytes = answer(REAL);
        let whole = parse(&bytes).unwrap();
        if let Ok(part) = parse(&bytes[..at % bytes.len()]) {
            for (path, tracked) in &part.tracked {
                prop_assert_eq!(whole.tracked.get(path), Some(tracked));
            }
            prop_assert!(part.untracked.iter().all(|path| whole.untracked.contains(path)));
        }
    }

    #[test]
    fn every_name_survives(name in prop::collection::vec(1_u8.., 1..20)) {
        let mut bytes = b"? ".to_vec();
        bytes.extend(&name);
        bytes.push(0);
        prop_assert_eq!(parse(&bytes).unwrap().untracked, [PathBuf::from(OsStr::from_bytes(&name))]);
    }
}
