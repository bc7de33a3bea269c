use std::ffi::OsStr;

use proptest::prelude::*;

use super::*;
use crate::event::{Event, Failure, Outcome, TaskFinished};
use crate::model::Severity;
use crate::report::fixtures::{any_events, finding, finished, head, task, wrote};
use crate::tool_output::{Colour, LINE_LIMIT, sanitize};

fn secrets(variables: &[(&str, &str)]) -> Secrets {
    let variables = variables.iter();
    Secrets::of(variables.map(|(name, value)| (OsStr::new(*name), OsStr::new(*value))))
}

fn hidden(secrets: &Secrets, text: &str) -> String {
    String::from_utf8(secrets.hidden(text.as_bytes()).into_owned()).unwrap()
}

#[test]
fn names_say_what_is_secret() {
    let check = |name: &str, value: &str, expected| {
        assert_eq!(is_secret(name, OsStr::new(value)), expected, "{name}={value}");
    };
    for name in [
        "CARGO_REGISTRY_TOKEN",
        "GITHUB_TOKEN",
        "npm_config_secret",
        "DB_PASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "API_KEY",
        "MYAPIKEY",
        "GH_PAT",
        "DEPLOY_KEY_FILE",
        "TOKEN_PATH",
    ] {
        check(name, "value", true);
    }
    for name in ["PATH", "HOME", "KEYBOARD", "MONKEY", "AUTHOR", "COMPASS", "CARGO_HOME"] {
        check(name, "value", false);
    }
    // A path says where it lies; a token may begin like one.
    check("GIT_CONFIG_KEY_0", "core.hooksPath", false);
    check("DEPLOY_KEY_FILE", "/run/secrets/key", false);
    check("SSH_AUTH_SOCK", "/tmp/ssh-1/agent", false);
    check("AWS_SECRET_ACCESS_KEY", "/bPxRfiCYEXAMPLEKEY", true);
}

#[test]
fn a_header_that_git_sends_is_hidden() {
    let secrets = secrets(&[
        ("GIT_CONFIG_COUNT", "2"),
        ("GIT_CONFIG_KEY_0", "core.hooksPath"),
        ("GIT_CONFIG_VALUE_0", "some/hooks"),
        ("GIT_CONFIG_KEY_1", "http.https://example.org/.extraHeader"),
        ("GIT_CONFIG_VALUE_1", "AUTHORIZATION: basic aHVudGVyOjIy"),
        ("GIT_CONFIG_VALUE_2", "without a key"),
    ]);
    let check = |text: &str, expected: &str| assert_eq!(hidden(&secrets, text), expected);
    check("AUTHORIZATION: basic aHVudGVyOjIy", "[hidden]");
    check("basic aHVudGVyOjIy, says git", "basic [hidden], says git");
    check(
        "some/hooks, AUTHORIZATION: basic, without a key",
        "some/hooks, AUTHORIZATION: basic, without a key",
    );
}

#[test]
fn a_value_is_hidden_in_whatever_way_it_is_written() {
    let secrets = secrets(&[
        ("A_TOKEN", "hunter22"),
        ("B_TOKEN", "hunter22-and-more"),
        ("C_KEY", "-----BEGIN-----\r\n  line of a key\r\n-----END-----"),
        ("D_KEY", "short"),
        ("E_PASSWORD", "p\"a's\\s<&>/+\u{fc}"),
        ("F_TOKEN", "hidden"),
        ("EDITOR", "editor"),
    ]);
    assert_eq!(format!("{secrets:?}"), "Secrets(4)");
    for (text, expected) in [
        ("x hunter22-and-more hunter22\n", "x [hidden] [hidden]\n"),
        ("hunter22hunter22", "[hidden]"),
        ("hunter2", "hunter2"),
        ("\tline of a key\nshort editor", "\t[hidden]\nshort editor"),
        (
            r#"{"key":"-----BEGIN-----\r\n  line of a key\r\n-----END-----"}"#,
            r#"{"key":"[hidden]"}"#,
        ),
        (r#"{"left":"p\"a's\\s<&>/+ü"}"#, r#"{"left":"[hidden]"}"#),
        (r#"left: "p\"a's\\s<&>/+ü""#, r#"left: "[hidden]""#),
        ("<a b='p&quot;a's\\s&lt;&amp;&gt;/+ü'/>", "<a b='[hidden]'/>"),
        (r#"+ login 'p"a'\''s\s<&>/+ü'"#, "+ login '[hidden]'"),
        (
            "https://me:p%22a%27s%5Cs%3C%26%3E%2F%2B%C3%BC@host/",
            "https://me:[hidden]@host/",
        ),
        ("Basic aHVudGVyMjI=", "Basic [hidden]="),
        // `me:hunter22` and `you:hunter22`: what is left are the letters that it shares with its neighbours.
        ("Basic bWU6aHVudGVyMjI=", "Basic bWU6[hidden]="),
        ("Basic eW91Omh1bnRlcjIy", "Basic eW91Omh1[hidden]"),
        ("hun\x1b[1mter\x1b[0m22", "[hidden]\x1b[1m\x1b[0m"),
        ("\x1b[31mhunter22\x1b[0m", "\x1b[31m[hidden]\x1b[0m"),
        (
            "\x1b]8;;https://host/?t=hunter22\x1b\\link",
            "\x1b]8;;https://host/?t=[hidden]\x1b\\link",
        ),
        ("[hidden]", "[hidden]"),
    ] {
        assert_eq!(hidden(&secrets, text), expected, "{text}");
    }
}

#[test]
fn an_event_tells_none_of_them() {
    let secrets = secrets(&[("A_TOKEN", "hunter22")]);
    let mut event = finished(
        1,
        TaskFinished {
            output: wrote("x hunter22"),
            note: Some("hunter22".to_owned()),
            findings: vec![finding(Severity::Error, "a", "src/hunter22.rs", 7, "a hunter22 b")],
            ..task(
                head(0, "a", ""),
                Outcome::Failed(Failure::Start {
                    error: "hunter22!".to_owned(),
                }),
                1,
            )
        },
    );
    secrets.hide_in_event(&mut event);
    let text = serde_json::to_string(&event).unwrap();
    assert!(!text.contains("hunter"), "{text}");
    for part in [
        "x [hidden]",
        "src/[hidden].rs",
        "\"line\":7",
        "a [hidden] b",
        "[hidden]!",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// Values in which what formats escape is frequent, and nothing of what stands in their place.
fn any_values() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[a-cm1-3\"'\\\\&</+% \u{fc}]{6,14}", 1..4)
}

fn all_forms(values: &[String]) -> Vec<Vec<u8>> {
    values.iter().flat_map(|value| forms::forms(value.as_bytes())).collect()
}

/// Text that is full of values, of parts of them, and of what may stand within them.
fn text_about(values: &[String]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let forms = all_forms(values);
    let parts: Vec<Vec<u8>> = (forms.iter())
        .flat_map(|form| [&form[..], &form[..form.len() / 2], &form[form.len() / 2..], &form[1..]])
        .map(<[u8]>::to_vec)
        .collect();
    let noise: Vec<&[u8]> = vec![
        b"\n",
        b" ",
        b"a",
        b"\x1b[31m",
        b"\x1b[0m",
        b"\x1b",
        b"\x1b[",
        b"\x1b]8;;",
        b"\x07",
        b"\x1b\\",
        b"\0",
        b"\xc2\x9b",
        b"\xc2",
        b"\xff",
        b"\r",
        "\u{fc}".as_bytes(),
    ];
    let piece = prop_oneof![
        prop::sample::select(parts),
        prop::sample::select(noise).prop_map(<[u8]>::to_vec)
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn values_and_text() -> impl Strategy<Value = (Vec<String>, Vec<u8>)> {
    any_values().prop_flat_map(|values| {
        let text = text_about(&values);
        (Just(values), text)
    })
}

fn of_values(values: &[String]) -> Secrets {
    Secrets::of(values.iter().map(|value| (OsStr::new("A_TOKEN"), OsStr::new(value))))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// The text without values, by a way of its own: each byte by itself. For what is seen as it is written.
fn byte_by_byte(text: &[u8], forms: &[Vec<u8>]) -> Vec<u8> {
    let mut covered = vec![false; text.len()];
    for form in forms {
        for start in 0..text.len() {
            if text[start..].starts_with(form) {
                covered[start..start + form.len()].fill(true);
            }
        }
    }
    let mut without = Vec::new();
    for (place, byte) in text.iter().enumerate() {
        if !covered[place] {
            without.push(*byte);
        } else if place == 0 || !covered[place - 1] {
            without.extend_from_slice(HIDDEN.as_bytes());
        }
    }
    without
}

proptest! {
    #[test]
    fn none_comes_through((values, text) in values_and_text()) {
        let without = of_values(&values).hidden(&text).into_owned();
        let seen = sanitize(&without, Colour::Strip);
        for form in all_forms(&values) {
            prop_assert!(!contains(&without, &form), "{:?} in {}", form.escape_ascii().to_string(), without.escape_ascii());
            prop_assert!(!contains(seen.as_bytes(), &form), "{:?} in {seen:?}", form.escape_ascii().to_string());
        }
    }

    #[test]
    fn all_else_stays_as_it_is((values, text) in values_and_text()) {
        let text: Vec<u8> = text.into_iter().filter(|byte| *byte != 0xc2 && (*byte >= b' ' || *byte == b'\n')).collect();
        let without = of_values(&values).hidden(&text).into_owned();
        prop_assert_eq!(without, byte_by_byte(&text, &all_forms(&values)));
    }

    /// A line without end comes in pieces, each of which is told as soon as nothing that follows can make a value of it.
    #[test]
    fn the_pieces_in_which_it_comes_make_no_difference(
        (values, text) in values_and_text(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let line: Vec<u8> = text.into_iter().filter(|byte| *byte != b'\n').collect();
        let secrets = of_values(&values);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(line.len() + 1)).collect();
        cuts.push(line.len());
        cuts.sort_unstable();
        let (mut told, mut start, mut of_line) = (Vec::new(), 0, LongLine::default());
        for cut in cuts {
            told.extend(of_line.take(&line[start..cut], &secrets));
            start = cut;
        }
        told.extend(of_line.rest(&secrets));
        let forms = all_forms(&values);
        let seen = sanitize(&told, Colour::Strip);
        for form in &forms {
            prop_assert!(!contains(&told, form) && !contains(seen.as_bytes(), form), "{}", told.escape_ascii());
        }
        if !line.iter().any(|byte| *byte < b' ' || *byte == 0xc2) {
            prop_assert_eq!(told, byte_by_byte(&line, &forms));
        }
    }

    #[test]
    fn an_event_without_them_stays_as_it_is(events in any_events()) {
        let secrets = secrets(&[("A_TOKEN", "nowhere in any of these events")]);
        for event in &events {
            let mut same: Event = event.clone();
            secrets.hide_in_event(&mut same);
            prop_assert_eq!(&same, event);
        }
    }
}

/// What is held back of a line does not grow with it.
#[test]
fn little_is_held_of_a_line_that_does_not_end() {
    let secrets = secrets(&[("A_TOKEN", "hunter22")]);
    for piece in [&b"xxxxxxxx"[..], b"hunter22", b"\x1b]0;hun", b"\x1b"] {
        let mut line = LongLine::default();
        let pieces = piece.repeat(LINE_LIMIT / 64);
        let told: usize = (0..64).map(|_| line.take(&pieces, &secrets).len()).sum();
        let rest = line.rest(&secrets).len();
        assert!(rest <= pieces.len() + 70_000, "{rest} after {told}");
    }
}
