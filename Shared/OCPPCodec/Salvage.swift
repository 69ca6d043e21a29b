import JSON
import OCPP
import Primitives

extension SalvagedResult {
    /// Reads what fits of a payload that does not fit as a whole.
    init(_ action: Action, from payload: JSONValue) {
        switch (action, payload) {
        case (.authorize, .object), (.stopTransaction, .object):
            self = .identifier(SalvagedIdTagInfo(payload["idTagInfo"]))
        case (.bootNotification, .object):
            self = .registration(
                status: payload["status"].salvaged(),
                currentTime: payload["currentTime"].salvaged(),
                intervalSeconds: payload["interval"].salvaged()
            )
        case (.startTransaction, .object):
            let number = payload["transactionId"]
            // Central systems that keep numbers as texts mean the number all the same.
            let id: Int? = number.salvaged() ?? number?.asString.flatMap { Int($0) }
            self = .transaction(id: id, identifier: SalvagedIdTagInfo(payload["idTagInfo"]))
        default:
            self = .nothing
        }
    }
}

extension SalvagedIdTagInfo {
    fileprivate init(_ info: JSONValue?) {
        self.init(
            status: Self.status(of: info),
            parentIdTag: info?["parentIdTag"].salvaged(),
            expiryDate: info?["expiryDate"].salvaged()
        )
    }

    /// Only Accepted lets anybody charge (OCPP 1.6 §7.2), and statuses are spelled as there: what stands in the place of one and is none,
    /// such as `accepted` or `NoCredit`, counts as Invalid. Where nothing stands there, or null, which is as good as nothing, nothing was said.
    private static func status(of info: JSONValue?) -> AuthorizationStatus? {
        guard let info, info != .null else { return nil }
        guard info.asObject != nil else { return .invalid }
        guard let status = info["status"], status != .null else { return nil }
        return JSONValue?.some(status).salvaged() ?? .invalid
    }
}

extension JSONValue? {
    fileprivate func salvaged<T: Decodable>() -> T? {
        guard let self else { return nil }
        return try? JSON.decode(T.self, from: self)
    }
}
