//! How a task takes part in the jobs of a run: the compilers that run at a time, whoever has started them.

use super::cargo::{CargoSettings, Words, recognise};
use super::task::{Access, Resource, TaskCommand};

/// How a task takes part in the jobs of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jobs {
    /// It builds nothing that anybody knows of.
    #[default]
    Nothing,
    /// It does not build, but what it runs may: tests that call cargo, say. It is told of the jobs of the run.
    MayStart,
    /// It builds: it has one job from its start on, and takes more as there are.
    Builds,
    /// It builds with as many jobs as its own command says. One of them is a job of the run.
    BuildsApart,
}

impl Jobs {
    /// Whether it has a job from its start on.
    #[must_use]
    pub fn takes_one(self) -> bool {
        matches!(self, Self::Builds | Self::BuildsApart)
    }

    /// Whether it is told of the jobs of the run, and can take more.
    #[must_use]
    pub fn takes_more(self) -> bool {
        matches!(self, Self::Builds | Self::MayStart)
    }
}

/// Programs that are no cargo and share jobs with what has started them.
const MAKES: [&str; 2] = ["make", "gmake"];

/// How a command takes part, which uses these resources.
pub(super) fn of(command: &TaskCommand, resources: &[(Resource, Access)], settings: &CargoSettings) -> Jobs {
    let name = command.program.name.rsplit('/').next().unwrap_or_default();
    let builds = |(resource, access): &(Resource, Access)| {
        matches!(resource, Resource::BuildDirectory(_)) && *access == Access::Exclusive
    };
    if MAKES.contains(&name) {
        Jobs::Builds
    } else if resources.iter().any(builds) {
        match recognise(&command.program.name, &command.args, settings) {
            Words::Cargo(call) if names_jobs(&call.subcommand, &call.args) => Jobs::BuildsApart,
            _ => Jobs::Builds,
        }
    } else if resources.iter().any(|(resource, _)| resource.is_of_cargo()) {
        Jobs::MayStart
    } else {
        Jobs::Nothing
    }
}

/// Whether a call of cargo says itself how many jobs it runs. Cargo does not listen to that beside a jobserver.
fn names_jobs(subcommand: &str, args: &[String]) -> bool {
    args.iter().any(|arg| {
        let name = arg.split('=').next().unwrap_or_default();
        match subcommand {
            // What is `-j` elsewhere are its tests that run at a time.
            "nextest" => name == "--build-jobs",
            _ => name == "--jobs" || name.starts_with("-j"),
        }
    })
}

/// How many jobs a run has: what somebody lets cargo run; else one for each processor, and for each slot where somebody
/// wants more of these.
pub(super) fn most(said: Option<i64>, processors: u32, slots: u32) -> u32 {
    match said {
        Some(0) | None => processors.max(slots),
        Some(said) if said < 0 => {
            let left = i64::from(processors).saturating_add(said).max(1);
            u32::try_from(left).unwrap_or(1)
        }
        Some(said) => u32::try_from(said).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::{most, names_jobs};

    #[test]
    fn what_somebody_says_to_cargo_counts_before_what_the_machine_has() {
        let check = |said, processors, slots, expected| assert_eq!(most(said, processors, slots), expected);
        check(None, 8, 2, 8);
        check(None, 2, 8, 8);
        check(Some(3), 8, 8, 3);
        check(Some(-2), 8, 1, 6);
        check(Some(-9), 8, 1, 1);
        check(Some(0), 4, 1, 4);
    }

    #[test]
    fn a_number_of_jobs_is_seen_in_each_form() {
        let check = |line: &str, expected| {
            let mut words = line.split(' ').map(str::to_owned);
            let subcommand = words.next().unwrap();
            assert_eq!(names_jobs(&subcommand, &words.collect::<Vec<_>>()), expected, "{line}");
        };
        check("clippy --workspace", false);
        check("clippy -j 2", true);
        check("clippy -j2", true);
        check("test --jobs=2", true);
        check("test --no-fail-fast", false);
        check("nextest run -j 4", false);
        check("nextest run --build-jobs 4", true);
    }
}
