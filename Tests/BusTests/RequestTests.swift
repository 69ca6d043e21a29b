import Bus
import BusCodec
import BusSchema
import EventLoop
import LoopUnderTest
import Primitives
import Testing
import ZeroMQ

@Suite struct RequestTests {
    private typealias Outcome = Result<Done, BusError>

    private static let report = UplinkReport(health: .reachable)

    private static func code(_ outcome: Result<some Sendable, BusError>?) -> BusError.Code? {
        guard case .failure(let error) = outcome else { return nil }
        return error.code
    }

    @Test func aRequestIsAnsweredOnceWithItsHeaderIntact() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.modemManager)
        var seen: [(Header, UplinkReport)] = []
        server.serve(UplinkReport.self) { header, request, responder in
            seen.append((header, request))
            responder.reply(Done())
        }
        let client = fixture.client()
        var outcomes: [Outcome] = []
        client.request(Self.report, within: .seconds(5), cause: "c", transaction: "t") { outcomes.append($0) }
        #expect(outcomes.isEmpty)
        try fixture.loop.run(until: { !outcomes.isEmpty })
        #expect(outcomes == [.success(Done())])
        #expect(seen.count == 1)
        #expect(seen.first?.1 == Self.report)
        #expect(seen.first?.0.cause == "c")
        #expect(seen.first?.0.transaction == "t")
        #expect(seen.first?.0.source == .chargectl)
    }

    @Test func anAnsweredRequestDoesNotExpireAnyMore() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.modemManager)
        var kept: [Responder<UplinkReport>] = []
        var isFirst = true
        server.serve(UplinkReport.self) { _, _, responder in
            if isFirst { responder.reply(Done()) } else { kept.append(responder) }
            isFirst = false
        }
        let client = fixture.client()
        var outcomes: [Outcome] = []
        client.request(Self.report, within: .milliseconds(300)) { outcomes.append($0) }
        try fixture.loop.run(until: { !outcomes.isEmpty })
        // One that is asked later and not answered shows that the time of the first is over.
        var late: Outcome?
        client.request(Self.report, within: .milliseconds(400)) { late = $0 }
        try fixture.loop.run(until: { late != nil })
        #expect(Self.code(late) == .timedOut)
        #expect(outcomes == [.success(Done())])
        kept.forEach { $0.reply(Done()) }
    }

    @Test func anAnswerMayComeLaterAndOutOfOrder() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.modemManager)
        var waiting: [Responder<UplinkReport>] = []
        server.serve(UplinkReport.self) { _, _, responder in waiting.append(responder) }
        let client = fixture.client()
        var order: [Int] = []
        for index in 0..<3 {
            client.request(Self.report, within: .seconds(5)) { result in
                if case .success = result { order.append(index) }
            }
        }
        try fixture.loop.run(until: { waiting.count == 3 })
        for responder in waiting.reversed() { responder.reply(Done()) }
        try fixture.loop.run(until: { order.count == 3 })
        #expect(order == [2, 1, 0])
    }

    @Test func whatNobodyServesIsUnsupported() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.modemManager)
        let client = fixture.client()
        var outcome: Outcome?
        client.request(Self.report, within: .seconds(5)) { outcome = $0 }
        try fixture.loop.run(until: { outcome != nil })
        #expect(Self.code(outcome) == .unsupported)
        server.close()
    }

    @Test func aPayloadThatDoesNotFitIsInvalidWithThePath() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.configStore)
        server.serve(ConfigGet.self) { _, _, responder in responder.reply(.init(entries: [], unknownKeys: [])) }
        let client = fixture.client()
        var errors: [BusError] = []
        let payloads = [#"{"keys":["a",7]}"#, #"{}"#, "not json", ""]
        for payload in payloads {
            client.request(
                type: ConfigGet.type,
                payload: Array(payload.utf8),
                server: .configStore,
                within: .seconds(5)
            ) { result in
                if case .failure(let error) = result { errors.append(error) }
            }
        }
        try fixture.loop.run(until: { errors.count == payloads.count })
        #expect(errors.allSatisfy { $0.code == .invalid })
        #expect(errors[0].message.contains("keys[1]"))
        #expect(errors[1].message.contains("keys"))
    }

    @Test func aRequestThatIsTooLargeIsRefusedBeforeItIsSent() throws {
        let fixture = try Fixture()
        let client = fixture.client()
        var outcome: Outcome?
        let detail = String(repeating: "x", count: BusLimits.payloadBytes)
        client.request(UplinkReport(health: .reachable, detail: detail), within: .seconds(5)) { outcome = $0 }
        try fixture.loop.run(until: { outcome != nil })
        #expect(Self.code(outcome) == .invalid)
    }

    @Test func anAbsentServerIsATimeOutAndARequestThatOutlivedItsPurposeIsNotDone() throws {
        let fixture = try Fixture()
        let client = fixture.client()
        var outcome: Outcome?
        client.request(Self.report, within: .milliseconds(30)) { outcome = $0 }
        try fixture.loop.run(until: { outcome != nil })
        #expect(Self.code(outcome) == .timedOut)
        // The message still waits in the client and reaches the server now.
        let server = try fixture.endpoint(.modemManager)
        var served = 0
        server.serve(UplinkReport.self) { _, _, responder in
            served += 1
            responder.reply(Done())
        }
        var second: Outcome?
        client.request(Self.report, within: .seconds(5)) { second = $0 }
        try fixture.loop.run(until: { second != nil })
        #expect(second == .success(Done()))
        #expect(served == 1)
    }

    @Test func aRequestMayExpireBeforeItsAskerGivesUpAndIsRefusedThen() throws {
        let fixture = try Fixture()
        let client = fixture.client()
        var outcome: Outcome?
        client.request(Self.report, within: .seconds(8), expiringAfter: .milliseconds(20)) { outcome = $0 }
        var other: Outcome?
        client.request(Self.report, within: .milliseconds(30)) { other = $0 }
        try fixture.loop.run(until: { other != nil })
        #expect(outcome == nil)
        let server = try fixture.endpoint(.modemManager)
        server.serve(UplinkReport.self) { _, _, responder in responder.reply(Done()) }
        try fixture.loop.run(until: { outcome != nil })
        #expect(Self.code(outcome) == .expired)
    }

    @Test func aServerThatComesInTimeAnswers() throws {
        let fixture = try Fixture()
        let client = fixture.client()
        var outcome: Outcome?
        client.request(Self.report, within: .seconds(8)) { outcome = $0 }
        let server = try fixture.endpoint(.modemManager)
        server.serve(UplinkReport.self) { _, _, responder in responder.reply(Done()) }
        try fixture.loop.run(until: { outcome != nil })
        #expect(outcome == .success(Done()))
    }

    @Test func aLateAnswerIsDropped() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.modemManager)
        var waiting: Responder<UplinkReport>?
        server.serve(UplinkReport.self) { _, _, responder in
            if waiting == nil { waiting = responder } else { responder.reply(Done()) }
        }
        let client = fixture.client()
        var outcomes: [Outcome] = []
        client.request(Self.report, within: .milliseconds(50)) { outcomes.append($0) }
        try fixture.loop.run(until: { outcomes.count == 1 })
        try fixture.loop.run(until: { waiting != nil })
        waiting?.reply(Done())
        client.request(Self.report, within: .seconds(5)) { outcomes.append($0) }
        try fixture.loop.run(until: { outcomes.count == 2 })
        #expect(outcomes.map { Self.code($0) } == [.timedOut, nil])
    }

    @Test func aResponderThatIsDroppedRefuses() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.modemManager)
        server.serve(UplinkReport.self) { _, _, _ in }
        let client = fixture.client()
        var outcome: Outcome?
        client.request(Self.report, within: .seconds(5)) { outcome = $0 }
        try fixture.loop.run(until: { outcome != nil })
        #expect(Self.code(outcome) == .failed)
    }

    @Test func tooManyPendingRequestsAreBusyAtBothEnds() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.modemManager)
        var waiting: [Responder<UplinkReport>] = []
        server.serve(UplinkReport.self) { _, _, responder in waiting.append(responder) }
        let clients = [fixture.client(), fixture.client()]
        var outcomes: [Outcome] = []
        for _ in 0..<BusLimits.requestQueue {
            clients[0].request(Self.report, within: .seconds(9)) { outcomes.append($0) }
        }
        clients[0].request(Self.report, within: .seconds(9)) { outcomes.append($0) }
        try fixture.loop.run(until: { outcomes.count == 1 && waiting.count == BusLimits.requestQueue })
        #expect(Self.code(outcomes.first) == .busy)
        var refused: Outcome?
        clients[1].request(Self.report, within: .seconds(9)) { refused = $0 }
        try fixture.loop.run(until: { refused != nil })
        #expect(Self.code(refused) == .busy)
        for responder in waiting { responder.reply(Done()) }
        try fixture.loop.run(until: { outcomes.count == BusLimits.requestQueue + 1 })
        #expect(outcomes.dropFirst().allSatisfy { $0 == .success(Done()) })
        // With all of them answered there is room again.
        waiting = []
        var next: Outcome?
        clients[1].request(Self.report, within: .seconds(9)) { next = $0 }
        try fixture.loop.run(until: { waiting.count == 1 || next != nil })
        waiting.first?.reply(Done())
        try fixture.loop.run(until: { next != nil })
        #expect(next == .success(Done()))
    }

    @Test func closingFailsWhatIsPending() throws {
        let fixture = try Fixture()
        let client = fixture.client()
        var outcomes: [Outcome] = []
        client.request(Self.report, within: .seconds(9)) { outcomes.append($0) }
        client.close()
        client.request(Self.report, within: .seconds(9)) { outcomes.append($0) }
        #expect(outcomes.isEmpty)
        try fixture.loop.run(until: { outcomes.count == 2 })
        #expect(outcomes.allSatisfy { Self.code($0) == .failed })
    }

    /// A request that was on its way into the dying server is lost, and its asker told `timedOut`; asked again, it arrives.
    @Test func requestsReachARestartedServerWithoutReconnectingByHand() throws {
        let fixture = try Fixture()
        let client = fixture.client()
        for _ in 0..<3 {
            let server = try fixture.endpoint(.modemManager)
            server.serve(UplinkReport.self) { _, _, responder in responder.reply(Done()) }
            var outcome: Outcome?
            func ask() {
                client.request(Self.report, within: .milliseconds(500)) { result in
                    if Self.code(result) == .timedOut { ask() } else { outcome = result }
                }
            }
            ask()
            try fixture.loop.run(until: { outcome != nil })
            #expect(outcome == .success(Done()))
            server.close()
        }
    }

    @Test func aHeaderWhoseNumbersAreExtremeIsAnsweredLikeAnyOther() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.modemManager)
        server.serve(UplinkReport.self) { _, _, responder in responder.reply(Done()) }
        let options = ZeroMQSocket.Options(sendQueue: 100, receiveQueue: 100, maximumFrameBytes: 10_000)
        let raw = try ZeroMQSocket(.dealer, context: fixture.loop.context, options: options)
        try raw.connect("ipc://\(fixture.directory.path)/modem-manager.svc")
        var kinds: [String: Header.Kind] = [:]
        let watch = fixture.loop.watch(socket: raw) {
            while let parts = try? raw.receive() {
                guard let header = try? BusCodec.decodeHeader(parts[1]), let id = header.replyTo else { continue }
                kinds[id] = header.kind
            }
        }
        for number in [Int64.min, .min + 1, -1, 0, .max] {
            let header = Header(
                kind: .request,
                type: UplinkReport.type,
                id: "\(number)",
                source: .chargectl,
                sentAt: number,
                uptime: number,
                seq: number,
                expiresAt: number
            )
            _ = try raw.send(BusCodec.encode(Self.report, header: header).parts)
        }
        try fixture.loop.run(until: { kinds.count == 5 })
        #expect(kinds.filter { $0.value == .reply }.map(\.key) == ["\(Int64.max)"])
        #expect(kinds.values.count { $0 == .error } == 4)
        fixture.loop.unwatch(watch)
        raw.close()
    }

    /// Only a service of another version, or a broken one, answers so.
    @Test(arguments: [Header.Kind.reply, .error])
    func anAnswerThatIsNotUnderstoodFailsTheRequest(kind: Header.Kind) throws {
        let fixture = try Fixture()
        let options = ZeroMQSocket.Options(sendQueue: 100, receiveQueue: 100, maximumFrameBytes: 10_000)
        let raw = try ZeroMQSocket(.router, context: fixture.loop.context, options: options)
        try raw.bind("ipc://\(fixture.directory.path)/modem-manager.svc")
        let watch = fixture.loop.watch(socket: raw) {
            guard let parts = try? raw.receive(), let asked = try? BusCodec.decodeHeader(parts[2]) else { return }
            var header = asked
            header.kind = kind
            header.replyTo = asked.id
            let answer =
                kind == .error
                ? try? BusCodec.encode(error: BusError(.refused, ""), header: header)
                : try? BusCodec.encode(reply: Done(), header: header)
            guard let answer else { return }
            _ = try? raw.send([parts[0], answer.topic, answer.header, Array("nonsense".utf8)])
        }
        let client = fixture.client()
        var outcome: Outcome?
        client.request(Self.report, within: .seconds(5)) { outcome = $0 }
        try fixture.loop.run(until: { outcome != nil })
        #expect(Self.code(outcome) == .failed)
        fixture.loop.unwatch(watch)
        raw.close()
    }

    @Test func garbageIsCountedLoggedOnceAndHarmsNobody() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.modemManager)
        var served = 0
        server.serve(UplinkReport.self) { _, _, responder in
            served += 1
            responder.reply(Done())
        }
        let options = ZeroMQSocket.Options(sendQueue: 1000, receiveQueue: 1000, maximumFrameBytes: 10_000_000)
        let raw = try ZeroMQSocket(.dealer, context: fixture.loop.context, options: options)
        try raw.connect("ipc://\(fixture.directory.path)/modem-manager.svc")
        let big = [UInt8](repeating: 0x7B, count: BusLimits.payloadBytes)
        let hostile: [[[UInt8]]] = [
            [[]], [[1]], [[1], [2]], [[1], [2], [3]], [[], [], []], [[1], [2], [3], [4]],
            [[], Array(#"{"v":2}"#.utf8), []], [[], Array(#"{"v":1,"kind":"reply"}"#.utf8), []],
            [[], big, []], [[0xFF], [0xFF, 0xFE], [0]],
        ]
        for _ in 0..<5 { for message in hostile { _ = try raw.send(message) } }
        // Far above every limit: libzmq ends this peer's connection.
        _ = try raw.send([[], [], [UInt8](repeating: 0, count: BusLimits.payloadBytes * 3)])
        let client = fixture.client()
        var outcome: Outcome?
        client.request(Self.report, within: .seconds(5)) { outcome = $0 }
        try fixture.loop.run(until: { outcome != nil && fixture.log.count >= 5 })
        #expect(outcome == .success(Done()))
        #expect(served == 1)
        #expect(Set(fixture.log.map(\.description)).count == fixture.log.count)
        raw.close()
    }
}

extension LogRecord {
    fileprivate var description: String { ([message] + fields.prefix(1).map(\.value)).joined(separator: " ") }
}
