//! What the configuration of a repository says, and what of it a copy of its files needs.
//!
//! Pure.

use std::fmt::Write as _;
use std::path::Path;

/// What decides what git writes into a working tree. Nothing else of the user's configuration holds in a snapshot.
const CARRIED: [&str; 7] = [
    "core.attributesfile",
    "core.autocrlf",
    "core.checkroundtripencoding",
    "core.eol",
    "core.excludesfile",
    "core.ignorecase",
    "core.symlinks",
];

/// Sections that carry over whole: the user's own programs through which contents go, and where one of them keeps them.
const CARRIED_SECTIONS: [&str; 2] = ["filter", "lfs"];

/// All settings, in the order in which git reads them: the last one of a name counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings(Vec<(String, Option<String>)>);

impl Settings {
    /// From what `git config -z --list` says. A value that is no text is left out: none that counts here is one.
    pub(super) fn parse(list: &[u8]) -> Self {
        let records = list.split(|byte| *byte == 0).filter(|record| !record.is_empty());
        let pair = |record: &[u8]| {
            let text = std::str::from_utf8(record).ok()?;
            Some(match text.split_once('\n') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                // A name alone means that it is so.
                None => (text.to_owned(), None),
            })
        };
        Self(records.filter_map(pair).collect())
    }

    /// What counts for a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_deref().unwrap_or("true"))
    }

    /// Whether line ends may not be the same in a file and in the index.
    pub(super) fn may_convert_line_ends(&self) -> bool {
        let is_off = |name: &str| {
            let value = self.get(name).map(str::to_ascii_lowercase);
            value.is_none_or(|value| ["false", "no", "off", "0", "", "lf", "native"].contains(&value.as_str()))
        };
        !is_off("core.autocrlf") || !is_off("core.eol")
    }

    /// The configuration of a snapshot's own repository. `format` is what the names of objects are made with, where that is
    /// not what git always did, and `lfs` where the user's repository keeps what is large.
    pub(super) fn of_snapshot(&self, format: Option<&str>, lfs: &Path) -> String {
        let version = u8::from(format.is_some());
        let mut text = format!(
            "[core]\n\trepositoryformatversion = {version}\n\tbare = false\n\tfilemode = true\n\tlogallrefupdates = false\n\
             \tfsmonitor = false\n\thooksPath = /dev/null\n\tsplitIndex = false\n\tuntrackedCache = false\n\
             \ttrustctime = true\n\tcheckStat = default\n[index]\n\tsparse = false\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"
        );
        if let Some(format) = format {
            let _ = writeln!(text, "[extensions]\n\tobjectFormat = {format}");
        }
        if let Some(lfs) = lfs.to_str() {
            let _ = writeln!(text, "[lfs]\n\tstorage = {}", quoted(lfs));
        }
        for (name, value) in &self.0 {
            if !is_carried(name) {
                continue;
            }
            let (Some((section, _)), Some((before, key))) = (name.split_once('.'), name.rsplit_once('.')) else {
                continue;
            };
            let _ = match before.strip_prefix(section).and_then(|rest| rest.strip_prefix('.')) {
                Some(subsection) => writeln!(text, "[{section} {}]", quoted_name(subsection)),
                None => writeln!(text, "[{section}]"),
            };
            let _ = match value {
                Some(value) => writeln!(text, "\t{key} = {}", quoted(value)),
                None => writeln!(text, "\t{key}"),
            };
        }
        text
    }
}

fn is_carried(name: &str) -> bool {
    let section = name.split('.').next().unwrap_or_default();
    CARRIED.contains(&name) || CARRIED_SECTIONS.contains(&section)
}

/// A value as git reads it back, whatever is in it.
fn quoted(value: &str) -> String {
    let escaped: String = value
        .chars()
        .map(|c| match c {
            '\\' => "\\\\".to_owned(),
            '"' => "\\\"".to_owned(),
            '\n' => "\\n".to_owned(),
            '\t' => "\\t".to_owned(),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

/// The name of a subsection, in which nothing but these two is escaped.
fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What files of attributes say about contents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Conversion {
    /// A file is as it is in the index.
    #[default]
    None,
    /// Line ends may differ.
    LineEnds,
    /// Anything may differ.
    Content,
}

/// What a file of attributes may do to contents: where it is not certain that a word does nothing, more.
pub(super) fn conversion(attributes: &[u8]) -> Conversion {
    let lines = attributes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_start);
    let lines = lines.filter(|line| !line.starts_with(b"#"));
    let words = lines.flat_map(|line| line.split(u8::is_ascii_whitespace));
    words.map(of_word).max().unwrap_or_default()
}

fn of_word(word: &[u8]) -> Conversion {
    let name = word.split(|byte| *byte == b'=').next().unwrap_or_default();
    match name {
        b"filter" | b"ident" | b"working-tree-encoding" | b"encoding" => Conversion::Content,
        // Line ends of the other kind are written, and not only taken.
        b"eol" if word != b"eol=lf" => Conversion::Content,
        b"text" | b"crlf" | b"eol" => Conversion::LineEnds,
        _ => Conversion::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_name_counts() {
        let settings = Settings::parse(b"core.eol\ncrlf\0core.bare\0core.eol\nlf\nx\0filter.A.b.clean\nsed \"a\\b\"\0");
        assert_eq!(settings.get("core.eol"), Some("lf\nx"));
        assert_eq!(settings.get("core.bare"), Some("true"));
        assert_eq!(settings.get("filter.A.b.clean"), Some("sed \"a\\b\""));
        assert_eq!(settings.get("core.nothing"), None);
    }

    #[test]
    fn a_snapshot_has_the_filters_of_the_user_and_none_of_his_programs() {
        let list = b"core.fsmonitor\n/evil\0core.hookspath\n/evil\0core.autocrlf\ninput\0diff.external\n/evil\0\
            filter.A \"b.clean\nsed \"a\\b\"\0filter.x.required\0filterx.y\n1\0alias.x\n!evil\0";
        let text = Settings::parse(list).of_snapshot(Some("sha256"), Path::new("/r/.git/lfs"));
        assert!(!text.contains("evil") && !text.contains("filterx"), "{text}");
        for expected in [
            "repositoryformatversion = 1\n",
            "objectFormat = sha256\n",
            "storage = \"/r/.git/lfs\"\n",
            "[core]\n\tautocrlf = \"input\"\n",
            "[filter \"A \\\"b\"]\n\tclean = \"sed \\\"a\\\\b\\\"\"\n",
            "[filter \"x\"]\n\trequired\n",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        let text = Settings::default().of_snapshot(None, Path::new("/l"));
        assert!(text.contains("repositoryformatversion = 0\n") && !text.contains("extensions"));
    }

    #[test]
    fn attributes_tell_what_may_differ() {
        let check = |text: &str, expected: Conversion| assert_eq!(conversion(text.as_bytes()), expected, "{text}");
        check("", Conversion::None);
        check(
            "*.png binary -text\n# filter=x\n  # text\n*.rs diff=rust\n",
            Conversion::None,
        );
        check("* text=auto\n", Conversion::LineEnds);
        check("*.sh eol=lf\r\n", Conversion::LineEnds);
        check("*.bat eol=crlf\n", Conversion::Content);
        check("*.rs ident\n* text\n", Conversion::Content);
        check("*.psd filter=lfs -text\n", Conversion::Content);
        check("[attr]utf working-tree-encoding=UTF-16\n", Conversion::Content);
    }

    #[test]
    fn line_ends_may_be_converted_by_the_configuration() {
        let check = |list: &str, expected: bool| {
            let settings = Settings::parse(list.replace('|', "\0").as_bytes());
            assert_eq!(settings.may_convert_line_ends(), expected, "{list}");
        };
        check("", false);
        check("core.autocrlf\nfalse|core.eol\nlf|", false);
        check("core.autocrlf\nFALSE|", false);
        check("core.autocrlf|", true);
        check("core.autocrlf\ninput|", true);
        check("core.eol\ncrlf|", true);
    }
}
