//! Who holds what of the things that tasks cannot all use at once.

use std::collections::BTreeMap;

use crate::plan::{Access, Resource};

/// How a lock is held or wanted. In the place of [`Access`], since it has an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// Together with others that share it.
    Shared,
    /// Alone.
    Exclusive,
}

/// A lock that a task needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    /// Its number.
    pub(super) lock: usize,
    pub(super) mode: Mode,
}

impl Use {
    /// Whether two tasks with these uses cannot run beside each other.
    pub(super) fn conflicts(self, other: Self) -> bool {
        self.lock == other.lock && (self.mode, other.mode) != (Mode::Shared, Mode::Shared)
    }
}

/// All locks, by number.
#[derive(Debug, Default)]
pub(super) struct Locks {
    numbers: BTreeMap<Resource, usize>,
    held: Vec<Held>,
    /// Whether a lock is one of cargo's directories.
    of_cargo: Vec<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Shared { by: u32 },
    Exclusively,
}

impl Locks {
    /// The uses of a task: each lock once, as strictly as it is wanted, in the order of the locks.
    pub(super) fn uses(&mut self, resources: &[(Resource, Access)]) -> Vec<Use> {
        let mut uses: Vec<Use> = resources
            .iter()
            .map(|(resource, access)| Use {
                lock: self.number(resource),
                mode: match access {
                    Access::Shared => Mode::Shared,
                    Access::Exclusive => Mode::Exclusive,
                },
            })
            .collect();
        uses.sort_unstable_by_key(|wanted| (wanted.lock, std::cmp::Reverse(wanted.mode)));
        uses.dedup_by_key(|wanted| wanted.lock);
        uses
    }

    /// Whether this is one of cargo's locks, which it holds no longer than it builds.
    pub(super) fn is_for_building(&self, wanted: Use) -> bool {
        self.of_cargo[wanted.lock] && wanted.mode == Mode::Exclusive
    }

    /// Whether a task could hold this lock beside those that hold it.
    pub(super) fn is_free(&self, wanted: Use) -> bool {
        match self.held[wanted.lock] {
            Held::Shared { by: 0 } => true,
            Held::Shared { .. } => wanted.mode == Mode::Shared,
            Held::Exclusively => false,
        }
    }

    /// The first lock that is in the way.
    pub(super) fn obstacle(&self, uses: &[Use]) -> Option<Use> {
        uses.iter().copied().find(|wanted| !self.is_free(*wanted))
    }

    /// Takes locks that are free.
    pub(super) fn take(&mut self, uses: &[Use]) {
        for wanted in uses {
            debug_assert!(self.is_free(*wanted), "a lock was taken that is held");
            let held = &mut self.held[wanted.lock];
            *held = match (*held, wanted.mode) {
                (Held::Shared { by }, Mode::Shared) => Held::Shared { by: by + 1 },
                _ => Held::Exclusively,
            };
        }
    }

    /// Gives back what was taken.
    pub(super) fn give_back(&mut self, uses: &[Use]) {
        for wanted in uses {
            let held = &mut self.held[wanted.lock];
            *held = match *held {
                Held::Shared { by } => Held::Shared {
                    by: by.saturating_sub(1),
                },
                Held::Exclusively => Held::Shared { by: 0 },
            };
        }
    }

    fn number(&mut self, resource: &Resource) -> usize {
        if let Some(number) = self.numbers.get(resource) {
            return *number;
        }
        let number = self.held.len();
        self.numbers.insert(resource.clone(), number);
        self.held.push(Held::Shared { by: 0 });
        self.of_cargo.push(matches!(resource, Resource::BuildDirectory(_)));
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_share_and_writers_do_not() {
        let mut locks = Locks::default();
        let reads = locks.uses(&[(Resource::Tree, Access::Shared)]);
        let writes = locks.uses(&[(Resource::Tree, Access::Exclusive)]);
        let other = locks.uses(&[(Resource::Named("x".to_owned()), Access::Exclusive)]);
        locks.take(&reads);
        locks.take(&reads);
        locks.take(&other);
        assert_eq!(
            (locks.obstacle(&reads), locks.obstacle(&writes)),
            (None, Some(writes[0]))
        );
        locks.give_back(&reads);
        assert_eq!(locks.obstacle(&writes), Some(writes[0]));
        locks.give_back(&reads);
        assert_eq!(locks.obstacle(&writes), None);
        locks.take(&writes);
        assert_eq!(locks.obstacle(&reads), Some(reads[0]));
        assert_eq!(locks.obstacle(&other), Some(other[0]));
        locks.give_back(&writes);
        assert_eq!(locks.obstacle(&reads), None);
    }

    #[test]
    fn a_lock_that_is_wanted_twice_is_wanted_in_the_stricter_way() {
        let mut locks = Locks::default();
        let x = || Resource::Named("x".to_owned());
        let uses = locks.uses(&[
            (x(), Access::Shared),
            (Resource::Tree, Access::Shared),
            (x(), Access::Exclusive),
        ]);
        let wanted = |lock, mode| Use { lock, mode };
        assert_eq!(uses, [wanted(0, Mode::Exclusive), wanted(1, Mode::Shared)]);
    }
}
