//! Whether to use colour, as the flag, the terminal and the environment say.

use std::io::IsTerminal;

use super::args::ColorWhen;
use crate::tool_output::Colour;

/// For what is written to standard output.
pub(super) fn for_stdout(when: ColorWhen) -> Colour {
    choose(when, std::io::stdout().is_terminal(), variable)
}

/// For what is written to standard error.
pub(super) fn for_stderr(when: ColorWhen) -> Colour {
    choose(when, std::io::stderr().is_terminal(), variable)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the terminal's variables are read here and nowhere else"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The flag rules; then `NO_COLOR`, `CLICOLOR_FORCE` and `CARGO_TERM_COLOR`, in this order; then the terminal.
fn choose(when: ColorWhen, terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Colour {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let keep = match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if set("NO_COLOR").is_some() => false,
        ColorWhen::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        ColorWhen::Auto => match set("CARGO_TERM_COLOR").as_deref() {
            Some("always") => true,
            Some("never") => false,
            _ => terminal && set("TERM").is_none_or(|term| term != "dumb"),
        },
    };
    if keep { Colour::Keep } else { Colour::Strip }
}

#[cfg(test)]
mod tests {
    use super::{ColorWhen, choose};
    use crate::tool_output::Colour;

    #[test]
    fn the_nearest_word_about_colour_counts() {
        let check = |when, terminal, variables: &[(&str, &str)], expected: bool| {
            let variable = |name: &str| {
                variables
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, v)| (*v).to_owned())
            };
            let found = choose(when, terminal, variable) == Colour::Keep;
            assert_eq!(found, expected, "{when:?} {terminal} {variables:?}");
        };
        check(ColorWhen::Auto, true, &[], true);
        check(ColorWhen::Auto, false, &[], false);
        check(ColorWhen::Auto, true, &[("TERM", "dumb")], false);
        check(
            ColorWhen::Auto,
            true,
            &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
            false,
        );
        check(ColorWhen::Auto, true, &[("NO_COLOR", "")], true);
        check(ColorWhen::Auto, false, &[("CLICOLOR_FORCE", "1")], true);
        check(ColorWhen::Auto, false, &[("CLICOLOR_FORCE", "0")], false);
        check(ColorWhen::Auto, false, &[("CARGO_TERM_COLOR", "always")], true);
        check(ColorWhen::Auto, true, &[("CARGO_TERM_COLOR", "never")], false);
        check(ColorWhen::Always, false, &[("NO_COLOR", "1")], true);
        check(ColorWhen::Never, true, &[("CLICOLOR_FORCE", "1")], false);
    }
}
