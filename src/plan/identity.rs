//! What a task is compared with in other runs.

use super::task::{Purpose, Role};
use super::units::{Unit, joined};
use crate::config::Scope;
use crate::history::{Extent, Subject, TaskKey};

/// What makes the task the same as one of another run.
pub(super) fn key(purpose: &Purpose<'_>, unit: &Unit<'_>) -> TaskKey {
    let subject = match (purpose.definition.scope, unit.crates.as_slice()) {
        (Scope::Workspace, _) => Subject::Workspace,
        (Scope::Package, [only]) => Subject::Crate(only.clone()),
        (Scope::Package | Scope::Packages, _) => Subject::Crates,
        (Scope::Files, _) => Subject::Files,
    };
    let role = if purpose.role == Role::Propose { "diff" } else { "" };
    TaskKey {
        check: purpose.check.clone(),
        part: joined(&[purpose.part, &unit.group, role]),
        subject,
        repairs: purpose.role.is_of_repair(),
    }
}

/// How much the task does: crates for what names crates, files for what is given files.
pub(super) fn extent(purpose: &Purpose<'_>, unit: &Unit<'_>) -> Extent {
    match purpose.definition.scope {
        Scope::Workspace | Scope::Package => Extent::whole(unit.crates.len()),
        Scope::Packages if unit.whole => Extent::whole(unit.crates.len()),
        Scope::Packages => Extent::of_crates(&unit.crates),
        Scope::Files => Extent::files(unit.filling.files.len()),
    }
}
