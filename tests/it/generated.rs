//! Files that are generated from the code are what the code says. `cargo xtask codegen` writes them.

use std::fs;
use std::path::Path;

use crate::rules_page::rules_page;
use cargo_hooks::cli::{cli_reference, configuration_reference, output_schema_text, schema_text};

fn is_up_to_date(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_GENERATED_FILES").is_some() {
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{file} is out of date: run `cargo xtask codegen`");
}

#[test]
fn the_schema() {
    is_up_to_date("docs/hooks.schema.json", &schema_text());
}

#[test]
fn the_schema_of_the_output() {
    is_up_to_date("docs/output.schema.json", &output_schema_text());
}

#[test]
fn the_command_line_reference() {
    is_up_to_date("docs/cli.md", &cli_reference());
}

#[test]
fn the_configuration_reference() {
    is_up_to_date("docs/configuration-reference.md", &configuration_reference());
}

#[test]
fn what_a_change_of_a_file_means() {
    is_up_to_date("docs/affected-rules.md", &rules_page());
}
