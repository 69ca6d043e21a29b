import BusSchema
import GatewayCore
import OCPP
import Primitives

extension ChargingBench {
    func skip(_ duration: Duration) { moment = moment.advanced(by: duration) }

    func stepWallClock(by duration: Duration) { moment.utc = moment.utc.advanced(by: duration) }

    func plug(_ id: Int = 1, ready: Bool = true) { change(id) { $0.pilot = ready ? .c : .b } }

    func unplug(_ id: Int = 1) { change(id) { $0.pilot = .a } }

    func swipe(_ idTag: String, at connectors: [Int] = [1]) {
        feed(.cardPresented(CardPresented(readerId: 1, connectorIds: connectors, idTag: idTag)))
    }

    var lines: [String] { central.lines }

    func status(_ id: Int = 1) -> ConnectorStatus? { machine.publishedStatuses.first { $0.connectorId == id } }

    /// The document of availability on disk.
    var availability: AvailabilityDocument? { documents[AvailabilityDocument.self] }

    /// What the authorization cache has on disk, the one heard of longest ago first.
    var cached: [String] {
        documents[AuthorizationCacheDocument.self]?.entries.map { "\($0.idTag) \($0.info.status.rawValue)" } ?? []
    }

    /// ClearCache. Returns the answer; nil while there is none.
    func clearCache() -> ClearCacheStatus? {
        let before = clearAnswers.count
        perform(machine.clearCache(id: "clear", at: moment))
        pump()
        return clearAnswers.dropFirst(before).last
    }

    /// Asks for a change of availability. Returns the answer; nil while there is none.
    func changeAvailability(_ connectorId: Int, _ type: AvailabilityType) -> AvailabilityStatus? {
        let before = availabilityAnswers.count
        perform(machine.changeAvailability(.init(connectorId: connectorId, type: type), id: "change", at: moment))
        pump()
        return availabilityAnswers.dropFirst(before).last
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

    /// The cache alone says who may charge offline.
    static let cacheOnly: [OCPPKeyName: String] = [
        .authorizationCacheEnabled: "true", .allowOfflineTxForUnknownId: "false", .localAuthorizeOffline: "true",
    ]

    /// A session from plug to unplug.
    func session(_ idTag: String) {
        plug()
        swipe(idTag)
        run(seconds: 10)
        swipe(idTag)
        run(seconds: 10)
        unplug()
        run(seconds: 6)
    }
}
