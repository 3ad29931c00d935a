import Glibc
public import SkipStream

/// The states of all streams in one SQLite file: a row a slot, its record as `StreamRecord` draws it. For one thread at a time.
///
/// A checkpoint is one transaction, with a write-ahead log that is synced when it ends: a crash at any moment leaves the
/// checkpoint before or this one, never a mixture. SQLite notices most damage to its pages, the records' checksums the rest.
///
/// Measured against LMDB and GRDB: see `docs/operations.md`.
public final class StateStore {
    let directory: StateDirectory
    private var database: SQLiteDatabase?
    private var put: SQLiteStatement?
    private var delete: SQLiteStatement?
    private var isInTransaction = false
    /// A Boolean value indicating whether what is in the file is known: read, or made by this process.
    var isKnown = false

    /// "skip", so that a file of something else is not taken for a store.
    static let applicationID = 0x736B_6970
    /// Raised when the table changes; what is in a record has a version of its own.
    static let version = 1

    /// A store in a directory; nothing is opened yet.
    public init(_ directory: StateDirectory) { self.directory = directory }

    /// Writes a part of a checkpoint; the first one makes the store ready.
    /// - Returns: where the store had to be replaced by a new one, why; everything has then to be stored anew.
    public func write(_ slice: CheckpointSlice) throws(StoreError) -> String? {
        if !isInTransaction, let reason = try open() { return reason }
        guard let put, let delete else { return nil }
        do throws(SQLiteError) {
            try slice.forEach { (slot, record) throws(SQLiteError) in
                guard let record else {
                    delete.bind(Int(slot), at: 1)
                    return try delete.run()
                }
                put.bind(Int(slot), at: 1)
                put.bind(record, at: 2)
                try put.run()
            }
            return nil
        } catch {
            return try recover(error)
        }
    }

    /// Ends a checkpoint: what was written is on the disk when it returns.
    /// - Returns: as `write`.
    public func commit() throws(StoreError) -> String? {
        guard isInTransaction else { return nil }
        do throws(SQLiteError) {
            try database?.execute("commit")
            isInTransaction = false
            return nil
        } catch {
            return try recover(error)
        }
    }

    /// Closes the file, with all of its log moved into it, and leaves the directory to others. What was not committed is not in it.
    public func close() {
        closeFile()
        directory.release()
    }

    private func closeFile() { (put, delete, database, isInTransaction) = (nil, nil, nil, false) }

    /// Opens the file if it isn't, and begins a checkpoint.
    private func open() throws(StoreError) -> String? {
        try directory.take()
        if database != nil, access(directory.store, F_OK) != 0 {
            closeFile()
            return "\(directory.store) was removed"
        }
        if database == nil, !isKnown, access(directory.store, F_OK) == 0 {
            let path = try directory.setStoreAside("unread")
            isKnown = true
            return "the store could not be read at the start; it is kept as \(path)"
        }
        do throws(SQLiteError) {
            if database == nil {
                let opened = try SQLiteDatabase(directory.store, readOnly: false)
                try Self.configure(opened)
                if try opened.number("select count(*) from sqlite_schema") == 0 { try Self.make(opened) }
                put = try SQLiteStatement("insert or replace into stream (slot, record) values (?, ?)", opened)
                delete = try SQLiteStatement("delete from stream where slot = ?", opened)
                database = opened
                isKnown = true
            }
            try database?.execute("begin immediate")
            isInTransaction = true
            return nil
        } catch {
            return try recover(error)
        }
    }

    static func configure(_ database: SQLiteDatabase) throws(SQLiteError) {
        // Exclusive: no file for a log index that processes share. The cache is small because slots come in order.
        try database.execute("""
            pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full; pragma temp_store = memory;
            pragma cache_size = -8192; pragma journal_size_limit = 16777216;
            """)
    }

    private static func make(_ database: SQLiteDatabase) throws(SQLiteError) {
        try database.execute("""
            begin; pragma application_id = \(applicationID); pragma user_version = \(version);
            create table stream (slot integer primary key, record blob not null); commit;
            """)
    }

    /// Takes back what was not committed. A damaged store is set aside, everything else is thrown, and tried again at the next checkpoint.
    private func recover(_ error: SQLiteError) throws(StoreError) -> String? {
        // Closing rolls back, and the next checkpoint opens the file as it then is.
        closeFile()
        guard error.isDamage else { throw StoreError("can't write \(directory.store): \(error)") }
        let path = try directory.setStoreAside("damaged")
        return "the store was damaged, \(error); it is kept as \(path)"
    }
}
