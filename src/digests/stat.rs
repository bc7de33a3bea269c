//! What the system says about a file without its content, and when that is enough.

use std::time::SystemTime;

use rustix::fs::FileType;

/// A moment, or the time of a file: nanoseconds since 1970.
pub(super) type Nanoseconds = i64;

/// Times of files can be as coarse as this: what is written within so long of a look at a file may have the time that the
/// file had then.
const GRAIN: Nanoseconds = 2_000_000_000;

const SECOND: Nanoseconds = 1_000_000_000;

/// All that shows a change of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) size: u64,
    /// When its content last changed: anybody may set this time.
    pub(super) modified: Nanoseconds,
    /// When anything of it last changed: only the clock of the system sets this one.
    pub(super) changed: Nanoseconds,
    pub(super) inode: u64,
    pub(super) device: u64,
    pub(super) mode: u32,
}

impl Stat {
    /// What the system said, in one form on all systems.
    #[allow(
        clippy::unnecessary_cast,
        clippy::cast_lossless,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        reason = "each system has types of its own for these numbers"
    )]
    pub(super) fn new(found: &rustix::fs::Stat) -> Self {
        let time = |seconds: i64, nanoseconds: i64| seconds.saturating_mul(SECOND).saturating_add(nanoseconds);
        Self {
            size: found.st_size as u64,
            modified: time(found.st_mtime as i64, found.st_mtime_nsec as i64),
            changed: time(found.st_ctime as i64, found.st_ctime_nsec as i64),
            inode: found.st_ino as u64,
            device: found.st_dev as u64,
            mode: found.st_mode as u32,
        }
    }

    #[allow(clippy::useless_conversion, reason = "each system has a type of its own for modes")]
    pub(super) fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.mode.try_into().unwrap_or_default())
    }

    /// Whether git takes it for a program.
    pub(super) fn is_executable(&self) -> bool {
        self.mode & 0o100 != 0
    }

    /// Whether every change after this moment gives the file another time. A time in the future says nothing.
    pub(super) fn is_settled(&self, at: Nanoseconds) -> bool {
        self.modified.max(self.changed) < at.saturating_sub(GRAIN)
    }
}

/// Whether a clock that once showed one moment has been set back since.
pub(super) fn went_back(then: Nanoseconds, now: Nanoseconds) -> bool {
    now < then.saturating_sub(GRAIN)
}

/// What the clock shows now.
pub(super) fn now() -> Nanoseconds {
    at(SystemTime::now())
}

/// A moment. Before 1970 nothing is settled.
pub(super) fn at(moment: SystemTime) -> Nanoseconds {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Nanoseconds::try_from(since.as_nanos()).unwrap_or(0)
}
