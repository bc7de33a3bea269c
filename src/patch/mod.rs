//! What a tool says should be changed: a unified diff, read and applied in memory, or made of what it says a file should be.
//!
//! A diff may come from anybody. It is applied where every line stands exactly as it says, or not at all: nothing is
//! searched for, and nothing is guessed. A name that leads out of the workspace, or into git's own directory, makes the
//! whole diff one that is refused. Nothing here reads or writes a file.

mod change;
mod head;
mod name;
mod read;
mod write;

pub use change::{FileChange, Misfit};
pub use head::{HunkHead, headed};
pub use name::{Names, quoted};
pub use read::{PatchError, read};
pub use write::unified;

#[cfg(test)]
mod tests;
