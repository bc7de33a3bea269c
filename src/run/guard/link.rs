//! The tool's end of the socket: sends what is wanted, hands on what is heard, and sees to it that the guard lives.

use std::collections::{HashMap, VecDeque};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recv, sendmsg};
use rustix::process::{Pid, Signal as Number, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::program::ARGUMENT;
use super::record::Record;
use super::sweep::sweep;
use super::tag::RunTag;
use super::wire::{Command, Inbox, Order, Reply};
use crate::environment::Environment;
use crate::model::Exit;
use crate::run::jobs::Pool;

/// How long the guard may take to start or kill a task, to stop all of them, or to go home. It needs milliseconds, and
/// gives up after seconds what cannot be killed; one that takes longer is no guard any more.
const OVERDUE: Duration = Duration::from_secs(30);

/// How a task has ended.
#[derive(Clone, Copy, Debug)]
pub(in crate::run) struct Ended {
    pub(in crate::run) exit: Exit,
    pub(in crate::run) leaked: u32,
    /// The time of processors that it took.
    pub(in crate::run) processor: Duration,
}

/// What the rest of the run wants.
pub(super) enum Wish {
    Start {
        task: u32,
        command: Command,
        pipes: [OwnedFd; 2],
        /// The error is why it could not be started.
        ended: oneshot::Sender<io::Result<Ended>>,
    },
    Suspend(oneshot::Sender<()>),
    Say(Order),
    Close,
}

/// The guard, and who waits for what from it.
pub(super) struct Link {
    guard: Child,
    pid: Pid,
    tag: RunTag,
    socket: UnixStream,
    inbox: Inbox,
    outbox: VecDeque<Parcel>,
    /// Tells of the guard being stopped.
    changed: Signal,
    waiting: HashMap<u32, Waiting>,
    suspending: Option<oneshot::Sender<()>>,
    ready: bool,
    /// By when the guard must have answered.
    overdue: Option<Instant>,
    closing: bool,
    /// Taken away when all is over.
    _record: Option<Record>,
}

struct Waiting {
    ended: oneshot::Sender<io::Result<Ended>>,
    started: bool,
    killed: bool,
}

/// A frame on its way, and the pipes that go with its first byte.
struct Parcel {
    frame: Vec<u8>,
    sent: usize,
    pipes: Option<[OwnedFd; 2]>,
}

/// A guard that has been started, and that nobody has spoken to yet. When it is dropped, it is gone.
#[derive(Debug)]
pub(super) struct Launched {
    guard: Option<Child>,
    tag: RunTag,
    socket: StdStream,
}

impl Launched {
    /// Starts the guard, and waits for nothing.
    pub(super) fn start(program: &Path, environment: &Environment) -> io::Result<Self> {
        // The guard and its tasks would block what this thread was started to block.
        nix::sys::signal::SigSet::empty().thread_set_mask()?;
        let (ours, theirs) = StdStream::pair()?;
        let tag = RunTag::random();
        #[expect(clippy::disallowed_methods, reason = "this is where the guard itself is started")]
        let guard = std::process::Command::new(program)
            .arg0("cargo-hooks")
            .args([ARGUMENT, &tag.to_text()])
            .current_dir("/")
            .env_clear()
            .envs(environment.iter())
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self {
            guard: Some(guard),
            tag,
            socket: ours,
        })
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            let _ = guard.kill();
            let _ = guard.wait();
        }
    }
}

impl Link {
    /// To a guard that has been started. Before it starts anything, it is written down that it is there.
    pub(super) fn to(mut launched: Launched, state: Option<&Path>) -> io::Result<Self> {
        let changed = signal(SignalKind::child())?;
        let socket = launched.socket.try_clone()?;
        socket.set_nonblocking(true)?;
        let socket = UnixStream::from_std(socket)?;
        let tag = launched.tag;
        let guard = launched.guard.take().ok_or(io::ErrorKind::NotFound)?;
        let pid = Pid::from_child(&guard);
        let link = Self {
            guard,
            pid,
            tag,
            socket,
            inbox: Inbox::default(),
            outbox: VecDeque::new(),
            changed,
            waiting: HashMap::new(),
            suspending: None,
            ready: false,
            overdue: Some(Instant::now() + OVERDUE),
            closing: false,
            _record: state.and_then(|state| Record::write(state, tag, pid)),
        };
        // Somebody may have stopped it before anybody listened for that.
        link.keep_going();
        Ok(link)
    }

    /// Hands the jobs of the run to the guard, for the tasks that may take some.
    pub(super) fn hand_on(&mut self, pool: &Pool, environment: &Environment) -> io::Result<()> {
        let (reader, writer) = pool.ends()?;
        let order = Order::Jobs {
            size: u32::try_from(pool.size()).unwrap_or(u32::MAX),
            flags: environment.get("MAKEFLAGS").unwrap_or_default().to_owned(),
        };
        self.post(&order, Some([reader.into(), writer.into()]));
        Ok(())
    }

    /// Waits until the guard is there. The error is `Interrupted` where somebody has killed it.
    pub(super) async fn until_ready(&mut self) -> io::Result<()> {
        let mut here = Ok(());
        while here.is_ok() && !self.ready {
            here = self.step(None).await;
        }
        // One that was called early may have said that it is ready, and be gone since.
        let Err(error) = here.and_then(|()| self.listens()) else {
            self.overdue = None;
            return Ok(());
        };
        let _ = self.guard.kill();
        let status = self.guard.wait()?;
        // What was sent to it may have been the first to find nobody there.
        let left = matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
        );
        Err(if left && status.signal().is_some() {
            io::ErrorKind::Interrupted.into()
        } else {
            error
        })
    }

    /// Fails where the other end of the socket is closed.
    fn listens(&self) -> io::Result<()> {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        match recv(&self.socket, &mut [0; 1], flags) {
            Ok((0, _)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(Errno::AGAIN) | Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Serves until it is closed, or the guard is gone; then nothing of its tasks is left.
    pub(super) async fn run(mut self, mut wishes: mpsc::UnboundedReceiver<Wish>) {
        while self.step(Some(&mut wishes)).await.is_ok() {}
        // From here on nobody waits in vain: what is sent is dropped, and with it the place for the answer.
        wishes.close();
        let orderly = self.closing && self.waiting.is_empty() && self.bury();
        if !orderly {
            let tag = self.tag;
            let swept = tokio::task::spawn_blocking(move || sweep(tag)).await;
            tracing::debug!(?swept, "the guard is gone, and its tasks are ended");
        }
    }

    /// Whether the guard has gone home by itself. Its socket is closed: there is nothing to wait for.
    fn bury(&mut self) -> bool {
        let _ = self.guard.kill();
        self.guard.wait().is_ok_and(|status| status.success())
    }

    /// Waits for the next thing to do, and does it. An error is the end.
    async fn step(&mut self, wishes: Option<&mut mpsc::UnboundedReceiver<Wish>>) -> io::Result<()> {
        let wish = async {
            match wishes {
                Some(wishes) => wishes.recv().await.unwrap_or(Wish::Close),
                None => std::future::pending().await,
            }
        };
        let overdue = self.overdue;
        tokio::select! {
            // What has arrived comes first: after a long pause, it may only seem to be overdue.
            biased;
            ready = self.socket.readable() => {
                ready?;
                self.receive()?;
            }
            wish = wish, if !self.closing => self.wish(wish),
            ready = self.socket.writable(), if !self.outbox.is_empty() => {
                ready?;
                self.send()?;
            }
            _ = self.changed.recv() => self.keep_going(),
            () = sleep_until(overdue.unwrap_or_else(Instant::now)), if overdue.is_some() => {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        if self.closing && self.outbox.is_empty() {
            self.socket.shutdown().await?;
        }
        Ok(())
    }

    fn wish(&mut self, wish: Wish) {
        let order = match wish {
            Wish::Start {
                task,
                command,
                pipes,
                ended,
            } => {
                let waiting = Waiting {
                    ended,
                    started: false,
                    killed: false,
                };
                self.waiting.insert(task, waiting);
                self.be_quick();
                return self.post(&Order::Start { task, command }, Some(pipes));
            }
            Wish::Suspend(done) => {
                self.suspending = Some(done);
                Order::Suspend
            }
            Wish::Close => {
                self.closing = true;
                self.be_quick();
                return;
            }
            Wish::Say(order) => order,
        };
        if let Order::Kill { task } = order {
            // A task that is over needs no end.
            let Some(waiting) = self.waiting.get_mut(&task) else {
                return;
            };
            waiting.killed = true;
        }
        if !matches!(order, Order::Resume | Order::Ask { .. }) {
            self.be_quick();
        }
        self.post(&order, None);
    }

    fn post(&mut self, order: &Order, pipes: Option<[OwnedFd; 2]>) {
        let (frame, sent) = (order.frame(), 0);
        self.outbox.push_back(Parcel { frame, sent, pipes });
        // Mostly there is room, and nobody needs to wait for that.
        let _ = self.send();
    }

    /// Sends as much as there is room for.
    fn send(&mut self) -> io::Result<()> {
        while let Some(parcel) = self.outbox.front_mut() {
            let socket = &self.socket;
            let sent = socket.try_io(Interest::WRITABLE, || Ok(parcel.send(socket)?));
            match sent {
                Ok(sent) => parcel.sent += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
            parcel.pipes = None;
            if parcel.sent == parcel.frame.len() {
                self.outbox.pop_front();
            }
        }
        Ok(())
    }

    fn receive(&mut self) -> io::Result<()> {
        let mut bytes = [0; 4096];
        match self.socket.try_read(&mut bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => self.inbox.push(&bytes[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        while let Some(frame) = self.inbox.next() {
            let reply = Reply::read(frame).ok_or(io::ErrorKind::InvalidData)?;
            self.hear(reply);
        }
        Ok(())
    }

    fn hear(&mut self, reply: Reply) {
        match reply {
            Reply::Ready => self.ready = true,
            Reply::Started { task } => {
                if let Some(waiting) = self.waiting.get_mut(&task) {
                    waiting.started = true;
                }
            }
            Reply::Refused { task, errno, text } => {
                let error = match errno {
                    0 => io::Error::other(text),
                    errno => io::Error::from_raw_os_error(errno),
                };
                self.over(task, Err(error));
            }
            Reply::Ended {
                task,
                exit,
                leaked,
                processor,
            } => {
                let processor = Duration::from_micros(processor);
                self.over(
                    task,
                    Ok(Ended {
                        exit,
                        leaked,
                        processor,
                    }),
                );
            }
            Reply::Suspended => {
                if let Some(suspending) = self.suspending.take() {
                    let _ = suspending.send(());
                }
            }
            Reply::Strays { count } => {
                tracing::warn!(
                    count,
                    "processes were left running, nobody knows by which check, and are ended"
                );
            }
        }
        let mut tasks = self.waiting.values();
        let owes_of_task = tasks.any(|waiting| waiting.killed || !waiting.started);
        let owes = self.suspending.is_some() || self.closing || owes_of_task;
        if !owes {
            self.overdue = None;
        }
    }

    fn over(&mut self, task: u32, ended: io::Result<Ended>) {
        if let Some(waiting) = self.waiting.remove(&task) {
            // Whoever does not wait any more has no need to know.
            let _ = waiting.ended.send(ended);
        }
    }

    fn be_quick(&mut self) {
        self.overdue.get_or_insert(Instant::now() + OVERDUE);
    }

    /// A task that stops the guard gains nothing by it.
    fn keep_going(&self) {
        let stopped = waitid(WaitId::Pid(self.pid), WaitIdOptions::STOPPED | WaitIdOptions::NOHANG);
        if let Ok(Some(_)) = stopped {
            let _ = kill_process(self.pid, Number::CONT);
        }
    }
}

impl Drop for Link {
    /// Where the run has panicked too: the guard sees the socket close, and is not left as a zombie.
    fn drop(&mut self) {
        let _ = self.guard.try_wait();
    }
}

impl Parcel {
    fn send(&self, socket: &UnixStream) -> rustix::io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let pipes = self.pipes.as_ref().map(|pipes| pipes.each_ref().map(AsFd::as_fd));
        if let Some(pipes) = &pipes {
            control.push(SendAncillaryMessage::ScmRights(pipes));
        }
        let rest = [IoSlice::new(&self.frame[self.sent..])];
        sendmsg(socket, &rest, &mut control, SendFlags::NOSIGNAL)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::Command;

    use super::*;

    /// What becomes of a guard that has said `said`, and whom somebody has killed before anybody listened.
    async fn killed_after(said: &[u8], pool: Option<&Pool>) -> io::ErrorKind {
        let (ours, mut theirs) = StdStream::pair().unwrap();
        theirs.write_all(said).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the test makes a guard that is no guard")]
        let guard = Command::new("sh")
            .args(["-c", "kill -9 $$"])
            .stdin(OwnedFd::from(theirs))
            .spawn()
            .unwrap();
        let dead = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(Pid::from_child(&guard)), dead).unwrap();
        let launched = Launched {
            guard: Some(guard),
            tag: RunTag::random(),
            socket: ours,
        };
        let mut link = Link::to(launched, None).unwrap();
        if let Some(pool) = pool {
            link.hand_on(pool, &Environment::default()).unwrap();
        }
        link.until_ready().await.unwrap_err().kind()
    }

    #[tokio::test]
    async fn a_guard_that_was_killed_before_it_was_needed_can_be_replaced() {
        let pool = Pool::new(2).unwrap();
        for said in [Vec::new(), Reply::Ready.frame()] {
            for pool in [None, Some(&pool)] {
                assert_eq!(killed_after(&said, pool).await, io::ErrorKind::Interrupted);
            }
        }
    }
}
