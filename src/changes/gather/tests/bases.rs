//! What a branch is compared with.

use super::*;

/// Changes, notes and what the state before is called, with short names for commits.
fn described(sandbox: &Sandbox, request: &ChangeRequest) -> String {
    let set = gather(request).unwrap();
    let mut text = format!("{} | {}", shown(&set, &sandbox.repo), set.from);
    for note in &set.notes {
        text.push_str(" | ");
        text.push_str(note);
    }
    for (index, commit) in sandbox.git("rev-list --all --topo-order --reverse").lines().enumerate() {
        text = text.replace(&commit[..10], &format!("#{}", index + 1));
    }
    text
}

fn check(sandbox: &Sandbox, comparison: Comparison, expected: &str) {
    assert_eq!(described(sandbox, &sandbox.request(comparison)), expected);
}

#[test]
fn the_upstream_is_the_base() {
    let sandbox = Sandbox::cloned(&["a"]);
    sandbox.write("b", "");
    let expected = "+b | the last commit, #1, which `origin/main` has too";
    check(&sandbox, branch(), expected);
    check(&sandbox, onto("origin/main"), expected);
    check(&sandbox, onto("main"), "+b | the last commit, #1, which `main` has too");
    sandbox.commit("second");
    check(
        &sandbox,
        branch(),
        "+b | the commit #1, where `topic` left `origin/main`",
    );
    check(&sandbox, onto("main"), "+b | the commit #1, where `topic` left `main`");
}

#[test]
fn what_others_have_done_in_the_meantime_does_not_count() {
    let sandbox = Sandbox::cloned(&["a", "b"]);
    sandbox.git("switch -q main");
    sandbox.write("a", "theirs");
    sandbox.commit("theirs");
    sandbox.git("push -q");
    sandbox.git("switch -q topic");
    // Behind, and not ahead.
    check(
        &sandbox,
        branch(),
        " | the last commit, #1, which `origin/main` has too",
    );
    sandbox.write("b", "ours");
    sandbox.commit("ours");
    check(
        &sandbox,
        branch(),
        "b | the commit #1, where `topic` left `origin/main`",
    );
    sandbox.git("merge -q -m merge origin/main");
    let theirs = sandbox.git("rev-parse origin/main");
    let set = sandbox.gather(branch());
    assert_eq!(shown(&set, &sandbox.repo), "b");
    assert_eq!(
        set.from,
        format!("the commit {}, where `topic` left `origin/main`", &theirs[..10])
    );
}

#[test]
fn the_default_branch_is_the_base_where_there_is_no_upstream() {
    let sandbox = Sandbox::cloned(&["a"]);
    sandbox.git("switch -q --no-track -c alone");
    check(
        &sandbox,
        branch(),
        " | the last commit, #1, which `origin/main` has too",
    );
    sandbox.write("b", "");
    sandbox.commit("second");
    let expected = "+b | the commit #1, where `alone` left `origin/main`";
    check(&sandbox, branch(), expected);
    sandbox.git("remote set-head origin --delete");
    check(&sandbox, branch(), expected);
    sandbox.git("remote rename origin elsewhere");
    check(&sandbox, branch(), "+b | the commit #1, where `alone` left `main`");
    sandbox.git("branch -q -m main master");
    check(&sandbox, branch(), "+b | the commit #1, where `alone` left `master`");
    sandbox.git("branch -q -m master trunk");
    sandbox.git("config init.defaultBranch trunk");
    check(&sandbox, branch(), "+b | the commit #1, where `alone` left `trunk`");
    sandbox.git("config init.defaultBranch none");
    let nowhere =
        "`alone` follows no other branch and there is no default branch beside it: only uncommitted work counts";
    check(&sandbox, branch(), &format!(" | the last commit, #2 | {nowhere}"));
}

#[test]
fn the_default_branch_itself_counts_uncommitted_work_only() {
    let sandbox = Sandbox::new(&["a"]);
    sandbox.write("b", "");
    let alone = "`main` follows no other branch and there is no default branch beside it: only uncommitted work counts";
    check(&sandbox, branch(), &format!("+b | the last commit, #1 | {alone}"));
}

#[test]
fn a_detached_head_is_compared_with_the_default_branch() {
    let sandbox = Sandbox::cloned(&["a"]);
    sandbox.git("checkout -q --detach");
    sandbox.write("b", "");
    sandbox.commit("second");
    check(
        &sandbox,
        branch(),
        "+b | the commit #1, where the detached HEAD left `origin/main`",
    );
}

#[test]
fn an_upstream_that_is_gone_gives_way_to_the_default_branch() {
    let sandbox = Sandbox::cloned(&["a"]);
    sandbox.git("push -q origin topic:other");
    sandbox.git("branch -q --set-upstream-to=origin/other");
    sandbox.git("push -q origin :other");
    sandbox.write("b", "");
    let gone = "the upstream of `topic`, `origin/other`, does not exist: the default branch is the base";
    check(
        &sandbox,
        branch(),
        &format!("+b | the last commit, #1, which `origin/main` has too | {gone}"),
    );
}

#[test]
fn the_first_commit_is_compared_with_nothing() {
    let sandbox = Sandbox::new(&[]);
    sandbox.write("staged", "");
    sandbox.git("add -A");
    sandbox.write("untracked", "");
    let empty = "an empty tree, since there is no commit yet";
    check(&sandbox, branch(), &format!("+staged +untracked | {empty}"));
    check(&sandbox, Comparison::Staged, &format!("+staged | {empty}"));
    let set = sandbox.gather(branch());
    assert_eq!(set.head, None);
    let before = set.before.unwrap();
    let nothing = ["staged", "untracked"].map(|file| (sandbox.path(file), Instead::Nothing));
    assert_eq!(before.instead, nothing.into());
    assert!(before.beyond_head.is_empty());
    assert_eq!(names(&set.after.beyond_head, &sandbox), "staged untracked");
}

#[test]
fn a_branch_without_commits_can_be_compared_with_another() {
    let sandbox = Sandbox::new(&["a", "b"]);
    sandbox.git("switch -q --orphan fresh");
    sandbox.write("b", "b");
    sandbox.write("c", "");
    sandbox.git("add -A");
    let note = "there is no commit yet: all is compared with `main` itself";
    check(&sandbox, onto("main"), &format!("-a +c | `main` (#1) | {note}"));
    check(&sandbox, Comparison::Since("main".to_owned()), "-a +c | `main` (#1)");
}

#[test]
fn without_a_common_commit_the_base_itself_is_compared() {
    let sandbox = Sandbox::cloned(&["a", "b"]);
    sandbox.git("switch -q --orphan other");
    sandbox.write("b", "b");
    sandbox.write("c", "");
    sandbox.commit("unrelated");
    let note = "`other` and `main` have no commit in common: all is compared with `main` itself";
    let set = sandbox.gather(onto("main"));
    assert_eq!(
        (shown(&set, &sandbox.repo).as_str(), set.notes),
        ("-a +c", vec![note.to_owned()])
    );
    let note = note.replace("`other`", "`HEAD`");
    let set = sandbox.gather(Comparison::Range("main...".to_owned()));
    assert_eq!((shown(&set, &sandbox.repo).as_str(), set.notes), ("-a +c", vec![note]));
}

#[test]
fn of_several_common_commits_one_is_taken() {
    let sandbox = Sandbox::new(&["a", "b"]);
    sandbox.git("switch -q -c topic");
    sandbox.write("a", "topic");
    sandbox.commit("topic");
    sandbox.git("switch -q main");
    sandbox.write("b", "main");
    sandbox.commit("main");
    sandbox.git("tag main1");
    sandbox.git("merge -q -m m topic");
    sandbox.git("switch -q topic");
    sandbox.git("merge -q -m m main1");
    sandbox.write("c", "");
    let set = sandbox.gather(onto("main"));
    assert_eq!(set.notes.len(), 1);
    assert!(
        set.notes[0].starts_with("`topic` left `main` at 2 commits: "),
        "{:?}",
        set.notes
    );
    assert!(shown(&set, &sandbox.repo).ends_with("+c"));
}

#[test]
fn a_shallow_clone_answers_what_it_can() {
    let mut sandbox = Sandbox::new(&["a", "b"]);
    sandbox.git("tag old");
    sandbox.git("branch -q side");
    sandbox.write("a", "second");
    sandbox.commit("second");
    sandbox.git("switch -q side");
    sandbox.write("b", "side");
    sandbox.commit("side");
    sandbox.clone_as("shallow", &["--depth=1", "--no-single-branch", "--branch=side"]);
    sandbox.write("c", "");
    // The two commits are there, what they have in common is not.
    let set = sandbox.gather(onto("origin/main"));
    assert_eq!(shown(&set, &sandbox.repo), "a b +c");
    assert_eq!(set.notes.len(), 1, "{:?}", set.notes);
    assert_eq!(sandbox.branch(), "+c");

    sandbox.clone_as("shallower", &["--depth=1", "--branch=side"]);
    sandbox.write("c", "");
    let everything = |revision: &str| {
        format!("! this clone is shallow and `{revision}` is not in it (`git fetch --unshallow` fetches the rest)")
    };
    let set = sandbox.gather(onto("origin/main"));
    assert_eq!(shown(&set, &sandbox.repo), everything("origin/main"));
    assert_eq!(
        (set.before, names(&set.after.beyond_head, &sandbox).as_str()),
        (None, "c")
    );
    assert_eq!(sandbox.since("old"), everything("old"));
    assert_eq!(sandbox.range("old.."), everything("old"));
    let absent = gather(&sandbox.request(Comparison::Range("HEAD..old".to_owned())));
    assert!(matches!(absent, Err(ChangeError::Revision { revision, .. }) if revision == "old"));
}

#[test]
fn a_single_commit_that_was_fetched_alone_is_everything() {
    // As CI checks a pull request out: no branch, and no other commit.
    let mut sandbox = Sandbox::new(&["a"]);
    sandbox.write("b", "");
    sandbox.commit("second");
    let from = format!("file://{}", sandbox.repo.display());
    sandbox.repo = sandbox.beside("ci");
    fs::create_dir(&sandbox.repo).unwrap();
    sandbox.git("init -q -b none");
    sandbox.git(&format!("fetch -q --depth=1 {from} main"));
    sandbox.git("checkout -q FETCH_HEAD");
    assert_eq!(
        sandbox.branch(),
        "! this clone is shallow and has no branch to compare with (`git fetch --unshallow` fetches the rest, and `--base` \
         names a branch)"
    );
    assert_eq!(sandbox.since("HEAD"), "");
}

#[test]
fn a_base_that_does_not_exist_is_an_error() {
    let sandbox = Sandbox::cloned(&["a"]);
    let said = |request: &ChangeRequest| gather(request).unwrap_err().to_string();
    let of = |comparison| said(&sandbox.request(comparison));
    assert_eq!(
        of(onto("nope")),
        "`nope` is no revision that git knows here: bad revision 'nope'"
    );
    assert_eq!(
        of(onto("-x")),
        "`-x` is no revision that git knows here: no name begins with `-`"
    );
    assert_eq!(of(onto("")), "`` is no revision that git knows here: it is empty");
    assert_eq!(
        of(onto("main..topic")),
        "`main..topic` is no revision that git knows here: it is a range"
    );
    let zeros = "0".repeat(39) + "1";
    for comparison in [
        onto(&zeros),
        Comparison::Since(zeros.clone()),
        Comparison::Range(format!("{zeros}..HEAD")),
    ] {
        assert_eq!(
            of(comparison),
            format!("`{zeros}` is no revision that git knows here: bad revision '{zeros}'")
        );
    }
    assert_eq!(of(Comparison::Since("nope".to_owned())), of(onto("nope")));
    assert_eq!(of(Comparison::Range("HEAD..nope".to_owned())), of(onto("nope")));
    assert_eq!(of(Comparison::Range("nope...HEAD".to_owned())), of(onto("nope")));
    let no_range = "is no range of commits: write `A..B`, or `A...B` for what `B` has changed since it left `A`";
    for range in ["HEAD", "", "..", "..."] {
        assert_eq!(of(Comparison::Range(range.to_owned())), format!("`{range}` {no_range}"));
    }
    let configured = ChangeRequest {
        default_base: Some("nope".to_owned()),
        ..sandbox.request(branch())
    };
    let notes = gather(&configured).unwrap().notes;
    let expected =
        "`base` in the configuration does not count: `nope` is no revision that git knows here: bad revision 'nope'";
    assert_eq!(notes.first().map(String::as_str), Some(expected));
}

#[test]
fn the_configured_base_gives_way_to_a_given_one() {
    let sandbox = Sandbox::cloned(&["a"]);
    sandbox.git("branch -q release");
    sandbox.write("b", "");
    sandbox.commit("second");
    sandbox.git("push -q origin HEAD:main");
    let configured = |comparison| ChangeRequest {
        default_base: Some("release".to_owned()),
        ..sandbox.request(comparison)
    };
    let described = |request: &ChangeRequest| described(&sandbox, request);
    assert_eq!(
        described(&configured(branch())),
        "+b | the commit #1, where `topic` left `release`"
    );
    assert_eq!(
        described(&configured(onto("@{u}"))),
        " | the last commit, #2, which `@{u}` has too"
    );
}

#[test]
fn revisions_are_written_in_many_ways() {
    let sandbox = Sandbox::new(&["a"]);
    sandbox.git("tag -m tag v1");
    sandbox.write("b", "");
    sandbox.commit("second");
    for revision in [
        "v1",
        "HEAD~1",
        "HEAD^",
        "main@{1}",
        "HEAD^{/first}",
        ":/first",
        "v1^{tree}",
        "HEAD~1:",
    ] {
        assert_eq!(sandbox.since(revision), "+b", "{revision}");
    }
    for base in ["v1", "HEAD~1", "HEAD^", "main@{1}", "HEAD^{/first}", ":/first"] {
        assert_eq!(shown(&sandbox.gather(onto(base)), &sandbox.repo), "+b", "{base}");
    }
    for range in ["v1..HEAD", "v1..", "..v1", "v1...", "HEAD~1..main"] {
        let expected = if range == "..v1" { "-b" } else { "+b" };
        assert_eq!(sandbox.range(range), expected, "{range}");
    }
    assert_eq!(sandbox.range("HEAD..HEAD"), "");
    assert_eq!(sandbox.range("...v1"), "");
}

#[test]
fn few_questions_are_asked() {
    let sandbox = Sandbox::cloned(&["a", "b"]);
    let ask = |comparison| sandbox.questions(sandbox.request(comparison));
    assert_eq!(ask(branch()), "status");
    assert_eq!(ask(onto("origin/main")), "status");
    assert_eq!(ask(Comparison::Staged), "status");
    assert_eq!(ask(Comparison::Files(vec![sandbox.path("a")])), "");
    sandbox.write("a", "staged");
    sandbox.git("add a");
    assert_eq!(ask(branch()), "status");
    sandbox.write("a", "unstaged");
    assert_eq!(ask(branch()), "status diff");
    assert_eq!(ask(Comparison::Staged), "status");
    sandbox.commit("second");
    assert_eq!(ask(branch()), "status rev-parse diff-tree");
    assert_eq!(
        ask(Comparison::Since("HEAD~1".to_owned())),
        "status rev-parse diff-tree"
    );
    assert_eq!(
        ask(Comparison::Range("HEAD~1..HEAD".to_owned())),
        "status rev-parse diff-tree"
    );
    assert_eq!(
        ask(Comparison::Range("HEAD..HEAD~1".to_owned())),
        "status rev-parse diff-tree"
    );
    sandbox.write("b", "unstaged");
    assert_eq!(ask(branch()), "status rev-parse diff-tree");
    sandbox.write("a", "third");
    assert_eq!(ask(branch()), "status rev-parse diff-tree diff");
    sandbox.git("branch -q --unset-upstream");
    assert_eq!(ask(onto("HEAD")), "status rev-parse");
    assert_eq!(ask(branch()), "status for-each-ref rev-parse diff-tree diff");
}
