import FoundationEssentials
import SkipConfiguration
import SkipStore
import SkipStream

// What each operation does.

extension ControlServer {
    /// Streams in a reply, unless the request says otherwise, and at most.
    private static let usualLimit = 100
    private static let largestLimit = 10_000
    /// How far a sorted list can be paged through: all of it is kept while the streams are looked at.
    private static let largestSortedCursor: UInt64 = 100_000

    /// Answers a request, or sees to it that it will be.
    func handle(_ envelope: ControlEnvelope) {
        let address = envelope.address
        guard let body = envelope.body else { return fail(address, "a request is one frame") }
        let request: ControlRequest
        do {
            request = try JSONDecoder().decode(ControlRequest.self, from: Data(body))
        } catch {
            return fail(address, Self.sentence(error))
        }
        guard let operation = request.operation else {
            return fail(address, "there is no operation \"\(request.op.prefix(40))\"; there are \(ControlRequest.Operation.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        switch operation {
        case .status: answerStatus(address)
        case .models: ask(address, LoopRequest.status) { ModelsReply(models: $0.models.map(ModelReply.init)) }
        case .streams: answerStreams(address, request)
        case .stream: answerStream(address, request)
        case .reset: reset(address, request)
        case .routes: ask(address, LoopRequest.status) { RoutesReply(routes: $0.routes.map(RouteReply.init)) }
        case .stretch: stretch(address, request)
        case .promote: promote(address, request)
        case .export: export(address, request)
        case .takeOver: takeOver(address, request)
        case .reload: answerReload(address)
        case .checkpoint: checkpoint(address)
        case .drain: ask(address, LoopRequest.drain) { $0 }
        }
    }

    private func answerStatus(_ address: [[UInt8]]) {
        let about = about
        ask(address, LoopRequest.status) { about.reply($0) }
    }

    private func answerStreams(_ address: [[UInt8]], _ request: ControlRequest) {
        let limit = request.limit ?? Self.usualLimit
        guard 1...Self.largestLimit ~= limit else { return fail(address, "limit is \(limit), a number from 1 to \(Self.largestLimit) was expected") }
        var query = StreamQuery(prefix: Array((request.prefix ?? "").utf8), limit: limit, cursor: request.cursor ?? 0, order: nil, isDescending: false)
        if let sort = request.sort {
            query.isDescending = sort.hasPrefix("-")
            guard let order = StreamOrder(rawValue: String(sort.drop { $0 == "-" })) else {
                return fail(address, "sort is \"\(sort.prefix(40))\"; there are \(StreamOrder.allCases.map(\.rawValue).joined(separator: ", ")), with - before them from the largest down")
            }
            guard query.cursor <= Self.largestSortedCursor else { return fail(address, "a sorted list ends at \(Self.largestSortedCursor) streams; ask for a prefix, or for no order") }
            query.order = order
        }
        ask(address, { .streams(query, $0) }) { page in StreamsReply(streams: page.streams.map(StreamReply.init), cursor: page.cursor) }
    }

    private func answerStream(_ address: [[UInt8]], _ request: ControlRequest) {
        guard let name = request.stream else { return fail(address, "stream needs \"stream\", a stream's name") }
        loop.post(.stream(Array(name.utf8)) { result in
            self.answer(address, result) { (status: StreamStatus?) throws(ControlRefusal) in
                guard let status else { throw ControlRefusal.notFound("there is no stream \"\(name)\"") }
                return SingleStreamReply(status)
            }
        })
    }

    private func reset(_ address: [[UInt8]], _ request: ControlRequest) {
        switch (request.stream, request.prefix) {
        case (let name?, nil):
            loop.post(.reset(Array(name.utf8)) { result in
                self.answer(address, result) { (isThere: Bool) throws(ControlRefusal) in
                    guard isThere else { throw ControlRefusal.notFound("there is no stream \"\(name)\"") }
                    return ResetReply(reset: 1)
                }
            })
        case (nil, let prefix?): ask(address, { .resetAll(prefix: Array(prefix.utf8), $0) }) { ResetReply(reset: $0) }
        default: fail(address, "reset needs either \"stream\", a stream's name, or \"prefix\", what the names of several begin with")
        }
    }

    private func checkpoint(_ address: [[UInt8]]) {
        loop.post(.checkpoint { result in
            self.answer(address, result) { (outcome: CheckpointOutcome?) throws(ControlRefusal) in
                switch outcome {
                case .stored(let summary): return CheckpointDone(streams: summary.slots)
                case .failed(let error): throw ControlRefusal("\(error)")
                case .replaced(let reason): throw ControlRefusal("\(reason); all states are stored anew")
                case nil: throw ControlRefusal("this skipd keeps no checkpoints: [state] directory is empty, streams' states live in memory only")
                }
            }
        })
    }

    private func answerReload(_ address: [[UInt8]]) {
        Task {
            switch await reload() {
            case .success(let outcome): self.answer(address, .success(outcome)) { ReloadReply(models: $0.models, routes: $0.routes, warnings: $0.warnings) }
            case .failure(let error): self.fail(address, "nothing was changed: " + error.problems.map(\.description).joined(separator: "; "))
            }
        }
    }

    /// Asks the loop and answers with its answer.
    func ask<Value: Sendable>(_ address: [[UInt8]], _ request: (@escaping LoopReply<Value>) -> LoopRequest, _ reply: @escaping @Sendable (Value) -> some Encodable & Sendable) {
        loop.post(request { self.answer(address, $0, reply) })
    }

    func answer<Value: Sendable>(_ address: [[UInt8]], _ result: Result<Value, LoopStopped>, _ reply: @escaping @Sendable (Value) throws(ControlRefusal) -> some Encodable & Sendable) {
        switch result {
        case .failure(let error): fail(address, "\(error)")
        case .success(let value):
            answer(Answer(address: address) {
                do throws(ControlRefusal) { return Self.encode(try reply(value)) } catch { return Self.encode(error.outcome) }
            })
        }
    }

    func fail(_ address: [[UInt8]], _ sentence: String) { answer(Answer(address: address) { Self.encode(ControlOutcome(error: sentence)) }) }

    private static func encode(_ reply: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A state that has overflowed may show up as a probability that is none.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard let data = try? encoder.encode(reply) else { return Array("{\"ok\":false,\"error\":\"the reply can't be encoded\"}".utf8) }
        return Array(data)
    }

    /// What is wrong with a request, in a sentence.
    private static func sentence(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .typeMismatch(_, let context) where !context.codingPath.isEmpty: "\"\(context.codingPath[0].stringValue)\" in the request is not of the type it should be"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty: "\"\(context.codingPath[0].stringValue)\" in the request is not a value it can have"
        case .keyNotFound(let key, _): "the request has no \"\(key.stringValue)\""
        default: "the request is not a JSON object such as {\"op\":\"status\"}"
        }
    }
}

/// Why a request that was understood is not carried out.
struct ControlRefusal: Error {
    let outcome: ControlOutcome

    init(_ sentence: String) { outcome = ControlOutcome(error: sentence) }

    private init(_ outcome: ControlOutcome) { self.outcome = outcome }

    /// Because what it names isn't there.
    static func notFound(_ sentence: String) -> ControlRefusal { ControlRefusal(ControlOutcome(error: sentence, found: false)) }
}
