//! What came of each crate in a run that was about several: by evidence only.
//!
//! A crate has passed where all that was asked of it was seen to be done and nothing speaks against it. Where that cannot
//! be seen, nothing is known of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::CrateVerdict;
use crate::model::CrateName;
use crate::tool_output::Attribution;
use crate::workspace::{Target, TargetKind};

/// Which targets of each crate a command builds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "cargo has a flag for each")]
pub struct Targets {
    /// Libraries, as their users see them.
    pub lib: bool,
    /// Programs.
    pub bins: bool,
    /// Everything that is a test, or has some.
    pub tests: bool,
    /// Examples.
    pub examples: bool,
    /// Benchmarks.
    pub benches: bool,
    /// The documentation of libraries and programs.
    pub documents: bool,
}

impl Targets {
    /// What `cargo doc` builds.
    pub const DOCUMENTED: Self = Self {
        lib: false,
        bins: false,
        tests: false,
        examples: false,
        benches: false,
        documents: true,
    };
}

/// What a task is asked for, as far as it can be held against what its tool says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The crates.
    pub crates: Vec<CrateName>,
    /// The targets of each that are built, where that is known.
    pub targets: Option<Targets>,
    /// Whether a warning of a lint is a failure.
    pub deny_warnings: bool,
}

/// What is known of a crate beside its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrateShape {
    /// What cargo builds from it.
    pub targets: Vec<Target>,
    /// The members that it depends on itself, in whichever way.
    pub needs: BTreeSet<CrateName>,
}

/// One thing that cargo builds: of a target, for its users or as a test, or its documentation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Built {
    pub(super) kind: TargetKind,
    pub(super) name: String,
    pub(super) how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum How {
    Plain,
    AsTest,
    Documented,
}

/// What the messages of a build have shown so far.
#[derive(Debug, Default)]
pub(super) struct BuildEvidence {
    built: BTreeMap<CrateName, BTreeSet<Built>>,
    failed: BTreeSet<CrateName>,
    /// The crates in which a lint has warned.
    warned: BTreeSet<CrateName>,
    /// How often one has, also where the crate is not known.
    warnings: usize,
    /// Whether something failed of which no crate is known.
    failed_elsewhere: bool,
    /// Whether cargo has said that it is done, be it well or not.
    finished: bool,
}

impl BuildEvidence {
    pub(super) fn built(&mut self, krate: CrateName, built: Built) {
        self.built.entry(krate).or_default().insert(built);
    }

    pub(super) fn failed(&mut self, krate: Option<CrateName>) {
        match krate {
            Some(krate) => _ = self.failed.insert(krate),
            None => self.failed_elsewhere = true,
        }
    }

    pub(super) fn warned(&mut self, krate: Option<CrateName>) {
        self.warnings += 1;
        self.warned.extend(krate);
    }

    pub(super) fn finished(&mut self) {
        self.finished = true;
    }

    /// How many warnings of lints there were.
    pub(super) fn warnings(&self) -> usize {
        self.warnings
    }

    /// The crates that are known to have failed.
    pub(super) fn all_failed(&self) -> &BTreeSet<CrateName> {
        &self.failed
    }

    /// What came of each crate that was asked for. `passed` is whether the whole has.
    pub(super) fn verdicts(&self, asked: &Asked, passed: bool, shapes: &Attribution) -> Verdicts {
        let mut broken = self.failed.clone();
        if asked.deny_warnings {
            broken.extend(self.warned.iter().cloned());
        }
        let needing = dependents(&self.unusable(&broken, asked), shapes);
        let verdict = |krate: &CrateName| {
            if broken.contains(krate) {
                return CrateVerdict::Failed;
            }
            let wanted = asked
                .targets
                .and_then(|targets| Some(wanted(shapes.shape(krate)?, targets)));
            let built = self.built.get(krate);
            if passed && broken.is_empty() {
                // Who built nothing of a crate has not looked at it, unless there was nothing to build.
                let nothing_to_do = wanted.is_some_and(|wanted| wanted.is_empty());
                let looked_at = !self.finished || built.is_some() || nothing_to_do;
                return if looked_at {
                    CrateVerdict::Passed
                } else {
                    CrateVerdict::Unknown
                };
            }
            if !self.finished || broken.is_empty() {
                return CrateVerdict::Unknown;
            }
            let is_built = |one: &Built| built.is_some_and(|built| built.contains(one));
            match wanted {
                _ if needing.contains(krate) => CrateVerdict::NotReached,
                _ if self.failed_elsewhere => CrateVerdict::Unknown,
                Some(wanted) if !wanted.is_empty() && wanted.iter().all(is_built) => CrateVerdict::Passed,
                Some(wanted) if !wanted.iter().all(is_built) => CrateVerdict::NotReached,
                _ => CrateVerdict::Unknown,
            }
        };
        asked
            .crates
            .iter()
            .map(|krate| (krate.clone(), verdict(krate)))
            .collect()
    }
}

impl BuildEvidence {
    /// Those of the broken crates that others cannot be built upon. Where only the tests of a crate are broken, its
    /// library is there. A warning that is denied would have been in the way, had the compiler been told to deny it.
    fn unusable(&self, broken: &BTreeSet<CrateName>, asked: &Asked) -> BTreeSet<CrateName> {
        let has_lib = |krate: &CrateName| {
            let mut built = self.built.get(krate).into_iter().flatten();
            built.any(|built| is_lib(built.kind) && built.how == How::Plain)
        };
        let denied = |krate: &CrateName| asked.deny_warnings && self.warned.contains(krate);
        let unusable = broken.iter().filter(|krate| denied(krate) || !has_lib(krate));
        unusable.cloned().collect()
    }
}

/// What came of each crate.
pub type Verdicts = BTreeMap<CrateName, CrateVerdict>;

/// Verdicts of a run that went through all that it was to do: what did not fail has passed.
pub(super) fn all_but(failed: &BTreeSet<CrateName>, asked: &Asked) -> Verdicts {
    let verdict = |krate: &CrateName| {
        if failed.contains(krate) {
            CrateVerdict::Failed
        } else {
            CrateVerdict::Passed
        }
    };
    asked
        .crates
        .iter()
        .map(|krate| (krate.clone(), verdict(krate)))
        .collect()
}

/// Verdicts where nothing is known but that these failed.
pub(super) fn only(failed: &BTreeSet<CrateName>, asked: &Asked) -> Verdicts {
    let mut verdicts = all_but(failed, asked);
    for verdict in verdicts
        .values_mut()
        .filter(|verdict| **verdict == CrateVerdict::Passed)
    {
        *verdict = CrateVerdict::Unknown;
    }
    verdicts
}

/// The crates that depend on one of these, through others as well; without these themselves, unless they do so too.
fn dependents(of: &BTreeSet<CrateName>, shapes: &Attribution) -> BTreeSet<CrateName> {
    let mut found = BTreeSet::new();
    let mut next: Vec<CrateName> = of.iter().cloned().collect();
    while let Some(needed) = next.pop() {
        for krate in shapes.needing(&needed) {
            if found.insert(krate.clone()) {
                next.push(krate.clone());
            }
        }
    }
    found
}

/// What a crate with these targets must have shown.
fn wanted(shape: &CrateShape, targets: Targets) -> BTreeSet<Built> {
    let mut wanted = BTreeSet::new();
    let named = |name: &str| name.replace('-', "_");
    let libs: Vec<_> = shape.targets.iter().filter(|target| is_lib(target.kind)).collect();
    for target in &shape.targets {
        let mut want = |how| {
            let (kind, name) = (target.kind, target.name.clone());
            wanted.insert(Built { kind, name, how });
        };
        let plain = match target.kind {
            TargetKind::Lib | TargetKind::ProcMacro => targets.lib,
            TargetKind::Bin => targets.bins,
            TargetKind::Example => targets.examples,
            TargetKind::Test | TargetKind::Bench | TargetKind::BuildScript => false,
        };
        if plain {
            want(How::Plain);
        }
        let as_test = targets.tests && target.test || targets.benches && target.kind == TargetKind::Bench;
        if as_test && target.kind != TargetKind::BuildScript {
            want(How::AsTest);
        }
        // The documentation of a program gives way to that of a library of its name.
        let hidden =
            || target.kind == TargetKind::Bin && libs.iter().any(|lib| named(&lib.name) == named(&target.name));
        let documented = is_lib(target.kind) || target.kind == TargetKind::Bin;
        if targets.documents && target.doc && documented && !hidden() {
            want(How::Documented);
        }
    }
    wanted
}

fn is_lib(kind: TargetKind) -> bool {
    matches!(kind, TargetKind::Lib | TargetKind::ProcMacro)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::model::{Dialect, Exit};
    use crate::tool_output::{Stream, ToolOutput, ToolReport};

    const ALL: Targets = Targets {
        lib: true,
        bins: true,
        tests: true,
        examples: true,
        benches: false,
        documents: false,
    };

    /// `a` has a library, a program and a test; `b`, `c` and `d` a library and a test. `a` depends on `b`, and `d` on `a`.
    fn workspace() -> Attribution {
        let crates = ["a", "b", "c", "d"].map(|name| (name.into(), format!("/ws/{name}").into(), format!("id {name}")));
        let target = |kind, name: &str| Target {
            name: name.to_owned(),
            kind,
            source: PathBuf::new(),
            edition: "2024".to_owned(),
            doctest: false,
            doc: matches!(kind, TargetKind::Lib | TargetKind::Bin),
            test: !matches!(kind, TargetKind::Example | TargetKind::BuildScript),
        };
        let shape = |name: &str| {
            let mut targets = vec![target(TargetKind::Lib, name), target(TargetKind::Test, "it")];
            if name == "a" {
                targets.push(target(TargetKind::Bin, "a"));
                targets.push(target(TargetKind::BuildScript, "build-script-build"));
            }
            let needs: &[&str] = match name {
                "a" => &["b"],
                "d" => &["a"],
                _ => &[],
            };
            let needs = needs.iter().map(|name| CrateName::from(*name)).collect();
            (CrateName::from(name), CrateShape { targets, needs })
        };
        Attribution::new("/ws", crates).with_shapes(["a", "b", "c", "d"].map(shape))
    }

    fn artifact(line: &str) -> String {
        let [krate, kind, name, how] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let file = if how == "html" { "x/index.html" } else { "x.rmeta" };
        let test = how == "test";
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"id {krate}","target":{{"kind":["{kind}"],"name":"{name}"}},"profile":{{"test":{test}}},"filenames":["{file}"],"fresh":true}}"#
        ) + "\n"
    }

    fn message(krate: &str, level: &str, code: &str) -> String {
        format!(
            r#"{{"reason":"compiler-message","package_id":"id {krate}","message":{{"level":"{level}","message":"{krate} {level}","code":{code},"spans":[],"children":[],"rendered":null}}}}"#
        ) + "\n"
    }

    fn finished(success: bool) -> String {
        format!("{{\"reason\":\"build-finished\",\"success\":{success}}}\n")
    }

    /// All that is built of a crate with a library and a test.
    fn whole(krate: &str) -> String {
        let lines = [
            format!("{krate} lib {krate} plain"),
            format!("{krate} lib {krate} test"),
            format!("{krate} test it test"),
        ];
        lines.iter().map(|line| artifact(line)).collect()
    }

    #[derive(Clone)]
    struct Said {
        asked: Asked,
        dialect: Dialect,
        stdout: String,
        stderr: String,
        exit: Exit,
    }

    fn said(stdout: &[String]) -> Said {
        Said {
            asked: Asked {
                crates: ["a", "b", "c", "d"].map(CrateName::from).to_vec(),
                targets: Some(ALL),
                deny_warnings: false,
            },
            dialect: Dialect::Cargo,
            stdout: stdout.concat(),
            stderr: String::new(),
            exit: Exit::Code(101),
        }
    }

    fn reported(said: &Said) -> ToolReport {
        let output = ToolOutput::new(said.dialect, Arc::new(workspace()), "/ws".into());
        let mut output = output.asked_for(said.asked.clone());
        output.feed(Stream::Stdout, said.stdout.as_bytes());
        output.feed(Stream::Stderr, said.stderr.as_bytes());
        output.finish(said.exit)
    }

    #[track_caller]
    fn check(said: &Said, expected: &str) {
        let report = reported(said);
        let word = |verdict| match verdict {
            CrateVerdict::Passed => "+",
            CrateVerdict::Failed => "!",
            CrateVerdict::NotReached => "-",
            CrateVerdict::Unknown => "?",
        };
        let words = report
            .crates
            .iter()
            .map(|(krate, verdict)| format!("{krate}{}", word(*verdict)));
        assert_eq!(words.collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn a_crate_passes_while_another_fails_if_all_of_it_was_built() {
        let broken = [message("b", "error", "null"), whole("c"), finished(false)];
        check(&said(&broken), "a- b! c+ d-");
        // Without one of its targets nobody can say so.
        let mut partly = said(&broken);
        partly.stdout = partly.stdout.replace(&artifact("c test it test"), "");
        check(&partly, "a- b! c- d-");
        // Nor before cargo is done, nor where it is not known what was to be built.
        check(&said(&broken[..2]), "a? b! c? d?");
        let mut unknown = said(&broken);
        unknown.asked.targets = None;
        check(&unknown, "a- b! c? d-");
    }

    #[test]
    fn what_only_tests_of_a_crate_break_leaves_its_dependents_alone() {
        let program = [artifact("a bin a plain"), artifact("a bin a test")].concat();
        let broken = [
            artifact("b lib b plain"),
            message("b", "error", "null"),
            whole("a"),
            program,
            whole("c"),
            whole("d"),
            finished(false),
        ];
        check(&said(&broken), "a+ b! c+ d+");
        let mut without_program = said(&broken);
        without_program.stdout = without_program.stdout.replace(&artifact("a bin a plain"), "");
        check(&without_program, "a- b! c+ d+");
    }

    #[test]
    fn what_cargo_says_in_words_counts_as_well() {
        let with = |stderr: &str| Said {
            stderr: stderr.to_owned(),
            ..said(&[whole("c"), finished(false)])
        };
        check(&with("error: could not compile `b` (lib)\n"), "a- b! c+ d-");
        check(&with("error: could not document `b`\n"), "a- b! c+ d-");
        check(
            &with("error: failed to run custom build command for `b v0.1.0 (/ws/b)`\n"),
            "a- b! c+ d-",
        );
        // Who knows which crates are built from this one.
        check(&with("error: could not compile `serde` (lib)\n"), "a? b? c? d?");
        check(
            &with("error: package ID specification `x` did not match any packages\n"),
            "a? b? c? d?",
        );
        // Nor is it known what was wrong where nobody said so.
        check(&with(""), "a? b? c? d?");
        let elsewhere = [message("elsewhere", "error", "null"), whole("c"), finished(false)];
        check(&said(&elsewhere), "a? b? c? d?");
        check(
            &Said {
                stdout: String::new(),
                ..with("error: no such command\n")
            },
            "a? b? c? d?",
        );
    }

    #[test]
    fn a_run_that_passed_says_nothing_of_what_it_did_not_look_at() {
        let passed = |stdout: &[String]| Said {
            exit: Exit::Code(0),
            ..said(stdout)
        };
        let all = [whole("a"), whole("b"), whole("c"), whole("d"), finished(true)];
        check(&passed(&all), "a+ b+ c+ d+");
        check(&passed(&all[1..]), "a? b+ c+ d+");
        let mut nothing_to_do = passed(&all[1..]);
        nothing_to_do.asked.targets = Some(Targets {
            benches: true,
            ..Targets::default()
        });
        check(&nothing_to_do, "a+ b+ c+ d+");
        // A tool that does not speak like cargo is believed.
        check(&passed(&[]), "a+ b+ c+ d+");
        check(
            &Said {
                dialect: Dialect::Plain,
                ..passed(&[])
            },
            "a+ b+ c+ d+",
        );
        check(
            &Said {
                dialect: Dialect::Plain,
                ..said(&["b/src/lib.rs:1:1: bad\n".to_owned()])
            },
            "a? b! c? d?",
        );
    }

    #[test]
    fn denied_warnings_fail_a_crate_and_hold_up_its_dependents() {
        let lint = r#"{"code":"dead_code","explanation":null}"#;
        let all = [
            whole("a"),
            whole("b"),
            message("b", "warning", lint),
            whole("c"),
            whole("d"),
            finished(true),
        ];
        let mut denied = said(&all);
        denied.exit = Exit::Code(0);
        check(&denied, "a+ b+ c+ d+");
        denied.asked.deny_warnings = true;
        check(&denied, "a- b! c+ d-");
        let report = reported(&denied);
        assert_eq!((report.denied, report.findings.len()), (1, 1));
        assert_eq!(report.findings[0].severity, crate::model::Severity::Error);
        // `-D warnings` leaves those alone that are no lints.
        denied.stdout = denied.stdout.replace(lint, "null");
        check(&denied, "a+ b+ c+ d+");
    }

    #[test]
    fn documentation_is_told_from_what_it_is_built_upon() {
        let mut documented = said(&[
            artifact("c lib c plain"),
            artifact("c lib c html"),
            artifact("d lib d plain"),
            message("b", "error", "null"),
            finished(false),
        ]);
        documented.asked.targets = Some(Targets::DOCUMENTED);
        check(&documented, "a- b! c+ d-");
        // That of the program gives way to that of the library of its name.
        let shapes = workspace();
        let wanted = wanted(shapes.shape(&"a".into()).unwrap(), Targets::DOCUMENTED);
        assert_eq!(wanted.len(), 1);
    }

    #[test]
    fn tests_that_all_ran_tell_of_every_crate() {
        let cargo_test = |stderr: &str| Said {
            dialect: Dialect::CargoTest,
            stderr: stderr.to_owned(),
            ..said(&[])
        };
        let failed = "     Running unittests src/lib.rs (x)\nerror: test failed, to rerun pass `-p b --lib`\n";
        check(&cargo_test(failed), "a? b! c? d?");
        check(
            &cargo_test(&format!("{failed}error: 1 target failed:\n    `-p b --lib`\n")),
            "a+ b! c+ d+",
        );
        check(&cargo_test("error: could not compile `b` (lib)\n"), "a? b! c? d?");
        let nextest = |summary: &str, exit| Said {
            dialect: Dialect::Nextest,
            stderr: format!(
                "────────────\n        FAIL [   0.004s] (1/9) b tests::fails\n     Summary [   0.004s] {summary}\n"
            ),
            exit: Exit::Code(exit),
            ..said(&[])
        };
        check(
            &nextest("9 tests run: 8 passed, 1 failed, 0 skipped", 100),
            "a+ b! c+ d+",
        );
        check(
            &nextest("5/9 tests run: 4 passed, 1 failed, 0 skipped", 100),
            "a? b! c? d?",
        );
        check(
            &nextest("9 tests run: 7 passed, 2 failed, 0 skipped", 100),
            "a? b! c? d?",
        );
        check(
            &nextest("9 tests run: 8 passed, 1 failed, 0 skipped", 105),
            "a? b! c? d?",
        );
    }
}
