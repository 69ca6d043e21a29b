import JSON
import OCPP

extension CallError {
    /// The answer to a payload that could not be read. J §4.2.3 leaves room; this is the mapping:
    ///
    /// | Payload | Code |
    /// |---|---|
    /// | unknown member, and anything but an object (`MessageCodec`), null included | FormationViolation |
    /// | required member missing | ProtocolError ("incomplete") |
    /// | list too short | OccurenceConstraintViolation |
    /// | wrong JSON type, null for a required member | TypeConstraintViolation |
    /// | too long, outside the enumeration or range, no date | PropertyConstraintViolation (E §3.24, §3.38) |
    ///
    /// `namesUnknown` tells whether a member that OCPP does not know is named.
    init(payload error: DecodingError, namesUnknown: Bool = true) {
        let code: CallErrorCode
        switch error {
        case .keyNotFound: code = .protocolError
        case .typeMismatch, .valueNotFound: code = .typeConstraintViolation
        case .dataCorrupted(let context): code = Self.code(of: context.underlyingError)
        @unknown default: code = .genericError
        }
        let (path, problem) = JSON.describe(error: error)
        let isNamed = namesUnknown || code != .formationViolation
        self.init(code: code, errorDescription: Self.sentence(isNamed ? path : "", problem))
    }

    private static func code(of cause: (any Error)?) -> CallErrorCode {
        switch cause {
        case is UnknownKeyError: .formationViolation
        case ConstraintViolation.occurrence?: .occurenceConstraintViolation
        default: .propertyConstraintViolation
        }
    }

    /// Where and what, in printable ASCII, without the offending value: it may be an identifier or a password.
    private static func sentence(_ path: String, _ problem: String) -> String {
        let words = Array(problem.utf8)
        let marker = Array(", found".utf8)
        let end = words.indices.first { words[$0...].starts(with: marker) } ?? words.endIndex
        let what = String(decoding: words[..<end], as: UTF8.self)
        return CiString255(fitting: path.isEmpty ? what : "\(path): \(what)").text
    }
}
