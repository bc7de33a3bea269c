//! What is pushed is judged as it is committed, whatever is checked out.

use std::fs;

use super::world::{Everything, Where, World};

#[test]
fn a_commit_is_judged_wherever_it_is() {
    let world = World::new();
    world.git("switch --quiet -c topic").ends(0);
    world.sandbox.append("alpha/src/lib.rs", "// topic\n");
    world.git("commit --quiet --no-verify -a -m topic").ends(0);
    world.git("tag --annotate -m tag v1").ends(0);
    let topic = world.asked("rev-parse topic^{tree}");
    let judge = |range: &str| world.pushes(&[range]);
    let before = Everything::of(&world.sandbox.ws());
    judge("main..topic").ends(0);
    assert_eq!(world.judged(), (Where::InPlace, topic.clone()));
    before.is_as_in(&world.sandbox.ws());
    // Whatever lies around, that is what is pushed.
    world.sandbox.append("alpha/src/lib.rs", "// not staged\n");
    for range in ["main..topic", "topic", "main..v1"] {
        judge(range).ends(0);
        assert_eq!(world.judged(), (Where::Snapshot, topic.clone()), "{range}");
    }
    world.git("checkout --quiet -- .").ends(0);
    world.git("switch --quiet main").ends(0);
    judge("main..topic").ends(0);
    assert_eq!(world.judged(), (Where::Snapshot, topic.clone()));
    let nowhere = "1".repeat(topic.len());
    let line = format!("refs/heads/nowhere {nowhere} refs/heads/nowhere {nowhere}\n");
    let unknown = world.pushes_lines(&line).exits(3);
    assert!(unknown.stderr.contains("`refs/heads/nowhere`"), "{unknown}");
    world.leaves_no_litter();
}

#[test]
fn all_that_is_pushed_is_judged() {
    let world = World::with("checks.check = \"cargo check {packages}\"");
    for (branch, text) in [("good", "pub fn f() {}\n"), ("bad", "pub fn f() -> u32 {}\n")] {
        world.git(&format!("switch --quiet -c {branch} main")).ends(0);
        world.sandbox.write("alpha/src/lib.rs", text);
        world.git("commit --quiet --no-verify -a -m change").ends(0);
    }
    world.git("switch --quiet main").ends(0);
    world.pushes(&["main..good"]).ends(0);
    world.pushes(&["main..good", "main..bad"]).ends(1);
    world.pushes(&["main..bad", "main..good"]).ends(1);
}

#[test]
fn what_is_called_like_a_tag_has_its_name_in_a_snapshot() {
    let world = World::new();
    world.sandbox.tool(
        "look",
        "note \"$(git describe --tags --dirty) $(git log --oneline | wc -l | tr -d ' ')\"",
    );
    world.git("tag v1.2.3").ends(0);
    world.sandbox.write("new.txt", "untracked");
    world.pushes(&["HEAD"]).ends(0);
    let described = world.sandbox.log().join("\n");
    assert!(described.starts_with("v1.2.3"), "{described}");
    assert!(fs::exists(world.snapshot().join(".git/packed-refs")).unwrap());
}
