//! Fills the holes of a command.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::request::{CargoOption, HookInput};
use super::task::{FilePlace, OverFiles};
use crate::config::{Command, Hole, Piece, Word};
use crate::model::Keyword;
use crate::tool_output::Colour;

/// What there is to fill holes with. A list that a command has no hole for is empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Filling<'a> {
    pub(super) package: Option<(&'a str, &'a Path)>,
    /// `-p a -p b`, or `--workspace`.
    pub(super) packages: Vec<OsString>,
    /// `--lib --bins --tests --examples`, or without the first.
    pub(super) targets: Vec<&'static str>,
    pub(super) edition: &'a str,
    pub(super) roots: Vec<OsString>,
    pub(super) files: Vec<OsString>,
    pub(super) colour: Colour,
    pub(super) cargo_options: &'a [CargoOption],
    pub(super) hook: Option<&'a HookInput>,
}

/// The program and the arguments of a command with its holes filled, but for `{file}`.
pub(super) fn fill(command: &Command, filling: &Filling<'_>) -> (String, Vec<OsString>) {
    match command {
        Command::Argv(words) => {
            let mut filled = words.iter().flat_map(|word| filling.words(word));
            let program = filled.next().unwrap_or_default().to_string_lossy().into_owned();
            (program, filled.collect())
        }
        Command::Shell(script) => filling.script(script),
    }
}

/// Where the arguments of a command, as [`fill`] gives them, have `{file}`.
pub(super) fn places_of_file(command: &Command, filling: &Filling<'_>) -> Vec<FilePlace> {
    let words = match command {
        Command::Argv(words) => words.iter().skip(1),
        Command::Shell(script) if script.0.contains(&Piece::Hole(Hole::File)) => {
            // After the two words for the shell and the one that names it.
            return vec![FilePlace { argument: 3, byte: 0 }];
        }
        Command::Shell(_) => return Vec::new(),
    };
    let mut places = Vec::new();
    let mut argument = 0;
    for word in words {
        let mut byte = 0;
        for piece in &word.0 {
            if *piece == Piece::Hole(Hole::File) {
                places.push(FilePlace { argument, byte });
            }
            byte += match piece {
                Piece::Text(text) => text.len(),
                Piece::Hole(hole) => filling.single(*hole).len(),
            };
        }
        argument += filling.words(word).len();
    }
    places
}

impl Filling<'_> {
    fn words(&self, word: &Word) -> Vec<OsString> {
        if let [Piece::Hole(hole)] = word.0.as_slice()
            && hole.is_list()
        {
            return self.list(*hole);
        }
        let mut filled = OsString::new();
        for piece in &word.0 {
            match piece {
                Piece::Text(text) => filled.push(text),
                Piece::Hole(hole) => filled.push(self.single(*hole)),
            }
        }
        vec![filled]
    }

    /// `sh -c SCRIPT sh LIST…`: a list arrives as `"$@"`, so that no name in it can be read as a part of the script. There
    /// is only one `"$@"`; another list beside it, of crates or options then, is quoted word by word.
    fn script(&self, script: &Word) -> (String, Vec<OsString>) {
        let mut text = OsString::new();
        let by_arguments = [
            Hole::File,
            Hole::Files,
            Hole::Roots,
            Hole::Targets,
            Hole::Packages,
            Hole::CargoOptions,
            Hole::HookArgs,
        ]
        .into_iter()
        .find(|list| script.0.contains(&Piece::Hole(*list)));
        let arguments = by_arguments.map(|list| self.list(list)).unwrap_or_default();
        let quoted = |word: OsString| shell_words::quote(&word.to_string_lossy()).into_owned();
        for piece in &script.0 {
            match piece {
                Piece::Text(literal) => text.push(literal),
                Piece::Hole(hole) if Some(*hole) == by_arguments => text.push("\"$@\""),
                Piece::Hole(hole) if hole.is_list() => {
                    let words: Vec<_> = self.list(*hole).into_iter().map(quoted).collect();
                    text.push(words.join(" "));
                }
                Piece::Hole(hole) => text.push(shell_words::quote(&self.single(*hole).to_string_lossy()).as_ref()),
            }
        }
        let head = [OsString::from("-c"), text, OsString::from("sh")];
        ("sh".to_owned(), head.into_iter().chain(arguments).collect())
    }

    fn list(&self, hole: Hole) -> Vec<OsString> {
        match hole {
            Hole::Packages => self.packages.clone(),
            Hole::Targets => self.targets.iter().map(OsString::from).collect(),
            Hole::Roots => self.roots.clone(),
            Hole::Files => self.files.clone(),
            Hole::HookArgs => self.hook.map(|hook| hook.args.clone()).unwrap_or_default(),
            Hole::CargoOptions => self.cargo_options.iter().map(|option| option.word().into()).collect(),
            single => vec![self.single(single)],
        }
    }

    fn single(&self, hole: Hole) -> OsString {
        let (name, dir) = self.package.unwrap_or(("", Path::new("")));
        match (hole, self.colour) {
            (Hole::Package, _) => name.into(),
            (Hole::PackageDir, _) => dir.into(),
            (Hole::Edition, _) => self.edition.into(),
            (Hole::File, _) => OverFiles::FILE.into(),
            (Hole::MessageFile, _) => self
                .hook
                .and_then(|hook| hook.message_file.as_ref())
                .map(OsString::from)
                .unwrap_or_default(),
            (Hole::Color, Colour::Keep) => "always".into(),
            (Hole::Color, Colour::Strip) => "never".into(),
            (Hole::MessageFormat, Colour::Keep) => "json-diagnostic-rendered-ansi".into(),
            (Hole::MessageFormat, Colour::Strip) => "json".into(),
            (list, _) => self.list(list).join(OsStr::new(" ")),
        }
    }
}

/// A file as an argument that cannot be taken for an option.
pub(super) fn file_argument(file: &Path) -> OsString {
    if file.as_os_str().as_encoded_bytes().starts_with(b"-") {
        Path::new(".").join(file).into_os_string()
    } else {
        file.as_os_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{CargoOption, Filling, file_argument, fill};
    use crate::config::{Command, Hole, Piece, Word};

    #[test]
    fn lists_reach_a_script_as_its_arguments() {
        let script = Word(vec![
            Piece::Text("wc -l ".into()),
            Piece::Hole(Hole::Files),
            Piece::Text(" > ".into()),
            Piece::Hole(Hole::Package),
        ]);
        let files = vec!["a b".into(), "$(touch x)".into()];
        let filling = Filling {
            files,
            package: Some(("it's", Path::new("/ws"))),
            ..Filling::default()
        };
        let (program, args) = fill(&Command::Shell(script), &filling);
        assert_eq!(program, "sh");
        assert_eq!(args, ["-c", r#"wc -l "$@" > 'it'\''s'"#, "sh", "a b", "$(touch x)"]);
    }

    #[test]
    fn two_lists_in_a_script_stay_apart() {
        let hole = Piece::Hole;
        let text = |text: &str| Piece::Text(text.into());
        let script = Word(vec![
            text("cargo clippy "),
            hole(Hole::CargoOptions),
            text(" "),
            hole(Hole::Packages),
            text(" | tee "),
            hole(Hole::Packages),
        ]);
        let filling = Filling {
            packages: vec!["-p".into(), "a".into()],
            cargo_options: &[CargoOption::Locked, CargoOption::Offline],
            ..Filling::default()
        };
        let (_, args) = fill(&Command::Shell(script), &filling);
        assert_eq!(
            args,
            [
                "-c",
                r#"cargo clippy --locked --offline "$@" | tee "$@""#,
                "sh",
                "-p",
                "a"
            ]
        );
    }

    #[test]
    fn a_file_is_never_an_option() {
        assert_eq!(file_argument(Path::new("-rf")), "./-rf");
        assert_eq!(file_argument(Path::new("a/-rf")), "a/-rf");
    }
}
