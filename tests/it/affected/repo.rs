//! What scenarios do to a repository, in few words.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::sandbox::{Output, Run, Sandbox};

/// Paths are relative to the workspace, and everything can be said in a row.
impl Sandbox {
    /// Takes a file or a directory away.
    pub(super) fn delete(&self, path: impl AsRef<Path>) -> &Self {
        let path = self.ws().join(path);
        let is_dir = path.symlink_metadata().unwrap().is_dir();
        let removed = if is_dir {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self
    }

    /// Moves a file or a directory.
    pub(super) fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> &Self {
        let (from, to) = (self.ws().join(from), self.ws().join(to));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(from, to).unwrap();
        self
    }

    /// Puts one text into the place of another, which is there once.
    #[track_caller]
    pub(super) fn replace(&self, path: &str, old: &str, new: &str) -> &Self {
        let before = self.read(path);
        assert_eq!(before.matches(old).count(), 1, "`{old}` in {path}:\n{before}");
        self.write(path, before.replace(old, new))
    }

    /// Puts a line at the beginning of a file: in a source, a change for everybody who reads it; with `#`, a comment.
    pub(super) fn prepend(&self, path: &str, line: &str) -> &Self {
        let before = self.read(path);
        self.write(path, format!("{line}\n{before}"))
    }

    /// Changes a file that is no manifest.
    pub(super) fn edit(&self, path: &str) -> &Self {
        let more = if Path::new(path).extension().is_some_and(|extension| extension == "rs") {
            "// More.\n"
        } else {
            "More.\n"
        };
        self.append(path, more)
    }

    /// Adds a member that has nothing but a library.
    pub(super) fn member(&self, name: &str) -> &Self {
        self.krate(&format!("crates/{name}"), name, "")
    }

    /// Adds lines to `[workspace.metadata.hooks]`.
    pub(super) fn settings(&self, lines: &str) -> &Self {
        let checks = "[workspace.metadata.hooks.checks]";
        self.replace(
            "Cargo.toml",
            checks,
            &format!("[workspace.metadata.hooks]\n{lines}\n\n{checks}"),
        )
    }

    /// Adds a check.
    pub(super) fn one_more_check(&self, line: &str) -> &Self {
        self.append("Cargo.toml", &format!("{line}\n"))
    }

    /// Locks another version of a package.
    #[track_caller]
    pub(super) fn lock_version(&self, package: &str, version: &str) -> &Self {
        let locked = |version: &str| format!("name = \"{package}\"\nversion = \"{version}\"\nsource");
        self.replace("Cargo.lock", &locked("1.0.0"), &locked(version))
    }

    /// Makes a symbolic link, in the place of what is there.
    pub(super) fn link(&self, path: &str, target: &str) -> &Self {
        let path = self.ws().join(path);
        let _ = fs::remove_file(&path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    /// Makes a file executable.
    pub(super) fn chmod(&self, path: &str) -> &Self {
        fs::set_permissions(self.ws().join(path), fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Turns the virtual workspace into one with a root package, which depends on `top`.
    pub(super) fn root_package(&self) -> &Self {
        let package = "[package]\nname = \"rootpkg\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
                       [dependencies]\ntop = { path = \"crates/top\" }\n";
        self.prepend("Cargo.toml", package)
            .write("src/lib.rs", "//! The root package.\n")
            .write(".github/workflows/ci.yml", "on: push\n")
            .base()
    }

    /// Moves the whole workspace into the directory `rust` of the repository.
    pub(super) fn below_the_top(&self) -> &Self {
        let entries = fs::read_dir(self.ws()).unwrap().map(|entry| entry.unwrap().file_name());
        for name in entries.filter(|name| name != ".git").collect::<Vec<_>>() {
            self.rename(&name, Path::new("rust").join(&name));
        }
        let outside = "../../outside/out";
        self.replace("rust/crates/outuser/Cargo.toml", outside, &format!("../{outside}"))
            .base()
    }

    /// Makes the directory of `subcrate` a submodule.
    pub(super) fn submodule(&self) -> &Self {
        let at = "crates/subcrate";
        let (manifest, source) = (
            self.read(format!("{at}/Cargo.toml")),
            self.read(format!("{at}/src/lib.rs")),
        );
        self.other_repository("sub", &[("Cargo.toml", &manifest), ("src/lib.rs", &source)]);
        fs::create_dir_all(self.ws().join(".git/modules/crates")).unwrap();
        // `git submodule` is a script that needs more programs than there are here. This is what it comes to.
        self.git_run(&format!("rm -r --quiet {at}"))
            .git_run(&format!(
                "clone --quiet --separate-git-dir .git/modules/{at} ../sub {at}"
            ))
            .git_run(&format!("config submodule.{at}.url ../sub"))
            .git_run(&format!("config --file .gitmodules submodule.{at}.path {at}"))
            .git_run(&format!("config --file .gitmodules submodule.{at}.url ../sub"))
            .base()
    }

    /// Makes it a git repository with one commit.
    pub(super) fn repository(&self) -> &Self {
        self.git_run("-c init.defaultBranch=main init --quiet --template=")
            .base()
    }

    /// Makes the state before out of what there is: a commit, with the tag `base`.
    pub(super) fn base(&self) -> &Self {
        self.commit().git_run("tag --force base")
    }

    /// Commits all that there is.
    pub(super) fn commit(&self) -> &Self {
        self.git_run("add --all")
            .git_run("commit --quiet --allow-empty --message change")
    }

    /// Runs git with these arguments, which are split at spaces.
    #[track_caller]
    pub(super) fn git_run(&self, arguments: &str) -> &Self {
        let out = self.git_in(".", arguments);
        assert_eq!(out.code, 0, "git {arguments}: {out}");
        self
    }

    /// What git writes when it runs in a directory, which it may do without success.
    pub(super) fn git_in(&self, dir: impl AsRef<Path>, arguments: &str) -> Output {
        let run = self.program("git").dir(dir).args(arguments);
        by_somebody(run).output()
    }

    /// A repository beside the workspace, at `root/NAME`, with one commit of these files.
    pub(super) fn other_repository(&self, name: &str, files: &[(&str, &str)]) -> &Self {
        let dir = self.root().join(name);
        for (path, text) in files {
            self.write(dir.join(path), text);
        }
        for arguments in [
            "-c init.defaultBranch=main init --quiet --template=",
            "add --all",
            "commit --quiet --message first",
        ] {
            let _ = self.git_in(&dir, arguments).exits(0);
        }
        self
    }
}

/// The same names and the same time for every commit.
fn by_somebody(run: Run<'_>) -> Run<'_> {
    let variables = ["AUTHOR", "COMMITTER"].into_iter().flat_map(|who| {
        [
            (format!("GIT_{who}_NAME"), "Somebody"),
            (format!("GIT_{who}_EMAIL"), "somebody@example.com"),
            (format!("GIT_{who}_DATE"), "2001-02-03T04:05:06Z"),
        ]
    });
    variables.fold(run, |run, (name, value)| run.env(&name, OsStr::new(value)))
}
