//! The files of an import, from disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tillgate_import::encrypted::{ENDING, armored};
use tillgate_import::limits::{ENCRYPTED_BYTES_MAX, FILE_BYTES_MAX, FILES_MAX};
use tillgate_import::{Source, is_toml, known_files, table_of_path};

use crate::exit::Failure;
use crate::files::{self, Trust};

/// Where generated keys go by default; in a directory that is imported it is passed over.
const KEYS_FILE: &str = "terminal-keys.csv";

/// Reads files, and all known files of directories.
///
/// # Errors
/// Every file that cannot be read or is not known, with the names that are.
pub(super) fn read_all(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(known_in(path).map_err(Failure::refused)?);
        } else {
            files.push(path.clone());
        }
    }
    if files.len() > FILES_MAX {
        let text = format!("{} files; one import takes at most {FILES_MAX}", files.len());
        return Err(Failure::refused(text));
    }
    let (mut sources, mut wrong) = (Vec::new(), Vec::new());
    for file in &files {
        match read(file) {
            Ok(source) => sources.push(source),
            Err(what) => wrong.push(what),
        }
    }
    if wrong.is_empty() { Ok(sources) } else { Err(Failure::refused(wrong.join("\n"))) }
}

fn known_in(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| unreadable(dir, &e))? {
        let path = entry.map_err(|e| unreadable(dir, &e))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_csv = name.strip_suffix(ENDING).unwrap_or(name).ends_with(".csv");
        if is_csv && name != KEYS_FILE || is_toml(name) {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(format!("{}: no files to import; known are {}", dir.display(), known_files()));
    }
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("{}: there is no such file", path.display()),
        _ => format!("{}: {error}", path.display()),
    }
}

fn read(file: &Path) -> Result<Source, String> {
    let shown = file.display().to_string();
    table_of_path(&shown)?;
    if shown.ends_with(ENDING) {
        let most = u64::try_from(ENCRYPTED_BYTES_MAX).unwrap_or(u64::MAX);
        let bytes = files::read(file, most, Trust::Anybody).map_err(|e| unreadable(file, &e))?;
        let text = armored(&bytes).map_err(|what| format!("{shown}: {what}"))?;
        return Source::of_text(&shown, text.into());
    }
    let bytes = files::read(file, FILE_BYTES_MAX, Trust::Anybody);
    let text = files::text(bytes.map_err(|e| unreadable(file, &e))?);
    let text =
        text.map_err(|line| format!("{shown}:{line}: is not UTF-8; save the file as UTF-8"))?;
    Source::of_text(&shown, text)
}
