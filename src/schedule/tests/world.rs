//! A world in which tasks end by chance, and a model of what may be running in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::{TaskSpec, plan};
use crate::config::{Order, Retry};
use crate::event::{Failure, Outcome, StopReason};
use crate::model::{Keyword, TaskId};
use crate::plan::{Access, Need, Plan, Resource};
use crate::schedule::queue::PASSED_OVER;
use crate::schedule::{Agenda, BuiltIn, Effect, Message, Outlook, Schedule, Tactics, Verdict};

/// What happens next, as far as chance decides it.
#[derive(Clone, Debug)]
struct Chance {
    /// Which of the tasks that run ends.
    which: prop::sample::Index,
    verdict: Verdict,
    /// Whether somebody interrupts the run first.
    interrupt: bool,
    /// Whether one of those that run has come to its end first, and is only judged.
    leaves: Option<prop::sample::Index>,
    /// How much later it happens, in milliseconds.
    later: u64,
}

#[derive(Clone, Debug)]
struct Scenario {
    slots: u32,
    tasks: Vec<TaskSpec>,
    fail_fast: bool,
    stop_on_critical_failure: bool,
    order: Order,
    awaited: Vec<bool>,
    seed: u64,
    chances: Vec<Chance>,
}

impl Scenario {
    fn plan(&self) -> Plan {
        let mut plan = plan(self.slots, &self.tasks);
        plan.fail_fast = self.fail_fast;
        plan.order = self.order;
        plan.stop_on_critical_failure = self.stop_on_critical_failure;
        plan
    }
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        6 => Just(Verdict::Passed),
        1 => Just(Verdict::Failed(Failure::Regenerated)),
        1 => Just(Verdict::Failed(Failure::Start { error: String::new() })),
        1 => Just(Verdict::TimedOut { limit: Duration::from_secs(1) }),
    ]
}

fn chance(interrupts: u32) -> impl Strategy<Value = Chance> {
    let later = prop_oneof![Just(0), 0..3000_u64];
    let leaves = prop::option::of(any::<prop::sample::Index>());
    let what = (any::<prop::sample::Index>(), verdict(), leaves);
    (what, 0..1000_u32, later).prop_map(move |((which, verdict, leaves), luck, later)| Chance {
        which,
        verdict,
        interrupt: luck < interrupts,
        leaves,
        later,
    })
}

fn resources() -> impl Strategy<Value = Vec<(Resource, Access)>> {
    let resource = prop_oneof![
        Just(Resource::Tree),
        (0..3_u32).prop_map(Resource::Files),
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
    let retries = prop_oneof![3 => Just(0), 1 => 1..3_u32];
    let ranked = (
        prop_oneof![3 => Just(0), 1 => -2..3],
        prop::option::of((0..20_u64, 0.0..1.0)),
    );
    (
        needs,
        1..5_u32,
        resources(),
        (prop::bool::weighted(0.2), rare()),
        retries,
        ranked,
    )
        .prop_map(
            |(needs, weight, resources, (may_fail, critical), times, (priority, estimate))| {
                let task = TaskSpec {
                    weight,
                    resources,
                    may_fail,
                    critical,
                    retry: Retry { times, ..Retry::NEVER },
                    priority,
                    estimate: estimate.map(|(millis, failure)| (Duration::from_millis(millis), failure)),
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

fn order() -> impl Strategy<Value = Order> {
    prop::sample::select(Order::ALL.iter().map(|(order, ..)| *order).collect::<Vec<_>>())
}

/// Which tasks others wait for, over and over: most often none.
fn awaited() -> impl Strategy<Value = Vec<bool>> {
    prop_oneof![
        Just(vec![false]),
        prop::collection::vec(prop::bool::weighted(0.3), 1..10)
    ]
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let chances = prop_oneof![Just(0), Just(30_u32)].prop_flat_map(|often| prop::collection::vec(chance(often), 123));
    let stops = (prop::bool::weighted(0.2), any::<bool>());
    (1..6_u32, tasks(), stops, (order(), awaited(), any::<u64>()), chances).prop_map(
        |(slots, tasks, (fail_fast, stop_on_critical_failure), (order, awaited, seed), chances)| Scenario {
            slots,
            tasks,
            fail_fast,
            stop_on_critical_failure,
            order,
            awaited,
            seed,
            chances,
        },
    )
}

/// What is known of the run from its effects alone.
struct World<'p> {
    plan: &'p Plan,
    running: BTreeSet<TaskId>,
    /// Those of them that are only judged.
    left: BTreeSet<TaskId>,
    /// What tasks were told to end.
    ending: BTreeSet<TaskId>,
    settled: BTreeMap<TaskId, Outcome>,
    stopping: Option<StopReason>,
    finished: bool,
    now: Duration,
    /// When the schedule wants to be woken.
    wake_at: Option<Duration>,
    /// From when on what failed may be tried again.
    retrying: BTreeMap<TaskId, Duration>,
    /// What came of a task that was tried again.
    failed: BTreeMap<TaskId, Outcome>,
    attempts: BTreeMap<TaskId, u32>,
    /// The task that slots and locks are kept for.
    reserved: Option<TaskId>,
    /// The tasks that others wait for, and those that wait for one of them.
    awaited: BTreeSet<TaskId>,
    held: BTreeSet<TaskId>,
    /// Whether tasks start in the order of the plan, as far as they fit.
    in_order: bool,
    /// The first that waited, and how many have gone before it.
    passed_over: Option<(TaskId, u32)>,
}

impl<'p> World<'p> {
    fn new(plan: &'p Plan, awaited: BTreeSet<TaskId>) -> Self {
        Self {
            plan,
            in_order: plan.order == Order::Config && awaited.is_empty() && plan.tasks().all(|task| task.priority == 0),
            awaited,
            held: BTreeSet::new(),
            running: BTreeSet::new(),
            left: BTreeSet::new(),
            ending: BTreeSet::new(),
            settled: BTreeMap::new(),
            stopping: None,
            finished: false,
            now: Duration::ZERO,
            wake_at: None,
            retrying: BTreeMap::new(),
            failed: BTreeMap::new(),
            attempts: BTreeMap::new(),
            reserved: None,
            passed_over: None,
        }
    }

    /// Whether a task could start, as far as what it waits for is concerned.
    fn waits_for_its_turn(&self, task: TaskId) -> bool {
        let due = self.retrying.get(&task).is_none_or(|at| *at <= self.now);
        let begun = self.settled.contains_key(&task) || self.running.contains(&task);
        due && !begun && self.needs_are_met(task) && !self.held.contains(&task)
    }

    /// Whether there is a reason to hold the task back: another one is awaited that has not run, and would not fit the
    /// slots beside it.
    fn may_be_held(&self, task: TaskId) -> bool {
        self.awaited.iter().any(|awaited| {
            let has_run = self.settled.contains_key(awaited) || self.retrying.contains_key(awaited);
            let first_try = self.attempts.get(awaited).is_none_or(|attempts| *attempts == 1);
            *awaited != task && !has_run && first_try && self.weight(task) + self.weight(*awaited) > self.plan.slots
        })
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

    fn weight(&self, task: TaskId) -> u32 {
        self.plan.task(task).weight.min(self.plan.slots)
    }

    fn used(&self) -> u32 {
        let on_slots = self.running.difference(&self.left);
        on_slots.map(|task| self.weight(*task)).sum()
    }

    fn conflict(&self, task: TaskId, other: TaskId) -> bool {
        let held = &self.plan.task(other).resources;
        let mut wanted = self.plan.task(task).resources.iter();
        wanted.any(|(resource, access)| {
            let mut held = held.iter().filter(|(held, _)| held == resource);
            held.any(|(_, held)| (*held, *access) != (Access::Shared, Access::Shared))
        })
    }

    fn fits(&self, task: TaskId) -> bool {
        let used = self.used();
        let apart = self.running.iter().all(|other| !self.conflict(task, *other));
        used + self.weight(task) <= self.plan.slots && apart
    }

    /// Whether the task may start, though something is kept for another one.
    fn fits_beside_reserved(&self, task: TaskId) -> bool {
        let Some(reserved) = self.reserved.filter(|reserved| *reserved != task) else {
            return self.fits(task);
        };
        let used = self.used();
        let locks_free = self.running.iter().all(|other| !self.conflict(reserved, *other));
        let kept = if locks_free { self.weight(reserved) } else { 0 };
        self.fits(task) && !self.conflict(task, reserved) && used + self.weight(task) + kept <= self.plan.slots
    }

    /// Takes the effects of one message; `ended` is the task that it was about.
    fn take(
        &mut self,
        effects: &[Effect],
        ended: Option<(TaskId, &Verdict)>,
        schedule: &Schedule,
    ) -> Result<(), TestCaseError> {
        self.reserved = schedule.reserved();
        let all = self.plan.tasks().map(|task| task.head.id);
        self.held = all.filter(|task| schedule.is_held(*task)).collect();
        if let Some((task, _)) = ended {
            prop_assert!(self.running.remove(&task));
            self.left.remove(&task);
        }
        for effect in effects {
            prop_assert!(!self.finished, "something came after the end: {effect:?}");
            match effect {
                Effect::Start(task) => self.start(*task)?,
                Effect::End(task) => {
                    prop_assert!(self.stopping.is_some() && self.running.contains(task));
                    prop_assert!(self.ending.insert(*task), "{task:?} was told to end twice");
                }
                Effect::Retries {
                    task,
                    outcome,
                    attempts,
                    wait,
                } => {
                    prop_assert!(self.stopping.is_none());
                    prop_assert_eq!(Some(*task), ended.map(|(task, _)| task));
                    let again = outcome.is_failure() && *outcome != Outcome::Failed(Failure::Regenerated);
                    prop_assert!(again && *attempts <= self.plan.task(*task).retry.times);
                    prop_assert_eq!(self.attempts[task], *attempts);
                    self.retrying.insert(*task, self.now + *wait);
                    self.failed.insert(*task, outcome.clone());
                }
                Effect::WakeAt(at) => self.wake_at = Some(*at),
                Effect::Settled {
                    task,
                    outcome,
                    attempts,
                } => {
                    prop_assert_eq!(self.attempts.get(task).copied().unwrap_or(0), *attempts);
                    self.settle(*task, outcome, ended)?;
                }
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
        prop_assert!(self.waits_for_its_turn(task), "{task:?} started before its time");
        prop_assert!(self.fits(task), "{task:?} does not fit");
        self.check_order(task)?;
        self.retrying.remove(&task);
        *self.attempts.entry(task).or_insert(0) += 1;
        self.running.insert(task);
        Ok(())
    }

    /// The first that fits goes first; and the first of all is not passed over for ever.
    fn check_order(&mut self, started: TaskId) -> Result<(), TestCaseError> {
        if !self.in_order || self.reserved.is_some() {
            return Ok(());
        }
        let all = self.plan.tasks().map(|task| task.head.id);
        let waiting: Vec<_> = all.filter(|task| self.waits_for_its_turn(*task)).collect();
        let first = waiting.iter().find(|task| self.fits(**task));
        // A reservation may have ended with the start of the task that it was for.
        let had_reservation = self
            .passed_over
            .is_some_and(|(_, times)| times >= PASSED_OVER * self.plan.slots);
        prop_assert!(
            had_reservation || first == Some(&started),
            "{first:?} fits, and {started:?} started"
        );
        if let Some(head) = waiting.first().filter(|head| **head != started) {
            let times = self
                .passed_over
                .filter(|(task, _)| task == head)
                .map_or(0, |(_, times)| times);
            self.passed_over = Some((*head, times + 1));
            prop_assert!(
                times < PASSED_OVER * self.plan.slots,
                "{head:?} is passed over for ever"
            );
        } else {
            self.passed_over = None;
        }
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
            | (Some((_, Verdict::Stopped)), Outcome::Cancelled) => {
                let failed = self.failed.contains_key(&task);
                prop_assert!(*outcome != Outcome::Cancelled || !failed, "{task:?} had failed");
            }
            // What failed and had no further chance.
            (Some((_, Verdict::Stopped)) | None, Outcome::Failed(_) | Outcome::TimedOut { .. }) => {
                prop_assert_eq!(self.failed.get(&task), Some(outcome));
                prop_assert!(ended.is_some() || self.stopping.is_some());
            }
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
            StopReason::Interrupted | StopReason::Outdated => prop_assert!(false, "nobody interrupted it"),
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
                !(self.waits_for_its_turn(task) && self.fits_beside_reserved(task)),
                "{task:?} could run and does not"
            );
            let needs = self.plan.needs_of(task);
            let cannot_be = |(needed, need): &(TaskId, Need)| {
                *need == Need::Hard && self.settled.contains_key(needed) && !self.lets_pass(*needed)
            };
            prop_assert!(!needs.iter().any(cannot_be), "{task:?} waits for what has failed");
            prop_assert!(
                !self.held.contains(&task) || self.may_be_held(task),
                "{task:?} is held back for nothing"
            );
        }
        let failures = self.settled.iter().filter(|(_, outcome)| outcome.is_failure());
        for (task, _) in failures.filter(|(task, _)| !self.plan.task(**task).head.may_fail) {
            let ends_the_run = self.plan.task(*task).critical && self.plan.stop_on_critical_failure;
            prop_assert!(!ends_the_run && !self.plan.fail_fast, "the run goes on after {task:?}");
        }
        Ok(())
    }
}

/// A built-in order, in which any tasks may be awaited.
#[derive(Debug)]
struct Awaiting {
    order: Order,
    awaited: Vec<TaskId>,
}

impl Awaiting {
    fn of(scenario: &Scenario, plan: &Plan) -> Self {
        let tasks = plan.tasks().zip(scenario.awaited.iter().cycle());
        let awaited = tasks.filter(|(_, awaited)| **awaited);
        Self {
            order: plan.order,
            awaited: awaited.map(|(task, _)| task.head.id).collect(),
        }
    }
}

impl Tactics for Awaiting {
    fn order(&self, outlook: &Outlook<'_>) -> Vec<TaskId> {
        BuiltIn(self.order).order(outlook)
    }

    fn agenda(&self, outlook: &Outlook<'_>) -> Agenda {
        Agenda {
            order: self.order(outlook),
            awaited: self.awaited.clone(),
        }
    }
}

/// Runs a scenario to its end. All that was answered is given back.
fn run(scenario: &Scenario) -> Result<Vec<Effect>, TestCaseError> {
    let plan = scenario.plan();
    let tactics = Awaiting::of(scenario, &plan);
    let awaited = tactics.awaited.iter().copied().collect();
    let mut schedule = Schedule::of_plan(&plan, Some(Arc::new(tactics)), scenario.seed);
    let mut world = World::new(&plan, awaited);
    let mut trace = schedule.handle(Duration::ZERO, Message::Begin);
    world.take(&trace, None, &schedule)?;
    let mut chances = scenario.chances.iter();
    while !world.finished {
        let chance = chances
            .next()
            .expect("every message settles a task, or uses up one of its attempts");
        world.now += Duration::from_millis(chance.later);
        if chance.interrupt {
            trace.extend(tell(&mut world, &mut schedule, &Message::Interrupted)?);
        }
        if let (Some(at), None) = (world.wake_at, &world.stopping)
            && (at <= world.now || world.running.is_empty())
        {
            world.now = world.now.max(at);
            trace.extend(tell(&mut world, &mut schedule, &Message::Woken)?);
        }
        let running: Vec<_> = world.running.iter().copied().collect();
        if running.is_empty() {
            let waits = world.retrying.values().any(|at| *at > world.now);
            prop_assert!(world.finished || waits, "nothing runs, and the end is not reached");
            continue;
        }
        if let Some(task) = chance.leaves.map(|leaves| *leaves.get(&running)) {
            if plan.slots > 1 {
                world.left.insert(task);
            }
            trace.extend(tell(&mut world, &mut schedule, &Message::Left { task })?);
        }
        let running: Vec<_> = world.running.iter().copied().collect();
        let task = *chance.which.get(&running);
        prop_assert!(schedule.is_running(task));
        let failed = matches!(chance.verdict, Verdict::Failed(_));
        let verdict = match world.stopping {
            Some(_) if failed => Verdict::Stopped,
            _ => chance.verdict.clone(),
        };
        trace.extend(tell(&mut world, &mut schedule, &Message::Ended { task, verdict })?);
    }
    prop_assert_eq!(schedule.handle(world.now, Message::Interrupted), []);
    Ok(trace)
}

fn tell(world: &mut World<'_>, schedule: &mut Schedule, message: &Message) -> Result<Vec<Effect>, TestCaseError> {
    let effects = schedule.handle(world.now, message.clone());
    let ended = match message {
        Message::Ended { task, verdict } => Some((*task, verdict)),
        Message::Begin
        | Message::Built { .. }
        | Message::Left { .. }
        | Message::Woken
        | Message::Interrupted
        | Message::Outdated => None,
    };
    world.take(&effects, ended, schedule)?;
    Ok(effects)
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
    fn a_run_in_which_all_is_well_passes_everything(tasks in tasks(), slots in 1..6_u32, awaited in awaited(), chances in prop::collection::vec(chance(0), 41)) {
        let well = |chance: Chance| Chance { verdict: Verdict::Passed, ..chance };
        let chances = chances.into_iter().map(well).collect();
        let (order, seed) = (Order::Adaptive, 0);
        let scenario = Scenario { slots, tasks, fail_fast: true, stop_on_critical_failure: true, order, awaited, seed, chances };
        let trace = run(&scenario)?;
        let starts = trace.iter().filter(|effect| matches!(effect, Effect::Start(_))).count();
        prop_assert_eq!(starts, scenario.tasks.len());
        prop_assert!(!trace.iter().any(|effect| matches!(effect, Effect::StopBegan(_))));
    }
}
