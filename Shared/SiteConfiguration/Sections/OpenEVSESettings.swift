internal import Primitives

/// Of a controller that speaks RAPI.
public struct OpenEVSESettings: DriverSettings {
    public var line: SerialLineSettings
    /// 2…300.
    public var heartbeatSeconds: Int
    /// 0…80.
    public var fallbackAmps: Int

    public init(_ fields: Fields) {
        line = SerialLineSettings(fields, standard: LineSettings(baud: 115_200))
        heartbeatSeconds = fields.integer(
            "heartbeatSeconds",
            2...300,
            default: 10,
            unit: "s",
            "How long the controller goes on by itself when this service is silent; then it falls back. It wears its memory when this changes."
        )
        fallbackAmps = fields.integer(
            "fallbackAmps",
            0...80,
            default: 0,
            unit: "A",
            "What it offers then, and no more than maximumCurrentAmps; 0 opens. The firmware of OpenEVSE itself offers no less than 6 A."
        )
    }

    public var claims: [DriverClaim] { [line.claim(of: "rapi", address: nil)] }
}
