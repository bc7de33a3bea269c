//! From files before and after to the crates that are touched.

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::Affected;
use super::fixture::{Tree, changed, compare, crates, edits, files, lock, tree};
use crate::config::Kinds;
use crate::model::CrateName;
use crate::workspace::State;

/// What is touched, as text: `a(source rust files) b(source)`.
fn shown(affected: &Affected) -> String {
    let words = affected.crates().map(|krate| {
        let kinds: Vec<String> = krate.kinds.iter().map(|kind| kind.to_string()).collect();
        format!("{}({})", krate.name, kinds.join(" "))
    });
    words.collect::<Vec<_>>().join(" ")
}

fn check(crates: &str, edits: &str, expected: &str) {
    let before = tree(crates);
    let after = changed(&before, edits);
    assert_eq!(shown(&compare(&before, &after, "")), expected, "{crates}: {edits}");
}

const DEEP: &str = "a; b -> a; c -> b; d -> c(dev); e -> d";

#[test]
fn sources_reach_what_is_built_from_them_and_the_tests_of_what_only_tests_with_them() {
    check(
        DEEP,
        "a/src/lib.rs + x",
        "a(source rust files) b(source) c(source) d(dev-dependencies)",
    );
    check(DEEP, "c/src/lib.rs + x", "c(source rust files) d(dev-dependencies)");
    check(DEEP, "e/src/lib.rs + x", "e(source rust files)");
    check(
        "a; b -> a(build); c -> a(optional); d -> a(windows)",
        "a/x.proto = y",
        "a(source files) b(source) c(source) d(source)",
    );
    check(
        "a -> b(dev); b -> a(dev)",
        "a/src/lib.rs + x",
        "a(source rust files) b(dev-dependencies)",
    );
}

#[test]
fn tests_and_texts_stay_where_they_are() {
    check(DEEP, "a/tests/it.rs = x", "a(tests rust files)");
    check(DEEP, "a/benches/data.json = x", "a(tests files)");
    check(DEEP, "a/tests/cases/one.md = x", "a(tests files)");
    check(DEEP, "a/examples/README.md = x", "a(files)");
    check(DEEP, "a/README.md = x", "a(files)");
    check(DEEP, "README.md = x\ndocs/guide.rs = y", "");
    check(DEEP, "a/fuzz/Cargo.toml = [package]\na/fuzz/x.rs = y", "a(files)");
    check(
        DEEP,
        "a/tests/template/Cargo.toml = [package]\na/tests/template/x.rs = y",
        "a(tests rust files)",
    );
}

#[test]
fn a_build_script_that_does_not_tell_what_it_reads_may_read_any_file_of_its_package() {
    let check = |package: &str, edits: &str, expected: &str| {
        let mut before = tree("a; b -> a; c -> b(dev)");
        before.insert("a/build.rs".to_owned(), "fn main() {}\n".to_owned());
        before.insert(
            "a/fuzz/Cargo.toml".to_owned(),
            "[package]\nname = \"fuzz\"\n".to_owned(),
        );
        let manifest = before.get_mut("a/Cargo.toml").unwrap();
        manifest.push_str(package);
        let affected = compare(&before, &changed(&before, edits), "");
        assert_eq!(shown(&affected), expected, "{package}: {edits}");
    };
    let all = |kinds: &str| format!("a({kinds}) b(source) c(dev-dependencies)");
    check("", "a/README.md = x", &all("source files"));
    check("", "a/tests/it.rs = x", &all("source tests rust files"));
    check("", "a/Cargo.toml + # a comment", &all("source files"));
    check("", "a/fuzz/x.rs = x", "a(files)");
    check("", "README.md = x", "");
    check("", "b/README.md = x", "b(files)");
    // Cargo knows which files are the package's.
    let exclude = "exclude = [\"/doc\", \"*.txt\"]\n";
    check(exclude, "a/doc/README.md = x", "a(files)");
    check(exclude, "a/x/license.txt = x", "a(files)");
    check(exclude, "a/README.md = x", &all("source files"));
    let include = "include = [\"src\", \"/README.md\"]\n";
    check(include, "a/README.md = x", &all("source files"));
    check(include, "a/doc/README.md = x", "a(files)");
    check(include, "a/Cargo.toml + # a comment", &all("source files"));
}

#[test]
fn manifests_count_by_meaning() {
    check(DEEP, "a/Cargo.toml + # a comment", "a(files)");
    check(
        DEEP,
        "a/Cargo.toml + [lints.rust]\\nx = \"warn\"",
        "a(source tests manifest files) b(source) c(source) d(dev-dependencies)",
    );
    check(
        DEEP,
        "c/Cargo.toml + [dev-dependencies]\\nx = \"1\"",
        "c(dev-dependencies manifest files)",
    );
    check(
        DEEP,
        "c/Cargo.toml + [dependencies.x]\\nversion = \"1\"",
        "c(source manifest files) d(dev-dependencies)",
    );
    check(DEEP, "e/Cargo.toml + [package.metadata.x]\\ny = 1", "e(manifest files)");
    check(
        DEEP,
        "a/Cargo.toml = [package]\\nname = 'a'\\nversion = '0.1.0'\\nedition = '2024'\\nautotests = false",
        "a(tests rust manifest files)",
    );
    check(
        DEEP,
        "e/Cargo.toml + [package.metadata.x]\\ny = 1\ne/build.rs = fn main() {}",
        "e(source rust manifest files)",
    );
    check(DEEP, "Cargo.toml + # a comment", "");
    check(DEEP, "Cargo.toml + [workspace.metadata.other]\\nx = 1", "");
    check(
        "a; b",
        "Cargo.toml + [profile.dev]\\ndebug = 0",
        "a(source tests) b(source tests)",
    );
    check(
        "a; b -> a",
        "- b/Cargo.toml\n- b/src/lib.rs\nCargo.toml = [workspace]\\nmembers = ['a']\\nresolver = '3'",
        "",
    );
}

#[test]
fn what_governs_counts_for_those_below() {
    check(
        "a; b",
        "rust-toolchain.toml = x",
        "a(source tests dev-dependencies rust) b(source tests dev-dependencies rust)",
    );
    check(
        "a; b",
        "b/.cargo/config.toml = x",
        "b(source tests dev-dependencies files)",
    );
    check("a; b", "clippy.toml = x", "");
}

#[test]
fn rules_of_the_configuration_come_first() {
    let before = tree("a; b -> a; c");
    let rules = "rules = [{ files = ['schema/**'], packages = ['a'] }, { files = ['c/gen/**'], packages = [] }]\n\
                 checks.t = 'x'";
    let check = |edits: &str, expected: &str| {
        assert_eq!(
            shown(&compare(&before, &changed(&before, edits), rules)),
            expected,
            "{edits}"
        );
    };
    check("schema/x.json = 1", "a(source) b(source)");
    check("c/gen/x.rs = 1", "");
    check("c/src/x.rs = 1", "c(source rust files)");
}

#[test]
fn a_lock_file_counts_for_those_who_reach_what_differs() {
    let mut before = tree("a; b -> a; c");
    for (krate, table) in [("a", "dependencies"), ("c", "dev-dependencies")] {
        let manifest = before.get_mut(&format!("{krate}/Cargo.toml")).unwrap();
        let _ = write!(manifest, "[{table}]\nx = \"1\"\n");
    }
    before.insert("Cargo.lock".to_owned(), lock("a x;b a;c x;x@1.0.0 y;y@1.0.0"));
    let check = |text: &str, expected: &str| {
        let mut after = before.clone();
        after.insert("Cargo.lock".to_owned(), text.to_owned());
        assert_eq!(shown(&compare(&before, &after, "")), expected, "{text}");
    };
    let all = "a(source) b(source) c(dev-dependencies)";
    check(&lock("a x;b a;c x;x@1.0.0 y;y@1.0.1"), all);
    check(&lock("a x;b a;c x;x@1.0.0 y;y@1.0.0#1"), all);
    check(&lock("a x;b a;c x;x@1.0.0;y@1.0.0"), all);
    check(&lock("a x;b a;c x;x@1.0.0 y;y@1.0.0;z@1.0.0"), "");
    check(&lock("y@1.0.0;x@1.0.0 y;a x;b a;c x"), "");
    check("<<<<<<<", all);
    check(
        &lock("a x;b a;c z;x@1.0.0 y;y@1.0.0;z@1.0.0"),
        "c(source dev-dependencies)",
    );
}

#[test]
fn a_dependency_for_tests_that_goes_touches_the_tests_alone() {
    let mut before = tree("a; b -> a");
    before
        .get_mut("a/Cargo.toml")
        .unwrap()
        .push_str("[dev-dependencies]\nx = \"1\"\n");
    before.insert("Cargo.lock".to_owned(), lock("a x;b a;x@1.0.0"));
    let mut after = before.clone();
    after.insert("a/Cargo.toml".to_owned(), tree("a; b -> a")["a/Cargo.toml"].clone());
    after.insert("Cargo.lock".to_owned(), lock("a;b a"));
    let expected = "a(dev-dependencies manifest files)";
    assert_eq!(shown(&compare(&before, &after, "")), expected);
    assert_eq!(shown(&compare(&after, &before, "")), expected);
}

#[test]
fn the_way_is_told_from_the_file_to_the_crate() {
    let before = tree(DEEP);
    let affected = compare(&before, &changed(&before, "a/src/lib.rs + x"), "");
    let (touch, start, steps) = affected.why(&CrateName::from("d"), Kinds::BUILT).unwrap();
    let steps: Vec<String> = steps.iter().map(|step| format!("{} {}", step.to, step.link)).collect();
    assert_eq!(touch.file.as_deref(), Some(Path::new("a/src/lib.rs")));
    assert_eq!(start.as_str(), "a");
    assert_eq!(
        steps,
        ["b depends on it", "c depends on it", "d its tests depend on it"]
    );
    assert!(affected.why(&CrateName::from("e"), Kinds::ALL).is_none());
}

/// What a compiler's verdict on a crate and its tests rests upon, written out as simply as can be: its files, what its
/// manifest means, and the same of all that it is built from.
fn fingerprint(state: &State, tree: &Tree, name: &CrateName, with_tests: bool) -> Vec<String> {
    let krate = state.by_name(name).unwrap();
    let mut parts = vec![format!(
        "{:?} {:?} {:?} {:?} {:?}",
        krate.package, krate.features, krate.lints, krate.targets, state.settings.profile
    )];
    for (path, text) in tree {
        let path = Path::new("/ws").join(path);
        let is_test = path
            .strip_prefix(&krate.dir)
            .is_ok_and(|below| below.starts_with("tests"));
        let inert = path.ends_with("Cargo.toml") || path.extension().is_some_and(|extension| extension == "md");
        if state.owner(&path) == Some(krate.id) && !inert && (with_tests || !is_test) {
            parts.push(format!("{} {text}", path.display()));
        }
    }
    for (key, value) in &krate.dependencies {
        if with_tests || key.kind != crate::workspace::DependencyKind::Dev {
            parts.push(format!("{key:?} {value:?}"));
        }
    }
    for (dependency, edge) in state.dependencies(krate.id) {
        if with_tests || !edge.is_dev_only() {
            let name = &state.crates()[dependency.index()].name;
            parts.push(format!("{name} {:?}", fingerprint(state, tree, name, false)));
        }
    }
    parts
}

proptest! {
    #[test]
    fn who_is_not_touched_is_as_it_was(crates in crates(), edits in edits()) {
        let before = tree(&crates);
        let after = changed(&before, &edits.join("\n"));
        let result = compare(&before, &after, "");
        let root = Path::new("/ws");
        let (old, new) = (State::read(&files(&before), root).unwrap(), State::read(&files(&after), root).unwrap());
        for krate in new.crates().iter().filter(|krate| old.by_name(&krate.name).is_some()) {
            let touched = result.by_name(&krate.name).is_some_and(|krate| krate.kinds.meets(Kinds::BUILT));
            if !touched {
                let (was, is) = (fingerprint(&old, &before, &krate.name, true), fingerprint(&new, &after, &krate.name, true));
                prop_assert_eq!(was, is, "{} is not among {}", krate.name, shown(&result));
            }
        }
    }

    #[test]
    fn one_more_change_takes_nobody_out(crates in crates(), edits in edits(), more in edits()) {
        let before = tree(&crates);
        let some = changed(&before, &edits.join("\n"));
        let deleted = |edit: &&String| edit.starts_with("- ") || edit.contains("Cargo.toml");
        let more: Vec<String> = more.iter().filter(|edit| !deleted(edit)).cloned().collect();
        let all = changed(&some, &more.join("\n"));
        let (few, many) = (compare(&before, &some, ""), compare(&before, &all, ""));
        for krate in few.members() {
            let wider = many.by_name(&krate.name).unwrap();
            prop_assert_eq!(wider.kinds.and(krate.kinds), wider.kinds, "{}", krate.name);
        }
        // Whoever owns a file that changed is in.
        for file in &many.files {
            prop_assert!(file.owners.iter().all(|owner| !many.crates[*owner].kinds.is_empty()));
        }
    }
}
