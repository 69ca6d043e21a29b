/// One element of `connectors`: a connector and its devices.
public struct ConnectorSection: Decodable, Equatable, Sendable {
    public enum Cable: String, CaseIterable, Sendable {
        /// Permanently attached.
        case fixed
        case socket
    }

    /// What happens to a running charge when the gateway does not renew its permit.
    public struct PermitLoss: Decodable, Equatable, Sendable {
        public enum Action: String, CaseIterable, Sendable {
            /// No lease, no energy.
            case open
            /// A running charge goes on for `graceSeconds`; nothing new begins.
            case `continue`
        }

        public var action: Action
        /// 1…86400, default 3600; 0 and not allowed with `open`.
        public var graceSeconds: Int

        /// The contactor opens at once.
        public static let standard = PermitLoss(action: .open, graceSeconds: 0)

        init(action: Action, graceSeconds: Int) {
            self.action = action
            self.graceSeconds = graceSeconds
        }

        private enum CodingKeys: String, CodingKey { case action, graceSeconds }

        /// - Throws: `DecodingError` with the path and what was expected.
        public init(from decoder: any Decoder) throws {
            let fields = try Fields(decoder, keyedBy: CodingKeys.self)
            action = try fields.choice(.action)
            switch action {
            case .open:
                graceSeconds = 0
                guard try fields.optionalValue(.graceSeconds, as: Int.self) == nil else {
                    throw fields.failure(.graceSeconds, "goes with \"action\": \"continue\" only")
                }
            case .continue:
                graceSeconds = try fields.integer(.graceSeconds, 1...86_400, default: 3600)
            }
        }
    }

    /// Required, 1…n over all connectors (OCPP 1.6 §3.8).
    public var id: Int
    /// Required.
    public var cable: Cable
    /// Required: 6…80. The least that installation, contactor and fixed cable can take, per phase. Below 6 A a pilot can offer
    /// nothing (IEC 61851-1 table A.7).
    public var maximumCurrentAmps: Int
    /// Required: 1 or 3.
    public var phases: Int
    /// Required: who drives the control pilot.
    public var pilot: DriverChoice
    /// Required.
    public var contactor: DriverChoice
    /// Required.
    public var meter: DriverChoice
    /// Of the cable in its socket; nil for `"none"`, the default.
    public var lock: DriverChoice?
    /// Default: the contactor opens at once.
    public var onPermitLost: PermitLoss
    /// Whether an EV that asks for ventilation (state D) may charge here. Default: no.
    public var allowVentilation: Bool
    /// How long a charge goes on while its meter does not answer: 0…3600, default 60. 0 where the meter bills by law.
    public var meterLossGraceSeconds: Int
    /// Least time between two closings of the contactor: 1…300, default 5.
    public var contactorRestSeconds: Int

    /// Every device of the connector.
    public var drivers: [DriverChoice] { [pilot, contactor, meter] + (lock.map { [$0] } ?? []) }

    private enum CodingKeys: String, CodingKey {
        case id, cable, maximumCurrentAmps, phases, pilot, contactor, meter, lock, onPermitLost, allowVentilation
        case meterLossGraceSeconds, contactorRestSeconds
    }

    /// - Throws: `DecodingError` with the path and what was expected.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, keyedBy: CodingKeys.self)
        id = try fields.integer(.id, 1...SiteFile.maximumDevices)
        cable = try fields.choice(.cable)
        maximumCurrentAmps = try fields.integer(.maximumCurrentAmps, 6...80)
        phases = try fields.integer(.phases, 1...3)
        guard phases != 2 else { throw fields.failure(.phases, "expected 1 or 3, found 2") }
        pilot = try fields.value(.pilot, as: DriverChoice.self)
        contactor = try fields.value(.contactor, as: DriverChoice.self)
        meter = try fields.value(.meter, as: DriverChoice.self)
        let lock = try fields.optionalValue(.lock, as: DriverChoice.self)
        self.lock = lock?.driver == "none" ? nil : lock
        onPermitLost = try fields.optionalValue(.onPermitLost, as: PermitLoss.self) ?? .standard
        allowVentilation = try fields.bool(.allowVentilation, default: false)
        meterLossGraceSeconds = try fields.integer(.meterLossGraceSeconds, 0...3600, default: 60)
        contactorRestSeconds = try fields.integer(.contactorRestSeconds, 1...300, default: 5)
    }
}
