//! Opening a store directory: is there one, does RocksDB open it, and does it agree with its
//! high-water mark.
//!
//! ```text
//!                    no database                  database, head at batch H
//! no mark            create, or refuse            refuse, unless H = 0
//! mark at 0          create, or refuse            go on
//! mark at M          refuse: it is gone           M > H: refuse, the tail is lost
//!                                                 M <= H: batch M must have the mark's hash
//! mark unreadable    refuse                       refuse
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rocksdb::DB;
use tillgate_store_core::{Batch, Family, Head, Record, StoreError};

use crate::mark::{self, Mark, MarkFile};
use crate::open_error::{Cause, MarkTrouble, OpenError};
use crate::options::{self, Missing, Options};
use crate::tables;

/// The mark of a store that has not committed anything.
const NOTHING: Mark = Mark {
    batch_no: 0,
    hash: [0; 32],
};

/// Where the database of the store in `dir` lies.
pub(crate) fn rows_dir(dir: &Path) -> PathBuf {
    dir.join("rows")
}

/// Where the mark of the store in `dir` lies.
pub(crate) fn mark_path(dir: &Path, options: &Options) -> PathBuf {
    options
        .mark
        .clone()
        .unwrap_or_else(|| dir.join("high-water"))
}

/// Opens for the one writer; the mark comes back at the database's head.
pub(crate) fn for_writing(dir: &Path, options: &Options) -> Result<(DB, MarkFile), OpenError> {
    let fail = |cause| OpenError {
        dir: dir.to_path_buf(),
        cause,
    };
    if options.missing == Missing::Create {
        fs::create_dir_all(dir).map_err(|error| fail(Cause::Io(error.to_string())))?;
    }
    let place = mark_path(dir, options);
    let known = check_presence(dir, &place, options)?;
    let db = DB::open_cf_descriptors(
        &options::database(options),
        rows_dir(dir),
        options::families(options),
    )
    .map_err(|error| fail(Cause::of(&error)))?;
    let head = head_mark(&db).map_err(|error| fail(Cause::Unsound(error)))?;
    let file = match known {
        Some(known) => {
            agree(&db, known, head, &place).map_err(fail)?;
            let mut file = MarkFile::open(&place)
                .map_err(|error| fail(mark_io(&place, &error)))?
                .0;
            file.write(head)
                .map_err(|error| fail(mark_io(&place, &error)))?;
            file
        }
        None if head.batch_no == 0 => {
            MarkFile::create(&place, head).map_err(|error| fail(mark_io(&place, &error)))?
        }
        None => {
            let trouble = MarkTrouble::Missing {
                head: head.batch_no,
            };
            return Err(fail(Cause::Mark {
                path: place,
                trouble,
            }));
        }
    };
    Ok((db, file))
}

/// Opens without lock or change, and checks the mark.
pub(crate) fn for_reading(dir: &Path, options: &Options) -> Result<DB, OpenError> {
    let fail = |cause| OpenError {
        dir: dir.to_path_buf(),
        cause,
    };
    let place = mark_path(dir, options);
    let known = check_presence(dir, &place, options)?;
    let db = read_only(dir, options)?;
    let head = head_mark(&db).map_err(|error| fail(Cause::Unsound(error)))?;
    match known {
        Some(known) => agree(&db, known, head, &place).map_err(fail)?,
        None if head.batch_no == 0 => {}
        None => {
            let trouble = MarkTrouble::Missing {
                head: head.batch_no,
            };
            return Err(fail(Cause::Mark {
                path: place,
                trouble,
            }));
        }
    }
    Ok(db)
}

/// Opens without lock or change; the mark is not looked at.
pub(crate) fn read_only(dir: &Path, options: &Options) -> Result<DB, OpenError> {
    let mut db = options::database(options);
    db.create_if_missing(false);
    db.create_missing_column_families(false);
    // All tables at once: a writer beside us may remove one that was not opened yet.
    db.set_max_open_files(-1);
    DB::open_cf_descriptors_read_only(&db, rows_dir(dir), options::families(options), false)
        .map_err(|error| OpenError {
            dir: dir.to_path_buf(),
            cause: Cause::of(&error),
        })
}

/// Writes the mark anew from the database.
pub(crate) fn accept(dir: &Path, options: &Options) -> Result<Mark, OpenError> {
    let fail = |cause| OpenError {
        dir: dir.to_path_buf(),
        cause,
    };
    let refusing = Options {
        missing: Missing::Refuse,
        ..options.clone()
    };
    if !has_database(dir) {
        return Err(fail(Cause::NoStore));
    }
    // Opened for writing, so that its lock keeps a running gateway's mark out of reach.
    let db = DB::open_cf_descriptors(
        &options::database(&refusing),
        rows_dir(dir),
        options::families(&refusing),
    )
    .map_err(|error| fail(Cause::of(&error)))?;
    let head = head_mark(&db).map_err(|error| fail(Cause::Unsound(error)))?;
    let place = mark_path(dir, options);
    MarkFile::create(&place, head).map_err(|error| fail(mark_io(&place, &error)))?;
    Ok(head)
}

/// Where the database stands, as a mark.
pub(crate) fn head_mark(db: &DB) -> Result<Mark, StoreError> {
    let mut value = Vec::new();
    if !tables::get(
        db,
        &options::point_reads(),
        Family::Meta,
        Head::KEY,
        &mut value,
    )? {
        return Ok(NOTHING);
    }
    let head = Head::decode(Head::KEY, &value)?;
    Ok(Mark {
        batch_no: head.batch_no,
        hash: head.hash,
    })
}

fn has_database(dir: &Path) -> bool {
    rows_dir(dir).join("CURRENT").exists()
}

/// The mark, if there is one, after the checks that need no database.
fn check_presence(dir: &Path, place: &Path, options: &Options) -> Result<Option<Mark>, OpenError> {
    let fail = |cause| OpenError {
        dir: dir.to_path_buf(),
        cause,
    };
    let trouble = |trouble| Cause::Mark {
        path: place.to_path_buf(),
        trouble,
    };
    let known = match mark::peek(place) {
        Ok(Some(mark)) => Some(mark),
        Ok(None) => return Err(fail(trouble(MarkTrouble::Damaged))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(fail(mark_io(place, &error))),
    };
    if has_database(dir) {
        return Ok(known);
    }
    match known {
        Some(mark) if mark.batch_no > 0 => Err(fail(trouble(MarkTrouble::DatabaseGone {
            marked: mark.batch_no,
        }))),
        _ if options.missing == Missing::Refuse => Err(fail(Cause::NoStore)),
        _ => Ok(known),
    }
}

/// Whether the database holds the batch that its mark remembers.
fn agree(db: &DB, known: Mark, head: Mark, place: &Path) -> Result<(), Cause> {
    let mark = |trouble| Cause::Mark {
        path: place.to_path_buf(),
        trouble,
    };
    let batch_no = known.batch_no;
    if batch_no > head.batch_no {
        return Err(mark(MarkTrouble::TailLost {
            marked: batch_no,
            head: head.batch_no,
        }));
    }
    if batch_no == 0 {
        return Ok(());
    }
    let key = batch_no.to_be_bytes();
    let mut value = Vec::new();
    let found = tables::get(
        db,
        &options::point_reads(),
        Family::Batches,
        &key,
        &mut value,
    );
    let mut same = found.map_err(Cause::Unsound)?;
    if same {
        let batch = Batch::decode(&key, &value).map_err(Cause::Unsound)?;
        same = batch.hash == known.hash;
    }
    if same {
        Ok(())
    } else {
        Err(mark(MarkTrouble::AnotherHistory { batch_no }))
    }
}

fn mark_io(place: &Path, error: &io::Error) -> Cause {
    Cause::Mark {
        path: place.to_path_buf(),
        trouble: MarkTrouble::Io(error.to_string()),
    }
}
