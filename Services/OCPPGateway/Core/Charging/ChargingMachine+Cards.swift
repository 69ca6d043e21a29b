import BusSchema
import OCPP
import Primitives

/// What a presented card means (OCPP 1.6 §3.4, §4.9), and what becomes of it.
extension ChargingMachine {
    /// A card that just ended a transaction does nothing for so long.
    private static let afterStop = Duration.seconds(5)
    /// Most connectors that one card is held against; a reader that claims more is wrong.
    private static let candidateLimit = 16

    mutating func presented(_ card: CardPresented, _ turn: inout ChargingTurn) {
        guard let idTag = IdToken(card.idTag), !idTag.text.isEmpty else {
            turn.log(.warning, "a card without a usable idTag", .init("reader", card.readerId))
            return
        }
        let candidates = card.connectorIds.prefix(Self.candidateLimit).compactMap(connector)
        guard let first = candidates.first else {
            turn.log(.warning, "a card for no connector of ours", .init("reader", card.readerId))
            return
        }
        recentStops = recentStops.filter { $0.value > turn.moment.uptime }
        // The same presentation, read twice.
        guard recentStops[idTag] == nil,
            !candidates.contains(where: { authorization.isPending(connectorId: $0.id, idTag: idTag) })
        else { return }
        turn.indicate(.cardRead, on: first.id)
        if endsUsage(idTag, candidates, &turn) { return }
        let ids = candidates.map(\.id)
        if let target = startTarget(candidates) {
            authorize(idTag, .start, on: target, candidates: ids, &turn)
        } else if let group = candidates.first(where: {
            $0.transaction?.isRunning == true && $0.transaction?.parentIdTag != nil
        }),
            let transaction = group.transaction
        {
            // Only a parent can make a foreign card mean anything (CORE-AUTH-05).
            authorize(idTag, .stop(transaction: transaction.uuid), on: group.id, candidates: ids, &turn)
        } else {
            turn.indicate(.rejected, on: first.id)
        }
    }

    /// The card ends what it began: a transaction, without asking anybody (OCPP 1.6 §4.1), a usage before the plug (B1), or the wait
    /// for the owner of a locked cable (E §3.5).
    private mutating func endsUsage(_ idTag: IdToken, _ candidates: [ConnectorMachine], _ turn: inout ChargingTurn)
        -> Bool
    {
        for candidate in candidates {
            switch candidate.session {
            case .transaction(let transaction) where transaction.idTag == idTag:
                stopLocally(candidate.id, idTag, &turn)
            case .authorized(let authorized) where authorized.idTag == idTag:
                turn.indicate(.accepted, on: candidate.id)
                withConnector(candidate.id, &turn) { $0.cancelUsage(&$1) }
            case .finishing(.some(idTag)) where candidate.settings.hasLock:
                turn.indicate(.accepted, on: candidate.id)
                withConnector(candidate.id, &turn) { $0.releaseToOwner(&$1) }
            case .idle, .plugged, .authorized, .transaction, .finishing: continue
            }
            return true
        }
        return false
    }

    private mutating func stopLocally(_ connectorId: Int, _ idTag: IdToken, _ turn: inout ChargingTurn) {
        recentStops[idTag] = turn.moment.uptime + Self.afterStop
        turn.indicate(.accepted, on: connectorId)
        withConnector(connectorId, &turn) { $0.stop(.local, idTag: idTag, &$1) }
    }

    /// Where a card begins something: at the cable that waits for one, else at a free connector, else, with a reader of its own, at a
    /// connector whose user did not leave yet (F2). A reader of several connectors must not start on a foreign cable (E §3.20).
    private func startTarget(_ candidates: [ConnectorMachine]) -> Int? {
        let startable = candidates.filter(\.isStartable)
        let target =
            startable.first { $0.session == .plugged }
            ?? startable.first { $0.session == .idle }
            ?? (candidates.count == 1 ? startable.first : nil)
        return target?.id
    }

    // MARK: - Authorization

    mutating func authorize(
        _ idTag: IdToken,
        _ purpose: AuthorizationRequest.Purpose,
        on connectorId: Int,
        candidates: [Int],
        _ turn: inout ChargingTurn
    ) {
        let request = AuthorizationRequest(
            number: authorization.nextNumber(),
            connectorId: connectorId,
            idTag: idTag,
            purpose: purpose,
            candidates: candidates
        )
        switch AuthorizationRules.decide(isOnline: isOnline, knowledge: .unknown, keys: keys) {
        case .ask where authorization.ask(request, at: turn.moment.uptime):
            withConnector(connectorId, &turn) { connector, _ in connector.isAuthorizing = true }
        case .ask: refused(request, &turn)
        case .accept: acceptedLocally(request, &turn)
        case .refuse: refused(request, &turn)
        }
    }

    /// Accepted without the central system: nothing is known about a parent.
    private mutating func acceptedLocally(_ request: AuthorizationRequest, _ turn: inout ChargingTurn) {
        accepted(request, IdTagInfo(status: .accepted), &turn)
    }

    private mutating func accepted(_ request: AuthorizationRequest, _ info: IdTagInfo, _ turn: inout ChargingTurn) {
        switch request.purpose {
        case .start, .remoteStart:
            turn.indicate(.accepted, on: request.connectorId)
            let authorized = ConnectorMachine.Authorized(
                idTag: request.idTag,
                parentIdTag: info.parentIdTag,
                candidates: request.candidates
            )
            withConnector(request.connectorId, &turn) { $0.accepted(authorized, &$1) }
        case .stop(let uuid):
            withConnector(request.connectorId, &turn) { connector, _ in connector.isAuthorizing = false }
            // Parent with parent, never parent with card (OCPP 1.6 §3.10).
            guard let transaction = connector(request.connectorId)?.transaction, transaction.uuid == uuid,
                let parent = transaction.parentIdTag, info.parentIdTag == parent
            else {
                refused(request, &turn)
                return
            }
            stopLocally(request.connectorId, request.idTag, &turn)
        }
    }

    /// The identifier may not do that, or nobody said that it may.
    mutating func refused(_ request: AuthorizationRequest, _ turn: inout ChargingTurn) {
        withConnector(request.connectorId, &turn) { connector, _ in connector.isAuthorizing = false }
        turn.log(
            .notice,
            "not authorized",
            .init("connector", request.connectorId),
            .init("idTag", request.idTag.text.redactedForLog)
        )
        turn.indicate(.rejected, on: request.connectorId)
    }

    /// Authorize was answered, or not. Online without an answer is a refusal; only a lost connection brings the offline rules
    /// (CORE-AUTH-19).
    mutating func authorizeFinished(_ number: Int, _ outcome: CallOutcome, _ turn: inout ChargingTurn) {
        guard let request = authorization.finished(number) else { return }
        switch outcome {
        case .confirmed(.authorize(let conf)):
            let isExpired = conf.idTagInfo.expiryDate.map {
                $0.millisecondsSinceEpoch <= turn.clock.utc(at: turn.moment)
            }
            if conf.idTagInfo.status == .accepted, isExpired != true {
                accepted(request, conf.idTagInfo, &turn)
            } else {
                refused(request, &turn)
            }
        case .confirmed, .refused, .timedOut: refused(request, &turn)
        case .connectionLost: decideOffline(request, &turn)
        }
    }

    mutating func decideOffline(_ request: AuthorizationRequest, _ turn: inout ChargingTurn) {
        switch AuthorizationRules.decide(isOnline: false, knowledge: .unknown, keys: keys) {
        case .accept: acceptedLocally(request, &turn)
        case .ask, .refuse: refused(request, &turn)
        }
    }
}
