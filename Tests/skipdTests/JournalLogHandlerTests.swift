import Logging
import Testing
import skipd

@Suite struct JournalLogHandlerTests {
    private func event(_ level: Logger.Level, _ text: String) -> LogEvent {
        LogEvent(level: level, message: "\(text)", metadata: nil, source: "test", file: #file, function: #function, line: #line)
    }

    @Test("under systemd a line has syslog's priority and no time")
    func priorities() {
        let expected: [(Logger.Level, String)] = [(.critical, "<2>"), (.error, "<3>"), (.warning, "<4>"), (.notice, "<5>"), (.info, "<6>"), (.debug, "<7>"), (.trace, "<7>")]
        for (level, prefix) in expected { #expect(JournalLogHandler.lines(event(level, "text"), metadata: [:], at: nil) == "\(prefix)text\n") }
    }

    @Test("elsewhere a line has time and level")
    func time() {
        #expect(JournalLogHandler.lines(event(.warning, "text"), metadata: ["b": "2", "a": "1"], at: 1_795_000_000_123_456_789) == "2026-11-18T11:06:40.123Z warning: text a=1 b=2\n")
    }

    @Test("each line of a text has the priority, since journald takes every line by itself")
    func lines() {
        #expect(JournalLogHandler.lines(event(.error, "one\ntwo"), metadata: [:], at: nil) == "<3>one\n<3>two\n")
    }
}

@Suite struct SystemdNotifierTests {
    @Test("the watchdog's interval is that of this process, and of no other")
    func interval() {
        #expect(SystemdNotifier.watchdogInterval(usec: "30000000", pid: nil) == .seconds(30))
        #expect(SystemdNotifier.watchdogInterval(usec: "30000000", pid: "1") == nil)
        #expect(SystemdNotifier.watchdogInterval(usec: nil, pid: nil) == nil)
        #expect(SystemdNotifier.watchdogInterval(usec: "0", pid: nil) == nil)
        #expect(SystemdNotifier.watchdogInterval(usec: "soon", pid: nil) == nil)
    }

    @Test("without a socket, or with an address that is none, there is nobody to tell")
    func inactive() {
        #expect(!SystemdNotifier(address: nil).isActive)
        #expect(!SystemdNotifier(address: "").isActive)
        #expect(!SystemdNotifier(address: "relative").isActive)
        #expect(SystemdNotifier(address: "/run/systemd/notify").isActive)
    }
}
