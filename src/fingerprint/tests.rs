//! Keys, and what they have to do with what a change affects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{Fingerprints, InputFile, Scene, Surroundings};
use crate::affected::fixture::{Tree, changed, compare, config, crates, edits, files, lock, tree};
use crate::config::{Kind, Kinds};
use crate::environment::Given;
use crate::model::{CrateName, Digest, Keyword};
use crate::plan::{Basis, Counts, Subject};
use crate::readers::Readers;
use crate::workspace::{Files, State};

/// What rests upon some kinds of a crate and of what it is built from.
fn basis(kinds: Kinds) -> Basis {
    Basis {
        part: String::new(),
        command: vec!["tool".to_owned(), "{packages}".to_owned()],
        directory: Some(PathBuf::new()),
        given: Given::All,
        variables: BTreeMap::new(),
        terms: Vec::new(),
        programs: vec!["tool".to_owned()],
        subject: Subject::Crates,
        counts: Counts::Kinds {
            kinds,
            dependencies: true,
        },
        inputs: Vec::new(),
        builds: false,
    }
}

/// The digests of the keys of each crate, by name, for each basis; nothing for one that has none.
fn keys_for(tree: &Tree, bases: &[Basis]) -> BTreeMap<CrateName, Vec<Option<Digest>>> {
    let memory = files(tree);
    let state = State::read(&memory, Path::new("/ws")).unwrap();
    let input = |(path, text): (&String, &String)| InputFile {
        path: path.into(),
        digest: Some(Digest::of(text.as_bytes())),
        size: text.len() as u64,
        executable: false,
        link: false,
    };
    let mut inputs: Vec<InputFile> = tree.iter().map(input).collect();
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    let (config, readers) = (config(&state, ""), Readers::default());
    let has_manifest = |dir: &Path| memory.has(&dir.join("Cargo.toml"));
    let fingerprints = Fingerprints::new(Scene {
        state: state.clone(),
        readers: &readers,
        config: &config,
        workspace: None,
        files: inputs,
        has_manifest: &has_manifest,
    });
    let around = Surroundings {
        toolchain: Some("1.95".to_owned()),
        ..Surroundings::default()
    };
    let key = |name: &CrateName, basis| {
        let keys = fingerprints.of_task(basis, &around).ok()?;
        Some(keys.key(Some(name)).ok()?.digest)
    };
    let of_crate = |name: &CrateName| bases.iter().map(|basis| key(name, basis)).collect();
    let crates = state.crates().iter();
    crates
        .map(|krate| (krate.name.clone(), of_crate(&krate.name)))
        .collect()
}

fn keys(tree: &Tree, basis: &Basis) -> BTreeMap<CrateName, Option<Digest>> {
    let keys = keys_for(tree, std::slice::from_ref(basis)).into_iter();
    keys.map(|(name, keys)| (name, keys[0])).collect()
}

/// The crates whose keys differ, for what is built.
fn check(before: &Tree, edits: &str, expected: &str) {
    let basis = Basis {
        builds: true,
        ..basis(Kinds::BUILT)
    };
    let (old, new) = (keys(before, &basis), keys(&changed(before, edits), &basis));
    let differs = new
        .iter()
        .filter(|(name, key)| key.is_none() || old.get(*name) != Some(*key));
    let names: Vec<&str> = differs.map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.join(" "), expected, "{edits}");
}

#[test]
fn a_key_is_made_of_what_a_crate_is_built_from() {
    let workspace = tree("a; b -> a; c -> b; d -> c(dev); e -> d");
    check(&workspace, "", "");
    check(&workspace, "a/src/lib.rs + x", "a b c d");
    check(&workspace, "c/src/lib.rs + x", "c d");
    check(&workspace, "d/src/lib.rs + x", "d e");
    check(&workspace, "d/tests/it.rs = x", "d");
    check(
        &workspace,
        "README.md = x\na/README.md = y\na/Cargo.toml + # remark",
        "",
    );
    check(&workspace, "rust-toolchain.toml = x", "a b c d e");
    check(&workspace, "Cargo.toml + [profile.dev]\\ndebug = 0", "a b c d e");
    check(&workspace, "c/Cargo.toml + [lints.rust]\\nx = \"warn\"", "c d");
}

#[test]
fn features_that_one_member_wants_count_for_all_that_are_built_from_the_package() {
    let mut workspace = tree("a; b; c");
    for krate in ["a", "b"] {
        let manifest = workspace.get_mut(&format!("{krate}/Cargo.toml")).unwrap();
        manifest.push_str("[dependencies]\nx = \"1\"\n");
    }
    workspace.insert(
        "Cargo.lock".to_owned(),
        lock("a x;b x;c;x@1.0.0 y;y@1.0.0;z@1.0.0 y;w@1.0.0"),
    );
    let wants = |krate: &str, table: &str| {
        let manifest = format!("[package]\\nname = \"{krate}\"\\nversion = \"0.1.0\"\\nedition = \"2024\"");
        format!("{krate}/Cargo.toml = {manifest}\\n[dependencies]\\n{table}\\n")
    };
    check(
        &workspace,
        &wants("b", "x = { version = \"1\", features = [\"f\"] }"),
        "a b",
    );
    // What is new may ask for features of what it is built from.
    let lock_with = |line: &str| format!("Cargo.lock = {}", lock(line).replace('\n', "\\n"));
    let with_z = lock_with("a x;b x;c z;x@1.0.0 y;y@1.0.0;z@1.0.0 y;w@1.0.0");
    check(&workspace, &format!("{}\n{with_z}", wants("c", "z = \"1\"")), "a b c");
    let with_w = lock_with("a x;b x;c w;x@1.0.0 y;y@1.0.0;z@1.0.0 y;w@1.0.0");
    check(&workspace, &format!("{}\n{with_w}", wants("c", "w = \"1\"")), "c");
    let newer = lock_with("a x;b x;c;x@1.0.0 y;y@1.0.1;z@1.0.0 y;w@1.0.0");
    check(&workspace, &newer, "a b");
    check(
        &workspace,
        &lock_with("a x;b x;c;x@1.0.0 y;y@1.0.0;z@1.0.1 y;w@1.0.0"),
        "",
    );
}

#[test]
fn what_is_not_known_makes_no_key() {
    let mut workspace = tree("a; b");
    let manifest = workspace.get_mut("a/Cargo.toml").unwrap();
    manifest.push_str("[dependencies]\nx = \"1\"\n");
    let found = keys(&workspace, &basis(Kinds::BUILT));
    // There is no lock file that says what `x` is.
    assert!(found[&CrateName::from("a")].is_none() && found[&CrateName::from("b")].is_some());
    workspace.insert("b/Cargo.toml".to_owned(), "[package".to_owned());
    assert!(keys(&workspace, &basis(Kinds::BUILT)).values().all(Option::is_none));
}

proptest! {
    /// A crate is affected in a way exactly where its fingerprint of that kind differs.
    #[test]
    fn a_key_differs_exactly_where_a_change_affects(crates in crates(), edits in edits()) {
        let before = tree(&crates);
        let after = changed(&before, &edits.join("\n"));
        let affected = compare(&before, &after, "");
        let bases: Vec<Basis> = Kind::ALL.iter().map(|(kind, ..)| basis(Kinds::of(&[*kind]))).collect();
        let (old, new) = (keys_for(&before, &bases), keys_for(&after, &bases));
        for (name, keys) in &new {
            let Some(known) = old.get(name) else { continue };
            for ((kind, ..), (key, known)) in Kind::ALL.iter().zip(keys.iter().zip(known)) {
                let touched = affected.by_name(name).is_some_and(|krate| krate.kinds.has(*kind));
                prop_assert_eq!(touched, key != known, "{} of {}", kind.word(), name);
            }
        }
    }
}

/// Whom each crate has to be built with, as `crate: others`.
fn companions(tree: &Tree) -> Vec<String> {
    let memory = files(tree);
    let state = State::read(&memory, Path::new("/ws")).unwrap();
    let (config, readers) = (config(&state, ""), Readers::default());
    let has_manifest = |dir: &Path| memory.has(&dir.join("Cargo.toml"));
    let fingerprints = Fingerprints::new(Scene {
        state,
        readers: &readers,
        config: &config,
        workspace: None,
        files: Vec::new(),
        has_manifest: &has_manifest,
    });
    let all = fingerprints.companions().into_iter();
    let line = |(name, beside): (CrateName, std::collections::BTreeSet<CrateName>)| {
        let beside: Vec<&str> = beside.iter().map(CrateName::as_str).collect();
        format!("{name}: {}", beside.join(" "))
    };
    all.map(line).collect()
}

#[test]
fn crates_are_built_with_those_that_ask_for_more_of_what_they_are_built_from() {
    let check = |edits: &[(&str, &str)], expected: &[&str]| {
        let mut workspace = tree("a; b -> a; c -> a; d -> b");
        for (krate, lines) in edits {
            let manifest = workspace.get_mut(&format!("{krate}/Cargo.toml")).unwrap();
            manifest.push_str(lines);
            manifest.push('\n');
        }
        assert_eq!(companions(&workspace), expected, "{edits:?}");
    };
    // A table is still open: that of the dependency on `a`.
    let features = ("a", "[features]\ndefault = []\nmore = []");
    check(&[], &[]);
    check(&[features], &[]);
    // Whoever is built from `a`, and `a` itself, is another thing where `c` is built as well.
    check(&[features, ("c", "features = [\"more\"]")], &["a: c", "b: c", "d: c"]);
    // Of `b`, it is known what it asks for.
    check(&[features, ("b", "features = [\"more\"]")], &["a: b", "c: b"]);
    // Who refuses the default gets it all the same where others ask for it, or `a` itself is chosen.
    check(&[features, ("c", "default-features = false")], &["c: a b"]);
    check(&[("c", "default-features = false")], &[]);
    // A feature of its own may ask for more.
    check(
        &[features, ("c", "[features]\nx = [\"a?/more\"]")],
        &["a: c", "b: c", "d: c"],
    );
}
