import CSQLite

/// A compiled statement; it keeps its database open.
final class SQLiteStatement {
    private let statement: OpaquePointer
    private let database: SQLiteDatabase

    init(_ sql: String, _ database: SQLiteDatabase) throws(SQLiteError) {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(database.connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw SQLiteError(code, sql, database.connection) }
        statement = prepared
        self.database = database
    }

    deinit { sqlite3_finalize(statement) }

    /// Gives the parameter at a place, from 1 on, a number.
    func bind(_ number: Int, at place: CInt) { sqlite3_bind_int64(statement, place, sqlite3_int64(number)) }

    /// Gives the parameter at a place bytes, which must live until the statement is reset.
    func bind(_ bytes: UnsafeRawBufferPointer, at place: CInt) { sqlite3_bind_blob64(statement, place, bytes.baseAddress, sqlite3_uint64(bytes.count), nil) }

    /// Goes to the next row; false past the last.
    func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(statement)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw SQLiteError(code, String(cString: sqlite3_sql(statement)), database.connection)
        }
    }

    /// Runs a statement without rows, and makes it ready to run again.
    func run() throws(SQLiteError) {
        defer { sqlite3_reset(statement) }
        _ = try step()
    }

    /// A column of the row, from 0 on, as a number.
    func number(_ column: CInt) -> Int { Int(sqlite3_column_int64(statement, column)) }

    /// A column of the row, from 0 on, as bytes that live until the next step.
    func bytes(_ column: CInt) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(statement, column)
        return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(statement, column)))
    }
}
