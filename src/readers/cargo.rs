//! Looks for cargo's own records in its target directories.
//!
//! They only add readers: a unit that was never built has none, and one that was built long ago an old one. What cannot
//! be read, or is in a form that is not known, is passed over.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::{self, DirEntry, File, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::facts::{Reader, Writer};
use super::records::{Members, Recorded, is_ours, of_build_script, of_dep_info, tells_what_it_reads};
use super::{How, Readers, ReadersRequest, store};

const FILE: &str = "records";

/// Adds what the records in the target directories say.
#[tracing::instrument(level = "debug", skip_all)]
pub(super) fn add_records(readers: &mut Readers, request: &ReadersRequest<'_>) {
    let members = Members::new(&request.top, &request.root, &request.target_dirs, &request.crates);
    let dir = request.state_dir.as_deref();
    let asked = asked(request);
    let known = store::load(dir, FILE)
        .and_then(|file| decoded(&file, asked))
        .unwrap_or_default();
    let mut seen = BTreeMap::new();
    for profile in request.target_dirs.iter().flat_map(|dir| profiles(dir)) {
        let deps = profile.join("deps");
        if let Some(found) = of_deps(&deps, known.get(&deps), &members) {
            seen.insert(deps, found);
        }
        add_build_dir(readers, &profile.join("build"), &members, &request.crates);
    }
    for record in seen.values().flat_map(|dir| dir.files.values()).flatten() {
        readers.add(record.file.as_os_str().as_bytes(), true, &record.by, How::DepInfo);
    }
    if seen != known {
        store::save(dir, FILE, &encoded(&seen, asked));
    }
}

/// The directories of profiles in a target directory, those of other platforms and tools one deeper.
pub(crate) fn profiles(target_dir: &Path) -> Vec<PathBuf> {
    let is_profile = |dir: &PathBuf| dir.join("deps").is_dir() || dir.join("build").is_dir();
    let (mut profiles, others): (Vec<_>, Vec<_>) = dirs(target_dir).into_iter().partition(is_profile);
    let others = others
        .iter()
        .filter(|dir| !dir.ends_with("doc") && !dir.ends_with("package"));
    profiles.extend(others.flat_map(|dir| dirs(dir)).filter(is_profile));
    profiles
}

fn entries(dir: &Path) -> impl Iterator<Item = DirEntry> {
    fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok)
}

fn dirs(dir: &Path) -> Vec<PathBuf> {
    let dirs = entries(dir).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut dirs: Vec<_> = dirs.map(|entry| entry.path()).collect();
    dirs.sort_unstable();
    dirs
}

/// What the dep-info files of a directory say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Deps {
    /// When the directory last changed, in nanoseconds; nothing where that was so short ago that it may change again
    /// within the same moment.
    changed: Option<u64>,
    /// What each file says that says anything, by its name.
    files: BTreeMap<Vec<u8>, Vec<Recorded>>,
}

/// When a file or directory last changed, its times included.
fn changed(metadata: &Metadata) -> u64 {
    let seconds = u64::try_from(metadata.ctime()).unwrap_or(0);
    let nanoseconds = u64::try_from(metadata.ctime_nsec()).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

/// Looks at the files that are newer than what is known. A build changes the directory, so that an unchanged one has
/// nothing new.
fn of_deps(dir: &Path, known: Option<&Deps>, members: &Members<'_>) -> Option<Deps> {
    let now = changed(&fs::metadata(dir).ok()?);
    if let Some(known) = known
        && known.changed == Some(now)
    {
        return Some(known.clone());
    }
    let mut deps = Deps {
        changed: is_settled(now).then_some(now),
        ..Deps::default()
    };
    for entry in entries(dir) {
        let name = entry.file_name();
        if !name.as_bytes().ends_with(b".d") {
            continue;
        }
        let old = known.filter(|known| {
            let Some(then) = known.changed else { return false };
            entry.metadata().is_ok_and(|metadata| changed(&metadata) < then)
        });
        let found = match old {
            Some(known) => known.files.get(name.as_bytes()).cloned().unwrap_or_default(),
            None => dep_info(&entry.path(), members).unwrap_or_default(),
        };
        if !found.is_empty() {
            deps.files.insert(name.as_bytes().to_vec(), found);
        }
    }
    Some(deps)
}

/// Whether nothing that happens from now on can have this time.
fn is_settled(nanoseconds: u64) -> bool {
    const MOMENT: Duration = Duration::from_secs(2);
    let then = SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds);
    then.elapsed().is_ok_and(|passed| passed > MOMENT)
}

/// What a dep-info file says. Most are about crates from elsewhere, which their first bytes show.
fn dep_info(path: &Path, members: &Members<'_>) -> Option<Vec<Recorded>> {
    let mut file = File::open(path).ok()?;
    let mut content = vec![0; 4096];
    let read = file.read(&mut content).ok()?;
    content.truncate(read);
    if !is_ours(&content, members) {
        return None;
    }
    file.read_to_end(&mut content).ok()?;
    Some(of_dep_info(&content, members))
}

/// Adds what build scripts of members wrote: `build/<package>-<hash>/output`, in newer versions of cargo
/// `build/<package>/<hash>/…`, where dep-info files lie too.
fn add_build_dir(readers: &mut Readers, build: &Path, members: &Members<'_>, crates: &[(String, PathBuf)]) {
    let packages: HashMap<&[u8], &Path> = crates
        .iter()
        .map(|(name, dir)| (name.as_bytes(), dir.as_path()))
        .collect();
    for dir in dirs(build) {
        let name = dir.file_name().unwrap_or_default().as_bytes();
        let before_hash = memchr::memrchr(b'-', name).map(|dash| &name[..dash]);
        if let Some(package) = before_hash.and_then(|name| packages.get(name)) {
            add_output(readers, &dir.join("output"), package, members);
        }
        if let Some(package) = packages.get(name) {
            for unit in dirs(&dir) {
                let places: Vec<PathBuf> = dirs(&unit).into_iter().chain([unit]).collect();
                for place in places {
                    add_unit(readers, &place, package, members);
                }
            }
        }
    }
}

fn add_unit(readers: &mut Readers, dir: &Path, package: &Path, members: &Members<'_>) {
    for entry in entries(dir) {
        let path = entry.path();
        if path.extension() == Some(OsStr::new("d")) {
            for record in dep_info(&path, members).unwrap_or_default() {
                readers.add(record.file.as_os_str().as_bytes(), true, &record.by, How::DepInfo);
            }
        } else if path.ends_with("output") || path.ends_with("stdout") {
            add_output(readers, &path, package, members);
        }
    }
}

fn add_output(readers: &mut Readers, output: &Path, package: &Path, members: &Members<'_>) {
    let Ok(output) = fs::read(output) else { return };
    let tells = tells_what_it_reads(&output);
    let told = readers.recorded.entry(package.to_owned()).or_insert(tells);
    *told = *told && tells;
    for record in of_build_script(&output, package, members) {
        readers.add(record.file.as_os_str().as_bytes(), true, &record.by, How::BuildScript);
    }
}

const KIND: &str = "records";

/// What else a record's meaning depends on: where the members are.
fn asked(request: &ReadersRequest<'_>) -> [u8; 8] {
    let mut hasher = DefaultHasher::new();
    (&request.top, &request.root, &request.target_dirs, &request.crates).hash(&mut hasher);
    hasher.finish().to_le_bytes()
}

fn encoded(seen: &BTreeMap<PathBuf, Deps>, asked: [u8; 8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(&asked);
    writer.list(seen, |writer, (dir, deps)| {
        writer.bytes(dir.as_os_str().as_bytes());
        let changed = deps.changed.map(u64::to_le_bytes);
        writer.bytes(changed.as_ref().map_or(&[], |changed| changed.as_slice()));
        writer.list(&deps.files, |writer, (name, records)| {
            writer.bytes(name);
            writer.list(records, |writer, record| {
                writer.bytes(record.file.as_os_str().as_bytes());
                writer.bytes(record.by.as_os_str().as_bytes());
            });
        });
    });
    writer.sealed(KIND)
}

fn decoded(file: &[u8], asked: [u8; 8]) -> Option<BTreeMap<PathBuf, Deps>> {
    let mut reader = Reader::opened(file, KIND)?;
    if reader.bytes()? != asked {
        return None;
    }
    let path = |reader: &mut Reader<'_>| Some(PathBuf::from(OsStr::from_bytes(&reader.bytes()?)));
    let seen = reader.list(|reader| {
        let dir = path(reader)?;
        let changed = reader.bytes()?;
        let changed = <[u8; 8]>::try_from(changed.as_slice()).ok().map(u64::from_le_bytes);
        let files = reader.list(|reader| {
            let name = reader.bytes()?;
            let records = reader.list(|reader| {
                Some(Recorded {
                    file: path(reader)?,
                    by: path(reader)?,
                })
            })?;
            Some((name, records))
        })?;
        Some((dir, Deps { changed, files }))
    })?;
    reader.is_at_end().then_some(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(file: &str) -> Vec<Recorded> {
        vec![Recorded {
            file: file.into(),
            by: "/r/a/src/lib.rs".into(),
        }]
    }

    #[test]
    fn only_what_is_newer_than_the_memory_is_read() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a-1.d"), "x: /r/a/src/lib.rs /r/read.txt\n").unwrap();
        fs::write(dir.path().join("a-1.rmeta"), "").unwrap();
        let crates = [("a".to_owned(), PathBuf::from("/r/a"))];
        let members = Members::new(Path::new("/r"), Path::new("/r"), &[], &crates);
        let now = changed(&fs::metadata(dir.path()).unwrap());
        let found = |then: Option<u64>| {
            let known = Deps {
                changed: then,
                files: BTreeMap::from([(b"a-1.d".to_vec(), record("/r/known.txt"))]),
            };
            of_deps(dir.path(), Some(&known), &members)
                .unwrap()
                .files
                .into_values()
                .flatten()
                .collect::<Vec<_>>()
        };
        assert_eq!(found(None), record("/r/read.txt"));
        assert_eq!(found(Some(now)), record("/r/known.txt"));
        assert_eq!(found(Some(now + 1)), record("/r/known.txt"));
        assert_eq!(found(Some(1)), record("/r/read.txt"));
        assert_eq!(of_deps(&dir.path().join("gone"), None, &members), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let files = BTreeMap::from([
            (b"a-\xff.d".to_vec(), record("/r/\u{fc} x")),
            (b"b.d".to_vec(), Vec::new()),
        ]);
        let deps = |changed| Deps {
            changed,
            files: files.clone(),
        };
        let seen = BTreeMap::from([("/t/a".into(), deps(None)), ("/t/b".into(), deps(Some(u64::MAX)))]);
        let file = encoded(&seen, [7; 8]);
        assert_eq!(decoded(&file, [7; 8]), Some(seen));
        assert_eq!(decoded(&file, [8; 8]), None);
        assert_eq!(decoded(&file[..file.len() - 1], [7; 8]), None);
    }
}
