use proptest::prelude::*;

use super::*;

/// What a source names, as text: the path, `/…` where more follows, and in brackets from where it goes.
fn named(source: &str) -> Vec<String> {
    let names = scan(source.as_bytes(), Texts::Paths).names.into_iter();
    names
        .map(|name| {
            let open = if name.open { "/…" } else { "" };
            format!("{}{open} [{:?}]", name.path, name.base)
        })
        .collect()
}

fn check(source: &str, expected: &[&str]) {
    assert_eq!(named(source), expected, "{source}");
}

#[test]
fn texts_in_macros_and_attributes() {
    check(
        r#"const A: &str = include_str!("../README.md");"#,
        &["../README.md [Source]"],
    );
    check(r#"#![doc = include_str!("../README.md")]"#, &["../README.md [Source]"]);
    check(r#"include_bytes ! ( "a/b.bin" )"#, &["a/b.bin [Unknown]"]);
    check(r#"include_bytes!( "a/b.bin" )"#, &["a/b.bin [Source]"]);
    check(r##"std::include!(r#"a/b.rs"#)"##, &["a/b.rs [Source]"]);
    check(r#"my_include!("a/b.rs")"#, &["a/b.rs [Unknown]"]);
    check(r#"include_dir!("$CARGO_MANIFEST_DIR/assets")"#, &["assets [Manifest]"]);
    check(
        r#"include_str!{"../a"}; include_str!["../b"]"#,
        &["../a [Source]", "../b [Source]"],
    );
    check(r#"include_dir!("assets/x")"#, &["assets/x [Manifest]"]);
    check(r#"#[folder = "public/x/"] struct A;"#, &["public/x [Manifest]"]);
    check(
        r#"#[path = "../../shared/mod.rs"] mod x;"#,
        &["../../shared/mod.rs [Module]"],
    );
    check(
        r#"#[cfg_attr(unix, path = "unix/mod.rs")] mod x;"#,
        &["unix/mod.rs [Module]"],
    );
    check(r#"let path = "unix/mod.rs";"#, &["unix/mod.rs [Unknown]"]);
    check(r#"File::open(b"../a\x2fb.json")"#, &["../a/b.json [Unknown]"]);
    check(r#"open(c"../a.json")"#, &["../a.json [Unknown]"]);
    check("open(\"../a/\\\n      b.json\")", &["../a/b.json [Unknown]"]);
    check(
        r#"println!("cargo:rerun-if-changed=../a.proto")"#,
        &["../a.proto [Unknown]"],
    );
    check(
        r#"println!("cargo::rerun-if-changed=../a.proto")"#,
        &["../a.proto [Unknown]"],
    );
}

#[test]
fn paths_of_several_texts() {
    let manifest = r#"concat!(env!("CARGO_MANIFEST_DIR"), "/../x.json")"#;
    check(manifest, &["../x.json [Manifest]"]);
    check(&format!("include_str!({manifest})"), &["../x.json [Manifest]"]);
    check(
        r#"concat!(env!("CARGO_MANIFEST_DIR"), "/", "x", ".json")"#,
        &["x.json [Manifest]"],
    );
    check(r#"include_str!(concat!("../", "x.json"))"#, &["../x.json [Source]"]);
    check(
        r#"Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/a.json")"#,
        &["../fixtures/a.json [Manifest]"],
    );
    check(
        "Path::new(env!(\"CARGO_MANIFEST_DIR\"))\n    .join(\"..\")\n    .join(\"fixtures\")",
        &["../fixtures [Manifest]"],
    );
    check(
        r#"Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().parent().unwrap().join("a")"#,
        &["../../a [Manifest]"],
    );
    check(
        r#"Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("a")"#,
        &["../../a [Manifest]"],
    );
    check(
        r#"PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("a")"#,
        &["a [Manifest]"],
    );
    check(
        "let mut d = PathBuf::from(env!(\"CARGO_MANIFEST_DIR\"));\nd.push(\"..\");\nd.push(\"a.json\");",
        &[
            ".. [Unknown]",
            ".. [Manifest]",
            "a.json [Unknown]",
            "../a.json [Manifest]",
        ],
    );
    check(
        r#"root().join("crates").join(&"a").join("b.json")"#,
        &["crates/a/b.json [Unknown]"],
    );
    check(
        r#"a(root().join("a/b")); b(root().join("c/d"))"#,
        &["a/b [Unknown]", "c/d [Unknown]"],
    );
    check(r#"f("a/b").g(dir.join("c/d"))"#, &["a/b [Unknown]", "c/d [Unknown]"]);
    check(r#"f("a/b", "c/d")"#, &["a/b [Unknown]", "c/d [Unknown]"]);
    check(
        r#"v.push("a/b"); v.push("c/d");"#,
        &["a/b [Unknown]", "c/d [Unknown]", "a/b/c/d [Unknown]"],
    );
    check(r#"f(concat!("a/", "b"), "c/d")"#, &["a/b [Unknown]", "c/d [Unknown]"]);
    check(
        r#"env!("CARGO_MANIFEST_DIR").to_owned() + "/../a.json""#,
        &["../a.json [Manifest]"],
    );
    check(r#"include!(concat!(env!("OUT_DIR"), "/gen/a.rs"))"#, &[]);
    check(r#"Path::new(&env::var("OUT_DIR").unwrap()).join("gen/a.rs")"#, &[]);
    check(
        r#"concat!(env!("WORKSPACE_DIR"), "/a/b.json")"#,
        &["a/b.json [Unknown]"],
    );
}

#[test]
fn patterns_and_placeholders_end_the_known_part() {
    check(r#"glob("../proto/**/*.proto")"#, &["../proto/… [Unknown]"]);
    check(r#"glob("tests/ui/a?.rs")"#, &["tests/ui/… [Unknown]"]);
    check(r#"format!("../fixtures/{name}/in.json")"#, &["../fixtures/… [Unknown]"]);
    check(r#"format!("../fixtures/a-{}.json", i)"#, &["../fixtures/… [Unknown]"]);
    check(
        r#"format!("{}/../x/a.json", env!("CARGO_MANIFEST_DIR"))"#,
        &["../x/a.json [Manifest]"],
    );
    check(r#"format!("{root}/a/b.json")"#, &["a/b.json [Unknown]"]);
    check(r#"format!("*.rs {}", "{}")"#, &[]);
}

#[test]
fn what_is_no_path() {
    check(r#"get("https://example.com/x")"#, &[]);
    check(r#"get("/v1/projects")"#, &[]);
    check(r#"say("one: a/b; two\n")"#, &[]);
    check(r#"f("plain", "", ".", "a//b", "<a/b>")"#, &[]);
    check(
        "// include_str!(\"../x\")\n/* \"a/b\" /* \"c/d\" */ \"e/f\" */ /// \"g/h\"\n",
        &[],
    );
    check("//! ```\n//! include_str!(\"../x\")\n", &[]);
}

#[test]
fn texts_are_told_from_everything_else() {
    let one = &["../x [Unknown]"];
    check(r#"('"', "../x", '"')"#, one);
    check(r"fn f<'a>(x: &'a str) { f('\'', '\u{22}', b'\\', 'ü') }", &[]);
    check(r#"fn f<'a>(x: &'a str) -> &'static str { "../x" }"#, one);
    check(r#"f("a \" // b", "../x")"#, one);
    check(r###"f(r##"a "# "b/c" "##, "../x")"###, &["../x [Unknown]"]);
    check(r#"f(br"\", "../x")"#, one);
    check(r#"bar"../x""#, one);
    check(r#"a / b / "../x" // c "d/e""#, one);
    check("\"../x", one);
    check("r#\"../x", one);
    for cut in ["'", "'\\", "'\\u", "/", "/*", "\"\\", "r#\"", "b\"", "//", "ü'ü"] {
        check(cut, &[]);
    }
}

#[test]
fn programs() {
    let check = |source: &str, expected: &[&str]| {
        assert_eq!(scan(source.as_bytes(), Texts::Paths).programs, expected, "{source}");
    };
    check(r#"Command::new(env!("CARGO_BIN_EXE_my-tool"))"#, &["my-tool"]);
    check(
        r#"option_env!("CARGO_BIN_EXE_a"); std::env::var("CARGO_BIN_EXE_b")"#,
        &["a", "b"],
    );
    check(
        r#"Command::cargo_bin("a"); cargo_bin!("b"); cargo::cargo_bin_cmd!( "c" ); cargo_bin("a")"#,
        &["a", "b", "c"],
    );
    check(
        r#"my_cargo_bin("a"); f("CARGO_BIN_EXE_"); format!("CARGO_BIN_EXE_{name}"); cargo_bin!()"#,
        &[],
    );
    check(r#"// cargo_bin("a")"#, &[]);
}

proptest! {
    #[test]
    fn any_bytes_are_scanned(source in prop::collection::vec(any::<u8>(), 0..200)) {
        scan(&source, Texts::Words);
    }

    /// Of the characters that matter.
    #[test]
    fn anything_like_a_source_is_scanned(source in r#"["'/\\*#rbc\n(){}.,;ü a!=]{0,60}"#) {
        scan(source.as_bytes(), Texts::Paths);
        let literals: Vec<_> = Literals::new(source.as_bytes()).map(|literal| (literal.start, literal.end)).collect();
        prop_assert!(literals.iter().all(|(start, end)| start < end && *end <= source.len()));
        prop_assert!(literals.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    }

    /// Whatever stands around it, as long as it ends what it begins.
    #[test]
    fn a_text_is_found_among_others(
        before in prop::collection::vec(surrounding(), 0..6),
        after in prop::collection::vec(surrounding(), 0..6),
    ) {
        let source = format!("{} f(include_str!(\"../known.md\")); {}", before.concat(), after.concat());
        prop_assert_eq!(named(&source), ["../known.md [Source]"]);
    }
}

fn surrounding() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "'\"' ",
        "'\\'' ",
        "<'a> ",
        "// \"x/y\n",
        "/* \" /* */ \" */ ",
        "r#\"a\"b\"# ",
        "\"a\\\"\" ",
        "b'\"' ",
        "a / b ",
        "'/' ",
        "b\"\\\\\" ",
        "\"\" ",
        "r\"\\\" ",
        "'ü' ",
    ])
}

#[test]
fn names_in_modules_for_tests_are_told_apart() {
    let check = |source: &str, expected: &[(&str, bool)]| {
        let names = scan(source.as_bytes(), Texts::Paths).names;
        let found: Vec<_> = names.iter().map(|name| (name.path.as_str(), name.tests)).collect();
        assert_eq!(found, expected, "{source}");
    };
    let both = |inner: &str| format!("include_str!(\"a.txt\");\n{inner}\ninclude_str!(\"c.txt\");\n");
    let in_tests = [("a.txt", false), ("b.txt", true), ("c.txt", false)];
    let in_all = [("a.txt", false), ("b.txt", false), ("c.txt", false)];
    let read = "    include_str!(\"b.txt\");\n";
    for head in [
        "mod tests {",
        "#[allow(x)]\nmod tests {",
        "pub(crate) mod tests {",
        "pub mod t {",
    ] {
        check(
            &both(&format!("#[cfg(test)]\n{head}\n{read}\n\n    fn f() {{\n    }}\n}}\n")),
            &in_tests,
        );
    }
    // A text may go to the margin, and may hold what looks like code.
    let text = "    let s = r#\"\nin\n}\n\"#;\n";
    check(
        &both(&format!("#[cfg(test)]\nmod tests {{\n{text}{read}}}\n")),
        &in_tests,
    );
    check(
        &both(&format!(
            "const S: &str = r#\"\n#[cfg(test)]\nmod t {{\n\"#;\nfn f() {{\n{read}}}\n"
        )),
        &in_all,
    );
    // What is written otherwise may end anywhere, and what only looks like it is for all.
    check(&both(&format!("  #[cfg(test)]\nmod tests {{\n{read}}}\n")), &in_all);
    check(
        &both(&format!("#[cfg(test)]\nmod tests {{ }}\nmod other {{\n{read}}}\n")),
        &in_all,
    );
    check(
        &both(&format!("#[cfg(test)]\nmod tests {{\n}} mod other {{\n{read}}}\n")),
        &in_all,
    );
    check(&both(&format!("#[cfg(test)]\nfn f() {{\n{read}}}\n")), &in_all);
    check(&both(&format!("#[cfg(not(test))]\nmod tests {{\n{read}}}\n")), &in_all);
    check(
        &both(&format!("#[cfg(test)]\nmod tests;\nmod other {{\n{read}}}\n")),
        &in_all,
    );
    // The same name in both is for all.
    check(
        "include_str!(\"b.txt\");\n#[cfg(test)]\nmod t {\n    include_str!(\"b.txt\");\n}\n",
        &[("b.txt", false), ("b.txt", true)],
    );
}
