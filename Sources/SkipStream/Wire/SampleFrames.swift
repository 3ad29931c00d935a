import Glibc

/// A message's parts, whichever of the three frame forms it has.
package struct SampleFrames {
    /// 1–255 bytes; whether they are UTF-8 without control characters is checked when the stream is made.
    package let name: UnsafeRawBufferPointer
    /// The binary or JSON header; nil for a message without one.
    package let header: UnsafeRawBufferPointer?
    package let payload: UnsafeRawBufferPointer

    package static let maximumName = 255

    /// Takes a message apart; nil where it is malformed.
    @inline(__always)
    package init?(_ message: IncomingMessage) {
        switch message.frameCount {
        case 1:
            // stream, a zero byte, the binary header (a JSON one has no place here), payload
            let bytes = message.first
            guard let start = bytes.baseAddress, let zero = memchr(start, 0, min(bytes.count, Self.maximumName + 1)) else { return nil }
            let length = UnsafeRawPointer(zero) - start
            guard bytes.count >= length + 1 + SampleHeader.size, bytes[length + 1] == SampleHeader.mark else { return nil }
            name = UnsafeRawBufferPointer(start: start, count: length)
            header = UnsafeRawBufferPointer(start: start + length + 1, count: SampleHeader.size)
            let offset = length + 1 + SampleHeader.size
            payload = UnsafeRawBufferPointer(start: start + offset, count: bytes.count - offset)
        case 2:
            name = message.first
            header = nil
            payload = message.second
        case 3:
            name = message.first
            header = message.second
            payload = message.third
        default:
            return nil
        }
        guard name.count >= 1, name.count <= Self.maximumName else { return nil }
    }

    /// A Boolean value indicating whether bytes are UTF-8 without control characters (C0, DEL, C1).
    package static func isValidName(_ name: UnsafeRawBufferPointer) -> Bool {
        if name.allSatisfy({ (0x20..<0x7F).contains($0) }) { return true }
        guard let text = String(validating: name, as: UTF8.self) else { return false }
        return !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
