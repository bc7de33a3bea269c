//! Which of cargo's locks a call takes.
//!
//! Cargo locks the directories that it builds in by a file in each: one for every profile, and for every triple that is
//! named. It locks that of the build directory; where it writes what others may use, that of the target directory as
//! well, which most often is the same. docs/cargo.md has the table and says how it was measured.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{Call, CargoSettings};
use crate::config::{Builds, subcommand};
use crate::plan::task::{Access, Resource};

/// Where a call takes place.
pub(in crate::plan) struct Place<'a> {
    pub(in crate::plan) settings: &'a CargoSettings,
    /// The variables that the command is given.
    pub(in crate::plan) set_env: &'a BTreeMap<String, String>,
    /// The directory in which it runs, absolute.
    pub(in crate::plan) cwd: &'a Path,
}

/// What the call uses alone or with others, each once.
pub(in crate::plan) fn locks(call: &Call, place: &Place<'_>) -> Vec<(Resource, Access)> {
    let dirs = Dirs::of(call, place);
    let known = subcommand(&call.subcommand);
    match builds(call) {
        Builds::Nothing => Vec::new(),
        Builds::Apart(below) if dirs.build == dirs.target => {
            let mut found = vec![(directory(&dirs.target), Access::Shared)];
            found.extend(whole([dirs.target.join(below)]));
            found
        }
        // What is apart in the target directory is not so in a build directory of its own.
        Builds::Anywhere | Builds::Apart(_) => whole(dirs.both()),
        builds => {
            let Some(names) = names(call, place, known.map_or("dev", |known| known.profile)) else {
                return whole(dirs.both());
            };
            // Another version of cargo, or a copy of it in another program, may lock more than this one.
            let ours = known.is_some_and(|known| known.built_in) && !call.names_a_toolchain();
            let only_checks =
                builds == Builds::Checks && (ours || call.subcommand == "clippy") && !call.names_a_toolchain();
            exact(&dirs, &names, only_checks, writes_programs(call, builds))
        }
    }
}

/// What a command uses that builds where nobody knows.
pub(in crate::plan) fn locks_anywhere(place: &Place<'_>) -> Vec<(Resource, Access)> {
    whole(Dirs::of(&Call::default(), place).both())
}

/// What a task uses that runs the tests which a call has built: its programs may not be replaced meanwhile.
pub(in crate::plan) fn locks_to_run(call: &Call, place: &Place<'_>) -> Vec<(Resource, Access)> {
    let built = locks(call, place).into_iter();
    let kept = built.filter(|(resource, access)| match resource {
        Resource::BuildDirectory(_) => *access == Access::Shared,
        Resource::Programs(_) => true,
        _ => false,
    });
    kept.map(|(resource, _)| (resource, Access::Shared)).collect()
}

/// What the call builds, by its subcommand and by options that change it.
fn builds(call: &Call) -> Builds {
    let has = |names: &[&str]| call.has(names);
    let first = call.args.first().map(String::as_str);
    match call.subcommand.as_str() {
        _ if has(&["--help", "-h"]) => Builds::Nothing,
        "package" | "publish" if has(&["--list", "-l", "--no-verify"]) => Builds::Nothing,
        "nextest" => match first {
            // These are given what was built before.
            Some("run" | "list" | "bench") if has(&["--archive-file", "--binaries-metadata"]) => Builds::Nothing,
            Some("self" | "replay" | "store" | "help") | None => Builds::Nothing,
            _ => Builds::Artifacts,
        },
        "hack" => match first {
            Some("check" | "clippy" | "c") => Builds::Checks,
            _ => Builds::Artifacts,
        },
        // `--timings` writes a report into the target directory.
        "check" | "clippy" | "fix" if has(&["--timings"]) => Builds::Documents,
        name => subcommand(name).map_or(Builds::Anywhere, |known| known.builds),
    }
}

/// Whether programs are put where tests look for them. `cargo test --doc` builds libraries only.
fn writes_programs(call: &Call, builds: Builds) -> bool {
    builds == Builds::Artifacts && !(call.subcommand == "test" && call.has(&["--doc"]))
}

/// The directories that a call builds in.
struct Dirs {
    target: PathBuf,
    build: PathBuf,
}

impl Dirs {
    fn of(call: &Call, place: &Place<'_>) -> Self {
        let settings = place.settings;
        let variable = |name: &str| variable(call, place, name);
        let given = call.values("--target-dir").last().map(|dir| (*dir).to_owned());
        let target = given
            .or_else(|| variable("CARGO_TARGET_DIR"))
            .or_else(|| variable("CARGO_BUILD_TARGET_DIR"));
        let target = target.map_or_else(|| settings.target_dir.clone(), |dir| absolute(place.cwd, &dir));
        let build = match place.set_env.get("CARGO_BUILD_BUILD_DIR") {
            Some(dir) => absolute(place.cwd, dir),
            None if settings.build_dir != settings.target_dir => settings.build_dir.clone(),
            None => target.clone(),
        };
        Self { target, build }
    }

    fn both(&self) -> BTreeSet<PathBuf> {
        BTreeSet::from([self.build.clone(), self.target.clone()])
    }
}

/// The value that a variable has for the command.
fn variable(call: &Call, place: &Place<'_>, name: &str) -> Option<String> {
    let on_the_way = call
        .set
        .iter()
        .rev()
        .find(|(set, _)| set == name)
        .map(|(_, value)| value);
    let value = on_the_way.or_else(|| place.set_env.get(name));
    value.or_else(|| place.settings.variables.get(name)).cloned()
}

/// The path from a directory, without `.` and `..`, so that one place has one name.
fn absolute(from: &Path, path: &str) -> PathBuf {
    let mut found = PathBuf::new();
    for part in from.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = found.pop(),
            part => found.push(part),
        }
    }
    found
}

/// The directories below those that are built in: one for the host, and one for each triple that is named. Nothing where
/// that cannot be told.
fn names(call: &Call, place: &Place<'_>, profile: &str) -> Option<Vec<PathBuf>> {
    let says_more =
        |config: &&str| !config.contains('=') || config.starts_with("build.") || config.starts_with("profile");
    if call.config().iter().any(says_more) || call.before.iter().any(|word| word.starts_with("-C")) {
        return None;
    }
    let of_nextest = call.subcommand == "nextest";
    let option = if of_nextest { "--cargo-profile" } else { "--profile" };
    let profile = match call.values(option).last() {
        Some(profile) => *profile,
        None if call.has(&["--release", "-r"]) => "release",
        None if call.subcommand == "install" && call.has(&["--debug"]) => "dev",
        None => profile,
    };
    // Cargo's own profiles share two directories.
    let profile = match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        own => own,
    };
    let given: Vec<String> = call.values("--target").into_iter().map(str::to_owned).collect();
    let triples = if given.is_empty() {
        let of_variable = variable(call, place, "CARGO_BUILD_TARGET").map(|triple| vec![triple]);
        of_variable.unwrap_or_else(|| place.settings.targets.clone())
    } else {
        given
    };
    if triples.iter().any(|triple| triple == "host-tuple") {
        return None;
    }
    // A triple that somebody has made up is a file, and is known by its name.
    let of_triple = |triple: &String| {
        let file = Path::new(triple);
        let is_file = file.extension().is_some_and(|extension| extension == "json");
        let name = if is_file { file.file_stem()? } else { file.as_os_str() };
        Some(Path::new(name).join(profile))
    };
    // Build scripts and procedural macros are for the host, whatever else is built.
    let mut names = vec![PathBuf::from(profile)];
    for triple in &triples {
        names.push(of_triple(triple)?);
    }
    Some(names)
}

fn exact(dirs: &Dirs, names: &[PathBuf], only_checks: bool, programs: bool) -> Vec<(Resource, Access)> {
    let locked = if only_checks {
        BTreeSet::from([dirs.build.clone()])
    } else {
        dirs.both()
    };
    let mut found: Vec<_> = locked.iter().map(|dir| (directory(dir), Access::Shared)).collect();
    let locks = locked
        .iter()
        .flat_map(|dir| names.iter().map(move |name| dir.join(name)));
    found.extend(locks.map(|lock| (directory(&lock), Access::Exclusive)));
    let written = names.iter().filter(|_| programs).map(|name| dirs.target.join(name));
    found.extend(written.map(|dir| (Resource::Programs(dir.into()), Access::Exclusive)));
    found
}

/// All of these directories.
fn whole(dirs: impl IntoIterator<Item = PathBuf>) -> Vec<(Resource, Access)> {
    let dirs = dirs.into_iter();
    dirs.map(|dir| (directory(&dir), Access::Exclusive)).collect()
}

fn directory(dir: &Path) -> Resource {
    Resource::BuildDirectory(Arc::from(dir))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::super::{Words, recognise};
    use super::*;

    fn settings() -> CargoSettings {
        CargoSettings {
            target_dir: "/ws/target".into(),
            build_dir: "/ws/target".into(),
            ..CargoSettings::default()
        }
    }

    fn found(settings: &CargoSettings, line: &str, set_env: &[(&str, &str)]) -> Vec<(Resource, Access)> {
        let words = shell_words::split(line).unwrap();
        let args: Vec<_> = words[1..].iter().map(OsString::from).collect();
        let pairs = set_env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let place = Place {
            settings,
            set_env: &pairs.collect(),
            cwd: Path::new("/ws/sub"),
        };
        match recognise(&words[0], &args, settings) {
            Words::NoCargo => Vec::new(),
            Words::Cargo(call) => locks(&call, &place),
            Words::Opaque => locks_anywhere(&place),
        }
    }

    /// What is used alone, relative to `/ws`; programs with a `*`, and what holds more than one lock with a `/`.
    fn shown(found: &[(Resource, Access)]) -> String {
        let alone = found.iter().filter(|(_, access)| *access == Access::Exclusive);
        let names = alone.map(|(resource, _)| match resource {
            Resource::BuildDirectory(dir) => {
                let shared = (Resource::BuildDirectory(Arc::clone(dir)), Access::Shared);
                assert!(!found.contains(&shared), "{found:?}");
                dir.strip_prefix("/ws").unwrap_or(dir).display().to_string()
            }
            Resource::Programs(dir) => format!("*{}", dir.strip_prefix("/ws").unwrap_or(dir).display()),
            other => panic!("{other:?}"),
        });
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_command_takes_the_locks_that_cargo_takes_for_it() {
        for (line, expected) in [
            ("cargo check", "target/debug"),
            ("cargo clippy --all-targets -- -D warnings", "target/debug"),
            ("cargo-clippy clippy", "target/debug"),
            ("cargo fix --allow-dirty", "target/debug"),
            ("cargo doc --no-deps", "target/debug"),
            ("cargo rustdoc", "target/debug"),
            ("cargo build", "target/debug *target/debug"),
            ("cargo test --no-run", "target/debug *target/debug"),
            ("cargo test --doc", "target/debug"),
            ("cargo run -p x", "target/debug *target/debug"),
            ("cargo rustc", "target/debug *target/debug"),
            ("cargo bench", "target/release *target/release"),
            ("cargo install --path .", "target/release *target/release"),
            ("cargo install --path . --debug", "target/debug *target/debug"),
            ("cargo nextest run", "target/debug *target/debug"),
            ("cargo nextest list", "target/debug *target/debug"),
            // Its `--profile` is one of its own.
            ("cargo nextest run --profile ci", "target/debug *target/debug"),
            ("cargo nextest run -P ci --cargo-profile ci", "target/ci *target/ci"),
            ("cargo nextest run --release", "target/release *target/release"),
            ("cargo nextest run --binaries-metadata x", ""),
            ("cargo nextest run --archive-file x", ""),
            ("cargo check --release", "target/release"),
            ("cargo check -r", "target/release"),
            ("cargo check --profile test", "target/debug"),
            ("cargo check --profile=bench", "target/release"),
            ("cargo check --profile own", "target/own"),
            ("cargo check --target t", "target/debug target/t/debug"),
            (
                "cargo check --target t --target u",
                "target/debug target/t/debug target/u/debug",
            ),
            ("cargo check --target dir/own.json", "target/debug target/own/debug"),
            ("cargo check --target host-tuple", "target"),
            (
                "cargo build --target t --release",
                "target/release target/t/release *target/release *target/t/release",
            ),
            ("cargo check --target-dir d", "sub/d/debug"),
            ("cargo check --target-dir=../d/./e", "d/e/debug"),
            ("cargo check --target-dir /d", "/d/debug"),
            ("env CARGO_TARGET_DIR=d cargo check", "sub/d/debug"),
            ("cargo check --config build.target-dir='\"x\"'", "target"),
            ("cargo check --config own.toml", "target"),
            ("cargo --config net.offline=true check", "target/debug"),
            ("cargo -C dir check", "target"),
            ("cargo hack check --feature-powerset", "target/debug"),
            ("cargo hack --each-feature test", "target/debug *target/debug"),
            ("cargo miri test", "target/miri"),
            ("cargo +nightly udeps", "target/debug *target/debug"),
            ("cargo clean", "target"),
            ("cargo clean --dry-run -p a", "target"),
            ("cargo llvm-cov", "target"),
            ("cargo unheard-of", "target"),
            ("cargo package", "target/debug *target/debug"),
            ("cargo package --list", ""),
            ("sh -c 'cargo test | tee log'", "target"),
            ("sh -c 'make'", ""),
        ] {
            assert_eq!(shown(&found(&settings(), line, &[])), expected, "{line}");
        }
    }

    #[test]
    fn what_builds_nothing_takes_no_lock() {
        for name in [
            "fmt",
            "metadata",
            "machete",
            "tree",
            "fetch",
            "update",
            "deny check",
            "sort",
            "audit",
            "pkgid",
            "vendor",
            "--version",
            "check --help",
        ] {
            assert_eq!(found(&settings(), &format!("cargo {name}"), &[]), [], "{name}");
        }
    }

    #[test]
    fn the_environment_says_where() {
        let dir = ("CARGO_TARGET_DIR", "/d");
        for (line, set_env, expected) in [
            ("cargo check", &[dir][..], "/d/debug"),
            ("cargo check --target-dir /e", &[dir], "/e/debug"),
            ("cargo check", &[dir, ("CARGO_BUILD_TARGET_DIR", "/e")], "/d/debug"),
            ("cargo check", &[("CARGO_BUILD_TARGET_DIR", "e")], "sub/e/debug"),
            (
                "cargo check",
                &[("CARGO_BUILD_TARGET", "t")],
                "target/debug target/t/debug",
            ),
            (
                "cargo check --target u",
                &[("CARGO_BUILD_TARGET", "t")],
                "target/debug target/u/debug",
            ),
            // Who only checks leaves the target directory alone.
            ("cargo check", &[("CARGO_BUILD_BUILD_DIR", "/b")], "/b/debug"),
            ("cargo clippy", &[("CARGO_BUILD_BUILD_DIR", "/b")], "/b/debug"),
            (
                "cargo check --timings",
                &[("CARGO_BUILD_BUILD_DIR", "/b")],
                "/b/debug target/debug",
            ),
            // An older cargo locks both.
            (
                "cargo +1.80 check",
                &[("CARGO_BUILD_BUILD_DIR", "/b")],
                "/b/debug target/debug",
            ),
            ("cargo doc", &[("CARGO_BUILD_BUILD_DIR", "/b")], "/b/debug target/debug"),
            (
                "cargo test",
                &[("CARGO_BUILD_BUILD_DIR", "/b")],
                "/b/debug target/debug *target/debug",
            ),
            ("cargo miri test", &[("CARGO_BUILD_BUILD_DIR", "/b")], "/b target"),
            ("cargo clean", &[("CARGO_BUILD_BUILD_DIR", "/b")], "/b target"),
        ] {
            assert_eq!(
                shown(&found(&settings(), line, set_env)),
                expected,
                "{line} {set_env:?}"
            );
        }
        let mut settings = settings();
        settings.targets = vec!["t".to_owned()];
        settings.build_dir = "/b".into();
        assert_eq!(shown(&found(&settings, "cargo check", &[])), "/b/debug /b/t/debug");
        assert_eq!(
            shown(&found(&settings, "cargo check", &[("CARGO_TARGET_DIR", "/d")])),
            "/b/debug /b/t/debug"
        );
        settings
            .variables
            .insert("CARGO_BUILD_TARGET".to_owned(), "u".to_owned());
        assert_eq!(shown(&found(&settings, "cargo check", &[])), "/b/debug /b/u/debug");
    }

    fn exclude(a: &[(Resource, Access)], b: &[(Resource, Access)]) -> bool {
        let mut pairs = a.iter().flat_map(|one| b.iter().map(move |other| (one, other)));
        pairs.any(|(one, other)| one.0 == other.0 && (one.1, other.1) != (Access::Shared, Access::Shared))
    }

    #[test]
    fn what_may_use_all_of_a_directory_goes_beside_nothing_that_builds_there() {
        let lines = [
            "cargo check",
            "cargo test",
            "cargo doc --release",
            "cargo miri test",
            "cargo check --target t",
        ];
        for alone in ["cargo clean", "sh -c 'cargo x'", "cargo unheard-of"] {
            for line in lines.iter().chain(&[alone]) {
                let (one, other) = (found(&settings(), alone, &[]), found(&settings(), line, &[]));
                assert!(exclude(&one, &other), "{alone} {line}");
            }
        }
        let beside = |one, other| !exclude(&found(&settings(), one, &[]), &found(&settings(), other, &[]));
        assert!(beside("cargo check", "cargo check --release"));
        assert!(beside("cargo check", "cargo miri test"));
        assert!(beside("cargo check", "cargo check --profile own"));
        assert!(beside("cargo clean --target-dir x", "cargo check"));
        assert!(!beside("cargo check", "cargo check --target t"));
    }

    #[test]
    fn tests_run_beside_what_leaves_their_programs_alone() {
        let Words::Cargo(call) = recognise("cargo", &["nextest".into(), "list".into()], &settings()) else {
            panic!("no call");
        };
        let settings = settings();
        let place = Place {
            settings: &settings,
            set_env: &BTreeMap::new(),
            cwd: Path::new("/ws"),
        };
        let running = locks_to_run(&call, &place);
        for (line, beside) in [
            ("cargo clippy", true),
            ("cargo doc", true),
            ("cargo test --doc", true),
            ("cargo build --release", true),
            ("cargo build", false),
            ("cargo test", false),
            ("cargo clean", false),
            ("sh -c 'cargo build'", false),
        ] {
            assert_eq!(!exclude(&running, &found(&settings, line, &[])), beside, "{line}");
        }
        assert!(!exclude(&running, &running));
    }
}
