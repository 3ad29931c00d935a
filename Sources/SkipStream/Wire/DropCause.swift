/// Why a message could not be used. It is counted under exactly one cause and changes no stream.
public enum DropCause: String, Sendable, CaseIterable, Error {
    /// Frames, header or payload are not of the wire protocol.
    case malformed
    /// No route's pattern matches the stream's name.
    case unknownRoute = "unknown_route"
    /// The timesteps have another number of features than the model.
    case wrongFeatures = "wrong_features"
    /// The stream is new and there is no room for it.
    case overLimit = "over_limit"
    /// The device may not publish this stream.
    case denied
}
