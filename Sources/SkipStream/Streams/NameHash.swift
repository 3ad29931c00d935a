/// The table's hash of a stream name: folded multiplication, seeded anew in each process, so that nobody outside can
/// choose names that collide.
///
/// Stored records have a checksum made with it, under a fixed seed: a change of the function makes all of them void.
///
/// After Wang Yi's wyhash (public domain), which passes SMHasher; reimplemented for short inputs.
package struct NameHash: Sendable {
    /// Both are secret: a factor that somebody could make zero would make all names with it collide.
    private let seed: UInt64
    private let second: UInt64

    package init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed ^ 0xA076_1D64_78BD_642F
        second = Self.fold(seed ^ 0xE703_7ED1_A0B4_28DB, 0x9E37_79B9_7F4A_7C15)
    }

    @inline(__always)
    package func callAsFunction(_ name: UnsafeRawBufferPointer) -> UInt64 {
        guard let start = name.baseAddress, !name.isEmpty else { return seed }
        let count = name.count
        var state = seed
        var offset = 0
        while count - offset > 16 {
            state = Self.fold(word(start, offset) ^ second, word(start, offset + 8) ^ state)
            offset += 16
        }
        var (a, b): (UInt64, UInt64) = (0, 0)
        if count >= 16 {
            // The last 16 bytes, overlapping those already read.
            (a, b) = (word(start, count - 16), word(start, count - 8))
        } else if count >= 8 {
            (a, b) = (word(start, 0), word(start, count - 8))
        } else if count >= 4 {
            (a, b) = (UInt64(start.loadUnaligned(as: UInt32.self)), UInt64(start.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)))
        } else {
            a = UInt64(name[0]) << 16 | UInt64(name[count >> 1]) << 8 | UInt64(name[count - 1])
        }
        return Self.fold(second ^ UInt64(count), Self.fold(a ^ second, b ^ state))
    }

    @inline(__always)
    private func word(_ start: UnsafeRawPointer, _ offset: Int) -> UInt64 { start.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}

/// A stream's virtual shard: FNV-1a (32 bit) of its name, mod 1,024. Fixed for ever.
public func shard(of name: some Sequence<UInt8>) -> Int {
    var hash: UInt32 = 0x811C_9DC5
    for byte in name { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return Int(hash % 1024)
}
