/// `simulation`: the world in front of simulated devices.
public struct SimulationSection: Decodable, Equatable, Sendable {
    /// How much faster than time the simulated meter counts: 1…10000, default 1.
    public var energyTimeScale: Int
    /// Whether meter registers and plugged EVs survive a restart, as they do in reality. Default: yes.
    public var persistState: Bool
    /// Whether the simulated board is as dirty as a bad site: voltages that waver, readings that come late, twice or not at all. Default: yes.
    /// No is the clean board of a laboratory, for measuring.
    public var noise: Bool
    /// Phase to neutral: 100…400, default 230.
    public var voltageVolts: Int
    /// Measurands of OCPP 1.6 §7.31 that the simulated meter gives beyond those of every meter, at most 22. Default: those of a usual meter.
    public var measurands: [String]?

    init() {
        energyTimeScale = 1
        persistState = true
        noise = true
        voltageVolts = 230
    }

    private enum CodingKeys: String, CodingKey { case energyTimeScale, persistState, noise, voltageVolts, measurands }

    /// - Throws: `DecodingError` with the path and the range.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, keyedBy: CodingKeys.self)
        energyTimeScale = try fields.integer(.energyTimeScale, 1...10_000, default: 1)
        persistState = try fields.bool(.persistState, default: true)
        noise = try fields.bool(.noise, default: true)
        voltageVolts = try fields.integer(.voltageVolts, 100...400, default: 230)
        measurands = try fields.optionalValue(.measurands, as: [String].self)
        if let count = measurands?.count, count > 22 {
            throw fields.failure(.measurands, "expected at most 22, found \(count)")
        }
    }
}
