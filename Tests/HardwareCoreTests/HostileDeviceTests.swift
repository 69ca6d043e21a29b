import BusSchema
import HardwareCore
import Primitives
import Testing

/// Devices that say every number there is: `DriverEvent` promises nothing about its integers. None stops the core, closes a contactor or
/// keeps one closed, and each that cannot be true is a fault that ends with it.
@Suite struct HostileDeviceTests {
    private static let extremes = [
        Int.min, .min + 1, -(1 << 53), Int(Int32.min), -1_000_000_001, -13_001, -1, 0, 1, 13_001, 1_000_000_001,
        Int(Int32.max), 1 << 53, .max - 1, .max,
    ]
    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)

    /// An EV in a locked socket under a permit, which would charge if its pilot were C.
    private func waiting() -> Bench {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(220)
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 3600)
        bench.driver(.lockFeedback(connectorId: 1, locked: true))
        return bench
    }

    private func charging() -> Bench {
        var bench = waiting()
        bench.pilot(6000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        bench.wait(.seconds(2))
        return bench
    }

    private static func sample(_ change: (inout MeterSample) -> Void) -> MeterSample {
        var sample = Bench.sample(energyWh: 1000)
        change(&sample)
        return sample
    }

    /// What no meter can measure, one field at a time.
    private static let samples: [MeterSample] =
        extremes.filter { !(-13_001...13_001).contains($0) }.flatMap { number in
            [
                sample { $0.energyWh = number < 0 ? Int64(number) : Int64(number).multipliedClamped(by: 1 << 20) },
                sample { $0.powerW = number },
                sample { $0.voltageMillivolts = [number] },
                sample { $0.currentMilliamps = [number] },
                sample { $0.frequencyMillihertz = number },
                MeterSample(
                    energyWh: Int64(number),
                    powerW: number,
                    voltageMillivolts: [number],
                    currentMilliamps: [number],
                    frequencyMillihertz: number
                ),
            ]
        } + [
            sample { $0.voltageMillivolts = [] }, sample { $0.currentMilliamps = [] },
            sample { $0.voltageMillivolts = Array(repeating: .max, count: 10_000) },
            sample { $0.currentMilliamps = Array(repeating: .min, count: 10_000) },
        ]

    @Test(arguments: extremes)
    func aPilotAtThatVoltageClosesNothing(millivolts: Int) {
        for low in Self.extremes + [-12_000] {
            var bench = waiting()
            let effects = bench.pilot(millivolts, low: low) + bench.wait(.seconds(20))
            #expect(!effects.orders.contains(close), "low \(low)")
            guard millivolts.magnitude > 13_000 else { continue }
            #expect(bench.machine.faults(on: 1) == [.evCommunicationError], "low \(low)")
        }
    }

    @Test(arguments: extremes)
    func aPilotAtThatVoltageOpensAtItsSecondReading(millivolts: Int) {
        var bench = charging()
        bench.reading(millivolts, low: millivolts)
        let effects = bench.reading(millivolts, low: millivolts)
        #expect(effects.first == .command(open))
        bench.opened()
        bench.pilot(12_000)
        bench.wait(.seconds(20))
        #expect(bench.machine.faults(on: 1) == [])
    }

    /// High in C: only a full negative half-wave proves the diode.
    @Test(arguments: extremes)
    func aNegativeHalfWaveThatProvesNoDiodeClosesNothing(low: Int) {
        var bench = waiting()
        let effects = bench.pilot(6000, low: low) + bench.wait(.seconds(20))
        #expect(!effects.orders.contains(close))
        #expect(bench.machine.faults(on: 1) != [])
    }

    @Test(arguments: extremes)
    func aPlugOfThatResistanceCarriesNothing(ohms: Int) {
        var bench = charging()
        bench.driver(.proximityRead(connectorId: 1, ohms: ohms))
        let effects = bench.driver(.proximityRead(connectorId: 1, ohms: ohms))
        #expect(effects.first == .command(open))
        bench.opened()
        let later = bench.wait(.seconds(20))
        #expect(!later.orders.contains(close))
    }

    @Test(arguments: samples)
    func aMeterThatSaysItBeginsNoCharge(sample: MeterSample) {
        var bench = Bench()
        bench.meterShows(sample)
        bench.handle(.started)
        bench.opened()
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 3600)
        let effects = bench.pilot(6000) + bench.wait(.seconds(40))
        #expect(!effects.orders.contains(close))
        #expect(bench.machine.faults(on: 1).contains(.powerMeterFailure))
        #expect(effects.published(MeterReading.self).isEmpty)
        bench.meterShows(Bench.sample(energyWh: 1000))
        bench.wait(.seconds(10))
        #expect(!bench.machine.faults(on: 1).contains(.powerMeterFailure))
    }

    @Test(arguments: samples)
    func aMeterThatSaysItWhileChargingIsLostAndItsLastGoodValuesStay(sample: MeterSample) {
        var bench = Bench.charging(leaseSeconds: 3600)
        bench.wait(.seconds(2))
        bench.meterShows(sample)
        let effects = bench.wait(.seconds(70))
        #expect(effects.orders.contains(open))
        #expect(bench.machine.faults(on: 1).contains(.powerMeterFailure))
        let readings = effects.published(MeterReading.self)
        #expect(!readings.isEmpty)
        #expect(readings.allSatisfy { !$0.valid && $0.energyWh == 1000 && $0.currentMilliamps == [0] })
    }

    @Test(arguments: extremes.filter { $0.magnitude > 40_000 })
    func aCurrentOfThatSizeTripsWhileClosedAndIsAFailureWhileOpen(milliamps: Int) {
        let sample = Self.sample { $0.currentMilliamps = [milliamps] }
        var closed = Bench.charging(leaseSeconds: 3600)
        closed.wait(.seconds(10), answeringMeter: sample)
        #expect(closed.machine.faults(on: 1).contains(.overCurrentFailure))
        var idle = Bench.idle()
        idle.driver(.meterRead(connectorId: 1, sample))
        idle.driver(.meterRead(connectorId: 1, sample))
        #expect(idle.machine.faults(on: 1).contains(.powerSwitchFailure))
    }

    @Test(arguments: extremes.filter { $0 != 1 })
    func aDeviceOfAConnectorThatIsNotThereIsLoggedAndDisturbsNothing(id: Int) {
        var bench = charging()
        let events: [DriverEvent] = [
            .pilotRead(connectorId: id, highMillivolts: id, lowMillivolts: id),
            .contactorFeedback(connectorId: id, closed: true), .lockFeedback(connectorId: id, locked: false),
            .proximityRead(connectorId: id, ohms: id), .meterRead(connectorId: id, Bench.sample(energyWh: 0)),
            .meterFailed(connectorId: id, reason: ""), .deviceLost(.pilot(connectorId: id), reason: ""),
            .deviceRecovered(.contactor(connectorId: id)), .cardRead(readerId: id, .uid([])), .cardGone(readerId: id),
            .deviceLost(.reader(readerId: id), reason: ""),
            .faultReported(connectorId: id, code: .groundFailure, present: true, detail: ""),
        ]
        for event in events {
            let effects = bench.handle(.driver(event))
            #expect(effects.count == 1)
            guard case .log = effects.first else {
                Issue.record("\(event): \(effects)")
                continue
            }
        }
        #expect(bench.machine.faults(on: 1) == [])
    }
}
