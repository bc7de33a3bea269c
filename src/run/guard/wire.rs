//! What the tool and its guard say to each other. Pure.
//!
//! Every message is a frame: its length as four bytes, then a letter for its kind, then its fields. Both sides are the same
//! program, so that there are no versions. What cannot be read ends the conversation.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::model::Exit;

/// What the tool wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The jobs of the run, and what else stands in `MAKEFLAGS`. Both ends of a pipe come with it.
    Jobs { size: u32, flags: OsString },
    /// Start a task. Two pipes come with it: for its standard output and for its standard error.
    Start { task: u32, command: Command },
    /// Ask a task to end.
    Ask { task: u32 },
    /// Kill a task and all that it started.
    Kill { task: u32 },
    /// Stop all tasks until they may go on.
    Suspend,
    /// Let them go on.
    Resume,
}

/// What is to be started, in addition to the environment of the guard itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) program: OsString,
    pub(super) args: Vec<OsString>,
    pub(super) cwd: OsString,
    /// The variables of the guard that it is not given.
    pub(super) withheld: Vec<OsString>,
    /// Name and value, one after the other.
    pub(super) env: Vec<OsString>,
    /// Whether it may take jobs of the run.
    pub(super) jobs: bool,
}

/// What the guard has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// It is there.
    Ready,
    /// A task has started.
    Started { task: u32 },
    /// A task could not be started: the number of the error, or 0, and what it says.
    Refused { task: u32, errno: i32, text: String },
    /// A task has ended, and nothing of it is left. So many processes outlived it, and were ended.
    Ended {
        task: u32,
        exit: Exit,
        leaked: u32,
        /// The time of processors that it took, in microseconds.
        processor: u64,
    },
    /// All tasks stand still.
    Suspended,
    /// Processes that belonged to no task were ended.
    Strays { count: u32 },
}

impl Order {
    /// The whole frame.
    pub(super) fn frame(&self) -> Vec<u8> {
        let mut frame = Frame::new();
        match self {
            Self::Start { task, command } => {
                frame.letter(b's').number(*task);
                frame.text(&command.program).text(&command.cwd);
                frame.texts(&command.args).texts(&command.withheld).texts(&command.env);
                frame.number(command.jobs.into());
            }
            Self::Jobs { size, flags } => drop(frame.letter(b'j').number(*size).text(flags)),
            Self::Ask { task } => drop(frame.letter(b'a').number(*task)),
            Self::Kill { task } => drop(frame.letter(b'k').number(*task)),
            Self::Suspend => drop(frame.letter(b'z')),
            Self::Resume => drop(frame.letter(b'c')),
        }
        frame.done()
    }

    /// What a frame holds, without its length.
    pub(super) fn read(frame: &[u8]) -> Option<Self> {
        let (letter, mut rest) = frame.split_first().map(|(letter, rest)| (*letter, Fields(rest)))?;
        let order = match letter {
            b's' => {
                let task = rest.number()?;
                let (program, cwd) = (rest.text()?, rest.text()?);
                let (args, withheld, env) = (rest.texts()?, rest.texts()?, rest.texts()?);
                let jobs = rest.number()? == 1;
                let command = Command {
                    program,
                    args,
                    cwd,
                    withheld,
                    env,
                    jobs,
                };
                Self::Start { task, command }
            }
            b'j' => {
                let size = rest.number()?;
                let flags = rest.text()?;
                Self::Jobs { size, flags }
            }
            b'a' => Self::Ask { task: rest.number()? },
            b'k' => Self::Kill { task: rest.number()? },
            b'z' => Self::Suspend,
            b'c' => Self::Resume,
            _ => return None,
        };
        rest.end().map(|()| order)
    }
}

impl Reply {
    /// The whole frame.
    pub(super) fn frame(&self) -> Vec<u8> {
        let mut frame = Frame::new();
        match self {
            Self::Ready => drop(frame.letter(b'r')),
            Self::Started { task } => drop(frame.letter(b's').number(*task)),
            Self::Refused { task, errno, text } => {
                let errno = u32::try_from(*errno).unwrap_or(0);
                frame.letter(b'x').number(*task).number(errno).text(OsStr::new(text));
            }
            Self::Ended {
                task,
                exit,
                leaked,
                processor,
            } => {
                let (letter, value) = match *exit {
                    Exit::Code(code) => (b'e', code),
                    Exit::Signal(signal) => (b'k', signal),
                };
                let value = u32::from_ne_bytes(value.to_ne_bytes());
                frame.letter(letter).number(*task).number(value).number(*leaked);
                frame.long_number(*processor);
            }
            Self::Suspended => drop(frame.letter(b'z')),
            Self::Strays { count } => drop(frame.letter(b'o').number(*count)),
        }
        frame.done()
    }

    /// What a frame holds, without its length.
    pub(super) fn read(frame: &[u8]) -> Option<Self> {
        let (letter, mut rest) = frame.split_first().map(|(letter, rest)| (*letter, Fields(rest)))?;
        let reply = match letter {
            b'r' => Self::Ready,
            b's' => Self::Started { task: rest.number()? },
            b'x' => Self::Refused {
                task: rest.number()?,
                errno: i32::try_from(rest.number()?).ok()?,
                text: rest.text()?.into_string().ok()?,
            },
            b'e' | b'k' => {
                let task = rest.number()?;
                let value = i32::from_ne_bytes(rest.number()?.to_ne_bytes());
                let exit = if letter == b'e' {
                    Exit::Code(value)
                } else {
                    Exit::Signal(value)
                };
                let leaked = rest.number()?;
                let processor = rest.long_number()?;
                Self::Ended {
                    task,
                    exit,
                    leaked,
                    processor,
                }
            }
            b'z' => Self::Suspended,
            b'o' => Self::Strays { count: rest.number()? },
            _ => return None,
        };
        rest.end().map(|()| reply)
    }
}

/// What has arrived and is not yet read.
#[derive(Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    read: usize,
}

impl Inbox {
    /// More has arrived.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.read == self.bytes.len() {
            self.bytes.clear();
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame without its length, if all of it is there.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        let rest = &self.bytes[self.read..];
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = u32::from_ne_bytes(*length) as usize;
        let frame = rest.get(..length)?;
        self.read += 4 + length;
        Some(frame)
    }
}

struct Frame(Vec<u8>);

impl Frame {
    fn new() -> Self {
        Self(vec![0; 4])
    }

    fn letter(&mut self, letter: u8) -> &mut Self {
        self.0.push(letter);
        self
    }

    fn number(&mut self, number: u32) -> &mut Self {
        self.0.extend(number.to_ne_bytes());
        self
    }

    fn long_number(&mut self, number: u64) -> &mut Self {
        self.0.extend(number.to_ne_bytes());
        self
    }

    fn text(&mut self, text: &OsStr) -> &mut Self {
        self.number(length(text.len()));
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn texts(&mut self, texts: &[OsString]) -> &mut Self {
        self.number(length(texts.len()));
        for text in texts {
            self.text(text);
        }
        self
    }

    fn done(mut self) -> Vec<u8> {
        let length = length(self.0.len() - 4);
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0
    }
}

/// No command line of the system is as long as what a frame can hold.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_ne_bytes(*number))
    }

    fn long_number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_ne_bytes(*number))
    }

    fn text(&mut self) -> Option<OsString> {
        let length = self.number()? as usize;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(OsString::from_vec(text.to_vec()))
    }

    fn texts(&mut self) -> Option<Vec<OsString>> {
        let count = self.number()?;
        (0..count).map(|_| self.text()).collect()
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn texts() -> impl Strategy<Value = Vec<OsString>> {
        vec(vec(any::<u8>(), 0..9).prop_map(OsString::from_vec), 0..4)
    }

    fn orders() -> impl Strategy<Value = Order> {
        let command = (texts(), texts(), texts(), any::<bool>()).prop_map(|(args, env, names, jobs)| Command {
            jobs,
            program: names.first().cloned().unwrap_or_default(),
            cwd: names.last().cloned().unwrap_or_default(),
            withheld: names,
            args,
            env,
        });
        prop_oneof![
            (any::<u32>(), ".*").prop_map(|(size, flags)| Order::Jobs {
                size,
                flags: flags.into()
            }),
            (any::<u32>(), command).prop_map(|(task, command)| Order::Start { task, command }),
            any::<u32>().prop_map(|task| Order::Ask { task }),
            any::<u32>().prop_map(|task| Order::Kill { task }),
            Just(Order::Suspend),
            Just(Order::Resume),
        ]
    }

    fn any_exit() -> impl Strategy<Value = Exit> {
        prop_oneof![any::<i32>().prop_map(Exit::Code), any::<i32>().prop_map(Exit::Signal)]
    }

    fn replies() -> impl Strategy<Value = Reply> {
        prop_oneof![
            Just(Reply::Ready),
            any::<u32>().prop_map(|task| Reply::Started { task }),
            (any::<u32>(), 0..200_i32, ".*").prop_map(|(task, errno, text)| Reply::Refused { task, errno, text }),
            (any::<u32>(), any_exit(), any::<u32>(), any::<u64>()).prop_map(|(task, exit, leaked, processor)| {
                Reply::Ended {
                    task,
                    exit,
                    leaked,
                    processor,
                }
            }),
            Just(Reply::Suspended),
            any::<u32>().prop_map(|count| Reply::Strays { count }),
        ]
    }

    /// What comes out where the frames arrive in pieces of this size.
    fn in_pieces<T>(frames: &[Vec<u8>], piece: usize, read: impl Fn(&[u8]) -> Option<T>) -> Vec<Option<T>> {
        let mut inbox = Inbox::default();
        let mut all = Vec::new();
        for bytes in frames.concat().chunks(piece) {
            inbox.push(bytes);
            while let Some(frame) = inbox.next() {
                all.push(read(frame));
            }
        }
        all
    }

    proptest! {
        #[test]
        fn what_is_said_is_what_is_heard(orders in vec(orders(), 0..5), replies in vec(replies(), 0..5), piece in 1..40_usize) {
            let frames: Vec<_> = orders.iter().map(Order::frame).collect();
            let heard = in_pieces(&frames, piece, Order::read);
            prop_assert_eq!(heard, orders.into_iter().map(Some).collect::<Vec<_>>());
            let frames: Vec<_> = replies.iter().map(Reply::frame).collect();
            let heard = in_pieces(&frames, piece, Reply::read);
            prop_assert_eq!(heard, replies.into_iter().map(Some).collect::<Vec<_>>());
        }

        #[test]
        fn nothing_that_arrives_is_a_panic(bytes in vec(any::<u8>(), 0..60), order in orders(), cut in 0..60_usize) {
            let _ = (Order::read(&bytes), Reply::read(&bytes));
            let frame = order.frame();
            let cut = &frame[4..frame.len().min(4 + cut)];
            prop_assert_eq!(Order::read(cut).is_some(), cut.len() == frame.len() - 4);
        }
    }
}
