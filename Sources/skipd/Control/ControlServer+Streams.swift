import FoundationEssentials
import SkipStream

// The dial, and streams that travel.

extension ControlServer {
    /// Records in a reply to `export`: a slice of the loop's time.
    private static let exportLimit = 256

    func stretch(_ address: [[UInt8]], _ request: ControlRequest) {
        let stretch = request.stretch
        guard stretch.map({ $0 >= 1 && $0.isFinite }) ?? true else { return fail(address, "stretch is \(stretch ?? 0), a number from 1 up was expected") }
        switch (request.route, request.stream) {
        case (let route?, nil):
            loop.post(.work({ (processor: inout StreamProcessor) -> RouteStatus? in
                guard processor.setStretch(stretch, ofRoute: route) else { return nil }
                return processor.routeStatuses.first { $0.match == route }
            }) { result in
                self.answer(address, result) { (status: RouteStatus?) throws(ControlRefusal) in
                    guard let status else { throw ControlRefusal.notFound("there is no route \"\(route)\"; routes are named by their match") }
                    return RoutesReply(routes: [RouteReply(status)])
                }
            })
        case (nil, let name?):
            loop.post(.work({ (processor: inout StreamProcessor) -> StreamStatus? in
                guard processor.setStretch(stretch, ofStream: Array(name.utf8)) else { return nil }
                return processor.stream(named: Array(name.utf8))
            }) { result in
                self.answer(address, result) { (status: StreamStatus?) throws(ControlRefusal) in
                    guard let status else { throw ControlRefusal.notFound("there is no stream \"\(name)\"") }
                    return SingleStreamReply(status)
                }
            })
        default: fail(address, "stretch needs either \"route\", a route's match, or \"stream\", a stream's name")
        }
    }

    func promote(_ address: [[UInt8]], _ request: ControlRequest) {
        guard let route = request.route else { return fail(address, "promote needs \"route\", a route's match") }
        loop.post(.work({ processor in
            let name = processor.promote(route: route)
            return name == nil ? nil : processor.routeStatuses.first { $0.match == route }
        }) { result in
            self.answer(address, result) { (status: RouteStatus?) throws(ControlRefusal) in
                guard let status else { throw ControlRefusal.notFound("there is no route \"\(route)\" with a shadow to promote") }
                return RoutesReply(routes: [RouteReply(status)])
            }
        })
    }

    func export(_ address: [[UInt8]], _ request: ControlRequest) {
        let (prefix, cursor) = (Array((request.prefix ?? "").utf8), UInt32(clamping: request.cursor ?? 0))
        loop.post(.work({ $0.export(prefix: prefix, from: cursor, limit: Self.exportLimit) }) { result in
            self.answer(address, result) { page in
                ExportReply(
                    streams: page.streams.map { TransferredStream(stream: $0.name, record: Data($0.record).base64EncodedString()) }, cursor: page.cursor.map(UInt64.init))
            }
        })
    }

    func takeOver(_ address: [[UInt8]], _ request: ControlRequest) {
        guard let texts = request.records else { return fail(address, "import needs \"records\", an array of what export gave") }
        guard texts.count <= Self.exportLimit else { return fail(address, "import takes at most \(Self.exportLimit) records at a time") }
        let records = texts.map { Data(base64Encoded: $0).map { [UInt8]($0) } ?? [] }
        let time = Time.sinceEpoch
        loop.post(.work({ processor in
            var reply = ImportReply(imported: 0, onOtherKernels: 0, refused: [])
            for record in records {
                let (name, outcome) = record.withUnsafeBytes { processor.importStream($0, at: time) }
                switch outcome {
                case .taken: reply.imported += 1
                case .takenOnOtherKernels:
                    reply.imported += 1
                    reply.onOtherKernels += 1
                case .refused(let reason): reply.refused.append(ImportReply.Refusal(stream: name, reason: reason))
                }
            }
            return reply
        }) { self.answer(address, $0) { $0 } })
    }
}
