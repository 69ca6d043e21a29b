import BusSchema
import HardwareCore
import Primitives
import Testing

/// A process that is asked to end did not die: it does not take the budget of the contactor from the next one.
@Suite struct OrderedEndTests {
    private let close = DriverCommand.closeContactor(connectorId: 1)

    enum End: CaseIterable { case reset, termination }

    /// One session in a process with what the one before stored, and its end by order. Returns whether it closed within some seconds.
    private func session(_ memory: HardwareMemory, _ end: End) -> (closed: Bool, memory: HardwareMemory) {
        var bench = Bench.idle(memory: memory)
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 600)
        let asked = bench.pilot(6000) + bench.wait(.milliseconds(900))
        let hasClosed = asked.orders.contains(close)
        if hasClosed { bench.driver(.contactorFeedback(connectorId: 1, closed: true)) }
        bench.pilot(12_000)
        bench.opened()
        switch end {
        case .reset: bench.handle(.restartRequested(RequestID(99), RestartHardware(reason: "Reset")))
        case .termination: bench.handle(.terminationRequested)
        }
        return (hasClosed, bench.memory ?? HardwareMemory())
    }

    @Test(arguments: End.allCases) func aSessionBetweenTwoOrderedRestartsNeverWaits(end: End) {
        var memory = HardwareMemory()
        for number in 1...20 {
            let run = session(memory, end)
            #expect(run.closed, "session \(number)")
            memory = run.memory
            #expect(memory.outlets.first?.recentStarts == nil)
            #expect(memory.outlets.first?.recentClosings == number)
        }
    }

    /// Whoever resets again and again does not get around the limit either.
    @Test func theClosingsOfTheHourAreCountedOverOrderedRestarts() {
        var memory = HardwareMemory()
        var closings = 0
        for _ in 1...70 {
            let run = session(memory, .reset)
            closings += run.closed ? 1 : 0
            memory = run.memory
        }
        #expect(closings == 60)
    }

    @Test func anHourWithoutACloseForgetsThem() {
        var bench = Bench.charging()
        bench.pilot(12_000)
        bench.opened()
        bench.wait(.seconds(3600))
        bench.handle(.terminationRequested)
        #expect(bench.memory?.outlets.first?.recentClosings == nil)
        #expect(bench.memory?.outlets.first?.recentStarts == nil)
    }

    /// Deaths are still counted, and an order between them does not wipe them out.
    @Test func whoDiesHalvesTheBudgetAndHearsWhy() {
        let outlet = HardwareMemory.Outlet(connectorId: 1, recentStarts: 6)
        var bench = Bench.idle(memory: HardwareMemory(outlets: [outlet]))
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 600)
        let asked = bench.pilot(6000)
        #expect(!asked.orders.contains(close))
        let reason = "hardware-io died 6 times soon after a closing, so that the contactor rests for 60 s"
        #expect(asked.connector?.notChargingBecause == reason)
        bench.handle(.terminationRequested)
        #expect(bench.memory?.outlets.first?.recentStarts == 6)
    }

    /// A file may say anything.
    @Test(arguments: [Int.min, -1, 61, .max]) func noNumberOfAFileStopsTheProcess(closings: Int) {
        let outlet = HardwareMemory.Outlet(connectorId: 1, recentClosings: closings)
        var bench = Bench.idle(memory: HardwareMemory(outlets: [outlet]))
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 600)
        #expect(bench.pilot(6000).orders.contains(close) == (closings <= 0))
    }
}
