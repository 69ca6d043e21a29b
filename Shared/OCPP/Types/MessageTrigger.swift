/// What TriggerMessage asks for. OCPP 1.6 §7.32.
///
/// The only open enumeration: §5.17 has an unknown value answered with the status NotImplemented, not with a CALLERROR.
public enum MessageTrigger: Equatable, Sendable {
    case bootNotification
    case diagnosticsStatusNotification
    case firmwareStatusNotification
    case heartbeat
    case meterValues
    case statusNotification
    /// Anything else, as it was spelled.
    case unknown(String)

    /// All that the specification knows.
    public static let known: [MessageTrigger] = [
        .bootNotification, .diagnosticsStatusNotification, .firmwareStatusNotification, .heartbeat, .meterValues,
        .statusNotification,
    ]

    /// The spelling on the wire.
    public var rawValue: String {
        switch self {
        case .bootNotification: "BootNotification"
        case .diagnosticsStatusNotification: "DiagnosticsStatusNotification"
        case .firmwareStatusNotification: "FirmwareStatusNotification"
        case .heartbeat: "Heartbeat"
        case .meterValues: "MeterValues"
        case .statusNotification: "StatusNotification"
        case .unknown(let text): text
        }
    }

    /// Any text; unknown ones are kept.
    public init(rawValue: String) {
        self = Self.known.first { $0.rawValue == rawValue } ?? .unknown(rawValue)
    }
}

extension MessageTrigger: Codable {
    /// Reads any text.
    public init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the spelling of the specification.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
