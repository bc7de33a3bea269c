//! What a hook does where all has passed before on the same content: as little as possible, and no less than it must.

use super::world::World;
use crate::sandbox::{Output, eventually};

/// A repository with a staged change, and a check of which passes are remembered.
fn staged() -> World {
    let world = World::with("checks.pass = { run = \"pass\", scope = \"workspace\" }");
    world
        .sandbox
        .tool("pass", "exit 0")
        .append("alpha/src/lib.rs", "// staged\n");
    world.git("add --all").ends(0);
    world
}

/// Runs the hook, and says what it has asked git as well.
fn hook(world: &World) -> Output {
    let command = world.sandbox.command("git-hook pre-commit");
    command
        .env("CARGO_HOOKS_LOG", "cargo_hooks::changes::git=debug")
        .output()
}

/// How often git was asked.
fn asked(output: &Output, question: &str) -> usize {
    output.stderr.matches(&format!("question=[\"{question}\"")).count()
}

/// Waits until the times of files say whether they have changed: those of this moment do not.
fn settle(world: &World) {
    eventually("the times of files are of another moment", || {
        let output = hook(world).exits(0);
        output.stdout.contains("CACHED") && asked(&output, "status") == 1
    });
}

/// Has something happen as soon as git has looked at the files.
fn after_a_look(world: &World, script: &str) {
    let git = format!(
        "PATH=\"${{PATH#\"${{0%/*}}\":}}\" git \"$@\"; code=$?\ncase \" $* \" in *' status '*) {script};; esac\nexit $code"
    );
    world.sandbox.tool("git", &git);
}

#[test]
fn git_looks_at_the_files_once_and_reads_none() {
    for attributes in ["", "* text=auto eol=lf\n"] {
        let world = staged();
        world.sandbox.write(".gitattributes", attributes);
        world.git("add --all").ends(0);
        settle(&world);
        let output = hook(&world).exits(0);
        let questions = ["status", "config", "ls-files"].map(|question| asked(&output, question));
        assert_eq!(questions, [1, 1, 1], "{output}");
        assert_eq!(output.stderr.matches("asks git").count(), 3, "{output}");
    }
}

#[test]
fn what_changes_as_soon_as_git_has_looked_is_seen_though_it_has_passed_before() {
    for meanwhile in [
        "echo '// other' >>alpha/src/lib.rs",
        "echo new >new.txt",
        "rm README.md",
        "mv moved.rs alpha/src/lib.rs",
    ] {
        let world = staged();
        world
            .sandbox
            .write("README.md", "x")
            .write(".git/moved.rs", "// moved\n");
        world.git("add --all").ends(0);
        let meanwhile = meanwhile.replace("moved.rs", ".git/moved.rs");
        // It passes with what is going to be there as well.
        let kept = world.sandbox.read("alpha/src/lib.rs");
        world.program("sh").arg("-c").arg(&meanwhile).output().ends(0);
        world.sandbox.run("check").ends(0);
        let _ = std::fs::remove_file(world.sandbox.ws().join("new.txt"));
        world.sandbox.write("README.md", "x").write("alpha/src/lib.rs", kept);
        world.sandbox.write(".git/moved.rs", "// moved\n");
        settle(&world);
        after_a_look(&world, &meanwhile);
        let output = hook(&world);
        assert_eq!(output.code, 1, "{meanwhile}: {output}");
        assert!(output.stdout.contains("CACHED"), "{meanwhile}: {output}");
        assert!(
            output.stderr.contains("the verdict is uncertain"),
            "{meanwhile}: {output}"
        );
    }
}

#[test]
fn line_ends_that_git_does_not_see_are_seen_where_sizes_are_remembered() {
    let world = World::new();
    world
        .sandbox
        .write(".gitattributes", "* text=auto\n")
        .write("a.txt", "a\nb\n");
    world.git("add --all").ends(0);
    world.commits("commit --quiet -m second", super::world::Where::InPlace);
    world
        .sandbox
        .append("alpha/src/lib.rs", "// staged\n")
        .write("a.txt", "a\r\nb\r\n");
    world.git("add --all").ends(0);
    assert_eq!(world.asked("diff --name-only HEAD -- a.txt"), "", "git sees no change");
    world.commits("commit --quiet -m third", super::world::Where::Snapshot);
    world
        .sandbox
        .append("alpha/src/lib.rs", "// more\n")
        .write("a.txt", "a\nb\n");
    world.git("add --all").ends(0);
    world.commits("commit --quiet -m fourth", super::world::Where::InPlace);
}

/// The cache looks at the files of the workspace, and a repository may have others.
#[test]
fn line_ends_are_seen_within_what_the_cache_has_looked_at_and_beside_it() {
    let world = staged();
    std::fs::create_dir(world.sandbox.ws().join("shop")).unwrap();
    world.git("mv Cargo.toml Cargo.lock alpha .gitignore shop").ends(0);
    world.sandbox.write(".gitattributes", "* text=auto\n");
    let hook = || world.sandbox.command("git-hook pre-commit --directory shop").output();
    let within = ["shop/alpha/a.txt", "shop/z.txt", "shop-a.txt", "a.txt"];
    for file in within {
        world.sandbox.write(file, "a\nb\n");
    }
    world.git("add --all").ends(0);
    eventually("what has passed is remembered", || {
        hook().exits(0).stdout.contains("CACHED")
    });
    for file in within {
        world.sandbox.write(file, "a\r\nb\r\n");
        world.git("add --all").ends(0);
        let output = hook().exits(0);
        let told = "checks run in a snapshot, since filters or line ends may make files differ";
        assert!(output.stderr.contains(told), "{file}: {output}");
        world.sandbox.write(file, "a\nb\n");
        world.git("add --all").ends(0);
        let output = hook().exits(0);
        assert!(!output.stderr.contains("in a snapshot"), "{file}: {output}");
    }
}
