//! The jobs of a run as the guard hands them to tasks: two descriptors, and the variables that tell of them.
//!
//! Descriptors, and no named pipe that anybody could open: GNU make before 4.4 ends with an error where it is told of one,
//! and cargo tells the build scripts, which tell make.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};

/// From which number on the descriptors are: beyond those that scripts and shells use by number.
const FIRST: i32 = 100;

/// The jobs of a run.
pub(super) struct SharedJobs {
    ends: [OwnedFd; 2],
    variables: [(&'static str, String); 2],
}

impl SharedJobs {
    /// Both ends of the pipe, and what else stands in `MAKEFLAGS`.
    pub(super) fn new(size: u32, others: &str, reader: impl AsFd, writer: impl AsFd) -> io::Result<Self> {
        let ends = [fcntl_dupfd_cloexec(reader, FIRST)?, fcntl_dupfd_cloexec(writer, FIRST)?];
        let [read, write] = ends.each_ref().map(AsRawFd::as_raw_fd);
        let ours = format!("-j{size} --jobserver-fds={read},{write} --jobserver-auth={read},{write}");
        let makeflags = makeflags(others, &ours);
        Ok(Self {
            ends,
            variables: [("CARGO_MAKEFLAGS", ours), ("MAKEFLAGS", makeflags)],
        })
    }

    /// Does something whose children inherit the descriptors and are told of them. All others do not.
    pub(super) fn shared<T>(&self, start: impl FnOnce(&[(&'static str, String)]) -> io::Result<T>) -> io::Result<T> {
        for end in &self.ends {
            fcntl_setfd(end, FdFlags::empty())?;
        }
        let started = start(&self.variables);
        for end in &self.ends {
            fcntl_setfd(end, FdFlags::CLOEXEC)?;
        }
        started
    }
}

/// What somebody else has put into `MAKEFLAGS`, with our jobs in the place of others. What follows `--` are definitions of
/// variables.
fn makeflags(others: &str, ours: &str) -> String {
    let (options, definitions) = match others.split_once(" -- ") {
        Some((options, definitions)) => (options, format!(" -- {definitions}")),
        None => (others, String::new()),
    };
    let words = options.split(' ').enumerate();
    let kept: String = words
        .filter(|(_, word)| !word.starts_with("-j") && !word.starts_with("--job"))
        // The first word holds letters without a dash, or nothing.
        .map(|(place, word)| {
            if place == 0 {
                word.to_owned()
            } else {
                format!(" {word}")
            }
        })
        .collect();
    format!("{kept} {ours}{definitions}")
}

#[cfg(test)]
mod tests {
    use super::makeflags;

    #[test]
    fn what_else_make_was_told_stays() {
        let check = |others, expected| assert_eq!(makeflags(others, "-j2"), expected, "{others}");
        check("", " -j2");
        check("-j8", " -j2");
        check("ks -j8 --no-print-directory", "ks --no-print-directory -j2");
        check(" --jobs=4 --jobserver-auth=3,4 -- A=-j8 B=1", " -j2 -- A=-j8 B=1");
    }
}
