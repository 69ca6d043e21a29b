import BusSchema
import HardwareCore
import Primitives

/// What the board reports of one connector, and when: with noise, late, twice, or not at all. It sees the world and changes nothing in it.
struct SimulatedSensors: Equatable, Sendable {
    /// The world as it is in front of the sensors.
    struct View: Equatable, Sendable {
        var connectorId: Int
        var line: SimulatedPilot.Line
        var contactorClosed: Bool
        /// Nil where nothing switches phases, or nobody sees where it is.
        var phasesClosed: Bool?
        /// What is seen of the voltage behind the contactor; nil where nothing sees it.
        var isLive: Bool?
        /// Nil without a lock.
        var locked: Bool?
        /// Nil without a socket.
        var cableInSocket: Bool?
        var isPlugged: Bool
        /// Nil where none is measured.
        var decidegrees: Int?
        var broken: SimulatedWorld.Broken
    }

    enum Delay: String, DeadlineName {
        case report = "positions are reported again"
        case second = "the second reading of the pilot"
        case answer = "the meter answers"
        case mirror = "the mirror contact follows"
        case voltage = "the voltage behind the contactor is gone"
    }

    static let reportUnderWay = Duration.seconds(1)
    static let reportIdle = Duration.seconds(10)
    static let secondReading = Duration.milliseconds(10)
    static let earliestAnswerMilliseconds = 20
    /// Answer of a meter that is slow.
    static let slowAnswer = Duration.seconds(4)
    static let cableOhms = 220

    private let noise: SimulatedNoise
    private var random: SeededRandom
    private var delays = Deadlines<Delay>()
    private var seen: View?
    /// What the mirror contact shows; it follows the contactor in its time.
    private var mirrorClosed = false
    /// There is voltage behind the contactor still, although it has opened.
    private var isHeld = false
    /// What of each came to nothing last time: never two in a row.
    private var wasPilotMissing = false
    private var wasMeterMissing = false
    private var wasOdd = false
    private var answer: DriverEvent?
    private var frozenSample: MeterSample?

    init(_ noise: SimulatedNoise, seed: UInt64) {
        self.noise = noise
        random = SeededRandom(seed: seed)
    }

    var nextDeadline: Deadline? { delays.next }

    /// Everything, for a core that starts or for a sensor that works again.
    mutating func reportAll(_ view: View, at uptime: Duration) -> [DriverEvent] {
        seen = view
        mirrorClosed = view.contactorClosed
        isHeld = false
        delays.clear(.mirror)
        delays.clear(.voltage)
        delays.set(.report, at: uptime + (view.isPlugged ? Self.reportUnderWay : Self.reportIdle))
        delays.set(.second, at: uptime + secondDelay())
        return positions(view) + pilot(view)
    }

    /// Reports what changed since the last look.
    mutating func look(_ view: View, at uptime: Duration) -> [DriverEvent] {
        guard let before = seen, before != view else { return [] }
        seen = view
        var events: [DriverEvent] = []
        if before.contactorClosed != view.contactorClosed { events += moveMirror(view, at: uptime) }
        if before.locked != view.locked { events += bolt(view) }
        if before.phasesClosed != view.phasesClosed { events += phases(view) }
        if before.isLive != view.isLive { events += moveVoltage(view, from: before.isLive, at: uptime) }
        let isMoved = before.line != view.line || before.cableInSocket != view.cableInSocket
        if before.decidegrees != view.decidegrees { events += temperature(view) }
        if isMoved {
            events += pilot(view) + proximity(view)
            delays.set(.second, at: uptime + secondDelay())
        }
        if view.isPlugged, !before.isPlugged { delays.set(.report, at: uptime + Self.reportUnderWay) }
        return events
    }

    mutating func due(_ view: View, at uptime: Duration) -> [DriverEvent] {
        var events: [DriverEvent] = []
        while let delay = delays.popDue(at: uptime) {
            switch delay {
            case .report:
                events += positions(view) + lossy(\.wasPilotMissing) { $0.pilot(view) }
                delays.set(.report, at: uptime + (view.isPlugged ? Self.reportUnderWay : Self.reportIdle))
            case .second:
                let wasOddBefore = wasOdd
                events += pilot(view) + proximity(view)
                // A board reads all the time: what was odd leaves nothing undecided for longer than two more readings.
                if wasOddBefore || wasOdd { delays.set(.second, at: uptime + secondDelay()) }
            case .mirror:
                mirrorClosed = view.contactorClosed
                events += mirror(view)
            case .voltage:
                isHeld = false
                events += voltage(view)
            case .answer:
                if let answer { events.append(answer) }
                answer = nil
            }
        }
        return events
    }

    /// The meter was asked and shows `sample`. It answers one question at a time, as a bus does; the newest counts.
    mutating func meterAsked(_ sample: MeterSample, _ view: View, at uptime: Duration) {
        let failure = DriverEvent.meterFailed(connectorId: view.connectorId, reason: "no answer")
        let shown = view.broken.has(.meterFrozen) ? frozenSample ?? sample : sample
        frozenSample = shown
        if view.broken.meterSilent {
            answer = failure
        } else {
            let reading = DriverEvent.meterRead(connectorId: view.connectorId, shown)
            answer = lossy(\.wasMeterMissing) { _ in [reading] }.first ?? failure
        }
        let latest = max(noise.slowestAnswerMilliseconds, Self.earliestAnswerMilliseconds)
        let delay = Duration(
            outsideMilliseconds: Int.random(in: Self.earliestAnswerMilliseconds...latest, using: &random)
        )
        delays.set(.answer, at: uptime + (view.broken.has(.meterSlow) ? Self.slowAnswer : delay))
    }

    /// Whether one of the rare faults begins now.
    mutating func drawsRareFault() -> Bool { isOneOf(1_000_000, noise.rareFaultsPerMillion) }

    private mutating func positions(_ view: View) -> [DriverEvent] {
        mirror(view) + phases(view) + voltage(view) + bolt(view) + proximity(view) + temperature(view)
    }

    /// A device is asked where it is.
    func read(_ device: Device, _ view: View) -> [DriverEvent] {
        switch device {
        case .contactor: mirror(view)
        case .phaseContactor: phases(view)
        case .outputVoltage: voltage(view)
        case .lock: bolt(view)
        default: []
        }
    }

    private func phases(_ view: View) -> [DriverEvent] {
        view.phasesClosed.map { [.phaseFeedback(connectorId: view.connectorId, closed: $0)] } ?? []
    }

    private func voltage(_ view: View) -> [DriverEvent] {
        view.isLive.map { [.outputVoltageRead(connectorId: view.connectorId, live: $0 || isHeld)] } ?? []
    }

    /// It comes at once, and goes when the filter of the EV is empty.
    private mutating func moveVoltage(_ view: View, from before: Bool?, at uptime: Duration) -> [DriverEvent] {
        let isGoing = before == true && view.isLive == false
        let delay = isGoing ? Int.random(in: 0...max(noise.slowestVoltageMilliseconds, 0), using: &random) : 0
        isHeld = delay > 0
        guard isHeld else {
            delays.clear(.voltage)
            return voltage(view)
        }
        delays.set(.voltage, at: uptime + Duration(outsideMilliseconds: delay))
        return []
    }

    private mutating func temperature(_ view: View) -> [DriverEvent] {
        guard let decidegrees = view.decidegrees else { return [] }
        let limit = min(noise.pilotMillivolts, 15)
        let shown = decidegrees + Int.random(in: -limit...limit, using: &random)
        return [.temperatureRead(connectorId: view.connectorId, decidegrees: shown)]
    }

    /// Its mirror contact has followed: whoever repairs a contactor looks before he says so.
    mutating func showContactor(_ view: View) -> [DriverEvent] {
        delays.clear(.mirror)
        mirrorClosed = view.contactorClosed
        return mirror(view)
    }

    private mutating func moveMirror(_ view: View, at uptime: Duration) -> [DriverEvent] {
        delays.clear(.mirror)
        guard mirrorClosed != view.contactorClosed else { return [] }
        let delay = Int.random(in: 0...max(noise.slowestMirrorMilliseconds, 0), using: &random)
        guard delay > 0 else {
            mirrorClosed = view.contactorClosed
            return mirror(view)
        }
        delays.set(.mirror, at: uptime + Duration(outsideMilliseconds: delay))
        return []
    }

    private func mirror(_ view: View) -> [DriverEvent] {
        guard !view.broken.has(.mirrorSilent) else { return [] }
        let shown = view.broken.has(.mirrorOpen) ? false : mirrorClosed
        return [.contactorFeedback(connectorId: view.connectorId, closed: shown)]
    }

    private func bolt(_ view: View) -> [DriverEvent] {
        guard let locked = view.locked, !view.broken.has(.lockContact) else { return [] }
        return [.lockFeedback(connectorId: view.connectorId, locked: locked)]
    }

    private func proximity(_ view: View) -> [DriverEvent] {
        guard let hasCable = view.cableInSocket, !view.broken.has(.proximity) else { return [] }
        return [.proximityRead(connectorId: view.connectorId, ohms: hasCable ? Self.cableOhms : nil)]
    }

    private mutating func pilot(_ view: View) -> [DriverEvent] {
        guard !view.broken.pilotLost, !view.broken.has(.pilotSensor) else {
            wasOdd = false
            return []
        }
        var (high, low) = view.line.voltages
        wasOdd = !wasOdd && isOneOf(1000, noise.oddPerMille)
        if wasOdd { high = 3500 }
        let limit = noise.pilotMillivolts
        high += Int.random(in: -limit...limit, using: &random)
        low += Int.random(in: -limit...limit, using: &random)
        return [.pilotRead(connectorId: view.connectorId, highMillivolts: high, lowMillivolts: low)]
    }

    private mutating func secondDelay() -> Duration {
        let jitter = Int.random(in: 0...noise.jitterMilliseconds, using: &random)
        return Self.secondReading + Duration(outsideMilliseconds: jitter)
    }

    /// The reading, or none, or twice. What is odd comes once: it is gone before anybody could look again.
    private mutating func lossy(
        _ wasMissing: WritableKeyPath<SimulatedSensors, Bool>,
        _ read: (inout SimulatedSensors) -> [DriverEvent]
    ) -> [DriverEvent] {
        self[keyPath: wasMissing] = !self[keyPath: wasMissing] && isOneOf(1000, noise.missingPerMille)
        guard !self[keyPath: wasMissing] else { return [] }
        let events = read(&self)
        return !wasOdd && isOneOf(1000, noise.repeatedPerMille) ? events + events : events
    }

    private mutating func isOneOf(_ all: Int, _ some: Int) -> Bool {
        some > 0 && Int.random(in: 0..<all, using: &random) < some
    }
}
