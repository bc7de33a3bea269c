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
