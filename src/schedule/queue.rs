//! The tasks that wait for slots and locks, and who of them is next.
//!
//! Tasks of one weight that need the same locks differ in nothing but their rank, so they form a group, and only the
//! first of a group is ever looked at. A group stands at a gate: the one of a lock that was not free when it was looked
//! at, else the one that is always open. A gate opens and closes with its lock. The first of each open gate, weight by
//! weight, stand together in front. So a task that waits for a lock costs nothing until the lock is free, and then only
//! the best that waits for it is looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::locks::{Locks, Mode, Use};
use crate::model::TaskId;
use crate::plan::{Access, Resource};

/// A task that others have been started before so many times, for each slot, is given the next slots and locks that
/// it needs. Until then, what does not fit is passed over, so that no slot stays empty.
pub(super) const PASSED_OVER: u32 = 8;

/// What is started first: less before more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// When it should start, in milliseconds of the run. See [`due`](super::machine).
    pub(super) due: i64,
    /// Its place in the order.
    pub(super) rank: u32,
    /// Its place in the plan.
    pub(super) task: TaskId,
}

/// The tasks that wait, and what those that run hold.
#[derive(Debug)]
pub(super) struct Queue {
    slots: u32,
    used: u32,
    locks: Locks,
    groups: Vec<Group>,
    numbers: BTreeMap<(u32, Vec<Use>), usize>,
    gates: Vec<Gate>,
    /// The first of each open gate.
    front: Shelves,
    /// All that wait, with their groups.
    waiting: BTreeSet<(Key, usize)>,
    /// How often others have been started before a task that was the first of all.
    passed_over: BTreeMap<TaskId, u32>,
    reserved: Option<(Key, usize)>,
}

/// Tasks that differ only in their rank.
#[derive(Debug)]
struct Group {
    weight: u32,
    uses: Vec<Use>,
    tasks: BTreeSet<Key>,
    gate: usize,
}

#[derive(Debug)]
struct Gate {
    open: bool,
    /// The groups that stand here, by their first task.
    shelves: Shelves,
}

/// By weight: keys, and whom they belong to.
type Shelves = BTreeMap<u32, BTreeSet<(Key, usize)>>;

/// The gate that is always open.
const OPEN: usize = 0;

/// The gate of a lock.
fn gate_of(wanted: Use) -> usize {
    1 + 2 * wanted.lock + usize::from(wanted.mode == Mode::Exclusive)
}

impl Queue {
    pub(super) fn new(slots: u32) -> Self {
        Self {
            slots: slots.max(1),
            used: 0,
            locks: Locks::default(),
            groups: Vec::new(),
            numbers: BTreeMap::new(),
            gates: vec![Gate {
                open: true,
                shelves: Shelves::new(),
            }],
            front: Shelves::new(),
            waiting: BTreeSet::new(),
            passed_over: BTreeMap::new(),
            reserved: None,
        }
    }

    /// How many slots are taken.
    pub(super) fn used(&self) -> u32 {
        self.used
    }

    /// The task that the next slots and locks are kept for.
    pub(super) fn reserved(&self) -> Option<TaskId> {
        self.reserved.map(|(key, _)| key.task)
    }

    /// The group of tasks that need this. One that is heavier than the whole run takes all of it, rather than waiting
    /// for ever.
    pub(super) fn group(&mut self, weight: u32, resources: &[(Resource, Access)]) -> usize {
        let weight = weight.clamp(1, self.slots);
        let uses = self.locks.uses(resources);
        for wanted in &uses {
            while self.gates.len() <= 2 * wanted.lock + 2 {
                self.gates.push(Gate {
                    open: true,
                    shelves: Shelves::new(),
                });
            }
        }
        if let Some(number) = self.numbers.get(&(weight, uses.clone())) {
            return *number;
        }
        self.numbers.insert((weight, uses.clone()), self.groups.len());
        self.groups.push(Group {
            weight,
            uses,
            tasks: BTreeSet::new(),
            gate: OPEN,
        });
        self.groups.len() - 1
    }

    /// A task begins to wait.
    pub(super) fn insert(&mut self, key: Key, group: usize) {
        self.waiting.insert((key, group));
        self.regroup(group, |tasks| tasks.insert(key));
    }

    /// A task no longer waits.
    pub(super) fn remove(&mut self, key: Key, group: usize) {
        self.waiting.remove(&(key, group));
        self.passed_over.remove(&key.task);
        if self.reserved == Some((key, group)) {
            self.release_reservation();
        }
        self.regroup(group, |tasks| tasks.remove(&key));
    }

    /// Takes what the next task needs, and says which it is. `usable` is how many of the slots may be used at all; where
    /// nothing runs, one task may always start.
    pub(super) fn next(&mut self, usable: u32) -> Option<TaskId> {
        let free = if self.used == 0 {
            self.slots
        } else {
            usable.min(self.slots).saturating_sub(self.used)
        };
        let mut free_for_others = free;
        if let Some((key, group)) = self.reserved {
            let Group { weight, uses, .. } = &self.groups[group];
            let weight = *weight;
            if self.locks.obstacle(uses).is_none() {
                if weight <= free {
                    return Some(self.start(key, group));
                }
                // Locks first, then the slots: none is kept while a lock is still in the way.
                free_for_others = free.saturating_sub(weight);
            }
        }
        loop {
            let (key, group) = self.first(free_for_others)?;
            let Some(obstacle) = self.obstacle(group) else {
                let task = self.start(key, group);
                self.note_passed_over(key);
                return Some(task);
            };
            self.shelve(group, false);
            self.groups[group].gate = gate_of(obstacle);
            self.shelve(group, true);
        }
    }

    /// Gives back the slots of a task of this group.
    pub(super) fn left(&mut self, group: usize) {
        self.used -= self.groups[group].weight;
    }

    /// Gives back the locks of a task of this group, but for those that it has given back since it has `built`.
    pub(super) fn give_back(&mut self, group: usize, built: bool) {
        self.give_back_locks(group, |is_for_building| !(built && is_for_building));
    }

    /// Gives back what a task of this group only needs while it builds.
    pub(super) fn built(&mut self, group: usize) {
        self.give_back_locks(group, |is_for_building| is_for_building);
    }

    fn give_back_locks(&mut self, group: usize, which: impl Fn(bool) -> bool) {
        let uses = self.groups[group].uses.iter().copied();
        let given: Vec<Use> = uses
            .filter(|wanted| which(self.locks.is_for_building(*wanted)))
            .collect();
        self.locks.give_back(&given);
        self.update_gates(group);
    }

    /// The best that stands before an open gate and is not too heavy.
    fn first(&self, free: u32) -> Option<(Key, usize)> {
        let fronts = self.front.range(..=free);
        let best = fronts.filter_map(|(weight, front)| Some((*front.first()?, *weight)));
        let ((_, gate), weight) = best.min()?;
        self.gates[gate].shelves.get(&weight)?.first().copied()
    }

    /// The first lock that the group cannot take: held, or kept for another task.
    fn obstacle(&self, group: usize) -> Option<Use> {
        let mut uses = self.groups[group].uses.iter().copied();
        uses.find(|wanted| !self.is_available(*wanted))
    }

    fn is_available(&self, wanted: Use) -> bool {
        let kept = self.reserved.is_some_and(|(_, group)| {
            let mut uses = self.groups[group].uses.iter();
            uses.any(|kept| kept.conflicts(wanted))
        });
        !kept && self.locks.is_free(wanted)
    }

    fn start(&mut self, key: Key, group: usize) -> TaskId {
        self.remove(key, group);
        let Group { weight, uses, .. } = &self.groups[group];
        self.used += weight;
        self.locks.take(uses);
        self.update_gates(group);
        key.task
    }

    /// The first of all is passed over when another one starts. In the end it gets a reservation.
    fn note_passed_over(&mut self, started: Key) {
        let Some((first, group)) = self.waiting.first().copied() else {
            return;
        };
        if self.reserved.is_some() || started < first {
            return;
        }
        let times = self.passed_over.entry(first.task).or_insert(0);
        *times += 1;
        if *times >= PASSED_OVER.saturating_mul(self.slots) {
            self.shelve(group, false);
            self.reserved = Some((first, group));
            self.update_gates(group);
        }
    }

    /// The group comes back to where it stood.
    fn release_reservation(&mut self) {
        if let Some((_, group)) = self.reserved.take() {
            self.shelve(group, true);
            self.update_gates(group);
        }
    }

    /// Opens and closes the gates of the locks of a group, as they can be taken now.
    fn update_gates(&mut self, group: usize) {
        for place in 0..self.groups[group].uses.len() {
            let lock = self.groups[group].uses[place].lock;
            for mode in [Mode::Shared, Mode::Exclusive] {
                let wanted = Use { lock, mode };
                self.set_open(gate_of(wanted), self.is_available(wanted));
            }
        }
    }

    fn set_open(&mut self, number: usize, open: bool) {
        let gate = &mut self.gates[number];
        if gate.open == open {
            return;
        }
        gate.open = open;
        for (weight, shelf) in &gate.shelves {
            if let Some((first, _)) = shelf.first() {
                let front = self.front.entry(*weight).or_default();
                if open {
                    front.insert((*first, number));
                } else {
                    front.remove(&(*first, number));
                }
            }
        }
    }

    /// Changes the tasks of a group, and its place where another one is the first now.
    fn regroup(&mut self, group: usize, change: impl FnOnce(&mut BTreeSet<Key>) -> bool) {
        self.shelve(group, false);
        change(&mut self.groups[group].tasks);
        self.shelve(group, true);
    }

    /// Puts the group before its gate, or takes it away. A group that has a reservation stands nowhere.
    fn shelve(&mut self, number: usize, put: bool) {
        let group = &self.groups[number];
        let Some(first) = group.tasks.first().copied() else {
            return;
        };
        if self.reserved.is_some_and(|(_, reserved)| reserved == number) {
            return;
        }
        let gate = &mut self.gates[group.gate];
        let shelf = gate.shelves.entry(group.weight).or_default();
        let before = shelf.first().map(|(key, _)| *key);
        if put {
            shelf.insert((first, number));
        } else {
            shelf.remove(&(first, number));
        }
        let after = shelf.first().map(|(key, _)| *key);
        if gate.open && before != after {
            let front = self.front.entry(group.weight).or_default();
            if let Some(key) = before {
                front.remove(&(key, group.gate));
            }
            if let Some(key) = after {
                front.insert((key, group.gate));
            }
        }
    }
}
