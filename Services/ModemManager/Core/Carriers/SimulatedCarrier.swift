internal import BusSchema
public import Primitives

/// Cut and mended by request, up at each start. Nothing is measured until somebody says what.
public struct SimulatedCarrier: Carrier, Equatable {
    public private(set) var condition = CarrierCondition(link: .up, detail: "simulated")

    public init() {}

    public static let kind = "simulated"
    public var kind: String { Self.kind }
    public var steps: Set<RecoveryStep> { [] }
    public var readsInterfaces: Bool { false }

    public mutating func handle(_ event: CarrierEvent, at moment: Moment) -> [CarrierEffect] {
        switch event {
        case .simulated(let isUp, let signalPercent):
            if let signalPercent { condition.radio = RadioReport(signalPercent: signalPercent) }
            guard let isUp else { break }
            condition.link = isUp ? .up : .down
            condition.detail = isUp ? "simulated" : "cut by request"
        case .terminationRequested:
            condition.link = .unknown
            condition.detail = "not watched any more"
        case .started, .addressGiven, .interfacesRead, .interfacesUnreadable, .line, .childWrote, .interfaceFound,
            .childEnded, .stored, .storeFailed, .storedElsewhere, .pulsed, .ordered:
            break
        }
        return []
    }
}
