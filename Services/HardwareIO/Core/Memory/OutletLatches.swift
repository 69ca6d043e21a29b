import Primitives

/// What keeps a contactor open, or a register from being believed, for the next process of this boot of the machine: what the disk could not store,
/// or not yet, is not forgotten with the process.
public struct OutletLatches: Codable, Equatable, Sendable {
    /// 1…n (OCPP 1.6 §3.8).
    public var connectorId: Int
    public var failures: OutletFailures
    /// These as in `HardwareMemory.Outlet`.
    public var refusedRegisterWh: Int64?
    public var meterStandstill: String?
    /// Uptime in milliseconds at which the test of the residual current device began that is not over; nil without one. A device that has tripped
    /// without a test under way has found a residual current.
    public var residualCurrentTestSince: Int64?

    /// A test that began longer ago says nothing of a device that has tripped now.
    static let testCountsFor = Duration.seconds(10)

    public init(
        connectorId: Int,
        failures: OutletFailures = OutletFailures(),
        refusedRegisterWh: Int64? = nil,
        meterStandstill: String? = nil,
        residualCurrentTestSince: Int64? = nil
    ) {
        self.connectorId = connectorId
        self.failures = failures
        self.refusedRegisterWh = refusedRegisterWh
        self.meterStandstill = meterStandstill
        self.residualCurrentTestSince = residualCurrentTestSince
    }

    init(_ outlet: HardwareMemory.Outlet, residualCurrentTestSince: Duration? = nil) {
        self.init(
            connectorId: outlet.connectorId,
            failures: outlet.failures,
            refusedRegisterWh: outlet.refusedRegisterWh,
            meterStandstill: outlet.meter?.standstill,
            residualCurrentTestSince: residualCurrentTestSince?.wholeMilliseconds
        )
    }

    /// Something was latched at a connector, and nobody can say what: as `HardwareMemory.unknown`.
    public static func unknown(connectorId: Int) -> OutletLatches {
        let outlets = HardwareMemory.unknown(connectorIds: [connectorId]).outlets
        return outlets.first.map { OutletLatches($0) } ?? OutletLatches(connectorId: connectorId)
    }

    /// Whether a residual current device that has tripped at this uptime may have done so by a test that nobody ended.
    public func testMayGoOn(at uptime: Duration) -> Bool {
        guard let since = residualCurrentTestSince.map({ Duration(outsideMilliseconds: $0) }) else { return false }
        return since <= uptime && uptime - since <= Self.testCountsFor
    }
}

extension HardwareMemory.Outlet {
    /// With what a process of this boot latched: what either of them knows counts.
    func with(_ latches: OutletLatches?) -> HardwareMemory.Outlet {
        guard let latches else { return self }
        var outlet = self
        outlet.failures = failures.or(latches.failures)
        outlet.refusedRegisterWh = latches.refusedRegisterWh ?? refusedRegisterWh
        if let words = latches.meterStandstill { outlet.stand(still: words) }
        return outlet
    }

    /// With the latches of another one instead of its own.
    func latched(as other: HardwareMemory.Outlet) -> HardwareMemory.Outlet {
        var outlet = self
        outlet.failures = other.failures
        outlet.refusedRegisterWh = other.refusedRegisterWh
        outlet.stand(still: other.meter?.standstill)
        return outlet
    }

    private mutating func stand(still words: String?) {
        guard words != nil || meter != nil else { return }
        meter = meter ?? HardwareMemory.Meter()
        meter?.standstill = words
    }
}
