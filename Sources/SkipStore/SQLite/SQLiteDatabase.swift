import CSQLite
import Glibc

/// One connection to a SQLite file, for one thread at a time.
final class SQLiteDatabase {
    let connection: OpaquePointer

    /// Opens a file, made if it is missing unless it is to be read only.
    init(_ path: String, readOnly: Bool) throws(SQLiteError) {
        var opened: OpaquePointer?
        // No mutex: one thread at a time uses the connection.
        // A file with a log needs a file for the log's index beside it, which a read-only disk can't have; without a log it can be read alone.
        let isAlone = readOnly && access(path + "-wal", F_OK) != 0
        let name = isAlone ? "file:" + Self.escaped(path) + "?immutable=1" : path
        let flags = (isAlone ? SQLITE_OPEN_URI : 0) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        let code = sqlite3_open_v2(name, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let error = SQLiteError(code, "open", opened)
            sqlite3_close_v2(opened)
            throw error
        }
        connection = opened
    }

    /// A path as a URI has it.
    private static func escaped(_ path: String) -> String {
        // The three characters that a URI takes for something else.
        path.map { "%?#".contains($0) ? "%" + String($0.asciiValue ?? 0, radix: 16) : String($0) }.joined()
    }

    deinit { sqlite3_close_v2(connection) }

    /// Runs statements that have no parameters and whose rows nobody wants.
    func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(connection, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteError(code, sql, connection) }
    }

    /// The one number that a statement gives; nil where it gives no row.
    func number(_ sql: String) throws(SQLiteError) -> Int? {
        let statement = try SQLiteStatement(sql, self)
        return try statement.step() ? statement.number(0) : nil
    }
}
