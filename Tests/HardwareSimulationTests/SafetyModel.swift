import BusSchema
import HardwareCore
import Primitives

/// Watches a core from outside and knows what must hold, whatever it decides by: readings, orders, permits and times, nothing of its
/// insides. It shares no code with it.
///
/// Its times are those of the world, which goes on while a machine boots; the core's uptime begins anew then.
struct SafetyModel {
    private(set) var violations: [String] = []
    /// Closings that it saw.
    private(set) var closingCount = 0
    /// How often the phase contactor was moved.
    private(set) var switchCount = 0

    private struct Lease {
        var until: Duration
        var transaction: String
        var milliamps: Int
        var phases: Int
    }

    private struct Pilot {
        var high: Int
        var low: Int
        var at: Duration

        var asks: Bool { (4001..<8000).contains(high) }
        var forbids: Bool { high >= 8000 || high < 4000 }
        var showsDiode: Bool { low <= -11_000 && low >= -13_000 }
    }

    private let connector: ConnectorConfiguration
    private var startedAt: Duration
    private var readings: [Pilot] = []
    private var mirrorClosed: Bool?
    private var locked: Bool?
    /// As its contact says, and as it was ordered last.
    private var phasesClosed: Bool?
    private var orderedPhases = PhaseCount.one
    /// Whether there is voltage behind the contactor; nil while nobody sees it.
    private var isLive: Bool?
    private var ohms: [Int?] = []
    /// Since when PWM is on.
    private var signalSince: Duration?
    /// Readings in a row, since PWM is on, that reach -12 V, and the most that there were.
    private var diodeRun = 0
    private var diodeWasSeen = false
    private var vehicleIsThere = false
    private var orderedClosed = false
    private var openedAt: Duration
    private var closings: [Duration] = []
    private var lease: Lease?
    /// Since when nothing allows energy.
    private var permitEndedAt: Duration
    /// What nothing may close with until service cleared it, and since when it is known.
    private var latched: [HardwareFaultCode: Duration] = [:]
    /// The mirror contact was seen to open since the contactor failed: before, it may be the mirror that is broken.
    private var mirrorIsProven = false
    /// Since when nobody knows where the contactor went: a closing of some time was taken back, and the mirror contact showed nothing of it.
    private var unseenSince: Duration?
    /// So many of these.
    private(set) var unseenClosingCount = 0
    private var faults: [HardwareFaultCode] = []
    private var writes = 0
    /// The residual current device passed its test, and nothing closed since.
    private var testedAt: Duration?
    private var isEnding = false
    private var register: Int64 = 0
    private var newestReading: (valid: Bool, at: Duration)?
    /// When the open question was asked.
    private var question: Duration?
    private var newestSample: MeterSample?
    /// Samples in a row, asked while the contactor was long open, that show current.
    private var leaks = 0

    init(_ connector: ConnectorConfiguration, at start: Duration) {
        self.connector = connector
        startedAt = start
        openedAt = start
        permitEndedAt = start
    }

    /// The process, or the machine with it, starts anew: it knows nothing, its permits are gone, its contactor falls. `disk` is what it finds.
    mutating func restarted(_ disk: HardwareMemory, at now: Duration) {
        if let since = latched[.powerSwitchFailure], disk.outlets.first?.contactorFailure == nil {
            if now - since > .seconds(2), writes < 24 { complain("a failed contactor is not on disk", at: now) }
            latched[.powerSwitchFailure] = nil
        }
        if let since = unseenSince, disk.outlets.first?.mirrorIsUnproven != true {
            // It is known 500 ms later, and written then.
            if now - since > .seconds(3), writes < 24, latched.isEmpty {
                complain("a mirror contact that is not proven is not on disk", at: now)
            }
            unseenSince = nil
        }
        startedAt = now
        readings = []
        vehicleIsThere = false
        ohms = []
        mirrorClosed = nil
        // What was seen before is not on disk; whether a contact is broken does not change with a process.
        mirrorIsProven = false
        locked = nil
        phasesClosed = nil
        isLive = nil
        orderedPhases = .one
        signalSince = nil
        diodeWasSeen = false
        diodeRun = 0
        orderedClosed = false
        openedAt = now
        lease = nil
        permitEndedAt = now
        newestReading = nil
        question = nil
        faults = []
        writes = 0
        leaks = 0
        isEnding = false
        testedAt = nil
    }

    /// A permit was for the EV that is there, or comes next. What two readings surely say.
    private mutating func followVehicle(at now: Duration) {
        let newest = readings.suffix(2)
        guard newest.count == 2 else { return }
        if newest.allSatisfy({ (5000...9500).contains($0.high) }) { vehicleIsThere = true }
        guard vehicleIsThere, newest.allSatisfy({ $0.high >= 11_300 }) else { return }
        vehicleIsThere = false
        if lease != nil { permitEndedAt = now }
        lease = nil
    }

    mutating func heard(_ event: DriverEvent, at now: Duration) {
        switch event {
        case .pilotRead(_, let high, let low):
            let reading = Pilot(high: high, low: low, at: now)
            readings = readings.suffix(3) + [reading]
            followVehicle(at: now)
            diodeRun = signalSince != nil && reading.showsDiode ? diodeRun + 1 : 0
            if diodeRun >= 2 { diodeWasSeen = true }
        case .contactorFeedback(_, let closed):
            // It was seen to open: what flowed before is over.
            if mirrorClosed == true, !closed {
                leaks = 0
                mirrorIsProven = true
            }
            mirrorClosed = closed
            if closed { unseenSince = nil }
        case .residualCurrentTested(_, let passed): testedAt = passed ? now : nil
        case .phaseFeedback(_, let closed): phasesClosed = closed
        case .outputVoltageRead(_, let live): isLive = live
        case .deviceLost(.phaseContactor, _): phasesClosed = nil
        case .deviceLost(.outputVoltage, _): isLive = nil
        case .lockFeedback(_, let isLocked): locked = isLocked
        case .proximityRead(_, let resistance): ohms = ohms.suffix(3) + [resistance]
        case .meterRead(_, let sample):
            question = nil
            // A meter that stands still shows the current of before.
            let flows = sample != newestSample && sample.currentMilliamps.contains { abs($0) > 1000 }
            newestSample = sample
            leaks = flows && !orderedClosed && now - openedAt > .seconds(5) ? leaks + 1 : 0
        case .meterFailed, .deviceLost(.meter, _): question = nil
        case .deviceLost(.pilot, _): readings = []
        default: break
        }
    }

    /// A permit that the core accepted, or a withdrawal; `bootedAt` is where its uptime begins.
    mutating func permitted(_ permit: Permit, bootedAt: Duration, at now: Duration) {
        if permit.granted {
            lease = Lease(
                until: bootedAt + .milliseconds(permit.validUntilUptime),
                transaction: permit.transaction,
                milliamps: permit.limitMilliamps,
                phases: permit.phases ?? 3
            )
        } else if lease?.transaction == permit.transaction {
            lease = nil
            permitEndedAt = now
        }
    }

    /// Service says that it is repaired, which nobody believes while current is measured.
    mutating func cleared(_ code: HardwareFaultCode, at now: Duration) {
        latched[code] = nil
        if code == .powerSwitchFailure { unseenSince = nil }
        if code == .powerSwitchFailure, leaks > 0 { complain("cleared while current flows", at: now) }
    }

    mutating func terminated() { isEnding = true }

    /// What the core wants done after one event. `isLate`: events of before this moment still wait for it.
    mutating func did(_ effects: [HardwareEffect], contactorIsReallyClosed: Bool, isLate: Bool, at now: Duration) {
        var isPastOpenings = false
        let wasClosed = orderedClosed
        // Told last, known first: an order may follow from the reading that this turn tells.
        for case .publish(let message) in effects { published(message.value, at: now) }
        for effect in effects {
            if case .command(.openContactor) = effect {
                if isPastOpenings { complain("an opening comes late in its turn", at: now) }
                if orderedClosed {
                    openedAt = now
                    noteUnseen(at: now)
                }
                orderedClosed = false
            } else {
                isPastOpenings = true
            }
            switch effect {
            case .command(.closeContactor): checkClosing(at: now)
            case .command(.switchPhases(_, let count)):
                phasesSwitched(to: count, contactorIsReallyClosed: contactorIsReallyClosed, at: now)
            case .command(.setPilot(_, let signal)): signalChanged(signal, at: now)
            case .command(.unlock) where contactorIsReallyClosed || mirrorClosed != false:
                complain("the cable is unlocked while it may be live", at: now)
            case .command(.unlock) where latched[.powerSwitchFailure] != nil && !mirrorIsProven:
                complain("the cable is unlocked by a mirror contact that may be what failed", at: now)
            case .command(.unlock) where isLive == true:
                complain("the cable is unlocked while there is voltage behind the contactor", at: now)
            case .command(.unlock) where unseenSince != nil:
                complain("the cable is unlocked although nobody saw where the contactor went", at: now)
            case .command(.readMeter):
                if let question, now - question < .seconds(30) { complain("a second question to the meter", at: now) }
                question = now
            case .store: writes += 1
            default: break
            }
        }
        if wasClosed, !orderedClosed { checkOpening(at: now) }
        if !isLate { check(at: now) }
    }

    /// What must hold at any moment, whether something happened or not.
    mutating func check(at now: Duration) {
        if leaks >= 3, !faults.contains(.powerSwitchFailure) {
            complain("current through an open contactor is no fault", at: now)
        }
        guard orderedClosed else { return }
        let last = readings.suffix(2)
        if last.count == 2, last.allSatisfy(\.forbids) { complain("closed in spite of the pilot", at: now) }
        let seen = max(readings.last?.at ?? startedAt, closings.last ?? startedAt)
        if now - seen > .seconds(3) { complain("closed in spite of a silent pilot", at: now) }
        if locked == false { complain("closed with an open lock", at: now) }
        if let blocking = faults.first(where: { $0 != .powerMeterFailure }) {
            complain("closed with \(blocking)", at: now)
        }
        // A lease that ended leaves the EV nothing but the grace; a withdrawn permit leaves it six seconds.
        if let lease {
            if now >= lease.until + grace { complain("closed after the lease", at: now) }
        } else if now - permitEndedAt > .seconds(6) {
            complain("closed without a permit", at: now)
        }
    }

    private var grace: Duration {
        if case .continueFor(let grace) = connector.onPermitLost { return grace }
        return .zero
    }

    /// Nothing may flow, and for ten seconds nothing has.
    private mutating func phasesSwitched(to count: PhaseCount, contactorIsReallyClosed: Bool, at now: Duration) {
        switchCount += 1
        orderedPhases = count
        if orderedClosed || contactorIsReallyClosed { complain("the phases are switched under load", at: now) }
        let pause = now - openedAt
        if pause < .seconds(10) { complain("the phases are switched \(pause) after the opening", at: now) }
        if signalSince != nil { complain("the phases are switched while something is offered", at: now) }
        if isBlind { complain("the phases are switched although there may be voltage behind the contactor", at: now) }
        if mirrorClosed != false { complain("the phases are switched on a mirror contact that is not open", at: now) }
    }

    /// Something would see the voltage behind the contactor, and does not see that there is none.
    private var isBlind: Bool { connector.equipment.seesOutputVoltage && isLive != false }

    private mutating func signalChanged(_ signal: PilotSignal, at now: Duration) {
        guard case .pwm = signal else {
            signalSince = nil
            diodeWasSeen = false
            diodeRun = 0
            return
        }
        if signalSince == nil { signalSince = now }
    }

    private mutating func published(_ message: any BusMessage, at now: Duration) {
        if let reading = message as? MeterReading {
            if reading.energyWh < register { complain("the register fell", at: now) }
            if !reading.valid, reading.openSinceUptime != nil { complain("an invalid reading is final", at: now) }
            register = reading.energyWh
            // What it says was asked before, never after.
            newestReading = (reading.valid, now)
        } else if let state = message as? ConnectorState {
            faults = state.faults
        } else if let fault = message as? HardwareFault, fault.present, fault.code == .powerSwitchFailure {
            // Whatever made it: nothing closes until somebody cleared it, or its reason was silence that ended.
            // A phase contactor that failed shows that anew after a restart, and switches no energy.
            guard !fault.detail.contains("not read"), !fault.detail.hasPrefix("the phase contactor") else { return }
            if latched[fault.code] == nil { latched[fault.code] = now }
            mirrorIsProven = false
        }
    }

    /// Ordered to open. A mirror contact that had 300 ms and still reads open shows nothing of the contactor.
    private mutating func noteUnseen(at now: Duration) {
        guard mirrorClosed == false, let last = closings.last, now - last >= .milliseconds(300) else { return }
        unseenSince = unseenSince ?? now
        unseenClosingCount += 1
    }

    private mutating func checkClosing(at now: Duration) {
        orderedClosed = true
        closingCount += 1
        if connector.equipment.testsResidualCurrent, testedAt.map({ now - $0 > .seconds(10) }) ?? true {
            complain("closed without a test of the residual current device", at: now)
        }
        testedAt = nil
        if let last = closings.last, now - last < connector.contactorRest {
            complain("closed \(now - last) after the last time", at: now)
        }
        if now - startedAt < connector.contactorRest { complain("closed before the rest after a start", at: now) }
        if closings.count(where: { now - $0 < .seconds(3600) && $0 >= startedAt }) >= connector.closingsPerHour {
            complain("closed too often within an hour", at: now)
        }
        closings.append(now)
        if isEnding { complain("closed at the end", at: now) }
        if let lease, now < lease.until {
            if lease.milliamps < 6000 { complain("closed below 6 A", at: now) }
        } else {
            complain("closed without a lease", at: now)
        }
        if signalSince == nil || !diodeWasSeen { complain("closed before PWM was seen on both half-waves", at: now) }
        // One odd reading among them is none.
        if readings.last?.asks != true || readings.suffix(3).count(where: \.asks) < 2 {
            complain("closed although the last readings are not C", at: now)
        }
        if readings.last.map({ now - $0.at > .seconds(2) }) ?? true { complain("closed on an old reading", at: now) }
        if mirrorClosed != false { complain("closed without having seen it open", at: now) }
        if isBlind { complain("closed although there may be voltage behind the contactor", at: now) }
        if connector.equipment.switchesPhases {
            if phasesClosed != (orderedPhases == .three) { complain("closed while the phases move", at: now) }
            if let lease, lease.phases < orderedPhases.rawValue { complain("closed with too many phases", at: now) }
        }
        if !latched.isEmpty { complain("closed with \(latched.keys)", at: now) }
        if newestReading?.valid != true { complain("closed without a meter", at: now) }
        if let newestReading, now - newestReading.at > .seconds(16) { complain("closed on an old register", at: now) }
        guard connector.cable != .fixed else { return }
        if locked != true { complain("closed without a lock", at: now) }
        if ohms.last.map({ $0 == nil }) ?? true { complain("closed without a cable", at: now) }
    }

    /// Nothing opens for nothing: one odd reading is none of the reasons.
    private mutating func checkOpening(at now: Duration) {
        let last = readings.suffix(2)
        let pilotIsGood =
            last.count == 2 && last.contains { $0.asks && $0.showsDiode }
            && now - (last.last?.at ?? .zero) < .seconds(3)
        guard pilotIsGood, faults.isEmpty, !isEnding, let lease, now < lease.until, lease.milliamps >= 6000 else {
            return
        }
        // The permit wants another number of phases.
        if connector.equipment.switchesPhases, (lease.phases >= 3 ? 3 : 1) != orderedPhases.rawValue { return }
        if connector.cable != .fixed {
            guard locked == true, ohms.suffix(2).contains(where: { $0 != nil }) else { return }
        }
        complain("opened for nothing", at: now)
    }

    private mutating func complain(_ text: String, at now: Duration) {
        guard violations.count < 10 else { return }
        violations.append("\(now): \(text)")
    }
}
