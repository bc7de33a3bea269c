//! Repositories that are part of a repository.

use super::*;

/// A repository with a submodule `lib/sub` that has a submodule `deep`, cloned with both, on the branch `topic`.
fn with_submodules() -> Sandbox {
    let mut sandbox = Sandbox::bare();
    let outer = sandbox.repo.clone();
    for (name, inner) in [("deep", None), ("sub", Some("deep")), ("repo", Some("sub"))] {
        sandbox.repo = sandbox.beside(name);
        fs::create_dir_all(&sandbox.repo).unwrap();
        sandbox.git("init -q -b main");
        sandbox.git("config receive.denyCurrentBranch ignore");
        sandbox.write("one", name);
        sandbox.write("two", name);
        if let Some(inner) = inner {
            let from = sandbox.beside(inner);
            let to = if inner == "sub" { "lib/sub" } else { inner };
            sandbox.git(&format!("submodule --quiet add -b main file://{} {to}", from.display()));
        }
        sandbox.commit("first");
    }
    sandbox.repo = outer;
    sandbox.clone_as("clone", &["--recurse-submodules"]);
    sandbox.git("switch -q -c topic --track origin/main");
    sandbox
}

fn commit_in(sandbox: &Sandbox, submodule: &str) {
    let dir = sandbox.path(submodule);
    Sandbox::git_in(&dir, &["add", "-A"]);
    Sandbox::git_in(&dir, &["commit", "-q", "-m", "inside"]);
}

#[test]
fn a_clean_submodule_is_no_change() {
    let sandbox = with_submodules();
    assert_eq!(sandbox.branch(), "");
    // Git looks into each of the two by itself.
    assert_eq!(sandbox.questions(sandbox.request(branch())), "status status status");
}

#[test]
fn what_is_dirty_in_a_submodule_is_named_by_file() {
    let sandbox = with_submodules();
    sandbox.write("lib/sub/one", "other");
    sandbox.write("lib/sub/new", "");
    sandbox.write("lib/sub/deep/two", "other");
    sandbox.write("lib/sub/deep/fresh", "");
    let all = "+lib/sub/deep/fresh lib/sub/deep/two +lib/sub/new lib/sub/one";
    assert_eq!(sandbox.branch(), all);
    assert_eq!(sandbox.staged(), "");
    assert_eq!(sandbox.since("HEAD"), all);
    let set = sandbox.gather(branch());
    assert!(set.notes.is_empty(), "{:?}", set.notes);
    assert_eq!(names(&set.after.beyond_head, &sandbox), all.replace('+', ""));
    Sandbox::git_in(&sandbox.path("lib/sub"), &["config", "status.showUntrackedFiles", "no"]);
    sandbox.git("config submodule.lib/sub.ignore all");
    assert_eq!(sandbox.branch(), all);
}

#[test]
fn a_submodule_that_moved_is_named_by_file() {
    let sandbox = with_submodules();
    sandbox.write("lib/sub/one", "other");
    sandbox.write("lib/sub/new", "");
    commit_in(&sandbox, "lib/sub");
    assert_eq!(sandbox.branch(), "+lib/sub/new lib/sub/one");
    assert_eq!(sandbox.staged(), "");
    sandbox.git("add lib/sub");
    assert_eq!(sandbox.staged(), "+lib/sub/new lib/sub/one");
    // Now the working tree has what neither the index nor the last commit has.
    sandbox.write("lib/sub/two", "dirty");
    sandbox.write("lib/sub/new", "dirty");
    assert_eq!(sandbox.branch(), "+lib/sub/new lib/sub/one lib/sub/two");
    let staged = sandbox.gather(Comparison::Staged);
    assert_eq!(shown(&staged, &sandbox.repo), "+lib/sub/new lib/sub/one");
    let dirty: Vec<_> = staged.after.instead.keys().cloned().collect();
    assert_eq!(dirty, [sandbox.path("lib/sub/new"), sandbox.path("lib/sub/two")]);
    sandbox.commit("moved");
    assert_eq!(sandbox.range("origin/main.."), "+lib/sub/new lib/sub/one");
    assert_eq!(sandbox.branch(), "+lib/sub/new lib/sub/one lib/sub/two");
}

#[test]
fn a_submodule_inside_a_submodule_moves_too() {
    let sandbox = with_submodules();
    sandbox.write("lib/sub/deep/one", "other");
    commit_in(&sandbox, "lib/sub/deep");
    assert_eq!(sandbox.branch(), "lib/sub/deep/one");
    commit_in(&sandbox, "lib/sub");
    assert_eq!(sandbox.branch(), "lib/sub/deep/one");
    sandbox.commit("moved");
    assert_eq!(sandbox.branch(), "lib/sub/deep/one");
    assert_eq!(sandbox.range("HEAD~1..HEAD"), "lib/sub/deep/one");
    assert_eq!(sandbox.since("HEAD"), "");
}

#[test]
fn a_submodule_that_was_added_or_removed_is_named_by_file() {
    let sandbox = with_submodules();
    let from = sandbox.beside("deep");
    sandbox.git(&format!("submodule --quiet add file://{} more", from.display()));
    assert_eq!(sandbox.branch(), ".gitmodules +more/one +more/two");
    assert_eq!(sandbox.staged(), ".gitmodules +more/one +more/two");
    sandbox.commit("more");
    assert_eq!(sandbox.branch(), ".gitmodules +more/one +more/two");
    assert_eq!(sandbox.range("HEAD..HEAD~1"), ".gitmodules -more/one -more/two");
    sandbox.git("rm -q more");
    sandbox.commit("less");
    assert_eq!(sandbox.branch(), "");
    let set = sandbox.gather(Comparison::Since("HEAD~1".to_owned()));
    assert_eq!(shown(&set, &sandbox.repo), ".gitmodules -more/");
    assert_eq!(
        set.notes,
        ["everything in the submodule `more` is taken for changed: it is not checked out"]
    );
}

#[test]
fn a_file_may_become_a_submodule() {
    let sandbox = with_submodules();
    let from = sandbox.beside("deep");
    sandbox.git("rm -q one");
    sandbox.git(&format!("submodule --quiet add file://{} one", from.display()));
    assert_eq!(sandbox.branch(), ".gitmodules -one +one/one +one/two");
}

#[test]
fn what_is_not_checked_out_is_a_change_as_a_whole() {
    let mut sandbox = with_submodules();
    sandbox.write("lib/sub/one", "other");
    commit_in(&sandbox, "lib/sub");
    Sandbox::git_in(&sandbox.path("lib/sub"), &["push", "-q", "origin", "HEAD:main"]);
    sandbox.commit("moved");
    sandbox.git("push -q origin HEAD:main");
    sandbox.clone_as("without", &[]);
    assert_eq!(sandbox.branch(), "");
    let set = sandbox.gather(Comparison::Since("HEAD~1".to_owned()));
    assert_eq!(shown(&set, &sandbox.repo), "lib/sub/");
    assert_eq!(
        set.notes,
        ["everything in the submodule `lib/sub` is taken for changed: it is not checked out"]
    );
    // Only the newest commit of the submodule is there.
    sandbox.git("submodule --quiet update --init --depth 1");
    let set = sandbox.gather(Comparison::Since("HEAD~1".to_owned()));
    assert_eq!(shown(&set, &sandbox.repo), "lib/sub/");
    assert!(
        set.notes[0].starts_with("everything in the submodule `lib/sub` is taken for changed: git says"),
        "{:?}",
        set.notes
    );
    fs::remove_dir_all(sandbox.path("lib/sub")).unwrap();
    assert_eq!(sandbox.branch(), "-lib/sub/");
}

#[test]
fn a_workspace_may_be_a_submodule() {
    let mut sandbox = with_submodules();
    sandbox.write("one", "outer");
    sandbox.repo = sandbox.path("lib/sub");
    sandbox.git("switch -q main");
    sandbox.write("one", "other");
    sandbox.write("deep/two", "other");
    let set = sandbox.gather(branch());
    assert_eq!(
        (shown(&set, &sandbox.repo).as_str(), &set.top),
        ("deep/two one", &sandbox.repo)
    );
}
