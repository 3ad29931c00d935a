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
/// leaves either the old file or the new one. What a writer of the same file left that was killed is removed. What isn't a file (a pipe, `/dev/stdout`) is written to, never replaced.
/// - Throws: `FileFormatError` with the system's reason; nothing is left behind then.
package func writeFile(_ bytes: [UInt8], to path: String) throws(FileFormatError) {
    var information = stat()
    let exists = stat(path, &information) == 0
    let isReplaced = !exists || information.st_mode & S_IFMT == S_IFREG
    // Through a symbolic link the file behind it is replaced, not the link.
    let target = isReplaced && exists ? resolved(path) : path
    let written = isReplaced ? "\(target).\(getpid()).part" : path
    if isReplaced { removeAbandoned(besides: target) }
    let descriptor = open(written, O_WRONLY | O_CREAT | O_CLOEXEC | (isReplaced ? O_TRUNC : 0), 0o644)
    guard descriptor >= 0 else { throw FileFormatError(path, "can't be written: \(systemReason())") }
    var count = 0
    var reason: String?
    while reason == nil, count < bytes.count {
        let more = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + count, bytes.count - count) }
        if more < 0 {
            if errno != EINTR { reason = systemReason() }
        } else {
            count += more
        }
    }
    if reason == nil, fsync(descriptor) != 0, errno != EINVAL, errno != EROFS { reason = systemReason() }
    if close(descriptor) != 0, reason == nil { reason = systemReason() }
    if isReplaced {
        if reason == nil, rename(written, target) != 0 { reason = systemReason() }
        if reason != nil { unlink(written) }
    }
    if let reason { throw FileFormatError(path, "can't be written: \(reason)") }
}

/// Removes parts of a file whose writers live no more.
private func removeAbandoned(besides target: String) {
    let slash = target.lastIndex(of: "/")
    let folder = slash.map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
    let name = slash.map { target[target.index(after: $0)...] } ?? target[...]
    guard let entries = opendir(folder) else { return }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
        let other = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
        guard other.hasPrefix("\(name)."), other.hasSuffix(".part"), let writer = pid_t(other.dropFirst(name.count + 1).dropLast(5)), writer > 0 else { continue }
        if kill(writer, 0) != 0, errno == ESRCH { unlink("\(folder)/\(other)") }
    }
}

private func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
}

private func systemReason() -> String { String(cString: strerror(errno)) }
