import BusSchema
import HardwareCore
import Primitives
import Testing

/// A connector whose controller owns pilot and contactor: it is told what it may, and closes by itself.
@Suite struct ControllerTests {
    private static var connector: ConnectorConfiguration {
        var connector = Bench.fixedCable
        connector.equipment.front = .controller
        return connector
    }

    private static let forbid = DriverCommand.control(connectorId: 1, .forbid)
    private static func permit(_ milliamps: Int) -> DriverCommand {
        .control(connectorId: 1, .permit(milliamps: milliamps))
    }

    /// Started, answering, contactor open, meter read, at rest, no EV.
    private static func idle() -> Bench {
        var bench = Bench([connector])
        bench.handle(.started)
        bench.driver(.deviceRecovered(.controller(connectorId: 1)))
        bench.controller(.a, closed: false)
        for _ in 0..<6 {
            bench.wait(.seconds(1))
            bench.controller(.a, closed: false)
        }
        return bench
    }

    private static func charging() -> Bench {
        var bench = idle()
        bench.controller(.b, closed: false)
        bench.permit(16_000)
        bench.controller(.c, closed: true)
        return bench
    }

    @Test func theFirstOrderAfterAStartForbids() {
        var bench = Bench([Self.connector])
        #expect(bench.handle(.started).orders == [Self.forbid])
        #expect(bench.driver(.deviceRecovered(.controller(connectorId: 1))).orders == [Self.forbid])
    }

    @Test func whatItMayIsRepeatedEachSecond() {
        var bench = Self.idle()
        let orders = bench.wait(.seconds(5)).orders
        #expect(orders == Array(repeating: Self.forbid, count: 5))
    }

    @Test func itIsLeftTheContactorUnderAPermitAndClosesByItselfWithoutAFault() {
        var bench = Self.idle()
        bench.controller(.b, closed: false)
        #expect(bench.permit(16_000).orders == [Self.permit(16_000)])
        let effects = bench.controller(.c, closed: true)
        #expect(effects.faults.isEmpty)
        #expect(effects.connector?.contactor == .closed)
    }

    @Test func itMayOpenAndCloseAsTheVehicleWants() {
        var bench = Self.charging()
        let opened = bench.controller(.b, closed: false)
        #expect(opened.faults.isEmpty)
        #expect(opened.connector?.openSinceUptime == bench.now.uptime.wholeMilliseconds)
        bench.wait(.seconds(1))
        #expect(bench.controller(.c, closed: true).faults.isEmpty)
        #expect(bench.wait(.seconds(1)).orders == [Self.permit(16_000)])
    }

    @Test func aWithdrawnPermitForbidsAtOnceAndGivesItTimeToOpen() {
        var bench = Self.charging()
        #expect(bench.withdraw().orders == [Self.forbid])
        var effects = bench.wait(.seconds(1))
        effects += bench.controller(.c, closed: true)
        effects += bench.wait(.seconds(3))
        effects += bench.controller(.b, closed: false)
        #expect(effects.faults.isEmpty)
        #expect(effects.connector?.contactor == .open)
    }

    @Test func aContactorThatStaysClosedAlthoughItIsForbiddenIsAFailureThatStays() {
        var bench = Self.charging()
        bench.withdraw()
        var effects: [HardwareEffect] = []
        for _ in 0..<9 {
            effects += bench.wait(.seconds(1))
            effects += bench.controller(.c, closed: true)
        }
        #expect(effects.faults.map(\.code) == [.powerSwitchFailure])
        bench.controller(.b, closed: false)
        #expect(bench.permit(16_000).orders.isEmpty)
        #expect(bench.wait(.seconds(2)).orders.allSatisfy { $0 == Self.forbid })
    }

    @Test func aControllerThatClosesWithoutLeaveIsToldAgainAndThenAFailure() {
        var bench = Self.idle()
        var effects = bench.controller(.c, closed: true)
        #expect(effects.faults.isEmpty)
        #expect(effects.connector?.contactor == .opening)
        for _ in 0..<9 {
            effects += bench.wait(.seconds(1))
            effects += bench.controller(.c, closed: true)
        }
        #expect(effects.faults.map(\.code) == [.powerSwitchFailure])
    }

    /// 4 s on and 3 s off, without a permit ever.
    @Test func aControllerThatClosesAgainAndAgainWithoutLeaveIsAFailure() {
        var bench = Self.idle()
        var effects: [HardwareEffect] = []
        for _ in 0..<3 {
            effects += bench.controller(.c, closed: true)
            effects += bench.wait(.seconds(4))
            effects += bench.controller(.b, closed: false)
            effects += bench.wait(.seconds(3))
        }
        #expect(effects.faults.map(\.code) == [.powerSwitchFailure])
    }

    /// Else it would be tried again and again under the same permit.
    @Test(arguments: [HardwareFaultCode.powerSwitchFailure, .overCurrentFailure])
    func whatAControllerFindsWrongWithItsCurrentStaysUntilTheVehicleLeaves(code: HardwareFaultCode) {
        var bench = Self.charging()
        bench.driver(.faultReported(connectorId: 1, code: code, present: true, detail: "by itself"))
        bench.driver(.faultReported(connectorId: 1, code: code, present: false, detail: ""))
        bench.controller(.c, closed: false)
        #expect(!bench.wait(.seconds(10)).orders.contains(Self.permit(16_000)))
        bench.controller(.a, closed: false)
        #expect(bench.controller(.a, closed: false).connector?.faults ?? [] == [])
    }

    @Test func aLostControllerIsAFaultAndIsForbiddenFirstWhenItIsBack() {
        var bench = Self.charging()
        let lost = bench.driver(.deviceLost(.controller(connectorId: 1), reason: "no answer"))
        #expect(lost.orders == [Self.forbid])
        #expect(lost.connector?.faults == [.internalError])
        let back = bench.driver(.deviceRecovered(.controller(connectorId: 1)))
        #expect(back.orders == [Self.forbid])
        bench.controller(.c, closed: false)
        bench.wait(.seconds(6))
        bench.permit(16_000)
        #expect(bench.controller(.c, closed: false).connector?.faults == [])
        #expect(bench.wait(.seconds(1)).orders.contains(Self.permit(16_000)))
    }

    @Test func aShortedPilotForbids() {
        var bench = Self.charging()
        let effects = bench.controller(.e, closed: true)
        #expect(effects.orders.first == Self.forbid)
        #expect(effects.connector?.faults == [.evCommunicationError])
    }

    @Test func aControllerThatSaysNothingForThreeSecondsIsForbidden() {
        var bench = Self.charging()
        let effects = bench.wait(.milliseconds(3100))
        #expect(effects.orders.contains(Self.forbid))
        #expect(effects.connector?.faults == [.internalError])
    }

    @Test func theEndMakesItUnavailableAndWaitsForItsContactor() {
        var bench = Self.charging()
        let ending = bench.handle(.terminationRequested)
        #expect(ending.orders == [.control(connectorId: 1, .unavailable)])
        #expect(!ending.contains(.finish))
        #expect(bench.controller(.f, closed: false).contains(.finish))
    }
}

extension Bench {
    @discardableResult
    mutating func controller(_ pilot: PilotState?, closed: Bool) -> [HardwareEffect] {
        driver(.controllerRead(connectorId: 1, ControllerReading(pilot: pilot, isClosed: closed)))
    }
}
