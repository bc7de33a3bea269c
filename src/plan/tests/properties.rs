//! What must hold for every workspace, configuration and request.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use proptest::prelude::*;

use super::{Setting, judges, setting};
use crate::plan::PlanError;

const COMMANDS: [&str; 5] = [
    "tool",
    "tool {package}",
    "cargo clippy {packages}",
    "tool {files}",
    "rustfmt {edition} {roots}",
];

/// Some crates that depend on such as come before them.
fn crates() -> impl Strategy<Value = String> {
    let edges = prop::collection::vec((0..6_usize, 0..6_usize), 0..10);
    (1..6_usize, edges).prop_map(|(count, edges)| {
        let mut text: String = (0..count).map(|index| format!("c{index}; ")).collect();
        for (from, to) in edges.into_iter().map(|(from, to)| (from % count, to % count)) {
            if from > to {
                write!(text, "c{from} -> c{to}; ").unwrap();
            }
        }
        text
    })
}

/// Which checks a check waits for, and whether they must have passed.
type Waits = Vec<(usize, bool)>;

/// Some checks that wait for such as come before them, in an order of their own.
fn checks() -> impl Strategy<Value = String> {
    let check = (
        0..COMMANDS.len(),
        any::<bool>(),
        prop::collection::vec((0..6_usize, any::<bool>()), 0..3),
    );
    prop::collection::vec(check, 1..6)
        .prop_flat_map(|checks| {
            let text = |(index, (command, fix, waits)): (usize, (usize, bool, Waits))| {
                let names = |wanted: bool| -> String {
                    let waits = waits.iter().filter(|(other, hard)| *other < index && *hard == wanted);
                    let waits: BTreeSet<_> = waits.map(|(other, _)| format!("\"x{other}\"")).collect();
                    waits.into_iter().collect::<Vec<_>>().join(", ")
                };
                let command = COMMANDS[command];
                let fix = if fix {
                    format!(", fix = \"{command}\"")
                } else {
                    String::new()
                };
                let (hard, soft) = (names(true), names(false));
                format!("x{index} = {{ run = \"{command}\"{fix}, depends-on = [{hard}], after = [{soft}] }}\n")
            };
            Just(checks.into_iter().enumerate().map(text).collect::<Vec<_>>()).prop_shuffle()
        })
        .prop_map(|lines| lines.concat())
}

fn asked() -> impl Strategy<Value = Setting> {
    let selection = prop::sample::select(vec![
        "",
        "-p c0",
        "--exclude c0",
        "-p c*",
        "x0",
        "--skip x0",
        "x0 -p c0",
    ]);
    (crates(), checks(), selection, any::<bool>()).prop_map(|(crates, checks, words, fix)| {
        let files = "README.md c0/a.rs c0/b.rs c1/a.rs c5/a.rs";
        let setting = setting(&crates, &checks)
            .with_files(files)
            .with_tools("rustfmt")
            .asked(words);
        if fix { setting.fixing() } else { setting }
    })
}

proptest! {
    #[test]
    fn waves_are_topological(setting in asked()) {
        let plan = setting.plan();
        let waves = plan.waves();
        let wave_of: BTreeMap<_, _> = (0_usize..).zip(waves).flat_map(|(wave, tasks)| tasks.iter().map(move |task| (*task, wave))).collect();
        prop_assert_eq!(wave_of.len(), plan.tasks().len());
        prop_assert_eq!(waves.iter().map(Vec::len).sum::<usize>(), plan.tasks().len());
        prop_assert!(waves.iter().all(|wave| !wave.is_empty()));
        for (place, task) in plan.tasks().enumerate() {
            let id = task.head.id;
            prop_assert_eq!(id.index(), place);
            let deepest = plan.needs_of(id).iter().map(|(needed, _)| wave_of[needed] + 1).max();
            prop_assert_eq!(wave_of[&id], deepest.unwrap_or(0), "a wave is the longest way");
            for (needed, need) in plan.needs_of(id) {
                prop_assert!(plan.needed_by(needed).contains(&(id, need)));
            }
        }
    }

    #[test]
    fn every_crate_has_one_task_where_each_has_its_own(setting in asked()) {
        let plan = setting.plan();
        let words = &setting.request.crates;
        let names = setting.workspace.crates().iter().map(|krate| krate.name.to_string());
        let selected: BTreeSet<_> = names
            .filter(|name| words.include.is_empty() || words.include[0] == "c*" || words.include[0] == *name)
            .filter(|name| !words.exclude.contains(name))
            .collect();
        let runs = |check: &crate::config::Check| judges(&plan).any(|task| task.head.check == check.name);
        for check in setting.config.checks.iter().filter(|check| runs(check)) {
            let tasks: Vec<_> = judges(&plan).filter(|task| task.head.check == check.name).collect();
            let of = |name: &str| tasks.iter().filter(|task| task.crates.iter().any(|krate| krate.as_str() == name)).count();
            let definition = &check.variants[0].definition;
            match definition.scope {
                crate::config::Scope::Package => {
                    prop_assert_eq!(tasks.len(), selected.len());
                    prop_assert!(selected.iter().all(|name| of(name) == 1));
                }
                crate::config::Scope::Packages => {
                    prop_assert_eq!(tasks.len(), 1);
                    prop_assert!(selected.iter().all(|name| of(name) == 1));
                }
                crate::config::Scope::Workspace | crate::config::Scope::Files => {
                    prop_assert_eq!(tasks.len(), 1);
                    prop_assert!(tasks[0].crates.is_empty());
                }
            }
        }
        // What is said to be left out has no task, and the other way round.
        for left_out in &plan.left_out {
            prop_assert!(plan.tasks().all(|task| task.head.check != left_out.check));
        }
    }

    #[test]
    fn every_file_is_in_one_command_that_is_not_too_long(
        names in prop::collection::btree_set("[-a-z ]{1,12}(/[-a-z]{1,9})?", 0..40),
        limit in 40..300_usize,
    ) {
        let mut setting = setting("a", "x = \"tool --flag {files} --end\"");
        setting.facts.files = names.iter().map(PathBuf::from).collect();
        setting.facts.argument_bytes = limit;
        let bytes = |words: &mut dyn Iterator<Item = usize>| words.map(|length| length + 1 + size_of::<usize>()).sum::<usize>();
        match setting.try_plan() {
            Err(PlanError::ArgumentTooLong { bytes, limit, .. }) => prop_assert!(bytes > limit),
            Err(error) => prop_assert!(false, "{error}"),
            Ok(plan) => {
                let mut seen = Vec::new();
                for task in plan.tasks() {
                    let args = &task.command.args;
                    prop_assert!("tool".len() + bytes(&mut args.iter().map(|arg| arg.len())) <= limit);
                    let [flag, files @ .., end] = args.as_slice() else { panic!() };
                    prop_assert_eq!((flag.to_str(), end.to_str()), (Some("--flag"), Some("--end")));
                    prop_assert!(files.iter().all(|file| !file.to_str().unwrap().starts_with('-')));
                    seen.extend(files.iter().map(|file| file.to_str().unwrap().trim_start_matches("./").to_owned()));
                }
                prop_assert_eq!(seen, names.into_iter().collect::<Vec<_>>());
            }
        }
    }
}
