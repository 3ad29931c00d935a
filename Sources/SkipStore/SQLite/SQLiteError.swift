import CSQLite

/// A call of SQLite's that failed.
struct SQLiteError: Error, CustomStringConvertible {
    /// The extended result code.
    let code: CInt
    /// What was tried, and SQLite's own words.
    let description: String

    init(_ code: CInt, _ action: String, _ connection: OpaquePointer?) {
        self.code = code
        let words = connection.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
        description = "\(words.map { String(cString: $0) } ?? "error \(code)") (\(action))"
    }

    init(damage description: String) {
        code = SQLITE_CORRUPT
        self.description = description
    }

    /// A Boolean value indicating whether the file's bytes are not those that were written.
    var isDamage: Bool {
        switch code & 0xFF {
        case SQLITE_CORRUPT, SQLITE_NOTADB: true
        // A page that can't be read. The extended codes are macros that Swift doesn't see: IOERR_READ, IOERR_SHORT_READ.
        case SQLITE_IOERR: code >> 8 == 1 || code >> 8 == 2
        // Something is missing that every store has.
        case SQLITE_ERROR: true
        default: false
        }
    }
}
