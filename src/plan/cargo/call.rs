//! Finds out whether a command calls cargo, and with what.

use std::ffi::OsString;

use super::CargoSettings;
use crate::config::{TAKING_A_VALUE, built_in_alias, subcommand};

/// A call of cargo, with its aliases resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::plan) struct Call {
    /// The subcommand.
    pub(in crate::plan) subcommand: String,
    /// The options of cargo itself, before the subcommand.
    pub(in crate::plan) before: Vec<String>,
    /// What comes after the subcommand, up to `--`.
    pub(in crate::plan) args: Vec<String>,
    /// What comes after `--`.
    pub(in crate::plan) rest: Vec<String>,
    /// Variables that are set on the way to it: `env NAME=VALUE cargo …`.
    pub(in crate::plan) set: Vec<(String, String)>,
}

/// What a command has to do with cargo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Words {
    /// Nothing that can be seen.
    NoCargo,
    /// It calls it so.
    Cargo(Call),
    /// It calls it, and nobody can say how.
    Opaque,
}

/// How often an alias may lead to another. Cargo itself refuses those that lead in a circle.
const MOST_ALIASES: usize = 16;

const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "ksh", "fish"];

/// Whether a program reads a script.
pub(in crate::plan) fn is_shell(name: &str) -> bool {
    SHELLS.contains(&name)
}

/// What a command has to do with cargo: a program by its name or path, and its arguments.
pub(in crate::plan) fn recognise(program: &str, args: &[OsString], settings: &CargoSettings) -> Words {
    let args: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let name = program.rsplit('/').next().unwrap_or_default();
    if name == "cargo" {
        return call(&args, Vec::new(), settings);
    }
    if let Some(external) = name.strip_prefix("cargo-") {
        // A program that cargo calls is told its own name first; one that a person calls may not be.
        let args = args.strip_prefix(&[external.to_owned()][..]).unwrap_or(&args);
        return Words::Cargo(Call::new(external, Vec::new(), args, Vec::new()));
    }
    if is_shell(name) {
        let calls = args.iter().any(|arg| mentions_cargo(arg));
        return if calls { Words::Opaque } else { Words::NoCargo };
    }
    // `env`, `nice`, `timeout`, `rustup run`: whatever the program is, a word `cargo` behind it is most likely called.
    let Some(place) = args.iter().position(|arg| arg == "cargo") else {
        return Words::NoCargo;
    };
    let set = args[..place].iter().filter_map(|arg| {
        let (name, value) = arg.split_once('=')?;
        (!name.starts_with('-')).then(|| (name.to_owned(), value.to_owned()))
    });
    call(&args[place + 1..], set.collect(), settings)
}

/// Whether a script calls cargo or one of its programs, as far as can be seen without reading it as a shell does.
fn mentions_cargo(script: &str) -> bool {
    let words = script.split(|c: char| c.is_whitespace() || ";|&()<>{}\"'`$=".contains(c));
    let mut names = words.filter_map(|word| word.rsplit('/').next());
    names.any(|name| name == "cargo" || name == "CARGO" || name.starts_with("cargo-"))
}

fn call(args: &[String], set: Vec<(String, String)>, settings: &CargoSettings) -> Words {
    let mut words = args.to_vec();
    for _ in 0..MOST_ALIASES {
        let Some(place) = place_of_subcommand(&words) else {
            // `cargo --version` and its like.
            return Words::NoCargo;
        };
        let name = words[place].clone();
        if subcommand(&name).is_some_and(|known| known.built_in) {
            let args = words.split_off(place + 1);
            words.truncate(place);
            return Words::Cargo(Call::new(&name, words, &args, set));
        }
        let own = settings.aliases.get(&name).cloned();
        let Some(full) = own.or_else(|| built_in_alias(&name).map(|full| vec![full.to_owned()])) else {
            let args = words.split_off(place + 1);
            words.truncate(place);
            return Words::Cargo(Call::new(&name, words, &args, set));
        };
        words.splice(place..=place, full);
    }
    Words::Opaque
}

/// Where the subcommand stands among the words after `cargo`.
fn place_of_subcommand(words: &[String]) -> Option<usize> {
    let mut place = 0;
    while let Some(word) = words.get(place) {
        if TAKING_A_VALUE.contains(&word.as_str()) {
            place += 2;
        } else if word.starts_with(['+', '-']) {
            place += 1;
        } else {
            return Some(place);
        }
    }
    None
}

impl Call {
    fn new(subcommand: &str, before: Vec<String>, after: &[String], set: Vec<(String, String)>) -> Self {
        let end = after.iter().position(|arg| arg == "--").unwrap_or(after.len());
        Self {
            subcommand: subcommand.to_owned(),
            before,
            args: after[..end].to_vec(),
            rest: after.get(end + 1..).unwrap_or_default().to_vec(),
            set,
        }
    }

    /// Whether one of these options is given.
    pub(in crate::plan) fn has(&self, names: &[&str]) -> bool {
        let is_one = |arg: &String| names.contains(&arg.split('=').next().unwrap_or_default());
        self.args.iter().any(is_one)
    }

    /// Every value of an option, as `--name VALUE` or `--name=VALUE`.
    pub(in crate::plan) fn values(&self, name: &str) -> Vec<&str> {
        values(&self.args, name)
    }

    /// The values of `--config`, wherever they stand.
    pub(super) fn config(&self) -> Vec<&str> {
        let mut found = values(&self.before, "--config");
        found.extend(values(&self.args, "--config"));
        found
    }

    /// Whether it names the toolchain.
    pub(super) fn names_a_toolchain(&self) -> bool {
        self.before.iter().any(|word| word.starts_with('+'))
    }
}

fn values<'a>(words: &'a [String], name: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == name {
            found.extend(words.next().map(String::as_str));
        } else if let Some(value) = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            found.push(value);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings() -> CargoSettings {
        let aliases = [
            ("xtask", "run --package xtask --"),
            ("lint", "clippy --all-targets"),
            ("strict", "lint -- -D warnings"),
            ("b", "build --release"),
            ("check", "test"),
            ("one", "two"),
            ("two", "one"),
        ];
        let aliases = aliases.map(|(name, full)| (name.to_owned(), full.split(' ').map(str::to_owned).collect()));
        CargoSettings {
            aliases: aliases.into(),
            ..CargoSettings::default()
        }
    }

    fn recognised(line: &str) -> Words {
        let words = shell_words::split(line).unwrap();
        let args: Vec<_> = words[1..].iter().map(OsString::from).collect();
        recognise(&words[0], &args, &settings())
    }

    fn shown(line: &str) -> String {
        match recognised(line) {
            Words::NoCargo => "none".to_owned(),
            Words::Opaque => "opaque".to_owned(),
            Words::Cargo(call) => {
                let set = call.set.iter().map(|(name, value)| format!("{name}={value} "));
                let set: String = set.collect();
                let words = |words: &[String]| words.iter().map(|word| format!(" {word}")).collect::<String>();
                let (before, args, rest) = (words(&call.before), words(&call.args), words(&call.rest));
                let rest = if rest.is_empty() { rest } else { format!(" |{rest}") };
                format!("{set}{}:{before} /{args}{rest}", call.subcommand)
            }
        }
    }

    #[test]
    fn calls_of_cargo_are_recognised() {
        for (line, expected) in [
            ("cargo check", "check: /"),
            ("/opt/bin/cargo test -p a -- --nocapture", "test: / -p a | --nocapture"),
            (
                "cargo +nightly -q --color never -Z x test --lib",
                "test: +nightly -q --color never -Z x / --lib",
            ),
            (
                "cargo --config build.jobs=1 fmt --check",
                "fmt: --config build.jobs=1 / --check",
            ),
            ("cargo t --doc", "test: / --doc"),
            ("cargo b", "build: / --release"),
            // Cargo lets nobody take the place of what is built in.
            ("cargo check --lib", "check: / --lib"),
            ("cargo xtask dist", "run: / --package xtask | dist"),
            ("cargo -q strict", "clippy: -q / --all-targets | -D warnings"),
            ("cargo strict --lib", "clippy: / --all-targets | -D warnings --lib"),
            ("cargo one", "opaque"),
            ("cargo unheard-of --x", "unheard-of: / --x"),
            ("cargo", "none"),
            ("cargo --version", "none"),
            ("cargo-clippy clippy --lib", "clippy: / --lib"),
            ("cargo-fmt --check", "fmt: / --check"),
            // Its own program is called past every alias.
            ("cargo-lint", "lint: /"),
            (
                "env CARGO_TARGET_DIR=x RUSTFLAGS= cargo check",
                "CARGO_TARGET_DIR=x RUSTFLAGS= check: /",
            ),
            ("rustup run nightly cargo doc", "doc: /"),
            ("timeout --signal=KILL 10 cargo test", "test: /"),
            ("make check", "none"),
            ("typos cargo/ docs/cargo.md", "none"),
            ("rustfmt --check src/cargo.rs", "none"),
            ("sh -c 'cargo test | tee log' sh", "opaque"),
            ("bash -c '\"$CARGO\" test'", "opaque"),
            ("sh -c 'exec /opt/bin/cargo-nextest run'", "opaque"),
            ("sh -c 'cat .cargo/config.toml ~/.cargo/x Cargo.toml'", "none"),
            ("sh -c 'wc \"$@\"' sh a.rs", "none"),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
    }

    #[test]
    fn options_are_found_in_both_forms() {
        let Words::Cargo(call) = recognised("cargo check --target a --target=b --targets c -- --target d") else {
            panic!("no call");
        };
        assert_eq!(call.values("--target"), ["a", "b"]);
        assert!(call.has(&["--targets"]) && call.has(&["--x", "--target"]) && !call.has(&["--tar"]));
    }

    proptest! {
        /// Whatever surrounds them, words in a script that call cargo are never overlooked.
        #[test]
        fn no_call_in_a_script_is_overlooked(
            before in "([a-z/.]{0,6}[ ;|&(]){0,4}",
            path in prop_oneof![Just(""), Just("/usr/bin/"), Just("./")],
            name in prop_oneof![Just("cargo"), Just("cargo-nextest")],
            after in "([ ;|&)][a-z/.-]{0,6}){0,4}",
        ) {
            let args: [OsString; 2] = ["-c".into(), format!("{before}{path}{name}{after}").into()];
            prop_assert_eq!(recognise("sh", &args, &settings()), Words::Opaque);
        }

        /// Options of cargo itself before the subcommand, and any words after it, do not hide it.
        #[test]
        fn no_subcommand_is_hidden(
            before in proptest::sample::subsequence(vec!["+nightly", "-q", "--locked", "--color=always", "-Zx"], 0..5),
            name in proptest::sample::select(vec!["check", "clippy", "test", "nextest", "doc", "unheard-of"]),
            after in proptest::collection::vec("[-a-z=]{1,8}", 0..5),
        ) {
            let words = before.iter().map(|word| (*word).to_owned()).chain([name.to_owned()]).chain(after.clone());
            let args: Vec<OsString> = words.map(OsString::from).collect();
            let Words::Cargo(call) = recognise("cargo", &args, &settings()) else {
                return Err(TestCaseError::fail("no call"));
            };
            prop_assert_eq!(&call.subcommand, name);
            prop_assert_eq!(call.before, before);
            let ended = after.iter().position(|word| word == "--").unwrap_or(after.len());
            prop_assert_eq!(&call.args[..], &after[..ended]);
        }
    }
}
