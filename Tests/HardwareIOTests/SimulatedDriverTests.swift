import BusSchema
import EventLoop
import HardwareCore
import HardwareSimulation
import Primitives
import SiteConfiguration
import Testing

@testable import hardware_io

@Suite struct SimulatedDriverTests {
    /// A process that had no time hears of much at once, and orders something because of the first of it.
    @Test func whatAnOrderBringsAboutIsReportedAfterWhatHappenedBefore() throws {
        let loop = try EventLoop()
        var now = Moment(uptime: .seconds(1000), utc: Timestamp(millisecondsSinceEpoch: 0))
        let connector = ConnectorConfiguration(connectorId: 1, ratedMilliamps: 32_000, phases: 1, cable: .fixed)
        let driver = SimulatedDriver(
            [.contactor(connectorId: 1), .meter(connectorId: 1)],
            SimulationConfiguration(connectors: [connector], readerIds: [], noise: SimulatedNoise.none),
            file: nil,
            loop: loop,
            now: { now },
            problem: { _ in }
        )
        driver.start()
        driver.perform(.closeContactor(connectorId: 1))
        var heard: [Bool] = []
        driver.report = { [unowned driver] event, _ in
            guard case .contactorFeedback(_, let closed) = event else { return }
            heard.append(closed)
            guard heard.count == 1 else { return }
            driver.perform(.openContactor(connectorId: 1))
            now = now.advanced(by: .milliseconds(100))
            driver.perform(.readMeter(connectorId: 1))
        }
        now = now.advanced(by: .seconds(15))
        driver.perform(.readMeter(connectorId: 1))
        #expect(heard == [true, true, false])
    }

    @Test func theSettingsNameEveryMeasurandThatTheSimulatedMeterGives() {
        #expect(SimulationSection.knownMeasurands == MeterQuantity.Measurand.known.map(\.rawValue).sorted())
    }
}
