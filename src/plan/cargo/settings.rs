//! What cargo's configuration and the environment say about where it builds, and about aliases.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::{Table, Value};

/// The variables that say where and for what cargo builds. Each may also be set for one command.
const VARIABLES: [&str; 4] = [
    "CARGO_BUILD_BUILD_DIR",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_TARGET_DIR",
];

const ALIAS_VARIABLE: &str = "CARGO_ALIAS_";
const JOBS_VARIABLE: &str = "CARGO_BUILD_JOBS";

/// Where cargo builds, and what its subcommands are called here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CargoSettings {
    /// Where artifacts go, absolute.
    pub target_dir: PathBuf,
    /// Where it builds, absolute. The same as `target_dir`, unless somebody wants them apart.
    pub build_dir: PathBuf,
    /// The triples that are built for where a command names none. None: for the host, without a directory of its own.
    pub targets: Vec<String>,
    /// What aliases stand for, without those that cargo brings along.
    pub aliases: BTreeMap<String, Vec<String>>,
    /// How many jobs somebody lets cargo run, as cargo writes it: less than none means so many fewer than processors.
    pub jobs: Option<i64>,
    /// Those variables of the environment that count.
    pub variables: BTreeMap<String, String>,
}

/// The text of one of cargo's configuration files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigText(pub String);

impl CargoSettings {
    /// The settings in these directories, with configuration files from the nearest to the farthest, and variables of
    /// the environment, which come before all files. What cannot be read as TOML says nothing: cargo refuses it.
    #[must_use]
    pub fn read<'a>(
        target_dir: PathBuf,
        build_dir: PathBuf,
        files: &[ConfigText],
        environment: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut settings = Self {
            target_dir,
            build_dir,
            ..Self::default()
        };
        for (name, value) in environment {
            if VARIABLES.contains(&name) {
                settings.variables.insert(name.to_owned(), value.to_owned());
            } else if name == JOBS_VARIABLE {
                settings.jobs = value.parse().ok();
            } else if let Some(alias) = name.strip_prefix(ALIAS_VARIABLE) {
                let words = value.split_whitespace().map(str::to_owned).collect();
                settings.aliases.insert(alias.to_lowercase().replace('_', "-"), words);
            }
        }
        if let Some(target) = settings.variables.get("CARGO_BUILD_TARGET") {
            settings.targets = vec![target.clone()];
        }
        for ConfigText(text) in files {
            settings.add(&text.parse().unwrap_or_default());
        }
        settings
    }

    /// Takes what is not known yet from a file.
    fn add(&mut self, file: &Table) {
        let aliases = file.get("alias").and_then(Value::as_table);
        for (name, full) in aliases.into_iter().flatten() {
            if let Some(words) = words(full) {
                self.aliases.entry(name.clone()).or_insert(words);
            }
        }
        let build = file.get("build").and_then(Value::as_table);
        let jobs = build.and_then(|build| build.get("jobs")).and_then(Value::as_integer);
        self.jobs = self.jobs.or(jobs);
        if let Some(target) = build.and_then(|build| build.get("target"))
            && self.targets.is_empty()
        {
            self.targets = match target {
                Value::Array(several) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                one => one.as_str().map(str::to_owned).into_iter().collect(),
            };
        }
    }
}

/// The words of an alias: a list, or a text that cargo splits at spaces.
fn words(full: &Value) -> Option<Vec<String>> {
    match full {
        Value::String(text) => Some(text.split_whitespace().map(str::to_owned).collect()),
        Value::Array(words) => words.iter().map(|word| word.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_says_first_and_the_environment_before_all() {
        let file = |text: &str| ConfigText(text.to_owned());
        let files = [
            file("alias.a = 'run -p a --'\nalias.wrong = 1\nbuild.jobs = 2"),
            file("<<<"),
            file("[alias]\na = 'far'\nlist = ['run', '--', 'two words']\nenv = 'file'\n[build]\ntarget = ['x', 'y']"),
            file("[build]\ntarget = 'far'"),
        ];
        let read = |environment: &[(&'static str, &'static str)]| {
            let dir = || PathBuf::from("/ws/target");
            CargoSettings::read(dir(), dir(), &files, environment.iter().copied())
        };
        let settings = read(&[
            ("CARGO_ALIAS_ENV", "check --lib"),
            ("CARGO_TARGET_DIR", "t"),
            ("HOME", "/"),
        ]);
        let words = |alias: &str| settings.aliases[alias].join("|");
        assert_eq!(words("a"), "run|-p|a|--");
        assert_eq!(words("list"), "run|--|two words");
        assert_eq!(words("env"), "check|--lib");
        assert_eq!(settings.aliases.len(), 3);
        assert_eq!(settings.targets, ["x", "y"]);
        assert_eq!(settings.jobs, Some(2));
        assert_eq!(read(&[("CARGO_BUILD_JOBS", "-1")]).jobs, Some(-1));
        assert_eq!(
            settings.variables,
            BTreeMap::from([("CARGO_TARGET_DIR".to_owned(), "t".to_owned())])
        );
        assert_eq!(read(&[("CARGO_BUILD_TARGET", "z")]).targets, ["z"]);
    }
}
