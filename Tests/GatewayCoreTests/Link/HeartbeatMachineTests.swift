import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct HeartbeatMachineTests {
    private let start = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))

    private func online() -> HeartbeatMachine {
        var machine = HeartbeatMachine(interval: .seconds(20), at: start)
        machine.wentOnline(at: start)
        return machine
    }

    // Shows: CORE-HB-01, CORE-HB-02
    /// OCPP 1.6 §4.6, §9.1.10.
    @Test func aHeartbeatFollowsSilenceOnly() {
        var machine = online()
        #expect(machine.nextDeadline?.at == .seconds(120))
        machine.exchanged(at: start.advanced(by: .seconds(15)))
        let early = machine.nextCall(at: start.advanced(by: .seconds(20)))
        #expect(early == nil)
        let due = machine.nextCall(at: start.advanced(by: .seconds(35)))
        #expect(due == OutgoingCall(key: .heartbeat, request: .heartbeat(Heartbeat.Request())))
        let second = machine.nextCall(at: start.advanced(by: .seconds(40)))
        #expect(second == nil)
        machine.callFinished(at: start.advanced(by: .seconds(36)))
        #expect(machine.nextDeadline?.at == .seconds(156))
    }

    // Shows: CORE-HB-07
    /// OCPP 1.6 §4.2.
    @Test func nothingIsDueWhileOffline() {
        var machine = online()
        machine.wentOffline()
        #expect(machine.nextDeadline == nil)
        let call = machine.nextCall(at: start.advanced(by: .seconds(3600)))
        #expect(call == nil)
    }

    // Shows: CORE-HB-04
    /// OCPP 1.6 §4.2, §9.1.10.
    @Test func aNewIntervalCountsAtOnce() {
        var machine = online()
        machine.setInterval(.seconds(5))
        #expect(machine.nextDeadline?.at == .seconds(105))
    }

    // Shows: J-CON-17, CORE-HB-05
    /// OCPP-J 1.6 §5.3: the time is asked for even when meter values keep the line busy.
    @Test func aBusyLineStillGetsOneHeartbeatAnHour() {
        var machine = online()
        var heartbeats: [Int] = []
        for second in stride(from: 10, through: 2 * 3600, by: 10) {
            let now = start.advanced(by: .seconds(second))
            if machine.nextCall(at: now) != nil {
                heartbeats.append(second)
                machine.callFinished(at: now)
            }
            machine.exchanged(at: now)
        }
        #expect(heartbeats == [3600, 7200])
    }

    @Test func theReasonOfAHeartbeatIsNamed() {
        var machine = online()
        #expect(machine.nextDeadline?.reason == "a Heartbeat after silence")
        machine.exchanged(at: start.advanced(by: .seconds(3590)))
        #expect(machine.nextDeadline == Deadline(at: .seconds(3700), for: "a Heartbeat for the time"))
    }

    @Test func aHeartbeatThatEndsAfterTheConnectionDoesNotBringItBack() {
        var machine = online()
        _ = machine.nextCall(at: start.advanced(by: .seconds(20)))
        machine.wentOffline()
        machine.callFinished(at: start.advanced(by: .seconds(21)))
        #expect(machine.nextDeadline == nil)
    }
}

@Suite struct CallMachineTests {
    private let now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
    private let heartbeat = OutgoingCall(key: .heartbeat, request: .heartbeat(Heartbeat.Request()))

    // Shows: J-RPC-01, J-RPC-04
    @Test func anAnswerFreesTheSlotOnce() {
        var machine = CallMachine(seed: 3)
        let id = machine.begin(heartbeat, timeout: .seconds(30), at: now)
        #expect(!machine.isFree)
        let unknown = machine.answered("other")
        #expect(unknown == nil)
        let answered = machine.answered(id)
        #expect(answered?.key == .heartbeat)
        let duplicate = machine.answered(id)
        #expect(duplicate == nil)
    }

    // Shows: J-RPC-03
    /// OCPP-J 1.6 §4.1.1: the central system has processed the CALL, however late it says so.
    @Test func anAnswerAfterTheTimeOutIsMatchedOnce() {
        var machine = CallMachine(seed: 3)
        let id = machine.begin(heartbeat, timeout: .seconds(30), at: now)
        let early = machine.expire(at: now.advanced(by: .seconds(29)))
        #expect(early == nil)
        let expired = machine.expire(at: now.advanced(by: .seconds(30)))
        #expect(expired?.messageId == id)
        #expect(machine.isFree)
        #expect(machine.call(id)?.action == .heartbeat)
        let late = machine.answered(id)
        #expect(late?.messageId == id)
        let duplicate = machine.answered(id)
        #expect(duplicate == nil)
    }

    @Test func onlyTheLastEightOverdueCallsAreRemembered() {
        var machine = CallMachine(seed: 3)
        var ids: [String] = []
        for number in 0..<9 {
            let sent = now.advanced(by: .seconds(31 * number))
            ids.append(machine.begin(heartbeat, timeout: .seconds(30), at: sent))
            _ = machine.expire(at: sent.advanced(by: .seconds(30)))
        }
        #expect(machine.call(ids[0]) == nil)
        #expect(machine.call(ids[1]) != nil)
    }

    // Shows: J-RPC-04
    /// Answers are given on the connection that brought the CALL (OCPP-J 1.6 §4.1.1).
    @Test func anAnswerOnAnotherConnectionIsDropped() {
        var machine = CallMachine(seed: 3)
        let id = machine.begin(heartbeat, timeout: .seconds(30), at: now)
        _ = machine.expire(at: now.advanced(by: .seconds(30)))
        _ = machine.connectionLost()
        let late = machine.answered(id)
        #expect(late == nil)
    }

    // Shows: J-RPC-08, J-RPC-09
    /// J §4.1.4, JE §3.1, §3.7.
    @Test func idsAreNewExceptForARetransmission() {
        var machine = CallMachine(seed: 3)
        var ids: Set<String> = []
        for _ in 0..<1000 {
            let id = machine.begin(heartbeat, timeout: .seconds(30), at: now)
            #expect(id.utf8.count == 36)
            ids.insert(id)
            _ = machine.answered(id)
        }
        #expect(ids.count == 1000)
        var again = heartbeat
        again.messageId = "the-same"
        let id = machine.begin(again, timeout: .seconds(30), at: now)
        #expect(id == "the-same")
    }
}
