extension SampleHeader {
    /// A message of one frame, the cheapest to send: the stream's name, a zero byte, the binary header, the payload.
    /// - Parameter payload: N timesteps of F numbers of the header's type, row-major, little-endian.
    public func message(stream: some Sequence<UInt8>, payload: some Sequence<UInt8>) -> [UInt8] {
        var bytes = Array(stream)
        precondition((1...SampleFrames.maximumName).contains(bytes.count), "a stream's name is 1 to 255 bytes")
        bytes.append(0)
        bytes.append(contentsOf: binary)
        bytes.append(contentsOf: payload)
        return bytes
    }

    /// A Boolean value indicating whether a text can be a stream's name: 1 to 255 bytes without control characters.
    public static func isValidStream(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { (1...SampleFrames.maximumName).contains($0.count) && SampleFrames.isValidName(UnsafeRawBufferPointer($0)) }
    }
}
