internal import EventLoop
internal import GPIOLines
internal import Log
internal import Primitives

/// The GPIO lines that hang on one modem: keys that are pressed for a while, and a switch that stays.
///
/// Each is a group of its own, since they may be on different chips. The process holds them: when it ends, however it ends, the kernel lets them go.
final class CarrierPins {
    /// A line by the name that the carrier calls it.
    struct Pin {
        let name: String
        let line: GPIOLineGroup.Settings.Line
        /// Whether it is taken only when it is first driven, at the level asked for then: a call may depend on the level that it has.
        let waits: Bool
    }

    private final class Held {
        var group: GPIOLineGroup?
        var isActive = false
        /// When the pulse that is under way ends.
        var pulseEnds: Duration?
    }

    private let pins: [String: Pin]
    private let uplink: String
    private let loop: EventLoop
    private let log: Log
    private let deliver: (_ pin: String, _ isDone: Bool) -> Void
    private var held: [String: Held] = [:]

    init(_ pins: [Pin], uplink: String, loop: EventLoop, log: Log, deliver: @escaping (String, Bool) -> Void) {
        self.pins = Dictionary(pins.map { ($0.name, $0) }) { first, _ in first }
        self.uplink = uplink
        self.loop = loop
        self.log = log
        self.deliver = deliver
        for pin in pins {
            let held = Held()
            self.held[pin.name] = held
            loop.addDeadlineSource(
                next: { Deadline(at: held.pulseEnds, for: "a pin of the modem is let go") },
                fire: { [unowned self] _ in endPulse(pin.name) }
            )
            if !pin.waits { take(pin) }
        }
    }

    private func take(_ pin: Pin) {
        guard let held = held[pin.name] else { return }
        let settings = GPIOLineGroup.Settings(
            [pin.line],
            direction: .output(initial: held.isActive ? 1 : 0),
            consumer: "charger \(uplink) \(pin.name)"
        )
        let group = GPIOLineGroup(settings, kernel: LinuxGPIO(), loop: loop) { [unowned self] event, _ in
            hear(event, pin)
        } log: { [log] record in
            log.write(record)
        }
        held.group = group
        group.start()
    }

    private func hear(_ event: GPIOLineGroup.Event, _ pin: Pin) {
        guard let held = held[pin.name] else { return }
        switch event {
        case .taken:
            guard pin.waits else { return }
            // It may have been away, and has come back at the level that it had first.
            let isSet = held.group?.set(held.isActive ? 1 : 0, mask: 1) ?? false
            if isSet { deliver(pin.name, true) }
        case .lost:
            // A pulse is not made up for: whoever wanted it tries something else, or again.
            guard held.pulseEnds != nil else { return }
            held.pulseEnds = nil
            deliver(pin.name, false)
        case .changed, .missed, .refreshed: break
        }
    }

    /// Drives it to its active level for so long; a pulse that is under way is made longer.
    func pulse(_ name: String, _ duration: Duration) {
        guard let held = held[name], held.group?.set(1, mask: 1) == true else {
            var record = LogRecord(.error, "a pin of the modem cannot be driven", .init("uplink", uplink))
            record.fields.append(.init("pin", name))
            log.write(record)
            return deliver(name, false)
        }
        held.pulseEnds = EventLoop.uptime() + duration
    }

    private func endPulse(_ name: String) {
        guard let held = held[name] else { return }
        held.pulseEnds = nil
        deliver(name, held.group?.set(0, mask: 1) ?? false)
    }

    /// Drives it to that level, where it stays; answered once it does.
    func drive(_ name: String, _ isActive: Bool) {
        guard let pin = pins[name], let held = held[name] else { return deliver(name, false) }
        held.isActive = isActive
        guard let group = held.group else { return take(pin) }
        // Where it is lost, it is set as soon as it is back.
        if group.set(isActive ? 1 : 0, mask: 1) { deliver(name, true) }
    }
}
