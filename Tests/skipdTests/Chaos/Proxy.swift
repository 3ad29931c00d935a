import Foundation
import Synchronization
import TestSupport

/// A bad network between devices and skipd: it passes bytes on in pieces and late, cuts connections, and lets some fall silent without a word.
final class Proxy: @unchecked Sendable { // Its own thread alone touches what is not locked.
    let port: UInt16
    private let listener: Int32
    private let upstream: UInt16
    private var links: [Link] = []
    private var generator: SplitMix
    private let state = Mutex(Tally())
    private let ended = DispatchSemaphore(value: 0)

    /// What has happened so far.
    struct Tally {
        var links = 0
        var cuts = 0
        var silences = 0
        /// Silent links that skipd gave up.
        var givenUp = 0
        var stops = false
    }

    var tally: Tally { state.withLock { $0 } }

    private enum Fate { case none, cut, silence }

    private struct Direction {
        let from: Int32
        let to: Int32
        var bytes: [UInt8] = []
        /// When the bytes go on.
        var due = ContinuousClock.now
    }

    private struct Link {
        var directions: [Direction]
        var fate: Fate
        let fateTime: ContinuousClock.Instant
        var isSilent = false
        var isOver = false
        var device: Int32 { directions[0].from }
        var daemon: Int32 { directions[0].to }
    }

    init(to upstream: UInt16, seed: UInt64) throws {
        self.upstream = upstream
        generator = SplitMix(seed: seed)
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        listener = file
        var address = Self.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, length) | listen(file, 512) | getsockname(file, $0, &length)
            }
        }
        guard status == 0 else { throw TestFailure("the proxy can't listen") }
        port = UInt16(bigEndian: address.sin_port)
        _ = fcntl(file, F_SETFL, O_NONBLOCK)
        Thread.detachNewThread { self.run() }
    }

    /// Closes everything.
    func stop() {
        state.withLock { $0.stops = true }
        ended.wait()
    }

    static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// Connects to a port of this machine; −1 where nobody listens.
    static func connected(to port: UInt16) -> Int32 {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard status == 0 else {
            close(file)
            return -1
        }
        return file
    }

    private func run() {
        while !tally.stops {
            accept()
            for index in links.indices { advance(&links[index]) }
            for link in links where link.isOver { end(link) }
            links.removeAll(where: \.isOver)
            usleep(500)
        }
        for link in links { end(link) }
        close(listener)
        ended.signal()
    }

    private func accept() {
        while true {
            let device = Glibc.accept(listener, nil, nil)
            guard device >= 0 else { return }
            let daemon = Self.connected(to: upstream)
            guard daemon >= 0 else {
                close(device)
                continue
            }
            for file in [device, daemon] { _ = fcntl(file, F_SETFL, O_NONBLOCK) }
            let fate: Fate = [.none, .none, .cut, .cut, .silence][Int.random(in: 0..<5, using: &generator)]
            links.append(Link(
                directions: [Direction(from: device, to: daemon), Direction(from: daemon, to: device)], fate: fate,
                fateTime: .now + .milliseconds(Int.random(in: 20...1500, using: &generator))))
            state.withLock { $0.links += 1 }
        }
    }

    private func advance(_ link: inout Link) {
        if link.fate != .none, ContinuousClock.now >= link.fateTime {
            if link.fate == .cut { link.isOver = true } else { link.isSilent = true }
            state.withLock { if link.fate == .cut { $0.cuts += 1 } else { $0.silences += 1 } }
            link.fate = .none
        }
        if link.isSilent {
            // Nothing passes any more, and nobody is told. What skipd sends is read, so that its end is seen.
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(link.daemon, &bytes, bytes.count)
            if count == 0 || (count < 0 && errno != EAGAIN) {
                state.withLock { $0.givenUp += 1 }
                link.isOver = true
            }
            return
        }
        for index in 0..<2 where !link.isOver { if !pass(&link.directions[index]) { link.isOver = true } }
    }

    /// Passes on what is due, a piece of it.
    /// - Returns: false where either end is gone.
    private func pass(_ direction: inout Direction) -> Bool {
        if direction.bytes.isEmpty {
            var bytes = [UInt8](repeating: 0, count: 16_384)
            let count = read(direction.from, &bytes, bytes.count)
            if count == 0 || (count < 0 && errno != EAGAIN) { return false }
            guard count > 0 else { return true }
            direction.bytes = Array(bytes[..<count])
            direction.due = .now + .microseconds(Int.random(in: 0...20_000, using: &generator) * Int.random(in: 0...1, using: &generator))
        }
        guard ContinuousClock.now >= direction.due else { return true }
        let isWhole = Int.random(in: 0..<3, using: &generator) > 0
        let piece = isWhole ? direction.bytes.count : Int.random(in: 1...direction.bytes.count, using: &generator)
        let count = send(direction.to, direction.bytes, piece, Int32(MSG_NOSIGNAL))
        if count < 0 { return errno == EAGAIN }
        direction.bytes.removeFirst(count)
        return true
    }

    private func end(_ link: Link) {
        // Half of them with a reset in place of a farewell.
        if Bool.random(using: &generator) {
            var linger = linger(l_onoff: 1, l_linger: 0)
            for file in [link.device, link.daemon] { setsockopt(file, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger))) }
        }
        close(link.device)
        close(link.daemon)
    }
}
