/// The answer to a CALL that could not be processed. J §4.2.3.
public struct CallError: Error, Equatable, Sendable {
    public var code: CallErrorCode
    /// What went wrong, for people; empty when there is nothing to say.
    public var errorDescription: String
    /// The text of a JSON object; `{}` when there is nothing to say.
    public var details: String

    public init(code: CallErrorCode, errorDescription: String = "", details: String = "{}") {
        self.code = code
        self.errorDescription = errorDescription
        self.details = details
    }
}

/// The codes of a CALLERROR. J §4.2.3, table 7. Two are misspelt in the specification and stay so (JE §5.1, §5.2).
public enum CallErrorCode: String, CaseIterable, Sendable {
    /// The action is unknown.
    case notImplemented = "NotImplemented"
    /// The action is known, and this side does not serve it.
    case notSupported = "NotSupported"
    /// The receiver failed.
    case internalError = "InternalError"
    /// The payload is incomplete.
    case protocolError = "ProtocolError"
    case securityError = "SecurityError"
    /// The payload does not have the structure of the action.
    case formationViolation = "FormationViolation"
    /// A field has an invalid value.
    case propertyConstraintViolation = "PropertyConstraintViolation"
    /// A field occurs too rarely or too often.
    case occurenceConstraintViolation = "OccurenceConstraintViolation"
    /// A field has the wrong data type.
    case typeConstraintViolation = "TypeConstraintViolation"
    /// Nothing else fits.
    case genericError = "GenericError"

    /// Reads a code from the wire, in the corrected spelling too (JE §5.1, §5.2); nil when it is none.
    public init?(received text: String) {
        switch text {
        case "FormatViolation": self = .formationViolation
        case "OccurrenceConstraintViolation": self = .occurenceConstraintViolation
        default: self.init(rawValue: text)
        }
    }
}
