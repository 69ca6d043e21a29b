import ModemSimulation
import Primitives
import UplinkCore

@testable import ModemProtocol

/// The carrier of a modem with a simulated modem, a disk that answers at once, and a `pppd` that is up as soon as its call is.
struct CarrierBench {
    var carrier: ModemCarrier
    var modem = SimulatedModem()
    private(set) var now = Moment(uptime: .seconds(1000), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
    private(set) var effects: [CarrierEffect] = []
    private(set) var stored: [UInt8]?
    private(set) var isDialled = false
    private(set) var isOpen = false
    private let interface: String
    private let program: String
    /// Whether programs end when they are asked to, or in their own time (`hangUp`).
    var endsAtOnce = true
    /// Whether calls get an address.
    var givesAddress = true
    /// The default routes over the interface; nil while the kernel does not say.
    var routes: Set<AddressFamily>?
    /// What the condition said, each time that it was something new.
    private(set) var details: [String] = []

    init(_ settings: ModemCarrier.Settings, interface: String? = nil) {
        carrier = ModemCarrier(settings)
        self.interface = interface ?? settings.interface
        program = settings.dhcpClient.isEmpty ? "pppd" : "dhcp"
    }

    static let settings = ModemCarrier.Settings(modem: ModemSettings(), pppd: ["/usr/sbin/pppd", "/dev/modem-data"])

    var condition: CarrierCondition { carrier.condition }
    var spawns: [[String]] { effects.compactMap { if case .spawn(_, let arguments) = $0 { arguments } else { nil } } }

    mutating func start(stored: [UInt8]? = nil, running: [String] = []) {
        isDialled = running.contains("pppd")
        handle(.started(CarrierPast(stored: stored), running: running))
        if isDialled { readInterfaces() }
    }

    mutating func handle(_ event: CarrierEvent) { perform(carrier.handle(event, at: now)) }

    private mutating func note() { if details.last != condition.detail { details.append(condition.detail) } }

    mutating func change(_ change: (inout SimulatedModem) -> Void) {
        change(&modem)
        deliver(modem.touched(at: now.uptime))
    }

    mutating func cutPower(for duration: Duration) { deliver(modem.powerCycle(for: duration, at: now.uptime)) }

    mutating func hangUp(_ exit: ChildExit) {
        isDialled = false
        handle(.childEnded(program, exit))
        readInterfaces()
    }

    mutating func readInterfaces() {
        let hasAddress = isDialled && givesAddress
        let reading = InterfaceReading(
            name: interface,
            isRunning: isDialled,
            hasAddress: hasAddress,
            address: hasAddress ? "10.64.64.2" : nil,
            defaultRoutes: routes
        )
        handle(.interfacesRead([reading]))
    }

    mutating func advance(by duration: Duration) {
        let end = now.uptime + duration
        while let due = [carrier.nextDeadline?.at, modem.nextDeadline].compactMap({ $0 }).min(), due <= end {
            now = now.advanced(by: max(.zero, due - now.uptime))
            deliver(modem.advance(to: now.uptime))
            perform(carrier.deadlineReached(at: now))
        }
        now = now.advanced(by: end - now.uptime)
    }

    mutating func deliver(_ effects: [SimulatedModem.Effect]) {
        for effect in effects {
            switch effect {
            case .send(let bytes, port: 0): if isOpen { handle(.line("at", .received(bytes))) }
            case .send, .carry: continue
            case .unplug:
                if isDialled { hangUp(.code(16)) }
                if isOpen { handle(.line("at", .closed(reason: "unplugged"))) }
            case .plug: if isOpen { handle(.line("at", .opened)) }
            }
        }
    }

    private mutating func perform(_ ordered: [CarrierEffect]) {
        note()
        for effect in ordered {
            switch effect {
            case .line(_, .send(let bytes)): if isOpen { deliver(modem.receive(bytes, at: now.uptime)) }
            case .line(_, .reopen):
                guard isOpen, modem.isPlugged else { continue }
                handle(.line("at", .closed(reason: "reopened")))
                handle(.line("at", .opened))
            case .line: continue
            case .openLine:
                effects.append(effect)
                isOpen = true
                if modem.isPlugged { handle(.line("at", .opened)) }
            case .closeLine:
                effects.append(effect)
                isOpen = false
            case .spawn:
                effects.append(effect)
                isDialled = true
                readInterfaces()
            case .endChild:
                effects.append(effect)
                if isDialled, endsAtOnce { hangUp(.code(5)) }
            case .store(let bytes):
                stored = bytes
                handle(.stored)
            case .drive(_, let isActive):
                effects.append(effect)
                modem.slot = isActive ? 2 : 1
                handle(.pulsed(pin: "simSelect", true))
            case .addDefaultRoute, .renew:
                effects.append(effect)
                guard routes?.insert(.four).inserted == true else { continue }
                readInterfaces()
            case .pulse, .configure, .clearAddresses, .run, .log: effects.append(effect)
            }
        }
    }
}
