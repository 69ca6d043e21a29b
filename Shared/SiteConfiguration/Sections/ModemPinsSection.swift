/// The GPIO lines that hang on a modem. How long each is driven stands in the hardware manual of the module.
public struct ModemPinsSection: SiteReadable, Equatable, Sendable {
    /// The key that switches it on and off.
    public struct PowerKey: SiteReadable, Equatable, Sendable {
        /// Active: pressed.
        public var line: PinSettings
        public var onMilliseconds: Int
        public var offMilliseconds: Int
        public var portMeansOn: Bool

        public init(_ fields: Fields) {
            line = fields.optionalObject("line", required: true, "Active: the key is pressed.") ?? .absent
            onMilliseconds = fields.integer(
                "onMilliseconds",
                50...5000,
                default: 500,
                unit: "ms",
                "How long it is pressed to switch the modem on."
            )
            offMilliseconds = fields.integer(
                "offMilliseconds",
                50...10_000,
                default: 1500,
                unit: "ms",
                "How long it is pressed to switch off a modem that answers no command."
            )
            portMeansOn = fields.truth(
                "portMeansOn",
                default: true,
                "Whether the modem is on as long as its port is there, as on USB. A UART is always there."
            )
        }
    }

    /// The line that starts it anew.
    public struct Reset: SiteReadable, Equatable, Sendable {
        /// Active: held in reset.
        public var line: PinSettings
        public var milliseconds: Int

        public init(_ fields: Fields) {
            line = fields.optionalObject("line", required: true, "Active: the modem is held in reset.") ?? .absent
            milliseconds = fields.integer(
                "milliseconds",
                20...5000,
                default: 300,
                unit: "ms",
                "How long it is held there."
            )
        }
    }

    /// What cuts its supply, or the power of its USB port.
    public struct Supply: SiteReadable, Equatable, Sendable {
        /// Active: cut.
        public var line: PinSettings
        public var seconds: Int

        public init(_ fields: Fields) {
            line =
                fields.optionalObject(
                    "line",
                    required: true,
                    "Active: the supply is cut. The board must supply the modem where nobody drives the line."
                ) ?? .absent
            seconds = fields.integer(
                "seconds",
                1...120,
                default: 10,
                unit: "s",
                "How long it is cut: capacitors must be empty."
            )
        }
    }

    public var powerKey: PowerKey?
    public var reset: Reset?
    public var supply: Supply?
    /// Active: the second slot is in use.
    public var simSelect: PinSettings?

    public init(_ fields: Fields) {
        powerKey = fields.optionalObject("powerKey", "Its power key.")
        reset = fields.optionalObject("reset", "Its reset line, which is used before the power key.")
        supply = fields.optionalObject("supply", "What cuts its supply, or the power of its USB port.")
        simSelect = fields.optionalObject(
            "simSelect",
            "What switches between two slots of SIMs. Active: the second one. Default: the modem does it by command."
        )
    }

    /// None of them.
    init() {}

    var all: [PinSettings] { [powerKey?.line, reset?.line, supply?.line, simSelect].compactMap { $0 } }
}

/// A second SIM, which is used while the first one is of no use.
public struct SecondSIMSection: SiteReadable, Equatable, Sendable {
    /// Where its PIN stands, in a file that only the service can read.
    public var pinFile: String?
    /// When the first one is tried again; nil for never.
    public var returnHours: Int?

    public init(_ fields: Fields) {
        pinFile = fields.optionalText("pinFile", 1...200, "File with its PIN, which only modem-manager can read.")
        returnHours = fields.optionalInteger(
            "returnHours",
            1...720,
            unit: "h",
            "When the first SIM is tried again. Default: once the second one is of no use."
        )
    }
}
