import BusSchema
import OCPP
import Primitives

/// Identity before placement: who is it, then where may it charge, or what may it end (OCPP 1.6 §3.4, §4.9).
extension ChargingMachine {
    /// Most connectors that one card is held against; a reader that claims more is wrong.
    private static let candidateLimit = 16

    // MARK: - A card

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
        let ids = candidates.map(\.id)
        // The same presentation, read twice.
        guard !turn.identity.hasJustStopped(idTag, at: turn.uptime), !turn.identity.isPending(idTag, at: ids) else {
            return
        }
        if endsOwnUsage(idTag, candidates, &turn) { return }
        guard let place = startPlace(candidates, turn) ?? groupPlace(candidates) else {
            return reject(idTag, on: first.id, because: "every connector is in use or out of service", &turn)
        }
        let request = turn.identity.request(idTag, .card(connectorIds: ids), connectorId: place)
        identify(request, &turn)
    }

    /// The card ends what it began, without asking anybody: a transaction (OCPP 1.6 §4.1), a usage before the plug (B1), or the wait for the
    /// owner of a locked cable (E §3.5).
    private mutating func endsOwnUsage(
        _ idTag: IdToken,
        _ candidates: [ConnectorMachine],
        _ turn: inout ChargingTurn
    ) -> Bool {
        for candidate in candidates {
            switch candidate.session {
            case .transaction(let transaction) where transaction.idTag == idTag:
                stopLocally(candidate.id, idTag, &turn)
            case .authorized(let authorized) where authorized.idTag == idTag:
                turn.indicate(.accepted, on: candidate.id)
                withConnector(candidate.id, &turn) { $0.cancelUsage(&$1) }
            case .finishing where candidate.keepsCable(of: idTag):
                turn.indicate(.accepted, on: candidate.id)
                withConnector(candidate.id, &turn) { $0.releaseToOwner(&$1) }
            case .idle, .plugged, .authorized, .transaction, .finishing: continue
            }
            return true
        }
        return false
    }

    private mutating func stopLocally(_ connectorId: Int, _ idTag: IdToken, _ turn: inout ChargingTurn) {
        turn.identity.stopped(idTag, at: turn.uptime)
        turn.indicate(.accepted, on: connectorId)
        withConnector(connectorId, &turn) { $0.stop(.local, idTag: idTag, &$1) }
    }

    // MARK: - Who is it

    /// Answers who it is from what is known, or asks the central system, as soon as it may be asked.
    mutating func identify(_ request: IdentityRequest, _ turn: inout ChargingTurn) {
        identify(request, reach == .offline ? .offline : .online, &turn)
    }

    private mutating func identify(
        _ request: IdentityRequest,
        _ connection: AuthorizationRules.Connection,
        _ turn: inout ChargingTurn
    ) {
        let known = turn.known(request.idTag)
        switch AuthorizationRules.decide(connection, known?.word ?? .unknown, keys.core) {
        case .ask where turn.identity.ask(request, at: turn.uptime): break
        case .ask: refuse(request, because: "too many wait for an answer", &turn)
        case .refuse where known?.word == .notAccepted: refuse(request, because: known?.refusal ?? "", &turn)
        case .refuse: refuse(request, because: "the central system is not connected", &turn)
        case .accept: place(request, parentIdTag: known?.info.parentIdTag, &turn)
        }
    }

    /// Authorize was answered, or not. Online without an answer is a refusal; only a lost connection brings the offline rules
    /// (OCPP 1.6 §3.5).
    mutating func authorizeFinished(_ number: Int, _ outcome: CallOutcome, _ turn: inout ChargingTurn) {
        if case .unsettled = outcome { return turn.identity.askAgain(number) }
        if let idTag = turn.identity.idTag(ofQuestion: number) { turn.learn(idTag, from: outcome) }
        guard let request = turn.identity.finished(number, mayBeAnswered: outcome == .timedOut) else { return }
        switch outcome {
        case .confirmed(.authorize(let conf)): answered(request, conf.idTagInfo, &turn)
        case .refused(let error): refuse(request, because: "CALLERROR \(error.code.rawValue)", &turn)
        case .timedOut: refuse(request, because: "no answer in time", &turn)
        case .confirmed, .unreadable, .unsettled: refuse(request, because: "the answer cannot be understood", &turn)
        case .connectionLost: decideOffline(request, &turn)
        }
    }

    private mutating func answered(_ request: IdentityRequest, _ info: IdTagInfo, _ turn: inout ChargingTurn) {
        let now = Timestamp(millisecondsSinceEpoch: turn.clock.utc(at: turn.moment))
        if info.status == .accepted, !info.isExpired(at: now) {
            return place(request, parentIdTag: info.parentIdTag, &turn)
        }
        let status: AuthorizationStatus = info.status == .accepted ? .expired : info.status
        refuse(request, because: status.rawValue, &turn)
    }

    /// The central system says no, in whatever answer, to an identifier that was accepted before and has begun nothing yet at a connector.
    mutating func cancelUsagesOfTheRefused(_ turn: inout ChargingTurn) {
        for idTag in turn.refused {
            eachConnector(&turn) { connector, turn in
                guard case .authorized(let authorized) = connector.session, authorized.idTag == idTag else { return }
                connector.cancelUsage(&turn)
            }
        }
    }

    /// The connection is gone, or the central system serves this charger no more: nobody answers any more.
    mutating func decideOffline(_ request: IdentityRequest, _ turn: inout ChargingTurn) {
        guard !request.wasRefused else { return refuse(request, because: "CALLERROR SecurityError", &turn) }
        identify(request, .offline, &turn)
    }

    /// The identifier may not do that, or nobody said that it may.
    mutating func refuse(_ request: IdentityRequest, because reason: String, _ turn: inout ChargingTurn) {
        reject(request.idTag, on: request.connectorId, because: reason, &turn)
    }

    private mutating func reject(_ idTag: IdToken, on id: Int, because reason: String, _ turn: inout ChargingTurn) {
        turn.log(
            .notice,
            "not authorized",
            .init("connector", id),
            .init("idTag", idTag.text.redactedForLog),
            .init("reason", reason)
        )
        turn.indicate(.rejected, on: id)
        // A status of OCPP 1.6 §7.2 needs somebody who says it.
        let words = AuthorizationStatus(rawValue: reason) == nil ? reason : "the central system says \(reason)"
        withConnector(id, &turn) { $0.refusal = ConnectorMachine.Refusal(reason: words, time: $1.now) }
    }

    // MARK: - Where

    /// The identifier is accepted: it begins at a free connector, ends a transaction of its group, or gets a cable of its group.
    private mutating func place(_ request: IdentityRequest, parentIdTag: IdToken?, _ turn: inout ChargingTurn) {
        let parentIdTag = parentIdTag.group
        let candidates = request.candidates.compactMap(connector)
        let meant = candidates.first { $0.id == request.connectorId && isFree($0, turn) }
        if let place = meant?.id ?? startPlace(candidates, turn) {
            turn.indicate(.accepted, on: place)
            let authorized = ConnectorMachine.Authorized(
                idTag: request.idTag,
                parentIdTag: parentIdTag,
                candidates: request.candidates
            )
            return withConnector(place, &turn) { $0.accepted(authorized, &$1) }
        }
        // Two cards of one group have the same parent; a parent is never compared with a card (OCPP 1.6 §3.10).
        let group = candidates.first {
            $0.transaction?.isRunning == true && parentIdTag != nil && $0.transaction?.parentIdTag == parentIdTag
        }
        if let group { return stopLocally(group.id, request.idTag, &turn) }
        if let keeper = candidates.first(where: { $0.keepsCable(of: request.idTag, parentIdTag: parentIdTag) }) {
            turn.indicate(.accepted, on: keeper.id)
            return withConnector(keeper.id, &turn) { $0.releaseToOwner(&$1) }
        }
        refuse(request, because: "accepted, but every connector is in use", &turn)
    }

    /// Where a card begins something: at the cable that waits for one, else at a free connector, else, with a reader of its own, at a
    /// connector whose user did not leave yet (F2). A reader of several connectors must not start on a foreign cable (E §3.20).
    private func startPlace(_ candidates: [ConnectorMachine], _ turn: ChargingTurn) -> Int? {
        let startable = candidates.filter { isFree($0, turn) }
        let place =
            startable.first { $0.session == .plugged }
            ?? startable.first { $0.session == .idle }
            ?? (candidates.count == 1 ? startable.first : nil)
        return place?.id
    }

    /// Where another card of the same group could mean something.
    private func groupPlace(_ candidates: [ConnectorMachine]) -> Int? {
        let place = candidates.first {
            $0.keepsCableForGroup || ($0.transaction?.isRunning == true && $0.transaction?.parentIdTag != nil)
        }
        return place?.id
    }

    /// A usage may begin there, and nobody else is about to.
    func isFree(_ connector: ConnectorMachine, _ turn: ChargingTurn) -> Bool {
        connector.isStartable && !turn.identity.isPending(connectorId: connector.id)
    }
}
