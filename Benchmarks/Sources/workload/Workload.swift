import Glibc
import Made
import SkipRNN
import SkipStream

/// A fixed amount of work, whose instructions callgrind counts: `workload skipped|update VARIANT MESSAGES`.
///
/// Admitting the streams is part of it; the difference between two counts of messages is the messages' own. The kernels' variant is
/// given, not found, so that the count is the same on machines with other instructions; a machine without it ends with status 2.
@main
struct Workload {
    private static let streams = 512

    /// A block of messages of 64 streams, made beforehand.
    private final class Block {
        private let made = MadeBlock(features: madeFeatures)

        init(first stream: Int) { for index in 0..<StreamProcessor.blockSize { made.setStream(stream + index, at: index) } }

        var messages: UnsafeBufferPointer<IncomingMessage> { made.messages() }
    }

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, ["skipped", "update"].contains(arguments[1]), let messages = Int(arguments[3]) else {
            print("usage: workload skipped|update VARIANT MESSAGES")
            exit(64)
        }
        guard let kernels = Kernels.all.first(where: { $0.name == arguments[2] }) else { exit(2) }
        // Every eighth timestep is read, and so the messages of a block wait in company.
        var processor = try StreamProcessor.made(hidden: 48, period: arguments[1] == "update" ? 8 : 1_000_000_000, kernels: kernels)
        let blocks = (0..<streams / StreamProcessor.blockSize).map { Block(first: $0 * StreamProcessor.blockSize) }
        for turn in 0..<(streams + messages) / StreamProcessor.blockSize { processor.process(blocks[turn % blocks.count].messages, arrival: 1) }
        print("\(processor.counters.updated) updated, \(processor.counters.skipped) skipped")
    }
}
