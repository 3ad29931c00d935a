// Whole files in and out: read at once, and written aside, synced and renamed, so that no reader ever sees half a file.
import Glibc

/// Reads a whole file.
/// - Throws: `FileFormatError` with the system's reason.
package func readFile(_ path: String) throws(FileFormatError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFormatError(path, "can't be opened: \(systemReason())") }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw FileFormatError(path, "can't be read: \(systemReason())") }
    guard information.st_mode & S_IFMT != S_IFDIR else { throw FileFormatError(path, "is a directory, a file was expected") }
    // A pipe has no size: it is read in pieces until it ends; a regular file takes one read and one that finds the end.
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(information.st_size) + 1)
    var piece = [UInt8](repeating: 0, count: max(64 << 10, min(Int(information.st_size) + 1, 16 << 20)))
    while true {
        let count = read(descriptor, &piece, piece.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw FileFormatError(path, "can't be read: \(systemReason())") }
        if count == 0 { return bytes }
        bytes.append(contentsOf: piece[..<count])
    }
}

/// Writes a whole file: beside its name first, then synced and renamed over it, so that an interruption or a full disk
/// leaves either the old file or the new one.
/// - Throws: `FileFormatError` with the system's reason; nothing is left behind then.
package func writeFile(_ bytes: [UInt8], to path: String) throws(FileFormatError) {
    let aside = "\(path).\(getpid()).part"
    let descriptor = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileFormatError(path, "can't be written: \(systemReason())") }
    var written = 0
    var reason: String?
    while reason == nil, written < bytes.count {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, bytes.count - written) }
        if count < 0 {
            if errno != EINTR { reason = systemReason() }
        } else {
            written += count
        }
    }
    if reason == nil, fsync(descriptor) != 0, errno != EINVAL { reason = systemReason() }
    if close(descriptor) != 0, reason == nil { reason = systemReason() }
    if reason == nil, rename(aside, path) != 0 { reason = systemReason() }
    if let reason {
        unlink(aside)
        throw FileFormatError(path, "can't be written: \(reason)")
    }
}

private func systemReason() -> String { String(cString: strerror(errno)) }
