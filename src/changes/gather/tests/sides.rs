//! The states before and after, and the files in them.

use super::*;

/// What each of the files is in a state; `-` for those that it has not.
fn contents(sandbox: &Sandbox, side: &Side, objects: &Objects, files: &str) -> String {
    let state = StateFiles::new(side, objects);
    let content = |file: &str| {
        let path = sandbox.path(file);
        let content = state.read(&path);
        assert_eq!(state.has(&path), content.is_some(), "{file}");
        content.map_or_else(|| "-".to_owned(), |content| String::from_utf8(content).unwrap())
    };
    files.split(' ').map(content).collect::<Vec<_>>().join(" ")
}

fn check(sandbox: &Sandbox, comparison: Comparison, files: &str, before: &str, after: &str) {
    let request = sandbox.request(comparison);
    let set = gather(&request).unwrap();
    let objects = Objects::new(&request, &set);
    assert_eq!(
        contents(sandbox, set.before.as_ref().unwrap(), &objects, files),
        before,
        "before"
    );
    assert_eq!(contents(sandbox, &set.after, &objects, files), after, "after");
}

/// Six files, each of which is not the same in some of four states.
fn four_states() -> (Sandbox, &'static str) {
    let sandbox = Sandbox::cloned(&["kept", "gone"]);
    let write = |files: &[&str], text: &str| files.iter().for_each(|file| sandbox.write(file, text));
    write(&["commit", "commit+index", "commit+work", "all"], "commit");
    sandbox.remove("gone");
    sandbox.commit("second");
    write(&["index", "commit+index", "all"], "index");
    sandbox.git("add -A");
    write(&["commit+work", "all", "work"], "work");
    (sandbox, "kept gone commit index work commit+index commit+work all")
}

#[test]
fn each_state_has_its_own_files() {
    let (sandbox, files) = four_states();
    let base = "kept gone - - - - - -";
    let commit = "kept - commit - - commit commit commit";
    let index = "kept - commit index - index commit index";
    let work = "kept - commit index work index work work";
    check(&sandbox, branch(), files, base, work);
    check(&sandbox, Comparison::Since("HEAD".to_owned()), files, commit, work);
    check(&sandbox, Comparison::Staged, files, commit, index);
    check(
        &sandbox,
        Comparison::Range("@{u}..HEAD".to_owned()),
        files,
        base,
        commit,
    );
    check(
        &sandbox,
        Comparison::Range("HEAD..@{u}".to_owned()),
        files,
        commit,
        base,
    );
}

#[test]
fn each_state_knows_what_it_has_beyond_the_last_commit() {
    let (sandbox, _) = four_states();
    let beyond = |comparison| {
        let set = sandbox.gather(comparison);
        [set.before.unwrap(), set.after].map(|side| names(&side.beyond_head, &sandbox))
    };
    let base = "all commit commit+index commit+work gone";
    let work = "all commit+index commit+work index work";
    assert_eq!(beyond(branch()), [base, work]);
    assert_eq!(beyond(Comparison::Since("HEAD".to_owned())), ["", work]);
    assert_eq!(beyond(Comparison::Staged), ["", "all commit+index index"]);
    assert_eq!(beyond(Comparison::Range("@{u}..HEAD".to_owned())), [base, ""]);
    assert_eq!(beyond(Comparison::Range("HEAD~1..@{u}".to_owned())), [base, base]);
}

#[test]
fn links_are_followed_in_the_state() {
    let sandbox = Sandbox::new(&["old/file", "new/file", "plain"]);
    sandbox.link("dir", "old");
    sandbox.link("link", "dir/file");
    sandbox.link("new/up", "../plain");
    sandbox.link("loop", "loop");
    sandbox.link("out", "../beside");
    sandbox.link(
        "back",
        &format!("../{}/plain", sandbox.repo.file_name().unwrap().to_str().unwrap()),
    );
    sandbox.link("absolute", sandbox.path("plain").to_str().unwrap());
    fs::write(sandbox.beside("beside"), "beside").unwrap();
    sandbox.commit("links");
    for link in ["dir", "link"] {
        sandbox.remove(link);
    }
    sandbox.link("dir", "new");
    sandbox.write("link", "no link");
    sandbox.write("plain", "changed");
    let files = "link dir/file dir/up new/up loop out back absolute nowhere/x plain/x";
    let before = "old/file old/file - plain - beside plain plain - -";
    let after = "no#link new/file changed changed - beside changed changed - -";
    check(
        &sandbox,
        Comparison::Since("HEAD".to_owned()),
        files,
        before,
        &after.replace('#', " "),
    );
}

#[test]
fn directories_are_those_of_the_state() {
    let sandbox = Sandbox::new(&["crates/gone/src/a", "crates/kept/a", "crates/file/a", "crates/was-file"]);
    sandbox.link("crates/link", "kept");
    sandbox.commit("link");
    fs::remove_dir_all(sandbox.path("crates/gone")).unwrap();
    fs::remove_dir_all(sandbox.path("crates/file")).unwrap();
    for file in ["crates/was-file", "crates/link"] {
        sandbox.remove(file);
    }
    sandbox.write("crates/file", "");
    sandbox.write("crates/was-file/a", "");
    sandbox.write("crates/new/a", "");
    let request = sandbox.request(Comparison::Since("HEAD".to_owned()));
    let set = gather(&request).unwrap();
    let objects = Objects::new(&request, &set);
    let before = set.before.unwrap();
    let listed = |side: &Side, dir: &str| {
        let dirs = StateFiles::new(side, &objects).dirs(&sandbox.path(dir));
        let dirs: Vec<_> = dirs
            .iter()
            .map(|dir| dir.strip_prefix(&sandbox.repo).unwrap().to_str().unwrap())
            .collect();
        dirs.join(" ")
    };
    let crates = listed(&before, "crates");
    assert_eq!(crates.replace("crates/", ""), "file gone kept link new");
    assert_eq!(listed(&before, "crates/gone"), "crates/gone/src");
    assert_eq!(listed(&before, "crates/was-file"), "");
    assert_eq!(listed(&before, ""), "crates");
    assert_eq!(listed(&set.after, "crates").replace("crates/", ""), "kept new was-file");
    assert_eq!(listed(&set.after, "crates/gone"), "");
    let state = StateFiles::new(&before, &objects);
    assert_eq!(state.real(&sandbox.path("crates/gone")), sandbox.path("crates/gone"));
    assert!(!state.has(&sandbox.path("crates/gone")) && state.read(&sandbox.path("crates/gone")).is_none());
}

#[test]
fn submodules_have_objects_of_their_own() {
    let mut sandbox = Sandbox::new(&["inner"]);
    let from = sandbox.repo.clone();
    sandbox.repo = sandbox.beside("outer");
    fs::create_dir(&sandbox.repo).unwrap();
    sandbox.git("init -q -b main");
    sandbox.git(&format!("submodule --quiet add file://{} sub", from.display()));
    sandbox.write("a", "a");
    sandbox.commit("first");
    sandbox.write("a", "other");
    sandbox.write("sub/inner", "other");
    sandbox.write("sub/new", "new");
    check(
        &sandbox,
        Comparison::Since("HEAD".to_owned()),
        "a sub/inner sub/new",
        "a inner -",
        "other other new",
    );
}

#[test]
fn files_are_found_by_every_name_of_the_root() {
    let sandbox = Sandbox::new(&["rust/a", "b"]);
    sandbox.write("rust/a", "other");
    sandbox.write("b", "other");
    let (link, top) = (sandbox.beside("link"), sandbox.beside("top"));
    symlink(sandbox.path("rust"), &link).unwrap();
    symlink(&sandbox.repo, &top).unwrap();
    for (root, up) in [(link.clone(), sandbox.path("b")), (top.join("rust"), top.join("b"))] {
        let request = ChangeRequest {
            root: root.clone(),
            ..sandbox.request(Comparison::Since("HEAD".to_owned()))
        };
        let set = gather(&request).unwrap();
        let objects = Objects::new(&request, &set);
        let before = set.before.unwrap();
        let state = StateFiles::new(&before, &objects);
        for (path, expected) in [
            (root.join("a"), "rust/a"),
            (root.join("../b"), "b"),
            (up, "b"),
            (sandbox.path("rust/a"), "rust/a"),
        ] {
            assert_eq!(
                state.read(&path).as_deref(),
                Some(expected.as_bytes()),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn an_object_that_is_missing_is_no_file() {
    let sandbox = Sandbox::new(&["a", "b"]);
    let request = sandbox.request(Comparison::Since("HEAD".to_owned()));
    let set = gather(&request).unwrap();
    let objects = Objects::new(&request, &set);
    let object = |id: String| Instead::Object { id, link: false };
    let instead = [
        (sandbox.path("a"), object("0".repeat(40))),
        (sandbox.path("b"), object(sandbox.git("rev-parse HEAD:b"))),
        (sandbox.path("c"), object("no name".to_owned())),
        (sandbox.path("d"), object(sandbox.git("rev-parse HEAD"))),
        (
            sandbox.path("e"),
            Instead::Object {
                id: "0".repeat(40),
                link: true,
            },
        ),
    ];
    let side = Side {
        instead: instead.into(),
        ..Side::default()
    };
    let state = StateFiles::new(&side, &objects);
    for (file, expected) in [
        ("a", None),
        ("b", Some("b")),
        ("c", None),
        ("d", None),
        ("e", None),
        ("b", Some("b")),
    ] {
        assert_eq!(
            state.read(&sandbox.path(file)).as_deref(),
            expected.map(str::as_bytes),
            "{file}"
        );
    }
    fs::remove_dir_all(sandbox.path(".git")).unwrap();
    let objects = Objects::new(&request, &set);
    assert_eq!(StateFiles::new(&side, &objects).read(&sandbox.path("b")), None);
    let without = ChangeRequest { git: None, ..request };
    let objects = Objects::new(&without, &set);
    assert_eq!(StateFiles::new(&side, &objects).read(&sandbox.path("b")), None);
}

#[test]
fn one_process_reads_for_both_sides() {
    let sandbox = Sandbox::cloned(&["a", "b", "c"]);
    for file in ["a", "b", "c"] {
        sandbox.write(file, &"long ".repeat(50_000));
    }
    sandbox.git("add -A");
    for file in ["a", "b", "c"] {
        sandbox.write(file, "work");
    }
    let log = sandbox.beside("trace");
    let request = sandbox.request(Comparison::Staged);
    let request = ChangeRequest {
        environment: request.environment.with("GIT_TRACE", &log),
        ..request
    };
    let set = gather(&request).unwrap();
    let objects = Objects::new(&request, &set);
    let before = set.before.unwrap();
    for _ in 0..3 {
        assert_eq!(contents(&sandbox, &before, &objects, "a b c"), "a b c");
        assert_eq!(contents(&sandbox, &set.after, &objects, "a b c").len(), 3 * 250_000 + 2);
    }
    assert_eq!(traced(&log), "status cat-file");
}
