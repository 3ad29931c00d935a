// skipd-fuzz: libFuzzer on whatever reads what others wrote. FUZZ_TARGET says what is fed; `fuzz.sh` runs one after the other.
//
// A target may do anything but trap, hang, leak, grow without bound or touch memory that isn't its own.
import CLibFuzzer
import Glibc

private let targets: KeyValuePairs<String, @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt> = [
    "messages": { fuzzMessages(UnsafeRawBufferPointer(start: $0, count: $1)) },
    "json": { fuzzJSON(UnsafeRawBufferPointer(start: $0, count: $1)) },
    "record": { fuzzRecord(UnsafeRawBufferPointer(start: $0, count: $1)) },
    "store": { fuzzStore(UnsafeRawBufferPointer(start: $0, count: $1)) },
    "control": { fuzzControl(UnsafeRawBufferPointer(start: $0, count: $1)) },
    "model": { fuzzModel(UnsafeRawBufferPointer(start: $0, count: $1)) },
    "recordings": { fuzzRecordings(UnsafeRawBufferPointer(start: $0, count: $1)) },
    "configuration": { fuzzConfiguration(UnsafeRawBufferPointer(start: $0, count: $1)) },
    "keys": { fuzzKeys(UnsafeRawBufferPointer(start: $0, count: $1)) },
]

let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
guard let target = targets.first(where: { $0.key == name })?.value else {
    let text = "FUZZ_TARGET is \"\(name)\"; there are \(targets.map(\.key).joined(separator: " "))\n"
    write(STDERR_FILENO, text, text.utf8.count)
    exit(64)
}
var (count, arguments) = (CommandLine.argc, Optional(CommandLine.unsafeArgv))
exit(LLVMFuzzerRunDriver(&count, &arguments, target))
