//! docs/affected-rules.md: on which crates each check runs after a change of each kind of file, as the program itself
//! answers it for a small workspace that lies nowhere but in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cargo_hooks::affected::{Affected, FILE_RULES, Input, Meaning, affected};
use cargo_hooks::changes::{ChangeSet, FileChange, Presence, Side};
use cargo_hooks::config::{Check, Config, ConfigInput, Member, Scope, presets, resolve};
use cargo_hooks::diagnostic::SourceFile;
use cargo_hooks::model::CrateName;
use cargo_hooks::readers::Readers;
use cargo_hooks::workspace::{Files, State};

/// What the page says before its tables.
const INTRODUCTION: &str = "\
# What a change of a file means

This page is written by `cargo xtask codegen`: the program is asked about a small workspace, once for each row. [The
guide](affected.md) says where the answers come from.

The workspace has no root package. Each row is about the crate `own`. Another crate is built from it, and of a third
one only the tests are. A cell says on which crates a check runs:

| cell | the check runs |
|---|---|
| | not at all |
| own | on `own` |
| built | on `own` and all that is built from it, at any depth |
| tests | on those, and on the crates whose tests are built from one of them |
| all | on every crate |
| runs | once, since it is about the workspace or its files as a whole |

A crate that reads the file, by what its sources name or its manifest declares, is touched besides, whatever the row.
Presets whose answers are the same share a column.
";

/// The root manifest, before the checks.
const ROOT: &str = "\
[workspace]
members = [\"*\"]
resolver = \"3\"

[workspace.package]
version = \"0.1.0\"

[workspace.dependencies]
alpha = \"1\"
unused = \"1\"

[workspace.lints.rust]
unused = \"warn\"

[profile.dev]
debug = 1

[workspace.metadata.hooks.checks]
";

/// The members.
const CRATES: [(&str, &str); 4] = [
    (
        "own",
        "[package]\nname = \"own\"\nversion.workspace = true\nedition = \"2024\"\n\n[dependencies]\nalpha.workspace = true\n\n\
         [dev-dependencies]\nbeta = \"1\"\n\n[lints]\nworkspace = true\n",
    ),
    (
        "user",
        "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nown = { path = \"../own\" }\n",
    ),
    (
        "tester",
        "[package]\nname = \"tester\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dev-dependencies]\nown = { path = \"../own\" }\n",
    ),
    (
        "other",
        "[package]\nname = \"other\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
];

const LOCK: &str = "\
version = 4

[[package]]
name = \"alpha\"
version = \"1.0.0\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"

[[package]]
name = \"beta\"
version = \"1.0.0\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"

[[package]]
name = \"nobodys\"
version = \"1.0.0\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"

[[package]]
name = \"other\"
version = \"0.1.0\"

[[package]]
name = \"own\"
version = \"0.1.0\"
dependencies = [
 \"alpha\",
 \"beta\",
]

[[package]]
name = \"tester\"
version = \"0.1.0\"
dependencies = [
 \"own\",
]

[[package]]
name = \"user\"
version = \"0.1.0\"
dependencies = [
 \"own\",
]
";

/// Files of a crate that no rule names, as they are called in the page, and where such a one may lie.
const OF_A_CRATE: [(&str, &str); 9] = [
    ("a Rust source below `src`, `build.rs`", "src/module.rs"),
    ("a Rust source in `tests`, `examples` or `benches`", "tests/it.rs"),
    ("any other file there", "tests/data/case.json"),
    ("Markdown in `tests`", "tests/cmd/case.md"),
    ("Markdown elsewhere", "docs/guide.md"),
    ("any other file of the crate", "assets/logo.png"),
    ("a Rust source of a package in it that is no member", "fuzz/src/main.rs"),
    ("any other file of such a package", "fuzz/corpus/1.bin"),
    ("the manifest of such a package", "fuzz/Cargo.toml"),
];

/// Files of no crate that no rule names.
const OF_NO_CRATE: [(&str, &str); 3] = [
    ("a Rust source", "shared/module.rs"),
    ("any other TOML file", "settings.toml"),
    ("any other file", "assets/data.bin"),
];

/// What can differ in a manifest or in `Cargo.lock`: a file, a text in it, and what stands there afterwards.
const MEANINGS: [(&str, &str, &str, &str); 28] = [
    (
        "comments, layout, the order of keys",
        "own/Cargo.toml",
        "[package]",
        "# For you.\n[package]",
    ),
    (
        "a value that is inherited now, and the same as before",
        "user/Cargo.toml",
        "version = \"0.1.0\"",
        "version.workspace = true",
    ),
    (
        "`version`, `description`, `rust-version` and other keys of `[package]`",
        "own/Cargo.toml",
        "edition",
        "description = \"It\"\nedition",
    ),
    ("`edition`, `autobins` and its like", "own/Cargo.toml", "2024", "2021"),
    (
        "`readme`, `keywords`, `categories`, `documentation`, `publish`, `include`, `exclude`, `default-run`",
        "own/Cargo.toml",
        "edition",
        "publish = false\nedition",
    ),
    (
        "`[package.metadata]`, with a build script",
        "own/Cargo.toml",
        "edition",
        "metadata.sys.x = 1\nedition",
    ),
    (
        "`[package.metadata]`, without one",
        "user/Cargo.toml",
        "edition",
        "metadata.sys.x = 1\nedition",
    ),
    ("`[badges]`", "own/Cargo.toml", "[lints]", "[badges]\nx = {}\n\n[lints]"),
    (
        "`[dependencies]`, `[build-dependencies]`",
        "own/Cargo.toml",
        "[dependencies]",
        "[dependencies]\ngamma = \"1\"",
    ),
    (
        "`[dev-dependencies]`",
        "own/Cargo.toml",
        "beta = \"1\"",
        "beta = \"1.1\"",
    ),
    (
        "`[features]`",
        "own/Cargo.toml",
        "[lints]",
        "[features]\nx = []\n\n[lints]",
    ),
    (
        "`[lints]`",
        "own/Cargo.toml",
        "[lints]\nworkspace = true",
        "[lints.rust]\nunused = \"deny\"",
    ),
    (
        "`[lib]`, `[[bin]]`",
        "own/Cargo.toml",
        "[lints]",
        "[lib]\nname = \"it\"\n\n[lints]",
    ),
    (
        "`[[test]]`, `[[example]]`, `[[bench]]`",
        "own/Cargo.toml",
        "[lints]",
        "[[test]]\nname = \"it\"\n\n[lints]",
    ),
    (
        "a check in `[package.metadata.hooks]`, here `clippy`",
        "own/Cargo.toml",
        "[lints]",
        "[package.metadata.hooks.checks.clippy]\nargs = [\"--release\"]\n\n[lints]",
    ),
    (
        "`[workspace.package]`, what `own` inherits",
        "Cargo.toml",
        "version = \"0.1.0\"",
        "version = \"0.2.0\"",
    ),
    (
        "`[workspace.dependencies]`, what `own` inherits",
        "Cargo.toml",
        "alpha = \"1\"",
        "alpha = \"1.0.0\"",
    ),
    (
        "`[workspace.lints]`, where `own` inherits them",
        "Cargo.toml",
        "\"warn\"",
        "\"deny\"",
    ),
    ("what nobody inherits", "Cargo.toml", "unused = \"1\"", "unused = \"2\""),
    ("`[profile]`", "Cargo.toml", "debug = 1", "debug = 2"),
    ("`resolver`", "Cargo.toml", "resolver = \"3\"", "resolver = \"2\""),
    (
        "`[patch]` of a package that `own` is built from",
        "Cargo.toml",
        "[profile",
        "[patch.crates-io]\nalpha = { git = \"https://example.com\" }\n\n[profile",
    ),
    (
        "`members` and `default-members`, where the members stay the same",
        "Cargo.toml",
        "[\"*\"]",
        "[\"own\", \"user\", \"tester\", \"other\"]",
    ),
    (
        "`[workspace.metadata]` of other tools",
        "Cargo.toml",
        "[profile",
        "[workspace.metadata.x]\ny = 1\n\n[profile",
    ),
    (
        "a check in `[workspace.metadata.hooks]`, here `clippy`",
        "Cargo.toml",
        "clippy = true",
        "clippy = { args = [\"--release\"] }",
    ),
    (
        "`Cargo.lock`: a package that `own` is built from, at any depth",
        "Cargo.lock",
        "name = \"alpha\"\nversion = \"1.0.0\"",
        "name = \"alpha\"\nversion = \"1.0.1\"",
    ),
    (
        "`Cargo.lock`: one that only its tests are built from",
        "Cargo.lock",
        "name = \"beta\"\nversion = \"1.0.0\"",
        "name = \"beta\"\nversion = \"1.0.1\"",
    ),
    (
        "`Cargo.lock`: one that no member needs; layout",
        "Cargo.lock",
        "name = \"nobodys\"\nversion = \"1.0.0\"",
        "name = \"nobodys\"\nversion = \"1.0.1\"",
    ),
];

/// A row: what it is about, and the answer of every preset.
type Row = (String, Vec<&'static str>);

/// A tree: files by their paths.
type Tree = BTreeMap<PathBuf, String>;

/// The whole page.
pub(crate) fn rules_page() -> String {
    let of_no_crate = of_files("", &OF_NO_CRATE);
    let of_a_crate = of_files("own/", &OF_A_CRATE);
    let meanings = MEANINGS.map(|(label, path, old, new)| {
        let before = workspace();
        let mut after = before.clone();
        let text = after.get_mut(&at(path)).unwrap();
        assert_eq!(text.matches(old).count(), 1, "`{old}` in {path}");
        *text = text.replace(old, new);
        let krate = path.split_once('/').map_or("own", |(krate, _)| krate);
        (label.to_owned(), answers(&before, &after, krate))
    });
    let columns = columns(of_no_crate.iter().chain(&of_a_crate).chain(&meanings));
    let mut page = String::from(INTRODUCTION);
    let mut table = |heading: &str, about: &str, rows: &[Row]| {
        let names = columns.iter().map(|(names, _)| names.join(", "));
        let _ = write!(
            page,
            "\n## {heading}\n\n{about}\n\n| what changes | {} |\n",
            names.collect::<Vec<_>>().join(" | ")
        );
        let _ = writeln!(page, "|{}", "---|".repeat(columns.len() + 1));
        for (label, answers) in rows {
            let cells: Vec<_> = columns.iter().map(|(_, preset)| answers[*preset]).collect();
            let _ = writeln!(page, "| {label} | {} |", cells.join(" | "));
        }
    };
    table(
        "Files of no crate",
        "They lie beside or above the crates, such as in the root of the workspace.",
        &of_no_crate,
    );
    table(
        "Files of a crate",
        "They lie below the directory of `own`.",
        &of_a_crate,
    );
    table(
        "Manifests and `Cargo.lock`",
        "What counts is what they mean. Whatever it is, the checks that look at the text itself run.",
        &meanings,
    );
    page
}

/// The rows for the files that rules or inputs of presets name, and for some others. Names with the same answers share one.
fn of_files(dir: &str, others: &[(&str, &str)]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for rule in FILE_RULES {
        let first = rows.len();
        for name in rule.names {
            add(&mut rows, first, &shown(name), &sample(name), dir);
        }
        if let Meaning::Governs(_, what) = rule.meaning {
            for (labels, _) in &mut rows[first..] {
                let _ = write!(labels, ": {what}");
            }
        }
    }
    let first = rows.len();
    for name in inputs() {
        add(&mut rows, first, &format!("`{name}`"), &name, dir);
    }
    for (label, path) in others {
        let first = rows.len();
        add(&mut rows, first, label, path, dir);
    }
    rows
}

/// Adds a file to the row of its rule that has the same answers.
fn add(rows: &mut Vec<Row>, first: usize, label: &str, path: &str, dir: &str) {
    let path = format!("{dir}{path}");
    let mut before = workspace();
    // A manifest is there already, and gets a comment.
    let old = before
        .entry(at(&path))
        .or_insert_with(|| "old = 1\n".to_owned())
        .clone();
    let after: Tree = before
        .clone()
        .into_iter()
        .chain([(at(&path), format!("{old}# For you.\n"))])
        .collect();
    let answers = answers(&before, &after, "own");
    match rows[first..].iter_mut().find(|(_, known)| *known == answers) {
        Some((labels, _)) => drop(write!(labels, ", {label}")),
        None => rows.push((label.to_owned(), answers)),
    }
}

/// How a name of a rule is written: as people write such files.
fn shown(name: &str) -> String {
    match name {
        // What it means has rows of its own.
        "cargo.toml" | "cargo.lock" => format!("the text of `{}`", sample(name)),
        name if name.ends_with('/') => format!("`{name}**`"),
        name if name.starts_with('*') => format!("`{name}`"),
        name => match name.strip_suffix('*') {
            Some(_) => format!("`{}*`", sample(name)),
            None => format!("`{}`", sample(name)),
        },
    }
}

/// A file of this name.
fn sample(name: &str) -> String {
    match name {
        "cargo.toml" => "Cargo.toml".to_owned(),
        "cargo.lock" => "Cargo.lock".to_owned(),
        "codeowners" => name.to_uppercase(),
        name if name.ends_with('/') => format!("{name}any"),
        name => match (name.strip_prefix('*'), name.strip_suffix('*')) {
            (Some(end), _) => format!("any{end}"),
            (_, Some(start)) => start.to_uppercase(),
            _ => name.to_owned(),
        },
    }
}

/// The files that presets name and no rule does.
fn inputs() -> BTreeSet<String> {
    let presets = presets();
    let definitions = presets.iter().flat_map(|check| &check.variants);
    let inputs = definitions.flat_map(|variant| &variant.definition.inputs);
    let names = inputs.map(|glob| glob.glob().trim_start_matches("**/").to_owned());
    let known: BTreeSet<String> = FILE_RULES
        .iter()
        .flat_map(|rule| rule.names)
        .map(|name| sample(name))
        .collect();
    names
        .filter(|name| !name.contains('*') && !known.contains(name))
        .collect()
}

/// The columns: presets with the same answers in every row, and the place of the first of them.
fn columns<'r>(rows: impl Iterator<Item = &'r Row>) -> Vec<(Vec<String>, usize)> {
    let rows: Vec<_> = rows.collect();
    let mut columns: BTreeMap<Vec<&str>, (Vec<String>, usize)> = BTreeMap::new();
    for (place, check) in presets().iter().enumerate() {
        let answers = rows.iter().map(|(_, answers)| answers[place]).collect();
        let column = columns.entry(answers).or_insert((Vec::new(), place));
        column.0.push(format!("`{}`", check.name));
    }
    let mut columns: Vec<_> = columns.into_values().collect();
    columns.sort_by_key(|(_, place)| *place);
    columns
}

fn workspace() -> Tree {
    let checks: String = presets()
        .iter()
        .map(|check| format!("{} = true\n", check.name))
        .collect();
    let mut tree = Tree::from([
        (at("Cargo.toml"), format!("{ROOT}{checks}")),
        (at("Cargo.lock"), LOCK.to_owned()),
        (at("own/build.rs"), "fn main() {}\n".to_owned()),
        (
            at("own/fuzz/Cargo.toml"),
            "[package]\nname = \"fuzz\"\n\n[workspace]\n".to_owned(),
        ),
    ]);
    for (name, manifest) in CRATES {
        tree.insert(at(&format!("{name}/Cargo.toml")), manifest.to_owned());
        tree.insert(at(&format!("{name}/src/lib.rs")), "//! A crate.\n".to_owned());
    }
    tree
}

fn at(path: &str) -> PathBuf {
    Path::new("/ws").join(path)
}

/// What every preset does after a change of a crate, or of what the crate rests upon.
fn answers(before: &Tree, after: &Tree, krate: &str) -> Vec<&'static str> {
    let (affected, config) = compared(before, after);
    let all = BTreeSet::from(["other", "own", "tester", "user"]);
    let with = |more: &'static [&'static str]| -> BTreeSet<&str> {
        // Nobody depends on the others.
        let more = if krate == "own" { more } else { &[] };
        more.iter().copied().chain([krate]).collect()
    };
    let (built, tested) = (with(&["user"]), with(&["tester", "user"]));
    let answer = |check: &Check| {
        let variants = config.check(check.name.as_str()).unwrap().variants.iter();
        let mut crates = BTreeSet::new();
        let mut runs = false;
        for variant in variants {
            let selected = affected.select(&check.name, &variant.definition, variant);
            if matches!(variant.definition.scope, Scope::Package | Scope::Packages) {
                crates.extend(selected.crates);
            } else {
                runs |= selected.runs;
            }
        }
        let crates: BTreeSet<&str> = crates.iter().map(CrateName::as_str).collect();
        match crates {
            _ if runs => "runs",
            none if none.is_empty() => "",
            crates if crates == BTreeSet::from([krate]) => "own",
            crates if crates == built => "built",
            crates if crates == tested => "tests",
            crates if crates == all => "all",
            crates => panic!("there is no word for {crates:?}"),
        }
    };
    presets().iter().map(answer).collect()
}

fn compared(before: &Tree, after: &Tree) -> (Affected, Config) {
    let presence = |tree: &Tree, path: &PathBuf| {
        if tree.contains_key(path) {
            Presence::File
        } else {
            Presence::Absent
        }
    };
    let paths: BTreeSet<&PathBuf> = before.keys().chain(after.keys()).collect();
    let differing = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let changes = ChangeSet {
        top: at(""),
        from: String::new(),
        to: String::new(),
        files: differing
            .map(|path| {
                let change = FileChange {
                    before: presence(before, path),
                    after: presence(after, path),
                };
                (path.clone(), change)
            })
            .collect(),
        everything: None,
        notes: Vec::new(),
        before: Some(Side::default()),
        after: Side::default(),
        head: None,
    };
    let state = |tree: &Tree| State::read(&Memory(tree), &at("")).unwrap();
    let config = resolve(&config(after)).unwrap();
    let affected = affected(&Input {
        before: Some(&state(before)),
        after: &state(after),
        changes: &changes,
        readers: &Readers::default(),
        config: &config,
        same_meaning: &BTreeSet::new(),
        workspace: None,
        has_manifest: &|dir| after.contains_key(&dir.join("Cargo.toml")),
    });
    (affected, config)
}

fn config(tree: &Tree) -> ConfigInput {
    let source = |path: &str| {
        let text = tree[&at(path)].clone();
        Arc::new(SourceFile {
            path: path.into(),
            text,
        })
    };
    let member = |(name, _): (&str, &str)| Member {
        name: name.into(),
        dir: name.into(),
        manifest: Some(source(&format!("{name}/Cargo.toml"))).filter(|file| file.text.contains("metadata.hooks")),
    };
    ConfigInput {
        root: source("Cargo.toml"),
        members: CRATES.map(member).into(),
    }
}

/// Files that lie nowhere.
struct Memory<'t>(&'t Tree);

impl Files for Memory<'_> {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        self.0.get(path).map(|text| text.clone().into_bytes())
    }

    fn has(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    fn dirs(&self, dir: &Path) -> Vec<PathBuf> {
        let below = self.0.keys().filter_map(|file| file.strip_prefix(dir).ok());
        let first = below
            .filter(|rest| rest.components().count() > 1)
            .filter_map(|rest| rest.components().next());
        let dirs: BTreeSet<PathBuf> = first.map(|first| dir.join(first)).collect();
        dirs.into_iter().collect()
    }

    fn real(&self, dir: &Path) -> PathBuf {
        dir.to_owned()
    }
}
