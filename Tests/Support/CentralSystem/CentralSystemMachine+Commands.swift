import JSON
import OCPP
import OCPPCodec
import Primitives

extension CentralSystemMachine {
    mutating func carryOut(_ command: Command, number: Int, for chargePoint: String?, at moment: Moment) -> [Effect] {
        switch command {
        case .call(let request):
            return call(request.action.rawValue, .request(request), number, chargePoint, at: moment)
        case .callText(let action, let payload):
            return call(action, .payload(JSON.write(payload)), number, chargePoint, at: moment)
        case .stopNewestTransaction:
            guard let chargePoint, let open = ledger.openTransactions(of: chargePoint).last else {
                return [.answer(number: number, .refused(reason: "no transaction is open"))]
            }
            let request = OCPPRequest.remoteStopTransaction(.init(transactionId: open.transactionId))
            return call(request.action.rawValue, .request(request), number, chargePoint, at: moment)
        case .sendText(let text):
            guard let chargePoint, stations[chargePoint]?.isConnected == true else { return notConnected(number) }
            return [.send(text, to: chargePoint), .answer(number: number, .done)]
        case .disconnect:
            guard let chargePoint, stations[chargePoint]?.isConnected == true else { return notConnected(number) }
            return [.close(chargePoint: chargePoint), .answer(number: number, .done)]
        case .inject(let fault):
            guard faults.count < Self.faultLimit else {
                return [.answer(number: number, .refused(reason: "\(Self.faultLimit) faults are injected already"))]
            }
            faults.append(fault)
        case .clearFaults:
            faults.removeAll()
        case .setTag(let idTag, let info):
            settings.tags[idTag] = info
        case .setRegistration(let plan):
            settings.registration = plan
            for key in stations.keys { stations[key]?.boots = 0 }
        }
        return [.answer(number: number, .done)]
    }

    private static var faultLimit: Int { 1000 }

    private func notConnected(_ number: Int) -> [Effect] {
        [.answer(number: number, .refused(reason: "no charge point is connected"))]
    }

    private mutating func call(
        _ action: String,
        _ content: Station.Content,
        _ number: Int,
        _ chargePoint: String?,
        at moment: Moment
    ) -> [Effect] {
        guard let chargePoint, stations[chargePoint]?.isConnected == true else { return notConnected(number) }
        let waiting = Station.Waiting(action: action, number: number, write: content)
        guard stations[chargePoint]?.waiting.append(waiting) == true else {
            return [.answer(number: number, .refused(reason: "too many calls wait for their turn"))]
        }
        return sendNext(to: chargePoint, at: moment)
    }

    /// Sends the next CALL when none is outstanding (OCPP-J 1.6 §4.1.1).
    mutating func sendNext(to chargePoint: String, at moment: Moment) -> [Effect] {
        guard var station = stations[chargePoint], station.isConnected, station.outstanding == nil,
            let next = station.waiting.popFirst()
        else { return [] }
        station.calls += 1
        let id = "cs-\(station.connection)-\(station.calls)"
        let text: [UInt8]
        switch next.write {
        case .request(let request):
            text = MessageCodec.encodeCall(id: id, request)
            if case .triggerMessage(let trigger) = request {
                station.triggered.insert(trigger.requestedMessage.rawValue)
            }
        case .payload(let payload):
            let action = JSON.write(.string(next.action))
            text = Array("[2,\"\(id)\",".utf8) + action + [UInt8(ascii: ",")] + payload + [UInt8(ascii: "]")]
        }
        station.outstanding = Station.Outstanding(
            id: id,
            action: next.action,
            number: next.number,
            text: text,
            sentAt: moment.uptime,
            deadline: moment.uptime + settings.answerTimeout
        )
        stations[chargePoint] = station
        ledger.sent[next.action, default: 0] += 1
        return [.send(text, to: chargePoint)]
    }
}
