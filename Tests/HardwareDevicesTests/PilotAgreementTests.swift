import HardwareCore
import HardwareDevices
import Primitives
import Testing

/// Whether the line shows what was ordered of the generator.
@Suite struct PilotAgreementTests {
    /// Every 50 ms for a second, written at 0.
    private func verdicts(_ high: Int, _ low: Int, _ signal: PilotSignal) -> [PilotAgreement.Verdict?] {
        var agreement = PilotAgreement()
        let sample = PilotSample(highMillivolts: high, lowMillivolts: low)
        return (1...20).map {
            agreement.sampled(sample, at: .milliseconds(50 * $0), signal: signal, writtenAt: .zero)
        }
    }

    @Test(arguments: [
        (-12_000, -12_000, PilotSignal.x1), (9000, -12_000, .x1), (-12_000, -12_000, .pwm(dutyPermille: 266)),
        (12_000, 12_000, .pwm(dutyPermille: 266)), (6000, 6000, .pwm(dutyPermille: 100)), (9000, 9000, .f),
    ])
    func whatNoEVMakesContradictsOnceItHasLasted(high: Int, low: Int, signal: PilotSignal) {
        let all = verdicts(high, low, signal)
        // From the first sample, at 50 ms, for 600 ms.
        #expect(all.prefix(12).allSatisfy { $0 == nil })
        #expect(all.dropFirst(12).allSatisfy { $0 == .contradicts })
    }

    @Test(arguments: [
        (12_000, 12_000, PilotSignal.x1), (0, 0, .x1), (6000, -12_000, .pwm(dutyPermille: 266)),
        // Shorted, without its diode, or gone: the EV's doing.
        (0, 0, .pwm(dutyPermille: 266)), (6000, -6000, .pwm(dutyPermille: 266)),
        (12_000, -12_000, .pwm(dutyPermille: 266)), (-12_000, -12_000, .f),
    ])
    func whatAnEVMakesOfItAgrees(high: Int, low: Int, signal: PilotSignal) {
        #expect(verdicts(high, low, signal).allSatisfy { $0 == .agrees })
    }

    @Test func aSampleOfBeforeTheOrderSaysNothing() {
        var agreement = PilotAgreement()
        let sample = PilotSample(highMillivolts: 12_000, lowMillivolts: 12_000)
        let early = agreement.sampled(sample, at: .milliseconds(99), signal: .x1, writtenAt: .milliseconds(100))
        #expect(early == nil)
    }

    @Test func oneSampleOrTwoAreNotEnoughHoweverFarApart() {
        var agreement = PilotAgreement()
        let sample = PilotSample(highMillivolts: -12_000, lowMillivolts: -12_000)
        let verdicts = [1, 3, 5].map {
            agreement.sampled(sample, at: .seconds($0), signal: .x1, writtenAt: .zero)
        }
        #expect(verdicts == [nil, nil, .contradicts])
    }
}
