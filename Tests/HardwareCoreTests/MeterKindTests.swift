import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// Meters whose registers count in coarse steps, and those that tell energy and power only.
@Suite struct MeterKindTests {
    private func coarse(_ energyWh: Int64, step: Int?, at second: Int) -> MeterSample {
        MeterSample(
            energyWh: energyWh,
            powerW: 7360,
            voltageMillivolts: [230_000 + second],
            currentMilliamps: [32_000],
            registerStepWh: step
        )
    }

    private func pulses(_ energyWh: Int64, powerW: Int = 0) -> MeterSample {
        MeterSample(
            energyWh: energyWh,
            powerW: powerW,
            voltageMillivolts: [],
            currentMilliamps: [],
            registerStepWh: 1,
            hasPhases: false
        )
    }

    /// Carlo Gavazzi counts in steps of 100 Wh: 7360 W move its register every 49 s.
    @Test func aRegisterThatCountsInHundredsNeitherJumpsNorStandsStill() {
        var judge = RegisterJudge(Bench.fixedCable)
        _ = judge.judge(coarse(1000, step: 100, at: 0), at: .zero)
        var energyWh: Int64 = 1000
        for second in 1...200 {
            if second.isMultiple(of: 49) { energyWh += 100 }
            let verdict = judge.judge(coarse(energyWh, step: 100, at: second), at: .seconds(second))
            #expect(verdict == .believed(energyWh: energyWh), "second \(second)")
        }
    }

    @Test func aStepThatNobodyAnnouncedIsAJump() {
        var judge = RegisterJudge(Bench.fixedCable)
        _ = judge.judge(coarse(1000, step: nil, at: 0), at: .zero)
        _ = judge.judge(coarse(1000, step: nil, at: 1), at: .seconds(1))
        guard case .refused = judge.judge(coarse(1100, step: nil, at: 2), at: .seconds(2)) else {
            Issue.record("100 Wh in a second are believed")
            return
        }
    }

    @Test func aMeterWithoutPhasesMayRepeatItselfWhileNothingFlows() {
        var judge = RegisterJudge(Bench.fixedCable)
        _ = judge.judge(pulses(500), at: .zero)
        for second in 1...300 {
            #expect(judge.judge(pulses(500), at: .seconds(second)) == .believed(energyWh: 500))
        }
        #expect(judge.judge(pulses(501, powerW: 3600), at: .seconds(301)) == .believed(energyWh: 501))
    }

    @Test func powerThatCannotFlowIsRefusedWithoutPhasesToo() {
        var judge = RegisterJudge(Bench.fixedCable)
        _ = judge.judge(pulses(500), at: .zero)
        for power in [1_000_000, Int.max, Int.min] {
            guard case .refused = judge.judge(pulses(500, powerW: power), at: .seconds(1)) else {
                Issue.record("\(power) W are believed")
                return
            }
        }
    }

    @Test func aMeterWithPhasesThatTellsNoneIsRefused() {
        var judge = RegisterJudge(Bench.fixedCable)
        var sample = pulses(500)
        sample.hasPhases = true
        #expect(judge.judge(sample, at: .zero) == .refused("sample has not 1 phase(s)"))
    }

    @Test func aChargeIsMeteredByOneWithoutPhases() {
        var bench = Bench.charging()
        let readings = bench.wait(.seconds(2), answeringMeter: pulses(1001, powerW: 3600)).published(MeterReading.self)
        #expect(readings.last?.energyWh == 1001)
        #expect(readings.last?.valid == true)
        #expect(readings.last?.voltageMillivolts == [])
    }
}
