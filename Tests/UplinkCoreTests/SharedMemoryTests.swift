import BusSchema
import Primitives
import Testing
import UplinkCore

/// What one uplink has stored holds for the others of the charger while all of them run.
@Suite struct SharedMemoryTests {
    private static let start = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_790_000_000_000))

    @Test func theOthersKnowItBeforeItIsStored() throws {
        let uplinks = ["first", "second", "third"].map {
            UplinkConfiguration.Uplink(name: $0, carrier: RememberingCarrier())
        }
        var machine = UplinkMachine(UplinkConfiguration(uplinks: uplinks))
        _ = machine.handle(.started, at: Self.start)
        let effects = machine.handle(.carrier(uplink: "second", .interfaceFound("news")), at: Self.start)
        #expect(effects.first == .carrier(uplink: "second", .store(Array("news".utf8))))
        let details = ["first", "second", "third"].map { machine.condition(of: $0)?.detail }
        #expect(details == ["second: news", "nothing", "second: news"])
    }
}

/// Stores the name of each interface that it is told, and shows what others have stored.
private struct RememberingCarrier: Carrier {
    private(set) var condition = CarrierCondition(link: .up, detail: "nothing")

    var kind: String { "remembering" }
    var steps: Set<RecoveryStep> { [] }
    var readsInterfaces: Bool { false }

    mutating func handle(_ event: CarrierEvent, at moment: Moment) -> [CarrierEffect] {
        switch event {
        case .interfaceFound(let name): return [.store(Array(name.utf8))]
        case .storedElsewhere(let uplink, let document):
            condition.detail = "\(uplink): \(String(decoding: document, as: UTF8.self))"
            return []
        default: return []
        }
    }
}
