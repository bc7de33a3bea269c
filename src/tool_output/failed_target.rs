//! Reads what Cargo says at the end of tests: which test binaries failed, and how.

use crate::model::CrateName;
use crate::tool_output::Attribution;

/// No workspace has more test binaries than this; a text that names more of them is not Cargo's.
const MAX_TARGETS: usize = 1_000;

/// A test binary that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FailedTarget {
    /// What to give Cargo to run just this one again: `-p crate-a --lib`.
    pub(super) rerun: String,
    /// How it ended, where that was not the way in which libtest says that tests failed.
    pub(super) how: Option<String>,
}

impl FailedTarget {
    /// The crate that it tests.
    pub(super) fn crate_name(&self, attribution: &Attribution) -> Option<CrateName> {
        let mut words = self.rerun.split_whitespace();
        if !words.any(|word| word == "-p" || word == "--package") {
            return attribution.only_crate();
        }
        let spec = words.next()?;
        let spec = spec.rsplit_once('#').map_or(spec, |(_, name)| name);
        let name = spec.split_once('@').map_or(spec, |(name, _)| name);
        attribution.crate_named(name)
    }

    /// Whether it is made of the examples in the documentation.
    pub(super) fn is_doctest(&self) -> bool {
        self.rerun.split_whitespace().any(|word| word == "--doc")
    }
}

/// Gathers the failed test binaries from Cargo's standard error.
#[derive(Debug, Default)]
pub(super) struct FailedTargets {
    all: Vec<FailedTarget>,
    expects: Expects,
    listed: bool,
}

/// What the next lines may say.
#[derive(Debug, Default, PartialEq, Eq)]
enum Expects {
    #[default]
    Nothing,
    /// How the last target ended: an empty line, `Caused by:`, and the cause.
    Cause,
    /// The list of all targets that failed.
    List,
}

impl FailedTargets {
    /// Takes a line, and says whether it was about failed test binaries.
    pub(super) fn read(&mut self, text: &str) -> bool {
        if let Some(rerun) = rerun_hint(text) {
            self.add(rerun);
            self.expects = Expects::Cause;
        } else if text.starts_with("error: ") && text.ends_with(" failed:") && text.contains(" target") {
            self.expects = Expects::List;
            self.listed = true;
        } else {
            match self.expects {
                Expects::Nothing => return false,
                Expects::Cause => return self.read_cause(text),
                Expects::List => return self.read_list(text),
            }
        }
        true
    }

    /// Those that failed, in the order in which they ran.
    pub(super) fn all(&self) -> &[FailedTarget] {
        &self.all
    }

    /// Whether these are all: Cargo has come to its end and listed them.
    pub(super) fn are_all(&self) -> bool {
        self.listed && self.all.len() < MAX_TARGETS
    }

    fn read_cause(&mut self, text: &str) -> bool {
        let cause = text.trim_start().strip_prefix("process didn't exit successfully: ");
        if let (Some(cause), Some(target)) = (cause, self.all.last_mut()) {
            target.how = parenthesis_at_end(cause).map(str::to_owned);
        }
        let goes_on = text.is_empty() || text == "Caused by:";
        if !goes_on {
            self.expects = Expects::Nothing;
        }
        goes_on || cause.is_some()
    }

    fn read_list(&mut self, text: &str) -> bool {
        let listed = text.strip_prefix("    ").and_then(quoted);
        match listed {
            Some(rerun) => self.add(rerun),
            None => self.expects = Expects::Nothing,
        }
        listed.is_some()
    }

    fn add(&mut self, rerun: &str) {
        let known = self.all.iter().any(|target| target.rerun == rerun);
        if !known && self.all.len() < MAX_TARGETS {
            self.all.push(FailedTarget {
                rerun: rerun.to_owned(),
                how: None,
            });
        }
    }
}

/// The options in ``error: test failed, to rerun pass `-p crate-a --lib` ``.
fn rerun_hint(text: &str) -> Option<&str> {
    let (kind, hint) = text.strip_prefix("error: ")?.split_once(" failed, to rerun pass ")?;
    quoted(hint).filter(|_| matches!(kind, "test" | "doctest" | "bench"))
}

/// What stands between backticks, or between the quotes of older Cargos.
fn quoted(text: &str) -> Option<&str> {
    let within = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    within('`').or_else(|| within('\''))
}

fn parenthesis_at_end(text: &str) -> Option<&str> {
    text.strip_suffix(')')?.rsplit_once(" (").map(|(_, inner)| inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool_output::recorded::attribution;

    #[test]
    fn cargo_names_the_binaries_that_failed() {
        let mut targets = FailedTargets::default();
        let text = "\
error: test failed, to rerun pass `-p crate-a --lib`
     Running tests/it.rs (/ws/target/debug/deps/it-0f311131ec76afc9)
error: test failed, to rerun pass '-p crate-a@0.1.0 --test it'
error: test failed, to rerun pass `-p crate-b --lib`

Caused by:
  process didn't exit successfully: `/ws/target/debug/deps/b-1` (signal: 6, SIGABRT: process abort signal)
error: doctest failed, to rerun pass `-p path+file:///ws/crates/b#crate-b@0.1.0 --doc`
error: 5 targets failed:
    `-p crate-a --lib`
    `-p unknown --bench x`";
        let about: Vec<bool> = text.lines().map(|line| targets.read(line)).collect();
        assert_eq!(
            about,
            [true, false, true, true, true, true, true, true, true, true, true]
        );
        let shown: Vec<_> = targets
            .all()
            .iter()
            .map(|target| {
                (
                    target.crate_name(&attribution()),
                    target.is_doctest(),
                    target.how.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                (Some("crate-a".into()), false, None),
                (Some("crate-a".into()), false, None),
                (
                    Some("crate-b".into()),
                    false,
                    Some("signal: 6, SIGABRT: process abort signal")
                ),
                (Some("crate-b".into()), true, None),
                (None, false, None),
            ]
        );
    }

    #[test]
    fn a_lone_crate_needs_no_name() {
        let target = FailedTarget {
            rerun: "--lib".to_owned(),
            how: None,
        };
        let lone = Attribution::new("/ws", [("a".into(), "/ws".into(), String::new())]);
        assert_eq!(target.crate_name(&lone), Some("a".into()));
        assert_eq!(target.crate_name(&attribution()), None);
    }

    #[test]
    fn other_errors_are_not_about_tests() {
        let mut targets = FailedTargets::default();
        for text in [
            "error: could not compile `x`",
            "error: x failed, to rerun pass `y`",
            "    `z`",
            "",
        ] {
            assert!(!targets.read(text), "{text}");
        }
        assert_eq!(targets.all(), []);
    }
}
