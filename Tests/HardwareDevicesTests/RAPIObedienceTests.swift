import BusSchema
import Primitives
import Testing

@testable import HardwareDevices

/// A controller that does not do what it is told: it takes another limit, none, or does not let energy flow.
@Suite struct RAPIObedienceTests {
    @Test func aLimitThatSomebodyRaisesAtTheControllerIsLoweredAtOnce() {
        var bench = ControllerBench()
        bench.charge(amps: 6)
        bench.choose(amps: 32)
        #expect(bench.model.amps == 6)
        bench.pass(.seconds(30))
        #expect(bench.model.isClosed && bench.offences.isEmpty)
    }

    @Test func aLimitThatIsRaisedWithoutAWordIsLoweredWithinTwoSeconds() {
        var bench = ControllerBench()
        bench.charge(amps: 6)
        bench.pass(.seconds(10))
        bench.model.amps = 32
        bench.pass(.seconds(2))
        #expect(bench.model.amps == 6)
        #expect(bench.model.isClosed && bench.offences.isEmpty)
    }

    /// Whoever charged on would draw more than the installation was said to have.
    @Test func aControllerThatAgreesAndKeepsMoreIsForbiddenAndNamed() {
        var bench = ControllerBench()
        bench.model.stubbornAmps = 16
        bench.charge(amps: 10)
        #expect(bench.count("SC 10 V") > 1, "It is told again first.")
        bench.pass(.seconds(3))
        #expect(bench.model.mode == .sleeping && !bench.model.isClosed)
        #expect(bench.offences.last?.fault == .powerSwitchFailure)
        #expect(bench.offences.last?.faultDetail == "controller offers 16 A where 10 A are permitted")
    }

    @Test func aControllerThatCannotBeAskedForItsLimitIsBelievedWhatItAgreesTo() {
        var bench = ControllerBench()
        bench.model.unknown = ["GE"]
        bench.charge(amps: 10)
        bench.choose(amps: 16)
        bench.pass(.seconds(10))
        #expect(bench.model.amps == 10 && bench.model.isClosed && bench.offences.isEmpty)
    }

    @Test func aControllerThatDoesNotSayWhatItOffersIsInTroubleUntilItDoes() {
        var bench = ControllerBench()
        bench.charge(amps: 10)
        #expect(bench.machine.trouble == nil)
        bench.model.offer = "lots"
        bench.pass(.seconds(30))
        let words = "what the controller offers cannot be checked: it does not answer with a number"
        #expect(bench.machine.trouble == words)
        #expect(bench.warnings.filter { $0 == words }.count == 1)
        #expect(bench.model.isClosed && bench.offences.isEmpty, "It agreed.")
        bench.model.offer = nil
        bench.model.amps = 32
        bench.pass(.seconds(2))
        #expect(bench.model.amps == 10)
        #expect(bench.machine.trouble == nil)
    }

    @Test func aControllerThatDoesNotKnowTheQuestionForItsOfferIsInTrouble() {
        var bench = ControllerBench()
        bench.model.unknown = ["GE"]
        bench.charge(amps: 10)
        let words = "what the controller offers cannot be checked: it does not know the question"
        #expect(bench.machine.trouble == words)
        bench.choose(amps: 16)
        bench.pass(.seconds(30))
        #expect(bench.warnings.filter { $0 == words }.count == 1)
    }

    @Test func aControllerThatRefusesTheLimitIsNamed() {
        var bench = ControllerBench()
        bench.model.unknown = ["SC"]
        bench.charge(amps: 10)
        #expect(bench.model.mode == .sleeping)
        #expect(bench.offences.last?.fault == .internalError)
        #expect(bench.offences.last?.faultDetail == "controller refuses the limit of 10 A")
    }

    @Test func aControllerThatTakesMoreThanTheLimitIsNamed() {
        var bench = ControllerBench()
        bench.model.lowestAmps = 10
        bench.charge(amps: 8)
        #expect(bench.offences.last?.faultDetail == "controller takes 10 A where 8 A are permitted")
    }

    /// It answers all the while, and does each of the things that show that, which must not make the next attempt come sooner.
    @Test func aControllerThatRefusesToChargeIsTriedLessAndLessOften() {
        var bench = ControllerBench()
        bench.model.unknown = ["FE"]
        bench.charge()
        #expect(bench.offences.last?.faultDetail == "controller refuses to let energy flow")
        #expect(!bench.reports.contains { if case .lost = $0 { true } else { false } })
        bench.pass(.seconds(60))
        #expect((2...5).contains(bench.count("FE")))
        let before = bench.count("FE")
        bench.pass(.seconds(600))
        #expect((1...4).contains(bench.count("FE") - before))
        #expect(bench.model.mode == .sleeping)
        bench.model.unknown = []
        bench.pass(.seconds(300))
        #expect(bench.model.isClosed && bench.lastStatus?.fault == nil)
    }

    @Test func whatIsPermittedWhileAControllerIsLeftAloneWaits() {
        var bench = ControllerBench()
        bench.model.unknown = ["FE"]
        bench.charge()
        let before = bench.count("FE")
        for _ in 0..<8 {
            bench.order(.forbid)
            bench.order(.permit(amps: 16))
            bench.pass(.milliseconds(100))
        }
        #expect(bench.count("FE") == before)
    }

    @Test func aControllerThatObeyedForAMinuteIsTriedSoonAgain() {
        var bench = ControllerBench()
        bench.model.unknown = ["FE"]
        bench.charge()
        bench.pass(.seconds(300))
        bench.model.unknown = []
        bench.pass(.seconds(400))
        #expect(bench.model.isClosed)
        bench.order(.forbid)
        bench.model.unknown = ["FE"]
        bench.order(.permit(amps: 16))
        bench.model.unknown = []
        #expect(!bench.model.isClosed)
        bench.pass(.seconds(6))
        #expect(bench.model.isClosed)
    }

    /// It answers all but one question, so that it is lost again as soon as something is permitted.
    @Test func aControllerThatAnswersForAMomentOnlyIsSetUpLessAndLessOften() {
        var bench = ControllerBench()
        bench.model.answersOnly = ["FS", "GV", "SY", "GS"]
        bench.charge()
        bench.orderAgainAndAgain(for: 1200)
        #expect(bench.count("GV") < 120)
        bench.model.answersOnly = nil
        bench.orderAgainAndAgain(for: 60)
        #expect(bench.model.isClosed)
    }
}
