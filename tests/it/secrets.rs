//! No value of a secret variable reaches anything that is written of a run, wherever that is and whoever reads it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::{Output, Sandbox};

const SECRET: &str = r#"hunter22 \"&<"#;

/// A check that writes a variable in every way that comes to mind, at length, and fails; and one that passes.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    let says = r#"
printf 'alpha/src/lib.rs:3:7: error: no good: %s\n' "$DEPLOY_TOKEN"
printf 'in colour: %s' "${DEPLOY_TOKEN%2*}"; printf '\033[31m%s\033[0m\n' "${DEPLOY_TOKEN#hunter2}"
printf 'in halves: %s' "${DEPLOY_TOKEN%2*}"; printf '%s\n' "${DEPLOY_TOKEN#hunter2}"
printf 'error: no place: %s\n' "$DEPLOY_TOKEN" >&2
export -p
"#;
    let at_length = r#"line=0; while [ $line -lt 500 ]; do line=$((line + 1)); echo "$line $DEPLOY_TOKEN"; done"#;
    sandbox.tool("bad", &format!("{says}{at_length}; exit 7"));
    sandbox.tool("good", &format!("{says}exit 0"));
    sandbox.hooks(
        r#"
checks.good = "good {packages}"
checks.bad = { run = "bad", retries = 1, backoff = "1ms" }
checks.given = { run = "sh -c 'echo $API_KEY'", set-env = { API_KEY = "given22" } }
"#,
    );
    sandbox
}

/// Every file below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

fn assert_told_nowhere(text: &str, what: &str) {
    let at = text.find("hunter2");
    assert!(at.is_none(), "{what}: {}", &text[at.unwrap_or(0).saturating_sub(200)..]);
}

#[test]
fn no_form_of_telling_a_run_tells_it() {
    let sandbox = sandbox();
    let run = |arguments: &str| -> Output {
        let command = sandbox.command(arguments);
        let out = command
            .env("DEPLOY_TOKEN", SECRET)
            .env("CARGO_HOOKS_LOG", "trace")
            .output();
        assert_told_nowhere(&format!("{}{}", out.stdout, out.stderr), arguments);
        // What a check is given by the configuration is told where that is, and not where it runs.
        assert!(!out.stdout.contains("given22"), "{out}");
        out
    };
    let out = run("check --junit out/junit.xml --sarif out/run.sarif --timings=html,json").exits(1);
    assert!(out.stdout.contains("no good: [hidden]"), "{out}");
    assert!(out.stdout.contains("in halves: [hidden]"), "{out}");
    let out = run("check good given -v").exits(0);
    assert!(
        out.stdout.contains("cached") && out.stdout.contains("no good: [hidden]"),
        "{out}"
    );
    run("check --color always --message-format human").ends(1);
    run("check --message-format json").ends(1);
    run("check --message-format github").ends(1);
    for form in ["human", "json", "junit", "sarif", "timings", "trace"] {
        run(&format!("show --as {form}")).ends(0);
    }
    for arguments in ["why good", "history", "stats", "doctor"] {
        run(arguments).ends(0);
    }
    // What is left behind: reports, the record, what is kept of the pass, the file with the long output.
    let left: Vec<PathBuf> = [sandbox.ws(), sandbox.root().join("home/.cache")]
        .into_iter()
        .flat_map(|dir| files(&dir))
        .collect();
    for kind in ["junit.xml", "run.sarif", ".html", ".log", "events"] {
        assert!(
            left.iter().any(|path| path.to_string_lossy().ends_with(kind)),
            "{kind}: {left:?}"
        );
    }
    for path in left.iter().filter(|path| !path.ends_with("ws/Cargo.toml")) {
        let content = fs::read(path).unwrap();
        assert_told_nowhere(&String::from_utf8_lossy(&content), &path.to_string_lossy());
    }
}

/// Whatever a password happens to be: what a tool says is understood as it was said.
#[test]
fn no_value_changes_a_verdict() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.check = { preset = \"check\", deny-warnings = true }");
    sandbox.write("alpha/src/lib.rs", "fn unused() {}\n");
    for value in ["warning", "reason", "compiler-message", "unused_variables", "nothing"] {
        let out = sandbox
            .command("check --no-cache")
            .env("DB_PASSWORD", value)
            .output()
            .exits(1);
        assert!(out.stdout.contains("src/lib.rs:1:4"), "{out}");
    }
}

#[test]
fn what_was_told_before_it_was_secret_is_not_told_again() {
    let sandbox = sandbox();
    sandbox.tool("loud", "echo hunter22; exit 1");
    sandbox.append("Cargo.toml", "checks.loud = \"loud\"\n");
    assert!(sandbox.run("check loud").exits(1).stdout.contains("hunter22"));
    assert!(sandbox.run("show").exits(0).stdout.contains("hunter22"));
    let out = sandbox.command("show").env("LATER_TOKEN", "hunter22").output().exits(0);
    assert!(
        out.stdout.contains("[hidden]") && !out.stdout.contains("hunter22"),
        "{out}"
    );
}
