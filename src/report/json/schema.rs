//! The schema of the lines, for programs that read them. Pure.
//!
//! It holds what docs/json.md promises: that there may be further fields, words and types of lines. A test holds all lines of
//! many runs against the same schema without that room, so that nothing is written which stands not here.

use serde_json::{Map, Value, json};

/// The schema of one line of `check --message-format json`.
#[must_use]
pub fn json_schema() -> Value {
    let lines = lines();
    let types: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
    let references = types
        .iter()
        .map(|name| json!({"$ref": format!("#/definitions/{name}")}));
    let other = json!({"properties": {"type": {"type": "string", "not": {"enum": types}}}});
    let any: Vec<Value> = references.chain([other]).collect();
    let shared = [
        ("task", task()),
        ("finding", finding()),
        ("stats", stats()),
        ("changed", changed()),
    ];
    let definitions: Map<String, Value> = lines
        .into_iter()
        .chain(shared)
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A line of cargo hooks check --message-format json",
        "description": "docs/json.md says what the lines mean, and what may be added to them.",
        "type": "object",
        "required": ["type", "at"],
        "anyOf": any,
        "definitions": definitions,
    })
}

/// The types of lines, in the order in which a run has them.
fn lines() -> Vec<(&'static str, Value)> {
    let leftovers = vec![("processes", count("how many"))];
    let stop = vec![
        (
            "reason",
            words(&["fail-fast", "critical", "interrupted", "outdated"], "why"),
        ),
        ("check", text("of `fail-fast` and `critical`: the check that failed")),
    ];
    let end = vec![
        ("success", flag("whether every check passed, or may fail")),
        ("stats", json!({"$ref": "#/definitions/stats"})),
    ];
    let begins = [
        line("run-started", "The first line of a run.", started_fields(), &[]),
        line(
            "leftovers-ended",
            "Processes that a killed run had left behind were ended.",
            leftovers,
            &[],
        ),
    ];
    let ends = [
        line(
            "stop-began",
            "The run was told to stop, or decided to.",
            stop,
            &["check"],
        ),
        line("run-finished", "The last line of a run.", end, &[]),
    ];
    let lines = begins.into_iter().chain(lines_of_tasks()).chain(ends);
    lines.chain(lines_of_watchers()).collect()
}

/// Those between the runs of `watch`.
fn lines_of_watchers() -> [(&'static str, Value); 2] {
    let files = |about| list(&json!({"$ref": "#/definitions/changed"}), about);
    let changed = vec![
        ("files", files("the files that are not what they were")),
        (
            "git",
            flag("whether what git has staged, or where its references lead, changed"),
        ),
    ];
    let watching = vec![
        (
            "ignored",
            files("files that start no run, since they change whenever the checks run"),
        ),
        ("error", text("why nothing could run, where nothing could")),
    ];
    [
        line(
            "files-changed",
            "Of `watch`: why the next run begins.",
            changed,
            &["git"],
        ),
        line(
            "watching",
            "Of `watch`: nothing runs until something changes.",
            watching,
            &["ignored", "error"],
        ),
    ]
}

fn changed() -> Value {
    object(
        "A file that is not what it was.",
        vec![
            (
                "file",
                text("its path: relative to the root of the workspace where it lies below it"),
            ),
            ("became", words(&["new", "changed", "gone"], "what has become of it")),
            ("crate", text("the crate that it belongs to")),
        ],
        &["crate"],
    )
}

/// Those about one task.
fn lines_of_tasks() -> [(&'static str, Value); 6] {
    let with = |fields: Vec<(&'static str, Value)>| {
        let task = ("task", json!({"$ref": "#/definitions/task"}));
        [vec![task], fields].concat()
    };
    let slow = with(vec![("running", seconds("for how long by now"))]);
    let waited = || ("waited", seconds("how long it waited by then"));
    let waits = with(vec![("lock", text("what is locked, as cargo calls it")), waited()]);
    let retried = vec![
        ("most_attempts", count("how often it can be tried in all")),
        ("wait", seconds("how long it waits before it is tried again")),
    ];
    let retries = [finished_fields(), retried].concat();
    [
        line("task-started", "A task began.", with(Vec::new()), &[]),
        line("task-slow", "A task has been running for a long time.", slow, &[]),
        line(
            "task-waits",
            "A task waits for a lock that another cargo holds.",
            waits,
            &[],
        ),
        line("task-goes-on", "A task that waited goes on.", with(vec![waited()]), &[]),
        line(
            "task-retries",
            "A task failed, and will be tried again.",
            retries,
            &OPTIONAL,
        ),
        line(
            "task-finished",
            "A task reached its final state.",
            finished_fields(),
            &OPTIONAL,
        ),
    ]
}

fn started_fields() -> Vec<(&'static str, Value)> {
    let left_out = object(
        "a check that was asked for and does not run",
        vec![("check", text("its name")), ("reason", text("why, for people"))],
        &[],
    );
    vec![
        (
            "format",
            json!({"const": super::FORMAT, "description": "the version of the format"}),
        ),
        (
            "checks",
            list(&text("a name"), "the checks that have a task, in the order of the plan"),
        ),
        ("crates", count("how many crates take part")),
        ("tasks", count("how many tasks there are")),
        ("waves", count("how many waves they form")),
        ("slots", count("how many run at a time")),
        ("left_out", list(&left_out, "what was asked for and does not run")),
    ]
}

/// The fields of a task that came to its end which not all such tasks have.
const OPTIONAL: [&str; 22] = [
    "failure",
    "exit_code",
    "signal",
    "signal_name",
    "meaning",
    "warnings",
    "error",
    "limit",
    "limit_calibrated",
    "by",
    "crates",
    "note",
    "attempts",
    "flaky",
    "quarantined",
    "waited",
    "queued",
    "processor",
    "output_file",
    "output_file_dropped",
    "leaked",
    "cached",
];

fn finished_fields() -> Vec<(&'static str, Value)> {
    let outcomes = ["passed", "failed", "timed-out", "blocked", "cancelled"];
    let failures = ["exit", "start", "denied", "regenerated", "unapplied", "uncertain"];
    vec![
        ("task", json!({"$ref": "#/definitions/task"})),
        ("outcome", words(&outcomes, "how it ended; only `passed` is a pass")),
        ("failure", words(&failures, "of `failed`: in which way")),
        (
            "exit_code",
            json!({"type": "integer", "description": "of `exit`: the code with which the tool left"}),
        ),
        (
            "signal",
            json!({"type": "integer", "description": "of `exit`: the signal that ended the tool"}),
        ),
        ("signal_name", text("the name of that signal")),
        ("meaning", text("of `exit`: what that means for this tool, in words")),
        ("warnings", count("of `denied`: how many there were")),
        ("error", text("of `start`, `unapplied` and `uncertain`: why")),
        ("limit", seconds("of `timed-out`: the time that it had")),
        ("limit_calibrated", flag("whether that time follows from earlier runs")),
        ("by", text("of `blocked`: the check that stands in the way")),
        ("crates", verdicts()),
        ("note", text("what a pass means, in words")),
        (
            "attempts",
            count("how often it was tried, where that is more than once"),
        ),
        ("flaky", flag("whether it passed, but not the first time")),
        ("quarantined", flag("whether it failed as in each of its last runs")),
        ("took", seconds("how long it ran, the last time")),
        (
            "waited",
            seconds("how long it waited for locks that another cargo held"),
        ),
        ("queued", seconds("how long it waited before that for a job of the run")),
        ("processor", seconds("the time of processors that its process took")),
        (
            "findings",
            list(&json!({"$ref": "#/definitions/finding"}), "what it found"),
        ),
        ("output", text("what it wrote")),
        (
            "output_dropped",
            count("how many bytes were dropped from the middle of that"),
        ),
        ("output_file", text("the file that holds all of a long output")),
        (
            "output_file_dropped",
            count("how many bytes are missing from the middle of that file"),
        ),
        ("leaked", count("how many processes it had left running")),
        ("cached", cached()),
    ]
}

fn verdicts() -> Value {
    let verdict = |name| (name, list(&text("a name"), "crates"));
    let verdicts = ["passed", "failed", "not-reached", "unknown"];
    let fields = verdicts.map(verdict).to_vec();
    object("what came of each crate", fields, &verdicts)
}

fn cached() -> Value {
    let some = object("so many of its crates", vec![("crates", count("how many"))], &[]);
    json!({"description": "how much of it had passed before", "oneOf": [{"const": "whole"}, some]})
}

fn task() -> Value {
    object(
        "Names a task.",
        vec![
            ("label", text("its name for people")),
            ("id", count("its place in the plan")),
            ("check", text("the check")),
            ("unit", text("what it works on, in words; empty for the whole")),
            ("may_fail", flag("whether it may fail without failing the run")),
            ("rerun", text("the command that runs just this again")),
            ("fix", text("the command that repairs")),
        ],
        &["fix"],
    )
}

fn finding() -> Value {
    object(
        "One thing that a tool said about one place.",
        vec![
            ("severity", words(&["error", "warning"], "how grave it is")),
            ("crate", text("the crate that it is about")),
            (
                "file",
                text("where it is: relative to the root of the workspace where it lies below it"),
            ),
            ("line", count("the line, from 1")),
            ("column", count("the column, from 1")),
            ("code", text("the code of the tool for it")),
            ("test", text("the test that failed")),
            ("message", text("one line")),
        ],
        &["crate", "file", "line", "column", "code", "test"],
    )
}

fn stats() -> Value {
    object(
        "How many tasks came to which end.",
        vec![
            ("tasks", count("all")),
            ("passed", count("those that passed")),
            (
                "cached",
                count("those of them that did not run, since they had passed before"),
            ),
            ("flaky", count("those of them that failed before they passed")),
            ("failed", count("those that failed, without those that may")),
            ("tolerated", count("those that failed, and may")),
            (
                "quarantined",
                count("those of either that failed as in each of their last runs"),
            ),
            ("blocked", count("those that another check kept from starting")),
            ("cancelled", count("those that the end of the run overtook")),
            (
                "interrupted",
                flag("whether the run was interrupted, by somebody or since it was out of date"),
            ),
        ],
        &[],
    )
}

fn line(
    name: &'static str,
    about: &str,
    fields: Vec<(&'static str, Value)>,
    optional: &[&str],
) -> (&'static str, Value) {
    let head = [
        ("type", json!({"const": name})),
        ("at", seconds("the time since the start of the run")),
    ];
    (name, object(about, head.into_iter().chain(fields).collect(), optional))
}

/// An object of these fields, of which all are there but the optional ones.
fn object(about: &str, fields: Vec<(&'static str, Value)>, optional: &[&str]) -> Value {
    let required = fields
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !optional.contains(name));
    let required: Vec<&str> = required.collect();
    let properties: Map<String, Value> = fields
        .into_iter()
        .map(|(name, field)| (name.to_owned(), field))
        .collect();
    json!({"description": about, "type": "object", "required": required, "properties": properties})
}

fn text(about: &str) -> Value {
    json!({"type": "string", "description": about})
}

fn flag(about: &str) -> Value {
    json!({"type": "boolean", "description": about})
}

fn count(about: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "description": about})
}

fn seconds(about: &str) -> Value {
    json!({"type": "number", "minimum": 0, "description": format!("{about}, in seconds")})
}

fn list(of: &Value, about: &str) -> Value {
    json!({"type": "array", "items": of, "description": about})
}

/// One of these words, or one that a later version adds.
fn words(known: &[&str], about: &str) -> Value {
    json!({"description": about, "anyOf": [{"enum": known}, {"type": "string"}]})
}
