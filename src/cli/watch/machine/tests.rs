use proptest::prelude::*;

use super::*;
use crate::digests::Became;

fn file(path: &str) -> Difference {
    Difference::File(Path::new("/ws").join(path), Became::Other)
}

fn differences(paths: &str) -> Vec<Difference> {
    let one = |word: &str| match word {
        "GIT" => Difference::Git,
        word => word
            .strip_prefix('^')
            .map_or_else(|| file(word), |path| Difference::Elsewhere(Path::new("/").join(path))),
    };
    paths.split_whitespace().map(one).collect()
}

/// What comes of a script: `begin`; `see PATH…`, where these are different; `see PATH… | PATH…`, since the run began and since
/// the last look; `write PATH…`, as `see` while a fixer runs; `end HOW`.
fn play(script: &[&str]) -> Vec<String> {
    let mut machine = Machine::new();
    script
        .iter()
        .map(|line| {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let (since_run, since_look) = rest.split_once('|').unwrap_or((rest, rest));
            let seen = Seen {
                since_run: differences(since_run),
                since_look: differences(since_look),
                writers: word == "write",
            };
            match word {
                "begin" => shown(&machine.begin()),
                "end" => {
                    machine.ended(match rest {
                        "passed" => End::Passed,
                        "failed" => End::Failed,
                        "unsettled" => End::Unsettled,
                        "recalled" => End::Recalled,
                        other => panic!("{other}"),
                    });
                    String::new()
                }
                "see" | "write" => shown(&machine.looked(seen)),
                other => panic!("{other}"),
            }
        })
        .collect()
}

fn shown(step: &Step) -> String {
    let names = |differences: &[Difference]| {
        let name = |difference: &Difference| match difference {
            Difference::File(path, _) | Difference::Elsewhere(path) => {
                path.strip_prefix("/ws").unwrap_or(path).display().to_string()
            }
            Difference::Git => "GIT".to_owned(),
        };
        differences.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    match step {
        Step::None => "-".to_owned(),
        Step::Recall => "recall".to_owned(),
        Step::Rest(restless) => format!("rest {}", names(restless)).trim_end().to_owned(),
        Step::Run(Scope::Everything, causes) => format!("run all: {}", names(causes)).trim_end().to_owned(),
        Step::Run(Scope::Files(files), causes) => {
            let files: Vec<_> = files
                .iter()
                .map(|path| path.strip_prefix("/ws").unwrap().display().to_string())
                .collect();
            format!("run {}: {}", files.join(" "), names(causes))
                .trim_end()
                .to_owned()
        }
    }
}

/// Each line of a script with what comes of it.
fn check(script: &[(&str, &str)]) {
    let lines: Vec<&str> = script.iter().map(|(line, _)| *line).collect();
    let expected: Vec<&str> = script.iter().map(|(_, step)| *step).collect();
    assert_eq!(play(&lines), expected, "{lines:?}");
}

#[test]
fn everything_runs_first_and_then_what_changed_since_all_passed() {
    check(&[
        ("begin", "run all:"),
        ("see", "-"),
        ("end passed", ""),
        ("see", "rest"),
        ("see", "-"),
        ("see a.rs", "run a.rs: a.rs"),
        ("end passed", ""),
        ("see", "rest"),
        ("see b.rs", "run b.rs: b.rs"),
    ]);
}

#[test]
fn what_failed_stays_due_until_it_passes() {
    check(&[
        ("begin", "run all:"),
        ("end passed", ""),
        ("see", "rest"),
        ("see a.rs", "run a.rs: a.rs"),
        ("end failed", ""),
        ("see", "rest"),
        ("see b.rs", "run a.rs b.rs: b.rs"),
        ("end failed", ""),
        ("see", "rest"),
        ("see c.rs", "run a.rs b.rs c.rs: c.rs"),
        ("end passed", ""),
        ("see", "rest"),
        ("see d.rs", "run d.rs: d.rs"),
    ]);
    // The first run is about everything, and so is every other one until all has passed.
    check(&[
        ("begin", "run all:"),
        ("end failed", ""),
        ("see", "rest"),
        ("see a.rs", "run all: a.rs"),
    ]);
}

#[test]
fn what_no_file_of_the_workspace_says_is_about_everything() {
    for (what, cause) in [
        ("GIT", "GIT"),
        ("^home/config.toml", "/home/config.toml"),
        ("a/Cargo.toml", "a/Cargo.toml"),
    ] {
        check(&[
            ("begin", "run all:"),
            ("end passed", ""),
            ("see", "rest"),
            (&format!("see {what}"), &format!("run all: {cause}")),
        ]);
    }
}

#[test]
fn a_save_during_a_run_calls_it_back_and_the_next_one_is_about_both() {
    check(&[
        ("begin", "run all:"),
        ("end passed", ""),
        ("see", "rest"),
        ("see a.rs", "run a.rs: a.rs"),
        ("see", "-"),
        ("see b.rs", "recall"),
        // While it stops, nothing more has to be decided.
        ("see b.rs c.rs", "-"),
        ("end recalled", ""),
        ("see b.rs c.rs", "run a.rs b.rs c.rs: b.rs c.rs"),
    ]);
}

#[test]
fn a_run_that_was_called_back_is_made_up_for_even_if_the_change_was_taken_back() {
    check(&[
        ("begin", "run all:"),
        ("see a.rs", "recall"),
        ("end recalled", ""),
        ("see", "run all:"),
    ]);
}

#[test]
fn what_a_fixer_writes_calls_nothing_back_and_is_looked_at_once_more() {
    check(&[
        ("begin", "run all:"),
        ("write a.rs", "-"),
        // What somebody saves after that is no doing of the fixer's.
        ("see a.rs b.rs | b.rs", "recall"),
        ("end recalled", ""),
        ("see a.rs b.rs", "run all: a.rs b.rs"),
        ("write c.rs", "-"),
        ("end passed", ""),
        ("see c.rs", "run c.rs: c.rs"),
        ("end passed", ""),
        ("see", "rest"),
    ]);
}

#[test]
fn a_check_that_always_writes_something_comes_to_rest() {
    check(&[
        ("begin", "run all:"),
        ("see log.txt", "recall"),
        ("end recalled", ""),
        ("see log.txt", "run all: log.txt"),
        // Now the run comes to its end, so that there is a result.
        ("see log.txt", "-"),
        ("end passed", ""),
        ("see log.txt", "run log.txt: log.txt"),
        ("see log.txt", "-"),
        ("end passed", ""),
        ("see log.txt", "run log.txt: log.txt"),
        ("see log.txt", "-"),
        ("end passed", ""),
        ("see log.txt", "rest log.txt"),
        // It counts when nothing runs, and everything else counts as ever.
        ("see log.txt", "run log.txt: log.txt"),
        ("see a.rs", "recall"),
        ("end recalled", ""),
        ("see a.rs", "run a.rs log.txt: a.rs"),
    ]);
}

#[test]
fn new_names_each_time_are_no_way_around_it() {
    let mut machine = Machine::new();
    let mut runs = 0;
    let mut step = machine.begin();
    for number in 0..100 {
        let seen = || Seen {
            since_run: vec![file(&format!("dump-{number}.profraw"))],
            since_look: vec![file(&format!("dump-{number}.profraw"))],
            writers: false,
        };
        match step {
            Step::Run(..) => {
                runs += 1;
                let how = match machine.looked(seen()) {
                    Step::Recall => End::Recalled,
                    _ => End::Passed,
                };
                machine.ended(how);
                step = machine.looked(seen());
            }
            Step::Rest(restless) => {
                assert_eq!(restless.len(), 1);
                assert_eq!(runs, 4);
                return;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("it never comes to rest");
}

#[test]
fn what_was_touched_and_says_the_same_is_judged_again_but_not_for_ever() {
    check(&[
        ("begin", "run all:"),
        ("end unsettled", ""),
        ("see", "run all:"),
        ("end unsettled", ""),
        ("see", "run all:"),
        ("end unsettled", ""),
        ("see", "rest"),
    ]);
}

#[test]
fn what_people_write_has_more_credit_than_what_checks_write() {
    let saves = |name: &str, most: usize| {
        let mut machine = Machine::new();
        machine.begin();
        let seen = || Seen {
            since_run: vec![file(name)],
            since_look: vec![file(name)],
            writers: false,
        };
        let mut recalled = 0;
        while machine.looked(seen()) == Step::Recall {
            recalled += 1;
            machine.ended(End::Recalled);
            assert!(matches!(machine.looked(seen()), Step::Run(..)));
        }
        assert_eq!(recalled, most, "{name}");
    };
    saves("a.rs", 10);
    saves("rust-toolchain.toml", 10);
    saves("a.snap.new", 1);
    saves("log", 1);
    // Somebody who has changed such a file while nothing ran writes such files.
    let mut machine = Machine::new();
    machine.begin();
    machine.ended(End::Passed);
    let seen = |name: &str| Seen {
        since_run: vec![file(name)],
        since_look: vec![file(name)],
        writers: false,
    };
    machine.looked(Seen::default());
    machine.looked(seen("a.sql"));
    for _ in 0..10 {
        assert_eq!(machine.looked(seen("b.sql")), Step::Recall);
        machine.ended(End::Recalled);
        assert!(matches!(machine.looked(seen("b.sql")), Step::Run(..)));
    }
}

#[test]
fn it_is_looked_when_it_is_quiet_or_after_a_while_and_at_once_after_a_run() {
    let at = Duration::from_millis;
    let mut machine = Machine::new();
    assert_eq!(machine.look_at(), None);
    machine.stirred(at(1000));
    assert_eq!(machine.look_at(), Some(at(1050)));
    machine.stirred(at(1040));
    assert_eq!(machine.look_at(), Some(at(1090)));
    machine.stirred(at(1499));
    assert_eq!(machine.look_at(), Some(at(1500)));
    machine.looked(Seen::default());
    assert_eq!(machine.look_at(), None);
    machine.begin();
    machine.ended(End::Passed);
    assert_eq!(machine.look_at(), Some(Duration::ZERO));
    machine.stirred(at(2000));
    assert_eq!(machine.look_at(), Some(at(2050)));
    machine.looked(Seen::default());
    let seen = || Seen {
        since_run: vec![file("a.rs")],
        since_look: vec![file("a.rs")],
        writers: false,
    };
    assert!(matches!(machine.looked(seen()), Step::Run(..)));
    machine.stirred(at(3000));
    assert_eq!(machine.look_at(), Some(at(3050)));
    assert_eq!(machine.looked(seen()), Step::Recall);
    machine.stirred(at(4000));
    assert_eq!(machine.look_at(), None, "it stops: what there is to see is seen then");
}

#[test]
fn too_many_files_are_everything() {
    let mut machine = Machine::new();
    machine.begin();
    machine.ended(End::Passed);
    machine.looked(Seen::default());
    let seen = Seen {
        since_run: (0..=MOST_FILES).map(|number| file(&format!("{number}.rs"))).collect(),
        ..Seen::default()
    };
    assert!(matches!(machine.looked(seen), Step::Run(Scope::Everything, _)));
}

/// Something that can happen.
#[derive(Clone, Debug)]
enum Happens {
    /// Somebody has saved these, and somebody looks.
    Saved(Vec<u8>),
    Ended(End),
}

fn happens() -> impl Strategy<Value = Happens> {
    let ends = prop_oneof![Just(End::Passed), Just(End::Failed), Just(End::Unsettled)];
    prop_oneof![
        4 => proptest::collection::vec(0_u8..6, 0..3).prop_map(Happens::Saved),
        3 => ends.prop_map(Happens::Ended),
    ]
}

fn some_file(number: u8) -> Difference {
    file(["a.rs", "b.rs", "c.txt", "d/Cargo.toml", "e.snap", "f"][usize::from(number)])
}

proptest! {
    /// Whatever happens, what was saved after a run began is due until a run that began later has passed: no verdict is taken
    /// for one about what came after it.
    #[test]
    fn whatever_was_saved_is_due_until_a_later_run_passes(script in proptest::collection::vec(happens(), 0..60)) {
        let mut machine = Machine::new();
        // What has not passed since it was saved; and the files saved since the run began, of which the base knows nothing.
        let (mut unproven, mut since_run): (BTreeSet<u8>, BTreeSet<u8>) = (BTreeSet::new(), BTreeSet::new());
        let mut running: Option<BTreeSet<u8>> = None;
        let mut recalled = false;
        let mut pending = vec![machine.begin()];
        for happens in script {
            match happens {
                Happens::Saved(files) => {
                    unproven.extend(files.iter().copied());
                    since_run.extend(files.iter().copied());
                    let seen = Seen {
                        since_run: since_run.iter().copied().map(some_file).collect(),
                        since_look: files.iter().copied().map(some_file).collect(),
                        writers: false,
                    };
                    pending.push(machine.looked(seen));
                }
                Happens::Ended(how) => {
                    let Some(about) = running.take() else { continue };
                    let how = if recalled { End::Recalled } else { how };
                    recalled = false;
                    if how == End::Passed {
                        unproven.retain(|file| !about.contains(file) || since_run.contains(file));
                    }
                    machine.ended(how);
                    let seen = Seen {
                        since_run: since_run.iter().copied().map(some_file).collect(),
                        ..Seen::default()
                    };
                    pending.push(machine.looked(seen));
                }
            }
            for step in pending.drain(..) {
                match step {
                    Step::Run(scope, _) => {
                        prop_assert!(running.is_none(), "two runs at once");
                        let about = match &scope {
                            Scope::Everything => (0..6).collect(),
                            Scope::Files(files) => (0..6)
                                .filter(|number| matches!(some_file(*number), Difference::File(path, _) if files.contains(&path)))
                                .collect::<BTreeSet<u8>>(),
                        };
                        prop_assert!(unproven.is_subset(&about), "{unproven:?} is due, and the run is about {about:?}");
                        since_run.clear();
                        running = Some(about);
                    }
                    Step::Recall => {
                        prop_assert!(running.is_some(), "there is no run to call back");
                        recalled = true;
                    }
                    Step::Rest(_) => {
                        prop_assert!(running.is_none());
                        since_run.clear();
                    }
                    Step::None => {}
                }
            }
        }
    }

    /// Whatever checks write, and whenever: without anybody's doing it comes to rest.
    #[test]
    fn no_check_keeps_it_going(
        writes in proptest::collection::vec((0_u8..6, any::<bool>(), any::<bool>()), 200),
        how in prop_oneof![Just(End::Passed), Just(End::Failed), Just(End::Unsettled)],
    ) {
        let mut machine = Machine::new();
        let mut step = machine.begin();
        let mut runs = 0;
        for (number, early, writers) in writes {
            prop_assert!(matches!(step, Step::Run(..)));
            runs += 1;
            prop_assert!(runs <= 40, "it runs again and again");
            let seen = |writers| Seen {
                since_run: vec![some_file(number)],
                since_look: vec![some_file(number)],
                writers,
            };
            let recalled = early && machine.looked(seen(writers)) == Step::Recall;
            machine.ended(if recalled { End::Recalled } else { how });
            step = machine.looked(seen(false));
            if let Step::Rest(_) = step {
                return Ok(());
            }
        }
        prop_assert!(false, "it never comes to rest");
    }
}
