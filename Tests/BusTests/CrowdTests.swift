import Bus
import BusSchema
import EventLoop
import LoopUnderTest
import Primitives
import Testing

/// Subscribers by the dozen, as bytes on sockets: libzmq would come back by itself.
@Suite struct CrowdTests {
    private func path(_ fixture: Fixture) -> String { "\(fixture.directory.path)/hardware-io.pub" }

    private func wanted(_ topics: [String], _ endpoint: BusEndpoint) -> Int { topics.count { endpoint.isWanted($0) } }

    @Test func beyondHisShareAUserIsRefusedUntilOneOfHisEnds() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let topics = (0..<(BusLimits.connectionsPerUser + 8)).map { "topic.\($0)." }
        var crowd = try topics.map { try RawSubscriber(path(fixture), topics: [$0]) }
        try fixture.loop.run(until: { crowd.count { $0.isEnded } == 8 })
        try fixture.loop.run(until: { wanted(topics, endpoint) == BusLimits.connectionsPerUser })
        #expect(fixture.log.count { $0.message == "a user has too many connections, more are refused" } == 1)
        crowd.removeFirst()
        try fixture.loop.run(until: { !endpoint.isWanted(topics[0]) })
        crowd.append(try RawSubscriber(path(fixture), topics: ["late"]))
        try fixture.loop.run(until: { endpoint.isWanted("late") })
    }

    @Test func whatACrowdAskedForIsForgottenWhenAllOfItLeavesAtOnce() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let topics = (0..<(BusLimits.connectionsPerUser * 60)).map { "topic.\($0)." }
        var crowd: [RawSubscriber]? = try (0..<BusLimits.connectionsPerUser).map { number in
            try RawSubscriber(path(fixture), topics: Array(topics[(number * 60)..<((number + 1) * 60)]))
        }
        try fixture.loop.run(until: { wanted(topics, endpoint) == topics.count })
        #expect(crowd?.contains { $0.isEnded } == false)
        crowd = nil
        try fixture.loop.run(until: { wanted(topics, endpoint) == 0 })
        #expect(endpoint.disconnectedSubscribers == 0)
    }

    @Test func whoSaysNothingIsDisconnectedAfterAWhile() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let silent = try RawSubscriber(path(fixture), topics: [])
        let other = try RawSubscriber(path(fixture), topics: ["topic"])
        try fixture.loop.run(until: { silent.isEnded })
        #expect(endpoint.isWanted("topic"))
        #expect(!other.isEnded)
    }

    /// At a socket that libzmq accepts for: connections that say nothing, which it would keep for five seconds.
    @Test func atTheSocketForRequestsAUserIsCutDownToHisShareAndWhoWasThereStays() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.modemManager)
        endpoint.serve(UplinkReport.self) { _, _, responder in responder.reply(Done()) }
        let client = try fixture.endpoint(.ocppGateway)
        var answers = 0
        func ask() throws {
            client.request(UplinkReport(health: .reachable), within: .seconds(5)) { result in
                if case .success = result { answers += 1 }
            }
            let before = answers
            try fixture.loop.run(until: { answers > before })
        }
        try ask()
        let path = "\(fixture.directory.path)/modem-manager.rpc"
        // The queue of the listener takes a hundred.
        let crowd = try (0..<90).map { _ in try RawSubscriber(path, topics: []) }
        try fixture.loop.run(until: { crowd.count { $0.isEnded } == 90 - BusLimits.connectionsPerUser })
        try ask()
        #expect(crowd.count { $0.isEnded } == 90 - BusLimits.connectionsPerUser)
        #expect(fixture.log.count { $0.message == "a user has too many connections, more are refused" } == 1)
    }
}
