import ArgumentParser
import SkipStream

/// `skipctl top`: what the daemon does, live.
struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows rates and the busiest streams, live.",
        discussion: """
            PREFIX selects streams as for `skipctl tail`. Shown are the streams that rank first among the 1,000 heard of last; rates are \
            those since the picture before. "read", by which `updates` orders, is the share of the sequence's timesteps that the state update gate let through.

            Keys: \(TopOrder.allCases.map { "\($0.key) by \($0.rawValue)" }.joined(separator: ", ")), the same key again from the other end, q to quit. \
            Where standard output is no terminal, pictures follow each other as text. A restart of the daemon is waited out.
            """)

    @Argument(help: "Streams to show; all by default.")
    var prefix: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("Order by \(TopOrder.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "key"))
    var sort = TopOrder.rate
    @Option(name: .shortAndLong, help: ArgumentHelp("The time between two pictures. (default: 1s)", valueName: "time"), transform: duration)
    var interval: Duration?
    @Option(name: [.customShort("n", allowingJoined: true), .long], help: "End after so many pictures.")
    var count: Int?
    @Flag(help: "Print NDJSON: one object a picture.")
    var json = false
    @OptionGroup var control: ControlArguments

    private static let shortestInterval = Duration.milliseconds(100)

    func validate() throws {
        guard count.map({ $0 > 0 }) ?? true else { throw ValidationError("--count must be a whole number from 1 up") }
        guard interval.map({ $0 >= Self.shortestInterval }) ?? true else { throw ValidationError("--interval must be 100ms or more") }
    }

    func run() throws {
        var state = TopState(selection: StreamSelection(prefix.map { [$0] } ?? []), order: sort)
        // A daemon that isn't there is said to be so before the terminal is touched.
        try state.ask(try control.client())
        if json || !isTerminal(1) { try follow(&state) } else { try Terminal.use { try show(&state) } }
        if Interruption.hasCome { throw ExitCode(Interruption.status) }
    }

    /// Pictures on the whole terminal until a key or a signal ends it.
    private func show(_ state: inout TopState) throws {
        let palette = Palette.standardOutput
        var pictures = 0
        while !Interruption.hasCome {
            // The first one shows what was asked before; rates need some time between two answers.
            if pictures > 0 { try next(&state) }
            pictures += 1
            let end = ContinuousClock.now + (interval ?? .seconds(1))
            repeat {
                let (columns, rows) = Terminal.size
                var text = "\u{1B}[H"
                for (index, line) in state.lines(columns: columns, rows: rows, palette).enumerated() { text += (index == 0 ? "" : "\r\n") + line + "\u{1B}[K" }
                try writeToTerminal(text + "\u{1B}[J")
                guard count.map({ pictures < $0 }) ?? true else { return }
                let key = Terminal.key(within: ContinuousClock.now.duration(to: end))
                if key == UInt8(ascii: "q") || key == 4 { return }
                if let key { state.choose(Character(UnicodeScalar(key))) }
            } while ContinuousClock.now < end && !Interruption.hasCome
        }
    }

    /// Pictures one after the other.
    private func follow(_ state: inout TopState) throws {
        Interruption.watch()
        var output = StandardOutput()
        var pictures = 0
        while count.map({ pictures < $0 }) ?? true {
            var pace = Pace(rate: 1 / ((interval ?? .seconds(1)) / .seconds(1)))
            pace.pass(1)
            if Interruption.hasCome { break }
            try next(&state)
            pictures += 1
            if json {
                if state.trouble == nil { try output.line(state.object) }
            } else {
                for line in state.lines(columns: nil, rows: nil, .standardOutput) { try output.line(line) }
                try output.line("")
            }
            try output.flush()
        }
    }

    /// Asks again; a daemon that doesn't answer is no end, it may be restarting.
    private func next(_ state: inout TopState) throws {
        do {
            // A socket of its own, so that an answer that comes too late is not taken for that to another question.
            try state.ask(try control.client())
        } catch let failure as CommandFailure {
            state.trouble = failure.description
        }
    }

    private func writeToTerminal(_ text: String) throws {
        var output = StandardOutput()
        output.text(text)
        try output.flush()
    }
}
