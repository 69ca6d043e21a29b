/// `mainMeter`: the meter between the grid and all connectors (OCPP 1.6 §4.7).
public struct MainMeterSection: Decodable, Equatable, Sendable {
    /// Required.
    public var meter: DriverChoice
    /// Required: 6…2000, per phase.
    public var maximumCurrentAmps: Int
    /// Required: 1 or 3.
    public var phases: Int

    private enum CodingKeys: String, CodingKey { case meter, maximumCurrentAmps, phases }

    /// - Throws: `DecodingError` with the path and what was expected.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, keyedBy: CodingKeys.self)
        meter = try fields.value(.meter, as: DriverChoice.self)
        maximumCurrentAmps = try fields.integer(.maximumCurrentAmps, 6...2000)
        phases = try fields.integer(.phases, 1...3)
        guard phases != 2 else { throw fields.failure(.phases, "expected 1 or 3, found 2") }
    }
}
