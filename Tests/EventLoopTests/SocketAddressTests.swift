import EventLoop
import LoopUnderTest
import Primitives
import Testing

@Suite struct SocketAddressTests {
    @Test func addressesInDigitsAreReadAndWritten() {
        #expect(SocketAddress(numeric: "192.0.2.7", port: 80)?.description == "192.0.2.7:80")
        #expect(SocketAddress(numeric: "::1", port: 8080)?.description == "[::1]:8080")
        #expect(SocketAddress(numeric: "192.0.2.7", port: 65535)?.port == 65535)
        #expect(SocketAddress.loopback(port: 1).description == "127.0.0.1:1")
        #expect(SocketAddress(numeric: "localhost", port: 80) == nil)
        #expect(SocketAddress(numeric: "", port: 80) == nil)
    }

    @Test func pathsFitOrAreRefused() {
        #expect(SocketAddress.longestPath == 107)
        #expect(SocketAddress(path: String(repeating: "x", count: 107))?.description.count == 107)
        #expect(SocketAddress(path: String(repeating: "x", count: 108)) == nil)
        #expect(SocketAddress(path: "@abstract")?.description == "@abstract")
        #expect(SocketAddress(path: "") == nil)
    }

    @Test func namesAreResolvedOnTheOtherThread() throws {
        let loop = try EventLoop()
        var outcomes: [Result<[SocketAddress], ResolveError>] = []
        loop.resolve(host: "localhost", port: 9000) { outcomes.append($0) }
        loop.resolve(host: "192.0.2.1", port: 9001) { outcomes.append($0) }
        #expect(outcomes.isEmpty)
        try loop.run(until: { outcomes.count == 2 })
        let addresses = try outcomes.flatMap { try $0.get() }
        #expect(addresses.contains { $0.description == "127.0.0.1:9000" || $0.description == "[::1]:9000" })
        #expect(addresses.contains { $0.description == "192.0.2.1:9001" })
    }

    @Test func aNameThatCannotExistIsAnErrorThatNamesIt() throws {
        let loop = try EventLoop()
        var outcome: Result<[SocketAddress], ResolveError>?
        loop.resolve(host: "no such host", port: 1) { outcome = $0 }
        try loop.run(until: { outcome != nil })
        guard case .failure(let error) = outcome else {
            Issue.record("a name with spaces has an address")
            return
        }
        #expect(error.description.hasPrefix("resolve no such host: "))
    }

    @Test func tooManyNamesAreRefusedAndEachIsAnsweredOnce() throws {
        let loop = try EventLoop()
        var answers = 0
        var refusals = 0
        for index in 0..<40 {
            loop.resolve(host: "bad host \(index)", port: 1) { result in
                answers += 1
                if case .failure(let error) = result, error.code == 0 { refusals += 1 }
            }
        }
        try loop.run(until: { answers == 40 })
        #expect(refusals == 24)
    }
}
