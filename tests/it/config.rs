//! What is wrong with a configuration is told all at once, and nothing runs.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
#[expect(clippy::too_many_lines, reason = "so much can be said of so many mistakes")]
fn all_mistakes_are_told_at_once_and_nothing_runs() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.noting(&["marker"]).hooks(
        r#"
strategy = "paralel"
timeout = "10 parsecs"
max-paralel = 4

[workspace.metadata.hooks.checks]
marker = "marker"
fmt = { depends-on = ["clipy"], weight = 0 }
clippy = { preset = "clipy" }
empty = {}
two = { run = "a", shell = "b" }
glob = { run = "a {files}", files = ["src/[ab"] }
first = { run = "a", after = ["second"] }
second = { run = "a", after = ["first"] }
hole = "a {fils}"
scope = { run = "a {package}", scope = "workspace" }
on-missing = { run = "a", on-missing = "sikp" }
cwd = { run = "a", cwd = "../elsewhere" }
typed = { run = "a", critical = "yes" }
"bad name" = "a"
off = false
"#,
    );
    let out = sandbox.run("check");
    assert_snapshot!(out, @r#"
    exit code 2
    --- stderr ---
    error[unknown-value]: unknown value `paralel`
     --> Cargo.toml:7:12
      |
    7 | strategy = "paralel"
      |            ^^^^^^^^^
      |
      = help: did you mean `parallel`?

    error[bad-duration]: `10 parsecs` is no duration
     --> Cargo.toml:8:11
      |
    8 | timeout = "10 parsecs"
      |           ^^^^^^^^^^^^ unknown time unit "parsecs", supported units: ns, us/µs, ms, sec, min, hours, days, weeks, months, years (and few variations)
      |
      = help: write a number and a unit, such as `90s`, `10m` or `1h 30m`

    error[unknown-key]: unknown key `max-paralel`
     --> Cargo.toml:9:1
      |
    9 | max-paralel = 4
      | ^^^^^^^^^^^
      |
      = help: there is a key `max-parallel`

    error[unknown-check]: there is no check `clipy`
      --> Cargo.toml:13:23
       |
    13 | fmt = { depends-on = ["clipy"], weight = 0 }
       |                       ^^^^^^^
       |
       = help: did you mean `clippy`?

    error[bad-number]: expected a number from 1 to 10000
      --> Cargo.toml:13:42
       |
    13 | fmt = { depends-on = ["clipy"], weight = 0 }
       |                                          ^

    error[unknown-preset]: there is no preset `clipy`
      --> Cargo.toml:14:21
       |
    14 | clippy = { preset = "clipy" }
       |                     ^^^^^^^
       |
       = help: did you mean `clippy`?

    error[no-command]: `empty` has no command
      --> Cargo.toml:15:1
       |
    15 | empty = {}
       | ^^^^^
       |
       = help: give it `run`, or a `preset` to start from

    error[two-commands]: `two` has two commands
      --> Cargo.toml:16:28
       |
    16 | two = { run = "a", shell = "b" }
       |               ---          ^^^
       |               |
       |               the other one
       |
       = help: keep `run`, or `shell` where the command needs a shell

    error[bad-glob]: `src/[ab` is no pattern
      --> Cargo.toml:17:38
       |
    17 | glob = { run = "a {files}", files = ["src/[ab"] }
       |                                      ^^^^^^^^^ unclosed character class; missing ']'

    error[cycle]: checks wait for each other: first → second → first
      --> Cargo.toml:18:31
       |
    18 | first = { run = "a", after = ["second"] }
       |                               ^^^^^^^^ `first` waits for `second`
    19 | second = { run = "a", after = ["first"] }
       |                                ------- `second` waits for `first`
       |
       = help: one of them must not wait

    error[unknown-placeholder]: unknown placeholder `{fils}`
      --> Cargo.toml:20:11
       |
    20 | hole = "a {fils}"
       |           ^^^^^^
       |
       = help: did you mean `{files}`?

    error[bad-scope]: `{package}` means one task for each crate, but the scope is `workspace`
      --> Cargo.toml:21:40
       |
    21 | scope = { run = "a {package}", scope = "workspace" }
       |                                        ^^^^^^^^^^^
       |
       = help: leave `scope` out: `{package}` says it

    error[unknown-value]: unknown value `sikp`
      --> Cargo.toml:22:40
       |
    22 | on-missing = { run = "a", on-missing = "sikp" }
       |                                        ^^^^^^
       |
       = help: did you mean `skip`?

    error[bad-directory]: the directory must lie below that of the manifest
      --> Cargo.toml:23:26
       |
    23 | cwd = { run = "a", cwd = "../elsewhere" }
       |                          ^^^^^^^^^^^^^^

    error[wrong-type]: expected `true` or `false`
      --> Cargo.toml:24:33
       |
    24 | typed = { run = "a", critical = "yes" }
       |                                 ^^^^^ this is a string

    error[bad-name]: `bad name` cannot be the name of a check
      --> Cargo.toml:25:1
       |
    25 | "bad name" = "a"
       | ^^^^^^^^^^
       |
       = help: use letters, digits, `-` and `_`, and begin with a letter or a digit

    error[wrong-type]: a check is not turned off with `false`
      --> Cargo.toml:26:7
       |
    26 | off = false
       |       ^^^^^
       |
       = help: leave `off` out; in a package, write `skip = ["off"]`

    error: the configuration has 17 mistakes; nothing was run
    "#);
    assert_eq!(out.stdout, "");
    assert!(sandbox.log().is_empty());
}

#[test]
fn one_mistake_is_one() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.lint = { rnu = \"lint\" }");
    assert_snapshot!(sandbox.run("list"), @r#"
    exit code 2
    --- stderr ---
    error[unknown-key]: unknown key `rnu`
     --> Cargo.toml:6:17
      |
    6 | checks.lint = { rnu = "lint" }
      |                 ^^^
      |
      = help: there is a key `run`

    error: the configuration has a mistake; nothing was run
    "#);
}

#[test]
fn a_manifest_that_is_no_toml_is_shown_where_it_breaks() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.lint = \"lint\nchecks.other = = 1");
    assert_snapshot!(sandbox.run("check"), @r#"
    exit code 2
    --- stderr ---
    error[syntax]: invalid basic string, expected `"`
     --> Cargo.toml:6:20
      |
    6 | checks.lint = "lint
      |                    ^

    error[syntax]: extra `=`, expected nothing
     --> Cargo.toml:7:16
      |
    7 | checks.other = = 1
      |                ^

    error[syntax]: unexpected key or value, expected newline, `#`
     --> Cargo.toml:7:18
      |
    7 | checks.other = = 1
      |                  ^

    error: the configuration has 3 mistakes; nothing was run
    "#);
}

#[test]
fn a_key_that_is_there_twice_is_a_mistake() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("fail-fast = true\nfail-fast = false");
    assert_snapshot!(sandbox.run("check"), @"
    exit code 2
    --- stderr ---
    error[duplicate-key]: the key `fail-fast` is given twice
     --> Cargo.toml:7:1
      |
    7 | fail-fast = false
      | ^^^^^^^^^

    error: the configuration has a mistake; nothing was run
    ");
}

#[test]
fn mistakes_in_the_manifest_of_a_member_are_shown_with_its_path() {
    let sandbox = Sandbox::workspace(&["alpha", "beta"]);
    sandbox.hooks("checks.lint = \"lint {package}\"");
    sandbox.package_hooks("beta", "skip = [\"lnit\"]\nkernel = 1\nchecks.lint.timeout = \"soon\"");
    assert_snapshot!(sandbox.run("check"), @r#"
    exit code 2
    --- stderr ---
    error[unknown-check]: there is no check `lnit`
     --> beta/Cargo.toml:9:9
      |
    9 | skip = ["lnit"]
      |         ^^^^^^
      |
      = help: did you mean `lint`?

    error[unknown-key]: unknown key `kernel`
      --> beta/Cargo.toml:10:1
       |
    10 | kernel = 1
       | ^^^^^^
       |
       = help: the keys are `strategy`, `order`, `max-parallel`, `timeout`, `retries`, `backoff`, `fail-fast`, `stop-on-critical-failure`, `base`, `snapshot-includes`, `stages`, `rules`, `checks`, `skip`, `reads`, `uses`

    error[bad-duration]: `soon` is no duration
      --> beta/Cargo.toml:11:23
       |
    11 | checks.lint.timeout = "soon"
       |                       ^^^^^^ expected number at 0
       |
       = help: write a number and a unit, such as `90s`, `10m` or `1h 30m`

    error: the configuration has 3 mistakes; nothing was run
    "#);
}

#[test]
fn a_manifest_that_cargo_refuses_is_a_mistake_of_the_project() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.write("alpha/Cargo.toml", "[package]\nversion = \"0.1.0\"\n");
    let out = sandbox.run("check").exits(2);
    assert_eq!(out.stdout, "");
    assert!(out.stderr.contains("alpha/Cargo.toml"), "{out}");
}

#[test]
fn where_there_is_no_workspace_cargo_says_so() {
    let sandbox = Sandbox::empty("workspace");
    assert_snapshot!(sandbox.run("check"), @"
    exit code 2
    --- stderr ---
    error: `cargo metadata` in `[ROOT]/ws` says: could not find `Cargo.toml` in `[ROOT]/ws` or any parent directory (exit code 101)
    ");
}

#[test]
fn hostile_names_do_no_harm_to_the_terminal() {
    let sandbox = Sandbox::workspace(&["alpha"]);
    sandbox.hooks("checks.\"\\u001B[2J\\u202Eevil\" = \"a\"");
    let out = sandbox.run("check").exits(2);
    assert!(!out.stderr.contains(['\u{1b}', '\u{202e}']), "{out}");
}
