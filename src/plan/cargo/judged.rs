//! What is said of single crates: which targets a command builds, whether it is about the crates that it was given, and
//! whether warnings fail it.

use std::ffi::OsString;

use super::{Call, Words, recognise};
use crate::model::Dialect;
use crate::plan::cargo::CargoSettings;
use crate::plan::task::{Role, TaskCommand};
use crate::tool_output::Targets;

/// The targets of each crate that a call builds, where that can be told from its options.
pub(in crate::plan) fn targets(call: &Call) -> Option<Targets> {
    let named = ["--bin", "--example", "--test", "--bench", "--manifest-path", "--doc"];
    if call.has(&named) {
        return None;
    }
    match call.subcommand.as_str() {
        "doc" if !call.has(&["--lib", "--bins", "--examples"]) => Some(Targets::DOCUMENTED),
        "check" | "clippy" | "build" => {
            let all = call.has(&["--all-targets"]);
            let given = Targets {
                lib: all || call.has(&["--lib"]),
                bins: all || call.has(&["--bins"]),
                tests: all || call.has(&["--tests"]),
                examples: all || call.has(&["--examples"]),
                benches: all || call.has(&["--benches"]),
                documents: false,
            };
            let unsaid = Targets {
                lib: true,
                bins: true,
                ..Targets::default()
            };
            Some(if given == Targets::default() { unsaid } else { given })
        }
        _ => None,
    }
}

/// Whether a call names crates beside those that it was given: then nobody knows which crates a verdict is about.
pub(in crate::plan) fn names_others(call: &Call, given: &[OsString]) -> bool {
    let count = |name: &str| call.values(name).len();
    let short = call
        .args
        .iter()
        .filter(|arg| arg.starts_with("-p") && arg.len() > 2)
        .count();
    let named = given.iter().filter(|word| *word == "-p").count();
    count("--exclude") > 0 || count("--package") + count("-p") + short != named
}

/// Whether a call builds tests and then runs them, and says so in a dialect in which that is seen. Cargo gives its locks
/// back in between.
pub(in crate::plan) fn runs_what_it_builds(call: &Call, output: Dialect) -> bool {
    match (call.subcommand.as_str(), output) {
        ("test", Dialect::CargoTest) => !call.has(&["--no-run"]),
        ("nextest", Dialect::Nextest) => call.args.first().is_some_and(|first| first == "run"),
        _ => false,
    }
}

/// Takes `-D warnings` out of the arguments of clippy, and says whether it was there. Where it judges it has to speak JSON.
///
/// The verdict is the same when it is judged by the messages: `-D warnings` makes an error of every lint that warns, and
/// of nothing else. But cargo notes the arguments of clippy, and lints all members again where they have changed.
pub(in crate::plan) fn take_denied_warnings(command: &mut TaskCommand, role: Role, settings: &CargoSettings) -> bool {
    let args = &mut command.args;
    let Words::Cargo(call) = recognise(&command.program.name, args, settings) else {
        return false;
    };
    let speaks_json = call
        .values("--message-format")
        .iter()
        .any(|format| format.starts_with("json"));
    if call.subcommand != "clippy" || role == Role::Judge && !speaks_json {
        return false;
    }
    let Some(end) = args.iter().position(|arg| arg == "--") else {
        return false;
    };
    let mut kept: Vec<OsString> = Vec::new();
    let mut rest = args[end + 1..].iter().peekable();
    let mut found = false;
    while let Some(word) = rest.next() {
        let apart = (word == "-D" || word == "--deny") && rest.peek().is_some_and(|next| *next == "warnings");
        if apart {
            rest.next();
        }
        if apart || word == "-Dwarnings" || word == "--deny=warnings" {
            found = true;
        } else {
            kept.push(word.clone());
        }
    }
    if found {
        args.truncate(if kept.is_empty() { end } else { end + 1 });
        args.append(&mut kept);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::environment::Given;
    use crate::plan::task::Program;

    fn words(line: &str) -> (String, Vec<OsString>) {
        let words = shell_words::split(line).unwrap();
        (words[0].clone(), words[1..].iter().map(OsString::from).collect())
    }

    fn call(line: &str) -> Call {
        let (program, args) = words(line);
        match recognise(&program, &args, &CargoSettings::default()) {
            Words::Cargo(call) => call,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_options_tell_which_targets_are_built() {
        let check = |line: &str, expected: &str| {
            let found = targets(&call(line)).map_or("unknown".to_owned(), |targets| {
                let all = [
                    (targets.lib, "lib"),
                    (targets.bins, "bins"),
                    (targets.tests, "tests"),
                    (targets.examples, "examples"),
                    (targets.benches, "benches"),
                    (targets.documents, "documents"),
                ];
                let named: Vec<_> = all.into_iter().filter_map(|(is, name)| is.then_some(name)).collect();
                named.join(" ")
            });
            assert_eq!(found, expected, "{line}");
        };
        check("cargo check", "lib bins");
        check(
            "cargo clippy --lib --bins --tests --examples --workspace",
            "lib bins tests examples",
        );
        check("cargo-clippy clippy --bins -- -D warnings", "bins");
        check("cargo check --all-targets", "lib bins tests examples benches");
        check("cargo check --test it", "unknown");
        check("cargo check --bin=x", "unknown");
        check("cargo doc --no-deps", "documents");
        check("cargo doc --lib", "unknown");
        check("cargo hack check", "unknown");
        check("cargo test", "unknown");
    }

    #[test]
    fn tests_that_run_after_their_build_are_known() {
        let check =
            |line: &str, output, expected| assert_eq!(runs_what_it_builds(&call(line), output), expected, "{line}");
        check("cargo test", Dialect::CargoTest, true);
        check("cargo t -- --nocapture", Dialect::CargoTest, true);
        check("cargo test --no-run", Dialect::CargoTest, false);
        check("cargo test", Dialect::Plain, false);
        check("cargo nextest run", Dialect::Nextest, true);
        check("cargo nextest list", Dialect::Nextest, false);
        check("cargo miri test", Dialect::CargoTest, false);
        check("cargo run", Dialect::CargoTest, false);
    }

    #[test]
    fn crates_that_a_person_names_beside_the_selected_ones_are_seen() {
        let check = |line: &str, given: &str, expected| {
            let (_, given) = words(&format!("x {given}"));
            assert_eq!(names_others(&call(line), &given), expected, "{line}");
        };
        check("cargo check --workspace", "--workspace", false);
        check("cargo check -p a -p b", "-p a -p b", false);
        check("cargo check -p a -p b --package c", "-p a -p b", true);
        check("cargo check --workspace --exclude a", "--workspace", true);
        check("cargo check --workspace -pa", "--workspace", true);
        check("cargo check", "--workspace", false);
    }

    #[test]
    fn denied_warnings_are_taken_out_of_what_clippy_is_told() {
        let command = |line: &str| {
            let (name, args) = words(line);
            TaskCommand {
                program: Program { name, path: None },
                args,
                cwd: "/ws".into(),
                given: Given::All,
                env: BTreeMap::new(),
                over: None,
            }
        };
        let check_as = |role, line: &str, expected: Option<&str>| {
            let mut taken = command(line);
            let found = take_denied_warnings(&mut taken, role, &CargoSettings::default());
            assert_eq!(found, expected.is_some(), "{line}");
            assert_eq!(taken.args, command(expected.unwrap_or(line)).args, "{line}");
        };
        let check = |line: &str, expected: Option<&str>| check_as(Role::Judge, line, expected);
        let json = "cargo-clippy clippy --message-format json";
        for (given, expected) in [
            ("-- -D warnings", ""),
            ("-- -Dwarnings", ""),
            ("-- --deny=warnings", ""),
            ("-- --deny warnings -A dead_code", "-- -A dead_code"),
            (
                "--lib -- -W clippy::pedantic -D warnings",
                "--lib -- -W clippy::pedantic",
            ),
            ("-- -D dead_code -D warnings", "-- -D dead_code"),
        ] {
            check(&format!("{json} {given}"), Some(&format!("{json} {expected}")));
        }
        check(&format!("{json} -- -D dead_code"), None);
        check(&format!("{json} -D warnings"), None);
        check("cargo clippy -- -D warnings", None);
        check_as(
            Role::Repair,
            "cargo clippy --fix -- -D warnings",
            Some("cargo clippy --fix"),
        );
        check("cargo rustc --message-format json -- -D warnings", None);
        check("sh -c 'cargo clippy --message-format json -- -D warnings'", None);
    }
}
