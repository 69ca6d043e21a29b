public import BusSchema
import Primitives

/// What has to be known again after a restart of the process or of the machine: a small document that the shell stores.
public struct HardwareMemory: Codable, Equatable, Sendable {
    public var outlets: [Outlet]

    /// Nothing is remembered.
    public init(outlets: [Outlet] = []) { self.outlets = outlets }

    /// Something is remembered, and nobody can say what: a contactor may have failed, so each counts as failed until service has looked.
    public static func unknown(connectorIds: [Int]) -> HardwareMemory {
        let failure = "what happened before the start cannot be read; check the contactor, then clear the fault"
        return HardwareMemory(
            outlets: connectorIds.map { Outlet(connectorId: $0, failures: .init(contactorFailure: failure)) }
        )
    }

    /// This is what was remembered before the last change, which is lost and may have been that a contactor failed. The registers are good:
    /// a later one is never lower.
    public func withDoubt(connectorIds: [Int]) -> HardwareMemory {
        let doubtful = Self.unknown(connectorIds: connectorIds).outlets.map { unknown in
            var outlet = outlets.first { $0.connectorId == unknown.connectorId } ?? unknown
            outlet.contactorFailure = outlet.contactorFailure ?? unknown.contactorFailure
            return outlet
        }
        return HardwareMemory(outlets: doubtful)
    }

    /// One connector. Its failures are named as if they were its own.
    @dynamicMemberLookup
    public struct Outlet: Codable, Equatable, Sendable {
        /// 1…n (OCPP 1.6 §3.8).
        public var connectorId: Int
        public var failures: OutletFailures
        /// How often each fault tripped since service cleared it.
        public var trips: [Trip]
        /// The register when it was read last with the contactor open, Wh. A later one is never lower.
        public var registerWh: Int64?
        /// When service let the register begin anew last, UTC milliseconds since 1970; nil when it never did.
        public var registerEpoch: Int64?
        /// Where the register was, as it counts, when it was refused for what nothing explains, Wh: from there on it is not believed until service says so.
        /// Nil is nowhere.
        public var refusedRegisterWh: Int64?
        /// The meter that the register is of; nil where nothing is known of it, and in files of a version that did not keep it.
        public var meter: Meter?
        /// So many runs of this process in a row closed the contactor, did not last an hour and were not asked to end; nil is none.
        public var recentStarts: Int?
        /// How often the contactor closed within the last hour, where the process was asked to end; nil is none, or nobody knows.
        public var recentClosings: Int?

        public init(
            connectorId: Int,
            failures: OutletFailures = OutletFailures(),
            trips: [Trip] = [],
            registerWh: Int64? = nil,
            registerEpoch: Int64? = nil,
            refusedRegisterWh: Int64? = nil,
            meter: Meter? = nil,
            recentStarts: Int? = nil,
            recentClosings: Int? = nil
        ) {
            self.connectorId = connectorId
            self.failures = failures
            self.trips = trips
            self.registerWh = registerWh
            self.registerEpoch = registerEpoch
            self.refusedRegisterWh = refusedRegisterWh
            self.meter = meter
            self.recentStarts = recentStarts
            self.recentClosings = recentClosings
        }

        public subscript<Value>(dynamicMember failure: WritableKeyPath<OutletFailures, Value>) -> Value {
            get { failures[keyPath: failure] }
            set { failures[keyPath: failure] = newValue }
        }
    }

    /// Whose register counts, and how it follows from what the meter shows.
    public struct Meter: Codable, Equatable, Sendable {
        /// Nil where it tells none.
        public var serialNumber: String?
        /// What is added to the register that it shows, since it goes on for another one, Wh; nil is 0.
        public var offsetWh: Int64?
        /// When that began, UTC milliseconds since 1970.
        public var offsetSince: Int64?
        /// Why it counts as one that stands still; nil while it does not.
        public var standstill: String?

        public init(
            serialNumber: String? = nil,
            offsetWh: Int64? = nil,
            offsetSince: Int64? = nil,
            standstill: String? = nil
        ) {
            self.serialNumber = serialNumber
            self.offsetWh = offsetWh
            self.offsetSince = offsetSince
            self.standstill = standstill
        }
    }

    /// A fault and how often it came.
    public struct Trip: Codable, Equatable, Sendable {
        public var code: HardwareFaultCode
        /// 1…1000000.
        public var count: Int

        public init(code: HardwareFaultCode, count: Int) {
            self.code = code
            self.count = count
        }
    }

    /// What keeps a contactor open, or tells others what not to count across: all but registers and counters, which may change all the time.
    var latches: HardwareMemory {
        var copy = self
        for index in copy.outlets.indices {
            copy.outlets[index].registerWh = nil
            copy.outlets[index].refusedRegisterWh = nil
            copy.outlets[index].trips = []
        }
        return copy
    }

    /// What is remembered of one connector; numbers that no charger can have written are made harmless.
    func outlet(_ connectorId: Int) -> Outlet {
        guard var outlet = outlets.first(where: { $0.connectorId == connectorId }) else {
            return Outlet(connectorId: connectorId)
        }
        outlet.registerWh = outlet.registerWh.map { $0.clamped(to: 0...MeterPlausibility.highestRegisterWh) }
        outlet.refusedRegisterWh = outlet.refusedRegisterWh.map {
            $0.clamped(to: RegisterHold.anywhereWh...2 * MeterPlausibility.highestRegisterWh)
        }
        outlet.recentStarts = outlet.recentStarts.map { $0.clamped(to: 0...ClosingBudget.mostStarts) }
        outlet.recentClosings = outlet.recentClosings.map { $0.clamped(to: 0...ClosingBudget.mostClosings) }
        outlet.trips = outlet.trips.prefix(FaultLedger.capacity).map {
            Trip(code: $0.code, count: $0.count.clamped(to: 1...FaultLedger.mostTrips))
        }
        return outlet
    }
}

extension HardwareMemory.Outlet {
    /// Of its register.
    var origin: RegisterOrigin {
        RegisterOrigin(
            serialNumber: meter?.serialNumber,
            offsetWh: meter?.offsetWh,
            offsetSince: meter?.offsetSince,
            epoch: registerEpoch
        )
    }
}
