//! A manifest changes: what counts is what it means, and to whom.

use super::{check, check_in};

#[test]
fn n23_a_dependency_of_the_workspace_gets_another_version() {
    check(
        |repo| {
            repo.replace("Cargo.toml", "alpha = \"1\"", "alpha = \"1.1\"")
                .lock_version("alpha", "1.1.0")
        },
        "source: ext1 ext1user; deny: yes",
    );
}

#[test]
fn n25_a_package_is_patched_to_a_directory() {
    let locked = "name = \"alpha\"\nversion = \"1.0.0\"\n\
                  source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
                  checksum = \"0000000000000000000000000000000000000000000000000000000000000000\"\n";
    check(
        |repo| {
            repo.krate("libs/alpha", "alpha", "")
                .replace("libs/alpha/Cargo.toml", "0.1.0", "1.0.0")
                .append("Cargo.toml", "\n[patch.crates-io]\nalpha = { path = \"libs/alpha\" }\n")
                .replace("Cargo.lock", locked, "name = \"alpha\"\nversion = \"1.0.0\"\n")
        },
        "source: ext1 ext1user; deny: yes",
    );
}

#[test]
fn n26_one_crate_turns_on_a_feature_of_another() {
    // With `-p` only the crate itself; what is unified over the whole workspace is not followed.
    check(
        |repo| {
            repo.replace(
                "crates/featon/Cargo.toml",
                "path = \"../feat\"",
                "path = \"../feat\", features = [\"extra\"]",
            )
        },
        "source: featon; deny: yes",
    );
}

#[test]
fn a_feature_becomes_a_default() {
    check(
        |repo| {
            repo.replace(
                "crates/feat/Cargo.toml",
                "extra = []",
                "default = [\"extra\"]\nextra = []",
            )
        },
        "source: feat featon featoff; deny: yes",
    );
}

#[test]
fn n27_the_lints_of_the_workspace() {
    check(
        |repo| repo.replace("Cargo.toml", "unused = \"warn\"", "unused = \"deny\""),
        "source: lints lints2; deny: yes",
    );
}

#[test]
fn the_lints_of_one_crate() {
    check(
        |repo| repo.append("crates/lonely/Cargo.toml", "\n[lints.rust]\nunused = \"deny\"\n"),
        "source: lonely; deny: yes",
    );
}

#[test]
fn n28_the_profile_for_development() {
    check(
        |repo| repo.replace("Cargo.toml", "[profile.dev]\ndebug = 1", "[profile.dev]\ndebug = 2"),
        "source: ALL; deny: yes",
    );
}

#[test]
fn the_profile_for_releases() {
    // Debatable: no check of this workspace builds with it, but that is not known of any command.
    check(
        |repo| {
            repo.replace(
                "Cargo.toml",
                "[profile.release]\ndebug = 1",
                "[profile.release]\ndebug = 2",
            )
        },
        "source: ALL; deny: yes",
    );
}

#[test]
fn n29_the_version_that_crates_inherit() {
    check(
        |repo| {
            repo.replace("Cargo.toml", "version = \"0.1.0\"", "version = \"0.2.0\"")
                .replace(
                    "Cargo.lock",
                    "name = \"vers\"\nversion = \"0.1.0\"",
                    "name = \"vers\"\nversion = \"0.2.0\"",
                )
        },
        "source: vers versuser; deny: yes",
    );
}

#[test]
fn the_edition_that_crates_inherit() {
    check(
        |repo| repo.replace("Cargo.toml", "edition = \"2021\"", "edition = \"2024\""),
        "source: vers versuser; fmt: vers; deny: yes",
    );
}

#[test]
fn the_edition_of_one_crate() {
    check(
        |repo| repo.replace("crates/mid/Cargo.toml", "edition = \"2024\"", "edition = \"2021\""),
        "source: mid top; fmt: mid; deny: yes",
    );
}

#[test]
fn the_version_of_one_crate() {
    check(
        |repo| repo.replace("crates/mid/Cargo.toml", "version = \"0.1.0\"", "version = \"0.1.1\""),
        "source: mid top; deny: yes",
    );
}

#[test]
fn a_value_is_inherited_that_was_the_same_before() {
    check(
        |repo| {
            repo.replace(
                "crates/mid/Cargo.toml",
                "version = \"0.1.0\"",
                "version.workspace = true",
            )
        },
        "deny: yes",
    );
}

#[test]
fn the_description_of_one_crate() {
    // Debatable: few read it, but `env!(\"CARGO_PKG_DESCRIPTION\")` does, and cargo builds the crate anew.
    check(
        |repo| {
            repo.replace(
                "crates/lonely/Cargo.toml",
                "edition = \"2024\"",
                "edition = \"2024\"\ndescription = \"Alone\"",
            )
        },
        "source: lonely; deny: yes",
    );
}

#[test]
fn the_name_of_a_library() {
    check(
        |repo| repo.append("crates/lonely/Cargo.toml", "\n[lib]\nname = \"alone\"\n"),
        "source: lonely; fmt: lonely; deny: yes",
    );
}

#[test]
fn n35_a_dependency_is_called_by_another_name() {
    check(
        |repo| repo.replace("crates/renamed/Cargo.toml", "alias =", "other ="),
        "source: renamed; deny: yes",
    );
}

#[test]
fn n39_metadata_that_a_build_script_reads() {
    check(
        |repo| repo.replace("crates/metab/Cargo.toml", "library = \"z\"", "library = \"y\""),
        "source: metab; deny: yes",
    );
}

#[test]
fn n40_metadata_that_nobody_reads() {
    check(
        |repo| repo.replace("crates/lonely/Cargo.toml", "reads = \"this\"", "reads = \"that\""),
        "deny: yes",
    );
}

#[test]
fn n41_metadata_of_the_workspace_that_nobody_reads() {
    check(
        |repo| repo.append("Cargo.toml", "\n[workspace.metadata.other]\nkey = 1\n"),
        "deny: yes",
    );
}

#[test]
fn our_own_metadata_of_one_check() {
    check(
        |repo| {
            repo.replace(
                "Cargo.toml",
                "clippy = true",
                "clippy = { args = [\"--\", \"-D\", \"warnings\"] }",
            )
        },
        "clippy: ALL; deny: yes",
    );
}

#[test]
fn our_own_metadata_of_one_check_in_one_package() {
    check(
        |repo| {
            repo.append(
                "crates/lonely/Cargo.toml",
                "\n[package.metadata.hooks.checks.clippy]\nargs = [\"--\", \"-D\", \"warnings\"]\n",
            )
        },
        "clippy: lonely; deny: yes",
    );
}

#[test]
fn our_own_metadata_of_how_checks_run() {
    check(|repo| repo.settings("fail-fast = true"), "deny: yes");
}

#[test]
fn n42_a_comment_in_the_root_manifest() {
    check(|repo| repo.prepend("Cargo.toml", "# For you."), "deny: yes");
}

#[test]
fn a_comment_in_the_manifest_of_a_member() {
    check(|repo| repo.prepend("crates/base/Cargo.toml", "# For you."), "deny: yes");
}

#[test]
fn the_order_of_keys() {
    check(
        |repo| {
            repo.replace(
                "crates/base/Cargo.toml",
                "version = \"0.1.0\"\nedition = \"2024\"\n",
                "edition = \"2024\"\nversion = \"0.1.0\"\n",
            )
        },
        "deny: yes",
    );
}

#[test]
fn n43_the_default_members() {
    check(
        |repo| {
            repo.replace(
                "Cargo.toml",
                "resolver = \"3\"",
                "resolver = \"3\"\ndefault-members = [\"crates/base\"]",
            )
        },
        "deny: yes",
    );
}

#[test]
fn the_members_are_listed_in_another_way() {
    check(
        |repo| repo.replace("Cargo.toml", "\"crates/outer/inner\"", "\"crates/outer/i*\""),
        "deny: yes",
    );
}

#[test]
fn the_resolver() {
    check(
        |repo| repo.replace("Cargo.toml", "resolver = \"3\"", "resolver = \"2\""),
        "source: ALL; deny: yes",
    );
}

#[test]
fn n52_a_dependency_that_is_not_locked_yet() {
    check(
        |repo| {
            repo.append(
                "crates/leaf/Cargo.toml",
                "\n[dependencies]\nlonely = { path = \"../lonely\" }\nnew = \"1\"\n",
            )
        },
        "source: leaf; deny: yes",
    );
}

#[test]
fn a_dev_dependency_becomes_a_dependency() {
    check(
        |repo| repo.replace("crates/devonly/Cargo.toml", "dev-dependencies", "dependencies"),
        "build: devonly devonly2; doc: devonly; deny: yes",
    );
}

#[test]
fn a_dev_dependency_is_added() {
    check(
        |repo| {
            repo.append(
                "crates/mid/Cargo.toml",
                "\n[dev-dependencies]\nlonely = { path = \"../lonely\" }\n",
            )
        },
        "build: mid; deny: yes",
    );
}

#[test]
fn a_dependency_of_the_workspace_moves_to_another_directory() {
    check(
        |repo| repo.replace("Cargo.toml", "libs/one", "libs/two"),
        "source: eitheruser; deny: yes",
    );
}

#[test]
fn a_dependency_of_the_workspace_that_nobody_inherits() {
    check(
        |repo| repo.replace("Cargo.toml", "alpha = \"1\"\n", "alpha = \"1\"\nunused = \"1\"\n"),
        "deny: yes",
    );
}

#[test]
fn the_manifest_of_another_workspace() {
    check(
        |repo| repo.replace("crates/excluded/Cargo.toml", "0.1.0", "0.2.0"),
        "deny: yes",
    );
}

#[test]
fn a_member_whose_manifest_could_not_be_read_before() {
    check_in(
        |repo| repo.append("crates/mid/Cargo.toml", "<<<<<<< ours\n").base(),
        |repo| repo.replace("crates/mid/Cargo.toml", "<<<<<<< ours\n", ""),
        "source: mid top; fmt: mid; deny: yes",
    )
    .notes("crates/mid");
}

#[test]
fn a_root_manifest_that_could_not_be_read_before() {
    check_in(
        |repo| repo.append("Cargo.toml", "<<<<<<< ours\n").base(),
        |repo| repo.replace("Cargo.toml", "<<<<<<< ours\n", ""),
        "source: ALL; fmt: ALL; deny: yes",
    )
    .notes("cargo.toml");
}
