//! Each kind of mistake, and how it is told.

use insta::assert_snapshot;

use super::{checks, in_package, in_workspace, mistakes, single_crate, workspace};

/// A workspace with the default checks whose table has this line.
fn settings(text: &str) -> super::ConfigInput {
    workspace(&format!("[workspace.metadata.hooks]\n{text}"), &[])
}

/// A workspace with the default checks in which package `a` has this table.
fn package_a(text: &str) -> super::ConfigInput {
    workspace("", &[("a", &format!("[package.metadata.hooks]\n{text}"))])
}

#[test]
fn syntax() {
    assert_snapshot!(mistakes(&workspace("[workspace", &[])), @"1:11 syntax: unclosed table, expected `]`");
    assert_snapshot!(mistakes(&checks(r#"x = "true"#)), @r#"2:10 syntax: invalid basic string, expected `"`"#);
    assert_snapshot!(mistakes(&checks(r#"x = 
y = ["a""#)), @"
    2:5 syntax: string values must be quoted, expected literal string
        
    3:9 syntax: unclosed array, expected `]`
    ");
    assert_snapshot!(mistakes(&workspace(&in_workspace(r#"x = = "true""#), &[("a", r#"[package.metadata.hooks]
skip = ["x"]
fail-fast = true
timout = 1"#)])), @"
    2:5 syntax: extra `=`, expected nothing
        =
    2:7 syntax: unexpected key or value, expected newline, `#`
        
    a:4:1 unknown-key: unknown key `timout` (there is a key `timeout`)
        timout
    ");
}

#[test]
fn duplicate_key() {
    assert_snapshot!(mistakes(&checks(r#"x = "true"
x = "false""#)), @"
    3:1 duplicate-key: the key `x` is given twice
        x
    ");
    assert_snapshot!(mistakes(&settings("fail-fast = true
fail-fast = true")), @"
    3:1 duplicate-key: the key `fail-fast` is given twice
        fail-fast
    ");
}

#[test]
fn unknown_key() {
    assert_snapshot!(mistakes(&settings(r#"timout = "1m""#)), @"
    2:1 unknown-key: unknown key `timout` (there is a key `timeout`)
        timout
    ");
    assert_snapshot!(mistakes(&settings(r#"skip = ["doc"]"#)), @r#"
    2:8 misplaced-key: `skip` belongs in the manifest of a package (it names the checks of the workspace that the package does not want)
        ["doc"]
    "#);
    assert_snapshot!(mistakes(&package_a(r#"scip = ["doc"]"#)), @"
    a:2:1 unknown-key: unknown key `scip` (there is a key `skip`)
        scip
    ");
    assert_snapshot!(mistakes(&package_a("zzz = 1")), @"
    a:2:1 unknown-key: unknown key `zzz` (the keys are `strategy`, `order`, `max-parallel`, `timeout`, `retries`, `backoff`, `fail-fast`, `stop-on-critical-failure`, `base`, `snapshot-includes`, `stages`, `rules`, `checks`, `skip`, `reads`, `uses`)
        zzz
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", dependson = ["fmt"] }"#)), @"
    2:21 unknown-key: unknown key `dependson` (there is a key `depends-on`)
        dependson
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", requires = [{ tool = "x", hnt = "y" }] }"#)), @"
    2:47 unknown-key: unknown key `hnt` (there is a key `hint`)
        hnt
    ");
}

#[test]
fn wrong_type_of_a_table() {
    assert_snapshot!(mistakes(&workspace("[workspace.metadata]\nhooks = true", &[])), @"
    2:9 wrong-type: expected a table
        true ← this is a boolean
    ");
    assert_snapshot!(mistakes(&settings(r#"checks = ["fmt"]"#)), @r#"
    2:10 wrong-type: expected a table of checks
        ["fmt"] ← this is an array
    "#);
    assert_snapshot!(mistakes(&checks("x = 5")), @"
    2:5 wrong-type: expected `true`, a command, or a table
        5 ← this is an integer
    ");
    assert_snapshot!(mistakes(&checks("x = false")), @r#"
    2:5 wrong-type: a check is not turned off with `false` (leave `x` out; in a package, write `skip = ["x"]`)
        false
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", set-env = ["A=1"] }"#)), @r#"
    2:31 wrong-type: expected a table of variables
        ["A=1"] ← this is an array
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", set-env = { A = 1 } }"#)), @"
    2:37 wrong-type: expected a string
        1 ← this is an integer
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", requires = [1] }"#)), @"
    2:33 wrong-type: expected the name of a program, or a table with `tool` and `hint`
        1 ← this is an integer
    ");
}

#[test]
fn wrong_type_of_a_value() {
    assert_snapshot!(mistakes(&settings(r#"fail-fast = "yes""#)), @r#"
    2:13 wrong-type: expected `true` or `false`
        "yes" ← this is a string
    "#);
    assert_snapshot!(mistakes(&settings("strategy = 1")), @"
    2:12 wrong-type: expected one of `adaptive`, `parallel`, `sequential`
        1 ← this is an integer
    ");
    assert_snapshot!(mistakes(&settings(r#"max-parallel = "4""#)), @r#"
    2:16 wrong-type: expected a whole number
        "4" ← this is a string
    "#);
    assert_snapshot!(mistakes(&settings("timeout = 10")), @r#"
    2:11 wrong-type: expected a duration in quotes, such as `"90s"` or `"10m"`
        10 ← this is an integer
    "#);
    assert_snapshot!(mistakes(&package_a(r#"skip = "doc""#)), @r#"
    a:2:8 wrong-type: expected a list (write `["doc"]`)
        "doc" ← this is a string
    "#);
    assert_snapshot!(mistakes(&checks("x = { run = 1 }")), @"
    2:13 wrong-type: expected a command: a string, or a list of strings
        1 ← this is an integer
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = ["a", 1] }"#)), @"
    2:19 wrong-type: expected a string
        1 ← this is an integer
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { shell = ["a"] }"#)), @r#"
    2:15 wrong-type: expected a string
        ["a"] ← this is an array
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", args = "-v" }"#)), @r#"
    2:28 wrong-type: expected a list of strings
        "-v" ← this is a string
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", stages = "ci" }"#)), @r#"
    2:30 wrong-type: expected a list (write `["ci"]`)
        "ci" ← this is a string
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", files = [1] }"#)), @"
    2:30 wrong-type: expected a string
        1 ← this is an integer
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", weight = 1.5 }"#)), @"
    2:30 wrong-type: expected a whole number
        1.5 ← this is a float
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", depends-on = [{}] }"#)), @"
    2:35 wrong-type: expected a string
        {} ← this is a table
    ");
}

#[test]
fn bad_duration() {
    assert_snapshot!(mistakes(&settings(r#"timeout = "10""#)), @r#"
    2:11 bad-duration: `10` is no duration (write a number and a unit, such as `90s`, `10m` or `1h 30m`)
        "10" ← time unit needed, for example 10sec or 10ms
    "#);
    assert_snapshot!(mistakes(&settings(r#"timeout = "ten minutes""#)), @r#"
    2:11 bad-duration: `ten minutes` is no duration (write a number and a unit, such as `90s`, `10m` or `1h 30m`)
        "ten minutes" ← expected number at 0
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", timeout = "0s" }"#)), @r#"
    2:31 bad-duration: `0s` is no duration (write a number and a unit, such as `90s`, `10m` or `1h 30m`)
        "0s" ← no time at all
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", timeout = "" }"#)), @r#"
    2:31 bad-duration: an empty text is no duration (write a number and a unit, such as `90s`, `10m` or `1h 30m`)
        "" ← nothing
    "#);
}

#[test]
fn bad_number() {
    assert_snapshot!(mistakes(&settings("max-parallel = 0")), @"
    2:16 bad-number: expected a number from 1 to 10000
        0
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", weight = -1 }"#)), @"
    2:30 bad-number: expected a number from 1 to 10000
        -1
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", weight = 99999999999999999999 }"#)), @"
    2:30 bad-number: expected a number from 1 to 10000
        99999999999999999999
    ");
    assert_snapshot!(mistakes(&settings("retries = 101")), @"
    2:11 bad-number: expected a number from 0 to 100
        101
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", priority = -1001 }"#)), @"
    2:32 bad-number: expected a number from -1000 to 1000
        -1001
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", priority = "high" }"#)), @r#"
    2:32 wrong-type: expected a whole number
        "high" ← this is a string
    "#);
}

#[test]
fn bad_glob() {
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", files = ["a[b"] }"#)), @r#"
    2:30 bad-glob: `a[b` is no pattern
        "a[b" ← unclosed character class; missing ']'
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", files = ["/etc/*"] }"#)), @r#"
    2:30 bad-glob: `/etc/*` is no pattern
        "/etc/*" ← patterns are relative to the directory of the manifest
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", files = ["../*.rs"] }"#)), @r#"
    2:30 bad-glob: `../*.rs` is no pattern
        "../*.rs" ← `..` leads out of the manifest's directory
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", exclude = [""] }"#)), @r#"
    2:32 bad-glob: an empty text is no pattern
        "" ← an empty pattern matches nothing
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", files = ["docs/"] }"#)), @r#"
    2:30 bad-glob: `docs/` is no pattern
        "docs/" ← a pattern names files: `docs/**` is all below a directory
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", packages = ["{a"] }"#)), @r#"
    2:33 bad-glob: `{a` is no pattern
        "{a" ← unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", packages = ["crates/a"] }"#)), @r#"
    2:33 bad-glob: `crates/a` is no pattern
        "crates/a" ← this is the place for the name of a crate, not for its directory
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", packages = [""] }"#)), @r#"
    2:33 bad-glob: an empty text is no pattern
        "" ← an empty pattern matches nothing
    "#);
}

#[test]
fn unknown_value() {
    assert_snapshot!(mistakes(&settings(r#"strategy = "paralel""#)), @r#"
    2:12 unknown-value: unknown value `paralel` (did you mean `parallel`?)
        "paralel"
    "#);
    assert_snapshot!(mistakes(&settings(r#"strategy = "fast""#)), @r#"
    2:12 unknown-value: unknown value `fast` (it is one of `adaptive`, `parallel`, `sequential`)
        "fast"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", scope = "crate" }"#)), @r#"
    2:29 unknown-value: unknown value `crate` (it is one of `workspace`, `package`, `packages`, `files`)
        "crate"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", stages = ["precommit"] }"#)), @r#"
    2:31 unknown-value: unknown value `precommit` (did you mean `pre-commit`?)
        "precommit"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", platforms = ["osx"] }"#)), @r#"
    2:34 unknown-value: unknown value `osx` (it is one of `linux`, `macos`, `windows`, `freebsd`, `unix`)
        "osx"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", on-missing = "warn" }"#)), @r#"
    2:34 unknown-value: unknown value `warn` (it is one of `fail`, `skip`)
        "warn"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", output = "json" }"#)), @r#"
    2:30 unknown-value: unknown value `json` (it is one of `plain`, `cargo`, `cargo-test`, `nextest`, `rustfmt`, `diff`)
        "json"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", with-target = "library" }"#)), @r#"
    2:35 unknown-value: unknown value `library` (it is one of `lib`, `doctest`, `bin`)
        "library"
    "#);
}

#[test]
fn unknown_placeholder() {
    assert_snapshot!(mistakes(&checks(r#"x = "check {fils}""#)), @"
    2:12 unknown-placeholder: unknown placeholder `{fils}` (did you mean `{files}`?)
        {fils}
    ");
    assert_snapshot!(mistakes(&checks(r#"x = ["check", "--all={everything}"]"#)), @"
    2:22 unknown-placeholder: unknown placeholder `{everything}` (the placeholders are `{package}`, `{package-dir}`, `{packages}`, `{targets}`, `{roots}`, `{edition}`, `{files}`, `{file}`, `{color}`, `{message-format}`, `{cargo-options}`, `{message-file}`, `{hook-args}`)
        {everything}
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { shell = "check {package_dir}" }"#)), @"
    2:22 unknown-placeholder: unknown placeholder `{package_dir}` (did you mean `{package-dir}`?)
        {package_dir}
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", fix = "fix {crate}" }"#)), @"
    2:32 unknown-placeholder: unknown placeholder `{crate}` (the placeholders are `{package}`, `{package-dir}`, `{packages}`, `{targets}`, `{roots}`, `{edition}`, `{files}`, `{file}`, `{color}`, `{message-format}`, `{cargo-options}`, `{message-file}`, `{hook-args}`)
        {crate}
    ");
    assert_snapshot!(mistakes(&checks(r#"typos = { preset = "typos", args = ["{fils}"] }"#)), @"
    2:38 unknown-placeholder: unknown placeholder `{fils}` (did you mean `{files}`?)
        {fils}
    ");
}

#[test]
fn misplaced_placeholder() {
    assert_snapshot!(mistakes(&checks(r#"x = "check --files={files}""#)), @"
    2:20 misplaced-placeholder: `{files}` stands for any number of arguments, and is only part of one here (write `{files}` as an argument of its own)
        {files}
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { shell = "check '{files}'" }"#)), @"
    2:23 misplaced-placeholder: `{files}` stands inside quotes (leave the quotes out: what fills it is quoted already)
        {files}
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { shell = 'check "in {package}"' }"#)), @"
    2:26 misplaced-placeholder: `{package}` stands inside quotes (leave the quotes out: what fills it is quoted already)
        {package}
    ");
    assert_snapshot!(mistakes(&checks(r#"x = ["{files}"]"#)), @"
    2:7 misplaced-placeholder: `{files}` stands where the program must be
        {files}
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "check", args = ["--only={packages}"] }"#)), @"
    2:38 misplaced-placeholder: `{packages}` stands for any number of arguments, and is only part of one here (write `{packages}` as an argument of its own)
        {packages}
    ");
}

#[test]
fn unknown_preset() {
    assert_snapshot!(mistakes(&checks(r#"x = { preset = "clipy" }"#)), @r#"
    2:16 unknown-preset: there is no preset `clipy` (did you mean `clippy`?)
        "clipy"
    "#);
    assert_snapshot!(mistakes(&checks("x = true")), @"
    2:5 unknown-preset: there is no preset `x` (the presets are `fmt`, `clippy`, `check`, `test`, `nextest`, `doctest`, `doc`, `deny`, `audit`, `machete`, `shear`, `udeps`, `typos`, `spellcheck`, `taplo`, `sort`, `hakari`, `semver-checks`, `hack`, `msrv`, `miri`, `codegen`)
        true
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", instead = ["nextst"] }"#)), @r#"
    2:32 unknown-preset: there is no preset `nextst` (did you mean `nextest`?)
        "nextst"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { preset = "zzzzz" }"#)), @r#"
    2:16 unknown-preset: there is no preset `zzzzz` (the presets are `fmt`, `clippy`, `check`, `test`, `nextest`, `doctest`, `doc`, `deny`, `audit`, `machete`, `shear`, `udeps`, `typos`, `spellcheck`, `taplo`, `sort`, `hakari`, `semver-checks`, `hack`, `msrv`, `miri`, `codegen`)
        "zzzzz"
    "#);
}

#[test]
fn unknown_check() {
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", depends-on = ["y"] }"#)), @r#"
    2:35 unknown-check: there is no check `y` (the checks are `x`)
        "y"
    "#);
    assert_snapshot!(mistakes(&checks(r#"lint = "true"
x = { run = "true", after = ["lnt"] }"#)), @r#"
    3:30 unknown-check: there is no check `lnt` (did you mean `lint`?)
        "lnt"
    "#);
    assert_snapshot!(mistakes(&package_a(r#"skip = ["docs"]"#)), @r#"
    a:2:9 unknown-check: there is no check `docs` (did you mean `doc`?)
        "docs"
    "#);
    assert_snapshot!(mistakes(&workspace(&in_workspace(r#"x = "true""#), &[("a", &in_package(r#"y = { run = "true", after = ["z"] }"#))])), @r#"
    a:2:30 unknown-check: there is no check `z` (the checks are `x`, `y`)
        "z"
    "#);
}

#[test]
fn cycle() {
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", depends-on = ["x"] }"#)), @r#"
    2:35 cycle: `x` waits for itself (leave it out)
        "x"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", depends-on = ["y"] }
y = { run = "true", depends-on = ["x"] }"#)), @r#"
    2:35 cycle: checks wait for each other: x → y → x (one of them must not wait)
        "y" ← `x` waits for `y`
        3:35 "x" ← `y` waits for `x`
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", depends-on = ["y"] }
y = { run = "true", depends-on = ["z"] }
z = { run = "true", depends-on = ["x"] }
w = { run = "true", depends-on = ["x"] }"#)), @r#"
    2:35 cycle: checks wait for each other: x → y → z → x (one of them must not wait)
        "y" ← `x` waits for `y`
        3:35 "z" ← `y` waits for `z`
        4:35 "x" ← `z` waits for `x`
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", depends-on = ["y"] }
y = { run = "true", after = ["x"] }"#)), @r#"
    2:35 cycle: checks wait for each other: x → y → x (one of them must not wait)
        "y" ← `x` waits for `y`
        3:30 "x" ← `y` waits for `x`
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", after = ["x"] }"#)), @r#"
    2:30 cycle: `x` waits for itself (leave it out)
        "x"
    "#);
    assert_snapshot!(mistakes(&checks(r#"w = { run = "true", depends-on = ["x"] }
x = { run = "true", after = ["y"] }
y = { run = "true", depends-on = ["z"], after = ["v"] }
z = { run = "true", after = ["x"] }
v = "true"
a = { run = "true", after = ["b"] }
b = { run = "true", after = ["a"] }"#)), @r#"
    3:30 cycle: checks wait for each other: x → y → z → x (one of them must not wait)
        "y" ← `x` waits for `y`
        4:35 "z" ← `y` waits for `z`
        5:30 "x" ← `z` waits for `x`
    7:30 cycle: checks wait for each other: a → b → a (one of them must not wait)
        "b" ← `a` waits for `b`
        8:30 "a" ← `b` waits for `a`
    "#);
    assert_snapshot!(mistakes(&workspace(&in_workspace(r#"x = "check {package}"
y = { run = "true", depends-on = ["x"] }"#), &[("a", &in_package(r#"x = { after = ["y"] }"#))])), @r#"
    a:2:16 cycle: checks wait for each other: x → y → x (one of them must not wait)
        "y" ← `x` waits for `y`
        3:35 "x" ← `y` waits for `x`
    "#);
}

#[test]
fn bad_name() {
    assert_snapshot!(mistakes(&checks(r#""my check" = "true""#)), @r#"
    2:1 bad-name: `my check` cannot be the name of a check (use letters, digits, `-` and `_`, and begin with a letter or a digit)
        "my check"
    "#);
    assert_snapshot!(mistakes(&checks(r#"-x = "true""#)), @"
    2:1 bad-name: `-x` cannot be the name of a check (use letters, digits, `-` and `_`, and begin with a letter or a digit)
        -x
    ");
    assert_snapshot!(mistakes(&checks(r#""" = "true""#)), @r#"
    2:1 bad-name: an empty text cannot be the name of a check (use letters, digits, `-` and `_`, and begin with a letter or a digit)
        ""
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", depends-on = ["a b"] }"#)), @r#"
    2:35 bad-name: `a b` cannot be the name of a check (use letters, digits, `-` and `_`, and begin with a letter or a digit)
        "a b"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", env = ["A=1", "", "*_URL", "A*", "*"] }"#)), @r#"
    2:28 bad-glob: `A=1` is no pattern
        "A=1" ← this is the place for a name alone; `set-env` sets values
    2:35 bad-glob: an empty text is no pattern
        "" ← an empty pattern matches nothing
    2:39 bad-glob: `*_URL` is no pattern
        "*_URL" ← `*` can only stand at the end of a name
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", set-env = { "A=B" = "1" } }"#)), @r#"
    2:33 bad-name: `A=B` cannot be the name of a variable
        "A=B"
    "#);
}

#[test]
fn bad_command() {
    assert_snapshot!(mistakes(&checks(r#"x = """#)), @r#"
    2:5 bad-command: the command is empty
        ""
    "#);
    assert_snapshot!(mistakes(&checks("x = []")), @"
    2:5 bad-command: the command is empty
        []
    ");
    assert_snapshot!(mistakes(&checks(r#"x = ["", "a"]"#)), @r#"
    2:5 bad-command: the command is empty
        ["", "a"]
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = "echo 'a""#)), @r#"
    2:5 bad-command: a quote is opened and not closed (a list of strings, one for each argument, needs no quotes)
        "echo 'a"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { shell = "  " }"#)), @r#"
    2:15 bad-command: the command is empty
        "  "
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", fix = "" }"#)), @r#"
    2:27 bad-command: the command is empty
        ""
    "#);
}

#[test]
fn two_commands() {
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", shell = "true" }"#)), @r#"
    2:29 two-commands: `x` has two commands (keep `run`, or `shell` where the command needs a shell)
        "true"
        2:13 "true" ← the other one
    "#);
}

#[test]
fn no_command() {
    assert_snapshot!(mistakes(&checks("x = {}")), @"
    2:1 no-command: `x` has no command (give it `run`, or a `preset` to start from)
        x
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { timeout = "1m" }"#)), @"
    2:1 no-command: `x` has no command (give it `run`, or a `preset` to start from)
        x
    ");
    assert_snapshot!(mistakes(&checks("codegen = true")), @"
    2:1 no-command: `codegen` has no command (the preset `codegen` leaves it to you: give it `run`)
        codegen
    ");
}

#[test]
fn bad_args() {
    assert_snapshot!(mistakes(&checks(r#"x = { shell = "true", args = ["-v"] }"#)), @r#"
    2:30 bad-args: a script takes no further arguments (write them into the script)
        ["-v"]
    "#);
}

#[test]
fn bad_scope() {
    assert_snapshot!(mistakes(&checks(r#"x = { run = "check {package}", scope = "workspace" }"#)), @r#"
    2:40 bad-scope: `{package}` means one task for each crate, but the scope is `workspace` (leave `scope` out: `{package}` says it)
        "workspace"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "check {files}", scope = "package" }"#)), @r#"
    2:38 bad-scope: `{files}` means one task for all files together, but the scope is `package` (leave `scope` out: `{files}` says it)
        "package"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "check {packages}", fix = "fix {files}", scope = "package" }"#)), @r#"
    2:62 bad-scope: `{packages}` means one task for all crates together, but the scope is `package` (keep one of `{packages}`, `{files}`)
        "package"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = "check {package} {files}""#)), @r#"
    2:5 bad-scope: `{package}` means one task for each crate, and `{files}` one for all files together (keep one of the two)
        "check {package} {files}"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "check {packages}", fix = "fix {package}" }"#)), @r#"
    2:39 bad-scope: `{packages}` means one task for all crates together, and `{package}` one for each crate (keep one of the two)
        "fix {package}"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "check {files}", cwd = "{package-dir}" }"#)), @r#"
    2:36 bad-scope: `{files}` means one task for all files together, and `cwd = "{package-dir}"` one for each crate (keep one of the two)
        "{package-dir}"
    "#);
    assert_snapshot!(mistakes(&checks(r#"fmt = { preset = "fmt", cwd = "{package-dir}" }"#)), @r#"
    2:31 bad-scope: `{roots}` means one task for all crates together, and `cwd = "{package-dir}"` one for each crate (keep one of the two)
        "{package-dir}"
    "#);
    assert_snapshot!(mistakes(&checks(r#"clippy = { preset = "clippy", args = ["{files}"] }"#)), @r#"
    2:38 bad-scope: `{packages}` means one task for all crates together, and `{files}` one for all files together (keep one of the two)
        ["{files}"]
    "#);
    assert_snapshot!(mistakes(&checks(r#"clippy = { preset = "clippy", scope = "workspace" }"#)), @r#"
    2:39 bad-scope: `{packages}` means one task for all crates together, but the scope is `workspace` (leave `scope` out: `{packages}` says it)
        "workspace"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "check", scope = "packages" }"#)), @r#"
    2:30 bad-scope: the scope is `packages`, but the command does not say where the crates go (write `{packages}` into the command)
        "packages"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "check", scope = "files" }"#)), @r#"
    2:30 bad-scope: the scope is `files`, but the command does not say where the files go (write `{files}` into the command)
        "files"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = "rustfmt {roots}""#)), @r#"
    2:5 bad-scope: `{roots}` and `{edition}` go together: sources of two editions need two commands
        "rustfmt {roots}"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", fix = "rustfmt --edition {edition}" }"#)), @r#"
    2:27 bad-scope: `{roots}` and `{edition}` go together: sources of two editions need two commands
        "rustfmt --edition {edition}"
    "#);
}

#[test]
fn bad_directory() {
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", cwd = "/tmp" }"#)), @r#"
    2:27 bad-directory: the directory must lie below that of the manifest
        "/tmp"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", cwd = "../x" }"#)), @r#"
    2:27 bad-directory: the directory must lie below that of the manifest
        "../x"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", cwd = "{package-dir}/x" }"#)), @r#"
    2:27 bad-directory: the only placeholder for a directory is `{package-dir}`, and it stands alone
        "{package-dir}/x"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", cwd = "{root}" }"#)), @r#"
    2:27 bad-directory: the only placeholder for a directory is `{package-dir}`, and it stands alone
        "{root}"
    "#);
}

#[test]
fn never_matches() {
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", packages = ["dbb"] }"#)), @r#"
    2:33 never-matches: no crate of the workspace matches `dbb` (did you mean `db`?)
        "dbb"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", packages = ["db*", "zz-*"] }"#)), @r#"
    2:40 never-matches: no crate of the workspace matches `zz-*`
        "zz-*"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", packages = [] }"#)), @"
    2:32 never-matches: `x` can never match a crate
        []
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", stages = [] }"#)), @r#"
    2:30 never-matches: `x` can never run: it has no stage (leave `stages` out, or write `stages = ["manual"]` for a check that runs only when it is asked for)
        []
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", files = [] }"#)), @"
    2:29 never-matches: `x` can never match a file
        []
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", files = ["*.md"], exclude = ["*.md"] }"#)), @r#"
    2:29 never-matches: `x` can never match a file
        ["*.md"]
        2:49 ["*.md"] ← all of it is excluded here
    "#);
}

#[test]
fn misplaced_key() {
    assert_snapshot!(mistakes(&package_a(r#"strategy = "sequential"
max-parallel = 2
timeout = "1m"
fail-fast = true
stop-on-critical-failure = true"#)), @r#"
    a:2:12 misplaced-key: this holds for a whole run, and cannot be set by one package (move it to `[workspace.metadata.hooks]` in the root manifest)
        "sequential"
    a:3:16 misplaced-key: this holds for a whole run, and cannot be set by one package (move it to `[workspace.metadata.hooks]` in the root manifest)
        2
    a:4:11 misplaced-key: this holds for a whole run, and cannot be set by one package (move it to `[workspace.metadata.hooks]` in the root manifest)
        "1m"
    a:5:13 misplaced-key: this holds for a whole run, and cannot be set by one package (move it to `[workspace.metadata.hooks]` in the root manifest)
        true
    a:6:28 misplaced-key: this holds for a whole run, and cannot be set by one package (move it to `[workspace.metadata.hooks]` in the root manifest)
        true
    "#);
    assert_snapshot!(mistakes(&workspace(&in_workspace("deny = true"), &[("a", r#"[package.metadata.hooks]
skip = ["deny"]"#)])), @r#"
    a:2:9 misplaced-key: `deny` runs once for the whole workspace: a package cannot skip it
        "deny"
        2:1 deny ← the check is here
    "#);
    assert_snapshot!(mistakes(&workspace(&in_workspace("deny = true"), &[("a", &in_package(r#"deny = { timeout = "1m" }"#))])), @"
    a:2:1 misplaced-key: `deny` runs once for the whole workspace: a package cannot change it
        deny
        2:1 deny ← the check is here
    ");
    assert_snapshot!(mistakes(&workspace(&in_workspace(r#"x = "check {package}""#), &[("a", &in_package(r#"x = { packages = ["b"] }
y = { run = "true", packages = ["a"] }"#))])), @r#"
    a:2:18 misplaced-key: `x` in the manifest of a package is about that package only (leave `packages` out)
        ["b"]
    a:3:32 misplaced-key: `y` in the manifest of a package is about that package only (leave `packages` out)
        ["a"]
    "#);
}

#[test]
fn what_follows_inputs_alone() {
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", affects = "inputs" }"#)), @r#"
    2:31 missing-key: `x` follows its `inputs` alone, and gives none (write `inputs = ["…"]` with the files whose change is to start the check)
        "inputs"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", affects = "inputs", inputs = [] }"#)), @"
    2:50 never-matches: `x` follows its `inputs` alone, and there are none
        []
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", affects = "inputs", inputs = ["a"], kinds = ["source"] }"#)), @r#"
    2:65 misplaced-key: `x` follows its `inputs` alone: `kinds` says nothing there (leave `kinds` out, or write `affects = "changed"` or `affects = "dependents"` with it)
        ["source"]
        2:31 "inputs" ← it says so here
    "#);
    assert_snapshot!(mistakes(&checks(r#"deny = { kinds = ["manifest"] }"#)), @r#"
    2:18 misplaced-key: `deny` follows its `inputs` alone: `kinds` says nothing there (leave `kinds` out, or write `affects = "changed"` or `affects = "dependents"` with it)
        ["manifest"]
    "#);
    assert_snapshot!(mistakes(&checks("deny = { inputs = [] }")), @"
    2:19 never-matches: `deny` follows its `inputs` alone, and there are none
        []
    ");
    // The files of clippy's own configuration are not meant to be all that is followed.
    assert_snapshot!(mistakes(&checks(r#"clippy = { affects = "inputs" }"#)), @r#"
    2:22 missing-key: `clippy` follows its `inputs` alone, and gives none (write `inputs = ["…"]` with the files whose change is to start the check)
        "inputs"
    "#);
    // What may run instead has the same mistake, which is told once.
    assert_snapshot!(mistakes(&checks(r#"test = { affects = "inputs" }"#)), @r#"
    2:20 missing-key: `test` follows its `inputs` alone, and gives none (write `inputs = ["…"]` with the files whose change is to start the check)
        "inputs"
    "#);
    assert_snapshot!(mistakes(&workspace(&in_workspace(r#"x = { run = "check {package}", affects = "inputs", inputs = ["a"] }"#), &[("a", &in_package(r#"x = { kinds = ["rust"] }"#))])), @r#"
    a:2:15 misplaced-key: `x` follows its `inputs` alone: `kinds` says nothing there (leave `kinds` out, or write `affects = "changed"` or `affects = "dependents"` with it)
        ["rust"]
        2:42 "inputs" ← it says so here
    "#);
    // A pattern that is wrong is not missing.
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", affects = "inputs", inputs = ["/a"] }"#)), @r#"
    2:51 bad-glob: `/a` is no pattern
        "/a" ← patterns are relative to the directory of the manifest
    "#);
}

#[test]
fn what_a_check_follows() {
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", kinds = [] }"#)), @r#"
    2:29 never-matches: `x` can never be selected by a change: it has no kind (leave `kinds` out, or write `affects = "inputs"` for a check that only `inputs` select)
        []
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", kinds = ["sources"] }"#)), @r#"
    2:30 unknown-value: unknown value `sources` (did you mean `source`?)
        "sources"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", kinds = "source" }"#)), @r#"
    2:29 wrong-type: expected a list (write `["source"]`)
        "source" ← this is a string
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", affects = "all" }"#)), @r#"
    2:31 unknown-value: unknown value `all` (it is one of `changed`, `dependents`, `inputs`)
        "all"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", inputs = ["../a", "b/"] }"#)), @r#"
    2:31 bad-glob: `../a` is no pattern
        "../a" ← `..` leads out of the manifest's directory
    2:39 bad-glob: `b/` is no pattern
        "b/" ← a pattern names files: `b/**` is all below a directory
    "#);
}

#[test]
fn bad_base() {
    assert_snapshot!(mistakes(&settings("base = ''")), @"
    2:8 bad-revision: an empty text is no revision (write the name of a branch or of a commit, such as `origin/main`)
        ''
    ");
    assert_snapshot!(mistakes(&settings("base = ' '")), @"
    2:8 bad-revision: an empty text is no revision (write the name of a branch or of a commit, such as `origin/main`)
        ' '
    ");
    assert_snapshot!(mistakes(&settings("base = '--output=x'")), @"
    2:8 bad-revision: `--output=x` is no revision (write the name of a branch or of a commit, such as `origin/main`)
        '--output=x'
    ");
    assert_snapshot!(mistakes(&settings("base = true")), @"
    2:8 wrong-type: expected a string
        true ← this is a boolean
    ");
}

#[test]
fn bad_snapshot_includes() {
    for path in ["", "..", "a/../../b", "/etc/passwd", "./a"] {
        let found = mistakes(&settings(&format!("snapshot-includes = ['ok', '{path}']")));
        assert!(found.contains("bad-path"), "{path}: {found}");
    }
}

#[test]
fn bad_stages() {
    assert_snapshot!(mistakes(&settings("stages = true")), @"
    2:10 wrong-type: expected a table of stages
        true ← this is a boolean
    ");
    let stages = "stages = { pre-comit = { fix = true }, pre-push = { fix = true }, pre-commit = true }";
    assert_snapshot!(mistakes(&settings(stages)), @"
    2:12 unknown-value: there is no stage `pre-comit` (did you mean `pre-commit`?)
        pre-comit
    2:40 wrong-stage: `pre-push` repairs nothing: it is about no commit that could still be changed (`pre-commit` can)
        pre-push
    2:80 wrong-type: expected a table with `fix`
        true ← this is a boolean
    ");
    assert_snapshot!(mistakes(&settings("stages.pre-commit = { fixs = true, stage-fixes = true }")), @"
    2:23 unknown-key: unknown key `fixs` (there is a key `fix`)
        fixs
    ");
    assert_snapshot!(mistakes(&settings("stages.pre-commit = { stage-fixes = true }")), @"
    2:37 no-effect: nothing is repaired that could be staged (write `fix = true` beside it)
        true
    ");
    assert_snapshot!(mistakes(&settings("stages.pre-commit = { fix = 1 }")), @"
    2:29 wrong-type: expected `true` or `false`
        1 ← this is an integer
    ");
}

#[test]
fn bad_rules() {
    assert_snapshot!(mistakes(&settings("rules = { files = ['a'], packages = [] }")), @"
    2:9 wrong-type: expected a list (write `[{ files = ['a'], packages = [] }]`)
        { files = ['a'], packages = [] } ← this is a table
    ");
    assert_snapshot!(mistakes(&settings("rules = ['a']")), @"
    2:10 wrong-type: expected a table with `files` and `packages`
        'a' ← this is a string
    ");
    assert_snapshot!(mistakes(&settings("rules = [{ files = ['a'] }, { packages = ['a'] }, { files = [], packages = ['a'] }, {}]")), @"
    2:10 missing-key: `packages` is missing: it names the crates that the files touch (write `packages = []` for files that touch nobody)
        { files = ['a'] }
    2:29 missing-key: `files` is missing: it names the files
        { packages = ['a'] }
    2:61 never-matches: this rule can never match a file
        []
    2:85 missing-key: `files` is missing: it names the files
        {}
    ");
    assert_snapshot!(mistakes(&settings("rules = [{ files = ['../a'], packages = ['a/b'], crates = ['a'] }]")), @"
    2:21 bad-glob: `../a` is no pattern
        '../a' ← `..` leads out of the manifest's directory
    2:42 bad-glob: `a/b` is no pattern
        'a/b' ← this is the place for the name of a crate, not for its directory
    2:50 unknown-key: unknown key `crates` (the keys are `files`, `packages`)
        crates
    ");
    assert_snapshot!(mistakes(&settings("rules = [{ files = ['a'], packages = ['dbb', 'db*'] }]")), @"
    2:39 never-matches: no crate of the workspace matches `dbb` (did you mean `db`?)
        'dbb'
    ");
    assert_snapshot!(mistakes(&settings("rules = [{ files = ['a'], packages = [] }, { files = ['a'], packages = [] }]")), @"
    2:44 duplicate: this is listed twice
        { files = ['a'], packages = [] }
        2:10 { files = ['a'], packages = [] } ← first here
    ");
    assert_snapshot!(mistakes(&workspace("[[workspace.metadata.hooks.rules]]\nfiles = ['a']\n[[workspace.metadata.hooks.rules]]\nfile = ['a']\npackages = ['a']", &[])), @"
    1:1 missing-key: `packages` is missing: it names the crates that the files touch (write `packages = []` for files that touch nobody)
        [[workspace.metadata.hooks.rules]]
    4:1 unknown-key: unknown key `file` (there is a key `files`)
        file
    ");
}

#[test]
fn what_a_package_declares() {
    assert_snapshot!(mistakes(&settings("reads = ['a']\nuses = ['a']")), @"
    2:9 misplaced-key: `reads` belongs in the manifest of a package (it names the files outside of the package that the package reads)
        ['a']
    3:8 misplaced-key: `uses` belongs in the manifest of a package (it names the crates whose programs the package's tests start)
        ['a']
    ");
    assert_snapshot!(mistakes(&package_a("base = 'main'\nrules = []")), @"
    a:2:8 misplaced-key: this holds for a whole run, and cannot be set by one package (move it to `[workspace.metadata.hooks]` in the root manifest)
        'main'
    a:3:9 misplaced-key: this holds for a whole run, and cannot be set by one package (move it to `[workspace.metadata.hooks]` in the root manifest)
        []
    ");
    assert_snapshot!(mistakes(&package_a("uses = ['db-cor', 'a', 'unheard-of', 'b', 'b']")), @"
    a:2:9 unknown-crate: there is no crate `db-cor` in the workspace (did you mean `db-core`?)
        'db-cor'
    a:2:19 cycle: `a` uses itself (leave it out: the tests of a crate follow its own programs anyway)
        'a'
    a:2:24 unknown-crate: there is no crate `unheard-of` in the workspace
        'unheard-of'
    a:2:43 duplicate: this is listed twice
        'b'
        a:2:38 'b' ← first here
    ");
    assert_snapshot!(mistakes(&single_crate("[package.metadata.hooks]\nuses = ['a', 'b']\nreads = [1]")), @"
    2:9 cycle: `a` uses itself (leave it out: the tests of a crate follow its own programs anyway)
        'a'
    2:14 unknown-crate: there is no crate `b` in the workspace
        'b'
    3:10 wrong-type: expected a string
        1 ← this is an integer
    ");
    assert_snapshot!(mistakes(&package_a("reads = ['', '/a', '..', '../', './..', 'a/../b', '../{a,../b}', 'a[']")), @"
    a:2:10 bad-glob: an empty text is no pattern
        '' ← an empty pattern matches nothing
    a:2:14 bad-glob: `/a` is no pattern
        '/a' ← patterns are relative to the directory of the manifest
    a:2:20 bad-glob: `..` is no pattern
        '..' ← a pattern names files: `../**` is all below a directory
    a:2:26 bad-glob: `../` is no pattern
        '../' ← a pattern names files: `../**` is all below a directory
    a:2:33 bad-glob: `./..` is no pattern
        './..' ← a pattern names files: `./../**` is all below a directory
    a:2:41 bad-glob: `a/../b` is no pattern
        'a/../b' ← `..` can only stand at the beginning
    a:2:51 bad-glob: `../{a,../b}` is no pattern
        '../{a,../b}' ← `..` can only stand at the beginning
    a:2:66 bad-glob: `a[` is no pattern
        'a[' ← unclosed character class; missing ']'
    ");
}

#[test]
fn missing_key() {
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", requires = [{ hint = "cargo install y" }] }"#)), @r#"
    2:33 missing-key: `tool` is missing: it names the program
        { hint = "cargo install y" }
    "#);
    // What is misspelt is not missing.
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", requires = [{ tol = "y" }] }"#)), @"
    2:35 unknown-key: unknown key `tol` (there is a key `tool`)
        tol
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", requires = [{ tool = 1, hnt = "y" }] }"#)), @"
    2:42 wrong-type: expected a string
        1 ← this is an integer
    2:45 unknown-key: unknown key `hnt` (there is a key `hint`)
        hnt
    ");
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", requires = [""] }"#)), @r#"
    2:33 missing-key: the name of the program is missing
        ""
    "#);
}

#[test]
fn listed_twice() {
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", files = ["*.md", "*.rs", "*.md"] }"#)), @r#"
    2:46 duplicate: this is listed twice
        "*.md"
        2:30 "*.md" ← first here
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", stages = ["ci", "ci"] }"#)), @r#"
    2:37 duplicate: this is listed twice
        "ci"
        2:31 "ci" ← first here
    "#);
    assert_snapshot!(mistakes(&package_a(r#"skip = ["doc", "doc"]"#)), @r#"
    a:2:16 duplicate: this is listed twice
        "doc"
        a:2:9 "doc" ← first here
    "#);
}

#[test]
fn bad_text() {
    assert_snapshot!(mistakes(&checks(r#"x = "a\u0000b""#)), @r#"
    2:5 bad-text: a NUL character can stand in no command, name or path
        "a\u0000b"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = ["a\u0000b"]"#)), @r#"
    2:6 bad-text: a NUL character can stand in no command, name or path
        "a\u0000b"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", set-env = { A = "\u0000" } }"#)), @r#"
    2:37 bad-text: a NUL character can stand in no command, name or path
        "\u0000"
    "#);
    assert_snapshot!(mistakes(&checks(r#"x = { run = "true", requires = ["a\u0000"] }"#)), @r#"
    2:33 bad-text: a NUL character can stand in no command, name or path
        "a\u0000"
    "#);
}

#[test]
fn in_a_single_crate() {
    assert_snapshot!(mistakes(&single_crate("[package.metadata.hooks]\ntimout = \"1m\"\nskip = [\"docs\"]")), @r#"
    2:1 unknown-key: unknown key `timout` (there is a key `timeout`)
        timout
    3:9 unknown-check: there is no check `docs` (did you mean `doc`?)
        "docs"
    "#);
}

#[test]
fn one_cause_is_told_once() {
    assert_snapshot!(mistakes(&workspace(&in_workspace(r#"x = "echo 'a {package}""#), &[("a", &in_package(r#"x = { timeout = "1m" }"#)), ("b", &in_package(r#"y = { run = "true", depends-on = ["x"] }"#))])), @r#"
    2:5 bad-command: a quote is opened and not closed (a list of strings, one for each argument, needs no quotes)
        "echo 'a {package}"
    "#);
    assert_snapshot!(mistakes(&workspace(&in_workspace("x = { weight = 2 }"), &[("a", &in_package(r#"x = { timeout = "1m" }"#))])), @"
    2:1 no-command: `x` has no command (give it `run`, or a `preset` to start from)
        x
    ");
    assert_snapshot!(mistakes(&workspace(&in_workspace(r#"x = { run = "check {package}", files = ["*.md"], exclude = ["*.md"] }"#), &[("a", &in_package(r#"x = { timeout = "1m" }"#)), ("b", &in_package("x = { weight = 2 }"))])), @r#"
    2:40 never-matches: `x` can never match a file
        ["*.md"]
        2:60 ["*.md"] ← all of it is excluded here
    "#);
    assert_snapshot!(mistakes(&workspace(&in_workspace(r#"clippy = { preset = "clipy" }"#), &[("a", &in_package(r#"clippy = { timeout = "1m" }"#))])), @r#"
    2:21 unknown-preset: there is no preset `clipy` (did you mean `clippy`?)
        "clipy"
    "#);
    assert_snapshot!(mistakes(&workspace("[workspace.metadata.hooks]\nchecks = 1", &[("a", "[package.metadata.hooks]\nskip = [\"x\"]")])), @"
    2:10 wrong-type: expected a table of checks
        1 ← this is an integer
    ");
}

#[test]
fn all_mistakes_are_told_file_by_file_from_top_to_bottom() {
    assert_snapshot!(mistakes(&workspace(&in_workspace(r#"x = { run = "true", weight = 0, wait = 1 }
y = { run = "true", after = ["z"] }
q = "a {b}""#), &[("b", &in_package("w = 1")), ("a", &in_package("v = 1
u = []"))])), @r#"
    2:30 bad-number: expected a number from 1 to 10000
        0
    2:33 unknown-key: unknown key `wait` (the keys are `preset`, `run`, `shell`, `args`, `fix`, `diff`, `filter`, `scope`, `stages`, `skip-in`, `files`, `exclude`, `affects`, `kinds`, `inputs`, `packages`, `with-target`, `env`, `set-env`, `cwd`, `depends-on`, `after`, `critical`, `allow-failure`, `timeout`, `retries`, `backoff`, `cache`, `priority`, `weight`, `locks`, `builds`, `generates`, `deny-warnings`, `output`, `requires`, `on-missing`, `instead`, `platforms`, `description`)
        wait
    3:30 unknown-check: there is no check `z` (the checks are `q`, `u`, `v`, `w`, `x`, `y`)
        "z"
    4:8 unknown-placeholder: unknown placeholder `{b}` (the placeholders are `{package}`, `{package-dir}`, `{packages}`, `{targets}`, `{roots}`, `{edition}`, `{files}`, `{file}`, `{color}`, `{message-format}`, `{cargo-options}`, `{message-file}`, `{hook-args}`)
        {b}
    a:2:5 wrong-type: expected `true`, a command, or a table
        1 ← this is an integer
    a:3:5 bad-command: the command is empty
        []
    b:2:5 wrong-type: expected `true`, a command, or a table
        1 ← this is an integer
    "#);
}

#[test]
fn filter() {
    let files = "files = [\"*.sql\"]";
    let check = |keys: &str| mistakes(&checks(&format!("x = {{ filter = true, {keys} }}")));
    assert_snapshot!(check(&format!("run = \"f\", fix = \"g\", diff = true, output = \"plain\", generates = true, {files}")), @r#"
    2:39 misplaced-key: `x` is a filter: what it writes is the repair (leave `fix` out)
        "g"
        2:16 true ← it says so here
    2:51 misplaced-key: `x` is a filter: what it writes is a whole file (leave `diff` out)
        true
        2:16 true ← it says so here
    2:66 misplaced-key: `x` is a filter: what it writes is a whole file (leave `output` out)
        "plain"
        2:16 true ← it says so here
    2:87 misplaced-key: `x` is a filter: it writes to no file (leave `generates` out)
        true
        2:16 true ← it says so here
    "#);
    assert_snapshot!(check("run = \"f\""), @r#"
    2:16 missing-key: `x` is a filter, and does not say of which files (write `files = ["…"]` with the files that are to be what it writes)
        true
    "#);
    assert_snapshot!(check(&format!("run = \"f {{files}} {{color}}\", args = [\"{{message-format}}\"], {files}")), @r#"
    2:28 misplaced-placeholder: `x` is a filter: it is given one file at a time, and not `{files}` (write `{file}` where it needs the name of the file that it reads, and else nothing)
        "f {files} {color}"
    2:28 misplaced-placeholder: `x` is a filter: it writes what a file is to contain, and not for `{color}` (leave `{color}` out)
        "f {files} {color}"
    2:28 misplaced-placeholder: `x` is a filter: it writes what a file is to contain, and not for `{message-format}` (leave `{message-format}` out)
        "f {files} {color}"
    "#);
    assert_snapshot!(check(&format!("run = \"f {{package}}\", {files}")), @"
    2:16 bad-scope: `{package}` means one task for each crate, and `filter = true` one for all files together (keep one of the two)
        true
    ");
    assert_snapshot!(check(&format!("run = \"f\", scope = \"package\", {files}")), @r#"
    2:41 bad-scope: `filter = true` means one task for all files together, but the scope is `package` (leave `scope` out: `filter = true` says it)
        "package"
    "#);
    assert_snapshot!(check(&format!("run = \"f\", cwd = \"{{package-dir}}\", {files}")), @r#"
    2:39 bad-scope: `filter = true` means one task for all files together, and `cwd = "{package-dir}"` one for each crate (keep one of the two)
        "{package-dir}"
    "#);
    assert_snapshot!(check(&format!("run = \"{{file}} x\", {files}")), @"
    2:29 misplaced-placeholder: `{file}` stands where the program must be
        {file}
    ");
    assert_snapshot!(mistakes(&checks("x = { run = \"f {file}\", fix = \"g {file}\" }\ny = { shell = \"f {file}\", filter = false }")), @r#"
    2:13 misplaced-placeholder: `{file}` is the file that a filter reads, and `x` is none (write `{files}` for all files; or `filter = true`, if the command reads each on its standard input and writes what it should be)
        "f {file}"
    2:31 misplaced-placeholder: `{file}` is the file that a filter reads, and `x` is none (write `{files}` for all files; or `filter = true`, if the command reads each on its standard input and writes what it should be)
        "g {file}"
    3:15 misplaced-placeholder: `{file}` is the file that a filter reads, and `y` is none (write `{files}` for all files; or `filter = true`, if the command reads each on its standard input and writes what it should be)
        "f {file}"
    "#);
    assert_snapshot!(check(&format!("preset = \"taplo\", run = \"f\", deny-warnings = true, {files}")), @r#"
    2:67 misplaced-key: the warnings of `x` cannot be told from its other output (give a command of cargo `--message-format {message-format}` and the check `output = "cargo"`)
        true
    "#);
}
