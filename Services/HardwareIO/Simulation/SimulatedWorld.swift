import BusSchema

/// What outlives the process that simulates it, as real things do: the car stays plugged, the meter keeps its register.
public struct SimulatedWorld: Codable, Equatable, Sendable {
    public var connectors: [Place]
    /// Readers that are broken.
    public var brokenReaderIds: [Int]

    /// A fresh world: nothing plugged, everything sound.
    public init(connectors: [Place] = [], brokenReaderIds: [Int] = []) {
        self.connectors = connectors
        self.brokenReaderIds = brokenReaderIds
    }

    /// One connector and what is in front of it.
    public struct Place: Codable, Equatable, Sendable {
        public var connectorId: Int
        public var vehicle: Vehicle?
        /// Sockets: whether a cable's plug is in it.
        public var cableInSocket = false
        /// Sockets with a lock: where its bolt is.
        public var locked = false
        /// How many phases lead to the contactor where a phase contactor switches them; nil before it was moved.
        public var phases: Int?
        /// The meter's register, microwatt-seconds (mW x ms), so that integration loses nothing.
        public var registerMicrowattSeconds: Int64
        public var broken = Broken()

        public init(connectorId: Int, registerMicrowattSeconds: Int64) {
            self.connectorId = connectorId
            self.registerMicrowattSeconds = registerMicrowattSeconds
        }
    }

    /// An EV.
    public struct Vehicle: Codable, Equatable, Sendable {
        /// Whether it wants energy at all.
        public var ready: Bool
        /// The highest current it takes per phase, mA.
        public var currentMilliamps: Int
        /// What its battery still takes, microwatt-seconds.
        public var missingMicrowattSeconds: Int64
        /// A current it draws whatever is offered, per phase, mA.
        public var stubbornMilliamps: Int?
    }

    /// What does not work.
    public struct Broken: Codable, Equatable, Sendable {
        /// The contactor stays closed (true) or open (false) whatever it is told.
        public var contactorStuckClosed: Bool?
        public var lockJammed = false
        public var meterSilent = false
        public var pilotShorted = false
        public var pilotLost = false
        /// Codes that sensors of the board report.
        public var reported: [String] = []
        /// Parts that are broken without a fault code of their own; nil is none.
        public var parts: [String]?

        /// Whoever reads these says that they are lost.
        static let lostParts: [SimulateHardware.Part] = [.phaseContactorLost, .outputVoltageLost]

        func has(_ part: SimulateHardware.Part) -> Bool { parts?.contains(part.rawValue) ?? false }

        mutating func set(_ part: SimulateHardware.Part, broken: Bool) {
            var others = (parts ?? []).filter { $0 != part.rawValue }
            if broken { others.append(part.rawValue) }
            parts = others.isEmpty ? nil : others
        }
    }
}

/// Energy of the simulation: integers of mW x ms.
enum MicrowattSeconds {
    static let perWattHour: Int64 = 3_600_000_000

    static func of(wattHours: Int64) -> Int64 { wattHours * perWattHour }
    static func wholeWattHours(_ energy: Int64) -> Int64 { energy / perWattHour }
}
