//! What to do about a bad figure.

use super::figures::Figures;
use crate::model::CheckName;

/// Below so many runs with something to do, nothing is advised: figures are chance.
const ENOUGH_RUNS: u64 = 5;
/// Below so many tasks, nothing is said of how often they were cached.
const ENOUGH_TASKS: u64 = 50;
/// A hit rate below this is worth a look.
const LOW_HIT_RATE: f64 = 0.1;
/// Slots that are used less than this are idle.
const LOW_UTILISATION: f64 = 0.5;
/// Waiting for others for more than this share of the time is worth doing something about.
const MUCH_WAITING: f64 = 0.1;
/// What passes only when tried again more often than this is flaky.
const FLAKY: f64 = 0.02;

/// What to do about a bad figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// What it is about, in one word: `dominant`, `idle`, `locks`, `cache`, `flaky`, `quarantined`.
    pub about: &'static str,
    /// The check, where it is about one.
    pub check: Option<CheckName>,
    /// What is the matter, and what helps.
    pub text: String,
}

/// What to do about the figures that are bad; nothing where none is, or too little is known.
#[must_use]
pub fn advice(figures: &Figures) -> Vec<Advice> {
    let mut all: Vec<Advice> = figures.checks.iter().filter_map(of_check).collect();
    if figures.runs < ENOUGH_RUNS {
        return all;
    }
    let of_runs = [bottleneck(figures), locks(figures), cache(figures)];
    all.extend(of_runs.into_iter().flatten());
    all
}

fn of_check(check: &super::CheckFigures) -> Option<Advice> {
    let name = &check.check;
    let (about, text) = if check.tally.is_quarantined() {
        let text = format!(
            "`{name}` fails in every run: repair it, or say `allow-failure = true` until somebody does, so that other failures \
             are seen"
        );
        ("quarantined", text)
    } else if check.tally.flaky_rate() > FLAKY {
        let text = format!(
            "`{name}` passes only when it is tried again in {} of its runs: what passes by chance hides what is wrong",
            percent(check.tally.flaky_rate())
        );
        ("flaky", text)
    } else {
        return None;
    };
    Some(Advice {
        about,
        check: Some(name.clone()),
        text,
    })
}

/// One task that everything waits for, or slots that nothing uses.
fn bottleneck(figures: &Figures) -> Option<Advice> {
    let is_idle = figures.utilisation() < LOW_UTILISATION && figures.slots > figures.elapsed;
    if !is_idle {
        return None;
    }
    let used = percent(figures.utilisation());
    let dominant = figures.dominant.as_ref();
    let (about, text) = match dominant.filter(|task| task.of >= ENOUGH_RUNS && task.runs * 2 > task.of) {
        Some(task) => {
            let text = format!(
                "`{}` takes more than half of the time of {} of {} runs, while the slots are used to {used}: with `{{package}}` \
                 in its command it becomes a task for each crate, and `--changed-only` gives it less to do",
                task.label, task.runs, task.of
            );
            ("dominant", text)
        }
        None => {
            let text = format!(
                "the slots are used to {used}: tasks wait for one another (`depends-on`), for a build directory or for a lock; \
                 `cargo hooks plan` shows what waits for what, and fewer slots (`max-parallel`) would do"
            );
            ("idle", text)
        }
    };
    Some(Advice {
        about,
        check: None,
        text,
    })
}

fn locks(figures: &Figures) -> Option<Advice> {
    let waiting = figures.waited.as_secs_f64();
    let all = waiting + figures.busy.as_secs_f64();
    (waiting > MUCH_WAITING * all).then(|| Advice {
        about: "locks",
        check: None,
        text: format!(
            "tasks wait for a cargo outside of the run for {} of their time: an editor that checks in a target directory of its \
             own (`rust-analyzer.cargo.targetDir = true`) holds up nobody",
            percent(waiting / all)
        ),
    })
}

fn cache(figures: &Figures) -> Option<Advice> {
    let is_low = figures.ran + figures.cached >= ENOUGH_TASKS && figures.hit_rate() < LOW_HIT_RATE;
    is_low.then(|| Advice {
        about: "cache",
        check: None,
        text: format!(
            "only {} of the tasks had passed before on the same content: `cargo hooks why CHECK` says what differs each time",
            percent(figures.hit_rate())
        ),
    })
}

/// A share in whole percents; what is little is not nothing.
fn percent(share: f64) -> String {
    match share * 100.0 {
        some if some > 0.0 && some < 1.0 => "less than 1 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}
