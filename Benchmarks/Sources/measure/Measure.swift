import Glibc

/// Measurements inside one process; each prints one JSON object, the lists of which the report is made of.
///
///     measure update ROUNDS | blas ROUNDS | links ROUNDS | spin HIDDEN STREAMS UPDATES | gate ROUNDS | skipped STREAMS ROUNDS | growth STREAMS | model HIDDEN PERIOD FILE
@main
struct Measure {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        func number(_ index: Int) -> Int {
            guard arguments.count > index, let value = Int(arguments[arguments.startIndex + index]) else { usage() }
            return value
        }
        switch arguments.first {
        case "update": try measureUpdates(rounds: number(1))
        case "blas": measureBLAS(rounds: number(1))
        case "links": try measureLinks(rounds: number(1))
        case "spin": try spin(hidden: number(1), streams: number(2), updates: number(3))
        case "gate": try measureGate(rounds: number(1))
        case "skipped": try measureSkipped(streams: number(1), rounds: number(2))
        case "growth": try measureGrowth(streams: number(1))
        case "model" where arguments.count == 4: try writeModel(hidden: number(1), period: number(2), to: arguments[arguments.startIndex + 3])
        default: usage()
        }
    }

    private static func usage() -> Never {
        print("usage: measure update ROUNDS | blas ROUNDS | links ROUNDS | spin HIDDEN STREAMS UPDATES | gate ROUNDS | skipped STREAMS ROUNDS | growth STREAMS | model HIDDEN PERIOD FILE")
        exit(64)
    }
}
