// skipd-fuzz: libFuzzer on whatever reads what others wrote. FUZZ_TARGET says what is fed; `fuzz.sh` runs one after the other.
import CLibFuzzer
import FuzzTargets
import Glibc

/// What is fed. A C function has no context to have it from.
private enum Chosen {
    static let target: FuzzTarget = {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        if let target = FuzzTarget(rawValue: name) { return target }
        let text = "FUZZ_TARGET is \"\(name)\"; there are \(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))\n"
        write(STDERR_FILENO, text, text.utf8.count)
        exit(64)
    }()
}

var (count, arguments) = (CommandLine.argc, Optional(CommandLine.unsafeArgv))
exit(LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
    Chosen.target.feed(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
})
