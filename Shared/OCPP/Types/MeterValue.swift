public import Primitives

/// What was measured at one moment. OCPP 1.6 §7.33.
public struct MeterValue: Codable, Equatable, Sendable {
    /// The moment.
    public var timestamp: Timestamp
    /// The readings.
    public var sampledValue: OneOrMore<SampledValue>

    /// Takes the fields as they are.
    public init(timestamp: Timestamp, sampledValue: OneOrMore<SampledValue>) {
        self.timestamp = timestamp
        self.sampledValue = sampledValue
    }
}
