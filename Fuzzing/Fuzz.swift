import Glibc

/// libFuzzer's entry: it calls this with inputs that it makes up from what they cover.
///
/// `FUZZ_TARGET` says what is fed. A target may do anything but trap, hang, grow without bound or touch memory that isn't its own.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: CInt) -> CInt {
    target(UnsafeRawBufferPointer(start: data, count: Int(size)))
    return 0
}

private let target: @Sendable (UnsafeRawBufferPointer) -> Void = {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    switch name {
    case "messages": return fuzzMessages
    case "json": return fuzzJSON
    case "model": return fuzzModel
    case "recordings": return fuzzRecordings
    case "configuration": return fuzzConfiguration
    case "control": return fuzzControl
    case "record": return fuzzRecord
    default:
        fputs("FUZZ_TARGET is \"\(name)\"; there are messages, json, model, recordings, configuration, control, record\n", stderr)
        exit(64)
    }
}()
