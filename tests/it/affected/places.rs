//! Where files lie and what they are: root packages, directories above, submodules, links, odd names.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::template::repository;
use super::{check, check_in, compare, compare_from};
use crate::sandbox::Sandbox;

#[test]
fn a_root_package_does_not_own_the_readme_of_the_repository() {
    check_in(Sandbox::root_package, |repo| repo.edit("README.md"), "");
}

#[test]
fn a_root_package_does_not_own_the_workflows() {
    check_in(Sandbox::root_package, |repo| repo.edit(".github/workflows/ci.yml"), "");
}

#[test]
fn a_root_package_does_not_own_the_documents() {
    check_in(Sandbox::root_package, |repo| repo.edit("docs/guide.md"), "");
}

#[test]
fn a_root_package_owns_its_sources() {
    check_in(
        Sandbox::root_package,
        |repo| repo.edit("src/lib.rs"),
        "source: rootpkg; fmt: rootpkg",
    );
}

#[test]
fn a_root_package_does_not_own_the_files_of_members() {
    check_in(
        Sandbox::root_package,
        |repo| repo.edit("crates/base/tests/it.rs"),
        "build: base; fmt: base",
    );
}

#[test]
fn a_root_package_depends_on_members() {
    check_in(
        Sandbox::root_package,
        |repo| repo.edit("crates/base/src/lib.rs"),
        "build: T(base) rootpkg; doc: D(base) rootpkg; fmt: base",
    );
}

#[test]
fn a_file_of_a_root_package_that_another_crate_reads() {
    check_in(
        Sandbox::root_package,
        |repo| repo.edit("assets/data.txt"),
        // The root package may have a use for its own file all the same.
        "source: incl rootpkg",
    );
}

#[test]
fn n19_the_toolchain_beside_a_root_package() {
    check_in(
        Sandbox::root_package,
        |repo| repo.write("rust-toolchain.toml", "[toolchain]\nchannel = \"stable\"\n"),
        "source: ALL; fmt: ALL",
    );
}

#[test]
fn n21_the_configuration_of_clippy_beside_a_root_package() {
    // The root package is the nearest owner, and yet clippy looks for the file above every crate.
    check_in(
        Sandbox::root_package,
        |repo| repo.write("clippy.toml", "msrv = \"1.80\"\n"),
        "clippy: ALL",
    );
}

#[test]
fn the_manifest_of_a_root_package() {
    check_in(
        Sandbox::root_package,
        |repo| repo.replace("Cargo.toml", "edition = \"2024\"", "edition = \"2021\""),
        "source: rootpkg; fmt: rootpkg; deny: yes",
    );
}

#[test]
fn n58_a_workspace_below_the_top_of_the_repository() {
    let repo = repository();
    repo.below_the_top().edit("rust/crates/base/src/lib.rs");
    compare_from(&repo, "rust", "--since base", "build: T(base); doc: D(base); fmt: base");
}

#[test]
fn n58_a_file_above_the_workspace_that_tools_read() {
    for (path, expected) in [
        ("rust-toolchain.toml", "source: ALL; fmt: ALL; typos: any"),
        (".cargo/config.toml", "source: ALL; typos: any"),
        ("clippy.toml", "clippy: ALL; typos: any"),
        ("rustfmt.toml", "fmt: ALL; typos: any"),
    ] {
        let repo = repository();
        repo.below_the_top().write(path, "# For all.\n");
        compare_from(&repo, "rust", "--since base", expected);
    }
}

#[test]
fn n58_a_file_above_the_workspace_that_nobody_reads() {
    let repo = repository();
    repo.below_the_top().write("web/index.html", "<html>\n");
    compare_from(&repo, "rust", "--since base", "typos: any");
}

#[test]
fn a_file_above_the_workspace_that_a_crate_includes() {
    let repo = repository();
    let included = "//! Reads.\n\n/// It.\npub const DATA: &str = include_str!(\"../../../../web/data.txt\");\n";
    repo.below_the_top()
        .write("rust/crates/lonely/src/lib.rs", included)
        .write("web/data.txt", "data\n")
        .base()
        .edit("web/data.txt");
    compare_from(&repo, "rust", "--since base", "source: lonely; typos: any");
}

#[test]
fn the_other_workspace_of_the_repository() {
    let repo = repository();
    repo.edit("crates/excluded/src/lib.rs").edit("crates/base/src/lib.rs");
    compare_from(
        &repo,
        "crates/excluded",
        "--since base",
        "source: excluded; fmt: excluded; typos: any; deny: any",
    );
}

#[test]
fn the_other_workspace_of_the_repository_is_not_touched() {
    let repo = repository();
    repo.edit("crates/base/src/lib.rs");
    compare_from(&repo, "crates/excluded", "--since base", "typos: any; deny: any");
}

#[test]
fn n44_a_submodule_is_at_another_commit() {
    check_in(
        Sandbox::submodule,
        |repo| {
            repo.edit("crates/subcrate/src/lib.rs");
            let _ = repo
                .git_in("crates/subcrate", "commit --quiet --all --message more")
                .exits(0);
            repo
        },
        "source: subcrate subuser; fmt: subcrate",
    );
}

#[test]
fn n44_a_submodule_is_at_another_commit_in_the_last_commit() {
    let repo = repository();
    repo.submodule().edit("crates/subcrate/src/lib.rs");
    let _ = repo
        .git_in("crates/subcrate", "commit --quiet --all --message more")
        .exits(0);
    repo.commit();
    compare(&repo, "--range base..HEAD", "source: subcrate subuser; fmt: subcrate");
}

#[test]
fn n44_only_the_readme_of_a_submodule_is_another() {
    // Debatable: it is enough to know that something in it has changed, but it can be known what.
    check_in(
        Sandbox::submodule,
        |repo| {
            repo.write("crates/subcrate/README.md", "Words.\n");
            let _ = repo.git_in("crates/subcrate", "add --all").exits(0);
            let _ = repo.git_in("crates/subcrate", "commit --quiet --message more").exits(0);
            repo
        },
        "source: subcrate? subuser?; fmt: subcrate?; deny: any",
    );
}

#[test]
fn n45_a_file_of_a_submodule_is_edited() {
    check_in(
        Sandbox::submodule,
        |repo| repo.edit("crates/subcrate/src/lib.rs"),
        "source: subcrate subuser; fmt: subcrate",
    );
}

#[test]
fn n45_a_file_of_a_submodule_is_new() {
    check_in(
        Sandbox::submodule,
        |repo| repo.write("crates/subcrate/tests/new.rs", ""),
        "build: subcrate; fmt: subcrate",
    );
}

#[test]
fn a_submodule_that_nothing_happens_in() {
    check_in(
        Sandbox::submodule,
        |repo| repo.edit("crates/lonely/src/lib.rs"),
        "source: lonely; fmt: lonely",
    );
}

#[test]
fn a_directory_becomes_a_submodule() {
    let repo = repository();
    repo.submodule();
    compare(
        &repo,
        "--range base^..base",
        "source: subcrate? subuser?; fmt: subcrate?; deny: any",
    );
}

#[test]
fn a_repository_that_nobody_has_added_yet() {
    // Debatable: git names only the directory.
    check(
        |repo| repo.other_repository("ws/crates/lonely/nested", &[("tests/x.rs", "//! Not ours.\n")]),
        "source: lonely?; fmt: lonely?",
    );
}

#[test]
fn n46_a_link_that_nobody_reads_leads_elsewhere() {
    // Debatable: it is a file of `incl`, and what it leads to now is read by it.
    check_in(
        |repo| repo.link("crates/incl/link.txt", "../../assets/unread.txt").base(),
        |repo| repo.link("crates/incl/link.txt", "../../assets/data.txt"),
        "source: incl?",
    );
}

#[test]
fn a_file_is_replaced_by_a_link() {
    check(
        |repo| repo.link("crates/leaf/src/lib.rs", "../../lonely/src/lib.rs"),
        "source: leaf xincl; fmt: leaf",
    );
}

#[test]
fn the_file_changes_that_a_source_is_a_link_to() {
    // Debatable: the link is a source of `leaf`, so rustfmt looks at it there as well.
    check_in(
        |repo| repo.link("crates/leaf/src/lib.rs", "../../lonely/src/lib.rs").base(),
        |repo| repo.edit("crates/lonely/src/lib.rs"),
        "source: lonely leaf xincl; fmt: lonely leaf",
    );
}

#[test]
fn a_link_that_leads_nowhere() {
    check(|repo| repo.link("crates/mid/tests/gone", "nowhere"), "build: mid");
}

#[test]
fn a_link_that_leads_to_itself() {
    check(|repo| repo.link("crates/mid/tests/self.txt", "self.txt"), "build: mid");
}

#[test]
fn n47_a_name_that_is_no_text() {
    check(
        |repo| repo.write(OsStr::from_bytes(b"crates/mid/caf\xe9.txt"), "data\n"),
        "source: mid top",
    );
}

#[test]
fn n47_a_test_whose_name_is_no_text() {
    check(
        |repo| repo.write(OsStr::from_bytes(b"crates/mid/tests/caf\xe9.rs"), "//! Tests.\n"),
        "build: mid; fmt: mid",
    );
}

#[test]
fn n48_only_the_case_of_a_name_is_another() {
    check(
        |repo| repo.rename("crates/leaf/asset.txt", "crates/leaf/Asset.txt"),
        "source: leaf",
    );
}

#[test]
fn n53_a_name_with_a_space_and_a_new_line() {
    check(
        |repo| repo.write("crates/mid/tests/two words\nand a line.rs", "//! Tests.\n"),
        "build: mid; fmt: mid",
    );
}

#[test]
fn n53_a_name_that_looks_like_an_option_or_a_pattern() {
    check(
        |repo| repo.write("crates/mid/tests/--*[a]?\"'.rs", "//! Tests.\n"),
        "build: mid; fmt: mid",
    );
}

#[test]
fn a_file_is_written_anew_with_the_same_content() {
    check(
        |repo| {
            let source = repo.read("crates/base/src/lib.rs");
            repo.write("crates/base/src/lib.rs", source)
        },
        "typos: no",
    );
}

#[test]
fn a_file_becomes_executable() {
    // Debatable: git says that it differs; nothing that is built does.
    check(
        |repo| repo.chmod("crates/leaf/src/lib.rs"),
        "source: leaf? xincl?; fmt: leaf?; typos: any",
    );
}

#[test]
fn a_file_that_git_ignores() {
    check(|repo| repo.write("crates/base/src/x.ignored", "data\n"), "typos: no");
}

#[test]
fn what_cargo_has_built() {
    // Git is not told to ignore it. No crate is touched; whether it is a change at all, nobody has said.
    check_in(
        |repo| repo.write(".gitignore", "").base(),
        |repo| repo.write("target/debug/build/base-1/out/made.rs", "//! Made.\n"),
        "typos: any",
    );
}
