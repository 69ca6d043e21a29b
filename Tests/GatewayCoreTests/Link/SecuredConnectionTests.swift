import BusSchema
import Primitives
import Testing

@testable import GatewayCore

/// TLS between TCP and the WebSocket, where the profile has certificates to trust.
@Suite struct SecuredConnectionTests {
    private var bench = ConnectionBench(trust: "/etc/charger/roots.pem")

    private mutating func connect() -> [ConnectionMachine.Effect] {
        _ = bench.feed(.started)
        _ = bench.feed(.resolved(dial: 1, addresses: 1))
        return bench.feed(.connected(dial: 1))
    }

    @Test mutating func tlsComesBeforeTheHandshake() {
        let connected = connect()
        #expect(connected == [.secure(dial: 1)])
        // What does not belong to this step changes nothing.
        let early = bench.feed(.handshakeFinished(dial: 1)) + bench.feed(.secured(dial: 7, certificates: nil))
        #expect(early.isEmpty && bench.machine.phase == .securing)
        let secured = bench.feed(.secured(dial: 1, certificates: nil))
        #expect(secured == [.startHandshake(dial: 1)])
        let again = bench.feed(.secured(dial: 1, certificates: nil))
        #expect(again.isEmpty)
        let opened = bench.feed(.handshakeFinished(dial: 1))
        #expect(opened == [.opened])
    }

    /// Each step has the whole patience: a handshake over a slow network takes a while.
    @Test mutating func theHandshakeHasItsOwnPatience() {
        _ = connect()
        let patience = Patience().step
        _ = bench.advance(patience - .seconds(1))
        _ = bench.feed(.secured(dial: 1, certificates: nil))
        let inTime = bench.advance(patience - .seconds(1))
        #expect(inTime.isEmpty)
        let late = bench.advance(.seconds(1))
        #expect(late.last == .abort(dial: 1))
        #expect(bench.machine.lastProblem == .timedOut(.handshaking))
    }

    @Test mutating func aSilentPeerIsGivenUpAndTriedAgain() {
        _ = connect()
        let late = bench.skip()
        #expect(late.last == .abort(dial: 1))
        #expect(bench.machine.lastProblem == .timedOut(.securing))
        _ = bench.feed(.closed(dial: 1, reason: "dropped"))
        #expect(bench.machine.phase == .backingOff)
    }

    /// JE §3.4: the same back-off whatever is wrong, and a refusal is one at once.
    @Test(arguments: [
        LinkProblem.certificateRefused("ended"), .trustUnusable("no file"), .notSecured("an alert"), .passwordMissing,
        .httpStatus(401),
        .protocolRefused,
    ])
    func whateverIsWrongIsWaitedForAlike(problem: LinkProblem) {
        var bench = ConnectionBench(trust: "/etc/charger/roots.pem")
        _ = bench.feed(.started)
        var waits: [Duration] = []
        for dial in 1...6 {
            _ = bench.feed(.resolved(dial: dial, addresses: 1))
            _ = bench.feed(.connected(dial: dial))
            let failed = bench.feed(.failed(dial: dial, problem))
            #expect(failed.last == .abort(dial: dial))
            _ = bench.feed(.closed(dial: dial, reason: "dropped"))
            #expect(bench.machine.failedAttempts == dial)
            waits.append(bench.wait ?? .zero)
            _ = bench.skip()
        }
        #expect(bench.machine.lastProblem == problem)
        var other = ConnectionBench()
        _ = other.feed(.started)
        for dial in 1...6 {
            _ = other.feed(.resolved(dial: dial, addresses: 1))
            _ = other.feed(.connected(dial: dial))
            _ = other.feed(.failed(dial: dial, .httpStatus(503)))
            _ = other.feed(.closed(dial: dial, reason: "dropped"))
            #expect(waits[dial - 1] == other.wait)
            _ = other.skip()
        }
    }

    @Test mutating func aCutInTheMiddleIsAFailedAttempt() {
        _ = connect()
        _ = bench.feed(.closed(dial: 1, reason: "connection reset"))
        #expect(bench.machine.lastProblem == .notSecured("connection reset"))
        #expect(bench.machine.failedAttempts == 1)
    }

    @Test mutating func theEndAndALostUplinkDropIt() {
        _ = connect()
        let ended = bench.feed(.terminationRequested)
        #expect(ended == [.abort(dial: 1)])
        var other = ConnectionBench(trust: "/etc/charger/roots.pem")
        _ = other.feed(.started)
        _ = other.feed(.resolved(dial: 1, addresses: 1))
        _ = other.feed(.connected(dial: 1))
        let lost = other.feed(.uplinkChanged(.down))
        #expect(lost.last == .abort(dial: 1))
        #expect(other.machine.lastProblem == .uplinkDown)
    }

    @Test(arguments: [
        (
            LinkProblem.certificateRefused("it ended"),
            "cs.example:80 is not trusted (it ended): check centralSystem.url, centralSystem.rootCertificates and the clock"
        ),
        (
            .notSecured("an alert"),
            "no encrypted connection to cs.example:80 (an alert): check centralSystem.url, and what the central system offers"
        ),
        (
            .trustUnusable("no file"),
            "no encrypted connection to cs.example:80 (no file): check the files that centralSystem.rootCertificates and "
                + "centralSystem.revocationLists name"
        ),
        (
            .passwordMissing,
            "security profile 2 needs a password: set AuthorizationKey, or centralSystem.authorizationKeyHex"
        ),
        (
            .timedOut(.securing),
            "no answer from cs.example:80 in the TLS handshake: check centralSystem.url and the network"
        ),
    ])
    func theWordsSayWhatToDo(problem: LinkProblem, words: String) {
        var profile = ConnectionBench.profile
        profile.security = .tlsWithBasicAuthentication
        #expect(problem.explanation(for: profile) == words)
    }
}
