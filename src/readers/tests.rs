//! With real repositories, and real records of cargo, in temporary directories.
#![allow(clippy::disallowed_methods, reason = "tests make repositories and build crates")]

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use tempfile::TempDir;

use super::*;

/// A repository, a place for what is remembered, and what of the state differs from the last commit.
struct Sandbox {
    _dir: TempDir,
    top: PathBuf,
    state_dir: Option<PathBuf>,
    beyond_head: BTreeSet<PathBuf>,
    git: Option<PathBuf>,
    target_dirs: Vec<PathBuf>,
}

/// The working tree, and which of its files were read.
#[derive(Default)]
struct WorkingTree(RefCell<Vec<PathBuf>>);

impl Files for WorkingTree {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        self.0.borrow_mut().push(path.to_owned());
        fs::read(path).ok()
    }

    fn has(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn dirs(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    fn real(&self, dir: &Path) -> PathBuf {
        dir.to_owned()
    }
}

impl Sandbox {
    /// A repository with two packages and what lies around them, committed.
    fn new() -> Self {
        let sandbox = Self::empty();
        sandbox.write("Cargo.toml", "[workspace]\nmembers = ['a', 'b']\nresolver = '3'\n");
        for name in ["a", "b"] {
            let manifest = format!("[package]\nname = '{name}'\nversion = '0.1.0'\nedition = '2024'\n");
            sandbox.write(&format!("{name}/Cargo.toml"), &manifest);
        }
        sandbox.write("a/src/lib.rs", "const X: &str = include_str!(\"../../shared/x.txt\");");
        sandbox.write("b/src/lib.rs", "");
        sandbox.write("b/tests/it.rs", "fn f() { Command::cargo_bin(\"tool\"); }");
        sandbox.write("shared/x.txt", "x");
        sandbox.write("shared/y.txt", "y");
        sandbox.commit();
        sandbox
    }

    fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let top = base.join("top");
        fs::create_dir(&top).unwrap();
        let sandbox = Self {
            _dir: dir,
            top,
            state_dir: Some(base.join("state/of/ours")),
            beyond_head: BTreeSet::new(),
            git: Some("git".into()),
            target_dirs: Vec::new(),
        };
        sandbox.run_git(&["init", "-q"]);
        sandbox
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.top.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes a file without committing it.
    fn edit(&mut self, path: &str, text: &str) {
        self.write(path, text);
        self.beyond_head.insert(self.top.join(path));
    }

    fn commit(&self) {
        self.run_git(&["add", "-A"]);
        self.run_git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    }

    fn run_git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@example.com",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(arguments)
            .current_dir(&self.top)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The readers, and which files were read for them.
    fn load(&self) -> (Readers, Vec<String>) {
        let tree = WorkingTree::default();
        let head = Command::new("git")
            .args(["rev-parse", "-q", "--verify", "HEAD"])
            .current_dir(&self.top)
            .output()
            .unwrap();
        let head = head
            .status
            .success()
            .then(|| String::from_utf8(head.stdout).unwrap().trim().to_owned());
        let path = ("PATH".into(), std::env::var_os("PATH").unwrap());
        let crates = ["a", "b"].map(|name| (name.to_owned(), self.top.join(name)));
        let request = ReadersRequest {
            top: self.top.clone(),
            root: self.top.clone(),
            head,
            beyond_head: &self.beyond_head,
            files: &tree,
            git: self.git.clone(),
            environment: Environment::without_leaks([path, ("GIT_CONFIG_GLOBAL".into(), "/dev/null".into())], None),
            target_dirs: self.target_dirs.clone(),
            crates: crates.to_vec(),
            state_dir: self.state_dir.clone(),
        };
        let readers = load(&request);
        let mut read: Vec<_> = tree.0.into_inner().iter().map(|path| self.text(path)).collect();
        read.sort_unstable();
        (readers, read)
    }

    fn text(&self, path: &Path) -> String {
        path.strip_prefix(&self.top).unwrap_or(path).display().to_string()
    }

    /// Who reads a file.
    fn of(&self, file: &str) -> String {
        self.readers_of(&self.load().0, file)
    }

    fn readers_of(&self, readers: &Readers, file: &str) -> String {
        let path = self.top.join(file);
        let readings = readers
            .of(&path)
            .map(|reading| format!("{} {:?}", self.text(&reading.by), reading.how));
        readings.collect::<Vec<_>>().join(", ")
    }

    /// Loads with no git to start, and expects that no file is read.
    fn check_warm(&mut self, file: &str, expected: &str) {
        let git = self.git.replace("/nowhere/git".into());
        let (readers, read) = self.load();
        assert_eq!(read, Vec::<PathBuf>::new());
        assert_eq!(self.readers_of(&readers, file), expected);
        self.git = git;
    }
}

const OF_X: &str = "a/src/lib.rs Named";

#[test]
fn all_sources_are_read_once_and_then_none() {
    let mut sandbox = Sandbox::new();
    let (readers, read) = sandbox.load();
    assert_eq!(read, ["a/src/lib.rs", "b/src/lib.rs", "b/tests/it.rs"]);
    assert_eq!(sandbox.readers_of(&readers, "shared/x.txt"), OF_X);
    assert_eq!(sandbox.readers_of(&readers, "shared/y.txt"), "");
    assert_eq!(
        readers.programs(),
        [(sandbox.top.join("b/tests/it.rs"), "tool".to_owned())]
    );
    assert_eq!(readers.below(&sandbox.top.join("shared")).count(), 1);
    assert_eq!(readers.below(&sandbox.top.join("share")).count(), 0);
    sandbox.check_warm("shared/x.txt", OF_X);
    assert_eq!(readers, sandbox.load().0);
    let dir = sandbox.state_dir.clone().unwrap();
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    let names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["readers"]);
}

#[test]
fn without_a_place_to_remember_all_is_found_each_time() {
    let mut sandbox = Sandbox::new();
    sandbox.state_dir = None;
    assert_eq!(sandbox.of("shared/x.txt"), OF_X);
    assert_eq!(sandbox.of("shared/x.txt"), OF_X);
    sandbox.state_dir = Some(sandbox.top.join("Cargo.toml/no"));
    assert_eq!(sandbox.of("shared/x.txt"), OF_X);
}

#[test]
fn a_new_commit_is_read_where_it_differs() {
    let mut sandbox = Sandbox::new();
    let first = sandbox.run_git(&["rev-parse", "HEAD"]);
    sandbox.load();
    sandbox.write("b/src/lib.rs", "fn f() { include_str!(\"../../shared/y.txt\"); }");
    sandbox.write("a/src/lib.rs", "");
    fs::remove_file(sandbox.top.join("b/tests/it.rs")).unwrap();
    sandbox.commit();
    let (readers, read) = sandbox.load();
    assert_eq!(read, ["a/src/lib.rs", "b/src/lib.rs"]);
    assert_eq!(sandbox.readers_of(&readers, "shared/y.txt"), "b/src/lib.rs Named");
    assert_eq!(sandbox.readers_of(&readers, "shared/x.txt"), "");
    assert_eq!(readers.programs(), []);
    sandbox.check_warm("shared/y.txt", "b/src/lib.rs Named");
    sandbox.run_git(&["checkout", "-q", &first]);
    let (readers, read) = sandbox.load();
    assert_eq!(read, ["a/src/lib.rs", "b/src/lib.rs", "b/tests/it.rs"]);
    assert_eq!(sandbox.readers_of(&readers, "shared/x.txt"), OF_X);
    assert_eq!(sandbox.readers_of(&readers, "shared/y.txt"), "");
    // A commit that is not there any more says nothing about what differs.
    let known = sandbox.state_dir.clone().unwrap().join("readers");
    let mut facts = Facts::from_bytes(&fs::read(&known).unwrap()).unwrap();
    facts.commit = "0123456789012345678901234567890123456789".to_owned();
    facts.sources.clear();
    fs::write(&known, facts.to_bytes()).unwrap();
    assert_eq!(sandbox.of("shared/x.txt"), OF_X);
}

#[test]
fn a_new_package_gives_other_sources_another_meaning() {
    let sandbox = Sandbox::new();
    sandbox.write("b/src/lib.rs", "fn f() { include_str!(\"../inner/data.json\"); }");
    sandbox.write("b/inner/data.json", "");
    sandbox.commit();
    assert_eq!(sandbox.of("b/inner/data.json"), "");
    sandbox.write("b/inner/Cargo.toml", "");
    sandbox.commit();
    assert_eq!(sandbox.of("b/inner/data.json"), "b/src/lib.rs Named");
    sandbox.write("a/src/lib.rs", "fn f() { read(\"later/x.json\"); }");
    sandbox.commit();
    assert_eq!(sandbox.of("later/x.json"), "");
    sandbox.write("later/x.json", "");
    sandbox.commit();
    assert_eq!(sandbox.of("later/x.json"), "a/src/lib.rs Named");
}

#[test]
fn changed_files_are_read_and_not_remembered() {
    let mut sandbox = Sandbox::new();
    sandbox.load();
    sandbox.edit("a/src/lib.rs", "fn f() { include_str!(\"../../shared/y.txt\"); }");
    sandbox.edit("b/src/new.rs", "fn f() { include_str!(\"../../shared/y.txt\"); }");
    sandbox.edit("shared/x.txt", "changed");
    let gone = sandbox.top.join("b/tests/it.rs");
    fs::remove_file(&gone).unwrap();
    sandbox.beyond_head.insert(gone);
    let (readers, read) = sandbox.load();
    assert_eq!(read, ["a/src/lib.rs", "b/src/new.rs", "b/tests/it.rs"]);
    assert_eq!(
        sandbox.readers_of(&readers, "shared/y.txt"),
        "a/src/lib.rs Named, b/src/new.rs Named"
    );
    assert_eq!(sandbox.readers_of(&readers, "shared/x.txt"), "");
    assert_eq!(readers.programs(), []);
    sandbox.run_git(&["checkout", "-q", "--", "."]);
    sandbox.beyond_head.clear();
    sandbox.check_warm("shared/x.txt", OF_X);
}

#[test]
fn what_was_changed_at_first_is_read_once_it_is_not() {
    let mut sandbox = Sandbox::new();
    sandbox.edit("a/src/lib.rs", "");
    assert_eq!(sandbox.of("shared/x.txt"), "");
    sandbox.run_git(&["checkout", "-q", "--", "."]);
    sandbox.beyond_head.clear();
    let (readers, read) = sandbox.load();
    assert_eq!(read, ["a/src/lib.rs"]);
    assert_eq!(sandbox.readers_of(&readers, "shared/x.txt"), OF_X);
    sandbox.check_warm("shared/x.txt", OF_X);
    // The same with a commit that is only brought up to date.
    sandbox.write("a/src/lib.rs", "fn f() { include_str!(\"../../shared/y.txt\"); }");
    sandbox.commit();
    sandbox.edit("a/src/lib.rs", "");
    assert_eq!(sandbox.of("shared/y.txt"), "");
    sandbox.run_git(&["checkout", "-q", "--", "."]);
    sandbox.beyond_head.clear();
    assert_eq!(sandbox.of("shared/y.txt"), OF_X);
    sandbox.check_warm("shared/x.txt", "");
}

#[test]
fn links_give_files_other_names() {
    let mut sandbox = Sandbox::new();
    let link = |target: &str, link: &str| symlink(target, sandbox.top.join(link)).unwrap();
    link("../shared/x.txt", "b/README.md");
    link("../shared", "a/data");
    link("a", "alias");
    link("..", "b/up");
    link("/nowhere", "b/out");
    link("../alias", "b/other");
    sandbox.write("b/src/lib.rs", "#![doc = include_str!(\"../README.md\")]");
    sandbox.commit();
    // `a/data` is in `a`, which is `alias` and `b/other` too.
    let of_x = "a/data Link, a/src/lib.rs Named, alias Link, b/README.md Link, b/other Link, b/src/lib.rs Named";
    assert_eq!(sandbox.of("shared/x.txt"), of_x);
    sandbox.check_warm("shared/x.txt", of_x);
    assert_eq!(sandbox.of("a/src/lib.rs"), "alias Link, b/other Link");
    assert_eq!(sandbox.of("b/src/lib.rs"), "");
    // One that is not committed counts as well.
    symlink("../shared/y.txt", sandbox.top.join("b/new.txt")).unwrap();
    sandbox.beyond_head.insert(sandbox.top.join("b/new.txt"));
    assert!(sandbox.of("shared/y.txt").contains("b/new.txt Link"));
    sandbox.commit();
    sandbox.beyond_head.clear();
    assert!(sandbox.of("shared/y.txt").contains("b/new.txt Link"));
}

#[test]
fn damaged_and_foreign_files_are_no_memory() {
    let sandbox = Sandbox::new();
    sandbox.load();
    let known = sandbox.state_dir.clone().unwrap().join("readers");
    let whole = fs::read(&known).unwrap();
    let mut turned = whole.clone();
    *turned.last_mut().unwrap() ^= 1;
    for content in [&whole[..whole.len() / 2], &turned, b"", b"something else"] {
        fs::write(&known, content).unwrap();
        let (readers, read) = sandbox.load();
        assert_eq!(read.len(), 3);
        assert_eq!(sandbox.readers_of(&readers, "shared/x.txt"), OF_X);
        assert_eq!(fs::read(&known).unwrap(), whole);
    }
}

#[test]
fn without_git_or_a_commit_the_working_tree_is_looked_at() {
    let mut sandbox = Sandbox::new();
    for git in [Some("/nowhere/git".into()), None] {
        sandbox.git = git;
        let readers = sandbox.load().0;
        assert_eq!(sandbox.readers_of(&readers, "shared/x.txt"), OF_X);
    }
}

#[test]
fn strange_names_survive() {
    let sandbox = Sandbox::new();
    let strange = OsStr::from_bytes(b"b/src/\xff \n\".rs");
    fs::write(
        sandbox.top.join(strange),
        "fn f() { include_str!(\"../../shared/y.txt\"); }",
    )
    .unwrap();
    sandbox.commit();
    let readers = sandbox.load().0;
    let of_y: Vec<_> = readers.of(&sandbox.top.join("shared/y.txt")).collect();
    assert_eq!(
        of_y,
        [&Reading {
            by: sandbox.top.join(strange),
            how: How::Named
        }]
    );
    assert_eq!(sandbox.load().0, readers);
}

/// Records of a real build, and nothing else: the repository has no commit.
#[test]
fn the_records_of_cargo_name_readers() {
    let mut sandbox = Sandbox::empty();
    let name = "concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/..\", \"/sha\", \"red/two words.txt\")";
    sandbox.write("Cargo.toml", "[workspace]\nmembers = ['a', 'b']\nresolver = '3'\n");
    for name in ["a", "b"] {
        let manifest = format!("[package]\nname = '{name}'\nversion = '0.1.0'\nedition = '2024'\n");
        sandbox.write(&format!("{name}/Cargo.toml"), &manifest);
    }
    sandbox.write("b/src/lib.rs", "");
    sandbox.write(
        "b/build.rs",
        "fn main() { if std::env::args().count() > 9 { println!(\"cargo:rerun-if-changed=x\"); } }\n",
    );
    sandbox.write("a/src/lib.rs", &format!("pub const X: &str = include_str!({name});\n"));
    sandbox.write("a/tests/it.rs", "#[path = \"../../shared/m.rs\"] mod m;\n");
    sandbox.write(
        "a/build.rs",
        "fn main() { println!(\"cargo:rerun-if-changed=../shared/in.txt\"); }\n",
    );
    for file in ["two words.txt", "m.rs", "in.txt"] {
        sandbox.write(&format!("shared/{file}"), "");
    }
    let build = |sandbox: &Sandbox| {
        let built = Command::new(env!("CARGO"))
            .args(["check", "--offline", "--quiet", "--all-targets"])
            .current_dir(&sandbox.top)
            .env_remove("RUSTFLAGS")
            .env("CARGO_TARGET_DIR", sandbox.top.join("target"))
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    };
    build(&sandbox);
    let target_dirs = vec![sandbox.top.join("target")];
    let check = |sandbox: &Sandbox, file: &str, expected: &str| {
        let recorded = || {
            let readers = sandbox.of(file);
            let recorded = readers.split(", ").filter(|reader| !reader.ends_with(" Named"));
            recorded.collect::<Vec<_>>().join(", ")
        };
        // What is remembered of the records is the same as what they say.
        assert_eq!(recorded(), expected);
        assert_eq!(recorded(), expected);
    };
    check(&sandbox, "shared/in.txt", "");
    sandbox.target_dirs = target_dirs;
    check(&sandbox, "shared/two words.txt", "a/src/lib.rs DepInfo");
    check(&sandbox, "shared/m.rs", "a/tests/it.rs DepInfo");
    check(&sandbox, "shared/in.txt", "a/build.rs BuildScript");
    let tells = |sandbox: &Sandbox, script: &str, package: &str| {
        let at = |path: &str| sandbox.top.join(path);
        sandbox.load().0.tells_what_it_reads(&at(script), &at(package))
    };
    assert!(tells(&sandbox, "a/build.rs", "a"));
    assert!(tells(&sandbox, "a/build.rs", "elsewhere"));
    assert!(!tells(&sandbox, "a/other.rs", "elsewhere"));
    // What it told when it ran counts for more than its text: others may have told for it, or it has not come to that.
    assert!(tells(&sandbox, "a/other.rs", "a"));
    assert!(!tells(&sandbox, "b/build.rs", "b"));
    sandbox.target_dirs.clear();
    assert!(tells(&sandbox, "b/build.rs", "b"));
    sandbox.target_dirs = vec![sandbox.top.join("target")];
    check(&sandbox, "a/src/lib.rs", "");
    // A later build is noticed.
    sandbox.write("a/tests/it.rs", "#[path = \"../../shared/later.rs\"] mod m;\n");
    sandbox.write("shared/later.rs", "");
    build(&sandbox);
    check(&sandbox, "shared/later.rs", "a/tests/it.rs DepInfo");
    // Damaged records are passed over.
    let deps = sandbox.top.join("target/debug/deps");
    for entry in fs::read_dir(&deps).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "d") {
            fs::write(path, b"\xff\0: \\").unwrap();
        }
    }
    fs::create_dir(deps.join("a-directory.d")).unwrap();
    check(&sandbox, "shared/later.rs", "");
}
