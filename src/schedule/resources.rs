//! Who holds what: slots, and the things that tasks cannot all use at once.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::TaskId;
use crate::plan::{Access, Resource, Task};

/// What is free, and what is not.
#[derive(Debug)]
pub(super) struct Resources {
    slots: u32,
    free: u32,
    held: BTreeMap<Resource, Held>,
    /// The tasks that have given back what they only needed to build.
    built: BTreeSet<TaskId>,
}

#[derive(Debug)]
enum Held {
    Shared { by: u32 },
    Exclusively,
}

impl Resources {
    pub(super) fn new(slots: u32) -> Self {
        Self {
            slots,
            free: slots,
            held: BTreeMap::new(),
            built: BTreeSet::new(),
        }
    }

    /// Whether anything could start at all.
    pub(super) fn has_free_slot(&self) -> bool {
        self.free > 0
    }

    /// Takes all that the task needs, or nothing of it.
    pub(super) fn take(&mut self, task: &Task) -> bool {
        let weight = self.weight(task);
        if weight > self.free
            || !task
                .resources
                .iter()
                .all(|(resource, access)| self.is_free(resource, *access))
        {
            return false;
        }
        self.free -= weight;
        for (resource, access) in &task.resources {
            match (self.held.get_mut(resource), access) {
                (Some(Held::Shared { by }), Access::Shared) => *by += 1,
                (_, Access::Shared) => {
                    self.held.insert(resource.clone(), Held::Shared { by: 1 });
                }
                (_, Access::Exclusive) => {
                    self.held.insert(resource.clone(), Held::Exclusively);
                }
            }
        }
        true
    }

    /// Gives back what [`Resources::take`] took, and [`Resources::built`] did not.
    pub(super) fn give_back(&mut self, task: &Task) {
        self.free += self.weight(task);
        let built = self.built.remove(&task.head.id);
        for (resource, access) in &task.resources {
            if !(built && is_for_building(resource, *access)) {
                self.release(resource);
            }
        }
    }

    /// Gives back what the task only needs while it builds.
    pub(super) fn built(&mut self, task: &Task) {
        if self.built.insert(task.head.id) {
            let needed = task.resources.iter();
            for (resource, _) in needed.filter(|(resource, access)| is_for_building(resource, *access)) {
                self.release(resource);
            }
        }
    }

    fn release(&mut self, resource: &Resource) {
        match self.held.get_mut(resource) {
            Some(Held::Shared { by }) if *by > 1 => *by -= 1,
            _ => {
                self.held.remove(resource);
            }
        }
    }

    /// A task heavier than the whole run takes all of it, rather than waiting for ever.
    fn weight(&self, task: &Task) -> u32 {
        task.weight.min(self.slots)
    }

    fn is_free(&self, resource: &Resource, access: Access) -> bool {
        match (self.held.get(resource), access) {
            (None, _) | (Some(Held::Shared { .. }), Access::Shared) => true,
            (Some(_), _) => false,
        }
    }
}

/// Whether this is one of cargo's locks, which it holds no longer than it builds.
fn is_for_building(resource: &Resource, access: Access) -> bool {
    matches!(resource, Resource::BuildDirectory(_)) && access == Access::Exclusive
}
