//! What the guard does from its start to its end.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg, sockopt};
use rustix::process::{getpid, set_child_subreaper, setsid};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::families::Families;
use super::shared_jobs::SharedJobs;
use super::tag::RunTag;
use super::wire::{Inbox, Order, Reply};
use crate::run::signals::ignored;

/// How often what was killed at the end is looked for again.
const AGAIN: Duration = Duration::from_millis(5);
/// How long the end may take. What has not died by then is stuck in the system.
const END: Duration = Duration::from_secs(5);
/// The signals that a guard must not die of. A person may send them; no terminal does.
const DEADLY: [SignalKind; 8] = [
    SignalKind::hangup(),
    SignalKind::interrupt(),
    SignalKind::quit(),
    SignalKind::terminate(),
    SignalKind::user_defined1(),
    SignalKind::user_defined2(),
    SignalKind::alarm(),
    SignalKind::io(),
];

/// Is the guard of a run until the tool is done, or dead. The exit code says whether it was asked to end.
pub(super) fn serve(tag: RunTag) -> i32 {
    let served = begin().and_then(|(runtime, socket)| runtime.block_on(attend(tag, socket)));
    i32::from(served.is_err())
}

fn begin() -> io::Result<(tokio::runtime::Runtime, StdStream)> {
    let stdin = io::stdin();
    if sockopt::socket_domain(stdin.as_fd())? != AddressFamily::UNIX {
        return Err(io::Error::other("there is nobody to be the guard of"));
    }
    setsid()?;
    set_child_subreaper(Some(getpid()))?;
    let socket = StdStream::from(stdin.as_fd().try_clone_to_owned()?);
    socket.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok((runtime, socket))
}

async fn attend(tag: RunTag, socket: StdStream) -> io::Result<()> {
    let died = signal(SignalKind::child())?;
    catch_signals()?;
    let mut guard = Serving {
        socket: UnixStream::from_std(socket)?,
        died,
        inbox: Inbox::default(),
        pipes: VecDeque::new(),
        buffer: vec![0; 64 * 1024],
        families: Families::new(tag),
    };
    let said = guard.converse().await;
    guard.end().await;
    said
}

/// A handler is undone by every exec: so tasks start with all signals as they are by default, even those that the tool was
/// told to ignore, and the guard dies of none.
fn catch_signals() -> io::Result<()> {
    for kind in DEADLY {
        drop(signal(kind)?);
    }
    for number in ignored() {
        // Some cannot be caught; those nobody can ignore either.
        drop(signal(SignalKind::from_raw(number)));
    }
    Ok(())
}

struct Serving {
    socket: UnixStream,
    died: Signal,
    inbox: Inbox,
    /// What has come for the next tasks to write to.
    pipes: VecDeque<OwnedFd>,
    buffer: Vec<u8>,
    families: Families,
}

impl Serving {
    /// Until the tool closes the socket, by itself or by its death.
    async fn converse(&mut self) -> io::Result<()> {
        self.say(&[Reply::Ready]).await?;
        loop {
            let due = self.families.due();
            let wait = due.map_or(Duration::MAX, |due| due.saturating_duration_since(Instant::now()));
            let replies = tokio::select! {
                ready = self.socket.readable() => {
                    ready?;
                    match self.receive() {
                        Ok(0) => return Ok(()),
                        Ok(_) => self.obey()?,
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Vec::new(),
                        Err(error) => return Err(error),
                    }
                }
                _ = self.died.recv() => self.families.look(Instant::now()),
                () = tokio::time::sleep(wait), if due.is_some() => self.families.look(Instant::now()),
            };
            self.say(&replies).await?;
        }
    }

    fn receive(&mut self) -> io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let (socket, buffer) = (&self.socket, &mut self.buffer);
        let received = socket.try_io(Interest::READABLE, || {
            let mut into = [IoSliceMut::new(buffer)];
            Ok(recvmsg(socket, &mut into, &mut control, RecvFlags::CMSG_CLOEXEC)?)
        })?;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(pipes) = message {
                self.pipes.extend(pipes);
            }
        }
        self.inbox.push(&self.buffer[..received.bytes]);
        Ok(received.bytes)
    }

    /// Does what the tool wants.
    fn obey(&mut self) -> io::Result<Vec<Reply>> {
        let mut replies = Vec::new();
        while let Some(frame) = self.inbox.next() {
            let not_understood = || io::Error::other("the tool was not understood");
            let now = Instant::now();
            match Order::read(frame).ok_or_else(not_understood)? {
                Order::Start { task, command } => {
                    let (Some(stdout), Some(stderr)) = (self.pipes.pop_front(), self.pipes.pop_front()) else {
                        return Err(not_understood());
                    };
                    replies.push(self.families.start(task, command, [stdout, stderr]));
                }
                Order::Jobs { size, flags } => {
                    let (Some(reader), Some(writer)) = (self.pipes.pop_front(), self.pipes.pop_front()) else {
                        return Err(not_understood());
                    };
                    let others = flags.to_str().unwrap_or_default();
                    self.families
                        .have_jobs(SharedJobs::new(size, others, &reader, &writer)?);
                }
                Order::Ask { task } => self.families.ask(task),
                Order::Kill { task } => self.families.kill(task, now),
                Order::Suspend => {
                    self.families.suspend(now);
                    replies.push(Reply::Suspended);
                }
                Order::Resume => self.families.resume(now),
            }
        }
        Ok(replies)
    }

    async fn say(&mut self, replies: &[Reply]) -> io::Result<()> {
        if replies.is_empty() {
            return Ok(());
        }
        let frames: Vec<u8> = replies.iter().flat_map(Reply::frame).collect();
        self.socket.write_all(&frames).await
    }

    /// Nobody wants anything any more: everything that is left is killed.
    async fn end(&mut self) {
        let until = Instant::now() + END;
        while !self.families.end_all() && Instant::now() < until {
            let _ = tokio::time::timeout(AGAIN, self.died.recv()).await;
        }
    }
}
