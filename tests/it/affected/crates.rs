//! Crates come, go, move and change their names.

use super::{check, check_in};

#[test]
fn n30_a_crate_that_nobody_needs_is_deleted() {
    check(|repo| repo.delete("crates/lonely"), "deny: yes; removed: lonely");
}

#[test]
fn n31_a_crate_is_deleted_and_no_longer_depended_on() {
    check(
        |repo| {
            repo.delete("crates/opt").replace(
                "crates/optuser/Cargo.toml",
                "opt = { path = \"../opt\", optional = true }\n",
                "",
            )
        },
        "source: optuser; deny: yes; removed: opt",
    );
}

#[test]
fn a_crate_in_the_middle_is_deleted() {
    check(
        |repo| {
            repo.delete("crates/mid").replace(
                "crates/top/Cargo.toml",
                "mid = { path = \"../mid\" }",
                "base = { path = \"../base\" }",
            )
        },
        "source: top; deny: yes; removed: mid",
    );
}

#[test]
fn n32_a_crate_is_added_and_git_does_not_know_it_yet() {
    check(|repo| repo.member("newc"), "source: newc; fmt: newc; deny: yes");
}

#[test]
fn a_crate_is_added_and_depended_on() {
    check(
        |repo| {
            repo.member("newc").replace(
                "crates/mid/Cargo.toml",
                "[dependencies]\n",
                "[dependencies]\nnewc = { path = \"../newc\" }\n",
            )
        },
        "source: newc mid top; fmt: newc; deny: yes",
    );
}

#[test]
fn n33_a_crate_moves() {
    // Its reader names a file that is there no more.
    check(
        |repo| repo.rename("crates/leaf", "crates/moved"),
        "source: leaf xincl; fmt: leaf; deny: yes",
    );
}

#[test]
fn n34_a_crate_gets_another_name() {
    check(
        |repo| repo.replace("crates/leaf/Cargo.toml", "name = \"leaf\"", "name = \"leaf_renamed\""),
        "source: leaf_renamed; fmt: leaf_renamed; deny: yes; removed: leaf",
    );
}

#[test]
fn a_crate_moves_and_gets_another_name() {
    check(
        |repo| {
            repo.rename("crates/mid", "crates/centre")
                .replace("crates/centre/Cargo.toml", "name = \"mid\"", "name = \"centre\"")
                .replace(
                    "crates/top/Cargo.toml",
                    "mid = { path = \"../mid\" }",
                    "centre = { path = \"../centre\" }",
                )
        },
        "source: centre top; fmt: centre; deny: yes; removed: mid",
    );
}

#[test]
fn two_crates_change_places() {
    check(
        |repo| {
            repo.rename("crates/ext3a", "crates/swap")
                .rename("crates/ext3b", "crates/ext3a")
                .rename("crates/swap", "crates/ext3b")
        },
        "source: ext3a ext3b; fmt: ext3a ext3b; deny: yes",
    );
}

#[test]
fn a_member_is_excluded_while_its_files_stay() {
    check(
        |repo| {
            repo.replace(
                "Cargo.toml",
                "\"crates/excluded\"",
                "\"crates/excluded\", \"crates/lonely\"",
            )
        },
        "deny: yes; removed: lonely",
    );
}

#[test]
fn a_nested_member_is_no_member_any_more() {
    // The files are now of the crate around, but none of them is built into it.
    check(
        |repo| repo.replace("Cargo.toml", ", \"crates/outer/inner\"", ""),
        "deny: yes; removed: inner",
    );
}

#[test]
fn a_directory_becomes_a_member() {
    check(
        |repo| {
            repo.replace(
                "Cargo.toml",
                "exclude = [\"crates/excluded\", \"libs\"]",
                "exclude = [\"libs\"]",
            )
            .replace("crates/excluded/Cargo.toml", "\n[workspace]\n", "")
        },
        "source: excluded; fmt: excluded; deny: yes",
    );
}

#[test]
fn n15_a_crate_within_a_crate() {
    check(
        |repo| repo.edit("crates/outer/inner/src/lib.rs"),
        "source: inner; fmt: inner",
    );
}

#[test]
fn n16_the_crate_around_a_crate() {
    check(|repo| repo.edit("crates/outer/src/lib.rs"), "source: outer; fmt: outer");
}

#[test]
fn n14_a_crate_of_another_workspace() {
    check(|repo| repo.edit("crates/excluded/src/lib.rs"), "");
}

#[test]
fn n55_the_files_of_a_crate_whose_directory_is_a_symbolic_link() {
    check(
        |repo| repo.edit("elsewhere/lints/src/lib.rs"),
        "source: lints; fmt: lints",
    );
}

#[test]
fn the_directory_that_a_crates_link_leads_to_moves() {
    check(
        |repo| {
            repo.rename("elsewhere/lints", "elsewhere/moved")
                .link("crates/lints", "../elsewhere/moved")
        },
        "source: lints; fmt: lints; deny: yes",
    );
}

#[test]
fn a_workspace_of_its_own_within_a_crate() {
    // Debatable: the nearest member owns the file, but nothing of it is built from it.
    let manifest = "[package]\nname = \"fuzz\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
    check_in(
        |repo| {
            repo.write("crates/lonely/fuzz/Cargo.toml", manifest)
                .write("crates/lonely/fuzz/src/main.rs", "fn main() {}\n")
                .base()
        },
        |repo| repo.edit("crates/lonely/fuzz/src/main.rs"),
        "source: lonely?; fmt: lonely?",
    );
}

#[test]
fn the_manifest_of_a_workspace_within_a_crate() {
    let manifest = "[package]\nname = \"fuzz\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
    check_in(
        |repo| {
            repo.write("crates/mid/fuzz/Cargo.toml", manifest)
                .write("crates/mid/fuzz/src/main.rs", "fn main() {}\n")
                .base()
        },
        |repo| repo.replace("crates/mid/fuzz/Cargo.toml", "0.1.0", "0.2.0"),
        "deny: yes",
    );
}
