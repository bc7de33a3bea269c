//! The jobs of a run: how many compilers run at a time, whoever has started them.
//!
//! The jobs are bytes in a pipe, as make and cargo know it: whoever takes a byte out may run one job more, and puts the
//! byte back in the end. Whoever is started among them has one job without taking a byte, so the byte for that one is
//! taken here, before the start, and put back after the end.
//!
//! Who is killed puts nothing back, and nobody can see how many bytes it had. So the bytes are counted anew whenever
//! nobody is left who could have any. Until then a lost byte costs speed, and nothing more: each task that runs has the
//! job that it was started with, and gives it back to those that wait.

use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::{Errno, ioctl_fionread, read};
use tokio::net::unix::pipe;

use crate::plan::Jobs;

/// More than any machine has, and less than the smallest pipe has room for.
const MOST: u32 = 2048;

/// The jobs of a run.
pub(super) struct Pool {
    size: usize,
    reader: PipeReader,
    writer: PipeWriter,
    /// The same pipe as `reader`, opened once more: that reading here never waits concerns nobody else.
    ours: pipe::Receiver,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many tasks run that may have taken bytes.
    takers: usize,
    /// How many jobs have been taken here for tasks that run.
    seated: usize,
}

/// What a task that runs has of the jobs. It is given back when this is dropped.
pub(super) struct Seat {
    pool: Arc<Pool>,
    jobs: Jobs,
    seated: bool,
}

impl Pool {
    /// So many jobs; at least one.
    pub(super) fn new(size: u32) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let path = format!("/proc/self/fd/{}", reader.as_raw_fd());
        Ok(Self {
            size: usize::try_from(size.clamp(1, MOST)).unwrap_or(1),
            ours: pipe::OpenOptions::new().open_receiver(path)?,
            reader,
            writer,
            state: Mutex::default(),
        })
    }

    /// How many jobs there are.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Both ends of the pipe, for those who share it.
    pub(super) fn ends(&self) -> io::Result<(PipeReader, PipeWriter)> {
        Ok((self.reader.try_clone()?, self.writer.try_clone()?))
    }

    /// Waits until a task of this kind may start. Others that have jobs are running for as long as that takes.
    pub(super) async fn seat(self: &Arc<Self>, jobs: Jobs) -> io::Result<Seat> {
        while !self.try_seat(jobs)? {
            self.ours.readable().await?;
        }
        Ok(Seat {
            pool: Arc::clone(self),
            jobs,
            seated: jobs.takes_one(),
        })
    }

    fn try_seat(&self, jobs: Jobs) -> io::Result<bool> {
        let mut state = self.state();
        self.count(&state, 0)?;
        if jobs.takes_one() {
            // Where nobody is seated whose end would bring a job back, there is nobody to wait for.
            if !self.take()? && state.seated > 0 {
                return Ok(false);
            }
            state.seated += 1;
        }
        state.takers += usize::from(jobs.takes_more());
        Ok(true)
    }

    /// Takes a byte, if there is one.
    fn take(&self) -> io::Result<bool> {
        match read(&self.ours, &mut [0; 1]) {
            Ok(read) => Ok(read == 1),
            // The second look is tokio's own: only by that does it know that there is something to wait for.
            Err(Errno::AGAIN) => match self.ours.try_read(&mut [0; 1]) {
                Ok(read) => Ok(read == 1),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
                Err(error) => Err(error),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Puts so many bytes back, and puts right how many there are as far as that can be known: exactly where nobody else
    /// can have any, and otherwise never too many.
    fn count(&self, state: &State, given_back: usize) -> io::Result<()> {
        let there = usize::try_from(ioctl_fionread(&self.reader)?).unwrap_or(usize::MAX);
        let most = self.size.saturating_sub(state.seated);
        if there > most {
            let mut surplus = vec![0; (there - most).min(usize::from(u16::MAX))];
            // What somebody else has taken meanwhile is no surplus any more.
            let _ = read(&self.ours, &mut surplus);
            return Ok(());
        }
        let missing = most - there;
        let bytes = if state.takers == 0 {
            missing
        } else {
            missing.min(given_back)
        };
        (&self.writer).write_all(&vec![b'+'; bytes])
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Whether the task may take more jobs.
    pub(super) fn takes_more(&self) -> bool {
        self.jobs.takes_more()
    }

    /// The task builds no longer: what it was started with is for others.
    pub(super) fn give_back(&mut self) {
        if std::mem::take(&mut self.seated) {
            let mut state = self.pool.state();
            state.seated -= 1;
            if let Err(error) = self.pool.count(&state, 1) {
                tracing::debug!(%error, "a job cannot be given back");
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.give_back();
        let mut state = self.pool.state();
        state.takers -= usize::from(self.jobs.takes_more());
        if let Err(error) = self.pool.count(&state, 0) {
            tracing::debug!(%error, "the jobs cannot be counted");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn run(test: impl AsyncFnOnce(Arc<Pool>)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async { test(Arc::new(Pool::new(3).unwrap())).await });
    }

    async fn waits(pool: &Arc<Pool>) -> bool {
        tokio::select! {
            biased;
            _ = pool.seat(Jobs::Builds) => false,
            () = std::future::ready(()) => true,
        }
    }

    fn there(pool: &Pool) -> u64 {
        ioctl_fionread(&pool.reader).unwrap()
    }

    /// What a cargo does that was started among the jobs.
    fn take_as_cargo(pool: &Pool, jobs: usize) {
        pool.ends().unwrap().0.read_exact(&mut vec![0; jobs]).unwrap();
    }

    #[test]
    fn whoever_is_started_has_a_job_and_gives_it_back() {
        run(async |pool| {
            let first = pool.seat(Jobs::Builds).await.unwrap();
            assert_eq!(there(&pool), 2);
            let mut second = pool.seat(Jobs::BuildsApart).await.unwrap();
            assert_eq!(there(&pool), 1);
            second.give_back();
            assert_eq!(there(&pool), 2);
            drop(second);
            drop(first);
            assert_eq!(there(&pool), 3);
        });
    }

    #[test]
    fn whoever_starts_waits_for_a_job_that_others_have() {
        run(async |pool| {
            let first = pool.seat(Jobs::Builds).await.unwrap();
            take_as_cargo(&pool, 2);
            assert!(waits(&pool).await);
            let given_back = async {
                tokio::task::yield_now().await;
                pool.ends().unwrap().1.write_all(b"+").unwrap();
            };
            let (second, ()) = tokio::join!(pool.seat(Jobs::Builds), given_back);
            assert_eq!(there(&pool), 0);
            drop((first, second));
            assert_eq!(there(&pool), 3);
        });
    }

    #[test]
    fn what_a_killed_task_had_is_there_again_when_nobody_is_left_who_could_have_it() {
        run(async |pool| {
            let killed = pool.seat(Jobs::Builds).await.unwrap();
            let other = pool.seat(Jobs::Builds).await.unwrap();
            take_as_cargo(&pool, 1);
            drop(killed);
            // The job that it was started with is there for the next one, and what it took is lost.
            assert_eq!(there(&pool), 1);
            let next = pool.seat(Jobs::Builds).await.unwrap();
            assert!(waits(&pool).await);
            drop((other, next));
            assert_eq!(there(&pool), 3);
        });
    }

    #[test]
    fn who_does_not_build_waits_for_nobody_and_nobody_waits_for_him() {
        run(async |pool| {
            let tests = pool.seat(Jobs::MayStart).await.unwrap();
            take_as_cargo(&pool, 3);
            let more_tests = pool.seat(Jobs::MayStart).await.unwrap();
            let build = pool.seat(Jobs::Builds).await.unwrap();
            assert!(waits(&pool).await);
            // What the tests give back does not make the jobs more than there are.
            pool.ends().unwrap().1.write_all(b"+++").unwrap();
            drop(build);
            assert_eq!(there(&pool), 3);
            drop((tests, more_tests));
            assert_eq!(there(&pool), 3);
        });
    }

    #[test]
    fn jobs_that_somebody_makes_up_are_taken_away() {
        run(async |pool| {
            let seat = pool.seat(Jobs::Builds).await.unwrap();
            pool.ends().unwrap().1.write_all(&[b'+'; 50]).unwrap();
            drop(seat);
            assert_eq!(there(&pool), 3);
        });
    }
}
