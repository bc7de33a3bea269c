//! `completions`: what shells are to know.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
fn every_shell_is_told_of_the_subcommands_and_their_options() {
    let sandbox = Sandbox::empty("workspace");
    for (shell, mark) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef cargo-hooks"),
        ("fish", "complete -c cargo-hooks"),
        ("elvish", "edit:completion:arg-completer[cargo-hooks]"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let out = sandbox.run(&format!("completions {shell}")).exits(0);
        for word in [mark, "doctor", "max-workers", "manifest-path"] {
            assert!(out.stdout.contains(word), "{shell}: {word}");
        }
        assert_eq!(out.stderr, "");
    }
}

#[test]
fn no_such_shell() {
    assert_snapshot!(Sandbox::empty("workspace").run("completions tcsh"), @"
    exit code 2
    --- stderr ---
    error: invalid value 'tcsh' for '<SHELL>'
      [possible values: bash, elvish, fish, powershell, zsh]

      tip: a similar value exists: 'zsh'

    For more information, try '--help'.
    ");
}
