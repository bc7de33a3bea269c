//! One process and all that it starts: its own group, its pipes, its end.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::signal::unix::{SignalKind, signal};

use super::filter;
use super::guard::Guard;
use super::guard::{Client, Leader};
use super::jobs::{Pool, Seat};
use crate::environment::Environment;
use crate::model::Exit;
use crate::plan::TaskCommand;

/// How long a process that was asked to end may take.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// How often a guard is started again that was killed before it was ready.
const LAUNCHES: usize = 5;

/// Starts the processes of a run: through its guard, or by itself where there is none.
pub(super) struct Keeper {
    environment: Environment,
    guard: Guard,
    state: Option<PathBuf>,
    jobs: Option<Arc<Pool>>,
    client: tokio::sync::Mutex<Guarding>,
    groups: Groups,
}

/// Whether there is a guard.
enum Guarding {
    /// Nothing has been started yet.
    NotYet,
    By(Arc<Client>),
    /// It could not be started.
    ByNobody,
}

/// The groups that were started without a guard, and whose leaders are not yet buried: so long their numbers are theirs.
type Groups = Arc<std::sync::Mutex<BTreeSet<i32>>>;

/// How a process has ended.
pub(super) struct Ended {
    pub(super) exit: Exit,
    /// How many processes it left behind, as far as somebody has looked.
    pub(super) leaked: u32,
    /// The time of processors that it took, where somebody has looked.
    pub(super) processor: Option<Duration>,
}

/// Why nobody can say how a process has ended.
#[derive(Debug)]
pub(super) enum Lost {
    /// It could not be started.
    NotStarted(std::io::Error),
    /// Nobody saw it.
    Unseen(std::io::Error),
}

/// A running process, or one that is just being started.
pub(super) struct Process {
    kind: Kind,
    /// Whether it runs a filter.
    filters: bool,
}

enum Kind {
    Alone(Alone),
    Guarded(Leader),
}

struct Alone {
    /// Buried only when its group has been killed: so long nobody else can have its number.
    child: Child,
    leader: Pid,
    /// Tells that some child has died.
    died: tokio::signal::unix::Signal,
    groups: Groups,
}

type Started = std::io::Result<(Process, ChildStdout, ChildStderr)>;

impl Keeper {
    /// Starts nothing yet. What is to be known of a run that goes on is written into the directory `state`.
    pub(super) fn new(environment: Environment, guard: Guard, state: Option<PathBuf>, jobs: Option<Arc<Pool>>) -> Self {
        Self {
            environment,
            guard,
            state,
            jobs,
            client: tokio::sync::Mutex::new(Guarding::NotYet),
            groups: Groups::default(),
        }
    }

    /// Starts the command: no standard input, pipes for its output, a group of its own. It may take jobs of the run, where
    /// its seat says so and there is a guard to hand them on.
    ///
    /// A filter is started by this same program, which runs it over its files.
    pub(super) async fn start(&self, command: &TaskCommand, seat: Option<&Seat>) -> Started {
        let withheld = self.withheld(command);
        let over = command.over.as_ref();
        let filtering = over.map(|over| filter::command(command, over, self.guard.this_program()));
        let filtering = filtering.transpose()?;
        let command = filtering.as_ref().unwrap_or(command);
        let (kind, stdout, stderr) = match self.client().await {
            Some(client) => {
                let jobs = seat.is_some_and(Seat::takes_more);
                let (leader, stdout, stderr) = client.start(command, withheld, jobs)?;
                (Kind::Guarded(leader), stdout, stderr)
            }
            None => self.start_alone(command, &withheld)?,
        };
        let filters = filtering.is_some();
        Ok((Process { kind, filters }, stdout, stderr))
    }

    /// Stops everything that runs.
    pub(super) async fn suspend(&self) {
        if let Guarding::By(client) = &*self.client.lock().await {
            client.suspend().await;
        }
        self.signal_groups(Signal::STOP);
    }

    /// Lets it go on.
    pub(super) async fn resume(&self) {
        self.signal_groups(Signal::CONT);
        if let Guarding::By(client) = &*self.client.lock().await {
            client.resume();
        }
    }

    /// Nothing more is to be started: the guard goes home.
    pub(super) async fn close(&self) {
        if let Guarding::By(client) = std::mem::replace(&mut *self.client.lock().await, Guarding::ByNobody)
            && let Some(client) = Arc::into_inner(client)
        {
            client.close().await;
        }
    }

    /// The guard, which is started for the first process, and again for the next one where it was killed.
    async fn client(&self) -> Option<Arc<Client>> {
        let mut client = self.client.lock().await;
        match &*client {
            Guarding::By(client) if !client.is_gone() => return Some(Arc::clone(client)),
            Guarding::ByNobody => return None,
            Guarding::By(_) | Guarding::NotYet => {}
        }
        self.guard.program()?;
        let mut launched = self.launch().await;
        for _ in 0..LAUNCHES {
            // That somebody kills a guard at its start is no reason to do without.
            if launched
                .as_ref()
                .is_err_and(|error| error.kind() == ErrorKind::Interrupted)
            {
                launched = self.launch().await;
            }
        }
        *client = match launched {
            Ok(client) => Guarding::By(Arc::new(client)),
            Err(error) => {
                tracing::warn!(%error, "there is no guard: what a task starts may outlive this run if that is killed");
                Guarding::ByNobody
            }
        };
        match &*client {
            Guarding::By(client) => Some(Arc::clone(client)),
            Guarding::NotYet | Guarding::ByNobody => None,
        }
    }

    async fn launch(&self) -> std::io::Result<Client> {
        Client::launch(
            &self.guard,
            &self.environment,
            self.state.as_deref(),
            self.jobs.as_deref(),
        )
        .await
    }

    /// The variables of the environment that a command is not given.
    fn withheld(&self, command: &TaskCommand) -> Vec<OsString> {
        let names = self.environment.iter().map(|(name, _)| name);
        let is_withheld =
            |name: &&OsStr| !command.given.has(name) || command.over.is_some() && filter::is_withheld(name);
        names.filter(is_withheld).map(OsStr::to_owned).collect()
    }

    fn start_alone(
        &self,
        command: &TaskCommand,
        withheld: &[OsString],
    ) -> std::io::Result<(Kind, ChildStdout, ChildStderr)> {
        let program = command
            .program
            .path
            .as_deref()
            .unwrap_or_else(|| command.program.name.as_ref());
        let died = signal(SignalKind::child())?;
        #[expect(
            clippy::disallowed_methods,
            reason = "this is where the processes of tasks are started where there is no guard"
        )]
        let child = std::process::Command::new(program)
            .args(&command.args)
            .current_dir(&command.cwd)
            .env_clear()
            .envs(
                self.environment
                    .iter()
                    .filter(|(name, _)| !withheld.iter().any(|one| one == name)),
            )
            .envs(&command.env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let mut alone = Alone {
            leader: Pid::from_child(&child),
            child,
            died,
            groups: Arc::clone(&self.groups),
        };
        if let Ok(mut groups) = self.groups.lock() {
            groups.insert(alone.leader.as_raw_pid());
        }
        let pipes = (alone.child.stdout.take(), alone.child.stderr.take());
        // From here on, whatever happens, it is ended with this.
        let kind = Kind::Alone(alone);
        let (Some(stdout), Some(stderr)) = pipes else {
            return Err(std::io::Error::other("the process has no pipe"));
        };
        Ok((kind, ChildStdout::from_std(stdout)?, ChildStderr::from_std(stderr)?))
    }

    fn signal_groups(&self, signal: Signal) {
        let Ok(groups) = self.groups.lock() else { return };
        for group in groups.iter().filter_map(|group| Pid::from_raw(*group)) {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Process {
    /// Waits for the process. Its guard waits for what it has started too, and ends that; without one that may go on.
    pub(super) async fn wait(&mut self) -> Result<Ended, Lost> {
        let mut ended = match &mut self.kind {
            Kind::Alone(alone) => alone.wait().await.map_err(Lost::Unseen)?,
            Kind::Guarded(leader) => {
                let ended = leader.wait().await?;
                Ended {
                    exit: ended.exit,
                    leaked: ended.leaked,
                    processor: Some(ended.processor),
                }
            }
        };
        if self.filters {
            ended.exit = filter::told(ended.exit).map_err(Lost::Unseen)?;
        }
        Ok(ended)
    }

    /// Asks it to end.
    pub(super) fn ask_to_end(&self) {
        match &self.kind {
            Kind::Alone(alone) => alone.signal(Signal::TERM),
            Kind::Guarded(leader) => leader.ask(),
        }
    }

    /// Ends it.
    pub(super) fn kill(&self) {
        match &self.kind {
            Kind::Alone(alone) => alone.signal(Signal::KILL),
            Kind::Guarded(leader) => leader.kill(),
        }
    }
}

impl Drop for Process {
    /// No process outlives its task, whichever way that ends.
    fn drop(&mut self) {
        self.kill();
    }
}

impl Alone {
    async fn wait(&mut self) -> std::io::Result<Ended> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        loop {
            if let Some(status) = waitid(WaitId::Pid(self.leader), options)? {
                let signal = status.terminating_signal().map(Exit::Signal);
                let exit = status.exit_status().map(Exit::Code).or(signal);
                let exit = exit.unwrap_or(Exit::Code(-1));
                return Ok(Ended {
                    exit,
                    leaked: 0,
                    processor: None,
                });
            }
            self.died.recv().await;
        }
    }

    fn signal(&self, signal: Signal) {
        if let Err(error) = kill_process_group(self.leader, signal)
            // All that there was may be dead and not yet buried; some systems then say that this is not allowed.
            && ![rustix::io::Errno::SRCH, rustix::io::Errno::PERM].contains(&error)
        {
            tracing::warn!(leader = ?self.leader, %error, "a process group cannot be signalled");
        }
    }
}

impl Drop for Alone {
    /// It has been killed, and its number may come to mean something else from here on.
    fn drop(&mut self) {
        if let Ok(mut groups) = self.groups.lock() {
            groups.remove(&self.leader.as_raw_pid());
        }
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::environment::Given;
    use crate::plan::{OverFiles, Program};

    /// What is no filter of ours has judged nothing, however content it is.
    #[test]
    fn a_filter_that_this_program_cannot_run_passes_nothing() {
        let check = |guard: Guard, expected: &str| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let keeper = Keeper::new(Environment::default(), guard, None, None);
                let command = TaskCommand {
                    program: Program {
                        name: "cat".to_owned(),
                        path: None,
                    },
                    args: Vec::new(),
                    cwd: "/".into(),
                    given: Given::All,
                    env: [].into(),
                    over: Some(OverFiles {
                        root: "/".into(),
                        files: Vec::new(),
                        named_at: Vec::new(),
                        at_a_time: 1,
                    }),
                };
                let why = match keeper.start(&command, None).await {
                    Err(error) => error,
                    Ok((mut process, ..)) => match process.wait().await {
                        Err(Lost::Unseen(error)) => error,
                        other => panic!("{:?}", other.map(|ended| ended.exit)),
                    },
                };
                assert!(why.to_string().starts_with(expected), "{why}");
                keeper.close().await;
            });
        };
        check(Guard::none(), "it is a filter, and this program cannot run one");
        check(
            Guard::of("/bin/true"),
            "what was started to run the filter has not done so",
        );
        check(
            Guard::of("/bin/false"),
            "what was started to run the filter has not done so",
        );
        check(Guard::of("/no/such/program"), "");
    }

    /// A check must not fail since the system has no room for a guard; it does without.
    #[test]
    fn where_there_can_be_no_guard_tasks_run_alone() {
        let check = |guard: Guard| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let environment = Environment::default().with("PATH", "/usr/bin:/bin");
                let keeper = Keeper::new(environment, guard, None, None);
                let command = TaskCommand {
                    program: Program {
                        name: "sh".to_owned(),
                        path: None,
                    },
                    args: ["-c", "echo said; exit 3"].map(Into::into).to_vec(),
                    cwd: "/".into(),
                    given: Given::All,
                    env: [].into(),
                    over: None,
                };
                for _ in 0..2 {
                    let (mut process, mut stdout, _) = keeper.start(&command, None).await.unwrap();
                    let mut said = String::new();
                    stdout.read_to_string(&mut said).await.unwrap();
                    assert_eq!(said, "said\n");
                    assert_eq!(process.wait().await.unwrap().exit, Exit::Code(3));
                    assert!(matches!(process.kind, Kind::Alone(_)));
                }
                keeper.close().await;
            });
        };
        check(Guard::none());
        check(Guard::of("/no/such/program"));
        // A program that is none, and ends at once.
        check(Guard::of("/bin/true"));
        // The same, where it was called before there was anything to do.
        for environment in [
            Environment::default(),
            Environment::default().with("PATH", "/usr/bin:/bin"),
        ] {
            let called = Guard::of("/bin/true");
            called.call(&environment);
            check(called);
        }
    }
}
