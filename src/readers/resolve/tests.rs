use super::super::scan::{Texts, scan};
use super::*;

/// A repository with its workspace at the top, in `ws`, or anywhere else.
struct Repository {
    root: &'static str,
    files: Vec<&'static str>,
}

const FILES: [&str; 16] = [
    "Cargo.toml",
    "README.md",
    "proto/a.proto",
    "docs/guide.md",
    "src/lib.rs",
    "tests/data/a.json",
    "crates/a/Cargo.toml",
    "crates/a/README.md",
    "crates/a/src/lib.rs",
    "crates/a/tests/it.rs",
    "crates/a-b/Cargo.toml",
    "crates/b/Cargo.toml",
    "crates/b/src/lib.rs",
    "crates/b/data/x.json",
    "crates/b/nested/Cargo.toml",
    "crates/b/nested/y.json",
];

impl Repository {
    /// What a source with this code reads: each path, with a `/` where everything below it counts too.
    fn read(&self, source: &str, code: &str) -> Vec<String> {
        let packages = self.files.iter().filter(|file| last(file.as_bytes()) == b"Cargo.toml");
        let packages = packages.map(|file| parent(file.as_bytes()).to_vec()).collect();
        let lies_in = |dir: &str| {
            let below = self
                .files
                .iter()
                .filter_map(|file| below(file.as_bytes(), dir.as_bytes()));
            below.map(|path| first(path).to_vec()).collect()
        };
        let (in_top, in_root) = (lies_in(""), lies_in(self.root));
        let layout = Layout {
            root: self.root.as_bytes(),
            packages: &packages,
            in_top: &in_top,
            in_root: &in_root,
        };
        let exists = |path: &[u8]| {
            let mut files = self.files.iter().map(|file| file.as_bytes());
            files.any(|file| file == path || below(file, path).is_some())
        };
        let texts = if source.ends_with("build.rs") {
            Texts::Words
        } else {
            Texts::Paths
        };
        let found = targets(source.as_bytes(), &scan(code.as_bytes(), texts).names, &layout, &exists);
        let text = |target: Target| String::from_utf8(target.path).unwrap() + if target.whole { "/" } else { "" };
        found.into_iter().map(text).collect()
    }
}

fn check(source: &str, code: &str, expected: &[&str]) {
    let repository = Repository {
        root: "",
        files: FILES.to_vec(),
    };
    assert_eq!(repository.read(source, code), expected, "{source}: {code}");
}

const LIB: &str = "crates/a/src/lib.rs";
const TEST: &str = "crates/a/tests/it.rs";

#[test]
fn files_outside_of_the_package() {
    check(LIB, r#"include_str!("../../../proto/a.proto")"#, &["proto/a.proto/"]);
    check(LIB, r#"include_str!("../../../README.md")"#, &["README.md/"]);
    check(LIB, r#"include_str!("../../b/src/lib.rs")"#, &["crates/b/src/lib.rs/"]);
    check(
        LIB,
        r#"include_str!("../../b/to_come.json")"#,
        &["crates/b/to_come.json/"],
    );
    check(LIB, r#"include_str!("../../../../outside.json")"#, &[]);
    check(
        LIB,
        r#"concat!(env!("CARGO_MANIFEST_DIR"), "/../b/data/x.json")"#,
        &["crates/b/data/x.json/"],
    );
    check(
        LIB,
        r#"include_dir!("$CARGO_MANIFEST_DIR/../b/data")"#,
        &["crates/b/data/"],
    );
    check(
        LIB,
        r#"#[path = "../../b/src/lib.rs"] mod x;"#,
        &["crates/b/src/lib.rs/"],
    );
    check(
        LIB,
        r#"#[path = "../../../b/src/lib.rs"] mod x;"#,
        &["b/src/lib.rs/", "crates/b/src/lib.rs/"],
    );
    check(LIB, r#"include_str!("../../../Cargo.toml")"#, &["Cargo.toml/"]);
    check(TEST, r#"glob("../../proto/**/*.proto")"#, &["crates/proto/", "proto/"]);
    check(
        TEST,
        r#"read("../b/data")"#,
        &["crates/a/b/data/", "crates/b/data/"][1..],
    );
    check("tools/x.rs", r#"include_str!("../proto/a.proto")"#, &["proto/a.proto"]);
}

#[test]
fn a_name_from_an_unknown_place_goes_from_all_that_make_sense() {
    check(LIB, r#"read("proto/a.proto")"#, &["proto/a.proto/"]);
    check(LIB, r#"read("proto/gone.proto")"#, &["proto/gone.proto/"]);
    check(LIB, r#"read("crates/b/data/x.json")"#, &["crates/b/data/x.json/"]);
    check(
        LIB,
        r#"root().join("crates").join("b").join("data")"#,
        &["crates/b/data/"],
    );
    check(LIB, r#"read("application/json")"#, &[]);
    check(LIB, r#"read("crates/b"); read("crates"); read("crates/a-b")"#, &[]);
    check(LIB, r#"read("Cargo.toml"); read("crates/b/Cargo.toml")"#, &[]);
    // Nearly every package has these names.
    check(LIB, r#"read("src/lib.rs"); read("src/main.rs")"#, &[]);
    check(TEST, r#"read("tests/data/a.json")"#, &["tests/data/a.json/"]);
    check(TEST, r#"read("tests/it.rs")"#, &[]);
    check(
        "crates/b/src/lib.rs",
        r#"read("nested/y.json"); read("data/x.json")"#,
        &["crates/b/nested/y.json"],
    );
}

#[test]
fn neither_the_package_itself_nor_what_it_lies_in() {
    for up in ["..", "../..", "../../..", "../../../..", "../src/..", "."] {
        check(
            LIB,
            &format!(r#"Path::new("{up}/"); include_str!("{up}"); root.join("{up}")"#),
            &[],
        );
    }
    check(LIB, r#"format!("../{name}"); format!("../../{name}.json")"#, &[]);
    check(LIB, r#"env!("CARGO_MANIFEST_DIR")"#, &[]);
}

#[test]
fn tests_that_the_library_reads() {
    check(
        LIB,
        r#"include_str!("../tests/data/a.json")"#,
        &["crates/a/tests/data/a.json/"],
    );
    check(
        LIB,
        r#"#[path = "../tests/common.rs"] mod common;"#,
        &["crates/a/tests/common.rs/"],
    );
    check(LIB, r#"read("tests/own.json")"#, &["crates/a/tests/own.json"]);
    check(
        TEST,
        r#"include_str!("data/a.json"); include!("../src/lib.rs"); include_str!("../tests/a.json")"#,
        &[],
    );
    check("crates/a/examples/e.rs", r#"include_str!("../tests/data/a.json")"#, &[]);
}

#[test]
fn documents() {
    check(
        LIB,
        r#"#![doc = include_str!("../README.md")]"#,
        &["crates/a/README.md"],
    );
    check(LIB, r#"include_str!("docs/x.md")"#, &["crates/a/src/docs/x.md"]);
    check(
        TEST,
        r#"read("README.md")"#,
        &["crates/a/README.md", "crates/a/tests/README.md"],
    );
    check(
        TEST,
        r#"read("LICENSE")"#,
        &["crates/a/LICENSE", "crates/a/tests/LICENSE"],
    );
    check(
        TEST,
        r#"include_str!(".config/x.toml")"#,
        &["crates/a/tests/.config/x.toml"],
    );
    check(
        LIB,
        r#"name(".google.protobuf.Any"); x("data.json"); x("other/a.txt")"#,
        &[],
    );
    check(TEST, r#"cases("tests/cmd/*.md")"#, &[]);
    check(
        TEST,
        r#"Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")"#,
        &["crates/a/docs/"],
    );
    check(
        "src/lib.rs",
        r#"#![doc = include_str!("../README.md")]"#,
        &["README.md"],
    );
    check("src/lib.rs", r#"include_str!("../docs/guide.md")"#, &["docs/guide.md"]);
}

#[test]
fn directories_that_a_build_script_names() {
    let build = "crates/a/build.rs";
    check(
        build,
        r#"println!("cargo:rerun-if-changed=docs");"#,
        &["crates/a/docs/"],
    );
    check(
        build,
        r#"println!("cargo:rerun-if-changed=docs/x"); "src""#,
        &["crates/a/docs/x/", "docs/x/"],
    );
    check(
        build,
        r#"compile("proto/x.proto", "include")"#,
        &["crates/a/include/", "crates/a/proto/x.proto/", "proto/x.proto/"],
    );
    check(build, r#"compile(&["../../proto/a.proto"])"#, &["proto/a.proto/"]);
}

#[test]
fn a_workspace_below_the_top() {
    let files = vec![
        "top/x.json",
        "ws/Cargo.toml",
        "ws/etc/y.json",
        "ws/a/Cargo.toml",
        "ws/a/src/lib.rs",
    ];
    let repository = Repository { root: "ws", files };
    let read = |code: &str| repository.read("ws/a/src/lib.rs", code);
    assert_eq!(read(r#"read("top/x.json")"#), ["top/x.json/"]);
    assert_eq!(read(r#"read("etc/y.json")"#), ["ws/etc/y.json/"]);
    assert_eq!(read(r#"read("../top/x.json")"#), ["top/x.json/", "ws/top/x.json/"]);
    assert_eq!(
        read(r#"include_str!("../../../ws"); include_str!("../../..")"#),
        [""; 0]
    );
}

#[test]
fn parts_are_joined() {
    let check = |dir: &str, path: &str, expected: Option<&str>| {
        let joined = joined(dir.as_bytes(), path.as_bytes());
        assert_eq!(joined.as_deref(), expected.map(str::as_bytes), "{dir} {path}");
    };
    check("a/b", "../c/./d", Some("a/c/d"));
    check("a", "..", Some(""));
    check("a", "../..", None);
    check("", "a//b/", Some("a/b"));
}
