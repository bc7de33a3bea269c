//! The tasks of the guard, each with all that it has started, and what becomes of them.
//!
//! A task is a leader and its orphans: processes whose parent has died, and that have therefore become children of the
//! guard. No process of a task is neither below its leader nor below one of its orphans. Only children that are not yet
//! buried are ever signalled, and groups that one of them belongs to, so that no number can mean another process.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, getpgid, getpid, getsid, kill_process, kill_process_group, waitid,
};

use super::census::census;
use super::shared_jobs::SharedJobs;
use super::system::{Children, mark};
use super::tag::{Marker, RunTag};
use super::wire::{Command, Reply};
use crate::model::Exit;

/// How long what a task left behind may still take to end by itself.
const LINGER: Duration = Duration::from_millis(200);
/// How long a task that is to stand still may take to stop what it has started.
const POLITE: Duration = Duration::from_millis(200);
/// How often what was killed is looked for again.
const AGAIN: Duration = Duration::from_millis(5);
/// How long something may take to die of a kill before it is given up: it is stuck in the system, or is not ours to kill.
const GIVE_UP: Duration = Duration::from_secs(5);

/// All tasks that are not yet over.
pub(super) struct Families {
    tag: RunTag,
    marker: Option<Marker>,
    jobs: Option<SharedJobs>,
    tasks: BTreeMap<u32, Family>,
    /// Children of the guard that are no leaders, by their numbers.
    orphans: BTreeMap<i32, Orphan>,
    children: Children,
    /// When to look again, where somebody may be left who was not seen.
    again: Option<Instant>,
    /// Since when everything stands still.
    standing: Option<Instant>,
}

struct Family {
    leader: Pid,
    /// How the leader ended. It is buried only when nothing else of the task is left.
    exit: Option<Exit>,
    asked: bool,
    killed: bool,
    /// When what is left is killed, or looked for again.
    due: Option<Instant>,
    /// When it is given up.
    give_up: Option<Instant>,
    leaked: u32,
}

#[derive(Clone, Copy)]
struct Orphan {
    task: Option<u32>,
    asked: bool,
    ended: bool,
}

impl Families {
    /// No tasks.
    pub(super) fn new(tag: RunTag) -> Self {
        Self {
            tag,
            marker: Marker::new(tag),
            jobs: None,
            tasks: BTreeMap::new(),
            orphans: BTreeMap::new(),
            children: Children::of_this_process(),
            again: None,
            standing: None,
        }
    }

    /// From now on, tasks are started that may take these jobs.
    pub(super) fn have_jobs(&mut self, jobs: SharedJobs) {
        self.jobs = Some(jobs);
    }

    /// Starts a task: in a group of its own, without standard input, with these pipes.
    pub(super) fn start(&mut self, task: u32, command: Command, pipes: [OwnedFd; 2]) -> Reply {
        if let Some(marker) = &self.marker {
            marker.set(task);
        }
        let jobs = self.jobs.as_ref().filter(|_| command.jobs);
        let spawned = match jobs {
            Some(jobs) => jobs.shared(|variables| spawn(command, variables, pipes)),
            None => spawn(command, &[], pipes),
        };
        if let Some(marker) = &self.marker {
            marker.unset();
        }
        match spawned {
            Ok(leader) => {
                self.tasks.insert(task, Family::new(leader));
                Reply::Started { task }
            }
            Err(error) => Reply::Refused {
                task,
                errno: error.raw_os_error().unwrap_or(0),
                text: error.to_string(),
            },
        }
    }

    /// Asks a task to end. One that stands still could not hear it.
    pub(super) fn ask(&mut self, task: u32) {
        if let Some(family) = self.tasks.get_mut(&task) {
            family.asked = true;
            // Whoever was asked may take its time, as long as the tool allows that.
            family.due = family.due.filter(|_| family.killed);
            family.signal(Signal::TERM);
            if self.standing.is_none() {
                family.signal(Signal::CONT);
            }
        }
    }

    /// Kills a task. What it leaves behind follows it.
    pub(super) fn kill(&mut self, task: u32, now: Instant) {
        if let Some(family) = self.tasks.get_mut(&task) {
            family.killed = true;
            family.signal(Signal::KILL);
            if family.exit.is_some() {
                family.due = Some(now);
            }
        }
    }

    /// Stops everything, and the clocks. Whoever has processes of its own in other groups, as test runners have, is told
    /// first, and may stop those.
    pub(super) fn suspend(&mut self, now: Instant) {
        self.standing.get_or_insert(now);
        self.meet_orphans(now);
        self.signal_all(Signal::TSTP);
        let until = now + POLITE;
        while Instant::now() < until && !self.tasks.values().all(Family::stands) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.signal_all(Signal::STOP);
    }

    /// Lets everything go on.
    pub(super) fn resume(&mut self, now: Instant) {
        let Some(since) = self.standing.take() else { return };
        for family in self.tasks.values_mut() {
            let later = |at: &mut Option<Instant>| *at = at.map(|at| at + (now - since));
            later(&mut family.due);
            later(&mut family.give_up);
        }
        self.signal_all(Signal::CONT);
    }

    /// Looks at who has died, ends what is left of tasks that are over, and says what there is to say.
    pub(super) fn look(&mut self, now: Instant) -> Vec<Reply> {
        for family in self.tasks.values_mut().filter(|family| family.exit.is_none()) {
            if let Some(status) = dead(family.leader, WaitIdOptions::NOWAIT) {
                family.ended(exit(&status), now);
            }
        }
        self.meet_orphans(now);
        let mut replies = Vec::new();
        let over: Vec<u32> = self
            .tasks
            .iter()
            .filter(|(_, family)| family.exit.is_some())
            .map(|(task, _)| *task)
            .collect();
        for task in over {
            replies.extend(self.settle(task, now));
        }
        let count = self.end_strays();
        if count > 0 {
            replies.push(Reply::Strays { count });
        }
        replies
    }

    /// When to look again, though nobody may have died.
    pub(super) fn due(&self) -> Option<Instant> {
        let due = self
            .tasks
            .values()
            .filter_map(|family| family.due)
            .chain(self.again)
            .min();
        due.filter(|_| self.standing.is_none())
    }

    /// Kills everything that there is, once. Whether nothing is left.
    pub(super) fn end_all(&mut self) -> bool {
        for family in self.tasks.values() {
            family.signal(Signal::KILL);
        }
        self.tasks.clear();
        let all_are_seen = self.meet_orphans(Instant::now());
        for pid in self.pids_of(|_| true) {
            kill(pid);
        }
        all_are_seen && self.orphans.is_empty()
    }

    /// Brings a task whose leader has ended to its end, as far as that goes.
    fn settle(&mut self, task: u32, now: Instant) -> Option<Reply> {
        let left = self.pids_of(|orphan| orphan.task == Some(task));
        let family = self.tasks.get_mut(&task)?;
        let is_due = self.standing.is_none() && family.due.is_some_and(|due| now >= due);
        if !left.is_empty() && is_due && family.give_up.is_none_or(|give_up| now < give_up) {
            family.give_up.get_or_insert(now + GIVE_UP);
            family.due = Some(now + AGAIN);
            family.signal(Signal::KILL);
            let counts = !family.asked && !family.killed;
            for pid in left {
                kill(pid);
                if let Some(orphan) = self.orphans.get_mut(&pid.as_raw_pid()) {
                    family.leaked += u32::from(counts && !orphan.ended);
                    orphan.ended = true;
                }
            }
            return None;
        }
        if family.asked && !family.killed {
            let leader = family.leader;
            self.ask_orphans(&left, leader);
        }
        let family = self.tasks.get(&task)?;
        let given_up = family.give_up.is_some_and(|give_up| now >= give_up);
        if !(left.is_empty() && self.again.is_none() || given_up) {
            return None;
        }
        let family = self.tasks.remove(&task)?;
        let before = of_the_dead();
        let _ = dead(family.leader, WaitIdOptions::empty());
        Some(Reply::Ended {
            task,
            exit: family.exit?,
            leaked: family.leaked,
            processor: of_the_dead().saturating_sub(before),
        })
    }

    /// Asks those to end that were not asked with the group of their leader.
    fn ask_orphans(&mut self, orphans: &[Pid], leader: Pid) {
        for pid in orphans {
            let orphan = self.orphans.get_mut(&pid.as_raw_pid());
            let is_new = orphan.is_some_and(|orphan| !std::mem::replace(&mut orphan.asked, true));
            if is_new && getpgid(Some(*pid)) != Ok(leader) {
                let _ = kill_process(*pid, Signal::TERM);
                let _ = kill_process(*pid, Signal::CONT);
            }
        }
    }

    /// Learns who has become a child of the guard, and to whom they belong. The dead are buried. Whether nobody was missed.
    fn meet_orphans(&mut self, now: Instant) -> bool {
        let before = std::mem::take(&mut self.orphans);
        let tasks = &self.tasks;
        let is_leader = |pid: Pid| tasks.values().any(|family| family.leader == pid);
        let list = || self.children.now().into_iter().filter(|pid| !is_leader(*pid)).collect();
        let census = census(list, |pid| dead(pid, WaitIdOptions::empty()).is_some());
        self.again = (!census.complete).then(|| now + AGAIN);
        for pid in census.living {
            let known = before.get(&pid.as_raw_pid()).copied();
            let orphan = known.unwrap_or_else(|| Orphan {
                task: self.task_of(pid),
                asked: false,
                ended: false,
            });
            self.orphans.insert(pid.as_raw_pid(), orphan);
        }
        census.complete
    }

    /// Its mark says which task a process belongs to. Where it has none, the group of a leader may.
    fn task_of(&self, pid: Pid) -> Option<u32> {
        let marked = mark(pid).and_then(|mark| self.tag.task(mark));
        marked.or_else(|| {
            let group = getpgid(Some(pid)).ok()?;
            let mut tasks = self.tasks.iter();
            tasks.find(|(_, family)| family.leader == group).map(|(task, _)| *task)
        })
    }

    /// Ends what belongs to no task that still is: what has no mark of this run, once no task runs that it could be of.
    fn end_strays(&mut self) -> u32 {
        let (tasks, mut count) = (&self.tasks, 0);
        for (pid, orphan) in &mut self.orphans {
            let stray = match orphan.task {
                Some(task) => !tasks.contains_key(&task),
                None => tasks.is_empty(),
            };
            if stray && let Some(pid) = Pid::from_raw(*pid) {
                kill(pid);
                count += u32::from(!std::mem::replace(&mut orphan.ended, true));
            }
        }
        count
    }

    fn signal_all(&self, signal: Signal) {
        for family in self.tasks.values() {
            family.signal(signal);
        }
        for pid in self.pids_of(|_| true) {
            let _ = kill_process(pid, signal);
        }
    }

    fn pids_of(&self, is_meant: impl Fn(&Orphan) -> bool) -> Vec<Pid> {
        let meant = self.orphans.iter().filter(|(_, orphan)| is_meant(orphan));
        meant.filter_map(|(pid, _)| Pid::from_raw(*pid)).collect()
    }
}

impl Family {
    fn new(leader: Pid) -> Self {
        Self {
            leader,
            exit: None,
            asked: false,
            killed: false,
            due: None,
            give_up: None,
            leaked: 0,
        }
    }

    fn ended(&mut self, exit: Exit, now: Instant) {
        self.exit = Some(exit);
        self.due = match (self.killed, self.asked) {
            (true, _) => Some(now),
            (false, true) => None,
            (false, false) => Some(now + LINGER),
        };
    }

    /// Whether the leader has stopped or ended.
    fn stands(&self) -> bool {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(self.leader), options), Ok(None))
    }

    /// Signals the leader's group, and the leader where it has left that.
    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.leader, signal);
        if getpgid(Some(self.leader)) != Ok(self.leader) {
            let _ = kill_process(self.leader, signal);
        }
    }
}

/// Kills a child, and its group where that can hold nothing but what the child is of: nobody joins a session from outside.
fn kill(pid: Pid) {
    let other_session = getsid(Some(pid)).is_ok_and(|session| session != getpid());
    if other_session && let Ok(group) = getpgid(Some(pid)) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = kill_process(pid, Signal::KILL);
}

/// How a child has ended, if it has. Without `NOWAIT` it is buried by that.
fn dead(pid: Pid, options: WaitIdOptions) -> Option<WaitIdStatus> {
    let options = options | WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    waitid(WaitId::Pid(pid), options).ok().flatten()
}

/// The time of processors, in microseconds, that all children took which are buried, with those that they have buried. Who
/// is buried between two looks at it has made the difference: nobody else in this process buries anybody.
fn of_the_dead() -> u64 {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else {
        return 0;
    };
    let micros = |time: TimeVal| u64::try_from(time.num_microseconds()).unwrap_or(0);
    micros(usage.user_time()).saturating_add(micros(usage.system_time()))
}

fn exit(status: &WaitIdStatus) -> Exit {
    let signal = status.terminating_signal().map(Exit::Signal);
    status
        .exit_status()
        .map(Exit::Code)
        .or(signal)
        .unwrap_or(Exit::Code(-1))
}

fn spawn(command: Command, variables: &[(&'static str, String)], [stdout, stderr]: [OwnedFd; 2]) -> io::Result<Pid> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the guard starts the processes of tasks; its own environment is theirs"
    )]
    let mut starting = std::process::Command::new(command.program);
    starting
        .args(command.args)
        .current_dir(command.cwd)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0)
        .envs(variables.iter().map(|(name, value)| (name, value)));
    for name in command.withheld {
        starting.env_remove(name);
    }
    for pair in command.env.chunks_exact(2) {
        starting.env(&pair[0], &pair[1]);
    }
    let child = starting.spawn()?;
    // Nothing more is needed of it: dropping it neither ends nor buries the process.
    Ok(Pid::from_child(&child))
}
