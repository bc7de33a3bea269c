//! A source changes, or a file that a source reads.

use super::{check, check_in};

#[test]
fn n01_the_source_of_a_library() {
    check(
        |repo| repo.edit("crates/base/src/lib.rs"),
        "build: T(base); doc: D(base); fmt: base",
    );
}

#[test]
fn n02_one_integration_test() {
    check(|repo| repo.edit("crates/base/tests/it.rs"), "build: base; fmt: base");
}

#[test]
fn n03_one_example() {
    check(|repo| repo.edit("crates/base/examples/ex.rs"), "build: base; fmt: base");
}

#[test]
fn one_benchmark() {
    check(
        |repo| repo.edit("crates/base/benches/speed.rs"),
        "build: base; fmt: base",
    );
}

#[test]
fn what_a_test_may_read_when_it_runs() {
    check(|repo| repo.edit("crates/base/tests/data/case.txt"), "build: base");
}

#[test]
fn n04_a_readme_that_nobody_includes() {
    check(|repo| repo.edit("crates/base/README.md"), "");
}

#[test]
fn n05_a_readme_in_a_doc_attribute() {
    check(|repo| repo.edit("crates/readmedoc/README.md"), "source: readmedoc");
}

#[test]
fn n06_a_file_that_is_included_from_outside_of_all_crates() {
    check(|repo| repo.edit("assets/data.txt"), "source: incl");
}

#[test]
fn n07_a_module_outside_of_all_crates() {
    // Debatable: the module lies in no crate. It is expected in fmt all the same, since rustfmt follows `#[path]`.
    check(|repo| repo.edit("shared/module.rs"), "source: pathmod; fmt: pathmod");
}

#[test]
fn n08_a_source_that_another_crate_includes_as_text() {
    check(
        |repo| repo.edit("crates/leaf/src/lib.rs"),
        "source: leaf xincl; fmt: leaf",
    );
}

#[test]
fn n09_a_procedural_macro() {
    check(|repo| repo.edit("crates/pm/src/lib.rs"), "source: pm usespm; fmt: pm");
}

#[test]
fn n10_what_a_build_script_reads_outside_of_its_crate() {
    check(|repo| repo.edit("assets/input.txt"), "source: bs usesbs");
}

#[test]
fn n11_a_build_script() {
    check(|repo| repo.edit("crates/bs/build.rs"), "source: bs usesbs; fmt: bs");
}

#[test]
fn n17_documentation_of_no_crate() {
    check(|repo| repo.edit("docs/guide.md"), "");
}

#[test]
fn n18_a_script_of_no_crate() {
    check(|repo| repo.edit("scripts/release.sh"), "");
}

#[test]
fn n36_an_example_is_deleted() {
    check(
        |repo| repo.delete("crates/base/examples/gone.rs"),
        "build: base; fmt: base",
    );
}

#[test]
fn n37_a_new_source_that_no_module_names() {
    // Debatable: cargo would build nothing anew. Who does not look for the module has to take the crate.
    check(
        |repo| repo.write("crates/leaf/src/unnamed.rs", "//! No module yet.\n"),
        "source: leaf?; fmt: leaf",
    );
}

#[test]
fn a_new_test_is_found_without_being_named() {
    check(
        |repo| repo.write("crates/mid/tests/new.rs", "//! Tests.\n"),
        "build: mid; fmt: mid",
    );
}

#[test]
fn a_build_script_appears() {
    check(
        |repo| repo.write("crates/mid/build.rs", "fn main() {}\n"),
        "source: mid top; fmt: mid",
    );
}

#[test]
fn a_text_beside_a_build_script_that_does_not_tell_what_it_reads() {
    // Cargo runs the script again for any file of the package. One that tells is not concerned.
    check(|repo| repo.write("crates/bdep/README.md", "New.\n"), "source: bdep");
    check(|repo| repo.write("crates/bs/README.md", "New.\n"), "");
}

#[test]
fn a_source_that_is_deleted_is_still_read_by_who_read_it() {
    check(|repo| repo.delete("assets/data.txt"), "source: incl");
}

#[test]
fn a_reader_from_before_counts_though_it_reads_no_more() {
    check(
        |repo| {
            repo.edit("assets/data.txt")
                .write("crates/incl/src/lib.rs", "//! Reads nothing any more.\n")
        },
        "source: incl; fmt: incl",
    );
}

#[test]
fn what_is_included_from_the_directory_of_the_manifest() {
    let included = "//! Reads.\n\n/// It.\npub const DATA: &str = \
                    include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../../assets/unread.txt\"));\n";
    check_in(
        |repo| repo.write("crates/lonely/src/lib.rs", included).base(),
        |repo| repo.edit("assets/unread.txt"),
        "source: lonely",
    );
}

#[test]
fn what_is_included_through_a_symbolic_link() {
    let included = "//! Reads.\n\n/// It.\npub const DATA: &[u8] = include_bytes!(\"../linked.txt\");\n";
    check_in(
        |repo| {
            repo.write("crates/lonely/src/lib.rs", included)
                .link("crates/lonely/linked.txt", "../../assets/unread.txt")
                .base()
        },
        |repo| repo.edit("assets/unread.txt"),
        "source: lonely",
    );
}

#[test]
fn the_link_that_is_included_leads_elsewhere() {
    let included = "//! Reads.\n\n/// It.\npub const DATA: &str = include_str!(\"../linked.txt\");\n";
    check_in(
        |repo| {
            repo.write("crates/lonely/src/lib.rs", included)
                .link("crates/lonely/linked.txt", "../../assets/unread.txt")
                .base()
        },
        |repo| repo.link("crates/lonely/linked.txt", "../../docs/guide.md"),
        "source: lonely",
    );
}

#[test]
fn a_test_reads_what_its_crate_does_not() {
    // Debatable: it is only sure that the tests are touched.
    let test = "//! Reads.\n\nconst DATA: &str = include_str!(\"../../../assets/unread.txt\");\n";
    check_in(
        |repo| repo.write("crates/mid/tests/reads.rs", test).base(),
        |repo| repo.edit("assets/unread.txt"),
        "build: mid",
    );
}

#[test]
fn a_chain_of_modules_outside() {
    let module = "//! A module.\n\n/// Text.\npub const TEXT: &str = include_str!(\"text.txt\");\n";
    check_in(
        |repo| {
            repo.write("shared/module.rs", module)
                .write("shared/text.txt", "text\n")
                .base()
        },
        |repo| repo.edit("shared/text.txt"),
        "source: pathmod",
    );
}
