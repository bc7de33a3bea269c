//! What is built in is sound.

use std::fmt::Write as _;
use std::path::Path;

use insta::assert_snapshot;

use super::{checks, resolve, valid};
use crate::config::raw;
use crate::config::{FileFilter, Scope, presets};

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

/// docs/presets.md has this as a table.
#[test]
fn every_preset_says_which_changes_it_follows() {
    let mut text = String::new();
    for preset in presets() {
        let raw = raw::preset(preset.name.as_str()).unwrap();
        assert!(raw.affects.is_some(), "{}", preset.name);
        let definition = &preset.variants[0].definition;
        let kinds: String = definition.kinds.iter().map(|kind| format!(" {kind}")).collect();
        let inputs: String = definition
            .inputs
            .iter()
            .map(|input| format!(" {}", input.glob()))
            .collect();
        writeln!(text, "{}: {},{kinds};{inputs}", preset.name, definition.affects).unwrap();
    }
    assert_snapshot!(text, @"
    fmt: changed, rust; **/rustfmt.toml **/.rustfmt.toml
    clippy: dependents, source tests dev-dependencies; **/clippy.toml **/.clippy.toml
    check: dependents, source tests dev-dependencies;
    test: dependents, source tests dev-dependencies; .config/nextest.toml
    nextest: dependents, source tests dev-dependencies; .config/nextest.toml
    doctest: dependents, source dev-dependencies;
    doc: dependents, source;
    deny: inputs,; Cargo.lock **/Cargo.toml **/deny.toml **/.deny.toml **/.cargo/deny.toml **/deny.exceptions.toml **/.deny.exceptions.toml **/.cargo/deny.exceptions.toml **/LICENSE* **/COPYING*
    audit: inputs,; Cargo.lock **/Cargo.toml .cargo/audit.toml
    machete: inputs,; **/*.rs **/Cargo.toml
    shear: inputs,; **/*.rs **/Cargo.toml
    udeps: dependents, source tests dev-dependencies manifest;
    typos: changed, files; **/typos.toml **/_typos.toml **/.typos.toml Cargo.toml pyproject.toml
    spellcheck: changed, files; **/.config/spellcheck.toml
    taplo: inputs,; **/*.toml
    sort: inputs,; **/Cargo.toml tomlfmt.toml .tomlfmt.toml
    hakari: inputs,; Cargo.lock **/Cargo.toml .config/hakari.toml .guppy/hakari.toml
    semver-checks: dependents, source manifest;
    hack: dependents, source;
    msrv: dependents, source manifest;
    miri: dependents, source tests dev-dependencies;
    ");
}

#[test]
fn presets_find_the_files_of_their_tools() {
    let check = |name: &str, file: &str, expected: bool| {
        let preset = presets()
            .into_iter()
            .find(|preset| preset.name.as_str() == name)
            .unwrap();
        let include = preset.variants[0].definition.inputs.clone();
        let inputs = FileFilter {
            include,
            exclude: Vec::new(),
        };
        assert_eq!(inputs.matcher()(Path::new(file)), expected, "{name} {file}");
    };
    // Above the root too, and in a directory that an environment variable names.
    for file in [
        "clippy.toml",
        ".clippy.toml",
        "crates/a/clippy.toml",
        "../clippy.toml",
        "ci/.clippy.toml",
    ] {
        check("clippy", file, true);
    }
    check("clippy", "clippy.toml.md", false);
    check("fmt", "../../.rustfmt.toml", true);
    check("nextest", ".config/nextest.toml", true);
    check("nextest", "crates/a/.config/nextest.toml", false);
    check("deny", "Cargo.lock", true);
    check("deny", "fuzz/Cargo.lock", false);
    check("deny", "../.cargo/deny.toml", true);
    check("deny", "crates/a/Cargo.toml", true);
    check("deny", "crates/a/LICENSE-MIT", true);
    check("audit", ".cargo/audit.toml", true);
    check("audit", "Cargo.lock", true);
    check("machete", "crates/a/src/lib.rs", true);
    check("machete", "README.md", false);
    check("taplo", ".taplo.toml", true);
    check("taplo", "Cargo.lock", false);
    check("hakari", ".config/hakari.toml", true);
    check("sort", "crates/a/Cargo.toml", true);
    check("spellcheck", "crates/a/.config/spellcheck.toml", true);
}
