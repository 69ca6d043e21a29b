import JSON
import OCPP
import Primitives

/// A CALLRESULT whose fields have types that they must not have. A transactionId stays what it is: what can be saved of an answer must be.
enum UnreadableAnswer {
    static func of(_ answer: [UInt8]) -> [UInt8] {
        guard var parts = (try? JSON.parse(answer))?.asArray, parts.count == 3, let payload = parts[2].asObject else {
            return answer
        }
        var broken = JSONObject()
        for member in payload.members {
            switch member.value {
            case _ where member.key == "transactionId": broken[member.key] = member.value
            case .string: broken[member.key] = 17
            default: broken[member.key] = "unreadable"
            }
        }
        parts[2] = .object(broken)
        return JSON.write(.array(parts))
    }

    /// The same with a status that central systems use and OCPP 1.6 does not have, where it is about an identifier.
    static func withUnknownStatus(_ answer: [UInt8]) -> [UInt8] {
        guard var parts = (try? JSON.parse(answer))?.asArray, parts.count == 3, var payload = parts[2].asObject,
            var info = payload["idTagInfo"]?.asObject
        else { return answer }
        info["status"] = "NoCredit"
        payload["idTagInfo"] = .object(info)
        parts[2] = .object(payload)
        return JSON.write(.array(parts))
    }
}

extension OCPPConfirmation {
    /// The same with a time that is off by so much, where there is a time in it.
    func telling(_ error: Duration) -> OCPPConfirmation {
        switch self {
        case .bootNotification(var boot):
            boot.currentTime = boot.currentTime.advanced(by: error)
            return .bootNotification(boot)
        case .heartbeat(var heartbeat):
            heartbeat.currentTime = heartbeat.currentTime.advanced(by: error)
            return .heartbeat(heartbeat)
        default: return self
        }
    }
}
