import Glibc

extension StateStore {
    /// Reads all records, in ascending order of their slots.
    ///
    /// A store that is damaged is set aside once all that can be read of it has been given to `body`.
    /// - Parameter body: returns false for a record that is damaged.
    /// - Throws: where nothing can be read, though nothing may be wrong with the store; the next checkpoint sets it aside then.
    public func load(_ body: (UInt32, UnsafeRawBufferPointer) -> Bool) throws(StoreError) -> LoadReport {
        var report = LoadReport()
        do throws(StoreError) {
            try directory.take()
        } catch {
            // Where the folder can't be made or locked there may still be a store to read.
            if error.isInUse || access(directory.store, R_OK) != 0 { throw error }
        }
        guard access(directory.store, F_OK) == 0 else {
            isKnown = true
            return report
        }
        let isReadOnly = access(directory.store, W_OK) != 0 || access(directory.path, W_OK) != 0
        do throws(SQLiteError) {
            readAhead()
            let database = try SQLiteDatabase(directory.store, readOnly: isReadOnly)
            if !isReadOnly { try Self.configure(database) }
            try readAll(database, &report, body)
        } catch {
            guard error.isDamage else { throw StoreError("can't read \(directory.store): \(error)") }
            report.damage = "\(error)"
            salvage(readOnly: isReadOnly, &report, body)
        }
        isKnown = true
        if report.damage != nil, !isReadOnly { report.setAside = try directory.setStoreAside("damaged") }
        return report
    }

    /// Has the system read the whole file at once, in its own time: SQLite asks for one page after the other.
    private func readAhead() {
        let file = Glibc.open(directory.store, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        posix_fadvise(file, 0, 0, POSIX_FADV_WILLNEED)
        Glibc.close(file)
    }

    /// Reads what can be read of a file that SQLite refuses as a whole: one that was cut off.
    private func salvage(readOnly: Bool, _ report: inout LoadReport, _ body: (UInt32, UnsafeRawBufferPointer) -> Bool) {
        guard report.records == 0, let database = try? SQLiteDatabase(directory.store, readOnly: readOnly) else { return }
        // Under it SQLite takes the file's length for the database's.
        try? database.execute("pragma writable_schema = on")
        if !readOnly { try? database.execute("pragma locking_mode = exclusive") }
        try? readAll(database, &report, body)
    }

    private func readAll(_ database: SQLiteDatabase, _ report: inout LoadReport, _ body: (UInt32, UnsafeRawBufferPointer) -> Bool) throws(SQLiteError) {
        let application = try database.number("pragma application_id")
        // A crash before the first checkpoint leaves an empty file.
        if application == 0, try database.number("select count(*) from sqlite_schema") == 0 { return }
        guard application == Self.applicationID else { throw SQLiteError(damage: "it is not a store of skipd's") }
        let version = try database.number("pragma user_version") ?? 0
        guard version == Self.version else { throw SQLiteError(damage: "it is of version \(version), this skipd reads version \(Self.version)") }
        // Where a page is damaged the reading goes on behind it: first in small steps, then in ever larger ones.
        var (from, failures) = (0, 0)
        while from <= Int(UInt32.max) {
            do throws(SQLiteError) {
                try readRows(database, &from, &report, body)
                return
            } catch {
                guard error.isDamage else { throw error }
                report.damage = "\(error)"
                failures += 1
                from += failures < 1000 ? 8 : 1 << min(failures - 990, 32)
            }
        }
    }

    private func readRows(
        _ database: SQLiteDatabase, _ from: inout Int, _ report: inout LoadReport, _ body: (UInt32, UnsafeRawBufferPointer) -> Bool
    ) throws(SQLiteError) {
        let select = try SQLiteStatement("select slot, record from stream where slot >= ? order by slot", database)
        select.bind(from, at: 1)
        while try select.step() {
            let slot = select.number(0)
            guard slot >= from, slot <= Int(UInt32.max) else { throw SQLiteError(damage: "its slots are out of order") }
            from = slot + 1
            report.records += 1
            if !body(UInt32(slot), select.bytes(1)) {
                report.damagedRecords += 1
                report.damage = report.damage ?? "a record is not as it was written"
            }
        }
    }
}
