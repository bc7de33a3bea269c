//! What a valid configuration means.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::{MEMBERS, checks, definition, in_package, in_workspace, single_crate, valid, workspace};
use crate::config::{
    Affects, Command, ConfigInput, Cwd, Definition, OnMissing, Order, Platform, Repairs, Scope, Stage, Strategy,
    TargetNeed,
};
use crate::environment::Given;
use crate::model::{CrateName, Dialect};

/// Each variant of a check: its command, its scope, and its crates.
fn variants(input: &ConfigInput, name: &str) -> Vec<String> {
    let config = valid(input);
    let check = config.check(name).unwrap_or_else(|| panic!("there is no `{name}`"));
    let variants = check.variants.iter().map(|variant| {
        let crates: Vec<_> = variant.crates.iter().map(CrateName::as_str).collect();
        let definition = &variant.definition;
        format!("{} ({}): {}", definition.run, definition.scope, crates.join(" "))
    });
    variants.collect()
}

/// Which changes a check follows: `dependents: source tests; clippy.toml`.
fn follows(definition: &Definition) -> String {
    let kinds: String = definition.kinds.iter().map(|kind| format!(" {kind}")).collect();
    let inputs: Vec<_> = definition.inputs.iter().map(globset::Glob::glob).collect();
    format!("{}:{kinds}; {}", definition.affects, inputs.join(" "))
}

/// The checks by name.
fn names(input: &ConfigInput) -> String {
    let config = valid(input);
    let names: Vec<_> = config.checks.iter().map(|check| check.name.as_str()).collect();
    format!("{:?}: {}", config.origin, names.join(" "))
}

#[test]
fn a_check_has_short_forms() {
    let check = |text: &str, expected: &str| {
        let config = valid(&checks(text));
        let check = &config.checks[0].variants[0].definition;
        assert_eq!(format!("{} ({})", check.run, check.scope), expected, "{text}");
    };
    check("x = \"tool --all\"", "tool --all (workspace)");
    check("x = \"tool 'a b' c\"", "tool 'a b' c (workspace)");
    check("x = [\"tool\", \"a b\", \"\"]", "tool 'a b' '' (workspace)");
    check("x = \"typos {files}\"", "typos {files} (files)");
    check("x = \"tool {package}\"", "tool {package} (package)");
    check(
        "x = \"tool --dir={package-dir}/src\"",
        "tool --dir={package-dir}/src (package)",
    );
    check(
        "x = \"cargo x {packages} {color}\"",
        "cargo x {packages} {color} (packages)",
    );
    check("x = { shell = \"a | b\" }", "a | b (workspace)");
    check(
        "x = { shell = \"echo ${HOME} {} { a } {files}\" }",
        "echo ${HOME} {} { a } {files} (files)",
    );
    check("x.run = \"tool\"\nx.cwd = \"{package-dir}\"", "tool (package)");
    check("machete = true", "cargo machete (workspace)");
}

#[test]
fn a_preset_without_a_command_lends_its_name_to_one() {
    let config = valid(&checks("codegen = \"cargo xtask codegen\"\nfmt = \"./fmt.sh\""));
    let named = |name: &str| config.check(name).unwrap().variants[0].definition.clone();
    assert!(named("codegen").generates);
    assert_eq!(named("fmt").fix, None);
}

#[test]
fn a_preset_is_the_one_that_is_named_or_the_one_of_the_name() {
    let run = |text: &str| definition(&valid(&checks(text)), "x").run.to_string();
    assert_eq!(run("x = { preset = \"machete\" }"), "cargo machete");
    assert_eq!(
        run("x = { preset = \"machete\", args = [\"--with-metadata\"] }"),
        "cargo machete --with-metadata"
    );
    let named = checks("machete = { weight = 2 }");
    assert_eq!(
        variants(&named, "machete"),
        ["cargo machete (workspace): a b c db db-core"]
    );
    // With a command of its own, a check has nothing to do with the preset of its name.
    let config = valid(&checks("fmt = \"cargo fmt --check\""));
    let fmt = definition(&config, "fmt");
    assert_eq!((&fmt.fix, fmt.output, fmt.requires.len()), (&None, Dialect::Plain, 0));
}

#[test]
fn arguments_may_have_placeholders() {
    let config = valid(&checks("typos = { preset = \"typos\", args = [\"--\", \"{files}\"] }"));
    let typos = definition(&config, "typos");
    assert_eq!(typos.scope, Scope::Files);
    assert_eq!(typos.run.to_string(), "typos --color {color} -- {files}");
    assert_eq!(
        typos.fix.as_ref().unwrap().to_string(),
        "typos --write-changes -- {files}"
    );
}

#[test]
fn without_checks_the_defaults_stand_in() {
    let defaults = "Defaults: fmt clippy test doc";
    assert_eq!(names(&workspace("", &[])), defaults);
    assert_eq!(names(&workspace("[workspace]\nmembers = [\"a\"]", &[])), defaults);
    assert_eq!(names(&workspace("[workspace.metadata.hooks]", &[])), defaults);
    assert_eq!(names(&workspace("[workspace.metadata.hooks.checks]", &[])), defaults);
    assert_eq!(
        names(&workspace("[workspace.metadata.hooks]\nfail-fast = true", &[])),
        defaults
    );
    assert_eq!(names(&single_crate("[package]\nname = \"a\"")), defaults);
    assert_eq!(names(&checks("b = \"true\"\na = \"true\"")), "Manifest: b a");
    let own = [("a", "[package.metadata.hooks.checks]\nown = \"true\"")];
    assert_eq!(names(&workspace("", &own)), "Defaults: fmt clippy test doc own");
}

#[test]
fn settings_have_defaults() {
    let settings = valid(&workspace("", &[])).settings;
    assert_eq!((settings.strategy, settings.max_parallel), (Strategy::Adaptive, None));
    assert!(!settings.fail_fast && settings.stop_on_critical_failure && settings.order.is_none());
    let text = "strategy = \"sequential\"\norder = \"fast-first\"\nmax-parallel = 0x10\nfail-fast = true\nstop-on-critical-failure = false";
    let settings = valid(&workspace(&format!("[workspace.metadata.hooks]\n{text}"), &[])).settings;
    assert_eq!(
        (settings.strategy, settings.max_parallel),
        (Strategy::Sequential, Some(16))
    );
    assert_eq!(settings.order, Some(Order::FastFirst));
    assert!(settings.fail_fast && !settings.stop_on_critical_failure);
}

#[test]
fn every_key_of_a_check_arrives() {
    let config = valid(&checks(
        r#"y = "true"
        z = "true"
        x = { run = "true", fix = "false", diff = true, stages = ["ci"], with-target = "bin", env = ["DATABASE_URL", "PG*"], set-env = { A = "1" }, cwd = "./sub/./dir",
            depends-on = ["y"], after = ["z"], critical = true, allow-failure = true, timeout = "1h 30m", priority = -7, weight = 3,
            locks = ["port"], builds = true, generates = true, output = "cargo", on-missing = "skip",
            requires = ["p", { tool = "q", hint = "get q" }], platforms = ["linux"], description = "It is so" }"#,
    ));
    let x = definition(&config, "x");
    assert_eq!(x.fix.as_ref().unwrap().to_string(), "false");
    assert_eq!(x.stages, Some(vec![Stage::Ci]));
    assert_eq!(x.with_target, Some(TargetNeed::Bin));
    let given = Given::Only(vec!["DATABASE_URL".to_owned(), "PG*".to_owned()]);
    assert_eq!((&x.env, &definition(&config, "y").env), (&given, &Given::All));
    assert_eq!(x.set_env, BTreeMap::from([("A".to_owned(), "1".to_owned())]));
    assert_eq!(x.cwd, Cwd::At("sub/dir".into()));
    assert_eq!((x.depends_on[0].as_str(), x.after[0].as_str()), ("y", "z"));
    assert!(x.diff && x.critical && x.allow_failure && x.generates);
    assert_eq!(
        (x.timeout, x.priority, x.weight, x.builds),
        (Some(Duration::from_mins(90)), -7, 3, Some(true))
    );
    assert_eq!(
        (x.locks.as_slice(), x.output),
        (["port".to_owned()].as_slice(), Dialect::Cargo)
    );
    assert_eq!(
        (x.on_missing, x.platforms.as_slice()),
        (OnMissing::Skip, [Platform::Linux].as_slice())
    );
    let required: Vec<_> = x
        .requires
        .iter()
        .map(|r| (r.tool.as_str(), r.hint.as_deref()))
        .collect();
    assert_eq!(required, [("p", None), ("q", Some("get q"))]);
    assert_eq!(x.description.as_deref(), Some("It is so"));
}

#[test]
fn a_check_without_a_timeout_has_that_of_the_settings() {
    let text = "[workspace.metadata.hooks]\ntimeout = \"10m\"\n[workspace.metadata.hooks.checks]\nx = \"true\"\n\
                y = { run = \"true\", timeout = \"1m\" }\nz = { preset = \"machete\" }";
    let config = valid(&workspace(text, &[]));
    let timeout = |name| definition(&config, name).timeout.unwrap().as_secs();
    assert_eq!((timeout("x"), timeout("y"), timeout("z")), (600, 60, 600));
}

#[test]
fn a_check_without_retries_has_those_of_the_settings() {
    let retry = |settings: &str, check: &str| {
        let text = format!("[workspace.metadata.hooks]\n{settings}\n[workspace.metadata.hooks.checks]\n{check}");
        let retry = definition(&valid(&workspace(&text, &[])), "x").retry;
        (retry.times, retry.backoff.as_millis())
    };
    assert_eq!(retry("", "x = \"true\""), (0, 1000));
    let settings = "retries = 2\nbackoff = \"5s\"";
    assert_eq!(retry(settings, "x = \"true\""), (2, 5000));
    assert_eq!(retry(settings, "x = { run = \"true\", retries = 0 }"), (0, 5000));
    assert_eq!(
        retry("", "x = { run = \"true\", retries = 3, backoff = \"10ms\" }"),
        (3, 10)
    );
}

#[test]
fn packages_choose_crates() {
    let check = |packages: &str, expected: &str| {
        let input = checks(&format!("x = {{ run = \"true\", packages = {packages} }}"));
        assert_eq!(variants(&input, "x"), [format!("true (workspace): {expected}")]);
    };
    check("[\"db\", \"db-*\"]", "db db-core");
    check("[\"db*\"]", "db db-core");
    check("[\"?\"]", "a b c");
    check("[\"{a,db}\", \"db-core\"]", "a db db-core");
}

#[test]
fn a_package_refines_a_check_of_the_workspace_for_itself() {
    let refined = |own: &str| {
        let root = in_workspace("x = { run = \"tool {package}\", fix = \"repair {package}\", weight = 2 }");
        workspace(&root, &[("b", &in_package(own))])
    };
    let input = refined("x = { args = [\"--slow\"] }");
    assert_eq!(
        variants(&input, "x"),
        [
            "tool {package} (package): a c db db-core",
            "tool {package} --slow (package): b"
        ]
    );
    let config = valid(&input);
    assert_eq!(config.check("x").unwrap().variants[1].definition.weight, 2);
    // A command of its own replaces the other one, and is still about the package.
    for own in ["x = \"mine\"", "x = { run = \"mine\" }", "x = { shell = \"mine\" }"] {
        let input = refined(own);
        assert_eq!(
            variants(&input, "x"),
            ["tool {package} (package): a c db db-core", "mine (package): b"],
            "{own}"
        );
        let config = valid(&input);
        let theirs = &config.check("x").unwrap().variants[1].definition;
        assert_eq!(
            theirs.cwd,
            Cwd::At("".into()),
            "it runs where the check of the workspace does"
        );
        assert_eq!(theirs.weight, 2);
    }
}

#[test]
fn a_package_refines_the_default_checks() {
    let input = workspace(
        "",
        &[("b", &in_package("clippy = { args = [\"--\", \"-Dwarnings\"] }"))],
    );
    let variants = variants(&input, "clippy");
    assert!(variants[0].ends_with("(packages): a c db db-core"), "{variants:?}");
    assert!(
        variants[1].ends_with("{packages} -- -Dwarnings (packages): b"),
        "{variants:?}"
    );
}

#[test]
fn a_package_may_want_a_check_that_names_other_packages() {
    let root = in_workspace("x = { run = \"tool {package}\", packages = [\"db*\"] }");
    let input = workspace(&root, &[("a", &in_package("x = { weight = 2 }"))]);
    assert_eq!(
        variants(&input, "x"),
        ["tool {package} (package): db db-core", "tool {package} (package): a"]
    );
}

#[test]
fn a_package_skips_checks() {
    let skip = ("b", "[package.metadata.hooks]\nskip = [\"x\"]");
    let input = workspace(&in_workspace("x = \"tool {package}\"\ny = \"tool {package}\""), &[skip]);
    assert_eq!(variants(&input, "x"), ["tool {package} (package): a c db db-core"]);
    assert_eq!(variants(&input, "y"), ["tool {package} (package): a b c db db-core"]);
}

/// What is skipped by the only crate is skipped for the files beside it too.
#[test]
fn what_is_skipped_everywhere_is_about_nothing() {
    let reaches = |text: &str| {
        let config = valid(&single_crate(text));
        let variant = &config.check("x").unwrap().variants[0];
        (variant.crates.len(), variant.unowned_files)
    };
    let check = "[package.metadata.hooks.checks]\nx = \"tool {files}\"\n";
    assert_eq!(reaches(check), (1, true));
    assert_eq!(
        reaches(&format!("[package.metadata.hooks]\nskip = [\"x\"]\n{check}")),
        (0, false)
    );
}

#[test]
fn a_crate_that_is_alone_skips_default_checks() {
    let config = valid(&single_crate("[package.metadata.hooks]\nskip = [\"doc\"]"));
    let crates = |name: &str| config.check(name).unwrap().variants[0].crates.len();
    assert_eq!((crates("test"), crates("doc")), (1, 0));
}

#[test]
fn the_own_check_of_a_package_is_about_its_directory() {
    let own = in_package(
        "own = { run = \"tool\", files = [\"*.sql\", \"sql/*.up\", \"./top\"] }\nat = { run = \"tool\", cwd = \"sub\" }",
    );
    let config = valid(&workspace("", &[("db", &own)]));
    let own = definition(&config, "own");
    assert_eq!((own.scope, &own.cwd), (Scope::Package, &Cwd::At("db".into())));
    assert_eq!(definition(&config, "at").cwd, Cwd::At("db/sub".into()));
    let matches = own.files.as_ref().unwrap().matcher();
    let matching = |files: &[&'static str]| -> Vec<&str> {
        files.iter().copied().filter(|file| matches(Path::new(file))).collect()
    };
    let files = [
        "db/a.sql",
        "db/x/y/b.sql",
        "db/sql/c.up",
        "db/top",
        "a.sql",
        "db-core/a.sql",
        "db/c.up",
        "sql/c.up",
        "db/x/top",
    ];
    assert_eq!(matching(&files), files[..4]);
    let crates = &config.check("own").unwrap().variants[0].crates;
    assert_eq!(crates.iter().map(ToString::to_string).collect::<Vec<_>>(), ["db"]);
}

#[test]
fn what_a_package_writes_about_files_is_relative_to_it_in_a_check_of_the_workspace_too() {
    let root = in_workspace("x = { run = \"tool {package}\", files = [\"w/*\"], exclude = [\"w/not\"] }");
    let own = in_package("x = { files = [\"own/*\"], cwd = \"sub\" }");
    let config = valid(&workspace(&root, &[("b", &own)]));
    let [common, refined] = config.check("x").unwrap().variants.as_slice() else {
        panic!()
    };
    assert_eq!(refined.definition.cwd, Cwd::At("b/sub".into()));
    let matches = |variant: &crate::config::Variant, file: &str| {
        variant.definition.files.as_ref().unwrap().matcher()(Path::new(file))
    };
    assert!(matches(common, "w/yes") && !matches(common, "w/not") && !matches(common, "b/own/x"));
    assert!(matches(refined, "b/own/x") && !matches(refined, "w/yes") && !matches(refined, "own/x"));
}

#[test]
fn the_own_checks_of_two_packages_may_have_one_name() {
    let own = |command: &str| in_package(&format!("own = \"{command}\""));
    let input = workspace("", &[("a", &own("one")), ("b", &own("two"))]);
    assert_eq!(variants(&input, "own"), ["one (package): a", "two (package): b"]);
}

#[test]
fn the_only_crate_has_the_whole_configuration() {
    let text =
        "[package.metadata.hooks]\nfail-fast = true\n[package.metadata.hooks.checks]\nx = \"true\"\nmachete = true";
    let input = single_crate(text);
    assert_eq!(names(&input), "Manifest: x machete");
    let config = valid(&input);
    assert!(config.settings.fail_fast);
    let x = definition(&config, "x");
    assert_eq!((x.scope, &x.cwd), (Scope::Workspace, &Cwd::At("".into())));
}

#[test]
fn the_root_package_of_a_workspace_refines_too() {
    let mut input = workspace(
        "[workspace.metadata.hooks.checks]\nx = \"tool {package}\"\n[package.metadata.hooks]\nskip = [\"x\"]",
        &[],
    );
    input.members[0].dir = "".into();
    assert_eq!(variants(&input, "x"), ["tool {package} (package): b c db db-core"]);
}

#[test]
fn what_runs_instead_of_a_test_gets_what_was_written_about_it() {
    let checked = r#"test = { preset = "test", args = ["--release"], timeout = "1m", requires = ["docker"] }"#;
    let config = valid(&checks(checked));
    let test = &config.check("test").unwrap().variants[0];
    let required = |definition: &crate::config::Definition| -> Vec<String> {
        definition
            .requires
            .iter()
            .map(|required| required.tool.clone())
            .collect()
    };
    assert!(test.definition.run.to_string().ends_with("{packages} --release"));
    assert_eq!(required(&test.definition), ["docker"]);
    let names: Vec<_> = test.instead.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["nextest", "doctest"]);
    for (name, other) in &test.instead {
        assert!(other.run.to_string().ends_with("--release"), "{name}: {}", other.run);
        assert_eq!(other.timeout, Some(Duration::from_mins(1)));
    }
    // Without nextest there is no running it instead, whatever else the check wants.
    assert_eq!(required(&test.instead[0].1), ["docker", "cargo-nextest"]);
    assert_eq!(required(&test.instead[1].1), ["docker"]);
    // A command of its own has nothing to be replaced by.
    let config = valid(&checks("test = { preset = \"test\", run = \"cargo test --lib\" }"));
    assert!(config.check("test").unwrap().variants[0].instead.is_empty());
}

#[test]
fn patterns_match_paths_from_the_root() {
    let check = |filter: &str, file: &str, expected: bool| {
        let config = valid(&checks(&format!("x = {{ run = \"true\", {filter} }}")));
        let matches = definition(&config, "x").files.as_ref().unwrap().matcher();
        assert_eq!(matches(Path::new(file)), expected, "{filter} {file}");
    };
    check("files = [\"*.rs\"]", "a.rs", true);
    check("files = [\"*.rs\"]", "a/b/c.rs", true);
    check("files = [\"*.rs\"]", "a.rs/b", false);
    check("files = [\"./*.rs\"]", "a.rs", true);
    check("files = [\"./*.rs\"]", "a/b.rs", false);
    check("files = [\"src/*.rs\"]", "src/a.rs", true);
    check("files = [\"src/*.rs\"]", "src/b/a.rs", false);
    check("files = [\"src/*.rs\"]", "a/src/a.rs", false);
    check("files = [\"src/**/*.rs\"]", "src/a.rs", true);
    check("files = [\"src/**/*.rs\"]", "src/b/c/a.rs", true);
    check("files = [\"**/src/*.rs\"]", "a/src/a.rs", true);
    check("files = [\"src/**\"]", "src/b/c", true);
    check("files = [\"**\"]", ".github/x", true);
    check("files = [\"*.{md,txt}\"]", "a/b.txt", true);
    check("files = [\"Cargo.toml\"]", "a/Cargo.toml", true);
    check("files = [\"*.md\"], exclude = [\"docs/**\"]", "docs/a.md", false);
    check("files = [\"*.md\"], exclude = [\"docs/**\"]", "a.md", true);
    check("exclude = [\"*.lock\"]", "a/Cargo.lock", false);
    check("exclude = [\"*.lock\"]", "a/Cargo.toml", true);
}

#[test]
fn the_directory_of_a_package_is_no_pattern() {
    let mut input = workspace("", &[("a", &in_package("x = { run = \"true\", files = [\"*.md\"] }"))]);
    input.members[0].dir = "we[i]rd*".into();
    let config = valid(&input);
    let matches = definition(&config, "x").files.as_ref().unwrap().matcher();
    assert!(matches(Path::new("we[i]rd*/a.md")) && !matches(Path::new("weird/a.md")));
}

#[test]
fn a_script_is_kept_as_it_is() {
    let config = valid(&checks("x = { shell = \"a 'b' \\\"$c\\\"\" }"));
    let Command::Shell(script) = &definition(&config, "x").run else {
        panic!()
    };
    assert_eq!(script.literal(), Some("a 'b' \"$c\""));
    assert_eq!(config.checks[0].variants[0].crates.len(), MEMBERS.len());
}

#[test]
fn what_a_check_follows_comes_from_its_command() {
    let check = |text: &str, expected: &str| {
        let config = valid(&checks(&format!("x = {text}")));
        assert_eq!(follows(definition(&config, "x")), expected, "{text}");
    };
    let all = "source tests dev-dependencies rust manifest files";
    let built = "source tests dev-dependencies";
    check("'tool'", &format!("dependents: {all}; "));
    check("'tool {package}'", &format!("dependents: {all}; "));
    check("'tool {files}'", &format!("changed: {all}; "));
    check("'rustfmt --edition {edition} {roots}'", "dependents: rust; ");
    check("'cargo bench {packages}'", &format!("dependents: {built}; "));
    check("'cargo-clippy clippy {packages}'", &format!("dependents: {built}; "));
    check("'cargo fmt --check'", &format!("dependents: {all}; "));
    check("{ run = './ci.sh', builds = true }", &format!("dependents: {built}; "));
    check(
        "{ run = 'lint {edition} {roots}', builds = true }",
        &format!("dependents: {built} rust; "),
    );
    // It has a target directory of its own, and builds all the same.
    check(
        "{ run = 'cargo check', builds = false }",
        &format!("dependents: {built}; "),
    );
    // Nobody knows what a program reads; what is generated can be changed by hand.
    check("'cargo run -p lints'", &format!("dependents: {all}; "));
    check("'cargo package'", &format!("dependents: {all}; "));
    check(
        "{ run = 'cargo test', generates = true }",
        &format!("dependents: {all}; "),
    );
    check("{ shell = 'cargo test | tee log' }", &format!("dependents: {all}; "));
    // What is said holds.
    check(
        "{ run = 'tool {files}', affects = 'dependents' }",
        &format!("dependents: {all}; "),
    );
    check(
        "{ run = 'cargo test', affects = 'changed', kinds = ['tests', 'source'] }",
        "changed: source tests; ",
    );
    check(
        "{ run = 'tool', affects = 'inputs', inputs = ['*.proto', 'a/b.toml'] }",
        "inputs:; **/*.proto a/b.toml",
    );
    check(
        "{ run = 'cargo test', inputs = ['./x'] }",
        &format!("dependents: {built}; x"),
    );
}

#[test]
fn a_preset_that_is_refined_follows_what_it_followed_and_what_it_may_build_beside() {
    let check = |text: &str, expected: &str| {
        let config = valid(&checks(&format!("x = {text}")));
        assert_eq!(follows(definition(&config, "x")), expected, "{text}");
    };
    let built = "dependents: source tests dev-dependencies; ";
    check("{ preset = 'hack' }", "dependents: source; ");
    check("{ preset = 'hack', args = ['--no-dev-deps'] }", "dependents: source; ");
    check("{ preset = 'hack', args = ['--all-targets'] }", built);
    check("{ preset = 'hack', args = ['--test=it'] }", built);
    check(
        "{ preset = 'hack', kinds = ['source'], args = ['--tests'] }",
        "dependents: source; ",
    );
    check("{ preset = 'hack', run = 'cargo hack test' }", built);
    check("{ preset = 'doc', shell = 'cargo doc && cargo test --doc' }", built);
    check(
        "{ preset = 'fmt', run = 'cargo fmt --check' }",
        "changed: rust; **/rustfmt.toml **/.rustfmt.toml",
    );
    check(
        "{ preset = 'fmt', run = 'cargo test' }",
        "changed: source tests dev-dependencies rust; **/rustfmt.toml **/.rustfmt.toml",
    );
    let msrv = "dependents: source tests dev-dependencies manifest; ";
    check("{ preset = 'msrv', args = ['--', 'cargo test'] }", msrv);
    check(
        "{ preset = 'deny', run = 'cargo deny check bans', inputs = ['deny.toml'] }",
        "inputs:; **/deny.toml",
    );
    check(
        "{ preset = 'deny', affects = 'changed', kinds = ['manifest'], inputs = [] }",
        "changed: manifest; ",
    );
    check(
        "{ preset = 'deny', affects = 'dependents', inputs = [] }",
        "dependents: source tests dev-dependencies rust manifest files; ",
    );
    // The kinds of a preset are not the mistake of a person.
    check(
        "{ preset = 'clippy', affects = 'inputs', inputs = ['lints.toml'] }",
        "inputs:; **/lints.toml",
    );
}

#[test]
fn a_package_follows_other_changes_than_the_workspace() {
    let root = in_workspace("x = { run = 'tool {package}', kinds = ['source'], inputs = ['w.toml'] }");
    let both = |own: &str| {
        let config = valid(&workspace(&root, &[("b", &in_package(own))]));
        let variants = &config.check("x").unwrap().variants;
        [follows(&variants[0].definition), follows(&variants[1].definition)]
    };
    let common = "dependents: source; **/w.toml";
    assert_eq!(
        both("x = { affects = 'changed' }"),
        [common, "changed: source; **/w.toml"]
    );
    assert_eq!(
        both("x = { inputs = ['*.sql', 'up/x'] }"),
        [common, "dependents: source; b/**/*.sql b/up/x"]
    );
    // It takes back what the workspace says about kinds.
    assert_eq!(both("x = { affects = 'inputs' }"), [common, "inputs:; **/w.toml"]);
}

#[test]
fn what_runs_instead_follows_what_it_follows_by_itself() {
    let instead = |text: &str| -> Vec<String> {
        let config = valid(&checks(text));
        let variant = &config.check("test").unwrap().variants[0];
        let others = variant.instead.iter().map(|(_, definition)| definition);
        std::iter::once(&variant.definition)
            .chain(others)
            .map(follows)
            .collect()
    };
    let built = "dependents: source tests dev-dependencies; .config/nextest.toml";
    assert_eq!(
        instead("test = true"),
        [built, built, "dependents: source dev-dependencies; "]
    );
    assert_eq!(
        instead("test = { kinds = ['source'] }"),
        [
            "dependents: source; .config/nextest.toml",
            "dependents: source; .config/nextest.toml",
            "dependents: source; ",
        ]
    );
    assert_eq!(
        instead("test = { affects = 'inputs', inputs = ['x'] }"),
        ["inputs:; **/x"; 3]
    );
    assert_eq!(
        instead("test = { affects = 'changed' }")[2],
        "changed: source dev-dependencies; "
    );
}

#[test]
fn settings_say_what_to_compare_with_and_what_files_mean() {
    let text = "[workspace.metadata.hooks]
base = 'origin/trunk'
rules = [{ files = ['schema/**', '*.proto'], packages = ['db*', 'a'] }, { files = ['docs/**'], packages = [] }]";
    let check = |text: &str| {
        let settings = valid(&workspace(text, &[])).settings;
        assert_eq!(settings.base.as_deref(), Some("origin/trunk"));
        let rules = settings.rules.iter().map(|rule| {
            let files: Vec<_> = rule.files.iter().map(globset::Glob::glob).collect();
            let crates: Vec<_> = rule.crates.iter().map(CrateName::as_str).collect();
            format!("{} → {}", files.join(" "), crates.join(" "))
        });
        let rules: Vec<_> = rules.collect();
        assert_eq!(rules, ["schema/** **/*.proto → a db db-core", "docs/** → "], "{text}");
    };
    check(text);
    check(
        "[workspace.metadata.hooks]
base = 'origin/trunk'
[[workspace.metadata.hooks.rules]]
files = ['schema/**', '*.proto']
packages = ['db*', 'a']
[[workspace.metadata.hooks.rules]]
files = ['docs/**']
packages = []",
    );
    let settings = valid(&workspace("", &[])).settings;
    assert_eq!((settings.base, settings.rules), (None, Vec::new()));
}

#[test]
fn what_a_package_reads_is_told_from_the_root() {
    let check = |dir: &str, pattern: &str, expected: &str| {
        let own = format!("[package.metadata.hooks]\nreads = ['{pattern}']");
        let mut input = workspace("", &[("b", &own)]);
        input.members[1].dir = dir.into();
        let config = valid(&input);
        let reads: Vec<_> = config.declared["b"].reads.iter().map(globset::Glob::glob).collect();
        assert_eq!(reads, [expected], "{dir} {pattern}");
    };
    check("b", "../fixtures/**", "fixtures/**");
    check("b", "../*.json", "*.json");
    check("b", "*.json", "b/**/*.json");
    check("b", "./*.json", "b/*.json");
    check("b", "./.././x", "x");
    check("crates/b", "../../schema/*.sql", "schema/*.sql");
    check("crates/b", "../a/x", "crates/a/x");
    check("crates/b", "../../../beside/x", "../beside/x");
    check("we[i]rd/b", "../x", "we[[]i[]]rd/x");
    check("../outside", "../x", "../x");
    check("../outside", "../../x", "../../x");
    check("/elsewhere/b", "../x", "/elsewhere/x");
    check("/b", "../../x", "/x");
}

#[test]
fn packages_declare_what_nobody_can_see() {
    let a = "[package.metadata.hooks]\nuses = ['c', 'db']";
    let c = "[package.metadata.hooks]\nskip = ['doc']";
    let config = valid(&workspace("", &[("a", a), ("c", c)]));
    assert_eq!(config.declared.keys().map(CrateName::as_str).collect::<Vec<_>>(), ["a"]);
    let declared = &config.declared["a"];
    assert_eq!(
        declared.uses.iter().map(CrateName::as_str).collect::<Vec<_>>(),
        ["c", "db"]
    );
    assert!(declared.reads.is_empty());
}

#[test]
fn the_only_crate_and_the_root_package_declare_too() {
    let table = "[package.metadata.hooks]\nreads = ['../shared/**', '*.txt']";
    let reads = |input: &ConfigInput| -> Vec<String> {
        let config = valid(input);
        let reads = config.declared["a"].reads.iter();
        reads.map(|glob| glob.glob().to_owned()).collect()
    };
    assert_eq!(reads(&single_crate(table)), ["../shared/**", "**/*.txt"]);
    let mut input = workspace(&format!("[workspace.metadata.hooks]\nfail-fast = true\n{table}"), &[]);
    input.members[0].dir = "".into();
    assert_eq!(reads(&input), ["../shared/**", "**/*.txt"]);
    // The only member of a workspace whose root is no package.
    let mut input = single_crate("[workspace]");
    input.members[0].dir = "a".into();
    input.members[0].manifest = Some(super::manifest("a/Cargo.toml", table));
    assert_eq!(reads(&input), ["shared/**", "a/**/*.txt"]);
}

#[test]
fn hooks_repair_where_that_is_said() {
    let repairs = |lines: &str| {
        let config = valid(&single_crate(&format!("[package.metadata.hooks]\n{lines}")));
        config.settings.repairs
    };
    assert_eq!(repairs(""), BTreeMap::new());
    assert_eq!(repairs("stages.pre-commit.fix = false"), BTreeMap::new());
    assert_eq!(
        repairs("stages.pre-commit.fix = true"),
        BTreeMap::from([(Stage::PreCommit, Repairs::Shown)])
    );
    assert_eq!(
        repairs("stages.pre-commit = { fix = true, stage-fixes = true }"),
        BTreeMap::from([(Stage::PreCommit, Repairs::Staged)])
    );
}

#[test]
fn a_filter_repairs_by_what_it_writes() {
    let config = valid(&checks(
        r#"x = { run = "f --name={file}", args = ["-"], filter = true, files = ["*.sql"] }
        taplo = { run = "taplo fmt -", preset = "taplo", filter = true, files = ["*.toml"] }
        y = { shell = "f {file} | g", filter = true, files = ["*.sql"], scope = "files" }
        z = { run = "f", filter = false }"#,
    ));
    for (name, command) in [
        ("x", "f --name={file} -"),
        ("taplo", "taplo fmt -"),
        ("y", "f {file} | g"),
    ] {
        let found = definition(&config, name);
        assert_eq!(found.run.to_string(), command);
        assert_eq!(found.fix.as_ref(), Some(&found.run));
        assert!(found.filter && found.diff);
        assert_eq!((found.scope, found.output), (Scope::Files, Dialect::Diff));
    }
    assert_eq!(definition(&config, "x").affects, Affects::Changed);
    assert_eq!(definition(&config, "taplo").requires[0].tool, "taplo");
    let z = definition(&config, "z");
    assert!(!z.filter && z.fix.is_none() && z.scope == Scope::Workspace);
}
