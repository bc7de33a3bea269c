//! What the verdict of a task rests upon, and the key that stands for all of it.
//!
//! Pure. A fingerprint is made of the same answers as what a change affects: which file means what to which crate, what a
//! manifest means, what `Cargo.lock` has for a crate, and who is built from whom. A change affects a crate in some way
//! where its fingerprint of that kind differs; a key adds what is about the check and the machine: the command, the tools,
//! the environment.
//!
//! What is not known makes no key, and a task without a key runs.

mod action;
mod canonical;
mod companions;
mod files;
mod key;
mod locked;
mod parts;
#[cfg(test)]
mod tests;
mod whole;

pub use files::{InputFile, Places};
pub use key::{Ingredient, Key, Surroundings, TaskKeys, Unknown};
pub use whole::{Fingerprints, Scene};
