//! Reading and writing what a backup says of itself.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use tillgate_core::backup::{
    MANIFEST, MANIFEST_MAC, MANIFEST_SUM, Manifest, ManifestKey, ManifestTrust,
};

use super::limits::{MANIFEST_BYTES_MAX, MANIFEST_SUM_BYTES_MAX};
use crate::files;

/// Writes a manifest, its checksum and its code under `key` into the backup at `dir`, durably.
///
/// # Errors
/// What the system says.
pub(super) fn write(manifest: &Manifest, dir: &Path, key: &ManifestKey) -> io::Result<()> {
    for (name, content) in manifest.texts(key).map_err(io::Error::other)? {
        let mut file = File::create_new(dir.join(name))?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
    }
    Ok(())
}

/// Reads the manifest of the backup at `dir` and checks it.
///
/// # Errors
/// It is not there, or not believed.
pub(super) fn read(dir: &Path, trust: &ManifestTrust) -> Result<Manifest, String> {
    let (place, sum) = (dir.join(MANIFEST), dir.join(MANIFEST_SUM));
    let (backup, shown) = (dir.display(), place.display());
    let text = read_whole(&place, MANIFEST_BYTES_MAX).map_err(|error| {
        format!("{backup} is no backup, or an incomplete one: {shown}: {error}")
    })?;
    let sums = read_whole(&sum, MANIFEST_SUM_BYTES_MAX)
        .map_err(|error| format!("{backup} is incomplete: {}: {error}", sum.display()))?;
    let code = match trust {
        ManifestTrust::Unkeyed => None,
        ManifestTrust::Keys(keys) => Some((keys.as_slice(), read_code(dir)?)),
    };
    let by = code.as_ref().map(|(keys, code)| (*keys, code.as_slice()));
    Manifest::read(&text, &sums, by).map_err(|what| format!("{shown}: {what}"))
}

fn read_code(dir: &Path) -> Result<Vec<u8>, String> {
    let place = dir.join(MANIFEST_MAC);
    read_whole(&place, MANIFEST_SUM_BYTES_MAX).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!(
            "{} has no {MANIFEST_MAC}: it was taken by an older version, or changed since. If \
             nobody else could write where it was kept, restore it with --unkeyed",
            dir.display()
        ),
        _ => format!("{}: {error}", place.display()),
    })
}

/// A regular file of up to `bytes_max` bytes, and no link.
fn read_whole(place: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let (file, _) = files::open_no_link(place)?;
    let read = file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read <= bytes_max) {
        return Ok(bytes);
    }
    let text = format!("it is longer than the {bytes_max} bytes that it may have");
    Err(io::Error::new(io::ErrorKind::FileTooLarge, text))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use tillgate_core::backup::Part;
    use tillgate_store_core::{Head, StoreId};

    use super::*;

    fn written(dir: &Path) -> Manifest {
        let head = Head::genesis(StoreId(*b"lawstore"));
        let part = Part { path: "rows/CURRENT".to_owned(), bytes: 3, sha256: String::new() };
        let manifest = Manifest::of(&head, 1, vec![part]);
        write(&manifest, dir, &ManifestKey::of(1, &[7; 32])).unwrap();
        manifest
    }

    fn trusted() -> ManifestTrust {
        ManifestTrust::Keys(vec![ManifestKey::of(1, &[7; 32])])
    }

    #[test]
    fn a_backup_without_one_of_its_files_is_incomplete() {
        let dir = tempfile::tempdir().unwrap();
        let manifest = written(dir.path());
        assert_eq!(read(dir.path(), &trusted()).unwrap(), manifest);
        fs::remove_file(dir.path().join(MANIFEST_MAC)).unwrap();
        let refused = read(dir.path(), &trusted()).unwrap_err();
        assert!(refused.contains("has no backup.json.hmac") && refused.contains("--unkeyed"));
        assert!(read(dir.path(), &ManifestTrust::Unkeyed).is_ok(), "the operator's word");
        fs::remove_file(dir.path().join(MANIFEST_SUM)).unwrap();
        assert!(read(dir.path(), &trusted()).unwrap_err().contains("incomplete"));
    }

    #[test]
    fn neither_file_of_a_manifest_is_read_through_a_link_or_beyond_what_it_may_be() {
        for name in [MANIFEST, MANIFEST_SUM, MANIFEST_MAC] {
            let dir = tempfile::tempdir().unwrap();
            written(dir.path());
            let (file, moved) = (dir.path().join(name), dir.path().join("moved"));
            fs::rename(&file, &moved).unwrap();
            symlink(&moved, &file).unwrap();
            let refused = read(dir.path(), &trusted()).unwrap_err();
            assert!(refused.contains("symbolic link"), "{name}: {refused}");
            fs::remove_file(&file).unwrap();
            let long = File::create(&file).unwrap();
            long.set_len(MANIFEST_BYTES_MAX + 1).unwrap();
            let refused = read(dir.path(), &trusted()).unwrap_err();
            assert!(refused.contains("longer than"), "{name}: {refused}");
        }
    }
}
