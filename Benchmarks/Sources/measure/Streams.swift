import CMachine
import Made
import SkipStream

/// A timestep nobody reads, past the receive: look-up, gap check, countdown, in ns a message; beside one random access to memory.
///
/// Each block's messages are of streams drawn by chance; drawing them is not timed.
func measureSkipped(streams: Int, rounds: Int) throws {
    var processor = try StreamProcessor.made(hidden: 48, period: 1_000_000_000)
    let block = MadeBlock(features: madeFeatures)
    admit(streams, block, &processor) { _, _ in }
    var generator = SplitMix(7)
    let region = 512 << 20
    var (access, skipped) = (Shortest(), Shortest())
    for _ in 0..<rounds {
        access.note(machine_random_access(region))
        // A round's mean, so that hits and misses count as often as they happen; the shortest round of all.
        let blocks = 2_000
        var seconds = 0.0
        for _ in 0..<blocks {
            for index in 0..<StreamProcessor.blockSize { block.setStream(.random(in: 0..<streams, using: &generator), at: index) }
            let start = machine_now()
            processor.process(block.messages(), arrival: 1)
            seconds += machine_now() - start
        }
        skipped.note(seconds / Double(blocks * StreamProcessor.blockSize))
    }
    precondition(processor.counters.updated == UInt64(streams), "only first timesteps were to be read")
    report(["what": "skipped", "streams": streams, "ns": skipped.nanoseconds, "access": access.nanoseconds, "ratio": skipped.seconds / access.seconds])
}

/// Memory of many streams, and the longest pause while they come.
func measureGrowth(streams: Int) throws {
    var processor = try StreamProcessor.made(hidden: 48, period: 1_000_000_000)
    let block = MadeBlock(features: madeFeatures)
    let before = machine_resident_bytes()
    var (longest, longestCPU) = (0.0, 0.0)
    admit(streams, block, &processor) { seconds, cpu in
        longest = max(longest, seconds)
        longestCPU = max(longestCPU, cpu)
    }
    let bytes = machine_resident_bytes() - before
    report([
        "what": "growth", "streams": streams, "hidden": 48, "resident": machine_resident_bytes(), "bytes_per_stream": Double(bytes) / Double(streams),
        "without_state": Double(bytes) / Double(streams) - 192, "longest_block_ms": longest * 1e3, "longest_block_cpu_ms": longestCPU * 1e3,
    ])
}

/// Sends each of so many streams its first timestep, 64 new streams a block; tells each block's wall-clock and CPU seconds.
private func admit(_ streams: Int, _ block: borrowing MadeBlock, _ processor: inout StreamProcessor, _ took: (Double, Double) -> Void) {
    var next = 0
    while next < streams {
        let count = min(StreamProcessor.blockSize, streams - next)
        for index in 0..<count { block.setStream(next + index, at: index) }
        let (start, cpu) = (machine_now(), machine_thread_seconds())
        processor.process(block.messages(count), arrival: 1)
        took(machine_now() - start, machine_thread_seconds() - cpu)
        next += count
    }
}
