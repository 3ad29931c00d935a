extension Duration {
    /// Whole milliseconds as libzmq's options and polls want them: rounded up, so that a short wait isn't none at all, and within a C int.
    var clampedMilliseconds: CInt {
        let (seconds, attoseconds) = components
        guard seconds < 2_000_000 else { return 2_000_000_000 }
        guard seconds > -1 else { return 0 }
        let milliseconds = seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return CInt(max(0, milliseconds))
    }
}
