//! Holds what changes affect against what cargo builds again after them.
//!
//! What cargo does not build again although it is affected is no mistake: tests read data at run time, and more is
//! checked than is compiled. The other way round nothing may be missing.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use cargo_hooks::LoadOptions;
use cargo_hooks::changes::Comparison;
use cargo_hooks::config::Kinds;
use cargo_hooks::environment::Environment;
use cargo_hooks::project::survey;

use super::mutations::{Facts, Mutation, Site, all};
use super::random::Random;
use super::scratch::{Scratch, Unit, Which, by_package};

/// Changes a copy of the workspace of a directory in some ways, and prints for each what came of it. Counts the crates
/// that are missed.
#[expect(
    clippy::disallowed_macros,
    reason = "a program for developers, which nobody pipes into another"
)]
pub(super) fn verify(
    dir: &Path,
    environment: &Environment,
    mutations: usize,
    seed: u64,
) -> Result<usize, Box<dyn Error>> {
    let scratch = Scratch::new(dir, environment)?;
    let facts = Facts::of(&scratch)?;
    println!("{}: {} members", dir.display(), facts.workspace.crates().len());
    for unit in scratch.broken() {
        println!(
            "  does not compile, with or without changes: {} in {}",
            unit.target,
            unit.dir.display()
        );
    }
    let mut trial = Trial {
        scratch: &scratch,
        facts: &facts,
        random: Random::new(seed),
        number: 0,
    };
    let mut done = Vec::new();
    while done.len() < mutations {
        let before = done.len();
        let mut round: Vec<Mutation> = all().collect();
        trial.random.shuffle(&mut round);
        for mutation in round {
            if done.len() == mutations {
                break;
            }
            match trial.of(mutation)? {
                Outcome::Nothing => {}
                Outcome::Refused { what, why } => println!("  -  {}: {what}: cargo refuses it: {why}", mutation.name),
                Outcome::Seen(seen) => {
                    println!("{:>3}  {}: {seen}", done.len() + 1, mutation.name);
                    done.push(seen);
                }
            }
        }
        if done.len() == before {
            return Err("no change is possible here".into());
        }
    }
    Ok(summarize(&done))
}

#[expect(
    clippy::disallowed_macros,
    reason = "a program for developers, which nobody pipes into another"
)]
fn summarize(done: &[Seen]) -> usize {
    let count = |crates: &dyn Fn(&Seen) -> usize| done.iter().map(crates).sum::<usize>();
    let (rebuilt, selected) = (count(&|seen| seen.rebuilt), count(&|seen| seen.selected));
    let (missed, unified) = (count(&|seen| seen.missed.len()), count(&|seen| seen.unified.len()));
    println!(
        "{} mutations: {rebuilt} crates rebuilt, {selected} selected, {missed} missed, {unified} rebuilt only together with others",
        done.len(),
    );
    missed
}

/// Changes, one after the other.
struct Trial<'a> {
    scratch: &'a Scratch,
    facts: &'a Facts,
    random: Random,
    number: usize,
}

/// What came of a change.
enum Outcome {
    /// It is not possible here.
    Nothing,
    Refused {
        what: String,
        why: String,
    },
    Seen(Seen),
}

struct Seen {
    what: String,
    rebuilt: usize,
    selected: usize,
    /// What cargo builds again, and we do not select: with the targets.
    missed: BTreeMap<String, String>,
    /// What is selected only since cargo has noted down what was read.
    by_records: BTreeSet<String>,
    /// What cargo builds again where it builds the whole workspace at once, but not where it builds that crate alone: others
    /// ask for other features of what they have in common.
    unified: BTreeSet<String>,
}

/// Whether a crate is selected after a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Selected {
    No,
    /// Only where there are records of an earlier build.
    ByRecords,
    Yes,
}

impl Trial<'_> {
    /// Makes a change, looks, and undoes it.
    fn of(&mut self, mutation: Mutation) -> Result<Outcome, Box<dyn Error>> {
        self.number += 1;
        // The change can be made a second time.
        let random = self.random.clone();
        let outcome = self.look(mutation, &random)?;
        let is_as_before = matches!(outcome, Outcome::Nothing) && !self.scratch.differs()?;
        if !is_as_before {
            self.scratch.restore()?;
            self.scratch.warm(Which::Workspace)?;
        }
        Ok(outcome)
    }

    fn apply(&mut self, mutation: Mutation, random: &Random) -> Result<Option<String>, Box<dyn Error>> {
        let mut site = Site {
            scratch: self.scratch,
            facts: self.facts,
            random: random.clone(),
            number: self.number,
        };
        let what = (mutation.apply)(&mut site)?;
        self.random = site.random;
        Ok(what)
    }

    fn look(&mut self, mutation: Mutation, random: &Random) -> Result<Outcome, Box<dyn Error>> {
        let Some(what) = self.apply(mutation, random)? else {
            return Ok(Outcome::Nothing);
        };
        let refused = |what, why: &str| {
            let why = why.lines().take(3).collect::<Vec<_>>().join(" ");
            Ok(Outcome::Refused { what, why })
        };
        if let Err(why) = self.scratch.settle() {
            return refused(what, &why.to_string());
        }
        if !self.scratch.differs()? {
            // What is left is a newer time of a file, which is no change.
            return refused(what, "it writes the file as it was");
        }
        let selected = self.selected()?;
        let build = self.scratch.check(Which::Workspace)?;
        if let Some(why) = build.refused {
            return refused(what, &why);
        }
        let mut seen = Seen {
            what,
            rebuilt: 0,
            selected: selected.values().filter(|how| **how != Selected::No).count(),
            missed: BTreeMap::new(),
            by_records: BTreeSet::new(),
            unified: BTreeSet::new(),
        };
        for (dir, targets) in by_package(&build.rebuilt) {
            // What is no member is built on behalf of members.
            let Some(how) = selected.get(dir) else { continue };
            seen.rebuilt += 1;
            let name = self.name(dir);
            match how {
                Selected::Yes => {}
                Selected::ByRecords => {
                    seen.by_records.insert(name);
                }
                Selected::No if self.is_built_alone(dir, mutation, random)? => {
                    seen.missed.insert(name, targets.join(", "));
                }
                Selected::No => {
                    seen.unified.insert(name);
                }
            }
        }
        Ok(Outcome::Seen(seen))
    }

    /// The members by their directories, and whether they are selected.
    fn selected(&self) -> Result<BTreeMap<PathBuf, Selected>, Box<dyn Error>> {
        let mut members = BTreeMap::new();
        for (target, as_such) in [("target", Selected::ByRecords), ("no-target", Selected::Yes)] {
            let options = LoadOptions {
                current_dir: self.scratch.root.clone(),
                manifest_path: None,
                environment: self.scratch.environment(target),
                guard: cargo_hooks::run::Guard::none(),
                image: None,
            };
            let survey = survey(&options, &Comparison::Since("HEAD".to_owned()))?;
            for krate in survey.affected.members() {
                let how = members.entry(krate.dir.clone()).or_insert(Selected::No);
                if krate.kinds.meets(Kinds::BUILT) {
                    *how = as_such;
                }
            }
        }
        Ok(members)
    }

    fn name(&self, dir: &Path) -> String {
        let members = self.facts.workspace.crates();
        let member = members.iter().find(|member| member.dir == dir);
        member.map_or_else(|| dir.display().to_string(), |member| member.name.to_string())
    }

    /// Whether a change makes cargo build a member again even where it builds nothing but that.
    fn is_built_alone(&mut self, dir: &Path, mutation: Mutation, random: &Random) -> Result<bool, Box<dyn Error>> {
        let Some(member) = self.facts.workspace.crates().iter().find(|member| member.dir == dir) else {
            // It is new.
            return Ok(true);
        };
        let which = Which::Member(&member.spec);
        self.scratch.restore()?;
        self.scratch.warm(which)?;
        self.apply(mutation, random)?;
        let build = self.scratch.check(which)?;
        Ok(build.refused.is_some() || build.rebuilt.iter().any(|unit: &Unit| unit.dir == dir))
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            rebuilt,
            selected,
            ..
        } = self;
        write!(f, "{what}: {rebuilt} rebuilt, {selected} selected")?;
        for (name, targets) in &self.missed {
            write!(f, "\n     MISSED {name} ({targets})")?;
        }
        let lists = [
            ("selected by cargo's records only", &self.by_records),
            ("rebuilt only together with others", &self.unified),
        ];
        for (what, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            write!(f, "\n     {what}: {}", names.join(" "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::cargo::Programs;
    use super::*;

    /// Two crates, one of which reads a file and builds the other.
    fn workspace(dir: &Path, environment: &Environment) {
        let files = [
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"3\"\n",
            ),
            (
                "a/Cargo.toml",
                "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
            ),
            (
                "a/src/lib.rs",
                "pub const TEXT: &str = include_str!(\"../../text.txt\");\n",
            ),
            ("a/tests/it.rs", "#[test]\nfn passes() {}\n"),
            ("a/README.md", "# A\n"),
            (
                "b/Cargo.toml",
                "[package]\nname = \"b\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\na = { path = \"../a\" }\n",
            ),
            ("b/build.rs", "fn main() {}\n"),
            ("b/src/lib.rs", "pub use a::TEXT;\n"),
            ("text.txt", "text\n"),
        ];
        for (name, text) in files {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let programs = Programs::new(dir, environment);
        let commit = [
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@localhost",
            "commit",
            "-q",
            "-m",
            "x",
        ];
        programs.text("cargo", &["generate-lockfile", "--offline"]).unwrap();
        for arguments in [&["init", "-q"][..], &["add", "-A"], &commit] {
            programs.text("git", arguments).unwrap();
        }
    }

    #[test]
    fn nothing_is_missed_and_what_is_rebuilt_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let environment = LoadOptions::from_process().unwrap().environment;
        workspace(&dir, &environment);
        let scratch = Scratch::new(&dir, &environment).unwrap();
        let facts = Facts::of(&scratch).unwrap();
        let mut trial = Trial {
            scratch: &scratch,
            facts: &facts,
            random: Random::new(0),
            number: 0,
        };
        let mut check = |name: &str, expected: &str| {
            let mutation = all().find(|mutation| mutation.name == name).unwrap();
            let shown = match trial.of(mutation).unwrap() {
                Outcome::Nothing => "nothing".to_owned(),
                Outcome::Refused { what, .. } => format!("{what}: refused"),
                Outcome::Seen(seen) => seen.to_string(),
            };
            assert_eq!(shown, expected, "{name}");
        };
        check("a file that a source includes", "text.txt: 2 rebuilt, 2 selected");
        check("a build script", "b/build.rs: 1 rebuilt, 1 selected");
        check("a test's root", "a/tests/it.rs: 1 rebuilt, 1 selected");
        check("the readme of a crate", "a/README.md: 0 rebuilt, 0 selected");
        check("a benchmark's root", "nothing");
        check("a remark in Cargo.lock", "Cargo.lock: refused");
        check("a member goes", "Cargo.toml: without b: 0 rebuilt, 0 selected");
        check(
            "`[profile.dev]`",
            "Cargo.toml: profile.dev debug = \"line-tables-only\": 2 rebuilt, 2 selected",
        );
    }
}
