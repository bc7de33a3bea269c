//! The library as an xtask uses it: the snippet in `templates/xtask`, in a workspace of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// A workspace with the snippet as its xtask, and one crate.
fn workspace(dir: &Path) {
    let write = |path: &str, text: &str| {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let template = |path: &str| fs::read_to_string(Path::new(REPOSITORY).join("templates/xtask").join(path)).unwrap();
    write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"app\", \"xtask\"]\nresolver = \"3\"\n\n[workspace.metadata.hooks.checks]\nfmt = true\n\
         words = { run = \"sed s/bad/good/\", filter = true, files = [\"*.txt\"] }\n",
    );
    write(
        "app/Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    write("app/src/lib.rs", "//! A crate.\n");
    write(
        ".cargo/config.toml",
        "[alias]\nxtask = \"run --quiet --package xtask --\"\n",
    );
    let manifest = template("Cargo.toml");
    let here = manifest.replace("version = \"0.1\"", &format!("path = {REPOSITORY:?}"));
    assert_ne!(
        manifest, here,
        "the snippet no longer names the version that this test replaces"
    );
    write("xtask/Cargo.toml", &here);
    write("xtask/src/main.rs", &template("main.rs"));
    // The versions that this repository was built with are on the machine; nothing else may be.
    fs::copy(Path::new(REPOSITORY).join("Cargo.lock"), dir.join("Cargo.lock")).unwrap();
}

fn xtask(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .args(["xtask", "hooks"])
        .args(arguments)
        .current_dir(dir)
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_HOOKS_DIR", dir.join("state"))
        // Built once for all runs of this test.
        .env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/xtask"))
        .output()
        .unwrap()
}

#[test]
fn an_xtask_of_the_snippet_runs_checks_and_ends_as_they_do() {
    let dir = tempfile::tempdir().unwrap();
    workspace(dir.path());

    let passes = xtask(dir.path(), &["fmt"]);
    let (stdout, stderr) = (
        String::from_utf8_lossy(&passes.stdout),
        String::from_utf8_lossy(&passes.stderr),
    );
    assert_eq!(passes.status.code(), Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("1 task: 1 passed"), "{stdout}");
    let remembered = fs::read_dir(dir.path().join("state")).unwrap().next().unwrap().unwrap();
    let runs = fs::read_dir(remembered.path().join("v1/history")).unwrap();
    assert_eq!(runs.count(), 1, "what ran is remembered");

    fs::write(dir.path().join("app/src/lib.rs"), "//! A crate.\npub  fn f() {}\n").unwrap();
    let fails = xtask(dir.path(), &["fmt"]);
    let stdout = String::from_utf8_lossy(&fails.stdout);
    assert_eq!(fails.status.code(), Some(1), "{stdout}");
    assert!(stdout.contains("app/src/lib.rs:2  not formatted"), "{stdout}");

    // The program that uses the library runs filters itself.
    for (content, code, said) in [
        ("good\n", 0, "1 task: 1 passed"),
        ("a\nbad\n", 1, "a.txt:2  not formatted"),
    ] {
        fs::write(dir.path().join("a.txt"), content).unwrap();
        let words = xtask(dir.path(), &["words"]);
        let stdout = String::from_utf8_lossy(&words.stdout);
        assert_eq!(words.status.code(), Some(code), "{stdout}");
        assert!(stdout.contains(said), "{stdout}");
    }

    fs::write(dir.path().join(".gitignore"), "/target\n").unwrap();
    for arguments in [
        "init --quiet",
        "add --all",
        "-c user.name=x -c user.email=x@example.com commit --quiet --message x",
    ] {
        let mut git = Command::new("git");
        git.args(arguments.split(' ')).current_dir(dir.path());
        let git = git
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        assert!(git.status().unwrap().success(), "git {arguments}");
    }
    let unchanged = xtask(dir.path(), &["--changed", "fmt"]);
    let stdout = String::from_utf8_lossy(&unchanged.stdout);
    assert_eq!(unchanged.status.code(), Some(0), "{stdout}");
    assert!(stdout.contains("nothing to do"), "{stdout}");
    fs::write(dir.path().join("app/src/lib.rs"), "//! A crate.\npub  fn g() {}\n").unwrap();
    let changed = xtask(dir.path(), &["--changed", "fmt"]);
    let stdout = String::from_utf8_lossy(&changed.stdout);
    assert_eq!(changed.status.code(), Some(1), "{stdout}");
    assert!(stdout.contains("app/src/lib.rs:2  not formatted"), "{stdout}");

    let unknown = xtask(dir.path(), &["fmtt"]);
    let stderr = String::from_utf8_lossy(&unknown.stderr);
    assert_eq!(unknown.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("did you mean `fmt`?"), "{stderr}");
}

#[test]
fn the_page_about_xtasks_shows_the_snippet() {
    let read = |path: &str| fs::read_to_string(Path::new(REPOSITORY).join(path)).unwrap();
    let snippet = read("templates/xtask/main.rs");
    let code = snippet.split_once("\n\n").map(|(_, code)| code).unwrap();
    assert!(
        read("docs/xtask.md").contains(code),
        "docs/xtask.md shows another program than templates/xtask/main.rs"
    );
}
