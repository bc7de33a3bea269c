//! A workspace that stands for another one: the same files, or those of another state of it, in another place.
//!
//! What is remembered is that of the original, and so are the names that a person gets to see. Nothing here makes images.

use std::borrow::Cow;
use std::path::PathBuf;

use super::Project;
use crate::environment::Environment;
use crate::event::{Event, EventKind, TaskFinished};
use crate::tool_output::replaced_dir;

/// What an image stands for, and where it keeps what is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The directory of what is remembered about the original.
    pub state_dir: PathBuf,
    /// A directory for what is only true of the image. Cargo builds in it.
    pub own_dir: PathBuf,
    /// The top of the image.
    pub top: PathBuf,
    /// The directory that it stands for.
    pub original: PathBuf,
}

impl Image {
    /// Where cargo builds. What two trees share there makes cargo take the code of the one for that of the other.
    #[must_use]
    pub fn target_dir(&self) -> PathBuf {
        self.own_dir.join("target")
    }
}

/// The environment for what runs in an image: a variable comes before whatever a configuration says of where to build.
pub(super) fn run_environment(image: Option<&Image>, environment: &Environment) -> Environment {
    let environment = environment.clone();
    match image.map(Image::target_dir) {
        Some(dir) => environment
            .with("CARGO_TARGET_DIR", &dir)
            .with("CARGO_BUILD_BUILD_DIR", &dir),
        None => environment,
    }
}

impl Project {
    /// What a person is told of an event: the files of the original, in the place of those of the image.
    pub(super) fn shown<'e>(&self, event: &'e Event) -> Cow<'e, Event> {
        let Some(image) = &self.image else {
            return Cow::Borrowed(event);
        };
        let mut event = event.clone();
        match &mut event.kind {
            EventKind::TaskFinished(finished) => show(image, finished),
            EventKind::TaskRetries(retries) => show(image, &mut retries.failed),
            _ => {}
        }
        Cow::Owned(event)
    }
}

fn show(image: &Image, finished: &mut TaskFinished) {
    let original = |bytes: &[u8]| replaced_dir(bytes, &image.top, &image.original);
    finished.output.bytes = original(&finished.output.bytes);
    for finding in &mut finished.findings {
        finding.message = String::from_utf8_lossy(&original(finding.message.as_bytes())).into_owned();
        if let Some(place) = &mut finding.place
            && let Ok(below) = place.file.strip_prefix(&image.top)
        {
            place.file = image.original.join(below);
        }
    }
}
