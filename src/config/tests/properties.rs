//! What must hold whatever a manifest says.

use proptest::prelude::*;

use super::{ConfigInput, checks, definition, in_package, resolve, single_crate, valid, workspace};
use crate::config::{Command, Kind, Kinds, presets, syntax_mistakes};
use crate::diagnostic::Diagnostics;

/// Where every mistake can be shown: inside of a manifest, and between two characters.
fn can_be_shown(input: &ConfigInput, mistakes: &Diagnostics) -> Result<(), TestCaseError> {
    let manifests = input.members.iter().filter_map(|member| member.manifest.as_ref());
    let manifests: Vec<_> = manifests.chain([&input.root]).collect();
    for mistake in mistakes.iter() {
        let spans = mistake.related.iter().map(|(span, _)| span).chain([&mistake.span]);
        for span in spans {
            prop_assert!(manifests.contains(&&span.file), "{mistake}");
            prop_assert!(span.file.text.get(span.range.clone()).is_some(), "{mistake}");
        }
        prop_assert!(
            !mistake.message.contains('\n') || span_has_line_break(mistake),
            "{mistake}"
        );
    }
    Ok(())
}

/// What is quoted from the manifest may have lines.
fn span_has_line_break(mistake: &crate::diagnostic::Diagnostic) -> bool {
    mistake.span.file.text.contains(['\n', '\\'])
}

fn resolves_or_says_why(input: &ConfigInput) -> Result<(), TestCaseError> {
    match resolve(input) {
        Ok(_) => Ok(()),
        Err(mistakes) => {
            prop_assert!(!mistakes.is_empty());
            can_be_shown(input, &mistakes)
        }
    }
}

/// The text as a string of TOML.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\U{:08X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// Texts that mean something somewhere.
fn text() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "",
        "a",
        "x",
        "fmt",
        "clippy",
        "nextest",
        "files",
        "package",
        "packages",
        "workspace",
        "ci",
        "linux",
        "inputs",
        "changed",
        "source",
        "tests",
        "10m",
        "0s",
        "true",
        "tool {files}",
        "tool {package}",
        "{roots} {edition}",
        "{files}",
        "{package-dir}",
        "--x={packages}",
        "{nope}",
        "echo 'a",
        "echo \"{files}\"",
        "*.rs",
        "../a",
        "../../a/**",
        "/a",
        "a[",
        "./a",
        "a/",
        "\0",
        "é{files}ü",
        "cargo",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => ".{0,8}"]
}

/// A TOML value of any type, as it is written.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => text().prop_map(|text| quoted(&text)),
        1 => any::<bool>().prop_map(|value| value.to_string()),
        1 => any::<i32>().prop_map(|value| value.to_string()),
        1 => prop::sample::select(vec!["0", "1", "0x10", "1.5", "nan", "1979-05-27", "99999999999999999999"])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            table(inner),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "preset",
        "run",
        "shell",
        "args",
        "fix",
        "scope",
        "stages",
        "skip-in",
        "files",
        "exclude",
        "affects",
        "kinds",
        "inputs",
        "base",
        "rules",
        "reads",
        "uses",
        "packages",
        "with-target",
        "env",
        "set-env",
        "cwd",
        "depends-on",
        "after",
        "timeout",
        "weight",
        "locks",
        "output",
        "requires",
        "instead",
        "platforms",
        "tool",
        "hint",
        "x",
        "y",
        "fmt",
        "clippy",
        "a",
        "skip",
        "checks",
        "",
    ]);
    prop_oneof![8 => known.prop_map(str::to_owned), 1 => ".{0,4}"]
}

fn table(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::btree_map(key(), value, 0..5).prop_map(|entries| {
        let entries: Vec<_> = entries
            .iter()
            .map(|(key, value)| format!("{} = {value}", quoted(key)))
            .collect();
        format!("{{ {} }}", entries.join(", "))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,80}") {
        resolves_or_says_why(&single_crate(&text))?;
        resolves_or_says_why(&checks(&text))?;
        can_be_shown(&single_crate(&text), &syntax_mistakes(&single_crate(&text).root))?;
    }

    #[test]
    fn no_text_that_is_nearly_toml_makes_it_panic(text in "[\\[\\]{}=\"'\\\\#,. \n\tauU0é-]{0,60}") {
        resolves_or_says_why(&checks(&text))?;
    }

    #[test]
    fn any_check_resolves_or_has_a_mistake_that_can_be_shown(common in table(value()), own in table(value()), short in value()) {
        let root = format!("[workspace.metadata.hooks]\nchecks = {{ x = {common}, y = {short} }}");
        resolves_or_says_why(&workspace(&root, &[("a", &in_package(&format!("x = {own}\nz = {own}")))]))?;
        let root = format!("[workspace.metadata]\nhooks = {common}");
        resolves_or_says_why(&workspace(&root, &[("a", &format!("[package.metadata]\nhooks = {own}"))]))?;
    }

    #[test]
    fn a_list_of_words_is_the_command(words in prop::collection::vec("[^{\0]{0,10}", 1..6)) {
        prop_assume!(!words[0].is_empty());
        let list: Vec<_> = words.iter().map(|word| quoted(word)).collect();
        let config = valid(&checks(&format!("x = [{}]", list.join(", "))));
        let Command::Argv(argv) = &definition(&config, "x").run else { panic!() };
        let argv: Vec<_> = argv.iter().map(|word| word.literal()).collect();
        prop_assert_eq!(argv, words.iter().map(|word| Some(word.as_str())).collect::<Vec<_>>());
    }

    #[test]
    fn a_quoted_string_is_the_command(words in prop::collection::vec("[^{\0]{0,10}", 1..6)) {
        prop_assume!(!words[0].is_empty());
        let line = shell_words::join(&words);
        let config = valid(&checks(&format!("x = {}", quoted(&line))));
        let Command::Argv(argv) = &definition(&config, "x").run else { panic!() };
        let argv: Vec<_> = argv.iter().map(|word| word.literal()).collect();
        prop_assert_eq!(argv, words.iter().map(|word| Some(word.as_str())).collect::<Vec<_>>());
        // What is shown is what a person would type.
        prop_assert_eq!(definition(&config, "x").run.to_string(), line);
    }

    #[test]
    fn what_is_read_is_where_the_names_lead(dir in prop::collection::vec("[a-c\\[{]{1,3}", 1..4), up in 0..6_usize, below in prop::collection::vec("[a-c]{1,3}", 1..3)) {
        let pattern = format!("{}{}", "../".repeat(up), below.join("/"));
        let mut input = workspace("", &[("b", &format!("[package.metadata.hooks]\nreads = ['./{pattern}']"))]);
        input.members[1].dir = dir.join("/").into();
        let mut place = dir.clone();
        place.truncate(dir.len().saturating_sub(up));
        let above = std::iter::repeat_n("..".to_owned(), up.saturating_sub(dir.len()));
        let expected: Vec<_> = above.chain(place).chain(below).collect();
        let glob = valid(&input).declared["b"].reads[0].compile_matcher();
        prop_assert!(glob.is_match(expected.join("/")), "{} {expected:?}", glob.glob());
        let elsewhere = format!("x/{}", expected.join("/"));
        prop_assert!(!glob.is_match(elsewhere));
    }

    #[test]
    fn the_kinds_that_are_given_are_the_kinds(kinds in prop::sample::subsequence(vec!["source", "tests", "dev-dependencies", "rust", "manifest", "files"], 1..6)) {
        let given: Vec<_> = kinds.iter().map(|kind| quoted(kind)).collect();
        let config = valid(&checks(&format!("x = {{ preset = 'clippy', kinds = [{}] }}", given.join(", "))));
        let found = definition(&config, "x").kinds;
        prop_assert_eq!(found.iter().map(|kind| kind.to_string()).collect::<Vec<_>>(), kinds);
        prop_assert_eq!(found.iter().collect::<Kinds>(), found);
        prop_assert!(Kinds::ALL.among(found) == found && !found.is_empty());
        prop_assert_eq!(found.has(Kind::Rust), found.meets(Kinds::of(&[Kind::Rust])));
    }

    /// Never too few: whatever a person adds to the command, a preset follows at least what it follows by itself.
    #[test]
    fn a_refined_preset_follows_no_less(args in prop::collection::vec("[^{\0]{0,10}|--tests|--|test", 0..4), own in any::<bool>()) {
        let args: Vec<_> = args.iter().map(|arg| quoted(arg)).collect();
        for preset in presets() {
            let own = if own { ", run = 'cargo test'" } else { "" };
            let text = format!("x = {{ preset = '{}', args = [{}]{own} }}", preset.name, args.join(", "));
            // Another command may go with other placeholders than the repair of the preset.
            let Ok(config) = resolve(&checks(&text)) else { continue };
            let (refined, original) = (definition(&config, "x"), &preset.variants[0].definition);
            prop_assert_eq!(refined.kinds.among(original.kinds), original.kinds, "{}", text);
            prop_assert_eq!(&refined.inputs, &original.inputs);
        }
    }

    /// Checks that wait for each other in a circle are refused with the circle, and no others are.
    #[test]
    fn only_circles_are_refused(waits in prop::collection::btree_set((0..6_usize, 0..6_usize, any::<bool>()), 0..12)) {
        let names = |from: usize, hard: bool| {
            let to = waits.iter().filter(|wait| (wait.0, wait.2) == (from, hard)).map(|wait| format!("\"c{}\"", wait.1));
            to.collect::<Vec<_>>().join(", ")
        };
        let check = |n: usize| format!("c{n} = {{ run = \"true\", depends-on = [{}], after = [{}] }}\n", names(n, true), names(n, false));
        let input = checks(&(0..6).map(check).collect::<String>());
        // What waits for nothing that is still there can go. A circle cannot.
        let mut left: std::collections::BTreeSet<usize> = (0..6).collect();
        for _ in 0..6 {
            let waiting = left.clone();
            left.retain(|check| waits.iter().any(|wait| wait.0 == *check && waiting.contains(&wait.1)));
        }
        match resolve(&input) {
            Ok(_) => prop_assert!(left.is_empty(), "{waits:?}"),
            Err(mistakes) => {
                let circles: Vec<_> = mistakes.iter().filter(|mistake| mistake.code == "cycle").collect();
                prop_assert!(circles.is_empty() == left.is_empty(), "{waits:?}: {mistakes}");
                for circle in circles {
                    // Each step of the path is a wait that somebody wrote.
                    let path = circle.message.split_once(": ").map_or("", |(_, path)| path);
                    let path: Vec<&str> = path.split(" → ").collect();
                    let number = |name: &str| name.strip_prefix('c').and_then(|digits| digits.parse::<usize>().ok());
                    for step in path.windows(2) {
                        let (from, to) = (number(step[0]), number(step[1]));
                        prop_assert!(waits.iter().any(|wait| (Some(wait.0), Some(wait.1)) == (from, to)), "{circle}");
                    }
                    prop_assert!(path.len() < 2 || path.first() == path.last(), "{circle}");
                }
            }
        }
    }
}
