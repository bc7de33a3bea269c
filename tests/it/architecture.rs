//! The house keeps its shape: no room imports one below it, and pure rooms do not touch the world.
//!
//! docs/architecture.md says what the rooms are for. The lists here are its order and its promises.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from the top to the bottom: each may import those above it.
const ROOMS: [&str; 29] = [
    "model",
    "diagnostic",
    "presets",
    "event",
    "patch",
    "private_files",
    "environment",
    "workspace",
    "config",
    "changes",
    "readers",
    "digests",
    "affected",
    "tool_output",
    "history",
    "plan",
    "fingerprint",
    "schedule",
    "timeline",
    "report",
    "run",
    "store",
    "journal",
    "insight",
    "results",
    "cache",
    "project",
    "git_hooks",
    "cli",
];

/// Rooms, or files of rooms, that know no files, no processes, no environment and no clock.
const PURE: [&str; 65] = [
    "model.rs",
    "diagnostic.rs",
    "event.rs",
    "patch/",
    "presets/",
    "config/",
    "changes/entry.rs",
    "changes/raw_diff.rs",
    "changes/request.rs",
    "changes/set.rs",
    "changes/status.rs",
    "changes/table.rs",
    "environment/leaks.rs",
    "workspace/assemble.rs",
    "workspace/dependency.rs",
    "workspace/edges.rs",
    "workspace/files.rs",
    "workspace/graph.rs",
    "workspace/lock.rs",
    "workspace/locked.rs",
    "workspace/manifest.rs",
    "workspace/manifests.rs",
    "workspace/member.rs",
    "workspace/outside.rs",
    "workspace/ownership.rs",
    "workspace/patched.rs",
    "workspace/state.rs",
    "workspace/state/",
    "readers/facts.rs",
    "readers/lex.rs",
    "readers/records.rs",
    "readers/resolve.rs",
    "readers/scan.rs",
    "digests/around.rs",
    "digests/rules.rs",
    "digests/stored.rs",
    "affected/",
    "tool_output/",
    "history/",
    "plan/",
    "fingerprint/",
    "git_hooks/push.rs",
    "git_hooks/shim.rs",
    "git_hooks/stage.rs",
    "run/timing.rs",
    "schedule/",
    "timeline/",
    "report/",
    "insight/",
    "journal/entry.rs",
    "journal/line.rs",
    "journal/room.rs",
    "journal/summary.rs",
    "journal/tally.rs",
    "cli/watch/machine.rs",
    "cli/watch/noise.rs",
    "store/names.rs",
    "store/segment.rs",
    "results/bytes.rs",
    "results/index.rs",
    "results/keep.rs",
    "git_hooks/outside.rs",
    "git_hooks/snapshot/listing.rs",
    "git_hooks/snapshot/settings.rs",
    "git_hooks/toolchain.rs",
];

/// Files of pure rooms that touch the world all the same: the live view draws on standard error.
const NOT_PURE: [&str; 1] = ["report/progress.rs"];

/// What a pure room does not name.
const WORLD: [&str; 18] = [
    "std::fs",
    "std::process",
    "std::thread",
    "std::net",
    "std::env::var",
    "std::env::args",
    "std::env::current_dir",
    "Instant",
    "SystemTime",
    "tokio",
    "rustix",
    "stdout()",
    "stderr()",
    ".exists()",
    ".is_dir()",
    ".is_file()",
    ".canonicalize()",
    ".read_dir()",
];

/// Crates that only one room may know.
const OWNED: [(&str, &str); 9] = [
    ("clap", "cli"),
    ("annotate_snippets", "cli"),
    ("indicatif", "report"),
    ("notify", "cli"),
    ("tokio", "run"),
    ("which", "environment"),
    ("nextest_metadata", "tool_output"),
    ("nix", "run"),
    ("diffy", "patch"),
];

struct Source {
    /// Relative to `src`.
    path: String,
    /// Without comments and tests.
    code: String,
}

impl Source {
    /// The room, or nothing for the roots of the two crates.
    fn room(&self) -> Option<&'static str> {
        let first = self.path.split('/').next()?.trim_end_matches(".rs");
        ROOMS.into_iter().find(|room| *room == first)
    }
}

#[test]
fn every_file_is_in_a_room() {
    for source in sources() {
        let root = ["lib.rs", "main.rs"].contains(&source.path.as_str());
        assert!(
            root || source.room().is_some(),
            "src/{} is in no room: add it to ROOMS and to the docs",
            source.path
        );
    }
}

#[test]
fn no_room_imports_one_below_it() {
    for source in sources() {
        let Some(room) = source.room() else { continue };
        let level = |name: &str| ROOMS.iter().position(|room| *room == name);
        for import in imports(&source.code) {
            let upward = level(&import).is_none_or(|import| import <= level(room).unwrap());
            assert!(
                upward,
                "src/{} imports `crate::{import}`, which is below `{room}`",
                source.path
            );
        }
    }
}

#[test]
fn pure_rooms_do_not_touch_the_world() {
    let mut met = [false; PURE.len()];
    for source in sources() {
        let Some(place) = PURE.iter().position(|pure| source.path.starts_with(pure)) else {
            continue;
        };
        met[place] = true;
        if NOT_PURE.contains(&source.path.as_str()) {
            continue;
        }
        for word in WORLD {
            assert!(
                !names(&source.code, word),
                "src/{} names `{word}`, but is to be pure",
                source.path
            );
        }
    }
    let gone: Vec<_> = PURE
        .iter()
        .zip(met)
        .filter(|(_, met)| !met)
        .map(|(pure, _)| pure)
        .collect();
    assert!(gone.is_empty(), "{gone:?} is listed here and no longer exists");
}

#[test]
fn each_of_these_crates_is_known_to_one_room_only() {
    for source in sources() {
        for (name, owner) in OWNED {
            let used = names(&source.code, &format!("{name}::"));
            assert!(
                !used || source.room() == Some(owner),
                "src/{} uses `{name}`, which is `{owner}`'s",
                source.path
            );
        }
    }
}

#[test]
fn unsafe_code_is_forbidden() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""));
}

/// The scanner sees what it is to see: otherwise the tests above could not fail.
#[test]
fn the_scanner_sees_imports_and_skips_comments_and_tests() {
    let code = code(
        "//! crate::cli\nuse crate::model::Exit; // crate::run\nuse crate::{config::Config, plan::{Plan, Task}};\n\
         fn f() { crate::event::x() }\n#[cfg(test)]\nmod tests {\n    use crate::project::load;\n}\n",
    );
    assert_eq!(imports(&code), ["model", "config", "plan", "event"]);
    assert!(names("let x = std::fs::read(p);", "std::fs"));
    assert!(names("use std::time::{Duration, Instant};", "Instant"));
    assert!(!names("struct Instantly;", "Instant"));
    assert!(names("std::env::var_os(name)", "std::env::var"));
    assert!(names("use std::{env, fs};", "std::fs"));
    assert!(names("use std::env::{self, var_os};", "std::env::var"));
    assert!(!names("use std::{fmt, iter};", "std::fs"));
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut dirs = vec![root.clone()];
    while let Some(dir) = dirs.pop() {
        let mut entries: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let test = ["tests", "tests.rs", "fixture.rs", "fixtures.rs"]
                .iter()
                .any(|name| path.ends_with(name));
            if path.is_dir() && !test {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !test {
                let code = code(&fs::read_to_string(&path).unwrap());
                let path = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.push(Source { path, code });
            }
        }
    }
    assert!(found.len() > 40, "the sources were not found");
    found
}

/// The code without comments, and without the tests at the end of the file.
fn code(text: &str) -> String {
    let shipped = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let without_comment = |line: &str| match line.find("//") {
        Some(at) if !line[..at].contains('"') => line[..at].to_owned(),
        _ => line.to_owned(),
    };
    shipped.lines().map(|line| without_comment(line) + "\n").collect()
}

/// The rooms that are named after `crate::`, alone or in braces, in the order in which they stand.
fn imports(code: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            rooms.extend(heads_of_list(list));
        } else {
            rooms.push(word(rest));
        }
    }
    rooms
}

/// The first word of each item of `a::b, c::{d, e}}`.
fn heads_of_list(list: &str) -> Vec<String> {
    let mut heads = vec![word(list.trim_start())];
    let mut depth = 1;
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => heads.push(word(list[at + 1..].trim_start())),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Whether the code names this: as it stands, as the beginning of a longer name (`std::env::var` stands for `var_os`), or
/// in the braces of an import.
fn names(code: &str, name: &str) -> bool {
    let part_of_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let stands = code.match_indices(name).any(|(at, _)| {
        let after = code[at + name.len()..].chars().next();
        let goes_on = name.ends_with(char::is_alphanumeric) && after.is_some_and(|c| c.is_alphanumeric() && c != 's');
        !part_of_word(code[..at].chars().next_back()) && !goes_on
    });
    stands || is_in_braces(code, name)
}

/// Whether `a::b::c` is imported as `a::b::{c, …}` or as `a::{b::c, …}`.
fn is_in_braces(code: &str, name: &str) -> bool {
    name.match_indices("::").any(|(at, _)| {
        let (path, rest) = (&name[..at + 2], &name[at + 2..]);
        let open = format!("{path}{{");
        code.match_indices(&open).any(|(found, _)| {
            let list = &code[found + open.len()..];
            let list = list.split_once("};").map_or(list, |(list, _)| list);
            list.split(['{', '}', ',']).any(|item| item.trim().starts_with(rest))
        })
    })
}
