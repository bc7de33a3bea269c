use super::*;

#[test]
fn one_meaning_has_one_form() {
    let shared = "[workspace.package]\nversion = '0.1.0'\nreadme = 'README.md'\n[workspace.lints.rust]\nx = 'warn'\n\
                  [workspace.dependencies]\nserde = '1'\nlocal = { path = 'local' }\n\
                  rich = { version = '1', features = ['b'], default-features = false }\n";
    let check = |same: bool, texts: &[&str]| {
        let described: Vec<StateCrate> = (texts.iter()).map(|text| one(shared, &package("a", text))).collect();
        for (text, other) in texts.iter().zip(&described) {
            assert_eq!(
                *other == described[0],
                same || std::ptr::eq(other, &raw const described[0]),
                "{text}"
            );
        }
    };
    let equal = |texts: &[&str]| check(true, texts);
    let different = |texts: &[&str]| check(false, texts);
    equal(&[
        "[dependencies]\nserde = '1'",
        "# A comment.\n[dependencies]\n  serde='1' # Another.",
        "[dependencies]\nserde = { version = '1' }",
        "[dependencies.serde]\nversion = '1'\noptional = false\ndefault-features = true\nfeatures = []",
        "[dependencies]\nserde = { package = 'serde', version = '1', default_features = true }",
        "[dependencies]\nserde.workspace = true",
        "[dependencies.serde]\nworkspace = true\noptional = false",
        "[dependencies]\nserde = { workspace = true, default-features = false }",
    ]);
    different(&[
        "[dependencies]\nserde = '1'",
        "[dependencies]\nserde = '2'",
        "[build-dependencies]\nserde = '1'",
        "[dependencies]\nserde = { version = '1', optional = true }",
        "[dependencies]\nserde = { version = '1', default-features = false }",
        "[dependencies]\nserde = { workspace = true, features = ['x'] }",
        "[dependencies]\nserde = { package = 'sarde', version = '1' }",
        "[target.'cfg(unix)'.dependencies]\nserde = '1'",
        "",
    ]);
    equal(&[
        "[dependencies]\nrich = { version = '1', features = ['a', 'b', 'c'], default_features = false }",
        "[dependencies]\nrich = { default-features = false, features = ['c', 'b', 'a', 'b'], version = '1' }",
        "[dependencies]\nrich = { workspace = true, features = ['c', 'a'] }",
    ]);
    equal(&[
        "[dependencies]\nrich = { version = '1', features = ['b'] }",
        "[dependencies]\nrich = { workspace = true, default-features = true }",
    ]);
    equal(&[
        "[dependencies]\nlocal = { path = '../local' }",
        "[dependencies]\nlocal = { path = '../x/.././local/' }",
        "[dependencies]\nlocal.workspace = true",
    ]);
    equal(&[
        "[dev-dependencies]\nx = '1'",
        "[dev_dependencies]\nx = '1'",
        "[dev-dependencies]\nx = '1'\n[dev_dependencies]\ny = '1'",
    ]);
    equal(&["[build-dependencies]\nx = '1'", "[build_dependencies]\nx = '1'"]);
    equal(&[
        "readme = '../README.md'",
        "readme.workspace = true",
        "readme = { workspace = true }",
        "readme = './../README.md'",
    ]);
    equal(
        &[
            "[lints]\nworkspace = true",
            "[lints.rust]\nx = 'warn'",
            "lints.rust.x = 'warn'",
        ]
        .map(|text| {
            // A key that stands behind `[package]` would be one of it.
            if text.starts_with("lints.") {
                "[lints]\nrust.x = 'warn'"
            } else {
                text
            }
        }),
    );
    equal(&[
        "[features]\na = ['b', 'c']\nb = []\nc = []",
        "[features]\nc = []\nb = []\na = ['c', 'b', 'c']",
    ]);
    different(&["[features]\na = []", "[features]\na = ['b']\nb = []", ""]);
    equal(&[
        "[[bin]]\nname = 'x'\n[[bin]]\nname = 'y'\npath = 'y.rs'",
        "[[bin]]\npath = 'y.rs'\nname = 'y'\n[[bin]]\nname = 'x'",
    ]);
    equal(&["[lib]\nproc-macro = true", "[lib]\nproc_macro = true"]);
    equal(&[
        "",
        "[profile.dev]\nopt-level = 1",
        "[patch.crates-io]\nx = { path = 'x' }",
    ]);
}

#[test]
fn inherited_and_own_packages_are_equal() {
    let shared =
        "[workspace.package]\nversion = '1.2.3'\nedition = '2021'\nauthors = ['me']\nlicense-file = 'LICENSE'\n";
    let own =
        "[package]\nname = 'a'\nversion = '1.2.3'\nedition = '2021'\nauthors = ['me']\nlicense-file = '../LICENSE'";
    let inherited = "[package]\nname = 'a'\nversion.workspace = true\nedition = { workspace = true }\n\
                     authors.workspace = true\nlicense-file.workspace = true";
    assert_eq!(one(shared, own), one(shared, inherited));
    assert_eq!(one(shared, inherited).version, "1.2.3");
    assert_eq!(one("", "[package]\nname = 'a'").version, "0.0.0");
    assert_eq!(one("", &own.replace("package", "project")), one("", own));
    // What is not there to be inherited stays as it is.
    let lost = one(
        "",
        "[package]\nname = 'a'\nversion.workspace = true\n[lints]\nworkspace = true\n[dependencies]\nx.workspace = true",
    );
    assert_eq!((lost.version.as_str(), lost.dependencies.len()), ("0.0.0", 1));
    assert!(lost.lints.is_some());
}

#[test]
fn what_a_crate_is_built_from() {
    let check = |text: &str, extra: &[&str], expected: [&str; 4]| {
        let manifest = package("a", text);
        let mut state = files(&[
            ("Cargo.toml", "[workspace]\nmembers = ['a']"),
            ("a/Cargo.toml", &manifest),
        ]);
        for file in extra {
            state = state.with(Path::new("/ws/a").join(file), "");
        }
        let state = read(&state);
        let member = &state.crates()[0];
        let relative = |path: &PathBuf| path.strip_prefix("/ws").unwrap().to_str().unwrap().to_owned();
        let list = |paths: &BTreeSet<PathBuf>| paths.iter().map(relative).collect::<Vec<_>>().join(" ");
        let programs: Vec<_> = member.programs.iter().cloned().collect();
        let found = [
            member.build_script.as_ref().map(relative).unwrap_or_default(),
            list(&member.sources),
            list(&member.test_sources),
            programs.join(" "),
        ];
        assert_eq!(found, expected, "{text}");
    };
    check("", &[], ["", "", "", ""]);
    check("", &["build.rs", "src/main.rs"], ["a/build.rs", "", "", "a"]);
    check("build = false", &["build.rs"], ["", "", "", ""]);
    check("build = true", &[], ["a/build.rs", "", "", ""]);
    check("build = '../x.rs'", &["build.rs"], ["x.rs", "", "", ""]);
    check("build = ['p.rs', 'q.rs']", &[], ["a/p.rs", "", "", ""]);
    check("autobins = false", &["src/main.rs"], ["", "", "", ""]);
    check(
        "[[bin]]\nname = 'x'\npath = 'x/main.rs'",
        &["src/main.rs"],
        ["", "a/x/main.rs", "", "a x"],
    );
    check(
        "[[bin]]\nname = 'x'\npath = 'src/main.rs'",
        &["src/main.rs"],
        ["", "a/src/main.rs", "", "x"],
    );
    check(
        "[lib]\npath = 'l.rs'\n[[test]]\nname = 't'\npath = '../t.rs'\n[[bench]]\nname = 'b'\n[[example]]\npath = 'e.rs'",
        &[],
        ["", "a/l.rs", "a/e.rs t.rs", ""],
    );
}

#[test]
fn metadata_is_taken_apart() {
    let check = |text: &str, hooks: bool, rest: bool| {
        let member = one("", &package("a", text));
        assert_eq!(
            (member.hooks.is_some(), member.metadata.is_some()),
            (hooks, rest),
            "{text}"
        );
        assert!(!member.package.contains_key("metadata"));
        let root = format!(
            "[workspace]\n{}",
            text.replace("package.metadata", "workspace.metadata")
        );
        let settings = read(&files(&[("Cargo.toml", &root)])).settings;
        assert_eq!(
            (settings.hooks.is_some(), settings.metadata.is_some()),
            (hooks, rest),
            "{text}"
        );
    };
    check("", false, false);
    check("[package.metadata.hooks]\nx = 1", true, false);
    check("[package.metadata.docs]\nx = 1", false, true);
    check("[package.metadata]\nhooks.x = 1\ndocs.x = 1", true, true);
    check("[package.metadata]\n", false, false);
}

#[test]
fn the_root_manifest_says_what_holds_for_all() {
    let settings = |text: &str| read(&files(&[("Cargo.toml", text)])).settings;
    let resolver = |text: &str| settings(text).resolver.unwrap().as_str().unwrap().to_owned();
    assert_eq!(resolver("[workspace]"), "1");
    assert_eq!(resolver("[workspace]\nresolver = '2'"), "2");
    assert_eq!(resolver("[package]\nname = 'a'"), "1");
    assert_eq!(resolver("[package]\nname = 'a'\nedition = '2021'"), "2");
    assert_eq!(resolver(&package("a", "[workspace]")), "3");
    assert_eq!(resolver(&package("a", "resolver = '1'")), "1");
    let inherited = "[package]\nname = 'a'\nedition.workspace = true\n[workspace.package]\nedition = '2024'";
    assert_eq!(resolver(inherited), "3");
    assert_eq!(
        settings("[workspace]\n[patch.crates-io]\na = { path = 'x/../a' }"),
        settings("[workspace]\n[patch]\ncrates-io.a.path = './a' # As above.")
    );
    assert_ne!(
        settings("[workspace]\n[replace]\n'a:1.0.0' = { path = 'a' }"),
        settings("[workspace]")
    );
    assert_ne!(
        settings("[workspace]\n[profile.dev]\nopt-level = 1"),
        settings("[workspace]")
    );
    assert_eq!(
        settings("[workspace]\nmembers = []\n[workspace.dependencies]\nx = '1'"),
        settings("[workspace]")
    );
    let unstable = |root: &str| {
        let state = read(&files(&[("Cargo.toml", &format!("cargo-features = ['x']\n{root}"))]));
        let own = state.crates().iter().map(|member| member.other.len()).sum::<usize>();
        (state.settings.other.len(), own)
    };
    assert_eq!(unstable("[workspace]"), (1, 0));
    assert_eq!(unstable(&package("a", "[badges]\nx = 1")), (1, 1));
}

#[test]
fn nothing_that_is_wrong_is_a_panic() {
    for text in [
        "package = 1",
        "[package]\nname = 1\nversion = 2\nbuild = 3\nmetadata = 4\nworkspace = 5",
        "[package]\nname = 'a'\nbuild = []\n[dependencies]\nx = 1\ny = []\nz = { path = 1, features = 2, workspace = 3 }",
        "dependencies = 1\ntarget = 2\nfeatures = 3\nlints = 4\nlib = 5\nbin = 6\npackage.name = 'a'",
        "[package]\nname = 'a'\n[target]\nx = 1\n[target.y]\ndependencies = 1\n[[bin]]\n[features]\na = 1\nb = [1, 'x', 1]",
        "[package]\nname = 'a'\n[dependencies.x]\nworkspace = true\nfeatures = 1\n[workspace]\nmembers = [1, '[', '**a', '']\n\
         exclude = [[]]\ndependencies.x.features = ['a']\nlints = 1\npackage = 2\nmetadata = []\n[patch]\nx = 1\n[patch.y]\nz = 1",
    ] {
        let member = format!("{text}\n");
        let state = files(&[
            ("Cargo.toml", "[workspace]\nmembers = ['a']"),
            ("a/Cargo.toml", &member),
        ]);
        read(&state);
        _ = State::read(&files(&[("Cargo.toml", text)]), Path::new("/ws"));
    }
}
