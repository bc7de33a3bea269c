//! A world in which tasks end by chance, and a model of what may be running in it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::{TaskSpec, plan};
use crate::event::{Failure, Outcome, StopReason};
use crate::model::TaskId;
use crate::plan::{Access, Need, Plan, Resource};
use crate::schedule::{Effect, Message, Schedule, Verdict};

/// What happens next, as far as chance decides it.
#[derive(Clone, Debug)]
struct Chance {
    /// Which of the tasks that run ends.
    which: prop::sample::Index,
    verdict: Verdict,
    /// Whether somebody interrupts the run first.
    interrupt: bool,
}

#[derive(Clone, Debug)]
struct Scenario {
    slots: u32,
    tasks: Vec<TaskSpec>,
    fail_fast: bool,
    stop_on_critical_failure: bool,
    chances: Vec<Chance>,
}

impl Scenario {
    fn plan(&self) -> Plan {
        let mut plan = plan(self.slots, &self.tasks);
        plan.fail_fast = self.fail_fast;
        plan.stop_on_critical_failure = self.stop_on_critical_failure;
        plan
    }
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        6 => Just(Verdict::Passed),
        2 => Just(Verdict::Failed(Failure::Regenerated)),
        1 => Just(Verdict::TimedOut { limit: Duration::from_secs(1) }),
    ]
}

fn chance(interrupts: u32) -> impl Strategy<Value = Chance> {
    (any::<prop::sample::Index>(), verdict(), 0..1000_u32).prop_map(move |(which, verdict, luck)| Chance {
        which,
        verdict,
        interrupt: luck < interrupts,
    })
}

fn resources() -> impl Strategy<Value = Vec<(Resource, Access)>> {
    let resource = prop_oneof![
        Just(Resource::Tree),
        Just(Resource::BuildDirectory(
            std::path::Path::new("/ws/target/debug").into()
        )),
        Just(Resource::Named("x".to_owned())),
    ];
    let access = prop_oneof![Just(Access::Shared), Just(Access::Exclusive)];
    let unique = prop::collection::vec((resource, access), 0..3);
    unique.prop_map(|list| list.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect())
}

fn task() -> impl Strategy<Value = (TaskSpec, Vec<(prop::sample::Index, bool)>)> {
    let needs = prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..4);
    let rare = || prop::bool::weighted(0.1);
    (needs, 1..5_u32, resources(), prop::bool::weighted(0.2), rare()).prop_map(
        |(needs, weight, resources, may_fail, critical)| {
            let task = TaskSpec {
                weight,
                resources,
                may_fail,
                critical,
                ..TaskSpec::named("")
            };
            (task, needs)
        },
    )
}

/// Tasks that need only such as stand before them, or only such as stand behind them.
fn tasks() -> impl Strategy<Value = Vec<TaskSpec>> {
    (prop::collection::vec(task(), 0..40), any::<bool>()).prop_map(|(drafts, backwards)| {
        let count = drafts.len();
        let place = |place: usize| if backwards { count - 1 - place } else { place };
        let mut tasks = Vec::new();
        for (index, (mut task, needs)) in drafts.into_iter().enumerate() {
            task.name = format!("t{}", place(index));
            let needs = needs.iter().filter(|_| index > 0).map(|(needed, hard)| {
                let need = if *hard { Need::Hard } else { Need::Soft };
                (place(needed.index(index)), need)
            });
            task.needs = needs.collect();
            tasks.push(task);
        }
        if backwards {
            tasks.reverse();
        }
        tasks
    })
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let chances = prop_oneof![Just(0), Just(30_u32)].prop_flat_map(|often| prop::collection::vec(chance(often), 41));
    let fail_fast = prop::bool::weighted(0.2);
    (1..6_u32, tasks(), fail_fast, any::<bool>(), chances).prop_map(
        |(slots, tasks, fail_fast, stop_on_critical_failure, chances)| Scenario {
            slots,
            tasks,
            fail_fast,
            stop_on_critical_failure,
            chances,
        },
    )
}

/// What is known of the run from its effects alone.
struct World<'p> {
    plan: &'p Plan,
    running: BTreeSet<TaskId>,
    /// What tasks were told to end.
    ending: BTreeSet<TaskId>,
    settled: BTreeMap<TaskId, Outcome>,
    stopping: Option<StopReason>,
    finished: bool,
}

impl<'p> World<'p> {
    fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            running: BTreeSet::new(),
            ending: BTreeSet::new(),
            settled: BTreeMap::new(),
            stopping: None,
            finished: false,
        }
    }

    /// Whether a task that was settled like this lets what depends on it run.
    fn lets_pass(&self, task: TaskId) -> bool {
        let outcome = &self.settled[&task];
        outcome.is_pass() || self.plan.task(task).head.may_fail && outcome.is_failure()
    }

    fn needs_are_met(&self, task: TaskId) -> bool {
        let needs = self.plan.needs_of(task);
        needs
            .iter()
            .all(|(needed, need)| self.settled.contains_key(needed) && (*need == Need::Soft || self.lets_pass(*needed)))
    }

    fn fits(&self, task: TaskId) -> bool {
        let weight = |task: TaskId| self.plan.task(task).weight.min(self.plan.slots);
        let used: u32 = self.running.iter().map(|task| weight(*task)).sum();
        let apart = |other: &TaskId| {
            let held = &self.plan.task(*other).resources;
            let mut wanted = self.plan.task(task).resources.iter();
            wanted.all(|(resource, access)| {
                let mut held = held.iter().filter(|(held, _)| held == resource);
                held.all(|(_, held)| (*held, *access) == (Access::Shared, Access::Shared))
            })
        };
        used + weight(task) <= self.plan.slots && self.running.iter().all(apart)
    }

    /// Takes the effects of one message; `ended` is the task that it was about.
    fn take(&mut self, effects: &[Effect], ended: Option<(TaskId, &Verdict)>) -> Result<(), TestCaseError> {
        if let Some((task, _)) = ended {
            prop_assert!(self.running.remove(&task));
        }
        for effect in effects {
            prop_assert!(!self.finished, "something came after the end: {effect:?}");
            match effect {
                Effect::Start(task) => self.start(*task)?,
                Effect::End(task) => {
                    prop_assert!(self.stopping.is_some() && self.running.contains(task));
                    prop_assert!(self.ending.insert(*task), "{task:?} was told to end twice");
                }
                Effect::Settled { task, outcome } => self.settle(*task, outcome, ended)?,
                Effect::StopBegan(reason) => {
                    prop_assert!(self.stopping.is_none(), "the stop began twice");
                    self.check_reason(reason, ended)?;
                    self.stopping = Some(reason.clone());
                }
                Effect::Finished => self.finished = true,
            }
        }
        let all = self.plan.tasks().len();
        prop_assert_eq!(self.finished, self.settled.len() == all);
        if self.stopping.is_some() {
            prop_assert_eq!(
                self.settled.len() + self.running.len(),
                all,
                "something waits in a run that stops"
            );
            prop_assert!(self.running.is_subset(&self.ending));
        } else {
            self.check_nothing_waits_in_vain()?;
        }
        Ok(())
    }

    fn start(&mut self, task: TaskId) -> Result<(), TestCaseError> {
        prop_assert!(self.stopping.is_none(), "{task:?} started after the stop began");
        prop_assert!(!self.settled.contains_key(&task) && !self.running.contains(&task));
        prop_assert!(self.needs_are_met(task), "{task:?} started before its time");
        prop_assert!(self.fits(task), "{task:?} does not fit");
        self.running.insert(task);
        Ok(())
    }

    fn settle(
        &mut self,
        task: TaskId,
        outcome: &Outcome,
        ended: Option<(TaskId, &Verdict)>,
    ) -> Result<(), TestCaseError> {
        prop_assert!(!self.running.contains(&task), "{task:?} still runs");
        match (ended.filter(|(ended, _)| *ended == task), outcome) {
            (Some((_, Verdict::Passed)), Outcome::Passed)
            | (Some((_, Verdict::Failed(_))), Outcome::Failed(_))
            | (Some((_, Verdict::TimedOut { .. })), Outcome::TimedOut { .. })
            | (Some((_, Verdict::Stopped)), Outcome::Cancelled) => {}
            (None, Outcome::Cancelled) => {
                prop_assert!(self.stopping.is_some(), "{task:?} was cancelled without a stop");
            }
            (None, Outcome::Blocked { by }) => {
                let mut needs = self.plan.needs_of(task).into_iter();
                let in_the_way = needs.any(|(needed, need)| {
                    let is_named = self.plan.task(needed).head.check == *by;
                    is_named && need == Need::Hard && self.settled.contains_key(&needed) && !self.lets_pass(needed)
                });
                prop_assert!(in_the_way, "{task:?} is blocked by {by}, which is not in its way");
            }
            other => prop_assert!(false, "{task:?} ended so: {other:?}"),
        }
        prop_assert_eq!(
            self.settled.insert(task, outcome.clone()),
            None,
            "{:?} was settled twice",
            task
        );
        Ok(())
    }

    fn check_reason(&self, reason: &StopReason, ended: Option<(TaskId, &Verdict)>) -> Result<(), TestCaseError> {
        let Some((task, _)) = ended else {
            prop_assert_eq!(reason, &StopReason::Interrupted);
            return Ok(());
        };
        let task = self.plan.task(task);
        prop_assert!(self.settled[&task.head.id].is_failure() && !task.head.may_fail);
        let check = task.head.check.clone();
        match reason {
            StopReason::Critical { check: named } => {
                prop_assert!(task.critical && self.plan.stop_on_critical_failure && *named == check);
            }
            StopReason::FailFast { check: named } => prop_assert!(self.plan.fail_fast && *named == check),
            StopReason::Interrupted => prop_assert!(false, "nobody interrupted it"),
        }
        Ok(())
    }

    /// No slot stays empty while something could use it, and nothing waits for what cannot come.
    fn check_nothing_waits_in_vain(&self) -> Result<(), TestCaseError> {
        for task in self.plan.tasks().map(|task| task.head.id) {
            if self.settled.contains_key(&task) || self.running.contains(&task) {
                continue;
            }
            prop_assert!(
                !(self.needs_are_met(task) && self.fits(task)),
                "{task:?} could run and does not"
            );
            let needs = self.plan.needs_of(task);
            let cannot_be = |(needed, need): &(TaskId, Need)| {
                *need == Need::Hard && self.settled.contains_key(needed) && !self.lets_pass(*needed)
            };
            prop_assert!(!needs.iter().any(cannot_be), "{task:?} waits for what has failed");
        }
        let failures = self.settled.iter().filter(|(_, outcome)| outcome.is_failure());
        for (task, _) in failures.filter(|(task, _)| !self.plan.task(**task).head.may_fail) {
            let ends_the_run = self.plan.task(*task).critical && self.plan.stop_on_critical_failure;
            prop_assert!(!ends_the_run && !self.plan.fail_fast, "the run goes on after {task:?}");
        }
        Ok(())
    }
}

/// Runs a scenario to its end. All that was answered is given back.
fn run(scenario: &Scenario) -> Result<Vec<Effect>, TestCaseError> {
    let plan = scenario.plan();
    let mut schedule = Schedule::new(&plan);
    let mut world = World::new(&plan);
    let mut trace = schedule.handle(Message::Begin);
    world.take(&trace, None)?;
    let mut chances = scenario.chances.iter();
    while !world.finished {
        let chance = chances.next().expect("every message settles a task");
        if chance.interrupt {
            let effects = schedule.handle(Message::Interrupted);
            world.take(&effects, None)?;
            trace.extend(effects);
        }
        let running: Vec<_> = world.running.iter().copied().collect();
        prop_assert!(
            !running.is_empty() || world.finished,
            "nothing runs, and the end is not reached"
        );
        let Some(task) = (!running.is_empty()).then(|| *chance.which.get(&running)) else {
            break;
        };
        prop_assert!(schedule.is_running(task));
        let failed = matches!(chance.verdict, Verdict::Failed(_));
        let verdict = match world.stopping {
            Some(_) if failed => Verdict::Stopped,
            _ => chance.verdict.clone(),
        };
        let message = Message::Ended {
            task,
            verdict: verdict.clone(),
        };
        let effects = schedule.handle(message);
        world.take(&effects, Some((task, &verdict)))?;
        trace.extend(effects);
    }
    prop_assert_eq!(schedule.handle(Message::Interrupted), []);
    Ok(trace)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_run_comes_to_its_end_in_order(scenario in scenario()) {
        let trace = run(&scenario)?;
        prop_assert_eq!(trace.iter().filter(|effect| **effect == Effect::Finished).count(), 1);
        prop_assert_eq!(trace.last(), Some(&Effect::Finished));
        let settled = trace.iter().filter(|effect| matches!(effect, Effect::Settled { .. })).count();
        prop_assert_eq!(settled, scenario.tasks.len());
        prop_assert_eq!(trace, run(&scenario)?, "the same happenings led elsewhere");
    }

    #[test]
    fn a_run_in_which_all_is_well_passes_everything(tasks in tasks(), slots in 1..6_u32, chances in prop::collection::vec(chance(0), 41)) {
        let well = |chance: Chance| Chance { verdict: Verdict::Passed, ..chance };
        let chances = chances.into_iter().map(well).collect();
        let scenario = Scenario { slots, tasks, fail_fast: true, stop_on_critical_failure: true, chances };
        let trace = run(&scenario)?;
        let starts = trace.iter().filter(|effect| matches!(effect, Effect::Start(_))).count();
        prop_assert_eq!(starts, scenario.tasks.len());
        prop_assert!(!trace.iter().any(|effect| matches!(effect, Effect::StopBegan(_))));
    }
}
