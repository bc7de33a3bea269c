//! What the process of a filter is told, as arguments.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use crate::plan::{FilePlace, OverFiles, TaskCommand};

/// The argument that makes a program run a filter.
const ARGUMENT: &str = "__filter";

/// What a filter runs over which files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::run) struct Call {
    pub(super) over: OverFiles,
    pub(super) program: OsString,
    args: Vec<OsString>,
}

impl Call {
    /// For a command.
    pub(super) fn of(command: &TaskCommand, over: &OverFiles) -> Self {
        let path = command.program.path.as_ref().map(|path| path.as_os_str().to_owned());
        Self {
            over: over.clone(),
            program: path.unwrap_or_else(|| command.program.name.as_str().into()),
            args: command.args.clone(),
        }
    }

    /// The arguments of the process. The system has room for them: what is not the tool's own fits into what is kept to
    /// spare when files are put into one command.
    pub(super) fn into_arguments(self) -> impl Iterator<Item = OsString> {
        let OverFiles {
            root,
            files,
            named_at,
            at_a_time,
        } = self.over;
        let places: Vec<_> = named_at
            .iter()
            .map(|place| format!("{}:{}", place.argument, place.byte))
            .collect();
        let head = [
            ARGUMENT.into(),
            root.into_os_string(),
            at_a_time.to_string().into(),
            places.join(",").into(),
            self.args.len().to_string().into(),
            self.program,
        ];
        head.into_iter().chain(self.args).chain(files)
    }

    /// What these arguments say; nothing where they are not those of a filter.
    pub(in crate::run) fn read(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        if arguments.next()? != ARGUMENT {
            return None;
        }
        let root = PathBuf::from(arguments.next()?);
        let mut text = || arguments.next()?.into_string().ok();
        let (at_a_time, places, count) = (text()?, text()?, text()?);
        let place = |text: &str| {
            let (argument, byte) = text.split_once(':')?;
            Some(FilePlace {
                argument: argument.parse().ok()?,
                byte: byte.parse().ok()?,
            })
        };
        let places = places.split(',').filter(|text| !text.is_empty()).map(place);
        let named_at = places.collect::<Option<_>>()?;
        let program = arguments.next()?;
        let count: usize = count.parse().ok()?;
        let args: Vec<_> = arguments.by_ref().take(count).collect();
        (args.len() == count).then_some(())?;
        Some(Self {
            over: OverFiles {
                root,
                files: arguments.collect(),
                named_at,
                at_a_time: at_a_time.parse().ok()?,
            },
            program,
            args,
        })
    }

    /// The arguments of the tool for a file.
    pub(super) fn arguments_for(&self, file: &OsStr) -> Vec<OsString> {
        let mut args = self.args.clone();
        // From the last one on, so that each place is still where it was.
        for FilePlace { argument, byte } in self.over.named_at.iter().rev() {
            if let Some(word) = args.get_mut(*argument) {
                let text = word.as_bytes();
                let end = text.len().min(byte + OverFiles::FILE.len());
                let parts = [&text[..end.min(*byte)], file.as_bytes(), &text[end..]];
                *word = OsString::from_vec(parts.concat());
            }
        }
        args
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn words() -> impl Strategy<Value = Vec<OsString>> {
        vec(vec(1..=255_u8, 0..9).prop_map(OsString::from_vec), 0..4)
    }

    proptest! {
        #[test]
        fn what_is_said_is_what_is_heard(
            args in words(), files in words(), program in vec(1..=255_u8, 1..9), at_a_time: u32, places in vec((0..9_usize, 0..99_usize), 0..4),
        ) {
            let program = OsString::from_vec(program);
            let place = |(argument, byte)| FilePlace { argument, byte };
            let named_at = places.into_iter().map(place).collect();
            let call = Call { over: OverFiles { root: "/a b".into(), files, named_at, at_a_time }, program, args };
            let _ = call.arguments_for(OsStr::new("x"));
            let arguments: Vec<_> = call.clone().into_arguments().collect();
            let least = arguments.len() - call.over.files.len();
            prop_assert_eq!(Call::read(arguments.clone().into_iter()), Some(call));
            for count in 0..least {
                prop_assert_eq!(Call::read(arguments[..count].iter().cloned()), None);
            }
        }
    }

    #[test]
    fn the_name_stands_where_the_file_stood() {
        let place = |(argument, byte)| FilePlace { argument, byte };
        let call = Call {
            over: OverFiles {
                root: "/".into(),
                files: Vec::new(),
                named_at: [(0, 0), (2, 2), (2, 9)].map(place).to_vec(),
                at_a_time: 1,
            },
            program: "tool".into(),
            args: ["{file}", "{file}", "a={file}:{file}!"].map(OsString::from).to_vec(),
        };
        assert_eq!(
            call.arguments_for(OsStr::new("{file} x")),
            ["{file} x", "{file}", "a={file} x:{file} x!"]
        );
    }

    #[test]
    fn other_arguments_are_not_those_of_a_filter() {
        for words in [
            &[][..],
            &["check"],
            &["__filter"],
            &["__filter", "/", "x", "", "0", "tool"],
            &["__filter", "/", "1", "1", "0", "tool"],
            &["__filter", "/", "1", "", "1", "tool"],
            &["__guard", "/", "1", "", "0", "tool"],
        ] {
            assert_eq!(Call::read(words.iter().map(OsString::from)), None, "{words:?}");
        }
    }
}
