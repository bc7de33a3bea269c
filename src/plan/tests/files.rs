//! Which tasks may touch files at the same time.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{Setting, needs, setting, tasks};
use crate::plan::{Access, CargoOption, Diff, Plan, Resource, Task};

/// What each task uses of the files.
fn uses(plan: &Plan) -> String {
    let name = |(resource, access): &(Resource, Access)| {
        let name = match resource {
            Resource::Tree => "all".to_owned(),
            Resource::Files(class) => class.to_string(),
            _ => return None,
        };
        Some(match access {
            Access::Exclusive => format!("{name}!"),
            Access::Shared => name,
        })
    };
    let line = |task: &Task| {
        let names: Vec<_> = task.resources.iter().filter_map(name).collect();
        format!("{}: {}\n", task.head.label(), names.join(" "))
    };
    plan.tasks().map(line).collect()
}

#[test]
fn where_nothing_writes_there_is_one_lock() {
    let checks = "x = { run = \"tool {files}\", fix = \"tool -w {files}\" }\ny = \"tool\"";
    let setting = setting("a", checks).with_files("a/x.rs b.md");
    assert_snapshot!(uses(&setting.plan()), @"
    x: all
    y: all
    ");
}

#[test]
fn what_prints_a_diff_shares_its_files_and_what_applies_it_has_them_alone() {
    let checks = r#"
        md = { run = "tool {files}", fix = "tool -d {files}", diff = true, files = ["*.md"] }
        each = { run = "tool {package}", fix = "tool -d {package}", diff = true }"#;
    let setting = setting("a", checks).with_files("a.md a/x.rs").fixing();
    let plan = setting.plan();
    assert_snapshot!(uses(&plan), @"
    md diff: all 0
    each a, diff: all 0 1
    md fix: all 0!
    each a, fix: all 1!
    md: all 0
    each a: all 0 1
    ");
    let reach = |task: &Task| match &task.handling.diff {
        Diff::Applies { only, .. } => only.clone(),
        Diff::No | Diff::Prints => None,
    };
    let reaches: Vec<_> = plan.tasks().filter_map(reach).collect();
    assert_eq!(reaches, [vec![PathBuf::from("a.md")], vec![PathBuf::from("a")]]);
}

#[test]
fn repairs_of_other_files_run_at_the_same_time_and_judges_wait_for_those_of_their_own() {
    let checks = r#"
        md = { run = "tool {files}", fix = "tool -w {files}", files = ["*.md"] }
        toml = { run = "tool {files}", fix = "tool -w {files}", files = ["*.toml"] }
        words = { run = "tool {files}", fix = "tool -w {files}", files = ["*.md", "*.txt"] }
        all = "tool""#;
    let setting = setting("a", checks).with_files("a.md b.md c.toml d.txt e.rs").fixing();
    assert_snapshot!(uses(&setting.plan()), @"
    md fix: all 0!
    toml fix: all 1!
    words fix: all 0! 2!
    md: all 0
    toml: all 1
    words: all 0 2
    all: all 0 1 2
    ");
    assert_snapshot!(needs(&setting), @"
    md fix
    toml fix
    words fix <- (md fix)
    md <- (words fix)
    toml <- (toml fix)
    words <- (words fix)
    all <- (toml fix), (words fix)
    ");
}

#[test]
fn a_repair_of_a_crate_writes_its_directory_and_what_lies_in_it() {
    let checks = r#"
        x = { run = "tool {package}", fix = "tool -w {package-dir}" }
        y = { run = "tool {files}", fix = "tool -w {files}", files = ["b/*"] }"#;
    let setting = setting("a; b; a/c", checks)
        .with_files("a/x.rs a/c/x.rs b/x.rs root.md")
        .fixing();
    assert_snapshot!(needs(&setting), @"
    x a, fix
    x a/c, fix <- (x a, fix)
    x b, fix
    y fix <- (x b, fix)
    x a <- (x a, fix), (x a/c, fix), (x b, fix), (y fix)
    x a/c <- (x a, fix), (x a/c, fix), (x b, fix), (y fix)
    x b <- (x a, fix), (x a/c, fix), (x b, fix), (y fix)
    y <- (y fix)
    ");
}

#[test]
fn what_calls_cargo_may_read_anything_and_what_names_no_files_may_write_anything() {
    let checks = r#"
        fmt = { run = "tool", fix = "cargo fmt -p {package}", scope = "package" }
        x = { run = "tool {files}", fix = "tool -w", files = ["*.md"] }"#;
    let setting = setting("a; b", checks).with_files("a.md").fixing();
    assert_snapshot!(uses(&setting.plan()), @"
    fmt a, fix: all!
    fmt b, fix: all!
    x fix: all!
    fmt a: all
    fmt b: all
    x: all
    ");
}

#[test]
fn a_generator_leaves_others_alone_that_look_at_other_files() {
    let checks = r#"
        gen = { run = "tool", generates = true, files = ["*.gen"] }
        more = { run = "tool", generates = true, files = ["*.more"] }
        any = { run = "tool", generates = true }
        md = { run = "tool {files}", files = ["*.md"], inputs = ["list.gen"] }
        txt = { run = "tool {files}", files = ["*.txt"] }"#;
    let files = "a.md b.gen list.gen c.txt d.more";
    assert_snapshot!(uses(&setting("a", checks).with_files(files).plan()), @"
    gen: all 0! 1! 2
    more: all 0 1 2!
    any: all!
    md: all 1
    txt: all
    ");
}

#[test]
fn too_many_classes_are_one() {
    let check = |number: usize| {
        format!("x{number} = {{ run = \"tool {{files}}\", fix = \"tool {{files}}\", files = [\"f{number}\"] }}\n")
    };
    let files = |count: usize| (0..count).map(|number| format!("f{number} ")).collect::<String>();
    let classes = |count: usize| {
        let checks: String = (0..count).map(check).collect();
        let plan = setting("a", &checks).with_files(&files(count)).fixing().plan();
        let resources = plan.tasks().flat_map(|task| task.resources.clone());
        let classes = resources.filter(|(resource, _)| matches!(resource, Resource::Files(_)));
        classes.map(|(resource, _)| resource).collect::<BTreeSet<_>>().len()
    };
    assert_eq!(classes(20), 20);
    assert_eq!(classes(300), 1);
}

const FILES: [&str; 8] = [
    "README.md",
    "c0/a.rs",
    "c0/b.rs",
    "c0/c.toml",
    "c0/c2/a.rs",
    "c1/a.rs",
    "c1/b.md",
    "z.toml",
];
const COMMANDS: [&str; 4] = ["tool {files}", "tool {package-dir}", "cargo x {files}", "tool"];
const PATTERNS: [&str; 5] = ["*.rs", "*.md", "*.toml", "c0/*", "c1/**"];

/// Some checks that write some files.
fn checks() -> impl Strategy<Value = Setting> {
    let check = (
        0..COMMANDS.len(),
        prop::option::of(0..COMMANDS.len()),
        prop::sample::subsequence(PATTERNS.to_vec(), 1..3),
        any::<bool>(),
    );
    (prop::collection::vec(check, 1..6), any::<bool>(), 60..200_usize).prop_map(|(checks, fix, bytes)| {
        let mut text = String::new();
        for (place, (run, repair, patterns, generates)) in checks.into_iter().enumerate() {
            let run = COMMANDS[run];
            // A command of files goes with one of files only.
            let repair = repair.map(|repair| COMMANDS[repair]);
            let repair = repair.filter(|repair| run.contains("{files}") == repair.contains("{files}"));
            let repair = repair.filter(|repair| run.contains("{package") == repair.contains("{package"));
            let repair = repair.map(|repair| format!(", fix = \"{repair}\"")).unwrap_or_default();
            writeln!(
                text,
                "x{place} = {{ run = \"{run}\"{repair}, files = {patterns:?}, generates = {generates} }}"
            )
            .unwrap();
        }
        let mut setting = setting("c0; c1; c0/c2", &text).with_files(&FILES.join(" "));
        setting.facts.argument_bytes = bytes;
        if fix { setting.fixing() } else { setting }
    })
}

/// The files that a task is given by name, or by the directory that they lie in; all where neither is so.
fn told(task: &Task) -> BTreeSet<&'static str> {
    let words: Vec<&str> = task.command.args.iter().map(|arg| arg.to_str().unwrap()).collect();
    let is_cargo = task.command.program.name == "cargo";
    if is_cargo || words.is_empty() {
        return FILES.into();
    }
    let of = |word: &str| {
        let dir = word.strip_prefix("/ws/").map(|dir| format!("{dir}/"));
        let word = word.to_owned();
        FILES
            .into_iter()
            .filter(move |file| *file == word || dir.as_ref().is_some_and(|dir| file.starts_with(dir.as_str())))
    };
    words.into_iter().flat_map(of).collect()
}

/// Whether two tasks can never hold their locks at the same time.
fn exclude_each_other(one: &Task, other: &Task) -> bool {
    one.resources.iter().any(|(resource, access)| {
        let same = other.resources.iter().filter(|(theirs, _)| theirs == resource);
        same.into_iter()
            .any(|(_, theirs)| (*access, *theirs) != (Access::Shared, Access::Shared))
    })
}

proptest! {
    #[test]
    fn whoever_writes_a_file_is_alone_with_it(setting in checks()) {
        let plan = setting.plan();
        let writes = |task: &Task| -> BTreeSet<&str> {
            match task.role {
                crate::plan::Role::Repair => told(task),
                _ => task.unchanged.as_ref().map(|filter| {
                    let matches = filter.matcher();
                    FILES.into_iter().filter(|file| matches(file.as_ref())).collect()
                }).unwrap_or_default(),
            }
        };
        // What judges a crate or generates may look at others.
        let reads = |task: &Task| match task.role {
            crate::plan::Role::Repair => told(task),
            _ if task.unchanged.is_some() || !task.crates.is_empty() => FILES.into(),
            _ => told(task),
        };
        let tasks: Vec<_> = plan.tasks().collect();
        for (place, one) in tasks.iter().enumerate() {
            for other in &tasks[..place] {
                let one_uses: BTreeSet<_> = reads(one).union(&writes(one)).copied().collect();
                let other_uses: BTreeSet<_> = reads(other).union(&writes(other)).copied().collect();
                let must = !writes(one).is_disjoint(&other_uses) || !writes(other).is_disjoint(&one_uses);
                let apart = exclude_each_other(one, other);
                prop_assert!(apart || !must, "{:?} beside {:?}", one.head.label(), other.head.label());
                // Both only use what they are told of: nothing keeps them apart that need not.
                let exact = one_uses.len() < FILES.len() && other_uses.len() < FILES.len();
                prop_assert!(must || !apart || !exact, "{:?} not beside {:?}", one.head.label(), other.head.label());
            }
        }
    }

    #[test]
    fn nothing_is_judged_before_its_files_are_repaired(setting in checks()) {
        let plan = setting.plan();
        let of_role = |repairs: bool| plan.tasks().filter(move |task| (task.role == crate::plan::Role::Repair) == repairs);
        let waits = |task: &Task| {
            let mut known = BTreeSet::new();
            let mut open = vec![task.head.id];
            while let Some(id) = open.pop() {
                open.extend(plan.needs_of(id).into_iter().map(|(needed, _)| needed).filter(|needed| known.insert(*needed)));
            }
            known
        };
        for judge in of_role(false) {
            let before = waits(judge);
            for repair in of_role(true).filter(|repair| exclude_each_other(repair, judge)) {
                prop_assert!(before.contains(&repair.head.id));
            }
        }
        for repair in of_role(true) {
            let before = waits(repair);
            for earlier in of_role(true).filter(|earlier| earlier.head.id < repair.head.id) {
                prop_assert_eq!(exclude_each_other(earlier, repair), exclude_each_other(earlier, repair) && before.contains(&earlier.head.id));
            }
        }
    }
}

#[test]
fn a_filter_is_run_for_each_of_its_files() {
    let checks = "x = { run = \"tool {cargo-options} {file} --name={file},{file} -\", filter = true, files = [\"*.md\"], weight = 3, cwd = \"docs\" }\n\
                  y = { shell = \"tool --name={file} | tool\", filter = true, files = [\"*.md\"] }\n\
                  z = { run = \"tool\", filter = true, files = [\"*.md\"], weight = 99 }";
    let mut setting = setting("a", checks).with_files("a.md docs/-b.md x.txt").fixing();
    setting.request.cargo_options = vec![CargoOption::Locked, CargoOption::Offline];
    assert_snapshot!(tasks(&setting), @r#"
    x diff: tool --locked --offline {file} '--name={file},{file}' - in docs
    y diff: sh -c 'tool --name="$@" | tool' sh {file}
    z diff: tool
    x fix: tool --locked --offline {file} '--name={file},{file}' - in docs
    y fix: sh -c 'tool --name="$@" | tool' sh {file}
    z fix: tool
    x: tool --locked --offline {file} '--name={file},{file}' - in docs
    y: sh -c 'tool --name="$@" | tool' sh {file}
    z: tool
    "#);
    let plan = setting.plan();
    for task in plan.tasks() {
        let over = task.command.over.as_ref().unwrap();
        let places: Vec<_> = over.named_at.iter().map(|place| (place.argument, place.byte)).collect();
        let files: Vec<_> = over.files.iter().map(|file| file.to_str().unwrap()).collect();
        let (expected, names, at_a_time) = match task.head.check.as_str() {
            "x" => (&[(2, 0), (3, 7), (3, 14)][..], ["/ws/a.md", "./-b.md"], 3),
            "y" => (&[(3, 0)][..], ["a.md", "docs/-b.md"], 1),
            _ => (&[][..], ["a.md", "docs/-b.md"], 4),
        };
        assert_eq!(
            (places.as_slice(), files.as_slice(), over.at_a_time),
            (expected, &names[..], at_a_time)
        );
        assert_eq!(over.root, Path::new("/ws"));
        if let Diff::Applies { only, .. } = &task.handling.diff {
            assert_eq!(only.as_deref(), Some(&["a.md".into(), "docs/-b.md".into()][..]));
        }
    }
}
