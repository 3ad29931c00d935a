// Sample loops in one process, in the forms in which a second core could serve them; every stream runs through one made-up model, H = 110,
// and nobody wants results.
//
//     loops one|endpoints|spread|handed PERIOD ENDPOINT [ENDPOINT]
//
//     one        one loop
//     endpoints  two loops, each with its own endpoint
//     spread     one endpoint; its loop keeps the streams of one half of all hashes and hands the others' messages to a second thread
//     handed     one endpoint; its loop receives, a second thread does all the rest
import CTraffic
import Glibc
import Made
import SkipStream

/// A block of messages as they came, copied behind one another.
final class Block {
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: StreamProcessor.blockSize * Int(TRAFFIC_LARGEST), alignment: 64)
    let messages = UnsafeMutablePointer<IncomingMessage>.allocate(capacity: StreamProcessor.blockSize)
    private let sizes = UnsafeMutablePointer<Int>.allocate(capacity: StreamProcessor.blockSize)
    var count = 0

    /// Waits for a message and takes what else is there.
    func receive(from socket: UnsafeMutableRawPointer) {
        count = traffic_receive(socket, bytes, sizes, StreamProcessor.blockSize)
        for index in 0..<count {
            messages[index] = IncomingMessage(UnsafeRawBufferPointer(start: bytes + index * Int(TRAFFIC_LARGEST), count: sizes[index]), frameCount: 1)
        }
    }

    /// Copies a message of another block behind this one's.
    func append(_ message: IncomingMessage) {
        let place = bytes + count * Int(TRAFFIC_LARGEST)
        place.copyMemory(from: message.first.baseAddress!, byteCount: message.first.count)
        messages[count] = IncomingMessage(UnsafeRawBufferPointer(start: place, count: message.first.count), frameCount: 1)
        count += 1
    }

    func work(_ processor: inout StreamProcessor) {
        guard count > 0 else { return }
        processor.process(UnsafeBufferPointer(start: messages, count: count), arrival: 1)
    }
}

/// Blocks on their way from one thread to another, in order: a bounded queue whose ends only wait for each other when it is empty or full.
final class Ring: @unchecked Sendable { // a slot belongs to one thread at a time, as the semaphores say
    private let blocks = (0..<16).map { _ in Block() }
    private let free = UnsafeMutablePointer<sem_t>.allocate(capacity: 1), filled = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    private var (first, last) = (0, 0)

    init() {
        sem_init(free, 0, UInt32(blocks.count))
        sem_init(filled, 0, 0)
    }

    func send(_ fill: (Block) -> Void) {
        while sem_wait(free) != 0 {}
        fill(blocks[last % blocks.count])
        last += 1
        sem_post(filled)
    }

    func receive(_ use: (Block) -> Void) {
        while sem_wait(filled) != 0 {}
        use(blocks[first % blocks.count])
        first += 1
        sem_post(free)
    }
}

func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(&thread, nil, { Unmanaged<Box>.fromOpaque($0!).takeRetainedValue().body(); return nil }, Unmanaged.passRetained(Box(body)).toOpaque())
}

func processor(_ period: Int) -> StreamProcessor {
    guard let processor = try? StreamProcessor.made(hidden: 110, period: period) else { fatalError("the made-up model is wrong") }
    return processor
}

/// A loop with its own endpoint.
func serve(_ endpoint: String, period: Int) {
    let socket = traffic_subscriber("@" + endpoint)!, block = Block()
    var processor = processor(period)
    while true {
        block.receive(from: socket)
        block.work(&processor)
    }
}

/// A thread that works off what another one hands it.
func startWorker(_ ring: Ring, period: Int) {
    startThread {
        var processor = processor(period)
        while true { ring.receive { $0.work(&processor) } }
    }
}

/// Where a message's stream belongs: FNV-1a over its name.
func isHandedOn(_ message: IncomingMessage) -> Bool {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in message.first {
        guard byte != 0 else { break }
        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return (hash >> 33) & 1 == 1
}

let arguments = CommandLine.arguments
guard arguments.count >= 4, let period = Int(arguments[2]) else {
    print("usage: loops one|endpoints|spread|handed PERIOD ENDPOINT [ENDPOINT]")
    exit(64)
}
let endpoint = arguments[3]
switch arguments[1] {
case "endpoints":
    let second = arguments[4]
    startThread { serve(second, period: period) }
    serve(endpoint, period: period)
case "spread":
    let ring = Ring(), socket = traffic_subscriber("@" + endpoint)!, block = Block(), kept = Block()
    startWorker(ring, period: period)
    var own = processor(period)
    while true {
        block.receive(from: socket)
        kept.count = 0
        ring.send { handed in
            handed.count = 0
            for index in 0..<block.count {
                if isHandedOn(block.messages[index]) { handed.append(block.messages[index]) } else { kept.append(block.messages[index]) }
            }
        }
        kept.work(&own)
    }
case "handed":
    let ring = Ring(), socket = traffic_subscriber("@" + endpoint)!
    startWorker(ring, period: period)
    while true { ring.send { $0.receive(from: socket) } }
default:
    serve(endpoint, period: period)
}
