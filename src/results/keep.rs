//! Which passes are worth keeping, and which files are worth writing anew. Pure.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::index::Entry;

/// How much is kept, and how much is done at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How many passes of one check, part and crate are kept: enough for the branches that somebody goes back and forth
    /// between.
    pub(super) per_subject: usize,
    /// How many bytes are kept. A quarter of a file may be of no use before it is written anew, so the disk holds up to a
    /// third more.
    pub(super) bytes: u64,
    /// For how long a pass is kept.
    pub(super) age: Duration,
    /// How many small files there may be before they are merged.
    pub(super) files: usize,
    /// A file that holds less is small.
    pub(super) small: u64,
    /// How many bytes are written anew at a time.
    pub(super) at_a_time: u64,
}

const MIB: u64 = 1024 * 1024;

impl Limits {
    /// 192 MiB in use, 256 on the disk: room for 32 passes of each of 800 tasks with seven kilobytes each.
    pub(super) const USUAL: Self = Self {
        per_subject: 32,
        bytes: 192 * MIB,
        age: Duration::from_hours(24 * 30),
        files: 16,
        small: 8 * MIB,
        at_a_time: 32 * MIB,
    };
}

/// A pass among all that there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// Which file it is in, and where in its index.
    pub(super) file: usize,
    pub(super) place: usize,
    pub(super) entry: Entry,
    /// How much room it takes, with its share of the blobs.
    pub(super) size: u64,
}

/// The passes that are worth keeping, each by its file and its place there.
pub(super) type Kept = HashSet<(usize, usize)>;

/// Chooses the passes that are worth keeping: the newest of each subject, nothing that is old or there twice, and no more
/// than there is room for. What is newer follows from the order of the runs. A pass of the future, by a clock that was wrong,
/// is not old.
pub(super) fn useful(mut candidates: Vec<Candidate>, now: i64, limits: &Limits) -> Kept {
    candidates.sort_by_key(|candidate| (std::cmp::Reverse(candidate.entry.run), candidate.file, candidate.place));
    let mut known = HashSet::new();
    let mut of_subject: HashMap<u64, usize> = HashMap::new();
    let mut room = limits.bytes;
    let mut kept = Kept::new();
    let oldest = now.saturating_sub_unsigned(limits.age.as_secs());
    for Candidate {
        file,
        place,
        entry,
        size,
    } in candidates
    {
        let count = of_subject.entry(entry.subject).or_default();
        if entry.at <= oldest || *count >= limits.per_subject || !known.insert((entry.key, entry.variant)) {
            continue;
        }
        // What is older than the first that has no room has none either.
        let Some(rest) = room.checked_sub(size) else { break };
        room = rest;
        *count += 1;
        kept.insert((file, place));
    }
    kept
}

/// How much of a file is of use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    pub(super) file: usize,
    pub(super) size: u64,
    pub(super) used: u64,
}

impl Use {
    fn is_wasteful(&self) -> bool {
        (self.size - self.used.min(self.size)) * 4 >= self.size
    }
}

/// Chooses the files that are written anew into one, if that is worth it: small ones where there are many, and those of
/// which much is of no use; the smallest first, as many as can be written at a time.
pub(super) fn worth_rewriting(mut files: Vec<Use>, limits: &Limits) -> Vec<usize> {
    let is_small = |file: &Use| file.used < limits.small;
    let many_small = files.iter().filter(|file| is_small(file)).count() >= limits.files;
    files.retain(|file| file.is_wasteful() || (many_small && is_small(file)));
    files.sort_by_key(|file| (file.used, file.file));
    let mut room = limits.at_a_time;
    let fitting = files.iter().take_while(|file| {
        let rest = room.checked_sub(file.used);
        room = rest.unwrap_or(0);
        rest.is_some()
    });
    fitting.map(|file| file.file).collect()
}

/// All files in groups, each of which is written anew into one; but for those that would only be written as they are.
pub(super) fn all_in_groups(mut files: Vec<Use>, limits: &Limits) -> Vec<Vec<usize>> {
    files.sort_by_key(|file| (file.used, file.file));
    let mut groups: Vec<(u64, Vec<Use>)> = Vec::new();
    for file in files {
        match groups.last_mut() {
            Some((used, group)) if *used + file.used <= limits.at_a_time => {
                *used += file.used;
                group.push(file);
            }
            _ => groups.push((file.used, vec![file])),
        }
    }
    let groups = groups.into_iter().map(|(_, group)| group);
    let as_it_is = |group: &[Use]| matches!(group, [only] if only.used >= only.size);
    let worth = groups.filter(|group| !as_it_is(group));
    worth
        .map(|group| group.iter().map(|file| file.file).collect())
        .collect()
}
