//! How runs are drawn: `--timings`, and `show --as timings` or `trace`.

use std::fs;

use serde_json::Value as Json;

use crate::sandbox::Sandbox;

/// Two checks that need the same lock, one that fails, and one that waits for it.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.noting(&["one", "two"]);
    sandbox.tool("bad", "echo \"$MY_TOKEN </script><script>\"; exit 7");
    sandbox.hooks(
        r#"
max-parallel = 2
checks.one = { run = "one", locks = ["db"] }
checks.two = { run = "two", locks = ["db"] }
checks.bad = "bad"
checks.blocked = { run = "one", depends-on = ["bad"] }
"#,
    );
    sandbox
}

const PAGE: &str = "target/hooks-timings/timings.html";
const TRACE: &str = "target/hooks-timings/timings.json";

/// What a page has embedded.
fn data(page: &str) -> Json {
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// The name of each task and the number of its state, in the order of the names.
fn states(data: &Json) -> Vec<(String, u64)> {
    let name = |task: &Json| {
        let check = usize::try_from(task["check"].as_u64().unwrap()).unwrap();
        data["checks"][check].as_str().unwrap().to_owned()
    };
    let tasks = data["tasks"].as_array().unwrap().iter();
    let mut states: Vec<_> = tasks
        .map(|task| (name(task), task["state"].as_u64().unwrap()))
        .collect();
    states.sort();
    states
}

#[test]
fn a_run_is_drawn_as_it_went_and_again_from_its_record() {
    let sandbox = sandbox();
    let out = sandbox
        .command("check --timings")
        .env("MY_TOKEN", "hunter2hunter2")
        .output()
        .exits(1);
    assert!(
        out.stderr.contains("note: the run is drawn in ") && out.stderr.contains(PAGE),
        "{out}"
    );
    assert!(!sandbox.ws().join(TRACE).exists());
    let page = sandbox.read(PAGE);
    assert!(
        !page.contains("hunter2") && page.contains("[hidden] \\u003c/script>"),
        "secrets and tags"
    );
    let drawn = data(&page);
    let expected = [("bad", 3), ("blocked", 5), ("one", 0), ("two", 0)].map(|(name, state)| (name.to_owned(), state));
    assert_eq!(states(&drawn), expected);
    // One of two waited for the other, and for nothing else.
    let waited = drawn["tasks"].as_array().unwrap().iter();
    let for_lock = waited.filter(|task| task["pieces"][0] == 1 && drawn["names"][0] == "lock db");
    assert_eq!(for_lock.count(), 1, "{drawn}");
    let of_bad = drawn["trends"]
        .as_array()
        .unwrap()
        .iter()
        .find(|trend| trend["check"] == "bad");
    assert_eq!(of_bad.unwrap()["points"].as_array().unwrap().len(), 1);

    let again = sandbox.run("show --as timings").exits(0);
    let mut again = data(&again.stdout);
    let mut drawn = drawn;
    // A run has a number once it is recorded.
    for data in [&mut again, &mut drawn] {
        data["trends"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .for_each(|trend| trend["points"][0][0] = 0.into());
    }
    assert_eq!(again, drawn);

    let out = sandbox.run("check -q --timings=json,html").exits(1);
    assert_eq!(out.stderr, "");
    let trends = data(&sandbox.read(PAGE))["trends"].clone();
    let points = trends
        .as_array()
        .unwrap()
        .iter()
        .map(|trend| trend["points"].as_array().unwrap().len());
    assert_eq!(points.collect::<Vec<_>>(), [2, 2, 2], "what was blocked has no trend");
    let trace: Json = serde_json::from_str(&sandbox.read(TRACE)).unwrap();
    assert!(
        trace["traceEvents"]
            .as_array()
            .unwrap()
            .iter()
            .any(|event| event["name"] == "bad")
    );
    let shown = sandbox.run("show 2 --as trace").exits(0);
    let shown: Json = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(
        shown["traceEvents"].as_array().unwrap()[1..],
        trace["traceEvents"].as_array().unwrap()[1..]
    );
}

#[test]
fn who_ran_is_told_with_the_time_of_processors_where_somebody_looks() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("busy", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
    sandbox.hooks("checks.busy = \"busy\"");
    sandbox.run("check --timings=html").ends(0);
    let attempt = &data(&sandbox.read(PAGE))["attempts"][0];
    let time = |name: &str| attempt[name].as_i64().unwrap();
    if cfg!(target_os = "linux") {
        assert!(time("processor") > 0, "{attempt}");
    } else {
        assert_eq!(time("processor"), -1);
    }
    let lines = sandbox.run("check --force --message-format json").exits(0).json();
    let ended = lines.iter().find(|line| line["type"] == "task-finished").unwrap();
    assert_eq!(ended.get("processor").is_some(), cfg!(target_os = "linux"), "{ended}");
}

#[test]
fn what_needs_not_run_is_drawn_too() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.noting(&["one"]).hooks("checks.one = \"one\"");
    sandbox.run("check -q --timings").ends(0);
    sandbox.run("check -q --timings").ends(0);
    assert_eq!(states(&data(&sandbox.read(PAGE))), [("one".to_owned(), 2)]);
}

#[test]
fn a_page_that_cannot_be_written_is_no_pass() {
    let sandbox = sandbox();
    sandbox.write("target", "a file");
    let out = sandbox.run("check one --timings").exits(3);
    assert!(out.stderr.contains("timings.html` cannot be written"), "{out}");
    assert!(sandbox.log().is_empty(), "and that is found out before anything runs");
    fs::remove_file(sandbox.ws().join("target")).unwrap();
    sandbox.run("check one --timings").ends(0);
}
