/// A weight matrix (outputs, inputs) in panels of 16 outputs, as `Kernels.product` reads it; outputs padded with zeros.
final class PackedWeights: Sendable {
    /// A multiple of 16.
    let outputs: Int
    let inputs: Int
    let buffer: FloatBuffer

    init(outputs: Int, inputs: Int) {
        self.outputs = Kernels.padded(outputs)
        self.inputs = inputs
        buffer = FloatBuffer(self.outputs * inputs)
    }

    /// Takes over the element (output, input) of every place.
    @inline(__always)
    func fill(_ element: (_ output: Int, _ input: Int) -> Float) {
        var place = buffer.start
        for block in stride(from: 0, to: outputs, by: Kernels.rows) {
            for input in 0..<inputs {
                for row in 0..<Kernels.rows {
                    place[row] = element(block + row, input)
                }
                place += Kernels.rows
            }
        }
    }
}
