//! Who lives of the children of the guard, and whether that is all. Pure.
//!
//! A list of children is no picture of one moment. Whoever dies after the list was read has left its children to the guard,
//! and these are not in it: a guard that went by the list would find nobody left, and go home.

use rustix::process::Pid;

/// How often the list is read at most, so that somebody who dies and begets all the time does not keep the guard from
/// hearing what is wanted of it.
const READINGS: usize = 16;

/// The children that live.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Census {
    pub(super) living: Vec<Pid>,
    /// Whether nobody has died while they were looked for. Then every process that was left by the dead is one of these,
    /// or is below one of them.
    pub(super) complete: bool,
}

/// Buries the dead and finds the living. The list is read again until nobody in it is dead: those whom somebody leaves
/// behind are in every list that is read after its death.
pub(super) fn census(mut list: impl FnMut() -> Vec<Pid>, mut bury: impl FnMut(Pid) -> bool) -> Census {
    let mut living = Vec::new();
    for _ in 0..READINGS {
        let listed = list();
        let count = listed.len();
        living = listed.into_iter().filter(|pid| !bury(*pid)).collect();
        if living.len() == count {
            return Census { living, complete: true };
        }
    }
    Census {
        living,
        complete: false,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// The guard, whose children are listed.
    const GUARD: i32 = 1;

    /// Processes with their parents, of which some die and some beget whenever the system is asked something.
    struct World {
        parents: BTreeMap<i32, i32>,
        dead: Vec<i32>,
        /// The number of the next process: later ones have higher numbers.
        next: i32,
        /// What is yet to happen, one thing before each answer.
        fate: Vec<Event>,
    }

    #[derive(Clone, Copy, Debug)]
    enum Event {
        Nothing,
        /// The living process at this place dies, and its children come to the guard.
        Dies(usize),
        /// It has a child.
        Begets(usize),
    }

    impl World {
        fn living(&self) -> Vec<i32> {
            let all = self.parents.keys().copied();
            all.filter(|pid| !self.dead.contains(pid)).collect()
        }

        fn happens(&mut self) {
            let living = self.living();
            let at = |place: usize| living[place % living.len()];
            match self.fate.pop() {
                Some(Event::Dies(place)) if !living.is_empty() => {
                    let dies = at(place);
                    for parent in self.parents.values_mut().filter(|parent| **parent == dies) {
                        *parent = GUARD;
                    }
                    self.dead.push(dies);
                }
                Some(Event::Begets(place)) if !living.is_empty() => {
                    self.parents.insert(self.next, at(place));
                    self.next += 1;
                }
                _ => {}
            }
        }

        fn children(&self) -> Vec<Pid> {
            let children = self.parents.iter().filter(|(_, parent)| **parent == GUARD);
            children.map(|(pid, _)| Pid::from_raw(*pid).unwrap()).collect()
        }

        fn bury(&mut self, pid: Pid) -> bool {
            let pid = pid.as_raw_pid();
            let is_dead = self.dead.contains(&pid);
            if is_dead {
                self.parents.remove(&pid);
                self.dead.retain(|dead| *dead != pid);
            }
            is_dead
        }
    }

    /// Each process as a child of one before it, the first of the guard.
    fn world(parents: &[usize], fate: Vec<Event>) -> RefCell<World> {
        let mut numbers = vec![GUARD];
        let mut all = BTreeMap::new();
        for (pid, parent) in (GUARD + 1..).zip(parents) {
            all.insert(pid, numbers[parent % numbers.len()]);
            numbers.push(pid);
        }
        RefCell::new(World {
            parents: all,
            dead: Vec::new(),
            next: 1000,
            fate,
        })
    }

    fn of(world: &RefCell<World>) -> Census {
        let list = || {
            world.borrow_mut().happens();
            world.borrow().children()
        };
        census(list, |pid| {
            world.borrow_mut().happens();
            world.borrow_mut().bury(pid)
        })
    }

    #[test]
    fn whoever_dies_after_the_list_was_read_leaves_nobody_unseen() {
        // A leader with a child: the leader is in the list, and dead when it is looked at.
        let world = world(&[0, 1], vec![Event::Dies(0), Event::Nothing]);
        let census = of(&world);
        let child = world.borrow().living()[0];
        assert_eq!(census.living, [Pid::from_raw(child).unwrap()]);
        assert!(census.complete);
    }

    #[test]
    fn somebody_who_always_dies_and_begets_does_not_hold_the_guard_up() {
        let forever = (0..1000).flat_map(|_| [Event::Dies(0), Event::Begets(0)]).collect();
        let world = world(&[0], forever);
        assert!(!of(&world).complete);
        assert!(!world.borrow().fate.is_empty());
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::Nothing),
            (0..10_usize).prop_map(Event::Dies),
            (0..10_usize).prop_map(Event::Begets),
        ]
    }

    proptest! {
        #[test]
        fn nobody_lives_where_nobody_is_found(
            parents in prop::collection::vec(0..10_usize, 0..10),
            fate in prop::collection::vec(event(), 0..60),
        ) {
            let world = world(&parents, fate);
            let census = of(&world);
            let living = world.borrow().living();
            if census.complete && census.living.is_empty() {
                prop_assert!(living.is_empty(), "{living:?} live");
            }
        }

        #[test]
        fn where_nothing_happens_all_children_are_found(parents in prop::collection::vec(0..10_usize, 0..10)) {
            let world = world(&parents, Vec::new());
            let children = world.borrow().children();
            prop_assert_eq!(of(&world), Census { living: children, complete: true });
        }
    }
}
