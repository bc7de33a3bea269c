//! Jobs of a shell, and who can let a stopped one go on. Pure.

/// Where a process stands among the jobs of its session.
///
/// The calls that rustix has for this know no group and no session that began outside of a container; the kernel has
/// the number 0 for each of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub(super) group: i32,
    pub(super) session: i32,
}

impl Job {
    /// Whether one of these processes, its parent and so on upwards, is of its session and not of its group: then the
    /// group can be stopped, and somebody is there to let it go on.
    pub(super) fn is_watched(self, above: impl Iterator<Item = Job>) -> bool {
        // Whoever has a parent in a session without a number is in it too: it could not have entered another such.
        let mut in_session = above.take_while(|job| job.session == self.session);
        in_session.any(|job| job.group != self.group)
    }
}

#[cfg(test)]
mod tests {
    use super::Job;

    #[test]
    fn who_is_of_another_group_of_the_session_watches() {
        let check = |own: (i32, i32), above: &[(i32, i32)], expected: bool| {
            let job = |(group, session)| Job { group, session };
            let watched = job(own).is_watched(above.iter().copied().map(job));
            assert_eq!(watched, expected, "{own:?} below {above:?}");
        };
        check((9, 5), &[(5, 5)], true);
        check((9, 5), &[(9, 5), (9, 5), (5, 5), (1, 1)], true);
        check((9, 9), &[(5, 5), (1, 1)], false);
        check((9, 5), &[(9, 5), (1, 1)], false);
        check((9, 5), &[], false);
        // In a container whose first process opened no session of its own.
        check((9, 0), &[(0, 0)], true);
        check((0, 0), &[(0, 0)], false);
        check((9, 9), &[(0, 0)], false);
    }
}
