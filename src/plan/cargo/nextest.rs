//! Cuts a run of nextest in two: what builds the tests, and what runs them without cargo.
//!
//! The second is given the list of test binaries that the first has written, so that it takes no lock of cargo's and
//! tests run beside whatever builds. Only where it is certain that the two do what the one does: an argument that is not
//! known here keeps the command whole.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use super::CargoSettings;
use crate::plan::task::TaskCommand;

/// A run of nextest in two parts.
pub(in crate::plan) struct Split {
    /// Builds the tests and lists their binaries on standard output.
    pub(in crate::plan) build: TaskCommand,
    /// Runs the tests of that list.
    pub(in crate::plan) run: TaskCommand,
    /// The file in which the list is handed on.
    pub(in crate::plan) list: PathBuf,
}

/// Which part an argument is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Build,
    Run,
    Both,
}

/// Options that stand alone.
const FLAGS: [(&str, For); 24] = [
    ("--all", For::Build),
    ("--all-features", For::Build),
    ("--all-targets", For::Build),
    ("--benches", For::Build),
    ("--bins", For::Build),
    ("--examples", For::Build),
    ("--frozen", For::Build),
    ("--ignore-rust-version", For::Build),
    ("--lib", For::Build),
    ("--locked", For::Build),
    ("--no-default-features", For::Build),
    ("--offline", For::Build),
    ("--release", For::Build),
    ("--tests", For::Build),
    ("--workspace", For::Build),
    ("-r", For::Build),
    ("--fail-fast", For::Run),
    ("--ff", For::Run),
    ("--hide-progress-bar", For::Run),
    ("--ignore-default-filter", For::Run),
    ("--nff", For::Run),
    ("--no-fail-fast", For::Run),
    ("--no-input-handler", For::Run),
    ("--no-output-indent", For::Run),
];

/// Options with a value.
const OPTIONS: [(&str, For); 30] = [
    ("--bench", For::Build),
    ("--bin", For::Build),
    ("--build-jobs", For::Build),
    ("--cargo-profile", For::Build),
    ("--example", For::Build),
    ("--exclude", For::Build),
    ("--features", For::Build),
    ("--package", For::Build),
    ("--test", For::Build),
    ("-F", For::Build),
    ("-p", For::Build),
    ("--color", For::Both),
    ("--config-file", For::Both),
    ("--tool-config-file", For::Both),
    ("--failure-output", For::Run),
    ("--filterset", For::Run),
    ("--final-status-level", For::Run),
    ("--jobs", For::Run),
    ("--max-fail", For::Run),
    ("--no-tests", For::Run),
    ("--partition", For::Run),
    ("--profile", For::Run),
    ("--retries", For::Run),
    ("--run-ignored", For::Run),
    ("--show-progress", For::Run),
    ("--status-level", For::Run),
    ("--success-output", For::Run),
    ("--test-threads", For::Run),
    ("-E", For::Run),
    ("-P", For::Run),
];

/// Short options whose value may follow at once.
const SHORT: [(&str, For); 1] = [("-j", For::Run)];

/// The two parts of a command that runs nextest, or nothing where it does not or must stay whole.
///
/// The name of the list does not depend on where the workspace, with this root, lies.
pub(in crate::plan) fn split(command: &TaskCommand, settings: &CargoSettings, root: &Path) -> Option<Split> {
    let words: Vec<&str> = command.args.iter().map(|arg| arg.to_str()).collect::<Option<_>>()?;
    let program = command.program.name.rsplit('/').next()?;
    let head = match (program, words.as_slice()) {
        ("cargo-nextest", ["nextest", "run", ..]) => 1,
        ("cargo", ["nextest", "run", ..]) if !settings.aliases.contains_key("nextest") => 1,
        _ => return None,
    };
    let (build_args, run_args) = sorted(&words[head + 1..])?;
    let list = settings
        .target_dir
        .join("cargo-hooks")
        .join(name_of_list(command, root));
    let given = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    let with = |subcommand: &str, args: Vec<OsString>| TaskCommand {
        args: [given(&words[..head]), given(&[subcommand]), args].concat(),
        ..command.clone()
    };
    let mut build_words = vec!["--list-type", "binaries-only", "--message-format", "json"];
    build_words.extend(&build_args);
    let mut run_words = vec![OsString::from("--binaries-metadata"), list.clone().into()];
    run_words.extend(given(&run_args));
    let mut run = with("run", run_words);
    // It asks cargo for the packages, and has no room for these options there.
    if build_args.iter().any(|arg| matches!(*arg, "--offline" | "--frozen")) {
        run.env.insert("CARGO_NET_OFFLINE".to_owned(), "true".to_owned());
    }
    Some(Split {
        build: with("list", given(&build_words)),
        run,
        list,
    })
}

/// The arguments of each part, or nothing where one is not known.
fn sorted<'a>(words: &[&'a str]) -> Option<(Vec<&'a str>, Vec<&'a str>)> {
    let (mut build, mut run) = (Vec::new(), Vec::new());
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        if word == "--" {
            run.push(word);
            run.extend(words);
            break;
        }
        let (found, value) = if !word.starts_with('-') {
            (For::Run, None)
        } else if let Some((_, found)) = FLAGS.iter().find(|(name, _)| *name == word) {
            (*found, None)
        } else if let Some((_, found)) = OPTIONS.iter().chain(&SHORT).find(|(name, _)| *name == word) {
            (*found, Some(words.next()?))
        } else {
            let name = word.split_once('=').map_or(word, |(name, _)| name);
            let long = OPTIONS.iter().find(|(known, _)| *known == name && name != word);
            let short = SHORT.iter().find(|(known, _)| word.starts_with(known));
            (long.or(short)?.1, None)
        };
        for (part, side) in [(&mut build, For::Build), (&mut run, For::Run)] {
            if found == side || found == For::Both {
                part.push(word);
                part.extend(value);
            }
        }
    }
    Some((build, run))
}

/// A name for the list that another command does not have, and the same command has again.
fn name_of_list(command: &TaskCommand, root: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    let cwd = command.cwd.strip_prefix(root).unwrap_or(&command.cwd);
    (&command.program.name, &command.args, cwd, &command.given, &command.env).hash(&mut hasher);
    format!("nextest-{:016x}.json", hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::OsStr;

    use super::*;
    use crate::environment::Given;
    use crate::plan::task::Program;

    fn command(line: &str) -> TaskCommand {
        let words = shell_words::split(line).unwrap();
        TaskCommand {
            program: Program {
                name: words[0].clone(),
                path: None,
            },
            args: words[1..].iter().map(OsString::from).collect(),
            cwd: "/ws".into(),
            given: Given::All,
            env: BTreeMap::new(),
            over: None,
        }
    }

    fn shown(command: &TaskCommand, list: &OsStr) -> String {
        let env = command.env.iter().map(|(name, value)| format!("{name}={value} "));
        let args = command
            .args
            .iter()
            .map(|arg| if arg == list { "LIST" } else { arg.to_str().unwrap() });
        let words = [command.program.name.as_str()].into_iter().chain(args);
        env.collect::<String>() + &words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_run_is_cut_in_two() {
        let settings = CargoSettings::default();
        for (line, build, run) in [
            (
                "cargo-nextest nextest run --color never --no-fail-fast --no-tests pass --workspace",
                "cargo-nextest nextest list --list-type binaries-only --message-format json --color never --workspace",
                "cargo-nextest nextest run --binaries-metadata LIST --color never --no-fail-fast --no-tests pass",
            ),
            (
                "/opt/cargo nextest run -p a --features=x --release -E 'test(run)' name -j4 -- --skip y",
                "/opt/cargo nextest list --list-type binaries-only --message-format json -p a --features=x --release",
                "/opt/cargo nextest run --binaries-metadata LIST -E test(run) name -j4 -- --skip y",
            ),
            (
                "cargo nextest run --offline --locked --profile ci --retries=2",
                "cargo nextest list --list-type binaries-only --message-format json --offline --locked",
                "CARGO_NET_OFFLINE=true cargo nextest run --binaries-metadata LIST --profile ci --retries=2",
            ),
        ] {
            let split = split(&command(line), &settings, Path::new("/ws")).unwrap();
            let list = split.list.as_os_str();
            assert_eq!(shown(&split.build, list), build);
            assert_eq!(shown(&split.run, list), run);
        }
    }

    #[test]
    fn what_is_not_certain_stays_whole() {
        let mut settings = CargoSettings::default();
        for line in [
            "cargo nextest list",
            "cargo nextest run --no-capture",
            "cargo nextest run --target x",
            "cargo nextest run --target-dir x",
            "cargo nextest run --manifest-path x/Cargo.toml",
            "cargo nextest run --cargo-message-format json",
            "cargo nextest run --no-run",
            "cargo nextest run --archive-file x",
            "cargo nextest run --unheard-of",
            "cargo nextest run --workspace=yes",
            "cargo nextest run -p",
            "cargo +nightly nextest run",
            "cargo test",
            "sh -c 'cargo nextest run'",
        ] {
            assert!(split(&command(line), &settings, Path::new("/ws")).is_none(), "{line}");
        }
        settings.aliases.insert("nextest".to_owned(), vec!["test".to_owned()]);
        assert!(split(&command("cargo nextest run"), &settings, Path::new("/ws")).is_none());
        assert!(split(&command("cargo-nextest nextest run"), &settings, Path::new("/ws")).is_some());
    }

    #[test]
    fn commands_that_differ_have_lists_that_differ() {
        let list = |line: &str| {
            split(&command(line), &CargoSettings::default(), Path::new("/ws"))
                .unwrap()
                .list
        };
        assert_eq!(list("cargo nextest run -p a"), list("cargo nextest run -p a"));
        assert_ne!(list("cargo nextest run -p a"), list("cargo nextest run -p b"));
    }
}
