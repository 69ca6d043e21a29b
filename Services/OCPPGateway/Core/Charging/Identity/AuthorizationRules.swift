import OCPP

/// Whether an identifier may charge, or whom to ask: OCPP 1.6 §3.5 as a table. Without a cache and a local list nothing is known about any.
enum AuthorizationRules {
    enum Decision: Equatable {
        case ask
        case accept
        case refuse
    }

    static func decide(isOnline: Bool, keys: OCPPKeys) -> Decision {
        switch (isOnline, keys.core.allowOfflineTxForUnknownId) {
        case (true, _): .ask
        case (false, true): .accept  // §9.1.1
        case (false, false): .refuse
        }
    }
}
