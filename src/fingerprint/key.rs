//! The key of a task, or of one crate of it: everything that its verdict rests upon, as one digest.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use fixedbitset::FixedBitSet;

use super::action::{Inputs, Invocation, action};
use super::files::{InputFile, Places};
use super::parts::OwnPart;
use super::whole::Fingerprints;
use crate::affected::from_root;
use crate::config::{Kind, Kinds, glob_set};
use crate::model::{CrateName, Digest, Keyword};
use crate::plan::{Basis, Counts, Subject};
use crate::workspace::CrateId;

/// What the machine adds: looked at once for a whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// What counts for every check, by name.
    pub always: BTreeMap<String, String>,
    /// The variables of the environment that may count, each by its value and by the file that it names, if it names one.
    pub variables: BTreeMap<OsString, (Digest, Option<Digest>)>,
    /// The toolchain, where it is known and one of the checks needs it.
    pub toolchain: Option<String>,
    /// What counts for what builds, by name: the configuration of cargo.
    pub for_builds: BTreeMap<String, String>,
    /// The programs, each by what it is called.
    pub programs: BTreeMap<String, Digest>,
    /// What sort of machine it is.
    pub platform: BTreeMap<String, String>,
}

/// A key, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What stands for all of it.
    pub digest: Digest,
    /// All of it, by name.
    pub ingredients: Vec<Ingredient>,
    /// The places of all files that count, in order.
    pub files: Places,
}

/// One thing that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingredient {
    /// What it is, for a person.
    pub name: String,
    /// What stands for it.
    pub value: String,
    /// What that is the digest of.
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    /// The value says it itself.
    Itself,
    /// What is one crate's own.
    Own(usize, Kind),
    /// Files, by their places.
    Files(Places),
}

/// Why there is no key: something counts that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unknown {
    /// What the manifests mean.
    #[error("the manifests are not known for sure: {0}")]
    Manifests(String),
    /// Which toolchain it is.
    #[error("`rustc` does not say which toolchain this is")]
    Toolchain,
    /// No such crate is known.
    #[error("`{0}` is no crate of the workspace")]
    Crate(CrateName),
    /// What a file contains.
    #[error("`{}` cannot be read", .0.display())]
    File(PathBuf),
    /// What is locked for a crate.
    #[error("`Cargo.lock` does not say what `{0}` is built from")]
    Locked(CrateName),
}

/// All files, for what rests upon every one of them.
pub(super) struct Everything {
    places: Places,
    /// The digest of the list of them.
    list: String,
    inputs: Inputs,
}

/// Makes the keys of one task: what they have in common is worked out once.
pub struct TaskKeys<'f> {
    fingerprints: &'f Fingerprints,
    basis: &'f Basis,
    around: &'f Surroundings,
    /// What the machine adds.
    machine: Vec<Ingredient>,
    counts: &'f Counts,
    /// The files that match, where only what matches a pattern counts.
    matching: Places,
    /// Further files that the check names.
    inputs: Places,
    /// From the root; the directory of the crate has a word of its own.
    directory: Cow<'static, str>,
}

impl Fingerprints {
    /// What makes the keys of a task.
    ///
    /// # Errors
    ///
    /// Where something counts for all of it that nobody knows.
    pub fn of_task<'f>(&'f self, basis: &'f Basis, around: &'f Surroundings) -> Result<TaskKeys<'f>, Unknown> {
        if let Some(note) = self.state.notes.first() {
            // What was taken to be the wider of what it may be is not known.
            return Err(Unknown::Manifests(note.clone()));
        }
        let counts = if self.names_a_file(basis) {
            &Counts::Everything
        } else {
            &basis.counts
        };
        let matching = match counts {
            Counts::Matching { files, .. } => {
                let matches = files.matcher();
                self.files.matching(|file| matches(&file.path))
            }
            _ => Places::default(),
        };
        let directory = basis.directory.as_ref();
        Ok(TaskKeys {
            machine: machine(basis, around)?,
            counts,
            matching,
            inputs: self.matching_inputs(basis),
            directory: directory.map_or(Cow::Borrowed("{package-dir}"), |dir| {
                Cow::Owned(dir.as_os_str().as_bytes().escape_ascii().to_string())
            }),
            fingerprints: self,
            basis,
            around,
        })
    }

    /// What the value of an ingredient is the digest of, where it is one.
    #[must_use]
    pub fn content(&self, ingredient: &Ingredient) -> Option<String> {
        match &ingredient.content {
            Content::Itself => None,
            Content::Own(place, kind) => Some(self.own[*place].of(*kind).text(&self.files).collect()),
            Content::Files(places) => Some(self.files.lines(places).collect()),
        }
    }

    fn matching_inputs(&self, basis: &Basis) -> Places {
        if basis.inputs.is_empty() {
            return Places::default();
        }
        let inputs = glob_set(&basis.inputs);
        let root = &self.state.root;
        let is_input = |file: &InputFile| {
            inputs.is_match(&file.path) || file.path.is_absolute() && inputs.is_match(&*from_root(root, &file.path))
        };
        self.files.matching(is_input)
    }

    /// Whether the command names a file of the tree, which may be a script.
    fn names_a_file(&self, basis: &Basis) -> bool {
        let words = basis.command.iter().flat_map(|word| word.split('='));
        let mut paths = words.filter(|word| word.contains(['/', '.']) && !word.contains('{'));
        paths.any(|word| {
            let path = Path::new(word.trim_start_matches("./"));
            self.files.place_of(path).is_some()
        })
    }

    /// The place of a file that a command is given: as an argument, which may begin with `./`.
    fn given(&self, path: &Path) -> Option<usize> {
        let path = path.strip_prefix("./").unwrap_or(path);
        self.files.place_of(path)
    }

    fn everything(&self) -> &Everything {
        self.everything.get_or_init(|| {
            let places = Places::first(self.files.all().len());
            Everything {
                list: self.list(&places),
                inputs: self.directories.inputs(self.files.all(), &places),
                places,
            }
        })
    }

    /// The digest of a list of files.
    fn list(&self, places: &Places) -> String {
        Digest::of_all(self.files.lines(places).map(str::as_bytes)).to_string()
    }

    /// A member, and all members that it is built from, be it for its tests.
    #[must_use]
    pub fn built_from(&self, krate: &CrateName) -> Vec<CrateId> {
        let Some(place) = self.places.get(krate) else {
            return Vec::new();
        };
        let mut reach = self.links.reach(*place);
        reach.built.union_with(&reach.tested);
        reach.built.insert(*place);
        let members = self.state.crates();
        reach.built.ones().map(|place| members[place].id).collect()
    }
}

impl TaskKeys<'_> {
    /// The key for a crate of the task, or for the whole of it.
    ///
    /// # Errors
    ///
    /// Where something counts that nobody knows.
    pub fn key(&self, krate: Option<&CrateName>) -> Result<Key, Unknown> {
        let mut draft = Draft {
            task: self,
            fingerprints: self.fingerprints,
            ingredients: self.machine.clone(),
            files: FixedBitSet::with_capacity(self.fingerprints.files.all().len()),
        };
        draft.subject(krate)?;
        draft.files("inputs", self.inputs.clone())?;
        Ok(draft.finish())
    }
}

fn itself(name: impl Into<String>, value: &(impl ToString + ?Sized)) -> Ingredient {
    Ingredient {
        name: name.into(),
        value: value.to_string(),
        content: Content::Itself,
    }
}

fn machine(basis: &Basis, around: &Surroundings) -> Result<Vec<Ingredient>, Unknown> {
    let mut found = Vec::new();
    if basis.needs_toolchain() {
        found.push(itself(
            "toolchain",
            around.toolchain.as_ref().ok_or(Unknown::Toolchain)?,
        ));
    }
    found.extend(around.always.iter().map(|(name, value)| itself(name, value)));
    let counting = around.variables.iter().filter(|(name, _)| basis.given.counts(name));
    for (name, (value, file)) in counting {
        let name = name.as_bytes().escape_ascii();
        found.push(itself(format!("variable {name}"), value));
        found.extend(file.map(|file| itself(format!("file of {name}"), &file)));
    }
    if basis.builds {
        found.extend(around.for_builds.iter().map(|(name, value)| itself(name, value)));
    }
    let programs = basis.programs.iter();
    let programs = programs.filter_map(|name| around.programs.get_key_value(name));
    found.extend(programs.map(|(name, digest)| itself(format!("program {name}"), digest)));
    found.extend(basis.terms.iter().map(|term| itself(format!("term {term}"), "")));
    Ok(found)
}

struct Draft<'t> {
    task: &'t TaskKeys<'t>,
    fingerprints: &'t Fingerprints,
    ingredients: Vec<Ingredient>,
    files: FixedBitSet,
}

impl Draft<'_> {
    fn add(&mut self, name: impl Into<String>, value: &(impl ToString + ?Sized)) {
        self.ingredients.push(itself(name, value));
    }

    fn subject(&mut self, krate: Option<&CrateName>) -> Result<(), Unknown> {
        let (basis, fingerprints) = (self.task.basis, self.fingerprints);
        let places = &fingerprints.places;
        let members: Vec<usize> = match krate {
            Some(name) => vec![*places.get(name).ok_or_else(|| Unknown::Crate(name.clone()))?],
            None => places.values().copied().collect(),
        };
        self.add("subject", krate.map_or("", CrateName::as_str));
        if basis.builds {
            for place in &members {
                let name = &fingerprints.state.crates()[*place].name;
                self.add(
                    format!("features asked of {name}"),
                    &fingerprints.locked.features[*place],
                );
            }
        }
        match (self.task.counts, &basis.subject) {
            (Counts::Everything, _) => self.everything(),
            (Counts::Inputs, _) => Ok(()),
            (Counts::Kinds { .. } | Counts::Matching { .. }, Subject::Files(given)) => {
                let place = |path: &PathBuf| fingerprints.given(path).ok_or_else(|| Unknown::File(path.clone()));
                let places = given.iter().map(place).collect::<Result<BTreeSet<usize>, Unknown>>()?;
                self.files("files", places.into_iter().collect())
            }
            (Counts::Kinds { kinds, .. }, _) if krate.is_none() && kinds.has(Kind::Files) => self.everything(),
            (Counts::Kinds { kinds, dependencies }, _) => self.kinds(&members, *kinds, *dependencies),
            (Counts::Matching { dependencies, .. }, _) => self.matching(krate.map(|_| members[0]), *dependencies),
        }
    }

    fn everything(&mut self) -> Result<(), Unknown> {
        let everything = self.fingerprints.everything();
        self.listed("files", everything.places.clone(), |_| everything.list.clone())
    }

    fn kinds(&mut self, members: &[usize], kinds: Kinds, dependencies: bool) -> Result<(), Unknown> {
        let mut wanted = BTreeSet::new();
        for member in members {
            let own = Kind::ALL.iter().filter(|(kind, ..)| kinds.has(*kind));
            wanted.extend(own.map(|(kind, ..)| (*member, *kind)));
            if dependencies {
                let reach = self.fingerprints.links.reach(*member);
                let source = |place| (place, Kind::Source);
                if kinds.has(Kind::Source) {
                    wanted.extend(reach.built.ones().map(source));
                }
                if kinds.has(Kind::DevDependencies) {
                    wanted.extend(reach.tested.ones().map(source));
                }
            }
        }
        for (place, kind) in wanted {
            let own = self.fingerprints.own[place].of(kind);
            let name = &self.fingerprints.state.crates()[place].name;
            self.ingredients.push(Ingredient {
                name: format!("{} of {name}", kind.word()),
                value: self.known(own, name)?.to_string(),
                content: Content::Own(place, kind),
            });
            own.files.add_to(&mut self.files);
        }
        Ok(())
    }

    /// What stands for a part of a crate.
    fn known(&self, own: &OwnPart, of: &CrateName) -> Result<Digest, Unknown> {
        own.digest()
            .ok_or_else(|| match self.fingerprints.files.unreadable(&own.files) {
                Some(file) => Unknown::File(file.path.clone()),
                None => Unknown::Locked(of.clone()),
            })
    }

    fn matching(&mut self, krate: Option<usize>, dependencies: bool) -> Result<(), Unknown> {
        let Some(krate) = krate else {
            return self.files("files", self.task.matching.clone());
        };
        let reach = self.fingerprints.links.reach(krate);
        let concerns = |owner: &usize| {
            *owner == krate || dependencies && (reach.built.contains(*owner) || reach.tested.contains(*owner))
        };
        let owners = &self.fingerprints.owners;
        let found = self.task.matching.iter();
        let found = found.filter(|place| owners[*place].is_empty() || owners[*place].iter().any(concerns));
        self.files("files", found.collect())
    }

    /// Adds the content of files.
    fn files(&mut self, name: &str, places: Places) -> Result<(), Unknown> {
        let fingerprints = self.fingerprints;
        self.listed(name, places, |places| fingerprints.list(places))
    }

    fn listed(&mut self, name: &str, places: Places, list: impl FnOnce(&Places) -> String) -> Result<(), Unknown> {
        if let Some(file) = self.fingerprints.files.unreadable(&places) {
            return Err(Unknown::File(file.path.clone()));
        }
        if !places.is_empty() {
            places.add_to(&mut self.files);
            self.ingredients.push(Ingredient {
                name: name.to_owned(),
                value: list(&places),
                content: Content::Files(places),
            });
        }
        Ok(())
    }

    fn finish(mut self) -> Key {
        let TaskKeys { basis, around, .. } = self.task;
        // Whatever is no plain file below the root is in one of the lists, by its digest.
        let lines = self.ingredients.iter();
        let text: String = lines
            .map(|line| format!("{:?} {:?}\n", line.name, line.value))
            .collect();
        let invocation = Invocation {
            arguments: &basis.command,
            variables: &basis.variables,
            directory: &self.task.directory,
            platform: &around.platform,
        };
        let files: Places = self.files.ones().collect();
        let all = self.fingerprints.everything.get();
        let digest = match all.filter(|all| all.places == files) {
            Some(all) => action(&invocation, &all.inputs, &text),
            None => {
                let inputs = self.fingerprints.directories.inputs(self.fingerprints.files(), &files);
                action(&invocation, &inputs, &text)
            }
        };
        self.tell(&invocation);
        Key {
            digest,
            ingredients: self.ingredients,
            files,
        }
    }

    /// Tells what has fields of its own in an action, so that it can be said later in what two keys differ.
    fn tell(&mut self, invocation: &Invocation<'_>) {
        self.add("command", &shell_words::join(invocation.arguments));
        self.add("directory", invocation.directory);
        for (name, value) in invocation.variables {
            self.add(format!("set-env {name}"), value);
        }
        for (name, value) in invocation.platform {
            self.add(format!("platform {name}"), value);
        }
    }
}
