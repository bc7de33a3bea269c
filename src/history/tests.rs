//! From records to estimates.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::{Chance, End, Estimate, Extent, History, Record, RunKey, Subject, TaskKey};

fn key(check: &str) -> TaskKey {
    TaskKey {
        check: check.into(),
        part: String::new(),
        subject: Subject::Crates,
        repairs: false,
    }
}

fn record(run: u64, end: End, millis: u64) -> Record {
    Record {
        run: RunKey { sequence: run, id: run },
        task: 0,
        extent: Extent::whole(5),
        end,
        took: Duration::from_millis(millis),
        attempts: 1,
        started: Duration::ZERO,
    }
}

/// Runs from the oldest to the newest: milliseconds, with `!` after those of a failure, `?` of a time-out, `~` of a pass
/// on the second try.
fn runs(text: &str) -> Vec<Record> {
    let words = text.split_whitespace();
    let record = |(run, word): (u64, &str)| {
        let (millis, end, attempts) = match word.split_at(word.len() - 1) {
            (millis, "!") => (millis, End::Failed, 1),
            (millis, "?") => (millis, End::TimedOut, 1),
            (millis, "~") => (millis, End::Passed, 2),
            _ => (word, End::Passed, 1),
        };
        Record {
            attempts,
            ..record(run, end, millis.parse().unwrap())
        }
    };
    (1..).zip(words).map(record).collect()
}

fn history(records: Vec<Record>) -> History {
    History::new(BTreeMap::from([(key("clippy"), records)]))
}

fn estimate(records: Vec<Record>) -> Estimate {
    let history = history(records);
    history.estimate(&key("clippy"), Extent::whole(5)).unwrap()
}

#[test]
fn the_middle_of_what_was_and_the_worst_with_some_room() {
    let check = |text: &str, expected: u128, high: u128| {
        let estimate = estimate(runs(text));
        let found = (estimate.expected.as_millis(), estimate.high.as_millis());
        assert_eq!(found, (expected, high), "{text}");
    };
    check("100", 100, 200);
    // Of two, both count.
    check("100 200", 154, 300);
    check("200 100", 145, 300);
    // Of three, one that stands out does not.
    check("100 100 9000", 100, 12000);
    check("9000 100 100", 100, 12000);
    check("100 100 100 0", 100, 125);
    check("100 110 90 100 9000 110 90 100 100 100", 100, 9900);
    // A time-out is how long it took at least.
    check("100 100 900? 100", 100, 1125);
}

#[test]
fn what_takes_longer_now_is_soon_expected_to() {
    let expected = |slow: usize| {
        let text = "100 ".repeat(20) + &"300 ".repeat(slow);
        estimate(runs(&text)).expected.as_millis()
    };
    assert_eq!(expected(2), 100);
    assert!((120..300).contains(&expected(6)), "{}", expected(6));
    assert_eq!(expected(16), 300);
}

#[test]
fn failures_weigh_more_the_more_recent_they_are() {
    let failure = |text: &str| estimate(runs(text)).failure.share();
    let close = |found: f64, expected: f64| assert!((found - expected).abs() < 0.005, "{found} {expected}");
    close(failure("1"), 0.067);
    close(failure("1!"), 0.4);
    close(failure("1 1 1 1 1 1 1 1 1 1 1 1"), 0.028);
    close(failure("1! 1! 1! 1! 1! 1! 1! 1!"), 0.732);
    assert!(failure("1 1 1 1!") > failure("1! 1 1 1"));
    assert!(failure("1 1 1 1?") > failure("1 1 1 1"));
    close(failure("1 1 1 1~"), failure("1 1 1 1"));
}

#[test]
fn what_keeps_failing_is_told_apart_from_what_fails_now_and_then() {
    let standing = |text: &str| {
        let standing = history(runs(text)).standing(&key("clippy"), Extent::whole(5)).unwrap();
        (standing.failed_in_a_row, standing.is_quarantined())
    };
    assert_eq!(standing("1"), (0, false));
    assert_eq!(standing("1! 1! 1! 1! 1"), (0, false));
    assert_eq!(standing("1 1! 1? 1! 1!"), (4, false));
    assert_eq!(standing("1 1! 1? 1! 1! 1!"), (5, true));
    let flaky = |text: &str| {
        let history = history(runs(text));
        history
            .standing(&key("clippy"), Extent::whole(5))
            .unwrap()
            .flaky
            .share()
    };
    assert!(flaky("1 1 1").abs() < 1e-9);
    assert!((flaky("1~ 1~") - 1.0).abs() < 1e-9);
    assert!(flaky("1~ 1 1") > 0.2 && flaky("1~ 1 1") < flaky("1 1 1~"));
}

#[test]
fn runs_of_the_same_extent_say_most_about_it() {
    let names = |names: &[&str]| Extent::of_crates(&names.iter().map(|name| (*name).into()).collect::<Vec<_>>());
    let run = |run, extent, millis| Record {
        extent,
        ..record(run, End::Passed, millis)
    };
    let (one, other, two, all) = (names(&["a"]), names(&["b"]), names(&["b", "a"]), Extent::whole(20));
    assert_eq!(two, names(&["a", "b"]));
    let mut records = vec![run(1, all, 60_000), run(2, all, 62_000), run(3, all, 61_000)];
    // Many small runs since then do not make the large one look small.
    records.extend((4..40).map(|number| run(number, one, 1_000)));
    let history = history(records.clone());
    let expected = |history: &History, extent| {
        let estimate = history.estimate(&key("clippy"), extent).unwrap();
        estimate.expected.as_millis()
    };
    assert!((60_000..=62_000).contains(&expected(&history, all)));
    // The workspace has grown by a crate.
    assert_eq!(expected(&history, Extent::whole(21)), expected(&history, all));
    assert_eq!(expected(&history, one), 1_000);
    // Nothing is known of the other crates: what is nearest is better than nothing.
    assert_eq!(expected(&history, other), 1_000);
    assert_eq!(expected(&history, two), 1_000);
    records.extend((40..43).map(|number| run(number, two, 5_000)));
    assert_eq!(expected(&super::tests::history(records), two), 5_000);
}

#[test]
fn tasks_are_told_apart_and_what_never_ran_is_unknown() {
    let history = history(runs("100"));
    let whole = Extent::whole(5);
    assert!(history.estimate(&key("clippy"), whole).is_some());
    assert!(history.estimate(&key("test"), whole).is_none());
    let other = |change: fn(&mut TaskKey)| {
        let mut key = key("clippy");
        change(&mut key);
        history.estimate(&key, whole)
    };
    assert!(other(|key| key.repairs = true).is_none());
    assert!(other(|key| key.subject = Subject::Crate("a".into())).is_none());
    assert!(other(|key| key.part = "edition 2021".to_owned()).is_none());
    assert_eq!(History::default().keys().count(), 0);
    assert_eq!(history.keys().count(), 1);
}

#[test]
fn twenty_runs_teach_the_time_of_the_next() {
    // A log-normal time, as that of compilers: the sum of three dice stands for the exponent.
    let mut state = 7_u64;
    let mut dice = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        f64::from(u32::try_from(state >> 33).unwrap()) / f64::from(u32::MAX >> 1)
    };
    let mut times = || Duration::from_secs_f64(4.0 * (0.3 * (dice() + dice() + dice() - 1.5)).exp());
    let records = (0..20).map(|run| Record {
        took: times(),
        ..record(run, End::Passed, 0)
    });
    let expected = estimate(records.collect()).expected.as_secs_f64();
    assert!((expected / 4.0 - 1.0).abs() < 0.2, "{expected}");
}

fn any_record() -> impl Strategy<Value = Record> {
    let end = prop_oneof![Just(End::Passed), Just(End::Failed), Just(End::TimedOut)];
    let extent = (0..40_u32, any::<bool>(), 0..3_u64).prop_map(|(count, whole, names)| Extent { count, whole, names });
    (0..20_u64, 0..3_u32, end, 0..10_000_000_u64, 1..4_u32, extent).prop_map(
        |(run, task, end, micros, attempts, extent)| Record {
            task,
            took: Duration::from_micros(micros),
            attempts,
            extent,
            ..record(run, end, 0)
        },
    )
}

proptest! {
    #[test]
    fn estimates_are_within_what_was_seen(
        records in prop::collection::vec(any_record(), 1..60),
        count in 0..50_usize,
        whole in any::<bool>(),
    ) {
        let extent = if whole { Extent::whole(count) } else { Extent::files(count) };
        let history = history(records.clone());
        let estimate = history.estimate(&key("clippy"), extent).unwrap();
        let took = records.iter().map(|record| record.took);
        let slack = Duration::from_micros(1);
        prop_assert!(estimate.expected + slack >= took.clone().min().unwrap());
        prop_assert!(estimate.expected <= took.clone().max().unwrap() + slack);
        prop_assert!(estimate.high >= estimate.expected);
        prop_assert!(estimate.high <= 2 * took.max().unwrap() + slack);
        prop_assert!(estimate.failure > Chance::of(0.0) && estimate.failure < Chance::of(1.0));
        let standing = history.standing(&key("clippy"), extent).unwrap();
        prop_assert!(standing.flaky <= Chance::of(1.0));
        prop_assert!(standing.failed_in_a_row <= standing.runs);
        prop_assert_eq!(standing.failure, estimate.failure);
    }

    /// Files are read in any order, and one that is being merged may be read twice.
    #[test]
    fn the_order_of_records_and_what_is_there_twice_make_no_difference(
        // A run has each of its tasks once.
        records in prop::collection::btree_map((0..20_u64, 0..3_u32), any_record(), 1..40),
        shuffled in any::<prop::sample::Index>(),
    ) {
        let placed = records.into_iter().map(|((run, task), record)| Record {
            run: RunKey { sequence: run / 2, id: run },
            task,
            ..record
        });
        let records: Vec<_> = placed.collect();
        let mut others = records.clone();
        others.rotate_left(shuffled.index(records.len()));
        others.reverse();
        others.extend_from_slice(&records[..records.len() / 2]);
        prop_assert_eq!(history(records), history(others));
    }

    /// However far one run is off, what is expected stays within what the others say.
    #[test]
    fn one_outlier_does_not_move_what_is_expected_beyond_the_others(
        millis in prop::collection::vec(1..1_000_u64, 3..40),
        which in any::<prop::sample::Index>(),
        outlier in 0..100_000_000_u64,
    ) {
        let which = which.index(millis.len());
        let records = (0..).zip(&millis).map(|(run, millis)| record(run, End::Passed, *millis));
        let mut records: Vec<_> = records.collect();
        records[which].took = Duration::from_millis(outlier);
        let expected = estimate(records).expected;
        let others = millis.iter().enumerate().filter(|(at, _)| *at != which);
        let others: Vec<_> = others.map(|(_, millis)| Duration::from_millis(*millis)).collect();
        let slack = Duration::from_micros(1);
        prop_assert!(expected + slack >= *others.iter().min().unwrap(), "{:?}", expected);
        prop_assert!(expected <= *others.iter().max().unwrap() + slack, "{:?}", expected);
    }
}
