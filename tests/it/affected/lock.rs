//! `Cargo.lock` changes: whoever is built from a package that is another now.

use super::{check, check_in};

/// The crates that are built from packages from elsewhere, if only their tests are; and every other one is allowed.
const FROM_ELSEWHERE: &str = "build: ext1 ext1user ext2 ext3a ext3b extdev extgit twinuser ALL?; \
                              doc: ext1 ext1user ext2 ext3a ext3b extgit twinuser ALL?; fmt: ALL?; deny: yes";

#[test]
fn n24_a_package_that_a_package_needs() {
    check(|repo| repo.lock_version("gamma", "1.0.1"), "source: ext2; deny: yes");
}

#[test]
fn n54_a_blank_line() {
    check(|repo| repo.append("Cargo.lock", "\n"), "deny: yes");
}

#[test]
fn a_comment() {
    check(|repo| repo.prepend("Cargo.lock", "# For you."), "deny: yes");
}

#[test]
fn the_order_of_packages() {
    check(
        |repo| {
            let lock = repo.read("Cargo.lock");
            let mut packages: Vec<_> = lock.split("\n[[package]]\n").collect();
            packages[1..].reverse();
            repo.write("Cargo.lock", packages.join("\n[[package]]\n"))
        },
        "deny: yes",
    );
}

#[test]
fn the_version_of_the_format() {
    check(
        |repo| repo.replace("Cargo.lock", "version = 4\n", "version = 3\n"),
        "deny: yes",
    );
}

#[test]
fn n56_a_dev_dependency_gets_another_version() {
    check(
        |repo| {
            repo.replace("crates/extdev/Cargo.toml", "delta = \"1\"", "delta = \"1.1\"")
                .lock_version("delta", "1.1.0")
        },
        "build: extdev; deny: yes",
    );
}

#[test]
fn a_package_that_only_a_dev_dependency_needs() {
    check(|repo| repo.lock_version("zeta", "1.0.1"), "build: extdev; deny: yes");
}

#[test]
fn a_package_that_two_members_reach() {
    check(
        |repo| repo.lock_version("theta", "1.0.1"),
        "source: ext3a ext3b; deny: yes",
    );
}

#[test]
fn the_checksum_of_a_package() {
    check(
        |repo| repo.replace("Cargo.lock", &"0".repeat(64), &"f".repeat(64)),
        "source: ext1 ext1user; deny: yes",
    );
}

#[test]
fn the_commit_of_a_package() {
    check(
        |repo| repo.replace("Cargo.lock", "main#0123456789", "main#9876543210"),
        "source: extgit; deny: yes",
    );
}

#[test]
fn the_namesake_of_a_member() {
    check(|repo| repo.lock_version("twin", "1.0.1"), "source: twinuser; deny: yes");
}

#[test]
fn a_package_that_no_member_needs() {
    let package = "\n[[package]]\nname = \"nobodys\"\nversion = \"1.0.0\"\n\
                   source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    check(|repo| repo.append("Cargo.lock", package), "deny: yes");
}

#[test]
fn a_package_needs_one_more() {
    check(
        |repo| repo.replace("Cargo.lock", " \"theta\",\n", " \"theta\",\n \"zeta\",\n"),
        "source: ext3a ext3b; deny: yes",
    );
}

#[test]
fn it_is_deleted() {
    check(|repo| repo.delete("Cargo.lock"), FROM_ELSEWHERE).notes("cargo.lock");
}

#[test]
fn it_is_added() {
    check_in(
        |repo| repo.rename("Cargo.lock", "../Cargo.lock").base(),
        |repo| repo.rename("../Cargo.lock", "Cargo.lock"),
        FROM_ELSEWHERE,
    )
    .notes("cargo.lock");
}

#[test]
fn it_cannot_be_read_any_more() {
    check(|repo| repo.prepend("Cargo.lock", "<<<<<<< ours"), FROM_ELSEWHERE).notes("cargo.lock");
}

#[test]
fn it_could_not_be_read_before() {
    check_in(
        |repo| repo.prepend("Cargo.lock", "<<<<<<< ours").base(),
        |repo| repo.replace("Cargo.lock", "<<<<<<< ours\n", ""),
        FROM_ELSEWHERE,
    )
    .notes("cargo.lock");
}

#[test]
fn git_does_not_know_it() {
    check_in(
        |repo| {
            repo.append(".gitignore", "/Cargo.lock\n")
                .git_run("rm --quiet --cached Cargo.lock")
                .base()
        },
        |repo| repo.edit("crates/lonely/src/lib.rs"),
        "source: lonely; fmt: lonely",
    );
}

#[test]
fn there_is_none_on_either_side() {
    check_in(
        |repo| repo.delete("Cargo.lock").base(),
        |repo| repo.edit("crates/lonely/src/lib.rs"),
        "source: lonely; fmt: lonely",
    );
}

#[test]
fn it_cannot_be_read_on_either_side_and_does_not_change() {
    check_in(
        |repo| repo.prepend("Cargo.lock", "<<<<<<< ours").base(),
        |repo| repo.edit("crates/lonely/src/lib.rs"),
        "source: lonely; fmt: lonely",
    );
}
