//! How well the schedule does, in virtual time: `cargo bench --bench simulation`. Prints the tables of docs/scheduler.md;
//! with `-- failures` and the like, some of them.

#![allow(missing_docs, reason = "a program")]
#![expect(
    clippy::disallowed_macros,
    reason = "a program for developers, which nobody pipes into another"
)]

mod lab;

use cargo_hooks::config::Order;
use lab::{Fails, Scene, Tasks, Trial, Way, exact_trials, first_failures, quantile, trials};

/// So many tasks are simulated to find a better schedule for a case.
const SEARCH: usize = 300_000;

/// So many orders are tried to see the first failure sooner.
const TRIES: u64 = 400;

/// What can be asked for: all of it, if nothing is. `more` takes the longest.
const SECTIONS: [(&str, fn()); 4] = [
    ("known", || makespans("known exactly", 0.0)),
    ("learned", || makespans("learned, a quarter off", 0.25)),
    ("more", more),
    ("failures", failures),
];

#[expect(
    clippy::disallowed_methods,
    reason = "a program for developers, which is told what to print"
)]
fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let any = SECTIONS.iter().any(|(name, _)| asked.iter().any(|asked| asked == name));
    for (name, print) in SECTIONS {
        if !any || asked.iter().any(|asked| asked == name) {
            print();
        }
    }
}

fn makespans(times: &str, error: f64) {
    let all = trials(&[10, 30, 100, 300, 1000, 3000, 10_000], 10, error, SEARCH);
    println!("\n### Times {times}\n");
    heading();
    let of = |which: fn(&&Trial) -> bool| all.iter().filter(which).cloned().collect::<Vec<_>>();
    rows("all", &all);
    rows(
        "no locks, no weights",
        &of(|trial| !trial.has_locks && !trial.has_weights),
    );
    rows("locks", &of(|trial| trial.has_locks && !trial.has_weights));
    rows("weights", &of(|trial| trial.has_weights));
    rows("5 to 8 tasks", &exact_trials(40, error));
    shapes(&all);
    worst(&all);
}

/// More cases, of up to 1,000 tasks.
fn more() {
    for error in [0.0, 0.25] {
        let more = trials(&[10, 30, 100, 300, 1000], 25, error, SEARCH);
        println!("\n### More cases, times {error} off\n");
        heading();
        rows("more", &more);
        worst(&more);
    }
}

fn heading() {
    println!("| cases | way | over the bound | over the refined bound | over the best known |");
    println!("|---|---|---|---|---|");
}

/// How far each way is above what is possible: the median, what 95 of 100 stay below, and the worst.
fn rows(name: &str, trials: &[Trial]) {
    type Makespan = fn(&Trial) -> f64;
    let ways: [(&str, Makespan); 5] = [
        ("`adaptive`", |trial| trial.adaptive),
        ("longest first", |trial| trial.longest_first),
        ("list order", |trial| trial.list),
        ("strict waves", |trial| trial.waves),
        ("best known", |trial| trial.best),
    ];
    for (way, makespan) in ways {
        let over = |bound: Makespan| {
            let ratios = || trials.iter().map(move |trial| makespan(trial) / bound(trial));
            let (median, high, worst) = (
                quantile(ratios(), 0.5),
                quantile(ratios(), 0.95),
                quantile(ratios(), 1.0),
            );
            format!("{median:.3} · {high:.3} · {worst:.3}")
        };
        let (simple, refined) = (over(|trial| trial.simple), over(|trial| trial.refined));
        let best = over(|trial| trial.best);
        println!("| {name} ({}) | {way} | {simple} | {refined} | {best} |", trials.len());
    }
}

fn shapes(trials: &[Trial]) {
    println!("\n| shape | over the bound: median · 95 % · worst |\n|---|---|");
    let mut names: Vec<&str> = trials.iter().map(|trial| trial.shape).collect();
    names.dedup();
    for name in names {
        let of_shape = trials.iter().filter(|trial| trial.shape == name);
        let ratios: Vec<f64> = of_shape.map(|trial| trial.adaptive / trial.simple).collect();
        let over = |share| quantile(ratios.iter().copied(), share);
        println!("| {name} | {:.3} · {:.3} · {:.3} |", over(0.5), over(0.95), over(1.0));
    }
}

fn worst(trials: &[Trial]) {
    let mut trials: Vec<&Trial> = trials.iter().collect();
    trials.sort_by(|a, b| (b.adaptive / b.simple).total_cmp(&(a.adaptive / a.simple)));
    println!(
        "\n| the worst | over the bound | over what is proven | over the best known | proven over the bound |\n\
         |---|---|---|---|---|"
    );
    for trial in trials.iter().take(8) {
        let Trial {
            shape, tasks, slots, ..
        } = trial;
        let extra = match (trial.has_weights, trial.has_locks) {
            (true, true) => ", weights, locks",
            (true, false) => ", weights",
            (false, true) => ", locks",
            (false, false) => "",
        };
        println!(
            "| {shape}, {tasks} tasks, {slots} slots{extra} | {:.3} | {:.3} | {:.3} | {:.3} |",
            trial.adaptive / trial.simple,
            trial.adaptive / trial.proven,
            trial.adaptive / trial.best,
            trial.proven / trial.simple,
        );
    }
}

/// Who sees the first failure how soon.
fn failures() {
    let ways = [
        Way::BuiltIn(Order::FastFirst),
        Way::BuiltIn(Order::Config),
        Way::BuiltIn(Order::CriticalPath),
        Way::BuiltIn(Order::LikelyFailure),
        Way::Best { tries: TRIES },
    ];
    println!("\n### Time to the first failure, fast-first = 1\n");
    println!(
        "| tasks | failures | runs known | `config` | `critical-path` | `likely-failure` | all known |\n\
         |---|---|---|---|---|---|---|"
    );
    for (name, tasks) in [
        ("no dependencies", Tasks::Independent),
        ("any graph", Tasks::AnyGraph),
        ("any graph of 4 to 6", Tasks::Few),
    ] {
        for fails in [Fails::Alone, Fails::OneARun] {
            for known in [10, 30, 100, 1000] {
                let scene = Scene { tasks, known, fails };
                let times = first_failures(scene, 300, 100, &ways);
                let how = if fails == Fails::Alone {
                    "each by itself"
                } else {
                    "one a run"
                };
                println!(
                    "| {name} | {how} | {known} | {:.2} | {:.2} | {:.2} | {:.2} |",
                    times[1], times[2], times[3], times[4]
                );
            }
        }
    }
}
