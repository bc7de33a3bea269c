//! What could be written better in a configuration that is right.

use crate::config::{Command, Config, Cwd, Definition, Hole, Piece, Word};
use crate::model::CheckName;

/// Subcommands that take any number of `-p`, and go about them together.
const TAKING_SEVERAL: [&str; 12] = [
    "b", "bench", "build", "c", "check", "clippy", "d", "doc", "hack", "nextest", "t", "test",
];

/// The checks that start cargo once for each crate, where once for all would do.
#[must_use]
pub fn checks_to_batch(config: &Config) -> Vec<&CheckName> {
    let checks = config.checks.iter().filter(|check| {
        let definitions = check.variants.iter().map(|variant| &variant.definition);
        definitions.into_iter().any(could_be_batched)
    });
    checks.map(|check| &check.name).collect()
}

/// Whether the only thing that is different for each crate is that it is named after `-p`.
fn could_be_batched(definition: &Definition) -> bool {
    let Command::Argv(words) = &definition.run else {
        return false;
    };
    let names: Vec<_> = words.iter().map(|word| word.literal().unwrap_or_default()).collect();
    let of_crate = |hole: &Hole| matches!(hole, Hole::Package | Hole::PackageDir);
    let named = words.windows(2).filter(|pair| {
        matches!(pair[0].literal(), Some("-p" | "--package")) && pair[1].0 == [Piece::Hole(Hole::Package)]
    });
    let joined = words.iter().filter(|word| is_joined(word));
    let takes_several = names.iter().skip(1).any(|name| TAKING_SEVERAL.contains(name));
    let cargo = names
        .first()
        .is_some_and(|program| program.rsplit('/').next() == Some("cargo"));
    let elsewhere = definition.cwd == Cwd::Package;
    let once = named.count() + joined.count() == 1 && definition.run.holes().filter(of_crate).count() == 1;
    cargo && takes_several && !elsewhere && once
}

/// `--package={package}`
fn is_joined(word: &Word) -> bool {
    matches!(word.0.as_slice(), [Piece::Text(text), Piece::Hole(Hole::Package)] if text == "--package=" || text == "-p")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::setting;

    #[test]
    fn cargo_is_better_started_once_for_all_crates() {
        let check = |check: &str, expected: bool| {
            let setting = setting("a; b", &format!("x = {check}"));
            assert_eq!(!checks_to_batch(&setting.config).is_empty(), expected, "{check}");
        };
        check("\"cargo check -p {package}\"", true);
        check("\"cargo +nightly test --package {package} --lib\"", true);
        check("\"cargo clippy --package={package}\"", true);
        check("\"cargo check {packages}\"", false);
        check("\"cargo run -p {package}\"", false);
        check(
            "\"cargo check -p {package} --manifest-path {package-dir}/Cargo.toml\"",
            false,
        );
        check("\"tool check -p {package}\"", false);
        check("{ run = \"cargo check -p {package}\", cwd = \"{package-dir}\" }", false);
        check("{ shell = \"cargo check -p {package}\" }", false);
    }
}
