//! Which crates and files a check works on after a change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fixedbitset::FixedBitSet;

use super::attribution::govern_dir;
use super::outcome::{Affected, ChangedFile};
use crate::config::{Affects, Definition, FileFilter, Kind, Scope, Variant, glob_set};
use crate::model::{CheckName, CrateName};

/// What a check works on after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Whether there is anything for it to do.
    pub runs: bool,
    /// The crates that it works on, where it works on crates.
    pub crates: BTreeSet<CrateName>,
    /// The files that it works on, where it works on files.
    pub files: SelectedFiles,
}

/// Which files a check works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectedFiles {
    /// All that it is about.
    All,
    /// Those of them that are among these.
    These(BTreeSet<PathBuf>),
}

impl Affected {
    /// What a definition of a check works on.
    #[must_use]
    pub fn select(&self, check: &CheckName, definition: &Definition, variant: &Variant) -> Selected {
        let of_variant = |name: &CrateName| variant.crates.contains(name);
        if self.everything.is_some() || self.is_reconfigured(check, variant) {
            return Selected {
                runs: true,
                crates: variant.crates.clone(),
                files: SelectedFiles::All,
            };
        }
        let own = self.reconfigured_crates(check);
        let inputs = glob_set(&definition.inputs);
        let about = narrowing(definition).map(FileFilter::matcher);
        let changed: Vec<&ChangedFile> = (self.files.iter())
            .filter(|file| self.is_of(file, variant))
            .filter(|file| {
                about
                    .as_ref()
                    .is_none_or(|about| about(&file.path) || about(&self.dotted(file)))
            })
            .collect();
        let is_input = |file: &&ChangedFile| inputs.is_match(&file.path) || inputs.is_match(self.dotted(file));
        let touched_inputs: Vec<&ChangedFile> = self.files.iter().filter(is_input).collect();
        let places = self.places(definition, &changed);
        let mut crates: BTreeSet<CrateName> = places.ones().map(|place| self.members()[place].name.clone()).collect();
        for file in &touched_inputs {
            crates.extend(self.governed(&file.path, variant));
        }
        crates.extend(own);
        crates.retain(of_variant);
        let by_files = match definition.affects {
            Affects::Inputs => false,
            _ if narrowing(definition).is_some() => !changed.is_empty(),
            _ => definition.kinds.has(Kind::Files) && !changed.is_empty(),
        };
        let by_input = !touched_inputs.is_empty();
        let of_crates = matches!(definition.scope, Scope::Package | Scope::Packages);
        let existing = changed.iter().filter(|file| file.exists).map(|file| file.path.clone());
        Selected {
            runs: !crates.is_empty() || !of_crates && (by_files || by_input),
            files: if by_input {
                SelectedFiles::All
            } else {
                SelectedFiles::These(existing.collect())
            },
            crates,
        }
    }

    /// The file as it is called from the root: with `..` where it lies above.
    fn dotted(&self, file: &ChangedFile) -> PathBuf {
        self.shown(&self.root.join(&file.path)).into_owned()
    }

    /// Whether the check itself is another one for all crates of the variant.
    fn is_reconfigured(&self, check: &CheckName, variant: &Variant) -> bool {
        match self.reconfigured.get(check) {
            Some(None) => true,
            Some(Some(crates)) => !variant.crates.is_empty() && variant.crates.is_subset(crates),
            None => false,
        }
    }

    fn reconfigured_crates(&self, check: &CheckName) -> BTreeSet<CrateName> {
        self.reconfigured.get(check).cloned().flatten().unwrap_or_default()
    }

    /// Whether a file is one of a crate of the variant, or of no crate where the variant is about such files too.
    fn is_of(&self, file: &ChangedFile, variant: &Variant) -> bool {
        if file.owners.is_empty() {
            return variant.unowned_files;
        }
        // The files of a crate that is no member any more are nobody's.
        let mut owners = file.owners.iter();
        owners.any(|owner| {
            variant.crates.contains(&self.crates[*owner].name) || *owner >= self.members && variant.unowned_files
        })
    }

    /// The crates that a definition follows, by their places.
    fn places(&self, definition: &Definition, changed: &[&ChangedFile]) -> FixedBitSet {
        let kinds = definition.kinds;
        let mut places = FixedBitSet::with_capacity(self.members);
        let members = 0..self.members;
        if definition.affects == Affects::Inputs {
            return places;
        }
        if narrowing(definition).is_some() {
            let mut seeds = FixedBitSet::with_capacity(self.crates.len());
            for file in changed {
                match file.owners.as_slice() {
                    [] => seeds.insert_range(members.clone()),
                    owners => seeds.extend(owners.iter().copied()),
                }
            }
            if definition.affects == Affects::Dependents {
                let spread = self.links.spread(&seeds);
                seeds.union_with(&spread.built);
                seeds.union_with(&spread.tested);
            }
            places.extend(seeds.ones().filter(|place| members.contains(place)));
            return places;
        }
        for (place, krate) in self.members().iter().enumerate() {
            let touched = match definition.affects {
                Affects::Changed => krate.direct,
                _ => krate.kinds,
            };
            places.set(place, touched.meets(kinds));
        }
        places
    }

    /// The crates of a variant that an input is for: those at or below its directory; where there are none, the one that
    /// it lies in; else all.
    fn governed(&self, path: &Path, variant: &Variant) -> BTreeSet<CrateName> {
        let path = self.root.join(path);
        let dir = govern_dir(&path);
        if self.root.starts_with(dir) {
            return variant.crates.clone();
        }
        let members = self.members().iter();
        let below: BTreeSet<CrateName> = members
            .clone()
            .filter(|krate| krate.dir.starts_with(dir))
            .map(|krate| krate.name.clone())
            .collect();
        if !below.is_empty() {
            return below;
        }
        let around = members.filter(|krate| dir.starts_with(&krate.dir) && krate.dir != self.root);
        match around.max_by_key(|krate| krate.dir.as_os_str().len()) {
            Some(krate) => BTreeSet::from([krate.name.clone()]),
            None => variant.crates.clone(),
        }
    }
}

/// The files that a definition is about, where only those count. What a generator is about is what it writes, and that
/// depends on whatever it reads.
fn narrowing(definition: &Definition) -> Option<&FileFilter> {
    definition.files.as_ref().filter(|_| !definition.generates)
}
