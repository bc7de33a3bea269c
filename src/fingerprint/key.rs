//! The key of a task, or of one crate of it: everything that its verdict rests upon, as one digest.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::action::{InputNode, Invocation, action};
use super::parts::OwnPart;
use super::whole::{Fingerprints, InputFile};
use crate::affected::from_root;
use crate::config::{FileFilter, Kind, Kinds, glob_set};
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
    pub files: Vec<usize>,
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
    Files(Vec<usize>),
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

/// The name of the file that holds what are no files.
const FINGERPRINT: &str = ".cargo-hooks/fingerprint";

impl Fingerprints<'_> {
    /// The key for a crate of a task, or for the whole of it.
    ///
    /// # Errors
    ///
    /// Where something counts that nobody knows.
    pub fn key(&self, basis: &Basis, krate: Option<&CrateName>, around: &Surroundings) -> Result<Key, Unknown> {
        if let Some(note) = self.scene.state.notes.first() {
            // What was taken to be the wider of what it may be is not known.
            return Err(Unknown::Manifests(note.clone()));
        }
        let mut draft = Draft {
            fingerprints: self,
            ingredients: Vec::new(),
            files: BTreeSet::new(),
        };
        draft.machine(basis, around)?;
        draft.subject(basis, krate)?;
        let inputs = self.matching_inputs(basis);
        draft.files("inputs", inputs)?;
        Ok(draft.finish(basis, around))
    }

    /// What the value of an ingredient is the digest of, where it is one.
    #[must_use]
    pub fn content(&self, ingredient: &Ingredient) -> Option<String> {
        match &ingredient.content {
            Content::Itself => None,
            Content::Own(place, kind) => Some(self.own[*place].of(*kind).text(self.scene.files)),
            Content::Files(places) => Some(list(self.scene.files, places)),
        }
    }

    fn matching_inputs(&self, basis: &Basis) -> Vec<usize> {
        if basis.inputs.is_empty() {
            return Vec::new();
        }
        let inputs = glob_set(&basis.inputs);
        let root = &self.scene.state.root;
        let is_input = |file: &InputFile| {
            inputs.is_match(&file.path) || file.path.is_absolute() && inputs.is_match(&*from_root(root, &file.path))
        };
        self.places_of(is_input)
    }

    fn places_of(&self, wanted: impl Fn(&InputFile) -> bool) -> Vec<usize> {
        let files = self.scene.files.iter().enumerate();
        files.filter(|(_, file)| wanted(file)).map(|(place, _)| place).collect()
    }

    /// Whether the command names a file of the tree, which may be a script.
    fn names_a_file(&self, basis: &Basis) -> bool {
        let words = basis.command.iter().flat_map(|word| word.split('='));
        let mut paths = words.filter(|word| word.contains(['/', '.']) && !word.contains('{'));
        paths.any(|word| {
            let path = Path::new(word.trim_start_matches("./"));
            self.place_of(path).is_some()
        })
    }

    fn place_of(&self, path: &Path) -> Option<usize> {
        let files = self.scene.files;
        files.binary_search_by(|file| file.path.as_path().cmp(path)).ok()
    }
}

struct Draft<'f, 'a> {
    fingerprints: &'f Fingerprints<'a>,
    ingredients: Vec<Ingredient>,
    files: BTreeSet<usize>,
}

impl Draft<'_, '_> {
    fn add(&mut self, name: impl Into<String>, value: &(impl ToString + ?Sized)) {
        self.ingredients.push(Ingredient {
            name: name.into(),
            value: value.to_string(),
            content: Content::Itself,
        });
    }

    fn machine(&mut self, basis: &Basis, around: &Surroundings) -> Result<(), Unknown> {
        if basis.needs_toolchain() {
            self.add("toolchain", around.toolchain.as_ref().ok_or(Unknown::Toolchain)?);
        }
        for (name, value) in &around.always {
            self.add(name, value);
        }
        let counting = around.variables.iter().filter(|(name, _)| basis.given.counts(name));
        for (name, (value, file)) in counting {
            let name = name.as_bytes().escape_ascii();
            self.add(format!("variable {name}"), value);
            if let Some(file) = file {
                self.add(format!("file of {name}"), file);
            }
        }
        if basis.builds {
            for (name, value) in &around.for_builds {
                self.add(name, value);
            }
        }
        let program = basis
            .programs
            .iter()
            .filter_map(|name| around.programs.get_key_value(name));
        for (name, digest) in program {
            self.add(format!("program {name}"), digest);
        }
        for term in &basis.terms {
            self.add(format!("term {term}"), "");
        }
        Ok(())
    }

    fn subject(&mut self, basis: &Basis, krate: Option<&CrateName>) -> Result<(), Unknown> {
        let places = &self.fingerprints.places;
        let members: Vec<usize> = match krate {
            Some(name) => vec![*places.get(name).ok_or_else(|| Unknown::Crate(name.clone()))?],
            None => places.values().copied().collect(),
        };
        self.add("subject", krate.map_or("", CrateName::as_str));
        if basis.builds {
            for place in &members {
                let name = &self.fingerprints.scene.state.crates()[*place].name;
                self.add(
                    format!("features asked of {name}"),
                    &self.fingerprints.locked.features[*place],
                );
            }
        }
        let counts = if self.fingerprints.names_a_file(basis) {
            &Counts::Everything
        } else {
            &basis.counts
        };
        match (counts, &basis.subject) {
            (Counts::Everything, _) => self.everything(),
            (Counts::Inputs, _) => Ok(()),
            (Counts::Kinds { .. } | Counts::Matching { .. }, Subject::Files(given)) => {
                let place = |path: &PathBuf| self.fingerprints.given(path).ok_or_else(|| Unknown::File(path.clone()));
                let places = given.iter().map(place).collect::<Result<Vec<usize>, Unknown>>()?;
                self.files("files", places)
            }
            (Counts::Kinds { kinds, .. }, _) if krate.is_none() && kinds.has(Kind::Files) => self.everything(),
            (Counts::Kinds { kinds, dependencies }, _) => self.kinds(&members, *kinds, *dependencies),
            (Counts::Matching { files, dependencies }, _) => {
                self.matching(krate.map(|_| members[0]), files, *dependencies)
            }
        }
    }

    fn everything(&mut self) -> Result<(), Unknown> {
        let all = (0..self.fingerprints.scene.files.len()).collect();
        self.files("files", all)
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
            let name = &self.fingerprints.scene.state.crates()[place].name;
            self.ingredients.push(Ingredient {
                name: format!("{} of {name}", kind.word()),
                value: self.known(own, name)?.to_string(),
                content: Content::Own(place, kind),
            });
            self.files.extend(&own.files);
        }
        Ok(())
    }

    /// What stands for a part of a crate.
    fn known(&self, own: &OwnPart, of: &CrateName) -> Result<Digest, Unknown> {
        own.digest().ok_or_else(|| {
            let files = self.fingerprints.scene.files;
            let mut unreadable = own.files.iter().filter(|place| files[**place].digest.is_none());
            match unreadable.next() {
                Some(place) => Unknown::File(files[*place].path.clone()),
                None => Unknown::Locked(of.clone()),
            }
        })
    }

    fn matching(&mut self, krate: Option<usize>, filter: &FileFilter, dependencies: bool) -> Result<(), Unknown> {
        let matches = filter.matcher();
        let mut found = self.fingerprints.places_of(|file| matches(&file.path));
        if let Some(krate) = krate {
            let reach = self.fingerprints.links.reach(krate);
            let concerns = |owner: &usize| {
                *owner == krate || dependencies && (reach.built.contains(*owner) || reach.tested.contains(*owner))
            };
            let owners = &self.fingerprints.owners;
            found.retain(|place| owners[*place].is_empty() || owners[*place].iter().any(concerns));
        }
        self.files("files", found)
    }

    /// Adds the content of files.
    fn files(&mut self, name: &str, places: Vec<usize>) -> Result<(), Unknown> {
        let files = self.fingerprints.scene.files;
        if let Some(place) = places.iter().find(|place| files[**place].digest.is_none()) {
            return Err(Unknown::File(files[*place].path.clone()));
        }
        if !places.is_empty() {
            self.files.extend(&places);
            self.ingredients.push(Ingredient {
                name: name.to_owned(),
                value: Digest::of(list(files, &places).as_bytes()).to_string(),
                content: Content::Files(places),
            });
        }
        Ok(())
    }

    fn finish(mut self, basis: &Basis, around: &Surroundings) -> Key {
        let files: Vec<usize> = std::mem::take(&mut self.files).into_iter().collect();
        let all = self.fingerprints.scene.files;
        let mut nodes: Vec<InputNode<'_>> = files.iter().filter_map(|place| node(&all[*place])).collect();
        // Whatever is no plain file below the root is in one of the lists, by its digest.
        let lines = self.ingredients.iter();
        let text: String = lines
            .map(|line| format!("{:?} {:?}\n", line.name, line.value))
            .collect();
        nodes.push(InputNode {
            path: FINGERPRINT,
            digest: Digest::of(text.as_bytes()),
            size: text.len() as u64,
            executable: false,
        });
        let directory = basis.directory.as_ref();
        let directory = directory.map_or_else(
            || "{package-dir}".to_owned(),
            |dir| dir.as_os_str().as_bytes().escape_ascii().to_string(),
        );
        let invocation = Invocation {
            arguments: &basis.command,
            variables: &basis.variables,
            directory: &directory,
            platform: &around.platform,
        };
        let digest = action(&invocation, &nodes);
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

impl Fingerprints<'_> {
    /// The place of a file that a command is given: as an argument, which may begin with `./`.
    fn given(&self, path: &Path) -> Option<usize> {
        let path = path.strip_prefix("./").unwrap_or(path);
        self.place_of(path)
    }
}

fn node(file: &InputFile) -> Option<InputNode<'_>> {
    let plain = !file.link && file.path.is_relative();
    Some(InputNode {
        path: file
            .path
            .to_str()
            .filter(|path| plain && !path.starts_with(".cargo-hooks/"))?,
        digest: file.digest?,
        size: file.size,
        executable: file.executable,
    })
}

fn list(files: &[InputFile], places: &[usize]) -> String {
    let mut text = String::new();
    for place in places {
        files[*place].write(&mut text);
    }
    text
}

impl Fingerprints<'_> {
    /// A member, and all members that it is built from, be it for its tests.
    #[must_use]
    pub fn built_from(&self, krate: &CrateName) -> Vec<CrateId> {
        let Some(place) = self.places.get(krate) else {
            return Vec::new();
        };
        let mut reach = self.links.reach(*place);
        reach.built.union_with(&reach.tested);
        reach.built.insert(*place);
        let members = self.scene.state.crates();
        reach.built.ones().map(|place| members[place].id).collect()
    }
}
