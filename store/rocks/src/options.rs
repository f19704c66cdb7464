//! Every RocksDB option, one by one, with its reason. Where RocksDB's own default is kept, it is
//! written out all the same, so that a new release of RocksDB cannot change it under us.
//!
//! What decides about durability is not for an operator to set; [`Options`] carries sizes and
//! places only, and [`Durability`] for the control group of the fault tests.

use std::path::PathBuf;

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ChecksumType, ColumnFamilyDescriptor,
    DBCompactionStyle, DBCompressionType, DBRecoveryMode, InfoLogger, LogLevel, ReadOptions,
    WriteOptions,
};
use tillgate_store_core::Family;

/// RocksDB insists on a family of this name; it stays empty.
const UNUSED: &str = "default";
const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// What to do when the directory holds no store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Refuse: a mistyped path must not become a new, empty store that approves sales.
    Refuse,
    /// Create an empty store, and the directory too if need be.
    Create,
}

/// Whether a commit is on the disk when it returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// `fdatasync` of the write-ahead log in each commit: the only setting that may serve.
    Synced,
    /// No sync: acknowledged sales are lost in a power cut. Only for the control group of fault
    /// tests: a test rig that never sees this setting lose a sale proves nothing about the other.
    LosesSales,
}

/// Sizes and places of one store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// What to do when there is no store yet.
    pub missing: Missing,
    /// Block cache shared by all families, in bytes; it also holds indexes and filters.
    pub cache_bytes: usize,
    /// Rows not yet written to tables, over all families, in bytes. It also bounds what a restart
    /// has to replay, and with that how long the restart takes.
    pub memtable_bytes: usize,
    /// Most table files open at a time; part of the process's descriptor budget. A store with
    /// fewer is opened whole where it is only read.
    pub open_files_max: i32,
    /// Threads for flushes and compactions.
    pub background_threads: i32,
    /// Path of the high-water mark file; `None` puts it into the store's directory. On another
    /// device it also notices a directory that was rolled back as a whole.
    pub mark: Option<PathBuf>,
    /// [`Durability::Synced`], but for a control group.
    pub durability: Durability,
}

impl Options {
    /// The sizes for one gateway on a small server, refusing to create anything.
    #[must_use]
    pub const fn serving() -> Self {
        Self {
            missing: Missing::Refuse,
            cache_bytes: 64 * MIB,
            memtable_bytes: 64 * MIB,
            open_files_max: 256,
            background_threads: 2,
            mark: None,
            durability: Durability::Synced,
        }
    }

    /// As [`Options::serving`], for a store that may not exist yet.
    #[must_use]
    pub const fn creating() -> Self {
        let mut options = Self::serving();
        options.missing = Missing::Create;
        options
    }
}

/// The options of the database as a whole.
pub(crate) fn database(options: &Options) -> rocksdb::Options {
    let mut db = rocksdb::Options::default();
    creation(&mut db, options.missing);
    durability(&mut db);
    writing(&mut db);
    resources(&mut db, options);
    housekeeping(&mut db);
    db
}

/// The options of a database that is only read, perhaps where it lies as a backup.
pub(crate) fn read_only(options: &Options) -> rocksdb::Options {
    let mut db = database(options);
    db.create_if_missing(false);
    db.create_missing_column_families(false);
    // No LOG file in the directory.
    db.set_info_logger(InfoLogger::new_stderr_logger::<&str>(LogLevel::Fatal, None));
    db
}

fn creation(db: &mut rocksdb::Options, missing: Missing) {
    db.create_if_missing(missing == Missing::Create);
    // A newer gateway may bring a new family to an old store.
    db.create_missing_column_families(true);
    db.set_error_if_exists(false);
}

fn durability(db: &mut rocksdb::Options) {
    // A torn last record is an ordinary crash; damage anywhere else refuses to open. RocksDB's
    // default (PointInTime) silently dropped half of the acknowledged rows after one flipped bit.
    db.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    // A missing or shortened log file is an error instead of an older state.
    db.set_track_and_verify_wals_in_manifest(true);
    // The families of one batch reach their tables together, or not at all.
    db.set_atomic_flush(true);
    // Checksums of tables and manifest are checked at open, compaction errors stop writing.
    db.set_paranoid_checks(true);
    // The log goes to the file with every write; buffering it leaves families inconsistent after
    // an error (RocksDB PR 12995, 13903).
    db.set_manual_wal_flush(false);
    // Above 0 leaves holes in a log that is synced piecemeal (RocksDB PR 12489).
    db.set_wal_bytes_per_sync(0);
    // A recycled log ends in old records, which TolerateCorruptedTailRecords takes for damage.
    db.set_recycle_log_file_num(0);
    // No archive of old logs: backups are checkpoints.
    db.set_wal_ttl_seconds(0);
    db.set_wal_size_limit_mb(0);
    // One record is a few hundred bytes with sealed parts: compressing the log gains nothing.
    db.set_wal_compression_type(DBCompressionType::None);
    // fdatasync: it writes the length too, and leaves the times alone.
    db.set_use_fsync(false);
    db.set_allow_mmap_writes(false);
}

fn writing(db: &mut rocksdb::Options) {
    // There is one writer with batches of its own: what helps many writers only costs here.
    db.set_enable_pipelined_write(false);
    db.set_unordered_write(false);
    db.set_allow_concurrent_memtable_write(false);
    db.set_enable_write_thread_adaptive_yield(false);
    // Rows already in a memtable are never changed in place; snapshots must stay true.
    db.set_inplace_update_support(false);
}

fn resources(db: &mut rocksdb::Options, options: &Options) {
    db.set_db_write_buffer_size(options.memtable_bytes);
    // One log holds all families; a family that is hardly written must not keep old logs alive.
    db.set_max_total_wal_size(wide(options.memtable_bytes));
    db.set_max_background_jobs(options.background_threads);
    // One compaction in one thread: the writer needs the other core.
    db.set_max_subcompactions(1);
    db.set_max_open_files(options.open_files_max);
    db.set_max_file_opening_threads(2);
    db.set_table_cache_num_shard_bits(4);
    // Tables go to the disk a MiB at a time, so that a flush does not delay the log's sync.
    db.set_bytes_per_sync(wide(MIB));
    db.set_writable_file_max_buffer_size(wide(MIB));
    db.set_compaction_readahead_size(2 * MIB);
    // Reads and tables share the page cache with the rest of the machine.
    db.set_use_direct_reads(false);
    db.set_use_direct_io_for_flush_and_compaction(false);
    db.set_allow_mmap_reads(false);
    // Old files are removed by the background threads, not by the writer or a reader.
    db.set_avoid_unnecessary_blocking_io(true);
    db.set_delete_obsolete_files_period_micros(6 * 60 * 60 * 1_000_000);
}

fn housekeeping(db: &mut rocksdb::Options) {
    // Reading every table's properties at open makes a restart slower with every sale.
    db.set_skip_stats_update_on_db_open(true);
    // Small enough to be rewritten in no time, so that a restart reads little.
    db.set_max_manifest_file_size(16 * MIB);
    db.set_manifest_preallocation_size(64 * KIB);
    db.set_write_dbid_to_manifest(true);
    db.set_is_fd_close_on_exec(true);
    // RocksDB's own LOG: it names files and sizes, no rows.
    db.set_log_level(LogLevel::Warn);
    db.set_max_log_file_size(4 * MIB);
    db.set_log_file_time_to_roll(0);
    db.set_keep_log_file_num(4);
    // Periodic dumps are disk work beside the log; the gateway has metrics of its own.
    db.set_stats_dump_period_sec(0);
    db.set_stats_persist_period_sec(0);
    db.set_report_bg_io_stats(false);
    db.set_dump_malloc_stats(false);
}

/// Descriptors of every family, RocksDB's own `default` (always empty) included.
pub(crate) fn families(options: &Options) -> Vec<ColumnFamilyDescriptor> {
    let cache = Cache::new_lru_cache(options.cache_bytes);
    let mut all: Vec<_> = Family::ALL
        .iter()
        .map(|&of| ColumnFamilyDescriptor::new(of.name(), family(Some(of), &cache, options)))
        .collect();
    let unused = family(None, &cache, options);
    all.push(ColumnFamilyDescriptor::new(UNUSED, unused));
    all
}

fn family(of: Option<Family>, cache: &Cache, options: &Options) -> rocksdb::Options {
    let mut cf = rocksdb::Options::default();
    cf.set_block_based_table_factory(&table(of, cache));
    // Any one family may fill the common budget; the atomic flush takes all of them with it.
    cf.set_write_buffer_size(options.memtable_bytes / 2);
    cf.set_max_write_buffer_number(4);
    cf.set_min_write_buffer_number_to_merge(1);
    cf.set_max_write_buffer_size_to_maintain(0);
    cf.set_arena_block_size(MIB);
    compaction(&mut cf);
    if let Some(Family::Stock | Family::Open) = of {
        // They delete all that they put: tables with many deletions are compacted early, so that
        // a scan for the oldest row after a restart does not wade through a day's dead ones.
        cf.add_compact_on_deletion_collector_factory(1_024, 512, 0.5);
    }
    cf
}

fn compaction(cf: &mut rocksdb::Options) {
    cf.set_compaction_style(DBCompactionStyle::Level);
    cf.set_level_compaction_dynamic_level_bytes(true);
    cf.set_num_levels(7);
    cf.set_level_zero_file_num_compaction_trigger(4);
    // Writing slows down, then stops, when compaction cannot follow; the gateway's bounded queue
    // passes that on to the terminals.
    cf.set_level_zero_slowdown_writes_trigger(20);
    cf.set_level_zero_stop_writes_trigger(36);
    cf.set_soft_pending_compaction_bytes_limit(64 * 1024 * MIB);
    cf.set_hard_pending_compaction_bytes_limit(256 * 1024 * MIB);
    cf.set_target_file_size_base(wide(64 * MIB));
    cf.set_target_file_size_multiplier(1);
    cf.set_max_bytes_for_level_base(wide(256 * MIB));
    cf.set_max_bytes_for_level_multiplier(10.0);
    // Fresh tables are rewritten soon: only what has settled is worth compressing.
    cf.set_compression_per_level(&[
        DBCompressionType::None,
        DBCompressionType::None,
        DBCompressionType::Lz4,
        DBCompressionType::Lz4,
        DBCompressionType::Lz4,
        DBCompressionType::Lz4,
        DBCompressionType::Lz4,
    ]);
    cf.set_bottommost_compression_type(DBCompressionType::Lz4);
    cf.set_disable_auto_compactions(false);
    // Nothing expires by itself: a dropped row would be a forgotten answer.
    cf.set_ttl(0);
    cf.set_periodic_compaction_seconds(0);
}

fn table(of: Option<Family>, cache: &Cache) -> BlockBasedOptions {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    // Indexes and filters count against the cache: memory stays bounded as the journal grows.
    table.set_cache_index_and_filter_blocks(true);
    table.set_cache_index_and_filter_blocks_with_high_priority(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_block_size(16 * KIB);
    table.set_block_restart_interval(16);
    table.set_index_type(BlockBasedIndexType::BinarySearch);
    table.set_whole_key_filtering(true);
    // Readable by every RocksDB since 8.6.
    table.set_format_version(6);
    table.set_checksum_type(ChecksumType::XXH3);
    // Asked for keys that are mostly not there: is this request new, is this serial new.
    if let Some(Family::Journal | Family::Supply | Family::Funding) = of {
        table.set_bloom_filter(10.0, false);
    }
    table
}

/// How the one writer writes.
pub(crate) fn writes(durability: Durability) -> WriteOptions {
    let mut write = WriteOptions::default();
    write.set_sync(durability == Durability::Synced);
    write.disable_wal(false);
    write.set_ignore_missing_column_families(false);
    // A stall makes the writer wait; the queue before it is bounded.
    write.set_no_slowdown(false);
    write.set_low_pri(false);
    write
}

/// How single rows are read.
pub(crate) fn point_reads() -> ReadOptions {
    let mut read = ReadOptions::default();
    read.set_verify_checksums(true);
    read.fill_cache(true);
    read
}

/// How ranges are read: every block's checksum is checked, and a long scan (export, verify) does
/// not push the rows that serving needs out of the cache.
pub(crate) fn range_reads() -> ReadOptions {
    let mut read = ReadOptions::default();
    read.set_verify_checksums(true);
    read.fill_cache(false);
    read.set_total_order_seek(true);
    read.set_auto_readahead_size(true);
    read
}

fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
