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
//!
//! A store with a [note](crate::note), restored or found damaged, is read as any other, but not
//! written to until an operator has accepted it as it is.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rocksdb::DB;
use tillgate_store_core::error::Result;
use tillgate_store_core::{Batch, Family, Head, Record, Versions};

use crate::mark::{self, Mark, MarkFile};
use crate::note::Note;
use crate::open_error::{Cause, MarkTrouble};
use crate::options::{self, Missing, Options};
use crate::tables;

/// How often a database is opened for reading before it counts as unreadable.
const READ_TRIES: u32 = 8;

/// The mark of a store that has not committed anything.
const NOTHING: Mark = Mark { batch_no: 0, hash: [0; 32] };

/// Where the database of the store in `dir` lies.
pub(crate) fn rows_dir(dir: &Path) -> PathBuf {
    dir.join("rows")
}

/// Where the mark of the store in `dir` lies.
pub(crate) fn mark_path(dir: &Path, options: &Options) -> PathBuf {
    options.mark.clone().unwrap_or_else(|| dir.join("high-water"))
}

/// Opens for the one writer; the mark comes back at the database's head.
pub(crate) fn for_writing(dir: &Path, options: &Options) -> Result<(DB, MarkFile), Cause> {
    if options.missing == Missing::Create {
        create_dir(dir).map_err(|error| Cause::Io(error.to_string()))?;
    }
    for note in Note::ALL {
        match note.peek(dir) {
            Ok(None) => {}
            Ok(Some(text)) => return Err(Cause::Noted(note, text)),
            Err(error) => return Err(Cause::Io(error.to_string())),
        }
    }
    let place = mark_path(dir, options);
    let known = check_presence(dir, &place, options.missing)?;
    let db = read_write(dir, options)?;
    let head = agree(&db, known, &place)?;
    let file = match known {
        None => mark::sync_parent(&rows_dir(dir)).and_then(|()| MarkFile::create(&place, head)),
        Some(_) => MarkFile::open(&place).and_then(|mut file| file.write(head).map(|()| file)),
    };
    Ok((db, file.map_err(|error| mark_io(&place, &error))?))
}

/// Opens without lock or change, and checks the mark.
pub(crate) fn for_reading(dir: &Path, options: &Options) -> Result<DB, Cause> {
    let place = mark_path(dir, options);
    // The mark first: a writer beside us commits before it marks.
    let known = check_presence(dir, &place, Missing::Refuse)?;
    let db = read_beside_a_writer(dir, options)?;
    agree(&db, known, &place)?;
    Ok(db)
}

/// A writer beside us removes files as soon as it has replaced them, perhaps between our reading of
/// their names and of themselves; the next look finds the new ones. What is wrong for good is wrong
/// every time.
fn read_beside_a_writer(dir: &Path, options: &Options) -> Result<DB, Cause> {
    for _ in 1..READ_TRIES {
        if let Ok(db) = read_only(dir, options) {
            return Ok(db);
        }
    }
    read_only(dir, options)
}

/// Opens without lock or change, and without a look at the mark.
pub(crate) fn for_reading_unmarked(dir: &Path, options: &Options) -> Result<DB, Cause> {
    if !has_database(dir) {
        return Err(Cause::NoStore);
    }
    read_beside_a_writer(dir, options)
}

/// Opens for the one writer whatever mark and notes say, and writes the mark anew from the
/// database. Its lock keeps a running gateway's mark out of reach.
pub(crate) fn accept(dir: &Path, options: &Options) -> Result<(DB, MarkFile, Mark), Cause> {
    if !has_database(dir) {
        return Err(Cause::NoStore);
    }
    let db = read_write(dir, &Options { missing: Missing::Refuse, ..options.clone() })?;
    let head = head_mark(&db)?;
    let place = mark_path(dir, options);
    let file = MarkFile::create(&place, head).map_err(|error| mark_io(&place, &error))?;
    Ok((db, file, head))
}

/// Creates a directory that only its owner may look into, durably.
pub(crate) fn create_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    mark::sync_parent(dir)
}

fn read_write(dir: &Path, options: &Options) -> Result<DB, Cause> {
    let db = options::database(options);
    Ok(DB::open_cf_descriptors(&db, rows_dir(dir), options::families(options))?)
}

/// Opens without lock or change; the mark is not looked at.
pub(crate) fn read_only(dir: &Path, options: &Options) -> Result<DB, Cause> {
    let mut db = options::read_only(options);
    // All tables at once, if they are not too many: a writer beside us may remove one that was not
    // opened yet. Of more, those that are needed.
    let fits = table_files(dir).is_ok_and(|tables| tables <= options.open_files_max);
    db.set_max_open_files(if fits { -1 } else { options.open_files_max });
    open_read_only(dir, options, db)
}

/// How many table files the store in `dir` has now.
fn table_files(dir: &Path) -> io::Result<i32> {
    let mut tables: i32 = 0;
    for entry in std::fs::read_dir(rows_dir(dir))? {
        if entry?.path().extension().is_some_and(|extension| extension == "sst") {
            tables = tables.saturating_add(1);
        }
    }
    Ok(tables)
}

/// As [`read_only`], where no writer can be: tables are opened as they are needed, so that it
/// takes few descriptors beside a serving gateway.
pub(crate) fn read_only_alone(dir: &Path, options: &Options) -> Result<DB, Cause> {
    let mut db = options::read_only(options);
    db.set_max_open_files(options.open_files_max);
    open_read_only(dir, options, db)
}

fn open_read_only(dir: &Path, options: &Options, db: rocksdb::Options) -> Result<DB, Cause> {
    let there = DB::list_cf(&db, rows_dir(dir))?;
    let mut families = options::families(options);
    // A store of an older program lacks the families that came later. Only a writer may add them.
    let later = [Family::History, Family::Supply, Family::Handsets].map(Family::name);
    families.retain(|family| {
        !later.contains(&family.name()) || there.iter().any(|name| name == family.name())
    });
    Ok(DB::open_cf_descriptors_read_only(&db, rows_dir(dir), families, false)?)
}

/// The position of the database, as a mark; refuses what a newer program wrote to.
pub(crate) fn head_mark(db: &DB) -> Result<Mark> {
    let mut value = Vec::new();
    if tables::get(db, &options::point_reads(), Family::Meta, Versions::KEY, &mut value)? {
        Versions::check_value(&value)?;
    }
    if !tables::get(db, &options::point_reads(), Family::Meta, Head::KEY, &mut value)? {
        return Ok(NOTHING);
    }
    let head = Head::decode(Head::KEY, &value)?;
    Ok(Mark { batch_no: head.batch_no, hash: head.hash })
}

fn has_database(dir: &Path) -> bool {
    rows_dir(dir).join("CURRENT").exists()
}

/// The mark, if there is one, after the checks that need no database.
fn check_presence(dir: &Path, place: &Path, missing: Missing) -> Result<Option<Mark>, Cause> {
    let trouble = |trouble| Cause::Mark { path: place.to_path_buf(), trouble };
    let known = match mark::peek(place) {
        Ok(Some(mark)) => Some(mark),
        Ok(None) => return Err(trouble(MarkTrouble::Damaged)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(mark_io(place, &error)),
    };
    if has_database(dir) {
        return Ok(known);
    }
    match known {
        Some(mark) if mark.batch_no > 0 => {
            Err(trouble(MarkTrouble::DatabaseGone { marked: mark.batch_no }))
        }
        _ if missing == Missing::Refuse => Err(Cause::NoStore),
        _ => Ok(known),
    }
}

/// The position of the database, if it holds the batch that its mark remembers.
fn agree(db: &DB, known: Option<Mark>, place: &Path) -> Result<Mark, Cause> {
    let mark = |trouble| Cause::Mark { path: place.to_path_buf(), trouble };
    let head = head_mark(db)?;
    let Some(known) = known else {
        let new = head.batch_no == 0;
        let missing = mark(MarkTrouble::Missing { head: head.batch_no });
        return if new { Ok(head) } else { Err(missing) };
    };
    let batch_no = known.batch_no;
    if batch_no > head.batch_no {
        return Err(mark(MarkTrouble::TailLost { marked: batch_no, head: head.batch_no }));
    }
    if batch_no == 0 || hash_of(db, batch_no)? == Some(known.hash) {
        return Ok(head);
    }
    Err(mark(MarkTrouble::AnotherHistory { batch_no }))
}

fn hash_of(db: &DB, batch_no: u64) -> Result<Option<[u8; 32]>> {
    let (key, mut value) = (batch_no.to_be_bytes(), Vec::new());
    if !tables::get(db, &options::point_reads(), Family::Batches, &key, &mut value)? {
        return Ok(None);
    }
    Batch::decode(&key, &value).map(|batch| Some(batch.hash))
}

fn mark_io(place: &Path, error: &io::Error) -> Cause {
    Cause::Mark { path: place.to_path_buf(), trouble: MarkTrouble::Io(error.to_string()) }
}
