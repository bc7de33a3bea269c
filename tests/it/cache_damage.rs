//! Whatever becomes of the files that are remembered, nothing passes for that which would fail, and nothing fails that
//! would pass.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::campaign::Chance;
use crate::sandbox::{Output, Sandbox};

/// What is done to a state.
type Change<'c> = &'c dyn Fn(&Path);

const GOOD: &str = "//! This is good it is.\n";
const BROKEN: &str = "//! This is BROKEN, so.\n";

/// One crate and a check that finds out whether it says BROKEN, with a state that remembers that it does not.
struct Remembered {
    sandbox: Sandbox,
    state: PathBuf,
    /// A copy of the state.
    copy: PathBuf,
    /// The files in it.
    files: Vec<PathBuf>,
}

impl Remembered {
    fn new() -> Self {
        let sandbox = Sandbox::workspace(&["alpha"]);
        sandbox
            .git()
            .tool(
                "look",
                "note looked; case $(cat \"$1/src/lib.rs\") in *BROKEN*) exit 1 ;; esac",
            )
            .hooks(
                "checks.look = { run = \"look {package-dir}\", scope = \"package\", kinds = [\"source\"] }\n\
                 checks.fmt = { run = \"rustfmt --version\", scope = \"package\", kinds = [\"rust\"] }",
            )
            .write("alpha/src/lib.rs", GOOD);
        let _ = sandbox.run("check").exits(0);
        let _ = sandbox.run("check --changed-only").exits(0);
        let states = fs::read_dir(sandbox.root().join("home/.cache/cargo-hooks")).unwrap();
        let state = states.flatten().next().unwrap().path();
        let copy = sandbox.root().join("copy");
        copy_all(&state, &copy);
        let mut files = all_files(&copy);
        for file in &mut files {
            *file = file.strip_prefix(&copy).unwrap().to_owned();
        }
        files.sort();
        Self {
            sandbox,
            state,
            copy,
            files,
        }
    }

    /// The state as it was, with one thing done to it.
    fn with(&self, damage: impl Fn(&Path)) -> &Self {
        let _ = fs::remove_dir_all(&self.state);
        let _ = fs::remove_file(&self.state);
        copy_all(&self.copy, &self.state);
        damage(&self.state);
        self
    }

    /// What is remembered is of a source that was good. Now it is broken, or it still is good.
    fn is_right(&self, context: &str) {
        self.is_right_with(1, context);
    }

    /// The same, where so many kinds of files may be said to be damaged.
    fn is_right_with(&self, warnings: usize, context: &str) {
        for (text, code) in [(BROKEN, 1), (GOOD, 0)] {
            self.sandbox.write("alpha/src/lib.rs", text);
            let out = self.sandbox.run("check --message-format json");
            assert_eq!(out.code, code, "{context}: {out}");
            assert_eq!(
                looked(&out),
                if code == 0 { "passed" } else { "failed" },
                "{context}: {out}"
            );
            assert!(
                out.stderr.lines().count() <= warnings && !out.stderr.contains("panicked"),
                "{context}: {out}"
            );
        }
    }
}

fn looked(out: &Output) -> String {
    let lines = out.json();
    let ends = lines
        .iter()
        .find(|line| line["type"] == "task-finished" && line["task"]["check"] == "look");
    ends.map(|end| end["outcome"].as_str().unwrap().to_owned())
        .unwrap_or_default()
}

fn all_files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { all_files(&path) } else { vec![path] })
        .collect()
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let target = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy_all(&entry, &target);
        } else {
            fs::copy(&entry, &target).unwrap();
        }
    }
}

#[test]
fn the_state_remembers_what_these_tests_are_about() {
    let remembered = Remembered::new();
    let names: Vec<String> = remembered
        .files
        .iter()
        .map(|file| file.to_string_lossy().into_owned())
        .collect();
    for begin in [
        "keys-4",
        "toolchain-1",
        "tree-",
        "elsewhere-",
        "workspace-2",
        "v1/results/",
        "v1/history/",
    ] {
        assert!(names.iter().any(|name| name.starts_with(begin)), "{begin}: {names:?}");
    }
    let looks = || remembered.sandbox.log().len();
    let before = looks();
    let _ = remembered.with(|_| {}).sandbox.run("check").exits(0);
    assert_eq!(looks(), before, "undamaged, it is enough");
    remembered.is_right("undamaged");
}

/// Changes bytes and cuts files: every byte where `of_all` says so, else some by chance.
fn bytes_change(of_all: bool) {
    let remembered = Remembered::new();
    let mut chance = Chance::new(54);
    for file in &remembered.files {
        let bytes = fs::read(remembered.copy.join(file)).unwrap();
        let places: Vec<usize> = if of_all {
            (0..bytes.len()).collect()
        } else {
            vec![0, bytes.len() - 1, chance.below(bytes.len())]
        };
        for place in places {
            let context = format!("{}, byte {place} of {}", file.display(), bytes.len());
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << chance.below(8);
            remembered
                .with(|state| fs::write(state.join(file), &flipped).unwrap())
                .is_right(&context);
            remembered
                .with(|state| fs::write(state.join(file), &bytes[..place]).unwrap())
                .is_right(&context);
        }
    }
}

#[test]
fn bytes_that_change_make_nothing_pass() {
    bytes_change(false);
}

#[test]
#[ignore = "takes an hour; for the night"]
fn any_byte_that_changes_makes_nothing_pass() {
    bytes_change(true);
}

#[test]
fn what_is_no_file_of_ours_is_not_read() {
    let remembered = Remembered::new();
    let elsewhere = remembered.sandbox.root().join("elsewhere");
    for file in &remembered.files {
        let context = |what: &str| format!("{what} in the place of {}", file.display());
        let put = |what: &dyn Fn(&Path)| {
            remembered.with(|state| {
                let path = state.join(file);
                fs::copy(&path, &elsewhere).unwrap();
                fs::remove_file(&path).unwrap();
                what(&path);
            })
        };
        put(&|path| fs::create_dir(path).unwrap()).is_right(&context("a directory"));
        put(&|path| rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RWXU).unwrap())
            .is_right(&context("a pipe"));
        put(&|path| symlink(&elsewhere, path).unwrap()).is_right(&context("a link"));
        put(&|path| fs::write(path, "").unwrap()).is_right(&context("nothing"));
        put(&|path| fs::write(path, [0; 4096]).unwrap()).is_right(&context("zeros"));
    }
    // Files of ours that change places.
    for (one, other) in remembered.files.iter().zip(remembered.files.iter().skip(1)) {
        let swap = |state: &Path| {
            fs::copy(remembered.copy.join(one), state.join(other)).unwrap();
            fs::copy(remembered.copy.join(other), state.join(one)).unwrap();
        };
        remembered
            .with(swap)
            .is_right_with(2, &format!("{} and {}", one.display(), other.display()));
    }
}

#[test]
fn a_state_in_a_place_that_is_not_ours_is_one_warning() {
    let remembered = Remembered::new();
    let elsewhere = remembered.sandbox.root().join("elsewhere");
    let places: [(&str, Change<'_>); 5] = [
        ("a link", &|state| {
            let _ = fs::remove_dir_all(&elsewhere);
            fs::rename(state, &elsewhere).unwrap();
            symlink(&elsewhere, state).unwrap();
        }),
        ("a file", &|state| {
            fs::remove_dir_all(state).unwrap();
            fs::write(state, "a file").unwrap();
        }),
        ("for others to write", &|state| {
            fs::set_permissions(state, fs::Permissions::from_mode(0o777)).unwrap();
        }),
        ("with results for others to write", &|state| {
            fs::set_permissions(state.join("v1/results"), fs::Permissions::from_mode(0o777)).unwrap();
        }),
        ("with results that are a link", &|state| {
            let _ = fs::remove_dir_all(&elsewhere);
            fs::rename(state.join("v1/results"), &elsewhere).unwrap();
            symlink(&elsewhere, state.join("v1/results")).unwrap();
        }),
    ];
    for (context, place) in places {
        remembered.with(place).is_right(context);
        let before = remembered.sandbox.log().len();
        let out = remembered.sandbox.run("check").exits(0);
        assert_eq!(out.stderr.lines().count(), 1, "{context}: {out}");
        assert!(remembered.sandbox.log().len() > before, "{context}: it was read");
    }
    let no_place = remembered.sandbox.command("check").env("HOME", "").output().exits(0);
    assert_eq!(no_place.stderr, "");
}

/// What passed in another repository, under other conditions, is no pass here.
#[test]
fn passes_of_another_repository_count_for_nothing() {
    let remembered = Remembered::new();
    let other = Remembered::new();
    // There, it is good to be broken.
    other
        .sandbox
        .tool("look", "note looked")
        .write("alpha/src/lib.rs", BROKEN);
    let _ = other.sandbox.run("check").exits(0);
    remembered
        .with(|state| {
            for file in all_files(&other.state.join("v1/results")) {
                fs::copy(&file, state.join("v1/results").join(file.file_name().unwrap())).unwrap();
            }
        })
        .is_right("passes of another repository");
}

#[test]
fn what_a_later_version_keeps_stays_as_it_is() {
    let remembered = Remembered::new();
    let later = [
        "v2/results/0000000000000001-0000000000000001.run",
        "keys-later",
        "tree-later",
        "v1/later/file",
    ];
    remembered.with(|state| {
        for file in later {
            fs::create_dir_all(state.join(file).parent().unwrap()).unwrap();
            fs::write(state.join(file), "of a later version").unwrap();
        }
    });
    remembered.is_right("beside a later version");
    for command in ["cache gc", "cache clear", "check"] {
        let _ = remembered.sandbox.run(command).exits(0);
    }
    for file in later {
        assert_eq!(
            fs::read_to_string(remembered.state.join(file)).unwrap(),
            "of a later version"
        );
    }
}
