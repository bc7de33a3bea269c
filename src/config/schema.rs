//! The JSON schema of a manifest with our tables in it, from the same lists that the parser reads by.

use serde_json::{Value as Json, json};

use super::raw::{RawCheck, RawPackage, RawSettings, presets};
use super::reader::Value;
use crate::model::CheckName;

/// The schema of `[workspace.metadata.hooks]` and `[package.metadata.hooks]`, for editors that check a `Cargo.toml`.
#[must_use]
pub fn schema() -> Json {
    let hooks = |name: &str| json!({ "properties": { "metadata": { "properties": { "hooks": { "$ref": format!("#/definitions/{name}") } } } } });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "cargo-hooks in Cargo.toml",
        "type": "object",
        "properties": { "workspace": hooks("workspace"), "package": hooks("package") },
        "definitions": {
            "workspace": table("The checks of a workspace.", false),
            "package": table("The checks of a package: in a workspace, what it does otherwise than the workspace.", true),
            "check": check(),
            "preset": presets_by_name(),
        },
    })
}

fn table(about: &str, of_package: bool) -> Json {
    let mut properties = RawSettings::properties();
    properties.insert(
        "checks".to_owned(),
        json!({
            "description": "The checks by name, in the order in which they are shown.",
            "type": "object",
            "propertyNames": CheckName::schema(),
            "additionalProperties": { "$ref": "#/definitions/check" },
        }),
    );
    if of_package {
        properties.extend(RawPackage::properties());
    }
    json!({ "description": about, "type": "object", "properties": properties, "additionalProperties": false })
}

fn check() -> Json {
    let mut properties = RawCheck::properties();
    let about = properties["preset"]["description"].clone();
    properties.insert(
        "preset".to_owned(),
        json!({ "description": about, "$ref": "#/definitions/preset" }),
    );
    json!({ "oneOf": [
        { "description": "The preset of this name, as it is.", "const": true },
        { "description": "A command.", "type": "string", "minLength": 1 },
        { "description": "A command as a list of arguments.", "type": "array", "items": { "type": "string" }, "minItems": 1 },
        { "type": "object", "properties": properties, "additionalProperties": false },
    ] })
}

fn presets_by_name() -> Json {
    let names = presets().iter().map(|preset| {
        let about = preset.raw.description.as_ref().map(|about| about.value.as_str());
        json!({ "const": preset.name.as_str(), "description": about })
    });
    json!({ "description": "A built-in check.", "oneOf": names.collect::<Vec<_>>() })
}
