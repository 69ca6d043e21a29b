import JSON
public import OCPP

extension MessageCodec {
    /// `[2, id, action, payload]`, J §4.2.1.
    public static func encodeCall(id: String, _ request: OCPPRequest) -> [UInt8] {
        write { list in
            try list.encode(2)
            try list.encode(id)
            try list.encode(request.action.rawValue)
            try list.encode(RequestPayload(request: request))
        }
    }

    /// `[3, id, payload]`, J §4.2.2.
    public static func encodeResult(id: String, _ confirmation: OCPPConfirmation) -> [UInt8] {
        write { list in
            try list.encode(3)
            try list.encode(id)
            try list.encode(ConfirmationPayload(confirmation: confirmation))
        }
    }

    /// `[4, id, code, description, details]`, J §4.2.3: five elements always. Details that are no JSON object are left out.
    public static func encodeError(id: String, _ error: CallError) -> [UInt8] {
        var details = JSONValue.object(JSONObject())
        if error.details != "{}" {
            // Whatever is wrong with the details, the error itself has to reach the peer.
            let parsed = try? JSON.parse(Array(error.details.utf8))
            if let parsed, parsed.asObject != nil { details = parsed }
        }
        return write { list in
            try list.encode(4)
            try list.encode(id)
            try list.encode(error.code.rawValue)
            try list.encode(error.errorDescription)
            try list.encode(details)
        }
    }

    private static func write(_ body: @escaping (inout any UnkeyedEncodingContainer) throws -> Void) -> [UInt8] {
        do {
            return try JSON.encode(Frame(body: body))
        } catch {
            preconditionFailure("Every message can be written: none holds a number that JSON lacks.")
        }
    }

    private struct Frame: Encodable {
        let body: (inout any UnkeyedEncodingContainer) throws -> Void

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            try body(&list)
        }
    }
}
