//! The template is a workspace that cargo builds. Otherwise it would prove nothing.

use std::fmt::Write as _;
use std::fs;

use super::template::{members, repository};
use crate::sandbox::{Run, Sandbox};

/// The packages from elsewhere, with what they depend on.
const PACKAGES: [(&str, &str); 9] = [
    ("alpha", ""),
    ("beta", "gamma"),
    ("gamma", ""),
    ("delta", "zeta"),
    ("zeta", ""),
    ("eta", "theta"),
    ("theta", ""),
    ("omega", ""),
    ("twin", ""),
];

#[test]
fn cargo_takes_the_template_for_a_workspace_with_these_members() {
    let repo = repository();
    let arguments = "metadata --no-deps --offline --format-version 1";
    let out = repo.program("cargo").args(arguments).output().exits(0);
    let metadata = out.json().remove(0);
    let packages = metadata["packages"].as_array().unwrap();
    let mut names: Vec<_> = packages
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    let mut expected: Vec<_> = members().collect();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(repo.git_in(".", "status --porcelain").stdout, "");
}

#[test]
fn cargo_builds_the_template_and_agrees_with_its_lock_file() {
    let repo = repository();
    let out = with_packages(
        &repo,
        repo.program("cargo")
            .args("check --workspace --all-targets --offline --locked"),
    );
    let _ = out.output().exits(0);
}

/// Lets cargo find the packages from elsewhere in a directory.
fn with_packages<'s>(repo: &'s Sandbox, cargo: Run<'s>) -> Run<'s> {
    for (number, (name, dependency)) in PACKAGES.iter().enumerate() {
        let dir = repo.root().join("vendor").join(name);
        fs::create_dir_all(dir.join("src")).unwrap();
        let mut manifest = format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n");
        if !dependency.is_empty() {
            write!(manifest, "[dependencies]\n{dependency} = \"1\"\n").unwrap();
        }
        let checksum = format!("{number}").repeat(64);
        let package = if *name == "omega" {
            "null".to_owned()
        } else {
            format!("{checksum:?}")
        };
        fs::write(dir.join("Cargo.toml"), manifest).unwrap();
        fs::write(dir.join("src/lib.rs"), "//! A package from elsewhere.\n").unwrap();
        fs::write(
            dir.join(".cargo-checksum.json"),
            format!("{{\"files\":{{}},\"package\":{package}}}"),
        )
        .unwrap();
    }
    let config = format!(
        "[source.crates-io]\nreplace-with = \"vendor\"\n\n[source.vendor]\ndirectory = \"{}\"\n\n\
         [source.omega]\ngit = \"https://example.com/omega\"\nbranch = \"main\"\nreplace-with = \"vendor\"\n",
        repo.root().join("vendor").display()
    );
    let path = repo.root().join("sources.toml");
    fs::write(&path, config).unwrap();
    cargo.arg("--config").arg(path)
}
