//! What the verdict of a task rests upon, as far as its check and its command tell.

use std::collections::BTreeMap;
use std::path::PathBuf;

use globset::Glob;

use super::cargo::{Words, is_shell, recognise};
use super::task::{Handling, Purpose, Role, TaskCommand};
use super::units::{Scene, Unit};
use crate::config::{Affects, Builds, Cwd, FileFilter, Hole, Kinds, RestsOn, Scope, subcommand};
use crate::environment::Given;
use crate::model::Keyword;

/// What the verdict of a task rests upon. Together with the state of all this, it says whether a pass still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// What stands in for the check, where something does.
    pub part: String,
    /// The words of the command, with their holes.
    pub command: Vec<String>,
    /// The directory in which it runs, from the root of the workspace; nothing where that is the one of each crate.
    pub directory: Option<PathBuf>,
    /// Which variables of the environment it is given.
    pub given: Given,
    /// The variables that it is given on top of these.
    pub variables: BTreeMap<String, String>,
    /// How its end is judged, and what else of its definition counts: one line each.
    pub terms: Vec<String>,
    /// The programs that it needs.
    pub programs: Vec<String>,
    /// What it is about.
    pub subject: Subject,
    /// Which of it counts.
    pub counts: Counts,
    /// Further files that count.
    pub inputs: Vec<Glob>,
    /// Whether something is built, so that what all members ask of a package counts.
    pub builds: bool,
}

/// What a task is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Crates, each of which passes or fails for itself.
    Crates,
    /// The whole workspace.
    Workspace,
    /// The files that it is given, from the root of the workspace.
    Files(Vec<PathBuf>),
}

/// What counts of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counts {
    /// These kinds of its crates, and of what they are built from where that is said.
    Kinds {
        /// The kinds.
        kinds: Kinds,
        /// Whether what a crate is built from counts too.
        dependencies: bool,
    },
    /// The files that these patterns name.
    Matching {
        /// The patterns.
        files: FileFilter,
        /// Whether those of what a crate is built from count too.
        dependencies: bool,
    },
    /// The inputs alone.
    Inputs,
    /// Every file: nobody can tell what the command reads.
    Everything,
}

/// Programs other than shells that do what some file of the tree tells them.
const RUNNERS: [&str; 25] = [
    "env", "xargs", "make", "gmake", "just", "task", "ninja", "cmake", "bazel", "nix", "python", "python3", "uv",
    "uvx", "node", "npm", "npx", "pnpm", "yarn", "bun", "deno", "ruby", "perl", "php", "git",
];

impl Basis {
    /// That of a task; nothing where its pass is never remembered.
    pub(super) fn new(
        purpose: &Purpose<'_>,
        unit: &Unit<'_>,
        scene: &Scene<'_>,
        command: &TaskCommand,
        handling: &Handling,
    ) -> Option<Self> {
        let definition = purpose.definition;
        let once = [Hole::MessageFile, Hole::HookArgs];
        // What git hands over is another thing each time.
        let is_of_once = once.into_iter().any(|hole| purpose.command.has(hole));
        if purpose.role != Role::Judge || !definition.cache || definition.generates || is_of_once {
            return None;
        }
        let by_crates = matches!(definition.scope, Scope::Package | Scope::Packages);
        let subject = match definition.scope {
            _ if by_crates && !handling.names_others => Subject::Crates,
            Scope::Files => Subject::Files(unit.filling.files.iter().map(PathBuf::from).collect()),
            Scope::Workspace | Scope::Package | Scope::Packages => Subject::Workspace,
        };
        let sight = sight(purpose, scene, command, handling)?;
        Some(Self {
            part: purpose.part.to_owned(),
            command: purpose.command.written(),
            directory: match &definition.cwd {
                Cwd::Package => None,
                Cwd::At(dir) => Some(dir.clone()),
            },
            given: definition.env.clone(),
            variables: definition.set_env.clone(),
            terms: terms(purpose, unit, scene, handling),
            programs: programs(purpose, command),
            counts: if sight.told {
                counts(purpose)
            } else {
                Counts::Everything
            },
            subject,
            inputs: definition.inputs.clone(),
            builds: sight.builds,
        })
    }

    /// Whether the toolchain counts: where something is built, where a program of the toolchain runs, and where nobody can
    /// tell what runs.
    #[must_use]
    pub fn needs_toolchain(&self) -> bool {
        let is_of_rust =
            |name: &String| name.starts_with("cargo") || name.starts_with("rust") || name == "clippy-driver";
        self.builds || self.counts == Counts::Everything || self.programs.iter().any(is_of_rust)
    }

    /// Whether crates are built at once, so that what one of them asks of a package counts for all of them.
    #[must_use]
    pub fn builds_together(&self) -> bool {
        self.builds && self.is_by_crate() && self.command.iter().any(|word| word == "{packages}")
    }

    /// Whether each crate passes for itself.
    #[must_use]
    pub fn is_by_crate(&self) -> bool {
        self.subject == Subject::Crates
    }
}

/// What a check says that it looks at.
fn counts(purpose: &Purpose<'_>) -> Counts {
    let definition = purpose.definition;
    let dependencies = definition.affects == Affects::Dependents;
    match (&definition.files, definition.affects) {
        (_, Affects::Inputs) => Counts::Inputs,
        (Some(files), _) => Counts::Matching {
            files: files.clone(),
            dependencies,
        },
        (None, _) => Counts::Kinds {
            kinds: definition.kinds,
            dependencies,
        },
    }
}

/// How far a command can be seen through.
struct Sight {
    /// Whether it can be believed to look at nothing but what its check says.
    told: bool,
    /// Whether it builds.
    builds: bool,
}

/// A program that is installed looks at what it is for. What runs something of the tree may read all of it: a script, a
/// recipe, or a program of a member. Nothing where not even the toolchain is known.
fn sight(purpose: &Purpose<'_>, scene: &Scene<'_>, command: &TaskCommand, handling: &Handling) -> Option<Sight> {
    let said = purpose.definition.builds;
    let name = command.program.name.as_str();
    let sight = match recognise(name, &command.args, &scene.facts.cargo) {
        Words::Cargo(call) if call.before.iter().any(|word| word.starts_with('+')) => return None,
        Words::Cargo(call) => match subcommand(&call.subcommand) {
            Some(known) => Sight {
                told: known.rests_on != RestsOn::More,
                builds: known.builds != Builds::Nothing,
            },
            None => Sight {
                told: true,
                builds: said.unwrap_or(false),
            },
        },
        Words::NoCargo => Sight {
            told: !is_told_what_to_run(name),
            builds: said.unwrap_or(false),
        },
        Words::Opaque => Sight {
            told: false,
            builds: true,
        },
    };
    Some(Sight {
        told: sight.told && !handling.names_others,
        ..sight
    })
}

fn is_told_what_to_run(program: &str) -> bool {
    program.contains('/') || is_shell(program) || RUNNERS.contains(&program)
}

fn terms(purpose: &Purpose<'_>, unit: &Unit<'_>, scene: &Scene<'_>, handling: &Handling) -> Vec<String> {
    let definition = purpose.definition;
    let mut terms = vec![
        format!("speaks {}", definition.output.word()),
        format!("denies warnings {}", handling.deny_warnings),
        format!("edition {}", unit.filling.edition),
    ];
    let options = scene.request.cargo_options.iter();
    terms.extend(options.map(|option| format!("option {}", option.word())));
    terms.extend(definition.filter.then(|| "filters".to_owned()));
    terms.extend(definition.with_target.map(|target| format!("with target {target}")));
    terms
}

fn programs(purpose: &Purpose<'_>, command: &TaskCommand) -> Vec<String> {
    let required = purpose.definition.requires.iter().map(|needed| needed.tool.clone());
    let mut programs: Vec<String> = std::iter::once(command.program.name.clone()).chain(required).collect();
    let first = command.args.first().and_then(|word| word.to_str());
    if let Some(subcommand) = first.filter(|word| command.program.name == "cargo" && !word.starts_with('-')) {
        programs.push(format!("cargo-{subcommand}"));
    }
    // What a shell or another program is told to run may be any of its words.
    let words = command.args.iter().filter_map(|word| word.to_str());
    let names = words.flat_map(|word| word.split(|c: char| c.is_whitespace() || ";|&()<>{}\"'`$=".contains(c)));
    let names = names.filter(|name| !name.is_empty() && !name.starts_with('-') && !name.contains('/'));
    if is_told_what_to_run(&command.program.name) {
        programs.extend(names.map(str::to_owned));
    }
    programs.sort_unstable();
    programs.dedup();
    programs
}
