//! A disk that is full, read-only or failing, under each place that a run writes to: the verdicts are the same, and the user
//! hears of it at most once.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::sandbox::{Output, Sandbox};

/// The program that makes a place where something can be mounted. Where that is not allowed, the test says so and is none.
pub(crate) fn unshare(dir: &Path) -> Option<&'static str> {
    let found = ["/usr/bin/unshare", "/bin/unshare"]
        .into_iter()
        .find(|path| fs::exists(path).unwrap());
    let may = |program: &&str| {
        let mut command = Command::new(program);
        command.args(["-Urm", "mount", "-t", "tmpfs", "none"]).arg(dir);
        command
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let found = found.filter(may);
    if found.is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: nothing can be mounted here (`unshare -Urm` does not work)"
        );
    }
    found
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .git()
        .tool("good", "case $(cat alpha/src/lib.rs) in *BROKEN*) exit 1 ;; esac; seq=0; while [ $seq -lt 300 ]; do seq=$((seq + 1)); echo line $seq; done")
        .tool("bad", "exit 7")
        .hooks("checks.good = \"good\"\nchecks.bad = \"bad\"");
    for git in [
        "add --all",
        "-c user.name=x -c user.email=x@example.com commit --quiet --message all",
    ] {
        let _ = sandbox.program("git").args(git).output().exits(0);
    }
    // All of it differs from what is committed.
    sandbox
        .append("alpha/src/lib.rs", "// more\n")
        .append("Cargo.toml", "# more\n");
    sandbox
}

/// Runs the program twice where a script has mounted something.
fn twice(sandbox: &Sandbox, unshare: &str, mount: &str, options: &str) -> Output {
    let script = format!(
        "PATH=$PATH:/usr/bin:/bin; set -e; {mount}; set +e; \
         \"$0\" check --serial --message-format json {options}; first=$?; \
         \"$0\" check --serial --message-format json {options}; [ $first.$? = 1.1 ]"
    );
    let run = sandbox.program(unshare).args("-Urm sh -c").arg(script);
    run.arg(env!("CARGO_BIN_EXE_cargo-hooks")).output()
}

/// The contents of all files of the workspace.
fn bytes(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            all.extend(bytes(&path));
        } else {
            all.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

#[track_caller]
fn is_right(out: &Output, context: &str) {
    let out = Output {
        code: out.code,
        stdout: out.stdout.clone(),
        stderr: out.stderr.clone(),
    };
    let out = out.exits(0);
    let expected = ["good: passed", "bad: failed", "good: passed", "bad: failed"];
    assert_eq!(out.outcomes(), expected, "{context}: {out}");
    assert!(
        out.stderr.matches(" WARN ").count() <= 2 && !out.stderr.contains("panicked"),
        "{context}: {out}"
    );
}

fn full_disk(pages: impl Iterator<Item = usize>) {
    let sandbox = sandbox();
    let state = sandbox.root().join("state");
    fs::create_dir(&state).unwrap();
    let Some(unshare) = unshare(&state) else { return };
    let before = bytes(&sandbox.ws());
    let (mut refused, mut kept) = (0, 0);
    for pages in pages {
        let mount = format!(
            "mount -t tmpfs -o size={},mode=700 none \"$SANDBOX/state\"; export CARGO_HOOKS_DIR=\"$SANDBOX/state\"",
            pages * 4096
        );
        let out = twice(&sandbox, unshare, &mount, "");
        is_right(&out, &format!("{pages} pages"));
        refused += usize::from(!out.stderr.is_empty());
        kept += usize::from(out.stdout.contains("\"cached\":\"whole\""));
    }
    assert_eq!(bytes(&sandbox.ws()), before);
    assert!(
        refused > 0 && kept > 0,
        "{refused} were refused, {kept} kept: this test tests nothing"
    );
}

#[test]
fn on_a_disk_of_few_pages_the_verdicts_are_the_same() {
    full_disk([1, 2, 3, 5, 8, 13, 64].into_iter());
}

#[test]
#[ignore = "takes minutes; for the night"]
fn on_a_disk_of_so_many_pages_the_verdicts_are_the_same() {
    full_disk(1..=64);
}

/// What is read-only or full, one place at a time.
#[test]
fn wherever_nothing_can_be_written_the_verdicts_are_the_same() {
    let sandbox = sandbox();
    let place = sandbox.root().join("place");
    fs::create_dir(&place).unwrap();
    let Some(unshare) = unshare(&place) else { return };
    let read_only = |dir: &str| format!("mount --bind \"{dir}\" \"{dir}\"; mount -o remount,bind,ro \"{dir}\"");
    let full = "mount -t tmpfs -o size=4k none \"$SANDBOX/place\"; cat /dev/zero >\"$SANDBOX/place/filler\" 2>/dev/null || true";
    let before = bytes(&sandbox.ws());
    for (mount, warns) in [
        (read_only("$SANDBOX/home"), true),
        (read_only("$SANDBOX/ws"), false),
        (read_only("$SANDBOX/ws/.git"), false),
        (format!("{full}; export TMPDIR=\"$SANDBOX/place\""), false),
        (format!("{full}; export CARGO_HOOKS_DIR=\"$SANDBOX/place\""), true),
        ("ulimit -f 0; trap '' XFSZ".to_owned(), true),
    ] {
        for options in ["", "--changed-only"] {
            let out = twice(&sandbox, unshare, &mount, options);
            is_right(&out, &format!("{mount} {options}"));
            let expected = if warns { 2 } else { 0 };
            assert_eq!(
                out.stderr.matches("cannot be remembered").count(),
                expected,
                "{mount}: {out}"
            );
            let _ = fs::remove_dir_all(sandbox.root().join("home/.cache"));
        }
    }
    let kept = bytes(&sandbox.ws());
    let is_same = before
        .iter()
        .all(|(path, bytes)| path.ends_with("index") || kept.contains(&(path.clone(), bytes.clone())));
    assert!(is_same, "a file of the user has changed");
}
