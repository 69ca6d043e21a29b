import BusSchema
import HardwareCore
import Primitives
import Testing

/// How well devices answer, as others are told.
@Suite struct DeviceTests {
    private var now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_700_000_000_000))
    private var machine: HardwareMachine

    init() {
        let connector = ConnectorConfiguration(connectorId: 1, ratedMilliamps: 32_000, phases: 1, cable: .fixed)
        machine = HardwareMachine(
            configuration: HardwareConfiguration(
                connectors: [connector],
                readers: [],
                devices: [
                    DeviceConfiguration(device: .meter(connectorId: 1), driver: "modbus-rtu", simulated: false),
                    DeviceConfiguration(device: .residualCurrent(connectorId: 1), driver: "gpio", simulated: false),
                ]
            ),
            bootId: "boot",
            at: now
        )
    }

    private mutating func handle(_ event: HardwareMachine.Event) -> [DeviceState] {
        machine.handle(event, at: now).published()
    }

    private func health(_ trouble: String?, _ timeouts: Int64) -> HardwareMachine.Event {
        let health = DeviceHealth(trouble: trouble, counters: [.init(.timeouts, timeouts)])
        return .driver(.healthReported(.meter(connectorId: 1), health))
    }

    @Test mutating func everyDeviceIsToldAtTheStart() {
        let told = handle(.started)
        #expect(told.map(\.name) == ["meter-1", "residual-current-1"])
        #expect(told.map(\.condition) == [.starting, .starting])
        #expect(told.map(\.driver) == ["modbus-rtu", "gpio"])
    }

    @Test mutating func aConditionIsToldAtOnceAndCountersNowAndThen() {
        _ = handle(.started)
        #expect(handle(.driver(.deviceRecovered(.meter(connectorId: 1)))).map(\.condition) == [.ok])
        #expect(handle(health(nil, 1)).isEmpty)
        #expect(handle(health("answers are missing", 2)).map(\.condition) == [.degraded])
        now = now.advanced(by: .seconds(10))
        let counted = handle(health("answers are missing", 3))
        #expect(counted.map(\.counters) == [[.init(.timeouts, 3)]])
        #expect(handle(health(nil, 3)).map(\.condition) == [.ok])
    }

    @Test mutating func aLostDeviceIsLostUntilItsDriverSaysOtherwise() {
        _ = handle(.started)
        let lost = handle(.driver(.deviceLost(.meter(connectorId: 1), reason: "unplugged")))
        #expect(lost.map(\.condition) == [.lost])
        #expect(lost.map(\.detail) == ["unplugged"])
        let sample = MeterSample(energyWh: 1, powerW: 0, voltageMillivolts: [230_000], currentMilliamps: [0])
        #expect(handle(.driver(.meterRead(connectorId: 1, sample))).isEmpty)
        #expect(handle(health(nil, 9)).isEmpty)
        #expect(handle(.driver(.deviceRecovered(.meter(connectorId: 1)))).map(\.detail) == [nil])
    }

    /// What watches over people and says nothing any more, forbids.
    @Test(arguments: [
        Device.residualCurrent(connectorId: 1), .emergencyStop(connectorId: 1), .temperature(connectorId: 1),
        .controller(connectorId: 1),
    ])
    func aLostGuardOpensTheContactor(device: Device) {
        var bench = Bench.charging()
        let effects = bench.driver(.deviceLost(device, reason: "unplugged"))
        #expect(effects.orders.first == .openContactor(connectorId: 1))
        #expect(effects.connector?.faults == [.internalError])
        bench.opened()
        #expect(bench.driver(.deviceRecovered(device)).connector?.faults == [])
    }

    @Test func theLightsFollowWhatPeopleSee() {
        var connector = Bench.fixedCable
        connector.equipment.hasIndicator = true
        var bench = Bench([connector])
        func looks(_ effects: [HardwareEffect]) -> [IndicatorLook] {
            effects.commands.compactMap { if case .show(1, let look) = $0 { look } else { nil } }
        }
        // A meter that was not read yet is no reason to frighten anybody.
        #expect(looks(bench.handle(.started)) == [.available])
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.pilot(12_000)
        bench.wait(.seconds(5))
        #expect(looks(bench.pilot(9000)) == [.connected])
        #expect(looks(bench.permit(16_000)) == [.waiting])
        bench.pilot(6000)
        #expect(looks(bench.driver(.contactorFeedback(connectorId: 1, closed: true))) == [.charging])
        let trip = DriverEvent.faultReported(connectorId: 1, code: .emergencyStop, present: true, detail: "pressed")
        #expect(looks(bench.driver(trip)) == [.fault])
        #expect(looks(bench.driver(.deviceRecovered(.indicator(connectorId: 1)))) == [.fault])
        #expect(looks(bench.handle(.terminationRequested)) == [.unavailable])
    }

    @Test func aLostIndicatorStopsNothing() {
        var bench = Bench.charging()
        let effects = bench.driver(.deviceLost(.indicator(connectorId: 1), reason: "unplugged"))
        #expect(effects.orders.isEmpty)
        #expect(effects.faults.isEmpty)
    }
}
