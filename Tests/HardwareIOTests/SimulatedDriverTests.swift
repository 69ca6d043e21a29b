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

    /// Beside a real lock, the simulated bolt is nobody's business.
    @Test func whatIsRealIsNeitherMovedNorSpokenFor() throws {
        let loop = try EventLoop()
        let connector = ConnectorConfiguration(
            connectorId: 1,
            ratedMilliamps: 32_000,
            phases: 1,
            cable: .socket(lock: true)
        )
        let simulated: [Device] = [.pilot(connectorId: 1), .proximity(connectorId: 1), .contactor(connectorId: 1)]
        let all = simulated + [.lock(connectorId: 1)]
        let driver = SimulatedDriver(
            simulated,
            SimulationConfiguration(connectors: [connector], readerIds: [], noise: SimulatedNoise.none),
            file: nil,
            loop: loop,
            problem: { _ in }
        )
        var heard: Set<Device> = []
        driver.report = { event, _ in if let device = event.device { heard.insert(device) } }
        driver.start()
        #expect(heard == Set(simulated))
        let jam = SimulateHardware(action: .lock, connectorId: 1, on: true)
        #expect(throws: BusError(.refused, "the cable lock of connector 1 is real")) {
            try driver.simulate(jam, among: all)
        }
        try driver.simulate(SimulateHardware(action: .plug, connectorId: 1), among: all)
        // A latched fault there may be a real one.
        #expect(!driver.isAlone(on: 1, among: all))
        #expect(driver.isAlone(on: 1, among: simulated))
    }

    @Test func theSettingsNameEveryMeasurandThatTheSimulatedMeterGives() {
        #expect(SimulationSection.knownMeasurands == MeterQuantity.Measurand.known.map(\.rawValue).sorted())
    }
}
