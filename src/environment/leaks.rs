//! Takes out of an environment what an outer cargo or git has put there for itself.
//!
//! Pure. A check must see what it would see if a person typed its command: a leaked `CARGO_MANIFEST_DIR` makes build
//! scripts run again and again, and a leaked `GIT_DIR` makes a test commit into the user's repository.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Variables that cargo sets for the program that it runs, be it a subcommand, `cargo run` or an xtask, and that rustup
/// sets to count its own recursion.
const OF_CARGO: [&str; 15] = [
    "CARGO",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MAKEFLAGS",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_RUSTC_CURRENT_DIR",
    "CARGO_TARGET_TMPDIR",
    "OUT_DIR",
    "RUSTC_WORKSPACE_WRAPPER_ACTIVE",
    "RUSTUP_TOOLCHAIN_SOURCE",
    "RUST_RECURSION_COUNT",
    "__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS",
];

/// Variables that mean one repository, index or operation of git, or one call of it: what `git rev-parse --local-env-vars`
/// names and a few more. `GIT_CONFIG_COUNT` and what goes with it stay: they are how people configure git from outside.
const OF_GIT: [&str; 25] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_CHERRY_PICK_HELP",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_EDITOR",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REFLOG_ACTION",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// What nextest tells a test of the run that it is in. `NEXTEST_PROFILE` would choose the profile of another run as well.
const OF_NEXTEST: [&str; 16] = [
    "NEXTEST",
    "NEXTEST_ATTEMPT",
    "NEXTEST_ATTEMPT_ID",
    "NEXTEST_BINARY_ID",
    "NEXTEST_EXECUTION_MODE",
    "NEXTEST_LD_LIBRARY_PATH",
    "NEXTEST_PROFILE",
    "NEXTEST_RUN_ID",
    "NEXTEST_STRESS_CURRENT",
    "NEXTEST_STRESS_TOTAL",
    "NEXTEST_TEST_GLOBAL_SLOT",
    "NEXTEST_TEST_GROUP",
    "NEXTEST_TEST_GROUP_SLOT",
    "NEXTEST_TEST_NAME",
    "NEXTEST_TOTAL_ATTEMPTS",
    "NEXTEST_WORKSPACE_ROOT",
];

/// Where make tells its children of the jobs that they share with it. We pass no descriptors on, and a check that waited
/// for a job of an outer make might wait for us.
const OF_MAKE: [&str; 2] = ["MAKEFLAGS", "MFLAGS"];

/// Where cargo puts the directories of libraries.
const LIBRARY_PATHS: [&str; 2] = ["LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];

/// The variables that checks see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// These variables, without what leaked into them. `executable` is the program that runs now: cargo names the
    /// directories around it in the library path.
    pub fn without_leaks(variables: impl IntoIterator<Item = (OsString, OsString)>, executable: Option<&Path>) -> Self {
        let all: BTreeMap<OsString, OsString> = variables.into_iter().collect();
        let mut kept = all.clone();
        let within = Within {
            commit: all.contains_key(OsStr::new("GIT_INDEX_FILE")),
            nextest: all.contains_key(OsStr::new("NEXTEST_RUN_ID")),
        };
        kept.retain(|name, _| !is_leak(&name.to_string_lossy(), within));
        for name in OF_MAKE.map(OsStr::new) {
            let Some(flags) = kept.remove(name) else { continue };
            kept.extend(without_jobserver(flags).map(|flags| (name.to_owned(), flags)));
        }
        if let (Some(own), Some(path)) = (all.get(OsStr::new("GIT_EXEC_PATH")), all.get(OsStr::new("PATH"))) {
            kept.extend(without_first(path, Path::new(own)).map(|path| (OsString::from("PATH"), path)));
        }
        if let Some(cargo) = all.get(OsStr::new("CARGO")) {
            let ours = library_dirs(Path::new(cargo), executable);
            for name in LIBRARY_PATHS.map(OsStr::new) {
                let Some(value) = kept.remove(name) else { continue };
                let others = std::env::split_paths(&value).filter(|dir| !ours.iter().any(|our| dir.starts_with(our)));
                if let Ok(value) = std::env::join_paths(others)
                    && !value.is_empty()
                {
                    kept.insert(name.to_owned(), value);
                }
            }
        }
        Self(kept)
    }

    /// This environment with one variable more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// This environment with one variable less.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(OsStr::new(name));
        self
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// All variables.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

/// What the program was started by.
#[derive(Clone, Copy)]
struct Within {
    commit: bool,
    nextest: bool,
}

fn is_leak(name: &str, within: Within) -> bool {
    let of_author = name.starts_with("GIT_AUTHOR_") || name.starts_with("GIT_COMMITTER_");
    OF_CARGO.contains(&name)
        || OF_GIT.contains(&name)
        || name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_BIN_EXE_")
        // Somebody may set an author for all that he does; within a commit they are those of the commit.
        || of_author && within.commit
        // So may he choose a profile; within a test it is that of the run.
        || within.nextest && (OF_NEXTEST.contains(&name) || name.starts_with("NEXTEST_BIN_EXE_"))
}

/// A list of directories without the first one, if it is this: git puts its own before all others for what it runs, and
/// what is found in it would be found by nobody who types a command.
fn without_first(path: &OsStr, first: &Path) -> Option<OsString> {
    let mut dirs = std::env::split_paths(path);
    let is_first = dirs.next().is_some_and(|dir| dir == first);
    is_first.then(|| std::env::join_paths(dirs).ok()).flatten()
}

/// The flags of make without the jobs of an outer one, if anything else is left of them.
fn without_jobserver(flags: OsString) -> Option<OsString> {
    let Some(text) = flags.to_str().filter(|text| text.contains("--jobserver-")) else {
        return Some(flags);
    };
    let words = text.split(' ');
    let kept: Vec<_> = words
        .filter(|word| !word.starts_with("--jobserver-") && !word.starts_with("-j"))
        .collect();
    let text = kept.join(" ");
    (!text.trim().is_empty()).then(|| text.into())
}

/// The directories below which cargo finds libraries for what it runs: those of its toolchain and of the executable.
fn library_dirs(cargo: &Path, executable: Option<&Path>) -> Vec<PathBuf> {
    let toolchain = cargo
        .parent()
        .and_then(Path::parent)
        .map(|toolchain| toolchain.join("lib"));
    let profile = executable.and_then(Path::parent).map(Path::to_owned);
    // A test binary lies one level below the profile's directory.
    let above_deps = profile
        .as_deref()
        .filter(|dir| dir.ends_with("deps"))
        .and_then(Path::parent)
        .map(Path::to_owned);
    [toolchain, profile, above_deps].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::Environment;

    fn cleaned(variables: &[(&str, &str)]) -> Vec<(String, String)> {
        let variables = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let executable = Path::new("/repo/target/debug/xtask");
        let cleaned = Environment::without_leaks(variables, Some(executable));
        let text = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
        cleaned.iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_cargo_sets_for_its_child_is_gone_and_what_the_user_sets_stays() {
        let found = cleaned(&[
            ("CARGO", "/tc/bin/cargo"),
            ("CARGO_HOME", "/home/u/.cargo"),
            ("CARGO_MANIFEST_DIR", "/repo/xtask"),
            ("CARGO_PKG_NAME", "xtask"),
            ("CARGO_PROFILE_DEV_DEBUG", "0"),
            ("CARGO_TARGET_DIR", "/fast/target"),
            ("RUSTFLAGS", "-Dwarnings"),
            ("RUSTUP_TOOLCHAIN", "nightly"),
            ("RUST_RECURSION_COUNT", "1"),
        ]);
        let expected = [
            ("CARGO_HOME", "/home/u/.cargo"),
            ("CARGO_PROFILE_DEV_DEBUG", "0"),
            ("CARGO_TARGET_DIR", "/fast/target"),
            ("RUSTFLAGS", "-Dwarnings"),
            ("RUSTUP_TOOLCHAIN", "nightly"),
        ];
        assert_eq!(found, pairs(&expected));
    }

    #[test]
    fn the_library_path_keeps_only_what_cargo_did_not_add() {
        let check = |value, expected: Option<&str>| {
            let found = cleaned(&[("CARGO", "/tc/bin/cargo"), ("LD_LIBRARY_PATH", value)]);
            let expected: Vec<_> = expected.map(|value| ("LD_LIBRARY_PATH", value)).into_iter().collect();
            assert_eq!(found, pairs(&expected), "{value}");
        };
        check(
            "/repo/target/debug/deps:/repo/target/debug:/tc/lib/rustlib/x/lib:/tc/lib",
            None,
        );
        check("/repo/target/debug:/opt/db2/lib:/tc/lib", Some("/opt/db2/lib"));
    }

    #[test]
    fn the_library_path_of_a_plain_call_is_left_alone() {
        assert_eq!(
            cleaned(&[("LD_LIBRARY_PATH", "/tc/lib")]),
            pairs(&[("LD_LIBRARY_PATH", "/tc/lib")])
        );
    }

    #[test]
    fn the_jobs_of_an_outer_make_are_gone_and_its_other_flags_stay() {
        let check = |value, expected: Option<&str>| {
            let expected: Vec<_> = expected.map(|value| ("MAKEFLAGS", value)).into_iter().collect();
            assert_eq!(cleaned(&[("MAKEFLAGS", value)]), pairs(&expected), "{value}");
        };
        check(" -j4 --jobserver-auth=3,4", None);
        check("w -j --jobserver-fds=3,4 -- A=1", Some("w -- A=1"));
        check("-j8", Some("-j8"));
    }

    #[test]
    fn what_nextest_says_of_one_test_is_gone() {
        let profile = ("NEXTEST_PROFILE", "ci");
        let retries = ("NEXTEST_RETRIES", "2");
        assert_eq!(cleaned(&[profile, retries]), pairs(&[profile, retries]));
        let run = ("NEXTEST_RUN_ID", "3b390d79");
        let found = cleaned(&[("NEXTEST", "1"), ("NEXTEST_BIN_EXE_x", "/x"), profile, retries, run]);
        assert_eq!(found, pairs(&[retries]));
    }

    #[test]
    fn what_git_says_of_one_repository_is_gone() {
        let found = cleaned(&[
            ("GIT_AUTHOR_NAME", "x"),
            ("GIT_DIR", ".git"),
            ("GIT_INDEX_FILE", ".git/index.lock"),
            ("GIT_SSH_COMMAND", "ssh -i key"),
        ]);
        assert_eq!(found, pairs(&[("GIT_SSH_COMMAND", "ssh -i key")]));
        assert_eq!(cleaned(&[("GIT_AUTHOR_NAME", "x")]), pairs(&[("GIT_AUTHOR_NAME", "x")]));
    }

    #[test]
    fn the_directory_that_git_puts_before_all_others_is_gone() {
        let check = |own: &str, path: &str, expected: &str| {
            let found = cleaned(&[("GIT_EXEC_PATH", own), ("PATH", path)]);
            assert_eq!(found, pairs(&[("GIT_EXEC_PATH", own), ("PATH", expected)]));
        };
        check(
            "/lib/git-core",
            "/lib/git-core:/bin:/lib/git-core",
            "/bin:/lib/git-core",
        );
        check("/lib/git-core", "/bin:/lib/git-core", "/bin:/lib/git-core");
        let path = ("PATH", "/lib/git-core:/bin");
        assert_eq!(cleaned(&[path]), pairs(&[path]));
    }
}
