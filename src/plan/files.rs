//! Which files tasks use, and the fewest locks that keep writers of a file apart from everybody else.
//!
//! Where nothing writes, there are no such locks. Else the files that somebody writes are put into classes: two files are in
//! one class where the same tasks use both. Each class is one lock. So there are as many locks as there are ways in which
//! checks share files, however many files there are, and all of it takes one look at each file of each task.

use std::path::{Path, PathBuf};

use super::cargo::{Words, recognise};
use super::needs::Drafted;
use super::task::{Access, Purpose, Resource, Role, TaskCommand};
use super::units::{Scene, Unit};
use crate::config::{Cwd, Definition, FileFilter, Hole, Scope};
use crate::model::CrateName;
use crate::workspace::{CrateId, Workspace};

/// How many locks there may be for files. Beyond that, files that only readers tell apart are kept together, and if that
/// does not help, all are: fewer tasks run beside each other then, and none that may not.
const MOST_CLASSES: u32 = 256;

/// What can be used by itself, by number: a file of the workspace by its place in the list, and after these, for each
/// crate, what else may come to lie in its directory.
type Part = u32;

/// Parts, in their order, each once.
pub(super) type Parts = Vec<Part>;

/// What a task uses in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Extent {
    /// Nobody knows: it may be anything.
    Everything,
    /// These.
    Parts(Parts),
}

/// Which files a task uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Uses {
    reads: Extent,
    writes: Extent,
}

impl Uses {
    /// What a task uses of which nothing is known but that it writes nothing.
    pub(super) fn unknown() -> Self {
        Self {
            reads: Extent::Everything,
            writes: Extent::Parts(Vec::new()),
        }
    }
}

/// The files and crates of a workspace, as parts.
pub(super) struct Places<'a> {
    files: &'a [PathBuf],
    /// The directories of the crates in the order of their paths, so that what lies below one of them follows it.
    dirs: Vec<(&'a Path, CrateId)>,
    /// The parts of each crate.
    of_crate: Vec<Parts>,
}

impl<'a> Places<'a> {
    pub(super) fn new(workspace: &'a Workspace, files: &'a [PathBuf]) -> Self {
        let crates = workspace.crates();
        let mut dirs: Vec<_> = crates.iter().map(|krate| (krate.dir.as_path(), krate.id)).collect();
        dirs.sort_unstable();
        let rest = (part(files.len())..).take(crates.len());
        let mut of_crate: Vec<_> = rest.map(|part| vec![part]).collect();
        for (place, file) in files.iter().enumerate() {
            if let Some(owner) = workspace.owner(file) {
                of_crate[owner.index()].push(part(place));
            }
        }
        Self { files, dirs, of_crate }
    }

    /// The parts of these files, which are some of the list, in its order.
    pub(super) fn of_files(&self, files: &[&Path]) -> Parts {
        let mut wanted = files.iter().peekable();
        let all = self.files.iter().enumerate();
        // As bytes: paths are compared name by name, which takes longer, and these are from the same list.
        let same = |wanted: &Path, file: &Path| wanted.as_os_str() == file.as_os_str();
        let found = all.filter(|(_, file)| wanted.next_if(|wanted| same(wanted, file)).is_some());
        found.map(|(place, _)| part(place)).collect()
    }

    fn matching(&self, filter: &FileFilter) -> Parts {
        let matches = filter.matcher();
        let all = self.files.iter().enumerate();
        all.filter(|(_, file)| matches(file))
            .map(|(place, _)| part(place))
            .collect()
    }

    /// The parts in the directories of these crates: also those of crates that lie in one of them.
    fn of_crates(&self, workspace: &Workspace, names: &[CrateName]) -> Parts {
        let dirs = names
            .iter()
            .filter_map(|name| Some(workspace.by_name(name)?.dir.as_path()));
        let below = dirs.flat_map(|dir| {
            let first = self.dirs.partition_point(|(other, _)| *other < dir);
            self.dirs[first..]
                .iter()
                .take_while(move |(other, _)| other.starts_with(dir))
        });
        let parts = below.flat_map(|(_, krate)| &self.of_crate[krate.index()]);
        in_order(parts.copied().collect())
    }
}

fn part(place: usize) -> Part {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// Each number once, in their order.
#[expect(
    clippy::stable_sort_primitive,
    reason = "most often these are two lists that are in order, which this sort only has to merge"
)]
fn in_order(mut numbers: Vec<u32>) -> Vec<u32> {
    numbers.sort();
    numbers.dedup();
    numbers
}

/// What the tasks of a definition use beside what their commands name.
pub(super) struct Declared {
    inputs: Parts,
    /// What it generates, where it does and says what.
    generates: Option<Parts>,
}

impl Declared {
    pub(super) fn of(definition: &Definition, places: &Places<'_>) -> Self {
        let inputs = FileFilter {
            include: definition.inputs.clone(),
            exclude: Vec::new(),
        };
        let generated = definition.files.as_ref().filter(|_| definition.generates);
        Self {
            inputs: if definition.inputs.is_empty() {
                Vec::new()
            } else {
                places.matching(&inputs)
            },
            generates: generated.map(|files| places.matching(files)),
        }
    }
}

/// Which files a task uses.
pub(super) fn uses(
    purpose: &Purpose<'_>,
    unit: &Unit<'_>,
    command: &TaskCommand,
    scene: &Scene<'_>,
    declared: &Declared,
) -> Uses {
    let Some(places) = &scene.places else {
        return Uses::unknown();
    };
    let own = named(purpose, unit, command, scene, places);
    let with_inputs = |own: &Parts| Extent::Parts(in_order([own.as_slice(), &declared.inputs].concat()));
    let reads = own.as_ref().map_or(Extent::Everything, with_inputs);
    let writes = match (purpose.role, purpose.definition.generates) {
        (Role::Repair, _) => own.map_or(Extent::Everything, Extent::Parts),
        (Role::Judge | Role::Build, false) | (Role::Propose, _) => Extent::Parts(Vec::new()),
        (Role::Judge | Role::Build, true) => {
            let writes = declared.generates.clone().map_or(Extent::Everything, Extent::Parts);
            // What something is generated from is not said.
            let reads = Extent::Everything;
            return Uses { reads, writes };
        }
    };
    Uses { reads, writes }
}

/// What a task that applies a diff may change: these files, and what lies in these directories, relative to the root.
/// Nothing where it may change all of them.
pub(super) fn reach(
    purpose: &Purpose<'_>,
    unit: &Unit<'_>,
    command: &TaskCommand,
    scene: &Scene<'_>,
) -> Option<Vec<PathBuf>> {
    let places = scene.places.as_ref()?;
    let parts = named(purpose, unit, command, scene, places)?;
    if purpose.definition.scope == Scope::Files {
        let file = |part: &Part| places.files.get(*part as usize).cloned();
        return Some(parts.iter().filter_map(file).collect());
    }
    let crates = unit.crates.iter().filter_map(|name| scene.workspace.by_name(name));
    let below = |dir: &Path| dir.strip_prefix(&scene.workspace.root).unwrap_or(dir).to_owned();
    Some(crates.map(|krate| below(&krate.dir)).collect())
}

/// The files that the words of a command name, where it can be taken for using no others: cargo reads the manifests of all
/// crates, and what it builds.
fn named(
    purpose: &Purpose<'_>,
    unit: &Unit<'_>,
    command: &TaskCommand,
    scene: &Scene<'_>,
    places: &Places<'_>,
) -> Option<Parts> {
    let called = recognise(&command.program.name, &command.args, &scene.facts.cargo);
    if called != Words::NoCargo || purpose.definition.builds == Some(true) {
        return None;
    }
    let definition = purpose.definition;
    let has = |hole| purpose.command.has(hole);
    if definition.scope == Scope::Files {
        return (has(Hole::Files) || definition.filter).then(|| unit.files.clone());
    }
    let crates = [Hole::Package, Hole::PackageDir, Hole::Packages, Hole::Roots];
    let names_crates = crates.into_iter().any(has) || definition.cwd == Cwd::Package;
    // What judges a crate may well look at others. What repairs one leaves others alone.
    let is_of_crates = purpose.role == Role::Repair && names_crates && !unit.crates.is_empty();
    is_of_crates.then(|| places.of_crates(scene.workspace, &unit.crates))
}

/// Gives each task the locks of the files that it uses.
pub(super) fn lock(tasks: &mut [Drafted<'_>], places: &Places<'_>) {
    let (classes, count) = classes(tasks, places.files.len() + places.of_crate.len());
    for Drafted { task, uses, .. } in tasks {
        if uses.writes == Extent::Everything {
            continue;
        }
        // There are few classes, and many parts.
        let mut used = vec![None; count as usize];
        for (extent, access) in [(&uses.reads, Access::Shared), (&uses.writes, Access::Exclusive)] {
            match extent {
                Extent::Everything => used.fill(Some(access)),
                Extent::Parts(parts) => {
                    for class in parts.iter().filter_map(|part| classes[*part as usize]) {
                        used[class as usize] = Some(access);
                    }
                }
            }
        }
        let files = (0..count).zip(used);
        let files = files.filter_map(|(class, access)| Some((Resource::Files(class), access?)));
        let files: Vec<_> = files.collect();
        for (resource, access) in &mut task.resources {
            if *resource == Resource::Tree {
                *access = Access::Shared;
            }
        }
        task.resources.splice(1..1, files);
    }
}

/// The class of each part that somebody writes, and how many classes there are.
fn classes(tasks: &[Drafted<'_>], parts: usize) -> (Vec<Option<u32>>, u32) {
    let extents = |of: fn(&Uses) -> &Extent| {
        tasks.iter().filter_map(move |drafted| match of(&drafted.uses) {
            Extent::Everything => None,
            Extent::Parts(parts) => Some(parts),
        })
    };
    let mut classes = Classes::new(parts, extents(|uses| &uses.writes).flatten());
    let together = classes.clone();
    if !classes.split_by(extents(|uses| &uses.writes)) {
        return together.numbered();
    }
    let by_writers = classes.clone();
    if !classes.split_by(extents(|uses| &uses.reads)) {
        return by_writers.numbered();
    }
    classes.numbered()
}

/// Parts in classes, as far as anybody writes them.
#[derive(Clone)]
struct Classes {
    of: Vec<Option<u32>>,
    count: u32,
    /// How many parts each class has.
    sizes: Vec<usize>,
}

impl Classes {
    /// One class of all that is written.
    fn new<'p>(parts: usize, written: impl Iterator<Item = &'p Part>) -> Self {
        let mut of = vec![None; parts];
        for part in written {
            of[*part as usize] = Some(0);
        }
        let size = of.iter().flatten().count();
        Self {
            of,
            count: u32::from(size > 0),
            sizes: vec![size],
        }
    }

    /// The class of each part and how many there are, in the order of the parts.
    fn numbered(self) -> (Vec<Option<u32>>, u32) {
        let mut numbers = vec![None; self.sizes.len()];
        let mut next = 0..;
        let mut number = |class: u32| *numbers[class as usize].get_or_insert_with(|| next.next().unwrap_or(u32::MAX));
        let of = self.of.into_iter().map(|class| class.map(&mut number)).collect();
        (of, self.count)
    }

    /// Tells all of these from each other, unless that makes too many classes.
    fn split_by<'p>(&mut self, mut extents: impl Iterator<Item = &'p Parts>) -> bool {
        extents.all(|parts| {
            self.split(parts);
            self.count <= MOST_CLASSES
        })
    }

    /// Tells these parts from those that have been in one class with them.
    fn split(&mut self, parts: &[Part]) {
        let mut inside = vec![0; self.sizes.len()];
        for class in parts.iter().filter_map(|part| self.of[*part as usize]) {
            inside[class as usize] += 1;
        }
        let mut split_off = vec![None; self.sizes.len()];
        for (class, inside) in inside.into_iter().enumerate() {
            if inside > 0 && inside < self.sizes[class] {
                split_off[class] = Some(self.count);
                self.count += 1;
                self.sizes[class] -= inside;
                self.sizes.push(inside);
            }
        }
        for part in parts {
            let class = &mut self.of[*part as usize];
            *class = class.map(|class| split_off[class as usize].unwrap_or(class));
        }
    }
}
