import BusCodec
import BusSchema
import ConfigCore
import GatewayCore
import HardwareCore
import Primitives
import Testing
import UplinkCore

/// Every field of every message of the bus at its extremes, left out and of another type, fed to the core that reads it in the middle of
/// its work. It may refuse; it may not stop, wake up without end, or be of no use afterwards.
@Suite struct HostileBusTests {
    @Test func everyMessageAndEveryReplyIsPlayed() throws {
        let messages = BusRegistry.states as [any BusMessage.Type] + BusRegistry.events + BusRegistry.requests
        #expect(Set(HostileMessage.all.filter { !$0.isReply }.map(\.type)) == Set(messages.map { $0.type }))
        #expect(Set(HostileMessage.all.filter(\.isReply).map(\.type)) == Set(BusRegistry.requests.map { $0.type }))
        for message in HostileMessage.all {
            // Requests and replies without fields have nothing to be changed but themselves.
            #expect(try !message.readable().isEmpty, "\(message.name)")
        }
    }

    @Test(arguments: HostileMessage.all)
    func theGatewayChargesAnotherCarAfterwards(_ message: HostileMessage) throws {
        let prepared = try GatewayUnderAttack.charging()
        for (what, content) in try message.readable() {
            var gateway = prepared
            do {
                guard try gateway.hear(content) else { continue }
                // Long enough for a sample and more to be taken from what was said.
                gateway.isHardwareSilent = true
                try gateway.run(.seconds(1000))
                gateway.isHardwareSilent = false
                try gateway.chargeAnotherCar()
            } catch {
                Issue.record("\(what): \(error)")
            }
        }
    }

    @Test(arguments: HostileMessage.requests(to: .hardwareIO))
    func hardwareChargesAgainAfterwards(_ message: HostileMessage) throws {
        var prepared = HardwareUnderAttack()
        try prepared.run(.seconds(10))
        try prepared.plug()
        prepared.permit(true)
        try prepared.run(.seconds(10))
        try #require(prepared.connector?.contactor == .closed)
        for case (let what, .request(let request)) in try message.readable() {
            var hardware = prepared
            do {
                hardware.hear(request)
                try hardware.run(.seconds(4))
                hardware.permit(false)
                try hardware.run(.seconds(4))
                // What the simulation broke or unplugged stays so, and an unlocked plug is not locked again.
                guard !(request is SimulateHardware), !(request is Unlock) else { continue }
                hardware.permit(true)
                // A permit for other phases has them switched there and back.
                try hardware.run(request is Permit ? .seconds(40) : .seconds(4))
                #expect(hardware.connector?.contactor == .closed, "\(what)")
                #expect(hardware.connector?.phases == 3, "\(what)")
            } catch {
                Issue.record("\(what): \(error)")
            }
        }
    }

    @Test(arguments: HostileMessage.requests(to: .modemManager))
    func theUplinksAnswerAfterwards(_ message: HostileMessage) throws {
        for case (let what, .request(let request)) in try message.readable() {
            var uplinks = UplinkMachine(
                UplinkConfiguration(uplinks: [.init(name: "mobile", carrier: SimulatedCarrier())])
            )
            _ = uplinks.handle(.started, at: Self.start)
            switch request {
            case let report as UplinkReport: _ = uplinks.handle(.reported(RequestID(1), report), at: Self.start)
            case let simulate as SimulateUplink:
                _ = uplinks.handle(.simulationRequested(RequestID(1), simulate), at: Self.start)
            // The daemon answers these, out of the journal and by a walk; the machine does not hear of them.
            case is UplinkHistory, is UplinkTest: continue
            default: Issue.record("\(message.name) is played on nobody")
            }
            if let due = uplinks.nextDeadline?.at { #expect(due > Self.start.uptime, "\(what)") }
            let good = UplinkReport(health: .reachable, detail: "")
            let effects = uplinks.handle(.reported(RequestID(2), good), at: Self.start)
            #expect(effects.contains(.accept(RequestID(2))), "\(what)")
        }
    }

    @Test(arguments: HostileMessage.requests(to: .configStore))
    func theSettingsAnswerAfterwards(_ message: HostileMessage) throws {
        let key = KeyDeclaration(
            key: "Key",
            type: .integer,
            defaultValue: "1",
            access: .readWrite,
            description: "Anything."
        )
        let declare = ConfigDeclare(owner: .hardwareIO, keys: [key])
        for case (let what, .request(let request)) in try message.readable() {
            var settings = ConfigMachine()
            _ = settings.handle(.declareRequested(RequestID(1), declare, from: .hardwareIO), at: Self.start)
            let event: ConfigMachine.Event
            switch request {
            case let request as ConfigDeclare: event = .declareRequested(RequestID(2), request, from: .ocppGateway)
            case let request as ConfigGet: event = .getRequested(RequestID(2), request)
            case let request as ConfigSet: event = .setRequested(RequestID(2), request, from: .chargectl, secret: nil)
            case let request as ConfigHistory: event = .historyRequested(RequestID(2), request)
            default:
                Issue.record("\(message.name) is played on nobody")
                continue
            }
            _ = settings.handle(event, at: Self.start)
            let set = ConfigSet(key: "Key", value: "2")
            let effects = settings.handle(
                .setRequested(RequestID(3), set, from: .chargectl, secret: nil),
                at: Self.start
            )
            let isAnswered = effects.contains { if case .reply(RequestID(3), _) = $0 { true } else { false } }
            #expect(isAnswered, "\(what)")
        }
    }

    private static let start = Moment(
        uptime: .seconds(100),
        utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)
    )
}
