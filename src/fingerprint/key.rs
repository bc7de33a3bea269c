//! The key of a task, or of one crate of it: everything that its verdict rests upon, as one digest.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::action::{InputNode, Invocation, action};
use super::whole::{Fingerprints, InputFile};
use crate::affected::from_root;
use crate::config::{FileFilter, Kind, Kinds, glob_set};
use crate::model::{CrateName, Digest, Keyword};
use crate::plan::{Basis, Counts, Subject};
use crate::workspace::CrateId;

/// What the machine adds: looked at once for a whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// What counts for every check, by name: the variables, say.
    pub always: BTreeMap<String, String>,
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

/// The name of the file that holds what are no files.
const FINGERPRINT: &str = ".cargo-hooks/fingerprint";

impl Fingerprints<'_> {
    /// The key for a crate of a task, or for the whole of it; nothing where something counts that nobody knows.
    #[must_use]
    pub fn key(&self, basis: &Basis, krate: Option<&CrateName>, around: &Surroundings) -> Option<Key> {
        if !self.scene.state.notes.is_empty() {
            // What was taken to be the wider of what it may be is not known.
            return None;
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
        Some(draft.finish(basis, around))
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

    /// Nothing where the toolchain counts and is not known.
    fn machine(&mut self, basis: &Basis, around: &Surroundings) -> Option<()> {
        if basis.needs_toolchain() {
            self.add("toolchain", around.toolchain.as_ref()?);
        }
        for (name, value) in &around.always {
            self.add(name, value);
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
        Some(())
    }

    fn subject(&mut self, basis: &Basis, krate: Option<&CrateName>) -> Option<()> {
        let places = &self.fingerprints.places;
        let members: Vec<usize> = match krate {
            Some(name) => vec![*places.get(name)?],
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
            (Counts::Inputs, _) => Some(()),
            (Counts::Kinds { .. } | Counts::Matching { .. }, Subject::Files(given)) => {
                let places: Option<Vec<usize>> = given.iter().map(|path| self.fingerprints.given(path)).collect();
                self.files("files", places?)
            }
            (Counts::Kinds { kinds, .. }, _) if krate.is_none() && kinds.has(Kind::Files) => self.everything(),
            (Counts::Kinds { kinds, dependencies }, _) => self.kinds(&members, *kinds, *dependencies),
            (Counts::Matching { files, dependencies }, _) => {
                self.matching(krate.map(|_| members[0]), files, *dependencies)
            }
        }
    }

    fn everything(&mut self) -> Option<()> {
        let all = (0..self.fingerprints.scene.files.len()).collect();
        self.files("files", all)
    }

    fn kinds(&mut self, members: &[usize], kinds: Kinds, dependencies: bool) -> Option<()> {
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
                value: own.digest()?.to_string(),
                content: Content::Own(place, kind),
            });
            self.files.extend(&own.files);
        }
        Some(())
    }

    fn matching(&mut self, krate: Option<usize>, filter: &FileFilter, dependencies: bool) -> Option<()> {
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

    /// Adds the content of files; nothing where one of them cannot be read.
    fn files(&mut self, name: &str, places: Vec<usize>) -> Option<()> {
        let files = self.fingerprints.scene.files;
        if places.iter().any(|place| files[*place].digest.is_none()) {
            return None;
        }
        if !places.is_empty() {
            self.files.extend(&places);
            self.ingredients.push(Ingredient {
                name: name.to_owned(),
                value: Digest::of(list(files, &places).as_bytes()).to_string(),
                content: Content::Files(places),
            });
        }
        Some(())
    }

    fn finish(self, basis: &Basis, around: &Surroundings) -> Key {
        let files: Vec<usize> = self.files.into_iter().collect();
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
        Key {
            digest: action(&invocation, &nodes),
            ingredients: self.ingredients,
            files,
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

impl Ingredient {
    /// The ingredient as a line of text.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{:?} {:?}", self.name, self.value)
    }
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
