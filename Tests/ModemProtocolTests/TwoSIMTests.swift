import BusSchema
import ModemSimulation
import Primitives
import Testing
import UplinkCore

@testable import ModemProtocol

/// A modem with two slots, which a line or the modem itself switches.
@Suite struct TwoSIMTests {
    private static let second = SimulatedSIM(iccid: "8943000000000000026", imsi: "232010000000002")

    private func bench(
        byLine: Bool = true,
        returnAfter: Duration? = .seconds(43_200),
        _ change: (inout ModemCarrier.Settings) -> Void = { _ in }
    ) -> CarrierBench {
        var settings = CarrierBench.settings
        settings.hasTwoSIMs = true
        settings.returnAfter = returnAfter
        settings.modem.switchesSIMByLine = byLine
        change(&settings)
        var bench = CarrierBench(settings)
        bench.modem.sims[2] = Self.second
        return bench
    }

    private func drives(_ bench: CarrierBench) -> [Bool] {
        bench.effects.compactMap { if case .drive(_, let isActive) = $0 { isActive } else { nil } }
    }

    @Test func aSlotWithoutACardIsLeftForTheOtherOne() {
        var bench = bench()
        bench.modem.sims[1] = nil
        bench.start()
        bench.advance(by: .seconds(1700))
        #expect(bench.condition.link != .up, "Half an hour lies between two changes, and a start may follow one.")
        bench.advance(by: .seconds(300))
        #expect(drives(bench) == [false, true])
        #expect(bench.condition.link == .up && bench.condition.radio?.iccid == Self.second.iccid)
    }

    @Test func theFirstSIMIsTriedAgainAfterSomeHours() {
        var bench = bench(returnAfter: .seconds(7200))
        bench.modem.sims[1] = nil
        bench.start()
        bench.advance(by: .seconds(2000))
        bench.modem.sims[1] = SimulatedSIM()
        bench.advance(by: .seconds(7200))
        #expect(drives(bench) == [false, true, false])
        #expect(bench.condition.link == .up && bench.condition.radio?.iccid == "8949000000000000017")
        bench.advance(by: .seconds(86_400))
        #expect(drives(bench).count == 3, "A SIM that works stays.")
    }

    @Test func twoSIMsWithoutANetworkTakeTurnsHalfAnHourApart() {
        var bench = bench(returnAfter: nil)
        bench.modem.network.isGone = true
        bench.start()
        bench.advance(by: .seconds(36_000))
        #expect((15...20).contains(drives(bench).count))
    }

    @Test func aNetworkThatIsSearchedForIsWaitedForHalfAnHour() {
        var bench = bench()
        bench.start()
        bench.advance(by: .seconds(3600))
        bench.change { $0.network.isGone = true }
        bench.advance(by: .seconds(1700))
        #expect(drives(bench) == [false])
    }

    @Test func eachSIMHasAPINOfItsOwn() {
        var bench = bench {
            $0.modem.pin = Secret("1111")
            $0.modem.secondPIN = Secret("2222")
        }
        bench.modem.sims[1]?.isBroken = true
        bench.modem.sims[2]?.pin = "2222"
        bench.start()
        bench.advance(by: .seconds(2000))
        #expect(bench.modem.pinAttempts.map(\.pin) == ["2222"])
        #expect(bench.condition.link == .up)
    }

    @Test func aCallOverTheSecondSIMOutlivesTheProcess() {
        var bench = bench()
        bench.modem.sims[1] = nil
        bench.start()
        bench.advance(by: .seconds(2000))
        #expect(bench.condition.link == .up)
        var next = self.bench()
        next.modem = bench.modem
        next.start(stored: bench.stored, running: ["pppd"])
        next.advance(by: .seconds(300))
        #expect(drives(next) == [true], "The line stands as before, and the radio is left alone.")
        #expect(!next.modem.commands.dropFirst(bench.modem.commands.count).contains("AT+CFUN=0"))
        #expect(next.condition.link == .up && next.spawns.isEmpty)
    }

    @Test func aModemThatSwitchesByItsOwnCommandIsToldTo() {
        var bench = bench(byLine: false)
        bench.modem.identity.manufacturer = "Quectel"
        bench.modem.sims[1] = nil
        bench.start()
        bench.advance(by: .seconds(2000))
        #expect(drives(bench) == [])
        #expect(bench.modem.commands.contains("AT+QUIMSLOT=2"))
        #expect(bench.condition.link == .up && bench.condition.radio?.iccid == Self.second.iccid)
    }
}
