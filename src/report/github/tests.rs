use proptest::prelude::*;

use super::super::fixtures::*;
use super::*;
use crate::event::{Cached, Outcome, TaskFinished, TaskHead};
use crate::model::{Finding, Place, Severity};
use crate::report::Verbosity;
use crate::tool_output::Colour;

fn places() -> Places {
    Places {
        workspace: "/repo/rust".into(),
        checkout: Some("/repo".into()),
    }
}

fn told(mut reporter: impl Reporter, events: &[Event]) -> String {
    let mut out = Vec::new();
    for event in events {
        reporter.on_event(event, &mut out).unwrap();
    }
    reporter.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn log(events: &[Event]) -> String {
    let options = HumanOptions {
        colour: Colour::Strip,
        width: usize::MAX,
        verbosity: Verbosity::Normal,
    };
    told(GithubReporter::new(options, places()), events)
}

/// A run in which clippy fails, an audit may, and a test passes at last.
fn events() -> Vec<Event> {
    let clippy = TaskFinished {
        findings: vec![
            Finding {
                code: Some("clippy::needless_return".to_owned()),
                place: Some(Place {
                    file: "a/src/lib.rs".into(),
                    line: Some(3),
                    column: Some(5),
                }),
                ..finding(Severity::Error, "a", "", 0, "unneeded `return`, 100% sure")
            },
            finding(Severity::Warning, "b", "b/src/lib.rs", 9, "unused"),
        ],
        output: wrote("error: unneeded `return`\n::error::injected\n"),
        ..task(head(0, "clippy", ""), exit(101, Some("1 error, 1 warning")), 1203)
    };
    let audit = TaskHead {
        may_fail: true,
        ..head(1, "audit", "")
    };
    let flaky = TaskFinished {
        attempts: 2,
        ..task(head(2, "test", "crate-a"), Outcome::Passed, 400)
    };
    let cached = TaskFinished {
        cached: Cached::Whole,
        ..task(head(3, "fmt", ""), Outcome::Passed, 0)
    };
    let stats = RunStats {
        passed: 2,
        cached: 1,
        flaky: 1,
        failed: 1,
        tolerated: 1,
        ..RunStats::default()
    };
    vec![
        started(&["clippy", "audit", "test", "fmt"], &[("machete", "it | is <absent>")]),
        finished(1300, clippy),
        finished(1400, task(audit, exit(1, None), 5)),
        finished(1500, flaky),
        finished(1600, cached),
        ended(1700, stats),
    ]
}

#[test]
fn a_log_has_groups_and_annotations() {
    insta::assert_snapshot!(log(&events()), @r#"
        Checking 3 crates: 4 checks, 4 tasks in 2 waves on 2 slots
         SKIPPED machete: it | is <absent>
            FAIL [   1.203s] clippy: 1 error, 1 warning in a and b
                 a  a/src/lib.rs:3:5  unneeded `return`, 100% sure [clippy::needless_return]
                 b  b/src/lib.rs:9    warning: unused
           FAIL* [   0.005s] audit: exit code 1 (may fail)
           FLAKY [   0.400s] test crate-a (passed on try 2)
          CACHED [         ] fmt
    ::group::clippy: 1 error, 1 warning in a and b
    ::stop-commands::cargo-hooks-0
    --- clippy ---
        error: unneeded `return`
        ::error::injected

    ::cargo-hooks-0::
    ::endgroup::
    ::group::audit: exit code 1
    --- audit ---
        it wrote nothing

    ::endgroup::
    ::error file=rust/a/src/lib.rs,line=3,col=5,title=clippy%3A clippy%3A%3Aneedless_return::unneeded `return`, 100%25 sure
    ::warning title=audit::exit code 1
    ::warning title=test crate-a::passed on try 2
    ::warning file=rust/b/src/lib.rs,line=9,title=clippy::unused
    ------------
         Summary [   1.700s] 4 tasks: 2 passed, 1 of them cached, 1 of them flaky, 1 failed, 1 failed (may fail), 1 skipped
            FAIL [   1.203s] clippy: 1 error, 1 warning in a and b
                 rerun: cargo hooks check clippy
                 fix:   cargo hooks check clippy --fix
           FAIL* [   0.005s] audit: exit code 1 (may fail)
                 rerun: cargo hooks check audit
           FLAKY [   0.400s] test crate-a (passed on try 2)
                 rerun: cargo hooks check test
    "#);
}

#[test]
fn a_summary_has_what_failed_first() {
    insta::assert_snapshot!(told(GithubSummary::new(1 << 20), &events()), @r#"
    ### ❌ cargo hooks: failed

    4 tasks: 1 failed, 1 failed and may, 2 passed, 1 of them cached, 1 of them flaky, in 1.700s

    | | task | time | |
    |---|---|---|---|
    | ❌ | clippy | 1.203s | 1 error\, 1 warning in a and b |
    | ⚠️ | audit | 0.005s | exit code 1 \(may fail\) |
    | ⚠️ | test crate\-a | 0.400s | passed on try 2 |
    | ✅ | fmt |  | cached |

    - machete was left out: it \| is \<absent\>

    <details><summary>clippy</summary>

    ```text
        a  a/src/lib.rs:3:5  unneeded `return`, 100% sure [clippy::needless_return]
        b  b/src/lib.rs:9    warning: unused

        error: unneeded `return`
        ::error::injected
    ```

    ```text
    cargo hooks check clippy
    ```

    </details>

    <details><summary>audit</summary>

    ```text
    cargo hooks check audit
    ```

    </details>
    "#);
}

#[test]
fn of_many_findings_the_first_of_every_task_are_annotated() {
    let many = |id, check: &str| {
        let findings = (1..=30).map(|line| finding(Severity::Error, "", &format!("{check}.rs"), line, "no"));
        let findings = findings.collect();
        let failed = task(head(id, check, ""), exit(1, None), 5);
        finished(5, TaskFinished { findings, ..failed })
    };
    let log = log(&[many(0, "a"), many(1, "b"), many(2, "a"), ended(9, RunStats::default())]);
    let annotated: Vec<&str> = log.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(annotated.len(), 10, "{log}");
    assert_eq!(annotated[0], "::error file=rust/a.rs,line=1,title=a::no");
    assert_eq!(annotated[1], "::error file=rust/b.rs,line=1,title=b::no");
    assert_eq!(annotated[2], "::error file=rust/a.rs,line=2,title=a::no");
    assert!(
        log.contains("… and 60 more errors, of which GitHub shows no annotation"),
        "{log}"
    );
}

#[test]
fn a_summary_keeps_to_its_room() {
    let mut events: Vec<Event> = (0..150)
        .map(|id| {
            let failed = TaskFinished {
                output: wrote(&format!("x ``` {}\n", "y".repeat(100)).repeat(300)),
                ..task(head(id, &format!("check-{id}"), ""), exit(1, None), 5)
            };
            finished(5, failed)
        })
        .collect();
    events.push(ended(9, RunStats::default()));
    for room in [0, 10, 100, 5000, 1 << 20] {
        let text = told(GithubSummary::new(room), &events);
        assert!(text.len() <= room, "{} in {room}", text.len());
        assert_eq!(room > 99, text.contains("no room"), "{room}");
    }
}

/// Whether the runner would take a line for a command, without those that are turned off.
fn commands(log: &str) -> Vec<&str> {
    let mut off: Option<String> = None;
    let mut found = Vec::new();
    for line in log.lines() {
        let line = line.trim_start();
        let Some((head, said)) = line.strip_prefix("::").and_then(|rest| rest.split_once("::")) else {
            continue;
        };
        match &off {
            Some(token) if head.eq_ignore_ascii_case(token) => off = None,
            Some(_) => {}
            None if head == "stop-commands" => off = Some(said.to_owned()),
            None => found.push(head.split(' ').next().unwrap()),
        }
    }
    assert_eq!(off, None, "commands stay off");
    found
}

#[test]
fn what_tools_write_is_no_command() {
    let said = commands(&log(&events())).join(" ");
    assert_eq!(said, "group endgroup group endgroup error warning warning warning");
}

proptest! {
    /// No text from elsewhere becomes a command.
    #[test]
    fn no_command_is_anybodys_but_ours(events in any_events()) {
        for command in commands(&log(&events)) {
            prop_assert!(["group", "endgroup", "error", "warning"].contains(&command), "{}", command);
        }
    }
}
