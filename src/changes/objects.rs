//! Reads objects of git: one process answers for all that are asked for in a repository.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Mutex, PoisonError};

use super::git::Git;
use super::place::{self, Place};
use super::request::ChangeRequest;
use super::set::ChangeSet;

/// The objects of a repository and of the submodules in it.
///
/// A process is started when somebody asks for the first time, and ends when this is dropped.
#[derive(Debug)]
pub struct Objects {
    git: Option<Git>,
    place: Place,
    readers: Mutex<BTreeMap<PathBuf, Reader>>,
}

/// `git cat-file --batch`, which answers each line that it is sent.
#[derive(Debug)]
struct Reader {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    /// Those that the answer to a request speaks of.
    pub fn new(request: &ChangeRequest, set: &ChangeSet) -> Self {
        let git = request.git.clone().map(|program| Git {
            program,
            environment: request.environment.clone(),
        });
        Self {
            git,
            place: Place::seen_from(&request.root, &set.top),
            readers: Mutex::default(),
        }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The content of an object that stands for a file; nothing where git has it not.
    pub(super) fn read(&self, id: &str, file: &Path) -> Option<Vec<u8>> {
        let repository = self.repository_of(file);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if !readers.contains_key(repository) {
            readers.insert(repository.to_owned(), Reader::start(self.git.as_ref()?, repository)?);
        }
        let answer = readers.get_mut(repository)?.ask(id);
        answer.unwrap_or_else(|error| {
            tracing::warn!(%error, id, "git gives no object");
            // What it writes next is not known. The next question starts another one.
            readers.remove(repository);
            None
        })
    }

    /// The nearest repository above a file: a submodule has its own objects.
    fn repository_of<'a>(&'a self, file: &'a Path) -> &'a Path {
        let above = file.ancestors().skip(1).take_while(|dir| !self.place.is_anchor(dir));
        above
            .into_iter()
            .find(|dir| place::is_top(dir))
            .unwrap_or(self.place.asked_from())
    }
}

/// The contents of objects that a repository has, in their order.
pub(crate) fn contents<'i>(
    git: &Git,
    repository: &Path,
    ids: impl Iterator<Item = &'i str>,
) -> io::Result<Vec<Vec<u8>>> {
    let mut reader = Reader::start(git, repository).ok_or_else(|| io::Error::other("git cannot be started"))?;
    let missing = |id| io::Error::other(format!("git has no object {id}"));
    ids.map(|id| reader.ask(id)?.ok_or_else(|| missing(id))).collect()
}

impl Reader {
    fn start(git: &Git, repository: &Path) -> Option<Self> {
        let mut command = git.command(repository);
        command.args(["cat-file", "--batch"]).stderr(Stdio::null());
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = started
            .inspect_err(|error| tracing::warn!(%error, "git cannot be started"))
            .ok()?;
        let (questions, answers) = (process.stdin.take()?, BufReader::new(process.stdout.take()?));
        Some(Self {
            process,
            questions,
            answers,
        })
    }

    fn ask(&mut self, id: &str) -> io::Result<Option<Vec<u8>>> {
        writeln!(self.questions, "{id}")?;
        self.questions.flush()?;
        let mut header = String::new();
        self.answers.read_line(&mut header)?;
        let fields: Vec<_> = header.split_whitespace().collect();
        let (kind, size) = match fields.as_slice() {
            [_, kind, size] => (*kind, size.parse::<u64>().map_err(io::Error::other)?),
            [_, _] => return Ok(None),
            _ => return Err(io::ErrorKind::UnexpectedEof.into()),
        };
        let mut content = Vec::new();
        self.answers.by_ref().take(size).read_to_end(&mut content)?;
        let mut end = [0];
        self.answers.read_exact(&mut end)?;
        Ok((kind == "blob").then_some(content))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It only waits for questions, and must not be waited for if it does anything else.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
