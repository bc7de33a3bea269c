//! Runs that never take place, to measure how well the schedule does: graphs, bounds, other ways to schedule.
//!
//! Everything follows from seeds. The benchmark `simulation` prints all of it, and a test runs a little of it.

mod baselines;
mod beside;
mod bounds;
mod chance;
mod failures;
mod graphs;
mod in_turn;
mod optimum;
mod trials;

pub(crate) use failures::{Fails, Scene, Tasks, Way, first_failures};
pub(crate) use trials::{Trial, exact_trials, quantile, trials};
