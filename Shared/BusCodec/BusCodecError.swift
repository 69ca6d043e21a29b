/// Why a message cannot be written or read. One clear line for the log; none is a reason to stop.
public enum BusCodecError: Error, Equatable, Sendable, CustomStringConvertible {
    case headerTooLarge(bytes: Int)
    case payloadTooLarge(type: String, bytes: Int)
    case malformedHeader(problem: String)
    /// The envelope is of a version that this build cannot read; version 1 is.
    case unsupportedEnvelope(version: Int)
    /// `path` is empty for the payload as a whole.
    case malformedPayload(type: String, path: String, problem: String)
    /// The header's kind is not that of its registered type.
    case mismatchedKind(type: String, kind: String)
    /// Only numbers that JSON cannot say lead here.
    case unwritable(type: String, problem: String)

    public var description: String {
        switch self {
        case .headerTooLarge(let bytes): "header of \(bytes) bytes, too large"
        case .payloadTooLarge(let type, let bytes): "\(type): payload of \(bytes) bytes, too large"
        case .malformedHeader(let problem): "header: \(problem)"
        case .unsupportedEnvelope(let version): "header: v: expected 1, found \(version)"
        case .malformedPayload(let type, "", let problem): "\(type): \(problem)"
        case .malformedPayload(let type, let path, let problem): "\(type): \(path): \(problem)"
        case .mismatchedKind(let type, let kind): "header: kind: \(type) is no \(kind)"
        case .unwritable(let type, let problem): "\(type): cannot be written: \(problem)"
        }
    }
}
