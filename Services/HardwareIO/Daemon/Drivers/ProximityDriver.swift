import AnalogLines
import EventLoop
import HardwareCore
import HardwareDevices
import Primitives
import SiteConfiguration

/// The proximity contact of a socket on a converter (IIO), sampled on a thread of its own.
final class ProximityDriver: Driver {
    private typealias Outcome = SampledInput<Int?>.Outcome

    let devices: [Device]
    var report: (DriverEvent, Duration?) -> Void = { _, _ in }

    private let connectorId: Int
    private let log: (LogRecord) -> Void
    private var sampler: SamplingThread<Outcome>?

    /// - Parameters:
    ///   - connectorId: Whose contact.
    ///   - settings: Where it is.
    ///   - system: Where sysfs is, except in tests `/sys`.
    ///   - loop: Outlives the driver.
    ///   - log: Takes what people want to know.
    /// - Throws: `SystemError` when the process may have no more threads.
    init(
        connectorId: Int,
        _ settings: ProximityInputSettings,
        system: String = "/sys",
        loop: EventLoop,
        log: @escaping (LogRecord) -> Void
    ) throws(SystemError) {
        self.connectorId = connectorId
        devices = [.proximity(connectorId: connectorId)]
        self.log = log
        sampler = try SamplingThread("the proximity contact is sampled", loop: loop) {
            var input = SampledInput { () throws(SystemError) in try Self.open(settings, system) }
            var reporter = ProximityReporter()
            return { uptime in
                let (outcome, pause) = input.attempt(at: uptime)
                guard case .read(let ohms) = outcome else {
                    reporter = ProximityReporter()
                    return (outcome, pause)
                }
                let (isTold, next) = reporter.sampled(ohms, at: uptime)
                return (isTold ? outcome : nil, next)
            }
        } handler: { [unowned self] outcome, uptime in
            sampled(outcome, at: uptime)
        }
    }

    func start() {}

    /// Nothing is ordered of it.
    func perform(_ command: DriverCommand) {}

    func stop() { sampler = nil }

    private static func open(
        _ settings: ProximityInputSettings,
        _ system: String
    ) throws(SystemError) -> () throws(SystemError) -> Int? {
        let input = try AnalogInput(device: settings.input.device, channel: settings.input.channel, system: system)
        let divider = ProximityDivider(
            pullUpOhms: settings.pullUpOhms,
            supplyMillivolts: settings.supplyMillivolts
        )
        let (numerator, denominator) = (settings.input.numerator, settings.input.denominator)
        let offset = settings.input.offsetMillivolts
        return { () throws(SystemError) in
            // The converter tells ±1000 V at most, and the settings a million at most.
            let measured = input.millivolts(raw: try input.read()) * numerator / denominator
            return divider.ohms(millivolts: measured + offset)
        }
    }

    private func sampled(_ outcome: Outcome, at uptime: Duration) {
        switch outcome {
        case .opened(let isToBeLogged):
            if isToBeLogged { tell(.notice, "is back") }
            report(.deviceRecovered(devices[0]), uptime)
        case .read(let ohms): report(.proximityRead(connectorId: connectorId, ohms: ohms), uptime)
        case .lost(let reason, let untoldBefore):
            report(.deviceLost(devices[0], reason: reason), uptime)
            guard let untoldBefore else { return }
            tell(.warning, "is lost", .init("reason", reason), .init("failuresBefore", untoldBefore))
        }
    }

    private func tell(_ level: LogRecord.Level, _ what: String, _ fields: LogRecord.Field...) {
        var record = LogRecord(level, "the converter of the proximity contact \(what)")
        record.fields = [.init("connector", connectorId)] + fields
        log(record)
    }
}
