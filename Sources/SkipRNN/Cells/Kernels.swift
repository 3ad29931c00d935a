import CSkipKernels

/// One variant of the C kernels, with its functions unwrapped once.
public struct Kernels: @unchecked Sendable, CustomStringConvertible { // a constant table of C functions that share nothing
    /// "scalar", "sse2", "avx2", "avx512" or "neon". A state is bit-reproducible within one variant only.
    public let name: String
    public var description: String { name }
    let matvec: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, Int, Int, UnsafePointer<Float>?, Int, UnsafeMutablePointer<Float>?, Int, Int) -> Void
    let sigmoid: @convention(c) (UnsafeMutablePointer<Float>?, Int) -> Void
    let tanh: @convention(c) (UnsafeMutablePointer<Float>?, Int) -> Void
    let multiply: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void
    let multiplyAdd: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void
    let gruBlend: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void
    let lstmBlend: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void
    let dot: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, Int) -> Float
    let gru: @convention(c) (UnsafePointer<skip_gru>?, UnsafePointer<UnsafeMutablePointer<Float>?>?, Int, Int, UnsafeMutablePointer<Float>?, Int, UnsafeMutablePointer<Float>?, Int) -> Void

    private init(_ table: UnsafePointer<skip_kernels>) {
        let table = table.pointee
        name = String(cString: table.name)
        // Every variant fills the whole table; a gap is a mistake in it.
        guard let matvec = table.matvec, let sigmoid = table.sigmoid, let tanh = table.tanh, let multiply = table.multiply,
              let multiplyAdd = table.multiply_add, let gruBlend = table.gru_blend, let lstmBlend = table.lstm_blend, let dot = table.dot, let gru = table.gru
        else { preconditionFailure("a kernel variant lacks a function") }
        self.matvec = matvec
        self.sigmoid = sigmoid
        self.tanh = tanh
        self.multiply = multiply
        self.multiplyAdd = multiplyAdd
        self.gruBlend = gruBlend
        self.lstmBlend = lstmBlend
        self.dot = dot
        self.gru = gru
    }

    /// The fastest variant this machine can run.
    public static let best = Kernels(skip_kernels_best())

    /// Every variant this machine can run, slowest first.
    public static var all: [Kernels] {
        var variants: [Kernels] = []
        while let table = skip_kernels_at(variants.count) { variants.append(Kernels(table)) }
        return variants
    }
}
