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
/// The device answers while both do.
final class PilotDriver: Driver {
    private enum Part { case output, input }

    /// An output that is not there is looked for as often as lines are.
    private struct Output {
        var isThere = false
        var pace = ReopenPace()
        var retryAt: Duration?
        /// A write is under way.
        var isBusy = false
        /// Set up after the first time.
        var reopens: Int64 = -1
    }

    /// What the sampling thread hears from the loop: whether readings count by now. Until then it waits with them, so that the first ones are told.
    private final class Listening: Sendable {
        let isOn = Atomic(false)
    }

    private typealias Outcome = SampledInput<PilotSample>.Outcome

    private enum Write {
        case signal(PilotSignal)
        /// The last one.
        case end
    }

    /// Sysfs answers in microseconds; a kernel that keeps the thread for so long does not hold up the end.
    static let endLimit = Duration.milliseconds(500)

    let devices: [Device]
    var report: (DriverEvent, Duration?) -> Void = { _, _ in }

    private let connectorId: Int
    private let log: (LogRecord) -> Void
    private var writer: WorkThread<Write, Result<Bool, SystemError>>?
    private var sampler: SamplingThread<Outcome>?
    private var output = Output()
    private var inputIsThere = false
    private var isAnswering = false {
        didSet { listening.isOn.store(isAnswering, ordering: .relaxed) }
    }
    private let listening: Listening
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
        let listening = Listening()
        self.listening = listening
        writer = try WorkThread("the control pilot is set", loop: loop) {
            { write in
                do throws(SystemError) {
                    switch write {
                    case .signal(let signal): return .success(try generator.set(signal))
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
            var reporter = PilotReporter()
            var pace = PilotPace()
            return { uptime in
                let (outcome, pause) = input.attempt(at: uptime)
                guard case .read(let sample) = outcome, listening.isOn.load(ordering: .relaxed) else {
                    // Whatever is read after that is new.
                    (reporter, pace) = (PilotReporter(), PilotPace())
                    if case .read = outcome { return (nil, PilotPace.connected) }
                    return (outcome, pause)
                }
                let isTold = reporter.sampled(sample, at: uptime)
                return (isTold ? outcome : nil, pace.sampled(sample, at: uptime))
            }
        } handler: { [unowned self] outcome, uptime in
            sampled(outcome, at: uptime)
        }
        loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: output.retryAt, for: "a PWM is looked for") },
            fire: { [unowned self] _ in write() }
        )
    }

    /// Steady at +12 V, whatever a process before us left there.
    func start() { write() }

    func perform(_ command: DriverCommand) {
        guard case .setPilot(_, let signal) = command, signal != wanted else { return }
        wanted = signal
        if output.isThere || output.isBusy { write() }
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

    private func write() {
        output.retryAt = nil
        output.isBusy = true
        writer?.submit(.signal(wanted))
    }

    private func written(_ result: Result<Bool, SystemError>) {
        output.isBusy = false
        let now = EventLoop.uptime()
        switch result {
        case .success(let isNew):
            output.isThere = true
            guard isNew else { return }
            output.reopens += 1
            if output.pace.opened(at: now) { tell("is back", of: .output) }
            output.pace.worked()
            answer()
        case .failure(let error):
            output.isThere = false
            let failure = output.pace.failed(at: now)
            output.retryAt = now + failure.pause
            lose(error.description, of: .output, untoldBefore: failure.untoldBefore)
        }
    }

    private func sampled(_ outcome: Outcome, at uptime: Duration) {
        switch outcome {
        case .opened(let isToBeLogged):
            inputIsThere = true
            if isToBeLogged { tell("is back", of: .input) }
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
            lose(reason, of: .input, untoldBefore: untoldBefore)
        }
    }

    private func answer() {
        guard output.isThere, inputIsThere, !isAnswering else { return }
        isAnswering = true
        report(.deviceRecovered(devices[0]), nil)
        let health = DeviceHealth(counters: [.init(.reopens, max(output.reopens, 0))])
        report(.healthReported(devices[0], health), nil)
    }

    private func lose(_ reason: String, of part: Part, untoldBefore: Int?) {
        isAnswering = false
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
}
