//! What tasks are compared with in other runs, and what that lets expect of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;

use super::{Setting, setting};
use crate::history::{End, Extent, History, Record, RunKey, Subject};
use crate::plan::Task;

const CHECKS: &str = r#"
fmt = { run = "tool --edition {edition} {roots}", fix = "tool --fix --edition {edition} {roots}" }
each = "tool {package}"
some = "tool {packages}"
all = "tool"
text = "tool {files}"
"#;

/// The tasks line by line: what makes each the same as another, and how much it does.
fn keys(setting: &Setting) -> String {
    let line = |task: &Task| {
        let subject = match &task.key.subject {
            Subject::Workspace => "workspace".to_owned(),
            Subject::Crate(name) => format!("crate {name}"),
            Subject::Crates => "crates".to_owned(),
            Subject::Files => "files".to_owned(),
        };
        let Extent { count, whole, names } = task.extent;
        let whole = if whole { " whole" } else { "" };
        let names = if names == 0 { "" } else { " by name" };
        let repairs = if task.key.repairs { " repairs" } else { "" };
        format!(
            "{} | {}{repairs} | {subject} | {count}{whole}{names}\n",
            task.key.check, task.key.part
        )
    };
    setting.plan().tasks().map(line).collect()
}

#[test]
fn a_task_is_known_by_what_stays_the_same() {
    let setting = setting("a; b; c", CHECKS).with_files("x.txt a/y.txt").fixing();
    assert_snapshot!(keys(&setting), @"
    fmt | edition 2024 repairs | crates | 3 whole
    fmt | edition 2024 | crates | 3 whole
    each |  | crate a | 1 whole
    each |  | crate b | 1 whole
    each |  | crate c | 1 whole
    some |  | crates | 3 whole
    all |  | workspace | 0 whole
    text |  | files | 2
    ");
    let narrowed = setting.asked("-p a -p c fmt each some text");
    assert_snapshot!(keys(&narrowed), @"
    fmt | edition 2024 repairs | crates | 2 by name
    fmt | edition 2024 | crates | 2 by name
    each |  | crate a | 1 whole
    each |  | crate c | 1 whole
    some |  | crates | 2 by name
    text |  | files | 1
    ");
}

#[test]
fn the_estimate_of_a_task_is_that_of_its_key() {
    let mut setting = setting("a; b", CHECKS);
    let task = |setting: &Setting, label: &str| {
        let plan = setting.plan();
        let found = plan.tasks().find(|task| task.head.label() == label).cloned();
        found.unwrap()
    };
    let known = task(&setting, "each b");
    let record = Record {
        run: RunKey { sequence: 1, id: 1 },
        task: 7,
        extent: known.extent,
        end: End::Passed,
        took: Duration::from_secs(3),
        attempts: 1,
        started: Duration::ZERO,
    };
    assert_eq!(known.estimate, None);
    setting.facts.history = Arc::new(History::new(BTreeMap::from([(known.key.clone(), vec![record])])));
    let expected = task(&setting, "each b").estimate.map(|known| known.expected);
    assert_eq!(expected, Some(Duration::from_secs(3)));
    assert_eq!(task(&setting, "each a").estimate, None);
    assert_eq!(task(&setting, "some").estimate, None);
}
