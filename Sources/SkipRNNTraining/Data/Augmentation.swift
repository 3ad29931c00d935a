import Glibc

/// What is done to a training sequence so that a model doesn't learn one device, wrist or person by heart.
public struct Augmentation: Sendable, Equatable {
    /// The largest angle, in degrees, by which each triple of channels (x, y, z) is turned about a random axis; all
    /// triples of a sequence alike, as a device that sits askew. The default is 0.
    public var rotation = 0.0
    /// The largest relative change of a sequence's amplitude. The default is 0.
    public var scale = 0.0
    /// Standard deviation of noise added to every value, in standard deviations of its channel. The default is 0.
    public var noise = 0.0
    /// The largest relative change of speed. The default is 0.
    public var speed = 0.0
    /// Channels that change their sign together in half of the sequences: the mirror image, as the other wrist gives it. At a
    /// plane across x an acceleration changes its x and a rotation rate, an axial vector, its y and z. The default is none.
    public var mirrored: [Int] = []
    /// The largest share of a sequence that is left off at its end, so that its length is not to be known. The default is 0.
    public var crop = 0.0
    /// The largest stretch. Half of the sequences have none; the others' is log-uniform from 1 up to it, so that a model
    /// bears being stretched later. The default is 1.
    public var stretch = 1.0
    /// Whether a window begins at a random place near its own instead of exactly there. The default is false.
    public var shifts = false

    public init() {}

    /// A rotation matrix (3, 3), row-major, about a random axis by at most `rotation` degrees.
    func rotationMatrix(_ random: inout SeededRandom) -> [Float] {
        var axis = [random.normal(), random.normal(), random.normal()]
        let length = max(axis.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
        axis = axis.map { $0 / length }
        let angle = random.uniform(-rotation, rotation) * Double.pi / 180
        let (s, c) = (sin(angle), cos(angle))
        let (x, y, z) = (axis[0], axis[1], axis[2])
        return [
            c + x * x * (1 - c), x * y * (1 - c) - z * s, x * z * (1 - c) + y * s,
            y * x * (1 - c) + z * s, c + y * y * (1 - c), y * z * (1 - c) - x * s,
            z * x * (1 - c) - y * s, z * y * (1 - c) + x * s, c + z * z * (1 - c),
        ].map { Float($0) }
    }
}
