use proptest::prelude::*;

use super::*;

/// What a record says of a repository in `/r` with its workspace in `/r/ws`, as `reader < file`.
fn check(record: impl FnOnce(&Members<'_>) -> Vec<Recorded>, expected: &[&str]) {
    let crates = [("a", "/r/ws/a"), ("b", "/r/ws/a/b"), ("out", "/r/out")];
    let crates = crates.map(|(name, dir)| (name.to_owned(), PathBuf::from(dir)));
    let targets = [PathBuf::from("/r/ws/target")];
    let members = Members::new(Path::new("/r"), Path::new("/r/ws"), &targets, &crates);
    let text = |record: Recorded| format!("{} < {}", record.by.display(), record.file.display());
    let found: Vec<_> = record(&members).into_iter().map(text).collect();
    assert_eq!(found, expected);
}

fn check_dep_info(dep_info: &str, expected: &[&str]) {
    check(|members| of_dep_info(dep_info.as_bytes(), members), expected);
}

#[test]
fn dep_info() {
    check_dep_info(
        "/r/ws/target/debug/deps/a-1.d: a/src/lib.rs a/src/x.rs\n\na/src/lib.rs:\n",
        &[],
    );
    check_dep_info(
        "x.d: a/src/lib.rs a/src/../../../shared/x.rs a/src/../README.md a/b/data.json a/src/../tests/c.rs\n",
        &[
            "/r/ws/a/src/lib.rs < /r/shared/x.rs",
            "/r/ws/a/src/lib.rs < /r/ws/a/README.md",
            "/r/ws/a/src/lib.rs < /r/ws/a/b/data.json",
            "/r/ws/a/src/lib.rs < /r/ws/a/tests/c.rs",
        ],
    );
    check_dep_info(
        "# comment: x\nx.d: a/tests/it.rs a/tests/c.rs a/src/lib.rs a/two\\ words.md /r/ws/target/debug/out/gen.rs /etc/x\n",
        &["/r/ws/a/tests/it.rs < /r/ws/a/two words.md"],
    );
    check_dep_info(
        "x.d: /r/out/src/lib.rs a/src/x.rs\n",
        &["/r/out/src/lib.rs < /r/ws/a/src/x.rs"],
    );
    check_dep_info("x.d: /home/registry/x/src/lib.rs /r/ws/a/x.json\n", &[]);
    check_dep_info(
        "x.d: clippy.toml Cargo.toml a/src/lib.rs a/x.json\n\n# env-dep:CLIPPY_ARGS=x\n",
        &["/r/ws/a/src/lib.rs < /r/ws/a/x.json"],
    );
    check_dep_info(
        "x.d: a/src/lib.rs Cargo.toml\n",
        &["/r/ws/a/src/lib.rs < /r/ws/Cargo.toml"],
    );
    check_dep_info("x.d:\n", &[]);
    check_dep_info("", &[]);
    check_dep_info("# env-dep:A=b: c\n", &[]);
}

#[test]
fn outputs_of_build_scripts() {
    let output = "cargo:rerun-if-changed=build.rs\ncargo:rerun-if-changed=../../proto/a.proto\ncargo::rerun-if-changed=docs\r\n\
        cargo:rerun-if-changed=.\ncargo:rerun-if-changed=..\ncargo:rerun-if-changed=/etc/x\ncargo:rerun-if-env-changed=X\n\
        cargo:rerun-if-changed=/r/ws/target/x\nnothing\n";
    check(
        |members| of_build_script(output.as_bytes(), Path::new("/r/ws/a"), members),
        &["/r/ws/a/build.rs < /r/proto/a.proto", "/r/ws/a/build.rs < /r/ws/a/docs"],
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..100), text in r"[a: \\\n#./]{0,40}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            check(|members| { of_dep_info(bytes, members); is_ours(bytes, members); Vec::new() }, &[]);
            check(|members| { of_build_script(bytes, Path::new("/r/ws/a"), members); Vec::new() }, &[]);
        }
    }
}
