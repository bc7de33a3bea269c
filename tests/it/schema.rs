//! `schema`: for editors that check a manifest.

use serde_json::Value;

use crate::sandbox::Sandbox;

/// Every key that the program says it knows when it is given one that it does not.
fn known_keys(sandbox: &Sandbox) -> Vec<String> {
    let out = sandbox.run("list").exits(2);
    let help = out.stderr.lines().find(|line| line.contains("the keys are")).unwrap();
    help.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_schema_is_json_and_knows_every_key() {
    let out = Sandbox::empty("workspace").run("schema").exits(0);
    let schema: Value = serde_json::from_str(&out.stdout).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    let keys = |value: &Value| -> Vec<String> { value["properties"].as_object().unwrap().keys().cloned().collect() };

    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("qqqqqqqqqqqq = 1");
    assert_eq!(known_keys(&sandbox), keys(&schema["definitions"]["workspace"]));

    let sandbox = Sandbox::package("solo");
    sandbox.hooks("qqqqqqqqqqqq = 1");
    assert_eq!(known_keys(&sandbox), keys(&schema["definitions"]["package"]));

    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.a = { run = \"a\", qqqqqqqqqqqqqqqqqqqq = 1 }");
    assert_eq!(known_keys(&sandbox), keys(&schema["definitions"]["check"]["oneOf"][3]));
}

#[test]
fn every_key_of_a_check_is_described() {
    let out = Sandbox::empty("workspace").run("schema").exits(0);
    let schema: Value = serde_json::from_str(&out.stdout).unwrap();
    for table in [
        &schema["definitions"]["package"],
        &schema["definitions"]["check"]["oneOf"][3],
    ] {
        for (key, value) in table["properties"].as_object().unwrap() {
            assert!(
                value["description"].as_str().is_some_and(|about| !about.is_empty()),
                "{key}"
            );
        }
    }
}

/// The published schema of the lines that a run writes.
fn output_schema() -> jsonschema::Validator {
    let out = Sandbox::empty("workspace").run("schema --of output").exits(0);
    jsonschema::validator_for(&serde_json::from_str(&out.stdout).unwrap()).unwrap()
}

/// The types of the lines and the outcomes, each of which the schema takes.
pub(crate) fn validated(lines: &[Value]) -> Vec<String> {
    let schema = output_schema();
    let mut said = Vec::new();
    for line in lines {
        let mistakes: Vec<_> = schema.iter_errors(line).map(|mistake| mistake.to_string()).collect();
        assert!(mistakes.is_empty(), "{line}: {mistakes:?}");
        said.push(line["type"].as_str().unwrap().to_owned());
        let words = ["outcome", "failure", "reason"].map(|word| line[word].as_str());
        said.extend(words.into_iter().flatten().map(str::to_owned));
        let fields = ["leaked", "cached", "flaky", "crates", "note", "warnings", "limit", "by"];
        said.extend(
            fields
                .into_iter()
                .filter(|field| !line[*field].is_null())
                .map(str::to_owned),
        );
    }
    said
}

#[test]
fn the_lines_of_runs_are_as_the_schema_says() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("good", "exit 0");
    sandbox.tool("bad", "echo 'src/lib.rs:3:7: no'; exit 7");
    sandbox.tool(
        "flaky",
        r#"test -e "$SANDBOX/tried" || { touch "$SANDBOX/tried"; exit 1; }"#,
    );
    sandbox.tool("slow", "sleep 60");
    sandbox.tool("leaves", "setsid sleep 60 >/dev/null 2>&1 & exit 0");
    sandbox.write("alpha/src/lib.rs", "//! Warns.\nfn unused() {}\n");
    sandbox.hooks(
        r#"
checks.good = "good {packages}"
checks.bad = "bad"
checks.check = { args = [] }
checks.flaky = { run = "flaky", retries = 1 }
checks.blocked = { run = "good", depends-on = ["bad"] }
checks.slow = { run = "slow", timeout = "300ms" }
checks.leaves = "leaves"
checks.absent = { run = "./absent", timeout = "10s" }
checks.late = "good"
checks.missing = { run = "missing-tool", on-missing = "skip" }
"#,
    );
    let json = |arguments: &str, code| {
        let out = sandbox.run(&format!("{arguments} --message-format json"));
        validated(&out.exits(code).json())
    };
    let mut said = json("check", 1);
    // The first run wrote `Cargo.lock`, which its passes do not rest upon.
    said.extend(json("check good", 0));
    said.extend(json("check good", 0));
    let stopped = "check bad late --fail-fast --serial --no-optimize --force";
    said.extend(json(stopped, 1));
    said.extend(validated(&sandbox.run("show --as json").exits(0).json()));
    for word in [
        "run-started",
        "task-started",
        "task-retries",
        "task-finished",
        "stop-began",
        "run-finished",
        "passed",
        "failed",
        "exit",
        "start",
        "timed-out",
        "limit",
        "blocked",
        "by",
        "cancelled",
        "fail-fast",
        "flaky",
        "cached",
        "crates",
        "leaked",
    ] {
        assert!(said.iter().any(|known| known == word), "no {word} in {said:?}");
    }
}
