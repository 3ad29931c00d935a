import Glibc

/// What the kernel says of this process, under the names that every Prometheus client uses.
struct ProcessStatus: Sendable {
    var cpuSeconds: Double?
    var residentBytes: Double?
    var openDescriptors: Double?
    var maximumDescriptors: Double?
    var startTime: Double?

    /// A status in which nothing is known.
    init() {}

    /// Reads `/proc/self`. What can't be read, in a sandbox say, is nil.
    static func now() -> ProcessStatus {
        var status = ProcessStatus()
        var used = timespec()
        if clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0 { status.cpuSeconds = Double(used.tv_sec) + Double(used.tv_nsec) / 1e9 }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 { status.maximumDescriptors = Double(limit.rlim_cur) }
        if let statm = read("/proc/self/statm"), let pages = field(statm, 1) { status.residentBytes = pages * Double(sysconf(CInt(_SC_PAGESIZE))) }
        // The command's name, in brackets, may contain spaces: the fields are counted from behind it. 20: start, in clock ticks since boot.
        if let stat = read("/proc/self/stat"), let bracket = stat.lastIndex(of: ")"), let ticks = field(stat[bracket...], 20) {
            var (real, boot) = (timespec(), timespec())
            clock_gettime(CLOCK_REALTIME, &real)
            clock_gettime(CLOCK_BOOTTIME, &boot)
            status.startTime = Double(real.tv_sec - boot.tv_sec) + ticks / Double(sysconf(CInt(_SC_CLK_TCK)))
        }
        if let folder = opendir("/proc/self/fd") {
            // Without ".", ".." and the descriptor that reads the folder.
            var entries = -3.0
            while readdir(folder) != nil { entries += 1 }
            closedir(folder)
            status.openDescriptors = entries
        }
        return status
    }

    private static func field(_ text: some StringProtocol, _ index: Int) -> Double? {
        let fields = text.split(separator: " ")
        return index < fields.count ? Double(fields[index]) : nil
    }

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
