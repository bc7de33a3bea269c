//! How checks went in run after run.

use crate::journal::RunSummary;
use crate::model::CheckName;
use crate::timeline::{Point, Trend};

/// So many runs are shown of a check: what is older says little about now.
const MOST: usize = 30;

/// How the checks went in these runs, which are in order, up to the one with this number; of each check its last runs.
#[must_use]
pub fn trends(runs: &[RunSummary], up_to: Option<u64>) -> Vec<Trend> {
    let mut trends: Vec<Trend> = Vec::new();
    let ended = runs.iter().filter(|run| !run.goes_on());
    for run in ended.filter(|run| up_to.is_none_or(|last| run.number <= last)) {
        for check in &run.checks {
            let Some(point) = point(run, check) else { continue };
            match trends.iter_mut().find(|trend| trend.check == *check) {
                Some(trend) => trend.points.push(point),
                None => trends.push(Trend {
                    check: check.clone(),
                    points: vec![point],
                }),
            }
        }
    }
    for trend in &mut trends {
        trend.points.drain(..trend.points.len().saturating_sub(MOST));
    }
    trends
}

/// How a check went in a run; nothing where none of its tasks came to an end of its own.
fn point(run: &RunSummary, check: &CheckName) -> Option<Point> {
    let of_check = run.of_checks.get(check).copied().unwrap_or_default();
    let cached = run.cached.get(check).copied().unwrap_or_default();
    (of_check.ran + cached > 0).then_some(Point {
        run: run.number,
        took: of_check.took,
        ran: of_check.ran,
        failed: of_check.failed,
        cached,
    })
}
