import BusSchema
import Primitives
import Testing

@testable import HardwareCore

@Suite struct MeterTests {
    private let read = DriverCommand.readMeter(connectorId: 1)

    @Test func itIsReadEachSecondWhileChargingAndPublishedEachTime() {
        var bench = Bench.charging()
        let sample = Bench.sample(energyWh: 1000, milliamps: 16_000)
        let effects = bench.wait(.seconds(10), pilotHigh: 6000, answeringMeter: sample)
        #expect(effects.commands.filter { $0 == read }.count == 10)
        let readings = effects.published(MeterReading.self)
        #expect(readings.count == 10)
        #expect(readings.allSatisfy { $0.valid && $0.powerW == 3680 })
    }

    @Test func itIsReadEveryTenSecondsWhileIdle() {
        var bench = Bench.idle()
        let effects = bench.wait(.seconds(100))
        #expect(effects.commands.filter { $0 == read }.count == 10)
    }

    /// Others take silence for the death of hardware-io: a meter that is gone must not look like that.
    @Test func withoutAMeterTheConnectorStillGivesSignsOfLife() {
        var bench = Bench.idle()
        bench.silent = [.meter]
        let effects = bench.wait(.seconds(120))
        let last = effects.published(ConnectorState.self).suffix(5)
        #expect(last.count == 5)
        #expect(last.allSatisfy { $0.faults == [.powerMeterFailure] })
    }

    @Test func aReadingCarriesTheTimeOfTheReading() {
        var bench = Bench.idle()
        let effects = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1001)))
        let reading = effects.published(MeterReading.self).first
        #expect(reading?.takenAtUptime == bench.now.uptime.wholeMilliseconds)
        #expect(reading?.takenAt == bench.now.utc.millisecondsSinceEpoch)
        #expect(reading?.energyWh == 1001)
    }

    @Test func beginAndEndOfAPermitAreReadAtOnce() {
        var bench = Bench.idle()
        bench.wait(.seconds(3))
        let granted = bench.permit(16_000)
        #expect(granted.commands.contains(read))
        bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        let withdrawn = bench.withdraw()
        #expect(withdrawn.commands.contains(read))
    }

    @Test func afterTheContactorOpenedItIsReadAtOnceAndOnceMoreWhenItHasSettled() {
        var bench = Bench.charging()
        bench.pilot(9000, low: -12_000)
        let opened = bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        #expect(opened.commands.contains(read))
        bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1001)))
        let settled = bench.wait(.milliseconds(300), answeringMeter: Bench.sample(energyWh: 1002))
        #expect(settled.published(MeterReading.self).map(\.energyWh) == [1002])
        let idle = bench.wait(.milliseconds(9900), answeringMeter: Bench.sample(energyWh: 1002))
        #expect(idle.published(MeterReading.self).isEmpty)
    }

    @Test func aRegisterThatFallsIsNeverPublished() {
        var bench = Bench.charging()
        let effects = bench.wait(.seconds(1), pilotHigh: 6000, answeringMeter: Bench.sample(energyWh: 500))
        #expect(effects.published(MeterReading.self).isEmpty)
        let lost = bench.wait(.seconds(2), pilotHigh: 6000, answeringMeter: Bench.sample(energyWh: 500))
        #expect(lost.faults.map(\.code) == [.powerMeterFailure])
        let reading = lost.published(MeterReading.self).last
        #expect(reading?.valid == false)
        #expect(reading?.energyWh == 1000)
    }

    @Test func aRegisterThatComesBackIsBelievedAgain() {
        var bench = Bench.charging()
        bench.wait(.seconds(3), pilotHigh: 6000, answeringMeter: Bench.sample(energyWh: 500))
        let back = bench.wait(.seconds(2), pilotHigh: 6000, answeringMeter: Bench.sample(energyWh: 1001))
        #expect(back.faults.map(\.present) == [false])
        #expect(back.published(MeterReading.self).last?.valid == true)
    }

    @Test func serviceMayAcceptTheRegisterOfASwappedMeter() {
        var bench = Bench.charging()
        bench.wait(.seconds(3), pilotHigh: 6000, answeringMeter: Bench.sample(energyWh: 5))
        let cleared = bench.clear(.powerMeterFailure)
        #expect(cleared.replies == [.done])
        #expect(cleared.published(MeterReading.self).last?.energyWh == 5)
        #expect(cleared.connector?.faults == [])
    }

    @Test func aRegisterThatWobblesByItsOwnResolutionHolds() {
        var bench = Bench.idle()
        let effects = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 998)))
        #expect(effects.published(MeterReading.self).first?.energyWh == 1000)
    }

    @Test func aJumpThatIsGoneLeavesTheRegister() {
        var bench = Bench.charging()
        let once = bench.wait(.seconds(1), pilotHigh: 6000, answeringMeter: Bench.sample(energyWh: 900_000))
        #expect(once.published(MeterReading.self).isEmpty)
        let gone = bench.wait(.seconds(1), pilotHigh: 6000, answeringMeter: Bench.sample(energyWh: 1001))
        #expect(gone.published(MeterReading.self).last?.energyWh == 1001)
        #expect(gone.faults.isEmpty)
    }

    @Test(arguments: [
        MeterSample(energyWh: -1, powerW: 0, voltageMillivolts: [230_000], currentMilliamps: [0]),
        MeterSample(energyWh: 1000, powerW: 0, voltageMillivolts: [], currentMilliamps: []),
        MeterSample(energyWh: 1000, powerW: 0, voltageMillivolts: [300_001], currentMilliamps: [0]),
        MeterSample(energyWh: 1000, powerW: 0, voltageMillivolts: [230_000], currentMilliamps: [64_001]),
        MeterSample(energyWh: 1000, powerW: 51, voltageMillivolts: [230_000], currentMilliamps: [0]),
        MeterSample(energyWh: 1000, powerW: .min, voltageMillivolts: [230_000], currentMilliamps: [0]),
        MeterSample(
            energyWh: 1000,
            powerW: 0,
            voltageMillivolts: [230_000],
            currentMilliamps: [0],
            frequencyMillihertz: 44_999
        ),
    ])
    func impossibleValuesAreNotPassedOn(sample: MeterSample) {
        var bench = Bench.idle()
        let effects = bench.driver(.meterRead(connectorId: 1, sample))
        #expect(effects.published(MeterReading.self).isEmpty)
    }

    @Test func aSilentMeterIsLostAfterThreeCyclesAndEndsChargingAfterItsGrace() {
        var bench = Bench.charging(leaseSeconds: 600)
        bench.silent = [.meter]
        // Asked after a second, and late three times.
        let early = bench.wait(.milliseconds(6999))
        #expect(early.faults.isEmpty)
        let lost = bench.wait(.milliseconds(1))
        #expect(lost.faults.map(\.code) == [.powerMeterFailure])
        let grace = bench.wait(.milliseconds(59_999))
        #expect(grace.orders.isEmpty)
        let over = bench.wait(.milliseconds(1))
        #expect(over.first == .command(.openContactor(connectorId: 1)))
    }

    @Test func aMeterThatIsReportedLostIsTriedEachSecondUntilThatIsSure() {
        var bench = Bench.idle()
        bench.wait(.seconds(2))
        bench.silent = [.meter]
        bench.driver(.deviceLost(.meter(connectorId: 1), reason: "unplugged"))
        let asked = bench.wait(.seconds(1))
        #expect(asked.commands == [read])
        bench.driver(.meterFailed(connectorId: 1, reason: "unplugged"))
        let askedAgain = bench.wait(.seconds(1))
        #expect(askedAgain.commands == [read])
        let lost = bench.driver(.meterFailed(connectorId: 1, reason: "unplugged"))
        #expect(lost.faults.map(\.code) == [.powerMeterFailure])
    }

    @Test func aFasterMeterMayCountFaster() {
        var fast = Bench.fixedCable
        fast.energyTimeScale = 3600
        let plausibility = MeterPlausibility(configuration: fast)
        #expect(plausibility.compare(8360, with: 1000, after: .seconds(1), stepWh: 10) == .plausible)
        let real = MeterPlausibility(configuration: Bench.fixedCable)
        #expect(real.compare(8360, with: 1000, after: .seconds(1), stepWh: 10) == .jumped)
        #expect(real.compare(999, with: 1000, after: .seconds(1), stepWh: 10) == .fell(amountWh: 1))
    }

    @Test func moreThanTheOfferForEightSecondsTripsUntilTheVehicleIsGone() {
        var bench = Bench.charging()
        let tooMuch = Bench.sample(energyWh: 1000, milliamps: 18_100)
        let early = bench.wait(.seconds(8), pilotHigh: 6000, answeringMeter: tooMuch)
        #expect(early.faults.isEmpty)
        let late = bench.wait(.seconds(1), pilotHigh: 6000, answeringMeter: tooMuch)
        #expect(late.first == .command(.openContactor(connectorId: 1)))
        #expect(late.connector?.faults == [.overCurrentFailure])
        let gone = bench.pilot(12_000)
        #expect(gone.connector?.faults == [])
    }

    @Test func anExcessThatEndsInTimeTripsNothing() {
        var bench = Bench.charging()
        bench.wait(.seconds(5), pilotHigh: 6000, answeringMeter: Bench.sample(energyWh: 1000, milliamps: 20_000))
        let effects = bench.wait(
            .seconds(20),
            pilotHigh: 6000,
            answeringMeter: Bench.sample(energyWh: 1001, milliamps: 17_000)
        )
        #expect(effects.faults.isEmpty)
    }
}
