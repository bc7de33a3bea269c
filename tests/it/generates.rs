//! Checks that generate files: they pass where that changes nothing.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn sandbox(generator: &str) -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.tool("generate", generator);
    sandbox
        .write("gen/a.txt", "generated\n")
        .write("gen/b.txt", "generated\n");
    sandbox.hooks("checks.codegen = { run = \"generate\", files = [\"gen/*.txt\"] , preset = \"codegen\" }");
    sandbox
}

#[test]
fn what_is_generated_as_it_was_is_up_to_date() {
    let sandbox = sandbox("echo generated >gen/a.txt");
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 0
    --- stdout ---
        Checking the workspace: 1 check, 1 task in 1 wave on 1 slot
            PASS [     TIME] codegen
    ------------
         Summary [     TIME] 1 task: 1 passed
    ");
}

#[test]
fn what_is_generated_otherwise_was_out_of_date_and_is_named() {
    let sandbox = sandbox("echo new >gen/a.txt; rm gen/b.txt; echo more >gen/c.txt; echo free >gen/other.md");
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 1
    --- stdout ---
        Checking the workspace: 1 check, 1 task in 1 wave on 1 slot
            FAIL [     TIME] codegen: changed files that were to be up to date
                 gen/a.txt  was out of date, and is generated anew
                 gen/b.txt  was out of date, and is generated anew
                 gen/c.txt  was out of date, and is generated anew

    --- codegen ---
        gen/a.txt  was out of date, and is generated anew
        gen/b.txt  was out of date, and is generated anew
        gen/c.txt  was out of date, and is generated anew

    ------------
         Summary [     TIME] 1 task: 1 failed
            FAIL [     TIME] codegen: changed files that were to be up to date
                 rerun: cargo hooks check codegen
    ");
    assert_eq!(sandbox.read("gen/a.txt"), "new\n");
}

#[test]
fn a_generator_that_fails_has_failed_whatever_it_wrote() {
    let sandbox = sandbox("echo new >gen/a.txt; echo no template; exit 4");
    assert_snapshot!(sandbox.run("check --serial"), @"
    exit code 1
    --- stdout ---
        Checking the workspace: 1 check, 1 task in 1 wave on 1 slot
            FAIL [     TIME] codegen: exit code 4

    --- codegen ---
        no template

    ------------
         Summary [     TIME] 1 task: 1 failed
            FAIL [     TIME] codegen: exit code 4
                 rerun: cargo hooks check codegen
    ");
}
