//! What a tool says should be changed: a unified diff, read and applied in memory.
//!
//! A diff may come from anybody. It is applied where every line stands exactly as it says, or not at all: nothing is
//! searched for, and nothing is guessed. A name that leads out of the workspace, or into git's own directory, makes the
//! whole diff one that is refused. Nothing here reads or writes a file.

mod change;
mod name;
mod read;

pub use change::{FileChange, Misfit};
pub use name::Names;
pub use read::{PatchError, read};

#[cfg(test)]
mod tests;
