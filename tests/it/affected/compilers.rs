//! What cargo and the compiler have noted down about who reads what, where no source tells.

use super::compare;
use crate::sandbox::Sandbox;

/// A workspace of two crates, of which `beta` depends on `alpha`, as cargo has built it.
fn built(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha", "beta -> alpha", "gamma"]);
    sandbox.write(".gitignore", "/target\n");
    for (path, text) in files {
        sandbox.write(path, text);
    }
    let cargo = sandbox.program("cargo").args("check --workspace --offline --quiet");
    let _ = cargo.output().exits(0);
    sandbox.repository();
    sandbox
}

#[test]
fn a_build_script_says_what_it_reads() {
    let script = "fn main() {\n    let name = [\"sche\", \"ma\"].concat();\n    \
                  println!(\"cargo::rerun-if-changed=../data/{name}.txt\");\n}\n";
    let repo = built(&[("alpha/build.rs", script), ("data/schema.txt", "schema\n")]);
    repo.edit("data/schema.txt");
    compare(&repo, "--since base", "source: alpha beta; typos: any; deny: any");
}

#[test]
fn a_build_script_names_a_directory() {
    let script = "fn main() {\n    let name = [\"da\", \"ta\"].concat();\n    \
                  println!(\"cargo::rerun-if-changed=../{name}\");\n}\n";
    let repo = built(&[("alpha/build.rs", script), ("data/deep/schema.txt", "schema\n")]);
    repo.edit("data/deep/schema.txt");
    compare(&repo, "--since base", "source: alpha beta; typos: any; deny: any");
}

#[test]
fn the_compiler_has_read_a_file_whose_name_is_put_together() {
    let source =
        "//! A crate.\n\n/// Text.\npub const TEXT: &str = include_str!(concat!(\"../../data/sche\", \"ma.txt\"));\n";
    let repo = built(&[("alpha/src/lib.rs", source), ("data/schema.txt", "schema\n")]);
    repo.edit("data/schema.txt");
    compare(&repo, "--since base", "source: alpha beta; typos: any; deny: any");
}

#[test]
fn what_cargo_has_built_long_ago_takes_no_reader_away() {
    let repo = built(&[("data/schema.txt", "schema\n")]);
    let source = "//! A crate.\n\n/// Text.\npub const TEXT: &str = include_str!(\"../../data/schema.txt\");\n";
    repo.write("alpha/src/lib.rs", source).base().edit("data/schema.txt");
    compare(&repo, "--since base", "source: alpha beta; typos: any; deny: any");
}
