//! Which changes a check follows: `affects`, `kinds` and `inputs`, and what they are where nobody says.

use globset::Glob;

use super::command::{Command, Hole, Word};
use super::draft::Draft;
use super::raw::is_built_in;
use super::words::{Affects, Kind, Kinds, Scope};
use crate::diagnostic::{Diagnostic, Diagnostics, Located, Span};

/// Which changes a check follows.
pub(super) struct Follows {
    pub(super) affects: Affects,
    pub(super) kinds: Kinds,
    pub(super) inputs: Vec<Glob>,
}

/// Words of cargo that bring tests, examples or benchmarks into what a preset builds.
const NAMING_TESTS: [&str; 10] = [
    "--all-targets",
    "--bench",
    "--benches",
    "--example",
    "--examples",
    "--test",
    "--tests",
    "bench",
    "nextest",
    "test",
];

/// Who wrote something. What a package writes takes the place of the workspace's, and that of the preset's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Author {
    Preset,
    Workspace,
    Package,
}

impl Draft<'_> {
    pub(super) fn follows(&self, run: &Command, scope: Scope, mistakes: &mut Diagnostics) -> Follows {
        let affects = match &self.raw.affects {
            Some(affects) => affects.value,
            None if scope == Scope::Files => Affects::Changed,
            None => Affects::Dependents,
        };
        if affects == Affects::Inputs {
            self.check_inputs(mistakes);
        } else {
            self.check_kinds(mistakes);
        }
        let inputs = self.raw.inputs.iter().flat_map(|inputs| &inputs.value);
        Follows {
            affects,
            kinds: if affects == Affects::Inputs {
                Kinds::NONE
            } else {
                self.kinds(run)
            },
            inputs: inputs.filter_map(|input| self.glob(input)).collect(),
        }
    }

    /// Where only inputs count there must be some, and kinds say nothing.
    fn check_inputs(&self, mistakes: &mut Diagnostics) {
        let Some(affects) = &self.raw.affects else { return };
        let name = &self.name.value;
        if let Some(kinds) = &self.raw.kinds
            && self.author(&kinds.span) > Author::Preset
            && self.author(&kinds.span) >= self.author(&affects.span)
        {
            let message = format!("`{name}` follows its `inputs` alone: `kinds` says nothing there");
            let mut diagnostic = Diagnostic::new("misplaced-key", kinds.span.clone(), message)
                .help("leave `kinds` out, or write `affects = \"changed\"` or `affects = \"dependents\"` with it");
            if !is_built_in(&affects.span) {
                diagnostic = diagnostic.related(affects.span.clone(), "it says so here");
            }
            mistakes.push(diagnostic);
        }
        let meant_for_more = |span: &Span| is_built_in(span) && !is_built_in(&affects.span);
        match &self.raw.inputs {
            Some(inputs) if inputs.value.is_empty() => {
                let message = format!("`{name}` follows its `inputs` alone, and there are none");
                mistakes.push(Diagnostic::new("never-matches", inputs.span.clone(), message));
            }
            // Those of a preset are only what its tool reads beside the sources.
            Some(inputs) if !meant_for_more(&inputs.span) => {}
            _ => {
                let message = format!("`{name}` follows its `inputs` alone, and gives none");
                let diagnostic = Diagnostic::new("missing-key", affects.span.clone(), message)
                    .help("write `inputs = [\"…\"]` with the files whose change is to start the check");
                mistakes.push(diagnostic);
            }
        }
    }

    fn check_kinds(&self, mistakes: &mut Diagnostics) {
        if let Some(kinds) = &self.raw.kinds
            && kinds.value.is_empty()
        {
            let message = format!(
                "`{}` can never be selected by a change: it has no kind",
                self.name.value
            );
            let diagnostic = Diagnostic::new("never-matches", kinds.span.clone(), message)
                .help("leave `kinds` out, or write `affects = \"inputs\"` for a check that only `inputs` select");
            mistakes.push(diagnostic);
        }
    }

    fn kinds(&self, run: &Command) -> Kinds {
        let Some(given) = &self.raw.kinds else {
            return self.kinds_of_command(run);
        };
        let kinds: Kinds = given.value.iter().map(|kind| kind.value).collect();
        if is_built_in(&given.span) && self.may_build_more(run, kinds) {
            kinds.and(Kinds::BUILT)
        } else {
            kinds
        }
    }

    /// The kinds of a check that names none.
    fn kinds_of_command(&self, run: &Command) -> Kinds {
        let says = |flag: &Option<Located<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
        // Nobody knows what a program that cargo runs reads, and what is generated can be changed by hand.
        if says(&self.raw.generates) || (run.builds() && !run.only_builds()) {
            return Kinds::ALL;
        }
        let builds = run.only_builds() || says(&self.raw.builds);
        match (builds, run.has(Hole::Roots)) {
            (true, false) => Kinds::BUILT,
            (true, true) => Kinds::BUILT.and(Kinds::of(&[Kind::Rust])),
            (false, true) => Kinds::of(&[Kind::Rust]),
            (false, false) => Kinds::ALL,
        }
    }

    /// Whether what a person wrote over a preset may build more than the preset does by itself, whose kinds are then too
    /// few.
    fn may_build_more(&self, run: &Command, kinds: Kinds) -> bool {
        let raw = self.raw;
        let command = [
            raw.run.as_ref().map(|run| &run.span),
            raw.shell.as_ref().map(|shell| &shell.span),
        ];
        if command.into_iter().flatten().any(|span| !is_built_in(span)) {
            return run.builds() || kinds.meets(Kinds::BUILT);
        }
        let args = raw.args.iter().flat_map(|args| &args.value.0);
        let mut words = args.filter_map(Word::literal).flat_map(str::split_whitespace);
        kinds.meets(Kinds::BUILT)
            && words.any(|word| word.split('=').next().is_some_and(|word| NAMING_TESTS.contains(&word)))
    }

    fn author(&self, span: &Span) -> Author {
        match self.package {
            _ if is_built_in(span) => Author::Preset,
            Some(package) if package.is_written_in(span) => Author::Package,
            _ => Author::Workspace,
        }
    }
}
