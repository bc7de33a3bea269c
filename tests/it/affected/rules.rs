//! Files of no crate that tools read.

use super::check;

const EVERYTHING_THAT_BUILDS: &str = "source: ALL; fmt: ALL";

#[test]
fn n19_the_toolchain() {
    check(
        |repo| repo.write("rust-toolchain.toml", "[toolchain]\nchannel = \"stable\"\n"),
        EVERYTHING_THAT_BUILDS,
    );
}

#[test]
fn n19_the_toolchain_in_the_old_form() {
    check(|repo| repo.write("rust-toolchain", "stable\n"), EVERYTHING_THAT_BUILDS);
}

#[test]
fn the_toolchain_of_a_directory() {
    check(
        |repo| {
            repo.write(
                "crates/outer/rust-toolchain.toml",
                "[toolchain]\nchannel = \"stable\"\n",
            )
        },
        "source: outer inner; fmt: outer inner",
    );
}

#[test]
fn n20_the_configuration_of_cargo() {
    check(|repo| repo.replace(".cargo/config.toml", "hello", "bye"), "source: ALL");
}

#[test]
fn the_configuration_of_cargo_in_the_old_form() {
    check(|repo| repo.write(".cargo/config", "[build]\n"), "source: ALL");
}

#[test]
fn a_comment_in_the_configuration_of_cargo() {
    check(|repo| repo.prepend(".cargo/config.toml", "# For you."), "");
}

#[test]
fn the_configuration_of_cargo_in_a_crate() {
    check(
        |repo| repo.write("crates/lonely/.cargo/config.toml", "[build]\n"),
        "source: lonely",
    );
}

#[test]
fn the_configuration_of_cargo_above_some_crates() {
    check(
        |repo| repo.write("crates/outer/.cargo/config.toml", "[build]\n"),
        "source: outer inner",
    );
}

#[test]
fn n21_the_configuration_of_clippy() {
    check(|repo| repo.write("clippy.toml", "msrv = \"1.80\"\n"), "clippy: ALL");
}

#[test]
fn the_hidden_configuration_of_clippy() {
    check(|repo| repo.write(".clippy.toml", "msrv = \"1.80\"\n"), "clippy: ALL");
}

#[test]
fn the_configuration_of_clippy_in_a_crate() {
    check(
        |repo| repo.write("crates/lonely/clippy.toml", "msrv = \"1.80\"\n"),
        "clippy: lonely",
    );
}

#[test]
fn n22_the_configuration_of_rustfmt() {
    check(|repo| repo.write("rustfmt.toml", "max_width = 80\n"), "fmt: ALL");
}

#[test]
fn the_configuration_of_rustfmt_in_a_crate() {
    check(
        |repo| repo.write("crates/base/.rustfmt.toml", "max_width = 80\n"),
        "fmt: base",
    );
}

#[test]
fn the_configuration_of_nextest() {
    check(
        |repo| repo.write(".config/nextest.toml", "[profile.default]\n"),
        "test: ALL",
    );
}

#[test]
fn the_configuration_of_cargo_deny() {
    check(|repo| repo.write("deny.toml", "[licenses]\n"), "deny: yes");
}

#[test]
fn the_configuration_of_typos() {
    check(|repo| repo.write("typos.toml", "[default]\n"), "");
}

#[test]
fn a_workflow() {
    check(|repo| repo.write(".github/workflows/ci.yml", "on: push\n"), "");
}

#[test]
fn the_readme_of_the_workspace() {
    check(|repo| repo.edit("README.md"), "");
}
