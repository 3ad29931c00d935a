import SkipStream
import Testing

@Suite("Times as text")
struct TimestampTests {
    private func text(_ nanoseconds: Int64) -> String {
        var bytes: [UInt8] = []
        bytes.append(timestamp: nanoseconds)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("known times", arguments: [
        (0, "1970-01-01T00:00:00.000000000Z"), (1, "1970-01-01T00:00:00.000000001Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"), (1_709_251_199_999_999_999, "2024-02-29T23:59:59.999999999Z"),
        (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"), (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999999999Z"),
        (1_795_388_400_123_456_789, "2026-11-22T23:00:00.123456789Z"), (-2_203_891_200_000_000_000, "1900-03-01T00:00:00.000000000Z"),
        (.max, "2262-04-11T23:47:16.854775807Z"), (.min, "1677-09-21T00:12:43.145224192Z"),
    ] as [(Int64, String)])
    func known(nanoseconds: Int64, expected: String) { #expect(text(nanoseconds) == expected) }

    @Test("every day that 64 bits hold is the C library's")
    func everyDay() {
        for day in -106_751...106_751 { #expect(text(Int64(day) * 86_400_000_000_000 + 3_661_000_000_007) == rfc3339(Int64(day) * 86_400_000_000_000 + 3_661_000_000_007)) }
    }
}
