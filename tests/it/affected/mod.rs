//! Which crates a change touches: an executable specification.
//!
//! Every scenario is a real repository with a real workspace, that of [`template`], in which something changes. Then the
//! program is asked which check would run on what, and the whole answer is compared, check by check. A number in a
//! name, as in `n05_…`, is that of a known trap; all sixty are here. Where a comment begins with "Debatable", somebody
//! could expect something else, and the comment says why this was chosen.

mod expect;
mod repo;
mod template;

mod checks;
mod comparison;
mod compilers;
mod crates;
mod dependencies;
mod given;
mod lock;
mod manifests;
mod output;
mod places;
mod rules;
mod sources;
mod states;
mod valid;

use crate::sandbox::Sandbox;
use expect::{Answer, judge};
use template::repository;

/// Changes the working tree of the template, and compares it with the template.
#[track_caller]
fn check(change: impl for<'r> FnOnce(&'r Sandbox) -> &'r Sandbox, expected: &str) -> Answer {
    let repo = repository();
    change(&repo);
    compare(&repo, "--since base", expected)
}

/// The same, where the template is changed first, which is no part of the change. `before` is to end with a new `base`.
#[track_caller]
fn check_in(
    before: impl for<'r> FnOnce(&'r Sandbox) -> &'r Sandbox,
    change: impl for<'r> FnOnce(&'r Sandbox) -> &'r Sandbox,
    expected: &str,
) -> Answer {
    let repo = repository();
    before(&repo);
    change(&repo);
    compare(&repo, "--since base", expected)
}

/// Asks which checks would run on what, by this comparison.
#[track_caller]
fn compare(repo: &Sandbox, comparison: &str, expected: &str) -> Answer {
    compare_from(repo, ".", comparison, expected)
}

/// The same, in another directory than that of the workspace. Whatever the answer, `Cargo.lock` stays as it is.
#[track_caller]
fn compare_from(repo: &Sandbox, dir: &str, comparison: &str, expected: &str) -> Answer {
    let lock = || std::fs::read(repo.ws().join("Cargo.lock")).ok();
    let before = lock();
    let run = repo.command("affected --format json").args(comparison).dir(dir);
    let out = run.output();
    assert_eq!(lock(), before, "`Cargo.lock` was written");
    judge(repo, out, expected)
}
