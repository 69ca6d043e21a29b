import BusSchema
import EventLoop
import HardwareCore
import HardwareDevices
import Primitives
import SiteConfiguration
import Synchronization

/// The control pilot on a PWM of the kernel and a converter (IIO). Both are files of sysfs that may keep a caller waiting: one thread samples, another one
/// writes, and the loop hears of what is worth it.
///
/// The device answers while both do, and while the line carries what was ordered. A generator that does not carry it is set up anew from the beginning.
final class PilotDriver: Driver {
    private enum Part { case output, input }

    /// An output that is not there is looked for as often as lines are.
    private struct Output {
        var isThere = false
        var pace = ReopenPace()
        var retryAt: Duration?
        /// What is being written, while a write is under way. What is ordered meanwhile is written after it.
        var writing: PilotSignal?
        /// When it has taken too long; nil once that was said.
        var writeLimit: Duration?
        /// Has to be set up from the beginning, because nobody knows what the chip does.
        var isStale = false
        /// The line contradicted it: it counts as there once the line shows what was ordered.
        var isDoubted = false
        /// Set up after the first time.
        var reopens: Int64 = -1
    }

    /// What the sampling thread does with what it reads.
    private enum Listening: Equatable {
        /// It waits, so that the first readings that count are told.
        case waits
        /// It looks only whether the line shows what was written.
        case proves(PilotSignal, since: Duration)
        /// It tells what is worth it, and looks whether the line shows what was written; not while something else is being written.
        case tells(PilotSignal?, since: Duration)
    }

    private final class Attention: Sendable {
        let listening = Mutex(Listening.waits)
        /// How often the device began to answer. A thread that looked at an idle pilot may sleep while it is lost and back.
        let recoveries = Atomic(0)
    }

    private typealias Outcome = SampledInput<PilotSample>.Outcome

    /// What the sampling thread tells the loop.
    private enum Heard: Sendable {
        case input(Outcome)
        case verdict(PilotAgreement.Verdict, PilotSample)
    }

    private enum Write {
        case signal(PilotSignal, anew: Bool)
        /// The last one.
        case end
    }

    /// Sysfs answers in microseconds; a kernel that keeps the thread for so long does not hold up the end.
    static let endLimit = Duration.milliseconds(500)
    /// The same of an order: an EV goes on with the offer of before.
    static let writeLimit = Duration.milliseconds(500)
    /// The same of setting it up, where rules of udev are waited for (1 s).
    static let setUpLimit = Duration.seconds(2)

    let devices: [Device]
    var report: (DriverEvent, Duration?) -> Void = { _, _ in }

    private let connectorId: Int
    private let log: (LogRecord) -> Void
    private var writer: WorkThread<Write, Result<Bool, SystemError>>?
    private var sampler: SamplingThread<Heard>?
    private var output = Output()
    private var inputIsThere = false
    private var hasInputFailed = false
    private var isAnswering = false
    private let attention: Attention
    /// What was ordered last.
    private var wanted = PilotSignal.x1

    /// - Parameters:
    ///   - connectorId: Whose pilot.
    ///   - settings: Where it is.
    ///   - system: Where sysfs is, except in tests `/sys`.
    ///   - loop: Outlives the driver.
    ///   - log: Takes what people want to know.
    /// - Throws: `SystemError` when the process may have no more threads.
    init(
        connectorId: Int,
        _ settings: PWMPilotSettings,
        system: String = "/sys",
        loop: EventLoop,
        log: @escaping (LogRecord) -> Void
    ) throws(SystemError) {
        self.connectorId = connectorId
        devices = [.pilot(connectorId: connectorId)]
        self.log = log
        let generator = PilotOutput(settings, system: system)
        let attention = Attention()
        self.attention = attention
        writer = try WorkThread("the control pilot is set", loop: loop) {
            { write in
                do throws(SystemError) {
                    switch write {
                    case .signal(let signal, let isAnew):
                        return .success(try generator.set(signal, anew: isAnew))
                    case .end:
                        try generator.end()
                        return .success(false)
                    }
                } catch {
                    return .failure(error)
                }
            }
        } completion: { [unowned self] in
            written($0)
        }
        sampler = try SamplingThread("the control pilot is sampled", loop: loop) {
            var input = SampledInput { () throws(SystemError) in try PilotInput.open(settings, system: system) }
            var sampling = Sampling()
            return { uptime in
                let (outcome, pause) = input.attempt(at: uptime)
                let listening = attention.listening.withLock { $0 }
                guard case .read(let sample) = outcome else {
                    sampling = Sampling()
                    return (.input(outcome), pause)
                }
                let recoveries = attention.recoveries.load(ordering: .acquiring)
                // Whatever is read after that is new.
                if recoveries != sampling.recoveries { sampling = Sampling(recoveries: recoveries) }
                return sampling.sampled(sample, listening, at: uptime)
            }
        } handler: { [unowned self] heard, uptime in
            switch heard {
            case .input(let outcome): sampled(outcome, at: uptime)
            case .verdict(let verdict, let sample): judged(verdict, sample)
            }
        }
        loop.addDeadlineSource(
            next: { [unowned self] in
                earliest(
                    Deadline(at: output.retryAt, for: "a PWM is looked for"),
                    Deadline(at: output.writeLimit, for: "a PWM takes no order")
                )
            },
            fire: { [unowned self] in fire(at: $0.uptime) }
        )
    }

    /// Steady at +12 V, whatever a process before us left there.
    func start() { write() }

    func perform(_ command: DriverCommand) {
        guard case .setPilot(_, let signal) = command, signal != wanted else { return }
        wanted = signal
        if output.isThere { write() }
    }

    func stop() {
        sampler = nil
        let result = writer?.finish(.end, within: Self.endLimit)
        writer = nil
        let problem: String? =
            switch result {
            case .success: nil
            case .failure(let error): error.description
            case nil: "the PWM took no order for \(Self.endLimit.wholeMilliseconds) ms"
            }
        guard let problem else { return }
        log(LogRecord(.warning, "the control pilot stays as it is", .init("problem", problem)))
    }

    /// Writes what is ordered, or does so after what is being written.
    private func write() {
        guard output.writing == nil else { return }
        output.retryAt = nil
        output.writing = wanted
        let isSetUp = !output.isThere || output.isStale
        output.writeLimit = EventLoop.uptime() + (isSetUp ? Self.setUpLimit : Self.writeLimit)
        writer?.submit(.signal(wanted, anew: output.isStale))
        output.isStale = false
        // What the line shows from now on is of neither signal.
        if isAnswering { listen() }
    }

    private func fire(at uptime: Duration) {
        if let due = output.retryAt, due <= uptime { write() }
        guard let due = output.writeLimit, due <= uptime else { return }
        output.writeLimit = nil
        output.isThere = false
        let untold = output.pace.failed(at: uptime).untoldBefore
        lose("the PWM takes no order", of: .output, untoldBefore: untold)
    }

    private func written(_ result: Result<Bool, SystemError>) {
        let now = EventLoop.uptime()
        let written = output.writing
        output.writing = nil
        output.writeLimit = nil
        switch result {
        case .success(let isNew):
            if isNew { output.reopens += 1 }
            guard written == wanted, !output.isStale else { return write() }
            if !output.isThere, !output.isDoubted { works(at: now) }
            output.isThere = true
            listen()
            answer()
        case .failure(let error):
            output.isThere = false
            let failure = output.pace.failed(at: now)
            output.retryAt = now + failure.pause
            lose(error.description, of: .output, untoldBefore: failure.untoldBefore)
        }
    }

    private func works(at uptime: Duration) {
        if output.pace.opened(at: uptime) { tell("is back", of: .output) }
        output.pace.worked()
    }

    /// The sampling thread looked whether the line shows what was written.
    private func judged(_ verdict: PilotAgreement.Verdict, _ sample: PilotSample) {
        // Judged by an order that is not the newest any more.
        guard output.isThere, output.writing == nil, inputIsThere else { return }
        switch verdict {
        case .agrees:
            guard output.isDoubted else { return }
            output.isDoubted = false
            works(at: EventLoop.uptime())
            answer()
        case .contradicts:
            let now = EventLoop.uptime()
            let failure = output.pace.failed(at: now)
            output.isThere = false
            output.isStale = true
            output.isDoubted = true
            output.retryAt = now + failure.pause
            let (high, low) = (sample.highMillivolts, sample.lowMillivolts)
            let reason = "the line is at \(high) and \(low) mV, which nobody ordered"
            lose(reason, of: .output, untoldBefore: failure.untoldBefore)
        }
    }

    /// Tells the sampling thread what to do with its readings.
    private func listen() {
        let now = EventLoop.uptime()
        let listening: Listening =
            if output.writing != nil {
                isAnswering ? .tells(nil, since: now) : .waits
            } else if isAnswering {
                .tells(wanted, since: now)
            } else {
                output.isThere && output.isDoubted ? .proves(wanted, since: now) : .waits
            }
        attention.listening.withLock { $0 = listening }
    }

    private func sampled(_ outcome: Outcome, at uptime: Duration) {
        switch outcome {
        case .opened(let isToBeLogged):
            let wasLost = !inputIsThere && hasInputFailed
            inputIsThere = true
            if isToBeLogged { tell("is back", of: .input) }
            // The generator may hang on the same bus, or on the same supply.
            if wasLost, output.isThere || output.writing != nil {
                output.isStale = true
                return write()
            }
            answer()
        case .read(let sample):
            let reading = DriverEvent.pilotRead(
                connectorId: connectorId,
                highMillivolts: sample.highMillivolts,
                lowMillivolts: sample.lowMillivolts
            )
            // While the generator is lost, the device is; this one was on its way.
            if isAnswering { report(reading, uptime) }
        case .lost(let reason, let untoldBefore):
            inputIsThere = false
            hasInputFailed = true
            lose(reason, of: .input, untoldBefore: untoldBefore)
        }
    }

    private func answer() {
        guard output.isThere, output.writing == nil, !output.isDoubted, inputIsThere, !isAnswering else { return }
        isAnswering = true
        attention.recoveries.add(1, ordering: .releasing)
        listen()
        report(.deviceRecovered(devices[0]), nil)
        let health = DeviceHealth(counters: [.init(.reopens, max(output.reopens, 0))])
        report(.healthReported(devices[0], health), nil)
    }

    private func lose(_ reason: String, of part: Part, untoldBefore: Int?) {
        isAnswering = false
        listen()
        report(.deviceLost(devices[0], reason: reason), nil)
        guard let untoldBefore else { return }
        tell("is lost", of: part, .init("reason", reason), .init("failuresBefore", untoldBefore))
    }

    private func tell(_ what: String, of part: Part, _ fields: LogRecord.Field...) {
        let name = part == .output ? "the generator" : "the converter"
        var record = LogRecord(fields.isEmpty ? .notice : .warning, "\(name) of the control pilot \(what)")
        record.fields = [.init("connector", connectorId)] + fields
        log(record)
    }

    /// What is made of the readings, on the thread that takes them.
    private struct Sampling {
        let recoveries: Int
        private var reporter = PilotReporter()
        private var pace = PilotPace()
        private var agreement = PilotAgreement()

        init(recoveries: Int = 0) { self.recoveries = recoveries }

        mutating func sampled(
            _ sample: PilotSample,
            _ listening: Listening,
            at uptime: Duration
        ) -> (Heard?, Duration) {
            switch listening {
            case .waits:
                return (nil, PilotPace.connected)
            case .proves(let signal, let since):
                let verdict = agreement.sampled(sample, at: uptime, signal: signal, writtenAt: since)
                return (verdict.map { .verdict($0, sample) }, PilotPace.connected)
            case .tells(let signal, let since):
                let verdict = signal.flatMap {
                    agreement.sampled(sample, at: uptime, signal: $0, writtenAt: since)
                }
                let isTold = reporter.sampled(sample, at: uptime)
                let pause = pace.sampled(sample, at: uptime)
                if verdict == .contradicts { return (.verdict(.contradicts, sample), pause) }
                return (isTold ? .input(.read(sample)) : nil, pause)
            }
        }
    }
}
