import BusSchema
import HardwareCore
import Primitives
import Testing

/// Who may hold a permit, and until when.
@Suite struct LeaseTests {
    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)
    private let x1 = DriverCommand.setPilot(connectorId: 1, .x1)

    @Test func anExpiredLeaseClosesNothingAlsoBeforeItsDeadlineWasHandled() {
        var bench = Bench.idle()
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 10)
        bench.pilot(9000)
        bench.now = bench.now.advanced(by: .seconds(10))
        let effects = bench.pilot(6000)
        #expect(!effects.orders.contains(close))
        #expect(effects.orders == [x1])
        #expect(effects.connector?.permit == nil)
    }

    /// Its grantor may be dead, and the next car is another customer's.
    @Test(arguments: [PermitLossPolicy.openAtOnce, .continueFor(.seconds(600))])
    func aPermitEndsWithTheVehicleThatItWasGivenFor(policy: PermitLossPolicy) {
        var connector = Bench.fixedCable
        connector.onPermitLost = policy
        var bench = Bench.charging(connector, leaseSeconds: 600)
        var effects = bench.pilot(12_000)
        #expect(effects.first == .command(open))
        #expect(effects.connector?.permit == nil)
        bench.opened()
        bench.wait(.seconds(5))
        bench.pilot(9000)
        effects = bench.pilot(6000) + bench.wait(.seconds(60))
        #expect(!effects.orders.contains(close))
        #expect(effects.connector?.notChargingBecause == "the permit was for the EV that left")
        // A transaction that is to go on without its EV may have it again.
        bench.permit(16_000, leaseSeconds: 600)
        #expect(bench.wait(.seconds(10)).orders.contains(close))
    }

    @Test func aPermitThatWasThereBeforeTheVehicleIsForIt() {
        var bench = Bench.idle()
        bench.permit(16_000, leaseSeconds: 600)
        bench.wait(.seconds(10))
        bench.pilot(9000)
        #expect(bench.pilot(6000).orders.contains(close))
    }

    @Test func itIsToldSinceWhenAVehicleIsThereThatCame() {
        var bench = Bench.idle()
        let came = bench.pilot(9000)
        #expect(came.connector?.pluggedSinceUptime == bench.now.uptime.wholeMilliseconds)
        bench.wait(.seconds(3))
        #expect(bench.pilot(6000).connector?.pluggedSinceUptime == came.connector?.pluggedSinceUptime)
        #expect(bench.pilot(12_000).connector?.pluggedSinceUptime == nil)
    }

    @Test func aLeaseHoldsUntilItsLastMillisecond() {
        var bench = Bench.idle()
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 2)
        bench.pilot(9000)
        bench.now = bench.now.advanced(by: .milliseconds(1999))
        let effects = bench.pilot(6000)
        #expect(effects.orders == [close])
    }

    @Test func aLateEventAfterTheLeaseOpensBeforeItsDeadlineWasHandled() {
        var bench = Bench.charging(leaseSeconds: 10)
        bench.now = bench.now.advanced(by: .seconds(10))
        let effects = bench.reading(6000)
        #expect(effects.first == .command(open))
    }

    @Test func theGracePeriodIsCountedFromTheEndOfTheLeaseHoweverLateThatIsNoticed() {
        var connector = Bench.fixedCable
        connector.onPermitLost = .continueFor(.seconds(120))
        var bench = Bench.charging(connector, leaseSeconds: 60)
        bench.wait(.seconds(59))
        // The process sleeps over the end of the lease.
        bench.now = bench.now.advanced(by: .milliseconds(2500))
        let grace = bench.wait(.milliseconds(118_499))
        #expect(!grace.orders.contains(open))
        #expect(bench.wait(.milliseconds(1)).first == .command(open))
    }

    @Test func aLateWithdrawalOfAnOldTransactionTakesNothingFromTheNewOne() {
        var bench = Bench.charging()
        bench.permit(16_000, transaction: "another")
        let late = bench.withdraw()
        #expect(late.orders.isEmpty)
        guard case .permit(let reply) = late.replies.first else {
            Issue.record("no reply")
            return
        }
        #expect(reply.connector.permit?.transaction == "another")
        let own = bench.withdraw(transaction: "another")
        #expect(own.orders == [x1])
    }

    @Test func aWithdrawalThatNamesNobodyTakesWhateverThereIs() {
        var bench = Bench.charging()
        let effects = bench.withdraw(transaction: "")
        #expect(effects.orders == [x1])
    }

    @Test(arguments: [Int64.min, .max, 0, -1])
    func noNumberOfAPermitStopsTheProcess(uptime: Int64) {
        var bench = Bench.charging()
        for limit in [Int.min, .max, 16_000] {
            let granted = bench.handle(
                .permitRequested(
                    RequestID(1000),
                    Permit(
                        connectorId: 1,
                        granted: true,
                        limitMilliamps: limit,
                        validUntilUptime: uptime,
                        transaction: Bench.transaction
                    )
                )
            )
            #expect(granted.refusal != nil)
        }
        let withdrawn = bench.handle(
            .permitRequested(
                RequestID(1001),
                Permit(
                    connectorId: 1,
                    granted: false,
                    limitMilliamps: .min,
                    validUntilUptime: uptime,
                    transaction: Bench.transaction
                )
            )
        )
        #expect(withdrawn.orders == [x1])
    }
}
