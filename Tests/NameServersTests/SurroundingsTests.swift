import EventLoop
import Testing

@testable import NameServers

/// Which addresses of a central system lead anywhere, through which interface.
@Suite struct SurroundingsTests {
    private func lead(_ addresses: [String], through interface: String) throws -> [Bool] {
        let surroundings = Surroundings(interface: interface, port: 80)
        return try addresses.map { surroundings.leadsAnywhere(try #require(SocketAddress(numeric: $0, port: 80))) }
    }

    /// 127.0.0.1 is this machine's own, and its neighbours are the same machine.
    @Test func thisMachineIsReachedThroughNoNetwork() throws {
        let own = ["127.0.0.1", "127.3.2.1", "::1"]
        #expect(try lead(own, through: "eth99") == [false, false, false])
        #expect(try lead(own, through: "lo") == [true, true, true])
    }

    @Test func whatIsNoMachinesLeadsNowhere() throws {
        let addresses = ["0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "::", "ff02::1"]
        for interface in ["lo", "eth99"] {
            #expect(try lead(addresses, through: interface) == addresses.map { _ in false })
        }
    }

    @Test func allOthersDo() throws {
        #expect(try lead(["192.0.2.1", "10.0.0.1", "2001:db8::1"], through: "eth99") == [true, true, true])
    }

    @Test func theLoopbackHasIPv4AndNoInterfaceHasNone() {
        #expect(Surroundings(interface: "lo", port: 80).hasFour)
        #expect(!Surroundings(interface: "eth99", port: 80).hasFour)
    }
}
