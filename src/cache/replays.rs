//! What a pass said, as the bytes that are kept of it: its findings as one line of JSON, then what the tool wrote.

use std::os::unix::ffi::{OsStrExt, OsStringExt};

use serde::{Deserialize, Serialize};

use crate::model::{CrateName, Finding, Place, Severity};
use crate::plan::Replay;
use crate::results::Pass;

#[derive(Serialize, Deserialize)]
struct Said {
    severity: Severity,
    crate_name: Option<CrateName>,
    place: Option<(Vec<u8>, Option<u32>, Option<u32>)>,
    code: Option<String>,
    message: String,
}

/// The bytes for what was found and written.
pub(super) fn encoded<'f>(findings: impl Iterator<Item = &'f Finding>, output: &[u8]) -> Vec<u8> {
    let said: Vec<Said> = findings.map(said).collect();
    // Neither texts nor numbers can fail to be written.
    let mut bytes = serde_json::to_vec(&said).unwrap_or_default();
    bytes.push(b'\n');
    bytes.extend_from_slice(output);
    bytes
}

/// What a pass said; nothing where these are not the bytes that [`encoded`] makes.
pub(super) fn decoded(pass: Pass) -> Option<Replay> {
    let end = memchr::memchr(b'\n', &pass.output)?;
    let said: Vec<Said> = serde_json::from_slice(&pass.output[..end]).ok()?;
    Some(Replay {
        note: pass.note,
        findings: said.into_iter().map(finding).collect(),
        output: pass.output[end + 1..].to_vec(),
    })
}

fn said(finding: &Finding) -> Said {
    let place = finding.place.as_ref();
    Said {
        severity: finding.severity,
        crate_name: finding.crate_name.clone(),
        place: place.map(|place| (place.file.as_os_str().as_bytes().to_vec(), place.line, place.column)),
        code: finding.code.clone(),
        message: finding.message.clone(),
    }
}

fn finding(said: Said) -> Finding {
    let place = said.place.map(|(file, line, column)| Place {
        file: std::ffi::OsString::from_vec(file).into(),
        line,
        column,
    });
    Finding {
        severity: said.severity,
        crate_name: said.crate_name,
        place,
        code: said.code,
        test: None,
        message: said.message,
    }
}
