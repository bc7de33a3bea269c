//! One pass, as a value and as bytes.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::bytes::{Reader, Writer, length};
use super::index::{Entry, NewPass};
use crate::model::{CheckName, CrateName, Digest};

/// One pass: of one crate of a check, or of a whole task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Everything that was known before the run.
    pub key: Digest,
    /// The check that passed.
    pub check: CheckName,
    /// Which part of it, where it has several.
    pub part: String,
    /// The crate that it passed for; nothing where it is about more than one.
    pub krate: Option<CrateName>,
    /// What the run turned out to read beyond what the key is made of. The pass holds only while all of it is the same.
    pub recorded: Vec<Recorded>,
    /// Names a blob: the ingredients of the key, to say later in which of them another key differs.
    pub ingredients: Digest,
    /// What the tool wrote, byte for byte.
    pub output: Vec<u8>,
    /// What the tool said of itself in a few words, such as how many tests there were.
    pub note: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// When it passed. It decides only what is too old, and nothing about what is newer.
    pub at: SystemTime,
}

/// One thing that a run turned out to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recorded {
    /// A file.
    File {
        /// Where it is.
        path: PathBuf,
        /// The digest of its content; nothing where there was no such file.
        digest: Option<Digest>,
    },
    /// A variable of the environment.
    Variable {
        /// Its name.
        name: String,
        /// The digest of its value; nothing where it was not set.
        digest: Option<Digest>,
    },
}

/// What a pass is about, in short. Two subjects may have the same: that only makes less be kept of them.
pub(super) fn subject(check: &CheckName, part: &str, krate: Option<&CrateName>) -> u64 {
    let mut text = Writer::default();
    write_subject(&mut text, check, part, krate);
    short(&text.0)
}

fn write_subject(to: &mut Writer, check: &CheckName, part: &str, krate: Option<&CrateName>) {
    to.bytes(check.as_str().as_bytes());
    to.bytes(part.as_bytes());
    to.maybe(krate, |to, krate| to.bytes(krate.as_str().as_bytes()));
}

fn short(bytes: &[u8]) -> u64 {
    Reader(Digest::of(bytes).as_bytes()).u64().unwrap_or_default()
}

/// What an entry keeps of the digest of a head.
pub(super) fn check_of(head: &[u8]) -> [u8; 16] {
    Reader(Digest::of(head).as_bytes()).array().unwrap_or_default()
}

/// A pass of this run as it is written.
pub(super) fn encode(pass: &Pass, run: u64) -> NewPass {
    let mut recorded = Writer::default();
    recorded.u32(length(&pass.recorded));
    pass.recorded.iter().for_each(|one| write_recorded(&mut recorded, one));
    let (seconds, nanos) = since_1970(pass.at);

    let mut to = Writer::default();
    to.digest(&pass.key);
    to.digest(&Digest::of(&pass.output));
    to.digest(&pass.ingredients);
    to.i64(seconds);
    to.u32(nanos);
    to.u64(pass.took.as_secs());
    to.u32(pass.took.subsec_nanos());
    write_subject(&mut to, &pass.check, &pass.part, pass.krate.as_ref());
    to.maybe(pass.note.as_deref(), |to, note| to.bytes(note.as_bytes()));
    to.0.extend_from_slice(&recorded.0);

    let entry = Entry {
        key: pass.key,
        run,
        at: seconds,
        subject: subject(&pass.check, &pass.part, pass.krate.as_ref()),
        variant: short(&recorded.0),
        offset: 0,
        head: length(&to.0),
        output: length(&pass.output),
        check: check_of(&to.0),
    };
    let mut body = to.0;
    body.extend_from_slice(&pass.output);
    NewPass { entry, body }
}

/// A pass whose output has not been read yet, and the digest of that.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) pass: Pass,
    pub(super) output: Digest,
}

/// What the bytes of a head say, unless they are none.
pub(super) fn decode(bytes: &[u8]) -> Option<Head> {
    let mut from = Reader(bytes);
    let (key, output, ingredients) = (from.digest()?, from.digest()?, from.digest()?);
    let at = time(from.i64()?, from.u32()?)?;
    let took = Duration::new(from.u64()?, from.u32().filter(|nanos| *nanos < 1_000_000_000)?);
    let (check, part) = (from.text()?, from.text()?);
    let krate = from.maybe(Reader::text)?;
    let note = from.maybe(Reader::text)?;
    let count = from.u32()?;
    // What is damaged may claim to be many.
    let recorded = (0..count)
        .map(|_| read_recorded(&mut from))
        .collect::<Option<Vec<_>>>()?;
    from.end()?;
    let pass = Pass {
        key,
        check: check.into(),
        part,
        krate: krate.map(CrateName::from),
        recorded,
        ingredients,
        output: Vec::new(),
        note,
        took,
        at,
    };
    Some(Head { pass, output })
}

fn write_recorded(to: &mut Writer, recorded: &Recorded) {
    let (kind, name, digest) = match recorded {
        Recorded::File { path, digest } => (0, path.as_os_str().as_bytes(), digest),
        Recorded::Variable { name, digest } => (1, name.as_bytes(), digest),
    };
    to.byte(kind);
    to.bytes(name);
    to.maybe(digest.as_ref(), Writer::digest);
}

fn read_recorded(from: &mut Reader<'_>) -> Option<Recorded> {
    let (kind, name) = (from.byte()?, from.bytes()?);
    let digest = from.maybe(Reader::digest)?;
    match kind {
        0 => Some(Recorded::File {
            path: OsString::from_vec(name.to_vec()).into(),
            digest,
        }),
        1 => Some(Recorded::Variable {
            name: std::str::from_utf8(name).ok()?.to_owned(),
            digest,
        }),
        _ => None,
    }
}

/// Seconds since 1970, and nanoseconds after that. What lies further off than numbers go is the last that they can say.
pub(super) fn since_1970(at: SystemTime) -> (i64, u32) {
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).unwrap_or(i64::MAX), after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => (-seconds, 0),
                nanos => (-seconds - 1, 1_000_000_000 - nanos),
            }
        }
    }
}

fn time(seconds: i64, nanos: u32) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let start = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(whole)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(whole)
    };
    let nanos = Some(nanos).filter(|nanos| *nanos < 1_000_000_000)?;
    start?.checked_add(Duration::from_nanos(nanos.into()))
}
