//! A report of a run in a file: it appears whole when the run is over, however that ended.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::event::Event;
use crate::private_files::{Durability, NewFile};
use crate::report::Reporter;

/// A reporter, what it has said so far, and the file that this is for.
pub(super) struct ReportFile {
    path: PathBuf,
    place: Place,
    reporter: Box<dyn Reporter>,
    text: Vec<u8>,
    said: io::Result<()>,
}

/// How a report gets to where it is wanted.
enum Place {
    /// Under this name, whole or not at all, in the place of what had it.
    File(PathBuf),
    /// Into what is there already, and is no file that could be replaced: a pipe, a terminal.
    Stream,
    /// After what others have written to a file that is shared with them.
    Shared,
}

impl ReportFile {
    /// For the file of this name. Its directory is made where there is none, and that a file can be written there is found
    /// out now: nobody wants to hear that after an hour.
    pub(super) fn new(path: &Path, reporter: Box<dyn Reporter>) -> Result<Self, String> {
        let place = place(path).map_err(|error| cannot(path, &error))?;
        Ok(Self::at(path, place, reporter))
    }

    /// For the end of a file that others write to as well.
    pub(super) fn appended(path: &Path, reporter: Box<dyn Reporter>) -> Result<Self, String> {
        open_shared(path).map_err(|error| cannot(path, &error))?;
        Ok(Self::at(path, Place::Shared, reporter))
    }

    fn at(path: &Path, place: Place, reporter: Box<dyn Reporter>) -> Self {
        Self {
            path: path.to_owned(),
            place,
            reporter,
            text: Vec::new(),
            said: Ok(()),
        }
    }

    /// Lets the reporter hear an event.
    pub(super) fn on_event(&mut self, event: &Event) {
        let said = self.reporter.on_event(event, &mut self.text);
        self.said = std::mem::replace(&mut self.said, Ok(())).and(said);
    }

    /// Writes the file.
    pub(super) fn finish(mut self) -> Result<(), String> {
        let said = self.reporter.finish(&mut self.text);
        let written = self
            .said
            .and(said)
            .and_then(|()| put(&self.place, &self.path, &self.text));
        written.map_err(|error| cannot(&self.path, &error))
    }
}

fn cannot(path: &Path, error: &io::Error) -> String {
    format!("the report `{}` cannot be written: {error}", path.display())
}

/// Where a report goes. What is a link stays one: it is the file behind it that is replaced.
fn place(path: &Path) -> io::Result<Place> {
    let file = match fs::metadata(path) {
        Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => return Ok(Place::Stream),
        Ok(_) => fs::canonicalize(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            path.to_owned()
        }
        Err(error) => return Err(error),
    };
    NewFile::beside(&file)?;
    Ok(Place::File(file))
}

fn put(place: &Place, path: &Path, text: &[u8]) -> io::Result<()> {
    match place {
        Place::File(file) => {
            let mut file = NewFile::beside(file)?;
            file.write_all(text)?;
            file.put(Durability::Later)
        }
        Place::Stream => {
            let mut stream = fs::OpenOptions::new().write(true).open(path)?;
            stream.write_all(text)?;
            stream.flush()
        }
        // In one write, so that nobody else's stands in the middle of it.
        Place::Shared => open_shared(path)?.write_all(text),
    }
}

fn open_shared(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().append(true).create(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::event::{EventKind, RunStats};
    use crate::report::JsonReporter;
    use crate::report::fixtures::{at, ended};

    fn report(path: &Path) -> Result<ReportFile, String> {
        ReportFile::new(path, Box::new(JsonReporter::new()))
    }

    #[test]
    fn a_report_appears_at_the_end_and_makes_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("below/it/report");
        let mut file = report(&path).unwrap();
        file.on_event(&at(0, EventKind::LeftoversEnded { processes: 1 }));
        file.on_event(&ended(1, RunStats::default()));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
        file.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_one_and_a_device_too() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        report(&link).unwrap().finish().unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"");
        let null = dir.path().join("null");
        symlink("/dev/null", &null).unwrap();
        report(&null).unwrap().finish().unwrap();
        assert!(null.is_symlink() && !Path::new("/dev/null").is_file());
    }

    #[test]
    fn what_cannot_be_written_is_told_before_and_after() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        for (path, why) in [(".", "is a directory"), ("file/report", "ot a directory")] {
            let path = dir.path().join(path);
            let error = report(&path).err().unwrap();
            assert!(error.contains(why) && error.contains("cannot be written"), "{error}");
        }
        let path = dir.path().join("away/report");
        let file = report(&path).unwrap();
        fs::remove_dir(dir.path().join("away")).unwrap();
        assert!(file.finish().unwrap_err().contains("away/report` cannot be written"));
    }
}
