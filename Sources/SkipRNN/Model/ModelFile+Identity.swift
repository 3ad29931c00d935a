extension ModelFile {
    /// A 64-bit FNV-1a hash over what decides the arithmetic — architecture and tensors in the order of `parameters` —
    /// as 16 hexadecimal digits. Metadata such as labels or training notes is not part of it.
    ///
    /// It tells models apart by accident, not against an attacker.
    public var identity: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        for (key, value) in architecture.encoded.sorted(by: { $0.key < $1.key }) { "\(key)=\(value);".utf8.forEach(mix) }
        for parameter in architecture.parameters {
            guard let tensor = tensors[parameter.name] else { continue }
            "\(parameter.name)\(describe(tensor.shape))".utf8.forEach(mix)
            for value in tensor.values { withUnsafeBytes(of: value.bitPattern.littleEndian) { $0.forEach(mix) } }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
