//! Figures and advice for runs that were put together by hand.

use std::time::Duration;

use super::{Figures, advice, figures, trends};
use crate::event::{Cached, Event, EventKind, Outcome, RunStats, TaskFinished};
use crate::journal::{Begin, Journals, Recorded, Standing, summarize};
use crate::report::fixtures::{ended, exit, finished, head, started, task};

/// A task of a run: its check, how it ended, how long it took, and whether it was cached.
type Task<'a> = (&'a str, Outcome, u64, bool);

fn run(number: u64, limited: bool, took: u64, tasks: &[Task<'_>]) -> Recorded {
    let names: Vec<&str> = tasks.iter().map(|(name, ..)| *name).collect();
    let mut stats = RunStats::default();
    let mut events = vec![started(&names, &[])];
    for (id, (name, outcome, took, is_cached)) in (0..).zip(tasks) {
        let ended = TaskFinished {
            cached: if *is_cached { Cached::Whole } else { Cached::No },
            crates: [("a".into(), crate::event::CrateVerdict::Passed)].into(),
            ..task(head(id, name, ""), outcome.clone(), *took)
        };
        stats.count(&ended);
        events.push(finished(*took, ended));
    }
    events.push(ended(took, stats));
    Recorded {
        number,
        begin: Begin {
            began: 1000 * number,
            limited,
            repairs: false,
            version: String::new(),
        },
        events,
        standing: Standing::Ended,
        damaged: 0,
        missing: 0,
        bytes: 10,
    }
}

fn journals(runs: &[Recorded]) -> Journals {
    let mut journals = Journals::default();
    for run in runs {
        journals.runs.push(summarize(run));
        journals.tallies.add(run);
    }
    journals
}

fn about(figures: &Figures) -> Vec<&'static str> {
    advice(figures).iter().map(|advice| advice.about).collect()
}

const PASSED: Outcome = Outcome::Passed;

#[test]
fn nothing_has_no_figures_and_no_advice() {
    let figures = figures(&Journals::default());
    assert_eq!(figures, Figures::default());
    assert_eq!(
        (figures.hit_rate(), figures.utilisation(), figures.speed_up()),
        (0.0, 0.0, 0.0)
    );
    assert_eq!(about(&figures), [""; 0]);
}

#[test]
fn what_did_not_run_saves_what_it_usually_takes() {
    let whole = run(1, false, 1000, &[("a", PASSED, 900, false), ("b", PASSED, 100, false)]);
    let cached = run(2, false, 100, &[("a", PASSED, 0, true), ("b", PASSED, 100, false)]);
    let limited = run(3, true, 200, &[("a", PASSED, 200, false), ("b", PASSED, 0, true)]);
    let figures = figures(&journals(&[whole, cached, limited]));
    assert_eq!(
        (figures.runs, figures.passed, figures.ran, figures.cached),
        (3, 3, 4, 2)
    );
    // Of `a` 200 and 900 are known, of which the lower middle counts, and of `b` 100: each within an eighth.
    let near = |found: Duration, millis: u64| {
        let found = u64::try_from(found.as_millis()).unwrap();
        assert!(found.abs_diff(millis) <= millis / 8, "{found} for {millis}");
    };
    near(figures.saved_by_cache, 200 + 100);
    // On everything, 900 and 100.
    near(figures.saved_by_selection, 1000 - 200 - 100);
    assert_eq!(figures.busy, Duration::from_millis(1300));
    assert_eq!(
        (figures.elapsed, figures.slots),
        (Duration::from_millis(1300), Duration::from_millis(2600))
    );
    assert!((figures.hit_rate() - 2.0 / 6.0).abs() < 1e-9);
    assert_eq!(figures.since, Some(1000));
    let a = &figures.checks[0];
    assert_eq!((a.crates[0].tally.passed, a.crates[0].tally.cached), (2, 1));
}

#[test]
fn a_bad_figure_comes_with_advice_once_enough_is_known() {
    let runs =
        |count: u64, run: &dyn Fn(u64) -> Recorded| figures(&journals(&(1..=count).map(run).collect::<Vec<_>>()));
    let dominated = |number| {
        run(
            number,
            false,
            1000,
            &[("a", PASSED, 950, false), ("b", PASSED, 1, false)],
        )
    };
    assert_eq!(about(&runs(4, &dominated)), [""; 0]);
    assert_eq!(about(&runs(5, &dominated)), ["dominant"]);
    let idle = |number| {
        run(
            number,
            false,
            1000,
            &[("a", PASSED, 300, false), ("b", PASSED, 300, false)],
        )
    };
    assert_eq!(about(&runs(5, &idle)), ["idle"]);
    let busy = |number| {
        run(
            number,
            false,
            1000,
            &[("a", PASSED, 900, false), ("b", PASSED, 900, false)],
        )
    };
    assert_eq!(about(&runs(5, &busy)), [""; 0]);
    assert_eq!(about(&runs(25, &busy)), ["cache"]);
}

#[test]
fn waiting_flaky_and_hopeless_tasks_are_named() {
    let mut waiting = run(1, false, 1000, &[("a", PASSED, 1900, false)]);
    change(&mut waiting, |task| task.waited = Duration::from_secs(1));
    let mut flaky = run(2, false, 1000, &[("a", PASSED, 1900, false)]);
    change(&mut flaky, |task| task.attempts = 2);
    let mut hopeless = run(3, false, 1000, &[("a", exit(1, None), 1900, false)]);
    change(&mut hopeless, |task| task.quarantined = true);
    let of = |run: &Recorded| {
        let runs: Vec<_> = (0..5)
            .map(|number| Recorded {
                number: run.number + number,
                ..run.clone()
            })
            .collect();
        about(&figures(&journals(&runs)))
    };
    assert_eq!(of(&waiting), ["locks"]);
    assert_eq!(of(&flaky), ["flaky"]);
    assert_eq!(of(&hopeless), ["quarantined"]);
    // What has passed since is hopeless no more.
    let mended = run(4, false, 1000, &[("a", PASSED, 1900, false)]);
    assert_eq!(about(&figures(&journals(&[hopeless, mended]))), [""; 0]);
}

fn change(run: &mut Recorded, change: impl Fn(&mut TaskFinished)) {
    for Event { kind, .. } in &mut run.events {
        if let EventKind::TaskFinished(finished) = kind {
            change(finished);
        }
    }
}

#[test]
fn a_trend_has_a_point_for_each_run_in_which_a_check_came_to_an_end() {
    let failed = || exit(1, None);
    let runs = [
        run(
            1,
            false,
            90,
            &[("fmt", PASSED, 10, false), ("test", failed(), 80, false)],
        ),
        run(2, true, 90, &[("fmt", PASSED, 0, true), ("test", PASSED, 60, false)]),
        run(
            3,
            false,
            20,
            &[("fmt", failed(), 20, false), ("test", Outcome::Cancelled, 0, false)],
        ),
    ];
    let told = |up_to: Option<u64>| -> Vec<String> {
        let trends = trends(&journals(&runs).runs, up_to);
        let points = |trend: &crate::timeline::Trend| {
            let points = trend.points.iter().map(|point| {
                let took = point.took.as_millis();
                format!(" {}:{took} {}/{}/{}", point.run, point.ran, point.failed, point.cached)
            });
            points.collect::<String>()
        };
        trends
            .iter()
            .map(|trend| format!("{}{}", trend.check, points(trend)))
            .collect()
    };
    let all = ["fmt 1:10 1/0/0 2:0 0/0/1 3:20 1/1/0", "test 1:80 1/1/0 2:60 1/0/0"];
    assert_eq!(told(None), all);
    assert_eq!(told(Some(1)), ["fmt 1:10 1/0/0", "test 1:80 1/1/0"]);
}

/// The page shows its own run beside those before it, so both have to count alike.
#[test]
fn a_run_that_is_drawn_counts_as_it_will_be_recorded() {
    let tasks = [
        ("fmt", PASSED, 10, false),
        ("test", exit(1, None), 80, false),
        ("doc", PASSED, 0, true),
        ("deny", Outcome::Cancelled, 0, false),
    ];
    let run = run(7, false, 90, &tasks);
    let mut gatherer = crate::timeline::Gatherer::default();
    run.events.iter().for_each(|event| gatherer.hear(event));
    let drawn = gatherer.timeline().points();
    let recorded = trends(&journals(&[run]).runs, None);
    assert_eq!(drawn.len(), recorded.len());
    for ((check, point), trend) in drawn.iter().zip(&recorded) {
        assert_eq!(
            (check, crate::timeline::Point { run: 7, ..*point }),
            (&trend.check, trend.points[0])
        );
    }
}
