//! Reports of a run in files, for CI systems.

use std::fs;

use roxmltree::{Document, Node};
use rustix::process::Signal;

use crate::sandbox::{Sandbox, eventually};

/// Checks that end in every way that takes no time, and one whose output is hostile.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("good", "exit 0");
    sandbox.tool(
        "bad",
        r#"printf 'src/lib.rs:3:7: error: no good ]]> \033[31m\377\001 %s\n' "$DEPLOY_TOKEN"; exit 7"#,
    );
    sandbox.tool(
        "flaky",
        r#"test -e "$SANDBOX/tried" || { touch "$SANDBOX/tried"; exit 1; }"#,
    );
    sandbox.hooks(
        r#"
checks.good = "good {packages}"
checks.bad = "bad"
checks.flaky = { run = "flaky", retries = 1 }
checks.blocked = { run = "good", depends-on = ["bad"] }
checks.may = { run = "bad", allow-failure = true }
checks.absent = { run = "./absent", timeout = "10s" }
"#,
    );
    sandbox
}

/// A line for each case: its class, its name, and what stands in it.
fn outline(report: &str) -> Vec<String> {
    let document = Document::parse(report).unwrap();
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    cases
        .map(|case| {
            let said = case.children().filter(Node::is_element);
            let said: Vec<_> = said.map(|node| node.tag_name().name()).collect();
            let name = ["classname", "name"].map(|name| case.attribute(name).unwrap());
            format!("{}: {}", name.join(" "), said.join(" "))
        })
        .collect()
}

#[test]
fn junit_tells_how_everything_ended() {
    let sandbox = sandbox();
    let run = |arguments| sandbox.command(arguments).env("DEPLOY_TOKEN", "hunter22").output();
    run("check -q --junit reports/junit.xml").ends(1);
    let report = sandbox.read("reports/junit.xml");
    let expected = [
        "good alpha: ",
        "bad bad: failure",
        "flaky flaky: flakyFailure",
        "blocked blocked: skipped",
        "may may: skipped",
        "absent absent: error",
    ];
    assert_eq!(outline(&report), expected);
    let document = Document::parse(&report).unwrap();
    let failure = document
        .descendants()
        .find(|node| node.has_tag_name("failure"))
        .unwrap();
    let text = failure.text().unwrap();
    assert!(text.starts_with("src/lib.rs:3:7: error: no good ]]> "), "{text}");
    assert!(text.contains("[hidden]") && !report.contains("hunter22"), "{text}");
    let shown = run("show --as junit").exits(0).stdout;
    assert_eq!(outline(&shown), expected);
    run("check -q --junit reports/junit.xml good").ends(0);
    let report = sandbox.read("reports/junit.xml");
    assert_eq!(outline(&report), ["good alpha: system-out"]);
    assert!(report.contains(r#"<property name="cached" value="good"/>"#), "{report}");
}

#[test]
fn a_report_that_cannot_be_written_is_an_error() {
    let sandbox = sandbox();
    sandbox.write("file", "");
    for arguments in ["check good --junit file/junit.xml", "check good --junit ."] {
        let out = sandbox.run(arguments).exits(3);
        assert!(out.stderr.contains("cannot be written"), "{}", out.stderr);
        assert_eq!(out.stdout, "", "nothing runs where its report would be lost");
    }
    sandbox.tool("removes", r#"rm -r "$SANDBOX/ws/reports""#);
    sandbox.append("Cargo.toml", "checks.removes = \"removes\"\n");
    let out = sandbox.run("check removes --junit reports/junit.xml").exits(3);
    assert!(out.stdout.contains("1 passed"), "{}", out.stdout);
    assert!(
        out.stderr.contains("`reports/junit.xml` cannot be written"),
        "{}",
        out.stderr
    );
    for arguments in ["check --dry-run --junit junit.xml", "plan --junit junit.xml"] {
        sandbox.run(arguments).ends(2);
    }
}

#[test]
fn an_interrupted_run_has_its_report() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("slow", "note began; sleep 60");
    sandbox.hooks("checks.slow = \"slow\"");
    let running = sandbox.command("check --junit junit.xml").own_group().start();
    eventually("the check runs", || !sandbox.log().is_empty());
    running.signal(Signal::INT);
    running.wait().ends(130);
    let report = sandbox.read("junit.xml");
    assert_eq!(outline(&report), ["slow slow: skipped", "cargo-hooks run: error"]);
    let left = fs::read_dir(sandbox.ws()).unwrap().flatten();
    let left: Vec<_> = left
        .filter(|entry| entry.file_name().to_string_lossy().starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn github_has_annotations_and_a_summary_of_the_job() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool(
        "bad",
        r#"echo "src/lib.rs:3:7: no good $DEPLOY_TOKEN"; echo "::warning::injected"; exit 7"#,
    );
    sandbox.hooks("checks.bad = \"bad\"");
    sandbox.write("../summary.md", "before\n");
    let run = |summary: &str| {
        let run = sandbox
            .command("check --message-format github")
            .env("DEPLOY_TOKEN", "hunter22");
        let run = run.env("GITHUB_WORKSPACE", sandbox.root());
        run.env("GITHUB_STEP_SUMMARY", sandbox.root().join(summary)).output()
    };
    let log = run("summary.md").exits(1).stdout;
    assert!(
        log.contains("\n::group::bad: 1 error\n::stop-commands::cargo-hooks-0\n--- bad ---\n"),
        "{log}"
    );
    assert!(
        log.contains("    ::warning::injected\n\n::cargo-hooks-0::\n::endgroup::\n"),
        "{log}"
    );
    assert!(
        log.contains("\n::error file=ws/src/lib.rs,line=3,col=7,title=bad::no good "),
        "{log}"
    );
    let summary = sandbox.read("../summary.md");
    assert!(summary.starts_with("before\n### ❌ cargo hooks: failed\n"), "{summary}");
    assert!(
        summary.contains("no good [hidden]") && !summary.contains("hunter22"),
        "{summary}"
    );
    let out = run("absent/summary.md").exits(3);
    assert!(out.stderr.contains("summary.md` cannot be written"), "{}", out.stderr);
}

#[test]
fn sarif_has_what_was_found() {
    let sandbox = sandbox();
    let run = sandbox
        .command("check --sarif found.sarif")
        .env("DEPLOY_TOKEN", "hunter22");
    run.env("GITHUB_WORKSPACE", sandbox.root()).output().ends(1);
    let text = sandbox.read("found.sarif");
    assert!(!text.contains("hunter22"), "{text}");
    let log: serde_json::Value = serde_json::from_str(&text).unwrap();
    let runs = log["runs"].as_array().unwrap();
    let names = runs.iter().map(|run| run["tool"]["driver"]["name"].as_str().unwrap());
    let names: Vec<_> = names.map(|name| name.trim_start_matches("cargo hooks: ")).collect();
    assert_eq!(
        names,
        ["good", "bad", "flaky", "may", "absent"],
        "what was blocked is not told"
    );
    let found = &runs[1]["results"][0];
    let place = &found["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "ws/src/lib.rs");
    assert_eq!(
        (&place["region"]["startLine"], &place["region"]["startColumn"]),
        (&3.into(), &7.into())
    );
    assert!(
        found["message"]["text"].as_str().unwrap().starts_with("no good ]]>"),
        "{found}"
    );
    let shown = sandbox.run("show --as sarif").exits(0).stdout;
    assert!(shown.contains(r#""uri": "src/lib.rs""#), "{shown}");
}
