import CSkipKernels

/// One variant of the C kernels: a table of functions, of which a caller loads the one that it calls.
public struct Kernels: @unchecked Sendable, CustomStringConvertible { // a constant table of C functions that share nothing
    private let table: UnsafePointer<skip_kernels>

    private init(_ table: UnsafePointer<skip_kernels>) {
        let functions = table.pointee
        // Every variant fills the whole table, so that no caller has to look; a gap is a mistake in it.
        precondition(
            functions.matvec != nil && functions.sigmoid != nil && functions.tanh != nil && functions.multiply != nil && functions.multiply_add != nil
                && functions.gru_blend != nil && functions.lstm_blend != nil && functions.dot != nil && functions.gru != nil,
            "a kernel variant lacks a function")
        self.table = table
    }

    /// "scalar", "sse2", "avx2", "avx512" or "neon". A state is bit-reproducible within one variant only.
    public var name: String { String(cString: table.pointee.name) }
    public var description: String { name }

    var matvec: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, Int, Int, UnsafePointer<Float>?, Int, UnsafeMutablePointer<Float>?, Int, Int) -> Void {
        table.pointee.matvec.unsafelyUnwrapped
    }
    var sigmoid: @convention(c) (UnsafeMutablePointer<Float>?, Int) -> Void { table.pointee.sigmoid.unsafelyUnwrapped }
    var tanh: @convention(c) (UnsafeMutablePointer<Float>?, Int) -> Void { table.pointee.tanh.unsafelyUnwrapped }
    var multiply: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void { table.pointee.multiply.unsafelyUnwrapped }
    var multiplyAdd: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void {
        table.pointee.multiply_add.unsafelyUnwrapped
    }
    var gruBlend: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void { table.pointee.gru_blend.unsafelyUnwrapped }
    var lstmBlend: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void {
        table.pointee.lstm_blend.unsafelyUnwrapped
    }
    var dot: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, Int) -> Float { table.pointee.dot.unsafelyUnwrapped }
    var gru: @convention(c) (
        UnsafePointer<skip_gru>?, Int, UnsafePointer<UnsafeMutablePointer<Float>?>?, Int, UnsafeMutablePointer<Float>?, Int, UnsafeMutablePointer<Float>?, Int,
        UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
    ) -> Void { table.pointee.gru.unsafelyUnwrapped }

    /// The fastest variant this machine can run.
    public static let best = Kernels(skip_kernels_best())

    /// Every variant this machine can run, slowest first.
    public static var all: [Kernels] {
        var variants: [Kernels] = []
        while let table = skip_kernels_at(variants.count) { variants.append(Kernels(table)) }
        return variants
    }
}
