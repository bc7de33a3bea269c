use std::io;

use indicatif::TermLike;
use proptest::prelude::*;

use super::super::fixtures::*;
use super::*;
use crate::event::{Outcome, RunStats, StopReason};

fn options(width: usize, height: usize) -> ProgressOptions {
    ProgressOptions {
        target: ProgressTarget::Hidden,
        colour: Colour::Strip,
        width,
        height,
    }
}

fn start(millis: u64, id: u32, check: &str) -> Event {
    at(
        millis,
        EventKind::TaskStarted {
            task: Arc::new(head(id, check, "")),
        },
    )
}

fn said(id: u32, line: &str) -> Event {
    at(
        1,
        EventKind::TaskSaid {
            task: TaskId(id),
            line: line.to_owned(),
        },
    )
}

fn after(events: &[Event]) -> Running {
    let mut running = Running::default();
    for event in events {
        running.note(event);
    }
    running
}

fn shown(running: &Running, millis: u64, options: ProgressOptions) -> String {
    running
        .draw(Duration::from_millis(millis), options)
        .lines()
        .flat_map(|line| ["|", line, "\n"])
        .collect()
}

#[test]
fn what_runs_is_shown_and_the_rest_counted() {
    let mut running = after(&[
        started(&["x"; 6], &[]),
        start(0, 0, "clippy"),
        start(500, 1, "a-check-with-a-rather-long-name"),
        start(900, 2, "test"),
        start(950, 3, "doc"),
        said(0, "Compiling\x1b[2K serde v1.0.229"),
        said(0, "  "),
        said(2, "running 100 tests, of which this one has a name that is long"),
        said(9, "nobody runs this"),
    ]);
    insta::assert_snapshot!(shown(&running, 12_000, options(80, 24)), @r"
|     Running [00:00:12] 0/6, 4 running
|             [00:00:12] clippy  Compiling serde v1.0.229
|             [00:00:11] a-check-with-a-rather-long-name
|             [00:00:11] test  running 100 tests, of which this one has a name …
|             [00:00:11] doc
");
    insta::assert_snapshot!(shown(&running, 12_000, options(40, 6)), @r"
|     Running [00:00:12] 0/6, 4 running
|  [00:00:12] clippy  Compiling serde v…
|  [00:00:11] a-check-with-a-rather-lon…
|  … and 2 more
");
    running.note(&finished(13_000, task(head(0, "clippy", ""), exit(1, None), 13_000)));
    running.note(&finished(13_000, task(head(2, "test", ""), Outcome::Passed, 12_000)));
    running.note(&at(
        13_000,
        EventKind::StopBegan {
            reason: StopReason::Interrupted,
        },
    ));
    insta::assert_snapshot!(shown(&running, 3_723_000, options(80, 24)), @r"
|    Stopping [01:02:03] 2/6, 1 failed, 2 running
|             [01:02:02] a-check-with-a-rather-long-name
|             [01:02:02] doc
");
}

/// Keeps the lines that a terminal would show; good enough for a view that only ever clears what it has drawn.
#[derive(Clone, Debug, Default)]
struct Screen(Arc<Mutex<(Vec<String>, usize)>>);

impl Screen {
    fn text(&self) -> String {
        self.0.lock().unwrap().0.join("\n").trim_end().to_owned()
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        80
    }
    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        let mut screen = self.0.lock().unwrap();
        screen.1 = screen.1.saturating_sub(n);
        Ok(())
    }
    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.lock().unwrap().1 += n;
        Ok(())
    }
    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)?;
        self.move_cursor_down(1)
    }
    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut screen = self.0.lock().unwrap();
        let row = screen.1;
        if screen.0.len() <= row {
            screen.0.resize(row + 1, String::new());
        }
        screen.0[row].push_str(text);
        Ok(())
    }
    fn clear_line(&self) -> io::Result<()> {
        let mut screen = self.0.lock().unwrap();
        let row = screen.1;
        if let Some(line) = screen.0.get_mut(row) {
            line.clear();
        }
        Ok(())
    }
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

fn on(screen: &Screen) -> ProgressView {
    ProgressView::on(ProgressDrawTarget::term_like(Box::new(screen.clone())), options(80, 24))
}

#[test]
fn results_stand_alone_while_they_are_written() {
    let screen = Screen::default();
    let view = on(&screen);
    view.on_event(&started(&["x"], &[]));
    view.on_event(&start(0, 0, "clippy"));
    view.bar.force_draw();
    assert!(screen.text().contains("0/1, 1 running"), "{}", screen.text());
    assert!(screen.text().contains("clippy"), "{}", screen.text());
    assert_eq!(view.suspend(|| screen.text()), "");
    assert!(screen.text().contains("clippy"));
    view.on_event(&ended(1, RunStats::default()));
    assert_eq!(screen.text(), "");
    assert_eq!(view.suspend(|| 7), 7);
    assert_eq!(screen.text(), "");
}

#[test]
fn a_task_that_waits_for_another_cargo_is_shown_so_and_its_own_time_stands() {
    let head = || Arc::new(head(0, "clippy", ""));
    let mut running = after(&[started(&["x"], &[]), start(0, 0, "clippy"), said(0, "Blocking waiting")]);
    running.note(&at(
        5000,
        EventKind::TaskWaits {
            task: head(),
            lock: "build directory".to_owned(),
            waited: Duration::from_secs(2),
        },
    ));
    insta::assert_snapshot!(shown(&running, 12_000, options(80, 24)), @"
|     Running [00:00:12] 0/1, 1 running
|             [00:00:03] clippy  waits [00:00:09] another cargo holds the build…
");
    running.note(&at(
        13_000,
        EventKind::TaskGoesOn {
            task: head(),
            waited: Duration::from_secs(10),
        },
    ));
    running.note(&said(0, "Compiling alpha"));
    insta::assert_snapshot!(shown(&running, 14_000, options(80, 24)), @"
|     Running [00:00:14] 0/1, 1 running
|             [00:00:04] clippy  Compiling alpha
");
}

#[test]
fn a_view_that_is_dropped_leaves_nothing() {
    let screen = Screen::default();
    let view = on(&screen);
    view.on_event(&started(&["x"], &[]));
    view.on_event(&start(0, 0, "clippy"));
    view.bar.force_draw();
    assert_ne!(screen.text(), "");
    drop(view);
    assert_eq!(screen.text(), "");
}

#[test]
fn a_hidden_view_runs_what_it_is_given() {
    let view = ProgressView::new(options(80, 24));
    view.on_event(&started(&["x"], &[]));
    assert_eq!(view.suspend(|| 7), 7);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_view_never_leaves_its_place(events in any_events(), width in 24..200_usize, height in 0..50_usize) {
        let text = after(&events).draw(Duration::from_secs(1), options(width, height));
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        prop_assert!(text.lines().count() <= height.max(LEAST_ROWS + OTHER_LINES) - 2);
        prop_assert!(text.lines().all(|line| columns(line) <= width), "{text}");
    }
}
