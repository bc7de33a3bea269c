//! Repairs that write files at the same time, and those that must not.

use crate::sandbox::Sandbox;

/// A tool that repairs its files once `other` has begun too.
const MEETS: &str = r#"
me=$1 other=$2; shift 2
touch "$SANDBOX/$me"
until [ -e "$SANDBOX/$other" ]; do sleep 0.01; done
for file; do echo "$me" >>"$file"; done
"#;

/// A tool that notes down when it begins and ends to work on each of its files.
const WORKS: &str = r#"
for file; do
    mkdir "$SANDBOX/at-work-${file##*/}" || note "two at $file"
    echo more >>"$file"
    sleep 0.05
    rmdir "$SANDBOX/at-work-${file##*/}"
done
"#;

#[test]
fn repairs_of_other_files_run_at_the_same_time() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("meet", MEETS).noting(&["look"]);
    sandbox.write("a.md", "").write("b.txt", "");
    sandbox.hooks(
        "checks.md = { run = \"look {files}\", fix = \"meet md txt {files}\", files = [\"*.md\"] }\n\
         checks.txt = { run = \"look {files}\", fix = \"meet txt md {files}\", files = [\"*.txt\"] }",
    );
    let _ = sandbox.run("check --fix --max-workers 2").exits(0);
    assert_eq!(
        (sandbox.read("a.md"), sandbox.read("b.txt")),
        ("md\n".into(), "txt\n".into())
    );
}

#[test]
fn two_repairs_of_a_file_never_run_at_the_same_time() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox
        .tool("work", WORKS)
        .tool("mkdir", "exec \"$SANDBOX/toolchain/mkdir\" \"$@\"");
    sandbox
        .tool("rmdir", "exec \"$SANDBOX/toolchain/rm\" -r \"$@\"")
        .noting(&["look"]);
    let check = |(place, patterns): (usize, &&str)| {
        format!(
            "checks.x{place} = {{ run = \"look\", fix = \"work {{files}}\", scope = \"files\", files = [\"{patterns}\"] }}\n"
        )
    };
    let patterns = ["*.a", "*.b", "*.c", "*.[ab]", "*.[bc]", "*.[abc]"];
    let checks: String = patterns.iter().enumerate().map(check).collect();
    sandbox
        .write("1.a", "")
        .write("2.b", "")
        .write("3.c", "")
        .hooks(&checks);
    let out = sandbox.run("check --fix --max-workers 6").exits(0);
    assert!(
        !sandbox.log().iter().any(|line| line.starts_with("two")),
        "{out}\n{:?}",
        sandbox.log()
    );
    // Each of the repairs has been at each of its files.
    assert_eq!(
        ["1.a", "2.b", "3.c"].map(|file| sandbox.read(file).lines().count()),
        [3, 4, 3]
    );
}

#[test]
fn what_judges_a_file_waits_for_what_repairs_it_and_for_nothing_else() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    // The repair of one file ends only when the other one has been judged.
    sandbox.tool(
        "slow",
        "until [ -e \"$SANDBOX/judged\" ]; do sleep 0.01; done; note repaired a",
    );
    sandbox.tool("judge", "note judged b; touch \"$SANDBOX/judged\"");
    sandbox.tool("look", "note judged a").noting(&["quick"]);
    sandbox.write("x.a", "").write("x.b", "");
    sandbox.hooks(
        "checks.a = { run = \"look {files}\", fix = \"slow {files}\", files = [\"*.a\"] }\n\
         checks.b = { run = \"judge {files}\", fix = \"quick {files}\", files = [\"*.b\"] }",
    );
    let _ = sandbox.run("check --fix --max-workers 2").exits(0);
    assert_eq!(sandbox.log(), ["quick", "judged b", "repaired a", "judged a"]);
}
