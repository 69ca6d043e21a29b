internal import BusSchema
public import Primitives
public import UplinkCore

/// What ails a modelled modem, and what mends it: every kind of trouble that the field knows, as far as the ladder can tell them apart.
public enum ModelFault: Hashable, Sendable, CaseIterable {
    /// The network ended the bearer, or the first dial fails: dialling again helps.
    case bearerLost
    /// The packet network has lost the subscriber: only leaving and joining helps.
    case stuckAttach
    /// The radio is stuck.
    case stuckRadio
    /// The firmware hangs: only starting it anew helps.
    case firmwareHung
    /// It answers no command any more: only its key or reset line helps.
    case deaf
    /// Only without supply.
    case latchedUp
    /// The host's own drivers are stuck.
    case hostStuck
    /// The carrier blocks traffic: registered, up, and nothing comes back, until the bearer is made anew by joining the network again.
    case silentBearer
    /// There is no network for as long as it takes.
    case noNetwork
    /// The network refuses the SIM for as long as it takes.
    case denied
    /// A wrong PIN: no step may be taken, and a person comes.
    case wrongPIN

    /// The gentlest step that helps; nil where only time does.
    public var cure: RecoveryStep? {
        switch self {
        case .bearerLost: .redial
        case .stuckAttach, .silentBearer: .detach
        case .stuckRadio: .radio
        case .firmwareHung: .modemReset
        case .deaf: .powerKey
        case .latchedUp: .supply
        case .hostStuck: .hostReboot
        case .noNetwork, .denied, .wrongPIN: nil
        }
    }

    var remedy: CarrierCondition.Remedy {
        switch self {
        case .noNetwork, .denied: .patience
        case .wrongPIN: .person
        default: .recovery
        }
    }
}

/// A modem as the ladder sees it: it fails in a way that one step mends, takes its time for each step, and comes up by itself otherwise.
public struct ModelModem: Carrier {
    public private(set) var condition = CarrierCondition(link: .unknown, detail: "not started")
    public let steps: Set<RecoveryStep>
    public private(set) var fault: ModelFault?
    private var isUpDue: Duration?
    private var random: SeededRandom

    public init(seed: UInt64, steps: Set<RecoveryStep> = Set(RecoveryStep.allCases.filter { $0 < .hostReboot })) {
        random = SeededRandom(seed: seed)
        self.steps = steps
    }

    public var kind: String { "model" }
    public var readsInterfaces: Bool { false }

    /// The event that makes it fail, or mends it.
    public static func failing(_ fault: ModelFault?) -> CarrierEvent {
        .simulated(up: nil, signalPercent: fault.flatMap { ModelFault.allCases.firstIndex(of: $0) } ?? -1)
    }

    public var nextDeadline: Deadline? { Deadline(at: isUpDue, for: "the modelled modem has worked on it") }

    public mutating func handle(_ event: CarrierEvent, at moment: Moment) -> [CarrierEffect] {
        switch event {
        case .started: work(for: .seconds(5)...(.seconds(20)), at: moment)
        case .simulated(_, let index):
            let wanted = index ?? -1
            fault = ModelFault.allCases.indices.contains(wanted) ? ModelFault.allCases[wanted] : nil
            if fault == nil {
                if condition.link != .up { work(for: .seconds(1)...(.seconds(10)), at: moment) }
            } else if fault != .silentBearer {
                fail()
            }
        case .ordered(let step):
            if let cure = fault?.cure, step >= cure { fault = nil }
            let longest: Duration = step >= .modemReset ? .seconds(60) : .seconds(15)
            work(for: .seconds(2)...longest, at: moment)
        default: break
        }
        return []
    }

    public mutating func deadlineReached(at moment: Moment) -> [CarrierEffect] {
        guard let due = isUpDue, due <= moment.uptime else { return [] }
        isUpDue = nil
        if let fault, fault != .silentBearer {
            _ = fault
            fail()
        } else {
            condition = CarrierCondition(link: .up, detail: "connected", interface: "ppp0", address: "10.64.64.2")
        }
        return []
    }

    private mutating func work(for time: ClosedRange<Duration>, at moment: Moment) {
        condition = CarrierCondition(link: .down, detail: "connecting")
        isUpDue = moment.uptime + random.duration(in: time)
    }

    private mutating func fail() {
        isUpDue = nil
        guard let fault else { return }
        condition = CarrierCondition(link: .down, detail: "\(fault)", remedy: fault.remedy)
    }
}
