//! What waits for what.

use insta::assert_snapshot;

use super::{Setting, configured, needs, setting};
use crate::plan::{Diff, Task};
use crate::workspace::fixture;

fn waves(setting: &Setting) -> String {
    let plan = setting.plan();
    let wave = |wave: &Vec<_>| -> String {
        let labels: Vec<_> = wave.iter().map(|id| plan.task(*id).head.label()).collect();
        labels.join(", ")
    };
    let waves: Vec<_> = plan.waves().iter().map(wave).collect();
    waves.join(" | ")
}

#[test]
fn a_crate_waits_only_for_itself() {
    let checks = "x = \"tool {package}\"\ny = { run = \"tool {package}\", depends-on = [\"x\"] }";
    assert_snapshot!(needs(&setting("a; b", checks)), @"
    x a
    x b
    y a <- x a
    y b <- x b
    ");
}

#[test]
fn anything_else_waits_for_all() {
    let checks = "x = \"tool {package}\"\ny = { run = \"tool {packages}\", depends-on = [\"x\"] }\n\
                  z = { run = \"tool {package}\", after = [\"y\"] }\nw = { run = \"tool\", depends-on = [\"z\", \"x\"] }";
    assert_snapshot!(needs(&setting("a; b", checks)), @"
    x a
    x b
    y <- x a, x b
    z a <- (y)
    z b <- (y)
    w <- x a, x b, z a, z b
    ");
}

#[test]
fn a_check_may_wait_for_one_that_stands_below_it() {
    let checks = "x = { run = \"tool\", depends-on = [\"y\"] }\ny = \"tool\"";
    assert_snapshot!(needs(&setting("a", checks)), @"
    x <- y
    y
    ");
    assert_eq!(waves(&setting("a", checks)), "y | x");
}

#[test]
fn what_must_have_passed_wins_over_what_must_have_ended() {
    let checks = "x = \"tool\"\ny = { run = \"tool\", depends-on = [\"x\"], after = [\"x\"] }";
    assert_snapshot!(needs(&setting("a", checks)), @"
    x
    y <- x
    ");
}

#[test]
fn what_does_not_run_is_not_waited_for() {
    let checks = "x = \"tool\"\ny = { run = \"tool {package}\", depends-on = [\"x\"] }";
    assert_snapshot!(needs(&setting("a; b", checks).asked("-p a")), @"y a");
    assert_snapshot!(needs(&setting("a; b", checks).asked("--skip x")), @"
    y a
    y b
    ");
}

#[test]
fn a_package_waits_for_what_its_own_version_names() {
    let checks = "x = \"tool {package}\"\ny = \"tool {package}\"";
    let own = ("b", "y = { depends-on = [\"x\"] }");
    assert_snapshot!(needs(&configured(fixture("a; b"), checks, &[own])), @"
    x a
    x b
    y a
    y b <- x b
    ");
    let own = ("b", "y = { run = \"tool --slow {packages}\", depends-on = [\"x\"] }");
    let together = "x = \"tool\"\ny = \"tool {packages}\"";
    assert_snapshot!(needs(&configured(fixture("a; b; c"), together, &[own])), @"
    x
    y 2 crates
    y b <- x
    ");
}

#[test]
fn repairs_run_one_by_one_before_everything_else() {
    // What compiles comes first; what formats has the last word.
    let checks = "fmt = { run = \"tool\", fix = \"tool --write\" }\nlint = { run = \"tool {package}\", fix = \"cargo clippy --fix {package}\" }\n\
                  test = { run = \"tool\", depends-on = [\"lint\"] }";
    let setting = setting("a; b", checks).fixing();
    assert_snapshot!(needs(&setting), @"
    lint a, fix
    lint b, fix <- (lint a, fix)
    fmt fix <- (lint b, fix)
    fmt <- (fmt fix)
    lint a <- (fmt fix)
    lint b <- (fmt fix)
    test <- (fmt fix), lint a, lint b
    ");
    assert_eq!(
        waves(&setting),
        "lint a, fix | lint b, fix | fmt fix | fmt, lint a, lint b | test"
    );
}

#[test]
fn fixers_that_print_diffs_look_at_the_files_together_and_what_they_print_is_applied_one_by_one() {
    let checks = "a = { run = \"tool\", fix = \"tool -a\" }\nb = { run = \"tool\", fix = \"tool -b\", diff = true }\n\
                  c = { run = \"tool\", fix = \"tool -c\", diff = true }\nd = { run = \"tool\", fix = \"tool -d\" }";
    let setting = setting("x", checks).fixing();
    assert_snapshot!(needs(&setting), @"
    a fix
    b diff <- (a fix)
    c diff <- (a fix)
    b fix <- (b diff), (c diff)
    c fix <- (c diff), (b fix)
    d fix <- (c fix)
    a <- (d fix)
    b <- (d fix)
    c <- (d fix)
    d <- (d fix)
    ");
    let applies = |task: &Task| match task.handling.diff {
        Diff::Applies { printed_by, .. } => Some((task.head.label(), printed_by)),
        Diff::No | Diff::Prints => None,
    };
    let plan = setting.plan();
    let applied: Vec<_> = plan.tasks().filter_map(applies).collect();
    let printed = |place: usize| plan.task(applied[place].1).head.label();
    assert_eq!((applied[0].0.as_str(), printed(0).as_str()), ("b fix", "b diff"));
    assert_eq!((applied[1].0.as_str(), printed(1).as_str()), ("c fix", "c diff"));
}

#[test]
fn a_wave_is_the_longest_way_to_a_task() {
    let checks = "a = \"tool\"\nb = { run = \"tool\", depends-on = [\"a\"] }\nc = { run = \"tool\", after = [\"b\"] }\n\
                  d = { run = \"tool\", depends-on = [\"a\"], after = [\"c\"] }\ne = { run = \"tool\", depends-on = [\"a\"] }\nf = \"tool\"";
    assert_eq!(waves(&setting("x", checks)), "a, f | b, e | c | d");
    assert_eq!(waves(&setting("x", checks).asked("f")), "f");
    assert_eq!(waves(&setting("x", checks).asked("f --skip f")), "");
}

#[test]
fn a_reporter_is_told_what_is_about_to_happen() {
    let checks = "x = \"tool {package}\"\ny = { run = \"tool {packages}\", depends-on = [\"x\"] }\nz = { run = \"absent\", on-missing = \"skip\" }";
    let started = setting("a; b; c", checks).asked("--exclude c").plan().started();
    let names: Vec<_> = started.checks.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["x", "y"]);
    assert_eq!(
        (started.crates, started.tasks, started.waves, started.slots),
        (2, 3, 2, 4)
    );
    assert_eq!(started.left_out.len(), 1);
}
