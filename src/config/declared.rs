//! What nobody can see of files and crates, as the configuration declares it: `rules`, `reads` and `uses`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::definition::{Declared, Rule};
use super::file_filter::{glob_around, glob_below};
use super::raw::{RawPackage, RawRule, RawSettings};
use super::tables::{ConfigInput, Member, Tables};
use super::value::NamePattern;
use crate::diagnostic::{Diagnostic, Diagnostics, Located, nearest};
use crate::model::CrateName;

/// The rules of the settings.
pub(super) fn rules(settings: &RawSettings, members: &[Member], mistakes: &mut Diagnostics) -> Vec<Rule> {
    let mut rule = |raw: &RawRule| {
        let files = raw.files.iter().flat_map(|files| &files.value);
        let packages = raw.packages.iter().flat_map(|packages| &packages.value);
        Rule {
            files: files.filter_map(|file| glob_below(Path::new(""), &file.0)).collect(),
            crates: matching(packages, members, mistakes),
        }
    };
    let rules = settings.rules.iter().flat_map(|rules| &rules.value);
    rules.map(|raw| rule(raw)).collect()
}

/// The crates that some patterns name. A pattern that names none is a mistake.
pub(super) fn matching<'p>(
    patterns: impl IntoIterator<Item = &'p Located<NamePattern>>,
    members: &[Member],
    mistakes: &mut Diagnostics,
) -> BTreeSet<CrateName> {
    let names = || members.iter().map(|member| &member.name);
    let mut crates = BTreeSet::new();
    for pattern in patterns {
        let Ok(glob) = globset::Glob::new(&pattern.0) else {
            continue;
        };
        let matcher = glob.compile_matcher();
        let mut named = names().filter(|name| matcher.is_match(name.as_str())).peekable();
        if named.peek().is_none() {
            let near = nearest(&pattern.0, names().map(CrateName::as_str));
            let message = format!("no crate of the workspace matches `{}`", pattern.0);
            let diagnostic = Diagnostic::new("never-matches", pattern.span.clone(), message)
                .maybe_help(near.map(|near| format!("did you mean `{near}`?")));
            mistakes.push(diagnostic);
        }
        crates.extend(named.cloned());
    }
    crates
}

/// What packages say about themselves, each in its own manifest.
pub(super) fn declared(
    input: &ConfigInput,
    tables: &Tables<'_>,
    mistakes: &mut Diagnostics,
) -> BTreeMap<CrateName, Declared> {
    // The table that holds for the whole workspace may be the only package's own. If it is not, it has none of these.
    let only = input.members.first();
    let whole = tables.base.iter().filter_map(|hooks| Some((only?, &hooks.package)));
    let own = tables.packages.iter().map(|table| (table.member, &table.hooks.package));
    let mut all = BTreeMap::new();
    for (member, raw) in whole.chain(own) {
        if raw.reads.is_some() || raw.uses.is_some() {
            all.insert(member.name.clone(), of_package(member, raw, &input.members, mistakes));
        }
    }
    all
}

fn of_package(member: &Member, raw: &RawPackage, members: &[Member], mistakes: &mut Diagnostics) -> Declared {
    let reads = raw.reads.iter().flat_map(|reads| &reads.value);
    let mut uses = BTreeSet::new();
    for used in raw.uses.iter().flat_map(|uses| &uses.value) {
        if used.value == member.name {
            let message = format!("`{}` uses itself", member.name);
            let diagnostic = Diagnostic::new("cycle", used.span.clone(), message)
                .help("leave it out: the tests of a crate follow its own programs anyway");
            mistakes.push(diagnostic);
        } else if members.iter().any(|known| known.name == used.value) {
            uses.insert(used.value.clone());
        } else {
            let near = nearest(used.as_str(), members.iter().map(|known| known.name.as_str()));
            let message = format!("there is no crate `{}` in the workspace", used.value);
            let diagnostic = Diagnostic::new("unknown-crate", used.span.clone(), message)
                .maybe_help(near.map(|near| format!("did you mean `{near}`?")));
            mistakes.push(diagnostic);
        }
    }
    Declared {
        reads: reads.filter_map(|read| glob_around(&member.dir, &read.0)).collect(),
        uses,
    }
}
