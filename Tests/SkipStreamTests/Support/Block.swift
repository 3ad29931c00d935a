import SkipStream

extension StreamProcessor {
    /// Works off messages in blocks of the given sizes, in turn; each frame lies at an odd address of its own.
    mutating func process(frames messages: [[[UInt8]]], arrival: Int64, blocks: [Int] = [StreamProcessor.blockSize]) {
        var (start, turn) = (0, 0)
        while start < messages.count {
            let end = min(start + blocks[turn % blocks.count], messages.count)
            process(block: Array(messages[start..<end]), arrival: arrival)
            (start, turn) = (end, turn + 1)
        }
    }

    /// Works off one block.
    /// - Parameter device: who sends it; `originHash` gets it as the envelope's address.
    mutating func process(block messages: [[[UInt8]]], arrival: Int64, device: Int = 0) {
        var copies: [UnsafeMutableRawPointer] = []
        let block = messages.map { frames in
            let buffers = frames.prefix(3).map { frame in
                // Exactly as large as the frame, so that a sanitizer sees any byte read past it.
                let copy = UnsafeMutableRawPointer.allocate(byteCount: frame.count + 1, alignment: 16)
                copies.append(copy)
                frame.withUnsafeBytes { if let start = $0.baseAddress { (copy + 1).copyMemory(from: start, byteCount: frame.count) } }
                return UnsafeRawBufferPointer(start: copy + 1, count: frame.count)
            }
            let none = UnsafeRawBufferPointer(start: nil, count: 0)
            return IncomingMessage(
                buffers.first ?? none, buffers.count > 1 ? buffers[1] : none, buffers.count > 2 ? buffers[2] : none, frameCount: frames.count,
                envelope: UnsafeRawPointer(bitPattern: device))
        }
        block.withUnsafeBufferPointer { process($0, arrival: arrival) }
        for copy in copies { copy.deallocate() }
    }
}
