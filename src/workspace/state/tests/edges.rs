use super::super::super::fixture::{fixture, fixture_files};
use super::*;

/// A workspace of `a`, `b` and `c`, of which `a` has these tables.
fn with_a(root: &str, a: &str, lock: Option<&str>) -> State {
    let root = format!("[workspace]\nmembers = ['a', 'b', 'c']\nexclude = ['libs']\n{root}");
    let mut state = files(&[
        ("Cargo.toml", &root),
        ("a/Cargo.toml", &package("a", a)),
        ("b/Cargo.toml", &package("b", "")),
        ("c/Cargo.toml", &package("c", "[lib]\nproc-macro = true")),
        ("libs/x/Cargo.toml", &package("x", "[dependencies]\ny.path = '../y'")),
        ("libs/y/Cargo.toml", &package("y", "[dependencies]\nc.path = '../../c'")),
        ("libs/z/Cargo.toml", &package("z", "[dependencies]\nb.workspace = true")),
        (
            "libs/Cargo.toml",
            "[workspace]\n[workspace.dependencies]\nb.path = '../b'",
        ),
    ]);
    if let Some(lock) = lock {
        state = state.with("/ws/Cargo.lock", lock);
    }
    read(&state)
}

#[test]
fn every_way_to_depend_is_an_edge() {
    let check = |a: &str, expected: &str| {
        let state = with_a("[workspace.dependencies]\nb.path = 'b'\n", a, None);
        assert_eq!(edges(&state), expected, "{a}");
        assert_eq!(state.notes, [""; 0]);
        for member in state.crates() {
            for (to, edge) in state.dependencies(member.id) {
                assert!(
                    state
                        .dependents(to)
                        .any(|(from, other)| from == member.id && other == edge)
                );
            }
        }
    };
    check("", "");
    check("[dependencies]\nb = '0.1'", "");
    check("[dependencies]\nb.path = '../b'", "a->b(normal)");
    check("[dependencies]\nb.workspace = true", "a->b(normal)");
    check(
        "[dependencies]\nbee = { package = 'b', path = '../b', version = '0.1' }",
        "a->b(normal)",
    );
    check("[dependencies]\nc.path = '../c'", "a->c(normal)");
    check(
        "[dependencies]\nb = { path = '../b', optional = true }",
        "a->b(normal optional)",
    );
    check(
        "[dependencies]\nb = { workspace = true, optional = true }",
        "a->b(normal optional)",
    );
    check(
        "[dependencies]\nb = { path = '../b', optional = true }\n[dev-dependencies]\nb.path = '../b'",
        "a->b(normal dev)",
    );
    check(
        "[build-dependencies]\nb.path = '../b'\n[dev_dependencies]\nc.path = '../c'",
        "a->b(build), a->c(dev)",
    );
    check(
        "[target.'cfg(windows)'.build-dependencies]\nb.path = '../b'",
        "a->b(build)",
    );
    check(
        "[dependencies]\nb = { path = '../b', artifact = 'bin', lib = false }",
        "a->b(normal)",
    );
    check("[dev-dependencies]\na.path = '.'", "");
}

#[test]
fn crates_outside_are_followed() {
    let check = |a: &str, expected: &str, outside: &str| {
        let state = with_a("", a, None);
        assert_eq!(edges(&state), expected, "{a}");
        let found = state.outside.iter().map(|outside| {
            let dependents: Vec<_> = outside.dependents.iter().map(|id| state[*id].name.as_str()).collect();
            format!(
                "{}<-{}",
                outside.dir.strip_prefix("/ws").unwrap().display(),
                dependents.join(",")
            )
        });
        assert_eq!(found.collect::<Vec<_>>().join(" "), outside, "{a}");
        assert_eq!(state.notes, [""; 0]);
    };
    check(
        "[dependencies]\nx.path = '../libs/x'",
        "a->c(normal)",
        "libs/x<-a libs/y<-a",
    );
    // What it inherits, it inherits from the root of its own workspace.
    check("[dev-dependencies]\nz.path = '../libs/z'", "a->b(dev)", "libs/z<-a");
    check("[dependencies]\nz.path = '../libs/gone'", "", "libs/gone<-a");
}

#[test]
fn patches_redirect_versions() {
    let check = |lock: Option<&str>, expected: &str, notes: usize| {
        let state = with_a(
            "[patch.crates-io]\nb.path = 'b'",
            "[dependencies]\nbee = { package = 'b', version = '0.1' }",
            lock,
        );
        assert_eq!(edges(&state), expected, "{lock:?}");
        assert_eq!(state.notes.len(), notes, "{:?}", state.notes);
    };
    let package = |name: &str, rest: &str| format!("[[package]]\nname = '{name}'\nversion = '0.1.0'\n{rest}\n");
    let known = [package("a", "dependencies = ['b']"), package("b", ""), package("c", "")].concat();
    let other = [package("a", ""), package("b", ""), package("c", "")].concat();
    check(Some(&known), "a->b(normal)", 0);
    check(Some(&other), "a->b(normal)", 1);
    check(None, "a->b(normal)", 1);
    check(Some("<<<<<<< HEAD"), "a->b(normal)", 2);
    // Where nothing depends on the lock file, nobody looks at it.
    let state = with_a("", "[dependencies]\nb.path = '../b'", Some("<<<<<<< HEAD"));
    assert_eq!((edges(&state).as_str(), state.notes.len()), ("a->b(normal)", 0));
    assert!(state.lock.parse().unwrap_err().contains("line 1"));
    assert!(matches!(with_a("", "", None).lock, LockFile::Absent));
}

#[test]
fn the_configuration_patches_as_well() {
    let state = files(&[
        ("Cargo.toml", "[workspace]\nmembers = ['a', 'b']"),
        ("a/Cargo.toml", &package("a", "[dependencies]\nb = '0.1'")),
        ("b/Cargo.toml", &package("b", "")),
    ]);
    assert_eq!(edges(&read(&state)), "");
    let patched = state.with("/.cargo/config.toml", "[patch.crates-io]\nb.path = 'ws/b'");
    assert_eq!(edges(&read(&patched)), "a->b(normal)");
}

#[test]
fn a_fixture_has_the_same_graph_as_manifests() {
    for text in [
        "",
        "a",
        "a -> b, c(dev); b -> c(build optional); d@libs/d",
        "root@. -> a(normal dev), b(dev); a -> b(optional); a -> b(dev); c -> root",
        "a -> b; b -> a(dev); a -> a(dev)",
    ] {
        let (expected, state) = (fixture(text), read(&fixture_files(text)));
        let of = |id: CrateId| {
            expected
                .dependencies(id)
                .map(|(id, edge)| (id, edge.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(expected.crates().len(), state.crates().len(), "{text}");
        for (theirs, ours) in expected.crates().iter().zip(state.crates()) {
            assert_eq!(
                (&theirs.name, &theirs.dir, &theirs.version),
                (&ours.name, &ours.dir, &ours.version)
            );
            let edges: Vec<_> = state
                .dependencies(ours.id)
                .map(|(id, edge)| (id, edge.clone()))
                .collect();
            assert_eq!(of(theirs.id), edges, "{text}");
        }
        assert_eq!(expected.root_crate(), state.root_crate());
    }
}
