import BusSchema
import GatewayCore
import OCPP

extension ChargingBench {
    var lines: [String] { central.lines }

    func status(_ id: Int = 1) -> ConnectorStatus? { machine.publishedStatuses.first { $0.connectorId == id } }

    /// The document of availability on disk.
    var availability: AvailabilityDocument? { documents[AvailabilityDocument.self] }

    /// What the authorization cache has on disk, the one heard of longest ago first.
    var cached: [String] {
        documents[AuthorizationCacheDocument.self]?.entries.map { "\($0.idTag) \($0.info.status.rawValue)" } ?? []
    }

    /// A session that charges, begun online with the cable first.
    static func charging(
        hasLock: Bool = false,
        powerLoss: ChargingConfiguration.PowerLossPolicy = .stop,
        keys: [OCPPKeyName: String] = [:]
    ) -> ChargingBench {
        let bench = ChargingBench(hasLock: hasLock, powerLoss: powerLoss, keys: keys)
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 3)
        bench.central.forgetLines()
        return bench
    }
}
