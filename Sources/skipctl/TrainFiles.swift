import Glibc

/// A Boolean value indicating whether there is something at a path.
func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Removes a file, where there is one.
func remove(_ path: String) { unlink(path) }

/// Checks that a file can be written later: said now, not after hours of training.
/// - Throws: one sentence that names the file.
func checkWritable(_ path: String) throws {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
        guard status.st_mode & S_IFMT != S_IFDIR else { throw CommandFailure("\(path): can't be written: \(String(cString: strerror(EISDIR)))") }
        return
    }
    // A file is written aside, then renamed: its folder has to allow it.
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    guard access(folder, W_OK) == 0 else { throw CommandFailure("\(path): can't be written: \(String(cString: strerror(errno)))") }
}
