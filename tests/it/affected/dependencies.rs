//! The ways in which one crate depends on another.

use super::expect::judge;
use super::template::repository;
use super::{check, check_in};

#[test]
fn n12_a_crate_that_is_no_member() {
    check(|repo| repo.edit("libs/pathdep/src/lib.rs"), "source: pathuser");
}

#[test]
fn the_manifest_of_a_crate_that_is_no_member() {
    check(
        |repo| repo.replace("libs/pathdep/Cargo.toml", "0.1.0", "0.1.1"),
        "source: pathuser; deny: yes",
    );
}

#[test]
fn n13_a_crate_outside_of_the_repository() {
    // Git cannot see it. A key for results will have to.
    check(|repo| repo.edit("../outside/out/src/lib.rs"), "typos: no");
}

#[test]
fn a_crate_that_is_no_member_leads_back_to_members() {
    check_in(
        |repo| {
            repo.append(
                "libs/pathdep/Cargo.toml",
                "\n[dependencies]\nmid = { path = \"../../crates/mid\" }\n",
            )
            .base()
        },
        |repo| repo.edit("crates/mid/src/lib.rs"),
        "source: mid top pathuser; fmt: mid",
    );
}

#[test]
fn n49_a_circle_by_a_dev_dependency_from_one_side() {
    check(
        |repo| repo.edit("crates/cyca/src/lib.rs"),
        "build: cyca cycb; doc: cyca; fmt: cyca",
    );
}

#[test]
fn n50_a_circle_by_a_dev_dependency_from_the_other_side() {
    check(
        |repo| repo.edit("crates/cycb/src/lib.rs"),
        "source: cyca cycb; fmt: cycb",
    );
}

#[test]
fn n51_a_dev_dependency_goes_no_further() {
    check(
        |repo| repo.edit("crates/devonly/src/lib.rs"),
        "build: devonly devonly2; doc: devonly; fmt: devonly",
    );
}

#[test]
fn the_tests_of_a_dependency_reach_nobody() {
    check(
        |repo| repo.write("crates/devonly/tests/new.rs", ""),
        "build: devonly; fmt: devonly",
    );
}

#[test]
fn n59_a_program_that_the_tests_of_others_start() {
    // One declares it in `uses`, in the other it can be seen. Nobody is built from it, so there is no more to document.
    check(
        |repo| repo.edit("crates/server/src/main.rs"),
        "source: server; build: server spawner cargobin; fmt: server",
    );
}

#[test]
fn n60_a_member_with_the_name_of_a_package_from_elsewhere() {
    check(|repo| repo.edit("crates/twin/src/lib.rs"), "source: twin; fmt: twin");
}

#[test]
fn a_dependency_by_version_that_is_patched_to_a_member() {
    let locked = "\n[[package]]\nname = \"byversion\"\nversion = \"0.1.0\"\ndependencies = [\n \"lonely\",\n]\n";
    check_in(
        |repo| {
            repo.krate("crates/byversion", "byversion", "\n[dependencies]\nlonely = \"0.1\"\n")
                .append("Cargo.lock", locked)
                .append(
                    "Cargo.toml",
                    "\n[patch.crates-io]\nlonely = { path = \"crates/lonely\" }\n",
                )
                .base()
        },
        |repo| repo.edit("crates/lonely/src/lib.rs"),
        "source: lonely byversion; fmt: lonely",
    );
}

#[test]
fn a_dev_dependency_that_is_for_one_platform() {
    let needs = "\n[target.'cfg(windows)'.dev-dependencies]\nlonely = { path = \"../lonely\" }\n";
    check_in(
        |repo| repo.krate("crates/windev", "windev", needs).base(),
        |repo| repo.edit("crates/lonely/src/lib.rs"),
        "build: lonely windev; doc: lonely; fmt: lonely",
    );
}

#[test]
fn a_dependency_for_both_the_crate_and_its_tests() {
    let needs = "\n[dependencies]\nlonely = { path = \"../lonely\", optional = true }\n\
                 \n[dev-dependencies]\nlonely = { path = \"../lonely\" }\n";
    check_in(
        |repo| repo.krate("crates/twice", "twice", needs).base(),
        |repo| repo.edit("crates/lonely/src/lib.rs"),
        "source: lonely twice; fmt: lonely",
    );
}

#[test]
fn a_program_as_an_artifact_dependency() {
    let needs = "\n[build-dependencies]\nserver = { path = \"../server\", artifact = \"bin\" }\n";
    let repo = repository();
    repo.krate("crates/artuser", "artuser", needs)
        .append(".cargo/config.toml", "\n[unstable]\nbindeps = true\n")
        .base()
        .edit("crates/server/src/main.rs");
    // Only an unstable cargo reads such a manifest.
    let run = repo
        .command("affected --format json --since base")
        .env("RUSTC_BOOTSTRAP", "1");
    judge(
        &repo,
        run.output(),
        "source: server artuser; build: server artuser spawner cargobin; fmt: server",
    );
}
