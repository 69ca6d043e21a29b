import BusSchema
import Testing

@testable import Bus

@Suite struct ConnectionSharesTests {
    private func add(_ user: UInt32, to shares: inout ConnectionShares) -> Bool { shares.add(user) }

    @Test func aUserHasHisShareAndNoMoreUntilOneOfItEnds() {
        var shares = ConnectionShares()
        for _ in 0..<BusLimits.connectionsPerUser { #expect(add(1000, to: &shares)) }
        #expect(!add(1000, to: &shares))
        #expect(add(1001, to: &shares))
        shares.remove(1000)
        #expect(add(1000, to: &shares))
        #expect(!add(1000, to: &shares))
    }

    @Test func whenAllRoomIsTakenThereIsSomeForThoseWhoHaveNextToNothing() {
        var shares = ConnectionShares()
        for number in 0..<BusLimits.connections {
            #expect(add(UInt32(1000 + number / BusLimits.connectionsPerUser), to: &shares))
        }
        for _ in 0..<BusLimits.fewConnections { #expect(add(990, to: &shares)) }
        #expect(!add(990, to: &shares))
        for user in UInt32(2000)..<3000 where shares.count(user) == 0 { _ = shares.add(user) }
        let all = (UInt32(0)...3000).reduce(0) { $0 + shares.count($1) }
        #expect(all == BusLimits.connections + BusLimits.reservedConnections)
    }

    @Test func whatEndsTwiceOrNeverBeganIsNotCounted() {
        var shares = ConnectionShares()
        shares.remove(1)
        #expect(add(1, to: &shares))
        shares.remove(1)
        shares.remove(1)
        #expect(shares.count(1) == 0)
    }
}
