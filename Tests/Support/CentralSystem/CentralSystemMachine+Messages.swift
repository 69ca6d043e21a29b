import JSON
import OCPP
import OCPPCodec
import Primitives

extension CentralSystemMachine {
    mutating func receive(_ text: [UInt8], from chargePoint: String, at moment: Moment) -> [Effect] {
        guard let station = stations[chargePoint], station.isConnected else { return [] }
        let outstanding = station.outstanding
        var lateId: String?
        let message = codec.decode(text) { id in
            if station.givenUp.contains(id) { lateId = id }
            // Any answer to an action that OCPP does not have is read as one without content.
            return outstanding?.id == id ? outstanding.map { Action(rawValue: $0.action) ?? .heartbeat } : nil
        }
        if let lateId {
            stations[chargePoint]?.givenUp.remove(lateId)
            return []
        }
        switch message {
        case .call(let id, let request):
            return answer(request, id: id, text: text, from: chargePoint, at: moment)
        case .rejectedCall(let id, let action, let error):
            let name = action ?? "?"
            ledger.received[name, default: 0] += 1
            ledger.refused[error.code.rawValue, default: 0] += 1
            ledger.violate(.malformed, by: chargePoint, "\(name): \(error.errorDescription)", at: moment)
            let answer = MessageCodec.encodeError(id: id, error)
            return [.send(answer, to: chargePoint), tell(chargePoint, name, text, .text(answer))]
        case .callResult, .undecodableResult:
            return finishCall(with: message, text, from: chargePoint, at: moment)
        case .callError(_, let error):
            ledger.errors[error.code.rawValue, default: 0] += 1
            guard let outstanding else { return [] }
            let outcome = Outcome.error(code: error.code.rawValue, description: error.errorDescription)
            return finish(outstanding, of: chargePoint, outcome, answer: .text(text), at: moment)
                + sendNext(to: chargePoint, at: moment)
        case .ignored(let reason):
            ledger.violate(.malformed, by: chargePoint, reason, at: moment)
            return []
        }
    }

    private mutating func finishCall(
        with message: IncomingMessage,
        _ text: [UInt8],
        from chargePoint: String,
        at moment: Moment
    ) -> [Effect] {
        guard let outstanding = stations[chargePoint]?.outstanding else { return [] }
        if case .undecodableResult(_, let unreadable) = message, Action(rawValue: outstanding.action) != nil {
            ledger.violate(.malformed, by: chargePoint, "\(outstanding.action).conf: \(unreadable.problem)", at: moment)
        }
        // It was read before, so it is JSON.
        let payload = (try? JSON.parse(text))?.asArray.flatMap { $0.count > 2 ? $0[2] : nil } ?? .null
        return finish(outstanding, of: chargePoint, .result(payload), answer: .text(text), at: moment)
            + sendNext(to: chargePoint, at: moment)
    }

    private func tell(_ chargePoint: String, _ action: String, _ call: [UInt8], _ answer: Exchange.Answer) -> Effect {
        .tell(
            Exchange(
                chargePoint: chargePoint,
                sender: .chargePoint,
                action: action,
                call: call,
                answer: answer,
                duration: .zero
            )
        )
    }
}

// MARK: - Answers

extension CentralSystemMachine {
    private mutating func answer(
        _ request: OCPPRequest,
        id: String,
        text: [UInt8],
        from chargePoint: String,
        at moment: Moment
    ) -> [Effect] {
        let action = request.action
        ledger.received[action.rawValue, default: 0] += 1
        let isRepetition = check(action, id: id, text: text, from: chargePoint, at: moment)
        let fault = takeFault(for: action)
        if case .error(let code)? = fault {
            let error = CallError(code: code, errorDescription: "injected")
            let answer = MessageCodec.encodeError(id: id, error)
            return [.send(answer, to: chargePoint), tell(chargePoint, action.rawValue, text, .text(answer))]
        }
        let delay = fault == nil ? nextDelay(for: action) : nil
        let isAnswered = delay == nil && [nil, .closeAfter, .unreadable, .unknownStatus].contains(fault)
        var confirmation = process(
            request,
            from: chargePoint,
            isAnswered: isAnswered,
            isRepetition: isRepetition,
            at: moment
        )
        if case .wrongTime(let error) = fault { confirmation = confirmation.telling(error) }
        let answer = MessageCodec.encodeResult(id: id, confirmation)
        func told(_ answer: Exchange.Answer) -> Effect { tell(chargePoint, action.rawValue, text, answer) }
        switch fault {
        case nil, .error, .wrongTime:
            guard let delay else {
                return [.send(answer, to: chargePoint), told(.text(answer))]
            }
            return hold(answer, for: delay, to: chargePoint, at: moment) + [told(.text(answer))]
        case .unreadable, .unknownStatus:
            let answer = fault == .unreadable ? UnreadableAnswer.of(answer) : UnreadableAnswer.withUnknownStatus(answer)
            return [.send(answer, to: chargePoint), told(.text(answer))]
        case .drop:
            stations[chargePoint]?.unansweredSince = moment.uptime
            return [told(.none(reason: "answer dropped"))]
        case .delay(let duration):
            return hold(answer, for: duration, to: chargePoint, at: moment)
                + [told(.none(reason: "answer delayed by \(duration)"))]
        case .closeInstead:
            return [.close(chargePoint: chargePoint), told(.none(reason: "closed instead"))]
        case .closeAfter:
            return [.send(answer, to: chargePoint), .close(chargePoint: chargePoint), told(.text(answer))]
        }
    }

    /// How late the next answer is; nil when it is not.
    private mutating func nextDelay(for action: Action) -> Duration? {
        guard !settings.answerDelays.isEmpty,
            [.startTransaction, .meterValues, .stopTransaction].contains(action)
        else { return nil }
        answersHeld += 1
        return settings.answerDelays[answersHeld % settings.answerDelays.count]
    }

    private mutating func hold(
        _ answer: [UInt8],
        for duration: Duration,
        to chargePoint: String,
        at moment: Moment
    ) -> [Effect] {
        stations[chargePoint]?.unansweredSince = moment.uptime
        let connection = stations[chargePoint]?.connection ?? 0
        let due = moment.uptime + duration
        delayed.append(DelayedAnswer(due: due, chargePoint: chargePoint, connection: connection, text: answer))
        return []
    }

    private mutating func takeFault(for action: Action) -> Fault.Kind? {
        guard let index = faults.firstIndex(where: { $0.action == nil || $0.action == action }) else { return nil }
        let kind = faults[index].kind
        faults[index].count -= 1
        if faults[index].count == 0 { faults.remove(at: index) }
        return kind
    }

    /// The rules that hold for every CALL. Returns whether the same CALL came before.
    private mutating func check(
        _ action: Action,
        id: String,
        text: [UInt8],
        from chargePoint: String,
        at moment: Moment
    ) -> Bool {
        guard var station = stations[chargePoint] else { return false }
        defer { stations[chargePoint] = station }
        let digest = text.hashValue
        let isRepetition = station.seen[id] == digest
        if station.seen[id] != nil, !isRepetition {
            ledger.violate(.messageId, by: chargePoint, "message id \(id) used again for another CALL", at: moment)
        }
        if station.seen.count >= 50_000 { station.seen.removeAll() }
        station.seen[id] = digest

        if let since = station.unansweredSince {
            station.unansweredSince = nil
            if moment.uptime - since < settings.shortestCallTimeout {
                let explanation = "\(action.rawValue) while an earlier CALL waits for its answer"
                ledger.violate(.synchronicity, by: chargePoint, explanation, at: moment)
            }
        }
        let isTriggered = station.triggered.remove(action.rawValue) != nil
        if let silent = station.silentUntil, silent.connection == station.connection, moment.uptime < silent.uptime {
            let explanation = "\(action.rawValue) before the retry interval of a rejected registration has passed"
            ledger.violate(.notRegistered, by: chargePoint, explanation, at: moment)
        } else if action != .bootNotification, station.registration != .accepted, !isTriggered {
            let status = station.registration?.rawValue ?? "without registration"
            ledger.violate(.notRegistered, by: chargePoint, "\(action.rawValue) while \(status)", at: moment)
        }
        return isRepetition
    }

    private mutating func process(
        _ request: OCPPRequest,
        from chargePoint: String,
        isAnswered: Bool,
        isRepetition: Bool,
        at moment: Moment
    ) -> OCPPConfirmation {
        let connection = stations[chargePoint]?.connection ?? 0
        let origin = Ledger.Origin(
            chargePoint: chargePoint,
            connection: connection,
            isAnswered: isAnswered,
            isRepetition: isRepetition
        )
        switch request {
        case .authorize(let request):
            return .authorize(.init(idTagInfo: info(of: request.idTag, at: moment)))
        case .bootNotification:
            return .bootNotification(register(chargePoint, at: moment))
        case .dataTransfer:
            return .dataTransfer(.init(status: .unknownVendorId))
        case .diagnosticsStatusNotification:
            return .diagnosticsStatusNotification(.init())
        case .firmwareStatusNotification:
            return .firmwareStatusNotification(.init())
        case .heartbeat:
            return .heartbeat(.init(currentTime: moment.utc))
        case .meterValues(let request):
            ledger.sample(request, from: origin, at: moment)
            return .meterValues(.init())
        case .startTransaction(let request):
            let transactionId = ledger.start(request, from: origin, at: moment)
            let info = info(of: request.idTag, at: moment)
            return .startTransaction(.init(idTagInfo: info, transactionId: transactionId))
        case .statusNotification(let request):
            ledger.statuses[chargePoint, default: [:]][request.connectorId] = request
            return .statusNotification(.init())
        case .stopTransaction(let request):
            ledger.stop(request, from: origin, at: moment)
            return .stopTransaction(.init(idTagInfo: request.idTag.map { info(of: $0, at: moment) }))
        case .cancelReservation, .changeAvailability, .changeConfiguration, .clearCache, .clearChargingProfile,
            .getCompositeSchedule, .getConfiguration, .getDiagnostics, .getLocalListVersion, .remoteStartTransaction,
            .remoteStopTransaction, .reserveNow, .reset, .sendLocalList, .setChargingProfile, .triggerMessage,
            .unlockConnector, .updateFirmware:
            preconditionFailure("The codec refuses what a charge point may not send.")
        }
    }

    private func info(of idTag: IdToken, at moment: Moment) -> IdTagInfo {
        if let period = settings.wavering[idTag], period > .zero {
            let periods = moment.utc.millisecondsSinceEpoch / period.wholeMilliseconds
            guard periods.isMultiple(of: 2) else { return IdTagInfo(status: .blocked) }
        }
        guard var info = settings.tags[idTag] else { return IdTagInfo(status: settings.unknownTagStatus) }
        if let expiryDate = info.expiryDate, expiryDate <= moment.utc, info.status == .accepted {
            info.status = .expired
        }
        return info
    }

    private mutating func register(_ chargePoint: String, at moment: Moment) -> BootNotification.Confirmation {
        let boots = stations[chargePoint]?.boots ?? 0
        let status: RegistrationStatus =
            switch settings.registration {
            case .pending(let times) where boots < times: .pending
            case .rejected(let times) where boots < times: .rejected
            case .accepted, .pending, .rejected: .accepted
            }
        let interval = status == .accepted ? settings.heartbeatIntervalSeconds : settings.retryIntervalSeconds
        stations[chargePoint]?.boots += 1
        stations[chargePoint]?.registration = status
        stations[chargePoint]?.silentUntil = nil
        if status == .rejected, let connection = stations[chargePoint]?.connection {
            stations[chargePoint]?.silentUntil = (moment.uptime + .seconds(interval), connection)
        }
        return BootNotification.Confirmation(status: status, currentTime: moment.utc, interval: interval)
    }
}
