//! What the record of many runs says about the checks, and what to do about a bad figure.
//!
//! Pure. It reads no file and no clock: what was recorded comes in as values, and goes out as figures and advice. Nothing
//! here decides what runs or how long that may take; that is the business of `history`, which learns for itself.

mod advice;
mod figures;
#[cfg(test)]
mod tests;
mod trends;

pub use advice::{Advice, advice};
pub use figures::{CheckFigures, CrateFigures, Dominant, Figures, figures};
pub use trends::trends;
