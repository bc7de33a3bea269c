//! What is built in is sound.

use super::{checks, resolve, valid};
use crate::config::raw;
use crate::config::{Scope, presets};

#[test]
fn the_table_has_no_mistake() {
    let names: Vec<_> = raw::presets().iter().map(|preset| preset.name.as_str()).collect();
    assert!(names.len() > 20, "{names:?}");
    for preset in raw::presets() {
        assert!(preset.sound, "{}", preset.name.value);
    }
}

#[test]
fn every_preset_runs_as_it_is_but_the_one_that_needs_a_command() {
    let without_command: Vec<_> = (raw::presets().iter())
        .map(|preset| preset.name.as_str())
        .filter(|name| resolve(&checks(&format!("{name} = true"))).is_err())
        .collect();
    assert_eq!(without_command, ["codegen"]);
    let listed: Vec<_> = presets().iter().map(|check| check.name.to_string()).collect();
    assert_eq!(listed.len(), raw::presets().len() - 1);
}

#[test]
fn every_preset_is_described_in_one_line() {
    for preset in raw::presets() {
        let name = &preset.name.value;
        let about = preset
            .raw
            .description
            .as_ref()
            .unwrap_or_else(|| panic!("{name} has no description"));
        assert!(about.starts_with(char::is_uppercase), "{name}: {}", about.value);
        assert!(
            !about.ends_with('.') && !about.contains('\n'),
            "{name}: {}",
            about.value
        );
    }
}

#[test]
fn every_tool_that_a_preset_requires_can_be_installed() {
    for preset in raw::presets() {
        for required in preset.raw.requires.iter().flat_map(|list| &list.value) {
            assert!(required.hint.is_some(), "{}: {}", preset.name.value, required.tool);
        }
    }
}

#[test]
fn a_program_that_is_neither_cargo_nor_required_is_missed_without_a_hint() {
    for check in presets() {
        let definition = &check.variants[0].definition;
        let command = definition.run.to_string();
        let program = command.split(' ').next().unwrap();
        let required = definition.requires.iter().any(|required| required.tool == program);
        assert!(program == "cargo" || required, "{}: {command}", check.name);
    }
}

#[test]
fn a_preset_can_be_refined_with_arguments() {
    // Further arguments stand at the end, where no list of crates or files may be cut off from its option.
    for preset in presets() {
        let text = format!("x = {{ preset = \"{}\", args = [\"--further\"] }}", preset.name);
        let config = valid(&checks(&text));
        let definition = &config.checks[0].variants[0].definition;
        assert!(definition.run.to_string().ends_with(" --further"), "{}", preset.name);
        let fix = definition.fix.as_ref().map(ToString::to_string);
        assert!(fix.is_none_or(|fix| fix.ends_with(" --further")), "{}", preset.name);
    }
}

#[test]
fn presets_that_take_crates_are_about_all_crates_together() {
    let scope_of = |name: &str| {
        let preset = raw::preset(name).unwrap();
        assert!(preset.scope.is_none(), "it follows from the placeholders");
        let config = valid(&checks(&format!("{name} = true")));
        config.checks[0].variants[0].definition.scope
    };
    for name in [
        "fmt",
        "clippy",
        "check",
        "test",
        "nextest",
        "doctest",
        "doc",
        "semver-checks",
        "hack",
    ] {
        assert_eq!(scope_of(name), Scope::Packages, "{name}");
    }
    assert_eq!(scope_of("msrv"), Scope::Package);
    for name in ["deny", "audit", "machete", "typos", "taplo", "sort", "hakari"] {
        assert_eq!(scope_of(name), Scope::Workspace, "{name}");
    }
}

#[test]
fn a_preset_is_never_the_place_of_a_mistake() {
    // A person cannot change what is built in.
    for preset in presets() {
        for refined in [
            "cwd = \"{package-dir}\"",
            "args = [\"{files}\"]",
            "scope = \"files\"",
            "weight = 0",
        ] {
            let text = format!("{name} = {{ preset = \"{name}\", {refined} }}", name = preset.name);
            let mistakes = resolve(&checks(&text)).err().unwrap_or_default();
            for mistake in mistakes.iter() {
                assert_eq!(mistake.span.file.path.to_str(), Some("Cargo.toml"), "{mistake}");
            }
        }
    }
}
