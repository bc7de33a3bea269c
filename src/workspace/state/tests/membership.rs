use super::super::super::manifests::find_root;
use super::*;

/// The members of a workspace with this `[workspace]` and a crate, named after its directory, in each of these.
fn members(workspace: &str, dirs: &[&str]) -> State {
    let name = |dir: &str| dir.rsplit('/').next().unwrap().to_owned();
    let manifests = dirs.iter().map(|dir| {
        let (dir, rest) = dir.split_once(": ").unwrap_or((dir, ""));
        let path = Path::new("/ws").join(dir).join("Cargo.toml");
        (super::normal(&path), package(&name(dir), rest))
    });
    let root = (
        Path::new("/ws/Cargo.toml").to_owned(),
        format!("[workspace]\n{workspace}"),
    );
    read(&MemoryFiles::new(manifests.chain([root])))
}

#[test]
fn listed_members() {
    let check = |workspace: &str, dirs: &[&str], expected: &str, notes: usize| {
        let state = members(workspace, dirs);
        assert_eq!(names(&state), expected, "{workspace}");
        assert_eq!(state.notes.len(), notes, "{:?}", state.notes);
    };
    check("", &["a"], "", 0);
    check("members = ['b', './a/', 'x/../c']", &["a", "b", "c", "d"], "a b c", 0);
    check("members = ['a', 'a']", &["a"], "a", 0);
    check(
        "members = ['crates/*']",
        &["crates/b", "crates/a", "crates/a/in", "d"],
        "a@crates/a b@crates/b",
        0,
    );
    check(
        "members = ['c*/*', 'c?/[ab]']",
        &["c1/a", "c2/b", "c2/d"],
        "a@c1/a b@c2/b d@c2/d",
        0,
    );
    check("members = ['x/**']", &["x/a", "x/b/c"], "a@x/a c@x/b/c", 0);
    check("members = ['../b', '../c/*']", &["../b", "../c/d"], "b@/b d@/c/d", 0);
    check("members = ['gone', 'a']", &["a"], "a", 1);
    check("members = ['gone/*', 'a*']", &["a"], "a", 0);
    check("members = 'a'", &["a"], "", 0);
}

#[test]
fn excluded_directories() {
    let check = |workspace: &str, dirs: &[&str], expected: &str| {
        assert_eq!(names(&members(workspace, dirs)), expected, "{workspace}");
    };
    check(
        "members = ['x/*']\nexclude = ['x/b']",
        &["x/a", "x/b", "x/bc"],
        "a@x/a bc@x/bc",
    );
    check("members = ['x/*']\nexclude = ['x']", &["x/a"], "");
    check("members = ['x/a']\nexclude = ['x']", &["x/a", "x/b"], "a@x/a");
    // Who names a directory also lets in what lies below it.
    check(
        "members = ['x', 'x/in/*']\nexclude = ['x/in']",
        &["x", "x/in/a"],
        "a@x/in/a x",
    );
    // Exclusions are no patterns, and go nowhere by `..`.
    check("members = ['*']\nexclude = ['a*']", &["ab"], "ab");
    check("members = ['*']\nexclude = ['b/../a', './c/']", &["a", "c"], "a");
    check(
        "members = ['a']\nexclude = ['b']",
        &["a: [dependencies.b]\npath = '../b'", "b"],
        "a",
    );
}

#[test]
fn path_dependencies_are_members() {
    let check = |workspace: &str, dirs: &[&str], expected: &str| {
        assert_eq!(names(&members(workspace, dirs)), expected, "{dirs:?}");
    };
    let a = "members = ['a']";
    let with = |table: &str, path: &str| format!("a: [{table}]\nx = {{ path = '{path}' }}");
    for table in [
        "dependencies",
        "dev-dependencies",
        "build_dependencies",
        "target.'cfg(windows)'.dependencies",
        "target.x86_64-unknown-linux-gnu.dev-dependencies",
    ] {
        check(a, &[&with(table, "../libs/x"), "libs/x"], "a x@libs/x");
    }
    check(
        a,
        &[
            &with("dependencies", "in"),
            "a/in: [dependencies]\nb.path = '../../b'",
            "b",
        ],
        "a b in@a/in",
    );
    check(
        a,
        &["a: [dependencies]\nx = { path = '../x', optional = true }", "x"],
        "a x",
    );
    check(a, &["a: [dependencies]\nx = { version = '1' }", "x"], "a");
    let shared = "members = ['a']\n[workspace.dependencies]\nx.path = 'libs/x'\ny.path = 'y'";
    check(
        shared,
        &["a: [dependencies]\nx.workspace = true", "libs/x", "y"],
        "a x@libs/x",
    );
    check(shared, &["a: [dependencies]\nx.workspace = false", "libs/x"], "a");
    // Outside of the root, only those that say so.
    check(a, &[&with("dependencies", "../../x"), "../x"], "a");
    check(
        a,
        &[&with("dependencies", "../../x"), "../x: workspace = '../ws'"],
        "a x@/x",
    );
    check(
        a,
        &[&with("dependencies", "../../x"), "../x: workspace = '../other'"],
        "a",
    );
    check(a, &[&with("dependencies", "../gone")], "a");
    // A patch is no dependency.
    check(
        "members = ['a']\n[patch.crates-io]\nx.path = 'x'",
        &["a: [dependencies]\nx = '1'", "x"],
        "a",
    );
}

#[test]
fn the_root_may_be_a_package() {
    let check = |root: &str, expected: &str, crate_name: Option<&str>| {
        let state = read(&files(&[
            ("Cargo.toml", root),
            ("a/Cargo.toml", &package("a", "")),
            ("b/Cargo.toml", &package("b", "")),
        ]));
        assert_eq!(names(&state), expected, "{root}");
        let found = state.root_crate().map(|id| state[id].name.as_str());
        assert_eq!(found, crate_name, "{root}");
    };
    check(&package("me", ""), "me@", Some("me"));
    check(&package("me", "[dependencies]\na.path = 'a'"), "me@", Some("me"));
    check(&package("me", "[workspace]\nmembers = ['a']"), "a me@", Some("me"));
    check(
        &package("me", "[dependencies]\nb.path = 'b'\n[workspace]"),
        "b me@",
        Some("me"),
    );
    check("[project]\nname = 'old'\n", "old@", Some("old"));
    check("[workspace]\nmembers = ['a']", "a", None);
    // The root itself may be excluded.
    check(
        &package("me", "[workspace]\nmembers = ['a']\nexclude = ['']"),
        "a",
        None,
    );
}

#[test]
fn what_is_no_workspace_is_an_error() {
    let check = |entries: &[(&str, &str)], expected: &str| {
        let error = State::read(&files(entries), Path::new("/ws")).unwrap_err();
        assert_eq!(error.to_string().split(": ").next().unwrap(), expected, "{entries:?}");
    };
    check(&[], "there is no `/ws/Cargo.toml`");
    check(&[("Cargo.toml", "<<<<<<< HEAD")], "`/ws/Cargo.toml` cannot be read");
    check(&[("Cargo.toml", "")], "`/ws/Cargo.toml` cannot be read");
}

#[test]
fn a_member_that_cannot_be_read_is_one() {
    let state = read(&files(&[
        ("Cargo.toml", "[workspace]\nmembers = ['a', 'b']\nexclude = ['x']"),
        (
            "a/Cargo.toml",
            &package("a", "[dependencies]\nb.path = '../b'\nx.path = '../x'"),
        ),
        ("b/Cargo.toml", "<<<<<<< HEAD\n"),
        ("x/Cargo.toml", "x x"),
    ]));
    assert_eq!(names(&state), "a b");
    assert_eq!(edges(&state), "a->b(normal)");
    assert_eq!(state.notes.len(), 2, "{:?}", state.notes);
    assert!(
        state
            .notes
            .iter()
            .all(|note| note.contains("cannot be read") && !note.contains('\n'))
    );
}

#[test]
fn the_root_is_found_from_anywhere() {
    let check = |entries: &[(&str, &str)], dir: &str, expected: Option<&str>| {
        let found = find_root(&files(entries), &Path::new("/ws").join(dir));
        assert_eq!(found.as_deref(), expected.map(Path::new), "{entries:?} from {dir}");
    };
    let (root, crate_a) = ("[workspace]\nexclude = ['x']", package("a", ""));
    let tree = [
        ("Cargo.toml", root),
        ("a/Cargo.toml", &crate_a),
        ("a/b/Cargo.toml", &crate_a),
        ("x/Cargo.toml", &crate_a),
        ("y/Cargo.toml", "[workspace]"),
        ("y/in/Cargo.toml", &crate_a),
        ("bad/Cargo.toml", "<<<"),
        ("target/package/a/Cargo.toml", &crate_a),
    ];
    check(&tree, "", Some("/ws"));
    check(&tree, "a/src/deep", Some("/ws"));
    check(&tree, "a/b", Some("/ws"));
    check(&tree, "a/../x", Some("/ws/x"));
    check(&tree, "y/in", Some("/ws/y"));
    check(&tree, "bad/src", Some("/ws"));
    check(&tree, "target/package/a", Some("/ws/target/package/a"));
    check(&tree, "..", None);
    let pointing = |to: &str| package("a", &format!("workspace = '{to}'"));
    let (far, lost) = (pointing("../../far"), pointing("../gone"));
    let tree = [
        ("../far/Cargo.toml", root),
        ("Cargo.toml", root),
        ("a/Cargo.toml", &far),
        ("a/in/Cargo.toml", &crate_a),
        ("b/Cargo.toml", &lost),
    ];
    let tree = tree.map(|(path, text)| {
        if let Some(far) = path.strip_prefix("../") {
            (far, text)
        } else {
            (path, text)
        }
    });
    let mut in_memory = files(&tree[1..]);
    in_memory = in_memory.with("/far/Cargo.toml", root);
    let check = |dir: &str, expected: &str| {
        let found = find_root(&in_memory, &Path::new("/ws").join(dir));
        assert_eq!(found.as_deref(), Some(Path::new(expected)), "{dir}");
    };
    check("a", "/far");
    check("a/in", "/far");
    check("b", "/ws/b");
}

#[test]
fn a_directory_with_two_names_has_one_owner() {
    let state = read(
        &files(&[
            ("Cargo.toml", "[workspace]\nmembers = ['crates/*']"),
            ("crates/a/Cargo.toml", &package("a", "")),
            ("crates/a/in/Cargo.toml", &package("in", "")),
        ])
        .with("/ws/elsewhere/lints/Cargo.toml", package("lints", ""))
        .link("/ws/crates/lints", "/ws/elsewhere/lints"),
    );
    assert_eq!(names(&state), "a@crates/a lints@crates/lints");
    let check = |path: &str, expected: Option<&str>| {
        let owner = state.owner(Path::new(path)).map(|id| state[id].name.as_str());
        assert_eq!(owner, expected, "{path}");
    };
    check("crates/lints/src/lib.rs", Some("lints"));
    check("/ws/elsewhere/lints/src/lib.rs", Some("lints"));
    check("elsewhere/other", None);
    // The nearest member, not the nearest manifest.
    check("crates/a/in/src/lib.rs", Some("a"));
    check("Cargo.toml", None);
    assert_eq!(
        state.by_name(&"lints".into()).unwrap().real_dir,
        Path::new("/ws/elsewhere/lints")
    );
    assert!(state.by_name(&"in".into()).is_none());
}
