//! The subcommands of cargo, as far as they build something. Data: one table says it for all that ask.

/// What a subcommand builds, and so which of cargo's locks it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builds {
    /// Nothing: it takes no lock that lasts.
    Nothing,
    /// What the compiler needs to judge. Only the build directory is locked.
    Checks,
    /// What nobody starts: documentation. The build directory and the target directory are locked.
    Documents,
    /// Programs, tests and libraries that others may use. Both directories are locked.
    Artifacts,
    /// In a directory of its own below the target directory, beside the others.
    Apart(&'static str),
    /// Who knows where, or all of it: the whole of both directories is used.
    Anywhere,
}

/// What the verdict of a subcommand rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestsOn {
    /// Nothing but what is built.
    Built,
    /// On what is built, and then on what nobody can tell: a program may read any file, and a package holds many.
    More,
    /// It is not said.
    Unsaid,
}

/// A subcommand of cargo that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subcommand {
    /// Its name.
    pub name: &'static str,
    /// What it builds.
    pub builds: Builds,
    /// The profile that it takes where none is named.
    pub profile: &'static str,
    /// Whether it is a part of cargo itself, whose place no alias takes.
    pub built_in: bool,
    /// What its verdict rests on.
    pub rests_on: RestsOn,
}

const fn row(
    name: &'static str,
    builds: Builds,
    profile: &'static str,
    built_in: bool,
    rests_on: RestsOn,
) -> Subcommand {
    Subcommand {
        name,
        builds,
        profile,
        built_in,
        rests_on,
    }
}

/// A part of cargo whose verdict rests on what it builds.
const fn part(name: &'static str, builds: Builds) -> Subcommand {
    row(name, builds, "dev", true, RestsOn::Built)
}

/// A program of its own whose verdict rests on what it builds.
const fn program(name: &'static str, builds: Builds) -> Subcommand {
    row(name, builds, "dev", false, RestsOn::Built)
}

/// A program of its own that builds, and says nothing about on what its verdict rests.
const fn builder(name: &'static str, builds: Builds) -> Subcommand {
    row(name, builds, "dev", false, RestsOn::Unsaid)
}

/// A part of cargo that builds nothing.
const fn idle_part(name: &'static str) -> Subcommand {
    row(name, Builds::Nothing, "dev", true, RestsOn::Unsaid)
}

/// A program of its own that builds nothing.
const fn idle(name: &'static str) -> Subcommand {
    row(name, Builds::Nothing, "dev", false, RestsOn::Unsaid)
}

/// Every subcommand that is known. docs/cargo.md says how this was measured, and what stands in for a measurement.
const SUBCOMMANDS: &[Subcommand] = &[
    part("check", Builds::Checks),
    part("fix", Builds::Checks),
    part("doc", Builds::Documents),
    part("rustdoc", Builds::Documents),
    part("build", Builds::Artifacts),
    part("rustc", Builds::Artifacts),
    part("test", Builds::Artifacts),
    row("bench", Builds::Artifacts, "bench", true, RestsOn::Built),
    row("run", Builds::Artifacts, "dev", true, RestsOn::More),
    row("install", Builds::Artifacts, "release", true, RestsOn::More),
    row("package", Builds::Artifacts, "dev", true, RestsOn::More),
    row("publish", Builds::Artifacts, "dev", true, RestsOn::More),
    row("clean", Builds::Anywhere, "dev", true, RestsOn::Unsaid),
    program("clippy", Builds::Checks),
    program("nextest", Builds::Artifacts),
    program("hack", Builds::Artifacts),
    program("miri", Builds::Apart("miri")),
    program("llvm-cov", Builds::Anywhere),
    builder("msrv", Builds::Artifacts),
    builder("udeps", Builds::Artifacts),
    builder("semver-checks", Builds::Artifacts),
    idle_part("add"),
    idle_part("config"),
    idle_part("fetch"),
    idle_part("generate-lockfile"),
    idle_part("git-checkout"),
    idle_part("help"),
    idle_part("info"),
    idle_part("init"),
    idle_part("locate-project"),
    idle_part("login"),
    idle_part("logout"),
    idle_part("metadata"),
    idle_part("new"),
    idle_part("owner"),
    idle_part("pkgid"),
    idle_part("read-manifest"),
    idle_part("remove"),
    idle_part("report"),
    idle_part("search"),
    idle_part("tree"),
    idle_part("uninstall"),
    idle_part("update"),
    idle_part("vendor"),
    idle_part("verify-project"),
    idle_part("version"),
    idle_part("yank"),
    idle("about"),
    idle("audit"),
    idle("deny"),
    idle("fmt"),
    idle("hakari"),
    idle("license"),
    idle("machete"),
    idle("outdated"),
    idle("shear"),
    idle("sort"),
    idle("spellcheck"),
    idle("vet"),
];

/// The aliases that cargo brings along.
const BUILT_IN_ALIASES: [(&str, &str); 6] = [
    ("b", "build"),
    ("c", "check"),
    ("d", "doc"),
    ("r", "run"),
    ("rm", "remove"),
    ("t", "test"),
];

/// The subcommand of this name.
#[must_use]
pub fn subcommand(name: &str) -> Option<&'static Subcommand> {
    SUBCOMMANDS.iter().find(|known| known.name == name)
}

/// What an alias that cargo brings along stands for.
#[must_use]
pub fn built_in_alias(name: &str) -> Option<&'static str> {
    let mut aliases = BUILT_IN_ALIASES.iter();
    aliases.find(|(alias, _)| *alias == name).map(|(_, full)| *full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_twice_and_every_alias_leads_somewhere() {
        for (place, known) in SUBCOMMANDS.iter().enumerate() {
            let first = SUBCOMMANDS.iter().position(|other| other.name == known.name);
            assert_eq!(first, Some(place), "{}", known.name);
            assert_eq!(built_in_alias(known.name), None);
        }
        for (_, full) in BUILT_IN_ALIASES {
            assert!(subcommand(full).is_some_and(|known| known.built_in), "{full}");
        }
    }
}
