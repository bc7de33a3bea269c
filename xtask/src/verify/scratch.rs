//! A copy of a workspace in which anything may be changed, and what cargo builds in it.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};

use cargo_hooks::environment::Environment;
use cargo_hooks::workspace::{LoadRequest, Workspace, load};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::cargo::Programs;

/// A clone of a repository at its last commit, with a build directory beside it.
pub(crate) struct Scratch {
    dir: TempDir,
    /// The clone.
    clone: PathBuf,
    /// The root of the workspace in the clone.
    pub(crate) root: PathBuf,
    programs: Programs,
    /// What does not compile even where nothing is changed.
    broken: BTreeSet<Unit>,
}

/// What cargo builds at once: a target of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unit {
    /// The directory of its package.
    pub(crate) dir: PathBuf,
    /// The kind and the name of the target.
    pub(crate) target: String,
}

/// What cargo did.
pub(crate) struct Build {
    /// What was not fresh, or does not compile.
    pub(crate) rebuilt: BTreeSet<Unit>,
    broken: BTreeSet<Unit>,
    /// Why cargo did not even begin, where it did not.
    pub(crate) refused: Option<String>,
}

/// What is built.
#[derive(Clone, Copy)]
pub(crate) enum Which<'a> {
    /// The whole workspace at once.
    Workspace,
    /// One member, by what names it after `--package`.
    Member(&'a str),
}

impl Scratch {
    /// Clones the repository that the workspace lies in. What is not committed is left behind, but for a lock file that
    /// git ignores.
    pub(crate) fn new(workspace: &Path, environment: &Environment) -> Result<Self, Box<dyn Error>> {
        let source = Programs::new(workspace, environment);
        let top = PathBuf::from(source.text("git", &["rev-parse", "--show-toplevel"])?.trim_end());
        let below = workspace.strip_prefix(&top)?.to_owned();
        let dir = tempfile::tempdir()?;
        let clone = dir.path().canonicalize()?.join("repository");
        let [from, to] = [&top, &clone].map(|path| path.to_string_lossy().into_owned());
        source.text("git", &["clone", "--quiet", "--no-hardlinks", &from, &to])?;
        let root = clone.join(below);
        let mut scratch = Self {
            programs: Programs::new(&root, environment),
            root,
            clone,
            dir,
            broken: BTreeSet::new(),
        };
        scratch.programs.environment = scratch.environment("target");
        let lock = scratch.root.join("Cargo.lock");
        if !lock.exists() {
            let known = workspace.join("Cargo.lock");
            if known.exists() {
                std::fs::copy(known, &lock)?;
            } else {
                scratch.programs.text("cargo", &["generate-lockfile"])?;
            }
            scratch.git(&["add", "--force", "Cargo.lock"])?;
            let name = ["-c", "user.name=verify", "-c", "user.email=verify@localhost"];
            let commit = ["commit", "--quiet", "--no-verify", "--message", "the lock file"];
            scratch.git(&[&name[..], &commit].concat())?;
        }
        let built = scratch.check(Which::Workspace)?;
        if let Some(why) = built.refused {
            return Err(format!("cargo does not build it: {why}").into());
        }
        scratch.broken = built.broken;
        // From here on, nothing may depend on what the network says today.
        let offline = scratch.programs.environment.clone().with("CARGO_NET_OFFLINE", "true");
        scratch.programs.environment = offline;
        scratch.warm(Which::Workspace)?;
        Ok(scratch)
    }

    /// The environment of programs that build in a directory of this name, and remember nothing outside of the copy.
    pub(crate) fn environment(&self, target: &str) -> Environment {
        let dir = |name: &str| self.dir.path().join(name).into_os_string();
        let own = self.programs.environment.clone();
        own.with("CARGO_TARGET_DIR", dir(target))
            .with("CARGO_HOOKS_DIR", dir("state"))
            .with("CARGO_TERM_COLOR", "never")
    }

    /// Where cargo builds.
    pub(crate) fn target_dir(&self) -> PathBuf {
        self.dir.path().join("target")
    }

    /// Targets that do not compile even where nothing is changed, for people.
    pub(crate) fn broken(&self) -> impl Iterator<Item = &Unit> {
        self.broken.iter()
    }

    pub(crate) fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Asks git about the copy and nothing else: should that be gone, no repository around it may take its place.
    fn git(&self, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
        let clone = self.clone.display();
        let own = [format!("--git-dir={clone}/.git"), format!("--work-tree={clone}")];
        let own = own.iter().map(String::as_str);
        self.programs
            .text("git", &own.chain(arguments.iter().copied()).collect::<Vec<_>>())
    }

    /// The workspace as cargo sees it now.
    pub(crate) fn workspace(&self) -> Result<Workspace, Box<dyn Error>> {
        Ok(load(&LoadRequest {
            memory: None,
            cargo: self.programs.locate("cargo")?,
            current_dir: self.root.clone(),
            manifest_path: None,
            environment: self.programs.environment.clone(),
        })?)
    }

    /// The files that git knows, absolute.
    pub(crate) fn tracked(&self) -> Result<Vec<PathBuf>, Box<dyn Error>> {
        let names = self.git(&["ls-files", "-z"])?;
        let files = names.split_terminator('\0').map(|name| self.root.join(name));
        Ok(files.filter(|path| path.is_file()).collect())
    }

    /// Whether anything is changed.
    pub(crate) fn differs(&self) -> Result<bool, Box<dyn Error>> {
        Ok(!self.git(&["status", "--porcelain"])?.is_empty())
    }

    /// Undoes whatever was changed.
    pub(crate) fn restore(&self) -> Result<(), Box<dyn Error>> {
        self.git(&["reset", "--quiet", "--hard", "HEAD"])?;
        self.git(&["clean", "-ffdxq", ":/"])?;
        Ok(())
    }

    /// Brings the lock file up to date, as it would be committed with the rest.
    pub(crate) fn settle(&self) -> Result<(), Box<dyn Error>> {
        self.programs.text("cargo", &["metadata", "--format-version=1"])?;
        Ok(())
    }

    /// Builds until nothing is left to do: what is restored is newer than what was built from it.
    pub(crate) fn warm(&self, which: Which<'_>) -> Result<(), Box<dyn Error>> {
        const MOST: usize = 6;
        for _ in 0..MOST {
            let built = self.check(which)?;
            if let Some(why) = built.refused {
                return Err(format!("cargo does not build what it built before: {why}").into());
            }
            if built.rebuilt.is_empty() {
                return Ok(());
            }
        }
        Err(format!("cargo finds something to build {MOST} times in a row").into())
    }

    /// Lets cargo check all targets. What never compiles is left out.
    pub(crate) fn check(&self, which: Which<'_>) -> Result<Build, Box<dyn Error>> {
        let mut arguments = vec!["check", "--all-targets", "--keep-going", "--message-format=json"];
        match which {
            Which::Workspace => arguments.push("--workspace"),
            Which::Member(spec) => arguments.extend(["--package", spec]),
        }
        let output = self.programs.run("cargo", &arguments)?;
        let mut build = read_messages(&String::from_utf8_lossy(&output.stdout))?;
        if build.refused.is_some() {
            build.refused = Some(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        build.rebuilt.retain(|unit| !self.broken.contains(unit));
        Ok(build)
    }
}

/// What cargo says with `--message-format=json`.
fn read_messages(text: &str) -> Result<Build, Box<dyn Error>> {
    let mut build = Build {
        rebuilt: BTreeSet::new(),
        broken: BTreeSet::new(),
        refused: Some(String::new()),
    };
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let message: Json = serde_json::from_str(line)?;
        match message["reason"].as_str() {
            Some("compiler-artifact") if message["fresh"] == false => {
                build.rebuilt.extend(unit(&message));
            }
            Some("compiler-message") if message["message"]["level"] == "error" => {
                build.broken.extend(unit(&message));
            }
            Some("build-finished") => build.refused = None,
            _ => {}
        }
    }
    build.rebuilt.extend(build.broken.iter().cloned());
    Ok(build)
}

/// The target that a message is about, where its package lies on this machine.
fn unit(message: &Json) -> Option<Unit> {
    let id = message["package_id"].as_str()?;
    let dir = id.strip_prefix("path+file://")?.split('#').next()?;
    let target = &message["target"];
    let kind = target["kind"][0].as_str()?;
    Some(Unit {
        dir: PathBuf::from(dir),
        target: format!("{kind} {}", target["name"].as_str()?),
    })
}

/// Units by the directories of their packages.
pub(crate) fn by_package(units: &BTreeSet<Unit>) -> BTreeMap<&Path, Vec<&str>> {
    let mut found: BTreeMap<&Path, Vec<&str>> = BTreeMap::new();
    for unit in units {
        found.entry(&unit.dir).or_default().push(&unit.target);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_is_rebuilt() {
        let check = |text: &str, expected: &[&str], refused: bool| {
            let build = read_messages(text).unwrap();
            let shown = |unit: &Unit| format!("{}: {}", unit.dir.display(), unit.target);
            let rebuilt: Vec<String> = build.rebuilt.iter().map(shown).collect();
            assert_eq!(rebuilt, expected, "{text}");
            assert_eq!(build.refused.is_some(), refused, "{text}");
        };
        let message = |reason: &str, id: &str, rest: &str| {
            let target = "{\"kind\":[\"lib\"],\"name\":\"a\"}";
            format!("{{\"reason\":\"{reason}\",\"package_id\":\"{id}\",\"target\":{target},{rest}}}\n")
        };
        let end = "{\"reason\":\"build-finished\",\"success\":true}\n";
        check("", &[], true);
        check(end, &[], false);
        let fresh = message("compiler-artifact", "path+file:///w/a#0.1.0", "\"fresh\":true");
        check(&(fresh + end), &[], false);
        let rebuilt = message("compiler-artifact", "path+file:///w/a#a@0.1.0", "\"fresh\":false");
        check(&(rebuilt + end), &["/w/a: lib a"], false);
        let elsewhere = message("compiler-artifact", "registry+https://x#a@0.1.0", "\"fresh\":false");
        check(&(elsewhere + end), &[], false);
        let warned = message(
            "compiler-message",
            "path+file:///w/a#0.1.0",
            "\"message\":{\"level\":\"warning\"}",
        );
        check(&(warned + end), &[], false);
        let failed = message(
            "compiler-message",
            "path+file:///w/a#0.1.0",
            "\"message\":{\"level\":\"error\"}",
        );
        check(&(failed + end), &["/w/a: lib a"], false);
    }
}
